//! The numbers of an expression, row by row, and why a number is not there.

use std::borrow::Cow;

use crate::data::factor::MISSING;
use crate::data::formula::{At, Expression, Function, Operator, Shift, error_at, quoted};
use crate::data::{Column, Factor, Source, TimeIndex};
use crate::error::{Error, Result, nearest};

/// Evaluates the expressions of one formula on one source.
#[derive(Clone, Copy)]
pub(super) struct Evaluator<'a> {
    pub(super) text: &'a str,
    pub(super) source: &'a dyn Source,
}

/// Why a row has no number.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Gap {
    /// The column is missing there.
    Missing(String),
    /// A lag or lead leaves the periods of its unit, or meets a hole in them.
    Reach { what: &'static str, of: String, meets: &'static str },
}

impl<'a> Evaluator<'a> {
    /// The column, or an error at its place.
    pub(super) fn column(&self, name: &str, at: At) -> Result<&'a Column> {
        let frame = self.source.frame();
        frame.column(name).map_err(|_| {
            let hint = match nearest(name, frame.names()) {
                Some(near) => format!("; did you mean {}?", quoted(&near)),
                None => String::new(),
            };
            error_at(self.text, at.0, format!("no column {}{hint}", quoted(name)))
        })
    }

    /// The column as a factor, numbers too.
    pub(super) fn factor(&self, name: &str, at: At) -> Result<Cow<'a, Factor>> {
        Ok(match self.column(name, at)? {
            Column::Factor(factor) => Cow::Borrowed(factor),
            Column::Number(values) => {
                finite(quoted(name), values)?;
                Cow::Owned(Factor::from_numbers(values))
            }
        })
    }

    /// The numbers of every row, NaN where one is missing.
    pub(super) fn numbers(&self, expression: &Expression) -> Result<Cow<'a, [f64]>> {
        match expression {
            Expression::Number(value) => Ok(Cow::Owned(vec![*value; self.source.frame().rows()])),
            Expression::Column { name, at } => self.number_column(name, *at),
            Expression::Negative(argument) => {
                let mut values = self.numbers(argument)?;
                values.to_mut().iter_mut().for_each(|v| *v = -*v);
                Ok(values)
            }
            Expression::Apply { function: Function::Identity, argument, .. } => self.numbers(argument),
            Expression::Apply { function, argument, .. } => {
                let mut values = self.numbers(argument)?;
                apply(*function, argument, values.to_mut())?;
                Ok(values)
            }
            Expression::Shift { kind, argument, periods: (by, _), at } => {
                let index = self.index(*kind, *at)?;
                let values = self.numbers(argument)?;
                let mut shifted = index.shift(&values, if *kind == Shift::Lead { -by } else { *by });
                if *kind == Shift::Difference {
                    shifted.iter_mut().zip(values.iter()).for_each(|(before, now)| *before = now - *before);
                }
                Ok(Cow::Owned(shifted))
            }
            Expression::Arithmetic { operator, left, right } => {
                let mut values = self.numbers(left)?;
                combine(*operator, expression, values.to_mut(), &self.numbers(right)?)?;
                Ok(values)
            }
        }
    }

    /// A column of numbers; the panel's time, if it is text, as period numbers.
    fn number_column(&self, name: &str, at: At) -> Result<Cow<'a, [f64]>> {
        match (self.column(name, at)?, self.source.index()) {
            (Column::Number(values), _) => {
                finite(quoted(name), values)?;
                Ok(Cow::Borrowed(values))
            }
            (Column::Factor(_), Some(index)) if self.source.time() == Some(name) => {
                let number = |t: &Option<i64>| t.map_or(f64::NAN, |t| t as f64);
                Ok(Cow::Owned(index.time().iter().map(number).collect()))
            }
            (Column::Factor(factor), _) => {
                let example = factor.labels().first().map_or("", String::as_str);
                let message = format!(
                    "column {} holds text (\"{example}\"), and numbers are needed here",
                    quoted(name)
                );
                Err(error_at(self.text, at.0, message))
            }
        }
    }

    fn index(&self, kind: Shift, at: At) -> Result<&'a TimeIndex> {
        self.source.index().ok_or_else(|| {
            let message = format!(
                "{} needs to know which column is the unit and which the time: \
                 give a Panel(data, unit=…, time=…)",
                kind.name()
            );
            error_at(self.text, at.0, message)
        })
    }

    /// Why there is no number in this row; called only where that is so.
    pub(super) fn gap(&self, expression: &Expression, row: usize) -> Option<Gap> {
        match expression {
            Expression::Number(_) => None,
            Expression::Column { name, at } => {
                let gone = match self.column(name, *at).ok()? {
                    Column::Number(values) => values[row].is_nan(),
                    Column::Factor(_) => self.source.index()?.time()[row].is_none(),
                };
                gone.then(|| Gap::Missing(quoted(name)))
            }
            Expression::Negative(argument) | Expression::Apply { argument, .. } => self.gap(argument, row),
            Expression::Arithmetic { left, right, .. } => {
                self.gap(left, row).or_else(|| self.gap(right, row))
            }
            Expression::Shift { kind, argument, periods: (by, _), .. } => {
                if *kind == Shift::Difference
                    && let Some(gap) = self.gap(argument, row)
                {
                    return Some(gap);
                }
                let lag = if *kind == Shift::Lead { -by } else { *by };
                match neighbour(self.source.index()?, row, lag) {
                    Ok(there) => self.gap(argument, there),
                    Err(meets) => Some(Gap::Reach { what: kind.name(), of: argument.to_string(), meets }),
                }
            }
        }
    }
}

