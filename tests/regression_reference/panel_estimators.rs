//! Random effects, between, differences, regressions by period, AR(1) errors and panel-corrected errors beside plm, nlme,
//! statsmodels and linearmodels.

use averted::data::Frame;
use averted::inference::covariance::BeckKatz;
use averted::inference::{
    ClusterFactor, Counted, Covariance, Estimates, ParameterFactor, Reference, SmallSample,
};
use averted::regression::{
    Ar1, Between, Estimator, FamaMacBeth, FirstDifferences, Ols, RandomEffects, SpecificationTest as Which,
    TransformedFit,
};
use serde_json::Value;

use super::common::{Comparison, case, frame, numbers, reference};
use super::{in_order, named, tolerance};

const FORMULA: &str = "inv ~ value + capital";

/// All of them.
pub(crate) fn check(out: &mut Comparison) {
    grunfeld(out);
    series(out);
    gaps(out);
}

/// No factor, normal.
fn plain() -> SmallSample {
    SmallSample { parameters: ParameterFactor::One, clusters: ClusterFactor::One, ..SmallSample::FIXEST }
}

fn corrected(within: bool) -> Covariance {
    let which = if within { BeckKatz::within_units() } else { BeckKatz::between_units() };
    which.unit("firm").time("year").into()
}

/// Values and errors of named coefficients.
fn both(
    out: &mut Comparison,
    id: &str,
    part: &str,
    fit: &dyn Estimates,
    gold: &Value,
    tolerance: (f64, f64),
) {
    let ours_of = |name: &str| match (name, fit.names()[0].as_str()) {
        ("const", _) => "(Intercept)".to_owned(),
        ("(Intercept)", "drift") => "drift".to_owned(),
        (name, _) => name.to_owned(),
    };
    for (what, key, values) in
        [("coefficients", "coef", fit.coefficients().to_vec()), ("errors", "se", fit.std_errors().to_vec())]
    {
        let (names, theirs) = named(&gold[key]);
        let ours = in_order(&names, fit.names(), values, ours_of);
        out.check(id, &format!("{part} {what}"), &ours, &theirs, tolerance);
    }
}

fn variances(fit: &TransformedFit) -> [f64; 2] {
    let Estimator::RandomEffects(found) = &fit.model().estimator else { panic!("of random effects") };
    [found.sigma_within.powi(2), found.sigma_units.powi(2)]
}

fn grunfeld(out: &mut Comparison) {
    let gold = reference("regression_linear");
    let python = reference("python_regression_iv_unitroot");
    let data = frame(&gold["datasets"]["grunfeld10"]);
    let (plm, lm) = (case(&gold, "grunfeld10.plm"), case(&python, "lm_grunfeld"));
    let (theirs, of_lm) = (&plm["values"], &lm["values"]);
    let mut check = |part: &str, fit: &dyn Estimates, key: &str, lm_key: &str| {
        if !key.is_empty() {
            both(out, "grunfeld10.plm", part, fit, &theirs[key], tolerance(plm));
        }
        if !lm_key.is_empty() {
            both(out, "lm_grunfeld", part, fit, &of_lm[lm_key], tolerance(lm));
        }
    };
    let random = RandomEffects::new().panel("firm", "year").fit(FORMULA, &data).expect("a fit");
    check("random effects", &random, "random_swar", "random");
    let between = Between::new().panel("firm", "year").fit(FORMULA, &data).expect("a fit");
    check("between", &between, "between", "between");
    let differences = FirstDifferences::new().panel("firm", "year");
    let drift = differences.clone().drift().fit(FORMULA, &data).expect("a fit");
    check("first differences with a drift", &drift, "first_difference", "");
    let differences = differences.fit(FORMULA, &data).expect("a fit");
    check("first differences", &differences, "", "first_difference_noconst");
    let by_period = FamaMacBeth::new().panel("firm", "year").fit(FORMULA, &data).expect("a fit");
    check("Fama–MacBeth", &by_period, "", "fama_macbeth");

    let sigma2 = &theirs["random_swar"]["sigma2"];
    let their_variances = ["idios", "id"].map(|key| sigma2[key].as_f64().expect("a number"));
    out.check("grunfeld10.plm", "random variances", &variances(&random), &their_variances, tolerance(plm));
    let their_variances = ["var_e", "var_u"].map(|key| of_lm["random"][key].as_f64().expect("a number"));
    out.check("lm_grunfeld", "random variances", &variances(&random), &their_variances, tolerance(lm));
    let Estimator::RandomEffects(found) = &random.model().estimator else { panic!("of random effects") };
    let theta = theirs["random_swar"]["theta"].as_f64().expect("a number");
    out.check("grunfeld10.plm", "random theta", &found.theta, &[theta; 10], tolerance(plm));
    let test = random.specification_test(Which::Hausman).expect("a test");
    let hausman = ["stat", "p"].map(|key| theirs["hausman"][key].as_f64().expect("a number"));
    out.check("grunfeld10.plm", "hausman", &[test.statistic, test.p_value], &hausman, tolerance(plm));

    for (prefix, formula) in
        [("fe", "inv ~ value + capital | firm"), ("tw", "inv ~ value + capital | firm + year")]
    {
        let fit = Ols::new().fit(formula, &data).expect("a fit");
        let fit = fit.with_convention(corrected(true), SmallSample::NONE).expect("a covariance");
        let key = format!("{prefix}_vcovBK_HC0_group");
        let (names, errors) = named(&theirs[key.as_str()]);
        let ours = in_order(&names, fit.names(), fit.std_errors().to_vec(), str::to_owned);
        out.check("grunfeld10.plm", &key, &ours, &errors, tolerance(plm));
    }
}

