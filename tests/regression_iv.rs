//! Regressions with instruments: properties, refusals, and values of other software.

mod common;

use averted::Error;
use averted::data::Frame;
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::{Iv, IvFit, Method, Ols, Sample};
use ndarray::Array2;

/// 60 states by 8 years with an endogenous regressor, three instruments, a control, weights and states to cluster by.
fn panel() -> Frame {
    let n = 480;
    let wave = |i: usize, a: f64, b: f64| ((i as f64) * a + b).sin();
    let state = |i: usize| i / 8;
    let column = |value: &dyn Fn(usize) -> f64| -> Vec<f64> { (0..n).map(value).collect() };
    let u = |i: usize| wave(i, 12.9898, 0.3) + 0.4 * wave(state(i), 4.1, 0.2);
    let z = |i: usize, j: usize| wave(i, 3.7 + j as f64, 1.1 * j as f64) + 0.3 * wave(i, 0.11, j as f64);
    let x = |i: usize| wave(i, 1.3, 0.7) + 0.2 * u(i);
    let spend = |i: usize| {
        0.5 * z(i, 1) + 0.3 * z(i, 2) - 0.2 * z(i, 3) + 0.4 * x(i) + u(i) + 0.7 * wave(i, 7.77, 2.0)
    };
    let police = |i: usize| 0.3 * z(i, 2) + 0.6 * z(i, 3) + 0.5 * u(i) + wave(i, 5.55, 1.0);
    let effect = |i: usize| wave(state(i), 2.2, 0.0) + 0.1 * (i % 8) as f64;
    let y = |i: usize| 1.0 + 0.8 * spend(i) - 0.5 * police(i) + 0.3 * x(i) + effect(i) - 1.2 * u(i);
    let names: Vec<String> = (0..n).map(|i| format!("s{:02}", state(i))).collect();
    let names: Vec<Option<&str>> = names.iter().map(|s| Some(s.as_str())).collect();
    let number = |frame: Frame, name: &str, value: &dyn Fn(usize) -> f64| {
        frame.with_number(name, column(value)).expect("one length")
    };
    let mut frame = Frame::new().with_text("state", &names).expect("text");
    frame = number(frame, "year", &|i| (i % 8) as f64);
    frame = number(frame, "y", &y);
    frame = number(frame, "x", &x);
    frame = number(frame, "spend", &spend);
    frame = number(frame, "police", &police);
    for j in 1..=3 {
        frame = number(frame, &format!("z{j}"), &|i| z(i, j));
    }
    number(frame, "w", &|i| 1.0 + (i % 3) as f64)
}

fn fit(spec: Iv, formula: &str) -> IvFit {
    spec.fit(formula, &panel()).expect(formula)
}

fn same(a: impl IntoIterator<Item = f64>, b: impl IntoIterator<Item = f64>, digits: f64) {
    let (a, b): (Vec<f64>, Vec<f64>) = (a.into_iter().collect(), b.into_iter().collect());
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() <= digits * (1e-3 + b.abs()), "{a} {b}");
    }
}

#[test]
fn absorbed_effects_are_dummies() {
    for method in [Method::TwoStage, Method::LimitedInformation, Method::Fuller(1.0)] {
        let spec = Iv::new().method(method).weights("w");
        let absorbed = fit(spec.clone(), "y ~ x | state + year | spend + police ~ z1 + z2 + z3");
        let dummies = fit(spec, "y ~ x + state + i(year) | spend + police ~ z1 + z2 + z3");
        for covariance in [Covariance::Classical, Covariance::Robust, Covariance::from("state")] {
            // All levels counted, so that nesting makes no difference.
            let all = SmallSample { exact: true, ..SmallSample::LINEARMODELS };
            let with = |fit: &IvFit| fit.with_convention(covariance.clone(), all).expect("a covariance");
            let (absorbed, dummies) = (with(&absorbed), with(&dummies));
            let scale = if covariance == Covariance::from("state") {
                // Effects nested in the clusters do not count there.
                let (a, d) = (absorbed.small_sample_factor(), dummies.small_sample_factor());
                (d / a).sqrt()
            } else {
                1.0
            };
            let of = |fit: &IvFit, name: &str| {
                let at = fit.names().iter().position(|n| n == name).expect("a name");
                (fit.coefficients()[at], fit.std_errors()[at])
            };
            for name in ["x", "spend", "police"] {
                let ((a, ea), (d, ed)) = (of(&absorbed, name), of(&dummies, name));
                same([a, ea * scale], [d, ed], 1e-8);
            }
        }
    }
}

