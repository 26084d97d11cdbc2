//! The Python face: conversion in, `detach`, conversion out. No statistics here.

mod convert;
mod data;
mod error;
mod forecast;
mod forecasts;
mod inference;
mod panel;
mod regression;
mod scores;
mod sources;
mod spending;
mod study;
mod surveillance;
mod timeseries;

use pyo3::prelude::*;

/// A fit goes through many columns of a million rows: an allocator that keeps them for the next one saves a quarter of
/// the time of a least-squares fit, which the kernel would spend on fresh pages.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    #[pymodule_export]
    use super::data::{PyDesign, PyFrame, debug_build, formula_columns};
    #[pymodule_export]
    use super::forecast::{PyBacktest, PyForecast, backtest_panel, backtest_series, forecast_panel};
    #[pymodule_export]
    use super::forecasts::{
        PyCalibration, PyLines, PyReconciliation, adaptive, combine, criterion_weights, forecast_many,
        interval_spreads,
    };
    #[pymodule_export]
    use super::inference::PyTable;
    #[pymodule_export]
    use super::panel::{PyEvents, PyMoney, PyPanel};
    #[pymodule_export]
    use super::regression::covariance_text;
    #[pymodule_export]
    use super::regression::{PyBootstrap, PyBootstrapTest, PyRandomizationTest, adjust, bootstrap_test};
    #[pymodule_export]
    use super::regression::{PyClusters, cluster_diagnostics};
    #[pymodule_export]
    use super::regression::{PyCurve, PyLags, distributed_lag, lag_lengths};
    #[pymodule_export]
    use super::regression::{PyFit, PySpecification};
    #[pymodule_export]
    use super::regression::{PyMargins, average_prediction, averted_by_path, column_of, marginal_effects};
    #[pymodule_export]
    use super::regression::{PyNoisyMeasures, noisy_measures};
    #[pymodule_export]
    use super::regression::{PyProjection, local_projection};
    #[pymodule_export]
    use super::regression::{PyTwoPart, PyTwoPartFit};
    #[pymodule_export]
    use super::regression::{anderson_rubin, anderson_rubin_bootstrap, first_stage};
    #[pymodule_export]
    use super::regression::{randomization_test, romano_wolf};
    #[pymodule_export]
    use super::regression::{specification_test, specification_tests};
    #[pymodule_export]
    use super::scores::{
        best_possible_reach, diebold_mariano, distribution_scores, draws_scores, interval_coverage,
        interval_scores, joint_score, murphy, pit_heights, point_errors, relative_skill,
    };
    #[pymodule_export]
    use super::sources::{PyReading, read_delimited};
    #[pymodule_export]
    use super::spending::cost_by_path;
    #[pymodule_export]
    use super::spending::{PyAverted, PyLeadTest, PyResponse, PySpendingResponse, PyWithoutSpending};
    #[pymodule_export]
    use super::study::{PyAudit, audit, audit_codes, claim, respond};
    #[pymodule_export]
    use super::surveillance::{rate_interval, rate_ratio, standard_population, standardised_rate};
    #[pymodule_export]
    use super::timeseries::PyCorrelogram;
    #[pymodule_export]
    use super::timeseries::{PyArdl, PyArdlFit, PyBoundsTest};
    #[pymodule_export]
    use super::timeseries::{PyArima, PyArimaFit, PyAutoArima};
    #[pymodule_export]
    use super::timeseries::{PyAutoEts, PyAutoEtsFit, PyEts, PyEtsFit};
    #[pymodule_export]
    use super::timeseries::{PyBreaksFit, bai_perron, pelt, structural_change_test};
    #[pymodule_export]
    use super::timeseries::{PyCountFit, PyCountModel, PyCountStructuralFit};
    #[pymodule_export]
    use super::timeseries::{PyDecomposition, classical, mstl, stl};
    #[pymodule_export]
    use super::timeseries::{PyIntermittent, PyIntermittentFit, PyNaive, PyNaiveFit, PyTheta, PyThetaFit};
    #[pymodule_export]
    use super::timeseries::{PyJohansenTest, engle_granger, johansen};
    #[pymodule_export]
    use super::timeseries::{PyJoinpoint, PyJoinpointFit};
    #[pymodule_export]
    use super::timeseries::{PySmoothTrend, PySmoothTrendFit};
    #[pymodule_export]
    use super::timeseries::{PyStructural, PyStructuralFit};
    #[pymodule_export]
    use super::timeseries::{PyUnitRootTest, differences, unit_root_test};
    #[pymodule_export]
    use super::timeseries::{PyVar, PyVarFit};
    #[pymodule_export]
    use super::timeseries::{PyVecm, PyVecmFit};
}
