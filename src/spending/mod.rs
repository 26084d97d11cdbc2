//! What does a dollar buy? The response of deaths to spending, the deaths that a sum averted, and at what cost.
//!
//! [`SpendingResponse`] fits `E[yᵢₜ] = Nᵢₜ exp(Σₗ bₗ sᵢ,ₜ₋ₗ + x'γ + αᵢ + δₜ)`, with `y` deaths, `N` people, and `s` real
//! dollars a head, and gives a [`Response`]: lag by lag, in the long run, as deaths [`Averted`] by a million, with the
//! smallest effect that the design could have detected beside every estimate, and with a test of whether *future*
//! spending "explains" deaths.
//!
//! ```
//! use averted::data::{Frame, Panel};
//! use averted::spending::{Cost, SpendingResponse};
//! # let (mut unit, mut year, mut deaths, mut people, mut spend) = (vec![], vec![], vec![], vec![], vec![]);
//! # for i in 0..12 { for t in 0..9 {
//! #     let s = f64::from((7 * i + 5 * t + i * t) % 11) / 4.0;
//! #     let before = f64::from((7 * i + 5 * (t - 1) + i * (t - 1)) % 11) / 4.0;
//! #     unit.push(format!("u{i:02}")); year.push(f64::from(2001 + t)); people.push(1e6); spend.push(s);
//! #     deaths.push((300.0 * (-0.10 * s - 0.05 * before).exp()).round());
//! # } }
//! # let unit: Vec<Option<&str>> = unit.iter().map(|u| Some(u.as_str())).collect();
//! # let frame = Frame::new().with_text("state", &unit)?.with_number("year", year)?.with_number("deaths", deaths)?
//! #     .with_number("people", people)?.with_number("spend", spend)?;
//! let panel = Panel::new(frame, "state", "year")?.events("deaths")?.population("people")?;
//! let response = SpendingResponse::new().spend("spend").lags(1).fit(&panel)?;
//! assert!((response.cumulative(0.95).estimate + 0.15).abs() < 0.01);
//! let averted = response.averted(1_000_000.0)?;
//! assert!(averted.estimate.lower > 0.0 && matches!(averted.cost(), Cost::Bounded { .. }));
//! # Ok::<(), averted::Error>(())
//! ```

mod averted;
mod cost;
mod counterfactual;
mod jackknife;
mod leads;
mod path;
mod power;
mod response;
mod specification;

pub use averted::{Averted, Spread};
pub use cost::{Cost, RatioSet, fieller};
pub use counterfactual::{Counterfactual, WithoutSpending};
pub use jackknife::Errors;
pub use leads::{Joint, LeadTest};
pub use path::{CostByPath, PathCost};
pub use power::{detectable, reach};
pub use response::{Extent, Response};
pub use specification::SpendingResponse;
