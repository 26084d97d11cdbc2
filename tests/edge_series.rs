//! Series at the edge of what a model can take: a right answer, or an error that says what is wrong.

mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;

use averted::Error;
use averted::data::Count;
use averted::distribution::Normal;
use averted::error::Result;
use averted::inference::{Forecast, significant};
use averted::timeseries::ardl::Ardl;
use averted::timeseries::arima::{Arima, AutoArima};
use averted::timeseries::baselines::Naive;
use averted::timeseries::breaks::{self, BaiPerron, Cost, Pelt, instability};
use averted::timeseries::counts::{CountSeries, Family, Glarma, Ingarch};
use averted::timeseries::decompose::{Classical, Decomposition, Mstl, Stl};
use averted::timeseries::ets::{AutoEts, Ets};
use averted::timeseries::intermittent::Intermittent;
use averted::timeseries::joinpoint::{self, Joinpoint, JoinpointFit, Mode, Selection};
use averted::timeseries::smooth_trend::SmoothTrend;
use averted::timeseries::structural::{Scale, Series, Structural, Trend};
use averted::timeseries::theta::{Method, Theta};
use averted::timeseries::unit_root::{
    Adf, Break, DfGls, Kpss, Ocsb, PhillipsPerron, UnitRootTest, VarianceRatio, ZivotAndrews, differences,
};
use averted::timeseries::var::Var;
use ndarray::Array2;

const HORIZON: usize = 3;
const DRAWS: usize = 400;
const SEASON: usize = 4;
const LEVEL: f64 = 0.95;

const HEAD: &str = "\
# Series at the edge

Every model of one series on series that are too short, constant, zero, missing, very small or very large: a right answer, or
an error that says what is wrong. `tests/edge_series.rs` makes this page (`make docs`) and fails where an answer is not
finite, where a constant is not forecast as itself, and where the unit of the series changes more than that of the answer.

Answers are the mean of the first period ahead, or the first level of a model that does not forecast; `answered` is a test.
Intervals are looked at too: a constant lies in its own. The series have 48 values unless they are named by their length:
`usual` is quarterly data with a level that moves, a season and noise, the units multiply it (with 0.3 on top, so that no value
is whole), and `one 1e300` has one such value in its middle.

| model | series | answer |
| --- | --- | --- |
";

/// What a model says, sorted by what the unit of the series does to it.
#[derive(Debug, Default)]
struct Answer {
    /// Means of the next periods, or levels of those there are.
    mean: Vec<f64>,
    /// Their intervals.
    interval: Vec<(f64, f64)>,
    /// What is in the unit of the series.
    unit: Vec<f64>,
    /// What has no unit.
    pure: Vec<f64>,
    /// What changes with the unit in another way, as a likelihood does.
    other: Vec<f64>,
    /// The mean of a skewed distribution may lie outside of its interval.
    skewed: bool,
}

impl Answer {
    fn ahead(mean: Vec<f64>, interval: Vec<(f64, f64)>) -> Self {
        Self { mean, interval, ..Self::default() }
    }

    /// Joint paths beside it.
    fn paths(mut self, forecast: &Forecast) -> Result<Self> {
        self.unit.extend(forecast.mean(0));
        self.unit.extend(forecast.interval(0, LEVEL)?.iter().flat_map(|(a, b)| [*a, *b]));
        Ok(self)
    }

    fn unit(mut self, values: impl IntoIterator<Item = f64>) -> Self {
        self.unit.extend(values);
        self
    }

    fn pure(mut self, values: impl IntoIterator<Item = f64>) -> Self {
        self.pure.extend(values);
        self
    }

    fn other(mut self, values: impl IntoIterator<Item = f64>) -> Self {
        self.other.extend(values);
        self
    }

    fn skewed(self) -> Self {
        Self { skewed: true, ..self }
    }

    fn all(&self) -> Vec<f64> {
        let ends = self.interval.iter().flat_map(|(a, b)| [*a, *b]);
        let rest = [&self.mean, &self.unit, &self.pure, &self.other];
        rest.into_iter().flatten().copied().chain(ends).collect()
    }
}

/// What it takes: any numbers, numbers above zero, or counts.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Numbers,
    Counts,
}

type Run = Box<dyn Fn(&[f64]) -> Result<Answer> + Sync>;

struct Model {
    name: &'static str,
    takes: Takes,
    run: Run,
}

