//! The specification of a response, and the formula that it stands for.

use std::fmt::{self, Display};

use crate::data::formula::Expression;
use crate::data::{Kind, Panel, Spending, quoted};
use crate::error::{Error, Result};
use crate::inference::SmallSample;
use crate::regression::Poisson;
use crate::spending::jackknife::{Errors, MANY, MUCH};
use crate::spending::leads::LeadTest;
use crate::spending::response::{Response, Shifted};

/// A distributed-lag Poisson response of deaths to spending. See the [room's page](crate::spending).
#[derive(Debug, Clone, PartialEq)]
pub struct SpendingResponse {
    spend: Option<String>,
    per_person: bool,
    lags: usize,
    leads: usize,
    controls: String,
    effects: Option<Vec<String>>,
    clusters: Option<Vec<String>>,
    scale: f64,
    small_sample: SmallSample,
    errors: Errors,
}

impl Default for SpendingResponse {
    fn default() -> Self {
        Self {
            spend: None,
            per_person: true,
            lags: 3,
            leads: 0,
            controls: String::new(),
            effects: None,
            clusters: None,
            scale: 1.0,
            small_sample: SmallSample::FIXEST,
            errors: Errors::Auto,
        }
    }
}

/// Money as the formula reads it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Money {
    /// The column's name.
    pub(super) name: String,
    /// Dollars a head, over the scale.
    pub(super) term: String,
    /// Dollars in all.
    pub(super) total: String,
    /// What a unit of it is, in words: a head, and in all. The second is empty where the panel does not know.
    pub(super) kind: String,
    pub(super) sum: String,
}

impl SpendingResponse {
    /// Three lags, no lead, unit and time effects, clustered by unit, the panel's money in single dollars a head.
    pub fn new() -> Self {
        Self::default()
    }

    /// The column of spending. Unless it is money that the panel knows, its numbers are dollars a head.
    #[must_use]
    pub fn spend(mut self, column: impl Into<String>) -> Self {
        self.spend = Some(column.into());
        self
    }

    /// Whether a column that the panel does not know as money is in dollars a head (as it is unless told) or in all.
    #[must_use]
    pub fn per_person(mut self, per_person: bool) -> Self {
        self.per_person = per_person;
        self
    }

    /// The last lag: spending of this and of so many earlier periods.
    #[must_use]
    pub fn lags(mut self, lags: usize) -> Self {
        self.lags = lags;
        self
    }

    /// So many periods of future spending beside it, as placebos.
    #[must_use]
    pub fn leads(mut self, leads: usize) -> Self {
        self.leads = leads;
        self
    }

    /// More regressors, as the right side of a formula: `"log(income) + unemployment"`.
    #[must_use]
    pub fn controls(mut self, terms: impl Into<String>) -> Self {
        self.controls = terms.into();
        self
    }

    /// The absorbed effects, as in a formula; none of them for an empty list. Unit and time unless set.
    #[must_use]
    pub fn effects<S: Into<String>>(mut self, effects: impl IntoIterator<Item = S>) -> Self {
        self.effects = Some(effects.into_iter().map(Into::into).collect());
        self
    }

    /// Columns that standard errors are clustered by; the unit unless set.
    #[must_use]
    pub fn cluster<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.clusters = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Dollars a head that the coefficients are for; 1 unless set.
    #[must_use]
    pub fn scale(mut self, dollars: f64) -> Self {
        self.scale = dollars;
        self
    }

    /// Which standard errors; the jackknife for up to 100 clusters, else clustered, unless set.
    #[must_use]
    pub fn errors(mut self, errors: Errors) -> Self {
        self.errors = errors;
        self
    }

    /// The small-sample convention of the clustered covariance; fixest's unless set.
    #[must_use]
    pub fn small_sample(mut self, convention: SmallSample) -> Self {
        self.small_sample = convention;
        self
    }

    /// Fits it to a panel.
    ///
    /// # Errors
    /// [`Error::Argument`] without events, population or money, for a scale that is not positive, and for more lags and
    /// leads than the panel has periods; [`Error::NothingToEstimate`] when a lag cannot be told from the rest of the
    /// model; those of [`Poisson::fit`].
    pub fn fit(&self, panel: &Panel) -> Result<Response> {
        self.check(panel)?;
        let money = self.money(panel)?;
        let fit = self.model(panel)?.fit(&self.formula_of(&money, panel)?, panel)?;
        Response::new(self.clone(), money, panel, fit)
    }

