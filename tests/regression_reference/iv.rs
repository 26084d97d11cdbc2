//! Instruments: AER, fixest and linearmodels.

use averted::data::Frame;
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::{Iv, IvFit, Method, Ols};
use serde_json::Value;

use crate::common::{Comparison, case, frame, numbers, reference};
use crate::{convention, in_order, named, tolerance};

/// Their names of what we call by its column.
fn from_theirs(name: &str) -> String {
    match name {
        "const" => "(Intercept)".to_owned(),
        other => other.strip_prefix("fit_").unwrap_or(other).to_owned(),
    }
}

fn check_map(out: &mut Comparison, id: &str, what: &str, fit: &IvFit, ours: Vec<f64>, theirs: &Value) {
    let (names, theirs) = named(theirs);
    let ours = in_order(&names, fit.names(), ours, from_theirs);
    out.check(id, what, &ours, &theirs, (1e-8, 1e-13));
}

/// The rows of 1995.
pub(crate) fn of_1995(data: &Frame) -> Frame {
    let year = data.factor("year").expect("a year");
    let rows: Vec<usize> = (0..data.rows()).filter(|&i| year.label(i) == Some("1995")).collect();
    data.names().fold(Frame::new(), |kept, name| {
        let kept = match data.number(name) {
            Ok(values) => kept.with_number(name, rows.iter().map(|&i| values[i]).collect()),
            Err(_) => {
                let factor = data.factor(name).expect("text");
                kept.with_text(name, &rows.iter().map(|&i| factor.label(i)).collect::<Vec<_>>())
            }
        };
        kept.expect("one length")
    })
}

pub(crate) fn check(out: &mut Comparison) {
    let gold = reference("fixest_panel");
    let cigarettes = frame(&gold["datasets"]["cigarettes"]);
    let late = of_1995(&cigarettes);
    aer(out, &gold, &late);
    effects(out, &gold, &cigarettes);
    let python = reference("python_regression_iv_unitroot");
    let mroz = frame(&python["datasets"]["mroz"]);
    linearmodels(out, case(&python, "iv_cig95"), "lpacks ~ lrincome | lrprice ~ tdiff + rtax", &late);
    let formula = "lwage ~ exper + expersq | educ ~ fatheduc + motheduc";
    linearmodels(out, case(&python, "iv_mroz"), formula, &mroz);
}

fn aer(out: &mut Comparison, gold: &Value, late: &Frame) {
    for (id, formula) in [
        ("cig95_iv2", "lpacks ~ lrincome | lrprice ~ tdiff + rtax"),
        ("cig95_iv1", "lpacks ~ lrincome | lrprice ~ tdiff"),
    ] {
        let gold = case(gold, id);
        let fit = Iv::new().fit(formula, late).expect(id);
        let values = &gold["values"];
        check_map(out, id, "coefficients", &fit, fit.coefficients().to_vec(), &values["coef"]);
        for (key, covariance, convention) in [
            ("se_iid", Covariance::Classical, SmallSample::FIXEST),
            ("se_HC0", Covariance::Robust, SmallSample::NONE),
            ("se_HC1", Covariance::Robust, SmallSample::FIXEST),
        ] {
            let fit = fit.with_convention(covariance, convention).expect("a covariance");
            check_map(out, id, key, &fit, fit.std_errors().to_vec(), &values[key]);
        }
        let model = &fit.model().least_squares;
        let wald = fit.wald("lrprice = 0, lrincome = 0").expect("a test");
        for (key, ours) in [("sigma", model.sigma), ("r2", model.r_squared), ("wald", wald.statistic)] {
            out.check(id, key, &[ours], &[values[key].as_f64().expect("a number")], (1e-8, 0.0));
        }
        diagnostics(out, id, &fit, values);
    }
}

