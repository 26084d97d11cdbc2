//! What formulas and models read from: a frame, and where there is one, the panel around it.

use crate::data::{Frame, TimeIndex};

/// Columns, and what is known about them. A plain [`Frame`] knows nothing more.
pub trait Source {
    /// The columns.
    fn frame(&self) -> &Frame;

    /// Unit and time of every row.
    fn index(&self) -> Option<&TimeIndex> {
        None
    }

    /// The column that names the unit.
    fn unit(&self) -> Option<&str> {
        None
    }

    /// The column that names the period.
    fn time(&self) -> Option<&str> {
        None
    }

    /// The column that counts the events.
    fn events(&self) -> Option<&str> {
        None
    }

    /// The column with the population.
    fn population(&self) -> Option<&str> {
        None
    }
}

impl Source for Frame {
    fn frame(&self) -> &Frame {
        self
    }
}
