//! Joinpoint regression across the border.

use pyo3::prelude::*;

use super::super::convert::enter;
use crate::data::Count;
use crate::timeseries::joinpoint::{AverageChange, Joinpoint, JoinpointFit, Series};

/// Name, times, rates, standard errors, least and most counts, population: rates or counts are given.
pub(super) type RawSeries =
    (String, Vec<f64>, Option<Vec<f64>>, Option<Vec<f64>>, Option<(Vec<f64>, Vec<f64>)>, Option<Vec<f64>>);

pub(super) fn series((name, times, rates, errors, counts, people): RawSeries) -> Series {
    let Some((lo, hi)) = counts else {
        let series = Series::rates(&name, &times, &rates.unwrap_or_default());
        return errors.iter().fold(series, |series, errors| series.std_errors(errors));
    };
    let count = |(&lo, &hi): (&f64, &f64)| {
        if lo.is_nan() || hi.is_nan() {
            Count::Missing
        } else if lo < hi || hi < lo {
            Count::Interval { lo, hi }
        } else {
            Count::Exact(lo)
        }
    };
    let counts: Vec<Count> = lo.iter().zip(&hi).map(count).collect();
    let series = Series::counts(&name, &times, &counts);
    people.iter().fold(series, |series, people| series.population(people))
}

/// A joinpoint regression, unfitted.
#[pyclass(frozen, name = "Joinpoint", module = "averted._core")]
pub(in crate::python) struct PyJoinpoint(Joinpoint);

#[pymethods]
impl PyJoinpoint {
    #[new]
    #[pyo3(signature = (*, mode, max_joinpoints, selection, permutations, level, spacing, step, continuous, seed))]
    #[expect(clippy::too_many_arguments, reason = "the options of a specification")]
    fn new(
        mode: &str,
        max_joinpoints: usize,
        selection: &str,
        permutations: usize,
        level: f64,
        spacing: (usize, usize),
        step: usize,
        continuous: bool,
        seed: Option<u64>,
    ) -> PyResult<Self> {
        let made = Joinpoint::new()
            .mode(mode.parse()?)
            .max_joinpoints(max_joinpoints)
            .selection(selection.parse()?)
            .permutations(permutations)
            .level(level)
            .spacing(spacing.0, spacing.1)
            .step(step);
        let made = if continuous { made.continuous() } else { made };
        Ok(Self(seed.map_or(made.clone(), |seed| made.seed(seed))))
    }

    fn fit_many(&self, py: Python<'_>, raw: Vec<RawSeries>) -> PyResult<Vec<PyJoinpointFit>> {
        let all: Vec<Series> = raw.into_iter().map(series).collect();
        Ok(enter(py, || self.0.fit_many(&all))?.into_iter().map(PyJoinpointFit).collect())
    }

    /// Joinpoints, p-values of parallel and of one trend, and the seed.
    fn compare(&self, py: Python<'_>, left: RawSeries, right: RawSeries) -> PyResult<(usize, f64, f64, u64)> {
        let (left, right) = (series(left), series(right));
        let found = enter(py, || self.0.compare(&left, &right))?;
        Ok((found.joinpoints, found.parallel, found.coincident, found.seed))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted joinpoint regression.
#[pyclass(frozen, name = "JoinpointFit", module = "averted._core")]
pub(in crate::python) struct PyJoinpointFit(JoinpointFit);

/// From, to, average change, lower and upper end.
type Average = (f64, f64, f64, f64, f64);

fn flat(a: AverageChange) -> Average {
    (a.from, a.to, a.aapc, a.lower, a.upper)
}

#[pymethods]
impl PyJoinpointFit {
    /// Start, end, slope, standard error, change, lower, upper, p-value.
    #[getter]
    #[expect(clippy::type_complexity, reason = "a row of a table")]
    fn segments(&self) -> Vec<(f64, f64, f64, f64, f64, f64, f64, f64)> {
        let all = self.0.segments().into_iter();
        all.map(|s| (s.start, s.end, s.slope, s.std_error, s.apc, s.lower, s.upper, s.p_value)).collect()
    }

    /// Time, standard error, lower and upper end.
    #[getter]
    fn joinpoints(&self) -> Vec<(f64, f64, f64, f64)> {
        self.0.joinpoints().iter().map(|j| (j.time, j.std_error, j.lower, j.upper)).collect()
    }

    /// Joinpoints, sum of squares, log-likelihood, BIC, BIC3, WBIC.
    #[getter]
    fn candidates(&self) -> Vec<(Vec<f64>, f64, f64, f64, f64, f64)> {
        let all = self.0.candidates().iter();
        all.map(|c| (c.joinpoints.clone(), c.sse, c.log_likelihood, c.bic, c.bic3, c.wbic)).collect()
    }

    /// Null, alternative, p-value, level.
    #[getter]
    fn tests(&self) -> Vec<(usize, usize, f64, f64)> {
        self.0.tests().iter().map(|t| (t.null, t.alternative, t.p_value, t.level)).collect()
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.0.seed()
    }

    #[getter]
    fn sse(&self) -> f64 {
        self.0.sse()
    }

    #[getter]
    fn log_likelihood(&self) -> f64 {
        self.0.log_likelihood()
    }

    #[getter]
    fn dispersion(&self) -> f64 {
        self.0.dispersion()
    }

    #[getter]
    fn n_observed(&self) -> usize {
        self.0.n_observed()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }

    #[getter]
    fn times(&self) -> Vec<f64> {
        self.0.times().to_vec()
    }

    fn fitted(&self) -> Vec<f64> {
        self.0.fitted()
    }

    fn observed(&self) -> Vec<f64> {
        self.0.observed()
    }

    fn hidden(&self) -> Vec<(usize, f64, f64)> {
        self.0.hidden()
    }

    fn rates(&self, times: Vec<f64>) -> Vec<f64> {
        times.into_iter().map(|t| self.0.rate(t)).collect()
    }

    #[pyo3(signature = (start, end, draws, seed))]
    fn aapc(
        &self,
        py: Python<'_>,
        start: Option<f64>,
        end: Option<f64>,
        draws: usize,
        seed: Option<u64>,
    ) -> PyResult<Average> {
        let found = enter(py, || match draws {
            0 => self.0.aapc(start, end),
            draws => self.0.aapc_bootstrap(start, end, draws, seed),
        })?;
        Ok(flat(found))
    }

    fn with_joinpoints(&self, py: Python<'_>, number: usize) -> PyResult<Self> {
        Ok(Self(enter(py, || self.0.with_joinpoints(number))?))
    }
}
