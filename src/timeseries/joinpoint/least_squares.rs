//! Weighted least squares of log rates, with the NCI's conventions for standard errors.

use super::fit::{Candidate, JoinpointFit, Joint, normal_quantile};
use super::grid::{Best, Search};
use super::permutation;
use super::prepare::{Data, Series};
use super::refine;
use super::specification::{Joinpoint, Selection};
use crate::distribution::Fisher;
use crate::error::Result;
use crate::linalg::{Cholesky, least_squares};
use ndarray::{Array1, Array2};

/// Constant, time since the first, hinges, and, when asked, what a joinpoint's move does; rows times `roots`.
pub(super) fn design(times: &[f64], roots: &[f64], joints: &[f64], moves: Option<&[f64]>) -> Array2<f64> {
    let k = joints.len();
    let columns = 2 + k + moves.map_or(0, |_| k);
    Array2::from_shape_fn((times.len(), columns), |(i, j)| {
        let t = times[i];
        let value = match j {
            0 => 1.0,
            1 => t - times[0],
            j if j < 2 + k => (t - joints[j - 2]).max(0.0),
            j => {
                let (which, change) = (j - 2 - k, moves.map_or(0.0, |m| m[j - 2 - k]));
                if t > joints[which] { -change } else { 0.0 }
            }
        };
        value * roots[i]
    })
}

/// Coefficients and sum of squares at given joinpoints.
pub(super) fn solve(data: &Data, joints: &[f64]) -> (Vec<f64>, f64) {
    let x = design(&data.times, &data.roots, joints, None);
    let y: Array1<f64> = data.log_rates.iter().zip(&data.roots).map(|(y, r)| y * r).collect();
    let beta = least_squares(x.view(), y.view());
    let rest = &y - &x.dot(&beta);
    (beta.to_vec(), rest.dot(&rest))
}

struct Choice {
    search: Search,
    best: Vec<Best>,
    joints: Vec<Vec<f64>>,
    candidates: Vec<Candidate>,
    nothing_left: f64,
}

fn compare(spec: &Joinpoint, data: &Data, y: &[f64]) -> Result<Choice> {
    let n = data.times.len();
    let search = Search::new(&data.times, &data.roots, spec.room, spec.most)?;
    let best = search.best(y);
    let nothing_left = 1e-24 * y.iter().map(|y| y * y).sum::<f64>() + f64::MIN_POSITIVE;
    let mut candidates = Vec::new();
    let mut joints = Vec::new();
    for best in &best {
        let observations = best.node.map_or(Vec::new(), |node| search.tree.joints(node));
        let mut places: Vec<f64> = observations.iter().map(|&j| data.times[j]).collect();
        if spec.continuous && !places.is_empty() {
            let objective = |places: &[f64]| solve(data, places).1;
            places = refine::places(&data.times, spec.room, &places, objective).0;
        }
        // Solved anew: a difference of large sums has lost the digits of a small one.
        let sse = solve(data, &places).1;
        let k = places.len() as f64;
        let (log, per) = ((sse.max(nothing_left) / n as f64).ln(), (n as f64).ln() / n as f64);
        let weight = largest_partial(data, &places);
        candidates.push(Candidate {
            joinpoints: places.clone(),
            sse,
            log_likelihood: f64::NAN,
            bic: log + (2.0 * k + 2.0) * per,
            bic3: log + (3.0 * k + 2.0) * per,
            wbic: log + ((2.0 + weight) * k + 2.0) * per,
        });
        joints.push(places);
    }
    Ok(Choice { search, best, joints, candidates, nothing_left })
}

/// The largest partial R² of a change of slope in the data of its two segments (Kim et al. 2022).
fn largest_partial(data: &Data, joints: &[f64]) -> f64 {
    let mut largest = 0.0_f64;
    for (i, &tau) in joints.iter().enumerate() {
        let after = if i == 0 { f64::NEG_INFINITY } else { joints[i - 1] };
        let until = joints.get(i + 1).copied().unwrap_or(f64::INFINITY);
        let inside: Vec<usize> =
            (0..data.times.len()).filter(|&j| data.times[j] > after && data.times[j] <= until).collect();
        let pick = |values: &[f64]| inside.iter().map(|&j| values[j]).collect::<Vec<_>>();
        let (times, roots, logs) = (pick(&data.times), pick(&data.roots), pick(&data.log_rates));
        let x = design(&times, &roots, &[], None);
        let rest = |v: Array1<f64>| {
            let beta = least_squares(x.view(), v.view());
            v - x.dot(&beta)
        };
        let y = rest(logs.iter().zip(&roots).map(|(y, r)| y * r).collect());
        let z = rest(times.iter().zip(&roots).map(|(t, r)| (t - tau).max(0.0) * r).collect());
        let (yz, yy, zz) = (y.dot(&z), y.dot(&y), z.dot(&z));
        if yy > 0.0 && zz > 0.0 {
            largest = largest.max((yz * yz / (yy * zz)).min(1.0));
        }
    }
    largest
}

