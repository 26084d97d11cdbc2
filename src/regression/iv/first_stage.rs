//! How much the instruments say: tests of the first stage, of too few and too many moments, and of endogeneity.
//!
//! In the coordinates of [`Stages`] let `B_y` be the endogenous regressors off the exogenous ones, `P` the coordinates of
//! a combination of them on the `L` excluded instruments and `v` what the instruments leave of it. `S`, the covariance of
//! `P`, is the fit's own: classical, robust or clustered, with its small-sample factors.
//!
//! | statistic | is | source |
//! | --- | --- | --- |
//! | first-stage `F` | `P'S⁻¹P / L` | |
//! | effective `F` | `P'P / tr S` | Montiel Olea & Pflueger (2013), *JBES* 31 |
//! | conditional `F` | of what the other endogenous regressors leave, over `L − m + 1` | Sanderson & Windmeijer (2016), *J. Econometrics* 190 |
//! | Cragg–Donald | the smallest `F` of any combination, classical | Cragg & Donald (1993), *Econometric Theory* 9 |
//! | Kleibergen–Paap | the same under `S`: `F`, and the score test of under-identification | Kleibergen & Paap (2006), *J. Econometrics* 133 |
//! | partial `R²` | the first stage's, and net of the other endogenous regressors | Shea (1997), *Rev. Econ. Stat.* 79 |
//!
//! The critical value of the effective `F` is that of the simplified procedure: above it, the bias of two-stage least
//! squares exceeds a tenth of the worst case in at most 5 % of samples; 23.1 for one instrument.

use ndarray::{Array1, Array2, ArrayView1, Axis, s};

use super::estimators;
use super::linear::{IvFit, moment_covariance};
use super::stages::Stages;
use crate::distribution::{ChiSquared, Fisher, noncentral_chi_squared_quantile};
use crate::error::Result;
use crate::inference::covariance::{Estimated, Ingredients, estimate};
use crate::inference::{Cell, Covariance, SmallSample, Table, significant};
use crate::linalg::{Cholesky, eigen_symmetric};
use crate::regression::least_squares::{Orthonormal, invert_upper};

/// The share of the worst-case bias that the critical value allows.
const BIAS: f64 = 0.1;

/// The answer of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What was tested, and by which statistic.
    pub name: String,
    /// `F`, or χ² where `denominator` is infinite.
    pub statistic: f64,
    /// Restrictions.
    pub restrictions: usize,
    /// The denominator's degrees of freedom; infinite for χ².
    pub denominator: f64,
    /// The p-value.
    pub p_value: f64,
}

impl Test {
    fn chi_squared(name: &str, statistic: f64, restrictions: usize) -> Self {
        let p_value = ChiSquared::new(restrictions as f64).map_or(f64::NAN, |d| d.upper(statistic));
        Self { name: name.into(), statistic, restrictions, denominator: f64::INFINITY, p_value }
    }

    fn line(&self) -> String {
        let reference = if self.denominator.is_finite() {
            format!("F({}, {})", self.restrictions, self.denominator)
        } else {
            format!("χ²({})", self.restrictions)
        };
        let p = Cell::Probability(self.p_value);
        format!("{}: {reference} = {}, p = {p}", self.name, significant(self.statistic, 4))
    }
}

/// The first stage of one endogenous regressor.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The endogenous regressor.
    pub name: String,
    /// `F` of the excluded instruments.
    pub f: f64,
    /// Its denominator's degrees of freedom; infinite for χ² over the instruments.
    pub denominator: f64,
    /// Its p-value.
    pub p_value: f64,
    /// The share of what the exogenous regressors leave that the instruments explain.
    pub partial_r_squared: f64,
    /// The same net of the other endogenous regressors.
    pub shea_r_squared: f64,
    /// `F` of what the other endogenous regressors leave.
    pub conditional_f: f64,
}

/// The effective `F`, for one endogenous regressor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectiveF {
    /// Its value.
    pub value: f64,
    /// Above this, the bias of two-stage least squares is at most a tenth of the worst case, at 5 %.
    pub critical: f64,
    /// Effective degrees of freedom.
    pub degrees: f64,
}

