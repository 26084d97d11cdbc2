//! The Kalman filter with an exact diffuse start, one observation at a time.

use crate::error::{Error, Result};
use crate::special::LogProduct;
use crate::timeseries::statespace::StateSpace;
use crate::timeseries::statespace::disturbances::Gains;
use crate::timeseries::statespace::start::Start;
use crate::timeseries::statespace::steady::Steady;

/// `½ log 2π`.
const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// A diffuse variance this small, relative to the squared loadings, is zero.
const DIFFUSE_TOLERANCE: f64 = 1e-10;

/// A log-likelihood and how it was made up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogLikelihood {
    /// The log-likelihood, the constant of the diffuse observations left out.
    pub value: f64,
    /// Observations that went into the diffuse start.
    pub n_diffuse: usize,
    /// Observations that were there.
    pub n_observed: usize,
    /// `Σ v²/F` over the observations after the diffuse start: divided by their number it is the factor by which
    /// all variances would have to grow to fit best.
    pub quadratic: f64,
    /// `Σ log F` over the same, and `Σ log F_∞` over the diffuse ones.
    pub log_determinant: f64,
}

/// What the filter knew at one time, before and after the observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// One-step prediction error, NaN where nothing was observed.
    pub innovation: f64,
    /// Its variance F_* (without the diffuse part).
    pub variance: f64,
    /// Its diffuse variance F_∞, zero after the start.
    pub diffuse_variance: f64,
    /// Mean of the state before the observation.
    pub mean: Vec<f64>,
    /// P_* before the observation, row by row.
    pub covariance: Vec<f64>,
    /// P_∞ before the observation, row by row; empty once it is zero.
    pub diffuse_covariance: Vec<f64>,
    /// Mean of the state after the observation.
    pub filtered: Vec<f64>,
}

/// A whole pass of the filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filtered {
    /// One step a time.
    pub steps: Vec<Step>,
    /// The log-likelihood.
    pub likelihood: LogLikelihood,
    /// Mean of the state one period after the last.
    pub next_mean: Vec<f64>,
    /// Its covariance P_*, row by row.
    pub next_covariance: Vec<f64>,
    /// Whether some state is still diffuse there: then no forecast has a finite variance.
    pub still_diffuse: bool,
}

/// The filter's memory: made once, used for every likelihood, so that the loop allocates nothing.
#[derive(Debug, Clone)]
pub struct Workspace {
    a: Vec<f64>,
    p: Vec<f64>,
    p_inf: Vec<f64>,
    z: Vec<f64>,
    m: Vec<f64>,
    m_inf: Vec<f64>,
    scratch: Vec<f64>,
    /// States whose loading is not zero.
    seen: Vec<usize>,
    diffuse: bool,
    /// The diffuse start of the passes before, and whether this one takes it.
    known_start: Start,
    pub(super) replays: bool,
    pub(super) steady: Steady,
}

/// F_*, F_∞ and the innovation of one observation.
struct Innovation {
    v: f64,
    f: f64,
    f_inf: f64,
}

impl Workspace {
    /// Memory for models of this size.
    pub fn new(model: &StateSpace) -> Self {
        let m = model.states;
        Self {
            a: vec![0.0; m],
            p: vec![0.0; m * m],
            p_inf: vec![0.0; m * m],
            z: vec![0.0; m],
            m: vec![0.0; m],
            m_inf: vec![0.0; m],
            scratch: vec![0.0; m * m],
            seen: Vec::with_capacity(m),
            diffuse: false,
            known_start: Start::default(),
            replays: false,
            steady: Steady::new(m),
        }
    }

    /// The log-likelihood of `y` (NaN missing).
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when an innovation has no positive variance.
    pub fn log_likelihood(&mut self, model: &StateSpace, y: &[f64]) -> Result<LogLikelihood> {
        self.pass(model, y, |_, _, _| ())
    }

    /// The filter's whole history over `y` (NaN missing).
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when an innovation has no positive variance.
    pub fn filter(&mut self, model: &StateSpace, y: &[f64]) -> Result<Filtered> {
        let mut steps: Vec<Step> = Vec::with_capacity(y.len());
        // The history has P_∞ in it.
        self.known_start.forget();
        let likelihood = self.pass(model, y, |work, seen, innovation| {
            if !seen {
                steps.push(Step {
                    innovation: innovation.v,
                    variance: innovation.f,
                    diffuse_variance: innovation.f_inf,
                    mean: work.a.clone(),
                    covariance: work.p.clone(),
                    diffuse_covariance: if work.diffuse { work.p_inf.clone() } else { Vec::new() },
                    filtered: Vec::new(),
                });
            } else if let Some(step) = steps.last_mut() {
                step.filtered.clone_from(&work.a);
            }
        })?;
        Ok(Filtered {
            steps,
            likelihood,
            next_mean: self.a.clone(),
            next_covariance: self.p.clone(),
            still_diffuse: self.diffuse,
        })
    }

