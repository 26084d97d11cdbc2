//! The mean, period by period, and its gradient along with it.

use ndarray::Array2;

use crate::data::Count;
use crate::timeseries::counts::cell::{Known, Piece};
use crate::timeseries::counts::climb::Likelihood;
use crate::timeseries::counts::{Initial, Link, ResidualScale};

/// Logarithms of rates are kept within this of zero.
const FAR: f64 = 100.0;

/// What feeds the mean of the next period.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Model {
    /// Past counts and past means.
    Ingarch { link: Link, past_obs: Vec<usize>, past_mean: Vec<usize>, external: Vec<bool>, initial: Start },
    /// Past residuals.
    Glarma { residuals: ResidualScale, ar: Vec<usize>, ma: Vec<usize> },
}

/// Values before the first period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Start {
    Rule(Initial),
    /// Of the first count, on the scale of the feedback.
    Value(f64),
}

/// Model and layout: intercept, regressors' and lags' coefficients, then the dispersion if it is free.
#[derive(Debug, Clone)]
pub(super) struct Recursion {
    pub(super) model: Model,
    /// Regressors.
    pub(super) k: usize,
    /// The dispersion is the last parameter; else it is this number.
    pub(super) dispersion: Option<f64>,
}

/// State of a pass, kept for reuse.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    pub(super) m: usize,
    /// INGARCH: the carried part of the linear predictor; GLARMA: Z.
    state: Vec<f64>,
    /// INGARCH: transformed counts; GLARMA: residuals.
    feed: Vec<f64>,
    d_state: Vec<f64>,
    d_feed: Vec<f64>,
    /// Before the first period.
    before: f64,
    d_before: Vec<f64>,
    pub(super) mean: f64,
    pub(super) d_mean: Vec<f64>,
}

impl Path {
    /// Room for `n` periods.
    pub(super) fn reset(&mut self, n: usize, m: usize, slopes: bool) {
        self.m = m;
        self.state.resize(n, 0.0);
        self.feed.resize(n, 0.0);
        let wide = if slopes { n * m } else { 0 };
        self.d_state.resize(wide, 0.0);
        self.d_feed.resize(wide, 0.0);
        self.d_before.clear();
        self.d_before.resize(m, 0.0);
        self.d_mean.clear();
        self.d_mean.resize(m, 0.0);
    }
}

/// `row += factor · from`.
fn add(row: &mut [f64], factor: f64, from: &[f64]) {
    row.iter_mut().zip(from).for_each(|(r, f)| *r += factor * f);
}

impl Recursion {
    pub(super) fn lags(&self) -> (&[usize], &[usize]) {
        match &self.model {
            Model::Ingarch { past_obs, past_mean, .. } => (past_obs, past_mean),
            Model::Glarma { ar, ma, .. } => (ar, ma),
        }
    }

    /// Parameters, the dispersion counted where it is free.
    pub(super) fn n_parameters(&self) -> usize {
        let (a, b) = self.lags();
        1 + self.k + a.len() + b.len() + usize::from(self.dispersion.is_none())
    }

    /// Places: first regressor, first and second kind of lag.
    pub(super) fn places(&self) -> (usize, usize, usize) {
        let (a, b) = self.lags();
        match self.model {
            Model::Ingarch { .. } => (1 + a.len() + b.len(), 1, 1 + a.len()),
            Model::Glarma { .. } => (1, 1 + self.k, 1 + self.k + a.len()),
        }
    }

    pub(super) fn dispersion(&self, theta: &[f64]) -> f64 {
        self.dispersion.unwrap_or_else(|| theta[theta.len() - 1])
    }

