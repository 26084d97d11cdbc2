//! The fitted model and what it can answer.

use ndarray::{Array1, Array2, ArrayView2};

use crate::error::Result;
use crate::inference::CoefficientRow;
use crate::timeseries::statespace::{LogLikelihood, StateSpace, smooth};
use crate::timeseries::structural::likelihood::{HALF_LOG_TWO_PI, MOST_DAMPING, Problem, logistic};
use crate::timeseries::structural::prepare::{Layout, Prepared};
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

/// One estimated or given number of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// `variance of level`, `damping`.
    pub name: String,
    /// Its value.
    pub estimate: f64,
    /// Its standard error; NaN for what was given and for a variance at exactly zero.
    pub std_error: f64,
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
        let likelihood = problem.work.log_likelihood(&problem.model, &data.z)?;
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
        &self.data.names
    }

    /// The outcome as it was given.
    pub fn outcome(&self) -> &[f64] {
        &self.data.y
    }

    /// Log-likelihood of g(y/e), the constant of the diffuse observations left out (Durbin & Koopman 2012, §7.2).
    pub fn log_likelihood(&self) -> f64 {
        let regular = (self.likelihood.n_observed - self.likelihood.n_diffuse) as f64;
        let diffuse = |j: &usize| self.spec.prior.get(*j).is_none_or(|p| p.1.is_infinite());
        let sizes: f64 = (0..self.data.names.len()).filter(diffuse).map(|j| self.data.x_spread[j].ln()).sum();
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

    /// Estimated variances, those at zero too, and damping.
    pub fn n_parameters(&self) -> usize {
        let variances = Component::ALL
            .into_iter()
            .filter(|&c| self.spec.has(c) && self.spec.given[c as usize].is_none())
            .count();
        variances + usize::from(self.problem.free_damping)
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

    /// A variance, in squared units of the model's scale; none if the model has no such component.
    pub fn variance(&self, component: Component) -> Option<f64> {
        if !self.spec.has(component) {
            return None;
        }
        let place = self.problem.variances().position(|c| c == component);
        let scaled = place.map_or(self.problem.fixed[component as usize], |i| self.theta[i].exp());
        Some(scaled * self.data.spread * self.data.spread)
    }

    /// φ; none without a damped trend, NaN where the slope does not move and φ has no meaning.
    pub fn damping(&self) -> Option<f64> {
        let given = self.problem.damping?;
        Some(match (self.problem.moves_damping(), self.theta.last()) {
            (true, Some(&logit)) => logistic(logit),
            _ if self.problem.free_damping => f64::NAN,
            _ => given,
        })
    }

    /// Variances and damping with standard errors by the delta method on the log and logit scale.
    pub fn parameters(&self) -> Vec<Parameter> {
        let error = |i: usize| self.root.row(i).iter().map(|r| r * r).sum::<f64>().sqrt();
        let mut rows = Vec::new();
        for component in Component::ALL {
            let Some(estimate) = self.variance(component) else { continue };
            let place = self.problem.variances().position(|c| c == component);
            let std_error = place.map_or(f64::NAN, |i| estimate * error(i));
            rows.push(Parameter { name: format!("variance of {}", component.name()), estimate, std_error });
        }
        if let Some(factor) = self.damping() {
            let moves = self.problem.moves_damping();
            let std_error = if moves {
                factor * (1.0 - factor / MOST_DAMPING) * error(self.theta.len() - 1)
            } else {
                f64::NAN
            };
            rows.push(Parameter { name: "damping".into(), estimate: factor, std_error });
        }
        rows
    }

    /// Coefficients of the regressors.
    pub fn coefficients(&self) -> Array1<f64> {
        let first = self.layout().regressors;
        let unit = |j: usize| self.data.spread / self.data.x_spread[j];
        (0..self.data.names.len()).map(|j| self.next_mean[first + j] * unit(j)).collect()
    }

    /// Their covariance, the variances of the components taken as known.
    pub fn covariance(&self) -> Array2<f64> {
        let layout = self.layout();
        let unit = |j: usize| self.data.spread / self.data.x_spread[j];
        let k = self.data.names.len();
        Array2::from_shape_fn((k, k), |(i, j)| {
            let at = (layout.regressors + i) * layout.states + layout.regressors + j;
            self.next_covariance[at] * unit(i) * unit(j)
        })
    }

    /// The regressors' coefficients, tested against zero.
    pub fn coefficient_rows(&self, level: f64) -> Vec<CoefficientRow> {
        let covariance = self.covariance();
        let rows = self.data.names.iter().zip(self.coefficients()).enumerate();
        rows.map(|(j, (name, b))| {
            CoefficientRow::new(name, b, covariance[[j, j]].sqrt(), f64::INFINITY, level)
        })
        .collect()
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let zeros: Vec<&str> = Component::ALL
            .into_iter()
            .filter(|&c| self.variance(c) == Some(0.0) && self.spec.given[c as usize].is_none())
            .map(Component::name)
            .collect();
        if !zeros.is_empty() {
            notes.push(format!("estimated at exactly zero: variance of {}", zeros.join(", ")));
        }
        if self.damping().is_some_and(f64::is_nan) {
            notes.push(
                "the slope does not move, so that there is no trend and its damping has no meaning".into(),
            );
        }
        notes
    }

    /// The smoothed parts.
    ///
    /// # Errors
    /// [`crate::Error::NotPositiveDefinite`] when the filter breaks down.
    pub fn parts(&self) -> Result<Parts> {
        let model = &self.problem.model;
        let filtered = self.problem.work.clone().filter(model, &self.data.z)?;
        let smoothed = smooth(model, &filtered);
        let (layout, data, s) = (self.layout(), &self.data, self.data.spread);
        let betas = self.coefficients();
        let shift: f64 = betas.iter().zip(&data.x_centre).map(|(b, c)| b * c).sum();
        let state = |i: usize| smoothed.mean.iter().map(|m| m[i] * s).collect::<Vec<f64>>();
        let regression = |t: usize| {
            let row =
                (0..betas.len()).map(|j| betas[j] * (data.x[[t, j]] * data.x_spread[j] + data.x_centre[j]));
            row.sum::<f64>()
        };
        let residual = |step: &crate::timeseries::statespace::Step| {
            let regular = step.diffuse_variance == 0.0;
            if regular { step.innovation / step.variance.sqrt() } else { f64::NAN }
        };
        Ok(Parts {
            observed: data.z.iter().map(|z| data.centre + s * z).collect(),
            level: smoothed.mean.iter().map(|m| data.centre + s * m[0] - shift).collect(),
            level_std_error: smoothed.variance.iter().map(|v| v[0].max(0.0).sqrt() * s).collect(),
            slope: layout.slope.map(state),
            seasonal: layout.seasonal.map(|(first, _)| state(first)),
            regression: (!betas.is_empty()).then(|| (0..data.z.len()).map(regression).collect()),
            residuals: filtered.steps.iter().map(residual).collect(),
        })
    }

    /// Means and variances of the next `horizon` observations at the estimates, on the model's scale. Sampling
    /// variances of future counts are not in them; [`forecast`](Self::forecast) has them.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] or [`crate::Error::Shape`] for future regressors that are absent or do not fit.
    pub fn predict(&self, horizon: usize, x: Option<ArrayView2<'_, f64>>) -> Result<Prediction> {
        let x = self.data.future_regressors(horizon, x)?;
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
        Layout::new(&self.spec, self.data.names.len())
    }
}
