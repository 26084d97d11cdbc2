//! Bandwidths from the data: Newey & West (1994), Automatic Lag Selection in Covariance Matrix Estimation, *Review of
//! Economic Studies* 61; Andrews (1991), Heteroskedasticity and Autocorrelation Consistent Covariance Matrix Estimation,
//! *Econometrica* 59; and prewhitening, Andrews & Monahan (1992), *Econometrica* 60.
//!
//! Both take the scores in the units of the regressors, all but the intercept's with weight one, so that a choice depends
//! on units: that is how R's sandwich reads them. Autocovariances are of pairs on the calendar, summed over series.

use ndarray::{Array1, Array2, ArrayView1, Axis, s};

use super::autocorrelation::Series;
use super::{Ingredients, Kernel};
use crate::error::{Error, Result};
use crate::linalg::least_squares;

/// What is left of scores after a first-order vector autoregression without intercept.
pub(super) struct Prewhitened {
    /// Innovations; zero where there is no period before.
    pub(super) scores: Array2<f64>,
    /// Which entries have one.
    pub(super) used: Vec<bool>,
    /// `(1 − A)⁻¹`.
    recolour: Array2<f64>,
}

impl Prewhitened {
    pub(super) fn new(series: &Series, scores: &Array2<f64>) -> Result<Self> {
        let steps: Vec<(usize, usize)> = series.steps().collect();
        let k = scores.ncols();
        if steps.len() <= k {
            let what = "periods with the one before, for prewhitening".into();
            return Err(Error::TooShort { what, needed: k + 1, found: steps.len() });
        }
        let rows = |places: Vec<usize>| scores.select(Axis(0), &places);
        let before = rows(steps.iter().map(|s| s.0).collect());
        let after = rows(steps.iter().map(|s| s.1).collect());
        // Row j of A tells how score j follows from all of the period before.
        let mut coefficients = Array2::zeros((k, k));
        for (mut row, y) in coefficients.rows_mut().into_iter().zip(after.columns()) {
            row.assign(&least_squares(before.view(), y));
        }
        let left = after - before.dot(&coefficients.t());
        let mut innovations = Array2::zeros(scores.dim());
        let mut used = vec![false; scores.nrows()];
        for (&(_, place), row) in steps.iter().zip(left.rows()) {
            innovations.row_mut(place).assign(&row);
            used[place] = true;
        }
        let one = Array2::<f64>::eye(k);
        let rest = &one - &coefficients;
        let mut recolour = Array2::zeros((k, k));
        for (mut column, unit) in recolour.columns_mut().into_iter().zip(one.columns()) {
            column.assign(&least_squares(rest.view(), unit));
        }
        Ok(Self { scores: innovations, used, recolour })
    }

    /// `(1 − A)⁻¹ M (1 − A')⁻¹`.
    pub(super) fn recolour(&self, meat: &Array2<f64>) -> Array2<f64> {
        self.recolour.dot(meat).dot(&self.recolour.t())
    }
}

/// Scores in the units of the regressors.
pub(super) struct Columns<'a> {
    series: &'a Series,
    scores: Array2<f64>,
    used: Option<&'a [bool]>,
    /// 0 for the intercept.
    weights: Array1<f64>,
}

/// From orthonormal coordinates to the caller's: `s'T⁻¹`, of what is left after prewhitening, if anything was.
pub(super) fn in_units<'a>(
    series: &'a Series,
    scores: &Array2<f64>,
    white: Option<&'a Prewhitened>,
    from: &Ingredients<'_>,
) -> Result<Columns<'a>> {
    let k = from.root.nrows().min(from.root.ncols());
    let root = from.root.slice(s![..k, ..k]);
    let mut inverse = Array2::zeros((k, k));
    for (mut column, unit) in inverse.columns_mut().into_iter().zip(Array2::<f64>::eye(k).columns()) {
        column.assign(&least_squares(root, unit));
    }
    let scores = white.map_or(scores, |white| &white.scores);
    let scores = scores.slice(s![.., ..k]).dot(&inverse);
    let constant = |weights: ArrayView1<'_, f64>| {
        let mut column = from.x.rows().into_iter().map(|row| row.slice(s![..k]).dot(&weights));
        let first = column.next().unwrap_or(0.0);
        first != 0.0 && column.all(|v| (v - first).abs() <= 1e-8 * first.abs())
    };
    let mut weights: Array1<f64> =
        inverse.columns().into_iter().map(|c| f64::from(u8::from(!constant(c)))).collect();
    if weights.iter().all(|&w| w == 0.0) {
        weights.fill(1.0);
    }
    if scores.iter().any(|v| !v.is_finite()) {
        return Err(unknown("the scores are not finite in the units of the regressors"));
    }
    Ok(Columns { series, scores, used: white.map(|white| white.used.as_slice()), weights })
}

