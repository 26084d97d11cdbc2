//! Linear regression with instruments, and with any number of absorbed effects.
//!
//! `y = X₁β₁ + Yβ₂ + Dα + e`, `E[Z̄'e] = 0` with `Z̄ = [X₁ Z]`. Everything is taken off the effects first (Frisch & Waugh
//! 1933), which for two-stage least squares is the same as a dummy for every level in both stages. Standard errors
//! come from the residuals `y − Xβ̂` and from the regressors as the instruments predict them.
//!
//! ```
//! use averted::data::Frame;
//! use averted::inference::Estimates;
//! use averted::regression::Iv;
//! let frame = Frame::new()
//!     .with_number("deaths", vec![2.0, 3.0, 5.0, 4.0, 7.0, 9.0])?
//!     .with_number("spend", vec![1.0, 2.0, 3.0, 3.0, 5.0, 6.0])?
//!     .with_number("grant", vec![0.0, 1.0, 1.0, 2.0, 2.0, 3.0])?;
//! let fit = Iv::new().fit("deaths ~ 1 | spend ~ grant", &frame)?;
//! assert_eq!(fit.names(), ["(Intercept)", "spend"]);
//! assert!((fit.coefficients()[1] - 4.0 / 3.0).abs() < 1e-12);
//! # Ok::<(), averted::Error>(())
//! ```

use std::fmt::{self, Display};
use std::sync::Arc;

use ndarray::{Array2, s};

use super::estimators::{self, Solution};
use super::first_stage;
use super::stages::{Roles, Stages};
use crate::data::Source;
use crate::error::{Error, Result};
use crate::inference::covariance::{Ingredients, estimate};
use crate::inference::{Covariance, SmallSample};
use crate::regression::fit::{Estimate, Fit, Model, Shared};
use crate::regression::inference::Grouped;
use crate::regression::irls::TIGHT;
use crate::regression::least_squares::Orthonormal;
use crate::regression::link::Link;
use crate::regression::ols::{LeastSquares, Sums, weighted_square};
use crate::regression::prepare;
use crate::regression::problem::Problem;
use crate::regression::sample::Sample;
use crate::regression::settings::{Origin, Settings, fits_arrays, shared_setters};

/// How the coefficients are found.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Method {
    /// Two-stage least squares.
    #[default]
    TwoStage,
    /// Limited-information maximum likelihood: median-unbiased with weak instruments, heavy tails.
    LimitedInformation,
    /// Fuller's modification, which has moments; 1 is the usual constant.
    Fuller(f64),
    /// GMM whose weight is the inverse covariance of the moments at the two-stage estimates.
    Gmm,
    /// GMM whose weight is taken anew until nothing moves.
    IteratedGmm,
}

impl Method {
    /// `2sls`, `liml`, `fuller` (with constant 1), `gmm` or `iterated_gmm`.
    fn name(self) -> String {
        match self {
            Self::TwoStage => "2SLS".into(),
            Self::LimitedInformation => "LIML".into(),
            Self::Fuller(alpha) => format!("Fuller({alpha})"),
            Self::Gmm => "two-step GMM".into(),
            Self::IteratedGmm => "iterated GMM".into(),
        }
    }
}

impl Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Specification of a linear regression with instruments: `y = X₁β₁ + Yβ₂ + Dα + ε`, `E[Z'ε] = 0`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Iv {
    pub(in crate::regression) settings: Settings,
    method: Method,
}

/// A fitted linear regression with instruments.
pub type IvFit = Fit<Instrumented>;

/// What only a regression with instruments has.
#[derive(Debug, Clone)]
pub struct Instrumented {
    /// Sums of squares and what follows from them, of the residuals `y − Xβ̂`. `R²` may be negative: instruments are not
    /// there to fit.
    pub least_squares: LeastSquares,
    /// How the coefficients were found.
    pub method: Method,
    /// The `κ` of the k-class; none for GMM.
    pub kappa: Option<f64>,
    /// `J`, GMM's test of the moments in excess; none without any.
    pub j_statistic: Option<f64>,
    /// Steps of GMM.
    pub steps: usize,
    pub(super) stages: Stages,
}

impl Model for Instrumented {
    const HAS_LEVERAGE: bool = false;
    const LINK: Link = Link::Identity;
    const NAME: &'static str = "IV";

    fn title(&self) -> String {
        self.method.to_string()
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        let own = self.kappa.filter(|_| self.method != Method::TwoStage);
        let own = own.map(|k| ("kappa", k)).into_iter().chain(self.j_statistic.map(|j| ("j_statistic", j)));
        let fit = [
            ("r_squared", self.least_squares.r_squared),
            ("within_r_squared", self.least_squares.within_r_squared),
            ("sigma", self.least_squares.sigma),
        ];
        fit.into_iter().chain(own).collect()
    }
}

shared_setters!(Iv, "Linear regression with instruments");
fits_arrays!(Iv => IvFit, ", with [`Sample::endogenous`] and [`Sample::instruments`]");

