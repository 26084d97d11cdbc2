//! Calendars: months, quarters, years and fiscal years as whole numbers, so that a gap is a jump in number.
//!
//! | frequency | number | label |
//! | --- | --- | --- |
//! | month | 12 × year + month − 1 | `2019-03` |
//! | quarter | 4 × year + quarter − 1 | `2019Q1` |
//! | year | year | `2019` |
//! | fiscal year | the calendar year it ends in | `FY2019` |
//!
//! The United States' federal fiscal year 2019 ran from October 2018 to September 2019; Mexico's budget year is the
//! calendar year.

mod frequency;
mod parse;

pub use frequency::Frequency;
pub(crate) use parse::{ordinals, periods};
