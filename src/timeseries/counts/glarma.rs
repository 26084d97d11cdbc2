//! Counts that follow past residuals.

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::timeseries::counts::climb::{Bounds, Care, climb};
use crate::timeseries::counts::fit::{CountFit, Found};
use crate::timeseries::counts::ingarch::first_dispersion;
use crate::timeseries::counts::recursion::{Model, Problem, Recursion};
use crate::timeseries::counts::series::Data;
use crate::timeseries::counts::specification::lags;
use crate::timeseries::counts::{CountSeries, Family, ResidualScale};

/// A generalised linear autoregressive moving-average model of counts. See the [module](self::super).
#[derive(Debug, Clone, PartialEq)]
pub struct Glarma {
    pub(super) ar: Vec<usize>,
    pub(super) ma: Vec<usize>,
    pub(super) family: Family,
    pub(super) residuals: ResidualScale,
}

impl Default for Glarma {
    fn default() -> Self {
        Self::new()
    }
}

impl Glarma {
    /// The last Pearson residual, negative binomial.
    pub fn new() -> Self {
        let residuals = ResidualScale::Pearson;
        Self { ar: Vec::new(), ma: vec![1], family: Family::NegativeBinomial, residuals }
    }

    /// Lags of Z + e.
    #[must_use]
    pub fn ar(mut self, lags: &[usize]) -> Self {
        self.ar = lags.to_vec();
        self
    }

    /// Lags of e.
    #[must_use]
    pub fn ma(mut self, lags: &[usize]) -> Self {
        self.ma = lags.to_vec();
        self
    }

    /// Of this family.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// With residuals divided by this.
    #[must_use]
    pub fn residuals(mut self, scale: ResidualScale) -> Self {
        self.residuals = scale;
        self
    }

    /// Maximises the likelihood.
    ///
    /// # Errors
    /// As [`Ingarch::fit`](crate::timeseries::counts::Ingarch::fit).
    pub fn fit(&self, series: &CountSeries<'_>) -> Result<CountFit> {
        let data = Data::new(series)?;
        let (ar, ma) = (lags("ar", &self.ar, data.len())?, lags("ma", &self.ma, data.len())?);
        if let Some(lag) = ar.iter().find(|lag| ma.contains(lag)) {
            let why = format!(
                "lag {lag} stands in both ar and ma: Z + e and e at one lag are hardly told apart; keep it in one of them"
            );
            return Err(Error::NothingToEstimate { why });
        }
        let (first, last) = (1 + data.x.ncols(), 1 + data.x.ncols() + ar.len() + ma.len());
        let dependent = last > first;
        let dispersion = (self.family == Family::Poisson).then_some(0.0);
        let model = Model::Glarma { residuals: self.residuals, ar, ma };
        let recursion = Recursion { model, k: data.x.ncols(), dispersion };
        let m = recursion.n_parameters();
        data.check(m, dependent)?;
        let x: Vec<f64> = data.x.iter().copied().collect();
        let mut bounds = Bounds::none(m);
        if recursion.dispersion.is_none() {
            bounds.low[m - 1] = 0.0;
        }
        let mut theta = vec![0.0; m];
        theta[0] = data.rate().ln();
        if recursion.dispersion.is_none() {
            theta[m - 1] = first_dispersion(&data);
        }
        let mut problem = Problem::new(&recursion, &data.counts, &data.exposure, &x);
        // First without the past, then with it.
        let mut still = bounds.clone();
        (first..last).for_each(|i| (still.low[i], still.high[i]) = (0.0, 0.0));
        let start = climb(&mut problem, &theta, &still, Care::Full)?.at;
        let top = climb(&mut problem, &start, &bounds, Care::Full)?;
        let joint = recursion.dispersion.is_none();
        let found =
            Found { recursion, family: self.family, quasi: false, top, bounds, joint, notes: Vec::new() };
        CountFit::new(self.to_string(), Vec::new(), data, x, found)
    }
}

impl Display for Glarma {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |lags: &[usize]| match lags.is_empty() {
            true => "none".to_owned(),
            false => lags.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
        };
        let family = if self.family == Family::Poisson { "Poisson" } else { "negative binomial" };
        let scale = if self.residuals == ResidualScale::Pearson { "Pearson" } else { "score" };
        write!(f, "{family} GLARMA(ar {}; ma {}) of {scale} residuals", list(&self.ar), list(&self.ma))
    }
}
