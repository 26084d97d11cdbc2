//! A linear model with instruments in orthonormal coordinates, off the absorbed effects.
//!
//! With weights `W`, `X = [X₁ Y]` the regressors (exogenous, endogenous) and `Z̄ = [X₁ Z]` the instruments, let
//! `B = XT` and `Q = Z̄S` be orthonormal: `B'WB = 1`, `Q'WQ = 1`. Everything that a model with instruments needs are the
//! coordinates `C = Q'WB` and the part that instruments do not reach, `V = B − QC`: no
//! product of the columns themselves is ever formed. The last columns of `Q` span the instruments off `X₁`.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use crate::error::{Error, Result};
use crate::regression::least_squares::{self, Independent, Orthonormal};
use crate::regression::prepare;
use crate::regression::problem::Problem;
use crate::regression::sample::Sample;

/// A model with instruments, made ready: in fitting order, columns of unit scale, the outcome in units of `size`.
#[derive(Debug, Clone)]
pub(super) struct Stages {
    pub(super) weights: Vec<f64>,
    /// The outcome off the effects.
    pub(super) outcome: Vec<f64>,
    /// What the outcome was divided by.
    pub(super) size: f64,
    /// `B`.
    pub(super) basis: Array2<f64>,
    /// `T`.
    pub(super) root: Array2<f64>,
    /// `Q`.
    pub(super) instruments: Array2<f64>,
    /// `C`.
    pub(super) reached: Array2<f64>,
    /// `V`.
    pub(super) unreached: Array2<f64>,
    pub(super) exogenous: usize,
    pub(super) endogenous_names: Vec<String>,
    pub(super) instrument_names: Vec<String>,
}

/// Which columns of a sample are regressors and which instruments, after leaving out those that depend on others.
pub(super) struct Roles {
    /// Places of the regressors kept.
    pub(super) regressors: Vec<usize>,
    /// How many of these are exogenous.
    pub(super) exogenous: usize,
    /// Places of the instruments kept, those outside the equation only.
    pub(super) instruments: Vec<usize>,
}

impl Roles {
    /// Sorts the demeaned columns of a problem, with a note for each that is left out.
    pub(super) fn find(
        sample: &Sample,
        problem: &Problem,
        weights: &[f64],
        notes: &mut Vec<String>,
    ) -> Result<Self> {
        let (k, inside) = (sample.exogenous(), sample.exogenous() + sample.endogenous);
        let columns = problem.columns.slice(s![.., 1..]);
        let found = least_squares::independent(columns.slice(s![.., ..inside]), weights);
        prepare::note_collinear(sample, problem, &found, notes)?;
        let exogenous: Vec<usize> = found.kept.iter().copied().filter(|&j| j < k).collect();
        let all: Vec<usize> = exogenous.iter().copied().chain(inside..sample.x.ncols()).collect();
        let outside = least_squares::independent(columns.select(Axis(1), &all).view(), weights);
        for (place, partners) in &outside.dropped {
            let with: Vec<&str> = partners.iter().map(|&p| sample.names[all[p]].as_str()).collect();
            let reason = match (with.is_empty(), problem.effects.is_empty()) {
                (false, _) => format!("collinear with {}", with.join(", ")),
                (true, true) => "zero in every row".into(),
                (true, false) => "collinear with the absorbed effects".into(),
            };
            notes.push(format!("instrument {} left out: {reason}", sample.names[all[*place]]));
        }
        let instruments = outside.kept.iter().map(|&p| all[p]).filter(|&j| j >= inside).collect();
        Ok(Self { exogenous: exogenous.len(), regressors: found.kept, instruments })
    }

    pub(super) fn endogenous(&self) -> usize {
        self.regressors.len() - self.exogenous
    }

    fn names(sample: &Sample, places: &[usize]) -> Vec<String> {
        places.iter().map(|&j| sample.names[j].clone()).collect()
    }

    pub(super) fn endogenous_names(&self, sample: &Sample) -> Vec<String> {
        Self::names(sample, &self.regressors[self.exogenous..])
    }

    pub(super) fn instrument_names(&self, sample: &Sample) -> Vec<String> {
        Self::names(sample, &self.instruments)
    }

