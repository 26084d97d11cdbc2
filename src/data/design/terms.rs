//! Terms into columns: which levels get an indicator, what the columns are called, and the matrix they make.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use ndarray::{Array2, ShapeBuilder};

use crate::data::design::derivative::of_products;
use crate::data::design::evaluate::{Evaluator, finite};
use crate::data::design::rows::{Part, Rows};
use crate::data::factor::MISSING;
use crate::data::formula::{At, Expression, Term, Variable, error_at, quoted};
use crate::data::{Column, Factor, Source};
use crate::error::{Error, Result};

/// More numbers than this in one matrix (4 GB) are refused: a column of names has slipped in as a term.
const MOST_NUMBERS: usize = 1 << 29;

/// A level that has no indicator: the coefficients of its column compare with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The column.
    pub column: String,
    /// The level left out.
    pub level: String,
}

/// A column of the data that regressors are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Its name.
    pub column: String,
    /// Its levels at the fit, the reference first; none for a column of numbers.
    pub levels: Vec<String>,
}

/// What the columns of a matrix are made of. Kept from the fit, it makes the same columns of new data.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    text: String,
    intercept: bool,
    variables: Vec<Known>,
    columns: Vec<Recipe>,
    names: Vec<String>,
    references: Vec<Reference>,
}

/// A variable as it was at the fit.
#[derive(Debug, Clone, PartialEq)]
enum Known {
    Number(Expression),
    Levels { column: String, at: At, labels: Vec<String> },
}

/// A column: the product of some numbers and some indicators.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Recipe {
    numbers: Vec<usize>,
    levels: Vec<(usize, u32)>,
}

/// A variable with its values in every row of a source.
pub(super) enum Values<'a> {
    Number { expression: Expression, values: Cow<'a, [f64]> },
    Levels { column: String, at: At, factor: Cow<'a, Factor>, reference: Option<String> },
}

/// Terms whose variables have been evaluated: each term lists, variable by variable, the alternatives.
pub(super) struct Evaluated<'a> {
    variables: Vec<Values<'a>>,
    /// For each term, for each of its variables, the places in `variables` (several where a lag has a range).
    terms: Vec<Vec<Vec<usize>>>,
}

impl<'a> Evaluated<'a> {
    /// Evaluates what the terms are made of, each thing once.
    pub(super) fn new(evaluator: &Evaluator<'a>, terms: &[Term]) -> Result<Self> {
        let mut seen: Vec<(&Variable, Vec<usize>)> = Vec::new();
        let mut evaluated = Self { variables: Vec::new(), terms: Vec::new() };
        for term in terms {
            let mut places = Vec::new();
            for variable in &term.variables {
                if let Some((_, known)) = seen.iter().find(|(v, _)| *v == variable) {
                    places.push(known.clone());
                    continue;
                }
                let new = evaluated.evaluate(evaluator, variable)?;
                seen.push((variable, new.clone()));
                places.push(new);
            }
            evaluated.terms.push(places);
        }
        Ok(evaluated)
    }

