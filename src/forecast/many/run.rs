//! Every series by every model.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::forecast::backtest::Origins;
use crate::forecast::conformal::LEAST_SERIES;
use crate::forecast::many::lines::Lines;
use crate::forecast::many::window::{Wanted, Window};
use crate::forecast::many::{OneSeries, SeriesSet};
use crate::forecast::{Ahead, Forecaster, named};
use crate::inference::interval_level;
use crate::parallel::{Watch, try_map};
use crate::random::fresh_seed;
use crate::timeseries::structural::Series;

/// Of so many series past errors are enough: 0.05 of 1,000 has a standard error of 0.007.
const LEARNERS: usize = 1000;

/// Where intervals come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Intervals {
    /// Conformal where there are 40 series with past errors, else the model's.
    #[default]
    Auto,
    /// Quantiles of the model's joint paths.
    Model,
    /// As wide as past errors say: those of all series together where there are 40, else each series' own.
    Conformal,
}

impl FromStr for Intervals {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "model" => Ok(Self::Model),
            "conformal" => Ok(Self::Conformal),
            _ => Err(Error::Argument {
                argument: "intervals".into(),
                value: text.into(),
                must: "`auto`, `model` or `conformal`".into(),
            }),
        }
    }
}

/// Forecasts of many series. See the [module](super).
pub struct ManyForecast {
    horizon: usize,
    models: Vec<(String, Option<Box<dyn Forecaster>>)>,
    season: Option<usize>,
    levels: Vec<f64>,
    draws: usize,
    seed: Option<u64>,
    intervals: Intervals,
    windows: usize,
    step: usize,
    gap: usize,
    refit: usize,
}

impl ManyForecast {
    /// This many periods ahead, by `auto`, with intervals at 80 and 95 %.
    pub fn new(horizon: usize) -> Self {
        Self {
            horizon,
            models: Vec::new(),
            season: None,
            levels: vec![0.8, 0.95],
            draws: 1000,
            seed: None,
            intervals: Intervals::Auto,
            windows: 2,
            step: 1,
            gap: 0,
            refit: 1,
        }
    }

    /// With one more model, by its name ([`named`]).
    #[must_use]
    pub fn model(mut self, name: impl Into<String>) -> Self {
        self.models.push((name.into(), None));
        self
    }

    /// With one more model, under this name.
    #[must_use]
    pub fn forecaster(mut self, name: impl Into<String>, model: Box<dyn Forecaster>) -> Self {
        self.models.push((name.into(), Some(model)));
        self
    }

    /// With a season of this many periods, 1 for none; a year of the calendar unless set.
    #[must_use]
    pub fn season(mut self, periods: usize) -> Self {
        self.season = Some(periods);
        self
    }

    /// With intervals at these levels (0.95 for 95 %).
    #[must_use]
    pub fn levels(mut self, levels: Vec<f64>) -> Self {
        self.levels = levels;
        self
    }

    /// Joint paths a series and model.
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

    /// With intervals from here.
    #[must_use]
    pub fn intervals(mut self, intervals: Intervals) -> Self {
        self.intervals = intervals;
        self
    }

    /// From this many past origins, for conformal intervals and cross-validation.
    #[must_use]
    pub fn windows(mut self, windows: usize) -> Self {
        self.windows = windows;
        self
    }

    /// This many periods between origins.
    #[must_use]
    pub fn step(mut self, step: usize) -> Self {
        self.step = step;
        self
    }

    /// Leaving out this many periods after every origin.
    #[must_use]
    pub fn gap(mut self, gap: usize) -> Self {
        self.gap = gap;
        self
    }

    /// Parameters are estimated at every so many origins of a series, 1 for each, 0 only at the first; between them
    /// they are held, and only the state goes on.
    #[must_use]
    pub fn refit(mut self, every: usize) -> Self {
        self.refit = every;
        self
    }

    /// Forecasts the future.
    ///
    /// # Errors
    /// As [`run_watched`](Self::run_watched).
    pub fn run(self, set: &SeriesSet) -> Result<Lines> {
        self.run_watched(set, &Watch::none())
    }

