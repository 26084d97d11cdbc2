//! Distributions, one file a family, each with the same five verbs: density, distribution function, quantile, and
//! for counts the probability of an interval (a suppressed cell) and draws.

mod beta;
mod chi_squared;
mod even_normals;
mod fisher;
mod gamma;
mod kolmogorov;
mod negative_binomial;
mod noncentral;
mod normal;
mod poisson;
mod quadratic_form;
mod student;

pub use beta::Beta;
pub use chi_squared::ChiSquared;
pub(crate) use even_normals::even_normals;
pub use fisher::Fisher;
pub use gamma::Gamma;
pub use kolmogorov::bridge_exceeds;
pub use negative_binomial::NegativeBinomial;
pub use noncentral::noncentral_chi_squared_quantile;
pub use normal::Normal;
pub use poisson::Poisson;
pub use quadratic_form::quadratic_form_positive;
pub use student::Student;

use crate::error::{Error, Result};

/// Refuses a parameter that is not finite and positive.
fn positive(argument: &str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(Error::Argument { argument: argument.into(), value: value.to_string(), must: "positive".into() })
}

/// NaN outside 0..1, the ends of the support at 0 and 1, `inside` between.
fn quantile_between(p: f64, ends: (f64, f64), inside: impl FnOnce(f64) -> f64) -> f64 {
    match p {
        p if p.is_nan() || !(0.0..=1.0).contains(&p) => f64::NAN,
        p if p <= 0.0 => ends.0,
        p if p >= 1.0 => ends.1,
        p => inside(p),
    }
}

/// Where a continuous distribution function on `0..high` reaches `p`, halved down to the last digit; by the smaller of its
/// two tails, which keeps its digits.
fn inverted(
    p: f64,
    ends: (f64, f64),
    high: f64,
    lower: impl Fn(f64) -> f64,
    upper: impl Fn(f64) -> f64,
) -> f64 {
    quantile_between(p, ends, |p| {
        let (mut low, mut high) = (0.0, high);
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return middle;
            }
            let below = if p < 0.5 { lower(middle) < p } else { upper(middle) > 1.0 - p };
            *(if below { &mut low } else { &mut high }) = middle;
        }
    })
}

/// The smallest whole number whose distribution function reaches `p`, walked from a guess.
fn count_quantile(p: f64, guess: f64, cdf: impl Fn(f64) -> f64) -> f64 {
    quantile_between(p, (0.0, f64::INFINITY), |p| {
        let mut y = guess.floor().max(0.0);
        let mut step = (y * 0.01).floor().max(1.0);
        // Bracket [low, y] with cdf(low) < p ≤ cdf(y), then halve it.
        let mut low = y;
        while cdf(y) < p {
            low = y;
            y += step;
            step *= 2.0;
        }
        while low >= 0.0 && cdf(low) >= p {
            low -= step;
            step *= 2.0;
        }
        while y - low > 1.0 {
            let middle = (0.5 * (low + y)).floor();
            if cdf(middle) >= p { y = middle } else { low = middle }
        }
        y.max(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_distributions_sum_to_their_distribution_function() {
        for mean in [0.3, 4.0, 70.0] {
            let poisson = Poisson::new(mean).expect("positive");
            let negative = NegativeBinomial::new(mean, 1.7).expect("positive");
            let (mut p, mut q) = (0.0, 0.0);
            for y in 0..300 {
                let y = f64::from(y);
                p += poisson.log_density(y).exp();
                q += negative.log_density(y).exp();
                assert!((p - poisson.cdf(y)).abs() < 1e-10, "{mean} {y}");
                assert!((q - negative.cdf(y)).abs() < 1e-10, "{mean} {y}");
                assert!((poisson.cdf(y) + poisson.upper(y) - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn count_quantiles_invert_the_distribution_function() {
        for mean in [0.01, 0.7, 12.0, 3e4] {
            let d = NegativeBinomial::new(mean, 5.0).expect("positive");
            for p in [1e-6, 0.025, 0.5, 0.975, 0.999_999] {
                let y = d.quantile(p);
                assert!(d.cdf(y) >= p && (y == 0.0 || d.cdf(y - 1.0) < p), "{mean} {p} {y}");
            }
        }
    }

    #[test]
    fn a_large_size_is_the_poisson() {
        let negative = NegativeBinomial::new(3.0, 1e12).expect("positive");
        let poisson = Poisson::new(3.0).expect("positive");
        assert!((negative.log_density(7.0) - poisson.log_density(7.0)).abs() < 1e-9);
    }
}
