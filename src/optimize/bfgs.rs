//! BFGS on small dense problems.

use crate::error::{Error, Result};
use crate::interrupt::interrupted;
use crate::optimize::gradient;

/// When to stop.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Largest entry of the gradient, relative to `max(1, |f|)`.
    pub gradient_tolerance: f64,
    /// Most iterations.
    pub max_iterations: usize,
    /// Step of the differences, relative to `max(1, |x|)`.
    pub difference: f64,
    /// Differences to one side only: half the work, and a gradient that is off by the step times the curvature.
    pub one_sided: bool,
    /// The size of the second derivatives, as well as it is known before any is seen.
    pub curvature: f64,
    /// Also stop where neither the last step nor the curvature seen so far gains this much. Zero by default.
    pub gain: f64,
    /// An argument larger than this has left for the boundary: the search ends there. Infinite by default.
    pub edge: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            gradient_tolerance: 1e-7,
            max_iterations: 200,
            difference: 1e-5,
            one_sided: false,
            curvature: 1.0,
            gain: 0.0,
            edge: f64::INFINITY,
        }
    }
}

/// Where a function is least.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The place.
    pub at: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// Iterations used.
    pub iterations: usize,
}

/// Minimises `f` from `start`, its gradient by central differences.
///
/// # Errors
/// [`Error::Argument`] when `f` is not finite at the start; [`Error::NotConverged`]; [`Error::Interrupted`].
pub fn minimize(f: impl FnMut(&[f64]) -> f64, start: &[f64], settings: &Settings) -> Result<Minimum> {
    descend(&mut Differences { f, at: start.to_vec(), settings }, start, settings)
}

/// Minimises a function that writes its gradient into its second argument and returns its value.
///
/// # Errors
/// As [`minimize`].
pub fn minimize_with_gradient(
    f: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    settings: &Settings,
) -> Result<Minimum> {
    descend(&mut Given { f, slope: vec![0.0; start.len()] }, start, settings)
}

/// A value first, and its gradient only where that is wanted.
trait Objective {
    fn value(&mut self, x: &[f64]) -> f64;

    /// The gradient at the place of the last value.
    fn gradient(&mut self, x: &[f64], value: f64, out: &mut [f64]);
}

struct Differences<'a, F> {
    f: F,
    at: Vec<f64>,
    settings: &'a Settings,
}

impl<F: FnMut(&[f64]) -> f64> Objective for Differences<'_, F> {
    fn value(&mut self, x: &[f64]) -> f64 {
        (self.f)(x)
    }

    fn gradient(&mut self, x: &[f64], value: f64, out: &mut [f64]) {
        self.at.copy_from_slice(x);
        if !self.settings.one_sided {
            return gradient(&mut self.f, &mut self.at, self.settings.difference, out);
        }
        for i in 0..x.len() {
            let h = self.settings.difference * x[i].abs().max(1.0);
            self.at[i] = x[i] + h;
            out[i] = ((self.f)(&self.at) - value) / h;
            self.at[i] = x[i];
        }
    }
}

struct Given<F> {
    f: F,
    slope: Vec<f64>,
}

impl<F: FnMut(&[f64], &mut [f64]) -> f64> Objective for Given<F> {
    fn value(&mut self, x: &[f64]) -> f64 {
        (self.f)(x, &mut self.slope)
    }

    fn gradient(&mut self, _: &[f64], _: f64, out: &mut [f64]) {
        out.copy_from_slice(&self.slope);
    }
}

fn descend(f: &mut impl Objective, start: &[f64], settings: &Settings) -> Result<Minimum> {
    let n = start.len();
    let mut x = start.to_vec();
    let mut slope = vec![0.0; n];
    let mut value = f.value(&x);
    if !value.is_finite() {
        let must = "a place where the function is finite".into();
        return Err(Error::Argument { argument: "start".into(), value: format!("{start:?}"), must });
    }
    f.gradient(&x, value, &mut slope);
    let mut inverse = scaled(n, 1.0 / settings.curvature);
    let (mut next, mut next_slope) = (x.clone(), slope.clone());
    let mut fresh = true;
    let mut gained = f64::INFINITY;
    for iteration in 0..settings.max_iterations {
        let size = largest(&slope);
        if size <= settings.gradient_tolerance * value.abs().max(1.0) || largest(&x) > settings.edge {
            return Ok(Minimum { at: x, value, iterations: iteration });
        }
        let mut direction = product(&inverse, &slope, -1.0);
        let mut promised = -dot(&direction, &slope);
        if promised <= 0.0 {
            inverse = scaled(n, 1.0 / settings.curvature);
            direction = product(&inverse, &slope, -1.0);
            promised = -dot(&direction, &slope);
            fresh = true;
        }
        if gained.max(0.5 * promised) < settings.gain {
            return Ok(Minimum { at: x, value, iterations: iteration });
        }
        // The first step is at most one unit long: little is known of the curvature yet.
        let reach = if fresh { (1.0 / largest(&direction)).min(1.0) } else { 1.0 };
        let found = search(f, &x, value, &slope, &direction, reach, &mut next, &mut next_slope);
        let Some(lower) = found else {
            if interrupted() {
                return Err(Error::Interrupted);
            }
            if !fresh {
                inverse = scaled(n, 1.0 / settings.curvature);
                fresh = true;
                continue;
            }
            // No way down from here: either this is the minimum as well as differences can tell, or it is stuck.
            if size <= 1e3 * settings.gradient_tolerance * value.abs().max(1.0) {
                return Ok(Minimum { at: x, value, iterations: iteration });
            }
            return Err(stuck(iteration, size));
        };
        update(&mut inverse, &x, &next, &slope, &next_slope, fresh);
        fresh = false;
        gained = value - lower;
        std::mem::swap(&mut x, &mut next);
        std::mem::swap(&mut slope, &mut next_slope);
        value = lower;
        if gained <= 1e-14 * value.abs().max(1.0)
            && largest(&slope) <= 1e2 * settings.gradient_tolerance * value.abs().max(1.0)
        {
            return Ok(Minimum { at: x, value, iterations: iteration + 1 });
        }
    }
    Err(stuck(settings.max_iterations, largest(&slope)))
}

