//! Small-sample conventions, made explicit: what every package multiplies a covariance by, and which `t` it reads.
//!
//! With `n` observations and `K` parameters counted, a covariance is multiplied by `A` (for the parameters) and by a
//! factor for the clusters, `G / (G − 1)`; robust standard errors are clusters of one row each. The classical variance
//! of linear models is `SSR / (n − 1) · A`, or `SSR / n · A` where `A = n / (n − K)`.
//!
//! | preset | `A` | `K` counts of the absorbed levels | clusters | `t` degrees |
//! | --- | --- | --- | --- | --- |
//! | `fixest` | `(n−1)/(n−K)` | one for each effect nested in a cluster | smallest `G` | `G − 1`, else `n − K` |
//! | `statsmodels` | `(n−1)/(n−K)` | all | each its own `G` | normal, classical `n − K` |
//! | `linearmodels` | `n/(n−K)` | all, unless all are nested in the clusters | none | `n − K` |
//! | `stata` | `(n−1)/(n−K)` | as `fixest`, redundant levels found exactly | smallest `G` | `G − 1`, else `n − K` |
//! | `none` | 1 | – | none | normal |
//! | `mean` | 1 | – | smallest `G` | `G − 1`: that of a mean of estimates |
//!
//! Covariances under errors related over `T` periods are multiplied by `A` and by `T / (T − 1)` under `fixest`, whose `t`
//! has `T − 1` degrees of freedom; by `n / (n − K)` in all under the other presets but `none`. fixest counts the levels of
//! every effect there. statsmodels' own default leaves the factor out for one series and for Driscoll–Kraay: `none`.
//!
//! Count models read the normal. Their classical covariance (the inverse information) is multiplied by `A` under
//! `fixest` and `linearmodels` only; `stata` leaves `A` out of count models altogether.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::{Error, Result, nearest};

/// A small-sample convention.
///
/// ```
/// use averted::inference::{Counted, SmallSample};
/// let full = SmallSample { counted: Counted::All, ..SmallSample::FIXEST };
/// assert_eq!("fixest".parse::<SmallSample>()?, SmallSample::FIXEST);
/// assert_eq!(full.to_string(), "fixest, changed");
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallSample {
    /// The factor for the parameters.
    pub parameters: ParameterFactor,
    /// Which absorbed levels count among them.
    pub counted: Counted,
    /// Whether redundant levels are found by their rank instead of taken to be one for each effect after the first.
    pub exact: bool,
    /// The factor for the clusters.
    pub clusters: ClusterFactor,
    /// The factor for the periods, where errors are related over time.
    pub periods: PeriodFactor,
    /// The reference distribution of linear models.
    pub reference: Reference,
    /// What of this holds for count models.
    pub counts: CountRule,
}

/// The factor `A` for the number of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterFactor {
    /// 1.
    One,
    /// `(n − 1) / (n − K)`.
    Regression,
    /// `n / (n − K)`.
    Observations,
}

/// Which absorbed levels count as parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// All of them.
    All,
    /// All of effects that are not nested in a cluster variable, one of each that is.
    NotNested,
    /// All of them, or one if every effect is nested in the one cluster variable.
    UnlessAllNested,
    /// None.
    None,
}

/// The factor for the number of clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterFactor {
    /// 1.
    One,
    /// `G / (G − 1)` with the smallest `G` of several cluster variables.
    Smallest,
    /// `G / (G − 1)`, each part of the sum with its own.
    Each,
}

/// The factor for the number of periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodFactor {
    /// 1.
    One,
    /// `T / (T − 1)`.
    Periods,
    /// `n / (n − 1)`, as for robust covariances.
    Observations,
}

/// The reference distribution of a linear model's tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// `t` with `G − 1` degrees of freedom if clustered, else `n − K`.
    Clusters,
    /// `t` with `n − K`, all levels counted.
    Residual,
    /// `t` with `n − K` for the classical covariance, else the normal.
    NormalIfRobust,
    /// The normal.
    Normal,
}

/// What of a convention holds for count models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountRule {
    /// All factors.
    All,
    /// The inverse information as it is; all factors for sandwiches.
    Sandwich,
    /// As `Sandwich`, without the factor for parameters.
    Clusters,
}

