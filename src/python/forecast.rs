//! Forecasts and backtests across the border.

use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::convert::enter_watched;
use super::forecasts::AnyModel;
use super::inference::PyTable;
use super::panel::PyPanel;
use super::timeseries::PyStructuralFit;
use crate::forecast::PanelForecast;
use crate::forecast::backtest::{Backtest, BacktestResult};
use crate::forecast::scenario::{LagResponse, Scenario};
use crate::forecast::scores::score;
use crate::inference::{Difference, Forecast};
use crate::timeseries::structural::Series;

/// Joint paths of the future.
#[pyclass(frozen, name = "Forecast", module = "averted._core")]
pub(super) struct PyForecast(pub(super) Forecast);

/// What a forecast is made of: scenarios, their paths, periods, cutoff, seed, whether they are counts, notes.
type Parts<'py> = (Vec<String>, Vec<Bound<'py, PyArray2<f64>>>, Vec<String>, String, u64, bool, Vec<String>);

#[pymethods]
impl PyForecast {
    /// Out of its parts, for pickle.
    #[new]
    fn new(
        scenarios: Vec<String>,
        paths: Vec<PyReadonlyArray2<'_, f64>>,
        labels: Vec<String>,
        cutoff: String,
        seed: u64,
        counts: bool,
        notes: Vec<String>,
    ) -> PyResult<Self> {
        let paths = paths.iter().map(|each| each.as_array().to_owned()).collect();
        let made = Forecast::new(scenarios, paths, labels, cutoff, seed)?;
        let made = if counts { made.counts() } else { made };
        Ok(Self(notes.into_iter().fold(made, Forecast::note)))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyType>, Parts<'py>) {
        let it = &slf.get().0;
        let paths = (0..it.scenarios().len()).map(|each| it.paths(each).to_pyarray(slf.py())).collect();
        let (labels, cutoff) = (it.labels().to_vec(), it.cutoff().to_owned());
        let parts =
            (it.scenarios().to_vec(), paths, labels, cutoff, it.seed(), it.is_count(), it.notes().to_vec());
        (slf.get_type(), parts)
    }

    #[getter]
    fn scenarios(&self) -> Vec<String> {
        self.0.scenarios().to_vec()
    }

    #[getter]
    fn labels(&self) -> Vec<String> {
        self.0.labels().to_vec()
    }

    #[getter]
    fn cutoff(&self) -> &str {
        self.0.cutoff()
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.0.seed()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }

    fn scenario(&self, name: &str) -> PyResult<usize> {
        Ok(self.0.scenario(name)?)
    }

    fn mean<'py>(&self, py: Python<'py>, scenario: usize) -> Bound<'py, PyArray1<f64>> {
        self.0.mean(scenario).to_pyarray(py)
    }

    fn quantile<'py>(&self, py: Python<'py>, scenario: usize, p: f64) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.0.quantile(scenario, p)?.to_pyarray(py))
    }

    #[expect(clippy::type_complexity, reason = "two arrays")]
    fn interval<'py>(
        &self,
        py: Python<'py>,
        scenario: usize,
        level: f64,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
        let (lower, upper): (Vec<f64>, Vec<f64>) = self.0.interval(scenario, level)?.into_iter().unzip();
        Ok((lower.to_pyarray(py), upper.to_pyarray(py)))
    }

    fn paths<'py>(&self, py: Python<'py>, scenario: usize) -> Bound<'py, PyArray2<f64>> {
        self.0.paths(scenario).to_pyarray(py)
    }

    /// Estimate, lower, upper, and the share of paths below zero.
    fn difference(
        &self,
        scenario: usize,
        reference: usize,
        periods: usize,
        level: f64,
    ) -> PyResult<(f64, f64, f64, f64)> {
        let Difference { estimate, lower, upper, below_zero, .. } =
            self.0.difference(scenario, reference, periods, level)?;
        Ok((estimate, lower, upper, below_zero))
    }

    /// WIS, CRPS, absolute error and coverage at 50, 80 and 95 % by period; None where nothing was observed.
    #[expect(clippy::type_complexity, reason = "a row of scores")]
    fn score(
        &self,
        observed: PyReadonlyArray1<'_, f64>,
        scenario: usize,
    ) -> PyResult<Vec<Option<(f64, f64, f64, [bool; 3])>>> {
        let scores = score(&observed.as_array().to_vec(), &self.0, scenario)?;
        Ok(scores.into_iter().map(|s| s.map(|s| (s.wis, s.crps, s.absolute_error, s.covered))).collect())
    }

    fn table(&self, level: f64) -> PyResult<PyTable> {
        Ok(PyTable(self.0.table(level)?))
    }
}

/// A multiple of the last observed value, or a path.
#[derive(FromPyObject)]
pub(super) enum AnyPath<'py> {
    Multiple(f64),
    Values(PyReadonlyArray1<'py, f64>),
}

/// A unit's forecast and fit, or the reason why there is none; its past.
type Unit = (String, Option<(PyForecast, PyStructuralFit, Vec<String>, Vec<f64>)>, String);

