//! The directions in which a top is measured.
//!
//! Where the coefficients of the past add up to nearly one, `intercept / (1 − sum)` is what the data know, and neither the
//! intercept nor the sum alone: the information of the coefficients themselves loses all digits. So it is taken along
//! directions that leave this level where it is, and one that moves only the level. On the bound of the sum the sum stays.

use ndarray::{Array1, Array2};

use crate::timeseries::counts::climb::{Bounds, Top};

/// Columns that span where the coefficients may go.
pub(super) fn directions(top: &Top, bounds: &Bounds) -> Array2<f64> {
    let m = top.at.len();
    let past: Vec<usize> = bounds.sum.iter().copied().filter(|i| top.free.contains(i)).collect();
    let room = 1.0 - bounds.total(&top.at);
    let intercept = top.free.contains(&0) && !bounds.sum.is_empty();
    let mut columns = Vec::with_capacity(top.free.len());
    for &i in &top.free {
        let mut column = Array1::zeros(m);
        column[i] = 1.0;
        if past.contains(&i) {
            match past[0] {
                first if top.bound && first == i => continue,
                first if top.bound => column[first] = -1.0,
                _ if intercept => column[0] = -top.at[0] / room,
                _ => {}
            }
        }
        columns.push(column);
    }
    Array2::from_shape_fn((m, columns.len()), |(i, j)| columns[j][i])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(at: &[f64], free: &[usize], bound: bool) -> Top {
        Top { at: at.to_vec(), value: 0.0, iterations: 0, free: free.to_vec(), bound }
    }

    #[test]
    fn the_level_stays_or_the_sum_does() {
        let bounds = Bounds { sum: vec![1, 2], ..Bounds::none(4) };
        let at = [0.5, 0.3, 0.45, 0.1];
        let along = directions(&top(&at, &[0, 1, 2, 3], false), &bounds);
        assert_eq!(along.dim(), (4, 4));
        let level = |theta: &[f64]| theta[0] / (1.0 - theta[1] - theta[2]);
        for j in [1, 2, 3] {
            let moved: Vec<f64> = at.iter().zip(along.column(j)).map(|(a, d)| a + 0.01 * d).collect();
            assert!((level(&moved) - level(&at)).abs() < 1e-12);
        }
        let along = directions(&top(&at, &[0, 1, 2], true), &bounds);
        assert_eq!(along.dim(), (4, 2));
        assert!(along.columns().into_iter().all(|c| c[1] + c[2] == 0.0));
        // A single coefficient that is the sum has nowhere to go.
        assert_eq!(directions(&top(&at, &[0, 2], true), &bounds).ncols(), 1);
    }
}
