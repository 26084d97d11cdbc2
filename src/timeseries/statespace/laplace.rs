//! Observations that are not normal: the mode of the states by an iterated smoother, and the likelihood around it.
//!
//! ```text
//! log L ≈ Σ ℓ_t(θ̂_t) + log p(α̂) − ½ log |I + W Cov θ|        W = diag(−ℓ''_t(θ̂_t))
//! log L = log L_Laplace + log E_g[ Π exp(ℓ_t(θ) − ℓ_t(θ̂) − s_t (θ − θ̂) + ½ w_t (θ − θ̂)²) ]
//! ```
//!
//! θ̂ is the mode (Durbin & Koopman 1997; 2012, ch. 10): Newton's method, every step of which is one pass of the filter
//! and one of the smoother, halved until the density rises. The expectation is over the normal approximation, by
//! importance sampling with antithetic draws (Shephard & Pitt 1997).

use crate::error::Result;
use crate::random::stream;
use crate::timeseries::statespace::information::{Expansion, Information, Path, Trouble};
use crate::timeseries::statespace::{Smoothed, StateSpace, Workspace, smooth};

/// A Newton step this small leaves an error of its square.
const CLOSE: f64 = 1e-6;
/// Most Newton steps.
const MOST_STEPS: usize = 100;
/// Most halvings of one.
const MOST_HALVINGS: usize = 40;
/// `½ log 2π`.
const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// Weights below this say nothing.
const NOTHING: f64 = 1e-9;

type Settled<T> = std::result::Result<T, Trouble>;

/// What one observation says about its signal θ.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::timeseries) struct Look {
    /// ℓ, its log-probability.
    pub(in crate::timeseries) log: f64,
    /// ℓ'.
    pub(in crate::timeseries) score: f64,
    /// −ℓ''.
    pub(in crate::timeseries) weight: f64,
    /// A weight that is never negative, for steps where the other leads nowhere.
    pub(in crate::timeseries) safe: f64,
}

/// Observations, one a period.
pub(in crate::timeseries) trait Observations {
    /// How many.
    fn len(&self) -> usize;

    /// A signal to begin with.
    fn start(&self, t: usize) -> f64;

    /// What observation t says at a signal; all zero where nothing was observed.
    fn look(&self, t: usize, signal: f64) -> Look;
}

/// The search for the mode, with its memory and its last result.
#[derive(Debug, Clone)]
pub(in crate::timeseries) struct Laplace {
    filter: Information,
    view: Expansion,
    safe: Vec<f64>,
    mode: Path,
    next: Path,
    /// Whether `view.point` holds signals of an earlier search.
    warm: bool,
}

impl Laplace {
    pub(in crate::timeseries) fn new(model: &StateSpace, n: usize) -> Self {
        let view = Expansion { point: vec![0.0; n], pull: vec![0.0; n], weight: vec![0.0; n] };
        Self {
            filter: Information::new(model, n),
            view,
            safe: vec![0.0; n],
            mode: Path::default(),
            next: Path::default(),
            warm: false,
        }
    }

    /// Signals at the last mode.
    pub(in crate::timeseries) fn signals(&self) -> &[f64] {
        &self.mode.signal
    }

    /// All states at the last mode, and their variances in the normal approximation around it.
    ///
    /// # Errors
    /// As the exact filter.
    pub(in crate::timeseries) fn smoothed(&self, model: &StateSpace) -> Result<Smoothed> {
        // An observation that says next to nothing is left out of the variances.
        let of = |(w, (point, pull)): (&f64, (&f64, &f64))| match *w > NOTHING {
            true => (point + pull / w, 1.0 / w),
            false => (f64::NAN, 0.0),
        };
        let ends = self.view.point.iter().zip(&self.view.pull);
        let (y, known): (Vec<f64>, Vec<f64>) = self.view.weight.iter().zip(ends).map(of).unzip();
        let normal = model.clone().observation_variance(0.0).known_variance(known);
        let filtered = Workspace::new(&normal).filter(&normal, &y)?;
        let mean = self.filter.states(model, &self.mode);
        Ok(Smoothed { mean, ..smooth(&normal, &filtered) })
    }

    /// Mean and covariance of the states one period after the last observation.
    pub(in crate::timeseries) fn next(&self) -> (Vec<f64>, Vec<f64>) {
        self.filter.next()
    }

