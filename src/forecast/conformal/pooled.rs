//! Scores of many series together.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::forecast::conformal::{Calibration, Spread};

/// Series that a stratum must have for its scores to be pooled on their own.
pub const LEAST_SERIES: usize = 40;

/// One past forecast of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The series.
    pub series: &'a str,
    /// What it is pooled with, such as its frequency.
    pub stratum: &'a str,
    /// Periods ahead, from 1.
    pub ahead: usize,
    /// What was said.
    pub spread: Spread,
    /// What came; NaN is left out.
    pub y: f64,
}

/// The scores of a panel, by stratum and horizon.
///
/// Exchangeable are the series, not the windows of one: a series with more windows counts for more, and coverage is that
/// of a new series on average, not of each.
///
/// ```
/// use averted::forecast::conformal::{Pooled, Record, Spread};
/// let names: Vec<String> = (0..50).map(|i| format!("county {i}")).collect();
/// let records = (0..).zip(&names).map(|(i, series)| {
///     let y = f64::from(i % 10);
///     Record { series, stratum: "year", ahead: 1, spread: Spread::symmetric(0.0, 2.0), y }
/// });
/// let pooled = Pooled::new(records)?;
/// assert_eq!(pooled.calibration("year")?.radius(1, 0.95)?, 4.5);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled {
    /// Strata with enough series.
    strata: BTreeMap<String, Calibration>,
    /// All of them together, if they are enough.
    all: Option<Calibration>,
    series: usize,
}

impl Pooled {
    /// From past forecasts of many series.
    ///
    /// # Errors
    /// As [`Calibration::of`].
    pub fn new<'a>(records: impl IntoIterator<Item = Record<'a>>) -> Result<Self> {
        let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut rows: BTreeMap<&str, Vec<(usize, Spread, f64)>> = BTreeMap::new();
        for record in records.into_iter().filter(|r| !r.y.is_nan()) {
            members.entry(record.stratum).or_default().insert(record.series);
            rows.entry(record.stratum).or_default().push((record.ahead, record.spread, record.y));
        }
        let series = members.values().flatten().collect::<BTreeSet<_>>().len();
        let all = (series >= LEAST_SERIES).then(|| Calibration::of(rows.values().flatten().copied()));
        let strata = rows.iter().filter(|(stratum, _)| members[*stratum].len() >= LEAST_SERIES);
        let strata = strata.map(|(s, rows)| Ok(((*s).to_owned(), Calibration::of(rows.iter().copied())?)));
        Ok(Self { strata: strata.collect::<Result<_>>()?, all: all.transpose()?, series })
    }

    /// The scores for a stratum: its own if it has 40 series, else those of all strata together.
    ///
    /// # Errors
    /// [`Error::TooShort`] when all strata together have fewer.
    pub fn calibration(&self, stratum: &str) -> Result<&Calibration> {
        let what = || "series to pool the errors of".into();
        self.strata.get(stratum).or(self.all.as_ref()).ok_or_else(|| Error::TooShort {
            what: what(),
            needed: LEAST_SERIES,
            found: self.series,
        })
    }

    /// Whether a stratum stands on its own.
    pub fn own(&self, stratum: &str) -> bool {
        self.strata.contains_key(stratum)
    }

    /// Series in all strata.
    pub fn series(&self) -> usize {
        self.series
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{normal, stream};

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("s{i}")).collect()
    }

    #[test]
    fn small_strata_join_the_others() {
        let names = names(60);
        let records = names.iter().enumerate().map(|(i, series)| Record {
            series,
            stratum: if i < 45 { "month" } else { "year" },
            ahead: 1,
            spread: Spread::symmetric(0.0, 1.0),
            y: if i < 45 { 1.0 } else { 5.0 },
        });
        let pooled = Pooled::new(records).expect("one");
        assert!(pooled.own("month") && !pooled.own("year"));
        assert_eq!(pooled.calibration("month").expect("own").n(1), 45);
        assert_eq!(pooled.calibration("year").expect("all").n(1), 60);
        assert_eq!(pooled.calibration("year").and_then(|c| c.radius(1, 0.95)), Ok(5.0));
        let few = Pooled::new(names.iter().take(39).map(|series| Record {
            series,
            stratum: "year",
            ahead: 1,
            spread: Spread::symmetric(0.0, 1.0),
            y: 1.0,
        }));
        let refused = few.and_then(|p| p.calibration("year").cloned()).expect_err("too few");
        assert!(matches!(refused, Error::TooShort { needed: 40, found: 39, .. }), "{refused}");
    }

    /// Standard errors that are half of the truth, on series of different sizes: the pool puts them right.
    #[test]
    fn pooled_intervals_cover_new_series() {
        let (mut inside, mut all) = (0.0_f64, 0.0_f64);
        for run in 0..400 {
            let mut e = stream(5, run);
            let names = names(80);
            let mut draw = || {
                let size = (2.0 * normal(&mut e)).exp();
                (Spread::symmetric(0.0, size), 2.0 * size * normal(&mut e))
            };
            let mut records = Vec::new();
            for series in &names {
                let (spread, y) = draw();
                records.push(Record { series, stratum: "year", ahead: 1, spread, y });
            }
            let pooled = Pooled::new(records).expect("one");
            for _ in 0..50 {
                let (spread, y) = draw();
                let calibration = pooled.calibration("year").expect("own");
                let (l, u) = calibration.interval(1, &spread, 0.95).expect("ends");
                inside += f64::from(u8::from(l <= y && y <= u));
                all += 1.0;
            }
        }
        // ⌈81 · 0.95⌉ / 81 = 77/81; runs share their scores, whose spread is that of a Beta(77, 4).
        let exact = 77.0 / 81.0;
        let error = (exact * (1.0 - exact) / 82.0 / 400.0 + exact * (1.0 - exact) / all).sqrt();
        assert!((inside / all - exact).abs() < 4.0 * error, "{}", inside / all);
    }
}
