//! Arrays and interruption across the border.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::parallel::Watch;

/// Runs `work` with the interpreter released; any error comes back as a Python exception.
pub(super) fn enter<T: Send>(py: Python<'_>, work: impl FnOnce() -> crate::Result<T> + Send) -> PyResult<T> {
    py.detach(work).map_err(PyErr::from)
}

/// As [`enter`], for long loops: looks for Ctrl-C and reports progress ten times a second.
///
/// `progress`, if given, is called as `progress(done, all)`.
pub(super) fn enter_watched<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&Watch<'_>) -> crate::Result<T> + Send,
) -> PyResult<T> {
    let last = Mutex::new(Instant::now());
    let raised: Mutex<Option<PyErr>> = Mutex::new(None);
    let ask = |started: usize, all: usize| {
        let Ok(mut last) = last.try_lock() else { return false };
        if last.elapsed() < Duration::from_millis(100) && started < all {
            return false;
        }
        *last = Instant::now();
        Python::attach(|py| {
            let call = progress.as_ref().map_or(Ok(()), |p| p.call1(py, (started, all)).map(drop));
            match py.check_signals().and(call) {
                Ok(()) => false,
                Err(error) => {
                    if let Ok(mut slot) = raised.lock() {
                        *slot = Some(error);
                    }
                    true
                }
            }
        })
    };
    let result = py.detach(|| work(&Watch::new(&ask)));
    match raised.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => result.map_err(PyErr::from),
    }
}