    /// Forecasts the future under a watch.
    ///
    /// # Errors
    /// [`Error::Argument`] for settings and names that make no sense; [`Error::Interrupted`]. What is wrong with one
    /// series is in [`Lines::failed`].
    pub fn run_watched(mut self, set: &SeriesSet, watch: &Watch<'_>) -> Result<Lines> {
        let models = self.prepare(set)?;
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let plain = Origins { gap: self.gap, ..Origins::new(self.horizon) };
        let calibrate = match self.intervals {
            Intervals::Model => false,
            Intervals::Conformal => true,
            Intervals::Auto => set.series.len() >= LEAST_SERIES,
        };
        let learns = learners(set, calibrate);
        let task = |at: usize| {
            let (one, model) = (&set.series[at / models.len()], models[at % models.len()].1.as_ref());
            let now = self.window(model, one, one.y.len(), one.y.clone(), seed);
            let past = if learns[at / models.len()] && now.said.is_ok() {
                self.past(model, one, &self.learning(one), seed)
            } else {
                Vec::new()
            };
            Ok((now, past))
        };
        let done = try_map(set.series.len() * models.len(), watch, task)?;
        let mut lines = self.lines(&models, seed);
        let mut by_model: Vec<Vec<(Window, Vec<Window>)>> = models.iter().map(|_| Vec::new()).collect();
        for (at, answer) in done.into_iter().enumerate() {
            by_model[at % models.len()].push(answer);
        }
        for (m, answers) in by_model.iter_mut().enumerate() {
            if calibrate {
                let told = self.wanted().calibrate(self.intervals, set, answers)?;
                lines.notes.extend(told.map(|told| format!("{}: {told}", models[m].0)));
            }
        }
        for (s, one) in set.series.iter().enumerate() {
            let windows: Vec<&Window> = by_model.iter().map(|answers| &answers[s].0).collect();
            for ((name, _), window) in models.iter().zip(&windows) {
                if let Err(error) = &window.said {
                    lines.fail(one, name, None, error);
                }
            }
            if windows.iter().any(|w| w.said.is_ok()) {
                lines.push(s, one, one.y.len(), &plain, &windows);
            }
        }
        Ok(lines)
    }

    /// Sends every model through the past of every series.
    ///
    /// # Errors
    /// As [`cross_validation_watched`](Self::cross_validation_watched).
    pub fn cross_validation(self, set: &SeriesSet) -> Result<Lines> {
        self.cross_validation_watched(set, &Watch::none())
    }

    /// Sends every model through the past of every series under a watch. Intervals are the models' own: those of the
    /// [`conformal`](crate::forecast::conformal) room can be made of the lines.
    ///
    /// # Errors
    /// As [`run_watched`](Self::run_watched).
    pub fn cross_validation_watched(mut self, set: &SeriesSet, watch: &Watch<'_>) -> Result<Lines> {
        let models = self.prepare(set)?;
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let origins = self.origins();
        let task = |at: usize| {
            let one = &set.series[at / models.len()];
            Ok(self.past(models[at % models.len()].1.as_ref(), one, &origins, seed))
        };
        let done = try_map(set.series.len() * models.len(), watch, task)?;
        let mut lines = self.lines(&models, seed);
        for (s, one) in set.series.iter().enumerate() {
            let answers = &done[s * models.len()..(s + 1) * models.len()];
            for (place, first) in answers[0].iter().enumerate() {
                let windows: Vec<&Window> = answers.iter().map(|a| &a[place]).collect();
                let cutoff = one.first + first.cutoff as i64 - 1;
                for ((name, _), window) in models.iter().zip(&windows) {
                    if let Err(error) = &window.said {
                        let origin = (first.cutoff < one.y.len()).then_some(cutoff);
                        lines.fail(one, name, origin, error);
                    }
                }
                if windows.iter().any(|w| w.said.is_ok()) {
                    lines.push(s, one, first.cutoff, &origins, &windows);
                }
            }
        }
        Ok(lines)
    }

    /// As many of the past origins as a series is long enough for, at least one.
    fn learning(&self, one: &OneSeries) -> Origins {
        let with = |windows: usize| Origins { windows, ..self.origins() };
        let fits = |windows: &usize| with(*windows).cutoffs(one.y.len(), &one.name).is_ok();
        with((2..=self.windows).rev().find(fits).unwrap_or(1))
    }

