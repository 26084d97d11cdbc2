//! Models of one series across the border.

mod ardl;
mod arima;
mod baselines;
mod breaks;
mod cointegration;
mod correlogram;
mod counts;
mod decompose;
mod ets;
mod intermittent;
mod joinpoint;
mod smooth_trend;
mod structural;
mod structural_counts;
mod theta;
mod unit_root;
mod var;
mod vecm;

pub(super) use ardl::{PyArdl, PyArdlFit, PyBoundsTest};
pub(super) use arima::{PyArima, PyArimaFit, PyAutoArima};
pub(super) use baselines::{PyNaive, PyNaiveFit};
pub(super) use breaks::{PyBreaksFit, bai_perron, pelt, structural_change_test};
pub(super) use cointegration::{PyJohansenTest, engle_granger, johansen};
pub(super) use correlogram::PyCorrelogram;
pub(super) use counts::{PyCountFit, PyCountModel};
pub(super) use decompose::{PyDecomposition, classical, mstl, stl};
pub(super) use ets::{PyAutoEts, PyAutoEtsFit, PyEts, PyEtsFit};
pub(super) use intermittent::{PyIntermittent, PyIntermittentFit};
pub(super) use joinpoint::{PyJoinpoint, PyJoinpointFit};
pub(super) use smooth_trend::{PySmoothTrend, PySmoothTrendFit};
pub(super) use structural::{PyStructural, PyStructuralFit};
pub(super) use structural_counts::PyCountStructuralFit;
pub(super) use theta::{PyTheta, PyThetaFit};
pub(super) use unit_root::{PyUnitRootTest, differences, unit_root_test};
pub(super) use var::{PyVar, PyVarFit};
pub(super) use vecm::{PyVecm, PyVecmFit};
