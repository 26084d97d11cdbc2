//! Negative binomials and hidden counts: effects absorbed against dummies, other tools' values, and simulations.

mod common;

use averted::Error;
use averted::data::{Count, Events, Factor, Frame, Panel};
use averted::distribution::{NegativeBinomial as Distribution, Poisson as PoissonDistribution};
use averted::inference::covariance::{ClusterKind, FewClusters};
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::random::{Generator, normal, stream, uniform};
use averted::regression::{Fit, Model, NegativeBinomial, Poisson, Residual, Sample, Variance};
use common::{frame, reference};
use ndarray::Array2;

/// A panel of counties by years with counts of dispersion 0.5, some small.
fn panel(seed: u64, counties: usize, years: usize) -> Frame {
    let mut generator = stream(seed, 0);
    let n = counties * years;
    let (mut deaths, mut spend, mut people, mut price) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let county = |i: usize| i / years;
    let level: Vec<f64> = (0..counties).map(|_| 0.4 * normal(&mut generator)).collect();
    for i in 0..n {
        let size = 1.0 + (county(i) % 5) as f64;
        let x = normal(&mut generator) + 0.1 * (i % years) as f64;
        let z = uniform(&mut generator);
        let mean = size * (1.1 + level[county(i)] - 0.2 * x + 0.3 * z).exp();
        deaths.push(Distribution::new(mean, 2.0).expect("positive").draw(&mut generator));
        spend.push(x);
        price.push(z);
        people.push(size);
    }
    let name = |i: usize| format!("c{:03}", county(i));
    let names: Vec<String> = (0..n).map(name).collect();
    let names: Vec<Option<&str>> = names.iter().map(|n| Some(n.as_str())).collect();
    Frame::new()
        .with_number("deaths", deaths)
        .and_then(|f| f.with_number("spend", spend))
        .and_then(|f| f.with_number("price", price))
        .and_then(|f| f.with_number("people", people))
        .and_then(|f| f.with_text("county", &names))
        .and_then(|f| f.with_number("year", (0..n).map(|i| 2000.0 + (i % years) as f64).collect()))
        .expect("columns of one length")
}

/// The same with counts of 1 to 9 known only as that.
fn hidden(frame: &Frame) -> Frame {
    let deaths = frame.number("deaths").expect("a column");
    let small = |y: f64| (1.0..=9.0).contains(&y);
    let column = |f: &dyn Fn(f64) -> f64| deaths.iter().map(|&y| f(y)).collect::<Vec<f64>>();
    frame
        .clone()
        .with_number("deaths", column(&|y| if small(y) { f64::NAN } else { y }))
        .and_then(|f| f.with_number("lo", column(&|y| if small(y) { 1.0 } else { f64::NAN })))
        .and_then(|f| f.with_number("hi", column(&|y| if small(y) { 9.0 } else { f64::NAN })))
        .expect("columns of one length")
}

fn close(what: &str, ours: f64, theirs: f64, tolerance: f64) {
    let size = theirs.abs().max(1e-3);
    assert!((ours - theirs).abs() <= tolerance * size, "{what}: {ours} {theirs}");
}

/// The first two coefficients and their errors under every covariance, of effects absorbed and of dummies.
fn same_as_dummies<M: Model>(absorbed: &Fit<M>, dummies: &Fit<M>) {
    for covariance in [
        Covariance::Classical,
        Covariance::Robust,
        Covariance::cluster(["county"]),
        Covariance::cluster(["year"]),
    ] {
        let convention = SmallSample::NONE;
        let ours = absorbed.with_convention(covariance.clone(), convention).expect("a covariance");
        let theirs = dummies.with_convention(covariance.clone(), convention).expect("a covariance");
        for (j, name) in ours.names().iter().enumerate() {
            let at = theirs.names().iter().position(|other| other == name).expect("the same name");
            close(name, ours.coefficients()[j], theirs.coefficients()[at], 1e-8);
            let what = format!("{name}, {covariance}");
            close(&what, ours.std_errors()[j], theirs.std_errors()[at], 1e-7);
        }
    }
}

