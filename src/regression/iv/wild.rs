//! Wild cluster bootstraps of a linear regression with instruments: of the `t` of two-stage least squares, and of the
//! statistic of Anderson and Rubin.
//!
//! The clustered `t` goes wrong where clusters are few, and where instruments are weak. The restricted efficient
//! bootstrap (Davidson & MacKinnon 2010, *JBES* 28) answers to both: its draws obey the null, and their first stages
//! are as strong as the sample's. How a draw is made is the page of
//! [`inference::bootstrap`](crate::inference::bootstrap); here the fit is put into its coordinates. Exogenous regressors
//! that no restriction concerns are projected off with the absorbed effects.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};

use super::linear::{IvFit, Method};
use crate::error::{Error, Result};
use crate::inference::bootstrap::{Crossing, Equation, Kernels, Reduced, Tally, complement, pieces};
use crate::inference::bootstrap::{Interval, TIE};
use crate::inference::{BootstrapTest, Draws, Estimates, Restriction, restrictions, significant};
use crate::parallel::Watch;
use crate::regression::least_squares::{cross_products, invert_upper};
use crate::regression::resampling::{
    Bootstrap, Groups, MANY, Setting, Working, carriers, note_carriers, positive,
};

impl IvFit {
    /// The wild cluster bootstrap of a linear restriction on the coefficients of two-stage least squares, or of several
    /// jointly: restricted and efficient (Davidson & MacKinnon 2010), with the set of values not rejected by inversion of
    /// the symmetric test, which may be an interval, two rays, or the whole line.
    ///
    /// Without the null, draws come from the two-stage estimates.
    ///
    /// ```
    /// use averted::data::Frame;
    /// use averted::regression::{Bootstrap, Iv};
    /// let frame = Frame::new()
    ///     .with_number("rate", vec![3.1, 2.9, 4.2, 3.8, 5.3, 4.9, 2.2, 2.8])?
    ///     .with_number("spend", vec![1.0, 2.0, 1.0, 2.5, 1.0, 3.0, 1.5, 1.0])?
    ///     .with_number("grant", vec![0.0, 1.0, 0.0, 1.0, 0.0, 2.0, 1.0, 0.0])?
    ///     .with_text("state", &["a", "a", "b", "b", "c", "c", "d", "d"].map(Some))?;
    /// let fit = Iv::new().cluster("state").fit("rate ~ 1 | state | spend ~ grant", &frame)?;
    /// let test = fit.wild_bootstrap(&Bootstrap::new("spend = 0"))?;
    /// assert!(test.enumerated && test.draws.len() == 16 && test.set.is_some());
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`OlsFit::wild_bootstrap`](crate::regression::OlsFit::wild_bootstrap); [`Error::Argument`] for other
    /// methods than two-stage least squares, unless there are no more instruments than endogenous regressors.
    pub fn wild_bootstrap(&self, test: &Bootstrap) -> Result<BootstrapTest> {
        self.wild_bootstrap_watched(test, &Watch::none())
    }

    /// The wild cluster bootstrap of the statistic of Anderson and Rubin: right with few clusters, however weak the
    /// instruments. The hypothesis is about all endogenous regressors, `"spend = 0"`, and nothing else.
    ///
    /// # Errors
    /// As for [`wild_bootstrap`](Self::wild_bootstrap), but for all methods; [`Error::Argument`] for other hypotheses and
    /// where the null is not imposed; [`Error::NotPositiveDefinite`] with fewer clusters than instruments.
    pub fn anderson_rubin_bootstrap(&self, test: &Bootstrap) -> Result<BootstrapTest> {
        self.anderson_rubin_bootstrap_watched(test, &Watch::none())
    }

    pub(crate) fn wild_bootstrap_watched(
        &self,
        test: &Bootstrap,
        watch: &Watch<'_>,
    ) -> Result<BootstrapTest> {
        test.check()?;
        let model = self.model();
        let exact = model.stages.overidentified() == 0 && !matches!(model.method, Method::Fuller(_));
        if model.method != Method::TwoStage && !exact {
            return Err(Error::Argument {
                argument: "method".into(),
                value: model.method.to_string(),
                must: "2sls, whose t is bootstrapped; the statistic of Anderson and Rubin is for all methods"
                    .into(),
            });
        }
        let rows = restrictions(&[&test.hypothesis], self.names())?;
        let setting = Setting::new(self, test)?;
        let (equation, carried) = self.equation(&rows, &setting, watch)?;
        let right: Array1<f64> = rows.iter().map(|row| row.right).collect();
        let origin = equation.origin(test.impose_null.then_some(&right))?;
        // What is observed is at the null, whatever the draws are made from.
        let observed = equation.observed(&equation.origin(Some(&right))?);
        let hypothesis = test.hypothesis.trim().to_owned();
        let draws = Draws::new(test.multipliers, setting.groups.count, test.draws, test.seed);
        let statistics = equation.draw(std::slice::from_ref(&origin), &draws, watch)?.swap_remove(0);
        let kind = if test.impose_null { "under the null" } else { "unrestricted" };
        let method = format!("Wild bootstrap of 2SLS {kind}, {}", setting.words);
        let mut answer = BootstrapTest::new(method, hypothesis.clone(), &draws, observed, statistics);
        answer.restrictions = rows.len();
        let [row] = &rows[..] else {
            positive(observed, &hypothesis)?;
            answer.p_value_equal_tailed = f64::NAN;
            setting.describe(&mut answer);
            return Ok(answer);
        };
        let combination = Array1::from(row.coefficients.clone());
        let variance = positive(combination.dot(&setting.covariance.dot(&combination)), &hypothesis)?;
        (answer.estimate, answer.std_error) = (combination.dot(self.coefficients()), variance.sqrt());
        if let Some(level) = test.level {
            let (estimate, unit) = (answer.estimate, answer.std_error);
            let kept = |statistics: &[f64], observed: f64| {
                let tally = Tally::of(statistics.iter().copied(), observed);
                tally.symmetric(draws.enumerated()) > 1.0 - level + TIE
            };
            let set = pieces(&scales(estimate, unit, equation.scale(0)), |values| {
                if !test.impose_null {
                    return Ok(values.iter().map(|v| kept(&answer.draws, (estimate - v) / unit)).collect());
                }
                let origin = |&value: &f64| equation.origin(Some(&Array1::from_elem(1, value)));
                let origins = values.iter().map(origin).collect::<Result<Vec<_>>>()?;
                let drawn = equation.draw(&origins, &draws, watch)?;
                let of = |(origin, statistics): (_, &Vec<f64>)| kept(statistics, equation.observed(origin));
                Ok(origins.iter().zip(&drawn).map(of).collect())
            })?;
            enter(&mut answer, level, set);
        }
        note_carriers(carried, &mut answer.notes);
        setting.describe(&mut answer);
        Ok(answer)
    }

    pub(crate) fn anderson_rubin_bootstrap_watched(
        &self,
        test: &Bootstrap,
        watch: &Watch<'_>,
    ) -> Result<BootstrapTest> {
        test.check()?;
        if !test.impose_null {
            return Err(Error::Argument {
                argument: "impose_null".into(),
                value: "false".into(),
                must: "true: the statistic of Anderson and Rubin is about the null".into(),
            });
        }
        let stages = &self.model().stages;
        let rows = restrictions(&[&test.hypothesis], self.names())?;
        let null = self.values(&rows, &test.hypothesis)?;
        let setting = Setting::new(self, test)?;
        let (reduced, units) = self.reduced(&setting, watch)?;
        let scaled = |values: &[f64]| -> Vec<f64> { units.dot(&Array1::from(values.to_vec())).to_vec() };
        let hypothesis = test.hypothesis.trim().to_owned();
        let observed = positive(reduced.observed(&scaled(&null)), &hypothesis)?;
        let draws = Draws::new(test.multipliers, setting.groups.count, test.draws, test.seed);
        let statistics = reduced.draw(&[scaled(&null)], &draws, watch)?.swap_remove(0);
        let method = format!("Wild bootstrap of Anderson–Rubin's F, {}", setting.words);
        let mut answer = BootstrapTest::new(method, hypothesis, &draws, observed, statistics);
        answer.restrictions = reduced.instruments;
        answer.p_value_equal_tailed = f64::NAN;
        if null.len() == 1 {
            let at = stages.exogenous;
            answer.estimate = self.coefficients()[at];
            answer.std_error = setting.covariance[[at, at]].sqrt();
        }
        if let (Some(level), [_]) = (test.level, &null[..]) {
            let unit = units[[0, 0]];
            let least_squares = (reduced.scale.0 / unit, reduced.scale.1 / unit.abs());
            let set = pieces(&scales(answer.estimate, answer.std_error, least_squares), |values| {
                let nulls: Vec<Vec<f64>> = values.iter().map(|&v| scaled(&[v])).collect();
                let drawn = reduced.draw(&nulls, &draws, watch)?;
                let kept = |(null, statistics): (&Vec<f64>, &Vec<f64>)| {
                    let tally = Tally::of(statistics.iter().copied(), reduced.observed(null));
                    tally.symmetric(draws.enumerated()) > 1.0 - level + TIE
                };
                Ok(nulls.iter().zip(&drawn).map(kept).collect())
            })?;
            enter(&mut answer, level, set);
        }
        setting.describe(&mut answer);
        Ok(answer)
    }

    /// One value for each endogenous regressor.
    fn values(&self, rows: &[Restriction], hypothesis: &str) -> Result<Vec<f64>> {
        let stages = &self.model().stages;
        let own = self.names().len() - stages.exogenous;
        let mut values = vec![f64::NAN; own];
        let mut fine = rows.len() == own;
        for row in rows {
            let places: Vec<usize> =
                (0..row.coefficients.len()).filter(|&j| row.coefficients[j] != 0.0).collect();
            match places[..] {
                [j] if j >= stages.exogenous => {
                    values[j - stages.exogenous] = row.right / row.coefficients[j];
                }
                _ => fine = false,
            }
        }
        if fine && values.iter().all(|v| v.is_finite()) {
            return Ok(values);
        }
        let each: Vec<String> = stages.endogenous_names.iter().map(|name| format!("{name} = 0")).collect();
        Err(Error::Argument {
            argument: "hypothesis".into(),
            value: format!("`{}`", hypothesis.trim()),
            must: format!("one value for each endogenous regressor, such as `{}`", each.join(", ")),
        })
    }

    /// The fit in the bootstrap's coordinates, and how many clusters carry the first restriction.
    fn equation(
        &self,
        rows: &[Restriction],
        setting: &Setting,
        watch: &Watch<'_>,
    ) -> Result<(Equation, f64)> {
        let (shared, stages) = (&*self.shared, &self.model().stages);
        let k = stages.exogenous;
        let scale = &shared.problem.scale;
        let raw = Array2::from_shape_fn((rows.len(), scale.len()), |(i, j)| {
            rows[i].coefficients[j] / scale[j] * stages.size
        });
        let matrix = raw.dot(&stages.root);
        let outside = matrix.slice(s![.., ..k]).to_owned();
        let free = complement(&outside);
        let concerned = complement(&free.t().to_owned());
        let exogenous = stages.basis.slice(s![.., ..k]);
        let weights = &stages.weights;
        let off = exogenous.dot(&free);
        let inside = concatenate![Axis(1), exogenous.dot(&concerned), stages.excluded()];
        let mut reached = Array2::zeros((inside.ncols(), concerned.ncols() + stages.basis.ncols() - k));
        for j in 0..concerned.ncols() {
            reached[[j, j]] = 1.0;
        }
        let at = concerned.ncols();
        reached.slice_mut(s![at.., at..]).assign(&stages.reached.slice(s![k.., k..]));
        let outcome = off_columns(&off, weights, &stages.outcome);
        let along = inside.t().dot(&weighted(&outcome, weights));
        let unreached = stages.unreached.slice(s![.., k..]);
        let remainder = &Array1::from(outcome.clone()) - &inside.dot(&along);
        let left = concatenate![Axis(1), remainder.insert_axis(Axis(1)), unreached];
        let left = cross_products(left.view(), weights);
        let directions = columns(inside.view());
        let errors = [vec![outcome], columns(unreached), directions.clone()].concat();
        let kernels = self.kernels(off.view(), setting, &directions, &errors, watch)?;
        let matrix = concatenate![Axis(1), outside.dot(&concerned), matrix.slice(s![.., k..])];
        let equation = Equation::new((reached, at), along, left, matrix, kernels);
        let carrier = equation.carrier(0)?;
        let z = inside.dot(&(&carrier / carrier.dot(&carrier).sqrt())).to_vec();
        let working = self.bare(off.view());
        let carried = carriers(&working, &setting.groups, &z);
        Ok((equation, carried))
    }

    /// The regression on the instruments, and what values of the coefficients are in its coordinates.
    fn reduced(&self, setting: &Setting, watch: &Watch<'_>) -> Result<(Reduced, Array2<f64>)> {
        let stages = &self.model().stages;
        let k = stages.exogenous;
        let exogenous = stages.basis.slice(s![.., ..k]).to_owned();
        let outcome = off_columns(&exogenous, &stages.weights, &stages.outcome);
        let endogenous = stages.basis.slice(s![.., k..]);
        let pulled = weighted(&outcome, &stages.weights);
        let least_squares = endogenous.column(0).dot(&pulled);
        let square = pulled.iter().zip(&outcome).map(|(p, y)| p * y).sum::<f64>();
        let scale = (least_squares, (square - least_squares * least_squares).max(0.0).sqrt());
        let errors = [vec![outcome], columns(endogenous)].concat();
        let directions = columns(stages.excluded());
        let kernels = self.kernels(stages.instruments.view(), setting, &directions, &errors, watch)?;
        // Yb = B_y T⁻¹ b for columns Y of unit scale.
        let inverse = invert_upper(&stages.root.slice(s![k.., k..]).to_owned());
        let units: Array1<f64> =
            self.shared.problem.scale[k..].iter().map(|scale| scale / stages.size).collect();
        Ok((Reduced { instruments: directions.len(), kernels, scale }, inverse * &units))
    }

    /// The demeaned problem with other regressors.
    fn bare<'a>(&'a self, basis: ArrayView2<'a, f64>) -> Working<'a> {
        let problem = &self.shared.problem;
        Working { absorber: &problem.absorber, effects: &problem.effects, basis, weights: &problem.weights }
    }

    fn kernels(
        &self,
        basis: ArrayView2<'_, f64>,
        setting: &Setting,
        directions: &[Vec<f64>],
        errors: &[Vec<f64>],
        watch: &Watch<'_>,
    ) -> Result<Kernels> {
        let groups = &setting.groups;
        let clusters: usize = setting.crossings.iter().map(|(_, c)| c.count).sum();
        let each = clusters.saturating_mul(groups.count);
        if each.saturating_mul(directions.len() * errors.len()) > MANY {
            return Err(Error::Argument {
                argument: "bootstrap_cluster".into(),
                value: format!(
                    "{} groups by {clusters} clusters, {} instruments",
                    groups.count,
                    directions.len()
                ),
                must: "fewer: their product with the columns of errors may be 100 million at most".into(),
            });
        }
        let working = self.bare(basis);
        let found = working.kernels(&setting.crossings, groups, directions, errors, watch)?;
        let crossing = |((factor, _), kernels): (&(f64, Groups), Vec<Vec<Array2<f64>>>)| Crossing {
            factor: *factor,
            kernels: kernels.into_iter().flatten().collect(),
        };
        let crossings = setting.crossings.iter().zip(found).map(crossing).collect();
        let mut pull = Array2::zeros((directions.len() * errors.len(), groups.count));
        let pairs = directions.iter().flat_map(|z| errors.iter().map(move |e| (z, e)));
        for (mut row, (z, e)) in pull.rows_mut().into_iter().zip(pairs) {
            let products = working.weights.iter().zip(z).zip(e).map(|((w, z), e)| w * z * e);
            row.assign(&groups.sums(products));
        }
        Ok(Kernels { crossings, pull })
    }
}

