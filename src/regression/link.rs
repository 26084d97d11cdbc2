//! From the linear predictor `η` to the mean `μ`.

/// How the mean follows from the linear predictor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// `μ = η`
    Identity,
    /// `μ = exp(η)`
    Log,
    /// `μ = 1 / (1 + exp(−η))`
    Logit,
}

impl Link {
    /// `μ`
    #[inline]
    pub fn mean(self, eta: f64) -> f64 {
        match self {
            Self::Identity => eta,
            Self::Log => eta.exp(),
            Self::Logit if eta < 0.0 => {
                let odds = eta.exp();
                odds / (1.0 + odds)
            }
            Self::Logit => 1.0 / (1.0 + (-eta).exp()),
        }
    }

    /// `dμ/dη`
    #[inline]
    pub fn slope(self, eta: f64) -> f64 {
        match self {
            Self::Identity => 1.0,
            Self::Log => eta.exp(),
            Self::Logit => self.mean(eta) * self.mean(-eta),
        }
    }

    /// `d²μ/dη²`
    pub(super) fn bend(self, eta: f64) -> f64 {
        match self {
            Self::Identity => 0.0,
            Self::Log => eta.exp(),
            Self::Logit => self.slope(eta) * (self.mean(-eta) - self.mean(eta)),
        }
    }

    /// `log μ`, its slope and its bend in `η`.
    pub(super) fn log(self, eta: f64) -> [f64; 3] {
        match self {
            Self::Identity => [eta.ln(), 1.0 / eta, -1.0 / (eta * eta)],
            Self::Log => [eta, 1.0, 0.0],
            Self::Logit => [-softplus(-eta), self.mean(-eta), -self.slope(eta)],
        }
    }
}

/// `log(1 + exp(x))` without overflow.
pub(super) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_and_bends_are_derivatives() {
        let central = |f: &dyn Fn(f64) -> f64, x: f64| {
            let at = |h: f64| (f(x + h) - f(x - h)) / (2.0 * h);
            (4.0 * at(1e-3) - at(2e-3)) / 3.0
        };
        for link in [Link::Identity, Link::Log, Link::Logit] {
            for eta in [0.9, 1.4, 2.5] {
                assert!((link.slope(eta) - central(&|x| link.mean(x), eta)).abs() < 1e-9);
                assert!((link.bend(eta) - central(&|x| link.slope(x), eta)).abs() < 1e-9);
                assert!((link.log(eta)[0] - link.mean(eta).ln()).abs() < 1e-13);
                assert!((link.log(eta)[1] - central(&|x| link.log(x)[0], eta)).abs() < 1e-9);
                assert!((link.log(eta)[2] - central(&|x| link.log(x)[1], eta)).abs() < 1e-9);
            }
        }
        assert_eq!(Link::Logit.mean(-800.0), 0.0);
        assert_eq!(Link::Logit.mean(800.0), 1.0);
        assert!((Link::Logit.log(-800.0)[0] + 800.0).abs() < 1e-12);
    }
}
