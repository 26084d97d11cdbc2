//! Whether there is a season, and the series without it.

use crate::error::Result;
use crate::timeseries::decompose::{Classical, Stl};

/// A season that is taken out before and put back after.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Season {
    /// By place, from the first period.
    pub(super) figure: Vec<f64>,
    pub(super) multiplicative: bool,
}

/// The 95 % point of the normal: 90 % between both.
const LIMIT: f64 = 1.644_853_626_951_472_2;

/// Factors below this are no factors: divided by, they would blow up what is left.
const LEAST: f64 = 0.01;

/// Whether the autocorrelation at the season's length stands out of the shorter ones, by a 90 % test:
/// `|r_s| > 1.645 √((1 + 2 Σ_{k<s} r_k²)/n)`. Pairs with a gap are left out.
pub(super) fn stands_out(z: &[f64], season: usize) -> bool {
    let seen: Vec<f64> = z.iter().copied().filter(|v| !v.is_nan()).collect();
    let n = seen.len();
    if z.len() <= 2 * season || n <= 2 * season {
        return false;
    }
    let mean = seen.iter().sum::<f64>() / n as f64;
    let whole = seen.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
    let size = seen.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    if whole <= 1e-24 * size * size {
        return false;
    }
    let (mut squares, mut last) = (0.0, 0.0);
    for lag in 1..=season {
        let (mut sum, mut pairs) = (0.0, 0.0);
        for (a, b) in z.iter().zip(&z[lag..]) {
            if !(a.is_nan() || b.is_nan()) {
                sum += (a - mean) * (b - mean);
                pairs += 1.0;
            }
        }
        if pairs == 0.0 {
            return false;
        }
        // The mean of the pairs there are stands for all of them.
        last = sum / pairs * ((z.len() - lag) as f64 / z.len() as f64) / whole;
        if lag < season {
            squares += last * last;
        }
    }
    last.abs() > LIMIT * ((1.0 + 2.0 * squares) / n as f64).sqrt()
}

impl Season {
    /// By classical decomposition; by STL where gaps leave a place without a moving average. `multiplicative` is
    /// wished for, and is had where all values are above zero and no factor nearly zero.
    pub(super) fn new(z: &[f64], season: usize, multiplicative: bool) -> Result<Self> {
        if multiplicative && z.iter().all(|v| v.is_nan() || *v > 0.0) {
            let figure = Self::figure(z, season, true)?;
            if figure.iter().all(|f| *f >= LEAST) {
                return Ok(Self { figure, multiplicative: true });
            }
        }
        Ok(Self { figure: Self::figure(z, season, false)?, multiplicative: false })
    }

    fn figure(z: &[f64], season: usize, multiplicative: bool) -> Result<Vec<f64>> {
        let classical = Classical::new(season);
        let classical = if multiplicative { classical.multiplicative() } else { classical };
        if let Ok(parts) = classical.fit(z) {
            return Ok(parts.seasonal()[..season].to_vec());
        }
        let logs: Vec<f64> = z.iter().map(|v| if multiplicative { v.ln() } else { *v }).collect();
        let mut figure = Stl::new(season).fit(&logs)?.seasonal()[..season].to_vec();
        if multiplicative {
            figure.iter_mut().for_each(|f| *f = f.exp());
        }
        let mean = figure.iter().sum::<f64>() / season as f64;
        figure.iter_mut().for_each(|f| if multiplicative { *f /= mean } else { *f -= mean });
        Ok(figure)
    }

    /// Of period t.
    pub(super) fn at(&self, t: usize) -> f64 {
        self.figure[t % self.figure.len()]
    }

    /// A value without the season.
    pub(super) fn take(&self, t: usize, z: f64) -> f64 {
        if self.multiplicative { z / self.at(t) } else { z - self.at(t) }
    }

    /// A value with it.
    pub(super) fn put(&self, t: usize, z: f64) -> f64 {
        if self.multiplicative { z * self.at(t) } else { z + self.at(t) }
    }

    /// What it does to a standard deviation.
    pub(super) fn scale(&self, t: usize) -> f64 {
        if self.multiplicative { self.at(t) } else { 1.0 }
    }
}
