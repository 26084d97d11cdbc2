//! The future as joint paths: parameters, states and shocks all drawn.

use ndarray::Array2;

use crate::error::Result;
use crate::inference::Forecast;
use crate::random::{Generator, chi_squared_of, fresh_seed, normal, stream, uniform};
use crate::timeseries::ets::EtsFit;
use crate::timeseries::ets::estimate::{Search, bounds};
use crate::timeseries::ets::filter::{Smoothing, State};
use crate::timeseries::ets::specification::argument;

/// Draws of the parameters at most, over all forms of a mixture.
const SETS: usize = 150;
/// Of one form, at least.
const FEWEST: usize = 20;

/// Slopes change slowly, before anything is known: the share of β in what it can be has the density of Beta(1, 3).
const SLOW: f64 = 2.0;

/// Shocks have the tails of a t with a third of the degrees of freedom, four at least: of a normal where a series is
/// long, and those that the yearly and quarterly series of the M1 and M3 competitions need where it is short.
const TAIL: (f64, f64) = (3.0, 4.0);

/// Radii of the t, each for several shocks, each of which is t by itself: so many at most, and shocks for one of them.
const RADII: usize = 1024;
const SHARED: usize = 4;

/// One draw of parameters: smoothing, state after the last period, σ.
pub(super) struct Draw {
    smoothing: Smoothing,
    last: State,
    size: f64,
}

impl EtsFit {
    /// The next `horizon` periods as `draws` simulated paths. Each draws parameters, initial states, σ² and shocks.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for a horizon or draws of zero.
    pub fn forecast(&self, horizon: usize, draws: usize, seed: Option<u64>) -> Result<Forecast> {
        let seed = seed.unwrap_or_else(fresh_seed);
        if horizon == 0 || draws == 0 {
            return Err(argument("horizon or draws", 0, "at least 1"));
        }
        let mut paths = Array2::zeros((draws, horizon));
        self.paths(&(0..draws).collect::<Vec<_>>(), seed, &mut paths);
        let labels = (1..=horizon).map(|h| format!("+{h}")).collect();
        let made = Forecast::new(vec!["forecast".into()], vec![paths], labels, self.cutoff.clone(), seed)?;
        Ok(self.notes().into_iter().fold(made, Forecast::note))
    }

    /// Fills the rows `draws` of an array of paths.
    pub(super) fn paths(&self, draws: &[usize], seed: u64, out: &mut Array2<f64>) {
        let share = draws.len() as f64 / out.nrows() as f64;
        let wanted = draws.len().min((SETS as f64 * share) as usize).max(FEWEST);
        let sets = self.posterior(seed, wanted);
        let tail = (self.degrees() / TAIL.0).max(TAIL.1);
        let chi = chi_squared_of(tail);
        // The forms of a mixture have draws of their own, and so streams.
        let mut generator = stream(seed, 1 + draws.first().map_or(0, |d| *d as u64));
        let shocks = draws.len() * out.ncols();
        let radius = |_| (tail / chi(&mut generator)).sqrt();
        let radii: Vec<f64> = (0..(shocks / SHARED).clamp(1, RADII)).map(radius).collect();
        let mut path = vec![0.0; out.ncols()];
        let mut state = self.last.clone();
        for (i, &draw) in draws.iter().enumerate() {
            // Multiples of a number prime to the sets: those that were kept twice do not stand together.
            let set = &sets[i * 7 % sets.len()];
            state.clone_from(&set.last);
            let shock = || {
                let radius = radii[(uniform(&mut generator) * radii.len() as f64) as usize];
                set.size * radius * normal(&mut generator)
            };
            self.path(&mut state, set.smoothing, &mut path, shock);
            out.row_mut(draw).iter_mut().zip(&path).for_each(|(o, y)| *o = y * self.scale);
        }
    }

    /// One path of the scaled series.
    pub(super) fn path(
        &self,
        state: &mut State,
        smoothing: Smoothing,
        out: &mut [f64],
        mut shock: impl FnMut() -> f64,
    ) {
        let form = self.form();
        for y in out {
            let step = state.ahead(form, smoothing[3]);
            let mut e = shock();
            if form.multiplicative {
                // Outcomes of a multiplicative form are above zero: the normal is cut off there.
                for _ in 0..50 {
                    if e > -1.0 {
                        break;
                    }
                    e = shock();
                }
                e = e.max(-0.999);
            }
            *y = if form.multiplicative { step.mu * (1.0 + e) } else { step.mu + e };
            state.update(form, smoothing, step, Some(*y));
            if form.multiplicative {
                state.level = state.level.max(1e-12);
            }
            if form.grows() {
                state.slope = state.slope.clamp(1e-3, 1e3);
                state.level = state.level.min(1e12);
            }
        }
    }

    /// Observations less what was estimated.
    fn degrees(&self) -> f64 {
        (self.sums.count as f64 - self.problem.n_free() as f64).max(1.0)
    }

