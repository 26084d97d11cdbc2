//! Maximum likelihood: several starts, and every variance tried at exactly zero.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::linalg::eigen_symmetric;
use crate::optimize::{Settings, hessian, minimize, minimize_with_gradient, nelder_mead};
use crate::timeseries::structural::likelihood::{Problem, Shape};
use crate::timeseries::structural::prepare::Prepared;
use crate::timeseries::structural::{Component, Structural, StructuralFit};

/// Gains of log-likelihood smaller than this are no reason to keep a variance.
const NO_GAIN: f64 = 1e-6;

/// The largest standard deviation that a direction of the parameters is given when the likelihood is (nearly) flat
/// along it: a factor of about twenty in a variance at two of them, to either side.
const FLAT: f64 = 1.5;

/// Variances in the vector from which on the exact score is faster than differences.
const EXACT_FROM: usize = 3;

/// How many of the starts are followed, the best of them to the end.
const FOLLOWED: usize = 3;

/// Gains of log-likelihood that a start is left at, and those that no search goes on for.
const SOME: f64 = 1e-3;
const LITTLE: f64 = 1e-8;

/// Logs and logits that are as good as infinite.
const NO_FARTHER: f64 = 39.0;

/// Logs of variance relative to the irregular, tried in every combination.
fn grid(component: Component) -> &'static [f64] {
    match component {
        Component::Irregular => &[0.0],
        Component::Level => &[-1.5, 1.5, -6.0],
        Component::Slope => &[-4.0, -9.0, -1.0],
        Component::Seasonal => &[-4.0, -9.0],
        Component::Cycle => &[0.0, -4.0],
        Component::Coefficient(_) => &[-2.0, -7.0],
        Component::Dispersion => &[-2.5, -5.0],
    }
}

/// The same for counts: logs of variance on the log scale.
fn grid_of_counts(component: Component) -> &'static [f64] {
    match component {
        Component::Level | Component::Cycle => &[-4.0, -7.0],
        Component::Slope => &[-8.0, -12.0],
        Component::Seasonal => &[-6.0, -10.0],
        other => grid(other),
    }
}

pub(super) fn fit(spec: &Structural, data: Prepared) -> Result<StructuralFit> {
    let model = data.state_space(spec)?;
    let mut problem = Problem::new(spec, model, &data.regressors, data.spread);
    identified(&mut problem, &data)?;
    problem.shorten(spec, &vec![0.0; problem.dimension()], &data.z);
    let (theta, cost) = maximum(&mut problem, &data.z)?;
    if !cost.is_finite() || (problem.reference.is_some() && problem.scale(&theta, &data.z) < 1e-20) {
        let why = format!(
            "`{}` is fitted exactly by the {spec}: its movements have no variance to estimate",
            data.name
        );
        return Err(Error::NothingToEstimate { why });
    }
    let theta = spread_scale(&mut problem, &theta, &data.z);
    let deviation = uncertainty(&mut problem, &theta, &data.z);
    problem.at_length();
    StructuralFit::new(spec.clone(), data, problem, theta, deviation)
}

/// The best end of several starts, variances at exactly zero where the likelihood does not mind; the vector and minus the
/// log-likelihood there.
pub(super) fn maximum(problem: &mut Problem, z: &[f64]) -> Result<(Vec<f64>, f64)> {
    let (theta, cost) = best_start(problem, z)?;
    Ok(without_zeros(problem.clone(), theta, cost, z, problem))
}

/// Refuses what never leaves the diffuse start.
fn identified(problem: &mut Problem, data: &Prepared) -> Result<()> {
    let theta = vec![0.0; problem.dimension()];
    problem.at(&theta, &data.z);
    if problem.work.next().2 {
        let names = &data.regressors.names;
        let parts = if names.is_empty() { String::new() } else { format!(" or {}", names.join(", ")) };
        let why = format!(
            "`{}` cannot tell the model's parts apart: the trend, a season that is never seen{parts}",
            data.name
        );
        return Err(Error::NothingToEstimate { why });
    }
    Ok(())
}

