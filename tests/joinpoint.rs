//! Joinpoint regression against the answers of the NCI's program on real series, and against closed forms.

mod common;

use averted::data::Count;
use averted::distribution::{NegativeBinomial, Poisson};
use averted::error::Error;
use averted::timeseries::joinpoint::{Joinpoint, JoinpointFit, Mode, Selection, Series};
use common::{Comparison, case, numbers, reference, shared, tolerance};
use std::collections::BTreeMap;

/// A series of the NCI's output: name, years, rates, errors, and the columns of its rows.
struct Nci {
    name: String,
    rows: Vec<BTreeMap<String, String>>,
}

impl Nci {
    fn column(&self, name: &str) -> Vec<f64> {
        self.rows.iter().map(|r| r[name].parse().unwrap_or(f64::NAN)).collect()
    }

    fn series(&self) -> Series {
        Series::rates(&self.name, &self.column("year"), &self.column("rate"))
            .std_errors(&self.column("rate_se"))
    }

    fn joinpoints(&self) -> Vec<f64> {
        self.column("j_year").into_iter().filter(|y| y.is_finite()).collect()
    }

    /// The value of a column on the first row of each segment.
    fn by_segment(&self, name: &str) -> Vec<f64> {
        let at = |r: &BTreeMap<String, String>| r[name].parse().unwrap_or(f64::NAN);
        let first = self.rows.iter().take(1);
        first.chain(self.rows.iter().filter(|r| r["j_year"] != "NA")).map(at).collect()
    }
}

fn nci() -> Option<Vec<Nci>> {
    let text =
        std::fs::read_to_string(shared("data/joinpoint_nci/joinpoint_nci_80series.csv")?).expect("readable");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let mut all: Vec<Nci> = Vec::new();
    for line in lines {
        let row: BTreeMap<String, String> =
            head.iter().map(|h| (*h).to_owned()).zip(line.split(',').map(str::to_owned)).collect();
        let name = format!("{} {} {}", row["abbrev"], row["opioid_type"], row["race"]);
        if all.last().is_none_or(|n| n.name != name) {
            all.push(Nci { name, rows: Vec::new() });
        }
        all.last_mut().expect("one").rows.push(row);
    }
    Some(all)
}

fn given(k: usize) -> Joinpoint {
    Joinpoint::new().max_joinpoints(k).selection(Selection::Given).seed(1)
}

