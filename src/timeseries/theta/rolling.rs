//! What the method's own forecasts from earlier periods missed by.
//!
//! The errors one period ahead say little about those six periods ahead: what a series does to a forecast, a bend of
//! its trend above all, is not in the model. So the method is fitted again to the first m observations, for all m from
//! the fifth, or the first quarter, on; what it then misses by h periods ahead is the spread that it must have.
//!
//! Fitting again costs nothing: given α everything is sums over periods, which grow by one term a period.

use crate::distribution::Student;
use crate::timeseries::theta::estimate::{ends, searched};
use crate::timeseries::theta::filter::{Weight, Work, recursion};
use crate::timeseries::theta::likely::Likely;
use crate::timeseries::theta::line::Line;
use crate::timeseries::theta::simulate::State;
use crate::timeseries::theta::{Method, ThetaFit};

/// Values of α among which the refits choose.
const GRID: usize = 24;

/// Observations that the first refit has at least.
const FIRST: usize = 5;

/// Refits at most: the last ones.
const MOST: usize = 1_000;

/// The level at which the model and the past are compared.
const COMPARED: f64 = 0.975;

/// The future's mean, what its deviations are multiplied by, and their degrees of freedom.
pub(super) struct Spread {
    pub(super) mean: Vec<f64>,
    pub(super) scale: Vec<f64>,
    pub(super) degrees: Vec<f64>,
    /// Periods from the fewest degrees of freedom to the most.
    pub(super) order: Vec<usize>,
}

impl Spread {
    pub(super) fn new(fit: &ThetaFit, likely: &Likely) -> Self {
        let (_, gap) = fit.future();
        let steps = likely.mean.len();
        let past = past(fit, steps);
        let reach = |scale: f64, degrees: f64| {
            scale * Student::new(degrees).map_or(f64::INFINITY, |t| t.quantile(COMPARED))
        };
        let own = fit.degrees();
        let mut widest = (0.0, 0.0, own);
        let mut chosen = Vec::with_capacity(steps);
        for h in 0..steps {
            let model = likely.variance[h].sqrt();
            // The reach never falls with the horizon, and where there is no past it grows as the horizon does.
            let grown = if h > 0 && past[h].is_none() { (h + 1) as f64 / h as f64 } else { 1.0 };
            widest = (widest.0 * grown, widest.1 * grown, widest.2);
            let of_past = past[h].map(|(scale, degrees)| (reach(scale, degrees), scale, degrees));
            let candidates = [Some((reach(model, own), model, own)), of_past];
            for candidate in candidates.into_iter().flatten() {
                if candidate.0 > widest.0 {
                    widest = candidate;
                }
            }
            let (_, scale, degrees) = widest;
            // Nothing moves: nothing is left of a deviation either.
            chosen.push((if model > 0.0 { scale / model } else { 0.0 }, degrees));
        }
        let seasonal = fit.season.as_ref().map_or(1.0, |season| {
            let (n, s) = (fit.data.observed as f64, season.figure.len() as f64);
            (n / (n - s) * (1.0 + s / n)).sqrt()
        });
        let (scale, degrees): (Vec<f64>, Vec<f64>) = chosen.split_off(gap).into_iter().unzip();
        let mut order: Vec<usize> = (0..degrees.len()).collect();
        order.sort_by(|&a, &b| degrees[a].total_cmp(&degrees[b]));
        Self {
            mean: likely.mean[gap..].to_vec(),
            scale: scale.into_iter().map(|s| s * seasonal).collect(),
            degrees,
            order,
        }
    }
}

/// The best fit to the first periods.
#[derive(Clone, Copy)]
struct Refit {
    squares: f64,
    alpha: f64,
    weight: f64,
    level: f64,
}

