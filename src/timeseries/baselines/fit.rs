//! The fitted baseline and what it can answer.

use crate::error::{Error, Result};
use crate::inference::Forecast;
use crate::random::{Generator, chi_squared, normal};
use crate::timeseries::baselines::{Naive, Prediction, Rule};
use crate::timeseries::plain::Plain;

/// A baseline fitted to a series.
#[derive(Debug, Clone)]
pub struct NaiveFit {
    spec: Naive,
    data: Plain,
    /// Predictions of every period from those before; the mean is that of all. In units.
    fitted: Vec<f64>,
    /// By place in the season: the last value seen there, and when.
    last: Vec<(f64, usize)>,
    /// μ or b; zero where there is none.
    constant: f64,
    /// How many squares σ²/… of the constant's variance: n, or the periods from first to last.
    weight: f64,
    squares: f64,
    degrees: f64,
}

impl NaiveFit {
    pub(super) fn new(spec: Naive, data: Plain) -> Result<Self> {
        if spec.rule() == Rule::Mean { Ok(Self::of_mean(spec, data)) } else { Self::of_walk(spec, data) }
    }

    fn of_mean(spec: Naive, data: Plain) -> Self {
        let n = data.observed as f64;
        let seen = || data.z.iter().filter(|z| !z.is_nan());
        let mean = seen().sum::<f64>() / n;
        let squares = seen().map(|z| (z - mean).powi(2)).sum();
        let fitted = vec![mean; data.z.len()];
        Self { spec, data, fitted, last: Vec::new(), constant: mean, weight: n, squares, degrees: n - 1.0 }
    }

    /// A random walk in every place of the season; the steps over k periods have the variance kσ².
    fn of_walk(spec: Naive, data: Plain) -> Result<Self> {
        let season = if let Rule::Seasonal(season) = spec.rule() { season } else { 1 };
        let drift = spec.rule() == Rule::Drift;
        let mut last: Vec<Option<(f64, usize)>> = vec![None; season];
        let mut steps = Vec::with_capacity(data.observed);
        for (t, &z) in data.z.iter().enumerate().filter(|(_, z)| !z.is_nan()) {
            if let Some((before, when)) = last[t % season].replace((z, t)) {
                steps.push((z - before, ((t - when) / season) as f64));
            }
        }
        let degrees = steps.len() as f64 - f64::from(u8::from(drift));
        if degrees < 1.0 {
            let what = format!("{spec} of `{}`, two observations of one place in the season", data.name);
            return Err(Error::TooShort { what, needed: season + 1, found: data.observed });
        }
        let Some(last) = last.iter().copied().collect::<Option<Vec<_>>>() else {
            let place = last.iter().position(Option::is_none).unwrap_or_default();
            let why = format!("place {place} of the season of {season} is never observed");
            return Err(Error::NothingToEstimate { why });
        };
        let weight: f64 = steps.iter().map(|s| s.1).sum();
        let constant = if drift { steps.iter().map(|s| s.0).sum::<f64>() / weight } else { 0.0 };
        let squares = steps.iter().map(|(d, k)| (d - k * constant).powi(2) / k).sum();
        let mut known: Vec<(f64, usize)> = vec![(f64::NAN, 0); season];
        let mut fitted = Vec::with_capacity(data.z.len());
        for (t, &z) in data.z.iter().enumerate() {
            let (before, when) = known[t % season];
            fitted.push(before + constant * ((t - when) / season) as f64);
            if !z.is_nan() {
                known[t % season] = (z, t);
            }
        }
        Ok(Self { spec, data, fitted, last, constant, weight, squares, degrees })
    }

    /// What was fitted.
    pub fn specification(&self) -> &Naive {
        &self.spec
    }

    /// The name of the series.
    pub fn name(&self) -> &str {
        &self.data.name
    }

    /// The series as it was given.
    pub fn outcome(&self) -> &[f64] {
        &self.data.y
    }

