//! From a fit to the covariance of its coefficients: clusters found, nesting seen, factors counted.

use std::borrow::Cow;
use std::sync::OnceLock;

use ndarray::{Array1, Array2};

use super::absorb::is_nested;
use super::adjusted::Adjusted;
use super::fit::{Model, Shared};
use super::link::Link;
use super::related::related;
use super::settings::Accepted;
use super::treated::{self, Telling};
use crate::data::{Factor, Frame, MISSING, natural};
use crate::error::{Error, Result};
use crate::inference::covariance::{Estimated, Grouping, Ingredients, Related, crossings, estimate};
use crate::inference::{Counts, Covariance, SmallSample, significant, thousands};

/// A choice of covariance and what came of it.
#[derive(Clone)]
pub(super) struct Inference {
    pub(super) covariance: Covariance,
    pub(super) convention: SmallSample,
    pub(super) estimated: Estimated,
    /// The variance of a parameter that is not a coefficient.
    pub(super) nuisance_variance: Option<f64>,
    pub(super) grouped: Grouped,
    pub(super) adjusted: Adjusted,
    /// One number a cluster variable.
    pub(super) clusters: Vec<usize>,
    /// Whether some absorbed effect is nested in a cluster variable.
    pub(super) nested_effects: bool,
    pub(super) notes: Vec<String>,
    /// Why clustered tests of coefficients that few clusters tell about are wanted nevertheless.
    pub(super) accepted: Option<Accepted>,
    /// Looked for when first asked.
    telling: OnceLock<Vec<Telling>>,
}

/// Clusters of a fit's rows, in fitting order, and how the effects lie in them.
#[derive(Clone)]
pub(super) struct Grouped {
    pub(super) grouping: Grouping,
    /// Levels of every absorbed effect with intercepts, and whether it is nested.
    effects: Vec<(usize, bool)>,
    slopes: usize,
    /// Clusters of the variables and of their crossings; periods.
    sizes: Vec<usize>,
    /// Where the rows stand in time or space, if the covariance asks.
    pub(super) related: Option<Related>,
}

impl Grouped {
    pub(super) fn new<M: Model>(
        shared: &Shared<M>,
        covariance: &Covariance,
        more: Option<&Frame>,
    ) -> Result<Self> {
        let columns = covariance.clusters();
        if columns.is_empty() && matches!(covariance, Covariance::Cluster(_)) {
            return Err(Error::Argument {
                argument: "cluster".into(),
                value: "nothing".into(),
                must: "at least one column".into(),
            });
        }
        let grouping =
            columns.iter().map(|column| codes(shared, column, more)).collect::<Result<Grouping>>()?;
        let related = related(shared, covariance, more)?;
        let absorber = &shared.problem.absorber;
        let blocks = shared.problem.effects.iter().map(|e| &e.block);
        let effect = |b: &super::absorb::Block| {
            let inner = absorber.sorted(&b.codes);
            (b.levels, grouping.iter().any(|(outer, _)| is_nested(&inner, b.levels, outer)))
        };
        let effects = blocks.clone().filter(|b| b.intercept).map(effect).collect();
        let slopes = blocks.map(|b| b.levels * b.slopes.len()).sum();
        let sizes = if grouping.len() > 1 {
            crossings(&grouping).into_iter().map(|(_, _, groups)| groups).collect()
        } else {
            let periods = related.as_ref().and_then(Related::periods);
            grouping.iter().map(|(_, groups)| *groups).chain(periods).collect()
        };
        Ok(Self { grouping, effects, slopes, sizes, related })
    }

    pub(super) fn counts<'a, M: Model>(&'a self, shared: &Shared<M>) -> Counts<'a> {
        Counts {
            observations: shared.estimate.observations,
            coefficients: shared.estimate.names.len(),
            slopes: self.slopes,
            effects: &self.effects,
            redundant: shared.estimate.redundant,
            clusters: &self.sizes,
            of_counts: M::LINK != Link::Identity,
        }
    }

    /// Coefficients and absorbed levels, one level of every effect after the first taken as redundant.
    pub(super) fn parameters<M>(shared: &Shared<M>) -> usize {
        let blocks = || shared.problem.effects.iter().map(|e| &e.block);
        let redundant = blocks().filter(|b| b.intercept).count().saturating_sub(1);
        shared.estimate.names.len() + blocks().map(super::absorb::Block::coefficients).sum::<usize>()
            - redundant
    }
}

