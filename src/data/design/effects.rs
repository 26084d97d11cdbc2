//! Absorbed effects: their levels, and their slopes.

use std::borrow::Cow;

use crate::data::design::evaluate::Evaluator;
use crate::data::design::pick;
use crate::data::design::rows::{Part, Rows};
use crate::data::design::terms::recode;
use crate::data::factor::Labels;
use crate::data::formula::{Effect, quoted};
use crate::data::{Factor, Source};
use crate::error::Result;

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

/// How the absorbed effects are made. Kept from the fit, it finds the same levels in new data.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    pub(super) text: String,
    pub(super) written: Vec<Effect>,
    /// The levels at the fit, one list for each [`Absorbed`].
    pub(super) labels: Vec<Labels>,
}

impl Effects {
    /// The effects in new data, one row for each of theirs, coded with the levels of the fit.
    ///
    /// ```
    /// use averted::data::{Design, Formula, Frame};
    /// let data = Frame::new().with_number("y", vec![1.0, 2.0])?.with_number("state", vec![8.0, 9.0])?;
    /// let effects = Design::build(&Formula::parse("y ~ 1 | state")?, &data, &[])?.effects();
    /// let new = Frame::new().with_number("state", vec![9.0])?;
    /// assert_eq!(effects.absorbed(&new)?[0].factor.codes(), [1]);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Design::build`](super::Design::build); [`Error::Domain`](crate::Error::Domain) for a level that the
    /// fit has not seen, naming it and its row.
    pub fn absorbed(&self, source: &dyn Source) -> Result<Vec<Absorbed>> {
        self.absorbed_where(source, |_| true)
    }

    /// Whether levels or slopes are made of this column.
    pub fn uses(&self, column: &str) -> bool {
        let mut found = false;
        for effect in &self.written {
            found |= effect.columns.iter().any(|(name, _)| name == column);
            effect.slopes.iter().for_each(|slope| slope.visit_columns(&mut |name| found |= name == column));
        }
        found
    }

    /// The same, where only some rows are asked for: in others an unseen level is missing, not an error.
    ///
    /// # Errors
    /// As for [`absorbed`](Self::absorbed).
    pub fn absorbed_where(
        &self,
        source: &dyn Source,
        asked: impl Fn(usize) -> bool + Copy,
    ) -> Result<Vec<Absorbed>> {
        let evaluator = Evaluator { text: &self.text, source };
        let mut rows = Rows::all(source.frame().rows());
        let mut values = Vec::new();
        for effect in &self.written {
            values.extend(EffectValues::new(&evaluator, effect, &mut rows)?);
        }
        let coded = |(effect, labels): (EffectValues<'_>, &Labels)| {
            Ok(Absorbed {
                factor: recode(&effect.name, &effect.factor, labels.all(), asked)?,
                name: effect.name,
                slope: effect.slope.map(Cow::into_owned),
                with_intercept: effect.with_intercept,
            })
        };
        values.into_iter().zip(&self.labels).map(coded).collect()
    }
}

/// An effect in every row of the source.
pub(super) struct EffectValues<'a> {
    name: String,
    factor: Cow<'a, Factor>,
    slope: Option<Cow<'a, [f64]>>,
    pub(super) with_intercept: bool,
}

impl<'a> EffectValues<'a> {
    /// One, or one for each slope: `state[a, b]` is `state[a] + state[[b]]`.
    pub(super) fn new(evaluator: &Evaluator<'a>, effect: &Effect, rows: &mut Rows) -> Result<Vec<Self>> {
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

    /// On the used rows only.
    pub(super) fn restrict(self, rows: &[usize]) -> Absorbed {
        Absorbed {
            name: self.name,
            factor: Factor::into_used(self.factor, rows),
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
