//! Filter, likelihood and smoother at fixed parameters against KFAS and statsmodels: no optimiser involved.

use averted::random::stream;
use averted::timeseries::statespace::{Simulator, StateSpace, Workspace, disturbances, score, smooth};
use ndarray::Array2;
use serde_json::Value;

fn reference(file: &str) -> Value {
    let path = format!("{}/tests/reference/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a reference file")).expect("valid JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn case<'a>(file: &'a Value, id: &str) -> &'a Value {
    let cases = file["cases"].as_array().expect("cases");
    &cases.iter().find(|c| c["id"] == id).unwrap_or_else(|| panic!("no case {id}"))["values"]
}

fn close(name: &str, ours: f64, theirs: f64, tolerance: f64) {
    let allowed = 1e-10 + tolerance * theirs.abs();
    assert!((ours - theirs).abs() <= allowed, "{name}: ours {ours}, theirs {theirs}");
}

fn level(observation: f64, level: f64) -> StateSpace {
    StateSpace::new(1)
        .transition(0, 0, 1.0)
        .observe(0, 1.0)
        .state_variance(0, level)
        .observation_variance(observation)
        .diffuse(0)
}

fn trend(observation: f64, level: f64, slope: f64) -> StateSpace {
    seasonal_trend(observation, level, slope, 0.0, 0)
}

/// Level, slope, and a dummy seasonal of `season` periods.
fn seasonal_trend(observation: f64, level: f64, slope: f64, seasonal: f64, season: usize) -> StateSpace {
    let states = 2 + season.saturating_sub(1);
    let mut model = StateSpace::new(states)
        .transition(0, 0, 1.0)
        .transition(0, 1, 1.0)
        .transition(1, 1, 1.0)
        .observe(0, 1.0)
        .state_variance(0, level)
        .state_variance(1, slope)
        .observation_variance(observation);
    if season > 1 {
        model = model.observe(2, 1.0).state_variance(2, seasonal);
        for j in 2..states {
            model = model.transition(2, j, -1.0);
            if j + 1 < states {
                model = model.transition(j + 1, j, 1.0);
            }
        }
    }
    (0..states).fold(model, StateSpace::diffuse)
}

/// The check of everything a KFAS case lists.
fn kfas(id: &str, model: &StateSpace, y: &[f64], tolerance: f64) {
    let file = reference("state_space.json");
    let gold = case(&file, id);
    let mut work = Workspace::new(model);
    let filtered = work.filter(model, y).expect("a filter");
    let smoothed = smooth(model, &filtered);
    let likelihood = filtered.likelihood;
    close(id, likelihood.value, gold["loglik_diffuse"].as_f64().expect("a number"), tolerance);
    assert_eq!(likelihood.n_diffuse as u64, gold["d"].as_u64().expect("d"));
    let last = filtered.steps.last().expect("steps");
    for (i, theirs) in numbers(&gold["filtered_state_last"]).into_iter().enumerate() {
        close("filtered", last.filtered[i], theirs, tolerance);
    }
    for (i, theirs) in numbers(&gold["smoothed_state_first"]).into_iter().enumerate() {
        close("smoothed first", smoothed.mean[0][i], theirs, tolerance);
    }
    for (t, theirs) in numbers(&gold["smoothed_level"]).into_iter().enumerate() {
        close("smoothed level", smoothed.mean[t][0], theirs, tolerance);
    }
    for (t, theirs) in numbers(&gold["smoothed_level_var"]).into_iter().enumerate() {
        close("smoothed variance", smoothed.variance[t][0], theirs, tolerance);
    }
    let n = filtered.steps.len();
    for (j, theirs) in numbers(&gold["innovations_last5"]).into_iter().enumerate() {
        if theirs.is_finite() {
            close("innovation", filtered.steps[n - 5 + j].innovation, theirs, tolerance);
        }
    }
    for (j, theirs) in numbers(&gold["F_last5"]).into_iter().enumerate() {
        close("variance", filtered.steps[n - 5 + j].variance, theirs, tolerance);
    }
    let mut longer = y.to_vec();
    let ahead = numbers(&gold["pred"]);
    longer.extend(ahead.iter().map(|_| f64::NAN));
    let forecast = work.filter(model, &longer).expect("a filter");
    for (h, theirs) in ahead.into_iter().enumerate() {
        let step = &forecast.steps[n + h];
        let level = predicted(model, &step.mean);
        close("prediction", level, theirs, tolerance);
        let reach = 1.959_963_984_540_054 * step.variance.sqrt();
        close("upper", level + reach, numbers(&gold["pred_upr"])[h], tolerance);
    }
}

