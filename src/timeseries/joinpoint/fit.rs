//! What a fit tells.

use super::bootstrap;
use super::prepare::{Data, Series};
use super::specification::{Joinpoint, Mode, Selection, argument};
use crate::distribution::{Normal, Student};
use crate::error::Result;
use ndarray::{Array1, Array2};

/// A model with a number of joinpoints, as the selection saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Where they are, in years.
    pub joinpoints: Vec<f64>,
    /// The weighted sum of squares; NaN under a likelihood.
    pub sse: f64,
    /// The log-likelihood; NaN under least squares.
    pub log_likelihood: f64,
    /// `ln(SSE/n) + (2k + 2) ln n / n`, or `−2 ℓ + (2k + 2 + dispersion) ln n`.
    pub bic: f64,
    /// With 3k in the place of 2k.
    pub bic3: f64,
    /// With (2 + R²)k, R² the largest partial R² of a change of slope within its two segments; NaN under a likelihood.
    pub wbic: f64,
}

/// One test of the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SequenceTest {
    /// Joinpoints under the null hypothesis.
    pub null: usize,
    /// And under the alternative.
    pub alternative: usize,
    /// Of the permutations or draws, the data counted in.
    pub p_value: f64,
    /// What it is held against: α/(K − null).
    pub level: f64,
}

/// A joinpoint and the interval of its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joint {
    /// Where it is, in years.
    pub time: f64,
    /// Its standard error where joinpoints are continuous, else NaN.
    pub std_error: f64,
    /// The lower end of the interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

/// A stretch of constant relative change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Its first time.
    pub start: f64,
    /// Its last.
    pub end: f64,
    /// Change of the log rate a year.
    pub slope: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Annual per cent change.
    pub apc: f64,
    /// The lower end of its interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// Of no change.
    pub p_value: f64,
}

/// Average annual per cent change over a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AverageChange {
    /// The first time.
    pub from: f64,
    /// The last.
    pub to: f64,
    /// Average annual per cent change.
    pub aapc: f64,
    /// The lower end of its interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

/// A fitted joinpoint regression.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinpointFit {
    pub(super) spec: Joinpoint,
    pub(super) series: Series,
    pub(super) data: Data,
    pub(super) seed: u64,
    pub(super) candidates: Vec<Candidate>,
    pub(super) tests: Vec<SequenceTest>,
    pub(super) joints: Vec<Joint>,
    /// Log rate at the first time, first slope, changes of slope.
    pub(super) coefficients: Vec<f64>,
    /// Of the slopes of the segments.
    pub(super) covariance: Array2<f64>,
    /// Of the coefficients and the joinpoints, where these count as estimated.
    pub(super) all: Option<Array2<f64>>,
    /// Degrees of freedom of an APC's interval, and of an AAPC's across segments; infinite for the normal.
    pub(super) degrees: (f64, f64),
    pub(super) dispersion: f64,
    pub(super) notes: Vec<String>,
}

pub(super) fn per_cent(slope: f64) -> f64 {
    100.0 * slope.exp_m1()
}

/// The log rate at a time.
pub(super) fn line(coefficients: &[f64], joints: &[f64], first: f64, time: f64) -> f64 {
    let bends = coefficients[2..].iter().zip(joints).map(|(d, tau)| d * (time - tau).max(0.0));
    coefficients[0] + coefficients[1] * (time - first) + bends.sum::<f64>()
}

/// The slopes of the segments.
pub(super) fn slopes(coefficients: &[f64]) -> Vec<f64> {
    let mut slope = 0.0;
    coefficients[1..]
        .iter()
        .map(|change| {
            slope += change;
            slope
        })
        .collect()
}

impl JoinpointFit {
    /// The joinpoints with their intervals: of least squares, from the last to the first candidate about it that an F test
    /// rejects (Lerman 1980); of a likelihood, those its ratio does not; of continuous joinpoints, by the delta method.
    pub fn joinpoints(&self) -> &[Joint] {
        &self.joints
    }

    /// The specification.
    pub fn specification(&self) -> &Joinpoint {
        &self.spec
    }

    /// The models that were compared, with 0, 1, … joinpoints.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The tests that chose, in their order; none where a criterion did.
    pub fn tests(&self) -> &[SequenceTest] {
        &self.tests
    }

