//! Counts that may be exact, hidden in an interval, or missing: three different things.
//!
//! CDC WONDER writes `Suppressed` for sub-national counts from 0 to 9; other sources write `<5` or `1-9`. Such a cell
//! is neither 0 nor missing, and reading it as either moves every estimate.

use crate::data::factor::MISSING;
use crate::data::frame::{Column, Frame};
use crate::error::{Error, Result};

/// One cell of a column of counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Count {
    /// This many.
    Exact(f64),
    /// From `lo` to `hi`, both included: a suppressed cell.
    Interval {
        /// The least it can be.
        lo: f64,
        /// The most it can be.
        hi: f64,
    },
    /// Not known at all.
    Missing,
}

impl Count {
    /// The number, if it is known exactly.
    pub fn exact(self) -> Option<f64> {
        match self {
            Self::Exact(count) => Some(count),
            _ => None,
        }
    }
}

/// How a column of counts is to be read.
///
/// ```
/// use averted::data::{Count, Events, Frame};
/// let frame = Frame::new().with_text("deaths", &[Some("12"), Some("Suppressed"), Some("<5"), None])?;
/// let counts = Events::new("deaths").read(&frame)?;
/// assert_eq!(counts[0], Count::Exact(12.0));
/// assert_eq!(counts[1], Count::Interval { lo: 0.0, hi: 9.0 });
/// assert_eq!(counts[2], Count::Interval { lo: 0.0, hi: 4.0 });
/// assert_eq!(counts[3], Count::Missing);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Events {
    column: String,
    suppressed: (f64, f64),
    blanks: bool,
    bounds: Option<(String, String)>,
    fractional: bool,
}

impl From<&str> for Events {
    fn from(column: &str) -> Self {
        Self::new(column)
    }
}

impl Events {
    /// The counts of this column; the word `Suppressed` stands for 0 to 9, as in CDC WONDER.
    pub fn new(column: impl Into<String>) -> Self {
        Self { column: column.into(), suppressed: (0.0, 9.0), blanks: false, bounds: None, fractional: false }
    }

    /// The word `Suppressed` stands for `lo` to `hi`.
    #[must_use]
    pub fn suppressed(mut self, lo: f64, hi: f64) -> Self {
        self.suppressed = (lo, hi);
        self
    }

    /// Blank cells are suppressed too, not missing.
    #[must_use]
    pub fn blanks_suppressed(mut self) -> Self {
        self.blanks = true;
        self
    }

    /// Where the count is blank and these two columns are not, they bound it.
    #[must_use]
    pub fn bounds(mut self, lo: impl Into<String>, hi: impl Into<String>) -> Self {
        self.bounds = Some((lo.into(), hi.into()));
        self
    }

    /// Fractions are wanted: interpolated, averaged or shared-out counts.
    #[must_use]
    pub fn fractional(mut self) -> Self {
        self.fractional = true;
        self
    }

    /// The column's name.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// The counts of a frame.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::Domain`] naming the first row that is negative, infinite, not whole (unless
    /// [`fractional`](Self::fractional)) or no count at all, and intervals turned about.
    pub fn read(&self, frame: &Frame) -> Result<Vec<Count>> {
        let (lo, hi) = self.suppressed;
        let hidden = self.interval("suppressed", 0, lo, hi)?;
        let blank = if self.blanks { hidden } else { Count::Missing };
        let exact = |row: usize, value: f64| match value.is_nan() {
            true => Ok(blank),
            false => self.number(&self.column, row, value).map(Count::Exact),
        };
        let mut counts = match frame.column(&self.column)? {
            Column::Number(values) => {
                values.iter().enumerate().map(|(row, &v)| exact(row, v)).collect::<Result<Vec<_>>>()?
            }
            Column::Factor(factor) => {
                let label = |text: &String| match marker(text) {
                    Marker::Blank => Some(blank),
                    Marker::Suppressed => Some(hidden),
                    Marker::Interval(lo, hi) => Some(Count::Interval { lo, hi }),
                    Marker::Number(value) => Some(Count::Exact(value)),
                    Marker::Other => None,
                };
                let read: Vec<Option<Count>> = factor.labels().iter().map(label).collect();
                let of_row = |(row, &code): (usize, &u32)| {
                    if code == MISSING {
                        return Ok(blank);
                    }
                    match read[code as usize] {
                        Some(Count::Exact(value)) => exact(row, value),
                        Some(Count::Interval { lo, hi }) => self.interval(&self.column, row, lo, hi),
                        Some(Count::Missing) => Ok(Count::Missing),
                        None => Err(Error::Domain {
                            what: self.column.clone(),
                            row,
                            value: format!("`{}`", factor.labels()[code as usize]),
                            must: "a count, blank, or a mark of suppression (`Suppressed`, `<10`, `1-9`)"
                                .into(),
                        }),
                    }
                };
                factor.codes().iter().enumerate().map(of_row).collect::<Result<Vec<_>>>()?
            }
        };
        if let Some((lo, hi)) = &self.bounds {
            let (lows, highs) = (frame.number(lo)?, frame.number(hi)?);
            let known = |row: &usize| !lows[*row].is_nan() && !highs[*row].is_nan();
            for row in (0..counts.len()).filter(known) {
                // A bound speaks only where the count itself is silent.
                if counts[row].exact().is_none() {
                    let low = self.number(lo, row, lows[row])?;
                    counts[row] = self.interval(hi, row, low, self.number(hi, row, highs[row])?)?;
                }
            }
        }
        Ok(counts)
    }

