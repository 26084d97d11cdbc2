//! AV15: a money series that changes what it holds.
//!
//! A change of scope moves many units at once. In every period, `mₜ` is the median over units of the log change of money;
//! `mₜ` is compared with its own median and median absolute deviation over all periods (`z ≥ 3.5` and a quarter more or
//! less: Iglewicz, B. & Hoaglin, D. C. (1993), *How to Detect and Handle Outliers*). Negative sums are de-obligations:
//! bookings of earlier periods taken back.

use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::{Sheet, Spend, deviation, median, percent};

pub(super) const CODE: &str = "AV15";
pub(super) const TITLE: &str = "Money that changes its scope";

/// Breaks that are documented: column, year, what happened.
const KNOWN: &[(&str, i64, &str)] = &[
    ("aid_appropriated_usd", 2010, "from here the supplemental is in it"),
    ("aid_appropriated_usd", 2011, "in 2011 and 2012 Department of Defense counter-drug money is in it"),
    ("aid_appropriated_usd", 2013, "back to the regular appropriations"),
];

/// Units that must move for a jump to be common, and periods that a jump is compared with.
const ENOUGH: usize = 5;

pub(super) fn check(sheet: &Sheet<'_>) -> Outcome {
    if sheet.moneys.is_empty() {
        return Outcome::skipped("no spending is known");
    }
    let mut found = Vec::new();
    for spend in &sheet.moneys {
        found.extend(common_jumps(sheet, spend));
        found.extend(documented(sheet, spend));
        found.extend(negative(spend));
    }
    Outcome::of(found)
}

fn finding(severity: Severity, measured: Vec<Measured>, evidence: String, remedy: &str) -> Finding {
    Finding {
        code: CODE,
        title: TITLE,
        severity,
        measured,
        evidence,
        action: "used as it stands; time effects absorb what all units share".into(),
        remedy: remedy.into(),
        accepted: None,
    }
}

fn common_jumps(sheet: &Sheet<'_>, spend: &Spend<'_>) -> Option<Finding> {
    let mut change = Vec::new();
    for (before, now) in sheet.steps(spend.given) {
        if spend.given[before] > 0.0 && spend.given[now] > 0.0 {
            change.push((now, (spend.given[now] / spend.given[before]).ln()));
        }
    }
    let periods = sheet.by_period(change);
    let moves: Vec<(i64, f64, usize)> = periods
        .iter()
        .filter(|(_, changes)| changes.len() >= ENOUGH)
        .map(|(period, changes)| (*period, median(changes), changes.len()))
        .collect();
    if moves.len() < ENOUGH {
        return None;
    }
    let all: Vec<f64> = moves.iter().map(|(_, m, _)| *m).collect();
    let (usual, spread) = (median(&all), deviation(&all));
    let jumps: Vec<&(i64, f64, usize)> = moves
        .iter()
        .filter(|(_, m, _)| (m - usual).abs() > 1.25_f64.ln() && (m - usual).abs() > 3.5 * spread)
        .collect();
    let largest = jumps.iter().max_by(|a, b| (a.1 - usual).abs().total_cmp(&(b.1 - usual).abs()))?;
    let labels: Vec<String> = jumps.iter().map(|(period, ..)| sheet.panel.label(*period)).collect();
    let z = if spread > 0.0 { (largest.1 - usual) / spread } else { f64::INFINITY };
    let last = sheet.panel.index().span().map(|(_, last)| last);
    let remedy = if Some(largest.0) == last {
        "The last period may be incomplete: ask the source, and leave it out if so."
    } else {
        "Read what the source says of those periods; fit on either side of them."
    };
    Some(finding(
        Severity::Warn,
        vec![
            Measured::new("largest common change", 100.0 * largest.1.exp_m1(), "%"),
            Measured::new("robust z", z, ""),
            Measured::new("units", largest.2 as f64, ""),
        ],
        format!(
            "`{}` jumps in most units at once in {}: the series may hold something else from there on.",
            spend.column,
            labels.join(", ")
        ),
        remedy,
    ))
}

fn documented(sheet: &Sheet<'_>, spend: &Spend<'_>) -> Option<Finding> {
    let year = |period| sheet.panel.frequency().year_of(period);
    let (first, last) = sheet.panel.index().span().map(|(a, b)| (year(a), year(b)))?;
    let breaks: Vec<String> = KNOWN
        .iter()
        .filter(|(column, at, _)| *column == spend.column && (first..=last).contains(at))
        .map(|(_, at, what)| format!("{at}: {what}"))
        .collect();
    if breaks.is_empty() {
        return None;
    }
    Some(finding(
        Severity::Warn,
        vec![Measured::new("documented breaks", breaks.len() as f64, "")],
        format!("`{}` is documented to change: {}.", spend.column, breaks.join("; ")),
        "Use a series of one scope, or fit within one.",
    ))
}

fn negative(spend: &Spend<'_>) -> Option<Finding> {
    let known = spend.given.iter().filter(|v| v.is_finite()).count();
    let below = spend.given.iter().filter(|v| **v < 0.0).count();
    if below == 0 {
        return None;
    }
    let taken: f64 = spend.given.iter().filter(|v| **v < 0.0).sum();
    let gross: f64 = spend.given.iter().filter(|v| **v > 0.0).sum();
    let share = 100.0 * -taken / gross;
    Some(finding(
        if share > 1.0 { Severity::Warn } else { Severity::Note },
        vec![
            Measured::new("negative cells", below as f64, ""),
            Measured::new("negative", percent(below, known), "% of cells"),
            Measured::new("taken back", share, "% of the money"),
        ],
        format!("`{}` is negative in places: earlier bookings taken back.", spend.column),
        "No logarithm; disbursements, or sums over several periods, are closer to effort.",
    ))
}