/// How much the instruments say. Statistics are NaN where their covariance is singular, as with fewer clusters than
/// instruments.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstStage {
    /// The covariance they stand under.
    pub covariance: Covariance,
    /// Excluded instruments in use.
    pub instruments: Vec<String>,
    /// One for each endogenous regressor.
    pub stages: Vec<Stage>,
    /// The effective `F`; none with several endogenous regressors.
    pub effective: Option<EffectiveF>,
    /// The Cragg–Donald `F`.
    pub cragg_donald: f64,
    /// The Kleibergen–Paap `F`.
    pub kleibergen_paap: f64,
    /// The Kleibergen–Paap score test: some combination of the endogenous regressors is not reached.
    pub underidentification: Test,
    /// Whether the endogenous regressors are exogenous (Wu 1973; Hausman 1978); none where the instruments explain
    /// them whole.
    pub endogeneity: Option<Test>,
    /// Whether the moments in excess hold: Sargan's under the classical covariance, Hansen's `J` else; none without
    /// any in excess.
    pub overidentification: Option<Test>,
}

impl FirstStage {
    /// Whether the instruments are weak: the effective `F` below its critical value; with several endogenous regressors,
    /// a conditional `F` below 10.
    pub fn is_weak(&self) -> bool {
        match &self.effective {
            Some(effective) => effective.value < effective.critical,
            None => self.stages.iter().any(|stage| stage.conditional_f < 10.0),
        }
    }

    /// One row an endogenous regressor; what concerns all of them in the notes.
    pub fn table(&self) -> Table {
        let columns =
            ["endogenous", "f", "df2", "p_value", "partial_r_squared", "shea_r_squared", "conditional_f"];
        let mut table = Table::new(&columns).title(format!("First stage, errors {}", self.covariance));
        for stage in &self.stages {
            table.push(vec![
                Cell::Text(stage.name.clone()),
                Cell::Number(stage.f),
                Cell::Number(stage.denominator),
                Cell::Probability(stage.p_value),
                Cell::Number(stage.partial_r_squared),
                Cell::Number(stage.shea_r_squared),
                Cell::Number(stage.conditional_f),
            ]);
        }
        table = table.note(format!("instruments: {}", self.instruments.join(", ")));
        if let Some(e) = &self.effective {
            table = table.note(format!("effective F = {}; {}", significant(e.value, 4), e.verdict()));
        }
        table = table.note(format!(
            "Cragg–Donald F = {}, Kleibergen–Paap F = {}",
            significant(self.cragg_donald, 4),
            significant(self.kleibergen_paap, 4)
        ));
        let tests =
            [Some(&self.underidentification), self.endogeneity.as_ref(), self.overidentification.as_ref()];
        tests.into_iter().flatten().fold(table, |table, test| table.note(test.line()))
    }
}

impl EffectiveF {
    fn verdict(&self) -> String {
        let side = if self.value < self.critical { "below" } else { "above" };
        let critical = significant(self.critical, 4);
        format!(
            "{side} {critical}, where the bias of two-stage least squares may exceed a tenth of the worst case"
        )
    }
}

impl IvFit {
    /// How much the instruments say, under the covariance of the fit.
    ///
    /// # Errors
    /// [`crate::Error::NotConverged`] when eigenvalues are not found; those of the fit's covariance.
    pub fn first_stage(&self) -> Result<FirstStage> {
        let view = View::new(self);
        let (m, l) = (view.m, view.l);
        let stages = (0..m).map(|j| view.stage(j)).collect::<Result<Vec<_>>>()?;
        let effective = if m == 1 { Some(view.effective()?) } else { None };
        let reached = view.reached.t().dot(&view.reached);
        let (values, vectors) = eigen_symmetric(reached.view())?;
        let smallest = values[0].clamp(0.0, 1.0);
        let cragg_donald = smallest / (1.0 - smallest) * view.free() / l as f64;
        let (kleibergen_paap, score) = view.rank_tests(&vectors)?;
        let underidentification =
            Test::chi_squared("under-identification (Kleibergen–Paap)", score, l - m + 1);
        Ok(FirstStage {
            covariance: self.covariance_kind().clone(),
            instruments: view.stages.instrument_names.clone(),
            stages,
            effective,
            cragg_donald,
            kleibergen_paap,
            underidentification,
            endogeneity: view.endogeneity()?,
            overidentification: self.overidentification()?,
        })
    }

