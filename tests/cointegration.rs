//! Tests of cointegration and distributed lags beside urca, statsmodels and ARDL, and closed forms.

mod common;

use averted::Error;
use averted::inference::{CoefficientRow, Estimates};
use averted::timeseries::ardl::{Ardl, ArdlFit, BoundsCase, Criterion};
use averted::timeseries::cointegration::{Deterministics, EngleGranger, Johansen, JohansenTest};
use averted::timeseries::unit_root::{Deterministic, Lags};
use averted::timeseries::var::Terms;
use common::{Comparison, case, numbers, reference, tolerance};
use ndarray::{Array2, s};
use serde_json::Value;

fn denmark() -> (Vec<String>, Array2<f64>) {
    let columns = &reference("unitroot_cointegration_breaks")["datasets"]["denmark"]["columns"];
    let names: Vec<String> = ["LRM", "LRY", "IBO", "IDE"].map(String::from).to_vec();
    let series: Vec<Vec<f64>> = names.iter().map(|n| numbers(&columns[n])).collect();
    let x = Array2::from_shape_fn((series[0].len(), 4), |(t, j)| series[j][t]);
    (names, x)
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn urca(table: &mut Comparison, id: &str, season: usize) {
    let file = reference("unitroot_cointegration_breaks");
    let gold = case(&file, id);
    let within = tolerance(gold);
    let (names, x) = denmark();
    for (key, values) in gold["values"].as_object().expect("cases") {
        let kind = match key.split('_').next().expect("a part") {
            "none" => Deterministics::Constant,
            "const" => Deterministics::ConstantWithin,
            _ => Deterministics::TrendWithin,
        };
        let lags = if key.contains("K2") { 1 } else { 2 };
        let spec = Johansen::new(lags).deterministics(kind).season(season);
        let spec = if key.contains("longrun") { spec.long_run() } else { spec };
        let ours = spec.test(&names, x.view()).expect("a test");
        // urca lists r ≤ p − 1 first.
        let back = |v: &[f64]| -> Vec<f64> { v.iter().rev().copied().collect() };
        let theirs = numbers(&values["eigenvalues"]);
        table.check(id, &format!("{key}: eigenvalues"), &ours.eigenvalues, &theirs[..4], within);
        table.check(id, &format!("{key}: trace"), &back(&ours.trace), &numbers(&values["trace"]), within);
        let largest = numbers(&values["maxeig"]);
        table.check(id, &format!("{key}: largest eigenvalue"), &back(&ours.largest), &largest, within);
        let theirs = |name: &str| -> Vec<f64> {
            let rows = values[name].as_array().expect("rows");
            rows.iter().flat_map(|row| numbers(row)[..4].to_vec()).collect()
        };
        table.check(id, &format!("{key}: relations"), &flat(&ours.beta), &theirs("beta"), (1e-6, 1e-9));
        table.check(id, &format!("{key}: loadings"), &flat(&ours.alpha), &theirs("alpha"), (1e-6, 1e-9));
    }
}

fn flat(a: &Array2<f64>) -> Vec<f64> {
    a.slice(s![.., ..4]).iter().copied().collect()
}

/// A line taken out of every series beforehand, which statsmodels does for its `det_order = 1`.
fn detrended(x: &Array2<f64>) -> Array2<f64> {
    let n = x.nrows() as f64;
    let middle = (n - 1.0) / 2.0;
    let mut out = x.clone();
    for mut column in out.columns_mut() {
        let mean = column.sum() / n;
        let (mut up, mut down) = (0.0, 0.0);
        for (t, v) in column.iter().enumerate() {
            up += (t as f64 - middle) * v;
            down += (t as f64 - middle).powi(2);
        }
        column.indexed_iter_mut().for_each(|(t, v)| *v -= mean + up / down * (t as f64 - middle));
    }
    out
}

fn statsmodels(table: &mut Comparison) {
    let id = "py_johansen_denmark";
    let file = reference("python_regression_iv_unitroot");
    let gold = case(&file, id);
    let (names, x) = denmark();
    let without = detrended(&x);
    for (key, values) in gold["values"].as_object().expect("cases") {
        let lags = if key.ends_with('1') { 1 } else { 2 };
        let (kind, tables, x) = match key.split('_').next().expect("a part") {
            "det-1" => (Deterministics::None, Deterministics::None, &x),
            "det0" => (Deterministics::Constant, Deterministics::Constant, &x),
            // Theirs is a constant's regression of series without their lines, with the tables of a trend.
            _ => (Deterministics::Constant, Deterministics::Trend, &without),
        };
        let test = |kind| Johansen::new(lags).deterministics(kind).test(&names, x.view()).expect("a test");
        let ours: JohansenTest = test(kind);
        let parts = [("trace", &ours.trace), ("maxeig", &ours.largest), ("eig", &ours.eigenvalues)];
        for (name, ours) in parts {
            table.check(id, &format!("{key}: {name}"), ours, &numbers(&values[name]), tolerance(gold));
        }
        let critical: Vec<f64> = test(tables).critical_trace.iter().flatten().copied().collect();
        let theirs: Vec<f64> =
            values["cv_trace"].as_array().expect("rows").iter().flat_map(numbers).collect();
        table.check(id, &format!("{key}: critical values"), &critical, &theirs, (1e-12, 0.0));
    }
}

fn engle_granger(table: &mut Comparison) {
    let file = reference("cointegration");
    let (names, x) = denmark();
    for gold in file["cases"].as_array().expect("cases") {
        let id = gold["id"].as_str().expect("an id");
        if !id.starts_with("engle_granger") {
            continue;
        }
        let parts: Vec<&str> = id.split('_').collect();
        let p: usize = parts[2].parse().expect("a number");
        let kind = match parts[3] {
            "c" => Deterministic::Level,
            "ct" => Deterministic::Trend,
            _ => Deterministic::Quadratic,
        };
        let lags =
            parts[4].strip_prefix("lag").map_or(Lags::Aic, |l| Lags::Fixed(l.parse().expect("a number")));
        let spec = EngleGranger::new().deterministic(kind).select(lags);
        let ours = spec.test(&names[..p], x.slice(s![.., ..p])).expect("a test");
        let mut mine = vec![ours.statistic, ours.p_value];
        mine.extend(ours.critical.iter().map(|(_, v)| *v));
        let mut theirs = vec![number(&gold["values"]["stat"]), number(&gold["values"]["p"])];
        theirs.extend(numbers(&gold["values"]["crit"]));
        table.check(id, "statistic, p-value, critical values", &mine, &theirs, tolerance(gold));
    }
}

fn ardl(spec: &Ardl) -> ArdlFit {
    let (names, x) = denmark();
    let y = x.column(0).to_vec();
    spec.fit(&names[0], &y, &names[1..], x.slice(s![.., 1..])).expect("a fit")
}

/// R's names of a coefficient, as in `uecm` and `ardl`.
fn r_name(term: &str) -> String {
    let lagged = |text: &str| {
        let inner = text.strip_prefix("lag(").and_then(|t| t.strip_suffix(')'));
        inner.map_or(text.to_owned(), |inner| format!("L({inner})"))
    };
    match term.strip_prefix("diff(").and_then(|t| t.strip_suffix(')')) {
        Some(inner) => format!("d({})", lagged(inner)),
        None => lagged(term),
    }
}

/// A number of a row of coefficients.
type Read = fn(&CoefficientRow) -> f64;

fn distributed_lags_of_r(table: &mut Comparison) {
    let id = "ardl_3132";
    let file = reference("var_counts_dlnm_its");
    let gold = case(&file, id);
    let within = tolerance(gold);
    let values = &gold["values"];
    // The data are the same as urca's.
    let columns = &file["datasets"]["denmark_ardl"]["columns"];
    let (names, x) = denmark();
    for (j, name) in names.iter().enumerate() {
        let theirs = numbers(&columns[name]);
        assert!(x.column(j).iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-9), "{name}");
    }
    let fit = ardl(&Ardl::new(3, &[1, 3, 2]));
    let theirs = |part: &str, terms: &[String]| -> Vec<f64> {
        terms.iter().map(|t| number(&values[part][r_name(t)])).collect()
    };
    let rows = fit.coefficient_rows(0.95);
    let terms: Vec<String> = rows.iter().map(|r| r.term.clone()).collect();
    let of = |f: Read| rows.iter().map(f).collect::<Vec<f64>>();
    table.check(id, "coefficients", &of(|r| r.estimate), &theirs("coef", &terms), within);
    table.check(id, "standard errors", &of(|r| r.std_error), &theirs("se", &terms), within);
    let rows = fit.error_correction(0.95);
    let terms: Vec<String> = rows.iter().map(|r| r.term.clone()).collect();
    let ours: Vec<f64> = rows.iter().map(|r| r.estimate).collect();
    assert_eq!(values["uecm"].as_object().expect("terms").len(), terms.len());
    table.check(id, "error-correction form", &ours, &theirs("uecm", &terms), within);
    let rows = fit.long_run(0.95);
    let long = &values["longrun"];
    assert_eq!(long["Term"].as_array().expect("terms").len(), rows.len());
    let parts: [(&str, Read); 4] = [
        ("Estimate", |r| r.estimate),
        ("Std. Error", |r| r.std_error),
        ("t value", |r| r.statistic),
        ("Pr(>|t|)", |r| r.p_value),
    ];
    for (name, f) in parts {
        let ours: Vec<f64> = rows.iter().map(f).collect();
        table.check(id, &format!("long run, {name}"), &ours, &numbers(&long[name]), within);
    }
    let test = fit.bounds(BoundsCase::Constant).expect("a test");
    table.check(id, "F of the bounds test", &[test.f], &[number(&values["bounds_F"])], within);
    table.check(id, "AIC", &[fit.aic()], &[number(&values["aic"])], within);
}

