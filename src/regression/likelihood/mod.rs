//! Likelihoods of one outcome given its linear predictor `η` and, for some, a dispersion `α = exp(τ)`.
//!
//! | family | `E[y]` | `Var[y]` |
//! | --- | --- | --- |
//! | Poisson | `μ = exp(η)` | `μ` |
//! | negative binomial, quadratic (NB2) | `μ` | `μ + αμ²` |
//! | negative binomial, linear (NB1) | `μ` | `(1 + α)μ` |
//! | logit | `1/(1 + exp(−η))` | of shares: any |
//!
//! (Cameron & Trivedi 1986, *Journal of Applied Econometrics* 1.) A count that is known only as an interval has the
//! likelihood `P(lo ≤ y ≤ hi)`; by Louis (1982, *JRSS B* 44) its score is the expectation of the score of a count in the
//! interval, and its information the expectation of the information less the variance of the score.

mod interval;
mod joint;
mod linear;
mod logit;
mod poisson;
mod quadratic;

pub(super) use joint::{Ascent, Dispersion, Summit, ascend};

use interval::Within;
use linear::Linear;
use quadratic::Quadratic;

use super::link::Link;
use crate::special::log_factorial;

/// What is known of an outcome: a number, or that it lies between two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Cell {
    pub(super) fn exact(y: f64) -> Self {
        Self { lo: y, hi: y }
    }

    pub(super) fn is_exact(self) -> bool {
        self.lo >= self.hi
    }
}

/// The distribution of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Poisson,
    /// Variance `μ + αμ²`.
    Quadratic,
    /// Variance `(1 + α)μ`.
    Linear,
    /// Shares from 0 to 1.
    Logit,
}

impl Family {
    pub(super) fn has_dispersion(self) -> bool {
        matches!(self, Self::Quadratic | Self::Linear)
    }

    /// How the mean follows from the linear predictor.
    pub(super) fn link(self) -> Link {
        if self == Self::Logit { Link::Logit } else { Link::Log }
    }
}

/// The log-likelihood of a row and its derivatives.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Pieces {
    pub(super) log: f64,
    /// `∂ℓ/∂η`
    pub(super) score: f64,
    /// `−∂²ℓ/∂η²`
    pub(super) information: f64,
    /// `∂ℓ/∂τ`
    pub(super) score_dispersion: f64,
    /// `−∂²ℓ/∂η∂τ`
    pub(super) cross: f64,
    /// `−∂²ℓ/∂τ²`
    pub(super) information_dispersion: f64,
    /// An information that is never negative, to step with where the exact one is of no use.
    pub(super) safe: f64,
}

/// A family at one value of its dispersion, with tables of what depends on nothing else.
pub(super) enum Likelihood {
    Poisson(poisson::Poisson),
    Quadratic(Quadratic),
    Linear(Linear),
    Logit,
}

impl Likelihood {
    /// `largest` is the largest count that will be asked for.
    pub(super) fn new(family: Family, dispersion: f64, largest: f64) -> Self {
        match family {
            Family::Poisson => Self::Poisson(poisson::Poisson::new(largest)),
            Family::Quadratic => Self::Quadratic(Quadratic::new(dispersion, largest)),
            Family::Linear => Self::Linear(Linear::new(dispersion, largest)),
            Family::Logit => Self::Logit,
        }
    }

    /// The pieces of a row.
    #[inline]
    pub(super) fn pieces(&self, cell: Cell, eta: f64, mean: f64) -> Pieces {
        match self {
            Self::Poisson(own) => of(cell, mean, |y| own.pieces(y, eta, mean)),
            Self::Quadratic(own) => own.at(eta, mean).of(cell),
            Self::Linear(own) => of(cell, mean, |y| own.pieces(y, eta, mean)),
            Self::Logit => logit::pieces(cell.lo, eta),
        }
    }
}