fn stuck(iterations: usize, last_change: f64) -> Error {
    Error::NotConverged {
        method: "BFGS".into(),
        iterations,
        last_change,
        hint: "another start or a better scaled problem may help".into(),
    }
}

/// A step that satisfies the weak Wolfe conditions, by doubling and bisection.
#[expect(clippy::too_many_arguments, reason = "the two places of a line search")]
fn search(
    f: &mut impl Objective,
    x: &[f64],
    value: f64,
    slope: &[f64],
    direction: &[f64],
    mut step: f64,
    next: &mut [f64],
    next_slope: &mut [f64],
) -> Option<f64> {
    let descent = dot(direction, slope);
    let (mut low, mut high) = (0.0, f64::INFINITY);
    for _ in 0..50 {
        if interrupted() {
            return None;
        }
        for i in 0..x.len() {
            next[i] = x[i] + step * direction[i];
        }
        let there = f.value(next);
        if !there.is_finite() || there > value + 1e-4 * step * descent {
            high = step;
        } else {
            f.gradient(next, there, next_slope);
            if !next_slope.iter().all(|g| g.is_finite()) {
                high = step;
            } else if dot(direction, next_slope) < 0.9 * descent {
                low = step;
            } else {
                return Some(there);
            }
        }
        step = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * low };
        if high.is_finite() && high - low <= 1e-14 * high {
            break;
        }
    }
    None
}

fn update(inverse: &mut [f64], x: &[f64], next: &[f64], slope: &[f64], next_slope: &[f64], first: bool) {
    let n = x.len();
    let s: Vec<f64> = next.iter().zip(x).map(|(a, b)| a - b).collect();
    let y: Vec<f64> = next_slope.iter().zip(slope).map(|(a, b)| a - b).collect();
    let curvature = dot(&s, &y);
    if curvature <= 1e-14 * dot(&y, &y).sqrt() * dot(&s, &s).sqrt() {
        return;
    }
    if first {
        let scale = curvature / dot(&y, &y);
        inverse.fill(0.0);
        (0..n).for_each(|i| inverse[i * n + i] = scale);
    }
    let hy = product(inverse, &y, 1.0);
    let factor = (1.0 + dot(&y, &hy) / curvature) / curvature;
    for i in 0..n {
        for j in 0..n {
            inverse[i * n + j] += factor * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / curvature;
        }
    }
}

/// A multiple of the identity.
fn scaled(n: usize, by: f64) -> Vec<f64> {
    (0..n * n).map(|k| if k % (n + 1) == 0 { by } else { 0.0 }).collect()
}

fn product(matrix: &[f64], v: &[f64], sign: f64) -> Vec<f64> {
    matrix.chunks(v.len().max(1)).take(v.len()).map(|row| sign * dot(row, v)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn largest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |most, g| g.abs().max(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimize::nelder_mead;

    fn rosenbrock(x: &[f64]) -> f64 {
        x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
    }

    #[test]
    fn rosenbrock_has_its_minimum_at_ones() {
        for n in [2, 5] {
            let start = vec![-1.2; n];
            let found = minimize(rosenbrock, &start, &Settings::default()).expect("a minimum");
            assert!(found.at.iter().all(|x| (x - 1.0).abs() < 1e-5), "{found:?}");
        }
        let simplex = nelder_mead(rosenbrock, &[-1.2, 1.0], 0.5, 1e-14, 2_000).expect("a minimum");
        assert!(simplex.at.iter().all(|x| (x - 1.0).abs() < 1e-4), "{simplex:?}");
    }

    #[test]
    fn what_is_not_finite_is_outside() {
        let log = |x: &[f64]| if x[0] > 0.0 { x[0] - x[0].ln() } else { f64::NAN };
        let found = minimize(log, &[40.0], &Settings::default()).expect("a minimum");
        assert!((found.at[0] - 1.0).abs() < 1e-5, "{found:?}");
        assert!(matches!(minimize(log, &[-1.0], &Settings::default()), Err(Error::Argument { .. })));
    }

    #[test]
    fn a_function_without_a_minimum_does_not_converge() {
        let slide = |x: &[f64]| -x[0];
        let settings = Settings { max_iterations: 20, ..Settings::default() };
        assert!(matches!(minimize(slide, &[0.0], &settings), Err(Error::NotConverged { .. })));
    }

    #[test]
    fn nothing_to_move_is_its_own_minimum() {
        assert_eq!(minimize(|_| 3.0, &[], &Settings::default()).expect("a minimum").value, 3.0);
    }
}
