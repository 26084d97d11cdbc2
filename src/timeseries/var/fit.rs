//! The fitted system.

use ndarray::{Array2, ArrayView2, s};

use crate::error::{Error, Result};
use crate::inference::CoefficientRow;
use crate::linalg::{Cholesky, eigenvalue_moduli};
use crate::timeseries::var::regress::Regression;
use crate::timeseries::var::{Terms, Var};

/// A vector autoregression fitted to series.
#[derive(Debug, Clone)]
pub struct VarFit {
    pub(super) spec: Var,
    pub(super) names: Vec<String>,
    terms: Vec<String>,
    pub(super) y: Array2<f64>,
    pub(super) x: Option<Array2<f64>>,
    pub(super) z: Array2<f64>,
    pub(super) coefficients: Array2<f64>,
    pub(super) inverse: Array2<f64>,
    pub(super) residuals: Array2<f64>,
    pub(super) sigma: Array2<f64>,
}

impl VarFit {
    pub(super) fn new(
        spec: Var,
        names: Vec<String>,
        terms: Vec<String>,
        y: Array2<f64>,
        x: Option<Array2<f64>>,
        z: Array2<f64>,
        found: Regression,
    ) -> Result<Self> {
        let Regression { coefficients, inverse, residuals } = found;
        let sigma = residuals.t().dot(&residuals) / (z.nrows() - z.ncols()) as f64;
        let fit = Self { spec, names, terms, y, x, z, coefficients, inverse, residuals, sigma };
        for (j, name) in fit.names.iter().enumerate() {
            let column = fit.y.column(j);
            let size = column.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            if fit.sigma[[j, j]].sqrt() <= 1e-12 * size {
                let why = format!(
                    "`{name}` follows its regressors without error: its variance cannot be estimated"
                );
                return Err(Error::NothingToEstimate { why });
            }
        }
        fit.root()?;
        Ok(fit)
    }

    /// What was fitted.
    pub fn specification(&self) -> Var {
        self.spec
    }

    /// Names of the series.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Names of the regressors of every equation.
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// Periods explained.
    pub fn n_observed(&self) -> usize {
        self.z.nrows()
    }

    /// Terms × equations.
    pub fn coefficients(&self) -> ArrayView2<'_, f64> {
        self.coefficients.view()
    }

    /// Standard errors, terms × equations.
    pub fn std_errors(&self) -> Array2<f64> {
        let one = |(i, j)| (self.inverse[[i, i]] * self.sigma[[j, j]]).sqrt();
        Array2::from_shape_fn(self.coefficients.dim(), one)
    }

    /// One row a term and equation, with t of T − m degrees of freedom: `equation: term`.
    pub fn coefficient_rows(&self, level: f64) -> Vec<CoefficientRow> {
        let errors = self.std_errors();
        let degrees = (self.z.nrows() - self.z.ncols()) as f64;
        let mut rows = Vec::new();
        for (j, equation) in self.names.iter().enumerate() {
            for (i, term) in self.terms.iter().enumerate() {
                let name = format!("{equation}: {term}");
                rows.push(CoefficientRow::new(
                    &name,
                    self.coefficients[[i, j]],
                    errors[[i, j]],
                    degrees,
                    level,
                ));
            }
        }
        rows
    }

    /// Time × series.
    pub fn residuals(&self) -> ArrayView2<'_, f64> {
        self.residuals.view()
    }

    /// Σ, divided by T − m.
    pub fn sigma(&self) -> ArrayView2<'_, f64> {
        self.sigma.view()
    }

    /// Σ, divided by T.
    pub(super) fn sigma_ml(&self) -> Array2<f64> {
        self.residuals.t().dot(&self.residuals) / self.n_observed() as f64
    }

    /// log |Σ|, Σ divided by T.
    pub(super) fn log_determinant(&self) -> Result<f64> {
        let sigma = self.sigma_ml();
        // By correlations, so that series of any unit serve.
        let sd = sigma.diag().mapv(f64::sqrt);
        let unit = Array2::from_shape_fn(sigma.dim(), |(i, j)| sigma[[i, j]] / (sd[i] * sd[j]));
        Ok(Cholesky::new(unit.view(), "the covariance of the errors")?.log_determinant()
            + 2.0 * sd.mapv(f64::ln).sum())
    }

    /// Gaussian log-likelihood.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when the errors are linearly dependent.
    pub fn log_likelihood(&self) -> Result<f64> {
        let (t, k) = (self.n_observed() as f64, self.names.len() as f64);
        Ok(-0.5 * t * (k * (1.0 + (2.0 * std::f64::consts::PI).ln()) + self.log_determinant()?))
    }

    /// The Cholesky root of Σ, lower triangular.
    pub(super) fn root(&self) -> Result<Array2<f64>> {
        root(&self.sigma)
    }

    /// `A_lag`, equations × series.
    pub(super) fn lag_matrix(&self, lag: usize) -> Array2<f64> {
        let k = self.names.len();
        self.coefficients.slice(s![(lag - 1) * k..lag * k, ..]).t().to_owned()
    }

    /// Moduli of the roots of the companion matrix, the largest first; all below one: stable.
    ///
    /// # Errors
    /// [`Error::NotConverged`] when the eigenvalues are not found.
    pub fn roots(&self) -> Result<Vec<f64>> {
        let (k, p) = (self.names.len(), self.spec.lags);
        let mut companion = Array2::zeros((k * p, k * p));
        for lag in 1..=p {
            companion.slice_mut(s![..k, (lag - 1) * k..lag * k]).assign(&self.lag_matrix(lag));
        }
        (k..k * p).for_each(|i| companion[[i, i - k]] = 1.0);
        let mut moduli = eigenvalue_moduli(companion.view())?;
        moduli.sort_unstable_by(|a, b| b.total_cmp(a));
        Ok(moduli)
    }

    /// Places of series by name.
    pub(super) fn places(&self, names: &[&str]) -> Result<Vec<usize>> {
        let one = |name: &&str| {
            let found = self.names.iter().position(|n| n == name);
            found.ok_or_else(|| Error::unknown_column(name, self.names.iter().map(String::as_str)))
        };
        names.iter().map(one).collect()
    }

    /// Constant, trend and regressors of a period, from 1.
    pub(super) fn fixed(&self, period: usize, x: &[f64]) -> Vec<f64> {
        let terms = [1.0, period as f64].into_iter().take(match self.spec.terms {
            Terms::None => 0,
            Terms::Constant => 1,
            Terms::Trend => 2,
        });
        terms.chain(x.iter().copied()).collect()
    }
}

/// L with L L' = sigma.
pub(in crate::timeseries) fn root(sigma: &Array2<f64>) -> Result<Array2<f64>> {
    let sd = sigma.diag().mapv(f64::sqrt);
    let unit = Array2::from_shape_fn(sigma.dim(), |(i, j)| sigma[[i, j]] / (sd[i] * sd[j]));
    let lower = Cholesky::new(unit.view(), "the covariance of the errors")?.lower();
    Ok(Array2::from_shape_fn(sigma.dim(), |(i, j)| sd[i] * lower[[i, j]]))
}
