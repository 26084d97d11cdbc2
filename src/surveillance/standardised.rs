//! Directly standardised rates.
//!
//! With events `dᵢ`, people `nᵢ` and weights `wᵢ` that add up to one, the rate is `r = Σ wᵢdᵢ/nᵢ` and its variance
//! `v = Σ wᵢ²dᵢ/nᵢ²`. With `w* = max wᵢ/nᵢ`, the limits at level `1 − a` are the quantiles `a/2` of the gamma
//! distribution with mean `r` and variance `v`, and `1 − a/2` of the one with mean `r + w*` and variance `v + w*²`
//! (Fay & Feuer 1997, *Statistics in Medicine* 16). They cover at least as often as they say; the others are shorter and
//! need not:
//!
//! | limits | |
//! | --- | --- |
//! | Tiwari, Clegg & Zou (2006, *Statistical Methods in Medical Research* 15) | mean `wᵢ/nᵢ` and its mean square for `w*` and `w*²` |
//! | Dobson, Kuulasmaa, Eberle & Scherer (1991, *Statistics in Medicine* 10) | `r + √(v/D)·(x − D)`, `x` the exact limits of the mean of `D = Σ dᵢ` |
//! | log-normal | `r·exp(± z √v / r)` |

use std::fmt::{self, Display};
use std::str::FromStr;

use super::rates::{Rate, ends, people, rate_interval};
use crate::data::Count;
use crate::distribution::{Gamma, Normal};
use crate::error::{Error, Result, nearest};
use crate::inference::{Cell, Table, interval_level, significant, thousands};

/// The standard population of the United States in 2000, eleven age groups, of a million (Klein & Schoenborn 2001,
/// *Healthy People Statistical Notes* 20).
pub const US_2000: [(&str, f64); 11] = [
    ("under 1", 13_818.0),
    ("1-4", 55_317.0),
    ("5-14", 145_565.0),
    ("15-24", 138_646.0),
    ("25-34", 135_573.0),
    ("35-44", 162_613.0),
    ("45-54", 134_834.0),
    ("55-64", 87_247.0),
    ("65-74", 66_037.0),
    ("75-84", 44_842.0),
    ("85 and over", 15_508.0),
];

/// A standard population by name: its age groups and their people.
///
/// # Errors
/// [`Error::Argument`] for a name that is not known.
pub fn standard_population(name: &str) -> Result<Vec<(&'static str, f64)>> {
    if name == "us2000" {
        return Ok(US_2000.to_vec());
    }
    let must = "us2000, or the people of every group".into();
    Err(Error::Argument { argument: "standard".into(), value: format!("`{name}`"), must })
}

/// How the interval of a standardised rate is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateLimits {
    /// Fay & Feuer's, which cover at least as often as they say.
    #[default]
    Gamma,
    /// Tiwari, Clegg & Zou's.
    Tiwari,
    /// Dobson and others'.
    Dobson,
    /// Symmetric on the log scale.
    LogNormal,
}

impl RateLimits {
    const ALL: [(&'static str, Self); 4] = [
        ("gamma", Self::Gamma),
        ("tiwari", Self::Tiwari),
        ("dobson", Self::Dobson),
        ("log_normal", Self::LogNormal),
    ];
}

impl Display for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gamma => "gamma (Fay & Feuer)",
            Self::Tiwari => "gamma (Tiwari)",
            Self::Dobson => "Dobson",
            Self::LogNormal => "log-normal",
        })
    }
}

impl FromStr for RateLimits {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let names = Self::ALL.map(|(name, _)| name);
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, limits)| *limits).ok_or_else(|| Error::Argument {
            argument: "limits".into(),
            value: format!("`{name}`"),
            must: nearest(name, names).map_or_else(
                || format!("one of {}", names.join(", ")),
                |near| format!("one of {}; did you mean {near}?", names.join(", ")),
            ),
        })
    }
}

/// A rate as if the people were spread over groups as in a standard population.
#[derive(Debug, Clone, PartialEq)]
pub struct StandardisedRate {
    /// The rate; NaN where counts are hidden.
    pub rate: f64,
    /// Its standard error; NaN where counts are hidden.
    pub std_error: f64,
    /// The interval; where counts are hidden, one that holds whatever they are.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// The least and the most that the rate can be, which differ where counts are hidden.
    pub range: (f64, f64),
    /// All events over all people, with the exact interval.
    pub crude: Rate,
    /// How the interval was made.
    pub limits: RateLimits,
    /// The level of both intervals.
    pub level: f64,
    /// How many counts are known only as intervals.
    pub hidden: usize,
    /// What the rates are for each of: people, or a multiple.
    pub per: f64,
    groups: usize,
    people: f64,
}

