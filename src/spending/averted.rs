//! From a response to deaths averted.
//!
//! A dollar a head more in unit `i`, `l` periods ago, moves deaths by `bₗ μᵢₜ`, to first order, where `μᵢₜ` is the fitted
//! mean. `D` dollars more, `l` periods before the rows of the fit, and spread over them in shares `wᵢₜ`, are
//! `D wᵢₜ / Nᵢ,ₜ₋ₗ` a head in each, so that the deaths averted are
//!
//! `A(D) = −D Σₗ bₗ cₗ`, with `cₗ = Σᵢₜ wᵢₜ μᵢₜ / Nᵢ,ₜ₋ₗ`.
//!
//! As the money was spread, `wᵢₜ = Sᵢ,ₜ₋ₗ / ΣS` with `S` dollars in all, and `cₗ = Σ μᵢₜ sᵢ,ₜ₋ₗ / ΣS`; by population,
//! `wᵢₜ = Nᵢ,ₜ₋ₗ / ΣN`, and `cₗ = Σ μᵢₜ / ΣN`. `A` is linear in `b`, so its interval is bounded whatever the data say, unlike
//! that of a cost per death. Each lag is averaged over its own rows, and so the deaths that fall after the last period
//! are counted as well. The fitted means are taken as they are: with absorbed effects they sum to the observed deaths of
//! every unit and period.

use ndarray::Array1;

use crate::data::{numbers, quoted};
use crate::error::{Error, Result};
use crate::inference::{Cell, CoefficientRow, Table, interval_level, significant, thousands};
use crate::spending::cost::Cost;
use crate::spending::power::detectable;
use crate::spending::response::Response;
use crate::spending::specification::population;

/// How the money in question is spread over units and periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spread {
    /// As the money of the panel was spread.
    #[default]
    Money,
    /// The same for everyone: in proportion to population.
    Population,
}

impl Spread {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Money => "spread over units and periods as the money was",
            Self::Population => "spread over units and periods in proportion to population",
        }
    }
}

/// Deaths averted by a sum of money.
#[derive(Debug, Clone, PartialEq)]
pub struct Averted {
    /// The sum.
    pub per: f64,
    /// How it is spread.
    pub spread: Spread,
    /// The level of the intervals.
    pub level: f64,
    /// Deaths averted by the sum, in the period that it is spent in and the later ones of the lags; negative: more
    /// deaths.
    pub estimate: CoefficientRow,
    /// The same, by how many periods later they fall.
    pub by_lag: Vec<CoefficientRow>,
    /// The smallest number, in either direction, that had a power of 80 %.
    pub detectable: f64,
    /// Deaths in the rows of the fit.
    pub deaths: f64,
    /// Deaths in those rows that all of the spending averted, against none: `Σ μ (exp(−Σₗ bₗ s) − 1)`.
    pub total: CoefficientRow,
    /// The smallest such number that had a power of 80 %.
    pub total_detectable: f64,
    /// The column of spending, and what a sum of it is, in words, where the panel knows.
    pub money: String,
    /// What the caller should know.
    pub notes: Vec<String>,
}

impl Averted {
    pub(super) fn new(response: &Response, per: f64, spread: Spread, level: f64) -> Result<Self> {
        if !(per > 0.0 && per.is_finite()) {
            let must = "a sum of money above zero".into();
            return Err(Error::Argument { argument: "per".into(), value: per.to_string(), must });
        }
        let level = interval_level(level)?;
        let spent = Spent::read(response)?;
        let mut weights = Array1::zeros(spent.regressors.len());
        let mut notes = Vec::new();
        for lag in 0..weights.len() {
            let (averted, unknown) = spent.per_dollar(response, lag, spread)?;
            weights[lag] = -per * averted;
            if unknown > 0 {
                notes.push(format!(
                    "{unknown} rows do not count for the spread of lag {lag}: the population of that period is missing"
                ));
            }
        }
        let one = |lag: usize| {
            let mut only = Array1::zeros(weights.len());
            only[lag] = weights[lag];
            response.combine(&format!("{lag} periods later"), &only, level)
        };
        let name = format!("deaths averted per {}", thousands(per));
        let estimate = response.combine(&name, &weights, level);
        let degrees = response.degrees_of_freedom();
        let total = spent.against(response, 0.0, level);
        let first_order: Array1<f64> = spent
            .regressors
            .iter()
            .map(|x| -x.iter().zip(&spent.means).map(|(x, m)| x * m).sum::<f64>())
            .collect();
        let linear = response.combine("total", &first_order, level);
        Ok(Self {
            per,
            spread,
            level,
            by_lag: (0..weights.len()).map(one).collect(),
            detectable: detectable(estimate.std_error, degrees, level)?,
            deaths: spent.means.iter().sum(),
            total,
            total_detectable: detectable(linear.std_error, degrees, level)?,
            estimate,
            money: match response.sum() {
                "" => response.spend().to_owned(),
                sum => format!("{}: {sum}", response.spend()),
            },
            notes,
        })
    }

    /// What a death averted cost, as far as the sign is resolved.
    pub fn cost(&self) -> Cost {
        Cost::new(self.per, self.estimate.estimate, self.estimate.lower, self.estimate.upper)
    }

    /// The smallest share of all deaths, in per cent, that all of the money could have been seen to avert.
    pub fn percent_detectable(&self) -> f64 {
        100.0 * self.total_detectable / self.deaths
    }

