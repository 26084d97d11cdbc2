//! The effects that are not eliminated: a sparse matrix with one entry a row for every effect and slope.

use std::ops::Range;

use super::Levels;
use super::block::{Block, Slope};

/// `D₂`, row by row.
pub(super) struct Rest {
    /// Entries in a row.
    entries: usize,
    /// The column of every entry, row after row.
    codes: Vec<u32>,
    /// The value of every entry; all one where there are no slopes.
    values: Option<Vec<f64>>,
    parts: Vec<Part>,
    columns: usize,
}

/// The columns of one block.
struct Part {
    first: usize,
    levels: usize,
    intercept: bool,
    slopes: Vec<Slope>,
}

impl Rest {
    pub(super) fn new(blocks: &[&Block], lead: Option<usize>, rows: usize, order: Option<&[u32]>) -> Self {
        let blocks: Vec<&Block> =
            blocks.iter().enumerate().filter(|&(b, _)| Some(b) != lead).map(|(_, &block)| block).collect();
        let width = |b: &Block| usize::from(b.intercept) + b.slopes.len();
        let entries = blocks.iter().map(|b| width(b)).sum();
        let sloped = blocks.iter().any(|b| !b.slopes.is_empty());
        let mut codes = vec![0_u32; rows * entries];
        let mut values = sloped.then(|| vec![1.0; rows * entries]);
        let (mut parts, mut columns, mut entry) = (Vec::new(), 0, 0);
        for block in blocks {
            let part = Part {
                first: columns,
                levels: block.levels,
                intercept: block.intercept,
                slopes: (0..block.slopes.len()).map(|s| Slope::new(block, s, order)).collect(),
            };
            for w in 0..width(block) {
                let base = (columns + w * block.levels) as u32;
                for (place, slot) in codes.iter_mut().skip(entry).step_by(entries).enumerate() {
                    *slot = base + block.codes[order.map_or(place, |o| o[place] as usize)];
                }
                let slope = w.checked_sub(usize::from(block.intercept));
                if let (Some(values), Some(slope)) = (&mut values, slope) {
                    let slots = values.iter_mut().skip(entry).step_by(entries);
                    slots.zip(&part.slopes[slope].values).for_each(|(slot, &v)| *slot = v);
                }
                entry += 1;
            }
            columns += block.coefficients();
            parts.push(part);
        }
        Self { entries, codes, values, parts, columns }
    }

    /// Columns of `D₂`.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Entries in a row.
    pub(super) fn entries(&self) -> usize {
        self.entries
    }

    /// The entries of all rows, where each row has `E` of them, all one.
    #[inline]
    pub(super) fn plain<const E: usize>(&self) -> Option<&[[u32; E]]> {
        if self.entries == E && self.values.is_none() { Some(self.codes.as_chunks().0) } else { None }
    }

    /// The intercept's column of one level of every block.
    pub(super) fn columns_of(&self, levels: impl Iterator<Item = u32>) -> Vec<usize> {
        self.parts.iter().zip(levels).map(|(part, level)| part.first + level as usize).collect()
    }

    /// The entries of a row: column and value.
    #[inline]
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> {
        let span = row * self.entries..(row + 1) * self.entries;
        let values = self.values.as_ref().map(|v| &v[span.clone()]);
        self.codes[span].iter().enumerate().map(move |(e, &c)| (c as usize, values.map_or(1.0, |v| v[e])))
    }

    /// `x −= D₂ γ` for the rows `x` of `rows`.
    #[inline]
    pub(super) fn subtract<const P: usize>(
        &self,
        rows: Range<usize>,
        x: &mut [f64],
        stride: usize,
        at: usize,
        gamma: &[[f64; P]],
    ) {
        if self.entries == 0 {
            return;
        }
        if let Some(codes) = self.plain::<1>() {
            return subtract_plain(&codes[rows], x, stride, at, gamma);
        }
        if let Some(codes) = self.plain::<2>() {
            return subtract_plain(&codes[rows], x, stride, at, gamma);
        }
        for (mine, row) in x.chunks_exact_mut(stride).zip(rows) {
            let mut sum = [0.0; P];
            for (column, value) in self.row(row) {
                for p in 0..P {
                    sum[p] += value * gamma[column][p];
                }
            }
            if let Some(lanes) = mine[at..].first_chunk_mut::<P>() {
                for p in 0..P {
                    lanes[p] -= sum[p];
                }
            }
        }
    }

