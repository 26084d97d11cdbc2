//! Tests of unit roots beside urca, tseries, statsmodels and arch.

mod common;

use averted::Error;
use averted::timeseries::unit_root::{
    Adf, Bandwidth, Break, Deterministic, DfGls, Kpss, Lags, Ocsb, PhillipsPerron, UnitRootTest,
    VarianceRatio, ZivotAndrews, differences,
};
use common::{Comparison, case, numbers, reference, tolerance};
use serde_json::Value;

fn series(name: &str) -> Vec<f64> {
    numbers(&reference("unitroot_cointegration_breaks")["datasets"][name]["values"])
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn kpss(table: &mut Comparison, name: &str, y: &[f64]) {
    let (urca, python) =
        (reference("unitroot_cointegration_breaks"), reference("python_regression_iv_unitroot"));
    let (id, other) = (format!("unitroot_{name}"), format!("py_unitroot_{name}"));
    let (urca, python) = (case(&urca, &id), case(&python, &other));
    let test =
        |kind, bandwidth| Kpss::new().deterministic(kind).bandwidth(bandwidth).test(name, y).expect("a test");
    for (kind, short) in [(Deterministic::Level, "mu"), (Deterministic::Trend, "tau")] {
        let lags = 0..=4;
        let ours: Vec<f64> = lags.clone().map(|l| test(kind, Bandwidth::Fixed(l)).statistic).collect();
        let theirs: Vec<f64> =
            lags.map(|l| number(&urca["values"][format!("urkpss_{short}_lag{l}")])).collect();
        table.check(&id, &format!("KPSS {kind}, 0 to 4 lags"), &ours, &theirs, tolerance(urca));
    }
    let theirs = &urca["values"]["tseries_kpss_level"];
    let ours = test(Deterministic::Level, Bandwidth::Schwert4);
    table.check(
        &id,
        "KPSS of tseries, p-value, lags",
        &[ours.statistic, ours.p_value, ours.lags as f64],
        &[number(&theirs["stat"]), number(&theirs["p"]), number(&theirs["lag"])],
        tolerance(urca),
    );
    for (kind, short) in [(Deterministic::Level, "c"), (Deterministic::Trend, "ct")] {
        for (bandwidth, how) in
            [(Bandwidth::Automatic, "auto"), (Bandwidth::Schwert12, "legacy"), (Bandwidth::Fixed(3), "3")]
        {
            let theirs = &python["values"][format!("kpss_{short}_{how}")];
            let ours = test(kind, bandwidth);
            table.check(
                &other,
                &format!("KPSS {kind}, bandwidth {how}, p-value, lags"),
                &[ours.statistic, ours.p_value, ours.lags as f64],
                &[number(&theirs["stat"]), number(&theirs["p"]), number(&theirs["lags"])],
                tolerance(python),
            );
        }
    }
}

const PYTHON: [(Deterministic, &str); 4] = [
    (Deterministic::None, "n"),
    (Deterministic::Level, "c"),
    (Deterministic::Trend, "ct"),
    (Deterministic::Quadratic, "ctt"),
];

fn dickey_fuller(table: &mut Comparison, name: &str, y: &[f64]) {
    let (urca, python) =
        (reference("unitroot_cointegration_breaks"), reference("python_regression_iv_unitroot"));
    let (id, other) = (format!("unitroot_{name}"), format!("py_unitroot_{name}"));
    let (urca, python) = (case(&urca, &id), case(&python, &other));
    let all = |test: &UnitRootTest| -> Vec<f64> {
        std::iter::once(test.statistic).chain(test.further.iter().map(|(_, v)| *v)).collect()
    };
    let list = |v: &Value| if v.is_array() { numbers(v) } else { vec![number(v)] };
    for (kind, short) in
        [(Deterministic::None, "none"), (Deterministic::Level, "drift"), (Deterministic::Trend, "trend")]
    {
        for lags in [0, 1, 4] {
            let ours = Adf::new().deterministic(kind).lags(lags).test(name, y).expect("a test");
            let theirs = list(&urca["values"][format!("urdf_{short}_lag{lags}")]["teststat"]);
            table.check(
                &id,
                &format!("ADF {kind}, {lags} lags, tau and phi"),
                &all(&ours),
                &theirs,
                tolerance(urca),
            );
        }
        if kind == Deterministic::None {
            continue;
        }
        let adf = Adf::new().deterministic(kind).select(Lags::Aic).most(8).common_sample();
        let ours = adf.test(name, y).expect("a test");
        let theirs = list(&urca["values"][format!("urdf_{short}_aic_max8")]["teststat"]);
        table.check(
            &id,
            &format!("ADF {kind}, lags by AIC, common rows"),
            &all(&ours),
            &theirs,
            tolerance(urca),
        );
    }
    for (kind, short) in PYTHON {
        let adf = Adf::new().deterministic(kind);
        for lags in [0, 1, 4] {
            let theirs = &python["values"][format!("adf_{short}_lag{lags}")];
            let ours = adf.lags(lags).test(name, y).expect("a test");
            let mut mine = vec![ours.statistic, ours.p_value, ours.n as f64];
            mine.extend(ours.critical.iter().map(|(_, v)| *v));
            let mut gold: Vec<f64> = ["stat", "p", "nobs"].iter().map(|k| number(&theirs[k])).collect();
            gold.extend(["1%", "5%", "10%"].iter().map(|k| number(&theirs["crit"][k])));
            let what = format!("ADF {kind}, {lags} lags, p-value, rows, critical values");
            table.check(&other, &what, &mine, &gold, tolerance(python));
        }
        for (how, lags) in [("AIC", Lags::Aic), ("tstat", Lags::TStatistic)] {
            let theirs = &python["values"][format!("adf_{short}_{how}")];
            let ours = adf.select(lags).test(name, y).expect("a test");
            table.check(
                &other,
                &format!("ADF {kind}, lags by {how}, p-value, lags"),
                &[ours.statistic, ours.p_value, ours.lags as f64],
                &[number(&theirs["stat"]), number(&theirs["p"]), number(&theirs["lag"])],
                tolerance(python),
            );
        }
    }
    let ours = Adf::new().deterministic(Deterministic::Trend).lags(4).test(name, y).expect("a test");
    let theirs = number(&urca["values"]["tseries_adf_k4"]["stat"]);
    table.check(&id, "ADF of tseries", &[ours.statistic], &[theirs], tolerance(urca));
}

/// What Phillips and Perron's statistics are made of, by hand.
struct Parts {
    n: f64,
    /// `ρ̂ − 1` and its standard error.
    gap: f64,
    error: f64,
    gamma: f64,
    lambda: f64,
    /// Sums of squares of `y_{t−1}` and of `y_t` about a level or line.
    before: f64,
    now: f64,
}

impl Parts {
    fn of(y: &[f64], kind: Deterministic, lags: usize) -> Self {
        let n = y.len() - 1;
        let line = kind == Deterministic::Trend;
        let residuals = |v: &[f64]| -> Vec<f64> {
            let (size, mean) = (v.len() as f64, v.iter().sum::<f64>() / v.len() as f64);
            let at = |t: usize| t as f64 - 0.5 * (size - 1.0);
            let squares: f64 = (0..v.len()).map(|t| at(t).powi(2)).sum();
            let slope = v.iter().enumerate().map(|(t, v)| at(t) * v).sum::<f64>() / squares;
            let slope = if line { slope } else { 0.0 };
            v.iter().enumerate().map(|(t, v)| v - mean - slope * at(t)).collect()
        };
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (before, now) = (residuals(&y[..n]), residuals(&y[1..]));
        let rho = product(&before, &now) / product(&before, &before);
        let left: Vec<f64> = now.iter().zip(&before).map(|(a, b)| a - rho * b).collect();
        let squares = product(&left, &left);
        let variance = squares / (n as f64 - if line { 3.0 } else { 2.0 });
        let weight = |j: usize| 2.0 * (1.0 - j as f64 / (lags + 1) as f64) / n as f64;
        let serial: f64 = (1..=lags).map(|j| weight(j) * product(&left[j..], &left[..n - j])).sum();
        Self {
            n: n as f64,
            gap: rho - 1.0,
            error: (variance / product(&before, &before)).sqrt(),
            gamma: squares / n as f64,
            lambda: squares / n as f64 + serial,
            before: product(&before, &before),
            now: product(&now, &now),
        }
    }

    /// `Z_τ` and `Z_ρ` with this sum of squares of the levels.
    fn statistics(&self, squares: f64) -> [f64; 2] {
        let more = 0.5 * (self.lambda - self.gamma) * self.n;
        let tau = (self.gamma / self.lambda).sqrt() * self.gap / self.error;
        [tau - more / (self.lambda * squares).sqrt(), self.n * self.gap - more * self.n / squares]
    }
}

fn others(table: &mut Comparison, name: &str, y: &[f64]) {
    let (urca, python) =
        (reference("unitroot_cointegration_breaks"), reference("python_regression_iv_unitroot"));
    let (id, other) = (format!("unitroot_{name}"), format!("py_unitroot_{name}"));
    let (urca, python) = (case(&urca, &id), case(&python, &other));
    let gold = |key: String, names: &[&str]| -> Vec<f64> {
        names.iter().map(|n| number(&python["values"][&key][n])).collect()
    };
    for (kind, short, long) in
        [(Deterministic::Level, "c", "constant"), (Deterministic::Trend, "ct", "trend")]
    {
        let pp = PhillipsPerron::new().deterministic(kind).lags(3);
        for (test, which) in [(pp, "tau"), (pp.rho(), "rho")] {
            let ours = test.test(name, y).expect("a test");
            let theirs = gold(format!("pp_{short}_{which}_lag3"), &["stat", "p"]);
            let what = format!("Phillips–Perron {which}, {kind}, 3 lags, p-value");
            table.check(&other, &what, &[ours.statistic, ours.p_value], &theirs, tolerance(python));
        }
        let parts = Parts::of(y, kind, 3);
        let [tau, rho] = parts.statistics(parts.before);
        let ours = [pp, pp.rho()].map(|test| test.test(name, y).expect("a test").statistic);
        table.check(
            &other,
            &format!("Phillips–Perron {kind}, 3 lags, by hand"),
            &ours,
            &[tau, rho],
            (1e-9, 0.0),
        );
        // With a line both leave 1 − 1/n² in the determinant of the moments, and urca takes them of y_t.
        let shrunk = if kind == Deterministic::Trend { 1.0 - parts.n.powi(-2) } else { 1.0 };
        let [tau, rho] = parts.statistics(parts.now * shrunk);
        let theirs = ["tau", "alpha"].map(|z| number(&urca["values"][format!("urpp_Z-{z}_{long}_lag3")]));
        let what = format!("Phillips–Perron of urca, {kind}, 3 lags, by hand with its moments");
        table.check(&id, &what, &[tau, rho], &theirs, tolerance(urca));
        if kind == Deterministic::Trend {
            let [_, rho] = parts.statistics(parts.before * shrunk);
            let theirs = number(&urca["values"]["tseries_pp"]["stat"]);
            let what = "Phillips–Perron of tseries, 3 lags, by hand with its moments";
            table.check(&id, what, &[rho], &[theirs], tolerance(urca));
        }
        let ours = DfGls::new().deterministic(kind).lags(3).test(name, y).expect("a test");
        let theirs = gold(format!("dfgls_{short}_lag3"), &["stat", "p"]);
        let what = format!("DF-GLS {kind}, 3 lags, p-value");
        table.check(&other, &what, &[ours.statistic, ours.p_value], &theirs, tolerance(python));
        let gold_of = |test: &str| number(&urca["values"][format!("{test}_{long}_lag3")]);
        let what = format!("DF-GLS {kind}, 3 lags");
        table.check(&id, &what, &[ours.statistic], &[gold_of("dfgls")], tolerance(urca));
        // urca chooses one to three lags for P by BIC over different rows, which depends on the units of y; theirs is
        // ours for one of the three.
        let theirs = gold_of("ers_ptest");
        let point =
            |lags| DfGls::new().deterministic(kind).lags(lags).test(name, y).expect("a test").further[0].1;
        let away = |v: &f64| (v - theirs).abs();
        let nearest = (1..=3).map(point).min_by(|a, b| away(a).total_cmp(&away(b))).expect("three");
        table.check(&id, &format!("point-optimal P, {kind}"), &[nearest], &[theirs], tolerance(urca));
    }
    for (kind, long, short) in
        [(Break::Level, "intercept", "c"), (Break::Slope, "trend", ""), (Break::Both, "both", "ct")]
    {
        let ours = ZivotAndrews::new(kind).lags(2).test(name, y).expect("a test");
        let theirs = &urca["values"][format!("zivot_andrews_{long}_lag2")];
        let mut mine = vec![ours.statistic, ours.further[0].1];
        mine.extend(ours.critical.iter().map(|(_, v)| *v));
        let mut gold_values = vec![number(&theirs["stat"]), number(&theirs["break_index_1based"])];
        gold_values.extend(numbers(&theirs["cval"]));
        let what = format!("Zivot–Andrews, break in {long}, 2 lags, where, critical values");
        table.check(&id, &what, &mine, &gold_values, tolerance(urca));
        if short.is_empty() {
            continue;
        }
        // Theirs is the last row before the break, counted from 0.
        let theirs = gold(format!("za_{short}_lag2"), &["stat", "p", "bp"]);
        let mine = [ours.statistic, ours.p_value, ours.further[0].1 - 1.0];
        table.check(
            &other,
            &format!("Zivot–Andrews, break in {long}, p-value, where"),
            &mine,
            &theirs,
            tolerance(python),
        );
    }
    for q in [2, 5] {
        let ours = VarianceRatio::new(q).test(name, y).expect("a test");
        let theirs = gold(format!("variance_ratio_{q}"), &["stat", "vr", "p"]);
        let mine = [ours.statistic, ours.further[0].1, ours.p_value];
        table.check(
            &other,
            &format!("variance ratio, {q} periods, p-value"),
            &mine,
            &theirs,
            tolerance(python),
        );
    }
}

#[test]
fn values_beside_urca_tseries_statsmodels_and_arch() {
    let mut table = Comparison::default();
    for name in ["nile", "wwwusage"] {
        let y = series(name);
        kpss(&mut table, name, &y);
        dickey_fuller(&mut table, name, &y);
        others(&mut table, name, &y);
    }
    let file = reference("ocsb");
    let gold = case(&file, "ocsb_squares");
    let y = numbers(&file["datasets"]["squares"]["values"]);
    let ours: Vec<f64> =
        (1..=3).map(|l| Ocsb::new(4).lags(l).test("y", &y).expect("a test").statistic).collect();
    let theirs: Vec<f64> = (1..=3).map(|l| number(&gold["values"][format!("lag{l}")])).collect();
    table.check(
        "ocsb_squares",
        "OCSB, 1 to 3 lags, beside dense least squares",
        &ours,
        &theirs,
        tolerance(gold),
    );
    let head = "# Conformance: unit roots\n\nStatistics and p-values beside urca, tseries, statsmodels and arch; \
                `tests/unit_root.rs` makes this page (`make docs`) and\nfails when a value differs by more than the \
                tolerance of its case (1e-8 or 1e-7, relative) unless a comment there says why.\n\nPhillips–Perron \
                is the textbook's, as arch's. urca and tseries put other moments of the levels into it (those of y_t for \
                y_{t−1},\n1 − 1/n² of them): a calculation by hand gives ours with its moments and theirs with \
                theirs.\n\nNot covered: critical values of urca and p-values of ADF and Phillips–Perron of tseries, \
                which are read off tables of two digits\n(MacKinnon's surfaces are checked to all digits).\n";
    table.finish("conformance_unit_root.md", head, &[]);
}

/// With two lags urca's statistics of both series (the table above) lie beyond the 5 % value, 0.463, so that a difference
/// is needed; sums of a series need one more.
#[test]
fn differences_of_known_series() {
    let of = |y: &[f64]| differences("y", y, 0.05, 2, Deterministic::Level).expect("an answer");
    assert_eq!(of(&series("wwwusage")), 1);
    assert_eq!(of(&series("nile")), 1);
    let walk: Vec<f64> = series("nile")
        .iter()
        .scan(0.0, |sum, v| {
            *sum += v;
            Some(*sum)
        })
        .collect();
    let twice: Vec<f64> = walk
        .iter()
        .scan(0.0, |sum, v| {
            *sum += v;
            Some(*sum)
        })
        .collect();
    assert_eq!(of(&walk), 2);
    assert_eq!(of(&twice), 2, "no more than the most");
}

type Tried = (&'static str, Box<dyn Fn(&[f64]) -> averted::Result<UnitRootTest>>);

fn every_test() -> Vec<Tried> {
    vec![
        ("kpss", Box::new(|y| Kpss::new().test("y", y))),
        ("adf", Box::new(|y| Adf::new().test("y", y))),
        ("adf by t", Box::new(|y| Adf::new().select(Lags::TStatistic).test("y", y))),
        ("pp", Box::new(|y| PhillipsPerron::new().test("y", y))),
        ("dfgls", Box::new(|y| DfGls::new().test("y", y))),
        ("za", Box::new(|y| ZivotAndrews::new(Break::Both).test("y", y))),
        ("ocsb", Box::new(|y| Ocsb::new(4).test("y", y))),
        ("vr", Box::new(|y| VarianceRatio::new(2).test("y", y))),
    ]
}

#[test]
fn bad_series_are_refused_by_every_test() {
    for (name, test) in every_test() {
        for y in [vec![], vec![1.0], vec![1.0, 2.0], vec![3.0; 40], vec![0.0; 40]] {
            let error = test(&y);
            let short = y.len() <= 2 && matches!(error, Err(Error::TooShort { .. })) || name == "kpss";
            let constant = y.len() > 2 && matches!(error, Err(Error::NothingToEstimate { .. }));
            assert!(short || constant, "{name} of {} values: {error:?}", y.len());
        }
        let mut y = series("nile");
        y[7] = f64::NAN;
        assert!(matches!(test(&y), Err(Error::Missing { first: 7, count: 1, .. })), "{name}");
        y[7] = f64::NEG_INFINITY;
        assert!(matches!(test(&y), Err(Error::Domain { row: 7, .. })), "{name}");
        let line: Vec<f64> = (0..60).map(|t| 5.0 + 2.0 * f64::from(t)).collect();
        if name != "kpss" {
            assert!(matches!(test(&line), Err(Error::NothingToEstimate { .. })), "{name}: {:?}", test(&line));
        }
    }
}

/// Annual series are short: lags that are chosen must leave rows to test with.
#[test]
fn short_series_have_room_for_chosen_lags() {
    for n in 10..40 {
        let y = &series("nile")[..n];
        for kind in [Deterministic::None, Deterministic::Level, Deterministic::Trend] {
            let test = Adf::new().deterministic(kind).test("y", y);
            assert!(test.is_ok(), "{n} {kind}: {test:?}");
        }
        assert!(DfGls::new().test("y", y).is_ok(), "{n}");
    }
}

#[test]
fn scale_does_not_matter_and_nothing_overflows() {
    let y = series("nile");
    for (name, test) in every_test() {
        let plain = test(&y).expect("a test");
        for scale in [1e300, 1e-300, -3.0] {
            let other: Vec<f64> = y.iter().map(|v| v * scale).collect();
            let found = test(&other).expect("a test");
            assert!((found.statistic / plain.statistic - 1.0).abs() < 1e-9, "{name} at {scale}");
            assert_eq!(found.lags, plain.lags, "{name} at {scale}");
        }
    }
}

/// The t statistic of a regression written out by hand: normal equations, no lags.
#[test]
fn ocsb_is_the_regression_it_says() {
    let y: Vec<f64> = (0..60).map(|t| f64::from((t * t * 13) % 29) + 5.0 * f64::from(t % 4)).collect();
    let m = 4;
    let (mut a, mut b) = ([[0.0; 2]; 2], [0.0; 2]);
    let row = |t: usize| {
        let regular = y[t - 1] - y[t - 1 - m];
        let seasonal = y[t - m] - y[t - m - 1];
        ([regular, seasonal], y[t] - y[t - 1] - y[t - m] + y[t - m - 1])
    };
    for t in m + 1..60 {
        let (x, v) = row(t);
        for i in 0..2 {
            b[i] += x[i] * v;
            for j in 0..2 {
                a[i][j] += x[i] * x[j];
            }
        }
    }
    let det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    let beta = [(a[1][1] * b[0] - a[0][1] * b[1]) / det, (a[0][0] * b[1] - a[1][0] * b[0]) / det];
    let rss: f64 = (m + 1..60).map(row).map(|(x, v)| (v - x[0] * beta[0] - x[1] * beta[1]).powi(2)).sum();
    let variance = rss / (60.0 - (m + 1) as f64 - 2.0);
    let t = beta[1] / (variance * a[0][0] / det).sqrt();
    let ours = Ocsb::new(m).test("y", &y).expect("a test");
    assert!((ours.statistic / t - 1.0).abs() < 1e-10, "{} {t}", ours.statistic);
    // The curve at 12 periods, as pmdarima computes it.
    let at = Ocsb::new(12).test("y", &y).expect("a test").critical[0].1;
    assert!((at + 1.802_962_791_181_570_4).abs() < 1e-9, "{at}");
}

/// Under the null each test rejects at 5 % about that often: 2,000 random walks of 100 steps.
#[test]
#[ignore = "slow: simulation"]
fn size_of_the_tests() {
    let tests: Vec<Tried> = vec![
        ("adf", Box::new(|y| Adf::new().lags(1).test("y", y))),
        ("pp", Box::new(|y| PhillipsPerron::new().lags(2).test("y", y))),
        ("dfgls", Box::new(|y| DfGls::new().lags(1).test("y", y))),
        ("vr", Box::new(|y| VarianceRatio::new(2).test("y", y))),
    ];
    for (name, test) in tests {
        let rejected = (0..2000_u64)
            .filter(|&i| {
                let mut draws = averted::random::stream(7, i);
                let mut level = 0.0;
                let walk: Vec<f64> = (0..100)
                    .map(|_| {
                        level += averted::random::normal(&mut draws);
                        level
                    })
                    .collect();
                test(&walk).expect("a test").p_value < 0.05
            })
            .count();
        let share = rejected as f64 / 2000.0;
        println!("{name}: {share}");
        // ±4 standard errors of 5 % among 2,000, plus what 100 observations are away from the limit.
        assert!((0.03..0.075).contains(&share), "{name}: {share}");
    }
}
