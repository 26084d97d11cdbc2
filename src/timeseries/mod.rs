//! Models of one series over time, or of several together.

pub mod arima;
pub mod breaks;
pub mod counts;
pub mod decompose;
pub mod joinpoint;
pub mod smooth_trend;
pub mod statespace;
pub mod structural;
pub mod unit_root;
pub mod var;
