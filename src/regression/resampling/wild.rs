//! The wild cluster bootstrap of a linear regression: see [`inference::bootstrap`](crate::inference::bootstrap).

use ndarray::{Array1, Array2};

use super::specification::Bootstrap;
use super::working::{Groups, Working, forward};
use crate::error::{Error, Result};
use crate::inference::bootstrap::{Joint, JointPart, Part, Single};
use crate::inference::{BootstrapTest, Covariance, Draws, Estimates, restrictions};
use crate::parallel::Watch;
use crate::regression::OlsFit;
use crate::regression::fit::{Fit, Model};
use crate::regression::inference::{Inference, ordered};

/// Groups and factors of a bootstrap, found in a fit's rows.
pub(in crate::regression) struct Setting {
    /// The crossings of the cluster variables, each with its sign times its factor.
    pub(in crate::regression) crossings: Vec<(f64, Groups)>,
    /// How many clusters each variable has.
    pub(in crate::regression) clusters: Vec<usize>,
    /// The groups that share a multiplier, numbered in the order of their labels.
    pub(in crate::regression) groups: Groups,
    /// The columns that they are the levels of, and their labels.
    pub(in crate::regression) by: Vec<String>,
    pub(in crate::regression) labels: Vec<Vec<String>>,
    /// The clustered covariance of the coefficients.
    pub(in crate::regression) covariance: Array2<f64>,
    pub(in crate::regression) words: String,
}

impl Setting {
    pub(in crate::regression) fn new<M: Model>(fit: &Fit<M>, test: &Bootstrap) -> Result<Self> {
        let shared = &*fit.shared;
        let names = match (&test.clusters[..], &fit.inference.covariance) {
            ([], own) if !own.clusters().is_empty() => own.clusters().to_vec(),
            ([], _) => {
                return Err(Error::Argument {
                    argument: "cluster".into(),
                    value: "nothing".into(),
                    must: "at least one column, because the fit is not clustered".into(),
                });
            }
            (given, _) => given.to_vec(),
        };
        let which = Covariance::Cluster(names.clone());
        let inference = Inference::new(shared, which, fit.inference.convention, test.more.as_ref())?;
        let counts = inference.grouped.counts(shared);
        let own =
            |groups: usize| inference.estimated.factor * inference.convention.cluster_factor(groups, &counts);
        let crossings = Groups::crossings(&inference.grouped);
        let crossings =
            crossings.into_iter().map(|(sign, groups)| (sign * own(groups.count), groups)).collect();
        let fewest = || names.iter().zip(&inference.clusters).min_by_key(|(_, groups)| **groups);
        let by = match (&test.groups[..], fewest()) {
            ([], Some((name, _))) => vec![name.clone()],
            (given, _) => given.to_vec(),
        };
        let (mut codes, mut labels) = ordered(shared, &by, test.more.as_ref())?;
        if labels.len() < 2 {
            let what = format!("groups of `{}`", by.join("^"));
            return Err(Error::TooShort { what, needed: 2, found: labels.len() });
        }
        if let Some(among) = &test.among {
            // Multipliers belong to the labels of several fits.
            let place = |label| among.iter().position(|known| known == label).unwrap_or(0) as u32;
            let places: Vec<u32> = labels.iter().map(place).collect();
            codes.iter_mut().for_each(|code| *code = places[*code as usize]);
            labels.clone_from(among);
        }
        let mut words = format!("clustered by {}", names.join(" and "));
        if by != names {
            words += &format!(", multipliers by {}", by.join("^"));
        }
        Ok(Self {
            crossings,
            clusters: inference.clusters,
            groups: Groups { codes, count: labels.len() },
            by,
            labels,
            covariance: inference.estimated.matrix,
            words,
        })
    }

    /// Notes on what so few clusters can say, and the counts.
    pub(in crate::regression) fn describe(&self, answer: &mut BootstrapTest) {
        answer.clusters.clone_from(&self.clusters);
        let all = answer.draws.len();
        if answer.enumerated && all < 1_000 {
            answer.notes.push(format!(
                "{} groups have only {all} sign vectors: no p-value below {}; Webb's weights have more",
                self.groups.count,
                2.0 / all as f64
            ));
        }
        if let Some(interval) = answer.interval {
            for (end, side) in [(interval.lower, "below"), (interval.upper, "above")] {
                if end.is_infinite() {
                    answer.notes.push(format!("no value {side} is rejected: the interval has no end there"));
                }
            }
        }
    }
}

