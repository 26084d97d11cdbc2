//! Least squares of several columns on the same regressors.

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::linalg::TallTriangle;

pub(in crate::timeseries) struct Regression {
    /// Regressors × columns.
    pub(in crate::timeseries) coefficients: Array2<f64>,
    /// (Z'Z)⁻¹.
    pub(in crate::timeseries) inverse: Array2<f64>,
    pub(in crate::timeseries) residuals: Array2<f64>,
}

/// `y = z b + u`, by the triangle of both together; regressors are scaled to one length first.
pub(in crate::timeseries) fn regress(
    z: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    names: &[String],
) -> Result<Regression> {
    let (n, m, k) = (z.nrows(), z.ncols(), y.ncols());
    let scale: Vec<f64> = z.columns().into_iter().map(|c| c.dot(&c).sqrt()).collect();
    let dependent = |j: usize| Error::NothingToEstimate {
        why: format!("`{}` is constant or a combination of the other regressors", names[j]),
    };
    if let Some(j) = scale.iter().position(|s| !(*s > 0.0 && s.is_finite())) {
        return Err(dependent(j));
    }
    let mut triangle = TallTriangle::new(m + k);
    let mut row = vec![0.0; m + k];
    for t in 0..n {
        (0..m).for_each(|j| row[j] = z[[t, j]] / scale[j]);
        (0..k).for_each(|j| row[m + j] = y[[t, j]]);
        triangle.push(&row);
    }
    let r = triangle.finish();
    // Columns have length one: what is left of one beside the others is its own.
    if let Some(j) = (0..m).find(|&j| r[[j, j]].abs() < 1e-10) {
        return Err(dependent(j));
    }
    let mut root = Array2::<f64>::zeros((m, m));
    for j in 0..m {
        for i in (0..=j).rev() {
            let rest: f64 = (i + 1..=j).map(|l| r[[i, l]] * root[[l, j]]).sum();
            root[[i, j]] = (f64::from(u8::from(i == j)) - rest) / r[[i, i]];
        }
    }
    let scaled = root.dot(&r.slice(ndarray::s![..m, m..]));
    let coefficients = Array2::from_shape_fn((m, k), |(i, j)| scaled[[i, j]] / scale[i]);
    let square = root.dot(&root.t());
    let inverse = Array2::from_shape_fn((m, m), |(i, j)| square[[i, j]] / (scale[i] * scale[j]));
    let residuals = &y - &z.dot(&coefficients);
    Ok(Regression { coefficients, inverse, residuals })
}
