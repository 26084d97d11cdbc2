//! T, arranged so that products with it cost what its entries do.

/// The transition of a model, as its nonzero entries: a seasonal of period twelve costs twenty-two of them and not a
/// hundred and forty-four.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Transition {
    states: usize,
    /// Nonzero entries (row, column, value), by row.
    entries: Vec<(usize, usize, f64)>,
    /// Rows that are rows of the identity for good, as stretches: to here, from there, so many.
    copies: Vec<(usize, usize, usize)>,
    /// The other rows.
    mixed: Vec<Mixed>,
    /// The entries of these, by row.
    runs: Vec<Run>,
}

/// A row that mixes states.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Mixed {
    row: usize,
    /// Its stretch of runs.
    start: usize,
    end: usize,
    entries: usize,
}

/// Entries of a row that are equal and stand side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Run {
    value: f64,
    first: usize,
    n: usize,
}

/// Fewer states than this that stay as they are count as mixed: what moves along is then one stretch.
const FEW: usize = 3;

impl Transition {
    /// All zero.
    pub(super) fn new(states: usize) -> Self {
        let mixed = (0..states).map(|row| Mixed { row, start: 0, end: 0, entries: 0 }).collect();
        Self { states, entries: Vec::new(), copies: Vec::new(), mixed, runs: Vec::new() }
    }

    /// Nonzero entries (row, column, value), by row.
    pub(super) fn entries(&self) -> &[(usize, usize, f64)] {
        &self.entries
    }

    /// `T[to, from]`.
    pub(super) fn entry(&self, to: usize, from: usize) -> f64 {
        self.entries.iter().find(|e| (e.0, e.1) == (to, from)).map_or(0.0, |e| e.2)
    }

    /// `T[to, from] = value`.
    pub(super) fn set(&mut self, to: usize, from: usize, value: f64) {
        self.entries.retain(|&(i, j, _)| (i, j) != (to, from));
        if value != 0.0 {
            self.entries.push((to, from, value));
            self.entries.sort_unstable_by_key(|&(i, j, _)| (i, j));
        }
        self.arrange(None);
    }

    /// The same for an entry that is there already and may change again: its row is no copy from now on.
    pub(super) fn change(&mut self, to: usize, from: usize, value: f64) {
        for entry in self.entries.iter_mut().filter(|e| (e.0, e.1) == (to, from)) {
            entry.2 = value;
        }
        let row = self.mixed.iter().find(|mixed| mixed.row == to);
        let run = row.and_then(|row| {
            self.runs[row.start..row.end].iter_mut().find(|run| (run.first, run.n) == (from, 1))
        });
        match run {
            Some(run) => run.value = value,
            None => self.arrange(Some(to)),
        }
    }

    /// Which rows copy a state, not one that changes; what the others are made of.
    fn arrange(&mut self, changes: Option<usize>) {
        let before = std::mem::take(&mut self.copies);
        let was = |i: usize| before.iter().any(|&(to, _, n)| (to..to + n).contains(&i));
        self.mixed.clear();
        self.runs.clear();
        let stays = |run: &[(usize, usize, f64)]| matches!(run, [(i, j, 1.0)] if i == j);
        let few = self.entries.chunk_by(|a, b| a.0 == b.0).filter(|run| stays(run)).count() < FEW;
        let mut end = 0;
        for i in 0..self.states {
            let start = end;
            end += self.entries[start..].iter().take_while(|e| e.0 == i).count();
            let may = (changes.is_none() || (was(i) && changes != Some(i)))
                && !(few && stays(&self.entries[start..end]));
            let copy = match self.entries[start..end] {
                [(_, of, 1.0)] if of <= i && may => of,
                _ => {
                    let first = self.runs.len();
                    for &(_, j, value) in &self.entries[start..end] {
                        match self.runs[first..].last_mut() {
                            Some(run) if run.value == value && run.first + run.n == j => run.n += 1,
                            _ => self.runs.push(Run { value, first: j, n: 1 }),
                        }
                    }
                    let entries = end - start;
                    self.mixed.push(Mixed { row: i, start: first, end: self.runs.len(), entries });
                    continue;
                }
            };
            match self.copies.last_mut() {
                Some((to, from, n)) if (*to + *n, *from + *n) == (i, copy) => *n += 1,
                _ => self.copies.push((i, copy, 1)),
            }
        }
    }

    /// `T a` at a row.
    fn product(&self, row: &Mixed, a: &[f64]) -> f64 {
        let of = |run: &Run| run.value * a[run.first..run.first + run.n].iter().sum::<f64>();
        self.runs[row.start..row.end].iter().map(of).sum()
    }

