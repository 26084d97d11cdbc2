//! Zero inflation and hurdles across the border.

use numpy::{PyArray1, PyArray2, ToPyArray};
use pyo3::prelude::*;

use crate::inference::{CoefficientRow, Estimates, SmallSample, interval_level};
use crate::python::convert::enter;
use crate::python::data::{AnySource, PyFrame};
use crate::python::inference::PyTable;
use crate::regression::{Hurdle, TwoPartFit, ZeroInflated};

/// A regression of counts in two parts, and everything it was told.
#[pyclass(frozen, name = "TwoPart", module = "averted._core")]
pub(in crate::python) struct PyTwoPart(AnyTwoPart);

#[derive(Clone)]
enum AnyTwoPart {
    ZeroInflated(ZeroInflated),
    Hurdle(Hurdle),
}

#[pymethods]
impl PyTwoPart {
    #[new]
    #[pyo3(signature = (
        model, *, count, zeros, exposure, offset, weights, frequency_weights, covariance, cluster, ssc, panel,
        tolerance, max_iterations, suppressed, bounds
    ))]
    #[expect(clippy::too_many_arguments, reason = "the specification's settings, one each")]
    fn new(
        model: &str,
        count: &str,
        zeros: Option<String>,
        exposure: Option<String>,
        offset: Option<String>,
        weights: Option<String>,
        frequency_weights: Option<String>,
        covariance: &str,
        cluster: Vec<String>,
        ssc: &str,
        panel: Option<(String, String)>,
        tolerance: f64,
        max_iterations: usize,
        suppressed: Option<(f64, f64)>,
        bounds: Option<(String, String)>,
    ) -> PyResult<Self> {
        let covariance = super::covariance(covariance, cluster)?;
        let convention: SmallSample = ssc.parse()?;
        macro_rules! told {
            ($made:expr) => {{
                let mut made = $made.count(count.parse()?).covariance(covariance).small_sample(convention);
                made = made.tolerance(tolerance).max_iterations(max_iterations);
                if let Some(terms) = zeros {
                    made = made.zeros(terms);
                }
                if let Some(column) = exposure {
                    made = made.exposure(column);
                }
                if let Some(column) = offset {
                    made = made.offset(column);
                }
                if let Some(column) = weights {
                    made = made.weights(column);
                }
                if let Some(column) = frequency_weights {
                    made = made.frequency_weights(column);
                }
                if let Some((unit, time)) = panel {
                    made = made.panel(unit, time);
                }
                if let Some((lo, hi)) = suppressed {
                    made = made.suppressed(lo, hi);
                }
                if let Some((lo, hi)) = bounds {
                    made = made.bounds(lo, hi);
                }
                made
            }};
        }
        Ok(Self(match model {
            "hurdle" => AnyTwoPart::Hurdle(told!(Hurdle::new())),
            _ => AnyTwoPart::ZeroInflated(told!(ZeroInflated::new())),
        }))
    }

    /// Fits a formula; without `raises`, a fit that does not converge is one with a note.
    fn fit(&self, py: Python<'_>, formula: &str, source: AnySource, raises: bool) -> PyResult<PyTwoPartFit> {
        let told = self.0.clone();
        let fit = enter(py, || match told {
            AnyTwoPart::ZeroInflated(spec) => spec.note_nonconvergence(!raises).fit(formula, &source),
            AnyTwoPart::Hurdle(spec) => spec.note_nonconvergence(!raises).fit(formula, &source),
        })?;
        Ok(PyTwoPartFit(fit))
    }

    fn __str__(&self) -> String {
        match &self.0 {
            AnyTwoPart::ZeroInflated(spec) => spec.to_string(),
            AnyTwoPart::Hurdle(spec) => spec.to_string(),
        }
    }
}

/// A fitted regression of counts in two parts.
#[pyclass(frozen, name = "TwoPartFit", module = "averted._core")]
pub(in crate::python) struct PyTwoPartFit(TwoPartFit);

/// Estimates, standard errors, statistics, p-values, lower and upper ends.
type Rows = Vec<(String, f64, f64, f64, f64, f64, f64)>;

/// Mean, its standard error, lower and upper ends, and the probability of a zero.
type Predicted<'py> = [Bound<'py, PyArray1<f64>>; 5];