fn series(out: &mut Comparison) {
    let gold = reference("regression_linear");
    let python = reference("python_regression_iv_unitroot");
    let longley = "Employed ~ `GNP.deflator` + GNP + Unemployed + `Armed.Forces` + Population + Year";
    for (id, dataset, formula) in
        [("sm_longley", "longley", longley), ("sm_investment", "investment", "RealInv ~ RealGNP + RealInt")]
    {
        let data = frame(&gold["datasets"][dataset]);
        let fit = Ar1::new().drop_first().fit(formula, &data).expect(id);
        let case = case(&python, id);
        let theirs = &case["values"]["glsar1_iterative"];
        both(out, id, "AR(1)", &fit, theirs, tolerance(case));
        let Estimator::Ar1(found) = &fit.model().estimator else { panic!("of AR(1) errors") };
        out.check(
            id,
            "AR(1) rho",
            &[found.rho],
            &[theirs["rho"].as_f64().expect("a number")],
            tolerance(case),
        );
    }
}

/// Units of different length, with gaps.
fn gaps(out: &mut Comparison) {
    let id = "panel_gaps";
    let gold = reference("panel_estimators");
    let data: Frame = frame(&gold["datasets"]["grunfeld_gaps"]);
    let case = case(&gold, id);
    let mut check = |key: &str, ours: &[f64]| {
        let theirs = numbers(&case["values"][key]);
        out.check(id, key, ours, &theirs, tolerance(case));
    };
    let errors = |fit: &dyn Estimates| fit.std_errors().to_vec();
    let random = RandomEffects::new().panel("firm", "year").fit(FORMULA, &data).expect("a fit");
    check("random_coef", &random.coefficients().to_vec());
    check("random_se", &errors(&random));
    check("random_sigma2", &variances(&random));
    let statistic = |name: &str| {
        random.statistics().iter().find(|(n, _)| *n == name).map_or(f64::NAN, |(_, value)| *value)
    };
    check("random_theta", &[statistic("least_theta"), statistic("most_theta")]);
    let clustered = random.with_convention("firm", plain()).expect("clusters");
    check("random_arellano_HC0", &errors(&clustered));
    let related = random.with_convention(corrected(false), SmallSample::NONE).expect("a covariance");
    check("random_BK_time", &errors(&related));
    let test = random.specification_test(Which::Hausman).expect("a test");
    check("hausman", &[test.statistic, 2.0, test.p_value]);
    let test = random.specification_test(Which::Mundlak).expect("a test");
    check("mundlak_F", &[test.statistic]);
    let normal = SmallSample { reference: Reference::Normal, ..plain() };
    let clustered = random.with_convention("firm", normal).expect("clusters");
    let test = clustered.specification_test(Which::Mundlak).expect("a test");
    check("mundlak_clustered_chi2", &[test.statistic]);

    let between = Between::new().panel("firm", "year").fit(FORMULA, &data).expect("a fit");
    check("between_coef", &between.coefficients().to_vec());
    check("between_se", &errors(&between));
    check("between_HC1", &errors(&between.with_covariance(Covariance::Robust).expect("robust")));

    for (key, formula, within) in [
        ("within_BK_group", "inv ~ value + capital | firm", true),
        ("within_BK_time", "inv ~ value + capital | firm", false),
        ("pooling_BK_group", FORMULA, true),
        ("pooling_BK_time", FORMULA, false),
    ] {
        let fit = Ols::new().fit(formula, &data).expect("a fit");
        let fit = fit.with_convention(corrected(within), SmallSample::NONE).expect("a covariance");
        check(key, &errors(&fit));
    }
    let none = SmallSample { counted: Counted::None, ..SmallSample::LINEARMODELS };
    let fit = Ols::new().fit(FORMULA, &data).expect("a fit");
    let fit = fit.with_convention(corrected(false), none).expect("a covariance");
    check("pooling_BK_time_HC1", &errors(&fit));

    let by_period = FamaMacBeth::new().panel("firm", "year");
    let fit = by_period.fit(FORMULA, &data).expect("a fit");
    check("fama_macbeth_coef", &fit.coefficients().to_vec());
    check("fama_macbeth_se", &errors(&fit));
    check("lm_fama_macbeth_se", &errors(&fit));
    for lags in [1, 3] {
        let fit =
            by_period.clone().lags(lags).small_sample(SmallSample::NONE).fit(FORMULA, &data).expect("a fit");
        check(&format!("lm_fama_macbeth_kernel_{lags}_se"), &errors(&fit));
    }
    let fit = by_period.weights("value").fit(FORMULA, &data).expect("a fit");
    check("lm_fama_macbeth_weights_coef", &fit.coefficients().to_vec());
    check("lm_fama_macbeth_weights_se", &errors(&fit));

    let differences = FirstDifferences::new().panel("firm", "year");
    let fit = differences.fit(FORMULA, &data).expect("a fit");
    check("first_differences_coef", &fit.coefficients().to_vec());
    check("first_differences_se", &errors(&fit));
    check("first_differences_n", &[fit.observations()]);
    let fit = differences.fit("inv ~ value + capital | firm + year", &data).expect("a fit");
    check("first_differences_years_coef", &fit.coefficients().to_vec());
    check("first_differences_years_se", &errors(&fit));

    for (rho, key) in [(0.3, "gls_ar1_0.3"), (0.8, "gls_ar1_0.8")] {
        let fit = Ar1::new().rho(rho).panel("firm", "year").fit(FORMULA, &data).expect("a fit");
        check(&format!("{key}_coef"), &fit.coefficients().to_vec());
        check(&format!("{key}_se"), &errors(&fit));
    }
}