fn model(name: &'static str, run: impl Fn(&[f64]) -> Result<Answer> + Sync + 'static) -> Model {
    Model { name, takes: Takes::Numbers, run: Box::new(run) }
}

fn counted(name: &'static str, run: impl Fn(&[f64]) -> Result<Answer> + Sync + 'static) -> Model {
    Model { name, takes: Takes::Counts, run: Box::new(run) }
}

fn normal(mean: Vec<f64>, variance: &[f64]) -> Answer {
    let reach = Normal::standard().quantile(0.5 + 0.5 * LEVEL);
    let interval =
        mean.iter().zip(variance).map(|(m, v)| (m - reach * v.sqrt(), m + reach * v.sqrt())).collect();
    Answer::ahead(mean, interval)
}

fn series(y: &[f64]) -> Series<'_> {
    Series::new("y", y)
}

fn arima(fit: &averted::timeseries::arima::ArimaFit) -> Result<Answer> {
    let ahead = fit.predict(HORIZON, None)?;
    let answer =
        normal(ahead.mean, &ahead.variance).paths(&fit.forecast(HORIZON, None, DRAWS, Some(1))?)?;
    Ok(answer.other([fit.log_likelihood(), fit.aic(), fit.variance()]).unit([fit.variance().sqrt()]))
}

fn ets(form: &str) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    let form = form.to_owned();
    move |y| {
        let fit = Ets::new(form.parse()?).season(SEASON).fit(&series(y))?;
        let forecast = fit.forecast(HORIZON, DRAWS, Some(1))?;
        let answer = Answer::ahead(fit.point(HORIZON)?, forecast.interval(0, LEVEL)?).paths(&forecast)?;
        if fit.is_exact() {
            assert!(!fit.notes().is_empty(), "an infinite likelihood is told");
            return Ok(answer);
        }
        Ok(answer.other([fit.log_likelihood(), fit.aic()]))
    }
}

fn theta(method: Method) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    move |y| {
        let fit = Theta::new(method).season(SEASON).fit(&series(y))?;
        let ahead = fit.predict(HORIZON);
        let interval = ahead.interval(LEVEL)?;
        Answer::ahead(ahead.mean, interval).pure([fit.alpha()]).paths(&fit.forecast(
            HORIZON,
            DRAWS,
            Some(1),
        )?)
    }
}

fn naive(rule: Naive) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    move |y| {
        let fit = rule.fit(&series(y))?;
        let ahead = fit.predict(HORIZON);
        let interval = ahead.interval(LEVEL)?;
        Answer::ahead(ahead.mean, interval).paths(&fit.forecast(HORIZON, DRAWS, Some(1))?)
    }
}

fn intermittent(rule: Intermittent) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    move |y| {
        let fit = rule.fit(&series(y))?;
        let forecast = fit.forecast(HORIZON, DRAWS, Some(1))?;
        let interval = forecast.interval(0, LEVEL)?;
        Answer::ahead(vec![fit.rate(); HORIZON], interval).skewed().paths(&forecast)
    }
}

fn structural(spec: Structural) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    move |y| {
        let fit = spec.fit(&series(y))?;
        let forecast = fit.forecast(HORIZON, None, None, DRAWS, Some(1))?;
        let answer = match spec.on_scale() {
            Scale::Identity => {
                let ahead = fit.predict(HORIZON, None)?;
                normal(ahead.mean, &ahead.variance).paths(&forecast)?
            }
            Scale::Log => Answer::ahead(forecast.mean(0), forecast.interval(0, LEVEL)?).skewed(),
        };
        Ok(answer.other([fit.log_likelihood(), fit.aic()]))
    }
}

fn cells(y: &[f64]) -> Result<Vec<Count>> {
    CountSeries::exact("y", y)
}

fn forecast_counts(forecast: &Forecast, mean: Vec<f64>) -> Result<Answer> {
    Answer::ahead(mean, forecast.interval(0, LEVEL)?).skewed().paths(forecast)
}

fn structural_counts(family: Family) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    move |y| {
        let counts = cells(y)?;
        let fit = Structural::new().counts(family).fit(&CountSeries::new("y", &counts))?;
        let forecast = fit.forecast(HORIZON, None, None, DRAWS, Some(1))?;
        Ok(forecast_counts(&forecast, fit.predict(HORIZON, None, None)?.mean)?.other([fit.log_likelihood()]))
    }
}

