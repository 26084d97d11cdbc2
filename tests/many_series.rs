//! Many series: failures, origins, threads, and conformal intervals by simulation.

mod common;

use std::collections::BTreeMap;

use averted::data::Frame;
use averted::forecast::many::{Columns, Intervals, Lines, ManyForecast, SeriesSet};
use averted::forecast::{Ahead, named};
use averted::timeseries::structural::{Series, Structural};

/// A long frame: series of random walks, constant ones among them.
fn long(series: usize, periods: usize) -> Frame {
    let mut e = averted::random::stream(9, 0);
    let (mut ids, mut times, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for s in 0..series {
        let mut level = 200.0;
        for t in 0..periods {
            level += averted::random::normal(&mut e);
            ids.push(format!("s{s:03}"));
            times.push(2000.0 + t as f64);
            y.push(if s == 1 { 7.0 } else { level });
        }
    }
    let ids: Vec<Option<&str>> = ids.iter().map(|i| Some(i.as_str())).collect();
    Frame::new()
        .with_text("unique_id", &ids)
        .and_then(|f| f.with_number("ds", times))
        .and_then(|f| f.with_number("y", y))
        .expect("a frame")
}

fn many() -> ManyForecast {
    ManyForecast::new(3).model("arima").model("structural").draws(100).seed(5)
}

#[test]
fn a_failing_series_is_named_and_fatal_to_none() {
    let set = SeriesSet::read(&long(4, 30), &Columns::default(), None).expect("series");
    let lines = many().run(&set).expect("lines");
    assert_eq!(lines.failed.iter().map(|f| f.series.as_str()).collect::<Vec<_>>(), ["s001", "s001"]);
    assert_eq!((lines.y.len(), lines.period[0], lines.cutoff[0]), (9, 2030, 2029));
    let past = many().windows(2).gap(1).cross_validation(&set).expect("lines");
    assert!(past.failed.iter().all(|f| f.series == "s001" && f.cutoff.is_some()), "{:?}", past.failed);
    // Two origins, three periods each, the first left out; the last period is the series' last.
    assert_eq!(past.period[..6], [2026, 2027, 2028, 2027, 2028, 2029]);
    assert_eq!(past.cutoff[..6], [2024, 2024, 2024, 2025, 2025, 2025]);
    let short = many().windows(30).cross_validation(&set).expect("lines");
    assert!(short.y.is_empty() && matches!(short.failed[0].error, averted::Error::TooShort { .. }));
}

/// With n = 7 and three periods ahead there is one origin with the four periods that it needs before it, not two. Of very many
/// series some are enough to learn from, whatever their order.
#[test]
fn intervals_learn_from_the_origins_and_series_there_are() {
    let naive = |frame: &Frame, draws| {
        let set = SeriesSet::read(frame, &Columns::default(), None).expect("series");
        ManyForecast::new(3).model("naive").windows(2).draws(draws).seed(5).run(&set).expect("lines")
    };
    let told = |lines: &Lines| lines.notes.join("; ");
    assert_eq!(told(&naive(&long(42, 7), 100)), "naive: conformal intervals from past errors of 42 series");
    assert!(
        told(&naive(&long(42, 6), 100))
            .starts_with("naive: intervals of the model; 0 series have past errors")
    );
    let lines = naive(&long(1200, 9), 20);
    assert!(lines.models[0].upper.iter().all(|ends| ends.iter().all(|v| v.is_finite())));
    assert_eq!(told(&lines), "naive: conformal intervals from past errors of 1000 series");
}

#[test]
fn rolling_origins_say_what_a_forecast_from_there_says() {
    let frame = long(1, 40);
    let set = SeriesSet::read(&frame, &Columns::default(), None).expect("series");
    let past = many().windows(3).cross_validation(&set).expect("lines");
    let y = set.series[0].y[..36].to_vec();
    let model = named("arima", 1).expect("a model");
    let said = model.outlook(&Series::new("s000", &y), &Ahead::new(3, 100, 1)).expect("an outlook");
    for h in 0..3 {
        assert!((past.models[0].mean[3 + h] - said.mean[h]).abs() < 1e-9);
        assert_eq!(past.y[3 + h].to_bits(), set.series[0].y[36 + h].to_bits());
    }
}

/// Intervals that are half as wide as they should be, on many series: the pool puts them right.
#[test]
#[ignore = "a simulation: a minute"]
fn conformal_intervals_cover_where_the_model_does_not() {
    let (mut inside, mut all) = ([0.0; 2], 0.0);
    for run in 0..6 {
        let mut e = averted::random::stream(run, 0);
        let (mut ids, mut times, mut y) = (Vec::new(), Vec::new(), Vec::new());
        let mut truth = Vec::new();
        for s in 0..150 {
            let (mut level, mut slope) = (100.0, 0.0);
            for t in 0..25 {
                slope += averted::random::normal(&mut e);
                level += slope + averted::random::normal(&mut e);
                if t < 22 {
                    ids.push(format!("s{s:03}"));
                    times.push(2000.0 + f64::from(t));
                    y.push(level);
                } else {
                    truth.push(level);
                }
            }
        }
        let ids: Vec<Option<&str>> = ids.iter().map(|i| Some(i.as_str())).collect();
        let frame = Frame::new().with_text("unique_id", &ids).and_then(|f| f.with_number("ds", times));
        let frame = frame.and_then(|f| f.with_number("y", y)).expect("a frame");
        let set = SeriesSet::read(&frame, &Columns::default(), None).expect("series");
        for (i, intervals) in [Intervals::Model, Intervals::Auto].into_iter().enumerate() {
            // A walk without the slope that there is.
            let walk = ManyForecast::new(3).forecaster("walk", Box::new(Structural::new())).seed(1);
            let lines = walk.levels(vec![0.95]).intervals(intervals).run(&set).expect("lines");
            let ends = lines.models[0].lower[0].iter().zip(&lines.models[0].upper[0]);
            inside[i] += ends.zip(&truth).filter(|((l, u), y)| (*l..=*u).contains(y)).count() as f64;
        }
        all += truth.len() as f64;
    }
    println!(
        "95 % intervals of the model hold {:.3}, conformal ones {:.3}",
        inside[0] / all,
        inside[1] / all
    );
    assert!(inside[0] / all < 0.9 && (0.93..0.97).contains(&(inside[1] / all)), "{inside:?} of {all}");
}

#[test]
fn same_bits_whatever_the_threads_and_the_other_series() {
    let with = |threads: &str| {
        let exe = std::env::current_exe().expect("this test");
        let run = std::process::Command::new(exe)
            .args(["--exact", "bits_of_a_run", "--ignored", "--nocapture"])
            .env("AVERTED_THREADS", threads)
            .output()
            .expect("a run");
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        text.lines().find(|l| l.contains("bits:")).map(str::to_owned).expect("bits")
    };
    assert_eq!(with("1"), with("3"));
    let of = |series: usize| {
        let set = SeriesSet::read(&long(series, 30), &Columns::default(), None).expect("series");
        let lines = many().run(&set).expect("lines");
        lines.models[1].lower[0][..3].iter().map(|v| v.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(of(1), of(3));
}

#[test]
#[ignore = "run by another test under several numbers of threads"]
fn bits_of_a_run() {
    let set = SeriesSet::read(&long(45, 24), &Columns::default(), None).expect("series");
    let lines = many().run(&set).expect("lines");
    let ends = lines.models.iter().flat_map(|m| m.lower.iter().chain(&m.upper)).flatten();
    let sum = ends.fold(0_u64, |sum, v| sum.rotate_left(5) ^ v.to_bits());
    println!("bits: {sum:x} {:?}", lines.notes);
}

/// The series of one kind of a file of a forecasting competition: frame of the past, and the future by name.
fn competition(file: &str, kind: &str) -> Option<(Frame, BTreeMap<String, Vec<f64>>, usize)> {
    let text = std::fs::read_to_string(common::shared(file)?).expect("a file");
    let (mut ids, mut times, mut y, mut future) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let list = |s: &str| s.split(';').map(|v| v.parse::<f64>().expect("a number")).collect::<Vec<_>>();
        if cells[1] == kind {
            for (t, value) in list(cells[5]).into_iter().enumerate() {
                ids.push(cells[0].to_owned());
                times.push(1.0 + t as f64);
                y.push(value);
            }
            future.insert(cells[0].to_owned(), list(cells[6]));
        }
    }
    let horizon = future.values().map(Vec::len).min()?;
    let ids: Vec<Option<&str>> = ids.iter().map(|i| Some(i.as_str())).collect();
    let frame = Frame::new().with_text("unique_id", &ids).and_then(|f| f.with_number("ds", times));
    Some((frame.and_then(|f| f.with_number("y", y)).expect("a frame"), future, horizon))
}

/// Accuracy and coverage on the series of two forecasting competitions.
#[test]
#[ignore = "minutes, and data that are not part of the project"]
fn competitions_are_covered() {
    for file in ["m3_sample_dev", "m1_all"] {
        for (kind, season) in [("YEARLY", 1), ("QUARTERLY", 4), ("MONTHLY", 12)] {
            let path = format!("data/ts_m_competitions/{file}.csv");
            let Some((frame, future, horizon)) = competition(&path, kind) else { continue };
            let set = SeriesSet::read(&frame, &Columns::default(), None).expect("series");
            for intervals in [Intervals::Model, Intervals::Auto] {
                let start = std::time::Instant::now();
                let ahead = ManyForecast::new(horizon).season(season).levels(vec![0.95]).seed(1);
                let lines = ahead.draws(400).intervals(intervals).run(&set).expect("lines");
                let ms = 1e3 * start.elapsed().as_secs_f64() / set.series.len() as f64;
                let model = &lines.models[0];
                let (mut mase, mut held, mut score, mut n) = (0.0, 0.0, 0.0, 0.0);
                for (row, &place) in lines.series.iter().enumerate() {
                    let one = &set.series[place];
                    let y = future[&one.name][row % horizon];
                    let scale = averted::forecast::scores::naive_error(&one.y, season);
                    let (l, u) = (model.lower[0][row], model.upper[0][row]);
                    if scale.is_nan() || scale <= 0.0 {
                        continue;
                    }
                    mase += (y - model.mean[row]).abs() / scale;
                    held += f64::from(u8::from((l..=u).contains(&y)));
                    score += averted::forecast::scores::interval(y, l, u, 0.05) / scale;
                    n += 1.0;
                }
                println!(
                    "{file} {kind} {} series, {intervals:?}: MASE {:.3}, 95 % hold {:.3}, MSIS {:.2}, {ms:.1} ms, \
                     failed {}",
                    set.series.len(),
                    mase / n,
                    held / n,
                    score / n,
                    lines.failed.len()
                );
                assert!(intervals == Intervals::Model || (0.92..0.98).contains(&(held / n)));
            }
        }
    }
}
