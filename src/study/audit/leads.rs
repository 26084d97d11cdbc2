//! AV03: does future spending "explain" past deaths? Does spending follow deaths?

use crate::error::Error;
use crate::error::Result;
use crate::spending::LeadTest;
use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::Sheet;

pub(super) const CODE: &str = "AV03";
pub(super) const TITLE: &str = "Spending and deaths, which moves first";

/// Leads that are tested.
const LEADS: usize = 2;

pub(super) fn check(sheet: &Sheet<'_>) -> Result<Outcome> {
    let Some(spend) = &sheet.spend else { return Ok(Outcome::skipped("no spending is known")) };
    let response = sheet.response.clone().spend(&spend.name);
    let test = match response.lead_test(sheet.panel, LEADS) {
        Ok(test) => test,
        Err(error @ (Error::UnknownColumn { .. } | Error::ColumnKind { .. } | Error::Formula { .. })) => {
            return Err(error);
        }
        Err(error) => return Ok(Outcome::Skipped(error.to_string().replace('\n', " "))),
    };
    Ok(Outcome::Found(vec![finding(&test)]))
}

fn finding(test: &LeadTest) -> Finding {
    let ahead = if test.failed() {
        "Spending of the next years \"explains\" deaths of this one, which it cannot have caused: something else moves \
         both, or spending is planned on what deaths will be."
    } else {
        "Spending of the next years does not explain deaths of this one beyond chance."
    };
    let behind = if test.follows() {
        "Spending follows deaths of the years before."
    } else {
        "Spending does not follow deaths of the years before beyond chance."
    };
    let worrying = test.failed() || test.follows();
    Finding {
        code: CODE,
        title: TITLE,
        severity: if worrying { Severity::Warn } else { Severity::Note },
        measured: vec![
            Measured::new("future spending in deaths, p", test.leads.p_value, ""),
            Measured::new("F", test.leads.statistic, ""),
            Measured::new("past deaths in spending, p", test.reverse.p_value, ""),
            Measured::new("F", test.reverse.statistic, ""),
        ],
        evidence: format!("{ahead} {behind}"),
        action: match test.failed() {
            true => "the claim stays an association, and says why".into(),
            false => "none; a test that does not reject is no proof that spending is unrelated to what drives deaths".into(),
        },
        remedy: if worrying {
            "Name a design in which spending moves for reasons other than deaths before any causal word.".into()
        } else {
            "A causal word still needs a design.".into()
        },
        accepted: None,
    }
}
