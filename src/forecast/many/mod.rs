//! Thousands of series at once: forecasts, and rolling origins to judge them by.
//!
//! A long frame has a row a series and period. Every series is fitted on its own, by every model asked for, on as many
//! threads as there are; the answer does not depend on how many, nor on which other series are in the frame. A series
//! that cannot be forecast is named with the reason, and the others go on.
//!
//! Intervals are those of the models' joint paths, or conformal ones ([`Intervals`]): past errors of the whole panel say
//! how wide they must be. Frames may hold vintages, what was known when: every origin is then given what was known at
//! its time, and scored on what is known last.
//!
//! ```
//! use averted::data::Frame;
//! use averted::forecast::many::{Columns, ManyForecast, SeriesSet};
//! let years: Vec<f64> = (0..24).map(|i| 2000.0 + f64::from(i % 12)).collect();
//! let states: Vec<Option<&str>> = (0..24).map(|i| Some(if i < 12 { "Ohio" } else { "Utah" })).collect();
//! let deaths = (0..24).map(|i| 300.0 + f64::from((i * 31) % 17)).collect();
//! let frame = Frame::new()
//!     .with_text("unique_id", &states)?
//!     .with_number("ds", years)?
//!     .with_number("y", deaths)?;
//! let set = SeriesSet::read(&frame, &Columns::default(), None)?;
//! let ahead = || ManyForecast::new(2).model("structural").draws(200).seed(1);
//! let lines = ahead().run(&set)?;
//! assert_eq!((lines.period.as_slice(), lines.models[0].name.as_str()), (&[2012, 2013, 2012, 2013][..], "structural"));
//! let past = ahead().windows(3).cross_validation(&set)?;
//! assert_eq!(past.y.len(), 2 * 3 * 2);
//! # Ok::<(), averted::Error>(())
//! ```

mod lines;
mod read;
mod run;
mod window;

pub use lines::{Failure, Lines, ModelLines};
pub use read::{Columns, OneSeries, SeriesSet};
pub use run::{Intervals, ManyForecast};
