//! Covariances under errors related over time: Newey & West (1987), A Simple, Positive Semi-Definite,
//! Heteroskedasticity and Autocorrelation Consistent Covariance Matrix, *Econometrica* 55; Driscoll & Kraay (1998),
//! Consistent Covariance Matrix Estimation with Spatially Dependent Panel Data, *Review of Economics and Statistics* 80.
//!
//! `T (Σ_{t,s} k(|t − s| / b) s_t s_s') T'`, within each unit (Newey–West), or with `s_t` the sum of a period's scores
//! over all units (Driscoll–Kraay). Distance is counted on the calendar: where a period is missing nothing moves up.

use std::fmt::{self, Display};

use ndarray::{Array2, ArrayView2, Axis};

use super::bandwidth::{self, Prewhitened};
use super::{Ingredients, Kernel, panel_setters, sandwich};
use crate::error::{Error, Result};

/// Standard errors under errors related over time.
///
/// ```
/// use averted::inference::covariance::{Autocorrelation, Bandwidth, Kernel};
/// let within = Autocorrelation::newey_west().lags(2);
/// assert_eq!(within.to_string(), "Newey–West (Bartlett kernel, 2 lags)");
/// let across = Autocorrelation::driscoll_kraay().kernel(Kernel::Parzen).bandwidth(Bandwidth::Width(3.0));
/// assert_eq!(across.to_string(), "Driscoll–Kraay (Parzen kernel, bandwidth 3)");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Autocorrelation {
    /// Whether scores are summed over units, period by period, first.
    pub across_units: bool,
    /// The kernel.
    pub kernel: Kernel,
    /// Its bandwidth; unless given, Newey & West's automatic one for one series, fixest's rule for a panel.
    pub bandwidth: Option<Bandwidth>,
    /// The column of units, unless it is the panel's.
    pub unit: Option<String>,
    /// The column of periods, unless it is the panel's.
    pub time: Option<String>,
    /// Whether periods that no row of the data has are closed up, as fixest does.
    pub collapse_gaps: bool,
    /// Whether a first-order vector autoregression of the scores is taken out first (Andrews & Monahan 1992,
    /// *Econometrica* 60).
    pub prewhiten: bool,
}

/// How far the kernel reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bandwidth {
    /// So many lags: a bandwidth of one more.
    Lags(usize),
    /// This distance in periods.
    Width(f64),
    /// Newey & West (1994), *Review of Economic Studies* 61; with Bartlett's kernel rounded down to lags. The scores are
    /// taken in the units of the regressors, the intercept left out, as in R's sandwich.
    NeweyWest,
    /// Andrews (1991), *Econometrica* 59, with first-order autoregressions of the scores; units and intercept likewise.
    Andrews,
    /// `⌊T^¼⌋` lags: fixest's rule for panels.
    FourthRoot,
    /// `⌊4 (T / 100)^(2/9)⌋` lags: linearmodels' rule, and the rule of thumb in many texts.
    RuleOfThumb,
}

impl Autocorrelation {
    fn new(across_units: bool) -> Self {
        Self {
            across_units,
            kernel: Kernel::Bartlett,
            bandwidth: None,
            unit: None,
            time: None,
            collapse_gaps: false,
            prewhiten: false,
        }
    }

    /// Errors related within a unit over time.
    pub fn newey_west() -> Self {
        Self::new(false)
    }

    /// Errors related over time and across units.
    pub fn driscoll_kraay() -> Self {
        Self::new(true)
    }

    /// With so many lags.
    #[must_use]
    pub fn lags(self, lags: usize) -> Self {
        self.bandwidth(Bandwidth::Lags(lags))
    }

    /// With this bandwidth, or rule for one.
    #[must_use]
    pub fn bandwidth(mut self, bandwidth: Bandwidth) -> Self {
        self.bandwidth = Some(bandwidth);
        self
    }

    /// With this kernel.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// With the calendar's gaps closed up.
    #[must_use]
    pub fn collapse_gaps(mut self) -> Self {
        self.collapse_gaps = true;
        self
    }

    /// With scores prewhitened.
    #[must_use]
    pub fn prewhiten(mut self) -> Self {
        self.prewhiten = true;
        self
    }
}

panel_setters!(Autocorrelation);

