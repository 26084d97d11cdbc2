//! Whether residuals have one variance, and whether they are normal.

use ndarray::Array2;

use super::auxiliary::{mean, plain, regression, standardised, used, widened, with_constant};
use super::{Against, SpecificationAnswer, SpecificationTest as Which};
use crate::error::{Error, Result};
use crate::regression::ols::OlsFit;

/// The most cells that the squares and products of regressors may fill.
const CELLS: usize = 100_000_000;

/// `n R²` of squared residuals on the regressors, after the effects. Not sensitive to normality (Koenker 1981).
pub(super) fn breusch_pagan(fit: &OlsFit) -> Result<SpecificationAnswer> {
    auxiliary(fit, Which::BreuschPagan, Ok)
}

/// The same with squares and products of the regressors.
pub(super) fn white(fit: &OlsFit) -> Result<SpecificationAnswer> {
    auxiliary(fit, Which::White, |sample| {
        let (rows, columns) = sample.x.dim();
        let products = columns * (columns + 1) / 2;
        if rows.saturating_mul(products) > CELLS {
            return Err(Error::Argument {
                argument: "test".into(),
                value: format!("white, with {products} squares and products of {columns} regressors"),
                must: "breusch_pagan with so many regressors and rows".into(),
            });
        }
        // Off their means, which changes nothing with a constant about, and keeps products apart.
        let mut x = sample.x.clone();
        for mut column in x.columns_mut() {
            let middle = column.mean().unwrap_or(0.0);
            column -= middle;
        }
        let pairs: Vec<(usize, usize)> =
            (0..columns).flat_map(|i| (i..columns).map(move |j| (i, j))).collect();
        let more = Array2::from_shape_fn((rows, pairs.len()), |(row, c)| {
            x[[row, pairs[c].0]] * x[[row, pairs[c].1]]
        });
        let name = |&(i, j): &(usize, usize)| format!("{} × {}", sample.names[i], sample.names[j]);
        let names = pairs.iter().map(name).collect();
        Ok(widened(sample, names, &more))
    })
}

fn auxiliary(
    fit: &OlsFit,
    test: Which,
    regressors: impl Fn(crate::regression::Sample) -> Result<crate::regression::Sample>,
) -> Result<SpecificationAnswer> {
    let squares = standardised(fit).0.iter().map(|u| u * u).collect();
    let sample = regressors(with_constant(&fit.shared, used(fit)))?;
    let fit = regression(plain(sample, squares))?;
    let constant = usize::from(fit.shared.problem.effects.is_empty());
    let degrees = fit.shared.estimate.names.len() - constant;
    let n = fit.observations();
    let r_squared = fit.model().within_r_squared;
    let answer = SpecificationAnswer::new(test, n * r_squared, Against::ChiSquared(degrees as f64))?;
    let free = n - fit.parameters() as f64;
    Ok(answer.with("F", r_squared / degrees as f64 / ((1.0 - r_squared) / free)))
}

/// Skewness and kurtosis beside those of a normal.
pub(super) fn jarque_bera(fit: &OlsFit) -> Result<SpecificationAnswer> {
    let (residuals, repeats) = standardised(fit);
    let middle = mean(&residuals, &repeats);
    let moment = |power: i32| {
        let powers: Vec<f64> = residuals.iter().map(|u| (u - middle).powi(power)).collect();
        mean(&powers, &repeats)
    };
    let variance = moment(2);
    let (skewness, kurtosis) = (moment(3) / variance.powf(1.5), moment(4) / (variance * variance));
    let statistic = fit.observations() / 6.0 * (skewness * skewness + 0.25 * (kurtosis - 3.0).powi(2));
    let answer = SpecificationAnswer::new(Which::JarqueBera, statistic, Against::ChiSquared(2.0))?;
    Ok(answer.with("skewness", skewness).with("kurtosis", kurtosis))
}
