//! Baselines, Theta and intermittent demand beside R and statsforecast, and what they are by definition.

mod common;

use averted::distribution::Normal;
use averted::error::Error;
use averted::timeseries::baselines::{Naive, NaiveFit};
use averted::timeseries::intermittent::{Intermittent, Start};
use averted::timeseries::structural::Series;
use averted::timeseries::theta::{Method, Seasonal, Theta, ThetaFit};
use common::{Comparison, case, numbers, reference, tolerance};
use proptest::prelude::*;
use serde_json::Value;

const NAN: f64 = f64::NAN;

fn dataset(file: &Value, name: &str) -> (Vec<f64>, usize) {
    let set = &file["datasets"][name];
    let season = set["frequency"].as_u64().map_or(1, |f| usize::try_from(f).expect("small"));
    (numbers(&set["values"]), season)
}

fn theta(spec: &Theta, y: &[f64]) -> ThetaFit {
    spec.fit(&Series::new("y", y)).unwrap_or_else(|e| panic!("{spec}: {e}"))
}

fn naive(spec: Naive, y: &[f64]) -> NaiveFit {
    spec.fit(&Series::new("y", y)).unwrap_or_else(|e| panic!("{spec}: {e}"))
}

const SETS: [&str; 5] = ["airpassengers", "usaccdeaths", "nile", "wwwusage", "ukgas"];

#[test]
fn beside_r_and_statsforecast() {
    let file = reference("ets_theta_benchmarks");
    let mut table = Comparison::default();
    for name in SETS {
        baselines_beside_r(&mut table, &file, name);
    }
    for name in SETS {
        standard_theta_beside_r(&mut table, &file, name);
    }
    let peers = reference("theta_intermittent");
    intermittent_beside_statsforecast(&mut table, &peers);
    dynamic_theta_beside_statsforecast(&mut table, &peers);
    let aside = [
        ("ets_", "are exponential smoothing"),
        ("holtwinters_", "are exponential smoothing"),
        ("stl_", "are decompositions: see [there](conformance_decomposition.md)"),
        ("accuracy_dm", "is of scores: see [there](conformance_scores.md)"),
    ];
    let mut head = "# Conformance: baselines, Theta, intermittent demand\n\nBaselines and the standard Theta method beside R's `forecast`; \
                    dynamic Theta, Croston, SBA and TSB beside statsforecast.\n`tests/theta.rs` makes this page (`make docs`) and fails when a \
                    value differs by more than the tolerance there. The benchmarks\nhold `ses` and `holt` too, which are exponential smoothing. \
                    `forecast_fits.json` has no case of these methods.\n\n| file | cases | checked | not checked |\n\
                    | --- | ---: | ---: | --- |\n"
        .to_owned();
    head += &table.coverage("ets_theta_benchmarks", &file, &aside);
    head += &table.coverage("theta_intermittent", &peers, &[]);
    table.finish("conformance_theta.md", &head, &[]);
}

/// R takes the normal quantile where we take Student's t: with it, intervals agree.
fn baselines_beside_r(table: &mut Comparison, file: &Value, name: &str) {
    let id = format!("benchmarks_{name}");
    let gold = case(file, &id);
    let (y, season) = dataset(file, name);
    let seasonal = if season > 1 { Naive::seasonal(season) } else { Naive::last() };
    let rules = [
        ("naive", Naive::last()),
        ("snaive", seasonal),
        ("rwf_drift", Naive::drift()),
        ("meanf", Naive::mean()),
    ];
    for (key, spec) in rules {
        let theirs = &gold["values"][key];
        let fit = naive(spec, &y);
        let mean = numbers(&theirs["mean"]);
        let ahead = fit.predict(mean.len());
        table.check(&id, &format!("{key}: means"), &ahead.mean, &mean, (1e-10, 0.0));
        // R's mean square of naive steps is over their number, as ours is; that of seasonal steps too.
        let reach = if key == "meanf" {
            averted::distribution::Student::new(ahead.degrees).expect("degrees").quantile(0.975)
        } else {
            Normal::standard().quantile(0.975)
        };
        let lower: Vec<f64> = ahead.mean.iter().zip(&ahead.std_error).map(|(m, s)| m - reach * s).collect();
        table.check(&id, &format!("{key}: lower ends"), &lower, &numbers(&theirs["lower95"]), (1e-8, 1e-8));
        let accuracy = |name: &str| theirs["accuracy"][name].as_f64().expect("a number");
        let errors: Vec<f64> = fit.residuals().into_iter().filter(|e| !e.is_nan()).collect();
        let n = errors.len() as f64;
        let root = (errors.iter().map(|e| e * e).sum::<f64>() / n).sqrt();
        let absolute = errors.iter().map(|e| e.abs()).sum::<f64>() / n;
        let ours = [root, absolute];
        table.check(&id, &format!("{key}: RMSE, MAE"), &ours, &["RMSE", "MAE"].map(accuracy), (1e-10, 0.0));
    }
}

