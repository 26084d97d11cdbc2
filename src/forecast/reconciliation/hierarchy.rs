//! Which series are sums of which.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// Series, some of which are sums of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Hierarchy {
    names: Vec<String>,
    /// Rows: all series. Columns: bottom series.
    summing: Array2<f64>,
    /// The rows of the bottom series.
    bottom: Vec<usize>,
    /// The rows of the others.
    upper: Vec<usize>,
}

fn argument(argument: &str, value: &str, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.into(), must: must.into() }
}

impl Hierarchy {
    /// From a summing matrix, a row a series and a column a bottom series; `bottom` has the rows that the columns are.
    ///
    /// # Errors
    /// [`Error::Shape`] when the sizes disagree; [`Error::Argument`] for weights that are not finite, names that appear
    /// twice, and bottom rows that are not the unit vector of their column.
    pub fn new(names: Vec<String>, summing: Array2<f64>, bottom: Vec<usize>) -> Result<Self> {
        if summing.dim() != (names.len(), bottom.len()) || bottom.is_empty() {
            return Err(Error::Shape {
                what: "summing matrix".into(),
                expected: format!("{} rows and {} columns, at least 1", names.len(), bottom.len()),
                found: format!("{:?}", summing.dim()),
            });
        }
        let mut seen = BTreeSet::new();
        if let Some(name) = names.iter().find(|name| !seen.insert(*name)) {
            return Err(argument("names", name, "different from one another"));
        }
        if summing.iter().any(|v| !v.is_finite()) {
            return Err(argument("summing matrix", "infinite or missing", "finite"));
        }
        for (column, &row) in bottom.iter().enumerate() {
            let unit = |(j, v): (usize, &f64)| *v == f64::from(u8::from(j == column));
            if row >= names.len() || !summing.row(row).iter().enumerate().all(unit) {
                let name = names.get(row).map_or("none", String::as_str);
                return Err(argument("bottom series", name, "the sum of itself alone"));
            }
        }
        let upper = (0..names.len()).filter(|row| !bottom.contains(row)).collect();
        Ok(Self { names, summing, bottom, upper })
    }

    /// From sums: what each is the sum of, other sums or bottom series. Sums come in the order given, then the bottom
    /// series as they are first named.
    ///
    /// # Errors
    /// [`Error::Argument`] for a sum of nothing, one given twice, one that holds a series twice, and sums in a circle.
    pub fn sums<N: AsRef<str>, P: AsRef<str>>(sums: &[(N, &[P])]) -> Result<Self> {
        let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, of) in sums {
            if of.is_empty() {
                return Err(argument("sum", name.as_ref(), "of at least one series"));
            }
            if parts.insert(name.as_ref(), of.iter().map(AsRef::as_ref).collect()).is_some() {
                return Err(argument("sum", name.as_ref(), "given once"));
            }
        }
        let mut bottom: Vec<&str> = Vec::new();
        for part in sums.iter().flat_map(|(_, of)| of.iter().map(AsRef::as_ref)) {
            if !parts.contains_key(part) && !bottom.contains(&part) {
                bottom.push(part);
            }
        }
        let names: Vec<String> =
            sums.iter().map(|s| s.0.as_ref()).chain(bottom.iter().copied()).map(str::to_owned).collect();
        let mut summing = Array2::zeros((names.len(), bottom.len()));
        for (row, (name, _)) in sums.iter().enumerate() {
            // Depth first; deeper than there are sums is a circle.
            let mut open: Vec<(&str, usize)> = vec![(name.as_ref(), 0)];
            while let Some((part, depth)) = open.pop() {
                match parts.get(part) {
                    Some(_) if depth > sums.len() => {
                        return Err(argument("sum", name.as_ref(), "of series other than itself"));
                    }
                    Some(of) => open.extend(of.iter().map(|p| (*p, depth + 1))),
                    None => {
                        let column = bottom.iter().position(|b| *b == part).unwrap_or(0);
                        summing[[row, column]] += 1.0;
                    }
                }
            }
            if summing.row(row).iter().any(|v: &f64| *v > 1.0) {
                return Err(argument("sum", name.as_ref(), "of every series once"));
            }
        }
        for column in 0..bottom.len() {
            summing[[sums.len() + column, column]] = 1.0;
        }
        Self::new(names, summing, (sums.len()..sums.len() + bottom.len()).collect())
    }

    /// Names of all series.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Series in all.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The summing matrix.
    pub fn summing(&self) -> ArrayView2<'_, f64> {
        self.summing.view()
    }

    /// The rows of the bottom series.
    pub fn bottom(&self) -> &[usize] {
        &self.bottom
    }

    /// The rows of the sums.
    pub fn upper(&self) -> &[usize] {
        &self.upper
    }

    /// All series, out of the bottom ones.
    pub fn sum(&self, bottom: &[f64]) -> Vec<f64> {
        self.summing.rows().into_iter().map(|row| row.iter().zip(bottom).map(|(s, b)| s * b).sum()).collect()
    }

    /// What the sums have too much: û − C b̂.
    pub(super) fn incoherence(&self, values: &[f64]) -> Vec<f64> {
        let part = |row: usize| {
            let sum: f64 = self.summing.row(row).iter().zip(&self.bottom).map(|(s, b)| s * values[*b]).sum();
            values[row] - sum
        };
        self.upper.iter().map(|&row| part(row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn sums_may_be_of_sums() {
        let made = Hierarchy::sums(&[("all", &["a", "z"][..]), ("a", &["x", "y"]), ("odd", &["x", "z"])]);
        let made = made.expect("one");
        assert_eq!(made.names(), ["all", "a", "odd", "z", "x", "y"]);
        assert_eq!(made.summing().row(0), array![1.0, 1.0, 1.0]);
        assert_eq!(made.summing().row(1), array![0.0, 1.0, 1.0]);
        assert_eq!(made.summing().row(2), array![1.0, 1.0, 0.0]);
        assert_eq!(made.sum(&[1.0, 2.0, 3.0]), [6.0, 5.0, 3.0, 1.0, 2.0, 3.0]);
        assert_eq!(made.incoherence(&[10.0, 5.0, 3.0, 1.0, 2.0, 3.0]), [4.0, 0.0, 0.0]);
    }

    #[test]
    fn what_is_no_hierarchy_is_refused() {
        let cases: [&[(&str, &[&str])]; 5] = [
            &[("a", &["b"]), ("b", &["a"])],
            &[("a", &["b"]), ("a", &["c"])],
            &[("a", &["b", "b"])],
            &[("a", &["b", "c"]), ("b", &["c"])],
            &[("a", &[])],
        ];
        for case in cases {
            assert!(matches!(Hierarchy::sums(case), Err(Error::Argument { .. })), "{case:?}");
        }
        let names = || vec!["a".to_owned(), "b".to_owned()];
        assert!(Hierarchy::new(names(), array![[1.0], [2.0]], vec![1]).is_err());
        assert!(Hierarchy::new(names(), array![[1.0], [1.0]], vec![2]).is_err());
        assert!(Hierarchy::new(names(), array![[f64::NAN], [1.0]], vec![1]).is_err());
        assert!(Hierarchy::new(vec!["a".into(); 2], array![[1.0], [1.0]], vec![1]).is_err());
        assert!(Hierarchy::new(names(), array![[1.0]], vec![1]).is_err());
    }
}
