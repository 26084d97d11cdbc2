//! Whether errors are related over time.

use ndarray::{Array1, Array2};

use super::auxiliary::{earlier, in_time, mean, plain, regression, standardised, used, widened};
use super::{Against, SpecificationAnswer, SpecificationTest as Which, undefined};
use crate::distribution::{Normal, quadratic_form_positive};
use crate::error::{Error, Result};
use crate::linalg::eigen_symmetric;
use crate::regression::ols::OlsFit;
use crate::regression::sample::WeightKind;

/// The longest sample for which the distribution of Durbin and Watson's statistic is exact.
const EXACT: usize = 400;

/// Squared differences of neighbouring residuals over their squares. Its distribution is that of a ratio of quadratic
/// forms in normals, whose weights are the eigenvalues of `MAM`; in long samples its normal approximation.
pub(super) fn durbin_watson(fit: &OlsFit) -> Result<SpecificationAnswer> {
    let shared = &fit.shared;
    if shared.sample.weights.is_some() {
        return Err(undefined(Which::DurbinWatson, "weights"));
    }
    if !shared.problem.effects.is_empty() {
        return Err(undefined(Which::DurbinWatson, "absorbed effects: take breusch_godfrey or wooldridge"));
    }
    let pairs: Vec<(usize, usize)> =
        earlier(shared, 1)?.into_iter().enumerate().filter_map(|(row, prior)| Some((row, prior?))).collect();
    if pairs.is_empty() {
        return Err(Error::TooShort { what: "neighbouring periods".into(), needed: 1, found: 0 });
    }
    let e = fit.residuals();
    let step: f64 = pairs.iter().map(|&(i, j)| (e[i] - e[j]).powi(2)).sum();
    let statistic = step / e.dot(&e);
    let columns = shared.estimate.ortho.basis.columns().into_iter();
    let columns: Vec<Array1<f64>> = columns.map(|z| fit.in_rows(&z.to_vec())).collect();
    let mut z = Array2::zeros((e.len(), columns.len()));
    z.columns_mut().into_iter().zip(&columns).for_each(|(mut to, from)| to.assign(from));
    let mut answer = SpecificationAnswer::new(Which::DurbinWatson, statistic, Against::QuadraticForms)?;
    answer.p_value =
        if e.len() <= EXACT { exact(&z, &pairs, statistic)? } else { approximate(&z, &pairs, statistic)? };
    Ok(answer.with("autocorrelation", 1.0 - 0.5 * statistic))
}

/// `AZ`, with `A` the sum of `(eᵢ − eⱼ)(eᵢ − eⱼ)'` over pairs of neighbours.
fn differenced_twice(z: &Array2<f64>, pairs: &[(usize, usize)]) -> Array2<f64> {
    let mut out = Array2::zeros(z.dim());
    for &(i, j) in pairs {
        for c in 0..z.ncols() {
            let step = z[[i, c]] - z[[j, c]];
            out[[i, c]] += step;
            out[[j, c]] -= step;
        }
    }
    out
}

fn exact(z: &Array2<f64>, pairs: &[(usize, usize)], statistic: f64) -> Result<f64> {
    let n = z.nrows();
    let residual_maker = Array2::eye(n) - z.dot(&z.t());
    let form = residual_maker.dot(&differenced_twice(&residual_maker, pairs));
    let form = 0.5 * (&form + &form.t());
    let (mut values, _) = eigen_symmetric(form.view())?;
    values.as_slice_mut().ok_or_else(no_values)?.sort_by(f64::total_cmp);
    // As many zeros as regressors belong to what they take up.
    let weights: Vec<f64> = values.iter().skip(z.ncols()).map(|value| statistic - value).collect();
    Ok(quadratic_form_positive(&weights))
}

fn no_values() -> Error {
    Error::NothingToEstimate { why: "no eigenvalues".into() }
}

