//! The fitted model.

use ndarray::{Array2, ArrayView2, s};

use crate::error::{Error, Result};
use crate::inference::CoefficientRow;
use crate::linalg::{Cholesky, eigenvalue_moduli};
use crate::timeseries::var::{Regression, root};
use crate::timeseries::vecm::Vecm;

/// A vector error correction model fitted to series.
#[derive(Debug, Clone)]
pub struct VecmFit {
    pub(super) spec: Vecm,
    pub(super) names: Vec<String>,
    /// The series, then the constant or trend within the relations.
    within: Vec<String>,
    terms: Vec<String>,
    pub(super) y: Array2<f64>,
    pub(super) beta: Array2<f64>,
    beta_errors: Array2<f64>,
    /// Terms × equations: α', Φ', Γ'.
    pub(super) coefficients: Array2<f64>,
    pub(super) inverse: Array2<f64>,
    pub(super) residuals: Array2<f64>,
    pub(super) sigma: Array2<f64>,
    eigenvalues: Vec<f64>,
}

impl VecmFit {
    #[expect(clippy::too_many_arguments, reason = "the parts of a fit")]
    pub(super) fn new(
        spec: Vecm,
        names: &[String],
        within: Vec<String>,
        terms: Vec<String>,
        y: Array2<f64>,
        (beta, spread): (Array2<f64>, Array2<f64>),
        found: Regression,
        eigenvalues: Vec<f64>,
    ) -> Result<Self> {
        let Regression { coefficients, inverse, residuals } = found;
        let n = residuals.nrows() as f64;
        let sigma = residuals.t().dot(&residuals) / n;
        for (j, name) in names.iter().enumerate() {
            let size = y.column(j).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            if sigma[[j, j]].sqrt() <= 1e-12 * size {
                let why =
                    format!("`{name}` follows its past without error: its variance cannot be estimated");
                return Err(Error::NothingToEstimate { why });
            }
        }
        // The precision of β is that of levels, seen through α' Σ⁻¹ α.
        let r = spec.rank;
        let lower = root(&sigma)?;
        let alpha = coefficients.slice(s![..r, ..]);
        let whitened = forward(&lower, &alpha.t().to_owned());
        let seen = scaled_inverse(&whitened.t().dot(&whitened), "α' Σ⁻¹ α")?;
        let mut beta_errors = Array2::zeros(beta.dim());
        for i in r..beta.nrows() {
            for j in 0..r {
                beta_errors[[i, j]] = (spread[[i - r, i - r]] * seen[[j, j]]).sqrt();
            }
        }
        let names = names.to_vec();
        let all = Self {
            spec,
            names,
            within,
            terms,
            y,
            beta,
            beta_errors,
            coefficients,
            inverse,
            residuals,
            sigma,
            eigenvalues,
        };
        Ok(all)
    }

    /// What was fitted.
    pub fn specification(&self) -> Vecm {
        self.spec
    }

    /// Names of the series.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Rows of β: the series, then the constant or trend within the relations.
    pub fn relation_terms(&self) -> &[String] {
        &self.within
    }

    /// Names of the regressors of every equation: relations, constant, trend, season, lagged differences.
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// Periods explained.
    pub fn n_observed(&self) -> usize {
        self.residuals.nrows()
    }

