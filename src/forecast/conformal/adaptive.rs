//! Adaptive conformal inference: the level itself learns.

use crate::error::{Error, Result};
use crate::forecast::conformal::Spread;
use crate::forecast::conformal::split::radius;
use crate::inference::interval_level;

/// Intervals of one series, one horizon, as time goes on.
///
/// The radius is the quantile of the scores so far at the level `1 − α_t`, infinite where there are too few; then
/// `α_t` moves by γ(α − miss). After T outcomes the share of misses differs from α by at most
/// (max(α, 1 − α) + γ)/(γT), whatever the outcomes are (Gibbs & Candès 2021, proposition 4.1).
///
/// ```
/// use averted::forecast::conformal::Adaptive;
/// let mut adaptive = Adaptive::new(0.8, 0.05)?;
/// assert_eq!(adaptive.radius(), Some(f64::INFINITY));
/// for score in [1.0, 3.0, 2.0, 5.0] {
///     adaptive.observe(score);
/// }
/// assert!((adaptive.alpha() - 0.24).abs() < 1e-15);
/// assert_eq!(adaptive.radius(), Some(5.0));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Adaptive {
    target: f64,
    rate: f64,
    alpha: f64,
    sorted: Vec<f64>,
}

impl Adaptive {
    /// At this level (0.95 for 95 %), learning at this rate γ; 0.005 to 0.05 is usual, 0 never learns.
    ///
    /// # Errors
    /// [`Error::Argument`] unless 0 < level < 1 and 0 ≤ rate < 1.
    pub fn new(level: f64, rate: f64) -> Result<Self> {
        let target = 1.0 - interval_level(level)?;
        if !(0.0..1.0).contains(&rate) {
            return Err(Error::Argument {
                argument: "rate".into(),
                value: rate.to_string(),
                must: "at least 0 and below 1, such as 0.02".into(),
            });
        }
        Ok(Self { target, rate, alpha: target, sorted: Vec::new() })
    }

    /// `α_t`, the share of misses aimed at now; below zero everything is in the interval, above one nothing.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// How many sizes the next interval reaches; none where it is empty.
    pub fn radius(&self) -> Option<f64> {
        if self.alpha >= 1.0 {
            return None;
        }
        let level = 1.0 - self.alpha;
        Some(if level >= 1.0 { f64::INFINITY } else { radius(&self.sorted, level).unwrap_or(f64::INFINITY) })
    }

    /// The score of the next outcome, which becomes one of the past; a missing one (NaN) teaches nothing.
    pub fn observe(&mut self, score: f64) {
        self.learn(score, self.radius());
    }

    /// As [`observe`](Self::observe), of an outcome whose interval had this radius, perhaps some time ago.
    fn learn(&mut self, score: f64, radius: Option<f64>) {
        if score.is_nan() {
            return;
        }
        let miss = radius.is_none_or(|r| score > r);
        self.alpha += self.rate * (self.target - f64::from(u8::from(miss)));
        let at = self.sorted.partition_point(|s| *s < score);
        self.sorted.insert(at, score);
    }
}

