//! Observed deaths beside those that the fitted response implies without the money.
//!
//! With log-rate response `b_0, …, b_L` to spending `s` at lags 0 to `L`, the deaths of a cell without the spending are
//!
//! `y⁰_it = y_it · exp(−Σ_l b_l s_{i,t−l})`,
//!
//! the attributable number of Gasparrini & Leone (2014, *BMC Medical Research Methodology* 14:55) seen from the other
//! side: anchored at the deaths that happened, not at fitted ones. Deaths averted are `y⁰ − y`. Intervals are quantiles
//! over draws of `b` from the multivariate t with the fit's degrees of freedom. It is what the fit implies, no more causal
//! than the fit.
//!
//! ```
//! use averted::spending::Counterfactual;
//! use ndarray::array;
//! let lagged = array![[2.0], [2.0]];
//! let without = Counterfactual::new(&[100.0, 50.0], &[2019, 2020], lagged.view(), &[-0.1], array![[1e-4]].view())
//!     .draws(500)
//!     .seed(1)
//!     .compute()?;
//! assert!((without.without[0] - 100.0 * 0.2_f64.exp()).abs() < 1e-9);
//! assert!(without.lower[0] < without.without[0] && without.without[0] < without.upper[0]);
//! # Ok::<(), averted::Error>(())
//! ```

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::linalg::eigen_symmetric;
use crate::random::{Generator, fresh_seed, normal, stream};
use crate::spending::averted::lagged;
use crate::spending::response::Response;

/// Specification of a counterfactual without spending.
#[derive(Debug, Clone)]
pub struct Counterfactual<'a> {
    counts: &'a [f64],
    periods: &'a [i64],
    lagged: ArrayView2<'a, f64>,
    coefficients: &'a [f64],
    covariance: ArrayView2<'a, f64>,
    degrees: f64,
    level: f64,
    draws: usize,
    seed: Option<u64>,
}

/// Deaths with and without the money, period by period, summed over the cells whose count and spending are known.
#[derive(Debug, Clone, PartialEq)]
pub struct WithoutSpending {
    /// The periods that have at least one such cell, ascending.
    pub periods: Vec<i64>,
    /// How many cells each period has.
    pub cells: Vec<usize>,
    /// Deaths observed.
    pub observed: Vec<f64>,
    /// Deaths that the response implies without the spending.
    pub without: Vec<f64>,
    /// Lower end of its interval.
    pub lower: Vec<f64>,
    /// Upper end.
    pub upper: Vec<f64>,
    /// Deaths averted over all periods: estimate, lower and upper end.
    pub averted: (f64, f64, f64),
    /// Cells left out because their count, or spending at some lag, is not known.
    pub left_out: usize,
    /// The seed of the draws.
    pub seed: u64,
}

impl<'a> Counterfactual<'a> {
    /// Of counts by cell (NaN where not known exactly), the period of each, spending at lags 0 to `L` (cells × `L + 1`,
    /// NaN where not known), and the response to it with its covariance.
    pub fn new(
        counts: &'a [f64],
        periods: &'a [i64],
        lagged: ArrayView2<'a, f64>,
        coefficients: &'a [f64],
        covariance: ArrayView2<'a, f64>,
    ) -> Self {
        let (degrees, level, draws, seed) = (f64::INFINITY, 0.95, 2_000, None);
        Self { counts, periods, lagged, coefficients, covariance, degrees, level, draws, seed }
    }

    /// Degrees of freedom of the t that the coefficients are drawn from; normal unless set.
    #[must_use]
    pub fn degrees(mut self, degrees: f64) -> Self {
        self.degrees = degrees;
        self
    }

    /// Level of the intervals; 0.95 unless set.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// How many draws; 2,000 unless set.
    #[must_use]
    pub fn draws(mut self, draws: usize) -> Self {
        self.draws = draws;
        self
    }

