//! From estimates to statements: covariances, tests, intervals, the answers several rooms share, and their tables.

pub mod bootstrap;
mod clusters;
pub mod covariance;
mod curve;
mod estimates;
mod forecast;
mod multiple;
mod randomization;
mod small_sample;
mod table;
mod wald;

pub use bootstrap::{BootstrapTest, Draws, Multipliers};
pub use clusters::{ClusterDiagnostics, TermClusters, effective_clusters};
pub use covariance::Covariance;
pub use curve::{Curve, CurvePoint};
pub use estimates::{CoefficientRow, Estimates, interval_level};
pub use forecast::{Difference, Forecast};
pub(crate) use forecast::{quantile, ranking};
pub use multiple::{Adjustment, RomanoWolf, adjust, step_down};
pub use randomization::{Assignments, RandomizationTest};
pub use small_sample::{
    ClusterFactor, CountRule, Counted, Counts, ParameterFactor, PeriodFactor, Reference, SmallSample,
};
pub use table::{Cell, Table, significant, thousands};
pub use wald::Wald;
pub(crate) use wald::{Restriction, restrictions};
