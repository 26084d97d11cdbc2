//! Baselines across the border.

use numpy::{PyArray1, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::forecast::PyForecast;
use crate::error::Error;
use crate::timeseries::baselines::{Naive, NaiveFit, Prediction};
use crate::timeseries::structural::Series;

/// Means, standard errors, degrees of freedom.
pub(in crate::python) type Ahead<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, f64);

pub(in crate::python) fn ahead<'py>(py: Python<'py>, found: &Prediction) -> Ahead<'py> {
    (found.mean.to_pyarray(py), found.std_error.to_pyarray(py), found.degrees)
}

/// A baseline, unfitted.
#[pyclass(frozen, name = "Naive", module = "averted._core")]
pub(in crate::python) struct PyNaive(pub(in crate::python) Naive);

#[pymethods]
impl PyNaive {
    #[new]
    fn new(rule: &str, season: usize) -> PyResult<Self> {
        Ok(Self(match rule {
            "mean" => Naive::mean(),
            "last" => Naive::last(),
            "seasonal" => Naive::seasonal(season),
            "drift" => Naive::drift(),
            other => {
                let must = "`last`, `mean`, `seasonal` or `drift`".into();
                Err(Error::Argument { argument: "rule".into(), value: format!("`{other}`"), must })?
            }
        }))
    }

    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        labels: Vec<String>,
    ) -> PyResult<PyNaiveFit> {
        let y = y.as_array().to_vec();
        Ok(PyNaiveFit(enter(py, || self.0.fit(&Series::new(name, &y).labels(labels)))?))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted baseline.
#[pyclass(frozen, name = "NaiveFit", module = "averted._core")]
pub(in crate::python) struct PyNaiveFit(NaiveFit);

#[pymethods]
impl PyNaiveFit {
    #[getter]
    fn sigma(&self) -> f64 {
        self.0.sigma()
    }

    #[getter]
    fn degrees(&self) -> f64 {
        self.0.degrees()
    }

    /// The mean or the drift, and its standard error.
    #[getter]
    fn constant(&self) -> Option<(f64, f64)> {
        self.0.constant()
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

    fn predict<'py>(&self, py: Python<'py>, horizon: usize) -> Ahead<'py> {
        ahead(py, &self.0.predict(horizon))
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
