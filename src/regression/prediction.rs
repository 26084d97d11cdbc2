//! After the fit: the absorbed effects recovered, and predictions for new data with their standard errors.
//!
//! The linear predictor of a new row is `η₀ = o₀ + x₀'β̂ + d₀'α̂`. With `x̂₀ = d₀'(D'WD)⁻D'WX`, what the effects predict of
//! its regressors, the error of `η₀` is `(x₀ − x̂₀)'(β̂ − β)` plus the weighted sum of the errors of the rows that
//! determine `d₀'α`. Every covariance of the fit has its counterpart: classical, with the two parts uncorrelated, and
//! sandwiches, with each row's part in `η₀` as its score.

use ndarray::{Array1, Array2};

use super::absorb::components;
use super::fit::{Fit, Model};
use super::irls::TIGHT;
use super::link::Link;
use super::problem::Effect;
use super::settings::Origin;
use crate::data::{Absorbed, MISSING, Panel, Source, numbers};
use crate::distribution::{Normal, Student};
use crate::error::{Error, Result};
use crate::inference::covariance::{Ingredients, estimate};
use crate::inference::{Estimates, interval_level};

/// Predictions for new data, one value a row; NaN where something is missing or not identified.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The linear predictor.
    pub linear: Array1<f64>,
    /// Its standard error.
    pub linear_std_error: Array1<f64>,
    /// The mean of the outcome.
    pub mean: Array1<f64>,
    /// The standard error of the mean, by the delta method.
    pub std_error: Array1<f64>,
    /// Degrees of freedom of the intervals' `t`.
    pub degrees: f64,
    /// What the caller should know.
    pub notes: Vec<String>,
    link: Link,
}

impl Prediction {
    /// The interval of the mean at `level` (0.95 for 95 %): that of the linear predictor, transformed.
    ///
    /// # Errors
    /// [`Error::Argument`] for a level outside 0 to 1.
    pub fn interval(&self, level: f64) -> Result<(Array1<f64>, Array1<f64>)> {
        let p = 0.5 + 0.5 * interval_level(level)?;
        let reach = if self.degrees.is_finite() {
            Student::new(self.degrees)?.quantile(p)
        } else {
            Normal::new(0.0, 1.0)?.quantile(p)
        };
        let end = |side: f64| {
            let linear = &self.linear + &(&self.linear_std_error * (side * reach));
            linear.mapv_into(|eta| self.link.mean(eta))
        };
        Ok((end(-1.0), end(1.0)))
    }
}

/// A recovered effect: one intercept a level, and slopes if it has any.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedEffect {
    /// As it is written in the formula.
    pub name: String,
    /// The levels.
    pub labels: Vec<String>,
    /// One a level. Effects are known up to constants: those after the first are zero at their first level.
    pub intercepts: Vec<f64>,
    /// The varying slopes, each one value a level.
    pub slopes: Vec<Vec<f64>>,
}

/// Why standard errors of what depends on effects within clusters are conditional.
pub(super) const HELD: &str = "standard errors hold effects nested in the clusters fixed: one cluster cannot show how much \
     its own level varies";

/// More row-by-row work than this (new rows × fitted rows) and standard errors are left out.
const MOST_WORK: usize = 4_000_000_000;

