//! Average predictions, and deaths averted: the mean under another path less the fitted mean, added up.

use super::Margins;
use super::rows::{Pieces, Setting};
use crate::data::Frame;
use crate::error::{Error, Result};
use crate::regression::fit::{Fit, Model};
use crate::regression::link::Link;

/// Deaths in the fitted rows that the path taken averted, compared with another: `Σ (μ other − μ fitted)`.
#[derive(Debug, Clone, PartialEq)]
pub struct AvertedByPath {
    /// The deaths averted, by group; negative: more deaths.
    pub averted: Margins,
    /// Fitted deaths, in the same order.
    pub fitted: Vec<f64>,
    /// Deaths under the other path.
    pub counterfactual: Vec<f64>,
}

impl<M: Model> Fit<M> {
    /// The average fitted mean, by groups of rows, weighted as the fit is, with columns set to something else if any.
    ///
    /// # Errors
    /// [`Error::Argument`] for a fit to arrays; [`Error::UnknownColumn`]; [`Error::NotConverged`].
    pub fn average_prediction(
        &self,
        set: &[(String, Setting)],
        by: &[String],
        more: Option<&Frame>,
    ) -> Result<Margins> {
        self.predictable()?;
        let groups = self.grouped(by, more, false)?;
        let pieces = self.mean_of(set)?;
        let found = vec![("average prediction".to_owned(), self.gather(&pieces, &groups, |row| row))];
        self.margins(format!("Average prediction: {}", self.sentence()), found, &groups)
    }

    /// Deaths averted by the path that columns took, compared with the path that they are set to; by groups of rows.
    ///
    /// Effects, exposure and all else stay as they are. Lags of a column follow its path.
    ///
    /// # Errors
    /// [`Error::Argument`] for a fit to arrays or not of counts, and columns that are in effects, exposure or offset as well;
    /// [`Error::UnknownColumn`]; [`Error::Shape`]; [`Error::Domain`]; [`Error::NotConverged`].
    pub fn averted(
        &self,
        set: &[(String, Setting)],
        by: &[String],
        more: Option<&Frame>,
    ) -> Result<AvertedByPath> {
        self.predictable()?;
        if M::LINK != Link::Log {
            return Err(Error::Argument {
                argument: "fit".into(),
                value: M::NAME.into(),
                must: "of counts: deaths are counted, not rates of them".into(),
            });
        }
        if set.is_empty() {
            let must = "at least one column and its other path".into();
            return Err(Error::Argument { argument: "set".into(), value: "nothing".into(), must });
        }
        let groups = self.grouped(by, more, true)?;
        let (other, now) = (self.mean_of(set)?, self.mean_of(&[])?);
        let sums =
            |pieces: &Pieces| self.gather(pieces, &groups, |row| row).into_iter().map(|(v, _)| v).collect();
        let (counterfactual, fitted) = (sums(&other), sums(&now));
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let back = now.terms.into_iter().map(|(v, x)| (v.iter().map(|v| -v).collect(), x));
        let pieces = Pieces {
            value: less(&other.value, &now.value),
            linear: less(&other.linear, &now.linear),
            terms: other.terms.into_iter().chain(back).collect(),
        };
        let names: Vec<&str> = set.iter().map(|(name, _)| name.as_str()).collect();
        let found = vec![("averted".to_owned(), self.gather(&pieces, &groups, |row| row))];
        let title =
            format!("Averted by {} as it was, against another path: {}", names.join(", "), self.sentence());
        Ok(AvertedByPath { averted: self.margins(title, found, &groups)?, fitted, counterfactual })
    }

    /// The mean, row by row.
    fn mean_of(&self, set: &[(String, Setting)]) -> Result<Pieces> {
        let x = self.regressors(set)?;
        let mut eta = ndarray::Array1::from(self.shared.estimate.linear.clone());
        if !set.is_empty() {
            eta += &(&x - &self.regressors(&[])?).dot(&self.shared.estimate.coefficients);
        }
        let value = eta.iter().map(|&eta| M::LINK.mean(eta)).collect();
        let linear: Vec<f64> = eta.iter().map(|&eta| M::LINK.slope(eta)).collect();
        Ok(Pieces { value, terms: vec![(linear.clone(), x)], linear })
    }
}