impl StandardisedRate {
    /// The same for each `per` people, such as 100,000.
    #[must_use]
    pub fn per(self, per: f64) -> Self {
        let by = per / self.per;
        Self {
            rate: self.rate * by,
            std_error: self.std_error * by,
            lower: self.lower * by,
            upper: self.upper * by,
            range: (self.range.0 * by, self.range.1 * by),
            crude: self.crude.per(by),
            per,
            ..self
        }
    }

    /// As a table: the crude rate and the standardised one.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&["rate", "estimate", "std_error", "lower", "upper"])
            .title(format!("Rates per {}", thousands(self.per)))
            .note(format!(
                "{} groups, {} people; {} % intervals: crude exact, standardised {}",
                self.groups,
                thousands(self.people),
                significant(100.0 * self.level, 3),
                self.limits
            ));
        let Rate { rate, lower, upper } = self.crude;
        table.push(vec![
            "crude".into(),
            Cell::Number(rate),
            Cell::Empty,
            Cell::Number(lower),
            Cell::Number(upper),
        ]);
        table.push(vec![
            "standardised".into(),
            Cell::Number(self.rate),
            Cell::Number(self.std_error),
            Cell::Number(self.lower),
            Cell::Number(self.upper),
        ]);
        if self.hidden == 0 {
            return table;
        }
        let (least, most) = (significant(self.range.0, 5), significant(self.range.1, 5));
        table.note(format!(
            "{} counts are known only as intervals: the standardised rate lies between {least} and {most}, and the \
             intervals hold whatever the counts are",
            self.hidden
        ))
    }
}

impl Display for StandardisedRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}

/// The rate of `events` over `population`, group by group, weighted by the people of `standard`, with its interval at
/// `level` (0.95 for 95 %).
///
/// Where counts are known only as intervals the limits hold whatever they are: from those of the least rate with the
/// largest variance to those of the most.
///
/// ```
/// use averted::data::Count;
/// use averted::surveillance::{RateLimits, standardised_rate};
/// let deaths = [2.0, 9.0, 30.0].map(Count::Exact);
/// let people = [50_000.0, 40_000.0, 10_000.0];
/// let rate = standardised_rate(&deaths, &people, &people, RateLimits::Gamma, 0.95)?.per(1e5);
/// // Standardised to its own people it is the crude rate.
/// assert!((rate.rate - 41.0).abs() < 1e-9 && (rate.crude.rate - 41.0).abs() < 1e-9);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] when lengths differ; [`Error::Domain`] for counts below zero, and people or weights that are not
/// positive; [`Error::Missing`] for missing counts; [`Error::Argument`] for a level outside 0 to 1, and for limits other
/// than by the gamma distribution where counts are hidden or all zero; [`Error::NothingToEstimate`] without groups.
pub fn standardised_rate(
    events: &[Count],
    population: &[f64],
    standard: &[f64],
    limits: RateLimits,
    level: f64,
) -> Result<StandardisedRate> {
    let tail = 0.5 * (1.0 - interval_level(level)?);
    let groups = Groups::new(events, population, standard)?;
    let (least, most) = (groups.moments(|(lo, _)| lo), groups.moments(|(_, hi)| hi));
    let hidden = groups.ends.iter().filter(|(lo, hi)| lo < hi).count();
    let sum = |end: fn(&(f64, f64)) -> f64| groups.ends.iter().map(end).sum::<f64>();
    let (fewest, total) = (sum(|e| e.0), sum(|e| e.1));
    let by_gamma = matches!(limits, RateLimits::Gamma | RateLimits::Tiwari);
    if !by_gamma && (hidden > 0 || total == 0.0) {
        let why = if hidden > 0 { "counts are hidden" } else { "nothing was counted" };
        return Err(Error::Argument {
            argument: "limits".into(),
            value: limits.to_string(),
            must: format!("gamma or tiwari where {why}"),
        });
    }
    let (lower, upper) = match limits {
        RateLimits::Gamma => {
            gamma_limits(least.rate, most, (groups.largest(), groups.largest().powi(2)), tail)?
        }
        RateLimits::Tiwari => gamma_limits(least.rate, most, groups.means(), tail)?,
        RateLimits::Dobson => {
            let (low, high) = super::rates::limits(total, total, tail)?;
            let along = |x: f64| most.rate + (most.variance / total).sqrt() * (x - total);
            (along(low), along(high))
        }
        RateLimits::LogNormal => {
            let reach = Normal::standard().quantile(1.0 - tail) * most.variance.sqrt() / most.rate;
            (most.rate * (-reach).exp(), most.rate * reach.exp())
        }
    };
    let people: f64 = population.iter().sum();
    let crude = if hidden > 0 { Count::Interval { lo: fewest, hi: total } } else { Count::Exact(total) };
    Ok(StandardisedRate {
        rate: if hidden > 0 { f64::NAN } else { most.rate },
        std_error: if hidden > 0 { f64::NAN } else { most.variance.sqrt() },
        lower,
        upper,
        range: (least.rate, most.rate),
        crude: rate_interval(crude, people, level)?,
        limits,
        level,
        hidden,
        per: 1.0,
        groups: population.len(),
        people,
    })
}

