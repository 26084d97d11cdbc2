//! The response against the regression it is made of, deaths averted against a brute-force counterfactual, and what the
//! intervals and the minimum detectable effect promise.

use averted::data::{Frame, Panel};
use averted::distribution;
use averted::inference::Estimates;
use averted::random;
use averted::regression::Poisson;
use averted::spending::{Averted, Cost, Errors, SpendingResponse, Spread, detectable};
use averted::{Error, parallel};

/// A panel of deaths drawn from the model, with effects of units and years, and spending that has its own ups and downs.
fn panel(seed: u64, (units, years): (usize, usize), slopes: &[f64]) -> Panel {
    let mut g = random::stream(seed, 0);
    let (mut unit, mut year, mut deaths, mut people, mut spend, mut other) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    let common: Vec<f64> = (0..years).map(|_| 0.1 * random::normal(&mut g)).collect();
    for i in 0..units {
        let size = 1e6 * (1.0 + 4.0 * random::uniform(&mut g));
        let rate = (-9.0 + 0.4 * random::normal(&mut g)).exp();
        let level = 2.0 + 2.0 * random::uniform(&mut g);
        let s: Vec<f64> =
            (0..years + slopes.len()).map(|_| level * (0.5 * random::normal(&mut g)).exp()).collect();
        for t in 0..years {
            let at = t + slopes.len();
            let effect: f64 = slopes.iter().enumerate().map(|(l, b)| b * s[at - l]).sum();
            let n = size * (1.0 + 0.01 * t as f64);
            let mean = n * rate * (effect + common[t]).exp();
            let drawn = distribution::Poisson::new(mean).expect("a mean").draw(&mut g);
            unit.push(format!("u{i:03}"));
            year.push(2000.0 + t as f64);
            deaths.push(drawn);
            people.push(n);
            spend.push(s[at]);
            other.push(random::normal(&mut g));
        }
    }
    let total = spend.iter().zip(&people).map(|(s, n)| s * n).collect();
    let labels: Vec<Option<&str>> = unit.iter().map(|u| Some(u.as_str())).collect();
    let frame = Frame::new()
        .with_text("state", &labels)
        .and_then(|f| f.with_number("year", year))
        .and_then(|f| f.with_number("deaths", deaths))
        .and_then(|f| f.with_number("people", people))
        .and_then(|f| f.with_number("spend", spend))
        .and_then(|f| f.with_number("total", total))
        .and_then(|f| f.with_number("other", other))
        .expect("columns of one length");
    Panel::new(frame, "state", "year")
        .and_then(|p| p.events("deaths"))
        .and_then(|p| p.population("people"))
        .expect("a panel")
}

fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * b.abs(), "{a} is not {b}");
}

#[test]
fn the_response_is_the_regression_written_out() {
    let panel = panel(1, (20, 12), &[-0.04, -0.02]);
    let specification = SpendingResponse::new().spend("spend").lags(2).leads(1).controls("other");
    let response = specification.errors(Errors::Cluster).fit(&panel).expect("a fit");
    let fit = Poisson::new()
        .exposure("people")
        .cluster("state")
        .fit("deaths ~ lag(spend, 0:2) + lead(spend, 1) + other | state + year", &panel)
        .expect("a fit");
    assert_eq!(response.fit().coefficients(), fit.coefficients());
    assert_eq!(response.fit().covariance(), fit.covariance());
    let long_run = response.cumulative(0.95);
    let sum: f64 = (0..3).map(|l| fit.coefficients()[l]).sum();
    let variance: f64 =
        (0..3).flat_map(|a| (0..3).map(move |b| (a, b))).map(|(a, b)| fit.covariance()[[a, b]]).sum();
    close(long_run.estimate, sum, 1e-12);
    close(long_run.std_error, variance.sqrt(), 1e-12);
    // t with 20 − 1 degrees.
    close(long_run.upper - long_run.estimate, 2.093_024_054_408_263 * variance.sqrt(), 1e-9);
    close(
        response.detectable(0.95).expect("degrees"),
        (2.093_024_054_408_263 + 0.860_950_551_9) * variance.sqrt(),
        1e-8,
    );
    assert_eq!((response.lag_rows(0.95).len(), response.lead_rows(0.95).len()), (3, 1));
}

