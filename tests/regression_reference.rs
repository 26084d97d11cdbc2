//! Least squares and Poisson regression against R's lm, glm and fixest, statsmodels and linearmodels.

#[path = "regression_reference/autocorrelation.rs"]
mod autocorrelation;
#[path = "regression_reference/bootstrap.rs"]
mod bootstrap;
mod common;
#[path = "regression_reference/covariance.rs"]
mod covariance;
#[path = "regression_reference/iv.rs"]
mod iv;
#[path = "regression_reference/lags.rs"]
mod lags;
#[path = "regression_reference/negative_binomial.rs"]
mod negative_binomial;
#[path = "regression_reference/noisy_measures.rs"]
mod noisy_measures;
#[path = "regression_reference/panel_estimators.rs"]
mod panel_estimators;
#[path = "regression_reference/rates.rs"]
mod rates;
#[path = "regression_reference/specification.rs"]
mod specification;
#[path = "regression_reference/zeros.rs"]
mod zeros;

use averted::data::Frame;
use averted::inference::{
    ClusterFactor, CountRule, Counted, Covariance, Estimates, ParameterFactor, PeriodFactor, Reference,
    SmallSample,
};
use averted::regression::{Fit, Link, Model, Ols, Poisson, Residual};
use common::{Comparison, case, csv_numbers, frame, numbers, reference, shared};
use serde_json::Value;

/// The conventions of `fixest_panel.json` by key.
fn convention(key: &str) -> SmallSample {
    match key {
        "noadj" => SmallSample {
            parameters: ParameterFactor::One,
            clusters: ClusterFactor::One,
            periods: PeriodFactor::One,
            ..SmallSample::FIXEST
        },
        "default_nonnested" => SmallSample::FIXEST,
        "full" => SmallSample { counted: Counted::All, ..SmallSample::FIXEST },
        "none_conventional" => {
            SmallSample { counted: Counted::None, clusters: ClusterFactor::Each, ..SmallSample::FIXEST }
        }
        other => panic!("{other}"),
    }
}

/// 1e-8, where the files allow more.
fn tolerance(case: &Value) -> (f64, f64) {
    let (rel, abs) = common::tolerance(case);
    (rel.min(1e-8), abs.min(1e-13))
}

/// Cases whose covariance theirs takes one Newton step early: `a_tighter_fit_changes_nothing` says who is right.
const EARLY: [&str; 2] = ["fat_poisson_nofe", "hdfe20k_pois"];

fn named(values: &Value) -> (Vec<&str>, Vec<f64>) {
    let map = values.as_object().expect("a map");
    map.iter().map(|(name, v)| (name.as_str(), v.as_f64().unwrap_or(f64::NAN))).unzip()
}

/// Our values in the order of their names, after translation.
fn in_order(
    names: &[&str],
    ours: &[String],
    values: impl IntoIterator<Item = f64>,
    ours_of: impl Fn(&str) -> String,
) -> Vec<f64> {
    let values: Vec<f64> = values.into_iter().collect();
    let at = |name: &&str| {
        let name = ours_of(name);
        ours.iter().position(|o| *o == name).unwrap_or_else(|| panic!("no coefficient {name} in {ours:?}"))
    };
    names.iter().map(|name| values[at(name)]).collect()
}

/// fixest writes `l(value, 1)`.
fn from_fixest(name: &str) -> String {
    name.strip_prefix("l(").map_or_else(|| name.to_owned(), |rest| format!("lag({rest}"))
}

