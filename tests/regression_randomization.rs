//! Randomisation tests beside a regression for every assignment, and step-down p-values beside draws made by hand.

mod common;

use averted::data::Frame;
use averted::inference::{Assignments, Draws, Estimates, Multipliers, step_down};
use averted::regression::{Bootstrap, Ols, Poisson, Randomization, Resampled, romano_wolf};
use common::{csv_numbers, shared};

/// Five states of ten adopt in two years; eight years.
fn panel() -> Frame {
    let rows: Vec<(usize, usize)> = (0..10).flat_map(|s| (0..8).map(move |t| (s, t))).collect();
    let adopts = |s: usize| [3, 3, 5, 5, 5, 99, 99, 99, 99, 99][(s * 7 + 4) % 10];
    let wave = |s: usize, t: usize, f: f64| ((s * 31 + t * 17) as f64 * f).sin();
    let column = |f: &dyn Fn(usize, usize) -> f64| rows.iter().map(|&(s, t)| f(s, t)).collect::<Vec<f64>>();
    Frame::new()
        .with_number("state", column(&|s, _| s as f64))
        .and_then(|f| f.with_number("year", column(&|_, t| 2000.0 + t as f64)))
        .and_then(|f| f.with_number("treated", column(&|s, t| f64::from(u8::from(t >= adopts(s))))))
        .and_then(|f| f.with_number("x", column(&|s, t| wave(s, t, 1.3))))
        .and_then(|f| f.with_number("weight", column(&|s, _| 1.0 + s as f64)))
        .and_then(|f| f.with_number("rate", column(&|s, t| wave(s, t, 0.7) + 0.2 * s as f64)))
        .and_then(|f| f.with_number("deaths", column(&|s, t| (9.0 + 6.0 * wave(s, t, 0.4)).floor())))
        .expect("one length")
}

/// The panel with the treatment handed out so.
fn dealt(data: &Frame, paths: &[u32]) -> Frame {
    let treated = data.number("treated").expect("a column");
    let path = |s: usize| -> &[f64] { &treated[s * 8..s * 8 + 8] };
    // Kinds of path in the order in which states first show them.
    let mut kinds: Vec<&[f64]> = Vec::new();
    for s in 0..10 {
        if !kinds.contains(&path(s)) {
            kinds.push(path(s));
        }
    }
    let values = (0..80).map(|i| kinds[paths[i / 8] as usize][i % 8]).collect();
    let names = ["state", "year", "x", "weight", "rate", "deaths"];
    let rest = names.iter().fold(Frame::new(), |frame, name| {
        frame.with_number(name, data.number(name).expect("a column").to_vec()).expect("one length")
    });
    rest.with_number("treated", values).expect("one length")
}

/// The kind of path of every state, by first appearance.
fn own(data: &Frame) -> Vec<u32> {
    let treated = data.number("treated").expect("a column");
    let mut kinds: Vec<&[f64]> = Vec::new();
    let kind = |s: usize| {
        let path = &treated[s * 8..s * 8 + 8];
        let at = kinds.iter().position(|k| *k == path).unwrap_or_else(|| {
            kinds.push(path);
            kinds.len() - 1
        });
        at as u32
    };
    (0..10).map(kind).collect()
}

#[test]
fn every_assignment_is_a_regression() {
    let data = panel();
    let spec = Ols::new().weights("weight").cluster("state");
    let formula = "rate ~ treated + x | state + year";
    let fit = spec.fit(formula, &data).expect("a fit");
    // Ten states, five of them never: 10! / (5! 2! 3!) = 2,520 assignments.
    let test = Randomization::new("treated").time("year").draws(2_519);
    let all = fit.randomization_test(&test).expect("a test");
    assert!(all.enumerated && all.draws.len() == 2_520 && all.clusters == (10, 3));
    let assignments = Assignments::new(own(&data), 2_519, None);
    let mut far = 0;
    for (i, ours) in all.draws.iter().enumerate() {
        let again = spec.fit(formula, &dealt(&data, &assignments.assignment(i))).expect("a fit");
        let theirs = again.coefficients()[0] / again.std_errors()[0];
        assert!((ours - theirs).abs() < 1e-9 * theirs.abs().max(1.0), "{i}: {ours} {theirs}");
        far += usize::from(theirs.abs() >= all.statistic.abs() * (1.0 - 1e-9));
    }
    assert_eq!(all.p_value, far as f64 / 2_520.0);
    assert!((all.statistic - fit.coefficients()[0] / fit.std_errors()[0]).abs() < 1e-10);

    let some = test.clone().draws(499).seed(6);
    let random = fit.randomization_test(&some.clone().by_coefficient(true)).expect("a test");
    let assignments = Assignments::new(own(&data), 499, Some(6));
    for (i, ours) in random.draws.iter().enumerate().step_by(50) {
        let again = spec.fit(formula, &dealt(&data, &assignments.assignment(i))).expect("a fit");
        assert!((ours - again.coefficients()[0]).abs() < 1e-10);
    }
    let far = random.draws.iter().filter(|b| b.abs() >= random.statistic.abs() * (1.0 - 1e-9)).count();
    assert_eq!(random.p_value, (1 + far) as f64 / 500.0);
    assert_eq!(random, fit.randomization_test(&some.by_coefficient(true)).expect("the same"));
    // A panel knows its time.
    let known = spec.panel("state", "year").fit(formula, &data).expect("a fit");
    let known = known.randomization_test(&Randomization::new("treated").draws(2_519)).expect("a test");
    assert_eq!((known.p_value, known.p_value_less), (all.p_value, all.p_value_less));
}

