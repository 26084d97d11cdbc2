//! The Poisson distribution.

use super::{Factorials, Pieces};

pub(in crate::regression) struct Poisson {
    factorials: Factorials,
}

impl Poisson {
    pub(super) fn new(largest: f64) -> Self {
        Self { factorials: Factorials::new(largest) }
    }

    #[inline]
    pub(super) fn pieces(&self, y: f64, eta: f64, mean: f64) -> Pieces {
        Pieces {
            log: if y > 0.0 { y * eta } else { 0.0 } - mean - self.factorials.log(y),
            score: y - mean,
            information: mean,
            safe: mean,
            ..Pieces::default()
        }
    }
}
