//! Distributed lags: curves as linear maps of a regression, properties, and refusals.

use averted::Error;
use averted::data::{Frame, Panel};
use averted::inference::Estimates;
use averted::regression::{DistributedLag, LagBasis, Ols, Poisson};
use ndarray::{Array1, Array2};

/// 12 units by 40 periods, unevenly weighted, with counts that answer to `x` over seven periods.
fn panel() -> Panel {
    let wave = |i: usize, a: f64| (i as f64 * a).sin();
    let rows: Vec<(usize, usize)> = (0..12).flat_map(|u| (0..40).map(move |t| (u, t))).collect();
    let x = |u: usize, t: i64| ((u as f64 * 12.9 + t as f64 * 4.37).sin() * 43.7).fract();
    let column = |f: &dyn Fn(usize, usize) -> f64| rows.iter().map(|&(u, t)| f(u, t)).collect::<Vec<f64>>();
    let response = |u: usize, t: usize| {
        (0..7).map(|l| 0.1 * (6 - l) as f64 * x(u, t as i64 - l)).sum::<f64>() + 0.3 * wave(u, 2.2)
    };
    let names: Vec<String> = rows.iter().map(|(u, _)| format!("u{u:02}")).collect();
    let names: Vec<Option<&str>> = names.iter().map(|n| Some(n.as_str())).collect();
    let people = |u: usize, t: usize| 1e4 * (1.0 + u as f64) + 37.0 * t as f64;
    let deaths = |u: usize, t: usize| {
        (people(u, t) / 1e3 * response(u, t).exp() + 3.0 * wave(u * 40 + t, 7.7).abs()).round()
    };
    let frame = Frame::new()
        .with_text("unit", &names)
        .and_then(|f| f.with_number("t", column(&|_, t| t as f64)))
        .and_then(|f| f.with_number("x", column(&|u, t| x(u, t as i64))))
        .and_then(|f| f.with_number("z", column(&|u, t| wave(u * 40 + t, 3.3))))
        .and_then(|f| f.with_number("w", column(&|u, t| 1.0 + ((u + t) % 3) as f64)))
        .and_then(|f| f.with_number("people", column(&people)))
        .and_then(|f| f.with_number("deaths", column(&deaths)))
        .and_then(|f| f.with_number("y", column(&|u, t| response(u, t) + 0.2 * wave(u * 40 + t, 5.1))))
        .expect("one length");
    Panel::new(frame, "unit", "t").expect("a panel")
}

fn same<'a>(a: impl IntoIterator<Item = &'a f64>, b: impl IntoIterator<Item = &'a f64>, digits: f64) {
    let (a, b): (Vec<&f64>, Vec<&f64>) = (a.into_iter().collect(), b.into_iter().collect());
    assert_eq!(a.len(), b.len());
    for (a, b) in a.into_iter().zip(b) {
        assert!((a - b).abs() <= digits * (1e-3 + b.abs()), "{a} {b}");
    }
}

#[test]
fn a_full_basis_changes_nothing() {
    let panel = panel();
    let poisson = Poisson::new().exposure("people").weights("w").cluster("unit").tolerance(1e-12);
    let lag = DistributedLag::new("x", 5).leads(2);
    let knots = LagBasis::log_knots(5, 2);
    let free = lag.clone().fit(&poisson, "deaths ~ z | unit + t", &panel).expect("a fit");
    for basis in [
        LagBasis::almon(5),
        LagBasis::BSpline { degree: 3, knots: knots.clone() },
        LagBasis::Steps(vec![1, 2, 3, 4, 5]),
    ] {
        let held = lag.clone().basis(basis).fit(&poisson, "deaths ~ z | unit + t", &panel).expect("a fit");
        let (a, b) = (held.curve("x").expect("a curve"), free.curve("x").expect("a curve"));
        same(a.estimates(), b.estimates(), 1e-8);
        same(a.covariance(), b.covariance(), 1e-7);
        let test =
            |f: &averted::regression::DistributedLagFit<_>| f.lead_test().expect("regular").expect("leads");
        assert!((test(&held).statistic / test(&free).statistic - 1.0).abs() < 1e-7);
    }
}

