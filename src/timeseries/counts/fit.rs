//! The fitted model and what it can answer.

use ndarray::{Array1, Array2, ArrayView2};

use crate::data::Count;
use crate::error::{Error, Result};
use crate::inference::Estimates;
use crate::linalg::Cholesky;
use crate::timeseries::counts::climb::{Bounds, Likelihood, Top, observed};
use crate::timeseries::counts::directions::directions;
use crate::timeseries::counts::recursion::{Model, Problem, Recursion};
use crate::timeseries::counts::scores::{CountScores, transform};
use crate::timeseries::counts::series::{Data, checked_exposure};
use crate::timeseries::counts::specification::argument;
use crate::timeseries::counts::{CountCovariance, Family, Intervention, Link};

/// What a specification hands over.
pub(super) struct Found {
    pub(super) recursion: Recursion,
    pub(super) family: Family,
    pub(super) quasi: bool,
    pub(super) top: Top,
    pub(super) bounds: Bounds,
    /// The dispersion is among the parameters.
    pub(super) joint: bool,
    pub(super) notes: Vec<String>,
}

/// A model of counts fitted to a series.
///
/// The coefficients are intercept, lags and regressors in the order of [`names`](Estimates::names), then the dispersion
/// where it was estimated with them.
#[derive(Debug, Clone)]
pub struct CountFit {
    title: String,
    pub(super) interventions: Vec<Intervention>,
    pub(super) data: Data,
    pub(super) x: Vec<f64>,
    pub(super) recursion: Recursion,
    pub(super) bounds: Bounds,
    family: Family,
    quasi: bool,
    names: Vec<String>,
    pub(super) theta: Array1<f64>,
    pub(super) dispersion: f64,
    covariance: Array2<f64>,
    kind: CountCovariance,
    /// Directions in which the coefficients may go, minus the second derivatives along them, and the covariance there.
    along: Array2<f64>,
    curvature: Array2<f64>,
    inner: Array2<f64>,
    log_likelihood: f64,
    quasi_log_likelihood: f64,
    mean: Vec<f64>,
    iterations: usize,
    notes: Vec<String>,
}

impl Estimates for CountFit {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn coefficients(&self) -> &Array1<f64> {
        &self.theta
    }

    fn covariance(&self) -> &Array2<f64> {
        &self.covariance
    }

    fn degrees_of_freedom(&self) -> f64 {
        f64::INFINITY
    }
}

impl CountFit {
    pub(super) fn new(
        title: String,
        interventions: Vec<Intervention>,
        data: Data,
        x: Vec<f64>,
        found: Found,
    ) -> Result<Self> {
        let Found { recursion, family, quasi, top, bounds, joint, mut notes } = found;
        let (a, b) = recursion.lags();
        let kinds = match recursion.model {
            Model::Ingarch { .. } => ["past_obs", "past_mean"],
            Model::Glarma { .. } => ["ar", "ma"],
        };
        let lags: Vec<String> = a
            .iter()
            .map(|l| format!("{}_{l}", kinds[0]))
            .chain(b.iter().map(|l| format!("{}_{l}", kinds[1])))
            .collect();
        let (regressors, _, _) = recursion.places();
        let mut names = vec!["(Intercept)".to_owned()];
        match regressors {
            1 => names.extend(data.names.iter().cloned().chain(lags)),
            _ => names.extend(lags.into_iter().chain(data.names.iter().cloned())),
        }
        if joint {
            names.push("dispersion".into());
        }
        let mut problem = Problem::new(&recursion, &data.counts, &data.exposure, &x);
        let along = directions(&top, &bounds);
        let curvature = observed(&mut problem, &top.at, &along);
        let mut mean = Vec::with_capacity(data.len());
        problem.pass(&top.at, false, |_, _, m, _| mean.push(m));
        let quasi_log_likelihood = top.value;
        let mut log_likelihood = top.value;
        let mut dispersion = recursion.dispersion(&top.at);
        if family == Family::NegativeBinomial && quasi {
            dispersion = moment_dispersion(&data.counts, &mean, top.at.len())?;
            let mut plugged = recursion.clone();
            plugged.dispersion = Some(dispersion);
            problem.recursion = &plugged;
            log_likelihood = problem.value(&top.at);
        }
        let held: Vec<&str> =
            (0..names.len()).filter(|i| !moves(&along, *i)).map(|i| names[i].as_str()).collect();
        if !held.is_empty() {
            notes.push(format!(
                "at the end of what is allowed, without a standard error: {}",
                held.join(", ")
            ));
        }
        if top.bound {
            notes.push("the coefficients of the past add up to one, the end of what is allowed: the series has no stationary mean, the sum is held there, and standard errors are of its parts".into());
        }
        if family == Family::NegativeBinomial && dispersion == 0.0 {
            notes.push("no more variance than a Poisson's: the dispersion is zero".into());
        }
        let hidden = data.counts.iter().filter(|c| matches!(c, Count::Interval { .. })).count();
        let gone = data.counts.iter().filter(|c| matches!(c, Count::Missing)).count();
        if hidden + gone > 0 {
            notes.push(format!(
                "{hidden} suppressed and {gone} missing cells: in the recursion each is replaced by its expectation given its \
                 past and what is known of it"
            ));
        }
        let kind = if quasi { CountCovariance::Model } else { CountCovariance::Information };
        let k = names.len();
        let mut fit = Self {
            title,
            interventions,
            data,
            x,
            recursion,
            bounds,
            family,
            quasi,
            names,
            theta: Array1::from(top.at),
            dispersion,
            covariance: Array2::zeros((k, k)),
            kind,
            inner: Array2::zeros(curvature.dim()),
            along,
            curvature,
            log_likelihood,
            quasi_log_likelihood,
            mean,
            iterations: top.iterations,
            notes,
        };
        fit.set_covariance(kind)?;
        Ok(fit)
    }

