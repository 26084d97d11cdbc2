//! Tests that need units and periods.

use ndarray::Array2;

use super::auxiliary::used;
use super::{Against, SpecificationAnswer, SpecificationTest as Which, undefined};
use crate::data::MISSING;
use crate::error::{Error, Result};
use crate::inference::Estimates;
use crate::regression::calendar::{Calendar, differenced, periods};
use crate::regression::fit::{Fit, Model};
use crate::regression::ols::{Ols, OlsFit};
use crate::regression::sample::Sample;

/// First differences, whose errors have autocorrelation −½ where those of the levels have none; tested clustered by unit.
pub(super) fn wooldridge(fit: &OlsFit) -> Result<SpecificationAnswer> {
    if fit.shared.sample.weights.is_some() {
        return Err(undefined(Which::Wooldridge, "weights"));
    }
    let calendar = Calendar::new(&fit.shared, "the test")?;
    let sample = used(fit);
    let pairs: Vec<(usize, usize)> =
        (0..sample.rows()).filter_map(|row| Some((row, calendar.previous(row, 1)?))).collect();
    if pairs.is_empty() {
        return Err(Error::TooShort { what: "neighbouring periods".into(), needed: 1, found: 0 });
    }
    let differences = differenced(&sample, &calendar, &pairs)?;
    let first = Ols::new().keep_singletons().fit_arrays(differences)?;
    let residuals = first.residuals();
    let mut of_row = vec![f64::NAN; sample.rows()];
    pairs.iter().zip(&residuals).for_each(|(&(row, _), e)| of_row[row] = *e);
    let both: Vec<(usize, usize)> =
        pairs.iter().copied().filter(|&(_, prior)| of_row[prior].is_finite()).collect();
    if both.len() < 3 {
        return Err(Error::TooShort { what: "three periods in a row".into(), needed: 3, found: both.len() });
    }
    let lagged = Array2::from_shape_fn((both.len(), 1), |(i, _)| of_row[both[i].1]);
    let outcome: Vec<f64> = both.iter().map(|&(row, _)| of_row[row]).collect();
    let rows: Vec<usize> = both.iter().map(|&(row, _)| row).collect();
    let auxiliary = Sample::new(outcome, lagged)?.cluster("unit", calendar.units().take(&rows))?;
    let fit = Ols::new().cluster("unit").fit_arrays(auxiliary)?;
    let slope = fit.coefficients()[0];
    let statistic = ((slope + 0.5) / fit.std_errors()[0]).powi(2);
    let free = fit.degrees_of_freedom();
    Ok(SpecificationAnswer::new(Which::Wooldridge, statistic, Against::Fisher(1.0, free))?
        .with("slope", slope))
}

/// LM of a variance between units, in the form for units of different length.
pub(super) fn random_effects(fit: &OlsFit) -> Result<SpecificationAnswer> {
    if !fit.shared.problem.effects.is_empty() {
        return Err(undefined(Which::RandomEffects, "absorbed effects: fit the pooled model"));
    }
    if fit.shared.sample.weights.is_some() {
        return Err(undefined(Which::RandomEffects, "weights"));
    }
    let calendar = Calendar::new(&fit.shared, "the test")?;
    let units = calendar.units();
    let e = fit.residuals();
    let (mut sums, mut counts) = (vec![0.0; units.levels()], vec![0.0; units.levels()]);
    for (&code, e) in units.codes().iter().zip(&e) {
        if code != MISSING {
            sums[code as usize] += e;
            counts[code as usize] += 1.0;
        }
    }
    let n = e.len() as f64;
    let pairs = counts.iter().map(|t| t * t).sum::<f64>() - n;
    if pairs <= 0.0 {
        return Err(Error::TooShort { what: "periods of a unit".into(), needed: 2, found: 1 });
    }
    let excess = sums.iter().map(|s| s * s).sum::<f64>() / e.dot(&e) - 1.0;
    let statistic = 0.5 * n * n / pairs * excess * excess;
    SpecificationAnswer::new(Which::RandomEffects, statistic, Against::ChiSquared(1.0))
}

/// Correlations of residuals between units over the periods that both have.
pub(super) fn cross_section<M: Model>(fit: &Fit<M>, residuals: &[f64]) -> Result<SpecificationAnswer> {
    let calendar = Calendar::new(&fit.shared, "the test")?;
    let (units, periods) = (calendar.units(), periods(&calendar));
    let mut table = Array2::from_elem((units.levels(), periods.levels()), f64::NAN);
    for (row, e) in residuals.iter().enumerate() {
        let (unit, period) = (units.codes()[row], periods.codes()[row]);
        if unit != MISSING && period != MISSING {
            table[[unit as usize, period as usize]] = *e;
        }
    }
    // A unit a slot, so that the order of the sum is that of the units however many threads there are.
    let of_unit = |i: usize| {
        let (mut sum, mut size, mut pairs) = (0.0, 0.0, 0.0);
        for j in 0..i {
            if let Some((periods, correlation)) = correlation(&table, i, j) {
                sum += periods.sqrt() * correlation;
                size += correlation.abs();
                pairs += 1.0;
            }
        }
        (sum, size, pairs)
    };
    let parts = crate::parallel::map(units.levels(), of_unit);
    let (sum, size, pairs) =
        parts.into_iter().fold((0.0, 0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    if pairs == 0.0 {
        let what = "periods that two units share".into();
        return Err(Error::TooShort { what, needed: 3, found: 0 });
    }
    let answer = SpecificationAnswer::new(Which::CrossSection, sum / f64::sqrt(pairs), Against::Normal)?;
    Ok(answer.with("mean absolute correlation", size / pairs))
}

/// The periods that two units share and the correlation over them; none with fewer than three, or no variance.
fn correlation(table: &Array2<f64>, i: usize, j: usize) -> Option<(f64, f64)> {
    let shared =
        || table.row(i).into_iter().zip(table.row(j)).filter(|(a, b)| a.is_finite() && b.is_finite());
    let n = shared().count() as f64;
    if n < 3.0 {
        return None;
    }
    let (a, b) = shared().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in shared() {
        xx += (x - a) * (x - a);
        yy += (y - b) * (y - b);
        xy += (x - a) * (y - b);
    }
    let size = (xx * yy).sqrt();
    (size > 0.0).then(|| (n, xy / size))
}