/// α comes from R's simplex search, which stops short: a lower sum of squares is a pass too.
fn standard_theta_beside_r(table: &mut Comparison, file: &Value, name: &str) {
    let id = format!("theta_{name}");
    let gold = case(file, &id);
    let (y, season) = dataset(file, name);
    let fit = theta(&Theta::new(Method::Standard).season(season), &y);
    let number = |name: &str| gold["values"][name].as_f64().expect("a number");
    let within = tolerance(gold);
    table.check(&id, "α", &[fit.alpha()], &[number("alpha")], within);
    table.check(&id, "drift", &[fit.drift()], &[number("drift")], within);
    let mean = numbers(&gold["values"]["forecast_mean"]);
    let ahead = fit.predict(mean.len());
    table.check(&id, "means", &ahead.mean, &mean, within);
    // R's σ² is that of smoothing without the drift, and it does not give the season to the width of its intervals:
    // their ratio to the first is the same function of α, however.
    let upper = numbers(&gold["values"]["upper95"]);
    let theirs: Vec<f64> = (0..mean.len()).map(|h| (upper[h] - mean[h]) / (upper[0] - mean[0])).collect();
    let figure = fit.seasonal_figure().unwrap_or_else(|| vec![1.0]);
    let factor = |h: usize| if fit.is_multiplicative() { figure[(y.len() + h) % figure.len()] } else { 1.0 };
    let ours: Vec<f64> = (0..mean.len())
        .map(|h| (ahead.std_error[h] / factor(h)) / (ahead.std_error[0] / factor(0)))
        .collect();
    table.check(&id, "widths without season, relative to the first", &ours, &theirs, within);
}

fn intermittent_beside_statsforecast(table: &mut Comparison, file: &Value) {
    for gold in file["cases"].as_array().expect("cases").iter().filter(|c| c["spec"]["rule"].is_string()) {
        let id = gold["id"].as_str().expect("an id");
        let y = numbers(&file["datasets"][gold["data"].as_str().expect("a name")]["values"]);
        let number = |name: &str| gold["spec"][name].as_f64().unwrap_or(0.1);
        let spec = match gold["spec"]["rule"].as_str().expect("a rule") {
            "croston" => Intermittent::croston(),
            "sba" => Intermittent::sba(),
            _ => Intermittent::tsb(),
        };
        let spec = spec.alpha(number("alpha")).beta(number("beta")).start(Start::First);
        let fit = spec.fit(&Series::new("y", &y)).unwrap_or_else(|e| panic!("{id}: {e}"));
        let theirs = gold["values"]["mean"].as_f64().expect("a number");
        table.check(id, "mean of the future", &[fit.rate()], &[theirs], tolerance(gold));
    }
}

/// statsforecast's simplex stops early, and takes another first level: at its own parameters the recursion is the same.
fn dynamic_theta_beside_statsforecast(table: &mut Comparison, file: &Value) {
    for gold in file["cases"].as_array().expect("cases").iter().filter(|c| c["spec"]["theta"].is_number()) {
        let id = gold["id"].as_str().expect("an id");
        let y = numbers(&file["datasets"][gold["data"].as_str().expect("a name")]["values"]);
        let number = |name: &str| gold["spec"][name].as_f64().expect("a number");
        let (alpha, given) = (number("alpha"), number("theta"));
        let fit = theta(&Theta::new(Method::Dynamic).alpha(alpha).theta(given), &y);
        // Their ℓ₀ is given, ours is estimated: it is forgotten as (1 − α)ⁿ.
        let mean = numbers(&gold["values"]["mean"]);
        table.check(id, "means", &fit.predict(mean.len()).mean, &mean, tolerance(gold));
    }
}

