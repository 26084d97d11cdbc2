//! Covariances by leverage, for few clusters, and of errors related in time and space.

use averted::data::Frame;
use averted::inference::Estimates;
use averted::inference::covariance::{ClusterKind, FewClusters, Leverage};
use averted::regression::{Fit, Model, Ols, OlsFit, Poisson};

use super::common::{Comparison, case, csv_numbers, frame, numbers, reference, shared};
use super::{in_order, named, tolerance};

/// The linear regressions of `regression_linear.json`, with the name of the same in statsmodels' file.
fn linear_fits() -> Vec<(&'static str, Option<&'static str>, OlsFit)> {
    let gold = reference("regression_linear");
    let data = |name: &str| -> Frame { frame(&gold["datasets"][name]) };
    let longley = "Employed ~ `GNP.deflator` + GNP + Unemployed + `Armed.Forces` + Population + Year";
    let ols = |spec: Ols, formula: &str, name: &str| spec.fit(formula, &data(name)).expect(formula);
    let weighted = Ols::new().weights("cyl");
    vec![
        ("longley", Some("sm_longley"), ols(Ols::new(), longley, "longley")),
        ("longley_small", None, ols(Ols::new(), "Employed ~ GNP + `Armed.Forces`", "longley")),
        ("investment", Some("sm_investment"), ols(Ols::new(), "RealInv ~ RealGNP + RealInt", "investment")),
        ("mtcars_wls", None, ols(weighted, "mpg ~ wt + hp + qsec", "mtcars")),
    ]
}

fn plain(name: &str) -> String {
    if name == "const" { "(Intercept)".into() } else { name.to_owned() }
}

/// HC2 to HC4 and leverages.
pub(crate) fn leverages(out: &mut Comparison) {
    let gold = reference("regression_linear");
    let python = reference("python_regression_iv_unitroot");
    for (id, python_id, fit) in linear_fits() {
        let r = case(&gold, &format!("{id}.ols"));
        let python = python_id.map(|id| case(&python, id));
        for case in [Some(r), python].into_iter().flatten() {
            let id = case["id"].as_str().expect("an id");
            for kind in [Leverage::Hc2, Leverage::Hc3, Leverage::Hc4] {
                let key = format!("se_{}", format!("{kind:?}").to_uppercase());
                if !case["values"][&key].is_object() {
                    continue;
                }
                let fit = fit.with_covariance(kind).expect("leverages below one");
                let (names, theirs) = named(&case["values"][&key]);
                let ours = in_order(&names, fit.names(), fit.std_errors(), plain);
                // Longley's data are all but collinear. In arithmetic of 50 digits the third error of HC3 is
                // 0.0029878925759, as ours is; R, which forms (X'X)⁻¹, is 4e-8 off and statsmodels 2e-8.
                let tolerance = if id.ends_with("longley") || id == "longley.ols" {
                    (1e-7, 0.0)
                } else {
                    tolerance(case)
                };
                out.check(id, &key, &ours, &theirs, tolerance);
            }
        }
        let ours = fit.leverage().expect("no effects").to_vec();
        out.check(
            r["id"].as_str().expect("an id"),
            "leverages",
            &ours,
            &numbers(&r["values"]["hat"]),
            tolerance(r),
        );
    }
}

/// CR2 with its degrees of freedom and how far they may be off, and the jackknife by two scales, each with its digits.
fn check<M: Model>(
    out: &mut Comparison,
    what: &str,
    fit: &Fit<M>,
    cr2: (f64, f64, f64),
    others: [(f64, i32); 2],
) {
    let mut one = |name: &str, ours: f64, theirs: f64, digits: i32| {
        let allowed = 0.5001 * 10_f64.powi(-digits);
        out.check("castle", &format!("{what}, {name}"), &[ours], &[theirs], (0.0, allowed));
    };
    let with = |few: FewClusters| fit.with_covariance(few).expect("clusters");
    let fit = with(FewClusters::new("sid", ClusterKind::Cr2));
    one("CR2 error", fit.std_errors()[0], cr2.0, 4);
    let degrees = ("CR2 degrees of freedom", fit.degrees_of_freedom());
    let fit = with(FewClusters::new("sid", ClusterKind::Jackknife));
    one("jackknife error", fit.std_errors()[0], others[0].0, others[0].1);
    let fit = with(FewClusters::new("sid", ClusterKind::Jackknife).pyfixest_scale());
    if others[1].0 > 0.0 {
        one("jackknife error, pyfixest", fit.std_errors()[0], others[1].0, others[1].1);
    }
    out.check("castle", &format!("{what}, {}", degrees.0), &[degrees.1], &[cr2.1], (0.0, cr2.2));
}

/// Few clusters, on data that do not travel with the project. The digits are all that the tools printed: clubSandwich
/// gave CR2 and its degrees of freedom, exact refits the jackknife.
pub(crate) fn castle(out: &mut Comparison) -> Option<()> {
    let path = shared("data/policy_panels/castle_mixtape.csv")?;
    let data = csv_numbers(&path, &["sid", "year", "cdl", "l_homicide", "homicide_c", "population"]);
    let fit = Ols::new().fit("l_homicide ~ cdl | sid + year", &data).expect("a fit");
    check(out, "OLS", &fit, (0.0640, 39.0, 0.5), [(0.064_909_947_4, 10), (0.066_908_334_0, 10)]);
    let spec = Poisson::new().offset("log(population)");
    let fit = spec.fit("homicide_c ~ cdl | sid + year", &data).expect("a fit");
    // clubSandwich 0.5.8 prints 18.995 degrees for the counts as they are, and 18.27059 with every count divided by a
    // thousand, which should change nothing: a fixed cutoff keeps directions that the states' dummies take up whole. The
    // second is compared. The 0.007 between us is another root of the working covariance; ours does not depend on units.
    check(out, "Poisson", &fit, (0.0344, 18.270_590_48, 0.01), [(0.036_975_948_6, 10), (0.0, 0)]);
    Some(())
}
