//! Specification tests beside lmtest, AER, plm and statsmodels.

use averted::Error;
use averted::data::Frame;
use averted::distribution::ChiSquared;
use averted::regression::{Ols, OlsFit, Poisson, SpecificationAnswer, SpecificationTest as Which};
use serde_json::Value;

use super::common::{Comparison, case, frame, numbers, reference};
use super::tolerance;

/// All of them.
pub(crate) fn check(out: &mut Comparison) {
    least_squares(out);
    weighted(out);
    counts(out);
    panels(out);
}

fn answer(fit: &OlsFit, test: Which) -> SpecificationAnswer {
    fit.specification_test(test).unwrap_or_else(|e| panic!("{test:?}: {e}"))
}

/// `{stat, p}` of theirs.
fn pair(gold: &Value) -> Vec<f64> {
    ["stat", "p"].iter().map(|key| gold[*key].as_f64().expect("a number")).collect()
}

fn ours(answer: &SpecificationAnswer) -> Vec<f64> {
    vec![answer.statistic, answer.p_value]
}

fn estimate(answer: &SpecificationAnswer, name: &str) -> f64 {
    answer.estimates.iter().find(|(n, _)| *n == name).map_or(f64::NAN, |(_, v)| *v)
}

fn least_squares(out: &mut Comparison) {
    let gold = reference("regression_linear");
    let python = reference("python_regression_iv_unitroot");
    let data = |name: &str| frame(&gold["datasets"][name]);
    let longley = "Employed ~ `GNP.deflator` + GNP + Unemployed + `Armed.Forces` + Population + Year";
    for (name, python_id, dataset, formula) in [
        ("longley", Some("sm_longley"), "longley", longley),
        ("longley_small", None, "longley", "Employed ~ GNP + `Armed.Forces`"),
        ("investment", Some("sm_investment"), "investment", "RealInv ~ RealGNP + RealInt"),
    ] {
        let fit = Ols::new().fit(formula, &data(dataset)).expect(name);
        let id = format!("{name}.ols");
        let r = case(&gold, &id);
        for (key, test) in [
            ("bp_test_studentized", Which::BreuschPagan),
            ("bg_order1_chisq", Which::BreuschGodfrey(1)),
            ("reset_power2_3", Which::Reset(3)),
        ] {
            out.check(&id, key, &ours(&answer(&fit, test)), &pair(&r["values"][key]), tolerance(r));
        }
        let watson = answer(&fit, Which::DurbinWatson);
        let theirs = ["stat", "p_greater"].map(|key| r["values"]["dw"][key].as_f64().expect("a number"));
        out.check(&id, "dw", &ours(&watson), &theirs, tolerance(r));

        let Some(id) = python_id else { continue };
        let gold = case(&python, id);
        let values = &gold["values"];
        let mut one = |key: &str, ours: &[f64]| {
            let theirs = values[key].as_f64().map_or_else(|| numbers(&values[key]), |value| vec![value]);
            out.check(id, key, ours, &theirs[..ours.len()], tolerance(gold));
        };
        one("condition", &[fit.condition_number().expect("regressors")]);
        one("durbin_watson", &[watson.statistic]);
        for (key, test) in
            [("breusch_pagan_koenker", Which::BreuschPagan), ("breusch_godfrey_1", Which::BreuschGodfrey(1))]
        {
            let answer = answer(&fit, test);
            one(key, &[answer.statistic, answer.p_value, estimate(&answer, "F")]);
        }
        let normal = answer(&fit, Which::JarqueBera);
        let (skewness, kurtosis) = (estimate(&normal, "skewness"), estimate(&normal, "kurtosis"));
        one("jarque_bera", &[normal.statistic, normal.p_value, skewness, kurtosis]);
        one("breaks_cusumolsresid", &ours(&answer(&fit, Which::Cusum)));
        match fit.specification_test(Which::White) {
            Ok(white) => one("white", &[white.statistic, white.p_value, estimate(&white, "F")]),
            Err(Error::TooShort { found, .. }) => {
                // Twenty-eight columns and sixteen rows: theirs is `n` whatever the residuals, on n − 1 degrees.
                let n = found as f64;
                one("white", &[n, ChiSquared::new(n - 1.0).expect("degrees").upper(n)]);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// lmtest takes no weights in two of its tests, and in the third its `R²` has a weighted sum over one that is not.
fn weighted(out: &mut Comparison) {
    let gold = reference("regression_linear");
    let r = case(&gold, "mtcars_wls.ols");
    let cars = frame(&gold["datasets"]["mtcars"]);
    let formula = "mpg ~ wt + hp + qsec";
    let unweighted = Ols::new().fit(formula, &cars).expect("a fit");
    for (key, test) in [("bg_order1_chisq", Which::BreuschGodfrey(1)), ("reset_power2_3", Which::Reset(3))] {
        let what = format!("{key}, weights left out");
        let theirs = pair(&r["values"][key]);
        out.check("mtcars_wls.ols", &what, &ours(&answer(&unweighted, test)), &theirs, tolerance(r));
    }
    let spec = Ols::new().weights("cyl");
    let fit = spec.fit(formula, &cars).expect("a fit");
    let weights = cars.number("cyl").expect("a column");
    let n = fit.observations();
    let squares: Vec<f64> = fit.residuals().iter().map(|e| e * e).collect();
    let middle = squares.iter().zip(weights.iter()).map(|(s, w)| s * w).sum::<f64>() / n;
    let distance: Vec<f64> = squares.iter().map(|s| s - middle).collect();
    let size: f64 = distance.iter().map(|d| d * d).sum();
    let with = cars.clone().with_number("distance", distance).expect("one length");
    let auxiliary = spec.fit("distance ~ wt + hp + qsec", &with).expect("a fit");
    let explained: f64 = auxiliary.fitted().iter().zip(weights.iter()).map(|(f, w)| w * f * f).sum();
    let statistic = n * explained / size;
    let p = ChiSquared::new(3.0).expect("degrees").upper(statistic);
    let theirs = pair(&r["values"]["bp_test_studentized"]);
    let what = "bp_test_studentized, by their formula";
    out.check("mtcars_wls.ols", what, &[statistic, p], &theirs, tolerance(r));
    // `n R²` cannot exceed `n`; ours does not.
    assert!(statistic > n && answer(&fit, Which::BreuschPagan).statistic < n);
}

fn counts(out: &mut Comparison) {
    let gold = reference("count_glm_rates");
    let data = |name: &str| frame(&gold["datasets"][name]);
    let recreation = "trips ~ quality + ski + income + userfee + costC + costS + costH";
    for (id, dataset, spec, formula) in [
        ("quine.poisson", "quine", Poisson::new(), "Days ~ Eth + Sex + Age + Lrn"),
        (
            "ships.poisson",
            "ships",
            Poisson::new().exposure("service"),
            "incidents ~ type + i(year) + i(period)",
        ),
        ("recreation.poisson", "recreation", Poisson::new(), recreation),
        (
            "biochem.poisson",
            "biochemists",
            Poisson::new(),
            "art ~ fem + i(mar, ref = Single) + kid5 + phd + ment",
        ),
    ] {
        let fit = spec.fit(formula, &data(dataset)).expect(id);
        let answer = fit.specification_test(Which::Overdispersion).expect("a test");
        let gold = case(&gold, id);
        let values = &gold["values"]["dispersiontest_nb1"];
        let theirs = ["z", "p", "alpha"].map(|key| values[key].as_f64().expect("a number"));
        // Their "alpha" is the dispersion 1 + α.
        let ours = [answer.statistic, answer.p_value, 1.0 + estimate(&answer, "alpha")];
        out.check(id, "dispersiontest_nb1", &ours, &theirs, tolerance(gold));
    }
}

fn panels(out: &mut Comparison) {
    let gold = reference("regression_linear");
    let grunfeld = frame(&gold["datasets"]["grunfeld10"]);
    let gold = case(&gold, "grunfeld10.plm");
    let spec = Ols::new().panel("firm", "year");
    let within = spec.fit("inv ~ value + capital | firm", &grunfeld).expect("a fit");
    let pooled = spec.fit("inv ~ value + capital", &grunfeld).expect("a fit");
    for (key, fit, test) in [
        ("pF_individual", &within, Which::Effects),
        ("pesaran_cd", &within, Which::CrossSection),
        ("breusch_pagan_lm_re", &pooled, Which::RandomEffects),
    ] {
        let theirs = pair(&gold["values"][key]);
        out.check("grunfeld10.plm", key, &ours(&answer(fit, test)), &theirs, tolerance(gold));
    }
    // plm takes the effects off and tests that as one series, across the borders of firms; ours does not cross them.
    let off = off_means(&grunfeld, "firm", &["inv", "value", "capital"]);
    let fit = Ols::new().fit("inv ~ value + capital + 0", &off).expect("a fit");
    let theirs = pair(&gold["values"]["pbgtest_order1"]);
    let what = "pbgtest_order1, as one series";
    out.check(
        "grunfeld10.plm",
        what,
        &ours(&answer(&fit, Which::BreuschGodfrey(1))),
        &theirs,
        tolerance(gold),
    );
}

/// Columns less their means within groups.
fn off_means(data: &Frame, group: &str, names: &[&str]) -> Frame {
    let groups = data.factor(group).expect("a column");
    names.iter().fold(Frame::new(), |frame, name| {
        let values = data.number(name).expect("a column");
        let mut sums = vec![(0.0, 0.0); groups.levels()];
        for (&code, value) in groups.codes().iter().zip(values.iter()) {
            let (sum, count) = &mut sums[code as usize];
            *sum += value;
            *count += 1.0;
        }
        let mean = |code: u32| sums[code as usize].0 / sums[code as usize].1;
        let less = groups.codes().iter().zip(values.iter()).map(|(&code, value)| value - mean(code));
        frame.with_number(name, less.collect()).expect("one length")
    })
}
