//! Poisson likelihood by Newton's method, with the effects absorbed.
//!
//! At linear predictor `η` with mean `μ = exp(η)` and weights `w = ωμ`, the Newton step in `η` is the weighted
//! projection of `r = (y − μ)/μ` on regressors and effects: with `r̃`, `X̃` the parts off the effects,
//!
//! `δb = (X̃'WX̃)⁻¹ X̃'W r̃`,  `δη = (r − r̃) + X̃ δb`.
//!
//! (Iteratively reweighted least squares; Nelder & Wedderburn 1972, *JRSS A* 135. The demeaned regressors are kept and
//! demeaned further, as in Correia, Guimarães & Zylkin 2020, *Stata Journal* 20.) It has converged when the weighted
//! root mean square of `δη` is below the tolerance; because the steps shrink quadratically, the error left is its
//! square.

use ndarray::{Array1, s};

use super::least_squares::{self, Independent};
use super::problem::Problem;
use crate::error::{Error, Result};
use crate::linalg::SemidefiniteCholesky;
use crate::special::exp_all;

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// Of the root mean square step in the linear predictor.
    pub(super) tolerance: f64,
    pub(super) iterations: usize,
    /// Whether to stop there without an error.
    pub(super) note: bool,
}

impl Limits {
    pub(super) fn check(self) -> Result<()> {
        if self.tolerance > 0.0 && self.tolerance < 1.0 {
            return Ok(());
        }
        Err(Error::Argument {
            argument: "tolerance".into(),
            value: self.tolerance.to_string(),
            must: "above 0 and below 1".into(),
        })
    }
}

/// The tightest tolerance asked of the absorb solver.
pub(super) const TIGHT: f64 = 1e-10;

/// The maximum of the likelihood. Rows are in fitting order; `problem.columns` holds the demeaned regressors.
pub(super) struct Maximum {
    pub(super) independent: Independent,
    /// On columns of unit scale.
    pub(super) coefficients: Array1<f64>,
    pub(super) linear: Vec<f64>,
    pub(super) mean: Vec<f64>,
    /// The working weights at the maximum, to within [`TIGHT`].
    pub(super) weights: Vec<f64>,
    pub(super) iterations: usize,
    pub(super) inner_iterations: usize,
    /// The size of the last step where it was still above the tolerance.
    pub(super) unfinished: Option<f64>,
    /// Places whose mean has run towards zero.
    pub(super) vanishing: Vec<usize>,
}

/// How the climb ended.
pub(super) enum End {
    Maximum(Box<Maximum>),
    /// It seems to go on for ever: look for separation among these places.
    Endless(Vec<usize>),
}

/// After this many steps a mean that still falls looks like separation.
const PATIENCE: usize = 10;

pub(super) fn maximise(problem: &mut Problem, limits: Limits, suspicious: bool) -> Result<End> {
    let mut climb = Climb::start(problem);
    let independent = climb.first_step()?;
    let mut step = f64::INFINITY;
    while step > limits.tolerance {
        if climb.iterations >= limits.iterations {
            if limits.note {
                break;
            }
            return Err(Error::NotConverged {
                method: "Poisson regression".into(),
                iterations: climb.iterations,
                last_change: step,
                hint: "look for regressors of very different scale, or raise max_iterations".into(),
            });
        }
        let loose = (0.05 * step.min(1.0)).clamp(TIGHT, 1e-3);
        step = climb.step(if step < 1e-3 { TIGHT } else { loose })?;
        if suspicious && (climb.iterations == PATIENCE || (climb.stuck && step > limits.tolerance)) {
            let vanishing = climb.vanishing(6.0);
            if !vanishing.is_empty() {
                return Ok(End::Endless(vanishing));
            }
        }
    }
    if step > TIGHT {
        // The covariance takes the weights of the maximum, not those of a visible step before it.
        climb.demean(TIGHT)?;
    }
    let vanishing = climb.vanishing(12.0);
    Ok(End::Maximum(Box::new(Maximum {
        independent,
        coefficients: climb.coefficients,
        linear: climb.linear,
        mean: climb.mean,
        weights: climb.weights,
        iterations: climb.iterations,
        inner_iterations: climb.inner_iterations,
        unfinished: (step > limits.tolerance).then_some(step),
        vanishing,
    })))
}

