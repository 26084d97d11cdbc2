//! The model in state space, for innovations and forecasts: filtered exactly, whatever is missing.

use ndarray::Array2;

use crate::timeseries::arima::likelihood::{Columns, Work};
use crate::timeseries::arima::polynomial::{Shape, inverse};
use crate::timeseries::statespace::StateSpace;

/// x, the autoregression, and its past as the first states, from its stationary distribution; the outcome's past as
/// the others, diffuse where it is differenced (Hamilton 1994, §13.1).
///
/// ```text
/// w_t = x_t + Σ b_i x_{t−i}        y_t = w_t − Σ c_j y_{t−j}        c from (1 − B)ᵈ(1 − Bˢ)ᴰ
/// ```
pub(super) fn state_space(
    shape: Shape,
    natural: &[f64],
    differencing: &[f64],
    variance: f64,
) -> Option<StateSpace> {
    let (p, q) = shape.degrees();
    let states = p.max(q + 1);
    let past = differencing.len() - 1;
    let (mut ar, mut ma) = (vec![0.0; p], vec![0.0; q]);
    shape.expand(natural, &mut ar, &mut ma);
    let mut loading = vec![0.0; states + past];
    loading[0] = 1.0;
    loading[1..=q].copy_from_slice(&ma);
    differencing[1..].iter().enumerate().for_each(|(j, c)| loading[states + j] = -c);
    let mut model = StateSpace::new(states + past).state_variance(0, variance);
    let covariance = autocovariances(&ar, states)?;
    let toeplitz = Array2::from_shape_fn((states, states), |(i, j)| variance * covariance[i.abs_diff(j)]);
    model = model.start_together(0, toeplitz.view());
    for (i, &value) in loading.iter().enumerate() {
        model = model.observe(i, value);
    }
    for (i, &a) in ar.iter().enumerate() {
        model = model.transition(0, i, a);
    }
    for i in 1..states {
        model = model.transition(i, i - 1, 1.0);
    }
    if past > 0 {
        for (i, &value) in loading.iter().enumerate() {
            model = model.transition(states, i, value);
        }
        model = model.diffuse(states);
        for j in 1..past {
            model = model.transition(states + j, states + j - 1, 1.0).diffuse(states + j);
        }
    }
    Some(model)
}

/// Autocovariances 0 … n − 1 of the autoregression with unit shocks: the recursion of Levinson from its end.
fn autocovariances(ar: &[f64], n: usize) -> Option<Vec<f64>> {
    let p = ar.len();
    let mut orders = vec![ar.to_vec()];
    let mut variance = 1.0;
    for k in (1..=p).rev() {
        let a = &orders[orders.len() - 1];
        let r = a[k - 1];
        if r.is_nan() || r.abs() >= 1.0 {
            return None;
        }
        let rest = 1.0 - r * r;
        variance /= rest;
        let shorter = (0..k - 1).map(|j| (a[j] + r * a[k - 2 - j]) / rest).collect();
        orders.push(shorter);
    }
    let mut out = vec![variance];
    for h in 1..n {
        let order = h.min(p);
        let a = &orders[p - order];
        // Of an order below p the last coefficient is the partial autocorrelation, which makes the next covariance.
        let next = a.iter().enumerate().map(|(j, a)| a * out[h - 1 - j]).sum();
        out.push(next);
    }
    Some(out)
}

/// How many of the last of n periods, none of them missing, tell the state after them as well as all do: what was before
/// is forgotten as 1/θ(B) ends, whatever the filter starts from (Anderson & Moore 1979, §4.4).
pub(super) fn memory(shape: Shape, natural: &[f64], states: usize, n: usize) -> usize {
    let (p, q) = shape.degrees();
    let (mut ar, mut ma) = (vec![0.0; p], vec![0.0; q]);
    shape.expand(natural, &mut ar, &mut ma);
    2 * states + inverse(&ma, &shape.lags(1), &mut vec![0.0; n])
}

/// The work of a likelihood at natural parameters, evaluated.
pub(super) fn evaluated(
    shape: Shape,
    columns: &Columns,
    natural: &[f64],
    kind: crate::timeseries::arima::likelihood::Objective,
) -> Option<Work<f64>> {
    let mut work = Work::new(shape, columns);
    work.objective(columns, natural, kind)?;
    Some(work)
}