#[pymethods]
impl PyTwoPartFit {
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().to_vec()
    }

    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.coefficients().to_pyarray(py)
    }

    #[getter]
    fn std_errors<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.std_errors().to_pyarray(py)
    }

    #[getter]
    fn covariance<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.covariance().to_pyarray(py)
    }

    /// That of all parameters, the dispersion's last.
    #[getter]
    fn joint_covariance<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.joint_covariance().to_pyarray(py)
    }

    /// One tuple a coefficient.
    fn rows_at(&self, level: f64) -> PyResult<Rows> {
        let rows = self.0.coefficient_rows(interval_level(level)?);
        let flat =
            |r: CoefficientRow| (r.term, r.estimate, r.std_error, r.statistic, r.p_value, r.lower, r.upper);
        Ok(rows.into_iter().map(flat).collect())
    }

    fn table(&self, level: f64) -> PyResult<PyTable> {
        Ok(PyTable(self.0.table(interval_level(level)?)))
    }

    #[getter]
    fn sentence(&self) -> String {
        self.0.sentence()
    }

    #[getter]
    fn statistics(&self) -> Vec<(&'static str, f64)> {
        self.0.statistics()
    }

    #[getter]
    fn log_likelihood(&self) -> f64 {
        self.0.log_likelihood()
    }

    /// Newton steps, and whether they converged.
    #[getter]
    fn convergence(&self) -> (usize, bool) {
        (self.0.iterations(), self.0.converged())
    }

    /// α, its error and the ends of its interval.
    fn dispersion(&self, level: f64) -> PyResult<(f64, f64, f64, f64)> {
        let found = self.0.dispersion();
        let (lower, upper) = found.interval(level)?;
        Ok((found.alpha, found.std_error, lower, upper))
    }

    /// The rows of the data that were used.
    #[getter]
    fn rows<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<usize>> {
        self.0.rows().to_pyarray(py)
    }

    /// Why the others were not, how many, and the first.
    #[getter]
    fn dropped(&self) -> Vec<(String, usize, usize)> {
        self.0.dropped().iter().map(|d| (d.cause.clone(), d.count, d.first_row)).collect()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }

    /// The covariance and the small-sample convention in words, clusters, K and A.
    #[getter]
    fn inference(&self) -> (String, String, Vec<usize>, usize, f64) {
        (
            self.0.covariance_kind().to_string(),
            self.0.convention().to_string(),
            self.0.clusters().to_vec(),
            self.0.parameters_counted(),
            self.0.small_sample_factor(),
        )
    }

    #[getter]
    fn parameters(&self) -> usize {
        self.0.parameters()
    }

    #[getter]
    fn outcome<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.outcome().to_pyarray(py)
    }

    #[getter]
    fn fitted<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.fitted().to_pyarray(py)
    }

    #[getter]
    fn zero_probabilities<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.zero_probabilities().to_pyarray(py)
    }

    /// The same fit with another covariance; `more` holds cluster variables that the fit has not seen.
    #[pyo3(signature = (kind, cluster, ssc = None, more = None))]
    fn with_covariance(
        &self,
        py: Python<'_>,
        kind: &str,
        cluster: Vec<String>,
        ssc: Option<&str>,
        more: Option<PyRef<'_, PyFrame>>,
    ) -> PyResult<Self> {
        let which = super::covariance(kind, cluster)?;
        let convention = ssc.map_or_else(|| Ok(self.0.convention()), str::parse)?;
        let more = more.map(|frame| frame.0.clone());
        let fit = enter(py, || match &more {
            Some(frame) => self.0.with_clusters_of(frame, which, convention),
            None => self.0.with_convention(which, convention),
        })?;
        Ok(Self(fit))
    }

    /// Statistic, restrictions, denominator degrees, p-value, and the table.
    fn wald(&self, hypotheses: &str) -> PyResult<(f64, usize, f64, f64, PyTable)> {
        let test = self.0.wald(hypotheses)?;
        Ok((test.statistic, test.restrictions, test.degrees, test.p_value, PyTable(test.table())))
    }

    /// Predictions for new data.
    fn predict<'py>(&self, py: Python<'py>, source: AnySource, level: f64) -> PyResult<Predicted<'py>> {
        let (new, lower, upper) = enter(py, || {
            let new = self.0.predict(&source)?;
            let (lower, upper) = new.interval(level)?;
            Ok((new, lower, upper))
        })?;
        Ok([&new.mean, &new.std_error, &lower, &upper, &new.zero].map(|column| column.to_pyarray(py)))
    }
}
