//! Poisson regression with instruments, by control function or by GMM.
//!
//! **Control function** (Wooldridge 1997; Lin & Wooldridge 2019): the first stages `Y = Z̄Π + Dδ + v` are least squares,
//! and `E[y | …] = exp(o + X₁β₁ + Yβ₂ + v̂ρ + Dα)` a Poisson regression with their residuals; `ρ = 0` is exogeneity. Its
//! covariance is that of both steps' moments stacked: with the score `s` of the second step, information `H` and
//! `C = ∂s/∂Π`, a row moves the estimates by `H⁻¹(sᵢ + C(Z̄'WZ̄)⁻¹z̄ᵢwᵢvᵢ')`. Absorbed effects give what dummies in both steps
//! would: their part of `C` vanishes, because both steps' residuals are orthogonal to them.
//!
//! **GMM** (Mullahy 1997, *Rev. Econ. Stat.* 79): `E[Z̄'(y/μ − 1)] = 0`, multiplicative errors; two steps, or one where
//! there are as many moments as coefficients. Effects cannot be absorbed: their number grows with the sample and, unlike
//! those of a Poisson likelihood, they bias the other estimates.

use std::str::FromStr;
use std::sync::Arc;

use ndarray::{Array1, Array2, Axis, s};

use super::multiplicative;
use super::stages::{Roles, Stages};
use crate::data::Source;
use crate::error::{Error, Result};
use crate::inference::{Covariance, significant};
use crate::regression::fit::{Estimate, Fit, Model, Shared};
use crate::regression::irls::{Limits, TIGHT};
use crate::regression::least_squares::{Orthonormal, invert_upper};
use crate::regression::link::Link;
use crate::regression::poisson::{Counts, Poisson};
use crate::regression::prepare;
use crate::regression::problem::{Problem, Pruning};
use crate::regression::sample::Sample;
use crate::regression::settings::{Origin, Settings, fits_arrays, shared_setters};

/// How the coefficients are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountMethod {
    /// A Poisson regression with the residuals of the first stages.
    #[default]
    ControlFunction,
    /// Moments of the ratio of outcome and mean.
    Gmm,
}

impl FromStr for CountMethod {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "control_function" => Ok(Self::ControlFunction),
            "gmm" => Ok(Self::Gmm),
            _ => Err(Error::Argument {
                argument: "method".into(),
                value: format!("`{name}`"),
                must: "control_function or gmm".into(),
            }),
        }
    }
}

/// Specification of a Poisson regression with instruments: `E[y] = exp(o + X₁β₁ + Yβ₂ + v̂ρ + Dα)`, `v̂` the residuals of the
/// first stages (Wooldridge 1997), or `E[Z'(y/μ − 1)] = 0` (Mullahy 1997).
///
/// ```
/// use averted::data::Frame;
/// use averted::inference::Estimates;
/// use averted::regression::IvPoisson;
/// let frame = Frame::new()
///     .with_number("deaths", vec![2.0, 3.0, 5.0, 4.0, 7.0, 9.0, 4.0, 6.0])?
///     .with_number("spend", vec![1.0, 2.0, 3.0, 3.0, 5.0, 6.0, 2.0, 3.0])?
///     .with_number("grant", vec![0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 1.0, 0.0])?;
/// let fit = IvPoisson::new().fit("deaths ~ 1 | spend ~ grant", &frame)?;
/// assert_eq!(fit.names(), ["(Intercept)", "spend", "residual(spend)"]);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct IvPoisson {
    settings: Settings,
    limits: Limits,
    method: CountMethod,
}

/// A fitted Poisson regression with instruments.
pub type IvPoissonFit = Fit<InstrumentedCounts>;

/// What only a Poisson regression with instruments has.
#[derive(Debug, Clone, PartialEq)]
pub struct InstrumentedCounts {
    /// How the coefficients were found.
    pub method: CountMethod,
    /// The second step of the control function.
    pub counts: Option<Counts>,
    /// `J`, GMM's test of the moments in excess; none without any.
    pub j_statistic: Option<f64>,
    /// Steps of the solver.
    pub iterations: usize,
}

impl Model for InstrumentedCounts {
    const LINK: Link = Link::Log;
    const NAME: &'static str = "Poisson with instruments";
    const SANDWICH_ONLY: bool = true;
    const HAS_LEVERAGE: bool = false;

    fn title(&self) -> String {
        match self.method {
            CountMethod::ControlFunction => "Poisson, control function".into(),
            CountMethod::Gmm => "Poisson, GMM with multiplicative errors".into(),
        }
    }

    fn unpredictable(&self) -> Option<&'static str> {
        let no = self.method == CountMethod::ControlFunction;
        no.then_some("the residual of the first stage is estimated; take GMM for these")
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        let counts = self.counts.iter().flat_map(|counts| {
            [
                ("log_likelihood", counts.log_likelihood),
                ("deviance", counts.deviance),
                ("pearson", counts.pearson),
            ]
        });
        counts.chain(self.j_statistic.map(|j| ("j_statistic", j))).collect()
    }
}

