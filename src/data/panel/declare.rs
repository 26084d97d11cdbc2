//! The panel itself: built step by step, each step checked.

use crate::data::calendar::{self, Frequency};
use crate::data::count::{Count, Events};
use crate::data::factor::MISSING;
use crate::data::frame::{Column, Frame};
use crate::data::index::TimeIndex;
use crate::data::money::Spending;
use crate::data::panel::gaps::{Gap, gaps};
use crate::data::source::Source;
use crate::error::{Error, Result};

/// Units by periods. Declare events, then population, then money; every step checks what it is given.
///
/// The rows keep the caller's order.
#[derive(Debug, Clone)]
pub struct Panel {
    pub(super) frame: Frame,
    pub(super) index: TimeIndex,
    pub(super) frequency: Frequency,
    pub(super) unit: String,
    pub(super) time: String,
    pub(super) events: Option<String>,
    pub(super) counts: Option<Vec<Count>>,
    pub(super) population: Option<String>,
    pub(super) spending: Vec<Spending>,
    pub(super) notes: Vec<String>,
}

impl Panel {
    /// From columns that name the unit and the period of every row; the frequency is read off the periods.
    ///
    /// # Errors
    /// [`Error::TooShort`] without rows; [`Error::UnknownColumn`]; [`Error::Missing`] where a row has no unit or
    /// period; [`Error::Domain`] for a period that cannot be read; [`Error::Duplicates`].
    pub fn new(frame: Frame, unit: &str, time: &str) -> Result<Self> {
        Self::build(frame, unit, time, None)
    }

    /// As [`Panel::new`], at a frequency that is given.
    ///
    /// # Errors
    /// As [`Panel::new`], and [`Error::Domain`] for a period that is longer than the frequency's.
    pub fn with_frequency(frame: Frame, unit: &str, time: &str, frequency: Frequency) -> Result<Self> {
        Self::build(frame, unit, time, Some(frequency))
    }

    fn build(mut frame: Frame, unit: &str, time: &str, given: Option<Frequency>) -> Result<Self> {
        let units = frame.factor(unit)?;
        frame.column(time)?;
        if frame.rows() == 0 {
            return Err(Error::TooShort { what: "the panel".into(), needed: 1, found: 0 });
        }
        none_missing(unit, units.codes().iter().map(|&c| c == MISSING))?;
        let (frequency, periods) = calendar::periods(time, frame.column(time)?, given)?;
        none_missing(time, periods.iter().map(Option::is_none))?;
        let mut notes = Vec::new();
        if let Some(written) = one_writing(frame.column(time)?, &periods, frequency) {
            frame = frame.with_column(time, written)?;
            notes.push(format!(
                "`{time}` wrote one period in several ways; now all as {}",
                example(frequency)
            ));
        }
        let index = TimeIndex::new(units, periods.clone()).map_err(|error| match error {
            // The index knows numbers only; the message should show the period as it is written.
            Error::Duplicates { count, unit, time: _, first, second } => {
                let time = frequency.label(periods[first].unwrap_or_default());
                Error::Duplicates { count, unit, time, first, second }
            }
            other => other,
        })?;
        let (unit, time) = (unit.to_owned(), time.to_owned());
        let (events, counts, population, spending) = (None, None, None, Vec::new());
        Ok(Self { frame, index, frequency, unit, time, events, counts, population, spending, notes })
    }

    /// With a column of counts. In [`frame`](Self::frame) suppressed cells are NaN; [`counts`](Self::counts) has
    /// their intervals.
    ///
    /// # Errors
    /// Those of [`Events::read`].
    pub fn events(mut self, events: impl Into<Events>) -> Result<Self> {
        let events = events.into();
        let counts = events.read(&self.frame)?;
        let numbers = counts.iter().map(|c| c.exact().unwrap_or(f64::NAN)).collect();
        self.frame = self.frame.with_number(events.column(), numbers)?;
        self.events = Some(events.column().to_owned());
        self.counts = Some(counts);
        Ok(self)
    }

