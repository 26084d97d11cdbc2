//! The model.

use std::fmt::{self, Display};

use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

use crate::error::{Error, Result};
use crate::timeseries::cointegration::Deterministics;
use crate::timeseries::cointegration::reduced_rank::{Form, Moments};
use crate::timeseries::var::{argument, check, regress};
use crate::timeseries::vecm::fit::VecmFit;

/// A vector error correction model. See the [module](self::super).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vecm {
    pub(super) lags: usize,
    pub(super) rank: usize,
    pub(super) deterministics: Deterministics,
    pub(super) season: usize,
}

impl Vecm {
    /// With this many lagged differences and relations, and a constant outside the relations.
    #[must_use]
    pub fn new(lags: usize, rank: usize) -> Self {
        Self { lags, rank, deterministics: Deterministics::Constant, season: 1 }
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

    pub(super) fn form(&self) -> Form {
        Form { lags: self.lags, kind: self.deterministics, season: self.season.max(1), back: 1 }
    }

    /// Fits it to series, time by columns.
    ///
    /// # Errors
    /// [`Error::Argument`] unless the rank is at least 1 and below the number of series; [`Error::Missing`] and
    /// [`Error::Domain`] with series and row; [`Error::TooShort`]; [`Error::NothingToEstimate`] where a series is constant,
    /// determined by the others or held to them without error, or where the first r series do not carry the r relations.
    pub fn fit(&self, names: &[String], y: ArrayView2<'_, f64>) -> Result<VecmFit> {
        check(names, y)?;
        let (rows, p) = y.dim();
        if self.rank == 0 || self.rank >= p {
            let must = format!(
                "between 1 and {}, one below the series: without a relation fit a VAR of differences, with {p} one of levels",
                p.saturating_sub(1)
            );
            return Err(argument("rank", self.rank, &must));
        }
        let form = self.form();
        let needed = form.needed(p).saturating_add(self.rank);
        if rows < needed {
            return Err(Error::TooShort { what: "series".into(), needed, found: rows });
        }
        let mut named = names.to_vec();
        named.extend(form.kind.within().map(str::to_owned));
        let (now, level, other) = (form.now(y), form.level(y), form.other(y));
        let found = {
            // Counted from the first row where a constant outside takes the shift up.
            let mut shifted = level.clone();
            if form.kind.outside() > 0 {
                shifted.slice_mut(s![.., ..p]).axis_iter_mut(Axis(0)).for_each(|mut row| row -= &y.row(0));
            }
            Moments {
                now: now.view(),
                level: shifted.view(),
                other: other.view(),
                names: &named,
                moved: names,
            }
            .reduce()?
        };
        let beta = normed(&found.beta.slice(s![.., ..self.rank]).to_owned(), &named)?;
        let errors = level.dot(&beta);
        let mut labels: Vec<String> = (1..=self.rank).map(|j| format!("relation {j}")).collect();
        labels.extend(form.labels(names));
        let shape = |_| Error::NothingToEstimate { why: "no series".into() };
        let z = concatenate(Axis(1), &[errors.view(), other.view()]).map_err(shape)?;
        let second = regress(z.view(), now.view(), &labels)?;
        // What is left of the levels below the identity, after everything outside the relations.
        let rest = concatenate(Axis(1), &[level.slice(s![.., self.rank..]), other.view()]).map_err(shape)?;
        let first = regress(rest.view(), now.view(), &[&named[self.rank..], &labels[self.rank..]].concat())?;
        let free = named.len() - self.rank;
        let spread = first.inverse.slice(s![..free, ..free]).to_owned();
        VecmFit::new(*self, names, named, labels, y.to_owned(), (beta, spread), second, found.eigenvalues)
    }
}

/// Relations of which the first r series have the identity.
fn normed(beta: &Array2<f64>, names: &[String]) -> Result<Array2<f64>> {
    let r = beta.ncols();
    // Gauss–Jordan on the columns, the largest pivot of each row first, on the scale of each series' own weights.
    let mut out = beta.clone();
    let size: Vec<f64> =
        beta.rows().into_iter().map(|row| row.iter().fold(0.0_f64, |m, v| m.max(v.abs()))).collect();
    for i in 0..r {
        let best = (i..r).fold(i, |best, j| if out[[i, j]].abs() > out[[i, best]].abs() { j } else { best });
        if out[[i, best]].abs() <= 1e-10 * size[i] {
            let why = format!(
                "`{}` does not carry a relation of its own beside {}: put another series first",
                names[i],
                if i == 0 { "none".to_owned() } else { names[..i].join(", ") }
            );
            return Err(Error::NothingToEstimate { why });
        }
        for row in 0..out.nrows() {
            out.swap([row, i], [row, best]);
        }
        let pivot = out[[i, i]];
        out.column_mut(i).mapv_inplace(|v| v / pivot);
        let own = out.column(i).to_owned();
        for j in (0..r).filter(|j| *j != i) {
            let by = out[[i, j]];
            out.column_mut(j).zip_mut_with(&own, |v, o| *v -= by * o);
        }
    }
    // Exactly so, and not but for the last digit.
    for i in 0..r {
        for j in 0..r {
            out[[i, j]] = f64::from(u8::from(i == j));
        }
    }
    Ok(out)
}

impl Display for Vecm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let season = if self.season > 1 { format!(", season of {}", self.season) } else { String::new() };
        write!(
            f,
            "vector error correction, {} relations, {} lagged differences, deterministic part: {}{season}",
            self.rank, self.lags, self.deterministics
        )
    }
}
