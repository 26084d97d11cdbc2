//! The negative binomial with variance `μ + αμ²` (NB2).
//!
//! With `A = 1 + αμ` and sums over `j = 0 … y − 1`, which stay exact as `α` goes to 0, where `Γ(y + 1/α)` does not:
//!
//! `ℓ = Σ log(1 + αj) + yη − (y + 1/α) log A − log y!`
//! `∂ℓ/∂η = (y − μ)/A`,  `−∂²ℓ/∂η² = μ(1 + αy)/A²`,  `−∂²ℓ/∂η∂τ = (y − μ)αμ/A²`
//! `∂ℓ/∂τ = Σ αj/(1 + αj) + μ g(αμ) − αμy/A`,  `g(x) = log(1 + x)/x − 1/(1 + x)`

use super::{Cell, Factorials, Pieces, TABLE, tail};
use crate::special::rising;

pub(in crate::regression) struct Quadratic {
    alpha: f64,
    factorials: Factorials,
    /// The three sums for every small count.
    sums: Vec<[f64; 3]>,
}

/// A row, with what all counts of an interval share.
pub(super) struct Row<'a> {
    family: &'a Quadratic,
    eta: f64,
    mean: f64,
    m: f64,
    inverse: f64,
    log_a: f64,
    g: (f64, f64),
}

impl Quadratic {
    pub(super) fn new(alpha: f64, largest: f64) -> Self {
        let mut sums = vec![[0.0; 3]];
        for j in 0..largest.min(TABLE) as usize {
            let [log, first, second] = sums[j];
            let along = alpha * j as f64;
            let share = along / (1.0 + along);
            sums.push([log + along.ln_1p(), first + share, second + share / (1.0 + along)]);
        }
        Self { alpha, factorials: Factorials::new(largest), sums }
    }

    #[inline]
    pub(super) fn at(&self, eta: f64, mean: f64) -> Row<'_> {
        let m = self.alpha * mean;
        Row { family: self, eta, mean, m, inverse: 1.0 / (1.0 + m), log_a: m.ln_1p(), g: tail(m) }
    }

    /// `Σ log(1 + αj)`, `Σ αj/(1 + αj)` and `Σ αj/(1 + αj)²`.
    #[inline]
    fn sums(&self, y: f64) -> [f64; 3] {
        match self.sums.get(y as usize) {
            Some(&sums) if y.fract() == 0.0 => sums,
            _ => {
                let r = 1.0 / self.alpha;
                let [log, first, second] = rising(r, y);
                // αj/(1 + αj) = 1 − r/(r + j), and its square's counterpart r/(r + j) − r²/(r + j)².
                [log + y * self.alpha.ln(), y - r * first, r * first + r * r * second]
            }
        }
    }
}

impl Row<'_> {
    #[inline]
    pub(super) fn of(&self, cell: Cell) -> Pieces {
        super::of(cell, self.mean, |y| self.pieces(y))
    }

    #[inline]
    fn pieces(&self, y: f64) -> Pieces {
        let Self { family, eta, mean, m, inverse, log_a, g } = *self;
        let [s0, s1, s2] = family.sums(y);
        let apart = y - mean;
        let per_alpha = if m < 1e-8 { mean * (1.0 - 0.5 * m) } else { log_a / family.alpha };
        let events = if y > 0.0 { y * (eta - log_a) } else { 0.0 };
        Pieces {
            log: s0 + events - per_alpha - family.factorials.log(y),
            score: apart * inverse,
            information: mean * (1.0 + family.alpha * y) * inverse * inverse,
            score_dispersion: s1 + mean * g.0 - y * m * inverse,
            cross: apart * m * inverse * inverse,
            information_dispersion: y * m * inverse * inverse - s2 - mean * g.1,
            safe: mean * inverse,
        }
    }
}
