//! Factors: a few labels, and a code for every row.

use std::borrow::Cow;
use std::collections::HashMap;

/// The code of a missing label.
pub const MISSING: u32 = u32::MAX;

/// Labels and codes: row *i* carries `labels[codes[i]]`, or nothing where the code is [`MISSING`].
///
/// Levels are sorted (numbers by value, text by code point), so codes do not depend on the order of rows.
///
/// ```
/// use averted::data::Factor;
/// let state = Factor::from_text(&[Some("Sonora"), None, Some("Oaxaca"), Some("Sonora")]);
/// assert_eq!(state.labels(), ["Oaxaca", "Sonora"]);
/// assert_eq!(state.label(0), Some("Sonora"));
/// assert_eq!(state.label(1), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    codes: Vec<u32>,
    labels: Vec<String>,
}

impl Factor {
    /// From codes and labels as they are; codes past the labels count as missing.
    pub fn from_codes(mut codes: Vec<u32>, labels: Vec<String>) -> Self {
        for code in &mut codes {
            if *code as usize >= labels.len() {
                *code = MISSING;
            }
        }
        Self { codes, labels }
    }

    /// From text, `None` missing.
    pub fn from_text<S: AsRef<str>>(values: &[Option<S>]) -> Self {
        let mut seen: HashMap<&str, u32> = HashMap::new();
        for value in values.iter().flatten() {
            seen.entry(value.as_ref()).or_insert(0);
        }
        let mut labels: Vec<&str> = seen.keys().copied().collect();
        labels.sort_unstable();
        for (code, label) in labels.iter().enumerate() {
            seen.insert(label, code as u32);
        }
        let codes = values.iter().map(|v| v.as_ref().map_or(MISSING, |v| seen[v.as_ref()])).collect();
        Self { codes, labels: labels.into_iter().map(str::to_owned).collect() }
    }

    /// From numbers, NaN missing; every distinct value is a level.
    pub fn from_numbers(values: &[f64]) -> Self {
        if let Some(factor) = Self::from_small_integers(values) {
            return factor;
        }
        let mut levels: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        levels.sort_unstable_by(f64::total_cmp);
        // +0.0 turns -0.0 into 0.0, so that both are one level.
        levels.dedup_by(|a, b| (*a + 0.0).to_bits() == (*b + 0.0).to_bits());
        let code = |v: &f64| match levels.binary_search_by(|l| (*l + 0.0).total_cmp(&(*v + 0.0))) {
            Ok(code) if !v.is_nan() => code as u32,
            _ => MISSING,
        };
        let codes = values.iter().map(code).collect();
        Self { codes, labels: levels.iter().map(|&v| number_label(v + 0.0)).collect() }
    }