#[test]
fn counts_take_the_score_of_every_assignment() {
    let data = panel();
    let spec = Poisson::new().exposure("weight").cluster("state");
    let formula = "deaths ~ treated + x | state + year";
    let fit = spec.fit(formula, &data).expect("a fit");
    let test = Randomization::new("treated").time("year").draws(99).seed(2);
    let test = fit.randomization_test(&test).expect("a test");
    let assignments = Assignments::new(own(&data), 99, Some(2));
    let score = |data: &Frame| {
        let fit = spec.fit(formula, data).expect("a fit");
        let score = Bootstrap::new("treated = 0").draws(1).level(None).seed(1);
        fit.score_bootstrap(&score).expect("a test").statistic
    };
    assert!((test.statistic - score(&data)).abs() < 1e-8);
    for i in (0..99).step_by(11) {
        let theirs = score(&dealt(&data, &assignments.assignment(i)));
        assert!((test.draws[i] - theirs).abs() < 1e-8 * theirs.abs().max(1.0), "{} {theirs}", test.draws[i]);
    }
}

#[test]
fn paths_that_cannot_be_exchanged_are_refused() {
    let data = panel();
    let fit = |formula: &str, data: &Frame| Ols::new().cluster("state").fit(formula, data).expect("a fit");
    let error = |test: Randomization, data: &Frame| {
        fit("rate ~ treated + x | state", data).randomization_test(&test).expect_err("refused").to_string()
    };
    let test = || Randomization::new("treated");
    assert!(error(test(), &data).contains("not constant within clusters"));
    assert!(error(Randomization::new("treat").time("year"), &data).contains("a coefficient: treated, x"));
    assert!(error(test().time("year").draws(0), &data).contains("at least 1"));
    assert!(error(test().time("yaer"), &data).contains("did you mean `year`"));
    let short: Vec<usize> = (1..80).collect();
    let less = data.names().fold(Frame::new(), |frame, name| {
        let values = data.number(name).expect("a column");
        frame.with_number(name, short.iter().map(|&i| values[i]).collect()).expect("one length")
    });
    assert!(error(test().time("year"), &less).contains("0 has no 2000"));
    let plain = Ols::new().fit("rate ~ treated | state", &data).expect("a fit");
    let error = plain.randomization_test(&test().time("year")).expect_err("no cluster").to_string();
    assert!(error.contains("cluster"));
    // Of regions that hold several states with paths of their own, nobody knows whose path it is.
    let regions = data.number("state").expect("states").iter().map(|s| (s / 2.0).floor()).collect();
    let data = data.with_number("region", regions).expect("one length");
    let error =
        fit("rate ~ treated | state", &data).randomization_test(&test().cluster("region").time("year"));
    assert!(error.expect_err("two paths").to_string().contains("one value in each cluster and period"));
}

