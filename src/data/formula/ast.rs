//! What a formula says, as a tree, and how the tree is written down again.

use std::fmt;

use crate::data::factor::number_label;

/// Where a piece stands in the text, in characters from 0.
///
/// The place is no part of the meaning: pieces that differ in nothing else are equal.
#[derive(Debug, Clone, Copy)]
pub struct At(pub usize);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Something that has a number in every row.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// The same number in every row.
    Number(f64),
    /// A column.
    Column {
        /// Its name.
        name: String,
        /// Its place.
        at: At,
    },
    /// A function of the numbers in a row.
    Apply {
        /// Which.
        function: Function,
        /// Of what.
        argument: Box<Expression>,
        /// Its place.
        at: At,
    },
    /// Values of other periods of the same unit.
    Shift {
        /// Lag, lead or difference.
        kind: Shift,
        /// Of what.
        argument: Box<Expression>,
        /// How many periods: one column for each number from the first to the second.
        periods: (i64, i64),
        /// Its place.
        at: At,
    },
    /// Two expressions and an operator.
    Arithmetic {
        /// Which operator.
        operator: Operator,
        /// What stands before it.
        left: Box<Expression>,
        /// What stands after it.
        right: Box<Expression>,
    },
    /// The negative.
    Negative(Box<Expression>),
}

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The natural logarithm.
    Log,
    /// log(1 + x).
    Log1p,
    /// The exponential.
    Exp,
    /// The square root.
    Sqrt,
    /// The absolute value.
    Abs,
    /// The number itself: `I( )` marks arithmetic among terms.
    Identity,
}

impl Function {
    /// All, for looking up by name.
    pub(super) const ALL: [Self; 6] =
        [Self::Log, Self::Log1p, Self::Exp, Self::Sqrt, Self::Abs, Self::Identity];

    /// The name it is written with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Log1p => "log1p",
            Self::Exp => "exp",
            Self::Sqrt => "sqrt",
            Self::Abs => "abs",
            Self::Identity => "I",
        }
    }
}

/// Which other period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// x some periods earlier.
    Lag,
    /// x some periods later.
    Lead,
    /// x less x some periods earlier.
    Difference,
}

impl Shift {
    /// The name it is written with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lag => "lag",
            Self::Lead => "lead",
            Self::Difference => "diff",
        }
    }
}

/// An operator of arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// +
    Plus,
    /// −
    Minus,
    /// ×
    Times,
    /// ÷
    Over,
    /// ^
    Power,
}

/// One piece of a term.
#[derive(Debug, Clone, PartialEq)]
pub enum Variable {
    /// Numbers, or the levels of a column of text.
    Expression(Expression),
    /// `i(f, ref = …)`: an indicator for every level but the reference.
    Levels {
        /// The column.
        column: String,
        /// The level left out, as a label.
        reference: Option<String>,
        /// Its place.
        at: At,
    },
}

/// The product of its variables: one for `x`, two for `x:z`.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// At least one.
    pub variables: Vec<Variable>,
}

impl Term {
    /// Whether both are the product of the same variables, in any order.
    pub(super) fn same(&self, other: &Self) -> bool {
        let within = |a: &Self, b: &Self| a.variables.iter().all(|v| b.variables.contains(v));
        within(self, other) && within(other, self)
    }
}

/// A fixed effect that is absorbed.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The columns whose crossing gives the levels, with their places.
    pub columns: Vec<(String, At)>,
    /// What has a slope of its own in every level.
    pub slopes: Vec<Expression>,
    /// Whether every level has an intercept: not in `unit[[t]]`.
    pub intercept: bool,
}

/// A name as a formula wants it: in backquotes unless it is a plain word.
///
/// ```
/// use averted::data::quoted;
/// assert_eq!(quoted("deaths"), "deaths");
/// assert_eq!(quoted("Crude Rate"), "`Crude Rate`");
/// ```
pub fn quoted(name: &str) -> String {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if starts && name.chars().all(is_word) {
        name.to_owned()
    } else {
        format!("`{}`", name.replace('`', "``"))
    }
}

/// A letter of a plain name.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

