//! Special functions, over statrs, with the ends that it leaves open.

mod exponential;
mod log_product;

pub(crate) use exponential::exp_all;
pub(crate) use log_product::LogProduct;

/// `log Γ(x)` for `x > 0`.
pub fn log_gamma(x: f64) -> f64 {
    statrs::function::gamma::ln_gamma(x)
}

/// `log y!`, that is `log Γ(y + 1)`, for `y ≥ 0`.
pub fn log_factorial(y: f64) -> f64 {
    if y == 0.0 || y == 1.0 { 0.0 } else { log_gamma(y + 1.0) }
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

/// `log Γ(r + y) − log Γ(r)`, and the like differences of its first two derivatives, for `r > 0` and `y ≥ 0`: by
/// Stirling's series with the large parts cancelled by hand, so that they stay exact as `r` grows.
///
/// ```
/// let [log, first, second] = averted::special::rising(0.5, 3.0);
/// assert!((log - (0.5_f64 * 1.5 * 2.5).ln()).abs() < 1e-13);
/// assert!((first - (1.0 / 0.5 + 1.0 / 1.5 + 1.0 / 2.5)).abs() < 1e-13);
/// assert!((second + (1.0 / 0.25 + 1.0 / 2.25 + 1.0 / 6.25)).abs() < 1e-12);
/// ```
pub fn rising(r: f64, y: f64) -> [f64; 3] {
    /// From here on the series gives all digits.
    const FAR: f64 = 16.0;
    let (mut log, mut first, mut second) = (0.0, 0.0, 0.0);
    let mut base = r;
    // Γ(r+y)/Γ(r) = Γ(r+n+y)/Γ(r+n) · Π (r+j)/(r+y+j).
    while base < FAR {
        let (low, high) = (base, base + y);
        log -= (y / low).ln_1p();
        first += y / (low * high);
        second -= y * (low + high) / (low * low * high * high);
        base += 1.0;
    }
    let top = base + y;
    let (u, v) = (1.0 / base, 1.0 / top);
    // v − u and its multiples, without subtraction of near equals.
    let gap = -y * u * v;
    let (uu, vv) = (u * u, v * v);
    let power = |k: i32| -> f64 {
        // (vᵏ − uᵏ) / (v − u)
        (0..k).map(|i| v.powi(i) * u.powi(k - 1 - i)).sum()
    };
    let ratio = (y / base).ln_1p();
    log += (base - 0.5) * ratio + y * top.ln() - y
        + gap * (1.0 / 12.0 - power(3) / 360.0 + power(5) / 1260.0 - power(7) / 1680.0 + power(9) / 1188.0);
    first += ratio
        - 0.5 * gap
        - gap
            * (power(2) / 12.0 - power(4) / 120.0 + power(6) / 252.0 - power(8) / 240.0 + power(10) / 132.0);
    second += gap
        + 0.5 * (vv - uu)
        + gap
            * (power(3) / 6.0 - power(5) / 30.0 + power(7) / 42.0 - power(9) / 30.0 + 5.0 * power(11) / 66.0);
    [log, first, second]
}
