//! Tests of cointegration across the border.

use numpy::{PyArray2, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::inference::PyTable;
use super::unit_root::{PyUnitRootTest, chosen};
use crate::timeseries::cointegration::{EngleGranger, Johansen, JohansenTest};
use crate::timeseries::unit_root::Lags;

/// What Johansen's tests said.
#[pyclass(frozen, name = "JohansenTest", module = "averted._core")]
pub(in crate::python) struct PyJohansenTest(JohansenTest);

#[pymethods]
impl PyJohansenTest {
    /// Names of the series, then of what stands within the relations.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names.clone()
    }

    /// Eigenvalues, trace statistics and their p-values, statistics of the largest eigenvalue and theirs.
    #[getter]
    fn numbers(&self) -> [Vec<f64>; 5] {
        let t = &self.0;
        [&t.eigenvalues, &t.trace, &t.trace_p, &t.largest, &t.largest_p].map(Clone::clone)
    }

    /// Critical values at 10, 5 and 1 %: of the trace, of the largest eigenvalue.
    #[getter]
    fn critical(&self) -> (Vec<[f64; 3]>, Vec<[f64; 3]>) {
        (self.0.critical_trace.clone(), self.0.critical_largest.clone())
    }

    #[getter]
    fn beta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.beta.to_pyarray(py)
    }

    #[getter]
    fn alpha<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.alpha.to_pyarray(py)
    }

    #[getter]
    fn n(&self) -> usize {
        self.0.n
    }

    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }
}

/// Johansen's tests of series, time by columns.
#[pyfunction]
#[pyo3(signature = (names, x, *, lags, deterministic, season, long_run))]
pub(in crate::python) fn johansen(
    py: Python<'_>,
    names: Vec<String>,
    x: PyReadonlyArray2<'_, f64>,
    lags: usize,
    deterministic: &str,
    season: usize,
    long_run: bool,
) -> PyResult<PyJohansenTest> {
    let x = x.as_array().to_owned();
    let run = || {
        let made = Johansen::new(lags).deterministics(deterministic.parse()?).season(season);
        let made = if long_run { made.long_run() } else { made };
        made.test(&names, x.view())
    };
    Ok(PyJohansenTest(enter(py, run)?))
}

/// The test of Engle and Granger; the first column is explained by the others.
#[pyfunction]
#[pyo3(signature = (names, x, *, deterministic, lags, select, most))]
pub(in crate::python) fn engle_granger(
    py: Python<'_>,
    names: Vec<String>,
    x: PyReadonlyArray2<'_, f64>,
    deterministic: &str,
    lags: Option<usize>,
    select: &str,
    most: Option<usize>,
) -> PyResult<PyUnitRootTest> {
    let x = x.as_array().to_owned();
    let run = || {
        let lags = lags.map_or_else(|| chosen(select), |lags| Ok(Lags::Fixed(lags)))?;
        let made = EngleGranger::new().deterministic(deterministic.parse()?).select(lags);
        most.map_or(made, |most| made.most(most)).test(&names, x.view())
    };
    Ok(PyUnitRootTest(enter(py, run)?))
}
