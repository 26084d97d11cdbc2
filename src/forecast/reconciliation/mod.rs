//! Forecasts of counties, states and country that add up.
//!
//! ```text
//! y = S b                  b: bottom series, S: which of them every series is the sum of
//! ỹ = S b̃                  b̃ = b̂ − K (û − C b̂),   K = (W_bu − W_bb C') (W_uu − W_ub C' − C W_bu + C W_bb C')⁻¹
//! ```
//!
//! û are the base forecasts of the sums, b̂ those of the bottom series, C the rows of S that are sums, and W the
//! covariance of the base errors: b̃ minimises the trace of the covariance of the reconciled errors among all linear
//! unbiased ways (Wickramasuriya, Athanasopoulos & Hyndman 2019). This form needs no inverse of W, so that series
//! without error are no trouble. [`Method`] says what W is taken to be.
//!
//! Forecasts that are unbiased stay so. Negative ones are put to a quadratic programme
//! ([`nonnegative`](Reconciliation::nonnegative)), counts are rounded so that they still add up
//! ([`whole`](Hierarchy::whole)), and joint paths are reconciled path by path (Panagiotelis, Gamakumara, Athanasopoulos
//! & Hyndman 2023).
//!
//! ```
//! use averted::forecast::reconciliation::{Hierarchy, Method, Reconciliation};
//! let country = Hierarchy::sums(&[("country", &["north", "south"])])?;
//! assert_eq!(country.names(), ["country", "north", "south"]);
//! let ols = Reconciliation::new(&country, Method::Ols, None)?;
//! let made = ols.points(&[12.0, 4.0, 5.0])?;
//! assert!(made.iter().zip([11.0, 5.0, 6.0]).all(|(m, v)| (m - v).abs() < 1e-12));
//! # Ok::<(), averted::Error>(())
//! ```

mod covariance;
mod hierarchy;
mod method;
mod nonnegative;
mod whole;

pub use covariance::shrunk_covariance;
pub use hierarchy::Hierarchy;
pub use method::{Method, Reconciliation};
