//! Choices of a covariance, as Python writes them: words, and columns.

use pyo3::prelude::*;

use super::related::related;
use crate::error::{Error, Result};
use crate::inference::Covariance;
use crate::inference::covariance::{ClusterKind, FewClusters};

/// A kind by name, or clusters by column.
pub(super) fn covariance(kind: &str, mut columns: Vec<String>) -> Result<Covariance> {
    let mut words = kind.split(' ');
    let name = words.next();
    if let Some(covariance) = related(name.unwrap_or_default(), words.clone(), columns.clone())? {
        return Ok(covariance);
    }
    let few = match name {
        Some("CR2") => ClusterKind::Cr2,
        Some("CR3") => ClusterKind::Cr3,
        Some("jackknife") => ClusterKind::Jackknife,
        _ if columns.is_empty() => return kind.parse(),
        _ => return Ok(Covariance::Cluster(columns)),
    };
    let (Some(column), true) = (columns.pop(), columns.is_empty()) else {
        let must = "one column".into();
        return Err(Error::Argument { argument: "cluster".into(), value: "several columns".into(), must });
    };
    let made = FewClusters::new(column, few);
    Ok(if words.next() == Some("pyfixest") { made.pyfixest_scale() } else { made }.into())
}

/// A covariance in words.
#[pyfunction]
pub(in crate::python) fn covariance_text(kind: &str, columns: Vec<String>) -> PyResult<String> {
    Ok(covariance(kind, columns)?.to_string())
}
