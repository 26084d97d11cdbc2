//! The model, and the choice of its lags.

use std::fmt::{self, Display};
use std::str::FromStr;

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::fit::ArdlFit;
use crate::error::{Error, Result};
use crate::linalg::TallTriangle;
use crate::parallel;
use crate::timeseries::var::{Terms, argument, check, regress};

/// What the choice of lags makes least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// Akaike's.
    Aic,
    /// The Bayesian.
    Bic,
}

impl FromStr for Criterion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "aic" => Ok(Self::Aic),
            "bic" => Ok(Self::Bic),
            _ => Err(argument("lags", format!("`{text}`"), "numbers, `aic` or `bic`")),
        }
    }
}

/// Lags: of the outcome, then of every regressor.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lags {
    Given(usize, Vec<usize>),
    Chosen { by: Criterion, own: usize, others: usize },
}

/// An autoregressive distributed lag model. See the [module](self::super).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ardl {
    lags: Lags,
    terms: Terms,
}

/// More combinations of lags than this are not tried.
const MOST_TRIED: usize = 100_000;

impl Ardl {
    /// With this many lags of the outcome, at least 1, and of every regressor (0 takes in its value of the same period
    /// only); and a constant.
    #[must_use]
    pub fn new(lags: usize, others: &[usize]) -> Self {
        Self { lags: Lags::Given(lags, others.to_vec()), terms: Terms::Constant }
    }

    /// With the lags of least AIC or BIC among 1 to `own` of the outcome and 0 to `others` of every regressor, all
    /// combinations over the same periods.
    #[must_use]
    pub fn chosen(by: Criterion, own: usize, others: usize) -> Self {
        Self { lags: Lags::Chosen { by, own, others }, terms: Terms::Constant }
    }

    /// With these terms.
    #[must_use]
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// Fits it to an outcome and its regressors, time by columns.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Domain`] for values that are missing, infinite or of a size whose square is no
    /// number; [`Error::TooShort`]; [`Error::NothingToEstimate`] for regressors that are constant or combinations of each
    /// other, or that the outcome follows without error; [`Error::Argument`] for lags that make no sense;
    /// [`Error::Shape`].
    pub fn fit(&self, name: &str, y: &[f64], names: &[String], x: ArrayView2<'_, f64>) -> Result<ArdlFit> {
        check(&[name.to_owned()], ArrayView1::from(y).insert_axis(ndarray::Axis(1)))?;
        check(names, x)?;
        if x.nrows() != y.len() {
            let (expected, found) = (format!("{} rows", y.len()), format!("{} rows", x.nrows()));
            return Err(Error::Shape { what: "regressors".into(), expected, found });
        }
        let (own, others) = match &self.lags {
            Lags::Given(own, others) => (*own, others.clone()),
            Lags::Chosen { by, own, others } => self.choose(*by, *own, *others, y, x)?,
        };
        if own == 0 {
            return Err(argument("lags", 0, "at least 1 of the outcome"));
        }
        if others.len() != x.ncols() {
            let (expected, found) = (format!("{} numbers", x.ncols()), others.len().to_string());
            return Err(Error::Shape { what: "lags of the regressors".into(), expected, found });
        }
        let from = own.max(others.iter().copied().max().unwrap_or(0));
        let m = self.terms as usize + own + others.iter().map(|q| q + 1).sum::<usize>();
        if y.len() < from + m + 1 {
            return Err(Error::TooShort { what: name.into(), needed: from + m + 1, found: y.len() });
        }
        let z = self.design(y, x, own, &others, from);
        let labels = self.labels(name, names, own, &others);
        let right = Array2::from_shape_fn((y.len() - from, 1), |(i, _)| y[from + i]);
        let found = regress(z.view(), right.view(), &labels)?;
        let rss = found.residuals.iter().map(|e| e * e).sum::<f64>();
        let size = y.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        if (rss / (z.nrows() - m) as f64).sqrt() <= 1e-12 * size {
            let why = format!("`{name}` follows its regressors without error");
            return Err(Error::NothingToEstimate { why });
        }
        let orders = (own, others);
        Ok(ArdlFit::new(self.terms, orders, name, names, labels, &z, found))
    }

    fn labels(&self, name: &str, names: &[String], own: usize, others: &[usize]) -> Vec<String> {
        let mut labels: Vec<String> =
            ["(Intercept)", "trend"].into_iter().take(self.terms as usize).map(str::to_owned).collect();
        labels.extend((1..=own).map(|lag| format!("lag({name}, {lag})")));
        for (name, &q) in names.iter().zip(others) {
            labels.push(name.clone());
            labels.extend((1..=q).map(|lag| format!("lag({name}, {lag})")));
        }
        labels
    }

