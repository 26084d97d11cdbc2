//! Negative binomials against MASS's `glm.nb`, polished on the joint likelihood, and against fixest's `fenegbin`.

use averted::data::Frame;
use averted::inference::covariance::Autocorrelation;
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::{NegativeBinomial, NegativeBinomialFit};
use faer::Mat;
use faer::linalg::solvers::Solve;

use crate::common::{Comparison, case, csv_numbers, frame, reference, shared};
use crate::{autocorrelation, convention, in_order, named, r_names};

pub(crate) fn check(out: &mut Comparison) {
    glm_nb(out);
    fenegbin(out);
    castle(out);
}

/// Their tolerance, 1e-5: where their alternation stops is seen in the eighth digit of its coefficients; the polished
/// values agree with ours to more.
fn glm_nb(out: &mut Comparison) {
    let gold = reference("count_glm_rates");
    // The error of the intercept by statsmodels, from differences of its analytic score.
    let polished = [0.227_926_135_063, 0.220_828_421_007, 0.138_560_398_941];
    for ((id, dataset, formula), polished) in [
        ("quine.nb2", "quine", "Days ~ Eth + Sex + Age + Lrn"),
        ("recreation.nb2", "recreation", "trips ~ quality + ski + income + userfee + costC + costS + costH"),
        ("biochem.nb2", "biochemists", "art ~ fem + i(mar, ref = Single) + kid5 + phd + ment"),
    ]
    .into_iter()
    .zip(polished)
    {
        let frame = frame(&gold["datasets"][dataset]);
        let spec = NegativeBinomial::new().small_sample(SmallSample::NONE);
        let fit = spec.fit(formula, &frame).expect(id);
        let expected = spec.expected_information().fit(formula, &frame).expect(id);
        let gold = case(&gold, id);
        let tolerance = crate::common::tolerance(gold);
        let values = &gold["values"];
        let mut check = |key: &str, theirs: &serde_json::Value, ours: Vec<f64>, tolerance: (f64, f64)| {
            let (names, theirs) = named(theirs);
            let ours = in_order(&names, fit.names(), ours, |name| r_names(&frame, name));
            out.check(id, key, &ours, &theirs, tolerance);
        };
        let joint = &values["joint_mle"];
        check("coef", &values["coef"], fit.coefficients().to_vec(), tolerance);
        check("coef of joint_mle", &joint["coef"], fit.coefficients().to_vec(), (1e-7, 1e-10));
        check(
            "se_observed_information",
            &joint["se_observed_information"],
            fit.std_errors().to_vec(),
            // From a Hessian by finite differences there, good to three digits where costs are far from unit scale.
            (5e-4, 1e-10),
        );
        check(
            "se_expected_information",
            &values["se_expected_information"],
            expected.std_errors().to_vec(),
            tolerance,
        );
        out.check(id, "observed error, statsmodels", &[fit.std_errors()[0]], &[polished], (1e-9, 0.0));
        let (model, dispersion) = (fit.model(), fit.dispersion());
        let held = expected.dispersion();
        for (key, ours, theirs, tolerance) in [
            ("theta", dispersion.theta, &values["theta"], tolerance),
            ("alpha", dispersion.alpha, &values["alpha"], tolerance),
            ("theta of joint_mle", dispersion.theta, &joint["theta"], (1e-8, 0.0)),
            ("se_theta, mean held", held.theta_std_error, &values["se_theta"], tolerance),
            ("loglik", model.log_likelihood, &joint["loglik"], (1e-12, 0.0)),
            ("deviance", model.deviance, &values["deviance"], tolerance),
            ("aic", model.aic, &values["aic"], (1e-10, 0.0)),
            ("lr_vs_poisson", model.likelihood_ratio().0, &values["lr_vs_poisson"], (1e-9, 0.0)),
        ] {
            if let Some(theirs) = theirs.as_f64() {
                out.check(id, key, &[ours], &[theirs], tolerance);
            }
        }
    }
}

