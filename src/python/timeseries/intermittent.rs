//! Intermittent demand across the border.

use numpy::ToPyArray;
use pyo3::prelude::*;

use super::alike::{alone, reads};
use crate::error::Error;
use crate::timeseries::intermittent::{Intermittent, IntermittentFit, Rule, Start};

/// A rule for intermittent demand, unfitted.
#[pyclass(frozen, name = "Intermittent", module = "averted._core")]
pub(in crate::python) struct PyIntermittent(Intermittent);

fn refused(argument: &str, value: &str, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: format!("`{value}`"), must: must.into() }
}

#[pymethods]
impl PyIntermittent {
    #[new]
    fn new(rule: &str, alpha: f64, beta: f64, start: &str) -> PyResult<Self> {
        let rule = match rule {
            "croston" => Rule::Croston,
            "sba" => Rule::Sba,
            "tsb" => Rule::Tsb,
            other => Err(refused("rule", other, "`tsb`, `sba` or `croston`"))?,
        };
        let start = match start {
            "mean" => Start::Mean,
            "first" => Start::First,
            other => Err(refused("start", other, "`mean` or `first`"))?,
        };
        Ok(Self(Intermittent::new(rule).alpha(alpha).beta(beta).start(start)))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A rule for intermittent demand, fitted.
#[pyclass(frozen, name = "IntermittentFit", module = "averted._core")]
pub(in crate::python) struct PyIntermittentFit(IntermittentFit);

reads! {
    PyIntermittentFit:
    demands -> usize,
    n_used -> usize,
    notes -> Vec<String>;
    fitted
}
alone!(PyIntermittent => PyIntermittentFit);

#[pymethods]
impl PyIntermittentFit {
    /// Rate, size, interval, probability.
    #[getter]
    fn numbers(&self) -> (f64, f64, f64, f64) {
        (self.0.rate(), self.0.size(), self.0.interval(), self.0.probability())
    }
}
