//! Errors related over time and in space: sums over all pairs, calendars, refusals.

mod common;

use averted::Error;
use averted::data::{Factor, Frame, Panel};
use averted::inference::covariance::{Autocorrelation, Bandwidth, Conley, Distance, Kernel};
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::{
    At, Fit, Iv, LocalProjection, Method, Model, Ols, OlsFit, Poisson, Response, Sample, Slope,
};
use ndarray::{Array1, Array2};

const UNITS: usize = 9;
const YEARS: usize = 14;

/// Numbers without a pattern, the same everywhere.
fn noise(i: usize, k: usize) -> f64 {
    ((i * 37 + k * 101) as f64 * 12.9898).sin() * 1.7 + ((i * i + 3 * k) as f64 * 0.377).cos()
}

/// Units by years with some rows gone; the units lie around the globe, some close to each other.
fn rows() -> Vec<(usize, usize)> {
    let all = (0..UNITS).flat_map(|u| (0..YEARS).map(move |t| (u, t)));
    // Year 6 is gone for all, year 3 for some.
    all.filter(|&(u, t)| t != 6 && !(t == 3 && u % 3 == 1)).collect()
}

fn place(u: usize) -> (f64, f64) {
    let u = u as f64;
    (60.0 + 0.4 * u, if u < 5.0 { 179.0 + 0.3 * u } else { -180.0 + 0.3 * (u - 4.0) })
}

fn frame() -> Frame {
    let rows = rows();
    let column = |f: &dyn Fn(usize, usize, usize) -> f64| -> Vec<f64> {
        rows.iter().enumerate().map(|(i, &(u, t))| f(i, u, t)).collect()
    };
    let x = |i: usize, u: usize| noise(i, 1) + u as f64 / 3.0;
    Frame::new()
        .with_number("x", column(&|i, u, _| x(i, u)))
        .and_then(|d| d.with_number("z", column(&|i, _, t| noise(i, 2) + t as f64 / 5.0)))
        .and_then(|d| d.with_number("y", column(&|i, u, t| 0.3 * x(i, u) + noise(i, 3) + (t as f64).sin())))
        .and_then(|d| {
            d.with_number("n", column(&|i, u, t| (3.0 + x(i, u) + noise(i, 4) + t as f64).abs().floor()))
        })
        .and_then(|d| d.with_number("unit", column(&|_, u, _| u as f64)))
        .and_then(|d| d.with_number("year", column(&|_, _, t| 2000.0 + t as f64)))
        .and_then(|d| d.with_number("lat", column(&|_, u, _| place(u).0)))
        .and_then(|d| d.with_number("lon", column(&|_, u, _| place(u).1)))
        .expect("columns of one length")
}

/// `B (Σᵢⱼ w(i, j) sᵢ sⱼ') B` of a pooled regression, from the definition; `pull` is what a row's regressors are
/// multiplied by in its score, `working` its weight in the information.
fn by_pairs(
    data: &Frame,
    pull: &Array1<f64>,
    working: &Array1<f64>,
    w: &dyn Fn(usize, usize) -> f64,
) -> Array2<f64> {
    let (x, z) = (data.number("x").expect("x"), data.number("z").expect("z"));
    let design = Array2::from_shape_fn((x.len(), 3), |(i, j)| [1.0, x[i], z[i]][j]);
    let weighted = &design * &working.view().insert_axis(ndarray::Axis(1));
    let bread =
        averted::linalg::Cholesky::new(design.t().dot(&weighted).view(), "x").expect("a base").inverse();
    let scores = &design * &pull.view().insert_axis(ndarray::Axis(1));
    let weights = Array2::from_shape_fn((x.len(), x.len()), |(i, j)| w(i, j));
    bread.dot(&scores.t().dot(&weights).dot(&scores)).dot(&bread)
}

fn assert_close(ours: &Array2<f64>, theirs: &Array2<f64>, what: &str) {
    let size = theirs.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    for (o, t) in ours.iter().zip(theirs) {
        assert!((o - t).abs() <= 1e-10 * size, "{what}: {ours} {theirs}");
    }
}

