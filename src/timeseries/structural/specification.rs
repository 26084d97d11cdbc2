//! What the model is made of.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::timeseries::counts::Family;
use crate::timeseries::structural::{CountStructural, Series, StructuralFit, estimate, prepare};

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

/// The form of a season.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Season {
    /// Effects that sum to noise over any year.
    #[default]
    Dummy,
    /// Harmonics that turn, all with one variance.
    Trigonometric,
}

/// A source of movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// ε: what one period says and the next forgets.
    Irregular,
    /// a of the variance μ + aμ² of a negative binomial count, which stands where ε does.
    Dispersion,
    /// ξ: the level's own steps.
    Level,
    /// ζ: the slope's steps.
    Slope,
    /// ω: the season's steps.
    Seasonal,
    /// κ: the cycle's steps.
    Cycle,
    /// Steps of the coefficient of this regressor.
    Coefficient(usize),
}

impl Component {
    /// Its name in tables: `irregular`, `dispersion`, `level`, `slope`, `seasonal`, `cycle`, `coefficient`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Irregular => "irregular",
            Self::Dispersion => "dispersion",
            Self::Level => "level",
            Self::Slope => "slope",
            Self::Seasonal => "seasonal",
            Self::Cycle => "cycle",
            Self::Coefficient(_) => "coefficient",
        }
    }
}

/// A cycle of stochastic amplitude and phase (Harvey 1989, §2.3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cycle {
    /// Shortest and longest period.
    pub(super) bounds: (f64, f64),
    /// The period, if given.
    pub(super) period: Option<f64>,
    /// ρ, if given.
    pub(super) damping: Option<f64>,
}

impl Cycle {
    /// A cycle whose period lies between these, in periods of the series; at least 2.
    pub fn between(shortest: f64, longest: f64) -> Self {
        Self { bounds: (shortest, longest), period: None, damping: None }
    }

    /// A cycle of this period.
    pub fn of(period: f64) -> Self {
        Self { bounds: (period, period), period: Some(period), damping: None }
    }

    /// ρ is given and not estimated; 0 < ρ ≤ 1. At one the cycle never dies, and starts diffuse.
    #[must_use]
    pub fn damping(mut self, factor: f64) -> Self {
        self.damping = Some(factor);
        self
    }

    /// Whether it never dies.
    pub(super) fn lasts(self) -> bool {
        self.damping == Some(1.0)
    }

