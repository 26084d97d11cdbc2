//! Absorbed effects: the weighted projection of columns off any number of groups of dummies and unit-specific slopes.
//!
//! With `D = [D₁ D₂]`, `D₁` the effect with the most levels, the residual of a column `v` is
//!
//! `v − D₂γ − D₁δ`,  `S γ = D₂'W M₁ v`,  `S = D₂'W M₁ D₂`,
//!
//! where `M₁` takes out weighted group means (and group slopes) of the first effect exactly, and `S` is the Schur
//! complement that is left for all the others. Rows are kept sorted by the first effect, so its codes are implicit.
//! A cost model picks who solves with `S`:
//!
//! | back end | when |
//! | --- | --- |
//! | closed form | one effect: there is no `S` |
//! | dense Cholesky | few other levels: exact, no tolerance |
//! | Cholesky within an envelope | thin graphs: few other levels meet in a group, and nearby ones |
//! | conjugate gradients, `S` never formed | else |
//!
//! Conjugate gradients stop on the residual of the normal equations, never on the change of an iterate, which on
//! slowly converging designs says nothing about the error. All sums run in fitting order, which rows of any order are
//! brought into, so results depend neither on that order nor on the number of threads.

mod block;
mod conjugate;
mod envelope;
mod graph;
mod lead;
mod leverage;
mod order;
mod pattern;
mod rest;
mod schur;

use ndarray::ArrayViewMut2;

pub(crate) use block::Block;
pub(crate) use graph::{components, count_components, is_nested};
pub(crate) use order::Values;

use crate::error::Result;
use lead::Lead;
use rest::Rest;
use schur::Schur;

/// Effects to absorb, with the current weights.
///
/// Rows are in *fitting order*; columns should be of unit scale, because tolerances are measured against one.
pub(crate) struct Absorber {
    order: Option<Vec<u32>>,
    weights: Vec<f64>,
    lead: Option<Lead>,
    rest: Rest,
    schur: Schur,
}

/// The solution behind a projection: a coefficient for every level, and slopes, of every block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Levels {
    /// One a level, all zero for a block without intercepts.
    pub(crate) intercepts: Vec<f64>,
    /// One vector a slope, one entry a level.
    pub(crate) slopes: Vec<Vec<f64>>,
}

impl Absorber {
    /// For these blocks over `rows` rows, told apart within cells by `values`; [`weigh`](Self::weigh) it before use.
    pub(crate) fn new(blocks: &[&Block], rows: usize, values: &Values<'_>) -> Self {
        let lead_at = (0..blocks.len()).rev().max_by_key(|&b| blocks[b].coefficients());
        let order = order::sorting(blocks, lead_at, rows, values);
        let lead = lead_at.map(|b| Lead::new(blocks[b], b, order.as_deref()));
        let rest = Rest::new(blocks, lead_at, rows, order.as_deref());
        let schur = Schur::plan(lead.as_ref(), &rest);
        Self { order, weights: vec![1.0; rows], lead, rest, schur }
    }

    /// Whether rows are fitted in the order that they came in.
    pub(crate) fn as_given(&self) -> bool {
        self.order.is_none()
    }

    /// The row behind a place in fitting order.
    pub(crate) fn row(&self, place: usize) -> usize {
        self.order.as_ref().map_or(place, |order| order[place] as usize)
    }

    /// A column, brought into fitting order.
    pub(crate) fn sorted<T: Copy>(&self, column: &[T]) -> Vec<T> {
        match &self.order {
            Some(order) => order.iter().map(|&row| column[row as usize]).collect(),
            None => column.to_vec(),
        }
    }

    /// A column in fitting order, brought back into the order of rows.
    pub(crate) fn unsorted(&self, column: &[f64]) -> Vec<f64> {
        let Some(order) = &self.order else { return column.to_vec() };
        let mut back = vec![0.0; column.len()];
        for (&row, &value) in order.iter().zip(column) {
            back[row as usize] = value;
        }
        back
    }

    /// The weights, in fitting order.
    pub(crate) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Takes on new weights (fitting order, positive).
    pub(crate) fn weigh(&mut self, weights: &[f64]) {
        self.weights.copy_from_slice(weights);
        if let Some(lead) = &mut self.lead {
            lead.weigh(&self.weights);
            self.schur.refresh(lead, &self.rest, &self.weights);
        }
    }

    /// Projects the columns of `x` (fitting order, row-major) off the effects, in place.
    ///
    /// `tolerance` bounds the residual of the normal equations against the column's own size. Returns the iterations
    /// of the slowest column.
    ///
    /// # Errors
    /// [`crate::Error::NotConverged`].
    pub(crate) fn residualize(&self, mut x: ArrayViewMut2<'_, f64>, tolerance: f64) -> Result<usize> {
        let Some(lead) = &self.lead else { return Ok(0) };
        let stride = x.ncols();
        let Some(flat) = x.as_slice_mut() else { unreachable!("columns side by side, row after row") };
        let job = Job { absorber: self, lead, stride, tolerance };
        let (mut at, mut iterations) = (0, 0);
        while at < stride {
            let (width, done) = match stride - at {
                1 => (1, job.run::<1>(flat, at)?),
                2 => (2, job.run::<2>(flat, at)?),
                3 => (3, job.run::<3>(flat, at)?),
                4..=7 => (4, job.run::<4>(flat, at)?),
                _ => (8, job.run::<8>(flat, at)?),
            };
            at += width;
            iterations = iterations.max(done);
        }
        Ok(iterations)
    }

