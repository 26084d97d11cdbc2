//! From estimates to statements: covariances, tests, intervals, the answers several rooms share, and their tables.

mod estimates;
mod table;

pub use estimates::{CoefficientRow, Estimates};
pub use table::{Cell, Table, significant, thousands};
