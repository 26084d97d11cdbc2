//! Crude rates and their ratios, by the exact distribution of Poisson counts.
//!
//! Of `d` events over `n`, the interval of the rate at level `1 − a` is `G⁻¹(a/2; d)/n` to `G⁻¹(1 − a/2; d + 1)/n`, `G` the
//! gamma distribution of scale one (Garwood 1936, *Biometrika* 28). Given their sum, the first of two counts is binomial
//! with a share that the ratio of the rates determines: its exact interval (Clopper & Pearson 1934, *Biometrika* 26) gives
//! that of the ratio, and the p-value sums the probabilities of all counts that are no more likely than the one seen.

use crate::data::Count;
use crate::distribution::{Beta, Gamma};
use crate::error::{Error, Result};
use crate::inference::interval_level;
use crate::special::{beta_regularised, log_factorial};

/// A count over people or person-years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Events over people; NaN where the count is known only as an interval.
    pub rate: f64,
    /// Lower end of its interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Rate {
    /// The same for each `per` people, such as 100,000.
    #[must_use]
    pub fn per(self, per: f64) -> Self {
        Self { rate: self.rate * per, lower: self.lower * per, upper: self.upper * per }
    }
}

/// The rate of a count over `population`, with its exact interval at `level` (0.95 for 95 %). A count known only as an
/// interval has the interval that holds whatever the count is.
///
/// ```
/// use averted::data::Count;
/// use averted::surveillance::rate_interval;
/// let rate = rate_interval(Count::Exact(0.0), 1000.0, 0.95)?;
/// assert!(rate.lower == 0.0 && (rate.upper + 0.025_f64.ln() / 1000.0).abs() < 1e-15);
/// let hidden = rate_interval(Count::Interval { lo: 1.0, hi: 9.0 }, 1000.0, 0.95)?.per(1e5);
/// assert!(hidden.lower < 3.0 && hidden.upper > 1700.0);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// [`Error::Domain`] for a count below zero or a population that is not positive; [`Error::Missing`] for a missing
/// count; [`Error::Argument`] for a level outside 0 to 1.
pub fn rate_interval(events: Count, population: f64, level: f64) -> Result<Rate> {
    let tail = 0.5 * (1.0 - interval_level(level)?);
    let (lo, hi) = ends(events, 0)?;
    people(population, 0)?;
    let (lower, upper) = limits(lo, hi, tail)?;
    let rate = if lo < hi { f64::NAN } else { lo };
    Ok(Rate { rate, lower, upper }.per(1.0 / population))
}

/// The exact limits of the mean of a count between `lo` and `hi`.
pub(super) fn limits(lo: f64, hi: f64, tail: f64) -> Result<(f64, f64)> {
    let lower = if lo > 0.0 { Gamma::new(lo, 1.0)?.quantile(tail) } else { 0.0 };
    Ok((lower, Gamma::new(hi + 1.0, 1.0)?.quantile(1.0 - tail)))
}

/// The least and the most that a count can be.
pub(super) fn ends(events: Count, row: usize) -> Result<(f64, f64)> {
    let (lo, hi) = match events {
        Count::Exact(y) => (y, y),
        Count::Interval { lo, hi } => (lo, hi),
        Count::Missing => return Err(Error::Missing { what: "events".into(), count: 1, first: row }),
    };
    if lo >= 0.0 && hi >= lo && hi.is_finite() {
        return Ok((lo, hi));
    }
    let value = if lo < hi || hi < lo { format!("{lo} to {hi}") } else { lo.to_string() };
    let must = "a finite number of at least 0, or an interval of such from the least to the most".into();
    Err(Error::Domain { what: "events".into(), row, value, must })
}

/// Refuses a population that nobody lives in.
pub(super) fn people(population: f64, row: usize) -> Result<()> {
    if population.is_finite() && population > 0.0 {
        return Ok(());
    }
    let must = "a finite number above 0: join a group of nobody to another".into();
    Err(Error::Domain { what: "population".into(), row, value: population.to_string(), must })
}

/// Two rates compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRatio {
    /// The first rate over the second.
    pub ratio: f64,
    /// Lower end of its interval.
    pub lower: f64,
    /// Upper end, infinite where the second count is zero.
    pub upper: f64,
    /// Two-sided p-value of rates that are equal.
    pub p_value: f64,
}

