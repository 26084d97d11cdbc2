//! The fitted model and what it can answer.

use ndarray::{Array1, Array2, ArrayView2};

use crate::error::Result;
use crate::inference::CoefficientRow;
use crate::timeseries::statespace::{LogLikelihood, StateSpace, smooth};
use crate::timeseries::structural::likelihood::{HALF_LOG_TWO_PI, Problem, Shape};
use crate::timeseries::structural::parameters::{Estimated, Parameter};
use crate::timeseries::structural::prepare::Prepared;
use crate::timeseries::structural::states::{Layout, States};
use crate::timeseries::structural::{Component, Structural};

/// A structural model fitted to a series.
#[derive(Debug, Clone)]
pub struct StructuralFit {
    pub(super) spec: Structural,
    pub(super) data: Prepared,
    pub(super) problem: Problem,
    pub(super) theta: Vec<f64>,
    /// `theta + root · standard normals` is a draw of the parameters.
    pub(super) root: Array2<f64>,
    likelihood: LogLikelihood,
    /// State after the last observation's period, in the units of the numerics.
    pub(super) next_mean: Vec<f64>,
    pub(super) next_covariance: Vec<f64>,
}

/// The smoothed parts of the series, on the model's scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// g(y/e), NaN where missing.
    pub observed: Vec<f64>,
    /// μ.
    pub level: Vec<f64>,
    /// Standard errors of μ given the variances.
    pub level_std_error: Vec<f64>,
    /// ν, if the model has a slope.
    pub slope: Option<Vec<f64>>,
    /// γ, if the model has a season.
    pub seasonal: Option<Vec<f64>>,
    /// The cycle, if the model has one.
    pub cycle: Option<Vec<f64>>,
    /// x'β, if there are regressors.
    pub regression: Option<Vec<f64>>,
    /// One-step prediction errors divided by their standard deviations; NaN in the diffuse start and where missing.
    pub residuals: Vec<f64>,
}

/// Means and variances of future observations on the model's scale, the parameters taken as known.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Means.
    pub mean: Vec<f64>,
    /// Variances, those of the irregular part in them.
    pub variance: Vec<f64>,
}

impl StructuralFit {
    pub(super) fn new(
        spec: Structural,
        data: Prepared,
        mut problem: Problem,
        theta: Vec<f64>,
        root: Array2<f64>,
    ) -> Result<Self> {
        problem.set(&theta);
        let likelihood = problem.filtered(&data.z)?;
        let (mean, covariance, _) = problem.work.next();
        let (next_mean, next_covariance) = (mean.to_vec(), covariance.to_vec());
        Ok(Self { spec, data, problem, theta, root, likelihood, next_mean, next_covariance })
    }

    /// What was fitted.
    pub fn specification(&self) -> &Structural {
        &self.spec
    }

    /// The state space model at the estimates, in the units of the numerics.
    pub fn state_space(&self) -> &StateSpace {
        &self.problem.model
    }

    /// Periods in the series, missing ones too.
    pub fn len(&self) -> usize {
        self.data.z.len()
    }