/// A random walk with gaps is the normal vector of what was seen.
#[test]
fn gaps_are_longer_steps() {
    let y = [2.0, NAN, NAN, 5.0, 4.0, NAN, 6.0, NAN];
    let fit = naive(Naive::last(), &y);
    // Steps of 3, −1, 2 over 3, 1 and 2 periods.
    let variance: f64 = (9.0 / 3.0 + 1.0 + 4.0 / 2.0) / 3.0;
    assert!((fit.sigma() - variance.sqrt()).abs() < 1e-14);
    let ahead = fit.predict(2);
    assert_eq!(ahead.mean, [6.0, 6.0]);
    // One period passed unseen before the first.
    assert!((ahead.std_error[0] - (2.0 * variance).sqrt()).abs() < 1e-14);
    let drift = naive(Naive::drift(), &y);
    let slope = 4.0 / 6.0;
    let squares: f64 = [(3.0, 3.0), (-1.0, 1.0), (2.0, 2.0)]
        .iter()
        .map(|(d, k): &(f64, f64)| (d - k * slope).powi(2) / k)
        .sum();
    assert!((drift.constant().expect("a drift").0 - slope).abs() < 1e-14);
    let expected = (squares / 2.0 * (2.0 + 4.0 / 6.0)).sqrt();
    assert!((drift.predict(1).std_error[0] - expected).abs() < 1e-13);
    let seasonal = naive(Naive::seasonal(2), &[1.0, 10.0, NAN, 12.0, 4.0, NAN, NAN]);
    assert_eq!(seasonal.predict(3).mean, [12.0, 4.0, 12.0]);
    // Steps of 3 over two years and of 2 over one.
    let sigma = f64::midpoint(9.0 / 2.0, 4.0).sqrt();
    assert!((seasonal.sigma() - sigma).abs() < 1e-14);
    let errors = seasonal.predict(3).std_error;
    for (error, years) in errors.iter().zip([2.0, 2.0, 3.0_f64]) {
        assert!((error - sigma * years.sqrt()).abs() < 1e-13);
    }
    let nowhere = Naive::seasonal(2).fit(&Series::new("y", &[1.0, NAN, 2.0, NAN, 3.0]));
    assert!(matches!(nowhere, Err(Error::NothingToEstimate { .. })));
}

/// Paths have the closed form's quantiles, and are the same for every number of threads by their making.
#[test]
fn paths_of_baselines_have_the_t_distribution() {
    let y = [3.0, 5.0, 4.0, 8.0, 6.0, 7.0, 9.0, 7.0];
    for spec in [Naive::mean(), Naive::last(), Naive::seasonal(2), Naive::drift()] {
        let fit = naive(spec, &y);
        let (ahead, paths) = (fit.predict(4), fit.forecast(4, 40_000, Some(3)).expect("paths"));
        let exact = ahead.interval(0.9).expect("a level");
        for (h, ends) in paths.interval(0, 0.9).expect("a level").into_iter().enumerate() {
            let width = exact[h].1 - exact[h].0;
            // The ends of 40,000 draws have a standard error of about 0.7 % of the width.
            assert!((ends.0 - exact[h].0).abs() < 0.03 * width, "{spec} {h}");
            assert!((ends.1 - exact[h].1).abs() < 0.03 * width, "{spec} {h}");
            assert!((paths.mean(0)[h] - ahead.mean[h]).abs() < 1e-9, "{spec} {h}");
        }
        let again = fit.forecast(4, 100, Some(3)).expect("paths");
        assert_eq!(again.paths(0), paths.paths(0).slice(ndarray::s![..100, ..]));
    }
}

/// What the recursion says of every value given those before, by hand.
#[test]
fn dynamic_theta_is_its_recursion() {
    let (file, season) = (reference("ets_theta_benchmarks"), 1);
    let (y, _) = dataset(&file, "nile");
    let fit = theta(&Theta::new(Method::Dynamic).season(season), &y);
    let (alpha, theta) = (fit.alpha(), fit.theta());
    let (mut level, mut squares) = (fit.initial_level(), 0.0);
    let fitted = fit.fitted();
    for t in 0..y.len() {
        // The line of the values before, by the textbook's sums.
        let (mut a, mut b) = (0.0, 0.0);
        if t > 0 {
            let n = t as f64;
            let (mean_t, mean_y) = (0.5 * (n + 1.0), y[..t].iter().sum::<f64>() / n);
            let top: f64 = (0..t).map(|i| (i as f64 + 1.0 - mean_t) * (y[i] - mean_y)).sum();
            let bottom: f64 = (0..t).map(|i| (i as f64 + 1.0 - mean_t).powi(2)).sum();
            b = if t > 1 { top / bottom } else { 0.0 };
            a = mean_y - b * mean_t;
        }
        let power = (1.0 - alpha).powf(t as f64);
        let mean = level + (1.0 - 1.0 / theta) * (power * a + (1.0 - power * (1.0 - alpha)) / alpha * b);
        if t > 2 {
            assert!((mean - fitted[t]).abs() < 1e-8, "{t}: {mean} {}", fitted[t]);
            squares += (y[t] - mean).powi(2);
        }
        level = alpha * y[t] + (1.0 - alpha) * level;
    }
    assert!((fit.sigma() - (squares / fit.degrees()).sqrt()).abs() < 1e-9);
    assert!(fit.n_used() == 97 && fitted[2].is_nan());
}

