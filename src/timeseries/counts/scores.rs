//! Proper scores of one-step predictions, and their probability integral transform.

use crate::distribution::{NegativeBinomial, Poisson};
use crate::timeseries::counts::cell::log_probability;

/// The predictive distribution of a count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Predictive {
    Poisson(Poisson),
    Negative(NegativeBinomial),
}

impl Predictive {
    /// Mean above zero, dispersion zero or more.
    pub(super) fn new(mean: f64, dispersion: f64) -> Option<Self> {
        // Beyond a size of 1e12 the difference from the Poisson is less than rounding.
        if dispersion <= 1e-12 {
            return Poisson::new(mean).ok().map(Self::Poisson);
        }
        NegativeBinomial::new(mean, 1.0 / dispersion).ok().map(Self::Negative)
    }

    pub(super) fn cdf(&self, y: f64) -> f64 {
        match self {
            Self::Poisson(p) => p.cdf(y),
            Self::Negative(p) => p.cdf(y),
        }
    }

    pub(super) fn quantile(&self, p: f64) -> f64 {
        match self {
            Self::Poisson(d) => d.quantile(p),
            Self::Negative(d) => d.quantile(p),
        }
    }
}

/// Means over the exact counts of the scores of their one-step predictions; less is better (Czado, Gneiting & Held 2009).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CountScores {
    /// −log P(y).
    pub logarithmic: f64,
    /// −2 P(y) + Σ P(k)².
    pub quadratic: f64,
    /// −P(y) / √Σ P(k)².
    pub spherical: f64,
    /// Σ (F(k) − 1{y ≤ k})², the CRPS.
    pub ranked_probability: f64,
    /// ((y − μ)/σ)² + 2 log σ.
    pub dawid_sebastiani: f64,
    /// ((y − μ)/σ)².
    pub normalized_squared_error: f64,
    /// (y − μ)².
    pub squared_error: f64,
}

/// Distributions that spread over more counts than this get no sums over them.
const MOST_COUNTS: f64 = 2e6;

impl CountScores {
    pub(super) fn of(y: f64, mean: f64, dispersion: f64) -> Self {
        let variance = mean + dispersion * mean * mean;
        let sd = variance.sqrt();
        let logarithmic = -log_probability(y, mean, dispersion);
        let first = (mean - 40.0 * sd).floor().min(y).max(0.0);
        let (mut squares, mut ranked) = (0.0, 0.0);
        let mut below = Predictive::new(mean, dispersion).map_or(f64::NAN, |p| p.cdf(first - 1.0));
        let mut k = first;
        loop {
            let p = log_probability(k, mean, dispersion).exp();
            below += p;
            squares += p * p;
            ranked += (below - f64::from(u8::from(y <= k))).powi(2);
            k += 1.0;
            if k > y && k > mean && p < 1e-17 {
                break;
            }
            if k - first > MOST_COUNTS {
                (squares, ranked) = (f64::NAN, f64::NAN);
                break;
            }
        }
        let p = (-logarithmic).exp();
        let normalized_squared_error = (y - mean) * (y - mean) / variance;
        Self {
            logarithmic,
            quadratic: squares - 2.0 * p,
            spherical: -p / squares.sqrt(),
            ranked_probability: ranked,
            dawid_sebastiani: normalized_squared_error + variance.ln(),
            normalized_squared_error,
            squared_error: (y - mean) * (y - mean),
        }
    }

    /// In the order of the fields.
    pub fn values(&self) -> [f64; 7] {
        [
            self.logarithmic,
            self.quadratic,
            self.spherical,
            self.ranked_probability,
            self.dawid_sebastiani,
            self.normalized_squared_error,
            self.squared_error,
        ]
    }

    /// Names of [`values`](Self::values).
    pub const NAMES: [&'static str; 7] = [
        "logarithmic",
        "quadratic",
        "spherical",
        "ranked_probability",
        "dawid_sebastiani",
        "normalized_squared_error",
        "squared_error",
    ];

    pub(super) fn mean(all: &[Self]) -> Self {
        let mut sum = [0.0; 7];
        for one in all {
            sum.iter_mut().zip(one.values()).for_each(|(s, v)| *s += v / all.len() as f64);
        }
        let [logarithmic, quadratic, spherical, ranked_probability, dawid_sebastiani, normalized, squared] =
            sum;
        Self {
            logarithmic,
            quadratic,
            spherical,
            ranked_probability,
            dawid_sebastiani,
            normalized_squared_error: normalized,
            squared_error: squared,
        }
    }
}

/// Shares of the non-randomised probability integral transform in equal bins.
pub(super) fn transform(cells: &[(f64, f64, f64)], bins: usize) -> Vec<f64> {
    let mut shares = vec![0.0; bins];
    for &(y, mean, dispersion) in cells {
        let Some(predictive) = Predictive::new(mean, dispersion) else { continue };
        let (low, high) = (predictive.cdf(y - 1.0), predictive.cdf(y));
        let at = |u: f64| {
            if high > low {
                ((u - low) / (high - low)).clamp(0.0, 1.0)
            } else {
                f64::from(u8::from(u >= high))
            }
        };
        for (j, share) in shares.iter_mut().enumerate() {
            let (from, to) = (j as f64 / bins as f64, (j + 1) as f64 / bins as f64);
            // Nothing lies below zero or above one.
            let start = if j == 0 { 0.0 } else { at(from) };
            let end = if j + 1 == bins { 1.0 } else { at(to) };
            *share += (end - start) / cells.len() as f64;
        }
    }
    shares
}
