//! From a specification and data to a fit of two parts.

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView2, Axis, CowArray};

use super::climb::Rows;
use super::fit::{Shared, TwoPartFit, Zeros};
use super::look::Look;
use super::parts::{CountFamily, Kind};
use crate::data::{Dropped, Source};
use crate::error::{Error, Result};
use crate::linalg::Cholesky;
use crate::regression::absorb::{Absorber, Values};
use crate::regression::irls::Limits;
use crate::regression::least_squares::{independent, invert_upper};
use crate::regression::likelihood::Cell;
use crate::regression::sample::{Sample, WeightKind};
use crate::regression::settings::Settings;

/// What a specification was told.
pub(super) struct Told<'a> {
    pub(super) kind: Kind,
    pub(super) family: CountFamily,
    pub(super) settings: &'a Settings,
    pub(super) limits: Limits,
}

impl Told<'_> {
    pub(super) fn fit(&self, formula: &str, zeros: Option<&str>, data: &dyn Source) -> Result<TwoPartFit> {
        let drawn = self.settings.draw(formula, data, true)?;
        pooled(&drawn.sample, drawn.origin.formula.text())?;
        let Some(terms) = zeros else {
            let (names, x) = (drawn.sample.names.clone(), drawn.sample.x.clone());
            let origin = Zeros { terms: drawn.origin.terms.clone(), counts: drawn.origin };
            let words = "the same regressors".to_owned();
            return self.settle(drawn.sample, (names, x, words), Some(origin), drawn.notes);
        };
        let terms = terms.trim().trim_start_matches('~').trim();
        let other =
            self.settings.draw(&format!("{} ~ {terms}", drawn.origin.formula.outcome()), data, true)?;
        pooled(&other.sample, terms)?;
        let mut sample = drawn.sample;
        let known = |rows: &[usize], row: &usize| rows.binary_search(row).ok();
        let both: Vec<(usize, usize)> = (0..sample.rows())
            .filter_map(|at| known(&other.sample.origin, &sample.origin[at]).map(|there| (at, there)))
            .collect();
        let mut dropped = sample.dropped.clone();
        if let Some(first) = sample.origin.iter().find(|row| known(&other.sample.origin, row).is_none()) {
            let (count, first_row) = (sample.rows() - both.len(), *first);
            dropped.push(Dropped { cause: "missing regressors of zeros".into(), count, first_row });
        }
        let (here, there): (Vec<usize>, Vec<usize>) = both.into_iter().unzip();
        sample = sample.take(&here);
        sample.dropped = dropped;
        let z = other.sample.x.select(Axis(0), &there);
        let origin = Zeros { counts: drawn.origin, terms: other.origin.terms };
        self.settle(sample, (other.sample.names, z, terms.to_owned()), Some(origin), drawn.notes)
    }

    pub(super) fn fit_arrays<S: AsRef<str>>(
        &self,
        sample: Sample,
        names: &[S],
        zeros: Array2<f64>,
    ) -> Result<TwoPartFit> {
        pooled(&sample, "the sample")?;
        for (what, expected, found) in [
            ("regressors of zeros", sample.rows(), zeros.nrows()),
            ("names of regressors of zeros", zeros.ncols(), names.len()),
        ] {
            if expected != found {
                let (expected, found) = (expected.to_string(), found.to_string());
                return Err(Error::Shape { what: what.into(), expected, found });
            }
        }
        let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
        let words = names.join(" + ");
        self.settle(sample, (names, zeros, words), None, Vec::new())
    }

    fn settle(
        &self,
        sample: Sample,
        (names, z, zeros): (Vec<String>, Array2<f64>, String),
        origin: Option<Zeros>,
        mut notes: Vec<String>,
    ) -> Result<TwoPartFit> {
        self.limits.check()?;
        if let Some((code, _)) = &self.settings.accepted {
            let must = "left out: clusters of a regression of two parts are not diagnosed".into();
            return Err(Error::Argument { argument: "accept".into(), value: code.clone(), must });
        }
        check(&sample, &names, z.view())?;
        let (sample, z) = ordered(sample, &z);
        let cells = cells(&sample);
        let weights =
            sample.weights.as_ref().map_or_else(|| vec![1.0; cells.len()], |(w, _)| w.values.clone());
        // Zeros say nothing of the counts of a hurdle.
        let counted: Vec<f64> = match self.kind {
            Kind::Inflated => weights.clone(),
            Kind::Hurdle => {
                weights.iter().zip(&cells).map(|(w, c)| if c.hi > 0.0 { *w } else { 0.0 }).collect()
            }
        };
        let x = Columns::new(sample.x.view(), &sample.names, &counted, "count", &mut notes)?;
        let z = Columns::new(z.view(), &names, &weights, "zero", &mut notes)?;
        let observations = match sample.weights {
            Some((_, WeightKind::Frequency)) => weights.iter().sum(),
            _ => cells.len() as f64,
        };
        let (names, scale) = ([x.names, z.names].concat(), [x.scale, z.scale].concat());
        let needed = names.len() + 1 + usize::from(self.family == CountFamily::NegativeBinomial);
        if observations < needed as f64 {
            let what = format!("a model of `{}` with {} parameters", sample.outcome_name, needed - 1);
            return Err(Error::TooShort { what, needed, found: observations as usize });
        }
        let offset = (0..cells.len()).map(|row| sample.linear_offset(row)).collect();
        let rows = Rows { kind: self.kind, x: x.values, z: z.values, offset, cells, weights };
        let summit = rows.climb(self.family, self.limits)?;
        if self.family == CountFamily::NegativeBinomial && summit.alpha == 0.0 {
            notes.push("the likelihood falls as α grows from 0: the counts are Poisson's".into());
        }
        if let Some(step) = summit.unfinished {
            notes.push(format!(
                "did not converge in {} iterations (last step {step:.1e}): the coefficients are not the maximum",
                summit.iterations
            ));
        }
        let root = match Cholesky::new(summit.information.view(), "the information at the maximum") {
            Ok(information) => invert_upper(&information.lower().t().to_owned()),
            Err(_) => return Err(rows.lost(summit.iterations, f64::NAN)),
        };
        if rows.spread(&root) > ENDLESS {
            return Err(rows.lost(summit.iterations, f64::NAN));
        }
        let mut root = root;
        let scores = summit.scores.dot(&root);
        for (mut row, scale) in root.rows_mut().into_iter().zip(&scale) {
            row /= *scale;
        }
        let coefficients: Array1<f64> = summit.parameters.iter().zip(&scale).map(|(b, s)| b / s).collect();
        let linear = rows.linear(&summit.parameters);
        let mut places: Vec<usize> = (0..sample.rows()).collect();
        places.sort_unstable_by_key(|&place| sample.origin[place]);
        let dropped = sample.dropped.clone();
        let shared = Shared {
            kind: self.kind,
            family: self.family,
            origin,
            sample,
            rows,
            kept: [x.kept, z.kept],
            places,
            names,
            zeros,
            coefficients,
            summit,
            linear,
            root,
            scores,
            observations,
            dropped,
            notes,
        };
        let shared = Arc::new(shared);
        let (covariance, convention) = (self.settings.covariance.clone(), self.settings.small_sample);
        let look = Arc::new(Look::new(&shared, covariance, convention, None)?);
        Ok(TwoPartFit { shared, look })
    }
}

