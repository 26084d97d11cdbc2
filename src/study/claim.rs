//! The sentence that may be published.
//!
//! | level | a result is | verb |
//! | --- | --- | --- |
//! | L0 | described: no model compares | were |
//! | L1 | associated: nothing else is held fixed | was associated with |
//! | L2 | an adjusted association: effects or controls | was associated with, after … |
//! | L3 | quasi-experimental: a named design, its checks passed | is estimated to have averted |
//! | L4 | randomised | averted |
//!
//! A regression of deaths on spending is at L1 or L2 whatever its p-value; a design that is named, with its checks, lifts
//! it. A lead test that fails keeps it at L2, and is said. A result whose interval holds zero is said as one, with the
//! smallest effect that the design could have detected. The sentence holds estimates per sum of money and no count of a
//! cell, so that no small count can be read off it.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::inference::{significant, thousands};
use crate::spending::{Averted, LeadTest, Response};

/// A rung of the claim ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// L0.
    Described,
    /// L1.
    Associated,
    /// L2.
    Adjusted,
    /// L3.
    QuasiExperimental,
    /// L4.
    Randomised,
}

impl Level {
    /// `L0` to `L4`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Described => "L0",
            Self::Associated => "L1",
            Self::Adjusted => "L2",
            Self::QuasiExperimental => "L3",
            Self::Randomised => "L4",
        }
    }

    /// Its name.
    pub fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Described, Language::English) => "described",
            (Self::Associated, Language::English) => "associated",
            (Self::Adjusted, Language::English) => "adjusted association",
            (Self::QuasiExperimental, Language::English) => "quasi-experimental",
            (Self::Randomised, Language::English) => "randomised",
            (Self::Described, Language::Spanish) => "descrito",
            (Self::Associated, Language::Spanish) => "asociado",
            (Self::Adjusted, Language::Spanish) => "asociación ajustada",
            (Self::QuasiExperimental, Language::Spanish) => "cuasiexperimental",
            (Self::Randomised, Language::Spanish) => "aleatorizado",
        }
    }

    fn is_causal(self) -> bool {
        self >= Self::QuasiExperimental
    }
}

/// The language of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// `en`.
    #[default]
    English,
    /// `es`.
    Spanish,
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "en" => Ok(Self::English),
            "es" => Ok(Self::Spanish),
            _ => {
                let must = "\"en\" or \"es\"".into();
                Err(Error::Argument { argument: "lang".into(), value: format!("`{text}`"), must })
            }
        }
    }
}

/// Why spending moved for reasons other than deaths, and the checks of that.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The design's name: "border discontinuity", "lottery".
    pub name: String,
    /// Its checks, and whether they passed.
    pub checks: Vec<(String, bool)>,
    /// Whether spending was assigned at random.
    pub randomised: bool,
}

impl Design {
    /// The level that it lifts a result to, or why it does not.
    fn level(&self) -> std::result::Result<Level, String> {
        if self.randomised {
            return Ok(Level::Randomised);
        }
        let failed: Vec<&str> =
            self.checks.iter().filter(|(_, passed)| !passed).map(|(name, _)| name.as_str()).collect();
        match (self.checks.is_empty(), failed.is_empty()) {
            (true, _) => Err(format!("the design \"{}\" names no check", self.name)),
            (_, false) => {
                Err(format!("the design \"{}\" fails its checks: {}", self.name, failed.join(", ")))
            }
            _ => Ok(Level::QuasiExperimental),
        }
    }
}

/// A sentence with its level.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The rung of the ladder.
    pub level: Level,
    /// The sentence.
    pub sentence: String,
    /// Its language.
    pub language: Language,
    /// Why it stands no higher.
    pub limits: Vec<String>,
}

impl Claim {
    /// The sentence for a response, its deaths averted, its lead test if one was run, and the design behind it if one is
    /// named.
    pub fn new(
        response: &Response,
        averted: &Averted,
        test: Option<&LeadTest>,
        design: Option<&Design>,
        language: Language,
    ) -> Self {
        let mut limits = Vec::new();
        let plain = if response.specification().is_adjusted() { Level::Adjusted } else { Level::Associated };
        let lifted = match design {
            None => {
                limits.push(
                    "no design is named in which spending moves for reasons other than deaths".to_owned(),
                );
                plain
            }
            Some(design) => design.level().unwrap_or_else(|why| {
                limits.push(why);
                plain
            }),
        };
        let level = match test {
            Some(test) if test.failed() && lifted != Level::Randomised => {
                limits.push(format!("the lead test fails (p = {})", probability(test.leads.p_value)));
                lifted.min(Level::Adjusted)
            }
            None if lifted == Level::QuasiExperimental => {
                limits.push("the lead test was not run".into());
                plain
            }
            _ => lifted,
        };
        let facts = Facts { response, averted, test, design, level };
        let sentence = match language {
            Language::English => english(&facts),
            Language::Spanish => spanish(&facts),
        };
        Self { level, sentence, language, limits }
    }
}

