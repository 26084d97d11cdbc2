//! Regression on real data, under transformations that must not matter, and on input that cannot be used.

mod common;

use averted::Error;
use averted::data::{Factor, Frame};
use averted::inference::covariance::{ClusterKind, FewClusters};
use averted::inference::{Counted, Covariance, Estimates, SmallSample};
use averted::regression::{Ols, OlsFit, Poisson, Sample, WeightKind};
use common::{csv_numbers, shared};
use ndarray::Array2;
use proptest::prelude::*;

fn castle() -> Option<Frame> {
    let path = shared("data/policy_panels/castle_mixtape.csv")?;
    Some(csv_numbers(&path, &["sid", "year", "cdl", "l_homicide", "homicide_c", "population"]))
}

fn close(ours: f64, theirs: f64, digits: f64) {
    assert!((ours - theirs).abs() < digits, "{ours} {theirs}");
}

#[test]
fn castle_doctrine_by_least_squares() {
    let Some(data) = castle() else { return };
    let fit = Ols::new().cluster("sid").fit("l_homicide ~ cdl | sid + year", &data).expect("a fit");
    close(fit.coefficients()[0], 0.087_701_384_9, 5e-11);
    let error = |convention: SmallSample| {
        let fit = fit.with_convention("sid", convention).expect("clusters");
        (fit.std_errors()[0], fit.parameters_counted())
    };
    for (name, convention, theirs, k) in [
        ("CR0", SmallSample::NONE, 0.062_503_124_8, 1),
        ("fixest", SmallSample::FIXEST, 0.063_779_884_2, 12),
        ("full", SmallSample { counted: Counted::All, ..SmallSample::FIXEST }, 0.066_899_124_6, 61),
        ("statsmodels", SmallSample::STATSMODELS, 0.066_899_124_6, 61),
        ("none counted", SmallSample { counted: Counted::None, ..SmallSample::FIXEST }, 0.063_137_690_5, 1),
        ("linearmodels", SmallSample::LINEARMODELS, 0.066_287_042_9, 61),
    ] {
        let (ours, counted) = error(convention);
        println!("OLS {name}: {ours:.10} {theirs}, K = {counted}");
        close(ours, theirs, 5e-11);
        assert_eq!(counted, k, "{name}");
    }
    let plain = fit.with_convention(Covariance::Robust, SmallSample::STATSMODELS).expect("robust");
    close(plain.std_errors()[0], 0.034_993_4, 5e-8);
    let plain = fit.with_convention(Covariance::Classical, SmallSample::LINEARMODELS).expect("classical");
    close(plain.std_errors()[0], 0.034_446_915_7, 5e-11);
    assert_eq!((fit.observations(), fit.clusters(), fit.degrees_of_freedom()), (550.0, &[50][..], 49.0));
    let text = fit.to_string();
    assert!(
        text.contains("clustered by sid (G = 50), small sample fixest: A = 1.02045, K = 12, t(49)"),
        "{text}"
    );
}

#[test]
fn castle_doctrine_by_poisson() {
    let Some(data) = castle() else { return };
    let spec = Poisson::new().cluster("sid");
    let fit =
        spec.clone().offset("log(population)").fit("homicide_c ~ cdl | sid + year", &data).expect("a fit");
    close(fit.coefficients()[0], 0.083_463_504_849_4, 5e-14);
    close(fit.std_errors()[0], 0.032_425_9, 5e-8);
    for (convention, theirs, digits) in
        [(SmallSample::NONE, 0.031_776_759_6, 5e-11), (SmallSample::STATSMODELS, 0.034_011_697_9, 5e-11)]
    {
        let fit = fit.with_convention("sid", convention).expect("clusters");
        println!("Poisson {convention}: {:.10} {theirs}", fit.std_errors()[0]);
        close(fit.std_errors()[0], theirs, digits);
    }
    close(fit.log_likelihood(), -2_607.888, 5e-4);
    assert!(fit.model().score < 1e-10, "{}", fit.model().score);
    let exposed = spec.exposure("population").fit("homicide_c ~ cdl | sid + year", &data).expect("a fit");
    close(exposed.coefficients()[0], fit.coefficients()[0], 1e-14);
}

