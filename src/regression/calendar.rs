//! Units and periods of rows: which row is a period earlier, and what differences leave of a sample.

use ndarray::Array2;

use super::absorb::is_nested;
use super::fit::Shared;
use super::sample::Sample;
use crate::data::{Absorbed, Factor, TimeIndex};
use crate::error::{Error, Result};

/// Units and periods of a fit's rows, in the rows' order.
pub(super) struct Calendar {
    pub(super) index: TimeIndex,
}

impl Calendar {
    /// # Errors
    /// [`Error::Argument`] where the data know neither.
    pub(super) fn new<M>(shared: &Shared<M>, what: &str) -> Result<Self> {
        let index = shared.origin.as_ref().and_then(|origin| origin.index.as_ref()).ok_or_else(|| {
            let must = format!("a Panel, or with panel(unit, time) set: {what} is by unit and time");
            Error::Argument { argument: "data".into(), value: "without unit and time".into(), must }
        })?;
        let rows: Vec<usize> = shared.problem.kept.iter().map(|&place| shared.sample.origin[place]).collect();
        Self::of(index, &rows)
    }

    /// Of these rows of the caller's.
    pub(super) fn of(index: &TimeIndex, rows: &[usize]) -> Result<Self> {
        let time = rows.iter().map(|&row| index.time()[row]).collect();
        Ok(Self { index: TimeIndex::new(index.unit().take(rows), time)? })
    }

    pub(super) fn units(&self) -> &Factor {
        self.index.unit()
    }

    pub(super) fn previous(&self, row: usize, lag: usize) -> Option<usize> {
        let time = self.index.time()[row]?.checked_sub(lag as i64)?;
        self.index.row(self.units().codes()[row], time)
    }
}

/// Differences from the period before. Effects nested in units vanish; those of periods stay.
pub(super) fn differenced(sample: &Sample, calendar: &Calendar, pairs: &[(usize, usize)]) -> Result<Sample> {
    let rows: Vec<usize> = pairs.iter().map(|&(row, _)| row).collect();
    let mut out = sample.take(&rows);
    out.outcome = pairs.iter().map(|&(i, j)| sample.outcome[i] - sample.outcome[j]).collect();
    if let (Some(to), Some(from)) = (&mut out.offset, &sample.offset) {
        to.values = pairs.iter().map(|&(i, j)| from.values[i] - from.values[j]).collect();
    }
    let columns = sample.x.ncols();
    out.x = Array2::from_shape_fn((pairs.len(), columns), |(r, c)| {
        sample.x[[pairs[r].0, c]] - sample.x[[pairs[r].1, c]]
    });
    let periods = periods(calendar);
    let mut stay: Vec<Absorbed> = Vec::new();
    for effect in &sample.absorbed {
        let codes = effect.factor.codes();
        if effect.slope.is_none() && is_nested(calendar.units().codes(), calendar.units().levels(), codes) {
            continue;
        }
        if effect.slope.is_some() || !is_nested(periods.codes(), periods.levels(), codes) {
            return Err(Error::Argument {
                argument: "formula".into(),
                value: format!("the absorbed effect {}", effect.name),
                must: "of units or of periods: others do not stay themselves in differences".into(),
            });
        }
        stay.push(Absorbed { factor: periods.take(&rows), ..effect.clone() });
    }
    out.absorbed = stay;
    Ok(out)
}

/// The period of every row as a factor.
pub(super) fn periods(calendar: &Calendar) -> Factor {
    let number = |time: &Option<i64>| time.map_or(f64::NAN, |t| t as f64);
    Factor::from_numbers(&calendar.index.time().iter().map(number).collect::<Vec<_>>())
}
