//! Maximum likelihood: the best of several starts, and the information at the top.

use ndarray::{Array1, Array2};

use crate::error::{Error, Result};
use crate::linalg::{Cholesky, eigen_symmetric};
use crate::optimize::{Settings, minimize_with_gradient};
use crate::timeseries::arima::engine::{Engine, Layout};
use crate::timeseries::arima::likelihood::{Columns, Objective, Work};
use crate::timeseries::arima::polynomial::{explodes, to_partial};
use crate::timeseries::arima::prepare::Prepared;
use crate::timeseries::arima::specification::argument;
use crate::timeseries::arima::start::{against, hannan_rissanen, places};
use crate::timeseries::arima::{Arima, ArimaFit, Method};

/// The largest standard deviation of a draw along a direction in which the likelihood is (nearly) flat.
const FLAT: f64 = 1.0;

/// A partial autocorrelation of a moving average this near to one is tried at one.
const BOUNDARY: f64 = 0.995;

/// Parts of a standard error between an autoregression and the unit circle below which it cannot be told from it: no
/// parabola fits the likelihood as far as that.
const NEAR: f64 = 0.05;

/// How carefully to look for a maximum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effort {
    /// How many of the starts are followed.
    pub(super) followed: usize,
    /// Tolerance of the gradient.
    pub(super) tolerance: f64,
    /// A step of less log-likelihood than this is the last.
    pub(super) gain: f64,
    /// Inverse tanh of a partial autocorrelation on the unit circle.
    pub(super) edge: f64,
    /// Whether a climb goes on along the edge.
    pub(super) along: bool,
    /// Whether second derivatives are taken for the number of observations at first, or for one, as R takes them.
    pub(super) scaled: bool,
}

/// To the top, along an edge too: tanh 11 is 1 − 6e-10, and what lies beyond it adds nothing that counts, while
/// 1 − tanh² loses its digits.
pub(super) const FULL: Effort =
    Effort { followed: 6, tolerance: 1e-8, gain: 0.0, edge: 11.0, along: true, scaled: true };

/// Iterations from one start.
const ITERATIONS: usize = 300;

/// A maximum: natural parameters, free ones, and the objective.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) free: Vec<f64>,
    pub(super) natural: Vec<f64>,
    pub(super) value: f64,
    /// Whether a moving average was set to the unit circle.
    pub(super) boundary: bool,
}

pub(super) fn layout(spec: &Arima) -> Result<Layout> {
    let given =
        spec.factor_names().into_iter().map(|n| spec.fixed.iter().find(|(f, _)| *f == n).map(|(_, v)| *v));
    let layout = Layout::new(spec.shape(), given.collect());
    for factor in 0..4 {
        let range = layout.shape.first(factor)..layout.shape.first(factor) + layout.shape.orders[factor];
        let Some(block) = layout.given[range].iter().copied().collect::<Option<Vec<f64>>>() else { continue };
        if factor % 2 == 0 && to_partial(&block).is_none() {
            return Err(argument(
                "ar",
                format!("{block:?}"),
                "stationary: all roots outside the unit circle",
            ));
        }
        if factor % 2 == 1 && explodes(&block.iter().map(|v| -v).collect::<Vec<_>>()) {
            return Err(argument("ma", format!("{block:?}"), "invertible: no root inside the unit circle"));
        }
    }
    Ok(layout)
}

pub(super) fn objective(spec: &Arima, data: &Prepared) -> Result<Objective> {
    let variance = spec.fixed.iter().find(|(n, _)| n == "variance").map(|(_, v)| *v);
    match (variance, spec.method) {
        (None, Method::Exact) => Ok(Objective::Exact),
        (None, Method::ConditionalSquares) => Ok(Objective::Conditional),
        (Some(v), Method::Exact) if v > 0.0 => Ok(Objective::Given(v / (data.spread * data.spread))),
        (Some(v), _) => Err(argument("variance", v, "above zero, and estimated with conditional squares")),
    }
}

pub(super) fn fit(spec: &Arima, data: Prepared) -> Result<ArimaFit> {
    let layout = layout(spec)?;
    let kind = objective(spec, &data)?;
    let found = maximise(&data.columns, &layout, kind, FULL)?;
    ArimaFit::new(spec.clone(), data, layout, kind, found)
}