/// Forecasts the units of a panel.
#[pyfunction]
#[pyo3(signature = (panel, horizon, *, units, scenarios, response, draws, seed, trend, season, progress))]
#[expect(clippy::too_many_arguments, reason = "the specification's settings, one each")]
pub(super) fn forecast_panel(
    py: Python<'_>,
    panel: &PyPanel,
    horizon: usize,
    units: Option<Vec<String>>,
    scenarios: Vec<(String, Vec<(String, AnyPath<'_>)>)>,
    response: Option<(String, PyReadonlyArray1<'_, f64>, PyReadonlyArray2<'_, f64>)>,
    draws: usize,
    seed: Option<u64>,
    trend: &str,
    season: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<Unit>> {
    let mut made = told(PanelForecast::new(horizon).draws(draws), units, seed, trend, season)?;
    for (name, changes) in scenarios {
        let mut told = Vec::new();
        for (column, path) in changes {
            let scenario = match path {
                AnyPath::Multiple(factor) => Scenario::multiple(&name, factor)?,
                AnyPath::Values(values) => Scenario::values(&name, values.as_array().to_vec())?,
            };
            told.push((column, scenario));
        }
        made = made.scenario(name, told);
    }
    if let Some((spend, coefficients, covariance)) = response {
        let (b, v) = (coefficients.as_array().to_owned(), covariance.as_array().to_owned());
        made = made.response(LagResponse::new(spend, b, v)?);
    }
    let panel = Arc::clone(&panel.0);
    let done = enter_watched(py, progress, |watch| made.run_watched(&panel, watch))?;
    let unit = |unit: crate::forecast::UnitForecast| match unit.outcome {
        Ok(o) => (
            unit.unit,
            Some((PyForecast(o.forecast), PyStructuralFit(o.fit), o.labels, o.history)),
            String::new(),
        ),
        Err(error) => (unit.unit, None, error.to_string()),
    };
    Ok(done.into_iter().map(unit).collect())
}

fn told(
    made: PanelForecast,
    units: Option<Vec<String>>,
    seed: Option<u64>,
    trend: &str,
    season: Option<usize>,
) -> PyResult<PanelForecast> {
    let mut made = made.trend(trend.parse()?);
    if let Some(units) = units {
        made = made.units(units);
    }
    if let Some(seed) = seed {
        made = made.seed(seed);
    }
    Ok(season.map_or(made.clone(), |season| made.season(season)))
}

/// What a backtest found.
#[pyclass(frozen, name = "Backtest", module = "averted._core")]
pub(super) struct PyBacktest(BacktestResult);

#[pymethods]
impl PyBacktest {
    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.0.seed
    }

    /// Cutoff, period, steps ahead, outcome; then of the model and of the naive forecast the mean and the intervals.
    #[getter]
    #[expect(clippy::type_complexity, reason = "a row of the frame")]
    fn rows(&self) -> Vec<(String, String, usize, f64, Vec<(f64, [(f64, f64); 3])>)> {
        let row = |r: &crate::forecast::backtest::Row| {
            let said = r.said.iter().map(|s| (s.mean, s.intervals)).collect();
            (r.cutoff.clone(), r.label.clone(), r.ahead, r.y, said)
        };
        self.0.rows.iter().map(row).collect()
    }
}

/// Horizon, windows, step, gap, draws.
type Windows = (usize, usize, usize, usize, usize);

fn windows((horizon, windows, step, gap, draws): Windows, seed: Option<u64>) -> Backtest {
    let made = Backtest::new(horizon).windows(windows).step(step).gap(gap).draws(draws);
    seed.map_or(made.clone(), |seed| made.seed(seed))
}

/// Sends a specification through the past of one series.
#[pyfunction]
#[pyo3(signature = (model, season, name, y, settings, *, x, exposure, labels, seed, progress))]
#[expect(clippy::too_many_arguments, reason = "a series and how it is cut")]
pub(super) fn backtest_series(
    py: Python<'_>,
    model: AnyModel<'_>,
    season: usize,
    name: &str,
    y: PyReadonlyArray1<'_, f64>,
    settings: Windows,
    x: Option<PyReadonlyArray2<'_, f64>>,
    exposure: Option<PyReadonlyArray1<'_, f64>>,
    labels: Vec<String>,
    seed: Option<u64>,
    progress: Option<Py<PyAny>>,
) -> PyResult<PyBacktest> {
    let model = model.forecaster(season)?;
    let y = y.as_array().to_vec();
    let exposure = exposure.map(|e| e.as_array().to_vec());
    let x = x.map(|x| x.as_array().to_owned());
    let done = enter_watched(py, progress, |watch| {
        let mut series = Series::new(name, &y).labels(labels);
        if let Some(exposure) = &exposure {
            series = series.exposure(exposure);
        }
        if let Some(x) = &x {
            series = series.regressors(x.view(), &[]);
        }
        windows(settings, seed).run_watched(model.as_ref(), &series, watch)
    })?;
    Ok(PyBacktest(done))
}

/// Sends every unit of a panel through its past.
#[pyfunction]
#[pyo3(signature = (panel, settings, *, units, seed, trend, season, progress))]
#[expect(clippy::too_many_arguments, reason = "the specification's settings, one each")]
pub(super) fn backtest_panel(
    py: Python<'_>,
    panel: &PyPanel,
    settings: Windows,
    units: Option<Vec<String>>,
    seed: Option<u64>,
    trend: &str,
    season: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<(String, Option<PyBacktest>, String)>> {
    let made = told(PanelForecast::new(settings.0), units, seed, trend, season)?;
    let panel = Arc::clone(&panel.0);
    let test = windows(settings, seed);
    let done = enter_watched(py, progress, |watch| made.backtest(&panel, &test, watch))?;
    let unit = |(name, result): (String, crate::Result<BacktestResult>)| match result {
        Ok(result) => (name, Some(PyBacktest(result)), String::new()),
        Err(error) => (name, None, error.to_string()),
    };
    Ok(done.into_iter().map(unit).collect())
}
