//! Filter and smoother for observations that are known by what they say about their signal.
//!
//! Observation t multiplies the density of its signal `θ_t = Z_t'α_t` by `exp(s (θ − θ̃) − ½ w (θ − θ̃)²)`, where θ̃ is a
//! point, s the pull there and w the weight. A weight of zero or below is nothing special, as long as the whole is a
//! density. The diffuse start is kept apart as unknown constants δ that are estimated in the end (de Jong 1991), which
//! stays exact however little the first observations say. The smoother works on disturbances and keeps n·m numbers, no
//! matrix a period (Durbin & Koopman 2012, §4.5).

use crate::random::{Generator, normal};
use crate::timeseries::statespace::filter::dot;
use crate::timeseries::statespace::{StateSpace, add_draw, factor};

/// A pivot of the information about δ this small beside its diagonal means that δ is not known.
const SINGULAR: f64 = 1e-13;

/// Where every observation is looked at, and what it says there.
#[derive(Debug, Clone, Default)]
pub(in crate::timeseries) struct Expansion {
    /// θ̃.
    pub(in crate::timeseries) point: Vec<f64>,
    /// s.
    pub(in crate::timeseries) pull: Vec<f64>,
    /// w.
    pub(in crate::timeseries) weight: Vec<f64>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::timeseries) enum Trouble {
    /// The weights do not make a density.
    Weights,
    /// Part of the diffuse start is not known.
    Unknown,
    /// The search for the mode went astray.
    Astray,
}

/// A path of the states: its signals, and the pulls that make it.
#[derive(Debug, Clone, Default)]
pub(in crate::timeseries) struct Path {
    /// θ.
    pub(in crate::timeseries) signal: Vec<f64>,
    /// δ.
    delta: Vec<f64>,
    /// `r_0`: the start is `a_1 + δ + P_1 r_0`.
    start: Vec<f64>,
    /// `r_t`, time × states: `η_t = Q r_t`.
    pulls: Vec<f64>,
}

impl Path {
    /// `Σ r'Q r + r_0'P_1 r_0` with the pulls of another: twice minus the log-density of the states, up to a constant.
    pub(in crate::timeseries) fn product(&self, other: &Self, model: &StateSpace) -> f64 {
        let m = model.states;
        let mut sum = 0.0;
        for (one, two) in self.pulls.chunks_exact(m).zip(other.pulls.chunks_exact(m)) {
            for ((a, b), q) in one.iter().zip(two).zip(&model.state_variance) {
                sum += a * b * q;
            }
        }
        for (i, row) in model.covariance.chunks_exact(m).enumerate() {
            sum += self.start[i] * dot(row, &other.start);
        }
        sum
    }

    /// `self + step · (other − self)`.
    pub(in crate::timeseries) fn towards(&mut self, other: &Self, step: f64) {
        let mix = |to: &mut Vec<f64>, from: &[f64]| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += step * (from - *to));
        };
        mix(&mut self.signal, &other.signal);
        mix(&mut self.delta, &other.delta);
        mix(&mut self.start, &other.start);
        mix(&mut self.pulls, &other.pulls);
    }
}

/// The filter with its memory.
#[derive(Debug, Clone)]
pub(in crate::timeseries) struct Information {
    /// States that start diffuse.
    diffuse: Vec<usize>,
    a: Vec<f64>,
    p: Vec<f64>,
    /// How the states hang on δ, states × d.
    e: Vec<f64>,
    z: Vec<f64>,
    r: Vec<f64>,
    scratch: Vec<f64>,
    /// `P_t Z_t`, time × states.
    gain: Vec<f64>,
    /// `1 / (1 + w Z'PZ)`.
    shrink: Vec<f64>,
    /// `E'Z`, time × d.
    share: Vec<f64>,
    /// `(s + w (θ̃ − Z'a)) / (1 + w Z'PZ)`.
    innovation: Vec<f64>,
    weight: Vec<f64>,
    /// Information about δ, then its Cholesky factor in the lower triangle.
    factor: Vec<f64>,
    delta: Vec<f64>,
    log_determinant: f64,
}

