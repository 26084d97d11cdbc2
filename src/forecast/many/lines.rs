//! What comes out: the lines of a long frame.

use crate::error::Error;
use crate::forecast::backtest::Origins;
use crate::forecast::many::OneSeries;
use crate::forecast::many::window::Window;

/// The lines of a long frame: a line a series, origin and period.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// The place of the series among those of the set.
    pub series: Vec<usize>,
    /// The last period that was known.
    pub cutoff: Vec<i64>,
    /// The period.
    pub period: Vec<i64>,
    /// What came; NaN where nothing is known.
    pub y: Vec<f64>,
    /// What every model said.
    pub models: Vec<ModelLines>,
    /// Series and models without a forecast.
    pub failed: Vec<Failure>,
    /// True things about it.
    pub notes: Vec<String>,
    /// The seed of the draws.
    pub seed: u64,
}

/// What one model said, line by line; NaN where it failed.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelLines {
    /// The model.
    pub name: String,
    /// Means.
    pub mean: Vec<f64>,
    /// Lower ends, level by level.
    pub lower: Vec<Vec<f64>>,
    /// Upper ends.
    pub upper: Vec<Vec<f64>>,
}

/// A series that a model did not forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The series.
    pub series: String,
    /// The model.
    pub model: String,
    /// The origin, where it was one of several.
    pub cutoff: Option<i64>,
    /// Why.
    pub error: Error,
}

impl Lines {
    /// Without a line yet.
    pub(super) fn new(models: impl Iterator<Item = String>, levels: usize, seed: u64) -> Self {
        let empty = |name: String| ModelLines {
            name,
            mean: Vec::new(),
            lower: vec![Vec::new(); levels],
            upper: vec![Vec::new(); levels],
        };
        Self {
            series: Vec::new(),
            cutoff: Vec::new(),
            period: Vec::new(),
            y: Vec::new(),
            models: models.map(empty).collect(),
            failed: Vec::new(),
            notes: Vec::new(),
            seed,
        }
    }

    /// The lines of one series from one origin.
    pub(super) fn push(
        &mut self,
        place: usize,
        one: &OneSeries,
        cutoff: usize,
        origins: &Origins,
        windows: &[&Window],
    ) {
        for h in 0..origins.horizon {
            let at = cutoff + origins.gap + h;
            self.series.push(place);
            self.cutoff.push(one.first + cutoff as i64 - 1);
            self.period.push(one.first + at as i64);
            self.y.push(one.y.get(at).copied().unwrap_or(f64::NAN));
            for (model, window) in self.models.iter_mut().zip(windows) {
                let said = window.said.as_ref().ok().map(|said| &said[h]);
                model.mean.push(said.map_or(f64::NAN, |s| s.mean));
                for (l, (lower, upper)) in model.lower.iter_mut().zip(&mut model.upper).enumerate() {
                    let (low, high) = said.map_or((f64::NAN, f64::NAN), |s| s.ends[l]);
                    lower.push(low);
                    upper.push(high);
                }
            }
        }
    }

    /// A series that a model did not forecast.
    pub(super) fn fail(&mut self, one: &OneSeries, model: &str, cutoff: Option<i64>, error: &Error) {
        let (series, model) = (one.name.clone(), model.into());
        self.failed.push(Failure { series, model, cutoff, error: error.clone() });
    }
}