pub(super) fn smallest(values: impl Iterator<Item = f64>) -> usize {
    let mut least = (0, f64::INFINITY);
    for (k, value) in values.enumerate() {
        if value < least.1 {
            least = (k, value);
        }
    }
    least.0
}

pub(super) fn fit(
    spec: &Joinpoint,
    series: &Series,
    data: Data,
    seed: u64,
    threads: bool,
) -> Result<JoinpointFit> {
    let y: Vec<f64> = data.log_rates.iter().zip(&data.roots).map(|(y, r)| y * r).collect();
    let choice = compare(spec, &data, &y)?;
    let candidates = &choice.candidates;
    let mut notes = Vec::new();
    let mut tests = Vec::new();
    let k = match spec.selection {
        Selection::Given => spec.most,
        Selection::Bic => smallest(candidates.iter().map(|c| c.bic)),
        Selection::Bic3 => smallest(candidates.iter().map(|c| c.bic3)),
        Selection::Wbic => smallest(candidates.iter().map(|c| c.wbic)),
        Selection::Permutation => {
            let (k, done) = permutation::sequence(spec.most, spec.level, |null, alternative| {
                if choice.best[null].sse <= choice.nothing_left {
                    return Ok(1.0);
                }
                let node = choice.best[null].node;
                let places: Vec<f64> = node
                    .map_or(Vec::new(), |n| choice.search.tree.joints(n))
                    .iter()
                    .map(|&j| data.times[j])
                    .collect();
                let x = design(&data.times, &data.roots, &places, None);
                let fitted = x.dot(&Array1::from(solve(&data, &places).0)).to_vec();
                let pair = (null, alternative);
                permutation::test(
                    &choice.search,
                    &y,
                    &fitted,
                    &choice.best,
                    pair,
                    spec.permutations,
                    seed,
                    threads,
                )
            })?;
            tests = done;
            k
        }
    };
    if data.missing > 0 {
        notes.push(format!("{} periods are missing and left out.", data.missing));
    }
    let joints = &choice.joints[k];
    let (coefficients, sse) = solve(&data, joints);
    let n = data.times.len();
    if sse <= choice.nothing_left {
        notes.push("The lines go through every point: nothing is left to judge them by.".into());
    }
    let (covariance, degrees, places, all) = if spec.continuous && k > 0 {
        linearised(spec, &data, joints, &coefficients, sse)?
    } else {
        let (covariance, degrees) = segments_alone(&data, joints, sse);
        let places = intervals(spec, &choice, &y, &data, k)?;
        (covariance, (degrees, if k == 0 { degrees } else { f64::INFINITY }), places, None)
    };
    if !covariance.iter().all(|v| v.is_finite()) {
        notes.push(format!("{n} periods leave no degree of freedom for intervals with {k} joinpoints."));
    }
    let mut fit = JoinpointFit {
        spec: spec.clone(),
        series: series.clone(),
        seed,
        candidates: choice.candidates,
        tests,
        joints: places,
        coefficients,
        covariance,
        all,
        degrees,
        dispersion: 0.0,
        notes,
        data,
    };
    fit.notes.insert(0, fit.conventions());
    Ok(fit)
}

/// Variances of the slopes as the NCI's program has them: joinpoint periods left out, a line for each segment, one
/// variance for all; and its degrees of freedom.
fn segments_alone(data: &Data, joints: &[f64], sse: f64) -> (Array2<f64>, f64) {
    let (n, k) = (data.times.len(), joints.len());
    let mut precision = Vec::with_capacity(k + 1);
    let mut rest = 0.0;
    for s in 0..=k {
        let after = if s == 0 { f64::NEG_INFINITY } else { joints[s - 1] };
        let before = joints.get(s).copied().unwrap_or(f64::INFINITY);
        let inside: Vec<usize> =
            (0..n).filter(|&i| data.times[i] > after && data.times[i] < before).collect();
        let weight = |i: usize| data.roots[i] * data.roots[i];
        let all: f64 = inside.iter().map(|&i| weight(i)).sum();
        let mean = |v: &[f64]| inside.iter().map(|&i| weight(i) * v[i]).sum::<f64>() / all;
        let (t, y) = (mean(&data.times), mean(&data.log_rates));
        let (mut tt, mut ty) = (0.0, 0.0);
        for &i in &inside {
            tt += weight(i) * (data.times[i] - t).powi(2);
            ty += weight(i) * (data.times[i] - t) * (data.log_rates[i] - y);
        }
        let slope = ty / tt;
        let left = |&i: &usize| data.log_rates[i] - y - slope * (data.times[i] - t);
        rest += inside.iter().map(|i| weight(*i) * left(i).powi(2)).sum::<f64>();
        precision.push(tt);
    }
    if k == 0 {
        rest = sse;
    }
    let used = k + 2 * (k + 1);
    let degrees = if n > used { (n - used) as f64 } else { f64::NAN };
    let mean = rest / degrees;
    let mut covariance = Array2::zeros((k + 1, k + 1));
    for (s, tt) in precision.into_iter().enumerate() {
        covariance[[s, s]] = if tt > 0.0 { mean / tt } else { f64::NAN };
    }
    (covariance, degrees)
}

