//! Distributed lags, and the curves that they answer with.

use numpy::{PyArray1, PyArray2, ToPyArray};
use pyo3::prelude::*;

use super::either;
use super::fit::{AnyFit, PyFit};
use super::specification::{AnySpecification, PySpecification};
use crate::Error;
use crate::inference::{CoefficientRow, Curve, interval_level};
use crate::python::convert::enter;
use crate::python::data::AnySource;
use crate::python::inference::PyTable;
use crate::regression::{DistributedLag, LagBasis, LagLayout, Smoothing};

/// Estimates along lags or horizons, with their joint covariance.
#[pyclass(frozen, name = "Curve", module = "averted._core")]
pub(in crate::python) struct PyCurve(pub(super) Curve);

/// Term, estimate, standard error, statistic, p-value, lower and upper end.
type Row = (String, f64, f64, f64, f64, f64, f64);

/// Place, estimate, standard error, statistic, p-value, interval, band.
type Point = (i64, f64, f64, f64, f64, f64, f64, f64, f64);

/// Hypothesis, statistic, restrictions, denominator degrees, p-value, and the table.
type Tested = (String, f64, usize, f64, f64, PyTable);

fn flat(r: CoefficientRow) -> Row {
    (r.term, r.estimate, r.std_error, r.statistic, r.p_value, r.lower, r.upper)
}

#[pymethods]
impl PyCurve {
    #[getter]
    fn title(&self) -> &str {
        self.0.title()
    }

    #[getter]
    fn axis(&self) -> &str {
        self.0.axis()
    }

    #[getter]
    fn at(&self) -> Vec<i64> {
        self.0.at().to_vec()
    }

    #[getter]
    fn estimates<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.estimates().to_pyarray(py)
    }

    #[getter]
    fn std_errors<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.std_errors().to_pyarray(py)
    }

    #[getter]
    fn covariance<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.covariance().to_pyarray(py)
    }

    #[getter]
    fn degrees_of_freedom(&self) -> f64 {
        self.0.degrees_of_freedom()
    }

    fn cumulative(&self) -> Self {
        Self(self.0.cumulative())
    }

    /// The sum of all.
    fn total(&self, level: f64) -> PyResult<Row> {
        Ok(flat(self.0.total(&format!("{}, total", self.0.title()), interval_level(level)?)))
    }

    /// The mean lag.
    fn mean_place(&self, level: f64) -> PyResult<Row> {
        Ok(flat(self.0.mean_place(&format!("{}, mean lag", self.0.title()), interval_level(level)?)))
    }

    /// How many standard errors the simultaneous band reaches.
    fn sup_t(&self, py: Python<'_>, level: f64, seed: u64) -> PyResult<f64> {
        enter(py, || self.0.sup_t(level, seed))
    }

    /// One tuple a point.
    fn points(&self, py: Python<'_>, level: f64, seed: u64) -> PyResult<Vec<Point>> {
        let points = enter(py, || self.0.points(level, seed))?;
        let flat = |p: crate::inference::CurvePoint| {
            let r = p.row;
            (
                p.at,
                r.estimate,
                r.std_error,
                r.statistic,
                r.p_value,
                r.lower,
                r.upper,
                p.band_lower,
                p.band_upper,
            )
        };
        Ok(points.into_iter().map(flat).collect())
    }

    fn table(&self, py: Python<'_>, level: f64, seed: u64) -> PyResult<PyTable> {
        Ok(PyTable(enter(py, || self.0.table(level, seed))?))
    }
}

/// A fitted distributed lag: the regression, and where the lags stand in it.
#[pyclass(frozen, name = "DistributedLagFit", module = "averted._core")]
pub(in crate::python) struct PyLags {
    fit: AnyFit,
    layout: LagLayout,
}

#[pymethods]
impl PyLags {
    /// The regression behind it.
    #[getter]
    fn fit(&self) -> PyFit {
        PyFit(self.fit.clone())
    }

    #[getter]
    fn series(&self) -> Vec<String> {
        self.layout.series().into_iter().map(str::to_owned).collect()
    }

    #[getter]
    fn sentence(&self) -> &str {
        self.layout.sentence()
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.layout.seed()
    }

    /// The same lags of another look at the fit.
    fn on(&self, fit: PyRef<'_, PyFit>) -> Self {
        Self { fit: fit.0.clone(), layout: self.layout.clone() }
    }

    fn curve(&self, series: &str) -> PyResult<PyCurve> {
        Ok(PyCurve(self.layout.curve(self.fit.estimates(), series)?))
    }

    fn placebos(&self, series: &str) -> PyResult<Option<PyCurve>> {
        Ok(self.layout.placebos(self.fit.estimates(), series)?.map(PyCurve))
    }

    /// The joint test of the leads.
    fn lead_test(&self) -> PyResult<Option<Tested>> {
        let test = self.layout.lead_test(self.fit.estimates())?;
        Ok(test.map(|t| {
            let table = PyTable(t.table());
            (t.hypothesis, t.statistic, t.restrictions, t.degrees, t.p_value, table)
        }))
    }

