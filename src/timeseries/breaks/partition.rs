//! Sums of squares of all segments, and the best partition by dynamic programming.

use super::series::Data;
use crate::error::{Error, Result};

/// Segments at most, whose sums are all kept: a gigabyte.
const MOST: usize = 1 << 27;

/// Sums of squares of the segments that start at each observation, by recursive residuals.
#[derive(Debug, Clone)]
pub(super) struct Segments {
    n: usize,
    /// Observations of a segment at least.
    pub least: usize,
    /// Row `i` holds the sums of `i ..= j` for `j ≥ i + least − 1`.
    sums: Vec<Vec<f64>>,
}

/// A segment's regression grown by one observation at a time: Givens rotations, so that nothing is ever subtracted.
pub(super) struct Growing {
    width: usize,
    upper: Vec<f64>,
    right: Vec<f64>,
    /// Sum of squares that the regression leaves.
    pub sse: f64,
    row: Vec<f64>,
}

impl Growing {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            upper: vec![0.0; width * width],
            right: vec![0.0; width],
            sse: 0.0,
            row: vec![0.0; width],
        }
    }

    pub(super) fn clear(&mut self) {
        self.upper.fill(0.0);
        self.right.fill(0.0);
        self.sse = 0.0;
    }

    /// Takes in an observation and gives its recursive residual, whose sign and size are those of the standardised forecast
    /// error.
    pub(super) fn push<'a>(&mut self, x: impl IntoIterator<Item = &'a f64>, y: f64) -> f64 {
        let p = self.width;
        self.row.iter_mut().zip(x).for_each(|(r, x)| *r = *x);
        let mut y = y;
        let mut sign = 1.0;
        for j in 0..p {
            let (a, b) = (self.upper[j * p + j], self.row[j]);
            if b == 0.0 {
                continue;
            }
            let length = a.hypot(b);
            let (c, s) = (a / length, b / length);
            sign *= if c < 0.0 { -1.0 } else { 1.0 };
            for l in j..p {
                let (u, r) = (self.upper[j * p + l], self.row[l]);
                self.upper[j * p + l] = c * u + s * r;
                self.row[l] = c * r - s * u;
            }
            let (u, r) = (self.right[j], y);
            self.right[j] = c * u + s * r;
            y = c * r - s * u;
        }
        self.sse += y * y;
        y * sign
    }

    /// The coefficients.
    pub(super) fn coefficients(&self) -> Vec<f64> {
        let p = self.width;
        let mut beta = self.right.clone();
        for j in (0..p).rev() {
            for l in j + 1..p {
                beta[j] -= self.upper[j * p + l] * beta[l];
            }
            beta[j] /= self.upper[j * p + j];
        }
        beta
    }
}

impl Segments {
    pub(super) fn new(data: &Data, least: usize) -> Result<Self> {
        let (n, p) = (data.y.len(), data.x.ncols());
        let starts = n.saturating_sub(least) + 1;
        if starts * (starts + 1) / 2 > MOST {
            return Err(Error::Argument {
                argument: "observations".into(),
                value: n.to_string(),
                must: format!(
                    "fewer, or segments longer: more than {MOST} segments; changes of level in long series are for \
                     `Pelt`"
                ),
            });
        }
        let mut growing = Growing::new(p);
        let mut sums = Vec::with_capacity(starts);
        for i in 0..=n.saturating_sub(least) {
            growing.clear();
            let mut row = Vec::with_capacity(n + 1 - i - least);
            for j in i..n {
                growing.push(data.x.row(j), data.y[j]);
                if j + 1 - i >= least {
                    row.push(growing.sse);
                }
            }
            sums.push(row);
        }
        // The series' own squares are numbers; those of regressors need not be.
        if !sums.iter().flatten().all(|s| s.is_finite()) {
            return Err(Error::Argument {
                argument: "regressors".into(),
                value: "numbers too large to square".into(),
                must: "below 1e150: change their unit".into(),
            });
        }
        Ok(Self { n, least, sums })
    }

    /// Of observations `from ..= to`; infinite where that is too short a segment.
    pub(super) fn sse(&self, from: usize, to: usize) -> f64 {
        if to + 1 < from + self.least { f64::INFINITY } else { self.sums[from][to + 1 - from - self.least] }
    }

    /// The last observations of the segments of the best partition with `breaks` breaks within `from ..= to`.
    pub(super) fn best(&self, from: usize, to: usize, breaks: usize) -> Option<(f64, Vec<usize>)> {
        let table = self.table(from, to, breaks);
        table.into_iter().nth(breaks).flatten()
    }

    /// The best partitions of all observations with 0, 1, … `most` breaks.
    pub(super) fn all(&self, most: usize) -> Vec<Option<(f64, Vec<usize>)>> {
        self.table(0, self.n - 1, most)
    }

    fn table(&self, from: usize, to: usize, most: usize) -> Vec<Option<(f64, Vec<usize>)>> {
        let n = to + 1 - from;
        // cost[m][e]: best of from ..= from + e with m breaks.
        let mut cost: Vec<Vec<f64>> = vec![(0..n).map(|e| self.sse(from, from + e)).collect()];
        let mut back: Vec<Vec<usize>> = vec![vec![0; n]];
        for m in 1..=most {
            let (mut here, mut come) = (vec![f64::INFINITY; n], vec![0; n]);
            for e in ((m + 1) * self.least).saturating_sub(1)..n {
                for last in m * self.least - 1..=e - self.least {
                    let value = cost[m - 1][last] + self.sse(from + last + 1, from + e);
                    if value < here[e] {
                        (here[e], come[e]) = (value, last);
                    }
                }
            }
            cost.push(here);
            back.push(come);
        }
        (0..=most)
            .map(|m| {
                let value = cost[m][n - 1];
                if !value.is_finite() {
                    return None;
                }
                let mut ends = Vec::with_capacity(m);
                let mut at = n - 1;
                for level in (1..=m).rev() {
                    at = back[level][at];
                    ends.push(from + at);
                }
                ends.reverse();
                Some((value, ends))
            })
            .collect()
    }
}
