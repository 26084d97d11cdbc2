//! When the filter's covariances have settled.
//!
//! With an observation every period and the same loadings and noise, the variance of the predicted state tends to a limit
//! where one exists (Harvey 1989, §3.3; Durbin & Koopman 2012, §4.3.4). Once it has come as near as rounding lets it, gain
//! and innovation variance stay as they are, and only means are carried on.

/// Periods between two looks at the covariance: what converges slowly changes little from one period to the next.
const STRIDE: usize = 16;

/// Changes over a stride that are none, relative to the standard deviations.
const TOLERANCE: f64 = 5e-14;

/// What is remembered of the covariance, and since when nothing happened that would move it.
#[derive(Debug, Clone, Default)]
pub(super) struct Steady {
    /// The predicted covariance at the last look.
    before: Vec<f64>,
    /// Periods in a row that were observed, with one loading and one noise.
    run: usize,
    /// Loadings of the period that is looked at, beside those of the period before.
    pub(super) loading: Vec<f64>,
    /// Noise of the period before.
    pub(super) noise: f64,
    /// Whether the covariance has settled.
    pub(super) reached: bool,
    /// Periods of this pass for which it had.
    pub(super) periods: usize,
}

impl Steady {
    /// For this many states.
    pub(super) fn new(states: usize) -> Self {
        Self { before: vec![0.0; states * states], loading: vec![0.0; states], ..Self::default() }
    }

    /// Before the first period.
    pub(super) fn start(&mut self) {
        (self.run, self.reached, self.periods) = (0, false, 0);
    }

    /// Something moves the covariance.
    pub(super) fn leave(&mut self) {
        (self.run, self.reached) = (0, false);
    }

    /// Takes in the covariance `p` after one more period like the one before.
    pub(super) fn look(&mut self, p: &[f64]) {
        self.run += 1;
        if self.run.is_multiple_of(STRIDE) {
            self.reached = self.run > STRIDE && self.settled(p);
            self.before.copy_from_slice(p);
        }
    }

