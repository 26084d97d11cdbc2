//! Can the counts be trusted, and compared? Rates with intervals, and rates as if all places had one age structure.
//!
//! | function | what |
//! | --- | --- |
//! | [`rate_interval`] | a count over people, with the exact interval of a Poisson count |
//! | [`rate_ratio`] | two of them compared, exactly |
//! | [`standardised_rate`] | rates by age, weighted by a standard population |
//!
//! A count that is known only as an interval gives a rate that is known only as one: what is returned then holds
//! whatever the count is.

mod rates;
mod standardised;

pub use rates::{Rate, RateRatio, rate_interval, rate_ratio};
pub use standardised::{RateLimits, StandardisedRate, US_2000, standard_population, standardised_rate};
