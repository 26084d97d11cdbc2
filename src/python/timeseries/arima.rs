//! ARIMA models across the border.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::forecast::PyForecast;
use super::super::inference::PyTable;
use super::alike::{drawn_under, reads};
use crate::inference::Estimates;
use crate::timeseries::arima::{Arima, ArimaFit, AutoArima, Criterion, Method};
use crate::timeseries::structural::Series;

/// An ARIMA model, unfitted.
#[pyclass(frozen, name = "Arima", module = "averted._core")]
pub(in crate::python) struct PyArima(pub(in crate::python) Arima);

#[pymethods]
impl PyArima {
    #[new]
    #[pyo3(signature = (order, seasonal, *, mean, drift, conditional, fixed))]
    fn new(
        order: (usize, usize, usize),
        seasonal: (usize, usize, usize, usize),
        mean: Option<bool>,
        drift: bool,
        conditional: bool,
        fixed: Vec<(String, f64)>,
    ) -> Self {
        let method = if conditional { Method::ConditionalSquares } else { Method::Exact };
        let mut made = Arima::new(order).seasonal(seasonal).drift(drift).method(method);
        if let Some(mean) = mean {
            made = made.mean(mean);
        }
        Self(fixed.iter().fold(made, |made, (name, value)| made.fixed(name, *value)))
    }

    #[pyo3(signature = (name, y, *, x, names, labels))]
    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        x: Option<PyReadonlyArray2<'_, f64>>,
        names: Vec<String>,
        labels: Vec<String>,
    ) -> PyResult<PyArimaFit> {
        fitted(py, name, &y, x.as_ref(), &names, labels, |series| self.0.fit(series))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// The automatic choice of an ARIMA model.
#[pyclass(frozen, name = "AutoArima", module = "averted._core")]
pub(in crate::python) struct PyAutoArima(pub(in crate::python) AutoArima);

#[pymethods]
impl PyAutoArima {
    #[new]
    #[pyo3(signature = (season, most, *, differences, seasonal_differences, criterion, as_r))]
    fn new(
        season: usize,
        most: (usize, usize, usize, usize),
        differences: Option<usize>,
        seasonal_differences: Option<usize>,
        criterion: &str,
        as_r: bool,
    ) -> Self {
        let criterion = match criterion {
            "aic" => Criterion::Aic,
            "bic" => Criterion::Bic,
            _ => Criterion::Aicc,
        };
        let mut made = AutoArima::new().seasonal(season).criterion(criterion);
        made = made.most(most.0, most.1, most.2, most.3);
        if let Some(d) = differences {
            made = made.differences(d);
        }
        if let Some(d) = seasonal_differences {
            made = made.seasonal_differences(d);
        }
        Self(if as_r { made.as_r() } else { made })
    }

    #[pyo3(signature = (name, y, *, x, names, labels))]
    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        x: Option<PyReadonlyArray2<'_, f64>>,
        names: Vec<String>,
        labels: Vec<String>,
    ) -> PyResult<PyArimaFit> {
        fitted(py, name, &y, x.as_ref(), &names, labels, |series| self.0.fit(series))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// Arrays in, a fit out.
fn fitted(
    py: Python<'_>,
    name: &str,
    y: &PyReadonlyArray1<'_, f64>,
    x: Option<&PyReadonlyArray2<'_, f64>>,
    names: &[String],
    labels: Vec<String>,
    fit: impl Fn(&Series<'_>) -> crate::Result<ArimaFit> + Send + Sync,
) -> PyResult<PyArimaFit> {
    let y = y.as_array().to_vec();
    let x = x.map(|x| x.as_array().to_owned());
    let fit = enter(py, || {
        let mut series = Series::new(name, &y).labels(labels);
        if let Some(x) = &x {
            series = series.regressors(x.view(), names);
        }
        fit(&series)
    })?;
    Ok(PyArimaFit(fit))
}

/// A fitted ARIMA model.
#[pyclass(frozen, name = "ArimaFit", module = "averted._core")]
pub(in crate::python) struct PyArimaFit(ArimaFit);

reads! {
    PyArimaFit:
    log_likelihood -> f64,
    variance -> f64,
    aic -> f64,
    aicc -> f64,
    bic -> f64,
    n_used -> usize,
    notes -> Vec<String>
}

#[pymethods]
impl PyArimaFit {
    /// p, d, q; P, D, Q and the season; mean and drift.
    #[getter]
    #[expect(clippy::type_complexity, reason = "what names a model")]
    fn orders(&self) -> ((usize, usize, usize), (usize, usize, usize, usize), (bool, bool)) {
        let spec = self.0.specification();
        (spec.orders(), spec.seasonal_orders(), spec.constant())
    }

    /// Model, criterion and note of every candidate.
    #[getter]
    fn trials(&self) -> Vec<(String, Option<f64>, Option<String>)> {
        self.0.trials().iter().map(|t| (t.model.to_string(), t.value, t.note.clone())).collect()
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().to_vec()
    }

    #[getter]
    fn estimates<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.coefficients().to_pyarray(py)
    }

    #[getter]
    fn covariance<'py>(&self, py: Python<'py>) -> Bound<'py, numpy::PyArray2<f64>> {
        self.0.covariance().to_pyarray(py)
    }

    /// The table of the coefficients.
    fn coefficients(&self, level: f64) -> PyResult<PyTable> {
        crate::inference::interval_level(level)?;
        Ok(PyTable(self.0.coefficient_table(level)))
    }

    /// One-step prediction errors, and the same divided by their standard deviations.
    #[expect(clippy::type_complexity, reason = "two arrays")]
    fn residuals<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
        let (plain, standard) = enter(py, || Ok((self.0.residuals()?, self.0.standardized_residuals()?)))?;
        Ok((plain.to_pyarray(py), standard.to_pyarray(py)))
    }

    /// Means and variances, parameters taken as known.
    #[expect(clippy::type_complexity, reason = "two arrays")]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        horizon: usize,
        x: Option<PyReadonlyArray2<'_, f64>>,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
        let x = x.map(|x| x.as_array().to_owned());
        let found = enter(py, || self.0.predict(horizon, x.as_ref().map(|x| x.view())))?;
        Ok((found.mean.to_pyarray(py), found.variance.to_pyarray(py)))
    }

    #[pyo3(signature = (horizon, names, futures, *, draws, seed, labels))]
    #[expect(clippy::too_many_arguments, reason = "the future and how it is drawn")]
    fn forecast(
        &self,
        py: Python<'_>,
        horizon: usize,
        names: Vec<String>,
        futures: Vec<Option<PyReadonlyArray2<'_, f64>>>,
        draws: usize,
        seed: Option<u64>,
        labels: Option<Vec<String>>,
    ) -> PyResult<PyForecast> {
        drawn_under(py, futures, labels, |futures| {
            self.0.forecast_under(horizon, names, futures, draws, seed)
        })
    }
}
