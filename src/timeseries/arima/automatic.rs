//! The orders chosen from the data: how often to difference.

use std::fmt::{self, Display};

use ndarray::{Array1, Array2};

use crate::error::{Error, Result};
use crate::linalg::least_squares;
use crate::timeseries::arima::search::{Orders, Search};
use crate::timeseries::arima::specification::argument;
use crate::timeseries::arima::{Arima, ArimaFit, prepare};
use crate::timeseries::decompose::seasonal_strength;
use crate::timeseries::structural::Series;
use crate::timeseries::unit_root::{Deterministic, differences};

/// Season strength above which a series is differenced seasonally (Wang, Smith & Hyndman 2006).
const STRONG: f64 = 0.64;

/// Level of the tests for differences.
const LEVEL: f64 = 0.05;

/// Observations below which there is no choice to make.
const FEWEST: usize = 4;

/// What the chosen model has least of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Criterion {
    /// Akaike's, corrected for short series (Hurvich & Tsai 1989).
    #[default]
    Aicc,
    /// Akaike's.
    Aic,
    /// The Bayesian one.
    Bic,
}

/// The automatic choice of an ARIMA model: D by the strength of the season, d by KPSS tests, the other orders and the
/// constant by least `AICc` (Hyndman & Khandakar 2008).
///
/// Every candidate is fitted by exact likelihood. Without a season all orders p + q ≤ 5 are fitted, and then the
/// neighbours of the best for as long as one is better; with a season the search walks from the best of Hyndman
/// and Khandakar's starting models to the best neighbour until none is better. The best few are fitted again from more
/// starts. A candidate with a root nearer than 1.01 to the unit circle is none, unless another maximum of its likelihood
/// has none such. The fit [keeps a record](ArimaFit::trials) of what was tried.
///
/// ```
/// use averted::timeseries::arima::AutoArima;
/// use averted::timeseries::structural::Series;
/// let y: Vec<f64> = (0..40).map(|t| 5.0 + f64::from(t * t * 7 % 11)).collect();
/// let fit = AutoArima::new().fit(&Series::new("y", &y))?;
/// assert_eq!(fit.specification().orders().1, 0);
/// assert!(fit.trials().iter().all(|trial| trial.value.is_none_or(|v| v >= fit.aicc() - 1e-6)));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AutoArima {
    season: usize,
    d: Option<usize>,
    sd: Option<usize>,
    most: (usize, usize, usize, usize),
    criterion: Criterion,
    as_r: bool,
}

impl Default for AutoArima {
    fn default() -> Self {
        Self { season: 1, d: None, sd: None, most: (5, 5, 2, 2), criterion: Criterion::Aicc, as_r: false }
    }
}

impl AutoArima {
    /// Without a season.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a season of this many periods.
    #[must_use]
    pub fn seasonal(mut self, periods: usize) -> Self {
        self.season = periods.max(1);
        self
    }

    /// With this many differences, not chosen.
    #[must_use]
    pub fn differences(mut self, d: usize) -> Self {
        self.d = Some(d);
        self
    }

    /// With this many seasonal differences, not chosen.
    #[must_use]
    pub fn seasonal_differences(mut self, d: usize) -> Self {
        self.sd = Some(d);
        self
    }

    /// The largest p, q, P and Q; 5, 5, 2 and 2 unless set.
    #[must_use]
    pub fn most(mut self, p: usize, q: usize, seasonal_p: usize, seasonal_q: usize) -> Self {
        self.most = (p, q, seasonal_p, seasonal_q);
        self
    }

    /// By this criterion.
    #[must_use]
    pub fn criterion(mut self, criterion: Criterion) -> Self {
        self.criterion = criterion;
        self
    }

    /// On the path of R's `forecast::auto.arima`: the first better neighbour in its order, at most 94 models, every fit
    /// from the estimate of conditional squares alone. Series of more than 150 values or seasons of more than 12
    /// periods are searched by conditional squares, and the best is then fitted by likelihood.
    #[must_use]
    pub fn as_r(mut self) -> Self {
        self.as_r = true;
        self
    }

