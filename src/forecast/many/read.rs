//! A long frame as series.

use std::collections::BTreeMap;

use crate::data::Frame;
use crate::data::calendar::{Frequency, ordinals, periods};
use crate::error::{Error, Result};

/// Periods that one series may span for every row that the frame has.
const SPARSE: i64 = 1000;

/// Which column is what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The series.
    pub id: String,
    /// The period.
    pub time: String,
    /// The value.
    pub y: String,
    /// The period in which a value was published, where a frame holds vintages.
    pub as_of: Option<String>,
}

impl Default for Columns {
    fn default() -> Self {
        Self { id: "unique_id".into(), time: "ds".into(), y: "y".into(), as_of: None }
    }
}

/// A value and when it was published.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Vintage {
    published: i64,
    period: usize,
    value: f64,
}

/// One series of a frame, from its first to its last known value.
#[derive(Debug, Clone, PartialEq)]
pub struct OneSeries {
    /// Its name.
    pub name: String,
    /// The number of its first period.
    pub first: i64,
    /// Its values as they are known last, NaN where there is none.
    pub y: Vec<f64>,
    rows: Vec<Option<usize>>,
    /// In order of publication.
    vintages: Vec<Vintage>,
}

impl OneSeries {
    /// The first `n` periods as they were known in the last of them.
    pub fn known(&self, n: usize) -> Vec<f64> {
        if self.vintages.is_empty() {
            return self.y[..n].to_vec();
        }
        let mut known = vec![f64::NAN; n];
        let cutoff = self.first + n as i64 - 1;
        let told = self.vintages.iter().take_while(|v| v.published <= cutoff);
        told.filter(|v| v.period < n).for_each(|v| known[v.period] = v.value);
        known
    }

    /// Whether all its values are whole and not below zero.
    pub fn is_count(&self) -> bool {
        self.y.iter().all(|v| v.is_nan() || (v.fract() == 0.0 && *v >= 0.0))
    }

    /// The error with the row of the frame in place of the period's number.
    pub(super) fn with_row(&self, error: Error) -> Error {
        let row_at = |t: usize| self.rows.get(t).copied().flatten().unwrap_or(t);
        match error {
            Error::Domain { what, row, value, must } => Error::Domain { what, row: row_at(row), value, must },
            Error::Missing { what, count, first } => Error::Missing { what, count, first: row_at(first) },
            other => other,
        }
    }
}

/// The series of a frame, in order of name.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesSet {
    /// The series.
    pub series: Vec<OneSeries>,
    /// The calendar of the periods; none where they are days or plain whole numbers.
    pub frequency: Option<Frequency>,
}