    /// Draws from the posterior inside the bounds, the prior flat but for [`SLOW`]. The proposal is the multivariate t with n − p
    /// degrees of freedom, which is the posterior itself where the sum of squares is quadratic; what it is not is made
    /// good by resampling with weights `likelihood/proposal`.
    pub(super) fn posterior(&self, seed: u64, wanted: usize) -> Vec<Draw> {
        let problem = &self.problem;
        let n = self.sums.count as f64;
        let best = || Draw {
            smoothing: self.smoothing(),
            last: self.last.clone(),
            size: self.scaled_variance().sqrt(),
        };
        let free = problem.free();
        // The states first: the last are drawn first, and what lies outside of the box costs no draw of the states.
        let moves: Vec<usize> = (4..self.z.len()).chain(0..4).filter(|&i| free[i]).collect();
        let degrees = self.degrees();
        let size = self.sums.squares / degrees;
        let ridge = |i: usize| match i {
            // The proposal need not be wider than the box.
            0..=2 => size / 0.25,
            3 => size / 0.0081,
            _ => 0.0,
        };
        if self.is_exact() {
            return vec![best()];
        }
        let mut generator = stream(seed, 0);
        let (of_proposal, of_variance) = (chi_squared_of(degrees), chi_squared_of(n));
        let factor = match moves.is_empty() {
            true => Some(Vec::new()),
            false => Search::new(problem).root(&self.z, &moves, ridge),
        };
        let Some(factor) = factor else {
            let scaled = |g: &mut Generator| (self.sums.squares / of_proposal(g)).sqrt();
            return (0..wanted).map(|_| Draw { size: scaled(&mut generator), ..best() }).collect();
        };
        let p = moves.len();
        let mut proposal = Proposal { at: &self.z, moves: &moves, factor, step: vec![0.0; p] };
        let (mut state, mut z) = (self.last.clone(), self.z.clone());
        let mut proposed: Vec<(f64, Draw)> = Vec::with_capacity(wanted);
        let mut tries = 0;
        while proposed.len() < wanted && tries < 20 * wanted {
            tries += 1;
            let radius = degrees / of_proposal(&mut generator);
            let Some(noise) = proposal.draw((size * radius).sqrt(), &mut z, &mut generator) else { continue };
            let Some(sums) = problem.at(&z, &mut state) else { continue };
            let log_proposal = -0.5 * (degrees + p as f64) * (1.0 + radius * noise / degrees).ln();
            let slow = if free[1] { SLOW * (1.0 - z[1]).max(1e-9).ln() } else { 0.0 };
            let weight = slow
                - 0.5 * n * (sums.squares / self.sums.squares).ln()
                - (sums.logs - self.sums.logs)
                - log_proposal;
            let draw = Draw {
                smoothing: problem.smoothing(&z),
                last: state.clone(),
                size: (sums.squares / of_variance(&mut generator)).sqrt(),
            };
            proposed.push((weight, draw));
        }
        if proposed.is_empty() {
            return vec![best()];
        }
        resample(proposed, wanted, &mut generator)
    }
}

/// A normal around the maximum.
struct Proposal<'a> {
    at: &'a [f64],
    moves: &'a [usize],
    /// L, whose `LL'` is the inverse of the normal's covariance.
    factor: Vec<f64>,
    step: Vec<f64>,
}

impl Proposal<'_> {
    /// Puts a draw into `z`: `L' step = noise · size`. The sum of squares of the noise; none outside of the box.
    fn draw(&mut self, size: f64, z: &mut [f64], generator: &mut Generator) -> Option<f64> {
        let p = self.moves.len();
        let mut squares = 0.0;
        for (i, &place) in self.moves.iter().enumerate().rev() {
            let noise = normal(generator);
            squares += noise * noise;
            let mut v = noise * size;
            for c in i + 1..p {
                v -= self.factor[c * p + i] * self.step[c];
            }
            self.step[i] = v / self.factor[i * p + i];
            z[place] = self.at[place] + self.step[i];
            let (low, high) = bounds(place);
            if !(low..=high).contains(&z[place]) {
                return None;
            }
        }
        Some(squares)
    }
}

/// Systematic resampling; no weight counts for more than a tenth of all.
fn resample(proposed: Vec<(f64, Draw)>, wanted: usize, generator: &mut Generator) -> Vec<Draw> {
    let top = proposed.iter().fold(f64::NEG_INFINITY, |m, p| m.max(p.0));
    let mut weights: Vec<f64> = proposed.iter().map(|p| (p.0 - top).exp()).collect();
    let most = 0.1 * weights.iter().sum::<f64>();
    weights.iter_mut().for_each(|w| *w = w.min(most));
    let step = weights.iter().sum::<f64>() / wanted as f64;
    let mut at = step * uniform(generator);
    let mut out = Vec::with_capacity(wanted);
    let mut sum = 0.0;
    for ((_, draw), weight) in proposed.into_iter().zip(weights) {
        sum += weight;
        while at < sum && out.len() < wanted {
            let Draw { smoothing, ref last, size } = draw;
            out.push(Draw { smoothing, last: last.clone(), size });
            at += step;
        }
    }
    out
}