impl SmallSample {
    /// fixest's, and the default here.
    pub const FIXEST: Self = Self {
        parameters: ParameterFactor::Regression,
        counted: Counted::NotNested,
        exact: false,
        clusters: ClusterFactor::Smallest,
        periods: PeriodFactor::Periods,
        reference: Reference::Clusters,
        counts: CountRule::All,
    };
    /// statsmodels' with a dummy for every level.
    pub const STATSMODELS: Self = Self {
        parameters: ParameterFactor::Regression,
        counted: Counted::All,
        exact: true,
        clusters: ClusterFactor::Each,
        periods: PeriodFactor::Observations,
        reference: Reference::NormalIfRobust,
        counts: CountRule::Sandwich,
    };
    /// linearmodels' `PanelOLS` with a constant.
    pub const LINEARMODELS: Self = Self {
        parameters: ParameterFactor::Observations,
        counted: Counted::UnlessAllNested,
        exact: false,
        clusters: ClusterFactor::One,
        periods: PeriodFactor::One,
        reference: Reference::Residual,
        counts: CountRule::All,
    };
    /// Stata's: reghdfe for linear models, poisson for counts.
    pub const STATA: Self = Self {
        exact: true,
        periods: PeriodFactor::Observations,
        counts: CountRule::Clusters,
        ..Self::FIXEST
    };
    /// No correction: the limit.
    pub const NONE: Self = Self {
        parameters: ParameterFactor::One,
        counted: Counted::None,
        exact: false,
        clusters: ClusterFactor::One,
        periods: PeriodFactor::One,
        reference: Reference::Normal,
        counts: CountRule::All,
    };

    /// That of a mean of estimates, one a period: `T / (T − 1)` and `t` with `T − 1` degrees of freedom, nothing for
    /// parameters.
    pub const MEAN: Self = Self { parameters: ParameterFactor::One, ..Self::FIXEST };

    const PRESETS: [(&'static str, Self); 6] = [
        ("fixest", Self::FIXEST),
        ("statsmodels", Self::STATSMODELS),
        ("linearmodels", Self::LINEARMODELS),
        ("stata", Self::STATA),
        ("none", Self::NONE),
        ("mean", Self::MEAN),
    ];
}

impl Default for SmallSample {
    fn default() -> Self {
        Self::FIXEST
    }
}

impl FromStr for SmallSample {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::PRESETS.iter().find(|(preset, _)| *preset == name);
        found.map(|(_, preset)| *preset).ok_or_else(|| Error::Argument {
            argument: "small-sample convention".into(),
            value: format!("`{name}`"),
            must: nearest(name, Self::PRESETS.map(|(n, _)| n)).map_or_else(
                || "fixest, statsmodels, linearmodels, stata, mean or none".into(),
                |near| {
                    format!("fixest, statsmodels, linearmodels, stata, mean or none; did you mean {near}?")
                },
            ),
        })
    }
}

impl Display for SmallSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let preset = Self::PRESETS.iter().find(|(_, preset)| preset == self);
        f.write_str(preset.map_or("fixest, changed", |(name, _)| name))
    }
}

/// What there is to count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts<'a> {
    /// Observations.
    pub observations: f64,
    /// Coefficients in the table.
    pub coefficients: usize,
    /// Absorbed slopes, which always count.
    pub slopes: usize,
    /// Levels of every absorbed effect, and whether it is nested in a cluster variable.
    pub effects: &'a [(usize, bool)],
    /// Absorbed columns that depend on others.
    pub redundant: usize,
    /// Clusters of every cluster variable; of its crossings where there are several. The periods, where errors are
    /// related over time.
    pub clusters: &'a [usize],
    /// Whether the model is one of counts.
    pub of_counts: bool,
}

impl SmallSample {
    /// `K`: how many parameters count.
    pub fn parameters(&self, counts: &Counts<'_>) -> usize {
        let of = |counted: Counted| {
            let nested = counts.effects.iter().filter(|(_, nested)| *nested);
            let (levels, homes) = match counted {
                Counted::None => return 0,
                Counted::All => (counts.effects.iter().map(|(l, _)| l).sum::<usize>(), 0),
                Counted::NotNested | Counted::UnlessAllNested => {
                    let free = counts.effects.iter().filter(|(_, nested)| !nested);
                    (free.map(|(l, _)| l).sum(), nested.count())
                }
            };
            let redundant =
                if self.exact { counts.redundant } else { counts.effects.len().saturating_sub(1) };
            (levels + homes).saturating_sub(redundant).max(usize::from(!counts.effects.is_empty()))
        };
        let all_nested = counts.effects.iter().all(|(_, nested)| *nested) && counts.clusters.len() == 1;
        let absorbed = match self.counted {
            Counted::UnlessAllNested if !all_nested => of(Counted::All),
            counted => of(counted),
        };
        counts.coefficients + counts.slopes + absorbed
    }

