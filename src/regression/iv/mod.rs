//! Regressors that respond to the outcome, and instruments that move them.
//!
//! | specification | model |
//! | --- | --- |
//! | [`Iv`] | linear: two-stage least squares, limited information, Fuller, GMM |
//! | [`NoisyMeasures`] | linear, on something that several measures measure with noise |
//! | [`IvPoisson`] | counts and rates: control function, GMM |
//!
//! A formula has one more part: `outcome ~ regressors | absorbed effects | endogenous ~ instruments`. Effects are taken
//! off every column, instruments included.

mod anderson_rubin;
mod estimators;
mod first_stage;
mod linear;
mod multiplicative;
mod noisy_measures;
mod poisson;
mod stages;
mod wild;

pub use anderson_rubin::AndersonRubin;
pub use first_stage::{EffectiveF, FirstStage, Stage, Test};
pub use linear::{Instrumented, Iv, IvFit, Method};
pub use noisy_measures::{Measure, NoisyMeasures, NoisyMeasuresFit};
pub use poisson::{CountMethod, InstrumentedCounts, IvPoisson, IvPoissonFit};
