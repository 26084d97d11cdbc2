//! Specification tests across the border.

use pyo3::prelude::*;

use super::fit::{AnyFit, PyFit};
use crate::Error;
use crate::error::Result;
use crate::python::convert::enter;
use crate::python::inference::PyTable;
use crate::regression::{Diagnostics, SpecificationAnswer, SpecificationTest};

/// Name, null, statistic, what it is compared with, p-value, estimates.
type Answer = (&'static str, &'static str, f64, String, f64, Vec<(&'static str, f64)>);

/// Answers, what is not defined and why, the condition number, the table.
type Answers = (Vec<Answer>, Vec<(&'static str, String)>, f64, PyTable);

fn flat(answer: &SpecificationAnswer) -> Answer {
    let SpecificationAnswer { test, statistic, against, p_value, estimates } = answer;
    (test.name(), test.null(), *statistic, against.to_string(), *p_value, estimates.clone())
}

fn untested() -> Error {
    Error::Argument {
        argument: "fit".into(),
        value: "of another model".into(),
        must: "of Ols, Poisson or RandomEffects, which have specification tests".into(),
    }
}

/// One test of a fit.
#[pyfunction]
pub(in crate::python) fn specification_test(
    py: Python<'_>,
    fit: &PyFit,
    name: &str,
    power: usize,
    lags: usize,
) -> PyResult<(Answer, PyTable)> {
    let test = match name.parse()? {
        SpecificationTest::Reset(_) => SpecificationTest::Reset(power),
        SpecificationTest::BreuschGodfrey(_) => SpecificationTest::BreuschGodfrey(lags),
        other => other,
    };
    let answer = enter(py, || match &fit.0 {
        AnyFit::Ols(fit) => fit.specification_test(test),
        AnyFit::Poisson(fit) => fit.specification_test(test),
        AnyFit::Transformed(fit) => fit.specification_test(test),
        _ => Err(untested()),
    })?;
    Ok((flat(&answer), PyTable(answer.table())))
}

/// All that a model has: answers, what is not defined and why, the condition number.
#[pyfunction]
pub(in crate::python) fn specification_tests(py: Python<'_>, fit: &PyFit) -> PyResult<Answers> {
    let found = enter(py, || -> Result<Diagnostics> {
        match &fit.0 {
            AnyFit::Ols(fit) => fit.diagnostics(),
            AnyFit::Poisson(fit) => fit.diagnostics(),
            AnyFit::Transformed(fit) => fit.diagnostics(),
            _ => Err(untested()),
        }
    })?;
    let undefined = found.undefined.iter().map(|(test, why)| (test.name(), why.clone())).collect();
    Ok((found.answers.iter().map(flat).collect(), undefined, found.condition_number, PyTable(found.table())))
}
