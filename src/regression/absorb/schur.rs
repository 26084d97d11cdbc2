//! The Schur complement `S = D₂'W M₁ D₂`: how to hold it and how to solve with it.

use ndarray::{Array2, linalg::general_mat_mul, s};

use super::conjugate;
use super::envelope::Envelope;
use super::lead::Lead;
use super::pattern::Memo;
use super::rest::Rest;
use crate::error::Result;
use crate::linalg::SemidefiniteCholesky;

/// Groups put together in one matrix product.
const BATCH: usize = 128;

/// Most columns of a dense `S`: 32 MB.
const DENSE_LIMIT: usize = 2_000;

/// Who solves.
pub(super) enum Schur {
    /// One effect, or none: nothing to solve.
    Empty,
    /// `S` factorised.
    Dense {
        factor: Option<SemidefiniteCholesky>,
        /// Whether groups are full enough to assemble by matrix products instead of entry by entry.
        batched: bool,
    },
    /// `S` factorised within its envelope.
    Envelope(Envelope),
    /// `S` applied, never formed; its diagonal is the preconditioner.
    MatrixFree { diagonal: Vec<f64>, memo: Memo },
}

impl Schur {
    /// Picks by estimated nanoseconds for one change of weights and one projection.
    pub(super) fn plan(lead: Option<&Lead>, rest: &Rest) -> Self {
        let (Some(lead), columns) = (lead, rest.columns()) else { return Self::Empty };
        if columns == 0 {
            return Self::Empty;
        }
        let (mut rows, mut pairs) = (0.0, 0.0);
        for g in 0..lead.groups() {
            let length = lead.rows(g).len();
            rows += length as f64;
            pairs += ((length * rest.entries()).min(columns) as f64).powi(2) / 2.0;
        }
        let (size, width) = (columns as f64, lead.width() as f64);
        let products = 0.07 * size * size * width * lead.groups() as f64;
        let scatter = 1.3 * pairs * width;
        let dense = products.min(scatter) + 0.03 * size.powi(3);
        let iterative = 12.0 * rows * (4.0 + 4.0 * rest.entries() as f64);
        let batched = products < scatter;
        if columns <= DENSE_LIMIT && dense <= iterative.max(1e6) {
            return Self::Dense { factor: None, batched };
        }
        Envelope::plan(lead, rest, iterative).map_or_else(
            || Self::MatrixFree { diagonal: vec![0.0; columns], memo: Memo::default() },
            Self::Envelope,
        )
    }

    /// The rank, where it is known.
    pub(super) fn rank(&self) -> Option<usize> {
        match self {
            Self::Empty => Some(0),
            Self::Dense { factor, .. } => factor.as_ref().map(SemidefiniteCholesky::rank),
            Self::Envelope(envelope) => Some(envelope.rank()),
            Self::MatrixFree { .. } => None,
        }
    }

    /// Takes on new weights, which `lead` has already.
    pub(super) fn refresh(&mut self, lead: &Lead, rest: &Rest, weights: &[f64]) {
        match self {
            Self::Empty => {}
            Self::Dense { factor, batched } => {
                *factor = Some(factorised(lead, rest, weights, *batched));
            }
            Self::Envelope(envelope) => envelope.refresh(lead, rest, weights),
            Self::MatrixFree { diagonal, memo } => {
                diagonal.fill(0.0);
                for (row, &w) in weights.iter().enumerate() {
                    rest.row(row).for_each(|(c, v)| diagonal[c] += w * v * v);
                }
                match memo.get(lead, rest) {
                    Some(pattern) => pattern.for_each_group(lead, rest, weights, |columns, sums, inverse| {
                        columns.iter().zip(sums).for_each(|(&c, s)| diagonal[c as usize] -= s * s * inverse);
                    }),
                    None => for_each_group(lead, rest, weights, |columns, sums, inverse| {
                        columns
                            .iter()
                            .for_each(|&c| diagonal[c as usize] -= sums[c as usize].powi(2) * inverse);
                    }),
                }
            }
        }
    }

