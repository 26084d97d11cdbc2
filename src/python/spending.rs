//! Responses across the border.

use std::sync::Arc;

use numpy::{PyArray1, PyArray2, ToPyArray};
use pyo3::prelude::*;

use super::convert::enter;
use super::inference::PyTable;
use super::panel::PyPanel;
use super::regression::PyMargins;
use crate::Error;
use crate::inference::{CoefficientRow, interval_level};
use crate::spending::{
    Averted, CostByPath, Joint, LeadTest, Response, SpendingResponse, Spread, WithoutSpending,
};

/// Term, estimate, standard error, statistic, p-value and interval.
pub(super) type Row = (String, f64, f64, f64, f64, f64, f64);

fn row(row: CoefficientRow) -> Row {
    (row.term, row.estimate, row.std_error, row.statistic, row.p_value, row.lower, row.upper)
}

fn rows(all: Vec<CoefficientRow>) -> Vec<Row> {
    all.into_iter().map(row).collect()
}

/// What is to be fitted.
#[pyclass(frozen, name = "SpendingResponse", module = "averted._core")]
pub(super) struct PySpendingResponse(pub(super) SpendingResponse);

#[pymethods]
impl PySpendingResponse {
    #[new]
    #[pyo3(signature = (*, spend, per_person, lags, leads, controls, effects, cluster, scale, ssc, errors))]
    #[expect(clippy::too_many_arguments, reason = "the specification's settings, one each")]
    fn new(
        spend: Option<String>,
        per_person: bool,
        lags: usize,
        leads: usize,
        controls: String,
        effects: Option<Vec<String>>,
        cluster: Option<Vec<String>>,
        scale: f64,
        ssc: &str,
        errors: &str,
    ) -> PyResult<Self> {
        let mut made = SpendingResponse::new()
            .per_person(per_person)
            .lags(lags)
            .leads(leads)
            .controls(controls)
            .scale(scale)
            .small_sample(ssc.parse()?)
            .errors(errors.parse()?);
        if let Some(column) = spend {
            made = made.spend(column);
        }
        if let Some(effects) = effects {
            made = made.effects(effects);
        }
        if let Some(columns) = cluster {
            made = made.cluster(columns);
        }
        Ok(Self(made))
    }

    fn formula(&self, panel: &PyPanel) -> PyResult<String> {
        Ok(self.0.formula(&panel.0)?)
    }

    fn lead_test(&self, py: Python<'_>, panel: &PyPanel, leads: usize) -> PyResult<PyLeadTest> {
        let panel = Arc::clone(&panel.0);
        enter(py, || self.0.lead_test(&panel, leads)).map(PyLeadTest)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// A fitted response.
#[pyclass(frozen, name = "Response", module = "averted._core")]
pub(super) struct PyResponse(pub(super) Response);

#[pymethods]
impl PyResponse {
    #[getter]
    fn spend(&self) -> &str {
        self.0.spend()
    }

    #[getter]
    fn money(&self) -> &str {
        self.0.money()
    }

    #[getter]
    fn errors(&self) -> &'static str {
        self.0.errors()
    }

    #[getter]
    fn clustered_error(&self) -> f64 {
        self.0.clustered_error()
    }

    #[getter]
    fn formula(&self) -> PyResult<String> {
        Ok(self.0.specification().formula(self.0.panel())?)
    }

    #[getter]
    fn clusters(&self) -> usize {
        self.0.clusters()
    }

    #[getter]
    fn degrees_of_freedom(&self) -> f64 {
        self.0.degrees_of_freedom()
    }

    #[getter]
    fn scale(&self) -> f64 {
        self.0.specification().dollars()
    }

    /// Rows, units, first and last period.
    #[getter]
    fn sample(&self) -> (usize, usize, String, String) {
        let extent = self.0.sample();
        let label = |period| self.0.panel().label(period);
        (extent.rows, extent.units, label(extent.from), label(extent.to))
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }

    #[getter]
    fn lag_coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.lag_coefficients().to_pyarray(py)
    }

    #[getter]
    fn lag_covariance<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.lag_covariance().to_pyarray(py)
    }

    fn lags_at(&self, level: f64) -> PyResult<Vec<Row>> {
        Ok(rows(self.0.lag_rows(interval_level(level)?)))
    }

    fn leads_at(&self, level: f64) -> PyResult<Vec<Row>> {
        Ok(rows(self.0.lead_rows(interval_level(level)?)))
    }

    fn cumulative_at(&self, level: f64) -> PyResult<Row> {
        Ok(row(self.0.cumulative(interval_level(level)?)))
    }

    fn detectable_at(&self, level: f64) -> PyResult<f64> {
        Ok(self.0.detectable(interval_level(level)?)?)
    }

    /// The smallest detectable coefficient of every lag and lead, in the order of the lags, then the leads.
    fn detectable_each(&self, level: f64) -> PyResult<Vec<f64>> {
        let level = interval_level(level)?;
        let all = self.0.lag_rows(level).into_iter().chain(self.0.lead_rows(level));
        let each =
            |r: CoefficientRow| crate::spending::detectable(r.std_error, self.0.degrees_of_freedom(), level);
        Ok(all.map(each).collect::<crate::Result<Vec<f64>>>()?)
    }

    fn table(&self, level: f64) -> PyResult<PyTable> {
        Ok(PyTable(self.0.table(interval_level(level)?)?))
    }

    fn averted(&self, py: Python<'_>, per: f64, spread: &str, level: f64) -> PyResult<PyAverted> {
        let spread = match spread {
            "money" => Spread::Money,
            "population" => Spread::Population,
            _ => {
                let must = "\"money\" or \"population\"".into();
                let error = Error::Argument { argument: "spread".into(), value: format!("`{spread}`"), must };
                return Err(error.into());
            }
        };
        enter(py, || self.0.averted_as(per, spread, level)).map(PyAverted)
    }

    fn against(&self, py: Python<'_>, factor: f64, level: f64) -> PyResult<Row> {
        enter(py, || self.0.against(factor, interval_level(level)?)).map(row)
    }

    /// Period labels, cells, observed, without, lower, upper; averted with its interval; cells left out; the seed.
    #[pyo3(signature = (unit, level, draws, seed))]
    fn without_spending(
        &self,
        py: Python<'_>,
        unit: Option<String>,
        level: f64,
        draws: usize,
        seed: Option<u64>,
    ) -> PyResult<PyWithoutSpending> {
        let response = self.0.clone();
        let made = enter(py, || response.without_spending(unit.as_deref(), level, draws, seed))?;
        let labels = made.periods.iter().map(|&period| response.panel().label(period)).collect();
        Ok(PyWithoutSpending { labels, made })
    }

    fn lead_test(&self, py: Python<'_>, leads: usize) -> PyResult<PyLeadTest> {
        enter(py, || self.0.lead_test(leads)).map(PyLeadTest)
    }
}

