//! The recursions of forms without a season, and their derivatives: one loop a form, its few numbers in registers.

use crate::special::LogProduct;
use crate::timeseries::ets::Form;
use crate::timeseries::ets::filter::{Smoothing, State, Sums};
use crate::timeseries::ets::form::Trend;

/// Trends by which the loops are told apart; a damped additive one is the additive with its φ.
const NONE: u8 = 0;
const ADDS: u8 = 1;
const GROWS: u8 = 2;
const GROWS_DAMPED: u8 = 3;

/// As [`filter::pass`](super::filter::pass).
pub(super) fn pass(form: Form, smoothing: Smoothing, state: &mut State, y: &[f64]) -> Option<Sums> {
    match (form.multiplicative, form.trend) {
        (false, Trend::None) => run::<false, NONE>(smoothing, state, y),
        (true, Trend::None) => run::<true, NONE>(smoothing, state, y),
        (false, _) => run::<false, ADDS>(smoothing, state, y),
        (true, Trend::Additive | Trend::AdditiveDamped) => run::<true, ADDS>(smoothing, state, y),
        (true, Trend::Multiplicative) => run::<true, GROWS>(smoothing, state, y),
        (true, Trend::MultiplicativeDamped) => run::<true, GROWS_DAMPED>(smoothing, state, y),
    }
}

/// Level with trend, and what of the trend is carried on.
#[inline]
fn ahead<const TREND: u8>(level: f64, slope: f64, phi: f64) -> (f64, f64) {
    match TREND {
        NONE => (level, 0.0),
        ADDS => (level + phi * slope, phi * slope),
        GROWS => (level * slope, slope),
        _ => {
            let carried = slope.powf(phi);
            (level * carried, carried)
        }
    }
}

fn run<const MULTIPLIES: bool, const TREND: u8>(
    [alpha, beta, _, phi]: Smoothing,
    state: &mut State,
    y: &[f64],
) -> Option<Sums> {
    let (mut level, mut slope) = (state.level, state.slope);
    let mut sums = Sums { squares: 0.0, logs: 0.0, count: 0 };
    let mut means = LogProduct::new();
    for &y in y {
        let (mu, carried) = ahead::<TREND>(level, slope, phi);
        if MULTIPLIES && (mu <= 0.0 || mu.is_nan()) {
            return None;
        }
        let mut error = 0.0;
        if !y.is_nan() {
            error = y - mu;
            let relative = if MULTIPLIES { error / mu } else { error };
            sums.squares += relative * relative;
            sums.count += 1;
            if MULTIPLIES {
                means.take(mu);
            }
        }
        let before = level;
        level = mu + alpha * error;
        if TREND != NONE {
            slope = carried + beta * if TREND == ADDS { error } else { error / before };
        }
        if TREND >= GROWS && !(level > 0.0 && slope > 0.0) {
            return None;
        }
    }
    (state.level, state.slope) = (level, slope);
    if MULTIPLIES {
        sums.logs = means.ln();
    }
    (sums.squares.is_finite() && sums.logs.is_finite()).then_some(sums)
}

/// Products of derivatives with each other and with the errors.
pub(super) struct Normal<'a> {
    /// Upper triangle, row by row, one row and column a parameter of the search.
    pub(super) squares: &'a mut [f64],
    pub(super) gradient: &'a mut [f64],
}

/// As [`Jacobian::pass`](super::jacobian::Jacobian::pass).
pub(super) fn derivatives(
    form: Form,
    smoothing: Smoothing,
    state: &mut State,
    y: &[f64],
    out: Normal<'_>,
) -> Option<()> {
    // α, β, φ, level and slope where the form has them: their places among the parameters of the search.
    let at = (smoothing, state, y, out);
    match (form.multiplicative, form.trend) {
        (false, Trend::None) => differentiate::<false, NONE, 2>([0, 4], at),
        (true, Trend::None) => differentiate::<true, NONE, 2>([0, 4], at),
        (false, Trend::AdditiveDamped) => differentiate::<false, ADDS, 5>([0, 1, 3, 4, 5], at),
        (false, _) => differentiate::<false, ADDS, 4>([0, 1, 4, 5], at),
        (true, Trend::Additive) => differentiate::<true, ADDS, 4>([0, 1, 4, 5], at),
        (true, Trend::AdditiveDamped) => differentiate::<true, ADDS, 5>([0, 1, 3, 4, 5], at),
        (true, Trend::Multiplicative) => differentiate::<true, GROWS, 4>([0, 1, 4, 5], at),
        (true, Trend::MultiplicativeDamped) => differentiate::<true, GROWS_DAMPED, 5>([0, 1, 3, 4, 5], at),
    }
}

