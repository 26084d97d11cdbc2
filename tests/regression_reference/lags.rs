//! Distributed lags: dlnm.

use averted::data::{Frame, Panel};
use averted::inference::SmallSample;
use averted::regression::{DistributedLag, LagBasis, Poisson};
use serde_json::Value;

use crate::common::{Comparison, case, numbers, reference};

/// Chicago deaths and ozone, with R's `ns(time, 16)`: natural cubic splines with knots at the quantiles.
fn chicago(gold: &Value) -> (Panel, String) {
    let columns = &gold["datasets"]["chicago4y"]["columns"];
    let column = |name: &str| numbers(&columns[name]);
    let days: Vec<Option<&str>> =
        columns["dow"].as_array().expect("days").iter().map(Value::as_str).collect();
    let n = days.len();
    let knots = (1..16).map(|k| (n - 1) as f64 * f64::from(k) / 16.0).collect();
    let trend = LagBasis::NaturalSpline(knots).matrix(n - 1).expect("fits");
    let mut frame = Frame::new()
        .with_text("city", &vec![Some("Chicago"); n])
        .and_then(|f| f.with_text("dow", &days))
        .and_then(|f| f.with_number("time", column("time")))
        .and_then(|f| f.with_number("death", column("death")))
        .and_then(|f| f.with_number("o3", column("o3")))
        .and_then(|f| f.with_number("over", column("o3").iter().map(|o| (o - 40.0).max(0.0)).collect()))
        .expect("one length");
    let mut formula = "death ~ dow".to_owned();
    for (j, values) in trend.columns().into_iter().enumerate().skip(1) {
        frame = frame.with_number(&format!("s{j}"), values.to_vec()).expect("one length");
        formula += &format!(" + s{j}");
    }
    (Panel::new(frame, "city", "time").expect("a panel"), formula)
}

pub(crate) fn check(out: &mut Comparison) {
    let gold = reference("distributed_lags");
    let (panel, formula) = chicago(&gold);
    for (id, series, basis) in [
        ("chicago_o3_lin_poly", "o3", LagBasis::almon(3)),
        ("chicago_o3_thr_strata", "over", LagBasis::Steps(vec![2, 6])),
    ] {
        let theirs = &case(&gold, id)["values"];
        let lag = DistributedLag::new(series, 10).basis(basis);
        let poisson = Poisson::new().tolerance(1e-12).small_sample(SmallSample::NONE);
        let fit = lag.fit(&poisson, &formula, &panel).expect(id);
        let curve = fit.curve(series).expect(id);
        let model = fit.fit().model();
        let dispersion = model.pearson / (fit.fit().observations() - fit.fit().parameters() as f64);
        let close = (1e-8, 1e-13);
        let one = |value: &Value| vec![value.as_f64().expect(id)];
        out.check(id, "dispersion", &[dispersion], &one(&theirs["dispersion"]), close);
        out.check(id, "deviance", &[model.deviance], &one(&theirs["deviance"]), close);
        // Theirs are for ten units, with the quasi-Poisson error: times the root of the dispersion.
        let ten: Vec<f64> = curve.estimates().iter().map(|b| 10.0 * b).collect();
        let errors: Vec<f64> = curve.std_errors().iter().map(|s| 10.0 * s * dispersion.sqrt()).collect();
        out.check(id, "effect at each lag", &ten, &numbers(&theirs["matfit"][1]), close);
        out.check(id, "their errors", &errors, &numbers(&theirs["matse"][1]), close);
        let total = curve.total(series, 0.95);
        out.check(id, "total effect", &[10.0 * total.estimate], &one(&theirs["allfit"][1]), close);
        let error = 10.0 * total.std_error * dispersion.sqrt();
        out.check(id, "its error", &[error], &one(&theirs["allse"][1]), close);
    }
}
