//! The form is chosen.

use std::fmt::{self, Display};
use std::str::FromStr;

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::inference::{Cell, Forecast, Table};
use crate::random::fresh_seed;
use crate::timeseries::ets::specification::{argument, plain};
use crate::timeseries::ets::{Ets, EtsFit, Form};
use crate::timeseries::structural::Series;

/// The fractional part of the golden ratio.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// What the forms compete in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Criterion {
    /// Schwarz's, whose exponential is the odds of a form.
    #[default]
    Bic,
    /// Akaike's.
    Aic,
    /// Akaike's, corrected for short series.
    Aicc,
}

impl FromStr for Criterion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "aicc" => Ok(Self::Aicc),
            "aic" => Ok(Self::Aic),
            "bic" => Ok(Self::Bic),
            _ => Err(argument("criterion", text, "`aicc`, `aic` or `bic`")),
        }
    }
}

/// The best forms by an information criterion, and a forecast that mixes them by weights `exp(−Δ/8)`, or only the best.
///
/// With BIC `exp(−Δ/2)` are the odds of the forms if one of them is true. None is, so that only a quarter of the
/// evidence counts (a coarsened posterior, Miller & Dunson 2019): forms that are near the best stay in, and the
/// mixture's intervals say how much hangs on the form.
///
/// Candidates are the fifteen forms without multiplicative trends that the series allows: no multiplicative part where
/// a value is not above zero, no season without one. [`compat_r`](Self::compat_r) decides as the forecast package's
/// `ets` does: same candidates, `AICc`, one winner.
///
/// ```
/// use averted::timeseries::ets::AutoEts;
/// use averted::timeseries::structural::Series;
/// let y: Vec<f64> = (0..30).map(|t| 50.0 + 2.0 * f64::from(t) + f64::from(t * 29 % 7)).collect();
/// let fit = AutoEts::new().fit(&Series::new("y", &y))?;
/// assert!(fit.candidates()[0].criterion <= fit.candidates()[1].criterion);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AutoEts {
    season: Option<usize>,
    criterion: Criterion,
    growth: bool,
    mixed: bool,
    /// Forms whose parameters are given, each with the criterion it had; empty when the form is to be chosen.
    held: Vec<(f64, Ets)>,
}

impl Default for AutoEts {
    fn default() -> Self {
        Self { season: None, criterion: Criterion::Bic, growth: false, mixed: true, held: Vec::new() }
    }
}

impl AutoEts {
    /// No season, BIC, forecasts mixed.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a season of this many periods among the candidates.
    #[must_use]
    pub fn season(mut self, periods: usize) -> Self {
        self.season = (periods > 1).then_some(periods);
        self
    }

    /// By this criterion.
    #[must_use]
    pub fn criterion(mut self, criterion: Criterion) -> Self {
        self.criterion = criterion;
        self
    }

    /// Multiplicative trends are candidates, too.
    #[must_use]
    pub fn multiplicative_trend(mut self) -> Self {
        self.growth = true;
        self
    }

    /// The forecast is that of the best form alone.
    #[must_use]
    pub fn best_only(mut self) -> Self {
        self.mixed = false;
        self
    }

    /// As R's `ets` decides: fifteen candidates, `AICc`, the best alone.
    #[must_use]
    pub fn compat_r(self) -> Self {
        Self { criterion: Criterion::Aicc, growth: false, mixed: false, ..self }
    }

    /// Periods of the season among the candidates, 1 for none.
    pub fn periods(&self) -> usize {
        self.season.unwrap_or(1)
    }

