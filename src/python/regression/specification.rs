//! Specifications of regressions.

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::either;
use super::fit::{AnyFit, PyFit};
use super::transformed::AnyTransformed;
use crate::data::Count;
use crate::inference::SmallSample;
use crate::python::convert::enter;
use crate::python::data::{AnyColumn, AnySource};
use crate::regression::{
    Ar1, Between, FamaMacBeth, FirstDifferences, Iv, IvPoisson, Logit, NegativeBinomial, Ols, Poisson,
    RandomEffects, Sample, Variance, WeightKind,
};

/// Which regression, and everything it was told.
#[pyclass(frozen, name = "Regression", module = "averted._core")]
pub(in crate::python) struct PySpecification(pub(super) AnySpecification);

#[derive(Clone)]
pub(super) enum AnySpecification {
    Ols(Ols),
    Poisson(Poisson),
    NegativeBinomial(NegativeBinomial),
    Logit(Logit),
    Iv(Iv),
    IvPoisson(IvPoisson),
    Transformed(AnyTransformed),
    FamaMacBeth(FamaMacBeth),
}

/// One array and what it is called.
type Named<'py> = (String, PyReadonlyArray1<'py, f64>);

/// Columns and what they are called.
type Columns<'py> = (Vec<String>, PyReadonlyArray2<'py, f64>);

