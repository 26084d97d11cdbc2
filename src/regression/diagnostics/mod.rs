//! Specification tests: does the variance depend on the regressors, is the form right, are errors related over time
//! and across units, are counts as dispersed as the model has it?
//!
//! With `e` the residuals (`√w e` under analytic weights), `X` the regressors and `D` the absorbed effects:
//!
//! | test | statistic | source |
//! | --- | --- | --- |
//! | Breusch–Pagan | `n R²` of `e²` on `X`, after `D` | Breusch & Pagan (1979), *Econometrica* 47; Koenker (1981), *J. Econometrics* 17 |
//! | White | the same on squares and products as well | White (1980), *Econometrica* 48 |
//! | RESET | powers of the fitted index added, tested under the fit's own covariance | Ramsey (1969), *JRSS B* 31 |
//! | Durbin–Watson | `Σ(eₜ − eₜ₋₁)² / Σe²`, its exact distribution | Durbin & Watson (1951), *Biometrika* 38 |
//! | Breusch–Godfrey | `n R²` of `e` on `X`, `D` and its own lags | Breusch (1978); Godfrey (1978), *Econometrica* 46 |
//! | Wooldridge | in first differences errors have autocorrelation −½ unless the levels' are related | Wooldridge (2002) §10.6; Drukker (2003), *Stata J.* 3 |
//! | CUSUM of residuals | the furthest that `Σe / (σ̂√n)` goes from zero | Ploberger & Krämer (1992), *Econometrica* 60 |
//! | Jarque–Bera | `n/6 (S² + (K − 3)²/4)` | Jarque & Bera (1987), *Int. Stat. Rev.* 55 |
//! | cross-section dependence | `Σ √Tᵢⱼ ρ̂ᵢⱼ` over pairs of units, standardised | Pesaran (2015), *Econometric Reviews* 34 |
//! | effects | `F` of the absorbed effects | |
//! | random effects | LM of a variance between units | Breusch & Pagan (1980), *Rev. Econ. Stud.* 47; Baltagi & Li (1990), *Econ. Letters* 33 |
//! | Hausman | the estimates within units against those with random effects, as χ² | Hausman (1978), *Econometrica* 46 |
//! | Mundlak | the means of units added to random effects, under the fit's own covariance | Mundlak (1978), *Econometrica* 46 |
//! | overdispersion | `((y − μ)² − y)/μ` on 1 or `μ` | Cameron & Trivedi (1990), *J. Econometrics* 46 |
//! | Pearson, deviance | their sums as χ²(n − K) | |
//!
//! Lags are those of the panel, by date within the unit and across no gap, or of the rows where the data know no dates.

mod auxiliary;
mod counts;
mod form;
mod panel;
mod serial;
mod variance;

use std::fmt::{self, Display};
use std::str::FromStr;

use super::fit::{Fit, Model};
use super::ols::LeastSquares;
use super::poisson::Counts;
use super::transformed::{Estimator, Transformed, hausman, mundlak};
use crate::distribution::{ChiSquared, Fisher, Normal};
use crate::error::{Error, Result, nearest};
use crate::inference::{Cell, Table, Wald, significant};

/// A specification test, with what it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecificationTest {
    /// Whether the variance depends on the regressors.
    BreuschPagan,
    /// Whether it depends on them, their squares and products.
    White,
    /// Whether powers of the fitted index, from the second up to this, belong to the model.
    Reset(usize),
    /// Whether errors have a positive first autocorrelation.
    DurbinWatson,
    /// Whether errors are related to these many lags.
    BreuschGodfrey(usize),
    /// Whether errors within units are related from one period to the next.
    Wooldridge,
    /// Whether errors of one period are related across units.
    CrossSection,
    /// Whether the model drifts along the rows.
    Cusum,
    /// Whether errors are normal.
    JarqueBera,
    /// Whether the absorbed effects are needed.
    Effects,
    /// Whether units differ, for a model without effects.
    RandomEffects,
    /// Whether regressors are related to what a unit has for itself, under errors alike and unrelated.
    Hausman,
    /// The same under the covariance of the fit.
    Mundlak,
    /// Whether the variance exceeds the mean in proportion to it.
    Overdispersion,
    /// Whether the variance exceeds the mean in proportion to its square.
    QuadraticOverdispersion,
    /// Whether Pearson residuals are as large as a Poisson's.
    Pearson,
    /// Whether the deviance is as large as a Poisson's.
    Deviance,
}

use SpecificationTest as Which;

