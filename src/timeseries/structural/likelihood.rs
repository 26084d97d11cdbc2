//! The likelihood as a function of a vector: logs of variances, then logits of what bends the transition.

use std::f64::consts::PI;
use std::ops::Range;

use crate::error::Result;
use crate::timeseries::statespace::{LogLikelihood, StateSpace, Workspace, scaled_score};
use crate::timeseries::structural::cells::Cells;
use crate::timeseries::structural::differenced::{Differenced, Sizes};
use crate::timeseries::structural::regressors::Regressors;
use crate::timeseries::structural::states::Layout;
use crate::timeseries::structural::{Component, Structural, Trend};

/// `½ log 2π`.
pub(super) const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// The damping of a trend that no estimate reaches: closer to one a damped slope is a permanent one, and short series
/// often have their maximum there (Hyndman & Athanasopoulos 2021, §8.2).
const MOST_DAMPING: f64 = 0.98;

/// The damping of a cycle that no estimate reaches.
const MOST_LASTING: f64 = 1.0 - 1e-6;

/// Logs of variances beyond this, in units of a usual step, are no longer told apart.
const FARTHEST: f64 = 40.0;

/// A variance of the model.
#[derive(Debug, Clone)]
pub(super) struct Movement {
    pub(super) component: Component,
    /// The states that it moves; none for the irregular and the dispersion.
    states: Range<usize>,
    /// Whether it is estimated.
    pub(super) free: bool,
    /// Its value where it is not; zero for those that were found to be zero.
    pub(super) fixed: f64,
}

/// What bends the transition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// φ of the slope.
    Damping,
    /// ρ of the cycle.
    CycleDamping,
    /// The cycle's period, between two frequencies.
    CyclePeriod(f64, f64),
}

impl Shape {
    /// The value at a place on the line.
    pub(super) fn value(self, x: f64) -> f64 {
        let share = 1.0 / (1.0 + (-x).exp());
        match self {
            Self::Damping => MOST_DAMPING * share,
            Self::CycleDamping => MOST_LASTING * share,
            Self::CyclePeriod(low, high) => 2.0 * PI / (low + (high - low) * share),
        }
    }

    /// The size of the derivative of the value.
    pub(super) fn slope(self, x: f64) -> f64 {
        let share = 1.0 / (1.0 + (-x).exp());
        let of_share = share * (1.0 - share);
        match self {
            Self::Damping => MOST_DAMPING * of_share,
            Self::CycleDamping => MOST_LASTING * of_share,
            Self::CyclePeriod(low, high) => {
                let frequency = low + (high - low) * share;
                2.0 * PI / (frequency * frequency) * (high - low) * of_share
            }
        }
    }

    /// Its name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Damping => "damping",
            Self::CycleDamping => "damping of cycle",
            Self::CyclePeriod(..) => "period of cycle",
        }
    }

    /// Places to start from.
    pub(super) fn starts(self) -> &'static [f64] {
        match self {
            Self::Damping => &[2.2, 0.5],
            Self::CycleDamping => &[2.2],
            Self::CyclePeriod(..) => &[-2.0, 0.0, 2.0],
        }
    }
}

/// A shape, given or estimated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bend {
    pub(super) shape: Shape,
    pub(super) free: bool,
    pub(super) given: f64,
}

/// The likelihood with its memory. Everything is in the units of the numerics.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) model: StateSpace,
    pub(super) work: Workspace,
    layout: Layout,
    pub(super) movements: Vec<Movement>,
    bends: Vec<Bend>,
    lasting: bool,
    /// The variance that is concentrated out, if one is: its place among the movements.
    pub(super) reference: Option<usize>,
    /// Counts, where the outcome is not normal.
    pub(super) cells: Option<Cells>,
    /// A shorter way to the likelihood of the series, where there is one.
    differenced: Option<Differenced>,
}

