//! Which rows can be used, and why the others cannot.

use crate::data::design::evaluate::{Evaluator, Gap};
use crate::data::factor::MISSING;
use crate::data::formula::Expression;

/// Rows left out, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The reason, naming the column.
    pub cause: String,
    /// How many rows.
    pub count: usize,
    /// The first of them.
    pub first_row: usize,
}

/// The part that a column plays, for the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Outcome,
    Regressor,
    Effect,
}

impl Part {
    fn missing(self, name: &str) -> String {
        match self {
            Self::Outcome => format!("missing outcome {name}"),
            Self::Regressor => format!("missing {name}"),
            Self::Effect => format!("missing effect {name}"),
        }
    }
}

/// The rows so far. A row goes for the first reason met, in the order of the formula.
pub(super) struct Rows {
    /// Empty as long as every row stays.
    gone: Vec<bool>,
    count: usize,
    pub(super) dropped: Vec<Dropped>,
}

impl Rows {
    pub(super) fn all(rows: usize) -> Self {
        Self { gone: Vec::new(), count: rows, dropped: Vec::new() }
    }

    /// Without the rows where the expression has no number.
    pub(super) fn need(
        &mut self,
        part: Part,
        evaluator: &Evaluator<'_>,
        expression: &Expression,
        values: &[f64],
    ) {
        // Without a way out of the loop, which is then many values a step.
        if !values.iter().fold(false, |any, v| any | v.is_nan()) {
            return;
        }
        // The reason of the row before is very often the reason of this one: no text is made for it.
        let mut last: Option<(Gap, usize)> = None;
        for (row, _) in values.iter().enumerate().filter(|(_, v)| v.is_nan()) {
            if !self.take_out(row) {
                continue;
            }
            let gap = evaluator.gap(expression, row).unwrap_or_else(|| Gap::Missing(expression.to_string()));
            let slot = match &last {
                Some((same, slot)) if *same == gap => *slot,
                _ => self.slot(gap.cause(part), row),
            };
            self.dropped[slot].count += 1;
            last = Some((gap, slot));
        }
    }

    /// Without the rows that have no level.
    pub(super) fn need_level(&mut self, part: Part, name: &str, codes: &[u32]) {
        if !codes.iter().fold(false, |any, code| any | code.eq(&MISSING)) {
            return;
        }
        let mut slot = None;
        for (row, _) in codes.iter().enumerate().filter(|(_, code)| **code == MISSING) {
            if self.take_out(row) {
                let slot = *slot.get_or_insert_with(|| self.slot(part.missing(name), row));
                self.dropped[slot].count += 1;
            }
        }
    }

    /// Whether the row was still there.
    fn take_out(&mut self, row: usize) -> bool {
        if self.gone.is_empty() {
            self.gone = vec![false; self.count];
        }
        !std::mem::replace(&mut self.gone[row], true)
    }

    fn slot(&mut self, cause: String, row: usize) -> usize {
        if let Some(slot) = self.dropped.iter().position(|d| d.cause == cause) {
            self.dropped[slot].first_row = self.dropped[slot].first_row.min(row);
            return slot;
        }
        self.dropped.push(Dropped { cause, count: 0, first_row: row });
        self.dropped.len() - 1
    }

    /// The rows that stay.
    pub(super) fn kept(&self) -> Vec<usize> {
        if self.gone.is_empty() {
            return (0..self.count).collect();
        }
        (0..self.count).filter(|&row| !self.gone[row]).collect()
    }
}

impl Gap {
    fn cause(&self, part: Part) -> String {
        match self {
            Self::Missing(name) => part.missing(name),
            Self::Reach { what, of, meets } => format!("{what} of {of} {meets}"),
        }
    }
}