/// A panel with four effects' worth of structure, deterministic, rows in no order.
fn panel(units: usize, periods: usize) -> Frame {
    let n = units * periods;
    let place = |i: usize| (i * 7_919 + 13) % n;
    let column = |value: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        (0..n)
            .map(|i| (place(i) / periods, place(i) % periods))
            .map(|(u, t)| value(u as f64, t as f64))
            .collect()
    };
    let x = |u: f64, t: f64| (u * 1.3 + t * 0.7).sin() + 0.1 * t;
    let z = |u: f64, t: f64| (u * 0.9 - t * 1.7).cos();
    let mean = |u: f64, t: f64| (1.0 + 0.3 * x(u, t) - 0.2 * z(u, t) + (u * 2.1).sin() + 0.05 * t).exp();
    Frame::new()
        .with_number("unit", column(&|u, _| u))
        .and_then(|f| f.with_number("time", column(&|_, t| t)))
        .and_then(|f| f.with_number("region", column(&|u, _| (u / 3.0).floor())))
        .and_then(|f| f.with_number("x", column(&x)))
        .and_then(|f| f.with_number("z", column(&z)))
        .and_then(|f| f.with_number("people", column(&|u, t| 1_000.0 + 37.0 * u + 5.0 * t)))
        .and_then(|f| f.with_number("repeats", column(&|u, t| 1.0 + ((u + 2.0 * t) % 3.0))))
        .and_then(|f| {
            f.with_number(
                "deaths",
                column(&|u, t| (mean(u, t) * (1.0 + 0.5 * (u * 5.0 + t * 3.0).sin())).round()),
            )
        })
        .and_then(|f| {
            f.with_number("rate", column(&|u, t| mean(u, t).ln() + 0.3 * (u * 11.0 + t * 7.0).sin()))
        })
        .expect("one length")
}

fn reordered(frame: &Frame, order: &[usize]) -> Frame {
    frame.names().fold(Frame::new(), |new, name| {
        let values = frame.number(name).expect("numbers");
        new.with_number(name, order.iter().map(|&row| values[row]).collect()).expect("one length")
    })
}

/// Coefficients and covariance up to relative differences in the size of the largest.
fn same(a: &dyn Estimates, b: &dyn Estimates, tolerance: f64) {
    for (name, value) in a.names().iter().zip(a.coefficients()) {
        let Some(j) = b.names().iter().position(|n| n == name) else { panic!("no {name}") };
        let i = a.names().iter().position(|n| n == name).expect("it is there");
        let (ours, theirs) = (a.covariance()[[i, i]].sqrt(), b.covariance()[[j, j]].sqrt());
        assert!((value - b.coefficients()[j]).abs() < tolerance * value.abs().max(ours), "{name}: {value}");
        assert!((ours / theirs - 1.0).abs() < tolerance, "{name}: {ours} {theirs}");
    }
}

