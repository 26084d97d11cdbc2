//! Correlograms across the border.

use numpy::{PyArray1, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use crate::timeseries::correlogram::Correlogram;

/// Autocorrelations of a series.
#[pyclass(frozen, name = "Correlogram", module = "averted._core")]
pub(in crate::python) struct PyCorrelogram(Correlogram);

#[pymethods]
impl PyCorrelogram {
    #[new]
    fn new(py: Python<'_>, name: &str, y: PyReadonlyArray1<'_, f64>, lags: usize) -> PyResult<Self> {
        let y = y.as_array().to_vec();
        Ok(Self(enter(py, || Correlogram::new(name, &y, lags))?))
    }

    #[getter]
    fn n_observed(&self) -> usize {
        self.0.n_observed()
    }

    #[getter]
    fn acf<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.acf().to_pyarray(py)
    }

    #[getter]
    fn pacf<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.pacf().to_pyarray(py)
    }

    fn limit(&self, level: f64) -> PyResult<f64> {
        Ok(self.0.limit(level)?)
    }

    fn bartlett<'py>(&self, py: Python<'py>, level: f64) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.0.bartlett(level)?.to_pyarray(py))
    }

    /// Statistic, degrees, p-value.
    fn portmanteau(&self, lags: usize, estimated: usize, ljung: bool) -> PyResult<(f64, usize, f64)> {
        let found =
            if ljung { self.0.ljung_box(lags, estimated) } else { self.0.box_pierce(lags, estimated) }?;
        Ok((found.statistic, found.degrees, found.p_value))
    }
}
