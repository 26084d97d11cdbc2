//! A count known only as an interval: `log P(lo ≤ y ≤ hi)` and its derivatives, from those of the counts in it.

use super::{Cell, Pieces};

/// The counts of an interval.
pub(super) struct Within {
    lo: f64,
    counts: usize,
}

impl Within {
    pub(super) fn new(cell: Cell) -> Self {
        Self { lo: cell.lo, counts: (cell.hi - cell.lo) as usize + 1 }
    }

    /// Expectations given the interval: information less the variance of the score (Louis 1982).
    #[inline]
    pub(super) fn gather(&self, exact: impl Fn(f64) -> Pieces) -> Pieces {
        let (mut top, mut total) = (f64::NEG_INFINITY, 0.0);
        let mut sum = Pieces::default();
        let (mut square, mut product, mut square_dispersion) = (0.0, 0.0, 0.0);
        for k in 0..self.counts {
            let one = exact(self.lo + k as f64);
            if one.log > top {
                // What was summed so far, relative to the new largest term.
                let shrink = (top - one.log).exp();
                for part in [&mut total, &mut square, &mut product, &mut square_dispersion] {
                    *part *= shrink;
                }
                sum.scale(shrink);
                top = one.log;
            }
            let p = (one.log - top).exp();
            total += p;
            sum.add(p, &one);
            square += p * one.score * one.score;
            product += p * one.score * one.score_dispersion;
            square_dispersion += p * one.score_dispersion * one.score_dispersion;
        }
        sum.scale(1.0 / total);
        Pieces {
            log: top + total.ln(),
            information: sum.information - (square / total - sum.score * sum.score),
            cross: sum.cross - (product / total - sum.score * sum.score_dispersion),
            information_dispersion: sum.information_dispersion
                - (square_dispersion / total - sum.score_dispersion * sum.score_dispersion),
            ..sum
        }
    }
}

impl Pieces {
    fn scale(&mut self, by: f64) {
        self.score *= by;
        self.information *= by;
        self.score_dispersion *= by;
        self.cross *= by;
        self.information_dispersion *= by;
        self.safe *= by;
    }

    fn add(&mut self, p: f64, one: &Self) {
        self.score += p * one.score;
        self.information += p * one.information;
        self.score_dispersion += p * one.score_dispersion;
        self.cross += p * one.cross;
        self.information_dispersion += p * one.information_dispersion;
        self.safe += p * one.safe;
    }
}
