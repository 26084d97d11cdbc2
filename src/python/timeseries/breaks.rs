//! Structural breaks across the border.

use numpy::{PyArray1, PyArray2, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;

use super::super::convert::enter;
use crate::error::Error;
use crate::timeseries::breaks::instability::{self, Fluctuation};
use crate::timeseries::breaks::{BaiPerron, BreaksFit, Cost, Pelt, Series};

fn series(name: &str, y: &[f64], x: Option<&PyReadonlyArray2<'_, f64>>, constant: bool) -> Series {
    let made = Series::new(name, y);
    let made = x.map_or(made.clone(), |x| made.regressors(x.as_array()));
    if constant { made } else { made.no_constant() }
}

/// A regression with breaks.
#[pyclass(frozen, name = "BreaksFit", module = "averted._core")]
pub(in crate::python) struct PyBreaksFit(BreaksFit);

/// Breaks at unknown dates.
#[pyfunction]
#[pyo3(signature = (name, y, x, *, constant, max_breaks, trimming, selection, level))]
#[expect(clippy::too_many_arguments, reason = "a series and the options of a specification")]
pub(in crate::python) fn bai_perron(
    py: Python<'_>,
    name: &str,
    y: Vec<f64>,
    x: Option<PyReadonlyArray2<'_, f64>>,
    constant: bool,
    max_breaks: usize,
    trimming: f64,
    selection: &str,
    level: f64,
) -> PyResult<PyBreaksFit> {
    let made = series(name, &y, x.as_ref(), constant);
    let spec =
        BaiPerron::new().max_breaks(max_breaks).trimming(trimming).selection(selection.parse()?).level(level);
    Ok(PyBreaksFit(enter(py, || spec.fit(&made))?))
}

#[pymethods]
impl PyBreaksFit {
    /// Last row before the break, and the interval's rows.
    #[getter]
    fn breaks(&self) -> Vec<(usize, Option<isize>, Option<isize>)> {
        self.0.breaks().iter().map(|b| (b.last, b.lower, b.upper)).collect()
    }

    #[getter]
    fn segments(&self) -> Vec<(usize, usize)> {
        self.0.segments()
    }

    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.coefficients().to_pyarray(py)
    }

    /// Last rows before breaks, sum of squares, BIC, LWZ.
    #[getter]
    fn models(&self) -> Vec<(Vec<usize>, f64, f64, f64)> {
        self.0.models().iter().map(|m| (m.last.clone(), m.sse, m.bic, m.lwz)).collect()
    }

    /// The sequential tests.
    #[getter]
    fn tests(&self) -> Vec<(f64, f64)> {
        self.0.tests().iter().map(|t| (t.statistic, t.p_value)).collect()
    }

    #[getter]
    fn n_observed(&self) -> usize {
        self.0.n_observed()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }

    fn fitted<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.fitted().to_pyarray(py)
    }

    fn sup_f(&self, py: Python<'_>, breaks: usize) -> PyResult<(f64, f64)> {
        let test = enter(py, || self.0.sup_f(breaks))?;
        Ok((test.statistic, test.p_value))
    }

    fn ud_max(&self, py: Python<'_>) -> PyResult<(f64, f64)> {
        let test = enter(py, || self.0.ud_max())?;
        Ok((test.statistic, test.p_value))
    }

    fn __str__(&self) -> String {
        self.0.specification().to_string()
    }
}

/// Statistic, p-value, rows (None before the first), path, boundary, and the row of the largest F.
type Tested = (f64, f64, Vec<Option<usize>>, Vec<f64>, Vec<f64>, Option<usize>);

/// A test that coefficients do not change.
#[pyfunction]
#[pyo3(signature = (test, name, y, x, *, constant, share, last, level))]
#[expect(clippy::too_many_arguments, reason = "a series and the options of every test")]
pub(in crate::python) fn structural_change_test(
    py: Python<'_>,
    test: &str,
    name: &str,
    y: Vec<f64>,
    x: Option<PyReadonlyArray2<'_, f64>>,
    constant: bool,
    share: f64,
    last: Option<usize>,
    level: f64,
) -> PyResult<Tested> {
    let made = series(name, &y, x.as_ref(), constant);
    let path = |f: Fluctuation| (f.test.statistic, f.test.p_value, f.rows, f.path, f.boundary, None);
    let found = enter(py, || match test {
        "sup_f" | "ave_f" | "exp_f" => {
            let f = instability::f_statistics(&made, share)?;
            let rows = f.rows.iter().map(|&r| Some(r)).collect();
            let asked = match test {
                "sup_f" => f.sup,
                "ave_f" => f.ave,
                _ => f.exp,
            };
            Ok((asked.statistic, asked.p_value, rows, f.values, Vec::new(), Some(f.at)))
        }
        "chow" => {
            let t = instability::chow(&made, last.unwrap_or(usize::MAX))?;
            Ok((t.statistic, t.p_value, Vec::new(), Vec::new(), Vec::new(), last))
        }
        "cusum" => instability::cusum(&made, level).map(path),
        "recursive_cusum" => instability::recursive_cusum(&made, level).map(path),
        "mosum" => instability::mosum(&made, share, level).map(path),
        "moving_estimates" => instability::moving_estimates(&made, share, level).map(path),
        other => Err(Error::Argument {
            argument: "test".into(),
            value: other.into(),
            must: "sup_f, ave_f, exp_f, chow, cusum, recursive_cusum, mosum or moving_estimates".into(),
        }),
    })?;
    Ok(found)
}

/// Segments (first, last, level, error, variance), total cost, penalty, scale, observations, notes.
#[expect(clippy::type_complexity, clippy::too_many_arguments, reason = "options in, an answer taken apart")]
#[pyfunction]
#[pyo3(signature = (name, y, *, cost, scale, penalty, min_segment, exposure))]
pub(in crate::python) fn pelt(
    py: Python<'_>,
    name: &str,
    y: Vec<f64>,
    cost: &str,
    scale: Option<f64>,
    penalty: (String, Option<f64>),
    min_segment: Option<usize>,
    exposure: Option<Vec<f64>>,
) -> PyResult<(Vec<(usize, usize, f64, f64, f64)>, f64, f64, f64, usize, Vec<String>)> {
    let cost = match cost.parse()? {
        Cost::Mean(_) => Cost::Mean(scale),
        Cost::NegativeBinomial(_) => Cost::NegativeBinomial(scale),
        other => other,
    };
    let penalty = match penalty {
        (_, Some(value)) => crate::timeseries::breaks::Penalty::Given(value),
        (name, None) => name.parse()?,
    };
    let spec = Pelt::new(cost).penalty(penalty);
    let spec = min_segment.map_or(spec, |least| spec.min_segment(least));
    let fit = enter(py, || spec.fit(name, &y, exposure.as_deref()))?;
    let segments =
        fit.segments().iter().map(|s| (s.first, s.last, s.level, s.std_error, s.variance)).collect();
    Ok((segments, fit.total(), fit.penalty(), fit.scale(), fit.n_observed(), fit.notes().to_vec()))
}
