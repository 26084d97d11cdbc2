//! One form of the model.

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::timeseries::ets::estimate::{Found, Problem};
use crate::timeseries::ets::{EtsFit, Form};
use crate::timeseries::structural::Series;

/// An exponential smoothing model of a given form. See the [module](self::super).
#[derive(Debug, Clone, PartialEq)]
pub struct Ets {
    pub(super) form: Form,
    pub(super) season: Option<usize>,
    pub(super) given: [Option<f64>; 4],
    pub(super) states: Option<Vec<f64>>,
}

impl Ets {
    /// Of this form.
    pub fn new(form: Form) -> Self {
        Self { form, season: None, given: [None; 4], states: None }
    }

    /// With a season of this many periods, which a seasonal form needs.
    #[must_use]
    pub fn season(mut self, periods: usize) -> Self {
        self.season = (periods > 1).then_some(periods);
        self
    }

    /// α, the level's smoothing, is given and not estimated.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.given[0] = Some(alpha);
        self
    }

    /// β, the trend's, is given.
    #[must_use]
    pub fn beta(mut self, beta: f64) -> Self {
        self.given[1] = Some(beta);
        self
    }

    /// γ, the season's, is given.
    #[must_use]
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.given[2] = Some(gamma);
        self
    }

    /// φ, the damping, is given.
    #[must_use]
    pub fn phi(mut self, phi: f64) -> Self {
        self.given[3] = Some(phi);
        self
    }

    /// The states before the first period are given: level, slope or growth, and all seasons but the last.
    #[must_use]
    pub fn initial(mut self, states: &[f64]) -> Self {
        self.states = Some(states.to_vec());
        self
    }

    /// The form.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Maximises the likelihood.
    ///
    /// # Errors
    /// [`Error::Domain`] naming the row of an infinite value, or of one not above zero where the form multiplies;
    /// [`Error::TooShort`] unless there are more observations than parameters; [`Error::Argument`] for what makes no
    /// sense; [`Error::NothingToEstimate`] for a place in the season that is never observed;
    /// [`Error::NotConverged`].
    pub fn fit(&self, series: &Series<'_>) -> Result<EtsFit> {
        let (problem, scale) = self.problem(series)?;
        let found = if problem.n_free() == 0 {
            let z = [&[0.5, 0.5, 0.5, 0.9], self.scaled(scale).unwrap_or_default().as_slice()].concat();
            let mut state = problem.state(&z);
            let outside =
                || argument("initial", format!("{:?}", self.states), "inside of what the form allows");
            let sums = problem.at(&z, &mut state).ok_or_else(outside)?;
            Found { z, sums }
        } else {
            problem.solve()?
        };
        Ok(EtsFit::new(self.clone(), series, problem, found, scale))
    }

    /// Checked, and scaled so that the largest value is one.
    pub(super) fn problem(&self, series: &Series<'_>) -> Result<(Problem, f64)> {
        let y = plain(series)?;
        let form = self.form;
        if form.seasonal() && self.season.is_none() {
            return Err(argument("season", "none", "2 or more periods for a seasonal form"));
        }
        if form.needs_positive()
            && let Some(row) = y.iter().position(|v| *v <= 0.0)
        {
            let (value, what) = (y[row].to_string(), series.name().to_owned());
            return Err(Error::Domain { what, row, value, must: format!("above zero for ETS({form})") });
        }
        let period = self.season.filter(|_| form.seasonal()).unwrap_or(1);
        let scale = y.iter().filter(|v| !v.is_nan()).fold(0.0_f64, |m, v| m.max(v.abs()));
        let scale = if scale == 0.0 { 1.0 } else { scale };
        let scaled = y.iter().map(|v| v / scale).collect();
        let problem = Problem { form, period, y: scaled, given: self.given, states: self.scaled(scale) };
        self.check(&problem)?;
        let observed = y.iter().filter(|v| !v.is_nan()).count();
        let needed = (problem.n_free() + 1).max(if form.seasonal() { period + 1 } else { 1 });
        if observed < needed {
            let what = format!("ETS({form}) of `{}`", series.name());
            return Err(Error::TooShort { what, needed, found: observed });
        }
        if form.seasonal() {
            let never = |j: &usize| y.iter().skip(*j).step_by(period).all(|v| v.is_nan());
            if let Some(place) = (0..period).find(never) {
                let why = format!("place {place} of the season of {period} is never observed");
                return Err(Error::NothingToEstimate { why });
            }
        }
        Ok((problem, scale))
    }

    /// The given states in units of the scaled series.
    fn scaled(&self, scale: f64) -> Option<Vec<f64>> {
        let first = self.form.season() != super::Season::Multiplicative;
        let slope = 1 + usize::from(self.form.has_trend());
        let unit = |i: usize| match i {
            0 => scale,
            1 if slope == 2 => {
                if self.form.grows() {
                    1.0
                } else {
                    scale
                }
            }
            _ => {
                if first {
                    scale
                } else {
                    1.0
                }
            }
        };
        self.states.as_ref().map(|x| x.iter().enumerate().map(|(i, v)| v / unit(i)).collect())
    }

    fn check(&self, problem: &Problem) -> Result<()> {
        let names = ["alpha", "beta", "gamma", "phi"];
        let has = self.form.has();
        let least = [0.0, 0.0, 0.0, 0.0];
        for i in 0..4 {
            let Some(value) = self.given[i] else { continue };
            if !has[i] {
                return Err(argument(names[i], value, &format!("absent: ETS({}) has none", self.form)));
            }
            if !(value >= least[i] && value <= 1.0) {
                return Err(argument(names[i], value, "between 0 and 1"));
            }
        }
        match &self.states {
            Some(x) if x.len() != problem.n_states() || x.iter().any(|v| !v.is_finite()) => {
                Err(Error::Shape {
                    what: "initial states".into(),
                    expected: format!("{} finite numbers", problem.n_states()),
                    found: format!("{x:?}"),
                })
            }
            _ => Ok(()),
        }
    }
}

impl Display for Ets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ETS({})", self.form)?;
        match self.season.filter(|_| self.form.seasonal()) {
            Some(season) => write!(f, ", season of {season}"),
            None => Ok(()),
        }
    }
}

/// The values of a series without exposure or regressors, finite or missing.
pub(in crate::timeseries) fn plain<'a>(series: &Series<'a>) -> Result<&'a [f64]> {
    if series.x().is_some() || series.exposures().is_some() || series.offsets().is_some() {
        let must = "absent: exponential smoothing has none; structural models and ARIMA do";
        return Err(argument("regressors, exposure or offset", "given", must));
    }
    let y = series.outcome();
    if let Some(row) = y.iter().position(|v| v.is_infinite()) {
        let (value, must) = (y[row].to_string(), "finite, or NaN where missing".into());
        return Err(Error::Domain { what: series.name().into(), row, value, must });
    }
    if y.iter().all(|v| v.is_nan()) {
        return Err(Error::TooShort { what: format!("`{}`", series.name()), needed: 1, found: 0 });
    }
    Ok(y)
}

pub(in crate::timeseries) fn argument(argument: &str, value: impl Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}