    /// Chooses the orders and fits the model.
    ///
    /// # Errors
    /// As [`Arima::fit`]; [`Error::TooShort`] below four observations; [`Error::NothingToEstimate`] for a series that
    /// is constant, also once differenced: a straight line, or a season that repeats exactly.
    pub fn fit(&self, series: &Series<'_>) -> Result<ArimaFit> {
        let y = series.outcome();
        let (p, q, sp, sq) = self.most;
        let (d, sd) = (self.d.unwrap_or(0), self.sd.unwrap_or(0));
        // Refuses what no model can take: orders, infinite values, regressors that do not fit, constant series.
        Arima::new((p, d, q)).seasonal((sp * self.on(), sd, sq * self.on(), self.season)).check()?;
        if self.season == 1 && sd > 0 {
            return Err(argument("seasonal_differences", sd, "zero without a season"));
        }
        prepare::prepare(&Arima::new((0, 0, 0)), series)?;
        let observed = y.iter().filter(|v| !v.is_nan()).count();
        if observed < FEWEST {
            return Err(Error::TooShort { what: series.name().into(), needed: FEWEST, found: observed });
        }
        let (d, sd) = self.chosen_differences(series, observed)?;
        let third = observed / 3;
        let most = Orders {
            p: p.min(third),
            q: q.min(third),
            sp: self.on() * sp.min(third / self.season),
            sq: self.on() * sq.min(third / self.season),
            constant: d + sd < 2,
        };
        let within = |own: usize, seasonal: usize| if seasonal > 0 { own.min(self.season - 1) } else { own };
        let most = Orders { p: within(most.p, most.sp), q: within(most.q, most.sq), ..most };
        let search = Search::new(series, (d, sd, self.season), most, self.criterion)?;
        let length = y.iter().skip_while(|v| v.is_nan()).count();
        if self.as_r { search.path(length) } else { search.thorough(length) }
    }

    /// Periods of the season, 1 for none.
    pub fn periods(&self) -> usize {
        self.season
    }

    /// One with a season, zero without.
    fn on(&self) -> usize {
        usize::from(self.season > 1)
    }

    /// d and D, of the residuals of a regression where there are regressors.
    fn chosen_differences(&self, series: &Series<'_>, observed: usize) -> Result<(usize, usize)> {
        let season = self.season;
        let lagged = |y: &[f64]| (season..y.len()).map(|t| y[t] - y[t - season]).collect::<Vec<f64>>();
        let y = without_regressors(series)?;
        let sd = match self.sd {
            Some(given) => given,
            None if season == 1 || observed <= 2 * season || y.len() <= 2 * season => 0,
            None => {
                let strength = match seasonal_strength(&y, season) {
                    Ok(strength) => strength,
                    // A season that is never seen is no season.
                    Err(Error::TooShort { .. } | Error::NothingToEstimate { .. } | Error::Missing { .. }) => {
                        0.0
                    }
                    Err(error) => return Err(error),
                };
                let left = lagged(&y).iter().any(|v| !v.is_nan());
                usize::from(strength > STRONG && left && vary(series, (0, 1, season)))
            }
        };
        if let Some(d) = self.d {
            return Ok((d, sd));
        }
        let after = (0..sd).fold(y, |y, _| lagged(&y));
        let mut d = differences(series.name(), &after, LEVEL, 2, Deterministic::Level)?;
        while d > 0 && !vary(series, (d, sd, season)) {
            d -= 1;
        }
        Ok((d, sd))
    }
}

/// Whether every regressor still varies after these differences.
fn vary(series: &Series<'_>, (d, sd, season): (usize, usize, usize)) -> bool {
    let Some(x) = series.x() else { return true };
    let c = Arima::new((0, d, 0)).seasonal((0, sd, 0, season)).differencing();
    x.columns().into_iter().all(|column| {
        let left = prepare::difference(&column.to_vec(), &c);
        let size = column.iter().fold(0.0_f64, |m, v| if v.is_nan() { m } else { m.max(v.abs()) });
        let mut seen = left.iter().filter(|v| !v.is_nan());
        let Some(first) = seen.next() else { return false };
        seen.any(|v| (v - first).abs() > 1e-13 * size)
    })
}

/// The outcome less its regression on a constant and the regressors, by ordinary least squares.
fn without_regressors(series: &Series<'_>) -> Result<Vec<f64>> {
    let y = series.outcome();
    let Some(x) = series.x().filter(|x| x.ncols() > 0) else { return Ok(y.to_vec()) };
    let used: Vec<usize> = (0..y.len()).filter(|&t| !y[t].is_nan()).collect();
    if used.len() <= x.ncols() + 1 {
        return Err(Error::TooShort { what: series.name().into(), needed: x.ncols() + 2, found: used.len() });
    }
    let value = |i: usize, j: usize| if j == 0 { 1.0 } else { x[[used[i], j - 1]] };
    let design = Array2::from_shape_fn((used.len(), x.ncols() + 1), |(i, j)| value(i, j));
    let outcome: Array1<f64> = used.iter().map(|&t| y[t]).collect();
    let b = least_squares(design.view(), outcome.view());
    let fitted = design.dot(&b);
    let mut left = vec![f64::NAN; y.len()];
    used.iter().zip(&fitted).for_each(|(&t, f)| left[t] = y[t] - f);
    Ok(left)
}

impl Display for AutoArima {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("automatic ARIMA")?;
        if self.season > 1 {
            write!(f, " with a season of {}", self.season)?;
        }
        if self.as_r { f.write_str(", on the path of R's auto.arima") } else { Ok(()) }
    }
}
