//! Kwiatkowski, Phillips, Schmidt and Shin: is the series stationary?

use super::answer::{Deterministic, UnitRootTest};
use super::prepare::{Ols, deterministic, exact, long_run_variance, scaled};
use crate::error::{Error, Result};

/// Critical values at 10, 5, 2.5 and 1 %, of Kwiatkowski et al. (1992, table 1).
const LEVELS: [f64; 4] = [0.1, 0.05, 0.025, 0.01];
const LEVEL: [f64; 4] = [0.347, 0.463, 0.574, 0.739];
const TREND: [f64; 4] = [0.119, 0.146, 0.176, 0.216];

/// How many lags the long-run variance takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bandwidth {
    /// This many.
    Fixed(usize),
    /// trunc(3 √n / 13), the short one of R's `tseries` and `forecast`.
    Short,
    /// trunc(4 (n/100)^¼), Schwert's (1989) shorter one.
    Schwert4,
    /// ⌈12 (n/100)^¼⌉, Schwert's longer one.
    Schwert12,
    /// By the data: Hobijn, Franses & Ooms (1998).
    Automatic,
}

/// The KPSS test: the null is that the series is stationary around a level or a line.
///
/// ```text
/// η = n⁻² Σ S_t² / s²(L)     S_t = Σ_{i ≤ t} e_i     s²(L) = γ₀ + 2 Σ_{j ≤ L} (1 − j/(L+1)) γ_j
/// ```
///
/// with e the residuals from the level or the line. The p-value is interpolated between the four critical values of
/// Kwiatkowski et al. (1992), and therefore lies between 0.01 and 0.1.
///
/// ```
/// use averted::timeseries::unit_root::Kpss;
/// let flow = [1120.0, 1160.0, 963.0, 1210.0, 1160.0, 1160.0, 813.0, 1230.0, 1370.0, 1140.0];
/// let test = Kpss::new().lags(0).test("flow", &flow)?;
/// assert!((test.statistic - 0.10254).abs() < 1e-5 && test.p_value == 0.1);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kpss {
    deterministic: Deterministic,
    bandwidth: Bandwidth,
}

impl Default for Kpss {
    fn default() -> Self {
        Self::new()
    }
}

impl Kpss {
    /// Around a level, with trunc(3 √n / 13) lags.
    #[must_use]
    pub fn new() -> Self {
        Self { deterministic: Deterministic::Level, bandwidth: Bandwidth::Short }
    }

    /// Around this: a level or a line.
    #[must_use]
    pub fn deterministic(mut self, kind: Deterministic) -> Self {
        self.deterministic = kind;
        self
    }

    /// With this bandwidth.
    #[must_use]
    pub fn bandwidth(mut self, bandwidth: Bandwidth) -> Self {
        self.bandwidth = bandwidth;
        self
    }

    /// With this many lags.
    #[must_use]
    pub fn lags(self, lags: usize) -> Self {
        self.bandwidth(Bandwidth::Fixed(lags))
    }

    /// Tests a series.
    ///
    /// # Errors
    /// [`Error::Missing`] and [`Error::Domain`] name the row; [`Error::TooShort`] below two observations (three around
    /// a line); [`Error::NothingToEstimate`] where the series is constant, or a line exactly; [`Error::Argument`] for
    /// another deterministic part, or as many lags as observations.
    pub fn test(&self, name: &str, y: &[f64]) -> Result<UnitRootTest> {
        let critical = match self.deterministic {
            Deterministic::Level => LEVEL,
            Deterministic::Trend => TREND,
            other => {
                return Err(Error::Argument {
                    argument: "deterministic".into(),
                    value: format!("`{other}`"),
                    must: "`level` or `trend`: the null is stationarity around one of them".into(),
                });
            }
        };
        let z = scaled(name, y, 1 + self.deterministic.columns(), true)?;
        let n = z.len();
        let x = deterministic(self.deterministic, 1, n, 0);
        let fit = Ols::fit(x.view(), ndarray::aview1(&z)).ok_or_else(|| exact(name, "a line"))?;
        let e = fit.residuals.to_vec();
        if fit.rss.sqrt() <= 1e-14 * n as f64 {
            return Err(exact(name, "a line"));
        }
        let lags = lags_of(self.bandwidth, &e);
        if lags >= n {
            return Err(Error::Argument {
                argument: "lags".into(),
                value: lags.to_string(),
                must: format!("below the {n} observations of `{name}`"),
            });
        }
        let mut sum = 0.0;
        let squares = e.iter().fold(0.0, |total, v| {
            sum += v;
            total + sum * sum
        });
        let statistic = squares / (n * n) as f64 / long_run_variance(&e, lags);
        let p_value = interpolated(statistic, &critical);
        let around = if self.deterministic == Deterministic::Level { "a level" } else { "a straight line" };
        let clipped = if p_value >= 0.1 {
            vec!["the p-value is 0.1 or above: the table ends there".to_owned()]
        } else if p_value <= 0.01 {
            vec!["the p-value is 0.01 or below: the table ends there".to_owned()]
        } else {
            Vec::new()
        };
        Ok(UnitRootTest {
            method: "KPSS".into(),
            series: name.into(),
            null: format!("the series is stationary around {around}"),
            alternative: "the series has a unit root".into(),
            deterministic: self.deterministic,
            statistic,
            p_value,
            critical: LEVELS.into_iter().zip(critical).collect(),
            rejects_below: false,
            lags,
            n,
            further: Vec::new(),
            notes: clipped,
        })
    }
}

