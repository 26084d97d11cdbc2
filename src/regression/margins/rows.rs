//! The fitted rows as they are, or with some columns set to something else, and their groups.

use ndarray::{Array2, Axis};

use super::Margins;
use super::delta::Gradient;
use crate::data::{Column, Factor, Frame, Source, Terms, TimeIndex, Used, reads};
use crate::error::{Error, Result};
use crate::inference::Estimates;
use crate::regression::fit::{Fit, Model};
use crate::regression::inference::ordered;
use crate::regression::settings::Origin;

/// What a column is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// The same number in every row.
    Number(f64),
    /// The same level in every row.
    Level(String),
    /// A number for every row of the data.
    Path(Vec<f64>),
}

/// The data of a fit with some columns replaced; unit and time stay.
struct Changed<'a> {
    frame: Frame,
    index: Option<&'a TimeIndex>,
    time: Option<&'a str>,
}

impl Source for Changed<'_> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn index(&self) -> Option<&TimeIndex> {
        self.index
    }

    fn time(&self) -> Option<&str> {
        self.time
    }
}

/// Groups of fitted rows, and the share of each row in its group's average or sum.
pub(super) struct Groups {
    pub(super) codes: Vec<u32>,
    /// Empty without groups.
    pub(super) labels: Vec<String>,
    pub(super) shares: Vec<f64>,
}

impl Groups {
    pub(super) fn count(&self) -> usize {
        self.labels.len().max(1)
    }
}

/// A quantity row by row: its value, its derivative along the linear predictor, and along the coefficients.
pub(super) struct Pieces {
    pub(super) value: Vec<f64>,
    /// Empty if it does not depend on the effects.
    pub(super) linear: Vec<f64>,
    /// Gradients along the coefficients: numbers times rows of a matrix, added up.
    pub(super) terms: Vec<(Vec<f64>, Array2<f64>)>,
}

/// The columns that the regressors are made of.
pub(super) fn used(origin: &Origin) -> Vec<Used> {
    let mut used = origin.terms.used();
    for more in origin.endogenous.iter().flat_map(Terms::used) {
        if !used.iter().any(|known| known.column == more.column) {
            used.push(more);
        }
    }
    used
}

/// Refuses columns that are no regressors, and those that play another part as well.
pub(super) fn check_moves(origin: &Origin, column: &str) -> Result<()> {
    let used = used(origin);
    if !used.iter().any(|u| u.column == column) {
        return Err(Error::unknown_column(column, used.iter().map(|u| u.column.as_str())));
    }
    let other = if origin.effects.uses(column) {
        "the absorbed effects"
    } else if origin.exposure.iter().chain(&origin.offset).any(|text| reads(&origin.frame, text, column)) {
        "the exposure or offset"
    } else {
        return Ok(());
    };
    Err(Error::Argument {
        argument: "variable".into(),
        value: format!("`{column}`"),
        must: format!("a regressor only; it is part of {other} as well"),
    })
}

impl<M: Model> Fit<M> {
    pub(super) fn origin(&self) -> Result<&Origin> {
        self.shared.origin.as_ref().ok_or_else(|| Error::Argument {
            argument: "fit".into(),
            value: "made from arrays".into(),
            must: "made from a formula: what a column does must be known".into(),
        })
    }

    /// A column of numbers of the data that the fit was made from, all rows.
    ///
    /// # Errors
    /// [`Error::Argument`] for a fit to arrays; [`Error::UnknownColumn`]; [`Error::ColumnKind`].
    pub fn column_given(&self, name: &str) -> Result<Vec<f64>> {
        Ok(self.origin()?.frame.number(name)?.to_vec())
    }

    /// The rows of the caller's data behind the fitted rows, in fitting order.
    pub(super) fn places(&self) -> Vec<usize> {
        let (sample, problem) = (&self.shared.sample, &self.shared.problem);
        (0..problem.rows()).map(|p| sample.origin[problem.kept[problem.absorber.row(p)]]).collect()
    }

    /// The regressors of the fitted rows, in fitting order, with columns set to something else.
    pub(super) fn regressors(&self, set: &[(String, Setting)]) -> Result<Array2<f64>> {
        self.evaluate(set, None)
    }

    /// Their derivatives along a column.
    pub(super) fn derivatives(&self, set: &[(String, Setting)], column: &str) -> Result<Array2<f64>> {
        self.evaluate(set, Some(column))
    }

