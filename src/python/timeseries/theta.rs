//! Theta methods across the border.

use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;

use super::alike::{alone, reads};
use super::baselines::{Ahead, ahead};
use crate::error::Error;
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

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted Theta method.
#[pyclass(frozen, name = "ThetaFit", module = "averted._core")]
pub(in crate::python) struct PyThetaFit(ThetaFit);

reads! {
    PyThetaFit:
    sigma -> f64,
    degrees -> f64,
    log_likelihood -> f64,
    n_used -> usize,
    notes -> Vec<String>;
    fitted
}
alone!(PyTheta => PyThetaFit);

#[pymethods]
impl PyThetaFit {
    /// α, θ, ℓ₀, drift.
    #[getter]
    fn numbers(&self) -> (f64, f64, f64, f64) {
        (self.0.alpha(), self.0.theta(), self.0.initial_level(), self.0.drift())
    }

    /// Factors or amounts by place in the season, and whether they are factors.
    #[getter]
    fn season<'py>(&self, py: Python<'py>) -> Option<(Bound<'py, PyArray1<f64>>, bool)> {
        self.0.seasonal_figure().map(|figure| (figure.to_pyarray(py), self.0.is_multiplicative()))
    }

    fn predict<'py>(&self, py: Python<'py>, horizon: usize) -> Ahead<'py> {
        ahead(py, &self.0.predict(horizon))
    }
}
