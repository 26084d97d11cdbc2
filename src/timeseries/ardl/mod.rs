//! Autoregressive distributed lags: how a series answers others, at once and in the long run.
//!
//! ```text
//! y_t = c + d·t + Σ_{i=1..p} φ_i y_{t−i} + Σ_j Σ_{i=0..q_j} θ_ji x_{j,t−i} + ε_t
//! ```
//!
//! by least squares (Pesaran & Shin 1998). The same model in error-correction form:
//!
//! ```text
//! π = Σφ − 1        ψ_j = Σ_i θ_ji
//! Δy_t = c + d·t + π y_{t−1} + Σ_j ψ_j x_{j,t−1} + Σ_i γ_i Δy_{t−i} + Σ_j Σ_i ω_ji Δx_{j,t−i} + ε_t
//! ```
//!
//! The long-run multiplier of a regressor is −ψ/π. The bounds test (Pesaran, Shin & Smith 2001) asks whether π and all ψ are
//! zero, whether the regressors wander or not.
//!
//! ```
//! use averted::timeseries::ardl::{Ardl, BoundsCase};
//! use ndarray::Array2;
//! // y gives way to x with a multiplier of 2.
//! let noise = |t: usize, a: f64| (t as f64 * a).sin() + (t as f64 * a * 1.7).cos();
//! let (mut x, mut y) = (vec![0.0], vec![0.0]);
//! for t in 1..80 {
//!     x.push(x[t - 1] + noise(t, 12.9898));
//!     y.push(0.6 * y[t - 1] + 0.8 * x[t] + 0.3 * noise(t, 78.233));
//! }
//! let x = Array2::from_shape_vec((80, 1), x).expect("a column");
//! let fit = Ardl::new(1, &[0]).fit("deaths", &y, &["aid".into()], x.view())?;
//! let long = fit.long_run(0.95);
//! assert!((long[1].estimate - 2.0).abs() < 3.0 * long[1].std_error);
//! assert!(fit.bounds(BoundsCase::Constant)?.upper_p < 0.01);
//! # Ok::<(), averted::Error>(())
//! ```

mod bounds;
mod fit;
mod specification;
mod surfaces;

pub use bounds::{Bounds, BoundsCase, BoundsTest};
pub use fit::{ArdlFit, Multiplier};
pub use specification::{Ardl, Criterion};
