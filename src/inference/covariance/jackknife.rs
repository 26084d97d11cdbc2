//! The jackknife: estimates with one cluster left out at a time.
//!
//! `V = (G − 1)/G Σ_g (β̂₋g − β̂)(β̂₋g − β̂)'` (MacKinnon, Nielsen & Webb 2023, Fast and Reliable Jackknife and Bootstrap
//! Methods for Cluster-Robust Inference, *Journal of Applied Econometrics* 38, their `CV₃`).

use ndarray::{Array1, Array2};

use crate::error::Result;
use crate::parallel;

/// `scale · Σ_g (β̂₋g − β̂)(β̂₋g − β̂)'`; `without(g)` estimates without cluster `g`.
///
/// ```
/// use averted::inference::covariance::jackknife;
/// use ndarray::array;
/// // Of a mean of three, each observation a cluster: the variance of the mean.
/// let y = [1.0, 2.0, 6.0];
/// let without = |g: usize| Ok(array![(9.0 - y[g]) / 2.0]);
/// let v = jackknife(3, &array![3.0], 2.0 / 3.0, without)?;
/// assert!((v[[0, 0]] - 14.0 / 2.0 / 3.0).abs() < 1e-14);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// The first error of `without`.
pub fn jackknife(
    clusters: usize,
    estimates: &Array1<f64>,
    scale: f64,
    without: impl Fn(usize) -> Result<Array1<f64>> + Sync,
) -> Result<Array2<f64>> {
    let moves = parallel::map(clusters, |g| Ok(without(g)? - estimates));
    let moves = moves.into_iter().collect::<Result<Vec<_>>>()?;
    let mut covariance = Array2::zeros((estimates.len(), estimates.len()));
    for ((i, j), entry) in covariance.indexed_iter_mut() {
        *entry = scale * moves.iter().map(|m| m[i] * m[j]).sum::<f64>();
    }
    Ok(covariance)
}
