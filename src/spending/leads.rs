//! Does future spending "explain" past deaths? Does spending follow deaths?
//!
//! What has not happened yet cannot have caused anything. Leads of spending that are not zero therefore say that both
//! move with something left out, or that spending answers to deaths; then the lags do not measure what spending does.
//! The test is that of strict exogeneity (Wooldridge, J. M. (2010), *Econometric Analysis of Cross Section and Panel Data*,
//! 2nd ed., §10.7 and §18.7).
//!
//! The other direction is shown beside it, in the manner of Granger, C. W. J. (1969), *Econometrica* 37: spending
//! regressed on earlier deaths a head and on its own past, with the same effects. Its own past has to be there: within
//! units, spending is negatively correlated with its past by construction, and deaths that do respond to it would seem
//! to predict it.

use ndarray::{Array1, Array2};

use crate::data::formula::Expression;
use crate::data::{Panel, Source, quoted};
use crate::error::{Error, Result};
use crate::inference::{CoefficientRow, Estimates, Table, Wald};
use crate::regression::{Ols, OlsFit};
use crate::spending::jackknife::jackknife;
use crate::spending::specification::{SpendingResponse, events, population};

/// A joint test that some coefficients are zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    /// The coefficients.
    pub rows: Vec<CoefficientRow>,
    /// `F`.
    pub statistic: f64,
    /// Its numerator's degrees of freedom.
    pub restrictions: usize,
    /// Its denominator's: clusters less one.
    pub degrees: f64,
    /// The p-value.
    pub p_value: f64,
    /// Rows of the fit.
    pub observations: usize,
}

/// The lead test and its mirror image.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadTest {
    /// Future spending in the response of deaths: zero, if the lags measure what spending does.
    pub leads: Joint,
    /// Past deaths per 100,000 in a regression of spending on them and on its own past: zero, if spending does not
    /// answer to deaths.
    pub reverse: Joint,
    /// The long-run effect with the leads in the model.
    pub cumulative: CoefficientRow,
}

impl LeadTest {
    pub(super) fn new(specification: &SpendingResponse, panel: &Panel, leads: usize) -> Result<Self> {
        if leads == 0 {
            let must = "at least 1".into();
            return Err(Error::Argument { argument: "leads".into(), value: "0".into(), must });
        }
        let fit = specification.clone().leads(leads).fit(panel)?;
        let (coefficients, covariance) = fit.ahead();
        let subset = Subset {
            names: fit.lead_rows(0.95).into_iter().map(|row| row.term).collect(),
            coefficients,
            covariance,
            degrees: fit.degrees_of_freedom(),
        };
        let ahead = Joint::test(&subset, fit.fit().rows().len())?;
        let cumulative = fit.cumulative(0.95);
        Ok(Self { leads: ahead, reverse: reverse(specification, panel, leads)?, cumulative })
    }

    /// Whether future spending is significant at 5 %: the lags are then no effect of spending.
    pub fn failed(&self) -> bool {
        self.leads.p_value < 0.05
    }

    /// Whether spending follows deaths, at 5 %.
    pub fn follows(&self) -> bool {
        self.reverse.p_value < 0.05
    }

    /// Both directions in one table.
    pub fn table(&self) -> Table {
        let rows: Vec<CoefficientRow> = self.leads.rows.iter().chain(&self.reverse.rows).cloned().collect();
        CoefficientRow::table(&rows)
            .title("Lead test: future spending and deaths, and past deaths and spending")
            .note(format!("future spending in the response of deaths: {}", self.leads.words()))
            .note(format!("past deaths per 100,000 in spending: {}", self.reverse.words()))
    }
}

impl Joint {
    fn test(subset: &Subset, observations: usize) -> Result<Self> {
        let names: Vec<&str> = subset.names.iter().map(String::as_str).collect();
        let wald = Wald::test(subset, &names)?;
        Ok(Self {
            rows: subset.coefficient_rows(0.95),
            statistic: wald.statistic,
            restrictions: wald.restrictions,
            degrees: wald.degrees,
            p_value: wald.p_value,
            observations,
        })
    }

    /// `F(2, 37) = 1.2345, p = 0.3027`.
    pub fn words(&self) -> String {
        let (q, df) = (self.restrictions, self.degrees);
        format!("F({q}, {df}) = {:.4}, p = {:.4}", self.statistic, self.p_value)
    }
}

/// Some coefficients, with a covariance and degrees of freedom of their own.
struct Subset {
    names: Vec<String>,
    coefficients: Array1<f64>,
    covariance: Array2<f64>,
    degrees: f64,
}

impl Estimates for Subset {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn coefficients(&self) -> &Array1<f64> {
        &self.coefficients
    }

    fn covariance(&self) -> &Array2<f64> {
        &self.covariance
    }

    fn degrees_of_freedom(&self) -> f64 {
        self.degrees
    }
}

/// Spending on deaths per 100,000 of `periods` earlier periods, and on its own past as far as those deaths reach it.
fn reverse(specification: &SpendingResponse, panel: &Panel, periods: usize) -> Result<Joint> {
    let money = specification.money(panel)?;
    let rate = format!("{} / {} * 100000", quoted(events(panel)?), quoted(population(panel)?));
    let lags = |last: usize| if last == 1 { "1".to_owned() } else { format!("1:{last}") };
    let past = format!("lag({rate}, {})", lags(periods));
    let own = format!("lag({}, {})", money.term, lags(periods + specification.last_lag()));
    let text = format!("I({}) ~ {past} + {own}{}", money.term, specification.absorbed(panel));
    let names: Vec<String> = Expression::parse(&past)?.columns().iter().map(Expression::to_string).collect();
    let model = specification.cluster_columns(panel)?.into_iter().fold(Ols::new(), Ols::cluster);
    let find = |fit: &OlsFit| -> Result<Vec<usize>> {
        let place = |name: &String| {
            fit.names().iter().position(|n| n == name).ok_or_else(|| Error::NothingToEstimate {
                why: format!("{name} cannot be told from the rest of the model"),
            })
        };
        names.iter().map(place).collect()
    };
    let fit = model.fit(&text, panel)?;
    let mine = find(&fit)?;
    let coefficients: Array1<f64> = mine.iter().map(|&j| fit.coefficients()[j]).collect();
    let mut covariance =
        Array2::from_shape_fn((mine.len(), mine.len()), |(a, b)| fit.covariance()[[mine[a], mine[b]]]);
    let clusters = fit.clusters().iter().copied().min().unwrap_or_default();
    if let Some(column) = specification.left_out(panel, clusters, fit.rows().len())? {
        let refit = |data: &dyn Source| {
            let fit = model.fit(&text, data)?;
            Ok(find(&fit)?.into_iter().map(|j| fit.coefficients()[j]).collect())
        };
        match jackknife(panel, &column, &fit.rows(), &coefficients, refit) {
            Ok(found) => covariance = found,
            Err(_) if specification.may_fall_back() => {}
            Err(error) => return Err(error),
        }
    }
    let subset = Subset { names, coefficients, covariance, degrees: clusters as f64 - 1.0 };
    Joint::test(&subset, fit.rows().len())
}
