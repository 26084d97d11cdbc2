//! What the checks read: the panel unit by unit, and its spending.

use std::collections::BTreeMap;

use crate::data::{Count, Panel, Spending, numbers, quoted};
use crate::error::Result;
use crate::spending::SpendingResponse;

/// A panel laid out for the checks.
pub(super) struct Sheet<'a> {
    pub(super) panel: &'a Panel,
    /// Rows of every unit, in order of time.
    pub(super) units: Vec<Vec<usize>>,
    /// Counts known exactly, NaN elsewhere; empty without events.
    pub(super) deaths: Vec<f64>,
    pub(super) people: Option<&'a [f64]>,
    /// The spending in question.
    pub(super) spend: Option<Spend<'a>>,
    /// All money that the panel knows, and the spending in question.
    pub(super) moneys: Vec<Spend<'a>>,
    pub(super) formula: Option<&'a str>,
    pub(super) response: SpendingResponse,
}

/// A series of spending.
pub(super) struct Spend<'a> {
    /// Its column in the panel.
    pub(super) name: String,
    /// Spending a head as an expression, and its values; totals where the panel has no population.
    pub(super) term: String,
    pub(super) values: Vec<f64>,
    /// The column that it came in, and its values before any conversion.
    pub(super) column: String,
    pub(super) given: &'a [f64],
    /// What the panel knows of it.
    pub(super) declared: Option<&'a Spending>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(
        panel: &'a Panel,
        spend: Option<&str>,
        formula: Option<&'a str>,
        response: SpendingResponse,
    ) -> Result<Self> {
        let codes = panel.index().unit().codes();
        let rows = |group: &[u32]| group.iter().map(|&row| row as usize).collect();
        let order = panel.index().order();
        let units = order.chunk_by(|&a, &b| codes[a as usize] == codes[b as usize]).map(rows).collect();
        let exact = |counts: &[Count]| counts.iter().map(|c| c.exact().unwrap_or(f64::NAN)).collect();
        let people = panel.population_name().map(|name| panel.frame().number(name)).transpose()?;
        let deaths = panel.counts().map(exact).unwrap_or_default();
        let first = panel.spending().first().map(|s| s.name.as_str());
        let main = spend.or(first);
        let mut names: Vec<&str> = panel.spending().iter().map(|s| s.name.as_str()).collect();
        names.extend(main.filter(|name| !names.contains(name)));
        let read = |name: &str| Spend::read(panel, name, &response);
        let moneys = names.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        let spend = main.map(read).transpose()?;
        Ok(Self { panel, units, deaths, people, spend, moneys, formula, response })
    }

    pub(super) fn time(&self, row: usize) -> i64 {
        self.panel.index().time()[row].unwrap_or_default()
    }

    /// Deaths per 100,000, NaN where either is not known; empty without events or population.
    pub(super) fn rates(&self) -> Vec<f64> {
        let Some(people) = self.people else { return Vec::new() };
        self.deaths.iter().zip(people).map(|(d, n)| 1e5 * d / n).collect()
    }

    /// Pairs of rows of one unit that are one period apart, with a value known in both.
    pub(super) fn steps(&self, values: &[f64]) -> Vec<(usize, usize)> {
        let next = |pair: &&[usize]| {
            self.time(pair[1]) == self.time(pair[0]) + 1
                && values[pair[0]].is_finite()
                && values[pair[1]].is_finite()
        };
        let pairs = self.units.iter().flat_map(|rows| rows.windows(2).filter(next));
        pairs.map(|pair| (pair[0], pair[1])).collect()
    }

    /// Values by the period of their row.
    pub(super) fn by_period(
        &self,
        values: impl IntoIterator<Item = (usize, f64)>,
    ) -> BTreeMap<i64, Vec<f64>> {
        let mut periods: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for (row, value) in values {
            periods.entry(self.time(row)).or_default().push(value);
        }
        periods
    }

    /// Rows of every unit that a regression of deaths on current spending would use.
    pub(super) fn usable(&self, spend: &Spend<'_>) -> Vec<Vec<usize>> {
        let known = |row: &usize| {
            spend.values[*row].is_finite()
                && self.deaths.get(*row).is_some_and(|d| d.is_finite())
                && self.people.is_none_or(|n| n[*row].is_finite())
        };
        let mine = |rows: &Vec<usize>| rows.iter().copied().filter(known).collect();
        self.units.iter().map(mine).filter(|rows: &Vec<usize>| !rows.is_empty()).collect()
    }

    /// The names of unit and time, ready for a formula.
    pub(super) fn effects(&self) -> (String, String) {
        (quoted(self.panel.unit_name()), quoted(self.panel.time_name()))
    }
}

impl<'a> Spend<'a> {
    fn read(panel: &'a Panel, name: &str, response: &SpendingResponse) -> Result<Self> {
        let own = panel.frame().number(name)?;
        let declared = panel.spending().iter().find(|s| s.name == name);
        let term = match panel.population_name() {
            Some(_) => response.clone().spend(name).per_head(panel)?,
            None => quoted(name),
        };
        let column = declared.map_or(name, |s| s.column.as_str());
        // A sum of several moneys has no column that it came in.
        let given = match declared {
            Some(s) => panel.frame().number(&s.column).or_else(|_| panel.frame().number(&s.total))?,
            None => own,
        };
        let values = numbers(panel, &term)?;
        Ok(Self { name: name.to_owned(), term, values, column: column.to_owned(), given, declared })
    }
}

/// The median; NaN of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => sorted[n / 2],
        _ => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The median absolute deviation, scaled to the standard deviation of a normal.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let middle = median(values);
    1.482_602_218_505_602 * median(&values.iter().map(|v| (v - middle).abs()).collect::<Vec<_>>())
}

/// Pearson's correlation; NaN where either does not vary.
pub(super) fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
        xy += (x - mx) * (y - my);
    }
    xy / (xx * yy).sqrt()
}

/// In per cent.
pub(super) fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}