    /// The gains of a pass over `y` and nothing larger.
    pub(super) fn gains(&mut self, model: &StateSpace, y: &[f64]) -> Result<(Gains, LogLikelihood)> {
        let size = model.states * y.len();
        let mut gains = Gains {
            innovation: Vec::with_capacity(y.len()),
            variance: Vec::with_capacity(y.len()),
            diffuse_variance: Vec::with_capacity(y.len()),
            gain: Vec::with_capacity(size),
            diffuse_gain: Vec::new(),
        };
        let likelihood = self.pass(model, y, |work, seen, innovation| {
            if !seen {
                gains.innovation.push(innovation.v);
                gains.variance.push(innovation.f);
                gains.diffuse_variance.push(innovation.f_inf);
                gains.gain.extend_from_slice(&work.m);
                if work.diffuse {
                    gains.diffuse_gain.extend_from_slice(&work.m_inf);
                }
            }
        })?;
        Ok((gains, likelihood))
    }

    /// One pass; `record` is called before (false) and after (true) every observation.
    fn pass(
        &mut self,
        model: &StateSpace,
        y: &[f64],
        mut record: impl FnMut(&Self, bool, &Innovation),
    ) -> Result<LogLikelihood> {
        self.start(model, y);
        let (mut n_diffuse, mut n_observed) = (0, 0);
        let mut quadratic = 0.0;
        let mut determinant = LogProduct::new();
        let mut f = 0.0;
        for (t, &value) in y.iter().enumerate() {
            if value.is_nan() || !self.as_before(model, t) {
                self.steady.leave();
            }
            if self.steady.reached {
                // P_*, M_* and F_* are those of the period before.
                let innovation = Innovation { v: value - self.signal(), f, f_inf: 0.0 };
                record(self, false, &innovation);
                n_observed += 1;
                determinant.take(f);
                quadratic += self.learn_mean(&innovation);
                record(self, true, &innovation);
                model.step_mean(&mut self.a, &mut self.scratch[..model.states]);
                self.steady.periods += 1;
                continue;
            }
            let innovation = self.look(model, t, value);
            record(self, false, &innovation);
            if !value.is_nan() {
                n_observed += 1;
                if innovation.f_inf > 0.0 {
                    n_diffuse += 1;
                    determinant.take(innovation.f_inf);
                    self.learn_diffuse(model, &innovation);
                } else {
                    if !(innovation.f > 0.0 && innovation.f.is_finite()) {
                        return Err(Error::NotPositiveDefinite {
                            what: "variance of a one-step prediction".into(),
                            pivot: t,
                        });
                    }
                    f = innovation.f;
                    determinant.take(f);
                    quadratic += self.learn(&innovation);
                }
            }
            record(self, true, &innovation);
            self.predict(model, t);
            if !(value.is_nan() || self.diffuse) {
                self.steady.look(&self.p);
            }
        }
        let log_determinant = determinant.ln();
        let regular = (n_observed - n_diffuse) as f64;
        Ok(LogLikelihood {
            value: -HALF_LOG_TWO_PI * regular - 0.5 * (log_determinant + quadratic),
            n_diffuse,
            n_observed,
            quadratic,
            log_determinant,
        })
    }

    /// Mean and P_* of the state one period after the last observation of the last pass, and whether some state is
    /// still diffuse there.
    pub(in crate::timeseries) fn next(&self) -> (&[f64], &[f64], bool) {
        (&self.a, &self.p, self.diffuse)
    }

    fn start(&mut self, model: &StateSpace, y: &[f64]) {
        self.a.copy_from_slice(&model.mean);
        self.p.copy_from_slice(&model.covariance);
        self.diffuse = model.diffuse.iter().any(|&d| d);
        self.steady.start();
        if !y.is_empty() {
            self.load(model, 0);
        }
        self.replays = self.diffuse && self.known_start.is_of(model, y, &mut self.scratch[..model.states]);
        if self.replays {
            return;
        }
        self.known_start.forget();
        self.p_inf.fill(0.0);
        for (state, _) in model.diffuse.iter().enumerate().filter(|(_, d)| **d) {
            self.p_inf[state * model.states + state] = 1.0;
        }
    }

    /// `Z_t`.
    fn load(&mut self, model: &StateSpace, t: usize) {
        model.loading_at(t, &mut self.z);
        self.seen.clear();
        self.seen.extend((0..model.states).filter(|&i| self.z[i] != 0.0));
    }

