//! The series as it comes in, and as the two objectives take it.

use super::specification::{Joinpoint, Mode};
use crate::data::Count;
use crate::error::{Error, Result};

/// What is known of each period.
#[derive(Debug, Clone, PartialEq)]
enum Known {
    Rates { rates: Vec<f64>, std_errors: Option<Vec<f64>> },
    Counts { counts: Vec<Count>, population: Option<Vec<f64>> },
}

/// Rates or counts over time. Times are years, in order; NaN is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub(in crate::timeseries) name: String,
    pub(super) times: Vec<f64>,
    known: Known,
}

impl Series {
    /// Rates of equal weight.
    pub fn rates(name: &str, times: &[f64], rates: &[f64]) -> Self {
        let known = Known::Rates { rates: rates.to_vec(), std_errors: None };
        Self { name: name.into(), times: times.to_vec(), known }
    }

    /// With the standard errors of the rates.
    #[must_use]
    pub fn std_errors(mut self, errors: &[f64]) -> Self {
        if let Known::Rates { std_errors, .. } = &mut self.known {
            *std_errors = Some(errors.to_vec());
        }
        self
    }

    /// Counts, which may be suppressed or missing.
    pub fn counts(name: &str, times: &[f64], counts: &[Count]) -> Self {
        let known = Known::Counts { counts: counts.to_vec(), population: None };
        Self { name: name.into(), times: times.to_vec(), known }
    }

    /// With the population that the counts came from.
    #[must_use]
    pub fn population(mut self, people: &[f64]) -> Self {
        if let Known::Counts { population, .. } = &mut self.known {
            *population = Some(people.to_vec());
        }
        self
    }

    pub(in crate::timeseries) fn is_counts(&self) -> bool {
        matches!(self.known, Known::Counts { .. })
    }
}

/// The periods that say something.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::timeseries) struct Data {
    pub times: Vec<f64>,
    /// The rows they came from.
    pub rows: Vec<usize>,
    /// Log rates (NaN where a count is zero or hidden) and the roots of their weights.
    pub log_rates: Vec<f64>,
    pub roots: Vec<f64>,
    pub counts: Vec<Count>,
    pub log_exposure: Vec<f64>,
    pub missing: usize,
}

fn length(what: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::Shape { what: what.into(), expected: format!("{expected} periods"), found: found.to_string() })
}

fn domain(what: &str, row: usize, value: impl ToString, must: &str) -> Error {
    Error::Domain { what: what.into(), row, value: value.to_string(), must: must.into() }
}

impl Data {
    pub(in crate::timeseries) fn new(series: &Series, mode: Mode) -> Result<Self> {
        let n = series.times.len();
        if let Some(row) = series.times.iter().position(|t| !t.is_finite()) {
            return Err(domain("time", row, series.times[row], "finite"));
        }
        for (row, pair) in series.times.windows(2).enumerate() {
            if pair[1] <= pair[0] {
                return Err(domain("time", row + 1, pair[1], "later than the one before"));
            }
        }
        let mut data = Self {
            times: Vec::new(),
            rows: Vec::new(),
            log_rates: Vec::new(),
            roots: Vec::new(),
            counts: Vec::new(),
            log_exposure: Vec::new(),
            missing: 0,
        };
        match &series.known {
            Known::Rates { rates, std_errors } => {
                length(&series.name, n, rates.len())?;
                if let Some(errors) = std_errors {
                    length("std_error", n, errors.len())?;
                }
                if mode != Mode::Nci {
                    return Err(Error::Argument {
                        argument: "mode".into(),
                        value: "a likelihood of counts".into(),
                        must: "`nci` for rates; a likelihood needs counts and their population".into(),
                    });
                }
                data.take_rates(series, rates, std_errors.as_deref())?;
            }
            Known::Counts { counts, population } => {
                length(&series.name, n, counts.len())?;
                if let Some(people) = population {
                    length("population", n, people.len())?;
                }
                data.take_counts(series, counts, population.as_deref(), mode)?;
            }
        }
        Ok(data)
    }

    fn take_rates(&mut self, series: &Series, rates: &[f64], errors: Option<&[f64]>) -> Result<()> {
        for (row, &rate) in rates.iter().enumerate() {
            if rate.is_nan() {
                self.missing += 1;
                continue;
            }
            if !(rate > 0.0 && rate.is_finite()) {
                let must = "positive: its logarithm is taken; counts with zeros have mode `poisson`";
                return Err(domain(&series.name, row, rate, must));
            }
            let root = match errors.map(|e| e[row]) {
                None => 1.0,
                Some(error) if error > 0.0 && (rate / error).is_finite() && rate / error > 0.0 => {
                    rate / error
                }
                Some(error) => return Err(domain("std_error", row, error, "positive where there is a rate")),
            };
            self.times.push(series.times[row]);
            self.rows.push(row);
            self.log_rates.push(rate.ln());
            self.roots.push(root);
        }
        Ok(())
    }

    fn take_counts(
        &mut self,
        series: &Series,
        counts: &[Count],
        population: Option<&[f64]>,
        mode: Mode,
    ) -> Result<()> {
        let name = &series.name;
        for (row, &count) in counts.iter().enumerate() {
            let people = population.map_or(1.0, |p| p[row]);
            if count == Count::Missing || people.is_nan() {
                self.missing += 1;
                continue;
            }
            if !(people > 0.0 && people.is_finite()) {
                return Err(domain("population", row, people, "positive and finite"));
            }
            let y = match count {
                Count::Exact(y) if !(y >= 0.0 && y.is_finite()) => {
                    return Err(domain(name, row, y, "a count, 0 or more"));
                }
                Count::Exact(y) if y.fract() != 0.0 => return Err(domain(name, row, y, "a whole number")),
                Count::Exact(y) => y,
                Count::Interval { lo, hi } if mode == Mode::Nci => {
                    let must = "known where its logarithm is taken; suppressed counts have mode `poisson`";
                    return Err(domain(name, row, format!("{lo} to {hi}"), must));
                }
                Count::Interval { lo, hi } if !(lo >= 0.0 && hi >= lo && hi - lo <= 1e5) => {
                    return Err(domain(
                        name,
                        row,
                        format!("{lo} to {hi}"),
                        "at most 100,000 wide, low end first",
                    ));
                }
                Count::Interval { .. } | Count::Missing => f64::NAN,
            };
            if mode == Mode::Nci && y <= 0.0 {
                let must = "above zero where its logarithm is taken; counts with zeros have mode `poisson`";
                return Err(domain(name, row, y, must));
            }
            self.times.push(series.times[row]);
            self.rows.push(row);
            self.log_rates.push(if y > 0.0 { y.ln() - people.ln() } else { f64::NAN });
            // A Poisson count's rate has SE √y / people: the weight (rate/SE)² is y.
            self.roots.push(y.sqrt());
            self.counts.push(count);
            self.log_exposure.push(people.ln());
        }
        Ok(())
    }

    /// Enough periods for `most` joinpoints with a degree of freedom left.
    pub(super) fn long_enough(&self, spec: &Joinpoint, name: &str) -> Result<()> {
        let (n, k) = (self.times.len(), spec.most);
        let spaced = 2 * spec.room.ends + k.saturating_sub(1) * spec.room.between + k;
        let needed = if k == 0 { 3 } else { spaced.max(3 * k + 3) };
        if n < needed || spec.room.most(n) < k {
            let needed = needed.max(n.min(needed) + usize::from(n >= needed));
            let what = format!("`{name}` with {k} joinpoint{}", if k == 1 { "" } else { "s" });
            return Err(Error::TooShort { what, needed, found: n });
        }
        Ok(())
    }
}