/// The tests and their names.
const NAMES: [(&str, Which); 17] = [
    ("breusch_pagan", Which::BreuschPagan),
    ("white", Which::White),
    ("reset", Which::Reset(3)),
    ("durbin_watson", Which::DurbinWatson),
    ("breusch_godfrey", Which::BreuschGodfrey(1)),
    ("wooldridge", Which::Wooldridge),
    ("cross_section", Which::CrossSection),
    ("cusum", Which::Cusum),
    ("jarque_bera", Which::JarqueBera),
    ("effects", Which::Effects),
    ("random_effects", Which::RandomEffects),
    ("hausman", Which::Hausman),
    ("mundlak", Which::Mundlak),
    ("overdispersion", Which::Overdispersion),
    ("quadratic_overdispersion", Which::QuadraticOverdispersion),
    ("pearson", Which::Pearson),
    ("deviance", Which::Deviance),
];

impl SpecificationTest {
    /// Its name, as [`FromStr`] reads it.
    pub fn name(&self) -> &'static str {
        let same = |other: &Which| std::mem::discriminant(other) == std::mem::discriminant(self);
        NAMES.iter().find(|(_, which)| same(which)).map_or("", |(name, _)| name)
    }

    /// What it supposes.
    pub fn null(&self) -> &'static str {
        match self {
            Which::BreuschPagan => "the variance does not depend on the regressors",
            Which::White => "the variance does not depend on the regressors, their squares and products",
            Which::Reset(_) => "powers of the fitted index add nothing",
            Which::DurbinWatson => "no positive autocorrelation",
            Which::BreuschGodfrey(_) => "no autocorrelation",
            Which::Wooldridge => "no autocorrelation within units",
            Which::CrossSection => "errors are unrelated across units",
            Which::Cusum => "coefficients do not drift",
            Which::JarqueBera => "errors are normal",
            Which::Effects => "the absorbed effects are all equal",
            Which::RandomEffects => "units do not differ",
            Which::Hausman | Which::Mundlak => "regressors are unrelated to the effects of units",
            Which::Overdispersion | Which::QuadraticOverdispersion => "variance equals mean",
            Which::Pearson | Which::Deviance => "the counts are Poisson",
        }
    }
}

impl FromStr for SpecificationTest {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, which)| *which).ok_or_else(|| {
            let known: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
            let meant = nearest(name, known.iter().copied());
            let hint = meant.map_or_else(String::new, |m| format!("; did you mean {m}?"));
            Error::Argument {
                argument: "test".into(),
                value: name.into(),
                must: format!("one of {}{hint}", known.join(", ")),
            }
        })
    }
}

/// What a statistic is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Against {
    /// χ² with these degrees of freedom.
    ChiSquared(f64),
    /// F with these degrees of freedom.
    Fisher(f64, f64),
    /// The normal, on both sides.
    Normal,
    /// The normal, above.
    NormalAbove,
    /// The exact distribution of this ratio of quadratic forms, below; its normal approximation in long samples.
    QuadraticForms,
    /// The largest distance of a Brownian bridge from zero.
    Bridge,
}

impl Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChiSquared(degrees) => write!(f, "χ²({degrees})"),
            Self::Fisher(numerator, denominator) => write!(f, "F({numerator}, {denominator})"),
            Self::Normal => f.write_str("normal"),
            Self::NormalAbove => f.write_str("normal, above"),
            Self::QuadraticForms => f.write_str("its own, below"),
            Self::Bridge => f.write_str("Brownian bridge"),
        }
    }
}

/// The answer of a specification test.
#[derive(Debug, Clone, PartialEq)]
pub struct SpecificationAnswer {
    /// Which test.
    pub test: SpecificationTest,
    /// The statistic.
    pub statistic: f64,
    /// What it is compared with.
    pub against: Against,
    /// The p-value.
    pub p_value: f64,
    /// The quantity behind it, by name, where there is one: an autocorrelation, a dispersion.
    pub estimates: Vec<(&'static str, f64)>,
}

impl SpecificationAnswer {
    fn new(test: Which, statistic: f64, against: Against) -> Result<Self> {
        let p_value = match against {
            Against::ChiSquared(degrees) => ChiSquared::new(degrees)?.upper(statistic),
            Against::Fisher(numerator, denominator) => Fisher::new(numerator, denominator)?.upper(statistic),
            Against::Normal => 2.0 * Normal::new(0.0, 1.0)?.upper(statistic.abs()),
            Against::NormalAbove => Normal::new(0.0, 1.0)?.upper(statistic),
            Against::Bridge => crate::distribution::bridge_exceeds(statistic),
            Against::QuadraticForms => f64::NAN,
        };
        Ok(Self { test, statistic, against, p_value, estimates: Vec::new() })
    }