const ABSORBED: &str = "deaths ~ spend + price | county + year";
const DUMMIES: &str = "deaths ~ spend + price + i(county) + i(year)";

#[test]
fn absorbed_effects_are_dummies() {
    let data = panel(1, 30, 8);
    for variance in [Variance::Quadratic, Variance::Linear] {
        let spec = NegativeBinomial::new().variance(variance).exposure("people");
        let (absorbed, dummies) =
            (spec.fit(ABSORBED, &data).expect("a fit"), spec.fit(DUMMIES, &data).expect("a fit"));
        same_as_dummies(&absorbed, &dummies);
        close("log-likelihood", absorbed.log_likelihood(), dummies.log_likelihood(), 1e-11);
        for covariance in [Covariance::Classical, Covariance::cluster(["year"])] {
            let convention = SmallSample::NONE;
            let ours = absorbed.with_convention(covariance.clone(), convention).expect("a covariance");
            let theirs = dummies.with_convention(covariance, convention).expect("a covariance");
            close("α", ours.dispersion().alpha, theirs.dispersion().alpha, 1e-8);
            close("its error", ours.dispersion().std_error, theirs.dispersion().std_error, 1e-7);
            // A linear predictor with its effects, and its error.
            let (ours, theirs) = (ours.predict(&data).expect("rows"), theirs.predict(&data).expect("rows"));
            for row in [0, 17, 100] {
                close("prediction", ours.linear[row], theirs.linear[row], 1e-8);
                close("its error", ours.linear_std_error[row], theirs.linear_std_error[row], 1e-6);
            }
        }
    }
}

#[test]
fn hidden_counts_with_absorbed_effects_are_dummies() {
    let data = hidden(&panel(2, 30, 8));
    let spec = Poisson::new().exposure("people").bounds("lo", "hi");
    let (absorbed, dummies) =
        (spec.fit(ABSORBED, &data).expect("a fit"), spec.fit(DUMMIES, &data).expect("a fit"));
    same_as_dummies(&absorbed, &dummies);
    for variance in [Variance::Quadratic, Variance::Linear] {
        let spec = NegativeBinomial::new().variance(variance).exposure("people").bounds("lo", "hi");
        let (absorbed, dummies) =
            (spec.fit(ABSORBED, &data).expect("a fit"), spec.fit(DUMMIES, &data).expect("a fit"));
        same_as_dummies(&absorbed, &dummies);
        close("α", absorbed.dispersion().alpha, dummies.dispersion().alpha, 1e-7);
        close("its error", absorbed.dispersion().std_error, dummies.dispersion().std_error, 1e-6);
    }
}