/// How many clusters carry a direction, counted as if they carried it evenly: `(Σ h)² / Σ h²`, `h` their parts of
/// `z'Wz = 1`.
pub(in crate::regression) fn carriers(working: &Working<'_>, groups: &Groups, z: &[f64]) -> f64 {
    let parts = groups.sums(working.weights.iter().zip(z).map(|(w, z)| w * z * z));
    parts.sum().powi(2) / parts.mapv(|h| h * h).sum()
}

/// A note where so few clusters carry a restriction that no bootstrap of clusters can be trusted (MacKinnon & Webb 2017,
/// *Journal of Applied Econometrics* 32).
pub(in crate::regression) fn note_carriers(carriers: f64, notes: &mut Vec<String>) {
    if carriers < 2.5 {
        notes.push(format!(
            "about {carriers:.1} clusters carry this coefficient: under the null the bootstrap rejects too seldom, \
             otherwise too often; hand out the treatment anew (randomization_test) or take finer groups \
             (bootstrap_cluster)"
        ));
    }
}

/// A single restriction, ready to be drawn.
pub(super) fn single(
    working: &Working<'_>,
    setting: &Setting,
    z: &[f64],
    residual: &[f64],
    impose: bool,
    watch: &Watch<'_>,
) -> Result<Single> {
    let mut errors = vec![residual.to_vec()];
    if impose {
        errors.push(z.to_vec());
    }
    let kernels = working.kernels(&setting.crossings, &setting.groups, &[z.to_vec()], &errors, watch)?;
    let part = |((factor, _), mut kernels): (&(f64, Groups), Vec<Vec<Array2<f64>>>)| {
        let mut kernels = kernels.swap_remove(0).into_iter();
        let mut next = || kernels.next().unwrap_or_default();
        Part { factor: *factor, residual: next(), direction: next() }
    };
    let sums = |error: &[f64]| {
        let products = working.weights.iter().zip(z).zip(error).map(|((w, z), e)| w * z * e);
        setting.groups.sums(products)
    };
    Ok(Single {
        parts: setting.crossings.iter().zip(kernels).map(part).collect(),
        residual: sums(residual),
        direction: if impose { sums(z) } else { Array1::zeros(0) },
        estimate: 0.0,
        length: 1.0,
    })
}

impl OlsFit {
    /// The wild cluster bootstrap of a linear restriction, or of several jointly: under the null (Cameron, Gelbach &
    /// Miller 2008) or not, with an interval by inversion of the symmetric test.
    ///
    /// ```
    /// use averted::data::Frame;
    /// use averted::regression::{Bootstrap, Ols};
    /// let frame = Frame::new()
    ///     .with_number("rate", vec![3.1, 2.9, 4.2, 3.8, 5.3, 4.9, 2.2, 2.8])?
    ///     .with_number("spend", vec![1.0, 2.0, 1.0, 2.5, 1.0, 3.0, 1.5, 1.0])?
    ///     .with_text("state", &["a", "a", "b", "b", "c", "c", "d", "d"].map(Some))?;
    /// let fit = Ols::new().fit("rate ~ spend | state", &frame)?;
    /// let test = fit.wild_bootstrap(&Bootstrap::new("spend = 0").cluster("state"))?;
    /// assert!(test.enumerated && test.draws.len() == 16);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Formula`] when the hypothesis cannot be read; [`Error::NotPositiveDefinite`] when hypotheses repeat each
    /// other or the clustered variance is not positive; those of
    /// [`with_covariance`](Fit::with_covariance) for the clusters; [`Error::Argument`] for no draws, an impossible level,
    /// or more clusters and multipliers than memory can hold.
    pub fn wild_bootstrap(&self, test: &Bootstrap) -> Result<BootstrapTest> {
        self.wild_bootstrap_watched(test, &Watch::none())
    }

