//! Periods out of text and numbers.

use jiff::civil::Date;

use crate::data::calendar::Frequency;
use crate::data::calendar::frequency::month_of_name;
use crate::data::factor::MISSING;
use crate::data::frame::Column;
use crate::error::{Error, Result};

/// What a cell of a time column says, as exactly as it says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    Year(i64),
    FiscalYear(i64),
    Quarter(i64, u8),
    Month(i64, u8),
    Day(Date),
}

/// The frequency of a time column, and the period of every row.
///
/// A given frequency may be coarser than the cells (dates read as months); an inferred one is what all cells say, and
/// dates are years, quarters or months by the months that occur.
///
/// # Errors
/// [`Error::Domain`] naming the first row that is no period, or not of the column's frequency; [`Error::Argument`]
/// for fiscal years whose first month is not given.
pub(crate) fn periods(
    name: &str,
    column: &Column,
    given: Option<Frequency>,
) -> Result<(Frequency, Vec<Option<i64>>)> {
    match column {
        Column::Number(values) => {
            let stamps: Vec<_> = values.iter().map(|v| (!v.is_nan()).then(|| stamp_of_number(*v))).collect();
            let write = |row: usize| format!("{}", values[row]);
            periods_of(name, &stamps, given, write, |row| row)
        }
        Column::Factor(factor) => {
            let stamps: Vec<_> = factor.labels().iter().map(|l| Some(stamp_of_text(l))).collect();
            let row_of = |code: usize| factor.codes().iter().position(|&c| c as usize == code).unwrap_or(0);
            let write = |code: usize| format!("`{}`", factor.labels()[code]);
            let (frequency, period) = periods_of(name, &stamps, given, write, row_of)?;
            let of_row = |&code: &u32| if code == MISSING { None } else { period[code as usize] };
            Ok((frequency, factor.codes().iter().map(of_row).collect()))
        }
    }
}

/// The time of every row as a whole number, so that a difference is a distance: periods as [`periods`] has them; days,
/// in units of their greatest common step, where several dates lie in one period; and whole numbers that are no periods
/// as they are.
///
/// # Errors
/// As [`periods`].
pub(crate) fn ordinals(name: &str, column: &Column) -> Result<Vec<Option<i64>>> {
    let periods = periods(name, column, None);
    let (stamps, code): (Vec<Option<Stamp>>, Option<&[u32]>) = match column {
        Column::Number(values) => {
            let whole = |v: &f64| v.is_nan() || (v.fract() == 0.0 && v.abs() < 1e15);
            if periods.is_err() && values.iter().all(whole) {
                return Ok(values.iter().map(|v| (!v.is_nan()).then_some(*v as i64)).collect());
            }
            (values.iter().map(|v| stamp_of_number(*v)).collect(), None)
        }
        Column::Factor(factor) => {
            (factor.labels().iter().map(|l| stamp_of_text(l)).collect(), Some(factor.codes()))
        }
    };
    let (_, periods) = periods?;
    let epoch = Date::constant(1970, 1, 1);
    let day = |stamp: &Option<Stamp>| match stamp {
        Some(Stamp::Day(date)) => Some(i64::from((*date - epoch).get_days())),
        _ => None,
    };
    let days: Vec<Option<i64>> = match code {
        None => stamps.iter().map(day).collect(),
        Some(codes) => {
            let of_label: Vec<_> = stamps.iter().map(day).collect();
            codes.iter().map(|&c| if c == MISSING { None } else { of_label[c as usize] }).collect()
        }
    };
    let distinct = |values: &[Option<i64>]| {
        let mut known: Vec<i64> = values.iter().flatten().copied().collect();
        known.sort_unstable();
        known.dedup();
        known
    };
    let known = distinct(&days);
    let all_days = days.iter().zip(&periods).all(|(day, period)| day.is_some() == period.is_some());
    if !all_days || known.len() <= distinct(&periods).len() {
        return Ok(periods);
    }
    let step = known.windows(2).map(|w| w[1] - w[0]).fold(0, common_divisor).max(1);
    Ok(days.into_iter().map(|day| day.map(|day| (day - known[0]) / step)).collect())
}

fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// The same for cells already read; the outer `None` is a missing cell, the inner one that cannot be read.
#[allow(clippy::option_option)]
fn periods_of(
    name: &str,
    stamps: &[Option<Option<Stamp>>],
    given: Option<Frequency>,
    write: impl Fn(usize) -> String,
    row_of: impl Fn(usize) -> usize,
) -> Result<(Frequency, Vec<Option<i64>>)> {
    let refuse =
        |i: usize, must: String| Error::Domain { what: name.into(), row: row_of(i), value: write(i), must };
    let mut known = Vec::with_capacity(stamps.len());
    for (i, stamp) in stamps.iter().enumerate() {
        match stamp {
            Some(None) => {
                let must = "a period: 2019, FY2019, 2019Q1, 2019-03, Mar 2019 or 2019-03-01";
                return Err(refuse(i, must.into()));
            }
            Some(Some(stamp)) => known.push((i, *stamp)),
            None => {}
        }
    }
    let frequency = match given {
        Some(frequency) => frequency.checked()?,
        None => {
            let Some(&(_, first)) = known.first() else {
                return Ok((Frequency::Year, vec![None; stamps.len()]));
            };
            if let Some((i, _)) = known.iter().find(|(_, stamp)| stamp.noun() != first.noun()) {
                return Err(refuse(*i, format!("a {} like the others, or give the frequency", first.noun())));
            }
            inferred(name, &known)?
        }
    };
    let mut periods = vec![None; stamps.len()];
    for (i, stamp) in known {
        let period = stamp.period(frequency);
        let must = || format!("a {}, the frequency asked for", frequency.noun());
        periods[i] = Some(period.ok_or_else(|| refuse(i, must()))?);
    }
    Ok((frequency, periods))
}

/// The frequency of cells of one kind.
fn inferred(name: &str, known: &[(usize, Stamp)]) -> Result<Frequency> {
    Ok(match known[0].1 {
        Stamp::Year(_) => Frequency::Year,
        Stamp::Quarter(..) => Frequency::Quarter,
        Stamp::FiscalYear(_) => {
            return Err(Error::Argument {
                argument: "frequency".into(),
                value: "not given".into(),
                must: format!("`fiscal-` and the first month, because `{name}` holds fiscal years"),
            });
        }
        Stamp::Month(..) | Stamp::Day(_) => {
            let mut seen = [false; 12];
            let mut all_days = true;
            let mut dates = Vec::with_capacity(known.len());
            for (_, stamp) in known {
                match stamp {
                    Stamp::Day(date) => {
                        seen[date.month() as usize - 1] = true;
                        dates.push(*date);
                    }
                    _ => all_days = false,
                }
            }
            let only = |months: &[usize]| (0..12).all(|m| !seen[m] || months.contains(&(m + 1)));
            let distinct = seen.iter().filter(|s| **s).count();
            let several = dates.iter().any(|d| *d != dates[0]);
            let at_an_end = dates.first().is_some_and(|d| matches!((d.month(), d.day()), (1, 1) | (12, 31)));
            // Dates stand for years when they never leave one month, for quarters when they keep to four.
            if all_days && distinct == 1 && (several || at_an_end) {
                Frequency::Year
            } else if all_days && distinct > 1 && (only(&[1, 4, 7, 10]) || only(&[3, 6, 9, 12])) {
                Frequency::Quarter
            } else {
                Frequency::Month
            }
        }
    })
}

