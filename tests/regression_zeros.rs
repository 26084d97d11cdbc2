//! Zero inflation and hurdles: other tools' values with weights and offsets, identities, simulations, and refusals.

mod common;

use averted::Error;
use averted::data::{Frame, Panel};
use averted::distribution::NegativeBinomial as Distribution;
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::random::{normal, stream, uniform};
use averted::regression::{CountFamily, Hurdle, Sample, TwoPartFit, ZeroInflated};
use common::{frame, reference};
use ndarray::{Array2, array};

use CountFamily::{NegativeBinomial, Poisson};

/// pscl's data on articles, with weights, an exposure and clusters.
fn articles() -> Frame {
    let data = frame(&reference("count_glm_rates")["datasets"]["biochemists"]);
    let n = data.rows();
    let column = |f: &dyn Fn(usize) -> f64| (1..=n).map(f).collect::<Vec<f64>>();
    data.with_number("w", column(&|i| 1.0 + (i % 3) as f64))
        .and_then(|d| d.with_number("e", column(&|i| 1.0 + (i % 5) as f64 / 4.0)))
        .and_then(|d| d.with_number("g", column(&|i| (i % 23) as f64)))
        .expect("columns of one length")
}

/// Counts of dispersion 0.6 with zeros of another kind, or over a hurdle.
fn simulated(seed: u64, rows: usize) -> Frame {
    let mut generator = stream(seed, 0);
    let (mut x, mut z, mut y, mut people) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for i in 0..rows {
        let (a, b) = (normal(&mut generator), uniform(&mut generator));
        let size = 1.0 + (i % 4) as f64;
        let other = 1.0 / (1.0 + (0.4 - 0.8 * a + 0.9 * b).exp());
        let mean = size * (0.6 + 0.5 * a).exp();
        let count = Distribution::new(mean, 1.0 / 0.6).expect("positive").draw(&mut generator);
        y.push(if uniform(&mut generator) < other { 0.0 } else { count });
        x.push(a);
        z.push(b);
        people.push(size);
    }
    Frame::new()
        .with_number("y", y)
        .and_then(|d| d.with_number("x", x))
        .and_then(|d| d.with_number("z", z))
        .and_then(|d| d.with_number("people", people))
        .expect("columns of one length")
}

fn close(what: &str, ours: f64, theirs: f64, tolerance: f64) {
    assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1e-3), "{what}: {ours} {theirs}");
}

/// What pscl says: coefficients, errors, log-likelihood, θ, and means of rows 1, 500 and 915.
struct Peer {
    coefficients: [f64; 6],
    errors: [f64; 6],
    log_likelihood: f64,
    theta: f64,
    means: [f64; 3],
}

