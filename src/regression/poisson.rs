//! Poisson regression of counts and rates, with any number of absorbed effects.
//!
//! `E[y] = E·exp(o + Xβ + Dα)` with exposure `E` and offset `o`. The estimates are consistent whenever the mean is
//! right, whatever the distribution of `y ≥ 0` (Gourieroux, Monfort & Trognon 1984, *Econometrica* 52), which need not
//! be whole numbers; the classical covariance alone supposes variance equal to mean.
//!
//! ```
//! use averted::data::Frame;
//! use averted::inference::Estimates;
//! use averted::regression::Poisson;
//! let frame = Frame::new()
//!     .with_number("deaths", vec![3.0, 6.0, 4.0, 10.0])?
//!     .with_number("people", vec![1e5, 1e5, 2e5, 2e5])?
//!     .with_number("after", vec![0.0, 1.0, 0.0, 1.0])?
//!     .with_text("state", &["a", "a", "b", "b"].map(Some))?;
//! let fit = Poisson::new().exposure("people").fit("deaths ~ after | state", &frame)?;
//! assert!((fit.coefficients()[0] - (16.0_f64 / 7.0).ln()).abs() < 1e-12);
//! # Ok::<(), averted::Error>(())
//! ```

use std::str::FromStr;

use ndarray::{Array1, Array2, s};

use super::fit::{Estimate, Fit, Model, Shared};
use super::irls::{self, End, Limits, Maximum};
use super::least_squares::Orthonormal;
use super::prepare;
use super::problem::{Problem, Pruning};
use super::sample::Sample;
use super::separation;
use super::settings::{Origin, Settings, shared_setters};
use crate::data::Source;
use crate::error::{Error, Result};
use crate::inference::{Covariance, Estimates};
use crate::special::log_gamma;

/// Specification of a Poisson regression: `E[y] = E·exp(o + Xβ + Dα)` with exposure `E`, offset `o` and absorbed effects
/// `D`, right for any `y ≥ 0` whose mean is (Gourieroux, Monfort & Trognon 1984).
#[derive(Debug, Clone, PartialEq)]
pub struct Poisson {
    pub(super) settings: Settings,
    limits: Limits,
}

/// A fitted Poisson regression.
pub type PoissonFit = Fit<Counts>;

/// What only a Poisson regression has.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// The log-likelihood at its maximum.
    pub log_likelihood: f64,
    /// Twice the distance of the log-likelihood from that of a perfect fit.
    pub deviance: f64,
    /// The deviance with nothing but a constant and the offset.
    pub null_deviance: f64,
    /// The sum of squared Pearson residuals.
    pub pearson: f64,
    /// `1 − ` the log-likelihood over that with nothing but a constant and the offset.
    pub pseudo_r_squared: f64,
    /// Akaike's criterion.
    pub aic: f64,
    /// Schwarz's criterion.
    pub bic: f64,
    /// Newton steps.
    pub iterations: usize,
    /// Whether the last of them was below the tolerance; only a fit told to note it can say no.
    pub converged: bool,
    /// Conjugate-gradient steps of the absorb solver, all in all.
    pub inner_iterations: usize,
    /// The largest score in units of its standard deviation: how far from the maximum the fit stopped.
    pub score: f64,
    /// Rows that were separated, and the certificate: a combination of regressors and effects that is zero on all
    /// positive outcomes and positive on these.
    pub separated: Vec<(usize, f64)>,
    /// What was fitted, to fit it again to other rows.
    specification: Poisson,
}

impl Model for Counts {
    const OF_COUNTS: bool = true;
    const NAME: &'static str = "Poisson";
    const REFITS: bool = true;

    fn refit(&self, sample: Sample) -> Result<Vec<(String, f64)>> {
        let fit = self.specification.clone().covariance(Covariance::Classical).fit_arrays(sample)?;
        Ok(fit.names().iter().cloned().zip(fit.coefficients().iter().copied()).collect())
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("log_likelihood", self.log_likelihood),
            ("deviance", self.deviance),
            ("pearson", self.pearson),
            ("pseudo_r_squared", self.pseudo_r_squared),
            ("aic", self.aic),
            ("bic", self.bic),
        ]
    }
}