    fn evaluate(&mut self, evaluator: &Evaluator<'a>, variable: &Variable) -> Result<Vec<usize>> {
        match variable {
            Variable::Levels { column, reference, at } => {
                let factor = evaluator.factor(column, *at)?;
                if let Some(label) = reference.as_ref().filter(|label| factor.code(label).is_none()) {
                    return Err(unknown_level(evaluator.text, *at, column, label, &factor));
                }
                Ok(vec![self.levels(column, *at, factor, reference.clone())])
            }
            Variable::Expression(Expression::Column { name, at })
                if matches!(evaluator.column(name, *at)?, Column::Factor(_)) =>
            {
                let factor = evaluator.factor(name, *at)?;
                Ok(vec![self.levels(name, *at, factor, None)])
            }
            Variable::Expression(expression) => {
                let mut places = Vec::new();
                for expression in expression.columns() {
                    // Ranges may overlap.
                    let same = |v: &Values<'_>| match v {
                        Values::Number { expression: known, .. } => *known == expression,
                        Values::Levels { .. } => false,
                    };
                    if let Some(known) = self.variables.iter().position(same) {
                        places.push(known);
                        continue;
                    }
                    let values = evaluator.numbers(&expression)?;
                    places.push(self.variables.len());
                    self.variables.push(Values::Number { expression, values });
                }
                Ok(places)
            }
        }
    }

    /// The place of a factor: `r` of text and `i(r)` are one.
    fn levels(&mut self, name: &str, at: At, factor: Cow<'a, Factor>, stated: Option<String>) -> usize {
        let same = |v: &Values<'_>| match v {
            Values::Levels { column, reference, .. } => column == name && *reference == stated,
            Values::Number { .. } => false,
        };
        if let Some(known) = self.variables.iter().position(same) {
            return known;
        }
        self.variables.push(Values::Levels { column: name.to_owned(), at, factor, reference: stated });
        self.variables.len() - 1
    }

    /// Takes out the rows where something is missing.
    pub(super) fn need(&self, evaluator: &Evaluator<'_>, rows: &mut Rows) {
        for variable in &self.variables {
            match variable {
                Values::Number { expression, values } => {
                    rows.need(Part::Regressor, evaluator, expression, values);
                }
                Values::Levels { column, factor, .. } => {
                    rows.need_level(Part::Regressor, &quoted(column), factor.codes());
                }
            }
        }
    }

    /// Decides on the columns and makes the matrix. `constant`: an intercept or an absorbed effect is there.
    pub(super) fn finish(
        self,
        text: &str,
        intercept: bool,
        constant: bool,
        rows: &[usize],
    ) -> Result<(Terms, Array2<f64>)> {
        let all = self.variables.first().map_or(rows.len(), Values::rows) == rows.len();
        // A level that no used row has would be a column of zeros.
        let variables: Vec<Values<'_>> = self.variables.into_iter().map(|v| v.restrict(rows)).collect();
        let mut terms = Terms {
            text: text.to_owned(),
            intercept,
            variables: variables.iter().map(Values::known).collect(),
            columns: Vec::new(),
            names: Vec::new(),
            references: Vec::new(),
        };
        terms.code(&self.terms, &variables, constant, rows.len())?;
        let picked = if all { None } else { Some(rows) };
        let matrix = terms.fill(&variables, picked, rows.len())?;
        Ok((terms, matrix))
    }
}

impl Values<'_> {
    fn rows(&self) -> usize {
        match self {
            Self::Number { values, .. } => values.len(),
            Self::Levels { factor, .. } => factor.rows(),
        }
    }

    /// Factors with the used rows and levels only; numbers are picked when the matrix is filled.
    fn restrict(self, rows: &[usize]) -> Self {
        match self {
            Self::Levels { column, at, factor, reference } => {
                let factor = Cow::Owned(Factor::into_used(factor, rows));
                Self::Levels { column, at, factor, reference }
            }
            number @ Self::Number { .. } => number,
        }
    }

    fn known(&self) -> Known {
        match self {
            Self::Number { expression, .. } => Known::Number(expression.clone()),
            Self::Levels { column, at, factor, .. } => {
                Known::Levels { column: column.clone(), at: *at, labels: factor.labels().to_vec() }
            }
        }
    }
}

fn unknown_level(text: &str, at: At, column: &str, label: &str, factor: &Factor) -> Error {
    let levels = factor.labels().iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if factor.levels() > 5 { ", …" } else { "" };
    let message =
        format!("{} has no level {label} to refer to; the rows have {levels}{more}", quoted(column));
    error_at(text, at.0, message)
}

impl Terms {
    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The formula.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The levels that the indicators compare with.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The matrix of new data, one row for each of theirs, NaN where something is missing.
    ///
    /// ```
    /// use averted::data::{Design, Formula, Frame};
    /// let data = Frame::new().with_number("y", vec![1.0, 2.0])?.with_number("x", vec![3.0, 4.0])?;
    /// let design = Design::build(&Formula::parse("y ~ I(x^2)")?, &data, &[])?;
    /// let new = Frame::new().with_number("x", vec![5.0])?;
    /// assert_eq!(design.terms().matrix(&new)?.row(0).to_vec(), [1.0, 25.0]);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Design::build`](super::Design::build); [`Error::Domain`] for a level that the fit has not seen.
    pub fn matrix(&self, source: &dyn Source) -> Result<Array2<f64>> {
        self.matrix_where(source, |_| true)
    }

