//! Vector autoregressions against vars, and closed forms.

mod common;

use averted::error::Error;
use averted::random::{normal, stream};
use averted::timeseries::var::{LagChoice, Terms, Var, VarFit};
use common::{Comparison, case, numbers, reference, tolerance};
use ndarray::{Array2, array};
use serde_json::Value;

const NAMES: [&str; 4] = ["e", "prod", "rw", "U"];

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|n| (*n).to_owned()).collect()
}

fn canada() -> Array2<f64> {
    let file = reference("var_counts_dlnm_its");
    let columns = NAMES.map(|n| numbers(&file["datasets"]["canada"]["columns"][n]));
    Array2::from_shape_fn((columns[0].len(), 4), |(t, j)| columns[j][t])
}

fn flat(matrix: &Value) -> Vec<f64> {
    matrix.as_array().expect("rows").iter().flat_map(numbers).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Their coefficient by equation and term.
fn theirs(gold: &Value, fit: &VarFit) -> Vec<f64> {
    let word = |term: &str| match term {
        "(Intercept)" => "const".to_owned(),
        "trend" => "trend".into(),
        lag => {
            let (name, lag) =
                lag.trim_start_matches("lag(").trim_end_matches(')').split_once(", ").expect("a lag");
            format!("{name}.l{lag}")
        }
    };
    let one =
        |equation: &&str| fit.terms().iter().map(|t| number(&gold[*equation][word(t)])).collect::<Vec<f64>>();
    NAMES.iter().flat_map(one).collect()
}

/// By shock, step and response, as theirs.
fn by_shock(steps: &[Array2<f64>], shock: usize) -> Vec<f64> {
    steps.iter().flat_map(|s| s.column(shock).to_vec()).collect()
}

#[test]
fn values_are_those_of_vars() {
    let file = reference("var_counts_dlnm_its");
    let mut table = Comparison::default();
    let y = canada();
    for (id, spec, causes) in [
        ("canada_var2_const", Var::new(2), &["e"][..]),
        ("canada_var3_both", Var::new(3).terms(Terms::Trend), &["e", "U"]),
    ] {
        let gold = &case(&file, id)["values"];
        let bound = tolerance(case(&file, id));
        let fit = spec.fit(&names(&NAMES), y.view(), None).expect("a fit");
        let mut check = |what: &str, ours: &[f64], theirs: &[f64]| table.check(id, what, ours, theirs, bound);
        let ours: Vec<f64> = fit.coefficients().columns().into_iter().flat_map(|c| c.to_vec()).collect();
        check("coefficients", &ours, &theirs(&gold["coef"], &fit));
        let ours: Vec<f64> = fit.std_errors().columns().into_iter().flat_map(|c| c.to_vec()).collect();
        check("standard errors", &ours, &theirs(&gold["se"], &fit));
        check("Σ", &fit.sigma().iter().copied().collect::<Vec<_>>(), &flat(&gold["sigma_u_df"]));
        check("log-likelihood", &[fit.log_likelihood().expect("a number")], &[number(&gold["loglik"])]);
        check("roots", &fit.roots().expect("roots"), &numbers(&gold["roots"]));
        let choice = spec.lag_choice(6, &names(&NAMES), y.view(), None).expect("criteria");
        let criteria = gold["select"]["criteria"]["values"].as_array().expect("criteria");
        for (i, name) in LagChoice::NAMES.iter().enumerate() {
            check(&format!("criterion {name}"), &choice.criteria[i], &numbers(&criteria[i]));
        }
        for (key, steps) in [
            ("irf_ortho", fit.impulse(10, true)),
            ("irf_nonortho", fit.impulse(10, false)),
            ("irf_ortho_cumulative", fit.cumulative_impulse(10, true)),
        ] {
            for (shock, name) in NAMES.iter().enumerate() {
                let theirs = flat(&gold[key][*name]);
                let ours = by_shock(&steps[..theirs.len() / 4], shock);
                check(&format!("{key} of {name}"), &ours, &theirs);
            }
        }
        let shares = fit.variance_shares(10);
        for (j, name) in NAMES.iter().enumerate() {
            let ours: Vec<f64> = shares.iter().flat_map(|s| s.row(j).to_vec()).collect();
            check(&format!("variance shares of {name}"), &ours, &flat(&gold["fevd"][*name]));
        }
        let horizon = gold["forecast"]["e"].as_array().expect("rows").len();
        let ahead = fit.predict(horizon, None, 0.95).expect("ahead");
        for (j, name) in NAMES.iter().enumerate() {
            let row = |h: usize| {
                let [mean, low, high] = [&ahead.mean, &ahead.lower, &ahead.upper].map(|a| a[[h, j]]);
                [mean, low, high, high - mean]
            };
            let ours: Vec<f64> = (0..horizon).flat_map(row).collect();
            check(&format!("forecast of {name}"), &ours, &flat(&gold["forecast"][*name]));
        }
        let test = fit.granger(causes).expect("a test");
        check(
            "Granger F and p",
            &[test.statistic, test.p_value],
            &["F", "p"].map(|k| number(&gold["granger"][k])),
        );
        let test = fit.instantaneous(causes).expect("a test");
        check(
            "instantaneous",
            &[test.statistic, test.p_value],
            &["chi2", "p"].map(|k| number(&gold["instant"][k])),
        );
        for (key, test) in [
            ("serial_pt16", fit.portmanteau(16, false)),
            ("serial_bg5", fit.breusch_godfrey(5)),
            ("normality_jb", fit.normality()),
        ] {
            let test = test.expect("a test");
            check(key, &[test.statistic, test.p_value], &["stat", "p"].map(|k| number(&gold[key][k])));
        }
        let phi: Vec<f64> = gold["phi"].as_array().expect("steps").iter().flat_map(flat).collect();
        let steps = fit.impulse(phi.len() / 16 - 1, false);
        check(
            "phi",
            &steps.iter().flat_map(|s| s.iter().copied().collect::<Vec<_>>()).collect::<Vec<_>>(),
            &phi,
        );
    }
    let head = "# Conformance: vector autoregressions\n\nCoefficients, tests, impulse responses, variance shares and forecasts beside vars; \
                `tests/var.rs` makes this page (`make docs`)\nand fails when a value differs by more than 1e-8 (relative; 1e-9 \
                absolute).\n";
    table.finish("conformance_var.md", head, &[]);
}

/// A stable system of two.
fn simulated(n: usize, seed: u64) -> Array2<f64> {
    let mut generator = stream(seed, 0);
    let mut y = Array2::zeros((n + 50, 2));
    for t in 1..n + 50 {
        let (e, f) = (normal(&mut generator), normal(&mut generator));
        y[[t, 0]] = 0.5 * y[[t - 1, 0]] + 0.2 * y[[t - 1, 1]] + e;
        y[[t, 1]] = 0.4 * y[[t - 1, 1]] + 0.5 * e + f;
    }
    y.slice_move(ndarray::s![50.., ..])
}

#[test]
fn one_series_is_an_autoregression() {
    let y = simulated(200, 3).slice_move(ndarray::s![.., ..1]);
    let fit = Var::new(1).fit(&names(&["y"]), y.view(), None).expect("a fit");
    let (phi, se) = (fit.coefficients()[[0, 0]], fit.std_errors()[[0, 0]]);
    let bands = fit.impulse_asymptotic(5, false, false, 0.95).expect("bands");
    for h in 0..=5_i32 {
        let at = h as usize;
        assert!((bands.estimate[at][[0, 0]] - phi.powi(h)).abs() < 1e-12);
        // The delta method in closed form.
        let reach = 1.959_963_984_540_054 * f64::from(h) * phi.powi(h - 1) * se;
        assert!((bands.upper[at][[0, 0]] - phi.powi(h) - reach.abs()).abs() < 1e-8, "{h}");
    }
    // Σ alone moves the first orthogonal response: variance of a standard deviation is σ²/(2T).
    let bands = fit.impulse_asymptotic(0, true, false, 0.95).expect("bands");
    let sd = fit.sigma()[[0, 0]].sqrt();
    let reach: f64 = 1.959_963_984_540_054 * sd / (2.0_f64 * fit.n_observed() as f64).sqrt();
    assert!((bands.upper[0][[0, 0]] - sd - reach).abs() < 1e-7);
}

#[test]
fn bootstrap_bands_are_near_the_asymptotic_ones() {
    let y = simulated(400, 5);
    let fit = Var::new(1).fit(&names(&["a", "b"]), y.view(), None).expect("a fit");
    let one = fit.impulse_asymptotic(4, true, false, 0.9).expect("bands");
    let two = fit.impulse_bootstrap(4, true, false, 0.9, 400, Some(1)).expect("bands");
    assert_eq!(two, fit.impulse_bootstrap(4, true, false, 0.9, 400, Some(1)).expect("bands"));
    for h in 0..=4 {
        for place in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let wide = |b: &averted::timeseries::var::ImpulseBands| b.upper[h][place] - b.lower[h][place];
            assert!((wide(&one) - wide(&two)).abs() < 0.25 * wide(&one) + 0.02, "{h} {place:?}");
        }
    }
}