fn ingarch(spec: Ingarch) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    move |y| {
        let counts = cells(y)?;
        let fit = spec.fit(&CountSeries::new("y", &counts))?;
        let forecast = fit.forecast(HORIZON, None, None, DRAWS, Some(1))?;
        Ok(forecast_counts(&forecast, fit.predict(HORIZON, None, None)?)?.other([fit.log_likelihood()]))
    }
}

fn glarma(spec: Glarma) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    move |y| {
        let counts = cells(y)?;
        let fit = spec.fit(&CountSeries::new("y", &counts))?;
        let forecast = fit.forecast(HORIZON, None, None, DRAWS, Some(1))?;
        Ok(forecast_counts(&forecast, fit.predict(HORIZON, None, None)?)?.other([fit.log_likelihood()]))
    }
}

fn years(n: usize) -> Vec<f64> {
    (0..n).map(|t| 1900.0 + t as f64).collect()
}

fn joined(fit: &JoinpointFit) -> Answer {
    let (observed, fitted) = (fit.observed(), fit.fitted());
    let seen = observed.iter().zip(fitted).filter(|(o, _)| !o.is_nan()).map(|(_, f)| f);
    let changes = fit.segments().into_iter().map(|s| s.apc);
    let mean = seen.collect();
    Answer { mean, ..Answer::default() }.pure(changes).pure(fit.joinpoints().iter().map(|j| j.time))
}

fn joinpoint(mode: Mode) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    move |y| {
        let times = years(y.len());
        let spec = Joinpoint::new().mode(mode).selection(Selection::Bic).max_joinpoints(2).seed(1);
        let given = match mode {
            Mode::Nci => joinpoint::Series::rates("y", &times, y),
            Mode::Poisson | Mode::NegativeBinomial => joinpoint::Series::counts("y", &times, &cells(y)?),
        };
        Ok(joined(&spec.fit(&given)?))
    }
}

fn pelt(cost: Cost) -> impl Fn(&[f64]) -> Result<Answer> + Sync + 'static {
    move |y| {
        let fit = Pelt::new(cost).fit("y", y, None)?;
        let mean = fit.segments().iter().map(|s| s.level).collect();
        let changes = fit.changes().into_iter().map(|c| c as f64);
        Ok(Answer { mean, ..Answer::default() }.pure(changes).other([fit.total()]))
    }
}

fn decomposed(fit: &Decomposition) -> Answer {
    // Moving averages do not reach the ends, and gaps have no remainder.
    let reached = |part: &[f64]| part.iter().filter(|v| !v.is_nan()).copied().collect::<Vec<_>>();
    let answer = Answer { mean: reached(fit.trend()), ..Answer::default() };
    let strengths = [fit.seasonal_strength(), vec![fit.trend_strength()]].concat();
    match fit.is_multiplicative() {
        true => answer.pure(reached(fit.seasonal())).pure(reached(fit.remainder())),
        false => answer.unit(reached(fit.seasonal())).unit(reached(fit.remainder())),
    }
    .pure(strengths)
}

fn tested(test: UnitRootTest) -> Answer {
    // Where only critical values are known, there is no p-value.
    Answer::default().pure([test.statistic]).pure(Some(test.p_value).filter(|p| !p.is_nan()))
}

/// A second series that goes with the first, in the same unit.
fn beside(y: &[f64]) -> Vec<f64> {
    let n = y.len();
    (0..n).map(|t| y[t] * (1.0 + 0.1 * (t as f64 * 2.3).cos())).collect()
}

fn pair(y: &[f64]) -> Array2<f64> {
    let other = beside(y);
    Array2::from_shape_fn((y.len(), 2), |(t, j)| if j == 0 { y[t] } else { other[t] })
}

