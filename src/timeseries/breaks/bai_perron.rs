//! What is fitted.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::fit::{self, BreaksFit};
use super::series::Series;
use crate::error::{Error, Result};

/// How the number of breaks is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// Schwarz's criterion, breaks counted as parameters.
    #[default]
    Bic,
    /// Liu, Wu & Zidek (1997): a penalty that does not see breaks in dependent errors as easily.
    Lwz,
    /// Sup-F tests of ℓ + 1 against ℓ breaks, until one does not reject.
    Sequential,
    /// As many as allowed.
    Given,
}

impl FromStr for Selection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "bic" => Ok(Self::Bic),
            "lwz" => Ok(Self::Lwz),
            "sequential" => Ok(Self::Sequential),
            "given" => Ok(Self::Given),
            _ => Err(argument("selection", text, "`bic`, `lwz`, `sequential` or `given`")),
        }
    }
}

pub(super) fn argument(argument: &str, value: impl Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}

/// Multiple breaks at unknown dates. See the [module](self::super).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BaiPerron {
    pub(super) most: usize,
    pub(super) trimming: f64,
    pub(super) selection: Selection,
    pub(super) level: f64,
}

impl Default for BaiPerron {
    fn default() -> Self {
        Self { most: 5, trimming: 0.15, selection: Selection::Bic, level: 0.05 }
    }
}

impl BaiPerron {
    /// At most five breaks, segments of at least 15 % of the observations, chosen by BIC.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most this many breaks; fewer where segments would be too short.
    #[must_use]
    pub fn max_breaks(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// Segments hold at least this share of the observations, or, from 1 on, this many.
    #[must_use]
    pub fn trimming(mut self, share: f64) -> Self {
        self.trimming = share;
        self
    }

    /// Their number chosen so.
    #[must_use]
    pub fn selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// The level of tests; intervals are at 1 − level.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Fits a series.
    ///
    /// # Errors
    /// [`Error::TooShort`], [`Error::Argument`], [`Error::Domain`] naming the row of an infinite value,
    /// [`Error::NothingToEstimate`] for collinear regressors.
    pub fn fit(&self, series: &Series) -> Result<BreaksFit> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(argument("level", self.level, "between 0 and 1"));
        }
        fit::fit(*self, series)
    }

    /// Observations of a segment at least.
    pub(super) fn least(&self, n: usize, width: usize) -> Result<usize> {
        let least = match self.trimming {
            share if share > 0.0 && share < 0.5 => (share * n as f64).floor() as usize,
            number if number >= 1.0 && number.fract() == 0.0 && 2.0 * number <= n as f64 => number as usize,
            other => {
                let must = "a share between 0 and 0.5, or a number of observations up to half of them";
                return Err(argument("trimming", other, must));
            }
        };
        Ok(least.max(width + 1))
    }
}

impl Display for BaiPerron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.selection {
            Selection::Bic => "BIC",
            Selection::Lwz => "LWZ",
            Selection::Sequential => "sequential tests",
            Selection::Given => "as given",
        };
        write!(f, "breaks at unknown dates: at most {}, by {how}, trimming {}", self.most, self.trimming)
    }
}
