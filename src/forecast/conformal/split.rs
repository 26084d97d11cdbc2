//! Split conformal intervals, horizon by horizon.

use ndarray::Array2;

use crate::distribution::Normal;
use crate::error::{Error, Result};
use crate::inference::{Forecast, interval_level, ranking};

/// The interval of a forecast that tells how wide it thinks it is.
const THOUGHT: f64 = 0.8;

/// A forecast of one period: its centre, and the size of an error above and below it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The centre.
    pub centre: f64,
    /// The size of an error below.
    pub below: f64,
    /// The size of an error above.
    pub above: f64,
}

impl Spread {
    /// The same size on both sides, such as a standard error.
    pub fn symmetric(centre: f64, size: f64) -> Self {
        Self { centre, below: size, above: size }
    }

    /// From an interval at a level, in standard deviations of a normal distribution. A centre outside its interval, or
    /// at one of its ends, gets half of the width on either side.
    ///
    /// # Errors
    /// [`Error::Argument`] unless 0 < level < 1.
    pub fn of_interval(centre: f64, lower: f64, upper: f64, level: f64) -> Result<Self> {
        let z = Normal::new(0.0, 1.0)?.quantile(0.5 + 0.5 * interval_level(level)?);
        let (below, above) = (centre - lower, upper - centre);
        if below > 0.0 && above > 0.0 {
            return Ok(Self { centre, below: below / z, above: above / z });
        }
        Ok(Self::symmetric(centre, 0.5 * (upper - lower) / z))
    }

    /// Of every period of a forecast: median and 80 % interval.
    ///
    /// # Errors
    /// Those of the forecast's quantiles.
    pub fn of_forecast(forecast: &Forecast, scenario: usize) -> Result<Vec<Self>> {
        let middle = forecast.quantile(scenario, 0.5)?;
        let ends = forecast.interval(scenario, THOUGHT)?;
        middle.into_iter().zip(ends).map(|(m, (l, u))| Self::of_interval(m, l, u, THOUGHT)).collect()
    }

    /// How many sizes y is away; 0 at the centre of a forecast that is sure, infinite elsewhere, NaN if y is.
    pub fn score(&self, y: f64) -> f64 {
        let (gap, size) =
            if y >= self.centre { (y - self.centre, self.above) } else { (self.centre - y, self.below) };
        if gap == 0.0 { 0.0 } else { gap / size }
    }

    /// From `radius` sizes below to `radius` sizes above.
    pub fn interval(&self, radius: f64) -> (f64, f64) {
        // Infinitely many sizes of nothing are not a number, and a sure forecast that was wrong knows nothing.
        let reach = |size: f64| if radius == f64::INFINITY { radius } else { radius * size };
        (self.centre - reach(self.below), self.centre + reach(self.above))
    }
}

/// How many scores a level needs: the least n with ⌈(n + 1)(1 − α)⌉ ≤ n.
///
/// ```
/// use averted::forecast::conformal::needed;
/// assert_eq!((needed(0.5), needed(0.8), needed(0.95), needed(0.99)), (1, 4, 19, 99));
/// ```
pub fn needed(level: f64) -> usize {
    (level / (1.0 - level) * (1.0 - 1e-12)).ceil().max(1.0) as usize
}

/// The ⌈(n + 1)·level⌉-th smallest of n sorted scores.
pub(super) fn radius(sorted: &[f64], level: f64) -> Option<f64> {
    let rank = ((sorted.len() + 1) as f64 * level * (1.0 - 1e-12)).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// The whole numbers, not below zero, of an interval: those that a count can be. The nearest one where there is none.
///
/// ```
/// use averted::forecast::conformal::whole;
/// assert_eq!((whole((-3.2, 7.9)), whole((2.3, 2.6))), ((0.0, 7.0), (2.0, 2.0)));
/// ```
pub fn whole((lower, upper): (f64, f64)) -> (f64, f64) {
    let (low, high) = (lower.ceil().max(0.0), upper.floor().max(0.0));
    if low <= high {
        return (low, high);
    }
    let middle = (lower + 0.5 * (upper - lower)).round().max(0.0);
    (middle, middle)
}

/// Sorted scores of past forecasts, by horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    scores: Vec<Vec<f64>>,
}

