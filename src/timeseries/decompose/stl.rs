//! Seasonal and trend decomposition by loess.

use crate::error::{Error, Result};
use crate::timeseries::decompose::Decomposition;
use crate::timeseries::decompose::loess::Loess;

/// How freely the season may change from year to year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeasonalWindow {
    /// Not at all: the same every year.
    #[default]
    Periodic,
    /// A loess over this many years, odd, 7 or more as a rule.
    Years(usize),
}

/// STL (Cleveland et al. 1990). Defaults: a season that is the same every year, a trend window of the least odd number
/// from `1.5 s / (1 − 1.5/seasonal window)`, a low-pass window of the least odd number from s, local lines for trend
/// and low pass, local means for the season, two inner passes.
///
/// ```
/// use averted::timeseries::decompose::{SeasonalWindow, Stl};
/// let y: Vec<f64> = (0..60).map(|t| f64::from(t * t) / 50.0 + f64::from(t % 12)).collect();
/// let parts = Stl::new(12).seasonal(SeasonalWindow::Years(7)).robust().fit(&y)?;
/// let sum = parts.trend()[30] + parts.seasonal()[30] + parts.remainder()[30];
/// assert!((sum - y[30]).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stl {
    period: usize,
    seasonal: SeasonalWindow,
    trend: Option<usize>,
    low_pass: Option<usize>,
    robust: bool,
}

impl Stl {
    /// With a season of this many periods.
    pub fn new(period: usize) -> Self {
        Self { period, seasonal: SeasonalWindow::Periodic, trend: None, low_pass: None, robust: false }
    }

    /// With this window for the season.
    #[must_use]
    pub fn seasonal(mut self, window: SeasonalWindow) -> Self {
        self.seasonal = window;
        self
    }

    /// With a trend window of this many periods, odd.
    #[must_use]
    pub fn trend_window(mut self, periods: usize) -> Self {
        self.trend = Some(periods);
        self
    }

    /// With a low-pass window of this many periods, odd.
    #[must_use]
    pub fn low_pass_window(mut self, periods: usize) -> Self {
        self.low_pass = Some(periods);
        self
    }

    /// Outliers count for less: one inner pass, fifteen outer ones with bisquare weights.
    #[must_use]
    pub fn robust(mut self) -> Self {
        self.robust = true;
        self
    }

    /// Decomposes a series.
    ///
    /// # Errors
    /// [`Error::Argument`] for a period below 2 or an even window; [`Error::TooShort`] unless there are more than two
    /// years; [`Error::Domain`] for an infinite value; [`Error::NothingToEstimate`] for a place in the season that is
    /// never observed.
    pub fn fit(&self, y: &[f64]) -> Result<Decomposition> {
        check(y, self.period, 2 * self.period + 1)?;
        let n = y.len();
        let s = self.period;
        let periodic = self.seasonal == SeasonalWindow::Periodic;
        let seasonal = match self.seasonal {
            SeasonalWindow::Periodic => 10 * n + 1,
            SeasonalWindow::Years(years) => odd("seasonal window", years)?,
        };
        let usual = next_odd((1.5 * s as f64 / (1.0 - 1.5 / seasonal as f64)).ceil() as usize);
        let trend = self.trend.map_or(Ok(usual), |w| odd("trend window", w))?;
        let low_pass = self.low_pass.map_or(Ok(next_odd(s)), |w| odd("low-pass window", w))?;
        let smoother = |window: usize, degree| Loess { window, degree, jump: window.div_ceil(10) };
        let mut run = Run {
            y,
            period: s,
            seasonal: smoother(seasonal, 0),
            trend: smoother(trend, 1),
            low_pass: smoother(low_pass, 1),
            work: Work::new(n, s),
        };
        let (inner, outer) = if self.robust { (1, 15) } else { (2, 0) };
        let weights = run.outer(inner, outer);
        let Work { trend, mut season, .. } = run.work;
        if periodic {
            same_every_year(&mut season, s);
        }
        let remainder = (0..n).map(|t| y[t] - season[t] - trend[t]).collect();
        let window = match self.seasonal {
            SeasonalWindow::Periodic => "periodic".to_owned(),
            SeasonalWindow::Years(years) => format!("{years} years"),
        };
        let robust = if self.robust { ", robust" } else { "" };
        Ok(Decomposition {
            method: format!("STL, season of {s}, seasonal window {window}{robust}"),
            observed: y.to_vec(),
            trend,
            seasonal: vec![season],
            periods: vec![s],
            remainder,
            weights,
            multiplicative: false,
        })
    }
}

