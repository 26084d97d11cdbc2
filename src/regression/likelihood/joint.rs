//! The maximum of a likelihood in coefficients, absorbed effects and dispersion together, by Newton's method.
//!
//! With `h` the information of the rows in `η`, `r = s/h` their scores and `v = c/h` their cross derivatives with `τ`
//! over it, the effects are projected off `r`, `v` and the regressors under weights `h`; with `r̃`, `ṽ`, `X̃` what is left,
//!
//! `[X̃'HX̃  X̃'Hṽ; ṽ'HX̃  ṽ'Hṽ + Σ(e − hv²)] (δb, δτ) = (X̃'Hr̃, Σ(d − hvr) + ṽ'Hr̃)`,
//! `δη = (r − r̃) + X̃δb − (v − ṽ)δτ`,
//!
//! with `d` and `e` the score and information in `τ`: the joint Newton step, with the effects never formed. An alternation
//! between coefficients and dispersion, as is usual, stops early where they are correlated, and its standard errors hold
//! the dispersion fixed.

use ndarray::{Array1, Array2, ArrayView1, s};

use super::{Cell, Family, Likelihood, Pieces};
use crate::error::{Error, Result};
use crate::linalg::SemidefiniteCholesky;
use crate::regression::irls::{Limits, Maximum, TIGHT, overall_rate};
use crate::regression::least_squares;
use crate::regression::problem::Problem;

/// Where the climb ends. Rows are in fitting order; `problem.columns` holds the regressors off the effects, and the
/// absorber the weights.
pub(in crate::regression) struct Summit {
    /// On columns of unit scale.
    pub(in crate::regression) coefficients: Array1<f64>,
    pub(in crate::regression) linear: Vec<f64>,
    pub(in crate::regression) mean: Vec<f64>,
    /// The information of every row, weights included; some may be negative.
    pub(in crate::regression) weights: Vec<f64>,
    /// The score of every row in its linear predictor, weights included.
    pub(in crate::regression) pull: Array1<f64>,
    pub(in crate::regression) dispersion: Option<Dispersion>,
    pub(in crate::regression) log_likelihood: f64,
    pub(in crate::regression) iterations: usize,
    pub(in crate::regression) inner_iterations: usize,
    /// The size of the last step where it was still above the tolerance.
    pub(in crate::regression) unfinished: Option<f64>,
    /// Places whose mean has run towards zero.
    pub(in crate::regression) vanishing: Vec<usize>,
}

/// The dispersion at the summit.
pub(in crate::regression) struct Dispersion {
    /// `α`; zero where the likelihood falls from the Poisson's on.
    pub(in crate::regression) alpha: f64,
    /// `v`, what the dispersion moves the linear predictor by, and `ṽ`, that off the effects.
    pub(in crate::regression) carried: Vec<f64>,
    pub(in crate::regression) carried_off: Vec<f64>,
    /// The score of every row in `τ`, weights included.
    pub(in crate::regression) scores: Vec<f64>,
    /// `Σ(e − hv²)`.
    pub(in crate::regression) information: f64,
}

/// How a climb goes.
#[derive(Debug, Clone, Copy)]
pub(in crate::regression) struct Ascent {
    pub(in crate::regression) family: Family,
    pub(in crate::regression) limits: Limits,
    /// Whether standard errors take the expected information, dispersion and mean taken as uncorrelated.
    pub(in crate::regression) expected: bool,
}

/// An information below this part of the safe one is not stepped with.
const LEAST: f64 = 1e-2;
/// An information below this part of the safe one is rounding.
const NOTHING: f64 = 1e-10;
/// How much closer to go where steps shrink by a factor only, because some information was not stepped with.
const CLOSER: f64 = 1e-4;
/// The largest step of `τ`.
const STRIDE: f64 = 2.0;
/// A dispersion that changes no row's variance by more than this part of it is none.
const NONE: f64 = 1e-9;

