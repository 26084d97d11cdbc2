//! Covariances of errors related over time and in space: sandwich, plm, statsmodels, linearmodels, fixest.

use averted::data::Frame;
use averted::inference::covariance::{Autocorrelation, Bandwidth, Conley, Distance, Kernel};
use averted::inference::{Counted, Covariance, Estimates, SmallSample};
use averted::regression::{Fit, Iv, Model, Ols, OlsFit};
use serde_json::Value;

use super::common::{Comparison, case, frame, reference};
use super::{convention, in_order, iv, named, tolerance};

/// `NW_lag1`, `DK_lag2`.
pub(crate) fn of_fixest(which: &str, unit: &str, time: &str) -> Covariance {
    let (kind, lags) = which.split_once("_lag").expect("a kind and its lags");
    let made = match kind {
        "NW" => Autocorrelation::newey_west().unit(unit),
        "DK" => Autocorrelation::driscoll_kraay(),
        other => panic!("{other}"),
    };
    made.lags(lags.parse().expect("a number")).time(time).into()
}

pub(crate) fn check(out: &mut Comparison) {
    let gold = reference("regression_linear");
    let python = reference("python_regression_iv_unitroot");
    let data = |name: &str| numbered(frame(&gold["datasets"][name]));
    let longley = "Employed ~ `GNP.deflator` + GNP + Unemployed + `Armed.Forces` + Population + Year";
    let ols = |spec: Ols, formula: &str, name: &str| spec.fit(formula, &data(name)).expect(formula);
    for (id, fit) in [
        ("longley", ols(Ols::new(), longley, "longley")),
        ("longley_small", ols(Ols::new(), "Employed ~ GNP + `Armed.Forces`", "longley")),
        ("investment", ols(Ols::new(), "RealInv ~ RealGNP + RealInt", "investment")),
        ("mtcars_wls", ols(Ols::new().weights("cyl"), "mpg ~ wt + hp + qsec", "mtcars")),
    ] {
        sandwich(out, case(&gold, &format!("{id}.hac")), &fit);
        if id == "longley" || id == "investment" {
            statsmodels(out, case(&python, &format!("sm_{id}")), &fit);
        }
    }
    plm(out, case(&gold, "grunfeld10.plm"), &data("grunfeld10"));
    linearmodels(out, case(&python, "lm_grunfeld"), &data("grunfeld10"));
    let fixest = reference("fixest_panel");
    let late = numbered(iv::of_1995(&frame(&fixest["datasets"]["cigarettes"])));
    let mroz = numbered(frame(&python["datasets"]["mroz"]));
    for (id, formula, data) in [
        ("iv_cig95", "lpacks ~ lrincome | lrprice ~ tdiff + rtax", late),
        ("iv_mroz", "lwage ~ exper + expersq | educ ~ fatheduc + motheduc", mroz),
    ] {
        let fit = Iv::new().fit(formula, &data).expect(id);
        let fit = fit.with_convention(in_rows(2), SmallSample::NONE).expect("a covariance");
        let gold = case(&python, id);
        let theirs = &gold["values"]["tsls"]["se_kernel_bartlett_bw2"];
        errors(out, gold, "se_kernel_bartlett_bw2", &fit, theirs, tolerance(gold));
    }
    conley(out, &fixest);
}

/// With a column of row numbers: these data are in the order of time.
fn numbered(data: Frame) -> Frame {
    let rows = (0..data.rows()).map(|row| row as f64).collect();
    data.with_number("row", rows).expect("one length")
}

fn in_rows(lags: usize) -> Autocorrelation {
    Autocorrelation::newey_west().time("row").lags(lags)
}

