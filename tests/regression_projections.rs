//! Local projections: every horizon as a regression by hand, joint covariances by hand, properties, and refusals.

mod common;

use averted::Error;
use averted::data::{Frame, Panel};
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::random::{normal, stream};
use averted::regression::{Iv, LocalProjection, Ols, Poisson, Response};
use ndarray::{Array1, Array2};

/// Units by periods of `y_t = 0.6 y_{t−1} + x_t + e_t`, with counts of rates that follow the outcome.
fn panel(units: usize, periods: usize, seed: u64) -> Panel {
    let mut columns: [Vec<f64>; 6] = Default::default();
    let mut names = Vec::new();
    for u in 0..units {
        let mut generator = stream(seed, u as u64);
        let mut draw = || normal(&mut generator);
        let (mut y, level) = (draw(), draw());
        for t in 0..periods {
            let (z, noise) = (draw(), draw());
            let x = z + 0.5 * noise;
            y = 0.6 * y + x + draw() + 0.4 * noise;
            let people = 1e3 * (1.0 + u as f64) + 40.0 * t as f64;
            let deaths = (people * (0.05 * (y + level)).exp() / 50.0).round();
            names.push(format!("u{u}"));
            for (column, value) in columns.iter_mut().zip([t as f64, x, y + level, z, people, deaths]) {
                column.push(value);
            }
        }
    }
    let names: Vec<Option<&str>> = names.iter().map(|n| Some(n.as_str())).collect();
    let mut frame = Frame::new().with_text("unit", &names).expect("text");
    for (name, values) in ["t", "x", "y", "z", "people", "deaths"].into_iter().zip(columns) {
        frame = frame.with_number(name, values).expect("one length");
    }
    Panel::new(frame, "unit", "t").expect("a panel")
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * (1e-3 + b.abs()), "{a} {b}");
}

#[test]
fn every_horizon_is_the_regression_by_hand() {
    let panel = panel(9, 40, 1);
    let ols = Ols::new().cluster("unit");
    let terms = "x + lag(y, 1) + lag(x, 1) + lag(y, 2) + lag(x, 2) | unit + t";
    for (response, left) in [
        (Response::Level, "lead(y, 2)"),
        (Response::Change, "I(lead(y, 2) - lag(y, 1))"),
        (Response::Sum, "I(y + lead(y, 1) + lead(y, 2))"),
    ] {
        let projection =
            LocalProjection::new("y", "x", 3).lags(2).response(response).controls("1 | unit + t");
        let fit = projection.fit(&ols, &panel).expect("a fit");
        let by_hand = ols.fit(&format!("{left} ~ {terms}"), &panel).expect("a fit");
        let curve = fit.curve().expect("a curve");
        close(curve.estimates()[2], by_hand.coefficients()[0]);
        close(curve.std_errors()[2], by_hand.std_errors()[0]);
        assert_eq!(fit.fits()[2].observations(), by_hand.observations());
    }
    // Counts: the exposure is that of the period of the outcome.
    let poisson = Poisson::new().exposure("people").cluster("unit").tolerance(1e-12);
    let fit =
        LocalProjection::new("deaths", "x", 2).controls("1 | unit").fit(&poisson, &panel).expect("a fit");
    let by_hand = Poisson::new().exposure("lead(people, 2)").cluster("unit").tolerance(1e-12);
    let by_hand = by_hand.fit("lead(deaths, 2) ~ x | unit", &panel).expect("a fit");
    close(fit.curve().expect("a curve").estimates()[2], by_hand.coefficients()[0]);
    // Instruments, and the multiplier.
    let iv = Iv::new().cluster("unit");
    let fit = LocalProjection::new("y", "x", 1)
        .instrument("z")
        .controls("1 | unit")
        .fit(&iv, &panel)
        .expect("a fit");
    let by_hand = iv.fit("lead(y, 1) ~ 1 | unit | x ~ z", &panel).expect("a fit");
    close(fit.curve().expect("a curve").estimates()[1], by_hand.coefficients()[0]);
    let sums = LocalProjection::new("y", "x", 1).instrument("z").multiplier().controls("1 | unit");
    let fit = sums.fit(&iv, &panel).expect("a fit");
    let by_hand = iv.fit("I(y + lead(y, 1)) ~ 1 | unit | I(x + lead(x, 1)) ~ z", &panel).expect("a fit");
    close(fit.curve().expect("a curve").estimates()[1], by_hand.coefficients()[0]);
}