    /// Refuses fewer instruments than endogenous regressors.
    pub(super) fn check_order(&self, sample: &Sample) -> Result<()> {
        let (m, l) = (self.endogenous(), self.instruments.len());
        if m == 0 {
            let names = &sample.names[sample.exogenous()..sample.exogenous() + sample.endogenous];
            let why = format!("of the endogenous {} nothing is left", names.join(", "));
            return Err(Error::NothingToEstimate { why });
        }
        if l >= m {
            return Ok(());
        }
        Err(Error::NotIdentified {
            endogenous: self.endogenous_names(sample),
            instruments: self.instrument_names(sample),
            why: format!("{m} endogenous need at least {m} instruments, {l} are left"),
        })
    }
}

impl Stages {
    /// Takes the demeaned columns of a problem apart; its outcome is divided by `size`.
    pub(super) fn new(sample: &Sample, problem: &Problem, roles: &Roles, size: f64) -> Result<Self> {
        roles.check_order(sample)?;
        let weights = problem.weights.clone();
        let place = |places: &[usize]| places.iter().map(|j| j + 1).collect::<Vec<_>>();
        let columns = |places: &[usize]| problem.columns.select(Axis(1), &place(places));
        let x = columns(&roles.regressors);
        let exogenous = &roles.regressors[..roles.exogenous];
        let outside = [exogenous, &roles.instruments].concat();
        let Orthonormal { basis, root } = Orthonormal::new(x.view(), &weights);
        let instruments = Orthonormal::new(columns(&outside).view(), &weights);
        let (reached, unreached) = project_all(&instruments, &weights, basis.view());
        let outcome = problem.columns.column(0).to_vec();
        let made = Self {
            outcome,
            size,
            basis,
            root,
            instruments: instruments.basis,
            reached,
            unreached,
            exogenous: roles.exogenous,
            endogenous_names: roles.endogenous_names(sample),
            instrument_names: roles.instrument_names(sample),
            weights,
        };
        made.check_rank()?;
        Ok(made)
    }

    /// Refuses instruments that do not reach some combination of the endogenous regressors.
    fn check_rank(&self) -> Result<()> {
        let own = self.reached.slice(s![self.exogenous.., ..]);
        let ones = vec![1.0; own.nrows()];
        // In the coordinates of B the exogenous columns come first and are reached whole.
        let part = own.slice(s![.., self.exogenous..]);
        let Independent { kept, .. } = least_squares::independent(part, &ones);
        let lost: Vec<String> = (0..part.ncols())
            .filter(|j| !kept.contains(j))
            .map(|j| self.endogenous_names[j].clone())
            .collect();
        if lost.is_empty() {
            return Ok(());
        }
        Err(Error::NotIdentified {
            why: format!(
                "the instruments tell nothing of {} that they do not tell of the rest",
                lost.join(", ")
            ),
            endogenous: self.endogenous_names.clone(),
            instruments: self.instrument_names.clone(),
        })
    }

    pub(super) fn regressors(&self) -> usize {
        self.basis.ncols()
    }

    /// How many instruments there are beyond one for each endogenous regressor.
    pub(super) fn overidentified(&self) -> usize {
        self.instruments.ncols() - self.regressors()
    }

    /// The instruments off the exogenous regressors, orthonormal.
    pub(super) fn excluded(&self) -> ArrayView2<'_, f64> {
        self.instruments.slice(s![.., self.exogenous..])
    }

    /// `y − Bb`.
    pub(super) fn residual(&self, coordinates: &Array1<f64>) -> Vec<f64> {
        let fitted = self.basis.dot(coordinates);
        self.outcome.iter().zip(&fitted).map(|(y, f)| y - f).collect()
    }
}

/// Coordinates of every column on a basis, and what is left of it.
pub(super) fn project_all(
    on: &Orthonormal,
    weights: &[f64],
    columns: ArrayView2<'_, f64>,
) -> (Array2<f64>, Array2<f64>) {
    let mut left = Array2::zeros(columns.dim());
    let mut coordinates = Array2::zeros((on.root.nrows(), columns.ncols()));
    for (j, column) in columns.columns().into_iter().enumerate() {
        let mut column = column.to_vec();
        coordinates.column_mut(j).assign(&on.project(weights, &mut column));
        left.column_mut(j).assign(&Array1::from(column));
    }
    (coordinates, left)
}
