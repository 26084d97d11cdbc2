//! AV17: logarithms that meet a zero.
//!
//! `log(0)` does not exist, and `log(1 + y)` makes the estimate depend on the unit of `y` (Chen, J. & Roth, J. (2024), Logs
//! with Zeros? Some Problems and Solutions, *Quarterly Journal of Economics* 139, 891–936): refitted with the outcome in
//! units of a hundredth and a thousandth, a coefficient that means something stays what it is.

use crate::data::Formula;
use crate::data::formula::{Expression, Function};
use crate::error::{Error, Result};
use crate::inference::Estimates;
use crate::regression::Ols;
use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::{Sheet, percent};

pub(super) const CODE: &str = "AV17";
pub(super) const TITLE: &str = "Logarithm of zero";

pub(super) fn check(sheet: &Sheet<'_>) -> Result<Outcome> {
    let mut found = Vec::new();
    if let Some(text) = sheet.formula {
        found.extend(outcome_in_logs(sheet, &Formula::parse(text)?)?);
    }
    found.extend(zeros(sheet));
    Ok(Outcome::of(found))
}

/// The outcome in logs, with zeros in it.
fn outcome_in_logs(sheet: &Sheet<'_>, formula: &Formula) -> Result<Option<Finding>> {
    let Expression::Apply { function: function @ (Function::Log | Function::Log1p), argument, .. } =
        formula.outcome()
    else {
        return Ok(None);
    };
    let values = crate::data::numbers(sheet.panel, &format!("I({argument})"))?;
    let known = values.iter().filter(|v| v.is_finite()).count();
    let zeros = values.iter().filter(|v| **v == 0.0).count();
    if zeros == 0 {
        return Ok(None);
    }
    let share = Measured::new("zeros", percent(zeros, known), "% of cells");
    let finding = |severity, measured, evidence, action: &str| Finding {
        code: CODE,
        title: TITLE,
        severity,
        measured,
        evidence,
        action: action.into(),
        remedy: "Fit the count itself by Poisson, which takes zeros, with the population as exposure.".into(),
        accepted: None,
    };
    if *function == Function::Log {
        let evidence = format!("The outcome log({argument}) does not exist in {zeros} rows.");
        let measured = vec![share];
        return Ok(Some(finding(Severity::Refuse, measured, evidence, "such a fit stops with an error")));
    }
    let mut measured = vec![share];
    let text = formula.to_string();
    let right = text.split_once(" ~ ").map_or("1", |(_, right)| right);
    for factor in ["1", "100", "1000"] {
        let again = format!("log1p(({argument}) * {factor}) ~ {right}");
        match Ols::new().fit(&again, sheet.panel) {
            Ok(fit) => {
                let named = fit.names().iter().zip(fit.coefficients()).find(|(n, _)| *n != "(Intercept)");
                if let Some((name, b)) = named {
                    measured.push(Measured::new(format!("{name} with the outcome times {factor}"), *b, ""));
                }
            }
            Err(Error::NothingToEstimate { .. } | Error::TooShort { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let evidence = format!(
        "The outcome log1p({argument}) takes {zeros} zeros in, and its coefficients depend on the unit of {argument}."
    );
    Ok(Some(finding(Severity::Warn, measured, evidence, "refitted in other units, shown beside")))
}

/// Zeros that a logarithm would meet.
fn zeros(sheet: &Sheet<'_>) -> Option<Finding> {
    let share = |values: &[f64], met: fn(f64) -> bool| {
        let known = values.iter().filter(|v| v.is_finite()).count();
        let hit = values.iter().filter(|v| met(**v)).count();
        (hit, percent(hit, known))
    };
    let mut measured = Vec::new();
    let mut evidence = Vec::new();
    let (deaths, per_cent) = share(&sheet.deaths, |d| d == 0.0);
    if deaths > 0 {
        let events = sheet.panel.events_name().unwrap_or_default();
        measured.push(Measured::new(format!("zeros in {events}"), per_cent, "% of cells"));
        evidence.push(format!("`{events}` is zero in places."));
    }
    if let Some(spend) = &sheet.spend {
        let (none, per_cent) = share(&spend.values, |s| s <= 0.0);
        if none > 0 {
            measured.push(Measured::new(format!("zero or less in {}", spend.name), per_cent, "% of cells"));
            evidence.push(format!("`{}` is zero or less in places.", spend.name));
        }
    }
    if measured.is_empty() {
        return None;
    }
    Some(Finding {
        code: CODE,
        title: TITLE,
        severity: Severity::Note,
        measured,
        evidence: evidence.join(" "),
        action: "no logarithm is taken: deaths are fitted as counts, money in dollars a head".into(),
        remedy: "Do not add one and take logs; an elasticity needs spending above zero.".into(),
        accepted: None,
    })
}