impl Problem {
    /// `spread` is the unit of the scale.
    pub(super) fn new(spec: &Structural, model: StateSpace, regressors: &Regressors, spread: f64) -> Self {
        let layout = Layout::new(spec, regressors.x.ncols());
        let movement = |component| {
            let unit = match component {
                Component::Dispersion => 1.0,
                Component::Coefficient(j) => (spread / regressors.spread[j]).powi(2),
                _ => spread * spread,
            };
            let given = spec.given(component);
            let states = layout.moved(component);
            Movement { component, states, free: given.is_none(), fixed: given.map_or(0.0, |v| v / unit) }
        };
        let movements: Vec<Movement> = spec.components().into_iter().map(movement).collect();
        // One scale for all is only there to be taken out when nothing fixes it.
        let loose = spec.given.is_empty()
            && !spec.sampling
            && spec.family.is_none()
            && spec.prior.iter().all(|p| p.1.is_infinite());
        let mut bends = Vec::new();
        if spec.trend == Trend::Damped {
            let given = spec.damping.unwrap_or(0.9);
            bends.push(Bend { shape: Shape::Damping, free: spec.damping.is_none(), given });
        }
        if let Some(cycle) = spec.cycle {
            let given = cycle.damping.unwrap_or(0.9);
            bends.push(Bend { shape: Shape::CycleDamping, free: cycle.damping.is_none(), given });
            let shape = Shape::CyclePeriod(2.0 * PI / cycle.bounds.1, 2.0 * PI / cycle.bounds.0);
            let given = cycle.period.unwrap_or_else(|| shape.value(0.0));
            bends.push(Bend { shape, free: cycle.period.is_none(), given });
        }
        Self {
            work: Workspace::new(&model),
            model,
            layout,
            movements,
            bends,
            lasting: spec.cycle.is_some_and(super::Cycle::lasts),
            reference: loose.then_some(0),
            cells: None,
            differenced: None,
        }
    }

    /// Looks for a shorter way to the likelihood of this series, which has to agree with the filter at a vector.
    pub(super) fn shorten(&mut self, spec: &Structural, theta: &[f64], z: &[f64]) {
        self.differenced =
            Differenced::new(spec, self.layout.states - self.layout.regressors, z).and_then(|found| {
                let filter = self.at(theta, z)?;
                found.checked(&self.sizes(), &filter)
            });
    }

    /// Only the filter's way from now on.
    pub(super) fn at_length(&mut self) {
        self.differenced = None;
    }

    /// What the model is set to.
    fn sizes(&self) -> Sizes {
        let variance = |state: Option<usize>| state.map_or(0.0, |s| self.model.state_variances()[s]);
        let slope = self.layout.slope;
        Sizes {
            irregular: self.model.noise(),
            level: variance(Some(0)),
            slope: variance(slope),
            seasonal: variance(self.layout.seasonal.map(|s| s.0)),
            damping: slope.map_or(0.0, |s| self.model.transition_at(s, s)),
        }
    }

    /// The same with every variance in the vector.
    pub(super) fn loosened(&self) -> Self {
        Self { reference: None, ..self.clone() }
    }

