//! The states of a model and where they stand.

use std::f64::consts::PI;

use crate::error::Result;
use crate::timeseries::statespace::{Smoothed, StateSpace};
use crate::timeseries::structural::regressors::Regressors;
use crate::timeseries::structural::{Component, Season, Structural, Trend};

/// Where the states are.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) states: usize,
    pub(super) slope: Option<usize>,
    /// First state, length and form.
    pub(super) seasonal: Option<(usize, usize, Season)>,
    /// The first of two.
    pub(super) cycle: Option<usize>,
    pub(super) regressors: usize,
}

impl Layout {
    pub(super) fn new(spec: &Structural, regressors: usize) -> Self {
        let slope = (spec.trend != Trend::None).then_some(1);
        let first = 1 + usize::from(slope.is_some());
        let seasonal = spec.season.map(|(s, form)| (first, s, form));
        let after = first + spec.season.map_or(0, |(s, _)| s - 1);
        let cycle = spec.cycle.map(|_| after);
        let after = after + if cycle.is_some() { 2 } else { 0 };
        Self { states: after + regressors, slope, seasonal, cycle, regressors: after }
    }

    /// The states that a component's noise moves.
    pub(super) fn moved(&self, component: Component) -> std::ops::Range<usize> {
        match component {
            Component::Irregular | Component::Dispersion => 0..0,
            Component::Level => 0..1,
            Component::Slope => self.slope.map_or(0..0, |s| s..s + 1),
            Component::Seasonal => match self.seasonal {
                Some((first, _, Season::Dummy)) => first..first + 1,
                Some((first, season, Season::Trigonometric)) => first..first + season - 1,
                None => 0..0,
            },
            Component::Cycle => self.cycle.map_or(0..0, |c| c..c + 2),
            Component::Coefficient(j) => self.regressors + j..self.regressors + j + 1,
        }
    }

    /// States whose sum is the season.
    pub(super) fn seasonal_loading(&self) -> Vec<usize> {
        match self.seasonal {
            None => Vec::new(),
            Some((first, _, Season::Dummy)) => vec![first],
            // The first of every pair, and the last where it has no partner.
            Some((first, season, Season::Trigonometric)) => (first..first + season - 1).step_by(2).collect(),
        }
    }
}

/// Smoothed states on the model's scale.
pub(super) struct States<'a> {
    pub(super) layout: Layout,
    pub(super) regressors: &'a Regressors,
    pub(super) centre: f64,
    pub(super) spread: f64,
}

impl States<'_> {
    fn sum(&self, smoothed: &Smoothed, of: &[usize]) -> Vec<f64> {
        smoothed.mean.iter().map(|m| of.iter().map(|&i| m[i]).sum::<f64>() * self.spread).collect()
    }

    /// The coefficient of regressor j at one time.
    fn coefficient(&self, state: &[f64], j: usize) -> f64 {
        state[self.layout.regressors + j] * self.spread / self.regressors.spread[j]
    }

    /// μ: what centring the regressors put into it taken out again.
    pub(super) fn level(&self, smoothed: &Smoothed) -> Vec<f64> {
        let centres = &self.regressors.centre;
        let shift =
            |m: &Vec<f64>| centres.iter().enumerate().map(|(j, c)| c * self.coefficient(m, j)).sum::<f64>();
        smoothed.mean.iter().map(|m| self.centre + self.spread * m[0] - shift(m)).collect()
    }

    pub(super) fn level_std_error(&self, smoothed: &Smoothed) -> Vec<f64> {
        smoothed.variance.iter().map(|v| v[0].max(0.0).sqrt() * self.spread).collect()
    }

    pub(super) fn slope(&self, smoothed: &Smoothed) -> Option<Vec<f64>> {
        self.layout.slope.map(|state| self.sum(smoothed, &[state]))
    }

    pub(super) fn seasonal(&self, smoothed: &Smoothed) -> Option<Vec<f64>> {
        let states = self.layout.seasonal_loading();
        (!states.is_empty()).then(|| self.sum(smoothed, &states))
    }

    pub(super) fn cycle(&self, smoothed: &Smoothed) -> Option<Vec<f64>> {
        self.layout.cycle.map(|state| self.sum(smoothed, &[state]))
    }

    /// x'β.
    pub(super) fn regression(&self, smoothed: &Smoothed) -> Option<Vec<f64>> {
        let k = self.regressors.x.ncols();
        let one = |(t, m): (usize, &Vec<f64>)| {
            (0..k).map(|j| self.coefficient(m, j) * self.regressors.raw(t, j)).sum::<f64>()
        };
        (k > 0).then(|| smoothed.mean.iter().enumerate().map(one).collect())
    }
}

/// The state space of a model, its variances still to be set. `spread` is the unit of the scale.
pub(super) fn state_space(spec: &Structural, regressors: &Regressors, spread: f64) -> Result<StateSpace> {
    let k = regressors.x.ncols();
    let layout = Layout::new(spec, k);
    let mut model = StateSpace::new(layout.states).transition(0, 0, 1.0).observe(0, 1.0).diffuse(0);
    if let Some(slope) = layout.slope {
        model = model.transition(0, slope, 1.0).transition(slope, slope, 1.0);
        model = if spec.trend == Trend::Local { model.diffuse(slope) } else { model };
    }
    for state in layout.seasonal_loading() {
        model = model.observe(state, 1.0);
    }
    if let Some((first, season, form)) = layout.seasonal {
        model = match form {
            Season::Dummy => dummies(model, first, season),
            Season::Trigonometric => harmonics(model, first, season),
        };
    }
    if let (Some(first), Some(cycle)) = (layout.cycle, spec.cycle) {
        model = turning(model.observe(first, 1.0), first, 1.0);
        if cycle.lasts() {
            model = model.diffuse(first).diffuse(first + 1);
        }
    }
    for j in 0..k {
        let state = layout.regressors + j;
        model = model.transition(state, state, 1.0);
        model = match spec.prior.get(j) {
            Some(&(mean, variance)) if variance.is_finite() => {
                let unit = regressors.spread[j] / spread;
                model.start(state, mean * unit, variance * unit * unit)
            }
            _ => model.diffuse(state),
        };
    }
    if k > 0 {
        model = model.regressors(layout.regressors, regressors.x.view())?;
    }
    Ok(model)
}

/// γ' = −(the last s − 1 of γ).
fn dummies(mut model: StateSpace, first: usize, season: usize) -> StateSpace {
    for j in first..first + season - 1 {
        model = model.transition(first, j, -1.0).diffuse(j);
        if j + 2 < first + season {
            model = model.transition(j + 1, j, 1.0);
        }
    }
    model
}

/// Pairs that turn by 2πj/s a period; a last one that only changes its sign where s is even.
fn harmonics(mut model: StateSpace, first: usize, season: usize) -> StateSpace {
    for j in 1..=(season - 1) / 2 {
        let at = first + 2 * (j - 1);
        model = turning(model, at, 2.0 * PI * j as f64 / season as f64).diffuse(at).diffuse(at + 1);
    }
    if season.is_multiple_of(2) {
        let last = first + season - 2;
        model = model.transition(last, last, -1.0).diffuse(last);
    }
    model
}

/// Two states that turn by an angle a period.
fn turning(model: StateSpace, at: usize, angle: f64) -> StateSpace {
    let (sin, cos) = angle.sin_cos();
    model.transition(at, at, cos).transition(at, at + 1, sin).transition(at + 1, at, -sin).transition(
        at + 1,
        at + 1,
        cos,
    )
}
