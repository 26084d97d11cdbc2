//! Are regressors related to what a unit has for itself?
//!
//! Hausman (1978), *Econometrica* 46: with `d = β̂_w − β̂` the distance of the estimates within units from those with
//! random effects, `d'(V_w − V)⁻¹d` is χ² if the random effects are right, under errors alike and unrelated. Mundlak
//! (1978), *Econometrica* 46: the means `x̄ᵢ` added to the regression have coefficients of zero; tested under the
//! covariance of the fit, whatever the errors.

use ndarray::{Array1, Array2};

use super::components::Components;
use super::layout::Layout;
use super::model::{Estimator, TransformedFit, solve};
use super::random_effects::quasi_demeaned;
use crate::error::{Error, Result};
use crate::inference::{Covariance, Estimates, SmallSample, Wald};
use crate::linalg::Cholesky;
use crate::regression::fit::Fit;
use crate::regression::sample::beside;

/// The statistic and its degrees of freedom.
pub(in crate::regression) fn hausman(fit: &TransformedFit, components: &Components) -> Result<(f64, usize)> {
    let within = &components.within;
    let own = fit.with_convention(Covariance::Classical, SmallSample::FIXEST)?;
    let place = |name: &String| own.names().iter().position(|other| other == name);
    let both: Vec<(usize, usize)> =
        within.names.iter().enumerate().filter_map(|(w, name)| Some((w, place(name)?))).collect();
    if both.is_empty() {
        return Err(Error::NothingToEstimate { why: "no regressor moves within units".into() });
    }
    // In units of each standard error within units, so that their sizes do not matter.
    let size = |w: usize| within.covariance[[w, w]].sqrt();
    let distance: Array1<f64> =
        both.iter().map(|&(w, r)| (within.coefficients[w] - own.coefficients()[r]) / size(w)).collect();
    let spread = Array2::from_shape_fn((both.len(), both.len()), |(i, j)| {
        let ((w, r), (v, s)) = (both[i], both[j]);
        (within.covariance[[w, v]] - own.covariance()[[r, s]]) / (size(w) * size(v))
    });
    let factor = Cholesky::new(spread.view(), "the difference of the covariances").map_err(|_| {
        Error::NothingToEstimate {
            why: "the covariance within units is not above that with random effects, so that Hausman's statistic has \
                  no distribution here; Mundlak's test has one"
                .into(),
        }
    })?;
    Ok((distance.dot(&factor.solve(distance.view())), both.len()))
}

/// The Wald test of the means' coefficients.
pub(in crate::regression) fn mundlak(fit: &TransformedFit, components: &Components) -> Result<Wald> {
    let shared = &fit.shared;
    let Some(origin) = &shared.origin else {
        unreachable!("random effects are fitted to formulas");
    };
    let sample = shared.sample.take(&shared.problem.kept);
    let layout = Layout::new(&sample, origin, "means of units")?;
    let varying = layout.varying(&sample);
    if varying.is_empty() {
        return Err(Error::NothingToEstimate { why: "no regressor moves within units".into() });
    }
    let (_, means) = layout.means(&sample);
    let units = layout.unit_of();
    let columns =
        Array2::from_shape_fn((sample.rows(), varying.len()), |(row, j)| means[[units[row], varying[j]]]);
    let names: Vec<String> = varying.iter().map(|&j| format!("mean({})", sample.names[j])).collect();
    let mut wider = sample;
    wider.x = beside(&wider.x, &columns);
    wider.names.extend(names.iter().cloned());
    let quasi = quasi_demeaned(&wider, &layout, &components.theta);
    let mut settings = shared.settings.clone();
    settings.covariance = fit.covariance_kind().clone();
    settings.small_sample = fit.convention();
    let estimator = Estimator::RandomEffects(Box::new(components.clone()));
    let wider: TransformedFit =
        solve(Some(wider), quasi, settings, Some(origin.clone()), Vec::new(), estimator)?;
    let tested: Vec<String> =
        names.into_iter().filter(|name| wider.names().contains(name)).map(|n| format!("{n} = 0")).collect();
    if tested.is_empty() {
        return Err(Error::NothingToEstimate { why: "the means of units depend on the regressors".into() });
    }
    Fit::wald(&wider, &tested.join(", "))
}
