//! Cubic B-splines on equal pieces, and which month a time is in.

use ndarray::Array2;

/// Splines that are not zero on a piece.
pub(super) const WIDTH: usize = 4;

/// Equal pieces over the range of the times.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Basis {
    start: f64,
    piece: f64,
    pieces: usize,
}

impl Basis {
    pub(super) fn new(start: f64, end: f64, pieces: usize) -> Self {
        Self { start, piece: (end - start) / pieces as f64, pieces }
    }

    pub(super) fn columns(&self) -> usize {
        self.pieces + WIDTH - 1
    }

    /// The first spline that is not zero at a time, the splines from there on, and their derivatives.
    pub(super) fn at(&self, time: f64) -> (usize, [f64; WIDTH], [f64; WIDTH]) {
        let place = (time - self.start) / self.piece;
        let first = (place.floor().max(0.0) as usize).min(self.pieces - 1);
        let u = place - first as f64;
        let (v, width) = (1.0 - u, 2.0 * self.piece);
        let values = [
            v.powi(3) / 6.0,
            ((3.0 * u - 6.0) * u * u + 4.0) / 6.0,
            (((3.0 - 3.0 * u) * u + 3.0) * u + 1.0) / 6.0,
            u.powi(3) / 6.0,
        ];
        let slopes =
            [-v * v / width, (3.0 * u - 4.0) * u / width, ((2.0 - 3.0 * u) * u + 1.0) / width, u * u / width];
        (first, values, slopes)
    }
}

/// `Δ²'Δ²` of so many coefficients, those of a circle where `cyclic`.
pub(super) fn second_differences(n: usize, cyclic: bool) -> Array2<f64> {
    let mut s = Array2::zeros((n, n));
    let rows = if cyclic { n } else { n - 2 };
    for row in 0..rows {
        for (i, a) in [1.0, -2.0, 1.0].into_iter().enumerate() {
            for (j, b) in [1.0, -2.0, 1.0].into_iter().enumerate() {
                s[[(row + i) % n, (row + j) % n]] += a * b;
            }
        }
    }
    s
}

/// Which of `season` parts of the year a time is in, from 0.
pub(super) fn part_of_year(time: f64, season: usize) -> usize {
    ((time - time.floor()) * season as f64).round() as usize % season
}

/// How many parts a year has, by the least distance of times: 12, 4, or 1 of any other.
pub(super) fn usual_season(times: &[f64]) -> usize {
    let least = times.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
    [12, 4].into_iter().find(|&s| (least * s as f64 - 1.0).abs() < 0.01).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splines_sum_to_one_and_hold_lines() {
        let basis = Basis::new(2000.0, 2003.0, 6);
        for step in 0..=30 {
            let time = 2000.0 + f64::from(step) / 10.0;
            let (first, values, slopes) = basis.at(time);
            assert!((values.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            assert!(slopes.iter().sum::<f64>().abs() < 1e-12);
            // The centre of spline j is at (j − 1) pieces.
            let line = |all: [f64; WIDTH]| -> f64 {
                all.iter().enumerate().map(|(k, v)| v * ((first + k) as f64 - 1.0) * 0.5).sum()
            };
            assert!((line(values) - (time - 2000.0)).abs() < 1e-12 && (line(slopes) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn months_and_quarters_are_told_by_their_distance() {
        let monthly: Vec<f64> = (0..30).map(|t| 1999.0 + f64::from(t) / 12.0).collect();
        assert_eq!(usual_season(&monthly), 12);
        assert!(monthly.iter().enumerate().all(|(t, &time)| part_of_year(time, 12) == t % 12));
        assert_eq!((usual_season(&[2000.0, 2000.25, 2000.75]), usual_season(&[2000.0, 2001.0])), (4, 1));
    }
}
