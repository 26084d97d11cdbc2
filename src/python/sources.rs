//! Readers across the border.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use super::convert::enter;
use super::data::PyFrame;
use crate::sources::{Delimited, Reading};

/// What was read from delimited text, and how.
#[pyclass(frozen, name = "Reading", module = "averted._core")]
pub(super) struct PyReading(Reading);

#[pymethods]
impl PyReading {
    #[getter]
    fn frame(&self) -> PyFrame {
        PyFrame(self.0.frame.clone())
    }

    #[getter]
    fn encoding(&self) -> &'static str {
        self.0.encoding
    }

    #[getter]
    fn delimiter(&self) -> char {
        self.0.delimiter
    }

    #[getter]
    fn decimal(&self) -> char {
        self.0.decimal
    }

    #[getter]
    fn footer(&self) -> Vec<String> {
        self.0.footer.clone()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes.clone()
    }
}

/// Reads delimited text; `name` is for messages.
#[pyfunction]
#[pyo3(signature = (text, name, delimiter = None, decimal = None, skip = 0))]
pub(super) fn read_delimited(
    py: Python<'_>,
    text: PyBackedBytes,
    name: &str,
    delimiter: Option<char>,
    decimal: Option<char>,
    skip: usize,
) -> PyResult<PyReading> {
    let mut how = Delimited::new().skip(skip);
    if let Some(delimiter) = delimiter {
        how = how.delimiter(delimiter);
    }
    if let Some(decimal) = decimal {
        how = how.decimal(decimal);
    }
    enter(py, || how.parse(&text, name)).map(PyReading)
}
