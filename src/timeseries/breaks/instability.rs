//! Tests that a regression's coefficients do not change.

use super::bai_perron::argument;
use super::fit::Test;
use super::fluctuation;
use super::limits::{ave_f_p_value, exp_f_p_value, moving_critical, moving_p_value, sup_f_p_value};
use super::partition::Growing;
use super::series::{Data, Series};
use crate::distribution::{Fisher, Normal, bridge_exceeds};
use crate::error::{Error, Result};

/// F statistics of a break after each admissible row, with the tests that go with them.
#[derive(Debug, Clone, PartialEq)]
pub struct FStatistics {
    /// Last rows before a break.
    pub rows: Vec<usize>,
    /// F of each, not divided by the number of coefficients.
    pub values: Vec<f64>,
    /// The largest (Andrews 1993).
    pub sup: Test,
    /// The mean (Andrews & Ploberger 1994).
    pub ave: Test,
    /// The log of the mean of exp(F/2).
    pub exp: Test,
    /// Where the largest is.
    pub at: usize,
}

/// A path and the boundary that it crosses with a given probability when nothing changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Fluctuation {
    /// What the path is of.
    pub name: &'static str,
    /// Row after which each value is known; the first value of a cumulated path has none.
    pub rows: Vec<Option<usize>>,
    /// The path; of moving estimates the largest of the coefficients.
    pub path: Vec<f64>,
    /// The boundary, to both sides.
    pub boundary: Vec<f64>,
    /// The statistic and its p-value.
    pub test: Test,
}

fn noisy(data: &Data, name: &str) -> Result<f64> {
    let (_, rest, variance) = fluctuation::residuals(data);
    let scale: f64 = data.y.iter().map(|y| y * y).sum();
    if rest.iter().map(|e| e * e).sum::<f64>() <= 1e-24 * scale {
        return Err(Error::NothingToEstimate {
            why: format!("the regression goes through every value of `{name}`: there is nothing to test"),
        });
    }
    Ok(variance)
}

/// F of a break after each row that leaves the trimmed share on either side.
///
/// # Errors
/// [`Error::Argument`] for a trimming that leaves no row; [`Error::NothingToEstimate`] for a perfect fit; as
/// [`BaiPerron::fit`](super::BaiPerron::fit).
pub fn f_statistics(series: &Series, trimming: f64) -> Result<FStatistics> {
    let data = series.data()?;
    noisy(&data, series.name())?;
    let (n, p) = (data.y.len(), data.x.ncols());
    if !(trimming > 0.0 && trimming < 0.5) {
        return Err(argument("trimming", trimming, "between 0 and 0.5"));
    }
    let first = ((trimming * n as f64).floor() as usize).max(p + 1);
    if 2 * first > n {
        return Err(Error::TooShort { what: series.name().into(), needed: 2 * first, found: n });
    }
    let one_way = |order: &mut dyn Iterator<Item = usize>| {
        let mut growing = Growing::new(p);
        order
            .map(|i| {
                growing.push(data.x.row(i), data.y[i]);
                growing.sse
            })
            .collect::<Vec<f64>>()
    };
    let left = one_way(&mut (0..n));
    let right = one_way(&mut (0..n).rev());
    let whole = left[n - 1];
    // Sizes of the left segment.
    let sizes: Vec<usize> = (first..=n - first).collect();
    let values: Vec<f64> = sizes
        .iter()
        .map(|&size| {
            let split = left[size - 1] + right[n - size - 1];
            (whole - split) / (split / (n - 2 * p) as f64)
        })
        .collect();
    let mut best = 0;
    for (i, v) in values.iter().enumerate() {
        if *v > values[best] {
            best = i;
        }
    }
    let share = first as f64 / n as f64;
    let size = values.len() as f64;
    let ave = values.iter().sum::<f64>() / size;
    // Half of the largest is taken out, which may be too large for the exponential.
    let top = 0.5 * values[best];
    let exp = top + (values.iter().map(|v| (0.5 * v - top).exp()).sum::<f64>() / size).ln();
    Ok(FStatistics {
        rows: sizes.iter().map(|&s| data.rows[s - 1]).collect(),
        sup: Test { statistic: values[best], p_value: sup_f_p_value(values[best], p, share)? },
        ave: Test { statistic: ave, p_value: ave_f_p_value(ave, p, share)? },
        exp: Test { statistic: exp, p_value: exp_f_p_value(exp, p, share)? },
        at: data.rows[sizes[best] - 1],
        values,
    })
}

/// Chow's F test of a break after this row, known beforehand.
///
/// # Errors
/// [`Error::Argument`] when either side is too short for a regression of its own; as [`f_statistics`].
pub fn chow(series: &Series, last: usize) -> Result<Test> {
    let data = series.data()?;
    noisy(&data, series.name())?;
    let (n, p) = (data.y.len(), data.x.ncols());
    let size = data.rows.partition_point(|&r| r <= last);
    if size <= p || n - size <= p {
        let must = format!("a row with more than {p} known values on either side");
        return Err(argument("last", last, &must));
    }
    let sse = |range: std::ops::Range<usize>| {
        let mut growing = Growing::new(p);
        range.for_each(|i| {
            growing.push(data.x.row(i), data.y[i]);
        });
        growing.sse
    };
    let (whole, split) = (sse(0..n), sse(0..size) + sse(size..n));
    let left = (n - 2 * p) as f64;
    let statistic = ((whole - split) / p as f64) / (split / left);
    Ok(Test { statistic, p_value: Fisher::new(p as f64, left)?.upper(statistic) })
}

fn level(level: f64) -> Result<f64> {
    if level > 0.0 && level < 1.0 { Ok(level) } else { Err(argument("level", level, "between 0 and 1")) }
}

