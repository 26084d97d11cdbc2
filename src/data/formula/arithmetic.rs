//! The arithmetic of an expression: sums, products, powers and functions.

use crate::data::formula::ast::{At, Expression, Function, Operator, Shift, quoted};
use crate::data::formula::lexer::{Token, error};
use crate::data::formula::parser::{Parser, WIDEST};
use crate::error::{Error, Result, nearest};

/// Pieces of one expression.
const LARGEST: usize = 250;
/// Periods of a lag.
const FARTHEST: i64 = 10_000;

/// Every word that is a function, for suggestions.
const FUNCTIONS: [&str; 13] =
    ["log", "log1p", "exp", "sqrt", "abs", "I", "i", "lag", "lead", "diff", "l", "f", "d"];

impl Parser<'_> {
    /// An expression of its own: the count of pieces begins anew.
    pub(super) fn expression(&mut self) -> Result<Expression> {
        if self.depth == 0 {
            self.pieces = 0;
        }
        let at = self.at();
        let expression = self.deeper(Self::sum)?;
        if expression.width() > WIDEST {
            return self.refuse(at, format!("the ranges of this term make more than {WIDEST} columns"));
        }
        Ok(expression)
    }

    /// Counts a piece of the tree, which bounds its depth too.
    fn piece<T>(&mut self, piece: T) -> Result<T> {
        self.pieces += 1;
        if self.pieces > LARGEST {
            return self.refuse(self.at(), format!("an expression of more than {LARGEST} pieces"));
        }
        Ok(piece)
    }

    fn arithmetic(&mut self, operator: Operator, left: Expression, right: Expression) -> Result<Expression> {
        self.piece(Expression::Arithmetic { operator, left: Box::new(left), right: Box::new(right) })
    }

    fn sum(&mut self) -> Result<Expression> {
        let mut left = self.factor()?;
        while let Token::Sign(sign @ ('+' | '-')) = *self.peek() {
            self.take();
            let operator = if sign == '+' { Operator::Plus } else { Operator::Minus };
            let right = self.factor()?;
            left = self.arithmetic(operator, left, right)?;
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Expression> {
        let mut left = self.signed()?;
        while let Token::Sign(sign @ ('*' | '/')) = *self.peek() {
            self.take();
            let operator = if sign == '*' { Operator::Times } else { Operator::Over };
            let right = self.signed()?;
            left = self.arithmetic(operator, left, right)?;
        }
        Ok(left)
    }

    /// −x^2 is −(x^2), as everywhere.
    fn signed(&mut self) -> Result<Expression> {
        if self.took('-') {
            let argument = self.deeper(Self::signed)?;
            return self.piece(Expression::Negative(Box::new(argument)));
        }
        let base = self.primary()?;
        if !self.took('^') {
            return Ok(base);
        }
        let exponent = self.deeper(Self::signed)?;
        self.arithmetic(Operator::Power, base, exponent)
    }

    pub(super) fn primary(&mut self) -> Result<Expression> {
        let at = self.at();
        match (self.peek().clone(), self.peek_after()) {
            (Token::Number(value), _) => {
                self.take();
                self.piece(Expression::Number(value))
            }
            (Token::Name { text, quoted: false }, Token::Sign('(')) => {
                self.take();
                self.take();
                let call = self.deeper(|p| p.call(&text, At(at)))?;
                self.piece(call)
            }
            (Token::Name { text, .. }, _) => {
                self.take();
                self.piece(Expression::Column { name: text, at: At(at) })
            }
            (Token::Sign('('), _) => {
                self.take();
                let inside = self.deeper(Self::sum)?;
                self.need(')', "to close the parenthesis")?;
                Ok(inside)
            }
            _ => self.expected("a column, number or function"),
        }
    }

    /// A function, its name and `(` already read.
    fn call(&mut self, name: &str, at: At) -> Result<Expression> {
        let kind = match name {
            "lag" | "l" => Some(Shift::Lag),
            "lead" | "f" => Some(Shift::Lead),
            "diff" | "d" => Some(Shift::Difference),
            _ => None,
        };
        let function = Function::ALL.into_iter().find(|f| f.name() == name);
        if kind.is_none() && function.is_none() {
            return Err(self.unknown_function(name, at.0));
        }
        let argument = Box::new(self.expression()?);
        let call = match (kind, function) {
            (Some(kind), _) => {
                let periods = if self.took(',') { self.periods(kind)? } else { (1, 1) };
                Expression::Shift { kind, argument, periods, at }
            }
            (None, function) => {
                Expression::Apply { function: function.unwrap_or(Function::Identity), argument, at }
            }
        };
        if self.is(',') {
            return self.refuse(self.at(), format!("too many arguments for {name}( )"));
        }
        self.need(')', &format!("to close {name}( )"))?;
        Ok(call)
    }

    /// `2` or `0:4`.
    fn periods(&mut self, kind: Shift) -> Result<(i64, i64)> {
        let at = self.at();
        let first = self.whole()?;
        let last = if self.took(':') { self.whole()? } else { first };
        if first > last {
            return self.refuse(at, format!("a range runs upward: {last}:{first}"));
        }
        if kind == Shift::Difference && first < 1 {
            return self.refuse(at, "a difference reaches at least 1 period back");
        }
        Ok((first, last))
    }

    fn whole(&mut self) -> Result<i64> {
        let at = self.at();
        let negative = self.took('-');
        let Token::Number(value) = *self.peek() else {
            return self.expected("a whole number of periods, or a range such as 0:4");
        };
        if value.fract() != 0.0 || value > FARTHEST as f64 {
            return self.refuse(at, format!("a number of periods is whole and at most {FARTHEST}"));
        }
        self.take();
        Ok(if negative { -(value as i64) } else { value as i64 })
    }

    fn unknown_function(&self, name: &str, at: usize) -> Error {
        let last = name.rsplit('.').next().unwrap_or(name);
        let hint = match last {
            "i" => "i( ) is a term of its own".into(),
            "C" | "factor" => "for levels write i(column)".into(),
            "poly" | "pow" | "square" => "for powers write I(x^2)".into(),
            "offset" | "exposure" | "weights" => format!("{last} is an option of the model, not a term"),
            "ln" => "the natural logarithm is log( )".into(),
            "L" => "did you mean `lag`?".into(),
            _ => match nearest(last, FUNCTIONS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "there are log, log1p, exp, sqrt, abs, I, i, lag, lead and diff".into(),
            },
        };
        let message = if last == "i" { hint } else { format!("no function {}; {hint}", quoted(name)) };
        error(self.text, at, message)
    }
}
