//! Distributions of the tests' limits.

use super::bai_perron::argument;
use crate::distribution::ChiSquared;
use crate::error::Result;
use crate::parallel;
use crate::random::{normal, stream};
use crate::special::log_gamma;

/// Cells in space and steps in time of the diffusion equation.
const CELLS: usize = 1000;
const STEPS: usize = 600;
/// The seed of every simulated limit: the same statistic has the same p-value.
const SEED: u64 = 20_030_103;
/// Draws of smooth functionals, of moving sums, and of whole partitions.
const DRAWS: usize = 40_000;
const MOVING: (usize, usize) = (10_000, 1000);
const PARTITIONS: (usize, usize) = (4000, 200);

fn check(coefficients: usize, trimming: f64) -> Result<()> {
    if coefficients == 0 {
        return Err(argument("coefficients", 0, "at least 1"));
    }
    if !(trimming > 0.0 && trimming < 0.5) {
        return Err(argument("trimming", trimming, "between 0 and 0.5"));
    }
    Ok(())
}

/// `P(sup F > x)` over breaks in `trimming … 1 − trimming`, for F of `coefficients` that is not divided by their number
/// (Andrews 1993).
///
/// The limit is the square of a Bessel bridge over its variance: after a change of time, the radius of a stationary
/// Ornstein–Uhlenbeck process over a stretch of length `log((1 − trimming)/trimming)`. Its crossing of √x solves
/// `u_s = u'' + ((k − 1)/r − r) u'`, `u = 0` at √x; what flows out there is the probability, without a difference of near
/// equals, so small ones keep their digits.
///
/// # Errors
/// [`crate::Error::Argument`] for no coefficients, or a trimming outside 0 to 0.5.
///
/// ```
/// use averted::timeseries::breaks::sup_f_p_value;
/// // Andrews' 5 % point of one coefficient and 15 % trimming, from paths of finitely many steps, which go less high.
/// let p = sup_f_p_value(8.68, 1, 0.15)?;
/// assert!(p > 0.05 && p < 0.055);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn sup_f_p_value(x: f64, coefficients: usize, trimming: f64) -> Result<f64> {
    check(coefficients, trimming)?;
    if x.is_nan() {
        return Ok(f64::NAN);
    }
    if x <= 0.0 {
        return Ok(1.0);
    }
    if x > 1400.0 {
        return Ok(0.0);
    }
    let k = coefficients as f64;
    let (reach, span) = (x.sqrt(), ((1.0 - trimming) / trimming).ln());
    let h = reach / CELLS as f64;
    // Density of the radius of k standard normals.
    let constant = (1.0 - 0.5 * k) * 2.0_f64.ln() - log_gamma(0.5 * k);
    let density = |r: f64| {
        if r <= 0.0 {
            if coefficients == 1 { constant.exp() } else { 0.0 }
        } else {
            (constant + (k - 1.0) * r.ln() - 0.5 * r * r).exp()
        }
    };
    let mass: Vec<f64> = (0..CELLS)
        .map(|i| {
            // Simpson within the cell.
            let a = i as f64 * h;
            h / 6.0 * (density(a) + 4.0 * density(a + 0.5 * h) + density(a + h))
        })
        .collect();
    let across: Vec<f64> =
        (1..=CELLS).map(|i| density(i as f64 * h) / if i == CELLS { 0.5 * h } else { h }).collect();
    let mut u = vec![1.0; CELLS];
    let mut out = 0.0;
    let (mut right, mut scratch) = (vec![0.0; CELLS], vec![0.0; CELLS]);
    for step in 0..STEPS {
        // Short steps first: the start does not meet the boundary.
        let at = |i: usize| span * (i as f64 / STEPS as f64).powi(2);
        let dt = at(step + 1) - at(step);
        // Implicit to begin with, then Crank–Nicolson.
        let new = if step < 8 { 1.0 } else { 0.5 };
        let flow = |u: &[f64], i: usize| {
            let inward = if i + 1 < CELLS { across[i] * (u[i + 1] - u[i]) } else { -across[i] * u[i] };
            let outward = if i > 0 { across[i - 1] * (u[i] - u[i - 1]) } else { 0.0 };
            inward - outward
        };
        for i in 0..CELLS {
            right[i] = mass[i] * u[i] + (1.0 - new) * dt * flow(&u, i);
        }
        let before = u[CELLS - 1];
        // Tridiagonal: mass + new·dt·(flows out).
        let theta = new * dt;
        let diagonal = |i: usize| mass[i] + theta * (across[i] + if i > 0 { across[i - 1] } else { 0.0 });
        let mut pivot = diagonal(0);
        u[0] = right[0] / pivot;
        for i in 1..CELLS {
            let off = -theta * across[i - 1];
            scratch[i] = off / pivot;
            pivot = diagonal(i) - off * scratch[i];
            u[i] = (right[i] - off * u[i - 1]) / pivot;
        }
        for i in (0..CELLS - 1).rev() {
            u[i] -= scratch[i + 1] * u[i + 1];
        }
        out += dt * across[CELLS - 1] * (new * u[CELLS - 1] + (1.0 - new) * before);
    }
    Ok((ChiSquared::new(k)?.upper(x) + out).min(1.0))
}