#[test]
fn a_regressor_that_is_its_own_instrument_gives_least_squares() {
    let ols = Ols::new().cluster("state").fit("y ~ spend + x | year", &panel()).expect("a fit");
    for method in [Method::TwoStage, Method::LimitedInformation, Method::Gmm] {
        let iv = fit(Iv::new().method(method).cluster("state"), "y ~ x | year | spend ~ spend");
        same([iv.coefficients()[1], iv.coefficients()[0]], ols.coefficients().to_vec(), 1e-10);
        same([iv.std_errors()[1], iv.std_errors()[0]], ols.std_errors(), 1e-10);
    }
}

#[test]
fn exactly_identified_methods_agree() {
    let formula = "y ~ x | state | spend ~ z1";
    let two_stage = fit(Iv::new().covariance(Covariance::Robust), formula);
    for method in [Method::LimitedInformation, Method::Fuller(0.0), Method::Gmm, Method::IteratedGmm] {
        let other = fit(Iv::new().method(method).covariance(Covariance::Robust), formula);
        same(other.coefficients().to_vec(), two_stage.coefficients().to_vec(), 1e-9);
        same(other.std_errors(), two_stage.std_errors(), 1e-9);
        assert_eq!(other.model().j_statistic, None);
    }
}

#[test]
fn units_and_order_of_rows_do_not_matter() {
    let data = panel();
    let scaled = data
        .clone()
        .with_number("z1", data.number("z1").expect("z1").iter().map(|z| 1e6 * z + 5.0).collect());
    let scaled = scaled.and_then(|d| {
        let spend = d.number("spend").expect("spend").iter().map(|s| 1e-4 * s).collect();
        d.with_number("spend", spend)
    });
    let formula = "y ~ x | state | spend ~ z1 + z2";
    for method in [Method::TwoStage, Method::LimitedInformation, Method::IteratedGmm] {
        let spec = Iv::new().method(method).cluster("state");
        let (a, b) = (spec.fit(formula, &data), spec.fit(formula, scaled.as_ref().expect("columns")));
        let (a, b) = (a.expect("a fit"), b.expect("a fit"));
        same(
            [a.coefficients()[1] * 1e4, a.std_errors()[1] * 1e4],
            [b.coefficients()[1], b.std_errors()[1]],
            1e-9,
        );
        let reversed: Vec<usize> = (0..data.rows()).rev().collect();
        let turned = data.names().fold(Frame::new(), |made, name| {
            let made = match data.number(name) {
                Ok(v) => made.with_number(name, reversed.iter().map(|&i| v[i]).collect()),
                Err(_) => {
                    let f = data.factor(name).expect("text");
                    made.with_text(name, &reversed.iter().map(|&i| f.label(i)).collect::<Vec<_>>())
                }
            };
            made.expect("one length")
        });
        let c = spec.fit(formula, &turned).expect("a fit");
        same(a.coefficients().to_vec(), c.coefficients().to_vec(), 1e-10);
        same(a.std_errors(), c.std_errors(), 1e-10);
    }
}

#[test]
fn frequency_weights_are_repeated_rows() {
    let data = panel();
    let w = data.number("w").expect("weights").to_vec();
    let rows: Vec<usize> = (0..w.len()).flat_map(|i| vec![i; w[i] as usize]).collect();
    let long = ["y", "x", "spend", "z1", "z2", "year"].iter().fold(Frame::new(), |made, name| {
        let v = data.number(name).expect("numbers");
        made.with_number(name, rows.iter().map(|&i| v[i]).collect()).expect("one length")
    });
    for method in [Method::TwoStage, Method::LimitedInformation, Method::Gmm] {
        let spec = Iv::new().method(method).covariance(Covariance::Robust);
        let formula = "y ~ x | year | spend ~ z1 + z2";
        let short = spec.clone().frequency_weights("w").fit(formula, &data).expect("a fit");
        let long = spec.fit(formula, &long).expect("a fit");
        same(short.coefficients().to_vec(), long.coefficients().to_vec(), 1e-10);
        same(short.std_errors(), long.std_errors(), 1e-10);
    }
}

#[test]
fn collinear_instruments_are_left_out_with_a_note() {
    let data = panel();
    let double =
        data.number("z1").expect("z1").iter().zip(data.number("x").expect("x")).map(|(z, x)| 2.0 * z - x);
    let double = double.collect();
    let data = data.with_number("twice", double).expect("one length");
    let spec = Iv::new();
    let plain = spec.fit("y ~ x | state | spend ~ z1 + z2", &data).expect("a fit");
    let more = spec.fit("y ~ x | state | spend ~ z1 + twice + z2", &data).expect("a fit");
    same(plain.coefficients().to_vec(), more.coefficients().to_vec(), 1e-10);
    assert!(
        more.notes().iter().any(|n| n == "instrument twice left out: collinear with x, z1"),
        "{:?}",
        more.notes()
    );
}