fn check_fixest<M: Model>(out: &mut Comparison, gold: &Value, fit: &Fit<M>, unit: &str, time: &str) {
    let id = gold["id"].as_str().expect("an id");
    let tolerance = tolerance(gold);
    let values = &gold["values"];
    let (names, theirs) = named(&values["coef"]);
    let ours = |v: Vec<f64>| in_order(&names, fit.names(), v, from_fixest);
    out.check(id, "coefficients", &ours(fit.coefficients().to_vec()), &theirs, tolerance);
    let statistic =
        |name: &str| fit.statistics().iter().find(|(n, _)| *n == name).map_or(f64::NAN, |(_, v)| *v);
    let mut one = |what: &str, ours: f64, theirs: &Value| {
        if let Some(theirs) = theirs.as_f64() {
            out.check(id, what, &[ours], &[theirs], tolerance);
        }
    };
    one("observations", fit.observations(), &values["nobs"]);
    one("parameters", fit.parameters() as f64, &values["nparams"]);
    if id != "grun_weighted" {
        // With weights, theirs is the likelihood of the unweighted residuals; R's lm has ours.
        one("log-likelihood", statistic("log_likelihood"), &values["loglik"]);
        one("BIC", statistic("bic"), &values["bic"]);
    }
    one("R²", statistic("r_squared"), &values["r2"]["r2"]);
    one("adjusted R²", statistic("adjusted_r_squared"), &values["r2"]["ar2"]);
    one("within R²", statistic("within_r_squared"), &values["r2"]["wr2"]);
    if M::LINK == Link::Log {
        one("deviance", statistic("deviance"), &values["deviance"]);
        if id == "hdfe20k_pois" {
            // Their null model leaves out offset and weights, ours keeps them.
            one("pseudo R²", statistic("pseudo_r_squared"), &values["r2"]["pr2"]);
        }
    }
    for (key, vcov) in values["vcovs"].as_object().expect("covariances") {
        let (which, ssc) = key.split_once("__").expect("two parts");
        let covariance = match which {
            "iid" => Covariance::Classical,
            "hetero" => Covariance::Robust,
            "cluster_unit" => Covariance::cluster([unit]),
            "cluster_time" => Covariance::cluster([time]),
            "twoway" => Covariance::cluster([unit, time]),
            other => autocorrelation::of_fixest(other, unit, time),
        };
        let fit = fit.with_convention(covariance, convention(ssc)).expect("a covariance");
        let theirs: Vec<f64> = vcov["vcov"].as_array().expect("rows").iter().flat_map(numbers).collect();
        // Their rows and columns stand in the order of the formula, as ours.
        let ours: Vec<f64> = fit.covariance().iter().copied().collect();
        let tolerance = if EARLY.contains(&id) { (2e-7, 0.0) } else { tolerance };
        out.check(id, &format!("covariance {key}"), &ours, &theirs, tolerance);
    }
}

fn check_fixef<M: Model>(out: &mut Comparison, gold: &Value, fit: &Fit<M>) {
    let id = gold["id"].as_str().expect("an id");
    let theirs = gold["values"]["fixef"].as_object().expect("effects");
    let ours = fit.fixed_effects().expect("recovered");
    // Levels are known up to constants that move between effects: compare the sum of every pair of levels.
    let sums = |effects: Vec<Vec<f64>>| {
        effects.into_iter().reduce(|a, b| a.iter().flat_map(|x| b.iter().map(move |y| x + y)).collect())
    };
    let of_gold = theirs.iter().map(|(name, levels)| {
        let mine = ours.iter().find(|e| e.name == *name).expect("an effect");
        let level = |label: &String| levels[label].as_f64().expect("a number");
        mine.labels.iter().map(level).collect()
    });
    let theirs_sum = sums(of_gold.collect()).expect("an effect");
    let ours_of = theirs
        .keys()
        .map(|name| ours.iter().find(|e| e.name == *name).expect("an effect").intercepts.clone());
    let ours_sum = sums(ours_of.collect()).expect("an effect");
    out.check(id, "fixed effects", &ours_sum, &theirs_sum, tolerance(gold));
}

