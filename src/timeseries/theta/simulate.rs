//! The recursion beyond the end, and the future as joint paths.

use crate::error::Result;
use crate::inference::Forecast;
use crate::random::{Generator, chi_squared, normal, uniform};
use crate::timeseries::theta::ThetaFit;
use crate::timeseries::theta::filter::{Solution, Work};
use crate::timeseries::theta::likely::Likely;
use crate::timeseries::theta::line::Line;
use crate::timeseries::theta::rolling::Spread;

/// Where the recursion stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) level: f64,
    pub(super) alpha: f64,
    pub(super) weight: f64,
    /// (1 − α)ᵗ.
    pub(super) power: f64,
    pub(super) line: Line,
    /// The line, where it stays.
    pub(super) fixed: Option<(f64, f64)>,
    pub(super) t: f64,
}

impl State {
    /// After the last observation.
    pub(super) fn new(work: &Work, line: Line, at: &Solution, dynamic: bool) -> Self {
        let t = work.z.len() as f64;
        Self {
            level: at.level.base + at.start * at.level.start + at.weight * at.level.drift,
            alpha: at.alpha,
            weight: at.weight,
            power: (1.0 - at.alpha).powf(t),
            line,
            fixed: (!dynamic).then(|| line.at()),
            t,
        }
    }

    /// The next observation, with this shock.
    pub(super) fn step(&mut self, shock: f64) -> f64 {
        let (a, b) = self.fixed.unwrap_or_else(|| self.line.at());
        let before = self.power;
        self.power *= 1.0 - self.alpha;
        let c = self.weight * (before * a + (1.0 - self.power) / self.alpha * b);
        self.t += 1.0;
        let y = self.level + c + shock;
        self.level += self.alpha * (c + shock);
        if self.fixed.is_none() {
            self.line.push(self.t, y);
        }
        y
    }

    /// Nothing but what a shock will move.
    fn still(&self) -> Self {
        Self { level: 0.0, line: self.line.flat(), fixed: self.fixed.map(|_| (0.0, 0.0)), ..*self }
    }

    /// Variances of the next periods in units of σ²: squares of what every shock, and the level's own error, moves.
    pub(super) fn variances(&self, steps: usize, level: f64) -> Vec<f64> {
        if self.fixed.is_some() {
            // A shock moves its own period by one and all later ones by α.
            return (0..steps).map(|h| 1.0 + h as f64 * self.alpha * self.alpha + level).collect();
        }
        let mut out = vec![0.0; steps];
        let mut still = self.still();
        if level > 0.0 {
            let mut moved = Self { level: 1.0, ..still };
            out.iter_mut().for_each(|v| *v += level * moved.step(0.0).powi(2));
        }
        for from in 0..steps {
            let mut moved = still;
            out[from] += moved.step(1.0).powi(2);
            out[from + 1..].iter_mut().for_each(|v| *v += moved.step(0.0).powi(2));
            still.step(0.0);
        }
        out
    }

    /// What a unit of the first level moves.
    pub(super) fn response(&self, start: f64, steps: usize) -> Vec<f64> {
        let mut moved = Self { level: start, ..self.still() };
        (0..steps).map(|_| moved.step(0.0)).collect()
    }
}

impl ThetaFit {
    /// The next `horizon` periods as simulated paths, `draws` of them, each with parameters of its own and every shock.
    ///
    /// α is drawn from its profile likelihood, ℓ₀ and w = 1 − 1/θ from their normal distribution given α. Deviations
    /// from the mean are then given the spread of the [module](super): that of the model, or of what the method's own
    /// forecasts from earlier periods missed by, where that is wider. Paths come in pairs with shocks of opposite sign.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for no periods or no draws.
    pub fn forecast(&self, horizon: usize, draws: usize, seed: Option<u64>) -> Result<Forecast> {
        let (end, gap) = self.future();
        let (line, dynamic) = (self.work.line(), self.spec.method.is_dynamic());
        let likely = Likely::new(self, line, gap + horizon);
        let spread = Spread::new(self, &likely);
        let run = |generator: &mut Generator, sign: f64, path: &mut [f64]| {
            let (mut at, sigma) = likely.draw(uniform(generator));
            let sigma = sign * sigma;
            let (own, [xx, xc, _]) = (at.own(), at.cross);
            let moved =
                if likely.weighs() && own > 0.0 { sigma * normal(generator) / own.sqrt() } else { 0.0 };
            at.weight += moved;
            if xx > 0.0 {
                at.start += sigma * normal(generator) / xx.sqrt() - moved * xc / xx;
            }
            at.level.base += sigma * at.level.variance.sqrt() * normal(generator);
            let mut state = State::new(&self.work, line, &at, dynamic);
            for _ in 0..gap {
                state.step(sigma * normal(generator));
            }
            for y in path.iter_mut() {
                *y = state.step(sigma * normal(generator));
            }
            // One gamma process from the fewest degrees of freedom to the most: what widens one period widens the next.
            let (mut sum, mut reached) = (0.0, 0.0);
            for &h in &spread.order {
                let more = spread.degrees[h] - reached;
                if more > 0.0 {
                    sum += chi_squared(generator, more);
                    reached = spread.degrees[h];
                }
                let wider = spread.scale[h] * (spread.degrees[h] / sum).sqrt();
                path[h] = self.put(end + h, spread.mean[h] + (path[h] - spread.mean[h]) * wider);
            }
        };
        let forecast = self.data.pairs(horizon, draws, seed, run)?;
        Ok(self.notes().into_iter().fold(forecast, Forecast::note))
    }
}