    /// The movements whose variance is in the vector, in its order.
    pub(super) fn variances(&self) -> impl Iterator<Item = &Movement> + '_ {
        let inside = |(i, m): &(usize, &Movement)| m.free && self.reference != Some(*i);
        self.movements.iter().enumerate().filter(inside).map(|(_, m)| m)
    }

    /// Whether a component moves at all.
    fn moves(&self, component: Component) -> bool {
        self.movements.iter().any(|m| m.component == component && (m.free || m.fixed > 0.0))
    }

    /// Whether a bend is in the vector: without movement nothing depends on it.
    fn counts(&self, bend: &Bend) -> bool {
        bend.free
            && match bend.shape {
                Shape::Damping => self.moves(Component::Slope),
                Shape::CycleDamping => self.moves(Component::Cycle),
                Shape::CyclePeriod(..) => self.lasting || self.moves(Component::Cycle),
            }
    }

    /// The bends in the vector, behind the variances.
    pub(super) fn bends(&self) -> impl Iterator<Item = Shape> + '_ {
        self.bends.iter().filter(|b| self.counts(b)).map(|b| b.shape)
    }

    /// All bends: shape, whether it is estimated, and its value given a vector; NaN where it has no meaning.
    pub(super) fn shapes(&self, theta: &[f64]) -> Vec<(Bend, f64, Option<usize>)> {
        let mut at = self.variances().count();
        let one = |bend: &Bend| {
            if !self.counts(bend) {
                return (*bend, if bend.free { f64::NAN } else { bend.given }, None);
            }
            at += 1;
            (*bend, bend.shape.value(theta[at - 1]), Some(at - 1))
        };
        self.bends.iter().map(one).collect()
    }

    /// The vector's length.
    pub(super) fn dimension(&self) -> usize {
        self.variances().count() + self.bends().count()
    }

    /// A variance at a vector, in the units of the numerics.
    pub(super) fn variance(&self, component: Component, theta: &[f64]) -> Option<f64> {
        let movement = self.movements.iter().find(|m| m.component == component)?;
        let place = self.variances().position(|m| m.component == component);
        Some(place.map_or(movement.fixed, |i| theta[i].exp()))
    }

    /// Sets the model's variances; false when the vector is too far out.
    pub(super) fn set(&mut self, theta: &[f64]) -> bool {
        if theta.iter().any(|t| t.is_nan() || t.abs() > FARTHEST) {
            return false;
        }
        let mut at = 0;
        for (i, movement) in self.movements.iter().enumerate() {
            let variance = if self.reference == Some(i) {
                1.0
            } else if movement.free {
                at += 1;
                theta[at - 1].exp()
            } else {
                movement.fixed
            };
            match movement.component {
                Component::Irregular => self.model.set_observation_variance(variance),
                Component::Dispersion => {
                    if let Some(cells) = &mut self.cells {
                        cells.set_dispersion(variance);
                    }
                }
                _ => movement.states.clone().for_each(|s| self.model.set_state_variance(s, variance)),
            }
        }
        let (mut factor, mut period) = (1.0, 0.0);
        for (bend, value, _) in self.shapes(theta) {
            let value = if value.is_nan() { bend.given } else { value };
            match (bend.shape, self.layout.slope) {
                (Shape::Damping, Some(slope)) => {
                    self.model.set_transition(slope, slope, value);
                    let stationary = self.model.state_variances()[slope] / (1.0 - value * value);
                    self.model.set_start_variance(slope, stationary);
                }
                (Shape::Damping, None) => {}
                (Shape::CycleDamping, _) => factor = value,
                (Shape::CyclePeriod(..), _) => period = value,
            }
        }
        if let Some(first) = self.layout.cycle {
            let (sin, cos) = (2.0 * PI / period).sin_cos();
            for (to, from, value) in [(0, 0, cos), (0, 1, sin), (1, 0, -sin), (1, 1, cos)] {
                self.model.set_transition(first + to, first + from, factor * value);
            }
            if !self.lasting {
                let stationary = self.model.state_variances()[first] / (1.0 - factor * factor);
                (first..first + 2).for_each(|s| self.model.set_start_variance(s, stationary));
            }
        }
        true
    }

    /// The likelihood of a normal outcome at a vector, nothing concentrated.
    pub(super) fn at(&mut self, theta: &[f64], z: &[f64]) -> Option<LogLikelihood> {
        if !self.set(theta) {
            return None;
        }
        self.work.log_likelihood(&self.model, z).ok()
    }

    /// Minus the log-likelihood, the scale concentrated out where there is one; infinite outside the domain.
    pub(super) fn cost(&mut self, theta: &[f64], z: &[f64]) -> f64 {
        if self.cells.is_some() && self.set(theta) {
            let Self { cells: Some(cells), model, .. } = self else { return f64::INFINITY };
            return cells.log_likelihood(model).map_or(f64::INFINITY, |value| -value);
        }
        let found = match self.differenced.take() {
            Some(mut shorter) => {
                let found = if self.set(theta) { shorter.at(&self.sizes()) } else { None };
                self.differenced = Some(shorter);
                found
            }
            None => self.at(theta, z),
        };
        found.map_or(f64::INFINITY, |found| self.cost_of(&found))
    }

    fn cost_of(&self, found: &LogLikelihood) -> f64 {
        if self.reference.is_none() {
            return -found.value;
        }
        let regular = (found.n_observed - found.n_diffuse) as f64;
        let scale = found.quadratic / regular;
        regular * (HALF_LOG_TWO_PI + 0.5 + 0.5 * scale.ln()) + 0.5 * found.log_determinant
    }

    /// Whether [`cost_and_slope`](Self::cost_and_slope) is there and shorter than differences.
    pub(super) fn has_score(&self) -> bool {
        self.cells.is_none() && self.differenced.is_none() && self.bends().next().is_none()
    }

    /// The cost of a normal outcome with its exact slope by the variances, in one more pass for all of them (Koopman &
    /// Shephard 1992). Bends have none here.
    pub(super) fn cost_and_slope(&mut self, theta: &[f64], z: &[f64], slope: &mut [f64]) -> f64 {
        if !self.set(theta) {
            return f64::INFINITY;
        }
        let concentrated = self.reference.is_some();
        let scale = |found: &LogLikelihood| match concentrated {
            true => found.quadratic / (found.n_observed - found.n_diffuse) as f64,
            false => 1.0,
        };
        let Ok(found) = scaled_score(&mut self.work, &self.model, z, scale) else { return f64::INFINITY };
        let cost = self.cost_of(&found.likelihood);
        let mut at = 0;
        for (i, movement) in self.movements.iter().enumerate() {
            if !movement.free || self.reference == Some(i) {
                continue;
            }
            let variance = theta[at].exp();
            let stationary = self.starts_stationary(movement.component);
            let of_state = |s: usize| {
                // The variance a state starts with is a multiple of that which moves it.
                let share = if stationary { self.model.start_variance(s) / variance } else { 0.0 };
                found.state_variance[s] + share * found.start_variance[s]
            };
            let by = match movement.component {
                Component::Irregular => found.observation_variance,
                _ => movement.states.clone().map(of_state).sum(),
            };
            slope[at] = -variance * by;
            at += 1;
        }
        cost
    }

    /// Whether a component's states start from where its movement would bring them.
    fn starts_stationary(&self, component: Component) -> bool {
        match component {
            Component::Slope => self.bends.iter().any(|b| b.shape == Shape::Damping),
            Component::Cycle => !self.lasting,
            _ => false,
        }
    }

    /// The scale that was concentrated out, at a vector.
    pub(super) fn scale(&mut self, theta: &[f64], z: &[f64]) -> f64 {
        match (self.reference, self.at(theta, z)) {
            (Some(_), Some(found)) => found.quadratic / (found.n_observed - found.n_diffuse) as f64,
            _ => 1.0,
        }
    }
}

