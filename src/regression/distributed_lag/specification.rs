//! What a distributed lag can be told, and how it is fitted.

use std::fmt::{self, Display};

use ndarray::Array2;

use super::basis::LagBasis;
use super::fit::{DistributedLagFit, LagLayout, LagLength, SeriesLags};
use super::penalty::{Information, smooth};
use crate::data::formula::Expression;
use crate::data::{Source, numbers};
use crate::error::{Error, Result};
use crate::inference::significant;
use crate::regression::Link;
use crate::regression::fit::{Fit, Model};
use crate::regression::wrapped::{Regression, Widened, coefficient, term, with_terms};

/// Lags of one or more series in a regression of any family.
#[derive(Debug, Clone, PartialEq)]
pub struct DistributedLag {
    series: Vec<String>,
    lags: usize,
    leads: usize,
    basis: LagBasis,
    seed: u64,
}

impl DistributedLag {
    /// The lags 0…`lags` of a column or expression, a coefficient for each.
    pub fn new(series: impl Into<String>, lags: usize) -> Self {
        Self { series: vec![series.into()], lags, leads: 0, basis: LagBasis::default(), seed: 1 }
    }

    /// One more series, with the same lags and the same basis.
    #[must_use]
    pub fn and(mut self, series: impl Into<String>) -> Self {
        self.series.push(series.into());
        self
    }

    /// So many leads of every series, with a coefficient for each: placebos, whose joint test is
    /// [`lead_test`](DistributedLagFit::lead_test).
    #[must_use]
    pub fn leads(mut self, leads: usize) -> Self {
        self.leads = leads;
        self
    }

    /// The shape that the curve is held to.
    #[must_use]
    pub fn basis(mut self, basis: LagBasis) -> Self {
        self.basis = basis;
        self
    }

    /// The seed of the draws behind simultaneous bands; 1 unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Fits a regression with these lags among its regressors, by a formula that says all the rest.
    ///
    /// Lags join by time value within the unit; a row needs all of them, and all leads.
    ///
    /// # Errors
    /// [`Error::Argument`] for a basis that does not fit the lags, and for plain frames without unit and time; those of
    /// the regression's own `fit`; [`Error::NothingToEstimate`] when a lag depends on other regressors.
    pub fn fit<R: Regression>(
        &self,
        regression: &R,
        formula: &str,
        data: &dyn Source,
    ) -> Result<DistributedLagFit<R::Model>> {
        self.fit_reaching(regression, formula, data, self.lags)
    }

    /// Fits every one of these last lags to the same rows, those that have the longest, so that Akaike's and Schwarz's
    /// criteria compare.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit); [`Error::Argument`] without any lag.
    pub fn lengths<R: Regression>(
        &self,
        regression: &R,
        formula: &str,
        data: &dyn Source,
        lags: &[usize],
    ) -> Result<Vec<LagLength>> {
        let Some(&longest) = lags.iter().max() else {
            let must = "at least one last lag".into();
            return Err(Error::Argument { argument: "lags".into(), value: "nothing".into(), must });
        };
        if matches!(self.basis, LagBasis::Penalized { .. }) {
            let must = "one without a penalty: a P-spline finds how long the lags are by itself".into();
            return Err(Error::Argument { argument: "basis".into(), value: self.basis.to_string(), must });
        }
        let one = |&lags: &usize| {
            let specification = Self { lags, ..self.clone() };
            let fit = specification.fit_reaching(regression, formula, data, longest)?;
            let statistic = |name: &str| {
                let found = fit.fit().statistics().into_iter().find(|(known, _)| *known == name);
                found.map_or(f64::NAN, |(_, value)| value)
            };
            let total = fit.curve(&self.series[0])?.total(&self.series[0], 0.95);
            Ok(LagLength {
                lags,
                observations: fit.fit().observations(),
                parameters: fit.fit().parameters(),
                log_likelihood: statistic("log_likelihood"),
                aic: statistic("aic"),
                bic: statistic("bic"),
                total: total.estimate,
                std_error: total.std_error,
            })
        };
        lags.iter().map(one).collect()
    }