/// AER's table of tests, and fixest's, which computes most through a less exact inverse (1e-10 to 3e-11 relative).
fn diagnostics(out: &mut Comparison, id: &str, fit: &IvFit, values: &Value) {
    let found = fit.first_stage().expect("a first stage");
    let aer: Vec<Vec<f64>> =
        values["diagnostics"]["values"].as_array().expect("rows").iter().map(numbers).collect();
    let stage = &found.stages[0];
    let first = [found.instruments.len() as f64, stage.denominator, stage.f, stage.p_value];
    out.check(id, "weak instruments", &first, &aer[0], (1e-8, 0.0));
    let wu = found.endogeneity.as_ref().expect("a test");
    let wu = [wu.restrictions as f64, wu.denominator, wu.statistic, wu.p_value];
    out.check(id, "Wu–Hausman", &wu, &aer[1], (1e-8, 0.0));
    if let Some(sargan) = &found.overidentification {
        let sargan = [sargan.statistic, sargan.p_value];
        out.check(id, "Sargan", &sargan, &aer[2][2..], (1e-8, 0.0));
    }
    let fixest = |name: &str, part: &str| values["fixest"][name][part].as_f64().expect("a number");
    out.check(
        id,
        "fixest F",
        &[stage.f, stage.p_value],
        &[fixest("ivf", "stat"), fixest("ivf", "p")],
        (1e-8, 0.0),
    );
    let theirs = [fixest("wh", "stat"), fixest("wh", "p")];
    out.check(id, "fixest Wu–Hausman", &wu[2..], &theirs, (1e-8, 0.0));
    out.check(
        id,
        "Cragg–Donald",
        &[found.cragg_donald],
        &numbers(&Value::from(vec![values["fixest"]["cd"].clone()])),
        (1e-8, 0.0),
    );
    // fixest divides the statistic of the classical covariance by √n: it factorises the covariance where it should
    // invert it. At n the value is Cragg and Donald's, up to n/(n − K).
    let n = fit.observations();
    let wrong = found.kleibergen_paap * n / stage.denominator / n.sqrt();
    out.check(id, "Kleibergen–Paap over √n", &[wrong], &[fixest("kpr", "stat")], (1e-8, 0.0));
}

fn effects(out: &mut Comparison, gold: &Value, cigarettes: &Frame) {
    let id = "cig_panel_ivfe";
    let gold = case(gold, id);
    let formula = "lpacks ~ lrincome | state + year | lrprice ~ tdiff + rtax";
    let fit = Iv::new().fit(formula, cigarettes).expect(id);
    let values = &gold["values"];
    check_map(out, id, "coefficients", &fit, fit.coefficients().to_vec(), &values["coef"]);
    let model = &fit.model().least_squares;
    for (what, ours, theirs) in [
        ("observations", fit.observations(), &values["nobs"]),
        ("parameters", fit.parameters() as f64, &values["nparams"]),
        ("log-likelihood", fit.log_likelihood(), &values["loglik"]),
        ("sum of squares", model.residual_sum, &values["ssr"]),
        ("BIC", model.bic, &values["bic"]),
    ] {
        out.check(id, what, &[ours], &[theirs.as_f64().expect("a number")], tolerance(gold));
    }
    // Their R² is that of the second stage, whose residuals are not those of the model.
    let first =
        Ols::new().fit("lrprice ~ lrincome + tdiff + rtax | state + year", cigarettes).expect("a fit");
    let data = cigarettes.clone().with_number("fitted", first.fitted().to_vec()).expect("one length");
    let second = Ols::new().fit("lpacks ~ lrincome + fitted | state + year", &data).expect("a fit");
    for (what, ours, key) in [
        ("R² of the second stage", second.model().r_squared, "r2"),
        ("adjusted R² of the second stage", second.model().adjusted_r_squared, "ar2"),
        ("within R² of the second stage", second.model().within_r_squared, "wr2"),
    ] {
        out.check(id, what, &[ours], &[values["r2"][key].as_f64().expect("a number")], tolerance(gold));
    }
    let stage = &values["first_stage"];
    let (names, theirs) = named(&stage["coef"]);
    let ours = in_order(&names, first.names(), first.coefficients().to_vec(), from_theirs);
    out.check(id, "first-stage coefficients", &ours, &theirs, tolerance(gold));
    for (key, vcov) in values["vcovs"].as_object().expect("covariances") {
        let (which, ssc) = key.split_once("__").expect("two parts");
        let covariance = match which {
            "iid" => Covariance::Classical,
            "hetero" => Covariance::Robust,
            "cluster_unit" => Covariance::cluster(["state"]),
            "cluster_time" => Covariance::cluster(["year"]),
            "twoway" => Covariance::cluster(["state", "year"]),
            other => panic!("{other}"),
        };
        let fit = fit.with_convention(covariance, convention(ssc)).expect("a covariance");
        let ours = fit.covariance();
        // Theirs stand the other way round: the endogenous regressor first.
        let ours = [ours[[1, 1]], ours[[1, 0]], ours[[0, 1]], ours[[0, 0]]];
        let theirs: Vec<f64> = vcov["vcov"].as_array().expect("rows").iter().flat_map(numbers).collect();
        // With effects for both years the scores of each sum to zero: what is left is rounding.
        let tolerance = if which == "cluster_time" { (0.0, 1e-28) } else { (1e-8, 1e-14) };
        out.check(id, &format!("covariance {key}"), &ours, &theirs, tolerance);
    }
}

