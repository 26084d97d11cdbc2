//! The checks that a referee would demand, one file a family.
//!
//! | code | asks |
//! | --- | --- |
//! | AV01 | Are these sums over twelve months, not months? |
//! | AV02 | Do both series trend, so that anything would correlate? |
//! | AV03 | Does future spending "explain" past deaths, or spending follow deaths? |
//! | AV05 | How many counts are suppressed, and how many deaths may they hide? |
//! | AV08 | Are absent cells zeros? |
//! | AV12 | Is the money nominal? |
//! | AV13 | Are fiscal years laid over calendar years? |
//! | AV14 | Is the money voted, obligated, or spent? |
//! | AV15 | Does the money series change what it holds? |
//! | AV16 | Is the population flat, and then jumps? |
//! | AV17 | Would a logarithm meet a zero? |
//! | AV18 | Are there enough clusters for the standard errors? |

mod clusters;
mod finding;
mod leads;
mod logs;
mod money;
mod population;
mod referee;
mod rolling;
mod scope;
mod series;
mod suppression;
mod trends;
mod zeros;

pub use finding::{Audit, Finding, Measured, Severity};
pub use referee::Referee;

/// Every code, with its title.
pub const CODES: &[(&str, &str)] = &[
    (rolling::CODE, rolling::TITLE),
    (trends::CODE, trends::TITLE),
    (leads::CODE, leads::TITLE),
    (suppression::CODE, suppression::TITLE),
    (zeros::CODE, zeros::TITLE),
    (money::NOMINAL, money::NOMINAL_TITLE),
    (money::CALENDAR, money::CALENDAR_TITLE),
    (money::STAGE, money::STAGE_TITLE),
    (scope::CODE, scope::TITLE),
    (population::CODE, population::TITLE),
    (logs::CODE, logs::TITLE),
    (clusters::CODE, clusters::TITLE),
];