#[test]
fn tests_find_what_is_there_and_not_what_is_not() {
    let (mut granger, mut toda, mut reverse, mut arch) = (0, 0, 0, 0);
    for i in 0..200 {
        let y = simulated(150, 100 + i);
        let fit = Var::new(1).fit(&names(&["a", "b"]), y.view(), None).expect("a fit");
        granger += usize::from(fit.granger(&["b"]).expect("a test").p_value < 0.05);
        reverse += usize::from(fit.granger(&["a"]).expect("a test").p_value < 0.05);
        toda += usize::from(fit.toda_yamamoto(&["a"], 1).expect("a test").p_value < 0.05);
        arch += usize::from(fit.arch(2).expect("a test").p_value < 0.05);
        assert!(fit.instantaneous(&["a"]).expect("a test").p_value < 0.05);
    }
    println!("of 200: b moves a {granger}; a moves b {reverse}; Toda-Yamamoto {toda}; ARCH {arch}");
    assert!(granger > 100);
    // Size: 5 % of 200 is 10, with a standard error of 3.
    for false_alarms in [reverse, toda, arch] {
        assert!(false_alarms <= 20, "{false_alarms}");
    }
}

#[test]
fn paths_spread_as_the_intervals_and_the_parameters_say() {
    let y = simulated(400, 9);
    let fit = Var::new(1).fit(&names(&["a", "b"]), y.view(), None).expect("a fit");
    let exact = fit.predict(3, None, 0.95).expect("ahead");
    let paths = fit.forecast(3, None, 8000, Some(4)).expect("paths");
    assert_eq!(paths.len(), 2);
    for (j, forecast) in paths.iter().enumerate() {
        let ends = forecast.interval(0, 0.95).expect("an interval");
        for h in 0..3 {
            let (theirs, ours) = (exact.upper[[h, j]] - exact.lower[[h, j]], ends[h].1 - ends[h].0);
            assert!((0.97..1.1).contains(&(ours / theirs)), "{h} {j}: {ours} {theirs}");
        }
    }
}

