//! The rows of a sample by unit and time, in an order that is not that of the rows.

use ndarray::{Array1, Array2};

use crate::data::{Dropped, MISSING, TimeIndex};
use crate::error::{Error, Result};
use crate::regression::calendar::Calendar;
use crate::regression::sample::{Named, Sample, WeightKind};
use crate::regression::settings::Origin;

/// Units and periods of a sample's rows.
pub(super) struct Layout {
    pub(super) calendar: Calendar,
    /// Rows by unit, then time.
    order: Vec<usize>,
    /// Where every unit begins in `order`, and where the last ends.
    starts: Vec<usize>,
}

impl Layout {
    /// # Errors
    /// [`Error::Argument`] where the data know no unit and time; [`Error::Missing`] for a row without.
    pub(super) fn new(sample: &Sample, origin: &Origin, what: &str) -> Result<Self> {
        let index = origin.index.as_ref().ok_or_else(|| Error::Argument {
            argument: "data".into(),
            value: "without unit and time".into(),
            must: format!("a Panel, or with panel(unit, time) set: {what} go by them"),
        })?;
        Self::of(sample, index)
    }

    fn of(sample: &Sample, index: &TimeIndex) -> Result<Self> {
        let calendar = Calendar::of(index, &sample.origin)?;
        let codes = calendar.units().codes();
        let missing = |row: &usize| codes[*row] == MISSING || calendar.index.time()[*row].is_none();
        if let Some(first) = (0..sample.rows()).find(missing) {
            let count = (0..sample.rows()).filter(missing).count();
            let first = sample.origin[first];
            return Err(Error::Missing { what: "unit or time".into(), count, first });
        }
        let order: Vec<usize> = calendar.index.order().iter().map(|&row| row as usize).collect();
        let new = |place: &usize| *place == 0 || codes[order[*place]] != codes[order[*place - 1]];
        let mut starts: Vec<usize> = (0..order.len()).filter(new).collect();
        starts.push(order.len());
        Ok(Self { calendar, order, starts })
    }

    /// One series, where neither unit nor time is known: neighbouring rows of the data are neighbouring periods.
    pub(super) fn series(sample: &Sample) -> Result<Self> {
        let rows = sample.origin.iter().max().map_or(0, |last| last + 1);
        let unit = crate::data::Factor::from_codes(vec![0; rows], vec!["all".into()]);
        Self::of(sample, &TimeIndex::new(unit, (0..rows as i64).map(Some).collect())?)
    }

    /// The rows of every unit, in order of time.
    pub(super) fn units(&self) -> impl Iterator<Item = &[usize]> {
        self.starts.windows(2).map(|w| &self.order[w[0]..w[1]])
    }

    /// How many units.
    pub(super) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// All rows, by unit and time.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    /// The row a period before in the same unit.
    pub(super) fn previous(&self, row: usize) -> Option<usize> {
        self.calendar.previous(row, 1)
    }

    /// The mean of every unit: of the outcome, and of the regressors.
    pub(super) fn means(&self, sample: &Sample) -> (Vec<f64>, Array2<f64>) {
        let columns = sample.x.ncols();
        let mut means = Array2::zeros((self.count(), columns));
        let mut outcomes = Vec::with_capacity(self.count());
        for (unit, rows) in self.units().enumerate() {
            let n = rows.len() as f64;
            outcomes.push(rows.iter().map(|&row| sample.outcome[row]).sum::<f64>() / n);
            for j in 0..columns {
                means[[unit, j]] = mean(rows.iter().map(|&row| sample.x[[row, j]]), n);
            }
        }
        (outcomes, means)
    }

    /// Columns that move within some unit.
    pub(super) fn varying(&self, sample: &Sample) -> Vec<usize> {
        let moves = |j: &usize| {
            let x = sample.x.column(*j);
            self.units().any(|rows| rows.iter().any(|&row| x[row].to_bits() != x[rows[0]].to_bits()))
        };
        (0..sample.x.ncols()).filter(moves).collect()
    }

    /// The unit of every row, by number.
    pub(super) fn unit_of(&self) -> Vec<usize> {
        let mut of = vec![0; self.order.len()];
        for (unit, rows) in self.units().enumerate() {
            rows.iter().for_each(|&row| of[row] = unit);
        }
        of
    }
}

/// The mean; exactly their value where all are one.
fn mean(values: impl Iterator<Item = f64> + Clone, n: f64) -> f64 {
    let mut all = values.clone();
    let first = all.next().unwrap_or(f64::NAN);
    if all.all(|v| v.to_bits() == first.to_bits()) { first } else { values.sum::<f64>() / n }
}

/// A sample with other numbers in the same rows.
pub(super) fn moved(sample: &Sample, outcome: Vec<f64>, x: Array2<f64>) -> Sample {
    let mut moved = sample.clone();
    moved.outcome = Array1::from(outcome);
    moved.x = x;
    moved
}

/// Puts away rows and says so.
pub(super) fn leave_out(sample: &Sample, stay: &[bool], cause: &str) -> Sample {
    let rows: Vec<usize> = (0..sample.rows()).filter(|&row| stay[row]).collect();
    let mut taken = sample.take(&rows);
    taken.dropped.clone_from(&sample.dropped);
    taken.dropped.extend(left_out(sample, stay, cause));
    taken
}

/// Rows that are not to stay, in words.
pub(super) fn left_out(sample: &Sample, stay: &[bool], cause: &str) -> Option<Dropped> {
    let gone = || (0..sample.rows()).filter(|&row| !stay[row]);
    let first_row = gone().map(|row| sample.origin[row]).min()?;
    Some(Dropped { cause: cause.to_owned(), count: gone().count(), first_row })
}

/// Refuses weights and effects where they would mean nothing, and values that no regression takes.
pub(super) fn check(sample: &Sample, model: &str, weights: bool, effects: Option<&str>) -> Result<()> {
    sample.check(false)?;
    let refuse = |argument: &str, value: String, must: String| {
        Err(Error::Argument { argument: argument.into(), value, must })
    };
    if let (Some((Named { name, .. }, kind)), false) = (&sample.weights, weights) {
        let argument = if *kind == WeightKind::Frequency { "frequency_weights" } else { "weights" };
        return refuse(argument, format!("`{name}`"), format!("left out: {model} takes rows as they are"));
    }
    if let (Some(effect), Some(instead)) = (sample.absorbed.first(), effects) {
        return refuse(
            "formula",
            format!("the absorbed effect {}", effect.name),
            format!("left out: {model} {instead}"),
        );
    }
    Ok(())
}
