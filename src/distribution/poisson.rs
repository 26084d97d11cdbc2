//! The Poisson distribution (1837): `P(y) = μʸ e^{−μ} / y!`.

use rand_distr::Distribution;

use crate::distribution::{Normal, positive};
use crate::error::Result;
use crate::random::Generator;
use crate::special::{gamma_lower, gamma_upper, log_factorial};

/// Poisson with mean `mean`.
///
/// ```
/// use averted::distribution::Poisson;
/// let deaths = Poisson::new(3.0)?;
/// // A suppressed cell, 0 to 9 deaths.
/// assert!((deaths.log_interval(0.0, 9.0) - 0.9988975_f64.ln()).abs() < 1e-6);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Poisson {
    mean: f64,
}

impl Poisson {
    /// # Errors
    /// [`crate::Error::Argument`] unless `mean` is positive.
    pub fn new(mean: f64) -> Result<Self> {
        Ok(Self { mean: positive("mean", mean)? })
    }

    /// `log P(Y = y)`.
    pub fn log_density(&self, y: f64) -> f64 {
        y * self.mean.ln() - self.mean - log_factorial(y)
    }

    /// `P(Y ≤ y)`.
    pub fn cdf(&self, y: f64) -> f64 {
        if y < 0.0 { 0.0 } else { gamma_upper(y.floor() + 1.0, self.mean) }
    }

    /// `P(Y > y)`.
    pub fn upper(&self, y: f64) -> f64 {
        if y < 0.0 { 1.0 } else { gamma_lower(y.floor() + 1.0, self.mean) }
    }

    /// `log P(low ≤ Y ≤ high)`: the likelihood of a cell known only as an interval.
    pub fn log_interval(&self, low: f64, high: f64) -> f64 {
        // Differences are taken in the tail where they do not cancel.
        let inside = if low > self.mean {
            self.upper(low - 1.0) - self.upper(high)
        } else {
            self.cdf(high) - self.cdf(low - 1.0)
        };
        inside.ln()
    }

    /// The smallest count not exceeded with probability at least `p`.
    pub fn quantile(&self, p: f64) -> f64 {
        let start = self.mean + self.mean.sqrt() * Normal::standard().quantile(p);
        super::count_quantile(p, start, |y| self.cdf(y))
    }

    /// One draw.
    pub fn draw(&self, generator: &mut Generator) -> f64 {
        rand_distr::Poisson::new(self.mean).map_or(f64::NAN, |d| d.sample(generator))
    }
}
