//! Random effects, between, first differences, regressions by period and AR(1) errors: what holds whatever the data, and
//! what is refused.

mod common;

use averted::Error;
use averted::data::Frame;
use averted::inference::covariance::{Autocorrelation, BeckKatz, ClusterKind, FewClusters};
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::{
    Ar1, Between, Estimator, FamaMacBeth, FirstDifferences, LocalProjection, Ols, Poisson, RandomEffects,
    SpecificationTest as Which, TransformedFit,
};
use common::{frame, reference};

/// Grunfeld's firms with gaps, and a column that does not change within a firm.
fn firms() -> Frame {
    let gold = reference("panel_estimators");
    let frame = frame(&gold["datasets"]["grunfeld_gaps"]);
    let firm = frame.number("firm").expect("a column").to_vec();
    frame
        .with_number("half", firm.iter().map(|f| f64::from(u8::from(*f > 5.0))).collect())
        .expect("one length")
}

/// The rows in another order.
fn turned(frame: &Frame) -> Frame {
    let n = frame.rows();
    let order: Vec<usize> = (0..n).map(|i| (i * 61 + 7) % n).collect();
    assert!({
        let mut all = order.clone();
        all.sort_unstable();
        all.into_iter().eq(0..n)
    });
    let names: Vec<String> = frame.names().map(str::to_owned).collect();
    names.iter().fold(Frame::new(), |made, name| {
        let values = frame.number(name).expect("numbers");
        made.with_number(name, order.iter().map(|&row| values[row]).collect()).expect("one length")
    })
}

const FORMULA: &str = "inv ~ value + capital";

fn random() -> RandomEffects {
    RandomEffects::new().panel("firm", "year")
}

#[test]
fn the_order_of_rows_changes_no_bit() {
    let (straight, other) = (firms(), turned(&firms()));
    let bits = |fit: &dyn Estimates| -> Vec<u64> {
        fit.coefficients().iter().chain(fit.covariance()).map(|v| v.to_bits()).collect()
    };
    let fits = |data: &Frame| -> Vec<Vec<u64>> {
        let transformed = [
            random().cluster("firm").fit(FORMULA, data),
            random().covariance(BeckKatz::between_units()).fit(FORMULA, data),
            Between::new().panel("firm", "year").cluster("half").fit(FORMULA, data),
            FirstDifferences::new().drift().panel("firm", "year").cluster("firm").fit(FORMULA, data),
            Ar1::new()
                .panel("firm", "year")
                .covariance(Autocorrelation::newey_west().lags(1))
                .fit(FORMULA, data),
            Ar1::new().drop_first().panel("firm", "year").fit(FORMULA, data),
        ];
        let mut all: Vec<Vec<u64>> =
            transformed.iter().map(|fit| bits(fit.as_ref().expect("a fit") as &dyn Estimates)).collect();
        let mean = FamaMacBeth::new().panel("firm", "year").fit(FORMULA, data).expect("a fit");
        all.push(bits(&mean));
        let fit = Ols::new().panel("firm", "year").covariance(BeckKatz::within_units()).fit(FORMULA, data);
        all.push(bits(&fit.expect("a fit")));
        all
    };
    assert_eq!(fits(&straight), fits(&other));
}

#[test]
fn random_effects_lie_between_pooled_and_within() {
    let data = firms();
    let fit = random().fit("inv ~ value + capital + half", &data).expect("a fit");
    let Estimator::RandomEffects(found) = &fit.model().estimator else { panic!("of random effects") };
    assert!(found.theta.iter().all(|theta| (0.0..1.0).contains(theta)));
    // Coefficients of the means' regression with x and its mean are those within units, whatever theta.
    let values = |name: &str| data.number(name).expect("numbers").to_vec();
    let firm = values("firm");
    let mean = |name: &str| -> Vec<f64> {
        let x = values(name);
        let of = |f: f64| {
            let own: Vec<f64> = x.iter().zip(&firm).filter(|(_, g)| **g == f).map(|(v, _)| *v).collect();
            own.iter().sum::<f64>() / own.len() as f64
        };
        firm.iter().map(|&f| of(f)).collect()
    };
    let wide =
        data.clone().with_number("mv", mean("value")).and_then(|d| d.with_number("mc", mean("capital")));
    let wide = wide.expect("one length");
    let both = random().fit("inv ~ value + capital + mv + mc", &wide).expect("a fit");
    let within = Ols::new().fit("inv ~ value + capital | firm", &data).expect("a fit");
    for (ours, theirs) in both.coefficients().iter().skip(1).zip(within.coefficients()) {
        assert!((ours / theirs - 1.0).abs() < 1e-9, "{ours} {theirs}");
    }
    // Only what does not change within a firm.
    let only = random().fit("inv ~ half", &data).expect("a fit");
    assert!(only.specification_test(Which::Hausman).is_err());
    assert!(only.std_errors().iter().all(|e| e.is_finite()));
}

