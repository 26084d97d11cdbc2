//! Poisson and NB2 likelihood of counts with a population; zeros and suppressed counts included.

use super::fit::{Candidate, JoinpointFit, Joint, slopes};
use super::grid::Tree;
use super::least_squares::{design, normal_reach, slopes_and_places, smallest};
use super::prepare::{Data, Series};
use super::specification::{Joinpoint, Mode, Selection};
use super::{bootstrap, permutation, refine};
use crate::data::Count;
use crate::error::{Error, Result};
use crate::linalg::Cholesky;
use crate::parallel;
use crate::special::{log_factorial, rising};
use ndarray::{Array1, Array2};

/// Bounds of α: below the first the negative binomial is the Poisson to every digit that data could show.
const DISPERSIONS: (f64, f64) = (1e-8, 1e3);
/// A log rate that moves further than this over the series has no finite slope.
const RUNAWAY: f64 = 60.0;

/// Coefficients and log-likelihood at given joinpoints.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Climb {
    pub coefficients: Vec<f64>,
    pub log_likelihood: f64,
}

/// What a number of joinpoints comes to.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub joints: Vec<f64>,
    pub climb: Climb,
    pub dispersion: f64,
}

/// Log-likelihood of a cell, and its score and information in the log mean.
pub(in crate::timeseries) fn cell(count: Count, constant: f64, mean: f64, size: f64) -> (f64, f64, f64) {
    let poisson = size.is_infinite();
    let weight = if poisson { 1.0 } else { size / (size + mean) };
    let log_mean = mean.ln();
    // Kernel of the log density in y: a + y·b − log y! or + log Γ(y + r).
    let (a, b) = match poisson {
        true => (-mean, log_mean),
        false => (-size * (mean / size).ln_1p(), log_mean - (size + mean).ln()),
    };
    match count {
        Count::Exact(y) => {
            let score = (y - mean) * weight;
            let information = if poisson { mean } else { mean * size * (size + y) / (size + mean).powi(2) };
            (a + y * b + constant, score, information)
        }
        Count::Interval { lo, hi } => {
            let term = |y: f64| a + y * b + normaliser(y, size);
            let (lo, hi) = (lo.ceil(), hi.floor());
            let steps = (hi - lo) as usize;
            let largest = (0..=steps).map(|i| term(lo + i as f64)).fold(f64::NEG_INFINITY, f64::max);
            let (mut all, mut first, mut second) = (0.0, 0.0, 0.0);
            for i in 0..=steps {
                let y = lo + i as f64;
                let p = (term(y) - largest).exp();
                all += p;
                first += p * y;
                second += p * y * y;
            }
            let expected = first / all;
            let variance = (second / all - expected * expected).max(0.0);
            let full = if poisson { mean } else { mean * size * (size + expected) / (size + mean).powi(2) };
            // What the interval leaves unknown is taken off the information (Louis 1982).
            let information = (full - weight * weight * variance).max(0.0);
            (largest + all.ln(), (expected - mean) * weight, information)
        }
        Count::Missing => (0.0, 0.0, 0.0),
    }
}

/// The part of the log density that the mean does not enter.
fn normaliser(y: f64, size: f64) -> f64 {
    let rest = if size.is_infinite() { 0.0 } else { rising(size, y)[0] };
    rest - log_factorial(y)
}

pub(in crate::timeseries) fn constants(data: &Data, size: f64) -> Vec<f64> {
    data.counts.iter().map(|c| c.exact().map_or(0.0, |y| normaliser(y, size))).collect()
}

