//! Inference by resampling: bootstraps that need no refits, because everything is linear in the multipliers.

mod score;
mod specification;
mod wild;
mod working;

pub use specification::Bootstrap;
