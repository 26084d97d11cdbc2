//! The maximum of a count likelihood, with the rows left out that keep it from having one.
//!
//! A Poisson likelihood is climbed first: it is concave, finds the regressors that are collinear and the rows that are
//! separated, and its maximum is where the climb of another likelihood starts. Rows that only the other climb shows to
//! run away, such as hidden counts that may all be zero, are looked for again after it.

use ndarray::{Array1, Array2, s};

use super::fit::{Estimate, Nuisance};
use super::irls::{self, End, Limits, Maximum, TIGHT};
use super::least_squares::{self, Independent, Orthonormal};
use super::likelihood::{Ascent, Dispersion, Family, Summit, ascend};
use super::link::Link;
use super::prepare;
use super::problem::{Problem, Pruning};
use super::sample::Sample;
use super::separation;
use crate::data::Dropped;
use crate::error::{Error, Result};

/// A maximum and how it was reached.
pub(super) struct Settled {
    pub(super) problem: Problem,
    pub(super) independent: Independent,
    /// In fitting order.
    pub(super) mean: Vec<f64>,
    /// The means at the maximum of the Poisson likelihood, where the climb of another one started.
    pub(super) start: Option<Vec<f64>>,
    pub(super) dispersion: Option<Dispersion>,
    /// That of the climb, where it was not a Poisson likelihood of exact counts.
    pub(super) log_likelihood: Option<f64>,
    pub(super) iterations: usize,
    pub(super) inner_iterations: usize,
    /// The size of the last step where it was still above the tolerance.
    pub(super) unfinished: Option<f64>,
    /// Rows of the sample that are separated, ascending, with the certificate.
    pub(super) separated: Vec<(usize, f64)>,
    link: Link,
    /// On columns of unit scale.
    coefficients: Array1<f64>,
    linear: Vec<f64>,
    weights: Vec<f64>,
    pull: Array1<f64>,
}

/// Rows of the sample found separated, with their certificate.
type Certified = Vec<(usize, f64)>;

/// Climbs, and again without the rows found separated, until none is.
pub(super) fn settle(
    sample: &Sample,
    keep_singletons: bool,
    limits: Limits,
    ascent: Option<Ascent>,
) -> Result<Settled> {
    let mut separated: Certified = Vec::new();
    loop {
        let excluded: Vec<usize> = separated.iter().map(|(row, _)| *row).collect();
        let of_shares = ascent.is_some_and(|how| how.family == Family::Logit);
        let pruning = Pruning { zeros: true, ones: of_shares, keep_singletons, excluded: &excluded };
        let (mut problem, found) =
            if of_shares { level(sample, pruning)? } else { attempt(sample, pruning, limits)? };
        let maximum = match found {
            Ok(maximum) => *maximum,
            Err(mut more) => {
                separated.append(&mut more);
                continue;
            }
        };
        let mut summit = None;
        if let Some(how) = ascent {
            match ascend(&mut problem, &maximum, how) {
                Ok(reached) if reached.vanishing.is_empty() => summit = Some(reached),
                Ok(reached) => {
                    let mut more = search(sample, pruning)?;
                    if !more.is_empty() {
                        separated.append(&mut more);
                        continue;
                    }
                    summit = Some(reached);
                }
                Err(error) => {
                    let mut more = search(sample, pruning)?;
                    if more.is_empty() {
                        return Err(error);
                    }
                    separated.append(&mut more);
                    continue;
                }
            }
        }
        separated.sort_unstable_by_key(|(row, _)| *row);
        return Ok(match summit {
            Some(summit) => {
                let link = ascent.map_or(Link::Log, |how| how.family.link());
                Settled::of_summit(problem, maximum, summit, separated, link)
            }
            None => Settled::of_maximum(problem, maximum, separated),
        });
    }
}

impl Settled {
    fn of_maximum(problem: Problem, maximum: Maximum, separated: Certified) -> Self {
        let scores = problem.outcome.iter().zip(&maximum.mean).zip(&problem.weights);
        let pull = scores.map(|((y, mean), w)| w * (y - mean)).collect();
        let Maximum { independent, coefficients, linear, mean, weights, .. } = maximum;
        Self {
            problem,
            independent,
            mean,
            start: None,
            dispersion: None,
            log_likelihood: None,
            iterations: maximum.iterations,
            inner_iterations: maximum.inner_iterations,
            unfinished: maximum.unfinished,
            separated,
            link: Link::Log,
            coefficients,
            linear,
            weights,
            pull,
        }
    }

