//! Noisy measures that instrument each other.

use pyo3::prelude::*;

use super::fit::{AnyFit, PyFit};
use super::specification::{AnySpecification, PySpecification};
use crate::Error;
use crate::inference::{CoefficientRow, interval_level};
use crate::python::convert::enter;
use crate::python::data::AnySource;
use crate::python::inference::PyTable;
use crate::regression::{NoisyMeasures, NoisyMeasuresFit};

/// A fitted regression on noisy measures.
#[pyclass(frozen, name = "NoisyMeasuresFit", module = "averted._core")]
pub(in crate::python) struct PyNoisyMeasures(NoisyMeasuresFit);

/// Estimate, standard error, lower and upper end.
type Row = (f64, f64, f64, f64);

fn row(row: &CoefficientRow) -> Row {
    (row.estimate, row.std_error, row.lower, row.upper)
}

#[pymethods]
impl PyNoisyMeasures {
    /// The coefficient from all measures.
    fn signal(&self, level: f64) -> PyResult<Row> {
        Ok(row(&self.0.row(interval_level(level)?)))
    }

    /// By measure: least squares, instrumented, reliability.
    fn measures(&self, level: f64) -> PyResult<Vec<(String, Row, Row, Row)>> {
        let all = self.0.measures(interval_level(level)?)?;
        let one = |m: &crate::regression::Measure| {
            (m.name.clone(), row(&m.least_squares), row(&m.instrumented), row(&m.reliability))
        };
        Ok(all.iter().map(one).collect())
    }

    /// Statistic, restrictions, degrees of freedom, p-value.
    #[getter]
    fn agreement(&self) -> PyResult<(f64, usize, f64, f64)> {
        let test = self.0.agreement()?;
        Ok((test.statistic, test.restrictions, test.degrees, test.p_value))
    }

    #[getter]
    fn stacked(&self) -> PyFit {
        PyFit(AnyFit::Iv(self.0.stacked().clone()))
    }

    #[getter]
    fn observations(&self) -> f64 {
        self.0.observations()
    }

    #[getter]
    fn sentence(&self) -> String {
        self.0.sentence()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    /// The same fits with another covariance.
    fn with_covariance(&self, py: Python<'_>, kind: &str, cluster: Vec<String>) -> PyResult<Self> {
        let which = super::covariance(kind, cluster)?;
        Ok(Self(enter(py, || self.0.with_covariance(which))?))
    }

    fn table(&self, level: f64) -> PyResult<PyTable> {
        Ok(PyTable(self.0.table(interval_level(level)?)?))
    }
}

/// Fits a regression on noisy measures, with what `regression` was told.
#[pyfunction]
pub(in crate::python) fn noisy_measures(
    py: Python<'_>,
    regression: PyRef<'_, PySpecification>,
    measures: Vec<String>,
    formula: &str,
    source: AnySource,
) -> PyResult<PyNoisyMeasures> {
    let AnySpecification::Iv(iv) = &regression.0 else {
        let (argument, value) = ("regression".into(), "not linear".into());
        return Err(Error::Argument { argument, value, must: "linear, with instruments".into() }.into());
    };
    let wanted = NoisyMeasures::of(iv, measures);
    Ok(PyNoisyMeasures(enter(py, || wanted.fit(formula, &source))?))
}
