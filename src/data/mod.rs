//! What came in: columns, factors, calendars, counts, money, panels, formulas, and the design they make.

mod design;
mod factor;
pub mod formula;
mod frame;
mod index;
mod source;

pub use design::{Absorbed, Block, Design, Dropped, Effects, Reference, Terms};
pub use factor::{Factor, MISSING};
pub use formula::{Formula, quoted};
pub use frame::{Column, Frame};
pub use index::TimeIndex;
pub use source::Source;