    /// Whether the moments in excess hold; none without any in excess.
    ///
    /// Under the classical covariance Sargan's (1958) statistic at the fit's residuals, else Hansen's (1982) `J` of
    /// two-step GMM with the fit's covariance; for a GMM fit its own `J`.
    ///
    /// # Errors
    /// Those of the fit's covariance; [`crate::Error::NotPositiveDefinite`] with fewer clusters than moments.
    pub fn overidentification(&self) -> Result<Option<Test>> {
        let (shared, model) = (&self.shared, self.model());
        let stages = &model.stages;
        let excess = stages.overidentified();
        if excess == 0 {
            return Ok(None);
        }
        if let Some(j) = model.j_statistic {
            return Ok(Some(Test::chi_squared("moments in excess (Hansen's J)", j, excess)));
        }
        if self.inference.is_classical() {
            let sums = stages.instruments.t().dot(&shared.estimate.pull);
            let statistic = self.observations() * sums.dot(&sums) / shared.estimate.dispersion;
            return Ok(Some(Test::chi_squared("moments in excess (Sargan)", statistic, excess)));
        }
        let weight = moment_covariance(shared, stages, self.covariance_kind())?;
        let (_, j) = estimators::gmm(stages, &weight)?;
        Ok(Some(Test::chi_squared("moments in excess (Hansen's J)", j, excess)))
    }
}

/// A note for a fit whose instruments are weak.
pub(super) fn weakness(fit: &IvFit) -> Result<Option<String>> {
    let view = View::new(fit);
    if view.m == 1 {
        let effective = view.effective()?;
        let weak = effective.value < effective.critical;
        let value = significant(effective.value, 3);
        return Ok(weak.then(|| {
            format!(
                "weak instruments: effective F = {value} (errors {}), {}; see anderson_rubin(), which is right \
                 whatever their strength",
                fit.covariance_kind(),
                effective.verdict()
            )
        }));
    }
    let stages = (0..view.m).map(|j| view.stage(j)).collect::<Result<Vec<_>>>()?;
    let weakest = stages.iter().min_by(|a, b| a.conditional_f.total_cmp(&b.conditional_f));
    Ok(weakest.filter(|stage| stage.conditional_f < 10.0).map(|stage| {
        let (name, f) = (&stage.name, significant(stage.conditional_f, 3));
        format!(
            "weak instruments: conditional F of {name} = {f} (errors {}), below 10; see anderson_rubin(), which is \
             right whatever their strength",
            fit.covariance_kind()
        )
    }))
}

/// The parts of a fit that the tests look at.
pub(super) struct View<'a> {
    pub(super) fit: &'a IvFit,
    pub(super) stages: &'a Stages,
    /// Endogenous regressors.
    pub(super) m: usize,
    /// Excluded instruments.
    pub(super) l: usize,
    /// Coordinates of `B_y` on the excluded instruments.
    pub(super) reached: Array2<f64>,
    /// From the endogenous regressors to coordinates on `B_y`.
    pub(super) own: Array2<f64>,
}

impl<'a> View<'a> {
    pub(super) fn new(fit: &'a IvFit) -> Self {
        let stages = &fit.model().stages;
        let k = stages.exogenous;
        let reached = stages.reached.slice(s![k.., k..]).to_owned();
        let own = invert_upper(&stages.root.slice(s![k.., k..]).to_owned());
        Self { fit, stages, m: reached.ncols(), l: reached.nrows(), reached, own }
    }

    /// What the instruments leave of a combination on `B_y`.
    pub(super) fn left(&self, direction: ArrayView1<'_, f64>) -> Array1<f64> {
        self.stages.unreached.slice(s![.., self.stages.exogenous..]).dot(&direction)
    }

