//! Theta methods across the border.

use numpy::{PyArray1, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::forecast::PyForecast;
use super::baselines::{Ahead, ahead};
use crate::error::Error;
use crate::timeseries::structural::Series;
use crate::timeseries::theta::{Method, Seasonal, Theta, ThetaFit};

/// A Theta method, unfitted.
#[pyclass(frozen, name = "Theta", module = "averted._core")]
pub(in crate::python) struct PyTheta(pub(in crate::python) Theta);

fn refused(argument: &str, value: &str, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: format!("`{value}`"), must: must.into() }
}

#[pymethods]
impl PyTheta {
    #[new]
    #[pyo3(signature = (method, *, season, seasonal, alpha, theta))]
    fn new(
        method: &str,
        season: usize,
        seasonal: &str,
        alpha: Option<f64>,
        theta: Option<f64>,
    ) -> PyResult<Self> {
        let method = match method {
            "standard" => Method::Standard,
            "optimised" => Method::Optimised,
            "dynamic_standard" => Method::DynamicStandard,
            "dynamic" => Method::Dynamic,
            other => {
                let must = "`dynamic`, `dynamic_standard`, `optimised` or `standard`";
                Err(refused("method", other, must))?
            }
        };
        let seasonal = match seasonal {
            "tested" => Seasonal::Tested,
            "multiplicative" => Seasonal::Multiplicative,
            "additive" => Seasonal::Additive,
            "none" => Seasonal::None,
            other => {
                let must = "`tested`, `multiplicative`, `additive` or `none`";
                Err(refused("seasonal", other, must))?
            }
        };
        let mut made = Theta::new(method).season(season).seasonal(seasonal);
        made = alpha.map_or(made.clone(), |alpha| made.alpha(alpha));
        Ok(Self(theta.map_or(made.clone(), |theta| made.theta(theta))))
    }

    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        labels: Vec<String>,
    ) -> PyResult<PyThetaFit> {
        let y = y.as_array().to_vec();
        Ok(PyThetaFit(enter(py, || self.0.fit(&Series::new(name, &y).labels(labels)))?))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted Theta method.
#[pyclass(frozen, name = "ThetaFit", module = "averted._core")]
pub(in crate::python) struct PyThetaFit(ThetaFit);

#[pymethods]
impl PyThetaFit {
    /// α, θ, ℓ₀, drift.
    #[getter]
    fn numbers(&self) -> (f64, f64, f64, f64) {
        (self.0.alpha(), self.0.theta(), self.0.initial_level(), self.0.drift())
    }

    #[getter]
    fn sigma(&self) -> f64 {
        self.0.sigma()
    }

    #[getter]
    fn degrees(&self) -> f64 {
        self.0.degrees()
    }

    #[getter]
    fn log_likelihood(&self) -> f64 {
        self.0.log_likelihood()
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

    /// Factors or amounts by place in the season, and whether they are factors.
    #[getter]
    fn season<'py>(&self, py: Python<'py>) -> Option<(Bound<'py, PyArray1<f64>>, bool)> {
        self.0.seasonal_figure().map(|figure| (figure.to_pyarray(py), self.0.is_multiplicative()))
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