impl Problem {
    /// Parameters that are estimated, those found to be zero or without meaning too.
    pub(super) fn n_parameters(spec: &Structural) -> usize {
        let variances = spec.components().into_iter().filter(|&c| spec.given(c).is_none()).count();
        let damping = usize::from(spec.trend == Trend::Damped && spec.damping.is_none());
        let cycle =
            spec.cycle.map_or(0, |c| usize::from(c.damping.is_none()) + usize::from(c.period.is_none()));
        variances + damping + cycle
    }

    /// The filter's state after a pass; an error where the filter breaks down.
    pub(super) fn filtered(&mut self, z: &[f64]) -> Result<LogLikelihood> {
        self.work.log_likelihood(&self.model, z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::structural::prepare::prepare;
    use crate::timeseries::structural::{Cycle, Series};

    /// Beside central differences: one variance concentrated out or none, states that start stationary, a gap.
    #[test]
    fn slopes_are_those_of_the_cost() {
        let one = |t: u32| {
            let season = [2.0, -1.0, 0.5, -1.5][t as usize % 4];
            if t == 20 { f64::NAN } else { 10.0 + 0.1 * f64::from(t) + season + f64::from(t * 37 % 11) / 5.0 }
        };
        let y: Vec<f64> = (0..60).map(one).collect();
        let local = Structural::new().trend(Trend::Local).seasonal(4);
        let specs = [
            local.clone(),
            local.variance(Component::Irregular, 0.5),
            Structural::new().trend(Trend::Damped).damping(0.9),
            Structural::new().cycle(Cycle::of(8.0).damping(0.8)),
        ];
        for spec in specs {
            let data = prepare(&spec, &Series::new("y", &y)).expect("a series");
            let model = data.state_space(&spec).expect("a model");
            let concentrated = Problem::new(&spec, model, &data.regressors, data.spread);
            for mut problem in [concentrated.loosened(), concentrated] {
                let mut theta: Vec<f64> = (0..problem.dimension()).map(|i| -0.5 - 0.7 * i as f64).collect();
                assert!(theta.len() > 1 && problem.bends().next().is_none());
                let mut slope = vec![0.0; theta.len()];
                let cost = problem.cost_and_slope(&theta, &data.z, &mut slope);
                assert!((cost - problem.cost(&theta, &data.z)).abs() < 1e-11 * cost.abs());
                for i in 0..theta.len() {
                    let here = theta[i];
                    let mut value = |by: f64| {
                        theta[i] = here + by;
                        problem.cost(&theta, &data.z)
                    };
                    let numeric = (value(1e-5) - value(-1e-5)) / 2e-5;
                    theta[i] = here;
                    assert!((numeric - slope[i]).abs() < 1e-6, "{spec} {i}: {numeric} {}", slope[i]);
                }
            }
        }
    }
}
