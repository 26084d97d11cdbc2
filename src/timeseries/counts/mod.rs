//! Counts that remember: INGARCH and GLARMA models, by likelihood.
//!
//! Given its past, a count is Poisson or negative binomial (NB2) with mean μ = e·g⁻¹(ν), `e` an exposure such as
//! population. In the INGARCH model (Ferland, Latour & Oraichi 2006) and its log-linear form (Fokianos & Tjøstheim 2011)
//!
//! ```text
//! ν_t = β₀ + Σ β_k h(Y_{t−i_k}/e_{t−i_k}) + Σ α_l ν_{t−j_l} + x_t'η      h(y/e) = y/e, or log((y + 1)/e)
//! ```
//!
//! and in the GLARMA model (Davis, Dunsmuir & Streett 2003), always on the log scale,
//!
//! ```text
//! ν_t = β₀ + x_t'β + Z_t      Z_t = Σ φ_i (Z_{t−i} + e_{t−i}) + Σ θ_j e_{t−j}      e_t = (Y_t − μ_t) / V_t^½  or  / V_t
//! ```
//!
//! **Cells that hide.** A missing count adds nothing to the likelihood, a suppressed one log P(lo ≤ Y ≤ hi). In the
//! recursion each is replaced by what is expected of it given its past and the cell: E[Y | lo ≤ Y ≤ hi], or μ where
//! nothing is known. The likelihood is thereby an approximation: exact would be the sum over all that hidden cells may
//! have held. Forecasts draw hidden cells anew for every path.
//!
//! ```
//! use averted::data::Count;
//! use averted::timeseries::counts::{CountSeries, Ingarch};
//! let mut counts: Vec<Count> = (0..60).map(|t| Count::Exact(f64::from(12 + (t * 7) % 11 + (t / 9) % 4))).collect();
//! counts[17] = Count::Missing;
//! counts[40] = Count::Interval { lo: 0.0, hi: 19.0 };
//! let fit = Ingarch::new().fit(&CountSeries::new("deaths", &counts))?;
//! assert_eq!(fit.n_informative(), 59);
//! let forecast = fit.forecast(3, None, None, 500, Some(1))?;
//! assert!(forecast.interval(0, 0.95)?[0].0 >= 0.0);
//! # Ok::<(), averted::Error>(())
//! ```

mod cell;
mod climb;
mod directions;
mod fit;
mod glarma;
mod ingarch;
mod recursion;
mod scores;
mod series;
mod simulate;
mod specification;

pub use fit::CountFit;
pub use glarma::Glarma;
pub use ingarch::Ingarch;
pub use scores::CountScores;
pub use series::CountSeries;
pub use specification::{CountCovariance, Family, Initial, Intervention, Link, Method, ResidualScale};

pub(in crate::timeseries) use cell::Known;
pub(in crate::timeseries) use series::Data as CountData;
pub(in crate::timeseries) use simulate::draw;
