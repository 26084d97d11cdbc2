//! Randomisation inference: the statistic among those that other assignments of the treatment would have given.
//!
//! Under the sharp null of no effect at all, outcomes do not depend on who was treated; if treatment could as well have
//! gone to other clusters, the observed statistic is one among those of all assignments (Fisher 1935, *The Design of
//! Experiments*). With clusters unlike each other a `t` is safer than a coefficient (MacKinnon & Webb 2020, *Journal of
//! Econometrics* 218).

use crate::inference::bootstrap::Tally;
use crate::inference::{Cell, Table, thousands};
use crate::random::{stream, uniform};

/// Ways to hand out what clusters have: all distinct ones where they are few, else random ones.
///
/// ```
/// use averted::inference::Assignments;
/// // One treated of four: four ways.
/// let all = Assignments::new(vec![0, 1, 0, 0], 99, Some(1));
/// assert!(all.enumerated() && all.len() == 4);
/// assert_eq!(all.assignment(0), [0, 0, 0, 1]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Assignments {
    /// What every cluster has.
    own: Vec<u32>,
    count: usize,
    seed: u64,
    all: Option<Vec<Vec<u32>>>,
}

impl Assignments {
    /// This many random assignments, or all distinct ones if they are no more. Without a seed one is drawn, and kept.
    pub fn new(own: Vec<u32>, draws: usize, seed: Option<u64>) -> Self {
        let all = (ways(&own) <= draws as f64 + 1.0).then(|| {
            let mut next = own.clone();
            next.sort_unstable();
            let mut all = vec![next.clone()];
            while advance(&mut next) {
                all.push(next.clone());
            }
            all
        });
        let count = all.as_ref().map_or(draws, Vec::len);
        Self { own, count, seed: seed.unwrap_or_else(crate::random::fresh_seed), all }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether these are all there are; the one that happened is among them.
    pub fn enumerated(&self) -> bool {
        self.all.is_some()
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Assignment `index`: what every cluster gets.
    pub fn assignment(&self, index: usize) -> Vec<u32> {
        if let Some(all) = &self.all {
            return all[index].clone();
        }
        let mut generator = stream(self.seed, index as u64);
        let mut dealt = self.own.clone();
        for last in (1..dealt.len()).rev() {
            let other = (uniform(&mut generator) * (last + 1) as f64) as usize;
            dealt.swap(last, other);
        }
        dealt
    }
}

/// How many distinct orders there are: `G! / Π n!`.
fn ways(own: &[u32]) -> f64 {
    let mut seen: Vec<u32> = Vec::new();
    let mut ways = 1.0_f64;
    for (place, kind) in own.iter().enumerate() {
        seen.push(*kind);
        let alike = seen.iter().filter(|k| *k == kind).count();
        ways *= (place + 1) as f64 / alike as f64;
    }
    ways.round()
}

/// The next order of a list by value; false after the last.
fn advance(list: &mut [u32]) -> bool {
    let Some(turn) = (1..list.len()).rev().find(|&i| list[i - 1] < list[i]) else { return false };
    if let Some(larger) = (turn..list.len()).rev().find(|&i| list[i] > list[turn - 1]) {
        list.swap(turn - 1, larger);
    }
    list[turn..].reverse();
    true
}

/// The answer of a randomisation test.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomizationTest {
    /// The coefficient whose regressor was handed out anew.
    pub term: String,
    /// Its estimate.
    pub estimate: f64,
    /// Its clustered standard error.
    pub std_error: f64,
    /// `t` or `coefficient`.
    pub kind: &'static str,
    /// The statistic of what happened.
    pub statistic: f64,
    /// The share of assignments at least as far from zero.
    pub p_value: f64,
    /// The share of assignments at least as large.
    pub p_value_greater: f64,
    /// The share of assignments at least as small.
    pub p_value_less: f64,
    /// The statistic of every assignment; NaN where it has none.
    pub draws: Vec<f64>,
    /// Whether the assignments are all there are.
    pub enumerated: bool,
    /// Clusters, and distinct paths among them.
    pub clusters: (usize, usize),
    /// The seed.
    pub seed: u64,
    /// What the caller should know.
    pub notes: Vec<String>,
}

impl RandomizationTest {
    pub(crate) fn new(
        term: &str,
        kind: &'static str,
        assignments: &Assignments,
        observed: f64,
        drawn: Vec<f64>,
    ) -> Self {
        let tally = Tally::of(drawn.iter().copied(), observed);
        let among = assignments.enumerated();
        let mut notes = Vec::new();
        if tally.defined < drawn.len() {
            notes.push(format!(
                "{} of {} assignments are taken up by the rest of the model, and were left out",
                drawn.len() - tally.defined,
                drawn.len()
            ));
        }
        if among && drawn.len() < 1_000 {
            notes.push(format!(
                "there are only {} assignments: no p-value below {:.4}",
                drawn.len(),
                1.0 / drawn.len() as f64
            ));
        }
        Self {
            term: term.to_owned(),
            estimate: f64::NAN,
            std_error: f64::NAN,
            kind,
            statistic: observed,
            p_value: tally.symmetric(among),
            p_value_greater: tally.share(tally.above, among),
            p_value_less: tally.share(tally.below, among),
            draws: drawn,
            enumerated: among,
            clusters: (0, 0),
            seed: assignments.seed(),
            notes,
        }
    }

    /// As a table of one row, with what was drawn under it.
    pub fn table(&self) -> Table {
        let names =
            ["term", "estimate", "std_error", "statistic", "p_value", "p_value_greater", "p_value_less"];
        let mut table = Table::new(&names);
        table.push(vec![
            Cell::Text(self.term.clone()),
            Cell::Number(self.estimate),
            Cell::Number(self.std_error),
            Cell::Number(self.statistic),
            Cell::Probability(self.p_value),
            Cell::Probability(self.p_value_greater),
            Cell::Probability(self.p_value_less),
        ]);
        let drawn = if self.enumerated {
            format!("all {} assignments", thousands(self.draws.len() as f64))
        } else {
            format!("{} random assignments, seed {}", thousands(self.draws.len() as f64), self.seed)
        };
        let (clusters, paths) = self.clusters;
        table = table.title(format!("Randomisation test of `{}`, by its {}", self.term, self.kind)).note(format!(
            "{clusters} clusters with {paths} different paths; {drawn}. Sharp null: no effect on any cluster, and treatment \
             could as well have gone to any other"
        ));
        self.notes.iter().cloned().fold(table, Table::note)
    }
}

impl std::fmt::Display for RandomizationTest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_assignment_comes_once() {
        let all = Assignments::new(vec![2, 0, 1, 0, 0], 1_000, None);
        assert_eq!((all.len(), all.enumerated()), (20, true));
        let mut lists: Vec<Vec<u32>> = (0..20).map(|i| all.assignment(i)).collect();
        lists.dedup();
        assert_eq!(lists.len(), 20);
        assert!(lists.contains(&vec![2, 0, 1, 0, 0]));
    }

    #[test]
    fn random_assignments_keep_what_there_is_and_are_even() {
        let some = Assignments::new((0..8).collect(), 4_000, Some(1));
        assert!(!some.enumerated());
        let mut first = [0_usize; 8];
        for i in 0..some.len() {
            let mut dealt = some.assignment(i);
            first[dealt[0] as usize] += 1;
            dealt.sort_unstable();
            assert_eq!(dealt, (0..8).collect::<Vec<u32>>());
        }
        assert!(first.iter().all(|&c| (430..570).contains(&c)), "{first:?}");
    }
}
