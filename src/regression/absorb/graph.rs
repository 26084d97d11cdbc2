//! Questions about which levels meet: connected components, nesting.

/// The connected component of every level of some factors; levels are connected that share a row.
pub(crate) fn components(factors: &[(&[u32], usize)]) -> Vec<Vec<u32>> {
    let mut first = vec![0];
    for (_, levels) in factors {
        first.push(first[first.len() - 1] + *levels as u32);
    }
    let mut parent: Vec<u32> = (0..first[factors.len()]).collect();
    for (factor, (codes, _)) in factors.iter().enumerate().skip(1) {
        // Rows of one level often follow each other: its root is looked up once.
        let (mut last, mut home) = (u32::MAX, 0);
        for (&a, &b) in factors[0].0.iter().zip(*codes) {
            if a != last {
                (last, home) = (a, root(&mut parent, a));
            }
            let other = root(&mut parent, b + first[factor]);
            parent[home.max(other) as usize] = home.min(other);
            home = home.min(other);
        }
    }
    let mut component =
        |factor: usize| (first[factor]..first[factor + 1]).map(|l| root(&mut parent, l)).collect();
    (0..factors.len()).map(&mut component).collect()
}

/// How many components there are.
pub(crate) fn count_components(factors: &[(&[u32], usize)]) -> usize {
    let Some(labels) = components(factors).into_iter().next() else { return 0 };
    let mut labels = labels;
    labels.sort_unstable();
    labels.dedup();
    labels.len()
}

/// The representative of a node's component, halving the path on the way.
fn root(parent: &mut [u32], mut node: u32) -> u32 {
    while parent[node as usize] != node {
        parent[node as usize] = parent[parent[node as usize] as usize];
        node = parent[node as usize];
    }
    node
}

/// Whether every level of `inner` lies within one level of `outer`.
pub(crate) fn is_nested(inner: &[u32], levels: usize, outer: &[u32]) -> bool {
    let mut home = vec![u32::MAX; levels];
    inner.iter().zip(outer).all(|(&i, &o)| {
        let home = &mut home[i as usize];
        if *home == u32::MAX {
            *home = o;
        }
        *home == o
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_and_nesting() {
        assert_eq!(count_components(&[(&[0, 0, 1], 2), (&[0, 1, 2], 3)]), 2);
        assert_eq!(components(&[(&[0, 0, 1], 2), (&[0, 1, 2], 3)]), [vec![0, 1], vec![0, 0, 1]]);
        assert!(is_nested(&[0, 0, 1, 2], 3, &[5, 5, 7, 7]));
        assert!(!is_nested(&[0, 0], 1, &[1, 2]));
    }
}