shared_setters!(IvPoisson, "Poisson regression with instruments");
fits_arrays!(IvPoisson => IvPoissonFit, ", with [`Sample::endogenous`] and [`Sample::instruments`]");

impl Default for IvPoisson {
    fn default() -> Self {
        let settings = Settings { covariance: Covariance::Robust, ..Settings::default() };
        let limits = Limits { tolerance: 1e-8, iterations: 100, note: false };
        Self { settings, limits, method: CountMethod::default() }.method(CountMethod::ControlFunction)
    }
}

impl IvPoisson {
    /// By control function, with robust standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the coefficients are found.
    #[must_use]
    pub fn method(mut self, method: CountMethod) -> Self {
        self.method = method;
        self.settings.choice = Some(match method {
            CountMethod::ControlFunction => "control function".into(),
            CountMethod::Gmm => "GMM".into(),
        });
        self
    }

    /// The column or expression that the mean is proportional to: people, person-years.
    #[must_use]
    pub fn exposure(mut self, column: impl Into<String>) -> Self {
        self.settings.exposure = Some(column.into());
        self
    }

    /// A column or expression added to the linear predictor, such as `log(population)`.
    #[must_use]
    pub fn offset(mut self, column: impl Into<String>) -> Self {
        self.settings.offset = Some(column.into());
        self
    }

    /// Fits a formula to data. With a panel and neither exposure nor offset set, the exposure is the panel's population.
    ///
    /// # Errors
    /// Those of [`Iv::fit`](super::Iv::fit) and of [`Poisson::fit`]; [`Error::Argument`] for the classical covariance, which
    /// says nothing here, and for effects absorbed in GMM.
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<IvPoissonFit> {
        let drawn = self.settings.draw_instrumented(formula, data, true)?;
        self.fit_sample(drawn.sample, Some(drawn.origin), drawn.notes)
    }

    fn fit_sample(&self, sample: Sample, origin: Option<Origin>, notes: Vec<String>) -> Result<IvPoissonFit> {
        sample.check_values(true)?;
        if sample.outcome.iter().all(|&y| y == 0.0) {
            let why = format!("`{}` is zero in every row", sample.outcome_name);
            return Err(Error::NothingToEstimate { why });
        }
        match self.method {
            CountMethod::ControlFunction => self.control(&sample, origin, notes),
            CountMethod::Gmm => multiplicative::fit(sample, origin, notes, self.settings.clone()),
        }
    }

    /// Both steps, on the rows that the second can use.
    fn control(&self, sample: &Sample, origin: Option<Origin>, notes: Vec<String>) -> Result<IvPoissonFit> {
        let mut separated: Vec<usize> = Vec::new();
        loop {
            let mut notes = notes.clone();
            let first = First::new(sample, &separated, &self.settings, &mut notes)?;
            // The covariance of the second step alone is not looked at.
            let settings = Settings { covariance: Covariance::Uncorrected, ..self.settings.clone() };
            let second = Poisson::with(settings, self.limits);
            let second = second.fit_sample(first.second(sample), origin.clone(), notes)?;
            let used = second.shared.problem.kept.len();
            if used == first.problem.kept.len() {
                return first.finish(second, self.settings.clone());
            }
            // Rows found separated tell nothing in the second step, and may not in the first.
            let mut kept = vec![false; first.problem.kept.len()];
            second.shared.problem.kept.iter().for_each(|&row| kept[row] = true);
            separated
                .extend(first.problem.kept.iter().zip(kept).filter(|(_, kept)| !kept).map(|(row, _)| *row));
            separated.sort_unstable();
        }
    }
}

/// The first stages.
struct First {
    problem: Problem,
    stages: Stages,
    roles: Roles,
    /// Their residuals, one column an endogenous regressor, in its own units.
    residuals: Array2<f64>,
    separated: Vec<usize>,
}

impl First {
    fn new(
        sample: &Sample,
        separated: &[usize],
        settings: &Settings,
        notes: &mut Vec<String>,
    ) -> Result<Self> {
        let pruning = Pruning {
            zeros: true,
            ones: false,
            keep_singletons: settings.keep_singletons,
            excluded: separated,
        };
        let mut problem = Problem::new(sample, pruning)?;
        problem.columns.column_mut(0).fill(0.0);
        let weights = problem.weights.clone();
        problem.absorber.weigh(&weights);
        for _ in 0..2 {
            problem.absorber.residualize(problem.columns.view_mut(), TIGHT)?;
        }
        let roles = Roles::find(sample, &problem, &weights, notes)?;
        let stages = Stages::new(sample, &problem, &roles, 1.0)?;
        let k = roles.exogenous;
        let own = invert_upper(&stages.root.slice(s![k.., k..]).to_owned());
        let mut residuals = stages.unreached.slice(s![.., k..]).dot(&own);
        for (mut column, &j) in residuals.columns_mut().into_iter().zip(&roles.regressors[k..]) {
            column *= problem.scale[j];
        }
        let first = Self { problem, stages, roles, residuals, separated: separated.to_vec() };
        notes.extend(first.weakness(sample));
        Ok(first)
    }

