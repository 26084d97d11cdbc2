//! A maximum under bounds: Fisher's scoring first, Newton at the end.

use ndarray::{Array1, Array2};

use crate::error::{Error, Result};
use crate::interrupt::interrupted;
use crate::linalg::Cholesky;

/// A likelihood with its derivatives.
pub(super) trait Likelihood {
    /// The value, −∞ outside the domain.
    fn value(&mut self, theta: &[f64]) -> f64;
    /// The value; the gradient and an approximate information are written. The gradient is exact.
    fn derivatives(&mut self, theta: &[f64], gradient: &mut [f64], information: &mut Array2<f64>) -> f64;
    /// The approximate information along these columns.
    fn information(&mut self, theta: &[f64], along: &Array2<f64>) -> Array2<f64>;
}

/// What the parameters must keep to.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) low: Vec<f64>,
    pub(super) high: Vec<f64>,
    /// The parameters of these places add up to at most [`MOST`].
    pub(super) sum: Vec<usize>,
}

/// Feedback that adds up to one has no stationary mean.
pub(super) const MOST: f64 = 1.0 - 1e-6;
const MOST_STEPS: usize = 300;

impl Bounds {
    pub(super) fn none(n: usize) -> Self {
        Self { low: vec![f64::NEG_INFINITY; n], high: vec![f64::INFINITY; n], sum: Vec::new() }
    }

    pub(super) fn total(&self, theta: &[f64]) -> f64 {
        self.sum.iter().map(|&i| theta[i]).sum()
    }

    /// Places that may move when the gradient says so.
    pub(super) fn free(&self, theta: &[f64], gradient: &[f64]) -> Vec<usize> {
        let may = |&i: &usize| {
            let (low, high) = (self.low[i], self.high[i]);
            high > low
                && !(theta[i] <= low && gradient[i] <= 0.0)
                && !(theta[i] >= high && gradient[i] >= 0.0)
        };
        (0..theta.len()).filter(may).collect()
    }
}

/// The top of a climb.
#[derive(Debug, Clone)]
pub(super) struct Top {
    pub(super) at: Vec<f64>,
    pub(super) value: f64,
    pub(super) iterations: usize,
    /// Places not held at a bound.
    pub(super) free: Vec<usize>,
    /// The sum constraint binds.
    pub(super) bound: bool,
}

/// Minus the second derivatives along these columns, by central differences of the gradient.
pub(super) fn observed(f: &mut impl Likelihood, theta: &[f64], along: &Array2<f64>) -> Array2<f64> {
    let (n, wide) = along.dim();
    let mut scratch = Array2::zeros((n, n));
    let (mut above, mut below) = (vec![0.0; n], vec![0.0; n]);
    // A step of a small part of the direction's own standard error, whatever its unit.
    let sizes = f.information(theta, along).diag().mapv(|v| v.max(1e-300).sqrt().recip());
    let mut out = Array2::zeros((wide, wide));
    for (row, direction) in along.columns().into_iter().enumerate() {
        let size =
            direction.iter().zip(theta).fold(0.0_f64, |m, (d, t)| if *d == 0.0 { m } else { m.max(t.abs()) });
        let step = (1e-4 * sizes[row]).max(1e-9 * size);
        let at =
            |sign: f64| theta.iter().zip(direction).map(|(t, d)| t + sign * step * d).collect::<Vec<_>>();
        let up = f.derivatives(&at(1.0), &mut above, &mut scratch);
        let down = f.derivatives(&at(-1.0), &mut below, &mut scratch);
        let fine = up.is_finite() && down.is_finite();
        for (column, other) in along.columns().into_iter().enumerate() {
            let fall: f64 = other.iter().zip(below.iter().zip(&above)).map(|(d, (b, a))| d * (b - a)).sum();
            out[[row, column]] = if fine { fall / (2.0 * step) } else { f64::NAN };
        }
    }
    0.5 * (&out + &out.t())
}

/// The directions of the places themselves.
fn axes(n: usize, free: &[usize]) -> Array2<f64> {
    Array2::from_shape_fn((n, free.len()), |(i, j)| f64::from(u8::from(free[j] == i)))
}

/// Solves with unit diagonal, leaning on the diagonal where the matrix is not positive definite.
fn direction(matrix: &Array2<f64>, right: &[Array1<f64>]) -> Option<Vec<Array1<f64>>> {
    let n = matrix.nrows();
    let scale: Vec<f64> = matrix.diag().iter().map(|d| if *d > 0.0 { d.sqrt() } else { 1.0 }).collect();
    let mut lean = 0.0;
    for _ in 0..12 {
        let unit = Array2::from_shape_fn((n, n), |(i, j)| {
            matrix[[i, j]] / (scale[i] * scale[j]) + if i == j { lean } else { 0.0 }
        });
        if unit.iter().all(|v| v.is_finite())
            && let Ok(factor) = Cholesky::new(unit.view(), "information")
            && factor.lower().diag().iter().all(|d| *d > 1e-7)
        {
            let solve = |r: &Array1<f64>| {
                let scaled = Array1::from_shape_fn(n, |i| r[i] / scale[i]);
                let mut x = factor.solve(scaled.view());
                x.iter_mut().zip(&scale).for_each(|(x, s)| *x /= s);
                x
            };
            return Some(right.iter().map(solve).collect());
        }
        lean = if lean == 0.0 { 1e-6 } else { 10.0 * lean };
    }
    None
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// A few steps, to see where a start leads.
    Rough,
    /// To the top.
    Full,
}