/// The best end of the most promising starts.
fn best_start(problem: &mut Problem, z: &[f64]) -> Result<(Vec<f64>, f64)> {
    let grid = if problem.cells.is_some() { grid_of_counts } else { grid };
    let places = problem.variances().map(|m| grid(m.component)).chain(problem.bends().map(Shape::starts));
    let mut starts: Vec<Vec<f64>> = vec![Vec::new()];
    for grid in places {
        let longer =
            |start: &Vec<f64>| grid.iter().map(|&g| [start.clone(), vec![g]].concat()).collect::<Vec<_>>();
        starts = starts.iter().flat_map(longer).collect();
    }
    let cost_of = |problem: &mut Problem, start: Vec<f64>| (problem.cost(&start, z), start);
    let mut tried: Vec<(f64, Vec<f64>)> = starts.into_iter().map(|s| cost_of(problem, s)).collect();
    tried.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut best: Option<(Vec<f64>, f64)> = None;
    let mut trouble = None;
    for (_, start) in tried.into_iter().take(FOLLOWED) {
        match descend(problem, &start, z, SOME) {
            Ok((at, value)) if best.as_ref().is_none_or(|b| value < b.1) => best = Some((at, value)),
            Ok(_) => {}
            Err(error) => trouble = Some(error),
        }
    }
    match (best, trouble) {
        (Some((at, _)), _) => descend(problem, &at, z, LITTLE),
        // The likelihood runs off to infinity: the caller says so.
        (None, Some(Error::Argument { .. }) | None) => {
            Ok((vec![0.0; problem.dimension()], f64::NEG_INFINITY))
        }
        (None, Some(error)) => Err(error),
    }
}

/// From one start to a minimum, or to where no step gains more than so much: BFGS, and the simplex where that is stuck.
fn descend(problem: &mut Problem, start: &[f64], z: &[f64], gain: f64) -> Result<(Vec<f64>, f64)> {
    if start.is_empty() {
        let value = problem.cost(start, z);
        return Ok((Vec::new(), value));
    }
    let settings = Settings {
        gradient_tolerance: 1e-6,
        difference: 1e-6,
        max_iterations: 200,
        one_sided: true,
        gain,
        ..Settings::default()
    };
    let bounded = Bounded::new(problem, start);
    let mut theta = start.to_vec();
    // A score costs two to three likelihoods, whatever the number of variances.
    let exact = problem.has_score() && start.len() >= EXACT_FROM;
    let found = if exact {
        let cost = |place: &[f64], slope: &mut [f64]| {
            bounded.vector(place, &mut theta);
            let value = problem.cost_and_slope(&theta, z, slope);
            Bounded::chain(place, slope);
            value
        };
        minimize_with_gradient(cost, &bounded.place(start), &settings)
    } else {
        let cost = |place: &[f64]| {
            bounded.vector(place, &mut theta);
            problem.cost(&theta, z)
        };
        minimize(cost, &bounded.place(start), &settings)
    };
    match found {
        Ok(found) => {
            bounded.vector(&found.at, &mut theta);
            Ok((theta, found.value))
        }
        Err(Error::NotConverged { .. }) => {
            let found = nelder_mead(|theta| problem.cost(theta, z), start, 1.0, 1e-10, 2_000)?;
            Ok((found.at, found.value))
        }
        Err(other) => Err(other),
    }
}

/// Places in which the ends of what parameters can be are as near as anything else: a variance is the square of the place
/// times its value at the start, a share the squared sine. As often as not the maximum lies at such an end, which in logs
/// and logits is infinitely far.
struct Bounded {
    units: Vec<f64>,
}

impl Bounded {
    fn new(problem: &Problem, start: &[f64]) -> Self {
        Self { units: start[..problem.variances().count()].to_vec() }
    }

    /// The place of a vector.
    fn place(&self, theta: &[f64]) -> Vec<f64> {
        let (variances, bends) = theta.split_at(self.units.len());
        let roots = variances.iter().zip(&self.units).map(|(t, unit)| (0.5 * (t - unit)).exp());
        let angles = bends.iter().map(|x| (0.5 * x).exp().atan());
        roots.chain(angles).collect()
    }

    /// The vector of a place.
    fn vector(&self, place: &[f64], theta: &mut [f64]) {
        let log_ratio = |a: f64, b: f64| 2.0 * (a.abs().ln() - b.abs().ln());
        for (i, (theta, at)) in theta.iter_mut().zip(place).enumerate() {
            let found = match self.units.get(i) {
                Some(unit) => unit + log_ratio(*at, 1.0),
                None => log_ratio(at.sin(), at.cos()),
            };
            *theta = found.clamp(-NO_FARTHER, NO_FARTHER);
        }
    }