    fn with(mut self, name: &'static str, value: f64) -> Self {
        self.estimates.push((name, value));
        self
    }

    /// As a table of one row.
    pub fn table(&self) -> Table {
        let mut table = headed(format!("Specification test: {}", self.test.name()));
        table.push(self.cells());
        table
    }

    fn cells(&self) -> Vec<Cell> {
        let estimates: Vec<String> =
            self.estimates.iter().map(|(name, value)| format!("{name} {}", significant(*value, 4))).collect();
        vec![
            self.test.name().into(),
            self.test.null().into(),
            Cell::Number(self.statistic),
            Cell::Text(self.against.to_string()),
            Cell::Probability(self.p_value),
            Cell::Text(estimates.join(", ")),
        ]
    }
}

impl Display for SpecificationAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}

fn headed(title: String) -> Table {
    Table::new(&["test", "null", "statistic", "against", "p_value", "estimates"]).title(title)
}

/// The tests that a model has, as far as they are defined for the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostics {
    /// The model as a sentence.
    pub sentence: String,
    /// The answers.
    pub answers: Vec<SpecificationAnswer>,
    /// Tests that are not defined for the fit, and why.
    pub undefined: Vec<(SpecificationTest, String)>,
    /// The largest over the smallest singular value of the regressors, weighted and off the effects.
    pub condition_number: f64,
}

impl Diagnostics {
    /// One row a test.
    pub fn table(&self) -> Table {
        let mut table = headed(format!("Specification tests, {}", self.sentence));
        for answer in &self.answers {
            table.push(answer.cells());
        }
        let note = format!("condition number of the regressors {}", significant(self.condition_number, 4));
        self.undefined.iter().fold(table.note(note), |table, (test, why)| {
            table.note(format!("{} is not defined here: {why}", test.name()))
        })
    }
}

impl Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}

/// A model that has specification tests.
pub trait Testable: Model + Sized {
    /// The tests worth running on a fit unasked.
    #[doc(hidden)]
    fn menu(fit: &Fit<Self>) -> Vec<SpecificationTest>;

    /// The answer of one.
    #[doc(hidden)]
    fn answer(fit: &Fit<Self>, test: SpecificationTest) -> Result<SpecificationAnswer>;
}

impl Testable for LeastSquares {
    fn menu(fit: &Fit<Self>) -> Vec<Which> {
        let mut menu = vec![Which::BreuschPagan, Which::White, Which::Reset(3), Which::JarqueBera];
        let absorbs = !fit.shared.problem.effects.is_empty();
        match auxiliary::units(&fit.shared) {
            Some(1) => menu.extend([Which::DurbinWatson, Which::BreuschGodfrey(1), Which::Cusum]),
            Some(_) => menu.extend([Which::BreuschGodfrey(1), Which::Wooldridge, Which::CrossSection]),
            None => {}
        }
        if absorbs {
            menu.push(Which::Effects);
        } else if auxiliary::units(&fit.shared).is_some_and(|units| units > 1) {
            menu.push(Which::RandomEffects);
        }
        menu
    }

    fn answer(fit: &Fit<Self>, test: Which) -> Result<SpecificationAnswer> {
        match test {
            Which::BreuschPagan => variance::breusch_pagan(fit),
            Which::White => variance::white(fit),
            Which::JarqueBera => variance::jarque_bera(fit),
            Which::Reset(power) => form::reset_linear(fit, power),
            Which::Effects => form::effects(fit),
            Which::DurbinWatson => serial::durbin_watson(fit),
            Which::BreuschGodfrey(lags) => serial::breusch_godfrey(fit, lags),
            Which::Cusum => serial::cusum(fit),
            Which::Wooldridge => panel::wooldridge(fit),
            Which::RandomEffects => panel::random_effects(fit),
            Which::CrossSection => panel::cross_section(fit, &fit.residuals().to_vec()),
            Which::Overdispersion | Which::QuadraticOverdispersion | Which::Pearson | Which::Deviance => {
                Err(undefined(test, "least squares, which is not a model of counts"))
            }
            Which::Hausman | Which::Mundlak => Err(undefined(test, "least squares: fit RandomEffects")),
        }
    }
}

impl Testable for Counts {
    fn menu(fit: &Fit<Self>) -> Vec<Which> {
        let mut menu = vec![
            Which::Overdispersion,
            Which::QuadraticOverdispersion,
            Which::Pearson,
            Which::Deviance,
            Which::Reset(3),
        ];
        if auxiliary::units(&fit.shared).is_some_and(|units| units > 1) {
            menu.push(Which::CrossSection);
        }
        menu
    }