    /// `A` for sandwich covariances.
    pub fn factor(&self, counts: &Counts<'_>) -> f64 {
        if counts.of_counts && self.counts == CountRule::Clusters {
            return 1.0;
        }
        self.plain_factor(counts)
    }

    fn plain_factor(self, counts: &Counts<'_>) -> f64 {
        let (n, free) = (counts.observations, self.free(counts));
        match self.parameters {
            ParameterFactor::One => 1.0,
            ParameterFactor::Regression => (n - 1.0) / free,
            ParameterFactor::Observations => n / free,
        }
    }

    /// What the inverse information is multiplied by, or `A / (n − 1)` (`A / n`) for a sum of squared residuals.
    pub fn classical_factor(&self, counts: &Counts<'_>) -> f64 {
        match (counts.of_counts, self.counts, self.parameters) {
            (true, CountRule::All, _) => self.plain_factor(counts),
            (true, _, _) => 1.0,
            (false, _, ParameterFactor::Observations) => self.plain_factor(counts) / counts.observations,
            (false, ..) => self.plain_factor(counts) / (counts.observations - 1.0),
        }
    }

    /// The factor of a cluster term with `own` clusters.
    pub fn cluster_factor(&self, own: usize, counts: &Counts<'_>) -> f64 {
        let groups = match self.clusters {
            ClusterFactor::One => return 1.0,
            ClusterFactor::Smallest => counts.clusters.iter().copied().min().unwrap_or(own),
            ClusterFactor::Each => own,
        };
        groups as f64 / (groups as f64 - 1.0)
    }

    /// `n / (n − 1)`, the factor of robust covariances, whose clusters are rows.
    pub fn robust_factor(&self, counts: &Counts<'_>) -> f64 {
        if self.clusters == ClusterFactor::One {
            1.0
        } else {
            counts.observations / (counts.observations - 1.0)
        }
    }

    /// The factor where errors are related over so many periods.
    pub fn period_factor(&self, periods: usize, counts: &Counts<'_>) -> f64 {
        let t = periods as f64;
        match self.periods {
            PeriodFactor::One => 1.0,
            PeriodFactor::Periods => t / (t - 1.0),
            PeriodFactor::Observations => counts.observations / (counts.observations - 1.0),
        }
    }

    /// The degrees of freedom of the `t` that tests read; infinite for the normal.
    pub fn degrees(&self, counts: &Counts<'_>, classical: bool) -> f64 {
        let smallest = counts.clusters.iter().copied().min();
        match (self.reference, smallest) {
            _ if counts.of_counts => f64::INFINITY,
            (Reference::Normal, _) => f64::INFINITY,
            (Reference::NormalIfRobust, _) if !classical => f64::INFINITY,
            (Reference::Clusters, Some(smallest)) => smallest as f64 - 1.0,
            (Reference::Residual, _) => Self { counted: Counted::All, ..*self }.free(counts),
            _ => self.free(counts),
        }
    }

    /// `n − K`.
    fn free(self, counts: &Counts<'_>) -> f64 {
        counts.observations - self.parameters(counts) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn castle(nested: bool, clusters: &[usize]) -> Counts<'_> {
        let effects: &'static [(usize, bool)] =
            if nested { &[(50, true), (11, false)] } else { &[(50, false), (11, false)] };
        Counts {
            observations: 550.0,
            coefficients: 1,
            slopes: 0,
            effects,
            redundant: 1,
            clusters,
            of_counts: false,
        }
    }

    #[test]
    fn parameters_of_fifty_states_and_eleven_years() {
        let counts = castle(true, &[50]);
        assert_eq!(SmallSample::FIXEST.parameters(&counts), 12);
        assert_eq!(SmallSample::STATSMODELS.parameters(&counts), 61);
        assert_eq!(SmallSample::LINEARMODELS.parameters(&counts), 61);
        assert_eq!(SmallSample::NONE.parameters(&counts), 1);
        assert_eq!(SmallSample::FIXEST.degrees(&counts, false), 49.0);
        assert_eq!(SmallSample::FIXEST.degrees(&castle(false, &[]), true), 489.0);
    }

    #[test]
    fn an_unknown_preset_is_named_with_its_neighbour() {
        let error = "fixet".parse::<SmallSample>().unwrap_err().to_string();
        assert!(error.contains("did you mean fixest?"), "{error}");
    }
}
