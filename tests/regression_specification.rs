//! Specification tests: absorbed effects as a dummy for each, lags by date, and what is refused.

use averted::Error;
use averted::data::Frame;
use averted::inference::{Covariance, Estimates};
use averted::regression::{Against, Ols, Poisson, SpecificationTest as Which};

/// Twelve units by fifteen years, errors related within units; with a gap in some, in an order of no meaning.
fn panel() -> Frame {
    let mut rows: Vec<(f64, f64)> =
        (0..12).flat_map(|u| (2000..2015).map(move |t| (f64::from(u), f64::from(t)))).collect();
    rows.retain(|&(u, t)| !(u < 4.0 && (t - 2007.0).abs() < 0.5));
    rows.sort_by(|a, b| (a.0 * 7.3 + a.1 * 3.1).sin().total_cmp(&(b.0 * 7.3 + b.1 * 3.1).sin()));
    let x = |u: f64, t: f64| (0.9 * u + 1.7 * t).sin() + 0.1 * u;
    let e = |u: f64, t: f64| (12.9 * u + 0.9 * t).sin() + 0.4 * (78.2 * u * t).sin();
    let y = |&(u, t): &(f64, f64)| 1.0 + 0.5 * x(u, t) + 0.3 * u + e(u, t);
    let count = |&(u, t): &(f64, f64)| (1.5 + 0.4 * x(u, t) + 0.5 * e(u, t)).exp().round();
    let of = |f: &dyn Fn(&(f64, f64)) -> f64| rows.iter().map(f).collect::<Vec<f64>>();
    [
        ("unit", of(&|r| r.0)),
        ("year", of(&|r| r.1)),
        ("x", of(&|r| x(r.0, r.1))),
        ("y", of(&y)),
        ("deaths", of(&count)),
        ("people", of(&|r| 1e4 * (1.0 + r.0))),
        ("w", of(&|r| 1.0 + (r.0 + r.1).rem_euclid(3.0))),
    ]
    .into_iter()
    .fold(Frame::new(), |frame, (name, values)| frame.with_number(name, values).expect("one length"))
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{a} {b}");
}

#[test]
fn absorbed_effects_are_dummies() {
    let data = panel();
    let spec = Ols::new().panel("unit", "year");
    for weighted in [false, true] {
        let spec = if weighted { spec.clone().weights("w") } else { spec.clone() };
        let absorbed = spec.fit("y ~ x | unit + year", &data).expect("a fit");
        let dummies = spec.fit("y ~ x + i(unit) + i(year)", &data).expect("a fit");
        for test in [Which::BreuschGodfrey(2), Which::Reset(3), Which::JarqueBera, Which::CrossSection] {
            let (a, b) = (
                absorbed.specification_test(test).expect("a test"),
                dummies.specification_test(test).expect("a test"),
            );
            close(a.statistic, b.statistic);
            close(a.p_value, b.p_value);
            assert_eq!(a.against, b.against);
        }
        // With dummies the test takes the variances of units and years in as well.
        assert_eq!(
            absorbed.specification_test(Which::BreuschPagan).expect("a test").against,
            Against::ChiSquared(1.0)
        );
        assert_eq!(
            dummies.specification_test(Which::BreuschPagan).expect("a test").against,
            Against::ChiSquared(26.0)
        );
    }
    let counts = Poisson::new().exposure("people").panel("unit", "year");
    let absorbed = counts.fit("deaths ~ x | unit + year", &data).expect("a fit");
    let dummies = counts.fit("deaths ~ x + i(unit) + i(year)", &data).expect("a fit");
    for test in [Which::Reset(2), Which::Pearson, Which::Overdispersion, Which::CrossSection] {
        let (a, b) = (
            absorbed.specification_test(test).expect("a test"),
            dummies.specification_test(test).expect("a test"),
        );
        assert!((a.statistic / b.statistic - 1.0).abs() < 1e-6, "{test:?} {} {}", a.statistic, b.statistic);
    }
}

