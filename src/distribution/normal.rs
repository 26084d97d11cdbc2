//! The normal distribution: `f(x) = exp(−(x−μ)²/2σ²) / (σ√2π)`.

use statrs::distribution::{ContinuousCDF, Normal as Standard};

use crate::distribution::{positive, quantile_between};
use crate::error::Result;
use crate::random::{Generator, normal};

/// Normal with mean `mean` and standard deviation `sd`.
///
/// ```
/// use averted::distribution::Normal;
/// assert!((Normal::standard().quantile(0.975) - 1.959963984540054).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    mean: f64,
    sd: f64,
}

impl Normal {
    /// # Errors
    /// [`crate::Error::Argument`] unless `sd` is positive.
    pub fn new(mean: f64, sd: f64) -> Result<Self> {
        Ok(Self { mean, sd: positive("sd", sd)? })
    }

    /// Mean 0, standard deviation 1.
    pub const fn standard() -> Self {
        Self { mean: 0.0, sd: 1.0 }
    }

    /// `log f(x)`.
    pub fn log_density(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.sd;
        -0.5 * z * z - self.sd.ln() - 0.918_938_533_204_672_8
    }

    /// `P(X ≤ x)`.
    pub fn cdf(&self, x: f64) -> f64 {
        Standard::standard().cdf((x - self.mean) / self.sd)
    }

    /// `P(X > x)`, accurate in the tail.
    pub fn upper(&self, x: f64) -> f64 {
        Standard::standard().sf((x - self.mean) / self.sd)
    }

    /// The value not exceeded with probability `p`.
    pub fn quantile(&self, p: f64) -> f64 {
        let ends = (f64::NEG_INFINITY, f64::INFINITY);
        quantile_between(p, ends, |p| self.mean + self.sd * Standard::standard().inverse_cdf(p))
    }

    /// One draw.
    pub fn draw(&self, generator: &mut Generator) -> f64 {
        self.mean + self.sd * normal(generator)
    }
}