fn differentiate<const MULTIPLIES: bool, const TREND: u8, const K: usize>(
    places: [usize; K],
    ([alpha, beta, _, phi], state, y, out): (Smoothing, &mut State, &[f64], Normal<'_>),
) -> Option<()> {
    let first = if TREND == NONE { 1 } else { K - 2 };
    let (mut level, mut slope) = (state.level, state.slope);
    let (mut by_level, mut by_slope, mut logs) = ([0.0; K], [0.0; K], [0.0; K]);
    by_level[first] = 1.0;
    if TREND != NONE {
        by_slope[K - 1] = 1.0;
    }
    let (mut sum, mut count) = (0.0, 0_usize);
    let (mut squares, mut gradient) = ([[0.0; K]; K], [0.0; K]);
    for &y in y {
        let (mu, carried) = ahead::<TREND>(level, slope, phi);
        if MULTIPLIES && (mu <= 0.0 || mu.is_nan()) {
            return None;
        }
        let seen = !y.is_nan();
        let error = if seen { y - mu } else { 0.0 };
        // Every derivative below is linear in those of the state, with these coefficients.
        let kept = if seen { 1.0 - alpha } else { 1.0 };
        let on = if seen { beta } else { 0.0 };
        let (of_level, of_slope, of_phi) = match TREND {
            NONE => (1.0, 0.0, 0.0),
            ADDS => (1.0, phi, slope),
            _ => (carried, level * phi * carried / slope, level * carried * slope.ln()),
        };
        let mut row = [0.0; K];
        for j in 0..K {
            row[j] = of_level * by_level[j];
            if TREND != NONE {
                row[j] += of_slope * by_slope[j];
            }
        }
        if K == 5 {
            row[2] += of_phi;
        }
        if TREND == ADDS {
            for j in 0..K {
                by_slope[j] = phi * by_slope[j] - on * row[j];
            }
            by_slope[1] += error;
            if K == 5 {
                by_slope[2] += slope;
            }
        } else if TREND >= GROWS {
            let (moved, shrunk) = (on / level, beta * error / (level * level));
            for j in 0..K {
                by_slope[j] = phi * carried / slope * by_slope[j] - shrunk * by_level[j] - moved * row[j];
            }
            by_slope[1] += error / level;
            if K == 5 {
                by_slope[2] += carried * slope.ln();
            }
        }
        for j in 0..K {
            by_level[j] = kept * row[j];
        }
        by_level[0] += error;
        if seen {
            let (e, de) = if MULTIPLIES { (error / mu, -y / (mu * mu)) } else { (error, -1.0) };
            sum += e * e;
            count += 1;
            if MULTIPLIES {
                let per = 1.0 / mu;
                (0..K).for_each(|j| logs[j] += per * row[j]);
            }
            for i in 0..K {
                let v = de * row[i];
                gradient[i] += e * v;
                let factor = v * de;
                (i..K).for_each(|j| squares[i][j] += factor * row[j]);
            }
        }
        let before = level;
        level = mu + alpha * error;
        slope = carried + beta * if TREND >= GROWS { error / before } else { error };
    }
    (state.level, state.slope) = (level, slope);
    if MULTIPLIES && count > 0 {
        let n = count as f64;
        logs.iter_mut().for_each(|v| *v /= n);
        for i in 0..K {
            for j in i..K {
                squares[i][j] += gradient[i] * logs[j] + logs[i] * gradient[j] + sum * logs[i] * logs[j];
            }
        }
        (0..K).for_each(|i| gradient[i] += sum * logs[i]);
    }
    let width = out.gradient.len();
    for i in 0..K {
        out.gradient[places[i]] = gradient[i];
        (i..K).for_each(|j| out.squares[places[i] * width + places[j]] = squares[i][j]);
    }
    sum.is_finite().then_some(())
}
