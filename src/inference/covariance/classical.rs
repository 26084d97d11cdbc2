//! The classical covariance.

use ndarray::Array2;

use super::Ingredients;

/// `σ² T T'`, with `σ²` the dispersion times the convention's factor.
pub(super) fn classical(from: &Ingredients<'_>, factor: f64) -> Array2<f64> {
    from.root.dot(&from.root.t()) * (from.dispersion * factor)
}