    fn of_summit(
        problem: Problem,
        maximum: Maximum,
        summit: Summit,
        separated: Certified,
        link: Link,
    ) -> Self {
        Self {
            problem,
            independent: maximum.independent,
            mean: summit.mean,
            start: Some(maximum.mean),
            dispersion: summit.dispersion,
            log_likelihood: Some(summit.log_likelihood),
            iterations: maximum.iterations + summit.iterations,
            inner_iterations: maximum.inner_iterations + summit.inner_iterations,
            unfinished: summit.unfinished,
            separated,
            link,
            coefficients: summit.coefficients,
            linear: summit.linear,
            weights: summit.weights,
            pull: summit.pull,
        }
    }

    /// What the caller should know, and the rows left out.
    pub(super) fn describe(&self, sample: &Sample, notes: &mut Vec<String>) -> Result<Vec<Dropped>> {
        prepare::note_collinear(sample, &self.problem, &self.independent, notes)?;
        let rows: Vec<usize> = self.separated.iter().map(|(row, _)| *row).collect();
        if let Some(&first) = rows.first() {
            notes.push(format!(
                "{} rows are separated (first row {}): a combination of regressors and effects predicts their outcomes \
                 perfectly; they were left out, and other coefficients are as if its coefficient were infinite",
                rows.len(),
                sample.origin[first]
            ));
        }
        let fraction = |(row, y): (usize, &f64)| y.fract() != 0.0 && sample.is_exact(row);
        if self.link == Link::Log && sample.outcome.iter().enumerate().any(fraction) {
            notes.push(format!("`{}` is not all whole numbers: a quasi-likelihood", sample.outcome_name));
        }
        if let Some(step) = self.unfinished {
            notes.push(format!(
                "did not converge in {} iterations (last step {step:.1e}): the coefficients are not the maximum",
                self.iterations
            ));
        }
        let mut dropped = prepare::dropped(sample, &self.problem.pruned, &rows);
        if self.link == Link::Logit {
            let of_zeros = |d: &&mut Dropped| d.cause == prepare::ALL_ZERO;
            dropped
                .iter_mut()
                .filter(of_zeros)
                .for_each(|d| d.cause = "in a level whose outcomes are all 0 or all 1".into());
        }
        Ok(dropped)
    }

    /// The separated rows, as the caller counts them.
    pub(super) fn certificate(&self, sample: &Sample) -> Certified {
        self.separated.iter().map(|&(row, z)| (sample.origin[row], z)).collect()
    }

    /// The numbers of the fit, and the problem that they belong to.
    pub(super) fn estimate(mut self, sample: &Sample) -> Result<(Problem, Estimate)> {
        let problem = &mut self.problem;
        let regressors = problem.columns.slice(s![.., 1..]);
        let mut ortho = if self.weights.iter().all(|&w| w > 0.0) {
            Orthonormal::new(regressors, &self.weights)
        } else {
            Orthonormal::indefinite(regressors, &self.weights)?
        };
        let nuisance = match self.dispersion {
            Some(dispersion) if dispersion.alpha > 0.0 => {
                Some(dispersion.nuisance(&ortho, &self.weights, &self.pull)?)
            }
            _ => None,
        };
        self.coefficients /= &Array1::from(problem.scale.clone());
        let nuisance = nuisance.map(|mut nuisance| {
            nuisance.column = ortho.root.dot(&nuisance.column);
            nuisance.column /= &Array1::from(problem.scale.clone());
            nuisance
        });
        prepare::unscale(&problem.scale, &mut ortho.root);
        let estimate = Estimate {
            names: self.independent.kept.iter().map(|&j| sample.names[j].clone()).collect(),
            columns: self.independent.kept,
            coefficients: self.coefficients,
            ortho,
            pull: self.pull,
            dispersion: 1.0,
            linear: self.linear,
            nuisance,
            observations: prepare::observations(sample, problem),
            redundant: problem.redundant(),
        };
        problem.columns = Array2::zeros((0, 0));
        Ok((self.problem, estimate))
    }
}

