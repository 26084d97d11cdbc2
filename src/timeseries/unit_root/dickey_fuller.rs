//! Dickey and Fuller, augmented: does the series have a unit root?

use ndarray::{Array1, Array2};

use super::answer::{Deterministic, UnitRootTest};
use super::mackinnon::{tau_critical, tau_p};
use super::prepare::{Ols, deterministic, exact, scaled};
use crate::error::{Error, Result};
use crate::interrupt::interrupted;

/// How the lags of the differences are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lags {
    /// This many.
    Fixed(usize),
    /// The least AIC among 0 to the most, over the same rows.
    Aic,
    /// The least BIC.
    Bic,
    /// From the most downwards until the last lag's |t| is at least 1.645.
    TStatistic,
}

/// What tests on a regression on the series' own past share: the default, and the setters of its lags.
macro_rules! lag_setters {
    ($test:ident) => {
        impl Default for $test {
            fn default() -> Self {
                Self::new()
            }
        }

        impl $test {
            /// With this many lags.
            #[must_use]
            pub fn lags(self, lags: usize) -> Self {
                self.select($crate::timeseries::unit_root::Lags::Fixed(lags))
            }

            /// With lags chosen so.
            #[must_use]
            pub fn select(mut self, lags: $crate::timeseries::unit_root::Lags) -> Self {
                self.lags = lags;
                self
            }

            /// With at most this many lags to choose among.
            #[must_use]
            pub fn most(mut self, most: usize) -> Self {
                self.most = Some(most);
                self
            }
        }
    };
}
pub(in crate::timeseries) use lag_setters;

/// The augmented Dickey–Fuller test: the null is a unit root.
///
/// ```text
/// Δy_t = d_t'δ + γ y_{t−1} + Σ_{j ≤ L} β_j Δy_{t−j} + ε_t        τ = γ̂ / se(γ̂)
/// ```
///
/// d is nothing, a level, a line or a parabola (Dickey & Fuller 1979; Said & Dickey 1984). p-values are MacKinnon's
/// (1994), critical values MacKinnon's (2010) for the rows used. Lags are chosen over rows that all candidates share;
/// the test then takes in every row it can, unless [`Adf::common_sample`] keeps those. `further` has the F statistics
/// of Dickey & Fuller (1981): φ₁ (level and unit root), φ₂ (level, line and unit root), φ₃ (line and unit root).
///
/// ```
/// use averted::timeseries::unit_root::Adf;
/// let y: Vec<f64> = (0..40).map(|t| f64::from((t * t * 7) % 11)).collect();
/// let test = Adf::new().lags(0).test("y", &y)?;
/// assert!(test.statistic < test.critical[1].1 && test.p_value < 0.05);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adf {
    deterministic: Deterministic,
    lags: Lags,
    most: Option<usize>,
    common: bool,
}

lag_setters!(Adf);

impl Adf {
    /// With a level, and lags by AIC up to ⌈12 (n/100)^¼⌉.
    #[must_use]
    pub fn new() -> Self {
        Self { deterministic: Deterministic::Level, lags: Lags::Aic, most: None, common: false }
    }

    /// With this deterministic part.
    #[must_use]
    pub fn deterministic(mut self, kind: Deterministic) -> Self {
        self.deterministic = kind;
        self
    }

    /// Tests over the rows that the choice of lags was made on, as R's `urca` does.
    #[must_use]
    pub fn common_sample(mut self) -> Self {
        self.common = true;
        self
    }

    /// Tests a series.
    ///
    /// # Errors
    /// [`Error::Missing`] and [`Error::Domain`] name the row; [`Error::TooShort`] where the rows do not determine the
    /// regression; [`Error::NothingToEstimate`] where the series is constant, or follows its own past exactly.
    pub fn test(&self, name: &str, y: &[f64]) -> Result<UnitRootTest> {
        let kind = self.deterministic;
        let z = scaled(name, y, 4 + kind.columns(), kind >= Deterministic::Level)?;
        let (lags, from) = choose(name, &z, kind, self.lags, self.most)?;
        let from = if self.common { from } else { lags + 1 };
        let (fit, x, dy) = regress(name, &z, kind, lags, from)?;
        let gamma = kind.columns();
        let statistic = fit.t(gamma);
        let n = fit.n();
        Ok(UnitRootTest {
            method: "augmented Dickey–Fuller".into(),
            series: name.into(),
            null: "the series has a unit root".into(),
            alternative: alternative(kind).into(),
            deterministic: kind,
            statistic,
            p_value: tau_p(statistic, kind, 1)?,
            critical: tau_critical(kind, 1, n),
            rejects_below: true,
            lags,
            n,
            further: joint(kind, &fit, &x, &dy),
            notes: Vec::new(),
        })
    }
}

