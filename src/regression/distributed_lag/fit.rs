//! A fitted distributed lag: curves and sums, whatever the covariance.

use std::fmt::{self, Display};

use ndarray::{Array1, Array2};

use crate::error::{Error, Result};
use crate::inference::{CoefficientRow, Covariance, Curve, Estimates, Table, Wald};
use crate::regression::fit::{Fit, Model};

/// Where the lags of a fit stand among its coefficients.
#[derive(Debug, Clone, PartialEq)]
pub struct LagLayout {
    pub(super) sentence: String,
    pub(super) series: Vec<SeriesLags>,
    pub(super) seed: u64,
}

/// One series: which coefficients, and how the curve follows from them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SeriesLags {
    pub(super) name: String,
    /// One row a lag, one column a coefficient.
    pub(super) basis: Array2<f64>,
    pub(super) lag: Vec<usize>,
    pub(super) lead: Vec<usize>,
}

/// One length of the lags among several, all fitted to the same rows.
#[derive(Debug, Clone, PartialEq)]
pub struct LagLength {
    /// The last lag.
    pub lags: usize,
    /// Observations, the same for all.
    pub observations: f64,
    /// Parameters, absorbed levels included.
    pub parameters: usize,
    /// The log-likelihood; NaN where the model has none.
    pub log_likelihood: f64,
    /// Akaike's criterion.
    pub aic: f64,
    /// Schwarz's criterion.
    pub bic: f64,
    /// The sum over the lags of the first series.
    pub total: f64,
    /// Its standard error.
    pub std_error: f64,
}

impl LagLayout {
    /// The series, as they are written.
    pub fn series(&self) -> Vec<&str> {
        self.series.iter().map(|s| s.name.as_str()).collect()
    }

    /// The seed of the draws behind simultaneous bands.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The specification as a sentence.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// The same lags of another look at the fit, such as one with another covariance.
    pub fn on<M: Model>(&self, fit: Fit<M>) -> DistributedLagFit<M> {
        DistributedLagFit { fit, layout: self.clone() }
    }

    /// The lag curve of a series under these estimates.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] for a series that is not there.
    pub fn curve(&self, estimates: &dyn Estimates, series: &str) -> Result<Curve> {
        let series = self.find(series)?;
        let at = (0..series.basis.nrows() as i64).collect();
        let (theta, covariance) = pick(estimates, &series.lag);
        Curve::new(
            series.name.clone(),
            "lag",
            at,
            series.basis.dot(&theta),
            series.basis.dot(&covariance).dot(&series.basis.t()),
            degrees(estimates, &series.lag),
        )
    }

    /// The leads of a series, at −1, −2, …; none without leads.
    ///
    /// # Errors
    /// As for [`curve`](Self::curve).
    pub fn placebos(&self, estimates: &dyn Estimates, series: &str) -> Result<Option<Curve>> {
        let series = self.find(series)?;
        if series.lead.is_empty() {
            return Ok(None);
        }
        // From the earliest on, so that leads and lags are one axis.
        let columns: Vec<usize> = series.lead.iter().rev().copied().collect();
        let at = (1..=columns.len() as i64).rev().map(|by| -by).collect();
        let (beta, covariance) = pick(estimates, &columns);
        let degrees = degrees(estimates, &columns);
        Curve::new(format!("{}, leads", series.name), "lag", at, beta, covariance, degrees).map(Some)
    }

    /// The joint test that no lead of any series has an effect; none without leads.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when their covariance is singular, as with fewer clusters than leads.
    pub fn lead_test(&self, estimates: &dyn Estimates) -> Result<Option<Wald>> {
        let name = |&j: &usize| format!("{} = 0", estimates.names()[j]);
        let hypotheses: Vec<String> = self.series.iter().flat_map(|s| s.lead.iter().map(name)).collect();
        if hypotheses.is_empty() {
            return Ok(None);
        }
        Wald::test(estimates, &hypotheses).map(Some)
    }