impl<M: Model> Fit<M> {
    /// The absorbed effects.
    ///
    /// # Errors
    /// [`Error::NotConverged`].
    pub fn fixed_effects(&self) -> Result<Vec<FixedEffect>> {
        let shared = &self.shared;
        let (sample, problem, estimate) = (&shared.sample, &shared.problem, &shared.estimate);
        let left: Vec<f64> = (0..problem.kept.len())
            .map(|place| {
                let row = problem.kept[problem.absorber.row(place)];
                let regressors = estimate.columns.iter().zip(&estimate.coefficients);
                let known: f64 = regressors.map(|(&j, b)| sample.x[[row, j]] * b).sum();
                estimate.linear[place] - problem.offset[place] - known
            })
            .collect();
        let mut levels = problem.absorber.levels(&left, TIGHT)?;
        let with_intercept: Vec<usize> =
            (0..levels.len()).filter(|&b| problem.effects[b].block.intercept).collect();
        for &b in with_intercept.iter().skip(1) {
            let base = levels[b].intercepts[0];
            levels[b].intercepts.iter_mut().for_each(|a| *a -= base);
            levels[with_intercept[0]].intercepts.iter_mut().for_each(|a| *a += base);
        }
        let named = |(effect, levels): (&Effect, super::absorb::Levels)| {
            let names: Vec<&str> = effect.parts.iter().map(|&p| sample.absorbed[p].name.as_str()).collect();
            let labels = sample.absorbed[effect.parts[0]].factor.labels();
            FixedEffect {
                name: names.join(" + "),
                labels: effect.codes.iter().map(|&c| labels[c as usize].clone()).collect(),
                intercepts: levels.intercepts,
                slopes: levels.slopes,
            }
        };
        Ok(problem.effects.iter().zip(levels).map(named).collect())
    }

    /// Standard errors of the [absorbed effects](Self::fixed_effects), in their order: one solve a level.
    ///
    /// An intercept of the first effect is that level with the first level of all others; one of another effect is its
    /// distance from the first level. NaN where no chain of rows connects the levels compared.
    ///
    /// # Errors
    /// [`Error::Argument`] with slopes that vary by level, or with more levels than can be solved for in reasonable
    /// time; [`Error::NotConverged`].
    pub fn fixed_effect_errors(&self) -> Result<Vec<Vec<f64>>> {
        self.predictable()?;
        let problem = &self.shared.problem;
        let refused = |value: String, must: &str| Error::Argument {
            argument: "std_errors".into(),
            value,
            must: must.into(),
        };
        if problem.effects.iter().any(|e| !e.block.slopes.is_empty()) {
            return Err(refused("slopes that vary by level".into(), "asked of effects without slopes"));
        }
        let levels: usize = problem.effects.iter().map(|e| e.block.levels).sum();
        if levels.saturating_mul(problem.kept.len()) > MOST_WORK {
            return Err(refused(format!("{levels} levels"), "asked of fewer levels: each takes a solve"));
        }
        let projected = self.projected_regressors()?;
        let base = vec![0_u32; problem.effects.len()];
        let part = |cell: &[u32]| -> Result<(Array1<f64>, Array1<f64>)> {
            let (column, _) = problem.absorber.representer(cell, TIGHT)?;
            let predicted = projected
                .iter()
                .map(|blocks| blocks.iter().zip(cell).map(|(levels, &l)| levels[l as usize]).sum::<f64>());
            Ok((predicted.collect(), column.into()))
        };
        let (at_base, column_base) = part(&base)?;
        let factors: Vec<(&[u32], usize)> =
            problem.effects.iter().map(|e| (&e.block.codes[..], e.block.levels)).collect();
        let homes = if factors.len() > 1 { components(&factors) } else { Vec::new() };
        let connected = |cell: &[u32]| {
            let mut own = homes.iter().zip(cell).map(|(home, &level)| home[level as usize]);
            let first = own.next();
            own.all(|home| Some(home) == first)
        };
        let base_connected = connected(&base);
        let mut errors = Vec::new();
        for (b, effect) in problem.effects.iter().enumerate() {
            let mut mine = Vec::with_capacity(effect.block.levels);
            for level in 0..effect.block.levels as u32 {
                let mut cell = base.clone();
                cell[b] = level;
                if !base_connected || !connected(&cell) {
                    mine.push(f64::NAN);
                    continue;
                }
                if b > 0 && level == 0 {
                    mine.push(0.0);
                    continue;
                }
                let (mut predicted, mut column) = part(&cell)?;
                if b > 0 {
                    predicted -= &at_base;
                    column -= &column_base;
                }
                let square = column.iter().zip(problem.absorber.weights()).map(|(t, w)| w * t * t).sum();
                mine.push(self.error_of(&-predicted, &column.to_vec(), square)?);
            }
            errors.push(mine);
        }
        Ok(errors)
    }