#[test]
fn reset_is_the_wald_test_of_powers_under_the_covariance_of_the_fit() {
    let data = panel();
    let spec = Poisson::new().offset("log(people)").cluster("unit");
    let fit = spec.fit("deaths ~ x | year", &data).expect("a fit");
    let people = data.number("people").expect("a column");
    let squares: Vec<f64> =
        fit.linear_predictor().iter().zip(people).map(|(l, p)| (l - p.ln()).powi(2)).collect();
    let data = data.clone().with_number("square", squares).expect("one length");
    let by_hand =
        spec.fit("deaths ~ x + square | year", &data).expect("a fit").wald("square = 0").expect("a test");
    let answer = fit.specification_test(Which::Reset(2)).expect("a test");
    assert!(
        (answer.statistic / by_hand.statistic - 1.0).abs() < 1e-6,
        "{} {}",
        answer.statistic,
        by_hand.statistic
    );
    let robust = fit
        .with_covariance(Covariance::Robust)
        .expect("robust")
        .specification_test(Which::Reset(2))
        .expect("a test");
    assert!((answer.statistic / robust.statistic - 1.0).abs() > 1e-3);
}

#[test]
fn lags_are_by_date_and_cross_no_gap() {
    let data = panel();
    let fit = Ols::new().panel("unit", "year").fit("y ~ x", &data).expect("a fit");
    let e = fit.residuals();
    let (unit, year) = (data.number("unit").expect("a column"), data.number("year").expect("a column"));
    let before = |i: usize| (0..e.len()).find(|&j| unit[j] == unit[i] && year[j] == year[i] - 1.0);
    let step: f64 = (0..e.len()).filter_map(|i| Some((e[i] - e[before(i)?]).powi(2))).sum();
    close(fit.specification_test(Which::DurbinWatson).expect("a test").statistic, step / e.dot(&e));
    let lagged: Vec<f64> = (0..e.len()).map(|i| before(i).map_or(0.0, |j| e[j])).collect();
    let wider = data.clone().with_number("e", e.to_vec()).and_then(|d| d.with_number("lagged", lagged));
    let auxiliary = Ols::new().fit("e ~ x + lagged", &wider.expect("one length")).expect("a fit");
    let theirs = e.len() as f64 * auxiliary.model().r_squared;
    close(fit.specification_test(Which::BreuschGodfrey(1)).expect("a test").statistic, theirs);
}

#[test]
fn wooldridge_by_hand() {
    let data = panel();
    let spec = Ols::new().panel("unit", "year");
    let first = spec.fit("diff(y, 1) ~ diff(x, 1) + 0", &data).expect("a fit");
    let mut residuals = vec![f64::NAN; data.rows()];
    first.rows().into_iter().zip(&first.residuals()).for_each(|(row, e)| residuals[row] = *e);
    let with = data.clone().with_number("e", residuals).expect("one length");
    let second = spec.clone().cluster("unit").fit("e ~ lag(e, 1) + 0", &with).expect("a fit");
    let by_hand = second.wald("lag(e, 1) = -0.5").expect("a test");
    let answer = spec
        .fit("y ~ x | unit", &data)
        .expect("a fit")
        .specification_test(Which::Wooldridge)
        .expect("a test");
    close(answer.statistic, by_hand.statistic);
    close(answer.p_value, by_hand.p_value);
    let two_way = spec.fit("y ~ x | unit + year", &data).expect("a fit");
    assert!(two_way.specification_test(Which::Wooldridge).expect("a test").statistic.is_finite());
}

