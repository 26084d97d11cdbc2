//! Nelder–Mead, by argmin.

use std::cell::RefCell;

use argmin::core::{CostFunction, Executor, State};
use argmin::solver::neldermead::NelderMead;

use crate::error::{Error, Result};
use crate::interrupt::interrupted;
use crate::optimize::Minimum;

struct Cost<F>(RefCell<F>);

impl<F: FnMut(&[f64]) -> f64> CostFunction for Cost<F> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Self::Param) -> std::result::Result<f64, argmin::core::Error> {
        if interrupted() {
            return Err(argmin::core::Error::msg(Error::Interrupted));
        }
        let value = (self.0.borrow_mut())(x);
        // The simplex compares values: what is outside the domain is higher than anything inside.
        Ok(if value.is_nan() { f64::MAX } else { value.min(f64::MAX) })
    }
}

/// Minimises `f` by the simplex of Nelder & Mead (1965), its first edges `edge` long, until the values at its corners
/// have a standard deviation of `tolerance`.
///
/// ```
/// let found = averted::optimize::nelder_mead(|x| (x[0] - 3.0).abs(), &[0.0], 1.0, 1e-12, 500)?;
/// assert!((found.at[0] - 3.0).abs() < 1e-6);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotConverged`] after `max_iterations`; [`Error::Interrupted`].
pub fn nelder_mead(
    f: impl FnMut(&[f64]) -> f64,
    start: &[f64],
    edge: f64,
    tolerance: f64,
    max_iterations: usize,
) -> Result<Minimum> {
    let corner = |i: usize| {
        let mut x = start.to_vec();
        if let Some(x) = i.checked_sub(1).and_then(|i| x.get_mut(i)) {
            *x += edge;
        }
        x
    };
    let refuse = |iterations: usize, what: String| Error::NotConverged {
        method: "Nelder-Mead".into(),
        iterations,
        last_change: f64::NAN,
        hint: what,
    };
    let solver = NelderMead::new((0..=start.len()).map(corner).collect())
        .with_sd_tolerance(tolerance)
        .map_err(|e| refuse(0, e.to_string()))?;
    let run = Executor::new(Cost(RefCell::new(f)), solver)
        .configure(|state| state.max_iters(max_iterations as u64))
        .run()
        .map_err(|e| if interrupted() { Error::Interrupted } else { refuse(0, e.to_string()) })?;
    let state = run.state();
    let iterations = state.get_iter() as usize;
    match state.get_best_param() {
        Some(at) if iterations < max_iterations => {
            Ok(Minimum { at: at.clone(), value: state.get_best_cost(), iterations })
        }
        _ => Err(refuse(iterations, "another start may help".into())),
    }
}
