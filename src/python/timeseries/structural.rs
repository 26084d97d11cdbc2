//! Structural models across the border.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::super::convert::enter;
use super::alike::{exposed, reads};
use super::counts::cells;
use super::structural_counts::{PyCountStructuralFit, estimated, named};
use crate::error::{Error, Result};
use crate::forecast::Forecaster;
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

reads! {
    PyStructuralFit:
    log_likelihood -> f64,
    aic -> f64,
    aicc -> f64,
    n_diffuse -> usize,
    n_observed -> usize,
    notes -> Vec<String>
}
estimated!(PyStructuralFit);
exposed!(PyStructuralFit);

#[pymethods]
impl PyStructuralFit {
    /// Smoothed parts by name.
    fn parts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let parts = enter(py, || self.0.parts())?;
        let level = (parts.level, parts.level_std_error);
        let rest = [parts.slope, parts.seasonal, parts.cycle, parts.regression];
        named(py, ("observed", &parts.observed), level, rest, &parts.residuals)
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
}
