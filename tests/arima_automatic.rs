//! The automatic choice of ARIMA models: what is chosen, what is refused, and how it forecasts.

mod common;

use std::cell::Cell;
use std::rc::Rc;

use averted::error::Error;
use averted::interrupt::interruptible;
use averted::timeseries::arima::{Arima, ArimaFit, AutoArima, Criterion};
use averted::timeseries::structural::Series;
use common::{numbers, reference};
use ndarray::Array2;

const NAN: f64 = f64::NAN;

fn dataset(name: &str) -> Vec<f64> {
    numbers(&reference("arima")["datasets"][name]["values"])
}

fn fit(auto: &AutoArima, y: &[f64]) -> ArimaFit {
    auto.fit(&Series::new("y", y)).unwrap_or_else(|e| panic!("{auto}: {e}"))
}

fn refuse(y: &[f64]) -> Error {
    let errors = [AutoArima::new(), AutoArima::new().seasonal(4), AutoArima::new().as_r()]
        .map(|auto| auto.fit(&Series::new("deaths", y)).expect_err("an error"));
    let [first, second, third] = errors;
    assert!(
        first.to_string() == second.to_string() && first.to_string() == third.to_string(),
        "{first}; {second}"
    );
    first
}

#[test]
fn series_without_a_model_are_refused() {
    for n in 0..4 {
        let y: Vec<f64> = (0..n).map(|t| f64::from(t * t % 3)).collect();
        assert!(matches!(refuse(&y), Error::TooShort { .. }));
    }
    assert!(matches!(refuse(&[NAN; 30]), Error::TooShort { found: 0, .. }));
    assert!(matches!(refuse(&[&[NAN; 29][..], &[4.0]].concat()), Error::TooShort { found: 1, .. }));
    assert!(matches!(refuse(&[4.0; 30]), Error::NothingToEstimate { .. }));
    assert!(matches!(refuse(&[0.0; 30]), Error::NothingToEstimate { .. }));
    let line: Vec<f64> = (0..30).map(|t| 3.0 + 2.0 * f64::from(t)).collect();
    assert!(matches!(refuse(&line), Error::NothingToEstimate { .. }));
    let season: Vec<f64> = (0..48).map(|t| f64::from([3, 1, 4, 1][t % 4])).collect();
    let error = AutoArima::new().seasonal(4).fit(&Series::new("y", &season)).expect_err("no variance");
    assert!(matches!(error, Error::NothingToEstimate { .. }), "{error}");
    let nile = dataset("nile");
    for scale in [1e297, 1e-300] {
        let y: Vec<f64> = nile.iter().map(|v| v * scale).collect();
        assert!(matches!(refuse(&y), Error::Domain { .. }), "{scale}");
    }
    assert!(matches!(refuse(&[&nile[..], &[f64::INFINITY]].concat()), Error::Domain { row: 100, .. }));
    let try_it = |auto: AutoArima| auto.fit(&Series::new("y", &nile)).expect_err("an error");
    assert!(matches!(try_it(AutoArima::new().seasonal(500)), Error::Argument { .. }));
    assert!(matches!(try_it(AutoArima::new().differences(9)), Error::Argument { .. }));
    assert!(matches!(try_it(AutoArima::new().seasonal_differences(1)), Error::Argument { .. }));
    assert!(matches!(try_it(AutoArima::new().most(90, 0, 0, 0)), Error::Argument { .. }));
}

#[test]
fn short_and_odd_series_have_an_answer() {
    for n in 4..40 {
        let y: Vec<f64> = (0..n).map(|t| f64::from((t * t * 7) % 5) + 0.1 * f64::from(t)).collect();
        for auto in [AutoArima::new(), AutoArima::new().as_r(), AutoArima::new().seasonal(4)] {
            let made = fit(&auto, &y);
            assert!(made.predict(3, None).expect("ahead").mean.iter().all(|m| m.is_finite()), "{n}");
            assert!(made.aicc().is_finite());
        }
    }
    // An outbreak and nothing else, rare events, and what is almost a line.
    let pulse: Vec<f64> = (0..30).map(|t| f64::from(u8::from(t == 11))).collect();
    let rare: Vec<f64> = (0..60).map(|t| f64::from(u8::from(t % 17 == 3))).collect();
    let line: Vec<f64> = (0..40).map(|t| f64::from(t) + 1e-6 * f64::from(t * t % 7)).collect();
    for y in [pulse, rare, line] {
        let made = fit(&AutoArima::new(), &y);
        assert!(made.forecast(4, None, 100, Some(1)).expect("paths").mean(0).iter().all(|m| m.is_finite()));
    }
    let nile = dataset("nile");
    let plain = fit(&AutoArima::new(), &nile);
    for scale in [1e100, 1e-100] {
        let y: Vec<f64> = nile.iter().map(|v| v * scale).collect();
        assert_eq!(fit(&AutoArima::new(), &y).specification(), plain.specification());
    }
}