/// Their tolerance, 1e-4: their optimiser stops early.
///
/// Their sandwich takes the scores of θ as they are, where those of absorbed effects do not vanish: errors by year are off
/// by up to 8e-3, and others in the fifth digit. With all effects as columns of one information matrix (`numpy`) the errors
/// are ours; leaving θ's scores as they are there gives theirs. Where all effects are nested in clusters they count θ as a
/// parameter, else not; ours never.
fn fenegbin(out: &mut Comparison) {
    let gold = reference("fixest_panel");
    let frame = frame(&gold["datasets"]["fatalities"]);
    let id = "fat_negbin";
    let gold = case(&gold, id);
    let tolerance = crate::common::tolerance(gold);
    let spec = NegativeBinomial::new().offset("log(pop)");
    let fit = spec.fit("fatal ~ beertax + unemp + lincome | state", &frame).expect("a fit");
    let ordered = |map: &serde_json::Value, last: f64, ours: Vec<f64>| {
        let (names, theirs) = named(map);
        let known: Vec<String> = fit.names().iter().cloned().chain([".theta".to_owned()]).collect();
        (in_order(&names, &known, ours.into_iter().chain([last]), str::to_owned), theirs)
    };
    let (ours, theirs) = ordered(&gold["values"]["coef"], f64::NAN, fit.coefficients().to_vec());
    out.check(id, "coefficients", &ours, &theirs, tolerance);
    let model = fit.model();
    let theirs = |key: &str| [gold["values"][key].as_f64().expect("a number")];
    out.check(id, "log-likelihood", &[model.log_likelihood], &theirs("loglik"), (1e-9, 0.0));
    // They do not count the dispersion.
    let bic = model.bic - fit.observations().ln();
    out.check(id, "BIC, dispersion not counted", &[bic], &theirs("bic"), (1e-9, 0.0));
    for (key, vcov) in gold["values"]["vcovs"].as_object().expect("covariances") {
        let (which, ssc) = key.split_once("__").expect("two parts");
        let covariance = match which {
            "iid" => Covariance::Classical,
            "hetero" => Covariance::Robust,
            "cluster_unit" => Covariance::cluster(["state"]),
            "cluster_time" => Covariance::cluster(["year"]),
            "twoway" => Covariance::cluster(["state", "year"]),
            other => autocorrelation::of_fixest(other, "state", "year"),
        };
        let fit = fit.with_convention(covariance, convention(ssc)).expect("a covariance");
        let theta = fit.dispersion().theta_std_error;
        let (ours, theirs) = ordered(&vcov["se"], theta, fit.std_errors().to_vec());
        let tolerance = match which {
            "cluster_time" | "twoway" | "NW_lag1" | "NW_lag2" => (1e-2, 0.0),
            "DK_lag1" | "DK_lag2" => (1.5e-2, 0.0),
            "cluster_unit" if ssc == "default_nonnested" => (2e-3, 0.0),
            _ => tolerance,
        };
        out.check(id, &format!("errors {key}, that of θ too"), &ours, &theirs, tolerance);
    }
    for (what, covariance, dense) in [
        (
            "robust",
            Covariance::Uncorrected,
            [7.238_940_47e-2, 3.641_333_73e-3, 1.291_007_51e-1, 64.909_606_6],
        ),
        (
            "by year",
            Covariance::cluster(["year"]),
            [6.331_534_49e-2, 2.956_877_67e-3, 1.155_878_05e-1, 105.687_734],
        ),
        (
            "of Driscoll–Kraay, 1 lag",
            Autocorrelation::driscoll_kraay().time("year").lags(1).into(),
            [6.311_316_233_873e-2, 3.097_371_218_668e-3, 1.227_213_760_911e-1, 109.606_398_924_3],
        ),
        (
            "of Driscoll–Kraay, 2 lags",
            Autocorrelation::driscoll_kraay().time("year").lags(2).into(),
            [5.490_873_636_773e-2, 2.801_256_938_509e-3, 1.175_434_451_313e-1, 103.942_066_105_9],
        ),
    ] {
        let fit = fit.with_convention(covariance, SmallSample::NONE).expect("a covariance");
        let mut ours = fit.std_errors().to_vec();
        ours.push(fit.dispersion().theta_std_error);
        out.check(id, &format!("errors {what}, effects as columns"), &ours, &dense, (1e-8, 0.0));
    }
}

