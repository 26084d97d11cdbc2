//! Which rule, and how quickly it forgets.

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::timeseries::intermittent::IntermittentFit;
use crate::timeseries::plain::Plain;
use crate::timeseries::structural::Series;

/// The rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Sizes over intervals (Croston 1972).
    Croston,
    /// The same without the bias of the ratio (Syntetos & Boylan 2005).
    Sba,
    /// Sizes times probability (Teunter, Syntetos & Babai 2011).
    Tsb,
}

/// What is smoothed starts from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// The mean of the whole series.
    #[default]
    Mean,
    /// Its first value.
    First,
}

/// A rule for intermittent demand, unfitted. See the [module](self::super).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intermittent {
    pub(super) rule: Rule,
    pub(super) alpha: f64,
    pub(super) beta: f64,
    pub(super) start: Start,
}

impl Intermittent {
    /// By this rule; α = β = 0.1, from the means.
    pub fn new(rule: Rule) -> Self {
        Self { rule, alpha: 0.1, beta: 0.1, start: Start::Mean }
    }

    /// Croston's.
    pub fn croston() -> Self {
        Self::new(Rule::Croston)
    }

    /// Syntetos and Boylan's.
    pub fn sba() -> Self {
        Self::new(Rule::Sba)
    }

    /// Teunter, Syntetos and Babai's.
    pub fn tsb() -> Self {
        Self::new(Rule::Tsb)
    }

    /// α of the sizes.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// β of the intervals or the probability.
    #[must_use]
    pub fn beta(mut self, beta: f64) -> Self {
        self.beta = beta;
        self
    }

    /// From here.
    #[must_use]
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Which rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Fits it.
    ///
    /// # Errors
    /// [`Error::TooShort`] for a series without an observation; [`Error::Domain`] for a value that is negative or
    /// infinite; [`Error::Argument`] for α or β outside 0 to 1, and for regressors, exposure or offset.
    pub fn fit(&self, series: &Series<'_>) -> Result<IntermittentFit> {
        for (name, value) in [("alpha", self.alpha), ("beta", self.beta)] {
            if !(0.0..=1.0).contains(&value) {
                let (argument, value, must) = (name.into(), value.to_string(), "between 0 and 1".into());
                return Err(Error::Argument { argument, value, must });
            }
        }
        if let Some(row) = series.outcome().iter().position(|v| *v < 0.0) {
            let (what, value) = (series.name().into(), series.outcome()[row].to_string());
            return Err(Error::Domain { what, row, value, must: "zero or more".into() });
        }
        Ok(IntermittentFit::new(*self, Plain::new(series, &self.to_string(), 1)?))
    }
}

impl Display for Intermittent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.rule {
            Rule::Croston => "Croston",
            Rule::Sba => "Syntetos-Boylan",
            Rule::Tsb => "Teunter-Syntetos-Babai",
        })
    }
}
