//! Inference by resampling across the border.

use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;

use super::fit::{AnyFit, PyFit};
use crate::Error;
use crate::inference::BootstrapTest;
use crate::python::convert::enter_watched;
use crate::python::data::PyFrame;
use crate::python::inference::PyTable;
use crate::regression::Bootstrap;

/// The answer of a bootstrap test.
#[pyclass(frozen, name = "BootstrapTest", module = "averted._core")]
pub(in crate::python) struct PyBootstrapTest(BootstrapTest);

#[pymethods]
impl PyBootstrapTest {
    #[getter]
    fn method(&self) -> &str {
        &self.0.method
    }

    #[getter]
    fn hypothesis(&self) -> &str {
        &self.0.hypothesis
    }

    #[getter]
    fn restrictions(&self) -> usize {
        self.0.restrictions
    }

    #[getter]
    fn estimate(&self) -> f64 {
        self.0.estimate
    }

    #[getter]
    fn std_error(&self) -> f64 {
        self.0.std_error
    }

    #[getter]
    fn statistic(&self) -> f64 {
        self.0.statistic
    }

    #[getter]
    fn p_value(&self) -> f64 {
        self.0.p_value
    }

    #[getter]
    fn p_value_equal_tailed(&self) -> f64 {
        self.0.p_value_equal_tailed
    }

    /// Lower and upper end.
    #[getter]
    fn interval(&self) -> Option<(f64, f64)> {
        self.0.interval.map(|i| (i.lower, i.upper))
    }

    #[getter]
    fn draws<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.draws.to_pyarray(py)
    }

    #[getter]
    fn exceeding(&self) -> (usize, usize) {
        self.0.exceeding
    }

    #[getter]
    fn undefined(&self) -> usize {
        self.0.undefined
    }

    #[getter]
    fn enumerated(&self) -> bool {
        self.0.enumerated
    }

    #[getter]
    fn weights(&self) -> String {
        self.0.multipliers.to_string()
    }

    #[getter]
    fn clusters(&self) -> Vec<usize> {
        self.0.clusters.clone()
    }

    #[getter]
    fn groups(&self) -> usize {
        self.0.groups
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.0.seed
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes.clone()
    }

    #[getter]
    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }
}

/// A bootstrap test of linear restrictions, wild for least squares, of the scores for counts; `more` holds cluster variables that the fit has not seen.
#[pyfunction]
#[pyo3(signature = (fit, hypothesis, *, cluster, bootstrap_cluster, draws, weights, impose_null, seed, level, more))]
#[expect(clippy::too_many_arguments, reason = "the test's settings, one each")]
pub(in crate::python) fn bootstrap_test(
    py: Python<'_>,
    fit: PyRef<'_, PyFit>,
    hypothesis: &str,
    cluster: Vec<String>,
    bootstrap_cluster: Vec<String>,
    draws: usize,
    weights: &str,
    impose_null: bool,
    seed: Option<u64>,
    level: Option<f64>,
    more: Option<PyRef<'_, PyFrame>>,
) -> PyResult<PyBootstrapTest> {
    let mut test = Bootstrap::new(hypothesis)
        .draws(draws)
        .weights(weights.parse()?)
        .impose_null(impose_null)
        .level(level);
    test = cluster.into_iter().fold(test, Bootstrap::cluster);
    test = bootstrap_cluster.into_iter().fold(test, Bootstrap::bootstrap_cluster);
    if let Some(seed) = seed {
        test = test.seed(seed);
    }
    if let Some(frame) = more {
        test = test.clusters_of(frame.0.clone());
    }
    let fit = fit.0.clone();
    let answer = enter_watched(py, None, |watch| {
        if let AnyFit::Ols(fit) = &fit {
            return fit.wild_bootstrap_watched(&test, watch);
        }
        if let AnyFit::Poisson(fit) = &fit {
            return fit.score_bootstrap_watched(&test, watch);
        }
        // The bootstrap of instruments draws the first stages, too: it has its own door.
        let (argument, value) = ("fit".into(), "another model".into());
        Err(Error::Argument { argument, value, must: "least squares or Poisson".into() })
    })?;
    Ok(PyBootstrapTest(answer))
}
