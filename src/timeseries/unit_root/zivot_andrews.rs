//! Zivot and Andrews: a unit root, against a series that is stationary but for one break.

use ndarray::{Array1, Array2};

use super::answer::{Deterministic, UnitRootTest};
use super::dickey_fuller::{Lags, choose};
use super::mackinnon::zivot_andrews_p;
use super::prepare::{Ols, exact, scaled};
use crate::error::{Error, Result};
use crate::interrupt::interrupted;

/// What breaks under the alternative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The level.
    Level,
    /// The slope.
    Slope,
    /// Both.
    Both,
}

/// Critical values of Zivot & Andrews (1992, tables 2 to 4) at 1, 5 and 10 %.
const CRITICAL: [[f64; 3]; 3] = [[-5.34, -4.8, -4.58], [-4.93, -4.42, -4.11], [-5.57, -5.08, -4.82]];

/// Periods squared times columns squared at most. On one core a fiftieth of it took 5 s where columns were many (43 lags of
/// 1,600 periods) and 31 s where they were few (no lags, 15,491 periods): all of it is four minutes to half an hour.
const MOST_WORK: f64 = 3e11;

/// The Zivot–Andrews test: the null is a unit root without a break.
///
/// ```text
/// Δy_t = μ + β t + θ DU_t(b) + κ DT_t(b) + γ y_{t−1} + Σ_{j ≤ L} c_j Δy_{t−j} + ε_t      min over b of τ_γ
/// ```
///
/// DU is 1 from row b on, DT counts 1, 2, … from there (Zivot & Andrews 1992). b runs over the middle of the series;
/// `further` says where it was found. The p-value is interpolated between simulated quantiles (100,000 replications of
/// 2,000 steps), the critical values are the published ones.
///
/// ```
/// use averted::timeseries::unit_root::{Break, ZivotAndrews};
/// let y: Vec<f64> = (0..40).map(|t| f64::from((t * 7) % 5) + if t < 20 { 0.0 } else { 20.0 }).collect();
/// let test = ZivotAndrews::new(Break::Level).lags(0).test("y", &y)?;
/// assert_eq!(test.rejects(0.01), Some(true));
/// assert_eq!(test.further[0].1, 20.0);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZivotAndrews {
    kind: Break,
    lags: Lags,
    trim: f64,
}

impl ZivotAndrews {
    /// For a break of this kind, with lags by AIC, 15 % of the rows at either end not looked at.
    #[must_use]
    pub fn new(kind: Break) -> Self {
        Self { kind, lags: Lags::Aic, trim: 0.15 }
    }

    /// With this many lags.
    #[must_use]
    pub fn lags(self, lags: usize) -> Self {
        self.select(Lags::Fixed(lags))
    }

    /// With lags chosen so, in the regression without a break.
    #[must_use]
    pub fn select(mut self, lags: Lags) -> Self {
        self.lags = lags;
        self
    }

    /// With this share of the rows at either end not looked at.
    #[must_use]
    pub fn trim(mut self, share: f64) -> Self {
        self.trim = share;
        self
    }

    /// Tests a series.
    ///
    /// # Errors
    /// As [`super::Adf::test`]; [`Error::Argument`] unless the trimmed share is below a third.
    pub fn test(&self, name: &str, y: &[f64]) -> Result<UnitRootTest> {
        if !(0.0..1.0 / 3.0).contains(&self.trim) {
            return Err(Error::Argument {
                argument: "trim".into(),
                value: self.trim.to_string(),
                must: "at least 0 and below a third".into(),
            });
        }
        let z = scaled(name, y, 8, true)?;
        let n = z.len();
        let (lags, _) = choose(name, &z, Deterministic::Trend, self.lags, None)?;
        let cut = (n as f64 * self.trim) as usize;
        let work = (n * n) as f64 * ((5 + lags) * (5 + lags)) as f64;
        if work > MOST_WORK {
            return Err(Error::Argument {
                argument: "observations".into(),
                value: n.to_string(),
                must: format!(
                    "fewer: a regression on {} columns is done for every date of a break",
                    5 + lags
                ),
            });
        }
        let dy: Array1<f64> = (lags + 1..n).map(|t| z[t] - z[t - 1]).collect();
        let mut best = (f64::INFINITY, 0);
        for b in (cut + 1).max(lags + 2)..=(n - cut).min(n - 2) {
            if interrupted() {
                return Err(Error::Interrupted);
            }
            let x = self.columns(&z, lags, b);
            if dy.len() <= x.ncols() {
                return Err(Error::TooShort { what: name.into(), needed: lags + 2 + x.ncols(), found: n });
            }
            // A break that the lags already explain says nothing.
            let Some(fit) = Ols::fit(x.view(), dy.view()) else { continue };
            if fit.rss.sqrt() <= 1e-13 * (n as f64).sqrt() {
                return Err(exact(name, "a line with a break"));
            }
            let tau = fit.t(2);
            if tau < best.0 {
                best = (tau, b);
            }
        }
        let (statistic, at) = best;
        if statistic.is_infinite() {
            return Err(exact(name, "its own past"));
        }
        let model = self.kind as usize;
        let what = ["level", "slope", "level and slope"][model];
        Ok(UnitRootTest {
            method: "Zivot–Andrews".into(),
            series: name.into(),
            null: "the series has a unit root and no break".into(),
            alternative: format!("the series is stationary around a line with one break in its {what}"),
            deterministic: Deterministic::Trend,
            statistic,
            p_value: zivot_andrews_p(statistic, model),
            critical: [0.01, 0.05, 0.1].into_iter().zip(CRITICAL[model]).collect(),
            rejects_below: true,
            lags,
            n: dy.len(),
            further: vec![("first row after the break".into(), at as f64)],
            notes: Vec::new(),
        })
    }

    /// Level, line, y_{t−1}, breaks, lagged differences.
    fn columns(&self, z: &[f64], lags: usize, b: usize) -> Array2<f64> {
        let breaks = 1 + usize::from(self.kind == Break::Both);
        Array2::from_shape_fn((z.len() - lags - 1, 3 + breaks + lags), |(i, j)| {
            let t = i + lags + 1;
            let after = (t + 1).saturating_sub(b) as f64;
            match j {
                0 => 1.0,
                1 => t as f64,
                2 => z[t - 1],
                3 if self.kind == Break::Slope => after,
                3 => after.min(1.0),
                4 if self.kind == Break::Both => after,
                _ => {
                    let lag = j - 2 - breaks;
                    z[t - lag] - z[t - lag - 1]
                }
            }
        })
    }
}