/// statsmodels 0.15, polished by Newton steps on its analytic score until that is below 1e-13; errors from central
/// differences of the score, and robust ones from its rows.
#[test]
fn statsmodels_agrees_on_both_variances() {
    let data = frame(&reference("count_glm_rates")["datasets"]["quine"]);
    let linear = (
        [
            2.769_130_281_433,
            -0.545_728_583_974,
            0.143_767_204_235,
            -0.071_686_655_58,
            0.283_712_787_83,
            0.320_564_230_395,
            0.164_749_909_896,
        ],
        12.708_995_138_364,
        -547.961_223_420_478_7,
        [0.212_899_847_713, 0.133_159_720_382, 0.137_578_191_07],
        [0.225_942_252_359, 0.140_103_996_124, 0.146_589_134_467],
        (1.875_940_955_777, 1.843_901_752_813),
    );
    let quadratic = (
        [
            2.894_579_990_249,
            -0.569_371_697_358,
            0.082_320_284_146,
            -0.448_428_149_877,
            0.088_080_152_114,
            0.356_900_971_429,
            0.292_109_157_034,
        ],
        0.784_379_770_229,
        -546.575_509_144_991_9,
        [0.227_926_135_063, 0.157_608_662_715, 0.164_684_744_833],
        [0.212_320_747_92, 0.145_282_936_833, 0.157_897_257_38],
        (0.099_084_016_49, 0.103_527_811_518),
    );
    for (variance, gold) in [(Variance::Linear, linear), (Variance::Quadratic, quadratic)] {
        let (coefficients, alpha, likelihood, classical, robust, of_alpha) = gold;
        let spec = NegativeBinomial::new().variance(variance).small_sample(SmallSample::NONE);
        let fit = spec.fit("Days ~ Eth + Sex + Age + Lrn", &data).expect("a fit");
        for (ours, theirs) in fit.coefficients().iter().zip(coefficients) {
            close("coefficient", *ours, theirs, 1e-10);
        }
        close("α", fit.dispersion().alpha, alpha, 1e-11);
        close("log-likelihood", fit.log_likelihood(), likelihood, 1e-13);
        let sandwich = fit.with_covariance(Covariance::Robust).expect("a covariance");
        for j in 0..3 {
            close("classical", fit.std_errors()[j], classical[j], 1e-8);
            close("robust", sandwich.std_errors()[j], robust[j], 1e-8);
        }
        close("error of α", fit.dispersion().std_error, of_alpha.0, 1e-8);
        close("robust error of α", sandwich.dispersion().std_error, of_alpha.1, 1e-8);
    }
}

/// A dense calculation with a column for every state and year (NumPy): all coefficients and the dispersion in one
/// information matrix and one set of scores, on data that do not travel with the project.
#[test]
fn a_dense_sandwich_agrees_on_castle() {
    let Some(path) = common::shared("data/policy_panels/castle_mixtape.csv") else { return };
    let data = common::csv_numbers(&path, &["sid", "year", "cdl", "homicide_c", "population"]);
    let spec = NegativeBinomial::new().offset("log(population)").small_sample(SmallSample::NONE);
    let fit = spec.fit("homicide_c ~ cdl | sid + year", &data).expect("a fit");
    close("coefficient", fit.coefficients()[0], 0.056_461_578_175_797_29, 1e-10);
    close("θ", fit.dispersion().theta, 170.843_362_978_257_23, 1e-9);
    for (covariance, error, of_theta) in [
        (Covariance::Classical, 0.019_777_345_3, 21.074_351_6),
        (Covariance::cluster(["sid"]), 0.032_799_17, 31.607_958_32),
        (Covariance::Uncorrected, 0.019_914_233_2, 25.070_482_0),
    ] {
        let fit = fit.with_covariance(covariance).expect("a covariance");
        close("error", fit.std_errors()[0], error, 2e-7);
        close("error of θ", fit.dispersion().theta_std_error, of_theta, 2e-8);
    }
}

#[test]
fn repeated_rows_are_frequency_weights() {
    let data = panel(3, 12, 6);
    let times: Vec<f64> = (0..72).map(|i| f64::from(1 + i % 3)).collect();
    let rows: Vec<usize> = (0..72).flat_map(|i| std::iter::repeat_n(i, 1 + i % 3)).collect();
    let weighted = data.clone().with_number("times", times).expect("a column");
    let repeated = rows_of(&data, &rows);
    let spec = NegativeBinomial::new().exposure("people");
    for covariance in [Covariance::Classical, Covariance::Robust, Covariance::cluster(["county"])] {
        let spec = spec.clone().covariance(covariance);
        let one = spec.clone().frequency_weights("times").fit(ABSORBED, &weighted).expect("a fit");
        let other = spec.fit(ABSORBED, &repeated).expect("a fit");
        close("α", one.dispersion().alpha, other.dispersion().alpha, 1e-9);
        for j in 0..2 {
            close("coefficient", one.coefficients()[j], other.coefficients()[j], 1e-9);
            close("error", one.std_errors()[j], other.std_errors()[j], 1e-8);
        }
    }
}

