//! Means and probabilities of zero of new rows, with errors by the delta method on the log scale.

use ndarray::{Array1, Axis, s};

use super::fit::TwoPartFit;
use crate::data::{Panel, Source};
use crate::error::{Error, Result};
use crate::regression::prediction::offset_of;

/// Predictions for new data, one value a row; NaN where something is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoPartPrediction {
    /// The mean of the outcome.
    pub mean: Array1<f64>,
    /// Its standard error.
    pub std_error: Array1<f64>,
    /// The probability of a zero.
    pub zero: Array1<f64>,
    /// The mean of the counts alone, `μ`.
    pub counts: Array1<f64>,
}

impl TwoPartPrediction {
    /// The interval of the mean at `level` (0.95 for 95 %), symmetric on the log scale.
    ///
    /// # Errors
    /// [`Error::Argument`] for a level outside 0 to 1.
    pub fn interval(&self, level: f64) -> Result<(Array1<f64>, Array1<f64>)> {
        let reach = TwoPartFit::reach(level)?;
        let end = |side: f64| {
            let both = self.mean.iter().zip(&self.std_error);
            both.map(|(mean, error)| mean * (side * reach * error / mean).exp()).collect()
        };
        Ok((end(-1.0), end(1.0)))
    }
}

impl TwoPartFit {
    /// Predicts for new data, with the fit's covariance. Exposure and offset are read from the new data, too.
    ///
    /// # Errors
    /// [`Error::Argument`] for a fit to arrays; [`Error::UnknownColumn`]; [`Error::Domain`] for a level that the fit has
    /// not seen, or an exposure that is not positive.
    pub fn predict(&self, data: &dyn Source) -> Result<TwoPartPrediction> {
        let Some(origin) = &self.shared.origin else {
            return Err(Error::Argument {
                argument: "data".into(),
                value: "new data".into(),
                must: "given to a fit made from a formula; this one was made from arrays".into(),
            });
        };
        let indexed;
        let data = match &origin.counts.panel {
            Some((unit, time)) => {
                indexed = Panel::new(data.frame().clone(), unit, time)?;
                &indexed as &dyn Source
            }
            None => data,
        };
        let [of_counts, of_zeros] = &self.shared.kept;
        let x = origin.counts.terms.matrix(data)?.select(Axis(1), of_counts);
        let z = origin.terms.matrix(data)?.select(Axis(1), of_zeros);
        let (k, offset) = (x.ncols(), offset_of(&origin.counts, data)?);
        let coefficients = &self.shared.coefficients;
        let eta = x.dot(&coefficients.slice(s![..k])) + Array1::from(offset);
        let zeta = z.dot(&coefficients.slice(s![k..]));
        let (parts, covariance) = (self.shared.parts(), self.joint_covariance());
        let mut answer = TwoPartPrediction {
            mean: Array1::from_elem(eta.len(), f64::NAN),
            std_error: Array1::from_elem(eta.len(), f64::NAN),
            zero: Array1::from_elem(eta.len(), f64::NAN),
            counts: eta.exp(),
        };
        for (row, (&eta, &zeta)) in eta.iter().zip(&zeta).enumerate() {
            if !(eta.is_finite() && zeta.is_finite()) {
                continue;
            }
            let log = parts.log_mean(eta, zeta);
            let along: Array1<f64> = (x.row(row).iter().map(|v| log.slope[0] * v))
                .chain(z.row(row).iter().map(|v| log.slope[1] * v))
                .chain((coefficients.len()..covariance.nrows()).map(|_| log.slope[2]))
                .collect();
            answer.mean[row] = log.value.exp();
            answer.std_error[row] = answer.mean[row] * along.dot(&covariance.dot(&along)).sqrt();
            answer.zero[row] = parts.none(eta, zeta);
        }
        Ok(answer)
    }
}