    pub(crate) fn wild_bootstrap_watched(
        &self,
        test: &Bootstrap,
        watch: &Watch<'_>,
    ) -> Result<BootstrapTest> {
        test.check()?;
        let estimate = &self.shared.estimate;
        let rows = restrictions(&[&test.hypothesis], &estimate.names)?;
        let setting = Setting::new(self, test)?;
        let working = self.working();
        let matrix =
            Array2::from_shape_fn((rows.len(), estimate.names.len()), |(i, j)| rows[i].coefficients[j]);
        let (lower, directions) = working.directions(&matrix.dot(&estimate.ortho.root))?;
        let residual: Vec<f64> =
            estimate.pull.iter().zip(working.weights).map(|(pull, weight)| pull / weight).collect();
        let draws = Draws::new(test.multipliers, setting.groups.count, test.draws, test.seed);
        let kind = if test.impose_null { "under the null" } else { "unrestricted" };
        let method = format!("Wild bootstrap {kind}, {}", setting.words);
        let combined = matrix.dot(self.coefficients());
        let hypothesis = test.hypothesis.trim().to_owned();
        let mut answer = if let [row] = &rows[..] {
            let mut one = single(&working, &setting, &directions[0], &residual, test.impose_null, watch)?;
            one.length = lower[[0, 0]];
            one.estimate = combined[0] / one.length;
            let square = positive(one.own_square(), &hypothesis)?;
            let drawn = one.draw(&draws, watch)?;
            let statistics = drawn.statistics(row.right).collect();
            let observed = drawn.observed(row.right);
            let mut answer = BootstrapTest::new(method, hypothesis, &draws, observed, statistics);
            answer.estimate = combined[0];
            answer.std_error = square.sqrt() * one.length;
            answer.interval = test.level.map(|level| drawn.interval(level));
            note_carriers(carriers(&working, &setting.groups, &directions[0]), &mut answer.notes);
            answer
        } else {
            let apart: Vec<f64> = rows.iter().zip(&combined).map(|(row, c)| c - row.right).collect();
            let distance = forward(&lower, &apart);
            let impose = test.impose_null.then_some(&distance);
            let joint = joint(&working, &setting, &directions, impose, &residual, watch)?;
            let observed = joint.observed(&distance);
            positive(observed, &hypothesis)?;
            let mut answer =
                BootstrapTest::new(method, hypothesis, &draws, observed, joint.draw(&draws, watch)?);
            answer.restrictions = rows.len();
            answer.p_value_equal_tailed = f64::NAN;
            answer
        };
        setting.describe(&mut answer);
        Ok(answer)
    }

    /// The demeaned problem that was solved.
    pub(super) fn working(&self) -> Working<'_> {
        let problem = &self.shared.problem;
        Working {
            absorber: &problem.absorber,
            effects: &problem.effects,
            basis: self.shared.estimate.ortho.basis.view(),
            weights: &problem.weights,
        }
    }
}

/// A variance, or a statistic of squares, that is one.
pub(in crate::regression) fn positive(square: f64, hypothesis: &str) -> Result<f64> {
    if square > 0.0 && square.is_finite() {
        return Ok(square);
    }
    Err(Error::NotPositiveDefinite { what: format!("the clustered covariance of `{hypothesis}`"), pivot: 0 })
}

/// Several restrictions, ready to be drawn; residuals under the null are this far off along the directions.
pub(super) fn joint(
    working: &Working<'_>,
    setting: &Setting,
    directions: &[Vec<f64>],
    impose: Option<&Array1<f64>>,
    residual: &[f64],
    watch: &Watch<'_>,
) -> Result<Joint> {
    let mut errors = residual.to_vec();
    if let Some(distance) = impose {
        for (z, delta) in directions.iter().zip(distance) {
            errors.iter_mut().zip(z).for_each(|(e, z)| *e += delta * z);
        }
    }
    let products = |z: &Vec<f64>| {
        setting.groups.sums(working.weights.iter().zip(z).zip(&errors).map(|((w, z), e)| w * z * e))
    };
    let mut pull = Array2::zeros((directions.len(), setting.groups.count));
    for (mut row, z) in pull.rows_mut().into_iter().zip(directions) {
        row.assign(&products(z));
    }
    let errors = [errors];
    let kernels = working.kernels(&setting.crossings, &setting.groups, directions, &errors, watch)?;
    let part = |((factor, _), kernels): (&(f64, Groups), Vec<Vec<Array2<f64>>>)| JointPart {
        factor: *factor,
        scores: kernels.into_iter().flatten().collect(),
    };
    Ok(Joint { parts: setting.crossings.iter().zip(kernels).map(part).collect(), pull })
}
