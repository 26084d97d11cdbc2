//! The formula: what is explained, by what, net of which effects.
//!
//! ```text
//! outcome ~ term + term … | effect + effect … | endogenous … ~ instrument …
//! ```
//!
//! | written | means |
//! | --- | --- |
//! | `x`, `` `Crude Rate` `` | a column of numbers as it is; a column of text as an indicator for every level but the first |
//! | `log(x)` `log1p` `exp` `sqrt` `abs` | the function of every row |
//! | `I(x^2 / z)` | arithmetic: `+ - * / ^` and parentheses, also inside every function and on the left |
//! | `i(f)`, `i(f, ref = "a")` | levels of a column, numbers too |
//! | `i(f, x, ref = "a")` | a slope of x for every level |
//! | `a:b`, `a*b` | the product; `a + b + a:b` |
//! | `lag(x)`, `lag(x, 1)`, `lag(x, 0:4)`, `lead(x, 1:2)` | x of earlier or later periods of the same unit, by date |
//! | `diff(x)`, `diff(x, 12)` | x less x one (twelve) periods before |
//! | `l( )`, `f( )`, `d( )` | the same, shorter |
//! | `1`, `0`, `- 1` | with an intercept (the default), without |
//! | `state + year^month` | absorbed: a level for every state, and for every pair of year and month |
//! | `state[t]`, `state[[t]]` | absorbed: for every state an intercept and a slope in t; the slope only |
//!
//! The notation is that of Wilkinson, G. N. and Rogers, C. E. (1973), Symbolic description of factorial models
//! for analysis of variance, Applied Statistics 22, 392–399, with the parts after `|` as econometricians write
//! them. Errors point at the character.
//!
//! ```
//! use averted::data::Formula;
//! let formula = Formula::parse("deaths ~ lag(spend, 0:2) + a*b | state + year")?;
//! assert_eq!(formula.to_string(), "deaths ~ lag(spend, 0:2) + a + b + a:b | state + year");
//!
//! let error = Formula::parse("deaths ~ lgo(spend)").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "no function lgo; did you mean `log`?\n  deaths ~ lgo(spend)\n           ^"
//! );
//! # Ok::<(), averted::Error>(())
//! ```

mod arithmetic;
mod ast;
mod lexer;
mod parser;

use std::fmt;
use std::str::FromStr;

pub use ast::{At, Effect, Expression, Function, Operator, Shift, Term, Variable, quoted};
pub(super) use lexer::error as error_at;

use crate::error::{Error, Result};

/// A formula that has been read. See the [module](self) for the grammar.
#[derive(Debug, Clone)]
pub struct Formula {
    text: String,
    outcome: Expression,
    intercept: bool,
    terms: Vec<Term>,
    effects: Vec<Effect>,
    endogenous: Vec<Term>,
    instruments: Vec<Term>,
}

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// [`Error::Formula`], with the character where it went wrong.
    pub fn parse(text: &str) -> Result<Self> {
        parser::parse(text)
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is explained.
    pub fn outcome(&self) -> &Expression {
        &self.outcome
    }

    /// Whether an intercept was left in; absorbed effects take its place.
    pub fn intercept(&self) -> bool {
        self.intercept
    }

    /// What explains it, `*` written out, each term once.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The absorbed effects.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// The terms that are instrumented.
    pub fn endogenous(&self) -> &[Term] {
        &self.endogenous
    }

    /// Their instruments.
    pub fn instruments(&self) -> &[Term] {
        &self.instruments
    }

    /// Every column it names, in order, each once.
    ///
    /// ```
    /// let formula = averted::data::Formula::parse("y ~ lag(x, 0:4) | state^year")?;
    /// assert_eq!(formula.columns(), ["y", "x", "state", "year"]);
    /// # Ok::<(), averted::Error>(())
    /// ```
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let mut visit = |name| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        self.outcome.visit_columns(&mut visit);
        for variable in [&self.terms, &self.endogenous, &self.instruments]
            .into_iter()
            .flatten()
            .flat_map(|term| &term.variables)
        {
            match variable {
                Variable::Expression(expression) => expression.visit_columns(&mut visit),
                Variable::Levels { column, .. } => visit(column),
            }
        }
        for effect in &self.effects {
            effect.columns.iter().for_each(|(name, _)| visit(name));
            effect.slopes.iter().for_each(|slope| slope.visit_columns(&mut visit));
        }
        names
    }
}

impl Expression {
    /// Reads an expression alone, such as `log(population)`.
    ///
    /// ```
    /// use averted::data::formula::Expression;
    /// assert_eq!(Expression::parse("log(a/-b)")?.to_string(), "log(a / -b)");
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Formula`], with the character where it went wrong.
    pub fn parse(text: &str) -> Result<Self> {
        parser::parse_expression(text)
    }
}

impl PartialEq for Formula {
    /// The text they were read from does not matter.
    fn eq(&self, other: &Self) -> bool {
        self.outcome == other.outcome
            && self.intercept == other.intercept
            && self.terms == other.terms
            && self.effects == other.effects
            && self.endogenous == other.endogenous
            && self.instruments == other.instruments
    }
}

impl FromStr for Formula {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ~ ", self.outcome)?;
        match (self.intercept, self.terms.is_empty()) {
            (true, true) => f.write_str("1")?,
            (true, false) => {}
            (false, true) => f.write_str("0")?,
            (false, false) => f.write_str("0 + ")?,
        }
        ast::join(f, &self.terms, " + ")?;
        if !self.effects.is_empty() {
            f.write_str(" | ")?;
            ast::join(f, &self.effects, " + ")?;
        }
        if !self.endogenous.is_empty() {
            f.write_str(" | ")?;
            ast::join(f, &self.endogenous, " + ")?;
            f.write_str(" ~ ")?;
            ast::join(f, &self.instruments, " + ")?;
        }
        Ok(())
    }
}
