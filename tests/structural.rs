//! Structural models against KFAS, statsmodels and closed forms: likelihoods at given variances, and their maxima.

mod common;

use averted::data::Count;
use averted::error::Error;
use averted::timeseries::structural::{Component, Cycle, Scale, Series, Structural, StructuralFit, Trend};
use common::{Comparison, case, numbers, reference};
use ndarray::Array2;
use proptest::prelude::*;

const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;
const NAN: f64 = f64::NAN;

fn dataset(name: &str) -> Vec<f64> {
    numbers(&reference("state_space")["datasets"][name]["values"])
}

fn belts() -> (Vec<f64>, Array2<f64>) {
    let file = reference("state_space");
    let columns = &file["datasets"]["seatbelts"]["columns"];
    let (law, petrol) = (numbers(&columns["law"]), numbers(&columns["PetrolPrice"]));
    let x = Array2::from_shape_fn((law.len(), 2), |(t, j)| if j == 0 { law[t] } else { petrol[t].ln() });
    (numbers(&columns["drivers"]), x)
}

fn given(spec: Structural, variances: [f64; 4]) -> Structural {
    let [irregular, level, slope, seasonal] = variances;
    let spec = spec.variance(Component::Irregular, irregular).variance(Component::Level, level);
    let spec = if slope >= 0.0 { spec.variance(Component::Slope, slope) } else { spec };
    if seasonal >= 0.0 { spec.variance(Component::Seasonal, seasonal) } else { spec }
}

#[test]
fn likelihoods_at_given_variances() {
    let file = reference("state_space");
    let mut table = Comparison::default();
    let nile = dataset("nile");
    let mut gaps = nile.clone();
    (20..40).chain(60..80).for_each(|t| gaps[t] = NAN);
    let air = dataset("log_airpassengers");
    let level = given(Structural::new(), [15099.0, 1469.1, -1.0, -1.0]);
    let trend = given(Structural::new().trend(Trend::Local), [15000.0, 1000.0, 10.0, -1.0]);
    let bsm = given(Structural::new().trend(Trend::Local).seasonal(12), [1e-4, 7e-4, 1e-7, 6e-5]);
    let kfas = [
        ("nile_local_level_fixed", &level, &nile),
        ("nile_local_level_missing_fixed", &level, &gaps),
        ("nile_local_trend_fixed", &trend, &nile),
        ("air_bsm_fixed", &bsm, &air),
    ];
    for (id, spec, y) in kfas {
        let gold = &case(&file, id)["values"];
        let fit = spec.fit(&Series::new("y", y)).expect("a fit");
        let theirs = gold["loglik_diffuse"].as_f64().expect("a number");
        table.check(id, "log-likelihood (KFAS)", &[fit.log_likelihood()], &[theirs], (1e-8, 0.0));
        assert_eq!(fit.n_diffuse() as u64, gold["d"].as_u64().expect("d"));
        let parts = fit.parts().expect("parts");
        table.check(id, "smoothed level", &parts.level, &numbers(&gold["smoothed_level"]), (1e-7, 0.0));
        if let Some(ahead) = gold.get("pred") {
            let prediction = fit.predict(numbers(ahead).len(), None).expect("a prediction");
            table.check(id, "prediction", &prediction.mean, &numbers(ahead), (1e-8, 0.0));
        }
    }

    let (drivers, x) = belts();
    let names = ["law".to_owned(), "log petrol".into()];
    let gold = &case(&file, "seatbelts_fixed")["values"];
    let number = |name: &str| gold[name].as_f64().expect("a number");
    let spec = given(Structural::new().seasonal(12).scale(Scale::Log), [0.004, 0.00027, -1.0, 0.0]);
    let fit = spec.fit(&Series::new("drivers", &drivers).regressors(x.view(), &names)).expect("a fit");
    let rows = fit.coefficient_rows(0.95);
    let ours =
        [fit.log_likelihood(), rows[0].estimate, rows[0].std_error, rows[1].estimate, rows[1].std_error];
    let theirs = ["loglik", "coef_law", "se_law", "coef_logpetrol", "se_logpetrol"].map(number);
    // The file's own bound is 1e-7: KFAS rounds the diffuse start.
    table.check("seatbelts_fixed", "log-likelihood, coefficients", &ours, &theirs, (1e-7, 0.0));

    // statsmodels counts ½ log 2π for the diffuse observations too.
    let file = reference("forecast_fits");
    let cases = file["fixed_param_likelihoods"].as_array().expect("cases");
    let find = |series: &str, model: &str| {
        let found = cases
            .iter()
            .find(|c| c["series"].as_str().is_some_and(|s| s.starts_with(series)) && c["model"] == model);
        found.expect("a case")["loglik"].as_f64().expect("a number")
    };
    let logs = given(
        Structural::new().trend(Trend::Local).seasonal(12).scale(Scale::Log),
        [0.0035, 0.0009, 1e-6, 1e-6],
    );
    for (series, model, spec, y) in [
        ("Nile", "local level exact diffuse", &level, &nile),
        ("Nile with t=21", "local level exact diffuse", &level, &gaps),
        ("log(UKDriverDeaths)", "UC lltrend+dummy seas12 exact diffuse", &logs, &drivers),
    ] {
        let fit = spec.fit(&Series::new("y", y)).expect("a fit");
        let ours = fit.log_likelihood() - fit.n_diffuse() as f64 * HALF_LOG_TWO_PI;
        table.check(series, "log-likelihood (statsmodels)", &[ours], &[find(series, model)], (1e-8, 0.0));
    }
    cycles_and_harmonics(&mut table);
    let head = "# Conformance: structural models\n\nLikelihoods, smoothed levels and predictions at given variances beside KFAS \
                and statsmodels; `tests/structural.rs` makes\nthis page (`make docs`) and fails when a value differs by more \
                than 1e-8 (relative) unless a comment there says why.\n";
    table.finish("conformance_structural.md", head, &[]);
}