impl Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}: {}] {}", self.level.code(), self.level.name(self.language), self.sentence)
    }
}

/// What a sentence is made of.
struct Facts<'a> {
    response: &'a Response,
    averted: &'a Averted,
    test: Option<&'a LeadTest>,
    design: Option<&'a Design>,
    level: Level,
}

impl Facts<'_> {
    fn events(&self) -> String {
        self.response.panel().events_name().unwrap_or_default().replace('_', " ")
    }

    /// Units, first and last period.
    fn extent(&self) -> (String, String, String) {
        let extent = self.response.sample();
        let label = |period| self.response.panel().label(period);
        (thousands(extent.units as f64), label(extent.from), label(extent.to))
    }

    /// What the money is, in parentheses, where the panel knows.
    fn kind(&self, words: impl Fn(&str) -> String) -> String {
        match self.response.sum() {
            "" => String::new(),
            kind => format!(" ({})", words(kind)),
        }
    }

    fn unit(&self) -> String {
        self.response.panel().unit_name().replace('_', " ")
    }

    /// Whether the interval holds zero.
    fn is_null(&self) -> bool {
        let row = &self.averted.estimate;
        row.lower <= 0.0 && row.upper >= 0.0
    }

    fn per(&self) -> String {
        thousands(self.averted.per)
    }

    /// The smallest detectable number per sum, and share of all deaths from all of the money; nothing beyond all.
    fn detectable(&self) -> (String, Option<String>) {
        let share = self.averted.percent_detectable();
        (number(self.averted.detectable), (share <= 100.0).then(|| number(share)))
    }

    /// The level of the interval, in per cent.
    fn percent(&self) -> f64 {
        (1e4 * self.averted.level).round() / 100.0
    }

    /// What the association is net of: `country and year effects, unemployment`.
    fn net_of(&self, and: &str, effects: &str) -> String {
        let (absorbed, controls) = self.response.specification().net_of(self.response.panel());
        let mut parts = Vec::new();
        if !absorbed.is_empty() {
            parts.push(effects.replace("{}", &absorbed.join(and)));
        }
        parts.extend(controls);
        parts.join(", ")
    }
}

/// Three digits, thousands apart, without a sign.
fn number(x: f64) -> String {
    let x = x.abs();
    if x >= 1e4 { thousands(x) } else { significant(x, 3) }
}

fn probability(p: f64) -> String {
    if p < 1e-3 { "<0.001".into() } else { format!("{p:.3}") }
}

fn english(facts: &Facts<'_>) -> String {
    let side = |x: f64| format!("{} {}", number(x), if x < 0.0 { "more" } else { "fewer" });
    let row = &facts.averted.estimate;
    let percent = facts.percent();
    let interval = format!("{percent} % interval {} to {}", side(row.lower), side(row.upper));
    let (units, from, to) = facts.extent();
    let (events, per, spend) = (facts.events(), facts.per(), facts.response.spend());
    let place = format!("Across {units} units ({}), {from} to {to}", facts.unit());
    let after = match facts.level {
        Level::Described | Level::Associated => String::new(),
        _ => format!(", net of {}", facts.net_of(" and ", "{} effects")),
    };
    let under =
        facts.design.map_or_else(String::new, |design| format!(", under the design \"{}\"", design.name));
    let money = format!("{per} of {spend}{}", facts.kind(str::to_owned));
    let mut out = match (facts.is_null(), facts.level.is_causal()) {
        (true, false) => format!(
            "{place}, no association was found between {spend} and {events}: {money} went with {} {events} \
             ({interval}){after}.",
            side(row.estimate)
        ),
        (true, true) => format!(
            "{place}, no effect of {spend} on {events} was found{under}: {money} is estimated at {} {events} \
             ({interval}).",
            side(row.estimate)
        ),
        (false, false) => format!(
            "{place}, each {money} was associated with {} {events} ({interval}){after}.",
            side(row.estimate)
        ),
        (false, true) => {
            let verb = match (facts.level, row.estimate > 0.0) {
                (Level::Randomised, true) => "averted",
                (Level::Randomised, false) => "added",
                (_, true) => "is estimated to have averted",
                (_, false) => "is estimated to have added",
            };
            format!("{place}, each {money} {verb} {} {events} ({interval}){under}.", number(row.estimate))
        }
    };
    let (mde, share) = facts.detectable();
    let all = share.map_or_else(String::new, |s| format!(", or {s} % of all {events} from all of the money"));
    out += &format!(
        " The design could have detected {mde} per {per} or more{all}; smaller effects are neither shown nor excluded."
    );
    if let Some(test) = facts.test {
        if test.failed() {
            out += &format!(
                " Later spending \"explains\" these {events} as well (lead test, p {}), which it cannot have caused: the \
                 association must not be read as an effect.",
                equals(test.leads.p_value)
            );
        }
        if test.follows() {
            out += &format!(" Spending follows earlier {events} (p {}).", equals(test.reverse.p_value));
        }
    }
    if !facts.level.is_causal() {
        out += " This is an association, not evidence that the spending caused it.";
    }
    out
}

