//! Where to send what there is: how much of the best possible reach a ranking has.

use crate::error::{Error, Result};

/// The share of the best possible reach: outcomes in the `top` places of highest forecast, over those in the `top`
/// places of highest outcome.
///
/// ```text
/// Σ_{i in top K by forecast} y_i / Σ_{i in top K by outcome} y_i
/// ```
///
/// 1 when the places chosen are the best ones. Where forecasts tie at the edge, the mean over every choice among them.
/// NaN where nothing happened anywhere.
///
/// # Errors
/// [`Error::Shape`] for unequal lengths; [`Error::Missing`] and [`Error::Domain`] with the row; [`Error::Argument`]
/// unless 1 ≤ top ≤ places.
///
/// ```
/// use averted::forecast::scores::best_possible_reach;
/// let share = best_possible_reach(&[10.0, 0.0, 30.0, 5.0], &[3.0, 1.0, 9.0, 2.0], 2)?;
/// assert_eq!(share, 1.0);
/// let share = best_possible_reach(&[10.0, 0.0, 30.0, 5.0], &[1.0, 9.0, 9.0, 2.0], 2)?;
/// assert_eq!(share, 0.75);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn best_possible_reach(y: &[f64], forecast: &[f64], top: usize) -> Result<f64> {
    if y.len() != forecast.len() {
        let expected = format!("{} places", y.len());
        return Err(Error::Shape { what: "forecast".into(), expected, found: forecast.len().to_string() });
    }
    if top == 0 || top > y.len() {
        return Err(Error::Argument {
            argument: "top".into(),
            value: top.to_string(),
            must: format!("between 1 and the {} places", y.len()),
        });
    }
    for (what, values) in [("y", y), ("forecast", forecast)] {
        if let Some(first) = values.iter().position(|v| v.is_nan()) {
            let count = values.iter().filter(|v| v.is_nan()).count();
            return Err(Error::Missing { what: what.into(), count, first });
        }
    }
    if let Some(row) = y.iter().position(|v| !(*v >= 0.0 && v.is_finite())) {
        return Err(Error::Domain {
            what: "y".into(),
            row,
            value: y[row].to_string(),
            must: "at least 0: what is to be reached".into(),
        });
    }
    let descending = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        sorted
    };
    let best: f64 = descending(y)[..top].iter().sum();
    let edge = descending(forecast)[top - 1];
    let pairs = || y.iter().zip(forecast);
    let above = pairs().filter(|(_, f)| **f > edge);
    let (count, sure) = above.fold((0, 0.0), |(n, s), (y, _)| (n + 1, s + y));
    let (ties, tied) = pairs().filter(|(_, f)| **f == edge).fold((0, 0.0), |(n, s), (y, _)| (n + 1, s + y));
    let reached = sure + tied * f64::from(top as u32 - count) / f64::from(ties);
    Ok(if best > 0.0 { reached / best } else { f64::NAN })
}