#[test]
fn curves_are_the_regression_on_columns_of_the_basis() {
    let panel = panel();
    let basis = LagBasis::Almon { degree: 3, near: false, far: true };
    let map = basis.matrix(6).expect("fits");
    let shifted: Vec<Vec<f64>> =
        (0..7).map(|l| panel.index().shift(panel.frame().number("x").expect("x"), l)).collect();
    let mut frame = panel.frame().clone();
    for j in 0..map.ncols() {
        let sum = |row: usize| (0..7).map(|l| map[[l, j]] * shifted[l][row]).sum();
        frame = frame.with_number(&format!("q{j}"), (0..480).map(sum).collect()).expect("one length");
    }
    let ols = Ols::new().weights("w").cluster("unit");
    let by_hand = ols.fit("y ~ q0 + q1 + q2 + z | unit + t", &frame).expect("a fit");
    let ours = DistributedLag::new("x", 6).basis(basis).fit(&ols, "y ~ z | unit + t", &panel).expect("a fit");
    assert_eq!(ours.fit().observations(), by_hand.observations());
    let theta: Array1<f64> = by_hand.coefficients().iter().take(3).copied().collect();
    let covariance = Array2::from_shape_fn((3, 3), |(i, j)| by_hand.covariance()[[i, j]]);
    let curve = ours.curve("x").expect("a curve");
    same(curve.estimates(), &map.dot(&theta), 1e-10);
    same(curve.covariance(), &map.dot(&covariance).dot(&map.t()), 1e-9);
    // Cumulative effects are the tests of the sums.
    let free = DistributedLag::new("x", 2).fit(&ols, "y ~ z | unit + t", &panel).expect("a fit");
    let sum = free.curve("x").expect("a curve").cumulative();
    let test = free.fit().wald("lag(x, 0) + lag(x, 1) = 0").expect("a test");
    assert!((sum.estimates()[1] - test.combinations[0].estimate).abs() < 1e-12);
    assert!((sum.std_errors()[1] - test.combinations[0].std_error).abs() < 1e-12);
    let again = ours.with_covariance("t").expect("clusters").curve("x").expect("a curve");
    same(again.estimates(), curve.estimates(), 0.0);
    assert!((again.std_errors()[0] - curve.std_errors()[0]).abs() > 1e-6);
}

#[test]
fn lengths_are_compared_on_the_same_rows() {
    let panel = panel();
    let ols = Ols::new();
    let lengths = [0, 2, 6, 9];
    let found = DistributedLag::new("x", 0).lengths(&ols, "y ~ w | unit", &panel, &lengths).expect("fits");
    assert!(found.iter().all(|l| l.observations == found[3].observations));
    let best = found.iter().min_by(|a, b| a.bic.total_cmp(&b.bic)).expect("four");
    assert_eq!(best.lags, 6); // the true response ends there
    // The longest is the fit itself.
    let own = DistributedLag::new("x", 9).fit(&ols, "y ~ w | unit", &panel).expect("a fit");
    assert!((own.fit().model().aic - found[3].aic).abs() < 1e-8);
}

#[test]
fn rows_in_any_order_give_the_same_curve() {
    let panel = panel();
    let lag = DistributedLag::new("exp(z)", 3).and("x").basis(LagBasis::almon(2)).leads(1);
    let spec = Ols::new().cluster("unit");
    let turned: Vec<usize> = (0..480).map(|i| (i * 77 + 5) % 480).collect();
    let mut frame = Frame::new()
        .with_column(
            "unit",
            averted::data::Column::Factor(panel.frame().factor("unit").expect("unit").take(&turned)),
        )
        .expect("one length");
    for name in ["t", "x", "z", "y", "w"] {
        let values = panel.frame().number(name).expect("there");
        frame = frame.with_number(name, turned.iter().map(|&i| values[i]).collect()).expect("one length");
    }
    let a = lag.fit(&spec, "y ~ w | unit", &panel).expect("a fit");
    // A plain frame, with unit and time named by the regression.
    let b = lag.fit(&spec.panel("unit", "t"), "y ~ w | unit", &frame).expect("a fit");
    for series in ["exp(z)", "x"] {
        let (a, b) = (a.curve(series).expect("a curve"), b.curve(series).expect("a curve"));
        same(a.estimates(), b.estimates(), 1e-8);
        same(&a.std_errors(), &b.std_errors(), 1e-8);
        assert_eq!(a.points(0.9, 4).expect("points"), a.points(0.9, 4).expect("points"));
    }
    assert!(a.to_string().contains("leads: joint test p = "), "{a}");
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let panel = panel();
    let ols = Ols::new();
    let lag = DistributedLag::new("x", 3);
    let refused = lag.fit(&ols, "y ~ z", panel.frame()).unwrap_err();
    assert!(refused.to_string().contains("Panel"), "{refused}");
    let twice = lag.clone().and("x").fit(&ols, "y ~ z", &panel).unwrap_err();
    assert!(matches!(twice, Error::Argument { .. }), "{twice}");
    // The time itself has lags that are one column.
    let trend = DistributedLag::new("t", 2).fit(&ols, "y ~ z", &panel).unwrap_err();
    assert!(matches!(trend, Error::NothingToEstimate { .. }), "{trend}");
    assert!(DistributedLag::new("x", 50).fit(&ols, "y ~ z", &panel).is_err());
    let unknown = lag.fit(&ols, "y ~ z", &panel).expect("a fit").curve("xx").unwrap_err();
    assert!(matches!(unknown, Error::UnknownColumn { .. }), "{unknown}");
    assert!(DistributedLag::new("x", 3).lengths(&ols, "y ~ z", &panel, &[]).is_err());
}