    /// Relations, a column each.
    pub fn beta(&self) -> ArrayView2<'_, f64> {
        self.beta.view()
    }

    /// Their standard errors; zero where β is normed.
    pub fn beta_errors(&self) -> ArrayView2<'_, f64> {
        self.beta_errors.view()
    }

    /// How every series (row) gives way to every relation (column).
    pub fn alpha(&self) -> Array2<f64> {
        self.coefficients.slice(s![..self.spec.rank, ..]).t().to_owned()
    }

    /// Coefficients of a lagged difference, equations × series.
    ///
    /// # Errors
    /// [`Error::Argument`] unless the lag is one of the model's.
    pub fn gamma(&self, lag: usize) -> Result<Array2<f64>> {
        if lag == 0 || lag > self.spec.lags {
            let must = format!("between 1 and {}", self.spec.lags);
            return Err(crate::timeseries::var::argument("lag", lag, &must));
        }
        Ok(self.lagged(lag))
    }

    fn lagged(&self, lag: usize) -> Array2<f64> {
        self.lagged_of(&self.coefficients, lag)
    }

    fn lagged_of(&self, coefficients: &Array2<f64>, lag: usize) -> Array2<f64> {
        let p = self.names.len();
        let from = self.terms.len() - (self.spec.lags - lag + 1) * p;
        coefficients.slice(s![from..from + p, ..]).t().to_owned()
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

    /// One row a term and equation: `equation: term`.
    pub fn coefficient_rows(&self, level: f64) -> Vec<CoefficientRow> {
        let errors = self.std_errors();
        let mut rows = Vec::new();
        for (j, equation) in self.names.iter().enumerate() {
            for (i, term) in self.terms.iter().enumerate() {
                let name = format!("{equation}: {term}");
                let (estimate, error) = (self.coefficients[[i, j]], errors[[i, j]]);
                rows.push(CoefficientRow::new(&name, estimate, error, f64::INFINITY, level));
            }
        }
        rows
    }

    /// One row a relation and what it weighs, the normed ones left out: `relation 1: series`.
    pub fn relation_rows(&self, level: f64) -> Vec<CoefficientRow> {
        let mut rows = Vec::new();
        for j in 0..self.spec.rank {
            for i in self.spec.rank..self.within.len() {
                let name = format!("relation {}: {}", j + 1, self.within[i]);
                let (estimate, error) = (self.beta[[i, j]], self.beta_errors[[i, j]]);
                rows.push(CoefficientRow::new(&name, estimate, error, f64::INFINITY, level));
            }
        }
        rows
    }

    /// Time × series.
    pub fn residuals(&self) -> ArrayView2<'_, f64> {
        self.residuals.view()
    }

    /// Σ, divided by T.
    pub fn sigma(&self) -> ArrayView2<'_, f64> {
        self.sigma.view()
    }

    /// Squared canonical correlations, the largest first.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// Gaussian log-likelihood.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when the errors are linearly dependent.
    pub fn log_likelihood(&self) -> Result<f64> {
        let (n, p) = (self.n_observed() as f64, self.names.len() as f64);
        let log = 2.0 * root(&self.sigma)?.diag().mapv(f64::ln).sum();
        Ok(-0.5 * n * (p * (1.0 + (2.0 * std::f64::consts::PI).ln()) + log))
    }

    /// What the relations came to in every period of the series, time × relations: deviations that the series give way to.
    pub fn deviations(&self) -> Array2<f64> {
        let p = self.names.len();
        let form = self.spec.form();
        let mut out = self.y.dot(&self.beta.slice(s![..p, ..]));
        if self.within.len() > p {
            for (t, mut row) in out.rows_mut().into_iter().enumerate() {
                row.scaled_add(form.beside(t).unwrap_or(0.0), &self.beta.row(p));
            }
        }
        out
    }

    /// `A₁ … A_{L+1}` of the vector autoregression in levels that the model is.
    pub fn lag_matrices(&self) -> Vec<Array2<f64>> {
        self.lag_matrices_of(&self.coefficients)
    }

    /// Those of other coefficients, the relations as they are.
    pub(super) fn lag_matrices_of(&self, coefficients: &Array2<f64>) -> Vec<Array2<f64>> {
        let (p, lags) = (self.names.len(), self.spec.lags);
        let alpha = coefficients.slice(s![..self.spec.rank, ..]);
        let pi = alpha.t().dot(&self.beta.slice(s![..p, ..]).t());
        let mut out = vec![Array2::<f64>::eye(p) + pi];
        for lag in 1..=lags {
            let gamma = self.lagged_of(coefficients, lag);
            out[lag - 1] += &gamma;
            out.push(-gamma);
        }
        out
    }

    /// Moduli of the companion matrix of the levels, the largest first: as many are 1 as there are series without a relation
    /// of their own.
    ///
    /// # Errors
    /// [`Error::NotConverged`] when the eigenvalues are not found.
    pub fn roots(&self) -> Result<Vec<f64>> {
        let (p, lags) = (self.names.len(), self.lag_matrices());
        let mut companion = Array2::zeros((p * lags.len(), p * lags.len()));
        for (i, lag) in lags.iter().enumerate() {
            companion.slice_mut(s![..p, i * p..(i + 1) * p]).assign(lag);
        }
        (p..p * lags.len()).for_each(|i| companion[[i, i - p]] = 1.0);
        let mut moduli = eigenvalue_moduli(companion.view())?;
        moduli.sort_unstable_by(|a, b| b.total_cmp(a));
        Ok(moduli)
    }
}

/// L⁻¹ B.
fn forward(lower: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let mut out = b.clone();
    for j in 0..out.ncols() {
        for i in 0..out.nrows() {
            let known: f64 = (0..i).map(|l| lower[[i, l]] * out[[l, j]]).sum();
            out[[i, j]] = (out[[i, j]] - known) / lower[[i, i]];
        }
    }
    out
}

/// The inverse of a positive definite matrix of any scale.
fn scaled_inverse(matrix: &Array2<f64>, what: &str) -> Result<Array2<f64>> {
    let sd = matrix.diag().mapv(f64::sqrt);
    let unit = Array2::from_shape_fn(matrix.dim(), |(i, j)| matrix[[i, j]] / (sd[i] * sd[j]));
    let inverse = Cholesky::new(unit.view(), what)?.inverse();
    Ok(Array2::from_shape_fn(matrix.dim(), |(i, j)| inverse[[i, j]] / (sd[i] * sd[j])))
}
