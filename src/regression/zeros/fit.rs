//! What a fit of two parts answers.

use std::fmt::{self, Display};
use std::sync::Arc;

use ndarray::{Array1, Array2};

use super::climb::{Rows, Summit};
use super::look::Look;
use super::parts::{CountFamily, Kind, Parts};
use crate::data::{Dropped, Frame, Terms};
use crate::distribution::Normal;
use crate::error::{Error, Result};
use crate::inference::{Cell as TableCell, Covariance, Estimates, SmallSample, Table, Wald};
use crate::inference::{interval_level, significant, thousands};
use crate::regression::likelihood::Cell;
use crate::regression::negative_binomial::DispersionEstimate;
use crate::regression::prepare;
use crate::regression::sample::Sample;
use crate::regression::settings::Origin;

/// A fitted regression of counts in two parts. Immutable, cheap to clone, and safe to share between threads.
///
/// Coefficients of the counts are called `count: …`, those of the binary part `zero: …`.
#[derive(Clone)]
pub struct TwoPartFit {
    pub(super) shared: Arc<Shared>,
    pub(super) look: Arc<Look>,
}

/// The part of a fit that no choice of covariance changes.
pub(super) struct Shared {
    pub(super) kind: Kind,
    pub(super) family: CountFamily,
    pub(super) origin: Option<Zeros>,
    pub(super) sample: Sample,
    pub(super) rows: Rows,
    /// Where the caller's rows stand, ascending.
    pub(super) places: Vec<usize>,
    /// The kept columns of both parts.
    pub(super) kept: [Vec<usize>; 2],
    pub(super) names: Vec<String>,
    pub(super) zeros: String,
    pub(super) coefficients: Array1<f64>,
    pub(super) summit: Summit,
    pub(super) linear: (Array1<f64>, Array1<f64>),
    /// `T` with `T T'` the inverse information of all parameters.
    pub(super) root: Array2<f64>,
    /// Scores in its coordinates.
    pub(super) scores: Array2<f64>,
    pub(super) observations: f64,
    pub(super) dropped: Vec<Dropped>,
    pub(super) notes: Vec<String>,
}

/// Where the columns of both parts come from.
pub(super) struct Zeros {
    pub(super) counts: Origin,
    pub(super) terms: Terms,
}

impl Shared {
    pub(super) fn parts(&self) -> Parts {
        self.rows.parts(self.summit.alpha)
    }
}

impl TwoPartFit {
    /// The same fit with another covariance; nothing is fitted again.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::Missing`] or [`Error::TooShort`] for cluster variables that are not there, have
    /// gaps, or have fewer than two clusters; [`Error::Argument`] for a covariance by leverage.
    pub fn with_covariance(&self, covariance: impl Into<Covariance>) -> Result<Self> {
        self.with_convention(covariance, self.look.convention)
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
        let look = Look::new(&self.shared, covariance.into(), convention, None)?;
        Ok(Self { shared: Arc::clone(&self.shared), look: Arc::new(look) })
    }

    /// The same, with cluster variables of the same rows that the fit has not seen.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are as many rows as in the data of the fit; else as for
    /// [`with_covariance`](Self::with_covariance).
    pub fn with_clusters_of(
        &self,
        data: &Frame,
        covariance: impl Into<Covariance>,
        convention: SmallSample,
    ) -> Result<Self> {
        let given = self.shared.origin.as_ref().map_or(self.shared.sample.rows(), |o| o.counts.frame.rows());
        if data.rows() != given {
            return Err(Error::Shape {
                what: "cluster variables".into(),
                expected: format!("{given} rows, as in the data of the fit"),
                found: format!("{} rows", data.rows()),
            });
        }
        let look = Look::new(&self.shared, covariance.into(), convention, Some(data))?;
        Ok(Self { shared: Arc::clone(&self.shared), look: Arc::new(look) })
    }

    /// Tests linear hypotheses jointly: `"zero: x = 0"`, several separated by commas.
    ///
    /// # Errors
    /// As for [`Wald::test`].
    pub fn wald(&self, hypotheses: &str) -> Result<Wald> {
        Wald::test(self, &[hypotheses])
    }

