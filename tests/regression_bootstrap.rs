//! Wild cluster bootstraps beside the same thing done by hand: every draw a new outcome, every outcome a new regression.

mod common;

use averted::data::{Factor, Frame};
use averted::inference::{BootstrapTest, Draws, Estimates, Multipliers};
use averted::linalg::Cholesky;
use averted::regression::{Bootstrap, Ols, Sample, WeightKind};
use common::{csv_numbers, shared};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;

fn castle() -> Option<Frame> {
    let path = shared("data/policy_panels/castle_mixtape.csv")?;
    let frame = csv_numbers(&path, &["sid", "year", "cdl", "l_homicide", "popwt", "unemployrt", "poverty"]);
    // Regions by number of the state: coarser clusters, fewer than the states.
    let coarse = frame.number("sid").expect("states").iter().map(|s| (s / 9.0).floor()).collect();
    Some(frame.with_number("coarse", coarse).expect("one length"))
}

/// Weighted least squares on all columns, dummies too, with the naive clustered covariance of `R b`.
struct Naive {
    x: Array2<f64>,
    weights: Vec<f64>,
    factor: Cholesky,
}

impl Naive {
    /// Dummies of `effects` after the regressors, the first level left out of all but the first effect.
    fn new(x: &[&[f64]], effects: &[&[f64]], weights: Vec<f64>) -> Self {
        let mut columns: Vec<Vec<f64>> = x.iter().map(|c| c.to_vec()).collect();
        for (e, codes) in effects.iter().enumerate() {
            let factor = Factor::from_numbers(codes);
            for level in u32::from(e > 0)..factor.levels() as u32 {
                columns.push(factor.codes().iter().map(|&c| f64::from(u8::from(c == level))).collect());
            }
        }
        let x = Array2::from_shape_fn((weights.len(), columns.len()), |(i, j)| columns[j][i]);
        let weighted = Array2::from_shape_fn(x.dim(), |(i, j)| x[[i, j]] * weights[i]);
        let factor = Cholesky::new(x.t().dot(&weighted).view(), "dummies").expect("independent columns");
        Self { x, weights, factor }
    }

    fn fit(&self, y: &Array1<f64>) -> (Array1<f64>, Array1<f64>) {
        let right = self.x.t().dot(&Array1::from_shape_fn(y.len(), |i| y[i] * self.weights[i]));
        let b = self.factor.solve(right.view());
        let residual = y - &self.x.dot(&b);
        (b, residual)
    }

    /// The restricted fit with `R b = r`, by Lagrange.
    fn restricted(
        &self,
        y: &Array1<f64>,
        r: &Array2<f64>,
        right: &Array1<f64>,
    ) -> (Array1<f64>, Array1<f64>) {
        let (b, _) = self.fit(y);
        let spread = self.factor.solve_many(r.t());
        let middle = Cholesky::new(r.dot(&spread).view(), "restrictions").expect("independent");
        let b = &b - &spread.dot(&middle.solve((r.dot(&b) - right).view()));
        let residual = y - &self.x.dot(&b);
        (b, residual)
    }

    /// `F = (R b − r)'V⁻¹(R b − r) / q`, or for one restriction the signed `t`; one factor a crossing.
    fn statistic(
        &self,
        (b, residual): &(Array1<f64>, Array1<f64>),
        (r, right): (&Array2<f64>, &Array1<f64>),
        parts: &[(f64, Vec<u32>)],
    ) -> f64 {
        let spread = self.factor.solve_many(r.t());
        let mut v = Array2::<f64>::zeros((r.nrows(), r.nrows()));
        for (factor, codes) in parts {
            let groups = *codes.iter().max().expect("rows") as usize + 1;
            let mut sums = Array2::<f64>::zeros((groups, self.x.ncols()));
            for (i, &g) in codes.iter().enumerate() {
                sums.row_mut(g as usize).scaled_add(self.weights[i] * residual[i], &self.x.row(i));
            }
            let scores = sums.dot(&spread);
            v = v + scores.t().dot(&scores) * *factor;
        }
        let apart = r.dot(b) - right;
        if r.nrows() == 1 {
            return apart[0] / v[[0, 0]].sqrt();
        }
        let inverse = Cholesky::new(v.view(), "V").expect("positive");
        apart.dot(&inverse.solve(apart.view())) / r.nrows() as f64
    }