/// Intervals of forecasts made at one origin after the other, each `ahead` periods ahead, by what was known at its
/// origin: the outcome of origin i is known from origin i + `ahead` on. An empty interval comes as its centre.
///
/// # Errors
/// [`Error::Shape`] unless there is one outcome a forecast (NaN where unknown yet); [`Error::Argument`] as
/// [`Adaptive::new`] and for zero periods ahead.
pub fn adaptive_intervals(
    forecasts: &[Spread],
    y: &[f64],
    ahead: usize,
    level: f64,
    rate: f64,
) -> Result<Vec<(f64, f64)>> {
    if forecasts.len() != y.len() {
        return Err(Error::Shape {
            what: "outcomes".into(),
            expected: format!("{}, one a forecast", forecasts.len()),
            found: y.len().to_string(),
        });
    }
    if ahead == 0 {
        let must = "at least 1".into();
        return Err(Error::Argument { argument: "ahead".into(), value: "0".into(), must });
    }
    let mut adaptive = Adaptive::new(level, rate)?;
    let mut radii = Vec::with_capacity(y.len());
    for i in 0..forecasts.len() {
        if let Some(known) = i.checked_sub(ahead) {
            adaptive.learn(forecasts[known].score(y[known]), radii[known]);
        }
        radii.push(adaptive.radius());
    }
    let interval = |(f, r): (&Spread, Option<f64>)| r.map_or((f.centre, f.centre), |r| f.interval(r));
    Ok(forecasts.iter().zip(radii).map(interval).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{normal, stream};

    /// The bound holds for the most hostile sequences, not on average: here ones that trend, jump and alternate.
    #[test]
    fn the_share_of_misses_is_bounded_for_any_sequence() {
        let mut e = stream(3, 0);
        let wild: Vec<f64> = (0..3000).map(|t| f64::from(t).sqrt() * normal(&mut e).abs()).collect();
        let jump: Vec<f64> =
            (0..3000).map(|t| if t > 1500 { 50.0 } else { 1.0 } + f64::from(t % 7)).collect();
        let growing: Vec<f64> = (0..3000).map(f64::from).collect();
        for scores in [wild, jump, growing] {
            for (level, rate) in [(0.95, 0.005), (0.8, 0.05), (0.5, 0.01)] {
                let mut adaptive = Adaptive::new(level, rate).expect("one");
                let mut misses = 0.0;
                for (t, &score) in scores.iter().enumerate() {
                    misses += f64::from(u8::from(adaptive.radius().is_none_or(|r| score > r)));
                    adaptive.observe(score);
                    let alpha: f64 = 1.0 - level;
                    let bound = (alpha.max(level) + rate) / (rate * (t + 1) as f64);
                    assert!((misses / (t + 1) as f64 - alpha).abs() <= bound + 1e-12, "{t}: {misses}");
                }
            }
        }
    }

    #[test]
    fn it_follows_a_change_that_the_split_misses() {
        // The spread doubles half way; intervals at a fixed level stay behind for long.
        let mut e = stream(4, 0);
        let y: Vec<f64> = (0..4000).map(|t| normal(&mut e) * if t < 2000 { 1.0 } else { 3.0 }).collect();
        let spreads = vec![Spread::symmetric(0.0, 1.0); y.len()];
        let missed = |rate: f64| {
            let ends = adaptive_intervals(&spreads, &y, 1, 0.9, rate).expect("ends");
            let late = ends.iter().zip(&y).skip(2000).take(1000);
            late.filter(|((l, u), y)| !(*l..=*u).contains(y)).count() as f64 / 1000.0
        };
        assert!((missed(0.05) - 0.1).abs() < 0.03, "{}", missed(0.05));
        assert!(missed(0.0) > 0.2, "{}", missed(0.0));
    }

    #[test]
    fn outcomes_are_used_only_when_known() {
        let spreads = vec![Spread::symmetric(0.0, 1.0); 6];
        let y = [1.0, 2.0, 3.0, f64::NAN, 5.0, 6.0];
        let ends = adaptive_intervals(&spreads, &y, 2, 0.5, 0.0).expect("ends");
        // At origin i only outcomes up to i − 2: none, none, {1}, {1, 2}, {1, 2, 3}, {1, 2, 3}.
        let uppers: Vec<f64> = ends.iter().map(|e| e.1).collect();
        assert_eq!(uppers, [f64::INFINITY, f64::INFINITY, 1.0, 2.0, 2.0, 2.0]);
        let mut changed = y;
        changed[4] = 1e9;
        assert_eq!(
            adaptive_intervals(&spreads, &changed, 2, 0.5, 0.1),
            adaptive_intervals(&spreads, &y, 2, 0.5, 0.1)
        );
        assert!(adaptive_intervals(&spreads, &y[..3], 2, 0.5, 0.1).is_err());
        assert!(adaptive_intervals(&spreads, &y, 0, 0.5, 0.1).is_err());
        assert!(Adaptive::new(0.95, 1.0).is_err() && Adaptive::new(0.95, f64::NAN).is_err());
    }
}
