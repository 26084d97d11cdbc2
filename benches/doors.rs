//! How long the ways in take: delimited text, a formula's design. `cargo bench --bench doors` prints them.

use std::fmt::Write as _;
use std::time::Instant;

use averted::data::{Design, Formula, Frame};
use averted::sources::Delimited;

const RUNS: usize = 5;

/// The quickest of several runs, in milliseconds.
fn quickest<T>(run: impl Fn() -> T) -> (T, f64) {
    let timed = || {
        let begun = Instant::now();
        let value = run();
        (value, begun.elapsed().as_secs_f64() * 1e3)
    };
    (1..RUNS).fold(timed(), |best, _| {
        let next = timed();
        if next.1 < best.1 { next } else { best }
    })
}

/// Fifty megabytes of deaths by county and month.
fn text() -> String {
    let mut text = String::from("county,month,deaths,population,rate,indicator\n");
    let mut i = 0_u32;
    while text.len() < 50_000_000 {
        let (county, month, n) = (1001 + i % 3100, i % 12 + 1, i.wrapping_mul(2_654_435_761));
        let (deaths, population, rate) = (n % 500, n % 1_000_000, f64::from(n % 99_999_989) / 1e6);
        let row =
            format!("{county},2015-{month:02},{deaths},{population},{rate},Natural & semi-synthetic opioids");
        writeln!(text, "{row}").expect("room");
        i += 1;
    }
    text
}

/// A million rows of two regressors and two effects.
fn columns() -> Frame {
    let column = |step: u32, levels: u32| -> Vec<f64> {
        (0..1_000_000_u32).map(|i| f64::from(i.wrapping_mul(step) % levels)).collect()
    };
    Frame::new()
        .with_number("y", column(7919, 1009))
        .and_then(|f| f.with_number("x", column(104_729, 9973)))
        .and_then(|f| f.with_number("z", column(1_299_709, 99_991)))
        .and_then(|f| f.with_number("firm", column(2_654_435_761, 43_478)))
        .and_then(|f| f.with_number("year", column(1, 10)))
        .expect("columns of one length")
}

fn main() {
    let text = text();
    let (rows, took) =
        quickest(|| Delimited::new().parse(text.as_bytes(), "file").expect("a table").frame.rows());
    println!("delimited text: {} bytes, {rows} rows: {took:.0} ms", text.len());
    let (data, formula) = (columns(), Formula::parse("y ~ x + z | firm + year").expect("a formula"));
    let (rows, took) = quickest(|| Design::build(&formula, &data, &[]).expect("rows").rows.len());
    println!("design: {rows} rows, 2 regressors, 2 effects: {took:.0} ms");
}
