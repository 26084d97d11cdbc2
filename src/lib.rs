//! Fits time-series and regression models that relate enforcement and counter-drug spending to overdose and
//! homicide deaths.
//!
//! The house has floors; a room imports only from floors beneath it (`tests/architecture.rs` holds us to it):
//!
//! | floor | rooms |
//! | --- | --- |
//! | the border | `python` |
//! | the study | [`study`] |
//! | questions | [`forecast`], [`spending`], [`surveillance`] |
//! | models | [`regression`], [`timeseries`] |
//! | statistics | [`data`], [`distribution`], then [`inference`], [`sources`] |
//! | numerics | [`linalg`], [`optimize`], [`random`], [`parallel`], [`special`] |

//  ── numerics: knows no statistics
pub mod error;
pub mod interrupt;
pub mod linalg;
pub mod optimize;
pub mod parallel;
pub mod random;
pub mod special;

//  ── statistics: knows no model
pub mod data;
pub mod distribution;
pub mod inference;
pub mod sources;

//  ── models: fitted to data
pub mod regression;
pub mod timeseries;

//  ── questions: what the analyst came to ask
pub mod forecast;
pub mod spending;
pub mod surveillance;

//  ── the study: the referee and the answer sheet
pub mod study;

//  ── the border
#[cfg(feature = "python")]
mod python;

pub use error::{Error, Result};
