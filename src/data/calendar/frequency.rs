//! How long a period is, and which months it covers.

use std::fmt::{self, Display};
use std::ops::Range;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The length of a period, and where years begin.
///
/// ```
/// use averted::data::calendar::Frequency;
/// let federal = Frequency::fiscal_year(10)?;
/// let months: Vec<String> = federal.months(2019).map(|m| Frequency::Month.label(m)).collect();
/// assert_eq!((months[0].as_str(), months[11].as_str()), ("2018-10", "2019-09"));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Frequency {
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
    /// Twelve months from `start_month` (1 to 12), named by the calendar year they end in.
    FiscalYear {
        /// The first month, 1 for January.
        start_month: u8,
    },
}

impl Frequency {
    /// Years that begin in `start_month`; from January they are calendar years.
    ///
    /// # Errors
    /// [`Error::Argument`] when it is not a month from 1 to 12.
    pub fn fiscal_year(start_month: u8) -> Result<Self> {
        Self::FiscalYear { start_month }.checked()
    }

    /// The same, with a fiscal year from January written as the calendar year that it is.
    pub(crate) fn checked(self) -> Result<Self> {
        match self {
            Self::FiscalYear { start_month: 1 } => Ok(Self::Year),
            Self::FiscalYear { start_month } if !(1..=12).contains(&start_month) => Err(Error::Argument {
                argument: "fiscal_year_start".into(),
                value: start_month.to_string(),
                must: "a month from 1 (January) to 12 (December)".into(),
            }),
            other => Ok(other),
        }
    }

    /// How many periods a year has.
    pub fn per_year(self) -> usize {
        match self {
            Self::Month => 12,
            Self::Quarter => 4,
            Self::Year | Self::FiscalYear { .. } => 1,
        }
    }

    /// The months of a period, as month numbers.
    pub fn months(self, period: i64) -> Range<i64> {
        let (first, count) = match self {
            Self::Month => (period, 1),
            Self::Quarter => (3 * period, 3),
            Self::Year => (12 * period, 12),
            Self::FiscalYear { start_month } => (12 * period + before(start_month), 12),
        };
        first..first + count
    }

    /// The period that holds a month.
    pub fn period_of_month(self, month: i64) -> i64 {
        match self {
            Self::Month => month,
            Self::Quarter => month.div_euclid(3),
            Self::Year => month.div_euclid(12),
            Self::FiscalYear { start_month } => (month - before(start_month)).div_euclid(12),
        }
    }

    /// The calendar year whose number the period carries: what a join on `year` goes by.
    pub fn year_of(self, period: i64) -> i64 {
        match self {
            Self::Year | Self::FiscalYear { .. } => period,
            _ => self.months(period).start.div_euclid(12),
        }
    }

    /// The period in writing.
    pub fn label(self, period: i64) -> String {
        match self {
            Self::Month => format!("{}-{:02}", period.div_euclid(12), period.rem_euclid(12) + 1),
            Self::Quarter => format!("{}Q{}", period.div_euclid(4), period.rem_euclid(4) + 1),
            Self::Year => period.to_string(),
            Self::FiscalYear { .. } => format!("FY{period}"),
        }
    }

    /// The singular noun.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::FiscalYear { .. } => "fiscal year",
        }
    }
}

/// Months from January of the year a fiscal year is named by to its first month.
fn before(start_month: u8) -> i64 {
    if start_month <= 1 { 0 } else { i64::from(start_month) - 13 }
}

/// `months`, `quarters`, `calendar years`, `fiscal years from October`.
impl Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Month => f.write_str("months"),
            Self::Quarter => f.write_str("quarters"),
            Self::Year => f.write_str("calendar years"),
            Self::FiscalYear { start_month } => {
                let month = ENGLISH.get(usize::from(start_month).wrapping_sub(1)).unwrap_or(&"?");
                write!(f, "fiscal years from {}{}", month[..1].to_uppercase(), &month[1..])
            }
        }
    }
}

/// From `month`, `quarter`, `year`, or `fiscal-` with the first month: `fiscal-10`, `fiscal-october`.
impl FromStr for Frequency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let lower = text.trim().to_lowercase();
        match lower.as_str() {
            "month" | "monthly" | "m" => return Ok(Self::Month),
            "quarter" | "quarterly" | "q" => return Ok(Self::Quarter),
            "year" | "yearly" | "annual" | "y" | "a" => return Ok(Self::Year),
            _ => {}
        }
        let start = lower.strip_prefix("fiscal-");
        let month = start.and_then(|s| s.parse().ok().or_else(|| month_of_name(s)));
        match month {
            Some(start_month) => Self::fiscal_year(start_month),
            None => Err(Error::Argument {
                argument: "frequency".into(),
                value: format!("`{text}`"),
                must: "`month`, `quarter`, `year`, or `fiscal-` and the first month (`fiscal-10`)".into(),
            }),
        }
    }
}

pub(super) const ENGLISH: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const SPANISH: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// The number of a month in English or Spanish, whole or cut to three letters or more.
pub(super) fn month_of_name(name: &str) -> Option<u8> {
    let name = name.trim_end_matches('.').to_lowercase();
    if name.chars().count() < 3 {
        return None;
    }
    let month = |names: &[&str; 12]| names.iter().position(|full| full.starts_with(&name));
    let found = month(&ENGLISH).or_else(|| month(&SPANISH));
    found.or((name == "setiembre").then_some(8)).map(|m| m as u8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_lies_in_the_period_that_claims_it() {
        let starts = (1..=12).map(|start_month| Frequency::FiscalYear { start_month });
        for frequency in starts.chain([Frequency::Month, Frequency::Quarter, Frequency::Year]) {
            for month in -30..30 {
                assert!(
                    frequency.months(frequency.period_of_month(month)).contains(&month),
                    "{frequency} {month}"
                );
            }
        }
    }

    #[test]
    fn fiscal_years_are_named_by_the_year_they_end_in() {
        let october_2018 = 12 * 2018 + 9;
        assert_eq!(Frequency::FiscalYear { start_month: 10 }.period_of_month(october_2018), 2019);
        assert_eq!(Frequency::FiscalYear { start_month: 7 }.period_of_month(october_2018), 2019);
        assert_eq!(Frequency::FiscalYear { start_month: 11 }.period_of_month(october_2018), 2018);
        assert_eq!(Frequency::fiscal_year(1), Ok(Frequency::Year));
        assert!(Frequency::fiscal_year(13).is_err());
    }

    #[test]
    fn frequencies_are_read_and_printed() {
        assert_eq!("fiscal-oct".parse(), Ok(Frequency::FiscalYear { start_month: 10 }));
        assert_eq!("fiscal-7".parse(), Ok(Frequency::FiscalYear { start_month: 7 }));
        assert_eq!("Monthly".parse(), Ok(Frequency::Month));
        assert!("fortnight".parse::<Frequency>().is_err());
        assert_eq!(Frequency::FiscalYear { start_month: 10 }.to_string(), "fiscal years from October");
    }

    #[test]
    fn months_are_known_in_english_and_spanish() {
        for (name, month) in
            [("Jan", 1), ("ene.", 1), ("AGOSTO", 8), ("dic", 12), ("Sept", 9), ("setiembre", 9)]
        {
            assert_eq!(month_of_name(name), Some(month), "{name}");
        }
        assert_eq!(month_of_name("ma"), None);
        assert_eq!(month_of_name("maybe"), None);
    }
}
