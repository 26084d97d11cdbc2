//! What comes next, for all series at once.

use ndarray::{Array2, ArrayView2};

use crate::distribution::Normal;
use crate::error::{Error, Result};
use crate::inference::{Forecast, interval_level};
use crate::linalg::{Cholesky, eigen_symmetric};
use crate::parallel;
use crate::random::{fresh_seed, normal, stream};
use crate::timeseries::var::VarFit;
use crate::timeseries::var::specification::argument;

/// Means ahead with intervals, periods × series, coefficients taken as known.
#[derive(Debug, Clone, PartialEq)]
pub struct VarPrediction {
    /// Means.
    pub mean: Array2<f64>,
    /// Lower ends.
    pub lower: Array2<f64>,
    /// Upper ends.
    pub upper: Array2<f64>,
}

impl VarFit {
    fn future(&self, horizon: usize, x: Option<ArrayView2<'_, f64>>) -> Result<Array2<f64>> {
        if horizon == 0 {
            return Err(argument("horizon", 0, "at least 1"));
        }
        let columns = self.x.as_ref().map_or(0, Array2::ncols);
        let x = match x {
            Some(x) => x.to_owned(),
            None if columns == 0 => Array2::zeros((horizon, 0)),
            None => return Err(argument("x", "none", "future values of every regressor, one row a period")),
        };
        if x.dim() != (horizon, columns) {
            let (expected, found) = (format!("{horizon} rows, {columns} columns"), format!("{:?}", x.dim()));
            return Err(Error::Shape { what: "future regressors".into(), expected, found });
        }
        if let Some(((row, _), value)) = x.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let (what, value) = ("future regressors".into(), value.to_string());
            return Err(Error::Domain { what, row, value, must: "finite".into() });
        }
        Ok(x)
    }

    /// One path: errors are added by `shock`.
    fn path(
        &self,
        coefficients: &Array2<f64>,
        x: &Array2<f64>,
        mut shock: impl FnMut(usize, &mut [f64]),
    ) -> Array2<f64> {
        let (n, k, p) = (self.y.nrows(), self.names.len(), self.spec.lags);
        let horizon = x.nrows();
        let mut out = Array2::<f64>::zeros((horizon, k));
        let mut next = vec![0.0; k];
        for h in 0..horizon {
            next.fill(0.0);
            for lag in 1..=p {
                for j in 0..k {
                    let value = if h >= lag { out[[h - lag, j]] } else { self.y[[n + h - lag, j]] };
                    let row = coefficients.row((lag - 1) * k + j);
                    next.iter_mut().zip(row).for_each(|(v, b)| *v += b * value);
                }
            }
            let fixed = self.fixed(n + h + 1, x.row(h).to_slice().unwrap_or(&[]));
            for (j, value) in fixed.into_iter().enumerate() {
                let row = coefficients.row(k * p + j);
                next.iter_mut().zip(row).for_each(|(v, b)| *v += b * value);
            }
            shock(h, &mut next);
            next.iter().enumerate().for_each(|(j, v)| out[[h, j]] = *v);
        }
        out
    }

    /// Means of the next periods with intervals of normal errors, the coefficients taken as known.
    ///
    /// # Errors
    /// [`Error::Argument`], [`Error::Shape`] or [`Error::Domain`] for future regressors that are absent or do not fit.
    pub fn predict(
        &self,
        horizon: usize,
        x: Option<ArrayView2<'_, f64>>,
        level: f64,
    ) -> Result<VarPrediction> {
        let reach = Normal::standard().quantile(0.5 + 0.5 * interval_level(level)?);
        let x = self.future(horizon, x)?;
        let mean = self.path(&self.coefficients, &x, |_, _| {});
        let covariances = self.forecast_covariances(horizon);
        let half = Array2::from_shape_fn(mean.dim(), |(h, j)| reach * covariances[h][[j, j]].sqrt());
        Ok(VarPrediction { lower: &mean - &half, upper: &mean + &half, mean })
    }

    /// The next periods as joint paths, one [`Forecast`] a series: path i of every series is of one draw of coefficients and
    /// errors, so that sums and differences across series have their distribution too.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn forecast(
        &self,
        horizon: usize,
        x: Option<ArrayView2<'_, f64>>,
        draws: usize,
        seed: Option<u64>,
    ) -> Result<Vec<Forecast>> {
        self.forecast_under(horizon, vec!["forecast".into()], &[x], draws, seed)
    }

    /// As [`forecast`](Self::forecast), under several named futures of the regressors. Path i uses the same coefficients and
    /// errors under all of them, so that their differences are those of the scenarios alone.
    ///
    /// # Errors
    /// As [`forecast`](Self::forecast).
    pub fn forecast_under(
        &self,
        horizon: usize,
        scenarios: Vec<String>,
        futures: &[Option<ArrayView2<'_, f64>>],
        draws: usize,
        seed: Option<u64>,
    ) -> Result<Vec<Forecast>> {
        let futures = futures.iter().map(|x| self.future(horizon, *x)).collect::<Result<Vec<_>>>()?;
        if draws == 0 {
            return Err(argument("draws", 0, "at least 1"));
        }
        let seed = seed.unwrap_or_else(fresh_seed);
        let root = self.root()?;
        let spread = half(&self.inverse)?;
        let (m, k) = self.coefficients.dim();
        let one = |draw: usize| {
            let mut generator = stream(seed, draw as u64);
            let e = Array2::from_shape_fn((m, k), |_| normal(&mut generator));
            let coefficients = &self.coefficients + &spread.dot(&e).dot(&root.t());
            let errors = Array2::from_shape_fn((horizon, k), |_| normal(&mut generator)).dot(&root.t());
            let path = |x| {
                self.path(&coefficients, x, |h, next| {
                    next.iter_mut().zip(errors.row(h)).for_each(|(v, e)| *v += e);
                })
            };
            futures.iter().map(path).collect::<Vec<_>>()
        };
        let paths = parallel::map(draws, one);
        let labels: Vec<String> = (1..=horizon).map(|h| format!("+{h}")).collect();
        let cutoff = (self.y.nrows() - 1).to_string();
        let series = |j: usize| {
            let under = |s: usize| Array2::from_shape_fn((draws, horizon), |(i, h)| paths[i][s][[h, j]]);
            let own = (0..futures.len()).map(under).collect();
            Forecast::new(scenarios.clone(), own, labels.clone(), cutoff.clone(), seed)
        };
        (0..k).map(series).collect()
    }
}

/// A root of a symmetric matrix with a positive diagonal.
pub(in crate::timeseries) fn half(matrix: &Array2<f64>) -> Result<Array2<f64>> {
    let sd = matrix.diag().mapv(f64::sqrt);
    let unit = Array2::from_shape_fn(matrix.dim(), |(i, j)| matrix[[i, j]] / (sd[i] * sd[j]));
    let root = match Cholesky::new(unit.view(), "the regressors") {
        Ok(factor) => factor.lower(),
        Err(_) => {
            let (values, vectors) = eigen_symmetric(unit.view())?;
            &vectors * &values.mapv(|v| v.max(0.0).sqrt())
        }
    };
    Ok(Array2::from_shape_fn(matrix.dim(), |(i, j)| sd[i] * root[[i, j]]))
}
