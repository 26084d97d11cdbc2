//! Poisson regressions with instruments against stacked moments with exact derivatives, and what is refused.

mod common;

use averted::Error;
use averted::data::Frame;
use averted::inference::covariance::{ClusterKind, FewClusters};
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::{At, CountMethod, IvPoisson, IvPoissonFit, Poisson, Setting, Slope};
use serde_json::Value;

/// The panel of `regression_iv.rs` with counts and an exposure.
fn panel() -> Frame {
    let n = 480;
    let wave = |i: usize, a: f64, b: f64| ((i as f64) * a + b).sin();
    let state = |i: usize| i / 8;
    let u = |i: usize| wave(i, 12.9898, 0.3) + 0.4 * wave(state(i), 4.1, 0.2);
    let z = |i: usize, j: usize| wave(i, 3.7 + j as f64, 1.1 * j as f64) + 0.3 * wave(i, 0.11, j as f64);
    let x = |i: usize| wave(i, 1.3, 0.7) + 0.2 * u(i);
    let spend = |i: usize| {
        0.5 * z(i, 1) + 0.3 * z(i, 2) - 0.2 * z(i, 3) + 0.4 * x(i) + u(i) + 0.7 * wave(i, 7.77, 2.0)
    };
    let police = |i: usize| 0.3 * z(i, 2) + 0.6 * z(i, 3) + 0.5 * u(i) + wave(i, 5.55, 1.0);
    let pop = |i: usize| 1.0 + (i % 5) as f64;
    let deaths = |i: usize| {
        let mean = pop(i) * (0.3 + 0.25 * spend(i) + 0.2 * x(i) - 0.5 * u(i)).exp();
        (mean * (1.0 + 0.3 * wave(i, 2.71, 0.4)) + 0.2).floor()
    };
    let names: Vec<String> = (0..n).map(|i| format!("s{:02}", state(i))).collect();
    let names: Vec<Option<&str>> = names.iter().map(|s| Some(s.as_str())).collect();
    let columns: [(&str, &dyn Fn(usize) -> f64); 9] = [
        ("year", &|i| (i % 8) as f64),
        ("x", &x),
        ("spend", &spend),
        ("police", &police),
        ("pop", &pop),
        ("deaths", &deaths),
        ("z1", &|i| z(i, 1)),
        ("z2", &|i| z(i, 2)),
        ("z3", &|i| z(i, 3)),
    ];
    let frame = Frame::new().with_text("state", &names).expect("text");
    let frame = columns.iter().fold(frame, |frame, (name, value)| {
        frame.with_number(name, (0..n).map(value).collect()).expect("one length")
    });
    frame.with_number("w", (0..n).map(|i| 1.0 + (i % 3) as f64).collect()).expect("one length")
}

fn spec() -> IvPoisson {
    IvPoisson::new().exposure("pop").small_sample(SmallSample::NONE)
}

fn gold(id: &str) -> Value {
    common::case(&common::reference("instruments"), id)["values"].clone()
}

fn check(fit: &IvPoissonFit, ours: &[f64], theirs: &Value, digits: f64, what: &str) {
    for (name, value) in theirs.as_object().expect("a map") {
        let at = fit.names().iter().position(|n| n == name).unwrap_or_else(|| panic!("{name}"));
        let value = value.as_f64().expect("a number");
        let fine = (ours[at] - value).abs() < digits * (1e-3 + value.abs());
        assert!(fine, "{what} {name}: {} {value}", ours[at]);
    }
}

#[test]
fn control_functions_have_the_covariance_of_stacked_moments() {
    let gold = gold("panel_poisson_control");
    for (part, formula) in [
        ("plain", "deaths ~ x | spend ~ z1 + z2"),
        ("two", "deaths ~ x | spend + police ~ z1 + z2 + z3"),
        ("weights", "deaths ~ x | spend ~ z1 + z2"),
        ("years", "deaths ~ x + i(year) | spend ~ z1 + z2"),
        // Absorbed: the same as the dummies that theirs has.
        ("years", "deaths ~ x | year | spend ~ z1 + z2"),
        ("states", "deaths ~ x | state | spend ~ z1 + z2"),
    ] {
        let spec = if part == "weights" { spec().weights("w") } else { spec() };
        let fit = spec.fit(formula, &panel()).expect(formula);
        check(&fit, &fit.coefficients().to_vec(), &gold[part]["coef"], 1e-9, formula);
        for (key, covariance) in
            [("se_robust", Covariance::Robust), ("se_cluster", Covariance::from("state"))]
        {
            let fit = fit.with_covariance(covariance).expect("a covariance");
            check(&fit, &fit.std_errors().to_vec(), &gold[part][key], 1e-8, &format!("{formula} {key}"));
        }
    }
}

