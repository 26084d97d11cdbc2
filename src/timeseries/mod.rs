//! Models of one series over time.

pub mod statespace;
pub mod structural;
