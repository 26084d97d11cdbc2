//! Regressions with instruments.

use pyo3::prelude::*;

use super::fit::{AnyFit, PyFit};
use crate::Error;
use crate::Result;
use crate::python::convert::enter;
use crate::python::inference::PyTable;
use crate::regression::{IvFit, Method, Test};

/// A method by name; `alpha` is Fuller's constant.
pub(super) fn method(name: &str, alpha: f64) -> Result<Method> {
    Ok(match name {
        "2sls" => Method::TwoStage,
        "liml" => Method::LimitedInformation,
        "fuller" => Method::Fuller(alpha),
        "gmm" => Method::Gmm,
        "iterated_gmm" => Method::IteratedGmm,
        _ => {
            let (argument, value) = ("method".into(), format!("`{name}`"));
            let must = "2sls, liml, fuller, gmm or iterated_gmm".into();
            return Err(Error::Argument { argument, value, must });
        }
    })
}

/// What a test of the first stage says: name, statistic, restrictions, denominator, p-value.
type Tested = (String, f64, usize, f64, f64);

/// One for each endogenous regressor: name, F, denominator, p-value, partial and Shea's R², conditional F.
type Stages = Vec<(String, f64, f64, f64, f64, f64, f64)>;

/// Stages; effective F with critical value; Cragg–Donald, Kleibergen–Paap; tests of too little, of endogeneity and of too
/// much; whether weak; the table.
type FirstStage =
    (Stages, Option<(f64, f64)>, (f64, f64), (Tested, Option<Tested>, Option<Tested>), bool, PyTable);

/// F, restrictions, denominator, p-value; pieces and shape of the confidence set; the table.
type AndersonRubin = ((f64, usize, f64, f64), Option<Vec<(f64, f64)>>, Option<&'static str>, PyTable);

pub(super) fn instrumented(fit: &AnyFit) -> Result<&IvFit> {
    match fit {
        AnyFit::Iv(fit) => Ok(fit),
        _ => Err(Error::Argument {
            argument: "fit".into(),
            value: "without instruments".into(),
            must: "of a regression with instruments".into(),
        }),
    }
}

/// How much the instruments of a fit say.
#[pyfunction]
pub(in crate::python) fn first_stage(py: Python<'_>, fit: &PyFit) -> PyResult<FirstStage> {
    let fit = instrumented(&fit.0)?;
    let found = enter(py, || fit.first_stage())?;
    let test = |t: &Test| (t.name.clone(), t.statistic, t.restrictions, t.denominator, t.p_value);
    let stages = found.stages.iter().map(|s| {
        let (partial, shea) = (s.partial_r_squared, s.shea_r_squared);
        (s.name.clone(), s.f, s.denominator, s.p_value, partial, shea, s.conditional_f)
    });
    Ok((
        stages.collect(),
        found.effective.map(|e| (e.value, e.critical)),
        (found.cragg_donald, found.kleibergen_paap),
        (
            test(&found.underidentification),
            found.endogeneity.as_ref().map(test),
            found.overidentification.as_ref().map(test),
        ),
        found.is_weak(),
        PyTable(found.table()),
    ))
}

/// The test of Anderson and Rubin, and the confidence set that it gives.
#[pyfunction]
#[pyo3(signature = (fit, null, level))]
pub(in crate::python) fn anderson_rubin(
    py: Python<'_>,
    fit: &PyFit,
    null: Option<Vec<f64>>,
    level: f64,
) -> PyResult<AndersonRubin> {
    let fit = instrumented(&fit.0)?;
    let found = enter(py, || fit.anderson_rubin(null.as_deref(), level))?;
    let test = (found.statistic, found.restrictions, found.denominator, found.p_value);
    Ok((test, found.set.clone(), found.shape(), PyTable(found.table())))
}