/// No other α, ℓ₀ and θ leave less.
#[test]
fn estimates_are_those_of_least_squares() {
    let file = reference("ets_theta_benchmarks");
    for name in SETS {
        let (y, season) = dataset(&file, name);
        for method in [Method::Optimised, Method::DynamicStandard, Method::Dynamic] {
            let spec = Theta::new(method).season(season);
            let fit = theta(&spec, &y);
            for alpha in (10..=99).map(|i| f64::from(i) / 100.0) {
                for given in [1.0, 1.5, 2.0, 4.0, 50.0] {
                    if method == Method::DynamicStandard && given != 2.0 {
                        continue;
                    }
                    let other = theta(&spec.clone().alpha(alpha).theta(given), &y);
                    assert!(
                        other.log_likelihood() <= fit.log_likelihood() + 1e-8,
                        "{name} {spec} {alpha} {given}"
                    );
                }
            }
        }
    }
}

/// The likelihood with gaps is that of the normal vector of what was seen.
#[test]
fn gaps_in_theta_are_the_dense_normal_likelihood() {
    let y = [5.0, 7.0, NAN, 6.0, 9.0, NAN, NAN, 8.0, 12.0, 11.0, NAN, 13.0];
    let (alpha, given) = (0.3, 1.6);
    let fit = theta(&Theta::new(Method::Optimised).alpha(alpha).theta(given), &y);
    let seen: Vec<usize> = (0..y.len()).filter(|&t| !y[t].is_nan()).collect();
    let n = seen.len() as f64;
    let (mean_t, mean_y) =
        (seen.iter().map(|&t| t as f64 + 1.0).sum::<f64>() / n, seen.iter().map(|&t| y[t]).sum::<f64>() / n);
    let top: f64 = seen.iter().map(|&t| (t as f64 + 1.0 - mean_t) * (y[t] - mean_y)).sum();
    let bottom: f64 = seen.iter().map(|&t| (t as f64 + 1.0 - mean_t).powi(2)).sum();
    let (slope, weight) = (top / bottom, 1.0 - 1.0 / given);
    let a = mean_y - slope * mean_t;
    // y_t = ℓ₀ + w c_t + α Σ_{s<t} (w c_s + ε_s) + ε_t.
    let c = |t: usize| {
        let power = (1.0 - alpha).powf(t as f64);
        weight * (power * a + (1.0 - power * (1.0 - alpha)) / alpha * slope)
    };
    let mean = |t: usize| c(t) + alpha * (0..t).map(c).sum::<f64>();
    let covariance = ndarray::Array2::from_shape_fn((seen.len(), seen.len()), |(i, j)| {
        let (s, t) = (seen[i].min(seen[j]), seen[i].max(seen[j]));
        let shared = alpha * alpha * s as f64;
        if s == t { shared + 1.0 } else { shared + alpha }
    });
    let factor = averted::linalg::Cholesky::new(covariance.view(), "covariance").expect("definite");
    let ones = ndarray::Array1::ones(seen.len());
    let rest: ndarray::Array1<f64> = seen.iter().map(|&t| y[t] - mean(t)).collect();
    let start = factor.solve(ones.view()).dot(&rest) / factor.solve(ones.view()).dot(&ones);
    let errors = &rest - start;
    let squares = errors.dot(&factor.solve(errors.view()));
    let expected =
        -0.5 * (n * ((2.0 * std::f64::consts::PI * squares / n).ln() + 1.0) + factor.log_determinant());
    assert!((fit.log_likelihood() - expected).abs() < 1e-9, "{} {expected}", fit.log_likelihood());
    assert!((fit.initial_level() - start).abs() < 1e-9, "{} {start}", fit.initial_level());
}

