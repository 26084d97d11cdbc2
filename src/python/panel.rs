//! Panels, and what their columns of counts and money are, across the border.

use std::sync::Arc;

use pyo3::prelude::*;

use super::convert::enter;
use super::data::PyFrame;
use crate::data::calendar::Frequency;
use crate::data::{Count, Events, Kind, Money, Panel, Prices};

/// How a column of counts is read.
#[pyclass(frozen, name = "Events", module = "averted._core")]
pub(super) struct PyEvents(Events);

#[pymethods]
impl PyEvents {
    #[new]
    fn new(
        column: String,
        suppressed: (f64, f64),
        blanks_suppressed: bool,
        bounds: Option<(String, String)>,
        fractional: bool,
    ) -> Self {
        let mut events = Events::new(column).suppressed(suppressed.0, suppressed.1);
        if blanks_suppressed {
            events = events.blanks_suppressed();
        }
        if let Some((lo, hi)) = bounds {
            events = events.bounds(lo, hi);
        }
        if fractional {
            events = events.fractional();
        }
        Self(events)
    }
}

/// A column of counts by its name alone, or with how to read it.
#[derive(FromPyObject)]
enum AnyEvents<'py> {
    Column(String),
    Told(PyRef<'py, PyEvents>),
}

/// What a column of money is, and is to be.
#[pyclass(frozen, name = "Money", module = "averted._core")]
pub(super) struct PyMoney(Money);

#[pymethods]
impl PyMoney {
    #[new]
    #[pyo3(signature = (column, name, currency, stage, fiscal_year_start, prices, real, to, per_person))]
    #[expect(clippy::too_many_arguments, reason = "the Python class has their names and defaults")]
    fn new(
        column: String,
        name: String,
        currency: &str,
        stage: Option<&str>,
        fiscal_year_start: Option<i64>,
        prices: Option<i32>,
        real: Option<i32>,
        to: Option<&str>,
        per_person: bool,
    ) -> PyResult<Self> {
        let mut money = Money::new(column).name(name).currency(currency.parse()?).per_person(per_person);
        if let Some(stage) = stage {
            money = money.stage(stage.parse()?);
        }
        if let Some(month) = fiscal_year_start {
            // What does not fit is no month, and 0 is refused as one.
            let month = u8::try_from(month).unwrap_or_default();
            Frequency::fiscal_year(month)?;
            money = money.fiscal_year_start(month);
        }
        if let Some(year) = prices {
            money = money.prices(Prices::Real(year));
        }
        if let Some(year) = real {
            money = money.real(year);
        }
        if let Some(currency) = to {
            money = money.to(currency.parse()?);
        }
        Ok(Self(money))
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}

/// A panel, built and checked.
#[pyclass(frozen, name = "Panel", module = "averted._core")]
pub(super) struct PyPanel(pub(super) Arc<Panel>);

#[pymethods]
impl PyPanel {
    #[new]
    #[pyo3(signature = (frame, unit, time, *, frequency = None, events = None, population = None,
                        money = vec![], implicit_zeros = false))]
    #[expect(clippy::too_many_arguments, reason = "what a panel declares, each by name")]
    fn new(
        py: Python<'_>,
        frame: PyRef<'_, PyFrame>,
        unit: &str,
        time: &str,
        frequency: Option<&str>,
        events: Option<AnyEvents<'_>>,
        population: Option<&str>,
        money: Vec<PyRef<'_, PyMoney>>,
        implicit_zeros: bool,
    ) -> PyResult<Self> {
        let frame = frame.0.clone();
        let events = events.map(|events| match events {
            AnyEvents::Column(column) => Events::new(column),
            AnyEvents::Told(events) => events.0.clone(),
        });
        let money: Vec<Money> = money.iter().map(|money| money.0.clone()).collect();
        let built = enter(py, || {
            let mut panel = match frequency {
                Some(text) => Panel::with_frequency(frame, unit, time, text.parse()?)?,
                None => Panel::new(frame, unit, time)?,
            };
            if let Some(events) = events {
                panel = panel.events(events)?;
            }
            if let Some(column) = population {
                panel = panel.population(column)?;
            }
            if implicit_zeros {
                panel = panel.implicit_zeros()?;
            }
            money.into_iter().try_fold(panel, Panel::money)
        })?;
        Ok(Self(Arc::new(built)))
    }

    /// The same with the sum of spendings of one kind.
    #[pyo3(signature = (names, name))]
    fn add_money(&self, py: Python<'_>, names: Vec<String>, name: &str) -> PyResult<Self> {
        let panel = self.0.as_ref().clone();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(Self(Arc::new(enter(py, || panel.add_money(&names, name))?)))
    }

    /// The columns, events as numbers.
    #[getter]
    fn frame(&self) -> PyFrame {
        PyFrame(self.0.frame().clone())
    }

    #[getter]
    fn unit(&self) -> &str {
        self.0.unit_name()
    }

    #[getter]
    fn time(&self) -> &str {
        self.0.time_name()
    }

    #[getter]
    fn events(&self) -> Option<&str> {
        self.0.events_name()
    }

    #[getter]
    fn population(&self) -> Option<&str> {
        self.0.population_name()
    }

    #[getter]
    fn frequency(&self) -> String {
        self.0.frequency().to_string()
    }

    #[getter]
    fn units(&self) -> usize {
        self.0.units()
    }

    /// The first and the last period, in writing.
    #[getter]
    fn span(&self) -> Option<(String, String)> {
        self.0.index().span().map(|(first, last)| (self.0.label(first), self.0.label(last)))
    }

    /// The sum of the exact counts, and how many rows are exact, suppressed, missing.
    #[getter]
    fn tally(&self) -> Option<(f64, usize, usize, usize)> {
        self.0.tally().map(|t| (t.events, t.exact, t.suppressed, t.missing))
    }

    /// Unit, first and last period, how many, and whether between rows of the unit.
    fn gaps(&self) -> Vec<(String, String, String, u64, bool)> {
        let label = |period| self.0.label(period);
        let gaps = self.0.gaps().into_iter();
        gaps.map(|g| (g.unit.clone(), label(g.from), label(g.to), g.periods(), g.inside)).collect()
    }

    /// Name, totals' name, column, what came, what it is, its unit, and notes of each spending.
    #[getter]
    #[expect(clippy::type_complexity, reason = "a row of a table")]
    fn spending(&self) -> Vec<(String, String, String, String, String, String, Vec<String>)> {
        let words = |kind: Kind| kind.to_string();
        let row = |s: &crate::data::Spending| {
            let (name, total, column) = (s.name.clone(), s.total.clone(), s.column.clone());
            (name, total, column, words(s.given), words(s.kind), s.kind.unit(), s.notes.clone())
        };
        self.0.spending().iter().map(row).collect()
    }

    /// The least and the most that every row's count can be, NaN where it is missing; none without events.
    #[getter]
    fn counts(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        let ends = |count: &Count| match *count {
            Count::Exact(y) => (y, y),
            Count::Interval { lo, hi } => (lo, hi),
            Count::Missing => (f64::NAN, f64::NAN),
        };
        self.0.counts().map(|counts| counts.iter().map(ends).unzip())
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}
