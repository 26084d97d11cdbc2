//! The score bootstrap beside the same thing done by hand: a fit under the null, then every draw a weighted regression of
//! the multiplied scores on all columns, dummies too.

mod common;

use averted::data::{Factor, Frame};
use averted::inference::{Draws, Estimates, Multipliers};
use averted::linalg::Cholesky;
use averted::regression::{Bootstrap, Poisson};
use common::{csv_numbers, shared};
use ndarray::{Array1, Array2};

fn castle() -> Option<Frame> {
    let path = shared("data/policy_panels/castle_mixtape.csv")?;
    Some(csv_numbers(&path, &["sid", "year", "cdl", "homicide_c", "population", "unemployrt", "poverty"]))
}

/// Regressors, then dummies; the first level of the second effect left out.
fn columns(data: &Frame, x: &[&str]) -> Array2<f64> {
    let column = |name: &str| data.number(name).expect("a column").to_vec();
    let mut all: Vec<Vec<f64>> = x.iter().map(|name| column(name)).collect();
    for (effect, first) in [("sid", 0), ("year", 1)] {
        let factor = Factor::from_numbers(&column(effect));
        for level in first..factor.levels() as u32 {
            all.push(factor.codes().iter().map(|&c| f64::from(u8::from(c == level))).collect());
        }
    }
    Array2::from_shape_fn((data.rows(), all.len()), |(i, j)| all[j][i])
}

/// `t*` of `R b` (`F*` of several rows) for every draw: a regression of `v ũ` with weights `μ̃`, clustered.
fn by_hand(
    x: &Array2<f64>,
    (y, mean): (&[f64], &Array1<f64>),
    r: &Array2<f64>,
    groups: &[u32],
    factor: f64,
    draws: &[Vec<f64>],
) -> Vec<f64> {
    let weighted = Array2::from_shape_fn(x.dim(), |(i, j)| x[[i, j]] * mean[i]);
    let solver = Cholesky::new(x.t().dot(&weighted).view(), "dummies").expect("independent columns");
    let spread = solver.solve_many(r.t());
    let clusters = *groups.iter().max().expect("rows") as usize + 1;
    let one = |v: &Vec<f64>| {
        let star = Array1::from_shape_fn(y.len(), |i| v[groups[i] as usize] * (y[i] - mean[i]) / mean[i]);
        let b = solver.solve(x.t().dot(&(&star * mean)).view());
        let left = &star - &x.dot(&b);
        let mut sums = Array2::<f64>::zeros((clusters, x.ncols()));
        for (i, &g) in groups.iter().enumerate() {
            sums.row_mut(g as usize).scaled_add(mean[i] * left[i], &x.row(i));
        }
        let scores = sums.dot(&spread);
        let v = scores.t().dot(&scores) * factor;
        let apart = r.dot(&b);
        if r.nrows() == 1 {
            return apart[0] / v[[0, 0]].sqrt();
        }
        let inverse = Cholesky::new(v.view(), "V").expect("positive");
        apart.dot(&inverse.solve(apart.view())) / r.nrows() as f64
    };
    draws.iter().map(one).collect()
}

