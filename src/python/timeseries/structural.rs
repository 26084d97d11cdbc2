//! Structural models across the border.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::super::convert::enter;
use super::super::forecast::PyForecast;
use super::super::inference::PyTable;
use super::counts::cells;
use super::structural_counts::PyCountStructuralFit;
use crate::error::{Error, Result};
use crate::forecast::Forecaster;
use crate::inference::CoefficientRow;
use crate::timeseries::counts::CountSeries;
use crate::timeseries::structural::{Component, CountStructural, Cycle, Series, Structural, StructuralFit};

/// A structural model, unfitted.
#[pyclass(frozen, name = "Structural", module = "averted._core")]
pub(in crate::python) struct PyStructural {
    normal: Structural,
    counts: Option<CountStructural>,
}

impl PyStructural {
    /// The model as one that forecasts.
    pub(in crate::python) fn forecaster(&self) -> Box<dyn Forecaster> {
        match &self.counts {
            None => Box::new(self.normal.clone()),
            Some(model) => Box::new(model.clone()),
        }
    }

    fn of_counts(&self) -> Result<&CountStructural> {
        self.counts.as_ref().ok_or_else(|| Error::Argument {
            argument: "bounds or reporting".into(),
            value: "given".into(),
            must: "of counts: a family of `poisson` or `negative_binomial`".into(),
        })
    }
}

#[pymethods]
impl PyStructural {
    /// `cycle`: shortest and longest period, and the damping; `walking` and `of_walking`: places of regressors, and
    /// given variances of their coefficients.
    #[new]
    #[pyo3(signature = (*, trend, season, trigonometric, cycle, family, scale, sampling, variances, damping, prior, walking, of_walking))]
    #[expect(clippy::too_many_arguments, reason = "the options of a model")]
    fn new(
        trend: &str,
        season: usize,
        trigonometric: bool,
        cycle: Option<(f64, f64, Option<f64>)>,
        family: &str,
        scale: &str,
        sampling: bool,
        variances: Vec<(String, f64)>,
        damping: Option<f64>,
        prior: Vec<(f64, f64)>,
        walking: Vec<usize>,
        of_walking: Vec<(usize, f64)>,
    ) -> PyResult<Self> {
        let mut made = Structural::new().trend(trend.parse()?).scale(scale.parse()?).prior(prior);
        made = if trigonometric { made.trigonometric(season) } else { made.seasonal(season) };
        if let Some((shortest, longest, factor)) = cycle {
            let cycle =
                if shortest < longest { Cycle::between(shortest, longest) } else { Cycle::of(shortest) };
            made = made.cycle(factor.map_or(cycle, |factor| cycle.damping(factor)));
        }
        if sampling {
            made = made.sampling_variance();
        }
        if let Some(factor) = damping {
            made = made.damping(factor);
        }
        made = walking.into_iter().fold(made, Structural::walking);
        for (name, variance) in variances {
            made = made.variance(name.parse()?, variance);
        }
        for (j, variance) in of_walking {
            made = made.variance(Component::Coefficient(j), variance);
        }
        let counts = match family {
            "gaussian" => None,
            family => Some(made.clone().counts(family.parse()?)),
        };
        Ok(Self { normal: made, counts })
    }

    #[expect(clippy::too_many_arguments, reason = "a series and what belongs to it")]
    #[pyo3(signature = (name, y, *, x, names, exposure, labels))]
    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        x: Option<PyReadonlyArray2<'_, f64>>,
        names: Vec<String>,
        exposure: Option<PyReadonlyArray1<'_, f64>>,
        labels: Vec<String>,
    ) -> PyResult<PyStructuralFit> {
        let y = y.as_array().to_vec();
        let exposure = exposure.map(|e| e.as_array().to_vec());
        let x = x.map(|x| x.as_array().to_owned());
        let fit = enter(py, || {
            let mut series = Series::new(name, &y).labels(labels);
            if let Some(exposure) = &exposure {
                series = series.exposure(exposure);
            }
            if let Some(x) = &x {
                series = series.regressors(x.view(), &names);
            }
            self.normal.fit(&series)
        })?;
        Ok(PyStructuralFit(fit))
    }

    /// `y` where exact, else NaN; `bounds` of what is hidden, NaN elsewhere.
    #[expect(clippy::too_many_arguments, reason = "a series and what belongs to it")]
    #[pyo3(signature = (name, y, *, bounds, x, names, exposure, reporting, labels))]
    fn fit_counts(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        bounds: Option<(PyReadonlyArray1<'_, f64>, PyReadonlyArray1<'_, f64>)>,
        x: Option<PyReadonlyArray2<'_, f64>>,
        names: Vec<String>,
        exposure: Option<PyReadonlyArray1<'_, f64>>,
        reporting: Option<PyReadonlyArray1<'_, f64>>,
        labels: Vec<String>,
    ) -> PyResult<PyCountStructuralFit> {
        let y = y.as_array().to_vec();
        let bounds = bounds.map(|(lo, hi)| (lo.as_array().to_vec(), hi.as_array().to_vec()));
        let exposure = exposure.map(|e| e.as_array().to_vec());
        let reporting = reporting.map(|f| f.as_array().to_vec());
        let x = x.map(|x| x.as_array().to_owned());
        let fit = enter(py, || {
            let counts = cells(name, &y, bounds.as_ref())?;
            let mut series = CountSeries::new(name, &counts).labels(labels);
            if let Some(exposure) = &exposure {
                series = series.exposure(exposure);
            }
            if let Some(reporting) = &reporting {
                series = series.reporting(reporting);
            }
            if let Some(x) = &x {
                series = series.regressors(x.view(), &names);
            }
            self.of_counts()?.fit(&series)
        })?;
        Ok(PyCountStructuralFit(fit))
    }

    fn __str__(&self) -> String {
        self.counts.as_ref().map_or_else(|| self.normal.to_string(), ToString::to_string)
    }
}

/// A fitted structural model.
#[pyclass(frozen, name = "StructuralFit", module = "averted._core")]
pub(in crate::python) struct PyStructuralFit(pub(in crate::python) StructuralFit);

#[pymethods]
impl PyStructuralFit {
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
    fn n_observed(&self) -> usize {
        self.0.n_observed()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    /// Name, estimate and standard error of variances and damping.
    #[getter]
    fn parameters(&self) -> Vec<(String, f64, f64)> {
        self.0.parameters().into_iter().map(|p| (p.name, p.estimate, p.std_error)).collect()
    }

    /// The table of the regressors' coefficients.
    fn coefficients(&self, level: f64) -> PyResult<PyTable> {
        crate::inference::interval_level(level)?;
        Ok(PyTable(CoefficientRow::table(&self.0.coefficient_rows(level))))
    }

    /// Smoothed parts by name.
    fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let parts = enter(py, || self.0.parts())?;
        let out = PyDict::new(py);
        let some = [
            ("slope", parts.slope),
            ("seasonal", parts.seasonal),
            ("cycle", parts.cycle),
            ("regression", parts.regression),
        ];
        out.set_item("observed", parts.observed.to_pyarray(py))?;
        out.set_item("level", parts.level.to_pyarray(py))?;
        out.set_item("level_std_error", parts.level_std_error.to_pyarray(py))?;
        for (name, values) in some {
            if let Some(values) = values {
                out.set_item(name, values.to_pyarray(py))?;
            }
        }
        out.set_item("residuals", parts.residuals.to_pyarray(py))?;
        Ok(out)
    }

    /// Means and variances on the model's scale, parameters taken as known.
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
