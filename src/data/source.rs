//! What every method reads: columns, and what is already known about them.

use crate::data::count::Count;
use crate::data::frame::Frame;
use crate::data::index::TimeIndex;

/// Columns, with the roles that a [`Panel`](crate::data::Panel) knows and a plain [`Frame`] does not.
///
/// ```
/// use averted::data::{Frame, Panel, Source};
/// let frame = Frame::new()
///     .with_text("state", &[Some("Sonora"), Some("Sonora")])?
///     .with_number("year", vec![2018.0, 2019.0])?;
/// assert!(frame.time().is_none());
/// let panel = Panel::new(frame, "state", "year")?;
/// assert_eq!(Source::time(&panel), Some("year"));
/// # Ok::<(), averted::Error>(())
/// ```
pub trait Source {
    /// The columns.
    fn frame(&self) -> &Frame;

    /// Unit and period of every row.
    fn index(&self) -> Option<&TimeIndex> {
        None
    }

    /// The column that names the units.
    fn unit(&self) -> Option<&str> {
        None
    }

    /// The column that names the periods.
    fn time(&self) -> Option<&str> {
        None
    }

    /// The column of events.
    fn events(&self) -> Option<&str> {
        None
    }

    /// Every row's count of events.
    fn counts(&self) -> Option<&[Count]> {
        None
    }

    /// The column of population.
    fn population(&self) -> Option<&str> {
        None
    }
}

impl Source for Frame {
    fn frame(&self) -> &Frame {
        self
    }
}
