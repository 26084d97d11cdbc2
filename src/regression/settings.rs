//! What every specification of the room can be told, and the way from a formula to a sample.

use crate::data::formula::{At, Expression};
use crate::data::{Count, Design, Effects, Events, Formula, Frame, Panel, Source, Terms, TimeIndex};
use crate::error::{Error, Result};
use crate::inference::{Covariance, SmallSample, thousands};
use crate::regression::sample::{Sample, WeightKind};
use crate::regression::treated::CODE;

/// Names of columns and choices; models differ in which they let the caller set.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Settings {
    pub(super) exposure: Option<String>,
    pub(super) offset: Option<String>,
    pub(super) weights: Option<(String, WeightKind)>,
    pub(super) covariance: Covariance,
    pub(super) small_sample: SmallSample,
    pub(super) panel: Option<(String, String)>,
    pub(super) keep_singletons: bool,
    /// What the word `Suppressed` stands for in a column of counts.
    pub(super) suppressed: Option<(f64, f64)>,
    /// Columns that bound a count where it is blank.
    pub(super) bounds: Option<(String, String)>,
    /// A refusal that is accepted: its code, and the reason.
    pub(super) accepted: Option<(String, String)>,
    /// What was chosen of a model that has a choice, for the sentence.
    pub(super) choice: Option<String>,
}

/// Where a sample came from: enough to make the same columns of new data, and to find cluster variables.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) formula: Formula,
    pub(super) terms: Terms,
    /// The columns of the endogenous regressors, which follow the others.
    pub(super) endogenous: Option<Terms>,
    pub(super) effects: Effects,
    pub(super) exposure: Option<String>,
    pub(super) offset: Option<String>,
    pub(super) panel: Option<(String, String)>,
    pub(super) frame: Frame,
    /// Unit and period of every row, and the column of periods, where the data knew them.
    pub(super) index: Option<TimeIndex>,
    pub(super) time: Option<String>,
}

/// A sample, where it came from, and what to tell the caller.
pub(super) struct Drawn {
    pub(super) sample: Sample,
    pub(super) origin: Origin,
    pub(super) notes: Vec<String>,
}

impl Settings {
    /// What was set, as the rest of a sentence that names the model.
    fn clauses(&self) -> String {
        let mut clauses = self.choice.as_ref().map_or_else(String::new, |choice| format!(", {choice}"));
        for (what, column) in [("exposure", &self.exposure), ("offset", &self.offset)] {
            if let Some(column) = column {
                clauses += &format!(", {what} {column}");
            }
        }
        if let Some((column, kind)) = &self.weights {
            let kind = if *kind == WeightKind::Frequency { "frequency weights" } else { "weights" };
            clauses += &format!(", {kind} {column}");
        }
        if let Some((unit, time)) = &self.panel {
            clauses += &format!(", panel of {unit} by {time}");
        }
        clauses += &format!(", standard errors {}, small sample {}", self.covariance, self.small_sample);
        if self.keep_singletons {
            clauses += ", singletons kept";
        }
        if let Some((lo, hi)) = self.suppressed {
            clauses += &format!(", suppressed counts from {lo} to {hi}");
        }
        if let Some((lo, hi)) = &self.bounds {
            clauses += &format!(", blank counts from {lo} to {hi}");
        }
        if let Some((code, reason)) = &self.accepted {
            clauses += &format!(", {code} accepted: {reason}");
        }
        clauses
    }

    /// Evaluates the formula on the data. `rates`: without exposure or offset, a panel's population is the exposure.
    pub(super) fn draw(&self, text: &str, source: &dyn Source, rates: bool) -> Result<Drawn> {
        let formula = Formula::parse(text)?;
        if !formula.endogenous().is_empty() {
            return Err(Error::Argument {
                argument: "formula".into(),
                value: format!("`{text}`"),
                must: "without instruments: this model takes all regressors as exogenous".into(),
            });
        }
        let counts = if rates { self.counts(&formula, source)? } else { None };
        self.draw_any(formula, source, rates, counts)
    }

    /// As [`draw`](Self::draw), for formulas with instruments, which must be there.
    pub(super) fn draw_instrumented(&self, text: &str, source: &dyn Source, rates: bool) -> Result<Drawn> {
        let formula = Formula::parse(text)?;
        if formula.endogenous().is_empty() {
            return Err(Error::Argument {
                argument: "formula".into(),
                value: format!("`{text}`"),
                must: "with instruments: outcome ~ regressors | effects | endogenous ~ instruments".into(),
            });
        }
        self.draw_any(formula, source, rates, None)
    }

