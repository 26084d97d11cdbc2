//! Counts that add up.

use crate::error::{Error, Result};
use crate::forecast::reconciliation::Hierarchy;

/// Bottom columns that are summed together, and which group they are the next part of.
struct Group {
    members: Vec<usize>,
    parent: Option<usize>,
}

impl Hierarchy {
    /// Whole numbers, not below zero, that add up, near these bottom values.
    ///
    /// In a tree every series, sums too, comes out as one of the two whole numbers about its value: a whole total goes
    /// to the parts by largest remainder, level by level. Where sums overlap (sexes and states of one country) the
    /// bottom series are rounded each on its own, and the sums follow.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of values; [`Error::Domain`] for one that is not finite.
    ///
    /// ```
    /// use averted::forecast::reconciliation::Hierarchy;
    /// let country = Hierarchy::sums(&[("country", &["north", "south", "west"])])?;
    /// assert_eq!(country.whole(&[1.4, 1.4, 1.4])?, [4.0, 2.0, 1.0, 1.0]);
    /// # Ok::<(), averted::Error>(())
    /// ```
    pub fn whole(&self, bottom: &[f64]) -> Result<Vec<f64>> {
        if bottom.len() != self.bottom().len() {
            return Err(Error::Shape {
                what: "bottom values".into(),
                expected: self.bottom().len().to_string(),
                found: bottom.len().to_string(),
            });
        }
        if let Some(row) = bottom.iter().position(|v| !v.is_finite()) {
            return Err(Error::Domain {
                what: self.names()[self.bottom()[row]].clone(),
                row,
                value: bottom[row].to_string(),
                must: "finite".into(),
            });
        }
        let bottom: Vec<f64> = bottom.iter().map(|v| v.max(0.0)).collect();
        let rounded = match self.tree() {
            None => bottom.iter().map(|v| v.round()).collect(),
            Some(groups) => by_remainder(&groups, &bottom),
        };
        Ok(self.sum(&rounded))
    }

    /// The groups, larger ones first, if they form a tree (or several): any two either apart or one within the other.
    fn tree(&self) -> Option<Vec<Group>> {
        let mut sets: Vec<Vec<usize>> = Vec::new();
        for &row in self.upper() {
            let row = self.summing().row(row).to_vec();
            if row.iter().any(|v| *v != 0.0 && *v != 1.0) {
                return None;
            }
            let members: Vec<usize> = (0..row.len()).filter(|&j| row[j] == 1.0).collect();
            if members.len() > 1 && !sets.contains(&members) {
                sets.push(members);
            }
        }
        sets.extend((0..self.bottom().len()).map(|j| vec![j]));
        sets.sort_by_key(|set| std::cmp::Reverse(set.len()));
        let mut groups: Vec<Group> = Vec::new();
        for members in sets {
            let mut parent = None;
            for (place, group) in groups.iter().enumerate() {
                let shared = members.iter().filter(|j| group.members.contains(j)).count();
                if shared == members.len() {
                    parent = Some(place);
                } else if shared > 0 {
                    return None;
                }
            }
            groups.push(Group { members, parent });
        }
        Some(groups)
    }
}

/// Whole bottom values: totals of the roots to the nearest, of the parts by largest remainder.
fn by_remainder(groups: &[Group], bottom: &[f64]) -> Vec<f64> {
    let values: Vec<f64> = groups.iter().map(|g| g.members.iter().map(|&j| bottom[j]).sum()).collect();
    let mut whole = vec![0.0; groups.len()];
    let mut rounded = vec![0.0; bottom.len()];
    for place in 0..groups.len() {
        if groups[place].parent.is_none() {
            whole[place] = values[place].round();
        }
        let parts: Vec<usize> =
            (place + 1..groups.len()).filter(|&g| groups[g].parent == Some(place)).collect();
        if parts.is_empty() {
            rounded[groups[place].members[0]] = whole[place];
            continue;
        }
        parts.iter().for_each(|&g| whole[g] = values[g].floor());
        let rest = |g: usize| values[g] - values[g].floor();
        let mut order = parts.clone();
        order.sort_by(|&a, &b| rest(b).total_cmp(&rest(a)));
        let missing = whole[place] - parts.iter().map(|&g| whole[g]).sum::<f64>();
        // The total lies between the sums of the floors and of the ceilings, up to the rounding of the sums.
        for &g in order.iter().take(missing.max(0.0) as usize) {
            whole[g] += 1.0;
        }
        for &g in order.iter().rev().filter(|&&g| values[g] >= 1.0).take((-missing).max(0.0) as usize) {
            whole[g] -= 1.0;
        }
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{stream, uniform};

    #[test]
    fn every_series_of_a_tree_is_within_one_of_its_value() {
        let sums: [(&str, &[&str]); 4] = [
            ("all", &["a", "b", "z"]),
            ("a", &["a1", "a2", "a3"]),
            ("b", &["b1", "b2"]),
            ("same as z", &["z"]),
        ];
        let tree = Hierarchy::sums(&sums).expect("a tree");
        for run in 0..500 {
            let mut e = stream(run, 0);
            let bottom: Vec<f64> = (0..tree.bottom().len()).map(|_| 5.0 * uniform(&mut e)).collect();
            let (real, whole) = (tree.sum(&bottom), tree.whole(&bottom).expect("whole"));
            for (r, w) in real.iter().zip(&whole) {
                assert!(w.fract() == 0.0 && *w >= 0.0 && (r - w).abs() < 1.0, "{real:?} {whole:?}");
            }
            assert!((real[0] - whole[0]).abs() <= 0.5);
            let bottoms: Vec<f64> = tree.bottom().iter().map(|&r| whole[r]).collect();
            assert_eq!(tree.sum(&bottoms), whole);
        }
    }

    #[test]
    fn overlapping_sums_follow_the_bottom() {
        let sums: [(&str, &[&str]); 2] = [("women", &["nw", "sw"]), ("north", &["nw", "nm"])];
        let grouped = Hierarchy::sums(&sums).expect("grouped");
        assert_eq!(grouped.whole(&[1.6, 2.5, -3.0]).expect("whole"), [5.0, 2.0, 2.0, 3.0, 0.0]);
        assert!(grouped.whole(&[1.0]).is_err() && grouped.whole(&[1.0, f64::NAN, 1.0]).is_err());
    }
}
