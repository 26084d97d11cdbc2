//! Joinpoint regression: a log rate that is a line, bent at a few points.
//!
//! ```text
//! log rate(t) = β₀ + β₁ t + Σ_j δ_j (t − τ_j)₊          APC of a segment = 100 (e^slope − 1)
//! AAPC over [a, b] = 100 (exp(Σ L_i b_i / Σ L_i) − 1)     L_i: the length of segment i within [a, b]
//! ```
//!
//! [`Mode::Nci`] is the method of the NCI's Joinpoint program (Kim, Fay, Feuer & Midthune 2000; Clegg et al. 2009): least
//! squares of log rates weighted by (rate/SE)², joinpoints at observations with at least two strictly outside and
//! between, their number by a sequence of permutation tests at level α/(K − a), or by BIC, BIC3 or WBIC (Kim et al.
//! 2022). [`Mode::Poisson`] and [`Mode::NegativeBinomial`] maximise the likelihood of counts with a population instead:
//! zeros count as zeros, and a suppressed count as the interval it is.
//!
//! Times are in years: March 2019 is 2019 + 2/12, and changes stay annual.
//!
//! ```
//! use averted::timeseries::joinpoint::{Joinpoint, Selection, Series};
//! let years: Vec<f64> = (1999..2017).map(f64::from).collect();
//! let rates: Vec<f64> =
//!     years.iter().map(|t| (0.1 * (t - 1999.0_f64).min(8.0) + 0.01 * (7.0 * t).sin()).exp()).collect();
//! let fit = Joinpoint::new().selection(Selection::Wbic).fit(&Series::rates("rate", &years, &rates))?;
//! assert_eq!(fit.joinpoints()[0].time, 2007.0);
//! assert!((fit.segments()[0].apc - 10.5).abs() < 0.5);
//! # Ok::<(), averted::Error>(())
//! ```

mod bootstrap;
mod compare;
mod fit;
mod grid;
mod least_squares;
mod likelihood;
mod permutation;
mod prepare;
mod refine;
mod specification;

pub use compare::Comparability;
pub use fit::{AverageChange, Candidate, JoinpointFit, Joint, Segment, SequenceTest};
pub(in crate::timeseries) use likelihood::{cell, constants, crude};
pub(in crate::timeseries) use prepare::Data;
pub use prepare::Series;
pub use specification::{Joinpoint, Mode, Selection};
