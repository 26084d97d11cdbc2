//! How often a series must be differenced before it looks stationary.

use super::{Deterministic, Kpss};
use crate::error::{Error, Result};

/// How often to difference, by KPSS tests in turn: the least d ≤ `most` at which stationarity is not rejected at the
/// level `alpha` (Hyndman & Khandakar 2008).
///
/// The conventions are those of R's `forecast::ndiffs(test = "kpss")`: missing values are left out before
/// differencing, the bandwidth is trunc(3 √n / 13) with n the length left, the p-value is interpolated and lies
/// between 0.01 and 0.1, `alpha` likewise, and a series that has become constant is differenced no further. Constant
/// is what differs from its first value by less than 1.5 × 10⁻⁸ of its size on average, whatever the size; R takes
/// that as an absolute number for series smaller than it.
///
/// `kind` is the level (R's default) or the line around which the series may be stationary.
///
/// # Errors
/// [`Error::Domain`] for an infinite value; [`Error::Argument`] unless `kind` is a level or a line, and `alpha` a
/// probability.
///
/// ```
/// use averted::timeseries::unit_root::{Deterministic, differences};
/// let walk: Vec<f64> = (0..40).map(|t: i32| f64::from(t * 3 + (t * 7) % 5)).collect();
/// assert_eq!(differences("walk", &walk, 0.05, 2, Deterministic::Level)?, 1);
/// assert_eq!(differences("flat", &[5.0; 40], 0.05, 2, Deterministic::Level)?, 0);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn differences(name: &str, y: &[f64], alpha: f64, most: usize, kind: Deterministic) -> Result<usize> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Error::Argument {
            argument: "alpha".into(),
            value: alpha.to_string(),
            must: "between 0 and 1".into(),
        });
    }
    let alpha = alpha.clamp(0.01, 0.1);
    let mut z: Vec<f64> = y.iter().copied().filter(|v| !v.is_nan()).collect();
    let test = Kpss::new().deterministic(kind);
    for d in 0..most {
        if is_constant(&z) {
            return Ok(d);
        }
        match test.test(name, &z) {
            Ok(found) if found.p_value < alpha => {}
            // Too short to test, or a line exactly: no difference is asked for.
            Ok(_) | Err(Error::TooShort { .. } | Error::NothingToEstimate { .. }) => return Ok(d),
            Err(error) => return Err(error),
        }
        z = z.windows(2).map(|w| w[1] - w[0]).collect();
    }
    Ok(most)
}

/// Whether a series differs from its first value by less than 1.5 × 10⁻⁸ of its size.
pub(crate) fn is_constant(z: &[f64]) -> bool {
    let Some(&first) = z.first() else { return true };
    let size = z.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let differing: Vec<f64> = z.iter().copied().filter(|v| *v != first).collect();
    let away: f64 = differing.iter().map(|v| (v / size - first / size).abs()).sum();
    let reach: f64 = differing.iter().map(|v| (v / size).abs()).sum();
    differing.is_empty() || away < 1.5e-8 * reach
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_constant_and_missing_series_have_an_answer() {
        let found = |y: &[f64]| differences("y", y, 0.05, 2, Deterministic::Level).expect("an answer");
        assert_eq!(found(&[]), 0);
        assert_eq!(found(&[f64::NAN; 5]), 0);
        assert_eq!(found(&[1.0]), 0);
        assert_eq!(found(&[1.0, 3.0]), 0);
        assert_eq!(found(&[7.0, 7.0, 7.0, f64::NAN, 7.0]), 0);
        let walk: Vec<f64> = (0..60).map(f64::from).collect();
        let gaps: Vec<f64> =
            walk.iter().enumerate().map(|(i, v)| if i % 9 == 4 { f64::NAN } else { *v }).collect();
        assert_eq!(found(&walk), 1, "a line becomes constant");
        assert_eq!(found(&gaps), 1);
        let tiny: Vec<f64> = walk.iter().map(|v| v * 1e-300).collect();
        assert_eq!(found(&tiny), 1);
        assert!(differences("y", &[1.0, f64::INFINITY, 2.0], 0.05, 2, Deterministic::Level).is_err());
    }
}
