//! From a sample to what the solvers see: rows that tell something, in fitting order, with columns of unit scale.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView1};

use super::absorb::{Absorber, Block, Values, count_components};
use super::likelihood::Cell;
use super::sample::Sample;
use crate::error::{Error, Result};

/// A sample made ready.
pub(super) struct Problem {
    /// The rows of the sample in use, ascending.
    pub(super) kept: Vec<usize>,
    pub(super) absorber: Absorber,
    pub(super) effects: Vec<Effect>,
    /// In fitting order, as everything below.
    pub(super) outcome: Vec<f64>,
    /// What is known of the outcomes, if some are known only as intervals.
    pub(super) cells: Option<Vec<Cell>>,
    pub(super) offset: Vec<f64>,
    pub(super) weights: Vec<f64>,
    /// A column to spare for a response, then the regressors, centred if a constant is absorbed, of unit scale.
    pub(super) columns: Array2<f64>,
    /// What the regressors were divided by.
    pub(super) scale: Vec<f64>,
    pub(super) pruned: Pruned,
}

/// Rows left out because an effect takes them up whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pruned {
    /// Alone in a level.
    pub(super) singletons: Vec<usize>,
    /// In a level whose outcomes are all zero, or all one, so that its coefficient runs away.
    pub(super) zeros: Vec<usize>,
}

/// An absorbed block and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Effect {
    pub(super) block: Block,
    /// The entries of the sample's absorbed effects it was put together from: the intercept's, then the slopes'.
    pub(super) parts: Vec<usize>,
    /// The factor's code of every level in use.
    pub(super) codes: Vec<u32>,
}

/// What decides which rows are of use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pruning<'a> {
    /// Whether levels with zeros only are left out.
    pub(super) zeros: bool,
    /// Whether levels with ones only are left out: of shares.
    pub(super) ones: bool,
    /// Whether rows alone in a level stay.
    pub(super) keep_singletons: bool,
    /// Rows of the sample already found to be separated.
    pub(super) excluded: &'a [usize],
}

impl Problem {
    pub(super) fn new(sample: &Sample, pruning: Pruning<'_>) -> Result<Self> {
        let mut blocks = merge(sample);
        let (kept, pruned) = prune(sample, &blocks, pruning);
        if kept.is_empty() {
            let how = if pruning.excluded.is_empty() {
                "taken up by an absorbed effect"
            } else {
                "separated: a combination of regressors and effects predicts it perfectly"
            };
            return Err(Error::NothingToEstimate {
                why: format!("every row of `{}` is {how}", sample.outcome_name),
            });
        }
        blocks.iter_mut().for_each(|effect| effect.restrict(&kept, sample.rows()));
        let only_blocks: Vec<&Block> = blocks.iter().map(|e| &e.block).collect();
        let absorber = Absorber::new(&only_blocks, kept.len(), &Values::new(sample.columns(), &kept));
        let n = kept.len();
        // The rows behind the places, unless all rows stand as they came.
        let moved = n < sample.rows() || !absorber.as_given();
        let rows: Option<Vec<usize>> = moved.then(|| (0..n).map(|p| kept[absorber.row(p)]).collect());
        let rows = rows.as_deref();
        let constant = blocks.iter().any(|e| e.block.intercept);
        let mut columns = Array2::zeros((n, 1 + sample.x.ncols()));
        let mut scale = Vec::new();
        for (j, x) in sample.x.columns().into_iter().enumerate() {
            let values = brought(x, rows);
            let (center, size) = location(&values, constant);
            let target = columns.column_mut(j + 1);
            target.into_iter().zip(&values[..]).for_each(|(slot, v)| *slot = (v - center) / size);
            scale.push(if size.is_finite() { size } else { 1.0 });
        }
        let outcome = brought(sample.outcome.view(), rows).into_owned();
        let place = |p: usize| rows.map_or(p, |rows| rows[p]);
        let cell = |(lo, hi): (f64, f64)| Cell { lo, hi };
        let cells = sample.bounds.as_ref().map(|bounds| (0..n).map(|p| cell(bounds[place(p)])).collect());
        let offset = match sample.has_offset() {
            true => (0..n).map(|p| sample.linear_offset(place(p))).collect(),
            false => vec![0.0; n],
        };
        let weights = match &sample.weights {
            Some((weights, _)) => brought((&weights.values[..]).into(), rows).into_owned(),
            None => vec![1.0; n],
        };
        Ok(Self { absorber, effects: blocks, outcome, cells, offset, weights, columns, scale, pruned, kept })
    }

