//! Scores across the border: arrays in, arrays out.

use ndarray::Array2;
use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use super::convert::enter;
use crate::error::{Error, Result};
use crate::forecast::scores::{self, LongRun, Predictive};

fn family(name: &str, p: &[f64]) -> Result<Predictive> {
    Ok(match (name, p) {
        ("normal", &[mean, sd]) => Predictive::Normal { mean, sd },
        ("student", &[location, scale, degrees]) => Predictive::Student { location, scale, degrees },
        ("logistic", &[location, scale]) => Predictive::Logistic { location, scale },
        ("laplace", &[location, scale]) => Predictive::Laplace { location, scale },
        ("log_normal", &[mean_log, sd_log]) => Predictive::LogNormal { mean_log, sd_log },
        ("gamma", &[shape, rate]) => Predictive::Gamma { shape, rate },
        ("exponential", &[rate]) => Predictive::Exponential { rate },
        ("uniform", &[lower, upper]) => Predictive::Uniform { lower, upper },
        ("poisson", &[mean]) => Predictive::Poisson { mean },
        ("negative_binomial", &[mean, size]) => Predictive::NegativeBinomial { mean, size },
        _ => {
            return Err(Error::Argument {
                argument: "family".into(),
                value: format!("`{name}` with {} parameters", p.len()),
                must: "one of the families with its parameters".into(),
            });
        }
    })
}

/// A rule of every outcome under its distribution; `parameters` has a row an outcome, NaN scores NaN.
#[pyfunction]
#[pyo3(signature = (rule, name, y, parameters, *, upper))]
pub(super) fn distribution_scores<'py>(
    py: Python<'py>,
    rule: &str,
    name: &str,
    y: PyReadonlyArray1<'_, f64>,
    parameters: PyReadonlyArray2<'_, f64>,
    upper: Option<PyReadonlyArray1<'_, f64>>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (y, parameters) = (y.as_array().to_owned(), parameters.as_array().to_owned());
    let upper = upper.map(|u| u.as_array().to_owned());
    let one = |i: usize| -> Result<f64> {
        let (v, row) = (y[i], parameters.row(i).to_vec());
        if v.is_nan() || row.iter().any(|p| p.is_nan()) {
            return Ok(f64::NAN);
        }
        let said = family(name, &row)?;
        let score = match (rule, &upper) {
            ("crps", None) => said.crps(v),
            ("crps", Some(u)) => said.crps_between(v, u[i]),
            ("log_score", None) => said.log_score(v),
            ("log_score", Some(u)) => said.log_score_between(v, u[i]),
            ("dawid_sebastiani", _) => said.dawid_sebastiani(v),
            ("quadratic", _) => said.quadratic(v),
            ("spherical", _) => said.spherical(v),
            ("pit_lower", _) => said.pit(v).map(|p| p.0),
            _ => said.pit(v).map(|p| p.1),
        };
        score.map_err(|error| match error {
            Error::Domain { what, value, must, .. } => Error::Domain { what, row: i, value, must },
            other => other,
        })
    };
    let found = enter(py, || (0..y.len()).map(one).collect::<Result<Vec<f64>>>())?;
    Ok(found.to_pyarray(py))
}

/// The CRPS of every outcome under its row of draws.
#[pyfunction]
pub(super) fn draws_scores<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'_, f64>,
    draws: PyReadonlyArray2<'_, f64>,
    fair: bool,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (y, draws) = (y.as_array().to_owned(), draws.as_array().to_owned());
    let found = enter(py, || {
        let one =
            |(y, row): (&f64, ndarray::ArrayView1<'_, f64>)| scores::crps_draws(*y, &row.to_vec(), fair);
        Ok(y.iter().zip(draws.rows()).map(one).collect::<Vec<f64>>())
    })?;
    Ok(found.to_pyarray(py))
}

/// The energy score of joint paths, or the variogram score of an order.
#[pyfunction]
pub(super) fn joint_score(
    py: Python<'_>,
    y: PyReadonlyArray1<'_, f64>,
    draws: PyReadonlyArray2<'_, f64>,
    order: Option<f64>,
    fair: bool,
) -> PyResult<f64> {
    let (y, draws) = (y.as_array().to_owned(), draws.as_array().to_owned());
    enter(py, || {
        let of = |p| scores::variogram(y.view(), draws.view(), p);
        order.map_or_else(|| scores::energy(y.view(), draws.view(), fair), of)
    })
}

/// WIS, dispersion, underprediction, overprediction: a row an outcome.
#[pyfunction]
pub(super) fn interval_scores<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'_, f64>,
    median: PyReadonlyArray1<'_, f64>,
    alphas: Vec<f64>,
    lower: PyReadonlyArray2<'_, f64>,
    upper: PyReadonlyArray2<'_, f64>,
) -> Bound<'py, PyArray2<f64>> {
    let (y, median, lower, upper) = (y.as_array(), median.as_array(), lower.as_array(), upper.as_array());
    let mut out = Array2::zeros((y.len(), 4));
    for (i, mut row) in out.rows_mut().into_iter().enumerate() {
        let of: Vec<_> = (0..alphas.len()).map(|k| (alphas[k], lower[[i, k]], upper[[i, k]])).collect();
        let p = scores::weighted_interval_parts(y[i], median[i], &of);
        row.assign(&ndarray::aview1(&[p.total, p.dispersion, p.underprediction, p.overprediction]));
    }
    out.to_pyarray(py)
}

