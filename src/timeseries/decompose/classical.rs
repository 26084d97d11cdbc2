//! Classical decomposition by moving averages.

use crate::error::{Error, Result};
use crate::timeseries::decompose::Decomposition;
use crate::timeseries::decompose::stl::check;

/// The textbook's decomposition: a centred moving average over a year (half weights at both ends of an even one) is
/// the trend, means of the detrended series by place in the season, made to sum to zero (or to have mean one), are the
/// season (Kendall & Stuart 1983).
///
/// The trend is missing for half a year at both ends and where an average would touch a gap.
///
/// ```
/// use averted::timeseries::decompose::Classical;
/// let y: Vec<f64> = (0..24).map(|t| (10.0 + f64::from(t)) * [0.5, 1.5][t as usize % 2]).collect();
/// let parts = Classical::new(2).multiplicative().fit(&y)?;
/// assert!((parts.seasonal()[0] - 0.5).abs() < 0.02);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classical {
    period: usize,
    multiplicative: bool,
}

impl Classical {
    /// With a season of this many periods; the parts add up.
    pub fn new(period: usize) -> Self {
        Self { period, multiplicative: false }
    }

    /// The parts multiply.
    #[must_use]
    pub fn multiplicative(mut self) -> Self {
        self.multiplicative = true;
        self
    }

    /// Decomposes a series of two years or more.
    ///
    /// # Errors
    /// As [`Stl::fit`](super::Stl::fit), but two full years are enough; [`Error::Domain`] where a factor is asked of
    /// values that are not above zero; [`Error::NothingToEstimate`] where gaps leave a place in the season without a
    /// trend.
    pub fn fit(&self, y: &[f64]) -> Result<Decomposition> {
        let s = self.period;
        check(y, s, 2 * s)?;
        if self.multiplicative
            && let Some(row) = y.iter().position(|v| *v <= 0.0)
        {
            let (value, must) = (y[row].to_string(), "above zero for a multiplicative season".into());
            return Err(Error::Domain { what: "y".into(), row, value, must });
        }
        let trend = centred(y, s);
        let ratio = |t: usize| if self.multiplicative { y[t] / trend[t] } else { y[t] - trend[t] };
        let mut figure = Vec::with_capacity(s);
        for j in 0..s {
            let seen: Vec<f64> = (j..y.len()).step_by(s).map(ratio).filter(|v| !v.is_nan()).collect();
            if seen.is_empty() {
                let why = format!("gaps leave place {j} of the season of {s} without a trend");
                return Err(Error::NothingToEstimate { why });
            }
            figure.push(seen.iter().sum::<f64>() / seen.len() as f64);
        }
        let mean = figure.iter().sum::<f64>() / s as f64;
        figure.iter_mut().for_each(|f| if self.multiplicative { *f /= mean } else { *f -= mean });
        let seasonal: Vec<f64> = (0..y.len()).map(|t| figure[t % s]).collect();
        let rest =
            |t: usize| if self.multiplicative { ratio(t) / seasonal[t] } else { ratio(t) - seasonal[t] };
        let kind = if self.multiplicative { "multiplicative" } else { "additive" };
        Ok(Decomposition {
            method: format!("classical {kind} decomposition, season of {s}"),
            observed: y.to_vec(),
            remainder: (0..y.len()).map(rest).collect(),
            weights: vec![1.0; y.len()],
            trend,
            seasonal: vec![seasonal],
            periods: vec![s],
            multiplicative: self.multiplicative,
        })
    }
}

/// A centred moving average over a year; NaN where it does not reach.
fn centred(y: &[f64], s: usize) -> Vec<f64> {
    let (n, half) = (y.len(), s / 2);
    let ends = if s.is_multiple_of(2) { 0.5 } else { 1.0 };
    let mean = |t: usize| {
        if t < half || t + half >= n {
            return f64::NAN;
        }
        let inner: f64 = y[t - half + 1..t + half].iter().sum();
        let (first, last) = (y[t - half], y[t + half]);
        (inner + ends * (first + last)) / s as f64
    };
    (0..n).map(mean).collect()
}
