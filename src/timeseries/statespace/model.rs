//! The system matrices, sparse where structural models are sparse.

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// A state space model of one series.
///
/// Entries are set one by one; whatever is not set is zero. The transition is kept as its nonzero entries, so a
/// seasonal of period twelve costs twelve of them and not a hundred and forty-four.
#[derive(Debug, Clone, PartialEq)]
pub struct StateSpace {
    pub(super) states: usize,
    /// Nonzero entries (row, column, value) of T, by row.
    pub(super) transition: Vec<(usize, usize, f64)>,
    /// Rows of T that are rows of the identity for good, as stretches: to here, from there, so many.
    copies: Vec<(usize, usize, usize)>,
    /// The other rows, each with the stretch of its entries.
    mixed: Vec<(usize, usize, usize)>,
    /// Z, the part that does not change over time.
    pub(super) loading: Vec<f64>,
    /// States whose loading changes over time, and their loadings: time × these states.
    pub(super) moving: Option<(Vec<usize>, Array2<f64>)>,
    /// H, the part that does not change over time.
    pub(super) observation_variance: f64,
    /// What is known to come to it at each time: sampling variances. Nothing past the end.
    pub(super) known_variance: Vec<f64>,
    /// Diagonal of Q.
    pub(super) state_variance: Vec<f64>,
    /// `a_1`.
    pub(super) mean: Vec<f64>,
    /// P_*, row by row.
    pub(super) covariance: Vec<f64>,
    /// Which states start diffuse.
    pub(super) diffuse: Vec<bool>,
}

impl StateSpace {
    /// A model with this many states, all matrices zero.
    pub fn new(states: usize) -> Self {
        Self {
            states,
            transition: Vec::new(),
            copies: Vec::new(),
            mixed: (0..states).map(|i| (i, 0, 0)).collect(),
            loading: vec![0.0; states],
            moving: None,
            observation_variance: 0.0,
            known_variance: Vec::new(),
            state_variance: vec![0.0; states],
            mean: vec![0.0; states],
            covariance: vec![0.0; states * states],
            diffuse: vec![false; states],
        }
    }

    /// `T[to, from] = value`.
    #[must_use]
    pub fn transition(mut self, to: usize, from: usize, value: f64) -> Self {
        self.transition.retain(|&(i, j, _)| (i, j) != (to, from));
        if value != 0.0 {
            self.transition.push((to, from, value));
            self.transition.sort_unstable_by_key(|&(i, j, _)| (i, j));
        }
        self.find_copies(None);
        self
    }

    /// Which rows of T copy a state; not one that changes.
    fn find_copies(&mut self, changes: Option<usize>) {
        let before = std::mem::take(&mut self.copies);
        let was = |i: usize| before.iter().any(|&(to, _, n)| (to..to + n).contains(&i));
        self.mixed.clear();
        let mut end = 0;
        for i in 0..self.states {
            let start = end;
            end += self.transition[start..].iter().take_while(|e| e.0 == i).count();
            let copy = match self.transition[start..end] {
                [(_, of, 1.0)] if of <= i && (changes.is_none() || (was(i) && changes != Some(i))) => of,
                _ => {
                    self.mixed.push((i, start, end));
                    continue;
                }
            };
            match self.copies.last_mut() {
                Some((to, from, n)) if (*to + *n, *from + *n) == (i, copy) => *n += 1,
                _ => self.copies.push((i, copy, 1)),
            }
        }
    }

    /// `Z[state] = value` at every time.
    #[must_use]
    pub fn observe(mut self, state: usize, value: f64) -> Self {
        self.loading[state] = value;
        self
    }

    /// `Z_t[state] = x[t]` for the states `first, first + 1, …`, one for every column of `x` (time × columns).
    ///
    /// # Errors
    /// [`Error::Shape`] when there are not that many states.
    pub fn regressors(mut self, first: usize, x: ArrayView2<'_, f64>) -> Result<Self> {
        if first + x.ncols() > self.states {
            return Err(Error::Shape {
                what: "regressor states".into(),
                expected: format!("{} states", first + x.ncols()),
                found: format!("{} states", self.states),
            });
        }
        self.moving = Some(((first..first + x.ncols()).collect(), x.to_owned()));
        Ok(self)
    }

    /// H.
    #[must_use]
    pub fn observation_variance(mut self, variance: f64) -> Self {
        self.observation_variance = variance;
        self
    }

    /// Observation t has `known[t]` more variance than H, such as the sampling variance of an estimate.
    #[must_use]
    pub fn known_variance(mut self, known: Vec<f64>) -> Self {
        self.known_variance = known;
        self
    }

