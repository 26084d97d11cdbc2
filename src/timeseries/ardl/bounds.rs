//! The bounds test: is there a relation between levels, whether the regressors wander or not?

use std::fmt::{self, Display};

use ndarray::{Array2, s};

use super::fit::ArdlFit;
use super::surfaces::{F_CRITICAL, F_LARGE, F_SMALL, F_STAR, T_LOWER, T_UPPER};
use crate::distribution::Normal;
use crate::error::Result;
use crate::inference::{Cell, Table};
use crate::linalg::Cholesky;
use crate::timeseries::var::{Terms, argument};

/// Constant and trend, and whether the relation takes them in: cases I to V of Pesaran, Shin & Smith.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundsCase {
    /// I: neither.
    None,
    /// II: a constant, zero under the null too.
    ConstantWithin,
    /// III: a constant.
    Constant,
    /// IV: a constant, and a trend that is zero under the null too.
    TrendWithin,
    /// V: a constant and a trend.
    Trend,
}

impl BoundsCase {
    /// The case by its number, 1 to 5.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for other numbers.
    pub fn of(number: usize) -> Result<Self> {
        let cases = [Self::None, Self::ConstantWithin, Self::Constant, Self::TrendWithin, Self::Trend];
        let found = number.checked_sub(1).and_then(|i| cases.get(i).copied());
        found.ok_or_else(|| argument("case", number, "1, 2, 3, 4 or 5"))
    }

    fn terms(self) -> Terms {
        match self {
            Self::None => Terms::None,
            Self::ConstantWithin | Self::Constant => Terms::Constant,
            Self::TrendWithin | Self::Trend => Terms::Trend,
        }
    }
}

/// Critical values at one level: of regressors that are all stationary, and that are all integrated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The level, 0.05 for 5 %.
    pub level: f64,
    /// With this side of the lower bound there is no relation, whatever the regressors.
    pub lower: f64,
    /// Beyond the upper one there is.
    pub upper: f64,
}

/// What the bounds tests say.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundsTest {
    /// The case.
    pub case: BoundsCase,
    /// Regressors.
    pub regressors: usize,
    /// F of π and every ψ, and the constant or trend that the case takes in.
    pub f: f64,
    /// Degrees of freedom of F's numerator.
    pub restrictions: usize,
    /// Critical values of F at 10, 5 and 1 %.
    pub f_critical: Vec<Bounds>,
    /// p of F if all regressors are stationary.
    pub lower_p: f64,
    /// p of F if all are integrated, the larger of the two.
    pub upper_p: f64,
    /// t of π.
    pub t: f64,
    /// Critical values of t at 10, 5 and 1 %; none in cases II and IV.
    pub t_critical: Vec<Bounds>,
    /// Periods explained.
    pub n: usize,
}

impl ArdlFit {
    /// The bounds tests of Pesaran, Shin & Smith (2001): the null is that levels are not related.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] where the case asks for terms that the fit does not have, or for more than ten regressors.
    pub fn bounds(&self, case: BoundsCase) -> Result<BoundsTest> {
        let k = self.regressors().len();
        if case.terms() != self.terms() {
            let has = match self.terms() {
                Terms::None => "1, as the fit has no constant",
                Terms::Constant => "2 or 3, as the fit has a constant and no trend",
                Terms::Trend => "4 or 5, as the fit has a trend",
            };
            return Err(argument("case", case as usize + 1, has));
        }
        if k > F_CRITICAL.len() {
            return Err(argument("regressors", k, "at most 10, where the tables end"));
        }
        let levels = self.levels();
        let terms = self.terms() as usize;
        let from = match case {
            BoundsCase::ConstantWithin => 0,
            BoundsCase::TrendWithin => 1,
            _ => terms,
        };
        let (b, v) = self.parts();
        let weights = levels.weights.slice(s![from.., ..]);
        let theta = weights.dot(b) - ndarray::aview1(&levels.less[from..]);
        let covariance = weights.dot(&v).dot(&weights.t());
        let sd = covariance.diag().mapv(f64::sqrt);
        let unit = Array2::from_shape_fn(covariance.dim(), |(i, j)| covariance[[i, j]] / (sd[i] * sd[j]));
        let scaled = &theta / &sd;
        let factor = Cholesky::new(unit.view(), "the covariance of the levels")?;
        let restrictions = theta.len();
        let f = scaled.dot(&factor.solve(scaled.view())) / restrictions as f64;
        let at = case as usize;
        let critical = &F_CRITICAL[k - 1][at];
        let bound = |i: usize, lower: f64, upper: f64| Bounds { level: [0.1, 0.05, 0.01][i], lower, upper };
        let table = match case {
            BoundsCase::None => Some(0),
            BoundsCase::Constant => Some(1),
            BoundsCase::Trend => Some(2),
            _ => None,
        };
        let t_of = |i: usize| table.map(|c| bound(i, T_LOWER[c][i], T_UPPER[c][k - 1][i]));
        let probability = |side: usize| p_value(f, k, at, side);
        Ok(BoundsTest {
            case,
            regressors: k,
            f,
            restrictions,
            f_critical: (0..3).map(|i| bound(i, critical[0][i], critical[1][i])).collect(),
            lower_p: probability(0),
            upper_p: probability(1),
            t: scaled[terms - from],
            t_critical: (0..3).filter_map(t_of).collect(),
            n: self.n_observed(),
        })
    }
}

