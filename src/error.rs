//! One error type for the whole library, its variants named from the caller's side and carrying evidence.

/// The result of anything that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

/// What was wrong with the input, or why a fit stopped.
///
/// Row numbers count from 0 in the data as they were given.
///
/// ```
/// use averted::data::Frame;
/// let frame = Frame::new().with_number("deaths", vec![3.0])?;
/// let error = frame.number("death").unwrap_err();
/// assert_eq!(error.to_string(), "no column `death`; did you mean `deaths`?");
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two things that must have one length do not.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// What was measured.
        what: String,
        /// The length or shape that was needed.
        expected: String,
        /// The length or shape that was given.
        found: String,
    },
    /// A value lies outside what the model can take.
    #[error("`{what}`, row {row}: {} must be {must}", short(value))]
    Domain {
        /// The column or argument.
        what: String,
        /// The first offending row.
        row: usize,
        /// Its value, as printed.
        value: String,
        /// What would have been right.
        must: String,
    },
    /// An option or argument that makes no sense, with what would.
    #[error("{argument} = {value}: must be {must}")]
    Argument {
        /// The argument's name.
        argument: String,
        /// What was given.
        value: String,
        /// What would have been right.
        must: String,
    },
    /// Values are missing where the method needs them.
    #[error("`{what}` is missing in {count} rows, first in row {first}")]
    Missing {
        /// The column.
        what: String,
        /// How many rows.
        count: usize,
        /// The first of them.
        first: usize,
    },
    /// Too few observations for the question.
    #[error("{what}: {found} observations, at least {needed} are needed")]
    TooShort {
        /// The series or sample.
        what: String,
        /// The least number that would do.
        needed: usize,
        /// The number there is.
        found: usize,
    },
    /// Nothing is left to estimate.
    #[error("nothing to estimate: {why}")]
    NothingToEstimate {
        /// The cause, naming the columns.
        why: String,
    },
    /// Instruments that do not determine the coefficients of what they stand for.
    #[error(
        "not identified: {} instrumented by {}: {why}",
        endogenous.join(", "),
        if instruments.is_empty() { "nothing".to_owned() } else { instruments.join(", ") }
    )]
    NotIdentified {
        /// The endogenous regressors.
        endogenous: Vec<String>,
        /// The instruments that are left.
        instruments: Vec<String>,
        /// What is missing.
        why: String,
    },
    /// A column that is not there.
    #[error("no column `{name}`{}", did_you_mean.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    UnknownColumn {
        /// The name asked for.
        name: String,
        /// The nearest name there is.
        did_you_mean: Option<String>,
    },
    /// A column holds text where numbers are needed, or the reverse.
    #[error("column `{name}` holds {found}, {needed} needed")]
    ColumnKind {
        /// The column.
        name: String,
        /// What it holds.
        found: &'static str,
        /// What was needed.
        needed: &'static str,
    },
    /// A formula that cannot be read.
    #[error("{message}\n  {text}\n  {caret:>width$}", caret = "^", width = at + 1)]
    Formula {
        /// The formula.
        text: String,
        /// The position, in characters from 0.
        at: usize,
        /// What is wrong there.
        message: String,
    },
    /// A text that cannot be read as what it should be.
    #[error("{what}, line {line}: `{text}` is not {must}")]
    Parse {
        /// The file or column.
        what: String,
        /// The line (files, from 1) or row (columns, from 0).
        line: usize,
        /// The text found.
        text: String,
        /// What would have been right.
        must: String,
    },
    /// The same unit and time more than once.
    #[error(
        "{count} unit-time cells appear more than once; first: {unit}, {time} in rows {first} and {second}"
    )]
    Duplicates {
        /// How many cells.
        count: usize,
        /// The first repeated unit.
        unit: String,
        /// Its time.
        time: String,
        /// The first row of the pair.
        first: usize,
        /// The second.
        second: usize,
    },
    /// Money of different kinds was put together.
    #[error("money: {left} and {right} differ in {differ}; {remedy}")]
    Money {
        /// One side.
        left: String,
        /// The other side.
        right: String,
        /// stage, currency, price base or calendar.
        differ: &'static str,
        /// How to convert.
        remedy: String,
    },
    /// A coefficient runs to infinity: some rows are predicted perfectly.
    #[error(
        "separation: {count} rows are predicted perfectly, first row {first}; the coefficients have no finite estimate"
    )]
    Separated {
        /// How many rows.
        count: usize,
        /// The first of them.
        first: usize,
    },
    /// A matrix that must be positive definite is not.
    #[error("{what} is not positive definite (pivot {pivot})")]
    NotPositiveDefinite {
        /// The matrix.
        what: String,
        /// Where the factorisation stopped.
        pivot: usize,
    },
    /// An iterative fit did not reach its tolerance.
    #[error("{method} did not converge in {iterations} iterations (last change {last_change:.3e}); {hint}")]
    NotConverged {
        /// The algorithm.
        method: String,
        /// Iterations done.
        iterations: usize,
        /// The convergence measure when it stopped.
        last_change: f64,
        /// What may help.
        hint: String,
    },
    /// The audit refuses: the number would be meaningless.
    #[error(
        "refused ({code}): {why}; accept it with a reason if you must: accept={{\"{code}\": \"reason\"}}"
    )]
    Refused {
        /// The finding's code.
        code: &'static str,
        /// Why.
        why: String,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A file that cannot be opened or read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The path.
        path: String,
        /// The system's reason.
        why: String,
    },
}

impl Error {
    /// An unknown name with the nearest known one, if any is near.
    pub fn unknown_column<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::UnknownColumn { name: name.to_owned(), did_you_mean: nearest(name, known) }
    }
}

/// A number of more digits than a double has, as 1e300 has in full, with an exponent.
fn short(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if value.len() > 25 => format!("{number:e}"),
        _ => value.to_owned(),
    }
}

/// The nearest of `known` to `name` by edit distance, if it is near enough to be a slip of the pen.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = name.to_lowercase();
    let limit = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|other| (edit_distance(&lower, &other.to_lowercase()), other))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, other)| other.to_owned())
}

/// Insertions, deletions, substitutions and swaps of neighbours: the optimal string alignment distance.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &ca) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, &cb) in b.iter().enumerate() {
            let mut least = (row[j] + usize::from(ca != cb)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && ca == b[j - 1] && a[i - 1] == cb {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distance_of_kitten_and_sitting_is_three() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("lgo", "log"), 1);
        assert_eq!(edit_distance("", "log"), 3);
    }

    #[test]
    fn huge_and_tiny_values_are_short() {
        let said = |value: f64| {
            let (what, must) = ("y".into(), "smaller".into());
            Error::Domain { what, row: 3, value: value.to_string(), must }.to_string()
        };
        assert_eq!(said(1e300), "`y`, row 3: 1e300 must be smaller");
        assert_eq!(said(-2.5e-300), "`y`, row 3: -2.5e-300 must be smaller");
        assert_eq!(said(0.1 + 0.2), "`y`, row 3: 0.30000000000000004 must be smaller");
    }

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("deahts", ["deaths", "year"]), Some("deaths".into()));
        assert_eq!(nearest("zebra", ["deaths", "year"]), None);
    }

    #[test]
    fn the_caret_stands_under_the_position() {
        let error = Error::Formula { text: "y ~ + x".into(), at: 4, message: "expected a term".into() };
        let text = error.to_string();
        let caret = text.lines().last().expect("three lines");
        assert_eq!(caret.find('^'), Some(4 + 2));
    }
}