/// The spread by hand: refits to the first observations, by the search over their own α.
#[test]
fn paths_are_as_wide_as_what_earlier_forecasts_missed_by() {
    // A trend that bends: the model is too sure of itself.
    let y: Vec<f64> = (0..40)
        .map(|t| if t < 25 { 3.0 * f64::from(t) } else { 75.0 - 2.0 * f64::from(t - 25) })
        .enumerate()
        .map(|(t, v)| v + [0.3, -0.4, 0.1, 0.5, -0.2, -0.3][t % 6] - 50.0)
        .collect();
    let spec = Theta::new(Method::Dynamic);
    let horizon = 6;
    let (mut squares, mut count) = (0.0, 0.0);
    for m in 10..=y.len() - horizon {
        // The refits choose among 24 values of α.
        let best = (0..24)
            .map(|i| theta(&spec.clone().alpha(0.1 + 0.89 * (f64::from(i) + 0.5) / 24.0), &y[..m]))
            .max_by(|a, b| a.log_likelihood().total_cmp(&b.log_likelihood()))
            .expect("a fit");
        squares += (y[m + horizon - 1] - best.predict(horizon).mean[horizon - 1]).powi(2);
        count += 1.0;
    }
    let degrees = 1.0 + count / horizon as f64;
    let reach = averted::distribution::Student::new(degrees).expect("degrees").quantile(0.9);
    let paths = theta(&spec, &y).forecast(horizon, 40_000, Some(1)).expect("paths");
    let (lower, upper) = paths.interval(0, 0.8).expect("a level")[horizon - 1];
    let expected = 2.0 * reach * (squares / count).sqrt();
    // 40,000 draws of a t with seven degrees of freedom: the width has a standard error below 1 %. Shocks are normal, the
    // parameters nearly so.
    assert!(((upper - lower) / expected - 1.0).abs() < 0.05, "{} {expected}", upper - lower);
    let model = theta(&spec, &y).predict(horizon).interval(0.8).expect("a level")[horizon - 1];
    assert!(upper - lower > 1.1 * (model.1 - model.0), "{model:?}");
}

/// In units that differ by a factor nothing but the unit changes; a constant only moves the level.
#[test]
fn units_do_not_matter() {
    let file = reference("ets_theta_benchmarks");
    let (y, season) = dataset(&file, "usaccdeaths");
    for method in [Method::Standard, Method::Optimised, Method::DynamicStandard, Method::Dynamic] {
        let spec = Theta::new(method).season(season);
        let base = theta(&spec, &y).predict(12);
        for unit in [1e-300, 1e-9, 1e9, 1e300] {
            let scaled: Vec<f64> = y.iter().map(|v| v * unit).collect();
            let fit = theta(&spec, &scaled);
            let (ahead, paths) = (fit.predict(12), fit.forecast(12, 10, Some(1)).expect("paths"));
            for h in 0..12 {
                assert!((ahead.mean[h] / unit / base.mean[h] - 1.0).abs() < 1e-6, "{method:?} {unit}");
                assert!(
                    (ahead.std_error[h] / unit / base.std_error[h] - 1.0).abs() < 1e-6,
                    "{method:?} {unit}"
                );
                assert!(paths.mean(0)[h].is_finite());
            }
        }
        let none = Theta::new(method);
        let (plain, moved) = (theta(&none, &y), theta(&none, &y.iter().map(|v| v + 5e4).collect::<Vec<_>>()));
        for (a, b) in plain.predict(6).mean.iter().zip(&moved.predict(6).mean) {
            assert!((a + 5e4 - b).abs() < 1e-3, "{method:?} {a} {b}");
        }
    }
}

type Fitter = fn(&[f64]) -> averted::Result<(Vec<f64>, averted::inference::Forecast)>;

fn every_method() -> Vec<(&'static str, Fitter)> {
    macro_rules! naive {
        ($spec:expr) => {
            |y| {
                let fit = $spec.fit(&Series::new("y", y))?;
                Ok((fit.predict(3).mean, fit.forecast(3, 64, Some(1))?))
            }
        };
    }
    macro_rules! theta {
        ($method:expr) => {
            |y| {
                let fit = Theta::new($method).season(4).fit(&Series::new("y", y))?;
                Ok((fit.predict(3).mean, fit.forecast(3, 64, Some(1))?))
            }
        };
    }
    macro_rules! intermittent {
        ($spec:expr) => {
            |y| {
                let fit = $spec.fit(&Series::new("y", y))?;
                Ok((vec![fit.rate(); 3], fit.forecast(3, 64, Some(1))?))
            }
        };
    }
    vec![
        ("mean", naive!(Naive::mean())),
        ("last", naive!(Naive::last())),
        ("seasonal", naive!(Naive::seasonal(4))),
        ("drift", naive!(Naive::drift())),
        ("standard", theta!(Method::Standard)),
        ("optimised", theta!(Method::Optimised)),
        ("dynamic standard", theta!(Method::DynamicStandard)),
        ("dynamic", theta!(Method::Dynamic)),
        ("croston", intermittent!(Intermittent::croston())),
        ("sba", intermittent!(Intermittent::sba())),
        ("tsb", intermittent!(Intermittent::tsb())),
    ]
}

