//! From the caller's series to columns near one: gaps as regressors, everything differenced.

use ndarray::{Array1, Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::timeseries::arima::likelihood::Columns;
use crate::timeseries::arima::specification::argument;
use crate::timeseries::arima::{Arima, Method};
use crate::timeseries::structural::Series;

/// What is left of a column after the others, relative to it, below which it is their combination.
const DEPENDENT: f64 = 1e-9;

/// The series in the units of the numerics, and the way back.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) labels: Vec<String>,
    pub(super) y: Vec<f64>,
    /// Mean, slope and regressors as they are, time × terms, those given too.
    pub(super) x: Array2<f64>,
    pub(super) names: Vec<String>,
    /// The value of every term that is given.
    pub(super) given: Vec<Option<f64>>,
    pub(super) constant: (bool, bool),
    pub(super) spread: f64,
    pub(super) differencing: Vec<f64>,
    pub(super) columns: Columns,
    /// Coefficients of the terms that are estimated = `shift` + `unit` · coefficients of the columns.
    pub(super) shift: Array1<f64>,
    pub(super) unit: Array2<f64>,
}

fn shape(what: &str, expected: usize, found: usize) -> Error {
    Error::Shape { what: what.into(), expected: format!("{expected} rows"), found: format!("{found} rows") }
}

pub(super) fn prepare(spec: &Arima, series: &Series<'_>) -> Result<Prepared> {
    let y = series.outcome();
    let name = series.name().to_owned();
    if let Some(row) = y.iter().position(|v| v.is_infinite()) {
        return Err(Error::Domain {
            what: name,
            row,
            value: y[row].to_string(),
            must: "finite, or missing".into(),
        });
    }
    let (names, x) = terms(spec, series)?;
    let given: Vec<Option<f64>> =
        names.iter().map(|n| spec.fixed.iter().find(|(f, _)| f == n).map(|(_, v)| *v)).collect();
    known_names(spec, &names)?;
    let differencing = spec.differencing();
    let free: Vec<usize> = (0..names.len()).filter(|&j| given[j].is_none()).collect();
    let observed = y.iter().filter(|v| !v.is_nan()).count();
    let factors = spec.shape().len();
    let fixed = spec.fixed.iter().filter(|(n, _)| n != "variance" && !names.contains(n)).count();
    let needed = differencing.len() - 1 + free.len() + (factors - fixed) + 2;
    if observed < needed {
        return Err(Error::TooShort { what: name, needed, found: observed });
    }
    let first = y.iter().position(|v| !v.is_nan()).unwrap_or(0);
    let last = y.iter().rposition(|v| !v.is_nan()).unwrap_or(0);
    let gaps: Vec<usize> = (first..=last).filter(|&t| y[t].is_nan()).collect();
    if spec.method == Method::ConditionalSquares && !gaps.is_empty() {
        let what = format!("{name} (conditional squares take no gaps; the exact method does)");
        return Err(Error::Missing { what, count: gaps.len(), first: gaps[0] });
    }
    let mut base = y[first..=last].to_vec();
    for (j, value) in given.iter().enumerate() {
        if let Some(value) = value {
            base.iter_mut().enumerate().for_each(|(t, b)| *b -= value * x[[first + t, j]]);
        }
    }
    fill(&mut base);
    let centred = free.iter().any(|&j| names[j] == "mean" && spec.terms().mean);
    let kills = centred || differencing.len() > 1;
    let centre = if kills { mean(&base) } else { 0.0 };
    base.iter_mut().for_each(|b| *b -= centre);
    let w = difference(&base, &differencing);
    let spread = size(&name, &w, &base, y)?;
    let mut values = Vec::with_capacity((gaps.len() + free.len() + 1) * w.len());
    for &gap in &gaps {
        let mut unit = vec![0.0; base.len()];
        unit[gap - first] = 1.0;
        values.extend(difference(&unit, &differencing));
    }
    let k = free.len();
    let (mut shift, mut unit) = (Array1::zeros(k), Array2::zeros((k, k)));
    for (a, &j) in free.iter().enumerate() {
        let mut column: Vec<f64> = (first..=last).map(|t| x[[t, j]]).collect();
        let is_mean = centred && a == 0;
        let middle = if kills && !is_mean { mean(&column) } else { 0.0 };
        column.iter_mut().for_each(|v| *v -= middle);
        let mut column = difference(&column, &differencing);
        let largest = column.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let whole = (first..=last).fold(0.0_f64, |m, t| m.max(x[[t, j]].abs()));
        if largest <= 1e-13 * whole || largest == 0.0 {
            let how =
                if differencing.len() > 1 { "differencing leaves nothing of it" } else { "it does not vary" };
            let why = format!("`{}` has no coefficient: {how}", names[j]);
            return Err(Error::NothingToEstimate { why });
        }
        column.iter_mut().for_each(|v| *v /= largest);
        unit[[a, a]] = spread / largest;
        if centred && !is_mean {
            unit[[0, a]] = -middle * spread / largest;
        }
        if is_mean {
            shift[a] = centre;
        }
        values.extend(column);
    }
    values.extend(w.iter().map(|v| v / spread));
    let columns = Columns { values, rows: w.len(), gaps: gaps.len() };
    let labels: Vec<String> = if (0..y.len()).all(|t| series.label(t) == t.to_string()) {
        Vec::new()
    } else {
        (0..y.len()).map(|t| series.label(t)).collect()
    };
    let constant = spec.constant();
    let made = Prepared {
        name,
        labels,
        y: y.to_vec(),
        x,
        names,
        given,
        constant,
        spread,
        differencing,
        columns,
        shift,
        unit,
    };
    made.independent(&free)?;
    Ok(made)
}

