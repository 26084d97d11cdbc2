//! Futures of spending: multiples of the last observed value, or paths.
//!
//! Spending enters in one of two ways: as a regressor of the structural model, or through a response that was
//! estimated elsewhere, `log rate ← Σ_l b_l x_{t−l}`, `b ~ N(b̂, V)`. Every set of paths draws b once and uses it for the
//! history and for every scenario alike.
//!
//! ```
//! use averted::forecast::scenario::Scenario;
//! let more = Scenario::multiple("+20%", 1.2)?;
//! assert_eq!(more.path(&[8.0, 10.0, f64::NAN], 2)?, [12.0, 12.0]);
//! # Ok::<(), averted::Error>(())
//! ```

use ndarray::{Array1, Array2};

use crate::error::{Error, Result};
use crate::linalg::eigen_symmetric;
use crate::linalg::nearest_positive_semidefinite;
use crate::random::{normal, stream};
use crate::timeseries::structural::Offsets;

/// One future of spending.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name, as in pictures.
    pub name: String,
    spending: Spending,
}

#[derive(Debug, Clone, PartialEq)]
enum Spending {
    Multiple(f64),
    Path(Vec<f64>),
}

impl Scenario {
    /// Spending stays where it was last observed.
    pub fn flat() -> Self {
        Self { name: "flat".into(), spending: Spending::Multiple(1.0) }
    }

    /// Spending is `factor` times the last observed value, in every period.
    ///
    /// # Errors
    /// [`Error::Argument`] unless the factor is finite and not below zero.
    pub fn multiple(name: impl Into<String>, factor: f64) -> Result<Self> {
        let name = name.into();
        if !(factor >= 0.0 && factor.is_finite()) {
            let must = "finite and zero or more: 1.2 is 20 % above the last observed value".into();
            return Err(Error::Argument {
                argument: format!("scenario {name}"),
                value: factor.to_string(),
                must,
            });
        }
        Ok(Self { name, spending: Spending::Multiple(factor) })
    }

    /// Spending takes these values, one a future period, in the units of the spending column.
    ///
    /// # Errors
    /// [`Error::Argument`] unless all are finite.
    pub fn values(name: impl Into<String>, path: Vec<f64>) -> Result<Self> {
        let name = name.into();
        if let Some(value) = path.iter().find(|v| !v.is_finite()) {
            let must = "finite".into();
            return Err(Error::Argument {
                argument: format!("scenario {name}"),
                value: value.to_string(),
                must,
            });
        }
        Ok(Self { name, spending: Spending::Path(path) })
    }

    /// Spending over the horizon, after this history (NaN missing).
    ///
    /// # Errors
    /// [`Error::Shape`] for a path of another length; [`Error::TooShort`] when no spending was ever observed.
    pub fn path(&self, history: &[f64], horizon: usize) -> Result<Vec<f64>> {
        match &self.spending {
            Spending::Path(path) if path.len() == horizon => Ok(path.clone()),
            Spending::Path(path) => Err(Error::Shape {
                what: format!("scenario {}", self.name),
                expected: format!("{horizon} periods"),
                found: path.len().to_string(),
            }),
            Spending::Multiple(factor) => {
                let last = history.iter().rev().find(|v| !v.is_nan());
                let last =
                    last.ok_or_else(|| Error::TooShort { what: "spending".into(), needed: 1, found: 0 })?;
                Ok(vec![last * factor; horizon])
            }
        }
    }
}

/// How spending moves the log rate: coefficients of lags 0, 1, … a unit of the spending column, and their covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct LagResponse {
    /// The column of spending.
    pub spend: String,
    coefficients: Array1<f64>,
    /// A square root of the covariance.
    root: Array2<f64>,
}

impl LagResponse {
    /// From an estimate.
    ///
    /// # Errors
    /// [`Error::Shape`] unless the covariance is square and as long as the coefficients; [`Error::Argument`] for what
    /// is not finite; [`Error::NotPositiveDefinite`] for a matrix that is no covariance.
    pub fn new(spend: impl Into<String>, coefficients: Array1<f64>, covariance: Array2<f64>) -> Result<Self> {
        let n = coefficients.len();
        if covariance.dim() != (n, n) || n == 0 {
            return Err(Error::Shape {
                what: "covariance of the response".into(),
                expected: format!("{n} rows and columns, at least 1"),
                found: format!("{:?}", covariance.dim()),
            });
        }
        if let Some(value) = coefficients.iter().chain(&covariance).find(|v| !v.is_finite()) {
            let must = "finite".into();
            return Err(Error::Argument { argument: "response".into(), value: value.to_string(), must });
        }
        let (repaired, changed) = nearest_positive_semidefinite(covariance.view())?;
        let moved = (&repaired - &covariance).iter().fold(0.0, |most: f64, d| most.max(d.abs()));
        if changed && moved > 1e-8 * covariance.diag().iter().fold(0.0, |most: f64, d| most.max(d.abs())) {
            return Err(Error::NotPositiveDefinite { what: "covariance of the response".into(), pivot: 0 });
        }
        let (values, vectors) = eigen_symmetric(repaired.view())?;
        let root = Array2::from_shape_fn((n, n), |(i, j)| vectors[[i, j]] * values[j].max(0.0).sqrt());
        Ok(Self { spend: spend.into(), coefficients, root })
    }

    /// Lags, the present one counted: L + 1.
    pub fn lags(&self) -> usize {
        self.coefficients.len()
    }

    /// `Σ_l b_l x_{t−l}` at the estimate; NaN where a lag is missing.
    pub fn offset(&self, spending: &[f64]) -> Vec<f64> {
        convolve(self.coefficients.as_slice().unwrap_or_default(), spending)
    }

    /// Draws of the offsets over the history and every future; draw k is the same for all of them.
    pub fn offsets(&self, history: &[f64], futures: &[Vec<f64>], sets: usize, seed: u64) -> Offsets {
        let horizon = futures.first().map_or(0, Vec::len);
        let mut past = Array2::zeros((sets, history.len()));
        let mut ahead = vec![Array2::zeros((sets, horizon)); futures.len()];
        for set in 0..sets {
            // Far from the streams of the paths, which count up from zero.
            let mut generator = stream(seed, (1 << 40) + set as u64);
            let e = Array1::from_shape_fn(self.lags(), |_| normal(&mut generator));
            let b = (&self.coefficients + &self.root.dot(&e)).to_vec();
            past.row_mut(set).iter_mut().zip(convolve(&b, history)).for_each(|(to, v)| *to = v);
            for (future, ahead) in futures.iter().zip(&mut ahead) {
                let whole = [history, future].concat();
                let values = convolve(&b, &whole);
                ahead.row_mut(set).iter_mut().zip(&values[history.len()..]).for_each(|(to, v)| *to = *v);
            }
        }
        Offsets { history: past, future: ahead }
    }
}

fn convolve(b: &[f64], x: &[f64]) -> Vec<f64> {
    let at = |t: usize| (0..b.len()).map(|l| t.checked_sub(l).map_or(f64::NAN, |s| b[l] * x[s])).sum();
    (0..x.len()).map(at).collect()
}
