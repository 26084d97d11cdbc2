//! The fitted model.

use crate::error::Result;
use crate::inference::{CoefficientRow, Table, interval_level};
use crate::timeseries::ets::estimate::{Found, Problem, Search, bounds};
use crate::timeseries::ets::filter::{Smoothing, State, Sums};
use crate::timeseries::ets::{Ets, Form, Season};
use crate::timeseries::structural::{Parameter, Series};

/// An exponential smoothing model fitted to a series.
#[derive(Debug, Clone)]
pub struct EtsFit {
    pub(super) spec: Ets,
    pub(super) y: Vec<f64>,
    pub(super) cutoff: String,
    name: String,
    pub(super) problem: Problem,
    pub(super) z: Vec<f64>,
    pub(super) sums: Sums,
    pub(super) scale: f64,
    /// After the last period, in units of the scaled series.
    pub(super) last: State,
}

impl EtsFit {
    pub(super) fn new(spec: Ets, series: &Series<'_>, problem: Problem, found: Found, scale: f64) -> Self {
        let mut last = problem.state(&found.z);
        problem.at(&found.z, &mut last);
        let y = series.outcome().to_vec();
        let cutoff = series.label(y.len() - 1);
        Self {
            spec,
            cutoff,
            name: series.name().into(),
            y,
            problem,
            z: found.z,
            sums: found.sums,
            scale,
            last,
        }
    }

    /// What was fitted.
    pub fn specification(&self) -> &Ets {
        &self.spec
    }

    /// The form.
    pub fn form(&self) -> Form {
        self.spec.form
    }

    /// The model with the parameters and first states of this fit given.
    #[must_use]
    pub fn held(&self) -> Ets {
        let has = self.form().has();
        let given = std::array::from_fn(|i| has[i].then(|| self.smoothing()[i]));
        let states = self.initial_states();
        let all = states.len() - usize::from(self.form().seasonal());
        Ets { given, states: Some(states[..all].to_vec()), ..self.spec.clone() }
    }

    /// The name of the outcome.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The outcome as given.
    pub fn outcome(&self) -> &[f64] {
        &self.y
    }

    pub(super) fn smoothing(&self) -> Smoothing {
        self.problem.smoothing(&self.z)
    }

    fn part(&self, i: usize) -> Option<f64> {
        self.form().has()[i].then(|| self.smoothing()[i])
    }

    /// α.
    pub fn alpha(&self) -> f64 {
        self.smoothing()[0]
    }

    /// β, if there is a trend.
    pub fn beta(&self) -> Option<f64> {
        self.part(1)
    }

    /// γ, if there is a season.
    pub fn gamma(&self) -> Option<f64> {
        self.part(2)
    }

    /// φ, if the trend is damped.
    pub fn phi(&self) -> Option<f64> {
        self.part(3)
    }

    /// Level, slope or growth, and the seasons from the first period's on, before the first period.
    pub fn initial_states(&self) -> Vec<f64> {
        self.states(&self.problem.state(&self.z))
    }

    /// The same after the last period: the season of the next period first.
    pub fn last_states(&self) -> Vec<f64> {
        self.states(&self.last)
    }

    fn states(&self, state: &State) -> Vec<f64> {
        let form = self.form();
        let mut out = vec![state.level * self.scale];
        if form.has_trend() {
            out.push(if form.grows() { state.slope } else { state.slope * self.scale });
        }
        let unit = if form.season() == Season::Multiplicative { 1.0 } else { self.scale };
        let m = state.season.len();
        out.extend((0..m).map(|j| state.season[(state.at + j) % m] * unit));
        out
    }

    /// Observations that were there.
    pub fn n_observed(&self) -> usize {
        self.sums.count
    }

    /// Smoothing parameters and initial states that were estimated, and σ².
    pub fn n_parameters(&self) -> usize {
        self.problem.n_free() + 1
    }

    /// `−n/2 log Σε² − Σ log |μ|`: the forecast package's, without its constant. Infinite when the fit is exact.
    pub fn log_likelihood(&self) -> f64 {
        let n = self.sums.count as f64;
        if self.is_exact() {
            return f64::INFINITY;
        }
        -0.5 * n * self.sums.squares.ln() - self.sums.logs - n * self.scale.ln()
    }

    /// Whether nothing is left over: a constant, or a line under a trend.
    pub fn is_exact(&self) -> bool {
        self.sums.squares <= 1e-24 * self.sums.count as f64
    }

    /// `−2L + 2k`.
    pub fn aic(&self) -> f64 {
        -2.0 * self.log_likelihood() + 2.0 * self.n_parameters() as f64
    }

    /// `AIC + 2k(k + 1)/(n − k − 1)`; infinite where n is too small.
    pub fn aicc(&self) -> f64 {
        let (n, k) = (self.sums.count as f64, self.n_parameters() as f64);
        if n > k + 1.0 { self.aic() + 2.0 * k * (k + 1.0) / (n - k - 1.0) } else { f64::INFINITY }
    }

    /// `−2L + k log n`.
    pub fn bic(&self) -> f64 {
        -2.0 * self.log_likelihood() + self.n_parameters() as f64 * (self.sums.count as f64).ln()
    }

