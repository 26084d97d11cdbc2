//! Vector autoregressions across the border.

use ndarray::{Array2, Array3};
use numpy::{PyArray2, PyArray3, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::forecast::PyForecast;
use super::super::inference::PyTable;
use super::alike::{labelled, owned, views};
use crate::error::{Error, Result};
use crate::inference::{CoefficientRow, Forecast, interval_level};
use crate::timeseries::var::{ImpulseBands, LagChoice, Var, VarFit, VarPrediction, VarTest};

/// Steps × responses × shocks.
pub(super) fn stacked(steps: &[Array2<f64>]) -> Array3<f64> {
    let (rows, columns) = steps.first().map_or((0, 0), Array2::dim);
    Array3::from_shape_fn((steps.len(), rows, columns), |(h, i, j)| steps[h][[i, j]])
}

/// Name, statistic, degrees of freedom, those of the denominator, p-value.
pub(super) type TestParts = (String, f64, f64, f64, f64);

pub(super) fn parts(test: VarTest) -> TestParts {
    (test.name, test.statistic, test.degrees, test.denominator, test.p_value)
}

/// Estimate, lower and upper ends of responses, and the seed of a bootstrap.
pub(super) type Bands<'py> =
    (Bound<'py, PyArray3<f64>>, Bound<'py, PyArray3<f64>>, Bound<'py, PyArray3<f64>>, Option<u64>);

pub(super) fn bands<'py>(py: Python<'py>, found: &ImpulseBands) -> Bands<'py> {
    let array = |steps: &[Array2<f64>]| stacked(steps).to_pyarray(py);
    (array(&found.estimate), array(&found.lower), array(&found.upper), found.seed)
}

/// Means, lower and upper ends, periods × series.
pub(super) type Intervals<'py> =
    (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>);

pub(super) fn intervals<'py>(py: Python<'py>, found: &VarPrediction) -> Intervals<'py> {
    (found.mean.to_pyarray(py), found.lower.to_pyarray(py), found.upper.to_pyarray(py))
}

/// Forecasts of the series of a system after their last period, with the names of their own.
pub(super) fn each_named(
    py: Python<'_>,
    labels: Option<Vec<String>>,
    cutoff: &str,
    draw: impl FnOnce() -> Result<Vec<Forecast>> + Send,
) -> PyResult<Vec<PyForecast>> {
    let named = |made: Forecast| labelled(made.after(cutoff.to_owned()), labels.clone());
    let made = enter(py, || draw()?.into_iter().map(named).collect::<Result<Vec<_>>>())?;
    Ok(made.into_iter().map(PyForecast).collect())
}

/// A vector autoregression, unfitted.
#[pyclass(frozen, name = "Var", module = "averted._core")]
pub(in crate::python) struct PyVar(Var);

#[pymethods]
impl PyVar {
    #[new]
    fn new(lags: usize, terms: &str) -> PyResult<Self> {
        Ok(Self(Var::new(lags).terms(terms.parse()?)))
    }

    #[pyo3(signature = (names, y, x_names, x))]
    fn fit(
        &self,
        py: Python<'_>,
        names: Vec<String>,
        y: PyReadonlyArray2<'_, f64>,
        x_names: Vec<String>,
        x: Option<PyReadonlyArray2<'_, f64>>,
    ) -> PyResult<PyVarFit> {
        let (y, x) = (y.as_array().to_owned(), x.map(|x| x.as_array().to_owned()));
        let run = || {
            let regressors = x.as_ref().map(|x| (x_names.as_slice(), x.view()));
            self.0.fit(&names, y.view(), regressors)
        };
        Ok(PyVarFit(enter(py, run)?))
    }

    /// AIC, HQ, SC and FPE of 1 to `most` lags.
    #[pyo3(signature = (most, names, y, x_names, x))]
    fn lag_choice(
        &self,
        py: Python<'_>,
        most: usize,
        names: Vec<String>,
        y: PyReadonlyArray2<'_, f64>,
        x_names: Vec<String>,
        x: Option<PyReadonlyArray2<'_, f64>>,
    ) -> PyResult<[Vec<f64>; 4]> {
        let (y, x) = (y.as_array().to_owned(), x.map(|x| x.as_array().to_owned()));
        let run = || {
            let regressors = x.as_ref().map(|x| (x_names.as_slice(), x.view()));
            let LagChoice { criteria } = self.0.lag_choice(most, &names, y.view(), regressors)?;
            Ok(criteria)
        };
        enter(py, run)
    }
}

/// A fitted vector autoregression.
#[pyclass(frozen, name = "VarFit", module = "averted._core")]
pub(in crate::python) struct PyVarFit(VarFit);

#[pymethods]
impl PyVarFit {
    #[getter]
    fn terms(&self) -> Vec<String> {
        self.0.terms().to_vec()
    }

    #[getter]
    fn n_observed(&self) -> usize {
        self.0.n_observed()
    }

