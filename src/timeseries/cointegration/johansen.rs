//! Johansen: how many relations hold several wandering series together, and which.

use std::fmt::{self, Display};
use std::str::FromStr;

use ndarray::{Array2, s};

use super::doornik::{critical, largest_p, trace_p};
use super::reduced_rank::{Form, Moments, ReducedRank, log_ratio};
use super::tables::{CONSTANT, NONE, TREND};
use crate::error::{Error, Result};
use crate::inference::{Cell, Table};

/// Where constants and trends stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deterministics {
    /// Nowhere.
    None,
    /// A constant within the relations: the series have no drift.
    ConstantWithin,
    /// A constant outside: the series drift (where they do not, the limit is another and the tests reject too often).
    #[default]
    Constant,
    /// A constant outside and a trend within the relations.
    TrendWithin,
    /// A constant and a trend outside: the series may drift ever faster.
    Trend,
}

impl Deterministics {
    /// Columns outside the relations: constant, trend.
    pub(in crate::timeseries) fn outside(self) -> usize {
        match self {
            Self::None | Self::ConstantWithin => 0,
            Self::Constant | Self::TrendWithin => 1,
            Self::Trend => 2,
        }
    }

    /// The column within the relations.
    pub(in crate::timeseries) fn within(self) -> Option<&'static str> {
        match self {
            Self::ConstantWithin => Some("constant"),
            Self::TrendWithin => Some("trend"),
            _ => None,
        }
    }
}

impl FromStr for Deterministics {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "none" => Ok(Self::None),
            "constant_within" => Ok(Self::ConstantWithin),
            "constant" => Ok(Self::Constant),
            "trend_within" => Ok(Self::TrendWithin),
            "trend" => Ok(Self::Trend),
            _ => Err(Error::Argument {
                argument: "deterministic".into(),
                value: format!("`{text}`"),
                must: "`none`, `constant_within`, `constant`, `trend_within` or `trend`".into(),
            }),
        }
    }
}

impl Display for Deterministics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::ConstantWithin => "a constant within the relations",
            Self::Constant => "a constant",
            Self::TrendWithin => "a constant, and a trend within the relations",
            Self::Trend => "a constant and a trend",
        })
    }
}

/// Johansen's (1988, 1991) tests of the number of cointegrating relations.
///
/// ```text
/// Δx_t = α β' x_{t−1} + Σ_{j ≤ L} Γ_j Δx_{t−j} + Φ d_t + ε_t
/// λ₁ ≥ λ₂ ≥ …: squared canonical correlations of Δx_t and x_{t−1}, after Γ and Φ
/// trace(r) = −n Σ_{i > r} log(1 − λ_i)        largest(r) = −n log(1 − λ_{r+1})
/// ```
///
/// p-values are off the gamma distributions of Doornik (1998). Critical values are MacKinnon, Haug & Michelis' (1999); with
/// a constant or a trend within the relations, or more than twelve series, those of the gamma distributions, which agree
/// with theirs to half a hundredth of p. (The tables of Osterwald-Lenum (1992), of 400 steps, reject too often with many
/// series: at 10 of them his 10 % are 18.)
///
/// ```
/// use averted::timeseries::cointegration::Johansen;
/// use ndarray::Array2;
/// use averted::random::{normal, stream};
/// // A walk, and one that follows it.
/// let (mut generator, mut level) = (stream(1, 0), 0.0);
/// let x = Array2::from_shape_fn((120, 2), |(_, j)| {
///     if j == 0 {
///         level += normal(&mut generator);
///     }
///     if j == 0 { level } else { 2.0 * level + normal(&mut generator) }
/// });
/// let test = Johansen::new(1).test(&["aid".into(), "deaths".into()], x.view())?;
/// assert_eq!(test.rank(0.05), 1);
/// assert!((test.beta[[1, 0]] + 0.5).abs() < 0.03);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Johansen {
    lags: usize,
    deterministics: Deterministics,
    season: usize,
    long_run: bool,
}