    /// Whether the regressors of other rows, or of these under other values, can be made.
    pub(super) fn predictable(&self) -> Result<()> {
        match self.shared.model.unpredictable() {
            None => Ok(()),
            Some(why) => Err(Error::Argument {
                argument: "fit".into(),
                value: self.shared.model.title(),
                must: format!("one whose predictors are columns of the data: {why}"),
            }),
        }
    }

    /// Predicts for new data, with the fit's covariance. Exposure and offset are read from the new data, too.
    ///
    /// # Errors
    /// [`Error::Argument`] for a fit to arrays; [`Error::UnknownColumn`]; [`Error::Domain`] for a level that the fit
    /// has not seen; [`Error::NotConverged`].
    pub fn predict(&self, data: &dyn Source) -> Result<Prediction> {
        self.predictable()?;
        let Some(origin) = &self.shared.origin else {
            return Err(Error::Argument {
                argument: "data".into(),
                value: "new data".into(),
                must: "given to a fit made from a formula; this one was made from arrays".into(),
            });
        };
        let indexed;
        let data = match &origin.panel {
            Some((unit, time)) => {
                indexed = Panel::new(data.frame().clone(), unit, time)?;
                &indexed as &dyn Source
            }
            None => data,
        };
        let new = NewRows::read(self, origin, data)?;
        let mut notes = new.notes.clone();
        let linear = self.linear_at(&new)?;
        let linear_std_error = self.errors_at(&new, &mut notes)?;
        let mean = linear.mapv(|eta| M::LINK.mean(eta));
        let std_error = linear.mapv(|eta| M::LINK.slope(eta)) * &linear_std_error;
        let degrees = self.degrees_of_freedom();
        Ok(Prediction { linear, linear_std_error, mean, std_error, degrees, notes, link: M::LINK })
    }

    fn linear_at(&self, new: &NewRows) -> Result<Array1<f64>> {
        let effects = self.fixed_effects()?;
        let linear = |row: usize| {
            let mut sum = new.offset[row] + new.x.row(row).dot(&self.shared.estimate.coefficients);
            for (effect, (cells, slopes)) in effects.iter().zip(new.cells.iter().zip(&new.slopes)) {
                let Some(level) = cells[row] else { return f64::NAN };
                sum += effect.intercepts[level as usize];
                for (slope, values) in effect.slopes.iter().zip(slopes) {
                    sum += slope[level as usize] * values[row];
                }
            }
            sum
        };
        Ok((0..new.rows()).map(linear).collect())
    }

    /// Standard errors of the linear predictor.
    fn errors_at(&self, new: &NewRows, notes: &mut Vec<String>) -> Result<Array1<f64>> {
        let shared = &self.shared;
        let (problem, k) = (&shared.problem, shared.estimate.names.len());
        if problem.effects.iter().any(|e| !e.block.slopes.is_empty()) {
            notes.push("no standard errors: they are not available with slopes that vary by level".into());
            return Ok(Array1::from_elem(new.rows(), f64::NAN));
        }
        if problem.effects.is_empty() {
            let variance = |row: usize| new.x.row(row).dot(&self.covariance().dot(&new.x.row(row)));
            return Ok((0..new.rows()).map(|row| variance(row).sqrt()).collect());
        }
        if new.rows().saturating_mul(problem.kept.len()) > MOST_WORK {
            notes.push("no standard errors: too many rows at once; predict in parts".into());
            return Ok(Array1::from_elem(new.rows(), f64::NAN));
        }
        if self.inference.nested_effects {
            notes.push(HELD.into());
        }
        let projected = self.projected_regressors()?;
        let mut errors = Array1::from_elem(new.rows(), f64::NAN);
        let mut last: Option<(Vec<u32>, Vec<f64>, f64)> = None;
        for row in 0..new.rows() {
            let Some(cell) = new.cells.iter().map(|c| c[row]).collect::<Option<Vec<u32>>>() else { continue };
            if last.as_ref().is_none_or(|(known, _, _)| *known != cell) {
                let (column, square) = problem.absorber.representer(&cell, TIGHT)?;
                last = Some((cell, column, square));
            }
            let Some((cell, column, square)) = &last else { continue };
            let distance: Array1<f64> = (0..k)
                .map(|j| {
                    let effects: f64 =
                        projected[j].iter().zip(cell).map(|(levels, &l)| levels[l as usize]).sum();
                    new.x[[row, j]] - effects
                })
                .collect();
            errors[row] = self.error_of(&distance, column, *square)?;
        }
        Ok(errors)
    }

