//! The test of Anderson & Rubin (1949), *Annals of Mathematical Statistics* 20, and the confidence set that it gives.
//!
//! If `β₂ = b` the instruments say nothing of `y − Yb` beyond the exogenous regressors. With `g(b)` its coordinates on the
//! excluded instruments and `S(b)` their covariance, `g'S⁻¹g / L` is `F(L, ·)` whatever the strength of the instruments.
//! For one endogenous regressor the values that are not rejected form an interval, two rays, the whole line, or nothing.
//! Under the classical covariance the ends are the roots of a parabola. Else `g` is linear and `S` quadratic in `b`, so
//! that the statistic is one smooth function of a direction in the plane of outcome and regressor: it is followed around
//! the circle, and its crossings are halved to the last digit.

use std::f64::consts::FRAC_PI_2;

use ndarray::{Array1, Array2};

use super::first_stage::{View, quadratic};
use super::linear::IvFit;
use crate::distribution::Fisher;
use crate::error::{Error, Result};
use crate::inference::{Cell, Covariance, Estimates, Table, interval_level, significant};

/// The test of Anderson and Rubin, with the confidence set for one endogenous regressor.
#[derive(Debug, Clone, PartialEq)]
pub struct AndersonRubin {
    /// The endogenous regressors and the values tested.
    pub hypothesis: Vec<(String, f64)>,
    /// `F`.
    pub statistic: f64,
    /// Excluded instruments.
    pub restrictions: usize,
    /// The denominator's degrees of freedom; infinite for χ² over the instruments.
    pub denominator: f64,
    /// The p-value.
    pub p_value: f64,
    /// The level of the confidence set.
    pub level: f64,
    /// The pieces of the confidence set, ascending, with infinite ends where it has none; none with several endogenous
    /// regressors. No piece: every value is rejected, and so is the model.
    pub set: Option<Vec<(f64, f64)>>,
    /// The covariance under which all this holds.
    pub covariance: Covariance,
}

/// Directions at which the statistic is looked at before its crossings are halved.
const DIRECTIONS: usize = 4096;

impl IvFit {
    /// Tests `β₂ = null` (zero unless given, one value an endogenous regressor) and inverts the test at `level`.
    ///
    /// # Errors
    /// [`Error::Argument`] for a level outside 0 to 1 or another number of values; [`Error::TooShort`] where the
    /// covariance of the instruments' coordinates is singular, as with fewer clusters than instruments.
    pub fn anderson_rubin(&self, null: Option<&[f64]>, level: f64) -> Result<AndersonRubin> {
        let level = interval_level(level)?;
        let view = View::new(self);
        let zeros = vec![0.0; view.m];
        let null = null.unwrap_or(&zeros);
        if null.len() != view.m || null.iter().any(|b| !b.is_finite()) {
            return Err(Error::Argument {
                argument: "null".into(),
                value: format!("{null:?}"),
                must: format!("one number for each of {}", view.stages.endogenous_names.join(", ")),
            });
        }
        let pencil = Pencil::new(&view, self);
        let (statistic, denominator) = pencil.exact(&view, null)?;
        let reference = Fisher::new(view.l as f64, denominator)?;
        let set = if view.m == 1 {
            let critical = reference.critical(1.0 - level) * view.l as f64;
            Some(if self.inference.is_classical() {
                pencil.parabola(&view, critical)?
            } else {
                pencil.around(&view, critical)?
            })
        } else {
            None
        };
        let statistic = statistic / view.l as f64;
        Ok(AndersonRubin {
            hypothesis: view.stages.endogenous_names.iter().cloned().zip(null.iter().copied()).collect(),
            statistic,
            restrictions: view.l,
            denominator,
            p_value: reference.upper(statistic),
            level,
            set,
            covariance: self.covariance_kind().clone(),
        })
    }
}

/// Outcome and endogenous regressors, in units of their own scale.
struct Pencil {
    /// Coordinates of the outcome on the excluded instruments.
    outcome: Array1<f64>,
    outcome_left: Array1<f64>,
    /// Coordinates of the endogenous regressors, one a column.
    endogenous: Array2<f64>,
    endogenous_left: Array2<f64>,
    /// A coefficient is this times one in units of scale.
    units: Vec<f64>,
    /// The fit's estimate and standard error for the first endogenous regressor, in units of scale.
    middle: f64,
    spread: f64,
}

