//! What comes next, as joint paths: the answer that every forecasting method gives.

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::inference::interval_level;
use crate::inference::table::{Cell, Table};

/// Simulated paths of an outcome under one or several scenarios.
///
/// Path i of every scenario comes from the same draws, so that the difference of two scenarios is a distribution too.
///
/// ```
/// use averted::inference::Forecast;
/// use ndarray::array;
/// let paths = vec![array![[1.0, 2.0], [3.0, 4.0], [2.0, 3.0]]];
/// let forecast = Forecast::new(vec!["flat".into()], paths, vec!["2025".into(), "2026".into()], "2024".into(), 1)?;
/// assert_eq!(forecast.mean(0), [2.0, 3.0]);
/// assert_eq!(forecast.quantile(0, 0.5)?, [2.0, 3.0]);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    scenarios: Vec<String>,
    paths: Vec<Array2<f64>>,
    /// Every period's draws in order, scenario by scenario.
    sorted: Vec<Vec<Vec<f64>>>,
    labels: Vec<String>,
    cutoff: String,
    seed: u64,
    whole: bool,
    notes: Vec<String>,
}

/// A sum over the horizon under one scenario minus that under another.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The scenario.
    pub scenario: String,
    /// What it is compared with.
    pub reference: String,
    /// Mean over the paths.
    pub estimate: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// The share of paths on which it is below zero.
    pub below_zero: f64,
}

impl Forecast {
    /// From paths, draws × periods, one array a scenario.
    ///
    /// # Errors
    /// [`Error::Shape`] unless the shapes agree; [`Error::NotConverged`] when a path is not a number.
    pub fn new(
        scenarios: Vec<String>,
        paths: Vec<Array2<f64>>,
        labels: Vec<String>,
        cutoff: String,
        seed: u64,
    ) -> Result<Self> {
        let draws = paths.first().map_or(0, Array2::nrows);
        let fine = paths.len() == scenarios.len() && paths.iter().all(|p| p.dim() == (draws, labels.len()));
        if !fine || draws == 0 {
            return Err(Error::Shape {
                what: "paths".into(),
                expected: format!("{} scenarios of {} periods", scenarios.len(), labels.len()),
                found: format!("{:?}", paths.iter().map(Array2::dim).collect::<Vec<_>>()),
            });
        }
        if paths.iter().any(|p| p.iter().any(|v| v.is_nan())) {
            return Err(Error::NotConverged {
                method: "simulation".into(),
                iterations: draws,
                last_change: f64::NAN,
                hint: "a path is not a number; the model's parameters are too uncertain to simulate".into(),
            });
        }
        let mut made = Self {
            scenarios,
            paths,
            sorted: Vec::new(),
            labels,
            cutoff,
            seed,
            whole: false,
            notes: Vec::new(),
        };
        made.sort();
        Ok(made)
    }

    /// The outcome is a count: paths become whole and not below zero.
    #[must_use]
    pub fn counts(mut self) -> Self {
        self.paths.iter_mut().for_each(|p| p.mapv_inplace(|v| v.round().max(0.0)));
        self.whole = true;
        self.sort();
        self
    }

    /// With these names of the periods.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one a period.
    pub fn labelled(self, labels: Vec<String>) -> Result<Self> {
        if labels.len() == self.labels.len() {
            return Ok(Self { labels, ..self });
        }
        Err(Error::Shape {
            what: "labels".into(),
            expected: format!("{} periods", self.labels.len()),
            found: labels.len().to_string(),
        })
    }

    /// After the last known period by this name.
    #[must_use]
    pub fn after(self, cutoff: String) -> Self {
        Self { cutoff, ..self }
    }