/// pscl 1.5.5, `reltol = 1e-16`: `art ~ fem + ment + offset(log(e)) | phd + ment`, weights `w`. The third by Newton steps
/// with derivatives by numDeriv: pscl stops 0.0035 below that likelihood.
const PEERS: [Peer; 4] = [
    Peer {
        coefficients: [
            0.277_523_548,
            -0.207_723_114,
            0.014_819_531_6,
            -0.854_888_362,
            0.063_907_221_5,
            -0.122_536_969,
        ],
        errors: [
            0.033_539_928_91,
            0.039_812_459_14,
            0.001_557_035_189,
            0.269_649_879_2,
            0.088_048_674_16,
            0.025_748_769_84,
        ],
        log_likelihood: -3_307.933_304_281_853,
        theta: f64::INFINITY,
        means: [1.510_147_721, 0.911_187_649, 2.452_628_120],
    },
    Peer {
        coefficients: [
            0.270_909_282,
            -0.234_754_085,
            0.015_224_453_6,
            0.261_802_387,
            -0.000_197_826_381,
            0.080_682_446_9,
        ],
        errors: [
            0.034_514_611_32,
            0.044_268_638_42,
            0.001_567_494_361,
            0.173_643_005_1,
            0.055_885_724_04,
            0.009_336_792_024,
        ],
        log_likelihood: -3_294.804_004_342_561,
        theta: f64::INFINITY,
        means: [1.512_367_252, 1.097_208_740, 2.642_348_764],
    },
    Peer {
        coefficients: [
            0.056_434_044_96,
            -0.183_419_907_3,
            0.023_274_837_75,
            -0.765_720_478_3,
            0.027_988_773_47,
            -0.674_207_724_6,
        ],
        errors: [
            0.048_246_486_88,
            0.050_671_911_22,
            0.002_700_225_319,
            0.595_990_205_6,
            0.198_171_288_3,
            0.163_445_449_4,
        ],
        log_likelihood: -3_168.044_436_825,
        theta: 2.213_404_532,
        means: [1.549_698_521, 0.972_860_804_9, 2.812_228_502],
    },
    Peer {
        coefficients: [
            -0.114_256_040,
            -0.235_526_134,
            0.023_749_667_4,
            0.261_802_387,
            -0.000_197_826_381,
            0.080_682_446_9,
        ],
        errors: [
            0.081_017_389_92,
            0.071_565_550_23,
            0.003_512_034_469,
            0.173_643_005_1,
            0.055_885_724_04,
            0.009_336_792_024,
        ],
        log_likelihood: -3_147.839_264_768_968,
        theta: 1.270_169_557,
        means: [1.539_581_244, 1.138_832_272, 3.177_773_998],
    },
];

#[test]
fn weights_offset_and_other_regressors_are_pscls() -> averted::Result<()> {
    let data = articles();
    let mut fits = Vec::new();
    for family in [Poisson, NegativeBinomial] {
        let inflated =
            ZeroInflated::new().count(family).zeros("phd + ment").exposure("e").frequency_weights("w");
        let hurdle = Hurdle::new().count(family).zeros("~ phd + ment").offset("log(e)").weights("w");
        fits.push(inflated.small_sample(SmallSample::NONE).fit("art ~ fem + ment", &data)?);
        fits.push(hurdle.small_sample(SmallSample::NONE).fit("art ~ fem + ment", &data)?);
    }
    for (fit, peer) in fits.iter().zip(&PEERS) {
        let model = fit.sentence();
        for j in 0..6 {
            // Theirs stop at six digits or so, and their Hessian is of an optimiser's differences: regression_reference has
            // errors to six digits.
            close(&model, fit.coefficients()[j], peer.coefficients[j], 2e-5);
            close(&model, fit.std_errors()[j], peer.errors[j], 1e-3);
        }
        close(&model, fit.log_likelihood(), peer.log_likelihood, 1e-9);
        if peer.theta.is_finite() {
            close(&model, fit.dispersion().theta, peer.theta, 2e-5);
        }
        let (fitted, predicted) = (fit.fitted(), fit.predict(&data)?);
        for (row, mean) in [0, 499, 914].into_iter().zip(peer.means) {
            close(&model, fitted[row], mean, 1e-5);
            close(&model, predicted.mean[row], fitted[row], 1e-12);
            close(&model, predicted.zero[row], fit.zero_probabilities()[row], 1e-12);
        }
    }
    // Weights that count rows are the rows.
    assert_eq!(fits[0].observations(), data.number("w")?.iter().sum::<f64>());
    assert_eq!(fits[1].observations(), data.rows() as f64);
    Ok(())
}

#[test]
fn rows_that_stand_for_several_are_several() -> averted::Result<()> {
    let data = articles();
    let weights = data.number("w")?.to_vec();
    let repeated: Vec<usize> =
        weights.iter().enumerate().flat_map(|(row, &w)| std::iter::repeat_n(row, w as usize)).collect();
    let mut long = Frame::new();
    for name in ["art", "ment", "phd", "g"] {
        let values = data.number(name)?;
        long = long.with_number(name, repeated.iter().map(|&row| values[row]).collect())?;
    }
    for covariance in [Covariance::Classical, Covariance::Robust, Covariance::from("g")] {
        let spec = ZeroInflated::new().count(NegativeBinomial).zeros("ment").covariance(covariance);
        let once = spec.clone().frequency_weights("w").fit("art ~ ment", &data)?;
        let each = spec.fit("art ~ ment", &long)?;
        close("likelihood", once.log_likelihood(), each.log_likelihood(), 1e-12);
        for j in 0..4 {
            close("coefficient", once.coefficients()[j], each.coefficients()[j], 1e-8);
            close("error", once.std_errors()[j], each.std_errors()[j], 1e-7);
        }
        close("dispersion", once.dispersion().std_error, each.dispersion().std_error, 1e-7);
    }
    Ok(())
}

