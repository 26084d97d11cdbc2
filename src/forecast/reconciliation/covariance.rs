//! The covariance of base forecasts' errors, shrunk to its diagonal.

use ndarray::{Array2, ArrayView2, Axis};

use crate::error::{Error, Result};

/// The sample covariance of errors (time × series) with correlations shrunk towards zero, and the intensity λ:
///
/// ```text
/// W_ij = (1 − λ) s_ij,   W_ii = s_ii,   λ = Σ_{i≠j} var(r_ij) / Σ_{i≠j} r_ij²   within [0, 1]
/// ```
///
/// (Schäfer & Strimmer 2005). Rows with a missing error are left out. A series without error has no correlation.
///
/// # Errors
/// [`Error::TooShort`] with fewer than three complete rows.
///
/// ```
/// use averted::forecast::reconciliation::shrunk_covariance;
/// use ndarray::array;
/// let errors = array![[1.0, 2.0], [-1.0, -2.0], [2.0, 4.0], [-2.0, -4.0]];
/// let (w, intensity) = shrunk_covariance(errors.view())?;
/// assert!((w[[0, 0]] - 10.0 / 3.0).abs() < 1e-12 && (intensity - 0.12).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn shrunk_covariance(errors: ArrayView2<'_, f64>) -> Result<(Array2<f64>, f64)> {
    let complete: Vec<usize> =
        (0..errors.nrows()).filter(|&t| errors.row(t).iter().all(|v| v.is_finite())).collect();
    let n = complete.len();
    if n < 3 {
        return Err(Error::TooShort { what: "rows of errors without a gap".into(), needed: 3, found: n });
    }
    let mut e = errors.select(Axis(0), &complete);
    for mut column in e.columns_mut() {
        let mean = column.sum() / n as f64;
        column.mapv_inplace(|v| v - mean);
    }
    let covariance = e.t().dot(&e) / (n as f64 - 1.0);
    // To correlations, so that the scales of the series do not weigh.
    for (j, mut column) in e.columns_mut().into_iter().enumerate() {
        let sd = covariance[[j, j]].sqrt();
        column.mapv_inplace(|v| if sd > 0.0 { v / sd } else { 0.0 });
    }
    let (mut spread, mut size) = (0.0, 0.0);
    let times = n as f64;
    for i in 0..e.ncols() {
        for j in 0..i {
            let products = &e.column(i) * &e.column(j);
            let mean = products.sum() / times;
            let squares: f64 = products.iter().map(|w| (w - mean).powi(2)).sum();
            spread += times / (times - 1.0).powi(3) * squares;
            size += (mean * times / (times - 1.0)).powi(2);
        }
    }
    let intensity = if size > 0.0 { (spread / size).min(1.0) } else { 1.0 };
    let mut shrunk = &covariance * (1.0 - intensity);
    shrunk.diag_mut().assign(&covariance.diag());
    Ok((shrunk, intensity))
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::random::{normal, stream};

    #[test]
    fn unrelated_errors_are_shrunk_to_the_diagonal_and_related_ones_are_not() {
        let mut e = stream(1, 0);
        let noise = Array2::from_shape_fn((40, 6), |_| normal(&mut e));
        let (w, intensity) = shrunk_covariance(noise.view()).expect("one");
        assert!(intensity > 0.5 && w[[0, 1]].abs() < 0.2, "{intensity}");
        let together =
            Array2::from_shape_fn((2000, 3), |(t, j)| noise[[t % 40, 0]] + 0.1 * noise[[t % 37, j + 1]]);
        assert!(shrunk_covariance(together.view()).expect("one").1 < 0.01);
    }

    #[test]
    fn sizes_do_not_matter_and_gaps_are_left_out() {
        let mut e = stream(2, 0);
        let mut errors = Array2::from_shape_fn((25, 3), |_| normal(&mut e));
        let (w, intensity) = shrunk_covariance(errors.view()).expect("one");
        errors.column_mut(1).mapv_inplace(|v| 1e6 * v);
        let (scaled, same) = shrunk_covariance(errors.view()).expect("one");
        assert!((intensity - same).abs() < 1e-12);
        assert!((scaled[[0, 1]] / 1e6 - w[[0, 1]]).abs() < 1e-12);
        errors[[3, 0]] = f64::NAN;
        let (short, _) = shrunk_covariance(errors.view()).expect("one");
        let kept: Vec<usize> = (0..25).filter(|t| *t != 3).collect();
        assert_eq!(short, shrunk_covariance(errors.select(Axis(0), &kept).view()).expect("one").0);
        errors.column_mut(2).fill(0.0);
        let (constant, _) = shrunk_covariance(errors.view()).expect("one");
        assert!(constant[[2, 2]] == 0.0 && constant.iter().all(|v| v.is_finite()));
        assert!(shrunk_covariance(errors.slice(ndarray::s![..2, ..])).is_err());
    }
}
