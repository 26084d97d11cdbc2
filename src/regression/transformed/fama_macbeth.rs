//! A regression for every period, and the mean of their coefficients.
//!
//! `β̂ = (1/T) Σₜ β̂ₜ` with `β̂ₜ` the least squares of period *t* (Fama & MacBeth 1973). Its covariance is that of a mean,
//! `Σₜ (β̂ₜ − β̂)(β̂ₜ − β̂)' / (T (T − 1))`: the estimate is linear in the outcomes with rows
//! `z = (1/T)(Xₜ'Xₜ)⁻¹x`, and `Σ z (y − x'β̂)` over a period is `(β̂ₜ − β̂) / T`, so that it is the Driscoll–Kraay
//! covariance without lags. With lags the periods' coefficients may be related over time.

use ndarray::{Array1, Array2, Axis, s};

use super::layout::{Layout, check, leave_out};
use crate::data::Source;
use crate::error::{Error, Result};
use crate::inference::covariance::Autocorrelation;
use crate::inference::{Covariance, SmallSample};
use crate::regression::fit::{Estimate, Fit, Model, Shared};
use crate::regression::least_squares::{self, Orthonormal};
use crate::regression::link::Link;
use crate::regression::prepare;
use crate::regression::problem::{Problem, Pruning};
use crate::regression::sample::Sample;
use crate::regression::settings::{Settings, shared_setters};

/// Specification of a mean of regressions, one a period: `β̂ = (1/T) Σₜ (Xₜ'WₜXₜ)⁻¹Xₜ'Wₜyₜ` (Fama & MacBeth 1973).
///
/// Standard errors are those of a mean of `T` values, as `t` with `T − 1` degrees of freedom, unless set otherwise.
///
/// ```
/// use averted::data::Frame;
/// use averted::inference::Estimates;
/// use averted::regression::FamaMacBeth;
/// let frame = Frame::new()
///     .with_text("state", &["a", "a", "b", "b", "c", "c"].map(Some))?
///     .with_number("year", [1.0, 2.0].repeat(3))?
///     .with_number("y", vec![1.0, 1.0, 3.0, 2.0, 5.0, 3.0])?
///     .with_number("x", vec![0.0, 0.0, 1.0, 1.0, 2.0, 2.0])?;
/// let fit = FamaMacBeth::new().panel("state", "year").fit("y ~ x", &frame)?;
/// // Slopes of 2 and 1.
/// assert!((fit.coefficients()[1] - 1.5).abs() < 1e-12 && (fit.std_errors()[1] - 0.5).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FamaMacBeth {
    settings: Settings,
}

/// A fitted mean of regressions.
pub type FamaMacBethFit = Fit<AveragedPeriods>;

/// What only a mean of regressions has.
#[derive(Debug, Clone, PartialEq)]
pub struct AveragedPeriods {
    /// The periods, ascending, by their number on the calendar.
    pub periods: Vec<i64>,
    /// The coefficients of every period, one row each.
    pub by_period: Array2<f64>,
    /// The mean of the periods' `R²`.
    pub r_squared: f64,
}

impl Model for AveragedPeriods {
    const HAS_LEVERAGE: bool = false;
    const LINK: Link = Link::Identity;
    const NAME: &'static str = "Fama–MacBeth";
    const SANDWICH_ONLY: bool = true;
    const ONE_REGRESSION: bool = false;

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![("periods", self.periods.len() as f64), ("r_squared", self.r_squared)]
    }
}

impl Default for FamaMacBeth {
    fn default() -> Self {
        let covariance = Covariance::Autocorrelation(Autocorrelation::driscoll_kraay().lags(0));
        Self { settings: Settings { covariance, small_sample: SmallSample::MEAN, ..Settings::default() } }
    }
}

shared_setters!(FamaMacBeth, "Mean of regressions by period");

impl FamaMacBeth {
    /// With standard errors from the spread of the periods' coefficients.
    pub fn new() -> Self {
        Self::default()
    }