/// Climbs from the maximum of a Poisson likelihood; the regressors left out there stay out.
pub(in crate::regression) fn ascend(problem: &mut Problem, start: &Maximum, how: Ascent) -> Result<Summit> {
    let mut climb = Climb::new(problem, start, how);
    if how.family.has_dispersion() && !climb.find_dispersion() {
        climb.family = Family::Poisson;
    }
    climb.evaluate();
    let mut step = f64::INFINITY;
    let goal = |climb: &Climb<'_>| how.limits.tolerance * if climb.replaced { CLOSER } else { 1.0 };
    while step > goal(&climb) {
        if climb.iterations >= how.limits.iterations {
            if how.limits.note {
                break;
            }
            return Err(Error::NotConverged {
                method: "The count regression".into(),
                iterations: climb.iterations,
                last_change: step,
                hint: "look for regressors of very different scale, or raise max_iterations".into(),
            });
        }
        let loose = (0.05 * step.min(1.0)).clamp(TIGHT, 1e-3);
        let before = step;
        step = climb.step(if step < 1e-3 { TIGHT } else { loose })?;
        if step <= how.limits.tolerance && step > 0.7 * before {
            // Steps that are small and shrink no more are rounding.
            climb.replaced = false;
        }
        if climb.family.has_dispersion() && climb.is_poisson() {
            climb.family = Family::Poisson;
            climb.evaluate();
            step = f64::INFINITY;
        }
    }
    let unfinished = (step > goal(&climb)).then_some(step);
    climb.finish(unfinished, how)
}

struct Climb<'a> {
    problem: &'a mut Problem,
    cells: Vec<Cell>,
    largest: f64,
    family: Family,
    tau: f64,
    coefficients: Array1<f64>,
    linear: Vec<f64>,
    mean: Vec<f64>,
    pieces: Vec<Pieces>,
    log_likelihood: f64,
    /// The size of its terms, for what rounding can do to it.
    scale: f64,
    weights: Vec<f64>,
    /// `v`, then `ṽ`.
    carried: Array2<f64>,
    log_rate: f64,
    /// Whether the last step took another information than the exact one for some row.
    replaced: bool,
    iterations: usize,
    inner_iterations: usize,
}

impl<'a> Climb<'a> {
    fn new(problem: &'a mut Problem, start: &Maximum, how: Ascent) -> Self {
        let n = problem.rows();
        let cells: Vec<Cell> = (0..n).map(|i| problem.cell(i)).collect();
        let largest = cells.iter().map(|cell| cell.hi).fold(0.0, f64::max);
        let (log_rate, _) = overall_rate(problem);
        Self {
            cells,
            largest,
            family: how.family,
            tau: 0.0,
            coefficients: start.coefficients.clone(),
            linear: start.linear.clone(),
            mean: start.mean.clone(),
            pieces: vec![Pieces::default(); n],
            log_likelihood: f64::NEG_INFINITY,
            scale: 0.0,
            weights: vec![0.0; n],
            carried: Array2::zeros((if how.family.has_dispersion() { n } else { 0 }, 1)),
            log_rate,
            replaced: false,
            iterations: 0,
            inner_iterations: 0,
            problem,
        }
    }

    /// A first dispersion by the method of moments; false if the likelihood falls from none on.
    fn find_dispersion(&mut self) -> bool {
        let (mut excess, mut size, mut most) = (0.0, 0.0, 0.0_f64);
        for (i, &mean) in self.mean.iter().enumerate() {
            let (w, y) = (self.problem.weights[i], self.problem.outcome[i]);
            let each = if self.family == Family::Quadratic { 1.0 } else { 1.0 / mean.max(1e-300) };
            excess += w * ((y - mean).powi(2) - mean) * each;
            size += w * mean * mean * each;
            most = most.max(mean);
        }
        let least = NONE * if self.family == Family::Quadratic { 1.0 / most } else { 1.0 };
        // The sign of the slope at none, off the Poisson's own maximum.
        self.tau = (1e3 * least).ln();
        self.evaluate();
        let slope: f64 =
            self.pieces.iter().zip(&self.problem.weights).map(|(p, w)| w * p.score_dispersion).sum();
        self.tau = (excess / size).max(1e6 * least).ln();
        slope > 0.0
    }

    /// Whether the dispersion has become too small to matter.
    fn is_poisson(&self) -> bool {
        let most = self.mean.iter().copied().fold(0.0, f64::max);
        let alpha = self.tau.exp();
        match self.family {
            Family::Quadratic => alpha * most < NONE,
            _ => alpha < NONE,
        }
    }

    /// The likelihood and its pieces where the climb stands.
    fn evaluate(&mut self) {
        let likelihood = Likelihood::new(self.family, self.tau.exp(), self.largest);
        let link = self.family.link();
        let (mut total, mut scale) = (0.0, 0.0);
        for (i, pieces) in self.pieces.iter_mut().enumerate() {
            let eta = self.linear[i];
            let mean = link.mean(eta);
            self.mean[i] = mean;
            *pieces = likelihood.pieces(self.cells[i], eta, mean);
            let log = self.problem.weights[i] * pieces.log;
            total += log;
            scale += log.abs();
        }
        (self.log_likelihood, self.scale) = (total, scale);
    }

