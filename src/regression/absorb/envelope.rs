//! `S` held and factorised within its envelope: for thin graphs, such as workers who seldom change firms.
//!
//! Two columns of `S` meet only where a group of the eliminated effect has both. Numbered so that neighbours are near
//! (reverse Cuthill–McKee; George & Liu 1981, *Computer Solution of Large Sparse Positive Definite Systems*), every row of
//! the lower triangle holds something only from its first neighbour on, and so does its Cholesky factor. Such graphs are
//! just those on which conjugate gradients are slow. Columns that meet nearly all others, such as the years of a panel,
//! would spoil that: they come last, as a border of full rows.

use std::collections::VecDeque;

use super::lead::Lead;
use super::pattern::Pattern;
use super::rest::Rest;

/// Most numbers within an envelope: 64 MB.
const MOST: usize = 8_000_000;

/// Most columns in the border.
const BORDER: usize = 128;

/// A column in more than one group out of this many belongs to the border.
const COMMON: usize = 8;

/// Nanoseconds for one product of the factorisation, and for one pair of columns of a group added to `S`.
const PRODUCT: f64 = 0.3;
const PAIR: f64 = 3.0;

/// A pivot this small, relative to its diagonal entry, counts as zero, as in the dense factorisation.
const TOLERANCE: f64 = 1e-11;

/// A factor within an envelope, with zero rows and columns where a pivot vanishes.
pub(super) struct Envelope {
    /// The place of every column of `S`.
    place: Vec<u32>,
    /// The first column that a row holds.
    first: Vec<usize>,
    /// Where a row begins in `values`, less its first column.
    base: Vec<isize>,
    values: Vec<f64>,
    rank: usize,
    /// By place.
    pattern: Pattern,
}

impl Envelope {
    /// An envelope for these effects, if one refresh within it takes less than `limit` nanoseconds.
    pub(super) fn plan(lead: &Lead, rest: &Rest, limit: f64) -> Option<Self> {
        let look = Look::new(lead, rest);
        if PAIR * look.pairs + PRODUCT * look.products > limit {
            return None;
        }
        let groups = Groups::new(lead, rest, look.common);
        let near = groups.neighbours();
        let place = numbering(&near, &groups.common);
        let n = place.len();
        let mut first: Vec<usize> = (0..n).collect();
        for (column, near) in near.iter().enumerate() {
            let row = place[column] as usize;
            let least = near.iter().map(|&other| place[other as usize] as usize).min();
            first[row] = least.map_or(row, |least| least.min(row));
        }
        for (column, _) in groups.common.iter().enumerate().filter(|(_, common)| **common) {
            first[place[column] as usize] = 0;
        }
        let (mut base, mut held) = (Vec::with_capacity(n), 0);
        for (row, &from) in first.iter().enumerate() {
            base.push(held as isize - from as isize);
            held += row + 1 - from;
        }
        if held > MOST {
            return None;
        }
        let mut products = 0.0;
        for (row, &from) in first.iter().enumerate() {
            products += (from..row).map(|column| column - from.max(first[column])).sum::<usize>() as f64;
        }
        let cost = PRODUCT * products + PAIR * look.pairs;
        if cost > limit {
            return None;
        }
        drop(groups);
        let pattern = Pattern::new(lead, rest, |column| place[column]);
        Some(Self { place, first, base, values: vec![0.0; held], rank: 0, pattern })
    }

    pub(super) fn rank(&self) -> usize {
        self.rank
    }

    /// Assembles `S` under new weights and factorises it.
    pub(super) fn refresh(&mut self, lead: &Lead, rest: &Rest, weights: &[f64]) {
        self.values.fill(0.0);
        if let Some(codes) = rest.plain::<2>() {
            for (&[a, b], &w) in codes.iter().zip(weights) {
                let (a, b) = (a as usize, b as usize);
                [(a, a), (a, b), (b, b)].into_iter().for_each(|(a, b)| self.add(a, b, w));
            }
        } else {
            for (row, &w) in weights.iter().enumerate() {
                for (i, (a, u)) in rest.row(row).enumerate() {
                    rest.row(row).take(i + 1).for_each(|(b, v)| self.add(a, b, w * u * v));
                }
            }
        }
        let Self { base, values, pattern, .. } = self;
        pattern.for_each_group(lead, rest, weights, |places, sums, inverse| {
            for (i, &row) in places.iter().enumerate() {
                let (scaled, base) = (sums[i] * inverse, base[row as usize]);
                for (&column, sum) in places[..=i].iter().zip(sums) {
                    values[(base + column as isize) as usize] -= scaled * sum;
                }
            }
        });
        self.factorise();
    }