/// Rows in an order made of what they hold, so that theirs changes no bit.
fn ordered(mut sample: Sample, z: &Array2<f64>) -> (Sample, Array2<f64>) {
    let rows: Vec<usize> = (0..sample.rows()).collect();
    let mut columns = sample.columns();
    columns.extend(z.columns().into_iter().map(CowArray::from));
    let absorber = Absorber::new(&[], rows.len(), &Values::new(columns, &rows));
    let order: Vec<usize> = rows.iter().map(|&place| absorber.row(place)).collect();
    let dropped = std::mem::take(&mut sample.dropped);
    let mut sorted = sample.take(&order);
    sorted.dropped = dropped;
    (sorted, z.select(Axis(0), &order))
}

/// A linear predictor with a larger standard error than this has run to infinity until its information was nothing.
const ENDLESS: f64 = 1e4;

/// Refuses absorbed effects.
fn pooled(sample: &Sample, text: &str) -> Result<()> {
    if sample.absorbed.is_empty() {
        return Ok(());
    }
    let effects: Vec<&str> = sample.absorbed.iter().map(|a| a.name.as_str()).collect();
    Err(Error::Argument {
        argument: "formula".into(),
        value: format!("`{text}` with the absorbed effects {}", effects.join(", ")),
        must: "without: with a level for every unit neither part is estimated consistently. Add the means of the \
               regressors by unit instead (Mundlak 1978), or take Poisson or NegativeBinomial"
            .into(),
    })
}