    /// `t*` of every draw, the long way.
    fn bootstrap(
        &self,
        y: &Array1<f64>,
        (r, right): (&Array2<f64>, &Array1<f64>),
        parts: &[(f64, Vec<u32>)],
        groups: &[u32],
        draws: &Draws,
        impose: bool,
    ) -> Vec<f64> {
        let (b, residual) = if impose { self.restricted(y, r, right) } else { self.fit(y) };
        let centre = if impose { right.clone() } else { r.dot(&b) };
        let fitted = self.x.dot(&b);
        (0..draws.len())
            .map(|i| {
                let v = draws.draw(i);
                let star =
                    Array1::from_shape_fn(y.len(), |i| fitted[i] + v[groups[i] as usize] * residual[i]);
                self.statistic(&self.fit(&star), (r, &centre), parts)
            })
            .collect()
    }
}

fn codes(values: &[f64]) -> Vec<u32> {
    Factor::from_numbers(values).codes().to_vec()
}

/// Every statistic of ours with theirs, and the p-value that follows.
fn agree(test: &BootstrapTest, observed: f64, naive: &[f64]) {
    assert!((test.statistic - observed).abs() < 1e-10 * observed.abs(), "{} {observed}", test.statistic);
    assert_eq!(test.draws.len(), naive.len());
    for (ours, theirs) in test.draws.iter().zip(naive) {
        assert!((ours - theirs).abs() < 1e-10 * theirs.abs().max(1.0), "{ours} {theirs}");
    }
    let far = naive.iter().filter(|t| t.abs() >= observed.abs() * (1.0 - 1e-9)).count();
    let p = (1 + far) as f64 / (1 + naive.len()) as f64;
    assert!((test.p_value - p).abs() < 1e-10, "{} {p}", test.p_value);
}

#[test]
fn castle_by_hand_whatever_the_weights() {
    let Some(data) = castle() else { return };
    let column = |name: &str| data.number(name).expect("a column");
    let (sid, year) = (column("sid"), column("year"));
    let y = Array1::from(column("l_homicide").to_vec());
    let naive = Naive::new(&[column("cdl")], &[sid, year], column("popwt").to_vec());
    let fit = Ols::new()
        .weights("popwt")
        .cluster("sid")
        .fit("l_homicide ~ cdl | sid + year", &data)
        .expect("a fit");
    let r = Array2::from_shape_fn((1, naive.x.ncols()), |(_, j)| f64::from(u8::from(j == 0)));
    let groups = codes(sid);
    for kind in [Multipliers::Rademacher, Multipliers::Webb, Multipliers::Mammen, Multipliers::Normal] {
        for (impose, right) in [(true, 0.0), (true, 0.05), (false, 0.02)] {
            let test = Bootstrap::new(format!("cdl = {right}")).draws(199).weights(kind).impose_null(impose);
            let test = fit.wild_bootstrap(&test.seed(8)).expect("a test");
            let right = Array1::from(vec![right]);
            let factor = (fit.std_errors()[0] / raw_error(&naive, &y, &r, &groups)).powi(2);
            let parts = [(factor, groups.clone())];
            let draws = Draws::new(kind, 50, 199, Some(8));
            let by_hand = naive.bootstrap(&y, (&r, &right), &parts, &groups, &draws, impose);
            agree(&test, naive.statistic(&naive.fit(&y), (&r, &right), &parts), &by_hand);
            assert!((test.std_error - fit.std_errors()[0]).abs() < 1e-12);
            assert!((test.estimate - fit.coefficients()[0]).abs() < 1e-14);
        }
    }
}