fn spanish(facts: &Facts<'_>) -> String {
    let side = |x: f64| format!("{} {}", number(x), if x < 0.0 { "más" } else { "menos" });
    let row = &facts.averted.estimate;
    let percent = facts.percent();
    let interval = format!("intervalo del {percent} %: de {} a {}", side(row.lower), side(row.upper));
    let (units, from, to) = facts.extent();
    let (events, per, spend) = (facts.events(), facts.per(), facts.response.spend());
    let place = format!("En {units} unidades ({}), de {from} a {to}", facts.unit());
    let after = match facts.level {
        Level::Described | Level::Associated => String::new(),
        _ => format!(", descontados {}", facts.net_of(" y ", "los efectos de {}")),
    };
    let under = facts.design.map_or_else(String::new, |design| format!(", con el diseño «{}»", design.name));
    let money = format!("{per} de {spend}{}", facts.kind(in_spanish));
    let outcome = |x: f64| format!("{} «{events}»", side(x));
    let mut out = match (facts.is_null(), facts.level.is_causal()) {
        (true, false) => format!(
            "{place}, no se halló asociación entre {spend} y «{events}»: {money} coincidieron con {} ({interval}){after}.",
            outcome(row.estimate)
        ),
        (true, true) => format!(
            "{place}, no se halló efecto de {spend} sobre «{events}»{under}: se estima que {money} equivalen a {} \
             ({interval}).",
            outcome(row.estimate)
        ),
        (false, false) => {
            format!("{place}, cada {money} se asoció con {} ({interval}){after}.", outcome(row.estimate))
        }
        (false, true) => {
            let verb = match (facts.level, row.estimate > 0.0) {
                (Level::Randomised, true) => "evitó",
                (Level::Randomised, false) => "añadió",
                (_, true) => "evitó, según se estima,",
                (_, false) => "añadió, según se estima,",
            };
            format!("{place}, cada {money} {verb} {} «{events}» ({interval}){under}.", number(row.estimate))
        }
    };
    let (mde, share) = facts.detectable();
    let all = share
        .map_or_else(String::new, |s| format!(", o el {s} % de todos los «{events}» con todo el dinero"));
    out += &format!(
        " El diseño habría podido detectar {mde} o más por cada {per}{all}; efectos menores ni se muestran ni se excluyen."
    );
    if let Some(test) = facts.test {
        if test.failed() {
            out += &format!(
                " El gasto posterior también «explica» estos «{events}» (prueba de adelantos, p {}), que no pudo causar: \
                 la asociación no debe leerse como efecto.",
                equals(test.leads.p_value)
            );
        }
        if test.follows() {
            out +=
                &format!(" El gasto sigue a los «{events}» anteriores (p {}).", equals(test.reverse.p_value));
        }
    }
    if !facts.level.is_causal() {
        out += " Es una asociación, no prueba de que el gasto sea la causa.";
    }
    out
}

/// `= 0.012` or `< 0.001`.
fn equals(p: f64) -> String {
    if p < 1e-3 { "< 0.001".into() } else { format!("= {p:.3}") }
}

/// The words for kinds of money.
fn in_spanish(kind: &str) -> String {
    const WORDS: &[(&str, &str)] = &[
        ("US dollars", "dólares de EE. UU."),
        ("Mexican pesos", "pesos mexicanos"),
        ("a head", "por persona"),
        ("stage not stated", "etapa no declarada"),
        ("requested", "solicitados"),
        ("appropriated", "asignados"),
        ("obligated", "comprometidos"),
        ("disbursed", "desembolsados"),
        ("expended", "gastados"),
        ("calendar years", "años calendario"),
        ("fiscal years from", "años fiscales desde"),
        ("quarters", "trimestres"),
        ("months", "meses"),
        ("nominal", "nominales:"),
    ];
    WORDS.iter().fold(kind.to_owned(), |text, (english, spanish)| text.replace(english, spanish))
}
