//! What every fit with coefficients can answer: standard errors, tests, intervals, a table.

use ndarray::{Array1, Array2};

use crate::distribution::Student;
use crate::error::{Error, Result};
use crate::inference::table::{Cell, Table};

/// A fit with named coefficients and their covariance; everything else follows from these.
pub trait Estimates {
    /// Names of the coefficients.
    fn names(&self) -> &[String];

    /// The coefficients, in the order of [`names`](Self::names).
    fn coefficients(&self) -> &Array1<f64>;

    /// Their covariance matrix.
    fn covariance(&self) -> &Array2<f64>;

    /// Degrees of freedom of the t reference distribution, infinite for the normal.
    fn degrees_of_freedom(&self) -> f64;

    /// Why a combination of the coefficients is not tested, where its standard error has too little to go on.
    fn refusal(&self, _combination: &[f64]) -> Option<Error> {
        None
    }

    /// Degrees of freedom of the t of a combination of the coefficients, where combinations have their own; NaN where
    /// no distribution is known, so that there are neither p-value nor interval.
    fn degrees_of(&self, _combination: &[f64]) -> f64 {
        self.degrees_of_freedom()
    }

    /// Degrees of freedom of the t of every coefficient.
    fn coefficient_degrees(&self) -> Vec<f64> {
        let one = |j: usize| {
            let unit: Vec<f64> = (0..self.names().len()).map(|i| f64::from(u8::from(i == j))).collect();
            self.degrees_of(&unit)
        };
        (0..self.names().len()).map(one).collect()
    }

    /// Square roots of the covariance's diagonal.
    fn std_errors(&self) -> Array1<f64> {
        self.covariance().diag().mapv(f64::sqrt)
    }

    /// One row a coefficient, with a two-sided interval at `level` (0.95 for 95 %).
    fn coefficient_rows(&self, level: f64) -> Vec<CoefficientRow> {
        let errors = self.std_errors();
        let names = self.names().iter();
        let rows = names.zip(self.coefficients()).zip(&errors).zip(self.coefficient_degrees());
        rows.map(|(((term, &estimate), &std_error), degrees)| {
            CoefficientRow::new(term, estimate, std_error, degrees, level)
        })
        .collect()
    }

    /// The coefficient table at `level`.
    fn coefficient_table(&self, level: f64) -> Table {
        CoefficientRow::table(&self.coefficient_rows(level))
    }
}

/// The level of an interval as it is, if it is one (0.95 for 95 %).
///
/// # Errors
/// [`Error::Argument`] unless it lies between 0 and 1.
pub fn interval_level(level: f64) -> Result<f64> {
    if level > 0.0 && level < 1.0 {
        return Ok(level);
    }
    let must = "between 0 and 1, such as 0.95".into();
    Err(Error::Argument { argument: "level".into(), value: level.to_string(), must })
}

/// One line of a coefficient table.
#[derive(Debug, Clone, PartialEq)]
pub struct CoefficientRow {
    /// The coefficient's name.
    pub term: String,
    /// Its estimate.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// `estimate / std_error`.
    pub statistic: f64,
    /// Two-sided p-value.
    pub p_value: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl CoefficientRow {
    /// The test of zero and the interval of one estimate; neither with degrees that are NaN.
    pub fn new(term: &str, estimate: f64, std_error: f64, degrees: f64, level: f64) -> Self {
        let student = Student::new(degrees);
        let student =
            if degrees.is_nan() { student } else { student.or_else(|_| Student::new(f64::INFINITY)) };
        let (p_value, reach) = student.map_or((f64::NAN, f64::NAN), |t| {
            (t.two_sided(estimate / std_error), t.quantile(0.5 + 0.5 * level) * std_error)
        });
        Self {
            term: term.to_owned(),
            estimate,
            std_error,
            statistic: estimate / std_error,
            p_value,
            lower: estimate - reach,
            upper: estimate + reach,
        }
    }

    /// A table of such lines, columns named as everywhere in the library.
    pub fn table(rows: &[Self]) -> Table {
        let mut table =
            Table::new(&["term", "estimate", "std_error", "statistic", "p_value", "lower", "upper"]);
        for r in rows {
            table.push(vec![
                Cell::Text(r.term.clone()),
                Cell::Number(r.estimate),
                Cell::Number(r.std_error),
                Cell::Number(r.statistic),
                Cell::Probability(r.p_value),
                Cell::Number(r.lower),
                Cell::Number(r.upper),
            ]);
        }
        table
    }
}
