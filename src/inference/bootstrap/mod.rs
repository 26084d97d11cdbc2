//! Wild cluster bootstraps of linear restrictions, whatever the model that the scores came from.
//!
//! With few clusters, or few treated ones, a clustered `t` is far from Student's. The wild cluster bootstrap (Cameron,
//! Gelbach & Miller 2008, *Review of Economics and Statistics* 90) multiplies the residuals of every cluster by one
//! random number `v_h` and estimates again. Nothing needs to be estimated again, though: with `z` the direction of the
//! restriction in orthonormal coordinates and `M` the projection off regressors and effects, the bootstrap's estimate
//! and the score of cluster `g` are linear in the multipliers,
//!
//! `δ* = Σ_h v_h (z'W ũ)_h`,  `s*_g = Σ_h K_gh v_h`,  `K_gh = (1_g z)'W M (1_h ũ)`,  `t* = δ* / √(f Σ_g s*_g²)`,
//!
//! so that a draw costs `G²` (Roodman, MacKinnon, Nielsen & Webb 2019, *Stata Journal* 19; MacKinnon 2023, *Econometrics
//! and Statistics* 28). Residuals under the null, `ũ = û + δ z`, are linear in the distance `δ` from it: each draw is five
//! numbers, and inverting the test for an interval draws nothing again.

mod answer;
mod instrumented;
mod joint;
mod multipliers;
mod set;
mod single;

pub use answer::{BootstrapTest, Interval};
pub(crate) use instrumented::{Crossing, Equation, Kernels, Reduced, complement};
pub use joint::{Joint, JointPart};
pub use multipliers::{Draws, Multipliers};
pub(crate) use set::pieces;
pub use single::{Part, Single};

/// Statistics that agree to this are ties: sums over clusters come in different orders.
pub(crate) const TIE: f64 = 1e-9;

/// How many statistics were drawn, and how many of them are beyond or level with the one observed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Tally {
    /// With a value.
    pub(crate) defined: usize,
    /// `|t*| ≥ |t|`.
    pub(crate) as_far: usize,
    /// `|t*| > |t|`.
    pub(crate) farther: usize,
    /// `t* ≤ t`.
    pub(crate) below: usize,
    /// `t* ≥ t`.
    pub(crate) above: usize,
}

impl Tally {
    pub(crate) fn of(statistics: impl Iterator<Item = f64>, observed: f64) -> Self {
        let slack = TIE * observed.abs();
        let mut tally = Self::default();
        for t in statistics.filter(|t| !t.is_nan()) {
            tally.defined += 1;
            tally.as_far += usize::from(t.abs() >= observed.abs() - slack);
            tally.farther += usize::from(t.abs() > observed.abs() + slack);
            tally.below += usize::from(t <= observed + slack);
            tally.above += usize::from(t >= observed - slack);
        }
        tally
    }

    /// The share of draws; the sample itself counts as one unless it is among them already.
    pub(crate) fn share(&self, count: usize, enumerated: bool) -> f64 {
        let own = usize::from(!enumerated);
        (count + own) as f64 / (self.defined + own) as f64
    }

    pub(crate) fn symmetric(&self, enumerated: bool) -> f64 {
        self.share(self.as_far, enumerated)
    }

    pub(crate) fn equal_tailed(&self, enumerated: bool) -> f64 {
        (2.0 * self.share(self.below.min(self.above), enumerated)).min(1.0)
    }
}