    /// The lead test: this model with spending of `leads` later periods beside it, which cannot have caused deaths
    /// before it, and the other direction, spending explained by earlier deaths.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit); [`Error::NotPositiveDefinite`] when there are fewer clusters than leads.
    pub fn lead_test(&self, panel: &Panel, leads: usize) -> Result<LeadTest> {
        LeadTest::new(self, panel, leads)
    }

    /// The regression without its formula.
    pub(super) fn model(&self, panel: &Panel) -> Result<Poisson> {
        let model = Poisson::new().small_sample(self.small_sample).exposure(population(panel)?);
        Ok(self.cluster_columns(panel)?.into_iter().fold(model, Poisson::cluster))
    }

    /// The cluster variable to leave out one by one, if the errors are to be those of the jackknife.
    pub(super) fn left_out(&self, panel: &Panel, clusters: usize, rows: usize) -> Result<Option<String>> {
        let columns = self.cluster_columns(panel)?;
        match (self.errors, &columns[..]) {
            (Errors::Auto, [one]) if clusters <= MANY && clusters * rows <= MUCH => Ok(Some(one.clone())),
            (Errors::Jackknife, [one]) => Ok(Some(one.clone())),
            (Errors::Cluster | Errors::Auto, _) => Ok(None),
            (Errors::Jackknife, _) => Err(Error::Argument {
                argument: "errors".into(),
                value: "jackknife".into(),
                must: "`cluster` with several cluster variables: the jackknife leaves out one at a time"
                    .into(),
            }),
        }
    }

    /// Whether errors that cannot be had by the jackknife may be clustered instead.
    pub(super) fn may_fall_back(&self) -> bool {
        self.errors == Errors::Auto
    }