/// The row `lag` periods before, or what stands in its place.
fn neighbour(index: &TimeIndex, row: usize, lag: i64) -> std::result::Result<usize, &'static str> {
    let unit = index.unit().codes()[row];
    let Some(time) = index.time()[row].filter(|_| unit != MISSING) else {
        return Err("has no unit or no time to start from");
    };
    let wanted = time.saturating_sub(lag);
    if let Some(there) = index.row(unit, wanted) {
        return Ok(there);
    }
    let order = index.order();
    let unit_of = |row: &u32| index.unit().codes()[*row as usize];
    let of_unit =
        &order[order.partition_point(|r| unit_of(r) < unit)..order.partition_point(|r| unit_of(r) <= unit)];
    let time_of = |row: Option<&u32>| row.and_then(|r| index.time()[*r as usize]);
    if time_of(of_unit.first()).is_some_and(|first| wanted < first) {
        Err("reaches before the first period")
    } else if time_of(of_unit.last()).is_some_and(|last| wanted > last) {
        Err("reaches past the last period")
    } else {
        Err("falls on a period that has no row")
    }
}

/// Refuses infinite values.
pub(super) fn finite(what: String, values: &[f64]) -> Result<()> {
    // Without a way out of the loop, which is then many values a step.
    if !values.iter().fold(false, |any, v| any | v.is_infinite()) {
        return Ok(());
    }
    match values.iter().position(|v| v.is_infinite()) {
        None => Ok(()),
        Some(row) => Err(Error::Domain {
            what,
            row,
            value: values[row].to_string(),
            must: "finite, or missing".into(),
        }),
    }
}

/// The function in place. A number that has no value is an error, never a missing value.
fn apply(function: Function, argument: &Expression, values: &mut [f64]) -> Result<()> {
    let (f, must): (fn(f64) -> f64, &str) = match function {
        Function::Log => (
            f64::ln,
            "above 0 to take its log; a count with zeros wants Poisson on the count itself, \
             log1p( ) takes zeros but then the estimate depends on the unit of measurement",
        ),
        Function::Log1p => (f64::ln_1p, "above -1 to take its log1p"),
        Function::Exp => (f64::exp, "smaller: its exponential overflows"),
        Function::Sqrt => (f64::sqrt, "0 or more to take its root"),
        Function::Abs => (f64::abs, "a number"),
        Function::Identity => return Ok(()),
    };
    for (row, value) in values.iter_mut().enumerate() {
        let result = f(*value);
        if !result.is_finite() && value.is_finite() {
            return Err(Error::Domain {
                what: argument.to_string(),
                row,
                value: value.to_string(),
                must: must.into(),
            });
        }
        *value = result;
    }
    Ok(())
}

/// `left operator right` into `left`. What has no value is an error, never a missing value.
fn combine(operator: Operator, whole: &Expression, left: &mut [f64], right: &[f64]) -> Result<()> {
    let f = |a: f64, b: f64| match operator {
        Operator::Plus => a + b,
        Operator::Minus => a - b,
        Operator::Times => a * b,
        Operator::Over => a / b,
        // NaN^0 and 1^NaN are 1, but a missing value must stay missing.
        Operator::Power if a.is_nan() || b.is_nan() => f64::NAN,
        Operator::Power => a.powf(b),
    };
    for (row, (a, &b)) in left.iter_mut().zip(right).enumerate() {
        let result = f(*a, b);
        if !result.is_finite() && a.is_finite() && b.is_finite() {
            let sign = match operator {
                Operator::Plus => "+",
                Operator::Minus => "-",
                Operator::Times => "*",
                Operator::Over => "/",
                Operator::Power => "^",
            };
            return Err(Error::Domain {
                what: whole.to_string(),
                row,
                value: format!("{a} {sign} {b}"),
                must: "a finite number".into(),
            });
        }
        *a = result;
    }
    Ok(())
}