#[test]
fn no_variance_between_units_is_least_squares_and_said() {
    let n = 60;
    let unit: Vec<f64> = (0..n).map(|i| f64::from(i / 6)).collect();
    let time: Vec<f64> = (0..n).map(|i| f64::from(i % 6)).collect();
    let x: Vec<f64> = (0..n).map(|i| f64::from(i * i % 17)).collect();
    // Errors that add up to zero in every unit.
    let y: Vec<f64> = x.iter().zip(0..n).map(|(x, i)| 2.0 + 0.5 * x + [1.0, -1.0][i as usize % 2]).collect();
    let data = [("unit", unit), ("time", time), ("x", x), ("y", y)]
        .into_iter()
        .fold(Frame::new(), |frame, (name, values)| frame.with_number(name, values).expect("one length"));
    let fit = RandomEffects::new().panel("unit", "time").fit("y ~ x", &data).expect("a fit");
    let pooled = Ols::new().fit("y ~ x", &data).expect("a fit");
    assert!(fit.notes().iter().any(|note| note.contains("comes out as zero")), "{:?}", fit.notes());
    for (a, b) in fit.coefficients().iter().zip(pooled.coefficients()) {
        assert!((a / b - 1.0).abs() < 1e-12);
    }
    for (a, b) in fit.std_errors().iter().zip(&pooled.std_errors()) {
        assert!((a / b - 1.0).abs() < 1e-12);
    }
}

#[test]
fn sizes_of_outcome_and_regressors_change_nothing_else() {
    let data = firms();
    let scaled = |by: f64, of: f64| {
        let times =
            |name: &str, by: f64| data.number(name).expect("numbers").iter().map(|v| v * by).collect();
        data.clone()
            .with_number("y", times("inv", by))
            .and_then(|d| d.with_number("x", times("value", of)))
            .expect("one length")
    };
    let fits = |data: &Frame| -> Vec<[f64; 2]> {
        let formula = "y ~ x + capital";
        let ratio = |fit: &dyn Estimates| {
            let at = fit.names().iter().position(|n| n == "x").expect("a coefficient");
            [fit.coefficients()[at], fit.coefficients()[at] / fit.std_errors()[at]]
        };
        vec![
            ratio(&random().fit(formula, data).expect("a fit")),
            ratio(&Between::new().panel("firm", "year").fit(formula, data).expect("a fit")),
            ratio(&FirstDifferences::new().panel("firm", "year").fit(formula, data).expect("a fit")),
            ratio(&FamaMacBeth::new().panel("firm", "year").fit(formula, data).expect("a fit")),
            ratio(&Ar1::new().panel("firm", "year").fit(formula, data).expect("a fit")),
        ]
    };
    let plain = fits(&scaled(1.0, 1.0));
    for (by, of) in [(1e100, 1.0), (1e-100, 1e-3), (1.0, 1e6)] {
        for (a, b) in fits(&scaled(by, of)).iter().zip(&plain) {
            assert!((a[0] / b[0] / by * of - 1.0).abs() < 1e-8, "{a:?} {b:?} {by}");
            assert!((a[1] / b[1] - 1.0).abs() < 1e-8, "{a:?} {b:?} {by}");
        }
    }
}