    /// Sets what lies before the first period.
    pub(super) fn begin(&self, theta: &[f64], path: &mut Path) {
        path.before = 0.0;
        path.d_before.fill(0.0);
        let Model::Ingarch { past_obs, past_mean, initial, .. } = &self.model else { return };
        match *initial {
            Start::Rule(Initial::Marginal) => {
                let lags = 1..=past_obs.len() + past_mean.len();
                let room = 1.0 - theta[lags.clone()].iter().sum::<f64>();
                path.before = theta[0] / room;
                path.d_before[0] = 1.0 / room;
                path.d_before[lags].fill(theta[0] / (room * room));
            }
            Start::Rule(Initial::Independent) => {
                path.before = theta[0];
                path.d_before[0] = 1.0;
            }
            Start::Rule(_) => {}
            Start::Value(value) => path.before = value,
        }
    }

    /// The mean of period t, and its gradient; false when there is none.
    pub(super) fn predict(
        &self,
        theta: &[f64],
        t: usize,
        exposure: f64,
        x: &[f64],
        path: &mut Path,
        slopes: bool,
    ) -> bool {
        match &self.model {
            Model::Ingarch { link, past_obs, past_mean, external, .. } => {
                self.ingarch(theta, t, exposure, x, path, slopes, *link, (past_obs, past_mean, external))
            }
            Model::Glarma { ar, ma, .. } => self.glarma(theta, t, exposure, x, path, slopes, (ar, ma)),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the recursion and its place in time")]
    fn ingarch(
        &self,
        theta: &[f64],
        t: usize,
        exposure: f64,
        x: &[f64],
        path: &mut Path,
        slopes: bool,
        link: Link,
        (past_obs, past_mean, external): (&[usize], &[usize], &[bool]),
    ) -> bool {
        let m = path.m;
        let (regressors, first, second) = self.places();
        let mut state = theta[0];
        for (j, lag) in past_obs.iter().enumerate() {
            state += theta[first + j] * if t >= *lag { path.feed[t - lag] } else { path.before };
        }
        for (j, lag) in past_mean.iter().enumerate() {
            state += theta[second + j] * if t >= *lag { path.state[t - lag] } else { path.before };
        }
        let mut outside = 0.0;
        for (j, (value, out)) in x.iter().zip(external).enumerate() {
            *(if *out { &mut outside } else { &mut state }) += theta[regressors + j] * value;
        }
        path.state[t] = state;
        let eta = state + outside;
        let (mean, slope) = match link {
            Link::Identity => (exposure * eta, exposure),
            Link::Log if eta.abs() > FAR + exposure.ln().abs() => return false,
            Link::Log => {
                let mean = exposure * eta.exp();
                (mean, mean)
            }
        };
        path.mean = mean;
        if !(mean > 0.0 && mean.is_finite()) {
            return false;
        }
        if slopes {
            let (before, now) = path.d_state.split_at_mut(t * m);
            let row = &mut now[..m];
            row.fill(0.0);
            row[0] = 1.0;
            for (j, lag) in past_obs.iter().enumerate() {
                let (value, gradient) = match t >= *lag {
                    true => (path.feed[t - lag], &path.d_feed[(t - lag) * m..(t - lag + 1) * m]),
                    false => (path.before, path.d_before.as_slice()),
                };
                add(row, theta[first + j], gradient);
                row[first + j] += value;
            }
            for (j, lag) in past_mean.iter().enumerate() {
                let (value, gradient) = match t >= *lag {
                    true => (path.state[t - lag], &before[(t - lag) * m..(t - lag + 1) * m]),
                    false => (path.before, path.d_before.as_slice()),
                };
                add(row, theta[second + j], gradient);
                row[second + j] += value;
            }
            for (j, value) in x.iter().enumerate().filter(|(j, _)| !external[*j]) {
                row[regressors + j] += value;
            }
            path.d_mean.copy_from_slice(row);
            for (j, value) in x.iter().enumerate().filter(|(j, _)| external[*j]) {
                path.d_mean[regressors + j] += value;
            }
            path.d_mean.iter_mut().for_each(|d| *d *= slope);
        }
        true
    }

    #[expect(clippy::too_many_arguments, reason = "the recursion and its place in time")]
    fn glarma(
        &self,
        theta: &[f64],
        t: usize,
        exposure: f64,
        x: &[f64],
        path: &mut Path,
        slopes: bool,
        (ar, ma): (&[usize], &[usize]),
    ) -> bool {
        let m = path.m;
        let (regressors, first, second) = self.places();
        let mut state = 0.0;
        for (j, lag) in ar.iter().enumerate().filter(|(_, lag)| t >= **lag) {
            state += theta[first + j] * (path.state[t - lag] + path.feed[t - lag]);
        }
        for (j, lag) in ma.iter().enumerate().filter(|(_, lag)| t >= **lag) {
            state += theta[second + j] * path.feed[t - lag];
        }
        path.state[t] = state;
        let fixed: f64 = x.iter().zip(&theta[regressors..]).map(|(x, b)| x * b).sum();
        let eta = theta[0] + fixed + state;
        if eta.is_nan() || eta.abs() > FAR + exposure.ln().abs() {
            return false;
        }
        let mean = exposure * eta.exp();
        path.mean = mean;
        if slopes {
            let (before, now) = path.d_state.split_at_mut(t * m);
            let row = &mut now[..m];
            row.fill(0.0);
            for (j, lag) in ar.iter().enumerate().filter(|(_, lag)| t >= **lag) {
                let at = (t - lag) * m..(t - lag + 1) * m;
                add(row, theta[first + j], &before[at.clone()]);
                add(row, theta[first + j], &path.d_feed[at]);
                row[first + j] += path.state[t - lag] + path.feed[t - lag];
            }
            for (j, lag) in ma.iter().enumerate().filter(|(_, lag)| t >= **lag) {
                add(row, theta[second + j], &path.d_feed[(t - lag) * m..(t - lag + 1) * m]);
                row[second + j] += path.feed[t - lag];
            }
            path.d_mean.copy_from_slice(row);
            path.d_mean[0] += 1.0;
            for (j, value) in x.iter().enumerate() {
                path.d_mean[regressors + j] += value;
            }
            path.d_mean.iter_mut().for_each(|d| *d *= mean);
        }
        true
    }

    /// Takes in what stands for the count of period t: itself, or its expectation, with its derivatives by mean and
    /// dispersion.
    #[expect(clippy::too_many_arguments, reason = "a cell, its derivatives and its place in time")]
    pub(super) fn absorb(
        &self,
        theta: &[f64],
        t: usize,
        exposure: f64,
        y: f64,
        by: (f64, f64),
        path: &mut Path,
        slopes: bool,
    ) {
        let m = path.m;
        let (mean, a) = (path.mean, self.dispersion(theta));
        let free = self.dispersion.is_none();
        match &self.model {
            Model::Ingarch { link, .. } => {
                let (value, slope) = match link {
                    Link::Identity => (y / exposure, 1.0 / exposure),
                    Link::Log => (((y + 1.0) / exposure).ln(), 1.0 / (y + 1.0)),
                };
                path.feed[t] = value;
                if slopes {
                    let row = &mut path.d_feed[t * m..(t + 1) * m];
                    row.iter_mut().zip(&path.d_mean).for_each(|(r, d)| *r = slope * by.0 * d);
                    if free {
                        row[m - 1] += slope * by.1;
                    }
                }
            }
            Model::Glarma { residuals, .. } => {
                let variance = mean + a * mean * mean;
                // The divisor, and the power of the variance that it is.
                let (size, power) = match residuals {
                    ResidualScale::Pearson => (variance.sqrt(), 0.5),
                    ResidualScale::Score => (variance, 1.0),
                };
                let e = (y - mean) / size;
                path.feed[t] = e;
                if slopes {
                    let by_mean = (by.0 - 1.0) / size - power * e * (1.0 + 2.0 * a * mean) / variance;
                    let row = &mut path.d_feed[t * m..(t + 1) * m];
                    row.iter_mut().zip(&path.d_mean).for_each(|(r, d)| *r = by_mean * d);
                    if free {
                        row[m - 1] += by.1 / size - power * e * mean * mean / variance;
                    }
                }
            }
        }
    }
}

/// The likelihood of a series under a recursion.
pub(super) struct Problem<'a> {
    pub(super) recursion: &'a Recursion,
    pub(super) counts: &'a [Count],
    pub(super) exposure: &'a [f64],
    /// Time × regressors, row by row.
    pub(super) x: &'a [f64],
    path: Path,
    known: Known,
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        recursion: &'a Recursion,
        counts: &'a [Count],
        exposure: &'a [f64],
        x: &'a [f64],
    ) -> Self {
        Self { recursion, counts, exposure, x, path: Path::default(), known: Known::new(counts) }
    }

