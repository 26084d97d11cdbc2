//! One factor's worth of absorbed columns.

/// A factor with an intercept for every level, or slopes for every level, or both.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    /// A level for every row, all of `0..levels` in use.
    pub(crate) codes: Vec<u32>,
    /// How many levels.
    pub(crate) levels: usize,
    /// Whether every level has an intercept.
    pub(crate) intercept: bool,
    /// The variables whose slope differs by level.
    pub(crate) slopes: Vec<Vec<f64>>,
}

impl Block {
    /// How many coefficients are absorbed.
    pub(crate) fn coefficients(&self) -> usize {
        self.levels * (usize::from(self.intercept) + self.slopes.len())
    }
}

/// A slope variable centred (where there is an intercept to take up the centre) and scaled within levels.
pub(super) struct Slope {
    pub(super) values: Vec<f64>,
    center: Vec<f64>,
    scale: Vec<f64>,
}

impl Slope {
    /// The slope `which` of `block`, in fitting order if `order` is given.
    pub(super) fn new(block: &Block, which: usize, order: Option<&[u32]>) -> Self {
        let raw = &block.slopes[which];
        let rows = || (0..raw.len()).map(|place| order.map_or(place, |o| o[place] as usize));
        let (mut count, mut center) = (vec![0.0; block.levels], vec![0.0; block.levels]);
        if block.intercept {
            for row in rows() {
                count[block.codes[row] as usize] += 1.0;
                center[block.codes[row] as usize] += raw[row];
            }
            center.iter_mut().zip(&count).for_each(|(c, n): (&mut f64, &f64)| *c /= n.max(1.0));
        }
        let mut scale = vec![0.0_f64; block.levels];
        for (&code, &v) in block.codes.iter().zip(raw) {
            let code = code as usize;
            scale[code] = scale[code].max((v - center[code]).abs());
        }
        // A variable that does not move within a level has no slope there: rounding must not give it one.
        for (scale, center) in scale.iter_mut().zip(&center) {
            if *scale <= 1e-12 * center.abs() {
                *scale = f64::INFINITY;
            }
        }
        let value = |row: usize| {
            let code = block.codes[row] as usize;
            let scaled = (raw[row] - center[code]) / scale[code];
            if scaled.is_nan() { 0.0 } else { scaled }
        };
        let values = rows().map(value).collect();
        Self { values, center, scale }
    }

    /// Turns a coefficient on the scaled variable of `level` into one on the variable as given, and returns what its
    /// centre adds to the level's intercept.
    pub(super) fn undo(&self, level: usize, coefficient: &mut f64) -> f64 {
        *coefficient = if self.scale[level] > 0.0 { *coefficient / self.scale[level] } else { 0.0 };
        -*coefficient * self.center[level]
    }
}