#[test]
fn first_order_conditions_hold() -> averted::Result<()> {
    let data = simulated(3, 2_000);
    for family in [Poisson, NegativeBinomial] {
        let hurdle = Hurdle::new().count(family).exposure("people").zeros("x + z").fit("y ~ x", &data)?;
        // A logit with an intercept fits the share of zeros, and the counts of a truncated Poisson their mean.
        let (observed, fitted) = hurdle.zeros();
        close("zeros", fitted, observed, 1e-10);
        if family == Poisson {
            let positive: f64 = data.number("y")?.iter().sum();
            let share = hurdle.zero_probabilities();
            let truncated: f64 = (hurdle.fitted().iter().zip(&share))
                .zip(data.number("y")?)
                .map(|((mean, none), y)| if *y > 0.0 { mean / (1.0 - none) } else { 0.0 })
                .sum();
            close("counts above zero", truncated, positive, 1e-9);
        }
    }
    let constant = ZeroInflated::new().count(NegativeBinomial).fit("y ~ 1", &data)?;
    let zeros = constant.zeros();
    close("zeros of a constant", zeros.1, zeros.0, 1e-9);
    Ok(())
}

#[test]
fn what_was_simulated_is_found() -> averted::Result<()> {
    let data = simulated(11, 40_000);
    let spec = ZeroInflated::new().count(NegativeBinomial).exposure("people").zeros("x + z");
    let fit = spec.fit("y ~ x", &data)?;
    assert!(fit.converged());
    let truth = [0.6, 0.5, -0.4, 0.8, -0.9];
    for ((name, row), truth) in fit.names().iter().zip(fit.coefficient_rows(0.95)).zip(truth) {
        let apart = (row.estimate - truth) / row.std_error;
        assert!(apart.abs() < 4.0 && row.std_error < 0.15, "{name}: {} {apart}", row.estimate);
    }
    let dispersion = fit.dispersion();
    assert!(((dispersion.alpha - 0.6) / dispersion.std_error).abs() < 4.0 && dispersion.std_error < 0.1);
    // The information is right, so the sandwich agrees with it.
    let robust = fit.with_covariance("HC1".parse::<Covariance>()?)?;
    for (own, other) in fit.std_errors().iter().zip(&robust.std_errors()) {
        close("robust", *own, *other, 0.15);
    }
    Ok(())
}

#[test]
fn counts_that_spread_like_a_poisson_are_one() -> averted::Result<()> {
    // Under-dispersed above zero: no more than the Poisson spreads.
    let y: Vec<f64> = (0..300).map(|i| if i % 3 == 0 { 0.0 } else { 3.0 + f64::from(i % 2) }).collect();
    let x: Vec<f64> = (0..300).map(|i| f64::from(i % 7)).collect();
    let data = Frame::new().with_number("y", y)?.with_number("x", x)?;
    for (poisson, negative) in [
        (
            ZeroInflated::new().fit("y ~ x", &data)?,
            ZeroInflated::new().count(NegativeBinomial).fit("y ~ x", &data)?,
        ),
        (Hurdle::new().fit("y ~ x", &data)?, Hurdle::new().count(NegativeBinomial).fit("y ~ x", &data)?),
    ] {
        assert_eq!(negative.dispersion().alpha, 0.0);
        assert!(negative.dispersion().std_error.is_nan());
        assert_eq!(poisson.coefficients(), negative.coefficients());
        assert!(negative.notes().iter().any(|note| note.contains("Poisson")));
    }
    Ok(())
}

