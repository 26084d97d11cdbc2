//! Scores of predictive distributions, in closed form where there is one.

use std::f64::consts::{LN_2, PI, TAU};

use super::counts::{Counts, check_count};
use crate::distribution::{Gamma, NegativeBinomial, Normal, Poisson, Student};
use crate::error::{Error, Result};
use crate::special::{beta_regularised, log_gamma, log_sum_exp};

/// A predictive distribution.
///
/// ```
/// use averted::forecast::scores::Predictive;
/// let deaths = Predictive::NegativeBinomial { mean: 15.0, size: 10.0 };
/// assert!((deaths.crps(12.0)? - 1.7680231215670807).abs() < 1e-10);
/// assert!((deaths.dawid_sebastiani(12.0)? - 3.864340932976365).abs() < 1e-12);
/// // A cell that shows only "1 to 9":
/// assert!(deaths.log_score_between(1.0, 9.0)? < deaths.log_score(5.0)?);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Predictive {
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Student's t, moved and stretched; more than one degree of freedom for the CRPS.
    Student {
        /// Centre.
        location: f64,
        /// Scale; not the standard deviation.
        scale: f64,
        /// Degrees of freedom.
        degrees: f64,
    },
    /// Logistic.
    Logistic {
        /// Centre.
        location: f64,
        /// Scale.
        scale: f64,
    },
    /// Laplace.
    Laplace {
        /// Centre.
        location: f64,
        /// Scale: the mean distance from the centre.
        scale: f64,
    },
    /// Log-normal.
    LogNormal {
        /// Mean of the logarithm.
        mean_log: f64,
        /// Standard deviation of the logarithm.
        sd_log: f64,
    },
    /// Gamma.
    Gamma {
        /// Shape.
        shape: f64,
        /// Rate: the mean is shape over rate.
        rate: f64,
    },
    /// Exponential.
    Exponential {
        /// Rate: the mean is its inverse.
        rate: f64,
    },
    /// Uniform.
    Uniform {
        /// Lower end.
        lower: f64,
        /// Upper end.
        upper: f64,
    },
    /// Poisson.
    Poisson {
        /// Mean.
        mean: f64,
    },
    /// Negative binomial of variance mean + mean²/size.
    NegativeBinomial {
        /// Mean.
        mean: f64,
        /// Size.
        size: f64,
    },
}

impl Predictive {
    /// Whether outcomes are counts.
    #[must_use]
    pub fn is_count(&self) -> bool {
        matches!(self, Self::Poisson { .. } | Self::NegativeBinomial { .. })
    }

    fn checked(&self) -> Result<()> {
        let positive = |what: &str, v: f64| positive(what, v);
        let finite = |what: &str, v: f64| finite(what, v);
        match *self {
            Self::Normal { mean, sd } => finite("mean", mean).and(positive("sd", sd)),
            Self::Student { location, scale, degrees } => finite("location", location)
                .and(positive("scale", scale))
                .and(if degrees > 0.0 { Ok(()) } else { positive("degrees", degrees) }),
            Self::Logistic { location, scale } | Self::Laplace { location, scale } => {
                finite("location", location).and(positive("scale", scale))
            }
            Self::LogNormal { mean_log, sd_log } => {
                finite("mean_log", mean_log).and(positive("sd_log", sd_log))
            }
            Self::Gamma { shape, rate } => positive("shape", shape).and(positive("rate", rate)),
            Self::Exponential { rate } => positive("rate", rate),
            Self::Uniform { lower, upper } => finite("lower", lower)
                .and(finite("upper", upper))
                .and(positive("upper − lower", upper - lower)),
            Self::Poisson { mean } => positive("mean", mean),
            Self::NegativeBinomial { mean, size } => positive("mean", mean).and(positive("size", size)),
        }
    }

    /// `P(Y ≤ y)`.
    ///
    /// # Errors
    /// [`Error::Argument`] for parameters that are none.
    pub fn cdf(&self, y: f64) -> Result<f64> {
        self.checked()?;
        Ok(match *self {
            Self::Normal { mean, sd } => Normal::new(mean, sd)?.cdf(y),
            Self::Student { location, scale, degrees } => Student::new(degrees)?.cdf((y - location) / scale),
            Self::Logistic { location, scale } => 1.0 / (1.0 + ((location - y) / scale).exp()),
            Self::Laplace { location, scale } => {
                let z = (y - location) / scale;
                if z < 0.0 { 0.5 * z.exp() } else { 1.0 - 0.5 * (-z).exp() }
            }
            Self::LogNormal { mean_log, sd_log } if y > 0.0 => Normal::new(mean_log, sd_log)?.cdf(y.ln()),
            Self::Gamma { shape, rate } if y > 0.0 => Gamma::new(shape, 1.0 / rate)?.cdf(y),
            Self::Exponential { rate } if y > 0.0 => -(-rate * y).exp_m1(),
            Self::LogNormal { .. } | Self::Gamma { .. } | Self::Exponential { .. } => 0.0,
            Self::Uniform { lower, upper } => ((y - lower) / (upper - lower)).clamp(0.0, 1.0),
            Self::Poisson { mean } => Poisson::new(mean)?.cdf(y),
            Self::NegativeBinomial { mean, size } => NegativeBinomial::new(mean, size)?.cdf(y),
        })
    }

