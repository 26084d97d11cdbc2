//! What every fit of the room answers, whatever the model: coefficients, covariances, tests, tables, predictions.

use std::fmt::{self, Display};
use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate};

use super::adjusted;
use super::inference::{Grouped, Inference};
use super::least_squares::Orthonormal;
use super::link::Link;
use super::prepare;
use super::problem::Problem;
use super::sample::{Sample, WeightKind};
use super::settings::{Accepted, Origin, Settings};
use crate::data::{Dropped, Frame};
use crate::error::{Error, Result};
use crate::inference::covariance::{Reach, Related};
use crate::inference::{Cell, Covariance, Estimates, SmallSample, Table, Wald, thousands};

/// A fitted regression. Immutable, cheap to clone, and safe to share between threads.
///
/// `M` holds what only the model has: see [`OlsFit`](crate::regression::OlsFit) and
/// [`PoissonFit`](crate::regression::PoissonFit).
pub struct Fit<M> {
    pub(super) shared: Arc<Shared<M>>,
    pub(super) inference: Arc<Inference>,
}

impl<M> Clone for Fit<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), inference: Arc::clone(&self.inference) }
    }
}

/// What a model adds to a fit.
pub trait Model: Sync {
    /// How the mean follows from the linear predictor; unless it is the identity, tests read the normal.
    const LINK: Link;

    /// The model's name, for headings.
    const NAME: &'static str;

    /// Whether estimates and scores come from one weighted projection, so that rows have leverages.
    const HAS_LEVERAGE: bool = true;

    /// Whether leaving out rows means fitting again: one projection does not tell what it gives.
    const REFITS: bool = false;

    /// The estimates of the same model for another sample, by name.
    ///
    /// # Errors
    /// Those of the model's fit; [`Error::NothingToEstimate`] where [`REFITS`](Self::REFITS) is false.
    fn refit(&self, _sample: Sample) -> Result<Vec<(String, f64)>> {
        Err(Error::NothingToEstimate { why: format!("{} is not fitted again", Self::NAME) })
    }

    /// Whether only sandwich covariances say something: there is no information matrix of the whole.
    const SANDWICH_ONLY: bool = false;

    /// Whether panel-corrected covariances are defined: of linear models whose scores are regressor times residual.
    const CORRECTED: bool = false;

    /// Whether the coefficients are those of one regression.
    const ONE_REGRESSION: bool = true;

    /// The caller's rows that every row of the fit was put together from, if it was.
    fn merged(&self) -> &[Vec<usize>] {
        &[]
    }

    /// What a covariance should be in the place of one that would mean nothing here.
    fn refuses(&self, _covariance: &Covariance) -> Option<String> {
        None
    }

    /// Why rows other than the fitted ones have no prediction, if they have none.
    fn unpredictable(&self) -> Option<&'static str> {
        None
    }

    /// Whether classical standard errors take an estimated scale, so that they read the `t`.
    fn is_scaled(&self) -> bool {
        false
    }

    /// The name with what was chosen of it.
    fn title(&self) -> String {
        Self::NAME.to_owned()
    }

    /// Statistics about the whole fit, by name.
    fn statistics(&self) -> Vec<(&'static str, f64)>;
}

/// The part of a fit that no choice of covariance changes.
pub(super) struct Shared<M> {
    pub(super) model: M,
    pub(super) settings: Settings,
    pub(super) origin: Option<Origin>,
    pub(super) sample: Sample,
    pub(super) problem: Problem,
    pub(super) estimate: Estimate,
    pub(super) dropped: Vec<Dropped>,
    pub(super) notes: Vec<String>,
}

impl<M> Shared<M> {
    /// How many rows the caller's data have.
    fn rows_given(&self) -> usize {
        self.origin.as_ref().map_or(self.sample.rows(), |origin| origin.frame.rows())
    }

    /// How often every row counts, if it is repeated, in fitting order.
    pub(super) fn repeats(&self) -> Option<&[f64]> {
        match &self.sample.weights {
            Some((_, WeightKind::Frequency)) => Some(&self.problem.weights),
            _ => None,
        }
    }
}

