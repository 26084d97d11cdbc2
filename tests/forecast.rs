//! Scores against scoringrules, scenarios, panels and backtests.

mod common;

use averted::data::{Frame, Panel};
use averted::forecast::PanelForecast;
use averted::forecast::backtest::Backtest;
use averted::forecast::scenario::{LagResponse, Scenario};
use averted::forecast::scores;
use averted::timeseries::structural::{Scale, Series, Structural, Trend};
use common::{case, numbers, reference};
use ndarray::{Array2, array};

fn close(what: &str, ours: f64, theirs: f64, tolerance: f64) {
    assert!(
        (ours - theirs).abs() <= tolerance * theirs.abs().max(1e-3),
        "{what}: ours {ours}, theirs {theirs}"
    );
}

#[test]
fn scores_are_those_of_scoringrules() {
    let file = reference("scores_and_statsmodels_ts");
    let data = &file["datasets"]["scores_a"];
    let gold = &case(&file, "scores_a")["values"];
    let (y, mu, sigma) = (numbers(&data["obs"]), numbers(&data["mu"]), numbers(&data["sigma"]));
    let of = |name: &str| numbers(&gold[name]);
    let levels = numbers(&data["quantile_levels"]);
    for i in 0..y.len() {
        let normal = scores::crps_normal(y[i], mu[i], sigma[i]).expect("a score");
        close("normal", normal, of("crps_normal")[i], 1e-10);
        let members = numbers(&data["ensemble_rows_per_obs"][i]);
        close("empirical", scores::crps_draws(y[i], &members, false), of("crps_ensemble_nrg")[i], 1e-10);
        close("fair", scores::crps_draws(y[i], &members, true), of("crps_ensemble_fair")[i], 1e-10);
        let quantiles = numbers(&gold["quantiles_normal_rows_per_obs"][i]);
        let theirs = numbers(&gold["pinball"][i]);
        for (j, &p) in levels.iter().enumerate() {
            close("pinball", scores::pinball(y[i], quantiles[j], p), theirs[j], 1e-10);
        }
        let intervals: Vec<_> = (0..3).map(|k| (2.0 * levels[k], quantiles[k], quantiles[6 - k])).collect();
        let wis = scores::weighted_interval(y[i], quantiles[3], &intervals);
        // Twice the mean pinball loss over the same quantiles: an identity (Bracher et al. 2021).
        close("WIS", wis, 2.0 * theirs.iter().sum::<f64>() / 7.0, 1e-12);
    }
    let wis =
        scores::weighted_interval(45.0, 20.0, &[(0.05, 10.0, 40.0), (0.2, 14.0, 30.0), (0.5, 16.0, 26.0)]);
    close("a score that is easily got wrong", wis, 16.1, 1e-12);
}

/// Two units: deaths that grow, and one that is suppressed.
fn panel(years: usize) -> Panel {
    let mut columns: [Vec<f64>; 4] = std::array::from_fn(|_| Vec::new());
    let (mut units, mut deaths) = (Vec::new(), Vec::new());
    for (u, name) in ["Mexico", "Hidden"].into_iter().enumerate() {
        for t in 0..years {
            units.push(Some(name));
            columns[0].push((2000 + t) as f64);
            columns[1].push(1e6 * 1.01_f64.powi(t as i32));
            columns[2].push(10.0 + ((t * 7919) % 13) as f64);
            let count = 300.0 * (0.03 * t as f64 + 0.2 * ((t * 31) % 7) as f64 / 7.0).exp();
            deaths.push(if u == 1 && t == 5 { "Suppressed".to_owned() } else { count.round().to_string() });
        }
    }
    let [year, people, spend, _] = columns;
    let deaths: Vec<Option<&str>> = deaths.iter().map(|d| Some(d.as_str())).collect();
    let frame = Frame::new()
        .with_text("country", &units)
        .and_then(|f| f.with_number("year", year))
        .and_then(|f| f.with_number("people", people))
        .and_then(|f| f.with_number("spend", spend))
        .and_then(|f| f.with_text("deaths", &deaths))
        .expect("a frame");
    Panel::new(frame, "country", "year")
        .and_then(|p| p.events("deaths"))
        .and_then(|p| p.population("people"))
        .expect("a panel")
}

fn scenarios() -> PanelForecast {
    PanelForecast::new(5)
        .scenario("flat", vec![])
        .scenario("+20%", vec![("spend".into(), Scenario::multiple("+20%", 1.2).expect("a scenario"))])
        .draws(500)
        .seed(7)
}

#[test]
fn a_failing_unit_is_named_and_the_others_go_on() {
    let results = PanelForecast::new(3).draws(300).seed(1).run(&panel(20)).expect("results");
    let (hidden, mexico) = (&results[0], &results[1]);
    assert_eq!((hidden.unit.as_str(), mexico.unit.as_str()), ("Hidden", "Mexico"));
    let reason = hidden.outcome.as_ref().expect_err("a reason").to_string();
    assert!(reason.contains("row 25") && reason.contains("suppressed"), "{reason}");
    let forecast = &mexico.outcome.as_ref().expect("a forecast").forecast;
    assert_eq!(forecast.labels(), ["2020", "2021", "2022"]);
    assert!(
        forecast.is_count() && forecast.notes().iter().any(|n| n.contains("+1.00 %")),
        "{:?}",
        forecast.notes()
    );
    assert!(forecast.paths(0).iter().all(|v| v.fract() == 0.0 && *v >= 0.0));
    let unknown = PanelForecast::new(3).units(vec!["Mexcio".into()]).run(&panel(20)).expect_err("unknown");
    assert!(unknown.to_string().contains("such as Mexico"), "{unknown}");
}