    /// The seed; drawn and recorded unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Deaths by period with and without the spending.
    ///
    /// # Errors
    /// [`Error::Shape`] when the parts do not fit together; [`Error::Argument`] for a level outside (0, 1), fewer than
    /// 100 draws, or degrees of freedom that are not positive; [`Error::NothingToEstimate`] when no cell has both a
    /// count and spending.
    pub fn compute(&self) -> Result<WithoutSpending> {
        self.check()?;
        let known = |row: &usize| {
            self.counts[*row].is_finite() && self.lagged.row(*row).iter().all(|s| s.is_finite())
        };
        let rows: Vec<usize> = (0..self.counts.len()).filter(known).collect();
        if rows.is_empty() {
            let why = "no cell has both an exact count and spending at every lag".into();
            return Err(Error::NothingToEstimate { why });
        }
        let mut periods: Vec<i64> = rows.iter().map(|&row| self.periods[row]).collect();
        periods.sort_unstable();
        periods.dedup();
        let place = |row: usize| periods.partition_point(|&p| p < self.periods[row]);
        let (mut observed, mut cells) = (vec![0.0; periods.len()], vec![0; periods.len()]);
        for &row in &rows {
            observed[place(row)] += self.counts[row];
            cells[place(row)] += 1;
        }
        let without_at = |b: &[f64]| {
            let mut sums = vec![0.0; periods.len()];
            for &row in &rows {
                let effect: f64 = self.lagged.row(row).iter().zip(b).map(|(s, b)| s * b).sum();
                sums[place(row)] += self.counts[row] * (-effect).exp();
            }
            sums
        };
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let root = root(self.covariance)?;
        let mut paths = Array2::zeros((self.draws, periods.len() + 1));
        for draw in 0..self.draws {
            let b = self.drawn(&root, &mut stream(seed, draw as u64));
            let sums = without_at(&b);
            paths[[draw, periods.len()]] = total(&sums) - total(&observed);
            paths.row_mut(draw).iter_mut().zip(sums).for_each(|(path, sum)| *path = sum);
        }
        let without = without_at(self.coefficients);
        let ends: Vec<(f64, f64)> =
            (0..=periods.len()).map(|j| quantiles(paths.column(j).to_vec(), self.level)).collect();
        let averted = total(&without) - total(&observed);
        let (lower, upper) = ends[..periods.len()].iter().copied().unzip();
        let (least, most) = ends[periods.len()];
        let left_out = self.counts.len() - rows.len();
        Ok(WithoutSpending {
            periods,
            cells,
            observed,
            without,
            lower,
            upper,
            averted: (averted, least, most),
            left_out,
            seed,
        })
    }

    fn check(&self) -> Result<()> {
        let lags = self.coefficients.len();
        let shape = |what: &str, expected: (usize, usize), found: (usize, usize)| {
            if expected == found {
                return Ok(());
            }
            let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
            Err(Error::Shape { what: what.into(), expected, found })
        };
        shape("spending by cell and lag", (self.counts.len(), lags), self.lagged.dim())?;
        shape("covariance", (lags, lags), self.covariance.dim())?;
        shape("periods", (self.counts.len(), 1), (self.periods.len(), 1))?;
        let argument = |argument: &str, value: f64, must: &str| {
            Err(Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() })
        };
        if !(self.level > 0.0 && self.level < 1.0) {
            return argument("level", self.level, "above 0 and below 1");
        }
        if self.draws < 100 {
            return argument("draws", self.draws as f64, "at least 100");
        }
        if self.degrees.is_nan() || self.degrees < 1.0 {
            return argument("degrees", self.degrees, "at least 1");
        }
        Ok(())
    }

    /// One draw of the coefficients from the multivariate t.
    fn drawn(&self, root: &Array2<f64>, generator: &mut Generator) -> Vec<f64> {
        let z: Vec<f64> = (0..root.ncols()).map(|_| normal(generator)).collect();
        let stretch = if self.degrees.is_finite() {
            let chi_squared: f64 =
                (0..self.degrees.round() as usize).map(|_| normal(generator).powi(2)).sum();
            (self.degrees.round() / chi_squared).sqrt()
        } else {
            1.0
        };
        let step = |j: usize| root.row(j).iter().zip(&z).map(|(r, z)| r * z).sum::<f64>();
        self.coefficients.iter().enumerate().map(|(j, b)| b + stretch * step(j)).collect()
    }
}