    /// Terms × equations: coefficients, standard errors.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>) {
        (self.0.coefficients().to_pyarray(py), self.0.std_errors().to_pyarray(py))
    }

    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.residuals().to_pyarray(py)
    }

    #[getter]
    fn sigma<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.sigma().to_pyarray(py)
    }

    #[getter]
    fn log_likelihood(&self) -> PyResult<f64> {
        Ok(self.0.log_likelihood()?)
    }

    #[getter]
    fn roots(&self) -> PyResult<Vec<f64>> {
        Ok(self.0.roots()?)
    }

    fn table(&self, level: f64) -> PyResult<PyTable> {
        interval_level(level)?;
        Ok(PyTable(CoefficientRow::table(&self.0.coefficient_rows(level))))
    }

    /// Responses alone, steps × responses × shocks.
    fn impulse<'py>(
        &self,
        py: Python<'py>,
        horizon: usize,
        orthogonal: bool,
        cumulative: bool,
    ) -> Bound<'py, PyArray3<f64>> {
        let found = if cumulative {
            self.0.cumulative_impulse(horizon, orthogonal)
        } else {
            self.0.impulse(horizon, orthogonal)
        };
        stacked(&found).to_pyarray(py)
    }

    /// Responses with bands: estimate, lower, upper, and the seed of a bootstrap; asymptotic without draws.
    #[pyo3(signature = (horizon, *, orthogonal, cumulative, level, draws, seed))]
    #[expect(clippy::too_many_arguments, reason = "what is asked for")]
    fn bands<'py>(
        &self,
        py: Python<'py>,
        horizon: usize,
        orthogonal: bool,
        cumulative: bool,
        level: f64,
        draws: Option<usize>,
        seed: Option<u64>,
    ) -> PyResult<Bands<'py>> {
        let run = || match draws {
            Some(draws) => self.0.impulse_bootstrap(horizon, orthogonal, cumulative, level, draws, seed),
            None => self.0.impulse_asymptotic(horizon, orthogonal, cumulative, level),
        };
        Ok(bands(py, &enter(py, run)?))
    }

    /// Shares of the variance of forecast errors, steps × series × shocks.
    fn variance_shares<'py>(&self, py: Python<'py>, horizon: usize) -> Bound<'py, PyArray3<f64>> {
        stacked(&self.0.variance_shares(horizon)).to_pyarray(py)
    }

    /// A test of causality; `extra` is of Toda and Yamamoto's.
    fn causality(
        &self,
        py: Python<'_>,
        kind: &str,
        causes: Vec<String>,
        extra: usize,
    ) -> PyResult<TestParts> {
        let run = || -> Result<VarTest> {
            let causes: Vec<&str> = causes.iter().map(String::as_str).collect();
            match kind {
                "granger" => self.0.granger(&causes),
                "instantaneous" => self.0.instantaneous(&causes),
                "toda_yamamoto" => self.0.toda_yamamoto(&causes, extra),
                _ => Err(Error::Argument {
                    argument: "kind".into(),
                    value: format!("`{kind}`"),
                    must: "`granger`, `instantaneous` or `toda_yamamoto`".into(),
                }),
            }
        };
        Ok(parts(enter(py, run)?))
    }

    /// A test of the errors.
    fn residual_test(&self, py: Python<'_>, kind: &str, lags: usize) -> PyResult<TestParts> {
        let run = || -> Result<VarTest> {
            match kind {
                "portmanteau" => self.0.portmanteau(lags, false),
                "portmanteau_adjusted" => self.0.portmanteau(lags, true),
                "breusch_godfrey" => self.0.breusch_godfrey(lags),
                "normality" => self.0.normality(),
                "arch" => self.0.arch(lags),
                _ => Err(Error::Argument {
                    argument: "test".into(),
                    value: format!("`{kind}`"),
                    must: "`portmanteau`, `portmanteau_adjusted`, `breusch_godfrey`, `normality` or `arch`"
                        .into(),
                }),
            }
        };
        Ok(parts(enter(py, run)?))
    }

    /// Means, lower and upper ends, periods × series, coefficients taken as known.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        horizon: usize,
        x: Option<PyReadonlyArray2<'_, f64>>,
        level: f64,
    ) -> PyResult<Intervals<'py>> {
        let x = x.map(|x| x.as_array().to_owned());
        let found = enter(py, || self.0.predict(horizon, x.as_ref().map(|x| x.view()), level))?;
        Ok(intervals(py, &found))
    }

    /// One forecast a series.
    #[pyo3(signature = (horizon, scenarios, futures, *, draws, seed, labels, cutoff))]
    #[expect(clippy::too_many_arguments, reason = "the future and how it is drawn")]
    fn forecast(
        &self,
        py: Python<'_>,
        horizon: usize,
        scenarios: Vec<String>,
        futures: Vec<Option<PyReadonlyArray2<'_, f64>>>,
        draws: usize,
        seed: Option<u64>,
        labels: Option<Vec<String>>,
        cutoff: String,
    ) -> PyResult<Vec<PyForecast>> {
        let futures = owned(futures);
        each_named(py, labels, &cutoff, || {
            self.0.forecast_under(horizon, scenarios, &views(&futures), draws, seed)
        })
    }
}
