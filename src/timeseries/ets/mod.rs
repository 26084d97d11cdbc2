//! Exponential smoothing in state space form: error, trend and season, each none, additive or multiplicative.
//!
//! ```text
//! q_t = l_{t−1} | l_{t−1} + φ b_{t−1} | l_{t−1} b_{t−1}^φ          trend N | A, Ad | M, Md
//! μ_t = q_t | q_t + s_{t−m} | q_t s_{t−m}                          season N | A | M
//! y_t = μ_t + ε_t | μ_t (1 + ε_t)                                  error A | M,    ε ~ N(0, σ²)
//! d_t = y_t − μ_t | (y_t − μ_t)/s_{t−m}                            season N, A | M
//! l_t = q_t + α d_t
//! b_t = φ b_{t−1} + β d_t | b_{t−1}^φ + β d_t / l_{t−1}
//! s_t = s_{t−m} + γ (y_t − μ_t) | s_{t−m} + γ (y_t − μ_t)/q_t
//! ```
//!
//! Hyndman, Koehler, Ord & Snyder (2008). Parameters lie where both the usual bounds (`1e-4 ≤ β ≤ α ≤ 0.9999`,
//! `1e-4 ≤ γ ≤ 1 − α`, `0.8 ≤ φ ≤ 0.98`) and the forecastability conditions of Hyndman, Akram & Archibald (2008) hold.
//! A missing observation leaves the state as it was forecast.
//!
//! **The likelihood** is the forecast package's: `−n/2 log Σε² − Σ log |μ|` (the second sum for multiplicative errors
//! only), σ² concentrated out and the constant dropped. Add `−n/2 (log(2π/n) + 1)` for the full one. It is maximised over
//! smoothing parameters and initial states together as a least-squares problem, `Σ (ε_t · exp(mean log μ))²`, by
//! Levenberg–Marquardt with exact derivatives from two starts; for additive errors, whose initial states enter linearly,
//! one step finds those. AIC counts smoothing parameters, free initial states and σ².
//!
//! **Forecasts** are joint paths: each draws parameters and initial states from their posterior (priors flat in the
//! bounds, but for slopes, which change slowly; a multivariate t at the maximum, resampled by importance), then σ², then
//! every shock, with the tails of a t where the series is short.
//!
//! ```
//! use averted::timeseries::ets::{AutoEts, Ets};
//! use averted::timeseries::structural::Series;
//! let y = [30.0, 32.0, 31.0, f64::NAN, 36.0, 35.0, 38.0, 40.0, 39.0, 43.0, 42.0, 45.0];
//! let fit = Ets::new("AAN".parse()?).fit(&Series::new("deaths", &y))?;
//! assert!(fit.alpha() > 0.0 && fit.beta().is_some() && fit.gamma().is_none());
//! assert!(fit.predict(3)?.mean[2] > 45.0);
//! let forecast = AutoEts::new().fit(&Series::new("deaths", &y))?.forecast(3, 500, Some(1))?;
//! assert!(forecast.interval(0, 0.95)?[0].0 < forecast.mean(0)[0]);
//! # Ok::<(), averted::Error>(())
//! ```

mod auto;
mod estimate;
mod filter;
mod fit;
mod form;
mod jacobian;
mod posterior;
mod predict;
mod specification;
mod start;
mod unseasonal;

pub use auto::{AutoEts, AutoEtsFit, Candidate, Criterion};
pub use fit::EtsFit;
pub use form::{Form, Season, Trend};
pub use specification::Ets;
