//! What residuals are multiplied by: mean zero, variance one.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::{Error, Result, nearest};
use crate::random::{Generator, normal, stream, uniform};

/// The distribution of the multipliers.
///
/// ```
/// use averted::inference::Multipliers;
/// assert_eq!("webb".parse::<Multipliers>()?, Multipliers::Webb);
/// assert!("weeb".parse::<Multipliers>().unwrap_err().to_string().contains("webb"));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Multipliers {
    /// ±1, evenly.
    #[default]
    Rademacher,
    /// ±√½, ±1, ±√1½, evenly: for fewer than about a dozen clusters (Webb 2023, *Canadian Journal of Economics* 56).
    Webb,
    /// `−(√5 − 1)/2` and `(√5 + 1)/2`, third moment one (Mammen 1993, *Annals of Statistics* 21).
    Mammen,
    /// Standard normal.
    Normal,
}

impl Multipliers {
    const ALL: [(&'static str, Self); 4] = [
        ("rademacher", Self::Rademacher),
        ("webb", Self::Webb),
        ("mammen", Self::Mammen),
        ("normal", Self::Normal),
    ];

    fn one(self, generator: &mut Generator) -> f64 {
        match self {
            Self::Rademacher => 1.0 - 2.0 * (2.0 * uniform(generator)).floor(),
            Self::Webb => {
                let face = (6.0 * uniform(generator)).floor();
                let size = (0.5 * (face % 3.0) + 0.5).sqrt();
                if face < 3.0 { size } else { -size }
            }
            Self::Mammen => {
                let root = 5.0_f64.sqrt();
                let low = uniform(generator) < (root + 1.0) / (2.0 * root);
                if low { 0.5 - 0.5 * root } else { 0.5 + 0.5 * root }
            }
            Self::Normal => normal(generator),
        }
    }
}

impl Display for Multipliers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, kind)| kind == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl FromStr for Multipliers {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let names = Self::ALL.map(|(name, _)| name);
        let found = Self::ALL.iter().find(|(known, _)| *known == name.to_lowercase());
        found.map(|(_, kind)| *kind).ok_or_else(|| Error::Argument {
            argument: "weights".into(),
            value: format!("`{name}`"),
            must: nearest(name, names).map_or_else(
                || format!("one of {}", names.join(", ")),
                |near| format!("one of {}; did you mean {near}?", names.join(", ")),
            ),
        })
    }
}

/// Draws of multipliers for a number of groups: draw *i* depends on the seed and *i* alone.
///
/// ```
/// use averted::inference::{Draws, Multipliers};
/// let all = Draws::new(Multipliers::Rademacher, 5, 99, Some(1));
/// assert!(all.enumerated() && all.len() == 32);
/// assert_eq!(all.draw(0), [1.0; 5]);
/// let some = Draws::new(Multipliers::Rademacher, 50, 99, Some(1));
/// assert!(!some.enumerated() && some.len() == 99);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draws {
    kind: Multipliers,
    groups: usize,
    count: usize,
    seed: u64,
    enumerated: bool,
}

impl Draws {
    /// This many draws, or all `2^groups` vectors of signs where those are no more; the sample itself is the first of
    /// them. Without a seed one is drawn, and kept.
    pub fn new(kind: Multipliers, groups: usize, draws: usize, seed: Option<u64>) -> Self {
        let enumerated = kind == Multipliers::Rademacher && groups < 32 && 1_usize << groups <= draws + 1;
        let count = if enumerated { 1 << groups } else { draws };
        Self { kind, groups, count, seed: seed.unwrap_or_else(crate::random::fresh_seed), enumerated }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many multipliers each has.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether these are all there are.
    pub fn enumerated(&self) -> bool {
        self.enumerated
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The distribution.
    pub fn kind(&self) -> Multipliers {
        self.kind
    }

    /// Draw `index`.
    pub fn draw(&self, index: usize) -> Vec<f64> {
        if self.enumerated {
            return (0..self.groups).map(|g| if index >> g & 1 == 0 { 1.0 } else { -1.0 }).collect();
        }
        let mut generator = stream(self.seed, index as u64);
        (0..self.groups).map(|_| self.kind.one(&mut generator)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_zero_and_variance_one() {
        for (name, kind) in Multipliers::ALL {
            let draws = Draws::new(kind, 200_000, 1, Some(3));
            let v = draws.draw(0);
            let moment = |p: i32| v.iter().map(|x| x.powi(p)).sum::<f64>() / v.len() as f64;
            assert!(moment(1).abs() < 0.01 && (moment(2) - 1.0).abs() < 0.01, "{name}");
            let third = if kind == Multipliers::Mammen { 1.0 } else { 0.0 };
            assert!((moment(3) - third).abs() < 0.03, "{name}: {}", moment(3));
        }
    }

    #[test]
    fn every_vector_of_signs_comes_once() {
        let draws = Draws::new(Multipliers::Rademacher, 4, 15, None);
        let mut all: Vec<String> = (0..draws.len()).map(|i| format!("{:?}", draws.draw(i))).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 16);
    }
}
