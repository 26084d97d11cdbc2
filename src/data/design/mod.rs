//! A formula and data, made into what a model is fitted to.
//!
//! ```
//! use averted::data::{Design, Formula, Frame};
//! let frame = Frame::new()
//!     .with_number("deaths", vec![3.0, 5.0, f64::NAN, 9.0])?
//!     .with_number("spend", vec![1.0, 2.0, 3.0, 4.0])?
//!     .with_text("region", &[Some("North"), Some("South"), Some("South"), Some("West")])?;
//! let design = Design::build(&Formula::parse("deaths ~ spend + region")?, &frame, &[])?;
//! assert_eq!(design.names(), ["(Intercept)", "spend", "region[South]", "region[West]"]);
//! assert_eq!(design.rows, [0, 1, 3]);
//! assert_eq!(design.dropped[0].cause, "missing outcome deaths");
//! # Ok::<(), averted::Error>(())
//! ```

mod derivative;
mod effects;
mod evaluate;
mod rows;
mod terms;

use std::borrow::Cow;

use ndarray::{Array1, Array2};

use crate::data::design::effects::EffectValues;
use crate::data::design::evaluate::Evaluator;
use crate::data::design::rows::{Part, Rows};
use crate::data::design::terms::Evaluated;
use crate::data::formula::{At, Effect, Expression, Formula, Term, quoted};
use crate::data::{Column, Factor, Source};
use crate::error::{Error, Result};

pub use effects::{Absorbed, Effects};
pub use rows::Dropped;
pub use terms::{Reference, Terms, Used};

/// Columns of their own: the endogenous variables, or the instruments.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// How the columns are made.
    pub terms: Terms,
    /// The columns, on the used rows, column by column in memory.
    pub x: Array2<f64>,
}

/// What a model is fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The outcome of every used row.
    pub outcome: Array1<f64>,
    /// As it is written.
    pub outcome_name: String,
    /// The regressors, column by column in memory; `(Intercept)` first, unless there is none.
    pub x: Array2<f64>,
    /// The absorbed effects.
    pub absorbed: Vec<Absorbed>,
    /// What is instrumented, if anything.
    pub endogenous: Option<Block>,
    /// By what.
    pub instruments: Option<Block>,
    /// The rows of the data that are used, in order.
    pub rows: Vec<usize>,
    /// The others, by reason.
    pub dropped: Vec<Dropped>,
    terms: Terms,
    effects: Vec<Effect>,
}

impl Design {
    /// Evaluates a formula. `extras` are more columns, or expressions, that a row must have: population, weights,
    /// clusters.
    ///
    /// Rows with something missing are left out and counted by reason. Levels are those of the used rows, and
    /// every combination of `^` that occurs. Collinear columns are left for the model to find.
    ///
    /// # Errors
    /// [`Error::Formula`] for an unknown column (with the nearest one), text where numbers are needed, an unknown
    /// reference level, and lags without unit and time; [`Error::Domain`] for infinite values and for numbers that
    /// a function does not take; [`Error::NothingToEstimate`] when no row is left; [`Error::UnknownColumn`] for an
    /// extra.
    pub fn build(formula: &Formula, source: &dyn Source, extras: &[&str]) -> Result<Self> {
        Self::build_for(formula, source, extras, None)
    }

