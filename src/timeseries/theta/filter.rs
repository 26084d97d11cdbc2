//! One pass over the series at a given α: everything else is linear and comes out by least squares.
//!
//! ```text
//! y_t = ℓ_{t−1} + w c_t + ε_t        ℓ_t = ℓ_{t−1} + α(w c_t + ε_t)        w = 1 − 1/θ
//! c_t = (1−α)^{t−1} A + [1 − (1−α)^t]/α · B
//! ```
//!
//! ℓ₀ and w enter the mean of every observation linearly, so that its prediction error is `r − ℓ₀ x − w c`, with a
//! variance `F σ²` that is one unless values were missing before. A missing value leaves the level uncertain: it is
//! the one state of a Kalman filter with variance `Pσ²`.

use crate::timeseries::theta::line::Line;

/// What the passes work on and write to; allocated once a series.
#[derive(Debug, Clone)]
pub(super) struct Work {
    /// From the first observation on, less that observation; NaN where missing.
    pub(super) z: Vec<f64>,
    /// Level and slope of the line that every period knows: of all, or of what came before.
    pub(super) lines: Vec<(f64, f64)>,
    /// Observed periods that count, from this one on.
    pub(super) burn: usize,
    /// r, x, c, each divided by √F.
    rows: Vec<[f64; 3]>,
}

/// ℓ as `base + ℓ₀ · start + w · drift`, and its variance in units of σ².
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Level {
    pub(super) base: f64,
    pub(super) start: f64,
    pub(super) drift: f64,
    pub(super) variance: f64,
}

/// The best (ℓ₀, w) at an α.
#[derive(Debug, Clone, Copy)]
pub(super) struct Solution {
    pub(super) alpha: f64,
    pub(super) start: f64,
    pub(super) weight: f64,
    pub(super) squares: f64,
    /// Σ log F.
    pub(super) determinant: f64,
    /// x'x, x'c, c'c.
    pub(super) cross: [f64; 3],
    pub(super) level: Level,
}

/// What is known of w.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Weight {
    Given(f64),
    /// Between 0 and 1.
    Free,
}

impl Work {
    /// `z` starts and ends with an observation; the first `burn` are what the recursion starts from.
    pub(super) fn new(z: Vec<f64>, dynamic: bool, burn: usize) -> Self {
        let mut line = Line::default();
        let mut lines = Vec::with_capacity(z.len());
        for (t, &v) in z.iter().enumerate() {
            lines.push(line.at());
            if !v.is_nan() {
                line.push((t + 1) as f64, v);
            }
        }
        if !dynamic {
            lines.fill(line.at());
        }
        let rows = Vec::with_capacity(z.len());
        Self { z, lines, burn, rows }
    }

    /// Observations that count.
    pub(super) fn used(&self) -> usize {
        self.z.iter().filter(|v| !v.is_nan()).count() - self.burn
    }

    /// The line of everything seen.
    pub(super) fn line(&self) -> Line {
        let mut line = Line::default();
        for (t, &v) in self.z.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
            line.push((t + 1) as f64, v);
        }
        line
    }

    /// The pass, its prediction errors kept as rows.
    fn pass(&mut self, alpha: f64) -> (Level, f64) {
        let (rows, mut left, mut determinant) = (&mut self.rows, self.burn, 0.0);
        rows.clear();
        let level = recursion(&self.z, &self.lines, alpha, |z, _, [base, start, drift], f| {
            if z.is_nan() {
                return;
            }
            if left > 0 {
                left -= 1;
            } else if f == 1.0 {
                rows.push([z - base, start, drift]);
            } else {
                let root = f.sqrt();
                rows.push([(z - base) / root, start / root, drift / root]);
                determinant += f.ln();
            }
        });
        (level, determinant)
    }

    /// ℓ₀ and w by least squares, w given or kept between 0 and 1.
    pub(super) fn solve(&mut self, alpha: f64, weight: Weight) -> Solution {
        let (level, determinant) = self.pass(alpha);
        let mut cross = [0.0; 3];
        let (mut xr, mut cr) = (0.0, 0.0);
        for [r, x, c] in &self.rows {
            cross[0] += x * x;
            cross[1] += x * c;
            cross[2] += c * c;
            xr += x * r;
            cr += c * r;
        }
        let [xx, xc, cc] = cross;
        let start_at = |w: f64| if xx > 0.0 { (xr - w * xc) / xx } else { 0.0 };
        let w = match weight {
            Weight::Given(w) => w,
            Weight::Free => {
                // What of c is not x; nothing where there is no trend to weigh.
                let own = if xx > 0.0 { cc - xc * xc / xx } else { cc };
                let with = if xx > 0.0 { cr - xc * xr / xx } else { cr };
                if own > 1e-12 * cc { (with / own).clamp(0.0, 1.0) } else { 0.0 }
            }
        };
        let start = start_at(w);
        let squares = self.rows.iter().map(|[r, x, c]| (r - start * x - w * c).powi(2)).sum();
        Solution { alpha, start, weight: w, squares, determinant, cross, level }
    }

    /// The same with ℓ₀ and w given.
    pub(super) fn at(&mut self, alpha: f64, start: f64, weight: f64) -> Solution {
        let found = self.solve(alpha, Weight::Given(weight));
        let squares = self.rows.iter().map(|[r, x, c]| (r - start * x - weight * c).powi(2)).sum();
        Solution { start, squares, ..found }
    }

    /// Predictions at a solution, of every period from the first on; NaN for what does not count.
    pub(super) fn means(&self, at: &Solution) -> Vec<f64> {
        let (mut out, mut left) = (Vec::with_capacity(self.z.len()), self.burn);
        recursion(&self.z, &self.lines, at.alpha, |z, _, [base, start, drift], _| {
            let counts = left == 0;
            left -= usize::from(!counts && !z.is_nan());
            out.push(if counts { base + at.start * start + at.weight * drift } else { f64::NAN });
        });
        out
    }
}

impl Solution {
    /// What of c is not x; zero where there is no trend to weigh.
    pub(super) fn own(&self) -> f64 {
        let [xx, xc, cc] = self.cross;
        let own = if xx > 0.0 { cc - xc * xc / xx } else { cc };
        if own > 1e-12 * cc { own } else { 0.0 }
    }
}

/// The recursion: `see` gets every value, the level before it, what its mean is made of (`base + ℓ₀ start + w drift`), and
/// its variance in units of σ². Gives the last level.
pub(super) fn recursion(
    z: &[f64],
    lines: &[(f64, f64)],
    alpha: f64,
    mut see: impl FnMut(f64, &Level, [f64; 3], f64),
) -> Level {
    let q = 1.0 - alpha;
    let mut level = Level { start: 1.0, ..Level::default() };
    let mut power = 1.0;
    for (&z, &(a, b)) in z.iter().zip(lines) {
        // (1−α)^{t−1} A + [1 − (1−α)^t]/α · B
        let c = power * a + (1.0 - power * q) / alpha * b;
        power *= q;
        let f = level.variance + 1.0;
        see(z, &level, [level.base, level.start, level.drift + c], f);
        if z.is_nan() {
            level.drift += alpha * c;
            level.variance += alpha * alpha;
            continue;
        }
        let gain = (level.variance + alpha) / f;
        // What was known stays known, to the bit.
        level.variance = if level.variance == 0.0 {
            0.0
        } else {
            (level.variance + alpha * alpha - gain * gain * f).max(0.0)
        };
        level.base += gain * (z - level.base);
        level.drift += alpha * c - gain * (level.drift + c);
        level.start -= gain * level.start;
    }
    level
}
