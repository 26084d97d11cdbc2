//! ARIMA models: regression with errors that are differenced, autoregressive and moving averages, seasonal ones too.
//!
//! ```text
//! y_t = x_t'β + η_t        φ(B)Φ(Bˢ)(1 − B)ᵈ(1 − Bˢ)ᴰ η_t = θ(B)Θ(Bˢ)ε_t        ε_t ~ N(0, σ²)
//! φ(B) = 1 − φ₁B − … − φ_pBᵖ        θ(B) = 1 + θ₁B + … + θ_qBᵍ
//! ```
//!
//! x holds a mean (where nothing is differenced), a slope (`drift`) and regressors (Box & Jenkins 1970). The likelihood
//! is the exact normal one of the differenced series: no large starting variance stands for what is not known. Values
//! may be missing anywhere, and the likelihood is that of what was seen. β and σ² are concentrated out, φ, Φ, θ and Θ
//! move as partial autocorrelations (Barndorff-Nielsen & Schou 1973; Monahan 1984), and the gradient is exact.
//! Everything costs O(n(p + q)).
//!
//! ```
//! use averted::timeseries::arima::Arima;
//! use averted::timeseries::structural::Series;
//! let y = [1120.0, 1160.0, 963.0, 1210.0, f64::NAN, 1160.0, 813.0, 1230.0, 1370.0, 1140.0, 995.0, 935.0];
//! let fit = Arima::new((0, 1, 1)).fit(&Series::new("flow", &y))?;
//! assert_eq!(fit.n_used(), 10);
//! assert!(fit.coefficients()[0] < 0.0 && fit.variance() > 0.0);
//! let forecast = fit.forecast(3, None, 500, Some(1))?;
//! assert!(forecast.interval(0, 0.95)?[0].0 < forecast.mean(0)[0]);
//! # Ok::<(), averted::Error>(())
//! ```

mod adjoint;
mod automatic;
mod dual;
mod engine;
mod estimate;
mod fit;
mod likelihood;
mod polynomial;
mod prepare;
mod search;
mod simulate;
mod specification;
mod start;
mod states;

pub use automatic::{AutoArima, Criterion};
pub use fit::{ArimaFit, Prediction};
pub use search::Trial;
pub use specification::{Arima, Method};