fn errors<M: Model>(
    out: &mut Comparison,
    gold: &Value,
    key: &str,
    fit: &Fit<M>,
    theirs: &Value,
    tolerance: (f64, f64),
) {
    let plain = |name: &str| if name == "const" { "(Intercept)".to_owned() } else { name.to_owned() };
    // With effects, linearmodels reports a constant that is their mean.
    let (names, theirs) = named(theirs);
    let ours = |(name, _): &(&str, f64)| *name != "const" || fit.names().contains(&plain(name));
    let (names, theirs): (Vec<&str>, Vec<f64>) = names.into_iter().zip(theirs).filter(ours).unzip();
    let ours = in_order(&names, fit.names(), fit.std_errors(), plain);
    out.check(gold["id"].as_str().expect("an id"), key, &ours, &theirs, tolerance);
}

/// On Longley's data R forms (X'X)⁻¹, which costs it 4e-8: `longley_in_exact_arithmetic` says who is right.
fn loose(gold: &Value) -> (f64, f64) {
    if gold["id"] == "longley.hac" || gold["id"] == "sm_longley" { (1e-7, 0.0) } else { tolerance(gold) }
}

fn sandwich(out: &mut Comparison, gold: &Value, fit: &OlsFit) {
    let id = gold["id"].as_str().expect("an id");
    let adjusted = SmallSample { counted: Counted::None, ..SmallSample::LINEARMODELS };
    let newey_west = || Autocorrelation::newey_west().time("row").bandwidth(Bandwidth::NeweyWest);
    let andrews = || Autocorrelation::newey_west().time("row").bandwidth(Bandwidth::Andrews);
    let width = |kernel: Kernel| newey_west().kernel(kernel).bandwidth(Bandwidth::Width(3.0));
    let white = |which: Autocorrelation| which.prewhiten();
    let quadratic = Kernel::QuadraticSpectral;
    for (key, theirs) in gold["values"].as_object().expect("values") {
        // The last is sandwich's own default: kernHAC multiplies by n / (n − k).
        let (which, convention) = match key.as_str() {
            "bwNeweyWest_bartlett_noprewhite" | "se_NeweyWest_auto_noprewhite" => {
                (newey_west(), SmallSample::NONE)
            }
            "bwNeweyWest_bartlett_prewhite1" | "se_NeweyWest_default_auto_prewhite1" => {
                (white(newey_west()), SmallSample::NONE)
            }
            "bwNeweyWest_qs_noprewhite" => (newey_west().kernel(quadratic), SmallSample::NONE),
            "bwAndrews_bartlett_ar1_noprewhite" => (andrews(), SmallSample::NONE),
            "bwAndrews_parzen_ar1_noprewhite" => (andrews().kernel(Kernel::Parzen), SmallSample::NONE),
            "bwAndrews_qs_ar1_noprewhite" => (andrews().kernel(quadratic), SmallSample::NONE),
            "bwAndrews_qs_ar1_prewhite1" => (white(andrews().kernel(quadratic)), SmallSample::NONE),
            "se_kernHAC_parzen_bw3_noprewhite" => (width(Kernel::Parzen), SmallSample::NONE),
            "se_kernHAC_qs_bw3_noprewhite" => (width(quadratic), SmallSample::NONE),
            "se_kernHAC_default_QS_andrews_prewhite1" => (white(andrews().kernel(quadratic)), adjusted),
            "newey_west_1987_rule_lag" => {
                let rule = newey_west().bandwidth(Bandwidth::RuleOfThumb);
                let fit = fit.with_covariance(rule).expect("a covariance");
                let lags = fit.reach().and_then(|reach| reach.lags).expect("lags") as f64;
                out.check(id, key, &[lags], &[theirs.as_f64().expect("a number")], (0.0, 0.0));
                continue;
            }
            other => {
                let (lags, how) = other
                    .strip_prefix("bartlett_lag")
                    .and_then(|rest| rest.split_once('_'))
                    .unwrap_or_else(|| panic!("{other}"));
                let convention = if how == "noadj" { SmallSample::NONE } else { adjusted };
                (in_rows(lags.parse().expect("a number")), convention)
            }
        };
        let fit = fit.with_convention(which, convention).expect("a covariance");
        if let Some(theirs) = theirs.as_f64() {
            let chosen = fit.reach().and_then(|reach| reach.chosen).expect("a bandwidth");
            out.check(id, key, &[chosen], &[theirs], loose(gold));
        } else {
            errors(out, gold, key, &fit, theirs, loose(gold));
        }
    }
}

