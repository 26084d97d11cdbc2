//! Changes of level by pruned exact search (Killick, Fearnhead & Eckley 2012).

use super::bai_perron::argument;
use super::pelt_cost::{Cost, Costs, dispersion};
use crate::error::{Error, Result};
use crate::interrupt::interrupted;
use crate::timeseries::plain::squarable;
use std::fmt::{self, Display};
use std::str::FromStr;

/// What a change must be worth.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Penalty {
    /// `(p + 1) log n`, p the parameters of a segment.
    Bic,
    /// `(p + 2) log n`, and the log of every segment's length (Zhang & Siegmund 2007): short segments cost more.
    #[default]
    Mbic,
    /// `2 (p + 1)`.
    Aic,
    /// As much.
    Given(f64),
}

impl FromStr for Penalty {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "bic" => Ok(Self::Bic),
            "mbic" => Ok(Self::Mbic),
            "aic" => Ok(Self::Aic),
            _ => Err(argument("penalty", text, "`bic`, `mbic`, `aic` or a number")),
        }
    }
}

/// A search for changes of level: the partition with the least cost, every change paying the penalty.
///
/// ```
/// use averted::timeseries::breaks::{Cost, Pelt};
/// let counts = [3.0, 2.0, 4.0, 3.0, 2.0, 3.0, 30.0, 28.0, 33.0, 31.0, 29.0, 30.0];
/// let fit = Pelt::new(Cost::Poisson).fit("deaths", &counts, None)?;
/// assert_eq!(fit.changes(), [5]);
/// assert!((fit.segments()[1].level - 181.0 / 6.0).abs() < 1e-12);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pelt {
    cost: Cost,
    penalty: Penalty,
    least: usize,
}

/// A stretch of one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeltSegment {
    /// Its first row that is not missing.
    pub first: usize,
    /// Its last.
    pub last: usize,
    /// Mean, or rate per unit of exposure.
    pub level: f64,
    /// Its standard error, the changes taken as known.
    pub std_error: f64,
    /// The variance within, where segments have their own; else NaN.
    pub variance: f64,
}

/// The partition.
#[derive(Debug, Clone, PartialEq)]
pub struct PeltFit {
    spec: Pelt,
    segments: Vec<PeltSegment>,
    total: f64,
    penalty: f64,
    scale: f64,
    observed: usize,
    notes: Vec<String>,
}

/// Beyond it not every whole number is one.
const LARGEST: f64 = 9_007_199_254_740_992.0;

impl Pelt {
    /// With this cost, penalty MBIC, segments of at least two observations; five where each has a variance of its own, or
    /// the dispersion is estimated, as short segments and a small spread explain each other.
    pub fn new(cost: Cost) -> Self {
        let spread = matches!(cost, Cost::MeanVariance | Cost::NegativeBinomial(None));
        Self { cost, penalty: Penalty::Mbic, least: if spread { 5 } else { 2 } }
    }

    /// With this penalty.
    #[must_use]
    pub fn penalty(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }

    /// Segments of at least this many observations.
    #[must_use]
    pub fn min_segment(mut self, least: usize) -> Self {
        self.least = least;
        self
    }

    /// Searches a series; NaN is missing.
    ///
    /// # Errors
    /// [`Error::Domain`] naming the row of a value that is no count or an exposure that is not positive;
    /// [`Error::TooShort`]; [`Error::Argument`] of the options, or of a series whose steps are mostly zero, where a
    /// variance must be given; [`Error::NothingToEstimate`] when nothing varies.
    pub fn fit(&self, name: &str, y: &[f64], exposure: Option<&[f64]>) -> Result<PeltFit> {
        let (rows, y, e, missing) = self.take(name, y, exposure)?;
        let n = y.len();
        let least = self.least.max(self.cost.parameters());
        if n < 2 * least {
            return Err(Error::TooShort { what: name.into(), needed: 2 * least, found: n });
        }
        let (penalty, lengths) = self.price(n)?;
        let scale = self.scale(name, &y)?;
        let mut costs = Costs::new(self.cost, &y, &e, scale);
        let mut starts = pruned(&costs, n, least, penalty, lengths)?;
        let mut scale = scale;
        if self.cost == Cost::NegativeBinomial(None) {
            // The dispersion given the segments, and the segments given the dispersion.
            for _ in 0..20 {
                let mut means = Vec::with_capacity(n);
                for (from, to) in spans(&starts, n) {
                    let level = costs.describe(from, to).0;
                    means.extend(e[from..to].iter().map(|e| e * level));
                }
                scale = dispersion(&y, &means);
                costs = Costs::new(self.cost, &y, &e, scale);
                let again = pruned(&costs, n, least, penalty, lengths)?;
                if again == starts {
                    break;
                }
                starts = again;
            }
        }
        let mut total = penalty * (starts.len() - 1) as f64;
        let mut segments = Vec::new();
        for (from, to) in spans(&starts, n) {
            let (level, std_error, variance) = costs.describe(from, to);
            total += costs.of(from, to) + if lengths { ((to - from) as f64).ln() } else { 0.0 };
            segments.push(PeltSegment { first: rows[from], last: rows[to - 1], level, std_error, variance });
        }
        let mut notes = Vec::new();
        if missing > 0 {
            notes.push(format!("{missing} missing values are passed over."));
        }
        Ok(PeltFit { spec: *self, segments, total, penalty, scale, observed: n, notes })
    }

