//! Audits and claims across the border.

use std::sync::Arc;

use pyo3::prelude::*;

use super::convert::enter;
use super::inference::PyTable;
use super::panel::PyPanel;
use super::spending::{PyAverted, PyLeadTest, PyResponse, PySpendingResponse};
use crate::study::audit::CODES;
use crate::study::{Audit, Claim, Design, Finding, Referee};

/// A referee that accepts these codes for these reasons.
fn referee(accept: Vec<(String, String)>) -> crate::Result<Referee> {
    accept.iter().try_fold(Referee::new(), |referee, (code, reason)| referee.accept(code, reason))
}

/// Every code with its title.
#[pyfunction]
pub(super) fn audit_codes() -> Vec<(&'static str, &'static str)> {
    CODES.to_vec()
}

/// Audits a panel.
#[pyfunction]
#[pyo3(signature = (panel, *, accept, spend, formula, response))]
pub(super) fn audit(
    py: Python<'_>,
    panel: &PyPanel,
    accept: Vec<(String, String)>,
    spend: Option<String>,
    formula: Option<String>,
    response: Option<&PySpendingResponse>,
) -> PyResult<PyAudit> {
    let mut referee = referee(accept)?;
    if let Some(column) = spend {
        referee = referee.spend(column);
    }
    if let Some(formula) = formula {
        referee = referee.formula(formula);
    }
    if let Some(response) = response {
        referee = referee.response(response.0.clone());
    }
    let panel = Arc::clone(&panel.0);
    enter(py, || referee.audit(&panel)).map(PyAudit)
}

/// Fits a response unless the audit refuses.
#[pyfunction]
pub(super) fn respond(
    py: Python<'_>,
    response: &PySpendingResponse,
    panel: &PyPanel,
    accept: Vec<(String, String)>,
) -> PyResult<PyResponse> {
    let referee = referee(accept)?;
    let (panel, response) = (Arc::clone(&panel.0), &response.0);
    enter(py, || referee.respond(response, &panel)).map(PyResponse)
}

/// Name, checks, and whether spending was assigned at random.
type NamedDesign = (String, Vec<(String, bool)>, bool);

/// Level, its name, sentence, why no higher.
type Said = (&'static str, &'static str, String, Vec<String>);

/// The sentence that may be published.
#[pyfunction]
#[pyo3(signature = (response, averted, test, design, lang))]
pub(super) fn claim(
    response: &PyResponse,
    averted: &PyAverted,
    test: Option<&PyLeadTest>,
    design: Option<NamedDesign>,
    lang: &str,
) -> PyResult<Said> {
    let design = design.map(|(name, checks, randomised)| Design { name, checks, randomised });
    let language = lang.parse()?;
    let said = Claim::new(&response.0, &averted.0, test.map(|t| &t.0), design.as_ref(), language);
    Ok((said.level.code(), said.level.name(language), said.sentence, said.limits))
}

/// What an audit found.
#[pyclass(frozen, name = "Audit", module = "averted._core")]
pub(super) struct PyAudit(Audit);

/// Code, title, severity, measured (name, value, unit), numbers in a line, evidence, action, remedy, accepted.
type Found = (
    &'static str,
    &'static str,
    &'static str,
    Vec<(String, f64, &'static str)>,
    String,
    String,
    String,
    String,
    Option<String>,
);

fn found(f: &Finding) -> Found {
    let measured = f.measured.iter().map(|m| (m.name.clone(), m.value, m.unit)).collect();
    let (evidence, action, remedy) = (f.evidence.clone(), f.action.clone(), f.remedy.clone());
    (f.code, f.title, f.severity.word(), measured, f.numbers(), evidence, action, remedy, f.accepted.clone())
}

#[pymethods]
impl PyAudit {
    #[getter]
    fn findings(&self) -> Vec<Found> {
        self.0.findings.iter().map(found).collect()
    }

    #[getter]
    fn refused(&self) -> Vec<&'static str> {
        self.0.refused().iter().map(|f| f.code).collect()
    }

    #[getter]
    fn clear(&self) -> Vec<&'static str> {
        self.0.clear.clone()
    }

    #[getter]
    fn skipped(&self) -> Vec<(&'static str, String)> {
        self.0.skipped.clone()
    }

    #[getter]
    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }
}
