//! The fit of several breaks.

use super::bai_perron::{BaiPerron, Selection, argument};
use super::dates;
use super::limits::{maximum_p_value, sup_f_p_value};
use super::partition::{Growing, Segments};
use super::series::{Data, Series};
use crate::error::{Error, Result};
use ndarray::Array2;

/// A number of breaks, as the selection saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The last observations of all segments but the last, counted from 0 in the rows given.
    pub last: Vec<usize>,
    /// Sum of squares.
    pub sse: f64,
    /// `n (log(SSE/n) + 1 + log 2π) + ((m + 1)(p + 1)) log n`.
    pub bic: f64,
    /// `log(SSE/(n − q)) + q 0.299 (log n)^2.1 / n`, q = (m + 1)p + m.
    pub lwz: f64,
}

/// A break and the interval of its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// The last row of the segment before it.
    pub last: usize,
    /// The interval's first row, if it has one: an interval may reach beyond the series or have no end.
    pub lower: Option<isize>,
    /// Its last row.
    pub upper: Option<isize>,
}

/// A statistic and its p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The statistic.
    pub statistic: f64,
    /// Under no (further) break.
    pub p_value: f64,
}

/// A regression with breaks.
#[derive(Debug, Clone, PartialEq)]
pub struct BreaksFit {
    spec: BaiPerron,
    name: String,
    data: Data,
    segments: Segments_,
    models: Vec<Model>,
    tests: Vec<Test>,
    breaks: Vec<Break>,
    coefficients: Array2<f64>,
    rows: usize,
    notes: Vec<String>,
}

/// The sums of squares, kept for tests asked for later; equal fits have equal data.
#[derive(Debug, Clone)]
struct Segments_(Segments);

impl PartialEq for Segments_ {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

pub(super) fn fit(spec: BaiPerron, series: &Series) -> Result<BreaksFit> {
    let data = series.data()?;
    let (n, p) = (data.y.len(), data.x.ncols());
    let least = spec.least(n, p)?;
    if 2 * least > n {
        return Err(Error::TooShort { what: series.name().into(), needed: 2 * least, found: n });
    }
    let segments = Segments::new(&data, least)?;
    let room = n / least - 1;
    if spec.selection == Selection::Given && spec.most > room {
        return Err(argument(
            "max_breaks",
            spec.most,
            &format!("at most {room} with segments of {least} or more"),
        ));
    }
    let most = spec.most.min(room);
    let scale: f64 = data.y.iter().map(|y| y * y).sum::<f64>();
    let nothing = 1e-24 * scale + f64::MIN_POSITIVE;
    let mut models = Vec::new();
    for (m, found) in segments.all(most).into_iter().enumerate() {
        let Some((sse, last)) = found else { break };
        let (size, log) = (n as f64, (n as f64).ln());
        let held = sse.max(nothing);
        let parameters = ((m + 1) * (p + 1)) as f64;
        let q = ((m + 1) * p + m) as f64;
        let bic = size * ((held / size).ln() + 1.0 + std::f64::consts::TAU.ln()) + parameters * log;
        let lwz =
            if size > q { (held / (size - q)).ln() + q * 0.299 * log.powf(2.1) / size } else { f64::NAN };
        models.push(Model { last, sse, bic, lwz });
    }
    let mut notes = Vec::new();
    if data.missing > 0 {
        notes.push(format!("{} rows with missing values are left out.", data.missing));
    }
    if most < spec.most {
        notes.push(format!("Segments of {least} or more leave room for {most} breaks."));
    }
    let mut tests = Vec::new();
    let least_of = |value: &dyn Fn(&Model) -> f64| {
        let mut best = 0;
        for (m, model) in models.iter().enumerate() {
            // What went through every point with fewer breaks needs no more.
            if value(model) < value(&models[best]) && models[best].sse > nothing {
                best = m;
            }
        }
        best
    };
    let chosen = match spec.selection {
        Selection::Given => spec.most,
        Selection::Bic => least_of(&|m| m.bic),
        Selection::Lwz => least_of(&|m| m.lwz),
        Selection::Sequential => {
            let mut m = 0;
            while m < most && models[m].sse > nothing {
                let test = one_more(&data, &segments, &models[m].last, least)?;
                tests.push(test);
                if test.p_value > spec.level {
                    break;
                }
                m += 1;
            }
            m
        }
    };
    let ends = models[chosen].last.clone();
    let coefficients = coefficients(&data, &ends);
    let breaks = dates::intervals(&data, &ends, &coefficients, spec.level);
    // Counted in the rows that were given, missing ones among them.
    let row = |at: isize| match usize::try_from(at) {
        Ok(at) if at < n => data.rows[at].cast_signed(),
        Ok(at) => (series.len() + at - n).cast_signed(),
        Err(_) => at,
    };
    let breaks: Vec<Break> = breaks
        .into_iter()
        .map(|b| Break { last: data.rows[b.last], lower: b.lower.map(row), upper: b.upper.map(row) })
        .collect();
    for model in &mut models {
        model.last.iter_mut().for_each(|l| *l = data.rows[*l]);
    }
    if breaks.iter().any(|b| b.lower.is_none() || b.upper.is_none()) {
        notes.push("A date without an end of its interval: the change is too small to be placed.".into());
    }
    Ok(BreaksFit {
        spec,
        name: series.name().into(),
        rows: series.len(),
        segments: Segments_(segments),
        data,
        models,
        tests,
        breaks,
        coefficients,
        notes,
    })
}

/// Coefficients of each segment, one row a segment.
fn coefficients(data: &Data, ends: &[usize]) -> Array2<f64> {
    let (n, p) = (data.y.len(), data.x.ncols());
    let mut out = Array2::zeros((ends.len() + 1, p));
    let mut growing = Growing::new(p);
    let mut from = 0;
    for s in 0..=ends.len() {
        let to = ends.get(s).map_or(n - 1, |&e| e);
        growing.clear();
        for i in from..=to {
            growing.push(data.x.row(i), data.y[i]);
        }
        out.row_mut(s).iter_mut().zip(growing.coefficients()).for_each(|(o, b)| *o = b);
        from = to + 1;
    }
    out
}

/// The sup-F test of one break more than these: the largest over the segments, each split at its best place.
fn one_more(data: &Data, segments: &Segments, ends: &[usize], least: usize) -> Result<Test> {
    let (n, p) = (data.y.len(), data.x.ncols());
    let mut statistic = 0.0_f64;
    let mut share: f64 = 0.5;
    let mut from = 0;
    let mut able = 0;
    for s in 0..=ends.len() {
        let to = ends.get(s).map_or(n - 1, |&e| e);
        let size = to + 1 - from;
        if let Some((split, _)) = segments.best(from, to, 1) {
            let left = (size - 2 * p) as f64;
            statistic = statistic.max((segments.sse(from, to) - split) / (split / left));
            share = share.min(least as f64 / size as f64);
            able += 1;
        }
        from = to + 1;
    }
    if able == 0 {
        return Ok(Test { statistic: 0.0, p_value: 1.0 });
    }
    // The largest of independent limits.
    let one = sup_f_p_value(statistic, p, share.max(1e-3))?;
    let p_value = -(f64::from(able) * (-one).ln_1p()).exp_m1();
    Ok(Test { statistic, p_value })
}

impl BreaksFit {
    /// The breaks, first to last.
    pub fn breaks(&self) -> &[Break] {
        &self.breaks
    }