/// The joinpoints, each with the nearest candidates on either side that an F test of all places rejects, or the last that
/// are admissible: the sum of squares at its least with the joinpoint there, against `SSE (1 + k F / (n − 2k − 2))`.
fn intervals(spec: &Joinpoint, choice: &Choice, y: &[f64], data: &Data, k: usize) -> Result<Vec<Joint>> {
    if k == 0 {
        return Ok(Vec::new());
    }
    let left = data.times.len().saturating_sub(2 * k + 2) as f64;
    let limit = match left > 0.0 {
        true => 1.0 + k as f64 * Fisher::new(k as f64, left)?.critical(spec.level) / left,
        false => f64::INFINITY,
    };
    let limit = choice.candidates[k].sse * limit;
    let profile = choice.search.profile(y, k);
    let place = |(which, &time): (usize, &f64)| {
        let candidates = choice.search.tree.candidates.iter().zip(&profile[which]);
        let admissible: Vec<(f64, bool)> = candidates
            .filter(|(_, s)| s.is_finite())
            .map(|(&j, &s)| (data.times[j], s <= limit || data.times[j] == time))
            .collect();
        let first = admissible.iter().position(|a| a.1).unwrap_or(0);
        let last = admissible.iter().rposition(|a| a.1).unwrap_or(0);
        let (lower, upper) = (first.saturating_sub(1), (last + 1).min(admissible.len() - 1));
        Joint { time, std_error: f64::NAN, lower: admissible[lower].0, upper: admissible[upper].0 }
    };
    Ok(choice.joints[k].iter().enumerate().map(place).collect())
}

/// Covariance of slopes and joinpoints from the linearised model (Muggeo 2003).
#[expect(clippy::type_complexity, reason = "what inference needs")]
fn linearised(
    spec: &Joinpoint,
    data: &Data,
    joints: &[f64],
    coefficients: &[f64],
    sse: f64,
) -> Result<(Array2<f64>, (f64, f64), Vec<Joint>, Option<Array2<f64>>)> {
    let k = joints.len();
    let x = design(&data.times, &data.roots, joints, Some(&coefficients[2..]));
    let left = data.times.len().saturating_sub(2 * k + 2) as f64;
    let degrees = if left > 0.0 { left } else { f64::NAN };
    let inverse = Cholesky::new(x.t().dot(&x).view(), "the joinpoints' information")?.inverse();
    let reach = crate::distribution::Student::new(degrees.max(1.0))?.quantile(1.0 - 0.5 * spec.level);
    let all = inverse * (sse / degrees);
    let (covariance, places) = slopes_and_places(&all, joints, reach);
    Ok((covariance, (degrees, f64::INFINITY), places, Some(all)))
}

/// Slopes' covariance and joinpoints with intervals, from the covariance of all parameters.
pub(super) fn slopes_and_places(
    covariance: &Array2<f64>,
    joints: &[f64],
    reach: f64,
) -> (Array2<f64>, Vec<Joint>) {
    let k = joints.len();
    let sums =
        Array2::from_shape_fn(
            (k + 1, covariance.nrows()),
            |(s, j)| {
                if (1..=s + 1).contains(&j) { 1.0 } else { 0.0 }
            },
        );
    let slopes = sums.dot(covariance).dot(&sums.t());
    let places = joints
        .iter()
        .enumerate()
        .map(|(j, &time)| {
            let std_error = covariance[[2 + k + j, 2 + k + j]].sqrt();
            Joint { time, std_error, lower: time - reach * std_error, upper: time + reach * std_error }
        })
        .collect();
    (slopes, places)
}

/// The normal's reach of a level.
pub(super) fn normal_reach(spec: &Joinpoint) -> f64 {
    normal_quantile(1.0 - 0.5 * spec.level)
}
