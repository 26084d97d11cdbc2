//! AV18: few clusters, or few that count.
//!
//! Standard errors clustered by unit are right as the number of units that carry the information grows. With `μᵢₜ` the
//! deaths expected from unit and time effects, the weights of a Poisson regression, `x̃ᵢₜ` what is left of spending after
//! the effects, so weighted, and `Lᵢ = Σₜ μᵢₜ x̃ᵢₜ² / Σᵢₜ μᵢₜ x̃ᵢₜ²` each unit's share of it (its partial leverage), the effective
//! number is `G* = 1 / Σᵢ Lᵢ²`: that of Carter, A. V., Schnepel, K. T. & Steigerwald, D. G. (2017), *Review of Economics
//! and Statistics* 99, 698–709, for errors that are independent within units, the form that stays defined with unit
//! effects (MacKinnon, J. G., Nielsen, M. Ø. & Webb, M. D. (2023), *Stata Journal* 23). It is `G` when all units carry as
//! much, and near 1 when one carries all. A unit whose spending never changes carries nothing.

use ndarray::Array1;

use crate::data::{Frame, quoted};
use crate::error::{Error, Result};
use crate::regression::{FEW_CLUSTERS, LEAST_CLUSTERS, Ols, Poisson};
use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::{Sheet, Spend};

pub(super) const CODE: &str = FEW_CLUSTERS;
pub(super) const TITLE: &str = "Few clusters";

/// Clusters below which a clustered p-value is refused, and below which it is doubted.
const LEAST: usize = LEAST_CLUSTERS;
const ENOUGH: usize = 30;

pub(super) fn check(sheet: &Sheet<'_>) -> Result<Outcome> {
    let Some(spend) = &sheet.spend else {
        return Ok(units_only(sheet));
    };
    let usable = sheet.usable(spend);
    let clusters = usable.len();
    let moving = usable.iter().filter(|rows| varies(rows, &spend.values)).count();
    let shares = leverage(sheet, spend, &usable)?;
    let effective = shares.as_ref().map(|s| 1.0 / s.iter().map(|(_, l)| l * l).sum::<f64>());
    let least = effective.unwrap_or(f64::INFINITY).min(moving as f64);
    if least >= ENOUGH as f64 {
        return Ok(Outcome::Clear);
    }
    let mut measured: Vec<Measured> =
        effective.map(|g| Measured::new("effective clusters", g, "")).into_iter().collect();
    measured.push(Measured::new("clusters", clusters as f64, ""));
    measured.push(Measured::new("with spending that varies", moving as f64, ""));
    let heaviest = shares.and_then(|s| s.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)));
    let carried = heaviest.map_or_else(String::new, |(row, share)| {
        measured.push(Measured::new("largest share of one cluster", 100.0 * share, "%"));
        let unit = sheet.panel.index().unit().label(row).unwrap_or_default();
        format!("; {unit} alone carries {:.0} % of the variation of spending", 100.0 * share)
    });
    let refuses = moving < LEAST;
    Ok(Outcome::Found(vec![Finding {
        code: CODE,
        title: TITLE,
        severity: if refuses { Severity::Refuse } else { Severity::Warn },
        measured,
        evidence: format!("The answer rests on {moving} units whose spending varies{carried}."),
        action: match refuses {
            true => "a response is refused".into(),
            false => "up to 100 units, standard errors by leaving out one at a time, where clustered ones reject too often".into(),
        },
        remedy: "More or smaller units; randomisation or a bootstrap that is made for few clusters; at the least, the \
                 fit without the heaviest unit."
            .into(),
        accepted: None,
    }]))
}

/// Without spending there are only units to count.
fn units_only(sheet: &Sheet<'_>) -> Outcome {
    let clusters = sheet.units.len();
    if clusters >= ENOUGH {
        return Outcome::Clear;
    }
    Outcome::Found(vec![Finding {
        code: CODE,
        title: TITLE,
        severity: if clusters < LEAST { Severity::Refuse } else { Severity::Warn },
        measured: vec![Measured::new("clusters", clusters as f64, "")],
        evidence: format!("The panel has {clusters} units."),
        action: "none".into(),
        remedy: "More or smaller units; with one unit, a model of the series in place of a panel regression."
            .into(),
        accepted: None,
    }])
}