    /// `a ← T a`, with `scratch` as long as `a`.
    pub(super) fn step_mean(&self, a: &mut [f64], scratch: &mut [f64]) {
        for row in &self.mixed {
            scratch[row.row] = self.product(row, a);
        }
        // Stretches that move to later states can move in place, the last first.
        for &(to, from, n) in self.copies.iter().rev() {
            a.copy_within(from..from + n, to);
        }
        for row in &self.mixed {
            a[row.row] = scratch[row.row];
        }
    }

    /// `a ← T' a`, with `scratch` as long as `a`.
    pub(super) fn step_mean_back(&self, a: &mut [f64], scratch: &mut [f64]) {
        scratch.fill(0.0);
        for &(i, j, value) in &self.entries {
            scratch[j] += value * a[i];
        }
        a.copy_from_slice(scratch);
    }

    /// `P ← T P T'` of a symmetric P, with `scratch` as long as `P`.
    ///
    /// P must stay symmetric to the last digit: what rounding leaves on one side of the diagonal grows from step to step
    /// where covariances are large beside the shocks.
    pub(super) fn step_covariance(&self, p: &mut [f64], scratch: &mut [f64]) {
        let m = self.states;
        // A seasonal only moves most of its states along: what is left of T P are few rows.
        for row in &self.mixed {
            let out = &mut scratch[row.row * m..(row.row + 1) * m];
            out.fill(0.0);
            for run in &self.runs[row.start..row.end] {
                add_rows(out, &p[run.first * m..(run.first + run.n) * m], run.value);
            }
        }
        self.move_along(p);
        for (at, one) in self.mixed.iter().enumerate() {
            let i = one.row;
            let row = &scratch[i * m..(i + 1) * m];
            for other in &self.mixed[..=at] {
                let k = other.row;
                let both = match other.entries <= one.entries {
                    true => self.product(other, row),
                    false => self.product(one, &scratch[k * m..(k + 1) * m]),
                };
                (p[i * m + k], p[k * m + i]) = (both, both);
            }
            for &(to, from, n) in &self.copies {
                p[i * m + to..i * m + to + n].copy_from_slice(&row[from..from + n]);
                for k in 0..n {
                    p[(to + k) * m + i] = row[from + k];
                }
            }
        }
    }

    /// Rows and columns of P that are only copied; the others are left to be written over.
    fn move_along(&self, p: &mut [f64]) {
        let m = self.states;
        if let [(to, from, n)] = self.copies[..] {
            // From one place on the diagonal to another it is one stretch of memory.
            p.copy_within(from * (m + 1)..=(from + n - 1) * (m + 1), to * (m + 1));
            return;
        }
        for &(to, from, n) in self.copies.iter().rev() {
            for k in (0..n).rev() {
                for &(column, of, length) in self.copies.iter().rev() {
                    let start = (from + k) * m + of;
                    p.copy_within(start..start + length, (to + k) * m + column);
                }
            }
        }
    }

    /// `E ← T E` of a matrix with this many columns, with `scratch` as long as `E`.
    pub(super) fn step_rows(&self, e: &mut [f64], columns: usize, scratch: &mut [f64]) {
        scratch.fill(0.0);
        for &(i, j, value) in &self.entries {
            let to = &mut scratch[i * columns..(i + 1) * columns];
            add_rows(to, &e[j * columns..(j + 1) * columns], value);
        }
        e.copy_from_slice(scratch);
    }

    /// `N ← T' N T` of a symmetric N, with `scratch` as long as `N`.
    pub(super) fn step_symmetric_back(&self, n: &mut [f64], scratch: &mut [f64]) {
        // As `step_covariance`: rows only.
        let m = self.states;
        let rows = |from: &[f64], to: &mut [f64]| {
            to.fill(0.0);
            for &(i, j, value) in &self.entries {
                add_rows(&mut to[j * m..(j + 1) * m], &from[i * m..(i + 1) * m], value);
            }
        };
        rows(n, scratch);
        for (i, row) in scratch.chunks_exact(m).enumerate() {
            row.iter().enumerate().for_each(|(j, value)| n[j * m + i] = *value);
        }
        rows(n, scratch);
        n.copy_from_slice(scratch);
    }