fn pooled(data: &Frame) -> OlsFit {
    Ols::new().small_sample(SmallSample::NONE).fit("y ~ x + z", data).expect("a fit")
}

fn with<M: Model>(fit: &Fit<M>, which: impl Into<Covariance>) -> Array2<f64> {
    fit.with_convention(which, SmallSample::NONE).expect("a covariance").covariance().clone()
}

#[test]
fn autocorrelation_is_the_sum_over_all_pairs_by_distance_on_the_calendar() {
    let data = frame();
    let cells = rows();
    let fit = pooled(&data);
    let ones = Array1::ones(cells.len());
    for kernel in [Kernel::Bartlett, Kernel::Parzen, Kernel::QuadraticSpectral] {
        let gap = |i: usize, j: usize| (cells[i].1 as f64 - cells[j].1 as f64).abs();
        let weight = |i: usize, j: usize| kernel.weight(gap(i, j) / 3.5);
        let reach =
            |which: Autocorrelation| which.time("year").kernel(kernel).bandwidth(Bandwidth::Width(3.5));
        let within = by_pairs(&data, &fit.residuals(), &ones, &|i, j| {
            if cells[i].0 == cells[j].0 { weight(i, j) } else { 0.0 }
        });
        assert_close(&with(&fit, reach(Autocorrelation::newey_west()).unit("unit")), &within, "within");
        let across = by_pairs(&data, &fit.residuals(), &ones, &weight);
        assert_close(&with(&fit, reach(Autocorrelation::driscoll_kraay())), &across, "across");
    }
}

#[test]
fn closing_gaps_moves_up_only_what_no_row_has() {
    let data = frame();
    let cells = rows();
    let fit = pooled(&data);
    let rank = |t: usize| if t > 6 { t - 1 } else { t } as f64;
    let ones = Array1::ones(cells.len());
    let closed = by_pairs(&data, &fit.residuals(), &ones, &|i, j| {
        let gap = (rank(cells[i].1) - rank(cells[j].1)).abs();
        if cells[i].0 == cells[j].0 { Kernel::Bartlett.weight(gap / 2.0) } else { 0.0 }
    });
    let which = Autocorrelation::newey_west().unit("unit").time("year").lags(1);
    assert_close(&with(&fit, which.clone().collapse_gaps()), &closed, "closed");
    assert!((&with(&fit, which) - &closed).iter().any(|d| d.abs() > 1e-6));
}

#[test]
fn space_is_the_sum_over_all_pairs_of_a_period_and_over_lags_of_a_unit() {
    let data = frame();
    let cells = rows();
    let fit = pooled(&data);
    let kilometres = |u: usize, v: usize| {
        let ((a, b), (c, d)) = (place(u), place(v));
        let [a, b, c, d] = [a, b, c, d].map(f64::to_radians);
        let cosine = a.sin() * c.sin() + a.cos() * c.cos() * (b - d).cos();
        6371.0088 * cosine.clamp(-1.0, 1.0).acos()
    };
    let ones = Array1::ones(cells.len());
    for kernel in [Kernel::Uniform, Kernel::Bartlett] {
        for lags in [0, 2] {
            let theirs = by_pairs(&data, &fit.residuals(), &ones, &|i, j| {
                let ((u, t), (v, s)) = (cells[i], cells[j]);
                if t == s {
                    return if u == v { 1.0 } else { kernel.weight(kilometres(u, v) / 120.0) };
                }
                let gap = (t as f64 - s as f64).abs();
                if u == v { Kernel::Bartlett.weight(gap / (lags as f64 + 1.0)) } else { 0.0 }
            });
            let repaired = averted::linalg::nearest_positive_semidefinite(theirs.view()).expect("finite").0;
            let which = Conley::new("lat", "lon", 120.0).kernel(kernel).unit("unit").time("year").lags(lags);
            assert_close(&with(&fit, which), &repaired, "within periods");
        }
        let theirs = by_pairs(&data, &fit.residuals(), &ones, &|i, j| {
            let (u, v) = (cells[i].0, cells[j].0);
            if u == v { 1.0 } else { kernel.weight(kilometres(u, v) / 120.0) }
        });
        let repaired = averted::linalg::nearest_positive_semidefinite(theirs.view()).expect("finite").0;
        let which = Conley::new("lat", "lon", 120.0).kernel(kernel).across_periods();
        assert_close(&with(&fit, which), &repaired, "across periods");
    }
}