#[test]
fn the_program_of_the_nci_is_reproduced_on_eighty_series() {
    const CASE: &str = "80 series";
    let mut table = Comparison::default();
    let mut absent = vec![CASE];
    if let Some(all) = nci() {
        assert_eq!(all.len(), 80);
        absent.clear();
        let mut pairs: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
        for series in &all {
            let fit = given(series.joinpoints().len()).fit(&series.series()).expect("a fit");
            let mut add = |what: &'static str, ours: Vec<f64>, theirs: Vec<f64>| {
                assert_eq!(ours.len(), theirs.len(), "{what} of {}", series.name);
                let pair = pairs.entry(what).or_default();
                pair.0.extend(ours);
                pair.1.extend(theirs);
            };
            let joints = fit.joinpoints();
            let segments = fit.segments();
            add("joinpoints", joints.iter().map(|j| j.time).collect(), series.joinpoints());
            add(
                "low ends",
                joints.iter().map(|j| j.lower).collect(),
                series.by_segment("year_lb")[1..].to_vec(),
            );
            add(
                "high ends",
                joints.iter().map(|j| j.upper).collect(),
                series.by_segment("year_ub")[1..].to_vec(),
            );
            add("fitted rates", fit.fitted(), series.column("pred_rate"));
            add("slopes", segments.iter().map(|s| s.slope).collect(), series.by_segment("slope_est"));
            add(
                "slope errors",
                segments.iter().map(|s| s.std_error).collect(),
                series.by_segment("slope_se"),
            );
            add("APC", segments.iter().map(|s| s.apc).collect(), series.by_segment("apc"));
            add("APC, low ends", segments.iter().map(|s| s.lower).collect(), series.by_segment("apc95lcl"));
            add("APC, high ends", segments.iter().map(|s| s.upper).collect(), series.by_segment("apc95ucl"));
            let average = fit.aapc(None, None).expect("an average");
            let theirs = ["aapc", "aapc_lb", "aapc_ub"].map(|c| series.column(c)[0]);
            add("AAPC, ends", vec![average.aapc, average.lower, average.upper], theirs.to_vec());
            add("sums of squares", vec![fit.sse()], series.column("sse")[..1].to_vec());
        }
        let chosen = Joinpoint::new().seed(1).fit_many(&all.iter().map(Nci::series).collect::<Vec<_>>());
        let numbers = |k: Vec<usize>| k.into_iter().map(|k| k as f64).collect::<Vec<f64>>();
        pairs.insert(
            "numbers of joinpoints by 4,499 permutations",
            (
                numbers(chosen.expect("fits").iter().map(|f| f.joinpoints().len()).collect()),
                numbers(all.iter().map(|s| s.joinpoints().len()).collect()),
            ),
        );
        // The rates and errors in the file have five and eight figures, the answers five or six decimals: what is computed
        // from them can differ by as much, and more where a segment is short and its slope steep.
        for (what, (ours, theirs)) in &pairs {
            let near = match *what {
                "joinpoints" | "low ends" | "high ends" | "numbers of joinpoints by 4,499 permutations" => {
                    (0.0, 0.0)
                }
                "fitted rates" => (0.0, 1.3e-5),
                "slopes" => (0.0, 6e-6),
                "slope errors" => (1e-4, 2e-6),
                "APC" | "AAPC, ends" => (1e-5, 1e-3),
                _ => (2e-4, 3e-3),
            };
            table.check(CASE, what, ours, theirs, near);
        }
    }
    between_observations(&mut table);
    let head = "# Conformance: joinpoint regression\n\nAnswers of the NCI's Joinpoint program 4.6 on 80 series of age-adjusted rates, and \
                continuous joinpoints beside segmented;\n`tests/joinpoint.rs` makes this page (`make docs`). The rates given to both have \
                five figures, and the answers five or six decimals.\n\n`response_surveillance.json` has four national series \
                of the same program without their rates: not covered, the 80 are of its kind.\n";
    table.finish("conformance_joinpoint.md", head, &absent);
}

/// Piecewise-linear data of which segmented found a local optimum: ours is as low or lower.
fn between_observations(table: &mut Comparison) {
    let file = reference("var_counts_dlnm_its");
    let columns = &file["datasets"]["piecewise"]["columns"];
    let (x, y) = (numbers(&columns["x"]), numbers(&columns["y"]));
    let rates: Vec<f64> = y.iter().map(|v| v.exp()).collect();
    let fit = given(2).continuous().fit(&Series::rates("y", &x, &rates)).expect("a fit");
    let gold = case(&file, "segmented_2");
    let values = &gold["values"];
    let theirs = values["rss"].as_f64().expect("a number");
    assert!(fit.sse() <= theirs * (1.0 + 1e-9), "{} {theirs}", fit.sse());
    table.check("segmented_2", "sum of squares", &[fit.sse()], &[theirs], tolerance(gold));
    let joints = fit.joinpoints();
    let at: Vec<f64> = joints.iter().map(|j| j.time).collect();
    table.check("segmented_2", "joinpoints", &at, &numbers(&values["psi"]), tolerance(gold));
    let errors: Vec<f64> = joints.iter().map(|j| j.std_error).collect();
    table.check("segmented_2", "their errors", &errors, &numbers(&values["psi_se"]), (1e-4, 0.0));
    let rows: Vec<Vec<f64>> = values["slopes"].as_array().expect("rows").iter().map(numbers).collect();
    let segments = fit.segments();
    let slopes: Vec<f64> = segments.iter().map(|s| s.slope).collect();
    table.check(
        "segmented_2",
        "slopes",
        &slopes,
        &rows.iter().map(|r| r[0]).collect::<Vec<_>>(),
        (1e-4, 1e-5),
    );
    let errors: Vec<f64> = segments.iter().map(|s| s.std_error).collect();
    table.check(
        "segmented_2",
        "errors of slopes",
        &errors,
        &rows.iter().map(|r| r[1]).collect::<Vec<_>>(),
        (1e-4, 0.0),
    );
}

