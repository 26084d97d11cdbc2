//! Counts that follow past counts and past means.

use std::fmt::{self, Display};

use ndarray::{Array2, s};

use crate::data::Count;
use crate::error::{Error, Result};
use crate::timeseries::counts::climb::{Bounds, Care, Likelihood, Top, climb};
use crate::timeseries::counts::fit::{CountFit, Found};
use crate::timeseries::counts::recursion::{Model, Problem, Recursion, Start};
use crate::timeseries::counts::series::Data;
use crate::timeseries::counts::specification::{argument, lags};
use crate::timeseries::counts::{CountSeries, Family, Initial, Intervention, Link, Method};

/// An INGARCH model or its log-linear form. See the [module](self::super).
#[derive(Debug, Clone, PartialEq)]
pub struct Ingarch {
    pub(super) past_obs: Vec<usize>,
    pub(super) past_mean: Vec<usize>,
    pub(super) link: Link,
    pub(super) family: Family,
    pub(super) method: Method,
    pub(super) initial: Initial,
    pub(super) external: bool,
    pub(super) interventions: Vec<Intervention>,
}

impl Default for Ingarch {
    fn default() -> Self {
        Self::new()
    }
}

/// Shares of the mean that starts give to past counts and to past means.
const SHARES: [(f64, f64); 5] = [(0.4, 0.4), (0.2, 0.1), (0.1, 0.8), (0.6, 0.2), (0.05, 0.05)];

impl Ingarch {
    /// The last count, on the log scale, negative binomial, by maximum likelihood.
    pub fn new() -> Self {
        Self {
            past_obs: vec![1],
            past_mean: Vec::new(),
            link: Link::Log,
            family: Family::NegativeBinomial,
            method: Method::Likelihood,
            initial: Initial::Marginal,
            external: false,
            interventions: Vec::new(),
        }
    }

    /// Lags of the counts.
    #[must_use]
    pub fn past_obs(mut self, lags: &[usize]) -> Self {
        self.past_obs = lags.to_vec();
        self
    }

    /// Lags of the means.
    #[must_use]
    pub fn past_mean(mut self, lags: &[usize]) -> Self {
        self.past_mean = lags.to_vec();
        self
    }

