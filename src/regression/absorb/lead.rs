//! The effect with the most levels, eliminated exactly, group by group.

use std::ops::Range;

use super::Levels;
use super::block::{Block, Slope};

/// The eliminated block: rows sorted by group, so a group is a run of rows.
pub(super) struct Lead {
    /// Which block it is.
    pub(super) block: usize,
    starts: Vec<u32>,
    intercept: bool,
    slopes: Vec<Slope>,
    /// The slopes made orthogonal to the intercept and to each other within groups, under the current weights.
    basis: Vec<Vec<f64>>,
    /// One over the weighted square of every basis column in every group, intercept first; zero where it vanishes.
    inverse: Vec<Vec<f64>>,
}

impl Lead {
    pub(super) fn new(block: &Block, at: usize, order: Option<&[u32]>) -> Self {
        let mut starts = vec![0_u32; block.levels + 1];
        for &code in &block.codes {
            starts[code as usize + 1] += 1;
        }
        for level in 0..block.levels {
            starts[level + 1] += starts[level];
        }
        let slopes: Vec<Slope> = (0..block.slopes.len()).map(|s| Slope::new(block, s, order)).collect();
        let basis = slopes.iter().map(|s| s.values.clone()).collect();
        let inverse = vec![vec![0.0; block.levels]; usize::from(block.intercept) + slopes.len()];
        Self { block: at, starts, intercept: block.intercept, slopes, basis, inverse }
    }

    pub(super) fn groups(&self) -> usize {
        self.starts.len() - 1
    }

    /// Absorbed columns a group: the intercept and the slopes.
    pub(super) fn width(&self) -> usize {
        self.inverse.len()
    }

    /// Whether there are intercepts only.
    pub(super) fn is_plain(&self) -> bool {
        self.intercept && self.slopes.is_empty()
    }

    pub(super) fn rows(&self, group: usize) -> Range<usize> {
        self.starts[group] as usize..self.starts[group + 1] as usize
    }

    /// The group of a row.
    pub(super) fn group_of(&self, row: usize) -> usize {
        self.starts.partition_point(|&start| start as usize <= row) - 1
    }

    /// How many of the eliminated columns are independent.
    pub(super) fn rank(&self) -> usize {
        self.inverse.iter().flatten().filter(|&&i| i > 0.0).count()
    }

    pub(super) fn longest(&self) -> usize {
        (0..self.groups()).map(|g| self.rows(g).len()).max().unwrap_or(0)
    }

    /// Basis column `column` of a group (`None` for the intercept) and one over its weighted square.
    pub(super) fn column(&self, group: usize, column: usize) -> (Option<&[f64]>, f64) {
        let first = usize::from(self.intercept);
        let values = (column >= first).then(|| &self.basis[column - first][self.rows(group)]);
        (values, self.inverse[column][group])
    }

    /// Takes on new weights: group totals, and slopes by Gram–Schmidt.
    pub(super) fn weigh(&mut self, weights: &[f64]) {
        let first = usize::from(self.intercept);
        if self.intercept {
            for g in 0..self.groups() {
                self.inverse[0][g] = 1.0 / weights[self.rows(g)].iter().sum::<f64>();
            }
        }
        for s in 0..self.slopes.len() {
            let mut column = std::mem::take(&mut self.basis[s]);
            column.copy_from_slice(&self.slopes[s].values);
            for g in 0..self.groups() {
                let rows = self.rows(g);
                let (w, mine) = (&weights[rows.clone()], &mut column[rows]);
                let before = weighted_square(w, mine);
                // Twice, because once loses digits when little is left.
                self.take_out::<1>(g, w, mine, 1, 0, s);
                self.take_out::<1>(g, w, mine, 1, 0, s);
                let square = weighted_square(w, mine);
                let moves = square > 1e-14 * before;
                self.inverse[first + s][g] = if moves { 1.0 / square } else { 0.0 };
                if !moves {
                    mine.fill(0.0);
                }
            }
            self.basis[s] = column;
        }
    }

    /// Projects the rows `x` of a group off its intercept and slopes: columns `at..at + P` of `stride`.
    #[inline]
    pub(super) fn project<const P: usize>(
        &self,
        group: usize,
        weights: &[f64],
        x: &mut [f64],
        stride: usize,
        at: usize,
    ) {
        self.take_out::<P>(group, weights, x, stride, at, self.slopes.len());
    }

    /// As [`project`](Self::project), off the intercept and the first `slopes` slopes.
    #[inline]
    fn take_out<const P: usize>(
        &self,
        group: usize,
        weights: &[f64],
        x: &mut [f64],
        stride: usize,
        at: usize,
        slopes: usize,
    ) {
        if self.intercept {
            let mut mean = [0.0; P];
            for (row, &w) in x.chunks_exact(stride).zip(weights) {
                if let Some(lanes) = row[at..].first_chunk::<P>() {
                    for p in 0..P {
                        mean[p] += w * lanes[p];
                    }
                }
            }
            mean = mean.map(|m| m * self.inverse[0][group]);
            for row in x.chunks_exact_mut(stride) {
                if let Some(lanes) = row[at..].first_chunk_mut::<P>() {
                    for p in 0..P {
                        lanes[p] -= mean[p];
                    }
                }
            }
        }
        for s in 0..slopes {
            let (Some(basis), inverse) = self.column(group, s + usize::from(self.intercept)) else {
                continue;
            };
            let mut slope = [0.0; P];
            for ((row, &w), &b) in x.chunks_exact(stride).zip(weights).zip(basis) {
                for p in 0..P {
                    slope[p] += w * b * row[at + p];
                }
            }
            slope = slope.map(|s| s * inverse);
            for (row, &b) in x.chunks_exact_mut(stride).zip(basis) {
                for p in 0..P {
                    row[at + p] -= slope[p] * b;
                }
            }
        }
    }

    /// The coefficients of `v` on every group's intercept and slopes.
    pub(super) fn levels(&self, v: &[f64], weights: &[f64]) -> Levels {
        let first = usize::from(self.intercept);
        let mut slopes = vec![vec![0.0; self.groups()]; self.slopes.len()];
        let mut intercepts = vec![0.0; self.groups()];
        for g in 0..self.groups() {
            let rows = self.rows(g);
            let (w, mut left) = (&weights[rows.clone()], v[rows.clone()].to_vec());
            // Back through Gram–Schmidt: the last slope's basis column holds its own part only.
            for s in (0..self.slopes.len()).rev() {
                let (Some(basis), inverse) = self.column(g, first + s) else { continue };
                let product = left.iter().zip(w).zip(basis).map(|((v, w), b)| v * w * b).sum::<f64>();
                slopes[s][g] = product * inverse;
                for (v, raw) in left.iter_mut().zip(&self.slopes[s].values[rows.clone()]) {
                    *v -= slopes[s][g] * raw;
                }
            }
            if self.intercept {
                intercepts[g] = left.iter().zip(w).map(|(v, w)| v * w).sum::<f64>() * self.inverse[0][g];
            }
            for (slope, mine) in self.slopes.iter().zip(&mut slopes) {
                intercepts[g] += slope.undo(g, &mut mine[g]);
            }
        }
        Levels { intercepts, slopes }
    }
}

fn weighted_square(weights: &[f64], values: &[f64]) -> f64 {
    weights.iter().zip(values).map(|(w, v)| w * v * v).sum()
}
