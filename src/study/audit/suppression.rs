//! AV05: suppressed counts.

use crate::data::{Column, Count};
use crate::inference::thousands;
use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::{Sheet, percent};

pub(super) const CODE: &str = "AV05";
pub(super) const TITLE: &str = "Suppressed counts";

pub(super) fn check(sheet: &Sheet<'_>) -> Outcome {
    let (Some(events), Some(counts)) = (sheet.panel.events_name(), sheet.panel.counts()) else {
        return Outcome::skipped("the panel has no events");
    };
    let mut found = Vec::new();
    found.extend(intervals(sheet, events, counts));
    let blanks = marked_blanks(sheet, events, counts);
    if blanks > 0 {
        found.push(Finding {
            code: CODE,
            title: TITLE,
            severity: Severity::Warn,
            measured: vec![Measured::new(
                "blank, but marked as suppressed",
                percent(blanks, counts.len()),
                "% of cells",
            )],
            evidence: format!(
                "The column `suppressed` names `{events}` in {} rows where it is blank.",
                thousands(blanks as f64)
            ),
            action: "read as missing, so that the rows are left out".into(),
            remedy: "Write `Suppressed` into these cells, so that they count as intervals.".into(),
            accepted: None,
        });
    }
    Outcome::of(found)
}

fn intervals(sheet: &Sheet<'_>, events: &str, counts: &[Count]) -> Option<Finding> {
    let bounds = |count: &Count| match *count {
        Count::Interval { lo, hi } => Some((lo, hi)),
        _ => None,
    };
    let hidden: Vec<(f64, f64)> = counts.iter().filter_map(bounds).collect();
    if hidden.is_empty() {
        return None;
    }
    let (least, most) = hidden.iter().fold((0.0, 0.0), |(l, m), (lo, hi)| (l + lo, m + hi));
    let known: f64 = sheet.deaths.iter().filter(|d| d.is_finite()).sum();
    Some(Finding {
        code: CODE,
        title: TITLE,
        severity: Severity::Warn,
        measured: vec![
            Measured::new("suppressed", percent(hidden.len(), counts.len()), "% of cells"),
            Measured::new("which hide at least", least, "deaths"),
            Measured::new("and at most", most, "deaths"),
            Measured::new("at most", 100.0 * most / (known + most), "% of all deaths"),
        ],
        evidence: format!(
            "{} of {} cells of `{events}` are known only as an interval.",
            thousands(hidden.len() as f64),
            thousands(counts.len() as f64)
        ),
        action: "kept as intervals: regressions of counts take them as such; what needs numbers leaves these rows out and \
                 counts them"
            .into(),
        remedy: "Never read them as zero, which overstates growth from small counts. Larger units or longer periods \
                 are suppressed less."
            .into(),
        accepted: None,
    })
}

/// Rows whose count is missing though a column `suppressed` names the events there.
fn marked_blanks(sheet: &Sheet<'_>, events: &str, counts: &[Count]) -> usize {
    let Ok(Column::Factor(marks)) = sheet.panel.frame().column("suppressed") else { return 0 };
    let names = |label: &String| label.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == events);
    let named: Vec<bool> = marks.labels().iter().map(names).collect();
    let blank = |(count, code): &(&Count, &u32)| {
        **count == Count::Missing && named.get(**code as usize).copied().unwrap_or(false)
    };
    counts.iter().zip(marks.codes()).filter(blank).count()
}