impl SeriesSet {
    /// Reads a long frame. Rows may come in any order; periods that are not there are missing values. Without a
    /// frequency the time column is read as it looks: years, quarters, months, days, or whole numbers.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::Missing`] for rows without a series, period or publication;
    /// [`Error::Domain`] for periods that cannot be read, values that are infinite, and series with far more gaps than
    /// values; [`Error::Duplicates`] for a period that a series has twice; [`Error::TooShort`] for an empty frame.
    pub fn read(frame: &Frame, columns: &Columns, frequency: Option<Frequency>) -> Result<Self> {
        let ids = frame.factor(&columns.id)?;
        let y = frame.number(&columns.y)?;
        if y.is_empty() {
            return Err(Error::TooShort { what: columns.y.clone(), needed: 1, found: 0 });
        }
        let codes = ids.codes();
        let unknown: Vec<usize> =
            (0..y.len()).filter(|&row| codes[row] as usize >= ids.labels().len()).collect();
        missing(&columns.id, &unknown)?;
        let infinite = y.iter().position(|v| v.is_infinite());
        if let Some(row) = infinite {
            let (what, value) = (columns.y.clone(), y[row].to_string());
            return Err(Error::Domain { what, row, value, must: "finite, or missing".into() });
        }
        let column = frame.column(&columns.time)?;
        let mut read = periods(&columns.time, column, frequency).map(|(f, times)| (Some(f), times));
        let twice = |times: &[Option<i64>], published: &[Option<i64>]| {
            let mut seen = BTreeMap::new();
            (0..y.len()).find_map(|row| {
                let published = published.get(row).copied().flatten();
                let before = seen.insert((codes[row], times[row], published), row)?;
                Some((before, row))
            })
        };
        let publications = |frequency: Option<Frequency>| match &columns.as_of {
            None => Ok(Vec::new()),
            Some(name) => match frequency {
                Some(frequency) => Ok(periods(name, frame.column(name)?, Some(frequency))?.1),
                None => ordinals(name, frame.column(name)?),
            },
        };
        let finer = match &read {
            Ok((f, times)) => columns.as_of.is_none() && twice(times, &publications(*f)?).is_some(),
            Err(_) => true,
        };
        if frequency.is_none() && finer {
            // Days, or numbers that are no years; where that fails too, the first reading says why.
            if let Ok(times) = ordinals(&columns.time, column) {
                read = Ok((None, times));
            }
        }
        let (frequency, times) = read?;
        let absent =
            |values: &[Option<i64>]| (0..values.len()).filter(|&r| values[r].is_none()).collect::<Vec<_>>();
        missing(&columns.time, &absent(&times))?;
        let published = publications(frequency)?;
        missing(columns.as_of.as_deref().unwrap_or_default(), &absent(&published))?;
        let label = |period: i64| frequency.map_or_else(|| period.to_string(), |f| f.label(period));
        if let Some((first, second)) = twice(&times, &published) {
            return Err(Error::Duplicates {
                count: 1,
                unit: ids.labels()[codes[first] as usize].clone(),
                time: label(times[first].unwrap_or_default()),
                first,
                second,
            });
        }
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); ids.labels().len()];
        (0..y.len()).for_each(|row| rows[codes[row] as usize].push(row));
        let named = ids.labels().iter().zip(rows).filter(|(_, rows)| !rows.is_empty());
        let one = |(name, rows): (&String, Vec<usize>)| {
            series(name, &rows, y, &times, &published, &columns.time, &label)
        };
        Ok(Self { series: named.map(one).collect::<Result<_>>()?, frequency })
    }

    /// A period in writing.
    pub fn label(&self, period: i64) -> String {
        self.frequency.map_or_else(|| period.to_string(), |f| f.label(period))
    }

    /// Periods of a year of the calendar, 1 where there is none.
    pub fn season(&self) -> usize {
        self.frequency.map_or(1, Frequency::per_year)
    }
}

fn missing(what: &str, rows: &[usize]) -> Result<()> {
    match rows.first() {
        None => Ok(()),
        Some(&first) => Err(Error::Missing { what: what.into(), count: rows.len(), first }),
    }
}

