//! Whether one series helps to predict another.

use ndarray::{Array1, Array2};

use crate::distribution::{ChiSquared, Fisher};
use crate::error::Result;
use crate::linalg::Cholesky;
use crate::timeseries::var::specification::argument;
use crate::timeseries::var::{Var, VarFit};

/// A test of the system.
#[derive(Debug, Clone, PartialEq)]
pub struct VarTest {
    /// Its name.
    pub name: String,
    /// F where `denominator` is finite, else χ².
    pub statistic: f64,
    /// Degrees of freedom.
    pub degrees: f64,
    /// Those of the denominator of an F; infinite for χ².
    pub denominator: f64,
    /// The p-value.
    pub p_value: f64,
}

impl VarTest {
    pub(in crate::timeseries) fn chi_squared(name: &str, statistic: f64, degrees: usize) -> Result<Self> {
        if degrees == 0 {
            return Err(argument("lags", "too few", "more than the lags of the model"));
        }
        let p_value = ChiSquared::new(degrees as f64)?.upper(statistic);
        Ok(Self {
            name: name.into(),
            statistic,
            degrees: degrees as f64,
            denominator: f64::INFINITY,
            p_value,
        })
    }
}

/// θ' V⁻¹ θ, V scaled to a unit diagonal.
fn quadratic(theta: &Array1<f64>, covariance: &Array2<f64>, what: &str) -> Result<f64> {
    let sd = covariance.diag().mapv(f64::sqrt);
    let unit = Array2::from_shape_fn(covariance.dim(), |(i, j)| covariance[[i, j]] / (sd[i] * sd[j]));
    let scaled = theta / &sd;
    Ok(scaled.dot(&Cholesky::new(unit.view(), what)?.solve(scaled.view())))
}

impl VarFit {
    fn split(&self, causes: &[&str]) -> Result<(Vec<usize>, Vec<usize>)> {
        let causes = self.places(causes)?;
        let others: Vec<usize> = (0..self.names.len()).filter(|i| !causes.contains(i)).collect();
        if causes.is_empty() || others.is_empty() {
            return Err(argument("causes", causes.len(), "at least one series, and one left for it to move"));
        }
        Ok((causes, others))
    }

    fn wald(&self, causes: &[usize], others: &[usize], lags: usize) -> Result<(f64, usize)> {
        let mut places = Vec::new();
        for &equation in others {
            for &cause in causes {
                places.extend(self.own(cause).into_iter().take(lags).map(|row| (row, equation)));
            }
        }
        let rows = self.lag_rows();
        let theta: Array1<f64> = places.iter().map(|place| rows[*place]).collect();
        let covariance = Array2::from_shape_fn((places.len(), places.len()), |(i, j)| {
            self.inverse[[places[i].0, places[j].0]] * self.sigma[[places[i].1, places[j].1]]
        });
        Ok((quadratic(&theta, &covariance, "the covariance of the lags")?, places.len()))
    }

    /// Granger's test that no lag of the causes is in an equation of the other series: F of a Wald test over all those
    /// equations (Lütkepohl 2005, §3.6.1).
    ///
    /// # Errors
    /// [`crate::Error::UnknownColumn`]; [`crate::Error::Argument`] when nothing is left to be moved.
    pub fn granger(&self, causes: &[&str]) -> Result<VarTest> {
        let (causes, others) = self.split(causes)?;
        let (wald, degrees) = self.wald(&causes, &others, self.spec.lags)?;
        let statistic = wald / degrees as f64;
        let denominator = (self.names.len() * (self.z.nrows() - self.z.ncols())) as f64;
        let p_value = Fisher::new(degrees as f64, denominator)?.upper(statistic);
        Ok(VarTest { name: "Granger".into(), statistic, degrees: degrees as f64, denominator, p_value })
    }

    /// The test that the errors of the causes are not related to those of the other series (Lütkepohl 2005, §3.6.3).
    ///
    /// # Errors
    /// As [`granger`](Self::granger).
    pub fn instantaneous(&self, causes: &[&str]) -> Result<VarTest> {
        let (causes, others) = self.split(causes)?;
        let pairs: Vec<(usize, usize)> =
            causes.iter().flat_map(|&c| others.iter().map(move |&o| (c, o))).collect();
        let s = &self.sigma;
        let theta: Array1<f64> = pairs.iter().map(|place| s[*place]).collect();
        let covariance = Array2::from_shape_fn((pairs.len(), pairs.len()), |(i, j)| {
            let ((a, b), (c, d)) = (pairs[i], pairs[j]);
            (s[[a, c]] * s[[b, d]] + s[[a, d]] * s[[b, c]]) / self.n_observed() as f64
        });
        let statistic = quadratic(&theta, &covariance, "the covariance of the error covariances")?;
        VarTest::chi_squared("instantaneous", statistic, pairs.len())
    }

    /// Granger's test that holds whether the series have unit roots or not: `extra` lags more are fitted, as many as the
    /// highest order of integration, and left out of the χ² (Toda & Yamamoto 1995).
    ///
    /// # Errors
    /// As [`granger`](Self::granger), and as the fit with more lags.
    pub fn toda_yamamoto(&self, causes: &[&str], extra: usize) -> Result<VarTest> {
        let (causes, others) = self.split(causes)?;
        let wide = Var { lags: self.spec.lags + extra, ..self.spec };
        let fixed: Vec<String> =
            self.terms()[self.terms().len() - self.x.as_ref().map_or(0, Array2::ncols)..].to_vec();
        let x = self.x.as_ref().map(|x| (fixed.as_slice(), x.view()));
        let fit = wide.fit(&self.names, self.y.view(), x)?;
        let (wald, degrees) = fit.wald(&causes, &others, self.spec.lags)?;
        VarTest::chi_squared("Toda–Yamamoto", wald, degrees)
    }
}
