//! Which parts add and which multiply.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::{Error, Result};

/// How the level moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// `q = l`.
    None,
    /// `q = l + b`.
    Additive,
    /// `q = l + φb`.
    AdditiveDamped,
    /// `q = l·b`.
    Multiplicative,
    /// `q = l·b^φ`.
    MultiplicativeDamped,
}

/// How the season enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Season {
    /// `μ = q`.
    None,
    /// `μ = q + s`.
    Additive,
    /// `μ = q·s`.
    Multiplicative,
}

/// Error, trend and season of an exponential smoothing model, written as `ANN`, `AAdA`, `MAM`, ….
///
/// Of the thirty forms those are refused by name whose variance is infinite or whose recursions divide by what may be
/// zero: additive errors with a multiplicative trend or season, and multiplicative trends with additive seasons
/// (Hyndman, Koehler, Ord & Snyder 2008, §15.2). Nineteen remain.
///
/// ```
/// use averted::timeseries::ets::Form;
/// let form: Form = "MAdM".parse()?;
/// assert_eq!(form.to_string(), "MAdM");
/// assert!("ANM".parse::<Form>().is_err());
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub(super) multiplicative: bool,
    pub(super) trend: Trend,
    pub(super) season: Season,
}

impl Form {
    /// Of these parts.
    ///
    /// # Errors
    /// [`Error::Argument`] for a form that is refused.
    pub fn new(multiplicative_error: bool, trend: Trend, season: Season) -> Result<Self> {
        let form = Self { multiplicative: multiplicative_error, trend, season };
        let grows = matches!(trend, Trend::Multiplicative | Trend::MultiplicativeDamped);
        let refuse = |must: &str| {
            Err(Error::Argument { argument: "form".into(), value: form.to_string(), must: must.into() })
        };
        if !multiplicative_error && (grows || season == Season::Multiplicative) {
            return refuse(
                "of a form with finite variance: multiplicative trends and seasons need multiplicative errors (`M..`)",
            );
        }
        if grows && season == Season::Additive {
            return refuse(
                "of a form with finite variance: a multiplicative trend needs a multiplicative season or none",
            );
        }
        Ok(form)
    }

    /// All nineteen, the simplest first.
    pub fn all() -> Vec<Self> {
        let trends = [
            Trend::None,
            Trend::Additive,
            Trend::AdditiveDamped,
            Trend::Multiplicative,
            Trend::MultiplicativeDamped,
        ];
        let mut forms = Vec::new();
        for season in [Season::None, Season::Additive, Season::Multiplicative] {
            for trend in trends {
                forms.extend([false, true].into_iter().filter_map(|m| Self::new(m, trend, season).ok()));
            }
        }
        forms
    }

    /// Whether errors multiply.
    pub fn multiplicative_error(&self) -> bool {
        self.multiplicative
    }

    /// The trend.
    pub fn trend(&self) -> Trend {
        self.trend
    }

    /// The season.
    pub fn season(&self) -> Season {
        self.season
    }

    /// Whether anything multiplies, which takes values above zero.
    pub fn needs_positive(&self) -> bool {
        self.multiplicative
    }

    pub(super) fn has_trend(self) -> bool {
        self.trend != Trend::None
    }

    pub(super) fn damped(self) -> bool {
        matches!(self.trend, Trend::AdditiveDamped | Trend::MultiplicativeDamped)
    }

    pub(super) fn grows(self) -> bool {
        matches!(self.trend, Trend::Multiplicative | Trend::MultiplicativeDamped)
    }

    pub(super) fn seasonal(self) -> bool {
        self.season != Season::None
    }

    /// Smoothing parameters: α, β, γ, φ where the form has them.
    pub(super) fn has(self) -> [bool; 4] {
        [true, self.has_trend(), self.seasonal(), self.damped()]
    }
}

impl FromStr for Form {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::Argument {
            argument: "form".into(),
            value: text.into(),
            must: "error (A, M), trend (N, A, Ad, M, Md) and season (N, A, M), such as `AAdA`".into(),
        };
        let middle = text.get(1..text.len().saturating_sub(1)).ok_or_else(unknown)?;
        let multiplicative = match text.chars().next() {
            Some('A') => false,
            Some('M') => true,
            _ => return Err(unknown()),
        };
        let trend = match middle {
            "N" => Trend::None,
            "A" => Trend::Additive,
            "Ad" => Trend::AdditiveDamped,
            "M" => Trend::Multiplicative,
            "Md" => Trend::MultiplicativeDamped,
            _ => return Err(unknown()),
        };
        let season = match text.chars().last() {
            Some('N') => Season::None,
            Some('A') => Season::Additive,
            Some('M') => Season::Multiplicative,
            _ => return Err(unknown()),
        };
        Self::new(multiplicative, trend, season)
    }
}

impl Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trend = match self.trend {
            Trend::None => "N",
            Trend::Additive => "A",
            Trend::AdditiveDamped => "Ad",
            Trend::Multiplicative => "M",
            Trend::MultiplicativeDamped => "Md",
        };
        let season = match self.season {
            Season::None => "N",
            Season::Additive => "A",
            Season::Multiplicative => "M",
        };
        write!(f, "{}{trend}{season}", if self.multiplicative { "M" } else { "A" })
    }
}
