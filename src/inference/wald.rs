//! Wald tests of linear hypotheses.
//!
//! `W = (Rβ − r)' (R V R')⁻¹ (Rβ − r)` is χ² with `q` degrees of freedom, or `W / q` is `F(q, degrees)` where the fit
//! reads a `t`. Where combinations of coefficients have degrees of freedom of their own, `degrees` is the
//! smallest of the restrictions'.

use ndarray::{Array1, Array2};

use crate::distribution::{ChiSquared, Fisher};
use crate::error::{Error, Result, nearest};
use crate::inference::estimates::{CoefficientRow, Estimates};
use crate::inference::table::Table;
use crate::linalg::Cholesky;

/// The answer of a Wald test.
#[derive(Debug, Clone, PartialEq)]
pub struct Wald {
    /// The hypothesis as read.
    pub hypothesis: String,
    /// `F`, or χ² where the reference is the normal.
    pub statistic: f64,
    /// Restrictions tested.
    pub restrictions: usize,
    /// The denominator's degrees of freedom; infinite for χ².
    pub degrees: f64,
    /// The p-value.
    pub p_value: f64,
    /// Every restriction's left side minus its right, estimated.
    pub combinations: Vec<CoefficientRow>,
}

impl Wald {
    /// Tests hypotheses jointly: `"x = 0"`, `"x = z"`, `"2*x + z = 1"`; several separated by commas or given in turn.
    /// A side left out is zero.
    ///
    /// # Errors
    /// [`Error::Formula`] when a hypothesis cannot be read; [`Error::Refused`] where the fit refuses its test;
    /// [`Error::NotPositiveDefinite`] when the hypotheses repeat each other or their covariance is singular.
    pub fn test<S: AsRef<str>>(fit: &(impl Estimates + ?Sized), hypotheses: &[S]) -> Result<Self> {
        let names = fit.names();
        let texts: Vec<&str> = hypotheses.iter().map(AsRef::as_ref).collect();
        let hypothesis = texts.join(", ");
        let rows = restrictions(&texts, names)?;
        if let Some(refusal) = rows.iter().find_map(|row| fit.refusal(&row.coefficients)) {
            return Err(refusal);
        }
        let r = Array2::from_shape_fn((rows.len(), names.len()), |(i, j)| rows[i].coefficients[j]);
        let distance =
            Array1::from_shape_fn(rows.len(), |i| r.row(i).dot(fit.coefficients()) - rows[i].right);
        let covariance = r.dot(fit.covariance()).dot(&r.t());
        // Unit diagonal, so that a singular matrix shows whatever the units.
        let scale = covariance.diag().mapv(f64::sqrt);
        let correlation =
            Array2::from_shape_fn(covariance.dim(), |(i, j)| covariance[[i, j]] / (scale[i] * scale[j]));
        let factor = Cholesky::new(correlation.view(), "the covariance of the hypotheses")?;
        let smallest = factor.lower().diag().iter().copied().fold(f64::INFINITY, f64::min);
        if smallest < 1e-7 {
            let pivot = rows.len() - 1;
            return Err(Error::NotPositiveDefinite {
                what: "the covariance of the hypotheses".into(),
                pivot,
            });
        }
        let standardised = &distance / &scale;
        let square = standardised.dot(&factor.solve(standardised.view()));
        let own: Vec<f64> = rows.iter().map(|row| fit.degrees_of(&row.coefficients)).collect();
        let degrees = own.iter().copied().fold(f64::INFINITY, f64::min);
        let q = rows.len() as f64;
        let (statistic, p_value) = if degrees.is_finite() {
            (square / q, Fisher::new(q, degrees)?.upper(square / q))
        } else {
            (square, ChiSquared::new(q)?.upper(square))
        };
        let combination = |(i, row): (usize, &Restriction)| {
            CoefficientRow::new(&row.text, distance[i], scale[i], own[i], 0.95)
        };
        let combinations = rows.iter().enumerate().map(combination).collect();
        Ok(Self { hypothesis, statistic, restrictions: rows.len(), degrees, p_value, combinations })
    }