#[test]
fn the_jackknife_leaves_out_one_unit_at_a_time() {
    let whole = panel(10, (12, 9), &[-0.05]);
    let response = SpendingResponse::new().spend("spend").lags(1).fit(&whole).expect("a fit");
    assert_eq!(response.errors(), "jackknife");
    let formula = "deaths ~ lag(spend, 0:1) | state + year";
    let without = |unit: &str| {
        let frame = whole.frame();
        let labels = frame.factor("state").expect("there");
        let column = |name: &str| {
            let values = frame.number(name).expect("there");
            (0..frame.rows())
                .filter(|r| labels.label(*r) != Some(unit))
                .map(|r| values[r])
                .collect::<Vec<_>>()
        };
        let states: Vec<Option<&str>> =
            (0..frame.rows()).map(|r| labels.label(r)).filter(|l| *l != Some(unit)).collect();
        let rest = ["year", "deaths", "people", "spend"]
            .iter()
            .fold(Frame::new().with_text("state", &states).expect("one column"), |frame, name| {
                frame.with_number(name, column(name)).expect("one length")
            });
        let rest = Panel::new(rest, "state", "year").expect("a panel");
        let fit = Poisson::new().exposure("people").fit(formula, &rest).expect("a fit");
        fit.coefficients()[0] + fit.coefficients()[1]
    };
    let row = response.cumulative(0.95);
    let squares: f64 = (0..12).map(|i| (without(&format!("u{i:03}")) - row.estimate).powi(2)).sum();
    close(row.std_error, (11.0 / 12.0 * squares).sqrt(), 1e-6);
    // The clustered one is that of the regression.
    let clustered =
        SpendingResponse::new().spend("spend").lags(1).errors(Errors::Cluster).fit(&whole).expect("a fit");
    close(response.clustered_error(), clustered.cumulative(0.95).std_error, 1e-12);
    assert_eq!(clustered.errors(), "clustered");
    // Two cluster variables have no one cluster to leave out.
    let twice = SpendingResponse::new().spend("spend").lags(1).cluster(["state", "year"]);
    assert_eq!(twice.clone().fit(&whole).expect("a fit").errors(), "clustered");
    assert!(matches!(twice.errors(Errors::Jackknife).fit(&whole), Err(Error::Argument { .. })));
}

#[test]
fn the_scale_changes_units_only() {
    let panel = panel(2, (15, 10), &[-0.05]);
    let one = SpendingResponse::new().spend("spend").lags(1).fit(&panel).expect("a fit");
    let ten = SpendingResponse::new().spend("spend").lags(1).scale(10.0).fit(&panel).expect("a fit");
    close(ten.cumulative(0.95).estimate, 10.0 * one.cumulative(0.95).estimate, 1e-8);
    let (a, b) = (one.averted(1e6).expect("money"), ten.averted(1e6).expect("money"));
    close(b.estimate.estimate, a.estimate.estimate, 1e-8);
    close(b.estimate.std_error, a.estimate.std_error, 1e-8);
    close(b.total.estimate, a.total.estimate, 1e-8);
    // Totals in place of dollars a head.
    let totals = SpendingResponse::new().spend("total").per_person(false).lags(1).fit(&panel).expect("a fit");
    let c = totals.averted(1e6).expect("money");
    close(c.estimate.estimate, a.estimate.estimate, 1e-8);
}

/// Deaths averted by a small proportional change, per dollar, lag by lag, by predicting again.
fn brute_force(panel: &Panel, slopes: &[f64], rows: &[usize], means: &[f64], by_population: bool) -> f64 {
    let frame = panel.frame();
    let (spend, people) = (frame.number("spend").expect("there"), frame.number("people").expect("there"));
    let epsilon = 1e-7;
    let mut averted = 0.0;
    for (lag, b) in slopes.iter().enumerate() {
        let (s, n) = (panel.index().shift(spend, lag as i64), panel.index().shift(people, lag as i64));
        let (mut deaths, mut money) = (0.0, 0.0);
        for (&row, mean) in rows.iter().zip(means) {
            let more = if by_population { epsilon } else { epsilon * s[row] };
            deaths += mean * (b * more).exp() - mean;
            money += more * n[row];
        }
        averted -= deaths / money;
    }
    averted
}