impl Expression {
    /// How tightly it holds together: sums 1, products 2, signs 3, powers 4, the rest 5.
    fn strength(&self) -> u8 {
        match self {
            Self::Arithmetic { operator: Operator::Plus | Operator::Minus, .. } => 1,
            Self::Arithmetic { operator: Operator::Times | Operator::Over, .. } => 2,
            Self::Negative(_) => 3,
            Self::Arithmetic { operator: Operator::Power, .. } => 4,
            _ => 5,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        if self.strength() < least { write!(f, "({self})") } else { write!(f, "{self}") }
    }

    /// Arithmetic among terms stands in `I( )`.
    pub(super) fn into_term(self, at: At) -> Self {
        match self {
            Self::Column { .. } | Self::Apply { .. } | Self::Shift { .. } => self,
            _ => Self::Apply { function: Function::Identity, argument: Box::new(self), at },
        }
    }

    /// How many columns it stands for: more than one where a lag has a range.
    pub fn width(&self) -> usize {
        match self {
            Self::Number(_) | Self::Column { .. } => 1,
            Self::Apply { argument, .. } | Self::Negative(argument) => argument.width(),
            Self::Shift { argument, periods, .. } => argument
                .width()
                .saturating_mul(usize::try_from(periods.1 - periods.0 + 1).unwrap_or(usize::MAX)),
            Self::Arithmetic { left, right, .. } => left.width().saturating_mul(right.width()),
        }
    }

    /// One expression for each column, ranges resolved.
    pub fn columns(&self) -> Vec<Self> {
        match self {
            Self::Number(_) | Self::Column { .. } => vec![self.clone()],
            Self::Apply { function, argument, at } => {
                let apply =
                    |argument| Self::Apply { function: *function, argument: Box::new(argument), at: *at };
                argument.columns().into_iter().map(apply).collect()
            }
            Self::Negative(argument) => {
                argument.columns().into_iter().map(|a| Self::Negative(Box::new(a))).collect()
            }
            Self::Shift { kind, argument, periods, at } => {
                let shift = |argument: &Self, by| Self::Shift {
                    kind: *kind,
                    argument: Box::new(argument.clone()),
                    periods: (by, by),
                    at: *at,
                };
                let each = |argument: Self| (periods.0..=periods.1).map(move |by| shift(&argument, by));
                argument.columns().into_iter().flat_map(each).collect()
            }
            Self::Arithmetic { operator, left, right } => {
                let rights = right.columns();
                let both = |left: &Self, right: &Self| Self::Arithmetic {
                    operator: *operator,
                    left: Box::new(left.clone()),
                    right: Box::new(right.clone()),
                };
                left.columns().iter().flat_map(|l| rights.iter().map(move |r| both(l, r))).collect()
            }
        }
    }

    /// Calls `visit` with the name of every column in it.
    pub(in crate::data) fn visit_columns<'a>(&'a self, visit: &mut impl FnMut(&'a str)) {
        match self {
            Self::Number(_) => {}
            Self::Column { name, .. } => visit(name),
            Self::Apply { argument, .. } | Self::Shift { argument, .. } | Self::Negative(argument) => {
                argument.visit_columns(visit);
            }
            Self::Arithmetic { left, right, .. } => {
                left.visit_columns(visit);
                right.visit_columns(visit);
            }
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Column { name, .. } => f.write_str(&quoted(name)),
            Self::Apply { function, argument, .. } => write!(f, "{}({argument})", function.name()),
            Self::Shift { kind, argument, periods: (first, last), .. } if first == last => {
                write!(f, "{}({argument}, {first})", kind.name())
            }
            Self::Shift { kind, argument, periods: (first, last), .. } => {
                write!(f, "{}({argument}, {first}:{last})", kind.name())
            }
            Self::Negative(argument) => {
                f.write_str("-")?;
                argument.write(f, 3)
            }
            Self::Arithmetic { operator, left, right } => {
                let (sign, least_left, least_right) = match operator {
                    Operator::Plus => (" + ", 1, 2),
                    Operator::Minus => (" - ", 1, 2),
                    Operator::Times => (" * ", 2, 3),
                    Operator::Over => (" / ", 2, 3),
                    Operator::Power => ("^", 5, 3),
                };
                left.write(f, least_left)?;
                f.write_str(sign)?;
                right.write(f, least_right)
            }
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expression(expression) => write!(f, "{expression}"),
            Self::Levels { column, reference: None, .. } => write!(f, "i({})", quoted(column)),
            Self::Levels { column, reference: Some(label), .. } => {
                write!(f, "i({}, ref = \"{}\")", quoted(column), label.replace('"', "\"\""))
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(f, &self.variables, ":")
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quoted(name)).collect();
        join(f, &names, "^")?;
        if self.slopes.is_empty() {
            return Ok(());
        }
        let (open, close) = if self.intercept { ("[", "]") } else { ("[[", "]]") };
        f.write_str(open)?;
        join(f, &self.slopes, ", ")?;
        f.write_str(close)
    }
}

pub(super) fn join<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], between: &str) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

/// A reference level given as a number, as the label that a factor of numbers has.
pub(super) fn label_of(value: f64) -> String {
    number_label(value)
}
