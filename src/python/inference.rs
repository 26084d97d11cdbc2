//! Tables across the border.

use pyo3::prelude::*;

use crate::inference::{Cell, Table};

/// A table and its renderings.
#[pyclass(frozen, name = "Table", module = "averted._core")]
pub(super) struct PyTable(pub(super) Table);

#[derive(FromPyObject, IntoPyObject)]
enum AnyCell {
    Number(f64),
    Text(String),
    Empty(Option<bool>),
}

#[pymethods]
impl PyTable {
    /// `kinds`, one a column: "text", "right" (text set right), "number", "count" or "probability".
    #[new]
    #[pyo3(signature = (columns, kinds, rows, title = String::new(), notes = Vec::new()))]
    fn new(
        columns: Vec<String>,
        kinds: Vec<String>,
        rows: Vec<Vec<AnyCell>>,
        title: String,
        notes: Vec<String>,
    ) -> Self {
        let mut table = Table::new(&columns).title(title);
        for note in notes {
            table = table.note(note);
        }
        for row in rows {
            let cell = |(cell, kind): (AnyCell, &String)| match (cell, kind.as_str()) {
                (AnyCell::Text(text), "right") => Cell::Printed(text),
                (AnyCell::Text(text), _) => Cell::Text(text),
                (AnyCell::Number(x), "count") => Cell::Count(x),
                (AnyCell::Number(x), "probability") => Cell::Probability(x),
                (AnyCell::Number(x), _) => Cell::Number(x),
                (AnyCell::Empty(_), _) => Cell::Empty,
            };
            table.push(row.into_iter().zip(&kinds).map(cell).collect());
        }
        Self(table)
    }

    #[getter]
    fn columns(&self) -> Vec<String> {
        self.0.columns().to_vec()
    }

    /// The cells as Python values, row by row.
    #[getter]
    fn rows(&self) -> Vec<Vec<AnyCell>> {
        let value = |cell: &Cell| match cell {
            Cell::Text(text) | Cell::Printed(text) => AnyCell::Text(text.clone()),
            Cell::Number(x) | Cell::Count(x) | Cell::Probability(x) => AnyCell::Number(*x),
            Cell::Empty => AnyCell::Empty(None),
        };
        self.0.rows().iter().map(|row| row.iter().map(value).collect()).collect()
    }

    #[getter]
    fn title(&self) -> String {
        self.0.heading().to_owned()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }

    fn html(&self) -> String {
        self.0.html()
    }

    fn markdown(&self) -> String {
        self.0.markdown()
    }

    fn latex(&self) -> String {
        self.0.latex()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}
