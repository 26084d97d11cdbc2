//! Decompositions across the border.

use numpy::{PyArray1, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use crate::error::Result;
use crate::timeseries::decompose::{Classical, Decomposition, Mstl, SeasonalWindow, Stl};

/// The parts of a series.
#[pyclass(frozen, name = "Decomposition", module = "averted._core")]
pub(in crate::python) struct PyDecomposition(Decomposition);

/// Trend, remainder, weights, the series without its seasons.
type Parts<'py> = [Bound<'py, PyArray1<f64>>; 4];

#[pymethods]
impl PyDecomposition {
    #[getter]
    fn method(&self) -> &str {
        self.0.method()
    }

    #[getter]
    fn multiplicative(&self) -> bool {
        self.0.is_multiplicative()
    }

    #[getter]
    fn parts<'py>(&self, py: Python<'py>) -> Parts<'py> {
        let adjusted = self.0.adjusted();
        [self.0.trend(), self.0.remainder(), self.0.weights(), &adjusted].map(|part| part.to_pyarray(py))
    }

    /// Length, season and strength of every season, shortest first.
    #[getter]
    fn seasons<'py>(&self, py: Python<'py>) -> Vec<(usize, Bound<'py, PyArray1<f64>>, f64)> {
        let parts = self.0.periods().iter().zip(self.0.seasons()).zip(self.0.seasonal_strength());
        parts.map(|((&period, season), strength)| (period, season.to_pyarray(py), strength)).collect()
    }

    #[getter]
    fn trend_strength(&self) -> f64 {
        self.0.trend_strength()
    }
}

fn window(years: Option<usize>) -> SeasonalWindow {
    years.map_or(SeasonalWindow::Periodic, SeasonalWindow::Years)
}

/// By loess; a seasonal window of None is periodic.
#[pyfunction]
#[pyo3(signature = (y, period, *, seasonal_window, trend_window, low_pass_window, robust))]
pub(in crate::python) fn stl(
    py: Python<'_>,
    y: PyReadonlyArray1<'_, f64>,
    period: usize,
    seasonal_window: Option<usize>,
    trend_window: Option<usize>,
    low_pass_window: Option<usize>,
    robust: bool,
) -> PyResult<PyDecomposition> {
    let y = y.as_array().to_vec();
    let run = || -> Result<Decomposition> {
        let mut made = Stl::new(period).seasonal(window(seasonal_window));
        made = trend_window.map_or(made.clone(), |w| made.trend_window(w));
        made = low_pass_window.map_or(made.clone(), |w| made.low_pass_window(w));
        if robust { made.robust() } else { made }.fit(&y)
    };
    Ok(PyDecomposition(enter(py, run)?))
}

/// By loess, for several seasons.
#[pyfunction]
#[pyo3(signature = (y, periods, *, windows, robust))]
pub(in crate::python) fn mstl(
    py: Python<'_>,
    y: PyReadonlyArray1<'_, f64>,
    periods: Vec<usize>,
    windows: Option<Vec<Option<usize>>>,
    robust: bool,
) -> PyResult<PyDecomposition> {
    let y = y.as_array().to_vec();
    let run = || -> Result<Decomposition> {
        let mut made = Mstl::new(&periods);
        if let Some(windows) = &windows {
            made = made.seasonal(&windows.iter().map(|w| window(*w)).collect::<Vec<_>>());
        }
        if robust { made.robust() } else { made }.fit(&y)
    };
    Ok(PyDecomposition(enter(py, run)?))
}

/// By moving averages.
#[pyfunction]
#[pyo3(signature = (y, period, *, multiplicative))]
pub(in crate::python) fn classical(
    py: Python<'_>,
    y: PyReadonlyArray1<'_, f64>,
    period: usize,
    multiplicative: bool,
) -> PyResult<PyDecomposition> {
    let y = y.as_array().to_vec();
    let made = Classical::new(period);
    let made = if multiplicative { made.multiplicative() } else { made };
    Ok(PyDecomposition(enter(py, || made.fit(&y))?))
}
