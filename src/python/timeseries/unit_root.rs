//! Tests of unit roots across the border.

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use super::super::convert::enter;
use crate::error::{Error, Result};
use crate::timeseries::unit_root::{
    Adf, Bandwidth, Break, DfGls, Kpss, Lags, Ocsb, PhillipsPerron, UnitRootTest, VarianceRatio, ZivotAndrews,
};

/// What a test of one series said.
#[pyclass(frozen, name = "UnitRootTest", module = "averted._core")]
pub(in crate::python) struct PyUnitRootTest(pub(super) UnitRootTest);

#[pymethods]
impl PyUnitRootTest {
    /// Method, null, alternative.
    #[getter]
    fn words(&self) -> (String, String, String) {
        (self.0.method.clone(), self.0.null.clone(), self.0.alternative.clone())
    }

    /// Statistic, p-value, whether small statistics reject, lags, rows.
    #[getter]
    fn numbers(&self) -> (f64, f64, bool, usize, usize) {
        (self.0.statistic, self.0.p_value, self.0.rejects_below, self.0.lags, self.0.n)
    }

    #[getter]
    fn critical(&self) -> Vec<(f64, f64)> {
        self.0.critical.clone()
    }

    #[getter]
    fn further(&self) -> Vec<(String, f64)> {
        self.0.further.clone()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes.clone()
    }
}

/// Tests a series; `lags` is a number or the way they are chosen, `option` the break, the season or the periods.
#[pyfunction]
#[pyo3(signature = (test, name, y, *, deterministic, lags, select, most, option, trim))]
#[expect(clippy::too_many_arguments, reason = "what the tests may be told")]
pub(in crate::python) fn unit_root_test(
    py: Python<'_>,
    test: &str,
    name: &str,
    y: PyReadonlyArray1<'_, f64>,
    deterministic: &str,
    lags: Option<usize>,
    select: &str,
    most: Option<usize>,
    option: &str,
    trim: f64,
) -> PyResult<PyUnitRootTest> {
    let y = y.as_array().to_vec();
    let run = || -> Result<UnitRootTest> {
        let kind = deterministic.parse()?;
        let choice = lags.map_or_else(|| chosen(select), |lags| Ok(Lags::Fixed(lags)));
        match test {
            "kpss" => {
                let bandwidth = lags.map_or_else(|| bandwidth(select), |lags| Ok(Bandwidth::Fixed(lags)))?;
                Kpss::new().deterministic(kind).bandwidth(bandwidth).test(name, &y)
            }
            "adf" => {
                let made = Adf::new().deterministic(kind).select(choice?);
                most.map_or(made, |most| made.most(most)).test(name, &y)
            }
            "phillips_perron" => {
                let made = PhillipsPerron::new().deterministic(kind);
                let made = lags.map_or(made, |lags| made.lags(lags));
                if option == "rho" { made.rho() } else { made }.test(name, &y)
            }
            "df_gls" => {
                let made = DfGls::new().deterministic(kind).select(choice?);
                most.map_or(made, |most| made.most(most)).test(name, &y)
            }
            "zivot_andrews" => {
                let broken = match option {
                    "level" => Break::Level,
                    "slope" => Break::Slope,
                    "both" => Break::Both,
                    _ => return Err(refused("breaks", option, "`level`, `slope` or `both`")),
                };
                ZivotAndrews::new(broken).select(choice?).trim(trim).test(name, &y)
            }
            "ocsb" => {
                let made = Ocsb::new(whole("season", option)?).select(choice?);
                most.map_or(made, |most| made.most(most)).test(name, &y)
            }
            "variance_ratio" => VarianceRatio::new(whole("periods", option)?).test(name, &y),
            other => Err(refused("test", other, "one of the tests of unit roots")),
        }
    };
    Ok(PyUnitRootTest(enter(py, run)?))
}

/// How often to difference, by KPSS tests.
#[pyfunction]
#[pyo3(signature = (name, y, *, alpha, most, deterministic))]
pub(in crate::python) fn differences(
    py: Python<'_>,
    name: &str,
    y: PyReadonlyArray1<'_, f64>,
    alpha: f64,
    most: usize,
    deterministic: &str,
) -> PyResult<usize> {
    let y = y.as_array().to_vec();
    enter(py, || crate::timeseries::unit_root::differences(name, &y, alpha, most, deterministic.parse()?))
}

fn refused(argument: &str, value: &str, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: format!("`{value}`"), must: must.into() }
}

fn whole(argument: &str, value: &str) -> Result<usize> {
    value.parse().map_err(|_| refused(argument, value, "a whole number, at least 2"))
}

pub(super) fn chosen(select: &str) -> Result<Lags> {
    match select {
        "aic" => Ok(Lags::Aic),
        "bic" => Ok(Lags::Bic),
        "t" => Ok(Lags::TStatistic),
        _ => Err(refused("lags", select, "a number, `aic`, `bic` or `t`")),
    }
}

fn bandwidth(select: &str) -> Result<Bandwidth> {
    match select {
        "short" => Ok(Bandwidth::Short),
        "schwert4" => Ok(Bandwidth::Schwert4),
        "schwert12" => Ok(Bandwidth::Schwert12),
        "auto" => Ok(Bandwidth::Automatic),
        _ => Err(refused("lags", select, "a number, `short`, `schwert4`, `schwert12` or `auto`")),
    }
}
