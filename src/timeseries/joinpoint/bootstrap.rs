//! Draws from a fitted model, and what refitting them says.

use super::fit::{JoinpointFit, slopes};
use super::grid::{Search, Tree};
use super::least_squares::{smallest, solve};
use super::likelihood::{self, Climb, Outcome};
use super::permutation;
use super::prepare::Data;
use super::specification::{Joinpoint, Mode, Selection};
use crate::data::Count;
use crate::distribution::{NegativeBinomial, Poisson};
use crate::error::{Error, Result};
use crate::parallel;
use crate::random::{Generator, normal, stream};

/// Counts drawn from the model, hidden again where a count of that size was hidden.
fn drawn(data: &Data, means: &[f64], dispersion: f64, generator: &mut Generator) -> Result<Vec<Count>> {
    let rules: Vec<(f64, f64)> = data
        .counts
        .iter()
        .filter_map(|c| if let Count::Interval { lo, hi } = *c { Some((lo, hi)) } else { None })
        .collect();
    means
        .iter()
        .map(|&mean| {
            let y = match dispersion > 0.0 {
                true => NegativeBinomial::new(mean, dispersion.recip())?.draw(generator),
                false => Poisson::new(mean)?.draw(generator),
            };
            let rule = rules.iter().find(|(lo, hi)| (*lo..=*hi).contains(&y));
            Ok(rule.map_or(Count::Exact(y), |&(lo, hi)| Count::Interval { lo, hi }))
        })
        .collect()
}

/// The p-value of a likelihood ratio by draws from the null.
#[expect(clippy::too_many_arguments, reason = "a model and what it is asked")]
pub(super) fn ratio_test(
    spec: &Joinpoint,
    data: &Data,
    tree: &Tree,
    null: &Outcome,
    (less, more): (usize, usize),
    observed: f64,
    seed: u64,
    threads: bool,
) -> Result<f64> {
    let means = likelihood::means(data, null);
    let first = ((less * (spec.most + 1) + more) * spec.permutations) as u64;
    permutation::share(spec.permutations, threads, |range| {
        let mut count = 0;
        for i in range {
            let mut generator = stream(seed, first + i as u64);
            let again =
                Data { counts: drawn(data, &means, null.dispersion, &mut generator)?, ..data.clone() };
            let value = |k: usize| {
                likelihood::outcome(spec, &again, tree, k, false).map(|o| o.0.climb.log_likelihood)
            };
            // A draw without a finite estimate counts against the null hypothesis's rejection.
            let larger = match (value(less), value(more)) {
                (Ok(less), Ok(more)) => more - less >= observed - 1e-9,
                _ => true,
            };
            count += usize::from(larger);
        }
        Ok(count)
    })
}

/// Average slopes over a range in draws from the fit, joinpoints chosen and placed anew.
pub(super) fn average_slopes(
    fit: &JoinpointFit,
    from: f64,
    to: f64,
    draws: usize,
    seed: u64,
) -> Result<Vec<f64>> {
    let given = fit.spec.selection == Selection::Given;
    let least_squares = fit.spec.mode == Mode::Nci;
    let search = Search::new(&fit.data.times, &fit.data.roots, fit.spec.room, fit.spec.most);
    let search = if least_squares { Some(search?) } else { None };
    let tree = Tree::new(fit.data.times.len(), fit.spec.room, fit.spec.most)?;
    let joints: Vec<f64> = fit.joints.iter().map(|j| j.time).collect();
    let climb = Climb { coefficients: fit.coefficients.clone(), log_likelihood: f64::NAN };
    let truth = Outcome { joints, climb, dispersion: fit.dispersion };
    let one = |i: usize| -> Result<f64> {
        let mut generator = stream(seed, (1 << 40) + i as u64);
        let (joints, coefficients) = match &search {
            Some(search) => again_least_squares(fit, search, given, &mut generator),
            None => again_likelihood(fit, &tree, &truth, given, &mut generator)?,
        };
        let last = fit.data.times[fit.data.times.len() - 1];
        let mut edges = vec![fit.data.times[0]];
        edges.extend(joints);
        edges.push(last);
        let length = |pair: &[f64]| (pair[1].min(to) - pair[0].max(from)).max(0.0) / (to - from);
        Ok(edges.windows(2).map(length).zip(slopes(&coefficients)).map(|(l, b)| l * b).sum())
    };
    let all = parallel::map(draws, one);
    let failed = all.iter().filter(|r| r.is_err()).count();
    if failed * 20 > draws {
        return Err(Error::NotConverged {
            method: "bootstrap of the average change".into(),
            iterations: draws,
            last_change: failed as f64,
            hint: format!(
                "{failed} draws have no finite estimate: counts are too few for this many joinpoints"
            ),
        });
    }
    Ok(all.into_iter().flatten().collect())
}

fn again_least_squares(
    fit: &JoinpointFit,
    search: &Search,
    given: bool,
    generator: &mut Generator,
) -> (Vec<f64>, Vec<f64>) {
    let data = &fit.data;
    let (n, k) = (data.times.len(), fit.joints.len());
    let sd = (fit.sse() / n.saturating_sub(2 * k + 2).max(1) as f64).sqrt();
    let mut again = data.clone();
    for ((y, &t), root) in again.log_rates.iter_mut().zip(&data.times).zip(&data.roots) {
        *y = fit.rate(t).ln() + sd * normal(generator) / root;
    }
    let weighted: Vec<f64> = again.log_rates.iter().zip(&data.roots).map(|(y, r)| y * r).collect();
    let best = search.best(&weighted);
    let per = (n as f64).ln() / n as f64;
    let penalty = if fit.spec.selection == Selection::Bic { 2.0 } else { 3.0 };
    let chosen = match given {
        true => k,
        false => {
            smallest(best.iter().enumerate().map(|(k, b)| (b.sse / n as f64).ln() + penalty * k as f64 * per))
        }
    };
    let node = best[chosen].node;
    let joints: Vec<f64> =
        node.map_or(Vec::new(), |node| search.tree.joints(node)).iter().map(|&j| data.times[j]).collect();
    let coefficients = solve(&again, &joints).0;
    (joints, coefficients)
}

fn again_likelihood(
    fit: &JoinpointFit,
    tree: &Tree,
    truth: &Outcome,
    given: bool,
    generator: &mut Generator,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let data = &fit.data;
    let means = likelihood::means(data, truth);
    let again = Data { counts: drawn(data, &means, truth.dispersion, generator)?, ..data.clone() };
    let n = data.times.len();
    let candidates: Vec<usize> = if given { vec![fit.spec.most] } else { (0..=fit.spec.most).collect() };
    let mut best: Option<(f64, Outcome)> = None;
    for k in candidates {
        let Ok((outcome, _)) = likelihood::outcome(&fit.spec, &again, tree, k, false) else { continue };
        let (bic, bic3) = likelihood::criteria(&fit.spec, n, k, outcome.climb.log_likelihood);
        let value = if fit.spec.selection == Selection::Bic { bic } else { bic3 };
        if best.as_ref().is_none_or(|(least, _)| value < *least) {
            best = Some((value, outcome));
        }
    }
    let (_, outcome) =
        best.ok_or_else(|| Error::NothingToEstimate { why: "a draw without a finite estimate".into() })?;
    Ok((outcome.joints, outcome.climb.coefficients))
}
