//! Exponential smoothing beside the forecast package and Holt-Winters of R: the recursions, likelihoods, moments and
//! limits at R's own estimates, where no optimiser is involved; then that our maximum is at least as high.

mod common;

use averted::error::Error;
use averted::timeseries::ets::{AutoEts, Criterion, Ets, EtsFit, Form, Season};
use averted::timeseries::structural::Series;
use common::{Comparison, case, numbers, reference, tolerance};
use proptest::prelude::*;
use serde_json::Value;

const NAN: f64 = f64::NAN;
const REACH: f64 = 1.959_963_984_540_054;

fn period(file: &Value, data: &str) -> usize {
    file["datasets"][data]["frequency"].as_u64().expect("a frequency") as usize
}

fn values(file: &Value, data: &str) -> Vec<f64> {
    numbers(&file["datasets"][data]["values"])
}

fn form(text: &str) -> Form {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn fit(spec: &Ets, y: &[f64]) -> EtsFit {
    spec.fit(&Series::new("y", y)).unwrap_or_else(|e| panic!("{spec}: {e}"))
}

/// Means and 95 % limits, the variance times `ratio`.
fn limits(fit: &EtsFit, horizon: usize, ratio: f64) -> [Vec<f64>; 3] {
    let p = fit.predict(horizon).expect("a prediction");
    let end = |sign: f64| {
        (0..horizon).map(|i| p.mean[i] + sign * REACH * (ratio * p.variance[i]).sqrt()).collect::<Vec<_>>()
    };
    [p.mean.clone(), end(-1.0), end(1.0)]
}

struct Gold<'a> {
    id: &'a str,
    values: &'a Value,
}

impl Gold<'_> {
    fn number(&self, name: &str) -> f64 {
        self.values[name].as_f64().unwrap_or_else(|| panic!("{}: {name}", self.id))
    }

    fn form(&self) -> Form {
        let name = self.values["method"].as_str().expect("a method");
        form(&name[4..name.len() - 1].replace(',', ""))
    }

    /// Everything that R's likelihood counts, its variance among it.
    fn counted(&self) -> f64 {
        0.5 * (self.number("aic") + 2.0 * self.number("loglik"))
    }

    /// Smoothing parameters and initial states, whether R was given them or not.
    fn all(&self) -> f64 {
        self.values["par"].as_object().expect("parameters").len() as f64
    }

    /// R lists the season of the period before the first, then the one before it, and so on.
    fn states(&self, name: &str, m: usize) -> Vec<f64> {
        let mut states = numbers(&self.values[name]);
        let seasons = states.len() - if self.form().season() == Season::None { 0 } else { m };
        states[seasons..].reverse();
        states
    }

    /// The model at R's estimates.
    fn given(&self, m: usize) -> Ets {
        let mut spec = Ets::new(self.form()).season(m);
        let par = &self.values["par"];
        for (name, set) in [
            ("alpha", Ets::alpha as fn(Ets, f64) -> Ets),
            ("beta", Ets::beta),
            ("gamma", Ets::gamma),
            ("phi", Ets::phi),
        ] {
            spec = par[name].as_f64().map_or(spec.clone(), |v| set(spec, v));
        }
        let mut states = self.states("initstate", m);
        if self.form().season() != Season::None {
            states.pop();
        }
        spec.initial(&states)
    }
}

