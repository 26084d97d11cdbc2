//! Autocorrelations of a series, and whether they are more than chance.
//!
//! ```text
//! c_k = Σ (y_t − ȳ)(y_{t+k} − ȳ) / n          r_k = c_k / c_0          over pairs that are both observed
//! φ_kk: the last coefficient of the autoregression of order k that r_1 … r_k imply          (Durbin 1960; Levinson 1947)
//! Q_BP = n Σ_{k ≤ h} r_k²          Q_LB = n (n + 2) Σ_{k ≤ h} r_k² / (n − k)          χ²(h − estimated)
//! ```
//!
//! Box & Pierce (1970), Ljung & Box (1978). Under no dependence `r_k` and `φ_kk` lie within `z/√n`; if the series is a moving
//! average of order k − 1, `r_k` has the variance `(1 + 2 Σ_{j < k} r_j²)/n` (Bartlett 1946). With gaps `c_k` is the sum over
//! the m pairs by m + k, as R has it.
//!
//! ```
//! use averted::timeseries::correlogram::Correlogram;
//! let y: Vec<f64> = (0..60).map(|t| f64::from(t % 4) + f64::from(t * 7 % 5)).collect();
//! let found = Correlogram::new("deaths", &y, 8)?;
//! assert!(found.acf()[4] > found.limit(0.95)?); // five periods apart
//! assert!(found.ljung_box(8, 0)?.p_value < 1e-6);
//! # Ok::<(), averted::Error>(())
//! ```

use crate::distribution::{ChiSquared, Normal};
use crate::error::{Error, Result};
use crate::inference::interval_level;

/// A test of several autocorrelations together. The null: there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Portmanteau {
    /// The statistic.
    pub statistic: f64,
    /// Degrees of freedom of its χ².
    pub degrees: usize,
    /// The probability of as much by chance.
    pub p_value: f64,
}

/// Autocorrelations and partial ones. See the [module](self).
#[derive(Debug, Clone, PartialEq)]
pub struct Correlogram {
    name: String,
    acf: Vec<f64>,
    pacf: Vec<f64>,
    observed: usize,
    gaps: usize,
    first_gap: usize,
}

impl Correlogram {
    /// Of a series (NaN missing), at 1 … `lags` periods apart.
    ///
    /// # Errors
    /// [`Error::Domain`] for an infinite value; [`Error::TooShort`] with fewer than two observations;
    /// [`Error::NothingToEstimate`] for a constant, and for a lag at which no two observations stand;
    /// [`Error::Argument`] unless 1 ≤ `lags` < n.
    pub fn new(name: &str, y: &[f64], lags: usize) -> Result<Self> {
        if let Some(row) = y.iter().position(|v| v.is_infinite()) {
            let must = "finite, or NaN where missing".into();
            return Err(Error::Domain { what: name.into(), row, value: y[row].to_string(), must });
        }
        let seen: Vec<f64> = y.iter().copied().filter(|v| !v.is_nan()).collect();
        let observed = seen.len();
        if observed < 2 {
            return Err(Error::TooShort { what: name.into(), needed: 2, found: observed });
        }
        if lags == 0 || lags >= y.len() {
            let must = format!("1 to {}, one less than the periods", y.len() - 1);
            return Err(Error::Argument { argument: "lags".into(), value: lags.to_string(), must });
        }
        if seen.iter().all(|v| *v == seen[0]) {
            let why = format!("`{name}` is constant at {}", seen[0]);
            return Err(Error::NothingToEstimate { why });
        }
        // Squares of 1e300 are infinite and of 1e-300 zero: counted from the first value, in units of the largest step.
        let largest = |v: &mut dyn Iterator<Item = f64>| v.fold(0.0_f64, |m, v| m.max(v.abs()));
        let size = largest(&mut seen.iter().copied());
        let from = seen[0] / size;
        let unit = largest(&mut seen.iter().map(|v| v / size - from));
        let mean = seen.iter().map(|v| (v / size - from) / unit).sum::<f64>() / observed as f64;
        let z: Vec<f64> = y.iter().map(|v| (v / size - from) / unit - mean).collect();
        let covariance = |k: usize| {
            let pairs = z.iter().zip(&z[k..]).filter(|(a, b)| !a.is_nan() && !b.is_nan());
            let (sum, n) = pairs.fold((0.0, 0), |(sum, n), (a, b)| (sum + a * b, n + 1));
            (n > 0).then(|| sum / (n + k) as f64).ok_or_else(|| Error::NothingToEstimate {
                why: format!("no two observations of `{name}` are {k} periods apart"),
            })
        };
        let variance = covariance(0)?;
        let acf = (1..=lags).map(|k| Ok(covariance(k)? / variance)).collect::<Result<Vec<f64>>>()?;
        let pacf = partial(&acf);
        let (gaps, first_gap) = (y.len() - observed, y.iter().position(|v| v.is_nan()).unwrap_or(0));
        Ok(Self { name: name.into(), acf, pacf, observed, gaps, first_gap })
    }

    /// The series.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Observations.
    pub fn n_observed(&self) -> usize {
        self.observed
    }

    /// Autocorrelations 1, 2, … periods apart.
    pub fn acf(&self) -> &[f64] {
        &self.acf
    }

    /// Partial ones; beyond one where gaps leave autocorrelations that no series has.
    pub fn pacf(&self) -> &[f64] {
        &self.pacf
    }

