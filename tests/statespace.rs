//! Filter, likelihood and smoother at fixed parameters against KFAS and statsmodels: no optimiser involved.

use averted::timeseries::statespace::{StateSpace, Workspace, smooth};
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