/// What Johansen's tests said; element r of a list is of the null that there are at most r relations.
#[derive(Debug, Clone, PartialEq)]
pub struct JohansenTest {
    /// Names of the series, then of the constant or trend within the relations.
    pub names: Vec<String>,
    /// Where constants and trends stand.
    pub deterministics: Deterministics,
    /// Squared canonical correlations, the largest first.
    pub eigenvalues: Vec<f64>,
    /// Trace statistics.
    pub trace: Vec<f64>,
    /// Their p-values.
    pub trace_p: Vec<f64>,
    /// Statistics of the largest eigenvalue left.
    pub largest: Vec<f64>,
    /// Their p-values.
    pub largest_p: Vec<f64>,
    /// Critical values of the trace at 10, 5 and 1 %.
    pub critical_trace: Vec<[f64; 3]>,
    /// Those of the largest eigenvalue.
    pub critical_largest: Vec<[f64; 3]>,
    /// Relations, a column each, the first series normed to 1 (the weightiest, where the first has none).
    pub beta: Array2<f64>,
    /// How fast each series (row) gives way to each relation (column).
    pub alpha: Array2<f64>,
    /// Lagged differences.
    pub lags: usize,
    /// Rows of the regressions.
    pub n: usize,
}

impl Johansen {
    /// With this many lagged differences, and a constant outside the relations.
    #[must_use]
    pub fn new(lags: usize) -> Self {
        Self { lags, deterministics: Deterministics::Constant, season: 1, long_run: false }
    }

    /// With constants and trends there.
    #[must_use]
    pub fn deterministics(mut self, where_to: Deterministics) -> Self {
        self.deterministics = where_to;
        self
    }

    /// With centred dummies for a season of this many periods.
    #[must_use]
    pub fn season(mut self, periods: usize) -> Self {
        self.season = periods;
        self
    }

    /// In the long-run form, with x_{t−L−1} for x_{t−1}: the same relations, another Γ.
    #[must_use]
    pub fn long_run(mut self) -> Self {
        self.long_run = true;
        self
    }

    /// Tests series, time by columns.
    ///
    /// # Errors
    /// [`Error::Shape`] for fewer than two series or names that do not fit; [`Error::Missing`] and [`Error::Domain`] with
    /// series and row; [`Error::TooShort`]; [`Error::NothingToEstimate`] where a series is constant, determined by the
    /// others, or held to them without error.
    pub fn test(&self, names: &[String], x: ndarray::ArrayView2<'_, f64>) -> Result<JohansenTest> {
        super::checked(names, x)?;
        let (rows, p) = x.dim();
        let kind = self.deterministics;
        let season = self.season.max(1);
        let back = if self.long_run { self.lags + 1 } else { 1 };
        let form = Form { lags: self.lags, kind, season, back };
        if rows < form.needed(p) {
            return Err(Error::TooShort { what: "series".into(), needed: form.needed(p), found: rows });
        }
        // Counted from the first row where a constant outside takes the shift up, and each on its own scale.
        let (z, scales) = super::standard(x, kind.outside() > 0);
        let n = rows - form.start();
        let (now, level, other) = (form.now(z.view()), form.level(z.view()), form.other(z.view()));
        let mut named = names.to_vec();
        named.extend(kind.within().map(str::to_owned));
        let (now, level, other) = (now.view(), level.view(), other.view());
        let found = Moments { now, level, other, names: &named, moved: names }.reduce()?;
        let (beta, alpha) = normed(&found, &scales);
        self.answer(named, &found.eigenvalues, beta, alpha, n)
    }

