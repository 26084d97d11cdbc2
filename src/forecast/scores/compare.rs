//! Which forecaster is better, and is it chance?

use ndarray::ArrayView2;

use crate::distribution::Student;
use crate::error::{Error, Result};

/// How the variance of the mean difference takes in that neighbouring differences are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongRun {
    /// Autocovariances up to h − 1, equally weighted (Diebold & Mariano 1995).
    Rectangular,
    /// The same with Bartlett's weights, never below zero.
    Bartlett,
}

/// What a test of Diebold and Mariano said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DieboldMariano {
    /// Mean loss of the first minus that of the second: below zero where the first is better.
    pub difference: f64,
    /// The statistic, corrected for small samples.
    pub statistic: f64,
    /// Two-sided, by Student's t of n − 1 degrees of freedom.
    pub p_value: f64,
    /// Pairs of losses.
    pub n: usize,
}

/// The Diebold–Mariano test of equal expected loss, with the small-sample correction of Harvey, Leybourne & Newbold
/// (1997).
///
/// ```text
/// DM = d̄ / √(v/n)        v = γ₀ + 2 Σ_{k < h} w_k γ_k        × √((n + 1 − 2h + h(h − 1)/n) / n)
/// ```
///
/// `first` and `second` are losses (squared errors, CRPS, any score) of the same outcomes in order of time, `h` the steps
/// ahead.
///
/// # Errors
/// [`Error::Shape`] for unequal lengths; [`Error::Missing`] with the row; [`Error::TooShort`] below h + 1 or 3 losses;
/// [`Error::NothingToEstimate`] where the differences are constant; [`Error::NotPositiveDefinite`] where the rectangular
/// variance is not above zero (Bartlett's always is).
///
/// ```
/// use averted::forecast::scores::{LongRun, diebold_mariano};
/// let (ours, theirs) = ([1.0, 2.0, 1.5, 0.5, 1.0, 2.0], [2.0, 2.5, 3.0, 1.0, 2.5, 2.0]);
/// let test = diebold_mariano(&ours, &theirs, 1, LongRun::Rectangular)?;
/// assert!(test.difference < 0.0 && test.p_value < 0.05);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn diebold_mariano(first: &[f64], second: &[f64], h: usize, long_run: LongRun) -> Result<DieboldMariano> {
    let n = first.len();
    if second.len() != n {
        let expected = format!("{n} losses");
        return Err(Error::Shape { what: "second".into(), expected, found: second.len().to_string() });
    }
    if h == 0 {
        let must = "at least 1 step".into();
        return Err(Error::Argument { argument: "h".into(), value: "0".into(), must });
    }
    for (what, losses) in [("first", first), ("second", second)] {
        if let Some(row) = losses.iter().position(|v| !v.is_finite()) {
            let count = losses.iter().filter(|v| !v.is_finite()).count();
            return Err(Error::Missing { what: what.into(), count, first: row });
        }
    }
    if n < (h + 1).max(3) {
        return Err(Error::TooShort { what: "losses".into(), needed: (h + 1).max(3), found: n });
    }
    let d: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    if d.iter().all(|v| *v == d[0]) {
        return Err(Error::NothingToEstimate { why: format!("the losses differ by {} throughout", d[0]) });
    }
    let count = n as f64;
    let mean = d.iter().sum::<f64>() / count;
    let gamma = |k: usize| d[k..].iter().zip(&d).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / count;
    let weight = |k: usize| match long_run {
        LongRun::Rectangular => 1.0,
        LongRun::Bartlett => 1.0 - k as f64 / h as f64,
    };
    let variance = gamma(0) + 2.0 * (1..h).map(|k| weight(k) * gamma(k)).sum::<f64>();
    if variance <= 0.0 {
        return Err(Error::NotPositiveDefinite {
            what: "the long-run variance of the differences".into(),
            pivot: 0,
        });
    }
    let steps = h as f64;
    let correction = ((count + 1.0 - 2.0 * steps + steps * (steps - 1.0) / count) / count).sqrt();
    let statistic = mean / (variance / count).sqrt() * correction;
    let p_value = Student::new(count - 1.0)?.two_sided(statistic);
    Ok(DieboldMariano { difference: mean, statistic, p_value, n })
}

/// Relative skill of forecasters: the geometric mean of their ratios of mean scores to every forecaster's, over the tasks
/// both did, divided by that of the baseline (Cramer et al. 2022). Below 1 is better than the baseline.
///
/// `scores` are tasks × forecasters, NaN where a forecaster did not take part. A forecaster that shares no task with
/// another, or a score of zero, leaves NaN.
///
/// # Errors
/// [`Error::Argument`] unless the baseline is one of the forecasters; [`Error::Domain`] with the task where a score is
/// below zero.
///
/// ```
/// use ndarray::array;
/// let scores = array![[1.0, 2.0], [3.0, 6.0]];
/// let skill = averted::forecast::scores::relative_skill(scores.view(), 1)?;
/// assert!((skill[0] - 0.5).abs() < 1e-12 && (skill[1] - 1.0).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn relative_skill(scores: ArrayView2<'_, f64>, baseline: usize) -> Result<Vec<f64>> {
    let models = scores.ncols();
    if baseline >= models {
        return Err(Error::Argument {
            argument: "baseline".into(),
            value: baseline.to_string(),
            must: format!("below the {models} forecasters"),
        });
    }
    if let Some(((row, _), v)) = scores.indexed_iter().find(|(_, v)| **v < 0.0) {
        return Err(Error::Domain {
            what: "scores".into(),
            row,
            value: v.to_string(),
            must: "at least 0: ratios of others have no meaning".into(),
        });
    }
    let log_ratio = |i: usize, j: usize| {
        let both = scores.rows().into_iter().filter(|r| !r[i].is_nan() && !r[j].is_nan());
        let (a, b) = both.fold((0.0, 0.0), |(a, b), r| (a + r[i], b + r[j]));
        let ratio = (a / b).ln();
        if ratio.is_finite() { ratio } else { f64::NAN }
    };
    let log_skill: Vec<f64> =
        (0..models).map(|i| (0..models).map(|j| log_ratio(i, j)).sum::<f64>() / models as f64).collect();
    Ok(log_skill.iter().map(|s| (s - log_skill[baseline]).exp()).collect())
}

/// The elementary score of a mean at a threshold θ: half of |y − θ| where θ lies between forecast and outcome (Ehm,
/// Gneiting, Jordan & Krüger 2016).
///
/// Against θ its average is the Murphy diagram: a forecaster below another at every θ is better under every loss that a
/// mean minimises. Its integral over θ is a quarter of the squared error.
///
/// ```
/// assert_eq!(averted::forecast::scores::elementary_mean(5.0, 1.0, 2.0), 1.5);
/// ```
#[must_use]
pub fn elementary_mean(y: f64, forecast: f64, theta: f64) -> f64 {
    if y.is_nan() || forecast.is_nan() {
        return f64::NAN;
    }
    if y.min(forecast) <= theta && theta < y.max(forecast) { 0.5 * (y - theta).abs() } else { 0.0 }
}

/// The elementary score of a quantile of level p: 1 − p where y ≤ θ < forecast, p where forecast ≤ θ < y. Its integral
/// over θ is the pinball loss.
#[must_use]
pub fn elementary_quantile(y: f64, forecast: f64, p: f64, theta: f64) -> f64 {
    if y.is_nan() || forecast.is_nan() {
        f64::NAN
    } else if y <= theta && theta < forecast {
        1.0 - p
    } else if forecast <= theta && theta < y {
        p
    } else {
        0.0
    }
}
