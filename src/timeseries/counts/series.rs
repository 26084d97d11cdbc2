//! One series of counts with what belongs to it.

use ndarray::{Array2, ArrayView2};

use crate::data::Count;
use crate::error::{Error, Result};

/// Intervals wider than this are refused: every count in them is summed over.
const WIDEST: f64 = 10_000.0;
/// Above this, whole numbers are no longer told apart.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// Counts in order of time, one a period, with exposure and regressors.
///
/// A count may be exact, hidden in an interval, or missing.
#[derive(Debug, Clone)]
pub struct CountSeries<'a> {
    pub(super) name: &'a str,
    pub(super) counts: &'a [Count],
    pub(super) exposure: Option<&'a [f64]>,
    pub(super) reporting: Option<&'a [f64]>,
    pub(super) x: Option<ArrayView2<'a, f64>>,
    pub(super) names: Vec<String>,
    pub(super) labels: Vec<String>,
}

impl<'a> CountSeries<'a> {
    /// These counts under this name.
    pub fn new(name: &'a str, counts: &'a [Count]) -> Self {
        let (names, labels) = (Vec::new(), Vec::new());
        Self { name, counts, exposure: None, reporting: None, x: None, names, labels }
    }

    /// Numbers as counts, NaN as missing.
    ///
    /// # Errors
    /// [`Error::Domain`] naming the first row that is no count.
    pub fn exact(name: &str, values: &[f64]) -> Result<Vec<Count>> {
        let one = |(row, &y): (usize, &f64)| match y {
            y if y.is_nan() => Ok(Count::Missing),
            y => number(name, row, y).map(Count::Exact),
        };
        values.iter().enumerate().map(one).collect()
    }

    /// With this exposure, such as population: the model is of the rate.
    #[must_use]
    pub fn exposure(mut self, exposure: &'a [f64]) -> Self {
        self.exposure = Some(exposure);
        self
    }

    /// Of each count only this fraction is reported so far: above 0, at most 1. Means are multiplied by it, so that the
    /// model is of the whole; forecasts are of whole counts.
    #[must_use]
    pub fn reporting(mut self, fraction: &'a [f64]) -> Self {
        self.reporting = Some(fraction);
        self
    }

    /// With regressors, time × columns, and their names.
    #[must_use]
    pub fn regressors(mut self, x: ArrayView2<'a, f64>, names: &[String]) -> Self {
        self.x = Some(x);
        self.names = names.to_vec();
        self
    }

    /// With the periods in writing.
    #[must_use]
    pub fn labels(mut self, labels: Vec<String>) -> Self {
        self.labels = labels;
        self
    }
}

fn number(name: &str, row: usize, y: f64) -> Result<f64> {
    if (0.0..=LARGEST).contains(&y) && y.fract() == 0.0 {
        return Ok(y);
    }
    let must = "a count: whole, zero or more, at most 9,007,199,254,740,992";
    Err(Error::Domain { what: name.into(), row, value: y.to_string(), must: must.into() })
}

/// The series, checked, and owned by the fit.
#[derive(Debug, Clone)]
pub(in crate::timeseries) struct Data {
    pub(in crate::timeseries) name: String,
    pub(in crate::timeseries) counts: Vec<Count>,
    /// With the reported fraction in it.
    pub(in crate::timeseries) exposure: Vec<f64>,
    /// Whether future periods need theirs.
    pub(in crate::timeseries) has_exposure: bool,
    /// Time × (regressors, interventions).
    pub(in crate::timeseries) x: Array2<f64>,
    pub(in crate::timeseries) names: Vec<String>,
    pub(in crate::timeseries) labels: Vec<String>,
}

fn shape(what: &str, expected: String, found: String) -> Error {
    Error::Shape { what: what.into(), expected, found }
}