/// The specification of a case of `structural_components.json`, its variances free.
fn components(id: &str) -> Structural {
    let lasting = |period: f64| Cycle::of(period).damping(1.0);
    match id {
        "uc_cycle_lasting" | "uc_cycle_lasting_gap" => Structural::new().cycle(lasting(11.0)),
        "uc_cycle_mle" => Structural::new().cycle(Cycle::between(3.0, 20.0).damping(1.0)),
        "uc_trigonometric" | "uc_trigonometric_mle" => Structural::new().trigonometric(12),
        "uc_trigonometric_odd" => Structural::new().trigonometric(7),
        "uc_everything" => Structural::new().trend(Trend::Local).trigonometric(12).cycle(lasting(30.0)),
        other => panic!("a case without a model: {other}"),
    }
}

fn cycles_and_harmonics(table: &mut Comparison) {
    let file = reference("structural_components");
    let cases = file["cases"].as_array().expect("cases");
    for found in cases.iter().filter(|c| c["values"].get("forecast").is_some()) {
        let (id, gold) = (found["id"].as_str().expect("an id"), &found["values"]);
        let data = found["data"].as_str().expect("data").split(' ').next().expect("a name");
        let mut y = numbers(&file["datasets"][data]["values"]);
        if id.ends_with("gap") {
            (20..40).for_each(|t| y[t] = NAN);
        }
        let mut spec = components(id);
        let names = gold["param_names"].as_array().expect("names");
        for (name, value) in names.iter().zip(numbers(&gold["params"])) {
            let Some(name) = name.as_str().and_then(|n| n.strip_prefix("sigma2.")) else { continue };
            let component = match name {
                "irregular" => Component::Irregular,
                "level" => Component::Level,
                "trend" => Component::Slope,
                "cycle" => Component::Cycle,
                _ => Component::Seasonal,
            };
            spec = spec.variance(component, value);
        }
        let fit = spec.fit(&Series::new("y", &y)).expect("a fit");
        let ours = fit.log_likelihood() - fit.n_diffuse() as f64 * HALF_LOG_TWO_PI;
        if let Some(dense) = gold.get("loglik_dense") {
            // statsmodels loses rank in the diffuse start of these two: dense matrices in 25 digits and more are ours.
            let dense = dense.as_f64().expect("a number");
            table.check(id, "log-likelihood (dense, 25 digits)", &[ours], &[dense], (1e-8, 0.0));
            continue;
        }
        let theirs = gold["loglik"].as_f64().expect("a number");
        table.check(id, "log-likelihood (statsmodels)", &[ours], &[theirs], (1e-8, 0.0));
        let parts = fit.parts().expect("parts");
        let ahead = fit.predict(6, None).expect("ahead");
        for (what, ours, name) in [
            ("smoothed level", &parts.level[..5], "level_first5"),
            ("smoothed cycle", parts.cycle.as_ref().map_or(&[][..], |c| &c[..5]), "cycle_first5"),
            ("smoothed season", parts.seasonal.as_ref().map_or(&[][..], |c| &c[..5]), "seasonal_first5"),
            ("prediction", &ahead.mean[..], "forecast"),
            ("its variance", &ahead.variance[..], "forecast_var"),
        ] {
            if let Some(gold) = gold.get(name) {
                // A cycle or a season near zero has no eight figures.
                table.check(id, what, ours, &numbers(gold), (1e-7, 1e-9 * y[0].abs()));
            }
        }
    }
}