fn p_value(f: f64, k: usize, case: usize, side: usize) -> f64 {
    let x = f.ln();
    let polynomial = |c: &[f64]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
    let z = if f > F_STAR[k - 1][case][side] {
        polynomial(&F_SMALL[k - 1][case][side])
    } else {
        polynomial(&F_LARGE[k - 1][case][side])
    };
    Normal::standard().upper(z)
}

impl BoundsTest {
    /// Whether F says that levels are related, at a level: none where F lies between the bounds, so that it depends on
    /// whether the regressors are integrated.
    pub fn related(&self, level: f64) -> Option<bool> {
        if self.upper_p < level {
            return Some(true);
        }
        (self.lower_p >= level).then_some(false)
    }

    /// The tests as one table.
    pub fn table(&self) -> Table {
        let names = ["test", "statistic", "level", "lower", "upper", "p_value", "p_value "];
        let case = ["I", "II", "III", "IV", "V"][self.case as usize];
        let title = format!("Bounds test, case {case}, {} regressors, {} periods", self.regressors, self.n);
        let mut table = Table::new(&names).title(title).note("null: there is no relation between levels");
        table = table.note("lower: all regressors stationary; upper: all integrated");
        for (i, bound) in self.f_critical.iter().enumerate() {
            let first = i == 0;
            let once = |cell: Cell| if first { cell } else { Cell::Empty };
            table.push(vec![
                once("F".into()),
                once(Cell::Number(self.f)),
                Cell::Text(format!("{} %", 100.0 * bound.level)),
                Cell::Number(bound.lower),
                Cell::Number(bound.upper),
                once(Cell::Probability(self.lower_p)),
                once(Cell::Probability(self.upper_p)),
            ]);
        }
        for (i, bound) in self.t_critical.iter().enumerate() {
            let once = |cell: Cell| if i == 0 { cell } else { Cell::Empty };
            table.push(vec![
                once("t".into()),
                once(Cell::Number(self.t)),
                Cell::Text(format!("{} %", 100.0 * bound.level)),
                Cell::Number(bound.lower),
                Cell::Number(bound.upper),
                Cell::Empty,
                Cell::Empty,
            ]);
        }
        table
    }
}

impl Display for BoundsTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_fall_and_meet_the_critical_values() {
        for k in 1..=10 {
            for case in 0..5 {
                for side in 0..2 {
                    for (i, level) in [0.1, 0.05, 0.01].into_iter().enumerate() {
                        let p = p_value(F_CRITICAL[k - 1][case][side][i], k, case, side);
                        // The polynomials are fitted to the draws: off by up to 2.7 % of p.
                        assert!((p / level - 1.0).abs() < 0.03, "{k} {case} {side} {level}: {p}");
                    }
                    let values: Vec<f64> =
                        (1..400).map(|i| p_value(0.05 * f64::from(i), k, case, side)).collect();
                    // The two polynomials meet to the digits they are given with.
                    let falls = values.windows(2).all(|w| w[1] <= w[0] + 5e-4);
                    assert!(falls, "{k} {case} {side}");
                    assert!(values[398] < 1e-4);
                }
            }
        }
    }

    /// Pesaran, Shin & Smith's own table CI, case III, of 40,000 draws.
    #[test]
    fn critical_values_are_those_published() {
        let published = [[4.94, 5.73], [3.79, 4.85], [3.23, 4.35], [2.86, 4.01], [2.62, 3.79]];
        for (k, row) in published.iter().enumerate() {
            for side in 0..2 {
                let ours = F_CRITICAL[k][2][side][1];
                assert!((ours / row[side] - 1.0).abs() < 0.02, "{k} {side}: {ours}");
            }
        }
    }

    /// What R's ARDL simulates (1,000 periods, four regressors) for F of the wages of Pesaran, Shin & Smith; ours are of the
    /// limit, so they may differ by some per cent.
    #[test]
    fn p_values_are_those_simulated_elsewhere() {
        let simulated = [
            (0, 4.567_760_3, 0.008_235_720_2),
            (2, 5.550_088_5, 0.004_490_725_4),
            (3, 4.691_987_8, 0.014_067_839),
            (4, 3.913_468_6, 0.118_128_143),
        ];
        for (case, f, p) in simulated {
            let ours = p_value(f, 4, case, 1);
            assert!((ours / p - 1.0).abs() < 0.08, "{case}: {ours} {p}");
        }
    }
}