/// At R's estimates: the numbers follow from formulas, and eight digits of them are R's.
fn at_their_estimates(table: &mut Comparison, gold: &Gold<'_>, y: &[f64], m: usize) {
    let id = gold.id;
    let ours = fit(&gold.given(m), y);
    let exact = (1e-8, 0.0);
    table.check(
        id,
        "log-likelihood at R's estimates",
        &[ours.log_likelihood()],
        &[gold.number("loglik")],
        exact,
    );
    // Ours counts what was estimated, here nothing; R counts every parameter, even those it was given (mse · n / σ² is
    // n − 4 for the fixed α and β, whose AIC counts two parameters less).
    let n = y.len() as f64;
    let ratio = n / (n - gold.all());
    table.check(id, "σ² by R's degrees", &[ours.variance() * ratio], &[gold.number("sigma2")], exact);
    table.check(id, "last states", &ours.last_states(), &gold.states("laststate", m), exact);
    let mean = numbers(&gold.values["forecast_mean"]);
    let [means, lower, upper] = limits(&ours, mean.len(), ratio);
    if ours.form().season() != Season::Multiplicative {
        table.check(id, "forecast means at R's estimates", &means, &mean, exact);
    }
    // Where errors multiply the variances are not proportional to σ²: the unit tests of the moments check those.
    if !ours.form().multiplicative_error() {
        // R's formula for A,N,A lets the season in at the horizon of one year, when the last season that was seen is
        // still used and no shock has moved it; its A,A,A does not. That horizon is left out.
        let until = if ours.form() == form("ANA") { m - 1 } else { mean.len() };
        for (name, what, ends) in [("lower95", "lower", lower), ("upper95", "upper", upper)] {
            let theirs = numbers(&gold.values[name]);
            let what = format!("{what} 95 % limits at R's estimates");
            table.check(id, &what, &ends[..until], &theirs[..until], exact);
        }
    }
    if let Some(first) = gold.values.get("fitted_first5") {
        let what = "first one-step forecasts at R's estimates";
        table.check(id, what, &ours.fitted()[..5], &numbers(first), exact);
    }
}

/// At our own estimates: the likelihood is R's or higher. Where it is R's to 1e-3, so are the numbers, within the file's
/// tolerance; where it is higher there is another optimum, whose forecasts are not R's.
fn at_our_estimates(table: &mut Comparison, gold: &Gold<'_>, ours: &EtsFit, file: (f64, f64)) {
    let id = gold.id;
    let gain = ours.log_likelihood() - gold.number("loglik");
    println!("{id} {}: gain {gain:.6}", ours.form());
    let higher = (1e-8, gain.max(0.0));
    table.check(
        id,
        "log-likelihood, R's or higher",
        &[ours.log_likelihood()],
        &[gold.number("loglik")],
        higher,
    );
    // Both count the same parameters, so that the criteria differ by the likelihoods alone.
    assert_eq!(ours.n_parameters() as f64, gold.counted().round(), "{id}: parameters");
    let criteria = [ours.aic(), ours.aicc(), ours.bic()].map(|v| v + 2.0 * gain);
    let theirs = ["aic", "aicc", "bic"].map(|name| gold.number(name));
    table.check(id, "AIC, AICc, BIC, less the gain", &criteria, &theirs, (1e-9, 0.0));
    if gain > 1e-3 {
        return;
    }
    let mean = numbers(&gold.values["forecast_mean"]);
    let degrees = |k: f64| ours.n_observed() as f64 - k;
    let ratio = degrees(ours.n_parameters() as f64 - 1.0) / degrees(gold.all());
    table.check(id, "σ² by R's degrees", &[ours.variance() * ratio], &[gold.number("sigma2")], file);
    let [ours, lower, upper] = limits(ours, mean.len(), ratio);
    table.check(id, "forecast means", &ours, &mean, file);
    table.check(id, "lower 95 % limits", &lower, &numbers(&gold.values["lower95"]), file);
    table.check(id, "upper 95 % limits", &upper, &numbers(&gold.values["upper95"]), file);
}

/// R's multiplicative recursions divide by the new level, which no form of ETS does: another model, whose errors from the second year
/// on are no smaller.
fn multiplicative_holt_winters(table: &mut Comparison) {
    let id = "holtwinters_airpassengers_multiplicative";
    let file = reference("ets_theta_benchmarks");
    let theirs = case(&file, id)["values"]["sse"].as_f64().expect("a number");
    let y = values(&file, "airpassengers");
    let ours = fit(&Ets::new("MAM".parse().expect("a form")).season(12), &y).fitted();
    let ours: f64 = y.iter().zip(&ours).skip(12).map(|(y, f)| (y - f).powi(2)).sum();
    let lower = (1e-8, (theirs - ours).max(0.0));
    table.check(id, "sum of squared errors from the second year, R's or lower", &[ours], &[theirs], lower);
}