/// The best of the followed starts.
pub(super) fn maximise(columns: &Columns, layout: &Layout, kind: Objective, effort: Effort) -> Result<Found> {
    let mut starts = Vec::new();
    if layout.free() > 0 {
        starts = places(layout);
        if let Some(natural) = hannan_rissanen(columns, layout) {
            starts.push(layout.pack_start(&against(&natural, layout)));
            starts.push(layout.pack_start(&natural));
        }
        if kind == Objective::Exact && columns.gaps == 0 && effort.followed > 1 {
            let rough = Effort { followed: 1, tolerance: 1e-4, ..effort };
            let squares = maximise(columns, layout, Objective::Conditional, rough);
            starts.extend(squares.map(|f| layout.pack_start(&f.natural)));
        }
    }
    let mut engine = Engine::new(columns, layout, kind);
    let (ends, trouble) = climb(&mut engine, layout, starts, effort);
    match (ends.into_iter().next(), trouble) {
        (Some(best), _) => Ok(on_the_circle(layout, best, &mut engine)),
        (None, Some(error)) => Err(error),
        (None, None) => Err(exact_fit()),
    }
}

/// Maxima that the best of these starts lead to, the highest first, and what last went wrong.
pub(super) fn climb(
    engine: &mut Engine<'_>,
    layout: &Layout,
    starts: Vec<Vec<f64>>,
    effort: Effort,
) -> (Vec<Found>, Option<Error>) {
    let found = |free: Vec<f64>, value: f64| {
        let mut natural = vec![0.0; layout.shape.len()];
        layout.unpack(&free, &mut natural);
        Found { free, natural, value, boundary: false }
    };
    if layout.free() == 0 {
        let value = engine.value(&[]);
        return (if value.is_finite() { vec![found(Vec::new(), value)] } else { Vec::new() }, None);
    }
    let mut tried: Vec<(f64, Vec<f64>)> = starts.into_iter().map(|s| (engine.value(&s), s)).collect();
    tried.retain(|t| t.0.is_finite());
    tried.sort_by(|a, b| a.0.total_cmp(&b.0));
    tried.dedup_by(|a, b| a.1 == b.1);
    let mut ends = Vec::new();
    let mut trouble = None;
    for (_, start) in tried.into_iter().take(effort.followed) {
        match ascend(engine, start, effort) {
            Ok((free, value)) => ends.push(found(free, value)),
            Err(Error::Interrupted) => return (Vec::new(), Some(Error::Interrupted)),
            Err(error) => trouble = Some(error),
        }
    }
    ends.sort_by(|a, b| a.value.total_cmp(&b.value));
    (ends, trouble)
}

/// From one start to the top. A parameter that reaches the edge stays there, and the others go on.
fn ascend(engine: &mut Engine<'_>, start: Vec<f64>, effort: Effort) -> Result<(Vec<f64>, f64)> {
    let settings = Settings {
        gradient_tolerance: effort.tolerance,
        max_iterations: ITERATIONS,
        curvature: if effort.scaled { engine.observed() as f64 } else { 1.0 },
        gain: effort.gain,
        edge: effort.edge,
        ..Settings::default()
    };
    let mut at = start;
    let mut all = vec![0.0; at.len()];
    let mut moving: Vec<usize> = (0..at.len()).collect();
    loop {
        // What the search saw last is kept: a likelihood that is flat towards the boundary has no zero gradient there.
        let mut lowest = (at.clone(), f64::INFINITY, f64::INFINITY);
        let begin: Vec<f64> = moving.iter().map(|&i| at[i]).collect();
        let outcome = minimize_with_gradient(
            |x, slope| {
                moving.iter().zip(x).for_each(|(&i, &x)| at[i] = x);
                let value = engine.at(&at, &mut all);
                slope.iter_mut().zip(&moving).for_each(|(slope, &i)| *slope = all[i]);
                if value < lowest.1 {
                    let steepest = slope.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
                    lowest.0.copy_from_slice(&at);
                    (lowest.1, lowest.2) = (value, steepest);
                }
                value
            },
            &begin,
            &settings,
        );
        match outcome {
            Ok(_) => {}
            Err(Error::NotConverged { .. }) if lowest.2 < 1e-4 * lowest.1.abs().max(1.0) => {}
            Err(error) => return Err(error),
        }
        at.copy_from_slice(&lowest.0);
        let before = moving.len();
        moving.retain(|&i| at[i].abs() <= effort.edge);
        if moving.len() == before || moving.is_empty() || !effort.along {
            return Ok((lowest.0, lowest.1));
        }
        at.iter_mut().for_each(|v| *v = v.clamp(-effort.edge, effort.edge));
    }
}

