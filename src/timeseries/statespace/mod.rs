//! Linear Gaussian state space models of one series, with exact diffuse starts.
//!
//! ```text
//! y_t     = Z_t' α_t + ε_t          ε_t ~ N(0, H)
//! α_{t+1} = T α_t + η_t             η_t ~ N(0, Q),  Q diagonal
//! α_1     ~ N(a_1, P_* + κ P_∞),    κ → ∞
//! ```
//!
//! The start is exact (Koopman & Durbin 2003; Durbin & Koopman 2012, ch. 5). The log-likelihood leaves out the
//! constant of the diffuse observations: `d · ½ log 2π` more than tools that count it, `n_diffuse` says how many.
//! Missing observations are NaN and may stand anywhere. Where the covariance of the predicted state has a limit and has
//! come to it, only means are carried on, until a gap or another loading or noise moves it again.
//!
//! ```
//! use averted::timeseries::statespace::{StateSpace, Workspace};
//! // A random walk seen with noise.
//! let model = StateSpace::new(1).transition(0, 0, 1.0).observe(0, 1.0).state_variance(0, 1469.1)
//!     .observation_variance(15099.0).diffuse(0);
//! let y = [1120.0, 1160.0, f64::NAN, 963.0];
//! let likelihood = Workspace::new(&model).log_likelihood(&model, &y)?;
//! assert_eq!(likelihood.n_diffuse, 1);
//! # Ok::<(), averted::Error>(())
//! ```

mod disturbances;
mod draw;
mod filter;
mod information;
mod laplace;
mod model;
mod smoother;
mod start;
mod steady;
mod transition;

pub use disturbances::{Disturbances, Score, Simulator, disturbances, score};
pub use filter::{Filtered, LogLikelihood, Step, Workspace};
pub use model::StateSpace;
pub use smoother::{Smoothed, smooth};

pub(in crate::timeseries) use disturbances::scaled_score;
pub(in crate::timeseries) use draw::{add_draw, factor};
pub(in crate::timeseries) use information::Trouble;
pub(in crate::timeseries) use laplace::{Laplace, Look, Observations};
