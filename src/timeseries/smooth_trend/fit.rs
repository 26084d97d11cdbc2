//! What a fit tells.

use ndarray::{Array1, Array2, Axis};

use super::basis::{Basis, WIDTH, usual_season};
use super::objective::{Ascent, Problem, Weights};
use super::specification::{Family, SmoothTrend, argument};
use crate::data::Count;
use crate::distribution::Normal;
use crate::error::{Error, Result};
use crate::inference::Curve;
use crate::optimize::{Settings, minimize, nelder_mead};
use crate::timeseries::joinpoint::{Data, Mode, Series};

/// Logarithms of the trend's penalty, relative to the data's information, from the best of which the descent begins.
const STARTS: [f64; 8] = [-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0, 12.0];
/// Bounds of these logarithms: beyond them the trend is free, or a line.
const LOGS: (f64, f64) = (-25.0, 25.0);
/// Dispersions from the best of which the descent begins.
const ALPHAS: [f64; 6] = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0];
/// Bounds of α: below the first the negative binomial is the Poisson to every digit that data could show.
const DISPERSIONS: (f64, f64) = (1e-8, 1e3);

/// The trend at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendPoint {
    /// In years.
    pub time: f64,
    /// `exp f(t)`: the rate without the season, a person.
    pub trend: f64,
    /// The lower end of its interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// `f'(t)`: change of the log rate a year.
    pub slope: f64,
    /// Its standard error.
    pub slope_error: f64,
    /// The lower end of its interval.
    pub slope_lower: f64,
    /// The upper end.
    pub slope_upper: f64,
    /// 1 where the interval of the slope is above zero, −1 where it is below, else 0.
    pub sign: i8,
}

/// A fitted smooth trend.
#[derive(Debug, Clone, PartialEq)]
pub struct SmoothTrendFit {
    spec: SmoothTrend,
    name: String,
    data: Data,
    basis: Basis,
    season: usize,
    coefficients: Array1<f64>,
    covariance: Array2<f64>,
    fitted: Vec<f64>,
    penalties: Vec<f64>,
    dispersion: f64,
    log_likelihood: f64,
    restricted: f64,
    degrees: (f64, f64),
    notes: Vec<String>,
}

impl SmoothTrendFit {
    pub(super) fn new(spec: &SmoothTrend, series: &Series) -> Result<Self> {
        spec.check()?;
        if !series.is_counts() {
            let must = "counts, with their population: rates do not say how many they are made of";
            return Err(argument(&series.name, "rates", must));
        }
        let data = Data::new(series, Mode::Poisson)?;
        let n = data.times.len();
        if n < 6 {
            let what = format!("`{}` with a smooth trend", series.name);
            return Err(Error::TooShort { what, needed: 6, found: n });
        }
        let season = spec.season.unwrap_or_else(|| usual_season(&data.times));
        let pieces = spec.pieces.unwrap_or_else(|| (n / 4).clamp(4, 35));
        let basis = Basis::new(data.times[0], data.times[n - 1], pieces);
        let (problem, level) = Problem::new(&data, &basis, season)?;
        let (weights, ascent) = Search::new(&problem, level).best(spec.family)?;
        let penalties =
            problem.penalties.iter().zip(&weights.logs).map(|(p, log)| p.scale * log.exp()).collect();
        let coefficients = problem.rotation.dot(&ascent.theta);
        let mean = |row: usize| (problem.linear(&coefficients, row) + data.log_exposure[row]).exp();
        let fitted = (0..n).map(mean).collect();
        let inverse = ascent.penalised.inverse();
        let shrink = inverse.dot(&ascent.information);
        let shrink = shrink.diag();
        let (of_trend, of_season) = shrink.split_at(Axis(0), problem.splines);
        let degrees = (of_trend.sum(), of_season.sum());
        let covariance = problem.rotation.dot(&inverse).dot(&problem.rotation.t());
        let mut made = Self {
            spec: spec.clone(),
            name: series.name.clone(),
            season: problem.season,
            basis,
            coefficients,
            covariance,
            fitted,
            penalties,
            dispersion: weights.dispersion,
            log_likelihood: ascent.log_likelihood,
            restricted: ascent.restricted,
            degrees,
            notes: Vec::new(),
            data,
        };
        made.note(&weights);
        Ok(made)
    }

