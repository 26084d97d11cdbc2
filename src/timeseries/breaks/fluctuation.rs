//! Cumulated and moving residuals.

use super::partition::Growing;
use super::series::Data;
use crate::error::{Error, Result};
use crate::linalg::{eigen_symmetric, least_squares};
use ndarray::{Array1, Array2, ArrayView1, s};

/// Residuals of one regression, and their variance with n − p degrees of freedom.
pub(super) fn residuals(data: &Data) -> (Array1<f64>, Vec<f64>, f64) {
    let y = ArrayView1::from(&data.y);
    let beta = least_squares(data.x.view(), y);
    let rest = (&y - &data.x.dot(&beta)).to_vec();
    let sse: f64 = rest.iter().map(|e| e * e).sum();
    let variance = sse / (data.y.len() - data.x.ncols()) as f64;
    (beta, rest, variance)
}

/// Standardised one-step forecast errors, from observation p + 1 on (Brown, Durbin & Evans 1975).
pub(super) fn recursive_residuals(data: &Data) -> Result<Vec<f64>> {
    let p = data.x.ncols();
    let mut growing = Growing::new(p);
    let all: Vec<f64> = (0..data.y.len()).map(|i| growing.push(data.x.row(i), data.y[i])).collect();
    // The first p observations must tell the p coefficients.
    let first = data.x.slice(s![..p, ..]);
    let upper = crate::linalg::PivotedQr::new(first).upper();
    if (0..p).any(|j| upper[[j, j]].abs() <= 1e-10 * upper[[0, 0]].abs()) {
        return Err(Error::NothingToEstimate {
            why: format!(
                "the regressors are collinear in the first {p} periods: recursive residuals need them apart"
            ),
        });
    }
    Ok(all[p..].to_vec())
}

/// Partial sums from 0 on, over `scale`.
pub(super) fn sums(values: &[f64], scale: f64) -> Vec<f64> {
    let mut sum = 0.0;
    let mut out = vec![0.0];
    for v in values {
        sum += v;
        out.push(sum / scale);
    }
    out
}

/// Moving estimates: `window/(σ √n) (X'X of the window/window)^½ (β̂ of the window − β̂)`, one row a window.
pub(super) fn moving_estimates(data: &Data, window: usize) -> Result<Array2<f64>> {
    let (n, p) = (data.y.len(), data.x.ncols());
    let (beta, _, variance) = residuals(data);
    let mut out = Array2::zeros((n - window + 1, p));
    let mut growing = Growing::new(p);
    for from in 0..=n - window {
        growing.clear();
        for i in from..from + window {
            growing.push(data.x.row(i), data.y[i]);
        }
        let x = data.x.slice(s![from..from + window, ..]);
        let (values, vectors) = eigen_symmetric((x.t().dot(&x) / window as f64).view())?;
        if values.iter().any(|&v| v <= 0.0) {
            return Err(Error::NothingToEstimate {
                why: format!(
                    "the regressors are collinear in the {window} periods from row {}",
                    data.rows[from]
                ),
            });
        }
        let change = Array1::from(growing.coefficients()) - &beta;
        let along = vectors.t().dot(&change);
        let scaled: Array1<f64> = along.iter().zip(&values).map(|(a, v)| a * v.max(0.0).sqrt()).collect();
        let row = vectors.dot(&scaled) * (window as f64 / (variance * n as f64).sqrt());
        out.row_mut(from).assign(&row);
    }
    Ok(out)
}