fn statsmodels(out: &mut Comparison, gold: &Value, fit: &OlsFit) {
    for (key, theirs) in gold["values"].as_object().expect("values") {
        let Some(rest) = key.strip_prefix("se_HAC_bartlett_maxlags") else { continue };
        let (lags, corrected) = rest.split_once("_usecorr").expect("two parts");
        let convention = if corrected == "True" { SmallSample::STATSMODELS } else { SmallSample::NONE };
        let which = in_rows(lags.parse().expect("a number"));
        let fit = fit.with_convention(which, convention).expect("a covariance");
        // statsmodels' pseudo-inverse costs it 1e-8 on Longley's data, as R's inverse does.
        errors(out, gold, key, &fit, theirs, loose(gold));
    }
}

fn plm(out: &mut Comparison, gold: &Value, data: &Frame) {
    for (prefix, formula) in
        [("fe_", "inv ~ value + capital | firm"), ("tw_", "inv ~ value + capital | firm + year")]
    {
        let fit = Ols::new().fit(formula, data).expect(formula);
        for (key, theirs) in gold["values"].as_object().expect("values") {
            let which = match key.strip_prefix(prefix).and_then(|rest| rest.rsplit_once("_lag")) {
                Some(("vcovSCC_driscoll_kraay_HC0", lags)) => {
                    Autocorrelation::driscoll_kraay().lags(lags.parse().expect("a number"))
                }
                Some(("vcovNW_HC0", lags)) => {
                    Autocorrelation::newey_west().unit("firm").lags(lags.parse().expect("a number"))
                }
                _ => continue,
            };
            let fit = fit.with_convention(which.time("year"), SmallSample::NONE).expect("a covariance");
            errors(out, gold, key, &fit, theirs, tolerance(gold));
        }
    }
}

fn linearmodels(out: &mut Comparison, gold: &Value, data: &Frame) {
    for (part, formula) in [
        ("pooled", "inv ~ value + capital"),
        ("entity", "inv ~ value + capital | firm"),
        ("twoway", "inv ~ value + capital | firm + year"),
    ] {
        let fit = Ols::new().fit(formula, data).expect(formula);
        let across = Autocorrelation::driscoll_kraay().time("year");
        for (key, which) in [
            ("se_kernel_dk_bartlett_bw1", across.clone().lags(1)),
            ("se_kernel_dk_bartlett_bw2", across.clone().lags(2)),
            ("se_kernel_dk_auto", across.clone().bandwidth(Bandwidth::RuleOfThumb)),
        ] {
            let fit = fit.with_convention(which, SmallSample::LINEARMODELS).expect("a covariance");
            let (key, theirs) = (format!("{part} {key}"), &gold["values"][part][key]);
            errors(out, gold, &key, &fit, theirs, tolerance(gold));
        }
    }
}

fn conley(out: &mut Comparison, gold: &Value) {
    let fit = Ols::new().fit("depth ~ mag + stations", &frame(&gold["datasets"]["quakes"])).expect("a fit");
    let gold = case(gold, "quakes_conley");
    for (key, theirs) in gold["values"].as_object().expect("values") {
        let mut parts = key.strip_prefix("cutoff_").expect("a cutoff").split('_').filter(|p| !p.is_empty());
        let cutoff = parts.next().and_then(|p| p.strip_suffix("km")).expect("kilometres");
        let distance =
            if parts.next() == Some("triangular") { Distance::Planar } else { Distance::GreatCircle };
        let convention =
            if parts.next() == Some("noadj") { convention("noadj") } else { SmallSample::FIXEST };
        let which = Conley::new("lat", "long", cutoff.parse().expect("a number"))
            .distance(distance)
            .radius_km(6376.0);
        let fit = fit.with_convention(which, convention).expect("a covariance");
        errors(out, gold, key, &fit, theirs, tolerance(gold));
    }
}
