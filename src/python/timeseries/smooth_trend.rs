//! Smooth trends across the border.

use pyo3::prelude::*;

use super::super::convert::enter;
use super::joinpoint::{RawSeries, series};
use crate::data::Count;
use crate::random::fresh_seed;
use crate::timeseries::joinpoint::Series;
use crate::timeseries::smooth_trend::{SmoothTrend, SmoothTrendFit};

/// A smooth trend, unfitted.
#[pyclass(frozen, name = "SmoothTrend", module = "averted._core")]
pub(in crate::python) struct PySmoothTrend(SmoothTrend);

#[pymethods]
impl PySmoothTrend {
    #[new]
    #[pyo3(signature = (*, family, pieces, season))]
    fn new(family: &str, pieces: Option<usize>, season: Option<usize>) -> PyResult<Self> {
        let mut made = SmoothTrend::new().family(family.parse()?);
        made = pieces.map_or(made.clone(), |pieces| made.pieces(pieces));
        Ok(Self(season.map_or(made.clone(), |season| made.season(season))))
    }

    fn fit_many(&self, py: Python<'_>, raw: Vec<RawSeries>) -> PyResult<Vec<PySmoothTrendFit>> {
        let all: Vec<Series> = raw.into_iter().map(series).collect();
        Ok(enter(py, || self.0.fit_many(&all))?.into_iter().map(PySmoothTrendFit).collect())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// Time, trend with its ends, slope, its error and ends, sign.
type Point = (f64, f64, f64, f64, f64, f64, f64, f64, i8);

/// A fitted smooth trend.
#[pyclass(frozen, name = "SmoothTrendFit", module = "averted._core")]
pub(in crate::python) struct PySmoothTrendFit(SmoothTrendFit);

#[pymethods]
impl PySmoothTrendFit {
    /// The points, with slopes for each time alone or all together, and the seed of these.
    fn points(
        &self,
        py: Python<'_>,
        level: f64,
        together: bool,
        seed: Option<u64>,
    ) -> PyResult<(Vec<Point>, Option<u64>)> {
        let seed = together.then(|| seed.unwrap_or_else(fresh_seed));
        let found = enter(py, || match seed {
            Some(seed) => self.0.points_together(level, seed),
            None => self.0.points(level),
        })?;
        let flat = |p: crate::timeseries::smooth_trend::TrendPoint| {
            (p.time, p.trend, p.lower, p.upper, p.slope, p.slope_error, p.slope_lower, p.slope_upper, p.sign)
        };
        Ok((found.into_iter().map(flat).collect(), seed))
    }

    #[getter]
    fn times(&self) -> Vec<f64> {
        self.0.times().to_vec()
    }

    #[getter]
    fn rows(&self) -> Vec<usize> {
        self.0.rows().to_vec()
    }

    /// Least and most of each count.
    #[getter]
    fn counts(&self) -> Vec<(f64, f64)> {
        let ends = |count: &Count| match *count {
            Count::Exact(y) => (y, y),
            Count::Interval { lo, hi } => (lo, hi),
            Count::Missing => (f64::NAN, f64::NAN),
        };
        self.0.counts().iter().map(ends).collect()
    }

    #[getter]
    fn exposure(&self) -> Vec<f64> {
        self.0.exposure()
    }

    #[getter]
    fn fitted(&self) -> Vec<f64> {
        self.0.fitted().to_vec()
    }

    /// Of the trend, and of the season if there is one.
    #[getter]
    fn penalties(&self) -> Vec<f64> {
        self.0.penalties().to_vec()
    }

    #[getter]
    fn dispersion(&self) -> f64 {
        self.0.dispersion()
    }

    #[getter]
    fn log_likelihood(&self) -> f64 {
        self.0.log_likelihood()
    }

    #[getter]
    fn degrees_of_freedom(&self) -> (f64, f64) {
        self.0.degrees_of_freedom()
    }

    /// Log effects of the parts of the year, and their errors.
    #[getter]
    fn season(&self) -> Vec<(f64, f64)> {
        self.0.season()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }
}