fn exact_fit() -> Error {
    let why = "the model fits the series exactly, or nearly so: there is no variance to estimate".into();
    Error::NothingToEstimate { why }
}

/// Moving averages so near the unit circle that the likelihood cannot tell are set to it.
fn on_the_circle(layout: &Layout, found: Found, engine: &mut Engine<'_>) -> Found {
    let mut best = found;
    for factor in [1, 3].into_iter().filter(|&f| layout.bounded[f]) {
        for i in layout.place(factor) {
            if best.free[i].tanh().abs() < BOUNDARY {
                continue;
            }
            let mut at = best.free.clone();
            // tanh of 20 is one to the last bit.
            at[i] = 20.0_f64.copysign(at[i]);
            let value = engine.value(&at);
            if value <= best.value + 1e-7 {
                let mut natural = best.natural.clone();
                layout.unpack(&at, &mut natural);
                best = Found { free: at, natural, value, boundary: true };
            }
        }
    }
    best
}

/// The matrix of second derivatives by differences of the gradient at two steps, extrapolated to none (Richardson 1911);
/// none where a step leaves the domain. Near the unit circle one direction may be a hundred times as stiff as another,
/// and what the stiff one loses to its step is lost to the other ten thousandfold.
pub(super) fn curvature(
    columns: &Columns,
    layout: &Layout,
    kind: Objective,
    at: &[f64],
) -> Option<Array2<f64>> {
    let n = at.len();
    let mut engine = Engine::new(columns, layout, kind);
    let mut out = Array2::zeros((n, n));
    for i in 0..n {
        let mut around = |step: f64| {
            let mut side = |move_by: f64| {
                let (mut x, mut slope) = (at.to_vec(), vec![0.0; n]);
                x[i] += move_by;
                engine.at(&x, &mut slope).is_finite().then_some(slope)
            };
            let (up, down) = (side(step)?, side(-step)?);
            Some(up.iter().zip(&down).map(|(u, d)| (u - d) / (2.0 * step)).collect::<Vec<_>>())
        };
        let longest = 1e-5 * at[i].abs().max(1.0);
        let (near, far) = (0..5).find_map(|attempt| {
            let step = longest * 0.1_f64.powi(attempt);
            around(step).zip(around(2.0 * step))
        })?;
        for j in 0..n {
            out[[i, j]] = (4.0 * near[j] - far[j]) / 3.0;
        }
    }
    let both = (&out + &out.t()) * 0.5;
    both.iter().all(|v| v.is_finite()).then_some(both)
}

/// The covariance of what was estimated.
pub(super) struct Spread {
    /// Of the free natural parameters and of the terms' coefficients, jointly; NaN where the information is not positive
    /// definite.
    pub(super) covariance: Array2<f64>,
    /// Whether the edge of the stationary region is nearer than a [small part](NEAR) of a standard error.
    pub(super) edge: bool,
}