/// A rate and its variance.
#[derive(Clone, Copy)]
struct Moments {
    rate: f64,
    variance: f64,
}

/// Counts and what one event adds to the rate.
struct Groups {
    ends: Vec<(f64, f64)>,
    /// `wᵢ/nᵢ`
    each: Vec<f64>,
}

impl Groups {
    fn new(events: &[Count], population: &[f64], standard: &[f64]) -> Result<Self> {
        if events.is_empty() {
            return Err(Error::NothingToEstimate { why: "there are no groups".into() });
        }
        for (what, found) in [("population", population.len()), ("standard", standard.len())] {
            if found != events.len() {
                let expected = format!("{} groups, as in events", events.len());
                return Err(Error::Shape { what: what.into(), expected, found: format!("{found} groups") });
            }
        }
        let missing = |count: &Count| matches!(count, Count::Missing);
        if let Some(first) = events.iter().position(missing) {
            let count = events.iter().filter(|count| missing(count)).count();
            return Err(Error::Missing { what: "events".into(), count, first });
        }
        let both = events.iter().zip(population).enumerate();
        let ends = both.map(|(row, (&count, &n))| people(n, row).and_then(|()| ends(count, row)));
        let ends = ends.collect::<Result<Vec<_>>>()?;
        if let Some((row, w)) = standard.iter().enumerate().find(|(_, w)| !(w.is_finite() && **w > 0.0)) {
            let must = "a finite number above 0: leave out a group without weight".into();
            return Err(Error::Domain { what: "standard".into(), row, value: w.to_string(), must });
        }
        let total: f64 = standard.iter().sum();
        Ok(Self { ends, each: standard.iter().zip(population).map(|(w, n)| w / total / n).collect() })
    }

    fn moments(&self, end: impl Fn((f64, f64)) -> f64) -> Moments {
        let pairs = || self.ends.iter().zip(&self.each).map(|(&ends, &each)| (end(ends), each));
        Moments {
            rate: pairs().map(|(d, each)| d * each).sum(),
            variance: pairs().map(|(d, each)| d * each * each).sum(),
        }
    }

    fn largest(&self) -> f64 {
        self.each.iter().copied().fold(0.0, f64::max)
    }

    /// The mean of what an event adds, and of its square.
    fn means(&self) -> (f64, f64) {
        let groups = self.each.len() as f64;
        (self.each.iter().sum::<f64>() / groups, self.each.iter().map(|e| e * e).sum::<f64>() / groups)
    }
}

