//! Counts given the signal: what each cell says about the logarithm of its rate.

use crate::data::Count;
use crate::timeseries::counts::Known;
use crate::timeseries::statespace::{Laplace, Look, Observations, StateSpace, Trouble};

/// The Laplace likelihood of a series of counts, with its memory.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    pub(super) laplace: Laplace,
    pub(super) given: Given,
}

/// The counts, and what is known of their means: `log μ = offset + signal`.
#[derive(Debug, Clone)]
pub(super) struct Given {
    counts: Vec<Count>,
    offset: Vec<f64>,
    known: Known,
    dispersion: f64,
}

impl Cells {
    pub(super) fn new(model: &StateSpace, counts: &[Count], offset: Vec<f64>) -> Self {
        let mut known = Known::new(counts);
        known.prepare(0.0);
        let given = Given { counts: counts.to_vec(), offset, known, dispersion: 0.0 };
        Self { laplace: Laplace::new(model, counts.len()), given }
    }

    /// The a of the variance μ + aμ².
    pub(super) fn set_dispersion(&mut self, dispersion: f64) {
        self.given.dispersion = dispersion;
        self.given.known.prepare(dispersion);
    }

    pub(super) fn log_likelihood(&mut self, model: &StateSpace) -> Result<f64, Trouble> {
        self.laplace.log_likelihood(model, &self.given)
    }

    /// By importance sampling around the last mode, with the standard error of the simulation.
    pub(super) fn importance(
        &mut self,
        model: &StateSpace,
        pairs: usize,
        seed: u64,
    ) -> Result<(f64, f64), Trouble> {
        self.laplace.importance(model, &self.given, pairs, seed)
    }

    /// Means of the counts at the last mode.
    pub(super) fn means(&self) -> Vec<f64> {
        self.laplace.signals().iter().zip(&self.given.offset).map(|(s, o)| (s + o).exp()).collect()
    }
}

impl Observations for Given {
    fn len(&self) -> usize {
        self.counts.len()
    }

    fn start(&self, t: usize) -> f64 {
        let y = match self.counts[t] {
            Count::Exact(y) => y,
            Count::Interval { lo, hi } => 0.5 * (lo + hi),
            Count::Missing => return 0.0,
        };
        (y + 0.5).ln() - self.offset[t]
    }

    fn look(&self, t: usize, signal: f64) -> Look {
        let count = self.counts[t];
        if count == Count::Missing {
            return Look::default();
        }
        let mean = (self.offset[t] + signal).exp();
        if !(mean > 0.0 && mean.is_finite()) {
            return Look { log: f64::NEG_INFINITY, ..Look::default() };
        }
        let a = self.dispersion;
        let piece = self.known.piece(t, count, mean);
        // The score of a count y by log μ is (y − μ)/(1 + aμ): its expectation in the cell; and Louis (1982) for the rest.
        let size = 1.0 + a * mean;
        let spread = piece.expected_mean * (mean + a * mean * mean);
        Look {
            log: piece.log,
            score: (piece.expected - mean) / size,
            weight: (mean * (1.0 + a * piece.expected) - spread) / (size * size),
            safe: mean / size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_weights_are_derivatives_by_the_logarithm() {
        let counts = [
            Count::Exact(0.0),
            Count::Exact(6.0),
            Count::Exact(3e5),
            Count::Interval { lo: 0.0, hi: 9.0 },
            Count::Interval { lo: 1.0, hi: 9.0 },
            Count::Interval { lo: 40.0, hi: 60.0 },
        ];
        let model = StateSpace::new(1);
        for a in [0.0, 0.05, 2.0] {
            let mut cells = Cells::new(&model, &counts, vec![0.3; counts.len()]);
            cells.set_dispersion(a);
            for t in 0..counts.len() {
                for signal in [-1.5, 0.7, 2.0, 4.5] {
                    let at = |s: f64| cells.given.look(t, s);
                    let (here, h) = (at(signal), 1e-5);
                    let slope = (at(signal + h).log - at(signal - h).log) / (2.0 * h);
                    let bend = (at(signal - h).score - at(signal + h).score) / (2.0 * h);
                    let near = |x: f64, y: f64| (x - y).abs() <= 1e-5 * (y.abs() + 1e-3);
                    assert!(near(here.score, slope), "{:?} {a} {signal}: {here:?} {slope}", counts[t]);
                    assert!(near(here.weight, bend), "{:?} {a} {signal}: {here:?} {bend}", counts[t]);
                    assert!(here.safe > 0.0);
                }
            }
        }
    }
}
