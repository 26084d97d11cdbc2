//! Preconditioned conjugate gradients (Hestenes & Stiefel 1952) on a singular but consistent system, several
//! right-hand sides at once.

use crate::error::{Error, Result};

/// More than any connected design of practical size has needed.
const MOST_ITERATIONS: usize = 20_000;

/// Solves `A x = b` from `x = 0` with the diagonal as preconditioner, until the squared residual in the norm of the
/// inverse diagonal is at most `goal`, column by column. Returns the iterations.
pub(super) fn solve<const P: usize>(
    mut apply: impl FnMut(&[[f64; P]], &mut [[f64; P]]),
    diagonal: &[f64],
    b: &[[f64; P]],
    x: &mut [[f64; P]],
    goal: &[f64; P],
) -> Result<usize> {
    // A vanishing diagonal entry is a column that the eliminated effect takes up whole.
    let largest = diagonal.iter().copied().fold(0.0, f64::max);
    let inverse: Vec<f64> =
        diagonal.iter().map(|&d| if d > 1e-13 * largest { 1.0 / d } else { 0.0 }).collect();
    let mut residual = b.to_vec();
    let mut image = vec![[0.0; P]; b.len()];
    let mut direction: Vec<[f64; P]> = b.iter().zip(&inverse).map(|(r, &i)| r.map(|r| r * i)).collect();
    let mut size = dot(&residual, &direction);
    for iteration in 0..MOST_ITERATIONS {
        let open: [bool; P] = std::array::from_fn(|p| size[p] > goal[p]);
        if !open.contains(&true) {
            return Ok(iteration);
        }
        apply(&direction, &mut image);
        let curvature = dot(&direction, &image);
        let step: [f64; P] =
            std::array::from_fn(|p| if open[p] && curvature[p] > 0.0 { size[p] / curvature[p] } else { 0.0 });
        let mut next = [0.0; P];
        for i in 0..b.len() {
            for p in 0..P {
                x[i][p] += step[p] * direction[i][p];
                residual[i][p] -= step[p] * image[i][p];
                next[p] += residual[i][p] * residual[i][p] * inverse[i];
            }
        }
        for i in 0..b.len() {
            for p in 0..P {
                let turn = if open[p] { next[p] / size[p] } else { 0.0 };
                direction[i][p] = residual[i][p] * inverse[i] + turn * direction[i][p];
            }
        }
        size = next;
    }
    let excess = (0..P).map(|p| (size[p] / goal[p]).sqrt()).fold(0.0, f64::max);
    Err(Error::NotConverged {
        method: "absorbing the fixed effects".into(),
        iterations: MOST_ITERATIONS,
        last_change: excess,
        hint: "the effects are barely connected; absorb fewer of them or loosen the tolerance".into(),
    })
}

fn dot<const P: usize>(a: &[[f64; P]], b: &[[f64; P]]) -> [f64; P] {
    let mut sum = [0.0; P];
    for (a, b) in a.iter().zip(b) {
        for p in 0..P {
            sum[p] += a[p] * b[p];
        }
    }
    sum
}
