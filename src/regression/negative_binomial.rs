//! Negative binomial regression of counts and rates, with any number of absorbed effects.
//!
//! `E[y] = μ = E·exp(o + Xβ + Dα)` with exposure `E` and offset `o`, and variance `μ + αμ²` (quadratic, NB2) or `(1 + α)μ`
//! (linear, NB1) (Cameron & Trivedi 1986, *Journal of Applied Econometrics* 1). Coefficients, effects and `log α` are
//! climbed together, and every covariance is one of all of them: that of the coefficients takes in what estimating the
//! dispersion adds, and `α` has a standard error of the same kind.
//!
//! Where the likelihood falls from `α = 0` on, the fit is the Poisson's, and a note says so. With few rows in a level of
//! an absorbed effect the dispersion is biased downwards, because every level takes a degree of freedom (Allison &
//! Waterman 2002, *Sociological Methodology* 32); the coefficients hardly are.
//!
//! ```
//! use averted::data::Frame;
//! use averted::inference::Estimates;
//! use averted::regression::NegativeBinomial;
//! let frame = Frame::new()
//!     .with_number("deaths", vec![0.0, 4.0, 1.0, 9.0, 2.0, 17.0, 0.0, 8.0])?
//!     .with_number("after", vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0])?;
//! let fit = NegativeBinomial::new().fit("deaths ~ after", &frame)?;
//! // The means of the two groups are 0.75 and 9.5, whatever the dispersion.
//! assert!((fit.coefficients()[1] - (9.5_f64 / 0.75).ln()).abs() < 1e-9);
//! # Ok::<(), averted::Error>(())
//! ```

use std::fmt::{self, Display};
use std::str::FromStr;

use ndarray::Array1;

use super::fit::{Estimate, Fit, Model, Shared};
use super::irls::Limits;
use super::likelihood::{Ascent, Family, Likelihood, scores};
use super::link::Link;
use super::maximum::settle;
use super::poisson::{Residual, largest_score};
use super::prepare;
use super::problem::Problem;
use super::resampling::Scored;
use super::sample::Sample;
use super::settings::{Origin, Settings, climb_setters, count_setters, fits_arrays, shared_setters};
use crate::data::Source;
use crate::distribution::{ChiSquared, Normal};
use crate::error::{Error, Result};
use crate::inference::{Covariance, Estimates, interval_level, significant};

/// How the variance of a count grows with its mean `μ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variance {
    /// `μ + αμ²`, NB2.
    #[default]
    Quadratic,
    /// `(1 + α)μ`, NB1.
    Linear,
}

impl Display for Variance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quadratic => "quadratic",
            Self::Linear => "linear",
        })
    }
}

impl FromStr for Variance {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "quadratic" => Ok(Self::Quadratic),
            "linear" => Ok(Self::Linear),
            _ => Err(Error::Argument {
                argument: "variance".into(),
                value: format!("`{name}`"),
                must: "quadratic (NB2) or linear (NB1)".into(),
            }),
        }
    }
}

/// Specification of a negative binomial regression: `E[y] = μ = E·exp(o + Xβ + Dα)`, variance `μ + αμ²` or `(1 + α)μ`
/// (Cameron & Trivedi 1986).
#[derive(Debug, Clone, PartialEq)]
pub struct NegativeBinomial {
    pub(super) settings: Settings,
    limits: Limits,
    variance: Variance,
    expected: bool,
}

/// A fitted negative binomial regression.
pub type NegativeBinomialFit = Fit<Overdispersed>;

/// What only a negative binomial regression has.
#[derive(Debug, Clone, PartialEq)]
pub struct Overdispersed {
    /// How the variance grows with the mean.
    pub variance: Variance,
    /// `α`; zero where the likelihood falls from the Poisson's on.
    pub alpha: f64,
    /// The log-likelihood at its maximum.
    pub log_likelihood: f64,
    /// That of the Poisson regression of the same; NaN where counts are hidden.
    pub poisson_log_likelihood: f64,
    /// Twice the distance of the log-likelihood from that of a perfect fit with the same dispersion; NaN where counts are
    /// hidden, and for the linear variance, under which it is none.
    pub deviance: f64,
    /// The sum of squared Pearson residuals; NaN where counts are hidden.
    pub pearson: f64,
    /// Akaike's criterion, the dispersion counted as a parameter.
    pub aic: f64,
    /// Schwarz's criterion, the dispersion counted as a parameter.
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
    specification: NegativeBinomial,
}