/// The information is that about the free parameters, whose scale is even up to the edge of the region, and at a maximum
/// the natural ones follow by the delta method; but of a moving average on the unit circle, whose free parameters
/// stand still, it is that about the natural ones: there the likelihood goes on beyond the circle as its mirror image.
/// `of_terms` is the covariance of the terms' coefficients given the factors.
pub(super) fn spread(
    data: &Prepared,
    layout: &Layout,
    kind: Objective,
    found: &Found,
    of_terms: &Array2<f64>,
) -> Spread {
    let columns = &data.columns;
    let (mut own, mut at) = (layout.clone(), found.free.clone());
    for factor in [1, 3].into_iter().filter(|&f| layout.bounded[f]) {
        let place = layout.place(factor);
        if at[place.clone()].iter().any(|v| v.abs() > FULL.edge) {
            own.bounded[factor] = false;
            at[place]
                .copy_from_slice(&found.natural[layout.shape.first(factor)..][..layout.shape.orders[factor]]);
        }
    }
    let (n, k, gaps) = (at.len(), columns.regressors(), columns.gaps);
    let mut out = Array2::from_elem((n + k, n + k), f64::NAN);
    let of_factors = if n == 0 {
        Some(Array2::zeros((0, 0)))
    } else {
        curvature(columns, &own, kind, &at)
            .and_then(|h| Cholesky::new(h.view(), "information").ok())
            .map(|c| c.inverse())
    };
    let Some(v) = of_factors else { return Spread { covariance: out, edge: false } };
    // (1 − |r|) over the standard error of r = tanh z, which is 1 − r² times that of z.
    let near = |i: usize| v[[i, i]].sqrt() * (1.0 + at[i].tanh().abs()) * NEAR > 1.0;
    let edge = [0, 2].into_iter().filter(|&f| layout.bounded[f]).any(|f| layout.place(f).any(near));
    let jacobian = own.jacobian(&at);
    let across = v.dot(&jacobian.t());
    out.slice_mut(ndarray::s![..n, ..n]).assign(&jacobian.dot(&across));
    if k == 0 {
        return Spread { covariance: out, edge };
    }
    let slopes = Engine::new(columns, &own, kind).coefficient_slopes(&at);
    let slopes = Array2::from_shape_fn((k, n), |(j, i)| slopes[gaps + j][i]);
    let slopes = data.unit.dot(&slopes);
    let cross = slopes.dot(&across);
    let terms = of_terms + &slopes.dot(&v).dot(&slopes.t());
    out.slice_mut(ndarray::s![n.., ..n]).assign(&cross);
    out.slice_mut(ndarray::s![..n, n..]).assign(&cross.t());
    out.slice_mut(ndarray::s![n.., n..]).assign(&terms);
    Spread { covariance: out, edge }
}

/// Coefficients of the terms that are estimated and their covariance, after a likelihood was evaluated.
pub(super) fn regression(data: &Prepared, work: &Work<f64>, kind: Objective) -> (Array1<f64>, Array2<f64>) {
    let columns = &data.columns;
    let (k, width, gaps) = (columns.regressors(), columns.width(), columns.gaps);
    let beta: Array1<f64> = work.beta[gaps..].iter().copied().collect();
    // The regressors' part of the triangle is that of their information, the gaps' taken out.
    let variance = variance(work, columns, kind);
    let lower =
        Array2::from_shape_fn(
            (k, k),
            |(i, j)| {
                if i >= j { work.cross[(gaps + i) * width + gaps + j] } else { 0.0 }
            },
        );
    let information = lower.dot(&lower.t());
    let inverse = Cholesky::new(information.view(), "information of the regressors")
        .map_or_else(|_| Array2::from_elem((k, k), f64::NAN), |c| c.inverse());
    let scaled = data.unit.dot(&(inverse * variance)).dot(&data.unit.t());
    (&data.shift + &data.unit.dot(&beta), scaled)
}

/// σ² in the units of the numerics.
pub(super) fn variance(work: &Work<f64>, columns: &Columns, kind: Objective) -> f64 {
    match kind {
        Objective::Given(variance) => variance,
        Objective::Exact => work.quadratic / columns.observed() as f64,
        Objective::Conditional => work.quadratic / (columns.rows - work.ar.len()) as f64,
    }
}

/// A square root of the inverse information of the free parameters: `free + root · standard normals` is a draw.
pub(super) fn root(columns: &Columns, layout: &Layout, kind: Objective, free: &[f64]) -> Array2<f64> {
    let n = free.len();
    // Where tanh is flat the likelihood is, too: looked at from a place where it still moves.
    let at: Vec<f64> = free.iter().map(|f| f.clamp(-3.0, 3.0)).collect();
    let decomposed = curvature(columns, layout, kind, &at).and_then(|h| eigen_symmetric(h.view()).ok());
    let Some((values, vectors)) = decomposed else { return Array2::zeros((n, n)) };
    let size = |j: usize| 1.0 / values[j].max(1.0 / (FLAT * FLAT)).sqrt();
    Array2::from_shape_fn((n, n), |(i, j)| vectors[[i, j]] * size(j))
}