fn years(n: usize) -> Vec<f64> {
    (0..n).map(|t| 2000.0 + t as f64).collect()
}

/// Counts about exp(a + 0.2 (t − 2000) − 0.3 (t − 2008)₊) per head.
fn counts(n: usize, base: f64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let t = years(n);
    let people: Vec<f64> = (0..n).map(|i| 1e5 * (1.0 + 0.01 * i as f64)).collect();
    let deaths = t
        .iter()
        .zip(&people)
        .enumerate()
        .map(|(i, (t, p))| {
            let wobble = ((i * 7 + 3) % 5) as f64 / 5.0 - 0.4;
            (p * base * (0.2 * (t - 2000.0) - 0.3 * (t - 2008.0).max(0.0)).exp() * (1.0 + 0.05 * wobble))
                .round()
        })
        .collect();
    (t, people, deaths)
}

#[test]
fn likelihoods_are_those_of_the_distributions_at_their_maximum() {
    let (t, people, deaths) = counts(18, 4e-5);
    let hidden: Vec<Count> = deaths
        .iter()
        .map(|&y| if y < 10.0 { Count::Interval { lo: 0.0, hi: 9.0 } } else { Count::Exact(y) })
        .collect();
    assert!(hidden.iter().filter(|c| c.exact().is_none()).count() >= 3);
    for (mode, continuous) in [(Mode::Poisson, false), (Mode::NegativeBinomial, false), (Mode::Poisson, true)]
    {
        let spec = given(1).mode(mode);
        let spec = if continuous { spec.continuous() } else { spec };
        let fit = spec.fit(&Series::counts("deaths", &t, &hidden).population(&people)).expect("a fit");
        let at = |bend: &dyn Fn(f64) -> f64| -> f64 {
            (0..t.len())
                .map(|i| {
                    let mean = people[i] * fit.rate(t[i]) * bend(t[i]).exp();
                    let (poisson, size) = (Poisson::new(mean).expect("a mean"), fit.dispersion().recip());
                    if fit.dispersion() > 0.0 {
                        let d = NegativeBinomial::new(mean, size).expect("a mean");
                        hidden[i].exact().map_or_else(|| d.log_interval(0.0, 9.0), |y| d.log_density(y))
                    } else {
                        hidden[i]
                            .exact()
                            .map_or_else(|| poisson.log_interval(0.0, 9.0), |y| poisson.log_density(y))
                    }
                })
                .sum()
        };
        let top = at(&|_| 0.0);
        assert!(
            (top - fit.log_likelihood()).abs() < 1e-8 * top.abs(),
            "{mode:?}: {top} {}",
            fit.log_likelihood()
        );
        let tau = fit.joinpoints()[0].time;
        for step in [1e-4, -1e-4] {
            let bends: [&dyn Fn(f64) -> f64; 3] =
                [&|_| step, &|t| step * (t - 2005.0), &|t| step * (t - tau).max(0.0)];
            for bend in bends {
                assert!(at(bend) < top, "{mode:?}");
            }
        }
        assert!((tau - 2008.0).abs() <= 1.0, "{tau}");
    }
}

#[test]
fn the_average_change_is_as_sure_as_draws_say() {
    let (t, people, deaths) = counts(20, 4e-3);
    let deaths: Vec<Count> = deaths.into_iter().map(Count::Exact).collect();
    let series = Series::counts("deaths", &t, &deaths).population(&people);
    for spec in [given(1).mode(Mode::Poisson), given(1).mode(Mode::Poisson).continuous()] {
        let fit = spec.fit(&series).expect("a fit");
        let (plain, drawn) = (fit.aapc(None, None), fit.aapc_bootstrap(None, None, 999, Some(4)));
        let (plain, drawn) = (plain.expect("an interval"), drawn.expect("an interval"));
        let ratio = (drawn.upper - drawn.lower) / (plain.upper - plain.lower);
        assert!((0.8..1.25).contains(&ratio), "{ratio}");
    }
}

