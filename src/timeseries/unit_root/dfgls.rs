//! Elliott, Rothenberg and Stock: a unit root, the level or line taken out by generalised least squares first.

use ndarray::{Array1, Array2};

use super::answer::{Deterministic, UnitRootTest};
use super::dickey_fuller::{Lags, alternative, choose, lag_setters, regress};
use super::mackinnon::{gls_critical, gls_p};
use super::prepare::{Ols, deterministic, exact, scaled};
use crate::error::{Error, Result};

/// DF-GLS: the null is a unit root, and the test has more power than Dickey and Fuller's.
///
/// ```text
/// y^d = y − d'δ̂    δ̂ by least squares of (1 − āB) y on (1 − āB) d, ā = 1 − 7/n (level) or 1 − 13.5/n (line)
/// Δy^d_t = γ y^d_{t−1} + Σ_{j ≤ L} β_j Δy^d_{t−j} + ε_t        τ = γ̂ / se(γ̂)
/// ```
///
/// (Elliott, Rothenberg & Stock 1996.) Lags that are not given are chosen on the residuals from an ordinary regression
/// on d, as Perron & Qu (2007) advise. `further` has their point-optimal statistic P, with that many lags;
/// NaN where the series is too short for it.
///
/// ```
/// use averted::timeseries::unit_root::DfGls;
/// let y: Vec<f64> = (0..40).map(|t| f64::from((t * t * 7) % 11)).collect();
/// let test = DfGls::new().lags(0).test("y", &y)?;
/// assert_eq!(test.rejects(0.05), Some(true));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DfGls {
    deterministic: Deterministic,
    lags: Lags,
    most: Option<usize>,
}

lag_setters!(DfGls);

impl DfGls {
    /// Around a level, with lags by AIC.
    #[must_use]
    pub fn new() -> Self {
        Self { deterministic: Deterministic::Level, lags: Lags::Aic, most: None }
    }

    /// Around this: a level or a line.
    #[must_use]
    pub fn deterministic(mut self, kind: Deterministic) -> Self {
        self.deterministic = kind;
        self
    }

    /// Tests a series.
    ///
    /// # Errors
    /// As [`super::Adf::test`]; [`Error::Argument`] for another deterministic part.
    pub fn test(&self, name: &str, y: &[f64]) -> Result<UnitRootTest> {
        let kind = self.deterministic;
        let line = match kind {
            Deterministic::Level => false,
            Deterministic::Trend => true,
            other => {
                return Err(Error::Argument {
                    argument: "deterministic".into(),
                    value: format!("`{other}`"),
                    must: "`level` or `trend`".into(),
                });
            }
        };
        let z = scaled(name, y, 4 + kind.columns(), true)?;
        let n = z.len();
        let root = 1.0 - if line { 13.5 } else { 7.0 } / n as f64;
        let x = deterministic(kind, 1, n, 0);
        let quasi = quasi_difference(name, &z, &x, root)?;
        let trend = x.dot(&quasi.coefficients);
        let detrended: Vec<f64> = z.iter().zip(&trend).map(|(v, t)| v - t).collect();
        let lags = if let Lags::Fixed(lags) = self.lags {
            lags
        } else {
            let fit = Ols::fit(x.view(), ndarray::aview1(&z)).ok_or_else(|| exact(name, "a line"))?;
            choose(name, &fit.residuals.to_vec(), Deterministic::None, self.lags, self.most)?.0
        };
        let (fit, _, _) = regress(name, &detrended, Deterministic::None, lags, lags + 1)?;
        let statistic = fit.t(0);
        // Its regression has a level and so one column more: there may be no room for it.
        let point = match point_optimal(name, &z, line, lags, root, quasi.rss) {
            Err(Error::TooShort { .. }) => f64::NAN,
            other => other?,
        };
        Ok(UnitRootTest {
            method: "DF-GLS".into(),
            series: name.into(),
            null: "the series has a unit root".into(),
            alternative: alternative(kind).into(),
            deterministic: kind,
            statistic,
            p_value: gls_p(statistic, line)?,
            critical: gls_critical(line, fit.n()),
            rejects_below: true,
            lags,
            n: fit.n(),
            further: vec![("point-optimal P".into(), point)],
            notes: Vec::new(),
        })
    }
}

fn quasi_difference(name: &str, z: &[f64], x: &Array2<f64>, root: f64) -> Result<Ols> {
    let y: Array1<f64> = (0..z.len()).map(|t| if t == 0 { z[0] } else { z[t] - root * z[t - 1] }).collect();
    let mut d = x.clone();
    for t in 1..z.len() {
        for j in 0..x.ncols() {
            d[[t, j]] = x[[t, j]] - root * x[[t - 1, j]];
        }
    }
    Ols::fit(d.view(), y.view()).ok_or_else(|| exact(name, "a line"))
}

/// P = (S(ā) − ā S(1)) / ω², ω² the autoregressive estimate of the spectrum at zero.
fn point_optimal(name: &str, z: &[f64], line: bool, lags: usize, root: f64, at_root: f64) -> Result<f64> {
    let steps: Vec<f64> = z.windows(2).map(|w| w[1] - w[0]).collect();
    // Under the null the first residual is nought; with a line all n are centred, as R's urca does.
    let mean = if line { steps.iter().sum::<f64>() / z.len() as f64 } else { 0.0 };
    let null = mean * mean + steps.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>();
    let (fit, _, _) = regress(name, z, Deterministic::Level, lags, lags + 1)?;
    let sum: f64 = fit.coefficients.iter().skip(2).sum();
    Ok((at_root - root * null) * (1.0 - sum) * (1.0 - sum) / fit.variance())
}
