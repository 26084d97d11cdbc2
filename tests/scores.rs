//! Scores beside scoringrules and R's forecast, and beside their definitions.

mod common;

use averted::Error;
use averted::forecast::scores::{self, LongRun, Predictive};
use common::{Comparison, case, numbers, reference, tolerance};
use ndarray::{Array2, array, aview1};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn scoringrules(table: &mut Comparison) {
    let file = reference("scores_and_statsmodels_ts");
    let data = &file["datasets"]["scores_a"];
    let gold = case(&file, "scores_a");
    let within = tolerance(gold);
    let of = |name: &str| numbers(&gold["values"][name]);
    let put = |name: &str| numbers(&data[name]);
    let (y, mu, sigma) = (put("obs"), put("mu"), put("sigma"));
    let counts = of("counts_used");
    let (size, prob, mean) = (put("nb_size"), put("nb_prob"), put("poisson_mean"));
    let positive: Vec<f64> = y.iter().map(|v| v.abs() + 0.1).collect();
    let each = |of: &dyn Fn(usize) -> f64| -> Vec<f64> { (0..y.len()).map(of).collect() };
    let poisson = |i: usize| Predictive::Poisson { mean: mean[i] };
    let nb =
        |i: usize| Predictive::NegativeBinomial { mean: size[i] * (1.0 - prob[i]) / prob[i], size: size[i] };
    let normal = |i: usize| Predictive::Normal { mean: mu[i], sd: sigma[i] };
    let crps = |p: Predictive, y: f64| p.crps(y).expect("a score");
    let mut check = |name: &str, ours: Vec<f64>| table.check("scores_a", name, &ours, &of(name), within);
    check("crps_normal", each(&|i| crps(normal(i), y[i])));
    check("logs_normal_negative_log_density", each(&|i| normal(i).log_score(y[i]).expect("a score")));
    check("pit_normal", each(&|i| normal(i).pit(y[i]).expect("ends").1));
    check("dss_ensemble_normal", each(&|i| normal(i).dawid_sebastiani(y[i]).expect("a score")));
    check("crps_logistic", each(&|i| crps(Predictive::Logistic { location: mu[i], scale: sigma[i] }, y[i])));
    check("crps_laplace", each(&|i| crps(Predictive::Laplace { location: mu[i], scale: sigma[i] }, y[i])));
    let t = |i: usize| Predictive::Student { location: mu[i], scale: sigma[i], degrees: 5.0 };
    check("crps_t_df5", each(&|i| crps(t(i), y[i])));
    let gamma = Predictive::Gamma { shape: 3.0, rate: 0.5 };
    check("crps_gamma_shape3_rate0.5", each(&|i| crps(gamma, positive[i])));
    let log_normal = Predictive::LogNormal { mean_log: 1.0, sd_log: 0.4 };
    check("crps_lognormal_mulog1_sdlog0.4", each(&|i| crps(log_normal, positive[i])));
    let exponential = Predictive::Exponential { rate: 0.3 };
    check("crps_exponential_rate0.3", each(&|i| crps(exponential, y[i].abs())));
    check("crps_poisson", each(&|i| crps(poisson(i), counts[i])));
    check("logs_poisson", each(&|i| poisson(i).log_score(counts[i]).expect("a score")));
    check("crps_negbinom_size_prob", each(&|i| crps(nb(i), counts[i])));
    check("logs_negbinom", each(&|i| nb(i).log_score(counts[i]).expect("a score")));
    let members: Vec<Vec<f64>> = (0..y.len()).map(|i| numbers(&data["ensemble_rows_per_obs"][i])).collect();
    for (name, fair) in [
        ("crps_ensemble_nrg", false),
        ("crps_ensemble_qd", false),
        ("crps_ensemble_fair", true),
        ("crps_ensemble_pwm", true),
    ] {
        check(name, each(&|i| scores::crps_draws(y[i], &members[i], fair)));
    }
    let levels = put("quantile_levels");
    let quantiles: Vec<Vec<f64>> =
        (0..y.len()).map(|i| numbers(&gold["values"]["quantiles_normal_rows_per_obs"][i])).collect();
    let pinball = |i: usize, j: usize| scores::pinball(y[i], quantiles[i][j], levels[j]);
    let eighty = |i: usize| scores::interval(y[i], quantiles[i][1], quantiles[i][5], 0.2);
    check("interval_score_80_alpha0.2", each(&eighty));
    let alphas = of("wis_alphas");
    let wis = |i: usize| {
        let at = |p: f64| mu[i] + sigma[i] * averted::distribution::Normal::standard().quantile(p);
        let intervals: Vec<_> = alphas.iter().map(|&a| (a, at(0.5 * a), at(1.0 - 0.5 * a))).collect();
        let parts = scores::weighted_interval_parts(y[i], mu[i], &intervals);
        assert!((parts.total - scores::weighted_interval(y[i], mu[i], &intervals)).abs() < 1e-14);
        parts.total
    };
    check("wis_formula_Bracher2021", each(&wis));
    check("wis_default_weights_alpha_over_2_median_half", each(&wis));
    for i in 0..y.len() {
        let ours: Vec<f64> = (0..levels.len()).map(|j| pinball(i, j)).collect();
        let name = format!("pinball, outcome {i}");
        table.check("scores_a", &name, &ours, &numbers(&gold["values"]["pinball"][i]), within);
    }
    let joint = Array2::from_shape_fn((members[0].len(), 3), |(k, i)| members[i][k]);
    let energy = scores::energy(aview1(&y[..3]), joint.view(), false).expect("a score");
    let variogram = scores::variogram(aview1(&y[..3]), joint.view(), 0.5).expect("a score");
    let theirs = [number(&gold["values"]["energy_score_first2obs_joint"])];
    table.check("scores_a", "energy score of three outcomes", &[energy], &theirs, within);
    let theirs = [number(&gold["values"]["variogram_p05"])];
    table.check("scores_a", "variogram score of three outcomes", &[variogram], &theirs, within);
}