#[test]
fn castle_by_hand() {
    let Some(data) = castle() else { return };
    let names = ["cdl", "unemployrt", "poverty"];
    let spec = Poisson::new().exposure("population").cluster("sid");
    let formula = "homicide_c ~ cdl + unemployrt + poverty | sid + year";
    let fit = spec.fit(formula, &data).expect("a fit");
    let x = columns(&data, &names);
    let y = data.number("homicide_c").expect("deaths");
    let groups = Factor::from_numbers(data.number("sid").expect("states")).codes().to_vec();
    let factor = fit.small_sample_factor() * 50.0 / 49.0;
    let at = |j: usize, v: f64| if j == 0 { v } else { 0.0 };
    // The fit under the null, its offset written out: cdl = 0.05, unemployrt = 2 poverty.
    let with = |name: &str, f: &dyn Fn(usize) -> f64| {
        data.clone().with_number(name, (0..data.rows()).map(f).collect()).expect("one length")
    };
    let column = |name: &str, row: usize| data.number(name).expect("a column")[row];
    let nulls = [
        (
            "cdl = 0.05",
            Poisson::new().offset("o").fit(
                "homicide_c ~ unemployrt + poverty | sid + year",
                &with("o", &|i| column("population", i).ln() + 0.05 * column("cdl", i)),
            ),
            Array2::from_shape_fn((1, x.ncols()), |(_, j)| at(j, 1.0)),
        ),
        (
            "unemployrt = 2*poverty, cdl = 0.05",
            Poisson::new().offset("o").fit(
                "homicide_c ~ both | sid + year",
                &with("o", &|i| column("population", i).ln() + 0.05 * column("cdl", i))
                    .with_number(
                        "both",
                        (0..data.rows())
                            .map(|i| 2.0 * column("unemployrt", i) + column("poverty", i))
                            .collect(),
                    )
                    .expect("one length"),
            ),
            Array2::from_shape_fn((2, x.ncols()), |(i, j)| match (i, j) {
                (0, 1) | (1, 0) => 1.0,
                (0, 2) => -2.0,
                _ => 0.0,
            }),
        ),
    ];
    for (hypothesis, null, r) in nulls {
        let mean = null.expect("a fit under the null").fitted();
        for kind in [Multipliers::Rademacher, Multipliers::Webb] {
            let draws = Draws::new(kind, 50, 199, Some(4));
            let all: Vec<Vec<f64>> = (0..199).map(|i| draws.draw(i)).collect();
            let theirs = by_hand(&x, (y, &mean), &r, &groups, factor, &all);
            let observed = by_hand(&x, (y, &mean), &r, &groups, factor, &[vec![1.0; 50]])[0];
            let test = Bootstrap::new(hypothesis).draws(199).weights(kind).seed(4).level(None);
            let ours = fit.score_bootstrap(&test).expect("a test");
            println!("{hypothesis}, {kind}: {} {observed}, p {}", ours.statistic, ours.p_value);
            assert!((ours.statistic - observed).abs() < 1e-8 * observed.abs().max(1.0));
            for (ours, theirs) in ours.draws.iter().zip(&theirs) {
                assert!((ours - theirs).abs() < 1e-8 * theirs.abs().max(1.0), "{ours} {theirs}");
            }
            let far = theirs.iter().filter(|t| t.abs() >= observed.abs()).count();
            assert_eq!(ours.p_value, (1 + far) as f64 / 200.0);
        }
    }
}

#[test]
fn the_interval_ends_where_the_test_turns() {
    let Some(data) = castle() else { return };
    let spec = Poisson::new().exposure("population").cluster("sid");
    let fit = spec.fit("homicide_c ~ cdl | sid + year", &data).expect("a fit");
    let ask = |right: f64, level: Option<f64>| {
        let test = Bootstrap::new(format!("cdl = {right:.17}")).draws(999).seed(4).level(level);
        fit.score_bootstrap(&test).expect("a test")
    };
    let test = ask(0.0, Some(0.95));
    let interval = test.interval.expect("asked for");
    println!(
        "castle Poisson: t {} p {} [{}, {}]",
        test.statistic, test.p_value, interval.lower, interval.upper
    );
    assert!((test.estimate - fit.coefficients()[0]).abs() < 1e-15);
    assert!((test.std_error - fit.std_errors()[0]).abs() < 1e-12);
    let step = 1e-3 * test.std_error;
    for (end, out) in [(interval.lower, -step), (interval.upper, step)] {
        assert!(ask(end + out, None).p_value <= 0.05 + 1e-12);
        assert!(ask(end - out, None).p_value > 0.05);
    }
}

#[test]
fn nothing_but_the_null_and_the_unrestricted() {
    let n = 60;
    let group: Vec<f64> = (0..n).map(|i| f64::from(i % 6)).collect();
    let x: Vec<f64> = (0..n).map(|i| (f64::from(i) * 1.7).sin()).collect();
    let deaths: Vec<f64> = (0..n).map(|i| (3.0 + 2.0 * (f64::from(i) * 0.9).cos()).floor()).collect();
    let data = Frame::new()
        .with_number("g", group)
        .and_then(|f| f.with_number("x", x))
        .and_then(|f| f.with_number("deaths", deaths))
        .expect("one length");
    // Under this null there is nothing left to fit.
    let fit = Poisson::new().cluster("g").fit("deaths ~ 0 + x", &data).expect("a fit");
    let test = fit.score_bootstrap(&Bootstrap::new("x = 0").level(None)).expect("a test");
    assert!(test.enumerated && test.statistic.is_finite());
    // At the estimate itself the score is zero, and every draw is as far.
    let here = format!("x = {:.17}", fit.coefficients()[0]);
    let test = fit.score_bootstrap(&Bootstrap::new(here).level(None)).expect("a test");
    assert!(test.statistic.abs() < 1e-6 && test.p_value > 0.99);
    // Without the null the statistic is Wald's.
    let free = fit.score_bootstrap(&Bootstrap::new("x = 0").impose_null(false).level(0.9)).expect("a test");
    let wald = fit.wald("x = 0").expect("a test").combinations[0].statistic;
    assert!((free.statistic / wald - 1.0).abs() < 1e-8, "{} {wald}", free.statistic);
    assert!(free.interval.is_some_and(|i| i.lower < free.estimate && free.estimate < i.upper));
}
