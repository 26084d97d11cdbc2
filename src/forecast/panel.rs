//! Every unit of a panel, on the log of its rate.

use ndarray::Array2;

use crate::data::{Count, Panel};
use crate::error::{Error, Result, nearest};
use crate::forecast::backtest::{Backtest, BacktestResult};
use crate::forecast::scenario::{LagResponse, Scenario};
use crate::inference::Forecast;
use crate::parallel::{Watch, try_map};
use crate::random::fresh_seed;
use crate::timeseries::structural::{Scale, Series, Structural, StructuralFit, Trend};

/// Draws of a response's coefficients.
const SETS: usize = 400;

/// Forecasts of the units of a panel.
#[derive(Debug, Clone)]
pub struct PanelForecast {
    horizon: usize,
    units: Option<Vec<String>>,
    scenarios: Vec<(String, Vec<(String, Scenario)>)>,
    response: Option<LagResponse>,
    draws: usize,
    seed: Option<u64>,
    trend: Trend,
    season: Option<usize>,
}

/// One unit's forecast, or why there is none.
#[derive(Debug, Clone)]
pub struct UnitForecast {
    /// The unit.
    pub unit: String,
    /// Its forecast, or the reason.
    pub outcome: Result<UnitOutcome>,
}

/// A unit's past and future.
#[derive(Debug, Clone)]
pub struct UnitOutcome {
    /// The future.
    pub forecast: Forecast,
    /// The fitted model.
    pub fit: StructuralFit,
    /// The periods of the past, in writing.
    pub labels: Vec<String>,
    /// The counts of the past, NaN missing.
    pub history: Vec<f64>,
}

/// A unit's series: consecutive periods from its first to its last known count.
struct Unit {
    name: String,
    first: i64,
    /// Row of the frame of every period, and of the periods after the last count.
    rows: Vec<Option<usize>>,
    y: Vec<f64>,
    exposure: Option<Vec<f64>>,
    labels: Vec<String>,
}

impl PanelForecast {
    /// This many periods ahead: damped trend, a season where the calendar has one, 2,000 paths.
    pub fn new(horizon: usize) -> Self {
        Self {
            horizon,
            units: None,
            scenarios: Vec::new(),
            response: None,
            draws: 2000,
            seed: None,
            trend: Trend::Damped,
            season: None,
        }
    }

    /// Of these units only.
    #[must_use]
    pub fn units(mut self, units: Vec<String>) -> Self {
        self.units = Some(units);
        self
    }

    /// With one more scenario: what each named column does. Columns that other scenarios name stay where they were
    /// last observed.
    #[must_use]
    pub fn scenario(mut self, name: impl Into<String>, changes: Vec<(String, Scenario)>) -> Self {
        self.scenarios.push((name.into(), changes));
        self
    }

    /// Spending moves the rate as this response says, not by a coefficient of the model's own.
    #[must_use]
    pub fn response(mut self, response: LagResponse) -> Self {
        self.response = Some(response);
        self
    }

    /// This many paths.
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

    /// With this trend.
    #[must_use]
    pub fn trend(mut self, trend: Trend) -> Self {
        self.trend = trend;
        self
    }

    /// With a season of this many periods; 1 for none. Without this, a year of the panel's calendar.
    #[must_use]
    pub fn season(mut self, periods: usize) -> Self {
        self.season = Some(periods);
        self
    }

    /// Runs it.
    ///
    /// # Errors
    /// As [`run_watched`](Self::run_watched).
    pub fn run(&self, panel: &Panel) -> Result<Vec<UnitForecast>> {
        self.run_watched(panel, &Watch::none())
    }

    /// Runs it under a watch. A unit that cannot be forecast is reported with its reason.
    ///
    /// # Errors
    /// [`Error::Argument`] for units that are not there, a panel without events, and scenarios that do not fit;
    /// [`Error::UnknownColumn`]; [`Error::Interrupted`].
    pub fn run_watched(&self, panel: &Panel, watch: &Watch<'_>) -> Result<Vec<UnitForecast>> {
        let columns = self.columns(panel)?;
        let codes = self.codes(panel)?;
        let seed = self.seed.unwrap_or_else(fresh_seed);
        try_map(codes.len(), watch, |i| {
            let unit = panel.index().unit().labels()[codes[i] as usize].clone();
            let outcome = self.one(panel, codes[i], &columns, seed);
            match outcome {
                Err(Error::Interrupted) => Err(Error::Interrupted),
                outcome => Ok(UnitForecast { unit, outcome }),
            }
        })
    }