    /// On this scale.
    #[must_use]
    pub fn link(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    /// Of this family.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// By this method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// With this start of the recursion.
    #[must_use]
    pub fn initial(mut self, initial: Initial) -> Self {
        self.initial = initial;
        self
    }

    /// Regressors and interventions act on their own period only and are not carried on by past means.
    #[must_use]
    pub fn external(mut self) -> Self {
        self.external = true;
        self
    }

    /// With one more intervention.
    #[must_use]
    pub fn intervention(mut self, intervention: Intervention) -> Self {
        self.interventions.push(intervention);
        self
    }

    /// Fits it.
    ///
    /// # Errors
    /// [`Error::Domain`] for a cell that is no count, an exposure that is not above zero, and with the identity link a
    /// regressor below zero; [`Error::Missing`] for a regressor missing anywhere; [`Error::TooShort`];
    /// [`Error::NothingToEstimate`] for counts that are all zero or constant and regressors that do not vary;
    /// [`Error::Argument`] for suppressed cells with [`Method::Quasi`]; [`Error::NotPositiveDefinite`] when the
    /// coefficients cannot be told apart; [`Error::NotConverged`].
    pub fn fit(&self, series: &CountSeries<'_>) -> Result<CountFit> {
        let (recursion, data) = self.prepare(series)?;
        let x: Vec<f64> = data.x.iter().copied().collect();
        let joint = recursion.dispersion.is_none();
        let bounds = self.bounds(&recursion, &data);
        let mut best = self.best(&recursion, &data, &x, &bounds)?;
        let mut notes = Vec::new();
        let (p, q) = (self.past_obs.len(), self.past_mean.len());
        let still = best.at[1..=p].iter().all(|b| *b == 0.0);
        if q > 0 && still && (self.external || recursion.k == 0) {
            // Nothing feeds the mean, so that its own past cannot matter.
            let mut fixed = bounds.clone();
            (1..=p + q).for_each(|i| (fixed.low[i], fixed.high[i]) = (0.0, 0.0));
            best = self.best(&recursion, &data, &x, &fixed)?;
            notes.push("past counts do not raise the mean: there is nothing for past means to carry, and both are zero".into());
        }
        let family = self.family;
        let quasi = self.method == Method::Quasi;
        let found = Found { recursion, family, quasi, top: best, bounds, joint, notes };
        CountFit::new(self.to_string(), self.interventions.clone(), data, x, found)
    }

    fn prepare(&self, series: &CountSeries<'_>) -> Result<(Recursion, Data)> {
        let mut data = Data::new(series)?;
        let n = data.len();
        let past_obs = lags("past_obs", &self.past_obs, n)?;
        let past_mean = lags("past_mean", &self.past_mean, n)?;
        self.interventions.iter().try_for_each(|i| i.check(n))?;
        let given = data.x.ncols();
        let mut x = Array2::zeros((n, given + self.interventions.len()));
        x.slice_mut(s![.., ..given]).assign(&data.x);
        for (j, intervention) in self.interventions.iter().enumerate() {
            (0..n).for_each(|t| x[[t, given + j]] = intervention.value(t));
            data.names.push(intervention.name());
        }
        data.x = x;
        let k = data.x.ncols();
        let hidden = data.counts.iter().any(|c| matches!(c, Count::Interval { .. }));
        if hidden && self.method == Method::Quasi {
            return Err(argument(
                "method",
                "qml",
                "`ml` where cells are suppressed: their probability needs the family",
            ));
        }
        if self.link == Link::Identity
            && let Some(((row, j), value)) = data.x.indexed_iter().find(|(_, v)| **v < 0.0)
        {
            let must =
                "zero or more with the identity link, which keeps the mean above zero; use link = `log`"
                    .into();
            return Err(Error::Domain { what: data.names[j].clone(), row, value: value.to_string(), must });
        }
        let initial = match self.initial {
            Initial::First => {
                let first =
                    data.counts.iter().zip(&data.exposure).find_map(|(c, e)| c.exact().map(|y| (y, *e)));
                let Some((y, e)) = first else {
                    return Err(argument("initial", "first", "another: no count is known exactly"));
                };
                Start::Value(if self.link == Link::Log { ((y + 1.0) / e).ln() } else { y / e })
            }
            rule => Start::Rule(rule),
        };
        let joint = self.family == Family::NegativeBinomial && self.method == Method::Likelihood;
        let external = vec![self.external; k];
        let dependent = !past_obs.is_empty();
        let model = Model::Ingarch { link: self.link, past_obs, past_mean, external, initial };
        let recursion = Recursion { model, k, dispersion: (!joint).then_some(0.0) };
        data.check(recursion.n_parameters(), dependent)?;
        Ok((recursion, data))
    }

    fn bounds(&self, recursion: &Recursion, data: &Data) -> Bounds {
        let mut bounds = Bounds::none(recursion.n_parameters());
        let last = self.past_obs.len() + self.past_mean.len();
        bounds.sum = (1..=last).collect();
        let low = if self.link == Link::Identity { 0.0 } else { -MOST_LAG };
        (1..=last).for_each(|i| (bounds.low[i], bounds.high[i]) = (low, MOST_LAG));
        if self.link == Link::Identity {
            bounds.low[0] = 1e-6 * data.rate();
            (0..recursion.k).for_each(|j| bounds.low[1 + last + j] = 0.0);
        }
        if recursion.dispersion.is_none() {
            let place = bounds.low.len() - 1;
            bounds.low[place] = 0.0;
        }
        bounds
    }

    /// The highest top of climbs from several starts.
    fn best(&self, recursion: &Recursion, data: &Data, x: &[f64], bounds: &Bounds) -> Result<Top> {
        let (p, q) = (self.past_obs.len(), self.past_mean.len());
        let mut problem = Problem::new(recursion, &data.counts, &data.exposure, x);
        let rate = data.rate();
        let level = if self.link == Link::Log { rate.ln() } else { rate };
        let dispersion = first_dispersion(data);
        let mut tops: Vec<Top> = Vec::new();
        let mut failure = None;
        for (past, mean) in SHARES {
            let mut theta = vec![0.0; recursion.n_parameters()];
            (1..=p).for_each(|i| theta[i] = past / p as f64);
            (1..=q).for_each(|i| theta[p + i] = mean / q as f64);
            for i in 1..=p + q {
                theta[i] = theta[i].clamp(bounds.low[i], bounds.high[i]);
            }
            theta[0] = level * (1.0 - theta[1..=p + q].iter().sum::<f64>());
            if recursion.dispersion.is_none() {
                theta[recursion.n_parameters() - 1] = dispersion;
            }
            match climb(&mut problem, &theta, bounds, Care::Rough) {
                Ok(top) => tops.push(top),
                Err(error) => failure = Some(error),
            }
            if p + q == 0 {
                break;
            }
        }
        // The highest first; the others only if it leads nowhere.
        tops.sort_by(|a, b| b.value.total_cmp(&a.value));
        for rough in &tops {
            match climb(&mut problem, &rough.at, bounds, Care::Full) {
                Ok(top) => return Ok(Top { iterations: rough.iterations + top.iterations, ..top }),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| argument("start", "none", "finite")))
    }

    /// What the model says at given coefficients, in the order of a fit: intercept, past counts, past means, regressors,
    /// and the dispersion where it is estimated with them. Standard errors are those that a fit would have there.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::Shape`] for another number of coefficients; [`Error::Argument`] for coefficients
    /// outside of what is allowed.
    pub fn at(&self, series: &CountSeries<'_>, coefficients: &[f64]) -> Result<CountFit> {
        let (recursion, data) = self.prepare(series)?;
        let x: Vec<f64> = data.x.iter().copied().collect();
        let bounds = self.bounds(&recursion, &data);
        if coefficients.len() != recursion.n_parameters() {
            let (expected, found) = (recursion.n_parameters().to_string(), coefficients.len().to_string());
            return Err(Error::Shape { what: "coefficients".into(), expected, found });
        }
        let value = Problem::new(&recursion, &data.counts, &data.exposure, &x).value(coefficients);
        let inside =
            coefficients.iter().zip(bounds.low.iter().zip(&bounds.high)).all(|(c, (l, h))| l <= c && c <= h);
        if !(value.is_finite() && inside && bounds.total(coefficients) < 1.0) {
            return Err(argument(
                "coefficients",
                format!("{coefficients:?}"),
                "such that the mean is stationary and above zero",
            ));
        }
        let free = (0..coefficients.len()).collect();
        let top = Top { at: coefficients.to_vec(), value, iterations: 0, free, bound: false };
        let (family, quasi) = (self.family, self.method == Method::Quasi);
        let joint = recursion.dispersion.is_none();
        let notes = vec!["the coefficients were given, not estimated".into()];
        let found = Found { recursion, family, quasi, top, bounds, joint, notes };
        CountFit::new(self.to_string(), self.interventions.clone(), data, x, found)
    }
}

/// A lag's coefficient stays below one in size.
const MOST_LAG: f64 = 0.999_999;

/// Of the exact counts around their common rate, by moments; kept where a climb can start.
pub(super) fn first_dispersion(data: &Data) -> f64 {
    let rate = data.rate();
    let (mut excess, mut squares) = (0.0, 0.0);
    for (count, e) in data.counts.iter().zip(&data.exposure) {
        if let Count::Exact(y) = count {
            let mean = rate * e;
            excess += (y - mean) * (y - mean) - mean;
            squares += mean * mean;
        }
    }
    let moment = if squares > 0.0 { excess / squares } else { 0.1 };
    // Part of the spread is the mean's own movement.
    (0.5 * moment).clamp(0.01, 5.0)
}

impl Display for Ingarch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |lags: &[usize]| lags.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        f.write_str(if self.family == Family::Poisson { "Poisson " } else { "negative binomial " })?;
        f.write_str(if self.link == Link::Log { "log-linear INGARCH" } else { "INGARCH" })?;
        write!(
            f,
            "(past counts {}",
            if self.past_obs.is_empty() { "none".into() } else { list(&self.past_obs) }
        )?;
        if !self.past_mean.is_empty() {
            write!(f, "; past means {}", list(&self.past_mean))?;
        }
        f.write_str(")")?;
        f.write_str(if self.method == Method::Quasi { " by quasi-likelihood" } else { "" })
    }
}