fn rows_of(data: &Frame, rows: &[usize]) -> Frame {
    let mut taken = Frame::new();
    for name in ["deaths", "spend", "price", "people", "year"] {
        let values = data.number(name).expect("numbers");
        taken = taken.with_number(name, rows.iter().map(|&row| values[row]).collect()).expect("one length");
    }
    let county: Factor = data.factor("county").expect("a factor").take(rows);
    let labels: Vec<Option<&str>> =
        county.codes().iter().map(|&c| Some(county.labels()[c as usize].as_str())).collect();
    taken.with_text("county", &labels).expect("one length")
}

#[test]
fn the_jackknife_refits_and_leverages_are_refused() {
    let data = panel(4, 15, 8);
    let fit = NegativeBinomial::new().exposure("people").fit(ABSORBED, &data).expect("a fit");
    let jackknife = fit.with_covariance(FewClusters::new("county", ClusterKind::Jackknife)).expect("refits");
    // By hand.
    let county = data.factor("county").expect("a factor");
    let mut sum = 0.0;
    for g in 0..15_u32 {
        let rows: Vec<usize> = (0..120).filter(|&row| county.codes()[row] != g).collect();
        let spec = NegativeBinomial::new().exposure("people");
        let without = spec.fit(ABSORBED, &rows_of(&data, &rows)).expect("a fit");
        sum += (without.coefficients()[0] - fit.coefficients()[0]).powi(2);
    }
    close("jackknife", jackknife.std_errors()[0], (sum * 14.0 / 15.0).sqrt(), 1e-8);
    assert!(jackknife.dispersion().std_error.is_nan());
    let refused = fit.with_covariance(FewClusters::new("county", ClusterKind::Cr2));
    assert!(matches!(refused, Err(Error::Argument { must, .. }) if must.contains("jackknife")));
}

#[test]
fn without_overdispersion_it_is_the_poisson() {
    // Every count is the mean of its group, or one off: less spread than a Poisson's.
    let y = [4.0, 5.0, 6.0, 5.0, 9.0, 10.0, 11.0, 10.0];
    let x = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    let data = Frame::new()
        .with_number("y", y.to_vec())
        .and_then(|f| f.with_number("x", x.to_vec()))
        .expect("one length");
    for variance in [Variance::Quadratic, Variance::Linear] {
        let fit = NegativeBinomial::new().variance(variance).fit("y ~ x", &data).expect("a fit");
        let poisson = Poisson::new().fit("y ~ x", &data).expect("a fit");
        assert_eq!(fit.dispersion().alpha, 0.0);
        assert!(fit.notes().iter().any(|note| note.contains("no overdispersion")), "{:?}", fit.notes());
        close("coefficient", fit.coefficients()[1], poisson.coefficients()[1], 1e-10);
        close("error", fit.std_errors()[1], poisson.std_errors()[1], 1e-9);
        close("log-likelihood", fit.log_likelihood(), poisson.log_likelihood(), 1e-12);
        assert_eq!(fit.model().likelihood_ratio().1, 1.0);
    }
}

#[test]
fn hidden_zeros_that_run_away_are_separated() {
    // County `b` has only zeros and counts that may be zero: its effect has no estimate.
    let deaths = [Some("12"), Some("15"), Some("Suppressed"), Some("0"), Some("11"), Some("Suppressed")];
    let data = Frame::new()
        .with_text("deaths", &deaths)
        .and_then(|f| f.with_text("county", &["a", "a", "b", "b", "c", "c"].map(Some)))
        .and_then(|f| f.with_number("year", vec![1.0, 2.0, 1.0, 2.0, 1.0, 2.0]))
        .expect("one length");
    let panel = Panel::new(data.clone(), "county", "year")
        .and_then(|p| p.events(Events::new("deaths")))
        .expect("a panel");
    let fit = Poisson::new().fit("deaths ~ 1 | county", &panel).expect("a fit");
    assert_eq!(fit.rows(), [0, 1, 4, 5]);
    assert!(fit.outcome()[3].is_nan() && fit.residuals(Residual::Response)[3].is_nan());
    // From 1 to 9 they tell something.
    let fit = Poisson::new().suppressed(1.0, 9.0).fit("deaths ~ 1 | county", &data).expect("a fit");
    assert_eq!(fit.rows(), [0, 1, 2, 3, 4, 5]);
    assert!(
        fit.notes()
            .iter()
            .any(|note| note.contains("2 of 6 counts are known only as intervals (from 1 to 9)"))
    );
}

