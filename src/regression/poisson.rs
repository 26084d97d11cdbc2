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

use ndarray::Array1;

use super::fit::{Estimate, Fit, Model, Shared};
use super::irls::{self, Limits};
use super::likelihood::{Ascent, Family, scores};
use super::link::Link;
use super::maximum::settle;
use super::prepare;
use super::problem::{Problem, Pruning};
use super::resampling::Scored;
use super::sample::Sample;
use super::separation;
use super::settings::{Origin, Settings, climb_setters, count_setters, fits_arrays, shared_setters};
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
    quasi: bool,
}

/// A fitted Poisson regression.
pub type PoissonFit = Fit<Counts>;

/// What only a Poisson regression has.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// The log-likelihood at its maximum.
    pub log_likelihood: f64,
    /// Twice the distance of the log-likelihood from that of a perfect fit; NaN, as all that compares outcomes with
    /// means, where some counts are known only as intervals.
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
    /// `φ` of a quasi-Poisson regression.
    pub scale: Option<f64>,
    /// What was fitted, to fit it again to other rows.
    specification: Poisson,
}

impl Counts {
    /// What was fitted.
    pub(super) fn specification(&self) -> &Poisson {
        &self.specification
    }

    /// For counts some of which are hidden: what compares outcomes with means is not known.
    fn hide(&mut self, log_likelihood: f64, parameters: usize, observations: f64) {
        let k = parameters as f64;
        self.log_likelihood = log_likelihood;
        self.aic = 2.0 * (k - log_likelihood);
        self.bic = k * observations.ln() - 2.0 * log_likelihood;
        for unknown in
            [&mut self.deviance, &mut self.null_deviance, &mut self.pearson, &mut self.pseudo_r_squared]
        {
            *unknown = f64::NAN;
        }
    }
}

impl Model for Counts {
    const LINK: Link = Link::Log;
    const NAME: &'static str = "Poisson";
    const REFITS: bool = true;

    fn refit(&self, sample: Sample) -> Result<Vec<(String, f64)>> {
        let fit = self.specification.clone().covariance(Covariance::Classical).fit_arrays(sample)?;
        Ok(fit.names().iter().cloned().zip(fit.coefficients().iter().copied()).collect())
    }

    fn title(&self) -> String {
        if self.scale.is_some() { "Quasi-Poisson".into() } else { Self::NAME.into() }
    }

    fn is_scaled(&self) -> bool {
        self.scale.is_some()
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        if let Some(scale) = self.scale {
            return vec![("dispersion", scale), ("deviance", self.deviance), ("pearson", self.pearson)];
        }
        let all = vec![
            ("log_likelihood", self.log_likelihood),
            ("deviance", self.deviance),
            ("pearson", self.pearson),
            ("pseudo_r_squared", self.pseudo_r_squared),
            ("aic", self.aic),
            ("bic", self.bic),
        ];
        all.into_iter().filter(|(_, value)| !value.is_nan()).collect()
    }
}

impl Scored for Counts {
    fn under(&self, sample: Sample) -> Result<(usize, Vec<f64>, f64)> {
        let fit = Poisson::new().keep_singletons().fit_arrays(sample)?;
        Ok((fit.rows().len(), fit.linear_predictor().to_vec(), 0.0))
    }

    fn dispersion(&self) -> Result<f64> {
        Ok(0.0)
    }

    fn scores(&self, bounds: &[(f64, f64)], linear: &[f64], dispersion: f64) -> (Vec<f64>, Vec<f64>) {
        scores(Family::Poisson, bounds, linear, dispersion)
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
count_setters!(Poisson);
climb_setters!(Poisson);
fits_arrays!(Poisson => PoissonFit);

impl Default for Poisson {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            limits: Limits { tolerance: 1e-8, iterations: 100, note: false },
            quasi: false,
        }
    }
}

