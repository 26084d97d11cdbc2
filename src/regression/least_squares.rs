//! Weighted least squares on demeaned columns: which of them are independent, and their orthonormal coordinates.
//!
//! `RᵀR = X̃'WX̃` comes from Householder reflections of `√W X̃`, never from the product itself. With `T = R⁻¹` the columns
//! `Z = X̃T` are orthonormal under `W`, the coefficients are `b = T Z'Wy`, and every covariance is `T (…) T'` with sums
//! over rows of `Z`: as accurate as a full QR, also where `(X̃'WX̃)⁻¹` itself would cancel away its digits.

use ndarray::{Array1, Array2, ArrayView2, linalg::general_mat_mul, s};

use crate::error::Result;
use crate::linalg::{Cholesky, TallTriangle};

/// A column whose independent part is smaller than this, relative to its size, depends on the columns before it.
const COLLINEAR: f64 = 1e-7;

/// The independent ones among some columns.
pub(super) struct Independent {
    /// Their places.
    pub(super) kept: Vec<usize>,
    /// The others, and the kept columns each depends on (none: it vanishes).
    pub(super) dropped: Vec<(usize, Vec<usize>)>,
    /// The smallest independent part relative to the column's size.
    pub(super) margin: f64,
    /// The triangle of all columns.
    triangle: Array2<f64>,
}

/// Finds the independent columns, going left to right. Columns should have had unit scale before demeaning.
pub(super) fn independent(x: ArrayView2<'_, f64>, weights: &[f64]) -> Independent {
    let r = triangle(x, weights);
    let unit = weights.iter().sum::<f64>().sqrt();
    let mut basis: Vec<Array1<f64>> = Vec::new();
    let mut found = Independent {
        kept: Vec::new(),
        dropped: Vec::new(),
        margin: f64::INFINITY,
        triangle: Array2::zeros((0, 0)),
    };
    for j in 0..x.ncols() {
        let column = r.column(j).to_owned();
        let size = column.dot(&column).sqrt();
        let mut left = column;
        for _ in 0..2 {
            for q in &basis {
                let along = q.dot(&left);
                left.scaled_add(-along, q);
            }
        }
        let own = left.dot(&left).sqrt();
        if size <= COLLINEAR * unit {
            found.dropped.push((j, Vec::new()));
        } else if own <= COLLINEAR * size {
            found.dropped.push((j, partners(&r, &found.kept, j)));
        } else {
            found.margin = found.margin.min(own / size).min(size / unit);
            basis.push(left / own);
            found.kept.push(j);
        }
    }
    found.triangle = r;
    found
}

/// The kept columns with a part in column `j`.
fn partners(r: &Array2<f64>, kept: &[usize], j: usize) -> Vec<usize> {
    let known = Array2::from_shape_fn((r.nrows(), kept.len()), |(i, c)| r[[i, kept[c]]]);
    let coefficients = crate::linalg::least_squares(known.view(), r.column(j));
    let part = |c: usize| coefficients[c].abs() * known.column(c).dot(&known.column(c)).sqrt();
    let largest = (0..kept.len()).map(part).fold(0.0, f64::max);
    (0..kept.len()).filter(|&c| part(c) > 1e-6 * largest).map(|c| kept[c]).collect()
}

/// The triangle of `√W X`.
fn triangle(x: ArrayView2<'_, f64>, weights: &[f64]) -> Array2<f64> {
    let mut triangle = TallTriangle::new(x.ncols());
    let mut scaled = vec![0.0; x.ncols()];
    for (row, w) in x.rows().into_iter().zip(weights) {
        let root = w.sqrt();
        scaled.iter_mut().zip(row).for_each(|(s, v)| *s = v * root);
        triangle.push(&scaled);
    }
    triangle.finish()
}

/// Orthonormal coordinates of independent columns.
pub(super) struct Orthonormal {
    /// `Z = X T`, with `Z'WZ = 1`.
    pub(super) basis: Array2<f64>,
    /// `T`, upper triangular; `(X'WX)⁻¹ = T T'`.
    pub(super) root: Array2<f64>,
}

impl Orthonormal {
    pub(super) fn new(x: ArrayView2<'_, f64>, weights: &[f64]) -> Self {
        Self::of_triangle(x, &triangle(x, weights))
    }

    /// As [`new`](Self::new), of the columns and weights that were looked at for independent ones.
    pub(super) fn of(x: ArrayView2<'_, f64>, weights: &[f64], independent: &Independent) -> Self {
        if independent.dropped.is_empty() {
            Self::of_triangle(x, &independent.triangle)
        } else {
            Self::new(x, weights)
        }
    }

    fn of_triangle(x: ArrayView2<'_, f64>, triangle: &Array2<f64>) -> Self {
        let root = invert_upper(triangle);
        let k = x.ncols();
        let mut basis = x.as_standard_layout().into_owned();
        for mut row in basis.rows_mut() {
            for j in (0..k).rev() {
                row[j] = (0..=j).map(|i| row[i] * root[[i, j]]).sum();
            }
        }
        Self { basis, root }
    }

    /// As [`new`](Self::new), where some weights are negative but `X'WX` is positive definite all the same.
    ///
    /// # Errors
    /// [`crate::Error::NotPositiveDefinite`].
    pub(super) fn indefinite(x: ArrayView2<'_, f64>, weights: &[f64]) -> Result<Self> {
        let products = cross_products(x, weights);
        let lower = Cholesky::new(products.view(), "the information of the coefficients")?.lower();
        let root = invert_upper(&lower.t().to_owned());
        Ok(Self { basis: x.dot(&root), root })
    }

