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

fn gold(id: &str) -> serde_json::Value {
    common::case(&common::reference("instruments"), id)["values"].clone()
}

/// Ours and theirs by name; `const` is the intercept.
fn check_named(fit: &IvFit, ours: &[f64], theirs: &serde_json::Value, what: &str) {
    for (name, value) in theirs.as_object().expect("a map") {
        let name = if name == "const" { "(Intercept)" } else { name };
        let at = fit.names().iter().position(|n| n == name).expect(name);
        let value = value.as_f64().expect("a number");
        assert!(
            (ours[at] - value).abs() < 1e-8 * (1e-3 + value.abs()),
            "{what} {name}: {} {value}",
            ours[at]
        );
    }
}

#[test]
fn two_endogenous_regressors_as_linearmodels_has_them() {
    let gold = gold("panel_two_endogenous");
    let formula = "y ~ x | spend + police ~ z1 + z2 + z3";
    for (part, method) in [
        ("tsls", Method::TwoStage),
        ("liml", Method::LimitedInformation),
        ("fuller1", Method::Fuller(1.0)),
        ("fuller4", Method::Fuller(4.0)),
    ] {
        for suffix in ["", "_weights"] {
            let theirs = &gold[format!("{part}{suffix}")];
            let spec = Iv::new().method(method);
            let fit = fit(if suffix.is_empty() { spec } else { spec.weights("w") }, formula);
            check_named(&fit, &fit.coefficients().to_vec(), &theirs["coef"], part);
            for (key, covariance, convention) in [
                ("se_unadjusted_debiased", Covariance::Classical, SmallSample::LINEARMODELS),
                ("se_robust", Covariance::Robust, SmallSample::NONE),
                ("se_clustered", Covariance::from("state"), SmallSample::NONE),
            ] {
                let fit = fit.with_convention(covariance, convention).expect("a covariance");
                check_named(&fit, &fit.std_errors().to_vec(), &theirs[key], &format!("{part}{suffix} {key}"));
            }
            if let Some(kappa) = theirs["kappa"].as_f64() {
                same([fit.model().kappa.expect("a k-class")], [kappa], 1e-9);
            }
        }
    }
    for (kind, covariance) in [("robust", Covariance::Robust), ("clustered", Covariance::from("state"))] {
        for (part, method) in [("2step", Method::Gmm), ("iterated", Method::IteratedGmm)] {
            let theirs = &gold[format!("gmm_{kind}_{part}")];
            let spec =
                Iv::new().method(method).covariance(covariance.clone()).small_sample(SmallSample::NONE);
            let fit = fit(spec, formula);
            check_named(&fit, &fit.coefficients().to_vec(), &theirs["coef"], part);
            check_named(&fit, &fit.std_errors().to_vec(), &theirs["se"], part);
            same([fit.model().j_statistic.expect("J")], [theirs["j"].as_f64().expect("J")], 1e-8);
        }
    }
}

#[test]
fn first_stages_as_linearmodels_has_them() {
    let gold = gold("panel_first_stage");
    let plain = fit(Iv::new(), "y ~ x | spend + police ~ z1 + z2 + z3");
    for (kind, covariance) in [
        ("unadjusted", Covariance::Classical),
        ("robust", Covariance::Robust),
        ("clustered", Covariance::from("state")),
    ] {
        let convention = if kind == "unadjusted" { SmallSample::LINEARMODELS } else { SmallSample::NONE };
        let fit = plain.with_convention(covariance, convention).expect("a covariance");
        let found = fit.first_stage().expect("a first stage");
        for stage in &found.stages {
            let theirs = &gold[kind][&stage.name];
            let number = |key: &str| theirs[key].as_f64().expect("a number");
            same([stage.partial_r_squared], [number("partial.rsquared")], 1e-9);
            same([stage.shea_r_squared], [number("shea.rsquared")], 1e-9);
            // Theirs: F without n/(n − K), or χ².
            let f = if kind == "unadjusted" { stage.f * 480.0 / 475.0 } else { stage.f * 3.0 };
            same([f], [number("f.stat")], 1e-9);
        }
    }
    let number = |key: &str| gold[key].as_f64().expect("a number");
    let found = plain.first_stage().expect("a first stage");
    let sargan = found.overidentification.expect("one in excess");
    same([sargan.statistic], [number("sargan")], 1e-9);
    same([sargan.statistic * (480.0 - 5.0) / (480.0 - sargan.statistic)], [number("basmann")], 1e-9);
    let wu = found.endogeneity.expect("a test");
    assert_eq!((wu.restrictions, wu.denominator), (2, 474.0));
    same([wu.statistic], [number("wu_hausman")], 1e-9);
    let ratio = wu.statistic * 2.0 / 474.0;
    same([480.0 * ratio / (1.0 + ratio)], [number("durbin")], 1e-9);
    let robust = plain.with_convention(Covariance::Robust, SmallSample::NONE).expect("robust");
    let wooldridge = robust.first_stage().expect("a first stage").endogeneity.expect("a test");
    same([wooldridge.statistic], [number("wooldridge_regression")], 1e-9);
}