/// The moments of the ratio, which is all but normal in long samples.
fn approximate(z: &Array2<f64>, pairs: &[(usize, usize)], statistic: f64) -> Result<f64> {
    let mut degree = vec![0.0; z.nrows()];
    for &(i, j) in pairs {
        degree[i] += 1.0;
        degree[j] += 1.0;
    }
    let az = differenced_twice(z, pairs);
    let inner = z.t().dot(&az);
    let trace = degree.iter().sum::<f64>() - inner.diag().sum();
    let square = degree.iter().map(|d| d * d).sum::<f64>() + 2.0 * pairs.len() as f64
        - 2.0 * az.iter().map(|v| v * v).sum::<f64>()
        + inner.iter().map(|v| v * v).sum::<f64>();
    let free = (z.nrows() - z.ncols()) as f64;
    let middle = trace / free;
    let variance = 2.0 / (free * (free + 2.0)) * (square - trace * middle);
    Ok(Normal::new(middle, variance.sqrt())?.cdf(statistic))
}

/// `n R²` of residuals on the model and their own lags, zero before the first.
pub(super) fn breusch_godfrey(fit: &OlsFit, lags: usize) -> Result<SpecificationAnswer> {
    if lags == 0 {
        let must = "at least 1".into();
        return Err(Error::Argument { argument: "lags".into(), value: "0".into(), must });
    }
    let test = Which::BreuschGodfrey(lags);
    let weights = fit.in_rows(&fit.shared.problem.weights);
    if matches!(&fit.shared.sample.weights, Some((_, WeightKind::Frequency))) {
        return Err(undefined(test, "frequency weights: rows that are repeated have no order"));
    }
    let (residuals, _) = standardised(fit);
    let mut columns = Array2::zeros((residuals.len(), lags));
    for lag in 1..=lags {
        for (row, prior) in earlier(&fit.shared, lag)?.into_iter().enumerate() {
            columns[[row, lag - 1]] = prior.map_or(0.0, |prior| residuals[prior] / weights[row].sqrt());
        }
        if columns.column(lag - 1).iter().all(|v| *v == 0.0) {
            let what = format!("rows with one {lag} periods earlier");
            return Err(Error::TooShort { what, needed: 1, found: 0 });
        }
    }
    let before = fit.shared.estimate.names.len();
    let names = (1..=lags).map(|lag| format!("residual, lag {lag}")).collect();
    let mut sample = widened(used(fit), names, &columns);
    let kept = sample.weights.take();
    sample = plain(sample, fit.residuals().to_vec());
    sample.weights = kept;
    let wider = regression(sample)?;
    let more = wider.shared.estimate.names.len().saturating_sub(before);
    if more == 0 {
        return Err(Error::TooShort { what: "rows with an earlier one".into(), needed: 1, found: 0 });
    }
    let (without, with) = (fit.model().residual_sum, wider.model().residual_sum);
    let n = fit.observations();
    let free = n - wider.parameters() as f64;
    let answer =
        SpecificationAnswer::new(test, n * (1.0 - with / without), Against::ChiSquared(more as f64))?;
    Ok(answer.with("F", (without - with) / more as f64 / (with / free)))
}

/// The furthest that sums of residuals go.
pub(super) fn cusum(fit: &OlsFit) -> Result<SpecificationAnswer> {
    if matches!(&fit.shared.sample.weights, Some((_, WeightKind::Frequency))) {
        return Err(undefined(Which::Cusum, "frequency weights: rows that are repeated have no order"));
    }
    if !super::auxiliary::has_constant(&fit.shared) {
        return Err(undefined(Which::Cusum, "a model without a constant"));
    }
    let order = in_time(&fit.shared, "the CUSUM")?;
    let (residuals, repeats) = standardised(fit);
    let n = residuals.len() as f64;
    let square: f64 = residuals.iter().map(|u| u * u).sum();
    let sigma = (square / (n - fit.parameters() as f64)).sqrt();
    let middle = mean(&residuals, &repeats);
    let mut sum = 0.0;
    let mut furthest = 0.0_f64;
    for row in order {
        sum += residuals[row] - if fit.shared.sample.weights.is_some() { middle } else { 0.0 };
        furthest = furthest.max(sum.abs());
    }
    SpecificationAnswer::new(Which::Cusum, furthest / (sigma * n.sqrt()), Against::Bridge)
}
