//! Frames, and whatever else a method can read, across the border.

use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, ToPyArray};
use pyo3::prelude::*;

use super::convert::enter;
use super::panel::PyPanel;
use crate::data::{Column, Count, Design, Factor, Formula, Frame, Panel, Source, TimeIndex};

/// A panel or a plain frame. Owned and cheap, so that it can go where the interpreter is released.
#[derive(Clone)]
pub(super) enum AnySource {
    Panel(Arc<Panel>),
    Frame(Frame),
}

impl AnySource {
    fn inner(&self) -> &dyn Source {
        match self {
            Self::Panel(panel) => panel.as_ref(),
            Self::Frame(frame) => frame,
        }
    }
}

impl Source for AnySource {
    fn frame(&self) -> &Frame {
        self.inner().frame()
    }

    fn index(&self) -> Option<&TimeIndex> {
        self.inner().index()
    }

    fn unit(&self) -> Option<&str> {
        self.inner().unit()
    }

    fn time(&self) -> Option<&str> {
        self.inner().time()
    }

    fn events(&self) -> Option<&str> {
        self.inner().events()
    }

    fn counts(&self) -> Option<&[Count]> {
        self.inner().counts()
    }

    fn population(&self) -> Option<&str> {
        self.inner().population()
    }
}

impl<'py> FromPyObject<'_, 'py> for AnySource {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(panel) = object.cast::<PyPanel>() {
            return Ok(Self::Panel(panel.get().0.clone()));
        }
        Ok(Self::Frame(object.cast::<PyFrame>()?.get().0.clone()))
    }
}

/// Whether the extension was built without optimisation.
#[pyfunction]
pub(super) fn debug_build() -> bool {
    cfg!(debug_assertions)
}

/// Named columns: numbers as float64 arrays, text as (codes, labels).
#[pyclass(frozen, name = "Frame", module = "averted._core")]
pub(super) struct PyFrame(pub(super) Frame);

#[derive(FromPyObject)]
pub(super) enum AnyColumn<'py> {
    Number(PyReadonlyArray1<'py, f64>),
    Integer(PyReadonlyArray1<'py, i64>),
    Factor(PyReadonlyArray1<'py, u32>, Vec<String>),
}

impl AnyColumn<'_> {
    fn column(self) -> Column {
        match self {
            Self::Number(values) => Column::Number(values.as_array().to_vec()),
            Self::Integer(values) => Column::Number(values.as_array().iter().map(|&v| v as f64).collect()),
            Self::Factor(codes, labels) => {
                Column::Factor(Factor::from_codes(codes.as_array().to_vec(), labels).sorted())
            }
        }
    }

    pub(super) fn factor(self) -> Factor {
        match self.column() {
            Column::Number(values) => Factor::from_numbers(&values),
            Column::Factor(factor) => factor,
        }
    }
}

#[pymethods]
impl PyFrame {
    #[new]
    fn new(columns: Vec<(String, AnyColumn<'_>)>) -> PyResult<Self> {
        let mut frame = Frame::new();
        for (name, column) in columns {
            frame = frame.with_column(&name, column.column())?;
        }
        Ok(Self(frame))
    }

    #[getter]
    fn rows(&self) -> usize {
        self.0.rows()
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().map(str::to_owned).collect()
    }

    /// The numbers of a column.
    fn number<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyArray1<f64>>> {
        Ok(self.0.number(name)?.to_pyarray(py))
    }

    /// The column as (codes, labels).
    fn factor<'py>(&self, py: Python<'py>, name: &str) -> PyResult<(Bound<'py, PyArray1<u32>>, Vec<String>)> {
        let factor = self.0.factor(name)?;
        Ok((factor.codes().to_pyarray(py), factor.labels().to_vec()))
    }

    /// Whether a column holds text.
    fn is_text(&self, name: &str) -> PyResult<bool> {
        Ok(matches!(self.0.column(name)?, Column::Factor(_)))
    }
}

/// The columns that a formula names, in order, each once.
#[pyfunction]
pub(super) fn formula_columns(formula: &str) -> PyResult<Vec<String>> {
    Ok(Formula::parse(formula)?.columns().into_iter().map(str::to_owned).collect())
}

/// What a formula makes of data.
#[pyclass(frozen, name = "Design", module = "averted._core")]
pub(super) struct PyDesign {
    design: Design,
    formula: String,
}

#[pymethods]
impl PyDesign {
    #[new]
    fn new(py: Python<'_>, formula: &str, source: AnySource) -> PyResult<Self> {
        let formula = Formula::parse(formula)?;
        let design = enter(py, || Design::build(&formula, &source, &[]))?;
        Ok(Self { design, formula: formula.to_string() })
    }

    /// The formula, written out.
    #[getter]
    fn formula(&self) -> &str {
        &self.formula
    }

    #[getter]
    fn outcome<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.design.outcome.to_pyarray(py)
    }

    #[getter]
    fn outcome_name(&self) -> &str {
        &self.design.outcome_name
    }

    #[getter]
    fn x<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.design.x.to_pyarray(py)
    }

    #[getter]
    fn names(&self) -> Vec<String> {
        self.design.names().to_vec()
    }

    /// Names and levels of the absorbed effects.
    #[getter]
    fn absorbed(&self) -> Vec<(String, usize)> {
        self.design.absorbed.iter().map(|effect| (effect.name.clone(), effect.factor.levels())).collect()
    }

    /// The rows of the data that are used.
    #[getter]
    fn rows<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<usize>> {
        self.design.rows.to_pyarray(py)
    }

    /// Why the others are not, how many, and the first.
    #[getter]
    fn dropped(&self) -> Vec<(String, usize, usize)> {
        self.design.dropped.iter().map(|d| (d.cause.clone(), d.count, d.first_row)).collect()
    }

    /// Columns and levels that the indicators compare with.
    #[getter]
    fn references(&self) -> Vec<(String, String)> {
        let references = self.design.terms().references().iter();
        references.map(|r| (r.column.clone(), r.level.clone())).collect()
    }
}
