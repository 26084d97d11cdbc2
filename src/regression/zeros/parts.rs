//! The log-likelihood of a row in both parts, with its derivatives along `η`, `ζ` and `τ = log α`.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::jet::Jet;
use crate::error::{Error, Result};
use crate::regression::likelihood::{Cell, Family, Likelihood, Pieces};

/// How the two parts meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Inflated,
    Hurdle,
}

/// The distribution of counts beside their zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountFamily {
    /// Variance `μ`.
    #[default]
    Poisson,
    /// Variance `μ + αμ²`, NB2.
    NegativeBinomial,
}

impl CountFamily {
    pub(super) fn family(self) -> Family {
        match self {
            Self::Poisson => Family::Poisson,
            Self::NegativeBinomial => Family::Quadratic,
        }
    }
}

impl Display for CountFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Poisson => "Poisson",
            Self::NegativeBinomial => "negative binomial",
        })
    }
}

impl FromStr for CountFamily {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "poisson" => Ok(Self::Poisson),
            "negative_binomial" => Ok(Self::NegativeBinomial),
            _ => Err(Error::Argument {
                argument: "count".into(),
                value: format!("`{name}`"),
                must: "poisson or negative_binomial".into(),
            }),
        }
    }
}

/// What was chosen, for the sentence.
pub(super) fn choice(family: CountFamily, zeros: Option<&str>) -> String {
    let zeros = zeros.map_or_else(String::new, |terms| format!(", zeros by {terms}"));
    format!("{family} counts{zeros}")
}

/// How a row's likelihood is put together, at one value of the dispersion.
pub(super) struct Parts {
    pub(super) kind: Kind,
    pub(super) counts: Likelihood,
}

impl Parts {
    pub(super) fn row(&self, cell: Cell, eta: f64, zeta: f64) -> Jet {
        let (over, under) = (Jet::log_logistic(zeta), Jet::log_logistic(-zeta).turned());
        match self.kind {
            Kind::Inflated => {
                let counted = under.plus(self.of(cell, eta));
                if cell.lo > 0.0 { counted } else { over.either(counted) }
            }
            Kind::Hurdle if cell.hi <= 0.0 => under,
            Kind::Hurdle => {
                let positive = Cell { lo: cell.lo.max(1.0).min(cell.hi), hi: cell.hi };
                let counted = over.plus(self.of(positive, eta)).plus(self.truncation(eta));
                if cell.lo > 0.0 { counted } else { under.either(counted) }
            }
        }
    }

    /// As [`row`](Self::row) where a zero were known to be of the other kind with the chance `other`.
    pub(super) fn told(&self, cell: Cell, eta: f64, zeta: f64, other: f64) -> Jet {
        let (over, under) = (Jet::log_logistic(zeta), Jet::log_logistic(-zeta).turned());
        over.times(other).plus(under.plus(self.of(cell, eta)).times(1.0 - other))
    }

    /// The chance that a zero is of the other kind, given the row.
    pub(super) fn other(&self, cell: Cell, eta: f64, zeta: f64) -> f64 {
        if cell.lo > 0.0 || self.kind == Kind::Hurdle {
            return 0.0;
        }
        (Jet::log_logistic(zeta).value - self.row(cell, eta, zeta).value).exp()
    }

    /// `−log(1 − f(0))`.
    pub(super) fn truncation(&self, eta: f64) -> Jet {
        let none = self.of(Cell::exact(0.0), eta);
        let odds = 1.0 / (-none.value).exp_m1();
        none.through(-(-none.value.exp_m1()).ln(), odds, odds * (1.0 + odds))
    }

    fn of(&self, cell: Cell, eta: f64) -> Jet {
        let Pieces { log, score, information, score_dispersion, cross, information_dispersion, .. } =
            self.counts.pieces(cell, eta, eta.exp());
        Jet {
            value: log,
            slope: [score, 0.0, score_dispersion],
            curve: [[-information, 0.0, -cross], [0.0; 3], [-cross, 0.0, -information_dispersion]],
        }
    }