/// Information and score of counts between bounds. An information too small to divide by, which a hidden count can have,
/// is raised to a hundredth of that of the same count if it were known.
pub(super) fn scores(
    family: Family,
    bounds: &[(f64, f64)],
    linear: &[f64],
    dispersion: f64,
) -> (Vec<f64>, Vec<f64>) {
    let family = if family.has_dispersion() && dispersion == 0.0 { Family::Poisson } else { family };
    let largest = bounds.iter().map(|(_, hi)| *hi).fold(0.0, f64::max);
    let likelihood = Likelihood::new(family, dispersion, largest);
    let one = |(&(lo, hi), &eta): (&(f64, f64), &f64)| {
        let pieces = likelihood.pieces(Cell { lo, hi }, eta, family.link().mean(eta));
        // The expected information of a negative binomial is what the dispersion is unrelated to.
        let own = if lo < hi { pieces.information } else { pieces.safe };
        (own.max(0.01 * pieces.safe).max(1e-200), pieces.score)
    };
    bounds.iter().zip(linear).map(one).unzip()
}

/// Of a number, or of an interval.
#[inline]
fn of(cell: Cell, near: f64, exact: impl Fn(f64) -> Pieces) -> Pieces {
    if cell.is_exact() { exact(cell.lo) } else { Within::new(cell).gather(near, exact) }
}

/// `log y!` of small whole numbers.
#[derive(Debug, Clone)]
struct Factorials(Vec<f64>);

/// Tables end here: counts beyond it are worked out one by one.
const TABLE: f64 = 4096.0;

impl Factorials {
    fn new(largest: f64) -> Self {
        let mut sum = 0.0;
        let next = |y: usize| {
            sum += if y > 1 { (y as f64).ln() } else { 0.0 };
            sum
        };
        Self((0..=largest.min(TABLE) as usize).map(next).collect())
    }

    #[inline]
    fn log(&self, y: f64) -> f64 {
        match self.0.get(y as usize) {
            Some(&log) if y.fract() == 0.0 => log,
            _ => log_factorial(y),
        }
    }
}