#[test]
fn units_change_nothing_but_units() {
    let y = canada();
    let one = Var::new(2).fit(&names(&NAMES), y.view(), None).expect("a fit");
    let mut big = y.clone();
    big.column_mut(1).mapv_inplace(|v| v * 1e9);
    big.column_mut(3).mapv_inplace(|v| v * 1e-7);
    let two = Var::new(2).fit(&names(&NAMES), big.view(), None).expect("a fit");
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6 * (a.abs() + 1e-3);
    assert!(near(one.granger(&["e"]).expect("F").statistic, two.granger(&["e"]).expect("F").statistic));
    assert!(near(one.normality().expect("JB").statistic, two.normality().expect("JB").statistic));
    assert!(near(
        one.portmanteau(9, true).expect("PT").statistic,
        two.portmanteau(9, true).expect("PT").statistic
    ));
    let (a, b) = (one.impulse(5, true), two.impulse(5, true));
    assert!(near(a[5][[1, 0]], b[5][[1, 0]] / 1e9));
}

#[test]
fn edge_systems_end_in_a_typed_error() {
    let two = names(&["a", "b"]);
    let spec = Var::new(1);
    for n in 0..6 {
        let y = Array2::from_shape_fn((n, 2), |(t, j)| (t * (j + 2)) as f64 % 3.0);
        assert!(matches!(spec.fit(&two, y.view(), None), Err(Error::TooShort { .. })), "{n}");
    }
    let mut y = simulated(40, 1);
    for constant in [0.0, 7.0] {
        let mut flat = y.clone();
        flat.column_mut(1).fill(constant);
        assert!(matches!(spec.fit(&two, flat.view(), None), Err(Error::NothingToEstimate { .. })));
    }
    let mut same = y.clone();
    let double = y.column(0).mapv(|v| 2.0 * v);
    same.column_mut(1).assign(&double);
    assert!(matches!(spec.fit(&two, same.view(), None), Err(Error::NothingToEstimate { .. })));
    let line = Array2::from_shape_fn((40, 1), |(t, _)| 3.0 + t as f64);
    assert!(spec.terms(Terms::Trend).fit(&names(&["a"]), line.view(), None).is_err());
    y[[5, 1]] = f64::NAN;
    assert!(matches!(spec.fit(&two, y.view(), None), Err(Error::Missing { first: 5, count: 1, .. })));
    y.fill(f64::NAN);
    assert!(matches!(spec.fit(&two, y.view(), None), Err(Error::Missing { count: 40, .. })));
    y[[0, 0]] = 1.0;
    let y = simulated(40, 1);
    assert!(matches!(spec.fit(&two, y.mapv(|v| v * 1e300).view(), None), Err(Error::Domain { .. })));
    assert!(matches!(
        spec.fit(&two, y.mapv(|v| v * f64::INFINITY).view(), None),
        Err(Error::Domain { .. } | Error::Missing { .. })
    ));
    for unit in [1e120, 1e-120] {
        assert!(spec.fit(&two, y.mapv(|v| v * unit).view(), None).is_ok(), "{unit}");
    }
    assert!(Var::new(0).fit(&two, y.view(), None).is_err() && spec.fit(&two[..1], y.view(), None).is_err());
    let fit = spec.fit(&two, y.view(), None).expect("a fit");
    assert!(matches!(fit.granger(&["c"]), Err(Error::UnknownColumn { .. })));
    assert!(fit.granger(&["a", "b"]).is_err() && fit.portmanteau(1, false).is_err() && fit.arch(0).is_err());
    assert!(fit.portmanteau(100, false).is_err() && fit.breusch_godfrey(30).is_err());
    assert!(
        fit.predict(0, None, 0.95).is_err()
            && fit.predict(2, Some(array![[1.0], [2.0]].view()), 0.95).is_err()
    );
}

#[test]
fn regressors_from_outside() {
    let y = simulated(80, 2);
    let x = Array2::from_shape_fn((80, 1), |(t, _)| f64::from(u8::from(t >= 40)));
    let law = names(&["law"]);
    let mut moved = y.clone();
    (40..80).for_each(|t| moved[[t, 0]] += 5.0);
    let spec = Var::new(1);
    let two = names(&["a", "b"]);
    let fit = spec.fit(&two, moved.view(), Some((&law, x.view()))).expect("a fit");
    assert_eq!(fit.terms().last().map(String::as_str), Some("law"));
    assert!(fit.coefficients()[[3, 0]] > 1.0);
    assert!(fit.predict(2, None, 0.95).is_err());
    let (with, without) = (Array2::ones((2, 1)), Array2::zeros((2, 1)));
    let ahead = |x: &Array2<f64>| fit.predict(2, Some(x.view()), 0.95).expect("ahead").mean[[0, 0]];
    assert!((ahead(&with) - ahead(&without) - fit.coefficients()[[3, 0]]).abs() < 1e-10);
    assert!(fit.impulse_bootstrap(2, true, false, 0.9, 50, Some(1)).is_ok());
}