/// Refuses what no decomposition can take.
pub(super) fn check(y: &[f64], period: usize, needed: usize) -> Result<()> {
    if period < 2 {
        let must = "a season of at least 2 periods".into();
        return Err(Error::Argument { argument: "period".into(), value: period.to_string(), must });
    }
    if y.len() < needed {
        let what = format!("decomposition with a season of {period}");
        return Err(Error::TooShort { what, needed, found: y.len() });
    }
    if let Some(row) = y.iter().position(|v| v.is_infinite()) {
        let (value, must) = (y[row].to_string(), "finite, or NaN where missing".into());
        return Err(Error::Domain { what: "y".into(), row, value, must });
    }
    let never = |j: &usize| y.iter().skip(*j).step_by(period).all(|v| v.is_nan());
    if let Some(place) = (0..period).find(never) {
        let why = format!("place {place} of the season of {period} is never observed");
        return Err(Error::NothingToEstimate { why });
    }
    Ok(())
}

fn odd(argument: &str, window: usize) -> Result<usize> {
    if window >= 3 && window % 2 == 1 {
        return Ok(window);
    }
    Err(Error::Argument {
        argument: argument.into(),
        value: window.to_string(),
        must: "odd, 3 or more".into(),
    })
}

fn next_odd(n: usize) -> usize {
    n + usize::from(n.is_multiple_of(2))
}

fn same_every_year(season: &mut [f64], period: usize) {
    for j in 0..period.min(season.len()) {
        let count = season.iter().skip(j).step_by(period).count() as f64;
        let mean = season.iter().skip(j).step_by(period).sum::<f64>() / count;
        season.iter_mut().skip(j).step_by(period).for_each(|v| *v = mean);
    }
}

/// What is allocated once.
struct Work {
    trend: Vec<f64>,
    season: Vec<f64>,
    /// Cycle-subseries smooths, one year longer at both ends.
    cycles: Vec<f64>,
    filtered: [Vec<f64>; 2],
    sub: [Vec<f64>; 4],
}

impl Work {
    fn new(n: usize, s: usize) -> Self {
        let years = n / s + 4;
        Self {
            trend: vec![0.0; n],
            season: vec![0.0; n],
            cycles: vec![0.0; n + 2 * s],
            filtered: [vec![0.0; n + 2 * s], vec![0.0; n + 2 * s]],
            sub: [vec![0.0; years], vec![0.0; years], vec![0.0; years], vec![0.0; n.max(years)]],
        }
    }
}

struct Run<'a> {
    y: &'a [f64],
    period: usize,
    seasonal: Loess,
    trend: Loess,
    low_pass: Loess,
    work: Work,
}