    /// With standard errors under coefficients related over so many lags (Bartlett's weights).
    #[must_use]
    pub fn lags(mut self, lags: usize) -> Self {
        self.settings.covariance = Autocorrelation::driscoll_kraay().lags(lags).into();
        self
    }

    /// Fits a formula to a panel.
    ///
    /// Periods that cannot tell all coefficients, for having too few rows or regressors that depend on each other there,
    /// are left out.
    ///
    /// # Errors
    /// Those of [`Ols::fit`](crate::regression::Ols::fit); [`Error::Argument`] without unit and time, for absorbed effects
    /// and for classical standard errors; [`Error::NothingToEstimate`] when no period tells all coefficients;
    /// [`Error::TooShort`] with one that does.
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<FamaMacBethFit> {
        let drawn = self.settings.draw(formula, data, false)?;
        let (mut sample, mut notes) = (drawn.sample, drawn.notes);
        let instead = "fits every period for itself";
        check(&sample, "a regression by period", true, Some(instead))?;
        let layout = Layout::new(&sample, &drawn.origin, "periods")?;
        let times: Vec<i64> = layout.calendar.index.time().iter().flatten().copied().collect();
        let mut ready = Ready::new(&sample, &times, &mut notes)?;
        let mut found = ready.fits();
        if found.iter().any(Option::is_none) {
            let told: Vec<i64> =
                found.iter().zip(&ready.times).filter(|(f, _)| f.is_some()).map(|(_, t)| *t).collect();
            if told.is_empty() {
                let why = format!(
                    "no period tells all of {}: it has too few rows, or they depend on each other within each",
                    sample.names.join(", ")
                );
                return Err(Error::NothingToEstimate { why });
            }
            let stay: Vec<bool> = times.iter().map(|t| told.binary_search(t).is_ok()).collect();
            sample = leave_out(&sample, &stay, "in a period that does not tell all coefficients");
            let times: Vec<i64> = times.iter().zip(&stay).filter(|(_, s)| **s).map(|(t, _)| *t).collect();
            notes.truncate(0);
            ready = Ready::new(&sample, &times, &mut notes)?;
            found = ready.fits();
        }
        let fits: Vec<Period> = found.into_iter().flatten().collect();
        if fits.len() < 2 {
            let what = "periods that tell all coefficients".into();
            return Err(Error::TooShort { what, needed: 2, found: fits.len() });
        }
        let dropped = prepare::dropped(&sample, &ready.problem.pruned, &[]);
        let (model, estimate) = ready.average(&sample, &fits);
        let Ready { mut problem, .. } = ready;
        prepare::enough_rows(&sample, &problem, &estimate)?;
        problem.columns = Array2::zeros((0, 0));
        let (settings, origin) = (self.settings.clone(), Some(drawn.origin));
        Fit::new(Shared { model, settings, origin, sample, problem, estimate, dropped, notes })
    }
}

/// Rows in fitting order, by period.
struct Ready {
    problem: Problem,
    kept: Vec<usize>,
    times: Vec<i64>,
    /// Places of every period.
    places: Vec<Vec<usize>>,
    /// What outcomes are divided by in the regressions of the periods.
    size: f64,
}

/// The regression of one period, in columns of unit scale.
struct Period {
    ortho: Orthonormal,
    coefficients: Array1<f64>,
    r_squared: f64,
}

impl Ready {
    fn new(sample: &Sample, times: &[i64], notes: &mut Vec<String>) -> Result<Self> {
        let pruning = Pruning { zeros: false, ones: false, keep_singletons: true, excluded: &[] };
        let mut problem = Problem::new(sample, pruning)?;
        let (_, size) = prepare::outcome_scale(sample, &problem)?;
        let weights = problem.weights.clone();
        problem.absorber.weigh(&weights);
        let independent = least_squares::independent(problem.columns.slice(s![.., 1..]), &weights);
        prepare::note_collinear(sample, &problem, &independent, notes)?;
        if !independent.dropped.is_empty() {
            problem.keep_columns(&independent.kept);
        }
        let mut known = times.to_vec();
        known.sort_unstable();
        known.dedup();
        let mut places = vec![Vec::new(); known.len()];
        for place in 0..problem.rows() {
            let time = times[problem.kept[problem.absorber.row(place)]];
            places[known.partition_point(|other| *other < time)].push(place);
        }
        Ok(Self { problem, kept: independent.kept, times: known, places, size })
    }

