//! The one place where our errors become Python's.

use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyType};

use crate::Error;

/// The exception classes live in Python, because each has two parents (`InputError` is also a `ValueError`).
fn class(py: Python<'_>, name: &'static str, cell: &PyOnceLock<Py<PyType>>) -> PyResult<Py<PyType>> {
    let load = || {
        let module = PyModule::import(py, "averted._errors")?;
        Ok(module.getattr(name)?.cast_into::<PyType>()?.unbind())
    };
    cell.get_or_try_init(py, load).map(|class| class.clone_ref(py))
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        static INPUT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        static CONVERGENCE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        static REFUSED: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        Python::attach(|py| {
            let class = match error {
                Error::Interrupted => return PyKeyboardInterrupt::new_err(()),
                Error::NotConverged { .. } | Error::NotPositiveDefinite { .. } => {
                    class(py, "ConvergenceError", &CONVERGENCE)
                }
                Error::Refused { .. } => class(py, "RefusedError", &REFUSED),
                _ => class(py, "InputError", &INPUT),
            };
            match class {
                Ok(class) => PyErr::from_type(class.into_bound(py), error.to_string()),
                Err(_) => PyRuntimeError::new_err(error.to_string()),
            }
        })
    }
}