    /// `out += D₂'W x` and `size += Σ w x²` for the rows `x` of `rows`.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    pub(super) fn gather<const P: usize>(
        &self,
        rows: Range<usize>,
        weights: &[f64],
        x: &[f64],
        stride: usize,
        at: usize,
        out: &mut [[f64; P]],
        size: &mut [f64; P],
    ) {
        if self.entries == 0 {
            return;
        }
        if let Some(codes) = self.plain::<1>() {
            return gather_plain(&codes[rows], weights, x, stride, at, out, size);
        }
        if let Some(codes) = self.plain::<2>() {
            return gather_plain(&codes[rows], weights, x, stride, at, out, size);
        }
        for ((mine, row), &w) in x.chunks_exact(stride).zip(rows).zip(weights) {
            let Some(lanes) = mine[at..].first_chunk::<P>() else { continue };
            let weighted = lanes.map(|v| w * v);
            for p in 0..P {
                size[p] += weighted[p] * lanes[p];
            }
            for (column, value) in self.row(row) {
                let slot = &mut out[column];
                for p in 0..P {
                    slot[p] += value * weighted[p];
                }
            }
        }
    }

    /// The coefficients as given, block by block.
    pub(super) fn levels(&self, gamma: &[[f64; 1]]) -> Vec<Levels> {
        let column =
            |first: usize, levels: usize| gamma[first..first + levels].iter().map(|g| g[0]).collect();
        let levels = |part: &Part| {
            let own = if part.intercept { part.levels } else { 0 };
            let mut intercepts: Vec<f64> =
                if part.intercept { column(part.first, part.levels) } else { vec![0.0; part.levels] };
            let mut slopes = Vec::new();
            for (s, slope) in part.slopes.iter().enumerate() {
                let mut mine: Vec<f64> = column(part.first + own + s * part.levels, part.levels);
                for (level, coefficient) in mine.iter_mut().enumerate() {
                    intercepts[level] += slope.undo(level, coefficient);
                }
                slopes.push(mine);
            }
            Levels { intercepts, slopes }
        };
        self.parts.iter().map(levels).collect()
    }
}

/// As [`Rest::subtract`], every row with the same few entries, all one.
#[inline]
fn subtract_plain<const P: usize, const E: usize>(
    codes: &[[u32; E]],
    x: &mut [f64],
    stride: usize,
    at: usize,
    gamma: &[[f64; P]],
) {
    for (mine, codes) in x.chunks_exact_mut(stride).zip(codes) {
        let Some(lanes) = mine[at..].first_chunk_mut::<P>() else { continue };
        let mut sum = [0.0; P];
        for &code in codes {
            let gamma = &gamma[code as usize];
            (0..P).for_each(|p| sum[p] += gamma[p]);
        }
        (0..P).for_each(|p| lanes[p] -= sum[p]);
    }
}

/// As [`Rest::gather`], every row with the same few entries, all one.
#[inline]
fn gather_plain<const P: usize, const E: usize>(
    codes: &[[u32; E]],
    weights: &[f64],
    x: &[f64],
    stride: usize,
    at: usize,
    out: &mut [[f64; P]],
    size: &mut [f64; P],
) {
    for ((mine, codes), &w) in x.chunks_exact(stride).zip(codes).zip(weights) {
        let Some(lanes) = mine[at..].first_chunk::<P>() else { continue };
        let weighted = lanes.map(|v| w * v);
        (0..P).for_each(|p| size[p] += weighted[p] * lanes[p]);
        for &code in codes {
            let slot = &mut out[code as usize];
            (0..P).for_each(|p| slot[p] += weighted[p]);
        }
    }
}
