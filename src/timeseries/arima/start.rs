//! Where the search begins.

use ndarray::{Array1, Array2};

use crate::linalg::least_squares;
use crate::timeseries::arima::engine::Layout;
use crate::timeseries::arima::likelihood::Columns;

/// Rows, the last ones, that are enough to start from.
const ENOUGH: usize = 20_000;

/// The outcome less its regression on gaps and regressors, by ordinary least squares.
fn residual(columns: &Columns) -> Vec<f64> {
    let (n, k) = (columns.rows, columns.width() - 1);
    let y = &columns.values[k * n..];
    if k == 0 {
        return y.to_vec();
    }
    let x = Array2::from_shape_fn((n, k), |(t, j)| columns.values[j * n + t]);
    let y = Array1::from(y.to_vec());
    let b = least_squares(x.view(), y.view());
    (&y - &x.dot(&b)).to_vec()
}

/// Regression on own lags and on lags of the residuals of a long autoregression (Hannan & Rissanen 1982), the product
/// of the factors taken for their sum: natural parameters; none where the series is too short for it.
pub(super) fn hannan_rissanen(columns: &Columns, layout: &Layout) -> Option<Vec<f64>> {
    let shape = layout.shape;
    let w = residual(columns);
    let w = &w[w.len().saturating_sub(ENOUGH)..];
    let (p, q) = shape.degrees();
    let n = w.len();
    let mut errors = vec![0.0; n];
    let mut begin = p;
    if q > 0 {
        let long = (q.max(p) + 2).max((10.0 * (n as f64).log10()) as usize).min(n / 3);
        let lags: Vec<usize> = (1..=long).collect();
        let ahead = regress(w, w, &lags, &[], long)?;
        for t in long..n {
            errors[t] = w[t] - lags.iter().zip(&ahead).map(|(l, b)| b * w[t - l]).sum::<f64>();
        }
        begin = (long + q).max(p);
        if n < begin + 2 * shape.len() + 2 {
            begin = long.max(p);
        }
    }
    let lags = |f: usize| {
        let own = 1..=shape.orders[f];
        own.chain((1..=shape.orders[f + 2]).map(|j| j * shape.season)).collect::<Vec<_>>()
    };
    let (ar, ma) = (lags(0), lags(1));
    let b = regress(w, &errors, &ar, &ma, begin)?;
    let [p, q, sp, sq] = shape.orders;
    let (ar, ma) = b.split_at(p + sp);
    let natural = [&ar[..p], &ma[..q], &ar[p..], &ma[q..q + sq]].concat();
    natural.iter().all(|v| v.is_finite()).then_some(natural)
}

/// The same against moving averages of almost −1: a maximum of its own where the series is differenced once too often.
pub(super) fn against(natural: &[f64], layout: &Layout) -> Vec<f64> {
    let mut changed = natural.to_vec();
    for factor in [1, 3].into_iter().filter(|&f| layout.shape.orders[f] > 0) {
        let first = layout.shape.first(factor);
        changed[first..][..layout.shape.orders[factor]].fill(0.0);
        changed[first] = -0.95;
    }
    changed
}

/// Least squares of w on its lags and lags of the errors, from row `begin`.
fn regress(w: &[f64], errors: &[f64], ar: &[usize], ma: &[usize], begin: usize) -> Option<Vec<f64>> {
    let k = ar.len() + ma.len();
    let deepest = ar.iter().chain(ma).copied().max().unwrap_or(0);
    let begin = begin.max(deepest);
    if w.len() < begin + k + 2 {
        return None;
    }
    let rows = w.len() - begin;
    let x = Array2::from_shape_fn((rows, k), |(t, j)| {
        let t = t + begin;
        if j < ar.len() { w[t - ar[j]] } else { errors[t - ma[j - ar.len()]] }
    });
    let y: Array1<f64> = w[begin..].iter().copied().collect();
    let b = least_squares(x.view(), y.view()).to_vec();
    b.iter().all(|v| v.is_finite()).then_some(b)
}

/// Fixed places to try: white noise, and persistence with and without a moving average against it.
pub(super) fn places(layout: &Layout) -> Vec<Vec<f64>> {
    let shape = layout.shape;
    let fill = |values: [f64; 4]| {
        let mut natural = vec![0.0; shape.len()];
        for (factor, &value) in values.iter().enumerate().filter(|(f, _)| shape.orders[*f] > 0) {
            natural[shape.first(factor)] = value;
        }
        layout.pack_start(&natural)
    };
    let mut found = vec![fill([0.05, 0.05, 0.05, 0.05]), fill([0.3, -0.4, 0.2, -0.5])];
    if shape.orders[0] > 0 {
        found.extend([fill([0.8, -0.4, 0.3, -0.5]), fill([-0.6, 0.3, 0.1, -0.2])]);
    }
    if shape.orders[0] > 0 && shape.orders[1] > 0 {
        found.extend([
            fill([0.9, -0.8, 0.3, -0.5]),
            fill([0.3, 0.6, 0.0, 0.0]),
            fill([-0.8, 0.95, 0.0, 0.0]),
        ]);
    }
    if shape.orders[2] > 0 && shape.orders[3] > 0 {
        found.extend([fill([0.3, -0.4, 0.9, -0.6]), fill([0.3, -0.4, -0.4, 0.3])]);
    }
    found
}
