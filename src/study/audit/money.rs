//! AV12 to AV14: money that is nominal, of another calendar, or not yet spent.

use crate::data::calendar::Frequency;
use crate::data::{Currency, Prices, Spending, Stage, cpi_u};
use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::{Sheet, Spend, median};

pub(super) const NOMINAL: &str = "AV12";
pub(super) const NOMINAL_TITLE: &str = "Nominal money";
pub(super) const CALENDAR: &str = "AV13";
pub(super) const CALENDAR_TITLE: &str = "Fiscal years against calendar years";
pub(super) const STAGE: &str = "AV14";
pub(super) const STAGE_TITLE: &str = "Money that is not yet spent";

/// What is known of every money, or why nothing is.
fn declared<'a>(sheet: &'a Sheet<'_>) -> Result<Vec<(&'a Spend<'a>, &'a Spending)>, Outcome> {
    let known: Vec<_> = sheet.moneys.iter().filter_map(|s| s.declared.map(|d| (s, d))).collect();
    if known.is_empty() { Err(Outcome::skipped("no money is declared on the panel")) } else { Ok(known) }
}

fn over(sheet: &Sheet<'_>, find: impl Fn(&Spend<'_>, &Spending) -> Option<Finding>) -> Outcome {
    match declared(sheet) {
        Ok(known) => Outcome::of(known.into_iter().filter_map(|(spend, money)| find(spend, money)).collect()),
        Err(outcome) => outcome,
    }
}

/// AV12: prices of the day.
pub(super) fn nominal(sheet: &Sheet<'_>) -> Outcome {
    over(sheet, |spend, money| {
        if money.kind.prices != Prices::Nominal {
            return None;
        }
        let rise = inflation(sheet, spend);
        let measured = rise.map(|rise| Measured::new("US prices rose meanwhile by", rise, "%"));
        let unknown = || Measured::new("price index known", 0.0, "");
        Some(Finding {
            code: NOMINAL,
            title: NOMINAL_TITLE,
            severity: Severity::Warn,
            measured: vec![measured.unwrap_or_else(unknown)],
            evidence: format!(
                "`{}` is in prices of the day: a dollar of the last year buys less.",
                spend.column
            ),
            action: "used as it stands".into(),
            remedy: "Ask for real money: `real` = a base year.".into(),
            accepted: None,
        })
    })
}

/// The rise of US consumer prices between the first and the last period with money, in per cent.
fn inflation(sheet: &Sheet<'_>, spend: &Spend<'_>) -> Option<f64> {
    let periods = || {
        let known = spend.values.iter().enumerate().filter(|(_, v)| v.is_finite());
        known.map(|(row, _)| sheet.time(row))
    };
    let prices = cpi_u();
    let level = |period: i64| prices.mean(sheet.panel.frequency().months(period)).value;
    let (first, last) = (level(periods().min()?)?, level(periods().max()?)?);
    Some(100.0 * (last / first - 1.0))
}

/// AV13: years that begin in different months.
pub(super) fn calendar(sheet: &Sheet<'_>) -> Outcome {
    over(sheet, |spend, money| match (money.given.calendar, money.kind.calendar) {
        (Frequency::FiscalYear { start_month }, to) if to != money.given.calendar => Some(Finding {
            code: CALENDAR,
            title: CALENDAR_TITLE,
            severity: Severity::Note,
            measured: vec![Measured::new("money moved to another year", moved(start_month), "%")],
            evidence: format!("`{}` comes by {}, deaths by {to}.", spend.column, money.given.calendar),
            action: "shared out in equal months to the periods of the panel".into(),
            remedy: "Money is not spent in equal months: a lag more tells whether that matters.".into(),
            accepted: None,
        }),
        (Frequency::Year, Frequency::Year) if money.given.currency == Currency::Usd => {
            Some(undeclared(sheet, spend, money))
        }
        _ => None,
    })
}

/// How much of a fiscal year that is named by the year it ends in lies in the year before, in per cent.
fn moved(start_month: u8) -> f64 {
    100.0 * f64::from(13 - start_month) / 12.0
}

/// US money by years that are said to be calendar years. Budgets exist by fiscal year only, so a stage of the budget, or a
/// name that speaks of fiscal years, contradicts that; other money may be by calendar year.
fn undeclared(sheet: &Sheet<'_>, spend: &Spend<'_>, money: &Spending) -> Finding {
    let speaks = |name: &str| {
        name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|w| w == "fy" || w == "fiscal")
    };
    let named = speaks(&spend.column) || speaks(sheet.panel.time_name());
    let budget = matches!(money.given.stage, Some(Stage::Requested | Stage::Appropriated | Stage::Obligated));
    let evidence = match (named, budget) {
        (true, _) => "a name speaks of fiscal years",
        (false, true) => "a US budget is requested, voted and obligated by fiscal year",
        (false, false) => "US government money is mostly published by fiscal year",
    };
    Finding {
        code: CALENDAR,
        title: CALENDAR_TITLE,
        severity: if named || budget { Severity::Warn } else { Severity::Note },
        measured: vec![Measured::new("money in the wrong year, if years begin in October", moved(10), "%")],
        evidence: format!("`{}` is taken to be by calendar year, but {evidence}.", spend.column),
        action: "laid on the calendar years of the same number".into(),
        remedy: "Say `fiscal_year_start`: 10 for the federal government, 7 for most states.".into(),
        accepted: None,
    }
}

/// AV14: a stage before the spending.
pub(super) fn stage(sheet: &Sheet<'_>) -> Outcome {
    over(sheet, |spend, money| {
        let stage = match money.given.stage {
            Some(Stage::Disbursed | Stage::Expended) => return None,
            Some(stage) => stage.name(),
            None => "of a stage that is not stated",
        };
        let steps = sheet.steps(spend.given);
        let jumps: Vec<f64> = steps
            .into_iter()
            .filter(|&(before, now)| spend.given[before] > 0.0 && spend.given[now] > 0.0)
            .map(|(before, now)| (spend.given[now] / spend.given[before]).ln().abs())
            .collect();
        Some(Finding {
            code: STAGE,
            title: STAGE_TITLE,
            severity: Severity::Warn,
            measured: vec![Measured::new(
                "median change from period to period",
                100.0 * median(&jumps).exp_m1(),
                "%",
            )],
            evidence: format!(
                "`{}` is {stage}: money reaches the ground years later, and is booked in lumps (of the Mérida money of \
                 2008 to 2010, 46 % was obligated and 9 % spent by March 2010).",
                spend.column
            ),
            action: "used as it stands, over several lags".into(),
            remedy: "Use disbursements or expenditure; say the stage where it is not stated.".into(),
            accepted: None,
        })
    })
}
