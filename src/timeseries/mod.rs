//! Models of one series over time, or of several together.

pub mod ardl;
pub mod arima;
pub mod baselines;
pub mod breaks;
pub mod cointegration;
pub mod correlogram;
pub mod counts;
pub mod decompose;
pub mod ets;
pub mod intermittent;
pub mod joinpoint;
mod plain;
pub mod smooth_trend;
pub mod statespace;
pub mod structural;
pub mod theta;
pub mod unit_root;
pub mod var;
pub mod vecm;
