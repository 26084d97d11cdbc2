//! The bootstrap of one restriction, and its inversion for an interval.

use ndarray::{Array1, Array2};

use super::answer::Interval;
use super::multipliers::Draws;
use super::{TIE, Tally};
use crate::error::Result;
use crate::parallel::{Watch, try_map};

/// Draws that one task takes at once.
const CHUNK: usize = 64;

/// Standard errors from the estimate past which nothing is looked for: what is not rejected there never is, because only
/// draws that are the sample itself, or its mirror, keep up with it.
const FAR: f64 = 1e4;

/// One crossing of the cluster variables: its sign times its small-sample factor, and the scores of its clusters.
#[derive(Debug, Clone)]
pub struct Part {
    /// The sign and the factor.
    pub factor: f64,
    /// `K` of the residuals `û`, clusters by multipliers.
    pub residual: Array2<f64>,
    /// `K` of the direction `z`, likewise; empty when the null is not imposed.
    pub direction: Array2<f64>,
}

/// All that the bootstrap of one restriction needs of a fit.
#[derive(Debug, Clone)]
pub struct Single {
    /// One a crossing.
    pub parts: Vec<Part>,
    /// `(z'W û)_h`, one a multiplier.
    pub residual: Array1<f64>,
    /// `(z'W z)_h`; empty when the null is not imposed.
    pub direction: Array1<f64>,
    /// `δ` at a right side of zero: the estimate of the combination over its length.
    pub estimate: f64,
    /// The combination's length in orthonormal coordinates.
    pub length: f64,
}

/// What the draws came to: `δ*` and `f Σ s*²` as polynomials in the distance from the null.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pull: Vec<[f64; 2]>,
    square: Vec<[f64; 3]>,
    /// `f Σ s²` of the sample.
    own_square: f64,
    /// The largest square that can come of rounding alone.
    nothing: f64,
    estimate: f64,
    length: f64,
    imposed: bool,
    enumerated: bool,
}

impl Single {
    fn imposed(&self) -> bool {
        !self.direction.is_empty()
    }

    /// `f Σ s²` of the sample: every multiplier one. The direction has no scores of its own left, being a regressor.
    pub(crate) fn own_square(&self) -> f64 {
        self.parts
            .iter()
            .map(|p| p.factor * p.residual.sum_axis(ndarray::Axis(1)).mapv(|s| s * s).sum())
            .sum()
    }

    pub(crate) fn draw(&self, draws: &Draws, watch: &Watch<'_>) -> Result<Drawn> {
        let imposed = self.imposed();
        let chunks = try_map(draws.len().div_ceil(CHUNK), watch, |c| {
            let range = c * CHUNK..((c + 1) * CHUNK).min(draws.len());
            let mut v = Array2::zeros((draws.groups(), range.len()));
            for (mut column, i) in v.columns_mut().into_iter().zip(range.clone()) {
                column.assign(&Array1::from(draws.draw(i)));
            }
            let own = self.residual.dot(&v);
            let along = if imposed { self.direction.dot(&v) } else { Array1::zeros(range.len()) };
            let pull: Vec<[f64; 2]> = own.iter().zip(&along).map(|(&o, &a)| [o, a]).collect();
            let mut square = vec![[0.0; 3]; range.len()];
            for part in &self.parts {
                let own = part.residual.dot(&v);
                let along = if imposed { part.direction.dot(&v) } else { Array2::zeros(own.dim()) };
                for (own, along) in own.rows().into_iter().zip(along.rows()) {
                    for ((q, &o), &a) in square.iter_mut().zip(own).zip(along) {
                        q[0] += part.factor * o * o;
                        q[1] += part.factor * 2.0 * o * a;
                        q[2] += part.factor * a * a;
                    }
                }
            }
            Ok((pull, square))
        })?;
        let (mut pull, mut square) = (Vec::with_capacity(draws.len()), Vec::with_capacity(draws.len()));
        for (p, s) in chunks {
            pull.extend(p);
            square.extend(s);
        }
        Ok(Drawn {
            pull,
            square,
            own_square: self.own_square(),
            nothing: 1e-20,
            estimate: self.estimate,
            length: self.length,
            imposed,
            enumerated: draws.enumerated(),
        })
    }
}

impl Drawn {
    /// The statistic of the sample at this right side.
    pub(crate) fn observed(&self, right: f64) -> f64 {
        (self.estimate - right / self.length) / self.own_square.sqrt()
    }

    /// `t*` of every draw at this right side; NaN where the bootstrap's variance vanishes or is negative.
    pub(crate) fn statistics(&self, right: f64) -> impl Iterator<Item = f64> + '_ {
        let delta = if self.imposed { self.estimate - right / self.length } else { 0.0 };
        self.pull.iter().zip(&self.square).map(move |(pull, square)| {
            let pull = pull[0] + delta * pull[1];
            let terms = [square[0], delta * square[1], delta * delta * square[2]];
            let size = terms.iter().map(|t| t.abs()).sum::<f64>();
            let square = terms.iter().sum::<f64>();
            // A variance that is only what rounding left of its terms is none.
            if square > self.nothing * pull * pull && square > 1e-13 * size {
                pull / square.sqrt()
            } else {
                f64::NAN
            }
        })
    }

    pub(crate) fn tally(&self, right: f64) -> Tally {
        Tally::of(self.statistics(right), self.observed(right))
    }

    /// The right sides that the symmetric test at `1 − level` does not reject, from the estimate outwards to the first
    /// that it does.
    pub(crate) fn interval(&self, level: f64) -> Interval {
        let centre = self.estimate * self.length;
        let unit = self.own_square.sqrt() * self.length;
        let kept = |right: f64| self.tally(right).symmetric(self.enumerated) > 1.0 - level + TIE;
        let end = |sign: f64| {
            let (mut inside, mut outside) = (0.0, 1.0);
            while kept(centre + sign * outside * unit) {
                inside = outside;
                outside *= 1.5;
                if outside > FAR {
                    return f64::INFINITY;
                }
            }
            while outside - inside > 1e-12 * outside {
                let middle = 0.5 * (inside + outside);
                *(if kept(centre + sign * middle * unit) { &mut inside } else { &mut outside }) = middle;
            }
            outside
        };
        Interval { level, lower: centre - end(-1.0) * unit, upper: centre + end(1.0) * unit }
    }
}