/// `log(1 + x)/x − 1/(1 + x)`, and `x` times its derivative.
#[inline]
fn tail(x: f64) -> (f64, f64) {
    if x < 0.01 {
        // Σ (−1)ᵏ⁺¹ k/(k+1) xᵏ
        let (mut g, mut slope, mut power) = (0.0, 0.0, -1.0);
        for k in 1..=8 {
            power *= -x;
            let k = f64::from(k);
            g += power * k / (k + 1.0);
            slope += power * k * k / (k + 1.0);
        }
        return (g, slope);
    }
    let (log, inverse) = (x.ln_1p() / x, 1.0 / (1.0 + x));
    (log - inverse, inverse - log + x * inverse * inverse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::NegativeBinomial;

    #[test]
    fn shares_have_the_derivatives_of_their_likelihood() {
        for y in [0.0, 0.3, 1.0] {
            for eta in [-3.0, 0.2, 1.5] {
                let log = |h: f64| logit::pieces(y, eta + h).log;
                let p = logit::pieces(y, eta);
                assert!((p.score - slope(log)).abs() < 1e-9);
                let score = |h: f64| logit::pieces(y, eta + h).score;
                assert!((p.information + slope(score)).abs() < 1e-9);
            }
        }
    }

    const FAMILIES: [Family; 3] = [Family::Poisson, Family::Quadratic, Family::Linear];

    fn at(family: Family, cell: Cell, eta: f64, tau: f64) -> Pieces {
        Likelihood::new(family, tau.exp(), cell.hi).pieces(cell, eta, eta.exp())
    }

    /// Derivatives of the log-likelihood by Richardson's extrapolation of central differences.
    fn slope(f: impl Fn(f64) -> f64) -> f64 {
        let central = |h: f64| (f(h) - f(-h)) / (2.0 * h);
        (4.0 * central(1e-3) - central(2e-3)) / 3.0
    }

    #[test]
    fn pieces_are_the_derivatives_of_the_likelihood() {
        let cells = [
            (0.0, 0.0),
            (1.0, 1.0),
            (3.0, 3.0),
            (2.5, 2.5),
            (70.0, 70.0),
            (5000.0, 5000.0),
            (0.0, 9.0),
            (1.0, 9.0),
        ];
        for family in FAMILIES {
            for (lo, hi) in cells {
                for (eta, tau) in [(-2.0, -1.0), (0.5, -6.0), (1.5, 0.3), (4.0, 2.0), (8.0, -3.0)] {
                    let cell = Cell { lo, hi };
                    let p = at(family, cell, eta, tau);
                    let close = |what: &str, ours: f64, theirs: f64| {
                        let size = 1.0 + p.information.abs() + p.score.abs() + p.score_dispersion.abs();
                        assert!(
                            (ours - theirs).abs() < 2e-8 * size,
                            "{family:?} {cell:?} {eta} {tau} {what}: {ours} {theirs}"
                        );
                    };
                    close("score", p.score, slope(|h| at(family, cell, eta + h, tau).log));
                    close("information", p.information, -slope(|h| at(family, cell, eta + h, tau).score));
                    if family.has_dispersion() {
                        close(
                            "dispersion",
                            p.score_dispersion,
                            slope(|h| at(family, cell, eta, tau + h).log),
                        );
                        close("cross", p.cross, -slope(|h| at(family, cell, eta, tau + h).score));
                        let second = -slope(|h| at(family, cell, eta, tau + h).score_dispersion);
                        close("second", p.information_dispersion, second);
                    }
                }
            }
        }
    }

    #[test]
    fn probabilities_of_all_counts_are_one() {
        for family in FAMILIES {
            let whole = at(family, Cell { lo: 0.0, hi: 4000.0 }, 2.0, -0.5);
            assert!(whole.log.abs() < 1e-12, "{family:?} {}", whole.log);
            assert!(whole.score.abs() < 1e-9 && whole.information.abs() < 1e-9, "{family:?} {whole:?}");
        }
    }

    /// The values of `response_surveillance.json`, worked out from exact probabilities.
    #[test]
    fn intervals_have_their_reference_likelihood() {
        for (mean, poisson, negative) in [
            (0.5, -0.932_752_130_001_700_2, -0.987_751_856_425_423_2),
            (4.0, -0.026_803_918_556_887_046, -0.133_650_554_124_339_43),
            (9.0, -0.532_245_339_147_265_2, -0.520_728_571_267_549_6),
            (15.0, -2.661_357_165_841_389, -1.186_139_922_769_937_8),
        ] {
            let mean: f64 = mean;
            let cell = Cell { lo: 1.0, hi: 9.0 };
            let ours = at(Family::Poisson, cell, mean.ln(), 0.0).log;
            assert!((ours / poisson - 1.0).abs() < 1e-12, "{ours} {poisson}");
            let ours = at(Family::Quadratic, cell, mean.ln(), 0.3_f64.ln()).log;
            assert!((ours / negative - 1.0).abs() < 1e-12, "{ours} {negative}");
        }
    }

    #[test]
    fn small_dispersions_lead_to_the_poisson() {
        for y in [0.0, 1.0, 7.0, 300.0, 6000.0] {
            let eta = 5.0;
            let poisson = at(Family::Poisson, Cell::exact(y), eta, 0.0);
            for family in [Family::Quadratic, Family::Linear] {
                let near = at(family, Cell::exact(y), eta, (1e-13_f64).ln());
                assert!((near.log - poisson.log).abs() < 1e-9 * (1.0 + poisson.log.abs()), "{family:?} {y}");
                assert!((near.score - poisson.score).abs() < 1e-8 * (1.0 + poisson.score.abs()));
            }
        }
    }

    #[test]
    fn the_quadratic_family_is_the_negative_binomial() -> crate::Result<()> {
        for (y, mean, alpha) in [(0.0, 2.0, 0.5), (3.0, 2.0, 0.5), (40.0, 11.0, 2.0), (6000.0, 5000.0, 0.01)]
        {
            let mean: f64 = mean;
            let alpha: f64 = alpha;
            let theirs = NegativeBinomial::new(mean, 1.0 / alpha)?.log_density(y);
            let ours = at(Family::Quadratic, Cell::exact(y), mean.ln(), alpha.ln()).log;
            assert!((ours - theirs).abs() < 1e-9 * (1.0 + theirs.abs()), "{y} {ours} {theirs}");
            // The linear one with variance (1 + δ)μ has size μ/δ.
            let theirs = NegativeBinomial::new(mean, mean / alpha)?.log_density(y);
            let ours = at(Family::Linear, Cell::exact(y), mean.ln(), alpha.ln()).log;
            assert!((ours - theirs).abs() < 1e-9 * (1.0 + theirs.abs()), "{y} {ours} {theirs}");
        }
        Ok(())
    }
}
