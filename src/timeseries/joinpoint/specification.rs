//! What is fitted and how the number of joinpoints is chosen.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::fit::JoinpointFit;
use super::grid::Room;
use super::prepare::{Data, Series};
use super::{least_squares, likelihood};
use crate::error::{Error, Result};
use crate::parallel;
use crate::random::fresh_seed;

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Weighted least squares of log rates, with the conventions of the NCI's Joinpoint program.
    #[default]
    Nci,
    /// Poisson likelihood of counts.
    Poisson,
    /// NB2 likelihood of counts: variance μ + αμ².
    NegativeBinomial,
}

/// How the number of joinpoints is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// A sequence of tests: permutation tests of least squares, parametric bootstrap of likelihoods.
    #[default]
    Permutation,
    /// Schwarz: two parameters a joinpoint.
    Bic,
    /// Three parameters a joinpoint, in the consistent region of change-point problems.
    Bic3,
    /// Between the two by the size of the largest change (Kim et al. 2022). Least squares only.
    Wbic,
    /// As many as allowed.
    Given,
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "nci" => Ok(Self::Nci),
            "poisson" => Ok(Self::Poisson),
            "negative_binomial" | "nb" => Ok(Self::NegativeBinomial),
            _ => Err(argument("mode", text, "`nci`, `poisson` or `negative_binomial`")),
        }
    }
}

impl FromStr for Selection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "permutation" | "bootstrap" => Ok(Self::Permutation),
            "bic" => Ok(Self::Bic),
            "bic3" => Ok(Self::Bic3),
            "wbic" => Ok(Self::Wbic),
            "given" => Ok(Self::Given),
            _ => Err(argument("selection", text, "`permutation`, `bic`, `bic3`, `wbic` or `given`")),
        }
    }
}

pub(super) fn argument(argument: &str, value: impl Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}

/// A joinpoint regression. See the [module](self::super).
#[derive(Debug, Clone, PartialEq)]
pub struct Joinpoint {
    pub(super) mode: Mode,
    pub(super) most: usize,
    pub(super) selection: Selection,
    pub(super) permutations: usize,
    pub(super) level: f64,
    pub(super) room: Room,
    pub(super) continuous: bool,
    pub(super) seed: Option<u64>,
}

impl Default for Joinpoint {
    fn default() -> Self {
        Self {
            mode: Mode::Nci,
            most: 3,
            selection: Selection::Permutation,
            permutations: 4499,
            level: 0.05,
            room: Room { ends: 2, between: 2, step: 1 },
            continuous: false,
            seed: None,
        }
    }
}

impl Joinpoint {
    /// At most three joinpoints, by permutation tests, as the NCI's program does.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this objective.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// At most this many joinpoints.
    #[must_use]
    pub fn max_joinpoints(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// Their number chosen so.
    #[must_use]
    pub fn selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Permutations, or bootstrap draws, of a test.
    #[must_use]
    pub fn permutations(mut self, permutations: usize) -> Self {
        self.permutations = permutations;
        self
    }

    /// The level α of the sequence of tests; intervals are at 1 − α.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// At least this many observations strictly outside the first and the last joinpoint, and strictly between two.
    #[must_use]
    pub fn spacing(mut self, ends: usize, between: usize) -> Self {
        self.room = Room { ends, between, ..self.room };
        self
    }

    /// Only every `step`-th observation is a candidate: for long monthly series.
    #[must_use]
    pub fn step(mut self, step: usize) -> Self {
        self.room.step = step;
        self
    }

    /// Joinpoints may lie between observations: the best set on the grid is moved to the optimum near it.
    #[must_use]
    pub fn continuous(mut self) -> Self {
        self.continuous = true;
        self
    }

    /// The seed of permutations and draws.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Fits a series.
    ///
    /// # Errors
    /// [`Error::Domain`] naming the row: times that do not increase, rates or errors that are not positive where logs are
    /// taken, suppressed counts in [`Mode::Nci`]; [`Error::TooShort`]; [`Error::Argument`] of the options;
    /// [`Error::NotConverged`] of a likelihood.
    pub fn fit(&self, series: &Series) -> Result<JoinpointFit> {
        self.fitted(series, true)
    }

    /// Fits several series, shared among threads; the answers are those of one after the other.
    ///
    /// # Errors
    /// The first error of [`fit`](Self::fit).
    pub fn fit_many(&self, many: &[Series]) -> Result<Vec<JoinpointFit>> {
        let seeded = Self { seed: Some(self.seed.unwrap_or_else(fresh_seed)), ..self.clone() };
        let alone = many.len() == 1;
        parallel::map(many.len(), |i| seeded.fitted(&many[i], alone)).into_iter().collect()
    }

    pub(super) fn fitted(&self, series: &Series, threads: bool) -> Result<JoinpointFit> {
        self.check()?;
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let data = Data::new(series, self.mode)?;
        data.long_enough(self, &series.name)?;
        match self.mode {
            Mode::Nci => least_squares::fit(self, series, data, seed, threads),
            Mode::Poisson | Mode::NegativeBinomial => likelihood::fit(self, series, data, seed, threads),
        }
    }

    fn check(&self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(argument("level", self.level, "between 0 and 1"));
        }
        if self.most > 20 {
            return Err(argument("max_joinpoints", self.most, "at most 20"));
        }
        if self.room.ends < 1 || self.room.between < 1 || self.room.step < 1 {
            let least = self.room.ends.min(self.room.between).min(self.room.step);
            return Err(argument("min_end, min_between, step", least, "at least 1"));
        }
        if self.selection == Selection::Permutation && self.permutations < 19 {
            return Err(argument("permutations", self.permutations, "at least 19"));
        }
        if self.selection == Selection::Wbic && self.mode != Mode::Nci {
            return Err(argument(
                "selection",
                "wbic",
                "`bic`, `bic3`, `permutation` or `given` for a likelihood",
            ));
        }
        Ok(())
    }
}

impl Display for Joinpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.mode {
            Mode::Nci => "weighted least squares of log rates",
            Mode::Poisson => "Poisson likelihood",
            Mode::NegativeBinomial => "negative binomial likelihood",
        };
        let how = match self.selection {
            Selection::Permutation if self.mode == Mode::Nci => format!("{} permutations", self.permutations),
            Selection::Permutation => format!("{} bootstrap draws", self.permutations),
            Selection::Bic => "BIC".into(),
            Selection::Bic3 => "BIC3".into(),
            Selection::Wbic => "WBIC".into(),
            Selection::Given => "as given".into(),
        };
        let s = if self.most == 1 { "" } else { "s" };
        write!(f, "joinpoint regression: {what}, at most {} joinpoint{s}, by {how}", self.most)
    }
}
