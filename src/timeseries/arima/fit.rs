//! The fitted model and what it can answer.

use ndarray::{Array1, Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::inference::Estimates;
use crate::timeseries::arima::engine::Layout;
use crate::timeseries::arima::estimate::{FULL, Found, regression, spread, variance};
use crate::timeseries::arima::likelihood::Objective;
use crate::timeseries::arima::prepare::Prepared;
use crate::timeseries::arima::search::Trial;
use crate::timeseries::arima::states::{evaluated, memory, state_space};
use crate::timeseries::arima::{Arima, Method};
use crate::timeseries::statespace::{Filtered, StateSpace, Workspace};

/// What an autoregression forgets of a shock in as many periods as there are, below which it forgets nothing.
const UNIT: f64 = 1e-6;

/// `log 2π`.
const LOG_TWO_PI: f64 = 1.837_877_066_409_345_5;

/// An ARIMA model fitted to a series.
#[derive(Debug, Clone)]
pub struct ArimaFit {
    spec: Arima,
    pub(super) data: Prepared,
    pub(super) layout: Layout,
    pub(super) kind: Objective,
    pub(super) found: Found,
    names: Vec<String>,
    coefficients: Array1<f64>,
    covariance: Array2<f64>,
    /// Whether an autoregression is so near the unit circle that its standard error reaches far beyond.
    edge: bool,
    /// Coefficients of all terms of the regression, given ones too.
    terms: Vec<f64>,
    /// σ² in the units of the numerics.
    pub(super) scaled_variance: f64,
    log_likelihood: f64,
    trials: Vec<Trial>,
}

/// Means and variances of future observations, the parameters taken as known.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Means.
    pub mean: Vec<f64>,
    /// Variances.
    pub variance: Vec<f64>,
}

/// The estimates were at a likelihood a moment ago.
pub(super) fn no_likelihood() -> Error {
    Error::NotPositiveDefinite { what: "covariance of the series".into(), pivot: 0 }
}

impl ArimaFit {
    pub(super) fn new(
        spec: Arima,
        data: Prepared,
        layout: Layout,
        kind: Objective,
        found: Found,
    ) -> Result<Self> {
        let columns = &data.columns;
        let work = evaluated(layout.shape, columns, &found.natural, kind).ok_or_else(no_likelihood)?;
        let scaled_variance = variance(&work, columns, kind);
        let used = columns.observed() as f64;
        let log_likelihood = match kind {
            Objective::Given(v) => {
                -0.5 * (used * (LOG_TWO_PI + v.ln()) + work.determinant + work.quadratic / v)
            }
            Objective::Exact => -0.5 * (used * (LOG_TWO_PI + scaled_variance.ln() + 1.0) + work.determinant),
            Objective::Conditional => -0.5 * used * (LOG_TWO_PI + scaled_variance.ln() + 1.0),
        } - used * data.spread.ln();
        let (beta, of_terms) = regression(&data, &work, kind);
        let terms = data.all_terms(&beta.to_vec());
        let own = spread(&data, &layout, kind, &found, &of_terms);
        // Factors first, then terms; what is given has a value and no standard error.
        let factors = spec.factor_names();
        let free = |given: &[Option<f64>]| given.iter().map(Option::is_none).collect::<Vec<_>>();
        let places: Vec<bool> = [free(&layout.given), free(&data.given)].concat();
        let names: Vec<String> = factors.iter().chain(&data.names).cloned().collect();
        let coefficients: Array1<f64> = found.natural.iter().chain(&terms).copied().collect();
        let index: Vec<Option<usize>> = places
            .iter()
            .scan(0, |next, &free| {
                Some(free.then(|| {
                    *next += 1;
                    *next - 1
                }))
            })
            .collect();
        let covariance = Array2::from_shape_fn((names.len(), names.len()), |(i, j)| {
            index[i].zip(index[j]).map_or(f64::NAN, |(a, b)| own.covariance[[a, b]])
        });
        Ok(Self {
            spec,
            data,
            layout,
            kind,
            found,
            names,
            coefficients,
            covariance,
            edge: own.edge,
            terms,
            scaled_variance,
            log_likelihood,
            trials: Vec::new(),
        })
    }

