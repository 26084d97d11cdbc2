//! Sums of weighted squares of standard normals: the distribution behind ratios of quadratic forms in residuals.
//!
//! `P(Σ aᵢzᵢ² > 0) = ½ + (1/π) ∫₀^∞ sin θ(u) / (u ρ(u)) du`, `θ = ½ Σ atan(aᵢu)`, `ρ = Π (1 + aᵢ²u²)^¼` (Imhof 1961,
//! *Biometrika* 48). With `u = eᵗ` the integrand is smooth and dies out on both sides, so that the plain sum over a grid
//! of `t` converges faster than any power of its step.

use std::f64::consts::PI;

/// The probability that a sum of squares of independent standard normals with these weights is above zero.
///
/// ```
/// use averted::distribution::quadratic_form_positive;
/// // z₁² > z₂² half of the time.
/// assert!((quadratic_form_positive(&[1.0, -1.0]) - 0.5).abs() < 1e-14);
/// ```
pub fn quadratic_form_positive(weights: &[f64]) -> f64 {
    const STEP: f64 = 0.02;
    let largest = weights.iter().fold(0.0_f64, |most, a| most.max(a.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return f64::NAN;
    }
    if weights.iter().all(|&a| a >= 0.0) {
        return 1.0;
    }
    if weights.iter().all(|&a| a <= 0.0) {
        return 0.0;
    }
    let mut sum = 0.0;
    for step in 0.. {
        // Below e^−42 the integrand is under the rounding of the sum.
        let u = (f64::from(step) * STEP - 42.0).exp();
        let (mut angle, mut size) = (0.0, 0.0);
        for a in weights {
            let at = a / largest * u;
            angle += at.atan();
            size += at.hypot(1.0).ln();
        }
        if size > 84.0 {
            break;
        }
        sum += (0.5 * angle).sin() * (-0.5 * size).exp();
    }
    (0.5 + STEP * sum / PI).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Fisher;

    #[test]
    fn ratios_of_sums_of_squares_are_f() {
        for (m, n, ratio) in [(1, 7, 2.0), (3, 12, 0.4), (10, 90, 1.3)] {
            let mut weights = vec![1.0 / f64::from(m); m as usize];
            weights.extend(vec![-ratio / f64::from(n); n as usize]);
            let exact = Fisher::new(f64::from(m), f64::from(n)).expect("degrees").upper(ratio);
            let ours = quadratic_form_positive(&weights);
            assert!((ours - exact).abs() < 1e-12, "{ours} {exact}");
        }
    }
}
