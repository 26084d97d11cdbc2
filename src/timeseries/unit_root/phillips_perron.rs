//! Phillips and Perron: a unit root, with the errors' dependence corrected for and not modelled.

use ndarray::Array1;

use super::answer::{Deterministic, UnitRootTest};
use super::dickey_fuller::alternative;
use super::mackinnon::{rho_critical, rho_p, tau_critical, tau_p};
use super::prepare::{Ols, deterministic, exact, long_run_variance, scaled};
use crate::error::{Error, Result};

/// The Phillips–Perron test: the null is a unit root.
///
/// ```text
/// y_t = d_t'δ + ρ y_{t−1} + u_t        γ₀ = Σ û² / n        λ² = γ₀ + 2 Σ_{j ≤ L} (1 − j/(L+1)) γ_j
/// Z_τ = √(γ₀/λ²) (ρ̂ − 1)/se − ½ (λ² − γ₀)/λ · n se/s
/// Z_ρ = n (ρ̂ − 1) − ½ n² se²/s² · (λ² − γ₀)
/// ```
///
/// (Phillips & Perron 1988, as in Hamilton 1994, 17.6.) The statistic is `Z_τ`, or `Z_ρ` with [`PhillipsPerron::rho`];
/// the other comes in `further`.
///
/// ```
/// use averted::timeseries::unit_root::PhillipsPerron;
/// let y: Vec<f64> = (0..40).map(|t| f64::from((t * t * 7) % 11)).collect();
/// let test = PhillipsPerron::new().lags(1).test("y", &y)?;
/// assert_eq!(test.rejects(0.05), Some(true));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhillipsPerron {
    deterministic: Deterministic,
    lags: Option<usize>,
    rho: bool,
}

impl Default for PhillipsPerron {
    fn default() -> Self {
        Self::new()
    }
}

impl PhillipsPerron {
    /// With a level, and ⌈12 (n/100)^¼⌉ lags of the long-run variance.
    #[must_use]
    pub fn new() -> Self {
        Self { deterministic: Deterministic::Level, lags: None, rho: false }
    }

    /// With this deterministic part: nothing, a level or a line.
    #[must_use]
    pub fn deterministic(mut self, kind: Deterministic) -> Self {
        self.deterministic = kind;
        self
    }

    /// With this many lags of the long-run variance.
    #[must_use]
    pub fn lags(mut self, lags: usize) -> Self {
        self.lags = Some(lags);
        self
    }

    /// By `Z_ρ`.
    #[must_use]
    pub fn rho(mut self) -> Self {
        self.rho = true;
        self
    }

    /// Tests a series.
    ///
    /// # Errors
    /// As [`super::Adf::test`]; [`Error::Argument`] for a parabola, or as many lags as rows.
    pub fn test(&self, name: &str, y: &[f64]) -> Result<UnitRootTest> {
        let kind = self.deterministic;
        if kind == Deterministic::Quadratic {
            return Err(Error::Argument {
                argument: "deterministic".into(),
                value: format!("`{kind}`"),
                must: "`none`, `level` or `trend`".into(),
            });
        }
        let z = scaled(name, y, 4 + kind.columns(), kind >= Deterministic::Level)?;
        let rows = z.len() - 1;
        let schwert = (12.0 * (z.len() as f64 / 100.0).powf(0.25)).ceil() as usize;
        let lags = self.lags.unwrap_or(schwert.min(rows - 1));
        if lags >= rows {
            return Err(Error::Argument {
                argument: "lags".into(),
                value: lags.to_string(),
                must: format!("below the {rows} rows of the regression"),
            });
        }
        let mut x = deterministic(kind, 1, rows, 1);
        let at = kind.columns();
        for i in 0..rows {
            x[[i, at]] = z[i];
        }
        let now: Array1<f64> = z[1..].iter().copied().collect();
        let fit = Ols::fit(x.view(), now.view());
        let fit = fit.filter(|f| f.rss.sqrt() > 1e-13 * (rows as f64).sqrt());
        let fit = fit.ok_or_else(|| exact(name, "its own past"))?;
        let n = rows as f64;
        let lambda = long_run_variance(&fit.residuals.to_vec(), lags);
        let (variance, gamma) = (fit.variance(), fit.rss / n);
        let (rho, se) = (fit.coefficients[at], fit.std_error(at));
        let z_tau = (gamma / lambda).sqrt() * (rho - 1.0) / se
            - 0.5 * (lambda - gamma) / lambda.sqrt() * n * se / variance.sqrt();
        let z_rho = n * (rho - 1.0) - 0.5 * n * n * se * se / variance * (lambda - gamma);
        let (statistic, p_value, critical, other) = if self.rho {
            (z_rho, rho_p(z_rho, kind)?, rho_critical(kind, rows), ("z_tau", z_tau))
        } else {
            (z_tau, tau_p(z_tau, kind, 1)?, tau_critical(kind, 1, rows), ("z_rho", z_rho))
        };
        Ok(UnitRootTest {
            method: if self.rho { "Phillips–Perron (rho)" } else { "Phillips–Perron" }.into(),
            series: name.into(),
            null: "the series has a unit root".into(),
            alternative: alternative(kind).into(),
            deterministic: kind,
            statistic,
            p_value,
            critical,
            rejects_below: true,
            lags,
            n: rows,
            further: vec![(other.0.into(), other.1)],
            notes: Vec::new(),
        })
    }
}