    /// The dispersion of the counts, with errors under the covariance in use; NaN errors where it is zero.
    pub fn dispersion(&self) -> DispersionEstimate {
        let k = self.shared.names.len();
        let own = self.look.estimated.matrix.diag().get(k).copied();
        DispersionEstimate::new(self.shared.summit.alpha, own.map_or(f64::NAN, f64::sqrt))
    }

    /// The covariance of all parameters, that of `log α` last if there is one.
    pub fn joint_covariance(&self) -> &Array2<f64> {
        &self.look.estimated.matrix
    }

    /// The log-likelihood at its maximum.
    pub fn log_likelihood(&self) -> f64 {
        self.shared.summit.log_likelihood
    }

    /// All parameters, the dispersion too.
    pub fn parameters(&self) -> usize {
        self.shared.summit.parameters.len()
    }

    /// Akaike's criterion.
    pub fn aic(&self) -> f64 {
        2.0 * (self.parameters() as f64 - self.log_likelihood())
    }

    /// Schwarz's criterion.
    pub fn bic(&self) -> f64 {
        self.parameters() as f64 * self.observations().ln() - 2.0 * self.log_likelihood()
    }

    /// The rows of the data that were used, ascending.
    pub fn rows(&self) -> Vec<usize> {
        self.shared.places.iter().map(|&place| self.shared.sample.origin[place]).collect()
    }

    /// Observations: rows used, or their sum of frequency weights.
    pub fn observations(&self) -> f64 {
        self.shared.observations
    }

    /// Rows left out, by reason.
    pub fn dropped(&self) -> &[Dropped] {
        &self.shared.dropped
    }

    /// The outcome, one value for each of [`rows`](Self::rows); NaN where it is known only as an interval.
    pub fn outcome(&self) -> Array1<f64> {
        let known = |cell: &Cell| if cell.is_exact() { cell.lo } else { f64::NAN };
        self.shared.places.iter().map(|&place| known(&self.shared.rows.cells[place])).collect()
    }

    /// The fitted mean, one value for each of [`rows`](Self::rows).
    pub fn fitted(&self) -> Array1<f64> {
        self.each(|parts, eta, zeta| parts.log_mean(eta, zeta).value.exp())
    }

    /// The fitted probability of a zero, one value for each of [`rows`](Self::rows).
    pub fn zero_probabilities(&self) -> Array1<f64> {
        self.each(Parts::none)
    }

    fn each(&self, of: impl Fn(&Parts, f64, f64) -> f64) -> Array1<f64> {
        let parts = self.shared.parts();
        let (eta, zeta) = &self.shared.linear;
        self.shared.places.iter().map(|&place| of(&parts, eta[place], zeta[place])).collect()
    }

    /// Zeros observed, and fitted; NaN where counts are hidden that may be zero.
    pub fn zeros(&self) -> (f64, f64) {
        let rows = &self.shared.rows;
        let observed = rows.cells.iter().zip(&rows.weights).map(|(cell, w)| match (cell.lo, cell.hi) {
            (0.0, 0.0) => *w,
            (0.0, _) => f64::NAN,
            _ => 0.0,
        });
        let parts = self.shared.parts();
        let (eta, zeta) = &self.shared.linear;
        let fitted = eta.iter().zip(zeta).zip(&rows.weights);
        (observed.sum(), fitted.map(|((&eta, &zeta), w)| w * parts.none(eta, zeta)).sum())
    }

    /// Newton steps.
    pub fn iterations(&self) -> usize {
        self.shared.summit.iterations
    }

    /// Whether the last of them was below the tolerance; only a fit told to note it can say no.
    pub fn converged(&self) -> bool {
        self.shared.summit.unfinished.is_none()
    }

    /// The covariance in use.
    pub fn covariance_kind(&self) -> &Covariance {
        &self.look.covariance
    }

    /// The small-sample convention in use.
    pub fn convention(&self) -> SmallSample {
        self.look.convention
    }

    /// How many clusters each cluster variable has.
    pub fn clusters(&self) -> &[usize] {
        &self.look.clusters
    }

    /// `K`, the parameters that the small-sample convention counts: the coefficients.
    pub fn parameters_counted(&self) -> usize {
        self.look.estimated.parameters
    }

    /// `A`, the factor for parameters that the small-sample convention gives.
    pub fn small_sample_factor(&self) -> f64 {
        self.look.estimated.factor
    }

