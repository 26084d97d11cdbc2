//! The model, and the choice of its lags.

use std::str::FromStr;

use ndarray::{Array2, ArrayView2, s};

use crate::error::{Error, Result};
use crate::timeseries::plain::squarable;
use crate::timeseries::var::fit::VarFit;
use crate::timeseries::var::regress::regress;

/// What stands beside the lags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Terms {
    /// Nothing.
    None,
    /// A constant.
    #[default]
    Constant,
    /// A constant and a trend.
    Trend,
}

impl FromStr for Terms {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "none" => Ok(Self::None),
            "constant" => Ok(Self::Constant),
            "trend" => Ok(Self::Trend),
            _ => Err(argument("terms", text, "`none`, `constant` or `trend`")),
        }
    }
}

pub(in crate::timeseries) fn argument(argument: &str, value: impl std::fmt::Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}

/// A vector autoregression. See the [module](self::super).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Var {
    pub(super) lags: usize,
    pub(super) terms: Terms,
}

/// Criteria by number of lags, all on the sample of the longest; the less the better.
#[derive(Debug, Clone, PartialEq)]
pub struct LagChoice {
    /// Akaike, Hannan–Quinn, Schwarz, final prediction error: one a number of lags, from 1.
    pub criteria: [Vec<f64>; 4],
}

impl LagChoice {
    /// Names of the criteria.
    pub const NAMES: [&'static str; 4] = ["aic", "hq", "sc", "fpe"];

    /// The best number of lags by each.
    pub fn best(&self) -> [usize; 4] {
        let least = |values: &Vec<f64>| {
            let found = (0..values.len()).min_by(|&a, &b| values[a].total_cmp(&values[b]));
            found.map_or(1, |i| i + 1)
        };
        [0, 1, 2, 3].map(|i| least(&self.criteria[i]))
    }
}

impl Var {
    /// With this many lags and a constant.
    pub fn new(lags: usize) -> Self {
        Self { lags, terms: Terms::Constant }
    }

    /// With these terms.
    #[must_use]
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// Fits it to series (time × series) with their names, and regressors (time × columns), if any, that nothing in the
    /// system moves.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Domain`] for values that are missing or infinite: lags need every period;
    /// [`Error::TooShort`]; [`Error::NothingToEstimate`] for series or regressors that are constant or combinations of
    /// others; [`Error::Shape`].
    pub fn fit(
        &self,
        names: &[String],
        y: ArrayView2<'_, f64>,
        x: Option<(&[String], ArrayView2<'_, f64>)>,
    ) -> Result<VarFit> {
        if self.lags == 0 {
            return Err(argument("lags", 0, "at least 1"));
        }
        check(names, y)?;
        if let Some((names, x)) = x {
            check(names, x)?;
            if x.nrows() != y.nrows() {
                let (expected, found) = (format!("{} rows", y.nrows()), format!("{} rows", x.nrows()));
                return Err(Error::Shape { what: "regressors".into(), expected, found });
            }
        }
        let (k, terms) = (y.ncols(), self.terms as usize + x.map_or(0, |x| x.1.ncols()));
        let m = k * self.lags + terms;
        let needed = self.lags + m + k + 1;
        if y.nrows() < needed {
            return Err(Error::TooShort { what: "series".into(), needed, found: y.nrows() });
        }
        let labels = self.labels(names, x.map_or(&[], |x| x.0));
        let z = self.regressors(y, x.map(|x| x.1));
        let right = y.slice(s![self.lags.., ..]);
        let found = regress(z.view(), right, &labels)?;
        VarFit::new(*self, names.to_vec(), labels, y.to_owned(), x.map(|x| x.1.to_owned()), z, found)
    }

    fn labels(&self, names: &[String], x: &[String]) -> Vec<String> {
        let lagged = (1..=self.lags).flat_map(|lag| names.iter().map(move |n| format!("lag({n}, {lag})")));
        let terms = ["(Intercept)", "trend"].into_iter().take(self.terms as usize).map(str::to_owned);
        lagged.chain(terms).chain(x.iter().cloned()).collect()
    }

    /// Lags, constant, trend (that of the period, from 1 at the first), regressors.
    pub(super) fn regressors(&self, y: ArrayView2<'_, f64>, x: Option<ArrayView2<'_, f64>>) -> Array2<f64> {
        let (k, p) = (y.ncols(), self.lags);
        let terms = self.terms as usize;
        let m = k * p + terms + x.map_or(0, |x| x.ncols());
        Array2::from_shape_fn((y.nrows() - p, m), |(row, j)| match j {
            j if j < k * p => y[[row + p - 1 - j / k, j % k]],
            j if j == k * p && terms > 0 => 1.0,
            j if j < k * p + terms => (row + p + 1) as f64,
            j => x.map_or(0.0, |x| x[[row + p, j - k * p - terms]]),
        })
    }

    /// Criteria of 1 to `most` lags (Lütkepohl 2005, §4.3).
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn lag_choice(
        &self,
        most: usize,
        names: &[String],
        y: ArrayView2<'_, f64>,
        x: Option<(&[String], ArrayView2<'_, f64>)>,
    ) -> Result<LagChoice> {
        let mut criteria = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        if most == 0 {
            return Err(argument("most", 0, "at least 1"));
        }
        Self { lags: most, ..*self }.fit(names, y, x)?;
        for lags in 1..=most {
            let from = most - lags;
            let part = x.map(|(names, x)| (names, x.slice_move(s![from.., ..])));
            let fit = Self { lags, ..*self }.fit(names, y.slice(s![from.., ..]), part)?;
            let (t, k, m) = (fit.n_observed() as f64, y.ncols() as f64, fit.terms().len() as f64);
            let log = fit.log_determinant()?;
            criteria[0].push(log + 2.0 / t * m * k);
            criteria[1].push(log + 2.0 * t.ln().ln() / t * m * k);
            criteria[2].push(log + t.ln() / t * m * k);
            criteria[3].push(((t + m) / (t - m)).powf(k) * log.exp());
        }
        Ok(LagChoice { criteria })
    }
}

/// Series that lags can be made of: named, there in every period, and of a size whose square is a number.
pub(in crate::timeseries) fn check(names: &[String], y: ArrayView2<'_, f64>) -> Result<()> {
    if names.len() != y.ncols() || y.ncols() == 0 {
        let (expected, found) = (format!("{} names, at least one", y.ncols()), names.len().to_string());
        return Err(Error::Shape { what: "names of series".into(), expected, found });
    }
    for (name, column) in names.iter().zip(y.columns()) {
        let mut gone = column.iter().enumerate().filter(|(_, v)| v.is_nan());
        if let Some((first, _)) = gone.next() {
            return Err(Error::Missing { what: name.clone(), count: 1 + gone.count(), first });
        }
        squarable(name, column.iter().copied())?;
    }
    Ok(())
}