    /// The outcome's counts, if some of them are known only as intervals.
    fn counts(&self, formula: &Formula, source: &dyn Source) -> Result<Option<Vec<Count>>> {
        let Expression::Column { name, at: At(0) } = formula.outcome() else {
            return match self.suppressed.is_some() || self.bounds.is_some() {
                false => Ok(None),
                true => Err(Error::Argument {
                    argument: "formula".into(),
                    value: format!("the outcome {}", formula.outcome()),
                    must: "a column, where counts are known only as intervals".into(),
                }),
            };
        };
        let declared = source.counts().filter(|_| source.events() == Some(name));
        let mut counts = match declared {
            Some(counts) => counts.to_vec(),
            None if self.suppressed.is_none() && self.bounds.is_none() => return Ok(None),
            None => Vec::new(),
        };
        if self.suppressed.is_some() || self.bounds.is_some() {
            let mut events = Events::new(name).fractional();
            if let Some((lo, hi)) = self.suppressed {
                events = events.suppressed(lo, hi);
            }
            if let Some((lo, hi)) = &self.bounds {
                events = events.bounds(lo, hi);
            }
            let read = events.read(source.frame())?;
            // Of a panel, what is declared there stays, and what is blank there is filled in.
            let known = declared.is_some();
            counts.resize(read.len(), Count::Missing);
            let blank = |count: &Count| !known || matches!(count, Count::Missing);
            counts.iter_mut().zip(read).filter(|(count, _)| blank(count)).for_each(|(to, from)| *to = from);
        }
        Ok(counts.iter().any(|count| matches!(count, Count::Interval { .. })).then_some(counts))
    }

    fn draw_any(
        &self,
        formula: Formula,
        source: &dyn Source,
        rates: bool,
        counts: Option<Vec<Count>>,
    ) -> Result<Drawn> {
        let indexed;
        let source = match &self.panel {
            Some((unit, time)) => {
                indexed = Panel::new(source.frame().clone(), unit, time)?;
                &indexed as &dyn Source
            }
            None => source,
        };
        let mut notes = Vec::new();
        let mut exposure = self.exposure.clone();
        if rates
            && exposure.is_none()
            && self.offset.is_none()
            && let Some(population) = source.population()
        {
            notes.push(format!("exposure: {population}, the panel's population"));
            exposure = Some(population.to_owned());
        }
        let extra = [exposure.as_ref(), self.offset.as_ref(), self.weights.as_ref().map(|(name, _)| name)];
        let mut extras: Vec<&str> = extra.into_iter().flatten().map(String::as_str).collect();
        extras.extend(self.covariance.columns());
        // Any number will do for an interval until the sample takes its ends.
        let numbers = |count: &Count| match *count {
            Count::Exact(y) => y,
            Count::Interval { lo, .. } => lo,
            Count::Missing => f64::NAN,
        };
        let outcome: Option<Vec<f64>> = counts.as_ref().map(|all| all.iter().map(numbers).collect());
        let design = Design::build_for(&formula, source, &extras, outcome.as_deref())?;
        let origin = Origin {
            terms: design.terms().clone(),
            endogenous: design.endogenous.as_ref().map(|block| block.terms.clone()),
            effects: design.effects(),
            formula,
            exposure,
            offset: self.offset.clone(),
            panel: self.panel.clone(),
            frame: source.frame().clone(),
            index: source.index().cloned(),
            time: source.time().map(str::to_owned),
        };
        let number = |name: &String| design.number(source, name);
        let exposures = origin.exposure.as_ref().map(number).transpose()?;
        let offsets = self.offset.as_ref().map(number).transpose()?;
        let weights = self.weights.as_ref().map(|(name, _)| number(name)).transpose()?;
        let counts: Option<Vec<Count>> = counts.map(|all| design.rows.iter().map(|&row| all[row]).collect());
        let mut sample = Sample::from_design(design);
        if let Some(counts) = &counts {
            sample = sample.counts(counts)?;
        }
        if let Some((hidden, least, most)) = sample.hidden() {
            notes.push(format!(
                "{} of {} counts are known only as intervals (from {least} to {most}): the likelihood takes them as such",
                thousands(hidden as f64),
                thousands(sample.rows() as f64)
            ));
        }
        if let (Some(name), Some(values)) = (&origin.exposure, exposures) {
            sample = sample.exposure(name, values)?;
        }
        if let (Some(name), Some(values)) = (&self.offset, offsets) {
            sample = sample.offset(name, values)?;
        }
        if let (Some((name, kind)), Some(values)) = (&self.weights, weights) {
            sample = sample.weights(name, values, *kind)?;
        }
        Ok(Drawn { sample, origin, notes })
    }
}

/// Why clustered tests are wanted where few clusters tell about a coefficient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) reason: String,
}

impl Accepted {
    /// The one code that there is, with a reason.
    pub(super) fn checked(code: &str, reason: &str) -> Result<Self> {
        let refuse = |must: String| {
            Err(Error::Argument { argument: "accept".into(), value: format!("`{code}`"), must })
        };
        if code != CODE {
            return refuse(format!("{CODE}, the refusal of a fit"));
        }
        if reason.trim().is_empty() {
            return refuse("accepted with a reason, in words".into());
        }
        Ok(Self { reason: reason.trim().to_owned() })
    }
}

/// The model and what was set, as a sentence.
pub(super) fn sentence(model: &str, settings: &Settings) -> String {
    format!("{model}{}", settings.clauses())
}