fn hdfe() -> Frame {
    let n = 20_000_i64;
    let column = |value: &dyn Fn(f64, f64, f64, f64, i64) -> f64| -> Vec<f64> {
        (0..n)
            .map(|i| {
                let u = (i * 7919).rem_euclid(997);
                let f = (i * 104_729 + i / 13).rem_euclid(503);
                let t = i % 24;
                value(i as f64, u as f64, f as f64, t as f64, i)
            })
            .collect()
    };
    let x1 = |i: f64, u: f64, f: f64| (0.1 * i).sin() + (u % 7.0) / 7.0 + f.cos();
    let x2 = |i: f64, f: f64, t: f64| (0.37 * i).cos() * (1.0 + (f % 5.0) / 5.0) + t / 24.0;
    let eta = |i: f64, u: f64, f: f64, t: f64| {
        0.5 * x1(i, u, f) - 0.3 * x2(i, f, t) + 0.2 * u.sin() + 0.3 * (1.7 * f).cos() + 0.02 * t
    };
    let noise = |i: f64, k: i64| 0.5 * (12.9898 * i + 0.5 * ((k * k) % 101) as f64).sin();
    let count =
        |i: f64, eta: f64| ((eta + 0.4 * (78.233 * i).sin()).exp() + 0.5 * (1.0 + (3.3 * i).sin())).floor();
    Frame::new()
        .with_number("y", column(&|i, u, f, t, k| eta(i, u, f, t) + noise(i, k)))
        .and_then(|d| d.with_number("cnt", column(&|i, u, f, t, _| count(i, eta(i, u, f, t)))))
        .and_then(|d| d.with_number("x1", column(&|i, u, f, _, _| x1(i, u, f))))
        .and_then(|d| d.with_number("x2", column(&|i, _, f, t, _| x2(i, f, t))))
        .and_then(|d| d.with_number("u", column(&|_, u, _, _, _| u)))
        .and_then(|d| d.with_number("f", column(&|_, _, f, _, _| f)))
        .and_then(|d| d.with_number("t", column(&|_, _, _, t, _| t)))
        .expect("columns of one length")
}

fn fixest(out: &mut Comparison) {
    let gold = reference("fixest_panel");
    let data = |name: &str| frame(&gold["datasets"][name]);
    let (g, f) = (data("grunfeld10"), data("fatalities"));
    let ols = |spec: Ols, formula: &str, frame: &Frame| spec.fit(formula, frame).expect(formula);
    let poisson = |formula: &str| {
        let spec = Poisson::new().offset("log(pop)");
        let spec = if formula.contains("# weights") { spec.weights("miles") } else { spec };
        spec.fit(formula.split('#').next().expect("a formula"), &f).expect(formula)
    };
    for (id, spec, formula) in [
        ("grun_fe", Ols::new(), "inv ~ value + capital | firm"),
        ("grun_twfe", Ols::new(), "inv ~ value + capital | firm + year"),
        ("grun_pooled", Ols::new(), "inv ~ value + capital"),
        ("grun_weighted", Ols::new().weights("capital"), "inv ~ value + capital | firm"),
        ("grun_slopes", Ols::new(), "inv ~ value | firm[capital]"),
        ("grun_lags", Ols::new().panel("firm", "year"), "inv ~ lag(value, 0:2) + capital | firm"),
    ] {
        let gold = case(&gold, id);
        let fit = ols(spec, formula, &g);
        check_fixest(out, gold, &fit, "firm", "year");
        if gold["values"]["fixef"].is_object() {
            check_fixef(out, gold, &fit);
        }
    }
    for (id, formula) in [
        ("fat_rate_twfe", "log(fatal/pop) ~ beertax + unemp + lincome | state + year"),
        ("fat_rate_trends", "log(fatal/pop) ~ beertax + unemp | state[[year]] + state + year"),
    ] {
        check_fixest(out, case(&gold, id), &ols(Ols::new(), formula, &f), "state", "year");
    }
    for (id, formula) in [
        ("fat_fepois_offset", "fatal ~ beertax + unemp + lincome + drinkage | state + year"),
        ("fat_fepois_statefe", "fatal ~ beertax + unemp + lincome | state"),
        ("fat_poisson_nofe", "fatal ~ beertax + unemp + lincome"),
        ("fat_fepois_weights", "fatal ~ beertax + unemp | state + year # weights"),
    ] {
        let gold = case(&gold, id);
        let fit = poisson(formula);
        check_fixest(out, gold, &fit, "state", "year");
        if gold["values"]["fixef"].is_object() {
            check_fixef(out, gold, &fit);
        }
    }
    let h = hdfe();
    check_fixest(out, case(&gold, "hdfe20k_3fe"), &ols(Ols::new(), "y ~ x1 + x2 | u + f + t", &h), "u", "t");
    let fit = Poisson::new().fit("cnt ~ x1 + x2 | u + f + t", &h).expect("a fit");
    check_fixest(out, case(&gold, "hdfe20k_pois"), &fit, "u", "t");

    let zeros = case(&gold, "fepois_all_zero_groups");
    let fit = Poisson::new().fit("y ~ x | g", &data("separated")).expect("a fit");
    let fit = fit.with_convention(Covariance::Robust, convention("noadj")).expect("robust");
    let id = "fepois_all_zero_groups";
    let theirs = zeros["values"]["coef"]["x"].as_f64().expect("a number");
    out.check(id, "coefficient", &fit.coefficients().to_vec(), &[theirs], tolerance(zeros));
    let theirs = zeros["values"]["se_hetero_noadj"]["x"].as_f64().expect("a number");
    out.check(id, "robust error", &fit.std_errors().to_vec(), &[theirs], tolerance(zeros));
    let used = fit.rows();
    let gone: Vec<f64> = (0..15).filter(|row| !used.contains(row)).map(|row| row as f64 + 1.0).collect();
    out.check(id, "rows removed", &gone, &numbers(&zeros["values"]["obs_removed_1based"]), (0.0, 0.0));
}

