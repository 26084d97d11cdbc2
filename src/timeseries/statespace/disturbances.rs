//! Disturbances given the whole series, the score of the likelihood, and draws of the states: all from the gains of the
//! filter alone, so that nothing of the size of a matrix is kept for any period.
//!
//! Durbin & Koopman (2012), §4.5–4.9 and §5.4; Koopman & Shephard (1992) for the score; Durbin & Koopman (2002) for the
//! draws.

use crate::error::Result;
use crate::random::{Generator, normal};
use crate::timeseries::statespace::filter::dot;
use crate::timeseries::statespace::{LogLikelihood, StateSpace, Workspace, add_draw, factor};

/// What the filter did at every time: innovations, their variances and gains, n·m numbers.
#[derive(Debug, Clone)]
pub(super) struct Gains {
    pub(super) innovation: Vec<f64>,
    pub(super) variance: Vec<f64>,
    pub(super) diffuse_variance: Vec<f64>,
    /// `P_* Z`, time × states.
    pub(super) gain: Vec<f64>,
    /// `P_∞ Z` as long as the start is diffuse, time × states.
    pub(super) diffuse_gain: Vec<f64>,
}

/// The noise of a series, given all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Disturbances {
    /// Mean of ε; zero where nothing was observed.
    pub irregular: Vec<f64>,
    /// Its variance.
    pub irregular_variance: Vec<f64>,
    /// Mean of η, which leads to the next period, time × states.
    pub state: Vec<Vec<f64>>,
    /// Its variances.
    pub state_variance: Vec<Vec<f64>>,
}

/// Derivatives of the log-likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The log-likelihood itself.
    pub likelihood: LogLikelihood,
    /// By H.
    pub observation_variance: f64,
    /// By the diagonal of Q.
    pub state_variance: Vec<f64>,
    /// By the diagonal of P_*.
    pub start_variance: Vec<f64>,
}

/// One period of the way back.
struct Backward {
    /// `r` and `r^(1)`, and `N`.
    r: Vec<f64>,
    r1: Vec<f64>,
    n: Vec<f64>,
    nk: Vec<f64>,
    z: Vec<f64>,
    scratch: Vec<f64>,
}

impl Backward {
    fn new(m: usize) -> Self {
        Self {
            r: vec![0.0; m],
            r1: vec![0.0; m],
            n: vec![0.0; m * m],
            nk: vec![0.0; m],
            z: vec![0.0; m],
            scratch: vec![0.0; m * m],
        }
    }

    /// From `r_t` to `r_{t−1}`; the standardised irregular u and its variance D, if something was observed. N is left
    /// alone unless it is wanted.
    fn step(
        &mut self,
        model: &StateSpace,
        gains: &Gains,
        v: f64,
        t: usize,
        wanted: bool,
    ) -> Option<(f64, f64)> {
        let m = model.states;
        model.transition.step_mean_back(&mut self.r, &mut self.scratch[..m]);
        model.transition.step_mean_back(&mut self.r1, &mut self.scratch[..m]);
        if wanted {
            model.transition.step_symmetric_back(&mut self.n, &mut self.scratch);
        }
        if v.is_nan() {
            return None;
        }
        model.loading_at(t, &mut self.z);
        let gain = &gains.gain[t * m..(t + 1) * m];
        let (f, f_inf) = (gains.variance[t], gains.diffuse_variance[t]);
        if f_inf > 0.0 {
            let start = &gains.diffuse_gain[t * m..(t + 1) * m];
            let (of_r, of_r1) = (dot(start, &self.r) / f_inf, dot(start, &self.r1) / f_inf);
            let mixed = (dot(gain, &self.r) - f * of_r) / f_inf;
            for ((r, r1), z) in self.r.iter_mut().zip(&mut self.r1).zip(&self.z) {
                *r1 += z * (v / f_inf - of_r1 - mixed);
                *r -= z * of_r;
            }
            let spread = if wanted { self.pull_covariance(start, f_inf, 0.0) } else { 0.0 };
            return Some((-of_r, spread));
        }
        let u = (v - dot(gain, &self.r)) / f;
        let of_r1 = dot(gain, &self.r1) / f;
        for ((r, r1), z) in self.r.iter_mut().zip(&mut self.r1).zip(&self.z) {
            *r += z * u;
            *r1 -= z * of_r1;
        }
        let spread = if wanted { self.pull_covariance(gain, f, 1.0 / f) } else { 0.0 };
        Some((u, spread))
    }