struct Climb<'a> {
    problem: &'a mut Problem,
    coefficients: Array1<f64>,
    linear: Vec<f64>,
    mean: Vec<f64>,
    weights: Vec<f64>,
    working: Vec<f64>,
    deviance: f64,
    /// The overall rate, on the log scale.
    log_rate: f64,
    iterations: usize,
    inner_iterations: usize,
    /// Whether the last step had to be cut to nothing.
    stuck: bool,
}

impl<'a> Climb<'a> {
    /// Means half way between the outcome and the overall rate times the exposure: never zero, never far off.
    fn start(problem: &'a mut Problem) -> Self {
        let n = problem.rows();
        let (log_rate, mut mean) = overall_rate(problem);
        mean.iter_mut().zip(&problem.outcome).for_each(|(rate, y)| *rate = 0.5 * (y + *rate));
        Self {
            coefficients: Array1::zeros(0),
            linear: problem.offset.clone(),
            weights: vec![0.0; n],
            working: vec![0.0; n],
            deviance: f64::INFINITY,
            mean,
            log_rate,
            problem,
            iterations: 0,
            inner_iterations: 0,
            stuck: false,
        }
    }

    /// Sets weights and working response, and demeans them and the regressors.
    fn demean(&mut self, tolerance: f64) -> Result<()> {
        for (w, (&mean, &prior)) in self.weights.iter_mut().zip(self.mean.iter().zip(&self.problem.weights)) {
            *w = (mean * prior).max(1e-200);
        }
        self.problem.columns.column_mut(0).iter_mut().zip(&self.working).for_each(|(c, &r)| *c = r);
        self.problem.absorber.weigh(&self.weights);
        self.absorb(tolerance)
    }

    fn absorb(&mut self, tolerance: f64) -> Result<()> {
        let inner = self.problem.absorber.residualize(self.problem.columns.view_mut(), tolerance)?;
        self.inner_iterations += inner;
        Ok(())
    }

    /// From the starting means, whose linear predictor the model cannot give: regresses the whole of it.
    fn first_step(&mut self) -> Result<Independent> {
        for (i, r) in self.working.iter_mut().enumerate() {
            let (y, mean) = (self.problem.outcome[i], self.mean[i]);
            *r = mean.ln() - self.problem.offset[i] + (y - mean) / mean;
        }
        let mut tolerance = 1e-3;
        self.demean(tolerance)?;
        // A column that the effects take up leaves a remainder as large as the tolerance: look closer until the
        // smallest independent part stands clear of it.
        let independent = loop {
            let regressors = self.problem.columns.slice(s![.., 1..]);
            let found = least_squares::independent(regressors, &self.weights);
            if found.margin > 1e2 * tolerance || tolerance <= TIGHT {
                break found;
            }
            tolerance = (tolerance * 1e-3).max(TIGHT);
            self.absorb(tolerance)?;
        };
        if !independent.dropped.is_empty() {
            self.problem.keep_columns(&independent.kept);
        }
        self.coefficients = Array1::zeros(independent.kept.len());
        self.advance()?;
        Ok(independent)
    }

    /// One Newton step; returns its weighted root mean square.
    fn step(&mut self, tolerance: f64) -> Result<f64> {
        for (i, r) in self.working.iter_mut().enumerate() {
            let y = self.problem.outcome[i];
            *r = if y == 0.0 { -1.0 } else { y / self.mean[i] - 1.0 };
        }
        self.demean(tolerance)?;
        self.advance()
    }

