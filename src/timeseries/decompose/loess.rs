//! Local regression on equally spaced points, as STL uses it.

/// A smooth at every `jump`-th point, straight lines between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loess {
    /// Points in the window.
    pub(super) window: usize,
    /// 0: local mean, 1: local line.
    pub(super) degree: usize,
    /// Points from one fit to the next.
    pub(super) jump: usize,
}

impl Loess {
    /// The smooth of `y` with weights `w` (none: all one), written into `out`. `scratch` is as long as `y`.
    pub(super) fn smooth(&self, y: &[f64], w: Option<&[f64]>, out: &mut [f64], scratch: &mut [f64]) {
        let n = y.len();
        if n < 2 {
            out.copy_from_slice(y);
            return;
        }
        let jump = self.jump.min(n - 1).max(1);
        for i in (0..n).step_by(jump) {
            out[i] = self.at(y, w, i as f64, self.around(i, n), scratch).unwrap_or(y[i]);
        }
        let last = (n - 1) / jump * jump;
        if last != n - 1 {
            // The end is fitted with the window of the last full step, as the published program does it.
            let place = self.around(last, n);
            out[n - 1] = self.at(y, w, (n - 1) as f64, place, scratch).unwrap_or(y[n - 1]);
        }
        if jump > 1 {
            for from in (0..n - 1).step_by(jump) {
                let to = (from + jump).min(n - 1);
                let slope = (out[to] - out[from]) / (to - from) as f64;
                (from + 1..to).for_each(|j| out[j] = out[from] + slope * (j - from) as f64);
            }
        }
    }

    /// The window (first, last) of point `i` of `n`.
    fn around(&self, i: usize, n: usize) -> (usize, usize) {
        if self.window >= n {
            return (0, n - 1);
        }
        let half = self.window.div_ceil(2);
        let first = (i + 1).saturating_sub(half).min(n - self.window);
        (first, first + self.window - 1)
    }

    /// The fit at `x` from the points of a window; none where all their weights are zero. A missing point has weight
    /// zero and where only such are in the window it is widened.
    pub(super) fn at(
        &self,
        y: &[f64],
        w: Option<&[f64]>,
        x: f64,
        (first, last): (usize, usize),
        scratch: &mut [f64],
    ) -> Option<f64> {
        let n = y.len();
        let (mut first, mut last) = (first, last);
        let mut reach = (x - first as f64).max(last as f64 - x);
        if self.window > n {
            reach += ((self.window - n) / 2) as f64;
        }
        loop {
            if let Some(value) = local(y, w, x, (first, last), reach, self.degree, scratch) {
                return Some(value);
            }
            let here = (x.max(0.0) as usize).min(n - 1);
            if !y[here].is_nan() {
                return None;
            }
            if first == 0 && last == n - 1 && reach > 2.0 * n as f64 {
                // Every observation was found an outlier: better those than nothing.
                return w.and_then(|_| local(y, None, x, (first, last), reach, self.degree, scratch));
            }
            let more = last - first + 1;
            (first, last) = (first.saturating_sub(more), (last + more).min(n - 1));
            reach = (2.0 * reach).max(1.0);
        }
    }
}

/// A local mean or line by tricube weights.
fn local(
    y: &[f64],
    w: Option<&[f64]>,
    x: f64,
    (first, last): (usize, usize),
    reach: f64,
    degree: usize,
    weights: &mut [f64],
) -> Option<f64> {
    let (near, far) = (0.001 * reach, 0.999 * reach);
    let mut total = 0.0;
    for j in first..=last {
        let distance = (j as f64 - x).abs();
        let mut weight = 0.0;
        if distance <= far && !y[j].is_nan() {
            weight = if distance <= near { 1.0 } else { cube(1.0 - cube(distance / reach)) };
            weight *= w.map_or(1.0, |w| w[j]);
        }
        weights[j] = weight;
        total += weight;
    }
    if total <= 0.0 {
        return None;
    }
    weights[first..=last].iter_mut().for_each(|w| *w /= total);
    if reach > 0.0 && degree > 0 {
        let centre: f64 = (first..=last).map(|j| weights[j] * j as f64).sum();
        let spread: f64 = (first..=last).map(|j| weights[j] * (j as f64 - centre).powi(2)).sum();
        if spread.sqrt() > 0.001 * (y.len() as f64 - 1.0) {
            let slope = (x - centre) / spread;
            (first..=last).for_each(|j| weights[j] *= slope * (j as f64 - centre) + 1.0);
        }
    }
    Some((first..=last).filter(|&j| weights[j] != 0.0).map(|j| weights[j] * y[j]).sum())
}

fn cube(x: f64) -> f64 {
    x * x * x
}
