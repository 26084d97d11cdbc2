//! What a test of one series says.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::inference::{Cell, Table};

/// What a series is allowed beside the stochastic part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deterministic {
    /// Nothing: a mean of zero.
    None,
    /// A level.
    Level,
    /// A level and a straight line.
    Trend,
    /// A level, a straight line and a parabola.
    Quadratic,
}

impl Deterministic {
    /// How many columns it adds to a regression.
    #[must_use]
    pub fn columns(self) -> usize {
        self as usize
    }
}

impl FromStr for Deterministic {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "none" => Ok(Self::None),
            "level" => Ok(Self::Level),
            "trend" => Ok(Self::Trend),
            "quadratic" => Ok(Self::Quadratic),
            _ => Err(Error::Argument {
                argument: "deterministic".into(),
                value: format!("`{text}`"),
                must: "`none`, `level`, `trend` or `quadratic`".into(),
            }),
        }
    }
}

impl Display for Deterministic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Level => "level",
            Self::Trend => "trend",
            Self::Quadratic => "quadratic",
        })
    }
}

/// The answer of a test: a statistic, how likely so extreme a one is if the null holds, and what the null is.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitRootTest {
    /// The test's name.
    pub method: String,
    /// The series tested.
    pub series: String,
    /// The null hypothesis, in words.
    pub null: String,
    /// What holds if the null does not, in words.
    pub alternative: String,
    /// What the series is allowed beside the stochastic part.
    pub deterministic: Deterministic,
    /// The statistic.
    pub statistic: f64,
    /// The p-value; NaN where only critical values are known.
    pub p_value: f64,
    /// Critical values: level (0.05 for 5 %), value.
    pub critical: Vec<(f64, f64)>,
    /// Whether small statistics speak against the null, or large ones.
    pub rejects_below: bool,
    /// Lags of the differences, or of the long-run variance.
    pub lags: usize,
    /// Rows of the test's regression.
    pub n: usize,
    /// Statistics that come with the test, by name.
    pub further: Vec<(String, f64)>,
    /// True things worth knowing.
    pub notes: Vec<String>,
}

impl UnitRootTest {
    /// Whether the null is rejected at a level: by the critical value of that level, else by the p-value; none where
    /// neither is known.
    ///
    /// ```
    /// use averted::timeseries::unit_root::Kpss;
    /// let walk = [1.0, 2.0, 4.0, 5.0, 7.0, 9.0, 10.0, 12.0, 13.0, 15.0, 16.0, 18.0];
    /// let test = Kpss::new().lags(1).test("walk", &walk)?;
    /// assert_eq!(test.rejects(0.05), Some(true));
    /// # Ok::<(), averted::Error>(())
    /// ```
    #[must_use]
    pub fn rejects(&self, level: f64) -> Option<bool> {
        let known = self.critical.iter().find(|(l, _)| (l - level).abs() < 1e-12);
        if let Some(&(_, value)) = known {
            return Some(if self.rejects_below { self.statistic < value } else { self.statistic > value });
        }
        (!self.p_value.is_nan()).then_some(self.p_value < level)
    }

    /// The test as one table.
    #[must_use]
    pub fn table(&self) -> Table {
        let title =
            format!("{} test of {}, deterministic part: {}", self.method, self.series, self.deterministic);
        let mut names = vec!["statistic".to_owned(), "p_value".into()];
        let mut row = vec![Cell::Number(self.statistic), Cell::Probability(self.p_value)];
        for (level, value) in &self.critical {
            names.push(format!("{} %", 100.0 * level));
            row.push(Cell::Number(*value));
        }
        names.extend(["lags".to_owned(), "n".into()]);
        row.extend([Cell::Count(self.lags as f64), Cell::Count(self.n as f64)]);
        let mut table = Table::new(&names).title(title).note(format!("null: {}", self.null));
        table = table.note(format!("alternative: {}", self.alternative));
        table.push(row);
        for (name, value) in &self.further {
            table = table.note(format!("{name}: {}", crate::inference::significant(*value, 5)));
        }
        self.notes.iter().fold(table, |table, note| table.note(note.clone()))
    }
}

impl Display for UnitRootTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}