    pub(super) fn rows(&self) -> usize {
        self.kept.len()
    }

    /// What is known of the outcome at a place.
    pub(super) fn cell(&self, place: usize) -> Cell {
        self.cells.as_ref().map_or_else(|| Cell::exact(self.outcome[place]), |cells| cells[place])
    }

    /// Whether a constant lies in the span of the absorbed effects.
    pub(super) fn absorbs_constant(&self) -> bool {
        self.effects.iter().any(|e| e.block.intercept)
    }

    /// Absorbed columns that depend on others: found by rank where the Schur complement is dense, else by the
    /// connected components of every effect with the first.
    pub(super) fn redundant(&self) -> usize {
        let all: usize = self.effects.iter().map(|e| e.block.coefficients()).sum();
        let levels = |e: &&Effect| e.block.intercept;
        let mut intercepts = self.effects.iter().filter(levels);
        let sloped = self.effects.iter().any(|e| !e.block.slopes.is_empty());
        let Some(first) = intercepts.next() else { return 0 };
        let others: Vec<&Effect> = intercepts.collect();
        if others.len() + usize::from(sloped) > 1
            && let Some(rank) = self.absorber.rank()
        {
            return all - rank;
        }
        others
            .iter()
            .map(|e| {
                count_components(&[
                    (&first.block.codes, first.block.levels),
                    (&e.block.codes, e.block.levels),
                ])
            })
            .sum()
    }

    /// Keeps these regressors only.
    pub(super) fn keep_columns(&mut self, kept: &[usize]) {
        let mut columns = Array2::zeros((self.rows(), kept.len() + 1));
        columns.column_mut(0).assign(&self.columns.column(0));
        for (to, &from) in kept.iter().enumerate() {
            columns.column_mut(to + 1).assign(&self.columns.column(from + 1));
        }
        self.columns = columns;
        self.scale = kept.iter().map(|&j| self.scale[j]).collect();
    }
}

impl Effect {
    /// Keeps these of `all` rows, and the levels that they have.
    fn restrict(&mut self, rows: &[usize], all: usize) {
        let block = &mut self.block;
        if rows.len() < all {
            block.codes = rows.iter().map(|&row| block.codes[row]).collect();
            for slope in &mut block.slopes {
                *slope = rows.iter().map(|&row| slope[row]).collect();
            }
        }
        let mut dense = vec![u32::MAX; block.levels];
        block.codes.iter().for_each(|&c| dense[c as usize] = 0);
        self.codes = (0..block.levels as u32).filter(|&c| dense[c as usize] == 0).collect();
        if self.codes.len() < block.levels {
            self.codes.iter().zip(0..).for_each(|(&old, new)| dense[old as usize] = new);
            block.codes.iter_mut().for_each(|c| *c = dense[*c as usize]);
            block.levels = self.codes.len();
        }
    }
}

/// One block for every distinct factor, whatever it carries.
fn merge(sample: &Sample) -> Vec<Effect> {
    let mut effects: Vec<Effect> = Vec::new();
    for (part, absorbed) in sample.absorbed.iter().enumerate() {
        let codes = absorbed.factor.codes();
        let known = effects.iter().position(|e| e.block.codes == codes);
        let at = known.unwrap_or_else(|| {
            let block = Block {
                codes: codes.to_vec(),
                levels: absorbed.factor.levels(),
                intercept: false,
                slopes: Vec::new(),
            };
            effects.push(Effect { block, parts: Vec::new(), codes: Vec::new() });
            effects.len() - 1
        });
        let effect = &mut effects[at];
        effect.parts.push(part);
        effect.block.intercept |= absorbed.with_intercept || absorbed.slope.is_none();
        if let Some(slope) = &absorbed.slope
            && !effect.block.slopes.contains(slope)
        {
            effect.block.slopes.push(slope.clone());
        }
    }
    effects
}

