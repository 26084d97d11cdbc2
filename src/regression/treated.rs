//! How many clusters a coefficient rests on, and what is not said where they are too few.
//!
//! Clusters whose regressor follows a path that the effects absorb tell nothing about its coefficient. With effects
//! nested in the clusters, a path is what is left after each level's first value; with an effect that cuts across
//! clusters, such as the period, the common path is the value that most clusters share in each of its levels. The
//! *treated* clusters of a coefficient are those that depart from the common path, by the reading under which they are
//! fewest: a few adopters among many, a few that did not adopt with all the others, or every cluster where each has a
//! path of its own. Without them the coefficient has no estimate.
//!
//! With few treated clusters the sandwich is too small, and the `t` rejects far too often however many clusters there are
//! (MacKinnon & Webb 2017, *Journal of Applied Econometrics* 32; 2018, *Econometrics Journal* 21).

use std::cmp::Ordering;

use super::absorb::is_nested;
use super::fit::{Fit, Model, Shared};
use super::inference::Inference;
use super::link::Link;
use super::settings::Accepted;
use crate::error::{Error, Result};
use crate::inference::{Covariance, thousands};

/// The code under which the audit knows few clusters.
pub(crate) const CODE: &str = "AV18";

/// Clusters below which a clustered p-value is refused.
pub(crate) const LEAST: usize = 5;

/// Treated clusters, and clusters, below which a note says so.
const DOUBTED: usize = 10;
const FEW: usize = 50;

/// Clusters that tell about a coefficient, of one cluster variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Telling {
    /// Which cluster variable.
    pub(super) variable: usize,
    /// How many; counted no further than it matters.
    pub(super) treated: usize,
}

/// For every coefficient the cluster variable of which the fewest clusters tell about it.
pub(super) fn telling<M>(shared: &Shared<M>, inference: &Inference) -> Vec<Telling> {
    let grouping = &inference.grouped.grouping;
    if !matches!(inference.covariance, Covariance::Cluster(_) | Covariance::FewClusters(_)) {
        return Vec::new();
    }
    let mut least = vec![Telling { variable: 0, treated: usize::MAX }; shared.estimate.names.len()];
    for (variable, (codes, groups)) in grouping.iter().enumerate() {
        let references = References::new(shared, codes, *groups);
        for (j, best) in least.iter_mut().enumerate() {
            let treated = references.departing(shared, j, DOUBTED).iter().filter(|d| **d).count();
            if treated < best.treated {
                *best = Telling { variable, treated };
            }
        }
    }
    least
}

/// The paths that the effects absorb.
pub(super) struct References<'a> {
    codes: &'a [u32],
    groups: usize,
    /// Codes of the finest effect nested in the clusters.
    nested: Option<(Vec<u32>, usize)>,
    /// Effects that cut across clusters: places by level, level after level, and where each begins.
    across: Vec<(Vec<u32>, Vec<usize>)>,
    constant: bool,
}

impl<'a> References<'a> {
    /// Of clusters in fitting order.
    pub(super) fn new<M>(shared: &Shared<M>, codes: &'a [u32], groups: usize) -> Self {
        let problem = &shared.problem;
        let mut nested: Option<(Vec<u32>, usize)> = None;
        let mut across = Vec::new();
        for effect in problem.effects.iter().filter(|e| e.block.intercept) {
            let (own, levels) = (problem.absorber.sorted(&effect.block.codes), effect.block.levels);
            if !is_nested(&own, levels, codes) {
                across.push(by_level(&own, levels));
            } else if nested.as_ref().is_none_or(|(_, most)| levels > *most) {
                nested = Some((own, levels));
            }
        }
        let intercept = || shared.estimate.names.iter().any(|name| name == "(Intercept)");
        Self { codes, groups, nested, across, constant: problem.absorbs_constant() || intercept() }
    }

    /// Whether effects nested in the clusters are absorbed.
    pub(super) fn nests(&self) -> bool {
        self.nested.is_some()
    }

    /// Which clusters depart from the common path of a coefficient's regressor, by the reading with the fewest; all, where
    /// there is none. Stops looking at a reading with `enough` of them.
    pub(super) fn departing<M>(&self, shared: &Shared<M>, coefficient: usize, enough: usize) -> Vec<bool> {
        let all = vec![true; self.groups];
        let Some(mut x) = column(shared, coefficient) else { return all };
        if let Some((own, levels)) = &self.nested {
            let mut first = vec![f64::NAN; *levels];
            for (value, &level) in x.iter_mut().zip(own) {
                let first = &mut first[level as usize];
                if first.is_nan() {
                    *first = *value;
                }
                *value -= *first;
            }
        }
        let size = x.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        let close = 1e-10 * size;
        let mut best = all;
        let mut fewest = self.groups;
        let mut take = |found: Vec<bool>| {
            let count = found.iter().filter(|d| **d).count();
            // None departs: the regressor is not told by this path, or it is the constant itself.
            if count > 0 && count < fewest {
                (best, fewest) = (found, count);
            }
        };
        let whole: Vec<u32> = (0..x.len() as u32).collect();
        if self.nested.is_some() || !self.constant {
            take(self.against(&x, close, enough, |_| Some(0.0), &[&whole]));
        } else {
            take(self.against(&x, close, enough, |places| self.common(&x, close, places), &[&whole]));
        }
        for (places, starts) in &self.across {
            let levels: Vec<&[u32]> = starts.windows(2).map(|w| &places[w[0]..w[1]]).collect();
            take(self.against(&x, close, enough, |places| self.common(&x, close, places), &levels));
        }
        best
    }