fn distributed_lags_of_statsmodels(table: &mut Comparison) {
    let file = reference("cointegration");
    for number_of in 1..=5 {
        let id = format!("ardl_case{number_of}");
        let gold = case(&file, &id);
        let (within, values) = (tolerance(gold), &gold["values"]);
        let terms = match number_of {
            1 => Terms::None,
            2 | 3 => Terms::Constant,
            _ => Terms::Trend,
        };
        let fit = ardl(&Ardl::new(3, &[1, 3, 2]).terms(terms));
        let errors = fit.std_errors();
        let parts: [(&str, Vec<f64>); 3] = [
            ("coef", fit.coefficients().to_vec()),
            ("se", errors.to_vec()),
            ("uecm", fit.error_correction(0.95).iter().map(|r| r.estimate).collect()),
        ];
        for (name, ours) in parts {
            // Their error-correction form lists differences by lag, not by series: the sums are told apart by sorting.
            let mut theirs = numbers(&values[name]);
            let mut ours = ours;
            if name == "uecm" {
                ours.sort_unstable_by(f64::total_cmp);
                theirs.sort_unstable_by(f64::total_cmp);
            }
            table.check(&id, name, &ours, &theirs, within);
        }
        table.check(&id, "log-likelihood", &[fit.log_likelihood()], &[number(&values["llf"])], within);
        let test = fit.bounds(BoundsCase::of(number_of).expect("a case")).expect("a test");
        let ours = [test.f, test.t, test.lower_p, test.upper_p];
        let theirs = ["F", "t", "p_lower", "p_upper"].map(|name| number(&values[name]));
        // p through Φ of polynomials: the absolute part is of 1 − Φ as they take it.
        table.check(&id, "F, t and p-values of the bounds test", &ours, &theirs, (1e-7, 1e-12));
    }
    for (id, by) in [("ardl_select_aic", Criterion::Aic), ("ardl_select_bic", Criterion::Bic)] {
        let fit = ardl(&Ardl::chosen(by, 3, 3));
        let (own, others) = fit.orders();
        let ours: Vec<f64> = std::iter::once(own).chain(others.iter().copied()).map(|q| q as f64).collect();
        table.check(id, "lags", &ours, &numbers(&case(&file, id)["values"]["order"]), (0.0, 0.0));
    }
}