    /// The Laplace log-likelihood, ½ log 2π added for every diffuse state as by the exact filter.
    pub(in crate::timeseries) fn log_likelihood(
        &mut self,
        model: &StateSpace,
        data: &impl Observations,
    ) -> Settled<f64> {
        let found = match self.search(model, data) {
            // An earlier mode may be a bad place to start from.
            Err(_) if self.warm => {
                self.warm = false;
                self.search(model, data)
            }
            other => other,
        };
        self.warm = found.is_ok();
        found
    }

    fn search(&mut self, model: &StateSpace, data: &impl Observations) -> Settled<f64> {
        if !self.warm {
            (0..data.len()).for_each(|t| self.view.point[t] = data.start(t));
        }
        self.look(data);
        // The first step lands on a path that the model can take; a cold start is safe from wherever it is.
        if self.warm { self.newton(model) } else { self.safely(model) }?;
        std::mem::swap(&mut self.mode, &mut self.next);
        self.view.point.copy_from_slice(&self.mode.signal);
        let mut height = self.look(data) - 0.5 * self.mode.product(&self.mode, model);
        if !height.is_finite() {
            return Err(Trouble::Astray);
        }
        for _ in 0..MOST_STEPS {
            let exact = self.newton(model);
            let newton = exact.is_ok();
            exact.or_else(|_| self.safely(model))?;
            let steps = self.next.signal.iter().zip(&self.mode.signal).map(|(a, b)| (a - b).abs());
            if steps.fold(0.0, f64::max) <= CLOSE && newton {
                std::mem::swap(&mut self.mode, &mut self.next);
                return self.settle(model, data);
            }
            height = self.climb(model, data, height).ok_or(Trouble::Astray)?;
        }
        Err(Trouble::Astray)
    }

    /// What all observations say at the points; the sum of their log-probabilities.
    fn look(&mut self, data: &impl Observations) -> f64 {
        let mut log = 0.0;
        for t in 0..data.len() {
            let look = data.look(t, self.view.point[t]);
            log += look.log;
            (self.view.pull[t], self.view.weight[t], self.safe[t]) = (look.score, look.weight, look.safe);
        }
        log
    }

    fn newton(&mut self, model: &StateSpace) -> Settled<()> {
        self.filter.forward(model, &self.view)?;
        self.filter.backward(model, &mut self.next);
        Ok(())
    }

    /// A step by weights that are never negative, which leads up too.
    fn safely(&mut self, model: &StateSpace) -> Settled<()> {
        std::mem::swap(&mut self.view.weight, &mut self.safe);
        let done = self.newton(model);
        std::mem::swap(&mut self.view.weight, &mut self.safe);
        done
    }

    /// Moves the mode as far towards the next path as the density rises; the points move along.
    fn climb(&mut self, model: &StateSpace, data: &impl Observations, height: f64) -> Option<f64> {
        let here = self.mode.product(&self.mode, model);
        let between = self.mode.product(&self.next, model);
        let there = self.next.product(&self.next, model);
        let mut step = 1.0;
        for _ in 0..MOST_HALVINGS {
            let ends = self.mode.signal.iter().zip(&self.next.signal);
            self.view.point.iter_mut().zip(ends).for_each(|(p, (a, b))| *p = a + step * (b - a));
            let rest = 1.0 - step;
            let product = rest * rest * here + 2.0 * rest * step * between + step * step * there;
            let found = self.look(data) - 0.5 * product;
            if found >= height - 1e-13 * height.abs() {
                self.mode.towards(&self.next, step);
                return Some(found);
            }
            step *= 0.5;
        }
        None
    }

    /// The likelihood at the mode.
    fn settle(&mut self, model: &StateSpace, data: &impl Observations) -> Settled<f64> {
        self.view.point.copy_from_slice(&self.mode.signal);
        let log = self.look(data);
        self.filter.forward(model, &self.view)?;
        Ok(self.around(model, log))
    }

    /// The normal integral around the mode by the last pass of the filter.
    fn around(&self, model: &StateSpace, log: f64) -> f64 {
        log - 0.5 * (self.mode.product(&self.mode, model) + self.filter.log_determinant())
            + self.filter.n_diffuse() as f64 * HALF_LOG_TWO_PI
    }