    /// Σε² over the degrees of freedom; relative for multiplicative errors.
    pub fn variance(&self) -> f64 {
        self.scaled_variance() * if self.form().multiplicative { 1.0 } else { self.scale * self.scale }
    }

    pub(super) fn scaled_variance(&self) -> f64 {
        if self.is_exact() {
            return 0.0;
        }
        self.sums.squares / (self.sums.count as f64 - self.problem.n_free() as f64)
    }

    /// One-step forecasts of the sample's periods.
    pub fn fitted(&self) -> Vec<f64> {
        let (form, smoothing) = (self.form(), self.smoothing());
        let mut state = self.problem.state(&self.z);
        let one = |y: &f64| {
            let step = state.ahead(form, smoothing[3]);
            state.update(form, smoothing, step, (!y.is_nan()).then_some(*y));
            step.mu * self.scale
        };
        self.problem.y.iter().map(one).collect()
    }

    /// `y − μ`, relative to μ for multiplicative errors; NaN where missing.
    pub fn residuals(&self) -> Vec<f64> {
        let relative = self.form().multiplicative;
        let one = |(y, mu): (&f64, f64)| if relative { (y - mu) / mu } else { y - mu };
        self.y.iter().zip(self.fitted()).map(one).collect()
    }

    /// Level, trend part and season of every period, after it was seen.
    pub fn components(&self) -> Vec<[f64; 3]> {
        let (form, smoothing) = (self.form(), self.smoothing());
        let mut state = self.problem.state(&self.z);
        let unit = if form.season() == Season::Multiplicative { 1.0 } else { self.scale };
        let one = |y: &f64| {
            let step = state.ahead(form, smoothing[3]);
            let slot = state.at;
            state.update(form, smoothing, step, (!y.is_nan()).then_some(*y));
            let slope = match (form.has_trend(), form.grows()) {
                (false, _) => f64::NAN,
                (true, true) => state.slope,
                (true, false) => state.slope * self.scale,
            };
            let season = state.season.get(slot).map_or(f64::NAN, |s| s * unit);
            [state.level * self.scale, slope, season]
        };
        self.problem.y.iter().map(one).collect()
    }

    /// Smoothing parameters with standard errors from the curvature at the maximum; NaN at an edge and for what was
    /// given.
    pub fn parameters(&self) -> Vec<Parameter> {
        let errors = self.standard_errors();
        let smoothing = self.smoothing();
        let has = self.form().has();
        let names = ["alpha", "beta", "gamma", "phi"];
        let row =
            |i: usize| Parameter { name: names[i].into(), estimate: smoothing[i], std_error: errors[i] };
        (0..4).filter(|&i| has[i]).map(row).collect()
    }

    /// The smoothing parameters as a table, with intervals by the t of the degrees of freedom. Zero lies at the edge of
    /// what they can be, so that there is no test of it.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] unless 0 < level < 1.
    pub fn table(&self, level: f64) -> Result<Table> {
        interval_level(level)?;
        let degrees = self.sums.count as f64 - self.problem.n_free() as f64;
        let row = |p: &Parameter| CoefficientRow {
            statistic: f64::NAN,
            p_value: f64::NAN,
            ..CoefficientRow::new(&p.name, p.estimate, p.std_error, degrees, level)
        };
        Ok(CoefficientRow::table(&self.parameters().iter().map(row).collect::<Vec<_>>()))
    }

    fn standard_errors(&self) -> [f64; 4] {
        let problem = &self.problem;
        let free = problem.free();
        let inside = |i: &usize| {
            let (low, high) = bounds(*i);
            let edge = 1e-6 * (high - low).min(1.0);
            free[*i] && self.z[*i] > low + edge && self.z[*i] < high - edge
        };
        let moves: Vec<usize> = (0..self.z.len()).filter(inside).collect();
        let mut search = Search::new(problem);
        let mut out = [f64::NAN; 4];
        let Some(inverse) = search.inverse(&self.z, &moves) else { return out };
        let p = moves.len();
        let place = |i: usize| moves.iter().position(|&m| m == i);
        let cov = |a: Option<usize>, b: Option<usize>| match (a, b) {
            (Some(a), Some(b)) => inverse[a * p + b],
            _ => 0.0,
        };
        let alpha = self.alpha();
        let size = self.sums.squares / (self.sums.count as f64 - problem.n_free() as f64);
        for i in 0..4 {
            if place(i).is_none() {
                continue;
            }
            // β and γ are shares of what α leaves them: the delta method on both.
            let (own, by_alpha) = match i {
                1 => (alpha, self.z[1]),
                2 => (1.0 - alpha, -self.z[2]),
                _ => (1.0, 0.0),
            };
            let (a, b) = (place(0), place(i));
            let by_alpha = if problem.given[0].is_some() { 0.0 } else { by_alpha };
            let v =
                own * own * cov(b, b) + 2.0 * own * by_alpha * cov(a, b) + by_alpha * by_alpha * cov(a, a);
            out[i] = (size * v).sqrt();
        }
        out
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.is_exact() {
            notes.push("fitted exactly: there is no variance, and intervals have no width".to_owned());
        } else if !self.variance().is_normal() {
            notes.push(
                "the variance is beyond the numbers of the machine: other units would hold it".to_owned(),
            );
        }
        notes
    }
}
