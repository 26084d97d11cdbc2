//! The negative binomial in its NB2 form: mean `μ`, variance `μ + μ²/θ` (Cameron & Trivedi, 1986).

use rand_distr::Distribution;

use crate::distribution::{Normal, Poisson, positive};
use crate::error::Result;
use crate::random::Generator;
use crate::special::{beta_regularised, log_factorial, log_gamma};

/// Negative binomial with mean `mean` and size `size` (θ); large sizes approach the Poisson.
///
/// ```
/// use averted::distribution::NegativeBinomial;
/// let deaths = NegativeBinomial::new(2.0, 1.0)?;
/// assert!((deaths.log_density(0.0) - (1.0_f64 / 3.0).ln()).abs() < 1e-14);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NegativeBinomial {
    mean: f64,
    size: f64,
}

impl NegativeBinomial {
    /// # Errors
    /// [`crate::Error::Argument`] unless both are positive.
    pub fn new(mean: f64, size: f64) -> Result<Self> {
        Ok(Self { mean: positive("mean", mean)?, size: positive("size", size)? })
    }

    /// `log P(Y = y)`.
    pub fn log_density(&self, y: f64) -> f64 {
        let (mean, size) = (self.mean, self.size);
        // log Γ(y+θ) − log Γ(θ) as a sum for small counts: no cancellation as θ grows.
        let rising = if y < 50.0 {
            (0..y as usize).map(|i| (size + i as f64).ln()).sum()
        } else {
            log_gamma(y + size) - log_gamma(size)
        };
        // y·log(μ/(μ+θ)) is 0 at y = 0 whatever μ is.
        let events = if y > 0.0 { y * (mean / (mean + size)).ln() } else { 0.0 };
        rising - log_factorial(y) + events - size * (mean / size).ln_1p()
    }

    /// `P(Y ≤ y)`.
    pub fn cdf(&self, y: f64) -> f64 {
        if y < 0.0 {
            return 0.0;
        }
        beta_regularised(self.size, y.floor() + 1.0, self.size / (self.size + self.mean))
    }

    /// `P(Y > y)`.
    pub fn upper(&self, y: f64) -> f64 {
        if y < 0.0 {
            return 1.0;
        }
        beta_regularised(y.floor() + 1.0, self.size, self.mean / (self.size + self.mean))
    }

    /// `log P(low ≤ Y ≤ high)`: the likelihood of a cell known only as an interval.
    pub fn log_interval(&self, low: f64, high: f64) -> f64 {
        let inside = if low > self.mean {
            self.upper(low - 1.0) - self.upper(high)
        } else {
            self.cdf(high) - self.cdf(low - 1.0)
        };
        inside.ln()
    }

    /// The smallest count not exceeded with probability at least `p`.
    pub fn quantile(&self, p: f64) -> f64 {
        let sd = (self.mean + self.mean * self.mean / self.size).sqrt();
        super::count_quantile(p, self.mean + sd * Normal::standard().quantile(p), |y| self.cdf(y))
    }

    /// One draw, as a Poisson whose mean is a gamma draw.
    pub fn draw(&self, generator: &mut Generator) -> f64 {
        let gamma = rand_distr::Gamma::new(self.size, self.mean / self.size);
        let mean: f64 = gamma.map_or(f64::NAN, |g| g.sample(generator));
        Poisson::new(mean).map_or(0.0, |p| p.draw(generator))
    }
}
