//! What the integration tests share: reference values, the folder of shared data, and the comparison.

#![allow(dead_code)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use averted::data::Frame;
use serde_json::Value;

/// A file or folder of the shared data, which is not part of the project; says so and gives `None` where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        std::env::var_os("AVERTED_SHARED").map(PathBuf::from),
        Some(root.join("../shared")),
        Some(root.join("../../shared")),
    ];
    let found = folders.into_iter().flatten().map(|folder| folder.join(path)).find(|file| file.exists());
    if found.is_none() {
        println!("skipped: {path} is not here");
    }
    found
}

/// The reference values of a topic.
pub(crate) fn reference(topic: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(format!("{topic}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The case with this id.
pub(crate) fn case<'a>(reference: &'a Value, id: &str) -> &'a Value {
    let cases = reference["cases"].as_array().expect("a list of cases");
    cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no case {id}"))
}

/// Numbers of a list, null as NaN.
pub(crate) fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().expect("a list");
    list.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

/// The columns of a data set.
pub(crate) fn frame(dataset: &Value) -> Frame {
    let columns = dataset["columns"].as_object().expect("columns");
    columns.iter().fold(Frame::new(), |frame, (name, values)| {
        let list = values.as_array().expect("a list");
        let frame = if list.iter().any(Value::is_string) {
            frame.with_text(name, &list.iter().map(Value::as_str).collect::<Vec<_>>())
        } else {
            frame.with_number(name, numbers(values))
        };
        frame.expect("columns of one length")
    })
}

/// Columns of numbers of a plain CSV file.
pub(crate) fn csv_numbers(path: &Path, names: &[&str]) -> Frame {
    let text = fs::read_to_string(path).expect("a readable file");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').map(|h| h.trim_matches('"')).collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    names.iter().fold(Frame::new(), |frame, name| {
        let j = header.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
        let values = rows.iter().map(|row| row[j].parse().unwrap_or(f64::NAN)).collect();
        frame.with_number(name, values).expect("one length")
    })
}

/// Our values beside theirs.
#[derive(Default)]
pub(crate) struct Comparison {
    lines: Vec<String>,
    failures: usize,
    checks: usize,
}

impl Comparison {
    /// `|ours − theirs| ≤ abs + rel·|theirs|` for every value; prints the first as an example.
    pub(crate) fn check(
        &mut self,
        case: &str,
        what: &str,
        ours: &[f64],
        theirs: &[f64],
        (rel, abs): (f64, f64),
    ) {
        assert_eq!(ours.len(), theirs.len(), "{case}: {what}");
        let fine = |(o, t): (&f64, &f64)| (o - t).abs() <= abs + rel * t.abs() || (o.is_nan() && t.is_nan());
        let pass = ours.iter().zip(theirs).all(fine);
        let distance =
            ours.iter().zip(theirs).map(|(o, t)| (o - t).abs() / t.abs().max(1e-300)).fold(0.0, f64::max);
        self.checks += 1;
        self.failures += usize::from(!pass);
        let verdict = if pass { "pass" } else { "**fail**" };
        let first = |v: &[f64]| v.first().map_or_else(String::new, |v| format!("{v:.12}"));
        self.lines.push(format!(
            "| {case} | {what} | {} | {} | {distance:.1e} | {verdict} |",
            first(ours),
            first(theirs)
        ));
    }

    /// The table as Markdown.
    pub(crate) fn table(&self) -> String {
        let mut out = String::from("| case | value | ours | theirs | largest relative difference | |\n");
        out += "| --- | --- | ---: | ---: | ---: | --- |\n";
        for line in &self.lines {
            let _ = writeln!(out, "{line}");
        }
        out
    }

    /// Prints the table, writes it where `AVERTED_WRITE_DOCS` is set, and fails unless every value agreed.
    pub(crate) fn finish(self, title: &str, file: &str) {
        let table = self.table();
        println!("{table}\n{} of {} agree", self.checks - self.failures, self.checks);
        if std::env::var_os("AVERTED_WRITE_DOCS").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, format!("# {title}\n\n{table}")).expect("a writable file");
        }
        assert_eq!(self.failures, 0, "see the table");
    }
}

/// The tolerance of a case: relative, absolute.
pub(crate) fn tolerance(case: &Value) -> (f64, f64) {
    let part = |name: &str| case["tolerance"][name].as_f64().unwrap_or(0.0);
    (part("rel"), part("abs"))
}
