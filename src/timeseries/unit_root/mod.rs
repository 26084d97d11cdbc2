//! Does a series wander, or does it come back? Tests of unit roots and of stationarity.
//!
//! [`Kpss`] takes stationarity as the null and rejects it; the others take the unit root as the null: [`Adf`],
//! [`PhillipsPerron`], [`DfGls`], [`ZivotAndrews`] against one break, [`Ocsb`] over the season; [`VarianceRatio`] takes
//! the random walk. [`differences`] says how often to difference, as automatic ARIMA models need to know.
//!
//! ```
//! use averted::timeseries::unit_root::{Deterministic, Kpss};
//! let deaths = [310.0, 335.0, 322.0, 368.0, 401.0, 395.0, 442.0, 460.0, 489.0, 470.0, 512.0, 534.0];
//! let test = Kpss::new().lags(1).test("deaths", &deaths)?;
//! assert!(test.p_value < 0.05); // not stationary around a level …
//! let test = Kpss::new().deterministic(Deterministic::Trend).lags(1).test("deaths", &deaths)?;
//! assert!(test.p_value >= 0.1); // … but around a line
//! # Ok::<(), averted::Error>(())
//! ```

mod answer;
mod dfgls;
mod dickey_fuller;
mod differences;
mod kpss;
mod mackinnon;
mod ocsb;
mod phillips_perron;
mod prepare;
mod surfaces;
mod variance_ratio;
mod zivot_andrews;

pub use answer::{Deterministic, UnitRootTest};
pub use dfgls::DfGls;
pub use dickey_fuller::{Adf, Lags};
pub use differences::differences;
pub use kpss::{Bandwidth, Kpss};
pub use ocsb::Ocsb;
pub use phillips_perron::PhillipsPerron;
pub use variance_ratio::VarianceRatio;
pub use zivot_andrews::{Break, ZivotAndrews};

pub(in crate::timeseries) use dickey_fuller::lag_setters;
pub(in crate::timeseries) use mackinnon::{tau_critical, tau_p};
pub(in crate::timeseries) use prepare::{Ols, deterministic};