/// The dispersion of a fit, with its errors under the covariance in use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DispersionEstimate {
    /// `α`.
    pub alpha: f64,
    /// Its standard error.
    pub std_error: f64,
    /// `θ = 1/α`, as others have it.
    pub theta: f64,
    /// Its standard error.
    pub theta_std_error: f64,
    log_std_error: f64,
}

impl DispersionEstimate {
    /// From `α` and the standard error of its logarithm.
    pub(super) fn new(alpha: f64, log_std_error: f64) -> Self {
        let theta = 1.0 / alpha;
        Self {
            alpha,
            std_error: alpha * log_std_error,
            theta,
            theta_std_error: theta * log_std_error,
            log_std_error,
        }
    }

    /// The interval of `α` at `level` (0.95 for 95 %), symmetric on the log scale; NaN where `α` is zero.
    ///
    /// # Errors
    /// [`Error::Argument`] for a level outside 0 to 1.
    pub fn interval(&self, level: f64) -> Result<(f64, f64)> {
        let reach = Normal::standard().quantile(0.5 + 0.5 * interval_level(level)?);
        let end = |side: f64| self.alpha * (side * reach * self.log_std_error).exp();
        Ok((end(-1.0), end(1.0)))
    }
}

impl Model for Overdispersed {
    const LINK: Link = Link::Log;
    const NAME: &'static str = "negative binomial regression";
    const HAS_LEVERAGE: bool = false;
    const REFITS: bool = true;

    fn refit(&self, sample: Sample) -> Result<Vec<(String, f64)>> {
        let fit = self.specification.clone().covariance(Covariance::Classical).fit_arrays(sample)?;
        Ok(fit.names().iter().cloned().zip(fit.coefficients().iter().copied()).collect())
    }

    fn title(&self) -> String {
        match self.variance {
            Variance::Quadratic => "Negative binomial (NB2)".into(),
            Variance::Linear => "Negative binomial (NB1)".into(),
        }
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        let all = [
            ("log_likelihood", self.log_likelihood),
            ("alpha", self.alpha),
            ("likelihood_ratio_poisson", self.likelihood_ratio().0),
            ("deviance", self.deviance),
            ("pearson", self.pearson),
            ("aic", self.aic),
            ("bic", self.bic),
        ];
        all.into_iter().filter(|(_, value)| !value.is_nan()).collect()
    }
}

impl Scored for Overdispersed {
    fn under(&self, sample: Sample) -> Result<(usize, Vec<f64>, f64)> {
        self.dispersion()?;
        let fit = NegativeBinomial::new().keep_singletons().fit_arrays(sample)?;
        Ok((fit.rows().len(), fit.linear_predictor().to_vec(), fit.model().alpha))
    }

    fn dispersion(&self) -> Result<f64> {
        match self.variance {
            Variance::Quadratic => Ok(self.alpha),
            Variance::Linear => Err(Error::Argument {
                argument: "fit".into(),
                value: self.title(),
                must: "one with quadratic variance: with a linear one the scores of coefficients and dispersion are related"
                    .into(),
            }),
        }
    }

    fn scores(&self, bounds: &[(f64, f64)], linear: &[f64], dispersion: f64) -> (Vec<f64>, Vec<f64>) {
        scores(Family::Quadratic, bounds, linear, dispersion)
    }
}

impl Overdispersed {
    /// The likelihood-ratio statistic of `α = 0`, the Poisson, and its p-value: half that of a χ² with one degree of
    /// freedom, because `α` cannot be negative (Self & Liang 1987, *JASA* 82). NaN where counts are hidden.
    pub fn likelihood_ratio(&self) -> (f64, f64) {
        let ratio = 2.0 * (self.log_likelihood - self.poisson_log_likelihood);
        if ratio.is_nan() {
            return (f64::NAN, f64::NAN);
        }
        let upper = ChiSquared::new(1.0).map_or(f64::NAN, |chi| chi.upper(ratio.max(0.0)));
        (ratio.max(0.0), if ratio > 0.0 { 0.5 * upper } else { 1.0 })
    }