    /// σ: the root of the mean square, over the degrees of freedom.
    pub fn sigma(&self) -> f64 {
        self.scaled_sigma() * self.data.unit
    }

    fn scaled_sigma(&self) -> f64 {
        (self.squares / self.degrees).sqrt()
    }

    /// Degrees of freedom of the t distribution.
    pub fn degrees(&self) -> f64 {
        self.degrees
    }

    /// The mean or the drift, with its standard error; none of the others.
    pub fn constant(&self) -> Option<(f64, f64)> {
        let there = matches!(self.spec.rule(), Rule::Mean | Rule::Drift);
        there.then(|| (self.constant * self.data.unit, self.sigma() / self.weight.sqrt()))
    }

    /// Observations that were there.
    pub fn n_used(&self) -> usize {
        self.data.observed
    }

    /// Predictions from the periods before, parameters taken as known; NaN where nothing came before.
    pub fn fitted(&self) -> Vec<f64> {
        self.data.back(self.fitted.iter().copied())
    }

    /// The series less those; NaN where missing. After a gap of k periods they have the variance kσ².
    pub fn residuals(&self) -> Vec<f64> {
        self.data.back(self.data.z.iter().zip(&self.fitted).map(|(z, f)| z - f))
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.squares == 0.0 {
            notes.push("the series does what the rule says exactly: intervals have no width".to_owned());
        } else if self.degrees <= 2.0 {
            notes.push(format!("{} degrees of freedom: intervals are very wide", self.degrees));
        }
        notes
    }

    /// Steps of the walk from the last value seen in its place to `h` periods (from 1) after the end, and that value.
    fn ahead(&self, h: usize) -> (f64, f64) {
        let (season, t) = (self.last.len(), self.data.z.len() - 1 + h);
        let (value, when) = self.last[t % season];
        (value, ((t - when) / season) as f64)
    }

    /// Means and standard errors of the next `horizon` periods.
    pub fn predict(&self, horizon: usize) -> Prediction {
        let sigma = self.scaled_sigma();
        let one = |h: usize| {
            if self.last.is_empty() {
                return (self.constant, sigma * (1.0 + 1.0 / self.weight).sqrt());
            }
            let (value, k) = self.ahead(h);
            let estimated = if self.spec.rule() == Rule::Drift { k * k / self.weight } else { 0.0 };
            (value + k * self.constant, sigma * (k + estimated).sqrt())
        };
        let (mean, std_error): (Vec<f64>, Vec<f64>) = (1..=horizon).map(one).unzip();
        Prediction { mean: self.data.back(mean), std_error: self.data.back(std_error), degrees: self.degrees }
    }

    /// The next `horizon` periods as simulated paths, `draws` of them, σ² and the constant drawn too.
    ///
    /// Paths come in pairs with shocks of opposite sign: their mean is that of [`predict`](Self::predict).
    ///
    /// # Errors
    /// [`Error::Argument`] for no periods or no draws.
    pub fn forecast(&self, horizon: usize, draws: usize, seed: Option<u64>) -> Result<Forecast> {
        let run = |generator: &mut Generator, sign: f64, path: &mut [f64]| {
            let sigma = sign * (self.squares / chi_squared(generator, self.degrees)).sqrt();
            let estimated = matches!(self.spec.rule(), Rule::Mean | Rule::Drift);
            let moved = if estimated { sigma * normal(generator) / self.weight.sqrt() } else { 0.0 };
            let constant = self.constant + moved;
            if self.last.is_empty() {
                path.iter_mut().for_each(|y| *y = constant + sigma * normal(generator));
                return;
            }
            let season = self.last.len();
            for i in 0..path.len() {
                let (value, k) = if i < season { self.ahead(i + 1) } else { (path[i - season], 1.0) };
                path[i] = value + k * constant + sigma * k.sqrt() * normal(generator);
            }
        };
        let forecast = self.data.pairs(horizon, draws, seed, run)?;
        Ok(self.notes().into_iter().fold(forecast, Forecast::note))
    }
}