#[test]
fn a_wide_interval_says_nothing_and_a_narrow_one_all() {
    let data = panel(5, 10, 6);
    let sample = |counts: Vec<Count>| {
        let x = Array2::from_shape_fn((counts.len(), 2), |(i, j)| {
            if j == 0 { 1.0 } else { data.number("spend").expect("numbers")[i % 60] }
        });
        Sample::new(vec![0.0; counts.len()], x).and_then(|s| s.counts(&counts)).expect("counts")
    };
    let exact: Vec<Count> =
        data.number("deaths").expect("numbers").iter().map(|&y| Count::Exact(y)).collect();
    let mut more = exact.clone();
    more.extend((0..60).map(|_| Count::Interval { lo: 0.0, hi: 5_000.0 }));
    for variance in [Variance::Quadratic, Variance::Linear] {
        let spec = NegativeBinomial::new().variance(variance);
        let (one, other) = (spec.fit_arrays(sample(exact.clone())), spec.fit_arrays(sample(more.clone())));
        let (one, other) = (one.expect("a fit"), other.expect("a fit"));
        close("coefficient", other.coefficients()[1], one.coefficients()[1], 1e-9);
        close("α", other.dispersion().alpha, one.dispersion().alpha, 1e-9);
        close("log-likelihood", other.log_likelihood(), one.log_likelihood(), 1e-11);
    }
    let refused = Sample::new(vec![0.0], Array2::ones((1, 1)))
        .and_then(|s| s.counts(&[Count::Interval { lo: 1.5, hi: 9.0 }]));
    assert!(matches!(refused, Err(Error::Domain { .. })));
}

#[test]
fn hard_counts_are_fitted_or_refused() {
    let mut generator = stream(6, 0);
    // Counts in the hundred thousands, of nearly no dispersion; and of an enormous one.
    for (mean, size) in [(2e5, 5e4), (2e5, 0.05), (0.02, 0.1)] {
        let draw = |generator: &mut Generator, mean: f64| {
            Distribution::new(mean, size).expect("positive").draw(generator)
        };
        let y: Vec<f64> =
            (0..800).map(|i| draw(&mut generator, if i % 2 == 0 { mean } else { 2.0 * mean })).collect();
        let x = Array2::from_shape_fn((800, 2), |(i, j)| if j == 0 { 1.0 } else { (i % 2) as f64 });
        for variance in [Variance::Quadratic, Variance::Linear] {
            let sample = Sample::new(y.clone(), x.clone()).expect("one length");
            let fit = NegativeBinomial::new().variance(variance).fit_arrays(sample).expect("a fit");
            assert!(fit.model().score < 1e-5, "{mean} {size} {variance}: {}", fit.model().score);
            if variance == Variance::Quadratic {
                // The ratio of the groups' means, whatever the dispersion.
                let mean = |odd: usize| y.iter().skip(odd).step_by(2).sum::<f64>() / 400.0;
                close("ratio", fit.coefficients()[1], (mean(1) / mean(0)).ln(), 1e-8);
            }
        }
    }
}