fn surveillance(table: &mut Comparison) {
    let gold = &reference("response_surveillance")["scores"];
    let list = |name: &str| gold[name].as_array().expect("a list").clone();
    let nb = |c: &Value| {
        let (n, p) = (number(&c["n"]), number(&c["p"]));
        Predictive::NegativeBinomial { mean: n * (1.0 - p) / p, size: n }
    };
    let poisson = |c: &Value| Predictive::Poisson { mean: number(&c["lam"]) };
    let mut check = |name: &str, ours: Vec<f64>, theirs: Vec<f64>, within| {
        table.check("response_surveillance scores", name, &ours, &theirs, within);
    };
    let crps = |p: Predictive, c: &Value| p.crps(number(&c["y"])).expect("a score");
    let cases = list("crps_poisson");
    let theirs = cases.iter().map(|c| number(&c["brute"])).collect();
    check("CRPS of Poisson", cases.iter().map(|c| crps(poisson(c), c)).collect(), theirs, (1e-11, 0.0));
    let cases = list("crps_negbinom_n_p");
    let theirs = cases.iter().map(|c| number(&c["brute"])).collect();
    check(
        "CRPS of the negative binomial",
        cases.iter().map(|c| crps(nb(c), c)).collect(),
        theirs,
        (1e-10, 0.0),
    );
    let c = &list("logs_poisson")[0];
    let ours = poisson(c).log_score(number(&c["y"])).expect("a score");
    check("log score of Poisson", vec![ours], vec![number(&c["logs"])], (1e-12, 0.0));
    let c = &list("logs_negbinom")[0];
    let ours = nb(c).log_score(number(&c["y"])).expect("a score");
    check("log score of the negative binomial", vec![ours], vec![number(&c["logs"])], (1e-12, 0.0));
    let c = &list("crps_normal")[0];
    let ours = crps(Predictive::Normal { mean: number(&c["mu"]), sd: number(&c["sigma"]) }, c);
    check("CRPS of the normal", vec![ours], vec![number(&c["crps"])], (1e-10, 0.0));
    let c = &list("crps_lognormal")[0];
    let log_normal = Predictive::LogNormal { mean_log: number(&c["mu"]), sd_log: number(&c["sigma"]) };
    check("CRPS of the log-normal", vec![crps(log_normal, c)], vec![number(&c["crps"])], (1e-10, 0.0));
    // `akr` and `akr_circperm` estimate the spread from part of the pairs and are not offered.
    for c in list("crps_ensemble") {
        let name = c["estimator"].as_str().expect("a name");
        let fair = ["fair", "pwm"].contains(&name);
        if fair || ["nrg", "int", "qd"].contains(&name) {
            let ours = scores::crps_draws(number(&c["y"]), &numbers(&c["ens"]), fair);
            check(&format!("CRPS of draws, {name}"), vec![ours], vec![number(&c["crps"])], (1e-12, 0.0));
        }
    }
    for c in list("wis") {
        let part = |n: &str| numbers(&c[n]);
        let intervals: Vec<_> = part("alpha")
            .into_iter()
            .zip(part("lower"))
            .zip(part("upper"))
            .map(|((a, l), u)| (a, l, u))
            .collect();
        let ours = scores::weighted_interval(number(&c["y"]), number(&c["median"]), &intervals);
        check(&format!("WIS of {}", c["y"]), vec![ours], vec![number(&c["wis"])], (1e-12, 0.0));
    }
    let c = &gold["dss_negbinom"];
    let (mean, var) = (number(&c["mean"]), number(&c["var"]));
    let ours = Predictive::NegativeBinomial { mean, size: mean * mean / (var - mean) };
    let ours = ours.dawid_sebastiani(number(&c["y"])).expect("a score");
    check("Dawid–Sebastiani", vec![ours], vec![number(&c["dss"])], (1e-12, 0.0));
}

