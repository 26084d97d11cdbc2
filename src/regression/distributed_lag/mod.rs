//! Distributed lags: an effect that spreads over several periods, as a curve along the lag.
//!
//! `η_it = … + Σ_{l=0}^{L} β_l x_{i,t−l}`, `β = B θ`, with `η` the linear predictor of any regression of the room. `B` is
//! the identity or a basis of few columns (Almon 1965; Gasparrini 2014, *Statistics in Medicine* 33), the regression is
//! of `Σ_l B_lj x_{i,t−l}`, and curve, sums and mean lag follow from `θ̂` and its covariance by linear maps. Leads
//! `x_{i,t+1} …`, free of the basis, are placebos: their joint test is one of strict exogeneity.
//!
//! ```
//! use averted::data::{Frame, Panel};
//! use averted::regression::{DistributedLag, LagBasis, Ols};
//! let x: Vec<f64> = (0..60).map(|i| ((i * i) as f64 * 0.7).sin()).collect();
//! let y = (0..60).map(|t| (0..4).filter(|l| t >= *l).map(|l| (4 - l) as f64 * x[t - l]).sum()).collect();
//! let frame = Frame::new()
//!     .with_text("unit", &vec![Some("a"); 60])?
//!     .with_number("t", (0..60).map(f64::from).collect())?
//!     .with_number("x", x)?
//!     .with_number("y", y)?;
//! let panel = Panel::new(frame, "unit", "t")?;
//! let fit = DistributedLag::new("x", 3).basis(LagBasis::almon(1)).fit(&Ols::new(), "y ~ 1", &panel)?;
//! let curve = fit.curve("x")?;
//! assert!((curve.estimates()[3] - 1.0).abs() < 1e-10);
//! assert!((curve.total("x", 0.95).estimate - 10.0).abs() < 1e-10);
//! # Ok::<(), averted::Error>(())
//! ```

mod basis;
mod fit;
mod penalty;
mod specification;

pub use basis::LagBasis;
pub use fit::{DistributedLagFit, LagLayout, LagLength};
pub use penalty::Smoothing;
pub use specification::DistributedLag;