    /// What both stay within by chance, at a level: `z/√n`.
    ///
    /// # Errors
    /// [`Error::Argument`] unless 0 < level < 1.
    pub fn limit(&self, level: f64) -> Result<f64> {
        let z = Normal::standard().quantile(0.5 + 0.5 * interval_level(level)?);
        Ok(z / (self.observed as f64).sqrt())
    }

    /// What every autocorrelation stays within by chance when those before it are real (Bartlett 1946).
    ///
    /// # Errors
    /// As [`limit`](Self::limit).
    pub fn bartlett(&self, level: f64) -> Result<Vec<f64>> {
        let limit = self.limit(level)?;
        let mut sum = 0.0;
        let one = |r: &f64| {
            let at = limit * f64::sqrt(1.0 + 2.0 * sum);
            sum += r * r;
            at
        };
        Ok(self.acf.iter().map(one).collect())
    }

    /// Box and Pierce's test of the first `lags`; `estimated` parameters of a model whose errors these are.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `estimated` < `lags` ≤ the lags there are; [`Error::Missing`] for a series with gaps,
    /// whose statistic has another distribution.
    pub fn box_pierce(&self, lags: usize, estimated: usize) -> Result<Portmanteau> {
        let n = self.observed as f64;
        self.portmanteau(lags, estimated, |_| n)
    }

    /// Ljung and Box's test, nearer to its distribution in short series.
    ///
    /// # Errors
    /// As [`box_pierce`](Self::box_pierce).
    pub fn ljung_box(&self, lags: usize, estimated: usize) -> Result<Portmanteau> {
        let n = self.observed as f64;
        self.portmanteau(lags, estimated, |k| n * (n + 2.0) / (n - k as f64))
    }

    fn portmanteau(
        &self,
        lags: usize,
        estimated: usize,
        weight: impl Fn(usize) -> f64,
    ) -> Result<Portmanteau> {
        if self.gaps > 0 {
            return Err(Error::Missing { what: self.name.clone(), count: self.gaps, first: self.first_gap });
        }
        if lags <= estimated || lags > self.acf.len() {
            let must = format!("more than {estimated}, at most {}", self.acf.len());
            return Err(Error::Argument { argument: "lags".into(), value: lags.to_string(), must });
        }
        let statistic = self.acf[..lags].iter().zip(1..).map(|(r, k)| weight(k) * r * r).sum();
        let degrees = lags - estimated;
        Ok(Portmanteau { statistic, degrees, p_value: ChiSquared::new(degrees as f64)?.upper(statistic) })
    }
}

/// Partial autocorrelations from the plain ones.
fn partial(acf: &[f64]) -> Vec<f64> {
    let (mut phi, mut left) = (Vec::<f64>::new(), 1.0);
    let mut out = Vec::with_capacity(acf.len());
    for k in 0..acf.len() {
        let known: f64 = phi.iter().zip(acf[..k].iter().rev()).map(|(p, r)| p * r).sum();
        let next = (acf[k] - known) / left;
        let before = phi.clone();
        phi.iter_mut().zip(before.iter().rev()).for_each(|(p, b)| *p -= next * b);
        phi.push(next);
        left *= 1.0 - next * next;
        out.push(next);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_scales() {
        let y: Vec<f64> = (0..30).map(|t| f64::from((t * t * 7) % 11)).collect();
        let one = Correlogram::new("y", &y, 5).expect("one");
        for (size, shift) in [(1e300, 0.0), (1e-300, 0.0), (-3.0, 1e6)] {
            let moved: Vec<f64> = y.iter().map(|v| v * size + shift).collect();
            let other = Correlogram::new("y", &moved, 5).expect("one");
            for (a, b) in one.acf().iter().chain(one.pacf()).zip(other.acf().iter().chain(other.pacf())) {
                assert!((a - b).abs() < 1e-9, "{size}: {a} {b}");
            }
        }
        let bartlett = one.bartlett(0.95).expect("limits");
        assert_eq!(bartlett[0], one.limit(0.95).expect("a limit"));
        let second = bartlett[0] * (1.0 + 2.0 * one.acf()[0].powi(2)).sqrt();
        assert!((bartlett[1] - second).abs() < 1e-15);
    }

    #[test]
    fn gaps_and_refusals() {
        let mut y: Vec<f64> = (0..20).map(|t| f64::from((t * 7) % 5)).collect();
        y[3] = f64::NAN;
        let found = Correlogram::new("deaths", &y, 4).expect("one");
        assert_eq!((found.n_observed(), found.acf().len()), (19, 4));
        assert!(matches!(found.ljung_box(3, 0), Err(Error::Missing { count: 1, first: 3, .. })));
        let new = |y: &[f64], lags| Correlogram::new("deaths", y, lags);
        assert!(matches!(new(&[2.0; 9], 2), Err(Error::NothingToEstimate { .. })));
        assert!(matches!(new(&[1.0, f64::NAN, 2.0], 1), Err(Error::NothingToEstimate { .. })));
        assert!(matches!(new(&[1.0, f64::INFINITY], 1), Err(Error::Domain { row: 1, .. })));
        assert!(matches!(new(&[], 1), Err(Error::TooShort { found: 0, .. })));
        assert!(matches!(new(&[1.0, 2.0], 2), Err(Error::Argument { .. })));
        let whole = new(&[1.0, 4.0, 2.0, 5.0, 1.0], 2).expect("one");
        assert!(whole.ljung_box(2, 2).is_err() && whole.ljung_box(3, 0).is_err());
    }
}