impl Calibration {
    /// From the scores of one, two, … periods ahead; NaN is left out.
    ///
    /// # Errors
    /// [`Error::Domain`] for a score below zero; [`Error::TooShort`] without a horizon.
    pub fn new(scores: Vec<Vec<f64>>) -> Result<Self> {
        if scores.is_empty() {
            return Err(Error::TooShort { what: "horizons".into(), needed: 1, found: 0 });
        }
        let sort = |(h, mut scores): (usize, Vec<f64>)| {
            if let Some(row) = scores.iter().position(|s| *s < 0.0) {
                return Err(Error::Domain {
                    what: format!("scores {} ahead", h + 1),
                    row,
                    value: scores[row].to_string(),
                    must: "zero or more: the distance from the centre".into(),
                });
            }
            scores.retain(|s| !s.is_nan());
            scores.sort_unstable_by(f64::total_cmp);
            Ok(scores)
        };
        Ok(Self { scores: scores.into_iter().enumerate().map(sort).collect::<Result<_>>()? })
    }

    /// From past forecasts: periods ahead (from 1), forecast, outcome.
    ///
    /// # Errors
    /// [`Error::Argument`] for zero periods ahead; as [`new`](Self::new).
    pub fn of(rows: impl IntoIterator<Item = (usize, Spread, f64)>) -> Result<Self> {
        let mut scores: Vec<Vec<f64>> = Vec::new();
        for (ahead, spread, y) in rows {
            if ahead == 0 {
                let must = "at least 1".into();
                return Err(Error::Argument { argument: "ahead".into(), value: "0".into(), must });
            }
            if scores.len() < ahead {
                scores.resize(ahead, Vec::new());
            }
            scores[ahead - 1].push(spread.score(y));
        }
        Self::new(scores)
    }

    /// Horizons that it knows.
    pub fn horizons(&self) -> usize {
        self.scores.len()
    }

    /// Scores at a horizon, from 1.
    pub fn n(&self, ahead: usize) -> usize {
        ahead.checked_sub(1).and_then(|h| self.scores.get(h)).map_or(0, Vec::len)
    }

    /// How many sizes an interval at this level reaches, this many periods ahead; infinite when so many forecasts were
    /// sure and wrong.
    ///
    /// # Errors
    /// [`Error::TooShort`] with fewer scores than the level needs; [`Error::Argument`] unless 0 < level < 1.
    pub fn radius(&self, ahead: usize, level: f64) -> Result<f64> {
        let level = interval_level(level)?;
        let scores = ahead.checked_sub(1).and_then(|h| self.scores.get(h));
        scores.and_then(|s| radius(s, level)).ok_or_else(|| Error::TooShort {
            what: format!("calibration scores {ahead} ahead, for {} %", 100.0 * level),
            needed: needed(level),
            found: self.n(ahead),
        })
    }

    /// The interval of a forecast.
    ///
    /// # Errors
    /// As [`radius`](Self::radius).
    pub fn interval(&self, ahead: usize, spread: &Spread, level: f64) -> Result<(f64, f64)> {
        Ok(spread.interval(self.radius(ahead, level)?))
    }