#[test]
fn a_million_averts_what_a_small_change_of_the_model_averts() {
    let panel = panel(3, (18, 11), &[-0.06, -0.03, 0.01]);
    let response = SpendingResponse::new().spend("spend").lags(2).fit(&panel).expect("a fit");
    let (rows, means) = (response.fit().rows(), response.fit().fitted().to_vec());
    let b = response.lag_coefficients().to_vec();
    for (spread, by_population) in [(Spread::Money, false), (Spread::Population, true)] {
        let averted = response.averted_as(1e6, spread, 0.95).expect("money");
        close(averted.estimate.estimate, 1e6 * brute_force(&panel, &b, &rows, &means, by_population), 1e-6);
        let sum: f64 = averted.by_lag.iter().map(|row| row.estimate).sum();
        close(averted.estimate.estimate, sum, 1e-12);
    }
    // The linear formula, exactly.
    let frame = panel.frame();
    let (spend, people) = (frame.number("spend").expect("there"), frame.number("people").expect("there"));
    let mut formula = 0.0;
    for (lag, b) in b.iter().enumerate() {
        let (s, n) = (panel.index().shift(spend, lag as i64), panel.index().shift(people, lag as i64));
        let deaths: f64 = rows.iter().zip(&means).map(|(&r, m)| m * s[r]).sum();
        let money: f64 = rows.iter().map(|&r| s[r] * n[r]).sum();
        formula -= 1e6 * b * deaths / money;
    }
    close(response.averted(1e6).expect("money").estimate.estimate, formula, 1e-12);
    // Twice the money averts twice as much, and costs the same a death.
    let (one, two) = (response.averted(1e6).expect("money"), response.averted(2e6).expect("money"));
    close(two.estimate.upper, 2.0 * one.estimate.upper, 1e-12);
    let (Cost::Bounded { estimate: a, .. }, Cost::Bounded { estimate: b, .. }) = (one.cost(), two.cost())
    else {
        panic!("{one:?}")
    };
    close(a, b, 1e-12);
}

#[test]
fn all_of_the_money_against_none_is_the_prediction_without_it() {
    let panel = panel(4, (15, 10), &[-0.05, -0.05]);
    let response = SpendingResponse::new().spend("spend").lags(1).fit(&panel).expect("a fit");
    let total = response.averted(1e6).expect("money").total;
    let none =
        panel.frame().clone().with_number("spend", vec![0.0; panel.frame().rows()]).expect("one length");
    let none = Panel::new(none, "state", "year").expect("a panel");
    let (rows, means) = (response.fit().rows(), response.fit().fitted());
    // The first year has no lag, and no level in the fit: predict for one of the years that have.
    let year = panel.frame().number("year").expect("there");
    let later: Vec<f64> = year.iter().map(|y| y.max(2001.0)).collect();
    let none = none.frame().clone().with_number("later", later).expect("one length");
    let same = none.clone().with_number("spend", panel.frame().number("spend").expect("there").to_vec());
    let build = |frame| Panel::new(frame, "state", "year").expect("a panel");
    let model = Poisson::new().exposure("people");
    let formula = "deaths ~ lag(spend, 0:1) | state + later";
    let fit = model.fit(formula, &build(same.expect("one length"))).expect("a fit");
    let predicted = fit.predict(&build(none)).expect("a prediction");
    let without: f64 = rows.iter().map(|&row| predicted.mean[row]).sum();
    close(total.estimate, without - means.sum(), 1e-7);
    assert_eq!(response.against(1.0, 0.95).expect("a factor").estimate, 0.0);
    assert!(response.against(1.2, 0.95).expect("a factor").estimate < 0.0);
}