/// The ratio of two rates, with its exact interval at `level` and the exact test of one.
///
/// ```
/// use averted::surveillance::rate_ratio;
/// let ratio = rate_ratio([20.0, 10.0], [1000.0, 900.0], 0.95)?;
/// assert!((ratio.ratio - 1.8).abs() < 1e-12 && ratio.lower < 1.0 && ratio.upper > 1.0);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// [`Error::Domain`] for counts that are not whole or below zero, or a population that is not positive;
/// [`Error::NothingToEstimate`] where both counts are zero; [`Error::Argument`] for a level outside 0 to 1.
pub fn rate_ratio(events: [f64; 2], population: [f64; 2], level: f64) -> Result<RateRatio> {
    let tail = 0.5 * (1.0 - interval_level(level)?);
    for (row, (&y, &n)) in events.iter().zip(&population).enumerate() {
        ends(Count::Exact(y), row)?;
        people(n, row)?;
        if y.fract() != 0.0 {
            let must = "a whole number: the test is of counts".into();
            return Err(Error::Domain { what: "events".into(), row, value: y.to_string(), must });
        }
    }
    let [a, b] = events;
    if a + b == 0.0 {
        return Err(Error::NothingToEstimate { why: "both counts are zero".into() });
    }
    let scale = population[1] / population[0];
    let odds = |share: f64| share / (1.0 - share) * scale;
    let lower = if a > 0.0 { odds(Beta::new(a, b + 1.0)?.quantile(tail)) } else { 0.0 };
    let upper = if b > 0.0 { odds(Beta::new(a + 1.0, b)?.quantile(1.0 - tail)) } else { f64::INFINITY };
    let share = population[0] / (population[0] + population[1]);
    Ok(RateRatio { ratio: a / b * scale, lower, upper, p_value: two_sided(a, a + b, share) })
}

/// The probability of all counts of `n` that are no more likely than `x`.
fn two_sided(x: f64, n: f64, share: f64) -> f64 {
    /// Counts within this of equally likely are taken as such.
    const TIE: f64 = 1e-7;
    let log = |k: f64| {
        let of = |count: f64, chance: f64| if count > 0.0 { count * chance.ln() } else { 0.0 };
        log_factorial(n) - log_factorial(k) - log_factorial(n - k) + of(k, share) + of(n - k, 1.0 - share)
    };
    let bar = log(x) + TIE;
    // P(K ≤ k) and P(K ≥ k).
    let below = |k: f64| if k >= n { 1.0 } else { beta_regularised(n - k, k + 1.0, 1.0 - share) };
    let above = |k: f64| if k <= 0.0 { 1.0 } else { beta_regularised(k, n - k + 1.0, share) };
    let mode = ((n + 1.0) * share).floor().min(n);
    if log(mode) <= bar {
        return 1.0;
    }
    // From the mode to either end the probability falls: halve to where it passes the bar.
    let reach = |mut inside: f64, mut outside: f64| {
        if log(outside) > bar {
            return None;
        }
        while (outside - inside).abs() > 1.0 {
            let middle = (0.5 * (inside + outside)).floor();
            *(if log(middle) > bar { &mut inside } else { &mut outside }) = middle;
        }
        Some(outside)
    };
    let other =
        if x < mode { reach(mode, n).map_or(0.0, above) } else { reach(mode, 0.0).map_or(0.0, below) };
    let own = if x < mode { below(x) } else { above(x) };
    (own + other).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_sums_the_unlikely_counts() {
        for (x, n, share) in [(3.0, 11.0, 0.31), (9.0, 11.0, 0.31), (0.0, 5.0, 0.9), (6.0, 12.0, 0.5)] {
            let density = |k: f64| {
                let choose = (log_factorial(n) - log_factorial(k) - log_factorial(n - k)).exp();
                choose * f64::powf(share, k) * f64::powf(1.0 - share, n - k)
            };
            let all = (0..=n as u32).map(f64::from);
            let sum: f64 = all.map(density).filter(|p| *p <= density(x) * (1.0 + 1e-7)).sum();
            let ours = two_sided(x, n, share);
            assert!((ours - sum).abs() < 1e-12, "{x} {n} {share}: {ours} {sum}");
        }
    }

    #[test]
    fn what_cannot_be_a_rate_is_refused() {
        assert!(matches!(rate_interval(Count::Exact(-1.0), 10.0, 0.95), Err(Error::Domain { .. })));
        assert!(matches!(rate_interval(Count::Exact(1.0), 0.0, 0.95), Err(Error::Domain { .. })));
        assert!(matches!(rate_interval(Count::Missing, 10.0, 0.95), Err(Error::Missing { .. })));
        assert!(matches!(rate_interval(Count::Exact(1.0), 10.0, 95.0), Err(Error::Argument { .. })));
        assert!(matches!(rate_ratio([0.0, 0.0], [1.0, 1.0], 0.95), Err(Error::NothingToEstimate { .. })));
        assert!(matches!(rate_ratio([0.5, 1.0], [1.0, 1.0], 0.95), Err(Error::Domain { row: 0, .. })));
    }

    #[test]
    fn a_ratio_without_events_on_a_side_has_an_open_end() -> Result<()> {
        let none = rate_ratio([0.0, 4.0], [2.0, 1.0], 0.9)?;
        assert!(none.ratio == 0.0 && none.lower == 0.0 && none.upper.is_finite());
        let all = rate_ratio([4.0, 0.0], [1.0, 2.0], 0.9)?;
        assert!(all.ratio == f64::INFINITY && all.upper == f64::INFINITY);
        // One over the other.
        assert!((all.lower * none.upper - 1.0).abs() < 1e-12 && (all.p_value - none.p_value).abs() < 1e-14);
        Ok(())
    }
}