#[test]
fn scenarios_differ_by_the_response_alone() {
    let exact = LagResponse::new("spend", array![-0.02, -0.01], Array2::zeros((2, 2))).expect("a response");
    let results = scenarios().units(vec!["Mexico".into()]).response(exact).run(&panel(24)).expect("results");
    let forecast = &results[0].outcome.as_ref().expect("a forecast").forecast;
    // The last spending: 10 + (23 · 7919 mod 13).
    let extra = 0.2 * (10.0 + f64::from((23 * 7919) % 13));
    let (flat, more) = (forecast.paths(0), forecast.paths(1));
    for (a, b) in flat.rows().into_iter().zip(more.rows()) {
        for h in 0..5 {
            let effect: f64 = -0.02 * extra - if h > 0 { 0.01 * extra } else { 0.0 };
            // Whole counts: half a death on either side.
            assert!((b[h] - a[h] * effect.exp()).abs() <= 1.0, "{h}: {} {}", a[h], b[h]);
        }
    }
    let gap = forecast.difference(1, 0, 5, 0.95).expect("a difference");
    assert!(gap.upper < 0.0 && gap.lower < gap.estimate && gap.estimate < gap.upper, "{gap:?}");
    let unsure =
        LagResponse::new("spend", array![-0.02, -0.01], array![[4e-4, 0.0], [0.0, 1e-4]]).expect("one");
    let results = scenarios().units(vec!["Mexico".into()]).response(unsure).run(&panel(24)).expect("results");
    let wider =
        results[0].outcome.as_ref().expect("a forecast").forecast.difference(1, 0, 5, 0.95).expect("one");
    assert!(wider.upper - wider.lower > 2.0 * (gap.upper - gap.lower), "{wider:?} {gap:?}");
}

#[test]
fn spending_may_be_a_regressor_of_the_model() {
    let results = scenarios().run(&panel(24)).expect("results");
    let outcome = results[1].outcome.as_ref().expect("a forecast");
    assert_eq!(outcome.fit.regressors(), ["spend"]);
    assert_eq!(outcome.forecast.scenarios(), ["flat", "+20%"]);
    assert!(outcome.forecast.notes().iter().any(|n| n.contains("association")));
}

#[test]
fn same_seed_same_bits_whatever_the_threads() {
    let run = || {
        let results = scenarios().run(&panel(24)).expect("results");
        let paths = results[1].outcome.as_ref().expect("a forecast").forecast.paths(1).to_owned();
        let y: Vec<f64> = (0..30).map(|t| 100.0 + f64::from(t * 7919 % 31)).collect();
        let test = Backtest::new(2).windows(4).draws(200).seed(1);
        let test = test.run(&Structural::new(), &Series::new("y", &y)).expect("a backtest");
        let bits: Vec<u64> = paths.iter().map(|v| v.to_bits()).collect();
        (bits, test.rows)
    };
    // Every other test of this file is indifferent to the number of threads, so it may change while they run.
    let with = |threads: &str| {
        let exe = std::env::current_exe().expect("this test");
        let run = std::process::Command::new(exe)
            .args(["--exact", "bits_of_a_run", "--ignored", "--nocapture"])
            .env("AVERTED_THREADS", threads)
            .output()
            .expect("a run");
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        text.lines().find(|l| l.contains("bits:")).map(str::to_owned).expect("bits")
    };
    assert_eq!(with("1"), with("2"));
    assert_eq!(run(), run());
}

#[test]
#[ignore = "run by another test under several numbers of threads"]
fn bits_of_a_run() {
    let results = scenarios().run(&panel(24)).expect("results");
    let paths = results[1].outcome.as_ref().expect("a forecast").forecast.paths(1).to_owned();
    let sum = paths.iter().fold(0_u64, |sum, v| sum.rotate_left(5) ^ v.to_bits());
    println!("bits: {sum:x}");
}

#[test]
fn too_short_a_past_is_refused() {
    let y = [1.0, 2.0, 3.0, 4.0, 5.0];
    let error =
        Backtest::new(3).windows(4).run(&Structural::new(), &Series::new("deaths", &y)).expect_err("short");
    assert!(matches!(error, averted::Error::TooShort { needed: 10, found: 5, .. }), "{error}");
    assert!(Backtest::new(0).run(&Structural::new(), &Series::new("deaths", &y)).is_err());
}

/// Coverage of series that the model itself made, at the length of an annual series.
#[test]
#[ignore = "a simulation: minutes"]
fn coverage_on_series_of_the_model() {
    use averted::random::{normal, stream};
    let (mut inside, mut all) = ([0_usize; 3], 0_usize);
    for replicate in 0..400 {
        let mut e = stream(11, replicate);
        let (mut level, mut slope) = (0.0, 0.0);
        let y: Vec<f64> = (0..30)
            .map(|_| {
                level += slope + 0.08 * normal(&mut e);
                slope = 0.8 * slope + 0.03 * normal(&mut e);
                (level + 0.05 * normal(&mut e)).exp()
            })
            .collect();
        let spec = Structural::new().trend(Trend::Damped).scale(Scale::Log);
        let test = Backtest::new(5).windows(1).draws(1000).seed(replicate);
        let Ok(result) = test.run(&spec, &Series::new("y", &y)) else { continue };
        for row in &result.rows {
            let score = row.said[0].score.expect("a score");
            all += 1;
            (0..3).for_each(|i| inside[i] += usize::from(score.covered[i]));
        }
    }
    let share = inside.map(|i| i as f64 / all as f64);
    println!("coverage at 50, 80, 95 %: {share:?} of {all} periods");
    assert!(share[2] > 0.88, "{share:?}");
}