    /// The covariance of coordinates on orthonormal columns `x` from the residuals `left`, when `parameters` are
    /// estimated besides the effects.
    fn covariance_on(
        &self,
        x: ndarray::ArrayView2<'_, f64>,
        left: &Array1<f64>,
        parameters: usize,
        convention: SmallSample,
    ) -> Result<Estimated> {
        let (shared, inference) = (&self.fit.shared, &self.fit.inference);
        let weights = &self.stages.weights;
        let pull: Array1<f64> = left.iter().zip(weights).map(|(v, w)| v * w).collect();
        let unit = Array2::eye(x.ncols());
        let from = Ingredients {
            root: unit.view(),
            x,
            pull: pull.view(),
            repeats: shared.repeats(),
            dispersion: left.iter().zip(weights).map(|(v, w)| w * v * v).sum(),
            related: inference.grouped.related.as_ref(),
        };
        let mut counts = inference.grouped.counts(shared);
        counts.coefficients = parameters;
        estimate(&inference.covariance, &from, &inference.grouped.grouping, convention, &counts)
    }

    /// `S` for the first stage of a combination with these residuals.
    pub(super) fn covariance(&self, left: &Array1<f64>) -> Result<Estimated> {
        let parameters = self.stages.instruments.ncols();
        self.covariance_on(self.stages.excluded(), left, parameters, self.fit.convention())
    }

    /// Observations less all parameters of the first stage.
    fn free(&self) -> f64 {
        let shared = &self.fit.shared;
        let absorbed: usize = shared.problem.effects.iter().map(|e| e.block.coefficients()).sum();
        let parameters = self.stages.instruments.ncols() + absorbed - shared.estimate.redundant;
        self.fit.observations() - parameters as f64
    }

    fn stage(&self, j: usize) -> Result<Stage> {
        let direction = self.own.column(j);
        let along = self.reached.dot(&direction);
        let found = self.covariance(&self.left(direction))?;
        let f = quadratic(&found.matrix, &along) / self.l as f64;
        let (explained, whole) = (along.dot(&along), direction.dot(&direction));
        // Shea's: the variance of the coefficient if the regressor were its own instrument, over that with these.
        let inverse = invert_upper(&self.own);
        let product = self.reached.t().dot(&self.reached);
        let shea = match Cholesky::new(product.view(), "the first stages") {
            Ok(factor) => {
                let row = inverse.row(j);
                row.dot(&row) / row.dot(&factor.solve(row))
            }
            Err(_) => f64::NAN,
        };
        Ok(Stage {
            name: self.stages.endogenous_names[j].clone(),
            f,
            denominator: found.degrees,
            p_value: Fisher::new(self.l as f64, found.degrees).map_or(f64::NAN, |d| d.upper(f)),
            partial_r_squared: explained / whole,
            shea_r_squared: shea,
            conditional_f: self.conditional(j, f)?,
        })
    }

    /// `F` of what the other endogenous regressors, as the instruments predict them, leave of this one.
    fn conditional(&self, j: usize, alone: f64) -> Result<f64> {
        if self.m == 1 {
            return Ok(alone);
        }
        let all = self.reached.dot(&self.own);
        let others: Vec<usize> = (0..self.m).filter(|&other| other != j).collect();
        let known = all.select(Axis(1), &others);
        let weights = crate::linalg::least_squares(known.view(), all.column(j));
        let direction = &self.own.column(j) - &self.own.select(Axis(1), &others).dot(&weights);
        let along = self.reached.dot(&direction);
        let found = self.covariance(&self.left(direction.view()))?;
        Ok(quadratic(&found.matrix, &along) / (self.l - self.m + 1) as f64)
    }

    /// The effective `F` and the critical value of the simplified procedure.
    fn effective(&self) -> Result<EffectiveF> {
        let direction = self.own.column(0);
        let along = self.reached.dot(&direction);
        let matrix = self.covariance(&self.left(direction))?.matrix;
        let trace = matrix.diag().sum();
        let square: f64 = matrix.iter().map(|v| v * v).sum();
        let (values, _) = eigen_symmetric(matrix.view())?;
        let x = 1.0 / BIAS;
        let largest = values[values.len() - 1];
        let degrees = trace * trace * (1.0 + 2.0 * x) / (square + 2.0 * x * trace * largest);
        let critical = noncentral_chi_squared_quantile(0.95, degrees, degrees * x)? / degrees;
        Ok(EffectiveF { value: along.dot(&along) / trace, critical, degrees })
    }