fn models() -> Vec<Model> {
    use Family::{NegativeBinomial, Poisson};
    vec![
        model("naive, mean", naive(Naive::mean())),
        model("naive, last", naive(Naive::last())),
        model("naive, seasonal", naive(Naive::seasonal(SEASON))),
        model("naive, drift", naive(Naive::drift())),
        model("Theta, standard", theta(Method::Standard)),
        model("Theta, optimised", theta(Method::Optimised)),
        model("Theta, dynamic standard", theta(Method::DynamicStandard)),
        model("Theta, dynamic", theta(Method::Dynamic)),
        model("Croston", intermittent(Intermittent::croston())),
        model("SBA", intermittent(Intermittent::sba())),
        model("TSB", intermittent(Intermittent::tsb())),
        model("ARIMA(1,0,1)", |y| arima(&Arima::new((1, 0, 1)).fit(&series(y))?)),
        model("ARIMA, automatic", |y| arima(&AutoArima::new().fit(&series(y))?)),
        model("ETS(A,N,N)", ets("ANN")),
        model("ETS(A,A,N)", ets("AAN")),
        model("ETS(M,A,M)", ets("MAM")),
        model("ETS, automatic", |y| {
            let fit = AutoEts::new().season(SEASON).fit(&series(y))?;
            let forecast = fit.forecast(HORIZON, DRAWS, Some(1))?;
            Answer::ahead(fit.point(HORIZON)?, forecast.interval(0, LEVEL)?).paths(&forecast)
        }),
        model("structural, level", structural(Structural::new())),
        model(
            "structural, trend and season",
            structural(Structural::new().trend(Trend::Local).seasonal(SEASON)),
        ),
        model("structural, level of logs", structural(Structural::new().scale(Scale::Log))),
        counted("structural, Poisson counts", structural_counts(Poisson)),
        counted("structural, negative binomial counts", structural_counts(NegativeBinomial)),
        counted("INGARCH, Poisson", ingarch(Ingarch::new().past_obs(&[1]).past_mean(&[1]))),
        counted(
            "INGARCH, negative binomial",
            ingarch(Ingarch::new().past_obs(&[1]).past_mean(&[1]).family(NegativeBinomial)),
        ),
        counted("GLARMA, Poisson", glarma(Glarma::new())),
        model("joinpoints, log rates", joinpoint(Mode::Nci)),
        counted("joinpoints, Poisson", joinpoint(Mode::Poisson)),
        counted("joinpoints, negative binomial", joinpoint(Mode::NegativeBinomial)),
        counted("smooth trend", |y| {
            let times = years(y.len());
            let fit = SmoothTrend::new().fit(&joinpoint::Series::counts("y", &times, &cells(y)?))?;
            let points = fit.points(LEVEL)?;
            let slopes = points.iter().flat_map(|p| [p.slope, p.slope_lower, p.slope_upper]);
            let interval = points.iter().map(|p| (p.lower, p.upper)).collect();
            Ok(Answer::ahead(points.iter().map(|p| p.trend).collect(), interval).pure(slopes))
        }),
        model("PELT, level", pelt(Cost::Mean(None))),
        model("PELT, level and spread", pelt(Cost::MeanVariance)),
        counted("PELT, Poisson", pelt(Cost::Poisson)),
        model("breaks (Bai & Perron)", |y| {
            let fit = BaiPerron::new().fit(&breaks::Series::new("y", y))?;
            let mean = fit.coefficients().iter().copied().collect();
            Ok(Answer { mean, ..Answer::default() }.pure(fit.breaks().iter().map(|b| b.last as f64)))
        }),
        model("sup-F", |y| {
            let test = instability::f_statistics(&breaks::Series::new("y", y), 0.15)?;
            Ok(Answer::default().pure([test.sup.statistic, test.sup.p_value]))
        }),
        model("ADF", |y| Adf::new().test("y", y).map(tested)),
        model("KPSS", |y| Kpss::new().test("y", y).map(tested)),
        model("Phillips–Perron", |y| PhillipsPerron::new().test("y", y).map(tested)),
        model("DF-GLS", |y| DfGls::new().test("y", y).map(tested)),
        model("Zivot–Andrews", |y| ZivotAndrews::new(Break::Level).test("y", y).map(tested)),
        model("OCSB", |y| Ocsb::new(SEASON).test("y", y).map(tested)),
        model("variance ratio", |y| VarianceRatio::new(2).test("y", y).map(tested)),
        model("differences", |y| {
            let d = differences("y", y, 0.05, 2, averted::timeseries::unit_root::Deterministic::Level)?;
            Ok(Answer::default().pure([d as f64]))
        }),
        model("STL", |y| Stl::new(SEASON).fit(y).map(|d| decomposed(&d))),
        model("MSTL", |y| Mstl::new(&[SEASON]).fit(y).map(|d| decomposed(&d))),
        model("classical, additive", |y| Classical::new(SEASON).fit(y).map(|d| decomposed(&d))),
        model("classical, multiplicative", |y| {
            Classical::new(SEASON).multiplicative().fit(y).map(|d| decomposed(&d))
        }),
        model("ARDL(1, 0)", |y| {
            let x = Array2::from_shape_vec((y.len(), 1), beside(y)).expect("a column");
            let fit = Ardl::new(1, &[0]).fit("y", y, &["x".into()], x.view())?;
            Ok(Answer::default().pure([fit.adjustment(), fit.r_squared()]).unit([fit.variance().sqrt()]))
        }),
        model("VAR(1)", |y| {
            let fit = Var::new(1).fit(&["y".into(), "x".into()], pair(y).view(), None)?;
            let ahead = fit.predict(HORIZON, None, LEVEL)?;
            let column = |a: &Array2<f64>| a.column(0).to_vec();
            let interval = column(&ahead.lower).into_iter().zip(column(&ahead.upper)).collect();
            Answer::ahead(column(&ahead.mean), interval)
                .paths(&fit.forecast(HORIZON, None, DRAWS, Some(1))?[0])
        }),
    ]
}