/// The share of simulated limits, this one counted in, that reach `x`.
fn simulated(
    draws: usize,
    which: u64,
    x: f64,
    limit: impl Fn(&mut crate::random::Generator) -> f64 + Sync,
) -> f64 {
    const CHUNK: usize = 250;
    let chunks = parallel::map(draws / CHUNK, |c| {
        let mut generator = stream(SEED + which, c as u64);
        (0..CHUNK).filter(|_| limit(&mut generator) >= x).count()
    });
    (1 + chunks.into_iter().sum::<usize>()) as f64 / (draws + 1) as f64
}

/// `P(ave F > x)` (Andrews & Ploberger 1994), from 40,000 draws of the limit: a standard error of 0.001 at 0.05.
///
/// # Errors
/// As [`sup_f_p_value`].
pub fn ave_f_p_value(x: f64, coefficients: usize, trimming: f64) -> Result<f64> {
    averaged(x, coefficients, trimming, 0, |f| f, |mean| mean)
}

/// `P(exp F > x)` (Andrews & Ploberger 1994), likewise.
///
/// # Errors
/// As [`sup_f_p_value`].
pub fn exp_f_p_value(x: f64, coefficients: usize, trimming: f64) -> Result<f64> {
    averaged(x, coefficients, trimming, 1, |f| (0.5 * f).exp(), f64::ln)
}

fn averaged(
    x: f64,
    coefficients: usize,
    trimming: f64,
    which: u64,
    inside: impl Fn(f64) -> f64 + Sync,
    outside: impl Fn(f64) -> f64 + Sync,
) -> Result<f64> {
    const POINTS: usize = 200;
    check(coefficients, trimming)?;
    let span = ((1.0 - trimming) / trimming).ln();
    let step = span / POINTS as f64;
    let (stay, move_) = ((-step).exp(), (-(-2.0 * step).exp_m1()).sqrt());
    // Weights of the share of the sample that a point stands for.
    let mut weights: Vec<f64> = (0..=POINTS)
        .map(|i| {
            let odds = (2.0 * (i as f64 * step - 0.5 * span)).exp();
            let end = if i == 0 || i == POINTS { 0.5 } else { 1.0 };
            end * odds / (1.0 + odds).powi(2)
        })
        .collect();
    let all: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= all);
    Ok(simulated(DRAWS, which, x, |generator| {
        let mut mean = vec![0.0; POINTS + 1];
        for _ in 0..coefficients {
            let mut u = normal(generator);
            for (i, m) in mean.iter_mut().enumerate() {
                if i > 0 {
                    u = stay * u + move_ * normal(generator);
                }
                *m += u * u;
            }
        }
        outside(mean.iter().zip(&weights).map(|(&f, w)| w * inside(f)).sum())
    }))
}

/// One draw of the largest moving increment of a Brownian bridge over a window of a share `h`, over `copies` bridges.
fn moving_draw(h: f64, copies: usize, generator: &mut crate::random::Generator) -> f64 {
    let points = MOVING.1;
    let window = ((h * points as f64).round() as usize).clamp(1, points - 1);
    let size = (points as f64).sqrt();
    let mut path = vec![0.0; points + 1];
    let mut largest = 0.0_f64;
    for _ in 0..copies {
        for i in 1..=points {
            path[i] = path[i - 1] + normal(generator) / size;
        }
        let drift = path[points] * window as f64 / points as f64;
        let moves = (0..=points - window).map(|i| (path[i + window] - path[i] - drift).abs());
        largest = largest.max(moves.fold(0.0, f64::max));
    }
    // A path between its points goes higher: 0.5826 standard deviations of a step, that of two ends (Siegmund 1985).
    largest + 0.5826 * (2.0_f64).sqrt() / size
}

/// `P(sup > x)` of moving sums over a share `h`, in the largest of `copies`.
pub(super) fn moving_p_value(x: f64, h: f64, copies: usize) -> f64 {
    simulated(MOVING.0, 2, x, |generator| moving_draw(h, copies, generator))
}

/// The value that moving sums exceed with probability `p`.
pub(super) fn moving_critical(p: f64, h: f64, copies: usize) -> f64 {
    const CHUNK: usize = 250;
    let mut all: Vec<f64> = parallel::map(MOVING.0 / CHUNK, |c| {
        let mut generator = stream(SEED + 2, c as u64);
        (0..CHUNK).map(|_| moving_draw(h, copies, &mut generator)).collect::<Vec<_>>()
    })
    .concat();
    all.sort_unstable_by(f64::total_cmp);
    all[(((1.0 - p) * all.len() as f64) as usize).min(all.len() - 1)]
}

