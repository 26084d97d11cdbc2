//! Least squares after rows of a unit are put together, taken from each other, or fitted period by period.
//!
//! With units *i*, periods *t* and `v = α_i + ε`:
//!
//! | specification | regression | source |
//! | --- | --- | --- |
//! | [`RandomEffects`] | `y − θᵢȳᵢ` on `x − θᵢx̄ᵢ` | Swamy & Arora (1972), *Econometrica* 40; Baltagi & Chang (1994), *J. Econometrics* 62 |
//! | [`Between`] | `ȳᵢ` on `x̄ᵢ` | |
//! | [`FirstDifferences`] | `yₜ − yₜ₋₁` on `xₜ − xₜ₋₁` | |
//! | [`FamaMacBeth`] | one a period, the coefficients averaged | Fama & MacBeth (1973), *J. Political Economy* 81 |
//! | [`Ar1`] | `yₜ − ρyₜ₋₁` on `xₜ − ρxₜ₋₁` | Cochrane & Orcutt (1949), *JASA* 44; Prais & Winsten (1954) |
//!
//! Data are a panel, or [`panel`](RandomEffects::panel) names unit and time. A period before is one on the calendar: across
//! a gap there is no difference and no autocorrelation.

mod ar1;
mod between;
mod compare;
mod components;
mod fama_macbeth;
mod first_differences;
mod layout;
mod model;
mod random_effects;

pub use ar1::{Ar1, Autoregression};
pub use between::Between;
pub(super) use compare::{hausman, mundlak};
pub use components::Components;
pub use fama_macbeth::{AveragedPeriods, FamaMacBeth, FamaMacBethFit};
pub use first_differences::FirstDifferences;
pub use model::{Estimator, Transformed, TransformedFit};
pub use random_effects::RandomEffects;