fn predicted(model: &StateSpace, mean: &[f64]) -> f64 {
    // In these models the observation is the level, plus the first seasonal state where there is one.
    mean[0] + if model.states() > 2 { mean[2] } else { 0.0 }
}

#[test]
fn nile_local_level() {
    let y = numbers(&reference("state_space.json")["datasets"]["nile"]["values"]);
    kfas("nile_local_level_fixed", &level(15099.0, 1469.1), &y, 1e-8);
}

#[test]
fn nile_local_level_with_gaps() {
    let mut y = numbers(&reference("state_space.json")["datasets"]["nile"]["values"]);
    for t in (20..40).chain(60..80) {
        y[t] = f64::NAN;
    }
    kfas("nile_local_level_missing_fixed", &level(15099.0, 1469.1), &y, 1e-8);
}

#[test]
fn nile_local_trend() {
    let y = numbers(&reference("state_space.json")["datasets"]["nile"]["values"]);
    kfas("nile_local_trend_fixed", &trend(15000.0, 1000.0, 10.0), &y, 1e-8);
}

#[test]
fn air_passengers_basic_structural_model() {
    let y = numbers(&reference("state_space.json")["datasets"]["log_airpassengers"]["values"]);
    // Our own bound; the file allows 1e-6.
    kfas("air_bsm_fixed", &seasonal_trend(1e-4, 7e-4, 1e-7, 6e-5, 12), &y, 1e-7);
}

#[test]
fn seat_belts_with_regressors() {
    let file = reference("state_space.json");
    let gold = case(&file, "seatbelts_fixed");
    let columns = &file["datasets"]["seatbelts"]["columns"];
    let y: Vec<f64> = numbers(&columns["drivers"]).iter().map(|v| v.ln()).collect();
    let (law, petrol) = (numbers(&columns["law"]), numbers(&columns["PetrolPrice"]));
    let x = Array2::from_shape_fn((y.len(), 2), |(t, j)| if j == 0 { law[t] } else { petrol[t].ln() });
    // level; eleven seasonal states that do not move; two coefficients
    let mut model = StateSpace::new(14)
        .transition(0, 0, 1.0)
        .observe(0, 1.0)
        .observe(1, 1.0)
        .state_variance(0, 0.00027)
        .observation_variance(0.004)
        .transition(12, 12, 1.0)
        .transition(13, 13, 1.0)
        .regressors(12, x.view())
        .expect("two states");
    for j in 1..12 {
        model = model.transition(1, j, -1.0);
        if j < 11 {
            model = model.transition(j + 1, j, 1.0);
        }
    }
    let model = (0..14).fold(model, StateSpace::diffuse);
    let filtered = Workspace::new(&model).filter(&model, &y).expect("a filter");
    close("loglik", filtered.likelihood.value, gold["loglik"].as_f64().expect("a number"), 1e-7);
    let at = |i: usize| filtered.next_covariance[i * 14 + i].sqrt();
    for (state, name) in [(12, "law"), (13, "logpetrol")] {
        let theirs = |kind: &str| gold[format!("{kind}_{name}")].as_f64().expect("a number");
        close(name, filtered.next_mean[state], theirs("coef"), 1e-7);
        close(name, at(state), theirs("se"), 1e-7);
    }
}

/// statsmodels counts ½ log 2π for the diffuse observations; we do not.
#[test]
fn statsmodels_exact_diffuse_likelihoods() {
    let file = reference("forecast_fits.json");
    let gold = |series: &str, model: &str| {
        let cases = file["fixed_param_likelihoods"].as_array().expect("cases");
        let found = cases.iter().find(|c| c["series"] == series && c["model"] == model);
        found.unwrap_or_else(|| panic!("no {series}, {model}"))["loglik"].as_f64().expect("a number")
    };
    let nile = numbers(&reference("state_space.json")["datasets"]["nile"]["values"]);
    let model = level(15099.0, 1469.1);
    let ours = Workspace::new(&model).log_likelihood(&model, &nile).expect("a likelihood");
    close("Nile", ours.value - 0.918_938_533_204_672_8, gold("Nile", "local level exact diffuse"), 1e-8);

    let columns = &reference("state_space.json")["datasets"]["seatbelts"]["columns"];
    let drivers: Vec<f64> = numbers(&columns["drivers"]).iter().map(|v| v.ln()).collect();
    let model = seasonal_trend(0.0035, 0.0009, 1e-6, 1e-6, 12);
    let ours = Workspace::new(&model).log_likelihood(&model, &drivers).expect("a likelihood");
    let theirs = gold("log(UKDriverDeaths)", "UC lltrend+dummy seas12 exact diffuse");
    close("drivers", ours.value - 13.0 * 0.918_938_533_204_672_8, theirs, 1e-8);
}

