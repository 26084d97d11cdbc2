//! What is fitted.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::fit::SmoothTrendFit;
use crate::error::{Error, Result};
use crate::parallel;
use crate::timeseries::joinpoint::Series;

/// How counts vary about their mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// Variance `μ`.
    Poisson,
    /// Variance `μ + αμ²` (NB2): what the trend does not explain need not be taken for trend.
    #[default]
    NegativeBinomial,
}

impl FromStr for Family {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "poisson" => Ok(Self::Poisson),
            "negative_binomial" => Ok(Self::NegativeBinomial),
            _ => Err(argument("family", text, "`poisson` or `negative_binomial`")),
        }
    }
}

pub(super) fn argument(argument: &str, value: impl Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}

/// A smooth trend of counts. See the [module](self::super).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SmoothTrend {
    pub(super) family: Family,
    pub(super) pieces: Option<usize>,
    pub(super) season: Option<usize>,
}

impl SmoothTrend {
    /// Negative binomial, a quarter as many pieces as periods and at most 35 (Ruppert 2002), and a season where times are
    /// months or quarters.
    pub fn new() -> Self {
        Self::default()
    }

    /// With counts that vary so.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// With a spline of so many pieces: how fast the trend can turn at most.
    #[must_use]
    pub fn pieces(mut self, pieces: usize) -> Self {
        self.pieces = Some(pieces);
        self
    }

    /// With a year of so many parts; 1 is without a season.
    #[must_use]
    pub fn season(mut self, parts: usize) -> Self {
        self.season = Some(parts);
        self
    }

    /// Fits a series of counts.
    ///
    /// # Errors
    /// [`Error::Domain`] naming the row: times that do not increase, counts that are none, populations that are not
    /// positive; [`Error::Argument`] for rates and of the options; [`Error::TooShort`] under six periods;
    /// [`Error::NothingToEstimate`] where every count is zero or hidden from zero on; [`Error::NotConverged`].
    pub fn fit(&self, series: &Series) -> Result<SmoothTrendFit> {
        SmoothTrendFit::new(self, series)
    }

    /// Fits several series, shared among threads; the answers are those of one after the other.
    ///
    /// # Errors
    /// The first error of [`fit`](Self::fit).
    pub fn fit_many(&self, many: &[Series]) -> Result<Vec<SmoothTrendFit>> {
        parallel::map(many.len(), |i| self.fit(&many[i])).into_iter().collect()
    }

    pub(super) fn check(&self) -> Result<()> {
        if let Some(pieces) = self.pieces.filter(|p| !(2..=400).contains(p)) {
            return Err(argument("pieces", pieces, "from 2 to 400"));
        }
        if let Some(parts) = self.season.filter(|s| !(1..=366).contains(s) || *s == 2) {
            return Err(argument("season", parts, "1 for none, or from 3 to 366"));
        }
        Ok(())
    }
}

impl Display for SmoothTrend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.family {
            Family::Poisson => "Smooth trend, Poisson counts",
            Family::NegativeBinomial => "Smooth trend, negative binomial counts",
        })?;
        if let Some(pieces) = self.pieces {
            write!(f, ", {pieces} pieces")?;
        }
        match self.season {
            None => Ok(()),
            Some(1) => f.write_str(", no season"),
            Some(parts) => write!(f, ", a season of {parts} parts"),
        }
    }
}