    /// What the design could see, in a sentence.
    pub fn reading(&self) -> String {
        let share = self.percent_detectable();
        let share =
            if share > 100.0 { "more than all".into() } else { format!("{} %", significant(share, 3)) };
        format!(
            "This design could have detected {} deaths per {} or more in either direction, or {share} of the deaths in \
             the data from all of the money (80 % power); effects smaller than that are neither shown nor excluded.",
            significant(self.detectable, 3),
            thousands(self.per)
        )
    }

    /// As a table.
    pub fn table(&self) -> Table {
        let mut rows = self.by_lag.clone();
        rows.push(self.estimate.clone());
        rows.push(self.total.clone());
        let mut table =
            Table::new(&["term", "estimate", "std_error", "p_value", "lower", "upper", "detectable"])
                .title(format!("Deaths averted per {} of {}", thousands(self.per), self.money));
        for row in rows {
            let mde = match row.term.as_str() {
                term if term == self.estimate.term => Cell::Number(self.detectable),
                term if term == self.total.term => Cell::Number(self.total_detectable),
                _ => Cell::Empty,
            };
            table.push(vec![
                Cell::Text(row.term),
                Cell::Number(row.estimate),
                Cell::Number(row.std_error),
                Cell::Probability(row.p_value),
                Cell::Number(row.lower),
                Cell::Number(row.upper),
                mde,
            ]);
        }
        let table = table
            .note(format!("implied by the model, not causal; the money is {}", self.spread.words()))
            .note(format!("cost per death averted: {}", self.cost()))
            .note(self.reading());
        self.notes.iter().cloned().fold(table, Table::note)
    }
}

impl Response {
    /// Deaths averted in the rows of the fit by the spending there was, against `factor` times of it: 0 compares with
    /// none, and is what the money did altogether; 1.2 is (less) what a fifth more would have averted. By the delta
    /// method, the fitted means taken as they are.
    ///
    /// # Errors
    /// [`Error::Argument`] unless `factor` is a finite number of at least 0.
    pub fn against(&self, factor: f64, level: f64) -> Result<CoefficientRow> {
        if !(factor >= 0.0 && factor.is_finite()) {
            let must = "a finite number of at least 0".into();
            return Err(Error::Argument { argument: "factor".into(), value: factor.to_string(), must });
        }
        Ok(Spent::read(self)?.against(self, factor, level))
    }
}

/// Fitted means and the spending behind them, row by row of the fit.
struct Spent {
    rows: Vec<usize>,
    means: Vec<f64>,
    /// One column a lag, in units of the coefficients.
    regressors: Vec<Vec<f64>>,
}

impl Spent {
    fn read(response: &Response) -> Result<Self> {
        let rows = response.fit().rows();
        let lags = 0..=response.specification().last_lag();
        let column = |lag| lagged(response, &response.totals().term, lag, &rows);
        let regressors = lags.map(column).collect::<Result<Vec<_>>>()?;
        Ok(Self { means: response.fit().fitted().to_vec(), rows, regressors })
    }

    /// `cₗ` for one dollar, in units of the coefficient, and the rows left out because their money is not known.
    fn per_dollar(&self, response: &Response, lag: usize, spread: Spread) -> Result<(f64, usize)> {
        let people = lagged(response, &quoted(population(response.panel())?), lag, &self.rows)?;
        let weights = match spread {
            Spread::Money => lagged(response, &response.totals().total, lag, &self.rows)?,
            Spread::Population => people.clone(),
        };
        let known = |i: &usize| weights[*i].is_finite() && people[*i].is_finite();
        let sum: f64 = (0..weights.len()).filter(known).map(|i| weights[i]).sum();
        if sum.is_nan() || sum <= 0.0 {
            return Err(Error::Domain {
                what: response.spend().to_owned(),
                row: self.rows.first().copied().unwrap_or_default(),
                value: format!("a sum of {sum}"),
                must: "above zero in all, for a sum of money to be spread in the same way".into(),
            });
        }
        let scale = response.specification().dollars();
        let moved: f64 =
            (0..weights.len()).filter(known).map(|i| weights[i] / people[i] * self.means[i]).sum();
        let unknown = (0..weights.len()).filter(|i| !known(i)).count();
        Ok((moved / sum / scale, unknown))
    }

    fn against(&self, response: &Response, factor: f64, level: f64) -> CoefficientRow {
        let b = response.lag_coefficients();
        let (mut averted, mut gradient) = (0.0, Array1::<f64>::zeros(b.len()));
        for (i, mean) in self.means.iter().enumerate() {
            let effect: f64 = self.regressors.iter().zip(&b).map(|(x, b)| x[i] * b).sum();
            let change = (factor - 1.0) * effect;
            averted += mean * change.exp_m1();
            for (slope, x) in gradient.iter_mut().zip(&self.regressors) {
                *slope += mean * change.exp() * (factor - 1.0) * x[i];
            }
        }
        let std_error = gradient.dot(&response.lag_covariance().dot(&gradient)).max(0.0).sqrt();
        let name = if factor == 0.0 {
            "deaths averted by all of it".to_owned()
        } else {
            format!("deaths averted against {factor} times of it")
        };
        CoefficientRow::new(&name, averted, std_error, response.degrees_of_freedom(), level)
    }
}

/// An expression `lag` periods before, on some rows.
pub(super) fn lagged(response: &Response, expression: &str, lag: usize, rows: &[usize]) -> Result<Vec<f64>> {
    let text = format!("lag({expression}, {lag})");
    let all = numbers(response.panel(), &text)?;
    Ok(rows.iter().map(|&row| all[row]).collect())
}
