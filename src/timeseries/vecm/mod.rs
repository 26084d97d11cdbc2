//! Vector error correction: several wandering series that come back to relations between them.
//!
//! ```text
//! Δy_t = α (β' y_{t−1} + ρ d_{t−1}) + Γ₁ Δy_{t−1} + … + Γ_L Δy_{t−L} + Φ d_t + u_t          u_t ~ (0, Σ)
//! ```
//!
//! by maximum likelihood (Johansen 1991; Lütkepohl 2005, ch. 7): β from the reduced rank regression of Johansen's tests, the
//! first r series normed to the identity; the rest by least squares given β. Σ is divided by T. Standard errors are
//! asymptotic and normal: of β as if α and Σ were known, of α, Γ and Φ as if β were, which converges faster.
//!
//! ```
//! use averted::timeseries::vecm::Vecm;
//! use ndarray::Array2;
//! let noise = |t: usize, a: f64| (t as f64 * a).sin() + (t as f64 * a * 1.7).cos();
//! let mut level = 0.0;
//! let y = Array2::from_shape_fn((90, 2), |(t, j)| {
//!     if j == 0 {
//!         level += noise(t, 12.9898);
//!     }
//!     if j == 0 { level } else { 2.0 * level + noise(t, 78.233) }
//! });
//! let fit = Vecm::new(1, 1).fit(&["aid".into(), "deaths".into()], y.view())?;
//! assert!((fit.beta()[[1, 0]] + 0.5).abs() < 0.05);
//! assert_eq!(fit.impulse(8, true).len(), 9);
//! # Ok::<(), averted::Error>(())
//! ```

mod fit;
mod forecast;
mod impulse;
mod restrictions;
mod specification;

pub use fit::VecmFit;
pub use specification::Vecm;
