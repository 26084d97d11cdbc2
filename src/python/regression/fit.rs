//! Fits of regressions.

use numpy::{PyArray1, PyArray2, ToPyArray};
use pyo3::prelude::*;

use super::either;
use crate::Error;
use crate::inference::{CoefficientRow, Estimates, interval_level};
use crate::python::convert::enter;
use crate::python::data::{AnySource, PyFrame};
use crate::python::inference::PyTable;
use crate::regression::{
    FamaMacBethFit, FixedEffect, IvFit, IvPoissonFit, LogitFit, NegativeBinomialFit, OlsFit, PoissonFit,
    Residual, TransformedFit,
};

/// A fitted regression.
#[pyclass(frozen, name = "RegressionFit", module = "averted._core")]
pub(in crate::python) struct PyFit(pub(super) AnyFit);

#[derive(Clone)]
pub(super) enum AnyFit {
    Ols(OlsFit),
    Poisson(PoissonFit),
    NegativeBinomial(NegativeBinomialFit),
    Logit(LogitFit),
    Iv(IvFit),
    IvPoisson(IvPoissonFit),
    Transformed(TransformedFit),
    FamaMacBeth(FamaMacBethFit),
}

/// Newton steps, steps of the absorb solver, the largest standardised score, and whether it converged.
type Convergence = (usize, usize, f64, bool);

impl PyFit {
    /// How the climb of a likelihood went, and the rows that it left out as separated.
    fn climb(&self) -> Option<(Convergence, &[(usize, f64)])> {
        macro_rules! of {
            ($m:expr) => {{
                let m = $m;
                Some(((m.iterations, m.inner_iterations, m.score, m.converged), &m.separated[..]))
            }};
        }
        match &self.0 {
            AnyFit::Poisson(fit) => of!(fit.model()),
            AnyFit::NegativeBinomial(fit) => of!(fit.model()),
            AnyFit::Logit(fit) => of!(fit.model()),
            AnyFit::IvPoisson(fit) => fit.model().counts.as_ref().and_then(|counts| of!(counts)),
            AnyFit::Ols(_) | AnyFit::Iv(_) | AnyFit::Transformed(_) | AnyFit::FamaMacBeth(_) => None,
        }
    }
}

impl AnyFit {
    pub(super) fn estimates(&self) -> &dyn Estimates {
        either!(Self, self, fit => fit)
    }
}

/// Estimates, standard errors, statistics, p-values, lower and upper ends.
type Rows = Vec<(String, f64, f64, f64, f64, f64, f64)>;

/// An absorbed effect: name, labels, intercepts, slopes.
type Effect<'py> = (String, Vec<String>, Bound<'py, PyArray1<f64>>, Vec<Bound<'py, PyArray1<f64>>>);

/// α, its error, the ends of its interval, the likelihood ratio against the Poisson and its p-value.
type Dispersion = (f64, f64, f64, f64, f64, f64);

/// Mean, its standard error, lower and upper ends, and notes.
type Predicted<'py> = (
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Vec<String>,
);

