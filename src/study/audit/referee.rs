//! The specification of an audit.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::data::Panel;
use crate::error::{Error, Result, nearest};
use crate::spending::{Response, SpendingResponse};
use crate::study::audit::finding::{Audit, Finding};
use crate::study::audit::series::Sheet;
use crate::study::audit::{
    CODES, clusters, leads, logs, money, population, rolling, scope, suppression, trends, zeros,
};

/// Audits panels. See the [room's page](crate::study) for an example.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Referee {
    accept: BTreeMap<String, String>,
    spend: Option<String>,
    formula: Option<String>,
    response: Option<SpendingResponse>,
}

/// What one family of checks came to.
pub(super) enum Outcome {
    Found(Vec<Finding>),
    Clear,
    Skipped(String),
}

impl Outcome {
    /// The findings, or clear without any.
    pub(super) fn of(findings: Vec<Finding>) -> Self {
        if findings.is_empty() { Self::Clear } else { Self::Found(findings) }
    }

    pub(super) fn skipped(why: &str) -> Self {
        Self::Skipped(why.to_owned())
    }
}

type Check = fn(&Sheet<'_>) -> Result<Outcome>;

/// The families, in the order of their codes.
const CHECKS: &[(&str, Check)] = &[
    (rolling::CODE, |sheet| Ok(rolling::check(sheet))),
    (trends::CODE, trends::check),
    (leads::CODE, leads::check),
    (suppression::CODE, |sheet| Ok(suppression::check(sheet))),
    (zeros::CODE, |sheet| Ok(zeros::check(sheet))),
    (money::NOMINAL, |sheet| Ok(money::nominal(sheet))),
    (money::CALENDAR, |sheet| Ok(money::calendar(sheet))),
    (money::STAGE, |sheet| Ok(money::stage(sheet))),
    (scope::CODE, |sheet| Ok(scope::check(sheet))),
    (population::CODE, |sheet| Ok(population::check(sheet))),
    (logs::CODE, logs::check),
    (clusters::CODE, clusters::check),
];

/// Those that can refuse.
const GATES: &[(&str, Check)] =
    &[(rolling::CODE, |sheet| Ok(rolling::check(sheet))), (clusters::CODE, clusters::check)];

impl Referee {
    /// Nothing accepted; the panel's own money, if it has any.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts a finding for a reason, which every report prints.
    ///
    /// # Errors
    /// [`Error::Argument`] for a code that there is not, with the nearest, and without a reason.
    pub fn accept(mut self, code: &str, reason: &str) -> Result<Self> {
        let known = || CODES.iter().map(|(code, _)| *code);
        let refuse = |must: String| {
            Err(Error::Argument { argument: "accept".into(), value: format!("`{code}`"), must })
        };
        if !known().any(|c| c == code) {
            let hint = nearest(code, known()).map(|n| format!("; did you mean {n}?")).unwrap_or_default();
            let all = known().collect::<Vec<_>>().join(", ");
            return refuse(format!("a code of the audit ({all}){hint}"));
        }
        if reason.trim().is_empty() {
            return refuse("accepted with a reason, in words".into());
        }
        self.accept.insert(code.to_owned(), reason.trim().to_owned());
        Ok(self)
    }

    /// The column of spending, where the panel knows of no money, or of several.
    #[must_use]
    pub fn spend(mut self, column: impl Into<String>) -> Self {
        self.spend = Some(column.into());
        self
    }

    /// Also looks at the logarithms of this formula (AV17).
    #[must_use]
    pub fn formula(mut self, text: impl Into<String>) -> Self {
        self.formula = Some(text.into());
        self
    }

    /// The response that is audited (AV03, AV18): lags 0 to 3 with unit and time effects unless set.
    #[must_use]
    pub fn response(mut self, response: SpendingResponse) -> Self {
        self.response = Some(response);
        self
    }

    /// Audits a panel.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] or [`Error::ColumnKind`] for a column of spending that is none; [`Error::Formula`].
    pub fn audit(&self, panel: &Panel) -> Result<Audit> {
        self.run(panel, CHECKS)
    }

    /// Fits a response, unless the audit refuses the panel for it (AV01, AV18).
    ///
    /// # Errors
    /// [`Error::Refused`]; those of [`audit`](Self::audit) and of [`SpendingResponse::fit`].
    pub fn respond(&self, response: &SpendingResponse, panel: &Panel) -> Result<Response> {
        let fit = response.fit(panel)?;
        let referee = self.clone().spend(fit.spend()).response(response.clone());
        referee.run(panel, GATES)?.permit()?;
        Ok(fit)
    }

    fn run(&self, panel: &Panel, checks: &[(&'static str, Check)]) -> Result<Audit> {
        let response = self.response.clone().unwrap_or_default();
        let sheet = Sheet::new(panel, self.spend.as_deref(), self.formula.as_deref(), response)?;
        let mut audit = Audit::default();
        for (code, check) in checks {
            match check(&sheet)? {
                Outcome::Found(findings) => audit.findings.extend(findings),
                Outcome::Clear => audit.clear.push(code),
                Outcome::Skipped(why) => audit.skipped.push((code, why)),
            }
        }
        for finding in &mut audit.findings {
            finding.accepted = self.accept.get(finding.code).cloned();
        }
        audit.findings.sort_by_key(|f| Reverse(f.severity));
        Ok(audit)
    }
}