    /// The variance of a count with this mean.
    fn variance_at(&self, mean: f64) -> f64 {
        match self.variance {
            Variance::Quadratic => mean * (1.0 + self.alpha * mean),
            Variance::Linear => mean * (1.0 + self.alpha),
        }
    }
}

shared_setters!(NegativeBinomial, "Negative binomial regression");
count_setters!(NegativeBinomial);
climb_setters!(NegativeBinomial);
fits_arrays!(NegativeBinomial => NegativeBinomialFit);

impl Default for NegativeBinomial {
    fn default() -> Self {
        let limits = Limits { tolerance: 1e-8, iterations: 100, note: false };
        Self { settings: Settings::default(), limits, variance: Variance::Quadratic, expected: false }
    }
}

impl NegativeBinomial {
    /// Variance quadratic in the mean (NB2), classical standard errors, and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the variance grows with the mean.
    #[must_use]
    pub fn variance(mut self, variance: Variance) -> Self {
        self.variance = variance;
        self.settings.choice = (variance == Variance::Linear).then(|| "variance linear in the mean".into());
        self
    }

    /// Standard errors from the expected information, in which coefficients and dispersion are uncorrelated: those of
    /// generalised linear models that take the dispersion as known. From the observed information unless set.
    #[must_use]
    pub fn expected_information(mut self) -> Self {
        self.expected = true;
        self
    }

    /// Fits a formula to data. With a panel and neither exposure nor offset set, the exposure is the panel's
    /// population, and a note says so; its counts that are known only as intervals enter as such.
    ///
    /// # Errors
    /// Those of [`Poisson::fit`](crate::regression::Poisson::fit); [`Error::Argument`] for the expected information with
    /// the linear variance or with hidden counts, which have no closed form; [`Error::NotPositiveDefinite`] where the
    /// information at the maximum is not.
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<NegativeBinomialFit> {
        let drawn = self.settings.draw(formula, data, true)?;
        self.fit_sample(drawn.sample, Some(drawn.origin), drawn.notes)
    }

    fn fit_sample(
        &self,
        sample: Sample,
        origin: Option<Origin>,
        mut notes: Vec<String>,
    ) -> Result<NegativeBinomialFit> {
        self.limits.check()?;
        sample.check_counts()?;
        if self.expected && (self.variance == Variance::Linear || sample.bounds.is_some()) {
            return Err(Error::Argument {
                argument: "expected_information".into(),
                value: "set".into(),
                must: "left out here: only for the quadratic variance and exact counts has it a closed form"
                    .into(),
            });
        }
        let family = match self.variance {
            Variance::Quadratic => Family::Quadratic,
            Variance::Linear => Family::Linear,
        };
        let ascent = Ascent { family, limits: self.limits, expected: self.expected };
        let settled = settle(&sample, self.settings.keep_singletons, self.limits, Some(ascent))?;
        let dropped = settled.describe(&sample, &mut notes)?;
        let alpha = settled.dispersion.as_ref().map_or(0.0, |dispersion| dispersion.alpha);
        if alpha == 0.0 {
            notes.push(
                "no overdispersion: the likelihood falls as α grows from 0, and the fit is the Poisson's"
                    .into(),
            );
        }
        let mut model = Overdispersed {
            variance: self.variance,
            alpha,
            log_likelihood: settled.log_likelihood.unwrap_or(f64::NAN),
            poisson_log_likelihood: f64::NAN,
            deviance: f64::NAN,
            pearson: f64::NAN,
            aic: f64::NAN,
            bic: f64::NAN,
            iterations: settled.iterations,
            converged: settled.unfinished.is_none(),
            inner_iterations: settled.inner_iterations,
            score: 0.0,
            separated: settled.certificate(&sample),
            specification: self.clone(),
        };
        if sample.bounds.is_none() {
            model.compare(&settled.problem, &settled.mean, settled.start.as_deref().unwrap_or_default());
        }
        let (problem, estimate) = settled.estimate(&sample)?;
        let parameters = prepare::enough_rows(&sample, &problem, &estimate)?;
        notes.extend(few_rows(&problem, &estimate));
        let k = (parameters + usize::from(alpha > 0.0)) as f64;
        model.aic = 2.0 * (k - model.log_likelihood);
        model.bic = k * estimate.observations.ln() - 2.0 * model.log_likelihood;
        model.score = largest_score(&estimate);
        let settings = self.settings.clone();
        Fit::new(Shared { model, settings, origin, sample, problem, estimate, dropped, notes })
    }
}