impl Inference {
    pub(super) fn new<M: Model>(
        shared: &Shared<M>,
        covariance: Covariance,
        convention: SmallSample,
        more: Option<&Frame>,
    ) -> Result<Self> {
        if M::SANDWICH_ONLY && covariance == Covariance::Classical {
            return Err(Error::Argument {
                argument: "covariance".into(),
                value: "classical".into(),
                must: format!("HC0, HC1 or clusters: {} has no information matrix", M::NAME),
            });
        }
        if let Some(must) = shared.model.refuses(&covariance) {
            let (argument, value) = ("covariance".into(), covariance.to_string());
            return Err(Error::Argument { argument, value, must });
        }
        let mut grouped = Grouped::new(shared, &covariance, more)?;
        let adjusted = Adjusted::new(shared, &covariance, &grouped, convention)?;
        let ortho = &shared.estimate.ortho;
        let pull = adjusted.pull.as_ref().unwrap_or(&shared.estimate.pull);
        let joint = shared.estimate.joint();
        let ones = Array1::ones(if joint.is_some() { pull.len() } else { 0 });
        let (root, x, pull) = match &joint {
            Some((root, scores)) => (root.view(), scores.view(), ones.view()),
            None => (ortho.root.view(), ortho.basis.view(), pull.view()),
        };
        let (repeats, dispersion) = (shared.repeats(), shared.estimate.dispersion);
        let from = Ingredients { root, x, pull, repeats, dispersion, related: None };
        if let Some(related) = &mut grouped.related {
            related.settle(&covariance, &from)?;
        }
        let from = Ingredients { related: grouped.related.as_ref(), ..from };
        let counts = grouped.counts(shared);
        let mut estimated = estimate(&covariance, &from, &grouped.grouping, convention, &counts)?;
        let nuisance_variance = match &shared.estimate.nuisance {
            None => None,
            // Refits are of the coefficients alone.
            Some(_) if adjusted.matrix.is_some() => Some(f64::NAN),
            Some(nuisance) => {
                let mut own = Array2::zeros((1, root.ncols()));
                own[[0, root.ncols() - 1]] = nuisance.own;
                let from = Ingredients { root: own.view(), ..from };
                let found = estimate(&covariance, &from, &grouped.grouping, convention, &counts)?;
                Some(if found.repaired.is_some() { f64::NAN } else { found.matrix[[0, 0]] })
            }
        };
        if shared.model.is_scaled() && covariance == Covariance::Classical {
            estimated.degrees = counts.observations - Grouped::parameters(shared) as f64;
        }
        adjusted.enter(&covariance, &grouped, convention, &mut estimated);
        let mut notes = adjusted.notes.clone();
        if let Some(negative) = &estimated.repaired {
            let names: Vec<&str> =
                negative.iter().filter_map(|&j| shared.estimate.names.get(j)).map(String::as_str).collect();
            let which = if names.is_empty() {
                String::new()
            } else {
                format!(" (negative variance of {})", names.join(", "))
            };
            notes.push(format!(
                "the covariance {covariance} was not positive semidefinite{which}; its negative eigenvalues were set \
                 to zero, which changed no other standard error by more than {} %, and its standard errors are not to \
                 be trusted",
                significant(100.0 * estimated.moved, 2)
            ));
        }
        let clusters = grouped.grouping.iter().map(|(_, groups)| *groups).collect();
        let nested_effects = grouped.effects.iter().any(|(_, nested)| *nested);
        Ok(Self {
            covariance,
            convention,
            estimated,
            nuisance_variance,
            grouped,
            adjusted,
            clusters,
            nested_effects,
            notes,
            accepted: None,
            telling: OnceLock::new(),
        })
    }

    /// The same, with what is accepted.
    pub(super) fn accepting(&self, accepted: Option<Accepted>) -> Self {
        Self { accepted, ..self.clone() }
    }