/// Covariance of a damped cycle: it turns, and dies away from its stationary variance.
#[test]
fn a_damped_cycle_has_the_dense_normal_likelihood() {
    let y: Vec<f64> = dataset("nile")[..14].to_vec();
    let (irregular, level, cycle, factor, period) = (9000.0, 1200.0, 2500.0, 0.8_f64, 7.0);
    let spec =
        given(Structural::new().cycle(Cycle::of(period).damping(factor)), [irregular, level, -1.0, -1.0]);
    let fit = spec.variance(Component::Cycle, cycle).fit(&Series::new("y", &y)).expect("a fit");
    let (n, angle) = (y.len(), 2.0 * std::f64::consts::PI / period);
    let turned = |i: usize, j: usize| {
        let apart = i.abs_diff(j) as i32;
        cycle / (1.0 - factor * factor) * factor.powi(apart) * (angle * f64::from(apart)).cos()
    };
    // Differences from the first value, in which the diffuse level drops out.
    let v = Array2::from_shape_fn((n - 1, n - 1), |(a, b)| {
        let (i, j) = (a + 1, b + 1);
        let noise = irregular * if i == j { 2.0 } else { 1.0 };
        level * i.min(j) as f64 + noise + turned(i, j) - turned(i, 0) - turned(0, j) + turned(0, 0)
    });
    let d: ndarray::Array1<f64> = (1..n).map(|t| y[t] - y[0]).collect();
    let chol = averted::linalg::Cholesky::new(v.view(), "covariance").expect("positive definite");
    let quadratic = d.dot(&chol.solve(d.view()));
    let dense = -HALF_LOG_TWO_PI * (n - 1) as f64 - 0.5 * (chol.log_determinant() + quadratic);
    assert!((fit.log_likelihood() - dense).abs() < 1e-9 * dense.abs(), "{} {dense}", fit.log_likelihood());
    assert_eq!(fit.period(), Some(period));
}

/// A coefficient that walks, beside generalised least squares with its covariance written out.
#[test]
fn a_coefficient_that_walks_has_the_dense_normal_likelihood() {
    let y: Vec<f64> = dataset("nile")[..16].to_vec();
    let n = y.len();
    let x = Array2::from_shape_fn((n, 1), |(t, _)| 3.0 + (t as f64 * 0.9).sin());
    let (irregular, level, beta) = (9000.0, 1200.0, 40.0);
    let spec = given(Structural::new().walking(0), [irregular, level, -1.0, -1.0]);
    let spec = spec.variance(Component::Coefficient(0), beta);
    let names = ["wave".to_owned()];
    let fit = spec.fit(&Series::new("y", &y).regressors(x.view(), &names)).expect("a fit");
    let v = Array2::from_shape_fn((n, n), |(i, j)| {
        let shared = i.min(j) as f64;
        level * shared + beta * shared * x[[i, 0]] * x[[j, 0]] + if i == j { irregular } else { 0.0 }
    });
    let design = Array2::from_shape_fn((n, 2), |(t, j)| if j == 0 { 1.0 } else { x[[t, 0]] });
    let chol = averted::linalg::Cholesky::new(v.view(), "covariance").expect("positive definite");
    let solved = chol.solve_many(design.view());
    let information = design.t().dot(&solved);
    let inner = averted::linalg::Cholesky::new(information.view(), "information").expect("positive definite");
    let y1 = ndarray::Array1::from(y);
    let b = inner.solve(solved.t().dot(&y1).view());
    let rest = &y1 - &design.dot(&b);
    let quadratic = rest.dot(&chol.solve(rest.view()));
    let dense = -HALF_LOG_TWO_PI * (n - 2) as f64
        - 0.5 * (chol.log_determinant() + inner.log_determinant() + quadratic);
    assert!((fit.log_likelihood() - dense).abs() < 1e-9 * dense.abs(), "{} {dense}", fit.log_likelihood());
    // In the first period the coefficient's smoothed value is the diffuse start's.
    let parts = fit.parts().expect("parts");
    let first = parts.regression.expect("a regression")[0] / x[[0, 0]];
    assert!((first - b[1]).abs() < 1e-8 * b[1].abs(), "{first} {b}");
    assert!((parts.level[0] - b[0]).abs() < 1e-8 * b[0].abs());
    assert!(fit.parameters().iter().any(|p| p.name == "variance of coefficient of wave"));
    assert!(
        Structural::new()
            .walking(1)
            .fit(&Series::new("y", y1.as_slice().expect("y")).regressors(x.view(), &names))
            .is_err()
    );
}

