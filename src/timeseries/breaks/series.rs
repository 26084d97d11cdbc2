//! The series and its regressors, as they come in.

use crate::error::{Error, Result};
use crate::linalg::PivotedQr;
use crate::timeseries::plain::squarable;
use ndarray::{Array2, ArrayView2};

/// A series and what it is regressed on: a constant, unless told otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    name: String,
    y: Vec<f64>,
    x: Option<Array2<f64>>,
    constant: bool,
}

/// Periods without a missing value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Data {
    pub y: Vec<f64>,
    pub x: Array2<f64>,
    /// The rows they came from.
    pub rows: Vec<usize>,
    pub missing: usize,
}

impl Series {
    /// In order of time; NaN is missing.
    pub fn new(name: &str, y: &[f64]) -> Self {
        Self { name: name.into(), y: y.to_vec(), x: None, constant: true }
    }

    /// With these regressors, one row a period, beside the constant.
    #[must_use]
    pub fn regressors(mut self, x: ArrayView2<'_, f64>) -> Self {
        self.x = Some(x.to_owned());
        self
    }

    /// Without a constant of its own.
    #[must_use]
    pub fn no_constant(mut self) -> Self {
        self.constant = false;
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn data(&self) -> Result<Data> {
        let n = self.y.len();
        let given = self.x.as_ref().map_or(0, Array2::ncols);
        if let Some(x) = &self.x
            && x.nrows() != n
        {
            return Err(Error::Shape {
                what: "x".into(),
                expected: format!("{n} rows, as `{}` has", self.name),
                found: x.nrows().to_string(),
            });
        }
        let width = given + usize::from(self.constant);
        if width == 0 {
            return Err(Error::NothingToEstimate { why: "no constant and no regressors".into() });
        }
        let value = |i: usize, j: usize| match (&self.x, j.checked_sub(usize::from(self.constant))) {
            (Some(x), Some(j)) => x[[i, j]],
            _ => 1.0,
        };
        let mut rows = Vec::new();
        for i in 0..n {
            let all = || std::iter::once(self.y[i]).chain((0..width).map(|j| value(i, j)));
            if let Some(bad) = all().find(|v| v.is_infinite()) {
                return Err(Error::Domain {
                    what: self.name.clone(),
                    row: i,
                    value: bad.to_string(),
                    must: "finite, or NaN where missing".into(),
                });
            }
            if !all().any(f64::is_nan) {
                rows.push(i);
            }
        }
        let x = Array2::from_shape_fn((rows.len(), width), |(i, j)| value(rows[i], j));
        let y: Vec<f64> = rows.iter().map(|&i| self.y[i]).collect();
        squarable(&self.name, self.y.iter().copied())?;
        if rows.len() < 2 * width + 2 {
            return Err(Error::TooShort {
                what: self.name.clone(),
                needed: 2 * width + 2,
                found: rows.len(),
            });
        }
        let upper = PivotedQr::new(x.view()).upper();
        let most = upper[[0, 0]].abs();
        if (0..width).any(|j| upper[[j, j]].abs() <= 1e-10 * most) {
            return Err(Error::NothingToEstimate {
                why: format!("the regressors of `{}` are collinear", self.name),
            });
        }
        Ok(Data { y, x, missing: n - rows.len(), rows })
    }

    pub(super) fn len(&self) -> usize {
        self.y.len()
    }
}