    /// The logarithm of the mean.
    pub(super) fn log_mean(&self, eta: f64, zeta: f64) -> Jet {
        let counted = Jet::along(0, eta, 1.0, 0.0);
        match self.kind {
            Kind::Inflated => counted.plus(Jet::log_logistic(-zeta).turned()),
            Kind::Hurdle => counted.plus(Jet::log_logistic(zeta)).plus(self.truncation(eta)),
        }
    }

    /// `P(y = 0)`.
    pub(super) fn none(&self, eta: f64, zeta: f64) -> f64 {
        self.row(Cell::exact(0.0), eta, zeta).value.exp()
    }
}

impl Jet {
    /// Of `−ζ` in the place of `ζ`.
    fn turned(mut self) -> Self {
        self.slope[1] = -self.slope[1];
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELLS: [(f64, f64); 6] = [(0.0, 0.0), (1.0, 1.0), (7.0, 7.0), (0.0, 9.0), (1.0, 9.0), (0.0, 1.0)];

    fn parts(kind: Kind, family: Family, tau: f64) -> Parts {
        Parts { kind, counts: Likelihood::new(family, tau.exp(), 40.0) }
    }

    #[test]
    fn jets_are_the_derivatives_of_the_likelihood() {
        for kind in [Kind::Inflated, Kind::Hurdle] {
            for family in [Family::Poisson, Family::Quadratic] {
                for (lo, hi) in CELLS {
                    for at in [[-2.0, 0.7, -1.0], [0.5, -3.0, 0.4], [2.0, 1.5, -4.0]] {
                        let jet =
                            |at: [f64; 3]| parts(kind, family, at[2]).row(Cell { lo, hi }, at[0], at[1]);
                        let here = jet(at);
                        for j in 0..3 {
                            let moved = |h: f64| {
                                let mut there = at;
                                there[j] += h;
                                jet(there)
                            };
                            let slope = |f: &dyn Fn(Jet) -> f64| {
                                let central = |h: f64| (f(moved(h)) - f(moved(-h))) / (2.0 * h);
                                (4.0 * central(1e-3) - central(2e-3)) / 3.0
                            };
                            let close = |what: &str, ours: f64, theirs: f64| {
                                assert!(
                                    (ours - theirs).abs() < 1e-8 * (1.0 + theirs.abs()),
                                    "{kind:?} {family:?} {lo} {hi} {at:?} {j} {what}: {ours} {theirs}"
                                );
                            };
                            if j == 2 && family == Family::Poisson {
                                continue;
                            }
                            close("slope", here.slope[j], slope(&|jet| jet.value));
                            for i in 0..3 {
                                close("curve", here.curve[i][j], slope(&|jet| jet.slope[i]));
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn probabilities_of_all_counts_are_one_and_have_the_mean() {
        for kind in [Kind::Inflated, Kind::Hurdle] {
            for family in [Family::Poisson, Family::Quadratic] {
                let parts = Parts { kind, counts: Likelihood::new(family, 0.5, 400.0) };
                let (eta, zeta) = (0.8, -0.4);
                let chance = |y: u32| parts.row(Cell::exact(f64::from(y)), eta, zeta).value.exp();
                let all: f64 = (0..400).map(chance).sum();
                let mean: f64 = (0..400).map(|y| f64::from(y) * chance(y)).sum();
                assert!((all - 1.0).abs() < 1e-12, "{kind:?} {family:?} {all}");
                assert!((mean.ln() - parts.log_mean(eta, zeta).value).abs() < 1e-12);
                assert!((parts.none(eta, zeta) - chance(0)).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn the_expected_likelihood_touches_the_likelihood() {
        // Dempster, Laird & Rubin: at the same parameters both have one gradient.
        let parts = parts(Kind::Inflated, Family::Quadratic, -0.3);
        for (lo, hi) in CELLS {
            let (cell, eta, zeta) = (Cell { lo, hi }, 0.3, 0.9);
            let told = parts.told(cell, eta, zeta, parts.other(cell, eta, zeta));
            let row = parts.row(cell, eta, zeta);
            assert!((0..3).all(|i| (told.slope[i] - row.slope[i]).abs() < 1e-13), "{lo} {hi}");
        }
    }
}
