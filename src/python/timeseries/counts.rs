//! Models of counts across the border.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::inference::PyTable;
use super::alike::{exposed, reads};
use crate::data::Count;
use crate::error::Result;
use crate::forecast::Forecaster;
use crate::inference::Estimates;
use crate::timeseries::counts::{CountFit, CountScores, CountSeries, Glarma, Ingarch, Intervention};

/// Counts where exact, else what bounds them, where anything does.
pub(super) fn cells(name: &str, y: &[f64], bounds: Option<&(Vec<f64>, Vec<f64>)>) -> Result<Vec<Count>> {
    let mut counts = CountSeries::exact(name, y)?;
    if let Some((lo, hi)) = bounds {
        for ((count, &lo), &hi) in counts.iter_mut().zip(lo).zip(hi) {
            if *count == Count::Missing && !lo.is_nan() && !hi.is_nan() {
                *count = Count::Interval { lo, hi };
            }
        }
    }
    Ok(counts)
}

#[derive(Clone)]
enum Model {
    Ingarch(Ingarch),
    Glarma(Glarma),
}

/// A model of counts, unfitted.
#[pyclass(frozen, name = "CountModel", module = "averted._core")]
pub(in crate::python) struct PyCountModel(Model);

impl PyCountModel {
    /// The model as one that forecasts.
    pub(in crate::python) fn forecaster(&self) -> Box<dyn Forecaster> {
        match self.0.clone() {
            Model::Ingarch(model) => Box::new(model),
            Model::Glarma(model) => Box::new(model),
        }
    }
}

#[pymethods]
impl PyCountModel {
    /// `interventions`: period and decay.
    #[staticmethod]
    #[pyo3(signature = (*, past_obs, past_mean, link, family, method, initial, external, interventions))]
    #[expect(clippy::too_many_arguments, reason = "the options of a model")]
    fn ingarch(
        past_obs: Vec<usize>,
        past_mean: Vec<usize>,
        link: &str,
        family: &str,
        method: &str,
        initial: &str,
        external: bool,
        interventions: Vec<(usize, f64)>,
    ) -> PyResult<Self> {
        let mut made = Ingarch::new()
            .past_obs(&past_obs)
            .past_mean(&past_mean)
            .link(link.parse()?)
            .family(family.parse()?)
            .method(method.parse()?)
            .initial(initial.parse()?);
        if external {
            made = made.external();
        }
        let add = |made: Ingarch, (at, decay)| made.intervention(Intervention::transient(at, decay));
        Ok(Self(Model::Ingarch(interventions.into_iter().fold(made, add))))
    }

    #[staticmethod]
    #[pyo3(signature = (*, ar, ma, family, residuals))]
    fn glarma(ar: Vec<usize>, ma: Vec<usize>, family: &str, residuals: &str) -> PyResult<Self> {
        let made = Glarma::new().ar(&ar).ma(&ma).family(family.parse()?).residuals(residuals.parse()?);
        Ok(Self(Model::Glarma(made)))
    }

    /// `y` where exact, else NaN; `bounds` of what is hidden, NaN elsewhere.
    #[expect(clippy::too_many_arguments, reason = "a series and what belongs to it")]
    #[pyo3(signature = (name, y, *, bounds, x, names, exposure, labels, covariance))]
    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        bounds: Option<(PyReadonlyArray1<'_, f64>, PyReadonlyArray1<'_, f64>)>,
        x: Option<PyReadonlyArray2<'_, f64>>,
        names: Vec<String>,
        exposure: Option<PyReadonlyArray1<'_, f64>>,
        labels: Vec<String>,
        covariance: Option<&str>,
    ) -> PyResult<PyCountFit> {
        let y = y.as_array().to_vec();
        let bounds = bounds.map(|(lo, hi)| (lo.as_array().to_vec(), hi.as_array().to_vec()));
        let exposure = exposure.map(|e| e.as_array().to_vec());
        let x = x.map(|x| x.as_array().to_owned());
        let kind = covariance.map(str::parse).transpose()?;
        let fit = enter(py, || {
            let counts = cells(name, &y, bounds.as_ref())?;
            let mut series = CountSeries::new(name, &counts).labels(labels);
            if let Some(exposure) = &exposure {
                series = series.exposure(exposure);
            }
            if let Some(x) = &x {
                series = series.regressors(x.view(), &names);
            }
            let fit = match &self.0 {
                Model::Ingarch(model) => model.fit(&series),
                Model::Glarma(model) => model.fit(&series),
            }?;
            kind.map_or(Ok(fit.clone()), |kind| fit.with_covariance(kind))
        })?;
        Ok(PyCountFit(fit))
    }

    fn __str__(&self) -> String {
        match &self.0 {
            Model::Ingarch(model) => model.to_string(),
            Model::Glarma(model) => model.to_string(),
        }
    }
}

/// A fitted model of counts.
#[pyclass(frozen, name = "CountFit", module = "averted._core")]
pub(in crate::python) struct PyCountFit(CountFit);

reads! {
    PyCountFit:
    log_likelihood -> f64,
    aic -> f64,
    bic -> f64,
    qic -> Option<f64>,
    dispersion -> f64,
    n_informative -> usize,
    n_parameters -> usize,
    notes -> Vec<String>,
    names -> Vec<String>;
    fitted
}
exposed!(PyCountFit);

#[pymethods]
impl PyCountFit {
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.coefficients().to_pyarray(py)
    }

    #[getter]
    fn covariance<'py>(&self, py: Python<'py>) -> Bound<'py, numpy::PyArray2<f64>> {
        self.0.covariance().to_pyarray(py)
    }

    /// The same with another covariance.
    fn with_covariance(&self, py: Python<'_>, kind: &str) -> PyResult<Self> {
        let kind = kind.parse()?;
        Ok(Self(enter(py, || self.0.with_covariance(kind))?))
    }

    /// The table of the coefficients.
    fn table(&self, level: f64) -> PyResult<PyTable> {
        crate::inference::interval_level(level)?;
        Ok(PyTable(self.0.coefficient_table(level)))
    }

    fn residuals<'py>(&self, py: Python<'py>, pearson: bool) -> Bound<'py, PyArray1<f64>> {
        self.0.residuals(pearson).to_pyarray(py)
    }

    fn pit<'py>(&self, py: Python<'py>, bins: usize) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(enter(py, || self.0.pit(bins))?.to_pyarray(py))
    }

    /// Name and value of every score.
    fn scores(&self, py: Python<'_>) -> PyResult<Vec<(&'static str, f64)>> {
        let values = enter(py, || Ok(self.0.scores().values()))?;
        Ok(CountScores::NAMES.into_iter().zip(values).collect())
    }

    fn predict<'py>(
        &self,
        py: Python<'py>,
        horizon: usize,
        x: Option<PyReadonlyArray2<'_, f64>>,
        exposure: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let x = x.map(|x| x.as_array().to_owned());
        let exposure = exposure.map(|e| e.as_array().to_vec());
        let found = enter(py, || self.0.predict(horizon, x.as_ref().map(|x| x.view()), exposure.as_deref()))?;
        Ok(found.to_pyarray(py))
    }
}