    /// How many clusters tell about every coefficient.
    pub(super) fn telling<M>(&self, shared: &Shared<M>) -> &[Telling] {
        self.telling.get_or_init(|| treated::telling(shared, self))
    }

    /// The cluster variable with the fewest clusters.
    pub(super) fn cluster_of_fewest(&self) -> Option<usize> {
        (0..self.clusters.len()).min_by_key(|&v| self.clusters[v])
    }

    pub(super) fn is_classical(&self) -> bool {
        self.covariance == Covariance::Classical
    }

    /// The covariance in words, with everything that went into its size.
    pub(super) fn line(&self, of_counts: bool) -> String {
        let mut line = format!("Standard errors {}", self.covariance);
        if !self.clusters.is_empty() {
            let sizes: Vec<String> = self.clusters.iter().map(|&g| thousands(g as f64)).collect();
            line += &format!(" (G = {})", sizes.join(" and "));
        } else if let Some(related) = &self.grouped.related {
            line += &within_reach(related);
        } else if of_counts && self.covariance == Covariance::Classical {
            line += if self.estimated.degrees.is_finite() { " (scaled)" } else { " (inverse information)" };
        }
        let reference = if let Some((least, most)) = self.adjusted.span {
            let (least, most) = (significant(least, 3), significant(most, 3));
            if least == most { format!("t({least})") } else { format!("t({least} to {most})") }
        } else if self.estimated.degrees.is_finite() {
            format!("t({})", self.estimated.degrees)
        } else {
            "normal".into()
        };
        line += &format!(
            ", small sample {}: A = {}, K = {}, {reference}",
            self.convention,
            significant(self.estimated.factor, 6),
            self.estimated.parameters
        );
        line
    }
}

/// Periods, and the lags or the bandwidth that came of a rule.
fn within_reach(related: &Related) -> String {
    let Some(reach) = related.reach() else { return String::new() };
    let how_far = match (reach.lags, reach.chosen) {
        (Some(lags), _) => format!("{lags} lag{}", if lags == 1 { "" } else { "s" }),
        (None, _) => format!("bandwidth {}", significant(reach.width, 4)),
    };
    format!(" (T = {}, {how_far})", thousands(reach.periods as f64))
}

/// The codes of a cluster variable on the rows of a fit, in fitting order; looked for in `more` first.
fn codes<M: Model>(shared: &Shared<M>, column: &str, more: Option<&Frame>) -> Result<(Vec<u32>, usize)> {
    let sample = &shared.sample;
    let kept = &shared.problem.kept;
    let dense = |factor: &Factor, row: &dyn Fn(usize) -> usize| -> Result<(Vec<u32>, usize)> {
        // Numbered as the labels are, so that sums over clusters run in an order that is not that of the rows.
        let mut code_of = vec![MISSING; factor.levels()];
        for &place in kept {
            let code = factor.codes()[row(place)];
            if code == MISSING {
                let missing = |&&place: &&usize| factor.codes()[row(place)] == MISSING;
                return Err(Error::Missing {
                    what: column.to_owned(),
                    count: kept.iter().filter(missing).count(),
                    first: sample.origin[place],
                });
            }
            code_of[code as usize] = 0;
        }
        let mut levels = 0;
        for slot in code_of.iter_mut().filter(|slot| **slot == 0) {
            *slot = levels;
            levels += 1;
        }
        let place = |p: usize| row(kept[shared.problem.absorber.row(p)]);
        let codes = (0..kept.len()).map(|p| code_of[factor.codes()[place(p)] as usize]).collect();
        Ok((codes, levels as usize))
    };
    match find(shared, column, more)? {
        (factor, true) => {
            one_of_each(shared, column, &factor)?;
            dense(&factor, &|place| sample.origin[place])
        }
        (factor, false) => dense(&factor, &|place| place),
    }
}