    /// With a column of people at risk.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::ColumnKind`]; [`Error::Domain`] naming the first row that is not positive
    /// and finite (missing is allowed).
    pub fn population(mut self, column: &str) -> Result<Self> {
        let people = self.frame.number(column)?;
        if let Some(row) = people.iter().position(|p| *p <= 0.0 || p.is_infinite()) {
            return Err(Error::Domain {
                what: column.into(),
                row,
                value: people[row].to_string(),
                must: "a population above zero, or missing".into(),
            });
        }
        self.population = Some(column.to_owned());
        Ok(self)
    }

    /// The columns: the caller's, with events as numbers.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Unit and period of every row.
    pub fn index(&self) -> &TimeIndex {
        &self.index
    }

    /// The length of a period.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// The column of units.
    pub fn unit_name(&self) -> &str {
        &self.unit
    }

    /// The column of periods.
    pub fn time_name(&self) -> &str {
        &self.time
    }

    /// The column of events.
    pub fn events_name(&self) -> Option<&str> {
        self.events.as_deref()
    }

    /// The column of population.
    pub fn population_name(&self) -> Option<&str> {
        self.population.as_deref()
    }

    /// Every row's count of events.
    pub fn counts(&self) -> Option<&[Count]> {
        self.counts.as_deref()
    }

    /// True things about how the data were read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// A period in writing: `2019-03`, `2019Q1`, `2019`, `FY2019`.
    pub fn label(&self, period: i64) -> String {
        self.frequency.label(period)
    }

    /// Periods without a row, unit by unit, within the span of the whole panel.
    pub fn gaps(&self) -> Vec<Gap> {
        gaps(&self.index)
    }
}

impl Source for Panel {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn index(&self) -> Option<&TimeIndex> {
        Some(&self.index)
    }

    fn unit(&self) -> Option<&str> {
        Some(&self.unit)
    }

    fn time(&self) -> Option<&str> {
        Some(&self.time)
    }

    fn events(&self) -> Option<&str> {
        self.events.as_deref()
    }

    fn counts(&self) -> Option<&[Count]> {
        self.counts.as_deref()
    }

    fn population(&self) -> Option<&str> {
        self.population.as_deref()
    }
}

/// Refuses rows without a unit or a period, such as the blank lines and footnotes under an exported table.
fn none_missing(column: &str, missing: impl Iterator<Item = bool>) -> Result<()> {
    let mut rows = missing.enumerate().filter_map(|(row, gone)| gone.then_some(row));
    match rows.next() {
        None => Ok(()),
        Some(first) => Err(Error::Missing { what: column.into(), count: 1 + rows.count(), first }),
    }
}

/// The time column in one writing, if it is text that writes some period in several ways: as a factor it would
/// otherwise have two levels for one period.
fn one_writing(column: &Column, periods: &[Option<i64>], frequency: Frequency) -> Option<Column> {
    let Column::Factor(factor) = column else { return None };
    let mut period_of = vec![None; factor.levels()];
    for (&code, &period) in factor.codes().iter().zip(periods) {
        period_of[code as usize] = period;
    }
    let mut distinct: Vec<i64> = period_of.iter().copied().flatten().collect();
    let written = distinct.len();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() == written {
        return None;
    }
    let code =
        |p: &Option<i64>| p.and_then(|p| distinct.binary_search(&p).ok()).map_or(MISSING, |c| c as u32);
    let labels = distinct.iter().map(|&p| frequency.label(p)).collect();
    let codes = periods.iter().map(code).collect();
    Some(Column::Factor(crate::data::Factor::from_codes(codes, labels)))
}

fn example(frequency: Frequency) -> String {
    format!("`{}`", frequency.label(frequency.period_of_month(12 * 2019 + 2)))
}