    /// The Kleibergen–Paap `F` and score statistic of rank `m − 1`.
    ///
    /// The coordinates of `B_y` have the singular vectors of the matrix whose rank is in question; in the direction of
    /// the smallest value, only what lies off the other left vectors is free under the hypothesis.
    fn rank_tests(&self, vectors: &Array2<f64>) -> Result<(f64, f64)> {
        let smallest = vectors.column(0);
        let mut off = Array2::eye(self.l);
        for j in 1..self.m {
            let other = self.reached.dot(&vectors.column(j));
            let size = other.dot(&other);
            let column = other.insert_axis(Axis(1));
            off = off - column.dot(&column.t()) / size;
        }
        let (_, free) = eigen_symmetric(off.view())?;
        let free = free.slice(s![.., self.m - 1..]).to_owned();
        let along = free.t().dot(&self.reached.dot(&smallest));
        let statistic = |left: &Array1<f64>, convention: SmallSample| -> Result<f64> {
            let parameters = self.stages.instruments.ncols();
            let found = self.covariance_on(self.stages.excluded(), left, parameters, convention)?;
            Ok(quadratic(&free.t().dot(&found.matrix).dot(&free), &along))
        };
        let wald = statistic(&self.left(smallest), self.fit.convention())? / self.l as f64;
        let whole = self.stages.basis.slice(s![.., self.stages.exogenous..]).dot(&smallest);
        let mut score = statistic(&whole, SmallSample::NONE)?;
        if self.fit.inference.is_classical() {
            // A variance about nothing estimated: over n.
            let n = self.fit.observations();
            score *= n / (n - 1.0);
        }
        Ok((wald, score))
    }

    /// Whether the residuals of the first stage belong in the equation.
    fn endogeneity(&self) -> Result<Option<Test>> {
        let (stages, k) = (self.stages, self.stages.regressors());
        let unreached = stages.unreached.slice(s![.., stages.exogenous..]);
        let columns = ndarray::concatenate![Axis(1), stages.basis, unreached];
        let found = crate::regression::least_squares::independent(columns.view(), &stages.weights);
        if found.kept.len() < k + self.m {
            return Ok(None);
        }
        let ortho = Orthonormal::new(columns.view(), &stages.weights);
        let mut left = stages.outcome.clone();
        let along = ortho.project(&stages.weights, &mut left).slice(s![k..]).to_owned();
        let added = ortho.basis.slice(s![.., k..]);
        let found = self.covariance_on(added, &left.into(), k + self.m, self.fit.convention())?;
        let statistic = quadratic(&found.matrix, &along) / self.m as f64;
        let p_value = Fisher::new(self.m as f64, found.degrees).map_or(f64::NAN, |d| d.upper(statistic));
        // As F, or as χ² where the reference is the normal.
        let statistic = if found.degrees.is_finite() { statistic } else { statistic * self.m as f64 };
        Ok(Some(Test {
            name: "endogeneity (Wu–Hausman)".into(),
            statistic,
            restrictions: self.m,
            denominator: found.degrees,
            p_value,
        }))
    }
}

/// `v'S⁻¹v`; NaN where `S` is singular.
pub(super) fn quadratic(matrix: &Array2<f64>, v: &Array1<f64>) -> f64 {
    // Unit diagonal, so that a singular matrix shows whatever the units.
    let scale = matrix.diag().mapv(f64::sqrt);
    let correlation = Array2::from_shape_fn(matrix.dim(), |(i, j)| matrix[[i, j]] / (scale[i] * scale[j]));
    let Ok(factor) = Cholesky::new(correlation.view(), "the covariance of the first stage") else {
        return f64::NAN;
    };
    if factor.lower().diag().iter().any(|p| p.is_nan() || *p < 1e-7) {
        return f64::NAN;
    }
    let v = v / &scale;
    v.dot(&factor.solve(v.view()))
}
