//! The χ² distribution (Helmert, 1876; Pearson, 1900).

use crate::distribution::positive;
use crate::error::Result;
use crate::special::{gamma_lower, gamma_upper};

/// χ² with `degrees` degrees of freedom.
///
/// ```
/// use averted::distribution::ChiSquared;
/// assert!((ChiSquared::new(1.0)?.upper(3.841458820694124) - 0.05).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquared {
    degrees: f64,
}

impl ChiSquared {
    /// # Errors
    /// [`crate::Error::Argument`] unless `degrees` is positive.
    pub fn new(degrees: f64) -> Result<Self> {
        Ok(Self { degrees: positive("degrees of freedom", degrees)? })
    }

    /// `P(X ≤ x)`.
    pub fn cdf(&self, x: f64) -> f64 {
        gamma_lower(0.5 * self.degrees, 0.5 * x)
    }

    /// `P(X > x)`, the p-value.
    pub fn upper(&self, x: f64) -> f64 {
        gamma_upper(0.5 * self.degrees, 0.5 * x)
    }
}