/// What is whole may be drawn as whole numbers: in another unit it is not.
fn times(c: f64) -> Vec<f64> {
    long(48, 0.3).iter().map(|v| v * c).collect()
}

/// Quarters with a level that moves, a season and noise: whole numbers above zero, and something on top.
fn long(n: usize, more: f64) -> Vec<f64> {
    let noise = |t: usize| ((t * 7919 + 13) % 101) as f64 / 10.0;
    let season = [6.0, -4.0, 9.0, -11.0];
    let wave = |t: usize| 60.0 + 18.0 * (t as f64 / 9.0).sin();
    (0..n).map(|t| (wave(t) + season[t % 4] + noise(t)).round() + more).collect()
}

/// 48 of them.
fn usual() -> Vec<f64> {
    long(48, 0.0)
}

/// The series, and what they are called.
fn edges() -> Vec<(&'static str, Vec<f64>)> {
    let gap = |n: usize| vec![f64::NAN; n];
    let with = |at: usize, value: f64| {
        let mut y = usual();
        y[at] = value;
        y
    };
    vec![
        ("length 0", Vec::new()),
        ("length 1", vec![5.0]),
        ("length 2", vec![5.0, 7.0]),
        ("length 3", vec![5.0, 7.0, 6.0]),
        ("constant", vec![5.0; 48]),
        ("all zero", vec![0.0; 48]),
        ("all missing", gap(48)),
        ("one after gaps", [gap(47), vec![5.0]].concat()),
        ("usual", usual()),
        ("× 1e-300", times(1e-300)),
        ("× 1e300", times(1e300)),
        ("one 1e-300", with(20, 1e-300)),
        ("one 1e300", with(20, 1e300)),
        ("one infinite", with(20, f64::INFINITY)),
    ]
}

/// What is wrong with an answer to a series.
fn wrong(
    model: &Model,
    edge: &str,
    given: &std::result::Result<Answer, Error>,
    usual: &Answer,
) -> Option<String> {
    let counts = model.takes == Takes::Counts;
    match given {
        Ok(answer) => {
            if answer.all().iter().any(|v| !v.is_finite()) {
                return Some(format!("not finite: {answer:?}"));
            }
            let ends = answer.mean.iter().zip(&answer.interval);
            for (mean, (lower, upper)) in ends {
                let slack = 1e-12 * mean.abs();
                let inside = *lower <= mean + slack && *upper >= mean - slack;
                if lower > upper || !(inside || answer.skewed) {
                    return Some(format!("{mean} is not in {lower} to {upper}"));
                }
            }
            let level = match edge {
                "constant" => 5.0,
                "all zero" => 0.0,
                _ => return unit_matters(edge, answer, usual),
            };
            // The rule of SBA takes 1 − β/2 times, β = 0.1; the mean of uncertain rates is above their rate by half the
            // variance of its log, 1 / (48 · 5).
            let (level, within) = match (model.name, counts) {
                ("SBA", _) => (0.95 * level, 1e-9),
                (_, true) => (level, 5e-3),
                _ => (level, 1e-9),
            };
            let off = |v: &&f64| (**v - level).abs() > within * level;
            if let Some(v) = answer.mean.iter().find(off) {
                return Some(format!("{v} and not {level}"));
            }
            let outside = |i: &&(f64, f64)| !(i.0 <= level && level <= i.1);
            answer.interval.iter().find(outside).map(|i| format!("{level} is not in {i:?}"))
        }
        Err(Error::NotPositiveDefinite { .. }) => Some("an error that does not name a cause".into()),
        Err(Error::NotConverged { .. }) if !edge.starts_with("one ") => {
            Some("a search that did not end".into())
        }
        Err(error) if edge.starts_with('×') => {
            let said = error.to_string();
            let fine = said.contains("unit") || (counts && said.contains("count"));
            (!fine).then(|| "an error that does not speak of the unit".into())
        }
        Err(_) => None,
    }
}