    fn origins(&self) -> Origins {
        Origins { horizon: self.horizon, windows: self.windows, step: self.step, gap: self.gap }
    }

    /// Checks the settings and makes the models.
    fn prepare(&mut self, set: &SeriesSet) -> Result<Vec<(String, Box<dyn Forecaster>)>> {
        self.origins().check()?;
        let zero = |argument: &str| Error::Argument {
            argument: argument.into(),
            value: "0".into(),
            must: "at least 1".into(),
        };
        if self.draws == 0 {
            return Err(zero("draws"));
        }
        self.levels.iter().try_for_each(|level| interval_level(*level).map(drop))?;
        if self.season == Some(0) {
            return Err(zero("season"));
        }
        if self.models.is_empty() {
            self.models.push(("auto".into(), None));
        }
        let season = self.season.unwrap_or_else(|| set.season());
        let mut made: Vec<(String, Box<dyn Forecaster>)> = Vec::new();
        for (name, model) in std::mem::take(&mut self.models) {
            if made.iter().any(|(known, _)| *known == name) {
                let must = "different from the other models".into();
                return Err(Error::Argument { argument: "model".into(), value: name, must });
            }
            let model = model.map_or_else(|| named(&name, season), Ok)?;
            made.push((name, model));
        }
        Ok(made)
    }

    /// Every past origin.
    fn past(&self, model: &dyn Forecaster, one: &OneSeries, origins: &Origins, seed: u64) -> Vec<Window> {
        let cutoffs = match origins.cutoffs(one.y.len(), &one.name) {
            Ok(cutoffs) => cutoffs,
            Err(error) => return vec![Window { cutoff: one.y.len(), said: Err(error) }],
        };
        let mut held: Option<Box<dyn Forecaster>> = None;
        let mut windows = Vec::with_capacity(cutoffs.len());
        for (w, cutoff) in cutoffs.into_iter().enumerate() {
            let known = one.known(cutoff);
            // Held parameters come with the origin at which they were estimated, or were last tried to be.
            let due = self.refit == 0 && held.is_none() || self.refit > 1 && w.is_multiple_of(self.refit);
            if due {
                match model.held(&Series::new(&one.name, &known)) {
                    Ok(made) => held = Some(made),
                    Err(error) => {
                        held = None;
                        windows.push(Window { cutoff, said: Err(one.with_row(error)) });
                        continue;
                    }
                }
            }
            let now = held.as_deref().unwrap_or(model);
            windows.push(self.window(now, one, cutoff, known, seed.wrapping_add(cutoff as u64)));
        }
        windows
    }

    fn window(
        &self,
        model: &dyn Forecaster,
        one: &OneSeries,
        cutoff: usize,
        y: Vec<f64>,
        seed: u64,
    ) -> Window {
        let ahead = Ahead::new(self.gap + self.horizon, self.draws, seed_of(seed, &one.name));
        let said = model
            .outlook(&Series::new(&one.name, &y), &ahead)
            .and_then(|o| self.wanted().of(&o, one.is_count()));
        Window { cutoff, said: said.map_err(|error| one.with_row(error)) }
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted { horizon: self.horizon, gap: self.gap, levels: &self.levels }
    }

    fn lines(&self, models: &[(String, Box<dyn Forecaster>)], seed: u64) -> Lines {
        Lines::new(models.iter().map(|m| m.0.clone()), self.levels.len(), seed)
    }
}

/// The series whose past errors conformal intervals learn from: of very many some, by what their names hash to.
fn learners(set: &SeriesSet, calibrate: bool) -> Vec<bool> {
    let hashes: Vec<u64> = set.series.iter().map(|one| seed_of(0, &one.name)).collect();
    let mut sorted = hashes.clone();
    sorted.sort_unstable();
    let most = sorted.get(LEARNERS - 1).copied().unwrap_or(u64::MAX);
    hashes.into_iter().map(|hash| calibrate && hash <= most).collect()
}

/// A seed of the series' own, by its name, whatever else is in the frame (the hash of Fowler, Noll & Vo).
fn seed_of(seed: u64, name: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    name.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
