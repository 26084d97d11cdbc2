//! The quadratic programme of reconciled forecasts that must not be below zero.

use ndarray::{Array1, Array2, ArrayView1};

use crate::error::{Error, Result};
use crate::linalg::solve_positive_definite;

/// Exchanges of all infeasible variables without progress before they go one by one.
const PATIENCE: usize = 3;

/// `argmin ½ x'A x − c'x` under x ≥ 0, A symmetric positive definite, by block principal pivoting (Portugal, Júdice &
/// Vicente 1994): with free variables F, `x_F` solves `A_FF x_F = c_F`; those that come out below zero leave F, those whose
/// gradient is below zero join it. When their number does not fall, only the last of them moves, which ends surely.
pub(super) fn minimum(a: &Array2<f64>, c: ArrayView1<'_, f64>) -> Result<Array1<f64>> {
    let m = c.len();
    let scale = a.diag().iter().zip(c).fold(0.0, |most: f64, (d, c)| most.max(c.abs() / d.max(1e-300)));
    let slack = 1e-12 * scale;
    let mut free = vec![true; m];
    let (mut best, mut patience) = (m + 1, PATIENCE);
    for _ in 0..100 + 10 * m {
        let rows: Vec<usize> = (0..m).filter(|&i| free[i]).collect();
        let mut x = Array1::zeros(m);
        if !rows.is_empty() {
            let part = Array2::from_shape_fn((rows.len(), rows.len()), |(i, j)| a[[rows[i], rows[j]]]);
            let right: Array1<f64> = rows.iter().map(|&i| c[i]).collect();
            let solved = solve_positive_definite(part.view(), right.view(), "S'W⁻¹S")?;
            rows.iter().zip(solved).for_each(|(&i, v)| x[i] = v);
        }
        let gradient = a.dot(&x) - c;
        let wrong = |i: usize| {
            if free[i] { x[i] < -slack } else { gradient[i] < -slack * a[[i, i]] }
        };
        let wrong: Vec<usize> = (0..m).filter(|&i| wrong(i)).collect();
        let Some(&last) = wrong.last() else {
            return Ok(x.mapv(|v| v.max(0.0)));
        };
        if wrong.len() < best {
            (best, patience) = (wrong.len(), PATIENCE);
        } else {
            patience = patience.saturating_sub(1);
        }
        if patience > 0 {
            wrong.iter().for_each(|&i| free[i] = !free[i]);
        } else {
            free[last] = !free[last];
        }
    }
    Err(Error::NotConverged {
        method: "non-negative reconciliation".into(),
        iterations: 100 + 10 * m,
        last_change: f64::NAN,
        hint: "the covariance of the errors is close to singular: try `wls_struct`".into(),
    })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::random::{normal, stream};

    /// Optimal if and only if x ≥ 0, A x − c ≥ 0, and one of the two is zero everywhere (Karush, Kuhn & Tucker).
    #[test]
    fn the_conditions_of_optimality_hold() {
        for problem in 0..200 {
            let mut e = stream(problem, 0);
            let m = 1 + (problem as usize % 12);
            let root = Array2::from_shape_fn((m + 2, m), |_| normal(&mut e));
            let a = root.t().dot(&root);
            let c = Array1::from_shape_fn(m, |_| normal(&mut e));
            let x = minimum(&a, c.view()).expect("a minimum");
            let gradient = a.dot(&x) - &c;
            for i in 0..m {
                assert!(x[i] >= 0.0 && gradient[i] >= -1e-8, "{problem}: {x} {gradient}");
                assert!((x[i] * gradient[i]).abs() < 1e-7, "{problem}: {x} {gradient}");
            }
        }
        assert_eq!(minimum(&array![[2.0]], array![-1.0].view()), Ok(array![0.0]));
        let half = minimum(&array![[2.0]], array![1.0].view()).expect("a minimum");
        assert!((half[0] - 0.5).abs() < 1e-15);
    }
}
