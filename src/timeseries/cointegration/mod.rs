//! Do wandering series wander together? Tests of cointegration.
//!
//! [`EngleGranger`] asks whether one relation holds the first series to the others; [`Johansen`] how many relations there
//! are, and how fast each series gives way to them. The bounds test, which does not ask whether the series wander, is of
//! [`super::ardl`]; the model that goes with the relations, [`super::vecm`].

mod doornik;
mod engle_granger;
mod johansen;
pub(in crate::timeseries) mod reduced_rank;
mod tables;

pub use engle_granger::EngleGranger;
pub use johansen::{Deterministics, Johansen, JohansenTest};

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// Refuses what is missing, infinite or constant, by name.
fn checked(names: &[String], x: ArrayView2<'_, f64>) -> Result<()> {
    let p = x.ncols();
    if names.len() != p || p < 2 {
        let found = format!("{} names, {p} series", names.len());
        return Err(Error::Shape {
            what: "series".into(),
            expected: "two or more, a name each".into(),
            found,
        });
    }
    for (name, column) in names.iter().zip(x.columns()) {
        if let Some(first) = column.iter().position(|v| v.is_nan()) {
            let count = column.iter().filter(|v| v.is_nan()).count();
            return Err(Error::Missing { what: name.clone(), count, first });
        }
        if let Some(row) = column.iter().position(|v| v.is_infinite()) {
            let value = column[row].to_string();
            return Err(Error::Domain { what: name.clone(), row, value, must: "finite".into() });
        }
        if !column.is_empty() && column.iter().all(|v| *v == column[0]) {
            return Err(Error::NothingToEstimate { why: format!("`{name}` is constant at {}", column[0]) });
        }
    }
    Ok(())
}

/// Every series divided by its largest size, counted from its first value if `shift`; and what it was divided by. Nothing
/// in it is constant.
fn standard(x: ArrayView2<'_, f64>, shift: bool) -> (Array2<f64>, Vec<f64>) {
    let largest = |v: &ndarray::ArrayViewMut1<'_, f64>| v.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let mut z = x.to_owned();
    let mut scales = Vec::new();
    for mut column in z.columns_mut() {
        let size = largest(&column);
        column /= size;
        let from = if shift { column[0] } else { 0.0 };
        column -= from;
        let again = largest(&column);
        column /= again;
        scales.push(size * again);
    }
    (z, scales)
}
