//! What a specification that wraps another needs: any family behind one trait, and data with more columns.

use super::fit::{Fit, Model};
use super::iv::{Instrumented, Iv};
use super::logit::{Logit, Shares};
use super::negative_binomial::{NegativeBinomial, Overdispersed};
use super::ols::{LeastSquares, Ols};
use super::poisson::{Counts, Poisson};
use super::settings::Settings;
use crate::data::{Count, Frame, Panel, Source, TimeIndex, quoted};
use crate::error::{Error, Result};

/// A specification of the room that fits a formula: what [`DistributedLag`](super::DistributedLag) and
/// [`LocalProjection`](super::LocalProjection) wrap.
pub trait Regression: Clone + Sync {
    /// What its fit has of its own.
    type Model: Model + Send + Sync;

    /// Whether its formula has instruments.
    #[doc(hidden)]
    const INSTRUMENTED: bool;

    /// Fits a formula to data.
    ///
    /// # Errors
    /// Those of the specification's own `fit`.
    fn fit_formula(&self, formula: &str, data: &dyn Source) -> Result<Fit<Self::Model>>;

    /// What it was told.
    #[doc(hidden)]
    fn told(&self) -> Told<'_>;

    /// The same, told otherwise.
    #[doc(hidden)]
    #[must_use]
    fn retold(self, change: Change) -> Self;
}

/// What a wrapper must know of the specification that it wraps.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The columns of unit and time, for lags in a plain frame.
    pub panel: Option<&'a (String, String)>,
    /// Whether the mean is proportional to an exposure, and of a panel to its population.
    pub rates: bool,
    /// The exposure.
    pub exposure: Option<&'a str>,
    /// The offset.
    pub offset: Option<&'a str>,
    /// Whether standard errors are classical.
    pub classical: bool,
}

/// What a wrapper may change.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub enum Change {
    /// The exposure, by expression.
    Exposure(String),
    /// The offset, by expression.
    Offset(String),
    /// Standard errors robust to heteroskedasticity.
    Robust,
}

impl Settings {
    fn told(&self, rates: bool) -> Told<'_> {
        Told {
            panel: self.panel.as_ref(),
            rates,
            exposure: self.exposure.as_deref(),
            offset: self.offset.as_deref(),
            classical: self.covariance == crate::inference::Covariance::Classical,
        }
    }

    fn retell(&mut self, change: Change) {
        match change {
            Change::Exposure(text) => self.exposure = Some(text),
            Change::Offset(text) => self.offset = Some(text),
            Change::Robust => self.covariance = crate::inference::Covariance::Robust,
        }
    }
}

/// Implements the trait for a specification with `settings`.
macro_rules! wrapped {
    ($specification:ident, $model:ident, $rates:literal, $instrumented:literal) => {
        impl Regression for $specification {
            type Model = $model;
            const INSTRUMENTED: bool = $instrumented;

            fn fit_formula(&self, formula: &str, data: &dyn Source) -> Result<Fit<Self::Model>> {
                self.fit(formula, data)
            }

            fn told(&self) -> Told<'_> {
                self.settings.told($rates)
            }

            fn retold(mut self, change: Change) -> Self {
                self.settings.retell(change);
                self
            }
        }
    };
}

wrapped!(Ols, LeastSquares, false, false);
wrapped!(Poisson, Counts, true, false);
wrapped!(NegativeBinomial, Overdispersed, true, false);
wrapped!(Logit, Shares, false, false);
wrapped!(Iv, Instrumented, false, true);

/// Data with more columns than they came with.
#[derive(Debug, Clone)]
pub(super) struct Widened {
    frame: Frame,
    index: Option<TimeIndex>,
    counts: Option<Vec<Count>>,
    roles: [Option<String>; 4],
}

impl Widened {
    /// The data as they are, with the unit and time that a specification names.
    pub(super) fn new(source: &dyn Source, panel: Option<&(String, String)>) -> Result<Self> {
        let owned = |name: Option<&str>| name.map(str::to_owned);
        let (index, unit, time) = match panel {
            Some((unit, time)) => {
                let panel = Panel::new(source.frame().clone(), unit, time)?;
                (Some(panel.index().clone()), Some(unit.clone()), Some(time.clone()))
            }
            None => (source.index().cloned(), owned(source.unit()), owned(source.time())),
        };
        let roles = [unit, time, owned(source.events()), owned(source.population())];
        let counts = source.counts().map(<[Count]>::to_vec);
        Ok(Self { frame: source.frame().clone(), index, counts, roles })
    }

    /// With one more column of numbers; its name must not be taken.
    pub(super) fn add(&mut self, name: &str, values: Vec<f64>) -> Result<()> {
        if self.frame.has(name) {
            return Err(Error::Argument {
                argument: "data".into(),
                value: format!("a column `{name}`"),
                must: "without that name, which is needed here".into(),
            });
        }
        self.frame = std::mem::take(&mut self.frame).with_number(name, values)?;
        Ok(())
    }

    /// The index, or an error that says what is missing.
    pub(super) fn indexed(&self, what: &str) -> Result<&TimeIndex> {
        self.index.as_ref().ok_or_else(|| Error::Argument {
            argument: "data".into(),
            value: "a plain frame".into(),
            must: format!("a Panel, or with panel(unit, time) set: {what} join by time within the unit"),
        })
    }
}

impl Source for Widened {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn index(&self) -> Option<&TimeIndex> {
        self.index.as_ref()
    }

    fn unit(&self) -> Option<&str> {
        self.roles[0].as_deref()
    }

    fn time(&self) -> Option<&str> {
        self.roles[1].as_deref()
    }

    fn events(&self) -> Option<&str> {
        self.roles[2].as_deref()
    }

    fn counts(&self) -> Option<&[Count]> {
        self.counts.as_deref()
    }

    fn population(&self) -> Option<&str> {
        self.roles[3].as_deref()
    }
}

/// A formula with more terms among its regressors.
pub(super) fn with_terms(formula: &str, terms: &[String]) -> String {
    if terms.is_empty() {
        return formula.to_owned();
    }
    let mut quotes = false;
    let bar = formula.char_indices().find(|&(_, c)| {
        quotes ^= c == '`';
        c == '|' && !quotes
    });
    let (regressors, rest) = formula.split_at(bar.map_or(formula.len(), |(at, _)| at));
    format!("{} + {} {rest}", regressors.trim_end(), terms.join(" + ")).trim_end().to_owned()
}

/// The coefficient of a term, or an error with what the fit says of it.
pub(super) fn coefficient<M: Model>(fit: &Fit<M>, term: &str) -> Result<usize> {
    fit.shared.estimate.names.iter().position(|name| name == term).ok_or_else(|| {
        let said = fit.notes().into_iter().filter(|note| note.starts_with(term)).collect::<Vec<_>>();
        let why =
            if said.is_empty() { format!("there is no coefficient of {term}") } else { said.join("; ") };
        Error::NothingToEstimate { why }
    })
}

/// A column's name as a term, and thus as the name of its coefficient.
pub(super) fn term(name: &str) -> String {
    quoted(name)
}