#[test]
fn predictions_are_of_levels_or_refused() {
    let data = firms();
    let close = |fit: &TransformedFit| {
        let new = fit.predict(&data).expect("predictions");
        let rows = fit.rows();
        for (fitted, row) in fit.fitted().iter().zip(rows) {
            assert!((new.mean[row] - fitted).abs() < 1e-9 * fitted.abs().max(1.0));
            assert!(new.std_error[row] > 0.0);
        }
    };
    close(&random().fit(FORMULA, &data).expect("a fit"));
    close(&random().covariance(BeckKatz::between_units()).fit(FORMULA, &data).expect("a fit"));
    close(&Ar1::new().panel("firm", "year").fit(FORMULA, &data).expect("a fit"));
    let between = Between::new().panel("firm", "year").fit(FORMULA, &data).expect("a fit");
    assert_eq!((between.rows().len(), between.observations()), (10, 10.0));
    assert!(between.predict(&data).expect("predictions").std_error[0] > 0.0);
    let by_period = FamaMacBeth::new().panel("firm", "year").fit(FORMULA, &data).expect("a fit");
    let new = by_period.predict(&data).expect("predictions");
    assert!((new.mean[3] - by_period.fitted()[3]).abs() < 1e-9);
    let differences = FirstDifferences::new().panel("firm", "year").fit(FORMULA, &data).expect("a fit");
    assert!(matches!(differences.predict(&data), Err(Error::Argument { .. })));
    // A prediction at the origin has the intercept's error under panel-corrected errors, effects or not.
    let fit = Ols::new().panel("firm", "year").covariance(BeckKatz::between_units());
    let fit = fit.fit("inv ~ value + capital | firm", &data).expect("a fit");
    let errors = fit.predict(&data).expect("predictions").std_error;
    assert!(errors.iter().all(|e| e.is_finite() && *e > 0.0));
}

/// The standard error of a firm's mean prediction with absorbed firms is that of the same regression with dummies.
#[test]
fn panel_corrected_errors_of_predictions_with_effects() {
    let data = firms();
    let spec = Ols::new().panel("firm", "year").covariance(BeckKatz::between_units());
    let spec = spec.small_sample(SmallSample::NONE);
    let absorbed =
        spec.fit("inv ~ value + capital | firm", &data).expect("a fit").predict(&data).expect("rows");
    let dummies =
        spec.fit("inv ~ value + capital + i(firm)", &data).expect("a fit").predict(&data).expect("rows");
    for (a, b) in absorbed.std_error.iter().zip(&dummies.std_error) {
        assert!((a / b - 1.0).abs() < 1e-8, "{a} {b}");
    }
}

#[test]
fn the_autocorrelation_is_that_of_its_own_residuals() {
    let data = firms();
    for spec in [Ar1::new(), Ar1::new().drop_first()] {
        let fit = spec.panel("firm", "year").fit(FORMULA, &data).expect("a fit");
        let Estimator::Ar1(found) = &fit.model().estimator else { panic!("of AR(1) errors") };
        let values = |name: &str| data.number(name).expect("numbers");
        let predicted = fit.predict(&data).expect("predictions").mean;
        let mut e: Vec<f64> = values("inv").iter().zip(&predicted).map(|(y, m)| y - m).collect();
        let mean = e.iter().sum::<f64>() / e.len() as f64;
        e.iter_mut().for_each(|e| *e -= mean);
        let (firm, year) = (values("firm"), values("year"));
        // Rows are sorted by firm and year.
        let pairs = (1..e.len()).filter(|&i| firm[i] == firm[i - 1] && year[i] - year[i - 1] == 1.0);
        let products: Vec<f64> = pairs.map(|i| e[i] * e[i - 1]).collect();
        let own = e.iter().map(|e| e * e).sum::<f64>() / e.len() as f64;
        let rho = products.iter().sum::<f64>() / products.len() as f64 / own;
        assert!((rho - found.rho).abs() < 1e-8, "{rho} {}", found.rho);
    }
    let few = Ar1::new().panel("firm", "year").max_iterations(2).fit(FORMULA, &data);
    assert!(matches!(few, Err(Error::NotConverged { iterations: 2, .. })));
}