/// Series and models of every kind: gaps, a diffuse season, a damped slope that starts known, no noise at all.
fn varied() -> Vec<(StateSpace, Vec<f64>)> {
    let mut y: Vec<f64> = (0..30).map(|t| 4.0 + (f64::from(t) * 1.3).sin() + 0.1 * f64::from(t)).collect();
    [1, 2, 14, 15].into_iter().for_each(|t| y[t] = f64::NAN);
    let damped = StateSpace::new(2)
        .transition(0, 0, 1.0)
        .transition(0, 1, 1.0)
        .transition(1, 1, 0.7)
        .observe(0, 1.0)
        .state_variance(0, 0.1)
        .state_variance(1, 0.2)
        .observation_variance(0.3)
        .diffuse(0)
        .start(1, 0.2, 0.4);
    let x = Array2::from_shape_fn((30, 1), |(t, _)| (t as f64 * 0.4).cos());
    let moving = StateSpace::new(2)
        .transition(0, 0, 1.0)
        .transition(1, 1, 1.0)
        .observe(0, 1.0)
        .regressors(1, x.view())
        .expect("one regressor")
        .state_variance(0, 0.2)
        .state_variance(1, 0.05)
        .observation_variance(0.5)
        .diffuse(0)
        .diffuse(1);
    let models = [level(0.5, 0.2), level(0.0, 0.2), seasonal_trend(0.4, 0.1, 0.01, 0.2, 4), damped, moving];
    models.into_iter().map(|model| (model, y.clone())).collect()
}

#[test]
fn scores_are_derivatives() {
    for (which, (model, y)) in varied().into_iter().enumerate() {
        let found = score(&model, &y).expect("a score");
        let value =
            |model: &StateSpace| Workspace::new(model).log_likelihood(model, &y).expect("a pass").value;
        assert!((found.likelihood.value - value(&model)).abs() < 1e-12);
        let near = |ours: f64, slope: f64| (ours - slope).abs() < 2e-6 * (1.0 + slope.abs());
        let h = 1e-5;
        if model.noise() > 0.0 {
            let at = |by: f64| value(&model.clone().observation_variance(model.noise() + by));
            let slope = (at(h) - at(-h)) / (2.0 * h);
            assert!(near(found.observation_variance, slope), "{which}: {found:?} {slope}");
        }
        for state in 0..model.states() {
            let q = disturbances(&model, &y).expect("disturbances").state_variance[29][state];
            if q > 0.0 {
                let at = |by: f64| value(&model.clone().state_variance(state, q + by));
                let slope = (at(h) - at(-h)) / (2.0 * h);
                assert!(near(found.state_variance[state], slope), "{which} {state}: {found:?} {slope}");
            }
        }
        if which == 3 {
            let at = |by: f64| value(&model.clone().start(1, 0.2, 0.4 + by));
            let slope = (at(h) - at(-h)) / (2.0 * h);
            assert!(near(found.start_variance[1], slope), "{found:?} {slope}");
        }
    }
}

#[test]
fn disturbances_are_those_of_the_smoothed_states() {
    for (which, (model, y)) in varied().into_iter().enumerate() {
        let found = disturbances(&model, &y).expect("disturbances");
        let mut work = Workspace::new(&model);
        let filtered = work.filter(&model, &y).expect("a filter");
        let smoothed = smooth(&model, &filtered);
        for t in 0..y.len() {
            // ε = y − Z'α and its variance is that of Z'α; both from the state smoother.
            if !y[t].is_nan() && which < 3 {
                let signal = predicted(&model, &smoothed.mean[t]);
                assert!((found.irregular[t] - (y[t] - signal)).abs() < 1e-9, "{which} {t}");
                if model.states() == 1 {
                    let gap = found.irregular_variance[t] - smoothed.variance[t][0];
                    assert!(gap.abs() < 1e-9, "{which} {t}: {gap}");
                }
            }
            if t + 1 < y.len() && model.states() == 1 {
                let step = smoothed.mean[t + 1][0] - smoothed.mean[t][0];
                assert!((found.state[t][0] - step).abs() < 1e-9, "{which} {t}");
            }
        }
        let simulator = Simulator::new(&model, &y).expect("a simulator");
        for (ours, theirs) in simulator.mean().iter().zip(smoothed.mean.iter().flatten()) {
            assert!((ours - theirs).abs() < 1e-8, "{which}: {ours} {theirs}");
        }
    }
}

