//! Logit regression of shares and of outcomes that are all or nothing, with any number of absorbed effects.
//!
//! `E[y] = 1 / (1 + exp(−η))`, `η = o + Xβ + Dα`, for `0 ≤ y ≤ 1`. The estimates are consistent whenever the mean is right,
//! whatever the distribution of the share (Papke & Wooldridge 1996, *Journal of Applied Econometrics* 11), with robust
//! standard errors, the default here; classical ones suppose outcomes of 0 and 1.
//!
//! With few rows a level of an absorbed effect the coefficients are biased away from zero, by a factor of two with two
//! (Abrevaya 1997, *Economics Letters* 55), which a Poisson regression of the same outcome is not; a note says so.
//!
//! ```
//! use averted::data::Frame;
//! use averted::inference::Estimates;
//! use averted::regression::Logit;
//! let frame = Frame::new()
//!     .with_number("share", vec![0.25, 0.35, 0.6, 0.8])?
//!     .with_number("after", vec![0.0, 0.0, 1.0, 1.0])?;
//! let fit = Logit::new().fit("share ~ after", &frame)?;
//! // The means of the two groups are 0.3 and 0.7.
//! let log_odds = |p: f64| (p / (1.0 - p)).ln();
//! assert!((fit.coefficients()[1] - (log_odds(0.7) - log_odds(0.3))).abs() < 1e-12);
//! # Ok::<(), averted::Error>(())
//! ```

use ndarray::Array1;

use super::fit::{Estimate, Fit, Model, Shared};
use super::irls::Limits;
use super::likelihood::{Ascent, Family, scores};
use super::link::Link;
use super::maximum::settle;
use super::poisson::{Residual, largest_score};
use super::prepare;
use super::problem::Problem;
use super::resampling::Scored;
use super::sample::Sample;
use super::settings::{Origin, Settings, climb_setters, fits_arrays, shared_setters};
use crate::data::Source;
use crate::error::Result;
use crate::inference::{Covariance, Estimates, significant};

/// Specification of a logit regression of shares: `E[y] = 1 / (1 + exp(−o − Xβ − Dα))`, `0 ≤ y ≤ 1` (Papke & Wooldridge
/// 1996).
#[derive(Debug, Clone, PartialEq)]
pub struct Logit {
    pub(super) settings: Settings,
    limits: Limits,
}

/// A fitted logit regression.
pub type LogitFit = Fit<Shares>;

/// What only a logit regression has.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// The Bernoulli log-likelihood at its maximum; of shares a quasi-likelihood.
    pub log_likelihood: f64,
    /// Twice the distance of the log-likelihood from that of a perfect fit.
    pub deviance: f64,
    /// The sum of squared Pearson residuals.
    pub pearson: f64,
    /// `1 − ` the log-likelihood over that with nothing but a constant.
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
    /// Rows that were separated, and the certificate: a combination of regressors and effects that is positive on these
    /// if their outcome is 0, negative if it is 1, and zero on all others.
    pub separated: Vec<(usize, f64)>,
    specification: Logit,
}

impl Model for Shares {
    const LINK: Link = Link::Logit;
    const NAME: &'static str = "Logit";
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

impl Scored for Shares {
    fn under(&self, sample: Sample) -> Result<(usize, Vec<f64>, f64)> {
        let fit = Logit::new().keep_singletons().fit_arrays(sample)?;
        Ok((fit.rows().len(), fit.linear_predictor().to_vec(), 0.0))
    }

    fn dispersion(&self) -> Result<f64> {
        Ok(0.0)
    }

    fn scores(&self, bounds: &[(f64, f64)], linear: &[f64], _dispersion: f64) -> (Vec<f64>, Vec<f64>) {
        scores(Family::Logit, bounds, linear, 0.0)
    }
}

shared_setters!(Logit, "Logit regression");
climb_setters!(Logit);
fits_arrays!(Logit => LogitFit);

impl Default for Logit {
    fn default() -> Self {
        let settings = Settings { covariance: Covariance::Robust, ..Settings::default() };
        Self { settings, limits: Limits { tolerance: 1e-8, iterations: 100, note: false } }
    }
}

impl Logit {
    /// With robust standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// A column or expression added to the linear predictor.
    #[must_use]
    pub fn offset(mut self, column: impl Into<String>) -> Self {
        self.settings.offset = Some(column.into());
        self
    }

