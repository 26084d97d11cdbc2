//! Autoregressive distributed lags across the border.

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use super::super::inference::PyTable;
use crate::inference::{CoefficientRow, Estimates, interval_level};
use crate::timeseries::ardl::{Ardl, ArdlFit, Bounds, BoundsCase, BoundsTest};

/// An autoregressive distributed lag model, unfitted.
#[pyclass(frozen, name = "Ardl", module = "averted._core")]
pub(in crate::python) struct PyArdl(Ardl);

#[pymethods]
impl PyArdl {
    /// `lags` of the outcome and of every regressor, or `select`, `most` and `most_others` to choose them.
    #[new]
    #[pyo3(signature = (*, lags, select, most, most_others, terms))]
    fn new(
        lags: Option<(usize, Vec<usize>)>,
        select: &str,
        most: usize,
        most_others: usize,
        terms: &str,
    ) -> PyResult<Self> {
        let made = match lags {
            Some((own, others)) => Ardl::new(own, &others),
            None => Ardl::chosen(select.parse()?, most, most_others),
        };
        Ok(Self(made.terms(terms.parse()?)))
    }

    #[pyo3(signature = (name, y, names, x))]
    fn fit(
        &self,
        py: Python<'_>,
        name: &str,
        y: PyReadonlyArray1<'_, f64>,
        names: Vec<String>,
        x: PyReadonlyArray2<'_, f64>,
    ) -> PyResult<PyArdlFit> {
        let (y, x) = (y.as_array().to_vec(), x.as_array().to_owned());
        Ok(PyArdlFit(enter(py, || self.0.fit(name, &y, &names, x.view()))?))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted autoregressive distributed lag model.
#[pyclass(frozen, name = "ArdlFit", module = "averted._core")]
pub(in crate::python) struct PyArdlFit(ArdlFit);

#[pymethods]
impl PyArdlFit {
    #[getter]
    fn orders(&self) -> (usize, Vec<usize>) {
        let (own, others) = self.0.orders();
        (own, others.to_vec())
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().to_vec()
    }

    #[getter]
    fn estimates<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.coefficients().to_pyarray(py)
    }

    #[getter]
    fn covariance<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.covariance().to_pyarray(py)
    }

    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.residuals().to_pyarray(py)
    }

    /// Log-likelihood, AIC, BIC, variance, R², adjustment, degrees of freedom.
    #[getter]
    fn numbers(&self) -> [f64; 7] {
        let f = &self.0;
        [
            f.log_likelihood(),
            f.aic(),
            f.bic(),
            f.variance(),
            f.r_squared(),
            f.adjustment(),
            f.degrees_of_freedom(),
        ]
    }

    #[getter]
    fn n_observed(&self) -> usize {
        self.0.n_observed()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    /// A table of coefficients: `""` as fitted, `"error_correction"` or `"long_run"`.
    fn table(&self, form: &str, level: f64) -> PyResult<PyTable> {
        interval_level(level)?;
        let rows = match form {
            "error_correction" => self.0.error_correction(level),
            "long_run" => self.0.long_run(level),
            _ => self.0.coefficient_rows(level),
        };
        Ok(PyTable(CoefficientRow::table(&rows)))
    }

    /// Estimate, standard error, lower, upper, one a period.
    fn multipliers(&self, regressor: &str, horizon: usize, level: f64) -> PyResult<Vec<[f64; 4]>> {
        let found = self.0.multipliers(regressor, horizon, level)?;
        Ok(found.iter().map(|m| [m.estimate, m.std_error, m.lower, m.upper]).collect())
    }

    fn bounds(&self, case: usize) -> PyResult<PyBoundsTest> {
        Ok(PyBoundsTest(self.0.bounds(BoundsCase::of(case)?)?))
    }
}

/// What the bounds tests said.
#[pyclass(frozen, name = "BoundsTest", module = "averted._core")]
pub(in crate::python) struct PyBoundsTest(BoundsTest);

#[pymethods]
impl PyBoundsTest {
    /// F, its p-values of stationary and of integrated regressors, t.
    #[getter]
    fn numbers(&self) -> [f64; 4] {
        [self.0.f, self.0.lower_p, self.0.upper_p, self.0.t]
    }

    /// Regressors, restrictions, periods.
    #[getter]
    fn counts(&self) -> [usize; 3] {
        [self.0.regressors, self.0.restrictions, self.0.n]
    }

    /// Level, lower and upper bound: of F, of t.
    #[getter]
    fn critical(&self) -> (Vec<[f64; 3]>, Vec<[f64; 3]>) {
        let plain = |bounds: &[Bounds]| bounds.iter().map(|b| [b.level, b.lower, b.upper]).collect();
        (plain(&self.0.f_critical), plain(&self.0.t_critical))
    }

    fn related(&self, level: f64) -> Option<bool> {
        self.0.related(level)
    }

    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }
}
