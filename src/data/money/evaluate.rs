//! A specification of money on a panel's rows: conversion, deflation, sharing out, heads.

use std::collections::BTreeMap;

use crate::data::calendar::Frequency;
use crate::data::frame::Frame;
use crate::data::index::TimeIndex;
use crate::data::money::apportion::{Gone, apportion};
use crate::data::money::deflate::{self, cpi_u};
use crate::data::money::exchange::{self, mxn_per_usd};
use crate::data::money::kind::{Currency, Kind, Prices};
use crate::data::money::monthly::MonthlyIndex;
use crate::data::money::specification::{Money, Spending};
use crate::error::{Error, Result};

/// What a panel adds to its frame.
pub(in crate::data) struct Evaluated {
    pub(in crate::data) spending: Spending,
    /// The series under its name.
    pub(in crate::data) values: Vec<f64>,
    /// Its totals a period.
    pub(in crate::data) totals: Vec<f64>,
}

impl Money {
    /// The series on a panel's rows.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::ColumnKind`], [`Error::Domain`] for an infinite amount; [`Error::Argument`]
    /// for a name already taken, a calendar or base year that cannot be, or heads without a population;
    /// [`Error::Money`] for a conversion that the bundled series cannot make.
    pub(in crate::data) fn evaluate(
        &self,
        frame: &Frame,
        index: &TimeIndex,
        frequency: Frequency,
        population: Option<&str>,
    ) -> Result<Evaluated> {
        let amounts = frame.number(&self.column)?;
        if let Some(row) = amounts.iter().position(|a| a.is_infinite()) {
            let (what, value) = (self.column.clone(), amounts[row].to_string());
            return Err(Error::Domain { what, row, value, must: "finite, or missing".into() });
        }
        let total = total_name(frame, &self.name)?;
        let people = match (self.per_person, population) {
            (false, _) => None,
            (true, Some(column)) => Some(frame.number(column)?),
            (true, None) => {
                return Err(Error::Argument {
                    argument: "per".into(),
                    value: "person".into(),
                    must: "totals (per = none), or declare the panel's population before its money".into(),
                });
            }
        };
        let given = Kind {
            stage: self.stage,
            currency: self.currency,
            prices: self.prices,
            calendar: self.calendar(frequency)?,
            per_person: false,
        };
        let prices = self.real.map_or(self.prices, Prices::Real);
        let currency = self.to.unwrap_or(self.currency);
        let kind = Kind { currency, prices, calendar: frequency, per_person: self.per_person, ..given };

        let mut notes = Vec::new();
        notes.extend(negatives(&self.column, amounts));
        let factors = Factors::new(&given, &kind, &mut notes)?;
        let converted = factors.apply(amounts, index, given.calendar, &mut notes);
        let (totals, gone) = apportion(&converted, index, given.calendar, frequency);
        notes.extend(absences(&gone, index, given.calendar, frequency));
        let values = match people {
            Some(people) => totals.iter().zip(people).map(|(total, people)| total / people).collect(),
            None => totals.clone(),
        };
        let (name, column) = (self.name.clone(), self.column.clone());
        Ok(Evaluated { spending: Spending { name, total, column, given, kind, notes }, values, totals })
    }

    /// The calendar that the amounts are in.
    fn calendar(&self, panel: Frequency) -> Result<Frequency> {
        let Some(start) = self.fiscal_year_start else { return Ok(panel) };
        let given = Frequency::fiscal_year(start)?;
        match panel {
            Frequency::Year | Frequency::FiscalYear { .. } => Ok(given),
            // Whether a row repeats the year's total or holds a part of it cannot be told from the numbers.
            Frequency::Month | Frequency::Quarter => Err(Error::Argument {
                argument: "fiscal_year_start".into(),
                value: start.to_string(),
                must: format!(
                    "left out where the panel is by {panel}, whose amounts are then by {}; share yearly totals \
                     out first, or give a panel by year",
                    panel.noun()
                ),
            }),
        }
    }
}

/// The name of the totals, once both names are known to be free.
pub(in crate::data) fn total_name(frame: &Frame, name: &str) -> Result<String> {
    let total = format!("{name}_total");
    let refuse = |must: String| {
        let (argument, value) = ("name".into(), format!("`{name}`"));
        Err(Error::Argument { argument, value, must })
    };
    if name.is_empty() {
        return refuse("a name".into());
    }
    for taken in [name, &total] {
        if frame.has(taken) {
            return refuse(format!("a new name: the data have a column `{taken}` already"));
        }
    }
    Ok(total)
}

/// What an amount of a period is multiplied by.
struct Factors {
    exchange: Option<(MonthlyIndex, Currency, Currency)>,
    prices: Option<(MonthlyIndex, f64)>,
    /// From one base year to another: the same for every period.
    constant: f64,
}