impl Dispersion {
    /// One more orthonormal coordinate; its column of `T` still in those of the coefficients.
    fn nuisance(self, ortho: &Orthonormal, weights: &[f64], pull: &Array1<f64>) -> Result<Nuisance> {
        let weighted: Array1<f64> = self.carried_off.iter().zip(weights).map(|(v, w)| v * w).collect();
        let along = ortho.basis.t().dot(&weighted);
        let square: f64 = weighted.iter().zip(&self.carried_off).map(|(wv, v)| wv * v).sum();
        let pivot = square - along.dot(&along) + self.information;
        if pivot.is_nan() || pivot <= 0.0 {
            let what = "the information of the dispersion".into();
            return Err(Error::NotPositiveDefinite { what, pivot: along.len() });
        }
        let own = 1.0 / pivot.sqrt();
        let beside = ortho.basis.dot(&along);
        let scores = (0..weights.len())
            .map(|i| {
                let through = self.carried[i] - self.carried_off[i] + beside[i];
                own * (self.scores[i] - through * pull[i])
            })
            .collect();
        Ok(Nuisance { column: along * -own, own, scores, carried: self.carried })
    }
}

fn search(sample: &Sample, pruning: Pruning<'_>) -> Result<Certified> {
    let mut problem = Problem::new(sample, pruning)?;
    let side = if pruning.ones { separation::of_shares(&problem) } else { separation::of_counts(&problem) };
    let places = separation::certificate(&mut problem, &side)?;
    Ok(places.into_iter().map(|(p, z)| (problem.kept[problem.absorber.row(p)], z)).collect())
}

/// A problem, and its maximum or the rows that keep it from having one.
type Attempt = (Problem, std::result::Result<Box<Maximum>, Certified>);

/// Where the climb of shares starts: at a linear predictor of nothing but the offset.
fn level(sample: &Sample, pruning: Pruning<'_>) -> Result<Attempt> {
    let mut problem = Problem::new(sample, pruning)?;
    let linear = problem.offset.clone();
    let mean: Vec<f64> = linear.iter().map(|&eta| Link::Logit.mean(eta)).collect();
    let slopes = linear.iter().map(|&eta| Link::Logit.slope(eta).max(1e-200));
    let weights: Vec<f64> = slopes.zip(&problem.weights).map(|(s, w)| s * w).collect();
    problem.absorber.weigh(&weights);
    problem.columns.column_mut(0).fill(0.0);
    let mut inner_iterations = 0;
    for _ in 0..2 {
        inner_iterations += problem.absorber.residualize(problem.columns.view_mut(), TIGHT)?;
    }
    let independent = least_squares::independent(problem.columns.slice(s![.., 1..]), &weights);
    if !independent.dropped.is_empty() {
        problem.keep_columns(&independent.kept);
    }
    let coefficients = Array1::zeros(independent.kept.len());
    let (iterations, unfinished, vanishing) = (0, None, Vec::new());
    let start = Maximum {
        independent,
        coefficients,
        linear,
        mean,
        weights,
        iterations,
        inner_iterations,
        unfinished,
        vanishing,
    };
    Ok((problem, Ok(Box::new(start))))
}

/// One climb of the Poisson likelihood.
fn attempt(sample: &Sample, pruning: Pruning<'_>, limits: Limits) -> Result<Attempt> {
    let mut problem = Problem::new(sample, pruning)?;
    match irls::maximise(&mut problem, limits, true) {
        Ok(End::Maximum(maximum)) if maximum.vanishing.is_empty() => Ok((problem, Ok(maximum))),
        Ok(End::Maximum(maximum)) => {
            let found = search(sample, pruning)?;
            Ok((problem, if found.is_empty() { Ok(maximum) } else { Err(found) }))
        }
        Ok(End::Endless(suspects)) => {
            let found = search(sample, pruning)?;
            if !found.is_empty() {
                return Ok((problem, Err(found)));
            }
            let mut problem = Problem::new(sample, pruning)?;
            match irls::maximise(&mut problem, limits, false)? {
                End::Maximum(maximum) => Ok((problem, Ok(maximum))),
                End::Endless(_) => {
                    let first = sample.origin[problem.kept[problem.absorber.row(suspects[0])]];
                    Err(Error::Separated { count: suspects.len(), first })
                }
            }
        }
        Err(error) => {
            let found = search(sample, pruning)?;
            if found.is_empty() { Err(error) } else { Ok((problem, Err(found))) }
        }
    }
}
