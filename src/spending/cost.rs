//! Ratios with an interval that tells the truth: the cost of a death averted.
//!
//! For `θ = a / b` with estimates that are jointly normal, the set of values that a test does not reject is
//! `{θ : (â − θ b̂)² ≤ c² (v_a − 2θ v_ab + θ² v_b)}`, a quadratic inequality (Fieller, E. C. (1954), Some Problems in Interval
//! Estimation, *JRSS B* 16, 175–185). Where `b̂` is significant it is an interval; elsewhere it is the outside of one, or
//! everything. An interval of the ratio that is always finite has no coverage (Gleser & Hwang 1987, *Annals of
//! Statistics* 15).

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::inference::{significant, thousands};

/// The values of a ratio that the data do not reject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RatioSet {
    /// From the first to the second.
    Bounded(f64, f64),
    /// Up to the first, and from the second on.
    Disjoint(f64, f64),
    /// Every value.
    Unbounded,
}

/// Fieller's set for `a / b` at `critical` standard errors (1.96 for 95 % and a normal).
///
/// ```
/// use averted::spending::{RatioSet, fieller};
/// // A numerator that is known: the reciprocal of the denominator's interval, 1 to 3.
/// let RatioSet::Bounded(lower, upper) = fieller((6.0, 2.0), (0.0, 0.25, 0.0), 2.0)? else { panic!() };
/// assert!((lower - 2.0).abs() < 1e-12 && (upper - 6.0).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] when the covariance `(v_a, v_b, v_ab)` is no covariance or `critical` is not positive.
pub fn fieller((a, b): (f64, f64), (va, vb, vab): (f64, f64, f64), critical: f64) -> Result<RatioSet> {
    let refuse = |argument: &str, value: String, must: &str| {
        Err(Error::Argument { argument: argument.into(), value, must: must.into() })
    };
    if !(va >= 0.0 && vb >= 0.0 && va + vb < f64::INFINITY && vab * vab <= va * vb * (1.0 + 1e-12)) {
        return refuse("covariance", format!("({va}, {vb}, {vab})"), "two variances and their covariance");
    }
    if !(critical > 0.0 && critical.is_finite()) {
        return refuse("critical", critical.to_string(), "above zero");
    }
    if !(a.is_finite() && b.is_finite()) {
        return refuse("estimates", format!("({a}, {b})"), "finite");
    }
    let square = critical * critical;
    // (b² − c²v_b) θ² − 2 (ab − c²v_ab) θ + (a² − c²v_a) ≤ 0
    let (lead, half, last) = (b * b - square * vb, a * b - square * vab, a * a - square * va);
    let discriminant = half * half - lead * last;
    if lead > 0.0 {
        // â / b̂ itself is always in the set, so that a negative value is rounding.
        let root = discriminant.max(0.0).sqrt();
        return Ok(RatioSet::Bounded((half - root) / lead, (half + root) / lead));
    }
    if lead == 0.0 || discriminant <= 0.0 {
        return Ok(RatioSet::Unbounded);
    }
    let root = discriminant.sqrt();
    let ends = ((half + root) / lead, (half - root) / lead);
    Ok(RatioSet::Disjoint(ends.0.min(ends.1), ends.0.max(ends.1)))
}

/// What a death averted cost, as far as the data resolve it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cost {
    /// The interval of deaths averted lies above zero.
    Bounded {
        /// Money over deaths averted.
        estimate: f64,
        /// Lower end.
        lower: f64,
        /// Upper end.
        upper: f64,
    },
    /// The interval holds zero: no upper limit, and more deaths are not excluded.
    Unbounded {
        /// What a death averted cost at the least, if there was any.
        at_least: f64,
    },
    /// The interval lies below zero: spending went with more deaths, and no cost per death averted exists.
    None,
}

impl Cost {
    /// From the interval of deaths averted by `per`.
    pub(super) fn new(per: f64, estimate: f64, lower: f64, upper: f64) -> Self {
        if lower > 0.0 {
            Self::Bounded { estimate: per / estimate, lower: per / upper, upper: per / lower }
        } else if upper > 0.0 {
            Self::Unbounded { at_least: per / upper }
        } else {
            Self::None
        }
    }