    /// Mean and variance; infinite or NaN where there is none.
    ///
    /// # Errors
    /// As [`Predictive::cdf`].
    pub fn moments(&self) -> Result<(f64, f64)> {
        self.checked()?;
        Ok(match *self {
            Self::Normal { mean, sd } => (mean, sd * sd),
            Self::Student { location, scale, degrees } => {
                let variance = match degrees {
                    f64::INFINITY => scale * scale,
                    d if d > 2.0 => scale * scale * d / (d - 2.0),
                    _ => f64::INFINITY,
                };
                (if degrees > 1.0 { location } else { f64::NAN }, variance)
            }
            Self::Logistic { location, scale } => (location, (scale * PI).powi(2) / 3.0),
            Self::Laplace { location, scale } => (location, 2.0 * scale * scale),
            Self::LogNormal { mean_log, sd_log } => {
                let v = sd_log * sd_log;
                ((mean_log + 0.5 * v).exp(), v.exp_m1() * (2.0 * mean_log + v).exp())
            }
            Self::Gamma { shape, rate } => (shape / rate, shape / (rate * rate)),
            Self::Exponential { rate } => (1.0 / rate, 1.0 / (rate * rate)),
            Self::Uniform { lower, upper } => (0.5 * (lower + upper), (upper - lower).powi(2) / 12.0),
            Self::Poisson { mean } => (mean, mean),
            Self::NegativeBinomial { mean, size } => (mean, mean + mean * mean / size),
        })
    }

    /// The CRPS: in closed form for continuous distributions (Jordan, Krüger & Lerch 2019), for counts by the sum of
    /// (F(k) − 1{y ≤ k})².
    ///
    /// # Errors
    /// [`Error::Argument`] for parameters that are none, a t of one degree of freedom or fewer, or a count distribution
    /// too wide to sum (some 10⁷ counts); [`Error::Domain`] for a count that is not one.
    pub fn crps(&self, y: f64) -> Result<f64> {
        self.checked()?;
        finite("y", y)?;
        let standard = Normal::new(0.0, 1.0)?;
        match *self {
            Self::Normal { mean, sd } => super::crps_normal(y, mean, sd),
            Self::Student { location, scale, degrees } if degrees == f64::INFINITY => {
                super::crps_normal(y, location, scale)
            }
            Self::Student { location, scale, degrees } => {
                if degrees <= 1.0 {
                    return Err(Error::Argument {
                        argument: "degrees".into(),
                        value: degrees.to_string(),
                        must: "above 1: the CRPS is infinite otherwise".into(),
                    });
                }
                let z = (y - location) / scale;
                let cdf = Student::new(degrees)?.cdf(z);
                let less = degrees - 1.0;
                let log_beta = |a: f64, b: f64| log_gamma(a) + log_gamma(b) - log_gamma(a + b);
                let spread = (log_beta(0.5, degrees - 0.5) - 2.0 * log_beta(0.5, 0.5 * degrees)).exp();
                let density = (self.log_density(y) + scale.ln()).exp();
                Ok(scale
                    * (z * (2.0 * cdf - 1.0) + 2.0 * density * (degrees + z * z) / less
                        - 2.0 * degrees.sqrt() / less * spread))
            }
            Self::Logistic { location, scale } => {
                let z = ((y - location) / scale).abs();
                Ok(scale * (z + 2.0 * (-z).exp().ln_1p() - 1.0))
            }
            Self::Laplace { location, scale } => {
                let z = ((y - location) / scale).abs();
                Ok(scale * (z + (-z).exp() - 0.75))
            }
            Self::LogNormal { mean_log, sd_log } => {
                let mean = (mean_log + 0.5 * sd_log * sd_log).exp();
                let below = if y > 0.0 { standard.cdf((y.ln() - mean_log) / sd_log - sd_log) } else { 0.0 };
                let spread = standard.cdf(sd_log / std::f64::consts::SQRT_2);
                Ok(y * (2.0 * self.cdf(y)? - 1.0) - 2.0 * mean * (below + spread - 1.0))
            }
            Self::Gamma { shape, rate } => {
                let next = if y > 0.0 { Gamma::new(shape + 1.0, 1.0 / rate)?.cdf(y) } else { 0.0 };
                // 1 / (rate B(½, shape))
                let spread = (log_gamma(shape + 0.5) - log_gamma(shape)).exp() / (rate * PI.sqrt());
                Ok(y * (2.0 * self.cdf(y)? - 1.0) - shape / rate * (2.0 * next - 1.0) - spread)
            }
            Self::Exponential { rate } => Ok(y.abs() - 2.0 / rate * self.cdf(y)? + 0.5 / rate),
            Self::Uniform { lower, upper } => {
                let z = (y - lower) / (upper - lower);
                let inside = z.clamp(0.0, 1.0);
                Ok((upper - lower) * ((z - inside).abs() + inside * inside - inside + 1.0 / 3.0))
            }
            Self::Poisson { .. } | Self::NegativeBinomial { .. } => {
                check_count(y)?;
                Counts::of(self)?.crps(y, y)
            }
        }
    }

