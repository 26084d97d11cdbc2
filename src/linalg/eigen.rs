//! Eigenvalues, of symmetric matrices and others.

use faer::Side;
use faer_ext::{IntoFaer, IntoNdarray};
use ndarray::{Array1, Array2, ArrayView2};

use crate::error::{Error, Result};

/// Eigenvalues (ascending) and orthonormal eigenvectors (columns) of a symmetric matrix.
///
/// # Errors
/// [`Error::NotConverged`] on non-finite input.
pub fn eigen_symmetric(a: ArrayView2<'_, f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let eigen = a.into_faer().self_adjoint_eigen(Side::Lower).map_err(|_| Error::NotConverged {
        method: "symmetric eigenvalues".into(),
        iterations: 0,
        last_change: f64::NAN,
        hint: "the matrix may hold NaN or infinite values".into(),
    })?;
    let values = eigen.S().column_vector();
    let values = (0..values.nrows()).map(|i| values[i]).collect();
    Ok((values, eigen.U().into_ndarray().to_owned()))
}

/// Moduli of the eigenvalues of any square matrix, in no order.
///
/// ```
/// use ndarray::array;
/// let turn = averted::linalg::eigenvalue_moduli(array![[0.0, -2.0], [2.0, 0.0]].view())?;
/// assert!(turn.iter().all(|m| (m - 2.0).abs() < 1e-12));
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotConverged`] on non-finite input.
pub fn eigenvalue_moduli(a: ArrayView2<'_, f64>) -> Result<Vec<f64>> {
    let values = a.into_faer().eigenvalues().map_err(|_| Error::NotConverged {
        method: "eigenvalues".into(),
        iterations: 0,
        last_change: f64::NAN,
        hint: "the matrix may hold NaN or infinite values".into(),
    })?;
    Ok(values.iter().map(|v| v.re.hypot(v.im)).collect())
}

/// The matrix with its negative eigenvalues set to zero, and whether there were any.
///
/// # Errors
/// As [`eigen_symmetric`].
pub fn nearest_positive_semidefinite(a: ArrayView2<'_, f64>) -> Result<(Array2<f64>, bool)> {
    let (values, vectors) = eigen_symmetric(a)?;
    let scale = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if values.iter().all(|&v| v >= -scale * 1e-12) {
        return Ok((a.to_owned(), false));
    }
    let scaled = &vectors * &values.mapv(|v| v.max(0.0));
    Ok((scaled.dot(&vectors.t()), true))
}
