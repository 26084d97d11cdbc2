//! Intermittent demand: many zeros, and now and then something.
//!
//! What comes and how often it comes are smoothed apart:
//!
//! ```text
//! Croston    z ← z + α(y − z), p ← p + β(q − p)   where y > 0, q periods after the last        ŷ = z/p
//! SBA        the same                                                                          ŷ = (1 − β/2) z/p
//! TSB        z as before, π ← π + β(1[y > 0] − π) in every period                              ŷ = π z
//! ```
//!
//! (Croston 1972; Syntetos & Boylan 2005, who take out the bias of a ratio; Teunter, Syntetos & Babai 2011, whose
//! forecast falls while nothing comes.) Values that are **missing** are periods that are not there: nothing moves in
//! them, and q does not count them.
//!
//! **The distribution.** The three are rules for a mean. Paths come from the model that has these means: something
//! comes in a period with probability π (Croston: 1/p, SBA: (1 − β/2)/p), its size is z times a relative error drawn
//! from those of the past (Willemain, Smart & Schwarz 2004), and π and z go on being smoothed along the path. π starts
//! from the beta distribution that has its mean and the variance of a smoothed share. Where all values are whole
//! numbers, so are the paths and their quantiles; nothing is below zero.
//!
//! ```
//! use averted::timeseries::intermittent::Intermittent;
//! use averted::timeseries::structural::Series;
//! let y = [0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 3.0, 0.0, 0.0, 0.0, 2.0, 0.0];
//! let fit = Intermittent::tsb().fit(&Series::new("seizures", &y))?;
//! let forecast = fit.forecast(3, 1_000, Some(1))?;
//! assert!((forecast.mean(0)[0] - fit.rate()).abs() < 0.1);
//! assert_eq!(forecast.quantile(0, 0.05)?[0], 0.0);
//! # Ok::<(), averted::Error>(())
//! ```

mod fit;
mod specification;

pub use fit::IntermittentFit;
pub use specification::{Intermittent, Rule, Start};