    /// Log density or log probability of an outcome; −∞ where it cannot be.
    fn log_density(&self, y: f64) -> f64 {
        match *self {
            Self::Normal { mean, sd } => {
                let z = (y - mean) / sd;
                -0.5 * (z * z + TAU.ln()) - sd.ln()
            }
            Self::Student { location, scale, degrees } if degrees == f64::INFINITY => {
                Self::Normal { mean: location, sd: scale }.log_density(y)
            }
            Self::Student { location, scale, degrees } => {
                let z = (y - location) / scale;
                log_gamma(0.5 * (degrees + 1.0))
                    - log_gamma(0.5 * degrees)
                    - 0.5 * (degrees * PI).ln()
                    - 0.5 * (degrees + 1.0) * (z * z / degrees).ln_1p()
                    - scale.ln()
            }
            Self::Logistic { location, scale } => {
                let z = ((y - location) / scale).abs();
                -z - 2.0 * (-z).exp().ln_1p() - scale.ln()
            }
            Self::Laplace { location, scale } => -((y - location) / scale).abs() - LN_2 - scale.ln(),
            Self::LogNormal { mean_log, sd_log } if y > 0.0 => {
                Self::Normal { mean: mean_log, sd: sd_log }.log_density(y.ln()) - y.ln()
            }
            Self::Gamma { shape, rate } if y > 0.0 => {
                shape * rate.ln() - log_gamma(shape) + (shape - 1.0) * y.ln() - rate * y
            }
            Self::Exponential { rate } if y >= 0.0 => rate.ln() - rate * y,
            Self::Uniform { lower, upper } if (lower..=upper).contains(&y) => -(upper - lower).ln(),
            Self::Poisson { mean } => Poisson::new(mean).map_or(f64::NAN, |d| d.log_density(y)),
            Self::NegativeBinomial { mean, size } => {
                NegativeBinomial::new(mean, size).map_or(f64::NAN, |d| d.log_density(y))
            }
            _ => f64::NEG_INFINITY,
        }
    }

    /// The log score: minus the log density, or log probability, of the outcome; infinite where it could not be.
    ///
    /// # Errors
    /// As [`Predictive::crps`].
    pub fn log_score(&self, y: f64) -> Result<f64> {
        self.checked()?;
        finite("y", y)?;
        if self.is_count() {
            check_count(y)?;
        }
        Ok(-self.log_density(y))
    }

    /// The log score of an outcome known only to lie between two values, both included: −log P(lower ≤ Y ≤ upper).
    ///
    /// Proper for the interval that is shown, such as the "1 to 9" of a suppressed cell.
    ///
    /// # Errors
    /// As [`Predictive::cdf`], and [`Error::Argument`] unless lower ≤ upper.
    pub fn log_score_between(&self, lower: f64, upper: f64) -> Result<f64> {
        self.checked()?;
        ordered(lower, upper)?;
        if self.is_count() {
            let (low, high) = (lower.ceil().max(0.0), upper.floor());
            if high < low {
                return Ok(f64::INFINITY);
            }
            // A sum of logs holds far out in the tails, where probabilities are no longer numbers.
            if high - low <= 100.0 {
                let logs: Vec<f64> =
                    (0..=(high - low) as usize).map(|k| self.log_density(low + k as f64)).collect();
                return Ok(-log_sum_exp(&logs));
            }
        }
        Ok(-match *self {
            Self::Poisson { mean } => Poisson::new(mean)?.log_interval(lower.ceil().max(0.0), upper.floor()),
            Self::NegativeBinomial { mean, size } => {
                NegativeBinomial::new(mean, size)?.log_interval(lower.ceil().max(0.0), upper.floor())
            }
            // In the upper tail 1 − F is what still has digits.
            Self::Normal { mean: centre, .. }
            | Self::Student { location: centre, .. }
            | Self::Logistic { location: centre, .. }
            | Self::Laplace { location: centre, .. }
                if lower > centre =>
            {
                (self.cdf(2.0 * centre - lower)? - self.cdf(2.0 * centre - upper)?).ln()
            }
            Self::LogNormal { mean_log, sd_log } if lower > 0.0 => {
                let logs = Self::Normal { mean: mean_log, sd: sd_log };
                -logs.log_score_between(lower.ln(), upper.ln())?
            }
            Self::Gamma { shape, rate } if lower > 0.0 => {
                let gamma = Gamma::new(shape, 1.0 / rate)?;
                (gamma.upper(lower) - gamma.upper(upper)).ln()
            }
            Self::Exponential { rate } if lower > 0.0 => {
                (-(-rate * (upper - lower)).exp_m1()).ln() - rate * lower
            }
            _ => (self.cdf(upper)? - self.cdf(lower)?).ln(),
        })
    }