    /// The standard error of `distance'β` plus what `column` represents.
    fn error_of(&self, distance: &Array1<f64>, column: &[f64], square: f64) -> Result<f64> {
        let (estimate_, inference) = (&self.shared.estimate, &self.inference);
        let weight = estimate_.ortho.root.t().dot(distance);
        let beside = estimate_.nuisance_of(distance, column, self.shared.problem.absorber.weights());
        let pull = inference.adjusted.pull.as_ref().unwrap_or(&estimate_.pull);
        // One regressor whose score is each row's part in the prediction.
        let share: Array1<f64> = if inference.is_classical() {
            Array1::zeros(0)
        } else {
            let part = |(x, t): (ndarray::ArrayView1<'_, f64>, &f64)| x.dot(&weight) + t;
            let mut share: Array1<f64> =
                estimate_.ortho.basis.rows().into_iter().zip(column).map(part).collect();
            if !inference.covariance.takes_regressors() {
                share *= pull;
            }
            if let Some(nuisance) = &estimate_.nuisance {
                share.scaled_add(beside, &nuisance.scores);
            }
            share
        };
        let ones = Array1::ones(share.len());
        let share = share.insert_axis(ndarray::Axis(1));
        let size = weight.dot(&weight) + beside * beside + square;
        let root = if inference.is_classical() { size.sqrt() } else { 1.0 };
        let root = Array2::from_elem((1, 1), root);
        let from = Ingredients {
            root: root.view(),
            x: share.view(),
            pull: ones.view(),
            repeats: self.shared.repeats(),
            dispersion: estimate_.dispersion,
            related: inference.grouped.related.as_ref(),
        };
        let counts = inference.grouped.counts(&self.shared);
        let found = estimate(
            &inference.covariance,
            &from,
            &inference.grouped.grouping,
            inference.convention,
            &counts,
        )?;
        Ok(if found.repaired.is_some() { f64::NAN } else { found.matrix[[0, 0]].sqrt() })
    }

    /// What the effects predict of every regressor: for each, one vector a block, one value a level.
    fn projected_regressors(&self) -> Result<Vec<Vec<Vec<f64>>>> {
        let (sample, problem) = (&self.shared.sample, &self.shared.problem);
        let project = |&j: &usize| {
            let column: Vec<f64> = (0..problem.kept.len())
                .map(|place| sample.x[[problem.kept[problem.absorber.row(place)], j]])
                .collect();
            Ok(problem.absorber.levels(&column, TIGHT)?.into_iter().map(|l| l.intercepts).collect())
        };
        self.shared.estimate.columns.iter().map(project).collect()
    }
}

/// New data in the terms of a fit.
struct NewRows {
    x: Array2<f64>,
    offset: Vec<f64>,
    /// For every block, the level of every row; `None` where it has no estimate.
    cells: Vec<Vec<Option<u32>>>,
    /// For every block, its slope variables.
    slopes: Vec<Vec<Vec<f64>>>,
    notes: Vec<String>,
}

impl NewRows {
    fn rows(&self) -> usize {
        self.offset.len()
    }

