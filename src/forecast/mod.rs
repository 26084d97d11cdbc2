//! What comes next: forecasts of panels under scenarios, backtests, and scores.
//!
//! [`PanelForecast`] fits a structural model to the log rate of every unit and simulates the future as joint paths of
//! counts; [`scenario`] turns "+20 %" into paths of spending; [`backtest`] sends a specification through the past beside
//! a naive benchmark; [`scores`] judges forecasts by proper rules.
//!
//! ```
//! use averted::forecast::PanelForecast;
//! use averted::data::{Frame, Panel};
//! let deaths = [310.0, 335.0, 322.0, 368.0, 401.0, 395.0, 442.0, 460.0, 489.0, 470.0];
//! let frame = Frame::new()
//!     .with_text("state", &[Some("Sonora"); 10])?
//!     .with_number("year", (2010..2020).map(f64::from).collect())?
//!     .with_number("deaths", deaths.to_vec())?
//!     .with_number("people", vec![2.8e6; 10])?;
//! let panel = Panel::new(frame, "state", "year")?.events("deaths")?.population("people")?;
//! let result = PanelForecast::new(3).draws(200).seed(1).run(&panel)?;
//! let sonora = result[0].outcome.as_ref().expect("a forecast");
//! assert_eq!(sonora.forecast.labels(), ["2020", "2021", "2022"]);
//! # Ok::<(), averted::Error>(())
//! ```

pub mod backtest;
pub mod combination;
pub mod conformal;
mod forecaster;
pub mod many;
mod panel;
pub mod reconciliation;
pub mod scenario;
pub mod scores;

pub use forecaster::{Ahead, Combined, Forecaster, Outlook, named};
pub use panel::{PanelForecast, UnitForecast, UnitOutcome};
