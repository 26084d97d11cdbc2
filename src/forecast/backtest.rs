//! Rolling origins: what a specification would have said at past cutoffs, beside a naive forecast.
//!
//! At every cutoff the specification is fitted anew to what came before and simulates the periods after it; the score of
//! each period is that of the draws ([`scores`](crate::forecast::scores)). The benchmark is a random walk on the
//! model's scale from the last value, with paths that carry the uncertainty of its variance and of a drift taken as
//! zero; with a season, the value of a season before. Exposure and regressors of the test periods are taken as known.
//!
//! ```text
//! skill = 1 − WIS / WIS_naive            MASE = mean |y − median| / in-sample naive error
//! ```
//!
//! ```
//! use averted::forecast::backtest::Backtest;
//! use averted::timeseries::structural::{Series, Structural};
//! let y: Vec<f64> = (0..30).map(|t| 100.0 + f64::from(t * 7919 % 31)).collect();
//! let result = Backtest::new(2).windows(4).draws(200).seed(1).run(&Structural::new(), &Series::new("y", &y))?;
//! assert_eq!((result.rows.len(), result.summary[0].windows), (8, 4));
//! # Ok::<(), averted::Error>(())
//! ```

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::forecast::scores::{LEVELS, Score, naive_error};
use crate::forecast::{Ahead, Forecaster};
use crate::inference::{Cell, Table};
use crate::parallel::{Watch, try_map};
use crate::random::{fresh_seed, normal, stream};
use crate::timeseries::structural::{Scale, Series};

/// Values that a first cutoff must leave.
const LEAST: usize = 4;

/// Which cutoffs, and how far ahead of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origins {
    pub(super) horizon: usize,
    pub(super) windows: usize,
    pub(super) step: usize,
    pub(super) gap: usize,
}

impl Origins {
    pub(super) fn new(horizon: usize) -> Self {
        Self { horizon, windows: 1, step: 1, gap: 0 }
    }

    pub(super) fn check(&self) -> Result<()> {
        let settings = [("horizon", self.horizon), ("windows", self.windows), ("step", self.step)];
        settings.into_iter().try_for_each(|(name, value)| positive(name, value))
    }

    /// Numbers of periods before the cutoffs in a series of `n`, the earliest first.
    pub(super) fn cutoffs(&self, n: usize, name: &str) -> Result<Vec<usize>> {
        let last = self.horizon.saturating_add(self.gap);
        let back = (self.windows - 1).saturating_mul(self.step);
        let needed = back.saturating_add(last).saturating_add(LEAST);
        if n < needed {
            return Err(Error::TooShort { what: name.into(), needed, found: n });
        }
        Ok((0..self.windows).map(|w| n - last - back + w * self.step).collect())
    }
}

fn positive(argument: &str, value: usize) -> Result<()> {
    if value > 0 {
        return Ok(());
    }
    let must = "at least 1".into();
    Err(Error::Argument { argument: argument.into(), value: "0".into(), must })
}

/// Which cutoffs, how far ahead, and by how many paths.
#[derive(Debug, Clone, PartialEq)]
pub struct Backtest {
    origins: Origins,
    draws: usize,
    seed: Option<u64>,
}

/// One period after one cutoff.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The last period of the training data.
    pub cutoff: String,
    /// The period.
    pub label: String,
    /// How many periods ahead, from 1.
    pub ahead: usize,
    /// What came.
    pub y: f64,
    /// What the model said, then what the naive forecast said.
    pub said: [Said; 2],
}

/// A forecast of one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Mean of the draws.
    pub mean: f64,
    /// Central intervals at 50, 80 and 95 %.
    pub intervals: [(f64, f64); 3],
    /// Its score; none where nothing was observed.
    pub score: Option<Score>,
}

/// The scores of one model over all windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The model.
    pub model: String,
    /// Windows that were scored.
    pub windows: usize,
    /// Periods that were scored.
    pub periods: usize,
    /// Mean weighted interval score.
    pub wis: f64,
    /// Mean CRPS.
    pub crps: f64,
    /// Share of periods inside the 50, 80 and 95 % intervals.
    pub coverage: [f64; 3],
    /// Mean absolute scaled error of the median.
    pub mase: f64,
    /// 1 − WIS / WIS of the naive forecast.
    pub skill: f64,
}

/// All rows and their summary.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestResult {
    /// One row a period and cutoff.
    pub rows: Vec<Row>,
    /// The model, then the naive forecast.
    pub summary: [Summary; 2],
    /// Cutoffs at which the model could not be fitted, and why; neither model is scored there.
    pub failed: Vec<(String, Error)>,
    /// The seed of the draws.
    pub seed: u64,
}