impl Run<'_> {
    /// Inner passes, then new robustness weights, and so on; returns the weights of the last pass.
    fn outer(&mut self, inner: usize, outer: usize) -> Vec<f64> {
        let mut weights = vec![1.0; self.y.len()];
        for pass in 0..=outer {
            for _ in 0..inner {
                self.inner((pass > 0).then_some(&weights));
            }
            if pass < outer {
                self.robustness(&mut weights);
            }
        }
        weights
    }

    fn inner(&mut self, weights: Option<&[f64]>) {
        let (y, n, s) = (self.y, self.y.len(), self.period);
        let detrended: Vec<f64> = (0..n).map(|t| y[t] - self.work.trend[t]).collect();
        self.cycles(&detrended, weights);
        let work = &mut self.work;
        let [a, b] = &mut work.filtered;
        moving_average(&work.cycles, s, a);
        moving_average(&a[..=n + s], s, b);
        moving_average(&b[..n + 2], 3, a);
        self.low_pass.smooth(&a[..n], None, &mut b[..n], &mut work.sub[3]);
        for t in 0..n {
            work.season[t] = work.cycles[s + t] - b[t];
            a[t] = y[t] - work.season[t];
        }
        self.trend.smooth(&a[..n], weights, &mut work.trend, &mut work.sub[3]);
    }

    /// Smooths every cycle-subseries and extends it by a year at both ends.
    fn cycles(&mut self, detrended: &[f64], weights: Option<&[f64]>) {
        let (n, s) = (detrended.len(), self.period);
        let [sub, part, smooth, scratch] = &mut self.work.sub;
        for j in 0..s {
            let k = (n - 1 - j) / s + 1;
            (0..k).for_each(|i| sub[i] = detrended[i * s + j]);
            if let Some(weights) = weights {
                (0..k).for_each(|i| part[i] = weights[i * s + j]);
            }
            let w = weights.map(|_| &part[..k]);
            self.seasonal.smooth(&sub[..k], w, &mut smooth[1..=k], scratch);
            let window = self.seasonal.window;
            let ends = [(-1.0, (0, window.min(k) - 1)), (k as f64, (k.saturating_sub(window), k - 1))];
            let [before, after] = ends.map(|(x, place)| self.seasonal.at(&sub[..k], w, x, place, scratch));
            smooth[0] = before.unwrap_or(smooth[1]);
            smooth[k + 1] = after.unwrap_or(smooth[k]);
            (0..k + 2).for_each(|m| self.work.cycles[m * s + j] = smooth[m]);
        }
    }

    /// Bisquare weights of the remainder.
    fn robustness(&self, weights: &mut [f64]) {
        let gap = |t: usize| (self.y[t] - self.work.trend[t] - self.work.season[t]).abs();
        let mut gaps: Vec<f64> = (0..self.y.len()).map(gap).filter(|g| !g.is_nan()).collect();
        gaps.sort_unstable_by(f64::total_cmp);
        let n = gaps.len();
        let reach = 3.0 * (gaps[n / 2] + gaps[n - n / 2 - 1]);
        for (t, weight) in weights.iter_mut().enumerate() {
            let gap = gap(t);
            *weight = if gap <= 0.001 * reach {
                1.0
            } else if gap <= 0.999 * reach {
                (1.0 - (gap / reach).powi(2)).powi(2)
            } else {
                0.0
            };
        }
    }
}

/// Means over `length` neighbours; `out` gets `x.len() − length + 1` of them.
fn moving_average(x: &[f64], length: usize, out: &mut [f64]) {
    let mut sum: f64 = x[..length].iter().sum();
    out[0] = sum / length as f64;
    for i in length..x.len() {
        sum += x[i] - x[i - length];
        out[i - length + 1] = sum / length as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_do_not_move_what_is_exactly_season_and_line() {
        let truth = |t: usize| 5.0 + 0.25 * t as f64 + [1.0, -2.0, 4.0, -3.0][t % 4];
        let mut y: Vec<f64> = (0..40).map(truth).collect();
        for t in [0, 5, 6, 7, 8, 9, 10, 11, 20, 39] {
            y[t] = f64::NAN;
        }
        for stl in [Stl::new(4), Stl::new(4).robust(), Stl::new(4).seasonal(SeasonalWindow::Years(7))] {
            let parts = stl.fit(&y).expect("parts");
            for t in 0..40 {
                let fitted = parts.trend()[t] + parts.seasonal()[t];
                // The season is smoothed by local means, so that a slope leaks into it at the ends.
                assert!((fitted - truth(t)).abs() < 1.0, "{t}: {fitted} {}", truth(t));
                assert_eq!(parts.remainder()[t].is_nan(), y[t].is_nan());
            }
        }
    }

    #[test]
    fn refusals_name_their_cause() {
        let never: Vec<f64> = (0..20).map(|t| if t % 4 == 2 { f64::NAN } else { 1.0 }).collect();
        assert!(matches!(Stl::new(4).fit(&never), Err(Error::NothingToEstimate { .. })));
        assert!(matches!(Stl::new(1).fit(&[1.0; 9]), Err(Error::Argument { .. })));
        assert!(matches!(Stl::new(4).fit(&[1.0; 8]), Err(Error::TooShort { needed: 9, .. })));
        assert!(matches!(Stl::new(4).trend_window(6).fit(&[1.0; 12]), Err(Error::Argument { .. })));
        let mut infinite = [1.0; 12];
        infinite[3] = f64::INFINITY;
        assert!(matches!(Stl::new(4).fit(&infinite), Err(Error::Domain { row: 3, .. })));
        assert!(matches!(Stl::new(4).fit(&[f64::NAN; 12]), Err(Error::NothingToEstimate { .. })));
    }
}