    /// The clusters that depart from a path with one value in each level, or from any where a level has none.
    fn against(
        &self,
        x: &[f64],
        close: f64,
        enough: usize,
        path: impl Fn(&[u32]) -> Option<f64>,
        levels: &[&[u32]],
    ) -> Vec<bool> {
        let mut departs = vec![false; self.groups];
        let mut count = 0;
        // With nested effects a distance from the path that never changes is absorbed as well.
        let mut distance = vec![f64::NAN; self.nested.as_ref().map_or(0, |(_, levels)| *levels)];
        for places in levels {
            let common = path(places);
            for &place in *places {
                let place = place as usize;
                let cluster = self.codes[place] as usize;
                let away = match (common, &self.nested) {
                    (None, _) => true,
                    (Some(common), None) => (x[place] - common).abs() > close,
                    (Some(common), Some((own, _))) => {
                        let (now, before) = (x[place] - common, &mut distance[own[place] as usize]);
                        if before.is_nan() {
                            *before = now;
                        }
                        (now - *before).abs() > close
                    }
                };
                if away && !departs[cluster] {
                    departs[cluster] = true;
                    count += 1;
                }
            }
            if count >= enough {
                break;
            }
        }
        departs
    }

    /// The value that most clusters have among these rows, the smallest in size where several are as common; none where
    /// every one of several clusters has its own.
    fn common(&self, x: &[f64], close: f64, places: &[u32]) -> Option<f64> {
        let mut values: Vec<(f64, u32)> =
            places.iter().map(|&p| (x[p as usize], self.codes[p as usize])).collect();
        let order = |a: &(f64, u32), b: &(f64, u32)| -> Ordering { a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)) };
        values.sort_unstable_by(order);
        let clusters = |values: &[(f64, u32)]| {
            let mut codes: Vec<u32> = values.iter().map(|(_, c)| *c).collect();
            codes.sort_unstable();
            codes.dedup();
            codes.len()
        };
        let mut best: Option<(usize, f64)> = None;
        for same in values.chunk_by(|a, b| b.0 - a.0 <= close) {
            let (votes, value) = (clusters(same), same[0].0);
            if best.is_none_or(|(most, other)| votes > most || votes == most && value.abs() < other.abs()) {
                best = Some((votes, value));
            }
        }
        best.filter(|(votes, _)| *votes > 1 || clusters(&values) == 1).map(|(_, value)| value)
    }
}

/// The regressor of a coefficient, in fitting order, as it was given.
pub(super) fn column<M>(shared: &Shared<M>, coefficient: usize) -> Option<Vec<f64>> {
    let (sample, problem) = (&shared.sample, &shared.problem);
    let j = *shared.estimate.columns.get(coefficient)?;
    (j < sample.x.ncols())
        .then(|| (0..problem.rows()).map(|p| sample.x[[problem.kept[problem.absorber.row(p)], j]]).collect())
}

/// Places by level.
fn by_level(codes: &[u32], levels: usize) -> (Vec<u32>, Vec<usize>) {
    let mut starts = vec![0; levels + 1];
    codes.iter().for_each(|&c| starts[c as usize + 1] += 1);
    (0..levels).for_each(|l| starts[l + 1] += starts[l]);
    let (mut next, mut places) = (starts.clone(), vec![0; codes.len()]);
    for (place, &code) in codes.iter().enumerate() {
        places[next[code as usize]] = place as u32;
        next[code as usize] += 1;
    }
    (places, starts)
}