fn linear(out: &mut Comparison) {
    let gold = reference("regression_linear");
    let python = reference("python_regression_iv_unitroot");
    let data = |name: &str| frame(&gold["datasets"][name]);
    let longley = "Employed ~ `GNP.deflator` + GNP + Unemployed + `Armed.Forces` + Population + Year";
    let plain = |name: &str| match name {
        "const" => "(Intercept)".to_owned(),
        other => other.to_owned(),
    };
    for (id, python_id, dataset, formula) in [
        ("longley.ols", Some("sm_longley"), "longley", longley),
        ("longley_small.ols", None, "longley", "Employed ~ GNP + `Armed.Forces`"),
        ("investment.ols", Some("sm_investment"), "investment", "RealInv ~ RealGNP + RealInt"),
    ] {
        let fit = Ols::new().fit(formula, &data(dataset)).expect(id);
        let gold = case(&gold, id);
        check_lm(out, gold, &fit, plain);
        if let Some(python_id) = python_id {
            let gold = case(&python, python_id);
            let mut check = |what: &str, key: &str, values: Vec<f64>| {
                let (names, theirs) = named(&gold["values"][key]);
                let ours = in_order(&names, fit.names(), values, plain);
                out.check(python_id, what, &ours, &theirs, tolerance(gold));
            };
            check("coefficients", "coef", fit.coefficients().to_vec());
            check("classical errors", "se", fit.std_errors().to_vec());
            for (key, convention) in [("se_HC0", SmallSample::NONE), ("se_HC1", SmallSample::STATSMODELS)] {
                let robust = fit.with_convention(Covariance::Robust, convention).expect("robust");
                check(key, key, robust.std_errors().to_vec());
            }
            for (name, value) in [("loglik", "log_likelihood"), ("aic", "aic"), ("bic", "bic")] {
                let ours = fit.statistics().iter().find(|(n, _)| *n == value).map_or(f64::NAN, |(_, v)| *v);
                let theirs = gold["values"][name].as_f64().expect("a number");
                out.check(python_id, name, &[ours], &[theirs], tolerance(gold));
            }
        }
    }
    let case_wls = case(&gold, "mtcars_wls.ols");
    let fit = Ols::new().weights("cyl").fit("mpg ~ wt + hp + qsec", &data("mtcars")).expect("weighted");
    check_lm(out, case_wls, &fit, plain);
}

