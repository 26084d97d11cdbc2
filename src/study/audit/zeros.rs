//! AV08: zeros that are not written down.
//!
//! Some sources leave out a cell without deaths. Counts of mean `m` are zero with probability `e⁻ᵐ` if they are Poisson, and
//! more often if they vary more; a source that has small counts and no zero at all has probably left the zeros out.

use crate::data::{Count, Gap};
use crate::inference::thousands;
use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::{Sheet, percent};

pub(super) const CODE: &str = "AV08";
pub(super) const TITLE: &str = "Implicit zeros and gaps";

/// Expected zeros from which the absence of any is significant at 5 % (`e⁻³`).
const EXPECTED: f64 = 3.0;

pub(super) fn check(sheet: &Sheet<'_>) -> Outcome {
    let (Some(events), Some(counts)) = (sheet.panel.events_name(), sheet.panel.counts()) else {
        return Outcome::skipped("the panel has no events");
    };
    let gaps = sheet.panel.gaps();
    let absent: u64 = gaps.iter().map(Gap::periods).sum();
    let inside: u64 = gaps.iter().filter(|gap| gap.inside).map(Gap::periods).sum();
    let zeros = sheet.deaths.iter().filter(|d| **d == 0.0).count();
    let blank = counts.iter().filter(|c| **c == Count::Missing).count();
    // An interval that starts at zero may be where the zeros are.
    let hidden = counts.iter().any(|c| matches!(c, Count::Interval { lo, .. } if *lo == 0.0));
    let expected = if hidden { 0.0 } else { expected_zeros(sheet) };
    let lost = zeros == 0 && expected >= EXPECTED;
    if absent == 0 && !lost {
        return Outcome::Clear;
    }
    let grid = counts.len() as u64 + absent;
    let mut evidence = Vec::new();
    if absent > 0 {
        evidence.push(format!(
            "{} of {} cells of the grid have no row, {} of them between rows of their unit.",
            thousands(absent as f64),
            thousands(grid as f64),
            thousands(inside as f64)
        ));
    }
    if lost {
        evidence.push(format!(
            "`{events}` is never zero, though counts as small as these would be zero in about {} cells or more.",
            thousands(expected)
        ));
    }
    let suspicious = lost && absent as usize + blank > 0;
    let remedy = if suspicious {
        "If the source leaves out cells without deaths, add rows with 0; if it does not know them, leave them blank."
    } else {
        "If rows are missing that exist, add them."
    };
    let mut measured = vec![
        Measured::new("absent", percent(absent as usize, grid as usize), "% of cells"),
        Measured::new("zeros written", zeros as f64, "cells"),
        Measured::new("zeros expected, at least", expected, "cells"),
        Measured::new("blank", percent(blank, counts.len()), "% of rows"),
    ];
    if lost {
        measured.rotate_left(2);
    }
    Outcome::Found(vec![Finding {
        code: CODE,
        title: TITLE,
        severity: if suspicious { Severity::Warn } else { Severity::Note },
        measured,
        evidence: evidence.join(" "),
        action: "absent and blank cells are missing, not zero, and so are lags that meet them".into(),
        remedy: remedy.into(),
        accepted: None,
    }])
}

/// Zeros that Poisson counts with the units' means would show.
fn expected_zeros(sheet: &Sheet<'_>) -> f64 {
    let of_unit = |rows: &Vec<usize>| {
        let known: Vec<f64> = rows.iter().map(|&row| sheet.deaths[row]).filter(|d| d.is_finite()).collect();
        let n = known.len() as f64;
        if known.is_empty() { 0.0 } else { n * (-known.iter().sum::<f64>() / n).exp() }
    };
    sheet.units.iter().map(of_unit).sum()
}