const ROUGH_STEPS: usize = 15;

/// Climbs from `start`, which must lie within the bounds.
pub(super) fn climb(f: &mut impl Likelihood, start: &[f64], bounds: &Bounds, care: Care) -> Result<Top> {
    let n = start.len();
    let mut theta = start.to_vec();
    let (mut gradient, mut information) = (vec![0.0; n], Array2::zeros((n, n)));
    let mut next = theta.clone();
    // Second derivatives and the places that they are of, kept while they serve.
    let mut curvature: Option<(Array2<f64>, Vec<usize>)> = None;
    let (mut last, mut failures) = (f64::INFINITY, 0);
    for iteration in 0..MOST_STEPS {
        if interrupted() {
            return Err(Error::Interrupted);
        }
        let value = f.derivatives(&theta, &mut gradient, &mut information);
        if !value.is_finite() {
            let must = "a place where the likelihood is finite".into();
            return Err(Error::Argument { argument: "start".into(), value: format!("{start:?}"), must });
        }
        let free = bounds.free(&theta, &gradient);
        if curvature.as_ref().is_some_and(|(_, of)| *of != free) {
            curvature = Some((observed(f, &theta, &axes(n, &free)), free.clone()));
        }
        let scoring =
            || Array2::from_shape_fn((free.len(), free.len()), |(i, j)| information[[free[i], free[j]]]);
        let matrix = curvature.as_ref().map_or_else(scoring, |(matrix, _)| matrix.clone());
        let slope: Array1<f64> = free.iter().map(|&i| gradient[i]).collect();
        let normal: Array1<f64> = free.iter().map(|i| f64::from(u8::from(bounds.sum.contains(i)))).collect();
        let Some(solved) = direction(&matrix, &[slope.clone(), normal.clone()]) else {
            failures += 1;
            if failures > 3 || curvature.is_none() {
                return Err(stuck(iteration, last));
            }
            curvature = None;
            continue;
        };
        let mut step = solved[0].clone();
        // On the sum's bound and pushing outward: along it.
        let held = bounds.total(&theta) >= MOST - 1e-12 && normal.dot(&step) > 0.0;
        if held {
            let multiplier = normal.dot(&solved[0]) / normal.dot(&solved[1]);
            step = &step - &(&solved[1] * multiplier);
        }
        let decrement = slope.dot(&step);
        let done = Top { at: theta.clone(), value, iterations: iteration, free: free.clone(), bound: held };
        let size = value.abs().max(1.0);
        let rough = care == Care::Rough && (iteration >= ROUGH_STEPS || decrement < 0.05);
        // After many steps, what rounding leaves of a gain is enough.
        let enough = if iteration > 60 { 1e-9 } else { 1e-14 };
        if rough || decrement.abs() <= enough * size {
            return Ok(done);
        }
        let reach = normal.dot(&step);
        let room = MOST - bounds.total(&theta);
        let mut length: f64 = if !held && reach > 0.0 { (room / reach).min(1.0) } else { 1.0 };
        let mut moved = false;
        for _ in 0..40 {
            next.copy_from_slice(&theta);
            for (k, &i) in free.iter().enumerate() {
                next[i] = (theta[i] + length * step[k]).clamp(bounds.low[i], bounds.high[i]);
            }
            if next.iter().zip(&theta).all(|(a, b)| a == b) {
                break;
            }
            let gain: f64 = free.iter().enumerate().map(|(k, &i)| slope[k] * (next[i] - theta[i])).sum();
            let there = if bounds.total(&next) <= MOST + 1e-12 { f.value(&next) } else { f64::NEG_INFINITY };
            if there.is_finite() && there >= value + 1e-4 * gain {
                moved = true;
                break;
            }
            length *= 0.5;
        }
        if !moved {
            // As near as rounding lets it come, or the other matrix may know a way up.
            failures += 1;
            if decrement.abs() <= 1e-9 * size || (failures > 2 && decrement.abs() <= 1e-7 * size) {
                return Ok(done);
            }
            if failures > 3 {
                return Err(stuck(iteration, decrement));
            }
            curvature = match curvature {
                Some(_) => None,
                None => Some((observed(f, &theta, &axes(n, &free)), free)),
            };
            continue;
        }
        std::mem::swap(&mut theta, &mut next);
        // Newton near the top or where scoring is slow; its matrix again where it no longer gains much.
        let slow = decrement > 0.1 * last;
        if care == Care::Full && (decrement < 1e-2 || iteration > 20 || slow) && (curvature.is_none() || slow)
        {
            let free = bounds.free(&theta, &gradient);
            curvature = Some((observed(f, &theta, &axes(n, &free)), free));
        }
        last = decrement;
        failures = 0;
    }
    Err(stuck(MOST_STEPS, last))
}

fn stuck(iterations: usize, last_change: f64) -> Error {
    Error::NotConverged {
        method: "maximum likelihood of counts".into(),
        iterations,
        last_change,
        hint: "fewer lags, or regressors that vary more, may be estimable".into(),
    }
}