fn check_lm(
    out: &mut Comparison,
    gold: &Value,
    fit: &averted::regression::OlsFit,
    plain: impl Fn(&str) -> String + Copy,
) {
    let id = gold["id"].as_str().expect("an id");
    let tolerance = tolerance(gold);
    let values = &gold["values"];
    let (names, theirs) = named(&values["coef"]);
    let ours = |v: Vec<f64>| in_order(&names, fit.names(), v, plain);
    out.check(id, "coefficients", &ours(fit.coefficients().to_vec()), &theirs, tolerance);
    for (key, covariance, convention) in [
        ("se_iid", Covariance::Classical, SmallSample::FIXEST),
        ("se_HC0", Covariance::Robust, SmallSample::NONE),
        ("se_HC1", Covariance::Robust, SmallSample::FIXEST),
    ] {
        let fit = fit.with_convention(covariance, convention).expect("a covariance");
        let theirs = named(&values[key]).1;
        // On Longley's data R forms (X'X)⁻¹ and is 4e-8 off; `longley_in_exact_arithmetic` says who is right.
        let sharp = (id, key) == ("longley.ols", "se_HC0") || (id, key) == ("longley.ols", "se_HC1");
        let tolerance = if sharp { (5e-8, 0.0) } else { tolerance };
        out.check(id, key, &ours(fit.std_errors().to_vec()), &theirs, tolerance);
    }
    let model = fit.model();
    let n = fit.observations();
    // R counts the residual variance as a parameter.
    for (key, ours) in [
        ("r2", model.r_squared),
        ("adj_r2", model.adjusted_r_squared),
        ("sigma", model.sigma),
        ("loglik", model.log_likelihood),
        ("aic", model.aic + 2.0),
        ("bic", model.bic + n.ln()),
        ("df_resid", n - fit.parameters() as f64),
    ] {
        out.check(id, key, &[ours], &[values[key].as_f64().expect("a number")], tolerance);
    }
    let slopes: Vec<String> = fit.names().iter().filter(|n| *n != "(Intercept)").cloned().collect();
    let test = fit.wald(&slopes.join(", ")).expect("a test");
    out.check(id, "F", &[test.statistic], &[values["fstat"].as_f64().expect("a number")], tolerance);
    out.check(id, "residuals", &fit.residuals().to_vec(), &numbers(&values["resid"]), tolerance);
}

fn plm_and_linearmodels(out: &mut Comparison) {
    let gold = reference("regression_linear");
    let g = frame(&gold["datasets"]["grunfeld10"]);
    let plm = case(&gold, "grunfeld10.plm");
    let none =
        SmallSample { clusters: ClusterFactor::One, parameters: ParameterFactor::One, ..SmallSample::FIXEST };
    // plm's HC1 is n/(n−k) whatever the estimator; "sss" G/(G−1)·(n−1)/(n−k); both count no effect.
    let hc1 = SmallSample { counted: Counted::None, ..SmallSample::LINEARMODELS };
    let sss = SmallSample { counted: Counted::None, ..SmallSample::FIXEST };
    for (part, prefix, formula) in [
        ("within_individual", "fe", "inv ~ value + capital | firm"),
        ("within_twoways", "tw", "inv ~ value + capital | firm + year"),
    ] {
        let fit = Ols::new().fit(formula, &g).expect("a fit");
        let values = &plm["values"];
        let mut check = |what: &str, ours: Vec<f64>, theirs: &Value| {
            out.check("grunfeld10.plm", what, &ours, &named(theirs).1, tolerance(plm));
        };
        // serde_json keeps names sorted: capital, value.
        let sorted = |v: ndarray::Array1<f64>| vec![v[1], v[0]];
        check(&format!("{part} coefficients"), sorted(fit.coefficients().clone()), &values[part]["coef"]);
        check(&format!("{part} errors"), sorted(fit.std_errors()), &values[part]["se"]);
        for (key, covariance, convention) in [
            ("vcovHC_arellano_HC0_group", Covariance::cluster(["firm"]), none),
            ("vcovHC_arellano_HC1_group", Covariance::cluster(["firm"]), hc1),
            ("vcovHC_arellano_sss_group", Covariance::cluster(["firm"]), sss),
            ("vcovHC_white1_HC0", Covariance::Robust, none),
            ("vcovHC_arellano_HC0_time", Covariance::cluster(["year"]), none),
            ("vcovDC_HC0", Covariance::cluster(["firm", "year"]), none),
        ] {
            let fit = fit.with_convention(covariance, convention).expect("a covariance");
            let key = format!("{prefix}_{key}");
            check(&key, sorted(fit.std_errors()), &values[key.as_str()]);
        }
    }
    let python = reference("python_regression_iv_unitroot");
    let gold = case(&python, "lm_grunfeld");
    let group_debias = SmallSample { clusters: ClusterFactor::Smallest, ..SmallSample::LINEARMODELS };
    for (part, formula) in [
        ("pooled", "inv ~ value + capital"),
        ("entity", "inv ~ value + capital | firm"),
        ("twoway", "inv ~ value + capital | firm + year"),
    ] {
        let fit = Ols::new().small_sample(SmallSample::LINEARMODELS).fit(formula, &g).expect("a fit");
        let values = &gold["values"][part];
        let mut check = |what: &str, key: &str, fit: &dyn Estimates, ours: Vec<f64>| {
            let ours: Vec<(String, f64)> = fit.names().iter().cloned().zip(ours).collect();
            let theirs: Vec<(String, f64)> = values[key]
                .as_object()
                .expect("a map")
                .iter()
                .map(|(n, v)| (n.replace("const", "(Intercept)"), v.as_f64().expect("a number")))
                .filter(|(n, _)| ours.iter().any(|(o, _)| o == n))
                .collect();
            let mine = |n: &String| ours.iter().find(|(o, _)| o == n).expect("a coefficient").1;
            let ours: Vec<f64> = theirs.iter().map(|(n, _)| mine(n)).collect();
            let theirs: Vec<f64> = theirs.iter().map(|(_, v)| *v).collect();
            out.check("lm_grunfeld", &format!("{part} {what}"), &ours, &theirs, tolerance(gold));
        };
        check("coefficients", "coef", &fit, fit.coefficients().to_vec());
        check("se_unadjusted", "se_unadjusted", &fit, fit.std_errors().to_vec());
        for (key, covariance, convention) in [
            ("se_robust", Covariance::Robust, SmallSample::LINEARMODELS),
            ("se_cluster_entity", Covariance::cluster(["firm"]), SmallSample::LINEARMODELS),
            ("se_cluster_time", Covariance::cluster(["year"]), SmallSample::LINEARMODELS),
            ("se_cluster_both", Covariance::cluster(["firm", "year"]), SmallSample::LINEARMODELS),
            ("se_cluster_entity_group_debias", Covariance::cluster(["firm"]), group_debias),
        ] {
            let fit = fit.with_convention(covariance, convention).expect("a covariance");
            let mut ours = fit.std_errors().to_vec();
            if key.ends_with("debias") {
                // Their factor is G/(G−1) · (n−1)/n.
                let n = fit.observations();
                ours.iter_mut().for_each(|se| *se *= ((n - 1.0) / n).sqrt());
            }
            check(key, key, &fit, ours);
        }
        let statistic =
            |n: &str| fit.statistics().iter().find(|(m, _)| *m == n).map_or(f64::NAN, |(_, v)| *v);
        let theirs = values["loglik"].as_f64().expect("a number");
        let what = format!("{part} log-likelihood");
        out.check("lm_grunfeld", &what, &[statistic("log_likelihood")], &[theirs], tolerance(gold));
    }
}