    fn answer(fit: &Fit<Self>, test: Which) -> Result<SpecificationAnswer> {
        if fit.shared.problem.cells.is_some() && !matches!(test, Which::Reset(_)) {
            return Err(undefined(test, "counts some of which are known only as intervals"));
        }
        match test {
            Which::Overdispersion | Which::QuadraticOverdispersion => counts::overdispersion(fit, test),
            Which::Pearson | Which::Deviance => counts::goodness_of_fit(fit, test),
            Which::Reset(power) => form::reset_counts(fit, power),
            Which::CrossSection => {
                let residuals = fit.residuals(super::poisson::Residual::Pearson).to_vec();
                panel::cross_section(fit, &residuals)
            }
            _ => Err(undefined(test, "counts: it is a test of least squares")),
        }
    }
}

impl Testable for Transformed {
    fn menu(fit: &Fit<Self>) -> Vec<Which> {
        match fit.model().estimator {
            Estimator::RandomEffects(_) => vec![Which::Hausman, Which::Mundlak],
            _ => Vec::new(),
        }
    }

    fn answer(fit: &Fit<Self>, test: Which) -> Result<SpecificationAnswer> {
        match (&fit.model().estimator, test) {
            (Estimator::RandomEffects(found), Which::Hausman) => {
                let (statistic, degrees) = hausman(fit, found)?;
                SpecificationAnswer::new(test, statistic, Against::ChiSquared(degrees as f64))
            }
            (Estimator::RandomEffects(found), Which::Mundlak) => of_wald(test, &mundlak(fit, found)?),
            (_, _) => Err(undefined(test, &fit.model().title())),
        }
    }
}

/// A Wald test as a specification test.
fn of_wald(test: Which, wald: &Wald) -> Result<SpecificationAnswer> {
    let against = if wald.degrees.is_finite() {
        Against::Fisher(wald.restrictions as f64, wald.degrees)
    } else {
        Against::ChiSquared(wald.restrictions as f64)
    };
    SpecificationAnswer::new(test, wald.statistic, against)
}

fn undefined(test: Which, of: &str) -> Error {
    let must = format!("a test that is defined for {of}");
    Error::Argument { argument: "test".into(), value: test.name().into(), must }
}

impl<M: Testable> Fit<M> {
    /// A specification test.
    ///
    /// ```
    /// use averted::data::Frame;
    /// use averted::regression::{Ols, SpecificationTest};
    /// let frame = Frame::new()
    ///     .with_number("y", vec![1.0, 3.0, 2.0, 6.0, 4.0, 9.0, 5.0])?
    ///     .with_number("x", vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])?;
    /// let fit = Ols::new().fit("y ~ x", &frame)?;
    /// println!("{}", fit.specification_test(SpecificationTest::BreuschPagan)?);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for a test that is not defined for the model, its weights or its effects, and for tests of
    /// panels without one; [`Error::TooShort`] and [`Error::NothingToEstimate`] where the auxiliary regression has too
    /// few rows or nothing to tell.
    pub fn specification_test(&self, test: SpecificationTest) -> Result<SpecificationAnswer> {
        M::answer(self, test)
    }

    /// The specification tests that the model has.
    ///
    /// # Errors
    /// [`Error::NotConverged`] when an auxiliary regression does not converge. A test that is not defined for the fit is
    /// no error: [`Diagnostics::undefined`] says why.
    pub fn diagnostics(&self) -> Result<Diagnostics> {
        let mut found = Diagnostics {
            sentence: self.sentence(),
            answers: Vec::new(),
            undefined: Vec::new(),
            condition_number: self.condition_number()?,
        };
        for test in M::menu(self) {
            match self.specification_test(test) {
                Ok(answer) => found.answers.push(answer),
                Err(error @ Error::NotConverged { .. }) => return Err(error),
                Err(error) => found.undefined.push((test, error.to_string())),
            }
        }
        Ok(found)
    }
}

impl<M: Model> Fit<M> {
    /// The largest over the smallest singular value of the regressors, weighted and off the absorbed effects.
    ///
    /// # Errors
    /// When no singular values are found, and for a mean of several regressions.
    pub fn condition_number(&self) -> Result<f64> {
        if !M::ONE_REGRESSION {
            return Err(Error::Argument {
                argument: "fit".into(),
                value: M::NAME.into(),
                must: "one regression: a mean of several has no condition number".into(),
            });
        }
        auxiliary::condition_number(&self.shared.estimate.ortho.root)
    }
}
