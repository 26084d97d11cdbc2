//! Regressors in the units of the numerics.

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::timeseries::structural::specification::argument;

/// Regressors, centred and divided by their largest size.
#[derive(Debug, Clone, Default)]
pub(super) struct Regressors {
    pub(super) x: Array2<f64>,
    pub(super) names: Vec<String>,
    pub(super) centre: Vec<f64>,
    pub(super) spread: Vec<f64>,
}

pub(super) fn same_length(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Shape {
        what: what.into(),
        expected: format!("{expected} rows"),
        found: format!("{found} rows"),
    })
}

impl Regressors {
    /// None, over n periods.
    pub(super) fn none(n: usize) -> Self {
        Self { x: Array2::zeros((n, 0)), ..Self::default() }
    }

    /// Time × columns; `used` are the periods with an outcome. Those that are `walking` stay uncentred, for their
    /// centre would move with their coefficient.
    pub(super) fn new(
        x: ArrayView2<'_, f64>,
        names: &[String],
        n: usize,
        used: &[usize],
        walking: &[usize],
    ) -> Result<Self> {
        same_length("regressors", x.nrows(), n)?;
        let names: Vec<String> = match names.is_empty() {
            true => (1..=x.ncols()).map(|j| format!("x{j}")).collect(),
            false => names.to_vec(),
        };
        same_length("names of regressors", names.len(), x.ncols())?;
        let mut made = Self { names, ..Self::none(n) };
        for (j, column) in x.columns().into_iter().enumerate() {
            let name = &made.names[j];
            let mut gone = used.iter().filter(|&&t| column[t].is_nan());
            if let Some(&first) = gone.next() {
                return Err(Error::Missing { what: name.clone(), count: 1 + gone.count(), first });
            }
            if let Some(row) = column.iter().position(|v| v.is_infinite()) {
                let must = "finite".into();
                return Err(Error::Domain { what: name.clone(), row, value: column[row].to_string(), must });
            }
            let centre = used.iter().map(|&t| column[t]).sum::<f64>() / used.len() as f64;
            let spread = used.iter().map(|&t| (column[t] - centre).abs()).fold(0.0, f64::max);
            if spread <= 1e-12 * centre.abs() || spread == 0.0 {
                let why = format!("`{name}` does not vary: it cannot be told from the level");
                return Err(Error::NothingToEstimate { why });
            }
            let walks = walking.contains(&j);
            made.centre.push(if walks { 0.0 } else { centre });
            made.spread.push(if walks { spread.max(centre.abs()) } else { spread });
        }
        made.x = made.standardized(x);
        Ok(made)
    }

    /// Missing values, which go with missing outcomes, are at their centre.
    pub(super) fn standardized(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        Array2::from_shape_fn(x.dim(), |(t, j)| {
            let value = (x[[t, j]] - self.centre[j]) / self.spread[j];
            if value.is_nan() { 0.0 } else { value }
        })
    }

    /// One value as it was given.
    pub(super) fn raw(&self, t: usize, j: usize) -> f64 {
        self.x[[t, j]] * self.spread[j] + self.centre[j]
    }

    /// Future regressors in the units of the numerics.
    pub(super) fn future(&self, horizon: usize, x: Option<ArrayView2<'_, f64>>) -> Result<Array2<f64>> {
        let Some(x) = x else {
            if self.x.ncols() == 0 {
                return Ok(Array2::zeros((horizon, 0)));
            }
            let must = format!("future values of {}, one row a period", self.names.join(", "));
            return Err(argument("x", "none", &must));
        };
        if x.dim() != (horizon, self.x.ncols()) {
            return Err(Error::Shape {
                what: "future regressors".into(),
                expected: format!("{horizon} rows, {} columns", self.x.ncols()),
                found: format!("{} rows, {} columns", x.nrows(), x.ncols()),
            });
        }
        if let Some(((row, j), value)) = x.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(Error::Domain {
                what: format!("future {}", self.names[j]),
                row,
                value: value.to_string(),
                must: "finite: a forecast needs every regressor in every period".into(),
            });
        }
        Ok(self.standardized(x))
    }
}

/// The next `horizon` values of the exposure, or an error that says what is needed.
pub(super) fn future_exposure(horizon: usize, has: bool, given: Option<&[f64]>) -> Result<Vec<f64>> {
    match (given, has) {
        (None, false) => Ok(vec![1.0; horizon]),
        (None, true) => {
            Err(argument("exposure", "none", "the exposure of every future period: the model is of a rate"))
        }
        (Some(_), false) => Err(argument("exposure", "given", "left out: the fit has none")),
        (Some(given), true) => {
            same_length("future exposure", given.len(), horizon)?;
            match given.iter().position(|e| !(*e > 0.0 && e.is_finite())) {
                None => Ok(given.to_vec()),
                Some(row) => Err(Error::Domain {
                    what: "future exposure".into(),
                    row,
                    value: given[row].to_string(),
                    must: "above zero and finite".into(),
                }),
            }
        }
    }
}
