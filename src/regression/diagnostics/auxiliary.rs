//! Auxiliary regressions: the rows that a fit used, with another outcome and other regressors; and their order in time.

use ndarray::{Array1, Array2};

use crate::error::{Error, Result};
use crate::linalg::eigen_symmetric;
use crate::regression::calendar::Calendar;
use crate::regression::fit::{Fit, Model, Shared};
use crate::regression::least_squares::invert_upper;
use crate::regression::ols::{Ols, OlsFit};
use crate::regression::prepare;
use crate::regression::sample::{Sample, WeightKind, beside};

/// The rows that a fit used, ascending, with the regressors that have a coefficient.
pub(super) fn used<M: Model>(fit: &Fit<M>) -> Sample {
    let shared = &fit.shared;
    let mut sample = shared.sample.take(&shared.problem.kept);
    sample.x = sample.x.select(ndarray::Axis(1), &shared.estimate.columns);
    sample.names.clone_from(&shared.estimate.names);
    sample
}

/// The same with another outcome, without offset, exposure and analytic weights.
pub(super) fn plain(mut sample: Sample, outcome: Vec<f64>) -> Sample {
    sample.outcome = outcome.into();
    sample.outcome_name = "residual".into();
    (sample.exposure, sample.offset, sample.bounds) = (None, None, None);
    sample.weights = sample.weights.filter(|(_, kind)| *kind == WeightKind::Frequency);
    sample
}

/// With more columns.
pub(super) fn widened(mut sample: Sample, names: Vec<String>, columns: &Array2<f64>) -> Sample {
    sample.x = beside(&sample.x, columns);
    sample.names.extend(names);
    sample
}

/// With a constant, unless it has one or absorbs it.
pub(super) fn with_constant<M>(shared: &Shared<M>, sample: Sample) -> Sample {
    if has_constant(shared) {
        return sample;
    }
    let ones = Array2::ones((sample.rows(), 1));
    widened(sample, vec!["(Intercept)".into()], &ones)
}

/// Whether a constant is among the regressors or absorbed.
pub(super) fn has_constant<M>(shared: &Shared<M>) -> bool {
    shared.problem.absorbs_constant() || prepare::has_constant(&shared.sample, &shared.problem)
}

/// Least squares of a sample whose rows all stay.
pub(super) fn regression(sample: Sample) -> Result<OlsFit> {
    Ols::new().keep_singletons().fit_arrays(sample)
}

/// Residuals of one variance under the model, `√w e`, one for each used row, and the frequency of every row.
pub(super) fn standardised(fit: &OlsFit) -> (Vec<f64>, Vec<f64>) {
    let weights = fit.in_rows(&fit.shared.problem.weights).to_vec();
    let residuals = fit.residuals();
    match &fit.shared.sample.weights {
        Some((_, WeightKind::Analytic)) => {
            let scaled = residuals.iter().zip(&weights).map(|(e, w)| e * w.sqrt()).collect();
            (scaled, vec![1.0; weights.len()])
        }
        _ => (residuals.to_vec(), weights),
    }
}

/// How many units the used rows have, if the data know unit and time.
pub(super) fn units<M>(shared: &Shared<M>) -> Option<usize> {
    let index = shared.origin.as_ref()?.index.as_ref()?;
    let mut seen = vec![false; index.unit().levels()];
    for &place in &shared.problem.kept {
        if let Some(slot) = seen.get_mut(index.unit().codes()[shared.sample.origin[place]] as usize) {
            *slot = true;
        }
    }
    Some(seen.into_iter().filter(|&s| s).count())
}

/// For each used row the used row that is `lag` periods earlier in its unit; so many rows earlier where the data know no
/// time.
pub(super) fn earlier<M>(shared: &Shared<M>, lag: usize) -> Result<Vec<Option<usize>>> {
    let n = shared.problem.kept.len();
    if shared.origin.as_ref().is_some_and(|origin| origin.index.is_some()) {
        let calendar = Calendar::new(shared, "a lag")?;
        return Ok((0..n).map(|row| calendar.previous(row, lag)).collect());
    }
    Ok((0..n).map(|row| row.checked_sub(lag)).collect())
}

/// The used rows in order of time; refused for several units, which have no one order.
pub(super) fn in_time<M>(shared: &Shared<M>, what: &str) -> Result<Vec<usize>> {
    match units(shared) {
        None => Ok((0..shared.problem.kept.len()).collect()),
        Some(1) => {
            let calendar = Calendar::new(shared, what)?;
            Ok(calendar.index.order().iter().map(|&row| row as usize).collect())
        }
        Some(many) => Err(Error::Argument {
            argument: "data".into(),
            value: format!("{many} units"),
            must: format!("one series: {what} follows one order of time"),
        }),
    }
}

/// The ratio of the largest and smallest singular values of `X`, from `T` with `X = ZT⁻¹`: each is the largest of its own
/// matrix, so that neither cancels.
pub(super) fn condition_number(root: &Array2<f64>) -> Result<f64> {
    if root.is_empty() {
        return Ok(f64::NAN);
    }
    let largest = |m: &Array2<f64>| -> Result<f64> {
        let (values, _) = eigen_symmetric(m.dot(&m.t()).view())?;
        Ok(values.iter().copied().fold(0.0, f64::max).sqrt())
    };
    Ok(largest(root)? * largest(&invert_upper(root))?)
}

/// Weighted mean.
pub(super) fn mean(values: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total
}

/// The linear index without offset, one for each used row.
pub(super) fn index_of<M: Model>(fit: &Fit<M>) -> Array1<f64> {
    fit.linear_predictor() - fit.in_rows(&fit.shared.problem.offset)
}
