//! Wild cluster bootstraps whose draws are all there are, so that nothing is left to chance.

use averted::inference::{Covariance, SmallSample};
use averted::regression::{Bootstrap, Ols};

use crate::common::{Comparison, case, frame, numbers, reference};

pub(crate) fn wild(out: &mut Comparison) {
    let id = "wild_cluster_restricted_full_enumeration";
    let data = frame(&reference("regression_linear")["datasets"]["grunfeld10"]);
    let fit = Ols::new()
        .covariance(Covariance::cluster(["firm"]))
        .small_sample(SmallSample::STATA)
        .fit("inv ~ value + capital", &data)
        .expect("a fit");
    let gold = reference("wild_bootstrap");
    let gold = case(&gold, id);
    for term in ["capital", "value"] {
        let theirs = &gold["values"][term];
        let test = fit.wild_bootstrap(&Bootstrap::new(format!("{term} = 0"))).expect("a test");
        assert!(test.enumerated, "2^10 draws are fewer than those asked for");
        let all = test.draws.len() as f64;
        let mut largest: Vec<f64> = test.draws.iter().map(|t| t.abs()).collect();
        largest.sort_unstable_by(f64::total_cmp);
        let mut check = |what: &str, ours: &[f64], theirs: &[f64]| {
            out.check(id, &format!("{term}, {what}"), ours, theirs, (1e-10, 0.0));
        };
        let one = |key: &str| [theirs[key].as_f64().expect("a number")];
        check("estimate", &[test.estimate], &one("coef"));
        check("clustered error", &[test.std_error], &one("se_cr1"));
        check("t", &[test.statistic], &one("t"));
        check("draws", &[all], &one("n_draws"));
        check("p-value, ties counted", &[test.p_value], &one("p_two_sided_abs_ge"));
        check("p-value, ties left out", &[test.exceeding.1 as f64 / all], &one("p_two_sided_abs_gt_strict"));
        check(
            "largest t* in size",
            &largest[largest.len() - 5..],
            &numbers(&theirs["t_star_abs_sorted_top5"]),
        );
    }
}
