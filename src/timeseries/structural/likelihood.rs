//! The likelihood as a function of a vector: logs of variances, and the logit of the damping.

use crate::error::Result;
use crate::timeseries::statespace::{LogLikelihood, StateSpace, Workspace};
use crate::timeseries::structural::prepare::{Layout, Prepared};
use crate::timeseries::structural::{Component, Structural, Trend};

/// `½ log 2π`.
pub(super) const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// The damping that no estimate reaches.
pub(super) const MOST_DAMPING: f64 = 0.98;

/// Logs of variances beyond this, in units of a usual step, are no longer told apart.
const FARTHEST: f64 = 40.0;

/// The likelihood with its memory. Everything is in the units of [`Prepared`].
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) model: StateSpace,
    pub(super) work: Workspace,
    layout: Layout,
    /// Given variances; zero for those that are absent or were found to be zero.
    pub(super) fixed: [f64; 4],
    /// Which variances are estimated.
    pub(super) free: [bool; 4],
    pub(super) damping: Option<f64>,
    pub(super) free_damping: bool,
    /// The variance that is concentrated out, if one is.
    pub(super) reference: Option<Component>,
}

impl Problem {
    pub(super) fn new(spec: &Structural, data: &Prepared) -> Result<Self> {
        let model = data.state_space(spec)?;
        let square = data.spread * data.spread;
        let free = Component::ALL.map(|c| spec.has(c) && spec.given[c as usize].is_none());
        let fixed = spec.given.map(|v| v.map_or(0.0, |v| v / square));
        // One scale for all is only there to be taken out when nothing fixes it.
        let loose = spec.given.iter().all(Option::is_none)
            && !spec.sampling
            && spec.prior.iter().all(|p| p.1.is_infinite());
        let damped = spec.trend == Trend::Damped;
        Ok(Self {
            work: Workspace::new(&model),
            model,
            layout: Layout::new(spec, data.x.ncols()),
            fixed,
            free,
            damping: damped.then(|| spec.damping.unwrap_or(0.9)),
            free_damping: damped && spec.damping.is_none(),
            reference: loose.then_some(Component::Irregular),
        })
    }

    /// The same with every variance in the vector.
    pub(super) fn loosened(&self) -> Self {
        Self { reference: None, ..self.clone() }
    }

    /// The variances that are in the vector, in its order.
    pub(super) fn variances(&self) -> impl Iterator<Item = Component> + '_ {
        Component::ALL.into_iter().filter(|&c| self.free[c as usize] && self.reference != Some(c))
    }

    /// Whether the damping is in the vector: without a moving slope nothing depends on it.
    pub(super) fn moves_damping(&self) -> bool {
        let slope = Component::Slope as usize;
        self.free_damping && (self.free[slope] || self.fixed[slope] > 0.0)
    }

    /// The vector's length.
    pub(super) fn dimension(&self) -> usize {
        self.variances().count() + usize::from(self.moves_damping())
    }

    /// Sets the model's variances; false when the vector is too far out.
    pub(super) fn set(&mut self, theta: &[f64]) -> bool {
        if theta.iter().any(|t| t.is_nan() || t.abs() > FARTHEST) {
            return false;
        }
        let mut at = 0;
        for component in Component::ALL {
            let index = component as usize;
            let variance = if self.reference == Some(component) {
                1.0
            } else if self.free[index] {
                at += 1;
                theta[at - 1].exp()
            } else {
                self.fixed[index]
            };
            match self.layout.state(component) {
                Some(state) => self.model.set_state_variance(state, variance),
                None if component == Component::Irregular => self.model.set_observation_variance(variance),
                None => {}
            }
        }
        if let (Some(slope), Some(given)) = (self.layout.slope, self.damping) {
            let factor = if self.moves_damping() { logistic(theta[at]) } else { given };
            self.model.set_transition(slope, slope, factor);
            let stationary = self.model.state_variances()[slope] / (1.0 - factor * factor);
            self.model.set_start_variance(slope, stationary);
        }
        true
    }

    /// The likelihood at a vector, nothing concentrated.
    pub(super) fn at(&mut self, theta: &[f64], z: &[f64]) -> Option<LogLikelihood> {
        if !self.set(theta) {
            return None;
        }
        self.work.log_likelihood(&self.model, z).ok()
    }

    /// Minus the log-likelihood, the scale concentrated out where there is one; infinite outside the domain.
    pub(super) fn cost(&mut self, theta: &[f64], z: &[f64]) -> f64 {
        let Some(found) = self.at(theta, z) else { return f64::INFINITY };
        if self.reference.is_none() {
            return -found.value;
        }
        let regular = (found.n_observed - found.n_diffuse) as f64;
        let scale = found.quadratic / regular;
        regular * (HALF_LOG_TWO_PI + 0.5 + 0.5 * scale.ln()) + 0.5 * found.log_determinant
    }

    /// The scale that was concentrated out, at a vector.
    pub(super) fn scale(&mut self, theta: &[f64], z: &[f64]) -> f64 {
        match (self.reference, self.at(theta, z)) {
            (Some(_), Some(found)) => found.quadratic / (found.n_observed - found.n_diffuse) as f64,
            _ => 1.0,
        }
    }
}

/// The damping at a place on the line. It stays below 0.98 (Hyndman & Athanasopoulos 2021, §8.2): closer to one a damped
/// slope is a permanent one, and short series often have their maximum there.
pub(super) fn logistic(x: f64) -> f64 {
    MOST_DAMPING / (1.0 + (-x).exp())
}
