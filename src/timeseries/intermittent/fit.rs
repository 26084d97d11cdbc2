//! The smoothed series and what comes of it.

use crate::error::Result;
use crate::inference::Forecast;
use crate::random::{Generator, chi_squared, stream, uniform};
use crate::timeseries::intermittent::{Intermittent, Rule, Start};
use crate::timeseries::plain::Plain;

/// Up to here a whole number is known to be one.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// A rule for intermittent demand, fitted to a series.
#[derive(Debug, Clone)]
pub struct IntermittentFit {
    spec: Intermittent,
    data: Plain,
    fitted: Vec<f64>,
    /// z.
    size: f64,
    /// p; infinite where nothing ever came. TSB: 1/π.
    interval: f64,
    /// The probability that something comes.
    probability: f64,
    /// y/z of all that came but what z started from, with mean one.
    relative: Vec<f64>,
    /// How many periods a smoothed share is worth.
    worth: f64,
    whole: bool,
    demands: usize,
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

impl IntermittentFit {
    pub(super) fn new(spec: Intermittent, data: Plain) -> Self {
        let Intermittent { rule, alpha, beta, start } = spec;
        let seen: Vec<f64> = data.y.iter().copied().filter(|v| !v.is_nan()).collect();
        let demands: Vec<f64> = seen.iter().copied().filter(|v| *v > 0.0).collect();
        let share = demands.len() as f64 / seen.len() as f64;
        let factor = if rule == Rule::Sba { 1.0 - 0.5 * beta } else { 1.0 };
        let gaps = intervals(&seen);
        let (mut size, mut interval, mut probability) = match start {
            // In units, of which a sum is finite and a mean not lost.
            Start::Mean => {
                let scaled: Vec<f64> = demands.iter().map(|v| v / data.unit).collect();
                (mean(&scaled) * data.unit, mean(&gaps), share)
            }
            Start::First => (
                demands.first().copied().unwrap_or(0.0),
                gaps.first().copied().unwrap_or(0.0),
                f64::from(u8::from(seen[0] > 0.0)),
            ),
        };
        let none = demands.is_empty();
        let (mut since, mut came) = (0.0, 0_usize);
        let (mut fitted, mut relative) = (Vec::with_capacity(data.y.len()), Vec::new());
        let rate = |size: f64, interval: f64, probability: f64| match rule {
            _ if none => 0.0,
            Rule::Tsb => probability * size,
            Rule::Croston | Rule::Sba => factor * size / interval,
        };
        let mut first = true;
        for &y in &data.y {
            fitted.push(rate(size, interval, probability));
            if y.is_nan() {
                continue;
            }
            since += 1.0;
            // What it starts from is its own first value: there is nothing to smooth yet.
            let own = start == Start::First;
            if !(own && first) {
                probability += beta * (f64::from(u8::from(y > 0.0)) - probability);
            }
            first = false;
            if y > 0.0 {
                if !(own && came == 0) {
                    relative.push(y / size);
                    size += alpha * (y - size);
                    interval += beta * (since - interval);
                }
                (since, came) = (0.0, came + 1);
            }
        }
        let centre = mean(&relative);
        relative.iter_mut().for_each(|r| *r /= centre);
        if relative.is_empty() {
            relative.push(1.0);
        }
        let kept = (1.0 - beta).powf(seen.len() as f64).powi(2);
        let worth = match start {
            // Squares of the weights: those of the smoothing, and those of the mean that it started from.
            Start::Mean => 1.0 / (beta / (2.0 - beta) * (1.0 - kept) + kept / seen.len() as f64),
            Start::First => (2.0 - beta) / beta,
        };
        let probability = match rule {
            _ if none => 0.0,
            Rule::Tsb => probability,
            Rule::Croston | Rule::Sba => factor / interval,
        };
        let whole = seen.iter().all(|v| *v < WHOLE && v.fract() == 0.0);
        let interval = if rule == Rule::Tsb || none { 1.0 / probability } else { interval };
        Self {
            spec,
            data,
            fitted,
            size,
            interval,
            probability,
            relative,
            worth: worth.min(seen.len() as f64),
            whole,
            demands: demands.len(),
        }
    }