#[test]
fn maxima_with_cycles_and_harmonics() {
    let file = reference("structural_components");
    for id in ["uc_cycle_mle", "uc_trigonometric_mle"] {
        let found = case(&file, id);
        let y = numbers(&file["datasets"][found["data"].as_str().expect("data")]["values"]);
        let fit = components(id).fit(&Series::new("y", &y)).expect("a fit");
        let ours = fit.log_likelihood() - fit.n_diffuse() as f64 * HALF_LOG_TWO_PI;
        let theirs = found["values"]["loglik"].as_f64().expect("a number");
        println!("{id}: ours {ours:.8}, statsmodels {theirs:.8}; {:?}", fit.parameters());
        assert!(ours >= theirs - 1e-6, "{id}: {ours} {theirs}");
    }
}

/// R's `StructTS` starts from a large variance and scales its own likelihood: its variances and predictions are held to 1 %
/// where its optimum is ours, and everywhere its variances are no better by our likelihood.
#[test]
fn beside_struct_ts() {
    let file = reference("state_space");
    let free = |id: &str| match id {
        "StructTS_nile_level" => (Structural::new(), dataset("nile")),
        "StructTS_nile_trend" => (Structural::new().trend(Trend::Local), dataset("nile")),
        _ => (Structural::new().trend(Trend::Local).seasonal(12), dataset("log_airpassengers")),
    };
    for id in ["StructTS_nile_level", "StructTS_nile_trend", "StructTS_log_airpassengers_BSM"] {
        let gold = &case(&file, id)["values"];
        let (spec, y) = free(id);
        let fit = |spec: &Structural| -> StructuralFit { spec.fit(&Series::new("y", &y)).expect("a fit") };
        let best = fit(&spec);
        let mut theirs = spec.clone();
        let names = [("epsilon", Component::Irregular), ("level", Component::Level)];
        for (name, c) in names.into_iter().chain([("slope", Component::Slope), ("seas", Component::Seasonal)])
        {
            if let Some(variance) = gold["var"][name].as_f64() {
                theirs = theirs.variance(c, variance);
            }
        }
        let there = fit(&theirs);
        println!("{id}: ours {:.6}, at theirs {:.6}", best.log_likelihood(), there.log_likelihood());
        assert!(best.log_likelihood() >= there.log_likelihood() - 1e-8);
        // At their variances the predictions are theirs.
        let ahead = there.predict(6, None).expect("ahead");
        for ((mean, variance), (p, se)) in ahead
            .mean
            .iter()
            .zip(&ahead.variance)
            .zip(numbers(&gold["pred"]).iter().zip(numbers(&gold["pred_se"])))
        {
            assert!(
                (mean / p - 1.0).abs() < 0.01 && (variance.sqrt() / se - 1.0).abs() < 0.01,
                "{id}: {mean} {p} {variance} {se}"
            );
        }
    }
}