    /// `Q[state, state]`.
    #[must_use]
    pub fn state_variance(mut self, state: usize, variance: f64) -> Self {
        self.state_variance[state] = variance;
        self
    }

    /// Nothing is known about this state at the start.
    #[must_use]
    pub fn diffuse(mut self, state: usize) -> Self {
        self.diffuse[state] = true;
        self
    }

    /// This state starts with a known mean and variance.
    #[must_use]
    pub fn start(mut self, state: usize, mean: f64, variance: f64) -> Self {
        self.diffuse[state] = false;
        self.mean[state] = mean;
        self.covariance[state * self.states + state] = variance;
        self
    }

    /// The states `first, first + 1, …` start with mean zero and this covariance.
    #[must_use]
    pub fn start_together(mut self, first: usize, covariance: ArrayView2<'_, f64>) -> Self {
        for ((i, j), value) in covariance.indexed_iter() {
            self.diffuse[first + i] = false;
            self.covariance[(first + i) * self.states + first + j] = *value;
        }
        self
    }

    /// Changes H in place, for likelihoods in a loop.
    pub(in crate::timeseries) fn set_observation_variance(&mut self, variance: f64) {
        self.observation_variance = variance;
    }

    /// Changes `Q[state, state]` in place.
    pub(in crate::timeseries) fn set_state_variance(&mut self, state: usize, variance: f64) {
        self.state_variance[state] = variance;
    }

    /// Changes an entry of T that is there already.
    pub(in crate::timeseries) fn set_transition(&mut self, to: usize, from: usize, value: f64) {
        if self.mixed.iter().all(|row| row.0 != to) {
            self.find_copies(Some(to));
        }
        for entry in self.transition.iter_mut().filter(|e| (e.0, e.1) == (to, from)) {
            entry.2 = value;
        }
    }

    /// Changes the variance a state starts with.
    pub(in crate::timeseries) fn set_start_variance(&mut self, state: usize, variance: f64) {
        self.covariance[state * self.states + state] = variance;
    }

    /// The variance a state starts with.
    pub(in crate::timeseries) fn start_variance(&self, state: usize) -> f64 {
        self.covariance[state * self.states + state]
    }

    /// The part of Z that does not change over time.
    pub(in crate::timeseries) fn loading(&self) -> &[f64] {
        &self.loading
    }

    /// The diagonal of Q.
    pub(in crate::timeseries) fn state_variances(&self) -> &[f64] {
        &self.state_variance
    }

    /// H at one time.
    pub(super) fn noise_at(&self, t: usize) -> f64 {
        self.observation_variance + self.known_variance.get(t).copied().unwrap_or(0.0)
    }

    /// How many states.
    pub fn states(&self) -> usize {
        self.states
    }

    /// H.
    pub fn noise(&self) -> f64 {
        self.observation_variance
    }

    /// Writes `Z_t` into `z`. Past the end of the regressors their last row is taken.
    pub(super) fn loading_at(&self, t: usize, z: &mut [f64]) {
        z.copy_from_slice(&self.loading);
        if let Some((states, x)) = &self.moving {
            let row = t.min(x.nrows().saturating_sub(1));
            for (j, &state) in states.iter().enumerate() {
                z[state] = x[[row, j]];
            }
        }
    }

    /// `a ← T a`, with `scratch` as long as `a`.
    pub(in crate::timeseries) fn step_mean(&self, a: &mut [f64], scratch: &mut [f64]) {
        scratch.fill(0.0);
        for &(i, j, value) in &self.transition {
            scratch[i] += value * a[j];
        }
        a.copy_from_slice(scratch);
    }

    /// `a ← T' a`, with `scratch` as long as `a`.
    pub(super) fn step_mean_back(&self, a: &mut [f64], scratch: &mut [f64]) {
        scratch.fill(0.0);
        for &(i, j, value) in &self.transition {
            scratch[j] += value * a[i];
        }
        a.copy_from_slice(scratch);
    }