    /// Estimate, lower and upper end, where there are any; without an upper end, the lower is the least there could be.
    pub fn parts(&self) -> (Option<f64>, Option<f64>, Option<f64>) {
        match *self {
            Self::Bounded { estimate, lower, upper } => (Some(estimate), Some(lower), Some(upper)),
            Self::Unbounded { at_least } => (None, Some(at_least), None),
            Self::None => (None, None, None),
        }
    }

    /// One word: `bounded`, `unbounded` or `none`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Bounded { .. } => "bounded",
            Self::Unbounded { .. } => "unbounded",
            Self::None => "none",
        }
    }
}

impl Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounded { estimate, lower, upper } => {
                write!(f, "{} ({} to {})", amount(*estimate), amount(*lower), amount(*upper))
            }
            Self::Unbounded { at_least } => write!(
                f,
                "unbounded: at least {} if any death was averted; more deaths are not excluded",
                amount(*at_least)
            ),
            Self::None => f.write_str("none exists: the interval holds only more deaths"),
        }
    }
}

/// A sum of money in whole units, or four digits below 1,000.
fn amount(x: f64) -> String {
    if x.abs() >= 1e3 && x.is_finite() { thousands(x) } else { significant(x, 4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the test at `critical` rejects θ.
    fn rejected(theta: f64, (a, b): (f64, f64), (va, vb, vab): (f64, f64, f64), critical: f64) -> bool {
        (a - theta * b).powi(2) > critical * critical * (va - 2.0 * theta * vab + theta * theta * vb)
    }

    #[test]
    fn the_set_is_what_the_test_does_not_reject() {
        let cases = [
            ((10.0, 5.0), (1.0, 0.5, 0.2)),
            ((10.0, 1.0), (1.0, 0.5, 0.2)),
            ((0.5, 0.4), (1.0, 1.0, -0.5)),
            ((-3.0, 0.2), (0.1, 4.0, 0.3)),
        ];
        for (estimates, covariance) in cases {
            let set = fieller(estimates, covariance, 1.96).expect("a covariance");
            for step in -4000..4000 {
                let theta = f64::from(step) / 100.0 + 0.003;
                let inside = match set {
                    RatioSet::Bounded(lower, upper) => (lower..=upper).contains(&theta),
                    RatioSet::Disjoint(below, above) => theta <= below || theta >= above,
                    RatioSet::Unbounded => true,
                };
                assert_eq!(inside, !rejected(theta, estimates, covariance, 1.96), "{set:?} {theta}");
            }
        }
    }

    #[test]
    fn the_three_shapes_in_closed_form() {
        // Known numerator 12, denominator 3 ± 2: 12/5 to 12/1.
        let bounded = fieller((12.0, 3.0), (0.0, 1.0, 0.0), 2.0).expect("a covariance");
        let RatioSet::Bounded(lower, upper) = bounded else { panic!("{bounded:?}") };
        assert!((lower - 2.4).abs() < 1e-12 && (upper - 12.0).abs() < 1e-12);
        // Denominator 1 ± 2, from −1 to 3: the ratio is at most −12 or at least 4.
        let disjoint = fieller((12.0, 1.0), (0.0, 1.0, 0.0), 2.0).expect("a covariance");
        let RatioSet::Disjoint(below, above) = disjoint else { panic!("{disjoint:?}") };
        assert!((below + 12.0).abs() < 1e-12 && (above - 4.0).abs() < 1e-12);
        assert_eq!(fieller((0.1, 0.1), (1.0, 1.0, 0.0), 2.0), Ok(RatioSet::Unbounded));
        assert!(fieller((1.0, 1.0), (1.0, 1.0, 1.5), 2.0).is_err());
        assert!(fieller((1.0, f64::NAN), (1.0, 1.0, 0.0), 2.0).is_err());
    }

    #[test]
    fn a_cost_is_printed_only_where_the_sign_is_resolved() {
        assert_eq!(Cost::new(1e6, 2.0, 1.0, 4.0), Cost::Bounded { estimate: 5e5, lower: 2.5e5, upper: 1e6 });
        assert_eq!(Cost::new(1e6, 2.0, -1.0, 4.0), Cost::Unbounded { at_least: 2.5e5 });
        assert_eq!(Cost::new(1e6, -2.0, -3.0, -1.0), Cost::None);
        assert!(Cost::new(1e6, 2.0, -1.0, 4.0).to_string().starts_with("unbounded: at least 250,000"));
    }
}