/// The numbers of a fit, in fitting order where they have rows.
pub(super) struct Estimate {
    /// The columns of the sample that have a coefficient.
    pub(super) columns: Vec<usize>,
    pub(super) names: Vec<String>,
    pub(super) coefficients: Array1<f64>,
    /// The regressors off the effects, in orthonormal coordinates.
    pub(super) ortho: Orthonormal,
    /// What the regressors of a row are multiplied by in its score.
    pub(super) pull: Array1<f64>,
    /// The sum of squared residuals of a linear model, else 1.
    pub(super) dispersion: f64,
    /// The linear predictor, offset and effects included.
    pub(super) linear: Vec<f64>,
    /// A parameter estimated along with the coefficients that is not one of them.
    pub(super) nuisance: Option<Nuisance>,
    pub(super) observations: f64,
    pub(super) redundant: usize,
}

/// A parameter beside the coefficients, such as a dispersion: one more orthonormal coordinate, after theirs.
pub(super) struct Nuisance {
    /// The coefficients' part in that coordinate: one more column of `T`.
    pub(super) column: Array1<f64>,
    /// The parameter's own.
    pub(super) own: f64,
    /// The score of every row in that coordinate, weights included.
    pub(super) scores: Array1<f64>,
    /// What the parameter moves every row's linear predictor by, if nothing else gave way.
    pub(super) carried: Vec<f64>,
}

impl Estimate {
    /// The root of the coefficients in all coordinates, and the scores in them; none without a nuisance.
    pub(super) fn joint(&self) -> Option<(Array2<f64>, Array2<f64>)> {
        let nuisance = self.nuisance.as_ref()?;
        let root = concatenate![Axis(1), self.ortho.root, nuisance.column.view().insert_axis(Axis(1))];
        let own = &self.ortho.basis * &self.pull.view().insert_axis(Axis(1));
        Some((root, concatenate![Axis(1), own, nuisance.scores.view().insert_axis(Axis(1))]))
    }

    /// The nuisance's coordinate of a quantity with this gradient along the coefficients, off the effects, and a part
    /// of its own in the effects that represents it by the column `part` under `weights`.
    pub(super) fn nuisance_of(&self, distance: &Array1<f64>, part: &[f64], weights: &[f64]) -> f64 {
        let Some(nuisance) = &self.nuisance else { return 0.0 };
        let carried: f64 = nuisance.carried.iter().zip(part).zip(weights).map(|((v, t), w)| w * v * t).sum();
        nuisance.column.dot(distance) - nuisance.own * carried
    }
}

impl<M: Model> Fit<M> {
    pub(super) fn new(shared: Shared<M>) -> Result<Self> {
        let settings = &shared.settings;
        let mut inference =
            Inference::new(&shared, settings.covariance.clone(), settings.small_sample, None)?;
        let accepted = settings.accepted.as_ref();
        inference.accepted = accepted.map(|(code, reason)| Accepted::checked(code, reason)).transpose()?;
        Ok(Self { shared: Arc::new(shared), inference: Arc::new(inference) })
    }

    /// The same fit with another covariance; nothing is fitted again.
    ///
    /// Clustered standard errors of a coefficient that fewer than five clusters tell about have no p-value and no
    /// interval, unless that is [accepted](Self::accept).
    ///
    /// # Errors
    /// [`crate::Error::UnknownColumn`], [`crate::Error::Missing`] or [`crate::Error::TooShort`] for cluster variables
    /// that are not there, have gaps, or have fewer than two clusters.
    pub fn with_covariance(&self, covariance: impl Into<Covariance>) -> Result<Self> {
        self.with_convention(covariance, self.inference.convention)
    }

    /// The same fit with another covariance and another small-sample convention.
    ///
    /// # Errors
    /// As for [`with_covariance`](Self::with_covariance).
    pub fn with_convention(
        &self,
        covariance: impl Into<Covariance>,
        convention: SmallSample,
    ) -> Result<Self> {
        self.look(covariance.into(), convention, None)
    }

    /// The same, with cluster variables of the same rows that the fit has not seen.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] unless there are as many rows as in the data of the fit; else as for
    /// [`with_covariance`](Self::with_covariance).
    pub fn with_clusters_of(
        &self,
        data: &Frame,
        covariance: impl Into<Covariance>,
        convention: SmallSample,
    ) -> Result<Self> {
        self.check_rows(data)?;
        self.look(covariance.into(), convention, Some(data))
    }

    /// Whether data with cluster variables have the rows of the fit's.
    pub(super) fn check_rows(&self, data: &Frame) -> Result<()> {
        let rows = self.shared.rows_given();
        if data.rows() == rows {
            return Ok(());
        }
        Err(Error::Shape {
            what: "cluster variables".into(),
            expected: format!("{rows} rows, as in the data of the fit"),
            found: format!("{} rows", data.rows()),
        })
    }

