//! Exact derivatives of expressions and design columns, by the chain rule carried along the evaluation (Wengert 1964,
//! A Simple Automatic Derivative Evaluation Program, *Communications of the ACM* 7).

use ndarray::{Array2, ShapeBuilder};

use crate::data::design::evaluate::Evaluator;
use crate::data::formula::{Expression, Function, Operator, Shift};
use crate::error::Result;

impl Evaluator<'_> {
    /// The derivative of every row's number when the column moves by one in all rows at once; `None` where it is zero
    /// throughout. A lag moves with the column, so that the derivative is that to a lasting change; a difference has
    /// none.
    pub(super) fn derivative(&self, expression: &Expression, column: &str) -> Result<Option<Vec<f64>>> {
        let rows = self.source.frame().rows();
        Ok(match expression {
            Expression::Number(_) => None,
            Expression::Column { name, .. } => (name == column).then(|| vec![1.0; rows]),
            Expression::Negative(argument) => {
                self.derivative(argument, column)?.map(|inner| inner.iter().map(|d| -d).collect())
            }
            Expression::Apply { function, argument, .. } => match self.derivative(argument, column)? {
                None => None,
                Some(inner) => {
                    let values = self.numbers(argument)?;
                    Some(inner.iter().zip(values.iter()).map(|(d, v)| d * slope(*function, *v)).collect())
                }
            },
            Expression::Shift { kind, argument, periods: (by, _), .. } => {
                match (self.derivative(argument, column)?, self.source.index()) {
                    (Some(inner), Some(index)) => {
                        let mut there = index.shift(&inner, if *kind == Shift::Lead { -by } else { *by });
                        if *kind == Shift::Difference {
                            there.iter_mut().zip(&inner).for_each(|(before, now)| *before = now - *before);
                        }
                        Some(there)
                    }
                    _ => None,
                }
            }
            Expression::Arithmetic { operator, left, right } => {
                let inner = (self.derivative(left, column)?, self.derivative(right, column)?);
                if inner.0.is_none() && inner.1.is_none() {
                    return Ok(None);
                }
                let (a, b) = (self.numbers(left)?, self.numbers(right)?);
                let one = |side: &Option<Vec<f64>>, row: usize| side.as_ref().map(|d| d[row]);
                let row = |row: usize| {
                    let (da, db) = (one(&inner.0, row), one(&inner.1, row));
                    arithmetic(*operator, (a[row], da), (b[row], db))
                };
                Some((0..rows).map(row).collect())
            }
        })
    }
}

/// The derivative of a function at a number.
fn slope(function: Function, at: f64) -> f64 {
    match function {
        Function::Log => 1.0 / at,
        Function::Log1p => 1.0 / (1.0 + at),
        Function::Exp => at.exp(),
        Function::Sqrt => 0.5 / at.sqrt(),
        Function::Abs if at == 0.0 => 0.0,
        Function::Abs => at.signum(),
        Function::Identity => 1.0,
    }
}

/// Of two numbers with their derivatives, one of which may stand still.
fn arithmetic(operator: Operator, (a, da): (f64, Option<f64>), (b, db): (f64, Option<f64>)) -> f64 {
    let (left, right) = (da.unwrap_or(0.0), db.unwrap_or(0.0));
    match operator {
        Operator::Plus => left + right,
        Operator::Minus => left - right,
        Operator::Times => left * b + a * right,
        Operator::Over => (left - a / b * right) / b,
        Operator::Power => {
            let base = da.map_or(0.0, |d| if b == 0.0 { 0.0 } else { b * a.powf(b - 1.0) * d });
            base + db.map_or(0.0, |d| if a == 0.0 && b > 0.0 { 0.0 } else { a.powf(b) * a.ln() * d })
        }
    }
}

/// Values, and derivatives where they are not zero throughout.
pub(super) type Moving<'a> = (&'a [f64], Option<&'a [f64]>);

/// Columns that are products of numbers and indicators: their derivatives by the rule for products.
///
/// `numbers` lists for every column the values and derivatives of its factors, `indicator` whether a row has the levels.
pub(super) fn of_products(
    rows: usize,
    numbers: &[Vec<Moving<'_>>],
    indicator: impl Fn(usize, usize) -> f64,
) -> Array2<f64> {
    let mut matrix = Array2::zeros((rows, numbers.len()).f());
    for (j, factors) in numbers.iter().enumerate() {
        for (moving, (_, derivative)) in factors.iter().enumerate() {
            let Some(derivative) = derivative else { continue };
            for (row, &d) in derivative.iter().enumerate() {
                let others = factors.iter().enumerate().filter(|(i, _)| *i != moving);
                matrix[[row, j]] += others.map(|(_, (values, _))| values[row]).product::<f64>() * d;
            }
        }
        matrix.column_mut(j).iter_mut().enumerate().for_each(|(row, d)| *d *= indicator(j, row));
    }
    matrix
}