/// Horizons 0 to 2 of `y` on a constant and `x` in one series of `n`, with everything done by hand: estimates, and
/// what every period adds to them.
fn by_hand(panel: &Panel, horizons: usize) -> (Vec<f64>, Array2<f64>) {
    let (y, x) = (panel.frame().number("y").expect("y"), panel.frame().number("x").expect("x"));
    let n = x.len();
    let mut influence = Array2::zeros((n, horizons + 1));
    let mut estimates = Vec::new();
    for h in 0..=horizons {
        let rows = n - h;
        let mean = |v: &[f64]| v.iter().sum::<f64>() / rows as f64;
        let (mx, my) = (mean(&x[..rows]), mean(&y[h..]));
        let square: f64 = x[..rows].iter().map(|x| (x - mx).powi(2)).sum();
        let b = (0..rows).map(|t| (x[t] - mx) * (y[t + h] - my)).sum::<f64>() / square;
        for t in 0..rows {
            influence[[t, h]] = (x[t] - mx) / square * (y[t + h] - my - b * (x[t] - mx));
        }
        estimates.push(b);
    }
    (estimates, influence)
}

#[test]
fn horizons_are_related_by_their_scores() {
    let panel = panel(1, 120, 5);
    let ols = Ols::new().covariance(Covariance::Robust).small_sample(SmallSample::NONE);
    let projection = LocalProjection::new("y", "x", 4);
    let curve = projection.fit(&ols, &panel).expect("a fit").curve().expect("a curve");
    let (estimates, influence) = by_hand(&panel, 4);
    let joint = influence.t().dot(&influence);
    for h in 0..=4 {
        close(curve.estimates()[h], estimates[h]);
        for k in 0..=4 {
            close(curve.covariance()[[h, k]], joint[[h, k]]);
        }
    }
    // Clusters: sums over blocks of ten periods.
    let block: Vec<f64> = (0..120).map(|t| f64::from(t / 10)).collect();
    let frame = panel.frame().clone().with_number("block", block).expect("one length");
    let blocks = Panel::new(frame, "unit", "t").expect("a panel");
    let clustered = Ols::new().cluster("block").small_sample(SmallSample::NONE);
    let curve = projection.fit(&clustered, &blocks).expect("a fit").curve().expect("a curve");
    let sums =
        Array2::from_shape_fn((12, 5), |(g, h)| (0..10).map(|t| influence[[10 * g + t, h]]).sum::<f64>());
    let joint = sums.t().dot(&sums);
    for h in 0..=4 {
        for k in 0..=4 {
            close(curve.covariance()[[h, k]], joint[[h, k]]);
        }
    }
}

#[test]
fn samples_and_augmentation_are_as_told() {
    let panel = panel(6, 30, 2);
    let each = |projection: LocalProjection| {
        let fit = projection.fit(&Ols::new(), &panel).expect("a fit");
        fit.fits().iter().map(|f| f.observations() as usize).collect::<Vec<_>>()
    };
    let projection = LocalProjection::new("y", "x", 3).lags(1).controls("1 | unit");
    assert_eq!(each(projection.clone()), [174, 168, 162, 156]);
    assert_eq!(each(projection.clone().balanced()), [156; 4]);
    assert_eq!(each(projection.clone().augmented()), [168, 162, 156, 150]);
    let fit = projection.augmented().fit(&Ols::new(), &panel).expect("a fit");
    assert_eq!(fit.fits()[0].covariance_kind(), &Covariance::Robust);
    let text = fit.to_string();
    assert!(text.contains("2 lags of both (one of them added)"), "{text}");
    assert_eq!(text, fit.to_string());
    let other = fit.with_covariance("unit").expect("clusters").curve().expect("a curve");
    assert_eq!(other.estimates(), fit.curve().expect("a curve").estimates());
}

