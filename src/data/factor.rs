//! Factors: a few labels, and a code for every row.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The code of a missing label.
pub const MISSING: u32 = u32::MAX;

/// Labels and codes: row *i* carries `labels[codes[i]]`, or nothing where the code is [`MISSING`].
///
/// Levels are sorted, so codes do not depend on the order of rows: numbers by value, text with the digits in it read as
/// numbers, so that `"9"` comes before `"10"` as 9 does before 10, whatever kind of column holds them.
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
    labels: Labels,
}

/// Labels, shared; those of numbers are written out when asked for, since most never are.
#[derive(Clone)]
pub(super) struct Labels(Arc<Written>);

struct Written {
    /// Empty for text.
    numbers: Vec<f64>,
    text: OnceLock<Vec<String>>,
}

impl Labels {
    fn numbers(numbers: Vec<f64>) -> Self {
        Self(Arc::new(Written { numbers, text: OnceLock::new() }))
    }

    pub(super) fn all(&self) -> &[String] {
        self.0.text.get_or_init(|| self.0.numbers.iter().map(|&v| number_label(v)).collect())
    }

    fn len(&self) -> usize {
        self.0.text.get().map_or(self.0.numbers.len(), Vec::len)
    }

    /// Those of these codes.
    fn pick(&self, codes: &[usize]) -> Self {
        if self.0.numbers.is_empty() {
            let all = self.all();
            return codes.iter().map(|&code| all[code].clone()).collect::<Vec<_>>().into();
        }
        Self::numbers(codes.iter().map(|&code| self.0.numbers[code]).collect())
    }
}

impl From<Vec<String>> for Labels {
    fn from(text: Vec<String>) -> Self {
        Self(Arc::new(Written { numbers: Vec::new(), text: text.into() }))
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.all() == other.all()
    }
}

impl Eq for Labels {}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all().fmt(f)
    }
}

impl Factor {
    /// From codes and labels as they are; codes past the labels count as missing.
    pub fn from_codes(mut codes: Vec<u32>, labels: Vec<String>) -> Self {
        for code in &mut codes {
            if *code as usize >= labels.len() {
                *code = MISSING;
            }
        }
        Self { codes, labels: labels.into() }
    }

    /// The same with the labels sorted.
    #[must_use]
    pub fn sorted(self) -> Self {
        let labels = self.labels();
        if labels.is_sorted_by(|a, b| natural(a, b).is_le()) {
            return self;
        }
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by(|&a, &b| natural(&labels[a], &labels[b]));
        let mut place = vec![0; order.len()];
        order.iter().zip(0..).for_each(|(&old, new)| place[old] = new);
        let code = |&code: &u32| place.get(code as usize).copied().unwrap_or(MISSING);
        Self { codes: self.codes.iter().map(code).collect(), labels: self.labels.pick(&order) }
    }

    /// From text, `None` missing.
    pub fn from_text<S: AsRef<str>>(values: &[Option<S>]) -> Self {
        let mut seen: HashMap<&str, u32> = HashMap::new();
        for value in values.iter().flatten() {
            seen.entry(value.as_ref()).or_insert(0);
        }
        let mut labels: Vec<&str> = seen.keys().copied().collect();
        labels.sort_unstable_by(|a, b| natural(a, b));
        for (code, label) in labels.iter().enumerate() {
            seen.insert(label, code as u32);
        }
        let codes = values.iter().map(|v| v.as_ref().map_or(MISSING, |v| seen[v.as_ref()])).collect();
        Self { codes, labels: labels.into_iter().map(str::to_owned).collect::<Vec<_>>().into() }
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
        levels.iter_mut().for_each(|v| *v += 0.0);
        Self { codes, labels: Labels::numbers(levels) }
    }

