//! Sums over the counts that matter of a count distribution.

use super::Predictive;
use crate::error::{Error, Result};

/// A count distribution between the count below which, and the one above which, next to nothing lies.
pub(super) struct Counts<'a> {
    of: &'a Predictive,
    from: f64,
    to: f64,
}

/// What is left out at either end.
const TAIL: f64 = 1e-16;
/// The widest sum.
const MOST: f64 = 1e7;

pub(super) fn check_count(y: f64) -> Result<()> {
    if y >= 0.0 && y.fract() == 0.0 && y.is_finite() {
        return Ok(());
    }
    Err(Error::Domain { what: "y".into(), row: 0, value: y.to_string(), must: "a count".into() })
}

impl<'a> Counts<'a> {
    pub(super) fn of(of: &'a Predictive) -> Result<Self> {
        let (mean, variance) = of.moments()?;
        let step = variance.sqrt().max(1.0);
        let mut from = (mean - 2.0 * step).floor().max(0.0);
        while from > 0.0 && of.cdf(from)? > TAIL {
            from = (from - 2.0 * step).floor().max(0.0);
        }
        let mut to = (mean + 2.0 * step).ceil();
        while of.upper(to) > TAIL {
            to = (to + 2.0 * step).ceil();
        }
        if to - from > MOST || to > 9e15 {
            return Err(Error::Argument {
                argument: "mean".into(),
                value: mean.to_string(),
                must: format!(
                    "of a distribution that a sum of {MOST:.0} counts holds; this one needs {:.0}",
                    to - from
                ),
            });
        }
        Ok(Self { of, from, to })
    }

    /// Σ_{k < low} F(k)² + Σ_{k ≥ high} (1 − F(k))².
    pub(super) fn crps(&self, low: f64, high: f64) -> Result<f64> {
        // Beyond the ends F is 0 or 1: what is added there is the distance.
        let mut sum = (self.from - high).max(0.0) + (low - 1.0 - self.to).max(0.0);
        // Below the median F is summed up, above it 1 − F is summed down, so that neither loses its small end.
        let mut cdf = if self.from > 0.0 { self.of.cdf(self.from - 1.0)? } else { 0.0 };
        let mut k = self.from;
        while k <= self.to {
            cdf += self.of.mass(k);
            if k < low {
                sum += cdf * cdf;
            } else if cdf < 0.5 && k >= high {
                sum += (1.0 - cdf) * (1.0 - cdf);
            } else if cdf >= 0.5 {
                break;
            }
            k += 1.0;
        }
        let half = k;
        let mut upper = self.of.upper(self.to);
        let mut k = self.to;
        while k >= half {
            if k >= high {
                sum += upper * upper;
            }
            upper += self.of.mass(k);
            k -= 1.0;
        }
        Ok(sum)
    }

    /// `Σ p_k²`.
    pub(super) fn squares(&self) -> f64 {
        let mut k = self.from;
        let mut sum = 0.0;
        while k <= self.to {
            let p = self.of.mass(k);
            sum += p * p;
            k += 1.0;
        }
        sum
    }
}