/// Clustered error of the first coefficient without a small-sample factor, effects as columns, and the one that takes the
/// scores of θ as they are: nothing of them is laid to the effects, as fixest does with what it absorbs.
fn dense_castle_errors(fit: &NegativeBinomialFit, data: &Frame) -> [f64; 2] {
    let column = |name: &str| data.number(name).expect("a column").to_vec();
    let (unit, year, treated, y) = (column("sid"), column("year"), column("cdl"), column("homicide_c"));
    let (theta, mu) = (fit.dispersion().theta, fit.fitted());
    let levels = |values: &[f64]| {
        let mut levels = values.to_vec();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        levels
    };
    let (units, years) = (levels(&unit), levels(&year));
    let effects = units.len() + years.len() - 1;
    let (n, place) =
        (y.len(), |levels: &[f64], v: f64| levels.iter().position(|l| *l == v).expect("a level"));
    let dummies = Mat::from_fn(n, effects, |i, j| {
        let year = place(&years, year[i]).checked_sub(1).map(|t| units.len() + t);
        f64::from(u8::from(j == place(&units, unit[i]) || Some(j) == year))
    });
    // Derivatives of the log-likelihood by the linear index and by θ.
    let total: Vec<f64> = mu.iter().map(|m| m + theta).collect();
    let u: Vec<f64> = (0..n).map(|i| theta * (y[i] - mu[i]) / total[i]).collect();
    let w: Vec<f64> = (0..n).map(|i| theta * mu[i] * (y[i] + theta) / total[i].powi(2)).collect();
    let cross: Vec<f64> = (0..n).map(|i| -(y[i] - mu[i]) * mu[i] / total[i].powi(2)).collect();
    let rises =
        |i: usize, power: i32| (0..y[i] as u32).map(|k| (theta + f64::from(k)).powi(-power)).sum::<f64>();
    let by_theta: Vec<f64> =
        (0..n).map(|i| rises(i, 1) + (theta / total[i]).ln() + 1.0 - (y[i] + theta) / total[i]).collect();
    let bend =
        (0..n).map(|i| rises(i, 2) - theta.recip() + 2.0 / total[i] - (y[i] + theta) / total[i].powi(2));
    let weighted = Mat::from_fn(n, effects, |i, j| w[i] * dummies[(i, j)]);
    let with_effects = Mat::from_fn(n, 2, |i, j| if j == 0 { w[i] * treated[i] } else { cross[i] });
    let link = dummies.transpose() * &with_effects;
    let share = (dummies.transpose() * &weighted).partial_piv_lu().solve(&link);
    let sum = |f: &dyn Fn(usize) -> f64| (0..n).map(f).sum::<f64>();
    let own = [sum(&|i| w[i] * treated[i].powi(2)), sum(&|i| cross[i] * treated[i]), bend.sum::<f64>()];
    let taken = link.transpose() * &share;
    let (a, b, d) = (own[0] - taken[(0, 0)], own[1] - taken[(0, 1)], own[2] - taken[(1, 1)]);
    let laid = &dummies * &share;
    [1.0, 0.0].map(|laid_to_effects| {
        let mut scores = vec![0.0; units.len()];
        for i in 0..n {
            let beta = u[i] * (treated[i] - laid[(i, 0)]);
            let theta = by_theta[i] - laid_to_effects * u[i] * laid[(i, 1)];
            scores[place(&units, unit[i])] += (d * beta - b * theta) / (a * d - b * b);
        }
        scores.iter().map(|s| s * s).sum::<f64>().sqrt()
    })
}

/// All digits that were printed. The clustered error of fixest is reproduced from its definition of the scores.
fn castle(out: &mut Comparison) -> Option<()> {
    let path = shared("data/policy_panels/castle_mixtape.csv")?;
    let data = csv_numbers(&path, &["sid", "year", "cdl", "homicide_c", "population"]);
    let spec = NegativeBinomial::new().offset("log(population)").cluster("sid");
    let fit = spec.fit("homicide_c ~ cdl | sid + year", &data).expect("a fit");
    let mut check = |what: &str, ours: f64, theirs: f64, digits: i32| {
        out.check("castle", what, &[ours], &[theirs], (0.0, 0.5001 * 10_f64.powi(-digits)));
    };
    check("negative binomial, coefficient", fit.coefficients()[0], 0.056_461_6, 7);
    check("negative binomial, θ", fit.dispersion().theta, 170.843_4, 4);
    check("negative binomial, log-likelihood", fit.log_likelihood(), -2_425.868, 3);
    let plain = fit.with_convention("sid", SmallSample::NONE).expect("clusters");
    check("negative binomial, clustered error, effects as columns", plain.std_errors()[0], 0.032_799_17, 8);
    let [dense, raw] = dense_castle_errors(&fit, &data);
    check("negative binomial, clustered error, effects as columns, here", plain.std_errors()[0], dense, 10);
    let factor = fit.std_errors()[0] / plain.std_errors()[0];
    check("negative binomial, clustered error, fixest's scores of θ", raw * factor, 0.033_461_9, 7);
    check("negative binomial, clustered error, fixest", fit.std_errors()[0], 0.033_461_9, 4);
    let plain = fit.with_convention(Covariance::Classical, SmallSample::NONE).expect("a covariance");
    check(
        "negative binomial, classical error, effects as columns",
        plain.std_errors()[0],
        0.019_777_345_3,
        10,
    );
    let spec = spec.covariance(Covariance::Classical).small_sample(SmallSample::NONE).expected_information();
    let expected = spec.fit("homicide_c ~ cdl | sid + year", &data).expect("a fit");
    check("negative binomial, classical error, glm.nb", expected.std_errors()[0], 0.019_770_9, 7);
    Some(())
}
