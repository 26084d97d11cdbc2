//! From a fit of two parts to the covariance of its parameters.

use ndarray::{Array1, Array2, s};

use super::fit::Shared;
use crate::data::{Factor, Frame, MISSING};
use crate::error::{Error, Result};
use crate::inference::covariance::{Estimated, Grouping, Ingredients, crossings, estimate};
use crate::inference::{Counts, Covariance, SmallSample};
use crate::regression::sample::WeightKind;

/// A choice of covariance and what came of it.
pub(super) struct Look {
    pub(super) covariance: Covariance,
    pub(super) convention: SmallSample,
    /// Of all parameters, the dispersion's last.
    pub(super) estimated: Estimated,
    pub(super) coefficients: Array2<f64>,
    pub(super) clusters: Vec<usize>,
}

impl Look {
    pub(super) fn new(
        shared: &Shared,
        covariance: Covariance,
        convention: SmallSample,
        more: Option<&Frame>,
    ) -> Result<Self> {
        use Covariance::{Classical, Cluster, Robust, Uncorrected};
        if !matches!(covariance, Classical | Robust | Uncorrected | Cluster(_)) {
            return Err(Error::Argument {
                argument: "covariance".into(),
                value: covariance.to_string(),
                must: "classical, HC0, HC1 or clusters for a regression of two parts".into(),
            });
        }
        let grouping = covariance.clusters().iter().map(|column| shared.codes(column, more));
        let grouping = grouping.collect::<Result<Grouping>>()?;
        let sizes: Vec<usize> = crossings(&grouping).into_iter().map(|(_, _, groups)| groups).collect();
        let counts = Counts {
            observations: shared.observations,
            coefficients: shared.names.len(),
            slopes: 0,
            effects: &[],
            redundant: 0,
            clusters: &sizes,
            of_counts: true,
        };
        let ones = Array1::ones(shared.scores.nrows());
        let repeats = match shared.sample.weights {
            Some((_, WeightKind::Frequency)) => Some(&shared.rows.weights[..]),
            _ => None,
        };
        let from = Ingredients {
            root: shared.root.view(),
            x: shared.scores.view(),
            pull: ones.view(),
            repeats,
            dispersion: 1.0,
            related: None,
        };
        let estimated = estimate(&covariance, &from, &grouping, convention, &counts)?;
        let k = shared.names.len();
        let coefficients = estimated.matrix.slice(s![..k, ..k]).to_owned();
        let clusters = grouping.iter().map(|(_, groups)| *groups).collect();
        Ok(Self { covariance, convention, estimated, coefficients, clusters })
    }
}

impl Shared {
    /// The codes of a cluster variable, looked for in `more` first.
    fn codes(&self, column: &str, more: Option<&Frame>) -> Result<(Vec<u32>, usize)> {
        let sample = &self.sample;
        let given = sample.clusters.iter().find(|(name, _)| name == column);
        let of_caller = |frame: &Frame| -> Result<Factor> { Ok(frame.factor(column)?.take(&sample.origin)) };
        let factor = match (more.filter(|more| more.has(column)), given, &self.origin) {
            (Some(more), ..) => of_caller(more)?,
            (None, Some((_, factor)), _) => factor.clone(),
            (None, None, Some(origin)) => of_caller(&origin.counts.frame)?,
            (None, None, None) => {
                let known = sample.clusters.iter().map(|(name, _)| name.as_str());
                return Err(Error::unknown_column(column, known));
            }
        };
        let missing = |&row: &usize| factor.codes()[row] == MISSING;
        if let Some(first) = (0..factor.rows()).find(missing) {
            let count = (0..factor.rows()).filter(missing).count();
            return Err(Error::Missing { what: column.to_owned(), count, first: sample.origin[first] });
        }
        let mut levels = factor.codes().to_vec();
        levels.sort_unstable();
        levels.dedup();
        let code = |code: &u32| levels.partition_point(|level| level < code) as u32;
        Ok((factor.codes().iter().map(code).collect(), levels.len()))
    }
}