/// R writes the level right after the column's name.
fn r_names(frame: &Frame, name: &str) -> String {
    let factor = frame.names().find(|column| {
        name.starts_with(column)
            && name.len() > column.len()
            && frame.factor(column).is_ok_and(|f| f.code(&name[column.len()..]).is_some())
    });
    factor.map_or_else(|| name.to_owned(), |column| format!("{column}[{}]", &name[column.len()..]))
}

fn counts(out: &mut Comparison) {
    let gold = reference("count_glm_rates");
    let data = |name: &str| frame(&gold["datasets"][name]);
    let hc1 =
        SmallSample { counts: CountRule::Sandwich, reference: Reference::Normal, ..SmallSample::STATSMODELS };
    for (id, dataset, spec, formula) in [
        ("quine.poisson", "quine", Poisson::new(), "Days ~ Eth + Sex + Age + Lrn"),
        (
            "ships.poisson",
            "ships",
            Poisson::new().exposure("service"),
            "incidents ~ type + i(year) + i(period)",
        ),
        (
            "recreation.poisson",
            "recreation",
            Poisson::new(),
            "trips ~ quality + ski + income + userfee + costC + costS + costH",
        ),
        (
            "biochem.poisson",
            "biochemists",
            Poisson::new(),
            "art ~ fem + i(mar, ref = Single) + kid5 + phd + ment",
        ),
    ] {
        let frame = data(dataset);
        let quasi = spec.clone().quasi().small_sample(SmallSample::NONE).fit(formula, &frame).expect(id);
        let fit = spec.small_sample(SmallSample::STATSMODELS).fit(formula, &frame).expect(id);
        let gold = case(&gold, id);
        let values = &gold["values"];
        let translate = |name: &str| r_names(&frame, name);
        let mut check = |key: &str, ours: Vec<f64>| {
            let (names, theirs) = named(&values[key]);
            out.check(id, key, &in_order(&names, fit.names(), ours, translate), &theirs, tolerance(gold));
        };
        check("coef", fit.coefficients().to_vec());
        check("se_mle", fit.std_errors().to_vec());
        check("quasi_se", quasi.std_errors().to_vec());
        for (key, convention) in [("se_HC0", SmallSample::NONE), ("se_HC1", hc1)] {
            let fit = fit.with_convention(Covariance::Robust, convention).expect("robust");
            check(key, fit.std_errors().to_vec());
        }
        let model = fit.model();
        assert_eq!(quasi.degrees_of_freedom(), fit.observations() - fit.parameters() as f64);
        for (key, ours) in [
            ("quasi_dispersion", quasi.model().scale.unwrap_or(f64::NAN)),
            ("loglik", model.log_likelihood),
            ("deviance", model.deviance),
            ("null_deviance", model.null_deviance),
            ("aic", model.aic),
            ("bic", model.bic),
            ("pearson_chi2", model.pearson),
            ("df_resid", fit.observations() - fit.parameters() as f64),
        ] {
            out.check(id, key, &[ours], &[values[key].as_f64().expect("a number")], tolerance(gold));
        }
        let five = |v: ndarray::Array1<f64>| v.iter().take(5).copied().collect::<Vec<_>>();
        out.check(id, "fitted", &five(fit.fitted()), &numbers(&values["fitted_first5"]), tolerance(gold));
        let ours = five(fit.residuals(Residual::Deviance));
        out.check(
            id,
            "deviance residuals",
            &ours,
            &numbers(&values["resid_deviance_first5"]),
            tolerance(gold),
        );
    }
}