impl Pencil {
    fn new(view: &View<'_>, fit: &IvFit) -> Self {
        let stages = view.stages;
        let weighted: Array1<f64> = stages.outcome.iter().zip(&stages.weights).map(|(y, w)| y * w).collect();
        let all = stages.instruments.t().dot(&weighted);
        let outcome_left = Array1::from(stages.outcome.clone()) - stages.instruments.dot(&all);
        let mut endogenous_left = Array2::zeros((stages.outcome.len(), view.m));
        for j in 0..view.m {
            endogenous_left.column_mut(j).assign(&view.left(view.own.column(j)));
        }
        let scale = &fit.shared.problem.scale[stages.exogenous..];
        let units: Vec<f64> = scale.iter().map(|s| stages.size / s).collect();
        let at = stages.exogenous;
        Self {
            outcome: all.slice(ndarray::s![at..]).to_owned(),
            outcome_left,
            endogenous: view.reached.dot(&view.own),
            endogenous_left,
            middle: fit.coefficients()[at] / units[0],
            spread: fit.covariance()[[at, at]].sqrt() / units[0],
            units,
        }
    }

    /// `g'S⁻¹g` at these coefficients, and the denominator's degrees of freedom.
    fn exact(&self, view: &View<'_>, null: &[f64]) -> Result<(f64, f64)> {
        let b: Array1<f64> = null.iter().zip(&self.units).map(|(b, u)| b / u).collect();
        let along = &self.outcome - &self.endogenous.dot(&b);
        let left = &self.outcome_left - &self.endogenous_left.dot(&b);
        let found = view.covariance(&left)?;
        let statistic = quadratic(&found.matrix, &along);
        if statistic.is_nan() {
            return Err(Error::TooShort {
                what: format!("clusters for the covariance of {} instruments", view.l),
                needed: view.l + 1,
                found: view.fit.clusters().iter().copied().min().unwrap_or(0),
            });
        }
        Ok((statistic, found.degrees))
    }

    /// Where `g'g ≤ c·σ²`, both quadratic in `b`.
    fn parabola(&self, view: &View<'_>, critical: f64) -> Result<Vec<(f64, f64)>> {
        let (p, v) = (self.endogenous.column(0), self.endogenous_left.column(0));
        let dot = |a: &Array1<f64>, b: &Array1<f64>| -> f64 {
            a.iter().zip(b).zip(&view.stages.weights).map(|((a, b), w)| w * a * b).sum()
        };
        let v = v.to_owned();
        // σ² per unit of the sum of squares.
        let factor = critical * view.covariance(&v)?.matrix[[0, 0]] / dot(&v, &v);
        let a = p.dot(&p) - factor * dot(&v, &v);
        let half = -(p.dot(&self.outcome) - factor * dot(&self.outcome_left, &v));
        let c = self.outcome.dot(&self.outcome) - factor * dot(&self.outcome_left, &self.outcome_left);
        let discriminant = half * half - a * c;
        let unit = self.units[0];
        if discriminant < 0.0 {
            return Ok(if a > 0.0 { Vec::new() } else { vec![(f64::NEG_INFINITY, f64::INFINITY)] });
        }
        // The root that does not cancel first.
        let q = -(half + half.signum() * discriminant.sqrt());
        let (one, two) = (q / a, c / q);
        let (low, high) = if one < two { (one * unit, two * unit) } else { (two * unit, one * unit) };
        Ok(if a > 0.0 { vec![(low, high)] } else { vec![(f64::NEG_INFINITY, low), (high, f64::INFINITY)] })
    }

