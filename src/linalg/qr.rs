//! Householder QR, plain and column-pivoted.

use faer::linalg::solvers::{ColPivQr, SolveLstsq};
use faer_ext::{IntoFaer, IntoNdarray};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

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

/// `R` of a tall matrix that is fed a few rows at a time: `RᵀR = AᵀA` without ever forming `AᵀA`, so that the
/// condition number is not squared.
///
/// ```
/// use ndarray::array;
/// let mut triangle = averted::linalg::TallTriangle::new(2);
/// triangle.push(&[3.0, 1.0, 4.0, 2.0]);
/// let r = triangle.finish();
/// assert!((r[[0, 0]].abs() - 5.0).abs() < 1e-14);
/// ```
pub struct TallTriangle {
    /// The triangle so far on top, then rows not yet folded in.
    stack: Array2<f64>,
    filled: usize,
}

impl TallTriangle {
    /// For a matrix with this many columns.
    pub fn new(columns: usize) -> Self {
        Self { stack: Array2::zeros((columns + columns.max(256), columns)), filled: columns }
    }

    /// One more row after another, laid end to end.
    pub fn push(&mut self, rows: &[f64]) {
        let columns = self.stack.ncols();
        for row in rows.chunks_exact(columns.max(1)) {
            if self.filled == self.stack.nrows() {
                self.fold();
            }
            self.stack.row_mut(self.filled).iter_mut().zip(row).for_each(|(slot, &v)| *slot = v);
            self.filled += 1;
        }
    }

    fn fold(&mut self) {
        let columns = self.stack.ncols();
        let qr = self.stack.slice(s![..self.filled, ..]).into_faer().qr();
        let triangle = qr.thin_R().into_ndarray();
        self.stack.fill(0.0);
        self.stack.slice_mut(s![..triangle.nrows(), ..]).assign(&triangle);
        for i in 0..columns {
            // Householder leaves its vectors below the diagonal's place.
            self.stack.slice_mut(s![i, ..i]).fill(0.0);
        }
        self.filled = columns;
    }

    /// The triangle, upper, square.
    pub fn finish(mut self) -> Array2<f64> {
        if self.stack.ncols() > 0 {
            self.fold();
        }
        let columns = self.stack.ncols();
        self.stack.slice(s![..columns, ..]).to_owned()
    }
}