#[pymethods]
impl PyFit {
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.estimates().names().to_vec()
    }

    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.estimates().coefficients().to_pyarray(py)
    }

    #[getter]
    fn std_errors<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.estimates().std_errors().to_pyarray(py)
    }

    #[getter]
    fn covariance<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.estimates().covariance().to_pyarray(py)
    }

    #[getter]
    fn degrees_of_freedom(&self) -> f64 {
        self.0.estimates().degrees_of_freedom()
    }

    /// Degrees of freedom of every coefficient.
    #[getter]
    fn coefficient_degrees(&self) -> Vec<f64> {
        self.0.estimates().coefficient_degrees()
    }

    /// The leverage of every used row.
    fn leverage<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let leverage = enter(py, || either!(AnyFit, &self.0, fit => fit.leverage()))?;
        Ok(leverage.to_pyarray(py))
    }

    /// One tuple a coefficient.
    fn rows_at(&self, level: f64) -> PyResult<Rows> {
        let rows = self.0.estimates().coefficient_rows(interval_level(level)?);
        let flat =
            |r: CoefficientRow| (r.term, r.estimate, r.std_error, r.statistic, r.p_value, r.lower, r.upper);
        Ok(rows.into_iter().map(flat).collect())
    }

    /// The table with everything that was decided on the way.
    fn table(&self, level: f64) -> PyResult<PyTable> {
        let level = interval_level(level)?;
        Ok(PyTable(either!(AnyFit, &self.0, fit => fit.table(level))))
    }

    #[getter]
    fn sentence(&self) -> String {
        either!(AnyFit, &self.0, fit => fit.sentence())
    }

    /// Statistics about the whole fit, by name.
    #[getter]
    fn statistics(&self) -> Vec<(&'static str, f64)> {
        either!(AnyFit, &self.0, fit => fit.statistics())
    }

    #[getter]
    fn log_likelihood(&self) -> f64 {
        match &self.0 {
            AnyFit::Ols(fit) => fit.log_likelihood(),
            AnyFit::Poisson(fit) => fit.log_likelihood(),
            AnyFit::NegativeBinomial(fit) => fit.log_likelihood(),
            AnyFit::Logit(fit) => fit.log_likelihood(),
            AnyFit::Iv(fit) => fit.log_likelihood(),
            AnyFit::IvPoisson(fit) => fit.log_likelihood(),
            AnyFit::Transformed(_) | AnyFit::FamaMacBeth(_) => f64::NAN,
        }
    }

    /// Newton steps, steps of the absorb solver, the largest standardised score, and whether it converged.
    #[getter]
    fn convergence(&self) -> Option<Convergence> {
        self.climb().map(|(convergence, _)| convergence)
    }

    /// The periods of a mean of regressions, and the coefficients of each.
    #[getter]
    fn by_period<'py>(&self, py: Python<'py>) -> Option<(Vec<i64>, Bound<'py, PyArray2<f64>>)> {
        let AnyFit::FamaMacBeth(fit) = &self.0 else { return None };
        Some((fit.model().periods.clone(), fit.model().by_period.to_pyarray(py)))
    }

    /// The dispersion of a negative binomial.
    fn dispersion(&self, level: f64) -> PyResult<Option<Dispersion>> {
        let AnyFit::NegativeBinomial(fit) = &self.0 else { return Ok(None) };
        let found = fit.dispersion();
        let (lower, upper) = found.interval(level)?;
        let (ratio, p) = fit.model().likelihood_ratio();
        Ok(Some((found.alpha, found.std_error, lower, upper, ratio, p)))
    }

    /// The rows of the data that were used.
    #[getter]
    fn rows<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<usize>> {
        either!(AnyFit, &self.0, fit => fit.rows()).to_pyarray(py)
    }

    /// Why the others were not, how many, and the first.
    #[getter]
    fn dropped(&self) -> Vec<(String, usize, usize)> {
        let dropped = either!(AnyFit, &self.0, fit => fit.dropped());
        dropped.iter().map(|d| (d.cause.clone(), d.count, d.first_row)).collect()
    }

    /// Separated rows and the certificate of each.
    #[getter]
    fn separated(&self) -> Vec<(usize, f64)> {
        self.climb().map_or_else(Vec::new, |(_, separated)| separated.to_vec())
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        either!(AnyFit, &self.0, fit => fit.notes())
    }

    /// Absorbed effects and how many levels each has.
    #[getter]
    fn effects(&self) -> Vec<(String, usize)> {
        either!(AnyFit, &self.0, fit => fit.effects())
    }

    /// The covariance and the small-sample convention in words, clusters, K and A.
    #[getter]
    fn inference(&self) -> (String, String, Vec<usize>, usize, f64) {
        either!(AnyFit, &self.0, fit => (
            fit.covariance_kind().to_string(),
            fit.convention().to_string(),
            fit.clusters().to_vec(),
            fit.parameters_counted(),
            fit.small_sample_factor(),
        ))
    }

    /// How far in time related errors reach: bandwidth, lags, the automatic choice, periods.
    #[getter]
    fn reach(&self) -> Option<(f64, Option<usize>, Option<f64>, usize)> {
        let reach = either!(AnyFit, &self.0, fit => fit.reach())?;
        Some((reach.width, reach.lags, reach.chosen, reach.periods))
    }

    #[getter]
    fn parameters(&self) -> usize {
        either!(AnyFit, &self.0, fit => fit.parameters())
    }

    #[getter]
    fn outcome<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        either!(AnyFit, &self.0, fit => fit.outcome()).to_pyarray(py)
    }

    #[getter]
    fn fitted<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        either!(AnyFit, &self.0, fit => fit.fitted()).to_pyarray(py)
    }

    #[getter]
    fn linear_predictor<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        either!(AnyFit, &self.0, fit => fit.linear_predictor()).to_pyarray(py)
    }

    /// Residuals of a kind: "response", "pearson" or "deviance".
    fn residuals<'py>(&self, py: Python<'py>, kind: &str) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let kind: Residual = kind.parse()?;
        let residuals = match (&self.0, kind) {
            (AnyFit::Ols(fit), Residual::Response) => fit.residuals(),
            (AnyFit::Iv(fit), Residual::Response) => fit.residuals(),
            (AnyFit::IvPoisson(fit), Residual::Response) => fit.residuals(),
            (AnyFit::Transformed(fit), Residual::Response) => fit.residuals(),
            (AnyFit::FamaMacBeth(fit), Residual::Response) => fit.residuals(),
            (
                AnyFit::Ols(_)
                | AnyFit::Iv(_)
                | AnyFit::IvPoisson(_)
                | AnyFit::Transformed(_)
                | AnyFit::FamaMacBeth(_),
                _,
            ) => {
                let (argument, value) = ("kind".into(), format!("{kind:?}").to_lowercase());
                let must = "response for least squares and instruments".into();
                return Err(Error::Argument { argument, value, must }.into());
            }
            (AnyFit::Poisson(fit), _) => fit.residuals(kind),
            (AnyFit::NegativeBinomial(fit), _) => fit.residuals(kind),
            (AnyFit::Logit(fit), _) => fit.residuals(kind),
        };
        Ok(residuals.to_pyarray(py))
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
        let convention = match ssc {
            Some(name) => name.parse()?,
            None => either!(AnyFit, &self.0, fit => fit.convention()),
        };
        let more = more.map(|frame| frame.0.clone());
        macro_rules! with {
            ($fit:expr) => {
                match &more {
                    Some(frame) => $fit.with_clusters_of(frame, which, convention),
                    None => $fit.with_convention(which, convention),
                }
            };
        }
        let fit = enter(py, || {
            Ok(match &self.0 {
                AnyFit::Ols(fit) => AnyFit::Ols(with!(fit)?),
                AnyFit::Poisson(fit) => AnyFit::Poisson(with!(fit)?),
                AnyFit::NegativeBinomial(fit) => AnyFit::NegativeBinomial(with!(fit)?),
                AnyFit::Logit(fit) => AnyFit::Logit(with!(fit)?),
                AnyFit::Iv(fit) => AnyFit::Iv(with!(fit)?),
                AnyFit::IvPoisson(fit) => AnyFit::IvPoisson(with!(fit)?),
                AnyFit::Transformed(fit) => AnyFit::Transformed(with!(fit)?),
                AnyFit::FamaMacBeth(fit) => AnyFit::FamaMacBeth(with!(fit)?),
            })
        })?;
        Ok(Self(fit))
    }

    /// The same fit with a refusal accepted.
    fn accept(&self, code: &str, reason: &str) -> PyResult<Self> {
        Ok(Self(match &self.0 {
            AnyFit::Ols(fit) => AnyFit::Ols(fit.accept(code, reason)?),
            AnyFit::Poisson(fit) => AnyFit::Poisson(fit.accept(code, reason)?),
            AnyFit::Logit(fit) => AnyFit::Logit(fit.accept(code, reason)?),
            AnyFit::NegativeBinomial(fit) => AnyFit::NegativeBinomial(fit.accept(code, reason)?),
            AnyFit::Iv(fit) => AnyFit::Iv(fit.accept(code, reason)?),
            AnyFit::IvPoisson(fit) => AnyFit::IvPoisson(fit.accept(code, reason)?),
            AnyFit::Transformed(fit) => AnyFit::Transformed(fit.accept(code, reason)?),
            AnyFit::FamaMacBeth(fit) => AnyFit::FamaMacBeth(fit.accept(code, reason)?),
        }))
    }

    /// Statistic, restrictions, denominator degrees, p-value, and the table.
    fn wald(&self, hypotheses: &str) -> PyResult<(f64, usize, f64, f64, PyTable)> {
        let test = either!(AnyFit, &self.0, fit => fit.wald(hypotheses))?;
        Ok((test.statistic, test.restrictions, test.degrees, test.p_value, PyTable(test.table())))
    }

    /// Predictions for new data.
    fn predict<'py>(&self, py: Python<'py>, source: AnySource, level: f64) -> PyResult<Predicted<'py>> {
        let (new, lower, upper) = enter(py, || {
            let new = either!(AnyFit, &self.0, fit => fit.predict(&source))?;
            let (lower, upper) = new.interval(level)?;
            Ok((new, lower, upper))
        })?;
        Ok((
            new.mean.to_pyarray(py),
            new.std_error.to_pyarray(py),
            lower.to_pyarray(py),
            upper.to_pyarray(py),
            new.notes,
        ))
    }

    /// Standard errors of the absorbed effects.
    fn fixed_effect_errors(&self, py: Python<'_>) -> PyResult<Vec<Vec<f64>>> {
        enter(py, || either!(AnyFit, &self.0, fit => fit.fixed_effect_errors()))
    }

    /// The absorbed effects.
    fn fixed_effects<'py>(&self, py: Python<'py>) -> PyResult<Vec<Effect<'py>>> {
        let effects = enter(py, || either!(AnyFit, &self.0, fit => fit.fixed_effects()))?;
        let effect = |e: FixedEffect| {
            let slopes = e.slopes.iter().map(|s| s.to_pyarray(py)).collect();
            (e.name, e.labels, e.intercepts.to_pyarray(py), slopes)
        };
        Ok(effects.into_iter().map(effect).collect())
    }
}