#[pymethods]
impl PySpecification {
    #[new]
    #[pyo3(signature = (
        model, *, exposure, offset, weights, frequency_weights, covariance, cluster, ssc, panel, keep_singletons,
        tolerance, max_iterations, method = None, suppressed = None, bounds = None, choices = Vec::new(),
        accept = None, rho = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "the specification's settings, one each")]
    fn new(
        model: &str,
        exposure: Option<String>,
        offset: Option<String>,
        weights: Option<String>,
        frequency_weights: Option<String>,
        covariance: &str,
        cluster: Vec<String>,
        ssc: &str,
        panel: Option<(String, String)>,
        keep_singletons: bool,
        tolerance: f64,
        max_iterations: usize,
        method: Option<(String, f64)>,
        suppressed: Option<(f64, f64)>,
        bounds: Option<(String, String)>,
        choices: Vec<String>,
        accept: Option<(String, String)>,
        rho: Option<f64>,
    ) -> PyResult<Self> {
        let covariance = super::covariance(covariance, cluster)?;
        let convention: SmallSample = ssc.parse()?;
        macro_rules! shared {
            ($made:expr) => {{
                let mut made = $made.covariance(covariance).small_sample(convention);
                if let Some(column) = weights {
                    made = made.weights(column);
                }
                if let Some(column) = frequency_weights {
                    made = made.frequency_weights(column);
                }
                if let Some((unit, time)) = panel {
                    made = made.panel(unit, time);
                }
                if let Some((code, reason)) = accept {
                    made = made.accept(&code, &reason);
                }
                if keep_singletons { made.keep_singletons() } else { made }
            }};
        }
        macro_rules! rates {
            ($made:ident) => {{
                if let Some(column) = exposure {
                    $made = $made.exposure(column);
                }
                if let Some(column) = offset {
                    $made = $made.offset(column);
                }
            }};
        }
        if let ("iv_poisson", Some((name, _))) = (model, &method) {
            let mut made = IvPoisson::new().method(name.parse()?);
            rates!(made);
            return Ok(Self(AnySpecification::IvPoisson(shared!(made))));
        }
        if let Some((name, alpha)) = method {
            let made = Iv::new().method(super::instruments::method(&name, alpha)?);
            return Ok(Self(AnySpecification::Iv(shared!(made))));
        }
        if model == "logit" {
            let mut made = Logit::new().tolerance(tolerance).max_iterations(max_iterations);
            if let Some(column) = offset {
                made = made.offset(column);
            }
            return Ok(Self(AnySpecification::Logit(shared!(made))));
        }
        let chosen = |choice: &str| choices.iter().any(|c| c == choice);
        match model {
            "random_effects" => return Ok(Self(AnyTransformed::from(shared!(RandomEffects::new())).into())),
            "between" => return Ok(Self(AnyTransformed::from(shared!(Between::new())).into())),
            "first_differences" => {
                let made = FirstDifferences::new();
                let made = if chosen("drift") { made.drift() } else { made };
                return Ok(Self(AnyTransformed::from(shared!(made)).into()));
            }
            "ar1" => {
                let made = Ar1::new().tolerance(tolerance).max_iterations(max_iterations);
                let made = if chosen("drop_first") { made.drop_first() } else { made };
                let made = rho.map_or(made.clone(), |rho| made.rho(rho));
                return Ok(Self(AnyTransformed::from(shared!(made)).into()));
            }
            "fama_macbeth" => return Ok(Self(AnySpecification::FamaMacBeth(shared!(FamaMacBeth::new())))),
            _ => {}
        }
        if model == "ols" {
            let made = Ols::new();
            return Ok(Self(AnySpecification::Ols(shared!(made))));
        }
        macro_rules! counts {
            ($made:expr) => {{
                let mut made = $made.tolerance(tolerance).max_iterations(max_iterations);
                rates!(made);
                if let Some((lo, hi)) = suppressed {
                    made = made.suppressed(lo, hi);
                }
                if let Some((lo, hi)) = bounds {
                    made = made.bounds(lo, hi);
                }
                made
            }};
        }
        if model == "negative_binomial" {
            let mut made = counts!(NegativeBinomial::new());
            if chosen("linear") {
                made = made.variance(Variance::Linear);
            }
            if chosen("expected") {
                made = made.expected_information();
            }
            return Ok(Self(AnySpecification::NegativeBinomial(shared!(made))));
        }
        let mut made = counts!(Poisson::new());
        if chosen("quasi") {
            made = made.quasi();
        }
        Ok(Self(AnySpecification::Poisson(shared!(made))))
    }

    /// Fits a formula; without `raises`, a fit that does not converge is one with a note.
    fn fit(&self, py: Python<'_>, formula: &str, source: AnySource, raises: bool) -> PyResult<PyFit> {
        let specification = self.told(raises);
        let fit = enter(py, || {
            Ok(match specification {
                AnySpecification::Ols(ols) => AnyFit::Ols(ols.fit(formula, &source)?),
                AnySpecification::Poisson(poisson) => AnyFit::Poisson(poisson.fit(formula, &source)?),
                AnySpecification::NegativeBinomial(negative) => {
                    AnyFit::NegativeBinomial(negative.fit(formula, &source)?)
                }
                AnySpecification::Logit(logit) => AnyFit::Logit(logit.fit(formula, &source)?),
                AnySpecification::Iv(iv) => AnyFit::Iv(iv.fit(formula, &source)?),
                AnySpecification::IvPoisson(iv) => AnyFit::IvPoisson(iv.fit(formula, &source)?),
                AnySpecification::Transformed(other) => AnyFit::Transformed(other.fit(formula, &source)?),
                AnySpecification::FamaMacBeth(mean) => AnyFit::FamaMacBeth(mean.fit(formula, &source)?),
            })
        })?;
        Ok(PyFit(fit))
    }

    /// Fits arrays, all with a name.
    #[pyo3(signature = (
        outcome, x, names, absorb, clusters, raises, *, exposure = None, offset = None, weights = None,
        frequency = false, endogenous = None, instruments = None, bounds = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "one for every kind of array")]
    fn fit_arrays(
        &self,
        py: Python<'_>,
        outcome: Named<'_>,
        x: PyReadonlyArray2<'_, f64>,
        names: Vec<String>,
        absorb: Vec<(String, AnyColumn<'_>)>,
        clusters: Vec<(String, AnyColumn<'_>)>,
        raises: bool,
        exposure: Option<Named<'_>>,
        offset: Option<Named<'_>>,
        weights: Option<Named<'_>>,
        frequency: bool,
        endogenous: Option<Columns<'_>>,
        instruments: Option<Columns<'_>>,
        bounds: Option<(PyReadonlyArray1<'_, f64>, PyReadonlyArray1<'_, f64>)>,
    ) -> PyResult<PyFit> {
        let (outcome_name, outcome) = outcome;
        let sample = Sample::new(outcome.as_array().to_owned(), x.as_array().to_owned())?;
        let mut sample = sample.named(&outcome_name, &names)?;
        if let Some((lo, hi)) = bounds {
            let counts = bounded(outcome.as_array().iter(), lo.as_array().iter(), hi.as_array().iter());
            sample = sample.counts(&counts)?;
        }
        if let Some((names, columns)) = endogenous {
            sample = sample.endogenous(&names, columns.as_array().to_owned())?;
        }
        if let Some((names, columns)) = instruments {
            sample = sample.instruments(&names, columns.as_array().to_owned())?;
        }
        for (name, column) in absorb {
            sample = sample.absorb(&name, column.factor())?;
        }
        for (name, column) in clusters {
            sample = sample.cluster(&name, column.factor())?;
        }
        if let Some((name, values)) = exposure {
            sample = sample.exposure(&name, values.as_array().to_vec())?;
        }
        if let Some((name, values)) = offset {
            sample = sample.offset(&name, values.as_array().to_vec())?;
        }
        if let Some((name, values)) = weights {
            let kind = if frequency { WeightKind::Frequency } else { WeightKind::Analytic };
            sample = sample.weights(&name, values.as_array().to_vec(), kind)?;
        }
        let specification = self.told(raises);
        let fit = enter(py, || {
            Ok(match specification {
                AnySpecification::Ols(ols) => AnyFit::Ols(ols.fit_arrays(sample)?),
                AnySpecification::Poisson(poisson) => AnyFit::Poisson(poisson.fit_arrays(sample)?),
                AnySpecification::NegativeBinomial(negative) => {
                    AnyFit::NegativeBinomial(negative.fit_arrays(sample)?)
                }
                AnySpecification::Logit(logit) => AnyFit::Logit(logit.fit_arrays(sample)?),
                AnySpecification::Iv(iv) => AnyFit::Iv(iv.fit_arrays(sample)?),
                AnySpecification::IvPoisson(iv) => AnyFit::IvPoisson(iv.fit_arrays(sample)?),
                AnySpecification::Transformed(_) | AnySpecification::FamaMacBeth(_) => {
                    return Err(super::transformed::without_periods());
                }
            })
        })?;
        Ok(PyFit(fit))
    }

    fn __str__(&self) -> String {
        either!(AnySpecification, &self.0, s => s.to_string())
    }
}

/// Counts where they are known, and intervals where not.
fn bounded<'a>(
    outcome: impl Iterator<Item = &'a f64>,
    lo: impl Iterator<Item = &'a f64>,
    hi: impl Iterator<Item = &'a f64>,
) -> Vec<Count> {
    let count = |((&y, &lo), &hi): ((&f64, &f64), &f64)| match y.is_nan() {
        false => Count::Exact(y),
        true if lo.is_nan() || hi.is_nan() => Count::Missing,
        true => Count::Interval { lo, hi },
    };
    outcome.zip(lo).zip(hi).map(count).collect()
}

impl PySpecification {
    pub(super) fn told(&self, raises: bool) -> AnySpecification {
        match &self.0 {
            AnySpecification::Poisson(poisson) => {
                AnySpecification::Poisson(poisson.clone().note_nonconvergence(!raises))
            }
            AnySpecification::NegativeBinomial(negative) => {
                AnySpecification::NegativeBinomial(negative.clone().note_nonconvergence(!raises))
            }
            AnySpecification::Logit(logit) => {
                AnySpecification::Logit(logit.clone().note_nonconvergence(!raises))
            }
            other => other.clone(),
        }
    }
}
