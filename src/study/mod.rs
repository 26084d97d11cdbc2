//! The referee and the answer sheet: what is wrong with the data, and what may be said.
//!
//! [`Referee`] audits a panel: each [`Finding`] has a stable code, a severity, a measured number, what was done about it
//! by default, and can be accepted with a reason that is then printed everywhere. [`Claim`] composes the one sentence that
//! a result permits, with the verb of its level on the claim ladder, in English or Spanish.
//!
//! ```
//! use averted::data::{Frame, Panel};
//! use averted::study::{Referee, Severity};
//! let frame = Frame::new()
//!     .with_text("state", &["a", "a", "b", "b"].map(Some))?
//!     .with_number("year", vec![2001.0, 2002.0, 2001.0, 2002.0])?
//!     .with_text("deaths", &["12", "Suppressed", "30", "28"].map(Some))?
//!     .with_number("people", vec![1e5, 1e5, 2e5, 2.1e5])?;
//! let panel = Panel::new(frame, "state", "year")?.events("deaths")?.population("people")?;
//! let audit = Referee::new().accept("AV18", "an example")?.audit(&panel)?;
//! let suppression = audit.finding("AV05").expect("one cell is suppressed");
//! assert_eq!((suppression.severity, suppression.measured[0].value), (Severity::Warn, 25.0));
//! assert!(audit.refused().is_empty());
//! # Ok::<(), averted::Error>(())
//! ```

pub mod audit;
mod claim;

pub use audit::{Audit, Finding, Measured, Referee, Severity};
pub use claim::{Claim, Design, Language, Level};