impl Display for Autocorrelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.across_units { "Driscoll–Kraay" } else { "Newey–West" };
        write!(f, "{name} ({} kernel", self.kernel)?;
        match self.bandwidth {
            None => {}
            Some(Bandwidth::Lags(1)) => f.write_str(", 1 lag")?,
            Some(Bandwidth::Lags(lags)) => write!(f, ", {lags} lags")?,
            Some(Bandwidth::Width(width)) => write!(f, ", bandwidth {width}")?,
            Some(Bandwidth::NeweyWest) => f.write_str(", bandwidth of Newey & West 1994")?,
            Some(Bandwidth::Andrews) => f.write_str(", bandwidth of Andrews 1991")?,
            Some(Bandwidth::FourthRoot) => f.write_str(", lags by the fourth root of T")?,
            Some(Bandwidth::RuleOfThumb) => f.write_str(", lags by the rule of thumb")?,
        }
        if self.prewhiten {
            f.write_str(", prewhitened")?;
        }
        if self.collapse_gaps {
            f.write_str(", gaps closed up")?;
        }
        f.write_str(")")
    }
}

/// Scores in the order of time: which series a row belongs to, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The entry that every row is added to.
    entry: Vec<u32>,
    /// Where every series begins among the entries, and where the last ends.
    starts: Vec<usize>,
    /// The period of every entry, ascending within a series.
    periods: Vec<i64>,
    /// How many distinct periods there are.
    distinct: usize,
}

impl Series {
    /// Series by code, rows of one series and period summed.
    pub fn new(codes: &[u32], periods: &[i64]) -> Self {
        let mut order: Vec<u32> = (0..codes.len() as u32).collect();
        let key = |&row: &u32| (codes[row as usize], periods[row as usize]);
        order.sort_by_key(key);
        let mut made =
            Self { entry: vec![0; codes.len()], starts: Vec::new(), periods: Vec::new(), distinct: 0 };
        let mut before = None;
        for row in &order {
            let (code, period) = key(row);
            if before.is_none_or(|(last, _)| last != code) {
                made.starts.push(made.periods.len());
            }
            if before != Some((code, period)) {
                made.periods.push(period);
            }
            before = Some((code, period));
            made.entry[*row as usize] = made.periods.len() as u32 - 1;
        }
        made.starts.push(made.periods.len());
        let mut all = made.periods.clone();
        all.sort_unstable();
        all.dedup();
        made.distinct = all.len();
        made
    }

    /// How many distinct periods there are.
    pub fn distinct(&self) -> usize {
        self.distinct
    }

    /// How many series.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The series as ranges of entries.
    fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.starts.windows(2).map(|w| w[0]..w[1])
    }

    /// Neighbouring entries, one period apart.
    pub(super) fn steps(&self) -> impl Iterator<Item = (usize, usize)> {
        let step = |i: usize| (self.periods[i + 1] - self.periods[i] == 1).then_some((i, i + 1));
        self.ranges().flat_map(move |range| (range.start..range.end.saturating_sub(1)).filter_map(step))
    }

    /// The sum of `f` over pairs of entries `lag` periods apart.
    pub(super) fn lagged(&self, lag: i64, f: impl Fn(usize, usize) -> f64) -> f64 {
        let mut sum = 0.0;
        for range in self.ranges() {
            let mut later = range.start;
            for earlier in range.clone() {
                while later < range.end && self.periods[later] - self.periods[earlier] < lag {
                    later += 1;
                }
                if later < range.end && self.periods[later] - self.periods[earlier] == lag {
                    sum += f(earlier, later);
                }
            }
        }
        sum
    }

    /// The scores of every entry.
    pub(super) fn sums(&self, from: &Ingredients<'_>) -> Array2<f64> {
        let mut sums = Array2::zeros((self.periods.len(), from.x.ncols()));
        for ((row, &u), &entry) in from.x.rows().into_iter().zip(from.pull).zip(&self.entry) {
            sums.row_mut(entry as usize).iter_mut().zip(row).for_each(|(s, &x)| *s += x * u);
        }
        sums
    }

    /// `Σ_{t,s} k(|t − s| / b) s_t s_s'` of the entries that are `used`, each paired with itself if `own`.
    fn products(
        &self,
        scores: ArrayView2<'_, f64>,
        kernel: Kernel,
        width: f64,
        used: Option<&[bool]>,
        own: bool,
    ) -> Array2<f64> {
        let mut forward = if own { &scores * 0.5 } else { Array2::zeros(scores.dim()) };
        let usable = |i: usize| used.is_none_or(|used| used[i]);
        for range in self.ranges() {
            for earlier in range.clone().filter(|&i| usable(i)) {
                let mut sum = forward.row_mut(earlier);
                for later in earlier + 1..range.end {
                    // A difference of two periods that are far apart may be any number.
                    let distance = self.periods[later].abs_diff(self.periods[earlier]) as f64;
                    let x = distance / width;
                    if kernel.is_bounded() && x > 1.0 {
                        break;
                    }
                    let weight = if x.is_finite() { kernel.weight(x) } else { 0.0 };
                    if weight != 0.0 && usable(later) {
                        sum.scaled_add(weight, &scores.row(later));
                    }
                }
            }
        }
        if let Some(used) = used {
            let unused = forward.axis_iter_mut(Axis(0)).zip(used).filter(|(_, used)| !**used);
            unused.for_each(|(mut row, _)| row.fill(0.0));
        }
        let half = scores.t().dot(&forward);
        &half + &half.t()
    }

    /// The part of a meat that comes from pairs of different periods up to `lags` apart, by Bartlett's weights.
    pub(super) fn lag_products(&self, from: &Ingredients<'_>, lags: usize) -> Array2<f64> {
        self.products(self.sums(from).view(), Kernel::Bartlett, lags as f64 + 1.0, None, false)
    }
}

