//! What the deaths averted by a path of spending cost, for any regression of counts.
//!
//! Money that is known has no error, so that the interval of a death's cost is that of deaths averted turned upside down,
//! which is Fieller's: bounded where deaths averted are resolved from zero, without an upper end elsewhere.

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::inference::{Cell, CoefficientRow, Estimates, Table, interval_level, significant};
use crate::regression::Margins;
use crate::spending::cost::Cost;

/// One group of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct PathCost {
    /// The group; empty without groups.
    pub group: String,
    /// What the path taken cost more than the other.
    pub money: f64,
    /// Deaths averted, with interval.
    pub averted: CoefficientRow,
    /// What one of them cost, as far as the sign is resolved.
    pub cost: Cost,
}

/// Deaths averted by a path, beside the money that it took.
#[derive(Debug, Clone, PartialEq)]
pub struct CostByPath {
    /// One a group.
    pub rows: Vec<PathCost>,
    /// The sum that deaths averted are also counted by.
    pub per: f64,
    /// The level of the intervals.
    pub level: f64,
    title: String,
}

impl CostByPath {
    /// Puts money, one sum a group, beside deaths averted: those of [`Fit::averted`](crate::regression::Fit::averted).
    ///
    /// ```
    /// use averted::data::Frame;
    /// use averted::regression::{Poisson, Setting};
    /// use averted::spending::{Cost, CostByPath};
    /// let frame = Frame::new()
    ///     .with_number("deaths", vec![90.0, 81.0, 74.0, 66.0, 60.0, 55.0])?
    ///     .with_number("millions", vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0])?;
    /// let fit = Poisson::new().fit("deaths ~ millions", &frame)?;
    /// let averted = fit.averted(&[("millions".into(), Setting::Number(0.0))], &[], None)?.averted;
    /// let cost = CostByPath::new(&averted, &[15e6], 1e6, 0.95)?;
    /// assert!(matches!(cost.rows[0].cost, Cost::Bounded { estimate, .. } if (estimate - 1.3e5).abs() < 1e4));
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is a sum for each group; [`Error::Domain`] for money that is not above zero;
    /// [`Error::Argument`] for `per` likewise, and for a level outside 0 to 1.
    pub fn new(averted: &Margins, money: &[f64], per: f64, level: f64) -> Result<Self> {
        let level = interval_level(level)?;
        if !(per.is_finite() && per > 0.0) {
            let (argument, must) = ("per".into(), "a sum above zero".into());
            return Err(Error::Argument { argument, value: per.to_string(), must });
        }
        if money.len() != averted.names.len() {
            return Err(Error::Shape {
                what: "money".into(),
                expected: format!("{} sums, one a group", averted.names.len()),
                found: money.len().to_string(),
            });
        }
        if let Some(row) = money.iter().position(|m| !(m.is_finite() && *m > 0.0)) {
            return Err(Error::Domain {
                what: "money".into(),
                row,
                value: money[row].to_string(),
                must: "above zero: what the path taken cost more than the other".into(),
            });
        }
        let one = |(j, row): (usize, CoefficientRow)| PathCost {
            group: averted.groups.get(j).cloned().unwrap_or_default(),
            money: money[j],
            cost: Cost::new(money[j], row.estimate, row.lower, row.upper),
            averted: row,
        };
        let rows = averted.coefficient_rows(level).into_iter().enumerate().map(one).collect();
        Ok(Self { rows, per, level, title: averted.title.clone() })
    }

    /// One row a group: money, deaths averted, and by `per`; the cost of one where the sign is resolved, in words below.
    pub fn table(&self) -> Table {
        let grouped = self.rows.iter().any(|row| !row.group.is_empty());
        let mut columns = vec![
            "money",
            "averted",
            "lower",
            "upper",
            "averted_per",
            "cost_per_death_averted",
            "cost_lower",
            "cost_upper",
        ];
        if grouped {
            columns.insert(0, "group");
        }
        let mut table = Table::new(&columns).title(self.title.clone());
        for row in &self.rows {
            let (estimate, lower, upper) = row.cost.parts();
            let number = |value: Option<f64>| Cell::Number(value.unwrap_or(f64::NAN));
            let mut cells = vec![
                Cell::Count(row.money),
                Cell::Number(row.averted.estimate),
                Cell::Number(row.averted.lower),
                Cell::Number(row.averted.upper),
                Cell::Number(row.averted.estimate * self.per / row.money),
                number(estimate),
                number(lower),
                number(upper),
            ];
            if grouped {
                cells.insert(0, Cell::Text(row.group.clone()));
            }
            table.push(cells);
        }
        table = table.note(format!("averted_per: deaths averted by {}", significant(self.per, 6)));
        for row in &self.rows {
            let of = if grouped { format!("{}: ", row.group) } else { String::new() };
            table = table.note(format!("{of}cost of a death averted: {}", row.cost));
        }
        table
    }
}

impl Display for CostByPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}