#[test]
fn maxima_are_at_least_as_high_as_theirs() {
    let file = reference("state_space");
    let nile = dataset("nile");
    let air = dataset("log_airpassengers");
    let (drivers, x) = belts();
    let names = ["law".to_owned(), "log petrol".into()];
    let gold = |id: &str, name: &str| case(&file, id)["values"][name].as_f64().expect("a number");
    let fit = Structural::new().fit(&Series::new("flow", &nile)).expect("a fit");
    let theirs = gold("nile_local_level_mle", "loglik");
    println!("Nile: ours {:.10}, theirs {theirs:.10}", fit.log_likelihood());
    assert!(fit.log_likelihood() >= theirs - 1e-8);
    for (component, name) in [(Component::Irregular, "H_eps"), (Component::Level, "Q_level")] {
        let ours = fit.variance(component).expect("a variance");
        let theirs = gold("nile_local_level_mle", name);
        // Flat at the top: six figures of the likelihood fix three of the variances.
        assert!((ours / theirs - 1.0).abs() < 1e-3, "{name}: {ours} {theirs}");
    }

    let spec = Structural::new().seasonal(12).scale(Scale::Log).variance(Component::Seasonal, 0.0);
    let fit = spec.fit(&Series::new("drivers", &drivers).regressors(x.view(), &names)).expect("a fit");
    let theirs = gold("seatbelts_level_law_petrol", "loglik");
    println!("seat belts: ours {:.10}, theirs {theirs:.10}", fit.log_likelihood());
    assert!(fit.log_likelihood() >= theirs - 1e-7);
    let law = fit.coefficient_rows(0.95).remove(0);
    assert!((law.estimate / gold("seatbelts_level_law_petrol", "coef_law") - 1.0).abs() < 1e-3);

    let theirs = reference("scores_and_statsmodels_ts");
    let theirs = |id: &str| case(&theirs, id)["values"]["mle_llf"].as_f64().expect("a number");
    let trend = Structural::new().trend(Trend::Local);
    for (id, spec, y) in [
        ("uc_nile_local_level", Structural::new(), &nile),
        ("uc_nile_lltrend", trend.clone(), &nile),
        ("uc_air_bsm", trend.seasonal(12), &air),
    ] {
        let fit = spec.fit(&Series::new("y", y)).expect("a fit");
        let ours = fit.log_likelihood() - fit.n_diffuse() as f64 * HALF_LOG_TWO_PI;
        println!("{id}: ours {ours:.10}, statsmodels {:.10}; {:?}", theirs(id), fit.parameters());
        assert!(ours >= theirs(id) - 1e-6, "{id}: {ours} {}", theirs(id));
    }
}

#[test]
fn a_level_that_does_not_move_is_the_mean() {
    let y = [3.0, 5.0, NAN, 4.0, 8.0];
    let spec = given(Structural::new(), [2.0, 0.0, -1.0, -1.0]);
    let fit = spec.fit(&Series::new("y", &y)).expect("a fit");
    let prediction = fit.predict(2, None).expect("a prediction");
    assert!((prediction.mean[1] - 5.0).abs() < 1e-12);
    assert!((prediction.variance[1] - (2.0 + 2.0 / 4.0)).abs() < 1e-12);
}

#[test]
fn a_random_walk_widens_with_the_square_root() {
    let y = [3.0, 5.0, 4.0, 8.0];
    let spec = given(Structural::new(), [0.0, 2.0, -1.0, -1.0]);
    let prediction = spec.fit(&Series::new("y", &y)).expect("a fit").predict(3, None).expect("a prediction");
    for h in 0..3 {
        assert!((prediction.mean[h] - 8.0).abs() < 1e-12);
        assert!((prediction.variance[h] - 2.0 * (h + 1) as f64).abs() < 1e-12);
    }
}

/// The damped slope starts from its stationary distribution.
fn dense_damped(y: &[f64], irregular: f64, level: f64, slope: f64, factor: f64) -> f64 {
    // Differences from the first value: the diffuse level drops out, and with it nothing but the constant.
    let n = y.len();
    let stationary = slope / (1.0 - factor * factor);
    let slope_covariance = |i: usize, j: usize| stationary * factor.powi(i.abs_diff(j) as i32);
    let at = |i: usize, j: usize| {
        let walk = level * i.min(j) as f64;
        let noise = irregular * if i == j { 2.0 } else { 1.0 };
        let trend: f64 = (0..i).map(|a| (0..j).map(|b| slope_covariance(a, b)).sum::<f64>()).sum();
        walk + noise + trend
    };
    let m = n - 1;
    let v = Array2::from_shape_fn((m, m), |(i, j)| at(i + 1, j + 1));
    let d: ndarray::Array1<f64> = (1..n).map(|t| y[t] - y[0]).collect();
    let chol = averted::linalg::Cholesky::new(v.view(), "covariance").expect("positive definite");
    let quadratic = d.dot(&chol.solve(d.view()));
    -HALF_LOG_TWO_PI * m as f64 - 0.5 * (chol.log_determinant() + quadratic)
}