    /// The formula that it stands for.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn formula(&self, panel: &Panel) -> Result<String> {
        self.formula_of(&self.money(panel)?, panel)
    }

    pub(super) fn formula_of(&self, money: &Money, panel: &Panel) -> Result<String> {
        let mut terms = vec![format!("lag({}, {})", money.term, range(0, self.lags))];
        if self.leads > 0 {
            terms.push(format!("lead({}, {})", money.term, range(1, self.leads)));
        }
        if !self.controls.trim().is_empty() {
            terms.push(self.controls.trim().to_owned());
        }
        Ok(format!("{} ~ {}{}", quoted(events(panel)?), terms.join(" + "), self.absorbed(panel)))
    }

    /// `" | state + year"`, or nothing.
    pub(super) fn absorbed(&self, panel: &Panel) -> String {
        let effects = self.effect_names(panel);
        if effects.is_empty() { String::new() } else { format!(" | {}", effects.join(" + ")) }
    }

    pub(super) fn effect_names(&self, panel: &Panel) -> Vec<String> {
        let own = || vec![quoted(panel.unit_name()), quoted(panel.time_name())];
        self.effects.clone().unwrap_or_else(own)
    }

    pub(super) fn cluster_columns(&self, panel: &Panel) -> Result<Vec<String>> {
        let columns = self.clusters.clone().unwrap_or_else(|| vec![panel.unit_name().to_owned()]);
        if columns.is_empty() {
            let must = "at least one column: deaths and money of one unit are never independent".into();
            return Err(Error::Argument { argument: "cluster".into(), value: "nothing".into(), must });
        }
        Ok(columns)
    }

    /// The names of the coefficients of spending, with their shifts: lags from 0, leads below.
    pub(super) fn shifted(&self, money: &Money) -> Result<Vec<Shifted>> {
        let lags = Expression::parse(&format!("lag({}, {})", money.term, range(0, self.lags)))?.columns();
        let named = |(shift, e): (i64, &Expression)| Shifted { shift, name: e.to_string() };
        let mut all: Vec<Shifted> = (0..).zip(&lags).map(named).collect();
        if self.leads > 0 {
            let leads =
                Expression::parse(&format!("lead({}, {})", money.term, range(1, self.leads)))?.columns();
            all.extend((1..).zip(&leads).map(|(k, e)| named((-k, e))));
        }
        Ok(all)
    }

    pub(super) fn money(&self, panel: &Panel) -> Result<Money> {
        let people = quoted(population(panel)?);
        if let Some(known) = self.declared(panel)? {
            let total = quoted(&known.total);
            let head =
                if known.kind.per_person { quoted(&known.name) } else { format!("{total} / {people}") };
            let kind = Kind { per_person: true, ..known.kind };
            let (term, name) = (self.scaled(&head), known.name.clone());
            let sum = Kind { per_person: false, ..known.kind }.to_string();
            return Ok(Money { name, term, total, kind: kind.to_string(), sum });
        }
        let Some(name) = &self.spend else {
            return Err(Error::Argument {
                argument: "spend".into(),
                value: "nothing".into(),
                must: "a column of spending, because the panel knows of no money".into(),
            });
        };
        panel.frame().number(name)?;
        let column = quoted(name);
        let (head, total) = match self.per_person {
            true => (column.clone(), format!("I({column} * {people})")),
            false => (format!("{column} / {people}"), column.clone()),
        };
        let kind = if self.per_person { format!("{name} a head") } else { format!("{name} over {people}") };
        Ok(Money { name: name.clone(), term: self.scaled(&head), total, kind, sum: String::new() })
    }

    /// The panel's own money that is meant, if it is some of that.
    fn declared<'a>(&self, panel: &'a Panel) -> Result<Option<&'a Spending>> {
        let all = panel.spending();
        match (&self.spend, all) {
            (Some(name), _) => Ok(all.iter().find(|s| s.name == *name)),
            (None, [] | [_]) => Ok(all.first()),
            (None, _) => Err(Error::Argument {
                argument: "spend".into(),
                value: "nothing".into(),
                must: format!(
                    "one of the panel's moneys: {}",
                    all.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ")
                ),
            }),
        }
    }

    /// Spending a head as an expression, in single dollars.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn per_head(&self, panel: &Panel) -> Result<String> {
        Ok(Self { scale: 1.0, ..self.clone() }.money(panel)?.term)
    }

    /// The expression over the scale.
    fn scaled(&self, head: &str) -> String {
        if self.scale == 1.0 { head.to_owned() } else { format!("({head}) / {}", self.scale) }
    }

    fn check(&self, panel: &Panel) -> Result<()> {
        if !(self.scale > 0.0 && self.scale.is_finite()) {
            return Err(Error::Argument {
                argument: "scale".into(),
                value: self.scale.to_string(),
                must: "dollars a head above zero".into(),
            });
        }
        let periods = panel.index().span().map_or(0, |(first, last)| first.abs_diff(last) + 1);
        if (self.lags as u64).saturating_add(self.leads as u64) >= periods {
            return Err(Error::Argument {
                argument: "lags and leads".into(),
                value: format!("{} and {}", self.lags, self.leads),
                must: format!("together fewer than the panel's {periods} periods"),
            });
        }
        Ok(())
    }

    /// The last lag.
    pub fn last_lag(&self) -> usize {
        self.lags
    }

    /// How many leads.
    pub fn lead_count(&self) -> usize {
        self.leads
    }

    /// Dollars a head that the coefficients are for.
    pub fn dollars(&self) -> f64 {
        self.scale
    }

    /// The absorbed effects by name, and the controls if there are any.
    pub fn net_of(&self, panel: &Panel) -> (Vec<String>, Option<String>) {
        let controls = self.controls.trim();
        let controls = if controls.is_empty() { None } else { Some(controls.to_owned()) };
        (self.effect_names(panel), controls)
    }

    /// Whether anything but spending explains deaths: effects or controls.
    pub fn is_adjusted(&self) -> bool {
        self.effects.as_ref().is_none_or(|e| !e.is_empty()) || !self.controls.trim().is_empty()
    }
}

impl Display for SpendingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spend = self.spend.as_deref().unwrap_or("the panel's money");
        write!(f, "Poisson response of deaths to {spend}, lags 0 to {}", self.lags)?;
        if self.leads > 0 {
            write!(f, ", leads 1 to {}", self.leads)?;
        }
        match &self.effects {
            None => f.write_str(", unit and time effects")?,
            Some(effects) if effects.is_empty() => f.write_str(", no effects")?,
            Some(effects) => write!(f, ", effects {}", effects.join(" + "))?,
        }
        if !self.controls.trim().is_empty() {
            write!(f, ", controls {}", self.controls.trim())?;
        }
        Ok(())
    }
}

/// `0:3`, or one number where the ends are the same.
fn range(first: usize, last: usize) -> String {
    if first == last { first.to_string() } else { format!("{first}:{last}") }
}

pub(super) fn events(panel: &Panel) -> Result<&str> {
    panel.events_name().ok_or_else(|| undeclared("events", "deaths"))
}

pub(super) fn population(panel: &Panel) -> Result<&str> {
    panel.population_name().ok_or_else(|| undeclared("population", "people at risk"))
}

fn undeclared(argument: &str, what: &str) -> Error {
    let must = format!("declared on the panel: the column of {what}");
    Error::Argument { argument: argument.into(), value: "nothing".into(), must }
}
