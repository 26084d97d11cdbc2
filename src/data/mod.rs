//! What came in: columns, factors, calendars, counts, money, panels, formulas, and the design they make.

mod factor;
mod frame;
mod index;

pub use factor::{Factor, MISSING};
pub use frame::{Column, Frame};
pub use index::TimeIndex;