#[test]
fn what_cannot_be_projected_is_refused() {
    let panel = panel(2, 6, 3);
    let ols = Ols::new();
    let short = LocalProjection::new("y", "x", 5).lags(1).fit(&ols, &panel).unwrap_err();
    assert!(short.to_string().contains("horizon"), "{short}");
    let refused = |projection: LocalProjection| projection.fit(&ols, &panel).unwrap_err();
    assert!(matches!(refused(LocalProjection::new("y", "x", 1).instrument("z")), Error::Argument { .. }));
    assert!(LocalProjection::new("y", "x", 1).fit(&Iv::new(), &panel).is_err());
    assert!(LocalProjection::new("y", "x", 1).fit(&ols, panel.frame()).is_err());
    let change = LocalProjection::new("deaths", "x", 1).response(Response::Change);
    assert!(matches!(change.fit(&Poisson::new(), &panel), Err(Error::Argument { .. })));
}

/// Coverage of the whole response 0.6^h by the 90 % band, and of single horizons by the intervals.
#[test]
#[ignore = "slow: 1,000 panels of 40 units by 40 periods"]
fn bands_cover_the_whole_response() {
    let truth: Array1<f64> = (0..=8).map(|h| 0.6_f64.powi(h)).collect();
    let covered = averted::parallel::map(1_000, |replicate| {
        let panel = exogenous(40, 40, replicate as u64 + 100);
        let projection = LocalProjection::new("y", "x", 8).lags(1).augmented().controls("1 | t");
        let fit = projection.fit(&Ols::new().cluster("unit"), &panel).expect("a fit");
        let points = fit.curve().expect("a curve").points(0.9, 1).expect("points");
        let inside = |lower: f64, upper: f64, at: usize| lower <= truth[at] && truth[at] <= upper;
        let band = points.iter().enumerate().all(|(h, p)| inside(p.band_lower, p.band_upper, h));
        let each = points.iter().enumerate().filter(|(h, p)| inside(p.row.lower, p.row.upper, *h)).count();
        let whole = each == points.len();
        (band, each, whole)
    });
    let share = |f: &dyn Fn(&(bool, usize, bool)) -> f64| covered.iter().map(f).sum::<f64>() / 1_000.0;
    let band = share(&|c| f64::from(u8::from(c.0)));
    let each = share(&|c| c.1 as f64 / 9.0);
    let whole = share(&|c| f64::from(u8::from(c.2)));
    println!("90 % band covers the response in {band:.3}; intervals each {each:.3}, all at once {whole:.3}");
    // Four Monte-Carlo standard errors about the level.
    assert!((band - 0.9).abs() < 0.038, "{band}");
    assert!((each - 0.9).abs() < 0.03, "{each}");
    assert!(whole < 0.8, "{whole}");
}

/// `y_t = 0.6 y_{t−1} + x_t + e_t` with an exogenous shock, after 30 periods that are not seen.
fn exogenous(units: usize, periods: usize, seed: u64) -> Panel {
    let (mut time, mut x, mut y, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for u in 0..units {
        let mut generator = stream(seed, u as u64);
        let mut level = 0.0;
        for t in 0..periods + 30 {
            let shock = normal(&mut generator);
            level = 0.6 * level + shock + normal(&mut generator);
            if t >= 30 {
                names.push(format!("u{u}"));
                time.push(t as f64);
                x.push(shock);
                y.push(level);
            }
        }
    }
    let names: Vec<Option<&str>> = names.iter().map(|n| Some(n.as_str())).collect();
    let frame = Frame::new()
        .with_text("unit", &names)
        .and_then(|f| f.with_number("t", time))
        .and_then(|f| f.with_number("x", x))
        .and_then(|f| f.with_number("y", y))
        .expect("one length");
    Panel::new(frame, "unit", "t").expect("a panel")
}