    /// Passes through the series; `see` gets every period, its piece, mean and the mean's gradient. False when the mean
    /// leaves its domain.
    pub(super) fn pass(
        &mut self,
        theta: &[f64],
        slopes: bool,
        mut see: impl FnMut(usize, &Piece, f64, &[f64]),
    ) -> bool {
        let k = self.recursion.k;
        let a = self.recursion.dispersion(theta);
        if !(a >= 0.0 && a.is_finite()) {
            return false;
        }
        self.path.reset(self.counts.len(), theta.len(), slopes);
        self.known.prepare(a);
        self.recursion.begin(theta, &mut self.path);
        for (t, &count) in self.counts.iter().enumerate() {
            let x = &self.x[t * k..(t + 1) * k];
            if !self.recursion.predict(theta, t, self.exposure[t], x, &mut self.path, slopes) {
                return false;
            }
            let said = self.known.piece(t, count, self.path.mean);
            if !said.log.is_finite() {
                return false;
            }
            see(t, &said, self.path.mean, &self.path.d_mean);
            let by = (said.expected_mean, said.expected_dispersion);
            self.recursion.absorb(theta, t, self.exposure[t], said.expected, by, &mut self.path, slopes);
        }
        true
    }

    /// The score of every period, one a row.
    pub(super) fn scores(&mut self, theta: &[f64]) -> Array2<f64> {
        let mut rows = Array2::zeros((self.counts.len(), theta.len()));
        let free = self.recursion.dispersion.is_none();
        self.pass(theta, true, |t, said, _, d| {
            let mut row = rows.row_mut(t);
            row.iter_mut().zip(d).for_each(|(r, d)| *r = said.score * d);
            if free {
                row[d.len() - 1] += said.score_dispersion;
            }
        });
        rows
    }
}