/// The clustered standard error without a factor.
fn raw_error(naive: &Naive, y: &Array1<f64>, r: &Array2<f64>, groups: &[u32]) -> f64 {
    let fit = naive.fit(y);
    let right = Array1::zeros(1);
    r.dot(&fit.0)[0] / naive.statistic(&fit, (r, &right), &[(1.0, groups.to_vec())])
}

#[test]
fn joint_two_way_and_subclusters_by_hand() {
    let Some(data) = castle() else { return };
    let column = |name: &str| data.number(name).expect("a column");
    let (sid, year, coarse) = (column("sid"), column("year"), column("coarse"));
    let y = Array1::from(column("l_homicide").to_vec());
    let x = [column("cdl"), column("unemployrt"), column("poverty")];
    let naive = Naive::new(&x, &[sid, year], vec![1.0; y.len()]);
    let k = naive.x.ncols();
    let unit = |j: usize| Array1::from_shape_fn(k, |i| f64::from(u8::from(i == j)));
    let fit = Ols::new()
        .small_sample(averted::inference::SmallSample::NONE)
        .fit("l_homicide ~ cdl + unemployrt + poverty | sid + year", &data)
        .expect("a fit");
    let mut r = Array2::zeros((2, k));
    r.row_mut(0).assign(&unit(0));
    r.row_mut(1).assign(&(unit(1) - unit(2) * 2.0));
    let right = Array1::from(vec![0.01, 0.0]);
    let draws = Draws::new(Multipliers::Rademacher, 50, 99, Some(3));
    let groups = codes(sid);
    let parts = [(1.0, groups.clone())];
    for impose in [true, false] {
        let test = Bootstrap::new("cdl = 0.01, unemployrt = 2*poverty").cluster("sid").draws(99).seed(3);
        let test = fit.wild_bootstrap(&test.impose_null(impose)).expect("a test");
        assert_eq!((test.restrictions, test.interval), (2, None));
        let by_hand = naive.bootstrap(&y, (&r, &right), &parts, &groups, &draws, impose);
        agree(&test, naive.statistic(&naive.fit(&y), (&r, &right), &parts), &by_hand);
    }

    // Two-way: the sum over crossings, multipliers by the variable with the fewest clusters.
    let r = unit(0).insert_axis(Axis(0));
    let right = Array1::zeros(1);
    let cells: Vec<f64> = sid.iter().zip(year).map(|(s, t)| s * 1e4 + t).collect();
    let parts = [(1.0, groups.clone()), (1.0, codes(year)), (-1.0, codes(&cells))];
    let test = Bootstrap::new("cdl = 0").cluster("sid").cluster("year").draws(99).seed(3);
    let test = fit.wild_bootstrap(&test).expect("a test");
    let draws = Draws::new(Multipliers::Rademacher, 11, 99, Some(3));
    let by_hand = naive.bootstrap(&y, (&r, &right), &parts, &codes(year), &draws, true);
    let observed = naive.statistic(&naive.fit(&y), (&r, &right), &parts);
    let defined: Vec<f64> = by_hand.iter().copied().filter(|t| !t.is_nan()).collect();
    assert_eq!(test.undefined, by_hand.len() - defined.len());
    let far = defined.iter().filter(|t| t.abs() >= observed.abs() * (1.0 - 1e-9)).count();
    assert!((test.p_value - (1 + far) as f64 / (1 + defined.len()) as f64).abs() < 1e-12);

    // Multipliers finer than the clusters, and coarser than the effects.
    let parts = [(1.0, codes(coarse))];
    let test = Bootstrap::new("cdl = 0").cluster("coarse").bootstrap_cluster("sid").draws(99).seed(3);
    let draws = Draws::new(Multipliers::Rademacher, 50, 99, Some(3));
    let by_hand = naive.bootstrap(&y, (&r, &right), &parts, &groups, &draws, true);
    let test = fit.wild_bootstrap(&test).expect("a test");
    agree(&test, naive.statistic(&naive.fit(&y), (&r, &right), &parts), &by_hand);
    let cells =
        Bootstrap::new("cdl = 0").cluster("coarse").bootstrap_cluster("sid").bootstrap_cluster("year");
    assert_eq!(fit.wild_bootstrap(&cells.draws(9)).expect("a test").groups, 550);
}

