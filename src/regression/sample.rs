//! What a regression is fitted to: arrays, checked, with the caller's names and row numbers.

use ndarray::{Array1, Array2, ArrayView1, Axis, CowArray, Ix1, ShapeBuilder, s};

use crate::data::{Absorbed, Block, Count, Design, Dropped, Factor, MISSING};
use crate::error::{Error, Result};

/// Arrays to fit to, from a formula's design or from the caller directly.
///
/// ```
/// use averted::data::Factor;
/// use averted::regression::Sample;
/// use ndarray::array;
/// let sample = Sample::new(vec![3.0, 5.0, 9.0], array![[1.0], [2.0], [3.0]])?
///     .named("deaths", &["spend"])?
///     .absorb("state", Factor::from_numbers(&[1.0, 1.0, 2.0]))?
///     .exposure("population", vec![1e6, 1e6, 2e6])?;
/// assert_eq!(sample.rows(), 3);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sample {
    pub(super) outcome: Array1<f64>,
    pub(super) outcome_name: String,
    /// The least and the most that every outcome can be, if some are known only as intervals; `outcome` then holds
    /// their middle.
    pub(super) bounds: Option<Vec<(f64, f64)>>,
    /// The exogenous regressors; after them the endogenous ones and the instruments, if there are any.
    pub(super) x: Array2<f64>,
    pub(super) names: Vec<String>,
    /// How many columns of `x` are endogenous.
    pub(super) endogenous: usize,
    /// How many are instruments.
    pub(super) instruments: usize,
    pub(super) absorbed: Vec<Absorbed>,
    pub(super) exposure: Option<Named>,
    pub(super) offset: Option<Named>,
    pub(super) weights: Option<(Named, WeightKind)>,
    pub(super) clusters: Vec<(String, Factor)>,
    /// The caller's row behind every row here.
    pub(super) origin: Vec<usize>,
    pub(super) dropped: Vec<Dropped>,
}

/// Values and the name of the column that they came from.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

/// What weights mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightKind {
    /// The inverse of a variance, up to a constant: a row is one observation whatever its weight.
    Analytic,
    /// How many equal observations a row stands for.
    Frequency,
}

impl Sample {
    /// An outcome and regressors, one row each. No intercept is added.
    ///
    /// # Errors
    /// [`Error::Shape`] when their lengths differ.
    pub fn new(outcome: impl Into<Array1<f64>>, x: Array2<f64>) -> Result<Self> {
        let outcome = outcome.into();
        same_length("regressors", outcome.len(), x.nrows())?;
        let rows = outcome.len();
        Ok(Self {
            outcome,
            outcome_name: "y".into(),
            bounds: None,
            names: (1..=x.ncols()).map(|j| format!("x{j}")).collect(),
            x,
            endogenous: 0,
            instruments: 0,
            absorbed: Vec::new(),
            exposure: None,
            offset: None,
            weights: None,
            clusters: Vec::new(),
            origin: (0..rows).collect(),
            dropped: Vec::new(),
        })
    }

    /// The arrays of a design.
    pub(super) fn from_design(design: Design) -> Self {
        let mut names = design.names().to_vec();
        let blocks = [&design.endogenous, &design.instruments];
        let width = |block: &Option<Block>| block.as_ref().map_or(0, |b| b.x.ncols());
        let widths = blocks.map(width);
        let mut x = design.x;
        for block in blocks.into_iter().flatten() {
            names.extend(block.terms.names().iter().cloned());
            x = beside(&x, &block.x);
        }
        Self {
            outcome: design.outcome,
            outcome_name: design.outcome_name,
            bounds: None,
            x,
            names,
            endogenous: widths[0],
            instruments: widths[1],
            absorbed: design.absorbed,
            exposure: None,
            offset: None,
            weights: None,
            clusters: Vec::new(),
            origin: design.rows,
            dropped: design.dropped,
        }
    }

    /// Some of the rows.
    pub(super) fn take(&self, rows: &[usize]) -> Self {
        let pick = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<_>>();
        let named = |named: &Named| Named { name: named.name.clone(), values: pick(&named.values) };
        let absorbed = |absorbed: &Absorbed| Absorbed {
            factor: absorbed.factor.take(rows),
            slope: absorbed.slope.as_deref().map(pick),
            ..absorbed.clone()
        };
        let clusters = self.clusters.iter().map(|(name, factor)| (name.clone(), factor.take(rows)));
        Self {
            outcome: self.outcome.select(Axis(0), rows),
            bounds: self.bounds.as_ref().map(|bounds| rows.iter().map(|&row| bounds[row]).collect()),
            x: self.x.select(Axis(0), rows),
            absorbed: self.absorbed.iter().map(absorbed).collect(),
            exposure: self.exposure.as_ref().map(named),
            offset: self.offset.as_ref().map(named),
            weights: self.weights.as_ref().map(|(weights, kind)| (named(weights), *kind)),
            clusters: clusters.collect(),
            origin: rows.iter().map(|&row| self.origin[row]).collect(),
            outcome_name: self.outcome_name.clone(),
            names: self.names.clone(),
            endogenous: self.endogenous,
            instruments: self.instruments,
            dropped: Vec::new(),
        }
    }

