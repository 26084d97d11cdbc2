//! The gamma distribution (Pearson, 1893).

use crate::distribution::{inverted, positive};
use crate::error::Result;
use crate::special::{gamma_lower, gamma_upper};

/// Gamma with `shape` and `scale`: mean `shape · scale`, variance `shape · scale²`.
///
/// ```
/// use averted::distribution::Gamma;
/// // Of shape one it is the exponential.
/// let gamma = Gamma::new(1.0, 2.0)?;
/// assert!((gamma.quantile(0.975) + 2.0 * 0.025_f64.ln()).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gamma {
    shape: f64,
    scale: f64,
}

impl Gamma {
    /// # Errors
    /// [`crate::Error::Argument`] unless both are positive.
    pub fn new(shape: f64, scale: f64) -> Result<Self> {
        Ok(Self { shape: positive("shape", shape)?, scale: positive("scale", scale)? })
    }

    /// `P(X ≤ x)`.
    pub fn cdf(&self, x: f64) -> f64 {
        gamma_lower(self.shape, x / self.scale)
    }

    /// `P(X > x)`.
    pub fn upper(&self, x: f64) -> f64 {
        gamma_upper(self.shape, x / self.scale)
    }

    /// The value that is not exceeded with probability `p`.
    pub fn quantile(&self, p: f64) -> f64 {
        let mut high = self.shape + 1.0;
        while gamma_upper(self.shape, high) > 1.0 - p && high < 1e300 {
            high *= 2.0;
        }
        let standard = inverted(
            p,
            (0.0, f64::INFINITY),
            high,
            |x| gamma_lower(self.shape, x),
            |x| gamma_upper(self.shape, x),
        );
        self.scale * standard
    }
}