fn varies(rows: &[usize], values: &[f64]) -> bool {
    rows.iter().any(|&row| values[row] != values[rows[0]])
}

/// A row of every unit and the unit's partial leverage; nothing where spending does not vary beyond the effects.
fn leverage(sheet: &Sheet<'_>, spend: &Spend<'_>, units: &[Vec<usize>]) -> Result<Option<Vec<(usize, f64)>>> {
    let mut used = vec![f64::NAN; spend.values.len()];
    units.iter().flatten().for_each(|&row| used[row] = spend.values[row]);
    let (unit, time) = sheet.effects();
    let formula = format!("{} ~ 1 | {unit} + {time}", quoted(&spend.name));
    let frame = sheet.panel.frame().clone().with_number(&spend.name, used)?;
    let found = match expected(sheet, units)? {
        Some(weights) => {
            let name = "expected deaths";
            residuals(&Ols::new().weights(name), &formula, &frame.with_number(name, weights.clone())?)?
                .map(|left| left.into_iter().map(|(row, e)| (row, weights[row] * e * e)).collect())
        }
        None => residuals(&Ols::new(), &formula, &frame)?
            .map(|left| left.into_iter().map(|(row, e)| (row, e * e)).collect()),
    };
    let Some(squares): Option<Vec<(usize, f64)>> = found else { return Ok(None) };
    let mut square = vec![0.0; spend.values.len()];
    squares.into_iter().for_each(|(row, s)| square[row] = s);
    let whole: f64 = square.iter().sum();
    if whole <= 0.0 {
        return Ok(None);
    }
    let share = |rows: &Vec<usize>| (rows[0], rows.iter().map(|&row| square[row]).sum::<f64>() / whole);
    Ok(Some(units.iter().map(share).collect()))
}

/// Deaths expected from unit and time effects, NaN where the Poisson regression has no row; nothing without one.
fn expected(sheet: &Sheet<'_>, units: &[Vec<usize>]) -> Result<Option<Vec<f64>>> {
    let (Some(events), Some(people)) = (sheet.panel.events_name(), sheet.panel.population_name()) else {
        return Ok(None);
    };
    let mut used = vec![f64::NAN; sheet.deaths.len()];
    units.iter().flatten().for_each(|&row| used[row] = sheet.deaths[row]);
    let frame = sheet.panel.frame().clone().with_number(events, used)?;
    let (unit, time) = sheet.effects();
    let formula = format!("{} ~ 1 | {unit} + {time}", quoted(events));
    let fit = match Poisson::new().exposure(people).fit(&formula, &frame) {
        Ok(fit) => fit,
        Err(error) => return unable(error),
    };
    let mut means = vec![f64::NAN; sheet.deaths.len()];
    fit.rows().into_iter().zip(fit.fitted()).for_each(|(row, mean)| means[row] = mean);
    Ok(Some(means))
}

/// What is left of a regression, by row; nothing if it is only rounding, or the data do not carry the regression.
fn residuals(model: &Ols, formula: &str, frame: &Frame) -> Result<Option<Vec<(usize, f64)>>> {
    let fit = match model.fit(formula, frame) {
        Ok(fit) => fit,
        Err(error) => return unable(error),
    };
    let left = &fit.outcome() - &fit.fitted();
    let square = |values: &Array1<f64>| values.iter().map(|v| v * v).sum::<f64>();
    if square(&left) <= 1e-20 * square(&fit.outcome()) {
        return Ok(None);
    }
    Ok(Some(fit.rows().into_iter().zip(left).collect()))
}

/// Nothing, where the data do not carry a regression; other errors as they are.
fn unable<T>(error: Error) -> Result<Option<T>> {
    match error {
        Error::NothingToEstimate { .. } | Error::TooShort { .. } => Ok(None),
        other => Err(other),
    }
}
