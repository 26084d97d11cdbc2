//! The largest distance of a Brownian bridge from zero (Kolmogorov 1933).

use std::f64::consts::PI;

/// The probability that a Brownian bridge goes further than `x` from zero.
///
/// ```
/// use averted::distribution::bridge_exceeds;
/// assert!((bridge_exceeds(1.358_098_9) - 0.05).abs() < 1e-7);
/// ```
pub fn bridge_exceeds(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let terms = (1..40).map(f64::from);
    if x < 1.0 {
        // The other series alternates and would cancel.
        let sum: f64 = terms.map(|k| (-(2.0 * k - 1.0).powi(2) * PI * PI / (8.0 * x * x)).exp()).sum();
        return 1.0 - (2.0 * PI).sqrt() / x * sum;
    }
    let sign = |k: f64| if k % 2.0 == 1.0 { 1.0 } else { -1.0 };
    2.0 * terms.map(|k| sign(k) * (-2.0 * k * k * x * x).exp()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_series_meet() {
        let (below, above) = (bridge_exceeds(1.0 - 1e-12), bridge_exceeds(1.0));
        assert!((below - above).abs() < 1e-11, "{below} {above}");
    }
}
