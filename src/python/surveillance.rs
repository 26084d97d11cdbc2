//! Rates across the border.

use pyo3::prelude::*;

use super::inference::PyTable;
use crate::Error;
use crate::data::Count;
use crate::surveillance::{self, Rate};

/// Rate, lower and upper end.
type Interval = (f64, f64, f64);

/// Rate, error, lower and upper ends, the least and the most it can be, and the crude rate.
type Standardised = (f64, f64, f64, f64, (f64, f64), Interval, usize, PyTable);

/// Counts that are known, and intervals of those that are not.
fn counts(lo: &[f64], hi: &[f64]) -> Vec<Count> {
    let count = |(&lo, &hi): (&f64, &f64)| {
        if lo.is_nan() || hi.is_nan() {
            Count::Missing
        } else if lo < hi || hi < lo {
            Count::Interval { lo, hi }
        } else {
            Count::Exact(lo)
        }
    };
    lo.iter().zip(hi).map(count).collect()
}

fn flat(rate: Rate) -> Interval {
    (rate.rate, rate.lower, rate.upper)
}

/// Rates of counts between `lo` and `hi`, one by one.
#[pyfunction]
pub(super) fn rate_interval(
    lo: Vec<f64>,
    hi: Vec<f64>,
    population: Vec<f64>,
    level: f64,
    per: f64,
) -> PyResult<Vec<Interval>> {
    let one = |(row, (&count, &people)): (usize, (&Count, &f64))| {
        let rate = surveillance::rate_interval(count, people, level).map_err(|error| at(error, row))?;
        Ok(flat(rate.per(per)))
    };
    counts(&lo, &hi).iter().zip(&population).enumerate().map(one).collect()
}

/// The error of one rate, with its place among all.
fn at(error: Error, place: usize) -> Error {
    match error {
        Error::Domain { what, value, must, .. } => Error::Domain { what, row: place, value, must },
        Error::Missing { what, count, .. } => Error::Missing { what, count, first: place },
        other => other,
    }
}

/// The ratio of two rates, its interval and p-value.
#[pyfunction]
pub(super) fn rate_ratio(
    events: [f64; 2],
    population: [f64; 2],
    level: f64,
) -> PyResult<(f64, f64, f64, f64)> {
    let found = surveillance::rate_ratio(events, population, level)?;
    Ok((found.ratio, found.lower, found.upper, found.p_value))
}

/// A directly standardised rate.
#[pyfunction]
pub(super) fn standardised_rate(
    lo: Vec<f64>,
    hi: Vec<f64>,
    population: Vec<f64>,
    standard: Vec<f64>,
    limits: &str,
    level: f64,
    per: f64,
) -> PyResult<Standardised> {
    let events = counts(&lo, &hi);
    let found =
        surveillance::standardised_rate(&events, &population, &standard, limits.parse()?, level)?.per(per);
    let table = PyTable(found.table());
    let crude = flat(found.crude);
    Ok((found.rate, found.std_error, found.lower, found.upper, found.range, crude, found.hidden, table))
}

/// The age groups of a standard population, and their people.
#[pyfunction]
pub(super) fn standard_population(name: &str) -> PyResult<Vec<(&'static str, f64)>> {
    Ok(surveillance::standard_population(name)?)
}
