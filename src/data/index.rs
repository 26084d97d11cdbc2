//! Unit and time of every row: lags join by time value within a unit, never by row.

use crate::data::factor::{Factor, MISSING};
use crate::error::{Error, Result};

/// Which unit and which period every row belongs to.
///
/// Periods are whole numbers on the data's own calendar (years, or months or quarters counted from year 0), so a
/// gap is a jump in number and a lag of one is the period before, present or not.
///
/// ```
/// use averted::data::{Factor, TimeIndex};
/// let unit = Factor::from_numbers(&[1.0, 1.0, 1.0]);
/// let index = TimeIndex::new(unit, vec![Some(2001), Some(2002), Some(2004)])?;
/// let lagged = index.shift(&[10.0, 20.0, 40.0], 1);
/// assert!(lagged[0].is_nan() && lagged[1] == 10.0 && lagged[2].is_nan());
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TimeIndex {
    unit: Factor,
    time: Vec<Option<i64>>,
    /// Rows sorted by (unit, time); rows without either are left out.
    order: Vec<u32>,
}

impl TimeIndex {
    /// From a unit factor and a period number for every row.
    ///
    /// # Errors
    /// [`Error::Shape`] when the lengths differ; [`Error::Duplicates`] when a unit-time cell comes twice.
    pub fn new(unit: Factor, time: Vec<Option<i64>>) -> Result<Self> {
        if unit.rows() != time.len() {
            return Err(Error::Shape {
                what: "unit and time".into(),
                expected: format!("{} rows", unit.rows()),
                found: format!("{} rows", time.len()),
            });
        }
        let key = |&row: &u32| (unit.codes()[row as usize], time[row as usize], row);
        let known = |&row: &u32| unit.codes()[row as usize] != MISSING && time[row as usize].is_some();
        let mut order: Vec<u32> = (0..time.len() as u32).filter(known).collect();
        if !order.is_sorted_by_key(key) {
            order.sort_unstable_by_key(key);
        }
        let same = |w: &&[u32]| {
            let (a, b) = (w[0] as usize, w[1] as usize);
            unit.codes()[a] == unit.codes()[b] && time[a] == time[b]
        };
        let count = order.windows(2).filter(same).count();
        if let Some(pair) = order.windows(2).find(same) {
            let first = pair[0] as usize;
            return Err(Error::Duplicates {
                count,
                unit: unit.label(first).unwrap_or_default().to_owned(),
                time: time[first].unwrap_or_default().to_string(),
                first,
                second: pair[1] as usize,
            });
        }
        Ok(Self { unit, time, order })
    }

    /// The units.
    pub fn unit(&self) -> &Factor {
        &self.unit
    }

    /// The period number of every row.
    pub fn time(&self) -> &[Option<i64>] {
        &self.time
    }

    /// Rows in order of unit, then time; rows without either are left out.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The first and last period, if any row has one.
    pub fn span(&self) -> Option<(i64, i64)> {
        let known = || self.time.iter().flatten().copied();
        Some((known().min()?, known().max()?))
    }

    /// The row of a unit and period, if there is one.
    pub fn row(&self, unit: u32, time: i64) -> Option<usize> {
        let key = |row: &u32| (self.unit.codes()[*row as usize], self.time[*row as usize]);
        let found = self.order.binary_search_by_key(&(unit, Some(time)), key).ok()?;
        Some(self.order[found] as usize)
    }

    /// The value `lag` periods earlier in the same unit (`lag < 0`: later), NaN where that period has no row.
    pub fn shift(&self, values: &[f64], lag: i64) -> Vec<f64> {
        let mut shifted = vec![f64::NAN; values.len()];
        let mut source = 0;
        // Both cursors only move forward: one pass over the sorted rows.
        for &row in &self.order {
            let row = row as usize;
            let wanted = (self.unit.codes()[row], self.time[row].map(|t| t.saturating_sub(lag)));
            while let Some(&candidate) = self.order.get(source) {
                let found = (self.unit.codes()[candidate as usize], self.time[candidate as usize]);
                if found >= wanted {
                    if found == wanted {
                        shifted[row] = values[candidate as usize];
                    }
                    break;
                }
                source += 1;
            }
        }
        shifted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_respect_units_gaps_and_row_order() {
        let unit = Factor::from_text(&[Some("b"), Some("a"), Some("b"), Some("a")]);
        let index = TimeIndex::new(unit, vec![Some(2), Some(1), Some(1), Some(3)]).expect("no duplicates");
        let values = [10.0, 20.0, 30.0, 40.0];
        let same = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(x, y)| x == y || (x.is_nan() && y.is_nan()));
        assert!(same(&index.shift(&values, 1), &[30.0, f64::NAN, f64::NAN, f64::NAN]));
        assert!(same(&index.shift(&values, 2), &[f64::NAN, f64::NAN, f64::NAN, 20.0]));
        assert!(same(&index.shift(&values, -1), &[f64::NAN, f64::NAN, 10.0, f64::NAN]));
        assert_eq!(index.row(0, 3), Some(3));
        assert_eq!(index.row(0, 2), None);
    }

    #[test]
    fn a_repeated_cell_is_named() {
        let unit = Factor::from_numbers(&[1.0, 2.0, 2.0]);
        let error = TimeIndex::new(unit, vec![Some(5), Some(5), Some(5)]).unwrap_err();
        assert!(matches!(error, Error::Duplicates { count: 1, first: 1, second: 2, .. }));
    }
}
