//! A panel in a paragraph.

use std::fmt::{self, Display};

use crate::data::count::Count;
use crate::data::{Gap, Panel};

/// How many events and cells of each kind a panel has.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    /// The sum of the exact counts.
    pub events: f64,
    /// Rows with an exact count.
    pub exact: usize,
    /// Rows whose count is hidden in an interval.
    pub suppressed: usize,
    /// Rows without a count.
    pub missing: usize,
}

impl Panel {
    /// The counts added up; `None` before events are declared.
    pub fn tally(&self) -> Option<Tally> {
        let mut tally = Tally::default();
        for count in self.counts()? {
            match count {
                Count::Exact(events) => {
                    tally.events += events;
                    tally.exact += 1;
                }
                Count::Interval { .. } => tally.suppressed += 1,
                Count::Missing => tally.missing += 1,
            }
        }
        Some(tally)
    }

    /// How many units have a row.
    pub fn units(&self) -> usize {
        let mut seen = vec![false; self.index.unit().levels()];
        self.index
            .order()
            .iter()
            .for_each(|&row| seen[self.index.unit().codes()[row as usize] as usize] = true);
        seen.iter().filter(|seen| **seen).count()
    }
}

/// What the panel is, in a paragraph.
impl Display for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.units();
        write!(f, "Panel of {} by `{}` and `{}`", plural(units, "unit"), self.unit, self.time)?;
        if let Some((first, last)) = self.index.span() {
            write!(f, ", {} {} to {}", self.frequency, self.label(first), self.label(last))?;
        }
        write!(f, ": {}", plural(self.frame.rows(), "row"))?;
        let absent: u64 = self.gaps().iter().map(Gap::periods).sum();
        match absent {
            0 => write!(f, ", no gaps")?,
            1 => write!(f, ", 1 cell of the grid without a row")?,
            _ => write!(f, ", {} cells of the grid without a row", grouped(absent as f64))?,
        }
        if let (Some(events), Some(tally)) = (&self.events, self.tally()) {
            write!(f, ". Events `{events}`: {} in {}", grouped(tally.events), plural(tally.exact, "row"))?;
            write!(
                f,
                ", {} suppressed, {} missing",
                grouped(tally.suppressed as f64),
                grouped(tally.missing as f64)
            )?;
        }
        if let Some(column) = &self.population {
            let people = self.frame.number(column).unwrap_or_default();
            let missing = people.iter().filter(|p| p.is_nan()).count();
            write!(f, ". Population `{column}`, missing in {}", plural(missing, "row"))?;
        }
        for spending in &self.spending {
            let values = self.frame.number(&spending.name).unwrap_or_default();
            let missing = values.iter().filter(|v| v.is_nan()).count();
            write!(
                f,
                ". Money `{}`: {}, missing in {}",
                spending.name,
                spending.kind,
                plural(missing, "row")
            )?;
        }
        f.write_str(".")
    }
}

fn plural(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count as f64), if count == 1 { "" } else { "s" })
}

/// `12,345`, or with decimals where it has some.
fn grouped(value: f64) -> String {
    let text = if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}