#[test]
fn values_beside_urca_statsmodels_and_ardl() {
    let mut table = Comparison::default();
    urca(&mut table, "johansen_denmark", 1);
    urca(&mut table, "johansen_denmark_seasonal4", 4);
    statsmodels(&mut table);
    engle_granger(&mut table);
    distributed_lags_of_r(&mut table);
    distributed_lags_of_statsmodels(&mut table);
    let gold = reference("cointegration");
    let aside = table.coverage("cointegration", &gold, &[("vecm", "in vecm"), ("urca_lr", "in vecm")]);
    assert!(!aside.contains("engle"), "{aside}");
    let head = "# Conformance: cointegration\n\n\
                Johansen's, Engle and Granger's and the bounds tests, and ARDL models, beside urca, statsmodels and R's ARDL;\n\
                `tests/cointegration.rs` makes this page (`make docs`) and fails when a value differs by more than the \
                tolerance of\nits case (1e-7 or 1e-8, relative; relations and loadings 1e-6, which is where the two forms of \
                urca differ from\neach other).\n\n\
                Every Johansen case of the reference files is checked, and every ARDL case. Not covered: urca's critical \
                values, which are\nOsterwald-Lenum's of 400 steps (ours are MacKinnon, Haug and Michelis', checked beside \
                statsmodels, or Doornik's).\n\nstatsmodels' `det1` takes a line out of the levels beforehand, \
                not in the regression: it is checked as our constant's test of\nseries without their lines. Its \
                `bounds_test` counts the outcome among the regressors when it looks p-values up (k + 1 for\nk), so that \
                they come out too small; those here are its own surfaces at k.\n";
    table.finish("conformance_cointegration.md", head, &[]);
}

