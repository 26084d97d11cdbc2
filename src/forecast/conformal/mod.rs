//! Intervals that cover, from how far past forecasts were off.
//!
//! ```text
//! score          s = (y − c)/a  where y ≥ c,   (c − y)/b  where y < c              c: centre; a, b: spread above and below
//! radius         q(1 − α) = the ⌈(n + 1)(1 − α)⌉-th smallest of n past scores       (Vovk, Gammerman & Shafer 2005)
//! interval       [c − q·b, c + q·a]                                            covers with probability ≥ 1 − α
//! adaptive       α_{t+1} = α_t + γ (α − 1{y_t outside})                            (Gibbs & Candès 2021)
//! ```
//!
//! The promise of [`Calibration`] is exact for any model, however wrong, when past and new scores are exchangeable. It
//! needs n ≥ (1 − α)/α scores a horizon (19 for 95 %), which one annual series does not have: [`Pooled`] takes the
//! scores of a whole panel, by strata. Where the world moves, [`Adaptive`] follows it, and its long-run share of misses
//! is α for any sequence at all.
//!
//! ```
//! use averted::forecast::conformal::{Calibration, Spread};
//! let scores = (1..=19).map(f64::from).collect();
//! let calibration = Calibration::new(vec![scores])?;
//! assert_eq!(calibration.interval(1, &Spread::symmetric(100.0, 2.0), 0.9)?, (64.0, 136.0));
//! assert!(calibration.interval(1, &Spread::symmetric(100.0, 2.0), 0.96).is_err());
//! # Ok::<(), averted::Error>(())
//! ```

mod adaptive;
mod pooled;
mod split;

pub use adaptive::{Adaptive, adaptive_intervals};
pub use pooled::{LEAST_SERIES, Pooled, Record};
pub use split::{Calibration, Spread, needed, whole};
