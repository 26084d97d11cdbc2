//! Least squares under errors that follow a first-order autoregression.
//!
//! `y = Xβ + u`, `uₜ = ρuₜ₋₁ + ε`: least squares of `yₜ − ρyₜ₋₁` on `xₜ − ρxₜ₋₁`, and of the first row of a series on
//! itself times `√(1 − ρ²)` (Prais & Winsten 1954) or without it (Cochrane & Orcutt 1949). From the residuals `e`, less
//! their mean, `ρ̂ = (Σ eₜeₜ₋₁ / P) / (Σ e² / n)` with `P` pairs of neighbouring periods, and both are found in turn until
//! `ρ̂` stays. A panel has one `ρ`, and a gap begins a series anew.

use super::layout::{Layout, check, leave_out, moved};
use super::model::{Estimator, TransformedFit, solve};
use crate::data::Source;
use crate::error::{Error, Result};
use crate::inference::Estimates;
use crate::regression::sample::Sample;
use crate::regression::settings::{Settings, shared_setters};

/// Specification of a regression with AR(1) errors: `y = Xβ + u`, `uₜ = ρuₜ₋₁ + ε` (Prais & Winsten 1954; Cochrane &
/// Orcutt 1949).
///
/// Data without unit and time are one series in the order of the rows, and a row that is left out a gap.
///
/// ```
/// use averted::data::Frame;
/// use averted::inference::Estimates;
/// use averted::regression::Ar1;
/// let frame = Frame::new()
///     .with_number("y", vec![1.0, 2.2, 2.9, 4.3, 5.4, 6.1, 6.8, 8.2])?
///     .with_number("x", vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])?;
/// let fit = Ar1::new().rho(0.5).fit("y ~ x", &frame)?;
/// assert!((fit.coefficients()[1] - 71.0 / 70.0).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ar1 {
    settings: Settings,
    drop_first: bool,
    known: Option<f64>,
    tolerance: f64,
    iterations: usize,
}

/// What was found of the autoregression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Autoregression {
    /// `ρ̂`.
    pub rho: f64,
    /// How often it was found anew; 0 where it was given.
    pub iterations: usize,
    /// Whether first rows are left out.
    pub drop_first: bool,
}

impl Autoregression {
    pub(super) fn title(&self) -> &'static str {
        if self.drop_first { "AR(1) errors, Cochrane–Orcutt" } else { "AR(1) errors, Prais–Winsten" }
    }
}

impl Default for Ar1 {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            drop_first: false,
            known: None,
            tolerance: 1e-10,
            iterations: 200,
        }
    }
}

shared_setters!(Ar1, "Least squares with AR(1) errors");

impl Ar1 {
    /// Prais and Winsten's, with classical standard errors and fixest's small-sample convention.
    pub fn new() -> Self {
        Self::default()
    }

    /// Without the first row of every series: Cochrane and Orcutt's.
    #[must_use]
    pub fn drop_first(mut self) -> Self {
        self.drop_first = true;
        self.settings.choice = Some("first rows left out".into());
        self
    }

    /// With this autocorrelation, in the place of an estimate.
    #[must_use]
    pub fn rho(mut self, rho: f64) -> Self {
        self.known = Some(rho);
        self
    }

