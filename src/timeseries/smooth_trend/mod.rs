//! A smooth trend of counts, and where it rises and falls.
//!
//! ```text
//! y_t ~ Poisson(μ_t), or NB2 with variance μ_t + α μ_t²       log μ_t = log population_t + f(t) + γ_month(t)
//! f: cubic P-spline, penalty λ₁ |Δ²β|² (Eilers & Marx 1996)     γ: cyclic, penalty λ₂ |Δ²γ|², sum zero
//! ```
//!
//! The penalties and α minimise the restricted likelihood of Laplace's approximation (Wood 2011, *JRSS B* 73). Covariances
//! are those of the posterior under the penalty as a prior, whose intervals cover about their level on average over time
//! (Nychka 1988; Marra & Wood 2012). The slope `f'(t)` is the change of the log rate a year, and its sign says whether the
//! trend rises, falls, or neither can be told. A suppressed count enters as the interval it is.
//!
//! Times are in years: March 2019 is 2019 + 2/12.
//!
//! ```
//! use averted::data::Count;
//! use averted::timeseries::joinpoint::Series;
//! use averted::timeseries::smooth_trend::SmoothTrend;
//! let times: Vec<f64> = (0..96).map(|t| 2010.0 + f64::from(t) / 12.0).collect();
//! let rate = |t: f64| 200.0 * (0.5 * (0.8 * (t - 2010.0)).sin()).exp();
//! let counts: Vec<Count> = times.iter().map(|&t| Count::Exact(rate(t).round())).collect();
//! let fit = SmoothTrend::new().fit(&Series::counts("deaths", &times, &counts))?;
//! let points = fit.points(0.9)?;
//! assert_eq!((points[6].sign, points[48].sign, points[90].sign), (1, -1, 1));
//! assert!((points[48].trend / rate(times[48]) - 1.0).abs() < 0.02);
//! # Ok::<(), averted::Error>(())
//! ```

mod basis;
mod fit;
mod objective;
mod specification;

pub use fit::{SmoothTrendFit, TrendPoint};
pub use specification::{Family, SmoothTrend};