#[test]
fn the_interval_holds_what_is_not_rejected() {
    let Some(data) = castle() else { return };
    let fit = Ols::new().cluster("sid").fit("l_homicide ~ cdl | sid + year", &data).expect("a fit");
    for impose in [true, false] {
        let ask = |right: f64| {
            let test = Bootstrap::new(format!("cdl = {right:.17}"))
                .draws(999)
                .seed(5)
                .impose_null(impose)
                .level(0.9);
            fit.wild_bootstrap(&test).expect("a test")
        };
        let test = ask(0.0);
        let interval = test.interval.expect("asked for");
        println!("castle, 90 %: [{}, {}], p {}", interval.lower, interval.upper, test.p_value);
        assert!(interval.lower < test.estimate && test.estimate < interval.upper);
        let width = interval.upper - interval.lower;
        for (end, out) in [(interval.lower, -1e-9), (interval.upper, 1e-9)] {
            assert!(ask(end + out * width).p_value <= 0.1 + 1e-12);
            assert!(ask(end - out * width).p_value > 0.1);
        }
        assert_eq!(test.interval.is_some_and(|i| i.lower > 0.0), test.p_value <= 0.1);
    }
}

#[test]
fn row_order_threads_and_kind_of_label_change_no_multiplier() {
    let Some(data) = castle() else { return };
    let n = data.rows();
    let place = |i: usize| (i * 7_919 + 13) % n;
    let names = ["sid", "year", "cdl", "l_homicide"];
    let moved = names.iter().fold(Frame::new(), |frame, name| {
        let values = data.number(name).expect("a column");
        frame.with_number(name, (0..n).map(|i| values[place(i)]).collect()).expect("one length")
    });
    let labels: Vec<String> = data.number("sid").expect("states").iter().map(f64::to_string).collect();
    let text: Vec<Option<&str>> = (0..n).map(|i| Some(labels[place(i)].as_str())).collect();
    let texts = names[1..].iter().fold(Frame::new(), |frame, name| {
        frame.with_number(name, moved.number(name).expect("a column").to_vec()).expect("one length")
    });
    let texts = texts.with_text("sid", &text).expect("one length");
    let run = |frame: &Frame| {
        let fit = Ols::new().cluster("sid").fit("l_homicide ~ cdl | sid + year", frame).expect("a fit");
        fit.wild_bootstrap(&Bootstrap::new("cdl = 0").draws(499).seed(2)).expect("a test")
    };
    let first = run(&data);
    for frame in [&moved, &texts] {
        let again = run(frame);
        assert_eq!((first.p_value, first.exceeding), (again.p_value, again.exceeding));
        for (a, b) in first.draws.iter().zip(&again.draws) {
            assert!((a - b).abs() < 1e-10 * a.abs().max(1.0), "{a} {b}");
        }
    }
    let again = run(&data);
    assert_eq!(first, again);
}

