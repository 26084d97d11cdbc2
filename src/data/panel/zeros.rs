//! Cells that a source leaves out because nothing happened there.

use std::collections::BTreeMap;

use crate::data::Panel;
use crate::data::count::Count;
use crate::data::factor::{Factor, MISSING};
use crate::data::frame::{Column, Frame};
use crate::data::index::TimeIndex;
use crate::error::{Error, Result};

impl Panel {
    /// The caller's word that a cell without a row had no events: such rows are added, with zero events.
    ///
    /// For sources that leave cells without deaths out, as INEGI does for municipalities; never done unasked. Only
    /// periods that some unit has are completed: a period that no unit has is a hole in the source, and stays a gap.
    /// Nothing else of the added rows is known, so population and every other column are missing there; join them
    /// to the grid beforehand where a model needs them.
    ///
    /// # Errors
    /// [`Error::Argument`] before events are declared, or after money is.
    ///
    /// ```
    /// use averted::data::{Count, Frame, Panel};
    /// let frame = Frame::new()
    ///     .with_text("town", &[Some("A"), Some("A"), Some("B")])?
    ///     .with_number("year", vec![2018.0, 2019.0, 2018.0])?
    ///     .with_number("deaths", vec![4.0, f64::NAN, 2.0])?;
    /// let panel = Panel::new(frame, "town", "year")?.events("deaths")?.implicit_zeros()?;
    /// assert_eq!(panel.counts().unwrap()[1], Count::Missing); // a row without a count stays one
    /// assert_eq!(panel.counts().unwrap()[3], Count::Exact(0.0)); // B, 2019
    /// # Ok::<(), averted::Error>(())
    /// ```
    pub fn implicit_zeros(mut self) -> Result<Self> {
        let refuse = |value: &str, must: &str| {
            let (argument, value, must) = ("implicit_zeros".into(), value.into(), must.into());
            Err(Error::Argument { argument, value, must })
        };
        let (Some(events), Some(counts)) = (&self.events, &mut self.counts) else {
            return refuse("without events", "asked for after the events are declared");
        };
        if !self.spending.is_empty() {
            return refuse(
                "after money",
                "asked for before money is declared, so that it is shared out to all rows",
            );
        }
        // One row of each period lends its writing of the period, one of each unit its label.
        let mut row_of: BTreeMap<i64, u32> = BTreeMap::new();
        for (row, period) in self.index.time().iter().enumerate() {
            if let Some(period) = period {
                row_of.entry(*period).or_insert(row as u32);
            }
        }
        let codes = self.index.unit().codes();
        let mut added: Vec<(u32, u32)> = Vec::new();
        for rows in self.index.order().chunk_by(|&a, &b| codes[a as usize] == codes[b as usize]) {
            let mut present = rows.iter().filter_map(|&row| self.index.time()[row as usize]).peekable();
            for (&period, &lender) in &row_of {
                if present.peek() == Some(&period) {
                    present.next();
                } else {
                    added.push((rows[0], lender));
                }
            }
        }
        if added.is_empty() {
            return Ok(self);
        }
        let mut frame = Frame::new();
        for name in self.frame.names() {
            let column = self.frame.column(name)?;
            let column = if name == self.unit {
                extended(column, added.iter().map(|(unit, _)| Some(*unit)))
            } else if name == self.time {
                extended(column, added.iter().map(|(_, period)| Some(*period)))
            } else {
                extended(column, added.iter().map(|_| None))
            };
            frame = frame.with_column(name, column)?;
        }
        counts.extend(added.iter().map(|_| Count::Exact(0.0)));
        let numbers = counts.iter().map(|c| c.exact().unwrap_or(f64::NAN)).collect();
        let mut periods = self.index.time().to_vec();
        periods.extend(added.iter().map(|(_, period)| self.index.time()[*period as usize]));
        self.frame = frame.with_number(events, numbers)?;
        self.index = TimeIndex::new(self.frame.factor(&self.unit)?, periods)?;
        self.notes.push(format!(
            "{} rows added with no `{events}`, as asked: cells that the source leaves out are zeros",
            added.len()
        ));
        Ok(self)
    }
}

/// A column with more rows: copies of the rows named, or missing.
fn extended(column: &Column, rows: impl Iterator<Item = Option<u32>>) -> Column {
    match column {
        Column::Number(values) => {
            let more = rows.map(|row| row.map_or(f64::NAN, |row| values[row as usize]));
            Column::Number(values.iter().copied().chain(more).collect())
        }
        Column::Factor(factor) => {
            let more = rows.map(|row| row.map_or(MISSING, |row| factor.codes()[row as usize]));
            let codes = factor.codes().iter().copied().chain(more).collect();
            Column::Factor(Factor::from_codes(codes, factor.labels().to_vec()))
        }
    }
}
