//! The parts.

use crate::inference::{Cell, Table};

/// The parts of a series, period by period.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    pub(super) method: String,
    pub(super) observed: Vec<f64>,
    pub(super) trend: Vec<f64>,
    /// One for each season, shortest first.
    pub(super) seasonal: Vec<Vec<f64>>,
    pub(super) periods: Vec<usize>,
    pub(super) remainder: Vec<f64>,
    pub(super) weights: Vec<f64>,
    pub(super) multiplicative: bool,
}

impl Decomposition {
    /// How it was made, in words.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The series as given.
    pub fn observed(&self) -> &[f64] {
        &self.observed
    }

    /// T; NaN at both ends where it is a moving average.
    pub fn trend(&self) -> &[f64] {
        &self.trend
    }

    /// The season; the shortest where there are several.
    pub fn seasonal(&self) -> &[f64] {
        &self.seasonal[0]
    }

    /// All seasons, shortest first.
    pub fn seasons(&self) -> &[Vec<f64>] {
        &self.seasonal
    }

    /// The lengths of the seasons, shortest first.
    pub fn periods(&self) -> &[usize] {
        &self.periods
    }

    /// R; NaN where the observation or the trend is missing.
    pub fn remainder(&self) -> &[f64] {
        &self.remainder
    }

    /// Robustness weights; all one unless asked for.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Whether the parts multiply.
    pub fn is_multiplicative(&self) -> bool {
        self.multiplicative
    }

    /// The series without its seasons.
    pub fn adjusted(&self) -> Vec<f64> {
        let take = |(t, y): (usize, &f64)| {
            self.seasonal.iter().fold(*y, |y, s| if self.multiplicative { y / s[t] } else { y - s[t] })
        };
        self.observed.iter().enumerate().map(take).collect()
    }

    /// `max(0, 1 − Var(R)/Var(S + R))` of every season, over what was observed (Hyndman & Athanasopoulos 2021, §4.3);
    /// of logs where the parts multiply. A series that does not move has no season: 0.
    pub fn seasonal_strength(&self) -> Vec<f64> {
        self.seasonal.iter().map(|season| self.strength(season)).collect()
    }

    /// `max(0, 1 − Var(R)/Var(T + R))`.
    pub fn trend_strength(&self) -> f64 {
        self.strength(&self.trend)
    }

    fn strength(&self, part: &[f64]) -> f64 {
        let log = |v: f64| if self.multiplicative { v.ln() } else { v };
        let seen = |t: &usize| !self.remainder[*t].is_nan() && !part[*t].is_nan();
        let rows: Vec<usize> = (0..part.len()).filter(seen).collect();
        let rest: Vec<f64> = rows.iter().map(|&t| log(self.remainder[t])).collect();
        let both: Vec<f64> = rows.iter().map(|&t| log(part[t]) + log(self.remainder[t])).collect();
        // What is left when arithmetic is exact is nothing; in binary it is some 1e-14 of the series.
        let size = self.observed.iter().filter(|v| !v.is_nan()).fold(0.0, |m: f64, v| m.max(log(*v).abs()));
        let (rest, both) = (spread(&rest, size), spread(&both, size));
        if both <= 1e-24 { 0.0 } else { (1.0 - rest / both).clamp(0.0, 1.0) }
    }

    /// The parts as a table, one row a period.
    pub fn table(&self) -> Table {
        let mut names = vec!["period".to_owned(), "observed".into(), "trend".into()];
        let several = self.periods.len() > 1;
        let season = |p: &usize| if several { format!("seasonal_{p}") } else { "seasonal".into() };
        names.extend(self.periods.iter().map(season));
        names.extend(["remainder".to_owned(), "weight".into()]);
        let mut table = Table::new(&names).title(self.method.clone());
        for t in 0..self.observed.len() {
            let mut row =
                vec![Cell::Count(t as f64), Cell::Number(self.observed[t]), Cell::Number(self.trend[t])];
            row.extend(self.seasonal.iter().map(|s| Cell::Number(s[t])));
            row.extend([Cell::Number(self.remainder[t]), Cell::Number(self.weights[t])]);
            table.push(row);
        }
        table
    }
}

/// The variance (over n) of values divided by `size`; zero for none.
fn spread(values: &[f64], size: f64) -> f64 {
    if values.is_empty() || size == 0.0 {
        return 0.0;
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|v| v / size).sum::<f64>() / n;
    values.iter().map(|v| (v / size - mean).powi(2)).sum::<f64>() / n
}