#[test]
fn tiny_and_odd_series_have_a_forecast_or_an_error() {
    let steps = |n: usize| (0..n).map(|t| ((t * t * 7) % 5) as f64 + 0.1 * t as f64).collect::<Vec<f64>>();
    for (name, run) in every_method() {
        for n in 0..30 {
            match run(&steps(n)) {
                Ok((mean, paths)) => {
                    assert!(mean.iter().all(|m| m.is_finite()), "{name} {n}");
                    assert!(paths.mean(0).iter().all(|m| m.is_finite()), "{name} {n}");
                }
                Err(error) => {
                    assert!(matches!(error, Error::TooShort { .. }) && n < 6, "{name} {n}: {error}");
                }
            }
        }
        assert!(matches!(run(&[NAN; 20]), Err(Error::TooShort { found: 0, .. })), "{name}");
        for constant in [0.0, 7.5, 1e300, 1e-300, 5e-324] {
            let (mean, paths) = run(&[constant; 20]).unwrap_or_else(|e| panic!("{name} {constant}: {e}"));
            let near = |v: &f64| (v - constant).abs() <= 1e-12 * constant || name == "sba";
            assert!(mean.iter().all(near), "{name} {constant} {mean:?}");
            assert!(
                paths.interval(0, 0.95).expect("a level").iter().all(|(l, u)| l.is_finite() && u.is_finite())
            );
        }
        for unit in [1e300, 1e-300] {
            let scaled: Vec<f64> = steps(24).iter().map(|v| v * unit).collect();
            let (mean, _) = run(&scaled).unwrap_or_else(|e| panic!("{name} {unit}: {e}"));
            let (plain, _) = run(&steps(24)).unwrap_or_else(|e| panic!("{name}: {e}"));
            for (m, p) in mean.iter().zip(&plain) {
                assert!((m / unit - p).abs() < 1e-5 * (1.0 + p.abs()), "{name} {unit} {m} {p}");
            }
        }
        let mut alone = [NAN; 20];
        alone[15] = 3.0;
        match run(&alone) {
            Ok((mean, _)) => assert!(mean.iter().all(|m| m.is_finite())),
            Err(error) => assert!(matches!(error, Error::TooShort { found: 1, .. }), "{name}: {error}"),
        }
        let mut late: Vec<f64> = steps(40);
        late[..15].fill(NAN);
        late[36..].fill(NAN);
        assert!(run(&late).is_ok_and(|(mean, _)| mean.iter().all(|m| m.is_finite())), "{name}");
        let infinite = run(&[1.0, f64::INFINITY, 2.0, 4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 4.0]);
        assert!(matches!(infinite, Err(Error::Domain { row: 1, .. })), "{name}");
    }
}

#[test]
fn long_series_are_fitted() {
    long(50_000);
}

#[test]
#[ignore = "slow: half a minute"]
fn a_million_periods_are_fitted() {
    long(1_000_000);
}

fn long(n: usize) {
    let mut state = 1_u64;
    let y: Vec<f64> = (0..n)
        .map(|t| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (t % 12) as f64 + (state >> 40) as f64 / (1_u64 << 24) as f64
        })
        .collect();
    for (name, run) in every_method() {
        assert!(run(&y).is_ok_and(|(mean, _)| mean.iter().all(|m| m.is_finite())), "{name}");
    }
}