    fn note(&mut self, weights: &Weights) {
        if self.data.missing > 0 {
            self.notes.push(format!("{} periods are missing and left out.", self.data.missing));
        }
        let hidden = self.data.counts.iter().filter(|c| matches!(c, Count::Interval { .. })).count();
        if hidden > 0 {
            self.notes.push(format!("{hidden} suppressed counts enter as the intervals they are."));
        }
        if self.spec.family == Family::NegativeBinomial && self.dispersion <= 0.0 {
            self.notes.push("The dispersion is zero: the fit is the Poisson one.".into());
        }
        if weights.logs[0] > LOGS.1 - 5.0 {
            self.notes.push("The trend is a straight line: the data ask for no bend.".into());
        }
    }

    /// The name of the series.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The times that say something, in years.
    pub fn times(&self) -> &[f64] {
        &self.data.times
    }

    /// The rows they came from.
    pub fn rows(&self) -> &[usize] {
        &self.data.rows
    }

    /// The counts.
    pub fn counts(&self) -> &[Count] {
        &self.data.counts
    }

    /// The population of every time; 1 where there is none.
    pub fn exposure(&self) -> Vec<f64> {
        self.data.log_exposure.iter().map(|e| e.exp()).collect()
    }

    /// Fitted means, season included.
    pub fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    /// λ of the trend and, if there is one, of the season.
    pub fn penalties(&self) -> &[f64] {
        &self.penalties
    }

    /// α; zero of a Poisson.
    pub fn dispersion(&self) -> f64 {
        self.dispersion
    }

    /// The log-likelihood, without penalties.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// What the penalties minimise, up to a constant of the basis.
    pub fn restricted(&self) -> f64 {
        self.restricted
    }

    /// Effective degrees of freedom of the trend, its level counted, and of the season.
    pub fn degrees_of_freedom(&self) -> (f64, f64) {
        self.degrees
    }

    /// What the caller should know.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Log effects of the parts of the year, which sum to zero, and their standard errors.
    pub fn season(&self) -> Vec<(f64, f64)> {
        let first = self.basis.columns();
        let one = |j: usize| (self.coefficients[j], self.covariance[[j, j]].max(0.0).sqrt());
        (first..first + self.season).map(one).collect()
    }

    /// The trend at every time, with intervals at `level` for each time alone.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `level` is between 0 and 1.
    pub fn points(&self, level: f64) -> Result<Vec<TrendPoint>> {
        check(level)?;
        let reach = Normal::standard().quantile(0.5 + 0.5 * level);
        Ok(self.data.times.iter().map(|&time| self.point(time, reach, reach)).collect())
    }

    /// As [`points`](Self::points), with slopes that hold for all times together at `level` (sup-t, by seeded draws).
    ///
    /// # Errors
    /// As [`points`](Self::points).
    pub fn points_together(&self, level: f64, seed: u64) -> Result<Vec<TrendPoint>> {
        check(level)?;
        let n = self.data.times.len();
        let mut slopes = Array2::zeros((n, self.coefficients.len()));
        for (row, &time) in self.data.times.iter().enumerate() {
            let (first, _, d) = self.basis.at(time);
            (0..WIDTH).for_each(|k| slopes[[row, first + k]] = d[k]);
        }
        let covariance = slopes.dot(&self.covariance).dot(&slopes.t());
        let estimates = slopes.dot(&self.coefficients);
        let curve =
            Curve::new("slope", "period", (0..n as i64).collect(), estimates, covariance, f64::INFINITY)?;
        let (alone, together) = (Normal::standard().quantile(0.5 + 0.5 * level), curve.sup_t(level, seed)?);
        Ok(self.data.times.iter().map(|&time| self.point(time, alone, together)).collect())
    }