    /// What was fitted.
    pub fn specification(&self) -> &Arima {
        &self.spec
    }

    /// The name of the outcome.
    pub fn name(&self) -> &str {
        &self.data.name
    }

    /// The outcome as it was given.
    pub fn outcome(&self) -> &[f64] {
        &self.data.y
    }

    /// Names of the regressors, mean and slope not counted.
    pub fn regressors(&self) -> &[String] {
        let own = usize::from(self.data.constant.0) + usize::from(self.data.constant.1);
        &self.data.names[own..]
    }

    /// The log-likelihood of the differenced series.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// σ², the maximum likelihood estimate: divided by the number of observations, unless it was given.
    pub fn variance(&self) -> f64 {
        self.scaled_variance * self.data.spread * self.data.spread
    }

    /// Observations that were there, less those that differencing uses up.
    pub fn n_used(&self) -> usize {
        self.data.columns.observed()
    }

    /// Estimated parameters, σ² among them.
    pub fn n_parameters(&self) -> usize {
        let terms = self.data.given.iter().filter(|g| g.is_none()).count();
        self.layout.free() + terms + usize::from(!matches!(self.kind, Objective::Given(_)))
    }

    /// `−2L + 2k`; compares models of the same differences. NaN for conditional squares, which have no likelihood.
    pub fn aic(&self) -> f64 {
        self.criterion(2.0 * self.n_parameters() as f64)
    }

    /// `−2L + 2kn/(n − k − 1)`; infinite where n is too small.
    pub fn aicc(&self) -> f64 {
        let (n, k) = (self.n_used() as f64, self.n_parameters() as f64);
        self.criterion(if n > k + 1.0 { 2.0 * k * n / (n - k - 1.0) } else { f64::INFINITY })
    }

    /// `−2L + k log n`.
    pub fn bic(&self) -> f64 {
        self.criterion(self.n_parameters() as f64 * (self.n_used() as f64).ln())
    }

    fn criterion(&self, penalty: f64) -> f64 {
        if self.spec.method == Method::Exact { penalty - 2.0 * self.log_likelihood } else { f64::NAN }
    }

    /// Whether every root of the autoregressive and moving average polynomials has a modulus above `bound`.
    pub fn roots_beyond(&self, bound: f64) -> bool {
        self.layout.shape.roots_beyond(&self.found.natural, bound)
    }

    /// What the automatic choice tried, in its order; empty if there was none.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The same with the record of the search that led here.
    pub(super) fn after(mut self, trials: Vec<Trial>) -> Self {
        self.trials = trials;
        self
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.found.boundary {
            notes.push(
                "a moving average has a root on the unit circle: the series may be differenced once too often, and \
                 its standard error means little"
                    .into(),
            );
        }
        let rooted = |f: &usize| {
            self.layout.bounded[*f]
                && self.found.free[self.layout.place(*f)]
                    .iter()
                    .any(|v| v.abs() >= FULL.edge || (1.0 - v.abs().tanh()) * self.n_used() as f64 <= UNIT)
        };
        if self.edge || [0, 2].iter().any(rooted) {
            notes.push(
                "an autoregression has a root that cannot be told from the unit circle: one more difference, seasonal \
                 if the root is, may describe the series as well, and its standard error means little"
                    .into(),
            );
        }
        let estimated =
            self.layout.given.iter().chain(&self.data.given).enumerate().filter(|(_, g)| g.is_none());
        if estimated.map(|(i, _)| self.covariance[[i, i]]).any(f64::is_nan) {
            notes.push("the likelihood is flat at its maximum: there are no standard errors".into());
        }
        notes
    }

    /// The state space model at the estimates, in the units of the numerics.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] where the autoregression has left the stationary region.
    pub fn state_space(&self) -> Result<StateSpace> {
        self.states_at(&self.found.natural, self.scaled_variance)
    }

    pub(super) fn states_at(&self, natural: &[f64], variance: f64) -> Result<StateSpace> {
        state_space(self.layout.shape, natural, &self.data.differencing, variance).ok_or_else(|| {
            Error::NotPositiveDefinite { what: "covariance of the autoregression".into(), pivot: 0 }
        })
    }