#[test]
fn counts_have_them_too() {
    let data = frame();
    let cells = rows();
    let fit = Poisson::new().fit("n ~ x + z", &data).expect("a fit");
    let mean = fit.fitted();
    let theirs = by_pairs(&data, &(&fit.outcome() - &mean), &mean, &|i, j| {
        Kernel::Bartlett.weight((cells[i].1 as f64 - cells[j].1 as f64).abs() / 3.0)
    });
    assert_close(&with(&fit, Autocorrelation::driscoll_kraay().time("year").lags(2)), &theirs, "counts");
}

/// linearmodels 7.1: `IVGMM(lpacks, [1, lrincome], lrprice, [tdiff, rtax], weight_type="kernel", bandwidth=2)`, with
/// `cov_type="kernel", bandwidth=2`, cigarettes in 1995.
#[test]
fn moments_are_weighted_by_them() {
    let gold = common::reference("fixest_panel");
    let all = common::frame(&gold["datasets"]["cigarettes"]);
    let year = all.factor("year").expect("a year");
    let late: Vec<usize> = (0..all.rows()).filter(|&row| year.label(row) == Some("1995")).collect();
    let columns = ["lpacks", "lrincome", "lrprice", "tdiff", "rtax"].into_iter();
    let data = columns.fold(Frame::new(), |kept, name| {
        let values = all.number(name).expect("numbers");
        kept.with_number(name, late.iter().map(|&row| values[row]).collect()).expect("one length")
    });
    let data = data.with_number("row", (0..late.len()).map(|row| row as f64).collect()).expect("a column");
    let spec = Iv::new().method(Method::Gmm).small_sample(SmallSample::NONE);
    let spec = spec.covariance(Autocorrelation::newey_west().time("row").lags(2));
    let fit = spec.fit("lpacks ~ lrincome | lrprice ~ tdiff + rtax", &data).expect("a fit");
    let theirs = [
        ("(Intercept)", 9.798_354_330_378_848, 0.903_250_959_568_297_9),
        ("lrincome", 0.296_157_838_054_732_2, 0.256_432_444_952_753_8),
        ("lrprice", -1.266_026_692_762_329, 0.254_609_473_225_972_2),
    ];
    for (name, estimate, error) in theirs {
        let at = fit.names().iter().position(|own| own == name).expect("a coefficient");
        assert!((fit.coefficients()[at] / estimate - 1.0).abs() < 1e-10, "{name}");
        assert!((fit.std_errors()[at] / error - 1.0).abs() < 1e-10, "{name}");
    }
    let j = fit.model().j_statistic.expect("one instrument more than needed");
    assert!((j / 0.384_284_813_176_921 - 1.0).abs() < 1e-9, "{j}");
}

#[test]
fn limits_are_covariances_known_otherwise() {
    let data = frame();
    let fit = Ols::new().fit("y ~ x + z | unit", &data).expect("a fit");
    let across = Autocorrelation::driscoll_kraay().time("year").lags(0);
    assert_close(&with(&fit, across), &with(&fit, "year"), "no lags: clusters of periods");
    let within = Autocorrelation::newey_west().unit("unit").time("year");
    assert_close(&with(&fit, within.clone().lags(0)), &with(&fit, Covariance::Robust), "no lags: HC0");
    let whole = within.kernel(Kernel::Uniform).bandwidth(Bandwidth::Width(99.0));
    assert_close(&with(&fit, whole), &with(&fit, "unit"), "all lags alike: clusters of units");
    let near = |cutoff: f64| Conley::new("lat", "lon", cutoff).time("year");
    assert_close(&with(&fit, near(0.01)), &with(&fit, Covariance::Robust), "nobody near: HC0");
    assert_close(&with(&fit, near(1e5)), &with(&fit, "year"), "all near: clusters of periods");
    let planar = near(0.01).distance(Distance::Planar);
    assert_close(&with(&fit, planar), &with(&fit, Covariance::Robust), "nobody near on the plane");
}

