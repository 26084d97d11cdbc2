//! AV02: trending series, in which anything correlates.
//!
//! Independent series that drift correlate "significantly" nearly always (Granger, C. W. J. & Newbold, P. (1974),
//! Spurious Regressions in Econometrics, *Journal of Econometrics* 2, 111–120). Two numbers tell: the share of units whose
//! rate of deaths and spending both follow a straight line in time (`|r| ≥ 0.7`), and the Durbin–Watson statistic of the
//! regression of the rate on spending within units, `d = Σᵢₜ (eᵢₜ − eᵢ,ₜ₋₁)² / Σᵢₜ eᵢₜ²` (Bhargava, A., Franzini, L. &
//! Narendranathan, W. (1982), *Review of Economic Studies* 49, 533–549): near 2 for independent errors, and near
//! `6 / (T + 1)` when they are a random walk of `T` periods.

use crate::data::quoted;
use crate::error::{Error, Result};
use crate::inference::{CoefficientRow, Estimates, significant};
use crate::regression::Ols;
use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::{Sheet, Spend, correlation, percent};

pub(super) const CODE: &str = "AV02";
pub(super) const TITLE: &str = "Trending series, spurious fit";

/// Periods below which a unit shows no trend.
const ENOUGH: usize = 8;

pub(super) fn check(sheet: &Sheet<'_>) -> Result<Outcome> {
    let Some(spend) = &sheet.spend else { return Ok(Outcome::skipped("no spending is known")) };
    let rates = sheet.rates();
    if rates.is_empty() {
        return Ok(Outcome::skipped("the panel has no events or no population"));
    }
    let usable: Vec<Vec<usize>> =
        sheet.usable(spend).into_iter().filter(|rows| rows.len() >= ENOUGH).collect();
    if usable.is_empty() {
        return Ok(Outcome::Skipped(format!("no unit has {ENOUGH} periods of both series")));
    }
    let share =
        percent(usable.iter().filter(|rows| both_trend(sheet, rows, &rates, spend)).count(), usable.len());
    let watson = durbin_watson(sheet, &usable, &rates, &spend.values);
    let periods = usable.iter().map(Vec::len).sum::<usize>() as f64 / usable.len() as f64;
    if share < 25.0 && watson.is_none_or(|d| d >= 1.0) {
        return Ok(Outcome::Clear);
    }
    let serial = watson.is_some_and(|d| d < 1.0);
    let mut measured = vec![
        Measured::new("Durbin–Watson within units", watson.unwrap_or(f64::NAN), ""),
        Measured::new("of a random walk", 6.0 / (periods + 1.0), ""),
        Measured::new("units in which both trend", share, "%"),
    ];
    let (levels, changes) = (levels(sheet, spend)?, changes(sheet, spend)?);
    if let (Some(levels), Some(changes)) = (&levels, &changes) {
        measured.push(Measured::new("p in levels", levels.p_value, ""));
        measured.push(Measured::new("p in changes", changes.p_value, ""));
    }
    let beside = match (levels, changes) {
        (Some(levels), Some(changes)) => format!(
            "beside it, deaths per 100,000 by least squares: {} a dollar in levels, {} in changes",
            significant(levels.estimate, 3),
            significant(changes.estimate, 3)
        ),
        _ => "a regression in changes could not be made".into(),
    };
    Ok(Outcome::Found(vec![Finding {
        code: CODE,
        title: TITLE,
        severity: if serial { Severity::Warn } else { Severity::Note },
        measured,
        evidence: match serial {
            true => "Deaths and spending, unit by unit, have errors that drift: in levels, independent series would \
                     correlate as well."
                .into(),
            false => "Deaths and spending both follow straight lines in many units.".to_owned(),
        },
        action: format!("unit and time effects, standard errors that allow for errors related within units; {beside}"),
        remedy: "Believe what holds in changes too; with a single unit, take a model of the series in place of a \
                 regression in levels."
            .into(),
        accepted: None,
    }]))
}

fn both_trend(sheet: &Sheet<'_>, rows: &[usize], rates: &[f64], spend: &Spend<'_>) -> bool {
    let time: Vec<f64> = rows.iter().map(|&row| sheet.time(row) as f64).collect();
    let follows = |values: &[f64]| {
        let mine: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
        correlation(&mine, &time).abs() >= 0.7
    };
    follows(rates) && follows(&spend.values)
}

/// The panel Durbin–Watson statistic of the regression of `y` on `x` within units.
fn durbin_watson(sheet: &Sheet<'_>, units: &[Vec<usize>], y: &[f64], x: &[f64]) -> Option<f64> {
    let within = |values: &[f64]| {
        let mut out = vec![f64::NAN; values.len()];
        for rows in units {
            let mean = rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64;
            rows.iter().for_each(|&row| out[row] = values[row] - mean);
        }
        out
    };
    let (y, x) = (within(y), within(x));
    let rows = || units.iter().flatten().copied();
    let square: f64 = rows().map(|row| x[row] * x[row]).sum();
    let slope = if square > 0.0 { rows().map(|row| x[row] * y[row]).sum::<f64>() / square } else { 0.0 };
    let error: Vec<f64> = y.iter().zip(&x).map(|(y, x)| y - slope * x).collect();
    let whole: f64 = rows().map(|row| error[row] * error[row]).sum();
    let steps = sheet.steps(&error);
    // Where years are missing, as many squares as there are steps stand for the whole.
    let part: f64 = steps.iter().map(|&(before, now)| (error[now] - error[before]).powi(2)).sum();
    let complete = rows().count() - units.len();
    if steps.is_empty() || whole <= 0.0 {
        return None;
    }
    Some(part / whole * complete as f64 / steps.len() as f64)
}

fn levels(sheet: &Sheet<'_>, spend: &Spend<'_>) -> Result<Option<CoefficientRow>> {
    let (unit, time) = sheet.effects();
    regress(sheet, &format!("{} ~ I({}) | {unit} + {time}", rate(sheet), spend.term))
}

fn changes(sheet: &Sheet<'_>, spend: &Spend<'_>) -> Result<Option<CoefficientRow>> {
    let (_, time) = sheet.effects();
    regress(sheet, &format!("diff({}) ~ diff({}) | {time}", rate(sheet), spend.term))
}

fn rate(sheet: &Sheet<'_>) -> String {
    let name = |column: Option<&str>| quoted(column.unwrap_or_default());
    format!("I({} / {} * 100000)", name(sheet.panel.events_name()), name(sheet.panel.population_name()))
}

/// The first coefficient; nothing where the data do not carry the regression.
fn regress(sheet: &Sheet<'_>, formula: &str) -> Result<Option<CoefficientRow>> {
    match Ols::new().cluster(sheet.panel.unit_name()).fit(formula, sheet.panel) {
        Ok(fit) => Ok(fit.coefficient_rows(0.95).into_iter().next()),
        Err(Error::NothingToEstimate { .. } | Error::TooShort { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
