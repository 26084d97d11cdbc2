//! The estimators, in the coordinates of [`Stages`].
//!
//! k-class: `β(κ)` solves `X'W(1 − κM)(y − Xβ) = 0`, `M` the residual maker of the instruments; 0 is least squares, 1
//! two-stage least squares (Theil 1953; Basmann 1957). Limited-information maximum likelihood takes the `κ` that is the
//! smallest ratio of a combination of outcome and endogenous regressors off `X₁` to its part off all instruments
//! (Anderson & Rubin 1949, *Annals of Mathematical Statistics* 20), Fuller (1977, *Econometrica* 45) `α / (n − K)` less,
//! with `K` the instruments. GMM (Hansen 1982, *Econometrica* 50) minimises `g'S⁻¹g`, `g = Q'W(y − Xβ)`, with `S` the
//! covariance of `g` at the estimates of the step before.

use ndarray::{Array1, Array2, s};

use super::stages::Stages;
use crate::error::Result;
use crate::linalg::{Cholesky, eigen_symmetric};
use crate::regression::least_squares::{Orthonormal, cross_products, invert_upper};

/// An estimate of `y = Xβ + e` on columns of unit scale.
pub(super) struct Solution {
    /// `b`: what is fitted is `Bb`, and `β = Tb`.
    pub(super) coordinates: Array1<f64>,
    /// What the residual of a row is multiplied by in its score.
    pub(super) basis: Array2<f64>,
    /// From scores to coefficients.
    pub(super) root: Array2<f64>,
}

/// `β(κ)`.
pub(super) fn k_class(stages: &Stages, kappa: f64) -> Result<Solution> {
    let Stages { basis, reached, unreached, weights, .. } = stages;
    let rest = 1.0 - kappa;
    let mut product = reached.t().dot(reached);
    if rest != 0.0 {
        product = product + cross_products(unreached.view(), weights) * rest;
    }
    let factor = Cholesky::new(product.view(), "the k-class normal equations")?;
    let weighted =
        |values: &[f64]| -> Array1<f64> { values.iter().zip(weights).map(|(v, w)| v * w).collect() };
    let mut coordinates = Array1::zeros(basis.ncols());
    // The second round solves for what rounding left over.
    for _ in 0..2 {
        let left = weighted(&stages.residual(&coordinates));
        let mut score = reached.t().dot(&stages.instruments.t().dot(&left));
        if rest != 0.0 {
            score = score + unreached.t().dot(&left) * rest;
        }
        coordinates = coordinates + factor.solve(score.view());
    }
    let inverse = invert_upper(&factor.lower().reversed_axes().as_standard_layout().to_owned());
    Ok(Solution {
        coordinates,
        basis: stages.instruments.dot(&reached.dot(&inverse)),
        root: stages.root.dot(&inverse),
    })
}

/// The `κ` of limited-information maximum likelihood.
///
/// `[B_y r]`, the endogenous part of `B` and the residual `r` of least squares at length 1, spans outcome and endogenous
/// regressors off `X₁`. If `λ` is the smallest eigenvalue of what the instruments explain of it, `κ = 1 / (1 − λ)`.
pub(super) fn liml_kappa(stages: &Stages) -> Result<f64> {
    if stages.overidentified() == 0 {
        return Ok(1.0);
    }
    let k = stages.exogenous;
    let weighted = |v: &[f64]| -> Array1<f64> { v.iter().zip(&stages.weights).map(|(v, w)| v * w).collect() };
    let along = stages.basis.t().dot(&weighted(&stages.outcome));
    let residual = stages.residual(&along);
    let length = residual.iter().zip(&stages.weights).map(|(r, w)| w * r * r).sum::<f64>().sqrt();
    let m = stages.regressors() - k;
    let mut reached = Array2::zeros((stages.instruments.ncols() - k, m + 1));
    reached.slice_mut(s![.., ..m]).assign(&stages.reached.slice(s![k.., k..]));
    if length > 0.0 {
        reached.column_mut(m).assign(&(stages.excluded().t().dot(&weighted(&residual)) / length));
    }
    let (values, _) = eigen_symmetric(reached.t().dot(&reached).view())?;
    Ok(1.0 / (1.0 - values[0].max(0.0)))
}

/// One step of GMM under the weight `S⁻¹`, with `J = g'S⁻¹g`.
pub(super) fn gmm(stages: &Stages, moments: &Array2<f64>) -> Result<(Solution, f64)> {
    let whitener = Cholesky::new(moments.view(), "the covariance of the moments")?;
    let weighted = whitener.solve_many(stages.reached.view());
    let product = stages.reached.t().dot(&weighted);
    let product = (&product + &product.t()) * 0.5;
    let factor = Cholesky::new(product.view(), "the GMM normal equations")?;
    let mut coordinates = Array1::zeros(stages.basis.ncols());
    for _ in 0..2 {
        let left = moment_sums(stages, &coordinates);
        coordinates = coordinates + factor.solve(weighted.t().dot(&left).view());
    }
    let left = moment_sums(stages, &coordinates);
    let statistic = left.dot(&whitener.solve(left.view()));
    // Q S⁻¹C is what the residuals are multiplied by; its own orthonormal coordinates make the classical covariance
    // the root times its transpose here, too.
    let ones = vec![1.0; weighted.nrows()];
    let own = Orthonormal::new(weighted.view(), &ones);
    let back = own.basis.t().dot(&weighted);
    let solution = Solution {
        coordinates,
        basis: stages.instruments.dot(&own.basis),
        root: stages.root.dot(&factor.solve_many(back.t())),
    };
    Ok((solution, statistic))
}

/// `Q'W(y − Bb)`.
pub(super) fn moment_sums(stages: &Stages, coordinates: &Array1<f64>) -> Array1<f64> {
    let left = stages.residual(coordinates);
    let weighted: Array1<f64> = left.iter().zip(&stages.weights).map(|(e, w)| e * w).collect();
    stages.instruments.t().dot(&weighted)
}
