//! The bootstrap of several restrictions at once.
//!
//! `F* = δ*'(f Σ_g s*_g s*_g')⁻¹ δ* / q`, with `δ*` and `s*_g` as for one restriction, in `q` orthonormal directions.

use ndarray::{Array1, Array2};

use super::multipliers::Draws;
use crate::error::Result;
use crate::linalg::Cholesky;
use crate::parallel::{Watch, try_map};

/// One crossing of the cluster variables: its sign times its factor, and `K`, one a direction.
#[derive(Debug, Clone)]
pub struct JointPart {
    /// The sign and the factor.
    pub factor: f64,
    /// `K` of the residuals in every direction, clusters by multipliers.
    pub scores: Vec<Array2<f64>>,
}

/// All that the bootstrap of several restrictions needs of a fit.
#[derive(Debug, Clone)]
pub struct Joint {
    /// One a crossing.
    pub parts: Vec<JointPart>,
    /// `(z_j'W ũ)_h`, directions by multipliers.
    pub pull: Array2<f64>,
}

impl Joint {
    /// `F*` for these multipliers; NaN where the bootstrap's covariance is singular.
    fn statistic(&self, v: &Array1<f64>, against: Option<&Array1<f64>>) -> f64 {
        let q = self.pull.nrows();
        let pull = against.map_or_else(|| self.pull.dot(v), Clone::clone);
        let mut covariance = Array2::<f64>::zeros((q, q));
        for part in &self.parts {
            let scores: Vec<Array1<f64>> = part.scores.iter().map(|k| k.dot(v)).collect();
            for (i, a) in scores.iter().enumerate() {
                for (j, b) in scores.iter().enumerate() {
                    covariance[[i, j]] += part.factor * a.dot(b);
                }
            }
        }
        squared(&pull, &covariance)
    }

    /// `F` of the sample, whose distance from the null is `distance`.
    pub(crate) fn observed(&self, distance: &Array1<f64>) -> f64 {
        let groups = self.pull.ncols();
        self.statistic(&Array1::ones(groups), Some(distance))
    }

    pub(crate) fn draw(&self, draws: &Draws, watch: &Watch<'_>) -> Result<Vec<f64>> {
        try_map(draws.len(), watch, |i| Ok(self.statistic(&Array1::from(draws.draw(i)), None)))
    }
}

/// `δ'V⁻¹δ / q`; NaN where `V` is singular.
pub(super) fn squared(distance: &Array1<f64>, covariance: &Array2<f64>) -> f64 {
    let scale = covariance.diag().mapv(f64::sqrt);
    let correlation =
        Array2::from_shape_fn(covariance.dim(), |(i, j)| covariance[[i, j]] / (scale[i] * scale[j]));
    let Ok(factor) = Cholesky::new(correlation.view(), "the covariance of a draw") else {
        return f64::NAN;
    };
    if factor.lower().diag().iter().any(|&d| d.is_nan() || d < 1e-6) {
        return f64::NAN;
    }
    let distance = distance / &scale;
    distance.dot(&factor.solve(distance.view())) / distance.len() as f64
}
