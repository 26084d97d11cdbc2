//! The Python face: conversion in, `detach`, conversion out. No statistics here.

mod convert;
mod data;
mod error;
mod inference;
mod panel;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    #[pymodule_export]
    use super::data::{PyFrame, debug_build};
    #[pymodule_export]
    use super::inference::PyTable;
    #[pymodule_export]
    use super::panel::PyPanel;
}
