//! Fitted structural models of counts across the border.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::super::convert::enter;
use super::alike::{exposed, reads};
use crate::timeseries::structural::CountStructuralFit;

/// What a structural fit of either family estimated.
macro_rules! estimated {
    ($fit:ident) => {
        #[pymethods]
        impl $fit {
            /// Name, estimate and standard error of variances, damping and the like.
            #[getter]
            fn parameters(&self) -> Vec<(String, f64, f64)> {
                self.0.parameters().into_iter().map(|p| (p.name, p.estimate, p.std_error)).collect()
            }

            /// The table of the regressors' coefficients.
            fn coefficients(&self, level: f64) -> PyResult<crate::python::inference::PyTable> {
                crate::inference::interval_level(level)?;
                let rows = self.0.coefficient_rows(level);
                Ok(crate::python::inference::PyTable(crate::inference::CoefficientRow::table(&rows)))
            }
        }
    };
}
pub(super) use estimated;

/// Smoothed parts by name: what was seen, the level and its errors; slope, season, cycle and regression where the
/// model has them; residuals.
pub(super) fn named<'py>(
    py: Python<'py>,
    seen: (&str, &[f64]),
    level: (Vec<f64>, Vec<f64>),
    rest: [Option<Vec<f64>>; 4],
    residuals: &[f64],
) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item(seen.0, seen.1.to_pyarray(py))?;
    out.set_item("level", level.0.to_pyarray(py))?;
    out.set_item("level_std_error", level.1.to_pyarray(py))?;
    for (name, values) in ["slope", "seasonal", "cycle", "regression"].into_iter().zip(rest) {
        if let Some(values) = values {
            out.set_item(name, values.to_pyarray(py))?;
        }
    }
    out.set_item("residuals", residuals.to_pyarray(py))?;
    Ok(out)
}

/// A fitted structural model of counts.
#[pyclass(frozen, name = "CountStructuralFit", module = "averted._core")]
pub(in crate::python) struct PyCountStructuralFit(pub(super) CountStructuralFit);

reads! {
    PyCountStructuralFit:
    log_likelihood -> f64,
    aic -> f64,
    aicc -> f64,
    n_diffuse -> usize,
    n_informative -> usize,
    dispersion -> f64,
    notes -> Vec<String>;
    fitted,
    residuals
}
estimated!(PyCountStructuralFit);
exposed!(PyCountStructuralFit);

#[pymethods]
impl PyCountStructuralFit {
    /// Log-likelihood by simulation, and its standard error.
    fn importance_sampling(&self, py: Python<'_>, pairs: usize, seed: u64) -> PyResult<(f64, f64)> {
        let found = enter(py, || self.0.importance_sampling(pairs, seed))?;
        Ok((found.log_likelihood, found.std_error))
    }

    /// Smoothed parts by name.
    fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let parts = enter(py, || self.0.parts())?;
        let level = (parts.level, parts.level_std_error);
        let rest = [parts.slope, parts.seasonal, parts.cycle, parts.regression];
        named(py, ("fitted", self.0.fitted()), level, rest, &self.0.residuals())
    }

    /// Means and variances of counts at the estimates.
    #[expect(clippy::type_complexity, reason = "two arrays")]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        horizon: usize,
        x: Option<PyReadonlyArray2<'_, f64>>,
        exposure: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
        let x = x.map(|x| x.as_array().to_owned());
        let exposure = exposure.map(|e| e.as_array().to_vec());
        let found = enter(py, || self.0.predict(horizon, x.as_ref().map(|x| x.view()), exposure.as_deref()))?;
        Ok((found.mean.to_pyarray(py), found.variance.to_pyarray(py)))
    }
}
