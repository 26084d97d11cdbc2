//! The fitted method and what it can answer.

use crate::timeseries::plain::Plain;
use crate::timeseries::theta::filter::{Solution, Work};
use crate::timeseries::theta::season::Season;
use crate::timeseries::theta::simulate::State;
use crate::timeseries::theta::{Prediction, Theta};

/// `log 2π`.
const LOG_TWO_PI: f64 = 1.837_877_066_409_345_5;

/// A Theta method fitted to a series.
#[derive(Debug, Clone)]
pub struct ThetaFit {
    pub(super) spec: Theta,
    pub(super) data: Plain,
    pub(super) season: Option<Season>,
    /// The first period that was seen, and its value without the season: the work counts from there.
    first: usize,
    pub(super) shift: f64,
    pub(super) work: Work,
    pub(super) found: Solution,
}

impl ThetaFit {
    pub(super) fn new(
        spec: Theta,
        data: Plain,
        season: Option<Season>,
        first: usize,
        shift: f64,
        work: Work,
        found: Solution,
    ) -> Self {
        Self { spec, data, season, first, shift, work, found }
    }

    /// What was fitted.
    pub fn specification(&self) -> &Theta {
        &self.spec
    }

    /// The name of the series.
    pub fn name(&self) -> &str {
        &self.data.name
    }

    /// The series as it was given.
    pub fn outcome(&self) -> &[f64] {
        &self.data.y
    }

    /// How much of an error the level takes in.
    pub fn alpha(&self) -> f64 {
        self.found.alpha
    }

    /// θ; infinite where the whole line is in the mean.
    pub fn theta(&self) -> f64 {
        1.0 / (1.0 - self.found.weight)
    }

    /// ℓ₀, the level before the first observation, without the season.
    pub fn initial_level(&self) -> f64 {
        (self.found.start + (1.0 - self.found.weight) * self.shift) * self.data.unit
    }

    /// `(1 − 1/θ) B` at the end of the series, without the season: what the mean gains a period.
    pub fn drift(&self) -> f64 {
        self.found.weight * self.work.line().at().1 * self.data.unit
    }

    /// The seasonal factors or amounts by place, from the first period; none where there is no season.
    pub fn seasonal_figure(&self) -> Option<Vec<f64>> {
        let season = self.season.as_ref()?;
        let unit = if season.multiplicative { 1.0 } else { self.data.unit };
        Some(season.figure.iter().map(|f| f * unit).collect())
    }

    /// Whether the season is a factor.
    pub fn is_multiplicative(&self) -> bool {
        self.season.as_ref().is_some_and(|s| s.multiplicative)
    }

    /// Observations that count: all, but the first of a dynamic method.
    pub fn n_used(&self) -> usize {
        self.work.used()
    }

    /// Degrees of freedom that are left: observations less α, ℓ₀ and θ or the drift.
    pub fn degrees(&self) -> f64 {
        (self.work.used() - self.spec.parameters()) as f64
    }

    /// σ of the errors without the season: the root of their mean square, over the degrees of freedom.
    pub fn sigma(&self) -> f64 {
        self.scaled_sigma() * self.data.unit
    }

    fn scaled_sigma(&self) -> f64 {
        (self.found.squares / self.degrees()).sqrt()
    }

    /// The log-likelihood of the series without its season, σ² at its maximum: of the first observation on, for a
    /// dynamic method given the first. Infinite where nothing is left.
    pub fn log_likelihood(&self) -> f64 {
        let n = self.work.used() as f64;
        let scale = (self.found.squares / n).ln() + 2.0 * self.data.unit.ln();
        -0.5 * (n * (LOG_TWO_PI + scale + 1.0) + self.found.determinant)
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(season) = &self.season {
            let kind = if season.multiplicative { "factors" } else { "amounts" };
            notes.push(format!("season of {} taken out as {kind}, and taken as known", season.figure.len()));
        } else if self.spec.season > 1 {
            notes.push(format!("no season of {} stands out", self.spec.season));
        }
        if self.found.squares == 0.0 {
            notes.push("nothing is left over: intervals have no width".to_owned());
        }
        notes
    }

    /// Predictions of every period from those before; NaN where the method has none.
    pub fn fitted(&self) -> Vec<f64> {
        let mut fitted = vec![f64::NAN; self.data.z.len()];
        for (t, mean) in self.work.means(&self.found).into_iter().enumerate() {
            fitted[self.first + t] = self.put(self.first + t, mean);
        }
        self.data.back(fitted)
    }

    /// The series less those; NaN where missing.
    pub fn residuals(&self) -> Vec<f64> {
        self.data.y.iter().zip(self.fitted()).map(|(y, f)| y - f).collect()
    }

    /// A value of the work in its place, in units of the series.
    pub(super) fn put(&self, t: usize, value: f64) -> f64 {
        let value = value + self.shift;
        self.season.as_ref().map_or(value, |season| season.put(t, value))
    }

    /// The first period of the future, and how many of the work's periods come before it after the last observation.
    pub(super) fn future(&self) -> (usize, usize) {
        let end = self.data.z.len();
        (end, end - self.first - self.work.z.len())
    }

    /// Means and standard errors of the next `horizon` periods, the parameters and the season taken as known.
    pub fn predict(&self, horizon: usize) -> Prediction {
        let (end, gap) = self.future();
        let mut state = State::new(&self.work, self.work.line(), &self.found, self.spec.method.is_dynamic());
        let steps = gap + horizon;
        let variances = state.variances(steps, self.found.level.variance);
        let sigma = self.scaled_sigma();
        let (mut mean, mut std_error) = (Vec::with_capacity(horizon), Vec::with_capacity(horizon));
        for (h, variance) in variances.into_iter().enumerate() {
            let value = state.step(0.0);
            if h < gap {
                continue;
            }
            let t = end + h - gap;
            let scale = self.season.as_ref().map_or(1.0, |s| s.scale(t).abs());
            mean.push(self.put(t, value));
            std_error.push(scale * sigma * variance.sqrt());
        }
        Prediction {
            mean: self.data.back(mean),
            std_error: self.data.back(std_error),
            degrees: self.degrees(),
        }
    }
}
