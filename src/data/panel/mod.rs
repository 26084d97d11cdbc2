//! The panel: units by periods, with events, people and money declared once.
//!
//! ```
//! use averted::data::{Count, Events, Frame, Panel};
//! let frame = Frame::new()
//!     .with_text("state", &[Some("Sonora"), Some("Sonora"), Some("Oaxaca"), Some("Oaxaca")])?
//!     .with_text("month", &[Some("2019-01"), Some("2019-04"), Some("2019-01"), Some("Feb 2019")])?
//!     .with_text("deaths", &[Some("12"), Some("0"), Some("Suppressed"), None])?
//!     .with_number("people", vec![3.1e6, 3.1e6, 4.1e6, 4.1e6])?;
//! let panel = Panel::new(frame, "state", "month")?.events("deaths")?.population("people")?;
//! let hole = &panel.gaps()[1];
//! assert_eq!((hole.unit.as_str(), panel.label(hole.from), panel.label(hole.to)),
//!            ("Sonora", "2019-02".into(), "2019-03".into()));
//! assert_eq!(panel.counts().unwrap()[2], Count::Interval { lo: 0.0, hi: 9.0 });
//! # Ok::<(), averted::Error>(())
//! ```

mod declare;
mod describe;
mod gaps;
mod money;
mod zeros;

pub use declare::Panel;
pub use describe::Tally;
pub use gaps::Gap;
