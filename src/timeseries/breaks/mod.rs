//! Structural breaks: regressions whose coefficients change at unknown dates, and tests that they do not change.
//!
//! ```text
//! y_t = x_t'β_j + u_t        t = T_{j−1} + 1, …, T_j       j = 1, …, m + 1
//! ```
//!
//! [`BaiPerron`] finds the dates by dynamic programming over every admissible partition (Bai & Perron 1998,
//! 2003), chooses their number by BIC, LWZ or sequential tests, and gives each date an interval (Bai 1997). [`instability`] holds
//! the tests of constancy: sup-, ave- and exp-F (Andrews 1993; Andrews & Ploberger 1994), Chow, CUSUM of least-squares
//! and of recursive residuals, MOSUM and moving estimates. [`Pelt`] finds changes of level (or level and spread) in
//! long series of numbers or counts, exactly (Killick, Fearnhead & Eckley 2012).
//!
//! p-values of sup-F come from the distribution of a Bessel bridge, solved as a diffusion equation; those without a closed
//! form come from a fixed simulation of the limit.
//!
//! ```
//! use averted::timeseries::breaks::{BaiPerron, Series};
//! let y: Vec<f64> = (0..40).map(|t| if t < 15 { 1.0 } else { 4.0 } + 0.3 * f64::from(t * 7 % 5)).collect();
//! let fit = BaiPerron::new().fit(&Series::new("y", &y))?;
//! assert_eq!(fit.breaks()[0].last, 14); // the last observation of the first segment
//! assert!(fit.sup_f(1)?.p_value < 1e-6);
//! # Ok::<(), averted::Error>(())
//! ```

mod bai_perron;
mod dates;
mod fit;
mod fluctuation;
pub mod instability;
mod limits;
mod partition;
mod pelt;
mod pelt_cost;
mod series;

pub use bai_perron::{BaiPerron, Selection};
pub use fit::{Break, BreaksFit, Model, Test};
pub use limits::{ave_f_p_value, exp_f_p_value, sup_f_p_value};
pub use pelt::{Pelt, PeltFit, PeltSegment, Penalty};
pub use pelt_cost::Cost;
pub use series::Series;
