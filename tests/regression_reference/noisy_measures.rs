//! Noisy measures that instrument each other: linearmodels and statsmodels on rows stacked by hand.

use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::NoisyMeasures;
use serde_json::Value;

use crate::common::{Comparison, frame, numbers, reference};
use crate::tolerance;

pub(crate) fn check(out: &mut Comparison) {
    let gold = reference("noisy_measures");
    let data = frame(&gold["datasets"]["noisy"]);
    for case in gold["cases"].as_array().expect("cases") {
        let id = case["id"].as_str().expect("an id");
        let (spec, values) = (&case["spec"], &case["values"]);
        let measures = spec["measures"].as_array().expect("names").iter().map(|m| m.as_str().expect("text"));
        let mut wanted = NoisyMeasures::new(measures).small_sample(SmallSample::NONE);
        if let Some(weights) = spec["weights"].as_str() {
            wanted = wanted.weights(weights);
        }
        let by_unit = spec["cluster"] == "unit";
        let first = if by_unit { Covariance::from("unit") } else { Covariance::Robust };
        let formula = spec["formula"].as_str().expect("a formula");
        let fit = wanted.covariance(first).fit(formula, &data).expect(id);
        let mut check = |what: &str, ours: Vec<f64>, theirs: &Value| {
            let theirs = if theirs[0].is_array() {
                theirs.as_array().expect("pairs").iter().flat_map(numbers).collect()
            } else {
                numbers(theirs)
            };
            out.check(id, what, &ours, &theirs, tolerance(&gold));
        };
        let row = fit.row(0.95);
        check("all measures together", vec![row.estimate, row.std_error], &values["signal"]);
        let measures = fit.measures(0.95).expect("measures");
        let pairs = |of: &dyn Fn(usize) -> (f64, f64)| {
            (0..measures.len()).flat_map(|j| <[f64; 2]>::from(of(j))).collect::<Vec<f64>>()
        };
        let each = pairs(&|j| (measures[j].instrumented.estimate, measures[j].instrumented.std_error));
        check("each instrumented by the others", each, &values["instrumented"]);
        let each = pairs(&|j| (measures[j].least_squares.estimate, measures[j].least_squares.std_error));
        check("each by least squares", each, &values["least_squares"]);
        let each = pairs(&|j| (measures[j].reliability.estimate, measures[j].reliability.std_error));
        check("reliabilities", each, &values["reliability"]);
        let test = fit.agreement().expect("a test");
        let square =
            if test.degrees.is_finite() { test.statistic * test.restrictions as f64 } else { test.statistic };
        check("agreement", vec![square], &Value::from(vec![values["wald"].clone()]));
        assert_eq!(
            fit.stacked().coefficients().len() % measures.len(),
            1,
            "controls by measure, and one signal"
        );
    }
}
