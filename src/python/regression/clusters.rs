//! What a regression's clusters are like.

use numpy::{PyArray1, PyArray2, ToPyArray};
use pyo3::prelude::*;

use super::either;
use super::fit::{AnyFit, PyFit};
use crate::inference::ClusterDiagnostics;
use crate::python::convert::enter;
use crate::python::data::PyFrame;
use crate::python::inference::PyTable;

/// What a regression's clusters are like.
#[pyclass(frozen, name = "ClusterDiagnostics", module = "averted._core")]
pub(in crate::python) struct PyClusters(ClusterDiagnostics);

/// Term, places of treated clusters, clusters where it is not zero and where it varies, `G*(0)`, `G*(1)`, degrees.
type Term = (String, Vec<usize>, usize, usize, f64, f64, f64);

#[pymethods]
impl PyClusters {
    #[getter]
    fn column(&self) -> &str {
        &self.0.column
    }

    #[getter]
    fn clusters(&self) -> Vec<String> {
        self.0.clusters.clone()
    }

    #[getter]
    fn sizes<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.sizes.to_pyarray(py)
    }

    /// Smallest, largest, coefficient of variation.
    #[getter]
    fn size(&self) -> (f64, f64, f64) {
        let (least, most) = self.0.size_range();
        (least, most, self.0.size_variation())
    }

    #[getter]
    fn leverage<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<f64>>> {
        self.0.leverage.as_ref().map(|l| l.to_pyarray(py))
    }

    /// Clusters by coefficients.
    #[getter]
    fn partial_leverage<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.partial_leverage.to_pyarray(py)
    }

    /// The estimates without each cluster, clusters by coefficients.
    #[getter]
    fn without<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray2<f64>>> {
        self.0.without.as_ref().map(|w| w.to_pyarray(py))
    }

    #[getter]
    fn estimates<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.estimates.to_pyarray(py)
    }

    #[getter]
    fn terms(&self) -> Vec<Term> {
        let one = |t: &crate::inference::TermClusters| {
            let t = t.clone();
            (t.term, t.treated, t.nonzero, t.varying, t.effective, t.effective_related, t.degrees)
        };
        self.0.terms.iter().map(one).collect()
    }

    #[getter]
    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }

    /// One row a cluster, as they bear on a coefficient.
    fn cluster_table(&self, term: &str) -> PyResult<PyTable> {
        Ok(PyTable(self.0.cluster_table(term)?))
    }
}

/// What the clusters of a fit are like, those of a column if one is given; `more` holds columns that the fit has not seen.
#[pyfunction]
#[pyo3(signature = (fit, column = None, more = None))]
pub(in crate::python) fn cluster_diagnostics(
    py: Python<'_>,
    fit: PyRef<'_, PyFit>,
    column: Option<&str>,
    more: Option<PyRef<'_, PyFrame>>,
) -> PyResult<PyClusters> {
    let (fit, more) = (fit.0.clone(), more.map(|frame| frame.0.clone()));
    let found = enter(py, || {
        either!(AnyFit, &fit, fit => {
            let column = column.map_or_else(|| fit.fewest_clusters(), Ok)?;
            fit.cluster_diagnostics_of(column, more.as_ref())
        })
    })?;
    Ok(PyClusters(found))
}
