//! Regression of means over time: what differs between units.

use super::layout::{Layout, check};
use super::model::{Estimator, TransformedFit, solve};
use crate::data::Source;
use crate::error::Result;
use crate::regression::settings::{Settings, shared_setters};

/// Specification of a regression between units: `ȳᵢ = x̄ᵢβ + ε̄ᵢ`, one row a unit, whatever the number of its periods.
///
/// [`rows`](crate::regression::Fit::rows) of the fit are the first of every unit. Cluster variables must not change within
/// a unit.
///
/// ```
/// use averted::data::Frame;
/// use averted::inference::Estimates;
/// use averted::regression::Between;
/// let frame = Frame::new()
///     .with_text("state", &["a", "a", "b", "b", "c", "c"].map(Some))?
///     .with_number("year", [1.0, 2.0].repeat(3))?
///     .with_number("y", vec![1.0, 3.0, 5.0, 7.0, 3.0, 4.0])?
///     .with_number("x", vec![0.0, 2.0, 3.0, 3.0, 1.0, 3.0])?;
/// let fit = Between::new().panel("state", "year").fit("y ~ x", &frame)?;
/// // The means are (1, 2), (3, 6) and (2, 3.5).
/// assert!((fit.coefficients()[1] - 2.0).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Between {
    settings: Settings,
}

shared_setters!(Between, "Regression between units");

impl Between {
    /// With classical standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fits a formula to a panel.
    ///
    /// # Errors
    /// Those of [`Ols::fit`](crate::regression::Ols::fit); [`Error::Argument`](crate::Error::Argument) without unit and
    /// time, for weights, absorbed effects, covariances over time or in space, and cluster variables that change within a
    /// unit.
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<TransformedFit> {
        let drawn = self.settings.draw(formula, data, false)?;
        let sample = drawn.sample;
        check(&sample, "a regression between units", false, Some("takes means of units"))?;
        let layout = Layout::new(&sample, &drawn.origin, "means of units")?;
        let (outcomes, means) = layout.means(&sample);
        // In the order of the rows that stand for the units.
        let mut firsts: Vec<(usize, usize)> = layout
            .units()
            .enumerate()
            .map(|(unit, rows)| (rows.iter().copied().min().unwrap_or_default(), unit))
            .collect();
        firsts.sort_unstable();
        let (rows, units): (Vec<usize>, Vec<usize>) = firsts.into_iter().unzip();
        let mut one_each = sample.take(&rows);
        one_each.outcome = units.iter().map(|&unit| outcomes[unit]).collect();
        one_each.x = means.select(ndarray::Axis(0), &units);
        one_each.dropped.clone_from(&sample.dropped);
        let members: Vec<Vec<usize>> = layout.units().map(<[usize]>::to_vec).collect();
        let callers = |&unit: &usize| {
            let mut rows: Vec<usize> = members[unit].iter().map(|&row| sample.origin[row]).collect();
            rows.sort_unstable();
            rows
        };
        let estimator = Estimator::Between { units: units.iter().map(callers).collect() };
        solve(None, one_each, self.settings.clone(), Some(drawn.origin), drawn.notes, estimator)
    }
}