    /// Projects responses and regressors off the effects under these weights.
    fn absorb(&mut self, tolerance: f64) -> Result<()> {
        self.problem.absorber.weigh(&self.weights);
        let mut inner = self.problem.absorber.residualize(self.problem.columns.view_mut(), tolerance)?;
        if self.carried.nrows() > 0 {
            inner = inner.max(self.problem.absorber.residualize(self.carried.view_mut(), tolerance)?);
        }
        self.inner_iterations += inner;
        Ok(())
    }

    /// One Newton step; returns its size: the larger of the weighted root mean square in `η` and the step in `τ`.
    fn step(&mut self, tolerance: f64) -> Result<f64> {
        let with = self.family.has_dispersion();
        let (mut gradient, mut information) = (0.0, 0.0);
        self.replaced = false;
        for (i, pieces) in self.pieces.iter().enumerate() {
            let prior = self.problem.weights[i];
            let own = pieces.information.max(LEAST * pieces.safe).max(1e-200);
            self.replaced |= pieces.information < LEAST * pieces.safe;
            self.weights[i] = prior * own;
            let r = pieces.score / own;
            self.problem.columns[[i, 0]] = r;
            if with {
                let v = pieces.cross / own;
                self.carried[[i, 0]] = v;
                gradient += prior * (pieces.score_dispersion - own * v * r);
                information += prior * (pieces.information_dispersion - own * v * v);
            }
        }
        self.absorb(tolerance)?;
        let k = self.coefficients.len();
        let products = least_squares::cross_products(self.problem.columns.view(), &self.weights);
        let factor =
            (k > 0).then(|| SemidefiniteCholesky::new(products.slice(s![1.., 1..]).to_owned(), 1e-13));
        let solve = |right: ArrayView1<'_, f64>| -> Vec<f64> {
            let mut x = right.to_vec();
            if let Some(factor) = &factor {
                factor.solve(&mut x, 1);
            }
            x
        };
        let mut along = solve(products.slice(s![1.., 0]));
        let mut tau = 0.0;
        if with {
            let with_columns = self.products_of(&self.carried.column(0).to_vec());
            let back = solve(with_columns.slice(s![1..k + 1]));
            let dot = |a: &[f64], b: ArrayView1<'_, f64>| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let own = with_columns[k + 1] + information - dot(&back, with_columns.slice(s![1..k + 1]));
            let force = gradient + with_columns[0] - dot(&back, products.slice(s![1.., 0]));
            // Where the likelihood is not yet concave in τ, a step of its own scale uphill.
            tau = (if own > 1e-12 * information.abs() { force / own } else { force.signum() * STRIDE })
                .clamp(-STRIDE, STRIDE);
            along.iter_mut().zip(&back).for_each(|(a, b)| *a -= b * tau);
        }
        self.advance(&along, tau)
    }

    /// Weighted products of a column with the response, every regressor, and itself.
    fn products_of(&self, column: &[f64]) -> Array1<f64> {
        let width = self.problem.columns.ncols();
        let mut sums = Array1::zeros(width + 1);
        for ((row, &v), &w) in self.problem.columns.rows().into_iter().zip(column).zip(&self.weights) {
            sums.iter_mut().zip(row).for_each(|(s, x)| *s += w * v * x);
            sums[width] += w * v * v;
        }
        sums
    }

    /// Moves by the step, halved until the likelihood does not fall.
    fn advance(&mut self, along: &[f64], tau: f64) -> Result<f64> {
        let with = self.family.has_dispersion();
        let (mut square, mut total) = (0.0, 0.0);
        let mut change = vec![0.0; self.linear.len()];
        for (i, row) in self.problem.columns.rows().into_iter().enumerate() {
            let pieces = &self.pieces[i];
            let own = self.weights[i] / self.problem.weights[i];
            let mut moved = pieces.score / own - row[0];
            moved += row.iter().skip(1).zip(along).map(|(x, b)| x * b).sum::<f64>();
            if with {
                moved -= (pieces.cross / own - self.carried[[i, 0]]) * tau;
            }
            change[i] = moved;
            square += self.weights[i] * moved * moved;
            total += self.weights[i];
        }
        let size = (square / total).sqrt().max(tau.abs());
        if !size.is_finite() {
            return Err(not_finite(self.iterations));
        }
        let (before, scale) = (self.log_likelihood, self.scale);
        let (linear, start) = (self.linear.clone(), self.tau);
        let mut share = 1.0;
        loop {
            for (now, (was, by)) in self.linear.iter_mut().zip(linear.iter().zip(&change)) {
                *now = was + share * by;
            }
            self.tau = start + share * tau;
            self.evaluate();
            // Close to the top the likelihood is flat to the last digit, and the full step is right.
            let fine = size < 1e-5 || self.log_likelihood >= before - 1e-11 * scale;
            if fine || share < 1e-8 {
                break;
            }
            share *= 0.5;
        }
        self.coefficients.iter_mut().zip(along).for_each(|(b, s)| *b += share * s);
        self.iterations += 1;
        Ok(size)
    }

    /// Places that have run away: zeros whose rate lies `depth` below the overall rate on the log scale, shares of all or
    /// nothing that the mean has come as close to on the scale of the logit.
    fn vanishing(&self, depth: f64) -> Vec<usize> {
        let sunk = |i: &usize| {
            let rate = self.linear[*i] - self.problem.offset[*i];
            self.cells[*i].lo == 0.0 && rate < self.log_rate - depth
        };
        // A share runs away towards the end that it is at.
        let settled = |i: &usize| {
            let (y, eta) = (self.cells[*i].lo, self.linear[*i]);
            (y == 0.0 && eta < -depth) || (y == 1.0 && eta > depth)
        };
        let of_shares = self.family == Family::Logit;
        (0..self.linear.len()).filter(|i| if of_shares { settled(i) } else { sunk(i) }).collect()
    }

    /// Weights, scores and what the dispersion carries, at the exact information.
    fn finish(mut self, unfinished: Option<f64>, how: Ascent) -> Result<Summit> {
        let with = self.family.has_dispersion();
        let own = |pieces: &Pieces| if how.expected { pieces.safe } else { pieces.information };
        let mut information = 0.0;
        let mut negative = false;
        for (i, pieces) in self.pieces.iter().enumerate() {
            let (prior, exact) = (self.problem.weights[i], own(pieces));
            // A row that tells nothing must not divide by it.
            let own = exact.abs().max(NOTHING * pieces.safe).max(1e-200).copysign(exact);
            negative |= own < 0.0;
            self.weights[i] = prior * own;
            self.problem.columns[[i, 0]] = 0.0;
            if with {
                let v = if how.expected { 0.0 } else { pieces.cross / own };
                self.carried[[i, 0]] = v;
                information += prior * (pieces.information_dispersion - own * v * v);
            }
        }
        let carried = self.carried.column(0).to_vec();
        self.absorb(TIGHT)?;
        self.absorb(TIGHT)?;
        if negative {
            self.check_projection()?;
        }
        let dispersion = how.family.has_dispersion().then(|| Dispersion {
            alpha: if with { self.tau.exp() } else { 0.0 },
            carried_off: if with { self.carried.column(0).to_vec() } else { Vec::new() },
            carried: if with { carried } else { Vec::new() },
            scores: if with {
                self.pieces.iter().zip(&self.problem.weights).map(|(p, w)| w * p.score_dispersion).collect()
            } else {
                Vec::new()
            },
            information,
        });
        let pull = self.pieces.iter().zip(&self.problem.weights).map(|(p, w)| w * p.score).collect();
        let vanishing = self.vanishing(12.0);
        Ok(Summit {
            coefficients: self.coefficients,
            linear: self.linear,
            mean: self.mean,
            weights: self.weights,
            pull,
            dispersion,
            log_likelihood: self.log_likelihood,
            iterations: self.iterations,
            inner_iterations: self.inner_iterations,
            unfinished,
            vanishing,
        })
    }

    /// Where some information is negative, the projection must be seen to have worked: no level may keep a part.
    fn check_projection(&self) -> Result<()> {
        for effect in self.problem.effects.iter().filter(|e| e.block.intercept) {
            let codes = self.problem.absorber.sorted(&effect.block.codes);
            for column in self.problem.columns.columns().into_iter().skip(1) {
                let mut sums = vec![(0.0, 0.0); effect.block.levels];
                for ((&code, &x), &w) in codes.iter().zip(column).zip(&self.weights) {
                    let (sum, size) = &mut sums[code as usize];
                    *sum += w * x;
                    *size += (w * x).abs();
                }
                if sums.iter().any(|(sum, size): &(f64, f64)| sum.abs() > 1e-6 * size.max(1e-12)) {
                    return Err(Error::NotPositiveDefinite {
                        what: "the information of the absorbed effects".into(),
                        pivot: 0,
                    });
                }
            }
        }
        Ok(())
    }
}

fn not_finite(iterations: usize) -> Error {
    Error::NotConverged {
        method: "The count regression".into(),
        iterations,
        last_change: f64::INFINITY,
        hint: "the fit ran out of the range of numbers; look for extreme values of regressors or offset"
            .into(),
    }
}
