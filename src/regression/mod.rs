//! Regressions of counts and rates on covariates, with any number of absorbed effects.
//!
//! | specification | model |
//! | --- | --- |
//! | [`Ols`] | linear, weighted or not |
//! | [`Poisson`], [`NegativeBinomial`] | counts and rates, with exposure and offset; counts may be hidden in intervals |
//! | [`Logit`] | shares, and outcomes that are all or nothing |
//! | [`ZeroInflated`], [`Hurdle`] | counts with more zeros than a count distribution has, in two parts, without effects |
//! | [`Iv`], [`IvPoisson`] | linear, and counts and rates, with instruments |
//! | [`NoisyMeasures`] | linear, several noisy measures instrumenting each other |
//! | [`DistributedLag`] | any of them with a curve along the lag |
//! | [`LocalProjection`] | any of them, horizon by horizon |
//! | [`RandomEffects`], [`Between`], [`FirstDifferences`], [`FamaMacBeth`] | linear, of panels: the other estimators |
//! | [`Ar1`] | linear, with errors that follow an autoregression |
//!
//! A specification is cheap and prints as it is built; `fit` takes a formula and data (`fit_arrays` a [`Sample`]) and
//! returns an immutable [`Fit`]. The covariance is a second step: [`Fit::with_covariance`] refits nothing.

mod absorb;
mod adjusted;
mod calendar;
mod cluster_diagnostics;
mod diagnostics;
mod distributed_lag;
mod fit;
mod inference;
mod irls;
mod iv;
mod least_squares;
mod likelihood;
mod link;
mod local_projection;
mod logit;
mod margins;
mod maximum;
mod negative_binomial;
mod ols;
mod poisson;
mod prediction;
mod prepare;
mod problem;
mod related;
mod resampling;
mod sample;
mod separation;
mod settings;
mod transformed;
mod treated;
mod wrapped;
mod zeros;

pub use diagnostics::{Against, Diagnostics, SpecificationAnswer, SpecificationTest, Testable};
pub use distributed_lag::{DistributedLag, DistributedLagFit, LagBasis, LagLayout, LagLength, Smoothing};
pub use fit::{Fit, Model};
pub use iv::{
    AndersonRubin, CountMethod, EffectiveF, FirstStage, Instrumented, InstrumentedCounts, Iv, IvFit,
    IvPoisson, IvPoissonFit, Measure, Method, NoisyMeasures, NoisyMeasuresFit, Stage, Test,
};
pub use link::Link;
pub use local_projection::{LocalProjection, LocalProjectionFit, Response};
pub use logit::{Logit, LogitFit, Shares};
pub use margins::{At, AvertedByPath, Margins, Setting, Slope};
pub use negative_binomial::{
    DispersionEstimate, NegativeBinomial, NegativeBinomialFit, Overdispersed, Variance,
};
pub use ols::{LeastSquares, Ols, OlsFit};
pub use poisson::{Counts, Poisson, PoissonFit, Residual};
pub use prediction::{FixedEffect, Prediction};
#[cfg(feature = "python")]
pub(crate) use resampling::romano_wolf_watched;
pub use resampling::{Bootstrap, Randomization, Resampled, Scored, romano_wolf};
pub use sample::{Sample, WeightKind};
pub use transformed::{
    Ar1, Autoregression, AveragedPeriods, Between, Components, Estimator, FamaMacBeth, FamaMacBethFit,
    FirstDifferences, RandomEffects, Transformed, TransformedFit,
};
pub(crate) use treated::{CODE as FEW_CLUSTERS, LEAST as LEAST_CLUSTERS};
pub use wrapped::Regression;
pub use zeros::{CountFamily, Hurdle, TwoPartFit, TwoPartPrediction, ZeroInflated};
