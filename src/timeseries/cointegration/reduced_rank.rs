//! Reduced rank regression: what Johansen's tests and error-correction models are made of.
//!
//! Differences on levels after other regressors. One triangle of all columns together gives every moment that is needed
//! without squaring its condition number:
//!
//! ```text
//! [other, levels, differences] = Q R        R = (R_oo R_ok R_o0; 0 R_kk R_k0; 0 0 R_00)
//! M = R_k0 T⁻¹, T the triangle of (R_k0; R_00)
//! ```
//!
//! The squared canonical correlations λ of what is left of levels and differences are the eigenvalues of M M'.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};

use crate::error::{Error, Result};
use crate::linalg::{TallTriangle, eigen_symmetric};
use crate::timeseries::cointegration::Deterministics;

/// Columns of a system in error-correction form.
#[derive(Debug, Clone, Copy)]
pub(in crate::timeseries) struct Form {
    /// Lagged differences.
    pub(in crate::timeseries) lags: usize,
    pub(in crate::timeseries) kind: Deterministics,
    /// Periods of a season; 1 for none.
    pub(in crate::timeseries) season: usize,
    /// How far back the levels are: 1, or `lags + 1` in the long-run form.
    pub(in crate::timeseries) back: usize,
}

impl Form {
    /// Periods that lags use up.
    pub(in crate::timeseries) fn start(&self) -> usize {
        self.lags + 1
    }

    /// Constant, trend and centred seasonal dummies of a period, from 0.
    pub(in crate::timeseries) fn fixed(&self, t: usize) -> Vec<f64> {
        let terms = [1.0, (t + 1) as f64].into_iter().take(self.kind.outside());
        let dummy = |j: usize| f64::from(u8::from(t % self.season == j)) - 1.0 / self.season as f64;
        terms.chain((0..self.season - 1).map(dummy)).collect()
    }

    /// What stands beside the levels of a period within the relations.
    pub(in crate::timeseries) fn beside(&self, t: usize) -> Option<f64> {
        match self.kind {
            Deterministics::ConstantWithin => Some(1.0),
            Deterministics::TrendWithin => Some((t + 1) as f64),
            _ => None,
        }
    }

    /// Columns of [`other`](Self::other) of so many series.
    pub(in crate::timeseries) fn width(&self, series: usize) -> usize {
        (self.kind.outside() + self.season - 1).saturating_add(self.lags.saturating_mul(series))
    }

    /// Periods that are needed at least.
    pub(in crate::timeseries) fn needed(&self, series: usize) -> usize {
        let within = usize::from(self.kind.within().is_some());
        self.width(series).saturating_add(self.lags).saturating_add(2 * series + within + 2)
    }

    /// Names of the columns of [`other`](Self::other).
    pub(in crate::timeseries) fn labels(&self, names: &[String]) -> Vec<String> {
        let terms = ["(Intercept)", "trend"].into_iter().take(self.kind.outside()).map(str::to_owned);
        let seasons = (1..self.season).map(|j| format!("season {j}"));
        let lagged =
            (1..=self.lags).flat_map(|lag| names.iter().map(move |name| format!("lag(diff({name}), {lag})")));
        terms.chain(seasons).chain(lagged).collect()
    }

    /// Differences of the periods explained.
    pub(in crate::timeseries) fn now(&self, z: ArrayView2<'_, f64>) -> Array2<f64> {
        let start = self.start();
        let step = |(i, j): (usize, usize)| z[[start + i, j]] - z[[start + i - 1, j]];
        Array2::from_shape_fn((z.nrows() - start, z.ncols()), step)
    }

    /// Levels before them, and what stands beside these.
    pub(in crate::timeseries) fn level(&self, z: ArrayView2<'_, f64>) -> Array2<f64> {
        let (start, p) = (self.start(), z.ncols());
        let columns = p + usize::from(self.kind.within().is_some());
        Array2::from_shape_fn((z.nrows() - start, columns), |(i, j)| {
            let t = start + i - self.back;
            if j < p { z[[t, j]] } else { self.beside(t).unwrap_or(0.0) }
        })
    }

    /// Everything else: constant, trend, season, lagged differences.
    pub(in crate::timeseries) fn other(&self, z: ArrayView2<'_, f64>) -> Array2<f64> {
        let (start, p) = (self.start(), z.ncols());
        let fixed = self.kind.outside() + self.season - 1;
        let mut out = Array2::zeros((z.nrows() - start, fixed + self.lags * p));
        for (i, mut row) in out.rows_mut().into_iter().enumerate() {
            let t = start + i;
            self.fixed(t).into_iter().enumerate().for_each(|(j, v)| row[j] = v);
            for j in 0..self.lags * p {
                let (lag, series) = (1 + j / p, j % p);
                row[fixed + j] = z[[t - lag, series]] - z[[t - lag - 1, series]];
            }
        }
        out
    }
}

/// What is regressed on what.
pub(in crate::timeseries) struct Moments<'a> {
    /// Differences, time × series.
    pub(in crate::timeseries) now: ArrayView2<'a, f64>,
    /// Levels, and what stands within the relations beside them.
    pub(in crate::timeseries) level: ArrayView2<'a, f64>,
    /// Everything else.
    pub(in crate::timeseries) other: ArrayView2<'a, f64>,
    /// Names of the levels, for errors.
    pub(in crate::timeseries) names: &'a [String],
    /// And of the differences.
    pub(in crate::timeseries) moved: &'a [String],
}