#[test]
fn rank_tests_are_their_definitions() {
    let gold = gold("panel_rank");
    for (part, formula, l, m) in [
        ("one", "y ~ x | spend ~ z1 + z2 + z3", 3.0, 1),
        ("two", "y ~ x | spend + police ~ z1 + z2 + z3", 3.0, 2),
        ("exact", "y ~ x | spend + police ~ z1 + z3", 2.0, 2),
    ] {
        let number = |key: &str| gold[part][key].as_f64().expect(key);
        let plain = fit(Iv::new(), formula);
        let found = plain.first_stage().expect("a first stage");
        same([found.underidentification.statistic], [number("anderson_lm")], 1e-9);
        same([found.cragg_donald, found.kleibergen_paap], [number("cragg_donald"); 2], 1e-9);
        for (kind, covariance) in [("robust", Covariance::Robust), ("cluster", Covariance::from("state"))] {
            let fit = plain.with_convention(covariance, SmallSample::NONE).expect("a covariance");
            let found = fit.first_stage().expect("a first stage");
            same([found.underidentification.statistic], [number(&format!("lm_{kind}"))], 1e-8);
            same([found.kleibergen_paap * l], [number(&format!("wald_{kind}"))], 1e-8);
        }
        let robust =
            plain.with_covariance(Covariance::Robust).expect("robust").first_stage().expect("stages");
        for (classical, robust) in found.stages.iter().zip(&robust.stages).filter(|_| m == 2) {
            same([classical.conditional_f], [number(&format!("sw_classical_{}", classical.name))], 1e-9);
            same([robust.conditional_f], [number(&format!("sw_robust_{}", robust.name))], 1e-8);
        }
    }
}

/// Endogenous, with instruments that hardly move it.
fn weak_panel() -> Frame {
    let data = panel();
    let column = |name: &str| data.number(name).expect("numbers").to_vec();
    let wave = |i: usize, a: f64, b: f64| ((i as f64) * a + b).sin();
    let (z1, z2, x) = (column("z1"), column("z2"), column("x"));
    let u = |i: usize| wave(i, 12.9898, 0.3) + 0.4 * wave(i / 8, 4.1, 0.2);
    let weak: Vec<f64> =
        (0..480).map(|i| 0.08 * z1[i] + 0.05 * z2[i] + u(i) + 0.7 * wave(i, 7.77, 2.0)).collect();
    let outcome =
        (0..480).map(|i| weak[i] * 0.5 + x[i] * 0.3 - 1.1 * u(i) + 0.4 * wave(i, 2.71, 0.4)).collect();
    let data = data.clone().with_number("weak", weak).expect("one length");
    data.with_number("yw", outcome).expect("one length")
}

