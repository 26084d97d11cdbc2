//! The choices that both models share.

use std::fmt::Display;
use std::str::FromStr;

use crate::error::{Error, Result};

pub(super) fn argument(argument: &str, value: impl Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $argument:literal, $must:literal, $($(#[$each:meta])* $variant:ident = $text:literal),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$each])* $variant),+ }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(argument($argument, text, $must)),
                }
            }
        }
    };
}

words!(
    /// The scale on which past and regressors add up.
    Link, "link", "`log` or `identity`",
    /// The mean itself: every coefficient is zero or more.
    Identity = "identity",
    /// Its logarithm: coefficients of either sign.
    Log = "log"
);
words!(
    /// The distribution of a count given the past.
    Family, "family", "`poisson` or `negative_binomial`",
    /// Variance μ.
    Poisson = "poisson",
    /// Variance μ + aμ², a the dispersion (NB2).
    NegativeBinomial = "negative_binomial"
);
words!(
    /// How the coefficients are found.
    Method, "method", "`ml` or `qml`",
    /// All parameters maximise the likelihood together.
    Likelihood = "ml",
    /// The mean by the Poisson likelihood whatever the family, then the dispersion by moments (Christou & Fokianos 2014).
    Quasi = "qml"
);
words!(
    /// What stands for counts and means before the first period.
    Initial, "initial", "`marginal`, `independent`, `first` or `zero`",
    /// The stationary mean without regressors, intercept / (1 − Σβ − Σα).
    Marginal = "marginal",
    /// The intercept.
    Independent = "independent",
    /// The first exact count.
    First = "first",
    /// Zero, on the scale of the link.
    Zero = "zero"
);
words!(
    /// What a residual of a GLARMA model is divided by.
    ResidualScale, "residuals", "`pearson` or `score`",
    /// The standard deviation.
    Pearson = "pearson",
    /// The variance.
    Score = "score"
);
words!(
    /// Where the covariance of the coefficients comes from.
    CountCovariance, "covariance", "`information`, `sandwich` or `model`",
    /// Inverse of the observed information.
    Information = "information",
    /// Information and products of scores: holds when the family is wrong and the mean is right.
    Sandwich = "sandwich",
    /// Expected information of the Poisson on either side of the variance of the family.
    Model = "model"
);

/// A shock that comes in one period and dies away by a factor: `x_t = decay^(t − at)` from `at` on (Fokianos & Fried 2010).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intervention {
    pub(super) at: usize,
    pub(super) decay: f64,
}

impl Intervention {
    /// One period only: a spike.
    pub fn outlier(at: usize) -> Self {
        Self { at, decay: 0.0 }
    }

    /// From this period on, for good.
    pub fn level_shift(at: usize) -> Self {
        Self { at, decay: 1.0 }
    }

    /// From this period on, less by this factor in every next.
    pub fn transient(at: usize, decay: f64) -> Self {
        Self { at, decay }
    }

    pub(super) fn value(self, t: usize) -> f64 {
        if t < self.at { 0.0 } else { self.decay.powf((t - self.at) as f64) }
    }

    pub(super) fn name(self) -> String {
        match self.decay {
            0.0 => format!("outlier_{}", self.at),
            1.0 => format!("level_shift_{}", self.at),
            decay => format!("transient_{}_{decay}", self.at),
        }
    }

    pub(super) fn check(self, n: usize) -> Result<()> {
        if !(0.0..=1.0).contains(&self.decay) {
            return Err(argument("decay", self.decay, "between 0 (a spike) and 1 (for good)"));
        }
        if self.at == 0 || self.at >= n {
            let must = format!("a period after the first and before the end, 1 to {}", n.saturating_sub(1));
            return Err(argument("intervention", self.at, &must));
        }
        Ok(())
    }
}

/// Lags in order, each once and at least 1.
pub(super) fn lags(name: &str, given: &[usize], n: usize) -> Result<Vec<usize>> {
    let mut lags = given.to_vec();
    lags.sort_unstable();
    lags.dedup();
    if lags.len() != given.len() || lags.first() == Some(&0) {
        return Err(argument(name, format!("{given:?}"), "different lags, each at least 1"));
    }
    match lags.last() {
        Some(&last) if last >= n => Err(Error::TooShort {
            what: format!("series with lag {last} in {name}"),
            needed: last + 1,
            found: n,
        }),
        _ => Ok(lags),
    }
}