/// Newton's ascent from `start` at given joinpoints; none where the slopes run away.
pub(super) fn climb(
    data: &Data,
    constants: &[f64],
    size: f64,
    joints: &[f64],
    start: &[f64],
) -> Option<Climb> {
    let n = data.times.len();
    let ones = vec![1.0; n];
    let x = design(&data.times, &ones, joints, None);
    let p = x.ncols();
    let spread = data.times[n - 1] - data.times[0];
    let mut beta = Array1::from(start.to_vec());
    let evaluate = |beta: &Array1<f64>, score: &mut [f64], information: &mut [f64]| {
        let eta = x.dot(beta);
        let mut sum = 0.0;
        for i in 0..n {
            let mean = (eta[i] + data.log_exposure[i]).exp();
            let (l, s, h) = cell(data.counts[i], constants[i], mean, size);
            sum += l;
            score[i] = s;
            information[i] = h;
        }
        sum
    };
    let (mut score, mut information) = (vec![0.0; n], vec![0.0; n]);
    let mut value = evaluate(&beta, &mut score, &mut information);
    for _ in 0..100 {
        if !value.is_finite() {
            return None;
        }
        let gradient = x.t().dot(&Array1::from(score.clone()));
        let mut curvature = Array2::<f64>::zeros((p, p));
        for i in 0..n {
            for j in 0..p {
                let part = information[i] * x[[i, j]];
                for l in 0..=j {
                    curvature[[j, l]] += part * x[[i, l]];
                }
            }
        }
        let step = Cholesky::new(curvature.view(), "information").ok()?.solve(gradient.view());
        let decrement = gradient.dot(&step);
        if !decrement.is_finite() {
            return None;
        }
        if decrement <= 1e-14 * (1.0 + value.abs()) {
            let coefficients = beta.to_vec();
            let steepest = slopes(&coefficients).into_iter().map(f64::abs).fold(0.0, f64::max);
            let shortest = joints.first().map_or(spread, |_| spread / n as f64);
            return (steepest * shortest < RUNAWAY).then_some(Climb { coefficients, log_likelihood: value });
        }
        let mut length = 1.0;
        loop {
            let trial = &beta + &(&step * length);
            let reached = evaluate(&trial, &mut score, &mut information);
            if reached >= value - 1e-12 * value.abs() {
                (beta, value) = (trial, reached);
                break;
            }
            length *= 0.5;
            if length < 1e-10 {
                return None;
            }
        }
    }
    None
}

/// Log-likelihoods of all nodes of the tree at one dispersion; −∞ where there is no finite estimate.
fn search(data: &Data, tree: &Tree, size: f64, level: &Climb, threads: bool) -> Vec<f64> {
    let constants = constants(data, size);
    let roots: Vec<usize> = (0..tree.len()).filter(|&i| tree.depth[i] == 1).collect();
    let branch = |r: usize| {
        let end = roots.get(r + 1).copied().unwrap_or(tree.len());
        let mut path = vec![level.coefficients.clone()];
        let mut joints: Vec<f64> = Vec::new();
        let mut values = Vec::with_capacity(end - roots[r]);
        for node in roots[r]..end {
            let depth = tree.depth[node] as usize;
            path.truncate(depth);
            joints.truncate(depth - 1);
            joints.push(data.times[tree.candidates[tree.last[node] as usize]]);
            let mut start = path[depth - 1].clone();
            start.push(0.0);
            let found = climb(data, &constants, size, &joints, &start);
            values.push(found.as_ref().map_or(f64::NEG_INFINITY, |f| f.log_likelihood));
            path.push(found.map_or(start, |f| f.coefficients));
        }
        values
    };
    let work = tree.len() * data.times.len();
    let branches: Vec<Vec<f64>> = if threads && work > 20_000 {
        parallel::map(roots.len(), branch)
    } else {
        (0..roots.len()).map(branch).collect()
    };
    branches.concat()
}

/// The start: the crude rate, and no trend.
pub(in crate::timeseries) fn crude(data: &Data) -> Result<Vec<f64>> {
    let middle = |c: &Count| match *c {
        Count::Exact(y) => y,
        Count::Interval { lo, hi } => 0.5 * (lo + hi),
        Count::Missing => 0.0,
    };
    let events: f64 = data.counts.iter().map(middle).sum();
    let least: f64 =
        data.counts.iter().map(|c| if let Count::Interval { hi, .. } = c { *hi } else { middle(c) }).sum();
    if events <= 0.0 || least <= 0.0 {
        return Err(Error::NothingToEstimate { why: "every count is zero".into() });
    }
    let people: f64 = data.log_exposure.iter().map(|e| e.exp()).sum();
    Ok(vec![(events / people).ln(), 0.0])
}

fn finite(found: Option<Climb>, k: usize) -> Result<Climb> {
    found.ok_or_else(|| Error::NotConverged {
        method: format!("joinpoint likelihood with {k} joinpoints"),
        iterations: 100,
        last_change: f64::NAN,
        hint: "a stretch of zeros has no finite trend: fewer joinpoints, or periods further apart".into(),
    })
}

/// α at given joinpoints, 0 at the lower bound: golden section on the log scale, which the likelihood bends over once.
fn dispersion(data: &Data, joints: &[f64], start: &[f64]) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let value = |log: f64| {
        let size = (-log).exp();
        climb(data, &constants(data, size), size, joints, start)
            .map_or(f64::NEG_INFINITY, |c| c.log_likelihood)
    };
    let (mut a, mut b) = (DISPERSIONS.0.ln(), DISPERSIONS.1.ln());
    let (mut left, mut right) = (b - RATIO * (b - a), a + RATIO * (b - a));
    let (mut low, mut high) = (value(left), value(right));
    while b - a > 1e-7 {
        if low >= high {
            (b, right, high) = (right, left, low);
            left = b - RATIO * (b - a);
            low = value(left);
        } else {
            (a, left, low) = (left, right, high);
            right = a + RATIO * (b - a);
            high = value(right);
        }
    }
    let log = 0.5 * (a + b);
    let poisson = climb(data, &constants(data, f64::INFINITY), f64::INFINITY, joints, start);
    let none = poisson.map_or(f64::NEG_INFINITY, |c| c.log_likelihood);
    if none >= value(log) { 0.0 } else { log.exp() }
}

