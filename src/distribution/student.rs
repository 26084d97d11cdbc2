//! Student's t distribution (Gosset, 1908).

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::distribution::{Normal, positive, quantile_between};
use crate::error::Result;

/// Student's t with `degrees` degrees of freedom; infinite degrees give the standard normal.
///
/// ```
/// use averted::distribution::Student;
/// assert!((Student::new(10.0)?.quantile(0.975) - 2.228138851964939).abs() < 1e-9);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Student {
    t: Option<StudentsT>,
}

impl Student {
    /// # Errors
    /// [`crate::Error::Argument`] unless `degrees` is positive.
    pub fn new(degrees: f64) -> Result<Self> {
        if degrees == f64::INFINITY {
            return Ok(Self { t: None });
        }
        let degrees = positive("degrees of freedom", degrees)?;
        Ok(Self { t: StudentsT::new(0.0, 1.0, degrees).ok() })
    }

    /// `P(T ≤ x)`; NaN for NaN.
    pub fn cdf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        self.t.map_or_else(|| Normal::standard().cdf(x), |t| t.cdf(x))
    }

    /// `P(|T| > |x|)`, the two-sided p-value; NaN for NaN.
    pub fn two_sided(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        2.0 * self.t.map_or_else(|| Normal::standard().upper(x.abs()), |t| t.sf(x.abs()))
    }

    /// The value not exceeded with probability `p`.
    pub fn quantile(&self, p: f64) -> f64 {
        let ends = (f64::NEG_INFINITY, f64::INFINITY);
        let inside = |p| self.t.map_or_else(|| Normal::standard().quantile(p), |t| t.inverse_cdf(p));
        quantile_between(p, ends, inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_of_zero_without_error_has_no_p_value() {
        let t = Student::new(7.0).expect("positive degrees");
        assert!(t.two_sided(f64::NAN).is_nan() && t.cdf(f64::NAN).is_nan());
    }
}