#[test]
fn hidden_counts_lose_little() -> averted::Result<()> {
    let data = simulated(7, 6_000);
    let shown: Vec<f64> = data.number("y")?.to_vec();
    let small = |y: f64| (1.0..=4.0).contains(&y);
    let column = |f: &dyn Fn(f64) -> f64| shown.iter().map(|&y| f(y)).collect::<Vec<f64>>();
    let hidden = data
        .clone()
        .with_number("y", column(&|y| if small(y) { f64::NAN } else { y }))?
        .with_number("lo", column(&|y| if small(y) { 1.0 } else { f64::NAN }))?
        .with_number("hi", column(&|y| if small(y) { 4.0 } else { f64::NAN }))?;
    for family in [Poisson, NegativeBinomial] {
        let (inflated, hurdle) = (ZeroInflated::new().count(family), Hurdle::new().count(family));
        let pairs: [(TwoPartFit, TwoPartFit); 2] = [
            (inflated.fit("y ~ x", &data)?, inflated.clone().bounds("lo", "hi").fit("y ~ x", &hidden)?),
            (hurdle.fit("y ~ x", &data)?, hurdle.clone().bounds("lo", "hi").fit("y ~ x", &hidden)?),
        ];
        for (known, bounded) in &pairs {
            assert!(bounded.notes().iter().any(|note| note.contains("known only as intervals")));
            for j in 0..4 {
                let apart = (known.coefficients()[j] - bounded.coefficients()[j]) / bounded.std_errors()[j];
                // Less is known of the counts, and a zero is still a zero. A Poisson is not what was simulated.
                if family == NegativeBinomial {
                    assert!(apart.abs() < 3.0, "{}: {apart}", bounded.names()[j]);
                    assert!(bounded.std_errors()[j] > 0.999 * known.std_errors()[j]);
                }
            }
            assert!(bounded.outcome().iter().any(|y| y.is_nan()));
        }
    }
    Ok(())
}

#[test]
fn arrays_are_the_formula_and_scale_changes_nothing() -> averted::Result<()> {
    let data = simulated(5, 1_500);
    let (x, z) = (data.number("x")?, data.number("z")?);
    let columns = |v: &[f64], by: f64| {
        Array2::from_shape_fn((v.len(), 2), |(i, j)| if j == 0 { 1.0 } else { by * v[i] })
    };
    for by in [1.0, 1e6] {
        let sample = Sample::new(data.number("y")?.to_vec(), columns(x, by))?.named("y", &["one", "x"])?;
        let spec = Hurdle::new().count(NegativeBinomial);
        let arrays = spec.fit_arrays(sample, &["one", "z"], columns(z, by))?;
        let formula = spec.zeros("z").fit("y ~ x", &data)?;
        for j in 0..4 {
            let by = if j % 2 == 1 { by } else { 1.0 };
            close("coefficient", by * arrays.coefficients()[j], formula.coefficients()[j], 1e-8);
            close("error", by * arrays.std_errors()[j], formula.std_errors()[j], 1e-8);
        }
    }
    Ok(())
}

#[test]
fn the_order_of_rows_changes_no_bit() -> averted::Result<()> {
    let data = articles();
    let order: Vec<usize> = (0..data.rows()).map(|i| (i * 101) % data.rows()).collect();
    let mut other = Frame::new();
    for name in ["art", "ment", "phd", "g"] {
        let values = data.number(name)?;
        other = other.with_number(name, order.iter().map(|&row| values[row]).collect())?;
    }
    for family in [Poisson, NegativeBinomial] {
        let spec = ZeroInflated::new().count(family).zeros("ment").cluster("g");
        let (here, there) = (spec.fit("art ~ ment", &data)?, spec.fit("art ~ ment", &other)?);
        assert_eq!(here.coefficients(), there.coefficients());
        assert_eq!(here.covariance(), there.covariance());
        assert_eq!(here.rows(), (0..data.rows()).collect::<Vec<_>>());
        let (fitted, moved) = (here.fitted(), there.fitted());
        assert!(order.iter().zip(&moved).all(|(&row, mean)| fitted[row] == *mean));
        assert_eq!(here.outcome().to_vec(), data.number("art")?);
    }
    Ok(())
}