#[test]
fn long_run_is_where_multipliers_go() {
    let fit = ardl(&Ardl::new(3, &[1, 3, 2]));
    let long = fit.long_run(0.95);
    for (j, name) in ["LRY", "IBO", "IDE"].iter().enumerate() {
        let path = fit.multipliers(name, 400, 0.95).expect("multipliers");
        let (end, row) = (path[400], &long[j + 1]);
        assert!((end.estimate / row.estimate - 1.0).abs() < 1e-9, "{name}");
        // The delta method of the limit is the limit of the delta methods.
        assert!((end.std_error / row.std_error - 1.0).abs() < 1e-7, "{name}");
        // At once: the coefficient of the same period.
        let at = fit.names().iter().position(|n| n == name).expect("a name");
        assert!((path[0].estimate - fit.coefficients()[at]).abs() < 1e-12);
        assert!((path[0].std_error - fit.std_errors()[at]).abs() < 1e-12);
    }
    assert!(matches!(fit.multipliers("LPY", 3, 0.95), Err(Error::UnknownColumn { .. })));
}

#[test]
fn case_and_terms_must_agree() {
    let fit = ardl(&Ardl::new(3, &[1, 3, 2]));
    for case in [BoundsCase::None, BoundsCase::TrendWithin, BoundsCase::Trend] {
        assert!(matches!(fit.bounds(case), Err(Error::Argument { .. })));
    }
    assert!(BoundsCase::of(0).is_err() && BoundsCase::of(6).is_err());
}