fn series(
    name: &str,
    rows: &[usize],
    y: &[f64],
    times: &[Option<i64>],
    published: &[Option<i64>],
    what: &str,
    label: &dyn Fn(i64) -> String,
) -> Result<OneSeries> {
    let time = |row: usize| times[row].unwrap_or_default();
    let known: Vec<usize> = rows.iter().copied().filter(|&r| !y[r].is_nan()).collect();
    let first = known.iter().map(|&r| time(r)).min();
    let last = known.iter().copied().max_by_key(|&r| time(r));
    let (Some(first), Some(end)) = (first, last) else {
        return Ok(OneSeries {
            name: name.into(),
            first: 0,
            y: Vec::new(),
            rows: Vec::new(),
            vintages: Vec::new(),
        });
    };
    let span = time(end).saturating_sub(first).saturating_add(1);
    if span > SPARSE * rows.len() as i64 {
        return Err(Error::Domain {
            what: what.into(),
            row: end,
            value: format!("{} of {name}, which starts in {}", label(time(end)), label(first)),
            must: format!("within {SPARSE} periods a row: is it of another frequency?"),
        });
    }
    let mut made = OneSeries {
        name: name.into(),
        first,
        y: vec![f64::NAN; span as usize],
        rows: vec![None; span as usize],
        vintages: Vec::new(),
    };
    let mut order: Vec<usize> =
        rows.iter().copied().filter(|&r| (first..=time(end)).contains(&time(r))).collect();
    order.sort_by_key(|&row| published.get(row).copied().flatten());
    for row in order {
        let period = (time(row) - first) as usize;
        made.y[period] = y[row];
        made.rows[period] = Some(row);
        if let Some(Some(published)) = published.get(row) {
            made.vintages.push(Vintage { published: *published, period, value: y[row] });
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(rows: &[(&str, &str, f64)]) -> Frame {
        let ids: Vec<Option<&str>> = rows.iter().map(|r| Some(r.0)).collect();
        let times: Vec<Option<&str>> = rows.iter().map(|r| Some(r.1)).collect();
        let made = Frame::new().with_text("unique_id", &ids).and_then(|f| f.with_text("ds", &times));
        made.and_then(|f| f.with_number("y", rows.iter().map(|r| r.2).collect())).expect("a frame")
    }

    #[test]
    fn rows_come_in_any_order_and_gaps_are_missing() {
        let rows =
            [("b", "2020-03", 3.0), ("a", "2020-01", 1.0), ("b", "2020-01", 1.0), ("b", "2020-04", f64::NAN)];
        let set = SeriesSet::read(&frame(&rows), &Columns::default(), None).expect("series");
        assert_eq!(set.frequency, Some(Frequency::Month));
        assert_eq!(set.series.len(), 2);
        assert_eq!(set.label(set.series[1].first), "2020-01");
        // Nothing after the last known value.
        assert!(set.series[1].y.len() == 3 && set.series[1].y[1].is_nan() && set.series[1].y[2] == 3.0);
        let error = set.series[1].with_row(Error::Domain {
            what: "y".into(),
            row: 2,
            value: "3".into(),
            must: "less".into(),
        });
        assert!(error.to_string().contains("row 0"), "{error}");
    }

    #[test]
    fn days_and_plain_numbers_are_read_too() {
        let days = [("a", "2020-01-05", 1.0), ("a", "2020-01-12", 2.0), ("a", "2020-01-26", 3.0)];
        let set = SeriesSet::read(&frame(&days), &Columns::default(), None).expect("weeks");
        assert_eq!((set.frequency, set.series[0].y.len()), (None, 4));
        let numbers = Frame::new()
            .with_text("unique_id", &[Some("a"); 3])
            .and_then(|f| f.with_number("ds", vec![1.0, 2.0, 4.0]))
            .and_then(|f| f.with_number("y", vec![1.0, 2.0, 3.0]))
            .expect("a frame");
        let set = SeriesSet::read(&numbers, &Columns::default(), None).expect("numbers");
        assert_eq!((set.series[0].first, set.series[0].y.len()), (1, 4));
    }

    #[test]
    fn an_origin_knows_what_was_known_then() {
        let rows = [
            ("a", "2020-01", 10.0),
            ("a", "2020-02", 8.0),
            ("a", "2020-02", 12.0),
            ("a", "2020-03", 13.0),
            ("a", "2020-01", 11.0),
        ];
        let published = ["2020-02", "2020-02", "2020-03", "2020-04", "2020-03"].map(Some);
        let columns = Columns { as_of: Some("as_of".into()), ..Columns::default() };
        let frame = frame(&rows).with_text("as_of", &published).expect("a frame");
        let set = SeriesSet::read(&frame, &columns, None).expect("series");
        let one = &set.series[0];
        assert_eq!(one.y, [11.0, 12.0, 13.0]);
        assert_eq!(one.known(2), [10.0, 8.0]);
        let third = one.known(3);
        assert!(third[..2] == [11.0, 12.0] && third[2].is_nan());
        assert!(one.known(1)[0].is_nan());
    }

    #[test]
    fn what_cannot_be_series_is_named() {
        let twice = [("a", "2020", 1.0), ("b", "2020", 1.0), ("a", "2020", 2.0)];
        let error =
            SeriesSet::read(&frame(&twice), &Columns::default(), Some(Frequency::Year)).expect_err("twice");
        assert!(matches!(error, Error::Duplicates { first: 0, second: 2, .. }), "{error}");
        let odd = [("a", "2020", 1.0), ("a", "soon", 1.0)];
        let error = SeriesSet::read(&frame(&odd), &Columns::default(), None).expect_err("soon");
        assert!(error.to_string().contains("soon"), "{error}");
        let infinite = [("a", "2020", f64::INFINITY)];
        assert!(SeriesSet::read(&frame(&infinite), &Columns::default(), None).is_err());
        let columns = Columns { y: "z".into(), ..Columns::default() };
        assert!(matches!(SeriesSet::read(&frame(&twice), &columns, None), Err(Error::UnknownColumn { .. })));
        let far = [("a", "0001-01", 1.0), ("a", "9999-01", 1.0)];
        let error =
            SeriesSet::read(&frame(&far), &Columns::default(), Some(Frequency::Month)).expect_err("far");
        assert!(error.to_string().contains("another frequency"), "{error}");
        let nothing = [("a", "2020", f64::NAN)];
        let set = SeriesSet::read(&frame(&nothing), &Columns::default(), None).expect("one");
        assert!(set.series[0].y.is_empty());
    }
}