/// Steps after which iterated GMM gives up.
const STEPS: usize = 200;

impl Iv {
    /// Two-stage least squares with classical standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the coefficients are found. The weight of GMM follows the covariance: clustered where that is, else robust.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self.settings.choice = Some(method.to_string());
        self
    }

    /// Fits a formula to data.
    ///
    /// # Errors
    /// Those of [`Design::build`](crate::data::Design::build); [`Error::Argument`] without instruments or for a
    /// negative constant of Fuller's; [`Error::NotIdentified`] with fewer instruments than endogenous regressors, or
    /// when they are unrelated; [`Error::Domain`] for weights that are not positive; [`Error::NothingToEstimate`];
    /// [`Error::TooShort`] with more parameters than observations, or fewer clusters than moments for GMM;
    /// [`Error::NotConverged`] for iterated GMM.
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<IvFit> {
        let drawn = self.settings.draw_instrumented(formula, data, false)?;
        self.fit_sample(drawn.sample, Some(drawn.origin), drawn.notes)
    }

    fn fit_sample(&self, sample: Sample, origin: Option<Origin>, mut notes: Vec<String>) -> Result<IvFit> {
        if let Method::Fuller(alpha) = self.method
            && !(alpha.is_finite() && alpha >= 0.0)
        {
            let (argument, must) = ("alpha".into(), "a finite number of at least 0, such as 1".into());
            return Err(Error::Argument { argument, value: alpha.to_string(), must });
        }
        sample.check_values(false)?;
        let prepare::Linear { mut problem, dropped, scale: (middle, size) } =
            prepare::linear(&sample, self.settings.keep_singletons)?;
        let within = demean(&mut problem, &sample, (middle, size))?;
        let weights = problem.weights.clone();
        let roles = Roles::find(&sample, &problem, &weights, &mut notes)?;
        let stages = Stages::new(&sample, &problem, &roles, size)?;
        problem.scale = roles.regressors.iter().map(|&j| problem.scale[j]).collect();
        problem.columns = Array2::zeros((0, 0));
        let kappa = self.kappa(&stages, &sample, &problem)?;
        let solution = estimators::k_class(&stages, kappa.unwrap_or(1.0))?;
        let found = Found { stages, within: within * size * size, middle, columns: roles.regressors };
        let (estimate, least_squares) = found.estimate(&sample, &problem, solution)?;
        let model = Instrumented {
            least_squares,
            method: self.method,
            kappa,
            j_statistic: None,
            steps: 0,
            stages: found.stages.clone(),
        };
        let settings = self.settings.clone();
        let mut shared = Shared { model, settings, origin, sample, problem, estimate, dropped, notes };
        if kappa.is_none() {
            self.weigh_moments(&mut shared, &found)?;
        }
        let mut fit = Fit::new(shared)?;
        let note = first_stage::weakness(&fit)?;
        if let Some(shared) = Arc::get_mut(&mut fit.shared) {
            shared.notes.extend(note);
        }
        Ok(fit)
    }

    /// The `κ` of the k-class; none for GMM, which starts from 1.
    fn kappa(&self, stages: &Stages, sample: &Sample, problem: &Problem) -> Result<Option<f64>> {
        Ok(match self.method {
            Method::TwoStage => Some(1.0),
            Method::LimitedInformation => Some(estimators::liml_kappa(stages)?),
            Method::Fuller(alpha) => {
                let absorbed: usize = problem.effects.iter().map(|e| e.block.coefficients()).sum();
                let used = stages.instruments.ncols() + absorbed - problem.redundant();
                let free = prepare::observations(sample, problem) - used as f64;
                Some(estimators::liml_kappa(stages)? - alpha / free)
            }
            Method::Gmm | Method::IteratedGmm => None,
        })
    }

    /// GMM from the two-stage estimates that are there.
    fn weigh_moments(&self, shared: &mut Shared<Instrumented>, found: &Found) -> Result<()> {
        let covariance = match &shared.settings.covariance {
            Covariance::Classical => Covariance::Robust,
            other => other.clone(),
        };
        let stages = &found.stages;
        let moments = stages.instruments.ncols();
        let columns = covariance.clusters();
        if !columns.is_empty() {
            let grouped = Grouped::new(shared, &covariance, None)?;
            let fewest = grouped.grouping.iter().map(|(_, groups)| *groups).min().unwrap_or(0);
            if fewest < moments {
                return Err(Error::TooShort {
                    what: format!(
                        "clusters of {} for the weight of {moments} moments",
                        columns.join(" and ")
                    ),
                    needed: moments,
                    found: fewest,
                });
            }
        }
        let most = if self.method == Method::Gmm { 1 } else { STEPS };
        for step in 1..=most {
            let weight = moment_covariance(shared, stages, &covariance)?;
            let (solution, statistic) = estimators::gmm(stages, &weight)?;
            let before = shared.estimate.coefficients.clone();
            let (estimate, least_squares) = found.estimate(&shared.sample, &shared.problem, solution)?;
            let change = (&estimate.coefficients - &before)
                .iter()
                .zip(&estimate.coefficients)
                .map(|(c, b)| c.abs() / (1e-8 + b.abs()))
                .fold(0.0, f64::max);
            shared.estimate = estimate;
            shared.model.least_squares = least_squares;
            shared.model.steps = step;
            shared.model.j_statistic = (stages.overidentified() > 0).then_some(statistic);
            if self.method == Method::Gmm || change < 1e-11 {
                shared.notes.push(format!("GMM weight: moments {covariance}, {step} steps after 2SLS"));
                return Ok(());
            }
            if step == most {
                return Err(Error::NotConverged {
                    method: "iterated GMM".into(),
                    iterations: step,
                    last_change: change,
                    hint: "take two-step GMM".into(),
                });
            }
        }
        Ok(())
    }
}