#[test]
fn the_exact_distribution_of_durbin_and_watson_meets_the_normal_in_long_samples() {
    let p = |n: i32| {
        let series = |f: f64| (0..n).map(|i| (f * f64::from(i) * f64::from(i)).sin()).collect::<Vec<f64>>();
        let data = Frame::new().with_number("x", series(0.37)).and_then(|d| d.with_number("y", series(0.71)));
        let fit = Ols::new().fit("y ~ x", &data.expect("one length")).expect("a fit");
        let answer = fit.specification_test(Which::DurbinWatson).expect("a test");
        (answer.statistic, answer.p_value)
    };
    let (exact, normal) = (p(400), p(401));
    assert!((exact.0 - normal.0).abs() < 0.02 && (exact.1 - normal.1).abs() < 0.03, "{exact:?} {normal:?}");
}

#[test]
fn what_is_not_defined_is_refused_and_said() {
    let data = panel();
    let spec = Ols::new().panel("unit", "year");
    let fit = spec.fit("y ~ x | unit", &data).expect("a fit");
    for test in
        [Which::DurbinWatson, Which::Cusum, Which::RandomEffects, Which::Overdispersion, Which::Reset(9)]
    {
        assert!(matches!(fit.specification_test(test), Err(Error::Argument { .. })), "{test:?}");
    }
    assert!(matches!(fit.specification_test(Which::BreuschGodfrey(0)), Err(Error::Argument { .. })));
    assert!(matches!(fit.specification_test(Which::BreuschGodfrey(40)), Err(Error::TooShort { .. })));
    let plain = Ols::new().fit("y ~ x", &data).expect("a fit");
    for test in [Which::CrossSection, Which::Wooldridge, Which::RandomEffects, Which::Effects] {
        assert!(matches!(plain.specification_test(test), Err(Error::Argument { .. })), "{test:?}");
    }
    let repeated = Ols::new().frequency_weights("w").fit("y ~ x", &data).expect("a fit");
    assert!(
        repeated.specification_test(Which::BreuschGodfrey(1)).is_err()
            && repeated.specification_test(Which::DurbinWatson).is_err()
    );
    let counts = Poisson::new().fit("deaths ~ x", &data).expect("a fit");
    assert!(matches!(counts.specification_test(Which::White), Err(Error::Argument { .. })));
    let found = spec.fit("y ~ x", &data).expect("a fit").diagnostics().expect("tests");
    assert_eq!(found.answers.len(), 8);
    assert!(found.undefined.is_empty(), "{:?}", found.undefined);
    let text = found.to_string();
    assert!(text.contains("random_effects") && text.contains("condition number"), "{text}");
}

#[test]
fn frequency_weights_are_rows_repeated() {
    let data = panel();
    let weights = data.number("w").expect("a column").to_vec();
    let rows: Vec<usize> = (0..data.rows()).flat_map(|row| vec![row; weights[row] as usize]).collect();
    let long = ["x", "y", "deaths"].iter().fold(Frame::new(), |frame, name| {
        let values = data.number(name).expect("a column");
        frame.with_number(name, rows.iter().map(|&row| values[row]).collect()).expect("one length")
    });
    let short = Ols::new().frequency_weights("w").fit("y ~ x", &data).expect("a fit");
    let repeated = Ols::new().fit("y ~ x", &long).expect("a fit");
    for test in [Which::BreuschPagan, Which::White, Which::JarqueBera, Which::Reset(3)] {
        close(
            short.specification_test(test).expect("a test").statistic,
            repeated.specification_test(test).expect("a test").statistic,
        );
    }
    let short = Poisson::new().frequency_weights("w").fit("deaths ~ x", &data).expect("a fit");
    let repeated = Poisson::new().fit("deaths ~ x", &long).expect("a fit");
    for test in [Which::Overdispersion, Which::QuadraticOverdispersion, Which::Deviance] {
        let (a, b) = (
            short.specification_test(test).expect("a test"),
            repeated.specification_test(test).expect("a test"),
        );
        assert!((a.statistic / b.statistic - 1.0).abs() < 1e-7, "{test:?}");
    }
    assert!(short.names() == repeated.names());
}
