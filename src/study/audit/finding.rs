//! What the audit finds, and how it prints.

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::inference::{Cell, Table, significant};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// True, and to be known.
    Note,
    /// It can change the answer.
    Warn,
    /// The number would be meaningless; accept it with a reason to go on.
    Refuse,
}

impl Severity {
    /// `note`, `warn` or `refuse`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }
}

/// A number that a finding rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What was measured.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Its unit, empty for a plain number.
    pub unit: &'static str,
}

impl Measured {
    pub(super) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit }
    }
}

impl Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.value.fract() == 0.0 && self.value.abs() < 1e15;
        let value = if whole { format!("{}", self.value) } else { significant(self.value, 3) };
        write!(f, "{} {value}", self.name)?;
        if self.unit.is_empty() { Ok(()) } else { write!(f, " {}", self.unit) }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The stable code.
    pub code: &'static str,
    /// The pitfall.
    pub title: &'static str,
    /// How grave it is here.
    pub severity: Severity,
    /// The numbers it rests on, the main one first.
    pub measured: Vec<Measured>,
    /// What was seen, in words.
    pub evidence: String,
    /// What was done about it by default.
    pub action: String,
    /// What the caller can do.
    pub remedy: String,
    /// The reason for which the caller accepts it.
    pub accepted: Option<String>,
}

impl Finding {
    /// The numbers in one line.
    pub fn numbers(&self) -> String {
        self.measured.iter().map(Measured::to_string).collect::<Vec<_>>().join("; ")
    }
}

/// All findings of one audit, gravest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Audit {
    /// The findings.
    pub findings: Vec<Finding>,
    /// Codes that were looked for and not found.
    pub clear: Vec<&'static str>,
    /// Codes that could not be looked for, and why.
    pub skipped: Vec<(&'static str, String)>,
}

impl Audit {
    /// The first finding with this code.
    pub fn finding(&self, code: &str) -> Option<&Finding> {
        self.findings.iter().find(|f| f.code == code)
    }

    /// Findings that forbid the number and are not accepted.
    pub fn refused(&self) -> Vec<&Finding> {
        let refuses = |f: &&Finding| f.severity == Severity::Refuse && f.accepted.is_none();
        self.findings.iter().filter(refuses).collect()
    }

    /// Nothing, unless a finding refuses.
    ///
    /// # Errors
    /// [`Error::Refused`] with the first that does.
    pub fn permit(&self) -> Result<()> {
        match self.refused().first() {
            None => Ok(()),
            Some(f) => {
                let why = format!("{} ({}) {}", f.evidence, f.numbers(), f.remedy);
                Err(Error::Refused { code: f.code, why })
            }
        }
    }

    /// As a table: the findings with their main number; the other numbers and the words stand under it.
    pub fn table(&self) -> Table {
        let count = |s| self.findings.iter().filter(|f| f.severity == s).count();
        let title = format!(
            "Audit: {} refused, {} warnings, {} notes",
            count(Severity::Refuse),
            count(Severity::Warn),
            count(Severity::Note)
        );
        let mut table = Table::new(&["code", "severity", "finding", "measured"]).title(title);
        let main = |f: &Finding| f.measured.first().map(Measured::to_string).unwrap_or_default();
        for f in &self.findings {
            let severity = match &f.accepted {
                Some(_) => format!("{}, accepted", f.severity.word()),
                None => f.severity.word().to_owned(),
            };
            let cells = [f.code.to_owned(), severity, f.title.to_owned(), main(f)];
            table.push(cells.into_iter().map(Cell::Text).collect());
        }
        for f in &self.findings {
            let numbers = f.numbers();
            table = table
                .note(format!("{}: {} ({numbers}.) Done: {}. {}", f.code, f.evidence, f.action, f.remedy));
            if let Some(reason) = &f.accepted {
                table = table.note(format!("{} accepted: {reason}", f.code));
            }
        }
        if !self.clear.is_empty() {
            table = table.note(format!("Looked for and not found: {}", self.clear.join(", ")));
        }
        for (code, why) in &self.skipped {
            table = table.note(format!("{code} not looked for: {why}"));
        }
        table
    }
}

impl Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}