pub(super) fn alternative(kind: Deterministic) -> &'static str {
    match kind {
        Deterministic::None => "the series is stationary around zero",
        Deterministic::Level => "the series is stationary around a level",
        Deterministic::Trend => "the series is stationary around a straight line",
        Deterministic::Quadratic => "the series is stationary around a parabola",
    }
}

/// F statistics of the deterministic part together with the unit root.
fn joint(kind: Deterministic, fit: &Ols, x: &Array2<f64>, dy: &Array1<f64>) -> Vec<(String, f64)> {
    let gamma = kind.columns();
    let without = |drop: &[usize]| {
        let kept: Vec<usize> = (0..x.ncols()).filter(|j| !drop.contains(j)).collect();
        let rss = Ols::fit(x.select(ndarray::Axis(1), &kept).view(), dy.view()).map_or(f64::NAN, |f| f.rss);
        (rss - fit.rss) / drop.len() as f64 / fit.variance()
    };
    match kind {
        Deterministic::Level => vec![("phi1".into(), without(&[0, gamma]))],
        Deterministic::Trend => {
            vec![("phi2".into(), without(&[0, 1, gamma])), ("phi3".into(), without(&[1, gamma]))]
        }
        _ => Vec::new(),
    }
}

/// Rows times columns squared of all regressions at most. On one core 1,638 rows with all the lags they have room for took
/// a minute and a half; a million rows with up to 94 lags take about ten, by the time of single regressions.
const MOST_WORK: f64 = 3e11;

/// The lags, and the first row that all candidates have.
pub(super) fn choose(
    name: &str,
    z: &[f64],
    kind: Deterministic,
    lags: Lags,
    most: Option<usize>,
) -> Result<(usize, usize)> {
    let n = z.len();
    if let Lags::Fixed(lags) = lags {
        return Ok((lags, lags + 1));
    }
    // Half the rows, and one more row than columns.
    let k = kind.columns();
    let room = (n / 2).saturating_sub(k + 1).min(n.saturating_sub(k + 3) / 2);
    let schwert = (12.0 * (n as f64 / 100.0).powf(0.25)).ceil() as usize;
    let most = most.unwrap_or(schwert.min(room));
    if most > room {
        return Err(Error::Argument {
            argument: "most".into(),
            value: most.to_string(),
            must: format!("at most {room} lags for the {n} observations of `{name}`"),
        });
    }
    let wide = (most + k + 1) as f64;
    if n as f64 * wide.powi(3) / 3.0 > MOST_WORK {
        return Err(Error::Argument {
            argument: "lags".into(),
            value: "to be chosen".into(),
            must: format!(
                "given for the {n} observations of `{name}`: {most} regressions on as many lags are too many"
            ),
        });
    }
    let mut best = (0, f64::INFINITY);
    for l in (0..=most).rev() {
        if interrupted() {
            return Err(Error::Interrupted);
        }
        let (fit, _, _) = regress(name, z, kind, l, most + 1)?;
        let k = fit.coefficients.len();
        let score = match lags {
            Lags::Aic => fit.deviance() + 2.0 * k as f64,
            Lags::Bic => fit.deviance() + (fit.n() as f64).ln() * k as f64,
            _ if l == 0 || fit.t(k - 1).abs() >= 1.644_853_626_951_472_2 => return Ok((l, most + 1)),
            _ => continue,
        };
        // Ties go to the shorter.
        if score <= best.1 {
            best = (l, score);
        }
    }
    Ok((best.0, most + 1))
}

/// The regression over the times from `from` on: level, line …, then y_{t−1}, then lagged differences.
pub(super) fn regress(
    name: &str,
    z: &[f64],
    kind: Deterministic,
    lags: usize,
    from: usize,
) -> Result<(Ols, Array2<f64>, Array1<f64>)> {
    let columns = kind.columns() + 1 + lags;
    let rows = z.len().saturating_sub(from);
    if rows <= columns {
        return Err(Error::TooShort { what: name.into(), needed: from + columns + 1, found: z.len() });
    }
    let mut x = deterministic(kind, 1, rows, 1 + lags);
    let difference = |t: usize| z[t] - z[t - 1];
    for i in 0..rows {
        let t = from + i;
        x[[i, kind.columns()]] = z[t - 1];
        for j in 1..=lags {
            x[[i, kind.columns() + j]] = difference(t - j);
        }
    }
    let dy: Array1<f64> = (from..z.len()).map(difference).collect();
    let fit = Ols::fit(x.view(), dy.view());
    let fit = fit.filter(|f| f.rss.sqrt() > 1e-13 * (rows as f64).sqrt());
    let fit = fit.ok_or_else(|| exact(name, "its own past"))?;
    Ok((fit, x, dy))
}