fn accuracy(table: &mut Comparison) {
    let file = reference("ets_theta_benchmarks");
    let gold = case(&file, "accuracy_dm");
    let within = tolerance(gold);
    let y = numbers(&file["datasets"]["usaccdeaths"]["values"]);
    let (training, test) = y.split_at(60);
    let naive: Vec<f64> = (0..12).map(|h| training[48 + h]).collect();
    let fitted: Vec<f64> = training[..48].to_vec();
    for (what, outcome, forecast) in [("test", test, &naive), ("train", &training[12..], &fitted)] {
        let ours = scores::errors(&outcome[..forecast.len()], forecast, training, 12).expect("measures");
        let theirs: Vec<f64> = ["ME", "RMSE", "MAE", "MPE", "MAPE", "MASE"]
            .iter()
            .map(|name| number(&gold["values"][what][name]))
            .collect();
        let ours = [ours.me, ours.rmse, ours.mae, ours.mpe, ours.mape, ours.mase];
        table.check(
            "accuracy_dm",
            &format!("ME, RMSE, MAE, MPE, MAPE, MASE, {what}"),
            &ours,
            &theirs,
            within,
        );
    }
    let squares = |name: &str| -> Vec<f64> { numbers(&gold["values"][name]).iter().map(|e| e * e).collect() };
    let (first, second) = (squares("e1"), squares("e2"));
    for h in 1..=3 {
        for (name, how) in [("acf", LongRun::Rectangular), ("bartlett", LongRun::Bartlett)] {
            let ours = scores::diebold_mariano(&first, &second, h, how).expect("a test");
            let theirs = &gold["values"]["dm"][format!("h{h}")][name];
            table.check(
                "accuracy_dm",
                &format!("Diebold–Mariano, h = {h}, {name}, p-value"),
                &[ours.statistic, ours.p_value],
                &[number(&theirs["stat"]), number(&theirs["p"]["DM"])],
                within,
            );
        }
    }
}

#[test]
fn values_beside_scoringrules_and_forecast() {
    let mut table = Comparison::default();
    scoringrules(&mut table);
    surveillance(&mut table);
    accuracy(&mut table);
    let head = "# Conformance: scores\n\nScores beside scoringrules, brute-force sums, and R's forecast; `tests/scores.rs` \
                makes this page (`make docs`) and fails\nwhen a value differs by more than 1e-8 (relative) unless a comment \
                there says why.\n\nNot covered: the autocorrelation of errors and Theil's U of `accuracy()`, which we do not \
                give; the estimators\n`akr` and `akr_circperm` of an ensemble's CRPS, which use part of the pairs; \
                its Brier and ranked probability scores, whose inputs are not in the file (checked by hand instead); the \
                scores of tscount's fits, checked with\nthe count models.\n";
    table.finish("conformance_scores.md", head, &[]);
}

