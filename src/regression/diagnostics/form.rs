//! Whether the form of the mean is right, and whether effects belong to it.

use ndarray::Array2;

use super::auxiliary::{has_constant, index_of, used, widened};
use super::{Against, SpecificationAnswer, SpecificationTest as Which, of_wald};
use crate::error::{Error, Result};
use crate::inference::Estimates;
use crate::regression::fit::{Fit, Model};
use crate::regression::ols::{Ols, OlsFit};
use crate::regression::poisson::PoissonFit;
use crate::regression::sample::Sample;

/// Powers of the fitted values, tested under the covariance of the fit: with classical errors, Ramsey's `F`.
pub(super) fn reset_linear(fit: &OlsFit, power: usize) -> Result<SpecificationAnswer> {
    let (sample, names) = with_powers(fit, power)?;
    let spec = Ols { settings: settings(fit) };
    let wider = spec.fit_sample(sample, fit.shared.origin.clone(), Vec::new())?;
    powers_tested(&wider, &names, power)
}

/// Powers of the log rate.
pub(super) fn reset_counts(fit: &PoissonFit, power: usize) -> Result<SpecificationAnswer> {
    let (sample, names) = with_powers(fit, power)?;
    let spec = fit.model().specification().with_settings(settings(fit));
    let wider = spec.fit_sample(sample, fit.shared.origin.clone(), Vec::new())?;
    powers_tested(&wider, &names, power)
}

/// The settings of a fit, with the covariance that it has now.
fn settings<M: Model>(fit: &Fit<M>) -> crate::regression::settings::Settings {
    let mut settings = fit.shared.settings.clone();
    settings.covariance = fit.covariance_kind().clone();
    settings.small_sample = fit.convention();
    settings.keep_singletons = true;
    settings
}

/// The sample of a fit with powers of its index; of its distance from the mean where there is a constant, which changes
/// nothing but digits.
fn with_powers<M: Model>(fit: &Fit<M>, power: usize) -> Result<(Sample, Vec<String>)> {
    if !(2..=6).contains(&power) {
        let must = "from 2 to 6".into();
        return Err(Error::Argument { argument: "power".into(), value: power.to_string(), must });
    }
    let mut index = index_of(fit);
    if has_constant(&fit.shared) {
        index -= index.mean().unwrap_or(0.0);
    }
    let size = index.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    if size > 0.0 {
        index /= size;
    }
    let powers = Array2::from_shape_fn((index.len(), power - 1), |(row, j)| index[row].powi(j as i32 + 2));
    let names: Vec<String> = (2..=power).map(|p| format!("index^{p}")).collect();
    Ok((widened(used(fit), names.clone(), &powers), names))
}

fn powers_tested<M: Model>(wider: &Fit<M>, names: &[String], power: usize) -> Result<SpecificationAnswer> {
    let has = |name: &&String| wider.names().contains(name);
    let hypotheses: Vec<String> = names.iter().filter(has).map(|name| format!("{name} = 0")).collect();
    if hypotheses.is_empty() {
        let why = "powers of the fitted index depend on the regressors".into();
        return Err(Error::NothingToEstimate { why });
    }
    of_wald(Which::Reset(power), &wider.wald(&hypotheses.join(", "))?)
}

/// `F` of the absorbed effects against one constant, with classical errors.
pub(super) fn effects(fit: &OlsFit) -> Result<SpecificationAnswer> {
    if fit.shared.problem.effects.is_empty() {
        return Err(super::undefined(Which::Effects, "a fit without absorbed effects"));
    }
    let mut sample = used(fit);
    sample.absorbed.clear();
    let ones = Array2::ones((sample.rows(), 1));
    let pooled = Ols { settings: crate::regression::settings::Settings::default() };
    let pooled = pooled.fit_arrays(widened(sample, vec!["(Intercept)".into()], &ones))?;
    let absorbed: usize = fit.shared.problem.effects.iter().map(|e| e.block.coefficients()).sum();
    let all = fit.names().len() + absorbed - fit.shared.estimate.redundant;
    let more = (all - pooled.names().len()) as f64;
    let free = fit.observations() - all as f64;
    let (without, with) = (pooled.model().residual_sum, fit.model().residual_sum);
    SpecificationAnswer::new(
        Which::Effects,
        (without - with) / more / (with / free),
        Against::Fisher(more, free),
    )
}