    /// How little `ρ̂` must change at last; `1e-10` unless set.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// How often `ρ̂` is found anew before giving up; 200 unless set.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// Fits a formula to a series or a panel.
    ///
    /// # Errors
    /// Those of [`Ols::fit`](crate::regression::Ols::fit); [`Error::Argument`] for weights and absorbed effects;
    /// [`Error::TooShort`] without two neighbouring periods; [`Error::NothingToEstimate`] where the residuals have an
    /// autocorrelation of 1 or more, or there are none; [`Error::NotConverged`].
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<TransformedFit> {
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            let (argument, value) = ("tolerance".into(), self.tolerance.to_string());
            return Err(Error::Argument { argument, value, must: "a number above 0".into() });
        }
        if let Some(rho) = self.known
            && (rho.is_nan() || rho.abs() >= 1.0)
        {
            let must = "between -1 and 1".into();
            return Err(Error::Argument { argument: "rho".into(), value: rho.to_string(), must });
        }
        let drawn = self.settings.draw(formula, data, false)?;
        let sample = drawn.sample;
        let instead = "does not absorb; write effects as i(state)";
        check(&sample, "a regression with AR(1) errors", false, Some(instead))?;
        let layout = match drawn.origin.index {
            Some(_) => Layout::new(&sample, &drawn.origin, "AR(1) errors")?,
            None => Layout::series(&sample)?,
        };
        let pairs = layout.order().iter().filter(|&&row| layout.previous(row).is_some()).count();
        if pairs == 0 {
            return Err(Error::TooShort { what: "neighbouring periods".into(), needed: 1, found: 0 });
        }
        let rho = self.known.unwrap_or(0.0);
        let mut found = Autoregression { rho, iterations: 0, drop_first: self.drop_first };
        let mut change = if self.known.is_some() { 0.0 } else { f64::INFINITY };
        while change > self.tolerance {
            if found.iterations == self.iterations {
                return Err(Error::NotConverged {
                    method: "alternating between coefficients and autocorrelation".into(),
                    iterations: self.iterations,
                    last_change: change,
                    hint: "allow more iterations, or a larger tolerance".into(),
                });
            }
            let fit = self.at(&sample, &layout, found, Settings::default())?;
            let next = autocorrelation(&sample, &layout, &fit)?;
            change = (next - found.rho).abs();
            (found.rho, found.iterations) = (next, found.iterations + 1);
        }
        let (mine, quasi) = self.quasi_differenced(&sample, &layout, found.rho);
        let estimator = Estimator::Ar1(found);
        solve(Some(mine), quasi, self.settings.clone(), Some(drawn.origin), drawn.notes, estimator)
    }

    /// The regression under a given autocorrelation; plain least squares of all rows to begin with.
    fn at(
        &self,
        sample: &Sample,
        layout: &Layout,
        found: Autoregression,
        settings: Settings,
    ) -> Result<TransformedFit> {
        let (levels, quasi) = match found.iterations {
            0 => (sample.clone(), sample.clone()),
            _ => self.quasi_differenced(sample, layout, found.rho),
        };
        solve(Some(levels), quasi, settings, None, Vec::new(), Estimator::Ar1(found))
    }

    /// The rows that stay, as they are and quasi-differenced.
    fn quasi_differenced(&self, sample: &Sample, layout: &Layout, rho: f64) -> (Sample, Sample) {
        let first = (1.0 - rho * rho).sqrt();
        let (mut outcome, mut x) = (sample.outcome.to_vec(), sample.x.clone());
        let mut stay = vec![true; sample.rows()];
        for row in 0..sample.rows() {
            if let Some(before) = layout.previous(row) {
                outcome[row] -= rho * sample.outcome[before];
                x.row_mut(row).scaled_add(-rho, &sample.x.row(before));
            } else {
                outcome[row] *= first;
                x.row_mut(row).mapv_inplace(|v| first * v);
                stay[row] = !self.drop_first;
            }
        }
        let quasi = moved(sample, outcome, x);
        let cause = "without the period before";
        (leave_out(sample, &stay, cause), leave_out(&quasi, &stay, cause))
    }
}

/// The autocorrelation of `y − Xβ̂` over all rows.
fn autocorrelation(sample: &Sample, layout: &Layout, fit: &TransformedFit) -> Result<f64> {
    let columns = &fit.shared.estimate.columns;
    let index = |row: usize| -> f64 {
        columns.iter().zip(fit.coefficients()).map(|(&column, b)| sample.x[[row, column]] * b).sum()
    };
    let mut errors: Vec<f64> = (0..sample.rows()).map(|row| sample.outcome[row] - index(row)).collect();
    let n = sample.rows() as f64;
    let mean = layout.order().iter().map(|&row| errors[row]).sum::<f64>() / n;
    let size = sample.outcome.iter().fold(f64::MIN_POSITIVE, |most, y| most.max(y.abs()));
    errors.iter_mut().for_each(|e| *e = (*e - mean) / size);
    let (mut own, mut next, mut pairs, mut all) = (0.0, 0.0, 0.0, 0.0);
    for &row in layout.order() {
        own += errors[row] * errors[row];
        all += (sample.outcome[row] / size).powi(2);
        if let Some(before) = layout.previous(row) {
            next += errors[row] * errors[before];
            pairs += 1.0;
        }
    }
    if own <= 1e-24 * all {
        let why = format!("the regressors explain `{}` perfectly: there are no errors", sample.outcome_name);
        return Err(Error::NothingToEstimate { why });
    }
    let rho: f64 = (next / pairs) / (own / n);
    if rho.abs() < 1.0 {
        return Ok(rho);
    }
    let why = format!("the residuals have an autocorrelation of {rho:.3}: take differences, or a trend");
    Err(Error::NothingToEstimate { why })
}
