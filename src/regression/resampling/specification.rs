//! What a bootstrap can be told.

use crate::data::Frame;
use crate::error::{Error, Result};
use crate::inference::{Multipliers, interval_level};

/// A bootstrap test of linear restrictions, for [`OlsFit::wild_bootstrap`](crate::regression::OlsFit::wild_bootstrap).
///
/// ```
/// use averted::inference::Multipliers;
/// use averted::regression::Bootstrap;
/// let test = Bootstrap::new("spend = 0").cluster("state").weights(Multipliers::Webb).seed(1);
/// assert_eq!(test, test.clone());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    pub(in crate::regression) hypothesis: String,
    pub(in crate::regression) clusters: Vec<String>,
    pub(in crate::regression) groups: Vec<String>,
    pub(in crate::regression) draws: usize,
    pub(in crate::regression) multipliers: Multipliers,
    pub(in crate::regression) impose_null: bool,
    pub(in crate::regression) seed: Option<u64>,
    pub(in crate::regression) level: Option<f64>,
    pub(in crate::regression) more: Option<Frame>,
    /// The labels that multipliers belong to, where several fits share them.
    pub(in crate::regression) among: Option<Vec<Vec<String>>>,
}

impl Bootstrap {
    /// Tests `"x = 0"`, `"x = z"`, or several restrictions separated by commas: 9,999 Rademacher draws under the null,
    /// and for one restriction the 95 % interval.
    pub fn new(hypothesis: impl Into<String>) -> Self {
        Self {
            hypothesis: hypothesis.into(),
            clusters: Vec::new(),
            groups: Vec::new(),
            draws: 9_999,
            multipliers: Multipliers::default(),
            impose_null: true,
            seed: None,
            level: Some(0.95),
            more: None,
            among: None,
        }
    }

    /// Clusters of the statistic, once more for two-way; those of the fit's own covariance unless set.
    #[must_use]
    pub fn cluster(mut self, column: impl Into<String>) -> Self {
        self.clusters.push(column.into());
        self
    }

    /// The groups whose residuals share a multiplier, once more for their crossing: the clusters unless set, and of
    /// several cluster variables the one with the fewest (MacKinnon, Nielsen & Webb 2021, *JBES* 39). Finer than the
    /// clusters it is the subcluster bootstrap (MacKinnon & Webb 2018, *Econometrics Journal* 21), for few treated.
    #[must_use]
    pub fn bootstrap_cluster(mut self, column: impl Into<String>) -> Self {
        self.groups.push(column.into());
        self
    }

    /// How many draws.
    #[must_use]
    pub fn draws(mut self, draws: usize) -> Self {
        self.draws = draws;
        self
    }

    /// The distribution of the multipliers.
    #[must_use]
    pub fn weights(mut self, multipliers: Multipliers) -> Self {
        self.multipliers = multipliers;
        self
    }

    /// Whether residuals come from estimates under the null (the default, and the more reliable) or from those of the
    /// fit.
    #[must_use]
    pub fn impose_null(mut self, impose: bool) -> Self {
        self.impose_null = impose;
        self
    }

    /// The seed; one is drawn and recorded unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The level of the interval; `None` for no interval.
    #[must_use]
    pub fn level(mut self, level: impl Into<Option<f64>>) -> Self {
        self.level = level.into();
        self
    }

    /// Columns of the same rows in which clusters are looked for first.
    #[must_use]
    pub fn clusters_of(mut self, data: Frame) -> Self {
        self.more = Some(data);
        self
    }

    pub(in crate::regression) fn check(&self) -> Result<()> {
        if self.draws == 0 {
            let (argument, value) = ("draws".into(), "0".into());
            return Err(Error::Argument { argument, value, must: "at least 1".into() });
        }
        self.level.map(interval_level).transpose().map(drop)
    }
}

/// A randomisation test of one coefficient, for [`Fit::randomization_test`](crate::regression::Fit::randomization_test).
///
/// ```
/// use averted::regression::Randomization;
/// let test = Randomization::new("treated").cluster("state").time("year").seed(1);
/// assert_eq!(test, test.clone());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Randomization {
    pub(super) term: String,
    pub(super) cluster: Option<String>,
    pub(super) time: Option<String>,
    pub(super) by_coefficient: bool,
    pub(super) draws: usize,
    pub(super) seed: Option<u64>,
    pub(super) more: Option<Frame>,
}

impl Randomization {
    /// Hands out the paths of this regressor anew, 9,999 times, and compares `t`.
    pub fn new(term: impl Into<String>) -> Self {
        Self {
            term: term.into(),
            cluster: None,
            time: None,
            by_coefficient: false,
            draws: 9_999,
            seed: None,
            more: None,
        }
    }

    /// The clusters that have a path each, exchanged whole; the one cluster variable of the fit unless set.
    #[must_use]
    pub fn cluster(mut self, column: impl Into<String>) -> Self {
        self.cluster = Some(column.into());
        self
    }

    /// The periods of a path; the time of the panel unless set. Without either the regressor must be constant in each
    /// cluster.
    #[must_use]
    pub fn time(mut self, column: impl Into<String>) -> Self {
        self.time = Some(column.into());
        self
    }

    /// Compares the coefficient instead of its clustered `t`.
    #[must_use]
    pub fn by_coefficient(mut self, by: bool) -> Self {
        self.by_coefficient = by;
        self
    }

    /// How many random assignments.
    #[must_use]
    pub fn draws(mut self, draws: usize) -> Self {
        self.draws = draws;
        self
    }

    /// The seed; one is drawn and recorded unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Columns of the same rows in which cluster and time are looked for first.
    #[must_use]
    pub fn columns_of(mut self, data: Frame) -> Self {
        self.more = Some(data);
        self
    }
}