#[test]
fn gmm_has_the_estimates_of_its_moments() {
    let gold = gold("panel_poisson_gmm");
    for (part, formula) in [
        ("robust", "deaths ~ x | spend ~ z1 + z2"),
        ("exact", "deaths ~ x | spend ~ z1"),
        ("cluster", "deaths ~ x | spend ~ z1 + z2"),
        ("weights", "deaths ~ x | spend ~ z1 + z2"),
        ("two", "deaths ~ x | spend + police ~ z1 + z2 + z3"),
        // A second implementation, with numerical derivatives.
        ("statsmodels", "deaths ~ x | spend ~ z1 + z2"),
    ] {
        let mut spec = spec().method(CountMethod::Gmm);
        if part == "weights" {
            spec = spec.weights("w");
        }
        if part == "cluster" {
            spec = spec.cluster("state");
        }
        let fit = spec.fit(formula, &panel()).expect(formula);
        let digits = if part == "statsmodels" { 2e-6 } else { 1e-8 };
        check(&fit, &fit.coefficients().to_vec(), &gold[part]["coef"], digits, part);
        check(&fit, &fit.std_errors().to_vec(), &gold[part]["se"], digits, part);
        match fit.model().j_statistic {
            Some(j) => {
                assert!((j - gold[part]["j"].as_f64().expect("J")).abs() < digits * 10.0, "{part}: {j}");
            }
            None => assert_eq!(part, "exact"),
        }
    }
}

#[test]
fn an_exogenous_residual_changes_nothing_but_the_second_step_is_poisson() {
    // The coefficients of the second step are those of a Poisson regression with the residuals typed in.
    let data = panel();
    let fit = spec().fit("deaths ~ x | state + year | spend ~ z1 + z2", &data).expect("a fit");
    let first =
        averted::regression::Ols::new().fit("spend ~ x + z1 + z2 | state + year", &data).expect("a fit");
    let data = data.with_number("v", first.residuals().to_vec()).expect("one length");
    let plain =
        Poisson::new().exposure("pop").fit("deaths ~ x + spend + v | state + year", &data).expect("a fit");
    for (a, b) in fit.coefficients().iter().zip(plain.coefficients()) {
        assert!((a - b).abs() < 1e-10, "{a} {b}");
    }
    assert!((fit.log_likelihood() - plain.log_likelihood()).abs() < 1e-9);
    // The first step adds to the standard error.
    let robust = plain.with_convention(Covariance::Robust, SmallSample::NONE).expect("robust");
    assert!(fit.std_errors()[1] > robust.std_errors()[1], "{} {}", fit.std_errors(), robust.std_errors());
}

#[test]
fn frequency_weights_are_repeated_rows() {
    let data = panel();
    let w = data.number("w").expect("weights").to_vec();
    let rows: Vec<usize> = (0..w.len()).flat_map(|i| vec![i; w[i] as usize]).collect();
    let long = ["deaths", "pop", "x", "spend", "z1", "z2", "year"].iter().fold(Frame::new(), |made, name| {
        let v = data.number(name).expect("numbers");
        made.with_number(name, rows.iter().map(|&i| v[i]).collect()).expect("one length")
    });
    for method in [CountMethod::ControlFunction, CountMethod::Gmm] {
        let formula = "deaths ~ x + i(year) | spend ~ z1 + z2";
        let short = spec().method(method).frequency_weights("w").fit(formula, &data).expect("a fit");
        let long = spec().method(method).fit(formula, &long).expect("a fit");
        for (a, b) in short.coefficients().iter().zip(long.coefficients()) {
            assert!((a - b).abs() < 1e-9 * (1e-2 + b.abs()), "{a} {b}");
        }
        for (a, b) in short.std_errors().iter().zip(&long.std_errors()) {
            assert!((a - b).abs() < 1e-8 * b, "{a} {b}");
        }
    }
}