/// Whether the unit of the series changes more than the unit of the answer.
fn unit_matters(edge: &str, answer: &Answer, usual: &Answer) -> Option<String> {
    let unit: f64 = edge.strip_prefix("× ")?.parse().expect("a number");
    let ends = |a: &Answer| a.interval.iter().flat_map(|(l, u)| [*l, *u]).collect::<Vec<_>>();
    let scaled =
        [&answer.mean, &answer.unit, &ends(answer)].into_iter().flatten().copied().collect::<Vec<_>>();
    let plain = [&usual.mean, &usual.unit, &ends(usual)].into_iter().flatten().copied().collect::<Vec<_>>();
    let size = times(1.0).into_iter().fold(0.0, f64::max);
    let apart = |a: &[f64], b: &[f64], size: f64| {
        if a.len() != b.len() {
            return f64::INFINITY;
        }
        a.iter().zip(b).map(|(a, b)| (a - b).abs() / size.max(b.abs())).fold(0.0, f64::max)
    };
    let back: Vec<f64> = scaled.iter().map(|v| v / unit).collect();
    let distance = apart(&back, &plain, size).max(apart(&answer.pure, &usual.pure, 1.0));
    // Optima are found to about half of the digits.
    (distance > 1e-6).then(|| format!("moves by {distance:.0e} with the unit"))
}

/// An answer in the page.
fn cell(given: &std::result::Result<Answer, Error>) -> String {
    match given {
        Ok(answer) => {
            let three = |v: f64| significant(if v.abs() < 1e-12 && v.abs() > 1e-200 { 0.0 } else { v }, 3);
            answer.mean.first().map_or_else(|| "answered".into(), |mean| three(*mean))
        }
        Err(error) => error.to_string().replace('|', "\\|").replace('\n', " "),
    }
}

const PAGE: &str = "docs/edge_series.md";
const LONG: &str = "## A million periods";
const LONG_HEAD: &str = "\
## A million periods

The same data, a million quarters of them, fit and 400 paths together. These pass over the series a few times and are run by every test;
the others below were run by slow ones.

| model | answer |
| --- | --- |
";

/// Seconds are measured, not tested: they are those of a machine.
const LONG_TAIL: &str = "
Models that pass over it many times, to their ends: seconds of CPU, on a shared core of an Intel Xeon, and megabytes.

| model | seconds | MB |
| --- | ---: | ---: |
| ETS(A,N,N) | 4 | 10 |
| ETS(A,A,N) | 7 | 20 |
| Theta, all four | 11–13 | 150 |
| structural, level, also of logs | 11 | 20 |
| smooth trend | 11 | 120 |
| ARIMA(1,0,1) | 12 | 250 |
| ETS(M,A,M) | 30 | 20 |
| INGARCH, Poisson and negative binomial | 34 | 190 |
| GLARMA, Poisson | 35 | 220 |
| ARIMA, automatic | 46 | 290 |
| structural, trend and season | 159 | 80 |
| ETS, automatic | 187 | 230 |
| structural, Poisson counts | 276 | 510 |
| structural, negative binomial counts | 334 | 510 |

PELT on levels, of series that do not change as of this one, takes time as the square of their length: 52 seconds for 100,000 periods, an
hour and a half for a million. Ctrl-C ends all of them but Theta and joint paths within a second or two.
";

/// The page as it is, before and from the part on long series.
fn committed() -> (String, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(path).unwrap_or_default();
    let at = page.find(LONG).unwrap_or(page.len());
    (page[..at].to_owned(), page[at..].to_owned())
}

fn write(page: &str) -> bool {
    let wanted = std::env::var_os("AVERTED_WRITE_DOCS").is_some();
    if wanted {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE), page).expect("a writable file");
    }
    wanted
}