fn linearmodels(out: &mut Comparison, gold: &Value, formula: &str, data: &Frame) {
    let id = gold["id"].as_str().expect("an id");
    for (part, method) in [
        ("tsls", Method::TwoStage),
        ("liml", Method::LimitedInformation),
        ("fuller1", Method::Fuller(1.0)),
        ("gmm_robust_2step", Method::Gmm),
    ] {
        let fit = Iv::new().method(method).fit(formula, data).expect(id);
        let values = &gold["values"][part];
        let what = format!("{part} coefficients");
        check_map(out, id, &what, &fit, fit.coefficients().to_vec(), &values["coef"]);
        for (kind, covariance) in [("unadjusted", Covariance::Classical), ("robust", Covariance::Robust)] {
            for (debiased, convention) in [("False", SmallSample::NONE), ("True", SmallSample::LINEARMODELS)]
            {
                let fit = fit.with_convention(covariance.clone(), convention).expect("a covariance");
                let key = format!("se_{kind}_debiased{debiased}");
                let mut square = 1.0;
                if (kind, debiased) == ("unadjusted", "False") {
                    // Theirs divides the sum of squares by n, as ours without any factor by n − 1.
                    square -= 1.0 / fit.observations();
                }
                if kind == "unadjusted" && method == Method::Gmm {
                    // Theirs takes the residuals, which GMM does not make sum to zero, about their mean.
                    let mean = fit.residuals().mean().expect("rows");
                    square *= 1.0 - mean * mean * fit.observations() / fit.model().least_squares.residual_sum;
                }
                let ours = fit.std_errors().iter().map(|se| se * square.sqrt()).collect();
                check_map(out, id, &format!("{part} {key}"), &fit, ours, &values[&key]);
            }
        }
        if let Some(kappa) = values["kappa"].as_f64() {
            let ours = fit.model().kappa.expect("a k-class");
            out.check(id, &format!("{part} kappa"), &[ours], &[kappa], (1e-8, 0.0));
        }
        if method == Method::TwoStage {
            tests(out, id, &fit, values);
            let (outcome, rest) = formula.split_once(" ~ ").expect("an outcome");
            let (exogenous, rest) = rest.split_once(" | ").expect("regressors");
            let (endogenous, instruments) = rest.split_once(" ~ ").expect("instruments");
            assert!(!outcome.is_empty(), "{formula}");
            // Of the rows of the fit: the outcome is missing in others.
            let rows = fit.rows();
            let used = data.names().fold(Frame::new(), |frame, name| match data.number(name) {
                Ok(v) => frame.with_number(name, rows.iter().map(|&i| v[i]).collect()).expect("one length"),
                Err(_) => frame,
            });
            let first = format!("{endogenous} ~ {exogenous} + {instruments}");
            let first = Ols::new().fit(&first, &used).expect(id);
            let theirs = values["first_stage"][endogenous]["rsquared"].as_f64().expect("a number");
            out.check(id, "first-stage R²", &[first.model().r_squared], &[theirs], (1e-8, 0.0));
        }
        if values["j"].is_array() {
            let ours = fit.model().j_statistic.expect("moments in excess");
            let p = fit.overidentification().expect("a test").expect("moments in excess").p_value;
            out.check(id, &format!("{part} J, and p"), &[ours, p], &numbers(&values["j"])[..2], (1e-8, 0.0));
        }
    }
}

/// linearmodels' tests after two-stage least squares.
fn tests(out: &mut Comparison, id: &str, fit: &IvFit, values: &Value) {
    let found = fit.first_stage().expect("a first stage");
    let mut check = |what: &str, ours: f64, theirs: &Value| {
        let theirs = theirs.as_f64().expect("a number");
        out.check(id, what, &[ours], &[theirs], (1e-8, 0.0));
    };
    let (sargan, wu) = (found.overidentification.expect("in excess"), found.endogeneity.expect("a test"));
    check("Sargan", sargan.statistic, &values["sargan"][0]);
    check("Sargan, p", sargan.p_value, &values["sargan"][1]);
    check("Wu–Hausman", wu.statistic, &values["wu_hausman"][0]);
    check("Wu–Hausman, p", wu.p_value, &values["wu_hausman"][1]);
    // Basmann's and Durbin's say the same in other words.
    let n = fit.observations();
    let free = found.stages[0].denominator;
    check("Basmann", sargan.statistic * free / (n - sargan.statistic), &values["basmann"][0]);
    let ratio = wu.statistic / wu.denominator;
    check("Durbin", n * ratio / (1.0 + ratio), &values["durbin"][0]);
    // Under the covariance of the fit, which was the classical one, σ² over n.
    check("Wooldridge's regression", wu.statistic * n / wu.denominator, &values["wooldridge_regression"][0]);
    let (stage, theirs) = (&found.stages[0], &values["first_stage"][&found.stages[0].name]);
    check("partial R²", stage.partial_r_squared, &theirs["partial.rsquared"]);
    check("Shea's R²", stage.shea_r_squared, &theirs["shea.rsquared"]);
    // Theirs takes σ² over n.
    check("first-stage F", stage.f * n / free, &theirs["f.stat"]);
}