/// Gamma limits with one more event, which adds `more` to the mean and to the variance, at the upper end.
fn gamma_limits(least: f64, most: Moments, more: (f64, f64), tail: f64) -> Result<(f64, f64)> {
    let gamma = |mean: f64, variance: f64| Gamma::new(mean * mean / variance, variance / mean);
    let lower = if least > 0.0 { gamma(least, most.variance)?.quantile(tail) } else { 0.0 };
    let upper = gamma(most.rate + more.0, most.variance + more.1)?.quantile(1.0 - tail);
    Ok((lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEOPLE: [f64; 3] = [12_000.0, 18_000.0, 4_000.0];
    const STANDARD: [f64; 3] = [30.0, 50.0, 20.0];

    fn rate(events: &[Count], limits: RateLimits) -> Result<StandardisedRate> {
        standardised_rate(events, &PEOPLE, &STANDARD, limits, 0.95)
    }

    #[test]
    fn limits_of_hidden_counts_hold_whatever_the_counts_are() -> Result<()> {
        let hidden = Count::Interval { lo: 1.0, hi: 9.0 };
        for limits in [RateLimits::Gamma, RateLimits::Tiwari] {
            let bounded = rate(&[hidden, Count::Exact(30.0), hidden], limits)?;
            assert!(bounded.rate.is_nan() && bounded.hidden == 2);
            for a in 1..=9 {
                for b in 1..=9 {
                    let exact = rate(&[a, 30, b].map(|y| Count::Exact(f64::from(y))), limits)?;
                    assert!(bounded.lower <= exact.lower && exact.upper <= bounded.upper, "{limits} {a} {b}");
                    assert!(
                        bounded.range.0 <= exact.rate * (1.0 + 1e-12)
                            && exact.rate <= bounded.range.1 * (1.0 + 1e-12)
                    );
                    assert!(
                        bounded.crude.lower <= exact.crude.lower && exact.crude.upper <= bounded.crude.upper
                    );
                }
            }
        }
        Ok(())
    }

    #[test]
    fn one_group_has_the_exact_interval() -> Result<()> {
        let events = [Count::Exact(7.0)];
        for limits in [RateLimits::Gamma, RateLimits::Tiwari, RateLimits::Dobson] {
            let one = standardised_rate(&events, &[500.0], &[3.0], limits, 0.9)?;
            assert!((one.lower / one.crude.lower - 1.0).abs() < 1e-12, "{limits}");
            assert!((one.upper / one.crude.upper - 1.0).abs() < 1e-12, "{limits}");
        }
        Ok(())
    }

    #[test]
    fn no_events_still_have_an_upper_limit() -> Result<()> {
        let none = [Count::Exact(0.0); 3];
        let found = rate(&none, RateLimits::Gamma)?;
        // An exponential with the weight of the rarest group as its mean.
        assert!(found.lower == 0.0 && (found.upper / (-0.025_f64.ln() * 0.2 / 4_000.0) - 1.0).abs() < 1e-12);
        assert!(matches!(rate(&none, RateLimits::Dobson), Err(Error::Argument { .. })));
        assert!(matches!(rate(&none, RateLimits::LogNormal), Err(Error::Argument { .. })));
        Ok(())
    }

    #[test]
    fn what_cannot_be_standardised_is_refused() {
        let events = [Count::Exact(1.0); 3];
        let with = |people: &[f64], standard: &[f64]| {
            standardised_rate(&events, people, standard, RateLimits::Gamma, 0.95)
        };
        assert!(matches!(with(&PEOPLE[..2], &STANDARD), Err(Error::Shape { .. })));
        assert!(matches!(with(&PEOPLE, &STANDARD[..2]), Err(Error::Shape { .. })));
        assert!(matches!(with(&[1.0, 0.0, 1.0], &STANDARD), Err(Error::Domain { row: 1, .. })));
        assert!(matches!(with(&PEOPLE, &[1.0, 1.0, -1.0]), Err(Error::Domain { row: 2, .. })));
        let negative = [Count::Exact(1.0), Count::Exact(-1.0), Count::Exact(2.0)];
        assert!(matches!(rate(&negative, RateLimits::Gamma), Err(Error::Domain { row: 1, .. })));
        let missing = [Count::Missing, Count::Exact(1.0), Count::Missing];
        assert!(matches!(rate(&missing, RateLimits::Gamma), Err(Error::Missing { count: 2, first: 0, .. })));
        let hidden = [Count::Interval { lo: 1.0, hi: 9.0 }; 3];
        assert!(matches!(rate(&hidden, RateLimits::Dobson), Err(Error::Argument { .. })));
        assert!("gama".parse::<RateLimits>().unwrap_err().to_string().contains("did you mean gamma"));
        assert!(standard_population("who").is_err());
    }

    #[test]
    fn the_standard_is_what_was_projected_in_thousands() {
        let thousands =
            [3_795, 15_192, 39_977, 38_077, 37_233, 44_659, 37_030, 23_961, 18_136, 12_315, 4_259];
        let total = f64::from(thousands.iter().sum::<i32>());
        for ((_, weight), people) in US_2000.iter().zip(thousands) {
            assert!((weight - 1e6 * f64::from(people) / total).abs() < 0.6, "{weight}");
        }
        assert_eq!(US_2000.iter().map(|(_, w)| w).sum::<f64>(), 1e6);
    }
}