/// The two parts of the page are written one after the other, and what takes memory runs alone.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn every_model_answers_or_says_why_not() {
    let _alone = ALONE.lock();
    let mut page = HEAD.to_owned();
    let mut defects = Vec::new();
    for model in models() {
        let plain = if model.takes == Takes::Counts { usual() } else { times(1.0) };
        let usual = (model.run)(&plain).unwrap_or_else(|e| {
            defects.push(format!("{} | usual | {e}", model.name));
            Answer::default()
        });
        // Series with one answer share a line.
        let mut lines: Vec<(Vec<&str>, String)> = Vec::new();
        for (edge, y) in edges() {
            let given = (model.run)(&y);
            let said = cell(&given);
            if let Some(what) = wrong(&model, edge, &given, &usual) {
                defects.push(format!("{} | {edge} | {said} | {what}", model.name));
            }
            match lines.iter_mut().find(|(_, known)| *known == said) {
                Some((of, _)) => of.push(edge),
                None => lines.push((vec![edge], said)),
            }
        }
        for (of, said) in lines {
            let _ = writeln!(page, "| {} | {} | {said} |", model.name, of.join(", "));
        }
    }
    println!("{page}");
    assert!(defects.is_empty(), "{} defects\n{}", defects.len(), defects.join("\n"));
    let (now, long) = committed();
    page.push('\n');
    if !write(&format!("{page}{long}")) {
        assert_eq!(now, page, "{PAGE} is out of date: make docs");
    }
}

/// The most memory since this was last asked, in megabytes; Linux alone tells it.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok());
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}

/// Seconds of CPU so far, in hundredths.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|v| v.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Models that pass over the series many times, by the names they begin with: to their ends within a minute,
const A_MINUTE: [&str; 7] =
    ["Theta", "ETS(", "smooth trend", "ARIMA", "structural, level", "INGARCH", "GLARMA"];
/// in minutes,
const MINUTES: [&str; 4] = [
    "ETS, automatic",
    "structural, trend and season",
    "structural, Poisson counts",
    "structural, negative binomial counts",
];
/// and in more than an hour, as the square of the length.
const HOURS: [&str; 1] = ["PELT, level"];

/// Whether a model is one of these.
fn among(names: &[&str], name: &str) -> bool {
    names.iter().any(|begin| name.starts_with(begin))
}

/// What these models say of a million periods, a line each; prints seconds and memory.
fn million(mine: impl Fn(&str) -> bool) -> Vec<String> {
    let _alone = ALONE.lock();
    let (counts, numbers) = (long(1_000_000, 0.0), long(1_000_000, 0.3));
    let mut lines = Vec::new();
    for model in models().into_iter().filter(|m| mine(m.name)) {
        let y = if model.takes == Takes::Counts { &counts } else { &numbers };
        let _ = peak();
        let (memory, seconds) = (peak(), cpu());
        let given = (model.run)(y);
        let (seconds, memory) = (cpu() - seconds, peak() - memory);
        let line = format!("| {} | {} |", model.name, cell(&given));
        println!("{line} {seconds:.2} s | {memory:.0} MB |");
        match &given {
            Ok(answer) => assert!(answer.all().iter().all(|v| v.is_finite()), "{line} {answer:?}"),
            Err(error) => assert!(matches!(error, Error::Argument { .. }), "{line}"),
        }
        lines.push(line);
    }
    lines
}

#[test]
fn a_million_periods_are_answered_or_refused() {
    let lines = million(|name| !among(&[&A_MINUTE[..], &MINUTES, &HOURS].concat(), name));
    let part = format!("{LONG_HEAD}{}\n{LONG_TAIL}", lines.join("\n"));
    let _alone = ALONE.lock();
    let (short, now) = committed();
    if !write(&format!("{short}{part}")) {
        assert_eq!(now, part, "{PAGE} is out of date: make docs");
    }
}

#[test]
#[ignore = "slow: passes over a million periods many times, five minutes"]
fn a_million_periods_are_searched() {
    assert_eq!(million(|name| among(&A_MINUTE, name)).len(), 15);
}

#[test]
#[ignore = "slow: passes over a million periods thousands of times, a quarter of an hour"]
fn a_million_periods_are_searched_for_minutes() {
    assert_eq!(million(|name| among(&MINUTES, name)).len(), MINUTES.len());
}