/// Holt-Winters with additive seasons is ETS(A,A,A) without a likelihood: α, αβ, γ(1 − α), states from the first two
/// years (the means of R's `decompose` and a line through the twelve trends in between).
fn holt_winters(table: &mut Comparison, id: &str) {
    let file = reference("ets_theta_benchmarks");
    let gold = &case(&file, id)["values"];
    let data = case(&file, id)["data"].as_str().expect("a name");
    let (y, m) = (values(&file, data), period(&file, data));
    let trend: Vec<f64> = (m / 2..2 * m - m / 2)
        .map(|t| {
            let inner: f64 = y[t + 1 - m / 2..t + m / 2].iter().sum();
            (inner + 0.5 * (y[t - m / 2] + y[t + m / 2])) / m as f64
        })
        .collect();
    let mut season = vec![0.0; m];
    for (j, trend) in trend.iter().enumerate() {
        season[(m / 2 + j) % m] = y[m / 2 + j] - trend;
    }
    let centre = season.iter().sum::<f64>() / m as f64;
    season.iter_mut().for_each(|s| *s -= centre);
    let n = trend.len() as f64;
    let (at, middle) = (f64::midpoint(n, 1.0), trend.iter().sum::<f64>() / n);
    let cross: f64 = trend.iter().enumerate().map(|(j, v)| ((j + 1) as f64 - at) * (v - middle)).sum();
    let slope = cross / (n * (n * n - 1.0) / 12.0);
    season.pop();
    let states = [&[middle - slope * at, slope], &season[..]].concat();

    let part = |gold: &Value, name: &str| gold[name].as_f64().expect("a number");
    let named = |gold: &Value| -> Vec<f64> {
        let seasons = (1..=m).map(|j| part(&gold["coef"], &format!("s{j}")));
        [part(&gold["coef"], "a"), part(&gold["coef"], "b")].into_iter().chain(seasons).collect()
    };
    let fixed = numbers(&gold["fixed"]["params"]);
    let best = ["alpha", "beta", "gamma"].map(|name| part(gold, name));
    let runs = [("given", &gold["fixed"], [fixed[0], fixed[1], fixed[2]]), ("R's best", gold, best)];
    for (what, gold, [alpha, beta, gamma]) in runs {
        let spec =
            Ets::new(form("AAA")).season(m).alpha(alpha).beta(alpha * beta).gamma((1.0 - alpha) * gamma);
        let ours = fit(&spec.initial(&states), &y[m..]);
        let squares: f64 = ours.residuals().iter().map(|e| e * e).sum();
        // The file holds its numbers to 1e-9 of themselves, and states run through hundreds of months.
        let exact = (1e-9, 1e-9);
        table.check(id, &format!("{what}: Σε²"), &[squares], &[part(gold, "sse")], exact);
        table.check(id, &format!("{what}: states"), &ours.last_states(), &named(gold), (1e-8, 1e-8));
        let mean = numbers(&gold["pred"]);
        table.check(
            id,
            &format!("{what}: forecasts"),
            &ours.point(mean.len()).expect("points"),
            &mean,
            exact,
        );
        if let Some(upper) = gold.get("upr95") {
            // R takes the residuals' variance about their mean.
            let n = (y.len() - m) as f64;
            let bias = ours.residuals().iter().sum::<f64>() / n;
            let theirs = (squares - n * bias * bias) / (n - 1.0);
            let [_, _, ours] = limits(&ours, mean.len(), theirs / ours.variance());
            table.check(id, &format!("{what}: upper 95 % limits"), &ours, &numbers(upper), (1e-8, 0.0));
        }
    }
}