/// The same bits.
fn equal(a: &dyn Estimates, b: &dyn Estimates) {
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let all = |e: &dyn Estimates| {
        bits(&[e.coefficients().to_vec(), e.covariance().iter().copied().collect()].concat())
    };
    assert!(all(a) == all(b), "{:?} and {:?}", a.coefficients(), b.coefficients());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn scaling_the_exposure_shifts_only_the_intercept(factor in 1e-6..1e6_f64) {
        let data = panel(12, 9);
        let spec = Poisson::new().cluster("unit").exposure("people");
        let scaled = data.number("people").expect("numbers").iter().map(|p| p * factor).collect();
        let scaled = data.clone().with_number("people", scaled).expect("one length");
        let fit = |data: &Frame| spec.fit("deaths ~ x + z", data).expect("a fit");
        let (one, other) = (fit(&data), fit(&scaled));
        let shift = one.coefficients()[0] - other.coefficients()[0];
        prop_assert!((shift - factor.ln()).abs() < 1e-9, "{shift}");
        for j in 1..3 {
            prop_assert!((one.coefficients()[j] - other.coefficients()[j]).abs() < 1e-10);
            prop_assert!((one.std_errors()[j] / other.std_errors()[j] - 1.0).abs() < 1e-9);
        }
        prop_assert!((one.log_likelihood() - other.log_likelihood()).abs() < 1e-8);
    }

    #[test]
    fn the_order_of_rows_changes_nothing(step in 1_usize..500, start in 0_usize..100) {
        let data = panel(12, 9);
        let n = data.rows();
        let step = (1..=n).map(|k| step + k).find(|s| gcd(*s, n) == 1).expect("some step is coprime");
        let order: Vec<usize> = (0..n).map(|i| (start + i * step) % n).collect();
        let other = reordered(&data, &order);
        // Cells of one row, cells of several, rows that are equal, and no effect at all; slopes; all covariances.
        let ols = |data: &Frame| Ols::new().fit("rate ~ x + z | unit[[time]] + unit + time", data).expect("a fit");
        let (one, two) = (ols(&data), ols(&other));
        for covariance in ["HC1", "HC3"].map(|kind| kind.parse::<Covariance>().expect("known")) {
            let with = |fit: &OlsFit| fit.with_covariance(covariance.clone()).expect("a covariance");
            equal(&with(&one), &with(&two));
        }
        for kind in [ClusterKind::Cr2, ClusterKind::Cr3, ClusterKind::Jackknife] {
            for formula in ["deaths ~ x + z | region", "deaths ~ x + region", "deaths ~ z | region + time"] {
                let fit = |data: &Frame| {
                    let spec = Poisson::new().covariance(FewClusters::new("unit", kind));
                    spec.exposure("people").fit(formula, data).expect("a fit")
                };
                equal(&fit(&data), &fit(&other));
            }
        }
        let poisson = |data: &Frame| {
            let spec = Poisson::new().cluster("unit").cluster("time").exposure("people");
            spec.fit("deaths ~ x + z | unit + time", data).expect("a fit")
        };
        let (one, two) = (poisson(&data), poisson(&other));
        equal(&one, &two);
        prop_assert_eq!(one.log_likelihood().to_bits(), two.log_likelihood().to_bits());
        prop_assert_eq!(one.fixed_effects().expect("effects"), two.fixed_effects().expect("effects"));
    }

    #[test]
    fn scaling_a_regressor_scales_its_coefficient(power in -30_i32..30) {
        let data = panel(12, 9);
        let factor = 2_f64.powi(power);
        let scaled = data.number("x").expect("numbers").iter().map(|x| x * factor).collect();
        let scaled = data.clone().with_number("x", scaled).expect("one length");
        let fit = |data: &Frame| {
            Poisson::new().covariance(Covariance::Robust).fit("deaths ~ x + z | unit", data).expect("a fit")
        };
        let (one, other) = (fit(&data), fit(&scaled));
        prop_assert!((one.coefficients()[0] / (other.coefficients()[0] * factor) - 1.0).abs() < 1e-11);
        prop_assert!((one.std_errors()[0] / (other.std_errors()[0] * factor) - 1.0).abs() < 1e-11);
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn dummies_equal_absorbed_effects() {
    let data = panel(12, 9);
    // One-way only: several ways need a repair, and that depends on all the coefficients there are.
    for covariance in [Covariance::Classical, Covariance::Robust, Covariance::from("region")] {
        let convention = SmallSample { counted: Counted::All, ..SmallSample::FIXEST };
        let ols = |formula: &str| {
            let spec = Ols::new().covariance(covariance.clone()).small_sample(convention);
            spec.fit(formula, &data).expect(formula)
        };
        let (absorbed, dummies) =
            (ols("rate ~ x + z | unit + time"), ols("rate ~ x + z + i(unit) + i(time)"));
        same(&absorbed, &dummies, 1e-9);
        assert!((absorbed.model().r_squared - dummies.model().r_squared).abs() < 1e-12);
        same(&ols("rate ~ z | unit[x] + time"), &ols("rate ~ z + i(unit) + i(unit, x) + i(time)"), 1e-9);
        let poisson = |formula: &str| {
            let spec =
                Poisson::new().covariance(covariance.clone()).small_sample(convention).exposure("people");
            spec.fit(formula, &data).expect(formula)
        };
        let (absorbed, dummies) =
            (poisson("deaths ~ x + z | unit + time"), poisson("deaths ~ x + z + i(unit) + i(time)"));
        same(&absorbed, &dummies, 1e-8);
        let new = reordered(&data, &[5, 17, 60]);
        let (a, b) = (absorbed.predict(&new).expect("new"), dummies.predict(&new).expect("new"));
        for row in 0..3 {
            close(a.linear[row], b.linear[row], 1e-10);
            close(a.linear_std_error[row] / b.linear_std_error[row], 1.0, 1e-7);
            close(a.std_error[row], a.mean[row] * a.linear_std_error[row], 1e-12);
        }
    }
}

#[test]
fn frequency_weights_equal_repeated_rows() {
    let data = panel(12, 9);
    let repeats = data.number("repeats").expect("numbers").to_vec();
    let order: Vec<usize> = (0..data.rows()).flat_map(|row| vec![row; repeats[row] as usize]).collect();
    let long = reordered(&data, &order);
    for covariance in [Covariance::Classical, Covariance::Robust, Covariance::from("unit")] {
        let ols = Ols::new().covariance(covariance.clone());
        let weighted = ols.clone().frequency_weights("repeats").fit("rate ~ x + z | unit + time", &data);
        let repeated = ols.fit("rate ~ x + z | unit + time", &long).expect("a fit");
        let weighted = weighted.expect("a fit");
        same(&weighted, &repeated, 1e-11);
        close(weighted.log_likelihood(), repeated.log_likelihood(), 1e-9);
        let poisson = Poisson::new().covariance(covariance).exposure("people");
        let weighted = poisson.clone().frequency_weights("repeats").fit("deaths ~ x + z | unit", &data);
        let repeated = poisson.fit("deaths ~ x + z | unit", &long).expect("a fit");
        let weighted = weighted.expect("a fit");
        same(&weighted, &repeated, 1e-9);
        close(weighted.log_likelihood(), repeated.log_likelihood(), 1e-8);
        close(weighted.model().bic, repeated.model().bic, 1e-8);
    }
}

#[test]
fn arrays_and_formula_agree() {
    let data = panel(12, 9);
    let column = |name: &str| data.number(name).expect("numbers").to_vec();
    let x = Array2::from_shape_fn((data.rows(), 2), |(i, j)| column(["x", "z"][j])[i]);
    let sample = Sample::new(column("deaths"), x)
        .and_then(|s| s.named("deaths", &["x", "z"]))
        .and_then(|s| s.absorb("unit", Factor::from_numbers(&column("unit"))))
        .and_then(|s| s.exposure("people", column("people")))
        .and_then(|s| s.weights("repeats", column("repeats"), WeightKind::Analytic))
        .and_then(|s| s.cluster("region", Factor::from_numbers(&column("region"))))
        .expect("one length");
    let spec = Poisson::new().cluster("region");
    let arrays = spec.fit_arrays(sample).expect("a fit");
    let formula =
        spec.exposure("people").weights("repeats").fit("deaths ~ x + z | unit", &data).expect("a fit");
    assert_eq!(arrays.coefficients(), formula.coefficients());
    assert_eq!(arrays.covariance(), formula.covariance());
    assert_eq!(arrays.sentence(), formula.sentence());
    assert!(matches!(arrays.predict(&data), Err(Error::Argument { .. })));
    assert!(matches!(
        arrays.with_covariance("regoin"),
        Err(Error::UnknownColumn { did_you_mean: Some(_), .. })
    ));
}

#[test]
fn fitted_values_are_predictions_in_the_sample() {
    let data = panel(12, 9);
    let poisson = Poisson::new().exposure("people").fit("deaths ~ x | unit + time", &data).expect("a fit");
    let again = poisson.predict(&data).expect("the same data");
    for (fitted, predicted) in poisson.fitted().iter().zip(&again.mean) {
        close(fitted / predicted, 1.0, 1e-11);
    }
    let ols = Ols::new().fit("rate ~ x | unit[time] + region^time", &data).expect("a fit");
    for (fitted, predicted) in ols.fitted().iter().zip(&ols.predict(&data).expect("the same data").mean) {
        close(*fitted, *predicted, 1e-10);
    }
    let sum: f64 = ols.residuals().sum();
    close(sum, 0.0, 1e-10);
}

#[test]
fn collinear_regressors_are_named() {
    let data = panel(12, 9);
    let twice = data.number("x").expect("numbers").iter().zip(data.number("z").expect("numbers"));
    let data =
        data.clone().with_number("both", twice.map(|(x, z)| 2.0 * x - z).collect()).expect("one length");
    let fit: OlsFit = Ols::new().fit("rate ~ x + z + both + region | unit + time", &data).expect("a fit");
    assert_eq!(fit.names(), ["x", "z"]);
    let notes = fit.notes().join("\n");
    assert!(notes.contains("both left out: collinear with x, z"), "{notes}");
    assert!(notes.contains("region left out: collinear with the absorbed effects (unit, time)"), "{notes}");
    let poisson = Poisson::new().fit("deaths ~ x + both + z + region | unit + time", &data).expect("a fit");
    assert_eq!(poisson.names(), ["x", "both"]);
    assert!(matches!(
        Ols::new().fit("rate ~ region | unit", &data),
        Err(Error::NothingToEstimate { why }) if why.contains("region")
    ));
}

#[test]
fn separated_rows_are_left_out_and_reported() {
    let data = panel(12, 9);
    let (time, mut deaths) =
        (data.number("time").expect("numbers"), data.number("deaths").expect("numbers").to_vec());
    // A dummy that is one on zeros only: its coefficient runs to −∞.
    let flag: Vec<f64> =
        (0..data.rows()).map(|i| f64::from(u8::from(time[i] == 3.0 && i % 2 == 0))).collect();
    deaths.iter_mut().zip(&flag).filter(|(_, f)| **f > 0.0).for_each(|(d, _)| *d = 0.0);
    let rows: Vec<usize> = (0..data.rows()).filter(|&i| flag[i] > 0.0).collect();
    let data = data
        .clone()
        .with_number("deaths", deaths)
        .and_then(|f| f.with_number("flag", flag))
        .expect("one length");
    let fit = Poisson::new().fit("deaths ~ x + flag | unit", &data).expect("a fit");
    assert_eq!(fit.model().separated.iter().map(|(row, _)| *row).collect::<Vec<_>>(), rows);
    assert_eq!(fit.names(), ["x"]);
    assert!(fit.dropped().iter().any(|d| d.cause == "separated" && d.count == rows.len()));
    let others: Vec<usize> = (0..data.rows()).filter(|i| !rows.contains(i)).collect();
    let without = Poisson::new().fit("deaths ~ x | unit", &reordered(&data, &others)).expect("a fit");
    close(fit.coefficients()[0], without.coefficients()[0], 1e-13);
}

#[test]
fn bad_input_ends_in_typed_errors() {
    let data = panel(12, 9);
    let with = |name: &str, change: &dyn Fn(usize, f64) -> f64| {
        let values = data.number(name).expect("numbers");
        let values = values.iter().enumerate().map(|(i, &v)| change(i, v)).collect();
        data.clone().with_number(name, values).expect("one length")
    };
    let poisson =
        |data: &Frame| Poisson::new().exposure("people").fit("deaths ~ x | unit", data).unwrap_err();
    let domain = |error: Error, column: &str, at: usize| {
        assert!(matches!(&error, Error::Domain { what, row, .. } if what == column && *row == at), "{error}");
    };
    domain(poisson(&with("deaths", &|i, v| if i == 7 { -1.0 } else { v })), "deaths", 7);
    domain(poisson(&with("people", &|i, v| if i == 9 { 0.0 } else { v })), "people", 9);
    domain(poisson(&with("x", &|i, v| if i == 3 { f64::INFINITY } else { v })), "x", 3);
    let weighted = |data: &Frame| Ols::new().weights("repeats").fit("rate ~ x", data).unwrap_err();
    domain(weighted(&with("repeats", &|i, v| if i == 4 { 0.0 } else { v })), "repeats", 4);
    domain(weighted(&with("repeats", &|i, v| if i == 4 { -2.0 } else { v })), "repeats", 4);
    let halves = with("repeats", &|i, v| if i == 2 { 1.5 } else { v });
    domain(Ols::new().frequency_weights("repeats").fit("rate ~ x", &halves).unwrap_err(), "repeats", 2);
    let nothing = |error: Error| assert!(matches!(error, Error::NothingToEstimate { .. }), "{error}");
    nothing(poisson(&with("deaths", &|_, _| 0.0)));
    nothing(Ols::new().fit("rate ~ x", &with("rate", &|_, _| 2.5)).unwrap_err());
    nothing(Ols::new().fit("rate ~ x | unit + time", &with("x", &|_, _| 1.0)).unwrap_err());
    nothing(Ols::new().fit("unit ~ x | unit", &data).unwrap_err());
    nothing(Ols::new().fit("rate ~ x | unit^time", &data).unwrap_err());
    nothing(Ols::new().fit("rate ~ x", &with("rate", &|_, _| f64::NAN)).unwrap_err());
    nothing(Ols::new().fit("rate ~ 0", &data).unwrap_err());
    let few = reordered(&data, &[0, 1, 2]);
    assert!(matches!(Ols::new().fit("rate ~ x + z", &few), Err(Error::TooShort { needed: 4, found: 3, .. })));
    let one = with("region", &|_, _| 1.0);
    let error = Ols::new().cluster("region").fit("rate ~ x", &one).unwrap_err();
    assert!(
        matches!(&error, Error::TooShort { what, needed: 2, found: 1 } if what.contains("region")),
        "{error}"
    );
    let fit =
        Ols::new().fit("rate ~ x", &with("region", &|i, v| if i < 2 { f64::NAN } else { v })).expect("a fit");
    assert!(matches!(fit.with_covariance("region"), Err(Error::Missing { count: 2, first: 0, .. })));
    assert!(matches!(fit.with_covariance("regin"), Err(Error::UnknownColumn { .. })));
    assert!(Ols::new().fit("rate ~ x | unit | z ~ people", &data).is_err());
    let gap = with("x", &|i, v| if i == 5 { f64::NAN } else { v });
    let fit = Ols::new().fit("rate ~ x", &gap).expect("a fit without the row");
    assert_eq!((fit.dropped()[0].count, fit.dropped()[0].first_row), (1, 5));
}

#[test]
fn predictions_need_levels_that_the_fit_has() {
    let data = panel(12, 9);
    let fit = Poisson::new().exposure("people").fit("deaths ~ x | unit + time", &data).expect("a fit");
    let new = |unit: f64| {
        Frame::new()
            .with_number("unit", vec![unit])
            .and_then(|f| f.with_number("time", vec![3.0]))
            .and_then(|f| f.with_number("x", vec![0.5]))
            .and_then(|f| f.with_number("people", vec![1e3]))
            .expect("one row")
    };
    let known = fit.predict(&new(3.0)).expect("known");
    let (low, high) = known.interval(0.95).expect("a level");
    assert!(low[0] < known.mean[0] && known.mean[0] < high[0] && known.std_error[0] > 0.0);
    assert!(matches!(fit.predict(&new(99.0)), Err(Error::Domain { row: 0, .. })));
}