impl Backtest {
    /// This many periods ahead, from the eight latest cutoffs.
    pub fn new(horizon: usize) -> Self {
        Self { origins: Origins { windows: 8, ..Origins::new(horizon) }, draws: 1000, seed: None }
    }

    /// From this many cutoffs.
    #[must_use]
    pub fn windows(mut self, windows: usize) -> Self {
        self.origins.windows = windows;
        self
    }

    /// This many periods between cutoffs.
    #[must_use]
    pub fn step(mut self, step: usize) -> Self {
        self.origins.step = step;
        self
    }

    /// Leaving out this many periods after the cutoff, as when the latest counts are not yet complete.
    #[must_use]
    pub fn gap(mut self, gap: usize) -> Self {
        self.origins.gap = gap;
        self
    }

    /// Paths a window.
    #[must_use]
    pub fn draws(mut self, draws: usize) -> Self {
        self.draws = draws;
        self
    }

    /// The seed; without one it is drawn and recorded.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// As [`run_watched`](Self::run_watched).
    pub fn run(&self, spec: &dyn Forecaster, series: &Series<'_>) -> Result<BacktestResult> {
        self.run_watched(spec, series, &Watch::none())
    }

    /// Runs it under a watch.
    ///
    /// # Errors
    /// [`Error::Argument`] for a horizon, step, or number of windows or draws of zero; [`Error::TooShort`] when the
    /// first cutoff leaves too little; the error of the last window when all fail.
    pub fn run_watched(
        &self,
        spec: &dyn Forecaster,
        series: &Series<'_>,
        watch: &Watch<'_>,
    ) -> Result<BacktestResult> {
        self.origins.check()?;
        positive("draws", self.draws)?;
        let cutoffs = self.origins.cutoffs(series.outcome().len(), series.name())?;
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let windows = try_map(cutoffs.len(), watch, |w| {
            Ok(self.window(spec, series, cutoffs[w], seed.wrapping_add(w as u64)))
        })?;
        let (mut rows, mut scales, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (w, window) in windows.into_iter().enumerate() {
            match window {
                Ok((found, scale)) => {
                    scales.extend(found.iter().map(|_| scale));
                    rows.extend(found);
                }
                Err(error) => failed.push((series.label(cutoffs[w] - 1), error)),
            }
        }
        if let (true, Some((_, error))) = (rows.is_empty(), failed.last()) {
            return Err(error.clone());
        }
        let mut summary = [0, 1].map(|model| summarise(model, &rows, &scales));
        summary[0].model = spec.to_string();
        let naive = summary[1].wis;
        summary.iter_mut().for_each(|s| s.skill = 1.0 - s.wis / naive);
        Ok(BacktestResult { rows, summary, failed, seed })
    }

    fn window(
        &self,
        spec: &dyn Forecaster,
        series: &Series<'_>,
        cutoff: usize,
        seed: u64,
    ) -> Result<(Vec<Row>, f64)> {
        let (gap, ahead) = (self.origins.gap, self.origins.gap + self.origins.horizon);
        let training = series.head(cutoff);
        let after = cutoff..cutoff + ahead;
        let x = series.x().map(|x| x.slice_move(ndarray::s![after.clone(), ..]));
        let exposure = series.exposures().map(|e| &e[after.clone()]);
        let future = Ahead { x, exposure, ..Ahead::new(ahead, self.draws, seed) };
        let outlook = spec.outlook(&training, &future)?;
        let model = outlook.forecast.paths(0);
        let naive = naive(spec, &training, exposure, ahead, self.draws, seed)?;
        let rows = (gap..ahead).map(|h| {
            let y = series.outcome()[cutoff + h];
            let said = [model, naive.view()].map(|paths| said(y, paths.column(h).to_vec()));
            Row { cutoff: series.label(cutoff - 1), label: series.label(cutoff + h), ahead: h + 1, y, said }
        });
        let scale = naive_error(training.outcome(), spec.season());
        Ok((rows.collect(), scale))
    }
}

fn said(y: f64, mut draws: Vec<f64>) -> Said {
    draws.sort_unstable_by(f64::total_cmp);
    let ends = |level: f64| {
        let tail = 0.5 * (1.0 - level);
        let at = |p| crate::forecast::scores::sorted_quantile(&draws, p);
        (at(tail), at(1.0 - tail))
    };
    Said {
        mean: draws.iter().sum::<f64>() / draws.len() as f64,
        intervals: LEVELS.map(ends),
        score: (!y.is_nan()).then(|| Score::of(y, draws.iter().copied())),
    }
}

fn summarise(model: usize, rows: &[Row], scales: &[f64]) -> Summary {
    let scored: Vec<(&Score, f64)> =
        rows.iter().zip(scales).filter_map(|(r, &s)| Some((r.said[model].score.as_ref()?, s))).collect();
    let n = scored.len() as f64;
    let mean =
        |of: &dyn Fn(&Score, f64) -> f64| scored.iter().map(|(s, scale)| of(s, *scale)).sum::<f64>() / n;
    let mut cutoffs: Vec<&str> =
        rows.iter().filter(|r| r.said[model].score.is_some()).map(|r| r.cutoff.as_str()).collect();
    cutoffs.dedup();
    Summary {
        model: "naive".into(),
        windows: cutoffs.len(),
        periods: scored.len(),
        wis: mean(&|s, _| s.wis),
        crps: mean(&|s, _| s.crps),
        coverage: [0, 1, 2].map(|i| mean(&|s, _| f64::from(u8::from(s.covered[i])))),
        mase: mean(&|s, scale| s.absolute_error / scale),
        skill: f64::NAN,
    }
}

/// Paths of the benchmark, on the outcome's scale.
fn naive(
    spec: &dyn Forecaster,
    series: &Series<'_>,
    exposure: Option<&[f64]>,
    horizon: usize,
    draws: usize,
    seed: u64,
) -> Result<Array2<f64>> {
    let log = spec.scale() == Scale::Log;
    let rate = |(t, y): (usize, &f64)| {
        let rate = y / series.exposures().map_or(1.0, |e| e[t]);
        if log { rate.ln() } else { rate }
    };
    let g: Vec<f64> = series.outcome().iter().enumerate().map(rate).collect();
    let season = spec.season();
    // The last known value of every phase of the season, and how long ago it was.
    let mut last = vec![None; season];
    let (mut squares, mut steps) = (0.0, 0_usize);
    for (t, &value) in g.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
        if let Some((before, then)) = last[t % season] {
            let (before, then): (f64, usize) = (before, then);
            squares += (value - before).powi(2) / ((t - then) / season) as f64;
            steps += 1;
        }
        last[t % season] = Some((value, t));
    }
    if steps < 2 || last.contains(&None) {
        return Err(Error::TooShort {
            what: series.name().into(),
            needed: season + 2,
            found: steps + season,
        });
    }
    let mut paths = Array2::zeros((draws, horizon));
    for (draw, mut path) in paths.rows_mut().into_iter().enumerate() {
        let mut generator = stream(seed, (1 << 41) + draw as u64);
        let chi: f64 = (0..steps).map(|_| normal(&mut generator).powi(2)).sum();
        let sd = (squares / chi).sqrt();
        // The drift is taken as zero, but that is not known any better than the steps allow.
        let drift = sd / (steps as f64).sqrt() * normal(&mut generator);
        let mut now = last.clone();
        for h in 0..horizon {
            let t = g.len() + h;
            let Some((before, then)) = now[t % season] else { continue };
            let cycles = ((t - then) / season) as f64;
            let value = before + drift * cycles + sd * cycles.sqrt() * normal(&mut generator);
            now[t % season] = Some((value, t));
            let scaled = if log { value.exp() } else { value };
            path[h] = scaled * exposure.map_or(1.0, |e| e[h]);
        }
    }
    Ok(paths)
}

impl BacktestResult {
    /// The scores as a table.
    pub fn table(&self) -> Table {
        let columns = [
            "model",
            "windows",
            "periods",
            "wis",
            "crps",
            "coverage_50",
            "coverage_80",
            "coverage_95",
            "mase",
            "skill",
        ];
        let mut table = Table::new(&columns).title("Backtest");
        for s in &self.summary {
            let mut row = vec![
                Cell::Text(s.model.clone()),
                Cell::Count(s.windows as f64),
                Cell::Count(s.periods as f64),
                Cell::Number(s.wis),
                Cell::Number(s.crps),
            ];
            row.extend(s.coverage.map(Cell::Number));
            row.extend([Cell::Number(s.mase), Cell::Number(s.skill)]);
            table.push(row);
        }
        let table = table.note(format!("skill = 1 − WIS / WIS of the naive forecast; seed {}", self.seed));
        let note = |table: Table, (cutoff, error): &(String, Error)| {
            table.note(format!("not scored from {cutoff}: {error}"))
        };
        self.failed.iter().fold(table, note)
    }
}