    fn fits(&self) -> Vec<Option<Period>> {
        self.places.iter().map(|places| self.of_period(places)).collect()
    }

    /// None where not all regressors are independent.
    fn of_period(&self, places: &[usize]) -> Option<Period> {
        let x = self.problem.columns.slice(s![.., 1..]).select(Axis(0), places);
        let weights: Vec<f64> = places.iter().map(|&place| self.problem.weights[place]).collect();
        if x.nrows() < x.ncols() {
            return None;
        }
        let independent = least_squares::independent(x.view(), &weights);
        if !independent.dropped.is_empty() {
            return None;
        }
        let ortho = Orthonormal::of(x.view(), &weights, &independent);
        let mut left: Vec<f64> =
            places.iter().map(|&place| self.problem.outcome[place] / self.size).collect();
        let total: f64 = weights.iter().sum();
        let mean = left.iter().zip(&weights).map(|(y, w)| y * w).sum::<f64>() / total;
        let spread: f64 = left.iter().zip(&weights).map(|(y, w)| w * (y - mean).powi(2)).sum();
        let coordinates = ortho.project(&weights, &mut left);
        let residual: f64 = left.iter().zip(&weights).map(|(e, w)| w * e * e).sum();
        let coefficients = ortho.root.dot(&coordinates);
        Some(Period { ortho, coefficients, r_squared: 1.0 - residual / spread })
    }

    fn average(&self, sample: &Sample, fits: &[Period]) -> (AveragedPeriods, Estimate) {
        let (problem, t) = (&self.problem, fits.len() as f64);
        let k = self.kept.len();
        let mut mean: Array1<f64> = Array1::zeros(k);
        fits.iter().for_each(|fit| mean += &fit.coefficients);
        mean *= self.size / t;
        let x = problem.columns.slice(s![.., 1..]);
        let linear: Vec<f64> = x.rows().into_iter().map(|row| row.dot(&mean)).collect();
        let mut basis = Array2::zeros((problem.rows(), k));
        for (fit, places) in fits.iter().zip(&self.places) {
            for (z, &place) in fit.ortho.basis.rows().into_iter().zip(places) {
                basis.row_mut(place).assign(&(fit.ortho.root.dot(&z) / t));
            }
        }
        let errors = problem.outcome.iter().zip(&linear).map(|(y, f)| y - f);
        let pull: Array1<f64> = errors.zip(&problem.weights).map(|(e, w)| e * w).collect();
        let dispersion = pull.iter().zip(&problem.weights).map(|(p, w)| p * p / w).sum();
        let scale = Array1::from(problem.scale.clone());
        let estimate = Estimate {
            names: self.kept.iter().map(|&j| sample.names[j].clone()).collect(),
            columns: self.kept.clone(),
            coefficients: &mean / &scale,
            ortho: Orthonormal { basis, root: Array2::from_diag(&scale.mapv(f64::recip)) },
            pull,
            dispersion,
            linear,
            nuisance: None,
            observations: prepare::observations(sample, problem),
            redundant: 0,
        };
        let by_period =
            Array2::from_shape_fn((fits.len(), k), |(p, j)| fits[p].coefficients[j] * self.size / scale[j]);
        let defined = || fits.iter().map(|fit| fit.r_squared).filter(|r| r.is_finite());
        let r_squared = defined().sum::<f64>() / defined().count() as f64;
        (AveragedPeriods { periods: self.times.clone(), by_period, r_squared }, estimate)
    }
}

impl FamaMacBethFit {
    /// Outcome minus fitted mean, one value for each of [`rows`](Fit::rows).
    pub fn residuals(&self) -> Array1<f64> {
        self.outcome() - self.fitted()
    }
}