#[test]
fn panels_know_their_unit_and_time() {
    let data = frame();
    let panel = Panel::new(data.clone(), "unit", "year").expect("a panel");
    let fit = Ols::new().fit("y ~ x + z | unit", &panel).expect("a fit");
    let named = Autocorrelation::newey_west().unit("unit").time("year").lags(2);
    let ours = fit.with_covariance(Autocorrelation::newey_west().lags(2)).expect("a covariance");
    let plain = Ols::new().covariance(named).fit("y ~ x + z | unit", &data).expect("a fit");
    assert_eq!(ours.covariance(), plain.covariance());
    assert_eq!(ours.degrees_of_freedom(), 12.0, "thirteen years");
    let reach = fit.with_covariance(Autocorrelation::newey_west()).expect("a covariance").reach();
    assert_eq!(reach.and_then(|reach| reach.lags), Some(1), "the fourth root of thirteen");
    let line = ours.to_string();
    assert!(line.contains("Newey–West (Bartlett kernel, 2 lags) (T = 13, 2 lags)"), "{line}");
}

#[test]
fn months_and_days_are_counted_as_such() {
    let n = 40;
    let y: Vec<f64> = (0..n).map(|i| noise(i, 5)).collect();
    let x: Vec<f64> = (0..n).map(|i| noise(i, 6)).collect();
    let months: Vec<String> = (0..n).map(|i| format!("{}-{:02}", 2018 + i / 12, i % 12 + 1)).collect();
    let weeks: Vec<String> = (0..n)
        .map(|i| {
            // Mondays from 2018-01-01.
            let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let (mut day, mut month) = (7 * i, 0);
            while day >= lengths[month] {
                day -= lengths[month];
                month += 1;
            }
            format!("2018-{:02}-{:02}", month + 1, day + 1)
        })
        .collect();
    let some = |text: &[String]| text.iter().map(|t| Some(t.clone())).collect::<Vec<_>>();
    let data = Frame::new()
        .with_number("y", y)
        .and_then(|d| d.with_number("x", x))
        .and_then(|d| d.with_number("t", (0..n).map(|t| t as f64).collect()))
        .and_then(|d| d.with_number("epoch", (0..n).map(|t| 18_000.0 + t as f64).collect()))
        .and_then(|d| d.with_text("month", &some(&months)))
        .and_then(|d| d.with_text("week", &some(&weeks)))
        .expect("one length");
    let fit = Ols::new().fit("y ~ x", &data).expect("a fit");
    let by = |time: &str| with(&fit, Autocorrelation::newey_west().time(time).lags(3));
    for time in ["month", "week", "epoch"] {
        assert_eq!(by(time), by("t"), "{time}");
    }
}

#[test]
fn order_of_rows_and_units_of_time_change_nothing() {
    let data = frame();
    let n = data.rows();
    let turned: Vec<usize> = (0..n).map(|i| (i * 29 + 5) % n).collect();
    let other = data.names().fold(Frame::new(), |kept, name| {
        let values = data.number(name).expect("numbers");
        kept.with_number(name, turned.iter().map(|&i| values[i]).collect()).expect("one length")
    });
    let near = Conley::new("lat", "lon", 150.0).unit("unit").time("year").lags(1);
    let automatic = Autocorrelation::driscoll_kraay().time("year").bandwidth(Bandwidth::Andrews).prewhiten();
    let within = Autocorrelation::newey_west().unit("unit").time("year").lags(2);
    let kinds = [Covariance::from(near), automatic.into(), within.into()];
    for which in kinds {
        let (one, two) = (pooled(&data), pooled(&other));
        assert_eq!(with(&one, which.clone()), with(&two, which.clone()), "{which}");
    }
}