/// HC0 errors worked out in rational numbers.
#[test]
fn longley_in_exact_arithmetic() {
    let gold = reference("regression_linear");
    let formula = "Employed ~ `GNP.deflator` + GNP + Unemployed + `Armed.Forces` + Population + Year";
    let spec = Ols::new().covariance(Covariance::Robust).small_sample(SmallSample::NONE);
    let fit = spec.fit(formula, &frame(&gold["datasets"]["longley"])).expect("a fit");
    let exact = [
        832.211_580_580_326_7,
        0.051_220_347_445_663_92,
        0.024_575_997_582_644_73,
        0.003_832_391_109_259_948,
        0.001_462_450_011_409_842_4,
        0.158_208_496_219_923_94,
        0.428_384_375_535_098,
    ];
    for (ours, exact) in fit.std_errors().iter().zip(exact) {
        assert!((ours / exact - 1.0).abs() < 1e-11, "{ours} {exact}");
    }
}

/// One model under every convention, on data that do not travel with the project; `None` where they are absent.
/// The digits are all that the tools printed.
fn castle(out: &mut Comparison) -> Option<()> {
    let path = shared("data/policy_panels/castle_mixtape.csv")?;
    let data = csv_numbers(&path, &["sid", "year", "cdl", "l_homicide", "homicide_c", "population"]);
    let fit = Ols::new().cluster("sid").fit("l_homicide ~ cdl | sid + year", &data).expect("a fit");
    let mut check = |what: &str, ours: f64, theirs: f64, digits: i32| {
        out.check("castle", what, &[ours], &[theirs], (0.0, 0.5001 * 10_f64.powi(-digits)));
    };
    check("OLS, coefficient", fit.coefficients()[0], 0.087_701_384_9, 10);
    for (what, convention, theirs) in [
        ("CR0", SmallSample::NONE, 0.062_503_124_8),
        ("fixest", SmallSample::FIXEST, 0.063_779_884_2),
        ("fixest, all effects counted", convention("full"), 0.066_899_124_6),
        ("fixest, no effect counted", convention("none_conventional"), 0.063_137_690_5),
        ("statsmodels", SmallSample::STATSMODELS, 0.066_899_124_6),
        ("linearmodels", SmallSample::LINEARMODELS, 0.066_287_042_9),
    ] {
        let fit = fit.with_convention("sid", convention).expect("clusters");
        check(&format!("OLS, clustered error, {what}"), fit.std_errors()[0], theirs, 10);
    }
    let robust = fit.with_convention(Covariance::Robust, SmallSample::STATSMODELS).expect("robust");
    check("OLS, HC1 error, statsmodels", robust.std_errors()[0], 0.034_993_4, 7);
    let plain = fit.with_convention(Covariance::Classical, SmallSample::LINEARMODELS).expect("classical");
    check("OLS, classical error, linearmodels", plain.std_errors()[0], 0.034_446_915_7, 10);

    let spec = Poisson::new().offset("log(population)").cluster("sid");
    let fit = spec.fit("homicide_c ~ cdl | sid + year", &data).expect("a fit");
    check("Poisson, coefficient", fit.coefficients()[0], 0.083_463_504_849_4, 13);
    for (what, convention, theirs, digits) in [
        ("CR0", SmallSample::NONE, 0.031_776_759_6, 10),
        ("fixest", SmallSample::FIXEST, 0.032_425_9, 7),
        ("statsmodels", SmallSample::STATSMODELS, 0.034_011_697_9, 10),
    ] {
        let fit = fit.with_convention("sid", convention).expect("clusters");
        check(&format!("Poisson, clustered error, {what}"), fit.std_errors()[0], theirs, digits);
    }
    check("Poisson, log-likelihood", fit.log_likelihood(), -2_607.888, 3);
    Some(())
}

