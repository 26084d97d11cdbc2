//! What came in: columns, factors, calendars, counts, money, panels, formulas, and the design they make.

pub mod calendar;
mod count;
mod design;
mod factor;
pub mod formula;
mod frame;
mod index;
mod money;
mod panel;
mod source;

pub use count::{Count, Events};
pub use design::{Absorbed, Block, Design, Dropped, Effects, Reference, Terms, Used, numbers, reads};
pub(crate) use factor::natural;
pub use factor::{Factor, MISSING};
pub use formula::{Formula, quoted};
pub use frame::{Column, Frame};
pub use index::TimeIndex;
pub use money::{Currency, Kind, Mean, Money, MonthlyIndex, Prices, Spending, Stage, cpi_u, mxn_per_usd};
pub use panel::{Gap, Panel, Tally};
pub use source::Source;
