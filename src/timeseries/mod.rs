//! Models of one series over time.

pub mod statespace;