    /// The specification.
    pub fn specification(&self) -> &BaiPerron {
        &self.spec
    }

    /// The series' name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The best partitions with 0, 1, … breaks.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The sequential tests, where they chose.
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// One row a segment.
    pub fn coefficients(&self) -> &Array2<f64> {
        &self.coefficients
    }

    /// True but worrying things.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Observations that entered.
    pub fn n_observed(&self) -> usize {
        self.data.y.len()
    }

    /// First and last row of each segment.
    pub fn segments(&self) -> Vec<(usize, usize)> {
        let mut first = self.data.rows[0];
        let mut out = Vec::new();
        for b in &self.breaks {
            out.push((first, b.last));
            first = self.data.rows[self.data.rows.partition_point(|&r| r <= b.last)];
        }
        out.push((first, self.data.rows[self.data.rows.len() - 1]));
        out
    }

    /// Fitted values by row; NaN where a value is missing.
    pub fn fitted(&self) -> Vec<f64> {
        let mut out = vec![f64::NAN; self.rows];
        for (i, &row) in self.data.rows.iter().enumerate() {
            let segment = self.breaks.iter().take_while(|b| b.last < row).count();
            out[row] = self.data.x.row(i).dot(&self.coefficients.row(segment));
        }
        out
    }

    /// The sup-F test of no break against `m` (Bai & Perron 1998): `F/m` of the best partition, for one break its p-value
    /// from the diffusion equation, for more from simulated limits.
    ///
    /// # Errors
    /// [`Error::Argument`] for more breaks than the fit has room for.
    pub fn sup_f(&self, m: usize) -> Result<Test> {
        let (n, p) = (self.data.y.len(), self.data.x.ncols());
        if m == 0 || m >= self.models.len() {
            return Err(argument("breaks", m, &format!("between 1 and {}", self.models.len() - 1)));
        }
        let statistic = self.statistic(m);
        let share = self.segments.0.least as f64 / n as f64;
        let p_value = match m {
            1 => sup_f_p_value(statistic, p, share)?,
            m => maximum_p_value(statistic * p as f64, p, share, &[m])?,
        };
        // For one break the statistic is not divided by the number of coefficients, as Andrews has it.
        Ok(Test { statistic, p_value })
    }

    fn statistic(&self, m: usize) -> f64 {
        let (n, p) = (self.data.y.len(), self.data.x.ncols());
        let (null, split) = (self.models[0].sse, self.models[m].sse);
        let f = (null - split) / (split / (n - (m + 1) * p) as f64);
        if m == 1 { f } else { f / (m * p) as f64 }
    }

    /// `UDmax` (Bai & Perron 1998): the largest of the sup-F over numbers of breaks, per break and coefficient.
    ///
    /// # Errors
    /// [`Error::Argument`] when there is no room for a break.
    pub fn ud_max(&self) -> Result<Test> {
        let (n, p) = (self.data.y.len(), self.data.x.ncols());
        let numbers: Vec<usize> = (1..self.models.len()).collect();
        if numbers.is_empty() {
            return Err(argument("max_breaks", self.spec.most, "at least 1"));
        }
        let each =
            numbers.iter().map(|&m| if m == 1 { self.statistic(1) / p as f64 } else { self.statistic(m) });
        let statistic = each.fold(0.0, f64::max);
        let share = self.segments.0.least as f64 / n as f64;
        Ok(Test { statistic, p_value: maximum_p_value(statistic * p as f64, p, share, &numbers)? })
    }
}
