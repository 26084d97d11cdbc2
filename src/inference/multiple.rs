//! Several hypotheses at once: p-values that keep the share of false findings where it was promised.
//!
//! | method | holds | from |
//! | --- | --- | --- |
//! | Bonferroni | any error at all, whatever the dependence | `m p` |
//! | Holm (1979, *Scandinavian Journal of Statistics* 6) | the same, never larger | `max_{j ≤ i} (m − j + 1) p_(j)` |
//! | Benjamini & Hochberg (1995, *JRSS B* 57) | the share of false findings, under independence | `min_{j ≥ i} m p_(j) / j` |
//! | Benjamini & Yekutieli (2001, *Annals of Statistics* 29) | the same, whatever the dependence | times `Σ 1/j` |
//! | Romano & Wolf (2005, *Econometrica* 73) | any error at all, using the dependence that the draws have | [`step_down`] |

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::{Error, Result, nearest};
use crate::inference::{BootstrapTest, Cell, Table};

/// How p-values are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// `m p`.
    Bonferroni,
    /// Stepping down from the smallest.
    Holm,
    /// The false discovery rate under independence.
    BenjaminiHochberg,
    /// The false discovery rate whatever the dependence.
    BenjaminiYekutieli,
}

impl Adjustment {
    const ALL: [(&'static str, Self); 4] = [
        ("bonferroni", Self::Bonferroni),
        ("holm", Self::Holm),
        ("benjamini_hochberg", Self::BenjaminiHochberg),
        ("benjamini_yekutieli", Self::BenjaminiYekutieli),
    ];
}

impl Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, kind)| kind == self).map_or("", |(name, _)| name))
    }
}

impl FromStr for Adjustment {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let names = Self::ALL.map(|(name, _)| name);
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind).ok_or_else(|| Error::Argument {
            argument: "method".into(),
            value: format!("`{name}`"),
            must: nearest(name, names).map_or_else(
                || format!("one of {}", names.join(", ")),
                |near| format!("one of {}; did you mean {near}?", names.join(", ")),
            ),
        })
    }
}