#[test]
fn bad_input_is_refused_by_name() {
    let (names, x) = denmark();
    let tests = |x: &Array2<f64>| {
        let y = x.column(0).to_vec();
        [
            Johansen::new(1).test(&names, x.view()).map(|_| ()),
            EngleGranger::new().test(&names, x.view()).map(|_| ()),
            Ardl::new(2, &[1, 1, 1]).fit(&names[0], &y, &names[1..], x.slice(s![.., 1..])).map(|_| ()),
            Ardl::chosen(Criterion::Bic, 2, 1)
                .fit(&names[0], &y, &names[1..], x.slice(s![.., 1..]))
                .map(|_| ()),
        ]
    };
    let with = |f: &dyn Fn(&mut Array2<f64>)| {
        let mut x = x.clone();
        f(&mut x);
        tests(&x)
    };
    for error in with(&|x| x[[3, 1]] = f64::NAN) {
        assert!(matches!(error, Err(Error::Missing { first: 3, count: 1, .. })), "{error:?}");
    }
    for error in with(&|x| x[[5, 2]] = f64::INFINITY) {
        assert!(matches!(error, Err(Error::Domain { row: 5, .. })), "{error:?}");
    }
    for error in with(&|x| x.column_mut(2).fill(4.0)) {
        assert!(matches!(error, Err(Error::NothingToEstimate { .. })), "{error:?}");
    }
    for error in with(&|x| x.column_mut(1).fill(0.0)) {
        assert!(matches!(error, Err(Error::NothingToEstimate { .. })), "{error:?}");
    }
    for error in with(&|x| {
        let twice = x.column(1).mapv(|v| 2.0 * v - 1.0);
        x.column_mut(2).assign(&twice);
    }) {
        assert!(matches!(error, Err(Error::NothingToEstimate { .. })), "{error:?}");
    }
    // One relation that holds without error, at once.
    for error in with(&|x| {
        let sum = &x.column(1) + &x.column(2) * 3.0;
        x.column_mut(0).assign(&sum);
    }) {
        assert!(matches!(error, Err(Error::NothingToEstimate { .. })), "{error:?}");
    }
    for error in tests(&x.slice(s![..8, ..]).to_owned()) {
        assert!(matches!(error, Err(Error::TooShort { .. })), "{error:?}");
    }
    for error in tests(&Array2::zeros((0, 4))) {
        assert!(matches!(error, Err(Error::TooShort { .. })), "{error:?}");
    }
    assert!(matches!(Johansen::new(1).test(&names[..1], x.slice(s![.., ..1])), Err(Error::Shape { .. })));
    assert!(matches!(Johansen::new(usize::MAX / 2).test(&names, x.view()), Err(Error::TooShort { .. })));
    let y = x.column(0).to_vec();
    let fit = |spec: Ardl| spec.fit(&names[0], &y, &names[1..], x.slice(s![.., 1..])).map(|_| ());
    assert!(matches!(fit(Ardl::new(0, &[1, 1, 1])), Err(Error::Argument { .. })));
    assert!(matches!(fit(Ardl::new(1, &[1, 1])), Err(Error::Shape { .. })));
    assert!(matches!(fit(Ardl::chosen(Criterion::Aic, 50, 50)), Err(Error::Argument { .. })));
    assert!(matches!(fit(Ardl::new(40, &[1, 1, 1])), Err(Error::TooShort { .. })));
}

/// A relation that holds without error one period later: λ = 1, and the logarithm would be infinite.
#[test]
fn perfect_cointegration_is_refused() {
    let (names, x) = denmark();
    let late = Array2::from_shape_fn((54, 2), |(t, j)| if j == 0 { x[[t + 1, 0]] } else { x[[t, 0]] });
    let test = Johansen::new(0).test(&names[..2], late.view());
    assert!(matches!(test, Err(Error::NothingToEstimate { .. })), "{test:?}");
    let test = Johansen::new(2).test(&names[..2], late.view());
    assert!(matches!(test, Err(Error::NothingToEstimate { .. })), "{test:?}");
}

