//! Quantiles of the noncentral χ² distribution (Fisher, 1928; Patnaik, 1949): a χ² whose degrees of freedom are raised by
//! twice a Poisson count.

use crate::distribution::{ChiSquared, Poisson, positive};
use crate::error::Result;

/// The `p` quantile of the noncentral χ² with these degrees of freedom, not necessarily whole, and noncentrality.
///
/// # Errors
/// [`crate::Error::Argument`] unless both are positive.
///
/// ```
/// use averted::distribution::noncentral_chi_squared_quantile;
/// assert!((noncentral_chi_squared_quantile(0.95, 1.0, 10.0)? - 23.108_511_211_607).abs() < 1e-9);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn noncentral_chi_squared_quantile(p: f64, degrees: f64, noncentrality: f64) -> Result<f64> {
    positive("degrees of freedom", degrees)?;
    let count = Poisson::new(0.5 * positive("noncentrality", noncentrality)?)?;
    let most = count.quantile(1.0 - 1e-15) + 1.0;
    let least = (count.quantile(1e-15) - 1.0).max(0.0);
    let mut terms = Vec::new();
    let mut j = least;
    while j <= most {
        terms.push((count.log_density(j).exp(), ChiSquared::new(degrees + 2.0 * j)?));
        j += 1.0;
    }
    let cdf = |x: f64| terms.iter().map(|(weight, term)| weight * term.cdf(x)).sum::<f64>();
    let (mut low, mut high) = (0.0, degrees + noncentrality);
    while cdf(high) < p && high < 1e300 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        *(if cdf(middle) < p { &mut low } else { &mut high }) = middle;
    }
    Ok(0.5 * (low + high))
}
