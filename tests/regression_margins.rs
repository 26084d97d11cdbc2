//! Quantities after the fit: the delta method of fits with a dummy for every level, and properties.

mod common;

use averted::data::Frame;
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::{At, Margins, Ols, Poisson, PoissonFit, Setting, Slope};
use common::{frame, numbers, reference};
use serde_json::Value;

fn data() -> (Value, Frame, String) {
    let gold = reference("margins");
    let formula = gold["formula"].as_str().expect("a formula").to_owned();
    let data = frame(&gold);
    (gold, data, formula)
}

fn same(found: &Margins, at: usize, gold: &Value, what: &str) {
    let theirs = numbers(&gold[what]);
    let (estimate, error) = (found.estimates[at], found.std_errors()[at]);
    assert!((estimate - theirs[0]).abs() <= 1e-8 * theirs[0].abs(), "{what}: {estimate} {}", theirs[0]);
    // Where clusters hold their effects, the variance of an average is 0 up to rounding.
    let none = theirs[1] < 1e-6 * theirs[0].abs();
    let reach = if none { 1e-6 * theirs[0].abs() } else { 1e-8 * theirs[1] };
    assert!((error - theirs[1]).abs() <= reach, "{what}: {error} {}", theirs[1]);
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn the_delta_method_with_dummies() {
    let (gold, data, formula) = data();
    for case in gold["cases"].as_array().expect("cases") {
        let covariance = match case["covariance"].as_str().expect("a name") {
            "cluster" => Covariance::cluster(["unit"]),
            "cluster_year" => Covariance::cluster(["year"]),
            kind => kind.parse().expect("a kind"),
        };
        if case["model"] != "poisson" {
            continue;
        }
        let spec = Poisson::new().exposure("pop").covariance(covariance).small_sample(SmallSample::NONE);
        let fit = spec.fit(&formula, &data).expect("a fit");
        let (values, by) = (&case["values"], names(&["region"]));
        let x = names(&["x"]);
        for (slope, what) in [
            (Slope::Dydx, "dydx x"),
            (Slope::Eyex, "eyex x"),
            (Slope::Eydx, "eydx x"),
            (Slope::Dyex, "dyex x"),
        ] {
            let found = fit.marginal_effects(&x, slope, &At::default(), &[], None).expect("effects");
            same(&found, 0, values, what);
        }
        let found = fit.marginal_effects(&x, Slope::Dydx, &At::default(), &by, None).expect("effects");
        same(&found, 1, values, "dydx x | 1");
        let found = fit.average_prediction(&[], &by, None).expect("averages");
        same(&found, 0, values, "prediction | 0");
        let half = data.number("x").expect("numbers").iter().map(|x| 0.5 * x).collect();
        let found = fit.averted(&[("x".into(), Setting::Path(half))], &by, None).expect("deaths");
        same(&found.averted, 1, values, "averted half | 1");
    }
}

fn sloped(data: &Frame) -> PoissonFit {
    Poisson::new().exposure("pop").fit("y ~ x + z | unit[year]", data).expect("a fit")
}

/// Slopes that vary by level are absorbed effects as any other: written out as interactions they give the same.
#[test]
fn varying_slopes_are_interactions() {
    let (_, data, _) = data();
    let spec = Poisson::new().exposure("pop");
    let written = spec.fit("y ~ x + z + i(unit) + i(unit):year", &data).expect("a fit");
    let absorbed = sloped(&data);
    let x = names(&["x"]);
    let of =
        |fit: &PoissonFit| fit.marginal_effects(&x, Slope::Dydx, &At::default(), &[], None).expect("effects");
    let (a, b) = (of(&absorbed), of(&written));
    assert!((a.estimates[0] / b.estimates[0] - 1.0).abs() < 1e-9);
    // The inverse information of the two is the same but for rounding in 16 dummies and trends.
    assert!((a.std_errors()[0] / b.std_errors()[0] - 1.0).abs() < 1e-8);
}

/// In a linear model, the average effect is the coefficient, with its standard error.
#[test]
fn linear_effects_are_coefficients() {
    let (_, data, _) = data();
    let fit = Ols::new().cluster("unit").fit("y ~ x + z | unit + year", &data).expect("a fit");
    let found = fit.marginal_effects(&[], Slope::Dydx, &At::default(), &[], None).expect("effects");
    assert_eq!(found.names, ["x", "z"]);
    for j in 0..2 {
        assert!((found.estimates[j] / fit.coefficients()[j] - 1.0).abs() < 1e-14);
        assert!((found.std_errors()[j] / fit.std_errors()[j] - 1.0).abs() < 1e-12);
    }
}
