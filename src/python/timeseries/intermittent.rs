//! Intermittent demand across the border.

use numpy::{PyArray1, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::forecast::PyForecast;
use crate::error::Error;
use crate::timeseries::intermittent::{Intermittent, IntermittentFit, Rule, Start};
use crate::timeseries::structural::Series;

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

    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        labels: Vec<String>,
    ) -> PyResult<PyIntermittentFit> {
        let y = y.as_array().to_vec();
        Ok(PyIntermittentFit(enter(py, || self.0.fit(&Series::new(name, &y).labels(labels)))?))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A rule for intermittent demand, fitted.
#[pyclass(frozen, name = "IntermittentFit", module = "averted._core")]
pub(in crate::python) struct PyIntermittentFit(IntermittentFit);

#[pymethods]
impl PyIntermittentFit {
    /// Rate, size, interval, probability.
    #[getter]
    fn numbers(&self) -> (f64, f64, f64, f64) {
        (self.0.rate(), self.0.size(), self.0.interval(), self.0.probability())
    }

    #[getter]
    fn demands(&self) -> usize {
        self.0.demands()
    }

    #[getter]
    fn n_used(&self) -> usize {
        self.0.n_used()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    #[getter]
    fn fitted<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.fitted().to_pyarray(py)
    }

    #[pyo3(signature = (horizon, *, draws, seed, labels))]
    fn forecast(
        &self,
        py: Python<'_>,
        horizon: usize,
        draws: usize,
        seed: Option<u64>,
        labels: Option<Vec<String>>,
    ) -> PyResult<PyForecast> {
        let made = enter(py, || {
            let made = self.0.forecast(horizon, draws, seed)?;
            labels.map_or(Ok(made.clone()), |labels| made.labelled(labels))
        })?;
        Ok(PyForecast(made))
    }
}