    /// Where `g'S⁻¹g ≤ c`, followed around the circle of directions `cos θ·(y − Yb̂) − sin θ·Ys`.
    fn around(&self, view: &View<'_>, critical: f64) -> Result<Vec<(f64, f64)>> {
        let (p, v) = (self.endogenous.column(0), self.endogenous_left.column(0));
        let spread = if self.spread.is_finite() && self.spread > 0.0 { self.spread } else { 1.0 };
        let (g, e) = (&self.outcome - &(&p * self.middle), &self.outcome_left - &(&v * self.middle));
        let (h, f) = (&p * -spread, &v * -spread);
        let of = |left: &Array1<f64>| -> Result<Array2<f64>> { Ok(view.covariance(left)?.matrix) };
        let (first, second) = (of(&e)?, of(&f)?);
        let cross = of(&(&e + &f))? - &first - &second;
        let excess = |angle: f64| -> f64 {
            let (sin, cos) = angle.sin_cos();
            let covariance = &first * (cos * cos) + &second * (sin * sin) + &cross * (sin * cos);
            quadratic(&covariance, &(&g * cos + &h * sin)) - critical
        };
        let step = std::f64::consts::PI / DIRECTIONS as f64;
        let angles: Vec<f64> = (0..=DIRECTIONS).map(|i| -FRAC_PI_2 + step * i as f64).collect();
        let values: Vec<f64> = angles.iter().map(|&a| excess(a)).collect();
        let mut knots: Vec<(f64, f64)> = Vec::new();
        for i in 0..=DIRECTIONS {
            knots.push((angles[i], values[i]));
            // A turning point near the bound may cross it between two knots.
            if i > 0 && i < DIRECTIONS {
                let (before, here, after) = (values[i - 1], values[i], values[i + 1]);
                let sign = if here < before && here <= after && here > 0.0 {
                    1.0
                } else if here > before && here >= after && here <= 0.0 {
                    -1.0
                } else {
                    continue;
                };
                let turn = lowest(angles[i - 1], angles[i + 1], |a| sign * excess(a));
                knots.push((turn, excess(turn)));
            }
        }
        knots.sort_by(|a, b| a.0.total_cmp(&b.0));
        let value = |angle: f64| (self.middle + spread * angle.tan()) * self.units[0];
        let mut pieces = Vec::new();
        let mut start = (knots[0].1 <= 0.0).then_some(f64::NEG_INFINITY);
        for pair in knots.windows(2) {
            let ((low, at_low), (high, at_high)) = (pair[0], pair[1]);
            if (at_low <= 0.0) == (at_high <= 0.0) {
                continue;
            }
            let crossing = value(halve(low, high, at_low <= 0.0, &excess));
            match start.take() {
                Some(start) => pieces.push((start, crossing)),
                None => start = Some(crossing),
            }
        }
        pieces.extend(start.map(|start| (start, f64::INFINITY)));
        Ok(pieces)
    }
}

/// Where `f` changes sign.
fn halve(mut low: f64, mut high: f64, inside_first: bool, f: &impl Fn(f64) -> f64) -> f64 {
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if (f(middle) <= 0.0) == inside_first {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The lowest point between two others, by golden sections.
fn lowest(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    for _ in 0..40 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if f(left) < f(right) {
            high = right;
        } else {
            low = left;
        }
    }
    0.5 * (low + high)
}

impl AndersonRubin {
    /// The confidence set in words; none with several endogenous regressors.
    pub fn shape(&self) -> Option<&'static str> {
        let set = self.set.as_ref()?;
        let unbounded = set.iter().any(|(low, high)| low.is_infinite() || high.is_infinite());
        Some(match set.len() {
            0 => "empty",
            1 if set[0].0.is_infinite() && set[0].1.is_infinite() => "whole line",
            1 if unbounded => "ray",
            1 => "interval",
            2 if set[0].0.is_infinite() && set[1].1.is_infinite() => "two rays",
            _ => "several pieces",
        })
    }

    /// The pieces of the confidence set, and the test in the note.
    pub fn table(&self) -> Table {
        let text: Vec<String> = self.hypothesis.iter().map(|(name, b)| format!("{name} = {b}")).collect();
        let title = format!("Anderson–Rubin test of {}, errors {}", text.join(", "), self.covariance);
        let mut table = Table::new(&["set", "lower", "upper"]).title(title);
        for (low, high) in self.set.iter().flatten() {
            let name = format!("{} %, {}", 100.0 * self.level, self.shape().unwrap_or_default());
            table.push(vec![Cell::Text(name), Cell::Number(*low), Cell::Number(*high)]);
        }
        let denominator =
            if self.denominator.is_finite() { self.denominator.to_string() } else { "∞".into() };
        let p = Cell::Probability(self.p_value);
        table = table.note(format!(
            "F({}, {denominator}) = {}, p = {p}, whatever the strength of the instruments",
            self.restrictions,
            significant(self.statistic, 4)
        ));
        match self.shape() {
            Some("empty") => table.note("the set is empty: no value is compatible with all moments"),
            Some("whole line") => table.note("the set is the whole line: the instruments say nothing"),
            None => table.note("no set: it is worked out for one endogenous regressor"),
            Some(_) => table,
        }
    }
}
