//! What a segment costs: minus twice its largest log-likelihood, constants of the data left out.

use super::bai_perron::argument;
use crate::error::{Error, Result};
use crate::special::rising;
use std::str::FromStr;

/// What changes between segments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cost {
    /// The mean of normal values, with one variance; `None` takes it from the median of squared steps.
    Mean(Option<f64>),
    /// Mean and variance of normal values.
    MeanVariance,
    /// The rate of Poisson counts.
    Poisson,
    /// The rate of NB2 counts with one dispersion α; `None` estimates it.
    NegativeBinomial(Option<f64>),
}

impl FromStr for Cost {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "mean" => Ok(Self::Mean(None)),
            "mean_variance" => Ok(Self::MeanVariance),
            "poisson" => Ok(Self::Poisson),
            "negative_binomial" => Ok(Self::NegativeBinomial(None)),
            _ => Err(argument("cost", text, "`mean`, `mean_variance`, `poisson` or `negative_binomial`")),
        }
    }
}

impl Cost {
    pub(super) fn counts(self) -> bool {
        matches!(self, Self::Poisson | Self::NegativeBinomial(_))
    }

    /// Parameters of a segment.
    pub(super) fn parameters(self) -> usize {
        if self == Self::MeanVariance { 2 } else { 1 }
    }
}

/// Cumulated sums, from which the cost of any segment follows.
#[derive(Debug, Clone)]
pub(super) struct Costs {
    kind: Kind,
    first: Vec<f64>,
    second: Vec<f64>,
    exposure: Vec<f64>,
    y: Vec<f64>,
    e: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Mean { variance: f64 },
    MeanVariance { floor: f64 },
    Poisson,
    NegativeBinomial { alpha: f64, even: bool },
}

fn cumulated(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    std::iter::once(0.0)
        .chain(values.map(|v| {
            sum += v;
            sum
        }))
        .collect()
}

impl Costs {
    /// `scale` is the variance of [`Cost::Mean`] or the dispersion of [`Cost::NegativeBinomial`].
    pub(super) fn new(cost: Cost, y: &[f64], exposure: &[f64], scale: f64) -> Self {
        // Centred: sums of squares about the mean keep their digits.
        let centre = if cost.counts() { 0.0 } else { y.iter().sum::<f64>() / y.len() as f64 };
        let whole = y.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / y.len() as f64;
        let even = exposure.windows(2).all(|p| p[0] == p[1]);
        let kind = match cost {
            Cost::Mean(_) => Kind::Mean { variance: scale },
            Cost::MeanVariance => Kind::MeanVariance { floor: 1e-10 * whole },
            Cost::Poisson => Kind::Poisson,
            Cost::NegativeBinomial(_) if scale <= 0.0 => Kind::Poisson,
            Cost::NegativeBinomial(_) => Kind::NegativeBinomial { alpha: scale, even },
        };
        Self {
            kind,
            first: cumulated(y.iter().map(|v| v - centre)),
            second: cumulated(y.iter().map(|v| (v - centre).powi(2))),
            exposure: cumulated(exposure.iter().copied()),
            y: y.to_vec(),
            e: exposure.to_vec(),
        }
    }

    /// Of the observations `from .. to`.
    pub(super) fn of(&self, from: usize, to: usize) -> f64 {
        let size = (to - from) as f64;
        let (sum, people) = (self.first[to] - self.first[from], self.exposure[to] - self.exposure[from]);
        let about = || (self.second[to] - self.second[from] - sum * sum / size).max(0.0);
        match self.kind {
            Kind::Mean { variance } => about() / variance,
            Kind::MeanVariance { floor } => size * ((about() / size).max(floor).ln() + 1.0),
            Kind::Poisson | Kind::NegativeBinomial { .. } if sum <= 0.0 => 0.0,
            Kind::Poisson => 2.0 * (sum - sum * (sum / people).ln()),
            Kind::NegativeBinomial { alpha, even } => {
                let rate = self.rate(from, to, alpha, even);
                self.deviance(from, to, rate, alpha, even)
            }
        }
    }

