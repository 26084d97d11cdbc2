//! Counts with more zeros than a count distribution has: a binary part stands beside the counts.
//!
//! With `μ = E·exp(o + Xβ)`, `f` the probabilities of a Poisson or NB2 count with that mean, and a logit `ζ = Zγ`:
//!
//! | specification | `P(y = 0)` | `P(y)`, `y > 0` | `ζ` is the logit of |
//! | --- | --- | --- | --- |
//! | [`ZeroInflated`] (Lambert 1992, *Technometrics* 34) | `π + (1 − π) f(0)` | `(1 − π) f(y)` | `π`, a zero of another kind |
//! | [`Hurdle`] (Mullahy 1986, *Journal of Econometrics* 33) | `1 − p` | `p f(y) / (1 − f(0))` | `p`, any count above zero |
//!
//! Coefficients of both parts and `log α` are climbed together: a few steps of expectation and maximisation into the region of
//! the maximum, then Newton's method with the exact Hessian. Every covariance is one of all parameters. Absorbed effects
//! are refused: with a level for every unit neither part is estimated consistently.

mod climb;
mod fit;
mod hurdle;
mod jet;
mod look;
mod parts;
mod predict;
mod settle;
mod zero_inflated;

pub use fit::TwoPartFit;
pub use hurdle::Hurdle;
pub use parts::CountFamily;
pub use predict::TwoPartPrediction;
pub use zero_inflated::ZeroInflated;

/// The setters of both, their formula of zeros, and the way to a fit.
macro_rules! two_part {
    ($specification:ident, $name:literal, $kind:expr) => {
        shared_setters!($specification, $name);
        count_setters!($specification);
        climb_setters!($specification);

        impl Default for $specification {
            fn default() -> Self {
                let limits = Limits { tolerance: 1e-8, iterations: 100, note: false };
                Self { settings: Settings::default(), limits, family: CountFamily::Poisson, zeros: None }
            }
        }

        impl $specification {
            /// Poisson counts, a binary part with the regressors of the counts, classical standard errors, and fixest's
            /// small-sample convention.
            pub fn new() -> Self {
                Self::default()
            }

            /// The distribution of the counts.
            #[must_use]
            pub fn count(mut self, family: CountFamily) -> Self {
                self.family = family;
                self.settings.choice =
                    Some(crate::regression::zeros::parts::choice(family, self.zeros.as_deref()));
                self
            }

            /// The regressors of the binary part, such as `"x + z"`; `"1"` for the intercept alone. Those of the counts
            /// unless set.
            #[must_use]
            pub fn zeros(mut self, terms: impl Into<String>) -> Self {
                self.zeros = Some(terms.into());
                self.settings.choice =
                    Some(crate::regression::zeros::parts::choice(self.family, self.zeros.as_deref()));
                self
            }

            /// Fits a formula to data. With a panel and neither exposure nor offset set, the exposure is the panel's
            /// population, and a note says so; its counts that are known only as intervals enter as such.
            ///
            /// # Errors
            /// Those of [`Poisson::fit`](crate::regression::Poisson::fit); [`Error::Argument`](crate::Error::Argument)
            /// for absorbed effects; [`Error::Domain`](crate::Error::Domain) for counts that are not whole;
            /// [`Error::NothingToEstimate`](crate::Error::NothingToEstimate) where no count is zero, or all are;
            /// [`Error::NotConverged`](crate::Error::NotConverged) also where a coefficient runs to infinity, as that of
            /// the binary part does where there are no more zeros than the counts explain.
            pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<TwoPartFit> {
                let told =
                    Told { kind: $kind, family: self.family, settings: &self.settings, limits: self.limits };
                told.fit(formula, self.zeros.as_deref(), data)
            }

            /// Fits to arrays: the counts with their regressors, and those of the binary part with their names.
            ///
            /// # Errors
            /// As for [`fit`](Self::fit); [`Error::Shape`](crate::Error::Shape) when lengths differ.
            pub fn fit_arrays<S: AsRef<str>>(
                &self,
                sample: Sample,
                names: &[S],
                zeros: Array2<f64>,
            ) -> Result<TwoPartFit> {
                let told =
                    Told { kind: $kind, family: self.family, settings: &self.settings, limits: self.limits };
                told.fit_arrays(sample, names, zeros)
            }
        }
    };
}
use two_part;
