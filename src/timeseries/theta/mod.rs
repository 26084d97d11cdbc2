//! Theta: simple exponential smoothing with a part of a straight line.
//!
//! ```text
//! y_t = μ_t + ε_t                     ε_t ~ N(0, σ²)
//! μ_t = ℓ_{t−1} + (1 − 1/θ) {(1−α)^{t−1} A + [1 − (1−α)^t]/α · B}
//! ℓ_t = α y_t + (1−α) ℓ_{t−1}
//! ```
//!
//! A + Bt is the least-squares line of the whole series, or, in the **dynamic** methods, of the periods before t.
//! θ = 2 is the method of Assimakopoulos & Nikolopoulos (2000), which is smoothing with half the slope of the line as
//! drift (Hyndman & Billah 2003); with θ ≥ 1 estimated it is that of Fiorucci, Pellegrini, Louzada, Petropoulos &
//! Koehler (2016), whose state space form this is.
//!
//! A **season** is taken out before and put back after: by classical decomposition, where the autocorrelation at its
//! length passes a 90 % test, as factors unless a value is not above zero.
//!
//! **Fit.** Given α the mean is linear in ℓ₀ and in w = 1 − 1/θ, so that these are least squares and only α is searched
//! for, between 0.1 and 0.99: on a grid, then by sections. The standard method takes α (0.0001 to 0.9999) and its first
//! prediction from smoothing without the line. A dynamic method starts from the first three observations, or fewer where
//! fewer than eight were seen. **Missing** values (NaN) may stand anywhere: the likelihood is that of what was seen, by
//! a Kalman filter of the level, and a line is that of the points there are.
//!
//! **Forecasts.** [`ThetaFit::predict`] has means and standard errors with the parameters as they are.
//! [`ThetaFit::forecast`] draws them, and every shock; the line of a dynamic method learns from its own future.
//!
//! **Spread.** What bends a trend is not in the model, and its intervals are too narrow for it. So the method is fitted
//! again to the first m observations, for all m from the fifth, or the first quarter, on; with `e` its errors h periods
//! ahead and k their number, paths deviate from their mean at least as `√(Σe²/k)` times a t variable with `1 + k/h`
//! degrees of freedom, as errors that overlap are not independent (the idea is that of Williams & Goodman 1971). In a
//! series of positive values that has grown since, `e²` counts times what it has grown by. The spread never falls with
//! the horizon. Where a season of s was taken out of n observations, it is wider by `√(n/(n − s) · (1 + s/n))`.
//!
//! ```
//! use averted::timeseries::structural::Series;
//! use averted::timeseries::theta::{Method, Theta};
//! let y = [1120.0, 1160.0, 963.0, 1210.0, f64::NAN, 1160.0, 813.0, 1230.0, 1370.0, 1140.0, 995.0, 935.0];
//! let fit = Theta::new(Method::Dynamic).fit(&Series::new("flow", &y))?;
//! assert!(fit.alpha() > 0.0 && fit.theta() >= 1.0);
//! let forecast = fit.forecast(3, 500, Some(1))?;
//! assert!(forecast.interval(0, 0.95)?[0].0 < forecast.mean(0)[0]);
//! # Ok::<(), averted::Error>(())
//! ```

mod estimate;
mod filter;
mod fit;
mod likely;
mod line;
mod rolling;
mod season;
mod simulate;
mod specification;

pub use crate::timeseries::plain::Prediction;
pub use fit::ThetaFit;
pub use specification::{Method, Seasonal, Theta};