    /// Fits every candidate.
    ///
    /// # Errors
    /// [`Error::Domain`] for an infinite value; [`Error::TooShort`] for fewer than three observations, which no form
    /// can do with; the last form's error when none can be fitted.
    pub fn fit(&self, series: &Series<'_>) -> Result<AutoEtsFit> {
        if !self.held.is_empty() {
            let go_on = |(criterion, form): &(f64, Ets)| Ok((*criterion, form.fit(series)?));
            let fits = self.held.iter().map(go_on).collect::<Result<_>>()?;
            return Ok(AutoEtsFit { fits, stuck: Vec::new(), specification: self.clone() });
        }
        let y = plain(series)?;
        let positive = y.iter().all(|v| v.is_nan() || *v > 0.0);
        let wanted = |f: &Form| {
            (positive || !f.needs_positive())
                && (self.season.is_some() || !f.seasonal())
                && (self.growth || !f.grows())
        };
        let value = |fit: &EtsFit| match self.criterion {
            Criterion::Aicc => fit.aicc(),
            // Neither knows that a form with half as many parameters as observations fits almost anything.
            _ if fit.n_observed() < 2 * fit.n_parameters() => f64::INFINITY,
            Criterion::Aic => fit.aic(),
            Criterion::Bic => fit.bic(),
        };
        let mut fits: Vec<(f64, EtsFit)> = Vec::new();
        let (mut trouble, mut stuck) = (None, Vec::new());
        for form in Form::all().into_iter().filter(wanted) {
            let spec = Ets::new(form).season(self.season.unwrap_or(1));
            match spec.fit(series) {
                Ok(fit) if fit.is_exact() => {
                    // Nothing is left to explain, and every later form is larger.
                    fits = vec![(f64::NEG_INFINITY, fit)];
                    break;
                }
                Ok(fit) => fits.push((value(&fit), fit)),
                Err(Error::Interrupted) => return Err(Error::Interrupted),
                Err(error) => {
                    if matches!(error, Error::NotConverged { .. }) {
                        stuck.push(form);
                    }
                    trouble = trouble.or(Some(error));
                }
            }
        }
        // Where every criterion is infinite the simplest form is first and stays so.
        fits.sort_by(|a, b| a.0.total_cmp(&b.0));
        if fits.is_empty() {
            return Err(
                trouble.unwrap_or_else(|| Error::NothingToEstimate { why: "no form is a candidate".into() })
            );
        }
        Ok(AutoEtsFit { fits, stuck, specification: self.clone() })
    }
}

/// The competitors, the best first.
#[derive(Debug, Clone)]
pub struct AutoEtsFit {
    fits: Vec<(f64, EtsFit)>,
    /// Forms whose search did not end.
    stuck: Vec<Form>,
    specification: AutoEts,
}

/// How one form did.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The form.
    pub form: Form,
    /// Its log-likelihood.
    pub log_likelihood: f64,
    /// Its criterion.
    pub criterion: f64,
    /// Its share of the mixture.
    pub weight: f64,
}

impl AutoEtsFit {
    /// The best form's fit.
    pub fn best(&self) -> &EtsFit {
        &self.fits[0].1
    }

    /// All that could be fitted, the best first.
    pub fn candidates(&self) -> Vec<Candidate> {
        let row = |((criterion, fit), weight): (&(f64, EtsFit), f64)| Candidate {
            form: fit.form(),
            log_likelihood: fit.log_likelihood(),
            criterion: *criterion,
            weight,
        };
        self.fits.iter().zip(self.weights()).map(row).collect()
    }

    /// `exp(−Δ/8)`, made to sum to one; nothing below a twentieth of the best's, and all to the best where the forecast is its alone.
    fn weights(&self) -> Vec<f64> {
        let best = self.fits[0].0;
        let alone = |i: usize| f64::from(u8::from(i == 0));
        if !self.specification.mixed || !best.is_finite() {
            return (0..self.fits.len()).map(alone).collect();
        }
        let share = |v: f64| {
            let w = (-0.125 * (v - best)).exp();
            if w < 0.05 { 0.0 } else { w }
        };
        let raw: Vec<f64> = self.fits.iter().map(|f| share(f.0)).collect();
        let sum: f64 = raw.iter().sum();
        raw.iter().map(|w| w / sum).collect()
    }

