//! Cholesky factorisation of symmetric positive *semi*definite matrices: dependent columns are pinned to zero.

use ndarray::{Array1, Array2, linalg::general_mat_mul, s};

/// Columns factorised together; their update is one matrix product.
const PANEL: usize = 48;

/// `A = L Lᵀ` with a zero column of `L` wherever a pivot vanishes.
///
/// The solution of a consistent system `A x = b` then has zeros in those places: one solution among many, and the
/// natural one for dummy variables, where it names a base level.
///
/// ```
/// use ndarray::array;
/// use averted::linalg::SemidefiniteCholesky;
/// let a = array![[4.0, -4.0], [-4.0, 4.0]];
/// let factor = SemidefiniteCholesky::new(a, 1e-10);
/// assert_eq!(factor.rank(), 1);
/// let mut x = vec![4.0, -4.0];
/// factor.solve(&mut x, 1);
/// assert_eq!(x, [1.0, 0.0]);
/// ```
pub struct SemidefiniteCholesky {
    lower: Array2<f64>,
    rank: usize,
}

impl SemidefiniteCholesky {
    /// Factorises the lower triangle of `a`; a pivot at most `tolerance` times its diagonal entry counts as zero.
    pub fn new(mut a: Array2<f64>, tolerance: f64) -> Self {
        let n = a.nrows();
        let floor: Array1<f64> = a.diag().mapv(|d| d.abs() * tolerance);
        let mut rank = 0;
        for start in (0..n).step_by(PANEL) {
            let end = (start + PANEL).min(n);
            let (left, mut panel) = a.multi_slice_mut((s![start.., ..start], s![start.., start..end]));
            let top = left.slice(s![..end - start, ..]);
            general_mat_mul(-1.0, &left, &top.t(), 1.0, &mut panel);
            for c in 0..end - start {
                let pivot = panel[[c, c]];
                if pivot > floor[start + c] && pivot.is_finite() {
                    rank += 1;
                    let root = pivot.sqrt();
                    panel.slice_mut(s![c.., c]).mapv_inplace(|v| v / root);
                    panel[[c, c]] = root;
                } else {
                    panel.slice_mut(s![c.., c]).fill(0.0);
                }
                for i in c + 1..panel.nrows() {
                    let factor = panel[[i, c]];
                    for j in c + 1..(end - start).min(i + 1) {
                        panel[[i, j]] -= factor * panel[[j, c]];
                    }
                }
            }
        }
        Self { lower: a, rank }
    }

    /// How many pivots did not vanish.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Whether a column was pinned to zero.
    pub fn is_pinned(&self, column: usize) -> bool {
        self.lower[[column, column]] == 0.0
    }

    /// Solves `A X = B` in place; `b` holds `columns` right-hand sides side by side in every row.
    pub fn solve(&self, b: &mut [f64], columns: usize) {
        self.forward(b, columns);
        let n = self.lower.nrows();
        for i in (0..n).rev() {
            let row = self.lower.row(i);
            if row[i] == 0.0 {
                continue;
            }
            let (before, rest) = b.split_at_mut(i * columns);
            let solved = &mut rest[..columns];
            solved.iter_mut().for_each(|v| *v /= row[i]);
            for (&l, target) in row.iter().zip(before.chunks_exact_mut(columns)) {
                for (t, &v) in target.iter_mut().zip(solved.iter()) {
                    *t -= l * v;
                }
            }
        }
    }

    /// Solves `L X = B` in place, half of the way to the solution: `X'X = B'A⁻B`.
    pub fn forward(&self, b: &mut [f64], columns: usize) {
        let n = self.lower.nrows();
        for i in 0..n {
            let row = self.lower.row(i);
            let (done, rest) = b.split_at_mut(i * columns);
            let target = &mut rest[..columns];
            if row[i] == 0.0 {
                target.fill(0.0);
                continue;
            }
            for (&l, solved) in row.iter().zip(done.chunks_exact(columns)) {
                for (t, &v) in target.iter_mut().zip(solved) {
                    *t -= l * v;
                }
            }
            target.iter_mut().for_each(|t| *t /= row[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A weighted graph Laplacian on `n` nodes in two components: rank `n − 2`.
    fn laplacian(n: usize) -> Array2<f64> {
        let mut a = Array2::zeros((n, n));
        for i in 0..n {
            for step in [2, 6, 10] {
                let j = (i + step) % n;
                let weight = 1.0 + ((i * 7 + step) % 5) as f64;
                a[[i, i]] += weight;
                a[[j, j]] += weight;
                a[[i, j]] -= weight;
                a[[j, i]] -= weight;
            }
        }
        a
    }

    #[test]
    fn consistent_singular_systems_are_solved() {
        let a = laplacian(130);
        let truth = Array1::from_shape_fn(130, |i| (i as f64 * 0.37).sin());
        let b = a.dot(&truth);
        let factor = SemidefiniteCholesky::new(a.clone(), 1e-10);
        assert_eq!(factor.rank(), 128);
        let mut x = b.to_vec();
        factor.solve(&mut x, 1);
        let back = a.dot(&Array1::from(x.clone()));
        assert!((back - &b).iter().all(|d| d.abs() < 1e-10));
        assert!((0..130).filter(|&i| factor.is_pinned(i)).all(|i| x[i] == 0.0));
    }
}
