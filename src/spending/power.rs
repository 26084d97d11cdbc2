//! The smallest effect that a design could have detected.
//!
//! `MDE = (t₁₋α⸝₂ + t_power) · SE`: an effect of that size is found significant at level `α` with that power (Bloom, H. S.
//! (1995), Minimum Detectable Effects, *Evaluation Review* 19, 547–556). It is in the units of the estimate.

use crate::distribution::Student;
use crate::error::Result;

/// The power of every minimum detectable effect that the library prints.
const POWER: f64 = 0.8;

/// The smallest effect that is found at `level` (0.95 tests at 5 %) with a power of 80 %.
///
/// ```
/// let mde = averted::spending::detectable(1.0, f64::INFINITY, 0.95)?;
/// assert!((mde - (1.959963984540054 + 0.8416212335729143)).abs() < 1e-9);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Argument`] unless the degrees of freedom are positive.
pub fn detectable(std_error: f64, degrees: f64, level: f64) -> Result<f64> {
    let student = Student::new(degrees)?;
    Ok((student.quantile(0.5 + 0.5 * level) + student.quantile(POWER)) * std_error)
}

/// How many standard errors the two-sided interval at `level` reaches.
///
/// # Errors
/// [`crate::Error::Argument`] unless the degrees of freedom are positive.
pub fn reach(degrees: f64, level: f64) -> Result<f64> {
    Ok(Student::new(degrees)?.quantile(0.5 + 0.5 * level))
}
