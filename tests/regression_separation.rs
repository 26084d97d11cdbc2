//! The separation designs published with ppmlhdfe: every separated row found, and no other.

mod common;

use averted::data::Frame;
use averted::regression::Poisson;
use common::{numbers, reference};

#[test]
fn every_separated_row_and_no_other() {
    let gold = reference("separation");
    let mut wrong = Vec::new();
    for case in gold["cases"].as_array().expect("cases") {
        let columns = case["columns"].as_object().expect("columns");
        let frame = columns.iter().fold(Frame::new(), |frame, (name, values)| {
            frame.with_number(name, numbers(values)).expect("one length")
        });
        let start = |letters: &str| {
            let names = columns.keys().filter(|name| name.starts_with(letters));
            names.cloned().collect::<Vec<_>>().join(" + ")
        };
        let (x, id) = (start("x"), start("id"));
        let x = if x.is_empty() { "1".into() } else { x };
        let bar = if id.is_empty() { "" } else { " | " };
        let formula = format!("y ~ {x}{bar}{id}");
        let found = Poisson::new().separated(&formula, &frame).expect(&formula);
        let ours: Vec<usize> = found.iter().map(|(row, _)| *row).collect();
        let marks = numbers(&columns["separated"]);
        let theirs: Vec<usize> = (0..marks.len()).filter(|&row| marks[row] > 0.0).collect();
        let verdict = if ours == theirs { "pass" } else { "**fail**" };
        println!("| {} | `{formula}` | {} | {} | {verdict} |", case["id"], ours.len(), theirs.len());
        if ours != theirs {
            wrong.push((case["id"].clone(), ours, theirs));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
