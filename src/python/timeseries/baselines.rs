//! Baselines across the border.

use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;

use super::alike::{alone, reads};
use crate::error::Error;
use crate::timeseries::baselines::{Naive, NaiveFit, Prediction};

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

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted baseline.
#[pyclass(frozen, name = "NaiveFit", module = "averted._core")]
pub(in crate::python) struct PyNaiveFit(NaiveFit);

reads! {
    PyNaiveFit:
    sigma -> f64,
    degrees -> f64,
    /// The mean or the drift, and its standard error.
    constant -> Option<(f64, f64)>,
    n_used -> usize,
    notes -> Vec<String>;
    fitted
}
alone!(PyNaive => PyNaiveFit);

#[pymethods]
impl PyNaiveFit {
    fn predict<'py>(&self, py: Python<'py>, horizon: usize) -> Ahead<'py> {
        ahead(py, &self.0.predict(horizon))
    }
}