/// The covariance of `Q'We` at the estimates in `shared`, without small-sample factors, outcome in units of its size.
pub(super) fn moment_covariance(
    shared: &Shared<Instrumented>,
    stages: &Stages,
    covariance: &Covariance,
) -> Result<Array2<f64>> {
    let grouped = Grouped::new(shared, covariance, None)?;
    let unit = Array2::eye(stages.instruments.ncols());
    let pull = &shared.estimate.pull / stages.size;
    let from = Ingredients {
        root: unit.view(),
        x: stages.instruments.view(),
        pull: pull.view(),
        repeats: shared.repeats(),
        dispersion: shared.estimate.dispersion / (stages.size * stages.size),
        related: grouped.related.as_ref(),
    };
    let counts = grouped.counts(shared);
    Ok(estimate(covariance, &from, &grouped.grouping, SmallSample::NONE, &counts)?.matrix)
}

/// What an estimate is made of, whichever method gave the solution.
struct Found {
    stages: Stages,
    within: f64,
    middle: f64,
    columns: Vec<usize>,
}

impl Found {
    /// Back to the outcome's own scale.
    fn estimate(
        &self,
        sample: &Sample,
        problem: &Problem,
        solution: Solution,
    ) -> Result<(Estimate, LeastSquares)> {
        let Solution { coordinates, basis, mut root } = solution;
        let size = self.stages.size;
        let residual: Vec<f64> = self.stages.residual(&coordinates).iter().map(|e| e * size).collect();
        let mut coefficients = self.stages.root.dot(&coordinates) * size;
        coefficients.iter_mut().zip(&problem.scale).for_each(|(b, s)| *b /= s);
        prepare::unscale(&problem.scale, &mut root);
        let linear = problem.outcome.iter().zip(&residual).map(|(y, e)| y - e).collect();
        let pull = residual.iter().zip(&problem.weights).map(|(e, w)| e * w).collect();
        let sums = Sums {
            residual: weighted_square(&problem.weights, &residual),
            within: self.within,
            middle: self.middle,
        };
        let estimate = Estimate {
            names: self.columns.iter().map(|&j| sample.names[j].clone()).collect(),
            columns: self.columns.clone(),
            coefficients,
            ortho: Orthonormal { basis, root },
            pull,
            dispersion: sums.residual,
            linear,
            nuisance: None,
            observations: prepare::observations(sample, problem),
            redundant: problem.redundant(),
        };
        let parameters = prepare::enough_rows(sample, problem, &estimate)?;
        let model = sums.model(sample, problem, &estimate, parameters);
        Ok((estimate, model))
    }
}

/// Demeans outcome, regressors and instruments; returns the sum of squares of the outcome, which is of unit scale.
fn demean(problem: &mut Problem, sample: &Sample, (middle, size): (f64, f64)) -> Result<f64> {
    for (i, &y) in problem.outcome.iter().enumerate() {
        problem.columns[[i, 0]] = (y - problem.offset[i] - middle) / size;
    }
    let weights = problem.weights.clone();
    problem.absorber.weigh(&weights);
    for _ in 0..2 {
        problem.absorber.residualize(problem.columns.view_mut(), TIGHT)?;
    }
    let outcome = problem.columns.slice(s![.., 0]).to_vec();
    let left = weighted_square(&weights, &outcome);
    if !problem.effects.is_empty() && left <= 1e-18 * weights.iter().sum::<f64>() {
        let why = format!("the absorbed effects explain `{}` perfectly", sample.outcome_name);
        return Err(Error::NothingToEstimate { why });
    }
    Ok(left)
}

impl IvFit {
    /// Outcome minus fitted mean, one value for each of [`rows`](Fit::rows).
    pub fn residuals(&self) -> ndarray::Array1<f64> {
        self.outcome() - self.fitted()
    }

    /// The normal log-likelihood of the residuals, which no method maximises; for comparison with other software.
    pub fn log_likelihood(&self) -> f64 {
        self.model().least_squares.log_likelihood
    }
}