impl Information {
    /// Memory for this model over n periods.
    pub(in crate::timeseries) fn new(model: &StateSpace, n: usize) -> Self {
        let m = model.states;
        let diffuse: Vec<usize> = (0..m).filter(|&i| model.diffuse[i]).collect();
        let d = diffuse.len();
        Self {
            a: vec![0.0; m],
            p: vec![0.0; m * m],
            e: vec![0.0; m * d],
            z: vec![0.0; m],
            r: vec![0.0; m],
            scratch: vec![0.0; m * m.max(d)],
            gain: vec![0.0; n * m],
            shrink: vec![1.0; n],
            share: vec![0.0; n * d],
            innovation: vec![0.0; n],
            weight: vec![0.0; n],
            factor: vec![0.0; d * d],
            delta: vec![0.0; d],
            log_determinant: 0.0,
            diffuse,
        }
    }

    /// How many states start diffuse.
    pub(in crate::timeseries) fn n_diffuse(&self) -> usize {
        self.diffuse.len()
    }

    /// `Σ log(1 + w Z'PZ) + log |S|`, S the information about δ: the log-determinant of the last pass.
    pub(in crate::timeseries) fn log_determinant(&self) -> f64 {
        self.log_determinant
    }

    /// One pass: means, covariances and δ given the observations.
    pub(in crate::timeseries) fn forward(
        &mut self,
        model: &StateSpace,
        view: &Expansion,
    ) -> Result<(), Trouble> {
        let (m, d) = (model.states, self.diffuse.len());
        self.a.copy_from_slice(&model.mean);
        self.p.copy_from_slice(&model.covariance);
        self.e.fill(0.0);
        for (column, &state) in self.diffuse.iter().enumerate() {
            self.e[state * d + column] = 1.0;
        }
        self.factor.fill(0.0);
        self.delta.fill(0.0);
        self.weight.copy_from_slice(&view.weight);
        self.log_determinant = 0.0;
        for t in 0..view.point.len() {
            let (w, pull) = (view.weight[t], view.pull[t]);
            self.shrink[t] = 1.0;
            self.innovation[t] = 0.0;
            if w == 0.0 && pull == 0.0 {
                self.step(model);
                continue;
            }
            model.loading_at(t, &mut self.z);
            let share = &mut self.share[t * d..(t + 1) * d];
            let gain = &mut self.gain[t * m..(t + 1) * m];
            share.fill(0.0);
            gain.fill(0.0);
            for (i, &z) in self.z.iter().enumerate().filter(|(_, z)| **z != 0.0) {
                gain.iter_mut().zip(&self.p[i * m..(i + 1) * m]).for_each(|(g, p)| *g += z * p);
                share.iter_mut().zip(&self.e[i * d..(i + 1) * d]).for_each(|(s, e)| *s += z * e);
            }
            let total = 1.0 + w * dot(&self.z, gain);
            if !(total > 0.0 && total.is_finite()) {
                return Err(Trouble::Weights);
            }
            let shrink = 1.0 / total;
            let innovation = (pull + w * (view.point[t] - dot(&self.z, &self.a))) * shrink;
            let g = w * shrink;
            self.shrink[t] = shrink;
            self.innovation[t] = innovation;
            self.log_determinant += total.ln();
            for (i, &gain) in gain.iter().enumerate().filter(|(_, g)| **g != 0.0) {
                self.a[i] += gain * innovation;
                self.e[i * d..(i + 1) * d].iter_mut().zip(&*share).for_each(|(e, s)| *e -= gain * g * s);
            }
            for (i, row) in self.p.chunks_exact_mut(m).enumerate() {
                let left = gain[i] * g;
                row.iter_mut().zip(&*gain).for_each(|(p, right)| *p -= left * right);
            }
            for (i, &s) in share.iter().enumerate() {
                self.delta[i] += s * innovation;
                self.factor[i * d..=i * d + i].iter_mut().zip(&*share).for_each(|(f, o)| *f += g * s * o);
            }
            self.step(model);
        }
        self.log_determinant += cholesky(&mut self.factor, d)?;
        solve(&self.factor, &mut self.delta);
        Ok(())
    }