    /// Constant, trend (that of the period, from 1 at the first), lags of the outcome, then of every regressor.
    fn design(
        &self,
        y: &[f64],
        x: ArrayView2<'_, f64>,
        own: usize,
        others: &[usize],
        from: usize,
    ) -> Array2<f64> {
        let terms = self.terms as usize;
        let pairs: Vec<(usize, usize)> =
            others.iter().enumerate().flat_map(|(j, &q)| (0..=q).map(move |lag| (j, lag))).collect();
        Array2::from_shape_fn((y.len() - from, terms + own + pairs.len()), |(i, c)| {
            let t = from + i;
            match c {
                c if c < terms => ((t + 1) as f64).powi(c as i32),
                c if c < terms + own => y[t - 1 - (c - terms)],
                c => {
                    let (j, lag) = pairs[c - terms - own];
                    x[[t - lag, j]]
                }
            }
        })
    }

    fn choose(
        &self,
        by: Criterion,
        most: usize,
        others: usize,
        y: &[f64],
        x: ArrayView2<'_, f64>,
    ) -> Result<(usize, Vec<usize>)> {
        if most == 0 {
            return Err(argument("most", 0, "at least 1 lag of the outcome"));
        }
        let (k, terms, from) = (x.ncols(), self.terms as usize, most.max(others));
        let tried = (0..k).try_fold(most, |n, _| n.checked_mul(others + 1)).filter(|n| *n <= MOST_TRIED);
        let tried = tried.ok_or_else(|| {
            let must = format!("few enough that no more than {MOST_TRIED} combinations are to be tried");
            argument("most", others, &must)
        })?;
        let widest = terms + most + k * (others + 1);
        if y.len() < from + widest + 1 {
            return Err(Error::TooShort { what: "series".into(), needed: from + widest + 1, found: y.len() });
        }
        let z = self.design(y, x, most, &vec![others; k], from);
        let n = z.nrows();
        let lengths: Vec<f64> =
            z.columns().into_iter().map(|c| c.dot(&c).sqrt().max(f64::MIN_POSITIVE)).collect();
        // One triangle of all columns; a combination's sum of squares is then of a triangle of some of its columns.
        let mut triangle = TallTriangle::new(widest + 1);
        let mut row = vec![0.0; widest + 1];
        for i in 0..n {
            (0..widest).for_each(|j| row[j] = z[[i, j]] / lengths[j]);
            row[widest] = y[from + i];
            triangle.push(&row);
        }
        let all = triangle.finish();
        let orders = |at: usize| {
            let mut rest = at / most;
            let digit = |_| {
                let q = rest % (others + 1);
                rest /= others + 1;
                q
            };
            (1 + at % most, (0..k).map(digit).collect::<Vec<usize>>())
        };
        let score = |at: usize| {
            let (own, lags) = orders(at);
            let mut kept: Vec<usize> = (0..terms + own).collect();
            for (j, q) in lags.iter().enumerate() {
                let first = terms + most + j * (others + 1);
                kept.extend(first..=first + q);
            }
            let m = kept.len();
            kept.push(widest);
            let mut some = TallTriangle::new(m + 1);
            for row in all.rows() {
                some.push(&kept.iter().map(|&j| row[j]).collect::<Vec<f64>>());
            }
            let r = some.finish();
            if (0..m).any(|j| r[[j, j]].abs() < 1e-10) {
                return f64::INFINITY;
            }
            let penalty = match by {
                Criterion::Aic => 2.0,
                Criterion::Bic => (n as f64).ln(),
            };
            n as f64 * (r[[m, m]].powi(2) / n as f64).ln() + penalty * m as f64
        };
        let scores = parallel::map(tried, score);
        // Ties go to the first, which has the fewest lags.
        let best = (0..tried).fold(0, |best, at| if scores[at] < scores[best] { at } else { best });
        Ok(orders(best))
    }
}

impl Display for Ardl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.lags {
            Lags::Given(own, others) => {
                write!(f, "ARDL({own}")?;
                others.iter().try_for_each(|q| write!(f, ", {q}"))?;
                f.write_str(")")?;
            }
            Lags::Chosen { by, own, others } => {
                let by = if *by == Criterion::Aic { "AIC" } else { "BIC" };
                write!(f, "ARDL, lags by {by} up to {own} of the outcome and {others} of each regressor")?;
            }
        }
        f.write_str(match self.terms {
            Terms::None => " without a constant",
            Terms::Constant => "",
            Terms::Trend => " with a trend",
        })
    }
}
