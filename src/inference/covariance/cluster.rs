//! Clustered covariances: Liang & Zeger (1986), Longitudinal Data Analysis Using Generalized Linear Models,
//! *Biometrika* 73; Cameron, Gelbach & Miller (2011), Robust Inference With Multiway Clustering, *JBES* 29.

use ndarray::Array2;

use super::{Grouping, Ingredients, sandwich};
use crate::error::{Error, Result};

/// The sum over all crossings of the cluster variables, signs alternating; `factor` gives each its factor by its
/// number of clusters.
pub(super) fn cluster(
    from: &Ingredients<'_>,
    names: &[String],
    grouping: &Grouping,
    factor: impl Fn(usize) -> f64,
) -> Result<Array2<f64>> {
    for ((_, groups), name) in grouping.iter().zip(names) {
        if *groups < 2 {
            return Err(Error::TooShort { what: format!("clusters of `{name}`"), needed: 2, found: *groups });
        }
    }
    let k = from.root.nrows();
    let mut total = Array2::zeros((k, k));
    for (sign, codes, groups) in crossings(grouping) {
        let sums = sums(from, &codes, groups);
        total = total + sandwich(from.root, &sums.t().dot(&sums)) * (sign * factor(groups));
    }
    Ok(total)
}

/// Every crossing of the cluster variables with its sign: + for odd numbers of variables, − for even.
pub fn crossings(grouping: &Grouping) -> Vec<(f64, Vec<u32>, usize)> {
    let mut all: Vec<(f64, Vec<u32>, usize)> = Vec::new();
    for (codes, groups) in grouping {
        let crossed_with = |(sign, before, levels): &(f64, Vec<u32>, usize)| {
            let (codes, groups) = crossed(before, *levels, codes, *groups);
            (-sign, codes, groups)
        };
        let mut more: Vec<_> = all.iter().map(crossed_with).collect();
        all.push((1.0, codes.clone(), *groups));
        all.append(&mut more);
    }
    all
}

/// Codes of the pairs of codes that occur, in their order, and how many there are.
pub fn crossed(a: &[u32], a_levels: usize, b: &[u32], b_levels: usize) -> (Vec<u32>, usize) {
    let pair = |a: u32, b: u32| u64::from(a) * b_levels as u64 + u64::from(b);
    let pairs: Vec<u64> = a.iter().zip(b).map(|(&a, &b)| pair(a, b)).collect();
    if (a_levels as u64).saturating_mul(b_levels as u64) <= 4 * pairs.len() as u64 + 1024 {
        let mut code_of = vec![u32::MAX; a_levels * b_levels];
        pairs.iter().for_each(|&pair| code_of[pair as usize] = 0);
        let mut groups = 0;
        for code in code_of.iter_mut().filter(|code| **code == 0) {
            *code = groups;
            groups += 1;
        }
        return (pairs.iter().map(|&pair| code_of[pair as usize]).collect(), groups as usize);
    }
    let mut levels = pairs.clone();
    levels.sort_unstable();
    levels.dedup();
    let code = |pair: &u64| levels.partition_point(|level| level < pair) as u32;
    (pairs.iter().map(code).collect(), levels.len())
}

/// The sum of the scores of every cluster.
fn sums(from: &Ingredients<'_>, codes: &[u32], groups: usize) -> Array2<f64> {
    let mut sums = Array2::zeros((groups, from.x.ncols()));
    for ((row, &u), &code) in from.x.rows().into_iter().zip(from.pull).zip(codes) {
        sums.row_mut(code as usize).iter_mut().zip(row).for_each(|(s, &x)| *s += x * u);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_alternate_in_sign() {
        let grouping = vec![(vec![0, 0, 1], 2), (vec![0, 1, 1], 2), (vec![0, 0, 0], 1)];
        let all: Vec<(f64, usize)> = crossings(&grouping).iter().map(|(s, _, g)| (*s, *g)).collect();
        assert_eq!(all, [(1.0, 2), (1.0, 2), (-1.0, 3), (1.0, 1), (-1.0, 2), (-1.0, 2), (1.0, 3)]);
    }

    #[test]
    fn few_and_many_levels_cross_alike() {
        let a: Vec<u32> = (0..5_000).map(|i| i * 7919 % 4_000).collect();
        let b: Vec<u32> = (0..5_000).map(|i| i * 104_729 % 4_500).collect();
        let (codes, groups) = crossed(&a, 4_000, &b, 4_500);
        let (a_small, b_small): (Vec<u32>, Vec<u32>) = (0..90).map(|i| (i % 3, i % 4)).unzip();
        assert_eq!(crossed(&a_small, 3, &b_small, 4).1, 12);
        assert_eq!(groups, codes.iter().collect::<std::collections::HashSet<_>>().len());
    }
}