#[test]
fn units_do_not_matter() {
    let (names, x) = denmark();
    let mut other = x.clone();
    other.column_mut(0).mapv_inplace(|v| v * 1e300);
    other.column_mut(2).mapv_inplace(|v| v * 1e-250);
    let kinds = [
        Deterministics::None,
        Deterministics::ConstantWithin,
        Deterministics::Constant,
        Deterministics::TrendWithin,
        Deterministics::Trend,
    ];
    for kind in kinds {
        let of = |x: &Array2<f64>| {
            let test = Johansen::new(1).deterministics(kind).test(&names, x.view()).expect("a test");
            (test.trace[0], test.beta[[1, 0]])
        };
        let ((a, b), (c, d)) = (of(&other), of(&x));
        assert!((a / c - 1.0).abs() < 1e-8, "{kind:?}");
        assert!((b / d / 1e300 - 1.0).abs() < 1e-6, "{kind:?}");
    }
    let of = |x: &Array2<f64>| EngleGranger::new().lags(1).test(&names, x.view()).expect("a test").statistic;
    assert!((of(&other) / of(&x) - 1.0).abs() < 1e-9);
    // Squares of these are no numbers: a distributed lag model says so.
    let y = other.column(0).to_vec();
    let error = Ardl::new(1, &[1]).fit("y", &y, &names[1..2], x.slice(s![.., 1..2]));
    assert!(matches!(error, Err(Error::Domain { .. })));
    let small = x.column(2).mapv(|v| v * 1e-250).insert_axis(ndarray::Axis(1));
    let y = x.column(0).to_vec();
    let error = Ardl::new(1, &[1]).fit("y", &y, &names[..1], small.view());
    assert!(matches!(error, Err(Error::Domain { .. })));
    // A thousand-fold unit changes coefficients a thousand-fold and nothing else.
    let fit = ardl(&Ardl::new(2, &[1, 1, 1]));
    let y: Vec<f64> = x.column(0).iter().map(|v| v * 1e3).collect();
    let big = Ardl::new(2, &[1, 1, 1]).fit("LRM", &y, &names[1..], x.slice(s![.., 1..])).expect("a fit");
    let (a, b) = (fit.long_run(0.95), big.long_run(0.95));
    assert!((b[1].estimate / a[1].estimate / 1e3 - 1.0).abs() < 1e-8);
    assert!((b[1].statistic / a[1].statistic - 1.0).abs() < 1e-8);
}

/// Under the null of no relation the tests reject at about their level.
#[test]
#[ignore = "two thousand samples"]
fn size_of_the_tests() {
    use averted::random::{normal, stream};
    let names: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
    let draws = 2000;
    let mut rejected = [0usize; 4];
    for draw in 0..draws {
        let mut generator = stream(7, draw);
        let mut x = Array2::<f64>::zeros((400, 3));
        for t in 1..400 {
            for j in 0..3 {
                x[[t, j]] = x[[t - 1, j]] + normal(&mut generator);
            }
        }
        // Walks without drift: with a constant outside the relations the limit is another, and the trace rejects in 9 %.
        let spec = Johansen::new(0).deterministics(Deterministics::ConstantWithin);
        let johansen = spec.test(&names, x.view()).expect("a test");
        rejected[0] += usize::from(johansen.trace_p[0] < 0.05);
        rejected[1] += usize::from(johansen.largest_p[0] < 0.05);
        let test = EngleGranger::new().lags(0).test(&names, x.view()).expect("a test");
        rejected[2] += usize::from(test.p_value < 0.05);
        let y = x.column(0).to_vec();
        let fit = Ardl::new(1, &[1, 1]).fit("a", &y, &names[1..], x.slice(s![.., 1..])).expect("a fit");
        rejected[3] += usize::from(fit.bounds(BoundsCase::Constant).expect("a test").upper_p < 0.05);
    }
    let share = rejected.map(|r| r as f64 / draws as f64);
    println!("trace, largest, Engle–Granger, bounds: {share:?}");
    assert!(share.iter().all(|s| (0.035..0.075).contains(s)), "{share:?}");
}