impl Poisson {
    /// Poisson regression with classical standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// Quasi-Poisson: the variance is `φμ`, and classical standard errors take `φ`, the sum of squared Pearson residuals
    /// over its degrees of freedom, and read the `t` with those (Wedderburn 1974, *Biometrika* 61). Coefficients
    /// and robust standard errors are as they were; there is no likelihood.
    #[must_use]
    pub fn quasi(mut self) -> Self {
        self.quasi = true;
        self.settings.choice = Some("quasi-Poisson".into());
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

    /// The rows that are separated, with a certificate, whether or not a fit would come to look for them: a combination
    /// of regressors and effects that is zero on all positive outcomes and positive on these.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn separated(&self, formula: &str, data: &dyn Source) -> Result<Vec<(usize, f64)>> {
        let sample = self.settings.draw(formula, data, true)?.sample;
        sample.check(true)?;
        let pruning = Pruning { zeros: true, ones: false, keep_singletons: true, excluded: &[] };
        let mut problem = Problem::new(&sample, pruning)?;
        // A level of zeros is its own certificate.
        let mut found: Vec<(usize, f64)> = problem.pruned.zeros.iter().map(|&row| (row, 1.0)).collect();
        let side = separation::of_counts(&problem);
        let places = separation::certificate(&mut problem, &side)?;
        found.extend(places.into_iter().map(|(p, z)| (problem.kept[problem.absorber.row(p)], z)));
        found.iter_mut().for_each(|(row, _)| *row = sample.origin[*row]);
        found.sort_unstable_by_key(|(row, _)| *row);
        Ok(found)
    }

    /// The same with other settings.
    pub(super) fn with_settings(&self, settings: Settings) -> Self {
        Self { settings, ..self.clone() }
    }

    /// With these settings: the second step of a model that has one.
    pub(super) fn with(settings: Settings, limits: Limits) -> Self {
        Self { settings, limits, quasi: false }
    }

    pub(super) fn fit_sample(
        &self,
        sample: Sample,
        origin: Option<Origin>,
        mut notes: Vec<String>,
    ) -> Result<PoissonFit> {
        self.limits.check()?;
        sample.check_counts()?;
        let hidden = sample.bounds.is_some();
        if hidden && self.quasi {
            return Err(Error::Argument {
                argument: "quasi".into(),
                value: "set".into(),
                must: "left out where counts are hidden: their likelihood needs the Poisson's, or a negative binomial's"
                    .into(),
            });
        }
        let ascent = Ascent { family: Family::Poisson, limits: self.limits, expected: false };
        let settled = settle(&sample, self.settings.keep_singletons, self.limits, hidden.then_some(ascent))?;
        let dropped = settled.describe(&sample, &mut notes)?;
        let (mean, log_likelihood) = (settled.mean.clone(), settled.log_likelihood);
        let (iterations, inner_iterations) = (settled.iterations, settled.inner_iterations);
        let (converged, separated) = (settled.unfinished.is_none(), settled.certificate(&sample));
        let (problem, mut estimate) = settled.estimate(&sample)?;
        let parameters = prepare::enough_rows(&sample, &problem, &estimate)?;
        let mut model = likelihood(&problem, &mean, &estimate, parameters);
        if let Some(log_likelihood) = log_likelihood {
            model.hide(log_likelihood, parameters, estimate.observations);
        }
        if self.quasi {
            estimate.dispersion = model.pearson / (estimate.observations - parameters as f64);
            model.scale = Some(estimate.dispersion);
        }
        model.iterations = iterations;
        model.converged = converged;
        model.inner_iterations = inner_iterations;
        model.score = largest_score(&estimate);
        model.specification = self.clone();
        model.separated = separated;
        let settings = self.settings.clone();
        Fit::new(Shared { model, settings, origin, sample, problem, estimate, dropped, notes })
    }
}

/// The largest score in units of its standard deviation.
pub(super) fn largest_score(estimate: &Estimate) -> f64 {
    let scores = estimate.ortho.basis.t().dot(&estimate.pull);
    scores.iter().fold(0.0, |most: f64, score| most.max(score.abs()))
}

/// The likelihood and what is read off it.
fn likelihood(problem: &Problem, mean: &[f64], estimate: &Estimate, parameters: usize) -> Counts {
    let small: Vec<f64> = (0..256).map(|y| log_gamma(f64::from(y) + 1.0)).collect();
    let log_factorial = |y: f64| {
        if y < 256.0 && y.fract() == 0.0 { small[y as usize] } else { log_gamma(y + 1.0) }
    };
    let (log_rate, rates) = irls::overall_rate(problem);
    let (mut fitted, mut null, mut perfect, mut constant, mut pearson) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for i in 0..problem.rows() {
        let (w, y) = (problem.weights[i], problem.outcome[i]);
        fitted += w * (y * estimate.linear[i] - mean[i]);
        null += w * (y * (problem.offset[i] + log_rate) - rates[i]);
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
        scale: None,
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

    /// The log-likelihood at its maximum; NaN of a quasi-Poisson regression, which has none.
    pub fn log_likelihood(&self) -> f64 {
        if self.model().scale.is_some() { f64::NAN } else { self.model().log_likelihood }
    }
}