/// Deaths averted by a sum.
#[pyclass(frozen, name = "Averted", module = "averted._core")]
pub(super) struct PyAverted(pub(super) Averted);

#[pymethods]
impl PyAverted {
    #[getter]
    fn per(&self) -> f64 {
        self.0.per
    }

    #[getter]
    fn spread(&self) -> &'static str {
        self.0.spread.words()
    }

    #[getter]
    fn level(&self) -> f64 {
        self.0.level
    }

    #[getter]
    fn estimate(&self) -> Row {
        row(self.0.estimate.clone())
    }

    #[getter]
    fn total(&self) -> Row {
        row(self.0.total.clone())
    }

    #[getter]
    fn by_lag(&self) -> Vec<Row> {
        rows(self.0.by_lag.clone())
    }

    /// Per sum, in all, and in per cent of all deaths.
    #[getter]
    fn detectable(&self) -> (f64, f64, f64) {
        (self.0.detectable, self.0.total_detectable, self.0.percent_detectable())
    }

    #[getter]
    fn deaths(&self) -> f64 {
        self.0.deaths
    }

    /// The word, estimate, lower and upper; lower alone is the least there could be.
    #[getter]
    fn cost(&self) -> (&'static str, Option<f64>, Option<f64>, Option<f64>, String) {
        let cost = self.0.cost();
        let (estimate, lower, upper) = cost.parts();
        (cost.word(), estimate, lower, upper, cost.to_string())
    }

    #[getter]
    fn reading(&self) -> String {
        self.0.reading()
    }

    #[getter]
    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }
}

/// Both directions of the lead test.
#[pyclass(frozen, name = "LeadTest", module = "averted._core")]
pub(super) struct PyLeadTest(pub(super) LeadTest);

/// Rows, F, its degrees of freedom and the p-value.
type Tested = (Vec<Row>, f64, usize, f64, f64);

fn tested(joint: &Joint) -> Tested {
    (rows(joint.rows.clone()), joint.statistic, joint.restrictions, joint.degrees, joint.p_value)
}

#[pymethods]
impl PyLeadTest {
    #[getter]
    fn leads(&self) -> Tested {
        tested(&self.0.leads)
    }

    #[getter]
    fn reverse(&self) -> Tested {
        tested(&self.0.reverse)
    }

    #[getter]
    fn cumulative(&self) -> Row {
        row(self.0.cumulative.clone())
    }

    #[getter]
    fn failed(&self) -> bool {
        self.0.failed()
    }

    #[getter]
    fn follows(&self) -> bool {
        self.0.follows()
    }

    #[getter]
    fn table(&self) -> PyTable {
        PyTable(self.0.table())
    }
}

/// Deaths with and without the money, period by period.
#[pyclass(frozen, name = "WithoutSpending", module = "averted._core")]
pub(super) struct PyWithoutSpending {
    labels: Vec<String>,
    made: WithoutSpending,
}

#[pymethods]
impl PyWithoutSpending {
    #[getter]
    fn labels(&self) -> Vec<String> {
        self.labels.clone()
    }

    #[getter]
    fn cells(&self) -> Vec<usize> {
        self.made.cells.clone()
    }

    /// Observed, without, lower, upper.
    #[getter]
    fn columns<'py>(&self, py: Python<'py>) -> [Bound<'py, PyArray1<f64>>; 4] {
        [&self.made.observed, &self.made.without, &self.made.lower, &self.made.upper]
            .map(|c| c.to_pyarray(py))
    }

    #[getter]
    fn averted(&self) -> (f64, f64, f64) {
        self.made.averted
    }

    #[getter]
    fn left_out(&self) -> usize {
        self.made.left_out
    }

    #[getter]
    fn seed(&self) -> u64 {
        self.made.seed
    }
}

/// Group, money, deaths averted with interval, word and words of the cost, its estimate and ends.
type PathRow = (String, f64, Row, &'static str, String, (Option<f64>, Option<f64>, Option<f64>));

/// What the deaths averted by a path cost: one row a group, and the table.
#[pyfunction]
pub(super) fn cost_by_path(
    averted: PyRef<'_, PyMargins>,
    money: Vec<f64>,
    per: f64,
    level: f64,
) -> PyResult<(Vec<PathRow>, PyTable)> {
    let found = CostByPath::new(&averted.0, &money, per, level)?;
    let table = PyTable(found.table());
    let one = |r: crate::spending::PathCost| {
        (r.group, r.money, row(r.averted), r.cost.word(), r.cost.to_string(), r.cost.parts())
    };
    Ok((found.rows.into_iter().map(one).collect(), table))
}
