//! Inference by resampling: bootstraps that need no refits, because everything is linear in the multipliers, and
//! randomisation tests, whose statistics come from one projection for each assignment.

mod randomization;
mod romano_wolf;
mod score;
mod specification;
mod wild;
mod working;

#[cfg(feature = "python")]
pub(crate) use romano_wolf::romano_wolf_watched;
pub use romano_wolf::{Resampled, romano_wolf};
pub use score::Scored;
pub use specification::{Bootstrap, Randomization};
pub(super) use wild::{Setting, carriers, note_carriers, positive};
pub(super) use working::{Groups, MANY, Working};