    /// Mean and covariance of the state after the last period, in the units of the numerics.
    pub(super) fn last_state(
        &self,
        model: &StateSpace,
        natural: &[f64],
        terms: &[f64],
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        let n = self.data.y.len();
        let first = n.saturating_sub(memory(self.layout.shape, natural, model.states(), n));
        let first = if self.data.y[first..].iter().any(|v| v.is_nan()) { 0 } else { first };
        let mut work = Workspace::new(model);
        work.log_likelihood(model, &self.data.without_terms(terms, first))?;
        let (mean, covariance, _) = work.next();
        Ok((mean.to_vec(), covariance.to_vec()))
    }

    fn filtered(&self) -> Result<Filtered> {
        let model = self.state_space()?;
        Workspace::new(&model).filter(&model, &self.data.without_terms(&self.terms, 0))
    }

    /// One-step prediction errors at the estimates; NaN where missing, and in the periods that differencing uses up.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when the filter breaks down.
    pub fn residuals(&self) -> Result<Vec<f64>> {
        Ok(self.errors(|innovation, _| innovation)?.into_iter().map(|e| e * self.data.spread).collect())
    }

    /// The same divided by their standard deviations.
    ///
    /// # Errors
    /// As [`residuals`](Self::residuals).
    pub fn standardized_residuals(&self) -> Result<Vec<f64>> {
        self.errors(|innovation, variance| innovation / variance.sqrt())
    }

    /// One-step predictions: the outcome less the residuals.
    ///
    /// # Errors
    /// As [`residuals`](Self::residuals).
    pub fn fitted(&self) -> Result<Vec<f64>> {
        Ok(self.data.y.iter().zip(self.residuals()?).map(|(y, e)| y - e).collect())
    }

    fn errors(&self, of: impl Fn(f64, f64) -> f64) -> Result<Vec<f64>> {
        let steps = self.filtered()?.steps;
        let regular = |s: &crate::timeseries::statespace::Step| s.diffuse_variance == 0.0;
        Ok(steps.iter().map(|s| if regular(s) { of(s.innovation, s.variance) } else { f64::NAN }).collect())
    }

    /// Means and variances of the next `horizon` observations, the parameters taken as known.
    ///
    /// # Errors
    /// [`Error::Argument`], [`Error::Shape`] or [`Error::Domain`] for future regressors that are absent or do not fit.
    pub fn predict(&self, horizon: usize, x: Option<ArrayView2<'_, f64>>) -> Result<Prediction> {
        let x = self.data.future(horizon, x)?;
        let model = self.state_space()?;
        let (mut a, mut p) = self.last_state(&model, &self.found.natural, &self.terms)?;
        let (m, z) = (model.states(), model.loading());
        let mut scratch = vec![0.0; m * m];
        let (mut mean, mut variance) = (Vec::new(), Vec::new());
        let dot = |row: &[f64]| row.iter().zip(z).map(|(a, b)| a * b).sum::<f64>();
        for t in 0..horizon {
            let regression: f64 = x.row(t).iter().zip(&self.terms).map(|(x, b)| x * b).sum();
            mean.push(regression + self.data.spread * dot(&a));
            let spread = p.chunks_exact(m).map(dot).zip(z).map(|(row, z)| row * z).sum::<f64>();
            variance.push(spread * self.data.spread * self.data.spread);
            model.step_mean(&mut a, &mut scratch[..m]);
            model.step_covariance(&mut p, &mut scratch);
            model.state_variances().iter().enumerate().for_each(|(i, q)| p[i * m + i] += q);
        }
        Ok(Prediction { mean, variance })
    }
}

impl Estimates for ArimaFit {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn coefficients(&self) -> &Array1<f64> {
        &self.coefficients
    }

    fn covariance(&self) -> &Array2<f64> {
        &self.covariance
    }

    fn degrees_of_freedom(&self) -> f64 {
        f64::INFINITY
    }
}

impl ArimaFit {
    /// The coefficients, those of the factors first, then mean, slope and regressors; given ones in their places.
    pub fn coefficients(&self) -> &Array1<f64> {
        &self.coefficients
    }
}