/// Residuals of a count model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residual {
    /// `y − μ`.
    Response,
    /// `(y − μ) / √μ`.
    Pearson,
    /// The signed root of each row's share of the deviance.
    Deviance,
}

impl FromStr for Residual {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "response" => Ok(Self::Response),
            "pearson" => Ok(Self::Pearson),
            "deviance" => Ok(Self::Deviance),
            _ => Err(Error::Argument {
                argument: "kind".into(),
                value: format!("`{name}`"),
                must: "response, pearson or deviance".into(),
            }),
        }
    }
}

shared_setters!(Poisson, "Poisson regression");

impl Default for Poisson {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            limits: Limits { tolerance: 1e-8, iterations: 100, note: false },
        }
    }
}

impl Poisson {
    /// Poisson regression with classical standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// The column or expression that the mean is proportional to: people, person-years.
    #[must_use]
    pub fn exposure(mut self, column: impl Into<String>) -> Self {
        self.settings.exposure = Some(column.into());
        self
    }

    /// A column or expression added to the linear predictor, such as `log(population)`.
    #[must_use]
    pub fn offset(mut self, column: impl Into<String>) -> Self {
        self.settings.offset = Some(column.into());
        self
    }

    /// The root mean square of the last step in the linear predictor; `1e-8` unless set.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.limits.tolerance = tolerance;
        self
    }

    /// Newton steps before giving up; 100 unless set.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.limits.iterations = iterations;
        self
    }

    /// What a fit that does not converge becomes: an error, or (`note`) the fit as far as it came, with a note. Its
    /// coefficients are then not the maximum of the likelihood.
    #[must_use]
    pub fn note_nonconvergence(mut self, note: bool) -> Self {
        self.limits.note = note;
        self
    }

    /// Fits a formula to data. With a panel and neither exposure nor offset set, the exposure is the panel's
    /// population, and a note says so.
    ///
    /// # Errors
    /// Those of [`Design::build`](crate::data::Design::build); [`Error::Domain`] for negative outcomes and for weights
    /// or exposures that are not positive; [`Error::NothingToEstimate`] when all outcomes are zero or all regressors
    /// are taken up by the rest of the model; [`Error::TooShort`] with more parameters than observations, or fewer
    /// than two clusters; [`Error::NotConverged`].
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<PoissonFit> {
        let drawn = self.settings.draw(formula, data, true)?;
        self.fit_sample(drawn.sample, Some(drawn.origin), drawn.notes)
    }

    /// Fits to arrays.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn fit_arrays(&self, sample: Sample) -> Result<PoissonFit> {
        self.fit_sample(sample, None, Vec::new())
    }

    /// The rows that are separated, with a certificate, whether or not a fit would come to look for them: a combination
    /// of regressors and effects that is zero on all positive outcomes and positive on these.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn separated(&self, formula: &str, data: &dyn Source) -> Result<Vec<(usize, f64)>> {
        let sample = self.settings.draw(formula, data, true)?.sample;
        sample.check(true)?;
        let pruning = Pruning { zeros: true, keep_singletons: true, excluded: &[] };
        let mut problem = Problem::new(&sample, pruning)?;
        // A level of zeros is its own certificate.
        let mut found: Vec<(usize, f64)> = problem.pruned.zeros.iter().map(|&row| (row, 1.0)).collect();
        let places = separation::certificate(&mut problem)?;
        found.extend(places.into_iter().map(|(p, z)| (problem.kept[problem.absorber.row(p)], z)));
        found.iter_mut().for_each(|(row, _)| *row = sample.origin[*row]);
        found.sort_unstable_by_key(|(row, _)| *row);
        Ok(found)
    }

    /// With these settings: the second step of a model that has one.
    pub(super) fn with(settings: Settings, limits: Limits) -> Self {
        Self { settings, limits }
    }

    pub(super) fn fit_sample(
        &self,
        sample: Sample,
        origin: Option<Origin>,
        mut notes: Vec<String>,
    ) -> Result<PoissonFit> {
        if !(self.limits.tolerance > 0.0 && self.limits.tolerance < 1.0) {
            return Err(Error::Argument {
                argument: "tolerance".into(),
                value: self.limits.tolerance.to_string(),
                must: "above 0 and below 1".into(),
            });
        }
        sample.check(true)?;
        if sample.outcome.iter().all(|&y| y == 0.0) {
            let why = format!("`{}` is zero in every row", sample.outcome_name);
            return Err(Error::NothingToEstimate { why });
        }
        let mut separated: Vec<(usize, f64)> = Vec::new();
        let (mut problem, maximum) = loop {
            let (problem, found) = self.attempt(&sample, &separated)?;
            match found {
                Ok(maximum) => break (problem, maximum),
                Err(mut more) => separated.append(&mut more),
            }
        };
        separated.sort_unstable_by_key(|(row, _)| *row);
        prepare::note_collinear(&sample, &problem, &maximum.independent, &mut notes)?;
        let rows: Vec<usize> = separated.iter().map(|(row, _)| *row).collect();
        let dropped = prepare::dropped(&sample, &problem.pruned, &rows);
        if let Some(&first) = rows.first() {
            notes.push(format!(
                "{} rows are separated (first row {}): a combination of regressors and effects predicts their zeros \
                 perfectly; they were left out, and other coefficients are as if its coefficient were infinite",
                rows.len(),
                sample.origin[first]
            ));
        }
        let whole = sample.outcome.iter().all(|y| y.fract() == 0.0);
        if !whole {
            notes.push(format!("`{}` is not all whole numbers: a quasi-likelihood", sample.outcome_name));
        }
        if let Some(step) = maximum.unfinished {
            notes.push(format!(
                "did not converge in {} iterations (last step {step:.1e}): the coefficients are not the maximum",
                maximum.iterations
            ));
        }
        let Maximum { independent, mut coefficients, linear, mean, weights, .. } = *maximum;
        let mut ortho = Orthonormal::new(problem.columns.slice(s![.., 1..]), &weights);
        coefficients /= &Array1::from(problem.scale.clone());
        prepare::unscale(&problem.scale, &mut ortho.root);
        let pull: Array1<f64> =
            (0..problem.rows()).map(|i| problem.weights[i] * (problem.outcome[i] - mean[i])).collect();
        let score = ortho.basis.t().dot(&pull).iter().fold(0.0_f64, |most, s| most.max(s.abs()));
        let estimate = Estimate {
            names: independent.kept.iter().map(|&j| sample.names[j].clone()).collect(),
            columns: independent.kept,
            coefficients,
            ortho,
            pull,
            dispersion: 1.0,
            linear,
            observations: prepare::observations(&sample, &problem),
            redundant: problem.redundant(),
        };
        let parameters = prepare::enough_rows(&sample, &problem, &estimate)?;
        let mut model = likelihood(&problem, &mean, &estimate, parameters);
        model.iterations = maximum.iterations;
        model.converged = maximum.unfinished.is_none();
        model.inner_iterations = maximum.inner_iterations;
        model.score = score;
        model.specification = self.clone();
        model.separated = separated.iter().map(|&(row, z)| (sample.origin[row], z)).collect();
        problem.columns = Array2::zeros((0, 0));
        let settings = self.settings.clone();
        Fit::new(Shared { model, settings, origin, sample, problem, estimate, dropped, notes })
    }

    /// One climb; `Err` holds the rows of the sample found separated, with their certificate.
    #[allow(clippy::type_complexity)]
    fn attempt(
        &self,
        sample: &Sample,
        separated: &[(usize, f64)],
    ) -> Result<(Problem, std::result::Result<Box<Maximum>, Vec<(usize, f64)>>)> {
        let excluded: Vec<usize> = separated.iter().map(|(row, _)| *row).collect();
        let pruning =
            Pruning { zeros: true, keep_singletons: self.settings.keep_singletons, excluded: &excluded };
        let search = || -> Result<Vec<(usize, f64)>> {
            let mut problem = Problem::new(sample, pruning)?;
            let places = separation::certificate(&mut problem)?;
            Ok(places.into_iter().map(|(p, z)| (problem.kept[problem.absorber.row(p)], z)).collect())
        };
        let mut problem = Problem::new(sample, pruning)?;
        match irls::maximise(&mut problem, self.limits, true) {
            Ok(End::Maximum(maximum)) if maximum.vanishing.is_empty() => Ok((problem, Ok(maximum))),
            Ok(End::Maximum(maximum)) => {
                let found = search()?;
                Ok((problem, if found.is_empty() { Ok(maximum) } else { Err(found) }))
            }
            Ok(End::Endless(suspects)) => {
                let found = search()?;
                if !found.is_empty() {
                    return Ok((problem, Err(found)));
                }
                let mut problem = Problem::new(sample, pruning)?;
                match irls::maximise(&mut problem, self.limits, false)? {
                    End::Maximum(maximum) => Ok((problem, Ok(maximum))),
                    End::Endless(_) => {
                        let first = sample.origin[problem.kept[problem.absorber.row(suspects[0])]];
                        Err(Error::Separated { count: suspects.len(), first })
                    }
                }
            }
            Err(error) => {
                let found = search()?;
                if found.is_empty() { Err(error) } else { Ok((problem, Err(found))) }
            }
        }
    }
}

