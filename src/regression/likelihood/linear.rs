//! The negative binomial with variance `(1 + α)μ` (NB1).
//!
//! With `Bⱼ = μ + αj` and sums over `j = 0 … y − 1`:
//!
//! `ℓ = Σ log Bⱼ − y log(1 + α) − μ log(1 + α)/α − log y!`
//! `∂ℓ/∂η = Σ μ/Bⱼ − μ log(1 + α)/α`,  `−∂²ℓ/∂η² = μ log(1 + α)/α − Σ αjμ/Bⱼ²`
//! `∂ℓ/∂τ = Σ αj/Bⱼ − yα/(1 + α) + μ g(α)`,  `−∂²ℓ/∂η∂τ = Σ αjμ/Bⱼ² − μ g(α)`,  `g(x) = log(1 + x)/x − 1/(1 + x)`
//!
//! The information of a row with a large count can be negative.

use super::{Factorials, Pieces, tail};
use crate::special::rising;

pub(in crate::regression) struct Linear {
    alpha: f64,
    factorials: Factorials,
    log: f64,
    /// `log(1 + α)/α`
    rate: f64,
    g: (f64, f64),
}

/// Counts up to here are summed.
const SUMMED: f64 = 64.0;

impl Linear {
    pub(super) fn new(alpha: f64, largest: f64) -> Self {
        let log = alpha.ln_1p();
        let rate = if alpha < 1e-8 { 1.0 - 0.5 * alpha } else { log / alpha };
        Self { alpha, factorials: Factorials::new(largest), log, rate, g: tail(alpha) }
    }

    #[inline]
    pub(super) fn pieces(&self, y: f64, eta: f64, mean: f64) -> Pieces {
        let Self { alpha, log, rate, g, .. } = *self;
        let [logs, shares, bends] = self.sums(y, eta, mean);
        let inverse = 1.0 / (1.0 + alpha);
        let down = y * alpha * inverse;
        Pieces {
            log: logs - y * log - mean * rate - self.factorials.log(y),
            // Σ μ/Bⱼ = y − Σ αj/Bⱼ
            score: (y - shares) - mean * rate,
            information: mean * rate - bends,
            score_dispersion: shares - down + mean * g.0,
            cross: bends - mean * g.0,
            information_dispersion: down * inverse - bends - mean * g.1,
            safe: mean * inverse,
        }
    }

    /// `Σ log Bⱼ`, `Σ αj/Bⱼ` and `Σ αjμ/Bⱼ²`.
    #[inline]
    fn sums(&self, y: f64, eta: f64, mean: f64) -> [f64; 3] {
        let alpha = self.alpha;
        if y <= SUMMED && y.fract() == 0.0 {
            let mut sums = [0.0; 3];
            if y > 0.0 {
                sums[0] = eta;
            }
            for j in 1..y as usize {
                let along = alpha * j as f64;
                let inverse = 1.0 / (mean + along);
                sums[0] -= inverse.ln();
                sums[1] += along * inverse;
                sums[2] += along * inverse * (mean * inverse);
            }
            return sums;
        }
        let r = mean / alpha;
        let [log, first, second] = rising(r, y);
        [log + y * alpha.ln(), y - r * first, r * first + r * r * second]
    }
}