    /// Adds to an entry of `S`, given by its columns in either order.
    #[inline]
    fn add(&mut self, a: usize, b: usize, value: f64) {
        let (a, b) = (self.place[a] as usize, self.place[b] as usize);
        let at = self.at(a.max(b), a.min(b));
        self.values[at] += value;
    }

    #[inline]
    fn at(&self, row: usize, column: usize) -> usize {
        (self.base[row] + column as isize) as usize
    }

    /// Turns `S` into its factor, row by row.
    fn factorise(&mut self) {
        self.rank = 0;
        for row in 0..self.first.len() {
            let from = self.first[row];
            let start = self.at(row, from);
            let (done, rest) = self.values.split_at_mut(start);
            let mine = &mut rest[..=row - from];
            for column in from..row {
                let above = self.first[column];
                let low = from.max(above);
                let other = (self.base[column] + low as isize) as usize;
                let pivot = done[(self.base[column] + column as isize) as usize];
                let sum = dot(&mine[low - from..column - from], &done[other..other + column - low]);
                let left = mine[column - from] - sum;
                mine[column - from] = if pivot > 0.0 { left / pivot } else { 0.0 };
            }
            let (before, diagonal) = mine.split_at_mut(row - from);
            let floor = diagonal[0].abs() * TOLERANCE;
            let pivot = diagonal[0] - dot(before, before);
            if pivot > floor && pivot.is_finite() {
                diagonal[0] = pivot.sqrt();
                self.rank += 1;
            } else {
                mine.fill(0.0);
            }
        }
    }

    /// Solves `S x = b` for `P` right-hand sides; columns with a vanished pivot are zero.
    pub(super) fn solve<const P: usize>(&self, b: &[[f64; P]], x: &mut [[f64; P]]) {
        let mut y = vec![[0.0; P]; b.len()];
        b.iter().zip(&self.place).for_each(|(b, &place)| y[place as usize] = *b);
        for row in 0..y.len() {
            let pivot = self.values[self.at(row, row)];
            if pivot == 0.0 {
                y[row] = [0.0; P];
                continue;
            }
            let mut sum = y[row];
            for column in self.first[row]..row {
                let l = self.values[self.at(row, column)];
                (0..P).for_each(|p| sum[p] -= l * y[column][p]);
            }
            y[row] = sum.map(|s| s / pivot);
        }
        for row in (0..y.len()).rev() {
            let pivot = self.values[self.at(row, row)];
            if pivot == 0.0 {
                continue;
            }
            let mine = y[row].map(|s| s / pivot);
            y[row] = mine;
            for column in self.first[row]..row {
                let l = self.values[self.at(row, column)];
                (0..P).for_each(|p| y[column][p] -= l * mine[p]);
            }
        }
        x.iter_mut().zip(&self.place).for_each(|(x, &place)| *x = y[place as usize]);
    }
}

/// A sum of products in eight lanes, in an order that does not change.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a8.zip(b8) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// What one pass over the rows tells of the work within an envelope.
struct Look {
    /// Columns of the border.
    common: Vec<bool>,
    /// Pairs of columns in all groups.
    pairs: f64,
    /// At least so many products, judged by the neighbours of some columns.
    products: f64,
}

impl Look {
    fn new(lead: &Lead, rest: &Rest) -> Self {
        let n = rest.columns();
        let step = n.div_ceil(64);
        let sampled: Vec<bool> = (0..n).map(|c| c.is_multiple_of(step)).collect();
        let mut homes: Vec<Vec<usize>> = vec![Vec::new(); n.div_ceil(step)];
        let mut last = vec![u32::MAX; n];
        let mut count = vec![0_usize; n];
        let mut pairs = 0.0;
        for g in 0..lead.groups() {
            let mut mine = 0_u32;
            for (c, _) in lead.rows(g).flat_map(|row| rest.row(row)) {
                if last[c] == g as u32 {
                    continue;
                }
                last[c] = g as u32;
                count[c] += 1;
                mine += 1;
                if sampled[c] {
                    homes[c / step].push(g);
                }
            }
            pairs += f64::from(mine).powi(2) / 2.0;
        }
        let often = lead.groups() / COMMON;
        let mut common: Vec<bool> = count.iter().map(|&c| c > often).collect();
        if common.iter().filter(|c| **c).count() > BORDER {
            common.fill(false);
        }
        // A row is at least half as wide as its column has neighbours.
        let mut near = vec![u32::MAX; n];
        let mut products = 0.0;
        for (i, homes) in homes.iter().enumerate().filter(|(i, _)| !common[i * step]) {
            near[i * step] = i as u32;
            let mut neighbours = 0_u32;
            for (c, _) in homes.iter().flat_map(|&g| lead.rows(g)).flat_map(|row| rest.row(row)) {
                if near[c] != i as u32 && !common[c] {
                    near[c] = i as u32;
                    neighbours += 1;
                }
            }
            products += step as f64 * (f64::from(neighbours) / 2.0).powi(2) / 2.0;
        }
        Self { common, pairs, products }
    }
}

