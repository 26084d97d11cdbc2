//! What models of one series have alike across the border.

use ndarray::{Array2, ArrayView2};
use numpy::PyReadonlyArray2;
use pyo3::prelude::*;

use crate::error::Result;
use crate::inference::Forecast;
use crate::python::convert::enter;
use crate::python::forecast::PyForecast;

/// Getters of what the fit in a class has under the same name: numbers and the like, then arrays.
macro_rules! reads {
    ($class:ident: $($(#[$doc:meta])* $name:ident -> $type:ty),* $(; $($array:ident),*)?) => {
        #[pymethods]
        impl $class {
            $(
                $(#[$doc])*
                #[getter]
                fn $name(&self) -> $type {
                    self.0.$name().into()
                }
            )*
            $($(
                #[getter]
                fn $array<'py>(&self, py: Python<'py>) -> Bound<'py, numpy::PyArray1<f64>> {
                    self.0.$array().to_pyarray(py)
                }
            )*)?
        }
    };
}
pub(super) use reads;

/// The way from a model of a series with nothing beside it to its fit, and from there to a forecast.
macro_rules! alone {
    ($model:ident => $fit:ident) => {
        #[pymethods]
        impl $model {
            fn fit(
                &self,
                py: Python<'_>,
                name: &str,
                y: numpy::PyReadonlyArray1<'_, f64>,
                labels: Vec<String>,
            ) -> PyResult<$fit> {
                let y = y.as_array().to_vec();
                let series = crate::timeseries::structural::Series::new(name, &y).labels(labels);
                Ok($fit(crate::python::convert::enter(py, || self.0.fit(&series))?))
            }
        }

        #[pymethods]
        impl $fit {
            #[pyo3(signature = (horizon, *, draws, seed, labels))]
            fn forecast(
                &self,
                py: Python<'_>,
                horizon: usize,
                draws: usize,
                seed: Option<u64>,
                labels: Option<Vec<String>>,
            ) -> PyResult<crate::python::forecast::PyForecast> {
                $crate::python::timeseries::alike::drawn(py, labels, || self.0.forecast(horizon, draws, seed))
            }
        }
    };
}
pub(super) use alone;

/// The forecast of a fit with regressors and an exposure, one scenario a future.
macro_rules! exposed {
    ($fit:ident) => {
        #[pymethods]
        impl $fit {
            #[pyo3(signature = (horizon, names, futures, *, exposure, draws, seed, labels))]
            #[expect(clippy::too_many_arguments, reason = "the future and how it is drawn")]
            fn forecast(
                &self,
                py: Python<'_>,
                horizon: usize,
                names: Vec<String>,
                futures: Vec<Option<numpy::PyReadonlyArray2<'_, f64>>>,
                exposure: Option<numpy::PyReadonlyArray1<'_, f64>>,
                draws: usize,
                seed: Option<u64>,
                labels: Option<Vec<String>>,
            ) -> PyResult<crate::python::forecast::PyForecast> {
                let exposure = exposure.map(|e| e.as_array().to_vec());
                $crate::python::timeseries::alike::drawn_under(py, futures, labels, |futures| {
                    self.0.forecast_under(horizon, names, futures, exposure.as_deref(), draws, seed)
                })
            }
        }
    };
}
pub(super) use exposed;

/// The names of its periods on a forecast, where they are given.
pub(super) fn labelled(made: Forecast, labels: Option<Vec<String>>) -> Result<Forecast> {
    match labels {
        Some(labels) => made.labelled(labels),
        None => Ok(made),
    }
}

/// A forecast with the names of its periods.
pub(super) fn drawn(
    py: Python<'_>,
    labels: Option<Vec<String>>,
    draw: impl FnOnce() -> Result<Forecast> + Send,
) -> PyResult<PyForecast> {
    Ok(PyForecast(enter(py, || labelled(draw()?, labels))?))
}

/// The same under futures of regressors.
pub(super) fn drawn_under(
    py: Python<'_>,
    futures: Vec<Option<PyReadonlyArray2<'_, f64>>>,
    labels: Option<Vec<String>>,
    draw: impl FnOnce(&[Option<ArrayView2<'_, f64>>]) -> Result<Forecast> + Send,
) -> PyResult<PyForecast> {
    let futures = owned(futures);
    drawn(py, labels, || draw(&views(&futures)))
}

/// Futures of regressors that outlive the interpreter's lock.
pub(super) fn owned(futures: Vec<Option<PyReadonlyArray2<'_, f64>>>) -> Vec<Option<Array2<f64>>> {
    futures.into_iter().map(|future| future.map(|x| x.as_array().to_owned())).collect()
}

pub(super) fn views(futures: &[Option<Array2<f64>>]) -> Vec<Option<ArrayView2<'_, f64>>> {
    futures.iter().map(|future| future.as_ref().map(|x| x.view())).collect()
}
