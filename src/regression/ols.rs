//! Ordinary and weighted least squares, with any number of absorbed effects.
//!
//! `y = Xβ + Dα + ε`, `β̂ = (X̃'WX̃)⁻¹ X̃'Wỹ` with `X̃`, `ỹ` the parts off the effects (Frisch & Waugh 1933, Partial Time
//! Regressions as Compared with Individual Trends, *Econometrica* 1; Lovell 1963).
//!
//! ```
//! use averted::data::Frame;
//! use averted::inference::Estimates;
//! use averted::regression::Ols;
//! let frame = Frame::new()
//!     .with_number("rate", vec![3.1, 2.9, 4.2, 3.8, 5.3, 4.9])?
//!     .with_number("spend", vec![1.0, 2.0, 1.0, 2.5, 1.0, 3.0])?
//!     .with_text("state", &["a", "a", "b", "b", "c", "c"].map(Some))?;
//! let fit = Ols::new().fit("rate ~ spend | state", &frame)?;
//! assert!((fit.coefficients()[0] + 0.220_689_655_172_413_7).abs() < 1e-14);
//! println!("{fit}");
//! # Ok::<(), averted::Error>(())
//! ```

use ndarray::{Array2, s};

use super::fit::{Estimate, Fit, Model, Shared};
use super::irls::TIGHT;
use super::least_squares::{self, Independent, Orthonormal};
use super::link::Link;
use super::prepare;
use super::problem::Problem;
use super::sample::{Sample, WeightKind};
use super::settings::{Origin, Settings, fits_arrays, shared_setters};
use crate::data::Source;
use crate::error::{Error, Result};

/// Specification of a linear regression: `y = Xβ + Dα + ε`, effects `D` absorbed (Frisch & Waugh 1933; Lovell 1963).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ols {
    pub(super) settings: Settings,
}

/// A fitted linear regression.
pub type OlsFit = Fit<LeastSquares>;

/// What only a linear regression has.
#[derive(Debug, Clone, PartialEq)]
pub struct LeastSquares {
    /// The weighted sum of squared residuals.
    pub residual_sum: f64,
    /// The weighted sum of squares of the outcome about its mean (about zero without a constant).
    pub total_sum: f64,
    /// The weighted sum of squares of the outcome off the absorbed effects.
    pub within_sum: f64,
    /// The normal log-likelihood at its maximum.
    pub log_likelihood: f64,
    /// `R²`.
    pub r_squared: f64,
    /// `R²` adjusted for the number of parameters.
    pub adjusted_r_squared: f64,
    /// `R²` of the regressors after the effects; that of the model where nothing is absorbed.
    pub within_r_squared: f64,
    /// The residual standard error.
    pub sigma: f64,
    /// Akaike's criterion, the residual variance not counted as a parameter.
    pub aic: f64,
    /// Schwarz's criterion, the residual variance not counted as a parameter.
    pub bic: f64,
}

impl Model for LeastSquares {
    const CORRECTED: bool = true;
    const LINK: Link = Link::Identity;
    const NAME: &'static str = "OLS";

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("r_squared", self.r_squared),
            ("within_r_squared", self.within_r_squared),
            ("adjusted_r_squared", self.adjusted_r_squared),
            ("sigma", self.sigma),
            ("log_likelihood", self.log_likelihood),
            ("aic", self.aic),
            ("bic", self.bic),
        ]
    }
}

shared_setters!(Ols, "Least squares");
fits_arrays!(Ols => OlsFit);

impl Ols {
    /// Least squares with classical standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fits a formula to data.
    ///
    /// # Errors
    /// Those of [`Design::build`](crate::data::Design::build); [`Error::Domain`] for weights that are not positive;
    /// [`Error::NothingToEstimate`] when the outcome or all regressors are taken up by the rest of the model;
    /// [`Error::TooShort`] with more parameters than observations, or fewer than two clusters.
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<OlsFit> {
        let drawn = self.settings.draw(formula, data, false)?;
        self.fit_sample(drawn.sample, Some(drawn.origin), drawn.notes)
    }

    pub(super) fn fit_sample(
        &self,
        sample: Sample,
        origin: Option<Origin>,
        notes: Vec<String>,
    ) -> Result<OlsFit> {
        Fit::new(self.solve(sample, origin, notes)?)
    }

