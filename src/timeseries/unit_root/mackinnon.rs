//! p-values and critical values off the response surfaces.

use super::Deterministic;
use super::surfaces::{
    GLS_CRITICAL, GLS_LEFT, GLS_RIGHT, GLS_STAR, RHO_CRITICAL, RHO_LEFT, RHO_RIGHT, RHO_STAR, TAU_CRITICAL,
    TAU_CRITICAL_NONE, TAU_LEFT, TAU_MAX, TAU_MIN, TAU_RIGHT, TAU_STAR, ZIVOT_ANDREWS,
};
use crate::distribution::Normal;
use crate::error::Result;

const LEVELS: [f64; 3] = [0.01, 0.05, 0.1];

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

fn normal(coefficients: &[f64], x: f64) -> Result<f64> {
    Ok(Normal::new(0.0, 1.0)?.cdf(polynomial(coefficients, x)))
}

fn critical(surface: &[[f64; 4]; 3], n: f64) -> Vec<(f64, f64)> {
    LEVELS.iter().zip(surface).map(|(&level, c)| (level, polynomial(c, 1.0 / n))).collect()
}

/// p of a Dickey–Fuller τ; with `series` > 1, of one of residuals from a regression between so many (at most six; NaN
/// beyond).
pub(crate) fn tau_p(tau: f64, kind: Deterministic, series: usize) -> Result<f64> {
    let (k, s) = (kind as usize, series - 1);
    if s >= TAU_STAR[k].len() || tau.is_nan() {
        return Ok(f64::NAN);
    }
    if tau > TAU_MAX[k][s] {
        return Ok(1.0);
    }
    if tau < TAU_MIN[k][s] {
        return Ok(0.0);
    }
    if tau <= TAU_STAR[k][s] { normal(&TAU_LEFT[k][s], tau) } else { normal(&TAU_RIGHT[k][s], tau) }
}

/// Critical values of τ at 1, 5 and 10 % for n rows; none beyond twelve series.
pub(crate) fn tau_critical(kind: Deterministic, series: usize, n: usize) -> Vec<(f64, f64)> {
    let n = n as f64;
    match kind {
        Deterministic::None if series == 1 => critical(&TAU_CRITICAL_NONE, n),
        Deterministic::None => Vec::new(),
        _ => TAU_CRITICAL[kind as usize - 1].get(series - 1).map_or_else(Vec::new, |s| critical(s, n)),
    }
}

pub(super) fn rho_p(rho: f64, kind: Deterministic) -> Result<f64> {
    let k = kind as usize;
    if rho <= RHO_STAR[k] { normal(&RHO_LEFT[k], rho.abs().ln()) } else { normal(&RHO_RIGHT[k], rho) }
}

pub(super) fn rho_critical(kind: Deterministic, n: usize) -> Vec<(f64, f64)> {
    critical(&RHO_CRITICAL[kind as usize], n as f64)
}

/// DF-GLS around a level or a line.
pub(super) fn gls_p(tau: f64, line: bool) -> Result<f64> {
    let k = usize::from(line);
    let [star, min, max] = GLS_STAR[k];
    if tau > max {
        return Ok(1.0);
    }
    if tau < min {
        return Ok(0.0);
    }
    if tau <= star { normal(&GLS_LEFT[k], tau) } else { normal(&GLS_RIGHT[k], tau) }
}

pub(super) fn gls_critical(line: bool, n: usize) -> Vec<(f64, f64)> {
    critical(&GLS_CRITICAL[usize::from(line)], n as f64)
}

/// Zivot–Andrews, by straight lines between simulated quantiles.
pub(super) fn zivot_andrews_p(tau: f64, model: usize) -> f64 {
    let table = &ZIVOT_ANDREWS[model];
    let at = table.partition_point(|(_, q)| *q < tau);
    if at == 0 {
        return table[0].0 / 100.0;
    }
    let Some(&(high, right)) = table.get(at) else { return table[table.len() - 1].0 / 100.0 };
    let (low, left) = table[at - 1];
    (low + (high - low) * (tau - left) / (right - left)) / 100.0
}
