//! Scores of joint paths, of events and of ordered classes.

use ndarray::{ArrayView1, ArrayView2};

use crate::error::{Error, Result};

fn shaped(y: ArrayView1<'_, f64>, draws: ArrayView2<'_, f64>) -> Result<()> {
    if draws.ncols() == y.len() && draws.nrows() > 0 && !y.is_empty() {
        return Ok(());
    }
    Err(Error::Shape {
        what: "draws".into(),
        expected: format!("draws × {} periods", y.len()),
        found: format!("{:?}", draws.dim()),
    })
}

fn distance(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// The energy score of joint paths, draws × periods: E‖X − y‖ − ½ E‖X − X'‖ (Gneiting et al. 2008).
///
/// The CRPS in several dimensions. `fair` divides the second part by n(n − 1) instead of n².
///
/// # Errors
/// [`Error::Shape`] unless there is a column of draws for every outcome.
///
/// ```
/// use ndarray::array;
/// let paths = array![[1.0, 2.0], [3.0, 4.0]];
/// let score = averted::forecast::scores::energy(array![1.0, 2.0].view(), paths.view(), false)?;
/// assert!((score - 8.0_f64.sqrt() / 4.0).abs() < 1e-15);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn energy(y: ArrayView1<'_, f64>, draws: ArrayView2<'_, f64>, fair: bool) -> Result<f64> {
    shaped(y, draws)?;
    let n = draws.nrows();
    let to = draws.rows().into_iter().map(|x| distance(x, y)).sum::<f64>() / n as f64;
    let pairs: f64 = (1..n).map(|i| (0..i).map(|j| distance(draws.row(i), draws.row(j))).sum::<f64>()).sum();
    let count = if fair && n > 1 { n * (n - 1) } else { n * n };
    Ok(to - pairs / count as f64)
}

/// The variogram score of order p: `Σ_ij (|y_i − y_j|^p − E|X_i − X_j|^p)²`, over ordered pairs of periods
/// (Scheuerer & Hamill 2015). It sees wrong dependence where the energy score hardly does.
///
/// # Errors
/// As [`energy`]; [`Error::Argument`] unless p is positive.
pub fn variogram(y: ArrayView1<'_, f64>, draws: ArrayView2<'_, f64>, p: f64) -> Result<f64> {
    shaped(y, draws)?;
    if !(p > 0.0 && p.is_finite()) {
        return Err(Error::Argument { argument: "p".into(), value: p.to_string(), must: "positive".into() });
    }
    let n = draws.nrows() as f64;
    let mut sum = 0.0;
    for i in 0..y.len() {
        for j in 0..i {
            let mean = draws.rows().into_iter().map(|x| (x[i] - x[j]).abs().powf(p)).sum::<f64>() / n;
            sum += 2.0 * ((y[i] - y[j]).abs().powf(p) - mean).powi(2);
        }
    }
    Ok(sum)
}

/// The Brier score of the chance of an event: (p − 1{it happened})² (Brier 1950).
///
/// # Errors
/// [`Error::Argument`] unless the chance lies between 0 and 1.
pub fn brier(happened: bool, chance: f64) -> Result<f64> {
    probability("chance", chance)?;
    Ok((chance - f64::from(u8::from(happened))).powi(2))
}

/// The ranked probability score of ordered classes: `Σ_k (P(class ≤ k) − 1{it was ≤ k})²` (Epstein 1969).
///
/// # Errors
/// [`Error::Argument`] unless the chances lie between 0 and 1 and sum to 1, and the class is one of them.
pub fn ranked_probability(class: usize, chances: &[f64]) -> Result<f64> {
    chances.iter().try_for_each(|&p| probability("chances", p))?;
    let sum: f64 = chances.iter().sum();
    if (sum - 1.0).abs() > 1e-9 || class >= chances.len() {
        return Err(Error::Argument {
            argument: "chances".into(),
            value: format!("{} of sum {sum}, class {class}", chances.len()),
            must: "probabilities of every class, of sum 1".into(),
        });
    }
    let mut below = 0.0;
    let one = |(k, p): (usize, &f64)| {
        below += p;
        let was = f64::from(u8::from(class <= k));
        (below - was) * (below - was)
    };
    Ok(chances.iter().enumerate().map(one).sum())
}

fn probability(argument: &str, p: f64) -> Result<()> {
    if (0.0..=1.0).contains(&p) {
        return Ok(());
    }
    Err(Error::Argument { argument: argument.into(), value: p.to_string(), must: "between 0 and 1".into() })
}