    fn answer(
        &self,
        names: Vec<String>,
        values: &[f64],
        beta: Array2<f64>,
        alpha: Array2<f64>,
        n: usize,
    ) -> Result<JohansenTest> {
        let (p, kind) = (values.len(), self.deterministics);
        let published = match kind {
            Deterministics::None => Some(NONE),
            Deterministics::Constant => Some(CONSTANT),
            Deterministics::Trend => Some(TREND),
            _ => None,
        };
        let of = |r: usize| -> Result<[[f64; 3]; 2]> {
            let left = p - r;
            let row =
                published.and_then(|[trace, largest]| Some([*trace.get(left - 1)?, *largest.get(left - 1)?]));
            row.map_or_else(|| critical(kind, left), Ok)
        };
        let bounds = (0..p).map(of).collect::<Result<Vec<_>>>()?;
        let trace: Vec<f64> = (0..p).map(|r| log_ratio(n, &values[r..])).collect();
        let largest: Vec<f64> = (0..p).map(|r| log_ratio(n, &values[r..=r])).collect();
        let p_of = |statistics: &[f64], rule: fn(f64, Deterministics, usize) -> Result<f64>| {
            (0..p).map(|r| rule(statistics[r], kind, p - r)).collect::<Result<Vec<f64>>>()
        };
        Ok(JohansenTest {
            names,
            deterministics: kind,
            eigenvalues: values.to_vec(),
            trace_p: p_of(&trace, trace_p)?,
            largest_p: p_of(&largest, largest_p)?,
            trace,
            largest,
            critical_trace: bounds.iter().map(|b| b[0]).collect(),
            critical_largest: bounds.iter().map(|b| b[1]).collect(),
            beta,
            alpha,
            lags: self.lags,
            n,
        })
    }
}

/// Relations and loadings in the units of the series, every relation over the weight of its first series, or of the
/// weightiest where the first has none.
fn normed(found: &ReducedRank, scales: &[f64]) -> (Array2<f64>, Array2<f64>) {
    let p = scales.len();
    let mut beta = found.beta.slice(s![.., ..p]).to_owned();
    let mut alpha = found.alpha.slice(s![.., ..p]).to_owned();
    for j in 0..p {
        let size = |i: usize| found.beta[[i, j]].abs();
        let most = (0..p).fold(0, |best, i| if size(i) > size(best) { i } else { best });
        let lead = if size(0) > 1e-10 * size(most) { 0 } else { most };
        let by = found.beta[[lead, j]];
        for (i, v) in beta.column_mut(j).iter_mut().enumerate() {
            *v = *v / by * (scales[lead] / scales.get(i).unwrap_or(&1.0));
        }
        for (i, v) in alpha.column_mut(j).iter_mut().enumerate() {
            *v = *v * by * (scales[i] / scales[lead]);
        }
    }
    (beta, alpha)
}

impl JohansenTest {
    /// How many relations: the least r whose trace test does not reject at the level (0.05 for 5 %), by its p-value.
    #[must_use]
    pub fn rank(&self, level: f64) -> usize {
        self.trace_p.iter().position(|p| *p >= level).unwrap_or(self.trace_p.len())
    }

    /// Both tests as one table, a row an r.
    #[must_use]
    pub fn table(&self) -> Table {
        let names =
            ["relations, at most", "eigenvalue", "trace", "5 %", "p_value", "largest", "5 % ", "p_value "];
        let mut table = Table::new(&names).title(format!(
            "Johansen's tests, {} lagged differences, deterministic part: {}",
            self.lags, self.deterministics
        ));
        table = table.note("null: there are no more than so many relations");
        for r in 0..self.trace.len() {
            let mut row = vec![Cell::Count(r as f64), Cell::Number(self.eigenvalues[r])];
            let both = [
                (self.trace[r], &self.critical_trace, self.trace_p[r]),
                (self.largest[r], &self.critical_largest, self.largest_p[r]),
            ];
            for (value, critical, p) in both {
                let of = Cell::Number(critical[r][1]);
                row.extend([Cell::Number(value), of, Cell::Probability(p)]);
            }
            table.push(row);
        }
        table
    }
}

impl Display for JohansenTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}
