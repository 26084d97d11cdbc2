//! Models of one series across the border.

mod counts;
mod structural;

pub(super) use counts::{PyCountFit, PyCountModel};
pub(super) use structural::{PyStructural, PyStructuralFit};
