//! Models of one series across the border.

mod arima;
mod breaks;
mod counts;
mod joinpoint;
mod structural;
mod unit_root;

pub(super) use arima::{PyArima, PyArimaFit, PyAutoArima};
pub(super) use breaks::{PyBreaksFit, bai_perron, pelt, structural_change_test};
pub(super) use counts::{PyCountFit, PyCountModel};
pub(super) use joinpoint::{PyJoinpoint, PyJoinpointFit};
pub(super) use structural::{PyStructural, PyStructuralFit};
pub(super) use unit_root::{PyUnitRootTest, differences, unit_root_test};