    /// The fit without its covariance.
    pub(super) fn solve(
        &self,
        sample: Sample,
        origin: Option<Origin>,
        mut notes: Vec<String>,
    ) -> Result<Shared<LeastSquares>> {
        sample.check(false)?;
        let prepare::Linear { mut problem, dropped, scale: center } =
            prepare::linear(&sample, self.settings.keep_singletons)?;
        let (independent, mut residual) = demean(&mut problem, &sample, center)?;
        prepare::note_collinear(&sample, &problem, &independent, &mut notes)?;

        let within = weighted_square(&problem.weights, &residual);
        let regressors = problem.columns.slice(s![.., 1..]);
        let mut ortho = Orthonormal::of(regressors, &problem.weights, &independent);
        let coordinates = ortho.project(&problem.weights, &mut residual);
        prepare::unscale(&problem.scale, &mut ortho.root);
        let coefficients = ortho.root.dot(&coordinates) * center.1;

        // Back to the outcome's own scale.
        let (middle, size) = center;
        residual.iter_mut().for_each(|e| *e *= size);
        let linear = problem.outcome.iter().zip(&residual).map(|(y, e)| y - e).collect();
        let pull = residual.iter().zip(&problem.weights).map(|(e, w)| e * w).collect();
        let sums = Sums {
            residual: weighted_square(&problem.weights, &residual),
            within: within * size * size,
            middle,
        };
        let estimate = Estimate {
            names: independent.kept.iter().map(|&j| sample.names[j].clone()).collect(),
            columns: independent.kept,
            coefficients,
            ortho,
            pull,
            dispersion: sums.residual,
            linear,
            nuisance: None,
            observations: prepare::observations(&sample, &problem),
            redundant: problem.redundant(),
        };
        let parameters = prepare::enough_rows(&sample, &problem, &estimate)?;
        let model = sums.model(&sample, &problem, &estimate, parameters);
        // The response column has done its work.
        problem.columns = Array2::zeros((0, 0));
        let settings = self.settings.clone();
        Ok(Shared { model, settings, origin, sample, problem, estimate, dropped, notes })
    }
}

/// Demeans outcome and regressors, keeps the independent ones, and returns the demeaned outcome of unit scale.
fn demean(
    problem: &mut Problem,
    sample: &Sample,
    (middle, size): (f64, f64),
) -> Result<(Independent, Vec<f64>)> {
    for (i, &y) in problem.outcome.iter().enumerate() {
        problem.columns[[i, 0]] = (y - problem.offset[i] - middle) / size;
    }
    problem.absorber.weigh(&problem.weights);
    let weights = std::mem::take(&mut problem.weights);
    for _ in 0..2 {
        problem.absorber.residualize(problem.columns.view_mut(), TIGHT)?;
    }
    let independent = least_squares::independent(problem.columns.slice(s![.., 1..]), &weights);
    if !independent.dropped.is_empty() {
        problem.keep_columns(&independent.kept);
    }
    let outcome = problem.columns.column(0).to_vec();
    let (left, total) = (weighted_square(&weights, &outcome), weights.iter().sum::<f64>());
    problem.weights = weights;
    if !problem.effects.is_empty() && left <= 1e-18 * total {
        let why = format!("the absorbed effects explain `{}` perfectly", sample.outcome_name);
        return Err(Error::NothingToEstimate { why });
    }
    Ok((independent, outcome))
}

/// Sums of squares, in the outcome's own scale.
pub(super) struct Sums {
    pub(super) residual: f64,
    pub(super) within: f64,
    pub(super) middle: f64,
}

impl Sums {
    pub(super) fn model(
        &self,
        sample: &Sample,
        problem: &Problem,
        estimate: &Estimate,
        parameters: usize,
    ) -> LeastSquares {
        let constant = problem.absorbs_constant() || prepare::has_constant(sample, problem);
        let net = |i: usize| problem.outcome[i] - problem.offset[i] - self.middle;
        let total_weight: f64 = problem.weights.iter().sum();
        let total_sum = if constant {
            let (mut first, mut second) = (0.0, 0.0);
            for (i, &w) in problem.weights.iter().enumerate() {
                let net = net(i);
                first += w * net;
                second += w * net * net;
            }
            second - first * first / total_weight
        } else {
            (0..problem.rows()).map(|i| problem.weights[i] * (net(i) + self.middle).powi(2)).sum()
        };
        let (n, k) = (estimate.observations, parameters as f64);
        let logs: f64 = match sample.weights {
            Some((_, WeightKind::Analytic)) => problem.weights.iter().map(|w| w.ln()).sum(),
            _ => 0.0,
        };
        let log_likelihood = 0.5 * (logs - n * ((2.0 * std::f64::consts::PI * self.residual / n).ln() + 1.0));
        let r_squared = 1.0 - self.residual / total_sum;
        let within_sum = if problem.effects.is_empty() { total_sum } else { self.within };
        LeastSquares {
            residual_sum: self.residual,
            total_sum,
            within_sum,
            log_likelihood,
            r_squared,
            adjusted_r_squared: 1.0 - (1.0 - r_squared) * (n - f64::from(u8::from(constant))) / (n - k),
            within_r_squared: 1.0 - self.residual / within_sum,
            sigma: (self.residual / (n - k)).sqrt(),
            aic: 2.0 * (k - log_likelihood),
            bic: k * n.ln() - 2.0 * log_likelihood,
        }
    }
}

pub(super) fn weighted_square(weights: &[f64], values: &[f64]) -> f64 {
    weights.iter().zip(values).map(|(w, v)| w * v * v).sum()
}

impl OlsFit {
    /// Outcome minus fitted mean, one value for each of [`rows`](Fit::rows).
    pub fn residuals(&self) -> ndarray::Array1<f64> {
        self.outcome() - self.fitted()
    }

    /// The normal log-likelihood at its maximum.
    pub fn log_likelihood(&self) -> f64 {
        self.model().log_likelihood
    }
}