/// The simulation of a suppressed panel: 600 counties by 6 years, an effect of −0.20 on the log scale, about 64 % of the
/// cells known only as 1 to 9.
#[test]
#[ignore = "slow: 500 fits of 3,600 rows"]
fn suppressed_counts_recover_the_effect() {
    let (counties, years, replications) = (600, 6, 500);
    let mut estimates = Vec::new();
    let (mut covered, mut covered_clustered, mut suppressed) = (0, 0, 0);
    for replication in 0..replications {
        let mut generator = stream(20, replication);
        let (mut counts, mut x, mut exposure, mut county) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for c in 0..counties {
            let people = (10.22 + 0.62 * normal(&mut generator)).exp();
            let treated = uniform(&mut generator) < 0.5;
            let rural = normal(&mut generator);
            for t in 0..years {
                let on = f64::from(u8::from(treated && t >= 3));
                let mean = people * (-8.4 + 0.08 * t as f64 + 0.15 * rural - 0.2 * on).exp();
                let y = Distribution::new(mean, 1.0 / 0.15).expect("positive").draw(&mut generator);
                counts.push(if (1.0..=9.0).contains(&y) {
                    Count::Interval { lo: 1.0, hi: 9.0 }
                } else {
                    Count::Exact(y)
                });
                x.extend([1.0, on, f64::from(u8::from(treated)), rural]);
                exposure.push(people);
                county.push(c as f64);
            }
        }
        suppressed += counts.iter().filter(|c| matches!(c, Count::Interval { .. })).count();
        let n = counts.len();
        let sample = Sample::new(vec![0.0; n], Array2::from_shape_vec((n, 4), x).expect("the shape"))
            .and_then(|s| s.named("deaths", &["one", "on", "treated", "rural"]))
            .and_then(|s| s.counts(&counts))
            .and_then(|s| s.exposure("people", exposure))
            .and_then(|s| {
                s.absorb(
                    "year",
                    Factor::from_numbers(&(0..n).map(|i| (i % years) as f64).collect::<Vec<_>>()),
                )
            })
            .and_then(|s| s.cluster("county", Factor::from_numbers(&county)))
            .expect("a sample");
        let fit = NegativeBinomial::new().fit_arrays(sample).expect("a fit");
        let at = fit.names().iter().position(|name| name == "on").expect("a coefficient");
        let clustered = fit.with_covariance("county").expect("clusters");
        let estimate = fit.coefficients()[at];
        let within = |error: f64| u32::from((estimate + 0.2).abs() <= 1.96 * error);
        covered += within(fit.std_errors()[at]);
        covered_clustered += within(clustered.std_errors()[at]);
        estimates.push(estimate);
    }
    let runs = replications as f64;
    let mean = estimates.iter().sum::<f64>() / runs;
    let sd = (estimates.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (runs - 1.0)).sqrt();
    let share = suppressed as f64 / (runs * (counties * years) as f64);
    let coverage = [f64::from(covered) / runs, f64::from(covered_clustered) / runs];
    println!(
        "mean {mean:.4}, sd {sd:.4}, suppressed {share:.3}, coverage classical and clustered {coverage:?}"
    );
    assert!((mean + 0.2).abs() < 3.0 * sd / runs.sqrt());
    assert!((0.60..0.68).contains(&share));
    assert!(coverage.iter().all(|c| (0.93..=0.97).contains(c)));
}

