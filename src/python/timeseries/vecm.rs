//! Vector error correction across the border.

use numpy::{PyArray2, PyArray3, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::forecast::PyForecast;
use super::super::inference::PyTable;
use super::var::{Bands, Intervals, TestParts, bands, each_named, intervals, parts, stacked};
use crate::inference::{CoefficientRow, interval_level};
use crate::timeseries::vecm::{Vecm, VecmFit};

/// A vector error correction model, unfitted.
#[pyclass(frozen, name = "Vecm", module = "averted._core")]
pub(in crate::python) struct PyVecm(Vecm);

#[pymethods]
impl PyVecm {
    #[new]
    fn new(lags: usize, rank: usize, deterministic: &str, season: usize) -> PyResult<Self> {
        Ok(Self(Vecm::new(lags, rank).deterministics(deterministic.parse()?).season(season)))
    }

    fn fit(&self, py: Python<'_>, names: Vec<String>, y: PyReadonlyArray2<'_, f64>) -> PyResult<PyVecmFit> {
        let y = y.as_array().to_owned();
        Ok(PyVecmFit(enter(py, || self.0.fit(&names, y.view()))?))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted vector error correction model.
#[pyclass(frozen, name = "VecmFit", module = "averted._core")]
pub(in crate::python) struct PyVecmFit(VecmFit);

#[pymethods]
impl PyVecmFit {
    #[getter]
    fn terms(&self) -> Vec<String> {
        self.0.terms().to_vec()
    }

    #[getter]
    fn relation_terms(&self) -> Vec<String> {
        self.0.relation_terms().to_vec()
    }

    #[getter]
    fn n_observed(&self) -> usize {
        self.0.n_observed()
    }

    /// Terms × equations: coefficients, standard errors.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>) {
        (self.0.coefficients().to_pyarray(py), self.0.std_errors().to_pyarray(py))
    }

    /// Relations by columns, and their standard errors.
    #[getter]
    fn beta<'py>(&self, py: Python<'py>) -> (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>) {
        (self.0.beta().to_pyarray(py), self.0.beta_errors().to_pyarray(py))
    }

    #[getter]
    fn alpha<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.alpha().to_pyarray(py)
    }

    fn gamma<'py>(&self, py: Python<'py>, lag: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
        Ok(self.0.gamma(lag)?.to_pyarray(py))
    }

    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.residuals().to_pyarray(py)
    }

    #[getter]
    fn sigma<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.sigma().to_pyarray(py)
    }

    #[getter]
    fn deviations<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.deviations().to_pyarray(py)
    }

    /// Lags × equations × series of the vector autoregression in levels.
    #[getter]
    fn lag_matrices<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray3<f64>> {
        stacked(&self.0.lag_matrices()).to_pyarray(py)
    }

    #[getter]
    fn eigenvalues(&self) -> Vec<f64> {
        self.0.eigenvalues().to_vec()
    }

    #[getter]
    fn log_likelihood(&self) -> PyResult<f64> {
        Ok(self.0.log_likelihood()?)
    }

    #[getter]
    fn roots(&self) -> PyResult<Vec<f64>> {
        Ok(self.0.roots()?)
    }

    /// The table of the relations, or that of everything else.
    fn table(&self, relations: bool, level: f64) -> PyResult<PyTable> {
        interval_level(level)?;
        let rows = if relations { self.0.relation_rows(level) } else { self.0.coefficient_rows(level) };
        Ok(PyTable(CoefficientRow::table(&rows)))
    }

    fn impulse<'py>(&self, py: Python<'py>, horizon: usize, orthogonal: bool) -> Bound<'py, PyArray3<f64>> {
        stacked(&self.0.impulse(horizon, orthogonal)).to_pyarray(py)
    }

    /// Responses with bands: estimate, lower, upper, and the seed of a bootstrap; asymptotic without draws.
    #[pyo3(signature = (horizon, *, orthogonal, level, draws, seed))]
    fn bands<'py>(
        &self,
        py: Python<'py>,
        horizon: usize,
        orthogonal: bool,
        level: f64,
        draws: Option<usize>,
        seed: Option<u64>,
    ) -> PyResult<Bands<'py>> {
        let run = || match draws {
            Some(draws) => self.0.impulse_bootstrap(horizon, orthogonal, level, draws, seed),
            None => self.0.impulse_asymptotic(horizon, orthogonal, level),
        };
        Ok(bands(py, &enter(py, run)?))
    }

    fn variance_shares<'py>(&self, py: Python<'py>, horizon: usize) -> Bound<'py, PyArray3<f64>> {
        stacked(&self.0.variance_shares(horizon)).to_pyarray(py)
    }

    /// `weak_exogeneity` or `excluded`, of series.
    fn restriction(&self, py: Python<'_>, kind: &str, series: Vec<String>) -> PyResult<TestParts> {
        let run = || {
            let series: Vec<&str> = series.iter().map(String::as_str).collect();
            if kind == "weak_exogeneity" { self.0.weak_exogeneity(&series) } else { self.0.excluded(&series) }
        };
        Ok(parts(enter(py, run)?))
    }

    fn relations_within(&self, py: Python<'_>, within: PyReadonlyArray2<'_, f64>) -> PyResult<TestParts> {
        let within = within.as_array().to_owned();
        Ok(parts(enter(py, || self.0.relations_within(within.view()))?))
    }

    /// Means, lower and upper ends, periods × series, coefficients taken as known.
    fn predict<'py>(&self, py: Python<'py>, horizon: usize, level: f64) -> PyResult<Intervals<'py>> {
        Ok(intervals(py, &enter(py, || self.0.predict(horizon, level))?))
    }

    /// One forecast a series.
    #[pyo3(signature = (horizon, *, draws, seed, labels, cutoff))]
    fn forecast(
        &self,
        py: Python<'_>,
        horizon: usize,
        draws: usize,
        seed: Option<u64>,
        labels: Option<Vec<String>>,
        cutoff: String,
    ) -> PyResult<Vec<PyForecast>> {
        each_named(py, labels, &cutoff, || self.0.forecast(horizon, draws, seed))
    }
}
