//! Proper scores of forecasts: less is better, and honesty is the best policy.
//!
//! ```text
//! IS_α(l, u; y) = (u − l) + 2/α (l − y)⁺ + 2/α (y − u)⁺                         (Gneiting & Raftery 2007)
//! WIS(y)        = (½ |y − m| + Σ_k α_k/2 · IS_{α_k}(y)) / (K + ½)              (Bracher et al. 2021)
//! CRPS(y)       = ∫ (F(z) − 1{y ≤ z})² dz = E|X − y| − ½ E|X − X'|
//! ```
//!
//! The WIS is twice the mean pinball loss over its quantiles, and tends to the CRPS as they grow dense. All three are in
//! the units of the outcome. [`Predictive`] scores distributions, censored outcomes included; [`crps_draws`] draws;
//! [`energy`] and [`variogram`] joint paths. [`errors`] has the measures of points, [`diebold_mariano`] and
//! [`relative_skill`] compare forecasters, [`pit`] and [`coverage`] ask whether the stated chances hold.
//!
//! ```
//! use averted::forecast::scores::weighted_interval;
//! let score = weighted_interval(45.0, 20.0, &[(0.05, 10.0, 40.0), (0.2, 14.0, 30.0), (0.5, 16.0, 26.0)]);
//! assert!((score - 16.1).abs() < 1e-12);
//! ```

mod basic;
mod calibration;
mod compare;
mod counts;
mod joint;
mod places;
mod points;
mod predictive;

pub use basic::{
    HUB_TAILS, LEVELS, Score, WisParts, covered, crps_draws, crps_normal, crps_sorted, interval, naive_error,
    pinball, score, sorted_quantile, weighted_interval, weighted_interval_parts, weighted_interval_sorted,
};
pub use calibration::{Coverage, coverage, pit};
pub use compare::{
    DieboldMariano, LongRun, diebold_mariano, elementary_mean, elementary_quantile, relative_skill,
};
pub use joint::{brier, energy, ranked_probability, variogram};
pub use places::best_possible_reach;
pub use points::{Errors, errors};
pub use predictive::Predictive;