    /// Solves `S γ = right` for `P` right-hand sides; `goal` is the squared residual, in the norm of the inverse
    /// diagonal, at which to stop. Returns the iterations.
    pub(super) fn solve<const P: usize>(
        &self,
        lead: &Lead,
        rest: &Rest,
        weights: &[f64],
        right: &[[f64; P]],
        gamma: &mut [[f64; P]],
        goal: &[f64; P],
    ) -> Result<usize> {
        match self {
            Self::Empty => Ok(0),
            Self::Dense { factor, .. } => {
                gamma.copy_from_slice(right);
                if let Some(factor) = factor {
                    factor.solve(gamma.as_flattened_mut(), P);
                }
                Ok(0)
            }
            Self::Envelope(envelope) => {
                envelope.solve(right, gamma);
                Ok(0)
            }
            Self::MatrixFree { diagonal, .. } => {
                let mut scratch = vec![[0.0; P]; lead.longest()];
                let apply = |x: &[[f64; P]], out: &mut [[f64; P]]| {
                    apply(lead, rest, weights, x, out, &mut scratch);
                };
                conjugate::solve(apply, diagonal, right, gamma, goal)
            }
        }
    }
}

/// `out = S x` in one pass over the rows.
pub(super) fn apply<const P: usize>(
    lead: &Lead,
    rest: &Rest,
    weights: &[f64],
    x: &[[f64; P]],
    out: &mut [[f64; P]],
    scratch: &mut [[f64; P]],
) {
    out.fill([0.0; P]);
    if let Some(codes) = rest.plain::<1>().filter(|_| lead.is_plain()) {
        apply_plain(lead, codes, weights, x, out, scratch);
    } else if let Some(codes) = rest.plain::<2>().filter(|_| lead.is_plain()) {
        apply_plain(lead, codes, weights, x, out, scratch);
    } else {
        apply_any(lead, rest, weights, x, out, scratch);
    }
}

/// As [`apply`], without slopes and with the same few entries in every row.
fn apply_plain<const P: usize, const E: usize>(
    lead: &Lead,
    codes: &[[u32; E]],
    weights: &[f64],
    x: &[[f64; P]],
    out: &mut [[f64; P]],
    scratch: &mut [[f64; P]],
) {
    for g in 0..lead.groups() {
        let rows = lead.rows(g);
        let (codes, w) = (&codes[rows.clone()], &weights[rows.clone()]);
        let mine = &mut scratch[..rows.len()];
        let mut mean = [0.0; P];
        for ((slot, codes), &w) in mine.iter_mut().zip(codes).zip(w) {
            *slot = [0.0; P];
            for &code in codes {
                let x = &x[code as usize];
                (0..P).for_each(|p| slot[p] += x[p]);
            }
            (0..P).for_each(|p| mean[p] += w * slot[p]);
        }
        let (_, inverse) = lead.column(g, 0);
        mean = mean.map(|m| m * inverse);
        for ((slot, codes), &w) in mine.iter().zip(codes).zip(w) {
            let mut left = [0.0; P];
            for p in 0..P {
                left[p] = w * (slot[p] - mean[p]);
            }
            for &code in codes {
                let out = &mut out[code as usize];
                (0..P).for_each(|p| out[p] += left[p]);
            }
        }
    }
}

fn apply_any<const P: usize>(
    lead: &Lead,
    rest: &Rest,
    weights: &[f64],
    x: &[[f64; P]],
    out: &mut [[f64; P]],
    scratch: &mut [[f64; P]],
) {
    for g in 0..lead.groups() {
        let rows = lead.rows(g);
        let mine = &mut scratch[..rows.len()];
        for (slot, row) in mine.iter_mut().zip(rows.clone()) {
            *slot = [0.0; P];
            for (column, value) in rest.row(row) {
                for p in 0..P {
                    slot[p] += value * x[column][p];
                }
            }
        }
        let w = &weights[rows.clone()];
        lead.project::<P>(g, w, mine.as_flattened_mut(), P, 0);
        for ((slot, row), &w) in mine.iter().zip(rows).zip(w) {
            for (column, value) in rest.row(row) {
                for p in 0..P {
                    out[column][p] += w * value * slot[p];
                }
            }
        }
    }
}

