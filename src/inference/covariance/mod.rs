//! Covariance matrices of coefficients, all from the same three things: a root, scores and their grouping.
//!
//! In orthonormal coordinates `Z = X̃T`, `Z'WZ = 1` (so that `(X̃'WX̃)⁻¹ = TT'`), the score of row *i* is `sᵢ = zᵢ uᵢ`, and
//!
//! | estimator | covariance |
//! | --- | --- |
//! | classical | `σ² T T'` |
//! | robust (Eicker 1967, Huber 1967, White 1980) | `T (Σᵢ sᵢ sᵢ') T'` |
//! | clustered (Liang & Zeger 1986) | `T (Σ_g s_g s_g') T'`, `s_g` the sum over cluster *g* |
//! | robust and clustered, residuals inflated by leverage | as above, with other `uᵢ`: HC2 to HC4, CR2, CR3 |
//! | leaving out one cluster at a time | `(G − 1)/G Σ_g (β̂₋g − β̂)(β̂₋g − β̂)'` |
//! | clustered several ways (Cameron, Gelbach & Miller 2011) | the sum over crossings, signs alternating |
//! | panel-corrected (Beck & Katz 1995) | `T (Σᵢⱼ σ̂ᵢⱼ zᵢ zⱼ') T'`, `σ̂ᵢⱼ` the mean of `eᵢeⱼ` of two units over periods |
//! | Newey–West, Driscoll–Kraay, Conley | `T (Σᵢⱼ kᵢⱼ sᵢ sⱼ') T'`, `kᵢⱼ` by distance in time or space |
//!
//! each multiplied by the factors of a [`SmallSample`] convention.

mod autocorrelation;
mod bandwidth;
mod beck_katz;
mod classical;
mod cluster;
mod jackknife;
mod kernel;
mod leverage;
mod robust;
mod spatial;

use std::fmt::{self, Display};
use std::str::FromStr;

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::error::{Error, Result, nearest};
use crate::inference::small_sample::{Counts, SmallSample};
use crate::linalg::nearest_positive_semidefinite;

pub use autocorrelation::{Autocorrelation, Bandwidth, Reach, Series};
pub use beck_katz::{BeckKatz, Slices};
pub use cluster::{crossed, crossings};
pub use jackknife::jackknife;
pub use kernel::Kernel;
pub use leverage::{Leverage, Reduced, Satterthwaite, Working, reduce};
pub use spatial::{Conley, Distance, Places};

/// The setters of the columns that say what a row is of.
macro_rules! panel_setters {
    ($covariance:ident) => {
        impl $covariance {
            /// With this column of units.
            #[must_use]
            pub fn unit(mut self, column: impl Into<String>) -> Self {
                self.unit = Some(column.into());
                self
            }

            /// With this column of periods.
            #[must_use]
            pub fn time(mut self, column: impl Into<String>) -> Self {
                self.time = Some(column.into());
                self
            }
        }
    };
}
use panel_setters;

/// Which covariance of the coefficients.
///
/// ```
/// use averted::inference::Covariance;
/// assert_eq!(Covariance::cluster(["state", "year"]).to_string(), "clustered by state and year");
/// assert_eq!("HC1".parse::<Covariance>()?, Covariance::Robust);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Covariance {
    /// Errors alike and unrelated.
    #[default]
    Classical,
    /// Errors unlike and unrelated, with the factors of the small-sample convention: HC1, `n / (n − K)`, under all
    /// presets but `none`.
    Robust,
    /// Errors unlike and unrelated, without a factor whatever the convention: HC0.
    Uncorrected,
    /// Errors unlike, and related within the levels of these columns.
    Cluster(Vec<String>),
    /// Errors unlike and unrelated, residuals inflated by the leverage of their row: HC2, HC3 or HC4.
    Leveraged(Leverage),
    /// Errors unlike, and related within the levels of this column, of which there may be few.
    FewClusters(FewClusters),
    /// Errors unlike, and related over time.
    Autocorrelation(Autocorrelation),
    /// Errors unlike, and related in space.
    Spatial(Conley),
    /// Errors related between units, or over time, in a way that repeats itself: of linear models without weights.
    BeckKatz(BeckKatz),
}