    fn evaluate(&self, set: &[(String, Setting)], along: Option<&str>) -> Result<Array2<f64>> {
        let origin = self.origin()?;
        let mut frame = origin.frame.clone();
        let rows = frame.rows();
        for (column, setting) in set {
            check_moves(origin, column)?;
            let made = match setting {
                Setting::Number(value) => Column::Number(vec![*value; rows]),
                Setting::Path(values) => Column::Number(values.clone()),
                Setting::Level(level) => {
                    Column::Factor(Factor::from_codes(vec![0; rows], vec![level.clone()]))
                }
            };
            frame = frame.with_column(column, made)?;
        }
        let places = self.places();
        let mut asked = vec![false; rows];
        places.iter().for_each(|&row| asked[row] = true);
        let source = Changed { frame, index: origin.index.as_ref(), time: origin.time.as_deref() };
        let make = |terms: &Terms| match along {
            None => terms.matrix_where(&source, |row| asked[row]),
            Some(column) => terms.derivative(&source, column, |row| asked[row]),
        };
        let mut all = make(&origin.terms)?;
        if let Some(endogenous) = &origin.endogenous {
            all = ndarray::concatenate![Axis(1), all, make(endogenous)?];
        }
        let x = all.select(Axis(0), &places).select(Axis(1), &self.shared.estimate.columns);
        match x.rows().into_iter().position(|row| row.iter().any(|v| !v.is_finite())) {
            None => Ok(x),
            Some(place) => Err(Error::Domain {
                what: along
                    .map_or_else(|| "the regressors as set".into(), |c| format!("the slope along {c}")),
                row: places[place],
                value: "no finite number".into(),
                must: "finite in every fitted row".into(),
            }),
        }
    }

    /// Groups by columns of the data, looked for in `more` first, with shares in averages (weighted as the fit is) or in sums (by repeats).
    pub(super) fn grouped(&self, by: &[String], more: Option<&Frame>, sums: bool) -> Result<Groups> {
        let shared = &self.shared;
        let (codes, labels) = ordered(shared, by, more)?;
        let labels: Vec<String> =
            if by.is_empty() { Vec::new() } else { labels.iter().map(|l| l.join(", ")).collect() };
        let mut shares = match (sums, shared.repeats()) {
            (true, None) => vec![1.0; codes.len()],
            (true, Some(repeats)) => repeats.to_vec(),
            (false, _) => shared.problem.weights.clone(),
        };
        if !sums {
            let mut total = vec![0.0; labels.len().max(1)];
            codes.iter().zip(&shares).for_each(|(&g, w)| total[g as usize] += w);
            codes.iter().zip(&mut shares).for_each(|(&g, w)| *w /= total[g as usize]);
        }
        Ok(Groups { codes, labels, shares })
    }

    /// Adds up rows to one estimate and gradient a group. With `item`, rows stand for an entry of the pieces each.
    pub(super) fn gather(
        &self,
        pieces: &Pieces,
        groups: &Groups,
        item: impl Fn(usize) -> usize,
    ) -> Vec<(f64, Gradient)> {
        let (n, k) = (groups.codes.len(), self.shared.estimate.names.len());
        let effects = if pieces.linear.is_empty() { 0 } else { n };
        let zero =
            || (0.0, Gradient { coefficients: ndarray::Array1::zeros(k), effects: vec![0.0; effects] });
        let mut sums: Vec<(f64, Gradient)> = (0..groups.count()).map(|_| zero()).collect();
        for (place, (&group, share)) in groups.codes.iter().zip(&groups.shares).enumerate() {
            let (value, gradient) = &mut sums[group as usize];
            let i = item(place);
            *value += share * pieces.value[i];
            for (numbers, matrix) in &pieces.terms {
                gradient.coefficients.scaled_add(share * numbers[i], &matrix.row(i));
            }
            if effects > 0 {
                gradient.effects[place] = share * pieces.linear[i];
            }
        }
        sums
    }

    /// Why a quantity with this variance is not tested, if more than half of it is of coefficients that are not.
    fn rests_on_refused(&self, gradient: &Gradient, variance: f64) -> Option<Error> {
        let kept = |(j, g): (usize, &f64)| if self.refuses(j) { *g } else { 0.0 };
        let part: ndarray::Array1<f64> = gradient.coefficients.iter().enumerate().map(kept).collect();
        let share = part.dot(&self.covariance().dot(&part));
        if share > 0.5 * variance { self.refused(&part.to_vec()) } else { None }
    }

    /// Quantities with their covariance, one a term and group.
    pub(super) fn margins(
        &self,
        title: String,
        found: Vec<(String, Vec<(f64, Gradient)>)>,
        groups: &Groups,
    ) -> Result<Margins> {
        let mut made = Margins {
            title,
            names: Vec::new(),
            terms: Vec::new(),
            groups: Vec::new(),
            estimates: ndarray::Array1::zeros(0),
            covariance: Array2::zeros((0, 0)),
            degrees: self.degrees_of_freedom(),
            refused: Vec::new(),
            notes: Vec::new(),
        };
        let (mut estimates, mut gradients) = (Vec::new(), Vec::new());
        for (term, quantities) in found {
            for (group, (value, gradient)) in quantities.into_iter().enumerate() {
                let label = groups.labels.get(group);
                made.names.push(label.map_or_else(|| term.clone(), |label| format!("{term} | {label}")));
                made.groups.extend(label.cloned());
                made.terms.push(term.clone());
                estimates.push(value);
                gradients.push(gradient);
            }
        }
        made.covariance = self.delta(&gradients, &mut made.notes)?;
        made.estimates = estimates.into();
        let own = made.covariance.diag().to_vec();
        made.refused = gradients.iter().zip(own).map(|(g, v)| self.rests_on_refused(g, v)).collect();
        if let Some(why) = made.refused.iter().flatten().next() {
            made.notes.push(why.to_string());
        }
        Ok(made)
    }
}