#[test]
fn levels_of_zeros_and_separated_rows_leave_both_steps() {
    let data = panel();
    let mut deaths = data.number("deaths").expect("deaths").to_vec();
    deaths[..8].fill(0.0);
    let data = data.with_number("less", deaths).expect("one length");
    let all = spec().fit("less ~ x | state | spend ~ z1 + z2", &data).expect("a fit");
    assert_eq!(all.rows().len(), 472);
    let rows: Vec<usize> = (8..480).collect();
    let part = ["less", "pop", "x", "spend", "z1", "z2"].iter().fold(Frame::new(), |made, name| {
        let v = data.number(name).expect("numbers");
        made.with_number(name, rows.iter().map(|&i| v[i]).collect()).expect("one length")
    });
    let states: Vec<String> = rows.iter().map(|i| format!("s{:02}", i / 8)).collect();
    let part = part.with_text("state", &states.iter().map(|s| Some(s.as_str())).collect::<Vec<_>>());
    let part = spec().fit("less ~ x | state | spend ~ z1 + z2", &part.expect("text")).expect("a fit");
    for (a, b) in all.coefficients().iter().zip(part.coefficients()) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
    for (a, b) in all.std_errors().iter().zip(&part.std_errors()) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
}

#[test]
fn what_theory_does_not_allow_is_refused() {
    let data = panel();
    let absorbed = spec().method(CountMethod::Gmm).fit("deaths ~ x | state | spend ~ z1 + z2", &data);
    let text = absorbed.unwrap_err().to_string();
    assert!(text.contains("control function"), "{text}");
    let fit = spec().fit("deaths ~ x | spend ~ z1 + z2", &data).expect("a fit");
    assert!(matches!(fit.with_covariance(Covariance::Classical), Err(Error::Argument { .. })));
    let predicted = fit.predict(&data).unwrap_err().to_string();
    assert!(predicted.contains("residual"), "{predicted}");
    // Nor is there anything that asks for other rows, or for effects whose own errors leave out the first step.
    let set = [("spend".to_owned(), Setting::Number(0.0))];
    assert!(matches!(fit.average_prediction(&set, &[], None), Err(Error::Argument { .. })));
    assert!(matches!(fit.averted(&set, &[], None), Err(Error::Argument { .. })));
    let slopes = fit.marginal_effects(&[], Slope::default(), &At::default(), &[], None);
    assert!(matches!(slopes, Err(Error::Argument { .. })));
    let absorbed = spec().fit("deaths ~ x | state | spend ~ z1 + z2", &data).expect("a fit");
    assert!(matches!(absorbed.fixed_effect_errors(), Err(Error::Argument { .. })));
    for few in [ClusterKind::Cr2, ClusterKind::Cr3, ClusterKind::Jackknife] {
        assert!(absorbed.with_covariance(FewClusters::new("state", few)).is_err());
    }
    assert!(absorbed.leverage().is_err());
    let gmm = spec().method(CountMethod::Gmm).fit("deaths ~ x | spend ~ z1 + z2", &data).expect("a fit");
    let mean = gmm.predict(&data).expect("predictions").mean;
    for (a, b) in mean.iter().zip(&gmm.fitted()) {
        assert!((a / b - 1.0).abs() < 1e-10, "{a} {b}");
    }
    assert!(matches!(
        spec().fit("deaths ~ x | spend + police ~ z1", &data),
        Err(Error::NotIdentified { .. })
    ));
    let negative = data.clone().with_number("deaths", vec![-1.0; 480]).expect("one length");
    assert!(matches!(spec().fit("deaths ~ x | spend ~ z1", &negative), Err(Error::Domain { .. })));
    let text = spec().cluster("state").to_string();
    assert!(
        text.starts_with("Poisson regression with instruments, control function, exposure pop"),
        "{text}"
    );
}
