//! Minimisers: functions of vectors in, minima out.
//!
//! [`minimize`] is a small dense BFGS (Nocedal & Wright 2006, ch. 6) with the bracketing line search of Lewis &
//! Overton (2013), for likelihoods that cost microseconds; [`nelder_mead`] (through argmin) needs no gradient. A
//! value that is infinite or NaN is outside the domain: the search steps back from it.
//!
//! ```
//! use averted::optimize::{Settings, minimize};
//! let bowl = |x: &[f64]| (x[0] - 1.0).powi(2) + 10.0 * (x[1] + 2.0).powi(2);
//! let minimum = minimize(bowl, &[0.0, 0.0], &Settings::default())?;
//! assert!((minimum.at[0] - 1.0).abs() < 1e-6 && (minimum.at[1] + 2.0).abs() < 1e-6);
//! # Ok::<(), averted::Error>(())
//! ```

mod bfgs;
mod difference;
mod simplex;

pub use bfgs::{Minimum, Settings, minimize, minimize_with_gradient};
pub use difference::{gradient, hessian};
pub use simplex::nelder_mead;