fn unknown(why: &str) -> Error {
    Error::Argument {
        argument: "bandwidth".into(),
        value: "automatic".into(),
        must: format!("given as a number: {why}"),
    }
}

fn finite(bandwidth: f64) -> Result<f64> {
    if bandwidth.is_finite() { Ok(bandwidth) } else { Err(unknown("the scores do not vary")) }
}

/// Newey & West's, with autocovariances up to their own number of lags.
pub(super) fn newey_west(columns: &Columns<'_>, kernel: Kernel) -> Result<f64> {
    // Their exponents, and the kernel's constant, order and rate.
    let (rate, constant, q) = match kernel {
        Kernel::Bartlett => (2.0 / 9.0, 1.1447, 1),
        Kernel::Parzen => (4.0 / 25.0, 2.6614, 2),
        Kernel::QuadraticSpectral => (2.0 / 25.0, 1.3221, 2),
        Kernel::TukeyHanning | Kernel::Uniform => {
            return Err(Error::Argument {
                argument: "bandwidth".into(),
                value: "of Newey & West 1994".into(),
                must: format!("a number or Andrews's for the {kernel} kernel: they give no rule for it"),
            });
        }
    };
    let t = columns.series.distinct() as f64;
    let scale = if columns.used.is_some() { 3.0 } else { 4.0 };
    let most = (scale * (t / 100.0_f64).powf(rate)).floor() as i64;
    let h = columns.scores.dot(&columns.weights);
    let (mut level, mut slope) = (h.dot(&h), 0.0);
    for j in 1..=most {
        let covariance = columns.series.lagged(j, |a, b| h[a] * h[b]);
        level += 2.0 * covariance;
        slope += 2.0 * (j as f64).powi(q) * covariance;
    }
    let power = 1.0 / (2.0 * f64::from(q) + 1.0);
    finite(constant * (slope / level).powi(2).powf(power) * t.powf(power))
}

/// Andrews's, by a first-order autoregression of each score.
pub(super) fn andrews(columns: &Columns<'_>, kernel: Kernel) -> Result<f64> {
    let steps: Vec<(usize, usize)> = columns.series.steps().collect();
    let usable = |i: usize| columns.used.is_none_or(|used| used[i]);
    let steps: Vec<(usize, usize)> = steps.into_iter().filter(|&(a, b)| usable(a) && usable(b)).collect();
    if steps.len() < 3 {
        let what = "periods with the one before, for a bandwidth".into();
        return Err(Error::TooShort { what, needed: 3, found: steps.len() });
    }
    let (mut below, mut first, mut second) = (0.0, 0.0, 0.0);
    for (score, weight) in columns.scores.columns().into_iter().zip(&columns.weights) {
        let (rho, square) = autoregression(score, &steps);
        let size = weight * square * square;
        below += size / (1.0 - rho).powi(4);
        first += 4.0 * size * rho * rho / ((1.0 - rho).powi(6) * (1.0 + rho).powi(2));
        second += 4.0 * size * rho * rho / (1.0 - rho).powi(8);
    }
    let left = if columns.used.is_some() { 1.0 } else { 0.0 };
    let t = columns.series.distinct() as f64 - left;
    let of = |constant: f64, alpha: f64, power: f64| constant * (t * alpha / below).powf(power);
    finite(match kernel {
        Kernel::Bartlett => of(1.1447, first, 1.0 / 3.0),
        Kernel::Parzen => of(2.6614, second, 0.2),
        Kernel::QuadraticSpectral => of(1.3221, second, 0.2),
        Kernel::TukeyHanning => of(1.7462, second, 0.2),
        Kernel::Uniform => of(0.6611, second, 0.2),
    })
}

/// Slope and sum of squared residuals of a regression on the period before and a constant.
fn autoregression(score: ArrayView1<'_, f64>, steps: &[(usize, usize)]) -> (f64, f64) {
    let n = steps.len() as f64;
    let before = steps.iter().map(|&(a, _)| score[a]).sum::<f64>() / n;
    let after = steps.iter().map(|&(_, b)| score[b]).sum::<f64>() / n;
    let pairs = || steps.iter().map(|&(a, b)| (score[a] - before, score[b] - after));
    let square: f64 = pairs().map(|(x, _)| x * x).sum();
    let rho = pairs().map(|(x, y)| x * y).sum::<f64>() / square;
    (rho, pairs().map(|(x, y)| (y - rho * x).powi(2)).sum())
}
