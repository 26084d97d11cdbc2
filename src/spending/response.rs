//! The response that was fitted: lag by lag, in the long run, and what it could have detected.

use std::fmt::{self, Display};

use ndarray::{Array1, Array2, s};

use crate::data::{Panel, Source};
use crate::error::{Error, Result};
use crate::inference::{CoefficientRow, Estimates, Table, significant};
use crate::regression::PoissonFit;
use crate::spending::averted::{Averted, Spread};
use crate::spending::jackknife::jackknife;
use crate::spending::leads::LeadTest;
use crate::spending::power::detectable;
use crate::spending::specification::{Money, SpendingResponse};

/// A coefficient of spending: of `shift` periods before, or of later periods where it is negative.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shifted {
    pub(super) shift: i64,
    pub(super) name: String,
}

/// A fitted response of deaths to spending. Immutable and cheap to clone.
///
/// Its coefficients are logs of rate ratios for one more dollar a head (for
/// [`scale`](SpendingResponse::scale) dollars, if set), and are read against a `t` with one degree of freedom fewer than
/// there are clusters, because the normal rejects far too often with few of them.
#[derive(Debug, Clone)]
pub struct Response {
    specification: SpendingResponse,
    money: Money,
    panel: Panel,
    fit: PoissonFit,
    /// Lags from 0, then leads from 1.
    terms: Vec<Shifted>,
    coefficients: Array1<f64>,
    covariance: Array2<f64>,
    /// The clustered covariance, whatever is in use.
    clustered: Array2<f64>,
    errors: &'static str,
    degrees: f64,
    notes: Vec<String>,
}

/// The places of terms among the coefficients of a fit.
fn places(terms: &[Shifted], fit: &PoissonFit) -> Result<Vec<usize>> {
    let place = |term: &Shifted| {
        fit.names().iter().position(|name| *name == term.name).ok_or_else(|| {
            let note = fit.notes().into_iter().find(|n| n.starts_with(&term.name)).unwrap_or_default();
            let why = format!(
                "{} cannot be told from the rest of the model ({note}), so the long-run effect is not known; fewer \
                 lags may do",
                term.name
            );
            Error::NothingToEstimate { why }
        })
    };
    terms.iter().map(place).collect()
}

