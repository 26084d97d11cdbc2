//! Fisher's F distribution (Fisher, 1924; Snedecor, 1934).

use crate::distribution::{ChiSquared, positive};
use crate::error::Result;
use crate::special::beta_regularised;

/// F with `numerator` and `denominator` degrees of freedom; an infinite denominator gives χ²/numerator.
///
/// ```
/// use averted::distribution::Fisher;
/// assert!((Fisher::new(2.0, 10.0)?.upper(4.102821015300157) - 0.05).abs() < 1e-10);
/// let closed_form = 5.0 * (0.05_f64.powf(-0.2) - 1.0);
/// assert!((Fisher::new(2.0, 10.0)?.critical(0.05) - closed_form).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fisher {
    numerator: f64,
    denominator: f64,
}

impl Fisher {
    /// # Errors
    /// [`crate::Error::Argument`] unless both are positive.
    pub fn new(numerator: f64, denominator: f64) -> Result<Self> {
        let numerator = positive("numerator degrees of freedom", numerator)?;
        if denominator != f64::INFINITY {
            positive("denominator degrees of freedom", denominator)?;
        }
        Ok(Self { numerator, denominator })
    }

    /// `P(X > x)`, the p-value.
    pub fn upper(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        if x <= 0.0 {
            return 1.0;
        }
        if self.denominator == f64::INFINITY {
            return ChiSquared::new(self.numerator).map_or(f64::NAN, |c| c.upper(x * self.numerator));
        }
        let share = self.denominator / (self.denominator + self.numerator * x);
        beta_regularised(0.5 * self.denominator, 0.5 * self.numerator, share)
    }

    /// The value exceeded with probability `p`, found by halving.
    pub fn critical(&self, p: f64) -> f64 {
        if !(p > 0.0 && p < 1.0) {
            return f64::NAN;
        }
        let (mut low, mut high) = (0.0, 1.0);
        while self.upper(high) > p && high < 1e300 {
            high *= 2.0;
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            *(if self.upper(middle) > p { &mut low } else { &mut high }) = middle;
        }
        0.5 * (low + high)
    }
}