impl Problem<'_> {
    /// Σ weight · slope slope', slopes of the mean's parameters along these columns; the weight of a period by its piece and
    /// mean.
    pub(super) fn products(
        &mut self,
        theta: &[f64],
        along: &Array2<f64>,
        weight: impl Fn(&Piece, f64) -> f64,
    ) -> Array2<f64> {
        let (m, wide) = along.dim();
        let free = self.recursion.dispersion.is_none();
        let mut out = Array2::zeros((wide, wide));
        let mut part = vec![0.0; wide];
        self.pass(theta, true, |_, said, mean, d| {
            let weight = weight(said, mean);
            for (part, column) in part.iter_mut().zip(along.columns()) {
                *part = column.iter().zip(d).map(|(a, d)| a * d).sum();
            }
            // The dispersion's information is that of its score, which has mean zero and is not related to the mean's.
            let own = if free { said.score_dispersion.powi(2) } else { 0.0 };
            for i in 0..wide {
                for j in 0..wide {
                    out[[i, j]] += weight * part[i] * part[j] + own * along[[m - 1, i]] * along[[m - 1, j]];
                }
            }
        });
        out
    }
}

impl Likelihood for Problem<'_> {
    fn value(&mut self, theta: &[f64]) -> f64 {
        let mut sum = 0.0;
        let inside = self.pass(theta, false, |_, said, _, _| sum += said.log);
        if inside { sum } else { f64::NEG_INFINITY }
    }

    fn derivatives(&mut self, theta: &[f64], gradient: &mut [f64], information: &mut Array2<f64>) -> f64 {
        let m = theta.len();
        let free = self.recursion.dispersion.is_none();
        gradient.fill(0.0);
        information.fill(0.0);
        let mut sum = 0.0;
        let slots = information.as_slice_mut().expect("standard layout");
        let inside = self.pass(theta, true, |_, said, _, d| {
            sum += said.log;
            for i in 0..m {
                let own = if free && i + 1 == m { said.score_dispersion } else { 0.0 };
                gradient[i] += said.score * d[i] + own;
                // The dispersion's information is that of its score, which has mean zero and is not related to the mean's.
                slots[i * m + i] += own * own;
                for j in 0..=i {
                    slots[i * m + j] += said.weight * d[i] * d[j];
                }
            }
        });
        for i in 0..m {
            for j in 0..i {
                slots[j * m + i] = slots[i * m + j];
            }
        }
        if inside { sum } else { f64::NEG_INFINITY }
    }

    fn information(&mut self, theta: &[f64], along: &Array2<f64>) -> Array2<f64> {
        self.products(theta, along, |said, _| said.weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> Vec<Count> {
        let one = |t: u32| match t % 11 {
            3 => Count::Missing,
            7 => Count::Interval { lo: 1.0, hi: 9.0 },
            _ => Count::Exact(f64::from(4 + (t * t * 7) % 13)),
        };
        (0..50).map(one).collect()
    }

    #[test]
    fn gradients_are_those_of_the_value() {
        let counts = counts();
        let exposure: Vec<f64> = (0..50).map(|t| 1.0 + 0.01 * f64::from(t)).collect();
        let x: Vec<f64> = (0..100).map(|t| (f64::from(t) * 0.7).sin().abs()).collect();
        let ingarch = |link, initial| Model::Ingarch {
            link,
            past_obs: vec![1, 3],
            past_mean: vec![2],
            external: vec![true, false],
            initial: Start::Rule(initial),
        };
        let glarma = |residuals| Model::Glarma { residuals, ar: vec![1, 4], ma: vec![2] };
        let models = [
            (ingarch(Link::Identity, Initial::Marginal), vec![2.0, 0.2, 0.1, 0.3, 0.4, 0.6, 0.2]),
            (ingarch(Link::Log, Initial::Marginal), vec![0.5, 0.2, -0.1, 0.3, 0.4, -0.6, 0.2]),
            (ingarch(Link::Log, Initial::Independent), vec![0.5, 0.2, -0.1, 0.3, 0.4, -0.6, 0.2]),
            (ingarch(Link::Log, Initial::Zero), vec![0.5, 0.2, -0.1, 0.3, 0.4, -0.6, 0.2]),
            (glarma(ResidualScale::Pearson), vec![1.5, 0.4, -0.6, 0.2, 0.1, 0.15, 0.2]),
            (glarma(ResidualScale::Score), vec![1.5, 0.4, -0.6, 0.2, 0.1, 0.15, 0.2]),
        ];
        for (model, theta) in models {
            let recursion = Recursion { model, k: 2, dispersion: None };
            let mut problem = Problem::new(&recursion, &counts, &exposure, &x);
            let m = theta.len();
            let (mut gradient, mut information) = (vec![0.0; m], Array2::zeros((m, m)));
            let value = problem.derivatives(&theta, &mut gradient, &mut information);
            assert!((value - problem.value(&theta)).abs() < 1e-12 && value.is_finite());
            let mut numeric = vec![0.0; m];
            let mut at = theta.clone();
            crate::optimize::gradient(&mut |t| problem.value(t), &mut at, 1e-6, &mut numeric);
            let scores = problem.scores(&theta);
            for i in 0..m {
                assert!(
                    (gradient[i] - numeric[i]).abs() < 1e-6 * (1.0 + numeric[i].abs()),
                    "{i}: {gradient:?} {numeric:?}"
                );
                assert!((scores.column(i).sum() - gradient[i]).abs() < 1e-9 * (1.0 + gradient[i].abs()));
            }
        }
    }
}
