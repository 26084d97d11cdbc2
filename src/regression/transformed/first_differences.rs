//! Regression of first differences: what a unit has for itself falls out.

use ndarray::{Array2, Axis};

use super::layout::{Layout, check, left_out};
use super::model::{Estimator, TransformedFit, solve};
use crate::data::Source;
use crate::error::{Error, Result};
use crate::regression::calendar::differenced;
use crate::regression::sample::beside;
use crate::regression::settings::{Settings, shared_setters};

/// Specification of a regression of first differences: `yₜ − yₜ₋₁ = (xₜ − xₜ₋₁)β + εₜ − εₜ₋₁`, pairs of neighbouring
/// periods only.
///
/// The intercept falls out, as do absorbed effects of units; those of periods stay. Cluster by unit: differences of
/// unrelated errors are related.
///
/// ```
/// use averted::data::Frame;
/// use averted::inference::Estimates;
/// use averted::regression::FirstDifferences;
/// let frame = Frame::new()
///     .with_text("state", &["a", "a", "a", "b", "b", "b"].map(Some))?
///     .with_number("year", [1.0, 2.0, 4.0].repeat(2))?
///     .with_number("y", vec![1.0, 3.0, 9.0, 5.0, 6.0, 3.0])?
///     .with_number("x", vec![0.0, 1.0, 2.0, 0.0, 1.0, 3.0])?;
/// let fit = FirstDifferences::new().panel("state", "year").fit("y ~ x", &frame)?;
/// // Year 4 has no year 3 to be compared with.
/// assert_eq!((fit.coefficients()[0], fit.observations()), (1.5, 2.0));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FirstDifferences {
    settings: Settings,
    drift: bool,
}

shared_setters!(FirstDifferences, "Regression of first differences");

impl FirstDifferences {
    /// With classical standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a constant in the differences: a trend that all units have in common, a coefficient named `drift`.
    #[must_use]
    pub fn drift(mut self) -> Self {
        self.drift = true;
        self.settings.choice = Some("with a drift".into());
        self
    }

    /// Fits a formula to a panel.
    ///
    /// # Errors
    /// Those of [`Ols::fit`](crate::regression::Ols::fit); [`Error::Argument`] without unit and time, for weights, and for
    /// absorbed effects of other things than units and periods; [`Error::TooShort`] without two neighbouring periods.
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<TransformedFit> {
        let drawn = self.settings.draw(formula, data, false)?;
        let sample = drawn.sample;
        check(&sample, "a regression of differences", false, None)?;
        let layout = Layout::new(&sample, &drawn.origin, "differences")?;
        let pairs: Vec<(usize, usize)> =
            (0..sample.rows()).filter_map(|row| Some((row, layout.previous(row)?))).collect();
        if pairs.is_empty() {
            return Err(Error::TooShort { what: "neighbouring periods".into(), needed: 1, found: 0 });
        }
        let mut differences = differenced(&sample, &layout.calendar, &pairs)?;
        differences.dropped.clone_from(&sample.dropped);
        let mut stay = vec![false; sample.rows()];
        pairs.iter().for_each(|&(row, _)| stay[row] = true);
        differences.dropped.extend(left_out(&sample, &stay, "without the period before"));
        let moves: Vec<usize> =
            (0..differences.names.len()).filter(|&j| differences.names[j] != "(Intercept)").collect();
        differences.x = differences.x.select(Axis(1), &moves);
        differences.names = moves.iter().map(|&j| sample.names[j].clone()).collect();
        if self.drift {
            differences.x = beside(&Array2::ones((pairs.len(), 1)), &differences.x);
            differences.names.insert(0, "drift".into());
        }
        let estimator = Estimator::FirstDifferences;
        solve(None, differences, self.settings.clone(), Some(drawn.origin), drawn.notes, estimator)
    }
}
