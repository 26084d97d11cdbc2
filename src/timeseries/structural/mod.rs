//! Structural models: a series as level, trend, season, cycle, regressors and noise.
//!
//! ```text
//! g(y_t / e_t) = μ_t + γ_t + ψ_t + x_t'β_t + ε_t      ε_t ~ N(0, σ²_irregular [+ 1/y_t])
//! μ_{t+1} = μ_t + ν_t + ξ_t                           ξ_t ~ N(0, σ²_level)
//! ν_{t+1} = φ ν_t + ζ_t                               ζ_t ~ N(0, σ²_slope)
//! γ_{t+1} = −(γ_t + … + γ_{t−s+2}) + ω_t              ω_t ~ N(0, σ²_seasonal)
//! ψ_{t+1} = ρ (ψ_t cos λ + ψ*_t sin λ) + κ_t          κ_t ~ N(0, σ²_cycle), and so ψ* with −sin λ, turned
//! β_{t+1} = β_t + τ_t                                 τ_t ~ N(0, σ²_β), zero unless the coefficient walks
//! ```
//!
//! `g` is the identity or the logarithm, `e` an exposure such as population (Harvey 1989; Durbin & Koopman 2012, ch.
//! 3). A trigonometric season is the sum over j = 1 … ⌊s/2⌋ of pairs that turn by 2πj/s a period, all with one variance.
//! [`CountStructural`] puts the same states under counts. Level, slope, season and β start diffuse, exactly; the slope of a damped trend and the cycle start from their stationary
//! distributions, so that φ moves the likelihood only through what was seen. The variances maximise the likelihood of
//! g(y/e); one of them is concentrated out, several starts are tried, and zeros are tested, because many optima lie
//! exactly there.
//!
//! ```
//! use averted::timeseries::structural::{Component, Series, Structural};
//! let y = [1120.0, 1160.0, 963.0, 1210.0, f64::NAN, 1160.0, 813.0, 1230.0, 1370.0, 1140.0];
//! let fit = Structural::new().fit(&Series::new("flow", &y))?;
//! assert_eq!((fit.n_diffuse(), fit.n_observed()), (1, 9));
//! assert!(fit.variance(Component::Irregular).unwrap() > 0.0);
//! let forecast = fit.forecast(3, None, None, 500, Some(1))?;
//! assert!(forecast.interval(0, 0.95)?[0].0 < forecast.mean(0)[0]);
//! # Ok::<(), averted::Error>(())
//! ```

mod cells;
mod count;
mod count_fit;
mod count_simulate;
mod differenced;
mod estimate;
mod fit;
mod likelihood;
mod parameters;
mod prepare;
mod regressors;
mod simulate;
mod specification;
mod states;

pub use count::CountStructural;
pub use count_fit::{CountParts, CountStructuralFit, Importance};
pub use fit::{Parts, Prediction, StructuralFit};
pub use parameters::Parameter;
pub use prepare::Series;
pub use simulate::Offsets;
pub use specification::{Component, Cycle, Scale, Season, Structural, Trend};