    /// Total effect and mean lag of every series.
    fn sums(&self, level: f64) -> PyResult<Vec<Row>> {
        let rows = self.layout.sums(self.fit.estimates(), interval_level(level)?)?;
        Ok(rows.into_iter().map(flat).collect())
    }

    fn table(&self, level: f64) -> PyResult<PyTable> {
        let level = interval_level(level)?;
        Ok(PyTable(either!(AnyFit, &self.fit, fit => self.layout.on(fit.clone()).table(level))?))
    }
}

/// Kind, degree, knots or breaks, and whether the near and the far end are held to zero.
type Basis = (String, usize, Vec<f64>, bool, bool);

fn specification(
    series: Vec<String>,
    lags: usize,
    leads: usize,
    basis: Basis,
    seed: u64,
) -> crate::Result<DistributedLag> {
    let (kind, degree, knots, near, far) = basis;
    let basis = match kind.as_str() {
        "unconstrained" => LagBasis::Unconstrained,
        "almon" => LagBasis::Almon { degree, near, far },
        "steps" => LagBasis::Steps(knots.iter().map(|&k| k as usize).collect()),
        "bspline" => LagBasis::BSpline { degree, knots },
        "natural" => LagBasis::NaturalSpline(knots),
        "pspline" => {
            // How many pieces, and the effective degrees of freedom where they are given.
            let smoothing = knots.first().map_or(Smoothing::Reml, |&degrees| Smoothing::Degrees(degrees));
            LagBasis::Penalized { pieces: degree, smoothing }
        }
        _ => {
            let (argument, value) = ("basis".into(), format!("`{kind}`"));
            let must = "unconstrained, almon, steps, bspline, natural or pspline".into();
            return Err(Error::Argument { argument, value, must });
        }
    };
    let mut series = series.into_iter();
    let Some(first) = series.next() else {
        let must = "at least one column".into();
        return Err(Error::Argument { argument: "series".into(), value: "nothing".into(), must });
    };
    let first = DistributedLag::new(first, lags).leads(leads).basis(basis).seed(seed);
    Ok(series.fold(first, DistributedLag::and))
}

/// Fits a regression with a distributed lag.
#[pyfunction]
#[pyo3(signature = (regression, formula, source, *, series, lags, leads, basis, seed, raises))]
#[expect(clippy::too_many_arguments, reason = "the specification's settings, one each")]
pub(in crate::python) fn distributed_lag(
    py: Python<'_>,
    regression: PyRef<'_, PySpecification>,
    formula: &str,
    source: AnySource,
    series: Vec<String>,
    lags: usize,
    leads: usize,
    basis: Basis,
    seed: u64,
    raises: bool,
) -> PyResult<PyLags> {
    let regression = regression.told(raises);
    let wanted = specification(series, lags, leads, basis, seed)?;
    let (fit, layout) = enter(py, || {
        macro_rules! fitted {
            ($kind:ident, $regression:expr) => {{
                let made = wanted.fit($regression, formula, &source)?;
                (AnyFit::$kind(made.fit().clone()), made.layout().clone())
            }};
        }
        Ok(match &regression {
            AnySpecification::Ols(ols) => fitted!(Ols, ols),
            AnySpecification::Poisson(poisson) => fitted!(Poisson, poisson),
            AnySpecification::NegativeBinomial(negative) => fitted!(NegativeBinomial, negative),
            AnySpecification::Logit(logit) => fitted!(Logit, logit),
            AnySpecification::Iv(iv) => fitted!(Iv, iv),
            _ => return Err(super::not_wrapped()),
        })
    })?;
    Ok(PyLags { fit, layout })
}

/// Last lag, observations, parameters, log-likelihood, AIC, BIC, total effect and its standard error.
type Length = (usize, f64, usize, f64, f64, f64, f64, f64);

/// Several last lags, all fitted to the same rows.
#[pyfunction]
#[pyo3(signature = (regression, formula, source, *, series, lengths, leads, basis))]
#[expect(clippy::too_many_arguments, reason = "the specification's settings, one each")]
pub(in crate::python) fn lag_lengths(
    py: Python<'_>,
    regression: PyRef<'_, PySpecification>,
    formula: &str,
    source: AnySource,
    series: Vec<String>,
    lengths: Vec<usize>,
    leads: usize,
    basis: Basis,
) -> PyResult<Vec<Length>> {
    let regression = regression.told(true);
    let wanted = specification(series, 0, leads, basis, 1)?;
    let found = enter(py, || match &regression {
        AnySpecification::Ols(r) => wanted.lengths(r, formula, &source, &lengths),
        AnySpecification::Poisson(r) => wanted.lengths(r, formula, &source, &lengths),
        AnySpecification::NegativeBinomial(r) => wanted.lengths(r, formula, &source, &lengths),
        AnySpecification::Logit(r) => wanted.lengths(r, formula, &source, &lengths),
        AnySpecification::Iv(r) => wanted.lengths(r, formula, &source, &lengths),
        _ => Err(super::not_wrapped()),
    })?;
    let flat = |l: crate::regression::LagLength| {
        (l.lags, l.observations, l.parameters, l.log_likelihood, l.aic, l.bic, l.total, l.std_error)
    };
    Ok(found.into_iter().map(flat).collect())
}
