//! Money that knows what it is: stage, currency, price base and calendar.
//!
//! Let `v_f` be an amount of the period `f` of its own calendar (a fiscal year, say), `M_f` the months of `f`, and
//! `P`, `E` the means over months of a consumer price index and of an exchange rate. In prices of the year `b`,
//!
//! ```text
//! r_f = v_f ÷ E(M_f) × P(months of b) ÷ P(M_f)          at the prices and rates of the money's own period
//! x_t = Σ_{m ∈ M_t} r_{f(m)} ÷ |M_{f(m)}|               then shared out in equal months to the panel's period t
//! ```
//!
//! so a series by fiscal year in constant dollars is what a published table in constant dollars shows, and sharing
//! out keeps its total. The first step turns into dollars before it deflates: pesos have no index here.
//!
//! A calendar year whose second fiscal year has no row is missing, never three quarters of the truth; every missing
//! period, averaged index and negative amount is a note on the [`Spending`].
//!
//! | series | months | from |
//! | --- | --- | --- |
//! | CPI-U, all items, US city average, not seasonally adjusted, 1982-84 = 100 (`cpi_u.csv`) | 1913-01 to 2026-05 without 2025-10 | US Bureau of Labor Statistics, CUUR0000SA0 |
//! | pesos a dollar, monthly means (`mxn_usd.csv`) | 1993-11 to 2026-06 | Federal Reserve Board, H.10 |
//!
//! Both are works of the US federal government, in the public domain.
//!
//! ```
//! use averted::data::{Currency, Frame, Money, Panel, Stage};
//! let frame = Frame::new()
//!     .with_text("country", &[Some("Mexico"); 3])?
//!     .with_number("year", vec![2017.0, 2018.0, 2019.0])?
//!     .with_number("aid", vec![120.0, 240.0, 360.0])?;
//! let aid = Money::new("aid").stage(Stage::Disbursed).fiscal_year_start(10).per_person(false);
//! let panel = Panel::new(frame, "country", "year")?.money(aid)?;
//! let spending = &panel.spending()[0];
//! assert_eq!(spending.kind.to_string(), "nominal US dollars, disbursed, calendar years");
//! // Calendar 2017 is nine months of fiscal 2017 and three of fiscal 2018; fiscal 2020 is not there.
//! let spend = panel.frame().number("spend_total")?;
//! assert_eq!(spend[..2], [150.0, 270.0]);
//! assert!(spend[2].is_nan());
//! assert_eq!(spending.notes, ["2019 is missing: FY2020 is not in the data (1 row)"]);
//! # Ok::<(), averted::Error>(())
//! ```

mod apportion;
mod deflate;
mod evaluate;
mod exchange;
mod kind;
mod monthly;
mod specification;

pub use deflate::cpi_u;
pub(in crate::data) use evaluate::total_name;
pub use exchange::mxn_per_usd;
pub use kind::{Currency, Kind, Prices, Stage};
pub use monthly::{Mean, MonthlyIndex};
pub use specification::{Money, Spending};
