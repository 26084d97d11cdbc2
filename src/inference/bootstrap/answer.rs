//! What a bootstrap test answers.

use std::fmt::{self, Display};

use super::Tally;
use super::multipliers::{Draws, Multipliers};
use crate::inference::{Cell, Table, thousands};

/// The values that a test does not reject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its level: 0.95 for 95 %.
    pub level: f64,
    /// Lower end; −∞ if nothing below is rejected.
    pub lower: f64,
    /// Upper end; ∞ if nothing above is rejected.
    pub upper: f64,
}

/// The answer of a bootstrap test.
#[derive(Debug, Clone, PartialEq)]
pub struct BootstrapTest {
    /// Which bootstrap.
    pub method: String,
    /// The hypothesis as read.
    pub hypothesis: String,
    /// Restrictions tested.
    pub restrictions: usize,
    /// The estimate of the combination that is restricted; NaN for several.
    pub estimate: f64,
    /// Its clustered standard error; NaN for several.
    pub std_error: f64,
    /// The observed `t`, or `F` for several restrictions.
    pub statistic: f64,
    /// The share of draws at least as far from zero.
    pub p_value: f64,
    /// Twice the share of the smaller tail; NaN for several restrictions.
    pub p_value_equal_tailed: f64,
    /// The values not rejected, for one restriction and if asked for.
    pub interval: Option<Interval>,
    /// The pieces of the set of values not rejected, ascending, where it need not be an interval: with instruments. No
    /// piece: every value is rejected.
    pub set: Option<Vec<(f64, f64)>>,
    /// The statistic of every draw; NaN where a draw has none.
    pub draws: Vec<f64>,
    /// Draws at least as far from zero as the sample, and those farther.
    pub exceeding: (usize, usize),
    /// Draws without a statistic, left out.
    pub undefined: usize,
    /// Whether the draws are all there are.
    pub enumerated: bool,
    /// The distribution of the multipliers.
    pub multipliers: Multipliers,
    /// Clusters of each variable.
    pub clusters: Vec<usize>,
    /// How many multipliers a draw has.
    pub groups: usize,
    /// The seed.
    pub seed: u64,
    /// What the caller should know.
    pub notes: Vec<String>,
}

impl BootstrapTest {
    /// Takes the tally over; `estimate` and `std_error` are to be set.
    pub(crate) fn new(
        method: String,
        hypothesis: String,
        draws: &Draws,
        statistic: f64,
        drawn: Vec<f64>,
    ) -> Self {
        let tally = Tally::of(drawn.iter().copied(), statistic);
        let undefined = drawn.len() - tally.defined;
        let mut notes = Vec::new();
        if undefined > 0 {
            notes.push(format!(
                "{undefined} of {} draws have a variance of zero or less, and were left out",
                thousands(drawn.len() as f64)
            ));
        }
        Self {
            method,
            hypothesis,
            restrictions: 1,
            estimate: f64::NAN,
            std_error: f64::NAN,
            statistic,
            p_value: tally.symmetric(draws.enumerated()),
            p_value_equal_tailed: tally.equal_tailed(draws.enumerated()),
            interval: None,
            set: None,
            exceeding: (tally.as_far, tally.farther),
            draws: drawn,
            undefined,
            enumerated: draws.enumerated(),
            multipliers: draws.kind(),
            clusters: Vec::new(),
            groups: draws.groups(),
            seed: draws.seed(),
            notes,
        }
    }

    /// As a table of one row, with what was drawn under it.
    pub fn table(&self) -> Table {
        let mut table =
            Table::new(&["term", "estimate", "std_error", "statistic", "p_value", "lower", "upper"]);
        let (lower, upper) = self.interval.map_or((f64::NAN, f64::NAN), |i| (i.lower, i.upper));
        table.push(vec![
            Cell::Text(self.hypothesis.clone()),
            Cell::Number(self.estimate),
            Cell::Number(self.std_error),
            Cell::Number(self.statistic),
            Cell::Probability(self.p_value),
            Cell::Number(lower),
            Cell::Number(upper),
        ]);
        let clusters: Vec<String> = self.clusters.iter().map(|&g| thousands(g as f64)).collect();
        let drawn = if self.enumerated {
            format!("all {} sign vectors", thousands(self.draws.len() as f64))
        } else {
            format!("{} draws, {}, seed {}", thousands(self.draws.len() as f64), self.multipliers, self.seed)
        };
        let mut line = format!("G = {}", clusters.join(" and "));
        if self.clusters.len() > 1 || self.clusters.first() != Some(&self.groups) {
            line += &format!(", {} multipliers", thousands(self.groups as f64));
        }
        line += &format!("; {drawn}");
        if self.restrictions == 1 {
            line += &format!("; p = {:.4} by equal tails", self.p_value_equal_tailed);
        }
        table = table.title(format!("{}: {}", self.method, self.hypothesis)).note(line);
        self.notes.iter().cloned().fold(table, Table::note)
    }
}

impl Display for BootstrapTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}