#[test]
fn samples_of_arrays_name_their_columns() {
    let data = frame();
    let column = |name: &str| data.number(name).expect("numbers").to_vec();
    let factor = |name: &str| Factor::from_numbers(&column(name));
    let (x, z) = (column("x"), column("z"));
    let design = Array2::from_shape_fn((x.len(), 3), |(i, j)| [1.0, x[i], z[i]][j]);
    let sample = Sample::new(column("y"), design)
        .and_then(|s| s.cluster("year", factor("year")))
        .and_then(|s| s.cluster("lat", factor("lat")))
        .and_then(|s| s.cluster("lon", factor("lon")))
        .expect("a sample");
    let fit = Ols::new().fit_arrays(sample).expect("a fit");
    let across = Autocorrelation::driscoll_kraay().time("year").lags(1);
    let near = Conley::new("lat", "lon", 150.0).time("year");
    assert_close(&with(&fit, across.clone()), &with(&pooled(&data), across), "time");
    assert_close(&with(&fit, near.clone()), &with(&pooled(&data), near), "space");
}

#[test]
fn averages_of_effects_go_by_the_bandwidth_of_the_fit() {
    let data = frame();
    let which = Autocorrelation::driscoll_kraay().time("year").bandwidth(Bandwidth::Andrews);
    let fit = Ols::new().covariance(which).fit("y ~ x + z", &data).expect("a fit");
    let margins =
        fit.marginal_effects(&["x".to_owned()], Slope::Dydx, &At::default(), &[], None).expect("effects");
    let (ours, theirs) = (margins.std_errors()[0], fit.std_errors()[1]);
    assert!((ours / theirs - 1.0).abs() < 1e-10, "{ours} {theirs}");
}

#[test]
fn horizons_of_projections_are_related_over_time_and_units() {
    let data = frame();
    let panel = Panel::new(data, "unit", "year").expect("a panel");
    let projection = LocalProjection::new("y", "x", 2).response(Response::Level);
    let which = Autocorrelation::driscoll_kraay().lags(2);
    let fit = projection.fit(&Ols::new().covariance(which), &panel).expect("a projection");
    let curve = fit.curve().expect("a curve");
    let covariance = curve.covariance();
    // The diagonal is that of the horizons' own fits; the correlations are those of the summed scores.
    for (h, one) in fit.fits().iter().enumerate() {
        let own = one.std_errors()[1];
        assert!((covariance[[h, h]].sqrt() / own - 1.0).abs() < 1e-12);
    }
    let correlation =
        |h: usize, k: usize| covariance[[h, k]] / (covariance[[h, h]] * covariance[[k, k]]).sqrt();
    let sums: Vec<Vec<f64>> = fit
        .fits()
        .iter()
        .map(|one| {
            let mut sums = vec![0.0; YEARS];
            let residuals = one.residuals();
            let x: Vec<f64> =
                one.rows().iter().map(|&row| panel.frame().number("x").expect("x")[row]).collect();
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            for ((&row, x), e) in one.rows().iter().zip(&x).zip(&residuals) {
                sums[rows()[row].1] += (x - mean) * e;
            }
            sums
        })
        .collect();
    let product = |h: usize, k: usize| -> f64 {
        let weight = |t: usize, s: usize| Kernel::Bartlett.weight((t as f64 - s as f64).abs() / 3.0);
        (0..YEARS)
            .flat_map(|t| (0..YEARS).map(move |s| (t, s)))
            .map(|(t, s)| weight(t, s) * sums[h][t] * sums[k][s])
            .sum()
    };
    let theirs = product(0, 1) / (product(0, 0) * product(1, 1)).sqrt();
    assert!((correlation(0, 1) - theirs).abs() < 1e-10, "{} {theirs}", correlation(0, 1));
}

