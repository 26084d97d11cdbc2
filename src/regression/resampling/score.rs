//! The score bootstrap of a count regression.
//!
//! The model is fitted once under the null; its scores there are a linear problem of weights `W = ωμ̃` and residuals
//! `ũ = (y − μ̃)/μ̃`, and their contributions by cluster are multiplied as in the wild bootstrap (Kline & Santos 2012, A
//! Score Based Approach to Wild Bootstrap Inference, *Journal of Econometric Methods* 1). With `z` the direction of the
//! restriction and `M` the projection off regressors and effects under `W`,
//!
//! `t* = Σ_h v_h (z'W ũ)_h / √(f Σ_g s*_g²)`,  `s*_g = Σ_h v_h (1_g z)'W M (1_h ũ)`:
//!
//! the scores in the variance are those after the Newton step that the draw would make, so that they vary between draws
//! for Rademacher multipliers too, whose squares do not. With every multiplier one it is the score statistic of the
//! sample, which the draws are compared with. No draw is a fit.

use ndarray::{Array2, s};

use super::specification::Bootstrap;
use super::wild::{Setting, carriers, joint, note_carriers, positive, single};
use super::working::{Groups, Working, forward};
use crate::error::{Error, Result};
use crate::inference::bootstrap::{Interval, Single};
use crate::inference::{BootstrapTest, Draws, Estimates, Restriction, restrictions};
use crate::parallel::Watch;
use crate::regression::absorb::Absorber;
use crate::regression::fit::{Fit, Model};
use crate::regression::irls::TIGHT;
use crate::regression::least_squares::Orthonormal;
use crate::regression::prepare;
use crate::regression::problem::{Problem, Pruning};
use crate::regression::sample::{Named, Sample};

/// A count model whose scores can be taken at any linear predictor.
pub trait Scored: Model {
    /// The model fitted to another sample: how many rows it used, its linear predictor and its dispersion.
    ///
    /// # Errors
    /// Those of the model's fit.
    #[doc(hidden)]
    fn under(&self, sample: Sample) -> Result<(usize, Vec<f64>, f64)>;

    /// The dispersion of the fit.
    ///
    /// # Errors
    /// [`Error::Argument`] where scores in the mean and in the dispersion are related, so that those in the mean alone do
    /// not make a test.
    #[doc(hidden)]
    fn dispersion(&self) -> Result<f64>;

    /// Information and score in the linear predictor of counts between bounds, for rows of weight one.
    #[doc(hidden)]
    fn scores(&self, bounds: &[(f64, f64)], linear: &[f64], dispersion: f64) -> (Vec<f64>, Vec<f64>);
}

/// Standard errors from the estimate up to which an end of the interval is looked for, and how closely.
const FAR: f64 = 64.0;
const CLOSE: f64 = 1e-4;

impl<M: Scored> Fit<M> {
    /// The score bootstrap of a linear restriction, or of several jointly: the model is fitted under the null once, and
    /// its scores are multiplied cluster by cluster. The interval inverts the test, with a fit under every null it tries.
    ///
    /// ```
    /// use averted::data::Frame;
    /// use averted::regression::{Bootstrap, Poisson};
    /// let frame = Frame::new()
    ///     .with_number("deaths", vec![3.0, 6.0, 4.0, 10.0, 7.0, 8.0, 5.0, 4.0])?
    ///     .with_number("after", vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0])?
    ///     .with_text("state", &["a", "a", "b", "b", "c", "c", "d", "d"].map(Some))?;
    /// let fit = Poisson::new().cluster("state").fit("deaths ~ after | state", &frame)?;
    /// let test = fit.score_bootstrap(&Bootstrap::new("after = 0").level(None))?;
    /// assert!(test.enumerated && test.p_value >= 2.0 / 16.0);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`OlsFit::wild_bootstrap`](crate::regression::OlsFit::wild_bootstrap); also [`Error::NotConverged`] and
    /// [`Error::Separated`] where the model has no estimate under the null.
    pub fn score_bootstrap(&self, test: &Bootstrap) -> Result<BootstrapTest> {
        self.score_bootstrap_watched(test, &Watch::none())
    }

