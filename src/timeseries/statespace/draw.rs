//! Draws of a state from its mean and a covariance that may be singular.

use crate::random::{Generator, normal};

/// A lower triangle L with LL' = P for a P that may be singular; what rounding made negative is zero.
pub(in crate::timeseries) fn factor(p: &[f64], m: usize) -> Vec<f64> {
    let mut l = vec![0.0; m * m];
    for j in 0..m {
        let pivot = p[j * m + j] - (0..j).map(|k| l[j * m + k] * l[j * m + k]).sum::<f64>();
        if pivot <= 1e-13 * p[j * m + j].abs() {
            continue;
        }
        let root = pivot.sqrt();
        l[j * m + j] = root;
        for i in j + 1..m {
            let cross: f64 = (0..j).map(|k| l[i * m + k] * l[j * m + k]).sum();
            l[i * m + j] = (p[i * m + j] - cross) / root;
        }
    }
    l
}

/// `state ← state + L e`, e standard normal.
pub(in crate::timeseries) fn add_draw(state: &mut [f64], root: &[f64], generator: &mut Generator) {
    let m = state.len();
    for j in 0..m {
        let e = normal(generator);
        for i in j..m {
            state[i] += root[i * m + j] * e;
        }
    }
}
