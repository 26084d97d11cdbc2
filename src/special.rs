//! Special functions, over statrs, with the ends that it leaves open.

/// `log Γ(x)` for `x > 0`.
pub fn log_gamma(x: f64) -> f64 {
    statrs::function::gamma::ln_gamma(x)
}

/// `log y!`.
pub fn log_factorial(y: f64) -> f64 {
    if y < 2.0 { 0.0 } else { log_gamma(y + 1.0) }
}

/// Digamma, the derivative of `log Γ`.
pub fn digamma(x: f64) -> f64 {
    statrs::function::gamma::digamma(x)
}

/// `P(a, x)`, the regularised lower incomplete gamma function; 0 at `x ≤ 0`.
pub fn gamma_lower(a: f64, x: f64) -> f64 {
    if x <= 0.0 { 0.0 } else { statrs::function::gamma::gamma_lr(a, x) }
}

/// `Q(a, x) = 1 − P(a, x)`; 1 at `x ≤ 0`.
pub fn gamma_upper(a: f64, x: f64) -> f64 {
    if x <= 0.0 { 1.0 } else { statrs::function::gamma::gamma_ur(a, x) }
}

/// `I_x(a, b)`, the regularised incomplete beta function.
pub fn beta_regularised(a: f64, b: f64, x: f64) -> f64 {
    statrs::function::beta::beta_reg(a, b, x)
}

/// `log Σ exp(xᵢ)` without overflow.
///
/// ```
/// let x = averted::special::log_sum_exp(&[1000.0, 1000.0]);
/// assert!((x - 1000.0 - 2.0_f64.ln()).abs() < 1e-12);
/// ```
pub fn log_sum_exp(x: &[f64]) -> f64 {
    let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return top;
    }
    top + x.iter().map(|v| (v - top).exp()).sum::<f64>().ln()
}