/// ∫ (F(z) − 1{y ≤ z})² dz by Simpson's rule on either side of the outcome.
fn by_integration(p: &Predictive, y: f64, from: f64, to: f64) -> f64 {
    let simpson = |a: f64, b: f64, f: &dyn Fn(f64) -> f64| {
        let n = 20_000;
        let h = (b - a) / f64::from(n);
        let weight = |i: i32| if i == 0 || i == n { 1.0 } else { 2.0 + 2.0 * f64::from(i % 2) };
        (0..=n).map(|i| weight(i) * f(a + h * f64::from(i))).sum::<f64>() * h / 3.0
    };
    let cdf = |z: f64| p.cdf(z).expect("a probability");
    simpson(from, y, &|z| cdf(z).powi(2)) + simpson(y, to, &|z| (1.0 - cdf(z)).powi(2))
}

#[test]
fn closed_forms_are_the_integrals_they_stand_for() {
    let cases = [
        (Predictive::Normal { mean: 1.0, sd: 2.0 }, -30.0, 30.0),
        (Predictive::Student { location: 0.5, scale: 1.5, degrees: 9.0 }, -200.0, 200.0),
        (Predictive::Student { location: 0.5, scale: 1.5, degrees: f64::INFINITY }, -30.0, 30.0),
        (Predictive::Logistic { location: -1.0, scale: 0.7 }, -40.0, 40.0),
        (Predictive::Laplace { location: 2.0, scale: 1.1 }, -50.0, 50.0),
        (Predictive::LogNormal { mean_log: 0.4, sd_log: 0.5 }, 0.0, 60.0),
        (Predictive::Gamma { shape: 2.5, rate: 1.5 }, 0.0, 40.0),
        (Predictive::Exponential { rate: 0.8 }, 0.0, 60.0),
        (Predictive::Uniform { lower: -1.0, upper: 3.0 }, -1.0, 3.0),
    ];
    for (p, from, to) in cases {
        for y in [0.25, 1.0, 2.75] {
            let (ours, theirs) = (p.crps(y).expect("a score"), by_integration(&p, y, from, to));
            assert!((ours - theirs).abs() < 2e-6, "{p:?} at {y}: {ours} {theirs}");
        }
    }
    // Outside the support the score grows with the distance.
    for p in [
        Predictive::LogNormal { mean_log: 0.4, sd_log: 0.5 },
        Predictive::Gamma { shape: 2.5, rate: 1.5 },
        Predictive::Exponential { rate: 0.8 },
        Predictive::Uniform { lower: 0.0, upper: 3.0 },
    ] {
        let at = |y: f64| p.crps(y).expect("a score");
        assert!((at(-2.0) - at(0.0) - 2.0).abs() < 1e-12, "{p:?}");
        assert_eq!(p.log_score(-2.0).expect("a score"), f64::INFINITY);
    }
}