#[test]
fn beside_the_forecast_package_and_holt_winters() {
    let file = reference("ets_theta_benchmarks");
    let mut table = Comparison::default();
    for case in file["cases"].as_array().expect("cases") {
        let id = case["id"].as_str().expect("an id");
        if !id.starts_with("ets_") {
            continue;
        }
        let data = case["data"].as_str().expect("a name");
        let (y, m) = (values(&file, data), period(&file, data));
        let gold = Gold { id, values: &case["values"] };
        at_their_estimates(&mut table, &gold, &y, m);
        if id.ends_with("_auto") {
            let chosen = AutoEts::new().season(m).compat_r().fit(&Series::new(data, &y)).expect("a fit");
            let (best, theirs) = (chosen.best(), gold.form());
            println!("{id}: {} {:.4}, R {theirs} {:.4}", best.form(), best.aicc(), gold.number("aicc"));
            // The form is R's, or one of a lower AICc.
            let lower = (1e-8, (gold.number("aicc") - best.aicc()).max(0.0));
            table.check(id, "AICc, R's or lower", &[best.aicc()], &[gold.number("aicc")], lower);
            if best.form() == theirs {
                at_our_estimates(&mut table, &gold, best, tolerance(case));
            }
        } else {
            let spec = Ets::new(gold.form()).season(m);
            let spec = if id.contains("fixed") { spec.alpha(0.5).beta(0.1) } else { spec };
            let ours = fit(&spec, &y);
            at_our_estimates(&mut table, &gold, &ours, tolerance(case));
        }
    }
    for id in ["holtwinters_usaccdeaths_additive", "holtwinters_co2_additive"] {
        holt_winters(&mut table, id);
    }
    multiplicative_holt_winters(&mut table);
    let reasons = [
        ("theta_", "are another method"),
        ("benchmarks_", "are other methods"),
        ("stl_", "are decompositions"),
        ("accuracy_dm", "are scores"),
    ];
    let head = format!(
        "# Conformance: exponential smoothing\n\nBeside `ets` of R's forecast package and `HoltWinters`. \
         `make docs` writes this page.\n\nAt R's estimates nothing is optimised: recursions, likelihood, σ², forecasts \
         and limits agree to 1e-8 (limits of relative errors in the \
         unit tests of `predict.rs`, but for M,Ad,M, where R forecasts with l + b and fits with l + φb). At ours the likelihood is \
         R's or higher, by up to 47; where it is higher by more than 1e-3 there is another optimum, and its forecasts \
         are not compared. `compat_r` picks M,A,M for `airpassengers` where R picks M,Ad,M: R's search for M,A,M stops \
         6.4 short, and its AICc at the maximum is the lower one.\n\nσ² is Σε² over n less what was estimated; R takes \
         off given parameters too (mse · n/σ² is n − 4 in its fits with α and β given, whose AIC counts neither), so \
         that σ² and limits are compared by R's degrees. R's limits of A,N,A at the horizon of one year are left out: \
         its formula there has the season's shock a period early, unlike its A,A,A.\n\n\
         `forecast_fits.json` has no smoothing model, but the constant that R's likelihood leaves out, which a test \
         adds.\n\n\
         | reference file | cases | checked here | not checked, and why |\n| --- | ---: | ---: | --- |\n{}",
        table.coverage("ets_theta_benchmarks", &file, &reasons),
    );
    table.finish("conformance_exponential_smoothing.md", &head, &[]);
}

/// What R leaves out of its likelihood is the constant of the normal at the variance of maximum likelihood.
#[test]
fn the_likelihood_is_the_normal_one_less_its_constant() {
    let y = values(&reference("ets_theta_benchmarks"), "airpassengers");
    for name in ["AAN", "MAN", "MAM"] {
        let ours = fit(&Ets::new(form(name)).season(12), &y);
        let n = y.len() as f64;
        let errors = ours.residuals();
        let variance = errors.iter().map(|e| e * e).sum::<f64>() / n;
        let one = |(e, mu): (&f64, &f64)| {
            let sd = variance.sqrt() * if ours.form().multiplicative_error() { mu.abs() } else { 1.0 };
            -0.5 * (2.0 * std::f64::consts::PI).ln() - sd.ln() - 0.5 * e * e / variance
        };
        let whole: f64 = errors.iter().zip(&ours.fitted()).map(one).sum();
        let constant = -0.5 * n * ((2.0 * std::f64::consts::PI / n).ln() + 1.0);
        assert!((ours.log_likelihood() + constant - whole).abs() < 1e-9 * whole.abs(), "{name}");
    }
}