#[test]
fn rows_without_regressors_of_zeros_are_left_out() -> averted::Result<()> {
    let data = simulated(9, 400);
    let mut z = data.number("z")?.to_vec();
    let mut x = data.number("x")?.to_vec();
    (z[3], z[10], x[5]) = (f64::NAN, f64::NAN, f64::NAN);
    let gaps = data.with_number("z", z)?.with_number("x", x)?;
    let fit = ZeroInflated::new().zeros("z").fit("y ~ x", &gaps)?;
    assert_eq!(fit.rows().len(), 397);
    assert!(![3, 5, 10].iter().any(|row| fit.rows().contains(row)));
    let of_zeros = fit.dropped().iter().find(|d| d.cause.contains("zeros")).expect("a reason");
    assert_eq!((of_zeros.count, of_zeros.first_row), (2, 3));
    let predicted = fit.predict(&gaps)?;
    assert!(predicted.mean[3].is_nan() && predicted.mean[5].is_nan() && predicted.mean[4].is_finite());
    Ok(())
}

#[test]
fn intervals_of_means_are_by_the_delta_method() -> averted::Result<()> {
    let data = simulated(13, 800);
    let fit = Hurdle::new().count(NegativeBinomial).exposure("people").fit("y ~ x", &data)?;
    let (found, covariance) = (fit.predict(&data)?, fit.joint_covariance());
    // By differences: move every parameter, refit nothing.
    let (beta, alpha, x, people) =
        (fit.coefficients(), fit.dispersion().alpha, data.number("x")?, data.number("people")?);
    let mean = |p: &[f64], row: usize| {
        let mu = people[row] * (p[0] + p[1] * x[row]).exp();
        let over = 1.0 / (1.0 + (-(p[2] + p[3] * x[row])).exp());
        let none = (1.0 + p[4].exp() * mu).powf(-1.0 / p[4].exp());
        over * mu / (1.0 - none)
    };
    let at: Vec<f64> = beta.iter().copied().chain([alpha.ln()]).collect();
    for row in [0, 17, 300] {
        let slope = |j: usize| {
            let moved = |h: f64| {
                let mut there = at.clone();
                there[j] += h;
                mean(&there, row)
            };
            (moved(1e-5) - moved(-1e-5)) / 2e-5
        };
        let along: ndarray::Array1<f64> = (0..5).map(slope).collect();
        close("mean", found.mean[row], mean(&at, row), 1e-10);
        close("error", found.std_error[row], along.dot(&covariance.dot(&along)).sqrt(), 1e-6);
    }
    let (lower, upper) = found.interval(0.9)?;
    close("interval", (lower[0] * upper[0]).sqrt(), found.mean[0], 1e-10);
    Ok(())
}

