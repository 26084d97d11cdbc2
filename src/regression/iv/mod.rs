//! Regressors that respond to the outcome, and instruments that move them.
//!
//! | specification | model |
//! | --- | --- |
//! | [`Iv`] | linear: two-stage least squares, limited information, Fuller, GMM |
//!
//! A formula has one more part: `outcome ~ regressors | absorbed effects | endogenous ~ instruments`. Effects are taken
//! off every column, instruments included.

mod estimators;
mod linear;
mod stages;

pub use linear::{Instrumented, Iv, IvFit, Method};