    /// The same, where only some rows are asked for: in others an unseen level is missing, not an error.
    ///
    /// # Errors
    /// As for [`matrix`](Self::matrix).
    pub fn matrix_where(
        &self,
        source: &dyn Source,
        asked: impl Fn(usize) -> bool + Copy,
    ) -> Result<Array2<f64>> {
        let variables = self.values(source, asked)?;
        self.fill(&variables, None, source.frame().rows())
    }

    /// How every entry of [`matrix_where`](Self::matrix_where) moves when this column of numbers moves by one in all
    /// rows at once: exact derivatives.
    ///
    /// ```
    /// use averted::data::{Design, Formula, Frame};
    /// let data = Frame::new().with_number("y", vec![1.0, 2.0])?.with_number("x", vec![3.0, 4.0])?;
    /// let design = Design::build(&Formula::parse("y ~ I(x^2)")?, &data, &[])?;
    /// assert_eq!(design.terms().derivative(&data, "x", |_| true)?.column(1).to_vec(), [6.0, 8.0]);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`matrix`](Self::matrix).
    pub fn derivative(
        &self,
        source: &dyn Source,
        column: &str,
        asked: impl Fn(usize) -> bool + Copy,
    ) -> Result<Array2<f64>> {
        let evaluator = Evaluator { text: &self.text, source };
        let variables = self.values(source, asked)?;
        let moves = |known: &Known| match known {
            Known::Number(expression) => evaluator.derivative(expression, column),
            Known::Levels { .. } => Ok(None),
        };
        let moves = self.variables.iter().map(moves).collect::<Result<Vec<_>>>()?;
        let factor = |&place: &usize| match &variables[place] {
            Values::Number { values, .. } => Some((values.as_ref(), moves[place].as_deref())),
            Values::Levels { .. } => None,
        };
        let numbers: Vec<Vec<_>> =
            self.columns.iter().map(|recipe| recipe.numbers.iter().filter_map(factor).collect()).collect();
        let indicator = |column: usize, row: usize| {
            let has = |&(variable, level): &(usize, u32)| match &variables[variable] {
                Values::Levels { factor, .. } if factor.codes()[row] == MISSING => f64::NAN,
                Values::Levels { factor, .. } => f64::from(u8::from(factor.codes()[row] == level)),
                Values::Number { .. } => 1.0,
            };
            self.columns[column].levels.iter().map(has).product()
        };
        Ok(of_products(source.frame().rows(), &numbers, indicator))
    }

    /// The columns of the data that the regressors are made of, in order of appearance.
    pub fn used(&self) -> Vec<Used> {
        let mut used: Vec<Used> = Vec::new();
        let mut add = |new: Used| {
            if !used.iter().any(|known| known.column == new.column) {
                used.push(new);
            }
        };
        for variable in &self.variables {
            match variable {
                Known::Number(expression) => expression
                    .visit_columns(&mut |name| add(Used { column: name.to_owned(), levels: Vec::new() })),
                Known::Levels { column, labels, .. } => {
                    let mut levels = labels.clone();
                    let reference = self.references.iter().find(|r| r.column == *column);
                    if let Some(at) = reference.and_then(|r| levels.iter().position(|l| *l == r.level)) {
                        let first = levels.remove(at);
                        levels.insert(0, first);
                    }
                    add(Used { column: column.clone(), levels });
                }
            }
        }
        used
    }