    /// As [`build`](Self::build), with these outcomes in the place of the formula's, one for every row of the data.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    pub fn build_for(
        formula: &Formula,
        source: &dyn Source,
        extras: &[&str],
        outcome: Option<&[f64]>,
    ) -> Result<Self> {
        let evaluator = Evaluator { text: formula.text(), source };
        let mut rows = Rows::all(source.frame().rows());

        let outcome = match outcome {
            Some(known) => Cow::Borrowed(known),
            None => evaluator.numbers(formula.outcome())?,
        };
        rows.need(Part::Outcome, &evaluator, formula.outcome(), &outcome);
        let regressors = Evaluated::new(&evaluator, formula.terms())?;
        regressors.need(&evaluator, &mut rows);
        let mut block = |terms: &[Term]| {
            let evaluated = Evaluated::new(&evaluator, terms)?;
            evaluated.need(&evaluator, &mut rows);
            Ok::<_, Error>(evaluated)
        };
        let endogenous = block(formula.endogenous())?;
        let instruments = block(formula.instruments())?;
        let mut effects = Vec::new();
        for effect in formula.effects() {
            effects.extend(EffectValues::new(&evaluator, effect, &mut rows)?);
        }
        for name in extras {
            need_extra(source, name, &mut rows)?;
        }

        let kept = rows.kept();
        if kept.is_empty() {
            return Err(nothing(source.frame().rows(), &rows.dropped));
        }
        let constant = effects.iter().any(|e| e.with_intercept);
        let intercept = formula.intercept() && !constant;
        let text = formula.text();
        let finish = |block: Evaluated<'_>, terms: &[Term]| {
            let made = || block.finish(text, false, constant || intercept, &kept);
            if terms.is_empty() { Ok(None) } else { made().map(|(terms, x)| Some(Block { terms, x })) }
        };
        let endogenous = finish(endogenous, formula.endogenous())?;
        let instruments = finish(instruments, formula.instruments())?;
        let (terms, x) = regressors.finish(text, intercept, constant || intercept, &kept)?;
        Ok(Self {
            outcome: pick(&outcome, &kept).into(),
            outcome_name: formula.outcome().to_string(),
            x,
            absorbed: effects.into_iter().map(|effect| effect.restrict(&kept)).collect(),
            endogenous,
            instruments,
            dropped: rows.dropped,
            rows: kept,
            terms,
            effects: formula.effects().to_vec(),
        })
    }

    /// The names of the columns of `x`.
    pub fn names(&self) -> &[String] {
        self.terms.names()
    }

    /// How the columns of `x` are made, for new data.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How the absorbed effects are made, for new data.
    pub fn effects(&self) -> Effects {
        Effects {
            text: self.terms.text().to_owned(),
            written: self.effects.clone(),
            labels: self.absorbed.iter().map(|a| a.factor.shared_labels()).collect(),
        }
    }

    /// The numbers of an extra on the used rows: a column, or an expression such as `log(population)`.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::Formula`] where it holds text; [`Error::Domain`].
    pub fn number(&self, source: &dyn Source, text: &str) -> Result<Vec<f64>> {
        let evaluator = Evaluator { text, source };
        Ok(pick(&evaluator.numbers(&extra(source, text)?)?, &self.rows))
    }

    /// A column as a factor on the used rows.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`].
    pub fn factor(&self, source: &dyn Source, name: &str) -> Result<Factor> {
        Ok(source.frame().factor(name)?.take(&self.rows))
    }
}

/// A further column, or an expression, that a row must have.
fn need_extra(source: &dyn Source, text: &str, rows: &mut Rows) -> Result<()> {
    if let Ok(Column::Factor(factor)) = source.frame().column(text) {
        rows.need_level(Part::Regressor, &quoted(text), factor.codes());
        return Ok(());
    }
    let expression = extra(source, text)?;
    let evaluator = Evaluator { text, source };
    rows.need(Part::Regressor, &evaluator, &expression, &evaluator.numbers(&expression)?);
    Ok(())
}

/// The numbers of a column, or of an expression such as `log(population)`, in every row of a source.
///
/// # Errors
/// [`Error::UnknownColumn`]; [`Error::Formula`] where it holds text; [`Error::Domain`].
pub fn numbers(source: &dyn Source, text: &str) -> Result<Vec<f64>> {
    let evaluator = Evaluator { text, source };
    Ok(evaluator.numbers(&extra(source, text)?)?.into_owned())
}

/// Whether what [`numbers`] reads under this text is made of a column.
pub fn reads(source: &dyn Source, text: &str, column: &str) -> bool {
    let mut found = false;
    if let Ok(expression) = extra(source, text) {
        expression.visit_columns(&mut |name| found |= name == column);
    }
    found
}

/// A column by its name as it is, or else an expression.
fn extra(source: &dyn Source, text: &str) -> Result<Expression> {
    if source.frame().has(text) {
        return Ok(Expression::Column { name: text.to_owned(), at: At(0) });
    }
    match Expression::parse(text) {
        Ok(
            expression
            @ (Expression::Apply { .. } | Expression::Shift { .. } | Expression::Arithmetic { .. }),
        ) if expression.width() == 1 => Ok(expression),
        Err(error) if text.contains('(') => Err(error),
        _ => Err(Error::unknown_column(text, source.frame().names())),
    }
}

/// The values of some rows.
fn pick(values: &[f64], rows: &[usize]) -> Vec<f64> {
    if rows.len() == values.len() { values.to_vec() } else { rows.iter().map(|&row| values[row]).collect() }
}

fn nothing(rows: usize, dropped: &[Dropped]) -> Error {
    if rows == 0 {
        return Error::NothingToEstimate { why: "the data have no rows".into() };
    }
    let causes: Vec<String> = dropped.iter().map(|d| format!("{} in {}", d.cause, d.count)).collect();
    Error::NothingToEstimate { why: format!("none of {rows} rows is complete: {}", causes.join(", ")) }
}
