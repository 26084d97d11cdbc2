//! Arrays and interruption across the border.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::interrupt::interruptible;
use crate::parallel::Watch;

/// How often Ctrl-C is looked for.
const PAUSE: Duration = Duration::from_millis(100);

/// What a handler of signals raised.
type Raised = Arc<Mutex<Option<PyErr>>>;

/// Whether a handler of signals raises an exception; keeps it.
fn signalled(raised: &Raised) -> bool {
    Python::attach(|py| match py.check_signals() {
        Ok(()) => false,
        Err(error) => {
            if let Ok(mut slot) = raised.lock() {
                *slot = Some(error);
            }
            true
        }
    })
}

/// Does `work`, in which whoever asks whether to go on looks for Ctrl-C ten times a second.
fn guarded<T>(raised: &Raised, work: impl FnOnce() -> T) -> T {
    let (raised, last) = (raised.clone(), Cell::new(Instant::now()));
    let ask = move || {
        if last.get().elapsed() < PAUSE {
            return false;
        }
        last.set(Instant::now());
        signalled(&raised)
    };
    interruptible(Box::new(ask), work)
}

fn leave<T>(raised: &Raised, result: crate::Result<T>) -> PyResult<T> {
    match raised.lock().ok().and_then(|mut slot| slot.take()) {
        Some(error) => Err(error),
        None => result.map_err(PyErr::from),
    }
}

/// Runs `work` with the interpreter released; any error comes back as a Python exception, Ctrl-C as it is raised.
pub(super) fn enter<T: Send>(py: Python<'_>, work: impl FnOnce() -> crate::Result<T> + Send) -> PyResult<T> {
    let raised = Raised::default();
    let result = py.detach(|| guarded(&raised, work));
    leave(&raised, result)
}

/// As [`enter`], for long loops, which also report progress ten times a second.
///
/// `progress`, if given, is called as `progress(done, all)`.
pub(super) fn enter_watched<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&Watch<'_>) -> crate::Result<T> + Send,
) -> PyResult<T> {
    let last = Mutex::new(Instant::now());
    let raised = Raised::default();
    let ask = |started: usize, all: usize| {
        let Ok(mut last) = last.try_lock() else { return false };
        if last.elapsed() < PAUSE && started < all {
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
    let result = py.detach(|| guarded(&raised, || work(&Watch::new(&ask))));
    leave(&raised, result)
}