    fn point(&self, time: f64, reach: f64, slope_reach: f64) -> TrendPoint {
        let (first, values, slopes) = self.basis.at(time);
        let along = |by: &[f64; WIDTH]| {
            let mut variance = 0.0;
            for i in 0..WIDTH {
                for j in 0..WIDTH {
                    variance += by[i] * by[j] * self.covariance[[first + i, first + j]];
                }
            }
            let sum: f64 = by.iter().enumerate().map(|(k, b)| b * self.coefficients[first + k]).sum();
            (sum, variance.max(0.0).sqrt())
        };
        let ((log, error), (slope, slope_error)) = (along(&values), along(&slopes));
        let (slope_lower, slope_upper) =
            (slope - slope_reach * slope_error, slope + slope_reach * slope_error);
        TrendPoint {
            time,
            trend: log.exp(),
            lower: (log - reach * error).exp(),
            upper: (log + reach * error).exp(),
            slope,
            slope_error,
            slope_lower,
            slope_upper,
            sign: i8::from(slope_lower > 0.0) - i8::from(slope_upper < 0.0),
        }
    }
}

fn check(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 { Ok(()) } else { Err(argument("level", level, "between 0 and 1")) }
}

/// The choice of the penalties and of α.
struct Search<'a> {
    problem: &'a Problem<'a>,
    /// Coordinates from which an ascent begins.
    from: Array1<f64>,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem<'a>, level: f64) -> Self {
        let from = problem.flat(level);
        Self { problem, from }
    }

    fn best(mut self, family: Family) -> Result<(Weights, Ascent)> {
        let poisson = self.descend(0.0, false)?;
        if family == Family::Poisson {
            return Ok(poisson);
        }
        // With less variance than a Poisson's the criterion only rises from α = 0.
        let logs = &poisson.0.logs;
        let at = |&dispersion: &f64| {
            let reached = self.problem.ascend(&Weights { logs: logs.clone(), dispersion }, &poisson.1.theta);
            (dispersion, reached.map_or(f64::INFINITY, |reached| reached.restricted))
        };
        let start = ALPHAS.iter().map(at).min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((start, _)) = start.filter(|(_, value)| *value < poisson.1.restricted) else {
            return Ok(poisson);
        };
        let free = self.descend(start, true)?;
        Ok(if free.1.restricted < poisson.1.restricted { free } else { poisson })
    }

    /// The best of a few penalties of the trend, and BFGS from there.
    fn descend(&mut self, dispersion: f64, free: bool) -> Result<(Weights, Ascent)> {
        let m = self.problem.penalties.len();
        let mut last: Option<Error> = None;
        let mut best: Option<(f64, f64)> = None;
        for log in STARTS.into_iter().rev() {
            let mut logs = vec![0.0; m];
            logs[0] = log;
            match self.problem.ascend(&Weights { logs, dispersion }, &self.from) {
                Ok(reached) => {
                    if best.is_none_or(|(_, value)| reached.restricted < value) {
                        best = Some((log, reached.restricted));
                    }
                    self.from = reached.theta;
                }
                Err(error) => last = Some(error),
            }
        }
        let Some((log, _)) = best else {
            return Err(last.unwrap_or(Error::NothingToEstimate { why: "the trend has no start".into() }));
        };
        let mut start = vec![0.0; m];
        start[0] = log;
        if free {
            start.push(dispersion.ln());
        }
        let weights = |at: &[f64]| Weights {
            logs: at[..m].iter().map(|log| log.clamp(LOGS.0, LOGS.1)).collect(),
            dispersion: at.get(m).map_or(dispersion, |log| log.exp().clamp(DISPERSIONS.0, DISPERSIONS.1)),
        };
        let (problem, mut from) = (self.problem, self.from.clone());
        let mut objective = |at: &[f64]| match problem.ascend(&weights(at), &from) {
            Ok(reached) => {
                from = reached.theta;
                reached.restricted
            }
            Err(_) => f64::INFINITY,
        };
        let settings = Settings { gradient_tolerance: 1e-7, ..Settings::default() };
        // Where rounding hides the gradient, as of counts in the millions, by values alone.
        let found = minimize(&mut objective, &start, &settings)
            .or_else(|_| nelder_mead(&mut objective, &start, 1.0, 1e-7, 1000))?;
        let found = weights(&found.at);
        let reached = problem.ascend(&found, &self.from)?;
        self.from.assign(&reached.theta);
        Ok((found, reached))
    }
}