#[test]
fn multipliers_belong_to_labels_across_fits() {
    // y = bx without effects, so that every draw can be written down; the second outcome lacks two clusters.
    let n = 60;
    let wave = |i: usize, f: f64| ((i * 13) as f64 * f).sin();
    let column = |rows: &[usize], f: &dyn Fn(usize) -> f64| rows.iter().map(|&i| f(i)).collect::<Vec<f64>>();
    let frame = |rows: &[usize]| {
        Frame::new()
            .with_number("g", column(rows, &|i| (i % 15) as f64))
            .and_then(|f| f.with_number("x", column(rows, &|i| wave(i, 0.7))))
            .and_then(|f| f.with_number("y", column(rows, &|i| wave(i, 1.9) + 0.4 * wave(i, 0.7))))
            .and_then(|f| f.with_number("z", column(rows, &|i| wave(i, 0.45))))
            .expect("one length")
    };
    let all: Vec<usize> = (0..n).collect();
    let few: Vec<usize> = all.iter().copied().filter(|i| i % 15 != 2 && i % 15 != 11).collect();
    let spec = Ols::new().cluster("g");
    let fits = [
        spec.fit("y ~ 0 + x", &frame(&all)).expect("a fit"),
        spec.fit("z ~ 0 + x", &frame(&few)).expect("a fit"),
        spec.fit("y ~ 0 + x", &frame(&all)).expect("a fit"),
    ];
    let ask = Bootstrap::new("x = 0").weights(Multipliers::Webb).draws(199).seed(9).level(None);
    let together = romano_wolf(&[&fits[0], &fits[1], &fits[2]], &ask).expect("tests");
    let draws = Draws::new(Multipliers::Webb, 15, 199, Some(9));
    let by_hand = |rows: &[usize], y: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let x = |i: usize| wave(i, 0.7);
        let square: f64 = rows.iter().map(|&i| x(i) * x(i)).sum();
        let groups = if rows.len() == n { 15.0 } else { 13.0 };
        let factor = groups / (groups - 1.0);
        let one = |b: usize| {
            let v = draws.draw(b);
            let star = |i: usize| v[i % 15] * y(i);
            let slope = rows.iter().map(|&i| x(i) * star(i)).sum::<f64>() / square;
            let mut sums = [0.0; 15];
            rows.iter().for_each(|&i| sums[i % 15] += x(i) * (star(i) - slope * x(i)));
            slope * square / (factor * sums.iter().map(|s| s * s).sum::<f64>()).sqrt()
        };
        (0..199).map(one).collect()
    };
    let theirs = [
        by_hand(&all, &|i| wave(i, 1.9) + 0.4 * wave(i, 0.7)),
        by_hand(&few, &|i| wave(i, 0.45)),
        by_hand(&all, &|i| wave(i, 1.9) + 0.4 * wave(i, 0.7)),
    ];
    for (test, theirs) in together.tests.iter().zip(&theirs) {
        for (ours, theirs) in test.draws.iter().zip(theirs) {
            assert!((ours - theirs).abs() < 1e-9 * theirs.abs().max(1.0), "{ours} {theirs}");
        }
    }
    let observed: Vec<f64> = together.tests.iter().map(|t| t.statistic).collect();
    assert_eq!(together.p_values, step_down(&observed, &theirs, false));
    assert_eq!(together.outcomes, ["y", "z", "y"]);
    // The same outcome twice costs nothing, and an adjusted p-value is never smaller.
    assert_eq!(together.p_values[0], together.p_values[2]);
    assert!(together.p_values.iter().zip(&together.tests).all(|(p, t)| *p >= t.p_value));
    println!("{together}");
}

#[test]
fn counts_and_rates_together() {
    let Some(path) = shared("data/policy_panels/castle_mixtape.csv") else { return };
    let data = csv_numbers(&path, &["sid", "year", "cdl", "l_homicide", "homicide_c", "population"]);
    let rates = Ols::new().cluster("sid").fit("l_homicide ~ cdl | sid + year", &data).expect("a fit");
    let spec = Poisson::new().exposure("population").cluster("sid");
    let deaths = spec.fit("homicide_c ~ cdl | sid + year", &data).expect("a fit");
    let fits: [&dyn Resampled; 2] = [&rates, &deaths];
    let both = romano_wolf(&fits, &Bootstrap::new("cdl").draws(999).seed(1)).expect("tests");
    println!("{both}");
    assert_eq!(
        both.tests[1],
        deaths.score_bootstrap(&Bootstrap::new("cdl").draws(999).seed(1)).expect("a test")
    );
    assert!(romano_wolf(&[], &Bootstrap::new("cdl")).is_err());
    assert!(romano_wolf(&[&rates], &Bootstrap::new("cdl = 0, cdl = 1")).is_err());
    let others = rates.with_covariance("year").expect("a covariance");
    let error = romano_wolf(&[&rates, &others], &Bootstrap::new("cdl")).expect_err("two columns");
    assert!(error.to_string().contains("the same columns"));
}