impl Data {
    pub(in crate::timeseries) fn new(series: &CountSeries<'_>) -> Result<Self> {
        let n = series.counts.len();
        for (row, count) in series.counts.iter().enumerate() {
            match *count {
                Count::Exact(y) => drop(number(series.name, row, y)?),
                Count::Interval { lo, hi } => {
                    number(series.name, row, lo)?;
                    number(series.name, row, hi)?;
                    if !(lo..=lo + WIDEST).contains(&hi) {
                        let must = format!(
                            "an interval that ends at or after its start and is at most {WIDEST} wide"
                        );
                        let value = format!("{lo} to {hi}");
                        return Err(Error::Domain { what: series.name.into(), row, value, must });
                    }
                }
                Count::Missing => {}
            }
        }
        let mut exposure = series.exposure.map_or_else(|| vec![1.0; n], <[f64]>::to_vec);
        checked_exposure("exposure", &exposure, n)?;
        if let Some(reporting) = series.reporting {
            reported(reporting, n)?;
            exposure.iter_mut().zip(reporting).for_each(|(e, f)| *e *= f);
        }
        let x = series.x.map_or_else(|| Array2::zeros((n, 0)), |x| x.to_owned());
        if x.nrows() != n {
            return Err(shape("regressors", format!("{n} rows"), format!("{} rows", x.nrows())));
        }
        let names = match series.names.is_empty() {
            true => (1..=x.ncols()).map(|j| format!("x{j}")).collect(),
            false => series.names.clone(),
        };
        if names.len() != x.ncols() {
            return Err(shape("names of regressors", x.ncols().to_string(), names.len().to_string()));
        }
        for (j, column) in x.columns().into_iter().enumerate() {
            let mut gone = column.iter().enumerate().filter(|(_, v)| v.is_nan());
            if let Some((first, _)) = gone.next() {
                // The recursion passes through every period, those without a count too.
                return Err(Error::Missing { what: names[j].clone(), count: 1 + gone.count(), first });
            }
            if let Some(row) = column.iter().position(|v| v.is_infinite()) {
                let (what, value) = (names[j].clone(), column[row].to_string());
                return Err(Error::Domain { what, row, value, must: "finite".into() });
            }
        }
        let labels = series.labels.clone();
        let has_exposure = series.exposure.is_some();
        Ok(Self {
            name: series.name.into(),
            counts: series.counts.to_vec(),
            exposure,
            has_exposure,
            x,
            names,
            labels,
        })
    }

    pub(in crate::timeseries) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Cells that say something.
    pub(in crate::timeseries) fn n_informative(&self) -> usize {
        self.counts.iter().filter(|c| !matches!(c, Count::Missing)).count()
    }

    /// Their periods.
    pub(in crate::timeseries) fn informative(&self) -> Vec<usize> {
        (0..self.len()).filter(|&t| !matches!(self.counts[t], Count::Missing)).collect()
    }

    /// Mean rate, the middle of an interval standing for it.
    pub(in crate::timeseries) fn rate(&self) -> f64 {
        let (mut events, mut exposure) = (0.0, 0.0);
        for (count, e) in self.counts.iter().zip(&self.exposure) {
            let y = match *count {
                Count::Exact(y) => y,
                Count::Interval { lo, hi } => 0.5 * (lo + hi),
                Count::Missing => continue,
            };
            events += y;
            exposure += e;
        }
        events / exposure
    }

    /// Refuses what no model of counts can be fitted to.
    pub(in crate::timeseries) fn check(&self, parameters: usize, dependent: bool) -> Result<()> {
        let (needed, found) = (parameters + 2, self.n_informative());
        if found < needed {
            return Err(Error::TooShort { what: self.name.clone(), needed, found });
        }
        let nothing = |why: String| Err(Error::NothingToEstimate { why });
        let name = &self.name;
        let zero =
            |c: &Count| matches!(c, Count::Missing | Count::Exact(0.0) | Count::Interval { lo: 0.0, .. });
        if self.counts.iter().all(zero) {
            return nothing(format!("no cell of `{name}` is surely above zero: its mean has no lower bound"));
        }
        let mut seen = self.counts.iter().filter(|c| !matches!(c, Count::Missing));
        let first = seen.next();
        let even = self.exposure.windows(2).all(|w| w[0] == w[1]);
        if dependent && even && seen.all(|c| Some(c) == first) {
            return nothing(format!("`{name}` is constant: its past and its mean cannot be told apart"));
        }
        for (j, column) in self.x.columns().into_iter().enumerate() {
            let seen =
                || (0..self.len()).filter(|&t| !matches!(self.counts[t], Count::Missing)).map(|t| column[t]);
            let (low, high) =
                seen().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            if high - low <= 1e-12 * high.abs().max(low.abs()) {
                let why = format!(
                    "`{}` does not vary where counts are known: it cannot be told from the intercept",
                    self.names[j]
                );
                return nothing(why);
            }
        }
        Ok(())
    }
}

/// Above zero and finite, one a period.
pub(super) fn checked_exposure(what: &str, exposure: &[f64], n: usize) -> Result<()> {
    if exposure.len() != n {
        return Err(shape(what, format!("{n} rows"), format!("{} rows", exposure.len())));
    }
    match exposure.iter().position(|e| !(*e > 0.0 && e.is_finite())) {
        None => Ok(()),
        Some(row) => Err(Error::Domain {
            what: what.into(),
            row,
            value: exposure[row].to_string(),
            must: "above zero and finite in every period".into(),
        }),
    }
}

/// Above zero, at most one, one a period.
fn reported(fraction: &[f64], n: usize) -> Result<()> {
    if fraction.len() != n {
        return Err(shape("reporting", format!("{n} rows"), format!("{} rows", fraction.len())));
    }
    match fraction.iter().position(|f| !(*f > 0.0 && *f <= 1.0)) {
        None => Ok(()),
        Some(row) => Err(Error::Domain {
            what: "reporting".into(),
            row,
            value: fraction[row].to_string(),
            must:
                "the fraction reported so far, above 0 and at most 1; where nothing is, the count is missing"
                    .into(),
        }),
    }
}
