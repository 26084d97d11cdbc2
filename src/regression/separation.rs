//! Separation: zeros that the regressors predict perfectly, so that a coefficient runs to infinity.
//!
//! The maximum of a Poisson likelihood exists unless some combination `z = Xγ + Dα` of regressors and effects is zero
//! wherever the outcome is positive, nowhere negative, and positive on some zeros. Those zeros carry no information on
//! the other coefficients, and leaving them out gives the estimates that the likelihood tends to.
//!
//! The iterative rectifier of Correia, Guimarães & Zylkin (2019), Verifying the Existence of Maximum Likelihood
//! Estimates for Generalized Linear Models, finds all of them at once: regress `u` (at first 1 on zeros, 0 elsewhere)
//! with a very large weight on the positive outcomes, put the positive part of the prediction in the place of `u`, and
//! repeat until the regression fits. What it fits is the certificate `z`.

use ndarray::s;

use super::irls::TIGHT;
use super::least_squares::{Orthonormal, independent};
use super::problem::Problem;
use crate::error::{Error, Result};

/// The weight of a positive outcome against that of a zero.
const HEAVY: f64 = 1e7;
/// A certificate below this is zero.
const NOTHING: f64 = 1e-4;
/// Rounds before giving up.
const ROUNDS: usize = 5_000;

/// Which way the linear predictor of a place may run without the likelihood falling: down, up, or (0) neither.
///
/// Of a count down, if it may be zero; of a share down if it is 0 and up if it is 1. The certificate is that of the
/// linear predictor turned about: positive where it may run down.
pub(super) fn of_counts(problem: &Problem) -> Vec<f64> {
    let may_be_zero = |place: usize| problem.cell(place).lo == 0.0;
    (0..problem.rows()).map(|place| f64::from(u8::from(may_be_zero(place)))).collect()
}

/// As [`of_counts`], of shares.
pub(super) fn of_shares(problem: &Problem) -> Vec<f64> {
    let side = |&y: &f64| f64::from(u8::from(y == 0.0)) - f64::from(u8::from(y == 1.0));
    problem.outcome.iter().map(side).collect()
}

/// Places that are separated, with the value of the certificate; empty if the maximum exists. `side` says which way every
/// place may run.
///
/// Demeans the columns of `problem` under its own weights: it is of no use for fitting afterwards.
pub(super) fn certificate(problem: &mut Problem, side: &[f64]) -> Result<Vec<(usize, f64)>> {
    let weights: Vec<f64> = side.iter().map(|&side| if side == 0.0 { HEAVY } else { 1.0 }).collect();
    problem.absorber.weigh(&weights);
    problem.columns.column_mut(0).fill(0.0);
    for _ in 0..2 {
        problem.absorber.residualize(problem.columns.view_mut(), TIGHT)?;
    }
    let regressors = problem.columns.slice(s![.., 1..]);
    let kept = independent(regressors, &weights).kept;
    problem.keep_columns(&kept);
    let ortho = Orthonormal::new(problem.columns.slice(s![.., 1..]), &weights);

    let mut target: Vec<f64> = side.to_vec();
    let mut column = ndarray::Array2::zeros((target.len(), 1));
    for _ in 0..ROUNDS {
        column.column_mut(0).iter_mut().zip(&target).for_each(|(c, &t)| *c = t);
        problem.absorber.residualize(column.view_mut(), TIGHT)?;
        let Some(residual) = column.as_slice_mut() else { unreachable!("one column is contiguous") };
        ortho.project(&weights, residual);
        let largest = target.iter().fold(0.0_f64, |most, t| most.max(t.abs()));
        if largest < NOTHING {
            return Ok(Vec::new());
        }
        let mut worst = 0.0_f64;
        for ((target, residual), &side) in target.iter_mut().zip(residual.iter()).zip(side) {
            let fitted = *target - *residual;
            if side != 0.0 {
                worst = worst.max(residual.abs());
                *target = side * (side * fitted).max(0.0);
            }
        }
        if worst < 0.1 * NOTHING {
            let positive = |(_, z): &(usize, f64)| z.abs() > NOTHING;
            return Ok(target.into_iter().enumerate().filter(positive).collect());
        }
    }
    Err(Error::NotConverged {
        method: "the search for separated rows".into(),
        iterations: ROUNDS,
        last_change: f64::NAN,
        hint: "a regressor may separate almost, but not quite; leave it out or put it in another scale"
            .into(),
    })
}