#[test]
fn periods_that_tell_nothing_are_left_out() {
    let data = firms();
    // Three rows in 1935 of which two firms alone have values: fewer rows than coefficients.
    let (firm, year) = (data.number("firm").expect("numbers"), data.number("year").expect("numbers"));
    let value: Vec<f64> = data
        .number("value")
        .expect("numbers")
        .iter()
        .zip(firm.iter().zip(year))
        .map(|(v, (f, y))| if *y == 1935.0 && *f > 2.0 { f64::NAN } else { *v })
        .collect();
    let data = data.clone().with_number("own", value).expect("one length");
    let fit = FamaMacBeth::new().panel("firm", "year").fit("inv ~ own + capital", &data).expect("a fit");
    assert_eq!(fit.model().periods.first(), Some(&1936));
    let said = fit.dropped().iter().find(|d| d.cause.contains("does not tell all")).expect("said");
    assert_eq!(said.count, 2);
    let mean = fit.model().by_period.mean_axis(ndarray::Axis(0)).expect("periods");
    for (a, b) in mean.iter().zip(fit.coefficients()) {
        assert!((a / b - 1.0).abs() < 1e-12);
    }
    // What is the same for all in a period cannot be told from its constant.
    let none = FamaMacBeth::new().panel("firm", "year").fit("inv ~ value + year", &data);
    assert!(matches!(none, Err(Error::NothingToEstimate { .. })), "{none:?}");
    assert!(fit.with_covariance(Covariance::Classical).is_err());
    assert!(fit.leverage().is_err() && fit.condition_number().is_err());
    assert!(fit.with_covariance(FewClusters::new("firm", ClusterKind::Cr2)).is_err());
}

#[test]
fn what_means_nothing_is_refused() {
    let data = firms();
    let refused = |result: averted::Result<TransformedFit>, part: &str| {
        let error = result.expect_err(part).to_string();
        assert!(error.contains(part), "{error}");
    };
    refused(RandomEffects::new().fit(FORMULA, &data), "panel(unit, time)");
    refused(random().weights("capital").fit(FORMULA, &data), "weights");
    refused(random().fit("inv ~ value | firm", &data), "the absorbed effect firm");
    refused(
        Between::new().panel("firm", "year").fit("inv ~ value | year", &data),
        "the absorbed effect year",
    );
    refused(Between::new().panel("firm", "year").cluster("year").fit(FORMULA, &data), "belong to one row");
    let related = Between::new().panel("firm", "year").covariance(Autocorrelation::newey_west().lags(1));
    refused(related.fit(FORMULA, &data), "neither");
    refused(Ar1::new().rho(1.0).fit(FORMULA, &data), "between -1 and 1");
    refused(Ar1::new().tolerance(0.0).fit(FORMULA, &data), "above 0");
    refused(FirstDifferences::new().panel("firm", "year").fit("inv ~ value | half^year", &data), "half^year");
    let two =
        data.clone().with_number("each", (0..data.rows()).map(|i| i as f64).collect()).expect("one length");
    refused(RandomEffects::new().panel("each", "year").fit(FORMULA, &two), "rows of some unit");
    refused(FirstDifferences::new().panel("each", "year").fit(FORMULA, &two), "neighbouring periods");
    refused(Ar1::new().panel("each", "year").fit(FORMULA, &two), "neighbouring periods");
    // Panel-corrected errors are of residuals, without weights, and of linear models.
    let corrected = |covariance: BeckKatz| Covariance::from(covariance.unit("firm").time("year"));
    let weighted = Ols::new().weights("capital").fit(FORMULA, &data).expect("a fit");
    assert!(weighted.with_covariance(corrected(BeckKatz::between_units())).is_err());
    let counts = Poisson::new().fit(FORMULA, &data).expect("a fit");
    assert!(counts.with_covariance(corrected(BeckKatz::within_units())).is_err());
    let one = Ols::new().fit(FORMULA, &data).expect("a fit");
    assert!(one.with_covariance(BeckKatz::between_units()).is_err(), "neither unit nor time");
    let projection = Ols::new().panel("firm", "year").covariance(BeckKatz::between_units());
    let response = LocalProjection::new("inv", "value", 1).fit(&projection, &data);
    assert!(response.and_then(|r| r.curve().map(|_| ())).is_err());
    let test = one.specification_test(Which::Hausman);
    assert!(matches!(test, Err(Error::Argument { .. })));
}
