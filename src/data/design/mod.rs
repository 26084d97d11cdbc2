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

mod evaluate;
mod rows;
mod terms;

use std::borrow::Cow;

use ndarray::{Array1, Array2};

use crate::data::design::evaluate::Evaluator;
use crate::data::design::rows::{Part, Rows};
use crate::data::design::terms::Evaluated;
use crate::data::formula::{At, Effect, Expression, Formula, Term, quoted};
use crate::data::{Column, Factor, Source};
use crate::error::{Error, Result};

pub use rows::Dropped;
pub use terms::{Reference, Terms};

/// An absorbed effect on the used rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Absorbed {
    /// As it is written.
    pub name: String,
    /// The level of every used row; every level has a row.
    pub factor: Factor,
    /// What has a slope of its own in every level, if anything.
    pub slope: Option<Vec<f64>>,
    /// Whether every level has an intercept.
    pub with_intercept: bool,
}

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
}

impl Design {
    /// Evaluates a formula. `extras` name more columns that a row must have: population, weights, clusters.
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
        let evaluator = Evaluator { text: formula.text(), source };
        let mut rows = Rows::all(source.frame().rows());

        let outcome = evaluator.numbers(formula.outcome())?;
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
            need_extra(&evaluator, name, &mut rows)?;
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

    /// The numbers of a column on the used rows.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::ColumnKind`].
    pub fn number(&self, source: &dyn Source, name: &str) -> Result<Vec<f64>> {
        Ok(pick(source.frame().number(name)?, &self.rows))
    }

    /// A column as a factor on the used rows.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`].
    pub fn factor(&self, source: &dyn Source, name: &str) -> Result<Factor> {
        Ok(source.frame().factor(name)?.take(&self.rows))
    }
}

/// An effect in every row of the source.
struct EffectValues<'a> {
    name: String,
    factor: Cow<'a, Factor>,
    slope: Option<Cow<'a, [f64]>>,
    with_intercept: bool,
}

impl<'a> EffectValues<'a> {
    /// One, or one for each slope: `state[a, b]` is `state[a] + state[[b]]`.
    fn new(evaluator: &Evaluator<'a>, effect: &Effect, rows: &mut Rows) -> Result<Vec<Self>> {
        let factor = crossed(evaluator, effect, rows)?;
        let names: Vec<String> = effect.columns.iter().map(|(name, _)| quoted(name)).collect();
        let name = names.join("^");
        if effect.slopes.is_empty() {
            return Ok(vec![Self { name, factor, slope: None, with_intercept: true }]);
        }
        let mut made = Vec::new();
        for (i, slope) in effect.slopes.iter().enumerate() {
            let values = evaluator.numbers(slope)?;
            rows.need(Part::Regressor, evaluator, slope, &values);
            let with_intercept = effect.intercept && i == 0;
            let name = if with_intercept { format!("{name}[{slope}]") } else { format!("{name}[[{slope}]]") };
            made.push(Self { name, factor: factor.clone(), slope: Some(values), with_intercept });
        }
        Ok(made)
    }

    fn restrict(self, rows: &[usize]) -> Absorbed {
        Absorbed {
            name: self.name,
            factor: self.factor.take(rows),
            slope: self.slope.map(|values| pick(&values, rows)),
            with_intercept: self.with_intercept,
        }
    }
}

/// The levels of an effect: those of a column, or the combinations of several that occur.
fn crossed<'a>(evaluator: &Evaluator<'a>, effect: &Effect, rows: &mut Rows) -> Result<Cow<'a, Factor>> {
    let mut crossed: Option<Cow<'a, Factor>> = None;
    for (name, at) in &effect.columns {
        let factor = evaluator.factor(name, *at)?;
        rows.need_level(Part::Effect, &quoted(name), factor.codes());
        crossed = Some(match crossed {
            None => factor,
            Some(before) => Cow::Owned(before.cross(&factor)),
        });
    }
    Ok(crossed.unwrap_or_else(|| Cow::Owned(Factor::from_codes(Vec::new(), Vec::new()))))
}

/// A further column that a row must have.
fn need_extra(evaluator: &Evaluator<'_>, name: &str, rows: &mut Rows) -> Result<()> {
    match evaluator.source.frame().column(name)? {
        Column::Number(values) => {
            evaluate::finite(quoted(name), values)?;
            let column = Expression::Column { name: name.to_owned(), at: At(0) };
            rows.need(Part::Regressor, evaluator, &column, values);
        }
        Column::Factor(factor) => rows.need_level(Part::Regressor, &quoted(name), factor.codes()),
    }
    Ok(())
}

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
