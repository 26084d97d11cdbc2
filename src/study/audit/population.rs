//! AV16: a population that stands still and then jumps.

use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::{Sheet, median, percent};

pub(super) const CODE: &str = "AV16";
pub(super) const TITLE: &str = "Population that is flat and then jumps";

/// A change of yearly growth that births, deaths and migration do not make in a third of all units at once.
const SEAM: f64 = 0.01;

pub(super) fn check(sheet: &Sheet<'_>) -> Outcome {
    let (Some(name), Some(people)) = (sheet.panel.population_name(), sheet.people) else {
        return Outcome::skipped("the panel has no population");
    };
    Outcome::of(flat(sheet, name, people).into_iter().chain(seam(sheet, name, people)).collect())
}

/// Runs of one and the same number.
fn flat(sheet: &Sheet<'_>, name: &str, people: &[f64]) -> Option<Finding> {
    // A yearly figure repeated over the months of its year is no run.
    let enough = (sheet.panel.frequency().per_year() + 1).max(3);
    let (mut units, mut longest, mut largest, mut place) = (0, 0, 0.0_f64, String::new());
    for rows in &sheet.units {
        let (mut run, mut mine) = (1, false);
        for pair in rows.windows(2) {
            let next = sheet.time(pair[1]) == sheet.time(pair[0]) + 1;
            if next && people[pair[0]] == people[pair[1]] {
                run += 1;
                if run >= enough {
                    mine = true;
                    longest = longest.max(run);
                }
                continue;
            }
            let step = 100.0 * (people[pair[1]] / people[pair[0]] - 1.0);
            if run >= enough && next && step.abs() > largest.abs() {
                largest = step;
                let unit = sheet.panel.index().unit().label(pair[1]).unwrap_or_default();
                place = format!("{unit}, {}", sheet.panel.label(sheet.time(pair[1])));
            }
            run = 1;
        }
        units += usize::from(mine);
    }
    if units == 0 {
        return None;
    }
    let then = if place.is_empty() { String::new() } else { format!(" and then changes, most in {place}") };
    Some(Finding {
        code: CODE,
        title: TITLE,
        severity: if largest.abs() > 1.0 { Severity::Warn } else { Severity::Note },
        measured: vec![
            Measured::new("units with such a run", percent(units, sheet.units.len()), "%"),
            Measured::new("longest run", longest as f64, "periods"),
            Measured::new("largest change after one", largest, "%"),
        ],
        evidence: format!("`{name}` is one and the same number for up to {longest} periods{then}."),
        action: "used as it stands".into(),
        remedy: "A rate over a frozen population drifts and then breaks: take estimates of one vintage, or \
                 interpolate between censuses."
            .into(),
        accepted: None,
    })
}

/// A period in which the growth of many units changes at once: two vintages that meet.
fn seam(sheet: &Sheet<'_>, name: &str, people: &[f64]) -> Option<Finding> {
    if sheet.panel.frequency().per_year() != 1 || sheet.units.len() < 5 {
        return None;
    }
    let mut growth = vec![f64::NAN; people.len()];
    for (before, now) in sheet.steps(people) {
        growth[now] = (people[now] / people[before]).ln();
    }
    let mut odd = Vec::new();
    for rows in &sheet.units {
        let known: Vec<usize> = rows.iter().copied().filter(|&row| growth[row].is_finite()).collect();
        let usual = median(&known.iter().map(|&row| growth[row]).collect::<Vec<_>>());
        odd.extend(known.into_iter().map(|row| (row, growth[row] - usual)));
    }
    let share = |values: &[f64]| percent(values.iter().filter(|v| v.abs() > SEAM).count(), values.len());
    let periods = sheet.by_period(odd);
    let (period, values) = periods
        .iter()
        .filter(|(_, values)| values.len() >= 5)
        .max_by(|a, b| share(a.1).total_cmp(&share(b.1)))?;
    if share(values) < 100.0 / 3.0 {
        return None;
    }
    Some(Finding {
        code: CODE,
        title: TITLE,
        severity: Severity::Note,
        measured: vec![
            Measured::new("units whose growth changes at once", share(values), "%"),
            Measured::new("median change", 100.0 * median(values), "% a year"),
        ],
        evidence: format!(
            "The growth of `{name}` is off by more than 1 % a year in many units at once in {}: two vintages of \
             estimates seem to meet there.",
            sheet.panel.label(*period)
        ),
        action: "used as it stands; time effects absorb what all units share".into(),
        remedy: "Take estimates of one vintage.".into(),
        accepted: None,
    })
}
