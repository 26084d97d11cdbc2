//! Panels across the border.

use std::sync::Arc;

use pyo3::prelude::*;

use super::convert::enter;
use super::data::PyFrame;
use crate::data::{Events, Panel};

/// A panel, built and checked.
#[pyclass(frozen, name = "Panel", module = "averted._core")]
pub(super) struct PyPanel(pub(super) Arc<Panel>);

#[pymethods]
impl PyPanel {
    #[new]
    #[pyo3(signature = (frame, unit, time, *, frequency = None, events = None, population = None))]
    fn new(
        py: Python<'_>,
        frame: PyRef<'_, PyFrame>,
        unit: &str,
        time: &str,
        frequency: Option<&str>,
        events: Option<String>,
        population: Option<&str>,
    ) -> PyResult<Self> {
        let frame = frame.0.clone();
        let built = enter(py, || {
            let mut panel = match frequency {
                Some(text) => Panel::with_frequency(frame, unit, time, text.parse()?)?,
                None => Panel::new(frame, unit, time)?,
            };
            if let Some(column) = events {
                panel = panel.events(Events::new(column))?;
            }
            if let Some(column) = population {
                panel = panel.population(column)?;
            }
            Ok(panel)
        })?;
        Ok(Self(Arc::new(built)))
    }

    /// The columns, events as numbers.
    #[getter]
    fn frame(&self) -> PyFrame {
        PyFrame(self.0.frame().clone())
    }
}
