//! Random and mutated input: whatever comes in, a typed error or a right answer goes out, soon.
//!
//! The short runs are part of every test run. The long ones take `AVERTED_FUZZ_SECONDS` each (20 unless told):
//! `AVERTED_FUZZ_SECONDS=300 cargo test --release --test fuzz -- --ignored --nocapture`.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use averted::data::{Column, Design, Factor, Formula, Frame, Source, TimeIndex};
use averted::sources::Delimited;

/// Nothing of a few hundred characters may take longer.
const SLOWEST: Duration = Duration::from_secs(2);

/// `SplitMix64`: every run with one seed sees the same inputs.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).expect("below a usize")
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Two places of a text, the first before the second.
    fn span(&mut self, length: usize) -> (usize, usize) {
        let (a, b) = (self.below(length + 1), self.below(length + 1));
        (a.min(b), a.max(b))
    }
}

/// When a run ends.
enum Until {
    Count(usize),
    Time(Duration),
}

impl Until {
    fn long() -> Self {
        let seconds = std::env::var("AVERTED_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(20);
        Self::Time(Duration::from_secs(seconds))
    }
}

/// Runs `check` on inputs from `make`; a panic shows the input that caused it.
fn run<T: std::fmt::Debug>(
    name: &str,
    until: Until,
    mut make: impl FnMut(&mut Dice) -> T,
    check: impl Fn(&T) -> bool,
) {
    let begun = Instant::now();
    let (mut done, mut accepted, mut slowest) = (0_usize, 0_usize, Duration::ZERO);
    loop {
        let over = match until {
            Until::Count(count) => done == count,
            Until::Time(time) => begun.elapsed() >= time,
        };
        if over {
            break;
        }
        let input = make(&mut Dice(done as u64));
        let start = Instant::now();
        let held = catch_unwind(AssertUnwindSafe(|| check(&input)));
        assert!(held.is_ok(), "{name}, input {done}: {input:?}");
        accepted += usize::from(held.unwrap_or_default());
        let took = start.elapsed();
        assert!(took < SLOWEST, "{name}, input {done} took {took:?}: {input:?}");
        slowest = slowest.max(took);
        done += 1;
    }
    println!(
        "{name}: {done} inputs in {:.1} s, {accepted} accepted, slowest {:.1} ms, no panic",
        begun.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1e3
    );
}

//  ── formulas

const FORMULAS: &[&str] = &[
    "y ~ x + log(z) + i(f, ref = \"a\") + f:x + f*g | u + u^t + u[t] + u[[x]]",
    "log(y) ~ lag(x, 0:2) + lead(z, 1) | u",
    "y ~ diff(z) + lag(z, 0) | g",
    "log(y) ~ lag(x, 0:4) + lead(x, 1:2) + diff(x) + diff(x, 2) | u",
    "y / z ~ 0 + I((x + z)^2 / -x) + l(x) + f(x, 1) + d(x)",
    "y ~ lag(log(z), 1) + log(lag(z, 1)) + lag(diff(x), -1:1) | u + t | x ~ z + i(g)",
    "`a b` ~ 1 + abs(x) + sqrt(z) + exp(z) + log1p(z) - 1",
    "y ~ (x + z + f)*(g + x):z",
    "y ~ i(g, x, ref = 2) + i(f, log(z)) | u^g[x, z]",
    "支 ~ x | 0 | x ~ z",
];

const WORDS: &[&str] = &[
    "y", "x", "z", "f", "g", "u", "t", "`a b`", "支", "n", "h", "log(", "log1p(", "exp(", "sqrt(", "abs(",
    "I(", "i(", "lag(", "lead(", "diff(", "l(", "f(", "d(", "ref", "=", "~", "|", "+", "-", "*", "/", "^",
    ":", ",", "(", ")", "[", "]", "[[", "]]", "0", "1", "2", "0:3", "-1:1", "1e9", "9999", ".5", "\"a\"",
    "'", "`", "\"", " ", "\n", "\u{0}", "é", "𝄞", "&",
];

/// A small panel with every kind of trouble: missing, zero, negative, huge, text, gaps, one level.
struct Small {
    frame: Frame,
    index: TimeIndex,
}

impl Source for Small {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn index(&self) -> Option<&TimeIndex> {
        Some(&self.index)
    }