    /// `N ← L'NL + zz'·more` with `L = I − k z'`, `k = gain / f`; gives `more + k'Nk`.
    fn pull_covariance(&mut self, gain: &[f64], f: f64, more: f64) -> f64 {
        let m = gain.len();
        for (nk, row) in self.nk.iter_mut().zip(self.n.chunks_exact(m)) {
            *nk = dot(row, gain) / f;
        }
        let spread = more + dot(gain, &self.nk) / f;
        // Most loadings are zero.
        for (i, &z) in self.z.iter().enumerate().filter(|(_, z)| **z != 0.0) {
            let row = &mut self.n[i * m..(i + 1) * m];
            for ((n, other), nk) in row.iter_mut().zip(&self.z).zip(&self.nk) {
                *n += z * (other * spread - nk);
            }
            (0..m).for_each(|j| self.n[j * m + i] -= self.nk[j] * z);
        }
        spread
    }
}

/// The disturbances given the whole series (NaN missing), exact through the diffuse start.
///
/// ```
/// use averted::timeseries::statespace::{StateSpace, disturbances};
/// let model = StateSpace::new(1).transition(0, 0, 1.0).observe(0, 1.0).state_variance(0, 1.0)
///     .observation_variance(2.0).diffuse(0);
/// let found = disturbances(&model, &[3.0, f64::NAN, 5.0])?;
/// // The level moves by two periods' worth, the rest is noise at either end.
/// assert!((found.state[0][0] - found.state[1][0]).abs() < 1e-12);
/// assert!((found.irregular[0] + found.irregular[2]).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::NotPositiveDefinite`] when an innovation has no positive variance.
pub fn disturbances(model: &StateSpace, y: &[f64]) -> Result<Disturbances> {
    let (gains, _) = Workspace::new(model).gains(model, y)?;
    let (m, n) = (model.states, y.len());
    let mut found = Disturbances {
        irregular: vec![0.0; n],
        irregular_variance: (0..n).map(|t| model.noise_at(t)).collect(),
        state: vec![Vec::new(); n],
        state_variance: vec![Vec::new(); n],
    };
    let mut back = Backward::new(m);
    for t in (0..n).rev() {
        let q = &model.state_variance;
        found.state[t] = q.iter().zip(&back.r).map(|(q, r)| q * r).collect();
        let left = |(i, q): (usize, &f64)| q * (1.0 - q * back.n[i * m + i]);
        found.state_variance[t] = q.iter().enumerate().map(left).collect();
        if let Some((u, spread)) = back.step(model, &gains, gains.innovation[t], t, true) {
            let h = model.noise_at(t);
            found.irregular[t] = h * u;
            found.irregular_variance[t] = h * (1.0 - h * spread);
        }
    }
    Ok(found)
}

/// The log-likelihood and its derivatives by every variance, in two passes whatever their number.
///
/// ```
/// use averted::timeseries::statespace::{StateSpace, score};
/// let model = |q: f64| StateSpace::new(1).transition(0, 0, 1.0).observe(0, 1.0).state_variance(0, q)
///     .observation_variance(2.0).diffuse(0);
/// let y = [3.0, 4.5, 5.0, 2.0];
/// let found = score(&model(1.0), &y)?;
/// let near = |q: f64| score(&model(q), &y).map(|s| s.likelihood.value);
/// let slope = (near(1.0 + 1e-5)? - near(1.0 - 1e-5)?) / 2e-5;
/// assert!((found.state_variance[0] - slope).abs() < 1e-8);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// As [`disturbances`].
pub fn score(model: &StateSpace, y: &[f64]) -> Result<Score> {
    scaled_score(&mut Workspace::new(model), model, y, |_| 1.0)
}

/// The score where all variances are multiplied by a scale, which may be that of the likelihood before: times the scale.
pub(in crate::timeseries) fn scaled_score(
    work: &mut Workspace,
    model: &StateSpace,
    y: &[f64],
    scale: impl Fn(&LogLikelihood) -> f64,
) -> Result<Score> {
    let (gains, likelihood) = work.gains(model, y)?;
    let scale = scale(&likelihood);
    let m = model.states;
    let mut back = Backward::new(m);
    let mut found = Score {
        likelihood,
        observation_variance: 0.0,
        state_variance: vec![0.0; m],
        start_variance: Vec::new(),
    };
    let half = |r: &[f64], n: &[f64], i: usize| 0.5 * (r[i] * r[i] / scale - n[i * m + i]);
    for t in (0..y.len()).rev() {
        for (i, slope) in found.state_variance.iter_mut().enumerate() {
            *slope += half(&back.r, &back.n, i);
        }
        if let Some((u, spread)) = back.step(model, &gains, gains.innovation[t], t, true) {
            found.observation_variance += 0.5 * (u * u / scale - spread);
        }
    }
    found.start_variance = (0..m).map(|i| half(&back.r, &back.n, i)).collect();
    Ok(found)
}