#[test]
fn counts_are_summed_as_the_definition_says() {
    for p in [
        Predictive::Poisson { mean: 3.7 },
        Predictive::Poisson { mean: 900.0 },
        Predictive::NegativeBinomial { mean: 40.0, size: 0.6 },
        Predictive::NegativeBinomial { mean: 0.2, size: 3.0 },
    ] {
        let cdf = |k: i32| p.cdf(f64::from(k)).expect("a probability");
        for y in [0, 1, 4, 37, 880, 1500] {
            let brute: f64 = (0..4000).map(|k| (cdf(k) - f64::from(u8::from(y <= k))).powi(2)).sum();
            let ours = p.crps(f64::from(y)).expect("a score");
            assert!((ours - brute).abs() < 1e-9 * brute.max(1e-3), "{p:?} at {y}: {ours} {brute}");
            let between: f64 = (0..4000)
                .map(|k| {
                    if k < y {
                        cdf(k).powi(2)
                    } else if k >= y + 9 {
                        (1.0 - cdf(k)).powi(2)
                    } else {
                        0.0
                    }
                })
                .sum();
            let ours = p.crps_between(f64::from(y), f64::from(y + 9)).expect("a score");
            assert!((ours - between).abs() < 1e-9 * between.max(1e-3), "{p:?} in {y}: {ours} {between}");
        }
        let mass = |k: i32| (-p.log_score(f64::from(k)).expect("a score")).exp();
        let squares: f64 = (0..4000).map(|k| mass(k).powi(2)).sum();
        assert!((p.quadratic(4.0).expect("a score") - squares + 2.0 * mass(4)).abs() < 1e-10);
        assert!((p.spherical(4.0).expect("a score") + mass(4) / squares.sqrt()).abs() < 1e-10);
        let logs: Vec<f64> = (1..=9).map(|k| -p.log_score(f64::from(k)).expect("a score")).collect();
        let shown = averted::special::log_sum_exp(&logs);
        let ours = p.log_score_between(1.0, 9.0).expect("a score");
        assert!((ours + shown).abs() < 1e-9 * ours.abs().max(1.0), "{p:?}: {ours} {}", -shown);
    }
    let wide = Predictive::NegativeBinomial { mean: 1e12, size: 0.01 };
    assert!(matches!(wide.crps(3.0), Err(Error::Argument { .. })));
    assert!(matches!(Predictive::Poisson { mean: 2.0 }.crps(1.5), Err(Error::Domain { .. })));
    assert!(matches!(Predictive::Poisson { mean: 0.0 }.crps(1.0), Err(Error::Argument { .. })));
    assert!(matches!(Predictive::Normal { mean: 0.0, sd: -1.0 }.crps(1.0), Err(Error::Argument { .. })));
}

#[test]
fn intervals_far_out_have_a_score() {
    let score = |p: Predictive, a: f64, b: f64| p.log_score_between(a, b).expect("a score");
    let normal = Predictive::Normal { mean: 0.0, sd: 1.0 };
    // scipy: -norm.logsf(10) is 53.23128515051248.
    assert!((score(normal, 10.0, 1e9) - 53.231_285_150_5).abs() < 1e-6);
    assert!((score(normal, 10.0, 11.0) - score(normal, -11.0, -10.0)).abs() < 1e-9);
    let exponential = Predictive::Exponential { rate: 2.0 };
    assert!((score(exponential, 400.0, 1e9) - 800.0).abs() < 1e-9);
    let whole = [
        (Predictive::LogNormal { mean_log: 0.3, sd_log: 0.9 }, 1.0, 4.0),
        (Predictive::Gamma { shape: 2.0, rate: 0.7 }, 1.0, 4.0),
        (Predictive::Uniform { lower: 0.0, upper: 5.0 }, 1.0, 4.0),
        (Predictive::NegativeBinomial { mean: 300.0, size: 4.0 }, 100.0, 900.0),
    ];
    for (p, a, b) in whole {
        let below = if p.is_count() { a - 1.0 } else { a };
        let direct = -(p.cdf(b).expect("p") - p.cdf(below).expect("p")).ln();
        assert!((score(p, a, b) - direct).abs() < 1e-9, "{p:?}");
    }
    assert_eq!(score(Predictive::Poisson { mean: 3.0 }, 1.2, 1.8), f64::INFINITY);
}

#[test]
fn events_and_classes() {
    let brier = |happened, p| scores::brier(happened, p).expect("a score");
    assert!((brier(true, 0.8) - 0.04).abs() < 1e-15 && (brier(false, 0.3) - 0.09).abs() < 1e-15);
    // 0.2² + (0.7 − 1)² + 0: by hand.
    let ranked = scores::ranked_probability(1, &[0.2, 0.5, 0.3]).expect("a score");
    assert!((ranked - 0.13).abs() < 1e-15);
    // Two classes: the Brier score.
    let two = scores::ranked_probability(0, &[0.6, 0.4]).expect("a score");
    assert!((two - brier(true, 0.6)).abs() < 1e-15);
    assert!(scores::brier(true, 1.2).is_err() && scores::ranked_probability(2, &[0.5, 0.5]).is_err());
    assert!(scores::ranked_probability(0, &[0.5, 0.2]).is_err());
}

