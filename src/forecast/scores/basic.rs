//! The interval, quantile and ensemble scores, and what a whole forecast scores.

use crate::distribution::Normal;
use crate::error::{Error, Result};
use crate::inference::Forecast;

/// Tails α of the eleven central intervals that, with the median, make the 23 quantiles of the forecast hubs.
pub const HUB_TAILS: [f64; 11] = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The interval score of the central 1 − α interval from `lower` to `upper`.
///
/// ```
/// assert_eq!(averted::forecast::scores::interval(5.0, 1.0, 4.0, 0.5), 7.0);
/// ```
pub fn interval(y: f64, lower: f64, upper: f64, alpha: f64) -> f64 {
    (upper - lower) + 2.0 / alpha * (missed(lower - y) + missed(y - upper))
}

/// A weighted interval score and what it consists of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WisParts {
    /// The score, the sum of the other three.
    pub total: f64,
    /// How wide the intervals are.
    pub dispersion: f64,
    /// What they missed because the outcome was higher.
    pub underprediction: f64,
    /// What they missed because it was lower.
    pub overprediction: f64,
}

/// What lies above zero; unknown stays unknown, which `f64::max` would make a nought.
fn missed(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

/// The weighted interval score in parts (Bracher et al. 2021).
///
/// ```
/// let parts = averted::forecast::scores::weighted_interval_parts(45.0, 20.0, &[(0.05, 10.0, 40.0), (0.2, 14.0, 30.0)]);
/// assert_eq!(parts.overprediction, 0.0);
/// assert!((parts.total - parts.dispersion - parts.underprediction).abs() < 1e-12);
/// ```
pub fn weighted_interval_parts(y: f64, median: f64, intervals: &[(f64, f64, f64)]) -> WisParts {
    let share = |x: f64| x / (intervals.len() as f64 + 0.5);
    let sum =
        |part: &dyn Fn(f64, f64, f64) -> f64| intervals.iter().map(|&(a, l, u)| part(a, l, u)).sum::<f64>();
    let dispersion = share(sum(&|a, l, u| 0.5 * a * (u - l)));
    let underprediction = share(0.5 * missed(y - median) + sum(&|_, _, u| missed(y - u)));
    let overprediction = share(0.5 * missed(median - y) + sum(&|_, l, _| missed(l - y)));
    WisParts {
        total: dispersion + underprediction + overprediction,
        dispersion,
        underprediction,
        overprediction,
    }
}

/// The weighted interval score of a median and intervals (α, lower, upper).
pub fn weighted_interval(y: f64, median: f64, intervals: &[(f64, f64, f64)]) -> f64 {
    let sum: f64 = intervals.iter().map(|&(alpha, l, u)| 0.5 * alpha * interval(y, l, u, alpha)).sum();
    (0.5 * (y - median).abs() + sum) / (intervals.len() as f64 + 0.5)
}

/// The pinball loss of a quantile at level p: `(1{y ≤ q} − p)(q − y)`.
///
/// ```
/// assert_eq!(averted::forecast::scores::pinball(10.0, 8.0, 0.75), 1.5);
/// ```
pub fn pinball(y: f64, quantile: f64, p: f64) -> f64 {
    if y >= quantile { p * (y - quantile) } else { (1.0 - p) * (quantile - y) }
}

/// The CRPS of a normal distribution, in closed form (Gneiting et al. 2005).
///
/// # Errors
/// [`crate::Error::Argument`] unless the standard deviation is above zero.
///
/// ```
/// let score = averted::forecast::scores::crps_normal(0.3, 0.0, 1.0)?;
/// assert!((score - 0.2693329006866634).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn crps_normal(y: f64, mean: f64, sd: f64) -> Result<f64> {
    let normal = Normal::new(0.0, 1.0)?;
    Normal::new(mean, sd)?;
    let z = (y - mean) / sd;
    let density = normal.log_density(z).exp();
    Ok(sd * (z * (2.0 * normal.cdf(z) - 1.0) + 2.0 * density - std::f64::consts::PI.sqrt().recip()))
}

