//! What covariances by leverage and by leaving out clusters need of a fit: inflated scores, refits, degrees of freedom.
//!
//! Everything is worked out in the coordinates of the weighted projection that the fit ended with: that of the model
//! itself for least squares, of the last Newton step for counts. There CR3 is the jackknife by one Newton step.

use ndarray::{Array1, Array2};

use super::fit::{Model, Shared};
use super::inference::Grouped;
use crate::error::{Error, Result};
use crate::inference::covariance::{
    ClusterKind, Estimated, FewClusters, Leverage, Reduced, Satterthwaite, Working, jackknife, reduce,
};
use crate::inference::{Covariance, Reference, SmallSample};

/// What takes the place of parts of a fit under some covariance.
#[derive(Default, Clone)]
pub(super) struct Adjusted {
    /// What regressors are multiplied by in the scores.
    pub(super) pull: Option<Array1<f64>>,
    /// The covariance, where it comes from refits.
    pub(super) matrix: Option<Array2<f64>>,
    /// Where every combination of coefficients has degrees of freedom of its own.
    pub(super) satterthwaite: Option<Satterthwaite>,
    /// The smallest and the largest of the coefficients'.
    pub(super) span: Option<(f64, f64)>,
    /// Coefficients that have no standard error.
    pub(super) undetermined: Vec<usize>,
    pub(super) notes: Vec<String>,
}

impl Adjusted {
    pub(super) fn new<M: Model>(
        shared: &Shared<M>,
        covariance: &Covariance,
        grouped: &Grouped,
        convention: SmallSample,
    ) -> Result<Self> {
        match covariance {
            Covariance::Leveraged(kind) => Self::rows(shared, *kind),
            Covariance::FewClusters(few) => Self::clusters(shared, few, grouped, convention),
            _ => Ok(Self::default()),
        }
    }

    fn rows<M: Model>(shared: &Shared<M>, kind: Leverage) -> Result<Self> {
        let mut leverages = leverages(shared)?;
        if let Some(repeats) = shared.repeats() {
            // Every one of equal rows has its share.
            leverages.iter_mut().zip(repeats).for_each(|(h, r)| *h /= r);
        }
        let pull = kind.inflate(shared.estimate.pull.view(), &leverages);
        let whole = leverages.iter().filter(|&&h| h > 1.0 - 1e-9).count();
        let mut notes = Vec::new();
        if whole > 0 {
            notes.push(format!(
                "{whole} rows have leverage 1: they are fitted exactly, and add nothing to the standard errors"
            ));
        }
        Ok(Self { pull: Some(pull), notes, ..Self::default() })
    }

    fn clusters<M: Model>(
        shared: &Shared<M>,
        few: &FewClusters,
        grouped: &Grouped,
        convention: SmallSample,
    ) -> Result<Self> {
        let (codes, groups) = &grouped.grouping[0];
        if *groups < 2 {
            let what = format!("clusters of `{}`", few.column);
            return Err(Error::TooShort { what, needed: 2, found: *groups });
        }
        if few.kind == ClusterKind::Jackknife && M::REFITS && !M::HAS_LEVERAGE {
            let scale = few.scale(*groups, convention.factor(&grouped.counts(shared)));
            return Ok(Self { matrix: refits(shared, few, codes, *groups, scale)?, ..Self::default() });
        }
        check::<M>()?;
        let estimate = &shared.estimate;
        let Reduced { pull, satterthwaite, decisive } =
            reduced(shared, codes, *groups, few.kind != ClusterKind::Cr2)?;
        let mut undetermined: Vec<usize> = Vec::new();
        for (_, direction) in &decisive {
            undetermined.extend(told_by(shared, direction));
        }
        undetermined.sort_unstable();
        undetermined.dedup();
        let mut notes = Vec::new();
        if let Some((cluster, _)) = decisive.first() {
            let first = codes.iter().position(|&c| c as usize == *cluster).unwrap_or(0);
            let row = shared.sample.origin[shared.problem.kept[shared.problem.absorber.row(first)]];
            let names: Vec<&str> = undetermined.iter().map(|&j| estimate.names[j].as_str()).collect();
            let why = format!(
                "no standard error for {}: only one cluster of {} tells about it (that of row {row}); leaving it out \
                 leaves nothing to estimate, and randomisation inference is what remains",
                names.join(", "),
                few.column
            );
            if undetermined.len() == estimate.names.len() {
                return Err(Error::NothingToEstimate { why });
            }
            notes.push(why);
        }
        let matrix = match few.kind {
            ClusterKind::Jackknife => {
                let scale = few.scale(*groups, convention.factor(&grouped.counts(shared)));
                refits(shared, few, codes, *groups, scale)?
            }
            ClusterKind::Cr2 | ClusterKind::Cr3 => None,
        };
        let span = satterthwaite.as_ref().map(|own| {
            let known = (0..estimate.names.len()).filter(|j| !undetermined.contains(j));
            let degrees = known.map(|j| own.degrees(estimate.ortho.root.row(j)));
            degrees.fold((f64::INFINITY, 0.0_f64), |(least, most), d| (least.min(d), most.max(d)))
        });
        Ok(Self { pull: Some(pull), matrix, satterthwaite, span, undetermined, notes })
    }

