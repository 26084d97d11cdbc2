//! Cholesky factorisation `A = L Lᵀ` of symmetric positive definite matrices.

use faer::Side;
use faer::linalg::solvers::{DenseSolveCore, Llt, Solve};
use faer_ext::{IntoFaer, IntoNdarray};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::error::{Error, Result};

/// `A = L Lᵀ`, ready to solve.
///
/// ```
/// use ndarray::array;
/// let a = array![[4.0, 2.0], [2.0, 3.0]];
/// let factor = averted::linalg::Cholesky::new(a.view(), "A")?;
/// let x = factor.solve(array![8.0, 7.0].view());
/// assert!((x[0] - 1.25).abs() < 1e-15 && (x[1] - 1.5).abs() < 1e-15);
/// # Ok::<(), averted::Error>(())
/// ```
pub struct Cholesky {
    factor: Llt<f64>,
}

impl Cholesky {
    /// Factorises the lower triangle of `a`.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] under the name `what`.
    pub fn new(a: ArrayView2<'_, f64>, what: &str) -> Result<Self> {
        let factor = a.into_faer().llt(Side::Lower).map_err(|e| {
            let faer::linalg::cholesky::llt::factor::LltError::NonPositivePivot { index } = e;
            Error::NotPositiveDefinite { what: what.to_owned(), pivot: index }
        })?;
        Ok(Self { factor })
    }

    /// Solves `A x = b`.
    pub fn solve(&self, b: ArrayView1<'_, f64>) -> Array1<f64> {
        let x = self.factor.solve(b.insert_axis(Axis(1)).into_faer());
        x.as_ref().into_ndarray().column(0).to_owned()
    }

    /// Solves `A X = B`.
    pub fn solve_many(&self, b: ArrayView2<'_, f64>) -> Array2<f64> {
        self.factor.solve(b.into_faer()).as_ref().into_ndarray().to_owned()
    }

    /// `A⁻¹`, exactly symmetric.
    pub fn inverse(&self) -> Array2<f64> {
        let inverse = self.factor.inverse();
        let mut inverse = inverse.as_ref().into_ndarray().to_owned();
        for i in 0..inverse.nrows() {
            for j in 0..i {
                let mean = 0.5 * (inverse[[i, j]] + inverse[[j, i]]);
                inverse[[i, j]] = mean;
                inverse[[j, i]] = mean;
            }
        }
        inverse
    }

    /// `L`, with zeros above the diagonal.
    pub fn lower(&self) -> Array2<f64> {
        self.factor.L().into_ndarray().to_owned()
    }

    /// `log |A|`.
    pub fn log_determinant(&self) -> f64 {
        let l = self.factor.L();
        2.0 * (0..l.nrows()).map(|i| l[(i, i)].ln()).sum::<f64>()
    }
}

/// Solves `A x = b` for symmetric positive definite `A`.
///
/// # Errors
/// [`Error::NotPositiveDefinite`] under the name `what`.
pub fn solve_positive_definite(
    a: ArrayView2<'_, f64>,
    b: ArrayView1<'_, f64>,
    what: &str,
) -> Result<Array1<f64>> {
    Ok(Cholesky::new(a, what)?.solve(b))
}
