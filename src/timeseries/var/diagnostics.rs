//! What is left in the errors: memory, shape, moving variance.

use ndarray::{Array2, ArrayView2, Axis, s};

use crate::error::{Error, Result};
use crate::linalg::Cholesky;
use crate::timeseries::var::VarFit;
use crate::timeseries::var::causality::VarTest;
use crate::timeseries::var::fit::root;
use crate::timeseries::var::regress::regress;

fn trace_ratio(upper: &Array2<f64>, lower: &Array2<f64>) -> Result<f64> {
    let factor = Cholesky::new(lower.view(), "the covariance of the errors")?;
    Ok(factor.solve_many(upper.view()).diag().sum())
}

/// Columns divided by their root mean square: tests do not depend on units, and squares stay numbers.
fn unit(residuals: ArrayView2<'_, f64>) -> Array2<f64> {
    let n = residuals.nrows() as f64;
    let mut out = residuals.to_owned();
    for mut column in out.columns_mut() {
        let size = (column.dot(&column) / n).sqrt();
        column.mapv_inplace(|v| v / size);
    }
    out
}

impl VarFit {
    /// The portmanteau test of no autocorrelation up to `lags` (Hosking 1980): χ² of K²(lags − p) degrees; `adjusted` weighs
    /// every lag by T/(T − lag), which holds better in short samples.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `lags` exceeds those of the model; [`Error::TooShort`].
    pub fn portmanteau(&self, lags: usize, adjusted: bool) -> Result<VarTest> {
        let u = unit(self.residuals.view());
        let (t, k) = u.dim();
        if lags >= t {
            return Err(Error::TooShort { what: "residuals".into(), needed: lags + 1, found: t });
        }
        let cross = |lag: usize| u.slice(s![lag.., ..]).t().dot(&u.slice(s![..t - lag, ..])) / t as f64;
        let factor = Cholesky::new(cross(0).view(), "the covariance of the errors")?;
        let mut sum = 0.0;
        for lag in 1..=lags {
            let c = cross(lag);
            let left = factor.solve_many(c.t());
            let right = factor.solve_many(c.view());
            let weight = if adjusted { t as f64 / (t - lag) as f64 } else { 1.0 };
            sum += weight * left.dot(&right).diag().sum();
        }
        VarTest::chi_squared("portmanteau", t as f64 * sum, k * k * lags.saturating_sub(self.spec.lags))
    }

    /// The Lagrange multiplier test of no autocorrelation up to `lags` (Breusch 1978; Godfrey 1978; Lütkepohl 2005, §4.4.4).
    ///
    /// # Errors
    /// [`Error::TooShort`]; [`Error::Argument`] for no lags.
    pub fn breusch_godfrey(&self, lags: usize) -> Result<VarTest> {
        let u = unit(self.residuals.view());
        let ((t, k), m) = (u.dim(), self.z.ncols());
        let needed = m + k * lags + k + 1;
        if t < needed {
            return Err(Error::TooShort { what: "residuals".into(), needed, found: t });
        }
        let mut wide = Array2::zeros((t, m + k * lags));
        wide.slice_mut(s![.., ..m]).assign(&self.z);
        for lag in 1..=lags {
            let from = m + (lag - 1) * k;
            // Errors before the sample are zero.
            wide.slice_mut(s![lag.., from..from + k]).assign(&u.slice(s![..t - lag, ..]));
        }
        let names: Vec<String> = (0..wide.ncols()).map(|j| format!("regressor {j}")).collect();
        let full = regress(wide.view(), u.view(), &names)?.residuals;
        let ratio = trace_ratio(&full.t().dot(&full), &u.t().dot(&u))?;
        VarTest::chi_squared("Breusch–Godfrey", t as f64 * (k as f64 - ratio), lags * k * k)
    }

    /// The test of skewness and kurtosis of the errors, made orthogonal by the Cholesky root in the order of the series
    /// (Jarque & Bera 1987; Lütkepohl 2005, §4.5): χ² of 2K degrees.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when the errors are linearly dependent.
    pub fn normality(&self) -> Result<VarTest> {
        let mut u = unit(self.residuals.view());
        let (t, k) = u.dim();
        if let Some(mean) = u.mean_axis(Axis(0)) {
            u -= &mean;
        }
        let lower = root(&(u.t().dot(&u) / t as f64))?;
        let (mut skew, mut kurtosis) = (vec![0.0; k], vec![0.0; k]);
        let mut w = vec![0.0; k];
        for row in u.rows() {
            for i in 0..k {
                let known: f64 = (0..i).map(|j| lower[[i, j]] * w[j]).sum();
                w[i] = (row[i] - known) / lower[[i, i]];
                skew[i] += w[i].powi(3) / t as f64;
                kurtosis[i] += w[i].powi(4) / t as f64;
            }
        }
        let sum = |v: &[f64], middle: f64| v.iter().map(|v| (v - middle).powi(2)).sum::<f64>();
        let statistic = t as f64 * (sum(&skew, 0.0) / 6.0 + sum(&kurtosis, 3.0) / 24.0);
        VarTest::chi_squared("Jarque–Bera", statistic, 2 * k)
    }

    /// The test that variances and covariances of the errors do not follow those of the last `lags` periods (Lütkepohl 2005,
    /// §16.5.1): χ² of lags·(K(K + 1)/2)² degrees.
    ///
    /// # Errors
    /// [`Error::TooShort`].
    pub fn arch(&self, lags: usize) -> Result<VarTest> {
        let mut u = unit(self.residuals.view());
        let (t, k) = u.dim();
        if let Some(mean) = u.mean_axis(Axis(0)) {
            u -= &mean;
        }
        let pairs: Vec<(usize, usize)> = (0..k).flat_map(|i| (0..=i).map(move |j| (i, j))).collect();
        let m = pairs.len();
        let needed = lags + lags * m + m + 2;
        if lags == 0 || t < needed {
            return Err(Error::TooShort { what: "residuals".into(), needed, found: t });
        }
        let products = Array2::from_shape_fn((t, m), |(row, c)| u[[row, pairs[c].0]] * u[[row, pairs[c].1]]);
        let n = t - lags;
        let z = Array2::from_shape_fn((n, 1 + lags * m), |(row, j)| match j {
            0 => 1.0,
            j => products[[row + lags - 1 - (j - 1) / m, (j - 1) % m]],
        });
        let names: Vec<String> = (0..z.ncols()).map(|j| format!("regressor {j}")).collect();
        let right = products.slice(s![lags.., ..]);
        let full = regress(z.view(), right, &names)?.residuals;
        let mut base = right.to_owned();
        if let Some(mean) = base.mean_axis(Axis(0)) {
            base -= &mean;
        }
        let ratio = trace_ratio(&full.t().dot(&full), &base.t().dot(&base))?;
        VarTest::chi_squared("ARCH", n as f64 * (m as f64 - ratio), lags * m * m)
    }
}