    /// The quick way for identifiers: whole numbers in a range not much wider than the data are long.
    fn from_small_integers(values: &[f64]) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &v in values.iter().filter(|v| !v.is_nan()) {
            low = low.min(v);
            high = high.max(v);
        }
        if !(high - low < 4.0 * values.len() as f64 + 1024.0 && low.abs() < 1e15) {
            return None;
        }
        let mut code_of = vec![MISSING; (high - low) as usize + 1];
        for &v in values.iter().filter(|v| !v.is_nan()) {
            if v.fract() != 0.0 {
                return None;
            }
            code_of[(v - low) as usize] = 0;
        }
        let mut labels = Vec::new();
        for (offset, code) in code_of.iter_mut().enumerate().filter(|(_, code)| **code == 0) {
            *code = labels.len() as u32;
            labels.push(number_label(low + offset as f64));
        }
        let codes = values.iter().map(|&v| if v.is_nan() { MISSING } else { code_of[(v - low) as usize] });
        Some(Self { codes: codes.collect(), labels })
    }

    /// One code a row.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The levels, sorted.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How many levels.
    pub fn levels(&self) -> usize {
        self.labels.len()
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.codes.len()
    }

    /// The label of a row, if it has one.
    pub fn label(&self, row: usize) -> Option<&str> {
        self.labels.get(self.codes[row] as usize).map(String::as_str)
    }

    /// The code of a label.
    pub fn code(&self, label: &str) -> Option<u32> {
        self.labels.iter().position(|l| l == label).map(|c| c as u32)
    }

    /// The rows of `rows` only, in that order, with the levels that are left.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let mut used = vec![MISSING; self.labels.len()];
        for &row in rows {
            if let Some(slot) = used.get_mut(self.codes[row] as usize) {
                *slot = 0;
            }
        }
        let mut labels = Vec::new();
        for (old, slot) in used.iter_mut().enumerate().filter(|(_, slot)| **slot == 0) {
            *slot = labels.len() as u32;
            labels.push(self.labels[old].clone());
        }
        let codes = rows.iter().map(|&r| used.get(self.codes[r] as usize).copied().unwrap_or(MISSING));
        Self { codes: codes.collect(), labels }
    }

    /// The crossing of two factors: a level for every pair that occurs.
    #[must_use]
    pub fn cross(&self, other: &Self) -> Self {
        let width = other.labels.len() as u64;
        let pairs = || {
            self.codes.iter().zip(&other.codes).map(move |(&a, &b)| {
                (a != MISSING && b != MISSING).then(|| u64::from(a) * width + u64::from(b))
            })
        };
        let label =
            |p: &u64| format!("{}^{}", self.labels[(p / width) as usize], other.labels[(p % width) as usize]);
        let possible = self.labels.len() as u64 * width;
        if possible <= 8 * self.codes.len() as u64 + 1024 {
            // Few enough pairs for a table of them all: no sorting.
            let mut code_of = vec![MISSING; possible as usize];
            pairs().flatten().for_each(|p| code_of[p as usize] = 0);
            let mut labels = Vec::new();
            for (p, code) in (0_u64..).zip(&mut code_of).filter(|(_, code)| **code == 0) {
                *code = labels.len() as u32;
                labels.push(label(&p));
            }
            let codes = pairs().map(|p| p.map_or(MISSING, |p| code_of[p as usize])).collect();
            return Self { codes, labels };
        }
        let mut levels: Vec<u64> = pairs().flatten().collect();
        levels.sort_unstable();
        levels.dedup();
        let code =
            |p: Option<u64>| p.and_then(|p| levels.binary_search(&p).ok()).map_or(MISSING, |c| c as u32);
        Self { codes: pairs().map(code).collect(), labels: levels.iter().map(label).collect() }
    }

    /// The rows of `rows` only, as [`take`](Self::take), without copying when that is all of them and every level
    /// has one.
    pub(super) fn into_used(this: Cow<'_, Self>, rows: &[usize]) -> Self {
        let all = rows.len() == this.codes.len();
        let mut used = vec![!all; this.labels.len()];
        if all {
            this.codes.iter().filter(|c| **c != MISSING).for_each(|&c| used[c as usize] = true);
        }
        if all && used.into_iter().all(|u| u) { this.into_owned() } else { this.take(rows) }
    }
}

/// Whole numbers without a point.
pub(super) fn number_label(value: f64) -> String {
    // Through an integer: a float with no decimals takes ten times as long to write.
    if value.fract() == 0.0 && value.abs() < 1e15 { (value as i64).to_string() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_by_value_and_nan_is_missing() {
        let factor = Factor::from_numbers(&[10.0, f64::NAN, 2.0, 10.0]);
        assert_eq!(factor.labels(), ["2", "10"]);
        assert_eq!(factor.codes(), [1, MISSING, 0, 1]);
        let wide = Factor::from_numbers(&[1e18, -0.5, 0.0, -0.0, f64::NAN]);
        assert_eq!(wide.codes(), [2, 0, 1, 1, MISSING]);
    }

    #[test]
    fn crossing_keeps_only_pairs_that_occur() {
        let a = Factor::from_numbers(&[1.0, 1.0, 2.0]);
        let b = Factor::from_text(&[Some("x"), Some("y"), None]);
        let both = a.cross(&b);
        assert_eq!(both.labels(), ["1^x", "1^y"]);
        assert_eq!(both.codes(), [0, 1, MISSING]);
        // Too many possible pairs for a table.
        let wide = Factor::from_numbers(&(0..200).map(f64::from).collect::<Vec<_>>());
        let both = wide.cross(&wide);
        assert_eq!(both.levels(), 200);
        assert_eq!(both.label(7), Some("7^7"));
    }

    #[test]
    fn taking_rows_drops_empty_levels() {
        let factor = Factor::from_numbers(&[3.0, 1.0, 2.0]).take(&[0, 1, 0]);
        assert_eq!(factor.labels(), ["1", "3"]);
        assert_eq!(factor.codes(), [1, 0, 1]);
    }
}