    /// The log-likelihood by importance sampling around the last mode, from pairs of antithetic draws, and the standard
    /// error of the simulation.
    pub(in crate::timeseries) fn importance(
        &mut self,
        model: &StateSpace,
        data: &impl Observations,
        pairs: usize,
        seed: u64,
    ) -> Settled<(f64, f64)> {
        // What is drawn from must be a density of every signal by itself; the mode stays the same whatever the weights.
        let log = self.look(data);
        self.view.weight.iter_mut().for_each(|w| *w = w.max(0.0));
        self.filter.forward(model, &self.view)?;
        let base = self.around(model, log);
        let mut error = vec![0.0; data.len()];
        let logs: Vec<f64> = (0..pairs)
            .map(|pair| {
                self.filter.draw(model, &mut stream(seed, pair as u64), &mut self.next, &mut error);
                let ratio = |sign: f64| {
                    let one = |(t, e): (usize, &f64)| {
                        let (point, e) = (self.view.point[t], sign * e);
                        let bend = 0.5 * self.view.weight[t] * e * e - self.view.pull[t] * e;
                        data.look(t, point + e).log + bend
                    };
                    error.iter().enumerate().map(one).sum::<f64>() - log
                };
                let (above, below) = (ratio(1.0), ratio(-1.0));
                let top = above.max(below);
                top + (0.5 * ((above - top).exp() + (below - top).exp())).ln()
            })
            .collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = logs.iter().map(|l| (l - top).exp()).collect();
        let n = pairs as f64;
        let mean = shares.iter().sum::<f64>() / n;
        let spread = shares.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / (n - 1.0).max(1.0);
        Ok((base + top + mean.ln(), (spread / n).sqrt() / mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Normal observations, for which Laplace's likelihood is exact.
    struct Normal<'a> {
        y: &'a [f64],
        variance: f64,
    }

    impl Observations for Normal<'_> {
        fn len(&self) -> usize {
            self.y.len()
        }

        fn start(&self, _: usize) -> f64 {
            40.0
        }

        fn look(&self, t: usize, signal: f64) -> Look {
            if self.y[t].is_nan() {
                return Look::default();
            }
            let (v, weight) = (self.y[t] - signal, 1.0 / self.variance);
            let log = -HALF_LOG_TWO_PI - 0.5 * (self.variance.ln() + v * v * weight);
            Look { log, score: v * weight, weight, safe: weight }
        }
    }

    fn trend_and_season() -> StateSpace {
        let mut model = StateSpace::new(5).transition(0, 0, 1.0).transition(0, 1, 1.0).transition(1, 1, 0.8);
        for j in 2..5 {
            model = model.transition(2, j, -1.0).diffuse(j);
        }
        model
            .transition(3, 2, 1.0)
            .transition(4, 3, 1.0)
            .observe(0, 1.0)
            .observe(2, 1.0)
            .diffuse(0)
            .start(1, 0.4, 0.3)
            .state_variance(0, 0.2)
            .state_variance(1, 0.05)
            .state_variance(2, 0.1)
    }

    fn series() -> Vec<f64> {
        let mut y: Vec<f64> =
            (0..40).map(|t| 5.0 + (f64::from(t) * 1.3).sin() * 2.0 + 0.1 * f64::from(t)).collect();
        [0, 2, 17, 18, 19].into_iter().for_each(|t| y[t] = f64::NAN);
        y
    }

    #[test]
    fn normal_observations_give_the_exact_filter_and_smoother() {
        let (y, variance) = (series(), 0.7);
        let model = trend_and_season();
        let exact = model.clone().observation_variance(variance);
        let filtered = Workspace::new(&exact).filter(&exact, &y).expect("a pass");
        let mut laplace = Laplace::new(&model, y.len());
        let value = laplace.log_likelihood(&model, &Normal { y: &y, variance }).expect("a mode");
        assert!((value - filtered.likelihood.value).abs() < 1e-10, "{value} {}", filtered.likelihood.value);
        let (theirs, ours) = (smooth(&exact, &filtered), laplace.smoothed(&model).expect("states"));
        for t in 0..y.len() {
            for i in 0..5 {
                assert!((theirs.mean[t][i] - ours.mean[t][i]).abs() < 1e-9, "{t} {i}");
                assert!((theirs.variance[t][i] - ours.variance[t][i]).abs() < 1e-9, "{t} {i}");
            }
        }
        let (mean, covariance) = laplace.next();
        for i in 0..5 {
            assert!((mean[i] - filtered.next_mean[i]).abs() < 1e-9);
            for j in 0..5 {
                assert!((covariance[i * 5 + j] - filtered.next_covariance[i * 5 + j]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn draws_of_the_signals_have_their_smoothed_variances() {
        let (y, variance) = (series(), 0.7);
        let model = trend_and_season();
        let data = Normal { y: &y, variance };
        let mut laplace = Laplace::new(&model, y.len());
        laplace.log_likelihood(&model, &data).expect("a mode");
        let n = 4_000;
        let mut sums = vec![[0.0; 3]; y.len()];
        let mut error = vec![0.0; y.len()];
        for i in 0..n {
            laplace.filter.draw(&model, &mut stream(1, i), &mut laplace.next, &mut error);
            for t in 0..y.len() {
                sums[t][0] += error[t];
                sums[t][1] += error[t] * error[t];
                sums[t][2] += error[t] * error[(t + 1) % y.len()];
            }
        }
        // Variances of the signals by smoothing a model that has them as a state of its own: differences of two weights.
        let dense = dense_covariance(&model, &data);
        for t in 0..y.len() {
            let [mean, square, cross] = sums[t].map(|s| s / n as f64);
            let (one, next) = (dense[t][t], dense[t][(t + 1) % y.len()]);
            let other = dense[(t + 1) % y.len()][(t + 1) % y.len()];
            assert!(mean.abs() < 5.0 * (one / n as f64).sqrt(), "{t}: {mean}");
            assert!((square / one - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{t}: {square} {one}");
            assert!(
                (cross - next).abs() < 5.0 * (2.0 * one * other / n as f64).sqrt(),
                "{t}: {cross} {next}"
            );
        }
    }

    /// Posterior covariance of the signals: how the smoothed signals answer to the observations, times their variance,
    /// with every missing observation given so much noise that it says nothing.
    fn dense_covariance(model: &StateSpace, data: &Normal<'_>) -> Vec<Vec<f64>> {
        let n = data.y.len();
        let weight = |t: usize| if data.y[t].is_nan() { 1e-7 } else { 1.0 / data.variance };
        let mut filter = Information::new(model, n);
        let mut view =
            Expansion { point: vec![0.0; n], pull: vec![0.0; n], weight: (0..n).map(weight).collect() };
        let mut signal = |pull: Vec<f64>| {
            view.pull = pull;
            filter.forward(model, &view).expect("a pass");
            let mut path = Path::default();
            filter.backward(model, &mut path);
            path.signal
        };
        let base = signal(vec![0.0; n]);
        (0..n)
            .map(|t| {
                let mut pull = vec![0.0; n];
                pull[t] = 1.0;
                signal(pull).iter().zip(&base).map(|(a, b)| a - b).collect()
            })
            .collect()
    }

    #[test]
    fn a_weight_below_zero_is_carried_by_its_neighbours() {
        // The determinant and the mode of a small model, by hand: two signals a step apart, δ known to neither.
        let model =
            StateSpace::new(1).transition(0, 0, 1.0).observe(0, 1.0).diffuse(0).state_variance(0, 0.5);
        let mut filter = Information::new(&model, 2);
        let view = Expansion { point: vec![0.0; 2], pull: vec![1.0, 0.3], weight: vec![-0.2, 1.5] };
        filter.forward(&model, &view).expect("a pass");
        let mut path = Path::default();
        filter.backward(&model, &mut path);
        // Precision [[2 − 0.2, −2], [−2, 2 + 1.5]], which the prior's own determinant 2 divides.
        let (a, b, c) = (2.0 - 0.2, -2.0, 2.0 + 1.5);
        let determinant: f64 = a * c - b * b;
        assert!((filter.log_determinant() - (determinant / 2.0).ln()).abs() < 1e-12);
        let expected = [(c - b * 0.3) / determinant, (a * 0.3 - b) / determinant];
        for t in 0..2 {
            assert!((path.signal[t] - expected[t]).abs() < 1e-12, "{:?} {expected:?}", path.signal);
        }
    }
}
