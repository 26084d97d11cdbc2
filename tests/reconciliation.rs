//! Reconciled forecasts beside hierarchicalforecast.

mod common;

use averted::forecast::reconciliation::{Hierarchy, Method, Reconciliation, shrunk_covariance};
use common::{Comparison, case, numbers, reference, tolerance};
use ndarray::{Array2, ArrayView2};
use serde_json::Value;

fn hierarchy(file: &Value) -> Hierarchy {
    let sums = file["datasets"]["states"]["sums"].as_object().expect("sums");
    let list = |v: &Value| -> Vec<String> {
        v.as_array().expect("a list").iter().map(|p| p.as_str().expect("a name").to_owned()).collect()
    };
    // In the file's order of names: a map has its own.
    let names = list(&file["datasets"]["states"]["names"]);
    let parts: Vec<(&str, Vec<String>)> =
        names.iter().filter_map(|n| sums.get(n).map(|v| (n.as_str(), list(v)))).collect();
    let views: Vec<(&str, &[String])> = parts.iter().map(|(n, p)| (*n, p.as_slice())).collect();
    let made = Hierarchy::sums(&views).expect("a hierarchy");
    assert_eq!(made.names(), names);
    made
}

/// Time × series, in the order of the hierarchy.
fn columns(file: &Value, what: &str, hierarchy: &Hierarchy) -> Array2<f64> {
    let part = &file["datasets"]["states"]["columns"][what];
    let columns: Vec<Vec<f64>> = hierarchy.names().iter().map(|n| numbers(&part[n])).collect();
    Array2::from_shape_fn((columns[0].len(), columns.len()), |(t, j)| columns[j][t])
}

fn reconciliation(
    id: &str,
    hierarchy: &Hierarchy,
    y: ArrayView2<'_, f64>,
    errors: ArrayView2<'_, f64>,
) -> Reconciliation {
    let method = match id {
        "bottom_up" => Method::BottomUp,
        id if id.starts_with("ols") => Method::Ols,
        id if id.starts_with("wls_struct") => Method::WlsStruct,
        id if id.starts_with("wls_var") => Method::WlsVar,
        id if id.starts_with("mint_shrink") => Method::Shrink,
        "top_down" => {
            let means = y.mean_axis(ndarray::Axis(0)).expect("means");
            let shares: Vec<f64> = hierarchy.bottom().iter().map(|&b| means[b] / means[0]).collect();
            return Reconciliation::top_down(hierarchy, &shares).expect("top-down");
        }
        other => panic!("no method for {other}"),
    };
    let made = Reconciliation::new(hierarchy, method, Some(errors)).expect("a reconciliation");
    if id.ends_with("_nonnegative") { made.nonnegative().expect("a programme") } else { made }
}

#[test]
fn values_of_hierarchicalforecast() {
    let file = reference("reconciliation");
    let hierarchy = hierarchy(&file);
    let y = columns(&file, "y", &hierarchy);
    let errors = &y - &columns(&file, "fitted", &hierarchy);
    let mut table = Comparison::default();
    for gold in file["cases"].as_array().expect("cases") {
        let id = gold["id"].as_str().expect("an id");
        if id == "shrunk_covariance" {
            let (ours, _) = shrunk_covariance(errors.view()).expect("a covariance");
            let theirs: Vec<f64> =
                gold["values"]["covariance"].as_array().expect("rows").iter().flat_map(numbers).collect();
            let ours: Vec<f64> = ours.iter().copied().collect();
            table.check(id, "covariance", &ours, &theirs, tolerance(gold));
            continue;
        }
        let made = reconciliation(id, &hierarchy, y.view(), errors.view());
        let each = |v: &Value| v.as_array().expect("rows").iter().map(numbers).collect::<Vec<_>>();
        let base = each(&gold["spec"]["base"]);
        let ours: Vec<f64> = base.iter().flat_map(|b| made.points(b).expect("points")).collect();
        let theirs: Vec<f64> = each(&gold["values"]["reconciled"]).concat();
        table.check(id, "reconciled", &ours, &theirs, tolerance(gold));
    }
    table.finish(
        "conformance_reconciliation.md",
        "# Conformance: reconciliation\n\n\
         Reconciled forecasts of a country, two regions and five states beside hierarchicalforecast; \
         `tests/reconciliation.rs` makes\nthis page (`make docs`) and fails when a value differs by more than \
         1e-12 (relative), or 1e-6 where the peer adds 2e-8 to\nvariances and standard deviations, or 1e-5 \
         (absolute) where it rounds to single precision (the quadratic programmes; a difference of 1e0 there is \
         our zero beside its\n1e-7).\n",
        &[],
    );
}

/// The programmes of the file are solved at least as well as by the peer: the objective is not higher.
#[test]
fn the_objective_is_not_above_that_of_the_peer() {
    let file = reference("reconciliation");
    let hierarchy = hierarchy(&file);
    let gold = case(&file, "ols_nonnegative");
    let base = numbers(&gold["spec"]["base"][0]);
    let made = Reconciliation::new(&hierarchy, Method::Ols, None).and_then(Reconciliation::nonnegative);
    let ours = made.and_then(|r| r.points(&base)).expect("points");
    let theirs = numbers(&gold["values"]["reconciled"][0]);
    let objective = |v: &[f64]| v.iter().zip(&base).map(|(v, b)| (v - b).powi(2)).sum::<f64>();
    assert!(ours.iter().all(|v| *v >= 0.0));
    assert!(objective(&ours) <= objective(&theirs) + 1e-9, "{ours:?} {theirs:?}");
}
