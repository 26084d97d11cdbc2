//! The recursions.

use crate::special::LogProduct;
use crate::timeseries::ets::Form;
use crate::timeseries::ets::form::{Season, Trend};
use crate::timeseries::ets::unseasonal;

/// α, β, γ, φ; those that the form lacks are 0, 0, 0, 1.
pub(super) type Smoothing = [f64; 4];

/// Level, slope or growth, and the last year's seasons; `at` is the slot that the next period uses.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) level: f64,
    pub(super) slope: f64,
    pub(super) season: Vec<f64>,
    pub(super) at: usize,
}

/// The parts of one forecast.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Level and trend.
    pub(super) q: f64,
    pub(super) s: f64,
    pub(super) mu: f64,
    /// `b^φ` or `φb`.
    pub(super) carried: f64,
}

impl State {
    #[inline]
    pub(super) fn ahead(&self, form: Form, phi: f64) -> Step {
        let (q, carried) = match form.trend {
            Trend::None => (self.level, 0.0),
            Trend::Additive | Trend::AdditiveDamped => (self.level + phi * self.slope, phi * self.slope),
            Trend::Multiplicative => (self.level * self.slope, self.slope),
            Trend::MultiplicativeDamped => {
                let carried = self.slope.powf(phi);
                (self.level * carried, carried)
            }
        };
        let (s, mu) = match form.season {
            Season::None => (0.0, q),
            Season::Additive => (self.season[self.at], q + self.season[self.at]),
            Season::Multiplicative => (self.season[self.at], q * self.season[self.at]),
        };
        Step { q, s, mu, carried }
    }

    /// Takes in `y`; none leaves the state as it was forecast.
    #[inline]
    pub(super) fn update(
        &mut self,
        form: Form,
        [alpha, beta, gamma, _]: Smoothing,
        step: Step,
        y: Option<f64>,
    ) {
        let error = y.map_or(0.0, |y| y - step.mu);
        let d = if form.season == Season::Multiplicative { error / step.s } else { error };
        let before = self.level;
        self.level = step.q + alpha * d;
        self.slope = if form.grows() { step.carried + beta * d / before } else { step.carried + beta * d };
        match form.season {
            Season::None => return,
            Season::Additive => self.season[self.at] = step.s + gamma * error,
            Season::Multiplicative => self.season[self.at] = step.s + gamma * error / step.q,
        }
        self.at = if self.at + 1 < self.season.len() { self.at + 1 } else { 0 };
    }

    pub(super) fn valid(&self, form: Form) -> bool {
        !form.multiplicative || (self.level > 0.0 && (!form.grows() || self.slope > 0.0))
    }
}

/// Sum of squared errors and of logs of the means (multiplicative errors), over what was observed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) squares: f64,
    pub(super) logs: f64,
    pub(super) count: usize,
}

impl Sums {
    /// `Σ e² · exp(2/n Σ log μ)`: its n-th power is the inverse square of the concentrated likelihood.
    pub(super) fn objective(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.squares * (2.0 * self.logs / self.count as f64).exp() }
    }
}

/// One pass over the series; none where a mean of a multiplicative form is not above zero.
pub(super) fn pass(form: Form, smoothing: Smoothing, state: &mut State, y: &[f64]) -> Option<Sums> {
    if !form.seasonal() {
        return unseasonal::pass(form, smoothing, state, y);
    }
    let mut sums = Sums { squares: 0.0, logs: 0.0, count: 0 };
    let mut means = LogProduct::new();
    for &y in y {
        let step = state.ahead(form, smoothing[3]);
        if form.multiplicative && !(step.mu > 0.0 && step.q > 0.0) {
            return None;
        }
        let seen = (!y.is_nan()).then_some(y);
        if seen.is_some() {
            let error = y - step.mu;
            let error = if form.multiplicative { error / step.mu } else { error };
            sums.squares += error * error;
            sums.count += 1;
            if form.multiplicative {
                means.take(step.mu);
            }
        }
        state.update(form, smoothing, step, seen);
        if form.grows() && !state.valid(form) {
            return None;
        }
    }
    sums.logs = means.ln();
    (sums.squares.is_finite() && sums.logs.is_finite()).then_some(sums)
}
