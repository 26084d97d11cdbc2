//! Likelihood ratio tests of relations and loadings (Johansen & Juselius 1990; Johansen 1995, ch. 7 and 8).

use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

use crate::error::{Error, Result};
use crate::timeseries::cointegration::reduced_rank::{Moments, log_ratio};
use crate::timeseries::var::{VarTest, argument};
use crate::timeseries::vecm::VecmFit;

fn places(names: &[&str], among: &[String]) -> Result<Vec<usize>> {
    let one = |name: &&str| {
        let found = among.iter().position(|n| n == name);
        found.ok_or_else(|| Error::unknown_column(name, among.iter().map(String::as_str)))
    };
    names.iter().map(one).collect()
}

impl VecmFit {
    /// What the restricted relations have less of the likelihood, twice.
    fn ratio(&self, name: &str, eigenvalues: &[f64], degrees: usize) -> Result<VarTest> {
        let (n, r) = (self.n_observed(), self.spec.rank);
        let statistic = log_ratio(n, &self.eigenvalues()[..r]) - log_ratio(n, &eigenvalues[..r]);
        VarTest::chi_squared(name, statistic.max(0.0), degrees)
    }

    /// The test that series do not give way to any relation, their rows of α being zero: they are weakly exogenous. χ² of
    /// r times as many degrees.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::Argument`] when fewer series than relations would be left to give way.
    pub fn weak_exogeneity(&self, series: &[&str]) -> Result<VarTest> {
        let fixed = places(series, &self.names)?;
        let p = self.names.len();
        let moved: Vec<usize> = (0..p).filter(|i| !fixed.contains(i)).collect();
        if fixed.is_empty() || moved.len() < self.spec.rank {
            let must = format!("at least one, and at least {} left that give way", self.spec.rank);
            return Err(argument("series", series.join(", "), &must));
        }
        let form = self.spec.form();
        let (now, level, other) = (form.now(self.y.view()), self.level(), form.other(self.y.view()));
        // Given differences of what does not give way, the others have all of the relations.
        let shape = |_| Error::NothingToEstimate { why: "no series".into() };
        let given =
            concatenate(Axis(1), &[other.view(), now.select(Axis(1), &fixed).view()]).map_err(shape)?;
        let now = now.select(Axis(1), &moved);
        let names = self.relation_terms();
        let left: Vec<String> = moved.iter().map(|&i| self.names[i].clone()).collect();
        let (now, level, other) = (now.view(), level.view(), given.view());
        let found = Moments { now, level, other, names, moved: &left }.reduce()?;
        let degrees = self.spec.rank * (p - moved.len());
        self.ratio("weak exogeneity", &found.eigenvalues, degrees)
    }

    /// Levels, counted from the first row where a constant outside takes the shift up.
    fn level(&self) -> Array2<f64> {
        let form = self.spec.form();
        let mut level = form.level(self.y.view());
        if form.kind.outside() > 0 {
            let p = self.names.len();
            level.slice_mut(s![.., ..p]).axis_iter_mut(Axis(0)).for_each(|mut row| row -= &self.y.row(0));
        }
        level
    }

    /// The test that all relations are combinations of the columns of `within` (rows as of β): χ² of r times as many degrees
    /// as it has columns less than rows.
    ///
    /// # Errors
    /// [`Error::Shape`] unless it has a row for every row of β and at least r columns, but fewer than rows;
    /// [`Error::NothingToEstimate`] when its columns are dependent.
    pub fn relations_within(&self, within: ArrayView2<'_, f64>) -> Result<VarTest> {
        let (k, r) = (self.relation_terms().len(), self.spec.rank);
        let columns = within.ncols();
        if within.nrows() != k || columns < r || columns >= k {
            let expected = format!("{k} rows and {r} to {} columns", k - 1);
            let found = format!("{} rows, {columns} columns", within.nrows());
            return Err(Error::Shape { what: "restrictions of the relations".into(), expected, found });
        }
        if let Some(((row, _), value)) = within.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let (what, value) = ("restrictions of the relations".into(), value.to_string());
            return Err(Error::Domain { what, row, value, must: "finite".into() });
        }
        let form = self.spec.form();
        let (now, other) = (form.now(self.y.view()), form.other(self.y.view()));
        let level = self.level().dot(&within);
        let names: Vec<String> = (1..=columns).map(|j| format!("column {j} of the restrictions")).collect();
        let (now, level, other) = (now.view(), level.view(), other.view());
        let found = Moments { now, level, other, names: &names, moved: &self.names }.reduce()?;
        self.ratio("restricted relations", &found.eigenvalues, r * (k - columns))
    }

    /// The test that series (or the constant or trend within the relations) have no part in any relation: χ² of r times as
    /// many degrees.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::Argument`] when fewer than r series would be left.
    pub fn excluded(&self, series: &[&str]) -> Result<VarTest> {
        let gone = places(series, self.relation_terms())?;
        let k = self.relation_terms().len();
        let kept: Vec<usize> = (0..k).filter(|i| !gone.contains(i)).collect();
        if gone.is_empty() || kept.len() < self.spec.rank {
            let must = format!("at least one, and at least {} left in the relations", self.spec.rank);
            return Err(argument("series", series.join(", "), &must));
        }
        let mut within = Array2::zeros((k, kept.len()));
        kept.iter().enumerate().for_each(|(j, &i)| within[[i, j]] = 1.0);
        Ok(VarTest { name: "exclusion".into(), ..self.relations_within(within.view())? })
    }
}