/// Simple exponential smoothing by hand, gaps leaving the level alone.
#[test]
fn gaps_leave_the_state_as_it_was_forecast() {
    let y = [NAN, NAN, 3.0, 5.0, NAN, NAN, 4.0, 8.0, 6.0, NAN];
    let ours = fit(&Ets::new(form("ANN")).alpha(0.5).initial(&[4.0]), &y);
    assert_eq!(ours.fitted(), [4.0, 4.0, 4.0, 3.5, 4.25, 4.25, 4.25, 4.125, 6.0625, 6.03125]);
    assert_eq!(ours.n_observed(), 5);
    assert_eq!(ours.point(2).expect("points"), [6.03125, 6.03125]);
    // A trend goes on through a gap.
    let ours =
        fit(&Ets::new(form("AAN")).alpha(0.5).beta(0.0).initial(&[0.0, 1.0]), &[1.0, NAN, NAN, 4.0, 6.0]);
    assert_eq!(ours.fitted(), [1.0, 2.0, 3.0, 4.0, 5.0]);
    // What is not there says nothing: the estimates are those of any values in its place.
    let whole = values(&reference("ets_theta_benchmarks"), "nile");
    let holed: Vec<f64> = whole.iter().enumerate().map(|(t, v)| if t % 7 == 3 { NAN } else { *v }).collect();
    for name in ["ANN", "MNN", "AAdN"] {
        let ours = fit(&Ets::new(form(name)), &holed);
        assert_eq!(ours.n_observed(), 86);
        assert!(ours.residuals().iter().zip(&holed).all(|(e, y)| e.is_nan() == y.is_nan()));
        assert!(ours.fitted().iter().all(|v| v.is_finite()));
    }
}

#[test]
fn short_series_are_refused_or_answered() {
    let auto = |y: &[f64]| AutoEts::new().season(12).fit(&Series::new("deaths", y));
    for y in [&[][..], &[NAN, NAN, NAN], &[5.0], &[5.0, 6.0], &[NAN, NAN, 5.0, NAN]] {
        let found = y.iter().filter(|v| !v.is_nan()).count();
        match auto(y) {
            Err(Error::TooShort { what, found: f, .. }) => {
                assert!(what.contains("deaths") && f == found, "{what}");
            }
            other => panic!("{y:?}: {other:?}"),
        }
    }
    // Three are enough for a level.
    let ours = auto(&[5.0, 7.0, 6.0]).expect("a fit");
    assert_eq!(ours.best().form(), form("ANN"));
    let ahead = ours.forecast(4, 200, Some(1)).expect("a forecast");
    assert!(ahead.interval(0, 0.95).expect("an interval").iter().all(|(a, b)| a.is_finite() && b > a));
    // A season takes more than a year: none is a candidate, and one that is asked for is refused.
    let year: Vec<f64> = (0..12).map(|t| f64::from(t * 5 % 7)).collect();
    assert!(auto(&year).expect("a fit").candidates().iter().all(|c| c.form.season() == Season::None));
    let asked = Ets::new(form("ANA")).season(12).fit(&Series::new("deaths", &year));
    assert!(matches!(asked, Err(Error::TooShort { needed: 15, found: 12, .. })), "{asked:?}");
    let asked = Ets::new(form("ANA")).season(1_000_000_000).fit(&Series::new("deaths", &year));
    assert!(matches!(asked, Err(Error::TooShort { .. })));
    // January was never seen.
    let holed: Vec<f64> = (0..48).map(|t| if t % 12 == 0 { NAN } else { f64::from(t * 5 % 7) }).collect();
    let asked = Ets::new(form("ANA")).season(12).fit(&Series::new("deaths", &holed));
    assert!(matches!(asked, Err(Error::NothingToEstimate { .. })));
}

