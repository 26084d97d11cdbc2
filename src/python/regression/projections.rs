//! Local projections.

use pyo3::prelude::*;

use super::fit::{AnyFit, PyFit};
use super::lags::PyCurve;
use super::specification::{AnySpecification, PySpecification};
use crate::Error;
use crate::inference::interval_level;
use crate::python::convert::enter;
use crate::python::data::AnySource;
use crate::python::inference::PyTable;
use crate::regression::{
    Counts, Instrumented, LeastSquares, LocalProjection, LocalProjectionFit, Overdispersed, Response, Shares,
};

/// A fitted local projection.
#[pyclass(frozen, name = "LocalProjectionFit", module = "averted._core")]
pub(in crate::python) struct PyProjection(AnyProjection);

enum AnyProjection {
    Ols(LocalProjectionFit<LeastSquares>),
    Poisson(LocalProjectionFit<Counts>),
    NegativeBinomial(LocalProjectionFit<Overdispersed>),
    Logit(LocalProjectionFit<Shares>),
    Iv(LocalProjectionFit<Instrumented>),
}

/// Calls the same on whichever regression was projected.
macro_rules! whichever {
    ($value:expr, $name:ident => $call:expr) => {
        match $value {
            AnyProjection::Ols($name) => $call,
            AnyProjection::Poisson($name) => $call,
            AnyProjection::NegativeBinomial($name) => $call,
            AnyProjection::Logit($name) => $call,
            AnyProjection::Iv($name) => $call,
        }
    };
}

#[pymethods]
impl PyProjection {
    /// The response along the horizon.
    fn curve(&self, py: Python<'_>) -> PyResult<PyCurve> {
        Ok(PyCurve(enter(py, || whichever!(&self.0, fit => fit.curve()))?))
    }

    /// The fit of every horizon.
    #[getter]
    fn fits(&self) -> Vec<PyFit> {
        macro_rules! all {
            ($kind:ident, $fit:expr) => {
                $fit.fits().iter().map(|one| PyFit(AnyFit::$kind(one.clone()))).collect()
            };
        }
        match &self.0 {
            AnyProjection::Ols(fit) => all!(Ols, fit),
            AnyProjection::Poisson(fit) => all!(Poisson, fit),
            AnyProjection::NegativeBinomial(fit) => all!(NegativeBinomial, fit),
            AnyProjection::Logit(fit) => all!(Logit, fit),
            AnyProjection::Iv(fit) => all!(Iv, fit),
        }
    }

    #[getter]
    fn sentence(&self) -> String {
        whichever!(&self.0, fit => fit.specification().to_string())
    }

    #[getter]
    fn seed(&self) -> u64 {
        whichever!(&self.0, fit => fit.seed())
    }

    /// The same fits with another covariance.
    fn with_covariance(&self, py: Python<'_>, kind: &str, cluster: Vec<String>) -> PyResult<Self> {
        let which = super::covariance(kind, cluster)?;
        let made = enter(py, || {
            Ok(match &self.0 {
                AnyProjection::Ols(fit) => AnyProjection::Ols(fit.with_covariance(which)?),
                AnyProjection::Poisson(fit) => AnyProjection::Poisson(fit.with_covariance(which)?),
                AnyProjection::NegativeBinomial(fit) => {
                    AnyProjection::NegativeBinomial(fit.with_covariance(which)?)
                }
                AnyProjection::Logit(fit) => AnyProjection::Logit(fit.with_covariance(which)?),
                AnyProjection::Iv(fit) => AnyProjection::Iv(fit.with_covariance(which)?),
            })
        })?;
        Ok(Self(made))
    }

    /// The same with a refusal accepted.
    fn accept(&self, code: &str, reason: &str) -> PyResult<Self> {
        Ok(Self(match &self.0 {
            AnyProjection::Ols(fit) => AnyProjection::Ols(fit.accept(code, reason)?),
            AnyProjection::Poisson(fit) => AnyProjection::Poisson(fit.accept(code, reason)?),
            AnyProjection::Logit(fit) => AnyProjection::Logit(fit.accept(code, reason)?),
            AnyProjection::NegativeBinomial(fit) => {
                AnyProjection::NegativeBinomial(fit.accept(code, reason)?)
            }
            AnyProjection::Iv(fit) => AnyProjection::Iv(fit.accept(code, reason)?),
        }))
    }

    fn table(&self, py: Python<'_>, level: f64) -> PyResult<PyTable> {
        let level = interval_level(level)?;
        Ok(PyTable(enter(py, || whichever!(&self.0, fit => fit.table(level)))?))
    }
}

/// Fits a local projection.
#[pyfunction]
#[pyo3(signature = (
    regression, source, *, outcome, shock, horizons, response, lags, augmented, balanced, instrument, multiplier,
    controls, seed, raises
))]
#[expect(
    clippy::too_many_arguments,
    clippy::fn_params_excessive_bools,
    reason = "the specification's settings, one each"
)]
pub(in crate::python) fn local_projection(
    py: Python<'_>,
    regression: PyRef<'_, PySpecification>,
    source: AnySource,
    outcome: String,
    shock: String,
    horizons: usize,
    response: &str,
    lags: usize,
    augmented: bool,
    balanced: bool,
    instrument: Option<String>,
    multiplier: bool,
    controls: String,
    seed: u64,
    raises: bool,
) -> PyResult<PyProjection> {
    let response = match response {
        "level" => Response::Level,
        "change" => Response::Change,
        "sum" => Response::Sum,
        _ => {
            let (argument, value) = ("response".into(), format!("`{response}`"));
            return Err(Error::Argument { argument, value, must: "level, change or sum".into() }.into());
        }
    };
    let mut wanted = LocalProjection::new(outcome, shock, horizons)
        .response(response)
        .lags(lags)
        .controls(controls)
        .seed(seed);
    if augmented {
        wanted = wanted.augmented();
    }
    if balanced {
        wanted = wanted.balanced();
    }
    if let Some(column) = instrument {
        wanted = wanted.instrument(column);
    }
    if multiplier {
        wanted = wanted.multiplier();
    }
    let regression = regression.told(raises);
    let fit = enter(py, || {
        Ok(match &regression {
            AnySpecification::Ols(ols) => AnyProjection::Ols(wanted.fit(ols, &source)?),
            AnySpecification::Poisson(poisson) => AnyProjection::Poisson(wanted.fit(poisson, &source)?),
            AnySpecification::NegativeBinomial(negative) => {
                AnyProjection::NegativeBinomial(wanted.fit(negative, &source)?)
            }
            AnySpecification::Logit(logit) => AnyProjection::Logit(wanted.fit(logit, &source)?),
            AnySpecification::Iv(iv) => AnyProjection::Iv(wanted.fit(iv, &source)?),
            _ => return Err(super::not_wrapped()),
        })
    })?;
    Ok(PyProjection(fit))
}
