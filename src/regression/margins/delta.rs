//! From gradients to a covariance, absorbed effects included.

use ndarray::{Array1, Array2, Axis, concatenate, s};

use crate::error::{Error, Result};
use crate::inference::Estimates;
use crate::inference::covariance::{Ingredients, estimate};
use crate::linalg::eigen_symmetric;
use crate::regression::fit::{Fit, Model};
use crate::regression::irls::TIGHT;
use crate::regression::prediction::HELD;

/// The gradient of a quantity.
pub(super) struct Gradient {
    /// Along the coefficients.
    pub(super) coefficients: Array1<f64>,
    /// Along every fitted row's effects, in fitting order; empty if it does not depend on them.
    pub(super) effects: Vec<f64>,
}

/// More numbers than this in the parts that rows have in quantities (4 GB) are refused.
const MOST_NUMBERS: usize = 1 << 29;

impl<M: Model> Fit<M> {
    /// The joint covariance of quantities.
    pub(super) fn delta(&self, gradients: &[Gradient], notes: &mut Vec<String>) -> Result<Array2<f64>> {
        let (shared, inference) = (&self.shared, &self.inference);
        let (problem, estimated) = (&shared.problem, &shared.estimate);
        let (n, q) = (problem.rows(), gradients.len());
        if problem.effects.is_empty() {
            let rows: Vec<f64> = gradients.iter().flat_map(|g| g.coefficients.to_vec()).collect();
            let k = estimated.names.len();
            let jacobian = Array2::from_shape_vec((q, k), rows).unwrap_or_else(|_| Array2::zeros((q, k)));
            let covariance = jacobian.dot(self.covariance()).dot(&jacobian.t());
            return Ok((&covariance + &covariance.t()) * 0.5);
        }
        if n.saturating_mul(q) > MOST_NUMBERS {
            return Err(Error::Argument {
                argument: "by".into(),
                value: format!("{q} quantities over {n} rows"),
                must: "fewer groups at once".into(),
            });
        }
        if inference.nested_effects && gradients.iter().any(|g| !g.effects.is_empty()) {
            notes.push(HELD.into());
        }
        let k = estimated.names.len();
        // The last row is that of a parameter beside the coefficients, if there is one.
        let mut weights = Array2::zeros((k + 1, q));
        let mut parts = Array2::zeros((n, q));
        for (j, gradient) in gradients.iter().enumerate() {
            let part = self.projection_of(&gradient.effects)?;
            let distance = &gradient.coefficients - &self.pulled(&part);
            weights.slice_mut(s![..k, j]).assign(&estimated.ortho.root.t().dot(&distance));
            let part_of = part.as_slice().unwrap_or_default();
            weights[[k, j]] = estimated.nuisance_of(&distance, part_of, problem.absorber.weights());
            parts.column_mut(j).assign(&part);
        }
        // Classical: the two parts are uncorrelated, and the second has the weighted square of its column.
        let (root, shares) = if inference.is_classical() {
            let size: Array1<f64> = problem.absorber.weights().iter().map(|w| w.abs().sqrt()).collect();
            let scaled = &parts.t() * &size;
            let signs: Array1<f64> = problem.absorber.weights().iter().map(|w| w.signum()).collect();
            let negative = signs.iter().any(|&sign| sign < 0.0);
            let beyond = if negative { square_root(&(&scaled * &signs).dot(&scaled.t()))? } else { scaled };
            (concatenate![Axis(1), weights.t(), beyond], Array2::zeros((0, q)))
        } else {
            let own = weights.slice(s![..k, ..]);
            let mut shares = estimated.ortho.basis.dot(&own) + parts;
            if !inference.covariance.takes_regressors() {
                shares *= &estimated.pull.view().insert_axis(Axis(1));
            }
            if let Some(nuisance) = &estimated.nuisance {
                let beside = nuisance.scores.view().insert_axis(Axis(1));
                shares += &beside.dot(&weights.slice(s![k.., ..]));
            }
            (Array2::eye(q), shares)
        };
        let ones = Array1::ones(shares.nrows());
        let from = Ingredients {
            root: root.view(),
            x: shares.view(),
            pull: ones.view(),
            repeats: shared.repeats(),
            dispersion: estimated.dispersion,
            related: inference.grouped.related.as_ref(),
        };
        let counts = inference.grouped.counts(shared);
        let found = estimate(
            &inference.covariance,
            &from,
            &inference.grouped.grouping,
            inference.convention,
            &counts,
        )?;
        if found.repaired.is_some() {
            notes.push(
                "the covariance was not positive semidefinite: negative eigenvalues set to zero".into(),
            );
        }
        Ok(found.matrix)
    }

    /// `t = D(D'WD)⁻h` for `h = Σᵢ aᵢdᵢ`: the projection of `a / w` on the effects.
    fn projection_of(&self, along: &[f64]) -> Result<Array1<f64>> {
        let absorber = &self.shared.problem.absorber;
        let n = self.shared.problem.rows();
        if along.is_empty() {
            return Ok(Array1::zeros(n));
        }
        let column: Array1<f64> = along.iter().zip(absorber.weights()).map(|(a, w)| a / w).collect();
        let size = (column.dot(&column) / n as f64).sqrt();
        if size == 0.0 {
            return Ok(column);
        }
        let mut left = (&column / size).insert_axis(Axis(1));
        for _ in 0..2 {
            absorber.residualize(left.view_mut(), TIGHT)?;
        }
        Ok(column - left.column(0).to_owned() * size)
    }

    /// `X'Wt`.
    fn pulled(&self, part: &Array1<f64>) -> Array1<f64> {
        let (sample, problem) = (&self.shared.sample, &self.shared.problem);
        let weighted: Vec<(usize, f64)> = part
            .iter()
            .zip(problem.absorber.weights())
            .enumerate()
            .map(|(place, (t, w))| (problem.kept[problem.absorber.row(place)], t * w))
            .collect();
        let one = |&j: &usize| weighted.iter().map(|&(row, v)| sample.x[[row, j]] * v).sum::<f64>();
        self.shared.estimate.columns.iter().map(one).collect()
    }
}

/// `R` with `RR'` the matrix, which is positive semidefinite but for rounding.
fn square_root(matrix: &Array2<f64>) -> Result<Array2<f64>> {
    let (values, vectors) = eigen_symmetric(matrix.view())?;
    Ok(&vectors * &values.mapv(|v| v.max(0.0).sqrt()))
}