fn lags_of(bandwidth: Bandwidth, e: &[f64]) -> usize {
    let n = e.len() as f64;
    match bandwidth {
        Bandwidth::Fixed(lags) => lags,
        Bandwidth::Short => (3.0 * n.sqrt() / 13.0) as usize,
        Bandwidth::Schwert4 => (4.0 * (n / 100.0).powf(0.25)) as usize,
        Bandwidth::Schwert12 => ((12.0 * (n / 100.0).powf(0.25)).ceil() as usize).min(e.len() - 1),
        Bandwidth::Automatic => {
            let reach = n.powf(2.0 / 9.0) as usize;
            let product = |j: usize| e[j..].iter().zip(e).map(|(a, b)| a * b).sum::<f64>() / n;
            let (mut s0, mut s1) = (product(0), 0.0);
            for j in 1..=reach.min(e.len() - 1) {
                s0 += 2.0 * product(j);
                s1 += 2.0 * j as f64 * product(j);
            }
            let gamma = 1.1447 * ((s1 / s0) * (s1 / s0)).cbrt();
            ((gamma * n.cbrt()) as usize).min(e.len() - 1)
        }
    }
}

/// The p-value by straight lines between the critical values, 0.1 before the first and 0.01 after the last.
fn interpolated(statistic: f64, critical: &[f64; 4]) -> f64 {
    if statistic <= critical[0] {
        return LEVELS[0];
    }
    for k in 1..4 {
        if statistic <= critical[k] {
            let share = (statistic - critical[k - 1]) / (critical[k] - critical[k - 1]);
            return LEVELS[k - 1] + share * (LEVELS[k] - LEVELS[k - 1]);
        }
    }
    LEVELS[3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_and_shift_do_not_matter() {
        let y = [3.0, 5.0, 4.0, 8.0, 6.0, 9.0, 7.0, 11.0, 12.0, 9.0];
        let plain = Kpss::new().lags(2).test("y", &y).expect("a test").statistic;
        for (scale, shift) in [(1e300, 0.0), (1e-300, 0.0), (1.0, 1e6), (-2.0, 5.0)] {
            let other: Vec<f64> = y.iter().map(|v| v * scale + shift).collect();
            let found = Kpss::new().lags(2).test("y", &other).expect("a test").statistic;
            assert!((found / plain - 1.0).abs() < 1e-8, "{scale} {shift}: {found} {plain}");
        }
    }

    #[test]
    fn what_cannot_be_tested_is_refused() {
        let test = |y: &[f64]| Kpss::new().test("y", y).unwrap_err();
        assert!(matches!(test(&[2.0; 9]), Error::NothingToEstimate { .. }));
        assert!(matches!(test(&[0.0; 9]), Error::NothingToEstimate { .. }));
        assert!(matches!(test(&[]), Error::TooShort { .. }));
        assert!(matches!(test(&[1.0]), Error::TooShort { .. }));
        assert!(matches!(test(&[1.0, f64::NAN, 2.0]), Error::Missing { first: 1, count: 1, .. }));
        assert!(matches!(test(&[1.0, 2.0, f64::INFINITY]), Error::Domain { row: 2, .. }));
        let line: Vec<f64> = (0..30).map(|t| 3.0 + 0.1 * f64::from(t)).collect();
        let trend = Kpss::new().deterministic(Deterministic::Trend);
        assert!(matches!(trend.test("y", &line), Err(Error::NothingToEstimate { .. })));
        assert!(matches!(Kpss::new().lags(3).test("y", &[1.0, 2.0, 4.0]), Err(Error::Argument { .. })));
    }

    #[test]
    fn the_table_is_interpolated_and_clipped() {
        for (level, value) in LEVELS.iter().zip(LEVEL) {
            assert!((interpolated(value, &LEVEL) - level).abs() < 1e-15);
        }
        assert_eq!(interpolated(0.1, &LEVEL).to_bits(), 0.1_f64.to_bits());
        assert_eq!(interpolated(9.0, &TREND).to_bits(), 0.01_f64.to_bits());
        assert!((interpolated(0.405, &LEVEL) - 0.075).abs() < 1e-12);
    }
}