#[test]
fn what_leaves_nothing_over_is_said_to() {
    let line: Vec<f64> = (0..20).map(|t| 3.0 + 2.0 * f64::from(t)).collect();
    for (y, name, next) in [(vec![5.0; 10], "ANN", 5.0), (vec![0.0; 10], "ANN", 0.0), (line, "AAN", 43.0)] {
        let ours = AutoEts::new().season(4).fit(&Series::new("y", &y)).expect("a fit");
        assert!(ours.best().is_exact() && ours.best().form() == form(name), "{}", ours.best().form());
        assert_eq!(ours.best().variance(), 0.0);
        assert!(ours.notes()[0].contains("exactly"));
        let (low, high) =
            ours.forecast(1, 100, Some(1)).expect("a forecast").interval(0, 0.95).expect("one")[0];
        assert!((low - next).abs() < 1e-9 && (high - next).abs() < 1e-9, "{low} {high}");
        assert!((ours.point(1).expect("a point")[0] - next).abs() < 1e-9);
    }
}

#[test]
fn units_of_any_size() {
    let y = values(&reference("ets_theta_benchmarks"), "nile");
    for name in ["ANN", "MNN", "AAdN", "MAN", "MMN"] {
        let one = fit(&Ets::new(form(name)), &y);
        for scale in [1e297, 1e-303, 1e-310] {
            let moved: Vec<f64> = y.iter().map(|v| v * scale).collect();
            let two = fit(&Ets::new(form(name)), &moved);
            // Below 1e-308 numbers lose digits.
            let near = if scale < 1e-305 { 1e-4 } else { 1e-6 };
            assert!(
                (one.alpha() - two.alpha()).abs() < near,
                "{name} {scale:e}: {} {}",
                one.alpha(),
                two.alpha()
            );
            let gap = two.log_likelihood() - (one.log_likelihood() - 100.0 * scale.ln());
            assert!(gap.abs() < near * one.log_likelihood().abs(), "{name} {scale:e}: {gap}");
            let ahead = two.forecast(3, 200, Some(1)).expect("a forecast");
            let (low, high) = ahead.interval(0, 0.95).expect("an interval")[2];
            assert!(low > 0.0 && low < high && high < 3e3 * scale, "{name} {scale:e}");
            // Squares of such numbers are beyond the machine, which is said.
            let said = two.notes().iter().any(|n| n.contains("other units"));
            assert_eq!(said, !name.starts_with('M'), "{name} {scale:e}");
        }
    }
}

#[test]
fn bad_input_is_named() {
    let fitted = |spec: Ets, y: &[f64]| spec.fit(&Series::new("deaths", y)).map(|_| ());
    let y: Vec<f64> = (0..30).map(|t| f64::from(t * 7 % 11)).collect();
    for name in ["MNN", "MAN", "MAdM", "MMN"] {
        match fitted(Ets::new(form(name)).season(4), &y) {
            Err(Error::Domain { what, row: 0, .. }) => assert_eq!(what, "deaths"),
            other => panic!("{other:?}"),
        }
    }
    let ours = AutoEts::new().season(4).multiplicative_trend().fit(&Series::new("y", &y)).expect("a fit");
    assert!(ours.candidates().iter().all(|c| !c.form.needs_positive()));
    let infinite = fitted(Ets::new(form("ANN")), &[1.0, 2.0, f64::INFINITY, 3.0]);
    assert!(matches!(infinite, Err(Error::Domain { row: 2, .. })));
    let refused = |spec: Ets, argument: &str| match fitted(spec, &y) {
        Err(Error::Argument { argument: found, .. }) => assert_eq!(found, argument),
        other => panic!("{argument}: {other:?}"),
    };
    refused(Ets::new(form("ANN")).alpha(1.5), "alpha");
    refused(Ets::new(form("ANN")).alpha(NAN), "alpha");
    refused(Ets::new(form("ANN")).phi(0.9), "phi");
    refused(Ets::new(form("ANA")), "season");
    assert!(matches!(fitted(Ets::new(form("ANN")).initial(&[1.0, 2.0]), &y), Err(Error::Shape { .. })));
    for text in ["", "A", "AN", "XNN", "ANX", "AXN", "ANM", "AMN", "MMA", "ÄNN"] {
        assert!(matches!(text.parse::<Form>(), Err(Error::Argument { .. })), "{text}");
    }
    assert!("mse".parse::<Criterion>().is_err());
    let ours = fit(&Ets::new(form("ANN")), &y);
    assert!(ours.predict(0).is_err() && ours.point(0).is_err() && ours.forecast(0, 10, None).is_err());
    assert!(ours.forecast(1, 0, None).is_err() && ours.table(1.5).is_err());
}