    fn time(&self) -> Option<&str> {
        Some("t")
    }
}

fn small() -> Small {
    let nan = f64::NAN;
    let unit = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, nan];
    let text = |labels: [&str; 10]| labels.map(|l| Some(l.to_owned()).filter(|l| l != "-"));
    let frame = Frame::new()
        .with_number("y", vec![1.0, 2.0, nan, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
        .and_then(|f| f.with_number("x", vec![0.5, -1.0, 0.0, 2.5, 3.0, nan, 1e-3, 2.0, 1.0, 4.0]))
        .and_then(|f| f.with_number("z", vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]))
        .and_then(|f| f.with_number("g", vec![1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 3.0, 3.0, 1.0, 1.0]))
        .and_then(|f| f.with_number("u", unit.to_vec()))
        .and_then(|f| f.with_number("n", vec![nan; 10]))
        .and_then(|f| f.with_number("h", vec![1e200, -1e200, 1e-300, 0.0, f64::MAX, 1.0, nan, 2.0, 3.0, 4.0]))
        .and_then(|f| f.with_number("a b", vec![1.0; 10]))
        .and_then(|f| f.with_number("支", (0..10).map(f64::from).collect()))
        .and_then(|f| f.with_text("f", &text(["a", "b", "a", "c", "b", "-", "a", "a", "b", "c"])))
        .and_then(|f| f.with_text("t", &text(["1", "2", "3", "5", "1", "2", "3", "2", "1", "9"])))
        .expect("columns of one length");
    let time = [1, 2, 3, 5, 1, 2, 3, 2, 1, 9].map(Some).to_vec();
    Small { frame, index: TimeIndex::new(Factor::from_numbers(&unit), time).expect("no duplicates") }
}

fn any_formula(dice: &mut Dice) -> String {
    if dice.below(4) == 0 {
        let words = 1 + dice.below(30);
        return (0..words).map(|_| *dice.pick(WORDS)).collect();
    }
    let mut text: Vec<char> = dice.pick(FORMULAS).chars().collect();
    for _ in 0..dice.below(5) {
        let (from, to) = dice.span(text.len());
        match dice.below(4) {
            0 => drop(text.drain(from..to.min(from + 3))),
            1 => drop(text.splice(from..from, dice.pick(WORDS).chars())),
            2 => drop(text.splice(from..to.min(from + 4), dice.pick(WORDS).chars())),
            _ => {
                let piece: Vec<char> = text[from..to].to_vec();
                let place = dice.below(text.len() + 1);
                drop(text.splice(place..place, piece));
            }
        }
    }
    text.into_iter().collect()
}

/// Reads, writes and evaluates; whether all of it went well.
fn formula_holds(text: &str, data: &Small) -> bool {
    let Ok(formula) = Formula::parse(text) else { return false };
    let written = formula.to_string();
    // A text is bounded, and what is written may be longer than what was read.
    if written.len() < 10_000 {
        assert_eq!(Formula::parse(&written).as_ref(), Ok(&formula), "{written}");
    }
    let Ok(design) = Design::build(&formula, data, &["z"]) else { return false };
    let rows = design.rows.len();
    assert!(rows > 0 && design.outcome.iter().all(|v| v.is_finite()));
    assert!(design.x.iter().all(|v| v.is_finite()));
    assert_eq!(design.x.dim(), (rows, design.names().len()));
    assert_eq!(rows + design.dropped.iter().map(|d| d.count).sum::<usize>(), data.frame.rows());
    for effect in &design.absorbed {
        assert!(effect.factor.codes().iter().all(|&c| (c as usize) < effect.factor.levels()));
        assert!(effect.slope.iter().flatten().all(|v| v.is_finite()));
    }
    // The same data again give the same numbers, where all levels are known.
    if let Ok(again) = design.terms().matrix(data) {
        for (i, &row) in design.rows.iter().enumerate() {
            assert_eq!(again.row(row), design.x.row(i));
        }
    }
    if let Ok(again) = design.effects().absorbed(data) {
        for (a, b) in again.iter().zip(&design.absorbed) {
            assert!(
                design.rows.iter().enumerate().all(|(i, &row)| a.factor.codes()[row] == b.factor.codes()[i])
            );
        }
    }
    true
}

#[test]
fn formulas_short() {
    let data = small();
    run("formulas", Until::Count(20_000), any_formula, |text| formula_holds(text, &data));
}

#[test]
#[ignore = "as long as AVERTED_FUZZ_SECONDS says"]
fn formulas_long() {
    let data = small();
    run("formulas", Until::long(), any_formula, |text| formula_holds(text, &data));
}

//  ── delimited text

const TABLES: &[&str] = &[
    "year,deaths,state\n2019,3,Sonora\n2020,,Oaxaca\n2021,NA,\"Chiapas, Sur\"\n",
    "year;rate;pop\r\n2019;1,5;1.234.567\r\n2020;-0,25;12\r\n",
    "\"Notes\"\t\"Year\"\tDeaths\tRate\n\t\"1999 \"\t10\tUnreliable\n\t\"2000\"\tSuppressed\t0.5\n\"---\"\n\"Dataset: x\"\n\"---\"\nnote\n",
    "\u{feff}fips|n|x\n01|\"1,234\"|<10\n36|999|*\n",
    "sep=;\na;b\n1.234;2\n",
    ",x,y,\n1,1e5,inf,\n2,\"a \"\"b\"\"\nc\",-,\n\nSource: nobody\n",
    "x\n1\n2\n3\n",
];

const PIECES: &[&[u8]] = &[
    b",",
    b";",
    b"\t",
    b"|",
    b"\n",
    b"\r\n",
    b"\r",
    b"\"",
    b"\"\"",
    b"---\n",
    b"\n\n",
    b" ",
    b"1,234",
    b"1.234",
    b"0,5",
    b"NA",
    b"Suppressed",
    b"1e300",
    b"-",
    b".",
    b"inf",
    b"\0",
    b"\xFF",
    b"\xFE",
    b"\xEF\xBB\xBF",
    b"\xC3",
    b"\xE9",
    b"sep=",
    b"PK\x03\x04",
];

/// The samples of real files, where they are here.
fn tables() -> Vec<Vec<u8>> {
    let mut tables: Vec<Vec<u8>> = TABLES.iter().map(|t| t.as_bytes().to_vec()).collect();
    if let Some(folder) = common::shared("data/format_samples") {
        let mut files: Vec<_> =
            std::fs::read_dir(folder).expect("a folder").flatten().map(|f| f.path()).collect();
        files.sort();
        for file in files {
            let bytes = std::fs::read(file).expect("a file");
            tables.push(bytes[..bytes.len().min(1500)].to_vec());
            tables.push(bytes[bytes.len().saturating_sub(800)..].to_vec());
        }
    }
    tables
}

fn any_table(dice: &mut Dice, tables: &[Vec<u8>]) -> Vec<u8> {
    if dice.below(8) == 0 {
        let pieces = 1 + dice.below(60);
        return (0..pieces).flat_map(|_| dice.pick(PIECES).to_vec()).collect();
    }
    let mut bytes = dice.pick(tables).clone();
    for _ in 0..dice.below(8) {
        let (from, to) = dice.span(bytes.len());
        match dice.below(6) {
            0 => drop(bytes.drain(from..to.min(from + 20))),
            1 => drop(bytes.splice(from..from, dice.pick(PIECES).iter().copied())),
            2 => drop(bytes.splice(from..to.min(from + 4), dice.pick(PIECES).iter().copied())),
            3 if from < bytes.len() => bytes[from] = u8::try_from(dice.below(256)).expect("a byte"),
            4 => {
                let other = dice.pick(tables).clone();
                let (a, b) = dice.span(other.len());
                drop(bytes.splice(from..from, other[a..b.min(a + 200)].iter().copied()));
            }
            _ => {
                let piece = bytes[from..to.min(from + 200)].to_vec();
                let place = dice.below(bytes.len() + 1);
                drop(bytes.splice(place..place, piece));
            }
        }
    }
    if dice.below(16) == 0 {
        let wide: Vec<u16> = String::from_utf8_lossy(&bytes).encode_utf16().collect();
        bytes = wide.into_iter().flat_map(u16::to_le_bytes).collect();
    }
    bytes
}

/// Reads; whether there was a table, which must then hold together.
fn table_holds(bytes: &[u8]) -> bool {
    let Ok(reading) = Delimited::new().parse(bytes, "file") else { return false };
    let frame = &reading.frame;
    assert!(frame.rows() > 0 && frame.rows() <= bytes.len());
    for name in frame.names() {
        assert!(!name.is_empty() && name.trim() == name);
        match frame.column(name).expect("its own name") {
            Column::Number(values) => assert_eq!(values.len(), frame.rows()),
            Column::Factor(factor) => {
                assert_eq!(factor.rows(), frame.rows());
                assert!(factor.labels().is_sorted());
            }
        }
    }
    true
}

#[test]
fn tables_short() {
    let tables = tables();
    run("tables", Until::Count(20_000), |dice| any_table(dice, &tables), |bytes| table_holds(bytes));
}

#[test]
#[ignore = "as long as AVERTED_FUZZ_SECONDS says"]
fn tables_long() {
    let tables = tables();
    run("tables", Until::long(), |dice| any_table(dice, &tables), |bytes| table_holds(bytes));
}
