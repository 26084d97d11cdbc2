//! Models of one series over time.

pub mod decompose;
pub mod statespace;
pub mod structural;
pub mod unit_root;
