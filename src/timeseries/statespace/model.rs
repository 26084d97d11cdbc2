//! The system matrices, sparse where structural models are sparse.

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::timeseries::statespace::transition::Transition;

/// A state space model of one series.
///
/// Entries are set one by one; whatever is not set is zero.
#[derive(Debug, Clone, PartialEq)]
pub struct StateSpace {
    pub(super) states: usize,
    /// T.
    pub(super) transition: Transition,
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
            transition: Transition::new(states),
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
        self.transition.set(to, from, value);
        self
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
        self.transition.change(to, from, value);
    }

    /// Changes the variance a state starts with.
    pub(in crate::timeseries) fn set_start_variance(&mut self, state: usize, variance: f64) {
        self.covariance[state * self.states + state] = variance;
    }

    /// `T[to, from]`.
    pub(in crate::timeseries) fn transition_at(&self, to: usize, from: usize) -> f64 {
        self.transition.entry(to, from)
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
        self.transition.step_mean(a, scratch);
    }

    /// `P ← T P T'`, with `scratch` as long as `P`.
    pub(in crate::timeseries) fn step_covariance(&self, p: &mut [f64], scratch: &mut [f64]) {
        self.transition.step_covariance(p, scratch);
    }
}
