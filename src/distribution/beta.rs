//! The beta distribution (Pearson, 1895).

use crate::distribution::{inverted, positive};
use crate::error::Result;
use crate::special::beta_regularised;

/// Beta with shapes `a` and `b`: mean `a / (a + b)`.
///
/// ```
/// use averted::distribution::Beta;
/// // The largest of three uniform numbers.
/// assert!((Beta::new(3.0, 1.0)?.quantile(0.512) - 0.8).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    a: f64,
    b: f64,
}

impl Beta {
    /// # Errors
    /// [`crate::Error::Argument`] unless both shapes are positive.
    pub fn new(a: f64, b: f64) -> Result<Self> {
        Ok(Self { a: positive("a", a)?, b: positive("b", b)? })
    }

    /// `P(X ≤ x)`.
    pub fn cdf(&self, x: f64) -> f64 {
        beta_regularised(self.a, self.b, x.clamp(0.0, 1.0))
    }

    /// `P(X > x)`.
    pub fn upper(&self, x: f64) -> f64 {
        beta_regularised(self.b, self.a, (1.0 - x).clamp(0.0, 1.0))
    }

    /// The value that is not exceeded with probability `p`.
    pub fn quantile(&self, p: f64) -> f64 {
        inverted(p, (0.0, 1.0), 1.0, |x| self.cdf(x), |x| self.upper(x))
    }
}