    /// Moves by `(r − r̃) + X̃ δb`, halved until the deviance does not rise.
    fn advance(&mut self) -> Result<f64> {
        let step = self.coefficient_step()?;
        let (mut square, mut total) = (0.0, 0.0);
        let Some(flat) = self.problem.columns.as_slice() else { unreachable!("row after row") };
        for (i, row) in flat.chunks_exact(1 + step.len()).enumerate() {
            let mut along = 0.0;
            for (x, b) in row[1..].iter().zip(&step) {
                along += x * b;
            }
            let change = self.working[i] - row[0] + along;
            self.working[i] = change;
            square += self.weights[i] * change * change;
            total += self.weights[i];
        }
        let size = (square / total).sqrt();
        if !size.is_finite() {
            return Err(not_finite(self.iterations));
        }
        let (mut share, mut moved) = (1.0, 0.0);
        loop {
            // `linear` holds `moved` of the step already.
            self.linear.iter_mut().zip(&self.working).for_each(|(l, c)| *l += (share - moved) * c);
            moved = share;
            let (deviance, scale) = self.set_mean();
            // Close to the top the deviance is flat to the last digit, and the full step is right. The first step
            // has nothing to be compared with.
            let first = self.iterations == 0 && deviance.is_finite();
            let fine = first || size < 1e-5 || deviance <= self.deviance + 1e-11 * scale;
            self.stuck = !fine && share < 1e-6;
            if fine || self.stuck {
                self.deviance = deviance;
                break;
            }
            share *= if self.iterations == 0 { 0.1 } else { 0.5 };
        }
        self.coefficients.iter_mut().zip(&step).for_each(|(b, s)| *b += share * s);
        self.iterations += 1;
        Ok(size)
    }

    /// `(X̃'WX̃)⁻¹ X̃'W r̃`.
    fn coefficient_step(&self) -> Result<Vec<f64>> {
        let products = least_squares::cross_products(self.problem.columns.view(), &self.weights);
        let k = products.nrows() - 1;
        let mut step: Vec<f64> = products.slice(s![1.., 0]).to_vec();
        if k > 0 {
            let factor = SemidefiniteCholesky::new(products.slice(s![1.., 1..]).to_owned(), 1e-13);
            factor.solve(&mut step, 1);
        }
        if step.iter().all(|b| b.is_finite()) { Ok(step) } else { Err(not_finite(self.iterations)) }
    }

    /// Sets `μ = exp(η)` and returns half the deviance less what does not depend on `η`, with the size of its terms.
    fn set_mean(&mut self) -> (f64, f64) {
        let (mut deviance, mut size) = (0.0, 0.0);
        exp_all(&self.linear, &mut self.mean);
        for (i, mean) in self.mean.iter().enumerate() {
            let (linear, prior) = (self.linear[i], self.problem.weights[i]);
            let (up, down) = (prior * *mean, prior * self.problem.outcome[i] * linear);
            deviance += up - down;
            size += up + down.abs();
        }
        (deviance, size)
    }

    /// Zeros whose rate lies `depth` below the overall rate on the log scale.
    fn vanishing(&self, depth: f64) -> Vec<usize> {
        let sunk = |i: &usize| {
            let rate = self.linear[*i] - self.problem.offset[*i];
            self.problem.outcome[*i] == 0.0 && rate < self.log_rate - depth
        };
        (0..self.linear.len()).filter(sunk).collect()
    }
}

/// The logarithm of the overall rate, and that rate times every exposure.
pub(super) fn overall_rate(problem: &Problem) -> (f64, Vec<f64>) {
    let highest = problem.offset.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let relative: Vec<f64> = problem.offset.iter().map(|offset| offset - highest).collect();
    let mut rates = vec![0.0; relative.len()];
    exp_all(&relative, &mut rates);
    let (mut events, mut exposure) = (0.0, 0.0);
    for ((&y, &w), &relative) in problem.outcome.iter().zip(&problem.weights).zip(&rates) {
        events += w * y;
        exposure += w * relative;
    }
    rates.iter_mut().for_each(|rate| *rate *= events / exposure);
    ((events / exposure).ln() - highest, rates)
}

fn not_finite(iterations: usize) -> Error {
    Error::NotConverged {
        method: "Poisson regression".into(),
        iterations,
        last_change: f64::INFINITY,
        hint: "the fit ran out of the range of numbers; look for extreme values of regressors or offset"
            .into(),
    }
}