    /// Every series' total effect and mean lag.
    ///
    /// # Errors
    /// None that a layout of this fit can give.
    pub fn sums(&self, estimates: &dyn Estimates, level: f64) -> Result<Vec<CoefficientRow>> {
        let mut rows = Vec::new();
        for series in &self.series {
            let curve = self.curve(estimates, &series.name)?;
            rows.push(curve.total(&format!("{}, total", series.name), level));
            rows.push(curve.mean_place(&format!("{}, mean lag", series.name), level));
        }
        Ok(rows)
    }

    fn find(&self, name: &str) -> Result<&SeriesLags> {
        let found = self.series.iter().find(|s| s.name == name);
        found.ok_or_else(|| Error::unknown_column(name, self.series.iter().map(|s| s.name.as_str())))
    }
}

/// Degrees of freedom of the t; NaN where tests of one of these are refused.
fn degrees(estimates: &dyn Estimates, columns: &[usize]) -> f64 {
    let mut all = vec![0.0; estimates.names().len()];
    columns.iter().for_each(|&j| all[j] = 1.0);
    if estimates.refusal(&all).is_some() { f64::NAN } else { estimates.degrees_of_freedom() }
}

/// Some estimates and their covariance.
fn pick(estimates: &dyn Estimates, columns: &[usize]) -> (Array1<f64>, Array2<f64>) {
    let (b, v) = (estimates.coefficients(), estimates.covariance());
    let n = columns.len();
    let covariance = Array2::from_shape_fn((n, n), |(i, j)| v[[columns[i], columns[j]]]);
    (columns.iter().map(|&j| b[j]).collect(), covariance)
}

/// A fitted distributed lag. Immutable; another covariance is another look at the same fit.
#[derive(Debug, Clone)]
pub struct DistributedLagFit<M: Model> {
    pub(super) fit: Fit<M>,
    pub(super) layout: LagLayout,
}

impl<M: Model> DistributedLagFit<M> {
    /// The regression behind it.
    pub fn fit(&self) -> &Fit<M> {
        &self.fit
    }

    /// Where the lags stand among its coefficients.
    pub fn layout(&self) -> &LagLayout {
        &self.layout
    }

    /// The same with another covariance; nothing is fitted again.
    ///
    /// # Errors
    /// Those of [`Fit::with_covariance`].
    pub fn with_covariance(&self, covariance: impl Into<Covariance>) -> Result<Self> {
        Ok(self.layout.on(self.fit.with_covariance(covariance)?))
    }

    /// The lag curve of a series.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] for a series that is not there.
    pub fn curve(&self, series: &str) -> Result<Curve> {
        self.layout.curve(&self.fit, series)
    }

    /// The leads of a series; none without leads.
    ///
    /// # Errors
    /// As for [`curve`](Self::curve).
    pub fn placebos(&self, series: &str) -> Result<Option<Curve>> {
        self.layout.placebos(&self.fit, series)
    }

    /// The joint test that no lead has an effect; none without leads.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when their covariance is singular, as with fewer clusters than leads.
    pub fn lead_test(&self) -> Result<Option<Wald>> {
        self.layout.lead_test(&self.fit)
    }

    /// Every series' total effect and mean lag, with intervals at `level`.
    ///
    /// # Errors
    /// None that a fit can give.
    pub fn sums(&self, level: f64) -> Result<Vec<CoefficientRow>> {
        self.layout.sums(&self.fit, level)
    }

    /// The sums, and what was decided on the way.
    ///
    /// # Errors
    /// As for [`sums`](Self::sums).
    pub fn table(&self, level: f64) -> Result<Table> {
        let mut table = CoefficientRow::table(&self.sums(level)?).title(&self.layout.sentence);
        if let Ok(Some(test)) = self.lead_test() {
            table = table.note(format!("leads: joint test p = {:.4}", test.p_value));
        }
        let below = self.fit.table(level);
        let notes = std::iter::once(below.heading().to_owned()).chain(below.notes().iter().cloned());
        Ok(notes.fold(table, Table::note))
    }
}

impl<M: Model> Display for DistributedLagFit<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(0.95).map_err(|_| fmt::Error)?.fmt(f)
    }
}
