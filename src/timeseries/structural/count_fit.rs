//! A fitted structural model of counts and what it can answer.

use ndarray::{Array1, Array2, ArrayView2};

use crate::data::Count;
use crate::error::{Error, Result};
use crate::inference::CoefficientRow;
use crate::timeseries::counts::CountData;
use crate::timeseries::statespace::Trouble;
use crate::timeseries::structural::likelihood::{HALF_LOG_TWO_PI, Problem, Shape};
use crate::timeseries::structural::parameters::{Estimated, Parameter};
use crate::timeseries::structural::regressors::{Regressors, future_exposure};
use crate::timeseries::structural::states::{Layout, States};
use crate::timeseries::structural::{Component, CountStructural, Prediction};

/// A structural model fitted to counts.
#[derive(Debug, Clone)]
pub struct CountStructuralFit {
    pub(super) spec: CountStructural,
    pub(super) data: CountData,
    pub(super) regressors: Regressors,
    /// Log of the mean rate, about which the states are.
    pub(super) centre: f64,
    pub(super) problem: Problem,
    pub(super) theta: Vec<f64>,
    /// `theta + root · standard normals` is a draw of the parameters.
    pub(super) root: Array2<f64>,
    value: f64,
    /// State after the last period.
    next_mean: Vec<f64>,
    next_covariance: Vec<f64>,
    /// Means at the mode.
    means: Vec<f64>,
}

/// The smoothed parts of counts, on the scale of the logarithm of the rate.
#[derive(Debug, Clone, PartialEq)]
pub struct CountParts {
    /// μ.
    pub level: Vec<f64>,
    /// Standard errors of μ given the variances.
    pub level_std_error: Vec<f64>,
    /// ν, if the model has a slope.
    pub slope: Option<Vec<f64>>,
    /// γ, if the model has a season.
    pub seasonal: Option<Vec<f64>>,
    /// ψ, if the model has a cycle.
    pub cycle: Option<Vec<f64>>,
    /// x'β, if there are regressors.
    pub regression: Option<Vec<f64>>,
}

/// A log-likelihood by simulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Importance {
    /// Its value.
    pub log_likelihood: f64,
    /// Standard error of the simulation.
    pub std_error: f64,
}

pub(super) fn astray(trouble: Trouble) -> Error {
    let hint = match trouble {
        Trouble::Weights => "the suppressed cells are too wide to have one mode",
        Trouble::Unknown => "the counts do not determine all states",
        Trouble::Astray => "the counts may leave the states without a mode",
    };
    Error::NotConverged {
        method: "mode of the states".into(),
        iterations: 0,
        last_change: f64::NAN,
        hint: hint.into(),
    }
}

impl CountStructuralFit {
    pub(super) fn new(
        spec: CountStructural,
        data: CountData,
        regressors: Regressors,
        centre: f64,
        mut problem: Problem,
        theta: Vec<f64>,
        root: Array2<f64>,
    ) -> Result<Self> {
        problem.set(&theta);
        let Problem { cells, model, .. } = &mut problem;
        let Some(cells) = cells else { return Err(astray(Trouble::Astray)) };
        let value = cells.log_likelihood(model).map_err(astray)?;
        let (next_mean, next_covariance) = cells.laplace.next();
        let means = cells.means();
        Ok(Self {
            spec,
            data,
            regressors,
            centre,
            problem,
            theta,
            root,
            value,
            next_mean,
            next_covariance,
            means,
        })
    }

    /// What was fitted.
    pub fn specification(&self) -> &CountStructural {
        &self.spec
    }