    /// The fit on rows that have all lags up to `reach`.
    fn fit_reaching<R: Regression>(
        &self,
        regression: &R,
        formula: &str,
        data: &dyn Source,
        reach: usize,
    ) -> Result<DistributedLagFit<R::Model>> {
        if R::INSTRUMENTED && matches!(self.basis, LagBasis::Penalized { .. }) {
            let must = "one without a penalty: instruments have no likelihood to weigh it against".into();
            return Err(Error::Argument { argument: "basis".into(), value: self.basis.to_string(), must });
        }
        let basis = self.basis.matrix(self.lags)?;
        let mut wide = Widened::new(data, regression.told().panel)?;
        wide.indexed("lags")?;
        let mut terms = Vec::new();
        let mut blocks = Vec::new();
        for series in &self.series {
            let written = Expression::parse(series)?.to_string();
            if terms.iter().any(|(known, _)| *known == written) {
                let must = "given once".into();
                return Err(Error::Argument { argument: "series".into(), value: written, must });
            }
            let added = self.columns(&mut wide, &written, &basis, reach)?;
            blocks.extend(added.iter().cloned());
            terms.push((written, added));
        }
        let fit = regression.fit_formula(&with_terms(formula, &blocks), &wide)?;
        let place = |(name, added): &(String, Vec<String>)| {
            let columns = added.iter().map(|t| coefficient(&fit, t)).collect::<Result<Vec<_>>>()?;
            let (lag, lead) = columns.split_at(basis.ncols());
            Ok(SeriesLags {
                name: name.clone(),
                basis: basis.clone(),
                lag: lag.to_vec(),
                lead: lead.to_vec(),
            })
        };
        let mut series = terms.iter().map(place).collect::<Result<Vec<_>>>()?;
        let mut sentence = self.to_string();
        if let LagBasis::Penalized { smoothing, .. } = self.basis {
            for one in &mut series {
                let smoothed = smooth(&information(&fit, &one.lag), smoothing)?;
                one.basis = one.basis.dot(&smoothed.shrink);
                let (lambda, degrees) = (significant(smoothed.lambda, 4), significant(smoothed.degrees, 4));
                sentence += &format!(" (λ = {lambda}, {degrees} effective degrees of freedom)");
            }
        }
        let layout = LagLayout { sentence, series, seed: self.seed };
        Ok(DistributedLagFit { fit, layout })
    }

    /// Adds what the regression needs of a series to the data, and gives the terms: lags by the basis, then leads.
    fn columns(
        &self,
        wide: &mut Widened,
        series: &str,
        basis: &Array2<f64>,
        reach: usize,
    ) -> Result<Vec<String>> {
        let plain = self.basis == LagBasis::Unconstrained && reach == self.lags;
        let lead = |by: usize| format!("lead({series}, {by})");
        let leads: Vec<String> = (1..=self.leads).map(lead).collect();
        if plain {
            // As in any formula, so that the fit predicts for new data.
            let lags = (0..=self.lags).map(|by| format!("lag({series}, {by})"));
            return Ok(lags.chain(leads).collect());
        }
        let values = numbers(wide, series)?;
        let index = wide.indexed("lags")?;
        let shifted: Vec<Vec<f64>> =
            (0..=reach).map(|by| index.shift(&values, i64::try_from(by).unwrap_or(i64::MAX))).collect();
        let mut terms = Vec::new();
        for (j, weights) in basis.columns().into_iter().enumerate() {
            let made = |row: usize| {
                let lacks = shifted[self.lags + 1..].iter().any(|lag| lag[row].is_nan());
                let sum = weights.iter().zip(&shifted).map(|(w, lag)| w * lag[row]).sum::<f64>();
                if lacks { f64::NAN } else { sum }
            };
            let name = format!("{series}.{}.{j}", self.basis.stem());
            let column = (0..values.len()).map(made).collect();
            terms.push(term(&name));
            wide.add(&name, column)?;
        }
        Ok(terms.into_iter().chain(leads).collect())
    }
}

/// What the smoothing of some coefficients is found from.
fn information<M: Model>(fit: &Fit<M>, columns: &[usize]) -> Information {
    let estimate = &fit.shared.estimate;
    let root = &estimate.ortho.root;
    let n = columns.len();
    let inverse = Array2::from_shape_fn((n, n), |(i, j)| root.row(columns[i]).dot(&root.row(columns[j])));
    let free = estimate.observations - fit.parameters() as f64;
    Information {
        theta: columns.iter().map(|&j| estimate.coefficients[j]).collect(),
        inverse,
        scale: (M::LINK == Link::Identity).then_some((estimate.dispersion, free)),
    }
}

impl Display for DistributedLag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Distributed lag of {}, lags 0 to {}", self.series.join(" and "), self.lags)?;
        if self.leads > 0 {
            write!(f, ", leads 1 to {} as placebos", self.leads)?;
        }
        write!(f, ", {}", self.basis)
    }
}