#[test]
fn poisson_hidden_counts_agree_with_a_direct_search() {
    // Two groups, each with exact and hidden counts: each mean maximises its own likelihood.
    let groups: [(&[f64], usize); 2] = [(&[12.0, 14.0, 10.0], 2), (&[0.0, 11.0], 3)];
    let mut counts = Vec::new();
    let mut x = Vec::new();
    for (g, (exact, open)) in groups.iter().enumerate() {
        counts.extend(exact.iter().map(|&y| Count::Exact(y)));
        counts.extend((0..*open).map(|_| Count::Interval { lo: 1.0, hi: 9.0 }));
        x.extend((0..exact.len() + open).flat_map(|_| [1.0 - g as f64, g as f64]));
    }
    let n = counts.len();
    let sample = Sample::new(vec![0.0; n], Array2::from_shape_vec((n, 2), x).expect("the shape"))
        .and_then(|s| s.counts(&counts))
        .expect("counts");
    let fit = Poisson::new().fit_arrays(sample).expect("a fit");
    for (g, (exact, open)) in groups.iter().enumerate() {
        let log = |mean: f64| {
            let p = PoissonDistribution::new(mean).expect("positive");
            exact.iter().map(|&y| p.log_density(y)).sum::<f64>() + *open as f64 * p.log_interval(1.0, 9.0)
        };
        // Golden section.
        let (mut a, mut b) = (0.5_f64, 30.0_f64);
        let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
        for _ in 0..200 {
            let (c, d) = (b - ratio * (b - a), a + ratio * (b - a));
            if log(c) > log(d) { b = d } else { a = c }
        }
        close("mean", fit.coefficients()[g], a.ln(), 1e-6);
    }
}

/// 20 clusters with shared shocks, no effect: how often 5 % tests reject.
#[test]
#[ignore = "slow: 500 panels"]
fn the_score_bootstrap_keeps_its_size() {
    use averted::regression::Bootstrap;
    let (clusters, years, replications) = (20, 10, 500);
    let mut rejected = [0, 0, 0];
    for replication in 0..replications {
        let mut generator = stream(30, replication);
        let (mut counts, mut x, mut cluster) = (Vec::new(), Vec::new(), Vec::new());
        for c in 0..clusters {
            let treated = c < 6;
            let shock = 0.3 * normal(&mut generator);
            for t in 0..years {
                let on = f64::from(u8::from(treated && t >= 5));
                let mean = (2.0 + if t >= 5 { shock } else { 0.0 } + 0.05 * t as f64).exp();
                counts.push(Distribution::new(mean, 4.0).expect("positive").draw(&mut generator));
                x.push(on);
                cluster.push(f64::from(c));
            }
        }
        let n = counts.len();
        let year: Vec<f64> = (0..n).map(|i| (i % years) as f64).collect();
        let sample = |counts: &[Count]| {
            Sample::new(vec![0.0; n], Array2::from_shape_vec((n, 1), x.clone()).expect("the shape"))
                .and_then(|s| s.named("deaths", &["on"]))
                .and_then(|s| s.counts(counts))
                .and_then(|s| s.absorb("cluster", Factor::from_numbers(&cluster)))
                .and_then(|s| s.absorb("year", Factor::from_numbers(&year)))
                .expect("a sample")
        };
        let exact: Vec<Count> = counts.iter().map(|&y| Count::Exact(y)).collect();
        let hide = |&y: &f64| match (1.0..=9.0).contains(&y) {
            true => Count::Interval { lo: 1.0, hi: 9.0 },
            false => Count::Exact(y),
        };
        let hidden: Vec<Count> = counts.iter().map(hide).collect();
        let test = Bootstrap::new("on = 0").draws(399).seed(replication).level(None);
        let spec = NegativeBinomial::new().cluster("cluster");
        let fit = spec.fit_arrays(sample(&exact)).expect("a fit");
        let open = spec.fit_arrays(sample(&hidden)).expect("a fit");
        let p = [
            fit.score_bootstrap(&test).expect("a test").p_value,
            open.score_bootstrap(&test).expect("a test").p_value,
            fit.coefficient_rows(0.95)[0].p_value,
        ];
        rejected.iter_mut().zip(p).for_each(|(count, p)| *count += u32::from(p <= 0.05));
    }
    let share = rejected.map(|r| f64::from(r) / replications as f64);
    println!("score bootstrap, of exact and of hidden counts, and clustered normal: {share:?}");
    assert!(share[..2].iter().all(|s| (0.02..0.08).contains(s)));
}