    /// All numbers that enter a fit, column by column.
    pub(super) fn columns(&self) -> Vec<CowArray<'_, f64, Ix1>> {
        let mut columns = vec![self.outcome.view().into()];
        columns.extend(self.x.columns().into_iter().map(CowArray::from));
        let named = [&self.exposure, &self.offset].into_iter().flatten();
        let named = named.chain(self.weights.as_ref().map(|(weights, _)| weights)).map(|named| &named.values);
        let slopes = self.absorbed.iter().filter_map(|effect| effect.slope.as_ref());
        columns.extend(named.chain(slopes).map(|values| ArrayView1::from(values).into()));
        if let Some(bounds) = &self.bounds {
            columns.push(bounds.iter().map(|(lo, _)| *lo).collect::<Array1<f64>>().into());
            columns.push(bounds.iter().map(|(_, hi)| *hi).collect::<Array1<f64>>().into());
        }
        columns
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.outcome.len()
    }

    /// With these names for the outcome and the regressors.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is a name for every regressor.
    pub fn named<S: AsRef<str>>(mut self, outcome: &str, regressors: &[S]) -> Result<Self> {
        if regressors.len() != self.x.ncols() {
            return Err(Error::Shape {
                what: "names of regressors".into(),
                expected: self.x.ncols().to_string(),
                found: regressors.len().to_string(),
            });
        }
        outcome.clone_into(&mut self.outcome_name);
        self.names = regressors.iter().map(|n| n.as_ref().to_owned()).collect();
        Ok(self)
    }

    /// With outcomes that may be known only as intervals, one a row, in the place of those given before: for counts.
    ///
    /// ```
    /// use averted::data::Count;
    /// use averted::regression::Sample;
    /// use ndarray::array;
    /// let counts = [Count::Exact(12.0), Count::Interval { lo: 1.0, hi: 9.0 }];
    /// let sample = Sample::new(vec![0.0, 0.0], array![[1.0], [1.0]])?.counts(&counts)?;
    /// # assert_eq!(sample.rows(), 2);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Missing`] for a count that is missing; [`Error::Domain`] for an interval that is
    /// turned about, or of ends that are not whole.
    pub fn counts(mut self, counts: &[Count]) -> Result<Self> {
        same_length("counts", self.rows(), counts.len())?;
        let missing = |count: &Count| matches!(count, Count::Missing);
        if let Some(first) = counts.iter().position(missing) {
            let what = self.outcome_name.clone();
            let count = counts.iter().filter(|c| missing(c)).count();
            return Err(Error::Missing { what, count, first: self.origin[first] });
        }
        let ends = |count: &Count| match *count {
            Count::Interval { lo, hi } => (lo, hi),
            Count::Exact(y) => (y, y),
            Count::Missing => (f64::NAN, f64::NAN),
        };
        let bounds: Vec<(f64, f64)> = counts.iter().map(ends).collect();
        let whole =
            |(lo, hi): &(f64, f64)| lo >= hi || (*lo >= 0.0 && lo.fract() == 0.0 && hi.fract() == 0.0);
        let turned = |(lo, hi): &(f64, f64)| lo > hi || !whole(&(*lo, *hi)) || hi - lo > WIDEST;
        if let Some(row) = bounds.iter().position(turned) {
            return Err(Error::Domain {
                what: self.outcome_name.clone(),
                row: self.origin[row],
                value: format!("{} to {}", bounds[row].0, bounds[row].1),
                must: format!(
                    "an interval of whole counts, from the least to the most, {WIDEST} wide at most"
                ),
            });
        }
        self.outcome = bounds.iter().map(|(lo, hi)| 0.5 * (lo + hi)).collect();
        self.bounds = bounds.iter().any(|(lo, hi)| lo < hi).then_some(bounds);
        Ok(self)
    }

    /// The least that an outcome can be.
    pub(super) fn least(&self, row: usize) -> f64 {
        self.bounds.as_ref().map_or(self.outcome[row], |bounds| bounds[row].0)
    }

    /// Whether an outcome is known exactly.
    pub(super) fn is_exact(&self, row: usize) -> bool {
        self.bounds.as_ref().is_none_or(|bounds| bounds[row].0 >= bounds[row].1)
    }

    /// How many outcomes are known only as intervals, and the least and the most of their ends.
    pub(super) fn hidden(&self) -> Option<(usize, f64, f64)> {
        let open = || self.bounds.iter().flatten().filter(|(lo, hi)| lo < hi);
        let ends = open().fold((f64::INFINITY, 0.0_f64), |(l, h), (lo, hi)| (l.min(*lo), h.max(*hi)));
        (self.bounds.is_some()).then(|| (open().count(), ends.0, ends.1))
    }

    /// With endogenous regressors, one column each, for a model that takes instruments.
    ///
    /// # Errors
    /// [`Error::Shape`] when a column or a name is missing.
    pub fn endogenous<S: AsRef<str>>(mut self, names: &[S], x: Array2<f64>) -> Result<Self> {
        self.insert(self.x.ncols() - self.instruments, names, &x)?;
        self.endogenous += x.ncols();
        Ok(self)
    }

    /// With instruments that stand outside the equation, one column each.
    ///
    /// # Errors
    /// [`Error::Shape`] when a column or a name is missing.
    pub fn instruments<S: AsRef<str>>(mut self, names: &[S], x: Array2<f64>) -> Result<Self> {
        self.insert(self.x.ncols(), names, &x)?;
        self.instruments += x.ncols();
        Ok(self)
    }

    fn insert<S: AsRef<str>>(&mut self, at: usize, names: &[S], x: &Array2<f64>) -> Result<()> {
        same_length("columns", self.rows(), x.nrows())?;
        if names.len() != x.ncols() {
            return Err(Error::Shape {
                what: "names of columns".into(),
                expected: x.ncols().to_string(),
                found: names.len().to_string(),
            });
        }
        let before = beside(&self.x.slice(s![.., ..at]).to_owned(), x);
        self.x = beside(&before, &self.x.slice(s![.., at..]).to_owned());
        self.names.splice(at..at, names.iter().map(|n| n.as_ref().to_owned()));
        Ok(())
    }

    /// How many regressors are exogenous.
    pub(super) fn exogenous(&self) -> usize {
        self.x.ncols() - self.endogenous - self.instruments
    }

    /// With an intercept for every level of a factor.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Missing`] when a row has no level.
    pub fn absorb(self, name: &str, factor: Factor) -> Result<Self> {
        self.absorb_slope(name, factor, None, true)
    }

    /// With a slope on `slope` for every level of a factor, and an intercept if so wanted.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Missing`] when a row has no level.
    pub fn absorb_slope(
        mut self,
        name: &str,
        factor: Factor,
        slope: Option<Vec<f64>>,
        with_intercept: bool,
    ) -> Result<Self> {
        self.check_factor(name, &factor)?;
        if let Some(slope) = &slope {
            same_length(name, self.rows(), slope.len())?;
        }
        self.absorbed.push(Absorbed { name: name.to_owned(), factor, slope, with_intercept });
        Ok(self)
    }

    /// With an exposure: the mean is proportional to it.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn exposure(mut self, name: &str, values: Vec<f64>) -> Result<Self> {
        self.exposure = Some(self.column(name, values)?);
        Ok(self)
    }

    /// With an offset: a regressor whose coefficient is one.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn offset(mut self, name: &str, values: Vec<f64>) -> Result<Self> {
        self.offset = Some(self.column(name, values)?);
        Ok(self)
    }

    /// With weights.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn weights(mut self, name: &str, values: Vec<f64>, kind: WeightKind) -> Result<Self> {
        self.weights = Some((self.column(name, values)?, kind));
        Ok(self)
    }

    /// With a cluster variable, to be named in a covariance.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Missing`] when a row has no level.
    pub fn cluster(mut self, name: &str, factor: Factor) -> Result<Self> {
        self.check_factor(name, &factor)?;
        self.clusters.push((name.to_owned(), factor));
        Ok(self)
    }

    fn column(&self, name: &str, values: Vec<f64>) -> Result<Named> {
        same_length(name, self.rows(), values.len())?;
        Ok(Named { name: name.to_owned(), values })
    }

    fn check_factor(&self, name: &str, factor: &Factor) -> Result<()> {
        same_length(name, self.rows(), factor.rows())?;
        let missing =
            || factor.codes().iter().enumerate().filter(|(_, c)| **c == MISSING).map(|(row, _)| row);
        match missing().next() {
            None => Ok(()),
            Some(first) => Err(Error::Missing {
                what: name.to_owned(),
                count: missing().count(),
                first: self.origin[first],
            }),
        }
    }

    /// Refuses values that no regression can take, and instruments; `counts` must not be negative either.
    pub(super) fn check(&self, counts: bool) -> Result<()> {
        if self.endogenous + self.instruments > 0 {
            return Err(Error::Argument {
                argument: "sample".into(),
                value: "endogenous regressors or instruments".into(),
                must: "without: this model takes all regressors as exogenous".into(),
            });
        }
        self.check_values(counts)
    }

    /// Refuses values that no regression of counts can take, and counts all of which may be zero.
    pub(super) fn check_counts(&self) -> Result<()> {
        self.check(true)?;
        if (0..self.rows()).all(|row| self.least(row) == 0.0) {
            let may_be = if self.bounds.is_some() { "may be" } else { "is" };
            let why = format!("`{}` {may_be} zero in every row", self.outcome_name);
            return Err(Error::NothingToEstimate { why });
        }
        Ok(())
    }

    /// Refuses what is no share, and shares that are all none or all of it.
    pub(super) fn check_shares(&self) -> Result<()> {
        self.check(false)?;
        let share = |v: f64| (0.0..=1.0).contains(&v);
        self.every(&self.outcome_name, self.outcome.iter(), share, "a share, from 0 to 1")?;
        if let Some(exposure) = &self.exposure {
            return Err(Error::Argument {
                argument: "exposure".into(),
                value: format!("`{}`", exposure.name),
                must: "left to counts: a share has none (weigh rows by it instead)".into(),
            });
        }
        for end in [0.0, 1.0] {
            if self.outcome.iter().all(|&y| y == end) {
                let why = format!("`{}` is {end} in every row", self.outcome_name);
                return Err(Error::NothingToEstimate { why });
            }
        }
        Ok(())
    }

    /// Refuses values that no regression can take; `counts` must not be negative either.
    pub(super) fn check_values(&self, counts: bool) -> Result<()> {
        if self.rows() == 0 {
            return Err(Error::NothingToEstimate { why: "the data have no rows".into() });
        }
        let must = if counts { "a finite number of at least 0" } else { "a finite number" };
        let fine = |v: f64| v.is_finite() && (!counts || v >= 0.0);
        self.every(&self.outcome_name, self.outcome.iter(), fine, must)?;
        for (name, column) in self.names.iter().zip(self.x.columns()) {
            self.every(name, column.iter(), f64::is_finite, "a finite number")?;
        }
        for effect in &self.absorbed {
            self.every(&effect.name, effect.slope.iter().flatten(), f64::is_finite, "a finite number")?;
        }
        let positive = |v: f64| v.is_finite() && v > 0.0;
        for named in self.exposure.iter().chain(self.weights.iter().map(|(named, _)| named)) {
            self.every(&named.name, named.values.iter(), positive, "a finite number above 0")?;
        }
        if let Some((named, WeightKind::Frequency)) = &self.weights {
            self.every(&named.name, named.values.iter(), |v| v.fract() == 0.0, "a whole number")?;
        }
        if let Some(named) = &self.offset {
            self.every(&named.name, named.values.iter(), f64::is_finite, "a finite number")?;
        }
        Ok(())
    }

    fn every<'a>(
        &self,
        what: &str,
        values: impl Iterator<Item = &'a f64>,
        fine: impl Fn(f64) -> bool,
        must: &str,
    ) -> Result<()> {
        match values.enumerate().find(|(_, v)| !fine(**v)) {
            None => Ok(()),
            Some((row, value)) => Err(Error::Domain {
                what: what.to_owned(),
                row: self.origin[row],
                value: value.to_string(),
                must: must.to_owned(),
            }),
        }
    }

    /// Whether there is an exposure or an offset.
    pub(super) fn has_offset(&self) -> bool {
        self.exposure.is_some() || self.offset.is_some()
    }

    /// `log(exposure) + offset`, zero without either.
    pub(super) fn linear_offset(&self, row: usize) -> f64 {
        let exposure = self.exposure.as_ref().map_or(0.0, |e| e.values[row].ln());
        exposure + self.offset.as_ref().map_or(0.0, |o| o.values[row])
    }
}

/// The widest interval of a count whose counts are summed over.
const WIDEST: f64 = 100_000.0;

/// Two matrices of one height side by side, column by column in memory.
pub(super) fn beside(left: &Array2<f64>, right: &Array2<f64>) -> Array2<f64> {
    let columns = left.columns().into_iter().chain(right.columns());
    let mut joined = Array2::zeros((left.nrows(), left.ncols() + right.ncols()).f());
    joined.columns_mut().into_iter().zip(columns).for_each(|(mut to, from)| to.assign(&from));
    joined
}

fn same_length(what: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::Shape {
        what: what.to_owned(),
        expected: format!("{expected} rows"),
        found: format!("{found} rows"),
    })
}