/// Refuses what is no sample of counts with zeros among them.
fn check(sample: &Sample, names: &[String], z: ArrayView2<'_, f64>) -> Result<()> {
    sample.check_counts()?;
    for (name, column) in names.iter().zip(z.columns()) {
        if let Some((row, value)) = column.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            let (row, value) = (sample.origin[row], value.to_string());
            return Err(Error::Domain { what: name.clone(), row, value, must: "a finite number".into() });
        }
    }
    let broken = |row: &usize| sample.is_exact(*row) && sample.outcome[*row].fract() != 0.0;
    if let Some(row) = (0..sample.rows()).find(broken) {
        let must = "a whole number: two parts are told from each other by probabilities of counts".into();
        let (what, value) = (sample.outcome_name.clone(), sample.outcome[row].to_string());
        return Err(Error::Domain { what, row: sample.origin[row], value, must });
    }
    if (0..sample.rows()).all(|row| sample.least(row) > 0.0) {
        let why = format!("`{}` is nowhere zero: there is no binary part", sample.outcome_name);
        return Err(Error::NothingToEstimate { why });
    }
    Ok(())
}

fn cells(sample: &Sample) -> Vec<Cell> {
    match &sample.bounds {
        Some(bounds) => bounds.iter().map(|&(lo, hi)| Cell { lo, hi }).collect(),
        None => sample.outcome.iter().map(|&y| Cell::exact(y)).collect(),
    }
}

/// The independent columns of a part, of unit scale.
struct Columns {
    values: Array2<f64>,
    kept: Vec<usize>,
    scale: Vec<f64>,
    names: Vec<String>,
}

impl Columns {
    fn new(
        given: ArrayView2<'_, f64>,
        names: &[String],
        weights: &[f64],
        part: &str,
        notes: &mut Vec<String>,
    ) -> Result<Self> {
        let mut values = given.to_owned();
        let total: f64 = weights.iter().sum();
        let mut scale = Vec::with_capacity(values.ncols());
        for mut column in values.columns_mut() {
            let square: f64 = column.iter().zip(weights).map(|(v, w)| w * v * v).sum();
            let own = if square > 0.0 { (square / total).sqrt() } else { 1.0 };
            column /= own;
            scale.push(own);
        }
        let found = independent(values.view(), weights);
        for (column, partners) in &found.dropped {
            let with: Vec<&str> = partners.iter().map(|&p| names[p].as_str()).collect();
            let reason = if with.is_empty() {
                "zero in every row".into()
            } else {
                format!("collinear with {}", with.join(", "))
            };
            notes.push(format!("{part}: {} left out: {reason}", names[*column]));
        }
        if found.kept.is_empty() {
            return Err(Error::NothingToEstimate { why: format!("the {part} part has no regressors") });
        }
        Ok(Self {
            values: values.select(Axis(1), &found.kept),
            scale: found.kept.iter().map(|&j| scale[j]).collect(),
            names: found.kept.iter().map(|&j| format!("{part}: {}", names[j])).collect(),
            kept: found.kept,
        })
    }
}