impl Factors {
    fn new(given: &Kind, kind: &Kind, notes: &mut Vec<String>) -> Result<Self> {
        let mut factors = Self { exchange: None, prices: None, constant: 1.0 };
        let refuse = |differ, remedy: &str| {
            let (left, right) = (given.to_string(), kind.to_string());
            Err(Error::Money { left, right, differ, remedy: remedy.into() })
        };
        if given.currency != kind.currency {
            if given.prices != Prices::Nominal {
                return refuse(
                    "currency",
                    "a rate converts money of the day only: give nominal amounts, converted first and then deflated",
                );
            }
            factors.exchange = Some((mxn_per_usd(), given.currency, kind.currency));
        }
        if given.prices == kind.prices {
            return Ok(factors);
        }
        if kind.currency != Currency::Usd {
            return refuse(
                "price base",
                "no index of Mexican prices is bundled: convert to dollars first (`to` USD), or give pesos that \
                 are real already (`prices`)",
            );
        }
        let index = cpi_u();
        let Prices::Real(year) = kind.prices else {
            return refuse("price base", "ask for a `real` year, or give nominal amounts");
        };
        let (to, note) = deflate::base(&index, "real", year)?;
        notes.extend(note);
        match given.prices {
            Prices::Nominal => factors.prices = Some((index, to)),
            Prices::Real(year) => {
                let (from, note) = deflate::base(&index, "prices", year)?;
                notes.extend(note);
                factors.constant = to / from;
            }
        }
        Ok(factors)
    }

    /// The amounts converted; missing where a rate or an index is, with a note a period.
    fn apply(
        &self,
        amounts: &[f64],
        index: &TimeIndex,
        calendar: Frequency,
        notes: &mut Vec<String>,
    ) -> Vec<f64> {
        let mut of_period: BTreeMap<i64, Option<f64>> = BTreeMap::new();
        let mut lost: BTreeMap<i64, usize> = BTreeMap::new();
        let convert = |(&amount, &period): (&f64, &Option<i64>)| {
            let Some(period) = period.filter(|_| !amount.is_nan()) else { return f64::NAN };
            let factor = of_period.entry(period).or_insert_with(|| self.factor(calendar, period));
            factor.map_or_else(
                || {
                    *lost.entry(period).or_default() += 1;
                    f64::NAN
                },
                |factor| amount * factor,
            )
        };
        let converted = amounts.iter().zip(index.time()).map(convert).collect();
        for series in self.series() {
            let (first, last) = series.span();
            for &period in of_period.keys() {
                let mean = series.mean(calendar.months(period));
                let label = calendar.label(period);
                if mean.value.is_none() {
                    let rows = lost.get(&period).copied().unwrap_or_default();
                    notes.push(format!(
                        "{label} is missing: {} has {} of its {} months ({first} to {last}; {})",
                        series.name(),
                        mean.found,
                        mean.months,
                        count(rows)
                    ));
                } else if mean.found < mean.months {
                    notes.push(format!(
                        "{label}: {} is the mean of {} of {} months",
                        series.name(),
                        mean.found,
                        mean.months
                    ));
                }
            }
        }
        converted
    }

    fn series(&self) -> impl Iterator<Item = &MonthlyIndex> {
        let exchange = self.exchange.as_ref().map(|(rates, ..)| rates);
        exchange.into_iter().chain(self.prices.as_ref().map(|(index, _)| index))
    }

    fn factor(&self, calendar: Frequency, period: i64) -> Option<f64> {
        let mut factor = self.constant;
        if let Some((rates, from, to)) = &self.exchange {
            factor *= exchange::factor(rates, *from, *to, calendar.months(period))?;
        }
        if let Some((index, base)) = &self.prices {
            factor *= deflate::factor(index, *base, calendar.months(period))?;
        }
        Some(factor)
    }
}

/// Money taken back is kept, and said.
fn negatives(column: &str, amounts: &[f64]) -> Option<String> {
    let negative = |a: &f64| *a < 0.0;
    let first = amounts.iter().position(negative)?;
    let rows = count(amounts.iter().filter(|a| negative(a)).count());
    Some(format!(
        "`{column}` is negative in {rows} (first in row {first}): money taken back, kept as it is; no logarithm"
    ))
}

/// Which periods are missing because of which, a note each.
fn absences(gone: &[Option<(i64, Gone)>], index: &TimeIndex, from: Frequency, to: Frequency) -> Vec<String> {
    let mut rows: BTreeMap<(Gone, i64, i64), usize> = BTreeMap::new();
    for (gone, period) in gone.iter().zip(index.time()) {
        if let (Some((source, why)), Some(period)) = (gone, period) {
            // An empty cell of the same period is plain to see in the data; a neighbour's is not.
            if *why == Gone::NoRow || source != period {
                *rows.entry((*why, *period, *source)).or_default() += 1;
            }
        }
    }
    let mut notes = Vec::new();
    let mut empty: Option<(i64, i64, usize)> = None;
    for ((why, period, source), found) in rows {
        match why {
            Gone::NoRow => notes.push(format!(
                "{} is missing: {} is not in the data ({})",
                to.label(period),
                from.label(source),
                count(found)
            )),
            Gone::Empty => {
                let (first, of, sum) = empty.unwrap_or((period, source, 0));
                empty = Some((first, of, sum + found));
            }
        }
    }
    if let Some((period, source, found)) = empty {
        notes.push(format!(
            "{} more missing: a {} that reaches into the period has no amount (first {}, for want of {})",
            count(found),
            from.noun(),
            to.label(period),
            from.label(source)
        ));
    }
    notes
}

fn count(rows: usize) -> String {
    if rows == 1 { "1 row".into() } else { format!("{rows} rows") }
}
