//! What the model is made of.

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::timeseries::arima::polynomial::Shape;
use crate::timeseries::arima::{ArimaFit, estimate, prepare};
use crate::timeseries::structural::Series;

/// How the parameters are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Exact maximum likelihood.
    #[default]
    Exact,
    /// Least sum of squares of the errors, those before the first taken as zero. Needs a series without gaps.
    ConditionalSquares,
}

/// The constant of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Constant {
    pub(super) mean: bool,
    pub(super) drift: bool,
}

/// An ARIMA model, unfitted. See the [module](self::super).
#[derive(Debug, Clone, PartialEq)]
pub struct Arima {
    pub(super) order: (usize, usize, usize),
    pub(super) seasonal: (usize, usize, usize, usize),
    /// None: a mean where nothing is differenced.
    mean: Option<bool>,
    drift: bool,
    pub(super) method: Method,
    pub(super) fixed: Vec<(String, f64)>,
}

/// Larger orders than anybody estimates.
const MOST: usize = 60;

/// Periods beyond which a season is no season.
const LONGEST: usize = 400;

pub(super) fn argument(argument: &str, value: impl Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}

impl Arima {
    /// Autoregressive order p, differences d, moving average order q.
    pub fn new(order: (usize, usize, usize)) -> Self {
        Self {
            order,
            seasonal: (0, 0, 0, 1),
            mean: None,
            drift: false,
            method: Method::Exact,
            fixed: Vec::new(),
        }
    }

    /// Seasonal orders P, D, Q and the periods of a season.
    #[must_use]
    pub fn seasonal(mut self, orders: (usize, usize, usize, usize)) -> Self {
        self.seasonal = orders;
        self
    }

    /// With or without a mean; by default with one where nothing is differenced.
    #[must_use]
    pub fn mean(mut self, mean: bool) -> Self {
        self.mean = Some(mean);
        self
    }

    /// With a slope: a linear trend in the regression, which a difference turns into a constant.
    #[must_use]
    pub fn drift(mut self, drift: bool) -> Self {
        self.drift = drift;
        self
    }

    /// By this method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// This parameter is given and not estimated: `ar1`, `ma2`, `sar1`, `sma1`, `mean`, `drift`, the name of a
    /// regressor, or `variance`.
    #[must_use]
    pub fn fixed(mut self, name: &str, value: f64) -> Self {
        self.fixed.retain(|(known, _)| known != name);
        self.fixed.push((name.to_owned(), value));
        self
    }

    /// p, d, q.
    pub fn orders(&self) -> (usize, usize, usize) {
        self.order
    }

    /// P, D, Q and the periods of a season.
    pub fn seasonal_orders(&self) -> (usize, usize, usize, usize) {
        self.seasonal
    }

    /// Whether it has a mean, and a slope.
    pub fn constant(&self) -> (bool, bool) {
        let constant = self.terms();
        (constant.mean, constant.drift)
    }

    pub(super) fn terms(&self) -> Constant {
        let none = self.order.1 + self.seasonal.1 == 0;
        Constant { mean: self.mean.unwrap_or(none) && none, drift: self.drift }
    }

    pub(super) fn shape(&self) -> Shape {
        let orders = [self.order.0, self.order.2, self.seasonal.0, self.seasonal.2];
        Shape { orders, season: self.seasonal.3.max(1) }
    }

    /// Coefficients of (1 − B)ᵈ(1 − Bˢ)ᴰ from lag 0.
    pub(super) fn differencing(&self) -> Vec<f64> {
        let mut c = vec![1.0];
        let steps = [(1, self.order.1), (self.seasonal.3.max(1), self.seasonal.1)];
        for (lag, times) in steps {
            for _ in 0..times {
                let mut next = [c.clone(), vec![0.0; lag]].concat();
                c.iter().enumerate().for_each(|(i, v)| next[i + lag] -= v);
                c = next;
            }
        }
        c
    }

    /// Names of the parameters of the four factors.
    pub(super) fn factor_names(&self) -> Vec<String> {
        let shape = self.shape();
        let names = ["ar", "ma", "sar", "sma"].into_iter().zip(shape.orders);
        names.flat_map(|(name, order)| (1..=order).map(move |i| format!("{name}{i}"))).collect()
    }

    /// Fits it.
    ///
    /// # Errors
    /// [`Error::Argument`] for orders and given parameters that make no model; [`Error::Domain`] for infinite values;
    /// [`Error::Missing`] for regressors missing where the outcome is not, and for gaps where the method takes none;
    /// [`Error::TooShort`]; [`Error::NothingToEstimate`] for a series that the model fits exactly and regressors that
    /// cannot be told apart; [`Error::NotConverged`].
    pub fn fit(&self, series: &Series<'_>) -> Result<ArimaFit> {
        self.check()?;
        estimate::fit(self, prepare::prepare(self, series)?)
    }

    pub(super) fn check(&self) -> Result<()> {
        let (p, d, q) = self.order;
        let (sp, sd, sq, season) = self.seasonal;
        if p.max(q).max(sp).max(sq) > MOST || d + sd > 4 {
            let value = format!("{:?}{:?}", self.order, self.seasonal);
            return Err(argument(
                "order",
                value,
                "at most 60 in p, q, P and Q, and at most 4 differences in all",
            ));
        }
        if (sp + sd + sq > 0 && season < 2) || season > LONGEST {
            return Err(argument("season", season, "between 2 and 400 periods for a seasonal part"));
        }
        if self.mean == Some(true) && d + sd > 0 {
            return Err(argument(
                "mean",
                true,
                "left out of a differenced model, which has none; a slope is `drift`",
            ));
        }
        if self.drift && d + sd > 1 {
            return Err(argument(
                "drift",
                true,
                "left out with more than one difference, which remove a slope",
            ));
        }
        if let Some((name, value)) = self.fixed.iter().find(|(_, v)| !v.is_finite()) {
            return Err(argument(name, value, "finite"));
        }
        Ok(())
    }
}

impl Display for Arima {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((p, d, q), (sp, sd, sq, season)) = (self.order, self.seasonal);
        write!(f, "ARIMA({p},{d},{q})")?;
        if sp + sd + sq > 0 {
            write!(f, "({sp},{sd},{sq})[{season}]")?;
        }
        let constant = self.terms();
        f.write_str(match (constant.mean, constant.drift) {
            (true, true) => " with mean and drift",
            (true, false) => " with mean",
            (false, true) => " with drift",
            (false, false) => "",
        })
    }
}