#[test]
fn anderson_rubin_sets_as_ivmodels_has_them() {
    let gold = gold("panel_anderson_rubin");
    let data = weak_panel();
    for (part, formula) in [
        ("strong", "y ~ x | spend ~ z1 + z2"),
        ("weak", "yw ~ x | weak ~ z1 + z2"),
        ("weak_one", "yw ~ x | weak ~ z1"),
    ] {
        let fit = Iv::new().fit(formula, &data).expect("a fit");
        for (text, b) in [("-0.5", -0.5), ("0.0", 0.0), ("1.0", 1.0)] {
            let theirs = common::numbers(&gold[part][text]);
            let ours = fit.anderson_rubin(Some(&[b]), 0.95).expect("a test");
            same([ours.statistic, ours.p_value], theirs, 1e-7);
        }
        for (text, level) in [("set_0.05", 0.95), ("set_0.5", 0.5)] {
            let ours = fit.anderson_rubin(None, level).expect("a test").set.expect("a set");
            let theirs = gold[part][text].as_array().expect("pieces");
            assert_eq!(ours.len(), theirs.len(), "{part} {text}: {ours:?} {theirs:?}");
            for ((low, high), theirs) in ours.iter().zip(theirs) {
                let end = |v: &serde_json::Value, none: f64| v.as_f64().unwrap_or(none);
                let (a, b) = (end(&theirs[0], f64::NEG_INFINITY), end(&theirs[1], f64::INFINITY));
                for (ours, theirs) in [(*low, a), (*high, b)] {
                    assert!(ours == theirs || (ours - theirs).abs() < 1e-7 * theirs.abs(), "{ours} {theirs}");
                }
            }
        }
        // The circle finds the parabola's roots: the robust path under a covariance that is classical in effect.
        let robust = fit.with_covariance(Covariance::Robust).expect("robust");
        let found = robust.anderson_rubin(None, 0.9).expect("a set");
        for end in found.set.expect("a set").iter().flat_map(|(a, b)| [*a, *b]).filter(|e| e.is_finite()) {
            let at = robust.anderson_rubin(Some(&[end]), 0.9).expect("a test");
            assert!((at.p_value - 0.1).abs() < 1e-9, "{part}: p = {} at the end {end}", at.p_value);
        }
    }
    let two = Iv::new().fit("y ~ x | spend + police ~ z1 + z2 + z3", &data).expect("a fit");
    let ours = two.anderson_rubin(Some(&[1.0, 0.0]), 0.95).expect("a test");
    same([ours.statistic, ours.p_value], common::numbers(&gold["two"]["ar_1_0"]), 1e-7);
    assert_eq!(ours.set, None);
    assert!(two.anderson_rubin(Some(&[1.0]), 0.95).is_err());
    assert!(two.anderson_rubin(None, 1.0).is_err());
    let weak = Iv::new().fit("yw ~ x | weak ~ z1 + z2", &data).expect("a fit");
    assert!(weak.first_stage().expect("stages").is_weak());
    assert!(
        weak.notes().iter().any(|n| n.starts_with("weak instruments: effective F = ")),
        "{:?}",
        weak.notes()
    );
    assert_eq!(weak.anderson_rubin(None, 0.95).expect("a set").shape(), Some("two rays"));
    assert_eq!(weak.anderson_rubin(None, 0.999).expect("a set").shape(), Some("whole line"));
}

#[test]
fn effective_f_is_its_definition() {
    let gold = gold("panel_effective_f");
    for (key, covariance) in [("robust", Covariance::Robust), ("state", Covariance::from("state"))] {
        let fit = fit(Iv::new().covariance(covariance), "y ~ x | spend ~ z1 + z2");
        let found = fit.first_stage().expect("a first stage");
        let theirs = |name: &str| gold[key][name].as_f64().expect("a number");
        same([found.stages[0].f], [theirs("F_pyfixest")], 1e-9);
        same([found.effective.expect("one").value], [theirs("effective")], 1e-9);
    }
    // One instrument: the critical value of the first-stage F, 23.1 (Montiel Olea & Pflueger 2013, table 1).
    let one = fit(Iv::new(), "y ~ x | spend ~ z1").first_stage().expect("a first stage");
    let effective = one.effective.expect("one endogenous regressor");
    same([effective.value], [one.stages[0].f], 1e-12);
    assert!((effective.critical - 23.108_5).abs() < 1e-3 && (effective.degrees - 1.0).abs() < 1e-12);
}
