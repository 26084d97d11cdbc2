//! The eighteen separation designs published with ppmlhdfe: every separated row found, and no other, whether asked for
//! or met on the way of a fit.

mod common;

use averted::Error;
use averted::data::Frame;
use averted::inference::Estimates;
use averted::regression::{Poisson, PoissonFit};
use common::{numbers, reference};

/// A design: its name, formula, data and the rows that are separated.
struct Design {
    id: String,
    formula: String,
    frame: Frame,
    separated: Vec<usize>,
}

fn designs() -> Vec<Design> {
    let gold = reference("separation");
    let made = |case: &serde_json::Value| {
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
        let marks = numbers(&columns["separated"]);
        Design {
            id: case["id"].as_str().expect("an id").to_owned(),
            formula: format!("y ~ {x}{bar}{id}"),
            frame,
            separated: (0..marks.len()).filter(|&row| marks[row] > 0.0).collect(),
        }
    };
    gold["cases"].as_array().expect("cases").iter().map(made).collect()
}

/// The rows in this order, and some columns changed.
fn changed(frame: &Frame, order: &[usize], change: impl Fn(&str, f64) -> f64) -> Frame {
    frame.names().fold(Frame::new(), |made, name| {
        let values = frame.number(name).expect("numbers");
        let values = order.iter().map(|&row| change(name, values[row])).collect();
        made.with_number(name, values).expect("one length")
    })
}

fn found(formula: &str, frame: &Frame) -> Vec<usize> {
    let found = Poisson::new().separated(formula, frame).expect(formula);
    assert!(found.iter().all(|(_, z)| *z > 0.0), "a certificate is positive on what it separates");
    found.into_iter().map(|(row, _)| row).collect()
}

#[test]
fn every_separated_row_and_no_other() {
    let mut wrong = Vec::new();
    for design in designs() {
        let ours = found(&design.formula, &design.frame);
        let verdict = if ours == design.separated { "pass" } else { "**fail**" };
        let counts = (ours.len(), design.separated.len());
        println!("| {} | `{}` | {} | {} | {verdict} |", design.id, design.formula, counts.0, counts.1);
        if ours != design.separated {
            wrong.push((design.id, ours, design.separated));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn whatever_the_order_of_rows_and_the_units() {
    for design in designs() {
        let n = design.frame.rows();
        let backwards: Vec<usize> = (0..n).rev().collect();
        let moved = changed(&design.frame, &backwards, |_, v| v);
        let mut theirs: Vec<usize> = design.separated.iter().map(|row| n - 1 - row).collect();
        theirs.sort_unstable();
        assert_eq!(found(&design.formula, &moved), theirs, "{}: backwards", design.id);
        let order: Vec<usize> = (0..n).collect();
        for (unit, scale) in [("small", 1e-4), ("large", 1e4)] {
            let other = changed(&design.frame, &order, |name, v| match name.as_bytes()[0] {
                b'x' | b'y' => v * scale,
                _ => v,
            });
            assert_eq!(found(&design.formula, &other), design.separated, "{}: {unit} units", design.id);
        }
    }
}

/// The fit with no row left out but the separated; `None` where nothing is left to estimate.
fn fit(formula: &str, frame: &Frame) -> Option<PoissonFit> {
    match Poisson::new().keep_singletons().fit(formula, frame) {
        Ok(fit) => Some(fit),
        Err(Error::NothingToEstimate { .. } | Error::TooShort { .. }) => None,
        Err(error) => panic!("{formula}: {error}"),
    }
}

#[test]
fn a_fit_leaves_out_just_these_rows() {
    let mut fitted = 0;
    for design in designs() {
        let Some(all) = fit(&design.formula, &design.frame) else { continue };
        let used = all.rows();
        let left: Vec<usize> = (0..design.frame.rows()).filter(|row| !used.contains(row)).collect();
        assert_eq!(left, design.separated, "{}", design.id);
        // Without them the fit is the same.
        let others = fit(&design.formula, &changed(&design.frame, &used, |_, v| v)).expect("a fit");
        assert_eq!(all.names(), others.names(), "{}", design.id);
        for (a, b) in all.coefficients().iter().zip(others.coefficients()) {
            assert!((a - b).abs() < 1e-8 * a.abs().max(1.0), "{}: {a} {b}", design.id);
        }
        assert!(
            (all.log_likelihood() - others.log_likelihood()).abs()
                < 1e-8 * all.log_likelihood().abs().max(1.0)
        );
        fitted += 1;
    }
    println!("{fitted} of 18 designs leave something to estimate");
    assert!(fitted >= 12, "{fitted}");
}