    fn problem(&self) -> Problem<'_> {
        Problem::new(&self.recursion, &self.data.counts, &self.data.exposure, &self.x)
    }

    /// Sets the covariance, NaN for what does not move.
    fn set_covariance(&mut self, kind: CountCovariance) -> Result<()> {
        self.inner = self.covariance_along(kind)?;
        self.covariance = self.along.dot(&self.inner).dot(&self.along.t());
        for i in (0..self.theta.len()).filter(|i| !moves(&self.along, *i)) {
            self.covariance.row_mut(i).fill(f64::NAN);
            self.covariance.column_mut(i).fill(f64::NAN);
        }
        self.kind = kind;
        Ok(())
    }

    fn covariance_along(&self, kind: CountCovariance) -> Result<Array2<f64>> {
        let theta = self.theta.to_vec();
        let (theta, along) = (theta.as_slice(), &self.along);
        match kind {
            CountCovariance::Information => inverse(&self.curvature),
            CountCovariance::Sandwich => {
                let scores = self.problem().scores(theta).dot(along);
                let bread = inverse(&self.curvature)?;
                Ok(bread.dot(&scores.t().dot(&scores)).dot(&bread))
            }
            CountCovariance::Model => {
                let bread = inverse(&self.problem().information(theta, along))?;
                if self.quasi && self.dispersion > 0.0 {
                    // What a missing cell hides, it hides from both.
                    let a = self.dispersion;
                    let meat =
                        self.problem().products(theta, along, |said, mean| said.weight * (1.0 + a * mean));
                    return Ok(bread.dot(&meat).dot(&bread));
                }
                Ok(bread)
            }
        }
    }

    /// The same fit with another covariance of its coefficients.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when the information is singular.
    pub fn with_covariance(&self, kind: CountCovariance) -> Result<Self> {
        let mut other = self.clone();
        other.set_covariance(kind)?;
        Ok(other)
    }

    /// The model in words.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Where the covariance comes from.
    pub fn covariance_kind(&self) -> CountCovariance {
        self.kind
    }

    /// Sum of the log-probabilities of all cells, at the dispersion.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// What the climb maximised: the Poisson log-likelihood where the mean was fitted by it, else
    /// [`log_likelihood`](Self::log_likelihood).
    pub fn quasi_log_likelihood(&self) -> f64 {
        self.quasi_log_likelihood
    }

    /// Estimated numbers, the dispersion among them.
    pub fn n_parameters(&self) -> usize {
        self.theta.len() + usize::from(self.quasi && self.family == Family::NegativeBinomial)
    }

    /// Periods, missing ones too.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there are none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.data.len() == 0
    }

    /// Periods with a count or an interval.
    pub fn n_informative(&self) -> usize {
        self.data.n_informative()
    }

    /// Iterations of the best climb.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Akaike's criterion.
    pub fn aic(&self) -> f64 {
        2.0 * self.n_parameters() as f64 - 2.0 * self.log_likelihood
    }

    /// The Bayesian criterion.
    pub fn bic(&self) -> f64 {
        self.n_parameters() as f64 * (self.n_informative() as f64).ln() - 2.0 * self.log_likelihood
    }

    /// The criterion of Pan (2001), `−2 Q + 2 tr(H V)`: Poisson quasi-likelihood Q, its curvature H, the covariance V of
    /// the coefficients. None unless the mean was fitted by the Poisson.
    pub fn qic(&self) -> Option<f64> {
        if self.recursion.dispersion.is_none() || self.along.ncols() < self.theta.len() {
            return None;
        }
        let product = self.curvature.dot(&self.inner);
        Some(2.0 * product.diag().sum() - 2.0 * self.quasi_log_likelihood)
    }

    /// a in the variance μ + aμ²; zero for the Poisson.
    pub fn dispersion(&self) -> f64 {
        self.dispersion
    }

    /// 1/a, infinite for the Poisson.
    pub fn size(&self) -> f64 {
        1.0 / self.dispersion
    }

    /// Means given the past, period by period.
    pub fn fitted(&self) -> &[f64] {
        &self.mean
    }

    /// Exact count − mean, divided by the standard deviation if `pearson`; NaN where the count is not exact.
    pub fn residuals(&self, pearson: bool) -> Vec<f64> {
        let one = |(count, &mean): (&Count, &f64)| {
            let size = if pearson { (mean + self.dispersion * mean * mean).sqrt() } else { 1.0 };
            count.exact().map_or(f64::NAN, |y| (y - mean) / size)
        };
        self.data.counts.iter().zip(&self.mean).map(one).collect()
    }

    fn exact(&self) -> Vec<(f64, f64, f64)> {
        let cells = self.data.counts.iter().zip(&self.mean);
        cells.filter_map(|(c, &mean)| c.exact().map(|y| (y, mean, self.dispersion))).collect()
    }

    /// Mean scores of the one-step predictions of the exact counts, the parameters those of the fit.
    pub fn scores(&self) -> CountScores {
        let all: Vec<CountScores> =
            self.exact().iter().map(|&(y, mean, a)| CountScores::of(y, mean, a)).collect();
        CountScores::mean(&all)
    }

    /// Shares of the probability integral transform of the exact counts in equal bins: near 1 / bins each where the
    /// distribution is right (non-randomised; Czado, Gneiting & Held 2009).
    ///
    /// # Errors
    /// [`Error::Argument`] unless there are at least two bins.
    pub fn pit(&self, bins: usize) -> Result<Vec<f64>> {
        if bins < 2 {
            return Err(argument("bins", bins, "at least 2"));
        }
        Ok(transform(&self.exact(), bins))
    }

    /// True things about the fit.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Regressors that a forecast needs, interventions left out.
    pub fn regressors(&self) -> &[String] {
        &self.data.names[..self.data.names.len() - self.interventions.len()]
    }

    /// Exposure and regressors of the next periods, row by row, interventions going on.
    pub(super) fn future(
        &self,
        horizon: usize,
        x: Option<ArrayView2<'_, f64>>,
        exposure: Option<&[f64]>,
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        if horizon == 0 {
            return Err(argument("horizon", 0, "at least 1"));
        }
        let names = self.regressors();
        let x = match x {
            Some(x) => x.to_owned(),
            None if names.is_empty() => Array2::zeros((horizon, 0)),
            None => {
                let must = format!("future values of {}, one row a period", names.join(", "));
                return Err(argument("x", "none", &must));
            }
        };
        if x.dim() != (horizon, names.len()) {
            return Err(Error::Shape {
                what: "future regressors".into(),
                expected: format!("{horizon} rows, {} columns", names.len()),
                found: format!("{} rows, {} columns", x.nrows(), x.ncols()),
            });
        }
        let low = match self.recursion.model {
            Model::Ingarch { link: Link::Identity, .. } => 0.0,
            _ => f64::NEG_INFINITY,
        };
        if let Some(((row, j), value)) = x.indexed_iter().find(|(_, v)| !v.is_finite() || **v < low) {
            let must = if low == 0.0 { "finite, and zero or more with the identity link" } else { "finite" };
            let what = format!("future {}", names[j]);
            return Err(Error::Domain { what, row, value: value.to_string(), must: must.into() });
        }
        let exposure = match (exposure, self.data.has_exposure) {
            (None, false) => vec![1.0; horizon],
            (Some(e), true) => e.to_vec(),
            (None, true) => {
                return Err(argument(
                    "exposure",
                    "none",
                    "the exposure of every future period: the model is of a rate",
                ));
            }
            (Some(_), false) => return Err(argument("exposure", "given", "left out: the fit has none")),
        };
        checked_exposure("future exposure", &exposure, horizon)?;
        let n = self.len();
        let row = |h: usize| {
            x.row(h).to_vec().into_iter().chain(self.interventions.iter().map(move |i| i.value(n + h)))
        };
        Ok((exposure, (0..horizon).flat_map(row).collect()))
    }

    /// Means of the next periods at the estimates, every unknown count replaced by its mean: exact for the identity link,
    /// an approximation otherwise. [`forecast`](Self::forecast) has the distribution.
    ///
    /// # Errors
    /// As [`forecast`](Self::forecast).
    pub fn predict(
        &self,
        horizon: usize,
        x: Option<ArrayView2<'_, f64>>,
        exposure: Option<&[f64]>,
    ) -> Result<Vec<f64>> {
        let (exposure, rows) = self.future(horizon, x, exposure)?;
        let (n, k) = (self.len(), self.recursion.k);
        let theta = self.theta.to_vec();
        let counts: Vec<Count> =
            self.data.counts.iter().copied().chain(std::iter::repeat_n(Count::Missing, horizon)).collect();
        let exposure: Vec<f64> = self.data.exposure.iter().copied().chain(exposure).collect();
        let x: Vec<f64> = self.x.iter().copied().chain(rows).collect();
        debug_assert_eq!(x.len(), (n + horizon) * k);
        let mut problem = Problem::new(&self.recursion, &counts, &exposure, &x);
        let mut ahead = Vec::with_capacity(horizon);
        let inside = problem.pass(&theta, false, |t, _, mean, _| {
            if t >= n {
                ahead.push(mean);
            }
        });
        if inside {
            Ok(ahead)
        } else {
            Err(argument("x", "given", "such that the mean stays a number above zero"))
        }
    }
}

