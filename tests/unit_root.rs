//! Tests of unit roots beside urca, tseries, statsmodels and arch.

mod common;

use averted::timeseries::unit_root::{Bandwidth, Deterministic, Kpss, differences};
use common::{Comparison, case, numbers, reference, tolerance};
use serde_json::Value;

fn series(name: &str) -> Vec<f64> {
    numbers(&reference("unitroot_cointegration_breaks")["datasets"][name]["values"])
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn kpss(table: &mut Comparison, name: &str, y: &[f64]) {
    let (urca, python) =
        (reference("unitroot_cointegration_breaks"), reference("python_regression_iv_unitroot"));
    let (id, other) = (format!("unitroot_{name}"), format!("py_unitroot_{name}"));
    let (urca, python) = (case(&urca, &id), case(&python, &other));
    let test =
        |kind, bandwidth| Kpss::new().deterministic(kind).bandwidth(bandwidth).test(name, y).expect("a test");
    for (kind, short) in [(Deterministic::Level, "mu"), (Deterministic::Trend, "tau")] {
        let lags = 0..=4;
        let ours: Vec<f64> = lags.clone().map(|l| test(kind, Bandwidth::Fixed(l)).statistic).collect();
        let theirs: Vec<f64> =
            lags.map(|l| number(&urca["values"][format!("urkpss_{short}_lag{l}")])).collect();
        table.check(&id, &format!("KPSS {kind}, 0 to 4 lags"), &ours, &theirs, tolerance(urca));
    }
    let theirs = &urca["values"]["tseries_kpss_level"];
    let ours = test(Deterministic::Level, Bandwidth::Schwert4);
    table.check(
        &id,
        "KPSS of tseries, p-value, lags",
        &[ours.statistic, ours.p_value, ours.lags as f64],
        &[number(&theirs["stat"]), number(&theirs["p"]), number(&theirs["lag"])],
        tolerance(urca),
    );
    for (kind, short) in [(Deterministic::Level, "c"), (Deterministic::Trend, "ct")] {
        for (bandwidth, how) in
            [(Bandwidth::Automatic, "auto"), (Bandwidth::Schwert12, "legacy"), (Bandwidth::Fixed(3), "3")]
        {
            let theirs = &python["values"][format!("kpss_{short}_{how}")];
            let ours = test(kind, bandwidth);
            table.check(
                &other,
                &format!("KPSS {kind}, bandwidth {how}, p-value, lags"),
                &[ours.statistic, ours.p_value, ours.lags as f64],
                &[number(&theirs["stat"]), number(&theirs["p"]), number(&theirs["lags"])],
                tolerance(python),
            );
        }
    }
}

#[test]
fn values_beside_urca_tseries_statsmodels_and_arch() {
    let mut table = Comparison::default();
    for name in ["nile", "wwwusage"] {
        kpss(&mut table, name, &series(name));
    }
    let head = "# Conformance: unit roots\n\nStatistics and p-values beside urca, tseries, statsmodels and arch; \
                `tests/unit_root.rs` makes this page (`make docs`) and\nfails when a value differs by more than the \
                tolerance of its case (1e-8 or 1e-7, relative) unless a comment there says why.\n";
    table.finish("conformance_unit_root.md", head, &[]);
}

/// R's `forecast::ndiffs` of these series is 1: its help page and the tests of the field rely on it.
#[test]
fn differences_of_known_series() {
    let of = |y: &[f64]| differences("y", y, 0.05, 2, Deterministic::Level).expect("an answer");
    assert_eq!(of(&series("wwwusage")), 1);
    assert_eq!(of(&series("nile")), 1);
    let walk: Vec<f64> = series("nile")
        .iter()
        .scan(0.0, |sum, v| {
            *sum += v;
            Some(*sum)
        })
        .collect();
    let twice: Vec<f64> = walk
        .iter()
        .scan(0.0, |sum, v| {
            *sum += v;
            Some(*sum)
        })
        .collect();
    assert_eq!(of(&walk), 2);
    assert_eq!(of(&twice), 2, "no more than the most");
}