/// Mean, slope and regressors, time × terms.
fn terms(spec: &Arima, series: &Series<'_>) -> Result<(Vec<String>, Array2<f64>)> {
    let n = series.outcome().len();
    let constant = spec.terms();
    let mut names = Vec::new();
    if constant.mean {
        names.push("mean".to_owned());
    }
    if constant.drift {
        names.push("drift".into());
    }
    let own = names.len();
    let regressors = series.x().map_or(0, |x| x.ncols());
    if let Some(x) = series.x() {
        if x.nrows() != n {
            return Err(shape("regressors", n, x.nrows()));
        }
        let given = series.regressor_names();
        if !given.is_empty() && given.len() != x.ncols() {
            return Err(shape("names of regressors", x.ncols(), given.len()));
        }
        names.extend((0..x.ncols()).map(|j| given.get(j).cloned().unwrap_or_else(|| format!("x{}", j + 1))));
    }
    let mut out = Array2::zeros((n, own + regressors));
    for (j, name) in names[..own].iter().enumerate() {
        for t in 0..n {
            out[[t, j]] = if name == "mean" { 1.0 } else { (t + 1) as f64 };
        }
    }
    if let Some(x) = series.x() {
        for (j, column) in x.columns().into_iter().enumerate() {
            let what = names[own + j].clone();
            let used = |t: &usize| !series.outcome()[*t].is_nan();
            let mut gone = (0..n).filter(used).filter(|&t| column[t].is_nan());
            if let Some(first) = gone.next() {
                return Err(Error::Missing { what, count: 1 + gone.count(), first });
            }
            if let Some(row) = column.iter().position(|v| v.is_infinite()) {
                let value = column[row].to_string();
                return Err(Error::Domain { what, row, value, must: "finite".into() });
            }
            // Missing only where the outcome is: the row is not used, whatever stands there.
            column
                .iter()
                .enumerate()
                .for_each(|(t, &v)| out[[t, own + j]] = if v.is_nan() { 0.0 } else { v });
        }
    }
    Ok((names, out))
}

fn known_names(spec: &Arima, terms: &[String]) -> Result<()> {
    let factors = spec.factor_names();
    let known = || factors.iter().chain(terms).map(String::as_str).chain(["variance"]);
    match spec.fixed.iter().find(|(name, _)| !known().any(|k| k == name)) {
        Some((name, _)) => Err(Error::unknown_column(name, known())),
        None => Ok(()),
    }
}

/// Something finite in the gaps; what it is does not matter, as a regressor stands for every one.
fn fill(y: &mut [f64]) {
    let mut last = 0.0;
    for v in y {
        if v.is_nan() {
            *v = last;
        }
        last = *v;
    }
}

fn mean(v: &[f64]) -> f64 {
    let n = v.len() as f64;
    v.iter().map(|v| v / n).sum()
}

pub(super) fn difference(y: &[f64], c: &[f64]) -> Vec<f64> {
    (c.len() - 1..y.len())
        .map(|t| c.iter().enumerate().filter(|(_, c)| **c != 0.0).map(|(j, c)| c * y[t - j]).sum())
        .collect()
}

