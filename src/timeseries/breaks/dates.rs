//! The interval of a break's date (Bai 1997).

use super::fit::Break;
use super::series::Data;
use crate::distribution::Normal;
use ndarray::{Array1, Array2, s};

/// The largest distance that is looked at, in units of the limit's scale.
const FAR: f64 = 1e7;

/// `P(argmax V ≤ x)` of Bai (1997): V is a Brownian motion from zero to both sides with drift −|s|/2 to the left, and
/// scaled by √φ with drift −ξ|s|/2 to the right.
pub(super) fn argmax_cdf(x: f64, xi: f64, phi: f64) -> f64 {
    let log_normal = |z: f64| log_cdf(z);
    let r = x.abs();
    let root = r.sqrt();
    let density = |scale: f64| (-scale * r / 8.0).exp() / std::f64::consts::TAU.sqrt();
    if x <= 0.0 {
        let a = xi / phi;
        let mixed = (phi * (phi + 2.0 * xi)) / (xi * (phi + xi));
        let offset = (phi + 2.0 * xi).powi(2) / ((phi + xi) * xi) - 2.0;
        -root * density(1.0) - mixed * (a * (1.0 + a) * r / 2.0 + log_normal(-(0.5 + a) * root)).exp()
            + (offset + r / 2.0) * log_normal(-root / 2.0).exp()
    } else {
        let a = xi * xi / phi;
        let mixed = (xi * (2.0 * phi + xi)) / (phi * (phi + xi));
        let offset = (2.0 * phi + xi).powi(2) / ((phi + xi) * phi) - 2.0;
        let steep = (phi + xi / 2.0) / phi.sqrt();
        1.0 + a.sqrt() * root * density(a) + mixed * ((phi + xi) * r / 2.0 + log_normal(-steep * root)).exp()
            - (offset + a * r / 2.0) * log_normal(-(a * r).sqrt() / 2.0).exp()
    }
}

/// `log Φ(z)`, by the tail's expansion where Φ itself is zero.
fn log_cdf(z: f64) -> f64 {
    if z > -30.0 {
        return Normal::standard().upper(-z).ln();
    }
    let q = 1.0 / (z * z);
    -0.5 * z * z - (-z).ln() - 0.918_938_533_204_672_8 + (-q * (1.0 - q * (3.0 - 15.0 * q))).ln_1p()
}

/// Where [`argmax_cdf`] reaches `p`; none where it does not within reach.
fn quantile(p: f64, xi: f64, phi: f64) -> Option<f64> {
    let middle = argmax_cdf(0.0, xi, phi);
    if !(0.0..=1.0).contains(&middle) {
        return None;
    }
    let sign = if p < middle { -1.0 } else { 1.0 };
    let beyond = |r: f64| {
        let value = argmax_cdf(sign * r, xi, phi);
        if sign < 0.0 { value <= p } else { value >= p }
    };
    let mut far = 1.0;
    while !beyond(far) {
        far *= 2.0;
        if far > FAR {
            return None;
        }
    }
    let mut near = 0.0;
    for _ in 0..200 {
        let half = 0.5 * (near + far);
        if half <= near || half >= far {
            break;
        }
        if beyond(half) { far = half } else { near = half }
    }
    Some(sign * far)
}

/// Breaks counted in the observations, with intervals; regressors and errors may change with the coefficients.
pub(super) fn intervals(data: &Data, ends: &[usize], coefficients: &Array2<f64>, level: f64) -> Vec<Break> {
    let n = data.y.len();
    let mut edges = vec![0];
    edges.extend(ends.iter().map(|e| e + 1));
    edges.push(n);
    let part = |segment: usize| {
        let (from, to) = (edges[segment], edges[segment + 1]);
        let x = data.x.slice(s![from..to, ..]);
        let size = (to - from) as f64;
        let fitted = x.dot(&coefficients.row(segment));
        let variance = (from..to).map(|i| (data.y[i] - fitted[i - from]).powi(2)).sum::<f64>() / size;
        (x.t().dot(&x) / size, variance)
    };
    let mut out = Vec::new();
    for (b, &last) in ends.iter().enumerate() {
        let change: Array1<f64> = &coefficients.row(b + 1) - &coefficients.row(b);
        let ((before, noise), (after, noise_after)) = (part(b), part(b + 1));
        let (q1, q2) = (change.dot(&before.dot(&change)), change.dot(&after.dot(&change)));
        // φ₁², φ₂² of Bai: the errors' variances, as regressors and errors are independent.
        let xi = q2 / q1;
        let phi = xi * noise_after / noise;
        let scale = noise / q1;
        let ends = [1.0 - 0.5 * level, 0.5 * level].map(|p| quantile(p, xi, phi));
        let at = |distance: f64| last.cast_signed() - distance as isize;
        let known = scale.is_finite() && xi.is_finite();
        let mut found = Break { last, lower: None, upper: None };
        if noise <= 0.0 && noise_after <= 0.0 && q1 > 0.0 {
            // Without noise the date is seen.
            found = Break { last, lower: Some(at(0.0)), upper: Some(at(0.0)) };
        } else if known && noise > 0.0 && noise_after > 0.0 {
            let fine = |d: f64| d.abs() < 1e12;
            found.lower = ends[0].map(|q| (q * scale).ceil()).filter(|d| fine(*d)).map(at);
            found.upper = ends[1].map(|q| (q * scale).floor()).filter(|d| fine(*d)).map(at);
        }
        out.push(found);
    }
    out
}
