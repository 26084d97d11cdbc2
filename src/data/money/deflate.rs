//! From the prices of the day to those of a base year, by the US consumer price index.

use std::ops::Range;

use crate::data::calendar::Frequency;
use crate::data::money::monthly::MonthlyIndex;
use crate::error::{Error, Result};

/// The US consumer price index for all urban consumers, all items, by month: BLS series CUUR0000SA0, 1982-84 = 100.
///
/// ```
/// use averted::data::{calendar::Frequency, cpi_u};
/// let year = cpi_u().mean(Frequency::Year.months(2020)).value.unwrap();
/// assert!((year - 258.811).abs() < 0.001); // the annual average that BLS publishes
/// ```
pub fn cpi_u() -> MonthlyIndex {
    MonthlyIndex::read("CPI-U", include_str!("cpi_u.csv"))
}

/// The mean index of a calendar year that prices are to be of, and a note where a month is missing.
///
/// # Errors
/// [`Error::Argument`] for a year without an index.
pub(super) fn base(index: &MonthlyIndex, argument: &str, year: i32) -> Result<(f64, Option<String>)> {
    let mean = index.mean(Frequency::Year.months(i64::from(year)));
    let value = mean.value.ok_or_else(|| {
        let (first, last) = index.span();
        Error::Argument {
            argument: argument.into(),
            value: year.to_string(),
            must: format!("a year that {} covers ({first} to {last})", index.name()),
        }
    })?;
    let note = (mean.found < mean.months).then(|| {
        format!(
            "prices of {year} are the mean of {} of {} months of {}",
            mean.found,
            mean.months,
            index.name()
        )
    });
    Ok((value, note))
}

/// What one unit of money of these months is worth at the base's prices; `None` without an index.
pub(super) fn factor(index: &MonthlyIndex, base: f64, months: Range<i64>) -> Option<f64> {
    index.mean(months).value.map(|own| base / own)
}