    /// As a table: one row a restriction, the joint test in the note.
    pub fn table(&self) -> Table {
        let reference = if self.degrees.is_finite() {
            format!("F({}, {})", self.restrictions, self.degrees)
        } else {
            format!("χ²({})", self.restrictions)
        };
        CoefficientRow::table(&self.combinations)
            .title(format!("Wald test: {}", self.hypothesis))
            .note(format!("{reference} = {:.4}, p = {:.4}", self.statistic, self.p_value))
    }
}

/// `coefficients · β = right`.
pub(crate) struct Restriction {
    pub(crate) text: String,
    pub(crate) coefficients: Vec<f64>,
    pub(crate) right: f64,
}

/// The restrictions in these texts; an error if there are none.
pub(crate) fn restrictions(texts: &[&str], names: &[String]) -> Result<Vec<Restriction>> {
    let mut rows = Vec::new();
    for text in texts {
        rows.extend(read(text, names)?);
    }
    if rows.is_empty() {
        let must = "at least one hypothesis, such as \"x = 0\"".into();
        return Err(Error::Argument { argument: "hypotheses".into(), value: "nothing".into(), must });
    }
    Ok(rows)
}

/// The restrictions in a text, separated by commas outside of names.
fn read(text: &str, names: &[String]) -> Result<Vec<Restriction>> {
    let mut reader = Reader { text, at: 0, names };
    let mut restrictions = Vec::new();
    loop {
        reader.skip_space();
        let start = reader.at;
        let mut coefficients = vec![0.0; names.len()];
        let mut right = 0.0;
        reader.side(1.0, &mut coefficients, &mut right)?;
        if reader.take('=') {
            reader.side(-1.0, &mut coefficients, &mut right)?;
        }
        if coefficients.iter().all(|&c| c == 0.0) {
            return Err(reader.error(start, "no coefficient is restricted here"));
        }
        restrictions.push(Restriction {
            text: text[start..reader.at].trim().to_owned(),
            coefficients,
            right,
        });
        if !reader.take(',') {
            break;
        }
    }
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.unexpected());
    }
    Ok(restrictions)
}