/// Relations, the strongest first.
pub(in crate::timeseries) struct ReducedRank {
    /// Squared canonical correlations: as many as differences or levels, whichever are fewer.
    pub(in crate::timeseries) eigenvalues: Vec<f64>,
    /// Weights on the levels, a column a relation, with unit variance of what is left of it (times n).
    pub(in crate::timeseries) beta: Array2<f64>,
    /// How the differences load on these.
    pub(in crate::timeseries) alpha: Array2<f64>,
}

impl Moments<'_> {
    /// # Errors
    /// [`Error::NothingToEstimate`] where columns are combinations of each other, or a relation holds without error.
    pub(in crate::timeseries) fn reduce(&self) -> Result<ReducedRank> {
        let (c, k, p) = (self.other.ncols(), self.level.ncols(), self.now.ncols());
        let refuse = |why: String| Error::NothingToEstimate { why };
        let shape = |_| refuse("columns of different lengths".into());
        let all = concatenate(Axis(1), &[self.other, self.level, self.now]).map_err(shape)?;
        let lengths: Array1<f64> = all.columns().into_iter().map(|v| v.dot(&v).sqrt()).collect();
        let label = |j: usize| self.names.get(j).map_or("the deterministic part", String::as_str);
        let dependent = |j: usize| match j.checked_sub(c) {
            None => refuse("the constant, the season and the lagged differences determine each other".into()),
            Some(j) => refuse(format!("`{}` is determined by the other series and the lags", label(j))),
        };
        if let Some(j) = (0..c + k).find(|&j| !(lengths[j] > 0.0 && lengths[j].is_finite())) {
            return Err(dependent(j));
        }
        let mut triangle = TallTriangle::new(c + k + p);
        let mut row = vec![0.0; c + k + p];
        for values in all.rows() {
            for (j, slot) in row.iter_mut().enumerate() {
                *slot = if lengths[j] > 0.0 { values[j] / lengths[j] } else { 0.0 };
            }
            triangle.push(&row);
        }
        let r = triangle.finish();
        if let Some(j) = (0..c + k).find(|&j| r[[j, j]].abs() < 1e-10) {
            return Err(dependent(j));
        }
        let mut second = TallTriangle::new(p);
        for i in c..c + k + p {
            second.push(&r.slice(s![i, c + k..]).to_vec());
        }
        let t = second.finish();
        if let Some(j) = (0..p).find(|&j| t[[j, j]].abs() < 1e-10) {
            let name = self.moved.get(j).map_or("a series", String::as_str);
            let why = format!("differences of `{name}` are determined by the other series and the lags");
            return Err(refuse(why));
        }
        let left = r.slice(s![c..c + k, c + k..]);
        let m = right_divided(left, &t);
        let (values, vectors) = eigen_symmetric(m.dot(&m.t()).view())?;
        let order: Vec<usize> = (0..k).rev().collect();
        let eigenvalues: Vec<f64> = order.iter().take(p.min(k)).map(|&i| values[i].max(0.0)).collect();
        if eigenvalues[0] >= 1.0 - 1e-11 {
            return Err(refuse("a relation between the series holds without error".into()));
        }
        let mut vectors = vectors.select(Axis(1), &order);
        vectors = vectors.slice(s![.., ..p.min(k)]).to_owned();
        let mut alpha = left.t().dot(&vectors);
        let mut beta = solved(r.slice(s![c..c + k, c..c + k]), &vectors);
        beta.axis_iter_mut(Axis(0)).zip(lengths.slice(s![c..])).for_each(|(mut row, l)| row /= *l);
        alpha.axis_iter_mut(Axis(0)).zip(lengths.slice(s![c + k..])).for_each(|(mut row, l)| row *= *l);
        Ok(ReducedRank { eigenvalues, beta, alpha })
    }
}

/// A T⁻¹ of an upper triangle T.
fn right_divided(a: ArrayView2<'_, f64>, t: &Array2<f64>) -> Array2<f64> {
    let mut out = a.to_owned();
    for j in 0..t.ncols() {
        for i in 0..out.nrows() {
            let known: f64 = (0..j).map(|l| out[[i, l]] * t[[l, j]]).sum();
            out[[i, j]] = (out[[i, j]] - known) / t[[j, j]];
        }
    }
    out
}

/// R⁻¹ B of an upper triangle R.
fn solved(r: ArrayView2<'_, f64>, b: &Array2<f64>) -> Array2<f64> {
    let mut out = b.clone();
    for j in 0..out.ncols() {
        for i in (0..r.nrows()).rev() {
            let known: f64 = (i + 1..r.nrows()).map(|l| r[[i, l]] * out[[l, j]]).sum();
            out[[i, j]] = (out[[i, j]] - known) / r[[i, i]];
        }
    }
    out
}

/// −n Σ log(1 − λ).
pub(in crate::timeseries) fn log_ratio(n: usize, eigenvalues: &[f64]) -> f64 {
    -(n as f64) * eigenvalues.iter().map(|v| (-v).ln_1p()).sum::<f64>()
}
