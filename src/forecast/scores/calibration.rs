//! Do the stated chances hold? Coverage of intervals, and the probability integral transform.

use crate::distribution::Beta;
use crate::error::{Error, Result};

/// How many intervals held their outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// Intervals that held.
    pub held: usize,
    /// Intervals.
    pub n: usize,
    /// The share.
    pub share: f64,
    /// Lower end of the exact (Clopper & Pearson 1934) interval of the share.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// Coverage of intervals, with the exact binomial interval of its share at `level`.
///
/// The binomial takes the outcomes as independent; forecasts of overlapping horizons are not, and their interval is too
/// narrow. Triples with a missing value are left out.
///
/// # Errors
/// [`Error::Shape`] for unequal lengths; [`Error::TooShort`] where nothing is left; [`Error::Argument`] for a level that
/// is none.
///
/// ```
/// let found = averted::forecast::scores::coverage(&[1.0, 5.0, 9.0], &[0.0; 3], &[6.0; 3], 0.95)?;
/// assert_eq!((found.held, found.n), (2, 3));
/// assert!(found.lower < 0.1 && found.upper > 0.99);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn coverage(y: &[f64], lower: &[f64], upper: &[f64], level: f64) -> Result<Coverage> {
    if lower.len() != y.len() || upper.len() != y.len() {
        return Err(Error::Shape {
            what: "lower, upper".into(),
            expected: format!("{} values", y.len()),
            found: format!("{}, {}", lower.len(), upper.len()),
        });
    }
    crate::inference::interval_level(level)?;
    let known: Vec<bool> = (0..y.len())
        .filter(|&i| !(y[i].is_nan() || lower[i].is_nan() || upper[i].is_nan()))
        .map(|i| (lower[i]..=upper[i]).contains(&y[i]))
        .collect();
    let (n, held) = (known.len(), known.iter().filter(|&&k| k).count());
    if n == 0 {
        return Err(Error::TooShort { what: "intervals with an outcome".into(), needed: 1, found: 0 });
    }
    let tail = 0.5 * (1.0 - level);
    let (h, missed) = (held as f64, (n - held) as f64);
    let low = if held == 0 { 0.0 } else { Beta::new(h, missed + 1.0)?.quantile(tail) };
    let high = if held == n { 1.0 } else { Beta::new(h + 1.0, missed)?.quantile(1.0 - tail) };
    Ok(Coverage { held, n, share: h / n as f64, lower: low, upper: high })
}

/// Heights of the histogram of probability integral transforms, flat at 1 where the forecasts are calibrated.
///
/// `ends` are P(Y < y) and P(Y ≤ y) of every outcome: for counts the transform is spread evenly between them and not
/// drawn at random (Czado, Gneiting & Held 2009); for continuous outcomes the two are equal.
///
/// # Errors
/// [`Error::Domain`] with the row unless 0 ≤ P(Y < y) ≤ P(Y ≤ y) ≤ 1; [`Error::TooShort`] without outcomes;
/// [`Error::Argument`] without bins.
///
/// ```
/// let heights = averted::forecast::scores::pit(&[(0.0, 0.5), (0.5, 1.0)], 4)?;
/// assert_eq!(heights, [1.0; 4]);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn pit(ends: &[(f64, f64)], bins: usize) -> Result<Vec<f64>> {
    if bins == 0 {
        let must = "at least 1".into();
        return Err(Error::Argument { argument: "bins".into(), value: "0".into(), must });
    }
    if ends.is_empty() {
        return Err(Error::TooShort { what: "outcomes".into(), needed: 1, found: 0 });
    }
    let wrong = |&(a, b): &(f64, f64)| !(a >= 0.0 && a <= b && b <= 1.0);
    if let Some(row) = ends.iter().position(wrong) {
        return Err(Error::Domain {
            what: "ends".into(),
            row,
            value: format!("{:?}", ends[row]),
            must: "two probabilities in order".into(),
        });
    }
    let mut heights = vec![0.0; bins];
    let width = 1.0 / bins as f64;
    for &(a, b) in ends {
        for (j, height) in heights.iter_mut().enumerate() {
            let (left, right) = (j as f64 * width, (j + 1) as f64 * width);
            *height += if b > a {
                (right.min(b) - left.max(a)).max(0.0) / (b - a)
            } else {
                let last = j + 1 == bins;
                f64::from(u8::from(a >= left && (a < right || last)))
            };
        }
    }
    let each = bins as f64 / ends.len() as f64;
    heights.iter_mut().for_each(|h| *h *= each);
    Ok(heights)
}