#[test]
fn one_seed_has_the_same_bits() {
    let y = values(&reference("ets_theta_benchmarks"), "airpassengers");
    let ours = AutoEts::new().season(12).fit(&Series::new("y", &y)).expect("a fit");
    let again = AutoEts::new().season(12).fit(&Series::new("y", &y)).expect("a fit");
    let [a, b] = [&ours, &again].map(|f| f.forecast(12, 300, Some(7)).expect("a forecast"));
    assert_eq!(a, b);
    assert_ne!(a, ours.forecast(12, 300, Some(8)).expect("a forecast"));
    let weights: f64 = ours.candidates().iter().map(|c| c.weight).sum();
    assert!((weights - 1.0).abs() < 1e-12);
}

/// The paths' spread is that of the closed variances and more, for what is not known of the parameters.
#[test]
fn paths_are_no_narrower_than_the_shocks() {
    let y = values(&reference("ets_theta_benchmarks"), "nile");
    for name in ["ANN", "MNN", "AAN"] {
        let ours = fit(&Ets::new(form(name)), &y);
        let closed = ours.predict(8).expect("a prediction");
        let ahead = ours.forecast(8, 4_000, Some(3)).expect("a forecast");
        for (h, (low, high)) in ahead.interval(0, 0.95).expect("an interval").iter().enumerate() {
            let ratio = (high - low) / (2.0 * REACH * closed.variance[h].sqrt());
            assert!(ratio > 0.95 && ratio < 2.0, "{name} +{}: {ratio}", h + 1);
        }
    }
}

proptest! {
    #[test]
    fn origin_and_direction_change_nothing_where_all_adds(
        y in proptest::collection::vec(-5.0_f64..5.0, 12..40), shift in -100.0_f64..100.0, alpha in 0.05_f64..0.95,
    ) {
        let flat = Ets::new(form("ANN")).alpha(alpha);
        let moved: Vec<f64> = y.iter().map(|v| shift - v).collect();
        let (one, two) = (fit(&flat, &y), fit(&flat, &moved));
        prop_assume!(!one.is_exact());
        prop_assert!((one.log_likelihood() - two.log_likelihood()).abs() < 1e-6 * (1.0 + one.log_likelihood().abs()));
        prop_assert!((one.point(1).unwrap()[0] + two.point(1).unwrap()[0] - shift).abs() < 1e-5 * (1.0 + shift.abs()));
    }

    #[test]
    fn any_series_has_an_answer_or_a_typed_error(
        y in proptest::collection::vec(prop_oneof![Just(NAN), Just(0.0), Just(1.0), -1e6_f64..1e6, 1e-8_f64..1e-4], 0..40),
        season in 1_usize..8,
    ) {
        match AutoEts::new().season(season).fit(&Series::new("y", &y)) {
            Ok(ours) => {
                let ahead = ours.forecast(5, 50, Some(1)).expect("a forecast");
                prop_assert!(ahead.mean(0).iter().all(|v| v.is_finite()));
                prop_assert!(ours.point(5).unwrap().iter().all(|v| v.is_finite()));
            }
            Err(error) => {
                let typed = matches!(error, Error::TooShort { .. } | Error::NotConverged { .. });
                prop_assert!(typed, "{error}");
            }
        }
    }
}