impl Response {
    /// Deaths of one unit, or of all, beside those that the response implies without the spending, period by period.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] for a unit that is not in the panel, with the nearest one; those of
    /// [`Counterfactual::compute`].
    pub fn without_spending(
        &self,
        unit: Option<&str>,
        level: f64,
        draws: usize,
        seed: Option<u64>,
    ) -> Result<WithoutSpending> {
        let index = self.panel().index();
        let units = index.unit();
        let wanted = unit.map(|unit| {
            let known = units.labels().iter().map(String::as_str);
            units.code(unit).ok_or_else(|| Error::unknown_column(unit, known))
        });
        let wanted = wanted.transpose()?;
        let rows: Vec<usize> =
            (0..units.rows()).filter(|&row| wanted.is_none_or(|code| units.codes()[row] == code)).collect();
        let counts = self.panel().counts().unwrap_or_default();
        let exact: Vec<f64> = rows.iter().map(|&row| counts[row].exact().unwrap_or(f64::NAN)).collect();
        let periods: Vec<i64> = rows.iter().map(|&row| index.time()[row].unwrap_or_default()).collect();
        let lags = self.specification().last_lag() + 1;
        let mut spent = Array2::zeros((rows.len(), lags));
        for lag in 0..lags {
            let column = lagged(self, &self.totals().term, lag, &rows)?;
            spent.column_mut(lag).iter_mut().zip(column).for_each(|(cell, s)| *cell = s);
        }
        let (b, covariance) = (self.lag_coefficients().to_vec(), self.lag_covariance());
        let mut asked = Counterfactual::new(&exact, &periods, spent.view(), &b, covariance.view())
            .degrees(self.degrees_of_freedom())
            .level(level)
            .draws(draws);
        asked.seed = seed;
        asked.compute()
    }
}

fn total(values: &[f64]) -> f64 {
    values.iter().sum()
}

/// A square root of a covariance, of deficient rank or not.
fn root(covariance: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let (values, mut vectors) = eigen_symmetric(covariance)?;
    for (mut column, value) in vectors.columns_mut().into_iter().zip(&values) {
        column *= value.max(0.0).sqrt();
    }
    Ok(vectors)
}

/// The equal-tailed interval of draws, between order statistics (Hyndman & Fan 1996, type 7).
fn quantiles(mut draws: Vec<f64>, level: f64) -> (f64, f64) {
    draws.sort_unstable_by(f64::total_cmp);
    let at = |p: f64| {
        let h = p * (draws.len() - 1) as f64;
        let below = h.floor() as usize;
        let above = (below + 1).min(draws.len() - 1);
        draws[below] + (h - below as f64) * (draws[above] - draws[below])
    };
    (at(0.5 - 0.5 * level), at(0.5 + 0.5 * level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// One cell: the log of deaths without spending is normal, so its quantiles are known.
    #[test]
    fn the_interval_of_one_cell_is_the_log_normal_one() {
        let (b, variance) = (-0.02_f64, 0.01_f64.powi(2));
        let lagged = array![[10.0]];
        let without = Counterfactual::new(&[1_000.0], &[1], lagged.view(), &[b], array![[variance]].view())
            .draws(100_000)
            .seed(7)
            .compute()
            .expect("valid");
        let reach: f64 = 1.959_963_984_540_054 * 0.01 * 10.0;
        let expected = (1_000.0 * (0.2 - reach).exp(), 1_000.0 * (0.2 + reach).exp());
        // 100,000 draws place a 2.5 % quantile within about 0.2 % here.
        assert!((without.lower[0] / expected.0 - 1.0).abs() < 4e-3, "{} {}", without.lower[0], expected.0);
        assert!((without.upper[0] / expected.1 - 1.0).abs() < 4e-3, "{} {}", without.upper[0], expected.1);
        assert!((without.averted.0 - 1_000.0 * (0.2_f64.exp() - 1.0)).abs() < 1e-9);
    }

    #[test]
    fn cells_without_count_or_spending_are_left_out_and_counted() {
        let lagged = array![[1.0, 1.0], [1.0, f64::NAN], [2.0, 0.0]];
        let covariance = Array2::<f64>::zeros((2, 2));
        let counts = [10.0, 20.0, f64::NAN];
        let one = Counterfactual::new(&counts, &[5, 5, 6], lagged.view(), &[0.1, 0.1], covariance.view());
        let without = one.clone().seed(1).compute().expect("one cell");
        assert_eq!((without.periods.as_slice(), without.left_out), ([5].as_slice(), 2));
        assert!((without.without[0] - 10.0 * (-0.2_f64).exp()).abs() < 1e-12);
        assert_eq!(without.lower, without.upper);
        assert!(matches!(one.level(1.0).compute(), Err(Error::Argument { .. })));
        let none =
            Counterfactual::new(&[f64::NAN; 3], &[5, 5, 6], lagged.view(), &[0.1, 0.1], covariance.view());
        assert!(matches!(none.compute(), Err(Error::NothingToEstimate { .. })));
    }
}