    /// Another look; what was accepted stays so for the same clusters.
    fn look(&self, covariance: Covariance, convention: SmallSample, more: Option<&Frame>) -> Result<Self> {
        let mut inference = Inference::new(&self.shared, covariance, convention, more)?;
        if inference.covariance == self.inference.covariance {
            inference.accepted.clone_from(&self.inference.accepted);
        }
        Ok(Self { shared: Arc::clone(&self.shared), inference: Arc::new(inference) })
    }

    /// Tests linear hypotheses jointly: `"x = 0"`, `"x = z"`, `"2*x + z = 1"`, several separated by commas.
    ///
    /// # Errors
    /// As for [`Wald::test`].
    pub fn wald(&self, hypotheses: &str) -> Result<Wald> {
        Wald::test(self, &[hypotheses])
    }

    /// What the model adds.
    pub fn model(&self) -> &M {
        &self.shared.model
    }

    /// The rows of the data that were used, ascending.
    pub fn rows(&self) -> Vec<usize> {
        self.shared.problem.kept.iter().map(|&row| self.shared.sample.origin[row]).collect()
    }

    /// Observations: rows used, or their sum of frequency weights.
    pub fn observations(&self) -> f64 {
        self.shared.estimate.observations
    }

    /// Rows left out, by reason.
    pub fn dropped(&self) -> &[Dropped] {
        &self.shared.dropped
    }

    /// The outcome, one value for each of [`rows`](Self::rows); NaN where it is known only as an interval.
    pub fn outcome(&self) -> Array1<f64> {
        let problem = &self.shared.problem;
        match &problem.cells {
            None => self.in_rows(&problem.outcome),
            Some(cells) => {
                let known: Vec<f64> =
                    cells.iter().map(|cell| if cell.is_exact() { cell.lo } else { f64::NAN }).collect();
                self.in_rows(&known)
            }
        }
    }

    /// The linear predictor, offset and effects included, one value for each of [`rows`](Self::rows).
    pub fn linear_predictor(&self) -> Array1<f64> {
        self.in_rows(&self.shared.estimate.linear)
    }

    /// The fitted mean, one value for each of [`rows`](Self::rows).
    pub fn fitted(&self) -> Array1<f64> {
        let linear = self.linear_predictor();
        linear.mapv_into(|eta| M::LINK.mean(eta))
    }

    /// The leverage of every used row: its part in its own fitted value, absorbed effects included; for counts, in the
    /// coordinates of the last Newton step.
    ///
    /// # Errors
    /// [`Error::Argument`] for models that have none, and when the absorbed effects other than the largest have too
    /// many levels.
    pub fn leverage(&self) -> Result<Array1<f64>> {
        Ok(self.in_rows(&adjusted::leverages(&self.shared)?))
    }

    /// The covariance in use.
    pub fn covariance_kind(&self) -> &Covariance {
        &self.inference.covariance
    }

    /// The small-sample convention in use.
    pub fn convention(&self) -> SmallSample {
        self.inference.convention
    }

    /// How many clusters each cluster variable has.
    pub fn clusters(&self) -> &[usize] {
        &self.inference.clusters
    }

    /// How far back in time related errors were taken to reach, where the covariance is of such.
    pub fn reach(&self) -> Option<Reach> {
        self.inference.grouped.related.as_ref().and_then(Related::reach)
    }

    /// `K`, the parameters that the small-sample convention counts.
    pub fn parameters_counted(&self) -> usize {
        self.inference.estimated.parameters
    }

    /// `A`, the factor for parameters that the small-sample convention gives.
    pub fn small_sample_factor(&self) -> f64 {
        self.inference.estimated.factor
    }

    /// All parameters: coefficients and absorbed levels, one level of every effect after the first taken as redundant.
    pub fn parameters(&self) -> usize {
        Grouped::parameters(&self.shared)
    }

    /// The absorbed effects and how many levels each has.
    pub fn effects(&self) -> Vec<(String, usize)> {
        let absorbed = &self.shared.sample.absorbed;
        let levels = |e: &super::problem::Effect| {
            e.parts.iter().map(|&p| (absorbed[p].name.clone(), e.block.levels)).collect::<Vec<_>>()
        };
        self.shared.problem.effects.iter().flat_map(levels).collect()
    }