/// The root mean square of what is left after differencing.
fn size(name: &str, w: &[f64], base: &[f64], y: &[f64]) -> Result<f64> {
    let largest = w.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let whole = base.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest <= 1e-13 * whole || largest == 0.0 {
        let why =
            format!("`{name}` is constant once differenced and centred: it has no variance to estimate");
        return Err(Error::NothingToEstimate { why });
    }
    let squares: f64 = w.iter().map(|v| (v / largest).powi(2)).sum();
    let spread = largest * (squares / w.len() as f64).sqrt();
    if !(1e-150..1e150).contains(&spread) || !whole.is_finite() {
        let row = y.iter().position(|v| !v.is_nan()).unwrap_or(0);
        return Err(Error::Domain {
            what: name.into(),
            row,
            value: y[row].to_string(),
            must: "of a size whose square is a number: between 1e-150 and 1e150 from the others; change its unit".into(),
        });
    }
    Ok(spread)
}

impl Prepared {
    /// Refuses columns that are combinations of others, by least squares one after the other.
    fn independent(&self, free: &[usize]) -> Result<()> {
        let Columns { values, rows, gaps } = &self.columns;
        let mut done: Vec<Vec<f64>> = Vec::new();
        for (c, column) in values.chunks_exact(*rows).enumerate() {
            let mut rest = column.to_vec();
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let before = dot(&rest, &rest).sqrt();
            // Twice is enough (Kahan; Parlett 1980).
            for _ in 0..2 {
                for d in &done {
                    let along = dot(d, &rest);
                    rest.iter_mut().zip(d).for_each(|(r, d)| *r -= along * d);
                }
            }
            let after = dot(&rest, &rest).sqrt();
            if after <= DEPENDENT * before {
                let why = if c < *gaps {
                    format!("`{}` has a season that is never seen", self.name)
                } else if c < gaps + free.len() {
                    format!("`{}` cannot be told from the other regressors", self.names[free[c - gaps]])
                } else {
                    format!(
                        "`{}` is fitted exactly by its regressors: it has no variance to estimate",
                        self.name
                    )
                };
                return Err(Error::NothingToEstimate { why });
            }
            rest.iter_mut().for_each(|r| *r /= after);
            done.push(rest);
        }
        Ok(())
    }

    /// Mean, slope and regressors of the future, time × terms.
    pub(super) fn future(&self, horizon: usize, x: Option<ArrayView2<'_, f64>>) -> Result<Array2<f64>> {
        let own = usize::from(self.constant.0) + usize::from(self.constant.1);
        let names = &self.names[own..];
        let k = names.len();
        match &x {
            None if k > 0 => {
                let must = format!("future values of {}, one row a period", names.join(", "));
                return Err(argument("x", "none", &must));
            }
            Some(x) if x.dim() != (horizon, k) => {
                return Err(Error::Shape {
                    what: "future regressors".into(),
                    expected: format!("{horizon} rows, {k} columns"),
                    found: format!("{} rows, {} columns", x.nrows(), x.ncols()),
                });
            }
            _ => {}
        }
        if let Some(((row, j), value)) = x.iter().flat_map(|x| x.indexed_iter()).find(|(_, v)| !v.is_finite())
        {
            return Err(Error::Domain {
                what: format!("future {}", names[j]),
                row,
                value: value.to_string(),
                must: "finite: a forecast needs every regressor in every period".into(),
            });
        }
        let n = self.y.len();
        Ok(Array2::from_shape_fn((horizon, own + k), |(h, j)| match &x {
            Some(x) if j >= own => x[[h, j - own]],
            _ if self.constant.0 && j == 0 => 1.0,
            _ => (n + h + 1) as f64,
        }))
    }

    /// Coefficients of all terms, given ones in their places.
    pub(super) fn all_terms(&self, estimated: &[f64]) -> Vec<f64> {
        let mut next = estimated.iter();
        self.given.iter().map(|g| g.unwrap_or_else(|| next.next().copied().unwrap_or(f64::NAN))).collect()
    }

    /// The outcome from row `first` on, less all terms, in the units of the numerics; NaN where missing.
    pub(super) fn without_terms(&self, terms: &[f64], first: usize) -> Vec<f64> {
        let row = |t: usize| self.x.row(t).iter().zip(terms).map(|(x, b)| x * b).sum::<f64>();
        (first..self.y.len()).map(|t| (self.y[t] - row(t)) / self.spread).collect()
    }
}