    /// Puts what is adjusted in the place of what the sandwich gave.
    pub(super) fn enter(
        &self,
        covariance: &Covariance,
        grouped: &Grouped,
        convention: SmallSample,
        estimated: &mut Estimated,
    ) {
        if let Some(matrix) = &self.matrix {
            estimated.matrix.clone_from(matrix);
        }
        for &j in &self.undetermined {
            estimated.matrix.row_mut(j).fill(f64::NAN);
            estimated.matrix.column_mut(j).fill(f64::NAN);
        }
        if matches!(covariance, Covariance::FewClusters(_)) {
            // Also for counts: with few clusters the normal is far off.
            estimated.degrees = match (self.span, convention.reference) {
                (Some((least, _)), _) => least,
                (None, Reference::Normal | Reference::NormalIfRobust) => f64::INFINITY,
                (None, _) => grouped.grouping[0].1 as f64 - 1.0,
            };
        }
    }
}

/// Scores with the leverage of their clusters taken into account, under CR3 (`whole`) or CR2.
fn reduced<M>(shared: &Shared<M>, codes: &[u32], groups: usize, whole: bool) -> Result<Reduced> {
    let coordinates = shared.problem.absorber.coordinates()?;
    let work: f64 = shared.problem.rows() as f64 * (coordinates.rank() as f64).min(1e3).powi(2);
    if work > MOST_WORK {
        return Err(Error::Argument {
            argument: "covariance".into(),
            value: "one that needs leverages of clusters".into(),
            must: "one for many clusters: the rows and effects are too many for them".into(),
        });
    }
    let working = Working {
        x: shared.estimate.ortho.basis.view(),
        pull: shared.estimate.pull.view(),
        weights: shared.problem.absorber.weights(),
        effects: &|rows| coordinates.of(rows),
    };
    reduce(&working, codes, groups, whole)
}

/// The estimates without each cluster, clusters by coefficients: exact for least squares, by one Newton step for counts;
/// NaN for coefficients that only the cluster tells about.
pub(super) fn without_clusters<M>(shared: &Shared<M>, codes: &[u32], groups: usize) -> Result<Array2<f64>> {
    let found = reduced(shared, codes, groups, true)?;
    let estimate = &shared.estimate;
    let mut scores: Array2<f64> = Array2::zeros((groups, estimate.names.len()));
    for ((z, u), &g) in estimate.ortho.basis.rows().into_iter().zip(&found.pull).zip(codes) {
        scores.row_mut(g as usize).scaled_add(*u, &z);
    }
    let mut without = &estimate.coefficients - &scores.dot(&estimate.ortho.root.t());
    for (g, direction) in &found.decisive {
        told_by(shared, direction).into_iter().for_each(|j| without[[*g, j]] = f64::NAN);
    }
    Ok(without)
}

/// The degrees of freedom of every coefficient under CR2; NaN for those that only one cluster tells about.
pub(super) fn satterthwaite_degrees<M>(shared: &Shared<M>, codes: &[u32], groups: usize) -> Result<Vec<f64>> {
    let found = reduced(shared, codes, groups, false)?;
    let root = &shared.estimate.ortho.root;
    let mut degrees: Vec<f64> = match &found.satterthwaite {
        Some(own) => (0..root.nrows()).map(|j| own.degrees(root.row(j))).collect(),
        None => vec![f64::NAN; root.nrows()],
    };
    for (_, direction) in &found.decisive {
        told_by(shared, direction).into_iter().for_each(|j| degrees[j] = f64::NAN);
    }
    Ok(degrees)
}

/// Rows times squared width up to which clusters' leverages are worked out: some minutes.
const MOST_WORK: f64 = 2e12;

fn check<M: Model>() -> Result<()> {
    if M::HAS_LEVERAGE {
        return Ok(());
    }
    Err(Error::Argument {
        argument: "covariance".into(),
        value: "one that needs leverages".into(),
        must: format!(
            "one without: those of {} are not defined here{}",
            M::NAME,
            if M::REFITS { " (the cluster jackknife is there for few clusters)" } else { "" }
        ),
    })
}

/// The leverage of every row in fitting order, regressors and effects together; weights included.
pub(super) fn leverages<M: Model>(shared: &Shared<M>) -> Result<Vec<f64>> {
    check::<M>()?;
    let absorber = &shared.problem.absorber;
    let mut squares = absorber.coordinates()?.squares();
    for ((square, x), weight) in
        squares.iter_mut().zip(shared.estimate.ortho.basis.rows()).zip(absorber.weights())
    {
        *square = (weight * (*square + x.dot(&x))).min(1.0);
    }
    Ok(squares)
}

/// The coefficients that a direction in orthonormal coordinates moves.
fn told_by<M>(shared: &Shared<M>, direction: &Array1<f64>) -> Vec<usize> {
    let root = &shared.estimate.ortho.root;
    let moves = root.dot(direction);
    let size = |j: usize| root.row(j).dot(&root.row(j)).sqrt();
    (0..moves.len()).filter(|&j| moves[j].abs() > 1e-5 * size(j)).collect()
}

/// The jackknife by refits, for models that one projection does not give it for.
fn refits<M: Model>(
    shared: &Shared<M>,
    few: &FewClusters,
    codes: &[u32],
    groups: usize,
    scale: f64,
) -> Result<Option<Array2<f64>>> {
    let problem = &shared.problem;
    let estimate = &shared.estimate;
    if !M::REFITS {
        return Ok(None);
    }
    let one = |g: usize| -> Result<Array1<f64>> {
        let others = (0..codes.len()).filter(|&place| codes[place] as usize != g);
        let mut rows: Vec<usize> = others.map(|place| problem.kept[problem.absorber.row(place)]).collect();
        rows.sort_unstable();
        let found = shared.model.refit(shared.sample.take(&rows))?;
        let value = |name: &String| {
            let found = found.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
            found.ok_or_else(|| Error::NothingToEstimate {
                why: format!("without one cluster of {}, `{name}` has no estimate", few.column),
            })
        };
        estimate.names.iter().map(value).collect()
    };
    jackknife(groups, &estimate.coefficients, scale, one).map(Some)
}
