//! What an amount of money is, and the refusal to mix.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::data::calendar::Frequency;
use crate::error::{Error, Result};

/// How far money has come on its way from a request to a payment.
///
/// Of the Mérida money of fiscal years 2008 to 2010, 46 % was obligated and about 9 % expended by March 2010
/// (GAO-10-837): a stage is not another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Asked for in a budget.
    Requested,
    /// Voted by the legislature.
    Appropriated,
    /// Bound by a contract or an agreement.
    Obligated,
    /// Paid out to who carries the work out.
    Disbursed,
    /// Spent on the work.
    Expended,
}

impl Stage {
    const ALL: [Self; 5] =
        [Self::Requested, Self::Appropriated, Self::Obligated, Self::Disbursed, Self::Expended];

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Appropriated => "appropriated",
            Self::Obligated => "obligated",
            Self::Disbursed => "disbursed",
            Self::Expended => "expended",
        }
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stage {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let word = text.trim().to_lowercase();
        Self::ALL.into_iter().find(|stage| stage.name() == word).ok_or_else(|| Error::Argument {
            argument: "stage".into(),
            value: format!("`{text}`"),
            must: "`requested`, `appropriated`, `obligated`, `disbursed` or `expended`".into(),
        })
    }
}

/// The currencies with a bundled rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Currency {
    /// US dollars.
    Usd,
    /// Mexican pesos (new pesos, since 1993).
    Mxn,
}

impl Currency {
    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Mxn => "MXN",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Usd => "US dollars",
            Self::Mxn => "Mexican pesos",
        }
    }
}

impl Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.noun())
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_uppercase().as_str() {
            "USD" => Ok(Self::Usd),
            "MXN" => Ok(Self::Mxn),
            _ => Err(Error::Argument {
                argument: "currency".into(),
                value: format!("`{text}`"),
                must: "`USD` or `MXN`, the currencies with a bundled rate; convert others beforehand".into(),
            }),
        }
    }
}

/// At whose prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prices {
    /// Of the day.
    Nominal,
    /// Of the calendar year given.
    Real(i32),
}

/// What an amount of money is. Two amounts may be put together only if all of it agrees.
///
/// ```
/// use averted::data::{Currency, Kind, Prices, Stage};
/// use averted::data::calendar::Frequency;
/// let real = Kind { stage: Some(Stage::Disbursed), currency: Currency::Usd, prices: Prices::Real(2020),
///                   calendar: Frequency::Year, per_person: true };
/// assert_eq!(real.to_string(), "2020 US dollars a head, disbursed, calendar years");
/// let nominal = Kind { prices: Prices::Nominal, ..real };
/// let refused = real.require_same(&nominal).unwrap_err().to_string();
/// assert!(refused.contains("differ in price base; give both the same `real` year"), "{refused}");
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// How far it has come; `None` where nobody said.
    pub stage: Option<Stage>,
    /// Dollars or pesos.
    pub currency: Currency,
    /// Nominal, or of which year.
    pub prices: Prices,
    /// The periods it is counted in.
    pub calendar: Frequency,
    /// A head of the population, or in total.
    pub per_person: bool,
}

impl Kind {
    /// Refuses to put money of different kinds together.
    ///
    /// # Errors
    /// [`Error::Money`] naming both kinds, the first thing in which they differ, and how to convert.
    pub fn require_same(&self, other: &Self) -> Result<()> {
        let (differ, remedy) = if self.stage != other.stage {
            ("stage", "no rate turns one stage into another: use one stage, or keep them as two spendings")
        } else if self.currency != other.currency {
            ("currency", "convert one with `to` (\"USD\" or \"MXN\")")
        } else if self.prices != other.prices {
            ("price base", "give both the same `real` year")
        } else if self.calendar != other.calendar {
            (
                "calendar",
                "say `fiscal_year_start` of each, so that both are shared out to the panel's periods",
            )
        } else if self.per_person != other.per_person {
            ("measure", "take both a head or both in total (`per`)")
        } else {
            return Ok(());
        };
        Err(Error::Money { left: self.to_string(), right: other.to_string(), differ, remedy: remedy.into() })
    }

    /// Prices, currency and measure in words: `2020 US dollars a head`, what an axis says.
    pub fn unit(&self) -> String {
        let prices = match self.prices {
            Prices::Nominal => "nominal".to_owned(),
            Prices::Real(year) => year.to_string(),
        };
        format!("{prices} {}{}", self.currency, if self.per_person { " a head" } else { "" })
    }
}

/// `2020 US dollars a head, disbursed, calendar years`.
impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = self.stage.map_or("stage not stated", Stage::name);
        write!(f, "{}, {stage}, {}", self.unit(), self.calendar)
    }
}