/// `S` factorised, whoever solves with it otherwise.
pub(super) fn dense(lead: &Lead, rest: &Rest, weights: &[f64]) -> SemidefiniteCholesky {
    factorised(lead, rest, weights, false)
}

fn factorised(lead: &Lead, rest: &Rest, weights: &[f64], batched: bool) -> SemidefiniteCholesky {
    let mut matrix = Array2::zeros((rest.columns(), rest.columns()));
    own_part(rest, weights, &mut matrix);
    if batched {
        subtract_batched(lead, rest, weights, &mut matrix);
    } else {
        subtract_scattered(lead, rest, weights, &mut matrix);
    }
    SemidefiniteCholesky::new(matrix, 1e-11)
}

/// The lower triangle of `D₂'W D₂`.
fn own_part(rest: &Rest, weights: &[f64], matrix: &mut Array2<f64>) {
    for (row, &w) in weights.iter().enumerate() {
        for (i, (a, u)) in rest.row(row).enumerate() {
            for (b, v) in rest.row(row).take(i + 1) {
                matrix[[a.max(b), a.min(b)]] += w * u * v;
            }
        }
    }
}

/// Calls `visit(columns, sums, inverse)` for every column `b` of the eliminated block: `sums = b'W D₂` holds something
/// only in `columns`, and `inverse = 1 / b'W b`.
fn for_each_group(lead: &Lead, rest: &Rest, weights: &[f64], mut visit: impl FnMut(&[u32], &[f64], f64)) {
    let mut sums = vec![0.0; rest.columns()];
    let mut seen = vec![false; rest.columns()];
    let mut columns: Vec<u32> = Vec::new();
    for g in 0..lead.groups() {
        let rows = lead.rows(g);
        for column in 0..lead.width() {
            let (basis, inverse) = lead.column(g, column);
            for (i, row) in rows.clone().enumerate() {
                let weight = weights[row] * basis.map_or(1.0, |b| b[i]);
                for (c, v) in rest.row(row) {
                    if !seen[c] {
                        seen[c] = true;
                        columns.push(c as u32);
                    }
                    sums[c] += weight * v;
                }
            }
            visit(&columns, &sums, inverse);
            for &c in &columns {
                sums[c as usize] = 0.0;
                seen[c as usize] = false;
            }
            columns.clear();
        }
    }
}

/// `S −= Σ s s' / b'Wb`, entry by entry.
fn subtract_scattered(lead: &Lead, rest: &Rest, weights: &[f64], matrix: &mut Array2<f64>) {
    let mut sorted: Vec<u32> = Vec::new();
    for_each_group(lead, rest, weights, |columns, sums, inverse| {
        sorted.clear();
        sorted.extend_from_slice(columns);
        sorted.sort_unstable();
        for (i, &a) in sorted.iter().enumerate() {
            let scaled = sums[a as usize] * inverse;
            let mut row = matrix.row_mut(a as usize);
            for &b in &sorted[..=i] {
                row[b as usize] -= scaled * sums[b as usize];
            }
        }
    });
}

/// `S −= Σ s s' / b'Wb`, many groups in one matrix product.
fn subtract_batched(lead: &Lead, rest: &Rest, weights: &[f64], matrix: &mut Array2<f64>) {
    let mut batch = Array2::<f64>::zeros((BATCH, rest.columns()));
    let mut filled = 0;
    let mut flush = |batch: &mut Array2<f64>, filled: usize| {
        let rows = batch.slice(s![..filled, ..]);
        general_mat_mul(-1.0, &rows.t(), &rows, 1.0, matrix);
        batch.fill(0.0);
    };
    for_each_group(lead, rest, weights, |columns, sums, inverse| {
        let root = inverse.sqrt();
        let mut row = batch.row_mut(filled);
        columns.iter().for_each(|&c| row[c as usize] = sums[c as usize] * root);
        filled += 1;
        if filled == BATCH {
            flush(&mut batch, filled);
            filled = 0;
        }
    });
    flush(&mut batch, filled);
}