    /// Fits a formula to data.
    ///
    /// # Errors
    /// Those of [`Poisson::fit`](crate::regression::Poisson::fit), with [`Error::Domain`](crate::Error::Domain) for outcomes below 0 or above 1;
    /// [`Error::NothingToEstimate`](crate::Error::NothingToEstimate) when all are 0, or all 1.
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<LogitFit> {
        let drawn = self.settings.draw(formula, data, false)?;
        self.fit_sample(drawn.sample, Some(drawn.origin), drawn.notes)
    }

    fn fit_sample(&self, sample: Sample, origin: Option<Origin>, mut notes: Vec<String>) -> Result<LogitFit> {
        self.limits.check()?;
        sample.check_shares()?;
        let ascent = Ascent { family: Family::Logit, limits: self.limits, expected: false };
        let settled = settle(&sample, self.settings.keep_singletons, self.limits, Some(ascent))?;
        let dropped = settled.describe(&sample, &mut notes)?;
        let mut model = Shares {
            log_likelihood: settled.log_likelihood.unwrap_or(f64::NAN),
            deviance: f64::NAN,
            pearson: f64::NAN,
            pseudo_r_squared: f64::NAN,
            aic: f64::NAN,
            bic: f64::NAN,
            iterations: settled.iterations,
            converged: settled.unfinished.is_none(),
            inner_iterations: settled.inner_iterations,
            score: 0.0,
            separated: settled.certificate(&sample),
            specification: self.clone(),
        };
        let (problem, estimate) = settled.estimate(&sample)?;
        let parameters = prepare::enough_rows(&sample, &problem, &estimate)?;
        notes.extend(few_rows(&problem, &estimate));
        model.compare(&problem, &estimate);
        let k = parameters as f64;
        model.aic = 2.0 * (k - model.log_likelihood);
        model.bic = k * estimate.observations.ln() - 2.0 * model.log_likelihood;
        model.score = largest_score(&estimate);
        let settings = self.settings.clone();
        Fit::new(Shared { model, settings, origin, sample, problem, estimate, dropped, notes })
    }
}

/// A note where absorbed levels have so few rows each that coefficients are biased.
fn few_rows(problem: &Problem, estimate: &Estimate) -> Option<String> {
    let levels = problem.effects.iter().map(|e| e.block.levels).max()?;
    let rows = estimate.observations / levels as f64;
    (rows < 15.0).then(|| {
        format!(
            "{} observations a level of the largest absorbed effect: logit coefficients are biased away from zero; a \
             Poisson regression of the same outcome is not",
            significant(rows, 3)
        )
    })
}

impl Shares {
    /// Sets what compares outcomes with means.
    fn compare(&mut self, problem: &Problem, estimate: &Estimate) {
        let entropy = |y: f64| {
            let part = |p: f64| if p > 0.0 { p * p.ln() } else { 0.0 };
            part(y) + part(1.0 - y)
        };
        let (mut perfect, mut pearson, mut ones, mut all) = (0.0, 0.0, 0.0, 0.0);
        for ((&y, &w), &eta) in problem.outcome.iter().zip(&problem.weights).zip(&estimate.linear) {
            perfect += w * entropy(y);
            let (up, down) = (Link::Logit.mean(eta), Link::Logit.mean(-eta));
            pearson += w * (y * down - (1.0 - y) * up).powi(2) / (up * down);
            ones += w * y;
            all += w;
        }
        self.deviance = 2.0 * (perfect - self.log_likelihood);
        self.pearson = pearson;
        self.pseudo_r_squared = 1.0 - self.log_likelihood / (all * entropy(ones / all));
    }
}

impl LogitFit {
    /// Residuals, one for each of [`rows`](Fit::rows).
    pub fn residuals(&self, kind: Residual) -> Array1<f64> {
        let (outcome, linear) = (self.outcome(), self.linear_predictor());
        let one = |(&y, &eta): (&f64, &f64)| {
            let (up, down) = (Link::Logit.mean(eta), Link::Logit.mean(-eta));
            let apart = y * down - (1.0 - y) * up;
            let log = |share: f64, mean: f64| if share > 0.0 { share * (share / mean).ln() } else { 0.0 };
            match kind {
                Residual::Response => apart,
                Residual::Pearson => apart / (up * down).sqrt(),
                Residual::Deviance => {
                    (2.0 * (log(y, up) + log(1.0 - y, down))).max(0.0).sqrt().copysign(apart)
                }
            }
        };
        outcome.iter().zip(&linear).map(one).collect()
    }

    /// The log-likelihood at its maximum.
    pub fn log_likelihood(&self) -> f64 {
        self.model().log_likelihood
    }
}