    /// The coordinates of `y`, whose residuals replace it. Taken twice, because the basis is orthonormal only to
    /// rounding.
    pub(super) fn project(&self, weights: &[f64], y: &mut [f64]) -> Array1<f64> {
        let mut total = Array1::zeros(self.root.nrows());
        let k = self.root.nrows();
        let Some(flat) = self.basis.as_slice() else { unreachable!("row after row") };
        if k == 0 {
            return total;
        }
        for _ in 0..2 {
            let mut step = vec![0.0; k];
            for ((row, &w), &v) in flat.chunks_exact(k).zip(weights).zip(y.iter()) {
                let weighted = w * v;
                step.iter_mut().zip(row).for_each(|(s, z)| *s += weighted * z);
            }
            for (row, v) in flat.chunks_exact(k).zip(y.iter_mut()) {
                let mut along = 0.0;
                row.iter().zip(&step).for_each(|(z, s)| along += z * s);
                *v -= along;
            }
            total += &Array1::from(step);
        }
        total
    }
}

/// The inverse of an upper triangle.
pub(super) fn invert_upper(r: &Array2<f64>) -> Array2<f64> {
    let k = r.nrows();
    let mut inverse = Array2::zeros((k, k));
    for j in 0..k {
        inverse[[j, j]] = 1.0 / r[[j, j]];
        for i in (0..j).rev() {
            let sum = r.slice(s![i, i + 1..=j]).dot(&inverse.slice(s![i + 1..=j, j]));
            inverse[[i, j]] = -sum / r[[i, i]];
        }
    }
    inverse
}

/// Rows multiplied at once: they and their weighted copy stay in the nearest cache.
const CHUNK: usize = 256;

/// `M'WM`, by blocks of rows.
pub(super) fn cross_products(m: ArrayView2<'_, f64>, weights: &[f64]) -> Array2<f64> {
    let (rows, columns) = m.dim();
    // Too narrow for the blocking of a matrix product to pay.
    match (m.as_slice(), columns) {
        (Some(flat), 2) => return narrow::<2>(flat, weights),
        (Some(flat), 3) => return narrow::<3>(flat, weights),
        (Some(flat), 4) => return narrow::<4>(flat, weights),
        _ => {}
    }
    let mut total = Array2::zeros((columns, columns));
    let mut weighted = Array2::zeros((CHUNK, columns));
    for start in (0..rows).step_by(CHUNK) {
        let end = (start + CHUNK).min(rows);
        let chunk = m.slice(s![start..end, ..]);
        let mut scaled = weighted.slice_mut(s![..end - start, ..]);
        for ((to, from), &w) in scaled.rows_mut().into_iter().zip(chunk.rows()).zip(&weights[start..end]) {
            to.into_iter().zip(from).for_each(|(t, v)| *t = v * w);
        }
        general_mat_mul(1.0, &scaled.t(), &chunk, 1.0, &mut total);
    }
    for i in 0..columns {
        for j in 0..i {
            total[[j, i]] = total[[i, j]];
        }
    }
    total
}

/// As [`cross_products`], of `C` columns.
fn narrow<const C: usize>(flat: &[f64], weights: &[f64]) -> Array2<f64> {
    let mut total = [[0.0; C]; C];
    for (row, &w) in flat.as_chunks::<C>().0.iter().zip(weights) {
        for i in 0..C {
            let weighted = w * row[i];
            (0..=i).for_each(|j| total[i][j] += weighted * row[j]);
        }
    }
    Array2::from_shape_fn((C, C), |(i, j)| total[i.max(j)][i.min(j)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Array2<f64> {
        Array2::from_shape_fn((700, 4), |(i, j)| {
            let i = i as f64;
            let (a, b) = ((0.7 * i).sin(), (0.3 * i).cos());
            [a, b, 2.0 * a - b, (1.1 * i).sin()][j]
        })
    }

    #[test]
    fn a_dependent_column_is_found_with_its_partners() {
        let found = independent(columns().view(), &vec![1.0; 700]);
        assert_eq!(found.kept, [0, 1, 3]);
        assert_eq!(found.dropped, [(2, vec![0, 1])]);
    }

    #[test]
    fn orthonormal_coordinates_are_that() {
        let weights: Vec<f64> = (0..700).map(|i| 0.5 + f64::from(i % 7)).collect();
        let x = columns().select(ndarray::Axis(1), &[0, 1, 3]);
        let ortho = Orthonormal::new(x.view(), &weights);
        let product = cross_products(ortho.basis.view(), &weights);
        assert!((&product - &Array2::<f64>::eye(3)).mapv(f64::abs).sum() < 1e-12);
        let product = ortho.root.dot(&ortho.root.t()).dot(&cross_products(x.view(), &weights));
        assert!((&product - &Array2::<f64>::eye(3)).mapv(f64::abs).sum() < 1e-12);
        let mut wide = Array2::zeros((700, 6));
        wide.slice_mut(s![.., ..3]).assign(&x);
        let narrow = cross_products(x.view(), &weights);
        let same = cross_products(wide.view(), &weights).slice(s![..3, ..3]).to_owned();
        assert!((narrow - same).mapv(f64::abs).sum() < 1e-9);
    }
}