    pub(crate) fn score_bootstrap_watched(
        &self,
        test: &Bootstrap,
        watch: &Watch<'_>,
    ) -> Result<BootstrapTest> {
        test.check()?;
        let rows = restrictions(&[&test.hypothesis], self.names())?;
        let setting = Setting::new(self, test)?;
        let matrix =
            Array2::from_shape_fn((rows.len(), self.names().len()), |(i, j)| rows[i].coefficients[j]);
        let draws = Draws::new(test.multipliers, setting.groups.count, test.draws, test.seed);
        let hypothesis = test.hypothesis.trim().to_owned();
        let kind = if test.impose_null { "under the null" } else { "unrestricted" };
        let method = format!("Score bootstrap {kind}, {}", setting.words);
        let combined = matrix.dot(self.coefficients());
        let right: Vec<f64> = rows.iter().map(|row| row.right).collect();
        let apart: Vec<f64> = combined.iter().zip(&right).map(|(c, r)| c - r).collect();
        let sample = used(self)?;
        let null = |right: &[f64]| {
            let model = self.model();
            let (linear, dispersion) = if test.impose_null {
                restricted(model, &sample, &rows, right)?
            } else {
                (self.linear_predictor().to_vec(), model.dispersion()?)
            };
            Linearised::new(model, &sample, &linear, dispersion)
        };
        let mut answer = if let [row] = &rows[..] {
            let at = |right: f64| -> Result<(Single, f64)> {
                let problem = null(&[right])?;
                let (lower, carriers, one) = problem.single(self, &setting, &matrix, watch)?;
                let delta = if test.impose_null { one.residual.sum() } else { (combined[0] - right) / lower };
                let one = Single { estimate: delta, ..one };
                positive(one.own_square(), &hypothesis).map(|_| (one, carriers))
            };
            let (one, carriers) = at(row.right)?;
            let drawn = one.draw(&draws, watch)?;
            let statistics = drawn.statistics(0.0).collect();
            let observed = drawn.observed(0.0);
            let mut answer = BootstrapTest::new(method, hypothesis.clone(), &draws, observed, statistics);
            answer.estimate = combined[0];
            note_carriers(carriers, &mut answer.notes);
            answer.std_error = matrix.dot(&setting.covariance).dot(&matrix.t())[[0, 0]].sqrt();
            if let Some(level) = test.level {
                let kept = |right: f64| -> Result<bool> {
                    let tally = at(right)?.0.draw(&draws, watch)?.tally(0.0);
                    Ok(tally.symmetric(draws.enumerated()) > 1.0 - level + 1e-9)
                };
                answer.interval =
                    Some(interval(level, answer.estimate, answer.std_error, kept, &mut answer.notes)?);
            }
            answer
        } else {
            let problem = null(&right)?;
            let (observed, statistics) =
                problem.joint(self, &setting, &matrix, &apart, test.impose_null, &draws, watch)?;
            positive(observed, &hypothesis)?;
            let mut answer = BootstrapTest::new(method, hypothesis, &draws, observed, statistics);
            answer.restrictions = rows.len();
            answer.p_value_equal_tailed = f64::NAN;
            answer
        };
        setting.describe(&mut answer);
        Ok(answer)
    }
}

/// The nulls kept, from the estimate outwards to the first that is not.
fn interval(
    level: f64,
    centre: f64,
    unit: f64,
    kept: impl Fn(f64) -> Result<bool>,
    notes: &mut Vec<String>,
) -> Result<Interval> {
    let mut end = |sign: f64| -> Result<f64> {
        let (mut inside, mut outside) = (0.0, 2.0);
        loop {
            match kept(centre + sign * outside * unit) {
                Ok(true) if outside < FAR => (inside, outside) = (outside, 1.5 * outside),
                Ok(true) => return Ok(sign * f64::INFINITY),
                Ok(false) => break,
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(error) => {
                    let null = centre + sign * outside * unit;
                    notes.push(format!("no end of the interval on the side of {null:.4}: {error}"));
                    return Ok(f64::NAN);
                }
            }
        }
        while outside - inside > CLOSE {
            let middle = 0.5 * (inside + outside);
            *(if kept(centre + sign * middle * unit)? { &mut inside } else { &mut outside }) = middle;
        }
        Ok(centre + sign * outside * unit)
    };
    Ok(Interval { level, lower: end(-1.0)?, upper: end(1.0)? })
}