    /// A note on instruments that hardly move a regressor, by the classical `F`.
    fn weakness(&self, sample: &Sample) -> Option<String> {
        let k = self.roles.exogenous;
        let (l, m) = (self.roles.instruments.len(), self.roles.endogenous());
        let reached = self.stages.reached.slice(s![k.., k..]);
        let values = crate::linalg::eigen_symmetric(reached.t().dot(&reached).view()).ok()?.0;
        let absorbed: usize = self.problem.effects.iter().map(|e| e.block.coefficients()).sum();
        let used = k + l + absorbed - self.problem.redundant();
        let free = prepare::observations(sample, &self.problem) - used as f64;
        let f = values[0] / (1.0 - values[0]) * free / l as f64;
        let of = if m == 1 { "first-stage" } else { "Cragg–Donald" };
        (f < 10.0)
            .then(|| format!("weak instruments: {of} F = {} (errors classical), below 10", significant(f, 3)))
    }

    /// What the second step is fitted to: the rows in use, the regressors, and the residuals.
    fn second(&self, sample: &Sample) -> Sample {
        let rows = &self.problem.kept;
        let mut second = sample.take(rows);
        let chosen: Vec<usize> = self.roles.regressors.clone();
        let x = second.x.select(Axis(1), &chosen);
        let mut residuals = Array2::zeros((rows.len(), self.residuals.ncols()));
        for (mut to, from) in residuals.columns_mut().into_iter().zip(self.residuals.columns()) {
            to.assign(&Array1::from(self.problem.absorber.unsorted(&from.to_vec())));
        }
        second.x = ndarray::concatenate![Axis(1), x, residuals];
        second.names = chosen.iter().map(|&j| sample.names[j].clone()).collect();
        let endogenous = self.stages.endogenous_names.iter();
        second.names.extend(endogenous.map(|name| format!("residual({name})")));
        (second.endogenous, second.instruments) = (0, 0);
        second.dropped = prepare::dropped(sample, &self.problem.pruned, &self.separated);
        second
    }

    /// The second step with the covariance of both.
    fn finish(&self, second: Fit<Counts>, settings: Settings) -> Result<IvPoissonFit> {
        let Some(shared) = Arc::into_inner(second.shared) else { unreachable!("a fit of our own") };
        let Shared { model, origin, sample, problem, mut estimate, dropped, notes, .. } = shared;
        self.correct(&problem, &mut estimate);
        let model = InstrumentedCounts {
            method: CountMethod::ControlFunction,
            iterations: model.iterations,
            counts: Some(model),
            j_statistic: None,
        };
        Fit::new(Shared { model, settings, origin, sample, problem, estimate, dropped, notes })
    }

    /// Adds to every row's score what it does to the first stages.
    fn correct(&self, problem: &Problem, estimate: &mut Estimate) {
        let Orthonormal { basis, root } = &estimate.ortho;
        let m = self.residuals.ncols();
        let before = self.roles.regressors.len();
        // From the order of the first step to that of the second.
        let moved = |column: ndarray::ArrayView1<'_, f64>| -> Array1<f64> {
            problem.absorber.sorted(&self.problem.absorber.unsorted(&column.to_vec())).into()
        };
        let instruments: Vec<Array1<f64>> =
            self.stages.instruments.columns().into_iter().map(moved).collect();
        let mean: Vec<f64> = estimate.linear.iter().map(|l| l.exp()).collect();
        let mut scores = basis * &estimate.pull.view().insert_axis(Axis(1));
        for j in 0..m {
            let Some(at) = estimate.columns.iter().position(|&c| c == before + j) else { continue };
            let rho = estimate.coefficients[at];
            let left = moved(self.residuals.column(j));
            for z in &instruments {
                // C, one instrument at a time: how the score moves with its first-stage coefficient.
                let through_mean: Array1<f64> =
                    (0..mean.len()).map(|i| problem.weights[i] * mean[i] * rho * z[i]).collect();
                let through_residual = -estimate.pull.dot(z);
                let moves = basis.t().dot(&through_mean) + &(&root.row(at) * through_residual);
                for (i, mut score) in scores.rows_mut().into_iter().enumerate() {
                    score.scaled_add(problem.weights[i] * z[i] * left[i], &moves);
                }
            }
        }
        estimate.ortho.basis = scores;
        estimate.pull = Array1::ones(mean.len());
    }
}

impl IvPoissonFit {
    /// Outcome minus fitted mean, one value for each of [`rows`](Fit::rows).
    pub fn residuals(&self) -> Array1<f64> {
        self.outcome() - self.fitted()
    }

    /// The log-likelihood of the second step; NaN for GMM, which has none.
    pub fn log_likelihood(&self) -> f64 {
        self.model().counts.as_ref().map_or(f64::NAN, |counts| counts.log_likelihood)
    }
}
