//! Rates and standardised rates against R's epitools and `poisson.test`, and published examples.

use averted::data::Count;
use averted::surveillance::{RateLimits, rate_interval, rate_ratio, standardised_rate};

use crate::common::{Comparison, case, numbers, reference};

/// `qgamma(0.025, y) / 1000` and `qgamma(0.975, y + 1) / 1000` of the counts of `poisson_exact`.
const LOWER: [f64; 6] = [
    0.0,
    2.531_780_798_428_987_5e-5,
    1.623_486_390_118_420_6e-3,
    4.115_373_097_378_332e-3,
    1.221_651_958_540_394_3e-2,
    8.136_399_125_092_315e-2,
];
const UPPER: [f64; 6] = [
    3.688_879_454_113_935e-3,
    5.571_643_390_938_899e-3,
    1.166_833_207_932_266_7e-2,
    1.708_480_345_141_917e-2,
    3.088_837_790_267_459_6e-2,
    1.216_267_937_924_263_7e-1,
];

pub(crate) fn check(out: &mut Comparison) {
    let gold = reference("count_glm_rates");
    let selvin = &gold["datasets"]["selvin"];
    let column = |name: &str| numbers(&selvin[name]);
    standard(out, "direct_standardisation", &column("deaths"), &column("population"), &column("standard"));
    // The data stand in the case's text.
    standard(
        out,
        "direct_standardisation_small",
        &[0.0, 1.0, 4.0, 9.0, 7.0, 2.0],
        &[12_000.0, 15_000.0, 18_000.0, 16_000.0, 9_000.0, 4_000.0],
        &[0.15, 0.2, 0.25, 0.2, 0.12, 0.08],
    );
    exact(out);
    downs(out);
}

fn standard(out: &mut Comparison, id: &str, deaths: &[f64], people: &[f64], weights: &[f64]) {
    let gold = reference("count_glm_rates");
    let values = &case(&gold, id)["values"];
    let events: Vec<Count> = deaths.iter().map(|&d| Count::Exact(d)).collect();
    let ours = standardised_rate(&events, people, weights, RateLimits::Gamma, 0.95).expect(id);
    for (key, ours) in
        [("crude.rate", ours.crude.rate), ("adj.rate", ours.rate), ("lci", ours.lower), ("uci", ours.upper)]
    {
        out.check(id, key, &[ours], &[values[key].as_f64().expect("a number")], (1e-9, 0.0));
    }
}

fn exact(out: &mut Comparison) {
    let gold = reference("count_glm_rates");
    let id = "poisson_exact";
    let values = &case(&gold, id)["values"];
    let rates = [0.0, 1.0, 5.0, 9.0, 20.0, 100.0]
        .map(|count| rate_interval(Count::Exact(count), 1000.0, 0.95).expect("a rate"));
    // Theirs by a search that stops at 3e-5 of a count: of one event they say 0.02529, and it is −log 0.975 = 0.02532.
    let mut check = |key: &str, ours: [f64; 6], slack: f64| {
        out.check(id, key, &ours, &numbers(&values[key]), (1e-6, slack));
    };
    check("rate", rates.map(|r| r.rate), 0.0);
    check("lower", rates.map(|r| r.lower), 3e-8);
    check("upper", rates.map(|r| r.upper), 3e-8);
    out.check(id, "lower, R's qgamma", &rates.map(|r| r.lower), &LOWER, (1e-10, 0.0));
    out.check(id, "upper, R's qgamma", &rates.map(|r| r.upper), &UPPER, (1e-10, 0.0));
    let ratio = rate_ratio([20.0, 10.0], [1000.0, 900.0], 0.95).expect("a ratio");
    let theirs = &values["poisson_test_ratio_20v10_1000v900"];
    let one = |key: &str| [theirs[key].as_f64().expect("a number")];
    out.check(id, "ratio", &[ratio.ratio], &one("estimate"), (1e-10, 0.0));
    out.check(id, "interval of the ratio", &[ratio.lower, ratio.upper], &numbers(&theirs["ci"]), (1e-8, 0.0));
    out.check(id, "p-value of the ratio", &[ratio.p_value], &one("p"), (1e-8, 0.0));
}

/// Down syndrome by age of the mother, first births (Fay & Feuer 1997, table II; Stark & Mantel 1966, *Journal of the
/// National Cancer Institute* 37): all digits that are printed, per 100,000.
fn downs(out: &mut Comparison) {
    let cases = [107.0, 141.0, 60.0, 40.0, 39.0, 25.0].map(Count::Exact);
    let births = [230_061.0, 329_449.0, 114_920.0, 39_487.0, 14_208.0, 3_052.0];
    let standard = [319_933.0, 931_318.0, 786_511.0, 488_235.0, 237_863.0, 61_313.0];
    let rate = |limits| standardised_rate(&cases, &births, &standard, limits, 0.95).expect("a rate").per(1e5);
    let gamma = rate(RateLimits::Gamma);
    let mut check = |what: &str, ours: f64, theirs: f64| {
        out.check("fay_feuer_downs", what, &[ours], &[theirs], (0.0, 0.500_1e-4));
    };
    check("crude rate", gamma.crude.rate, 56.3475);
    check("standardised rate", gamma.rate, 92.3045);
    check("gamma, lower", gamma.lower, 80.4417);
    check("gamma, upper", gamma.upper, 105.7633);
    check("Tiwari, upper", rate(RateLimits::Tiwari).upper, 105.3563);
}