proptest! {
    #[test]
    fn the_filter_likelihood_is_the_dense_normal_one(
        y in proptest::collection::vec(-5.0_f64..5.0, 4..12),
        irregular in 0.05_f64..3.0, level in 0.0_f64..3.0, slope in 0.01_f64..2.0, factor in 0.05_f64..0.95,
    ) {
        let spec = given(Structural::new().trend(Trend::Damped), [irregular, level, slope, -1.0]).damping(factor);
        prop_assume!(y.iter().any(|v| (v - y[0]).abs() > 1e-6));
        let fit = spec.fit(&Series::new("y", &y)).expect("a fit");
        let dense = dense_damped(&y, irregular, level, slope, factor);
        prop_assert!((fit.log_likelihood() - dense).abs() < 1e-8 * dense.abs().max(1.0), "{} {dense}", fit.log_likelihood());
    }

    #[test]
    fn units_and_origin_change_nothing_but_units(scale in 1e-6_f64..1e6, shift in -1e3_f64..1e3) {
        let y = dataset("nile");
        let moved: Vec<f64> = y.iter().map(|v| scale * (v + shift)).collect();
        let one = Structural::new().fit(&Series::new("y", &y)).expect("a fit");
        let two = Structural::new().fit(&Series::new("y", &moved)).expect("a fit");
        let expected = one.log_likelihood() - 99.0 * scale.ln();
        prop_assert!((two.log_likelihood() - expected).abs() < 1e-6 * expected.abs());
    }
}

#[test]
fn regressors_in_dollars_or_billions_are_the_same() {
    let (drivers, x) = belts();
    let spec = Structural::new().scale(Scale::Log).seasonal(12).variance(Component::Seasonal, 0.0);
    let names = ["a".to_owned(), "b".into()];
    let one = spec.fit(&Series::new("y", &drivers).regressors(x.view(), &names)).expect("a fit");
    let big = x.mapv(|v| 1e9 * v + 4e9);
    let two = spec.fit(&Series::new("y", &drivers).regressors(big.view(), &names)).expect("a fit");
    let (a, b) = (one.coefficients(), two.coefficients());
    assert!((b[0] * 1e9 / a[0] - 1.0).abs() < 1e-4 && (b[1] * 1e9 / a[1] - 1.0).abs() < 1e-4, "{a} {b}");
    let expected = one.log_likelihood() - 2.0 * 1e9_f64.ln();
    assert!((two.log_likelihood() - expected).abs() < 1e-5, "{} {expected}", two.log_likelihood());
}

fn refuse(spec: &Structural, y: &[f64]) -> Error {
    spec.fit(&Series::new("deaths", y)).expect_err("an error")
}

#[test]
fn bad_input_ends_in_a_typed_error_or_a_right_answer() {
    let level = Structural::new();
    let log = Structural::new().scale(Scale::Log);
    assert!(matches!(refuse(&level, &[]), Error::TooShort { needed: 3, found: 0, .. }));
    assert!(matches!(refuse(&level, &[1.0, NAN, 2.0]), Error::TooShort { found: 2, .. }));
    assert!(matches!(refuse(&level, &[4.0; 9]), Error::NothingToEstimate { .. }));
    let line: Vec<f64> = (0..9).map(f64::from).collect();
    let error = refuse(&Structural::new().trend(Trend::Local), &line);
    assert!(matches!(error, Error::NothingToEstimate { .. }), "{error}");
    assert!(matches!(refuse(&level, &[1.0, f64::INFINITY, 2.0, 3.0]), Error::Domain { row: 1, .. }));
    let error = refuse(&log, &[1.0, 2.0, 0.0, 3.0]);
    assert!(
        matches!(error, Error::Domain { row: 2, .. }) && error.to_string().contains("identity"),
        "{error}"
    );
    assert!(matches!(refuse(&level, &[1e300, 2.0, -1e300, 3.0]), Error::Domain { .. }));
    let tiny: Vec<f64> = dataset("nile").iter().map(|v| v * 1e-140).collect();
    assert!(level.fit(&Series::new("y", &tiny)).is_ok());
    let tiny: Vec<f64> = tiny.iter().map(|v| v * 1e-160).collect();
    assert!(matches!(refuse(&level, &tiny), Error::Domain { .. }));
    let huge: Vec<f64> = dataset("nile").iter().map(|v| v * 1e297).collect();
    assert!(log.fit(&Series::new("y", &huge)).is_ok());
    assert!(matches!(refuse(&Structural::new().seasonal(12), &[1.0, 3.0, 2.0, 5.0]), Error::TooShort { .. }));
    let mut never = vec![NAN; 60];
    (0..60).filter(|t| t % 12 < 11).for_each(|t| never[t] = (t as f64).sin());
    let error = refuse(&Structural::new().seasonal(12), &never);
    assert!(matches!(error, Error::NothingToEstimate { .. }), "{error}");
    let counts = [Count::Exact(12.0), Count::Interval { lo: 0.0, hi: 9.0 }];
    let error = Series::values("deaths", &counts).expect_err("suppressed");
    assert!(matches!(error, Error::Domain { row: 1, .. }), "{error}");
}