/// Which columns of `S` every group has.
struct Groups {
    starts: Vec<usize>,
    columns: Vec<u32>,
    /// Columns of the border.
    common: Vec<bool>,
}

impl Groups {
    fn new(lead: &Lead, rest: &Rest, common: Vec<bool>) -> Self {
        let mut last = vec![u32::MAX; rest.columns()];
        let (mut starts, mut columns) = (vec![0], Vec::new());
        for g in 0..lead.groups() {
            for (c, _) in lead.rows(g).flat_map(|row| rest.row(row)) {
                if last[c] != g as u32 {
                    last[c] = g as u32;
                    columns.push(c as u32);
                }
            }
            starts.push(columns.len());
        }
        Self { starts, columns, common }
    }

    fn group(&self, g: usize) -> &[u32] {
        &self.columns[self.starts[g]..self.starts[g + 1]]
    }

    /// Columns that meet in some group, for every column outside the border.
    fn neighbours(&self) -> Vec<Vec<u32>> {
        let n = self.common.len();
        let mut starts = vec![0_usize; n + 1];
        self.columns.iter().for_each(|&c| starts[c as usize + 1] += 1);
        (0..n).for_each(|c| starts[c + 1] += starts[c]);
        let mut next = starts.clone();
        let mut homes = vec![0_u32; self.columns.len()];
        for g in 0..self.starts.len() - 1 {
            for &c in self.group(g) {
                homes[next[c as usize]] = g as u32;
                next[c as usize] += 1;
            }
        }
        let mut stamp = vec![u32::MAX; n];
        let of = |column: usize| {
            let mut near = Vec::new();
            if self.common[column] {
                return near;
            }
            stamp[column] = column as u32;
            for &g in &homes[starts[column]..starts[column + 1]] {
                for &other in self.group(g as usize) {
                    if stamp[other as usize] != column as u32 && !self.common[other as usize] {
                        stamp[other as usize] = column as u32;
                        near.push(other);
                    }
                }
            }
            near
        };
        (0..n).map(of).collect()
    }
}

