//! The Bernoulli distribution with a logit link, and its quasi-likelihood for shares between 0 and 1.

use super::Pieces;
use crate::regression::link::{Link, softplus};

#[inline]
pub(super) fn pieces(y: f64, eta: f64) -> Pieces {
    let information = Link::Logit.slope(eta);
    Pieces {
        log: y * eta - softplus(eta),
        // Each part small where it should be: no cancellation of `y − p` far out.
        score: y * Link::Logit.mean(-eta) - (1.0 - y) * Link::Logit.mean(eta),
        information,
        safe: information,
        ..Pieces::default()
    }
}
