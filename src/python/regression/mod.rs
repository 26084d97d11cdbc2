//! Regressions across the border.

mod clusters;
mod covariance;
mod diagnostics;
mod fit;
mod instruments;
mod lags;
mod margins;
mod measures;
mod projections;
mod related;
mod resampling;
mod specification;
mod transformed;
mod zeros;

pub(super) use clusters::{PyClusters, cluster_diagnostics};
use covariance::covariance;
pub(super) use covariance::covariance_text;
pub(super) use diagnostics::{specification_test, specification_tests};
pub(super) use fit::PyFit;
pub(super) use instruments::{anderson_rubin, first_stage};
pub(super) use lags::{PyCurve, PyLags, distributed_lag, lag_lengths};
pub(super) use margins::{PyMargins, average_prediction, averted_by_path, column_of, marginal_effects};
pub(super) use measures::{PyNoisyMeasures, noisy_measures};
pub(super) use projections::{PyProjection, local_projection};
pub(super) use resampling::{
    PyBootstrap, PyBootstrapTest, PyRandomizationTest, adjust, anderson_rubin_bootstrap, bootstrap_test,
    randomization_test, romano_wolf,
};
pub(super) use specification::PySpecification;
pub(super) use zeros::{PyTwoPart, PyTwoPartFit};

/// Calls the same on whichever model it is.
macro_rules! either {
    ($kind:ident, $value:expr, $name:ident => $call:expr) => {
        match $value {
            $kind::Ols($name) => $call,
            $kind::Poisson($name) => $call,
            $kind::NegativeBinomial($name) => $call,
            $kind::Logit($name) => $call,
            $kind::Iv($name) => $call,
            $kind::IvPoisson($name) => $call,
            $kind::Transformed($name) => $call,
            $kind::FamaMacBeth($name) => $call,
        }
    };
}
use either;

/// Lags and projections take simple regressions.
fn not_wrapped() -> crate::Error {
    crate::Error::Argument {
        argument: "regression".into(),
        value: "of another kind".into(),
        must: "Ols, Poisson, NegativeBinomial, Logit or Iv".into(),
    }
}
