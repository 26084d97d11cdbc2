//! Two variances of a panel: of what a unit has for itself, and of what is left.
//!
//! `σ̂_ε²` is that of the regression within units. With the between regression's `q = Σᵢ Tᵢ ēᵢ²` of rank `K`,
//! `σ̂_α² = (q − (n − K) σ̂_ε²) / (N − tr)`, `tr = Σᵢ Tᵢ² x̄ᵢ'(Σⱼ Tⱼ x̄ⱼx̄ⱼ')⁻¹x̄ᵢ`: unbiased for units of any length, and
//! Swamy and Arora's where all have one.

use ndarray::{Array1, Array2};

use super::layout::Layout;
use crate::error::{Error, Result};
use crate::inference::Estimates;
use crate::regression::least_squares::{Orthonormal, independent};
use crate::regression::ols::Ols;
use crate::regression::sample::Sample;

/// The variances behind a regression with random effects.
#[derive(Debug, Clone, PartialEq)]
pub struct Components {
    /// `σ̂_ε`, of what is left.
    pub sigma_within: f64,
    /// `σ̂_α`, of what a unit has for itself; 0 where the estimate of its square is negative.
    pub sigma_units: f64,
    /// `θᵢ = 1 − √(σ̂_ε² / (Tᵢσ̂_α² + σ̂_ε²))`, the share of its mean that is taken from a unit.
    pub theta: Vec<f64>,
    pub(super) within: Within,
}

/// The regression within units, for Hausman's test.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Within {
    pub(super) names: Vec<String>,
    pub(super) coefficients: Array1<f64>,
    pub(super) covariance: Array2<f64>,
}

impl Components {
    pub(super) fn new(sample: &Sample, layout: &Layout) -> Result<Self> {
        let (n, units) = (sample.rows() as f64, layout.count() as f64);
        // Of unit size, so that no square runs over.
        let largest = sample.outcome.iter().fold(0.0_f64, |most, y| most.max(y.abs()));
        let size = if largest > 0.0 { largest } else { 1.0 };
        let (outcomes, means) = layout.means(sample);
        let outcomes: Vec<f64> = outcomes.iter().map(|y| y / size).collect();
        let (left, within) = within(sample, layout, &outcomes, size)?;
        let lengths: Vec<f64> = layout.units().map(|rows| rows.len() as f64).collect();
        let (square, rank, trace) = between(&outcomes, means, &lengths);
        if units <= rank as f64 {
            let what = format!("units for a between regression of `{}`", sample.outcome_name);
            return Err(Error::TooShort { what, needed: rank + 1, found: layout.count() });
        }
        let own = ((square - (units - rank as f64) * left) / (n - trace)).max(0.0);
        let theta = lengths.iter().map(|t| 1.0 - (left / (t * own + left)).sqrt()).collect();
        Ok(Self { sigma_within: size * left.sqrt(), sigma_units: size * own.sqrt(), theta, within })
    }

    pub(super) fn statistics(&self) -> Vec<(&'static str, f64)> {
        let ends = self.theta.iter().fold((f64::INFINITY, 0.0_f64), |(l, m), t| (l.min(*t), m.max(*t)));
        let ratio = self.sigma_within / self.sigma_units;
        vec![
            ("sigma_within", self.sigma_within),
            ("sigma_units", self.sigma_units),
            ("share_units", 1.0 / (1.0 + ratio * ratio)),
            ("least_theta", ends.0),
            ("most_theta", ends.1),
        ]
    }
}

/// The variance within units, the outcome divided by `size`, and the regression.
fn within(sample: &Sample, layout: &Layout, outcomes: &[f64], size: f64) -> Result<(f64, Within)> {
    let varying = layout.varying(sample);
    if varying.is_empty() {
        let free = sample.rows() - layout.count();
        if free == 0 {
            let what = "rows of some unit".into();
            return Err(Error::TooShort { what, needed: 2, found: 1 });
        }
        let of_unit = |(rows, mean): (&[usize], &f64)| -> f64 {
            rows.iter().map(|&row| (sample.outcome[row] / size - mean).powi(2)).sum()
        };
        let square: f64 = layout.units().zip(outcomes).map(of_unit).sum();
        return Ok((square / free as f64, Within::default()));
    }
    let mut own = sample.clone();
    own.x = sample.x.select(ndarray::Axis(1), &varying);
    own.names = varying.iter().map(|&j| sample.names[j].clone()).collect();
    let own = own.absorb("unit", layout.calendar.units().clone())?;
    let fit = Ols::new().keep_singletons().fit_arrays(own)?;
    let within = Within {
        names: fit.names().to_vec(),
        coefficients: fit.coefficients().clone(),
        covariance: fit.covariance().clone(),
    };
    Ok(((fit.model().sigma / size).powi(2), within))
}

/// Of the regression of means, each weighted by its rows: the weighted sum of squared residuals, the rank, and `tr`.
fn between(outcomes: &[f64], mut means: Array2<f64>, sizes: &[f64]) -> (f64, usize, f64) {
    let total: f64 = sizes.iter().sum();
    for mut column in means.columns_mut() {
        let square: f64 = column.iter().zip(sizes).map(|(v, t)| t * v * v).sum();
        let size = (square / total).sqrt();
        if size > 0.0 {
            column /= size;
        }
    }
    let kept = independent(means.view(), sizes).kept;
    let means = means.select(ndarray::Axis(1), &kept);
    let ortho = Orthonormal::new(means.view(), sizes);
    let mut left = outcomes.to_vec();
    ortho.project(sizes, &mut left);
    let square = left.iter().zip(sizes).map(|(e, t)| t * e * e).sum();
    let part = |(z, t): (ndarray::ArrayView1<'_, f64>, &f64)| t * t * z.dot(&z);
    let trace = ortho.basis.rows().into_iter().zip(sizes).map(part).sum();
    (square, kept.len(), trace)
}