    /// Periods in the series, missing ones too.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there are none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.data.len() == 0
    }

    /// The name of the outcome.
    pub fn name(&self) -> &str {
        &self.data.name
    }

    /// Names of the regressors.
    pub fn regressors(&self) -> &[String] {
        &self.regressors.names
    }

    /// Laplace's log-likelihood, the constant of the diffuse states left out.
    pub fn log_likelihood(&self) -> f64 {
        self.value - self.sizes()
    }

    /// What the units of diffuse regressors add to the likelihood.
    fn sizes(&self) -> f64 {
        let diffuse = |j: &usize| self.spec.0.prior.get(*j).is_none_or(|p| p.1.is_infinite());
        let spread = &self.regressors.spread;
        (0..spread.len()).filter(diffuse).map(|j| spread[j].ln()).sum()
    }

    /// The log-likelihood at the estimates by importance sampling, from pairs of antithetic draws of all states around
    /// their mode (Shephard & Pitt 1997; Durbin & Koopman 1997): Laplace's without its error, but for the simulation's.
    ///
    /// # Errors
    /// [`Error::Argument`] without pairs; [`Error::NotConverged`] when there is nothing to draw from.
    pub fn importance_sampling(&self, pairs: usize, seed: u64) -> Result<Importance> {
        if pairs < 2 {
            let must = "at least 2".into();
            return Err(Error::Argument { argument: "pairs".into(), value: pairs.to_string(), must });
        }
        let mut problem = self.problem.clone();
        let Problem { cells, model, .. } = &mut problem;
        let Some(cells) = cells else { return Err(astray(Trouble::Astray)) };
        let (value, std_error) = cells.importance(model, pairs, seed).map_err(astray)?;
        Ok(Importance { log_likelihood: value - self.sizes(), std_error })
    }

    /// States that start diffuse.
    pub fn n_diffuse(&self) -> usize {
        self.spec.0.n_diffuse(self.regressors.names.len())
    }

    /// Periods with a count or an interval.
    pub fn n_informative(&self) -> usize {
        self.data.n_informative()
    }

    /// Estimated variances, those at zero too, the dispersion, and what bends the transition.
    pub fn n_parameters(&self) -> usize {
        Problem::n_parameters(&self.spec.0)
    }

    /// `−2L + 2k`, where k counts the diffuse states with the parameters and L counts −½ log 2π for each of them.
    pub fn aic(&self) -> f64 {
        let d = self.n_diffuse() as f64;
        -2.0 * (self.log_likelihood() - d * HALF_LOG_TWO_PI) + 2.0 * (self.n_parameters() as f64 + d)
    }

    /// The same with k multiplied by n/(n − k − 1); infinite where n is too small.
    pub fn aicc(&self) -> f64 {
        let (n, d) = (self.n_informative() as f64, self.n_diffuse() as f64);
        let k = self.n_parameters() as f64 + d;
        let full = self.log_likelihood() - d * HALF_LOG_TWO_PI;
        if n > k + 1.0 { -2.0 * full + 2.0 * k * n / (n - k - 1.0) } else { f64::INFINITY }
    }

    fn estimated(&self) -> Estimated<'_> {
        Estimated {
            spec: &self.spec.0,
            problem: &self.problem,
            theta: &self.theta,
            root: &self.root,
            spread: 1.0,
            x_spread: &self.regressors.spread,
            names: &self.regressors.names,
        }
    }

    /// A variance on the log scale, or the dispersion; none if the model has no such component.
    pub fn variance(&self, component: Component) -> Option<f64> {
        self.estimated().variance(component)
    }

    /// The a of the variance μ + aμ²; zero for the Poisson.
    pub fn dispersion(&self) -> f64 {
        self.variance(Component::Dispersion).unwrap_or(0.0)
    }

    /// φ; none without a damped trend, NaN where the slope does not move and φ has no meaning.
    pub fn damping(&self) -> Option<f64> {
        self.estimated().shape(|s| s == Shape::Damping)
    }

    /// Dispersion, variances, damping and period with standard errors by the delta method on the log and logit scale.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.estimated().rows()
    }

    /// Coefficients of the regressors; of those that walk, as they are one period after the last.
    pub fn coefficients(&self) -> Array1<f64> {
        let first = self.layout().regressors;
        let one = |j: usize| self.next_mean[first + j] / self.regressors.spread[j];
        (0..self.regressors.names.len()).map(one).collect()
    }

    /// Their covariance in the normal approximation, the variances of the components taken as known.
    pub fn covariance(&self) -> Array2<f64> {
        let (layout, k) = (self.layout(), self.regressors.names.len());
        let spread = &self.regressors.spread;
        Array2::from_shape_fn((k, k), |(i, j)| {
            let at = (layout.regressors + i) * layout.states + layout.regressors + j;
            self.next_covariance[at] / (spread[i] * spread[j])
        })
    }

    /// The regressors' coefficients, tested against zero.
    pub fn coefficient_rows(&self, level: f64) -> Vec<CoefficientRow> {
        let covariance = self.covariance();
        let rows = self.regressors.names.iter().zip(self.coefficients()).enumerate();
        rows.map(|(j, (name, b))| {
            CoefficientRow::new(name, b, covariance[[j, j]].sqrt(), f64::INFINITY, level)
        })
        .collect()
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.estimated().notes();
        let hidden = self.data.counts.iter().filter(|c| matches!(c, Count::Interval { .. })).count();
        if hidden > 0 {
            notes.push(format!("{hidden} suppressed cells enter as intervals"));
        }
        notes
    }

    /// Means of the counts, as far as they are reported, at the mode of the states given the whole series.
    pub fn fitted(&self) -> &[f64] {
        &self.means
    }

    /// Counts less their fitted means, divided by their standard deviations; NaN where the count is not exact.
    pub fn residuals(&self) -> Vec<f64> {
        let a = self.dispersion();
        let one = |(count, mean): (&Count, &f64)| match count.exact() {
            Some(y) => (y - mean) / (mean + a * mean * mean).sqrt(),
            None => f64::NAN,
        };
        self.data.counts.iter().zip(&self.means).map(one).collect()
    }

    /// The smoothed parts.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when the filter breaks down.
    pub fn parts(&self) -> Result<CountParts> {
        let Some(cells) = &self.problem.cells else { return Err(astray(Trouble::Astray)) };
        let smoothed = cells.laplace.smoothed(&self.problem.model)?;
        let states =
            States { layout: self.layout(), regressors: &self.regressors, centre: self.centre, spread: 1.0 };
        Ok(CountParts {
            level: states.level(&smoothed),
            level_std_error: states.level_std_error(&smoothed),
            slope: states.slope(&smoothed),
            seasonal: states.seasonal(&smoothed),
            cycle: states.cycle(&smoothed),
            regression: states.regression(&smoothed),
        })
    }

    /// Means and variances of the next `horizon` counts at the estimates, in the normal approximation of the states.
    ///
    /// # Errors
    /// [`Error::Argument`], [`Error::Shape`] or [`Error::Domain`] for future regressors or exposures that are absent or do
    /// not fit.
    pub fn predict(
        &self,
        horizon: usize,
        x: Option<ArrayView2<'_, f64>>,
        exposure: Option<&[f64]>,
    ) -> Result<Prediction> {
        let x = self.regressors.future(horizon, x)?;
        let exposure = future_exposure(horizon, self.data.has_exposure, exposure)?;
        let (model, layout) = (&self.problem.model, self.layout());
        let (mut a, mut p) = (self.next_mean.clone(), self.next_covariance.clone());
        let m = a.len();
        let mut scratch = vec![0.0; p.len()];
        let (mut mean, mut variance) = (Vec::new(), Vec::new());
        for (t, e) in exposure.iter().enumerate() {
            let mut z = model.loading().to_vec();
            x.row(t).iter().enumerate().for_each(|(j, v)| z[layout.regressors + j] = *v);
            let dot = |row: &[f64]| row.iter().zip(&z).map(|(a, b)| a * b).sum::<f64>();
            let spread = p.chunks(m).map(dot).zip(&z).map(|(row, z)| row * z).sum::<f64>();
            // A log-normal mean, and the count around it.
            let expected = e * (self.centre + dot(&a) + 0.5 * spread).exp();
            let square = expected * expected * spread.exp();
            mean.push(expected);
            variance.push(expected + self.dispersion() * square + (square - expected * expected));
            model.step_mean(&mut a, &mut scratch[..m]);
            model.step_covariance(&mut p, &mut scratch);
            model.state_variances().iter().enumerate().for_each(|(i, q)| p[i * m + i] += q);
        }
        Ok(Prediction { mean, variance })
    }

    pub(super) fn layout(&self) -> Layout {
        Layout::new(&self.spec.0, self.regressors.names.len())
    }
}
