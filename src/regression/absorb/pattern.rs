//! Which columns of `S` meet in which group of the eliminated effect: found once, used at every change of weights.

use super::lead::Lead;
use super::rest::Rest;

/// The distinct columns of every group, ascending, and where each entry of a row stands among them.
pub(super) struct Pattern {
    starts: Vec<u32>,
    columns: Vec<u32>,
    local: Vec<u32>,
}

/// A pattern that is not worth finding before weights change for a second time.
#[derive(Default)]
pub(super) struct Memo {
    weighed: bool,
    pattern: Option<Pattern>,
}

impl Memo {
    /// The pattern, from the second call on.
    pub(super) fn get(&mut self, lead: &Lead, rest: &Rest) -> Option<&Pattern> {
        if !std::mem::replace(&mut self.weighed, true) {
            return None;
        }
        Some(self.pattern.get_or_insert_with(|| Pattern::new(lead, rest, |column| column as u32)))
    }
}

impl Pattern {
    /// Of columns numbered by `place`.
    pub(super) fn new(lead: &Lead, rest: &Rest, place: impl Fn(usize) -> u32) -> Self {
        let mut known = vec![u32::MAX; rest.columns()];
        let (mut starts, mut columns, mut local) = (vec![0_u32], Vec::<u32>::new(), Vec::new());
        for g in 0..lead.groups() {
            let start = columns.len();
            for row in lead.rows(g) {
                for (c, _) in rest.row(row) {
                    let c = place(c);
                    if known[c as usize] == u32::MAX {
                        known[c as usize] = 0;
                        columns.push(c);
                    }
                }
            }
            let mine = &mut columns[start..];
            mine.sort_unstable();
            mine.iter().zip(0..).for_each(|(&c, at)| known[c as usize] = at);
            for row in lead.rows(g) {
                local.extend(rest.row(row).map(|(c, _)| known[place(c) as usize]));
            }
            mine.iter().for_each(|&c| known[c as usize] = u32::MAX);
            starts.push(columns.len() as u32);
        }
        Self { starts, columns, local }
    }

    /// Calls `visit(columns, sums, inverse)` for every column `b` of the eliminated block: `sums = b'W D₂`, entry by
    /// entry of `columns`, and `inverse = 1 / b'W b`.
    pub(super) fn for_each_group(
        &self,
        lead: &Lead,
        rest: &Rest,
        weights: &[f64],
        mut visit: impl FnMut(&[u32], &[f64], f64),
    ) {
        let entries = rest.entries();
        let mut sums: Vec<f64> = Vec::new();
        for g in 0..lead.groups() {
            let rows = lead.rows(g);
            let columns = &self.columns[self.starts[g] as usize..self.starts[g + 1] as usize];
            for column in 0..lead.width() {
                let (basis, inverse) = lead.column(g, column);
                sums.clear();
                sums.resize(columns.len(), 0.0);
                for (i, row) in rows.clone().enumerate() {
                    let weight = weights[row] * basis.map_or(1.0, |b| b[i]);
                    let local = &self.local[row * entries..(row + 1) * entries];
                    for (&at, (_, v)) in local.iter().zip(rest.row(row)) {
                        sums[at as usize] += weight * v;
                    }
                }
                visit(columns, &sums, inverse);
            }
        }
    }
}
