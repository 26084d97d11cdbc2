//! Hurdle counts: whether there is an event at all, and how many where there is.
//!
//! `P(y = 0) = 1 − p` and `P(y) = p f(y)/(1 − f(0))` with `logit p = Zγ` and `f` Poisson or NB2 with mean
//! `μ = E·exp(o + Xβ)` (Mullahy 1986, *Journal of Econometrics* 33). The mean is `pμ/(1 − f(0))`. Coefficients of the
//! binary part are those of any event: their signs are opposite to those of [zero inflation](super::ZeroInflated).
//!
//! ```
//! use averted::data::Frame;
//! use averted::inference::Estimates;
//! use averted::regression::Hurdle;
//! let frame = Frame::new().with_number("deaths", [vec![0.0; 5], vec![1.0, 2.0, 3.0, 4.0]].concat())?;
//! let fit = Hurdle::new().fit("deaths ~ 1", &frame)?;
//! // Four of nine are above zero.
//! assert!((fit.coefficients()[1] - 0.8_f64.ln()).abs() < 1e-9);
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

/// Specification of a hurdle regression of counts: `P(y = 0) = 1 − p`, `P(y) = p f(y)/(1 − f(0))` (Mullahy 1986).
#[derive(Debug, Clone, PartialEq)]
pub struct Hurdle {
    settings: Settings,
    limits: Limits,
    family: CountFamily,
    zeros: Option<String>,
}

two_part!(Hurdle, "Hurdle regression", Kind::Hurdle);
