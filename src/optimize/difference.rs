//! Central differences.

use ndarray::Array2;

/// The gradient of `f` at `at` by central differences, written into `out`; error of order `step²`.
///
/// ```
/// let mut slope = [0.0];
/// averted::optimize::gradient(&mut |x| x[0].powi(3), &mut [2.0], 1e-5, &mut slope);
/// assert!((slope[0] - 12.0).abs() < 1e-8);
/// ```
pub fn gradient(f: &mut impl FnMut(&[f64]) -> f64, at: &mut [f64], step: f64, out: &mut [f64]) {
    for i in 0..at.len() {
        let (here, h) = (at[i], step * at[i].abs().max(1.0));
        at[i] = here + h;
        let above = f(at);
        at[i] = here - h;
        let below = f(at);
        at[i] = here;
        out[i] = (above - below) / (2.0 * h);
    }
}

/// The matrix of second derivatives of `f` at `at` by central differences.
///
/// ```
/// let second = averted::optimize::hessian(&mut |x| x[0] * x[0] * x[1], &[1.0, 3.0], 1e-3);
/// assert!((second[[0, 0]] - 6.0).abs() < 1e-6 && (second[[0, 1]] - 2.0).abs() < 1e-6);
/// ```
pub fn hessian(f: &mut impl FnMut(&[f64]) -> f64, at: &[f64], step: f64) -> Array2<f64> {
    let n = at.len();
    let h: Vec<f64> = at.iter().map(|x| step * x.abs().max(1.0)).collect();
    let mut x = at.to_vec();
    let centre = f(&x);
    let mut out = Array2::zeros((n, n));
    let mut shifted = |moves: &[(usize, f64)]| {
        moves.iter().for_each(|&(i, by)| x[i] += by);
        let value = f(&x);
        x.copy_from_slice(at);
        value
    };
    for i in 0..n {
        out[[i, i]] = (shifted(&[(i, h[i])]) - 2.0 * centre + shifted(&[(i, -h[i])])) / (h[i] * h[i]);
        for j in 0..i {
            let corner = |a: f64, b: f64| [(i, a * h[i]), (j, b * h[j])];
            let sum = shifted(&corner(1.0, 1.0)) - shifted(&corner(1.0, -1.0)) - shifted(&corner(-1.0, 1.0))
                + shifted(&corner(-1.0, -1.0));
            out[[i, j]] = sum / (4.0 * h[i] * h[j]);
            out[[j, i]] = out[[i, j]];
        }
    }
    out
}