    /// The quick way for identifiers: whole numbers in a range not much wider than the data are long.
    fn from_small_integers(values: &[f64]) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        // NaN is neither smaller nor larger than anything.
        for &v in values {
            low = if v < low { v } else { low };
            high = if v > high { v } else { high };
        }
        let widest = (4.0 * values.len() as f64 + 1024.0).min(f64::from(MISSING));
        if !(high - low < widest && low.abs() < 1e15) {
            return None;
        }
        let mut code_of = vec![MISSING; (high - low) as usize + 1];
        let mut codes = vec![MISSING; values.len()];
        for (code, &v) in codes.iter_mut().zip(values).filter(|(_, v)| !v.is_nan()) {
            // Through an integer: `fract` is a call on many machines.
            if (v as i64) as f64 != v {
                return None;
            }
            *code = (v - low) as u32;
            code_of[*code as usize] = 0;
        }
        let mut labels = Vec::new();
        for (offset, code) in code_of.iter_mut().enumerate().filter(|(_, code)| **code == 0) {
            *code = labels.len() as u32;
            labels.push(low + offset as f64 + 0.0);
        }
        if labels.len() < code_of.len() {
            let dense = |code: &mut u32| *code = code_of[*code as usize];
            codes.iter_mut().filter(|code| **code != MISSING).for_each(dense);
        }
        Some(Self { codes, labels: Labels::numbers(labels) })
    }

    /// One code a row.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The levels, sorted.
    pub fn labels(&self) -> &[String] {
        self.labels.all()
    }

    /// The levels, shared.
    pub(super) fn shared_labels(&self) -> Labels {
        self.labels.clone()
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
        self.labels().get(self.codes[row] as usize).map(String::as_str)
    }

    /// The code of a label.
    pub fn code(&self, label: &str) -> Option<u32> {
        self.labels().iter().position(|l| l == label).map(|c| c as u32)
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
        let mut left = Vec::new();
        for (old, slot) in used.iter_mut().enumerate().filter(|(_, slot)| **slot == 0) {
            *slot = left.len() as u32;
            left.push(old);
        }
        let codes = rows.iter().map(|&r| used.get(self.codes[r] as usize).copied().unwrap_or(MISSING));
        Self { codes: codes.collect(), labels: self.labels.pick(&left) }
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
        let (mine, theirs) = (self.labels(), other.labels());
        let label = |p: &u64| format!("{}^{}", mine[(p / width) as usize], theirs[(p % width) as usize]);
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
            return Self { codes, labels: labels.into() };
        }
        let mut levels: Vec<u64> = pairs().flatten().collect();
        levels.sort_unstable();
        levels.dedup();
        let code =
            |p: Option<u64>| p.and_then(|p| levels.binary_search(&p).ok()).map_or(MISSING, |c| c as u32);
        Self {
            codes: pairs().map(code).collect(),
            labels: levels.iter().map(label).collect::<Vec<_>>().into(),
        }
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

/// Numbers by value, and before text; text with every run of digits in it read as a number.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let digit = |text: &str| text.as_bytes().iter().any(u8::is_ascii_digit);
    if !digit(a) && !digit(b) {
        return a.cmp(b);
    }
    let number = |text: &str| if digit(text) { text.parse::<f64>().ok() } else { None };
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => by_runs(a.as_bytes(), b.as_bytes()).then_with(|| a.cmp(b)),
    }
}

/// Text, run of digits by run of digits.
fn by_runs(mut a: &[u8], mut b: &[u8]) -> Ordering {
    let run = |text: &[u8]| text.iter().take_while(|c| c.is_ascii_digit()).count();
    loop {
        match (run(a), run(b)) {
            (0, _) | (_, 0) => match (a.split_first(), b.split_first()) {
                (Some((x, left_a)), Some((y, left_b))) if x == y => (a, b) = (left_a, left_b),
                (x, y) => return x.map(|x| x.0).cmp(&y.map(|y| y.0)),
            },
            (mine, theirs) => {
                let (x, y) = (significant(&a[..mine]), significant(&b[..theirs]));
                let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
                if order.is_ne() {
                    return order;
                }
                (a, b) = (&a[mine..], &b[theirs..]);
            }
        }
    }
}

/// Digits without leading zeros.
fn significant(run: &[u8]) -> &[u8] {
    &run[run.iter().take_while(|c| **c == b'0').count()..]
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
    fn text_sorts_as_the_numbers_in_it() {
        let text = |labels: &[&str]| Factor::from_text(&labels.iter().map(|l| Some(*l)).collect::<Vec<_>>());
        assert_eq!(text(&["10", "9", "-1.25", "-1.5", "1e2"]).labels(), ["-1.5", "-1.25", "9", "10", "1e2"]);
        assert_eq!(text(&["u10", "u9b", "u9", "12", "a"]).labels(), ["12", "a", "u9", "u9b", "u10"]);
        assert_eq!(text(&["u009", "u10", "u9"]).labels(), ["u009", "u9", "u10"]);
        let turned = Factor::from_codes(vec![0, 1, MISSING, 2], vec!["b".into(), "a10".into(), "a9".into()]);
        assert_eq!(
            turned.sorted(),
            Factor::from_codes(vec![2, 1, MISSING, 0], vec!["a9".into(), "a10".into(), "b".into()])
        );
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
