//! P-splines: many B-splines whose coefficients are held near a straight line (Eilers & Marx 1996, *Statistical Science*
//! 11).
//!
//! The penalised estimate minimises the regression's objective plus `λ |Δ²θ|²`. With `V = ∂θ̂` the inverse information of
//! the free estimate, all else profiled out, it is `θ_λ = F θ̂`, `F = (1 + λ V S)⁻¹`, `S = Δ²'Δ²`: exactly for least squares,
//! and to the second order of the log-likelihood for counts. Its covariance is that of `θ̂` through `F`, `λ` taken as
//! known. Restricted maximum likelihood (Wood 2011, *JRSS B* 73) minimises
//! `(d + r) log D(λ) + log |V⁻¹ + λS| − r log λ`, `D(λ) = RSS + (θ̂ − θ_λ)'V⁻¹(θ̂ − θ_λ) + λ|Δ²θ_λ|²`, with `d` the residual
//! degrees of freedom and `r` the rank of `S`; for counts, whose scale is 1, `D(λ)` in place of `(d + r) log D(λ)`.

use ndarray::{Array1, Array2};

use crate::error::{Error, Result};
use crate::linalg::{Cholesky, eigen_symmetric};

/// How much a P-spline is smoothed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Smoothing {
    /// As restricted maximum likelihood has it.
    #[default]
    Reml,
    /// To so many effective degrees of freedom, the trace of `F`: more than 2, which is a straight line.
    Degrees(f64),
}

/// What the smoothing is found from.
pub(super) struct Information {
    /// The free estimate.
    pub(super) theta: Array1<f64>,
    /// `V`.
    pub(super) inverse: Array2<f64>,
    /// `RSS` and the residual degrees of freedom, where the scale is to be estimated.
    pub(super) scale: Option<(f64, f64)>,
}

/// What came of it.
pub(super) struct Smoothed {
    /// `F`.
    pub(super) shrink: Array2<f64>,
    pub(super) lambda: f64,
    pub(super) degrees: f64,
}

/// The problem in coordinates where `V` is the identity and `S` diagonal.
struct Diagonal {
    /// `L Q`, with `V = L L'` and `Q` the eigenvectors of `L'SL`.
    to: Array2<f64>,
    /// `(L Q)⁻¹`.
    from: Array2<f64>,
    /// Eigenvalues of `L'SL`; the first two belong to straight lines, and are zero.
    values: Array1<f64>,
    coordinates: Array1<f64>,
}

impl Diagonal {
    fn new(information: &Information) -> Result<Self> {
        let n = information.theta.len();
        let lower =
            Cholesky::new(information.inverse.view(), "the covariance of the lag coefficients")?.lower();
        // Second differences.
        let difference = Array2::from_shape_fn((n - 2, n), |(i, j)| match j.wrapping_sub(i) {
            0 | 2 => 1.0,
            1 => -2.0,
            _ => 0.0,
        });
        let root = difference.dot(&lower);
        let (mut values, vectors) = eigen_symmetric(root.t().dot(&root).view())?;
        values.iter_mut().take(2).for_each(|v| *v = 0.0);
        // (L Q)⁻¹ = Q'L⁻¹, and V⁻¹ = L⁻ᵀL⁻¹.
        let precision =
            Cholesky::new(information.inverse.view(), "the covariance of the lag coefficients")?.inverse();
        let from = vectors.t().dot(&lower.t().dot(&precision));
        let coordinates = from.dot(&information.theta);
        Ok(Self { to: lower.dot(&vectors), from, values, coordinates })
    }

    fn kept(&self, lambda: f64) -> Array1<f64> {
        self.values.mapv(|v| 1.0 / (1.0 + lambda * v))
    }

    fn degrees(&self, lambda: f64) -> f64 {
        self.kept(lambda).sum()
    }

    /// The restricted likelihood's criterion, up to a constant.
    fn criterion(&self, lambda: f64, scale: Option<(f64, f64)>) -> f64 {
        let rank = (self.values.len() - 2) as f64;
        // (1 − f)² + λ v f² = 1 − f with f = 1 / (1 + λ v).
        let lost: f64 = self.kept(lambda).iter().zip(&self.coordinates).map(|(f, c)| (1.0 - f) * c * c).sum();
        let size: f64 = self.values.iter().map(|v| (lambda * v).ln_1p()).sum();
        let distance = match scale {
            Some((residual, free)) => (free + rank) * (residual + lost).ln(),
            None => lost,
        };
        distance + size - rank * lambda.ln()
    }
}

/// Steps of the coarse search, from end to end of the smoothing that tells.
const STEPS: usize = 200;

/// The smoothing, and the map from the free estimate to the smooth one.
pub(super) fn smooth(information: &Information, smoothing: Smoothing) -> Result<Smoothed> {
    let diagonal = Diagonal::new(information)?;
    let (least, most) = (diagonal.values[2], diagonal.values[diagonal.values.len() - 1]);
    if least <= 0.0 || least.is_nan() {
        let what = "the penalty of the lag coefficients".into();
        return Err(Error::NotPositiveDefinite { what, pivot: 2 });
    }
    // From nothing smoothed to a straight line.
    let (low, high) = ((1e-6 / most).ln(), (1e6 / least).ln());
    let at = |step: f64| (low + (high - low) * step / STEPS as f64).exp();
    let step = match smoothing {
        Smoothing::Reml => {
            let value = |step: f64| diagonal.criterion(at(step), information.scale);
            let best = (0..=STEPS).min_by(|&a, &b| value(a as f64).total_cmp(&value(b as f64))).unwrap_or(0);
            golden(best.saturating_sub(1) as f64, (best + 1).min(STEPS) as f64, value)
        }
        Smoothing::Degrees(wanted) => {
            let all = diagonal.values.len() as f64;
            if !(wanted > 2.0 && wanted < all) {
                let must = format!("between 2, a straight line, and {all}, nothing smoothed");
                return Err(Error::Argument { argument: "degrees".into(), value: wanted.to_string(), must });
            }
            let (mut smallest, mut largest) = (0.0, STEPS as f64);
            for _ in 0..100 {
                let middle = 0.5 * (smallest + largest);
                if diagonal.degrees(at(middle)) > wanted { smallest = middle } else { largest = middle }
            }
            0.5 * (smallest + largest)
        }
    };
    let lambda = at(step);
    let kept = diagonal.kept(lambda);
    let shrink = (&diagonal.to * &kept).dot(&diagonal.from);
    Ok(Smoothed { shrink, lambda, degrees: kept.sum() })
}

/// The minimum of a function with one valley between two places.
fn golden(mut low: f64, mut high: f64, value: impl Fn(f64) -> f64) -> f64 {
    let ratio = 0.5 * (5_f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_a, mut at_b) = (value(a), value(b));
    for _ in 0..80 {
        if at_a < at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - ratio * (high - low);
            at_a = value(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + ratio * (high - low);
            at_b = value(b);
        }
    }
    0.5 * (low + high)
}