/// The value at which a decreasing function on 0 … 20 reaches `p`.
fn solve(p: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut a, mut b) = (0.0, 20.0);
    for _ in 0..80 {
        let middle = 0.5 * (a + b);
        if f(middle) > p { a = middle } else { b = middle }
    }
    0.5 * (a + b)
}

/// Cumulated residuals of one regression (Ploberger & Krämer 1992): the limit is a Brownian bridge.
///
/// # Errors
/// As [`f_statistics`].
pub fn cusum(series: &Series, at: f64) -> Result<Fluctuation> {
    let data = series.data()?;
    let variance = noisy(&data, series.name())?;
    let n = data.y.len();
    let path = fluctuation::sums(&fluctuation::residuals(&data).1, (variance * n as f64).sqrt());
    let statistic = path.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let edge = solve(level(at)?, bridge_exceeds);
    Ok(Fluctuation {
        name: "cumulated residuals",
        rows: std::iter::once(None).chain(data.rows.iter().map(|&r| Some(r))).collect(),
        boundary: vec![edge; path.len()],
        path,
        test: Test { statistic, p_value: bridge_exceeds(statistic) },
    })
}

/// `P(sup |W(t)|/(1 + 2t) > x)` for a Brownian motion, both crossings together (Brown, Durbin & Evans 1975).
fn line_exceeds(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let normal = Normal::standard();
    let once = normal.upper(3.0 * x) + (-4.0 * x * x).exp() * (normal.cdf(x) + normal.cdf(5.0 * x) - 1.0)
        - (-16.0 * x * x).exp() * normal.upper(x);
    // Two crossings count twice: of small x the sum says nothing above one.
    (2.0 * once).clamp(0.0, 1.0)
}

/// Cumulated recursive residuals (Brown, Durbin & Evans 1975): the limit is a Brownian motion, the boundary a pair of lines.
///
/// # Errors
/// As [`f_statistics`]; [`Error::NothingToEstimate`] when the first periods do not tell the coefficients apart.
pub fn recursive_cusum(series: &Series, at: f64) -> Result<Fluctuation> {
    let data = series.data()?;
    noisy(&data, series.name())?;
    let p = data.x.ncols();
    let w = fluctuation::recursive_residuals(&data)?;
    let m = w.len() as f64;
    let mean = w.iter().sum::<f64>() / m;
    let variance = w.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (m - 1.0);
    let path = fluctuation::sums(&w, (variance * m).sqrt());
    let width = |i: usize| 1.0 + 2.0 * i as f64 / m;
    let statistic = path.iter().enumerate().fold(0.0, |s: f64, (i, v)| s.max(v.abs() / width(i)));
    let edge = solve(level(at)?, line_exceeds);
    let known = data.rows[p..].iter().map(|&r| Some(r));
    Ok(Fluctuation {
        name: "cumulated recursive residuals",
        rows: std::iter::once(None).chain(known).collect(),
        boundary: (0..path.len()).map(|i| edge * width(i)).collect(),
        path,
        test: Test { statistic, p_value: line_exceeds(statistic) },
    })
}

fn window(data: &Data, share: f64) -> Result<usize> {
    let (n, p) = (data.y.len(), data.x.ncols());
    let window = (share * n as f64).floor();
    if !(share > 0.0 && share <= 0.5 && window > p as f64) {
        let must = format!("a share of the {n} periods, at most 0.5, that holds more than {p}");
        return Err(argument("window", share, &must));
    }
    Ok(window as usize)
}

/// Moving sums of residuals over a share of the sample (Chu, Hornik & Kuan 1995); p-values from 10,000 draws of the limit.
///
/// # Errors
/// As [`f_statistics`]; [`Error::Argument`] of the window.
pub fn mosum(series: &Series, share: f64, at: f64) -> Result<Fluctuation> {
    let data = series.data()?;
    let variance = noisy(&data, series.name())?;
    let (n, size) = (data.y.len(), window(&data, share)?);
    let all = fluctuation::sums(&fluctuation::residuals(&data).1, (variance * n as f64).sqrt());
    let path: Vec<f64> = (0..=n - size).map(|i| all[i + size] - all[i]).collect();
    let statistic = path.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    Ok(Fluctuation {
        name: "moving sums of residuals",
        rows: (0..=n - size).map(|i| Some(data.rows[i + size - 1])).collect(),
        boundary: vec![moving_critical(level(at)?, share, 1); path.len()],
        path,
        test: Test { statistic, p_value: moving_p_value(statistic, share, 1) },
    })
}

/// Moving estimates of the coefficients (Chu, Hornik & Kuan 1995), the largest over coefficients.
///
/// # Errors
/// As [`mosum`]; [`Error::NothingToEstimate`] when a window does not tell the coefficients apart.
pub fn moving_estimates(series: &Series, share: f64, at: f64) -> Result<Fluctuation> {
    let data = series.data()?;
    noisy(&data, series.name())?;
    let (p, size) = (data.x.ncols(), window(&data, share)?);
    let all = fluctuation::moving_estimates(&data, size)?;
    let largest = |row: ndarray::ArrayView1<'_, f64>| {
        row.iter().fold(0.0, |m: f64, &v| if v.abs() > m.abs() { v } else { m })
    };
    let path: Vec<f64> = all.rows().into_iter().map(largest).collect();
    let statistic = path.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    Ok(Fluctuation {
        name: "moving estimates",
        rows: (0..path.len()).map(|i| Some(data.rows[i + size - 1])).collect(),
        boundary: vec![moving_critical(level(at)?, share, p); path.len()],
        path,
        test: Test { statistic, p_value: moving_p_value(statistic, share, p) },
    })
}