/// A kernel's reach as it was used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// The kernel's argument is the distance divided by this.
    pub width: f64,
    /// The bandwidth in lags, where it is a whole number of them.
    pub lags: Option<usize>,
    /// What an automatic choice came to before it was rounded.
    pub chosen: Option<f64>,
    /// Distinct periods.
    pub periods: usize,
}

/// The reach of a kernel over these series.
///
/// # Errors
/// [`Error::Argument`] for lags that reach past the data, bandwidths that are none, and kernels without a rule;
/// [`Error::TooShort`] when there is nothing to choose by.
pub(super) fn reach(which: &Autocorrelation, series: &Series, from: &Ingredients<'_>) -> Result<Reach> {
    let periods = series.distinct();
    if periods < 2 {
        return Err(Error::TooShort { what: "periods".into(), needed: 2, found: periods });
    }
    let t = periods as f64;
    let of_lags = |lags: usize, chosen: Option<f64>| Reach {
        width: lags as f64 + 1.0,
        lags: Some(lags),
        chosen,
        periods,
    };
    let automatic =
        if which.across_units || series.count() > 1 { Bandwidth::FourthRoot } else { Bandwidth::NeweyWest };
    let refused = |argument: &str, value: String, must: String| Error::Argument {
        argument: argument.into(),
        value,
        must,
    };
    Ok(match which.bandwidth.unwrap_or(automatic) {
        Bandwidth::Lags(lags) if lags >= periods => {
            let must = format!("fewer than the {periods} periods of the data");
            return Err(refused("lags", lags.to_string(), must));
        }
        Bandwidth::Lags(lags) => of_lags(lags, None),
        Bandwidth::Width(width) if width.is_finite() && width > 0.0 => {
            Reach { width, lags: None, chosen: None, periods }
        }
        Bandwidth::Width(width) => {
            return Err(refused("bandwidth", width.to_string(), "a number above 0".into()));
        }
        Bandwidth::FourthRoot => of_lags(t.powf(0.25).floor() as usize, None),
        Bandwidth::RuleOfThumb => of_lags((4.0 * (t / 100.0).powf(2.0 / 9.0)).floor() as usize, None),
        rule @ (Bandwidth::NeweyWest | Bandwidth::Andrews) => {
            let scores = series.sums(from);
            let white = which.prewhiten.then(|| Prewhitened::new(series, &scores)).transpose()?;
            let columns = bandwidth::in_units(series, &scores, white.as_ref(), from)?;
            let chosen = match rule {
                Bandwidth::NeweyWest => bandwidth::newey_west(&columns, which.kernel)?,
                _ => bandwidth::andrews(&columns, which.kernel)?,
            };
            if rule == Bandwidth::NeweyWest && which.kernel == Kernel::Bartlett {
                of_lags(chosen.floor() as usize, Some(chosen))
            } else {
                Reach { width: chosen, lags: None, chosen: Some(chosen), periods }
            }
        }
    })
}

/// The sandwich, without factors.
pub(super) fn autocorrelation(
    which: &Autocorrelation,
    series: &Series,
    reach: Reach,
    from: &Ingredients<'_>,
) -> Result<Array2<f64>> {
    let scores = series.sums(from);
    if !which.prewhiten {
        let meat = series.products(scores.view(), which.kernel, reach.width, None, true);
        return Ok(sandwich(from.root, &meat));
    }
    let white = Prewhitened::new(series, &scores)?;
    let meat = series.products(white.scores.view(), which.kernel, reach.width, Some(&white.used), true);
    Ok(sandwich(from.root, &white.recolour(&meat)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_period_keeps_its_place() {
        let series = Series::new(&[0, 0, 0, 1, 1], &[1, 2, 4, 2, 1]);
        assert_eq!((series.count(), series.distinct()), (2, 3));
        let pairs: Vec<_> = series.steps().collect();
        assert_eq!(pairs, [(0, 1), (3, 4)]);
        assert_eq!(series.lagged(2, |a, b| (10 * a + b) as f64), 12.0);
        assert_eq!(series.lagged(3, |a, b| (10 * a + b) as f64), 2.0);
    }
}