    /// `P ← T P T'`, with `scratch` as long as `P`.
    pub(in crate::timeseries) fn step_covariance(&self, p: &mut [f64], scratch: &mut [f64]) {
        let m = self.states;
        // A seasonal only moves most of its states along: what is left of T P are few rows.
        for &(i, start, end) in &self.mixed {
            let out = &mut scratch[i * m..(i + 1) * m];
            out.fill(0.0);
            for &(_, j, value) in &self.transition[start..end] {
                out.iter_mut().zip(&p[j * m..(j + 1) * m]).for_each(|(out, p)| *out += value * p);
            }
        }
        // Stretches that move to later states can move in place, the last first.
        for &(to, from, n) in self.copies.iter().rev() {
            for k in (0..n).rev() {
                for &(column, of, length) in self.copies.iter().rev() {
                    let start = (from + k) * m + of;
                    p.copy_within(start..start + length, (to + k) * m + column);
                }
            }
        }
        // P is symmetric, and must stay so to the last digit: what rounding leaves on one side of the diagonal grows from step to
        // step where covariances are large beside the shocks.
        for (at, &(i, start, end)) in self.mixed.iter().enumerate() {
            let row = &scratch[i * m..(i + 1) * m];
            let product = |(start, end): (usize, usize), row: &[f64]| -> f64 {
                self.transition[start..end].iter().map(|&(_, j, value)| value * row[j]).sum()
            };
            for &(k, first, last) in &self.mixed[..=at] {
                let other = &scratch[k * m..(k + 1) * m];
                let both = 0.5 * (product((first, last), row) + product((start, end), other));
                (p[i * m + k], p[k * m + i]) = (both, both);
            }
            for &(to, from, n) in &self.copies {
                for k in 0..n {
                    (p[i * m + to + k], p[(to + k) * m + i]) = (row[from + k], row[from + k]);
                }
            }
        }
    }

    /// `E ← T E` of a matrix with this many columns, with `scratch` as long as `E`.
    pub(super) fn step_rows(&self, e: &mut [f64], columns: usize, scratch: &mut [f64]) {
        self.times_rows(e, columns, scratch);
        e.copy_from_slice(scratch);
    }

    fn times_rows(&self, p: &[f64], columns: usize, out: &mut [f64]) {
        out.fill(0.0);
        for &(i, j, value) in &self.transition {
            let (to, from) = (&mut out[i * columns..(i + 1) * columns], &p[j * columns..(j + 1) * columns]);
            for (to, from) in to.iter_mut().zip(from) {
                *to += value * from;
            }
        }
    }

    /// `N ← T' N T` of a symmetric N, with `scratch` as long as `N`.
    pub(super) fn step_symmetric_back(&self, n: &mut [f64], scratch: &mut [f64]) {
        // As `step_covariance`: rows only.
        let m = self.states;
        let rows = |from: &[f64], to: &mut [f64]| {
            to.fill(0.0);
            for &(i, j, value) in &self.transition {
                let (to, from) = (&mut to[j * m..(j + 1) * m], &from[i * m..(i + 1) * m]);
                to.iter_mut().zip(from).for_each(|(to, from)| *to += value * from);
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
        for &(i, j, value) in &self.transition {
            for column in 0..m {
                scratch[j * m + column] += value * n[i * m + column];
            }
        }
        n.fill(0.0);
        for &(i, j, value) in &self.transition {
            for row in 0..m {
                n[row * m + j] += value * scratch[row * m + i];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{normal, stream};

    /// Rows that are copied and rows that are mixed give `T P T'`, also once a copied row has changed.
    #[test]
    fn the_step_of_a_covariance_is_the_dense_product() {
        let season = 5;
        // Level, slope, four seasonal states that move along, a coefficient, and one that takes over an earlier state.
        let mut model = StateSpace::new(8).transition(0, 0, 1.0).transition(0, 1, 1.0).transition(1, 1, 0.9);
        for j in 2..2 + season - 1 {
            model = model.transition(2, j, -1.0);
            if j + 2 < 2 + season {
                model = model.transition(j + 1, j, 1.0);
            }
        }
        model = model.transition(6, 6, 1.0).transition(7, 1, 1.0);
        assert_eq!((model.copies.as_slice(), model.mixed.len()), (&[(3, 2, 3), (6, 6, 1), (7, 1, 1)][..], 3));
        let mut changed = model.clone();
        changed.set_transition(4, 3, 0.5);
        assert_eq!((changed.copies.len(), changed.mixed.len()), (4, 4));
        for model in [model, changed] {
            let mut generator = stream(1, 0);
            let root = Array2::from_shape_fn((8, 8), |_| normal(&mut generator));
            let mut dense = Array2::zeros((8, 8));
            model.transition.iter().for_each(|&(i, j, value)| dense[[i, j]] = value);
            let p = root.dot(&root.t());
            let expected = dense.dot(&p).dot(&dense.t());
            let mut stepped: Vec<f64> = p.iter().copied().collect();
            model.step_covariance(&mut stepped, &mut [0.0; 64]);
            for (ours, dense) in stepped.iter().zip(&expected) {
                assert!((ours - dense).abs() < 1e-13, "{ours} {dense}");
            }
        }
    }
}