    /// What the caller should know: what was dropped, repaired or assumed.
    pub fn notes(&self) -> Vec<String> {
        let known = self.shared.notes.iter().chain(&self.inference.notes).cloned();
        known.chain(self.few_cluster_notes()).collect()
    }

    /// Statistics about the whole fit, by name.
    pub fn statistics(&self) -> Vec<(&'static str, f64)> {
        let mut all = vec![("observations", self.observations())];
        all.extend(self.shared.model.statistics());
        all
    }

    /// The model as a sentence.
    pub fn sentence(&self) -> String {
        let sample = &self.shared.sample;
        let formula = match &self.shared.origin {
            Some(origin) => origin.formula.text().trim().to_owned(),
            None => {
                let effects: Vec<&str> = sample.absorbed.iter().map(|a| a.name.as_str()).collect();
                let bar = if effects.is_empty() { "" } else { " | " };
                let (exogenous, rest) = sample.names.split_at(sample.exogenous());
                let (endogenous, instruments) = rest.split_at(sample.endogenous);
                let names = if exogenous.is_empty() { "1".to_owned() } else { exogenous.join(" + ") };
                let mut text = format!("{} ~ {names}{bar}{}", sample.outcome_name, effects.join(" + "));
                if !endogenous.is_empty() {
                    text += &format!(" | {} ~ {}", endogenous.join(" + "), instruments.join(" + "));
                }
                text
            }
        };
        format!("{}: {formula}{}", self.shared.model.title(), prepare::beside(sample))
    }

    /// The coefficient table with everything that was decided on the way, intervals at `level` (0.95 for 95 %).
    pub fn table(&self, level: f64) -> Table {
        let mut table = self.coefficient_table(level).title(self.sentence());
        table = table.note(self.observations_line());
        table = table.note(self.inference.line(M::LINK != Link::Identity));
        let statistics: Vec<String> = self
            .shared
            .model
            .statistics()
            .iter()
            .map(|(name, value)| format!("{} {}", name.replace('_', " "), Cell::Number(*value)))
            .collect();
        table = table.note(statistics.join(" · "));
        self.notes().into_iter().fold(table, Table::note)
    }

    fn observations_line(&self) -> String {
        let mut line = format!("{} observations", thousands(self.observations()));
        let effects: Vec<String> = self
            .effects()
            .iter()
            .map(|(name, levels)| format!("{name} ({})", thousands(*levels as f64)))
            .collect();
        if !effects.is_empty() {
            line += &format!("; absorbed: {}", effects.join(", "));
        }
        let dropped: Vec<String> = self
            .dropped()
            .iter()
            .map(|d| format!("{} {} (first row {})", thousands(d.count as f64), d.cause, d.first_row))
            .collect();
        if !dropped.is_empty() {
            line += &format!("; left out: {}", dropped.join(", "));
        }
        line
    }

    /// From fitting order to one value for each used row.
    pub(super) fn in_rows(&self, values: &[f64]) -> Array1<f64> {
        self.shared.problem.absorber.unsorted(values).into()
    }
}

impl<M: Model> Estimates for Fit<M> {
    fn names(&self) -> &[String] {
        &self.shared.estimate.names
    }

    fn coefficients(&self) -> &Array1<f64> {
        &self.shared.estimate.coefficients
    }

    fn covariance(&self) -> &Array2<f64> {
        &self.inference.estimated.matrix
    }

    fn degrees_of_freedom(&self) -> f64 {
        self.inference.estimated.degrees
    }

    fn refusal(&self, combination: &[f64]) -> Option<Error> {
        self.refused(combination)
    }

    fn degrees_of(&self, combination: &[f64]) -> f64 {
        if self.refused(combination).is_some() {
            return f64::NAN;
        }
        match &self.inference.adjusted.satterthwaite {
            Some(own) => {
                let weights = self.shared.estimate.ortho.root.t().dot(&ArrayView1::from(combination));
                own.degrees(weights.view())
            }
            None => self.inference.estimated.degrees,
        }
    }
}

impl<M: Model> Display for Fit<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(0.95).fmt(f)
    }
}

impl<M: Model> fmt::Debug for Fit<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fit")
            .field("model", &self.sentence())
            .field("names", &self.shared.estimate.names)
            .field("coefficients", &self.shared.estimate.coefficients)
            .finish_non_exhaustive()
    }
}