/// Standard errors clustered by one column, with what its few clusters need.
///
/// ```
/// use averted::inference::covariance::{ClusterKind, FewClusters};
/// assert_eq!(FewClusters::new("state", ClusterKind::Cr2).to_string(), "clustered by state (CR2)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FewClusters {
    /// The column.
    pub column: String,
    /// Which estimator.
    pub kind: ClusterKind,
    /// Whether CR3 and the jackknife are multiplied by pyfixest's factors, `G / (G − 1)` and `A`, in the place of
    /// `(G − 1) / G`.
    pub pyfixest_scale: bool,
}

/// Which estimator for few clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterKind {
    /// Bias-reduced, with Satterthwaite's degrees of freedom for every coefficient.
    Cr2,
    /// Leaving out one cluster at a time: exactly so for least squares, by one Newton step for counts.
    Cr3,
    /// Leaving out one cluster at a time, counts fitted again.
    Jackknife,
}

impl FewClusters {
    /// Clustered by `column`.
    pub fn new(column: impl Into<String>, kind: ClusterKind) -> Self {
        Self { column: column.into(), kind, pyfixest_scale: false }
    }

    /// With pyfixest's factors.
    #[must_use]
    pub fn pyfixest_scale(mut self) -> Self {
        self.pyfixest_scale = true;
        self
    }
}

impl FewClusters {
    /// What the sum over clusters is multiplied by.
    pub fn scale(&self, groups: usize, factor: f64) -> f64 {
        let ratio = groups as f64 / (groups as f64 - 1.0);
        match (self.kind, self.pyfixest_scale) {
            (ClusterKind::Cr2, _) => 1.0,
            (_, false) => 1.0 / ratio,
            (_, true) => ratio * factor,
        }
    }
}

impl Display for FewClusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ClusterKind::Cr2 => "CR2",
            ClusterKind::Cr3 => "CR3",
            ClusterKind::Jackknife => "jackknife",
        };
        let scale = if self.pyfixest_scale { ", pyfixest's scale" } else { "" };
        write!(f, "clustered by {} ({kind}{scale})", self.column)
    }
}

impl From<FewClusters> for Covariance {
    fn from(few: FewClusters) -> Self {
        Self::FewClusters(few)
    }
}

impl From<Autocorrelation> for Covariance {
    fn from(autocorrelation: Autocorrelation) -> Self {
        Self::Autocorrelation(autocorrelation)
    }
}

impl From<Conley> for Covariance {
    fn from(conley: Conley) -> Self {
        Self::Spatial(conley)
    }
}

impl From<BeckKatz> for Covariance {
    fn from(corrected: BeckKatz) -> Self {
        Self::BeckKatz(corrected)
    }
}

impl From<Leverage> for Covariance {
    fn from(leverage: Leverage) -> Self {
        Self::Leveraged(leverage)
    }
}

impl Covariance {
    /// Clustered by one or several columns.
    pub fn cluster<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self::Cluster(columns.into_iter().map(Into::into).collect())
    }

    /// The cluster variables.
    pub fn clusters(&self) -> &[String] {
        match self {
            Self::Cluster(columns) => columns,
            Self::FewClusters(few) => std::slice::from_ref(&few.column),
            Self::Classical
            | Self::Robust
            | Self::Uncorrected
            | Self::Leveraged(_)
            | Self::Autocorrelation(_)
            | Self::Spatial(_)
            | Self::BeckKatz(_) => &[],
        }
    }

    /// Whether it is made of regressors and residuals apart, not of scores.
    pub(crate) fn takes_regressors(&self) -> bool {
        matches!(self, Self::BeckKatz(_))
    }

    /// The columns that it names: cluster variables, unit and time, coordinates.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Autocorrelation(a) => {
                [&a.unit, &a.time].into_iter().flatten().map(String::as_str).collect()
            }
            Self::BeckKatz(p) => [&p.unit, &p.time].into_iter().flatten().map(String::as_str).collect(),
            Self::Spatial(c) => {
                let index = [&c.unit, &c.time].into_iter().flatten();
                [&c.latitude, &c.longitude].into_iter().chain(index).map(String::as_str).collect()
            }
            _ => self.clusters().iter().map(String::as_str).collect(),
        }
    }
}

impl From<&str> for Covariance {
    /// Clustered by this column.
    fn from(column: &str) -> Self {
        Self::cluster([column])
    }
}

