//! The forecasts that every other has to beat: the mean, the last value, that of the last year, and a straight line
//! from the first value to the last.
//!
//! ```text
//! mean       y_t = μ + ε_t
//! last       y_t = y_{t−1} + ε_t
//! seasonal   y_t = y_{t−s} + ε_t
//! drift      y_t = y_{t−1} + b + ε_t            ε_t ~ N(0, σ²)
//! ```
//!
//! (Hyndman & Athanasopoulos 2021, §5.2). Each is taken as the model that it is, and not as a rule of thumb: values may
//! be **missing** anywhere, a step over k periods has the variance kσ², and the likelihood is that of what was seen.
//! Where there are no gaps the forecasts and their variances are those of the textbook:
//!
//! ```text
//! mean       ȳ                              σ²(1 + 1/n)          n − 1 degrees of freedom
//! last       y_n                            σ² h                 n − 1
//! seasonal   y_{n+h−sk}, k = ⌈h/s⌉          σ² k                 n − s
//! drift      y_n + h(y_n − y_1)/(n − 1)     σ²(h + h²/(n − 1))   n − 2
//! ```
//!
//! σ² is the sum of squares over its degrees of freedom, and intervals are those of Student's t.
//!
//! ```
//! use averted::timeseries::baselines::Naive;
//! use averted::timeseries::structural::Series;
//! let y = [3.0, 5.0, f64::NAN, 4.0, 7.0];
//! let fit = Naive::drift().fit(&Series::new("y", &y))?;
//! let ahead = fit.predict(2);
//! assert_eq!(ahead.mean, [8.0, 9.0]);
//! assert_eq!(ahead.degrees, 2.0);
//! # Ok::<(), averted::Error>(())
//! ```

mod fit;
mod specification;

pub use crate::timeseries::plain::Prediction;
pub use fit::NaiveFit;
pub use specification::{Naive, Rule};
