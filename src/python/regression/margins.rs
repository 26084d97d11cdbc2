//! Marginal effects, average predictions and deaths averted across the border.

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;

use super::either;
use super::fit::{AnyFit, PyFit};
use crate::inference::{CoefficientRow, Estimates, Wald, interval_level};
use crate::python::convert::enter;
use crate::python::data::PyFrame;
use crate::python::inference::PyTable;
use crate::regression::{At, Margins, Setting};

/// Quantities that a fit implies.
#[pyclass(frozen, name = "Margins", module = "averted._core")]
pub(in crate::python) struct PyMargins(pub(in crate::python) Margins);

/// Estimates, standard errors, statistics, p-values, lower and upper ends.
type Rows = Vec<(String, f64, f64, f64, f64, f64, f64)>;

/// A column and what it is set to.
type Set<'py> = Vec<(String, PySetting<'py>)>;

#[derive(FromPyObject)]
pub(in crate::python) enum PySetting<'py> {
    Number(f64),
    Level(String),
    Path(PyReadonlyArray1<'py, f64>),
}

fn settings(set: Set<'_>) -> Vec<(String, Setting)> {
    let one = |(name, setting): (String, PySetting<'_>)| {
        let setting = match setting {
            PySetting::Number(value) => Setting::Number(value),
            PySetting::Level(level) => Setting::Level(level),
            PySetting::Path(values) => Setting::Path(values.as_array().to_vec()),
        };
        (name, setting)
    };
    set.into_iter().map(one).collect()
}

#[pymethods]
impl PyMargins {
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names.clone()
    }

    #[getter]
    fn terms(&self) -> Vec<String> {
        self.0.terms.clone()
    }

    #[getter]
    fn groups(&self) -> Vec<String> {
        self.0.groups.clone()
    }

    #[getter]
    fn title(&self) -> String {
        self.0.title.clone()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes.clone()
    }

    #[getter]
    fn covariance<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.covariance.to_pyarray(py)
    }

    #[getter]
    fn degrees_of_freedom(&self) -> f64 {
        self.0.degrees
    }

    /// One tuple a quantity.
    fn rows_at(&self, level: f64) -> PyResult<Rows> {
        let rows = self.0.coefficient_rows(interval_level(level)?);
        let flat =
            |r: CoefficientRow| (r.term, r.estimate, r.std_error, r.statistic, r.p_value, r.lower, r.upper);
        Ok(rows.into_iter().map(flat).collect())
    }

    fn table(&self, level: f64) -> PyResult<PyTable> {
        Ok(PyTable(self.0.table(level)?))
    }

    /// Statistic, restrictions, denominator degrees, p-value, and the table.
    fn wald(&self, hypotheses: &str) -> PyResult<(f64, usize, f64, f64, PyTable)> {
        let test = Wald::test(&self.0, &[hypotheses])?;
        Ok((test.statistic, test.restrictions, test.degrees, test.p_value, PyTable(test.table())))
    }
}

/// Average marginal effects; `more` holds columns of groups that the fit has not seen.
#[pyfunction]
#[pyo3(signature = (fit, columns, slope, means, set, dummies_as_numbers, by, more))]
#[expect(clippy::too_many_arguments, reason = "what is asked, one each")]
pub(in crate::python) fn marginal_effects(
    py: Python<'_>,
    fit: &PyFit,
    columns: Vec<String>,
    slope: &str,
    means: bool,
    set: Set<'_>,
    dummies_as_numbers: bool,
    by: Vec<String>,
    more: Option<PyRef<'_, PyFrame>>,
) -> PyResult<PyMargins> {
    let slope = slope.parse()?;
    let at = At { means, set: settings(set), dummies_as_numbers };
    let more = more.map(|frame| frame.0.clone());
    let found = enter(
        py,
        || either!(AnyFit, &fit.0, fit => fit.marginal_effects(&columns, slope, &at, &by, more.as_ref())),
    )?;
    Ok(PyMargins(found))
}

/// Average fitted means.
#[pyfunction]
#[pyo3(signature = (fit, set, by, more))]
pub(in crate::python) fn average_prediction(
    py: Python<'_>,
    fit: &PyFit,
    set: Set<'_>,
    by: Vec<String>,
    more: Option<PyRef<'_, PyFrame>>,
) -> PyResult<PyMargins> {
    let set = settings(set);
    let more = more.map(|frame| frame.0.clone());
    let found =
        enter(py, || either!(AnyFit, &fit.0, fit => fit.average_prediction(&set, &by, more.as_ref())))?;
    Ok(PyMargins(found))
}

/// Deaths averted by the path taken, fitted deaths, and those under the other path.
#[pyfunction]
#[pyo3(signature = (fit, set, by, more))]
pub(in crate::python) fn averted_by_path(
    py: Python<'_>,
    fit: &PyFit,
    set: Set<'_>,
    by: Vec<String>,
    more: Option<PyRef<'_, PyFrame>>,
) -> PyResult<(PyMargins, Vec<f64>, Vec<f64>)> {
    let set = settings(set);
    let more = more.map(|frame| frame.0.clone());
    let found = enter(py, || either!(AnyFit, &fit.0, fit => fit.averted(&set, &by, more.as_ref())))?;
    Ok((PyMargins(found.averted), found.fitted, found.counterfactual))
}

/// A column of numbers of the data that a fit was made from.
#[pyfunction]
pub(in crate::python) fn column_of<'py>(
    py: Python<'py>,
    fit: &PyFit,
    name: &str,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    Ok(either!(AnyFit, &fit.0, fit => fit.column_given(name))?.to_pyarray(py))
}