    /// To the next period.
    fn step(&mut self, model: &StateSpace) {
        let (m, d) = (model.states, self.diffuse.len());
        model.step_mean(&mut self.a, &mut self.scratch[..m]);
        model.step_covariance(&mut self.p, &mut self.scratch[..m * m]);
        for (i, q) in model.state_variance.iter().enumerate() {
            self.p[i * m + i] += q;
        }
        model.transition.step_rows(&mut self.e, d, &mut self.scratch[..m * d]);
    }

    /// The path of the last pass, the mean of all states given all observations.
    pub(in crate::timeseries) fn backward(&mut self, model: &StateSpace, path: &mut Path) {
        self.smoothed(model, true, path);
    }

    /// Pulls, then the states that they make; from a start of zero unless it is `centred` on the model's.
    fn smoothed(&mut self, model: &StateSpace, centred: bool, path: &mut Path) {
        let (m, n) = (model.states, self.shrink.len());
        path.delta.clone_from(&self.delta);
        path.pulls.resize(n * m, 0.0);
        path.signal.resize(n, 0.0);
        self.pulls(model, &mut path.pulls);
        path.start.clone_from(&self.r);
        let Path { signal, delta, start, pulls } = path;
        let parts = Parts { delta, start, pulls };
        // The pulls' memory is free again.
        let Self { r: state, z, scratch, .. } = self;
        walk(model, &self.diffuse, centred, &parts, state, &mut scratch[..m], |t, state| {
            model.loading_at(t, z);
            signal[t] = dot(z, state);
        });
    }

    /// All states of a path.
    pub(in crate::timeseries) fn states(&self, model: &StateSpace, path: &Path) -> Vec<Vec<f64>> {
        let m = model.states;
        let parts = Parts { delta: &path.delta, start: &path.start, pulls: &path.pulls };
        let mut states = Vec::with_capacity(path.signal.len());
        let (mut state, mut scratch) = (vec![0.0; m], vec![0.0; m]);
        walk(model, &self.diffuse, true, &parts, &mut state, &mut scratch, |_, a| states.push(a.to_vec()));
        states
    }

    /// `r_t` of every period from the innovations and δ; `r_0` stays in the memory.
    fn pulls(&mut self, model: &StateSpace, pulls: &mut [f64]) {
        let (m, d) = (model.states, self.diffuse.len());
        self.r.fill(0.0);
        for t in (0..self.shrink.len()).rev() {
            pulls[t * m..(t + 1) * m].copy_from_slice(&self.r);
            model.transition.step_mean_back(&mut self.r, &mut self.scratch[..m]);
            let g = self.weight[t] * self.shrink[t];
            let of_delta = dot(&self.share[t * d..(t + 1) * d], &self.delta);
            let gain = &self.gain[t * m..(t + 1) * m];
            let pull = self.innovation[t] - g * (of_delta + dot(gain, &self.r));
            if pull != 0.0 {
                model.loading_at(t, &mut self.z);
                self.r.iter_mut().zip(&self.z).for_each(|(r, z)| *r += z * pull);
            }
        }
    }

    /// Mean and covariance (row by row) of the states one period after the last pass.
    pub(in crate::timeseries) fn next(&self) -> (Vec<f64>, Vec<f64>) {
        let (m, d) = (self.a.len(), self.diffuse.len());
        let mut mean = self.a.clone();
        let mut covariance = self.p.clone();
        // L⁻¹E', so that E S⁻¹ E' is a product with itself.
        let mut half = self.e.clone();
        for (i, row) in half.chunks_exact_mut(d.max(1)).enumerate().take(m) {
            mean[i] += dot(row, &self.delta);
            forward_substitute(&self.factor, row);
        }
        for i in 0..m {
            for j in 0..m {
                covariance[i * m + j] += dot(&half[i * d..(i + 1) * d], &half[j * d..(j + 1) * d]);
            }
        }
        (mean, covariance)
    }

