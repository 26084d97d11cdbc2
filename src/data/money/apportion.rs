//! From the periods of one calendar to those of another, through months of equal amounts.

use crate::data::calendar::Frequency;
use crate::data::index::TimeIndex;

/// Why a period has no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Gone {
    /// The period of the money has no row.
    NoRow,
    /// It has a row without an amount.
    Empty,
}

/// The share of each period of `from` that falls into the period `of` of `to`: `(period, months in common ÷ its months)`.
pub(super) fn shares(from: Frequency, to: Frequency, of: i64) -> Vec<(i64, f64)> {
    let mut shares: Vec<(i64, usize)> = Vec::new();
    for month in to.months(of) {
        let period = from.period_of_month(month);
        match shares.last_mut() {
            Some((last, months)) if *last == period => *months += 1,
            _ => shares.push((period, 1)),
        }
    }
    let length = |period| from.months(period).count() as f64;
    shares.into_iter().map(|(period, months)| (period, months as f64 / length(period))).collect()
}

/// Amounts by the periods of `from`, standing in rows of those numbers, shared out to the rows' periods of `to`;
/// NaN where a part is missing, with which one and why.
pub(super) fn apportion(
    amounts: &[f64],
    index: &TimeIndex,
    from: Frequency,
    to: Frequency,
) -> (Vec<f64>, Vec<Option<(i64, Gone)>>) {
    let mut shared = vec![f64::NAN; amounts.len()];
    let mut gone = vec![None; amounts.len()];
    for &row in index.order() {
        let row = row as usize;
        let Some(period) = index.time()[row] else { continue };
        let unit = index.unit().codes()[row];
        let mut sum = 0.0;
        for (source, share) in shares(from, to, period) {
            // The row itself holds most sources; only neighbours are looked up.
            let holder = if source == period { Some(row) } else { index.row(unit, source) };
            match holder.map(|holder| amounts[holder]) {
                Some(amount) if !amount.is_nan() => sum += amount * share,
                Some(_) => gone[row] = gone[row].or(Some((source, Gone::Empty))),
                None => gone[row] = gone[row].or(Some((source, Gone::NoRow))),
            }
        }
        if gone[row].is_none() {
            shared[row] = sum;
        }
    }
    (shared, gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_year_is_nine_months_of_one_federal_year_and_three_of_the_next() {
        let federal = Frequency::FiscalYear { start_month: 10 };
        assert_eq!(shares(federal, Frequency::Year, 2020), [(2020, 0.75), (2021, 0.25)]);
        assert_eq!(shares(Frequency::Year, federal, 2020), [(2019, 0.25), (2020, 0.75)]);
        let states = Frequency::FiscalYear { start_month: 7 };
        assert_eq!(shares(states, Frequency::Year, 2020), [(2020, 0.5), (2021, 0.5)]);
        assert_eq!(shares(federal, federal, 2020), [(2020, 1.0)]);
    }
}