    /// Makes a slope by the logs of variances one by the places.
    fn chain(place: &[f64], slope: &mut [f64]) {
        for (slope, at) in slope.iter_mut().zip(place) {
            *slope = if *at == 0.0 { 0.0 } else { 2.0 * *slope / at };
        }
    }
}

/// Sets variances to zero, one after the other, as long as the likelihood does not mind.
fn without_zeros(
    mut best: Problem,
    mut theta: Vec<f64>,
    mut cost: f64,
    z: &[f64],
    out: &mut Problem,
) -> (Vec<f64>, f64) {
    'again: loop {
        let free: Vec<usize> = (0..best.movements.len()).filter(|&i| best.movements[i].free).collect();
        for &movement in &free {
            if best.reference.is_some() && free.len() == 1 {
                break;
            }
            let Some((mut smaller, start)) = dropped(&best, &theta, movement) else { continue };
            if smaller.cost(&start, z) > cost + 0.5 {
                continue;
            }
            let Ok((at, value)) = descend(&mut smaller, &start, z, LITTLE) else { continue };
            if value <= cost + NO_GAIN {
                (best, theta, cost) = (smaller, at, value);
                continue 'again;
            }
        }
        *out = best;
        return (theta, cost);
    }
}

/// The problem without one variance, and the vector to start it from.
fn dropped(problem: &Problem, theta: &[f64], movement: usize) -> Option<(Problem, Vec<f64>)> {
    let mut logs = vec![0.0; problem.movements.len()];
    let mut rest = theta.iter();
    for (i, log) in logs.iter_mut().enumerate() {
        if problem.movements[i].free && problem.reference != Some(i) {
            *log = *rest.next()?;
        }
    }
    let bends: Vec<(Shape, f64)> = problem.bends().zip(rest.copied()).collect();
    let mut smaller = problem.clone();
    smaller.movements[movement].free = false;
    smaller.movements[movement].fixed = 0.0;
    let mut base = 0.0;
    if problem.reference == Some(movement) {
        let next = smaller.movements.iter().position(|m| m.free)?;
        smaller.reference = Some(next);
        base = logs[next];
    }
    let left = |&i: &usize| smaller.movements[i].free && smaller.reference != Some(i);
    let mut start: Vec<f64> = (0..logs.len()).filter(left).map(|i| logs[i] - base).collect();
    let of = |shape: Shape| bends.iter().find(|(other, _)| *other == shape).map_or(0.0, |(_, x)| *x);
    start.extend(smaller.bends().map(of));
    Some((smaller, start))
}

/// Puts the concentrated scale back into the vector.
fn spread_scale(problem: &mut Problem, theta: &[f64], z: &[f64]) -> Vec<f64> {
    let Some(reference) = problem.reference else { return theta.to_vec() };
    let scale = problem.scale(theta, z).ln();
    let mut rest = theta.iter();
    let mut full = Vec::with_capacity(theta.len() + 1);
    for (i, _) in problem.movements.iter().enumerate().filter(|(_, m)| m.free) {
        let relative = if i == reference { 0.0 } else { rest.next().copied().unwrap_or_default() };
        full.push(relative + scale);
    }
    full.extend(rest);
    *problem = problem.loosened();
    full
}

/// A square root of the inverse information: `theta + root · standard normals` is a draw.
pub(super) fn uncertainty(problem: &mut Problem, theta: &[f64], z: &[f64]) -> Array2<f64> {
    let n = theta.len();
    let information = hessian(&mut |t| problem.cost(t, z), theta, 1e-3);
    problem.set(theta);
    let finite = information.iter().all(|v| v.is_finite());
    let Some((values, vectors)) = finite.then(|| eigen_symmetric(information.view()).ok()).flatten() else {
        return Array2::from_diag_elem(n, FLAT);
    };
    let size = |j: usize| 1.0 / values[j].max(1.0 / (FLAT * FLAT)).sqrt();
    Array2::from_shape_fn((n, n), |(i, j)| vectors[[i, j]] * size(j))
}