#[test]
fn zeros_and_gaps_are_no_obstacle_to_counts() {
    let t = years(20);
    let deaths = [
        0.0, 2.0, 1.0, 0.0, 3.0, 1.0, 2.0, 5.0, 8.0, 12.0, 20.0, 31.0, 45.0, 44.0, 47.0, 45.0, 50.0, 44.0,
        48.0, 47.0,
    ];
    let mut all: Vec<Count> = deaths.iter().map(|&y| Count::Exact(y)).collect();
    all[4] = Count::Missing;
    let fit = Joinpoint::new()
        .mode(Mode::Poisson)
        .selection(Selection::Bic)
        .fit(&Series::counts("deaths", &t, &all))
        .expect("a fit");
    assert_eq!(fit.n_observed(), 19);
    assert!(!fit.joinpoints().is_empty());
    assert!(fit.observed()[4].is_nan() && fit.observed()[0] == 0.0 && fit.fitted()[4] > 0.0);
    let none = Series::counts("deaths", &t, &[Count::Exact(0.0); 20]);
    let error = Joinpoint::new().mode(Mode::Poisson).selection(Selection::Bic).fit(&none);
    assert!(matches!(error, Err(Error::NothingToEstimate { .. })));
    let nci = Joinpoint::new().fit(&Series::counts("deaths", &t, &all));
    assert!(matches!(nci, Err(Error::Domain { row: 0, .. })));
    let early = fit.segments()[0];
    let wider = fit.aapc_bootstrap(None, None, 99, Some(3)).expect("an interval");
    let plain = fit.aapc(None, None).expect("an interval");
    assert!(wider.lower < plain.aapc && wider.upper > plain.aapc && early.std_error > 0.0);
}

#[test]
fn a_bent_line_is_found_exactly_and_units_do_not_matter() {
    let t = years(24);
    let line =
        |t: f64| (0.1 * (t - 2000.0) - 0.25 * (t - 2010.0).max(0.0) + 0.3 * (t - 2016.0).max(0.0)).exp();
    let rates: Vec<f64> = t.iter().map(|&t| line(t)).collect();
    let fit = given(2).fit(&Series::rates("rate", &t, &rates)).expect("a fit");
    let at = |fit: &JoinpointFit| fit.joinpoints().iter().map(|j| j.time).collect::<Vec<_>>();
    assert_eq!(at(&fit), [2010.0, 2016.0]);
    assert!((fit.segments()[1].slope + 0.15).abs() < 1e-12);
    let wobbly: Vec<f64> = t.iter().map(|&t| line(t) * (0.04 * (5.0 * t).sin()).exp()).collect();
    let spec = Joinpoint::new().permutations(499).seed(5);
    let one = spec.fit(&Series::rates("rate", &t, &wobbly)).expect("a fit");
    for scale in [1e-300, 1e5, 1e300] {
        let again: Vec<f64> = wobbly.iter().map(|r| r * scale).collect();
        let again = spec.fit(&Series::rates("rate", &t, &again)).expect("a fit");
        assert_eq!(at(&again), at(&one));
        assert!((again.segments()[0].apc - one.segments()[0].apc).abs() < 1e-8, "{scale}");
    }
    // Months: changes stay annual.
    let months: Vec<f64> = (0..120).map(|m| 2010.0 + f64::from(m) / 12.0).collect();
    let rates: Vec<f64> = months.iter().map(|m| (0.2 * (m - 2010.0)).exp()).collect();
    let monthly = given(0).fit(&Series::rates("rate", &months, &rates)).expect("a fit");
    assert!((monthly.segments()[0].slope - 0.2).abs() < 1e-12);
    // Constant rates bend nowhere.
    let flat =
        Joinpoint::new().permutations(99).seed(1).fit(&Series::rates("rate", &t, &[3.0; 24])).expect("a fit");
    assert!(flat.joinpoints().is_empty() && flat.segments()[0].apc.abs() < 1e-9);
}

