//! What the model is made of.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::timeseries::structural::{Series, StructuralFit, estimate, prepare};

/// How the level moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trend {
    /// A random walk.
    #[default]
    None,
    /// With a slope that is itself a random walk.
    Local,
    /// With a slope that dies away by a factor φ a period; 0 < φ < 1 if given, at most 0.98 if estimated.
    Damped,
}

/// The scale on which the parts add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// The outcome itself, or the rate where there is an exposure.
    #[default]
    Identity,
    /// Its logarithm, or the logarithm of the rate: the outcome must be above zero.
    Log,
}

/// A source of movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// ε: what one period says and the next forgets.
    Irregular,
    /// ξ: the level's own steps.
    Level,
    /// ζ: the slope's steps.
    Slope,
    /// ω: the season's steps.
    Seasonal,
}

impl Component {
    pub(super) const ALL: [Self; 4] = [Self::Irregular, Self::Level, Self::Slope, Self::Seasonal];

    /// Its name in tables: `irregular`, `level`, `slope`, `seasonal`.
    pub fn name(self) -> &'static str {
        ["irregular", "level", "slope", "seasonal"][self as usize]
    }
}

impl FromStr for Scale {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "identity" => Ok(Self::Identity),
            "log" => Ok(Self::Log),
            _ => Err(argument("scale", text, "`identity` or `log`")),
        }
    }
}

impl FromStr for Trend {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "none" => Ok(Self::None),
            "local" => Ok(Self::Local),
            "damped" => Ok(Self::Damped),
            _ => Err(argument("trend", text, "none, `local` or `damped`")),
        }
    }
}

pub(super) fn argument(argument: &str, value: impl Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}

/// A structural model. See the [module](self::super).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Structural {
    pub(super) trend: Trend,
    pub(super) season: Option<usize>,
    pub(super) scale: Scale,
    pub(super) sampling: bool,
    /// Variances that are given and not estimated, by [`Component`].
    pub(super) given: [Option<f64>; 4],
    pub(super) damping: Option<f64>,
    pub(super) prior: Vec<(f64, f64)>,
}

impl Structural {
    /// A level that walks, and noise.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this trend.
    #[must_use]
    pub fn trend(mut self, trend: Trend) -> Self {
        self.trend = trend;
        self
    }

    /// With a season of this many periods, as dummies that sum to noise over any year.
    #[must_use]
    pub fn seasonal(mut self, periods: usize) -> Self {
        self.season = (periods > 1).then_some(periods);
        self
    }

    /// On this scale.
    #[must_use]
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// The log of a count y is known to vary by about 1/y (the delta method on a Poisson count): that much is added to
    /// the irregular variance, period by period. Without it the irregular variance is one number for large and small
    /// counts alike.
    #[must_use]
    pub fn sampling_variance(mut self) -> Self {
        self.sampling = true;
        self
    }

    /// This variance is given (in squared units of the [`scale`](Self::scale)) and not estimated.
    #[must_use]
    pub fn variance(mut self, component: Component, variance: f64) -> Self {
        self.given[component as usize] = Some(variance);
        self
    }

    /// φ is given and not estimated.
    #[must_use]
    pub fn damping(mut self, factor: f64) -> Self {
        self.damping = Some(factor);
        self
    }

    /// What is known of each regressor's coefficient beforehand: mean and variance. Infinite variance: nothing.
    #[must_use]
    pub fn prior(mut self, prior: Vec<(f64, f64)>) -> Self {
        self.prior = prior;
        self
    }

    /// The scale of the parts.
    pub fn on_scale(&self) -> Scale {
        self.scale
    }

    /// The season's length.
    pub fn season(&self) -> Option<usize> {
        self.season
    }

    /// Whether the model has this source of movement.
    pub(super) fn has(&self, component: Component) -> bool {
        match component {
            Component::Irregular | Component::Level => true,
            Component::Slope => self.trend != Trend::None,
            Component::Seasonal => self.season.is_some(),
        }
    }

    /// Maximises the likelihood.
    ///
    /// # Errors
    /// [`Error::Domain`] for a row that the scale cannot take; [`Error::Missing`] for regressors or exposure missing
    /// where the outcome is not; [`Error::TooShort`] with fewer than two observations beyond the diffuse start;
    /// [`Error::NothingToEstimate`] for a constant series, one that the start fits exactly, and regressors that cannot
    /// be told apart from the other parts; [`Error::NotConverged`].
    pub fn fit(&self, series: &Series<'_>) -> Result<StructuralFit> {
        self.check(series)?;
        estimate::fit(self, prepare::prepare(self, series)?)
    }

    fn check(&self, series: &Series<'_>) -> Result<()> {
        for component in Component::ALL {
            let Some(variance) = self.given[component as usize] else { continue };
            if !(variance >= 0.0 && variance.is_finite() && self.has(component)) {
                let must = "finite, zero or more, and of a component that the model has";
                return Err(argument(&format!("variance of {}", component.name()), variance, must));
            }
        }
        if let Some(factor) = self.damping
            && !(self.trend == Trend::Damped && factor > 0.0 && factor < 1.0)
        {
            return Err(argument("damping", factor, "between 0 and 1, with a damped trend"));
        }
        if self.sampling && self.scale == Scale::Identity {
            return Err(argument("sampling_variance", true, "used with the log scale"));
        }
        let regressors = series.x.map_or(0, |x| x.ncols());
        if !self.prior.is_empty() && self.prior.len() != regressors {
            return Err(Error::Shape {
                what: "prior".into(),
                expected: format!("{regressors} pairs, one a regressor"),
                found: self.prior.len().to_string(),
            });
        }
        if let Some((mean, variance)) =
            self.prior.iter().find(|(m, v)| !m.is_finite() || v.is_nan() || *v <= 0.0)
        {
            let value = format!("({mean}, {variance})");
            return Err(argument("prior", value, "a finite mean and a variance above zero"));
        }
        Ok(())
    }
}

impl Display for Structural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.trend {
            Trend::None => "local level",
            Trend::Local => "local linear trend",
            Trend::Damped => "damped local trend",
        })?;
        if let Some(season) = self.season {
            write!(f, " + season of {season}")?;
        }
        f.write_str(if self.scale == Scale::Log { " on the log scale" } else { "" })
    }
}
