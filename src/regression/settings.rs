//! What every specification of the room can be told, and the way from a formula to a sample.

use crate::data::{Design, Effects, Formula, Frame, Panel, Source, Terms, TimeIndex};
use crate::error::{Error, Result};
use crate::inference::{Covariance, SmallSample};
use crate::regression::sample::{Sample, WeightKind};

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
        self.draw_any(formula, source, rates)
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
        self.draw_any(formula, source, rates)
    }

    fn draw_any(&self, formula: Formula, source: &dyn Source, rates: bool) -> Result<Drawn> {
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
        extras.extend(self.covariance.clusters().iter().map(String::as_str));
        let design = Design::build(&formula, source, &extras)?;
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
        let mut sample = Sample::from_design(design);
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