    /// What the caller should know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.shared.notes.clone();
        if self.look.estimated.repaired.is_some() {
            notes.push(format!(
                "the covariance {} was not positive semidefinite; its negative eigenvalues were set to zero, and its \
                 standard errors are not to be trusted",
                self.look.covariance
            ));
        }
        notes
    }

    /// Statistics about the whole fit, by name.
    pub fn statistics(&self) -> Vec<(&'static str, f64)> {
        let (observed, fitted) = self.zeros();
        let mut all = vec![("observations", self.observations()), ("log_likelihood", self.log_likelihood())];
        if self.shared.family == CountFamily::NegativeBinomial {
            all.push(("alpha", self.shared.summit.alpha));
        }
        all.extend([("aic", self.aic()), ("bic", self.bic()), ("zeros", observed), ("zeros_fitted", fitted)]);
        all.retain(|(_, value)| !value.is_nan());
        all
    }

    /// The model as a sentence.
    pub fn sentence(&self) -> String {
        let sample = &self.shared.sample;
        let title = match self.shared.kind {
            Kind::Inflated => "Zero-inflated",
            Kind::Hurdle => "Hurdle",
        };
        let formula = match &self.shared.origin {
            Some(origin) => origin.counts.formula.text().trim().to_owned(),
            None => format!("{} ~ {}", sample.outcome_name, sample.names.join(" + ")),
        };
        let Shared { family, zeros, .. } = &*self.shared;
        format!("{title} {family}: {formula}; zeros by {zeros}{}", prepare::beside(sample))
    }

    /// The coefficient table with everything that was decided on the way, intervals at `level` (0.95 for 95 %).
    pub fn table(&self, level: f64) -> Table {
        let mut table = self.coefficient_table(level).title(self.sentence());
        let mut line = format!("{} observations", thousands(self.observations()));
        let dropped = self.dropped().iter();
        let dropped: Vec<String> = dropped
            .map(|d| format!("{} {} (first row {})", thousands(d.count as f64), d.cause, d.first_row))
            .collect();
        if !dropped.is_empty() {
            line += &format!("; left out: {}", dropped.join(", "));
        }
        table = table.note(line).note(self.covariance_line());
        let statistics = self.statistics().into_iter().skip(1);
        let statistics: Vec<String> = statistics
            .map(|(name, value)| format!("{} {}", name.replace('_', " "), TableCell::Number(value)))
            .collect();
        table = table.note(statistics.join(" · ")).note(match self.shared.kind {
            Kind::Inflated => "zero: the log odds of a zero that is none of the counts",
            Kind::Hurdle => "zero: the log odds of any count above zero",
        });
        self.notes().into_iter().fold(table, Table::note)
    }

    fn covariance_line(&self) -> String {
        let mut line = format!("Standard errors {}", self.look.covariance);
        if !self.look.clusters.is_empty() {
            let sizes: Vec<String> = self.look.clusters.iter().map(|&g| thousands(g as f64)).collect();
            line += &format!(" (G = {})", sizes.join(" and "));
        } else if self.look.covariance == Covariance::Classical {
            line += " (inverse information)";
        }
        let (factor, k) = (significant(self.look.estimated.factor, 6), self.look.estimated.parameters);
        line + &format!(", small sample {}: A = {factor}, K = {k}, normal", self.look.convention)
    }

    /// Half the width of an interval at `level`, in standard errors.
    pub(super) fn reach(level: f64) -> Result<f64> {
        Ok(Normal::standard().quantile(0.5 + 0.5 * interval_level(level)?))
    }
}

impl Estimates for TwoPartFit {
    fn names(&self) -> &[String] {
        &self.shared.names
    }

    fn coefficients(&self) -> &Array1<f64> {
        &self.shared.coefficients
    }

    fn covariance(&self) -> &Array2<f64> {
        &self.look.coefficients
    }

    fn degrees_of_freedom(&self) -> f64 {
        self.look.estimated.degrees
    }
}

impl Display for TwoPartFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(0.95).fmt(f)
    }
}

impl fmt::Debug for TwoPartFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwoPartFit")
            .field("model", &self.sentence())
            .field("names", &self.shared.names)
            .field("coefficients", &self.shared.coefficients)
            .finish_non_exhaustive()
    }
}