    fn check(self) -> Result<()> {
        let (shortest, longest) = self.bounds;
        let ordered = self.period.is_some() || shortest < longest;
        if !(shortest >= 2.0 && longest.is_finite() && ordered) {
            let value = format!("{shortest} to {longest}");
            return Err(argument("cycle", value, "a period of 2 or more, the shortest below the longest"));
        }
        match self.damping {
            Some(factor) if !(factor > 0.0 && factor <= 1.0) => {
                Err(argument("damping of the cycle", factor, "above 0, at most 1"))
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for Component {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let all = [Self::Irregular, Self::Dispersion, Self::Level, Self::Slope, Self::Seasonal, Self::Cycle];
        all.into_iter().find(|c| c.name() == text).ok_or_else(|| {
            argument("variances", text, "`irregular`, `dispersion`, `level`, `slope`, `seasonal` or `cycle`")
        })
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
    pub(super) season: Option<(usize, Season)>,
    pub(super) cycle: Option<Cycle>,
    pub(super) scale: Scale,
    pub(super) sampling: bool,
    /// Variances that are given and not estimated.
    pub(super) given: Vec<(Component, f64)>,
    pub(super) damping: Option<f64>,
    pub(super) prior: Vec<(f64, f64)>,
    /// Regressors whose coefficient walks.
    pub(super) walking: Vec<usize>,
    /// Of counts; none for a normal outcome.
    pub(super) family: Option<Family>,
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
        self.season = (periods > 1).then_some((periods, Season::Dummy));
        self
    }

    /// With a season of this many periods, as harmonics of one variance.
    #[must_use]
    pub fn trigonometric(mut self, periods: usize) -> Self {
        self.season = (periods > 1).then_some((periods, Season::Trigonometric));
        self
    }

    /// With a cycle.
    #[must_use]
    pub fn cycle(mut self, cycle: Cycle) -> Self {
        self.cycle = Some(cycle);
        self
    }

    /// The coefficient of this regressor, counted from zero, is a random walk.
    #[must_use]
    pub fn walking(mut self, regressor: usize) -> Self {
        self.walking.push(regressor);
        self
    }

    /// The same states under counts: the [scale](Self::scale) is then the logarithm of their mean.
    #[must_use]
    pub fn counts(mut self, family: Family) -> CountStructural {
        self.family = Some(family);
        CountStructural(self)
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
        self.given.retain(|(other, _)| *other != component);
        self.given.push((component, variance));
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
        self.season.map(|(periods, _)| periods)
    }

    /// The variance that is given.
    pub(super) fn given(&self, component: Component) -> Option<f64> {
        self.given.iter().find(|(other, _)| *other == component).map(|(_, variance)| *variance)
    }

    /// The model's sources of movement.
    pub(super) fn components(&self) -> Vec<Component> {
        let mut all = match self.family {
            None => vec![Component::Irregular],
            Some(Family::Poisson) => Vec::new(),
            Some(Family::NegativeBinomial) => vec![Component::Dispersion],
        };
        all.push(Component::Level);
        all.extend((self.trend != Trend::None).then_some(Component::Slope));
        all.extend(self.season.map(|_| Component::Seasonal));
        all.extend(self.cycle.map(|_| Component::Cycle));
        all.extend(self.walking.iter().map(|j| Component::Coefficient(*j)));
        all
    }

    /// States that start diffuse.
    pub(super) fn n_diffuse(&self, regressors: usize) -> usize {
        let known = self.prior.iter().filter(|p| p.1.is_finite()).count();
        let cycle = if self.cycle.is_some_and(Cycle::lasts) { 2 } else { 0 };
        let season = self.season().map_or(0, |s| s - 1);
        1 + usize::from(self.trend == Trend::Local) + season + cycle + regressors - known
    }

    /// Maximises the likelihood.
    ///
    /// # Errors
    /// [`Error::Domain`] for a row that the scale cannot take; [`Error::Missing`] for regressors or exposure missing
    /// where the outcome is not; [`Error::TooShort`] with fewer than two observations beyond the diffuse start;
    /// [`Error::NothingToEstimate`] for a constant series, one that the start fits exactly, and regressors that cannot
    /// be told apart from the other parts; [`Error::NotConverged`].
    pub fn fit(&self, series: &Series<'_>) -> Result<StructuralFit> {
        self.check(series.x.map_or(0, |x| x.ncols()))?;
        estimate::fit(self, prepare::prepare(self, series)?)
    }

    pub(super) fn check(&self, regressors: usize) -> Result<()> {
        let components = self.components();
        for &(component, variance) in &self.given {
            if !(variance >= 0.0 && variance.is_finite() && components.contains(&component)) {
                let must = "finite, zero or more, and of a component that the model has";
                return Err(argument(&format!("variance of {}", component.name()), variance, must));
            }
        }
        for (i, &j) in self.walking.iter().enumerate() {
            if j >= regressors || self.walking[..i].contains(&j) {
                return Err(argument("walking", j, &format!("different regressors, of {regressors} in all")));
            }
        }
        if let Some(cycle) = self.cycle {
            cycle.check()?;
        }
        if let Some(factor) = self.damping
            && !(self.trend == Trend::Damped && factor > 0.0 && factor < 1.0)
        {
            return Err(argument("damping", factor, "between 0 and 1, with a damped trend"));
        }
        if self.sampling && self.scale == Scale::Identity {
            return Err(argument("sampling_variance", true, "used with the log scale"));
        }
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
        match self.season {
            Some((season, Season::Dummy)) => write!(f, " + season of {season}")?,
            Some((season, Season::Trigonometric)) => write!(f, " + trigonometric season of {season}")?,
            None => {}
        }
        match self.cycle {
            Some(Cycle { period: Some(period), .. }) => write!(f, " + cycle of {period}")?,
            Some(Cycle { bounds: (low, high), .. }) => write!(f, " + cycle of {low} to {high}")?,
            None => {}
        }
        match self.walking.len() {
            0 => {}
            1 => f.write_str(" + a coefficient that walks")?,
            k => write!(f, " + {k} coefficients that walk")?,
        }
        f.write_str(if self.scale == Scale::Log { " on the log scale" } else { "" })
    }
}
