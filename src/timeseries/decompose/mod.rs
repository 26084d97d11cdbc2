//! A series as trend, season and remainder.
//!
//! ```text
//! y_t = T_t + S_t + R_t        additive: STL, MSTL, classical
//! y_t = T_t · S_t · R_t        multiplicative: classical
//! ```
//!
//! [`Stl`] smooths by loess (Cleveland et al. 1990), [`Mstl`] does so for several seasons
//! (Bandara, Hyndman & Bergmeir 2021), [`Classical`] is the moving average of the textbooks. [`seasonal_strength`]
//! says how much of the detrended movement is season (Wang, Smith & Hyndman 2006).
//!
//! **Missing values** (NaN) have weight zero in every loess fit and take part in no mean. A window that holds no
//! observation is widened, twice over again, until it does. Trend and season are defined everywhere, the remainder is
//! missing where the observation is. A place in the season that is never observed is refused.
//!
//! ```
//! use averted::timeseries::decompose::{Stl, seasonal_strength};
//! let mut y: Vec<f64> = (0..48).map(|t| 100.0 + f64::from(t) + [0.0, 8.0, 3.0, -11.0][t as usize % 4]).collect();
//! y[17] = f64::NAN;
//! let parts = Stl::new(4).fit(&y)?;
//! assert!((parts.seasonal()[1] - 8.0).abs() < 0.1 && parts.remainder()[17].is_nan());
//! assert!(seasonal_strength(&y, 4)? > 0.99);
//! # Ok::<(), averted::Error>(())
//! ```

mod classical;
mod decomposition;
mod loess;
mod mstl;
mod stl;

pub use classical::Classical;
pub use decomposition::Decomposition;
pub use mstl::{Mstl, seasonal_strength};
pub use stl::{SeasonalWindow, Stl};
