//! Rows into columns: numbers where every cell is one, text elsewhere.

use std::collections::HashMap;

use csv::StringRecord;

use crate::data::{Column, Factor, MISSING};
use crate::sources::delimited::cell::{Notation, Written, is_missing, is_missing_number, value, written};

/// What the cells of a column have been seen to be.
#[derive(Default)]
pub(super) struct Evidence {
    /// Some cell holds something.
    filled: bool,
    /// Some cell is no number in any notation.
    pub(super) text: bool,
    surely: [bool; 2],
    grouped: [bool; 2],
    large: [bool; 2],
    either: [bool; 2],
    /// Some cell is a dash.
    pub(super) dash: bool,
    /// The first cell that could be read both ways.
    pub(super) unclear: Option<String>,
}

impl Evidence {
    pub(super) fn see(&mut self, cell: &str) {
        if self.text {
            return;
        }
        let cell = cell.trim();
        self.filled |= !cell.is_empty();
        self.dash |= matches!(cell, "-" | "--");
        if is_missing_number(cell) {
            return;
        }
        match written(cell) {
            Written::Not => self.text = true,
            Written::Plain { large } => self.large.iter_mut().for_each(|l| *l |= large),
            Written::Surely { notation, grouped, large } => {
                self.surely[notation as usize] = true;
                self.grouped[notation as usize] |= grouped;
                self.large[notation as usize] |= large;
            }
            Written::Either { grouped_in } => {
                self.either[grouped_in as usize] = true;
                if self.unclear.is_none() {
                    self.unclear = Some(cell.to_owned());
                }
            }
        }
    }

    /// Whether all cells are empty.
    pub(super) fn is_empty(&self) -> bool {
        !self.filled
    }

    /// Whether some cell is a number in this notation only, and none in the other only.
    pub(super) fn speaks_for(&self, notation: Notation) -> bool {
        !self.text && self.surely[notation as usize] && !self.surely[1 - notation as usize]
    }

    /// Whether all cells are numbers in this notation, with thousands grouped throughout or nowhere.
    pub(super) fn is_number(&self, notation: Notation) -> bool {
        let mixed = self.groups(notation) && self.large[notation as usize];
        !self.text && !self.surely[1 - notation as usize] && !mixed
    }

    /// Whether thousands are grouped.
    pub(super) fn groups(&self, notation: Notation) -> bool {
        self.grouped[notation as usize] || self.either[notation as usize]
    }

    /// Whether some cell could be read both ways.
    pub(super) fn is_unclear(&self) -> bool {
        !self.text && self.unclear.is_some()
    }
}

/// A column being filled.
pub(super) enum Builder {
    Number { values: Vec<f64>, notation: Notation, buffer: String },
    Text { codes: Vec<u32>, seen: HashMap<Box<str>, u32>, last: Option<(Box<str>, u32)> },
}

impl Builder {
    pub(super) fn number(rows: usize, notation: Notation) -> Self {
        Self::Number { values: Vec::with_capacity(rows), notation, buffer: String::new() }
    }

    pub(super) fn text(rows: usize) -> Self {
        Self::Text { codes: Vec::with_capacity(rows), seen: HashMap::new(), last: None }
    }

    pub(super) fn push(&mut self, cell: &str) {
        let cell = cell.trim();
        match self {
            Self::Number { values, notation, buffer } => {
                let known = !is_missing_number(cell);
                values.push(if known {
                    value(cell, *notation, buffer).unwrap_or(f64::NAN)
                } else {
                    f64::NAN
                });
            }
            Self::Text { codes, seen, last } => {
                if is_missing(cell) {
                    codes.push(MISSING);
                    return;
                }
                // Labels come in runs.
                if let Some((text, code)) = last
                    && **text == *cell
                {
                    codes.push(*code);
                    return;
                }
                let new = u32::try_from(seen.len()).unwrap_or(MISSING);
                let code = match seen.get(cell) {
                    Some(&code) => code,
                    None => *seen.entry(cell.into()).or_insert(new),
                };
                codes.push(code);
                *last = Some((cell.into(), code));
            }
        }
    }

    /// The column, levels sorted.
    pub(super) fn finish(self) -> Column {
        match self {
            Self::Number { values, .. } => Column::Number(values),
            Self::Text { mut codes, seen, .. } => {
                let mut labels: Vec<(Box<str>, u32)> = seen.into_iter().collect();
                labels.sort_unstable();
                let mut sorted = vec![MISSING; labels.len()];
                for (place, (_, code)) in (0_u32..).zip(&labels) {
                    sorted[*code as usize] = place;
                }
                for code in codes.iter_mut().filter(|code| **code != MISSING) {
                    *code = sorted[*code as usize];
                }
                Column::Factor(Factor::from_codes(codes, labels.into_iter().map(|(l, _)| l.into()).collect()))
            }
        }
    }
}

/// Fills the columns with a row; a column that was left out of the header gets nothing.
pub(super) fn push_row(columns: &mut [Builder], record: &StringRecord) {
    for (column, cell) in columns.iter_mut().zip(record) {
        column.push(cell);
    }
}