/// The place of every column: breadth first from an end of every component, turned about; the border last.
fn numbering(near: &[Vec<u32>], border: &[bool]) -> Vec<u32> {
    const NEW: u32 = u32::MAX;
    let mut place = vec![NEW; near.len()];
    let mut next = near.len() as u32;
    for (place, _) in place.iter_mut().zip(border).filter(|(_, border)| **border) {
        next -= 1;
        *place = next;
    }
    let mut starts: Vec<u32> = (0..near.len() as u32).collect();
    starts.sort_by_key(|&c| near[c as usize].len());
    let mut seen = vec![0_u32; near.len()];
    let mut round = 0;
    let mut walk = |from: u32| {
        round += 1;
        let mut order = Vec::new();
        let mut queue = VecDeque::from([from]);
        seen[from as usize] = round;
        while let Some(column) = queue.pop_front() {
            order.push(column);
            let new = near[column as usize].iter().copied().filter(|&c| seen[c as usize] != round);
            let mut new: Vec<u32> = new.collect();
            new.sort_by_key(|&c| near[c as usize].len());
            new.iter().for_each(|&c| seen[c as usize] = round);
            queue.extend(new);
        }
        order
    };
    for start in starts {
        if place[start as usize] != NEW {
            continue;
        }
        // The last column that a walk comes to is at an end; twice is far enough.
        let far = walk(start).last().copied().unwrap_or(start);
        let end = walk(far).last().copied().unwrap_or(far);
        for column in walk(end) {
            next -= 1;
            place[column as usize] = next;
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2};

    use super::super::schur::Schur;
    use super::super::{Absorber, Block, Values, count_components};
    use super::*;
    use crate::linalg::SemidefiniteCholesky;

    /// Workers of five spells in firms, each next door to the one before; the last fifth are a world of their own.
    fn thin(workers: usize) -> [Block; 2] {
        let firms = workers / 2;
        let spell = |i: usize| {
            let (worker, t) = (i / 5, i % 5);
            let apart = if worker >= workers / 5 * 4 { firms / 5 * 4 } else { 0 };
            let most = if apart > 0 { firms - apart } else { firms / 5 * 4 };
            ((apart + (worker * 31 + 7 * t * (worker % 3)) % most) as u32, worker as u32)
        };
        let rows: Vec<(u32, u32)> = (0..5 * workers).map(spell).collect();
        let block = |codes: Vec<u32>| {
            let mut known = codes.clone();
            known.sort_unstable();
            known.dedup();
            let codes = codes.iter().map(|c| known.partition_point(|k| k < c) as u32).collect();
            Block { codes, levels: known.len(), intercept: true, slopes: Vec::new() }
        };
        [block(rows.iter().map(|r| r.1).collect()), block(rows.iter().map(|r| r.0).collect())]
    }

    #[test]
    fn a_laplacian_is_solved_as_by_the_dense_factor() {
        let blocks = thin(120);
        let weights: Vec<f64> = (0..600).map(|i| 1.0 + f64::from(i % 7)).collect();
        let rest = Rest::new(&[&blocks[0], &blocks[1]], Some(0), 600, None);
        let mut lead = Lead::new(&blocks[0], 0, None);
        lead.weigh(&weights);
        let envelope = Envelope::plan(&lead, &rest, f64::INFINITY).expect("small");
        let n = rest.columns();
        let mut sparse = Schur::Envelope(envelope);
        let mut dense = Schur::Dense { factor: None, batched: false };
        sparse.refresh(&lead, &rest, &weights);
        dense.refresh(&lead, &rest, &weights);
        assert_eq!(sparse.rank(), dense.rank());
        // A consistent right-hand side: S times something.
        let mut s = Array2::<f64>::zeros((n, n));
        let Schur::Dense { factor: Some(_), .. } = &dense else { unreachable!() };
        for j in 0..n {
            let mut e = vec![[0.0]; n];
            e[j] = [1.0];
            let mut image = vec![[0.0]; n];
            let mut scratch = vec![[0.0]; lead.longest()];
            super::super::schur::apply(&lead, &rest, &weights, &e, &mut image, &mut scratch);
            image.iter().enumerate().for_each(|(i, v)| s[[i, j]] = v[0]);
        }
        let right = s.dot(&Array1::from_shape_fn(n, |i| (i as f64 * 0.7).sin()));
        let b: Vec<[f64; 1]> = right.iter().map(|&v| [v]).collect();
        let mut x = vec![[0.0]; n];
        sparse.solve(&lead, &rest, &weights, &b, &mut x, &[0.0]).expect("solved");
        let back = s.dot(&x.iter().map(|v| v[0]).collect::<Array1<f64>>());
        assert!((back - &right).iter().all(|d| d.abs() < 1e-10));
        assert_eq!(sparse.rank(), Some(SemidefiniteCholesky::new(s, TOLERANCE).rank()));
    }

    /// Beyond the size of a dense `S`: residuals are orthogonal to every dummy, and the rank is that of the graph.
    #[test]
    fn a_large_thin_design_is_projected_exactly() {
        let blocks = thin(6_000);
        let rows = blocks[0].codes.len();
        let mut absorber = Absorber::new(&[&blocks[0], &blocks[1]], rows, &Values::default());
        let weights: Vec<f64> = (0..rows).map(|i| 0.5 + (i % 11) as f64).collect();
        assert!(matches!(absorber.schur, Schur::Envelope(_)));
        absorber.weigh(&absorber.sorted(&weights));
        let mut x = Array2::from_shape_fn((rows, 2), |(i, j)| ((i * (j + 3)) as f64).sin());
        absorber.residualize(x.view_mut(), 1e-10).expect("solved");
        for block in &blocks {
            let codes = absorber.sorted(&block.codes);
            let w = absorber.sorted(&weights);
            let mut sums = vec![[0.0; 2]; block.levels];
            for (i, &code) in codes.iter().enumerate() {
                (0..2).for_each(|j| sums[code as usize][j] += w[i] * x[[i, j]]);
            }
            assert!(sums.iter().flatten().all(|s| s.abs() < 1e-9));
        }
        let factors: Vec<(&[u32], usize)> = blocks.iter().map(|b| (b.codes.as_slice(), b.levels)).collect();
        let rank = blocks.iter().map(|b| b.levels).sum::<usize>() - count_components(&factors);
        assert_eq!(absorber.rank(), Some(rank));
    }
}