/// The setters that all specifications share, and the sentence that they make.
macro_rules! shared_setters {
    ($specification:ident, $name:literal) => {
        impl std::fmt::Display for $specification {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::regression::settings::sentence($name, &self.settings))
            }
        }

        impl $specification {
            /// Analytic weights: the inverse of each row's variance, up to a constant.
            #[must_use]
            pub fn weights(mut self, column: impl Into<String>) -> Self {
                self.settings.weights = Some((column.into(), $crate::regression::WeightKind::Analytic));
                self
            }

            /// Frequency weights: how many equal observations each row stands for.
            #[must_use]
            pub fn frequency_weights(mut self, column: impl Into<String>) -> Self {
                self.settings.weights = Some((column.into(), $crate::regression::WeightKind::Frequency));
                self
            }

            /// Standard errors clustered by this column; once more for two-way, and so on.
            #[must_use]
            pub fn cluster(mut self, column: impl Into<String>) -> Self {
                use $crate::inference::Covariance;
                match &mut self.settings.covariance {
                    Covariance::Cluster(columns) => columns.push(column.into()),
                    other => *other = Covariance::cluster([column.into()]),
                }
                self
            }

            /// The covariance of the coefficients; classical unless set.
            #[must_use]
            pub fn covariance(mut self, covariance: impl Into<$crate::inference::Covariance>) -> Self {
                self.settings.covariance = covariance.into();
                self
            }

            /// The small-sample convention; fixest's unless set.
            #[must_use]
            pub fn small_sample(mut self, convention: $crate::inference::SmallSample) -> Self {
                self.settings.small_sample = convention;
                self
            }

            /// Accepts a refusal for a reason, which is then printed: `AV18`, clustered p-values of coefficients that fewer
            /// than five clusters tell about. Another code, or no reason, is an error of the fit.
            #[must_use]
            pub fn accept(mut self, code: &str, reason: &str) -> Self {
                self.settings.accepted = Some((code.to_owned(), reason.to_owned()));
                self
            }

            /// Which columns name unit and period, for lags in a plain frame.
            #[must_use]
            pub fn panel(mut self, unit: impl Into<String>, time: impl Into<String>) -> Self {
                self.settings.panel = Some((unit.into(), time.into()));
                self
            }

            /// Keeps rows that are alone in a level of an absorbed effect, which are otherwise left out: they tell
            /// nothing about the coefficients, but count as observations.
            #[must_use]
            pub fn keep_singletons(mut self) -> Self {
                self.settings.keep_singletons = true;
                self
            }
        }
    };
}
pub(super) use shared_setters;

/// The setters that regressions of counts share, with those of the climb.
macro_rules! count_setters {
    ($specification:ident) => {
        impl $specification {
            /// The column or expression that the mean is proportional to: people, person-years.
            #[must_use]
            pub fn exposure(mut self, column: impl Into<String>) -> Self {
                self.settings.exposure = Some(column.into());
                self
            }

            /// A column or expression added to the linear predictor, such as `log(population)`.
            #[must_use]
            pub fn offset(mut self, column: impl Into<String>) -> Self {
                self.settings.offset = Some(column.into());
                self
            }

            /// The word `Suppressed`, in the outcome's column, stands for a count from `lo` to `hi`, which enters the
            /// likelihood as that interval. Counts of a panel that are declared as intervals do so in any case.
            #[must_use]
            pub fn suppressed(mut self, lo: f64, hi: f64) -> Self {
                self.settings.suppressed = Some((lo, hi));
                self
            }

            /// Where the outcome is blank and these two columns are not, it is a count between them.
            #[must_use]
            pub fn bounds(mut self, lo: impl Into<String>, hi: impl Into<String>) -> Self {
                self.settings.bounds = Some((lo.into(), hi.into()));
                self
            }
        }
    };
}
pub(super) use count_setters;

/// The setters of what is climbed by Newton's method.
macro_rules! climb_setters {
    ($specification:ident) => {
        impl $specification {
            /// The root mean square of the last step in the linear predictor; `1e-8` unless set.
            #[must_use]
            pub fn tolerance(mut self, tolerance: f64) -> Self {
                self.limits.tolerance = tolerance;
                self
            }

            /// Newton steps before giving up; 100 unless set.
            #[must_use]
            pub fn max_iterations(mut self, iterations: usize) -> Self {
                self.limits.iterations = iterations;
                self
            }

            /// What a fit that does not converge becomes: an error, or (`note`) the fit as far as it came, with a note.
            /// Its coefficients are then not the maximum of the likelihood.
            #[must_use]
            pub fn note_nonconvergence(mut self, note: bool) -> Self {
                self.limits.note = note;
                self
            }
        }
    };
}
pub(super) use climb_setters;

/// The way in for arrays.
macro_rules! fits_arrays {
    ($specification:ident => $fit:ident $(, $with:literal)?) => {
        impl $specification {
            #[doc = concat!("Fits to arrays", $($with,)? ".")]
            ///
            /// # Errors
            /// As for [`fit`](Self::fit).
            pub fn fit_arrays(&self, sample: $crate::regression::Sample) -> $crate::error::Result<$fit> {
                self.fit_sample(sample, None, Vec::new())
            }
        }
    };
}
pub(super) use fits_arrays;