    fn settled(&self, p: &[f64]) -> bool {
        let m = self.loading.len();
        (0..m).all(|i| {
            (i..m).all(|j| {
                let change = p[i * m + j] - self.before[i * m + j];
                change * change <= TOLERANCE * TOLERANCE * p[i * m + i] * p[j * m + j]
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use crate::random::{normal, stream};
    use crate::timeseries::statespace::{StateSpace, Workspace, smooth};

    const NAN: f64 = f64::NAN;

    /// Level, slope if it has a variance, season if it has periods.
    fn model(level: f64, slope: f64, season: usize, seasonal: f64) -> StateSpace {
        let first = 1 + usize::from(slope > 0.0);
        let states = first + season.saturating_sub(1);
        // One more, which is zero and seen every other period in `never_steady`.
        let mut model = StateSpace::new(states + 1).transition(0, 0, 1.0).observe(0, 1.0).diffuse(0);
        model = model.observation_variance(1.0).state_variance(0, level);
        if slope > 0.0 {
            model = model.transition(0, 1, 1.0).transition(1, 1, 1.0).state_variance(1, slope).diffuse(1);
        }
        for j in first..states {
            model = model.transition(first, j, -1.0).diffuse(j);
            model = if j > first { model.transition(j, j - 1, 1.0) } else { model.observe(j, 1.0) };
        }
        if season > 0 { model.state_variance(first, seasonal) } else { model }
    }

    /// The same, but that the loading on a state that is zero changes every period.
    fn never_steady(model: &StateSpace, n: usize) -> StateSpace {
        let x = Array2::from_shape_fn((n, 1), |(t, _)| (t % 2) as f64);
        model.clone().regressors(model.states() - 1, x.view()).expect("a state")
    }

    fn series(n: usize, gaps: &[usize]) -> Vec<f64> {
        let mut generator = stream(3, 0);
        let mut level = 10.0;
        let one = |t: usize| {
            level += 0.3 * normal(&mut generator) + 0.05;
            let y = level + [2.0, -1.0, 0.5, -1.5][t % 4] + normal(&mut generator);
            if gaps.contains(&t) { NAN } else { y }
        };
        (0..n).map(one).collect()
    }

    fn close(ours: f64, full: f64, size: f64) {
        let same = (ours - full).abs() <= 1e-11 * size || ours.is_nan() && full.is_nan();
        assert!(same, "{ours} {full}");
    }

    /// Likelihood, filtered and smoothed states with the shortcut and without it; how many periods took it.
    fn compare(model: &StateSpace, y: &[f64]) -> usize {
        let full = never_steady(model, y.len());
        let mut work = Workspace::new(model);
        let ours = work.filter(model, y).expect("a pass");
        let taken = work.steady.periods;
        let theirs = work.filter(&full, y).expect("a pass");
        assert_eq!(work.steady.periods, 0);
        for (a, b) in ours.steps.iter().zip(&theirs.steps) {
            close(a.innovation, b.innovation, 1.0);
            close(a.variance, b.variance, b.variance);
            a.mean.iter().zip(&b.mean).for_each(|(a, b)| close(*a, *b, 1.0));
            a.filtered.iter().zip(&b.filtered).for_each(|(a, b)| close(*a, *b, 1.0));
            a.covariance.iter().zip(&b.covariance).for_each(|(a, b)| close(*a, *b, b.abs().max(1e-3)));
        }
        ours.next_covariance.iter().zip(&theirs.next_covariance).for_each(|(a, b)| close(*a, *b, 1.0));
        close(ours.likelihood.value, theirs.likelihood.value, theirs.likelihood.value.abs());
        let (smoothed, whole) = (smooth(model, &ours), smooth(&full, &theirs));
        for t in 0..y.len() {
            smoothed.mean[t].iter().zip(&whole.mean[t]).for_each(|(a, b)| close(*a, *b, 1.0));
            smoothed.variance[t].iter().zip(&whole.variance[t]).for_each(|(a, b)| close(*a, *b, 1.0));
        }
        taken
    }

    #[test]
    fn the_shortcut_is_taken_and_changes_nothing() {
        let n = 1_200;
        let level = model(0.3, 0.0, 0, 0.0);
        let trend = model(0.3, 0.02, 0, 0.0);
        let seasonal = model(0.3, 0.02, 4, 0.1);
        let monthly = model(0.3, 0.0, 12, 1.0);
        // Gaps before it settles, and one and several in a row after: each time it settles anew.
        let gaps = [0, 5, 6, 720, 721, 722, 1_190];
        for (name, model, least, least_with_gaps) in [
            ("level", level, 1_100, 1_050),
            ("trend", trend, 1_050, 950),
            ("quarters", seasonal, 950, 800),
            ("months", monthly, 600, 150),
        ] {
            let taken = compare(&model, &series(n, &[]));
            assert!(taken >= least && taken < n - 16, "{name}: {taken}");
            let with_gaps = compare(&model, &series(n, &gaps));
            assert!(with_gaps >= least_with_gaps && with_gaps < taken, "{name}: {with_gaps} of {taken}");
        }
    }

    /// A sampling variance or a loading that changes is a new covariance; where they stay, they may settle.
    #[test]
    fn what_changes_over_time_leaves_the_steady_state() {
        let n = 400;
        let y = series(n, &[]);
        let level = model(0.3, 0.0, 0, 0.0);
        let known: Vec<f64> = (0..n).map(|t| if t < 200 { 0.5 } else { 0.1 }).collect();
        let two = level.clone().known_variance(known);
        let taken = compare(&two, &y);
        assert!((240..n - 64).contains(&taken), "{taken}");
        let wild: Vec<f64> = (0..n).map(|t| 0.1 + (t % 3) as f64).collect();
        assert_eq!(compare(&level.clone().known_variance(wild), &y), 0);
        // A slope that does not move is known ever better: there is no limit to reach.
        let fixed = StateSpace::new(2).transition(0, 0, 1.0).transition(0, 1, 1.0).transition(1, 1, 1.0);
        let fixed =
            fixed.observe(0, 1.0).observation_variance(1.0).state_variance(0, 0.3).diffuse(0).diffuse(1);
        let mut work = Workspace::new(&fixed);
        work.log_likelihood(&fixed, &y).expect("a pass");
        assert_eq!(work.steady.periods, 0);
    }
}
