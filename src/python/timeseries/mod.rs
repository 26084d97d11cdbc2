//! Models of one series across the border.

mod structural;

pub(super) use structural::{PyStructural, PyStructuralFit};
