//! Coordinates of the absorbed effects: `yᵢ` with `yᵢ'yⱼ = dᵢ'(D'WD)⁻dⱼ` for the rows `dᵢ` of `D`.
//!
//! The first effect gives one coordinate for each of its columns, `b(i)/√(b'Wb)`. The others give `L⁻¹rᵢ` with
//! `S = LL'` and `rᵢ` the row of `M₁D₂`: what is left of the row's dummies after the first effect. In a group of that
//! effect `rᵢ = dᵢ − Σ_b b(i) s_b/(b'Wb)`, so that a row costs as many steps as `S` has columns, whatever its group.

use std::ops::Range;

use ndarray::Array2;

use super::Absorber;
use super::lead::Lead;
use super::rest::Rest;
use super::schur::dense;
use crate::error::{Error, Result};

/// Most columns of `S` that are factorised for leverages: 128 MB.
const MOST: usize = 4_000;

/// The coordinates of an absorber's rows, under its current weights.
pub(crate) struct Coordinates<'a> {
    absorber: &'a Absorber,
    /// Row `c` holds column `c` of `L⁻¹`.
    inverse: Array2<f64>,
    rank: usize,
}

/// Coordinates of some rows that fell out of the first effect, group by group.
struct InGroup {
    group: usize,
    rows: Range<usize>,
    /// `L⁻¹ s_b / (b'Wb)`, one for every column `b` of the group.
    shifts: Vec<Vec<f64>>,
}

impl Absorber {
    /// Coordinates of the effects.
    ///
    /// # Errors
    /// [`Error::Argument`] when more levels are left after the first effect than a matrix can hold.
    pub(crate) fn coordinates(&self) -> Result<Coordinates<'_>> {
        let columns = self.rest.columns();
        let Some(lead) = &self.lead else {
            return Ok(Coordinates { absorber: self, inverse: Array2::zeros((0, 0)), rank: 0 });
        };
        if columns > MOST {
            return Err(Error::Argument {
                argument: "covariance".into(),
                value: "one that needs leverages".into(),
                must: format!(
                    "one without: all effects but the largest have {columns} levels together, and leverages are worked \
                     out for at most {MOST}"
                ),
            });
        }
        let factor = dense(lead, &self.rest, &self.weights);
        let mut identity = Array2::eye(columns).into_raw_vec_and_offset().0;
        factor.forward(&mut identity, columns);
        let inverse = Array2::from_shape_fn((columns, columns), |(c, i)| identity[i * columns + c]);
        Ok(Coordinates { absorber: self, inverse, rank: lead.rank() + factor.rank() })
    }
}