    /// `N ← T' N T`, with `scratch` as long as `N`.
    pub(super) fn step_covariance_back(&self, n: &mut [f64], scratch: &mut [f64]) {
        let m = self.states;
        scratch.fill(0.0);
        for &(i, j, value) in &self.entries {
            for column in 0..m {
                scratch[j * m + column] += value * n[i * m + column];
            }
        }
        n.fill(0.0);
        for &(i, j, value) in &self.entries {
            for row in 0..m {
                n[row * m + j] += value * scratch[row * m + i];
            }
        }
    }
}

/// Columns that are summed at a time.
const LANES: usize = 4;

/// `out += value · Σ rows`, the rows as long as `out`.
fn add_rows(out: &mut [f64], rows: &[f64], value: f64) {
    let m = out.len();
    if rows.len() == m {
        out.iter_mut().zip(rows).for_each(|(out, row)| *out += value * row);
        return;
    }
    let (lanes, rest) = out.as_chunks_mut::<LANES>();
    for (at, lane) in lanes.iter_mut().enumerate() {
        let mut sum = [0.0; LANES];
        for row in rows.chunks_exact(m) {
            let row = &row[at * LANES..(at + 1) * LANES];
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        lane.iter_mut().zip(sum).for_each(|(out, sum)| *out += value * sum);
    }
    let first = m - rest.len();
    for (k, out) in rest.iter_mut().enumerate() {
        *out += value * rows.chunks_exact(m).map(|row| row[first + k]).sum::<f64>();
    }
}
#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::random::{normal, stream};

    /// Level, damped slope, seasonal states that move along, and states as given: to here, from there.
    fn model(states: usize, season: usize, copies: &[(usize, usize)]) -> Transition {
        let mut made = Transition::new(states);
        [(0, 0, 1.0), (0, 1, 1.0), (1, 1, 0.9)].into_iter().for_each(|(i, j, value)| made.set(i, j, value));
        for j in 2..=season {
            made.set(2, j, -1.0);
            if j < season {
                made.set(j + 1, j, 1.0);
            }
        }
        copies.iter().for_each(|&(to, from)| made.set(to, from, 1.0));
        made
    }

    /// Rows that are copied and rows that are mixed give `T P T'` and `T a`, also once a row has changed.
    #[test]
    fn steps_are_the_dense_products() {
        let alone = model(13, 12, &[]);
        assert_eq!((&alone.copies[..], alone.mixed.len(), alone.runs.len()), (&[(3, 2, 10)][..], 3, 3));
        let mut damped = alone.clone();
        damped.change(1, 1, 0.5);
        assert_eq!((damped.mixed.len(), damped.runs.len()), (3, 3));
        let mut broken = alone.clone();
        broken.change(2, 5, 0.5);
        assert_eq!((broken.mixed.len(), broken.runs.len()), (3, 5));
        let staying = model(9, 5, &[(6, 6), (7, 7), (8, 8)]);
        assert_eq!((&staying.copies[..], staying.mixed.len()), (&[(3, 2, 3), (6, 6, 3)][..], 3));
        let one = model(7, 5, &[(6, 6)]);
        assert_eq!((&one.copies[..], one.mixed.len()), (&[(3, 2, 3)][..], 4));
        let mut two = model(8, 5, &[(6, 1), (7, 1)]);
        assert_eq!(two.copies, [(3, 2, 3), (6, 1, 1), (7, 1, 1)]);
        two.change(4, 3, 0.5);
        assert_eq!((two.copies.len(), two.mixed.len()), (4, 4));
        for made in [alone, damped, broken, staying, one, two] {
            let m = made.states;
            let mut generator = stream(1, 0);
            let root = Array2::from_shape_fn((m, m), |_| normal(&mut generator));
            let mut dense = Array2::zeros((m, m));
            made.entries.iter().for_each(|&(i, j, value)| dense[[i, j]] = value);
            let p = root.dot(&root.t());
            let expected = dense.dot(&p).dot(&dense.t());
            let mut stepped: Vec<f64> = p.iter().copied().collect();
            made.step_covariance(&mut stepped, &mut vec![0.0; m * m]);
            for (ours, dense) in stepped.iter().zip(&expected) {
                assert!((ours - dense).abs() < 1e-12, "{made:?}: {ours} {dense}");
            }
            for i in 0..m {
                (0..i).for_each(|j| assert_eq!(stepped[i * m + j], stepped[j * m + i], "{made:?}"));
            }
            let mut mean: Vec<f64> = root.row(0).to_vec();
            made.step_mean(&mut mean, &mut vec![0.0; m]);
            for (ours, dense) in mean.iter().zip(&dense.dot(&root.row(0))) {
                assert!((ours - dense).abs() < 1e-13, "{made:?}: {ours} {dense}");
            }
        }
    }
}