/// Reads sums of terms. Names are matched whole and longest first, because they may hold any character.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    names: &'a [String],
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// A sum of terms, times `sign`: coefficients on the left, constants on the right.
    fn side(&mut self, sign: f64, coefficients: &mut [f64], right: &mut f64) -> Result<()> {
        let mut sign_here = if self.take('-') { -sign } else { sign };
        loop {
            let mut factor = sign_here;
            let mut name = self.name();
            let number = if name.is_none() { self.number() } else { None };
            if let Some(number) = number {
                factor *= number;
                if self.take('*') {
                    self.skip_space();
                    name = self.name();
                    if name.is_none() {
                        return Err(self.unexpected());
                    }
                }
            }
            match (name, number) {
                (Some(j), _) => coefficients[j] += factor,
                (None, Some(_)) => *right -= factor,
                (None, None) => return Err(self.unexpected()),
            }
            if self.take('+') {
                sign_here = sign;
            } else if self.take('-') {
                sign_here = -sign;
            } else {
                return Ok(());
            }
        }
    }

    /// The longest coefficient name that starts here and ends where a name can end: letter by letter if one does,
    /// else spaces apart, so that `lag(x,1)` is `lag(x, 1)`.
    fn name(&mut self) -> Option<usize> {
        self.skip_space();
        let rest = self.rest();
        let ends = |name: &str, length: usize| {
            let next = rest[length..].chars().next();
            let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
            !(next.is_some_and(inside) && name.chars().next_back().is_some_and(inside))
        };
        let longest = |written: fn(&str, &str) -> Option<usize>| {
            let fits = |(j, name): (usize, &String)| {
                let length = written(rest, name)?;
                ends(name, length).then_some((j, length))
            };
            self.names.iter().enumerate().filter_map(fits).max_by_key(|&(_, length)| length)
        };
        let whole = |rest: &str, name: &str| rest.starts_with(name).then_some(name.len());
        let (j, length) = longest(whole).or_else(|| longest(spaces_apart))?;
        self.at += length;
        Some(j)
    }

    fn number(&mut self) -> Option<f64> {
        self.skip_space();
        let rest = self.rest();
        let mut end = 0;
        for (i, c) in rest.char_indices() {
            let exponent = i > 0 && rest[..i].ends_with(['e', 'E']);
            if c.is_ascii_digit() || c == '.' || (i > 0 && "eE".contains(c)) || (exponent && "+-".contains(c))
            {
                end = i + c.len_utf8();
            } else {
                break;
            }
        }
        let number = rest[..end].parse().ok()?;
        self.at += end;
        Some(number)
    }

    fn unexpected(&self) -> Error {
        let word: String = self.rest().chars().take_while(|c| !" =+*,".contains(*c)).collect();
        let hint = nearest(&word, self.names.iter().map(String::as_str));
        let hint = hint.map_or_else(
            || format!("the coefficients are {}", self.names.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        self.error(self.at, &format!("expected a coefficient or a number; {hint}"))
    }

    fn error(&self, at: usize, message: &str) -> Error {
        let at = self.text[..at].chars().count();
        Error::Formula { text: self.text.to_owned(), at, message: message.to_owned() }
    }
}

/// How much of `rest` writes `name`, spaces apart.
fn spaces_apart(rest: &str, name: &str) -> Option<usize> {
    let mut written = rest.char_indices().filter(|(_, c)| *c != ' ');
    let mut length = 0;
    for wanted in name.chars().filter(|c| *c != ' ') {
        let (at, found) = written.next()?;
        if found != wanted {
            return None;
        }
        length = at + found.len_utf8();
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fit(Vec<String>, Array1<f64>, Array2<f64>, f64);

    impl Estimates for Fit {
        fn names(&self) -> &[String] {
            &self.0
        }
        fn coefficients(&self) -> &Array1<f64> {
            &self.1
        }
        fn covariance(&self) -> &Array2<f64> {
            &self.2
        }
        fn degrees_of_freedom(&self) -> f64 {
            self.3
        }
    }

    fn fit(degrees: f64) -> Fit {
        let names = ["(Intercept)", "x", "x2", "lag(x, 1)"].map(str::to_owned).to_vec();
        Fit(names, Array1::from(vec![1.0, 2.0, 3.0, -1.0]), Array2::from_diag(&Array1::ones(4)), degrees)
    }

    #[test]
    fn one_restriction_is_the_squared_t() {
        let test = Wald::test(&fit(10.0), &["x = 0"]).expect("readable");
        assert!((test.statistic - 4.0).abs() < 1e-14);
        assert!((test.p_value - test.combinations[0].p_value).abs() < 1e-12);
    }

    #[test]
    fn combinations_names_and_constants_are_read() {
        let square = |text: &str| Wald::test(&fit(f64::INFINITY), &[text]).expect("readable").statistic;
        assert!((square("x2 = x") - 0.5).abs() < 1e-14);
        assert!((square("2*x - x2 + 1e0 = 3") - 1.0 / 5.0).abs() < 1e-14);
        assert!((square("lag(x, 1)") - 1.0).abs() < 1e-14);
        assert!((square("lag( x,1 )=0, x=0") - 5.0).abs() < 1e-14);
        assert!((square("x = 0, x2 = 0, lag(x, 1) = (Intercept)") - (4.0 + 9.0 + 2.0)).abs() < 1e-12);
        assert!((square("-x + 2 = 0")).abs() < 1e-14);
    }

    #[test]
    fn what_cannot_be_read_is_shown() {
        let error = |text: &str| Wald::test(&fit(5.0), &[text]).unwrap_err();
        assert!(matches!(error("y = 0"), Error::Formula { at: 0, .. }));
        assert!(matches!(error("x = x"), Error::Formula { .. }));
        assert!(matches!(error("x = 0 0"), Error::Formula { at: 6, .. }));
        assert!(matches!(error("x = 0, x = 0"), Error::NotPositiveDefinite { .. }));
        assert!(Wald::test::<&str>(&fit(5.0), &[]).is_err());
    }
}
