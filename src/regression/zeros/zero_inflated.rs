//! Zero-inflated counts: some zeros are of another kind.
//!
//! `P(y = 0) = π + (1 − π) f(0)` and `P(y) = (1 − π) f(y)` with `logit π = Zγ` and `f` Poisson or NB2 with mean
//! `μ = E·exp(o + Xβ)` (Lambert 1992, *Technometrics* 34; Greene 1994). The mean is `(1 − π)μ`.
//!
//! ```
//! use averted::data::Frame;
//! use averted::inference::Estimates;
//! use averted::regression::ZeroInflated;
//! let frame = Frame::new().with_number("deaths", [vec![0.0; 5], vec![1.0, 2.0, 3.0, 4.0]].concat())?;
//! let fit = ZeroInflated::new().fit("deaths ~ 1", &frame)?;
//! // The mean is that of the sample.
//! assert!((fit.fitted()[0] - 10.0 / 9.0).abs() < 1e-9);
//! assert_eq!(fit.names(), ["count: (Intercept)", "zero: (Intercept)"]);
//! # Ok::<(), averted::Error>(())
//! ```

use ndarray::Array2;

use super::fit::TwoPartFit;
use super::parts::{CountFamily, Kind};
use super::settle::Told;
use super::two_part;
use crate::data::Source;
use crate::error::Result;
use crate::regression::Sample;
use crate::regression::irls::Limits;
use crate::regression::settings::{Settings, climb_setters, count_setters, shared_setters};

/// Specification of a zero-inflated regression of counts: `P(y = 0) = π + (1 − π) f(0)` (Lambert 1992).
#[derive(Debug, Clone, PartialEq)]
pub struct ZeroInflated {
    settings: Settings,
    limits: Limits,
    family: CountFamily,
    zeros: Option<String>,
}

two_part!(ZeroInflated, "Zero-inflated regression", Kind::Inflated);
