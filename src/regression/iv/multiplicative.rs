//! GMM with `E[Z̄'(y/μ − 1)] = 0`, `μ = exp(o + Xβ)`, in the coordinates of [`Stages`].
//!
//! Gauss–Newton on `g'S⁻¹g` with `g = Q'W(y/μ − 1)` and `∂g/∂b = −Q'W(y/μ)B`, the step halved until the objective falls;
//! from the Poisson maximum, at first with `S = 1`, then with the covariance of `g` there.

use ndarray::{Array1, Array2, Axis};

use super::poisson::{CountMethod, InstrumentedCounts, IvPoissonFit};
use super::stages::{Roles, Stages};
use crate::error::{Error, Result};
use crate::inference::SmallSample;
use crate::inference::covariance::{Ingredients, estimate};
use crate::linalg::Cholesky;
use crate::regression::fit::{Estimate, Fit, Shared};
use crate::regression::inference::Grouped;
use crate::regression::least_squares::Orthonormal;
use crate::regression::poisson::Poisson;
use crate::regression::prepare;
use crate::regression::problem::{Problem, Pruning};
use crate::regression::sample::Sample;
use crate::regression::settings::{Origin, Settings};

/// Steps of Gauss–Newton before giving up.
const STEPS: usize = 500;

pub(super) fn fit(
    sample: Sample,
    origin: Option<Origin>,
    mut notes: Vec<String>,
    settings: Settings,
) -> Result<IvPoissonFit> {
    if !sample.absorbed.is_empty() {
        let names: Vec<&str> = sample.absorbed.iter().map(|a| a.name.as_str()).collect();
        return Err(Error::Argument {
            argument: "formula".into(),
            value: format!("absorbed effects {}", names.join(", ")),
            must: "without: with multiplicative errors, effects that grow in number with the sample bias the other \
                   estimates; write a few levels as i(level), or take the control function"
                .into(),
        });
    }
    let pruning = Pruning { zeros: false, ones: false, keep_singletons: true, excluded: &[] };
    let mut problem = Problem::new(&sample, pruning)?;
    let weights = problem.weights.clone();
    let roles = Roles::find(&sample, &problem, &weights, &mut notes)?;
    let stages = Stages::new(&sample, &problem, &roles, 1.0)?;
    let start = start(&sample, &roles, &problem, &stages);
    problem.scale = roles.regressors.iter().map(|&j| problem.scale[j]).collect();
    problem.columns = Array2::zeros((0, 0));
    let moments = Moments { stages: &stages, outcome: &problem.outcome, offset: &problem.offset };
    let unit = Array2::eye(stages.instruments.ncols());
    let (mut found, mut iterations) = moments.minimise(start, &unit)?;
    let dropped = prepare::dropped(&sample, &problem.pruned, &[]);
    let model = InstrumentedCounts { method: CountMethod::Gmm, counts: None, j_statistic: None, iterations };
    let estimate_ = moments.estimate(&found, &unit, &sample, &problem, &roles)?;
    prepare::enough_rows(&sample, &problem, &estimate_)?;
    let mut shared = Shared { model, settings, origin, sample, problem, estimate: estimate_, dropped, notes };
    if stages.overidentified() > 0 {
        let weight = moment_covariance(&shared, &stages)?;
        let more;
        let moments =
            Moments { stages: &stages, outcome: &shared.problem.outcome, offset: &shared.problem.offset };
        (found, more) = moments.minimise(found, &weight)?;
        iterations += more;
        let g = moments.sums(&found);
        let j = g.dot(&Cholesky::new(weight.view(), "the covariance of the moments")?.solve(g.view()));
        let estimate = moments.estimate(&found, &weight, &shared.sample, &shared.problem, &roles)?;
        shared.model.j_statistic = Some(j);
        shared.model.iterations = iterations;
        shared.notes.push(format!("GMM weight: moments {}, two steps", shared.settings.covariance));
        shared.estimate = estimate;
    }
    Fit::new(shared)
}

/// The Poisson maximum in coordinates on `B`, or a constant rate where it does not exist.
fn start(sample: &Sample, roles: &Roles, problem: &Problem, stages: &Stages) -> Array1<f64> {
    let mut plain = sample.clone();
    plain.x = sample.x.select(Axis(1), &roles.regressors);
    plain.names = roles.regressors.iter().map(|&j| sample.names[j].clone()).collect();
    (plain.endogenous, plain.instruments) = (0, 0);
    let fitted = Poisson::new().fit_arrays(plain).ok().filter(|fit| fit.rows().len() == problem.rows());
    let net: Array1<f64> = match fitted {
        Some(fit) => {
            let linear = problem.absorber.sorted(&fit.linear_predictor().to_vec());
            linear.iter().zip(&problem.offset).map(|(l, o)| l - o).collect()
        }
        None => {
            let events: f64 = problem.outcome.iter().zip(&problem.weights).map(|(y, w)| y * w).sum();
            let exposure: f64 = problem.offset.iter().zip(&problem.weights).map(|(o, w)| o.exp() * w).sum();
            Array1::from_elem(problem.rows(), (events / exposure).ln())
        }
    };
    let weighted: Array1<f64> = net.iter().zip(&problem.weights).map(|(v, w)| v * w).collect();
    stages.basis.t().dot(&weighted)
}

