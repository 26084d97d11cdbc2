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

    /// Expectations given the interval: information less the variance of the score (Louis 1982). `near` is a count close
    /// to the likeliest; of a wide interval, counts on either side are left out from where they add nothing.
    #[inline]
    pub(super) fn gather(&self, near: f64, exact: impl Fn(f64) -> Pieces) -> Pieces {
        let mut sums = Sums::new();
        if self.counts <= NARROW {
            for k in 0..self.counts {
                sums.add(&exact(self.lo + k as f64));
            }
            return sums.finish();
        }
        let start = (near - self.lo).clamp(0.0, self.counts as f64 - 1.0) as usize;
        let all_matter = |k: usize, sums: &mut Sums| {
            let one = exact(self.lo + k as f64);
            sums.add(&one);
            one.log > sums.top - NOTHING
        };
        let _ = (start..self.counts).all(|k| all_matter(k, &mut sums));
        let _ = (0..start).rev().all(|k| all_matter(k, &mut sums));
        sums.finish()
    }
}

/// Intervals up to here are summed over whole.
const NARROW: usize = 64;
/// How far below the likeliest count, in the logarithm, one adds nothing to the sums.
const NOTHING: f64 = 50.0;

/// Sums over the counts of an interval, relative to the likeliest so far.
struct Sums {
    top: f64,
    total: f64,
    sum: Pieces,
    square: f64,
    product: f64,
    square_dispersion: f64,
}

impl Sums {
    fn new() -> Self {
        let sum = Pieces::default();
        Self { top: f64::NEG_INFINITY, total: 0.0, sum, square: 0.0, product: 0.0, square_dispersion: 0.0 }
    }

    #[inline]
    fn add(&mut self, one: &Pieces) {
        if one.log > self.top {
            let shrink = (self.top - one.log).exp();
            for part in [&mut self.total, &mut self.square, &mut self.product, &mut self.square_dispersion] {
                *part *= shrink;
            }
            self.sum.scale(shrink);
            self.top = one.log;
        }
        let p = (one.log - self.top).exp();
        self.total += p;
        self.sum.add(p, one);
        self.square += p * one.score * one.score;
        self.product += p * one.score * one.score_dispersion;
        self.square_dispersion += p * one.score_dispersion * one.score_dispersion;
    }

    #[inline]
    fn finish(mut self) -> Pieces {
        let (total, sum) = (self.total, &mut self.sum);
        sum.scale(1.0 / total);
        Pieces {
            log: self.top + total.ln(),
            information: sum.information - (self.square / total - sum.score * sum.score),
            cross: sum.cross - (self.product / total - sum.score * sum.score_dispersion),
            information_dispersion: sum.information_dispersion
                - (self.square_dispersion / total - sum.score_dispersion * sum.score_dispersion),
            ..*sum
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