    /// A count that can be one.
    fn number(&self, column: &str, row: usize, value: f64) -> Result<f64> {
        let refuse = |must: &str| {
            Err(Error::Domain { what: column.into(), row, value: value.to_string(), must: must.into() })
        };
        if !value.is_finite() {
            refuse("finite")
        } else if value < 0.0 {
            refuse("a count, zero or more")
        } else if value.fract() != 0.0 && !self.fractional {
            refuse("a whole number, unless fractional events are allowed")
        } else {
            Ok(value)
        }
    }

    fn interval(&self, column: &str, row: usize, lo: f64, hi: f64) -> Result<Count> {
        let (lo, hi) = (self.number(column, row, lo)?, self.number(column, row, hi)?);
        if lo > hi {
            let must = format!("at least the lower bound, {lo}");
            return Err(Error::Domain { what: column.into(), row, value: hi.to_string(), must });
        }
        // An interval that holds one number is that number.
        Ok(if (hi - lo).abs() < f64::EPSILON { Count::Exact(lo) } else { Count::Interval { lo, hi } })
    }
}

/// What a text cell says.
enum Marker {
    Blank,
    Suppressed,
    Interval(f64, f64),
    Number(f64),
    Other,
}

/// `Unreliable` is no mark of suppression: it qualifies a rate, and in a column of counts it is a mistake.
fn marker(text: &str) -> Marker {
    let text = text.trim().to_lowercase();
    if let Some(value) = number(&text) {
        return Marker::Number(value);
    }
    match text.as_str() {
        "" | "na" | "n/a" | "nan" | "null" | "none" | "." | "missing" | "not available" => {
            return Marker::Blank;
        }
        "suppressed" | "suppressed constraint" | "(suppressed)" => return Marker::Suppressed,
        _ => {}
    }
    let below = |sign: &str| text.strip_prefix(sign).and_then(|rest| number(rest.trim()));
    // `<=` first: `<` is its beginning.
    if let Some(hi) = below("<=").or_else(|| below("≤")) {
        return Marker::Interval(0.0, hi);
    }
    if let Some(above) = below("<") {
        return Marker::Interval(0.0, above - 1.0);
    }
    match text.split_once(['-', '–']).map(|(lo, hi)| (number(lo.trim()), number(hi.trim()))) {
        Some((Some(lo), Some(hi))) => Marker::Interval(lo, hi),
        _ => Marker::Other,
    }
}

/// A number as tables write it: `1234`, `1,234`, `12.5`; commas only between groups of three digits.
fn number(text: &str) -> Option<f64> {
    if !text.contains(',') {
        let numeric = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e'));
        return if numeric { text.parse().ok() } else { None };
    }
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let grouped = (1..=3).contains(&first.len()) && groups.all(|g| g.len() == 3);
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if !grouped || !digits(&whole.replace(',', "")) || !digits(rest) {
        return None;
    }
    text.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(events: &Events, cells: &[Option<&str>]) -> Result<Vec<Count>> {
        events.read(&Frame::new().with_text("deaths", cells)?)
    }

    #[test]
    fn zero_missing_and_suppressed_are_three_things() {
        let cells =
            [Some("0"), None, Some("Suppressed"), Some("1-9"), Some("1,234"), Some("≤ 4"), Some("NA")];
        let counts = read(&"deaths".into(), &cells).expect("readable");
        let interval = |lo, hi| Count::Interval { lo, hi };
        let expected = [
            Count::Exact(0.0),
            Count::Missing,
            interval(0.0, 9.0),
            interval(1.0, 9.0),
            Count::Exact(1234.0),
            interval(0.0, 4.0),
            Count::Missing,
        ];
        assert_eq!(counts, expected);
        let blanks =
            read(&Events::new("deaths").suppressed(1.0, 4.0).blanks_suppressed(), &cells).expect("readable");
        assert_eq!(
            (blanks[1], blanks[2], blanks[6]),
            (interval(1.0, 4.0), interval(1.0, 4.0), interval(1.0, 4.0))
        );
    }

    #[test]
    fn what_is_no_count_is_named_with_its_row() {
        let cases =
            [("Unreliable", "`deaths`, row 1: `Unreliable` must be a count"), ("-3", "-3 must be a count")];
        for (cell, expected) in
            cases.into_iter().chain([("1.5", "1.5 must be a whole number"), ("9-1", "1 must be")])
        {
            let error = read(&"deaths".into(), &[Some("1"), Some(cell)]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(read(&"deaths".into(), &[Some("1,23")]).is_err());
        let infinite = Frame::new().with_number("deaths", vec![1.0, f64::INFINITY]).expect("one column");
        assert!(
            Events::new("deaths")
                .read(&infinite)
                .unwrap_err()
                .to_string()
                .contains("row 1: inf must be finite")
        );
        assert_eq!(read(&Events::new("deaths").fractional(), &[Some("1.5")]), Ok(vec![Count::Exact(1.5)]));
    }

    #[test]
    fn bounds_fill_only_what_is_not_exact() {
        let frame = Frame::new()
            .with_number("deaths", vec![12.0, f64::NAN, f64::NAN, f64::NAN])
            .and_then(|f| f.with_number("lo", vec![1.0, 1.0, f64::NAN, 3.0]))
            .and_then(|f| f.with_number("hi", vec![9.0, 9.0, 9.0, 3.0]))
            .expect("three columns");
        let counts = Events::new("deaths").bounds("lo", "hi").read(&frame).expect("readable");
        let expected =
            [Count::Exact(12.0), Count::Interval { lo: 1.0, hi: 9.0 }, Count::Missing, Count::Exact(3.0)];
        assert_eq!(counts, expected);
    }
}