/// Root mean squares of the errors h periods ahead, and how many of them do not overlap, plus one.
fn past(fit: &ThetaFit, steps: usize) -> Vec<Option<(f64, f64)>> {
    let work = &fit.work;
    let n = work.z.len();
    let seen = |t: usize| !work.z[t].is_nan();
    let enough = FIRST.max(fit.data.observed / 4);
    let mut count = 0;
    let first = (0..n).find(|&t| {
        count += usize::from(seen(t));
        count >= enough
    });
    let Some(first) = first.map(|t| (t + 1).max(n.saturating_sub(MOST))) else { return vec![None; steps] };
    let refits = refitted(fit, first);
    let mut line = Line::default();
    let (mut sums, mut counts) = (vec![0.0; steps], vec![0_usize; steps]);
    // Where all values are above zero, a series that has grown misses by more now: by the root of what it has grown.
    let positive = work.z.iter().all(|z| z.is_nan() || z + fit.shift > 0.0);
    let now = work.z[n - 1] + fit.shift;
    for m in 1..n {
        if seen(m - 1) {
            line.push(m as f64, work.z[m - 1]);
        }
        let Some(at) = m.checked_sub(first).and_then(|i| refits[i]) else { continue };
        if !seen(m - 1) {
            continue;
        }
        let dynamic = fit.spec.method.is_dynamic();
        let mut state = State {
            level: at.level,
            alpha: at.alpha,
            weight: at.weight,
            power: (1.0 - at.alpha).powf(m as f64),
            line,
            fixed: (!dynamic).then_some((0.0, 1.0)),
            t: m as f64,
        };
        let grown = if positive { (now / (work.z[m - 1] + fit.shift)).max(1.0) } else { 1.0 };
        for h in 0..steps.min(n - m) {
            let mean = state.step(0.0);
            if seen(m + h) {
                sums[h] += grown * (work.z[m + h] - mean).powi(2);
                counts[h] += 1;
            }
        }
    }
    let one = |h: usize| {
        let count = counts[h] as f64;
        (counts[h] >= 2).then(|| ((sums[h] / count).sqrt(), 1.0 + (count / (h + 1) as f64).max(1.0)))
    };
    (0..steps).map(one).collect()
}

/// The best of the grid for the first m periods, m from `first` to the one before the last. The line of a method that
/// has one for the whole series is that of the first m periods, and its weight is in units of a slope of one.
fn refitted(fit: &ThetaFit, first: usize) -> Vec<Option<Refit>> {
    let work = &fit.work;
    let method = fit.spec.method;
    let dynamic = method.is_dynamic();
    let lines;
    let of: &[(f64, f64)] = if dynamic {
        &work.lines
    } else {
        lines = vec![(0.0, 1.0); work.z.len()];
        &lines
    };
    let slopes = if dynamic { Vec::new() } else { slopes(work) };
    let mut best: Vec<Option<Refit>> = vec![None; work.z.len().saturating_sub(first)];
    let search = searched(&fit.spec);
    let (low, high) = ends(method);
    let alphas: Vec<f64> = fit.spec.given.0.map_or_else(
        || (0..GRID).map(|i| low + (high - low) * (i as f64 + 0.5) / GRID as f64).collect(),
        |alpha| vec![alpha],
    );
    for alpha in alphas {
        let (mut sums, mut left, mut m) = ([0.0_f64; 6], work.burn, 0);
        recursion(&work.z, of, alpha, |z, now, [base, start, drift], f| {
            // What is known after m periods is known before the next.
            if let Some(slot) = usize::checked_sub(m, first).and_then(|i| best.get_mut(i)) {
                let ends = if dynamic { (0.0, 1.0) } else { (0.0, slopes[m - 1]) };
                let found = solved(&sums, search, method, ends);
                if let Some((squares, start, weight)) = found
                    && slot.is_none_or(|b: Refit| squares < b.squares)
                {
                    let level = now.base + start * now.start + weight * now.drift;
                    *slot = Some(Refit { squares, alpha, weight, level });
                }
            }
            m += 1;
            if z.is_nan() {
                return;
            }
            if left > 0 {
                left -= 1;
            } else {
                let [r, x, c] = [z - base, start, drift];
                let terms = [x * x, x * c, c * c, x * r, c * r, r * r];
                sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term / f);
            }
        });
    }
    best
}

/// Slopes of the lines through the first m periods, m from 1.
fn slopes(work: &Work) -> Vec<f64> {
    let mut line = Line::default();
    let mut out = Vec::with_capacity(work.z.len());
    for (t, &z) in work.z.iter().enumerate() {
        if !z.is_nan() {
            line.push((t + 1) as f64, z);
        }
        out.push(line.at().1);
    }
    out
}

/// Squares, ℓ₀ and w from the sums x'x, x'c, c'c, x'r, c'r, r'r.
fn solved(
    &[xx, xc, cc, xr, cr, rr]: &[f64; 6],
    search: Weight,
    method: Method,
    ends: (f64, f64),
) -> Option<(f64, f64, f64)> {
    if xx <= 0.0 {
        return None;
    }
    let own = cc - xc * xc / xx;
    let (low, high) = (ends.0.min(ends.1), ends.0.max(ends.1));
    let weight = match search {
        Weight::Free if own > 1e-12 * cc => ((cr - xc * xr / xx) / own).clamp(low, high),
        Weight::Free => 0.0,
        Weight::Given(w) => w * ends.1,
    };
    let start = (xr - weight * xc) / xx;
    let squares = rr - 2.0 * (start * xr + weight * cr - start * weight * xc)
        + start * start * xx
        + weight * weight * cc;
    if method == Method::Standard {
        // α and the first prediction are those of smoothing without the line; half its slope is added.
        let half = 0.5 * ends.1;
        return Some((squares, start - half, half));
    }
    Some((squares, start, weight))
}
