//! Standard errors by leaving out one cluster at a time ([`covariance::jackknife`]), whatever is estimated.
//!
//! The usual clustered covariance is too small
//! where few clusters carry the information, as they do when countries differ a hundredfold in deaths; this one is not.

use std::str::FromStr;

use ndarray::{Array1, Array2};

use crate::data::{Column, Count, Factor, Frame, MISSING, Panel, Source, TimeIndex};
use crate::error::{Error, Result};
use crate::inference::covariance;

/// Which standard errors a response has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Errors {
    /// The jackknife for one cluster variable of up to 100 clusters (and a panel that is not huge), else clustered.
    #[default]
    Auto,
    /// Leave one cluster out at a time.
    Jackknife,
    /// The clustered sandwich of the regression.
    Cluster,
}

impl FromStr for Errors {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "jackknife" => Ok(Self::Jackknife),
            "cluster" => Ok(Self::Cluster),
            _ => {
                let must = "`auto`, `jackknife` or `cluster`".into();
                Err(Error::Argument { argument: "errors".into(), value: format!("`{text}`"), must })
            }
        }
    }
}

/// Clusters up to which the jackknife is the default; beyond it the sandwich is good enough, and quicker.
pub(super) const MANY: usize = 100;

/// Clusters times rows up to which the jackknife is the default: a few seconds.
pub(super) const MUCH: usize = 5_000_000;

/// A panel in which the rows of one cluster have none.
struct Without<'a> {
    panel: &'a Panel,
    frame: Frame,
}

impl Source for Without<'_> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn index(&self) -> Option<&TimeIndex> {
        Source::index(self.panel)
    }

    fn unit(&self) -> Option<&str> {
        Source::unit(self.panel)
    }

    fn time(&self) -> Option<&str> {
        Source::time(self.panel)
    }

    fn events(&self) -> Option<&str> {
        Source::events(self.panel)
    }

    fn counts(&self) -> Option<&[Count]> {
        Source::counts(self.panel)
    }

    fn population(&self) -> Option<&str> {
        Source::population(self.panel)
    }
}

/// The jackknife covariance of `estimates`. `refit` gives them for data in which a row without `cluster` is left out;
/// `rows` are those of the whole fit.
///
/// # Errors
/// [`Error::NothingToEstimate`] naming the cluster without which there is no estimate; [`Error::UnknownColumn`].
pub(super) fn jackknife(
    panel: &Panel,
    cluster: &str,
    rows: &[usize],
    estimates: &Array1<f64>,
    refit: impl Fn(&dyn Source) -> Result<Array1<f64>> + Sync,
) -> Result<Array2<f64>> {
    let factor = panel.frame().factor(cluster)?;
    let mut clusters: Vec<u32> = rows.iter().map(|&row| factor.codes()[row]).collect();
    clusters.sort_unstable();
    clusters.dedup();
    let one = |g: usize| -> Result<Array1<f64>> {
        let code = clusters[g];
        let codes = factor.codes().iter().map(|&c| if c == code { MISSING } else { c }).collect();
        let column = Column::Factor(Factor::from_codes(codes, factor.labels().to_vec()));
        let without = Without { panel, frame: panel.frame().clone().with_column(cluster, column)? };
        let found = refit(&without).map_err(|error| {
            let label = factor.labels().get(code as usize).map_or("", String::as_str);
            let why = format!("without {cluster} {label} there is no estimate ({error})");
            Error::NothingToEstimate { why }
        })?;
        Ok(found)
    };
    let count = clusters.len() as f64;
    covariance::jackknife(clusters.len(), estimates, (count - 1.0) / count, one)
}