/// The set of values not rejected, and its one piece as an interval.
fn enter(answer: &mut BootstrapTest, level: f64, set: Vec<(f64, f64)>) {
    if let [(lower, upper)] = set[..] {
        answer.interval = Some(Interval { level, lower, upper });
    } else {
        let piece = |(low, high): &(f64, f64)| {
            let end = |v: f64| significant(v, 6);
            match (low.is_finite(), high.is_finite()) {
                (false, _) => format!("up to {}", end(*high)),
                (_, false) => format!("from {}", end(*low)),
                _ => format!("{} to {}", end(*low), end(*high)),
            }
        };
        let pieces: Vec<String> = set.iter().map(piece).collect();
        let which = if set.is_empty() { "none".to_owned() } else { pieces.join("; ") };
        answer.notes.push(format!("the values not rejected at {} % are no interval: {which}", 100.0 * level));
    }
    answer.set = Some(set);
}

/// Where a set is looked for: around the estimate, and around that of least squares.
fn scales(estimate: f64, std_error: f64, least_squares: (f64, f64)) -> Vec<(f64, f64)> {
    let fine = |&(centre, unit): &(f64, f64)| centre.is_finite() && unit.is_finite() && unit > 0.0;
    [(estimate, std_error), least_squares].into_iter().filter(fine).collect()
}

fn columns(m: ArrayView2<'_, f64>) -> Vec<Vec<f64>> {
    m.columns().into_iter().map(|c| c.to_vec()).collect()
}

fn weighted(values: &[f64], weights: &[f64]) -> Array1<f64> {
    values.iter().zip(weights).map(|(v, w)| v * w).collect()
}

/// A column off orthonormal others.
fn off_columns(basis: &Array2<f64>, weights: &[f64], column: &[f64]) -> Vec<f64> {
    let mut left = Array1::from(column.to_vec());
    for _ in 0..2 {
        let along = basis.t().dot(&(&left * &Array1::from(weights.to_vec())));
        left = left - basis.dot(&along);
    }
    left.to_vec()
}
