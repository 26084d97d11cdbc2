//! Which Theta method.

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::timeseries::plain::Plain;
use crate::timeseries::structural::Series;
use crate::timeseries::theta::{ThetaFit, estimate};

/// How the line's weight and the line itself are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// θ = 2 and the line of the whole series; α and the first level are those of simple exponential smoothing
    /// (Assimakopoulos & Nikolopoulos 2000, as Hyndman & Billah 2003 have it).
    Standard,
    /// θ ≥ 1 is estimated with the rest; the line is that of the whole series (Fiorucci et al. 2016).
    Optimised,
    /// θ = 2, and the line of every period is that of the periods before it.
    DynamicStandard,
    /// θ ≥ 1 is estimated, and the line of every period is that of the periods before it.
    #[default]
    Dynamic,
}

impl Method {
    pub(super) fn is_dynamic(self) -> bool {
        matches!(self, Self::DynamicStandard | Self::Dynamic)
    }
}

/// What is done about the season.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seasonal {
    /// Taken out if its autocorrelation passes the test: factors where all values are above zero, else amounts.
    #[default]
    Tested,
    /// Factors, without a test.
    Multiplicative,
    /// Amounts, without a test.
    Additive,
    /// Nothing.
    None,
}

/// A Theta method, unfitted. See the [module](self::super).
#[derive(Debug, Clone, PartialEq)]
pub struct Theta {
    pub(super) method: Method,
    pub(super) season: usize,
    pub(super) seasonal: Seasonal,
    /// α and θ, where they are not estimated.
    pub(super) given: (Option<f64>, Option<f64>),
}

impl Theta {
    /// By this method; no season.
    pub fn new(method: Method) -> Self {
        Self { method, season: 1, seasonal: Seasonal::Tested, given: (None, None) }
    }

    /// With this many periods in a season, if there is one.
    #[must_use]
    pub fn season(mut self, periods: usize) -> Self {
        self.season = periods;
        self
    }

    /// With the season treated so.
    #[must_use]
    pub fn seasonal(mut self, seasonal: Seasonal) -> Self {
        self.seasonal = seasonal;
        self
    }

    /// With this α, between 0 and 1.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.given.0 = Some(alpha);
        self
    }

    /// With this θ, 1 or more.
    #[must_use]
    pub fn theta(mut self, theta: f64) -> Self {
        self.given.1 = Some(theta);
        self
    }

    /// Which method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Periods in a season; 1 for none.
    pub fn periods(&self) -> usize {
        self.season
    }

    /// Estimated parameters of the mean: ℓ₀, α, and θ or the slope of the line.
    pub(super) fn parameters(&self) -> usize {
        let trend = match self.method {
            Method::Standard => true,
            Method::DynamicStandard => false,
            Method::Optimised | Method::Dynamic => self.given.1.is_none(),
        };
        1 + usize::from(self.given.0.is_none()) + usize::from(trend)
    }

    /// Fits it.
    ///
    /// # Errors
    /// [`Error::TooShort`] unless two degrees of freedom are left, which takes 5 or 6 observations;
    /// [`Error::Domain`] for an infinite value, and values that are not above zero where factors are asked for;
    /// [`Error::Argument`] for parameters outside their range, and for regressors, exposure or offset;
    /// [`Error::NothingToEstimate`] for a place in the season that is never observed.
    pub fn fit(&self, series: &Series<'_>) -> Result<ThetaFit> {
        if self.season == 0 {
            return Err(argument("season", self.season, "1 for none, or the periods of a season"));
        }
        if let Some(alpha) = self.given.0.filter(|a| !(*a > 0.0 && *a <= 1.0)) {
            return Err(argument("alpha", alpha, "above 0 and at most 1"));
        }
        if let Some(theta) = self.given.1.filter(|t| t.is_nan() || *t < 1.0) {
            return Err(argument("theta", theta, "1 or more"));
        }
        let needed = self.parameters() + 2 + usize::from(self.method.is_dynamic());
        estimate::fit(self, Plain::new(series, &self.to_string(), needed)?)
    }
}

fn argument(argument: &str, value: impl Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}

impl Display for Theta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.method {
            Method::Standard => "Standard Theta",
            Method::Optimised => "Optimised Theta",
            Method::DynamicStandard => "Dynamic standard Theta",
            Method::Dynamic => "Dynamic optimised Theta",
        })?;
        if self.season > 1 && self.seasonal != Seasonal::None {
            write!(f, ", season of {}", self.season)?;
        }
        Ok(())
    }
}
