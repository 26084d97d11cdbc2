//! The fitted model.

use ndarray::{Array1, Array2, ArrayView2};

use crate::distribution::Student;
use crate::error::{Error, Result};
use crate::inference::{CoefficientRow, Estimates, interval_level};
use crate::timeseries::var::{Regression, Terms};

/// A fitted autoregressive distributed lag model.
#[derive(Debug, Clone)]
pub struct ArdlFit {
    terms: Terms,
    own: usize,
    others: Vec<usize>,
    outcome: String,
    regressors: Vec<String>,
    names: Vec<String>,
    coefficients: Array1<f64>,
    covariance: Array2<f64>,
    residuals: Array1<f64>,
    total: f64,
}

/// What a lasting unit more of a regressor has changed so many periods later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multiplier {
    /// The change of the outcome.
    pub estimate: f64,
    /// Its standard error, by the delta method.
    pub std_error: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// Combinations of the coefficients: names, one row a combination.
pub(super) struct Combinations {
    pub(super) names: Vec<String>,
    pub(super) weights: Array2<f64>,
    /// What is taken off a combination: 1 of the sum of the outcome's lags, in error-correction form.
    pub(super) less: Vec<f64>,
}

impl ArdlFit {
    pub(super) fn new(
        terms: Terms,
        (own, others): (usize, Vec<usize>),
        outcome: &str,
        regressors: &[String],
        names: Vec<String>,
        z: &Array2<f64>,
        found: Regression,
    ) -> Self {
        let residuals = found.residuals.column(0).to_owned();
        let degrees = (z.nrows() - z.ncols()) as f64;
        let covariance = found.inverse * (residuals.dot(&residuals) / degrees);
        let coefficients = found.coefficients.column(0).to_owned();
        let y = z.dot(&coefficients) + &residuals;
        let mean = if terms == Terms::None { 0.0 } else { y.sum() / y.len() as f64 };
        let total = y.iter().map(|v| (v - mean).powi(2)).sum();
        let (outcome, regressors) = (outcome.to_owned(), regressors.to_vec());
        Self { terms, own, others, outcome, regressors, names, coefficients, covariance, residuals, total }
    }

    /// Lags: of the outcome, and of every regressor.
    pub fn orders(&self) -> (usize, &[usize]) {
        (self.own, &self.others)
    }

    /// Constant and trend.
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// Names of the regressors.
    pub fn regressors(&self) -> &[String] {
        &self.regressors
    }

    /// Periods explained.
    pub fn n_observed(&self) -> usize {
        self.residuals.len()
    }

    /// Errors of the periods explained.
    pub fn residuals(&self) -> &Array1<f64> {
        &self.residuals
    }

    /// Variance of the errors, over the degrees of freedom.
    pub fn variance(&self) -> f64 {
        self.residuals.dot(&self.residuals) / self.degrees_of_freedom()
    }

    /// The share of the outcome's variation that is explained.
    pub fn r_squared(&self) -> f64 {
        1.0 - self.residuals.dot(&self.residuals) / self.total
    }

    /// Gaussian log-likelihood.
    pub fn log_likelihood(&self) -> f64 {
        let n = self.residuals.len() as f64;
        let variance = self.residuals.dot(&self.residuals) / n;
        -0.5 * n * (1.0 + (2.0 * std::f64::consts::PI).ln() + variance.ln())
    }

    /// Akaike's criterion; the variance counts as a parameter.
    pub fn aic(&self) -> f64 {
        2.0 * (self.names.len() + 1) as f64 - 2.0 * self.log_likelihood()
    }

    /// The Bayesian criterion.
    pub fn bic(&self) -> f64 {
        (self.residuals.len() as f64).ln() * (self.names.len() + 1) as f64 - 2.0 * self.log_likelihood()
    }

    /// Where the outcome's lags begin, and every regressor's.
    fn places(&self) -> (usize, Vec<usize>) {
        let own = self.terms as usize;
        let mut next = own + self.own;
        let starts = self.others.iter().map(|q| {
            let start = next;
            next += q + 1;
            start
        });
        (own, starts.collect())
    }

    /// π and every ψ, after constant and trend: what the bounds test is about.
    pub(super) fn levels(&self) -> Combinations {
        let (terms, m) = (self.terms as usize, self.names.len());
        let (own, starts) = self.places();
        let rows = terms + 1 + starts.len();
        let mut weights = Array2::zeros((rows, m));
        (0..terms).for_each(|i| weights[[i, i]] = 1.0);
        (own..own + self.own).for_each(|j| weights[[terms, j]] = 1.0);
        for (i, (&start, &q)) in starts.iter().zip(&self.others).enumerate() {
            (start..=start + q).for_each(|j| weights[[terms + 1 + i, j]] = 1.0);
        }
        let mut less = vec![0.0; rows];
        less[terms] = 1.0;
        let mut names: Vec<String> = self.names[..terms].to_vec();
        names.push(format!("lag({}, 1)", self.outcome));
        // A regressor without lags stands in its value of the same period.
        let of =
            |(name, &q): (&String, &usize)| if q == 0 { name.clone() } else { format!("lag({name}, 1)") };
        names.extend(self.regressors.iter().zip(&self.others).map(of));
        Combinations { names, weights, less }
    }