fn size_of(dispersion: f64) -> f64 {
    if dispersion > 0.0 { dispersion.recip() } else { f64::INFINITY }
}

/// The best model with `k` joinpoints, and the log-likelihoods of the nodes at its dispersion.
pub(super) fn outcome(
    spec: &Joinpoint,
    data: &Data,
    tree: &Tree,
    k: usize,
    threads: bool,
) -> Result<(Outcome, Vec<f64>)> {
    let start = crude(data)?;
    let free = spec.mode == Mode::NegativeBinomial;
    let mut alpha = if free { dispersion(data, &[], &start) } else { 0.0 };
    let mut places: Option<usize> = None;
    let mut values = Vec::new();
    let mut joints: Vec<f64> = Vec::new();
    if k > 0 {
        for _ in 0..20 {
            let size = size_of(alpha);
            let level = finite(climb(data, &constants(data, size), size, &[], &start), 0)?;
            values = search(data, tree, size, &level, threads);
            let here = (0..tree.len()).filter(|&i| tree.depth[i] as usize == k);
            let best = here.max_by(|&i, &j| values[i].total_cmp(&values[j]).then(j.cmp(&i)));
            let best = best.filter(|&b| values[b] > f64::NEG_INFINITY);
            let Some(best) = best else { return Err(finite(None, k).expect_err("no climb")) };
            joints = tree.joints(best).iter().map(|&j| data.times[j]).collect();
            if !free || places == Some(best) {
                break;
            }
            places = Some(best);
            alpha = dispersion(data, &joints, &padded(&level.coefficients, k));
        }
    }
    let size = size_of(alpha);
    let level = finite(climb(data, &constants(data, size), size, &[], &start), 0)?;
    if spec.continuous && k > 0 {
        let mut before = f64::NEG_INFINITY;
        for _ in 0..20 {
            let size = size_of(alpha);
            let constants = constants(data, size);
            let from = padded(&level.coefficients, k);
            let objective = |places: &[f64]| {
                climb(data, &constants, size, places, &from).map_or(f64::INFINITY, |c| -c.log_likelihood)
            };
            let (moved, value) = refine::places(&data.times, spec.room, &joints, objective);
            joints = moved;
            if !free || -value <= before + 1e-9 {
                break;
            }
            before = -value;
            alpha = dispersion(data, &joints, &from);
        }
    }
    let size = size_of(alpha);
    let climb =
        finite(climb(data, &constants(data, size), size, &joints, &padded(&level.coefficients, k)), k)?;
    Ok((Outcome { joints, climb, dispersion: alpha }, values))
}

fn padded(line: &[f64], k: usize) -> Vec<f64> {
    let mut start = line.to_vec();
    start.resize(2 + k, 0.0);
    start
}

pub(super) fn criteria(spec: &Joinpoint, n: usize, k: usize, log_likelihood: f64) -> (f64, f64) {
    let (k, log) = (k as f64, (n as f64).ln());
    let also = if spec.mode == Mode::NegativeBinomial { 1.0 } else { 0.0 };
    let at = |per: f64| -2.0 * log_likelihood + (per * k + 2.0 + also) * log;
    (at(2.0), at(3.0))
}

/// Log means at the fitted model.
pub(super) fn means(data: &Data, outcome: &Outcome) -> Vec<f64> {
    let ones = vec![1.0; data.times.len()];
    let eta = design(&data.times, &ones, &outcome.joints, None)
        .dot(&Array1::from(outcome.climb.coefficients.clone()));
    eta.iter().zip(&data.log_exposure).map(|(eta, e)| (eta + e).exp()).collect()
}

