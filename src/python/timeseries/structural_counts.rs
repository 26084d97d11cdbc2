//! Fitted structural models of counts across the border.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::super::convert::enter;
use super::super::forecast::PyForecast;
use super::super::inference::PyTable;
use crate::inference::CoefficientRow;
use crate::timeseries::structural::CountStructuralFit;

/// A fitted structural model of counts.
#[pyclass(frozen, name = "CountStructuralFit", module = "averted._core")]
pub(in crate::python) struct PyCountStructuralFit(pub(super) CountStructuralFit);

#[pymethods]
impl PyCountStructuralFit {
    #[getter]
    fn log_likelihood(&self) -> f64 {
        self.0.log_likelihood()
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
    fn n_diffuse(&self) -> usize {
        self.0.n_diffuse()
    }

    #[getter]
    fn n_informative(&self) -> usize {
        self.0.n_informative()
    }

    #[getter]
    fn dispersion(&self) -> f64 {
        self.0.dispersion()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    /// Name, estimate and standard error of dispersion, variances and damping.
    #[getter]
    fn parameters(&self) -> Vec<(String, f64, f64)> {
        self.0.parameters().into_iter().map(|p| (p.name, p.estimate, p.std_error)).collect()
    }

    #[getter]
    fn fitted<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.fitted().to_pyarray(py)
    }

    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.residuals().to_pyarray(py)
    }

    /// The table of the regressors' coefficients.
    fn coefficients(&self, level: f64) -> PyResult<PyTable> {
        crate::inference::interval_level(level)?;
        Ok(PyTable(CoefficientRow::table(&self.0.coefficient_rows(level))))
    }

    /// Log-likelihood by simulation, and its standard error.
    fn importance_sampling(&self, py: Python<'_>, pairs: usize, seed: u64) -> PyResult<(f64, f64)> {
        let found = enter(py, || self.0.importance_sampling(pairs, seed))?;
        Ok((found.log_likelihood, found.std_error))
    }

    /// Smoothed parts by name.
    fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let parts = enter(py, || self.0.parts())?;
        let out = PyDict::new(py);
        out.set_item("fitted", self.0.fitted().to_pyarray(py))?;
        out.set_item("level", parts.level.to_pyarray(py))?;
        out.set_item("level_std_error", parts.level_std_error.to_pyarray(py))?;
        let some = [
            ("slope", parts.slope),
            ("seasonal", parts.seasonal),
            ("cycle", parts.cycle),
            ("regression", parts.regression),
        ];
        for (name, values) in some {
            if let Some(values) = values {
                out.set_item(name, values.to_pyarray(py))?;
            }
        }
        out.set_item("residuals", self.0.residuals().to_pyarray(py))?;
        Ok(out)
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

    #[pyo3(signature = (horizon, names, futures, *, exposure, draws, seed, labels))]
    #[expect(clippy::too_many_arguments, reason = "the future and how it is drawn")]
    fn forecast(
        &self,
        py: Python<'_>,
        horizon: usize,
        names: Vec<String>,
        futures: Vec<Option<PyReadonlyArray2<'_, f64>>>,
        exposure: Option<PyReadonlyArray1<'_, f64>>,
        draws: usize,
        seed: Option<u64>,
        labels: Option<Vec<String>>,
    ) -> PyResult<PyForecast> {
        let futures: Vec<_> = futures.into_iter().map(|f| f.map(|f| f.as_array().to_owned())).collect();
        let exposure = exposure.map(|e| e.as_array().to_vec());
        let made = enter(py, || {
            let views: Vec<_> = futures.iter().map(|f| f.as_ref().map(|f| f.view())).collect();
            let made = self.0.forecast_under(horizon, names, &views, exposure.as_deref(), draws, seed)?;
            labels.map_or(Ok(made.clone()), |labels| made.labelled(labels))
        })?;
        Ok(PyForecast(made))
    }
}