    /// The forecast with paths stretched about their median, period by period, so that its intervals up to `level` are
    /// those of the calibration (for counts, the whole numbers in them). Paths keep their order within every period,
    /// and with it what hangs together. Beyond the level, tails end at the largest score.
    ///
    /// # Errors
    /// As [`radius`](Self::radius); [`Error::NotConverged`] where the radius is infinite.
    pub fn forecast(&self, forecast: &Forecast, level: f64) -> Result<Forecast> {
        let horizon = forecast.labels().len();
        let mut paths = Vec::new();
        for scenario in 0..forecast.scenarios().len() {
            let spreads = Spread::of_forecast(forecast, scenario)?;
            let old = forecast.paths(scenario);
            let mut new = Array2::zeros(old.dim());
            for h in 0..horizon {
                self.radius(h + 1, level)?;
                let scores = &self.scores[h];
                let largest = scores.iter().copied().rfind(|s| s.is_finite()).unwrap_or(0.0);
                let draws = old.nrows();
                for (rank, draw) in ranking(old.column(h)).into_iter().enumerate() {
                    // The draw of rank r from outside bounds the interval at level 1 − 2r/n: the sample quantile at
                    // that level lies on it or beyond.
                    let outside = rank.min(draws - 1 - rank);
                    let inside = 1.0 - 2.0 * outside as f64 / draws as f64;
                    let reach = radius(scores, inside.max(1e-9)).unwrap_or(largest);
                    if inside <= level && reach.is_infinite() {
                        return Err(Error::NotConverged {
                            method: "conformal calibration".into(),
                            iterations: scores.len(),
                            last_change: reach,
                            hint: "too many past forecasts were sure and wrong: none of their intervals has a width"
                                .into(),
                        });
                    }
                    let (lower, upper) = spreads[h].interval(reach.min(largest));
                    let middle = 2 * rank + 1 == draws;
                    new[[draw, h]] = match (middle, 2 * rank < draws) {
                        (true, _) => spreads[h].centre,
                        (_, true) => {
                            if forecast.is_count() {
                                lower.ceil()
                            } else {
                                lower
                            }
                        }
                        (_, false) => {
                            if forecast.is_count() {
                                upper.floor()
                            } else {
                                upper
                            }
                        }
                    };
                }
            }
            paths.push(new);
        }
        let (scenarios, labels) = (forecast.scenarios().to_vec(), forecast.labels().to_vec());
        let made = Forecast::new(scenarios, paths, labels, forecast.cutoff().into(), forecast.seed())?;
        let made = if forecast.is_count() { made.counts() } else { made };
        let least = (1..=horizon).map(|h| self.n(h)).min().unwrap_or(0);
        let made = forecast.notes().iter().fold(made, |made, note| made.note(note.clone()));
        Ok(made.note(format!(
            "intervals up to {} % are conformal, from {least} or more past errors a horizon",
            100.0 * level
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{normal, stream, uniform};

    #[test]
    fn the_radius_is_the_rank_in_n_plus_one() {
        let calibration = Calibration::new(vec![vec![4.0, 1.0, 3.0, f64::NAN, 2.0], vec![9.0]]).expect("one");
        for (level, expected) in [(0.2, 1.0), (0.21, 2.0), (0.4, 2.0), (0.6, 3.0), (0.8, 4.0)] {
            assert_eq!(calibration.radius(1, level), Ok(expected), "{level}");
        }
        let refused = calibration.radius(1, 0.81).expect_err("too few");
        assert!(matches!(refused, Error::TooShort { needed: 5, found: 4, .. }), "{refused}");
        assert_eq!((calibration.n(2), calibration.n(3), calibration.radius(2, 0.5)), (1, 0, Ok(9.0)));
        assert!(calibration.radius(3, 0.5).is_err() && calibration.radius(0, 0.5).is_err());
        assert!(Calibration::new(vec![vec![-1.0]]).is_err() && Calibration::new(Vec::new()).is_err());
    }

    #[test]
    fn sides_have_their_own_size() {
        let spread = Spread { centre: 10.0, below: 1.0, above: 4.0 };
        assert_eq!((spread.score(8.0), spread.score(18.0), spread.score(10.0)), (2.0, 2.0, 0.0));
        assert_eq!(spread.interval(2.0), (8.0, 18.0));
        let sure = Spread::symmetric(3.0, 0.0);
        assert_eq!((sure.score(3.0), sure.score(4.0)), (0.0, f64::INFINITY));
        assert_eq!(sure.interval(f64::INFINITY), (f64::NEG_INFINITY, f64::INFINITY));
        let z = 1.959_963_984_540_054;
        let normal = Spread::of_interval(1.0, 1.0 - z, 1.0 + 2.0 * z, 0.95).expect("a spread");
        assert!((normal.below - 1.0).abs() < 1e-12 && (normal.above - 2.0).abs() < 1e-12);
        let outside = Spread::of_interval(5.0, 0.0, 2.0 * z, 0.95).expect("a spread");
        assert!((outside.below - 1.0).abs() < 1e-12 && outside.below == outside.above);
    }

    /// With n scores the chance is exactly ⌈(n + 1)(1 − α)⌉ / (n + 1), whatever the distribution.
    #[test]
    fn coverage_is_exact_in_simulations() {
        for (n, level) in [(19_u32, 0.95_f64), (30, 0.8), (9, 0.5)] {
            let exact = (f64::from(n + 1) * level).ceil() / f64::from(n + 1);
            let runs = 40_000;
            let mut inside = 0;
            for run in 0..runs {
                let mut e = stream(u64::from(n), run);
                // Skew, heavy-tailed and wrongly centred errors about a spread that knows their size only.
                let mut draw = || {
                    let size = 0.5 + uniform(&mut e);
                    (Spread::symmetric(0.3, size), size * (normal(&mut e).exp() - 1.0))
                };
                let rows: Vec<_> = (0..n).map(|_| draw()).map(|(s, y)| (1, s, y)).collect();
                let (spread, y) = draw();
                let (l, u) = Calibration::of(rows).and_then(|c| c.interval(1, &spread, level)).expect("one");
                inside += u32::from(l <= y && y <= u);
            }
            let share = f64::from(inside) / runs as f64;
            // Four standard errors of a share.
            assert!(
                (share - exact).abs() < 4.0 * (exact * (1.0 - exact) / runs as f64).sqrt(),
                "{n}: {share}"
            );
        }
    }

    fn paths(n: usize) -> Forecast {
        let paths = Array2::from_shape_fn((n, 2), |(i, h)| {
            let p = ((i * 7919 + 13 * h) % n) as f64 + 0.5;
            100.0 + 10.0 * (p / (n as f64 - p)).ln()
        });
        let labels = vec!["+1".into(), "+2".into()];
        Forecast::new(vec!["f".into()], vec![paths], labels, "0".into(), 1).expect("a forecast")
    }

    #[test]
    fn a_forecast_gets_the_intervals_of_the_calibration() {
        let scores: Vec<f64> = (1..=99).map(|i| f64::from(i) / 20.0).collect();
        let calibration = Calibration::new(vec![scores.clone(), scores]).expect("one");
        for forecast in [paths(2000), paths(1999), paths(777)] {
            let made = calibration.forecast(&forecast, 0.95).expect("one");
            let spreads = Spread::of_forecast(&forecast, 0).expect("spreads");
            for level in [0.5, 0.8, 0.9, 0.95] {
                let ends = made.interval(0, level).expect("ends");
                for h in 0..2 {
                    let (l, u) = calibration.interval(h + 1, &spreads[h], level).expect("ends");
                    // On it or beyond, by one score at most.
                    let step = 0.051 * spreads[h].above.max(spreads[h].below);
                    assert!(ends[h].0 <= l + 1e-9 && ends[h].0 >= l - step, "{level} {h}: {ends:?} {l}");
                    assert!(ends[h].1 >= u - 1e-9 && ends[h].1 <= u + step, "{level} {h}: {ends:?} {u}");
                }
            }
            // Paths keep their order; some now share a score.
            let (old, new) = (forecast.paths(0), made.paths(0));
            let order = ranking(old.column(1));
            assert!(order.windows(2).all(|w| new[[w[0], 1]] <= new[[w[1], 1]]));
        }
        assert!(matches!(calibration.forecast(&paths(100), 0.995), Err(Error::TooShort { needed: 199, .. })));
    }

    #[test]
    fn counts_get_whole_ends_that_hold_the_same_counts() {
        for (interval, held) in [((0.2, 3.9), 1..=3), ((-2.0, 0.5), 0..=0), ((1.0, 4.0), 1..=4)] {
            let (low, high) = whole(interval);
            for y in 0..8 {
                let inside = (interval.0..=interval.1).contains(&f64::from(y));
                assert_eq!(inside, (low..=high).contains(&f64::from(y)), "{interval:?} {y}");
                assert_eq!(inside, held.contains(&y));
            }
        }
        let scores: Vec<f64> = (1..=19).map(|i| f64::from(i) / 4.0).collect();
        let calibration = Calibration::new(vec![scores.clone(), scores]).expect("one");
        let made = calibration.forecast(&paths(500).counts(), 0.9).expect("one");
        let (low, high) = made.interval(0, 0.9).expect("ends")[0];
        assert!(made.is_count() && low.fract() == 0.0 && low >= 0.0 && high.fract() == 0.0 && low < high);
    }
}