    /// The seed of permutations and draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The weighted sum of squares; NaN under a likelihood.
    pub fn sse(&self) -> f64 {
        self.candidates[self.joints.len()].sse
    }

    /// The log-likelihood; NaN under least squares.
    pub fn log_likelihood(&self) -> f64 {
        self.candidates[self.joints.len()].log_likelihood
    }

    /// α of the negative binomial, else 0.
    pub fn dispersion(&self) -> f64 {
        self.dispersion
    }

    /// Periods that said something.
    pub fn n_observed(&self) -> usize {
        self.data.times.len()
    }

    /// True but worrying things.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn taus(&self) -> Vec<f64> {
        self.joints.iter().map(|j| j.time).collect()
    }

    /// The fitted rate at any time within the data.
    pub fn rate(&self, time: f64) -> f64 {
        line(&self.coefficients, &self.taus(), self.data.times[0], time).exp()
    }

    /// The fitted rates, one a row of the series.
    pub fn fitted(&self) -> Vec<f64> {
        self.series.times.iter().map(|&t| self.rate(t)).collect()
    }

    /// The observed rates, one a row of the series; NaN where missing or hidden.
    pub fn observed(&self) -> Vec<f64> {
        let mut out = vec![f64::NAN; self.series.times.len()];
        for (i, &row) in self.data.rows.iter().enumerate() {
            let zero = self.data.counts.get(i).and_then(|c| c.exact()) == Some(0.0);
            out[row] = if zero { 0.0 } else { self.data.log_rates[i].exp() };
        }
        out
    }

    /// The lowest and the highest rate of suppressed rows: row, low, high.
    pub fn hidden(&self) -> Vec<(usize, f64, f64)> {
        let cells = self.data.rows.iter().zip(self.data.counts.iter().zip(&self.data.log_exposure));
        cells
            .filter_map(|(&row, (count, exposure))| match *count {
                crate::data::Count::Interval { lo, hi } => {
                    Some((row, lo / exposure.exp(), hi / exposure.exp()))
                }
                _ => None,
            })
            .collect()
    }

    /// The times of the series.
    pub fn times(&self) -> &[f64] {
        &self.series.times
    }

    fn quantile(&self, degrees: f64) -> f64 {
        let p = 1.0 - 0.5 * self.spec.level;
        Student::new(degrees).map_or(f64::NAN, |t| t.quantile(p))
    }

    /// The segments, first to last.
    pub fn segments(&self) -> Vec<Segment> {
        let mut edges = vec![self.data.times[0]];
        edges.extend(self.taus());
        edges.push(self.data.times[self.data.times.len() - 1]);
        let reach = self.quantile(self.degrees.0);
        let slopes = slopes(&self.coefficients);
        slopes
            .into_iter()
            .enumerate()
            .map(|(s, slope)| {
                let std_error = self.covariance[[s, s]].sqrt();
                let p_value =
                    Student::new(self.degrees.0).map_or(f64::NAN, |t| t.two_sided(slope / std_error));
                Segment {
                    start: edges[s],
                    end: edges[s + 1],
                    slope,
                    std_error,
                    apc: per_cent(slope),
                    lower: per_cent(slope - reach * std_error),
                    upper: per_cent(slope + reach * std_error),
                    p_value,
                }
            })
            .collect()
    }

    /// The average annual per cent change between two times, the whole series where not given.
    ///
    /// Its interval has normal quantiles where the range has more than one segment (Clegg et al. 2009). Under [`Mode::Nci`]
    /// it takes the joinpoints as known, else their places as estimated; [`aapc_bootstrap`](Self::aapc_bootstrap) takes
    /// their number as estimated, too.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for a range outside the data.
    pub fn aapc(&self, from: Option<f64>, to: Option<f64>) -> Result<AverageChange> {
        let (from, to, shares) = self.shares(from, to)?;
        let slope: f64 = shares.iter().zip(slopes(&self.coefficients)).map(|(l, b)| l * b).sum();
        let shares = Array1::from(shares);
        let variance = match &self.all {
            Some(all) => {
                let gradient = self.average_gradient(from, to);
                gradient.dot(&all.dot(&gradient))
            }
            None => shares.dot(&self.covariance.dot(&shares)),
        };
        let std_error = variance.sqrt();
        let one = shares.iter().filter(|&&l| l > 0.0).count() == 1;
        let reach = self.quantile(if one { self.degrees.0 } else { self.degrees.1 });
        Ok(AverageChange {
            from,
            to,
            aapc: per_cent(slope),
            lower: per_cent(slope - reach * std_error),
            upper: per_cent(slope + reach * std_error),
        })
    }

    /// The same with an interval that carries the uncertainty of the joinpoints' number and places: the model is drawn
    /// from, chosen and fitted `draws` times, and the percentiles of log changes are taken.
    ///
    /// Where tests chose the number of joinpoints, BIC3, which behaves like them, chooses in the draws.
    ///
    /// # Errors
    /// As [`aapc`](Self::aapc), and [`crate::Error::Argument`] for fewer than 19 draws.
    pub fn aapc_bootstrap(
        &self,
        from: Option<f64>,
        to: Option<f64>,
        draws: usize,
        seed: Option<u64>,
    ) -> Result<AverageChange> {
        let plain = self.aapc(from, to)?;
        if draws < 19 {
            return Err(argument("draws", draws, "at least 19"));
        }
        let mut slopes =
            bootstrap::average_slopes(self, plain.from, plain.to, draws, seed.unwrap_or(self.seed))?;
        slopes.sort_unstable_by(f64::total_cmp);
        let end = |p: f64| per_cent(percentile(&slopes, p));
        Ok(AverageChange {
            lower: end(0.5 * self.spec.level),
            upper: end(1.0 - 0.5 * self.spec.level),
            ..plain
        })
    }

    /// What the average slope between two times does as coefficients and joinpoints move.
    fn average_gradient(&self, from: f64, to: f64) -> Array1<f64> {
        let (k, span) = (self.joints.len(), to - from);
        let mut gradient = Array1::zeros(2 + 2 * k);
        gradient[1] = 1.0;
        for (j, joint) in self.joints.iter().enumerate() {
            let beyond = |t: f64| (t - joint.time).max(0.0);
            gradient[2 + j] = (beyond(to) - beyond(from)) / span;
            let crossed = f64::from(to > joint.time) - f64::from(from > joint.time);
            gradient[2 + k + j] = -self.coefficients[2 + j] * crossed / span;
        }
        gradient
    }

    /// Shares of a range that fall into each segment.
    pub(super) fn shares(&self, from: Option<f64>, to: Option<f64>) -> Result<(f64, f64, Vec<f64>)> {
        let (first, last) = (self.data.times[0], self.data.times[self.data.times.len() - 1]);
        let (from, to) = (from.unwrap_or(first), to.unwrap_or(last));
        if !(from >= first && to <= last && to > from) {
            let must = format!("a range within {first} to {last}");
            return Err(argument("from, to", format!("{from}, {to}"), &must));
        }
        let mut edges = vec![first];
        edges.extend(self.taus());
        edges.push(last);
        let share = |pair: &[f64]| (pair[1].min(to) - pair[0].max(from)).max(0.0) / (to - from);
        Ok((from, to, edges.windows(2).map(share).collect()))
    }

    /// The fit with this many joinpoints.
    ///
    /// # Errors
    /// As [`Joinpoint::fit`].
    pub fn with_joinpoints(&self, number: usize) -> Result<Self> {
        let spec = self.spec.clone().max_joinpoints(number).selection(Selection::Given).seed(self.seed);
        spec.fit(&self.series)
    }

    /// What kind of quantile the intervals across segments use, for the notes.
    pub(super) fn conventions(&self) -> String {
        let k = self.joints.len();
        match self.spec.mode {
            _ if self.spec.continuous => {
                "Standard errors by the delta method, joinpoints estimated; t of an APC, normal of an AAPC."
                    .into()
            }
            Mode::Nci if k > 0 => format!(
                "Standard errors with the joinpoint periods left out and each segment on its own; t with {} degrees of \
                 freedom for an APC, normal for an AAPC.",
                self.degrees.0
            ),
            Mode::Nci => format!("t with {} degrees of freedom.", self.degrees.0),
            _ => "Standard errors from the observed information, joinpoints among the parameters; normal."
                .into(),
        }
    }
}

/// Linear between order statistics.
pub(super) fn percentile(sorted: &[f64], p: f64) -> f64 {
    let at = p * (sorted.len() - 1) as f64;
    let low = at.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (at - low as f64) * (sorted[high] - sorted[low])
}

/// The normal quantile that belongs to infinite degrees of freedom.
pub(super) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().quantile(p)
}