impl Stamp {
    /// What it is in words; dates and months may stand in one column.
    fn noun(self) -> &'static str {
        match self {
            Self::Year(_) => "year",
            Self::FiscalYear(_) => "fiscal year",
            Self::Quarter(..) => "quarter",
            Self::Month(..) | Self::Day(_) => "month",
        }
    }

    /// The period that holds it, if it is no longer than the period.
    fn period(self, frequency: Frequency) -> Option<i64> {
        let (from, holds) = match self {
            Self::Year(year) => (Frequency::Year, year),
            Self::FiscalYear(year) => {
                return matches!(frequency, Frequency::FiscalYear { .. }).then_some(year);
            }
            Self::Quarter(year, quarter) => (Frequency::Quarter, 4 * year + i64::from(quarter) - 1),
            Self::Month(year, month) => (Frequency::Month, 12 * year + i64::from(month) - 1),
            Self::Day(date) => (Frequency::Month, 12 * i64::from(date.year()) + i64::from(date.month()) - 1),
        };
        // A bare year in a column of fiscal years is the fiscal year of that name.
        if let (Self::Year(year), Frequency::FiscalYear { .. }) = (self, frequency) {
            return Some(year);
        }
        let months = from.months(holds);
        let period = frequency.period_of_month(months.start);
        frequency.months(period).contains(&(months.end - 1)).then_some(period)
    }
}

/// Whole numbers: years of up to four digits, `201903`, `20190301`. A fifth digit is a spreadsheet's day count.
fn stamp_of_number(value: f64) -> Option<Stamp> {
    if value.fract() != 0.0 || value.abs() > 1e8 {
        return None;
    }
    let whole = value as i64;
    match whole {
        -9999..=9999 => Some(Stamp::Year(whole)),
        100_001..=999_912 => month(whole / 100, whole % 100),
        10_000_101..=99_991_231 => day(whole / 10_000, whole / 100 % 100, whole % 100),
        _ => None,
    }
}

fn stamp_of_text(text: &str) -> Option<Stamp> {
    let text = text.trim();
    if let Ok(value) = text.parse::<f64>() {
        return stamp_of_number(value);
    }
    let lower = text.to_lowercase();
    if let Some(rest) = lower.strip_prefix("fy") {
        return year(rest.trim_start_matches([' ', '-'])).map(Stamp::FiscalYear);
    }
    // The clock of a time stamp tells nothing about the period.
    let lower = match lower.find(['t', ' ']) {
        Some(at) if lower[at + 1..].contains(':') => &lower[..at],
        _ => lower.as_str(),
    };
    let mut parts = pieces(lower);
    parts.retain(|p| *p != "de" && *p != "del");
    match parts[..] {
        [a, b] => match (year(a), year(b)) {
            (Some(y), None) => quarter_or_month(y, b),
            (None, Some(y)) => quarter_or_month(y, a),
            _ => None,
        },
        // 2019Q1 and 2019M03, and the same turned about.
        [y, letter @ ("q" | "t" | "m"), n] | [letter @ ("q" | "t" | "m"), n, y] if year(y).is_some() => {
            let (y, n) = (year(y)?, n.parse().ok()?);
            if letter == "m" { month(y, n) } else { quarter(y, n) }
        }
        [y, m, d] => day(year(y)?, m.parse().ok()?, d.parse().ok()?),
        _ => None,
    }
}

/// Runs of digits and runs of letters; the marks between them are dropped.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    for word in text.split([' ', '-', '/', ',', '.', '_']).filter(|w| !w.is_empty()) {
        let mut start = 0;
        for (at, pair) in word.as_bytes().windows(2).enumerate() {
            if pair[0].is_ascii_digit() != pair[1].is_ascii_digit() && word.is_char_boundary(at + 1) {
                pieces.push(&word[start..=at]);
                start = at + 1;
            }
        }
        pieces.push(&word[start..]);
    }
    pieces
}