    /// With a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    fn sort(&mut self) {
        let column = |c: ndarray::ArrayView1<'_, f64>| {
            let mut keys: Vec<i64> = c.iter().map(|v| turn(v.to_bits() as i64)).collect();
            keys.sort_unstable();
            keys.into_iter().map(|key| f64::from_bits(turn(key) as u64)).collect()
        };
        self.sorted = self.paths.iter().map(|p| p.columns().into_iter().map(column).collect()).collect();
    }

    /// Names of the scenarios.
    pub fn scenarios(&self) -> &[String] {
        &self.scenarios
    }

    /// The scenario of this name.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] with the nearest name.
    pub fn scenario(&self, name: &str) -> Result<usize> {
        let found = self.scenarios.iter().position(|s| s == name);
        found.ok_or_else(|| Error::unknown_column(name, self.scenarios.iter().map(String::as_str)))
    }

    /// The paths of a scenario, draws × periods.
    pub fn paths(&self, scenario: usize) -> ArrayView2<'_, f64> {
        self.paths[scenario].view()
    }

    /// The periods in writing.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The last period that was known.
    pub fn cutoff(&self) -> &str {
        &self.cutoff
    }

    /// The seed of the draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether the outcome is a count.
    pub fn is_count(&self) -> bool {
        self.whole
    }

    /// The paths' values, sorted, period by period.
    pub(crate) fn sorted(&self, scenario: usize) -> &[Vec<f64>] {
        &self.sorted[scenario]
    }

    /// True things about it.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Mean over the paths, period by period.
    pub fn mean(&self, scenario: usize) -> Vec<f64> {
        let draws = self.paths[scenario].nrows() as f64;
        self.paths[scenario].columns().into_iter().map(|c| c.sum() / draws).collect()
    }

    /// A quantile, period by period: of counts a value that occurs, else interpolated.
    ///
    /// # Errors
    /// [`Error::Argument`] unless 0 < p < 1.
    pub fn quantile(&self, scenario: usize, p: f64) -> Result<Vec<f64>> {
        interval_level(p)?;
        Ok(self.sorted[scenario].iter().map(|column| quantile(column, p, self.whole)).collect())
    }

    /// The central interval at a level (0.95 for 95 %), period by period.
    ///
    /// # Errors
    /// [`Error::Argument`] unless 0 < level < 1.
    pub fn interval(&self, scenario: usize, level: f64) -> Result<Vec<(f64, f64)>> {
        let tail = 0.5 * (1.0 - interval_level(level)?);
        Ok(self.quantile(scenario, tail)?.into_iter().zip(self.quantile(scenario, 1.0 - tail)?).collect())
    }

    /// The sum over the first `periods` under one scenario minus that under another, path by path.
    ///
    /// # Errors
    /// [`Error::Argument`] unless 0 < level < 1.
    pub fn difference(
        &self,
        scenario: usize,
        reference: usize,
        periods: usize,
        level: f64,
    ) -> Result<Difference> {
        let tail = 0.5 * (1.0 - interval_level(level)?);
        let total = |row: ndarray::ArrayView1<'_, f64>| row.iter().take(periods).sum::<f64>();
        let rows = self.paths[scenario].rows().into_iter().zip(self.paths[reference].rows());
        let mut gaps: Vec<f64> = rows.map(|(a, b)| total(a) - total(b)).collect();
        let estimate = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let below = gaps.iter().filter(|g| **g < 0.0).count() as f64 / gaps.len() as f64;
        gaps.sort_unstable_by(f64::total_cmp);
        Ok(Difference {
            scenario: self.scenarios[scenario].clone(),
            reference: self.scenarios[reference].clone(),
            estimate,
            lower: quantile(&gaps, tail, self.whole),
            upper: quantile(&gaps, 1.0 - tail, self.whole),
            below_zero: below,
        })
    }

    /// The table at one level.
    ///
    /// # Errors
    /// [`Error::Argument`] unless 0 < level < 1.
    pub fn table(&self, level: f64) -> Result<Table> {
        let percent = crate::inference::significant(100.0 * interval_level(level)?, 3);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        let mut table = Table::new(&[
            "scenario".to_owned(),
            "period".into(),
            "mean".into(),
            "median".into(),
            format!("lo-{percent}"),
            format!("hi-{percent}"),
        ])
        .title(format!("Forecast from {}", self.cutoff));
        let number = |v: f64| if self.whole { Cell::Count(v) } else { Cell::Number(v) };
        for (s, name) in self.scenarios.iter().enumerate() {
            let (mean, middle, ends) = (self.mean(s), self.quantile(s, 0.5)?, self.interval(s, level)?);
            for (h, label) in self.labels.iter().enumerate() {
                let (lower, upper) = ends[h];
                let cells = [mean[h], middle[h], lower, upper].map(number);
                let words = [name.as_str().into(), label.as_str().into()];
                table.push(words.into_iter().chain(cells).collect());
            }
        }
        let draws = self.paths[0].nrows();
        table = table.note(format!("{draws} paths, seed {}", self.seed));
        Ok(self.notes.iter().fold(table, |table, note| table.note(note.clone())))
    }
}

/// From the bits of a number to a whole one in the order of `total_cmp`, and back: they are sorted in little more than half
/// the time.
fn turn(bits: i64) -> i64 {
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// The places of the values from the smallest on; equal values in order of place.
pub(crate) fn ranking(values: ndarray::ArrayView1<'_, f64>) -> Vec<usize> {
    let key = |(place, value): (usize, &f64)| (turn(value.to_bits() as i64), place);
    let mut order: Vec<(i64, usize)> = values.iter().enumerate().map(key).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, place)| place).collect()
}

/// Of sorted values: the inverse of their distribution function, or interpolated between them (Hyndman & Fan 1996,
/// types 1 and 7).
pub(crate) fn quantile(sorted: &[f64], p: f64, occurs: bool) -> f64 {
    let n = sorted.len();
    if occurs {
        // Rounded a little down first: 0.9 · 10 is 9.000000000000002 to the machine.
        let rank = (p * n as f64 * (1.0 - 1e-12)).ceil().max(1.0) as usize;
        return sorted[rank.min(n) - 1];
    }
    let at = p * (n - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(n - 1);
    let (low, high) = (sorted[below], sorted[above]);
    if low == high { low } else { low + (at - below as f64) * (high - low) }
}