/// The CRPS of draws in ascending order, in O(n).
///
/// `fair` divides the spread by n(n − 1), so that the score of few draws is that of their distribution on average
/// (Ferro 2014); otherwise by n², the score of the empirical distribution itself.
///
/// ```
/// assert_eq!(averted::forecast::scores::crps_sorted(2.0, &[1.0, 3.0], false), 0.5);
/// ```
pub fn crps_sorted(y: f64, sorted: &[f64], fair: bool) -> f64 {
    let n = sorted.len() as f64;
    let distance = sorted.iter().map(|x| (x - y).abs()).sum::<f64>() / n;
    // Σ_{i<j} (x_j − x_i) = Σ_i (2i − n + 1) x_i, counted from the middle so that large values do not cancel.
    let middle = sorted[sorted.len() / 2];
    let pairs: f64 = sorted.iter().enumerate().map(|(i, x)| (2.0 * i as f64 - n + 1.0) * (x - middle)).sum();
    let spread = match fair {
        true if n > 1.0 => pairs / (n * (n - 1.0)),
        _ => pairs / (n * n),
    };
    distance - spread
}

/// As [`crps_sorted`], for draws in any order: O(n log n).
pub fn crps_draws(y: f64, draws: &[f64], fair: bool) -> f64 {
    let mut sorted = draws.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    crps_sorted(y, &sorted, fair)
}

/// The WIS of sorted draws over [`HUB_TAILS`], by interpolated quantiles.
pub fn weighted_interval_sorted(y: f64, sorted: &[f64]) -> f64 {
    let at = |p: f64| sorted_quantile(sorted, p);
    let intervals = HUB_TAILS.map(|alpha| (alpha, at(0.5 * alpha), at(1.0 - 0.5 * alpha)));
    weighted_interval(y, at(0.5), &intervals)
}

/// A quantile of sorted draws, interpolated (Hyndman & Fan 1996, type 7).
pub fn sorted_quantile(sorted: &[f64], p: f64) -> f64 {
    crate::inference::quantile(sorted, p, false)
}

/// Whether `y` lies in the central interval of sorted draws at a level (0.95 for 95 %).
pub fn covered(y: f64, sorted: &[f64], level: f64) -> bool {
    let tail = 0.5 * (1.0 - level);
    (sorted_quantile(sorted, tail)..=sorted_quantile(sorted, 1.0 - tail)).contains(&y)
}

/// The size of a usual error of the naive forecast on the training data, the denominator of the MASE: the mean
/// absolute step over `season` periods. NaN when there is none, or when it is zero.
///
/// ```
/// assert_eq!(averted::forecast::scores::naive_error(&[1.0, 3.0, 2.0], 1), 1.5);
/// ```
pub fn naive_error(training: &[f64], season: usize) -> f64 {
    let steps = training.iter().zip(training.iter().skip(season)).map(|(a, b)| (b - a).abs());
    let known: Vec<f64> = steps.filter(|s| !s.is_nan()).collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    if mean > 0.0 { mean } else { f64::NAN }
}

/// What a forecast of one period scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Weighted interval score over 23 quantiles.
    pub wis: f64,
    /// CRPS of the draws.
    pub crps: f64,
    /// Absolute error of the median.
    pub absolute_error: f64,
    /// Whether the central 50 %, 80 % and 95 % intervals hold the outcome.
    pub covered: [bool; 3],
}

/// Levels of [`Score::covered`].
pub const LEVELS: [f64; 3] = [0.5, 0.8, 0.95];

impl Score {
    /// Of draws in any order.
    pub fn of(y: f64, draws: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = draws.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self {
            wis: weighted_interval_sorted(y, &sorted),
            crps: crps_sorted(y, &sorted, false),
            absolute_error: (y - sorted_quantile(&sorted, 0.5)).abs(),
            covered: LEVELS.map(|level| covered(y, &sorted, level)),
        }
    }
}

/// The scores of a forecast, period by period; none where nothing was observed (NaN).
///
/// # Errors
/// [`Error::Shape`] unless there is one observation a period.
pub fn score(observed: &[f64], forecast: &Forecast, scenario: usize) -> Result<Vec<Option<Score>>> {
    let paths = forecast.paths(scenario);
    if observed.len() != paths.ncols() {
        return Err(Error::Shape {
            what: "observed".into(),
            expected: format!("{} periods", paths.ncols()),
            found: observed.len().to_string(),
        });
    }
    let one = |(y, draws): (&f64, ndarray::ArrayView1<'_, f64>)| {
        (!y.is_nan()).then(|| Score::of(*y, draws.iter().copied()))
    };
    Ok(observed.iter().zip(paths.columns()).map(one).collect())
}