#[test]
fn the_same_seed_gives_the_same_bits_alone_and_together() {
    let (t, _, deaths) = counts(22, 1e-3);
    let rates = |shift: f64| deaths.iter().map(|d| d + shift).collect::<Vec<_>>();
    let all: Vec<Series> = [1.0, 5.0, 9.0].iter().map(|&s| Series::rates("rate", &t, &rates(s))).collect();
    let spec = Joinpoint::new().permutations(299).seed(11);
    let together = spec.fit_many(&all).expect("fits");
    for (series, fit) in all.iter().zip(&together) {
        // As text: a missing number is not equal to itself.
        assert_eq!(format!("{:?}", spec.fit(series).expect("a fit")), format!("{fit:?}"));
    }
}

#[test]
fn parallel_and_coincident_trends() {
    let t = years(22);
    let rate = |level: f64, slope: f64, phase: f64| -> Vec<f64> {
        t.iter().map(|t| (level + slope * (t - 2000.0) + 0.03 * (7.0 * t + phase).sin()).exp()).collect()
    };
    let spec = given(0).permutations(499);
    let test = |a: Vec<f64>, b: Vec<f64>| {
        spec.compare(&Series::rates("a", &t, &a), &Series::rates("b", &t, &b)).expect("a test")
    };
    let same = test(rate(0.0, 0.05, 0.0), rate(0.0, 0.05, 1.0));
    assert!(same.parallel > 0.05 && same.coincident > 0.05);
    let shifted = test(rate(0.0, 0.05, 0.0), rate(1.0, 0.05, 1.0));
    assert!(shifted.parallel > 0.05 && shifted.coincident < 0.01);
    let steeper = test(rate(0.0, 0.05, 0.0), rate(0.0, 0.1, 1.0));
    assert!(steeper.parallel < 0.01 && steeper.coincident < 0.01);
    // One line for each, by hand: the sum of two regressions.
    assert!(shifted.sse_apart <= shifted.sse_parallel && shifted.sse_parallel <= shifted.sse_coincident);
}

#[test]
fn what_cannot_be_answered_is_an_error() {
    let t = years(12);
    let fit = |rates: &[f64]| {
        Joinpoint::new().permutations(99).fit(&Series::rates("rate", &t[..rates.len()], rates))
    };
    assert!(matches!(fit(&[1.0, 2.0]), Err(Error::TooShort { .. })));
    assert!(matches!(fit(&[f64::NAN; 12]), Err(Error::TooShort { found: 0, .. })));
    let mut rates = vec![2.0; 12];
    rates[5] = 0.0;
    assert!(matches!(fit(&rates), Err(Error::Domain { row: 5, .. })));
    let order = Joinpoint::new().fit(&Series::rates("rate", &[2001.0, 2000.0], &[1.0, 1.0]));
    assert!(matches!(order, Err(Error::Domain { row: 1, .. })));
    let error = Joinpoint::new().fit(&Series::rates("rate", &t, &[1.0; 12]).std_errors(&[0.0; 12]));
    assert!(matches!(error, Err(Error::Domain { .. })));
    let wbic = Joinpoint::new().mode(Mode::Poisson).selection(Selection::Wbic);
    let series = Series::counts("deaths", &t, &[Count::Exact(4.0); 12]);
    assert!(matches!(wbic.fit(&series), Err(Error::Argument { .. })));
    let hidden = Series::counts("deaths", &t, &[Count::Interval { lo: 1.0, hi: 9.0 }; 12]);
    assert!(matches!(Joinpoint::new().fit(&hidden), Err(Error::Domain { row: 0, .. })));
    let fit = fit(&[2.0; 12]).expect("a fit");
    assert!(matches!(fit.aapc(Some(1990.0), None), Err(Error::Argument { .. })));
}