/// A note where absorbed levels have so few rows each that the dispersion is biased.
fn few_rows(problem: &Problem, estimate: &Estimate) -> Option<String> {
    let levels = problem.effects.iter().map(|e| e.block.levels).max()?;
    let rows = estimate.observations / levels as f64;
    (rows < 10.0).then(|| {
        format!(
            "{} observations a level of the largest absorbed effect: α is biased downwards, and classical standard \
             errors with it; clustered ones are not",
            significant(rows, 3)
        )
    })
}

impl Overdispersed {
    /// Sets what compares outcomes with means; `start` holds those of the Poisson regression.
    fn compare(&mut self, problem: &Problem, mean: &[f64], start: &[f64]) {
        let largest = problem.outcome.iter().copied().fold(0.0, f64::max);
        let poisson = Likelihood::new(Family::Poisson, 0.0, largest);
        let theta = 1.0 / self.alpha;
        let (mut of_poisson, mut deviance, mut pearson) = (0.0, 0.0, 0.0);
        for (place, &y) in problem.outcome.iter().enumerate() {
            let (w, mu) = (problem.weights[place], mean[place]);
            of_poisson += w * poisson.pieces(problem.cell(place), start[place].ln(), start[place]).log;
            let log = if y > 0.0 { y * (y / mu).ln() } else { 0.0 };
            deviance += 2.0 * w * (log - (y + theta) * ((y - mu) / (mu + theta)).ln_1p());
            pearson += w * (y - mu).powi(2) / self.variance_at(mu);
        }
        self.poisson_log_likelihood = of_poisson;
        self.pearson = pearson;
        if self.variance == Variance::Quadratic && self.alpha > 0.0 {
            self.deviance = deviance;
        }
    }
}

impl NegativeBinomialFit {
    /// The dispersion, with errors under the covariance in use; NaN errors where it is zero, or where the covariance comes
    /// from refits.
    pub fn dispersion(&self) -> DispersionEstimate {
        let log_std_error = self.inference.nuisance_variance.map_or(f64::NAN, f64::sqrt);
        DispersionEstimate::new(self.model().alpha, log_std_error)
    }

    /// Residuals, one for each of [`rows`](Fit::rows); NaN where counts are hidden.
    pub fn residuals(&self, kind: Residual) -> Array1<f64> {
        let (outcome, fitted) = (self.outcome(), self.fitted());
        let theta = 1.0 / self.model().alpha;
        let one = |(&y, &mean): (&f64, &f64)| match kind {
            Residual::Response => y - mean,
            Residual::Pearson => (y - mean) / self.model().variance_at(mean).sqrt(),
            Residual::Deviance if self.model().variance == Variance::Linear => f64::NAN,
            Residual::Deviance => {
                let log = if y > 0.0 { y * (y / mean).ln() } else { 0.0 };
                let spread = if theta.is_finite() {
                    (y + theta) * ((y - mean) / (mean + theta)).ln_1p()
                } else {
                    y - mean
                };
                (2.0 * (log - spread)).max(0.0).sqrt().copysign(y - mean)
            }
        };
        outcome.iter().zip(&fitted).map(one).collect()
    }

    /// The log-likelihood at its maximum.
    pub fn log_likelihood(&self) -> f64 {
        self.model().log_likelihood
    }
}