impl Display for Covariance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Classical => f.write_str("classical"),
            Self::Robust => f.write_str("robust"),
            Self::Uncorrected => f.write_str("robust without a factor (HC0)"),
            Self::Cluster(columns) => write!(f, "clustered by {}", columns.join(" and ")),
            Self::Leveraged(leverage) => {
                write!(f, "robust, by leverage ({})", format!("{leverage:?}").to_uppercase())
            }
            Self::FewClusters(few) => few.fmt(f),
            Self::Autocorrelation(autocorrelation) => autocorrelation.fmt(f),
            Self::Spatial(conley) => conley.fmt(f),
            Self::BeckKatz(corrected) => corrected.fmt(f),
        }
    }
}

impl FromStr for Covariance {
    type Err = Error;

    /// `classical` or `HC0` to `HC4` (`robust` is HC1), in any case; clusters are columns, not names.
    fn from_str(name: &str) -> Result<Self> {
        let kinds = ["classical", "HC0", "HC1", "HC2", "HC3", "HC4", "robust"];
        match name.to_lowercase().as_str() {
            "classical" => Ok(Self::Classical),
            "hc0" => Ok(Self::Uncorrected),
            "hc1" | "robust" => Ok(Self::Robust),
            "hc2" => Ok(Self::Leveraged(Leverage::Hc2)),
            "hc3" => Ok(Self::Leveraged(Leverage::Hc3)),
            "hc4" => Ok(Self::Leveraged(Leverage::Hc4)),
            _ => Err(Error::Argument {
                argument: "covariance".into(),
                value: format!("`{name}`"),
                must: nearest(name, kinds).map_or_else(
                    || "classical or HC0 to HC4 (clusters are given as columns)".into(),
                    |near| format!("classical or HC0 to HC4; did you mean {near}?"),
                ),
            }),
        }
    }
}

/// What a covariance is made of.
#[derive(Debug, Clone, Copy)]
pub struct Ingredients<'a> {
    /// `T`.
    pub root: ArrayView2<'a, f64>,
    /// `Z`, one row an observation.
    pub x: ArrayView2<'a, f64>,
    /// `u`: what the regressors of a row are multiplied by in its score.
    pub pull: ArrayView1<'a, f64>,
    /// How often every row counts, if it is repeated.
    pub repeats: Option<&'a [f64]>,
    /// The sum of squared residuals of a linear model; 1 for an information matrix.
    pub dispersion: f64,
    /// Where rows stand in time or space, for covariances that ask.
    pub related: Option<&'a Related>,
}

/// Where the rows of a fit stand in time or space.
#[derive(Debug, Clone, PartialEq)]
pub enum Related {
    /// In time, with the reach of the kernel once it is settled.
    Time(Series, Option<Reach>),
    /// In space.
    Space(Places),
    /// In slices of related rows.
    Slices(Slices),
}

impl Related {
    /// The same reach in time as elsewhere.
    #[must_use]
    pub fn reaching(self, reach: Option<Reach>) -> Self {
        match self {
            Self::Time(series, _) => Self::Time(series, reach),
            other => other,
        }
    }

    /// Settles an automatic bandwidth by these scores, so that all that is said of the fit goes by one.
    ///
    /// # Errors
    /// [`Error::Argument`] for a bandwidth that is none; [`Error::TooShort`] where there is nothing to choose by.
    pub fn settle(&mut self, which: &Covariance, from: &Ingredients<'_>) -> Result<()> {
        if let (Self::Time(series, reach), Covariance::Autocorrelation(which)) = (self, which) {
            *reach = Some(autocorrelation::reach(which, series, from)?);
        }
        Ok(())
    }

    /// The reach in time, once it is settled.
    pub fn reach(&self) -> Option<Reach> {
        match self {
            Self::Time(_, reach) => *reach,
            Self::Space(_) | Self::Slices(_) => None,
        }
    }

    /// Distinct periods, where the number of them is what there is of independent information.
    pub fn periods(&self) -> Option<usize> {
        match self {
            Self::Time(series, _) => Some(series.distinct()),
            Self::Space(_) | Self::Slices(_) => None,
        }
    }
}

/// How the scores are grouped: codes of every row and the number of clusters, for each cluster variable.
pub type Grouping = Vec<(Vec<u32>, usize)>;

/// A covariance and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimated {
    /// The covariance.
    pub matrix: Array2<f64>,
    /// `A`, the factor for parameters.
    pub factor: f64,
    /// `K`, the parameters counted.
    pub parameters: usize,
    /// The degrees of freedom of the `t`; infinite for the normal.
    pub degrees: f64,
    /// Coefficients whose variance came out negative before the matrix was made positive semidefinite; `None` if it
    /// was so from the start.
    pub repaired: Option<Vec<usize>>,
    /// By what share the repair changed the standard error that it changed most.
    pub moved: f64,
}

