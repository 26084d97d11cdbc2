//! Householder QR, plain and column-pivoted.

use faer::linalg::solvers::{ColPivQr, SolveLstsq};
use faer_ext::{IntoFaer, IntoNdarray};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Least squares by Householder QR; `x` must have full column rank and at least as many rows as columns.
///
/// ```
/// use ndarray::array;
/// let x = array![[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]];
/// let b = averted::linalg::least_squares(x.view(), array![1.0, 3.0, 5.0].view());
/// assert!((b[0] - 1.0).abs() < 1e-14 && (b[1] - 2.0).abs() < 1e-14);
/// ```
pub fn least_squares(x: ArrayView2<'_, f64>, y: ArrayView1<'_, f64>) -> Array1<f64> {
    let rhs = y.insert_axis(Axis(1));
    let solution = x.into_faer().qr().solve_lstsq(rhs.into_faer());
    solution.as_ref().into_ndarray().column(0).to_owned()
}

/// `A P = Q R` with pivots by column norm: the rank-revealing one.
pub struct PivotedQr {
    factor: ColPivQr<f64>,
}

impl PivotedQr {
    /// Factorises `a`.
    pub fn new(a: ArrayView2<'_, f64>) -> Self {
        Self { factor: a.into_faer().col_piv_qr() }
    }

    /// Columns of `a` in the order they were chosen.
    pub fn order(&self) -> Vec<usize> {
        self.factor.P().arrays().0.to_vec()
    }

    /// `R`, upper triangular in pivot order.
    pub fn upper(&self) -> Array2<f64> {
        self.factor.thin_R().into_ndarray().to_owned()
    }
}
