//! Inference by resampling across the border.

use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;

use super::either;
use super::fit::{AnyFit, PyFit};
use super::instruments::instrumented;
use crate::Error;
use crate::inference::{self, BootstrapTest, RandomizationTest, RomanoWolf};
use crate::python::convert::enter_watched;
use crate::python::data::PyFrame;
use crate::python::inference::PyTable;
use crate::regression::{Bootstrap, Randomization, Resampled, romano_wolf_watched};

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

    /// The pieces of what is not rejected: one where it is an interval by construction.
    #[getter]
    fn set(&self) -> Option<Vec<(f64, f64)>> {
        self.0.set.clone().or_else(|| self.interval().map(|piece| vec![piece]))
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

/// What a bootstrap is told.
#[pyclass(frozen, name = "Bootstrap", module = "averted._core")]
pub(in crate::python) struct PyBootstrap(Bootstrap);

#[pymethods]
impl PyBootstrap {
    /// `more` holds cluster variables that the fit has not seen.
    #[new]
    #[pyo3(signature = (hypothesis, *, cluster, bootstrap_cluster, draws, weights, impose_null, seed, level, more))]
    #[expect(clippy::too_many_arguments, reason = "the test's settings, one each")]
    fn new(
        hypothesis: &str,
        cluster: Vec<String>,
        bootstrap_cluster: Vec<String>,
        draws: usize,
        weights: &str,
        impose_null: bool,
        seed: Option<u64>,
        level: Option<f64>,
        more: Option<PyRef<'_, PyFrame>>,
    ) -> PyResult<Self> {
        let weights = weights.parse()?;
        let test =
            Bootstrap::new(hypothesis).draws(draws).weights(weights).impose_null(impose_null).level(level);
        let mut test = cluster.into_iter().fold(test, Bootstrap::cluster);
        test = bootstrap_cluster.into_iter().fold(test, Bootstrap::bootstrap_cluster);
        if let Some(seed) = seed {
            test = test.seed(seed);
        }
        if let Some(frame) = more {
            test = test.clusters_of(frame.0.clone());
        }
        Ok(Self(test))
    }
}

/// The fit as one that has a bootstrap.
fn resampled(fit: &AnyFit) -> crate::Result<&dyn Resampled> {
    if let AnyFit::Ols(fit) = fit {
        return Ok(fit);
    }
    if let AnyFit::Poisson(fit) = fit {
        return Ok(fit);
    }
    if let AnyFit::NegativeBinomial(fit) = fit {
        return Ok(fit);
    }
    if let AnyFit::Logit(fit) = fit {
        return Ok(fit);
    }
    if let AnyFit::Iv(fit) = fit {
        return Ok(fit);
    }
    let (argument, value) = ("fit".into(), either!(AnyFit, fit, fit => fit.sentence()));
    Err(Error::Argument {
        argument,
        value,
        must: "least squares, counts and shares without instruments, or linear with instruments".into(),
    })
}

/// A bootstrap test of linear restrictions: wild for least squares, of the scores for counts.
#[pyfunction]
pub(in crate::python) fn bootstrap_test(
    py: Python<'_>,
    fit: PyRef<'_, PyFit>,
    test: PyRef<'_, PyBootstrap>,
) -> PyResult<PyBootstrapTest> {
    let (fit, test) = (fit.0.clone(), test.0.clone());
    let answer = enter_watched(py, None, |watch| resampled(&fit)?.bootstrap(&test, watch))?;
    Ok(PyBootstrapTest(answer))
}

/// A bootstrap of the statistic of Anderson and Rubin.
#[pyfunction]
pub(in crate::python) fn anderson_rubin_bootstrap(
    py: Python<'_>,
    fit: PyRef<'_, PyFit>,
    test: PyRef<'_, PyBootstrap>,
) -> PyResult<PyBootstrapTest> {
    let (fit, test) = (fit.0.clone(), test.0.clone());
    let answer =
        enter_watched(py, None, |watch| instrumented(&fit)?.anderson_rubin_bootstrap_watched(&test, watch))?;
    Ok(PyBootstrapTest(answer))
}

/// Names, estimates, standard errors, statistics, p-values, adjusted p-values; the bootstrap of each; the table.
type Together = (Vec<String>, Vec<PyBootstrapTest>, Vec<f64>, PyTable);

/// One hypothesis in several fits, with step-down p-values.
#[pyfunction]
pub(in crate::python) fn romano_wolf(
    py: Python<'_>,
    fits: Vec<(PyRef<'_, PyFit>, PyRef<'_, PyBootstrap>)>,
    names: Option<Vec<String>>,
) -> PyResult<Together> {
    let fits: Vec<(AnyFit, Bootstrap)> =
        fits.iter().map(|(fit, test)| (fit.0.clone(), test.0.clone())).collect();
    let mut answer: RomanoWolf = enter_watched(py, None, |watch| {
        let each = fits.iter().map(|(fit, test)| Ok((resampled(fit)?, test.clone())));
        romano_wolf_watched(each.collect::<crate::Result<_>>()?, watch)
    })?;
    if let Some(names) = names {
        answer.outcomes = names;
    }
    let table = PyTable(answer.table());
    let tests = answer.tests.into_iter().map(PyBootstrapTest).collect();
    Ok((answer.outcomes, tests, answer.p_values, table))
}

/// Adjusted p-values.
#[pyfunction]
pub(in crate::python) fn adjust(p_values: Vec<f64>, method: &str) -> PyResult<Vec<f64>> {
    Ok(inference::adjust(&p_values, method.parse()?)?)
}

/// The answer of a randomisation test.
#[pyclass(frozen, name = "RandomizationTest", module = "averted._core")]
pub(in crate::python) struct PyRandomizationTest(RandomizationTest);

#[pymethods]
impl PyRandomizationTest {
    #[getter]
    fn term(&self) -> &str {
        &self.0.term
    }

    #[getter]
    fn kind(&self) -> &str {
        self.0.kind
    }

    /// Estimate and standard error.
    #[getter]
    fn estimate(&self) -> (f64, f64) {
        (self.0.estimate, self.0.std_error)
    }

    #[getter]
    fn statistic(&self) -> f64 {
        self.0.statistic
    }

    /// Two-sided, greater, less.
    #[getter]
    fn p_values(&self) -> (f64, f64, f64) {
        (self.0.p_value, self.0.p_value_greater, self.0.p_value_less)
    }

    #[getter]
    fn draws<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.draws.to_pyarray(py)
    }

    #[getter]
    fn enumerated(&self) -> bool {
        self.0.enumerated
    }

    /// Clusters, and distinct paths among them.
    #[getter]
    fn clusters(&self) -> (usize, usize) {
        self.0.clusters
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

/// A randomisation test of one coefficient; `more` holds columns that the fit has not seen.
#[pyfunction]
#[pyo3(signature = (fit, term, *, cluster, time, by_coefficient, draws, seed, more))]
#[expect(clippy::too_many_arguments, reason = "the test's settings, one each")]
pub(in crate::python) fn randomization_test(
    py: Python<'_>,
    fit: PyRef<'_, PyFit>,
    term: &str,
    cluster: Option<String>,
    time: Option<String>,
    by_coefficient: bool,
    draws: usize,
    seed: Option<u64>,
    more: Option<PyRef<'_, PyFrame>>,
) -> PyResult<PyRandomizationTest> {
    let mut test = Randomization::new(term).by_coefficient(by_coefficient).draws(draws);
    if let Some(column) = cluster {
        test = test.cluster(column);
    }
    if let Some(column) = time {
        test = test.time(column);
    }
    if let Some(seed) = seed {
        test = test.seed(seed);
    }
    if let Some(frame) = more {
        test = test.columns_of(frame.0.clone());
    }
    let fit = fit.0.clone();
    let answer = enter_watched(py, None, |watch| resampled(&fit)?.randomization(&test, watch))?;
    Ok(PyRandomizationTest(answer))
}
