//! The values of α that the series leaves open, and what they make of the future.

use crate::timeseries::theta::estimate::{deviance, ends, nothing, searched, with_drift};
use crate::timeseries::theta::filter::{Solution, Weight, Work};
use crate::timeseries::theta::line::Line;
use crate::timeseries::theta::simulate::State;
use crate::timeseries::theta::{Method, ThetaFit};

/// Points at which the likelihood of α stands for its neighbourhood.
const POINTS: usize = 32;

/// Deviance above the least at which α is out of the question.
const BEYOND: f64 = 18.0;

/// The profile likelihood of α on a grid, and the moments of the future under it.
pub(super) struct Likely {
    points: Vec<Solution>,
    /// Probability of this point or one before.
    below: Vec<f64>,
    /// Degrees of freedom of σ².
    degrees: f64,
    /// Whether θ or the drift is estimated.
    weighs: bool,
    /// Of the next periods.
    pub(super) mean: Vec<f64>,
    pub(super) variance: Vec<f64>,
}

impl Likely {
    pub(super) fn new(fit: &ThetaFit, line: Line, steps: usize) -> Self {
        let mut work = fit.work.clone();
        let n = work.used() as f64;
        let search = searched(&fit.spec);
        let (points, deviances) = if nothing(&work, fit.found.squares) || fit.spec.given.0.is_some() {
            (vec![fit.found], vec![0.0])
        } else {
            let alphas = near(&mut work, search, n, ends(fit.spec.method));
            let mut points: Vec<Solution> = alphas.iter().map(|&alpha| work.solve(alpha, search)).collect();
            let deviances = points.iter().map(|at| deviance(at, n)).collect();
            if fit.spec.method == Method::Standard {
                points.iter_mut().for_each(|at| *at = with_drift(&mut work, at, fit.found.weight));
            }
            (points, deviances)
        };
        let least = deviances.iter().copied().fold(f64::INFINITY, f64::min);
        let chances: Vec<f64> = deviances.iter().map(|d| (-0.5 * (d - least)).exp()).collect();
        let sum: f64 = chances.iter().sum();
        let mut below: Vec<f64> = chances
            .iter()
            .scan(0.0, |so_far, chance| {
                *so_far += chance / sum;
                Some(*so_far)
            })
            .collect();
        if let Some(last) = below.last_mut() {
            *last = 1.0;
        }
        let mut made = Self {
            points,
            below,
            degrees: fit.degrees(),
            weighs: search == Weight::Free,
            mean: vec![0.0; steps],
            variance: vec![0.0; steps],
        };
        let chances: Vec<f64> = chances.into_iter().map(|c| c / sum).collect();
        made.moments(&work, line, fit.spec.method.is_dynamic(), &chances);
        made
    }

    /// Whether θ is drawn.
    pub(super) fn weighs(&self) -> bool {
        self.weighs
    }

    fn sigma(&self, at: &Solution) -> f64 {
        (at.squares / self.degrees).sqrt()
    }

    /// The point at this share of the probability, and its σ.
    pub(super) fn draw(&self, share: f64) -> (Solution, f64) {
        let at = self.points[self.below.partition_point(|b| *b <= share).min(self.points.len() - 1)];
        (at, self.sigma(&at))
    }

    /// Means and variances over α, and over ℓ₀, w and the shocks given α.
    fn moments(&mut self, work: &Work, line: Line, dynamic: bool, chances: &[f64]) {
        let steps = self.mean.len();
        let mut squares = vec![0.0; steps];
        for (at, chance) in self.points.iter().zip(chances).filter(|(_, chance)| **chance > 1e-9) {
            let variance = self.sigma(at).powi(2);
            let mut state = State::new(work, line, at, dynamic);
            let shocks = state.variances(steps, at.level.variance);
            let start = state.response(at.level.start, steps);
            let [xx, xc, _] = at.cross;
            let own = at.own();
            // A standard error of w to both sides, ℓ₀ following.
            let mut tilted = (self.weighs && own > 0.0).then(|| {
                let error = (variance / own).sqrt();
                let follows = if xx > 0.0 { error * xc / xx } else { 0.0 };
                [1.0, -1.0].map(|sign| {
                    let (weight, start) = (at.weight + sign * error, at.start - sign * follows);
                    State::new(work, line, &Solution { start, weight, ..*at }, dynamic)
                })
            });
            for h in 0..steps {
                let mean = state.step(0.0);
                let mut there = variance * shocks[h];
                if xx > 0.0 {
                    there += variance / xx * start[h] * start[h];
                }
                if let Some([up, down]) = &mut tilted {
                    there += (0.5 * (up.step(0.0) - down.step(0.0))).powi(2);
                }
                self.mean[h] += chance * mean;
                squares[h] += chance * mean * mean;
                self.variance[h] += chance * there;
            }
        }
        for h in 0..steps {
            self.variance[h] += (squares[h] - self.mean[h] * self.mean[h]).max(0.0);
        }
    }
}

/// Values of α that are not out of the question, evenly spaced.
fn near(work: &mut Work, search: Weight, n: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let width = (high - low) / POINTS as f64;
    let at = |i: usize| low + width * (i as f64 + 0.5);
    let first: Vec<f64> = (0..POINTS).map(|i| deviance(&work.solve(at(i), search), n)).collect();
    let least = first.iter().copied().fold(f64::INFINITY, f64::min);
    let inside = |d: &f64| *d < least + BEYOND;
    let from = low + first.iter().position(inside).unwrap_or(0) as f64 * width;
    let to = low + (first.iter().rposition(inside).unwrap_or(POINTS - 1) + 1) as f64 * width;
    (0..POINTS).map(|i| from + (to - from) / POINTS as f64 * (i as f64 + 0.5)).collect()
}
