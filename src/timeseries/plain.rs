//! A series with nothing beside it, in a unit that keeps squares finite: what the simple methods take in.

use crate::error::{Error, Result};
use crate::inference::Forecast;
use crate::parallel;
use crate::random::{Generator, fresh_seed, stream};
use crate::timeseries::structural::Series;
use ndarray::Array2;

/// The values divided by a power of two near the largest of them, which is exact, with their names.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    pub(super) name: String,
    labels: Vec<String>,
    /// As given.
    pub(super) y: Vec<f64>,
    /// In units of `unit`; NaN where missing.
    pub(super) z: Vec<f64>,
    pub(super) unit: f64,
    pub(super) observed: usize,
}

impl Plain {
    /// Refuses what the method `what` has no place for, infinite values, and fewer than `needed` observations.
    pub(super) fn new(series: &Series<'_>, what: &str, needed: usize) -> Result<Self> {
        let y = series.outcome();
        let beside = if series.x().is_some() {
            Some("x")
        } else if series.exposures().is_some() {
            Some("exposure")
        } else {
            series.offsets().map(|_| "offset")
        };
        if let Some(argument) = beside {
            let must = format!("left out: {what} looks at the series alone");
            return Err(Error::Argument { argument: argument.into(), value: "given".into(), must });
        }
        if let Some(row) = y.iter().position(|v| v.is_infinite()) {
            let (value, must) = (y[row].to_string(), "finite, or NaN where missing".into());
            return Err(Error::Domain { what: series.name().into(), row, value, must });
        }
        let observed = y.iter().filter(|v| !v.is_nan()).count();
        if observed < needed {
            let what = format!("{what} of `{}`", series.name());
            return Err(Error::TooShort { what, needed, found: observed });
        }
        let unit = unit(y);
        Ok(Self {
            name: series.name().to_owned(),
            labels: (0..y.len()).map(|t| series.label(t)).collect(),
            y: y.to_vec(),
            z: y.iter().map(|v| v / unit).collect(),
            unit,
            observed,
        })
    }

    /// The last period in writing.
    pub(super) fn cutoff(&self) -> String {
        self.labels.last().cloned().unwrap_or_default()
    }

    /// Values in the caller's unit.
    pub(super) fn back(&self, z: impl IntoIterator<Item = f64>) -> Vec<f64> {
        z.into_iter().map(|v| v * self.unit).collect()
    }

    /// Simulated paths: `run(seed, replicate, paths)` fills `together` of them at a time, one after the other and in
    /// units of `unit`.
    pub(super) fn paths(
        &self,
        horizon: usize,
        draws: usize,
        together: usize,
        seed: Option<u64>,
        run: impl Fn(u64, u64, &mut [f64]) + Sync,
    ) -> Result<Forecast> {
        if horizon == 0 || draws == 0 {
            let argument = if horizon == 0 { "horizon" } else { "draws" }.into();
            return Err(Error::Argument { argument, value: "0".into(), must: "at least 1".into() });
        }
        let seed = seed.unwrap_or_else(fresh_seed);
        // A task is a block of replicates: a single one costs less than to hand it over.
        let (replicates, block) = (draws.div_ceil(together), 256);
        let one = |at: usize| {
            let here = at * block..((at + 1) * block).min(replicates);
            let mut out = vec![0.0; together * here.len() * horizon];
            for (replicate, paths) in here.zip(out.chunks_exact_mut(together * horizon)) {
                run(seed, replicate as u64, paths);
            }
            out
        };
        let mut all: Vec<f64> = parallel::map(replicates.div_ceil(block), one).concat();
        all.truncate(draws * horizon);
        all.iter_mut().for_each(|v| *v *= self.unit);
        let paths = Array2::from_shape_vec((draws, horizon), all).map_err(|e| Error::Shape {
            what: "paths".into(),
            expected: format!("{draws} of {horizon} periods"),
            found: e.to_string(),
        })?;
        let labels = (1..=horizon).map(|h| format!("+{h}")).collect();
        Forecast::new(vec!["forecast".into()], vec![paths], labels, self.cutoff(), seed)
    }

    /// As [`paths`](Self::paths), by pairs whose shocks have opposite signs, so that the mean over paths has no noise of
    /// its own: `run(generator, sign, path)` fills one.
    pub(super) fn pairs(
        &self,
        horizon: usize,
        draws: usize,
        seed: Option<u64>,
        run: impl Fn(&mut Generator, f64, &mut [f64]) + Sync,
    ) -> Result<Forecast> {
        self.paths(horizon, draws, 2, seed, |seed, pair, both| {
            let (plus, minus) = both.split_at_mut(horizon);
            run(&mut stream(seed, pair), 1.0, plus);
            run(&mut stream(seed, pair), -1.0, minus);
        })
    }
}

/// Refuses a series whose squares are no numbers; NaN is missing.
pub(super) fn squarable(name: &str, y: impl IntoIterator<Item = f64>) -> Result<()> {
    let mut first = None;
    let mut largest = 0.0_f64;
    let refuse = |row: usize, value: f64, bound: &str| {
        let must = format!("of a size whose square is a number: {bound}; change its unit");
        Err(Error::Domain { what: name.into(), row, value: value.to_string(), must })
    };
    for (row, value) in y.into_iter().enumerate() {
        if value.abs() > 1e140 {
            return refuse(row, value, "below 1e140");
        }
        if value != 0.0 && !value.is_nan() {
            first = first.or(Some((row, value)));
            largest = largest.max(value.abs());
        }
    }
    match first {
        Some((row, value)) if largest < 1e-140 => refuse(row, value, "above 1e-140"),
        _ => Ok(()),
    }
}

/// The power of two at or below the largest size; one of a series of zeros.
fn unit(y: &[f64]) -> f64 {
    let largest = y.iter().filter(|v| !v.is_nan()).fold(0.0, |m: f64, v| m.max(v.abs()));
    if largest == 0.0 {
        return 1.0;
    }
    2.0_f64.powi((largest.log2().floor() as i32).clamp(-1021, 1022))
}

/// Means of the future, and the scale of their t distribution.
///
/// `(Y − mean)/std_error` has a t distribution with `degrees` degrees of freedom.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Means.
    pub mean: Vec<f64>,
    /// Standard errors, that of what was estimated in them.
    pub std_error: Vec<f64>,
    /// Degrees of freedom.
    pub degrees: f64,
}

impl Prediction {
    /// The central intervals at a level (0.95 for 95 %), period by period.
    ///
    /// # Errors
    /// [`Error::Argument`] unless 0 < level < 1.
    pub fn interval(&self, level: f64) -> Result<Vec<(f64, f64)>> {
        let level = crate::inference::interval_level(level)?;
        let reach = crate::distribution::Student::new(self.degrees)?.quantile(0.5 + 0.5 * level);
        Ok(self.mean.iter().zip(&self.std_error).map(|(m, s)| (m - reach * s, m + reach * s)).collect())
    }
}