    /// `Z_t' a_t`.
    fn signal(&self) -> f64 {
        self.across(&self.a)
    }

    /// `Z_t' v`; most loadings are zero.
    fn across(&self, v: &[f64]) -> f64 {
        self.seen.iter().map(|&i| self.z[i] * v[i]).sum()
    }

    /// Whether loadings and noise are those of the period before, after the first.
    fn as_before(&mut self, model: &StateSpace, t: usize) -> bool {
        if model.moving.is_none() && model.known_variance.is_empty() {
            return true;
        }
        model.loading_at(t, &mut self.steady.loading);
        let noise = std::mem::replace(&mut self.steady.noise, model.noise_at(t));
        noise == self.steady.noise && self.steady.loading == self.z
    }

    /// `M_* = P_* Z`, `M_∞ = P_∞ Z` and the innovation.
    fn look(&mut self, model: &StateSpace, t: usize, value: f64) -> Innovation {
        if model.moving.is_some() {
            self.load(model, t);
        }
        let m = model.states;
        // The rows of a symmetric P are its columns.
        let product = |p: &[f64], out: &mut [f64]| {
            out.fill(0.0);
            for &i in &self.seen {
                let (row, loading) = (&p[i * m..(i + 1) * m], self.z[i]);
                out.iter_mut().zip(row).for_each(|(out, p)| *out += loading * p);
            }
        };
        product(&self.p, &mut self.m);
        let mut f_inf = 0.0;
        if self.replays && self.diffuse {
            f_inf = self.known_start.at(t, &mut self.m_inf);
        } else if self.diffuse {
            product(&self.p_inf, &mut self.m_inf);
            f_inf = self.across(&self.m_inf);
            // P_∞ loses rank step by step; what rounding leaves of it is not information.
            if f_inf <= DIFFUSE_TOLERANCE * dot(&self.z, &self.z) {
                f_inf = 0.0;
            }
            self.known_start.push(value.is_nan(), &self.z, f_inf, &self.m_inf, &self.p_inf);
        }
        Innovation { v: value - self.signal(), f: self.across(&self.m) + model.noise_at(t), f_inf }
    }

    /// The mean given the observation; v²/F.
    fn learn_mean(&mut self, innovation: &Innovation) -> f64 {
        let gain = innovation.v / innovation.f;
        for (a, m) in self.a.iter_mut().zip(&self.m) {
            *a += m * gain;
        }
        innovation.v * gain
    }

    fn learn(&mut self, innovation: &Innovation) -> f64 {
        subtract_outer(&mut self.p, &self.m, 1.0 / innovation.f);
        self.learn_mean(innovation)
    }

    fn learn_diffuse(&mut self, model: &StateSpace, innovation: &Innovation) {
        let size = self.a.len();
        let share = 1.0 / innovation.f_inf;
        for (a, m) in self.a.iter_mut().zip(&self.m_inf) {
            *a += m * innovation.v * share;
        }
        let ratio = innovation.f * share * share;
        for ((row, m), m_inf) in self.p.chunks_exact_mut(size).zip(&self.m).zip(&self.m_inf) {
            for ((p, other), other_inf) in row.iter_mut().zip(&self.m).zip(&self.m_inf) {
                *p += m_inf * other_inf * ratio - (m * other_inf + m_inf * other) * share;
            }
        }
        if self.replays {
            return;
        }
        subtract_outer(&mut self.p_inf, &self.m_inf, share);
        // A state leaves the diffuse set for good when its variance is gone.
        let left = (0..size).map(|i| self.p_inf[i * size + i]).fold(0.0, f64::max);
        if left <= DIFFUSE_TOLERANCE {
            self.p_inf.fill(0.0);
            self.diffuse = false;
            self.known_start.close(model);
        }
    }

    /// To the period after `t`.
    fn predict(&mut self, model: &StateSpace, t: usize) {
        let m = model.states;
        model.step_mean(&mut self.a, &mut self.scratch[..m]);
        model.step_covariance(&mut self.p, &mut self.scratch);
        for (i, q) in model.state_variance.iter().enumerate() {
            self.p[i * m + i] += q;
        }
        if self.replays {
            self.diffuse = t + 1 < self.known_start.periods();
        } else if self.diffuse {
            model.step_covariance(&mut self.p_inf, &mut self.scratch);
        }
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `P ← P − m m' · scale`.
fn subtract_outer(p: &mut [f64], m: &[f64], scale: f64) {
    for (row, left) in p.chunks_exact_mut(m.len()).zip(m) {
        let left = left * scale;
        for (p, right) in row.iter_mut().zip(m) {
            *p -= left * right;
        }
    }
}