/// The rows and columns that a fit used, with its offset in one column.
pub(super) fn used<M: Model>(fit: &Fit<M>) -> Result<Sample> {
    let shared = &*fit.shared;
    let (from, kept) = (&shared.sample, &shared.problem.kept);
    let column = |named: &Named| Named {
        name: named.name.clone(),
        values: kept.iter().map(|&row| named.values[row]).collect(),
    };
    let absorbed = from.absorbed.iter().map(|a| crate::data::Absorbed {
        name: a.name.clone(),
        factor: a.factor.take(kept),
        slope: a.slope.as_ref().map(|slope| kept.iter().map(|&row| slope[row]).collect()),
        with_intercept: a.with_intercept,
    });
    let columns = &shared.estimate.columns;
    let outcome = kept.iter().map(|&row| from.outcome[row]).collect::<ndarray::Array1<f64>>();
    let x = Array2::from_shape_fn((kept.len(), columns.len()), |(i, j)| from.x[[kept[i], columns[j]]]);
    let mut made = Sample::new(outcome, x)?.named(&from.outcome_name, &shared.estimate.names)?;
    made = made.offset("offset", kept.iter().map(|&row| from.linear_offset(row)).collect())?;
    made.bounds = from.bounds.as_ref().map(|bounds| kept.iter().map(|&row| bounds[row]).collect());
    made.absorbed = absorbed.collect();
    made.weights = from.weights.as_ref().map(|(named, kind)| (column(named), *kind));
    made.origin = kept.iter().map(|&row| from.origin[row]).collect();
    Ok(made)
}

/// The linear predictor of the model under `Rβ = right`, in the order of rows, and its dispersion.
///
/// The restrictions are solved for as many coefficients, `β_P = c − B β_F`, so that
/// `Xβ = X_P c + (X_F − X_P B) β_F`: an offset and fewer regressors.
pub(super) fn restricted<M: Scored>(
    model: &M,
    sample: &Sample,
    rows: &[Restriction],
    right: &[f64],
) -> Result<(Vec<f64>, f64)> {
    let (q, k) = (rows.len(), sample.x.ncols());
    let mut system =
        Array2::from_shape_fn((q, k + 1), |(i, j)| if j < k { rows[i].coefficients[j] } else { right[i] });
    let mut pivots = Vec::new();
    for i in 0..q {
        let largest = |&a: &usize, &b: &usize| system[[i, a]].abs().total_cmp(&system[[i, b]].abs());
        // The last of equals, so that of `x = z` it is the later column.
        let pivot = (0..k).max_by(largest).unwrap_or(0);
        let own = system[[i, pivot]];
        if own == 0.0 {
            let what = "the covariance of the hypotheses".into();
            return Err(Error::NotPositiveDefinite { what, pivot: i });
        }
        system.row_mut(i).mapv_inplace(|v| v / own);
        let row = system.row(i).to_owned();
        for other in (0..q).filter(|&other| other != i) {
            let share = system[[other, pivot]];
            system.row_mut(other).scaled_add(-share, &row);
        }
        pivots.push(pivot);
    }
    let free: Vec<usize> = (0..k).filter(|j| !pivots.contains(j)).collect();
    let fixed = |row: usize, column: usize| -> f64 {
        pivots.iter().enumerate().map(|(i, &p)| sample.x[[row, p]] * system[[i, column]]).sum()
    };
    let mut null = sample.clone();
    null.x = Array2::from_shape_fn((sample.rows(), free.len()), |(row, j)| {
        sample.x[[row, free[j]]] - fixed(row, free[j])
    });
    null.names = free.iter().map(|&j| sample.names[j].clone()).collect();
    if let Some(offset) = &mut null.offset {
        offset.values.iter_mut().enumerate().for_each(|(row, o)| *o += fixed(row, k));
    }
    if null.names.is_empty() && null.absorbed.is_empty() {
        return Ok(((0..null.rows()).map(|row| null.linear_offset(row)).collect(), model.dispersion()?));
    }
    let first = null.origin.first().copied().unwrap_or(0);
    let (used, linear, dispersion) = model.under(null)?;
    if used < sample.rows() {
        return Err(Error::Separated { count: sample.rows() - used, first });
    }
    Ok((linear, dispersion))
}

/// The linear problem of a count model's scores at some linear predictor.
pub(super) struct Linearised {
    pub(super) problem: Problem,
    pub(super) ortho: Orthonormal,
    /// The information `ωh`, for exact Poisson counts `ωμ`; in fitting order as the rest.
    pub(super) weights: Vec<f64>,
    /// The score over the information, for exact Poisson counts `(y − μ)/μ`.
    pub(super) residual: Vec<f64>,
}