#[test]
fn what_has_no_estimate_is_refused() -> averted::Result<()> {
    let data = simulated(2, 300);
    let effects = ZeroInflated::new().fit("y ~ x | people", &data).unwrap_err().to_string();
    assert!(effects.contains("Mundlak") && effects.contains("people"), "{effects}");
    let effects = Hurdle::new().zeros("z | people").fit("y ~ x", &data).unwrap_err();
    assert!(matches!(effects, Error::Argument { .. }), "{effects}");

    let none = Frame::new().with_number("y", vec![1.0, 2.0, 4.0, 3.0, 6.0])?;
    assert!(matches!(Hurdle::new().fit("y ~ 1", &none), Err(Error::NothingToEstimate { .. })));
    let all = Frame::new().with_number("y", vec![0.0; 5])?;
    assert!(matches!(ZeroInflated::new().fit("y ~ 1", &all), Err(Error::NothingToEstimate { .. })));
    let halves = Frame::new().with_number("y", vec![0.0, 0.5, 2.0, 3.0, 1.0])?;
    assert!(matches!(ZeroInflated::new().fit("y ~ 1", &halves), Err(Error::Domain { row: 1, .. })));
    assert!(matches!(
        ZeroInflated::new().fit("y ~ 1", &Frame::new().with_number("y", vec![0.0, 2.0])?),
        Err(Error::TooShort { .. })
    ));

    // Fewer zeros than a Poisson of that mean has.
    let few = Frame::new().with_number("y", [vec![0.0], vec![1.0; 20], vec![2.0; 20]].concat())?;
    let error = ZeroInflated::new().fit("y ~ 1", &few).unwrap_err();
    assert!(
        matches!(error, Error::NotConverged { .. }) && error.to_string().contains("no more zeros"),
        "{error}"
    );
    // A group without zeros.
    let x: Vec<f64> = (0..40).map(|i| f64::from(u8::from(i < 20))).collect();
    let y: Vec<f64> =
        (0..40).map(|i| if i < 20 { 1.0 + f64::from(i % 4) } else { f64::from(i % 4) }).collect();
    let apart = Frame::new().with_number("y", y)?.with_number("x", x)?;
    assert!(matches!(Hurdle::new().fit("y ~ x", &apart), Err(Error::NotConverged { .. })));
    // No count above one.
    let ones = Frame::new().with_number("y", (0..40).map(|i| f64::from(i % 2)).collect())?;
    assert!(matches!(Hurdle::new().fit("y ~ 1", &ones), Err(Error::NotConverged { .. })));

    let fit = ZeroInflated::new().fit("y ~ x", &data)?;
    assert!(matches!(fit.with_covariance("HC3".parse::<Covariance>()?), Err(Error::Argument { .. })));
    assert!(matches!(fit.with_covariance("nobody"), Err(Error::UnknownColumn { .. })));
    let sample = Sample::new(vec![0.0, 1.0, 2.0], array![[1.0], [1.0], [1.0]])?;
    let wrong = ZeroInflated::new().fit_arrays(sample, &["one", "two"], array![[1.0], [1.0], [1.0]]);
    assert!(matches!(wrong, Err(Error::Shape { .. })));
    assert!("nb".parse::<CountFamily>().is_err());
    Ok(())
}

#[test]
fn tests_tables_and_panels() -> averted::Result<()> {
    let data = articles();
    let fit = ZeroInflated::new().count(NegativeBinomial).fit("art ~ ment + phd", &data)?;
    let row = &fit.coefficient_rows(0.95)[4];
    assert_eq!(row.term, "zero: ment");
    let test = fit.wald("zero: ment = 0")?;
    close("one restriction", test.statistic, row.statistic.powi(2), 1e-10);
    let table = fit.table(0.95).to_string();
    for part in ["Zero-inflated negative binomial: art ~ ment + phd", "zeros fitted", "inverse information"] {
        assert!(table.contains(part), "{table}");
    }
    assert_eq!(
        ZeroInflated::new().count(NegativeBinomial).zeros("ment").cluster("g").to_string(),
        "Zero-inflated regression, negative binomial counts, zeros by ment, standard errors clustered by g, small \
         sample fixest"
    );
    close("aic", fit.aic(), 2.0 * (7.0 - fit.log_likelihood()), 1e-14);

    // Of a panel the population is the exposure.
    let rows = data.rows() as f64;
    let indexed = data
        .with_number("id", (0..rows as u32).map(f64::from).collect())?
        .with_number("t", vec![1.0; rows as usize])?;
    let panel = Panel::new(indexed.clone(), "id", "t")?.population("e")?;
    let of_panel = Hurdle::new().fit("art ~ ment", &panel)?;
    let told = Hurdle::new().exposure("e").fit("art ~ ment", &indexed)?;
    assert_eq!(of_panel.coefficients(), told.coefficients());
    let clustered = told.with_convention("g", SmallSample::FIXEST)?;
    assert_eq!(clustered.clusters(), [23]);
    Ok(())
}
