//! Files in, frames out.

pub mod delimited;

pub use delimited::{Delimited, Reading};
