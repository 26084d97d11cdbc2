//! Measures of point forecasts.

use crate::error::{Error, Result};

/// Measures of the errors of point forecasts; NaN where one is not defined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Outcomes with a forecast.
    pub n: usize,
    /// Mean error, outcome minus forecast.
    pub me: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean percentage error.
    pub mpe: f64,
    /// Mean absolute percentage error; not defined where an outcome is 0.
    pub mape: f64,
    /// Symmetric MAPE: mean of 200 |y − f| / (|y| + |f|), 0 where both are 0.
    pub smape: f64,
    /// Absolute errors over absolute outcomes, summed (weighted absolute percentage error).
    pub wape: f64,
    /// MAE over that of the seasonal naive forecast in training (Hyndman & Koehler 2006).
    pub mase: f64,
    /// RMSE over that of the seasonal naive forecast in training.
    pub rmsse: f64,
}

/// Measures of the errors of point forecasts; pairs with a missing value are left out.
///
/// `training` is what the model was fitted to, for MASE and RMSSE with steps over `season` periods: they are NaN where
/// it is empty, shorter than a season, or repeats itself exactly.
///
/// # Errors
/// [`Error::Shape`] for unequal lengths, [`Error::TooShort`] where no pair is left, [`Error::Argument`] for a season of
/// 0.
///
/// ```
/// let measures = averted::forecast::scores::errors(&[3.0, 5.0], &[2.0, 7.0], &[1.0, 2.0, 4.0], 1)?;
/// assert_eq!((measures.me, measures.mae, measures.mase), (-0.5, 1.5, 1.0));
/// # Ok::<(), averted::Error>(())
/// ```
pub fn errors(y: &[f64], forecast: &[f64], training: &[f64], season: usize) -> Result<Errors> {
    if y.len() != forecast.len() {
        let expected = format!("{} values", y.len());
        return Err(Error::Shape { what: "forecast".into(), expected, found: forecast.len().to_string() });
    }
    if season == 0 {
        let must = "at least 1 period".into();
        return Err(Error::Argument { argument: "season".into(), value: "0".into(), must });
    }
    let pairs: Vec<(f64, f64)> =
        y.iter().zip(forecast).map(|(y, f)| (*y, *f)).filter(|(y, f)| !y.is_nan() && !f.is_nan()).collect();
    if pairs.is_empty() {
        return Err(Error::TooShort { what: "pairs of outcome and forecast".into(), needed: 1, found: 0 });
    }
    let n = pairs.len() as f64;
    let mean = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|&(y, f)| of(y, f)).sum::<f64>() / n;
    let defined = |x: f64| if x.is_finite() { x } else { f64::NAN };
    let mae = mean(&|y, f| (y - f).abs());
    let rmse = mean(&|y, f| (y - f) * (y - f)).sqrt();
    let steps: Vec<f64> = training
        .iter()
        .zip(training.iter().skip(season))
        .map(|(a, b)| b - a)
        .filter(|s| !s.is_nan())
        .collect();
    let size = (steps.iter().map(|s| s * s).sum::<f64>() / steps.len() as f64).sqrt();
    Ok(Errors {
        n: pairs.len(),
        me: mean(&|y, f| y - f),
        mae,
        rmse,
        mpe: defined(mean(&|y, f| 100.0 * (y - f) / y)),
        mape: defined(mean(&|y, f| 100.0 * ((y - f) / y).abs())),
        smape: mean(&|y, f| if y == f { 0.0 } else { 200.0 * (y - f).abs() / (y.abs() + f.abs()) }),
        wape: defined(mae / mean(&|y, _| y.abs())),
        mase: defined(mae / super::naive_error(training, season)),
        rmsse: defined(rmse / size),
    })
}
