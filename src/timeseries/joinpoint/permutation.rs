//! The number of joinpoints by a sequence of tests.

use super::fit::SequenceTest;
use super::grid::{Best, Search};
use crate::error::Result;
use crate::parallel;
use crate::random::{stream, uniform};

/// Replicates that a thread takes at a time.
const CHUNK: usize = 128;

/// From no joinpoint against the most: a rejection adds one to the null, the rest takes one from the alternative.
pub(super) fn sequence(
    most: usize,
    level: f64,
    mut p_value: impl FnMut(usize, usize) -> Result<f64>,
) -> Result<(usize, Vec<SequenceTest>)> {
    let (mut null, mut alternative) = (0, most);
    let mut tests = Vec::new();
    while null < alternative {
        let level = level / (most - null) as f64;
        let p = p_value(null, alternative)?;
        tests.push(SequenceTest { null, alternative, p_value: p, level });
        if p <= level { null += 1 } else { alternative -= 1 }
    }
    Ok((null, tests))
}

/// The share of replicates, the data among them, whose statistic is at least as large.
pub(super) fn share(
    replicates: usize,
    threads: bool,
    count: impl Fn(std::ops::Range<usize>) -> Result<usize> + Sync,
) -> Result<f64> {
    let chunk = |i: usize| count(i * CHUNK..((i + 1) * CHUNK).min(replicates));
    let chunks = replicates.div_ceil(CHUNK);
    let counts: Vec<Result<usize>> =
        if threads { parallel::map(chunks, chunk) } else { (0..chunks).map(chunk).collect() };
    let mut all = 1_usize;
    for count in counts {
        all += count?;
    }
    Ok(all as f64 / (replicates + 1) as f64)
}

/// The permutation test of `null` against `alternative` joinpoints: weighted residuals of the null fit change places.
#[expect(clippy::too_many_arguments, reason = "a search and what it is asked")]
pub(super) fn test(
    search: &Search,
    y: &[f64],
    fitted: &[f64],
    best: &[Best],
    (null, alternative): (usize, usize),
    permutations: usize,
    seed: u64,
    threads: bool,
) -> Result<f64> {
    let ratio = |best: &[Best]| best[null].sse / best[alternative].sse;
    let observed = ratio(best);
    let residuals: Vec<f64> = y.iter().zip(fitted).map(|(y, f)| y - f).collect();
    let first = ((null * (search.most + 1) + alternative) * permutations) as u64;
    // Too little work is not worth starting threads for.
    let threads = threads && search.tree.len() * permutations > 1_000_000;
    share(permutations, threads, |range| {
        let (mut rest, mut products) = search.scratch();
        let mut best = best.to_vec();
        let mut order = residuals.clone();
        let mut again = y.to_vec();
        let mut count = 0;
        for i in range {
            order.copy_from_slice(&residuals);
            let mut generator = stream(seed, first + i as u64);
            for left in (1..order.len()).rev() {
                let other = (uniform(&mut generator) * (left + 1) as f64) as usize;
                order.swap(left, other);
            }
            for ((again, fitted), residual) in again.iter_mut().zip(fitted).zip(&order) {
                *again = fitted + residual;
            }
            search.best_into(&again, &mut rest, &mut products, &mut best);
            count += usize::from(ratio(&best) >= observed * (1.0 - 1e-10));
        }
        Ok(count)
    })
}