    /// Whether there are none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.data.z.is_empty()
    }

    /// The name of the outcome.
    pub fn name(&self) -> &str {
        &self.data.name
    }

    /// Names of the regressors.
    pub fn regressors(&self) -> &[String] {
        &self.data.regressors.names
    }

    /// The outcome as it was given.
    pub fn outcome(&self) -> &[f64] {
        &self.data.y
    }

    /// Log-likelihood of g(y/e), the constant of the diffuse observations left out (Durbin & Koopman 2012, §7.2).
    pub fn log_likelihood(&self) -> f64 {
        let regular = (self.likelihood.n_observed - self.likelihood.n_diffuse) as f64;
        let diffuse = |j: &usize| self.spec.prior.get(*j).is_none_or(|p| p.1.is_infinite());
        let spread = &self.data.regressors.spread;
        let sizes: f64 = (0..spread.len()).filter(diffuse).map(|j| spread[j].ln()).sum();
        self.likelihood.value - regular * self.data.spread.ln() - sizes
    }

    /// Observations that the diffuse start used up.
    pub fn n_diffuse(&self) -> usize {
        self.likelihood.n_diffuse
    }

    /// Observations that were there.
    pub fn n_observed(&self) -> usize {
        self.likelihood.n_observed
    }

    /// Estimated variances, those at zero too, and what bends the transition.
    pub fn n_parameters(&self) -> usize {
        Problem::n_parameters(&self.spec)
    }

    /// `−2L + 2kn/(n − k − 1)`, where L counts ½ log 2π for every observation and k counts the diffuse states with
    /// the parameters, so that models with different numbers of diffuse states compare (Durbin & Koopman 2012, §7.4).
    /// Infinite where n is too small.
    pub fn aicc(&self) -> f64 {
        let (n, d) = (self.n_observed() as f64, self.n_diffuse() as f64);
        let k = self.n_parameters() as f64 + d;
        let full = self.log_likelihood() - d * HALF_LOG_TWO_PI;
        if n > k + 1.0 { -2.0 * full + 2.0 * k * n / (n - k - 1.0) } else { f64::INFINITY }
    }

    /// `−2L + 2k` with L and k as for [`aicc`](Self::aicc).
    pub fn aic(&self) -> f64 {
        let d = self.n_diffuse() as f64;
        -2.0 * (self.log_likelihood() - d * HALF_LOG_TWO_PI) + 2.0 * (self.n_parameters() as f64 + d)
    }

    fn estimated(&self) -> Estimated<'_> {
        Estimated {
            spec: &self.spec,
            problem: &self.problem,
            theta: &self.theta,
            root: &self.root,
            spread: self.data.spread,
            x_spread: &self.data.regressors.spread,
            names: &self.data.regressors.names,
        }
    }

    /// A variance, in squared units of the model's scale; none if the model has no such component.
    pub fn variance(&self, component: Component) -> Option<f64> {
        self.estimated().variance(component)
    }

    /// φ; none without a damped trend, NaN where the slope does not move and φ has no meaning.
    pub fn damping(&self) -> Option<f64> {
        self.estimated().shape(|s| s == Shape::Damping)
    }

    /// The cycle's period; none without one, NaN where it does not move.
    pub fn period(&self) -> Option<f64> {
        self.estimated().shape(|s| matches!(s, Shape::CyclePeriod(..)))
    }

    /// The specification with all parameters as they were estimated, so that it fits another series without a search.
    pub fn held(&self) -> Structural {
        let mut held = self.spec.clone();
        for component in self.spec.components() {
            if let Some(variance) = self.variance(component) {
                held = held.variance(component, variance);
            }
        }
        let known = |value: Option<f64>| value.filter(|v| v.is_finite());
        if let Some(factor) = known(self.damping()) {
            held = held.damping(factor);
        }
        if let Some(cycle) = &mut held.cycle {
            cycle.period = known(self.period()).or(cycle.period);
            let damping = known(self.estimated().shape(|s| s == Shape::CycleDamping));
            cycle.damping = damping.or(cycle.damping);
        }
        held
    }

    /// Variances, damping and period with standard errors by the delta method on the log and logit scale.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.estimated().rows()
    }

    /// Coefficients of the regressors; of those that walk, as they are one period after the last.
    pub fn coefficients(&self) -> Array1<f64> {
        let first = self.layout().regressors;
        let unit = |j: usize| self.data.spread / self.data.regressors.spread[j];
        (0..self.regressors().len()).map(|j| self.next_mean[first + j] * unit(j)).collect()
    }

    /// Their covariance, the variances of the components taken as known.
    pub fn covariance(&self) -> Array2<f64> {
        let layout = self.layout();
        let unit = |j: usize| self.data.spread / self.data.regressors.spread[j];
        let k = self.regressors().len();
        Array2::from_shape_fn((k, k), |(i, j)| {
            let at = (layout.regressors + i) * layout.states + layout.regressors + j;
            self.next_covariance[at] * unit(i) * unit(j)
        })
    }

    /// The regressors' coefficients, tested against zero.
    pub fn coefficient_rows(&self, level: f64) -> Vec<CoefficientRow> {
        let covariance = self.covariance();
        let rows = self.regressors().iter().zip(self.coefficients()).enumerate();
        rows.map(|(j, (name, b))| {
            CoefficientRow::new(name, b, covariance[[j, j]].sqrt(), f64::INFINITY, level)
        })
        .collect()
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        self.estimated().notes()
    }

    /// The smoothed parts.
    ///
    /// # Errors
    /// [`crate::Error::NotPositiveDefinite`] when the filter breaks down.
    pub fn parts(&self) -> Result<Parts> {
        let model = &self.problem.model;
        let filtered = self.problem.work.clone().filter(model, &self.data.z)?;
        let smoothed = smooth(model, &filtered);
        let (data, s) = (&self.data, self.data.spread);
        let states =
            States { layout: self.layout(), regressors: &data.regressors, centre: data.centre, spread: s };
        let residual = |step: &crate::timeseries::statespace::Step| {
            let regular = step.diffuse_variance == 0.0;
            if regular { step.innovation / step.variance.sqrt() } else { f64::NAN }
        };
        Ok(Parts {
            observed: data.z.iter().map(|z| data.centre + s * z).collect(),
            level: states.level(&smoothed),
            level_std_error: states.level_std_error(&smoothed),
            slope: states.slope(&smoothed),
            seasonal: states.seasonal(&smoothed),
            cycle: states.cycle(&smoothed),
            regression: states.regression(&smoothed),
            residuals: filtered.steps.iter().map(residual).collect(),
        })
    }

    /// Means and variances of the next `horizon` observations at the estimates, on the model's scale. Sampling
    /// variances of future counts are not in them; [`forecast`](Self::forecast) has them.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] or [`crate::Error::Shape`] for future regressors that are absent or do not fit.
    pub fn predict(&self, horizon: usize, x: Option<ArrayView2<'_, f64>>) -> Result<Prediction> {
        let x = self.data.regressors.future(horizon, x)?;
        let (model, layout) = (&self.problem.model, self.layout());
        let (mut a, mut p) = (self.next_mean.clone(), self.next_covariance.clone());
        let mut scratch = vec![0.0; p.len()];
        let (mut mean, mut variance) = (Vec::new(), Vec::new());
        for t in 0..horizon {
            let mut z = model.loading().to_vec();
            x.row(t).iter().enumerate().for_each(|(j, v)| z[layout.regressors + j] = *v);
            let dot = |row: &[f64]| row.iter().zip(&z).map(|(a, b)| a * b).sum::<f64>();
            let spread = p.chunks(z.len()).map(dot).zip(&z).map(|(row, z)| row * z).sum::<f64>();
            mean.push(self.data.centre + self.data.spread * dot(&a));
            variance.push((spread + model.noise()) * self.data.spread * self.data.spread);
            model.step_mean(&mut a, &mut scratch[..z.len()]);
            model.step_covariance(&mut p, &mut scratch);
            let m = z.len();
            model.state_variances().iter().enumerate().for_each(|(i, q)| p[i * m + i] += q);
        }
        Ok(Prediction { mean, variance })
    }

    pub(super) fn layout(&self) -> Layout {
        Layout::new(&self.spec, self.regressors().len())
    }
}
