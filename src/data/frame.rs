//! Named columns of one length: the plain table that every method reads.

use std::sync::Arc;

use crate::data::factor::Factor;
use crate::error::{Error, Result};

/// A column: numbers (NaN missing) or a factor.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers, NaN where missing.
    Number(Vec<f64>),
    /// Text or categories.
    Factor(Factor),
}

impl Column {
    /// How many rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Factor(factor) => factor.rows(),
        }
    }

    /// Text in words, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "numbers",
            Self::Factor(_) => "text",
        }
    }
}

/// Named columns of one length. Cloning is cheap: columns are shared and never changed.
///
/// ```
/// use averted::data::Frame;
/// let frame = Frame::new()
///     .with_number("deaths", vec![12.0, f64::NAN])?
///     .with_text("state", &[Some("Sonora"), Some("Oaxaca")])?;
/// assert_eq!(frame.rows(), 2);
/// assert_eq!(frame.factor("state")?.label(1), Some("Oaxaca"));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    columns: Vec<(String, Arc<Column>)>,
    rows: usize,
}

impl Frame {
    /// No columns yet; the first one sets the number of rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a column of numbers, NaN missing; a column of that name is replaced.
    ///
    /// # Errors
    /// [`Error::Shape`] when its length differs from the other columns'.
    pub fn with_number(self, name: &str, values: Vec<f64>) -> Result<Self> {
        self.with_column(name, Column::Number(values))
    }

    /// With a column of text, `None` missing; a column of that name is replaced.
    ///
    /// # Errors
    /// [`Error::Shape`] when its length differs from the other columns'.
    pub fn with_text<S: AsRef<str>>(self, name: &str, values: &[Option<S>]) -> Result<Self> {
        self.with_column(name, Column::Factor(Factor::from_text(values)))
    }

    /// With a column of either kind; a column of that name is replaced.
    ///
    /// # Errors
    /// [`Error::Shape`] when its length differs from the other columns', or does not fit 32 bits.
    pub fn with_column(mut self, name: &str, column: Column) -> Result<Self> {
        if !self.columns.is_empty() && column.rows() != self.rows {
            return Err(Error::Shape {
                what: format!("column `{name}`"),
                expected: format!("{} rows", self.rows),
                found: format!("{} rows", column.rows()),
            });
        }
        if column.rows() >= u32::MAX as usize {
            return Err(Error::Shape {
                what: format!("column `{name}`"),
                expected: "fewer than 4,294,967,295 rows".into(),
                found: column.rows().to_string(),
            });
        }
        self.rows = column.rows();
        let column = Arc::new(column);
        match self.columns.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = column,
            None => self.columns.push((name.to_owned(), column)),
        }
        Ok(self)
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Whether there is such a column.
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|n| n == name)
    }

    /// The column.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], with the nearest name.
    pub fn column(&self, name: &str) -> Result<&Column> {
        let found = self.columns.iter().find(|(n, _)| n == name);
        found.map(|(_, c)| c.as_ref()).ok_or_else(|| Error::unknown_column(name, self.names()))
    }

    /// The numbers of a column.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::ColumnKind`] when it holds text.
    pub fn number(&self, name: &str) -> Result<&[f64]> {
        match self.column(name)? {
            Column::Number(values) => Ok(values),
            Column::Factor(_) => {
                Err(Error::ColumnKind { name: name.to_owned(), found: "text", needed: "numbers" })
            }
        }
    }

    /// The column as a factor; every distinct number is a level.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`].
    pub fn factor(&self, name: &str) -> Result<Factor> {
        Ok(match self.column(name)? {
            Column::Number(values) => Factor::from_numbers(values),
            Column::Factor(factor) => factor.clone(),
        })
    }
}