    fn deviance(&self, from: usize, to: usize, rate: f64, alpha: f64, even: bool) -> f64 {
        let term = |y: f64, e: f64| (y + alpha.recip()) * (alpha * e * rate).ln_1p() - y * rate.ln();
        if even {
            let size = (to - from) as f64;
            let sum = self.first[to] - self.first[from];
            let e = self.e[from];
            return 2.0 * ((sum + size / alpha) * (alpha * e * rate).ln_1p() - sum * rate.ln());
        }
        2.0 * (from..to).map(|i| term(self.y[i], self.e[i])).sum::<f64>()
    }

    /// The rate that maximises the NB2 likelihood: a root of a decreasing function of the rate.
    fn rate(&self, from: usize, to: usize, alpha: f64, even: bool) -> f64 {
        let crude = (self.first[to] - self.first[from]) / (self.exposure[to] - self.exposure[from]);
        if even {
            return crude;
        }
        let mut log = crude.ln();
        for _ in 0..100 {
            let rate = log.exp();
            let (mut score, mut information) = (0.0, 0.0);
            for i in from..to {
                let mean = self.e[i] * rate;
                let spread = 1.0 + alpha * mean;
                score += (self.y[i] - mean) / spread;
                information += mean * (1.0 + alpha * self.y[i]) / (spread * spread);
            }
            let step = (score / information).clamp(-2.0, 2.0);
            log += step;
            if step.abs() < 1e-13 {
                break;
            }
        }
        log.exp()
    }

    /// Level (mean or rate), its standard error, and the variance within the segment where one is estimated.
    pub(super) fn describe(&self, from: usize, to: usize) -> (f64, f64, f64) {
        let size = (to - from) as f64;
        let people = self.exposure[to] - self.exposure[from];
        let sum: f64 = self.y[from..to].iter().sum();
        let about = || {
            let mean = sum / size;
            self.y[from..to].iter().map(|v| (v - mean).powi(2)).sum::<f64>() / size
        };
        match self.kind {
            Kind::Mean { variance } => (sum / size, (variance / size).sqrt(), f64::NAN),
            Kind::MeanVariance { .. } => (sum / size, (about() / size).sqrt(), about()),
            Kind::Poisson => (sum / people, sum.sqrt() / people, f64::NAN),
            Kind::NegativeBinomial { .. } if sum <= 0.0 => (0.0, 0.0, f64::NAN),
            Kind::NegativeBinomial { alpha, even } => {
                let rate = self.rate(from, to, alpha, even);
                let information: f64 =
                    (from..to).map(|i| self.e[i] * rate / (1.0 + alpha * self.e[i] * rate)).sum();
                (rate, rate / information.sqrt(), f64::NAN)
            }
        }
    }
}

/// The dispersion that maximises the NB2 likelihood at given means; 0 where the Poisson is no worse.
pub(super) fn dispersion(y: &[f64], means: &[f64]) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let value = |log: f64| {
        let alpha = log.exp();
        let size = alpha.recip();
        y.iter()
            .zip(means)
            .filter(|&(_, &mean)| mean > 0.0)
            .map(|(&y, &mean)| rising(size, y)[0] - y * (size + mean).ln() - size * (alpha * mean).ln_1p())
            .sum::<f64>()
    };
    let (mut a, mut b) = (1e-8_f64.ln(), 1e3_f64.ln());
    while b - a > 1e-8 {
        let (left, right) = (b - RATIO * (b - a), a + RATIO * (b - a));
        if value(left) >= value(right) { b = right } else { a = left }
    }
    let poisson: f64 = -means.iter().sum::<f64>();
    let log = 0.5 * (a + b);
    if poisson >= value(log) { 0.0 } else { log.exp() }
}
