//! Zero inflation and hurdles against pscl's `zeroinfl` and `hurdle`.

use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::{CountFamily, Hurdle, TwoPartFit, ZeroInflated};
use serde_json::Value;

use crate::common::{Comparison, case, frame, reference};
use crate::{in_order, named, r_names};

pub(crate) fn check(out: &mut Comparison) {
    let gold = reference("count_glm_rates");
    let data = frame(&gold["datasets"]["biochemists"]);
    let formula = "art ~ fem + i(mar, ref = Single) + kid5 + phd + ment";
    for (id, family) in
        [("biochem.zi_poisson", CountFamily::Poisson), ("biochem.zi_negbin", CountFamily::NegativeBinomial)]
    {
        let gold = case(&gold, id);
        let inflated =
            ZeroInflated::new().count(family).small_sample(SmallSample::NONE).fit(formula, &data).expect(id);
        let hurdle =
            Hurdle::new().count(family).small_sample(SmallSample::NONE).fit(formula, &data).expect(id);
        for (key, fit) in [("zeroinfl", inflated), ("hurdle", hurdle)] {
            let name = |theirs: &str| {
                let (part, name) = theirs.split_once('_').expect("two parts");
                format!("{part}: {}", r_names(&data, name))
            };
            against(out, id, key, &gold["values"][key], &fit, &name);
        }
    }
    sandwiches(out);
}

/// Their tolerance, 1e-4: an optimiser that stops early, and errors from differences of its gradient. At least as high a
/// likelihood.
fn against(
    out: &mut Comparison,
    id: &str,
    key: &str,
    gold: &Value,
    fit: &TwoPartFit,
    name: &dyn Fn(&str) -> String,
) {
    for (what, values) in [("coef", fit.coefficients().to_vec()), ("se", fit.std_errors().to_vec())] {
        let (names, theirs) = named(&gold[what]);
        let ours = in_order(&names, fit.names(), values, name);
        out.check(id, &format!("{what} of {key}"), &ours, &theirs, (1e-4, 1e-6));
    }
    let theirs = gold["loglik"].as_f64().expect("a number");
    out.check(id, &format!("log-likelihood of {key}"), &[fit.log_likelihood()], &[theirs], (1e-9, 0.0));
    assert!(fit.log_likelihood() >= theirs - 1e-9 * theirs.abs(), "{id} {key}: theirs is higher");
    let theta = gold["theta"][0].as_f64().or_else(|| gold["theta"]["count"].as_f64());
    if let Some(theirs) = theta {
        out.check(id, &format!("theta of {key}"), &[fit.dispersion().theta], &[theirs], (1e-4, 0.0));
    }
}

/// Errors of `art ~ fem + ment | phd + ment`, the last that of `log α`: information, robust, clustered by `row mod 23`.
type Errors = [&'static [f64]; 3];

const INFLATED_POISSON: Errors = [
    &[
        0.048_876_487_43,
        0.056_546_994_21,
        0.002_197_615_677,
        0.383_071_746_2,
        0.129_567_477_8,
        0.040_848_503_92,
    ],
    &[
        0.063_755_666_13,
        0.070_152_979_36,
        0.003_710_283_231,
        0.383_786_073_4,
        0.140_133_413_9,
        0.059_650_716_92,
    ],
    &[0.051_001_612_14, 0.066_042_851, 0.002_500_702_588, 0.308_110_110_5, 0.132_013_093_9, 0.052_456_161_94],
];
const HURDLE_POISSON: Errors = [
    &[
        0.049_818_446_53,
        0.062_922_704_37,
        0.002_199_177_591,
        0.242_116_252_7,
        0.078_777_423_14,
        0.012_933_645_56,
    ],
    &[
        0.066_050_258_09,
        0.080_321_749_71,
        0.003_692_927_402,
        0.242_619_536_7,
        0.079_605_949_15,
        0.014_202_430_8,
    ],
    &[
        0.056_989_821_75,
        0.079_200_296_43,
        0.002_684_803_664,
        0.204_078_977_8,
        0.076_516_575_13,
        0.015_255_688_22,
    ],
];
const INFLATED_NEGATIVE: Errors = [
    &[
        0.065_944_476_46,
        0.068_937_817_89,
        0.003_491_384_356,
        0.784_610_715_9,
        0.263_164_751_1,
        0.240_346_542_7,
        0.140_758_197_6,
    ],
    &[
        0.068_054_685_3,
        0.068_631_731_92,
        0.004_103_946_828,
        0.758_743_137_3,
        0.250_325_729_8,
        0.203_281_198_1,
        0.152_801_245_7,
    ],
    &[
        0.053_174_023_37,
        0.063_102_989,
        0.002_944_325_253,
        0.813_509_876_6,
        0.260_457_734_5,
        0.210_150_702_6,
        0.119_656_692_1,
    ],
];
const HURDLE_NEGATIVE: Errors = [
    &[
        0.099_050_333_41,
        0.093_859_091_16,
        0.004_249_863_85,
        0.242_116_234_3,
        0.078_777_417_27,
        0.012_933_645_53,
        0.224_495_433_5,
    ],
    &[
        0.102_331_195_6,
        0.092_184_324_65,
        0.004_857_951_633,
        0.242_619_499_8,
        0.079_605_937_27,
        0.014_202_430_75,
        0.242_288_551_3,
    ],
    &[
        0.072_379_416_19,
        0.090_501_606_07,
        0.003_267_984_27,
        0.204_078_946_2,
        0.076_516_565_03,
        0.015_255_688_15,
        0.156_946_126_6,
    ],
];

/// From R's densities (`dpois`, `dnbinom`), derived by Richardson's extrapolation (numDeriv 2016.8) after Newton steps from
/// pscl's estimates: six digits. pscl's own errors are of an optimiser's differences, four digits, and its sandwiches take θ as known.
fn sandwiches(out: &mut Comparison) {
    let gold = reference("count_glm_rates");
    let data = frame(&gold["datasets"]["biochemists"]);
    let rows = data.rows();
    let data = data.with_number("g", (1..=rows).map(|i| (i % 23) as f64).collect()).expect("one length");
    let (poisson, negative) = (CountFamily::Poisson, CountFamily::NegativeBinomial);
    let inflated =
        |family| ZeroInflated::new().count(family).zeros("phd + ment").fit("art ~ fem + ment", &data);
    let hurdle = |family| Hurdle::new().count(family).zeros("phd + ment").fit("art ~ fem + ment", &data);
    for (id, key, fit, errors) in [
        ("biochem.zi_poisson", "zeroinfl", inflated(poisson), INFLATED_POISSON),
        ("biochem.zi_poisson", "hurdle", hurdle(poisson), HURDLE_POISSON),
        ("biochem.zi_negbin", "zeroinfl", inflated(negative), INFLATED_NEGATIVE),
        ("biochem.zi_negbin", "hurdle", hurdle(negative), HURDLE_NEGATIVE),
    ] {
        let fit = fit.expect("a fit");
        let kinds = [Covariance::Classical, Covariance::Uncorrected, Covariance::from("g")];
        for ((what, covariance), theirs) in
            ["classical", "robust", "clustered"].into_iter().zip(kinds).zip(errors)
        {
            let fit = fit.with_convention(covariance, SmallSample::NONE).expect("a covariance");
            let ours = fit.joint_covariance().diag().mapv(f64::sqrt).to_vec();
            out.check(id, &format!("{what} errors of {key}, numDeriv"), &ours, theirs, (2e-6, 0.0));
        }
    }
}