/// The covariance under a convention.
///
/// # Errors
/// [`crate::Error::TooShort`] with fewer than two clusters; [`crate::Error::NotConverged`] when the matrix is not
/// finite.
pub fn estimate(
    which: &Covariance,
    from: &Ingredients<'_>,
    grouping: &Grouping,
    convention: SmallSample,
    counts: &Counts<'_>,
) -> Result<Estimated> {
    let plain = matches!(which, Covariance::Classical);
    let factor = match which {
        Covariance::Classical => {
            let own = convention.classical_factor(counts);
            if counts.of_counts { own } else { own * (counts.observations - 1.0) }
        }
        Covariance::Uncorrected | Covariance::Leveraged(_) => 1.0,
        Covariance::FewClusters(few) if !few.pyfixest_scale => 1.0,
        Covariance::FewClusters(_)
        | Covariance::Robust
        | Covariance::Cluster(_)
        | Covariance::Autocorrelation(_)
        | Covariance::Spatial(_)
        | Covariance::BeckKatz(_) => convention.factor(counts),
    };
    let mut moved = 0.0;
    let (matrix, repaired) = match which {
        Covariance::Classical => (classical::classical(from, convention.classical_factor(counts)), None),
        Covariance::Robust => (robust::robust(from) * (factor * convention.robust_factor(counts)), None),
        Covariance::Uncorrected | Covariance::Leveraged(_) => (robust::robust(from), None),
        Covariance::Cluster(names) => {
            let own = |groups: usize| factor * convention.cluster_factor(groups, counts);
            repair(cluster::cluster(from, names, grouping, own)?, &mut moved)?
        }
        Covariance::FewClusters(few) => {
            let names = std::slice::from_ref(&few.column);
            (cluster::cluster(from, names, grouping, |groups| few.scale(groups, factor))?, None)
        }
        Covariance::Autocorrelation(which) => {
            let Some(Related::Time(series, reach)) = from.related else { return Err(nowhere(which)) };
            let reach = reach.map_or_else(|| autocorrelation::reach(which, series, from), Ok)?;
            let own = factor * convention.period_factor(reach.periods, counts);
            repair(autocorrelation::autocorrelation(which, series, reach, from)? * own, &mut moved)?
        }
        Covariance::Spatial(which) => {
            let Some(Related::Space(places)) = from.related else { return Err(nowhere(which)) };
            let own = factor * convention.robust_factor(counts);
            repair(spatial::spatial(which, places, from) * own, &mut moved)?
        }
        Covariance::BeckKatz(which) => {
            let Some(Related::Slices(slices)) = from.related else { return Err(nowhere(which)) };
            let own = factor * convention.robust_factor(counts);
            repair(beck_katz::beck_katz(slices, from) * own, &mut moved)?
        }
    };
    Ok(Estimated {
        matrix,
        factor,
        parameters: convention.parameters(counts),
        degrees: convention.degrees(counts, plain),
        repaired,
        moved,
    })
}

/// Rows whose place is not known.
fn nowhere(which: &dyn Display) -> Error {
    Error::Argument {
        argument: "covariance".into(),
        value: which.to_string(),
        must: "one that asks for neither time nor place: here they are not known".into(),
    }
}

/// A sum with alternating signs, or with weights by some kernels, need not be a covariance: negative eigenvalues are set
/// to zero.
#[allow(clippy::type_complexity)]
fn repair(matrix: Array2<f64>, moved: &mut f64) -> Result<(Array2<f64>, Option<Vec<usize>>)> {
    let (fixed, changed) = nearest_positive_semidefinite(matrix.view())?;
    if !changed {
        return Ok((fixed, None));
    }
    let pairs = matrix.diag().into_iter().zip(fixed.diag().to_vec()).map(|(&was, is)| (was, is));
    *moved = pairs.filter(|(was, _)| *was > 0.0).map(|(was, is)| (is / was).sqrt() - 1.0).fold(0.0, f64::max);
    let negative = (0..matrix.nrows()).filter(|&j| matrix[[j, j]] <= 0.0).collect();
    Ok((fixed, Some(negative)))
}

/// `T M T'`, exactly symmetric.
fn sandwich(root: ArrayView2<'_, f64>, meat: &Array2<f64>) -> Array2<f64> {
    let product = root.dot(meat).dot(&root.t());
    (&product + &product.t()) * 0.5
}
