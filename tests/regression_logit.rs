//! Logit regressions of shares and of outcomes that are all or nothing, against statsmodels, dummies and a closed form.

mod common;

use averted::Error;
use averted::data::{Factor, Frame};
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::random::{normal, stream, uniform};
use averted::regression::{At, Bootstrap, Logit, Sample, Slope};
use common::{numbers, reference};
use ndarray::Array2;
use serde_json::Value;

fn same(what: &str, ours: &[f64], theirs: &Value) {
    for (ours, theirs) in ours.iter().zip(numbers(theirs)) {
        assert!((ours - theirs).abs() <= 1e-8 * theirs.abs(), "{what}: {ours} {theirs}");
    }
}

fn data() -> (Value, Frame) {
    let gold = reference("logit");
    let columns = ["x", "z", "g", "share", "binary", "w"];
    let frame = columns.iter().fold(Frame::new(), |frame, name| {
        frame.with_number(name, numbers(&gold[name])).expect("columns of one length")
    });
    (gold, frame)
}

#[test]
fn statsmodels_agrees() {
    let (gold, data) = data();
    let spec = Logit::new().small_sample(SmallSample::NONE);
    let fit = spec.clone().covariance(Covariance::Classical).fit("binary ~ x + z", &data).expect("a fit");
    let theirs = &gold["binary_fit"];
    same("coefficients", &fit.coefficients().to_vec(), &theirs["coef"]);
    same("classical", &fit.std_errors().to_vec(), &theirs["se"]);
    let robust = fit.with_covariance(Covariance::Robust).expect("a covariance");
    same("robust", &robust.std_errors().to_vec(), &theirs["hc0"]);
    for (what, ours) in [
        ("loglik", fit.log_likelihood()),
        ("deviance", fit.model().deviance),
        ("pearson", fit.model().pearson),
    ] {
        assert!((ours / theirs[what].as_f64().expect("a number") - 1.0).abs() < 1e-9, "{what} {ours}");
    }
    let shares = spec.fit("share ~ x + z", &data).expect("a fit");
    let theirs = &gold["share_fit"];
    same("coefficients", &shares.coefficients().to_vec(), &theirs["coef"]);
    same("robust", &shares.std_errors().to_vec(), &theirs["hc0"]);
    let clustered = shares.with_covariance("g").expect("clusters");
    same("clustered", &clustered.std_errors().to_vec(), &theirs["cluster"]);
    assert!((shares.model().deviance / theirs["deviance"].as_f64().expect("a number") - 1.0).abs() < 1e-9);
    let weighted =
        spec.weights("w").covariance(Covariance::Classical).fit("share ~ x + z", &data).expect("a fit");
    same("weighted", &weighted.coefficients().to_vec(), &gold["weighted_fit"]["coef"]);
    same("its errors", &weighted.std_errors().to_vec(), &gold["weighted_fit"]["se"]);
}

#[test]
fn margins_agree_with_statsmodels() {
    let (gold, data) = data();
    let spec = Logit::new().small_sample(SmallSample::NONE).covariance(Covariance::Classical);
    let fit = spec.fit("binary ~ x + z", &data).expect("a fit");
    for (slope, key, errors) in [(Slope::Dydx, "dydx", "se"), (Slope::Eyex, "eyex", "eyex_se")] {
        let found = fit.marginal_effects(&[], slope, &At::default(), &[], None).expect("margins");
        same(key, &found.estimates.to_vec(), &gold["margins"][key]);
        same(errors, &found.std_errors().to_vec(), &gold["margins"][errors]);
    }
    let average = fit.average_prediction(&[], &[], None).expect("an average");
    let mean = fit.outcome().mean().expect("rows");
    assert!((average.estimates[0] - mean).abs() < 1e-10, "with a constant the mean is fitted");
}