#[test]
fn refusals_name_their_cause() {
    let y = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
    let series = Series::new("y", &y);
    let argument = |error: Error| matches!(error, Error::Argument { .. });
    assert!(Theta::new(Method::Dynamic).alpha(0.0).fit(&series).is_err_and(argument));
    assert!(Theta::new(Method::Dynamic).theta(0.5).fit(&series).is_err_and(argument));
    assert!(Theta::new(Method::Dynamic).season(0).fit(&series).is_err_and(argument));
    assert!(Naive::seasonal(1).fit(&series).is_err_and(argument));
    assert!(Intermittent::tsb().alpha(1.5).fit(&series).is_err_and(argument));
    assert!(Naive::last().fit(&series.clone().exposure(&y)).is_err_and(argument));
    assert!(naive(Naive::last(), &y).forecast(0, 10, None).is_err_and(argument));
    let negative = Intermittent::tsb().fit(&Series::new("y", &[1.0, -2.0]));
    assert!(matches!(negative, Err(Error::Domain { row: 1, .. })));
    let zero = [1.0, 0.0, 2.0, 3.0, 1.0, 2.0, 1.0, 2.0, 3.0, 4.0];
    let factors = Theta::new(Method::Dynamic).season(2).seasonal(Seasonal::Multiplicative);
    assert!(matches!(factors.fit(&Series::new("y", &zero)), Err(Error::Domain { row: 1, .. })));
    let mut never = [NAN; 24];
    (0..24).filter(|t| t % 4 != 1).for_each(|t| never[t] = (t % 4) as f64);
    let amounts = Theta::new(Method::Dynamic).season(4).seasonal(Seasonal::Additive);
    assert!(matches!(amounts.fit(&Series::new("y", &never)), Err(Error::NothingToEstimate { .. })));
}

#[test]
fn a_season_comes_back() {
    let figure = [0.8, 1.3, 1.0, 0.9];
    let y: Vec<f64> = (0..40).map(|t| (100.0 + 2.0 * t as f64) * figure[t % 4]).collect();
    let fit = theta(&Theta::new(Method::Dynamic).season(4), &y);
    assert!(fit.is_multiplicative());
    for (h, mean) in fit.predict(8).mean.iter().enumerate() {
        let truth = (100.0 + 2.0 * (40 + h) as f64) * figure[(40 + h) % 4];
        assert!((mean / truth - 1.0).abs() < 0.02, "{h}: {mean} {truth}");
    }
    let mut gappy = y.clone();
    (0..40).filter(|t| t % 3 == 0).for_each(|t| gappy[t] = NAN);
    let fit = theta(&Theta::new(Method::Dynamic).season(4), &gappy);
    let found = fit.seasonal_figure().expect("a season");
    assert!(found.iter().zip(&figure).all(|(f, t)| (f - t).abs() < 0.05), "{found:?}");
    let shifted: Vec<f64> = y.iter().map(|v| v - 200.0).collect();
    assert!(!theta(&Theta::new(Method::Dynamic).season(4), &shifted).is_multiplicative());
    let (nile, _) = dataset(&reference("ets_theta_benchmarks"), "nile");
    let none = theta(&Theta::new(Method::Dynamic).season(7), &nile);
    assert!(none.seasonal_figure().is_none() && none.notes().iter().any(|n| n.contains("no season")));
}

/// The three rules by hand, from their means.
#[test]
fn intermittent_rules_are_their_recursions() {
    let y = [0.0, 2.0, NAN, 0.0, 3.0, 0.0, 0.0, 1.0];
    let tsb = Intermittent::tsb().alpha(0.2).beta(0.1).fit(&Series::new("y", &y)).expect("a fit");
    let (mut size, mut probability) = (2.0, 3.0 / 7.0);
    let mut interval = 7.0 / 3.0;
    let mut since = 0.0;
    for v in y.iter().filter(|v| !v.is_nan()) {
        since += 1.0;
        probability += 0.1 * (f64::from(u8::from(*v > 0.0)) - probability);
        if *v > 0.0 {
            size += 0.2 * (v - size);
            interval += 0.1 * (since - interval);
            since = 0.0;
        }
    }
    assert!((tsb.rate() - size * probability).abs() < 1e-14);
    let croston = Intermittent::croston().alpha(0.2).beta(0.1).fit(&Series::new("y", &y)).expect("a fit");
    assert!((croston.rate() - size / interval).abs() < 1e-14);
    let sba = Intermittent::sba().alpha(0.2).beta(0.1).fit(&Series::new("y", &y)).expect("a fit");
    assert!((sba.rate() - 0.95 * size / interval).abs() < 1e-14);
    for fit in [tsb, croston, sba] {
        let paths = fit.forecast(4, 100_000, Some(5)).expect("paths");
        assert!(paths.paths(0).iter().all(|v| *v >= 0.0 && v.fract() == 0.0));
        for mean in paths.mean(0) {
            // The standard deviation of a period is about 1.2: a hundredth is 2.6 standard errors.
            assert!((mean - fit.rate()).abs() < 0.015, "{mean} {}", fit.rate());
        }
    }
    let none = Intermittent::tsb().fit(&Series::new("y", &[0.0; 12])).expect("a fit");
    assert!(none.rate() == 0.0 && none.interval().is_infinite() && !none.notes().is_empty());
}