/// `P(max over m of sup F(m) > x)`, F(m) per break but not per coefficient, from 4000 paths of 200 steps.
pub(super) fn maximum_p_value(x: f64, coefficients: usize, trimming: f64, breaks: &[usize]) -> Result<f64> {
    check(coefficients, trimming)?;
    let (draws, points) = PARTITIONS;
    let least = ((trimming * points as f64).round() as usize).max(1);
    let most = breaks.iter().copied().max().unwrap_or(1);
    Ok(simulated(draws, 3, x, |generator| {
        let mut path = vec![vec![0.0; points + 1]; coefficients];
        for p in &mut path {
            for i in 1..=points {
                p[i] = p[i - 1] + normal(generator);
            }
        }
        // A segment's worth: the squared increment over its length.
        let worth = |from: usize, to: usize| {
            path.iter().map(|p| (p[to] - p[from]).powi(2)).sum::<f64>() / (to - from) as f64
        };
        let mut best = vec![f64::NEG_INFINITY; points + 1];
        for (e, b) in best.iter_mut().enumerate().skip(least) {
            *b = worth(0, e);
        }
        let whole = best[points];
        let mut largest = f64::NEG_INFINITY;
        for m in 1..=most {
            let mut next = vec![f64::NEG_INFINITY; points + 1];
            for e in (m + 1) * least..=points {
                for last in m * least..=e - least {
                    next[e] = next[e].max(best[last] + worth(last, e));
                }
            }
            best = next;
            if breaks.contains(&m) {
                largest = largest.max((best[points] - whole) / m as f64);
            }
        }
        largest
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossing_probabilities_keep_their_digits_in_the_tail() {
        // DeLong's expansion: C (2L (1 − k/x) + 2/x), C = x^{k/2} e^{−x/2} / (2^{k/2} Γ(k/2)), right to O(1/x²).
        for (x, k) in [(60.0_f64, 1_usize), (90.0, 3), (120.0, 5)] {
            let half = 0.5 * k as f64;
            let c = (half * x.ln() - 0.5 * x - half * 2.0_f64.ln() - log_gamma(half)).exp();
            let theirs = c * (2.0 * (0.85_f64 / 0.15).ln() * (1.0 - k as f64 / x) + 2.0 / x);
            let ours = sup_f_p_value(x, k, 0.15).expect("a probability");
            assert!((ours / theirs - 1.0).abs() < 0.02, "{x} {k}: {ours} {theirs}");
        }
    }

    #[test]
    fn a_trimming_that_leaves_one_place_is_the_chi_squared() {
        let ours = sup_f_p_value(3.841_458_820_694_124, 1, 0.499_999_9).expect("a probability");
        assert!((ours - 0.05).abs() < 1e-4, "{ours}");
    }

    #[test]
    fn crossing_probabilities_are_those_of_simulated_paths() {
        // Ornstein-Uhlenbeck radii at 1000 points, raised by what a path does between them (Siegmund 1985).
        const POINTS: usize = 1000;
        let step = (0.85_f64 / 0.15).ln() / POINTS as f64;
        let (stay, noise) = ((-step).exp(), (-(-2.0 * step).exp_m1()).sqrt());
        for (x, k) in [(4.0, 1_usize), (8.58, 1), (12.0, 3)] {
            let p = simulated(20_000, 9, x, |generator| {
                let mut u: Vec<f64> = (0..k).map(|_| normal(generator)).collect();
                let mut largest = 0.0_f64;
                for _ in 0..=POINTS {
                    largest = largest.max(u.iter().map(|u| u * u).sum());
                    u.iter_mut().for_each(|u| *u = stay * *u + noise * normal(generator));
                }
                (largest.sqrt() + 0.5826 * (2.0 * step).sqrt()).powi(2)
            });
            let ours = sup_f_p_value(x, k, 0.15).expect("a probability");
            // Four standard errors of the simulation.
            assert!((ours - p).abs() < 4.0 * (p * (1.0 - p) / 20_000.0).sqrt() + 1e-3, "{x} {k}: {ours} {p}");
        }
    }

    #[test]
    fn simulated_limits_are_near_published_critical_values() {
        // Bai & Perron (2003), 15 % trimming, one coefficient, 5 %: F(2) 7.22, F(3) 5.96, UDmax of five 8.88. Paths of 200
        // steps lie a little lower than theirs of 1000.
        for (x, breaks) in [(7.22, vec![2]), (5.96, vec![3]), (8.88, vec![1, 2, 3, 4, 5])] {
            let p = maximum_p_value(x, 1, 0.15, &breaks).expect("a probability");
            assert!((0.034..0.058).contains(&p), "{x}: {p}");
        }
        // Andrews & Ploberger (1994), table I: exp-F 2.06 at 15 % trimming, one coefficient, 5 %.
        let p = exp_f_p_value(2.06, 1, 0.15).expect("a probability");
        assert!((p - 0.05).abs() < 6e-3, "{p}");
    }
}