    /// What the columns are made of, in every row of a source.
    fn values<'a>(
        &'a self,
        source: &'a dyn Source,
        asked: impl Fn(usize) -> bool + Copy,
    ) -> Result<Vec<Values<'a>>> {
        let evaluator = Evaluator { text: &self.text, source };
        let value = |known: &Known| {
            Ok(match known {
                Known::Number(expression) => {
                    Values::Number { expression: expression.clone(), values: evaluator.numbers(expression)? }
                }
                Known::Levels { column, at, labels } => {
                    let factor = recode(column, &*evaluator.factor(column, *at)?, labels, asked)?;
                    Values::Levels {
                        column: column.clone(),
                        at: *at,
                        factor: Cow::Owned(factor),
                        reference: None,
                    }
                }
            })
        };
        self.variables.iter().map(value).collect()
    }

    /// Lists the columns of every term.
    ///
    /// A factor in a term leaves its first level out when the term without the factor is in the model as well
    /// (nothing left means the constant): the rule of Chambers and Hastie (1992), Statistical Models in S, 2.4.1.
    fn code(
        &mut self,
        terms: &[Vec<Vec<usize>>],
        variables: &[Values<'_>],
        constant: bool,
        rows: usize,
    ) -> Result<()> {
        if self.intercept {
            self.push(Recipe::default(), "(Intercept)".into());
        }
        let mut constant = constant;
        let mut seen = HashSet::new();
        for term in terms {
            let mut recipes = vec![(Recipe::default(), Vec::<String>::new())];
            for (i, places) in term.iter().enumerate() {
                let rest: Vec<&Vec<usize>> =
                    term.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, p)| p).collect();
                let margin = if rest.is_empty() { constant } else { contains(terms, &rest) };
                let choices = self.choices(places, variables, margin)?;
                let wide = self.columns.len() + recipes.len().saturating_mul(choices.len());
                if wide.saturating_mul(rows) > MOST_NUMBERS || wide > 1 << 20 {
                    return Err(self.too_wide(wide, rows, places, variables));
                }
                // Indicators of every level add up to the constant: the next factor leaves a level out.
                constant |= rest.is_empty() && is_complete(&variables[places[0]], choices.len());
                let extend = |(recipe, name): &(Recipe, Vec<String>)| {
                    choices
                        .iter()
                        .map(|choice| {
                            let (mut recipe, mut name) = (recipe.clone(), name.clone());
                            choice.add_to(&mut recipe);
                            name.push(choice.name.clone());
                            (recipe, name)
                        })
                        .collect::<Vec<_>>()
                };
                recipes = recipes.iter().flat_map(extend).collect();
            }
            for (mut recipe, name) in recipes {
                recipe.numbers.sort_unstable();
                recipe.levels.sort_unstable();
                if seen.insert(recipe.clone()) {
                    self.push(recipe, name.join(":"));
                }
            }
        }
        Ok(())
    }

    /// The columns that a variable contributes; `margin`: a level left out is covered by another term.
    fn choices(&mut self, places: &[usize], variables: &[Values<'_>], margin: bool) -> Result<Vec<Choice>> {
        let mut choices = Vec::new();
        for &place in places {
            match &variables[place] {
                Values::Number { expression, .. } => {
                    choices.push(Choice { number: Some(place), level: None, name: expression.to_string() });
                }
                Values::Levels { column, at, factor, reference } => {
                    let left_out = match reference {
                        // A level without a used row has no column that could be left out.
                        Some(label) => match factor.code(label) {
                            None if margin => {
                                return Err(unknown_level(&self.text, *at, column, label, factor));
                            }
                            code => code,
                        },
                        None => (margin && factor.levels() > 0).then_some(0),
                    };
                    if let Some(code) = left_out {
                        let level = factor.labels()[code as usize].clone();
                        let reference = Reference { column: column.clone(), level };
                        if !self.references.contains(&reference) {
                            self.references.push(reference);
                        }
                    }
                    for (code, label) in
                        (0_u32..).zip(factor.labels()).filter(|(code, _)| Some(*code) != left_out)
                    {
                        let name = format!("{}[{label}]", quoted(column));
                        choices.push(Choice { number: None, level: Some((place, code)), name });
                    }
                }
            }
        }
        Ok(choices)
    }

    fn push(&mut self, recipe: Recipe, name: String) {
        self.columns.push(recipe);
        self.names.push(name);
    }

    fn too_wide(&self, columns: usize, rows: usize, places: &[usize], variables: &[Values<'_>]) -> Error {
        let (at, what, remedy) = match &variables[places[0]] {
            Values::Levels { column, at, factor, .. } => {
                let name = quoted(column);
                (
                    at.0,
                    format!("the {} levels of {name}", factor.levels()),
                    format!("absorb them: … | {name}"),
                )
            }
            Values::Number { expression, .. } => (0, expression.to_string(), "shorten its range".into()),
        };
        let message =
            format!("{what} make a matrix of {rows} rows and {columns} columns, too large; {remedy}");
        error_at(&self.text, at, message)
    }

    /// The matrix, column by column.
    fn fill(&self, variables: &[Values<'_>], picked: Option<&[usize]>, rows: usize) -> Result<Array2<f64>> {
        let mut values: Vec<f64> = Vec::with_capacity(rows * self.columns.len());
        for (recipe, name) in self.columns.iter().zip(&self.names) {
            let start = values.len();
            let mut numbers = recipe.numbers.iter().filter_map(|&v| match &variables[v] {
                Values::Number { values, .. } => Some(values.as_ref()),
                Values::Levels { .. } => None,
            });
            match (numbers.next(), picked) {
                (None, _) => values.resize(start + rows, 1.0),
                (Some(column), None) => values.extend_from_slice(column),
                (Some(column), Some(picked)) => values.extend(picked.iter().map(|&row| column[row])),
            }
            let column = &mut values[start..];
            for other in numbers {
                match picked {
                    None => column.iter_mut().zip(other).for_each(|(v, o)| *v *= o),
                    Some(picked) => column.iter_mut().zip(picked).for_each(|(v, &row)| *v *= other[row]),
                }
            }
            for &(variable, level) in &recipe.levels {
                let Values::Levels { factor, .. } = &variables[variable] else { continue };
                for (v, &code) in column.iter_mut().zip(factor.codes()) {
                    if code == MISSING {
                        *v = f64::NAN;
                    } else if code != level && !v.is_nan() {
                        *v = 0.0;
                    }
                }
            }
            finite(name.clone(), column)?;
        }
        Array2::from_shape_vec((rows, self.columns.len()).f(), values).map_err(|_| Error::Shape {
            what: "design matrix".into(),
            expected: format!("{rows} rows"),
            found: "another number".into(),
        })
    }
}

/// One way to take a variable: its number, or one of its levels.
struct Choice {
    number: Option<usize>,
    level: Option<(usize, u32)>,
    name: String,
}

impl Choice {
    fn add_to(&self, recipe: &mut Recipe) {
        recipe.numbers.extend(self.number);
        recipe.levels.extend(self.level);
    }
}

/// Whether a factor has as many indicators as levels.
fn is_complete(variable: &Values<'_>, indicators: usize) -> bool {
    matches!(variable, Values::Levels { factor, .. } if factor.levels() == indicators)
}

/// Whether a term of exactly these variables is in the model.
fn contains(terms: &[Vec<Vec<usize>>], variables: &[&Vec<usize>]) -> bool {
    let same =
        |term: &Vec<Vec<usize>>| term.len() == variables.len() && variables.iter().all(|v| term.contains(v));
    terms.iter().any(same)
}

/// The codes that the labels had at the fit. A label that it did not have is missing in a row that is not `asked` for.
pub(super) fn recode(
    column: &str,
    factor: &Factor,
    labels: &[String],
    asked: impl Fn(usize) -> bool,
) -> Result<Factor> {
    let codes: HashMap<&str, u32> = labels.iter().map(String::as_str).zip(0..).collect();
    let known = |label: &String| codes.get(label.as_str()).copied().unwrap_or(MISSING);
    let table: Vec<u32> = factor.labels().iter().map(known).collect();
    let code = |(row, &code): (usize, &u32)| match table.get(code as usize) {
        None => Ok(MISSING),
        Some(&MISSING) if !asked(row) => Ok(MISSING),
        Some(&MISSING) => Err(Error::Domain {
            what: column.to_owned(),
            row,
            value: factor.label(row).unwrap_or_default().to_owned(),
            must: format!("one of the {} levels seen at the fit", labels.len()),
        }),
        Some(&code) => Ok(code),
    };
    let codes = factor.codes().iter().enumerate().map(code).collect::<Result<Vec<_>>>()?;
    Ok(Factor::from_codes(codes, labels.to_vec()))
}
