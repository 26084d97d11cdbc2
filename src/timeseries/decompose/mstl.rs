//! Several seasons at once, and how strong a season is.

use crate::error::{Error, Result};
use crate::timeseries::decompose::stl::check;
use crate::timeseries::decompose::{Decomposition, SeasonalWindow, Stl};

/// MSTL (Bandara, Hyndman & Bergmeir 2021): STL on the shortest season, on what is left for the next, and round again
/// with the other seasons taken out.
///
/// ```
/// use averted::timeseries::decompose::Mstl;
/// let wave = |t: f64, s: f64| (std::f64::consts::TAU * t / s).sin();
/// let y: Vec<f64> = (0..140).map(|t| 5.0 * wave(f64::from(t), 28.0) + 3.0 * wave(f64::from(t), 7.0)).collect();
/// let parts = Mstl::new(&[28, 7]).fit(&y)?;
/// assert_eq!(parts.periods(), [7, 28]);
/// assert!(parts.seasonal_strength().iter().all(|&s| s > 0.9));
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mstl {
    periods: Vec<usize>,
    windows: Option<Vec<SeasonalWindow>>,
    passes: usize,
    robust: bool,
}

impl Mstl {
    /// With seasons of these lengths; windows of 11, 15, 19, … years from the shortest on; two passes.
    pub fn new(periods: &[usize]) -> Self {
        Self { periods: periods.to_vec(), windows: None, passes: 2, robust: false }
    }

    /// With these windows, in the order of the lengths as they were given.
    #[must_use]
    pub fn seasonal(mut self, windows: &[SeasonalWindow]) -> Self {
        self.windows = Some(windows.to_vec());
        self
    }

    /// Outliers count for less.
    #[must_use]
    pub fn robust(mut self) -> Self {
        self.robust = true;
        self
    }

    /// Decomposes a series.
    ///
    /// # Errors
    /// As [`Stl::fit`]; [`Error::Argument`] for no or equal lengths, [`Error::Shape`] for windows that do not match.
    pub fn fit(&self, y: &[f64]) -> Result<Decomposition> {
        let mut seasons: Vec<(usize, Option<SeasonalWindow>)> =
            self.periods.iter().map(|&p| (p, None)).collect();
        if let Some(windows) = &self.windows {
            if windows.len() != seasons.len() {
                return Err(Error::Shape {
                    what: "windows".into(),
                    expected: format!("{}, one a season", seasons.len()),
                    found: windows.len().to_string(),
                });
            }
            seasons.iter_mut().zip(windows).for_each(|(s, w)| s.1 = Some(*w));
        }
        seasons.sort_by_key(|s| s.0);
        if seasons.is_empty() || seasons.windows(2).any(|w| w[0].0 == w[1].0) {
            let value = format!("{:?}", self.periods);
            let must = "one or more different lengths".into();
            return Err(Error::Argument { argument: "periods".into(), value, must });
        }
        for &(period, _) in &seasons {
            check(y, period, 2 * period + 1)?;
        }
        let n = y.len();
        let mut parts = vec![vec![0.0; n]; seasons.len()];
        let mut rest = y.to_vec();
        let (mut trend, mut weights) = (Vec::new(), Vec::new());
        let passes = if seasons.len() == 1 { 1 } else { self.passes };
        for _ in 0..passes {
            for (i, &(period, window)) in seasons.iter().enumerate() {
                (0..n).for_each(|t| rest[t] += parts[i][t]);
                let mut stl = Stl::new(period).seasonal(window.unwrap_or(SeasonalWindow::Years(11 + 4 * i)));
                if self.robust {
                    stl = stl.robust();
                }
                let Decomposition { mut seasonal, trend: level, weights: found, .. } = stl.fit(&rest)?;
                parts[i] = seasonal.swap_remove(0);
                (trend, weights) = (level, found);
                (0..n).for_each(|t| rest[t] -= parts[i][t]);
            }
        }
        let periods: Vec<usize> = seasons.iter().map(|s| s.0).collect();
        let named: Vec<String> = periods.iter().map(usize::to_string).collect();
        let robust = if self.robust { ", robust" } else { "" };
        Ok(Decomposition {
            method: format!("MSTL, seasons of {}{robust}", named.join(" and ")),
            observed: y.to_vec(),
            remainder: (0..n).map(|t| rest[t] - trend[t]).collect(),
            trend,
            seasonal: parts,
            periods,
            weights,
            multiplicative: false,
        })
    }
}

/// `max(0, 1 − Var(R)/Var(S + R))` after STL with a seasonal window of 11 years: what the choice of seasonal
/// differences rests on (Wang, Smith & Hyndman 2006; more than 0.64 asks for one).
///
/// ```
/// let y: Vec<f64> = (0..36).map(|t| f64::from(t % 12)).collect();
/// assert!(averted::timeseries::decompose::seasonal_strength(&y, 12)? > 0.999);
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// As [`Stl::fit`].
pub fn seasonal_strength(y: &[f64], period: usize) -> Result<f64> {
    Ok(Mstl::new(&[period]).fit(y)?.seasonal_strength()[0])
}
