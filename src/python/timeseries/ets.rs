//! Exponential smoothing across the border.

use numpy::{PyArray1, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::forecast::PyForecast;
use super::super::inference::PyTable;
use crate::error::Result;
use crate::inference::Forecast;
use crate::timeseries::ets::{AutoEts, AutoEtsFit, Criterion, Ets, EtsFit};
use crate::timeseries::structural::Series;

/// An exponential smoothing model of one form, unfitted.
#[pyclass(frozen, name = "Ets", module = "averted._core")]
pub(in crate::python) struct PyEts(Ets);

#[pymethods]
impl PyEts {
    #[new]
    #[pyo3(signature = (form, *, season, smoothing, initial))]
    fn new(
        form: &str,
        season: usize,
        smoothing: [Option<f64>; 4],
        initial: Option<Vec<f64>>,
    ) -> PyResult<Self> {
        let mut made = Ets::new(form.parse()?).season(season);
        for (value, set) in smoothing.into_iter().zip([Ets::alpha, Ets::beta, Ets::gamma, Ets::phi]) {
            made = value.map_or(made.clone(), |value| set(made, value));
        }
        Ok(Self(initial.map_or(made.clone(), |states| made.initial(&states))))
    }

    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        labels: Vec<String>,
    ) -> PyResult<PyEtsFit> {
        let y = y.as_array().to_vec();
        enter(py, || self.0.fit(&Series::new(name, &y).labels(labels))).map(PyEtsFit)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted exponential smoothing model.
#[pyclass(frozen, name = "EtsFit", module = "averted._core")]
pub(in crate::python) struct PyEtsFit(EtsFit);

#[pymethods]
impl PyEtsFit {
    #[getter]
    fn form(&self) -> String {
        self.0.form().to_string()
    }

    #[getter]
    fn log_likelihood(&self) -> f64 {
        self.0.log_likelihood()
    }

    #[getter]
    fn variance(&self) -> f64 {
        self.0.variance()
    }

    #[getter]
    fn aic(&self) -> f64 {
        self.0.aic()
    }

    #[getter]
    fn aicc(&self) -> f64 {
        self.0.aicc()
    }

    #[getter]
    fn bic(&self) -> f64 {
        self.0.bic()
    }

    #[getter]
    fn n_observed(&self) -> usize {
        self.0.n_observed()
    }

    #[getter]
    fn n_parameters(&self) -> usize {
        self.0.n_parameters()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    /// Name, estimate and standard error of the smoothing parameters.
    #[getter]
    fn parameters(&self) -> Vec<(String, f64, f64)> {
        self.0.parameters().into_iter().map(|p| (p.name, p.estimate, p.std_error)).collect()
    }

    /// The table of the smoothing parameters.
    fn table(&self, level: f64) -> PyResult<PyTable> {
        Ok(PyTable(self.0.table(level)?))
    }

    #[getter]
    fn initial_states<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.initial_states().to_pyarray(py)
    }

    #[getter]
    fn last_states<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.last_states().to_pyarray(py)
    }

    #[getter]
    fn fitted<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.fitted().to_pyarray(py)
    }

    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.residuals().to_pyarray(py)
    }

    /// Level, trend part and season by period.
    #[getter]
    fn components<'py>(&self, py: Python<'py>) -> [Bound<'py, PyArray1<f64>>; 3] {
        let parts = self.0.components();
        [0, 1, 2].map(|j| parts.iter().map(|part| part[j]).collect::<Vec<_>>().to_pyarray(py))
    }

    /// Means and variances, parameters taken as known.
    #[expect(clippy::type_complexity, reason = "two arrays")]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        horizon: usize,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
        let found = enter(py, || self.0.predict(horizon))?;
        Ok((found.mean.to_pyarray(py), found.variance.to_pyarray(py)))
    }

    /// Point forecasts.
    fn point<'py>(&self, py: Python<'py>, horizon: usize) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.0.point(horizon)?.to_pyarray(py))
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
        enter(py, || labelled(self.0.forecast(horizon, draws, seed)?, labels)).map(PyForecast)
    }
}

/// A choice among forms, unfitted.
#[pyclass(frozen, name = "AutoEts", module = "averted._core")]
pub(in crate::python) struct PyAutoEts(AutoEts);

#[pymethods]
impl PyAutoEts {
    #[new]
    #[pyo3(signature = (*, season, criterion, multiplicative_trend, average))]
    fn new(season: usize, criterion: &str, multiplicative_trend: bool, average: bool) -> PyResult<Self> {
        let criterion: Criterion = criterion.parse()?;
        let made = AutoEts::new().season(season).criterion(criterion);
        let made = if multiplicative_trend { made.multiplicative_trend() } else { made };
        Ok(Self(if average { made } else { made.best_only() }))
    }

    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        labels: Vec<String>,
    ) -> PyResult<PyAutoEtsFit> {
        let y = y.as_array().to_vec();
        enter(py, || self.0.fit(&Series::new(name, &y).labels(labels))).map(PyAutoEtsFit)
    }
}

/// The forms that competed.
#[pyclass(frozen, name = "AutoEtsFit", module = "averted._core")]
pub(in crate::python) struct PyAutoEtsFit(AutoEtsFit);

#[pymethods]
impl PyAutoEtsFit {
    #[getter]
    fn best(&self) -> PyEtsFit {
        PyEtsFit(self.0.best().clone())
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    /// The candidates as a table.
    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }

    /// Point forecasts of the mixture.
    fn point<'py>(&self, py: Python<'py>, horizon: usize) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.0.point(horizon)?.to_pyarray(py))
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
        enter(py, || labelled(self.0.forecast(horizon, draws, seed)?, labels)).map(PyForecast)
    }
}

fn labelled(made: Forecast, labels: Option<Vec<String>>) -> Result<Forecast> {
    labels.map_or(Ok(made.clone()), |labels| made.labelled(labels))
}