    fn read<M: Model>(fit: &Fit<M>, origin: &Origin, data: &dyn Source) -> Result<Self> {
        let shared = &fit.shared;
        let mut all = origin.terms.matrix(data)?;
        if let Some(endogenous) = &origin.endogenous {
            all = ndarray::concatenate![ndarray::Axis(1), all, endogenous.matrix(data)?];
        }
        let rows = data.frame().rows();
        let x = all.select(ndarray::Axis(1), &shared.estimate.columns);
        let offset = offset_of(origin, data)?;
        // What a row with something missing would need of the effects does not matter.
        let complete = |row: usize| x.row(row).iter().all(|v| v.is_finite()) && offset[row].is_finite();
        let absorbed = origin.effects.absorbed_where(data, complete)?;
        let effects = &shared.problem.effects;
        let mut cells: Vec<Vec<Option<u32>>> = effects.iter().map(|e| levels(e, &absorbed)).collect();
        let slopes = effects.iter().map(|e| slopes(e, &absorbed)).collect();
        let mut notes = Vec::new();
        let unknown = (0..rows)
            .filter(|&row| {
                let mut mine = absorbed.iter().map(|a| a.factor.codes()[row]);
                mine.all(|code| code != MISSING) && cells.iter().any(|c| c[row].is_none())
            })
            .count();
        if unknown > 0 {
            notes.push(format!("no prediction for {unknown} rows in levels that were left out of the fit"));
        }
        let apart = separate_unconnected(effects, &mut cells);
        if apart > 0 {
            notes.push(format!(
                "no prediction for {apart} rows that combine levels which no chain of rows connects: the data do not \
                 say how those compare"
            ));
        }
        Ok(Self { x, offset, cells, slopes, notes })
    }
}

/// `log(exposure) + offset` of new rows.
pub(super) fn offset_of(origin: &Origin, data: &dyn Source) -> Result<Vec<f64>> {
    let mut offset = vec![0.0; data.frame().rows()];
    if let Some(text) = &origin.exposure {
        for (row, (offset, value)) in offset.iter_mut().zip(numbers(data, text)?).enumerate() {
            if value <= 0.0 {
                let must = "a finite number above 0".into();
                return Err(Error::Domain { what: text.clone(), row, value: value.to_string(), must });
            }
            *offset += value.ln();
        }
    }
    if let Some(text) = &origin.offset {
        offset.iter_mut().zip(numbers(data, text)?).for_each(|(offset, value)| *offset += value);
    }
    Ok(offset)
}

/// The level of every new row in a block of the fit.
fn levels(effect: &Effect, absorbed: &[Absorbed]) -> Vec<Option<u32>> {
    let factor = &absorbed[effect.parts[0]].factor;
    let mut level_of = vec![None; factor.levels()];
    effect.codes.iter().zip(0..).for_each(|(&code, level)| level_of[code as usize] = Some(level));
    factor.codes().iter().map(|&code| level_of.get(code as usize).copied().flatten()).collect()
}

/// The distinct slope variables of a block, in new rows, in the order of the fit.
fn slopes(effect: &Effect, absorbed: &[Absorbed]) -> Vec<Vec<f64>> {
    let slopes = effect.parts.iter().filter_map(|&p| absorbed[p].slope.clone());
    slopes.take(effect.block.slopes.len()).collect()
}

/// Takes the levels from rows whose effects no chain of fitted rows connects, and counts them.
fn separate_unconnected(effects: &[Effect], cells: &mut [Vec<Option<u32>>]) -> usize {
    let with_intercept: Vec<usize> = (0..effects.len()).filter(|&b| effects[b].block.intercept).collect();
    let factors: Vec<(&[u32], usize)> =
        with_intercept.iter().map(|&b| (&effects[b].block.codes[..], effects[b].block.levels)).collect();
    if factors.len() < 2 {
        return 0;
    }
    let components = components(&factors);
    let rows = cells[with_intercept[0]].len();
    let mut apart = 0;
    for row in 0..rows {
        let homes = with_intercept.iter().zip(&components);
        let mut homes = homes.filter_map(|(&b, own)| cells[b][row].map(|level| own[level as usize]));
        let first = homes.next();
        if homes.any(|home| Some(home) != first) {
            apart += 1;
            cells[with_intercept[0]][row] = None;
        }
    }
    apart
}