    /// The CRPS of a count known only to lie between two, both included: what lies between them does not weigh.
    ///
    /// ```text
    /// Σ_{k < lower} F(k)² + Σ_{k ≥ upper} (1 − F(k))²
    /// ```
    ///
    /// The threshold-weighted CRPS of Gneiting & Ranjan (2011), weight 0 inside: proper whatever the outcome was.
    ///
    /// # Errors
    /// As [`Predictive::crps`]; [`Error::Argument`] for a distribution that is not of counts.
    pub fn crps_between(&self, lower: f64, upper: f64) -> Result<f64> {
        self.checked()?;
        ordered(lower, upper)?;
        if !self.is_count() {
            return Err(Error::Argument {
                argument: "distribution".into(),
                value: format!("{self:?}"),
                must: "of counts".into(),
            });
        }
        check_count(lower)?;
        check_count(upper)?;
        Counts::of(self)?.crps(lower, upper)
    }

    /// Dawid & Sebastiani's (1999) score, of mean and variance alone: (y − μ)²/σ² + log σ².
    ///
    /// # Errors
    /// As [`Predictive::cdf`]; [`Error::Argument`] where there is no variance.
    pub fn dawid_sebastiani(&self, y: f64) -> Result<f64> {
        let (mean, variance) = self.moments()?;
        finite("variance", variance)?;
        Ok((y - mean) * (y - mean) / variance + variance.ln())
    }

    /// The quadratic (Brier) score of a count: `−2 p_y + Σ p_k²` (Czado, Gneiting & Held 2009).
    ///
    /// # Errors
    /// As [`Predictive::crps`].
    pub fn quadratic(&self, y: f64) -> Result<f64> {
        let (p, squares) = self.masses(y)?;
        Ok(squares - 2.0 * p)
    }

    /// The spherical score of a count: `−p_y / √Σ p_k²`.
    ///
    /// # Errors
    /// As [`Predictive::crps`].
    pub fn spherical(&self, y: f64) -> Result<f64> {
        let (p, squares) = self.masses(y)?;
        Ok(-p / squares.sqrt())
    }

    fn masses(&self, y: f64) -> Result<(f64, f64)> {
        self.checked()?;
        check_count(y)?;
        Ok((self.log_density(y).exp(), Counts::of(self)?.squares()))
    }

    /// The ends of the probability integral transform: P(Y < y) and P(Y ≤ y), equal for continuous distributions.
    ///
    /// # Errors
    /// As [`Predictive::cdf`].
    pub fn pit(&self, y: f64) -> Result<(f64, f64)> {
        let at = self.cdf(y)?;
        Ok(if self.is_count() { (self.cdf(y - 1.0)?, at) } else { (at, at) })
    }

    pub(super) fn mass(&self, k: f64) -> f64 {
        self.log_density(k).exp()
    }

    pub(super) fn upper(&self, k: f64) -> f64 {
        match *self {
            Self::Poisson { mean } => Poisson::new(mean).map_or(f64::NAN, |d| d.upper(k)),
            Self::NegativeBinomial { mean, size } => {
                beta_regularised(k.floor() + 1.0, size, mean / (size + mean))
            }
            _ => f64::NAN,
        }
    }
}

fn positive(what: &str, v: f64) -> Result<()> {
    if v > 0.0 && v.is_finite() {
        return Ok(());
    }
    Err(Error::Argument { argument: what.into(), value: v.to_string(), must: "positive".into() })
}

fn finite(what: &str, v: f64) -> Result<()> {
    if v.is_finite() {
        return Ok(());
    }
    Err(Error::Argument { argument: what.into(), value: v.to_string(), must: "finite".into() })
}

fn ordered(lower: f64, upper: f64) -> Result<()> {
    if lower <= upper {
        return Ok(());
    }
    Err(Error::Argument {
        argument: "lower".into(),
        value: lower.to_string(),
        must: format!("at most upper, {upper}"),
    })
}