    #[expect(clippy::type_complexity, reason = "rows, values, exposure and how many were missing")]
    fn take(
        &self,
        name: &str,
        y: &[f64],
        exposure: Option<&[f64]>,
    ) -> Result<(Vec<usize>, Vec<f64>, Vec<f64>, usize)> {
        if let Some(e) = exposure
            && e.len() != y.len()
        {
            let expected = format!("{} periods", y.len());
            return Err(Error::Shape { what: "exposure".into(), expected, found: e.len().to_string() });
        }
        if exposure.is_some() && !self.cost.counts() {
            return Err(argument("exposure", "given", "left out unless the cost is of counts"));
        }
        let domain = |what: &str, row: usize, value: f64, must: &str| Error::Domain {
            what: what.into(),
            row,
            value: value.to_string(),
            must: must.into(),
        };
        let (mut rows, mut kept, mut people) = (Vec::new(), Vec::new(), Vec::new());
        for (row, &value) in y.iter().enumerate() {
            let e = exposure.map_or(1.0, |e| e[row]);
            if value.is_nan() || e.is_nan() {
                continue;
            }
            if !value.is_finite() {
                return Err(domain(name, row, value, "finite"));
            }
            if self.cost.counts() && !((0.0..=LARGEST).contains(&value) && value.fract() == 0.0) {
                return Err(domain(
                    name,
                    row,
                    value,
                    "a count: whole, 0 or more, at most 9,007,199,254,740,992",
                ));
            }
            if !(e > 0.0 && e.is_finite()) {
                return Err(domain("exposure", row, e, "positive and finite"));
            }
            rows.push(row);
            kept.push(value);
            people.push(e);
        }
        squarable(name, y.iter().copied())?;
        let missing = y.len() - rows.len();
        Ok((rows, kept, people, missing))
    }

    /// The penalty, and whether lengths are charged.
    fn price(&self, n: usize) -> Result<(f64, bool)> {
        let (p, log) = (self.cost.parameters() as f64, (n as f64).ln());
        match self.penalty {
            Penalty::Bic => Ok(((p + 1.0) * log, false)),
            Penalty::Mbic => Ok(((p + 2.0) * log, true)),
            Penalty::Aic => Ok((2.0 * (p + 1.0), false)),
            Penalty::Given(value) if value >= 0.0 && value.is_finite() => Ok((value, false)),
            Penalty::Given(value) => Err(argument("penalty", value, "0 or more")),
        }
    }

    fn scale(&self, name: &str, y: &[f64]) -> Result<f64> {
        let varies = y.iter().any(|v| *v != y[0]);
        match self.cost {
            Cost::Mean(Some(v)) | Cost::NegativeBinomial(Some(v)) if v > 0.0 && v.is_finite() => Ok(v),
            Cost::Mean(Some(v)) => Err(argument("variance", v, "positive")),
            Cost::NegativeBinomial(Some(v)) => Err(argument("dispersion", v, "positive")),
            Cost::Mean(None) | Cost::MeanVariance if !varies => {
                Err(Error::NothingToEstimate { why: format!("`{name}` is constant") })
            }
            Cost::Mean(None) => {
                let mut steps: Vec<f64> = y.windows(2).map(|p| (p[1] - p[0]).abs()).collect();
                steps.sort_unstable_by(f64::total_cmp);
                let middle = steps[steps.len() / 2];
                if middle <= 0.0 {
                    let must = "given: most steps of the series are zero, and tell no variance";
                    return Err(argument("variance", "None", must));
                }
                // The median of |N(0, 2σ²)| is 0.67449 √2 σ.
                Ok((middle / (0.674_489_750_196_081_7 * std::f64::consts::SQRT_2)).powi(2))
            }
            Cost::MeanVariance | Cost::Poisson | Cost::NegativeBinomial(None) => Ok(0.0),
        }
    }
}

impl Display for Pelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.cost {
            Cost::Mean(_) => "changes of mean",
            Cost::MeanVariance => "changes of mean and variance",
            Cost::Poisson => "changes of a Poisson rate",
            Cost::NegativeBinomial(_) => "changes of a negative binomial rate",
        };
        write!(f, "{what}, segments of at least {}", self.least)
    }
}