impl Response {
    pub(super) fn new(
        specification: SpendingResponse,
        money: Money,
        panel: &Panel,
        fit: PoissonFit,
    ) -> Result<Self> {
        let terms = specification.shifted(&money)?;
        let mine = places(&terms, &fit)?;
        let coefficients: Array1<f64> = mine.iter().map(|&j| fit.coefficients()[j]).collect();
        let clustered =
            Array2::from_shape_fn((mine.len(), mine.len()), |(a, b)| fit.covariance()[[mine[a], mine[b]]]);
        let clusters = fit.clusters().iter().copied().min().unwrap_or_default();
        let mut notes = fit.notes();
        let (mut errors, mut covariance) = ("clustered", clustered.clone());
        if let Some(column) = specification.left_out(panel, clusters, fit.rows().len())? {
            let (model, formula) = (specification.model(panel)?, specification.formula_of(&money, panel)?);
            let refit = |data: &dyn Source| {
                let fit = model.fit(&formula, data)?;
                Ok(places(&terms, &fit)?.into_iter().map(|j| fit.coefficients()[j]).collect())
            };
            match jackknife(panel, &column, &fit.rows(), &coefficients, refit) {
                Ok(found) => (errors, covariance) = ("jackknife", found),
                Err(error) if specification.may_fall_back() => {
                    notes.push(format!("clustered standard errors, too small here: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        let degrees = clusters as f64 - 1.0;
        let panel = panel.clone();
        Ok(Self {
            specification,
            money,
            panel,
            fit,
            terms,
            coefficients,
            covariance,
            clustered,
            errors,
            degrees,
            notes,
        })
    }

    /// What was fitted.
    pub fn specification(&self) -> &SpendingResponse {
        &self.specification
    }

    /// The regression behind it.
    pub fn fit(&self) -> &PoissonFit {
        &self.fit
    }

    /// The panel it was fitted to.
    pub fn panel(&self) -> &Panel {
        &self.panel
    }

    /// The column of spending.
    pub fn spend(&self) -> &str {
        &self.money.name
    }

    /// What a unit of spending is, in words.
    pub fn money(&self) -> &str {
        &self.money.kind
    }

    /// What a sum of it is, in words; empty where the panel does not know.
    pub fn sum(&self) -> &str {
        &self.money.sum
    }

    pub(super) fn totals(&self) -> &Money {
        &self.money
    }

    /// How many clusters the standard errors have; the smallest number, with several cluster variables.
    pub fn clusters(&self) -> usize {
        self.fit.clusters().iter().copied().min().unwrap_or_default()
    }

    /// Degrees of freedom of the `t`: clusters less one.
    pub fn degrees_of_freedom(&self) -> f64 {
        self.degrees
    }

    /// `jackknife` or `clustered`.
    pub fn errors(&self) -> &'static str {
        self.errors
    }

    fn rows_of(&self, wanted: impl Fn(i64) -> bool, level: f64) -> Vec<CoefficientRow> {
        let row = |(j, term): (usize, &Shifted)| {
            let std_error = self.covariance[[j, j]].sqrt();
            CoefficientRow::new(&term.name, self.coefficients[j], std_error, self.degrees, level)
        };
        self.terms.iter().enumerate().filter(|(_, term)| wanted(term.shift)).map(row).collect()
    }

    /// The coefficients of spending 0, 1, … periods before, with intervals at `level`.
    pub fn lag_rows(&self, level: f64) -> Vec<CoefficientRow> {
        self.rows_of(|shift| shift >= 0, level)
    }

    /// The coefficients of spending 1, 2, … periods later: placebos.
    pub fn lead_rows(&self, level: f64) -> Vec<CoefficientRow> {
        self.rows_of(|shift| shift < 0, level)
    }

    /// How many lags, the present one with them.
    fn lags(&self) -> usize {
        self.specification.last_lag() + 1
    }

    /// The coefficients of spending 0, 1, … periods before.
    pub fn lag_coefficients(&self) -> Array1<f64> {
        self.coefficients.slice(s![..self.lags()]).to_owned()
    }

    /// Their covariance.
    pub fn lag_covariance(&self) -> Array2<f64> {
        self.covariance.slice(s![..self.lags(), ..self.lags()]).to_owned()
    }

    /// The coefficients of later spending, and their covariance.
    pub(super) fn ahead(&self) -> (Array1<f64>, Array2<f64>) {
        let from = self.lags();
        let covariance = self.covariance.slice(s![from.., from..]).to_owned();
        (self.coefficients.slice(s![from..]).to_owned(), covariance)
    }

    /// A linear combination of the lag coefficients.
    pub(super) fn combine(&self, name: &str, weights: &Array1<f64>, level: f64) -> CoefficientRow {
        let estimate = weights.dot(&self.lag_coefficients());
        let variance = weights.dot(&self.lag_covariance().dot(weights));
        CoefficientRow::new(name, estimate, variance.max(0.0).sqrt(), self.degrees, level)
    }

    /// The long-run effect `Σₗ bₗ`: the log of the rate ratio for a dollar a head more in every period.
    pub fn cumulative(&self, level: f64) -> CoefficientRow {
        self.combine("long run", &Array1::ones(self.lags()), level)
    }

    /// The smallest long-run effect, in either direction, that had a power of 80 % at this level.
    ///
    /// # Errors
    /// [`Error::Argument`] when there are too few clusters for a `t`.
    pub fn detectable(&self, level: f64) -> Result<f64> {
        detectable(self.cumulative(level).std_error, self.degrees, level)
    }

    /// Deaths averted by `per` dollars spent once, spread over units and periods as the money was, at 95 %.
    ///
    /// # Errors
    /// As for [`averted_as`](Self::averted_as).
    pub fn averted(&self, per: f64) -> Result<Averted> {
        self.averted_as(per, Spread::Money, 0.95)
    }

    /// Deaths averted by `per` dollars, spread as told, with intervals at `level`.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `per` is positive and `level` between 0 and 1; [`Error::Domain`] when all the money
    /// that went into the fit sums to zero or less.
    pub fn averted_as(&self, per: f64, spread: Spread, level: f64) -> Result<Averted> {
        Averted::new(self, per, spread, level)
    }

    /// The [lead test](SpendingResponse::lead_test) of this response.
    ///
    /// # Errors
    /// As for [`SpendingResponse::lead_test`].
    pub fn lead_test(&self, leads: usize) -> Result<LeadTest> {
        self.specification.lead_test(&self.panel, leads)
    }

    /// What the caller should know.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The table: every lag, every lead, the long run, and what could have been detected.
    ///
    /// # Errors
    /// As for [`detectable`](Self::detectable).
    pub fn table(&self, level: f64) -> Result<Table> {
        let mut rows = self.lag_rows(level);
        rows.push(self.cumulative(level));
        rows.extend(self.lead_rows(level));
        let per = match self.specification.dollars() {
            1.0 => "1 dollar".to_owned(),
            scale => format!("{scale} dollars"),
        };
        let table = CoefficientRow::table(&rows)
            .title(format!("Response of deaths to spending ({})", self.money.kind))
            .note(self.fit.sentence())
            .note(format!("log rate ratio per {per} a head; {}", self.errors_note()))
            .note(format!(
                "this design could have detected a long-run effect of ±{} or more (80 % power); smaller effects are \
                 neither shown nor excluded",
                significant(self.detectable(level)?, 3)
            ))
            .note(self.rows_note());
        Ok(self.notes.iter().cloned().fold(table, Table::note))
    }

    /// Where the standard errors come from.
    fn errors_note(&self) -> String {
        let reference = format!("t({}) from {} clusters", self.degrees, self.clusters());
        if self.errors == "jackknife" {
            let other = significant(self.clustered_error(), 3);
            format!(
                "standard errors by leaving out one cluster at a time, {reference} (long run, clustered: {other})"
            )
        } else {
            format!("standard errors clustered, {reference}")
        }
    }

    /// The standard error of the long-run effect by the clustered sandwich of the regression, whatever is in use.
    pub fn clustered_error(&self) -> f64 {
        self.clustered.slice(s![..self.lags(), ..self.lags()]).sum().max(0.0).sqrt()
    }

    /// Units and periods behind it.
    fn rows_note(&self) -> String {
        let sample = self.sample();
        format!(
            "{} rows: {} units, {} to {}",
            self.fit.rows().len(),
            sample.units,
            self.panel.label(sample.from),
            self.panel.label(sample.to)
        )
    }

    /// What the fit is made of.
    pub fn sample(&self) -> Extent {
        let index = self.panel.index();
        let rows = self.fit.rows();
        let mut units: Vec<u32> = rows.iter().map(|&r| index.unit().codes()[r]).collect();
        units.sort_unstable();
        units.dedup();
        let periods = || rows.iter().filter_map(|&r| index.time()[r]);
        Extent {
            rows: rows.len(),
            units: units.len(),
            from: periods().min().unwrap_or_default(),
            to: periods().max().unwrap_or_default(),
        }
    }
}

/// The rows of a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// How many.
    pub rows: usize,
    /// Of how many units.
    pub units: usize,
    /// The first period.
    pub from: i64,
    /// The last one.
    pub to: i64,
}

impl Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.table(0.95) {
            Ok(table) => table.fmt(f),
            Err(_) => self.specification.fmt(f),
        }
    }
}