impl<M: Model> Fit<M> {
    /// The same fit with a refusal accepted for a reason, which is then printed: `AV18`, clustered p-values of coefficients
    /// that fewer than five clusters tell about.
    ///
    /// ```
    /// use averted::data::Frame;
    /// use averted::inference::Estimates;
    /// use averted::regression::Ols;
    /// let frame = Frame::new()
    ///     .with_number("rate", vec![3.1, 2.9, 4.2, 3.8, 5.3, 4.9, 2.2, 3.8])?
    ///     .with_number("treated", vec![0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0])?
    ///     .with_number("year", vec![1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0])?
    ///     .with_text("state", &["a", "a", "b", "b", "c", "c", "d", "d"].map(Some))?;
    /// let fit = Ols::new().cluster("state").fit("rate ~ treated | state + year", &frame)?;
    /// assert!(fit.coefficient_rows(0.95)[0].p_value.is_nan() && fit.wald("treated = 0").is_err());
    /// let fit = fit.accept("AV18", "an example")?;
    /// assert!(fit.coefficient_rows(0.95)[0].p_value < 1.0);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for another code, and without a reason.
    pub fn accept(&self, code: &str, reason: &str) -> Result<Self> {
        let inference = self.inference.accepting(Some(Accepted::checked(code, reason)?));
        Ok(Self { shared: self.shared.clone(), inference: inference.into() })
    }

    /// How many clusters tell about every coefficient, up to ten; empty unless standard errors are clustered.
    pub(super) fn telling(&self) -> &[Telling] {
        self.inference.telling(&self.shared)
    }

    /// Whether the clustered test of a coefficient is refused.
    pub(super) fn refuses(&self, coefficient: usize) -> bool {
        matches!(self.inference.covariance, Covariance::Cluster(_))
            && self.inference.accepted.is_none()
            && self.telling().get(coefficient).is_some_and(|t| t.treated < LEAST)
    }

    /// Why a combination of the coefficients has no clustered test.
    pub(super) fn refused(&self, combination: &[f64]) -> Option<Error> {
        let j = (0..combination.len()).find(|&j| combination[j] != 0.0 && self.refuses(j))?;
        let (name, telling) = (&self.shared.estimate.names[j], self.telling()[j]);
        Some(Error::Refused { code: CODE, why: format!("{}; {}", self.rests(name, telling), instead::<M>()) })
    }

    fn rests(&self, name: &str, telling: Telling) -> String {
        let column = &self.inference.covariance.clusters()[telling.variable];
        let of = thousands(self.inference.clusters[telling.variable] as f64);
        format!("`{name}` rests on {} of {of} clusters of {column}", telling.treated)
    }

    /// What to know of the clusters: how few they are, and what is not said for it.
    pub(super) fn few_cluster_notes(&self) -> Vec<String> {
        let telling = self.telling();
        let Some(fewest) = telling.iter().map(|t| t.treated).min() else { return Vec::new() };
        let least = self.inference.clusters.iter().copied().min().unwrap_or(usize::MAX);
        let mut notes = Vec::new();
        if least < FEW || fewest < DOUBTED {
            notes.push(self.doubt(telling, fewest));
        }
        let clustered = matches!(self.inference.covariance, Covariance::Cluster(_));
        let names: Vec<&str> = (0..telling.len())
            .filter(|&j| telling[j].treated < LEAST)
            .map(|j| self.shared.estimate.names[j].as_str())
            .collect();
        if clustered && !names.is_empty() {
            let names = listed(&names);
            notes.push(match &self.inference.accepted {
                Some(accepted) => format!("{CODE} accepted: {} ({names})", accepted.reason),
                None => format!(
                    "No p-value and no interval for {names}: clustered ones are refused below {LEAST} clusters ({CODE}), \
                     unless accepted with a reason"
                ),
            });
        }
        notes
    }

    /// How few the clusters are, and what holds better.
    fn doubt(&self, telling: &[Telling], fewest: usize) -> String {
        let column = self.inference.covariance.clusters().join(" and ");
        let counts: Vec<String> = self.inference.clusters.iter().map(|&g| thousands(g as f64)).collect();
        let mut note = format!("Few clusters of {column} ({})", counts.join(" and "));
        if let Some((effective, name)) = self.least_effective() {
            note += &format!(", effectively {effective:.1} for {name}");
        }
        if fewest < DOUBTED {
            let names: Vec<&str> = (0..telling.len())
                .filter(|&j| telling[j].treated == fewest)
                .map(|j| self.shared.estimate.names[j].as_str())
                .collect();
            note += &format!("; {fewest} tell about {}", listed(&names));
        }
        if matches!(self.inference.covariance, Covariance::Cluster(_)) && fewest < DOUBTED {
            note += &format!(". Clustered tests then reject too often: {}", instead::<M>());
        } else if matches!(self.inference.covariance, Covariance::Cluster(_)) {
            note += &format!(". To check: {}", instead::<M>());
        }
        note
    }
}

/// What holds where clusters are few: of counts and shares neither CR2 nor the jackknife keeps the size of a test.
fn instead<M: Model>() -> &'static str {
    match M::LINK {
        Link::Identity => "CR2 errors, the wild bootstrap or randomisation hold better",
        Link::Log | Link::Logit => "the score bootstrap or randomisation hold better",
    }
}

/// Names in a row, not too many.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 5;
    if names.len() <= MOST {
        return names.join(", ");
    }
    format!("{} and {} more", names[..MOST].join(", "), names.len() - MOST)
}