/// Whether a coefficient is part of a direction.
fn moves(along: &Array2<f64>, place: usize) -> bool {
    along.row(place).iter().any(|v| *v != 0.0)
}

/// The inverse of a symmetric matrix, its diagonal scaled to one first.
fn inverse(matrix: &Array2<f64>) -> Result<Array2<f64>> {
    let what = "the information of the coefficients";
    let scale = matrix.diag().mapv(f64::sqrt);
    let singular = |pivot: usize| Error::NotPositiveDefinite { what: what.into(), pivot };
    if let Some(pivot) = scale.iter().position(|s| !(*s > 0.0 && s.is_finite())) {
        return Err(singular(pivot));
    }
    let unit = Array2::from_shape_fn(matrix.dim(), |(i, j)| matrix[[i, j]] / (scale[i] * scale[j]));
    if unit.iter().any(|v| !v.is_finite()) {
        return Err(singular(0));
    }
    let factor = Cholesky::new(unit.view(), what)?;
    if let Some(pivot) = factor.lower().diag().iter().position(|d| *d < 1e-7) {
        return Err(singular(pivot));
    }
    let inverse = factor.inverse();
    Ok(Array2::from_shape_fn(matrix.dim(), |(i, j)| inverse[[i, j]] / (scale[i] * scale[j])))
}

/// a such that `Σ (y − μ)² / (μ + aμ²) = n − m`; zero where even the Poisson has too much variance.
fn moment_dispersion(counts: &[Count], mean: &[f64], m: usize) -> Result<f64> {
    let cells: Vec<(f64, f64)> =
        counts.iter().zip(mean).filter_map(|(c, &mean)| c.exact().map(|y| (y, mean))).collect();
    if cells.len() <= m {
        return Err(Error::TooShort {
            what: "dispersion by moments".into(),
            needed: m + 1,
            found: cells.len(),
        });
    }
    let target = (cells.len() - m) as f64;
    let sum = |a: f64| {
        cells.iter().map(|(y, mean)| (y - mean).powi(2) / (mean + a * mean * mean)).sum::<f64>() - target
    };
    if sum(0.0) <= 0.0 {
        return Ok(0.0);
    }
    let (mut low, mut high) = (0.0, 1.0);
    while sum(high) > 0.0 && high < 1e12 {
        (low, high) = (high, 4.0 * high);
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        *(if sum(middle) > 0.0 { &mut low } else { &mut high }) = middle;
    }
    Ok(0.5 * (low + high))
}
