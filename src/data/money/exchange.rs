//! Between dollars and pesos, at the mean rate of the period.

use std::ops::Range;

use crate::data::money::kind::Currency;
use crate::data::money::monthly::MonthlyIndex;

/// Mexican pesos a US dollar, means of daily noon rates by month: Federal Reserve Board, release H.10.
///
/// ```
/// use averted::data::{calendar::Frequency, mxn_per_usd};
/// let rate = mxn_per_usd().mean(Frequency::Year.months(2019)).value.unwrap();
/// assert!((rate - 19.25).abs() < 0.01);
/// ```
pub fn mxn_per_usd() -> MonthlyIndex {
    MonthlyIndex::read("MXN/USD", include_str!("mxn_usd.csv"))
}

/// What one unit of `from` is in `to`, at the mean rate of these months; `None` without a rate.
pub(super) fn factor(rates: &MonthlyIndex, from: Currency, to: Currency, months: Range<i64>) -> Option<f64> {
    match (from, to) {
        (Currency::Usd, Currency::Mxn) => rates.mean(months).value,
        (Currency::Mxn, Currency::Usd) => rates.mean(months).value.map(|rate| 1.0 / rate),
        _ => Some(1.0),
    }
}
