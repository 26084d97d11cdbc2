//! The covariance of White (1980), A Heteroskedasticity-Consistent Covariance Matrix Estimator, *Econometrica* 48.

use ndarray::{Array2, s};

use super::{Ingredients, sandwich};

/// Rows whose scores are multiplied at once.
const CHUNK: usize = 512;

/// `T (Σ s s') T'`; a row that stands for several counts as often.
pub(super) fn robust(from: &Ingredients<'_>) -> Array2<f64> {
    let (rows, k) = from.x.dim();
    let mut meat = Array2::zeros((k, k));
    let mut scores = Array2::zeros((CHUNK.min(rows), k));
    for start in (0..rows).step_by(CHUNK) {
        let end = (start + CHUNK).min(rows);
        let mut chunk = scores.slice_mut(s![..end - start, ..]);
        for (i, mut score) in chunk.rows_mut().into_iter().enumerate() {
            let row = start + i;
            // u is a sum over the repeats of the row; each of them has its own square.
            let weight = from.pull[row] / from.repeats.map_or(1.0, |r| r[row].sqrt());
            score.iter_mut().zip(from.x.row(row)).for_each(|(s, &x)| *s = x * weight);
        }
        meat += &chunk.t().dot(&chunk);
    }
    sandwich(from.root, &meat)
}