/// First observations of the segments.
fn spans(starts: &[usize], n: usize) -> impl Iterator<Item = (usize, usize)> {
    starts.iter().enumerate().map(move |(i, &from)| (from, starts.get(i + 1).copied().unwrap_or(n)))
}

/// The best partition into segments of `least` or more; its first observations. Interrupted, it has none.
fn pruned(costs: &Costs, n: usize, least: usize, penalty: f64, lengths: bool) -> Result<Vec<usize>> {
    let of =
        |from: usize, to: usize| costs.of(from, to) + if lengths { ((to - from) as f64).ln() } else { 0.0 };
    // With lengths charged, a split may cost log(l + m) − log l − log m ≥ log(4/n) more than the whole.
    let slack = if lengths { (4.0 / n as f64).ln().min(0.0) } else { 0.0 };
    let mut value = vec![f64::INFINITY; n + 1];
    let mut from = vec![0; n + 1];
    value[0] = -penalty;
    // A start, and the end until which it may be needed: what prunes it can itself be a start only `least` later.
    let mut alive: Vec<(usize, usize)> = Vec::new();
    for to in least..=n {
        if interrupted() {
            return Err(Error::Interrupted);
        }
        if to - least == 0 || to - least >= least {
            alive.push((to - least, usize::MAX));
        }
        let mut tried = Vec::with_capacity(alive.len());
        for &(start, _) in &alive {
            let whole = value[start] + of(start, to);
            tried.push(whole);
            if whole + penalty < value[to] {
                (value[to], from[to]) = (whole + penalty, start);
            }
        }
        for ((_, until), whole) in alive.iter_mut().zip(&tried) {
            if *until == usize::MAX && whole + slack >= value[to] {
                *until = to + least - 1;
            }
        }
        alive.retain(|&(_, until)| until > to);
    }
    let mut starts = Vec::new();
    let mut at = n;
    while at > 0 {
        at = from[at];
        starts.push(at);
    }
    starts.reverse();
    Ok(starts)
}

impl PeltFit {
    /// The last rows before changes.
    pub fn changes(&self) -> Vec<usize> {
        self.segments[..self.segments.len() - 1].iter().map(|s| s.last).collect()
    }

    /// The segments, first to last.
    pub fn segments(&self) -> &[PeltSegment] {
        &self.segments
    }

    /// The specification.
    pub fn specification(&self) -> &Pelt {
        &self.spec
    }

    /// The cost of the partition, penalties included; constants of the data are left out.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// What a change was charged.
    pub fn penalty(&self) -> f64 {
        self.penalty
    }

    /// The variance of [`Cost::Mean`], the dispersion of [`Cost::NegativeBinomial`]; 0 for the others.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Observations that were not missing.
    pub fn n_observed(&self) -> usize {
        self.observed
    }

    /// True but worrying things.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every start tried at every end.
    fn exhaustive(costs: &Costs, n: usize, least: usize, penalty: f64, lengths: bool) -> f64 {
        let mut value = vec![f64::INFINITY; n + 1];
        value[0] = -penalty;
        for to in least..=n {
            for start in 0..=to - least {
                let length = if lengths { ((to - start) as f64).ln() } else { 0.0 };
                value[to] = value[to].min(value[start] + costs.of(start, to) + length + penalty);
            }
        }
        value[n]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn pruning_loses_nothing(
            y in prop::collection::vec(0_u8..30, 12..60),
            jump in 0_usize..40,
            least in 1_usize..6,
            which in 0_usize..4,
            lengths: bool,
            penalty in 0.0_f64..12.0,
            uneven: bool,
        ) {
            let y: Vec<f64> =
                y.iter().enumerate().map(|(i, &v)| f64::from(v) + if i > jump { 15.0 } else { 0.0 }).collect();
            let cost = [Cost::Mean(Some(20.0)), Cost::MeanVariance, Cost::Poisson, Cost::NegativeBinomial(Some(0.1))][which];
            let least = least.max(cost.parameters());
            let e: Vec<f64> = (0..y.len()).map(|i| if uneven { 1.0 + (i % 5) as f64 } else { 1.0 }).collect();
            let costs = Costs::new(cost, &y, &e, [20.0, 0.0, 0.0, 0.1][which]);
            let n = y.len();
            let starts = pruned(&costs, n, least, penalty, lengths).expect("nobody interrupts");
            let mut ours = penalty * (starts.len() - 1) as f64;
            for (from, to) in spans(&starts, n) {
                prop_assert!(to - from >= least);
                ours += costs.of(from, to) + if lengths { ((to - from) as f64).ln() } else { 0.0 };
            }
            let best = exhaustive(&costs, n, least, penalty, lengths);
            prop_assert!((ours - best).abs() <= 1e-8 * best.abs().max(1.0), "{ours} {best}");
        }
    }
}