#[test]
fn the_lead_test_sees_spending_that_follows_deaths_and_passes_where_it_does_not() {
    let clean =
        SpendingResponse::new().spend("spend").lags(1).fit(&panel(5, (30, 14), &[-0.05])).expect("a fit");
    let test = clean.lead_test(2).expect("a test");
    assert!(!test.failed() && !test.follows(), "{}", test.table());
    assert_eq!(test.leads.degrees, 29.0);
    // Spending set by the deaths of the year before.
    let base = panel(6, (30, 14), &[0.0]);
    let frame = base.frame();
    let rate: Vec<f64> = frame
        .number("deaths")
        .expect("there")
        .iter()
        .zip(frame.number("people").expect("there"))
        .map(|(d, n)| 120.0 + 10.0 * (d / n).ln())
        .collect();
    let mut g = random::stream(60, 0);
    let before = base.index().shift(&rate, 1);
    let answer = before.iter().map(|r| r + 0.2 * random::normal(&mut g)).collect();
    let chased = frame.clone().with_number("spend", answer).expect("one length");
    let chased = Panel::new(chased, "state", "year")
        .and_then(|p| p.events("deaths"))
        .and_then(|p| p.population("people"))
        .expect("a panel");
    let test = SpendingResponse::new()
        .spend("spend")
        .lags(0)
        .fit(&chased)
        .and_then(|r| r.lead_test(1))
        .expect("a test");
    assert!(test.failed() && test.follows(), "{}", test.table());
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let good = panel(7, (8, 6), &[-0.05]);
    let spec = || SpendingResponse::new().spend("spend").lags(1);
    let fit = |spec: SpendingResponse| spec.fit(&good).unwrap_err();
    assert!(matches!(fit(SpendingResponse::new()), Error::Argument { argument, .. } if argument == "spend"));
    assert!(matches!(fit(spec().spend("spent")), Error::UnknownColumn { did_you_mean: Some(_), .. }));
    assert!(matches!(fit(spec().lags(6)), Error::Argument { .. }));
    assert!(matches!(fit(spec().lags(usize::MAX)), Error::Argument { .. }));
    assert!(matches!(fit(spec().scale(0.0)), Error::Argument { argument, .. } if argument == "scale"));
    assert!(matches!(fit(spec().cluster(Vec::<String>::new())), Error::Argument { .. }));
    assert!(matches!(fit(spec().controls("nothing")), Error::Formula { .. }));
    assert!(matches!(fit(spec().lags(5)), Error::TooShort { .. } | Error::NothingToEstimate { .. }));
    let with = |values: Vec<f64>, column: &str| {
        let frame = good.frame().clone().with_number(column, values).expect("one length");
        Panel::new(frame, "state", "year")
            .and_then(|p| p.events("deaths"))
            .and_then(|p| p.population("people"))
    };
    let rows = good.frame().rows();
    let zeros = with(vec![0.0; rows], "deaths").expect("a panel");
    assert!(matches!(spec().fit(&zeros).unwrap_err(), Error::NothingToEstimate { .. }));
    let constant = with(vec![1.0; rows], "spend").expect("a panel");
    assert!(matches!(spec().fit(&constant).unwrap_err(), Error::NothingToEstimate { .. }));
    let one = panel(8, (1, 12), &[-0.05]);
    assert!(matches!(
        spec().fit(&one).unwrap_err(),
        Error::TooShort { .. } | Error::NothingToEstimate { .. }
    ));
    let undeclared = Panel::new(good.frame().clone(), "state", "year").expect("a panel");
    assert!(
        matches!(spec().fit(&undeclared).unwrap_err(), Error::Argument { argument, .. } if argument == "population")
    );
    let response = spec().fit(&good).expect("a fit");
    assert!(matches!(response.averted(0.0), Err(Error::Argument { .. })));
    assert!(matches!(response.averted_as(1e6, Spread::Money, 1.0), Err(Error::Argument { .. })));
    assert!(matches!(response.lead_test(0), Err(Error::Argument { .. })));
    assert!(matches!(response.against(f64::NAN, 0.95), Err(Error::Argument { .. })));
}

/// Whether the interval for deaths per million held the truth, and whether zero was rejected, in one simulated panel.
fn trial(seed: u64, slope: f64) -> (bool, bool, Averted) {
    let drawn = panel(seed, (40, 15), &[slope, slope / 2.0]);
    let response = SpendingResponse::new().spend("spend").lags(1).fit(&drawn).expect("a fit");
    let averted = response.averted(1e6).expect("money");
    let (rows, means) = (response.fit().rows(), response.fit().fitted().to_vec());
    let truth = 1e6 * brute_force(&drawn, &[slope, slope / 2.0], &rows, &means, false);
    let held = (averted.estimate.lower..=averted.estimate.upper).contains(&truth);
    (held, averted.estimate.p_value < 0.05, averted)
}

#[test]
#[ignore = "slow: 1,000 fits"]
fn intervals_cover_and_the_detectable_effect_is_detected() {
    let n = 1000;
    let covered =
        parallel::map(n, |i| trial(1000 + i as u64, -0.02).0).into_iter().filter(|held| *held).count();
    // The slope whose effect is just detectable on such panels: by the mean standard error under no effect.
    let unit = panel(0, (40, 15), &[0.0]);
    drop(unit);
    let null = parallel::map(200, |i| {
        let drawn = panel(5000 + i as u64, (40, 15), &[0.0, 0.0]);
        SpendingResponse::new().spend("spend").lags(1).fit(&drawn).expect("a fit").cumulative(0.95).std_error
    });
    let mde = detectable(null.iter().sum::<f64>() / 200.0, 39.0, 0.95).expect("degrees");
    let slope = -mde / 1.5;
    let found = parallel::map(n, |i| {
        let drawn = panel(9000 + i as u64, (40, 15), &[slope, slope / 2.0]);
        SpendingResponse::new().spend("spend").lags(1).fit(&drawn).expect("a fit").cumulative(0.95).p_value
            < 0.05
    });
    let found = found.into_iter().filter(|f| *f).count();
    let size = parallel::map(n, |i| {
        let drawn = panel(20_000 + i as u64, (40, 15), &[0.0, 0.0]);
        SpendingResponse::new().spend("spend").lags(1).fit(&drawn).expect("a fit").cumulative(0.95).p_value
            < 0.05
    });
    let size = size.into_iter().filter(|f| *f).count();
    println!("coverage {covered} of {n}; power at the MDE {found} of {n}; size {size} of {n}");
    assert!((925..=970).contains(&covered), "{covered}");
    assert!((760..=850).contains(&found), "{found}");
    assert!((30..=80).contains(&size), "{size}");
}