#[test]
fn draws_of_the_states_have_their_smoothed_moments() {
    let draws = 4_000;
    for (which, (model, y)) in varied().into_iter().enumerate() {
        let filtered = Workspace::new(&model).filter(&model, &y).expect("a filter");
        let smoothed = smooth(&model, &filtered);
        let (mean, variance) = (smoothed.mean.concat(), smoothed.variance.concat());
        let mut simulator = Simulator::new(&model, &y).expect("a simulator");
        let mut sums = vec![[0.0; 2]; mean.len()];
        for i in 0..draws {
            let drawn = simulator.draw(&mut stream(3, i));
            for ((sum, d), m) in sums.iter_mut().zip(drawn).zip(&mean) {
                *sum = [sum[0] + (d - m), sum[1] + (d - m) * (d - m)];
            }
        }
        for (i, [first, square]) in sums.into_iter().enumerate() {
            let (first, square) = (first / draws as f64, square / draws as f64);
            let v = variance[i].max(1e-12);
            assert!(first.abs() < 5.5 * (v / draws as f64).sqrt() + 1e-9, "{which} {i}: {first}");
            let reach = 5.5 * (2.0 / draws as f64).sqrt();
            assert!((square / v - 1.0).abs() < reach || square < 1e-10, "{which} {i}: {square} {v}");
        }
        assert_eq!(simulator.draw(&mut stream(3, 9)), simulator.draw(&mut stream(3, 9)));
    }
}

/// Rolling twelve-month sums are an observation of twelve states: what the months were comes out of the smoother.
#[test]
fn rolling_sums_are_one_more_observation() {
    let n = 30;
    let (q, h) = (0.3, 1e-4);
    // x_t is a random walk from zero with a variance known to be large; y_t = x_t + … + x_{t−11} + noise.
    let mut model = StateSpace::new(12).transition(0, 0, 1.0).observation_variance(h).state_variance(0, q);
    for j in 0..12 {
        model = model.observe(j, 1.0).start(j, 0.0, 4.0);
        if j > 0 {
            model = model.transition(j, j - 1, 1.0);
        }
    }
    let y: Vec<f64> =
        (0..n).map(|t| 12.0 * (0.2 * t as f64).sin() + if t == 9 { f64::NAN } else { 0.0 }).collect();
    // Months −11 … n − 1: independent before, a walk from month 0 on.
    let months = n + 11;
    let prior = Array2::from_shape_fn((months, months), |(a, b)| {
        let walk = |a: usize| a.saturating_sub(11) as f64;
        match (a < 11, b < 11) {
            (true, _) | (_, true) => 4.0 * f64::from(u8::from(a == b)),
            _ => 4.0 + q * walk(a).min(walk(b)),
        }
    });
    let seen: Vec<usize> = (0..n).filter(|&t| !y[t].is_nan()).collect();
    let sums = Array2::from_shape_fn((seen.len(), months), |(i, m)| {
        f64::from(u8::from((seen[i]..seen[i] + 12).contains(&m)))
    });
    let cross = sums.dot(&prior);
    let mut v = cross.dot(&sums.t());
    v.diag_mut().iter_mut().for_each(|d| *d += h);
    let chol = averted::linalg::Cholesky::new(v.view(), "covariance").expect("positive definite");
    let observed: ndarray::Array1<f64> = seen.iter().map(|&t| y[t]).collect();
    let solved = chol.solve(observed.view());
    let dense =
        -0.918_938_533_204_672_8 * seen.len() as f64 - 0.5 * (chol.log_determinant() + observed.dot(&solved));
    let filtered = Workspace::new(&model).filter(&model, &y).expect("a filter");
    close("rolling sums", filtered.likelihood.value, dense, 1e-9);
    let expected = cross.t().dot(&solved);
    let smoothed = smooth(&model, &filtered);
    for t in 0..n {
        close("month", smoothed.mean[t][0], expected[t + 11], 1e-7);
    }
}