/// The likelihood and what is read off it.
fn likelihood(problem: &Problem, mean: &[f64], estimate: &Estimate, parameters: usize) -> Counts {
    let small: Vec<f64> = (0..256).map(|y| log_gamma(f64::from(y) + 1.0)).collect();
    let log_factorial = |y: f64| {
        if y < 256.0 && y.fract() == 0.0 { small[y as usize] } else { log_gamma(y + 1.0) }
    };
    let highest = problem.offset.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut events, mut exposure) = (0.0, 0.0);
    for i in 0..problem.rows() {
        events += problem.weights[i] * problem.outcome[i];
        exposure += problem.weights[i] * (problem.offset[i] - highest).exp();
    }
    let log_rate = (events / exposure).ln() - highest;
    let (mut fitted, mut null, mut perfect, mut constant, mut pearson) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for i in 0..problem.rows() {
        let (w, y) = (problem.weights[i], problem.outcome[i]);
        let null_linear = problem.offset[i] + log_rate;
        fitted += w * (y * estimate.linear[i] - mean[i]);
        null += w * (y * null_linear - null_linear.exp());
        perfect += if y > 0.0 { w * (y * y.ln() - y) } else { 0.0 };
        constant += w * log_factorial(y);
        pearson += w * (y - mean[i]).powi(2) / mean[i];
    }
    let log_likelihood = fitted - constant;
    let k = parameters as f64;
    Counts {
        log_likelihood,
        deviance: 2.0 * (perfect - fitted),
        null_deviance: 2.0 * (perfect - null),
        pearson,
        pseudo_r_squared: 1.0 - log_likelihood / (null - constant),
        aic: 2.0 * (k - log_likelihood),
        bic: k * estimate.observations.ln() - 2.0 * log_likelihood,
        iterations: 0,
        converged: true,
        inner_iterations: 0,
        score: 0.0,
        separated: Vec::new(),
        specification: Poisson::new(),
    }
}

impl PoissonFit {
    /// Residuals, one for each of [`rows`](Fit::rows).
    pub fn residuals(&self, kind: Residual) -> Array1<f64> {
        let (outcome, fitted) = (self.outcome(), self.fitted());
        let one = |(&y, &mean): (&f64, &f64)| match kind {
            Residual::Response => y - mean,
            Residual::Pearson => (y - mean) / mean.sqrt(),
            Residual::Deviance => {
                let log = if y > 0.0 { y * (y / mean).ln() } else { 0.0 };
                (2.0 * (log - (y - mean))).max(0.0).sqrt().copysign(y - mean)
            }
        };
        outcome.iter().zip(&fitted).map(one).collect()
    }

    /// The log-likelihood at its maximum.
    pub fn log_likelihood(&self) -> f64 {
        self.model().log_likelihood
    }
}
