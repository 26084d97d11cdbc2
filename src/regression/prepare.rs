//! Steps that all models of the room take before and after their own numerics.

use ndarray::Array2;

use super::fit::Estimate;
use super::least_squares::Independent;
use super::problem::{Problem, Pruned, Pruning};
use super::sample::{Sample, WeightKind};
use crate::data::Dropped;
use crate::error::{Error, Result};

/// Why a row is left out whose level has no other outcome than zero.
pub(super) const ALL_ZERO: &str = "in a level whose outcomes are all zero";

/// Rows left out so far: for missing values, by the effects, by separation.
pub(super) fn dropped(sample: &Sample, pruned: &Pruned, separated: &[usize]) -> Vec<Dropped> {
    let mut all = sample.dropped.clone();
    let causes = [
        (&pruned.zeros[..], ALL_ZERO),
        (separated, "separated"),
        (&pruned.singletons[..], "alone in a level"),
    ];
    for (rows, cause) in causes {
        if let Some(&first) = rows.first() {
            let (count, first_row) = (rows.len(), sample.origin[first]);
            all.push(Dropped { cause: cause.to_owned(), count, first_row });
        }
    }
    all
}

/// What a sentence says of the columns beside outcome and regressors.
pub(super) fn beside(sample: &Sample) -> String {
    let mut words = String::new();
    for (what, named) in [("exposure", &sample.exposure), ("offset", &sample.offset)] {
        if let Some(named) = named {
            words += &format!(", {what} {}", named.name);
        }
    }
    if let Some((weights, _)) = &sample.weights {
        words += &format!(", weights {}", weights.name);
    }
    words
}

/// The start of a linear model.
pub(super) struct Linear {
    pub(super) problem: Problem,
    pub(super) dropped: Vec<Dropped>,
    /// Centre and scale of the outcome.
    pub(super) scale: (f64, f64),
}

/// Takes a checked sample to the problem of a linear model, which knows no exposure.
pub(super) fn linear(sample: &Sample, keep_singletons: bool) -> Result<Linear> {
    if sample.exposure.is_some() {
        return Err(Error::Argument {
            argument: "exposure".into(),
            value: "given".into(),
            must: "left to count models; divide the outcome by it instead".into(),
        });
    }
    let pruning = Pruning { zeros: false, ones: false, keep_singletons, excluded: &[] };
    let problem = Problem::new(sample, pruning)?;
    let dropped = dropped(sample, &problem.pruned, &[]);
    let scale = outcome_scale(sample, &problem)?;
    Ok(Linear { problem, dropped, scale })
}

/// Centre and scale of a linear model's outcome.
pub(super) fn outcome_scale(sample: &Sample, problem: &Problem) -> Result<(f64, f64)> {
    let net = |i: usize| problem.outcome[i] - problem.offset[i];
    let first = net(0);
    if (0..problem.rows()).all(|i| net(i).to_bits() == first.to_bits()) {
        let why = format!("`{}` is {first} in every row", sample.outcome_name);
        return Err(Error::NothingToEstimate { why });
    }
    let n = problem.rows() as f64;
    let middle = if problem.absorbs_constant() { (0..problem.rows()).map(net).sum::<f64>() / n } else { 0.0 };
    let square: f64 = (0..problem.rows()).map(|i| (net(i) - middle).powi(2)).sum();
    Ok((middle, (square / n).sqrt()))
}

/// A note for every regressor that depends on others; an error if none is left of some.
pub(super) fn note_collinear(
    sample: &Sample,
    problem: &Problem,
    independent: &Independent,
    notes: &mut Vec<String>,
) -> Result<()> {
    let mut own = Vec::new();
    if sample.names.is_empty() && problem.effects.is_empty() {
        return Err(Error::NothingToEstimate {
            why: "the formula has neither regressors nor effects".into(),
        });
    }
    for (column, partners) in &independent.dropped {
        let with: Vec<&str> = partners.iter().map(|&p| sample.names[p].as_str()).collect();
        let reason = if !with.is_empty() {
            format!("collinear with {}", with.join(", "))
        } else if problem.effects.is_empty() {
            "zero in every row".into()
        } else {
            let effects: Vec<&str> = sample.absorbed.iter().map(|a| a.name.as_str()).collect();
            format!("collinear with the absorbed effects ({})", effects.join(", "))
        };
        own.push(format!("{} left out: {reason}", sample.names[*column]));
    }
    if independent.kept.is_empty() && !own.is_empty() {
        return Err(Error::NothingToEstimate { why: own.join("; ") });
    }
    notes.append(&mut own);
    Ok(())
}

/// From coordinates of columns of unit scale to coefficients of the caller's columns.
pub(super) fn unscale(scale: &[f64], root: &mut Array2<f64>) {
    for (mut row, scale) in root.rows_mut().into_iter().zip(scale) {
        row /= *scale;
    }
}

/// Rows, or the sum of their frequency weights.
pub(super) fn observations(sample: &Sample, problem: &Problem) -> f64 {
    match sample.weights {
        Some((_, WeightKind::Frequency)) => problem.weights.iter().sum(),
        _ => problem.rows() as f64,
    }
}

/// The number of parameters, refused unless there are more observations.
pub(super) fn enough_rows(sample: &Sample, problem: &Problem, estimate: &Estimate) -> Result<usize> {
    let blocks = || problem.effects.iter().map(|e| &e.block);
    let all = estimate.names.len() + blocks().map(super::absorb::Block::coefficients).sum::<usize>();
    let least = all - estimate.redundant;
    if estimate.observations <= least as f64 {
        return Err(Error::TooShort {
            what: format!("a model of `{}` with {least} parameters", sample.outcome_name),
            needed: least + 1,
            found: estimate.observations as usize,
        });
    }
    Ok(all - blocks().filter(|b| b.intercept).count().saturating_sub(1))
}

/// Whether some regressor is a constant other than zero.
pub(super) fn has_constant(sample: &Sample, problem: &Problem) -> bool {
    sample.x.columns().into_iter().any(|x| {
        let first = x[problem.kept[0]];
        first != 0.0 && problem.kept.iter().all(|&row| x[row].to_bits() == first.to_bits())
    })
}