#[test]
fn what_cannot_be_tested_is_refused() {
    let x = Array2::from_shape_fn((12, 1), |(i, _)| (i as f64 * 1.3).sin());
    let y: Vec<f64> = (0..12).map(|i| (f64::from(i) * 0.7).cos()).collect();
    let state = Factor::from_numbers(&[0., 0., 0., 1., 1., 1., 2., 2., 2., 3., 3., 3.]);
    let sample = Sample::new(y, x).expect("one length").cluster("state", state).expect("one length");
    let fit = Ols::new().fit_arrays(sample).expect("a fit");
    let error = |test: Bootstrap| fit.wild_bootstrap(&test).expect_err("refused").to_string();
    assert!(error(Bootstrap::new("x1 = 0")).contains("cluster"));
    let with = |text: &str| Bootstrap::new(text).cluster("state");
    assert!(error(with("x2 = 0")).contains("x1"));
    assert!(error(with("x1 = 0, x1 = 1")).contains("not positive definite"));
    assert!(error(with("x1 = 0").draws(0)).contains("at least 1"));
    assert!(error(with("x1 = 0").level(1.0)).contains("level"));
    assert!(error(Bootstrap::new("x1 = 0").cluster("stat")).contains("did you mean `state`"));
    // Four clusters: sixteen sign vectors, in pairs of one absolute value, so that 5 % is never reached.
    let test = fit.wild_bootstrap(&with("x1 = 0")).expect("a test");
    assert!(test.enumerated && test.p_value >= 0.125 && test.notes[0].contains("16 sign vectors"));
    assert!(test.interval.is_some_and(|i| i.lower == f64::NEG_INFINITY && i.upper == f64::INFINITY));
    assert!(test.to_string().contains("all 16 sign vectors"), "{test}");
}

#[test]
fn one_treated_cluster_is_noted() {
    let (states, years) = (12, 6);
    let n = states * years;
    let place = |f: &dyn Fn(usize) -> f64| (0..n).map(f).collect::<Vec<f64>>();
    let frame = |treated: usize| {
        Frame::new()
            .with_number("state", place(&|i| (i / years) as f64))
            .and_then(|f| f.with_number("year", place(&|i| (i % years) as f64)))
            .and_then(|f| f.with_number("y", place(&|i| (i as f64 * 1.9).sin())))
            .and_then(|f| {
                f.with_number("x", place(&|i| f64::from(u8::from(i / years < treated && i % years > 2))))
            })
            .expect("one length")
    };
    for (treated, noted) in [(1, true), (5, false)] {
        let fit = Ols::new().cluster("state").fit("y ~ x | state + year", &frame(treated)).expect("a fit");
        let test = fit.wild_bootstrap(&Bootstrap::new("x = 0").draws(99)).expect("a test");
        assert_eq!(test.notes.iter().any(|n| n.contains("clusters carry")), noted, "{:?}", test.notes);
    }
}

proptest! {
    /// Frequency weights are the repeated rows.
    #[test]
    fn frequency_weights_repeat_rows(counts in prop::collection::vec(1_u8..4, 24)) {
        let value = |i: usize, f: f64| (i as f64 * f).sin();
        let build = |rows: &[usize], weights: Option<Vec<f64>>| {
            let x = Array2::from_shape_fn((rows.len(), 2), |(i, j)| value(rows[i], 1.1 + j as f64));
            let y: Vec<f64> = rows.iter().map(|&i| value(i, 0.37)).collect();
            let by = |modulus: usize| {
                Factor::from_numbers(&rows.iter().map(|&i| (i % modulus) as f64).collect::<Vec<_>>())
            };
            let sample = Sample::new(y, x).expect("x").absorb("t", by(5)).expect("t").cluster("g", by(6)).expect("g");
            match weights {
                Some(w) => sample.weights("w", w, WeightKind::Frequency).expect("w"),
                None => sample,
            }
        };
        let once: Vec<usize> = (0..24).collect();
        let repeated: Vec<usize> = once.iter().flat_map(|&i| vec![i; counts[i] as usize]).collect();
        let weights = counts.iter().map(|&c| f64::from(c)).collect();
        let run = |sample: Sample| {
            let fit = Ols::new().fit_arrays(sample).expect("a fit");
            fit.wild_bootstrap(&Bootstrap::new("x1 = x2").cluster("g")).expect("a test")
        };
        let (a, b) = (run(build(&once, Some(weights))), run(build(&repeated, None)));
        for (a, b) in a.draws.iter().zip(&b.draws) {
            prop_assert!((a - b).abs() < 1e-8 * a.abs().max(1.0), "{} {}", a, b);
        }
    }
}
