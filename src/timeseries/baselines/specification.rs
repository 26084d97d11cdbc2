//! Which of them.

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::timeseries::baselines::NaiveFit;
use crate::timeseries::plain::Plain;
use crate::timeseries::structural::Series;

/// What is carried into the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The mean of all values.
    Mean,
    /// The last value.
    Last,
    /// The value of this many periods before.
    Seasonal(usize),
    /// The last value and the mean step.
    Drift,
}

/// A baseline, unfitted. See the [module](self::super).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naive {
    rule: Rule,
}

impl Naive {
    /// By this rule.
    pub fn new(rule: Rule) -> Self {
        Self { rule }
    }

    /// The mean of all values.
    pub fn mean() -> Self {
        Self::new(Rule::Mean)
    }

    /// The last value.
    pub fn last() -> Self {
        Self::new(Rule::Last)
    }

    /// The value of `season` periods before.
    pub fn seasonal(season: usize) -> Self {
        Self::new(Rule::Seasonal(season))
    }

    /// The last value and the mean step.
    pub fn drift() -> Self {
        Self::new(Rule::Drift)
    }

    /// Which one it is.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Fits it.
    ///
    /// # Errors
    /// [`Error::TooShort`] unless a degree of freedom is left: two observations, three with drift, two in one place of
    /// the season; [`Error::NothingToEstimate`] for a place in the season that is never observed; [`Error::Domain`] for
    /// an infinite value; [`Error::Argument`] for a season below 2 periods, and for regressors, exposure or offset.
    pub fn fit(&self, series: &Series<'_>) -> Result<NaiveFit> {
        if let Rule::Seasonal(season) = self.rule
            && season < 2
        {
            let must = "a season of at least 2 periods".into();
            return Err(Error::Argument { argument: "season".into(), value: season.to_string(), must });
        }
        let needed = if self.rule == Rule::Drift { 3 } else { 2 };
        NaiveFit::new(*self, Plain::new(series, &self.to_string(), needed)?)
    }
}

impl Display for Naive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Rule::Mean => f.write_str("Mean"),
            Rule::Last => f.write_str("Last value"),
            Rule::Seasonal(season) => write!(f, "Value of {season} periods before"),
            Rule::Drift => f.write_str("Last value with drift"),
        }
    }
}