/// n, ME, MAE, RMSE, MPE, MAPE, sMAPE, WAPE, MASE, RMSSE.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "a row of measures")]
pub(super) fn point_errors(
    py: Python<'_>,
    y: PyReadonlyArray1<'_, f64>,
    forecast: PyReadonlyArray1<'_, f64>,
    training: PyReadonlyArray1<'_, f64>,
    season: usize,
) -> PyResult<(usize, f64, f64, f64, f64, f64, f64, f64, f64, f64)> {
    let read = |a: PyReadonlyArray1<'_, f64>| a.as_array().to_vec();
    let (y, forecast, training) = (read(y), read(forecast), read(training));
    let e = enter(py, || scores::errors(&y, &forecast, &training, season))?;
    Ok((e.n, e.me, e.mae, e.rmse, e.mpe, e.mape, e.smape, e.wape, e.mase, e.rmsse))
}

/// Held, n, share, lower, upper.
#[pyfunction]
pub(super) fn interval_coverage(
    py: Python<'_>,
    y: PyReadonlyArray1<'_, f64>,
    lower: PyReadonlyArray1<'_, f64>,
    upper: PyReadonlyArray1<'_, f64>,
    level: f64,
) -> PyResult<(usize, usize, f64, f64, f64)> {
    let read = |a: PyReadonlyArray1<'_, f64>| a.as_array().to_vec();
    let (y, lower, upper) = (read(y), read(lower), read(upper));
    let c = enter(py, || scores::coverage(&y, &lower, &upper, level))?;
    Ok((c.held, c.n, c.share, c.lower, c.upper))
}

/// Heights of the histogram of transforms.
#[pyfunction]
pub(super) fn pit_heights(
    py: Python<'_>,
    lower: PyReadonlyArray1<'_, f64>,
    upper: PyReadonlyArray1<'_, f64>,
    bins: usize,
) -> PyResult<Vec<f64>> {
    let ends: Vec<(f64, f64)> =
        lower.as_array().iter().copied().zip(upper.as_array().iter().copied()).collect();
    enter(py, || scores::pit(&ends, bins))
}

/// Difference, statistic, p-value, n.
#[pyfunction]
pub(super) fn diebold_mariano(
    py: Python<'_>,
    first: PyReadonlyArray1<'_, f64>,
    second: PyReadonlyArray1<'_, f64>,
    h: usize,
    bartlett: bool,
) -> PyResult<(f64, f64, f64, usize)> {
    let (first, second) = (first.as_array().to_vec(), second.as_array().to_vec());
    let how = if bartlett { LongRun::Bartlett } else { LongRun::Rectangular };
    let t = enter(py, || scores::diebold_mariano(&first, &second, h, how))?;
    Ok((t.difference, t.statistic, t.p_value, t.n))
}

/// Skill of every column relative to the baseline.
#[pyfunction]
pub(super) fn relative_skill(
    py: Python<'_>,
    table: PyReadonlyArray2<'_, f64>,
    baseline: usize,
) -> PyResult<Vec<f64>> {
    let table = table.as_array().to_owned();
    enter(py, || scores::relative_skill(table.view(), baseline))
}

/// Mean elementary scores at every threshold; of quantiles where a level is given.
#[pyfunction]
pub(super) fn murphy<'py>(
    py: Python<'py>,
    y: PyReadonlyArray1<'_, f64>,
    forecast: PyReadonlyArray1<'_, f64>,
    thresholds: PyReadonlyArray1<'_, f64>,
    level: Option<f64>,
) -> Bound<'py, PyArray1<f64>> {
    let (y, forecast) = (y.as_array(), forecast.as_array());
    let at = |t: f64| -> f64 {
        let one = |(y, f): (&f64, &f64)| {
            level.map_or_else(
                || scores::elementary_mean(*y, *f, t),
                |p| scores::elementary_quantile(*y, *f, p, t),
            )
        };
        y.iter().zip(&forecast).map(one).sum::<f64>() / y.len() as f64
    };
    thresholds.as_array().iter().map(|t| at(*t)).collect::<Vec<f64>>().to_pyarray(py)
}

/// The share of the best possible reach.
#[pyfunction]
pub(super) fn best_possible_reach(
    py: Python<'_>,
    y: PyReadonlyArray1<'_, f64>,
    forecast: PyReadonlyArray1<'_, f64>,
    top: usize,
) -> PyResult<f64> {
    let (y, forecast) = (y.as_array().to_vec(), forecast.as_array().to_vec());
    enter(py, || scores::best_possible_reach(&y, &forecast, top))
}
