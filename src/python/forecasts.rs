//! Many series, combinations, conformal intervals and reconciliation across the border.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use super::convert::{enter, enter_watched};
use super::data::PyFrame;
use super::forecast::PyForecast;
use super::timeseries::{PyArima, PyAutoArima, PyCountModel, PyNaive, PyStructural, PyTheta};
use crate::forecast::combination::{Combination, Pooling, akaike_weights};
use crate::forecast::conformal::{Calibration, Spread, adaptive_intervals, whole};
use crate::forecast::many::{Columns, Lines, ManyForecast, SeriesSet};
use crate::forecast::reconciliation::{Hierarchy, Method, Reconciliation};
use crate::forecast::{Combined, Forecaster, named};
use crate::inference::Forecast;

/// A specification of a model of one series.
#[derive(FromPyObject)]
pub(super) enum AnyModel<'py> {
    Name(String),
    Arima(PyRef<'py, PyArima>),
    AutoArima(PyRef<'py, PyAutoArima>),
    Counts(PyRef<'py, PyCountModel>),
    Naive(PyRef<'py, PyNaive>),
    Structural(PyRef<'py, PyStructural>),
    Theta(PyRef<'py, PyTheta>),
}

impl AnyModel<'_> {
    pub(super) fn forecaster(&self, season: usize) -> PyResult<Box<dyn Forecaster>> {
        Ok(match self {
            Self::Name(name) => named(name, season)?,
            Self::Arima(model) => Box::new(model.0.clone()),
            Self::AutoArima(model) => Box::new(model.0.clone()),
            Self::Counts(model) => model.forecaster(),
            Self::Naive(model) => Box::new(model.0),
            Self::Structural(model) => model.forecaster(),
            Self::Theta(model) => Box::new(model.0.clone()),
        })
    }
}

/// How members are combined: `mean`, `median`, or weights; `quantiles` or `mixture`.
#[derive(FromPyObject)]
pub(super) enum AnyRule {
    Name(String),
    Weights(Vec<f64>),
}

fn combination(rule: AnyRule, pooling: &str) -> PyResult<Combination> {
    let argument = |argument: &str, value: &str, must: &str| crate::Error::Argument {
        argument: argument.into(),
        value: value.into(),
        must: must.into(),
    };
    let made = match rule {
        AnyRule::Weights(weights) => Combination::weighted(weights),
        AnyRule::Name(name) => match name.as_str() {
            "mean" => Combination::mean(),
            "median" => Combination::median(),
            other => return Err(argument("weights", other, "`mean`, `median` or numbers").into()),
        },
    };
    match pooling {
        "quantiles" => Ok(made),
        "mixture" => Ok(made.pooling(Pooling::Mixture)),
        other => Err(argument("pooling", other, "`quantiles` or `mixture`").into()),
    }
}

/// Horizon, windows, step, gap, refit, draws.
type Settings = (usize, usize, usize, usize, usize, usize);

/// Name, mean, and lower and upper ends level by level.
type ModelColumns<'py> =
    (String, Bound<'py, PyArray1<f64>>, Vec<Bound<'py, PyArray1<f64>>>, Vec<Bound<'py, PyArray1<f64>>>);

/// Lines of a long frame, and what belongs to them.
#[pyclass(frozen, name = "Lines", module = "averted._core")]
pub(super) struct PyLines {
    lines: Lines,
    set: SeriesSet,
}

#[pymethods]
impl PyLines {
    /// Names of the series, line by line.
    #[getter]
    fn series(&self) -> Vec<&str> {
        self.lines.series.iter().map(|&s| self.set.series[s].name.as_str()).collect()
    }

    /// Numbers of the periods.
    #[getter]
    fn periods<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        self.lines.period.to_pyarray(py)
    }

    /// Numbers of the origins.
    #[getter]
    fn cutoffs<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        self.lines.cutoff.to_pyarray(py)
    }

    #[getter]
    fn y<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.lines.y.to_pyarray(py)
    }

    #[getter]
    fn models<'py>(&self, py: Python<'py>) -> Vec<ModelColumns<'py>> {
        let arrays = |many: &[Vec<f64>]| many.iter().map(|v| v.to_pyarray(py)).collect();
        let one = |m: &crate::forecast::many::ModelLines| {
            (m.name.clone(), m.mean.to_pyarray(py), arrays(&m.lower), arrays(&m.upper))
        };
        self.lines.models.iter().map(one).collect()
    }

    /// Series, model, number of the origin, reason.
    #[getter]
    fn failed(&self) -> Vec<(String, String, Option<i64>, String)> {
        let one = |f: &crate::forecast::many::Failure| {
            (f.series.clone(), f.model.clone(), f.cutoff, f.error.to_string())
        };
        self.lines.failed.iter().map(one).collect()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.lines.notes.clone()
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.lines.seed
    }

    /// How long a period is; none for days and plain numbers.
    #[getter]
    fn frequency(&self) -> Option<String> {
        self.set.frequency.map(|f| f.to_string())
    }

    /// Name, number of the first period, and values of every series.
    fn histories<'py>(&self, py: Python<'py>) -> Vec<(String, i64, Bound<'py, PyArray1<f64>>)> {
        self.set.series.iter().map(|one| (one.name.clone(), one.first, one.y.to_pyarray(py))).collect()
    }

    /// A period in writing.
    fn label(&self, period: i64) -> String {
        self.set.label(period)
    }
}