#[test]
fn elementary_scores_integrate_to_what_they_are_parts_of() {
    let step = 1e-3;
    let over =
        |f: &dyn Fn(f64) -> f64| (0..20_000).map(|i| f(step * (f64::from(i) + 0.5))).sum::<f64>() * step;
    for (y, x) in [(3.0, 7.0), (9.0, 2.0), (4.0, 4.0)] {
        let mean = over(&|t| scores::elementary_mean(y, x, t));
        assert!((mean - 0.25 * (y - x) * (y - x)).abs() < 1e-4, "{y} {x}: {mean}");
        let quantile = over(&|t| scores::elementary_quantile(y, x, 0.9, t));
        assert!((quantile - scores::pinball(y, x, 0.9)).abs() < 1e-4, "{y} {x}: {quantile}");
    }
}

#[test]
fn what_is_unknown_has_no_score() {
    let nan = f64::NAN;
    assert!(scores::interval(nan, 1.0, 2.0, 0.2).is_nan() && scores::interval(1.0, nan, 2.0, 0.2).is_nan());
    for (y, l) in [(nan, 1.0), (3.0, nan)] {
        assert!(scores::weighted_interval(y, 2.0, &[(0.2, l, 4.0)]).is_nan());
        assert!(scores::weighted_interval_parts(y, 2.0, &[(0.2, l, 4.0)]).total.is_nan());
    }
    assert!(scores::elementary_mean(nan, 1.0, 0.5).is_nan() && scores::pinball(nan, 1.0, 0.5).is_nan());
    assert!(scores::crps_draws(nan, &[1.0, 2.0], false).is_nan());
}

#[test]
fn what_cannot_be_scored_is_refused() {
    assert!(matches!(scores::errors(&[1.0], &[1.0, 2.0], &[], 1), Err(Error::Shape { .. })));
    assert!(matches!(scores::errors(&[f64::NAN], &[1.0], &[], 1), Err(Error::TooShort { .. })));
    let flat = scores::errors(&[0.0, 0.0], &[0.0, 1.0], &[4.0; 9], 1).expect("measures");
    assert!(flat.mase.is_nan() && flat.rmsse.is_nan() && flat.mape.is_nan() && flat.wape.is_nan());
    assert_eq!(flat.smape, 100.0);
    let dm = |a: &[f64], b: &[f64]| scores::diebold_mariano(a, b, 1, LongRun::Rectangular);
    assert!(matches!(dm(&[1.0; 5], &[2.0; 5]), Err(Error::NothingToEstimate { .. })));
    assert!(matches!(dm(&[1.0, f64::NAN, 2.0], &[1.0; 3]), Err(Error::Missing { first: 1, .. })));
    assert!(matches!(dm(&[1.0, 2.0], &[1.0, 4.0]), Err(Error::TooShort { .. })));
    assert!(scores::pit(&[(0.5, 0.2)], 5).is_err() && scores::pit(&[], 5).is_err());
    let draws = array![[1.0, 2.0]];
    assert!(scores::energy(aview1(&[1.0]), draws.view(), false).is_err());
    let skill = scores::relative_skill(array![[1.0, f64::NAN], [f64::NAN, 2.0]].view(), 0).expect("skills");
    assert!(skill[1].is_nan());
    assert!(scores::best_possible_reach(&[1.0, -2.0], &[1.0, 2.0], 1).is_err());
    let tie = scores::best_possible_reach(&[4.0, 0.0, 2.0], &[1.0, 1.0, 1.0], 1).expect("a share");
    assert!((tie - 0.5).abs() < 1e-15, "the mean over the three choices");
}

/// Under the truth, transforms of counts spread evenly, and intervals of 80 % hold 80 %.
#[test]
#[ignore = "slow: simulation"]
fn calibrated_forecasts_look_calibrated() {
    let truth = averted::distribution::Poisson::new(4.0).expect("a distribution");
    let said = Predictive::Poisson { mean: 4.0 };
    let mut draws = averted::random::stream(3, 0);
    let ends: Vec<(f64, f64)> =
        (0..20_000).map(|_| said.pit(truth.draw(&mut draws)).expect("ends")).collect();
    for height in scores::pit(&ends, 10).expect("heights") {
        assert!((height - 1.0).abs() < 0.06, "{height}");
    }
}