    /// The forms of the mixture with their parameters and first states as this series has them: fitted to the series
    /// with more periods, they go on from there, with the same weights.
    #[must_use]
    pub fn held(&self) -> AutoEts {
        let parts = self.fits.iter().zip(self.weights()).filter(|f| f.1 > 0.0);
        let held = parts.map(|((criterion, fit), _)| (*criterion, fit.held())).collect();
        AutoEts { held, ..self.specification.clone() }
    }

    /// Point forecasts of the mixture at the estimates.
    ///
    /// # Errors
    /// [`Error::Argument`] for a horizon of zero.
    pub fn point(&self, horizon: usize) -> Result<Vec<f64>> {
        let mut out = vec![0.0; horizon];
        for ((_, fit), weight) in self.fits.iter().zip(self.weights()).filter(|f| f.1 > 0.0) {
            out.iter_mut().zip(fit.point(horizon)?).for_each(|(o, m)| *o += weight * m);
        }
        Ok(out)
    }

    /// The next `horizon` periods as `draws` simulated paths, each form's share of them by its weight, and the forms in
    /// turn, so that any stretch of the paths is a sample of all.
    ///
    /// # Errors
    /// As [`EtsFit::forecast`].
    pub fn forecast(&self, horizon: usize, draws: usize, seed: Option<u64>) -> Result<Forecast> {
        let seed = seed.unwrap_or_else(fresh_seed);
        if horizon == 0 || draws == 0 {
            return Err(argument("horizon or draws", 0, "at least 1"));
        }
        let weights = self.weights();
        let mut of_form: Vec<Vec<usize>> = vec![Vec::new(); weights.len()];
        for draw in 0..draws {
            // Multiples of the golden ratio fill every stretch of the unit interval evenly.
            let at = (draw as f64 * GOLDEN).fract();
            let mut sum = 0.0;
            let found = weights.iter().position(|w| {
                sum += w;
                at < sum
            });
            of_form[found.unwrap_or(0)].push(draw);
        }
        let mut paths = Array2::zeros((draws, horizon));
        let mut used = Vec::new();
        for (((_, fit), weight), draws) in self.fits.iter().zip(&weights).zip(&of_form) {
            if !draws.is_empty() {
                fit.paths(draws, seed, &mut paths);
                used.push(format!("{} {:.0} %", fit.form(), 100.0 * weight));
            }
        }
        let labels = (1..=horizon).map(|h| format!("+{h}")).collect();
        let cutoff = self.best().cutoff.clone();
        let made = Forecast::new(vec!["forecast".into()], vec![paths], labels, cutoff, seed)?;
        let made = if used.len() > 1 { made.note(format!("a mixture of {}", used.join(", "))) } else { made };
        Ok(self.notes().into_iter().fold(made, Forecast::note))
    }

    /// True things about the fit.
    pub fn notes(&self) -> Vec<String> {
        let left_out = |form: &Form| format!("ETS({form}) is left out: its search did not end");
        self.best().notes().into_iter().chain(self.stuck.iter().map(left_out)).collect()
    }

    /// The candidates as a table.
    pub fn table(&self) -> Table {
        let name = match self.specification.criterion {
            Criterion::Aicc => "aicc",
            Criterion::Aic => "aic",
            Criterion::Bic => "bic",
        };
        let names = ["form".to_owned(), "log_likelihood".into(), name.into(), "weight".into()];
        let mut table = Table::new(&names).title(format!("ETS forms of {}", self.best().name()));
        for c in self.candidates() {
            let numbers = [c.log_likelihood, c.criterion, c.weight].map(Cell::Number);
            table.push([Cell::from(c.form.to_string().as_str())].into_iter().chain(numbers).collect());
        }
        table
    }
}

impl Display for AutoEts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ETS of the best form")?;
        match self.season {
            Some(season) => write!(f, ", season of {season}"),
            None => Ok(()),
        }
    }
}