/// Forecasts many series, or sends them through their past.
#[pyfunction]
#[pyo3(signature = (frame, columns, settings, *, models, combinations, levels, seed, season, frequency, intervals, past, progress))]
#[expect(clippy::too_many_arguments, reason = "the settings, one each")]
pub(super) fn forecast_many(
    py: Python<'_>,
    frame: &PyFrame,
    columns: (String, String, String, Option<String>),
    settings: Settings,
    models: Vec<(String, AnyModel<'_>)>,
    combinations: Vec<(String, Vec<AnyModel<'_>>, AnyRule, String)>,
    levels: Vec<f64>,
    seed: Option<u64>,
    season: Option<usize>,
    frequency: Option<&str>,
    intervals: &str,
    past: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<PyLines> {
    let (id, time, y, as_of) = columns;
    let columns = Columns { id, time, y, as_of };
    let frequency = frequency.map(str::parse).transpose()?;
    let frame = &frame.0;
    let set = enter(py, || SeriesSet::read(frame, &columns, frequency))?;
    let (horizon, windows, step, gap, refit, draws) = settings;
    let periods = season.unwrap_or_else(|| set.season());
    let mut made = ManyForecast::new(horizon)
        .windows(windows)
        .step(step)
        .gap(gap)
        .refit(refit)
        .draws(draws)
        .levels(levels)
        .intervals(intervals.parse()?);
    if let Some(season) = season {
        made = made.season(season);
    }
    if let Some(seed) = seed {
        made = made.seed(seed);
    }
    for (name, model) in models {
        made = made.forecaster(name, model.forecaster(periods)?);
    }
    for (name, members, rule, pooling) in combinations {
        let members = members.iter().map(|m| m.forecaster(periods)).collect::<PyResult<Vec<_>>>()?;
        made = made.forecaster(name, Box::new(Combined::new(members, combination(rule, &pooling)?)?));
    }
    let lines = enter_watched(py, progress, |watch| {
        if past { made.cross_validation_watched(&set, watch) } else { made.run_watched(&set, watch) }
    })?;
    Ok(PyLines { lines, set })
}

/// Several forecasts made into one.
#[pyfunction]
pub(super) fn combine(
    py: Python<'_>,
    forecasts: Vec<PyRef<'_, PyForecast>>,
    rule: AnyRule,
    pooling: &str,
) -> PyResult<PyForecast> {
    let made = combination(rule, pooling)?;
    let members: Vec<&Forecast> = forecasts.iter().map(|f| &f.0).collect();
    Ok(PyForecast(enter(py, || made.run(&members))?))
}

/// Weights by information criteria.
#[pyfunction]
pub(super) fn criterion_weights(criteria: Vec<f64>) -> PyResult<Vec<f64>> {
    Ok(akaike_weights(&criteria)?)
}

/// Scores of past forecasts, by horizon.
#[pyclass(frozen, name = "Calibration", module = "averted._core")]
pub(super) struct PyCalibration(Calibration);

/// Centre and size below and above.
type Spreads<'py> = (PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>);

fn spreads((centre, below, above): &Spreads<'_>) -> Vec<Spread> {
    let sides = below.as_array();
    let sides = sides.iter().zip(above.as_array());
    centre
        .as_array()
        .iter()
        .zip(sides)
        .map(|(c, (b, a))| Spread { centre: *c, below: *b, above: *a })
        .collect()
}

/// Sizes below and above a centre, out of an interval at a level.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "two arrays")]
pub(super) fn interval_spreads<'py>(
    py: Python<'py>,
    centre: PyReadonlyArray1<'py, f64>,
    lower: PyReadonlyArray1<'py, f64>,
    upper: PyReadonlyArray1<'py, f64>,
    level: f64,
) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
    let ends = lower.as_array();
    let ends = ends.iter().zip(upper.as_array());
    let (mut below, mut above) = (Vec::new(), Vec::new());
    for (c, (l, u)) in centre.as_array().iter().zip(ends) {
        let spread = Spread::of_interval(*c, *l, *u, level)?;
        below.push(spread.below);
        above.push(spread.above);
    }
    Ok((below.to_pyarray(py), above.to_pyarray(py)))
}

#[pymethods]
impl PyCalibration {
    /// Out of past forecasts: periods ahead, centre, size below and above, outcome.
    #[new]
    fn new(ahead: Vec<usize>, forecasts: Spreads<'_>, y: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        let rows = ahead.into_iter().zip(spreads(&forecasts)).zip(y.as_array().to_vec());
        Ok(Self(Calibration::of(rows.map(|((h, s), y)| (h, s, y)))?))
    }

    #[getter]
    fn n(&self) -> Vec<usize> {
        (1..=self.0.horizons()).map(|h| self.0.n(h)).collect()
    }

    fn radius(&self, ahead: usize, level: f64) -> PyResult<f64> {
        Ok(self.0.radius(ahead, level)?)
    }

    /// Intervals of forecasts so many periods ahead; of counts the whole numbers in them.
    fn intervals(
        &self,
        ahead: Vec<usize>,
        forecasts: Spreads<'_>,
        level: f64,
        counts: bool,
    ) -> PyResult<Vec<(f64, f64)>> {
        let one = |(h, spread): (usize, Spread)| {
            let found = self.0.interval(h, &spread, level)?;
            Ok(if counts { whole(found) } else { found })
        };
        ahead.into_iter().zip(spreads(&forecasts)).map(one).collect()
    }

    /// The forecast with intervals up to a level put right.
    fn forecast(&self, py: Python<'_>, forecast: &PyForecast, level: f64) -> PyResult<PyForecast> {
        Ok(PyForecast(enter(py, || self.0.forecast(&forecast.0, level))?))
    }
}

/// Adaptive intervals of forecasts made one after the other.
#[pyfunction]
pub(super) fn adaptive(
    forecasts: Spreads<'_>,
    y: PyReadonlyArray1<'_, f64>,
    ahead: usize,
    level: f64,
    rate: f64,
) -> PyResult<Vec<(f64, f64)>> {
    Ok(adaptive_intervals(&spreads(&forecasts), &y.as_array().to_vec(), ahead, level, rate)?)
}

/// A way of making forecasts add up.
#[pyclass(frozen, name = "Reconciliation", module = "averted._core")]
pub(super) struct PyReconciliation(Reconciliation);

#[pymethods]
impl PyReconciliation {
    /// `sums`: what each series is the sum of. `shares`: of the top, in place of a method.
    #[new]
    #[pyo3(signature = (sums, method, *, errors, shares, nonnegative, counts))]
    fn new(
        sums: Vec<(String, Vec<String>)>,
        method: &str,
        errors: Option<PyReadonlyArray2<'_, f64>>,
        shares: Option<Vec<f64>>,
        nonnegative: bool,
        counts: bool,
    ) -> PyResult<Self> {
        let pairs: Vec<(&str, &[String])> = sums.iter().map(|(n, of)| (n.as_str(), of.as_slice())).collect();
        let hierarchy = Hierarchy::sums(&pairs)?;
        let mut made = match shares {
            Some(shares) => Reconciliation::top_down(&hierarchy, &shares)?,
            None => {
                let method: Method = method.parse()?;
                let errors = errors.as_ref().map(|e| e.as_array());
                Reconciliation::new(&hierarchy, method, errors)?
            }
        };
        if counts {
            made = made.counts()?;
        } else if nonnegative {
            made = made.nonnegative()?;
        }
        Ok(Self(made))
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.hierarchy().names().to_vec()
    }

    /// How many of the names are of sums; the others are of bottom series.
    #[getter]
    fn sums(&self) -> usize {
        self.0.hierarchy().upper().len()
    }

    fn points(&self, base: PyReadonlyArray1<'_, f64>) -> PyResult<Vec<f64>> {
        Ok(self.0.points(&base.as_array().to_vec())?)
    }

    fn forecasts(&self, py: Python<'_>, base: Vec<PyRef<'_, PyForecast>>) -> PyResult<Vec<PyForecast>> {
        let base: Vec<&Forecast> = base.iter().map(|f| &f.0).collect();
        Ok(enter(py, || self.0.forecasts(&base))?.into_iter().map(PyForecast).collect())
    }
}