#[test]
fn the_record_holds_every_candidate_once_and_the_choice_is_its_best() {
    let y = dataset("wwwusage");
    for criterion in [Criterion::Aicc, Criterion::Aic, Criterion::Bic] {
        let made = fit(&AutoArima::new().criterion(criterion), &y);
        let own = match criterion {
            Criterion::Aicc => made.aicc(),
            Criterion::Aic => made.aic(),
            Criterion::Bic => made.bic(),
        };
        let trials = made.trials();
        assert!(trials.iter().enumerate().all(|(i, t)| trials[..i].iter().all(|u| u.model != t.model)));
        assert!(trials.iter().all(|t| t.value.is_some() != t.note.is_some()));
        let least = trials.iter().filter_map(|t| t.value).fold(f64::INFINITY, f64::min);
        assert!((least - own).abs() < 1e-3, "{least} {own}");
        assert!(trials.len() >= 42);
        // Every value is that of the model fitted alone, or of another maximum of it.
        for trial in trials.iter().filter(|t| t.value.is_some()) {
            let alone = trial.model.fit(&Series::new("y", &y)).expect("a fit");
            let alone = match criterion {
                Criterion::Aicc => alone.aicc(),
                Criterion::Aic => alone.aic(),
                Criterion::Bic => alone.bic(),
            };
            let value = trial.value.expect("a value");
            assert!(value > alone - 1e-3, "{}: {value} {alone}", trial.model);
        }
    }
    assert!(Arima::new((1, 1, 1)).fit(&Series::new("y", &y)).expect("a fit").trials().is_empty());
}

#[test]
fn no_root_is_near_the_circle_and_the_orders_stay_within_their_bounds() {
    let lynx = dataset("log10_lynx");
    for auto in [AutoArima::new(), AutoArima::new().as_r()] {
        assert!(fit(&auto, &lynx).roots_beyond(1.01));
        let small = fit(&auto.most(2, 1, 0, 0), &lynx);
        assert!(small.specification().orders().0 <= 2 && small.specification().orders().2 <= 1);
    }
    let differenced = fit(&AutoArima::new().differences(1), &lynx);
    assert_eq!(differenced.specification().orders().1, 1);
    let air = dataset("log_airpassengers");
    let none = fit(&AutoArima::new().seasonal(12).seasonal_differences(0), &air);
    assert_eq!(none.specification().seasonal_orders().1, 0);
}

#[test]
fn our_search_is_never_worse_than_the_path_of_r() {
    let series =
        [("log_airpassengers", 12), ("nile", 1), ("wwwusage", 1), ("log10_lynx", 1), ("presidents", 4)];
    for (name, season) in series {
        let y = dataset(name);
        let (own, path) =
            (fit(&AutoArima::new().seasonal(season), &y), fit(&AutoArima::new().seasonal(season).as_r(), &y));
        let differences =
            |f: &ArimaFit| (f.specification().orders().1, f.specification().seasonal_orders().1);
        assert_eq!(differences(&own), differences(&path), "{name}");
        assert!(own.aicc() <= path.aicc() + 1e-6, "{name}: {} {}", own.aicc(), path.aicc());
    }
}

#[test]
fn gaps_and_regressors_are_part_of_the_choice() {
    let mut air = dataset("log_airpassengers");
    [19, 20, 59, 99].into_iter().for_each(|t| air[t] = NAN);
    let made = fit(&AutoArima::new().seasonal(12), &air);
    assert_eq!((made.specification().seasonal_orders().1, made.n_used()), (1, 144 - 13 - 4));

    // A step of known size in noise: with it as a regressor nothing is differenced, without it something is.
    let noise = |t: i32| f64::from((t * t * 13 + 5 * t) % 17) / 17.0;
    let y: Vec<f64> = (0..80).map(|t| noise(t) + if t >= 40 { 5.0 } else { 0.0 }).collect();
    let step = Array2::from_shape_fn((80, 1), |(t, _)| f64::from(u8::from(t >= 40)));
    let names = ["law".to_owned()];
    let series = Series::new("y", &y).regressors(step.view(), &names);
    let with = AutoArima::new().fit(&series).expect("a fit");
    assert_eq!(with.specification().orders().1, 0);
    let place = with.coefficients().len() - 1;
    assert!((with.coefficients()[place] - 5.0).abs() < 0.3, "{}", with.coefficients()[place]);
    assert_eq!(fit(&AutoArima::new(), &y).specification().orders().1, 1);
    assert!(with.predict(2, None).expect_err("no x").to_string().contains("law"));

    // A regressor that is a slope leaves no place for a drift, and one that a difference removes forbids it.
    let slope = Array2::from_shape_fn((80, 1), |(t, _)| t as f64);
    let walk: Vec<f64> = y.iter().scan(0.0, |sum, v| Some(*sum + v).inspect(|s| *sum = *s)).collect();
    let series = Series::new("y", &walk).regressors(slope.view(), &names);
    let made = AutoArima::new().differences(1).fit(&series).expect("a fit");
    assert!(made.trials().iter().any(|t| t.note.is_some()) && !made.specification().constant().1);
}

#[test]
fn the_same_series_gives_the_same_bits() {
    let y = dataset("log10_lynx");
    let (one, two) = (fit(&AutoArima::new(), &y), fit(&AutoArima::new(), &y));
    assert_eq!(one.log_likelihood().to_bits(), two.log_likelihood().to_bits());
    assert_eq!(one.trials(), two.trials());
}

#[test]
fn a_fit_and_a_search_end_when_they_are_asked_to() {
    let y = dataset("log10_lynx");
    let series = Series::new("y", &y);
    for patience in [0, 1, 5, 40] {
        // Nobody asks again once the answer was to stop: the loops see it without.
        let asked = Rc::new(Cell::new(0));
        let looks = asked.clone();
        let ask = move || {
            looks.set(looks.get() + 1);
            looks.get() > patience
        };
        let found = interruptible(Box::new(ask.clone()), || AutoArima::new().fit(&series));
        assert!(matches!(found, Err(Error::Interrupted)), "{patience}: {found:?}");
        assert_eq!(asked.get(), patience + 1);
        asked.set(0);
        let found = interruptible(Box::new(ask), || Arima::new((2, 0, 2)).fit(&series));
        assert!(matches!(found, Err(Error::Interrupted)), "{patience}: {found:?}");
    }
    assert!(AutoArima::new().fit(&series).is_ok());
}