    /// The error-correction form: the levels, then differences.
    fn correction(&self) -> Combinations {
        let Combinations { mut names, weights, mut less } = self.levels();
        let (own, starts) = self.places();
        let m = self.names.len();
        let mut rows: Vec<Array1<f64>> = weights.rows().into_iter().map(|r| r.to_owned()).collect();
        let mut tail = |name: String, sign: f64, columns: std::ops::Range<usize>| {
            let mut row = Array1::zeros(m);
            columns.for_each(|j| row[j] = sign);
            rows.push(row);
            names.push(name);
            less.push(0.0);
        };
        for i in 1..self.own {
            tail(format!("diff(lag({}, {i}))", self.outcome), -1.0, own + i..own + self.own);
        }
        for ((name, &start), &q) in self.regressors.iter().zip(&starts).zip(&self.others) {
            if q > 0 {
                tail(format!("diff({name})"), 1.0, start..start + 1);
            }
            for i in 1..q {
                tail(format!("diff(lag({name}, {i}))"), -1.0, start + i + 1..start + q + 1);
            }
        }
        let weights = Array2::from_shape_fn((rows.len(), m), |(i, j)| rows[i][j]);
        Combinations { names, weights, less }
    }

    /// The coefficients in error-correction form.
    pub fn error_correction(&self, level: f64) -> Vec<CoefficientRow> {
        let Combinations { names, weights, less } = self.correction();
        let row = |i: usize| {
            let weight = weights.row(i);
            let estimate = weight.dot(&self.coefficients) - less[i];
            let error = weight.dot(&self.covariance.dot(&weight)).sqrt();
            CoefficientRow::new(&names[i], estimate, error, self.degrees_of_freedom(), level)
        };
        (0..names.len()).map(row).collect()
    }

    /// π, by which the outcome gives way to a deviation in one period; below zero where it does.
    pub fn adjustment(&self) -> f64 {
        let own = self.terms as usize;
        self.coefficients.slice(ndarray::s![own..own + self.own]).sum() - 1.0
    }

    /// Long-run multipliers with standard errors by the delta method: of constant and trend first, then of every
    /// regressor.
    pub fn long_run(&self, level: f64) -> Vec<CoefficientRow> {
        let Combinations { weights, .. } = self.levels();
        let (terms, pi) = (self.terms as usize, self.adjustment());
        let names: Vec<&String> = self.names[..terms].iter().chain(&self.regressors).collect();
        let row = |i: usize| {
            let weight = weights.row(if i < terms { i } else { i + 1 });
            let estimate = -weight.dot(&self.coefficients) / pi;
            // ∂(−ψ/π) = −(∂ψ + estimate ∂π)/π
            let slope = (&weight + &(&weights.row(terms) * estimate)) / -pi;
            let error = slope.dot(&self.covariance.dot(&slope)).sqrt();
            CoefficientRow::new(names[i], estimate, error, self.degrees_of_freedom(), level)
        };
        (0..names.len()).map(row).collect()
    }

    /// What a lasting unit more of a regressor has changed 0 … horizon periods later; it tends to the long-run multiplier
    /// where the model is stable.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::Argument`] unless 0 < level < 1.
    pub fn multipliers(&self, regressor: &str, horizon: usize, level: f64) -> Result<Vec<Multiplier>> {
        let at = self.regressors.iter().position(|n| n == regressor);
        let at =
            at.ok_or_else(|| Error::unknown_column(regressor, self.regressors.iter().map(String::as_str)))?;
        let reach = Student::new(self.degrees_of_freedom())?.quantile(0.5 + 0.5 * interval_level(level)?);
        let (own, starts) = self.places();
        let (start, q, m) = (starts[at], self.others[at], self.names.len());
        let b = &self.coefficients;
        let mut values: Vec<f64> = Vec::with_capacity(horizon + 1);
        let mut slopes: Vec<Array1<f64>> = Vec::with_capacity(horizon + 1);
        for h in 0..=horizon {
            let now = start..=start + q.min(h);
            let mut value: f64 = now.clone().map(|j| b[j]).sum();
            let mut slope = Array1::zeros(m);
            now.for_each(|j| slope[j] = 1.0);
            for lag in 1..=self.own.min(h) {
                let weight = b[own + lag - 1];
                value += weight * values[h - lag];
                slope[own + lag - 1] += values[h - lag];
                slope.scaled_add(weight, &slopes[h - lag]);
            }
            values.push(value);
            slopes.push(slope);
        }
        let one = |(estimate, slope): (f64, Array1<f64>)| {
            let std_error = slope.dot(&self.covariance.dot(&slope)).sqrt();
            Multiplier {
                estimate,
                std_error,
                lower: estimate - reach * std_error,
                upper: estimate + reach * std_error,
            }
        };
        Ok(values.into_iter().zip(slopes).map(one).collect())
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.adjustment() >= 0.0 {
            notes.push(format!(
                "the lags of `{}` add up to {:.4}: it does not come back, and there is no long run",
                self.outcome,
                1.0 + self.adjustment()
            ));
        }
        notes
    }

    pub(super) fn parts(&self) -> (&Array1<f64>, ArrayView2<'_, f64>) {
        (&self.coefficients, self.covariance.view())
    }
}

impl Estimates for ArdlFit {
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
        (self.residuals.len() - self.names.len()) as f64
    }
}