impl Linearised {
    /// Of a count model at this linear predictor, in the order of rows.
    pub(super) fn new<M: Scored>(
        model: &M,
        sample: &Sample,
        linear: &[f64],
        dispersion: f64,
    ) -> Result<Self> {
        let bounds: Vec<(f64, f64)> = match &sample.bounds {
            Some(bounds) => bounds.clone(),
            None => sample.outcome.iter().map(|&y| (y, y)).collect(),
        };
        let (information, score) = model.scores(&bounds, linear, dispersion);
        let residual: Vec<f64> = score.iter().zip(&information).map(|(s, h)| s / h).collect();
        Self::at(sample, &information, &residual)
    }

    /// With these weights, beyond the sample's own, and residuals, in the order of rows.
    pub(super) fn at(sample: &Sample, mean: &[f64], residual: &[f64]) -> Result<Self> {
        let pruning = Pruning { zeros: false, ones: false, keep_singletons: true, excluded: &[] };
        let mut problem = Problem::new(sample, pruning)?;
        let mean = problem.absorber.sorted(mean);
        let weights: Vec<f64> = mean.iter().zip(&problem.weights).map(|(m, w)| (m * w).max(1e-200)).collect();
        let residual = problem.absorber.sorted(residual);
        problem.absorber.weigh(&weights);
        for _ in 0..2 {
            problem.absorber.residualize(problem.columns.view_mut(), TIGHT)?;
        }
        let mut ortho = Orthonormal::new(problem.columns.slice(s![.., 1..]), &weights);
        prepare::unscale(&problem.scale, &mut ortho.root);
        Ok(Self { problem, ortho, weights, residual })
    }

    pub(super) fn working(&self) -> Working<'_> {
        Working {
            absorber: &self.problem.absorber,
            effects: &self.problem.effects,
            basis: self.ortho.basis.view(),
            weights: &self.weights,
        }
    }

    /// Groups in the order of another problem's rows, in that of this one.
    pub(super) fn place(&self, from: &Absorber, groups: &Groups) -> Groups {
        let mut codes = groups.codes.clone();
        groups.codes.iter().enumerate().for_each(|(place, &code)| codes[from.row(place)] = code);
        Groups { codes: self.problem.absorber.sorted(&codes), count: groups.count }
    }

    /// The setting's groups in this problem's order of rows.
    fn moved(&self, from: &Absorber, setting: &Setting) -> Setting {
        let moved = |groups: &Groups| self.place(from, groups);
        Setting {
            crossings: setting.crossings.iter().map(|(factor, groups)| (*factor, moved(groups))).collect(),
            groups: moved(&setting.groups),
            clusters: setting.clusters.clone(),
            by: setting.by.clone(),
            labels: setting.labels.clone(),
            covariance: setting.covariance.clone(),
            words: setting.words.clone(),
        }
    }

    /// The length of the restriction, the clusters that carry it, and what its draws are made of.
    pub(super) fn single<M: Model>(
        &self,
        fit: &Fit<M>,
        setting: &Setting,
        matrix: &Array2<f64>,
        watch: &Watch<'_>,
    ) -> Result<(f64, f64, Single)> {
        let working = self.working();
        let setting = self.moved(&fit.shared.problem.absorber, setting);
        let (lower, directions) = working.directions(&matrix.dot(&self.ortho.root))?;
        let one = single(&working, &setting, &directions[0], &self.residual, false, watch)?;
        Ok((lower[[0, 0]], carriers(&working, &setting.groups, &directions[0]), one))
    }

    /// The joint statistic of the sample and those of the draws.
    #[expect(clippy::too_many_arguments, reason = "a test and its data")]
    fn joint<M: Model>(
        &self,
        fit: &Fit<M>,
        setting: &Setting,
        matrix: &Array2<f64>,
        apart: &[f64],
        imposed: bool,
        draws: &Draws,
        watch: &Watch<'_>,
    ) -> Result<(f64, Vec<f64>)> {
        let working = self.working();
        let setting = self.moved(&fit.shared.problem.absorber, setting);
        let (lower, directions) = working.directions(&matrix.dot(&self.ortho.root))?;
        let joint = joint(&working, &setting, &directions, None, &self.residual, watch)?;
        let distance = if imposed { joint.pull.sum_axis(ndarray::Axis(1)) } else { forward(&lower, apart) };
        Ok((joint.observed(&distance), joint.draw(draws, watch)?))
    }
}
