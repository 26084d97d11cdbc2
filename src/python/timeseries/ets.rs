//! Exponential smoothing across the border.

use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::inference::PyTable;
use super::alike::{alone, reads};
use crate::timeseries::ets::{AutoEts, AutoEtsFit, Criterion, Ets, EtsFit};

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

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted exponential smoothing model.
#[pyclass(frozen, name = "EtsFit", module = "averted._core")]
pub(in crate::python) struct PyEtsFit(EtsFit);

reads! {
    PyEtsFit:
    log_likelihood -> f64,
    variance -> f64,
    aic -> f64,
    aicc -> f64,
    bic -> f64,
    n_observed -> usize,
    n_parameters -> usize,
    notes -> Vec<String>;
    initial_states,
    last_states,
    fitted,
    residuals
}
alone!(PyEts => PyEtsFit);

#[pymethods]
impl PyEtsFit {
    #[getter]
    fn form(&self) -> String {
        self.0.form().to_string()
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
}

/// The forms that competed.
#[pyclass(frozen, name = "AutoEtsFit", module = "averted._core")]
pub(in crate::python) struct PyAutoEtsFit(AutoEtsFit);

reads!(PyAutoEtsFit: notes -> Vec<String>);
alone!(PyAutoEts => PyAutoEtsFit);

#[pymethods]
impl PyAutoEtsFit {
    #[getter]
    fn best(&self) -> PyEtsFit {
        PyEtsFit(self.0.best().clone())
    }

    /// The candidates as a table.
    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }

    /// Point forecasts of the mixture.
    fn point<'py>(&self, py: Python<'py>, horizon: usize) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.0.point(horizon)?.to_pyarray(py))
    }
}