/// What a case that is not checked waits for, by a part of its id.
const WAITING: [(&str, &str); 1] = [("py_", "for unit roots and cointegration")];

#[test]
fn a_tighter_fit_changes_nothing() {
    let gold = reference("fixest_panel");
    let fatalities = frame(&gold["datasets"]["fatalities"]);
    let fit = |tolerance: f64| {
        let spec = Poisson::new().tolerance(tolerance);
        let rates = spec.clone().offset("log(pop)");
        [
            rates.fit("fatal ~ beertax + unemp + lincome", &fatalities).expect("a fit"),
            spec.fit("cnt ~ x1 + x2 | u + f + t", &hdfe()).expect("a fit"),
        ]
    };
    for (once, more) in fit(1e-8).iter().zip(&fit(1e-12)) {
        let (once, more) = (once.std_errors(), more.std_errors());
        for (once, more) in once.iter().zip(&more) {
            assert!((once / more - 1.0).abs() < 1e-10, "{once} {more}");
        }
    }
}

#[test]
fn reference_values() {
    let mut out = Comparison::default();
    let castle = castle(&mut out);
    linear(&mut out);
    plm_and_linearmodels(&mut out);
    fixest(&mut out);
    counts(&mut out);
    iv::check(&mut out);
    lags::check(&mut out);
    negative_binomial::check(&mut out);
    rates::check(&mut out);
    zeros::check(&mut out);
    specification::check(&mut out);
    covariance::leverages(&mut out);
    covariance::castle(&mut out);
    autocorrelation::check(&mut out);
    bootstrap::wild(&mut out);
    noisy_measures::check(&mut out);
    panel_estimators::check(&mut out);
    let mut head = String::from(
        "# Conformance\n\nLeast squares, instruments and Poisson regression beside R, fixest, plm, nlme, dlnm, statsmodels and linearmodels. \
         `tests/reference/` holds their values\nwith the commands and versions that gave them; \
         `tests/regression_reference.rs` makes this page (`make docs`) and fails when a\nvalue differs by more than 1e-8 \
         (relative) unless a comment there says why, or when the page lists other cases.\n\n\
         | values | cases | checked | not in this part |\n| --- | ---: | ---: | --- |\n",
    );
    for topic in [
        "regression_linear",
        "fixest_panel",
        "count_glm_rates",
        "python_regression_iv_unitroot",
        "wild_bootstrap",
        "distributed_lags",
        "noisy_measures",
        "panel_estimators",
    ] {
        let gold = reference(topic);
        head += &out.coverage(topic, &gold, &WAITING);
    }
    head += "\nThe case `castle` (Cheng & Hoekstra 2013, *JHR* 48) is checked where its data are; they do not travel with the \
             project.\n";
    out.finish("conformance.md", &head, if castle.is_some() { &[] } else { &["castle"] });
}