impl Coordinates<'_> {
    /// How many absorbed columns are independent.
    pub(crate) fn rank(&self) -> usize {
        self.rank
    }

    /// `dᵢ'(D'WD)⁻dᵢ` of every row.
    pub(crate) fn squares(&self) -> Vec<f64> {
        let mut squares = vec![0.0; self.absorber.weights.len()];
        let Some(lead) = &self.absorber.lead else { return squares };
        let mut own = vec![0.0; self.inverse.ncols()];
        for group in 0..lead.groups() {
            let home = self.enter(lead, group);
            for row in home.rows.clone() {
                self.rest_of(lead, &home, row, &mut own);
                squares[row] = own.iter().map(|y| y * y).sum::<f64>()
                    + lead_of(lead, group, row).map(|(_, y)| y * y).sum::<f64>();
            }
        }
        squares
    }

    /// The coordinates of some rows (ascending), and which of all they are. Those of groups of the first effect that
    /// have no other rows are left out.
    pub(crate) fn of(&self, rows: &[usize]) -> (Array2<f64>, Vec<usize>) {
        let Some(lead) = &self.absorber.lead else { return (Array2::zeros((rows.len(), 0)), Vec::new()) };
        let width = self.inverse.ncols();
        let mut groups: Vec<(usize, Range<usize>)> = Vec::new();
        let mut at = 0;
        while at < rows.len() {
            let group = lead.group_of(rows[at]);
            let end = at + rows[at..].partition_point(|&row| row < lead.rows(group).end);
            groups.push((group, at..end));
            at = end;
        }
        let straddling = |(group, places): &&(usize, Range<usize>)| places.len() < lead.rows(*group).len();
        let extra = groups.iter().filter(straddling).count() * lead.width();
        let mut all = Array2::zeros((rows.len(), width + extra));
        let mut columns: Vec<usize> = (0..width).collect();
        for (group, places) in &groups {
            let home = self.enter(lead, *group);
            let first = columns.len();
            if places.len() < lead.rows(*group).len() {
                columns.extend((0..lead.width()).map(|c| width + group * lead.width() + c));
            }
            for place in places.clone() {
                let mut mine = all.row_mut(place);
                let Some(mine) = mine.as_slice_mut() else { continue };
                self.rest_of(lead, &home, rows[place], &mut mine[..width]);
                if first < columns.len() {
                    lead_of(lead, *group, rows[place]).for_each(|(c, y)| mine[first + c] = y);
                }
            }
        }
        (all, columns)
    }

    fn enter(&self, lead: &Lead, group: usize) -> InGroup {
        let (rest, weights): (&Rest, &[f64]) = (&self.absorber.rest, &self.absorber.weights);
        let rows = lead.rows(group);
        let shifts = (0..lead.width()).map(|column| {
            let (basis, inverse) = lead.column(group, column);
            let mut shift = vec![0.0; self.inverse.ncols()];
            for (i, row) in rows.clone().enumerate() {
                let weight = weights[row] * basis.map_or(1.0, |b| b[i]) * inverse;
                for (c, v) in rest.row(row) {
                    shift.iter_mut().zip(self.inverse.row(c)).for_each(|(s, l)| *s += weight * v * l);
                }
            }
            shift
        });
        InGroup { group, rows: rows.clone(), shifts: shifts.collect() }
    }

    /// `L⁻¹rᵢ`.
    fn rest_of(&self, lead: &Lead, home: &InGroup, row: usize, out: &mut [f64]) {
        out.fill(0.0);
        for (c, v) in self.absorber.rest.row(row) {
            out.iter_mut().zip(self.inverse.row(c)).for_each(|(y, l)| *y += v * l);
        }
        for (column, shift) in home.shifts.iter().enumerate() {
            let basis = lead.column(home.group, column).0.map_or(1.0, |b| b[row - home.rows.start]);
            out.iter_mut().zip(shift).for_each(|(y, s)| *y -= basis * s);
        }
    }
}

/// The coordinates of a row in its group of the first effect.
fn lead_of(lead: &Lead, group: usize, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
    (0..lead.width()).map(move |column| {
        let (basis, inverse) = lead.column(group, column);
        (column, basis.map_or(1.0, |b| b[row - lead.rows(group).start]) * inverse.sqrt())
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Block, Values};
    use super::*;

    fn effects(rows: usize) -> Vec<Block> {
        let codes = |step: usize, levels: usize| (0..rows).map(|i| ((i * step) % levels) as u32).collect();
        let slope = (0..rows).map(|i| (0.3 * i as f64).sin()).collect();
        vec![
            Block { codes: codes(7, 9), levels: 9, intercept: true, slopes: vec![slope] },
            Block { codes: codes(5, 6), levels: 6, intercept: true, slopes: Vec::new() },
            Block { codes: codes(1, 4), levels: 4, intercept: true, slopes: Vec::new() },
        ]
    }

    #[test]
    fn coordinates_give_the_projection_on_the_effects() {
        let rows = 60;
        let effects = effects(rows);
        let blocks: Vec<&Block> = effects.iter().collect();
        let mut absorber = Absorber::new(&blocks, rows, &Values::default());
        let weights: Vec<f64> = (0..rows).map(|i| 0.5 + (i % 3) as f64).collect();
        absorber.weigh(&absorber.sorted(&weights));
        let coordinates = absorber.coordinates().expect("few levels");
        let squares = coordinates.squares();
        // The trace of the projection is its rank, and a row's square its diagonal entry.
        let trace: f64 = squares.iter().zip(absorber.weights()).map(|(s, w)| s * w).sum();
        assert!((trace - coordinates.rank() as f64).abs() < 1e-10, "{trace}");
        for row in [0, 17, 59] {
            let mut unit = Array2::zeros((rows, 1));
            unit[[row, 0]] = 1.0;
            absorber.residualize(unit.view_mut(), 1e-12).expect("dense");
            assert!((1.0 - unit[[row, 0]] - squares[row] * absorber.weights()[row]).abs() < 1e-11);
        }
        let some: Vec<usize> = (0..rows).step_by(2).collect();
        let (mine, columns) = coordinates.of(&some);
        assert_eq!(mine.ncols(), columns.len());
        for (place, row) in mine.rows().into_iter().zip(&some) {
            assert!((place.dot(&place) - squares[*row]).abs() < 1e-11);
        }
    }
}