pub(super) fn fit(
    spec: &Joinpoint,
    series: &Series,
    data: Data,
    seed: u64,
    threads: bool,
) -> Result<JoinpointFit> {
    let n = data.times.len();
    let tree = Tree::new(n, spec.room, spec.most)?;
    let found: Vec<(Outcome, Vec<f64>)> =
        (0..=spec.most).map(|k| outcome(spec, &data, &tree, k, threads)).collect::<Result<_>>()?;
    let candidate = |(outcome, _): &(Outcome, Vec<f64>)| {
        let log_likelihood = outcome.climb.log_likelihood;
        let (bic, bic3) = criteria(spec, n, outcome.joints.len(), log_likelihood);
        let joinpoints = outcome.joints.clone();
        Candidate { joinpoints, sse: f64::NAN, log_likelihood, bic, bic3, wbic: f64::NAN }
    };
    let candidates: Vec<Candidate> = found.iter().map(candidate).collect();
    let mut tests = Vec::new();
    let k = match spec.selection {
        Selection::Given => spec.most,
        Selection::Bic | Selection::Wbic => smallest(candidates.iter().map(|c| c.bic)),
        Selection::Bic3 => smallest(candidates.iter().map(|c| c.bic3)),
        Selection::Permutation => {
            let (k, done) = permutation::sequence(spec.most, spec.level, |null, alternative| {
                let pair = (null, alternative);
                let observed = found[alternative].0.climb.log_likelihood - found[null].0.climb.log_likelihood;
                bootstrap::ratio_test(spec, &data, &tree, &found[null].0, pair, observed, seed, threads)
            })?;
            tests = done;
            k
        }
    };
    let (outcome, values) = &found[k];
    let mut notes = Vec::new();
    if data.missing > 0 {
        notes.push(format!("{} periods are missing and left out.", data.missing));
    }
    let hidden = data.counts.iter().filter(|c| matches!(c, Count::Interval { .. })).count();
    if hidden > 0 {
        notes.push(format!("{hidden} suppressed counts enter as the intervals they are."));
    }
    let lost = values.iter().filter(|v| **v == f64::NEG_INFINITY).count();
    if lost > 0 {
        notes.push(format!("{lost} of {} sets of joinpoints have no finite estimate.", values.len()));
    }
    if spec.mode == Mode::NegativeBinomial && outcome.dispersion <= 0.0 {
        notes.push("The dispersion is zero: the fit is the Poisson one.".into());
    }
    let (covariance, joints, all) = inference(spec, &data, outcome, &tree, values, &mut notes);
    let mut fit = JoinpointFit {
        spec: spec.clone(),
        series: series.clone(),
        seed,
        candidates,
        tests,
        joints,
        coefficients: outcome.climb.coefficients.clone(),
        covariance,
        all: Some(all),
        degrees: (f64::INFINITY, f64::INFINITY),
        dispersion: outcome.dispersion,
        notes,
        data,
    };
    fit.notes.insert(0, fit.conventions());
    Ok(fit)
}

/// Covariance of the slopes from the information of slopes and joinpoints together; intervals of the joinpoints.
fn inference(
    spec: &Joinpoint,
    data: &Data,
    outcome: &Outcome,
    tree: &Tree,
    values: &[f64],
    notes: &mut Vec<String>,
) -> (Array2<f64>, Vec<Joint>, Array2<f64>) {
    let k = outcome.joints.len();
    let size = size_of(outcome.dispersion);
    let roots: Vec<f64> = means(data, outcome)
        .iter()
        .zip(&data.counts)
        .map(|(&mean, &count)| cell(count, 0.0, mean, size).2.sqrt())
        .collect();
    let moves = &outcome.climb.coefficients[2..];
    let x = design(&data.times, &roots, &outcome.joints, Some(moves));
    let inverse = Cholesky::new(x.t().dot(&x).view(), "the joinpoints' information").map(|c| c.inverse());
    let inverse = inverse.unwrap_or_else(|_| {
        notes.push("The information is singular: no standard errors.".into());
        Array2::from_elem((2 + 2 * k, 2 + 2 * k), f64::NAN)
    });
    let (covariance, mut joints) = slopes_and_places(&inverse, &outcome.joints, normal_reach(spec));
    if !spec.continuous && k > 0 {
        let top = values
            .iter()
            .enumerate()
            .filter(|&(node, _)| tree.depth[node] as usize == k)
            .fold(f64::NEG_INFINITY, |m, (_, &v)| m.max(v));
        let limit = top - 0.5 * normal_reach(spec).powi(2);
        for joint in &mut joints {
            *joint = Joint { std_error: f64::NAN, lower: joint.time, upper: joint.time, ..*joint };
        }
        for (node, &value) in values.iter().enumerate() {
            if tree.depth[node] as usize == k && value >= limit {
                for (joint, &at) in joints.iter_mut().zip(&tree.joints(node)) {
                    joint.lower = joint.lower.min(data.times[at]);
                    joint.upper = joint.upper.max(data.times[at]);
                }
            }
        }
    }
    (covariance, joints, inverse)
}
