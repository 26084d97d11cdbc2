//! A series on a scale where nothing overflows, and the regressions of the tests.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::Deterministic;
use crate::error::{Error, Result};
use crate::linalg::{PivotedQr, least_squares};

/// The series divided by its largest size and, if the test does not mind a shift, counted from its first value: every
/// statistic here is the same, and 10³⁰⁰ squared is not infinite.
pub(super) fn scaled(name: &str, y: &[f64], needed: usize, shift: bool) -> Result<Vec<f64>> {
    if let Some(first) = y.iter().position(|v| v.is_nan()) {
        let count = y.iter().filter(|v| v.is_nan()).count();
        return Err(Error::Missing { what: name.into(), count, first });
    }
    if let Some(row) = y.iter().position(|v| v.is_infinite()) {
        let value = y[row].to_string();
        return Err(Error::Domain { what: name.into(), row, value, must: "finite".into() });
    }
    if y.len() < needed {
        return Err(Error::TooShort { what: name.into(), needed, found: y.len() });
    }
    let largest = |z: &[f64]| z.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let size = largest(y);
    let mut z: Vec<f64> = y.iter().map(|v| if size > 0.0 { v / size } else { 0.0 }).collect();
    if z.iter().all(|v| *v == z[0]) {
        return Err(Error::NothingToEstimate { why: format!("`{name}` is constant at {}", y[0]) });
    }
    if shift {
        let from = z[0];
        z.iter_mut().for_each(|v| *v -= from);
        let size = largest(&z);
        z.iter_mut().for_each(|v| *v /= size);
    }
    Ok(z)
}

/// The error of a series that a test's regression fits exactly.
pub(super) fn exact(name: &str, what: &str) -> Error {
    Error::NothingToEstimate { why: format!("`{name}` follows {what} exactly; nothing is left to test") }
}

/// Level, line and parabola for the times `from, from + 1, …`, then nothing in the `after` columns that follow.
pub(in crate::timeseries) fn deterministic(
    kind: Deterministic,
    from: usize,
    rows: usize,
    after: usize,
) -> Array2<f64> {
    let columns = kind.columns();
    Array2::from_shape_fn((rows, columns + after), |(i, j)| {
        if j >= columns { 0.0 } else { ((from + i) as f64).powi(j as i32) }
    })
}

/// Least squares with what tests need of it.
#[derive(Debug, Clone)]
pub(crate) struct Ols {
    pub(crate) coefficients: Array1<f64>,
    pub(crate) residuals: Array1<f64>,
    pub(crate) rss: f64,
    /// (X'X)⁻¹.
    pub(crate) inverse: Array2<f64>,
}

impl Ols {
    /// Fits, columns brought to one length first; none where the columns do not determine the coefficients.
    pub(crate) fn fit(x: ArrayView2<'_, f64>, y: ArrayView1<'_, f64>) -> Option<Self> {
        let (n, k) = x.dim();
        if n < k {
            return None;
        }
        if k == 0 {
            let rss = y.dot(&y);
            let (coefficients, inverse) = (Array1::zeros(0), Array2::zeros((0, 0)));
            return Some(Self { coefficients, residuals: y.to_owned(), rss, inverse });
        }
        let lengths: Array1<f64> = x.columns().into_iter().map(|c| c.dot(&c).sqrt()).collect();
        if lengths.iter().any(|l| !(*l > 0.0 && l.is_finite())) {
            return None;
        }
        let unit = &x / &lengths;
        let factor = PivotedQr::new(unit.view());
        let upper = factor.upper();
        if (0..k).any(|j| upper[[j, j]].abs() <= 1e-11 * upper[[0, 0]].abs()) {
            return None;
        }
        let b = least_squares(unit.view(), y);
        let residuals = &y - &unit.dot(&b);
        let rss = residuals.dot(&residuals);
        let order = factor.order();
        let root = inverse_upper(&upper);
        let gram = root.dot(&root.t());
        let mut inverse = Array2::zeros((k, k));
        for ((i, j), v) in gram.indexed_iter() {
            inverse[[order[i], order[j]]] = v / (lengths[order[i]] * lengths[order[j]]);
        }
        Some(Self { coefficients: b / &lengths, residuals, rss, inverse })
    }

    pub(crate) fn n(&self) -> usize {
        self.residuals.len()
    }

    pub(crate) fn degrees(&self) -> f64 {
        self.n() as f64 - self.coefficients.len() as f64
    }

    pub(crate) fn variance(&self) -> f64 {
        self.rss / self.degrees()
    }

    pub(crate) fn std_error(&self, j: usize) -> f64 {
        (self.variance() * self.inverse[[j, j]]).sqrt()
    }

    pub(crate) fn t(&self, j: usize) -> f64 {
        self.coefficients[j] / self.std_error(j)
    }

    /// n log(RSS/n), the part of −2 log-likelihood that differs between regressions of the same rows.
    pub(crate) fn deviance(&self) -> f64 {
        let n = self.n() as f64;
        n * (self.rss / n).ln()
    }
}

fn inverse_upper(r: &Array2<f64>) -> Array2<f64> {
    let k = r.nrows();
    let mut out = Array2::zeros((k, k));
    for j in 0..k {
        for i in (0..=j).rev() {
            let known: f64 = (i + 1..=j).map(|m| r[[i, m]] * out[[m, j]]).sum();
            out[[i, j]] = (f64::from(i == j) - known) / r[[i, i]];
        }
    }
    out
}

/// Long-run variance of residuals: `γ₀ + 2 Σ (1 − j/(L+1)) γ_j` with `γ_j = Σ e_t e_{t−j} / n` (Bartlett weights).
pub(super) fn long_run_variance(e: &[f64], lags: usize) -> f64 {
    let n = e.len() as f64;
    let product = |j: usize| e[j..].iter().zip(e).map(|(a, b)| a * b).sum::<f64>() / n;
    let weighted = |j: usize| (1.0 - j as f64 / (lags as f64 + 1.0)) * product(j);
    product(0) + 2.0 * (1..=lags).map(weighted).sum::<f64>()
}