    /// What was fitted.
    pub fn specification(&self) -> &Intermittent {
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

    /// The mean of every future period.
    pub fn rate(&self) -> f64 {
        self.probability * self.size
    }

    /// z: the smoothed size of what comes; 0 where nothing ever came.
    pub fn size(&self) -> f64 {
        self.size
    }

    /// p: the smoothed number of periods from one to the next, for TSB one over the probability; infinite where nothing
    /// ever came.
    pub fn interval(&self) -> f64 {
        self.interval
    }

    /// The probability that something comes in a period.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// Periods in which something came.
    pub fn demands(&self) -> usize {
        self.demands
    }

    /// Observations that were there.
    pub fn n_used(&self) -> usize {
        self.data.observed
    }

    /// The mean of every period as seen from the one before.
    pub fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    /// The series less those; NaN where missing.
    pub fn residuals(&self) -> Vec<f64> {
        self.data.y.iter().zip(&self.fitted).map(|(y, f)| y - f).collect()
    }

    /// Whether the future is one of whole numbers, because the past is.
    pub fn is_count(&self) -> bool {
        self.whole
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        match self.demands {
            0 => vec![
                "nothing ever came: the forecast is zero, and says nothing about how sure that is".to_owned(),
            ],
            1..5 => vec![format!("{} periods with demand: sizes are drawn from very few", self.demands)],
            _ => Vec::new(),
        }
    }

    /// The next `horizon` periods as simulated paths, `draws` of them; whole numbers where the series has no others.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for no periods or no draws.
    pub fn forecast(&self, horizon: usize, draws: usize, seed: Option<u64>) -> Result<Forecast> {
        let forecast = self.data.paths(horizon, draws, 1, seed, |seed, replicate, path| {
            self.path(&mut stream(seed, replicate), path);
        })?;
        let forecast = if self.whole { forecast.counts() } else { forecast };
        Ok(self.notes().into_iter().fold(forecast, Forecast::note))
    }

    fn path(&self, generator: &mut Generator, path: &mut [f64]) {
        let mut probability = self.drawn(generator);
        let mut size = self.size;
        for y in path {
            let comes = uniform(generator) < probability;
            *y = if comes { self.demand(size, generator) } else { 0.0 };
            if comes {
                size += self.spec.alpha * (*y - size);
            }
            probability += self.spec.beta * (f64::from(u8::from(comes)) - probability);
            *y /= self.data.unit;
        }
    }

    /// A draw of the probability: beta, with its mean and worth.
    fn drawn(&self, generator: &mut Generator) -> f64 {
        let p = self.probability;
        if p <= 0.0 || p >= 1.0 {
            return p;
        }
        let yes = chi_squared(generator, 2.0 * p * self.worth);
        let no = chi_squared(generator, 2.0 * (1.0 - p) * self.worth);
        if yes + no > 0.0 { yes / (yes + no) } else { p }
    }

    /// The size of what comes: of whole numbers rounded up or down at random, which keeps the mean.
    fn demand(&self, size: f64, generator: &mut Generator) -> f64 {
        let at = (uniform(generator) * self.relative.len() as f64) as usize;
        let value = size * self.relative[at.min(self.relative.len() - 1)];
        if self.whole { (value + uniform(generator)).floor() } else { value }
    }
}

/// Periods from one demand to the next, the first counted from the beginning.
fn intervals(seen: &[f64]) -> Vec<f64> {
    let mut gaps = Vec::new();
    let mut since = 0.0;
    for &y in seen {
        since += 1.0;
        if y > 0.0 {
            gaps.push(since);
            since = 0.0;
        }
    }
    gaps
}
