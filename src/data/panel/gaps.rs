//! Cells of the grid of units and periods that have no row.

use crate::data::TimeIndex;

/// A run of periods of one unit that have no row, though other units have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The unit.
    pub unit: String,
    /// The first period without a row.
    pub from: i64,
    /// The last one.
    pub to: i64,
    /// Whether the unit has rows on both sides; otherwise it starts late or ends early.
    pub inside: bool,
}

impl Gap {
    /// How many periods.
    pub fn periods(&self) -> u64 {
        self.to.abs_diff(self.from) + 1
    }
}

/// The runs of absent cells, by unit in the order of the labels, then by time.
pub(super) fn gaps(index: &TimeIndex) -> Vec<Gap> {
    let mut found = Vec::new();
    let Some((first, last)) = index.span() else { return found };
    let codes = index.unit().codes();
    for rows in index.order().chunk_by(|&a, &b| codes[a as usize] == codes[b as usize]) {
        let unit = index.unit().label(rows[0] as usize).unwrap_or_default();
        let mut expected = first;
        for (i, &row) in rows.iter().enumerate() {
            let Some(time) = index.time()[row as usize] else { continue };
            if time > expected {
                found.push(Gap { unit: unit.to_owned(), from: expected, to: time - 1, inside: i > 0 });
            }
            expected = time + 1;
        }
        if expected <= last {
            found.push(Gap { unit: unit.to_owned(), from: expected, to: last, inside: false });
        }
    }
    found
}