/// The covariance of `g` at the estimates in `shared`, without small-sample factors.
fn moment_covariance(shared: &Shared<InstrumentedCounts>, stages: &Stages) -> Result<Array2<f64>> {
    let covariance = &shared.settings.covariance;
    let grouped = Grouped::new(shared, covariance, None)?;
    let unit = Array2::eye(stages.instruments.ncols());
    let from = Ingredients {
        root: unit.view(),
        x: stages.instruments.view(),
        pull: shared.estimate.pull.view(),
        repeats: shared.repeats(),
        dispersion: 1.0,
        related: grouped.related.as_ref(),
    };
    let counts = grouped.counts(shared);
    Ok(estimate(covariance, &from, &grouped.grouping, SmallSample::NONE, &counts)?.matrix)
}

struct Moments<'a> {
    stages: &'a Stages,
    outcome: &'a [f64],
    offset: &'a [f64],
}

impl Moments<'_> {
    fn linear(&self, b: &Array1<f64>) -> Array1<f64> {
        self.stages.basis.dot(b) + &Array1::from(self.offset.to_vec())
    }

    /// `y/μ`.
    fn ratios(&self, b: &Array1<f64>) -> Array1<f64> {
        let linear = self.linear(b);
        self.outcome.iter().zip(&linear).map(|(y, l)| if *y == 0.0 { 0.0 } else { y * (-l).exp() }).collect()
    }

    /// `W(y/μ − 1)`.
    fn pull(&self, b: &Array1<f64>) -> Array1<f64> {
        self.ratios(b).iter().zip(&self.stages.weights).map(|(r, w)| w * (r - 1.0)).collect()
    }

    /// `g`.
    fn sums(&self, b: &Array1<f64>) -> Array1<f64> {
        self.stages.instruments.t().dot(&self.pull(b))
    }

    /// `−∂g/∂b`.
    fn slopes(&self, b: &Array1<f64>) -> Array2<f64> {
        let mut weighted = self.stages.basis.clone();
        for ((mut row, r), w) in
            weighted.rows_mut().into_iter().zip(&self.ratios(b)).zip(&self.stages.weights)
        {
            row *= r * w;
        }
        self.stages.instruments.t().dot(&weighted)
    }

    /// Where `g'S⁻¹g` is least, and in how many steps.
    fn minimise(&self, start: Array1<f64>, weight: &Array2<f64>) -> Result<(Array1<f64>, usize)> {
        let whitener = Cholesky::new(weight.view(), "the covariance of the moments")?;
        let objective = |b: &Array1<f64>| {
            let g = self.sums(b);
            g.dot(&whitener.solve(g.view()))
        };
        let total = self.stages.weights.iter().sum::<f64>().sqrt();
        let (mut b, mut size) = (start, f64::INFINITY);
        let mut best = objective(&b);
        for step in 1..=STEPS {
            let slopes = self.slopes(&b);
            let weighted = whitener.solve_many(slopes.view());
            let product = slopes.t().dot(&weighted);
            let product = (&product + &product.t()) * 0.5;
            let factor = Cholesky::new(product.view(), "the GMM normal equations")?;
            let direction = factor.solve(weighted.t().dot(&self.sums(&b)).view());
            size = direction.dot(&direction).sqrt() / total;
            if size < 1e-12 {
                return Ok((b, step));
            }
            let mut share = 1.0;
            loop {
                let next = &b + &(&direction * share);
                let value = objective(&next);
                if value <= best * (1.0 + 1e-12) + 1e-24 {
                    (b, best) = (next, value);
                    break;
                }
                share *= 0.5;
                if share < 1e-9 {
                    // The objective is flat to the last digit.
                    return if size < 1e-7 { Ok((b, step)) } else { Err(stuck(step, size)) };
                }
            }
        }
        if size < 1e-9 { Ok((b, STEPS)) } else { Err(stuck(STEPS, size)) }
    }

    /// The estimate at `b`, its scores under the weight `S⁻¹`.
    fn estimate(
        &self,
        b: &Array1<f64>,
        weight: &Array2<f64>,
        sample: &Sample,
        problem: &Problem,
        roles: &Roles,
    ) -> Result<Estimate> {
        let whitener = Cholesky::new(weight.view(), "the covariance of the moments")?;
        let slopes = self.slopes(b);
        let weighted = whitener.solve_many(slopes.view());
        let product = slopes.t().dot(&weighted);
        let product = (&product + &product.t()) * 0.5;
        let factor = Cholesky::new(product.view(), "the GMM normal equations")?;
        let mut root = self.stages.root.dot(&factor.inverse());
        let mut coefficients = self.stages.root.dot(b);
        coefficients.iter_mut().zip(&problem.scale).for_each(|(b, s)| *b /= s);
        prepare::unscale(&problem.scale, &mut root);
        Ok(Estimate {
            names: roles.regressors.iter().map(|&j| sample.names[j].clone()).collect(),
            columns: roles.regressors.clone(),
            coefficients,
            ortho: Orthonormal { basis: self.stages.instruments.dot(&weighted), root },
            pull: self.pull(b),
            dispersion: 1.0,
            linear: self.linear(b).to_vec(),
            nuisance: None,
            observations: prepare::observations(sample, problem),
            redundant: 0,
        })
    }
}

fn stuck(iterations: usize, size: f64) -> Error {
    Error::NotConverged {
        method: "GMM of the Poisson regression".into(),
        iterations,
        last_change: size,
        hint: "the moments may have no solution; take the control function".into(),
    }
}
