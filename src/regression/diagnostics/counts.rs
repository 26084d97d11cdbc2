//! Whether counts are as dispersed as a Poisson has it.

use ndarray::Array2;

use super::auxiliary::{plain, used};
use super::{Against, SpecificationAnswer, SpecificationTest as Which, undefined};
use crate::error::Result;
use crate::inference::Estimates;
use crate::regression::ols::Ols;
use crate::regression::poisson::PoissonFit;
use crate::regression::sample::WeightKind;

/// `Var y = μ + αg(μ)`: the regression of `((y − μ)² − y)/μ` on `g(μ)/μ`, under the covariance of the fit.
pub(super) fn overdispersion(fit: &PoissonFit, test: Which) -> Result<SpecificationAnswer> {
    if matches!(&fit.shared.sample.weights, Some((_, WeightKind::Analytic))) {
        return Err(undefined(test, "analytic weights, under which variance is not mean"));
    }
    let (outcome, fitted) = (fit.outcome(), fit.fitted());
    let excess = outcome.iter().zip(&fitted).map(|(y, m)| ((y - m).powi(2) - y) / m).collect();
    let slope = |m: f64| if test == Which::QuadraticOverdispersion { m } else { 1.0 };
    let mut sample = plain(used(fit), excess);
    sample.absorbed.clear();
    sample.x = Array2::from_shape_fn((fitted.len(), 1), |(row, _)| slope(fitted[row]));
    sample.names = vec!["alpha".into()];
    let spec = Ols::new().covariance(fit.covariance_kind().clone()).small_sample(fit.convention());
    let auxiliary = spec.fit_sample(sample, fit.shared.origin.clone(), Vec::new())?;
    let alpha = auxiliary.coefficients()[0];
    let z = alpha / auxiliary.std_errors()[0];
    Ok(SpecificationAnswer::new(test, z, Against::NormalAbove)?.with("alpha", alpha))
}

/// The Pearson statistic or the deviance, as χ²: right where means are not small.
pub(super) fn goodness_of_fit(fit: &PoissonFit, test: Which) -> Result<SpecificationAnswer> {
    if matches!(&fit.shared.sample.weights, Some((_, WeightKind::Analytic))) {
        return Err(undefined(test, "analytic weights, under which variance is not mean"));
    }
    let model = fit.model();
    let statistic = if test == Which::Pearson { model.pearson } else { model.deviance };
    let degrees = fit.observations() - fit.parameters() as f64;
    let answer = SpecificationAnswer::new(test, statistic, Against::ChiSquared(degrees))?;
    Ok(answer.with("dispersion", statistic / degrees))
}