#[test]
fn a_kernel_that_gives_no_covariance_is_repaired_and_said() {
    // Three places in a row, the ends not neighbours of each other: its weights have a negative eigenvalue.
    let n = 60;
    let column = |f: &dyn Fn(usize) -> f64| (0..n).map(f).collect::<Vec<_>>();
    let data = Frame::new()
        .with_number("y", column(&|i| if i % 3 == 1 { -3.0 } else { 2.0 } + 0.01 * noise(i, 1)))
        .and_then(|d| d.with_number("x", column(&|i| noise(i, 7))))
        .and_then(|d| d.with_number("lat", column(&|_| 20.0)))
        .and_then(|d| d.with_number("lon", column(&|i| (i % 3) as f64 * 0.5)))
        .and_then(|d| d.with_number("t", column(&|i| (i / 3) as f64)))
        .expect("one length");
    let fit =
        Ols::new().covariance(Conley::new("lat", "lon", 60.0).time("t")).fit("y ~ x", &data).expect("a fit");
    let notes = fit.notes();
    let said = notes.iter().find(|note| note.contains("not positive semidefinite")).expect("a note");
    assert!(said.contains("negative variance of (Intercept)") && said.contains('%'), "{said}");
    assert!(fit.covariance().diag().iter().all(|&v| v >= 0.0));
}

#[test]
fn what_cannot_be_is_refused() {
    let data = frame();
    let fit = pooled(&data);
    let refused = |which: Covariance| fit.with_covariance(which).map(|_| ()).expect_err("refused");
    let time = refused(Autocorrelation::newey_west().lags(1).into());
    assert!(matches!(&time, Error::Argument { argument, .. } if argument == "time"), "{time}");
    let twice = refused(Autocorrelation::newey_west().time("year").lags(1).into());
    assert!(matches!(twice, Error::Duplicates { first: 0, .. }), "{twice}");
    let far = refused(Autocorrelation::driscoll_kraay().time("year").lags(13).into());
    assert!(far.to_string().contains("lags = 13: must be fewer than the 13 periods"), "{far}");
    let none =
        refused(Autocorrelation::driscoll_kraay().time("year").bandwidth(Bandwidth::Width(0.0)).into());
    assert!(matches!(none, Error::Argument { .. }), "{none}");
    let rule = Autocorrelation::driscoll_kraay().time("year").kernel(Kernel::Uniform);
    let rule = refused(rule.bandwidth(Bandwidth::NeweyWest).into());
    assert!(rule.to_string().contains("no rule"), "{rule}");
    let column = refused(Conley::new("lat", "longitude", 10.0).into());
    assert!(matches!(column, Error::UnknownColumn { .. }), "{column}");
    let cutoff = refused(Conley::new("lat", "lon", -1.0).into());
    assert!(cutoff.to_string().contains("cutoff_km"), "{cutoff}");
    let unit = refused(Conley::new("lat", "lon", 10.0).time("year").lags(1).into());
    assert!(matches!(&unit, Error::Argument { argument, .. } if argument == "unit"), "{unit}");
    let mut degrees = data.number("lat").expect("numbers").to_vec();
    degrees[7] = 91.0;
    degrees[9] = f64::NAN;
    let more = Frame::new().with_number("north", degrees.clone()).expect("a column");
    let near = Conley::new("north", "lon", 10.0);
    let missing = fit.with_clusters_of(&more, near.clone(), SmallSample::NONE).expect_err("refused");
    assert!(matches!(missing, Error::Missing { count: 1, first: 9, .. }), "{missing}");
    degrees[9] = 0.0;
    let more = Frame::new().with_number("north", degrees).expect("a column");
    let outside = fit.with_clusters_of(&more, near, SmallSample::NONE).expect_err("refused");
    assert!(matches!(outside, Error::Domain { row: 7, .. }), "{outside}");
}
