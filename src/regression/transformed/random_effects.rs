//! Random effects: what a unit has for itself is drawn apart from its regressors.
//!
//! `y = Xβ + α_i + ε`, `Var α = σ_α²`, `Var ε = σ_ε²`: least squares of `y − θᵢȳᵢ` on `x − θᵢx̄ᵢ`, with the
//! [`Components`] of Swamy & Arora (1972), for units of different length as in Baltagi & Chang (1994).
//!
//! The estimate supposes that regressors are unrelated to `α_i`; the tests
//! [`Hausman`](crate::regression::SpecificationTest::Hausman) and
//! [`Mundlak`](crate::regression::SpecificationTest::Mundlak) ask whether they are.

use super::components::Components;
use super::layout::{Layout, check, moved};
use super::model::{Estimator, TransformedFit, solve};
use crate::data::Source;
use crate::error::Result;
use crate::regression::sample::Sample;
use crate::regression::settings::{Settings, shared_setters};

/// Specification of a regression with random effects of units: `y = Xβ + α_i + ε` (Swamy & Arora 1972; Baltagi & Chang
/// 1994).
///
/// ```
/// use averted::data::Frame;
/// use averted::inference::Estimates;
/// use averted::regression::RandomEffects;
/// let frame = Frame::new()
///     .with_text("state", &["a", "a", "a", "b", "b", "b", "c", "c", "c"].map(Some))?
///     .with_number("year", [1.0, 2.0, 3.0].repeat(3))?
///     .with_number("y", vec![1.0, 2.1, 2.9, 4.0, 4.2, 5.1, 2.0, 3.2, 3.9])?
///     .with_number("x", vec![0.0, 1.0, 2.0, 1.0, 1.5, 2.0, 0.5, 1.5, 2.0])?;
/// let fit = RandomEffects::new().panel("state", "year").fit("y ~ x", &frame)?;
/// println!("{fit}");
/// # assert!((fit.coefficients()[1] - 1.044).abs() < 0.05);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RandomEffects {
    settings: Settings,
}

shared_setters!(RandomEffects, "Regression with random effects");

impl RandomEffects {
    /// With classical standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fits a formula to a panel.
    ///
    /// # Errors
    /// Those of [`Ols::fit`](crate::regression::Ols::fit); [`Error::Argument`](crate::Error::Argument) without unit and
    /// time, and for weights and absorbed effects; [`Error::TooShort`](crate::Error::TooShort) with no more units than
    /// coefficients.
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<TransformedFit> {
        let drawn = self.settings.draw(formula, data, false)?;
        let sample = drawn.sample;
        let instead = "takes what a unit has for itself as random; write other effects as i(year)";
        check(&sample, "a regression with random effects", false, Some(instead))?;
        let layout = Layout::new(&sample, &drawn.origin, "random effects")?;
        let found = Components::new(&sample, &layout)?;
        let mut notes = drawn.notes;
        if found.sigma_units == 0.0 {
            notes.push(
                "the variance between units comes out as zero: the estimates are those of least squares"
                    .into(),
            );
        }
        let quasi = quasi_demeaned(&sample, &layout, &found.theta);
        let estimator = Estimator::RandomEffects(Box::new(found));
        solve(Some(sample), quasi, self.settings.clone(), Some(drawn.origin), notes, estimator)
    }
}

/// `y − θᵢȳᵢ` and `x − θᵢx̄ᵢ`.
pub(super) fn quasi_demeaned(sample: &Sample, layout: &Layout, theta: &[f64]) -> Sample {
    let (outcomes, means) = layout.means(sample);
    let mut outcome = sample.outcome.to_vec();
    let mut x = sample.x.clone();
    for (row, unit) in layout.unit_of().into_iter().enumerate() {
        outcome[row] -= theta[unit] * outcomes[unit];
        x.row_mut(row).scaled_add(-theta[unit], &means.row(unit));
    }
    moved(sample, outcome, x)
}