    /// The coefficients of the projection of `v` (fitting order) on the effects, block by block.
    ///
    /// # Errors
    /// [`crate::Error::NotConverged`].
    pub(crate) fn levels(&self, v: &[f64], tolerance: f64) -> Result<Vec<Levels>> {
        let Some(lead) = &self.lead else { return Ok(Vec::new()) };
        let mut total = vec![[0.0]; self.rest.columns()];
        let mut left = v.to_vec();
        // Twice: the second round solves for what the first left over.
        for _ in 0..2 {
            let mut gamma = vec![[0.0]; self.rest.columns()];
            let job = Job { absorber: self, lead, stride: 1, tolerance };
            let mut projected = left.clone();
            job.solve::<1>(&mut projected, 0, &mut gamma)?;
            self.rest.subtract::<1>(0..v.len(), &mut left, 1, 0, &gamma);
            total.iter_mut().zip(&gamma).for_each(|(t, g)| t[0] += g[0]);
        }
        let mut levels = self.rest.levels(&total);
        levels.insert(lead.block, lead.levels(&left, &self.weights));
        Ok(levels)
    }

    /// For a cell, given by its level in every block (blocks without slopes), the column `t = D(D'WD)⁻d` whose
    /// weighted product with any `v` is the cell's part of the projection of `v`, and `d'(D'WD)⁻d`.
    ///
    /// # Errors
    /// [`crate::Error::NotConverged`].
    pub(crate) fn representer(&self, cell: &[u32], tolerance: f64) -> Result<(Vec<f64>, f64)> {
        let Some(lead) = &self.lead else { return Ok((vec![0.0; self.weights.len()], 0.0)) };
        let home = cell[lead.block] as usize;
        let (_, share) = lead.column(home, 0);
        let mut right = vec![[0.0]; self.rest.columns()];
        let own =
            self.rest.columns_of(cell.iter().enumerate().filter(|(b, _)| *b != lead.block).map(|(_, &l)| l));
        own.iter().for_each(|&c| right[c][0] += 1.0);
        for row in lead.rows(home) {
            for (c, v) in self.rest.row(row) {
                right[c][0] -= self.weights[row] * v * share;
            }
        }
        let mut gamma = right.clone();
        if !gamma.is_empty() {
            let goal = [tolerance * tolerance * share];
            self.schur.solve(lead, &self.rest, &self.weights, &right, &mut gamma, &goal)?;
        }
        let mut column = vec![0.0; self.weights.len()];
        self.rest.subtract::<1>(0..column.len(), &mut column, 1, 0, &gamma);
        column.iter_mut().for_each(|t| *t = -*t);
        for g in 0..lead.groups() {
            let rows = lead.rows(g);
            lead.project::<1>(g, &self.weights[rows.clone()], &mut column[rows], 1, 0);
        }
        column[lead.rows(home)].iter_mut().for_each(|t| *t += share);
        let square = share + right.iter().zip(&gamma).map(|(r, g)| r[0] * g[0]).sum::<f64>();
        Ok((column, square))
    }

    /// How many absorbed columns are independent, where the back end knows.
    pub(crate) fn rank(&self) -> Option<usize> {
        let Some(lead) = &self.lead else { return Some(0) };
        Some(lead.rank() + self.schur.rank()?)
    }
}

/// One projection of some columns.
struct Job<'a> {
    absorber: &'a Absorber,
    lead: &'a Lead,
    stride: usize,
    tolerance: f64,
}

impl Job<'_> {
    /// `P` columns from column `at`, in two passes over the rows around the solution with `S`.
    fn run<const P: usize>(&self, x: &mut [f64], at: usize) -> Result<usize> {
        let (rest, weights) = (&self.absorber.rest, &self.absorber.weights);
        let mut gamma = vec![[0.0; P]; rest.columns()];
        let iterations = self.solve::<P>(x, at, &mut gamma)?;
        if gamma.iter().flatten().any(|&g| g != 0.0) {
            for g in 0..self.lead.groups() {
                let rows = self.lead.rows(g);
                let mine = &mut x[rows.start * self.stride..rows.end * self.stride];
                rest.subtract::<P>(rows.clone(), mine, self.stride, at, &gamma);
                self.lead.project::<P>(g, &weights[rows], mine, self.stride, at);
            }
        }
        Ok(iterations)
    }

    /// Projects off the first effect and solves for the others' coefficients, which are not yet subtracted.
    fn solve<const P: usize>(&self, x: &mut [f64], at: usize, gamma: &mut [[f64; P]]) -> Result<usize> {
        let (rest, weights) = (&self.absorber.rest, &self.absorber.weights);
        let mut right = vec![[0.0; P]; rest.columns()];
        let mut size = [0.0; P];
        for g in 0..self.lead.groups() {
            let rows = self.lead.rows(g);
            let mine = &mut x[rows.start * self.stride..rows.end * self.stride];
            self.lead.project::<P>(g, &weights[rows.clone()], mine, self.stride, at);
            rest.gather::<P>(rows.clone(), &weights[rows], mine, self.stride, at, &mut right, &mut size);
        }
        if rest.columns() == 0 {
            return Ok(0);
        }
        let total: f64 = weights.iter().sum();
        let goal = size.map(|s| self.tolerance * self.tolerance * s.max(1e-18 * total));
        self.absorber.schur.solve(self.lead, rest, weights, &right, gamma, &goal)
    }
}
