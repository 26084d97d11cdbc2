//! Lo and MacKinlay: is the series a random walk?

use super::answer::{Deterministic, UnitRootTest};
use super::prepare::{exact, scaled};
use crate::distribution::Normal;
use crate::error::{Error, Result};

/// The variance ratio test of Lo & MacKinlay (1988): the null is a random walk with drift.
///
/// ```text
/// VR(q) = σ²_q / σ²_1        Z = √n (VR − 1) / √θ        θ = Σ_{k < q} 4 (1 − k/q)² δ_k
/// ```
///
/// `σ²_q` is the variance of steps over q periods, per period, from overlapping steps and without bias; δ makes the test
/// hold under heteroskedastic steps. The statistic is Z, normal under the null; `further` has the ratio, above 1 where
/// steps follow each other, below 1 where they turn back.
///
/// ```
/// use averted::timeseries::unit_root::VarianceRatio;
/// let alternating: Vec<f64> = (0..60).map(|t| f64::from(t % 2 * 5 + (t * 3) % 4)).collect();
/// let test = VarianceRatio::new(2).test("y", &alternating)?;
/// assert!(test.further[0].1 < 0.5 && test.p_value < 0.01);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VarianceRatio {
    periods: usize,
}

impl VarianceRatio {
    /// Over this many periods.
    #[must_use]
    pub fn new(periods: usize) -> Self {
        Self { periods }
    }

    /// Tests a series.
    ///
    /// # Errors
    /// As [`super::Adf::test`]; [`Error::Argument`] below two periods; [`Error::NothingToEstimate`] for a line.
    pub fn test(&self, name: &str, y: &[f64]) -> Result<UnitRootTest> {
        let q = self.periods;
        if q < 2 {
            return Err(Error::Argument {
                argument: "periods".into(),
                value: q.to_string(),
                must: "at least 2".into(),
            });
        }
        let z = scaled(name, y, q + 3, true)?;
        let n = z.len() - 1;
        let (nf, qf) = (n as f64, q as f64);
        let drift = (z[n] - z[0]) / nf;
        let squares: Vec<f64> = z.windows(2).map(|w| (w[1] - w[0] - drift) * (w[1] - w[0] - drift)).collect();
        let one = squares.iter().sum::<f64>();
        if one.sqrt() <= 1e-14 * nf {
            return Err(exact(name, "a line"));
        }
        let long: f64 = (q..=n).map(|t| (z[t] - z[t - q] - qf * drift).powi(2)).sum();
        let ratio = long / (qf * (nf - qf + 1.0) * (1.0 - qf / nf)) / (one / (nf - 1.0));
        let delta =
            |k: usize| nf * squares[k..].iter().zip(&squares).map(|(a, b)| a * b).sum::<f64>() / (one * one);
        let theta: f64 = (1..q).map(|k| 4.0 * (1.0 - k as f64 / qf).powi(2) * delta(k)).sum();
        let statistic = nf.sqrt() * (ratio - 1.0) / theta.sqrt();
        let p_value = 2.0 * Normal::new(0.0, 1.0)?.upper(statistic.abs());
        Ok(UnitRootTest {
            method: format!("variance ratio ({q} periods)"),
            series: name.into(),
            null: "the series is a random walk with drift".into(),
            alternative: "steps depend on earlier ones (two-sided)".into(),
            deterministic: Deterministic::Level,
            statistic,
            p_value,
            critical: Vec::new(),
            rejects_below: false,
            lags: q,
            n,
            further: vec![("variance ratio".into(), ratio)],
            notes: Vec::new(),
        })
    }
}