#[test]
fn missing_at_either_end_is_only_missing() {
    let y = dataset("nile");
    let one = Structural::new().fit(&Series::new("y", &y)).expect("a fit");
    let padded = [vec![NAN; 3], y, vec![NAN; 2]].concat();
    let two = Structural::new().fit(&Series::new("y", &padded)).expect("a fit");
    assert!((one.log_likelihood() - two.log_likelihood()).abs() < 1e-9);
    let (a, b) = (one.predict(3, None).expect("ahead"), two.predict(1, None).expect("ahead"));
    assert!((a.mean[2] - b.mean[0]).abs() < 1e-4 && (a.variance[2] / b.variance[0] - 1.0).abs() < 1e-5);
}

#[test]
fn regressors_must_be_there_when_they_are_needed() {
    let (drivers, mut x) = belts();
    let names = ["law".to_owned(), "petrol".into()];
    let spec = Structural::new().scale(Scale::Log);
    let fit = spec.fit(&Series::new("y", &drivers).regressors(x.view(), &names)).expect("a fit");
    assert!(fit.forecast(2, None, None, 10, Some(1)).expect_err("no x").to_string().contains("law, petrol"));
    let future = Array2::from_elem((2, 2), NAN);
    assert!(matches!(fit.predict(2, Some(future.view())), Err(Error::Domain { .. })));
    x[[7, 1]] = NAN;
    let error = spec.fit(&Series::new("y", &drivers).regressors(x.view(), &names)).expect_err("missing");
    assert!(matches!(error, Error::Missing { first: 7, count: 1, .. }));
    x.column_mut(1).fill(3.0);
    let error = spec.fit(&Series::new("y", &drivers).regressors(x.view(), &names)).expect_err("constant");
    assert!(matches!(error, Error::NothingToEstimate { .. }));
    let twins = Array2::from_shape_fn((192, 2), |(t, _)| (t as f64).sin());
    let error = spec.fit(&Series::new("y", &drivers).regressors(twins.view(), &names)).expect_err("twins");
    assert!(matches!(error, Error::NothingToEstimate { .. }), "{error}");
}

#[test]
fn a_tight_prior_holds_the_coefficient() {
    let (drivers, x) = belts();
    let law = x.select(ndarray::Axis(1), &[0]);
    let spec = Structural::new().scale(Scale::Log).seasonal(12).prior(vec![(-0.1, 1e-12)]);
    let fit = spec.fit(&Series::new("y", &drivers).regressors(law.view(), &[])).expect("a fit");
    assert!((fit.coefficients()[0] + 0.1).abs() < 1e-5);
    assert_eq!(fit.n_diffuse(), 12);
}

#[test]
fn paths_have_the_moments_of_the_prediction() {
    let y = dataset("nile");
    let spec = given(Structural::new(), [15099.0, 1469.1, -1.0, -1.0]);
    let fit = spec.fit(&Series::new("y", &y)).expect("a fit");
    let (exact, paths) =
        (fit.predict(5, None).expect("exact"), fit.forecast(5, None, None, 20_000, Some(3)).expect("paths"));
    for h in 0..5 {
        let (mean, sd) = (paths.mean(0)[h], exact.variance[h].sqrt());
        assert!((mean - exact.mean[h]).abs() < 4.0 * sd / 20_000_f64.sqrt(), "{mean} {}", exact.mean[h]);
        let (low, high) = paths.interval(0, 0.95).expect("an interval")[h];
        assert!(((high - low) / (2.0 * 1.959_964 * sd) - 1.0).abs() < 0.03);
    }
}
