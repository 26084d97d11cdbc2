//! A monthly series and its means over periods.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::data::calendar::Frequency;

/// A series by month, such as a price index or an exchange rate.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthlyIndex {
    name: &'static str,
    values: BTreeMap<i64, f64>,
}

/// The mean of a series over the months of a period, and how many of them it has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean over the months there are; `None` where they are too few to stand for the period.
    pub value: Option<f64>,
    /// The months there are.
    pub found: usize,
    /// The months of the period.
    pub months: usize,
}

impl MonthlyIndex {
    /// From a table of `2019-03,255.6` under a header.
    pub(super) fn read(name: &'static str, table: &str) -> Self {
        let cell = |line: &str| {
            let (month, value) = line.split_once(',')?;
            let (year, month) = month.split_once('-')?;
            Some((12 * year.parse::<i64>().ok()? + month.parse::<i64>().ok()? - 1, value.parse().ok()?))
        };
        Self { name, values: table.lines().skip(1).filter_map(cell).collect() }
    }

    /// What it is.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value of a month, if there is one.
    pub fn month(&self, month: i64) -> Option<f64> {
        self.values.get(&month).copied()
    }

    /// The first and the last month, in writing.
    pub fn span(&self) -> (String, String) {
        let label = |month: Option<&i64>| month.map_or_else(String::new, |m| Frequency::Month.label(*m));
        (label(self.values.keys().next()), label(self.values.keys().next_back()))
    }

    /// The mean over months, if at least three quarters of them are there and the period ends within the span.
    ///
    /// A hole inside the series (the CPI-U has none for October 2025) leaves a mean of the months there are; a year
    /// that has not ended, or began before the series, has no mean.
    pub fn mean(&self, months: Range<i64>) -> Mean {
        let count = (months.end - months.start).max(0) as usize;
        let (mut sum, mut found) = (0.0, 0);
        for (_, value) in self.values.range(months.clone()) {
            sum += value;
            found += 1;
        }
        let first = self.values.keys().next().is_some_and(|first| *first <= months.start);
        let last = self.values.keys().next_back().is_some_and(|last| *last >= months.end - 1);
        let enough = found > 0 && first && last && 4 * found >= 3 * count;
        Mean { value: enough.then(|| sum / found as f64), found, months: count }
    }
}