/// Adjusted p-values, in the order given. A missing one (NaN) stays so and is no hypothesis.
///
/// ```
/// use averted::inference::{Adjustment, adjust};
/// let adjusted = adjust(&[0.01, 0.04, 0.03], Adjustment::Holm)?;
/// assert!(adjusted.iter().zip([0.03, 0.06, 0.06]).all(|(p, q)| (p - q).abs() < 1e-15));
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// [`Error::Domain`] for a number that is no probability.
pub fn adjust(p_values: &[f64], method: Adjustment) -> Result<Vec<f64>> {
    if let Some((row, p)) =
        p_values.iter().enumerate().find(|(_, p)| !p.is_nan() && !(0.0..=1.0).contains(*p))
    {
        let (what, must) = ("p_values".into(), "between 0 and 1".into());
        return Err(Error::Domain { what, row, value: p.to_string(), must });
    }
    let mut order: Vec<usize> = (0..p_values.len()).filter(|&i| !p_values[i].is_nan()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let m = order.len() as f64;
    let harmonic: f64 = (1..=order.len()).map(|j| 1.0 / j as f64).sum();
    let mut adjusted = vec![f64::NAN; p_values.len()];
    let own = |place: usize| {
        let p = p_values[order[place]];
        match method {
            Adjustment::Bonferroni => m * p,
            Adjustment::Holm => (m - place as f64) * p,
            Adjustment::BenjaminiHochberg => m * p / (place + 1) as f64,
            Adjustment::BenjaminiYekutieli => harmonic * m * p / (place + 1) as f64,
        }
    };
    match method {
        Adjustment::Bonferroni | Adjustment::Holm => {
            let mut most = 0.0_f64;
            for (place, &i) in order.iter().enumerate() {
                most = if method == Adjustment::Holm { most.max(own(place)) } else { own(place) };
                adjusted[i] = most.min(1.0);
            }
        }
        Adjustment::BenjaminiHochberg | Adjustment::BenjaminiYekutieli => {
            let mut least = 1.0_f64;
            for (place, &i) in order.iter().enumerate().rev() {
                least = least.min(own(place));
                adjusted[i] = least;
            }
        }
    }
    Ok(adjusted)
}

/// Step-down p-values from statistics drawn together: with hypotheses in the order of `|t|`, the *i*-th is compared with
/// the largest `|t*|` among itself and those after it, and is no smaller than the one before it.
///
/// `drawn` has one list of draws for each hypothesis; a draw that some hypothesis has no value for (NaN) is left out. The
/// sample counts as one draw unless it is `among` them.
///
/// ```
/// use averted::inference::step_down;
/// let drawn = [vec![1.0, -2.0, 0.5, 3.0], vec![0.2, 2.5, -0.1, 0.4]];
/// assert_eq!(step_down(&[2.2, 0.15], &drawn, false), [0.6, 0.8]);
/// ```
pub fn step_down(observed: &[f64], drawn: &[Vec<f64>], among: bool) -> Vec<f64> {
    let draws = drawn.iter().map(Vec::len).min().unwrap_or(0);
    let whole: Vec<usize> = (0..draws).filter(|&b| drawn.iter().all(|t| !t[b].is_nan())).collect();
    let mut order: Vec<usize> = (0..observed.len()).collect();
    order.sort_by(|&a, &b| observed[b].abs().total_cmp(&observed[a].abs()));
    let mut largest = vec![0.0_f64; whole.len()];
    let mut shares = vec![0.0; observed.len()];
    let own = usize::from(!among);
    for &hypothesis in order.iter().rev() {
        for (most, &b) in largest.iter_mut().zip(&whole) {
            *most = most.max(drawn[hypothesis][b].abs());
        }
        let bar = observed[hypothesis].abs() * (1.0 - super::bootstrap::TIE);
        let beyond = largest.iter().filter(|most| **most >= bar).count();
        shares[hypothesis] = (own + beyond) as f64 / (own + whole.len()) as f64;
    }
    let mut most = 0.0_f64;
    for hypothesis in order {
        most = most.max(shares[hypothesis]);
        shares[hypothesis] = most;
    }
    shares
}

/// One hypothesis about several outcomes, tested together.
#[derive(Debug, Clone, PartialEq)]
pub struct RomanoWolf {
    /// What each outcome is called.
    pub outcomes: Vec<String>,
    /// The bootstrap of each, all with the same multipliers.
    pub tests: Vec<BootstrapTest>,
    /// The p-value of each, the others considered.
    pub p_values: Vec<f64>,
}

impl RomanoWolf {
    pub(crate) fn new(outcomes: Vec<String>, tests: Vec<BootstrapTest>) -> Self {
        let observed: Vec<f64> = tests.iter().map(|t| t.statistic).collect();
        let drawn: Vec<Vec<f64>> = tests.iter().map(|t| t.draws.clone()).collect();
        let among = tests.first().is_some_and(|t| t.enumerated);
        let p_values = step_down(&observed, &drawn, among);
        Self { outcomes, tests, p_values }
    }

    /// As a table: one row an outcome.
    pub fn table(&self) -> Table {
        let names = ["term", "estimate", "std_error", "statistic", "p_value", "p_value_adjusted"];
        let mut table = Table::new(&names);
        for ((outcome, test), p) in self.outcomes.iter().zip(&self.tests).zip(&self.p_values) {
            table.push(vec![
                Cell::Text(outcome.clone()),
                Cell::Number(test.estimate),
                Cell::Number(test.std_error),
                Cell::Number(test.statistic),
                Cell::Probability(test.p_value),
                Cell::Probability(*p),
            ]);
        }
        if let Some(test) = self.tests.first() {
            let how = if test.enumerated {
                format!("all {} sign vectors", test.draws.len())
            } else {
                format!("{} draws, {}, seed {}", test.draws.len(), test.multipliers, test.seed)
            };
            table = table
                .title(format!("Romano–Wolf step-down: {}", test.hypothesis))
                .note(format!("{} outcomes, the same multipliers for all: {how}", self.tests.len()));
        }
        self.tests.iter().flat_map(|t| &t.notes).fold(table, |table, note| {
            if table.notes().contains(note) { table } else { table.note(note.clone()) }
        })
    }
}

impl Display for RomanoWolf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_by_hand() {
        let p = [0.05, 0.01, f64::NAN, 0.03, 0.02, 0.04];
        let close = |method: Adjustment, expected: [f64; 6]| {
            let ours = adjust(&p, method).expect("probabilities");
            for (o, e) in ours.iter().zip(expected) {
                assert!((o - e).abs() < 1e-15 || (o.is_nan() && e.is_nan()), "{method}: {ours:?}");
            }
        };
        close(Adjustment::Bonferroni, [0.25, 0.05, f64::NAN, 0.15, 0.1, 0.2]);
        close(Adjustment::Holm, [0.09, 0.05, f64::NAN, 0.09, 0.08, 0.09]);
        close(Adjustment::BenjaminiHochberg, [0.05, 0.05, f64::NAN, 0.05, 0.05, 0.05]);
        let c = 137.0 / 60.0 * 0.05;
        close(Adjustment::BenjaminiYekutieli, [c, c, f64::NAN, c, c, c]);
        assert!(adjust(&[0.5, 1.5], Adjustment::Holm).is_err());
        assert!("hom".parse::<Adjustment>().unwrap_err().to_string().contains("did you mean holm"));
        assert_eq!(adjust(&[], Adjustment::Holm).expect("nothing"), [0.0; 0]);
    }

    #[test]
    fn one_hypothesis_is_not_adjusted_and_twins_cost_nothing() {
        let drawn = vec![0.1, -0.4, 2.0, -3.0, 1.0];
        assert_eq!(step_down(&[1.5], std::slice::from_ref(&drawn), false), [0.5]);
        assert_eq!(step_down(&[1.5, 1.5], &[drawn.clone(), drawn], false), [0.5, 0.5]);
    }
}