#[test]
fn absorbed_effects_are_dummies() {
    let mut generator = stream(7, 0);
    let n = 480;
    let unit: Vec<f64> = (0..n).map(|i| (i / 24) as f64).collect();
    let year: Vec<f64> = (0..n).map(|i| (i % 24) as f64).collect();
    let x: Vec<f64> = (0..n).map(|_| normal(&mut generator)).collect();
    let share: Vec<f64> = (0..n)
        .map(|i| {
            let eta = -0.5
                + 0.7 * x[i]
                + 0.2 * (unit[i] * 1.3).sin()
                + 0.02 * year[i]
                + 0.5 * normal(&mut generator);
            let p = 1.0 / (1.0 + (-eta).exp());
            if i % 3 == 0 { f64::from(u8::from(uniform(&mut generator) < p)) } else { p }
        })
        .collect();
    let data = Frame::new()
        .with_number("share", share)
        .and_then(|f| f.with_number("x", x))
        .and_then(|f| f.with_number("unit", unit))
        .and_then(|f| f.with_number("year", year))
        .expect("one length");
    let absorbed = Logit::new().fit("share ~ x | unit + year", &data).expect("a fit");
    let dummies = Logit::new().fit("share ~ x + i(unit) + i(year)", &data).expect("a fit");
    let at = dummies.names().iter().position(|name| name == "x").expect("x");
    assert!((absorbed.coefficients()[0] - dummies.coefficients()[at]).abs() < 1e-9);
    for covariance in [Covariance::Classical, Covariance::Robust, Covariance::cluster(["unit"])] {
        let ours = absorbed.with_convention(covariance.clone(), SmallSample::NONE).expect("a covariance");
        let theirs = dummies.with_convention(covariance, SmallSample::NONE).expect("a covariance");
        assert!((ours.std_errors()[0] / theirs.std_errors()[at] - 1.0).abs() < 1e-8);
        let (one, other) = (ours.predict(&data).expect("rows"), theirs.predict(&data).expect("rows"));
        let year = ours.clusters().is_empty();
        for row in [0, 100, 479] {
            assert!((one.mean[row] - other.mean[row]).abs() < 1e-9);
            if year {
                assert!((one.std_error[row] / other.std_error[row] - 1.0).abs() < 1e-7);
            }
        }
        let ours = ours.marginal_effects(&[], Slope::Dydx, &At::default(), &[], None).expect("margins");
        let columns = ["x".to_owned()];
        let theirs =
            theirs.marginal_effects(&columns, Slope::Dydx, &At::default(), &[], None).expect("margins");
        assert!((ours.estimates[0] / theirs.estimates[0] - 1.0).abs() < 1e-9);
        if year {
            assert!((ours.std_errors()[0] / theirs.std_errors()[0] - 1.0).abs() < 1e-7);
        }
    }
}

#[test]
fn separated_shares_are_found_on_both_sides() {
    // Past 2 every outcome is 1, and below −2 every one 0, by `far`; in between they overlap.
    let x = [-1.0, 0.5, 1.0, -0.5, 0.2, 0.1, 0.3, -0.2, 5.0, 6.0, -5.0];
    let far = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, -1.0];
    let y = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.0];
    let data = Frame::new()
        .with_number("y", y.to_vec())
        .and_then(|f| f.with_number("x", x.to_vec()))
        .and_then(|f| f.with_number("far", far.to_vec()))
        .expect("one length");
    let fit = Logit::new().fit("y ~ x + far", &data).expect("a fit without them");
    let separated: Vec<usize> = fit.model().separated.iter().map(|(row, _)| *row).collect();
    assert_eq!(separated, [8, 9, 10]);
    assert!(fit.model().separated.iter().all(|(row, z)| (*z < 0.0) == (y[*row] == 1.0)));
    let without = Frame::new()
        .with_number("y", y[..8].to_vec())
        .and_then(|f| f.with_number("x", x[..8].to_vec()))
        .expect("one length");
    let plain = Logit::new().fit("y ~ x", &without).expect("a fit");
    assert!((fit.coefficients()[1] - plain.coefficients()[1]).abs() < 1e-9);
}

#[test]
fn levels_of_one_outcome_go_and_bad_outcomes_are_refused() {
    let sample = |y: Vec<f64>| {
        let x = Array2::from_shape_fn((y.len(), 1), |(i, _)| (i as f64 * 0.7).sin());
        Sample::new(y, x).expect("one length")
    };
    let y = vec![1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0];
    let level: Vec<f64> = (0..12).map(|i| f64::from(i / 3)).collect();
    let fit = Logit::new()
        .fit_arrays(sample(y).absorb("g", Factor::from_numbers(&level)).expect("one length"))
        .expect("a fit");
    assert_eq!(fit.rows(), [3, 4, 5, 9, 10, 11]);
    assert!(fit.dropped()[0].cause.contains("all 0 or all 1"), "{:?}", fit.dropped());
    let refused = Logit::new().fit_arrays(sample(vec![0.2, 1.2, 0.5]));
    assert!(matches!(refused, Err(Error::Domain { row: 1, .. })));
    let apart = Frame::new()
        .with_number("y", vec![0.0, 0.0, 1.0, 1.0])
        .and_then(|f| f.with_number("x", vec![1.0, 2.0, 3.0, 4.0]))
        .expect("one length");
    let refused = Logit::new().fit("y ~ x", &apart).expect_err("nothing is left").to_string();
    assert!(refused.contains("separated"), "{refused}");
    let refused = Logit::new().fit_arrays(sample(vec![1.0; 4]));
    assert!(matches!(refused, Err(Error::NothingToEstimate { .. })));
    let exposed = sample(vec![0.2, 0.4, 0.5]).exposure("people", vec![1.0; 3]).expect("one length");
    assert!(matches!(Logit::new().fit_arrays(exposed), Err(Error::Argument { .. })));
}

#[test]
fn the_score_bootstrap_takes_shares() {
    let (_, data) = data();
    let fit = Logit::new().cluster("g").fit("share ~ x + z", &data).expect("a fit");
    let test = Bootstrap::new("x = 0").level(None);
    let answer = fit.score_bootstrap(&test).expect("a test");
    // Six clusters: all 64 vectors of signs.
    assert!(answer.enumerated && answer.p_value <= 0.1, "{}", answer.p_value);
}