/// Refuses a cluster variable that differs between rows that were put together to one.
fn one_of_each<M: Model>(shared: &Shared<M>, column: &str, factor: &Factor) -> Result<()> {
    for rows in shared.model.merged() {
        if let Some(&row) = rows.iter().find(|&&row| factor.codes()[row] != factor.codes()[rows[0]]) {
            return Err(Error::Domain {
                what: column.to_owned(),
                row,
                value: factor.label(row).unwrap_or("missing").to_owned(),
                must: format!(
                    "as in row {}, {}: both belong to one row of the regression",
                    rows[0],
                    factor.label(rows[0]).unwrap_or("missing")
                ),
            });
        }
    }
    Ok(())
}

/// A cluster variable, looked for in `more` first, and whether it has the caller's rows or those of the sample.
fn find<'a, M>(shared: &'a Shared<M>, column: &str, more: Option<&Frame>) -> Result<(Cow<'a, Factor>, bool)> {
    let sample = &shared.sample;
    let given = sample.clusters.iter().find(|(name, _)| name == column).map(|(_, factor)| factor);
    let absorbed = sample.absorbed.iter().find(|a| a.name == column).map(|a| &a.factor);
    if let Some(more) = more.filter(|more| more.has(column)) {
        return Ok((Cow::Owned(more.factor(column)?), true));
    }
    match (given.or(absorbed), &shared.origin) {
        (Some(factor), _) => Ok((Cow::Borrowed(factor), false)),
        (None, Some(origin)) => Ok((Cow::Owned(origin.frame.factor(column)?), true)),
        (None, None) => {
            let known = sample.clusters.iter().map(|(n, _)| n).chain(sample.absorbed.iter().map(|a| &a.name));
            Err(Error::unknown_column(column, known.map(String::as_str)))
        }
    }
}

/// Groups of a fit's rows by one column, or by the crossing of several: codes in fitting order, and the labels, in their
/// own order, so that a draw belongs to a label whatever the order of rows and whether labels are numbers or text.
pub(super) fn ordered<M>(
    shared: &Shared<M>,
    columns: &[String],
    more: Option<&Frame>,
) -> Result<(Vec<u32>, Vec<Vec<String>>)> {
    let mut codes = vec![0_u32; shared.problem.kept.len()];
    let mut labels: Vec<Vec<String>> = vec![Vec::new()];
    for column in columns {
        let (own, names) = labelled(shared, column, more)?;
        let mut order: Vec<u32> = (0..names.len() as u32).collect();
        order.sort_by(|&a, &b| natural(&names[a as usize], &names[b as usize]));
        let mut place = vec![0_u64; order.len()];
        order.iter().zip(0..).for_each(|(&code, p)| place[code as usize] = p);
        let width = names.len() as u64;
        let pairs: Vec<u64> =
            codes.iter().zip(&own).map(|(&c, &o)| u64::from(c) * width + place[o as usize]).collect();
        let mut levels = pairs.clone();
        levels.sort_unstable();
        levels.dedup();
        codes = pairs.iter().map(|pair| levels.partition_point(|level| level < pair) as u32).collect();
        let label = |level: &u64| {
            let name = &names[order[(level % width) as usize] as usize];
            labels[(level / width) as usize].iter().chain([name]).cloned().collect()
        };
        labels = levels.iter().map(label).collect();
    }
    Ok((codes, labels))
}

/// A column of labels on the rows of a fit: codes in fitting order, and the labels.
pub(super) fn labelled<M>(
    shared: &Shared<M>,
    column: &str,
    more: Option<&Frame>,
) -> Result<(Vec<u32>, Vec<String>)> {
    let (factor, of_caller) = find(shared, column, more)?;
    let sample = &shared.sample;
    let row = |&place: &usize| if of_caller { sample.origin[place] } else { place };
    let rows: Vec<usize> = shared.problem.kept.iter().map(row).collect();
    let used = factor.take(&rows);
    if used.codes().contains(&MISSING) {
        let missing = |i: &usize| used.codes()[*i] == MISSING;
        let first = (0..rows.len()).find(missing).map_or(0, |i| sample.origin[shared.problem.kept[i]]);
        let count = (0..rows.len()).filter(missing).count();
        return Err(Error::Missing { what: column.to_owned(), count, first });
    }
    Ok((shared.problem.absorber.sorted(used.codes()), used.labels().to_vec()))
}