    /// A draw of the error of the signals given all observations, by simulating states and observations and smoothing
    /// the latter (Durbin & Koopman 2002). The weights of the last pass must not be negative.
    pub(in crate::timeseries) fn draw(
        &mut self,
        model: &StateSpace,
        generator: &mut Generator,
        path: &mut Path,
        error: &mut [f64],
    ) {
        let (m, d, n) = (model.states, self.diffuse.len(), self.shrink.len());
        let mut state = vec![0.0; m];
        let start = factor(&model.covariance, m);
        add_draw(&mut state, &start, generator);
        let sizes: Vec<f64> = model.state_variance.iter().map(|q| q.sqrt()).collect();
        self.a.fill(0.0);
        self.delta.fill(0.0);
        for t in 0..n {
            model.loading_at(t, &mut self.z);
            error[t] = dot(&self.z, &state);
            let w = self.weight[t];
            self.innovation[t] = 0.0;
            if w > 0.0 {
                let pull = w * (error[t] - dot(&self.z, &self.a)) + w.sqrt() * normal(generator);
                let innovation = pull * self.shrink[t];
                self.innovation[t] = innovation;
                let gain = &self.gain[t * m..(t + 1) * m];
                self.a.iter_mut().zip(gain).for_each(|(a, g)| *a += g * innovation);
                let share = &self.share[t * d..(t + 1) * d];
                self.delta.iter_mut().zip(share).for_each(|(s, e)| *s += e * innovation);
            }
            model.step_mean(&mut state, &mut self.scratch[..m]);
            for (a, size) in state.iter_mut().zip(&sizes).filter(|(_, size)| **size > 0.0) {
                *a += size * normal(generator);
            }
            model.step_mean(&mut self.a, &mut self.scratch[..m]);
        }
        solve(&self.factor, &mut self.delta);
        self.smoothed(model, false, path);
        error.iter_mut().zip(&path.signal).for_each(|(e, s)| *e -= s);
    }
}

/// What makes a path.
struct Parts<'a> {
    delta: &'a [f64],
    start: &'a [f64],
    pulls: &'a [f64],
}

/// Goes through the states that a path's parts make, period by period.
fn walk(
    model: &StateSpace,
    diffuse: &[usize],
    centred: bool,
    parts: &Parts<'_>,
    state: &mut [f64],
    scratch: &mut [f64],
    mut visit: impl FnMut(usize, &[f64]),
) {
    let m = model.states;
    state.fill(0.0);
    if centred {
        state.copy_from_slice(&model.mean);
    }
    diffuse.iter().zip(parts.delta).for_each(|(&i, delta)| state[i] += delta);
    for (i, row) in model.covariance.chunks_exact(m).enumerate() {
        state[i] += dot(row, parts.start);
    }
    for (t, pulls) in parts.pulls.chunks_exact(m).enumerate() {
        visit(t, state);
        model.step_mean(state, scratch);
        for ((a, q), r) in state.iter_mut().zip(&model.state_variance).zip(pulls) {
            *a += q * r;
        }
    }
}

/// Factorises the lower triangle in place and gives the log-determinant.
fn cholesky(a: &mut [f64], d: usize) -> Result<f64, Trouble> {
    let mut log_determinant = 0.0;
    for j in 0..d {
        let (before, rest) = a.split_at_mut((j + 1) * d);
        let row = &mut before[j * d..];
        let diagonal = row[j];
        let pivot = diagonal - dot(&row[..j], &row[..j]);
        if !(pivot > SINGULAR * diagonal && pivot.is_finite()) {
            return Err(Trouble::Unknown);
        }
        let root = pivot.sqrt();
        log_determinant += pivot.ln();
        row[j] = root;
        for below in rest.chunks_exact_mut(d) {
            below[j] = (below[j] - dot(&below[..j], &row[..j])) / root;
        }
    }
    Ok(log_determinant)
}

/// `x ← L⁻¹ x`.
fn forward_substitute(factor: &[f64], x: &mut [f64]) {
    let d = x.len();
    for i in 0..d {
        let (known, rest) = x.split_at_mut(i);
        rest[0] = (rest[0] - dot(&factor[i * d..i * d + i], known)) / factor[i * d + i];
    }
}

/// `x ← (L L')⁻¹ x`.
fn solve(factor: &[f64], x: &mut [f64]) {
    let d = x.len();
    forward_substitute(factor, x);
    for i in (0..d).rev() {
        let sum: f64 = (i + 1..d).map(|j| factor[j * d + i] * x[j]).sum();
        x[i] = (x[i] - sum) / factor[i * d + i];
    }
}