/// Leaves out rows that an effect takes up whole, again and again until none is left to leave out.
fn prune(sample: &Sample, effects: &[Effect], pruning: Pruning<'_>) -> (Vec<usize>, Pruned) {
    let blocks: Vec<&Block> = effects.iter().map(|e| &e.block).filter(|b| b.intercept).collect();
    let mut alive = vec![true; sample.rows()];
    pruning.excluded.iter().for_each(|&row| alive[row] = false);
    let mut kept: Vec<usize> = (0..alive.len()).filter(|&row| alive[row]).collect();
    let mut pruned = Pruned::default();
    let positive = |row: usize| u32::from(!pruning.zeros || sample.least(row) > 0.0);
    let below = |row: usize| u32::from(!pruning.ones || sample.outcome[row] < 1.0);
    let mut counts: Vec<Vec<(u32, u32, u32)>> = blocks.iter().map(|b| vec![(0, 0, 0); b.levels]).collect();
    for (block, counts) in blocks.iter().zip(&mut counts) {
        for &row in &kept {
            let (all, nonzero, not_one) = &mut counts[block.codes[row] as usize];
            *all += 1;
            *nonzero += positive(row);
            *not_one += below(row);
        }
    }
    let useless = |&(all, nonzero, not_one): &(u32, u32, u32)| {
        all > 0 && (nonzero == 0 || not_one == 0 || (all == 1 && !pruning.keep_singletons))
    };
    while counts.iter().flatten().any(useless) {
        kept.retain(|&row| {
            let mine = || blocks.iter().zip(&counts).map(|(b, c)| c[b.codes[row] as usize]);
            if !mine().any(|count| useless(&count)) {
                return true;
            }
            let zeros = mine().any(|(_, nonzero, not_one)| nonzero == 0 || not_one == 0);
            (if zeros { &mut pruned.zeros } else { &mut pruned.singletons }).push(row);
            for (block, counts) in blocks.iter().zip(&mut counts) {
                let (all, nonzero, not_one) = &mut counts[block.codes[row] as usize];
                *all -= 1;
                *nonzero -= positive(row);
                *not_one -= below(row);
            }
            false
        });
    }
    pruned.singletons.sort_unstable();
    pruned.zeros.sort_unstable();
    (kept, pruned)
}

/// A column in fitting order: borrowed where its rows stand so already.
fn brought<'a>(column: ArrayView1<'a, f64>, rows: Option<&[usize]>) -> Cow<'a, [f64]> {
    match (rows, column.to_slice()) {
        (None, Some(values)) => Cow::Borrowed(values),
        (None, None) => Cow::Owned(column.to_vec()),
        (Some(rows), _) => Cow::Owned(rows.iter().map(|&row| column[row]).collect()),
    }
}

/// Centre and scale of a column; an infinite scale for one that does not move, so that it becomes zeros.
fn location(values: &[f64], center: bool) -> (f64, f64) {
    let n = values.len() as f64;
    let middle = if center { values.iter().sum::<f64>() / n } else { 0.0 };
    let (mut square, mut largest) = (0.0, 0.0_f64);
    for v in values {
        square += (v - middle) * (v - middle);
        largest = largest.max(v.abs());
    }
    let size = (square / n).sqrt();
    (middle, if size > 1e-10 * largest { size } else { f64::INFINITY })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Factor;

    fn sample(outcome: &[f64], a: &[f64], b: &[f64]) -> Sample {
        let x = Array2::from_shape_fn((outcome.len(), 1), |(i, _)| i as f64);
        let sample = Sample::new(outcome.to_vec(), x).expect("one length");
        let sample = sample.absorb("a", Factor::from_numbers(a)).expect("one length");
        sample.absorb("b", Factor::from_numbers(b)).expect("one length")
    }

    #[test]
    fn leaving_out_a_row_can_make_another_useless() {
        let sample = sample(&[1.0; 6], &[0., 1., 1., 2., 2., 2.], &[0., 0., 1., 1., 2., 2.]);
        let pruning = Pruning { zeros: false, ones: false, keep_singletons: false, excluded: &[] };
        let problem = Problem::new(&sample, pruning).expect("two rows are left");
        assert_eq!(problem.kept, [4, 5]);
        assert_eq!(problem.pruned.singletons, [0, 1, 2, 3]);
    }

    #[test]
    fn levels_of_zeros_go_first() {
        let sample = sample(&[0., 0., 0., 2., 3., 4.], &[0., 0., 1., 1., 2., 2.], &[5., 6., 5., 6., 5., 6.]);
        let pruning = Pruning { zeros: true, ones: false, keep_singletons: true, excluded: &[] };
        let problem = Problem::new(&sample, pruning).expect("rows are left");
        assert_eq!(problem.pruned.zeros, [0, 1]);
        assert_eq!(problem.effects[0].codes, [1, 2]);
    }
}