/// Draws of all states given the whole series.
///
/// ```
/// use averted::random::stream;
/// use averted::timeseries::statespace::{Simulator, StateSpace};
/// let model = StateSpace::new(1).transition(0, 0, 1.0).observe(0, 1.0).state_variance(0, 1.0).diffuse(0);
/// let mut simulator = Simulator::new(&model, &[3.0, f64::NAN, 5.0])?;
/// // Without noise the level is what was seen, and a bridge between.
/// let states = simulator.draw(&mut stream(1, 0));
/// assert!((states[0] - 3.0).abs() < 1e-9 && (states[2] - 5.0).abs() < 1e-9 && states[1] != 4.0);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Simulator<'a> {
    model: &'a StateSpace,
    gains: Gains,
    /// Smoothed means, time × states.
    mean: Vec<f64>,
    start: Vec<f64>,
    pulls: Vec<f64>,
    smoothed: Vec<f64>,
    innovation: Vec<f64>,
}

impl<'a> Simulator<'a> {
    /// For this series (NaN missing).
    ///
    /// # Errors
    /// [`crate::Error::NotPositiveDefinite`] when an innovation has no positive variance.
    pub fn new(model: &'a StateSpace, y: &[f64]) -> Result<Self> {
        let (gains, _) = Workspace::new(model).gains(model, y)?;
        let size = model.states * y.len();
        let mut made = Self {
            model,
            mean: vec![0.0; size],
            start: factor(&model.covariance, model.states),
            pulls: vec![0.0; size],
            smoothed: vec![0.0; size],
            innovation: gains.innovation.clone(),
            gains,
        };
        made.smooth(true);
        made.mean.clone_from(&made.smoothed);
        Ok(made)
    }

    /// Means of the states given the series, time × states laid end to end.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// One draw of the states, time × states laid end to end.
    pub fn draw(&mut self, generator: &mut Generator) -> Vec<f64> {
        let (model, m) = (self.model, self.model.states);
        let n = self.innovation.len();
        let mut state = vec![0.0; m];
        add_draw(&mut state, &self.start, generator);
        let sizes: Vec<f64> = model.state_variance.iter().map(|q| q.sqrt()).collect();
        let (mut a, mut z, mut scratch) = (vec![0.0; m], vec![0.0; m], vec![0.0; m]);
        let mut drawn = self.mean.clone();
        for t in 0..n {
            drawn[t * m..(t + 1) * m].iter_mut().zip(&state).for_each(|(d, s)| *d += s);
            if !self.gains.innovation[t].is_nan() {
                model.loading_at(t, &mut z);
                let v = dot(&z, &state) - dot(&z, &a) + model.noise_at(t).sqrt() * normal(generator);
                self.innovation[t] = v;
                let f_inf = self.gains.diffuse_variance[t];
                let (gain, f) = match f_inf > 0.0 {
                    true => (&self.gains.diffuse_gain, f_inf),
                    false => (&self.gains.gain, self.gains.variance[t]),
                };
                a.iter_mut().zip(&gain[t * m..(t + 1) * m]).for_each(|(a, g)| *a += g * v / f);
            }
            model.step_mean(&mut state, &mut scratch);
            for (s, size) in state.iter_mut().zip(&sizes).filter(|(_, size)| **size > 0.0) {
                *s += size * normal(generator);
            }
            model.step_mean(&mut a, &mut scratch);
        }
        self.smooth(false);
        drawn.iter_mut().zip(&self.smoothed).for_each(|(d, s)| *d -= s);
        drawn
    }

    /// Smoothed means from the innovations; from a start of zero unless it is `centred` on the model's.
    fn smooth(&mut self, centred: bool) {
        let (model, m) = (self.model, self.model.states);
        let n = self.innovation.len();
        let mut back = Backward::new(m);
        for t in (0..n).rev() {
            self.pulls[t * m..(t + 1) * m].copy_from_slice(&back.r);
            back.step(model, &self.gains, self.innovation[t], t, false);
        }
        let mut a = if centred { model.mean.clone() } else { vec![0.0; m] };
        for (i, row) in model.covariance.chunks_exact(m).enumerate() {
            a[i] += dot(row, &back.r);
            a[i] += if model.diffuse[i] { back.r1[i] } else { 0.0 };
        }
        for t in 0..n {
            self.smoothed[t * m..(t + 1) * m].copy_from_slice(&a);
            model.step_mean(&mut a, &mut back.scratch[..m]);
            for ((a, q), r) in a.iter_mut().zip(&model.state_variance).zip(&self.pulls[t * m..(t + 1) * m]) {
                *a += q * r;
            }
        }
    }
}