/// Four digits: two-digit years are not guessed.
fn year(text: &str) -> Option<i64> {
    (text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn quarter_or_month(year: i64, text: &str) -> Option<Stamp> {
    match text.parse() {
        Ok(number) => month(year, number),
        Err(_) => month_of_name(text).map(|m| Stamp::Month(year, m)),
    }
}

fn quarter(year: i64, quarter: i64) -> Option<Stamp> {
    (1..=4).contains(&quarter).then_some(Stamp::Quarter(year, quarter as u8))
}

fn month(year: i64, month: i64) -> Option<Stamp> {
    (1..=12).contains(&month).then_some(Stamp::Month(year, month as u8))
}

fn day(year: i64, month: i64, day: i64) -> Option<Stamp> {
    let (year, month, day) = (i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    Date::new(year, month, day).ok().map(Stamp::Day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_as_people_write_them() {
        let march = Some(Stamp::Month(2019, 3));
        for text in
            ["2019-03", "2019/03", "2019m3", "2019M03", "Mar 2019", "March, 2019", "mar.-2019", "03/2019"]
        {
            assert_eq!(stamp_of_text(text), march, "{text}");
        }
        for text in ["marzo de 2019", "2019 marzo", "201903", "201903.0", " Mar., 2019 "] {
            assert_eq!(stamp_of_text(text), march, "{text}");
        }
        for text in ["2019Q1", "2019-Q1", "Q1 2019", "q1-2019", "2019T1"] {
            assert_eq!(stamp_of_text(text), Some(Stamp::Quarter(2019, 1)), "{text}");
        }
        for text in ["2019-03-01", "2019-03-01T00:00:00", "2019-03-01 00:00:00", "20190301", "2019/3/1"] {
            assert_eq!(stamp_of_text(text), day(2019, 3, 1), "{text}");
        }
        assert_eq!(stamp_of_text("2019.0"), Some(Stamp::Year(2019)));
        for text in ["FY2019", "fy 2019", "FY-2019"] {
            assert_eq!(stamp_of_text(text), Some(Stamp::FiscalYear(2019)), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_not_guessed() {
        let doubtful =
            ["", "soon", "2019-13", "03/01/2019", "2019.5", "FY19", "1976tq", "2018-19", "43466", "inf"];
        for text in doubtful.into_iter().chain(["2019-02-30", "2019Q5", "é", "Mär 2019", "2019–03", "nan"])
        {
            assert_eq!(stamp_of_text(text), None, "{text}");
        }
    }

    fn frequency_of(labels: &[&str]) -> Frequency {
        let column =
            Column::Factor(crate::data::Factor::from_text(&labels.iter().map(Some).collect::<Vec<_>>()));
        periods("t", &column, None).expect("one frequency").0
    }

    #[test]
    fn dates_are_years_quarters_or_months_by_the_months_that_occur() {
        assert_eq!(frequency_of(&["2018-01-01", "2019-01-01"]), Frequency::Year);
        assert_eq!(frequency_of(&["2018-12-31"]), Frequency::Year);
        assert_eq!(frequency_of(&["2018-01-01", "2018-04-01", "2018-10-01"]), Frequency::Quarter);
        assert_eq!(frequency_of(&["2018-01-01", "2018-02-01"]), Frequency::Month);
        assert_eq!(frequency_of(&["2018-01", "2019-01"]), Frequency::Month);
    }

    #[test]
    fn a_given_frequency_may_be_coarser_but_not_finer() {
        let dates = Column::Factor(crate::data::Factor::from_text(&[Some("2018-11-05"), Some("2019-02-01")]));
        let federal = Frequency::FiscalYear { start_month: 10 };
        assert_eq!(
            periods("t", &dates, Some(federal)).expect("dates"),
            (federal, vec![Some(2019), Some(2019)])
        );
        let years = Column::Number(vec![2019.0]);
        assert!(periods("t", &years, Some(Frequency::Month)).is_err());
        let quarters = Column::Factor(crate::data::Factor::from_text(&[Some("2019Q4")]));
        assert_eq!(periods("t", &quarters, Some(federal)).expect("fits").1, [Some(2020)]);
        assert!(periods("t", &quarters, Some(Frequency::FiscalYear { start_month: 11 })).is_err());
    }

    #[test]
    fn mixed_columns_name_the_first_row_that_differs() {
        let column = Column::Number(vec![2018.0, 2019.0, 201_903.0]);
        let error = periods("year", &column, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`year`, row 2: 201903 must be a year like the others, or give the frequency"
        );
    }
}
