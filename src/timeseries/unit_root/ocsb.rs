//! Osborn, Chui, Smith and Birchenhall: must the seasons be differenced?

use ndarray::{Array1, Array2};

use super::answer::{Deterministic, UnitRootTest};
use super::dickey_fuller::Lags;
use super::prepare::{Ols, exact, scaled};
use crate::error::{Error, Result};

/// The OCSB test: the null is a seasonal unit root.
///
/// ```text
/// λ(B) ΔΔ_m y_t = β₁ λ(B) Δ_m y_{t−1} + β₂ λ(B) Δ y_{t−m} + ε_t        the statistic is the t of β₂
/// ```
///
/// (Osborn, Chui, Smith & Birchenhall 1988), λ from an autoregression of `ΔΔ_m y`, its lags kept in the regression too.
/// The critical value at 5 % is the curve that Hyndman & Khandakar's `forecast` fitted to simulations. Lags are chosen
/// among 0 to the most over the same rows; R's `ocsb.test` then takes one lag fewer than it chose, which we do not.
///
/// ```
/// use averted::timeseries::unit_root::Ocsb;
/// let season = [0.0, 8.0, 3.0, -6.0];
/// let y: Vec<f64> = (0..60).map(|t| season[t % 4] + ((t * t * t * 31 + t * 7) % 17) as f64).collect();
/// assert_eq!(Ocsb::new(4).test("y", &y)?.rejects(0.05), Some(true));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ocsb {
    season: usize,
    lags: Lags,
    most: usize,
}

impl Ocsb {
    /// For a season of this many periods, without lags.
    #[must_use]
    pub fn new(season: usize) -> Self {
        Self { season, lags: Lags::Fixed(0), most: 3 }
    }

    /// With this many lags.
    #[must_use]
    pub fn lags(self, lags: usize) -> Self {
        self.select(Lags::Fixed(lags))
    }

    /// With lags chosen so, by AIC or BIC.
    #[must_use]
    pub fn select(mut self, lags: Lags) -> Self {
        self.lags = lags;
        self
    }

    /// With at most this many lags to choose among.
    #[must_use]
    pub fn most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// Tests a series.
    ///
    /// # Errors
    /// As [`super::Adf::test`]; [`Error::Argument`] for a season below two periods, or lags by t statistic.
    pub fn test(&self, name: &str, y: &[f64]) -> Result<UnitRootTest> {
        let m = self.season;
        if m < 2 {
            return Err(Error::Argument {
                argument: "season".into(),
                value: m.to_string(),
                must: "at least 2 periods".into(),
            });
        }
        let most = match self.lags {
            Lags::Fixed(lags) => lags,
            Lags::TStatistic => {
                return Err(Error::Argument {
                    argument: "select".into(),
                    value: "t statistic".into(),
                    must: "fixed, AIC or BIC".into(),
                });
            }
            _ => self.most,
        };
        let z = scaled(name, y, m + 4 + 3 * most, true)?;
        let lags = match self.lags {
            Lags::Fixed(lags) => lags,
            _ => self.chosen(name, &z, most)?,
        };
        let fit = regression(name, &z, m, lags, lags)?;
        let (seasonal, regular) = (fit.t(lags + 1), fit.t(lags));
        let log = (m as f64).ln() - 0.765_645_1;
        let critical = -0.293_741_1 * (-0.285_085_3 * log - 0.059_836_44 * log * log).exp() - 1.652_202;
        Ok(UnitRootTest {
            method: "OCSB".into(),
            series: name.into(),
            null: format!("the series has a unit root of season {m}: it must be differenced over the season"),
            alternative: "the seasons are stationary".into(),
            deterministic: Deterministic::None,
            statistic: seasonal,
            p_value: f64::NAN,
            critical: vec![(0.05, critical)],
            rejects_below: true,
            lags,
            n: fit.n(),
            further: vec![("t of the regular root".into(), regular)],
            notes: Vec::new(),
        })
    }

    fn chosen(&self, name: &str, z: &[f64], most: usize) -> Result<usize> {
        let mut best = (f64::INFINITY, 0);
        for lags in 0..=most {
            let fit = regression(name, z, self.season, lags, most)?;
            let each = if self.lags == Lags::Bic { (fit.n() as f64).ln() } else { 2.0 };
            let score = fit.deviance() + each * fit.coefficients.len() as f64;
            if score < best.0 {
                best = (score, lags);
            }
        }
        Ok(best.1)
    }
}

/// The regression over the rows that `most` lags leave: lags of `ΔΔ_m y`, then the regular and the seasonal root.
fn regression(name: &str, z: &[f64], m: usize, lags: usize, most: usize) -> Result<Ols> {
    let seasonal = |t: usize| z[t] - z[t - m];
    let step = |t: usize| z[t] - z[t - 1];
    let both = |t: usize| seasonal(t) - seasonal(t - 1);
    let from = m + 1 + most;
    let rows = z.len().saturating_sub(from);
    if rows <= lags + 2 {
        return Err(Error::TooShort { what: name.into(), needed: from + lags + 3, found: z.len() });
    }
    let y: Array1<f64> = (from..z.len()).map(both).collect();
    let past = Array2::from_shape_fn((rows, lags), |(i, j)| both(from + i - j - 1));
    let refuse = || exact(name, "a seasonal pattern");
    let lambda = Ols::fit(past.view(), y.view()).ok_or_else(refuse)?.coefficients;
    let filtered = |of: &dyn Fn(usize) -> f64, t: usize| {
        of(t) - lambda.iter().enumerate().map(|(j, l)| l * of(t - j - 1)).sum::<f64>()
    };
    let x = Array2::from_shape_fn((rows, lags + 2), |(i, j)| match j {
        j if j < lags => past[[i, j]],
        j if j == lags => filtered(&seasonal, from + i - 1),
        _ => filtered(&step, from + i - m),
    });
    let fit = Ols::fit(x.view(), y.view()).filter(|f| f.rss.sqrt() > 1e-13 * (rows as f64).sqrt());
    fit.ok_or_else(refuse)
}
