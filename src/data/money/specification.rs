//! What a column of money is, and what it is to become.

use std::fmt::{self, Display};

use crate::data::calendar::Frequency;
use crate::data::money::kind::{Currency, Kind, Prices, Stage};

/// A column of money: what it is as it came, and what it is to be.
///
/// Amounts are whole units of currency (dollars, not thousands) a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Money {
    pub(super) column: String,
    pub(super) name: String,
    pub(super) currency: Currency,
    pub(super) stage: Option<Stage>,
    pub(super) fiscal_year_start: Option<u8>,
    pub(super) prices: Prices,
    pub(super) real: Option<i32>,
    pub(super) to: Option<Currency>,
    pub(super) per_person: bool,
}

impl Money {
    /// Nominal US dollars of this column, by the panel's own periods, to be called `spend`, a head.
    pub fn new(column: impl Into<String>) -> Self {
        Self {
            column: column.into(),
            name: "spend".into(),
            currency: Currency::Usd,
            stage: None,
            fiscal_year_start: None,
            prices: Prices::Nominal,
            real: None,
            to: None,
            per_person: true,
        }
    }

    /// The name of the series in formulas; its totals are `<name>_total`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The currency it came in.
    #[must_use]
    pub fn currency(mut self, currency: Currency) -> Self {
        self.currency = currency;
        self
    }

    /// How far the money has come.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }

    /// The amounts are of years that begin in this month (1 to 12) and are named by the year they end in: 10 for the
    /// US federal government, 7 for most states, 1 for calendar years. Left out: the panel's own periods.
    #[must_use]
    pub fn fiscal_year_start(mut self, month: u8) -> Self {
        self.fiscal_year_start = Some(month);
        self
    }

    /// The prices it came at.
    #[must_use]
    pub fn prices(mut self, prices: Prices) -> Self {
        self.prices = prices;
        self
    }

    /// To be at the prices of this calendar year.
    #[must_use]
    pub fn real(mut self, year: i32) -> Self {
        self.real = Some(year);
        self
    }

    /// To be in this currency.
    #[must_use]
    pub fn to(mut self, currency: Currency) -> Self {
        self.to = Some(currency);
        self
    }

    /// To be a head of the panel's population (or in total).
    #[must_use]
    pub fn per_person(mut self, per_person: bool) -> Self {
        self.per_person = per_person;
        self
    }
}

/// `aid_disbursed_usd (nominal US dollars, disbursed, fiscal years from October) as spend (2020 US dollars a head)`.
impl Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |currency: Currency, prices, per_person| {
            let calendar = Frequency::Year;
            Kind { stage: None, currency, prices, calendar, per_person }.unit()
        };
        write!(f, "{} ({}", self.column, words(self.currency, self.prices, false))?;
        if let Some(stage) = self.stage {
            write!(f, ", {stage}")?;
        }
        if let Some(calendar) = self.fiscal_year_start.and_then(|month| Frequency::fiscal_year(month).ok()) {
            write!(f, ", {calendar}")?;
        }
        let prices = self.real.map_or(self.prices, Prices::Real);
        write!(f, ") as {} ({})", self.name, words(self.to.unwrap_or(self.currency), prices, self.per_person))
    }
}

/// A series of spending of a panel: what it was and what it now is.
#[derive(Debug, Clone, PartialEq)]
pub struct Spending {
    /// The column of the panel's frame that formulas use.
    pub name: String,
    /// The column with the totals a period.
    pub total: String,
    /// The caller's column (several, joined by ` + `, for a sum).
    pub column: String,
    /// What came in.
    pub given: Kind,
    /// What it now is.
    pub kind: Kind,
    /// True things about how it came to be.
    pub notes: Vec<String>,
}