    /// The structural model of every unit.
    pub fn specification(&self, panel: &Panel) -> Structural {
        let season = self.season.unwrap_or_else(|| panel.frequency().per_year());
        Structural::new().scale(Scale::Log).trend(self.trend).seasonal(season)
    }

    /// Sends every unit through its past; spending and scenarios play no part.
    ///
    /// # Errors
    /// As [`run_watched`](Self::run_watched).
    pub fn backtest(
        &self,
        panel: &Panel,
        backtest: &Backtest,
        watch: &Watch<'_>,
    ) -> Result<Vec<(String, Result<BacktestResult>)>> {
        let codes = self.codes(panel)?;
        let spec = self.specification(panel);
        try_map(codes.len(), watch, |i| {
            let one = || {
                let unit = Unit::read(panel, codes[i])?;
                let name = panel.events_name().unwrap_or("events");
                let mut series = Series::new(name, &unit.y).labels(unit.labels.clone());
                if let Some(exposure) = &unit.exposure {
                    series = series.exposure(exposure);
                }
                backtest.run(&spec, &series).map_err(|error| unit.with_row(error))
            };
            Ok((panel.index().unit().labels()[codes[i] as usize].clone(), one()))
        })
    }

    /// The columns that scenarios change.
    fn columns(&self, panel: &Panel) -> Result<Vec<String>> {
        let mut columns: Vec<String> = Vec::new();
        for (column, _) in self.scenarios.iter().flat_map(|s| &s.1) {
            panel.frame().number(column)?;
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        let Some(response) = &self.response else { return Ok(columns) };
        panel.frame().number(&response.spend)?;
        if let Some(other) = columns.iter().find(|c| **c != response.spend) {
            return Err(Error::Argument {
                argument: "scenarios".into(),
                value: other.clone(),
                must: format!("of `{}`, the spending of the response", response.spend),
            });
        }
        Ok(vec![response.spend.clone()])
    }

    fn codes(&self, panel: &Panel) -> Result<Vec<u32>> {
        let factor = panel.index().unit();
        let Some(units) = &self.units else { return Ok((0..factor.levels() as u32).collect()) };
        let code = |name: &String| {
            let found = factor.labels().iter().position(|l| l == name);
            found.map(|c| c as u32).ok_or_else(|| {
                let near = nearest(name, factor.labels().iter().map(String::as_str));
                Error::Argument {
                    argument: "unit".into(),
                    value: name.clone(),
                    must: near.map_or("a unit of the panel".into(), |n| {
                        format!("a unit of the panel, such as {n}")
                    }),
                }
            })
        };
        units.iter().map(code).collect()
    }

    fn one(&self, panel: &Panel, code: u32, columns: &[String], given: u64) -> Result<UnitOutcome> {
        // By unit and not by place, so that a unit's paths do not depend on which others were asked for.
        let seed = mixed(given, code);
        let unit = Unit::read(panel, code)?;
        let n = unit.y.len();
        let names: Vec<String> = columns.to_vec();
        let mut history: Vec<Vec<f64>> = Vec::new();
        for column in columns {
            let values = panel.frame().number(column)?;
            history.push(unit.rows.iter().take(n).map(|r| r.map_or(f64::NAN, |r| values[r])).collect());
        }
        let plans: Vec<(String, Vec<Vec<f64>>)> = self.plans(columns, &history)?;
        let mut notes = Vec::new();
        let (exposure, carried) = unit.future_exposure(panel, self.horizon)?;
        if let Some(growth) = carried {
            notes.push(format!(
                "population is carried forward at its last growth, {:+.2} % a period",
                100.0 * (growth - 1.0)
            ));
        }
        let spec = self.specification(panel);
        let mut series =
            Series::new(panel.events_name().unwrap_or("events"), &unit.y).labels(unit.labels.clone());
        if let Some(exposure) = &unit.exposure {
            series = series.exposure(exposure);
        }
        let matrix = |columns: &[Vec<f64>], rows: usize| {
            Array2::from_shape_fn((rows, columns.len()), |(t, j)| columns[j][t])
        };
        let row_of = |error| unit.with_row(error);
        let exposure = exposure.as_deref();
        let (fit, paths) = match (&self.response, columns.is_empty()) {
            (None, true) => {
                let fit = spec.fit(&series).map_err(row_of)?;
                let paths =
                    fit.simulate(self.horizon, &vec![None; plans.len()], exposure, None, self.draws, seed)?;
                (fit, paths)
            }
            (None, false) => {
                let x = matrix(&history, n);
                let fit = spec.fit(&series.regressors(x.view(), &names)).map_err(row_of)?;
                let futures: Vec<Array2<f64>> = plans.iter().map(|p| matrix(&p.1, self.horizon)).collect();
                let views: Vec<_> = futures.iter().map(|f| Some(f.view())).collect();
                let paths = fit.simulate(self.horizon, &views, exposure, None, self.draws, seed)?;
                notes.push(format!(
                    "the coefficient of {} is fitted to this unit's own past: an association, not an effect",
                    names.join(", ")
                ));
                (fit, paths)
            }
            (Some(response), _) => {
                let spending = &history[0];
                let recent = spending.len().saturating_sub(response.lags() - 1)..spending.len();
                if let Some(at) = recent.clone().find(|&t| spending[t].is_nan()) {
                    let count = recent.filter(|&t| spending[t].is_nan()).count();
                    let first = unit.rows[at].unwrap_or(at);
                    return Err(Error::Missing { what: response.spend.clone(), count, first });
                }
                let offset = response.offset(spending);
                let unused = offset.iter().zip(&unit.y).filter(|(o, y)| o.is_nan() && !y.is_nan()).count();
                if unused > 0 {
                    notes.push(format!("periods without `{}`, not used: {unused}", response.spend));
                }
                let fit = spec.fit(&series.offset(&offset)).map_err(row_of)?;
                let futures: Vec<Vec<f64>> = plans.iter().map(|p| p.1[0].clone()).collect();
                let offsets = response.offsets(spending, &futures, SETS.min(self.draws), seed);
                let views = vec![None; plans.len()];
                let paths = fit.simulate(self.horizon, &views, exposure, Some(&offsets), self.draws, seed)?;
                (fit, paths)
            }
        };
        let last = unit.first + n as i64 - 1;
        let labels = (1..=self.horizon as i64).map(|h| panel.label(last + h)).collect();
        let names = plans.into_iter().map(|p| p.0).collect();
        let mut forecast = Forecast::new(names, paths, labels, panel.label(last), given)?;
        if unit.y.iter().all(|y| y.is_nan() || y.fract() == 0.0) {
            forecast = forecast.counts();
        }
        notes.extend(fit.notes());
        forecast = notes.into_iter().fold(forecast, Forecast::note);
        Ok(UnitOutcome { forecast, fit, labels: unit.labels, history: unit.y })
    }

    /// Every scenario's path of every column.
    fn plans(&self, columns: &[String], history: &[Vec<f64>]) -> Result<Vec<(String, Vec<Vec<f64>>)>> {
        let nothing = [(String::from(if columns.is_empty() { "forecast" } else { "flat" }), Vec::new())];
        let scenarios = if self.scenarios.is_empty() { &nothing[..] } else { &self.scenarios };
        let flat = Scenario::flat();
        let plan = |(name, changes): &(String, Vec<(String, Scenario)>)| {
            let path = |(column, history): (&String, &Vec<f64>)| {
                let change = changes.iter().find(|(c, _)| c == column).map_or(&flat, |(_, s)| s);
                change.path(history, self.horizon)
            };
            let paths = columns.iter().zip(history).map(path).collect::<Result<Vec<_>>>()?;
            Ok((name.clone(), paths))
        };
        scenarios.iter().map(plan).collect()
    }
}

/// A seed of the unit's own (the finaliser of `SplitMix64`, Steele et al. 2014).
fn mixed(seed: u64, code: u32) -> u64 {
    let mut z = seed ^ (u64::from(code) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Unit {
    /// The unit's counts in order of time.
    fn read(panel: &Panel, code: u32) -> Result<Self> {
        let index = panel.index();
        let Some(counts) = panel.counts() else {
            let must = "declared: a forecast is of the panel's events".into();
            return Err(Error::Argument { argument: "events".into(), value: "none".into(), must });
        };
        let name = index.unit().labels()[code as usize].clone();
        let mine = |row: &&u32| index.unit().codes()[**row as usize] == code;
        let rows: Vec<usize> = index.order().iter().filter(mine).map(|&r| r as usize).collect();
        let told: Vec<usize> = rows.iter().copied().filter(|&r| counts[r] != Count::Missing).collect();
        let time = |row: usize| index.time()[row].unwrap_or_default();
        let (Some(&start), Some(&end)) = (told.first(), told.last()) else {
            return Err(Error::TooShort { what: name, needed: 3, found: 0 });
        };
        let (first, last) = (time(start), time(end));
        let after = rows.last().map_or(last, |&r| time(r));
        let mut at: Vec<Option<usize>> = vec![None; (after - first + 1) as usize];
        for &row in rows.iter().filter(|&&r| time(r) >= first) {
            at[(time(row) - first) as usize] = Some(row);
        }
        let n = (last - first + 1) as usize;
        let cells: Vec<Count> = at[..n].iter().map(|r| r.map_or(Count::Missing, |r| counts[r])).collect();
        let made = Self {
            name,
            first,
            y: Vec::new(),
            exposure: match panel.population_name() {
                None => None,
                Some(column) => {
                    let people = panel.frame().number(column)?;
                    Some(at[..n].iter().map(|r| r.map_or(f64::NAN, |r| people[r])).collect())
                }
            },
            labels: (first..=last).map(|t| panel.label(t)).collect(),
            rows: at,
        };
        let events = panel.events_name().unwrap_or("events");
        let y = Series::values(events, &cells).map_err(|error| made.with_row(error))?;
        Ok(Self { y, ..made })
    }

    /// The error with the row of the caller's frame in place of the period's number.
    fn with_row(&self, error: Error) -> Error {
        let row_at = |t: usize| self.rows.get(t).copied().flatten().unwrap_or(t);
        match error {
            Error::Domain { what, row, value, must } => Error::Domain { what, row: row_at(row), value, must },
            Error::Missing { what, count, first } => Error::Missing { what, count, first: row_at(first) },
            Error::TooShort { needed, found, .. } => {
                Error::TooShort { what: self.name.clone(), needed, found }
            }
            other => other,
        }
    }

    /// Population over the horizon: the panel's own where it goes on, then the last growth carried forward (given back
    /// too).
    fn future_exposure(&self, panel: &Panel, horizon: usize) -> Result<(Option<Vec<f64>>, Option<f64>)> {
        let (Some(column), Some(past)) = (panel.population_name(), &self.exposure) else {
            return Ok((None, None));
        };
        let people = panel.frame().number(column)?;
        let mut known: Vec<f64> = past.clone();
        let later = self.rows.iter().skip(past.len()).map(|r| r.map_or(f64::NAN, |r| people[r]));
        known.extend(later.take_while(|p| !p.is_nan()).take(horizon));
        let seen: Vec<(usize, f64)> = known.iter().copied().enumerate().filter(|p| !p.1.is_nan()).collect();
        let Some(&(at, last)) = seen.last() else {
            return Err(Error::Missing {
                what: column.into(),
                count: past.len(),
                first: self.rows[0].unwrap_or(0),
            });
        };
        let growth = match seen.len().checked_sub(2).map(|i| seen[i]) {
            Some((before, people)) => (last / people).powf(1.0 / (at - before) as f64),
            None => 1.0,
        };
        let ahead = |h: usize| match known.get(past.len() + h) {
            Some(&people) => people,
            None => last * growth.powi((past.len() + h - at) as i32),
        };
        let carried = known.len() < past.len() + horizon;
        Ok((Some((0..horizon).map(ahead).collect()), carried.then_some(growth)))
    }
}
