//! Vector autoregressions: several series that move each other.
//!
//! ```text
//! y_t = A₁ y_{t−1} + … + A_p y_{t−p} + c + d·t + C x_t + u_t          u_t ~ (0, Σ)
//! ```
//!
//! Every equation by least squares on the same regressors (Lütkepohl 2005, ch. 3). Σ is divided by T − m, m the
//! coefficients of an equation; likelihood and criteria take the one divided by T. A shock is one unit of one u
//! (`orthogonal: false`), or one standard deviation of a column of the Cholesky root of Σ, in the order of the series.
//!
//! ```
//! use averted::timeseries::var::Var;
//! use ndarray::Array2;
//! let wave = |t: usize, j: usize| (t as f64 * (0.7 + 0.3 * j as f64)).sin() + (t as f64 * 2.3 + j as f64).cos();
//! let y = Array2::from_shape_fn((40, 2), |(t, j)| wave(t, j));
//! let fit = Var::new(2).fit(&["money".to_owned(), "deaths".into()], y.view(), None)?;
//! assert_eq!(fit.n_observed(), 38);
//! let response = fit.impulse(4, true);
//! assert_eq!(response.len(), 5);
//! assert!(fit.granger(&["money"])?.p_value <= 1.0);
//! # Ok::<(), averted::Error>(())
//! ```

mod causality;
mod diagnostics;
mod fit;
mod forecast;
mod impulse;
mod regress;
mod specification;

pub use causality::VarTest;
pub use fit::VarFit;
pub(in crate::timeseries) use fit::root;
pub use forecast::VarPrediction;
pub(in crate::timeseries) use forecast::half;
pub use impulse::ImpulseBands;
pub(in crate::timeseries) use impulse::{Limit, moving_average, percentiles, responses, shares};
pub(in crate::timeseries) use regress::{Regression, regress};
pub use specification::{LagChoice, Terms, Var};
pub(in crate::timeseries) use specification::{argument, check};