proptest! {
    /// Whatever is missing: predictions are finite, and the paths' mean is that of the model.
    #[test]
    fn gaps_anywhere(y in prop::collection::vec(-50.0..50.0_f64, 12..40), gaps in prop::collection::vec(any::<bool>(), 40)) {
        let gappy: Vec<f64> = y.iter().enumerate().map(|(t, &v)| if t % 2 == 0 && gaps[t] { NAN } else { v }).collect();
        for method in [Method::Standard, Method::Optimised, Method::DynamicStandard, Method::Dynamic] {
            let fit = Theta::new(method).fit(&Series::new("y", &gappy));
            if let Ok(fit) = fit {
                let ahead = fit.predict(4);
                prop_assert!(ahead.mean.iter().chain(&ahead.std_error).all(|v| v.is_finite()));
                prop_assert!(ahead.std_error.windows(2).all(|w| w[1] >= w[0] * (1.0 - 1e-12)));
                prop_assert!(fit.forecast(4, 20, Some(1)).is_ok());
            } else {
                prop_assert!(gappy.iter().filter(|v| !v.is_nan()).count() < 6);
            }
        }
    }
}

/// The 95 % intervals on series of the M1 and M3 competitions, and the mean scaled errors beside those of statsforecast
/// 2.1.1's `DynamicOptimizedTheta` on the same series (`benches/versus/theta.py`).
#[test]
#[ignore = "slow: 1,300 series"]
fn intervals_cover_on_the_m_series() {
    // Quarterly series of M1 whose season changes are covered less: the season is taken as known.
    let bounds = [
        ("M3", "YEARLY", 0.93, 44.2),
        ("M3", "QUARTERLY", 0.93, 11.9),
        ("M3", "MONTHLY", 0.93, 7.5),
        ("M1", "YEARLY", 0.93, 80.3),
        ("M1", "QUARTERLY", 0.86, 28.0),
        ("M1", "MONTHLY", 0.93, 11.1),
    ];
    let (mut all, mut mase) = (0.0, 0.0);
    for (competition, period, least, theirs) in bounds {
        let file = if competition == "M3" { "m3_sample_dev.csv" } else { "m1_all.csv" };
        let Some(path) = common::shared(&format!("data/ts_m_competitions/{file}")) else { return };
        let (mut hits, mut points, mut msis, mut series) = (0.0, 0.0, 0.0, 0.0);
        for line in std::fs::read_to_string(path).expect("a file").lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            if cells[1] != period {
                continue;
            }
            let read = |s: &str| s.split(';').map(|v| v.parse().expect("a number")).collect::<Vec<f64>>();
            let (y, future) = (read(cells[5]), read(cells[6]));
            let season = if period == "MONTHLY" {
                12
            } else if period == "QUARTERLY" {
                4
            } else {
                1
            };
            let steps = y.iter().zip(&y[season..]).map(|(a, b)| (b - a).abs());
            let scale = steps.sum::<f64>() / (y.len() - season) as f64;
            if scale == 0.0 {
                continue;
            }
            let paths = theta(&Theta::new(Method::Dynamic).season(season), &y)
                .forecast(future.len(), 1_000, Some(1))
                .expect("paths");
            let n = future.len() as f64;
            let ends = paths.interval(0, 0.95).expect("a level");
            for ((low, high), v) in ends.into_iter().zip(&future) {
                hits += f64::from(u8::from(low <= *v && *v <= high));
                points += 1.0;
                msis += (high - low + 40.0 * ((low - v).max(0.0) + (v - high).max(0.0))) / scale / n;
            }
            let error: f64 = paths.mean(0).iter().zip(&future).map(|(m, v)| (m - v).abs()).sum();
            mase += error / scale / n;
            series += 1.0;
        }
        all += series;
        let (covered, msis) = (hits / points, msis / series);
        println!("{competition} {period}: covered {covered:.3}, MSIS {msis:.2}, theirs {theirs}");
        assert!(
            covered >= least && covered <= 0.975 && msis <= theirs,
            "{competition} {period} {covered} {msis}"
        );
    }
    println!("MASE {:.4}", mase / all);
    // Theirs is 1.6044 on these series.
    assert!(mase / all <= 1.6044);
}