#[test]
fn what_is_not_identified_is_refused_by_name() {
    let data = panel();
    let spec = Iv::new();
    let few = spec.fit("y ~ x | state | spend + police ~ z1", &data).unwrap_err();
    let Error::NotIdentified { endogenous, instruments, .. } = &few else { panic!("{few}") };
    assert_eq!((endogenous.join(","), instruments.join(",")), ("spend,police".into(), "z1".into()));
    // An instrument that the effects take up is none.
    let taken = spec.fit("y ~ x | state + year | spend ~ year", &data).unwrap_err();
    assert!(matches!(taken, Error::NotIdentified { .. }), "{taken}");
    // Nor is one that is exactly unrelated.
    let n = 8;
    let number = |v: &[f64]| v.to_vec();
    let data = Frame::new()
        .with_number("y", number(&[1., 2., 4., 3., 6., 5., 8., 9.]))
        .and_then(|d| d.with_number("s", number(&[1., 1., 1., 1., -1., -1., -1., -1.])))
        .and_then(|d| d.with_number("z", number(&[1., -1., 1., -1., 1., -1., 1., -1.])))
        .expect("one length");
    assert_eq!(data.rows(), n);
    let unrelated = spec.fit("y ~ 1 | s ~ z", &data).unwrap_err();
    assert!(unrelated.to_string().contains("tell nothing of s"), "{unrelated}");
    // Other models refuse instruments, and this one asks for them.
    assert!(Ols::new().fit("y ~ 1 | s ~ z", &data).is_err());
    assert!(matches!(spec.fit("y ~ z", &data), Err(Error::Argument { .. })));
    let wrong = Iv::new().method(Method::Fuller(-1.0)).fit("y ~ x | spend ~ z1", &panel());
    assert!(matches!(wrong, Err(Error::Argument { .. })));
    let clusters = Iv::new().method(Method::Gmm).cluster("half").fit("y ~ x | spend ~ z1 + z2", &{
        let half = (0..480).map(|i| f64::from(i / 240)).collect();
        panel().with_number("half", half).expect("one length")
    });
    assert!(matches!(clusters, Err(Error::TooShort { needed: 4, found: 2, .. })), "{clusters:?}");
}

#[test]
fn arrays_give_what_a_formula_gives() {
    let data = panel();
    let column = |name: &str| data.number(name).expect("numbers").to_vec();
    let columns = |names: &[&str]| {
        let values: Vec<Vec<f64>> = names.iter().map(|n| column(n)).collect();
        Array2::from_shape_fn((480, names.len()), |(i, j)| values[j][i])
    };
    let sample = Sample::new(column("y"), columns(&["x"]))
        .and_then(|s| s.named("y", &["x"]))
        .and_then(|s| s.instruments(&["z1", "z2"], columns(&["z1", "z2"])))
        .and_then(|s| s.endogenous(&["spend"], columns(&["spend"])))
        .and_then(|s| s.absorb("state", data.factor("state").expect("text")))
        .expect("a sample");
    let spec = Iv::new().method(Method::LimitedInformation).cluster("state");
    assert!(Ols::new().fit_arrays(sample.clone()).is_err());
    let arrays = spec.fit_arrays(sample).expect("a fit");
    let formula = spec.fit("y ~ x | state | spend ~ z1 + z2", &data).expect("a fit");
    assert_eq!(arrays.coefficients(), formula.coefficients());
    assert_eq!(arrays.covariance(), formula.covariance());
    assert_eq!(arrays.sentence(), "LIML: y ~ x | state | spend ~ z1 + z2");
    assert_eq!(arrays.sentence(), formula.sentence());
}

#[test]
fn predictions_read_the_endogenous_columns_too() {
    let data = panel();
    let fit = Iv::new().fit("y ~ x | state + year | spend ~ z1 + z2", &data).expect("a fit");
    let predicted = fit.predict(&data).expect("predictions");
    same(predicted.mean.to_vec(), fit.fitted().to_vec(), 1e-9);
    let dummies = Iv::new().fit("y ~ x + state + i(year) | spend ~ z1 + z2", &data).expect("a fit");
    let with = dummies.predict(&data).expect("predictions");
    same(predicted.std_error.to_vec(), with.std_error.to_vec(), 1e-8);
}
