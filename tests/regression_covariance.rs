//! Covariances by leverage and for few clusters against closed forms, and against leaving out rows one by one.

use averted::data::{Factor, Frame};
use averted::inference::covariance::{ClusterKind, FewClusters, Leverage};
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::{Fit, Model, Ols, Poisson};
use ndarray::{Array1, Array2};

const UNITS: usize = 12;
const PERIODS: usize = 9;

/// An unbalanced panel of units in regions, by periods.
fn panel() -> Frame {
    let cells: Vec<(usize, usize)> = (0..UNITS)
        .flat_map(|u| (0..PERIODS).map(move |t| (u, t)))
        .filter(|(u, t)| (u * 5 + t * 3) % 11 != 0)
        .collect();
    let number = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        cells.iter().map(|&(u, t)| f(u as f64, t as f64)).collect()
    };
    Frame::new()
        .with_number("y", number(&|u, t| (1.3 * u).sin() + 0.1 * t + (7.0 * u + 3.0 * t * t).cos()))
        .and_then(|f| f.with_number("n", number(&|u, t| (4.0 + 3.0 * (2.0 * u + t * t).sin()).round())))
        .and_then(|f| f.with_number("x", number(&|u, t| (u * t * 0.7).sin() + 0.2 * u)))
        .and_then(|f| f.with_number("z", number(&|u, t| f64::from(u8::from(u >= 8.0 && t >= 4.0)))))
        .and_then(|f| f.with_number("w", number(&|u, t| 1.0 + (u + t) % 3.0)))
        .and_then(|f| f.with_number("unit", number(&|u, _| u)))
        .and_then(|f| f.with_number("region", number(&|u, _| (u / 2.0).floor())))
        .and_then(|f| f.with_number("time", number(&|_, t| t)))
        .expect("columns of one length")
}

/// A generalised inverse through eigenvalues, and any other function of them.
fn spectral(a: &Array2<f64>, f: impl Fn(f64) -> f64) -> Array2<f64> {
    let (values, vectors) = averted::linalg::eigen_symmetric(a.view()).expect("finite");
    let scaled = &vectors * &values.mapv(|v| if v < 1e-9 { 0.0 } else { f(v) });
    scaled.dot(&vectors.t())
}

/// Everything by dense matrices: regressors first, then a dummy for every level.
struct Dense {
    x: Array2<f64>,
    inverse: Array2<f64>,
    /// Working residuals times the root of the weights.
    residual: Array1<f64>,
}

impl Dense {
    fn new(frame: &Frame, factors: &[&str], weights: &[f64], pull: &[f64]) -> Self {
        let mut columns: Vec<Vec<f64>> =
            ["x", "z"].map(|n| frame.number(n).expect("there").to_vec()).to_vec();
        for name in factors {
            let factor: Factor = frame.factor(name).expect("there").clone();
            for level in 0..factor.levels() {
                columns
                    .push(factor.codes().iter().map(|&c| f64::from(u8::from(c as usize == level))).collect());
            }
        }
        let root: Vec<f64> = weights.iter().map(|w| w.sqrt()).collect();
        let x = Array2::from_shape_fn((root.len(), columns.len()), |(i, j)| columns[j][i] * root[i]);
        let inverse = spectral(&x.t().dot(&x), |v| 1.0 / v);
        let residual = pull.iter().zip(&root).map(|(u, r)| u / r).collect();
        Self { x, inverse, residual }
    }

    fn hat(&self) -> Array2<f64> {
        self.x.dot(&self.inverse).dot(&self.x.t())
    }

    /// `Σ_g m e_g e_g' m'` with `m = (X'X)⁻X_g' f(I − H_gg)`, of the two regressors, and Satterthwaite's degrees.
    fn clustered(&self, codes: &[u32], groups: usize, f: impl Fn(f64) -> f64) -> (Array2<f64>, [f64; 2]) {
        let n = self.x.nrows();
        let rest = Array2::eye(n) - self.hat();
        let mut adjust = Array2::zeros((n, n));
        for g in 0..groups {
            let rows: Vec<usize> = (0..n).filter(|&i| codes[i] as usize == g).collect();
            let block = Array2::from_shape_fn((rows.len(), rows.len()), |(i, j)| rest[[rows[i], rows[j]]]);
            let block = spectral(&block, &f);
            for (i, &a) in rows.iter().enumerate() {
                for (j, &b) in rows.iter().enumerate() {
                    adjust[[a, b]] = block[[i, j]];
                }
            }
        }
        let map = self.inverse.dot(&self.x.t()).dot(&adjust);
        let part = |g: usize, j: usize| -> Array1<f64> {
            (0..n).map(|i| if codes[i] as usize == g { map[[j, i]] } else { 0.0 }).collect()
        };
        let mut v = Array2::zeros((2, 2));
        for g in 0..groups {
            let s = [part(g, 0).dot(&self.residual), part(g, 1).dot(&self.residual)];
            v = v + Array2::from_shape_fn((2, 2), |(i, j)| s[i] * s[j]);
        }
        let degrees = [0, 1].map(|j| {
            let p: Vec<Array1<f64>> = (0..groups).map(|g| rest.dot(&part(g, j))).collect();
            let all = Array2::from_shape_fn((groups, groups), |(g, h)| p[g].dot(&p[h]));
            all.diag().sum().powi(2) / all.iter().map(|v| v * v).sum::<f64>()
        });
        (v, degrees)
    }
}

fn close(ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1e-300), "{ours:?} {theirs:?}");
    }
}

fn flat(v: &Array2<f64>) -> Vec<f64> {
    v.iter().copied().collect()
}

/// Leverages, HC2 to HC4, CR2 with its degrees of freedom and CR3 of a fit, by dense matrices.
fn check<M: Model>(fit: &Fit<M>, frame: &Frame, factors: &[&str], weights: &[f64], pull: &[f64]) {
    let dense = Dense::new(frame, factors, weights, pull);
    let hat = dense.hat();
    let leverage = fit.leverage().expect("few levels").to_vec();
    close(&leverage, &hat.diag().to_vec(), 1e-9);
    let n = leverage.len();
    let mean = leverage.iter().sum::<f64>() / n as f64;
    let each: Vec<u32> = (0..n as u32).collect();
    let map = dense.inverse.dot(&dense.x.t());
    for kind in [Leverage::Hc2, Leverage::Hc3, Leverage::Hc4] {
        let power = |h: f64| match kind {
            Leverage::Hc2 => 0.5,
            Leverage::Hc3 => 1.0,
            Leverage::Hc4 => 0.5 * (h / mean).min(4.0),
        };
        let mut theirs = Array2::zeros((2, 2));
        for i in 0..n {
            let e = dense.residual[i] / (1.0 - leverage[i]).powf(power(leverage[i]));
            theirs = theirs + Array2::from_shape_fn((2, 2), |(a, b)| map[[a, i]] * map[[b, i]] * e * e);
        }
        let ours = fit.with_covariance(kind).expect("leverages below one");
        close(&flat(ours.covariance()), &flat(&theirs), 1e-8);
    }
    for column in ["region", "unit", "time"] {
        let factor = frame.factor(column).expect("there");
        let (codes, groups) = (factor.codes().to_vec(), factor.levels());
        let (theirs, degrees) = dense.clustered(&codes, groups, |v| v.powf(-0.5));
        let ours = fit.with_covariance(FewClusters::new(column, ClusterKind::Cr2)).expect("clusters");
        close(&flat(ours.covariance()), &flat(&theirs), 1e-8);
        close(&ours.coefficient_degrees(), &degrees, 1e-8);
        let (theirs, _) = dense.clustered(&codes, groups, |v| 1.0 / v);
        let scale = (groups as f64 - 1.0) / groups as f64;
        let ours = fit.with_covariance(FewClusters::new(column, ClusterKind::Cr3)).expect("clusters");
        close(&flat(ours.covariance()), &flat(&(theirs * scale)), 1e-8);
    }
    let (theirs, _) = dense.clustered(&each, n, |_| 1.0);
    let robust = fit.with_covariance(Covariance::Uncorrected).expect("robust");
    close(&flat(robust.covariance()), &flat(&theirs), 1e-8);
}

#[test]
fn leverages_and_few_clusters_by_dense_matrices() {
    let frame = panel();
    let w = frame.number("w").expect("there").to_vec();
    let ones = vec![1.0; w.len()];
    for (formula, factors) in [
        ("y ~ x + z | unit + time", &["unit", "time"][..]),
        ("y ~ x + z | time + region", &["time", "region"]),
        ("y ~ x + z | time", &["time"]),
        ("y ~ x + z | region + time + unit", &["region", "time", "unit"]),
    ] {
        for (spec, weights) in [(Ols::new(), &ones), (Ols::new().weights("w"), &w)] {
            let fit = spec.fit(formula, &frame).expect(formula);
            let pull: Vec<f64> = fit.residuals().iter().zip(weights).map(|(e, w)| e * w).collect();
            check(&fit, &frame, factors, weights, &pull);
        }
        let fit = Poisson::new().tolerance(1e-12).fit(&formula.replace('y', "n"), &frame).expect(formula);
        let (mean, outcome) = (fit.fitted(), fit.outcome());
        let pull: Vec<f64> = outcome.iter().zip(&mean).map(|(y, m)| y - m).collect();
        check(&fit, &frame, factors, mean.as_slice().expect("one piece"), &pull);
    }
}

/// The frame without the rows of one level.
fn without(frame: &Frame, column: &str, level: usize) -> Frame {
    let factor = frame.factor(column).expect("there");
    let keep: Vec<usize> = (0..factor.rows()).filter(|&i| factor.codes()[i] as usize != level).collect();
    frame.names().fold(Frame::new(), |made, name| {
        let values = frame.number(name).expect("numbers");
        made.with_number(name, keep.iter().map(|&i| values[i]).collect()).expect("one length")
    })
}

#[test]
fn the_jackknife_is_leaving_out_clusters() {
    let frame = panel();
    let formula = "x | unit + time";
    let few = FewClusters::new("region", ClusterKind::Jackknife);
    let groups = frame.factor("region").expect("there").levels();
    let scale = (groups as f64 - 1.0) / groups as f64;
    let variance = |whole: f64, refits: &dyn Fn(&Frame) -> f64| -> f64 {
        (0..groups).map(|g| (refits(&without(&frame, "region", g)) - whole).powi(2)).sum::<f64>() * scale
    };
    let ols = Ols::new().weights("w").fit(&format!("y ~ {formula}"), &frame).expect("a fit");
    let refit = |f: &Frame| {
        Ols::new().weights("w").fit(&format!("y ~ {formula}"), f).expect("a fit").coefficients()[0]
    };
    let theirs = variance(ols.coefficients()[0], &refit).sqrt();
    let ours = ols.with_covariance(few.clone()).expect("clusters");
    close(&ours.std_errors().to_vec(), &[theirs], 1e-9);
    assert_eq!(ours.degrees_of_freedom(), groups as f64 - 1.0);

    let spec = Poisson::new().offset("log(w)").tolerance(1e-12);
    let poisson = spec.fit(&format!("n ~ {formula}"), &frame).expect("a fit");
    let refit = |f: &Frame| spec.fit(&format!("n ~ {formula}"), f).expect("a fit").coefficients()[0];
    let theirs = variance(poisson.coefficients()[0], &refit).sqrt();
    let ours = poisson.with_covariance(few.clone()).expect("clusters");
    close(&ours.std_errors().to_vec(), &[theirs], 1e-9);
    let pyfixest = poisson.with_covariance(few.pyfixest_scale()).expect("clusters");
    let ratio = (pyfixest.std_errors()[0] / theirs).powi(2);
    let g = groups as f64;
    close(&[ratio], &[(g / (g - 1.0)).powi(2) * pyfixest.small_sample_factor()], 1e-9);
}

#[test]
fn frequency_weights_are_repeated_rows() {
    let frame = panel();
    let w = frame.number("w").expect("there");
    let rows: Vec<usize> = (0..w.len()).flat_map(|i| std::iter::repeat_n(i, w[i] as usize)).collect();
    let long = frame.names().fold(Frame::new(), |made, name| {
        let values = frame.number(name).expect("numbers");
        made.with_number(name, rows.iter().map(|&i| values[i]).collect()).expect("one length")
    });
    let formula = "y ~ x + z | unit + time";
    let short = Ols::new().frequency_weights("w").fit(formula, &frame).expect("a fit");
    let long = Ols::new().fit(formula, &long).expect("a fit");
    let kinds: [Covariance; 4] = [
        Leverage::Hc2.into(),
        Leverage::Hc3.into(),
        FewClusters::new("region", ClusterKind::Cr2).into(),
        FewClusters::new("region", ClusterKind::Cr3).into(),
    ];
    for kind in kinds {
        let (short, long) = (short.with_covariance(kind.clone()), long.with_covariance(kind));
        let (short, long) = (short.expect("a covariance"), long.expect("a covariance"));
        close(&flat(short.covariance()), &flat(long.covariance()), 1e-9);
        close(&short.coefficient_degrees(), &long.coefficient_degrees(), 1e-9);
    }
}

#[test]
fn degrees_of_freedom_reach_tests_and_the_printed_line() {
    let frame = panel();
    let few = FewClusters::new("region", ClusterKind::Cr2);
    let fit = Ols::new().covariance(few).fit("y ~ x + z | unit + time", &frame).expect("a fit");
    let own = fit.coefficient_degrees();
    assert!((own[0] - own[1]).abs() > 0.1 && own.iter().all(|d| *d > 1.0 && *d < 6.0), "{own:?}");
    let student = averted::distribution::Student::new(own[1]).expect("positive");
    let row = &fit.coefficient_rows(0.9)[1];
    close(&[row.p_value], &[student.two_sided(row.statistic)], 1e-12);
    close(&[row.upper - row.estimate], &[student.quantile(0.95) * row.std_error], 1e-12);
    let test = fit.wald("z = 0").expect("readable");
    close(&[test.p_value, test.degrees], &[row.p_value, own[1]], 1e-9);
    assert!(fit.to_string().contains("clustered by region (CR2)"), "{fit}");
    // The scale of a regressor changes no degrees of freedom.
    let large = frame.number("x").expect("there").iter().map(|x| 1e5 * x).collect();
    let frame = frame.with_number("large", large).expect("one length");
    let few = FewClusters::new("region", ClusterKind::Cr2);
    let scaled = Ols::new().covariance(few).fit("y ~ large + z | unit + time", &frame).expect("a fit");
    close(&scaled.coefficient_degrees(), &own, 1e-8);
}

#[test]
fn a_coefficient_that_one_cluster_tells_about_has_no_standard_error() {
    let frame = panel();
    let mine: Vec<f64> = frame
        .number("region")
        .expect("there")
        .iter()
        .zip(frame.number("time").expect("there").iter())
        .map(|(r, t)| f64::from(u8::from(*r == 2.0 && *t > 4.0)))
        .collect();
    let frame = frame.with_number("alone", mine).expect("one length");
    for kind in [ClusterKind::Cr2, ClusterKind::Cr3, ClusterKind::Jackknife] {
        let few = FewClusters::new("region", kind);
        let error = Ols::new().covariance(few.clone()).fit("y ~ alone | unit + time", &frame).unwrap_err();
        assert!(error.to_string().contains("only one cluster of region"), "{error}");
        let fit = Ols::new().covariance(few).fit("y ~ alone + x | unit + time", &frame).expect("x is there");
        assert!(fit.std_errors()[0].is_nan() && fit.std_errors()[1] > 0.0);
        assert!(
            fit.notes().iter().any(|n| n.starts_with("no standard error for alone")),
            "{:?}",
            fit.notes()
        );
    }
}

#[test]
fn the_convention_none_reads_the_normal_after_a_jackknife() {
    let fit = Ols::new().fit("y ~ x | unit + time", &panel()).expect("a fit");
    let few = FewClusters::new("region", ClusterKind::Cr3);
    let fit = fit.with_convention(few, SmallSample::NONE).expect("clusters");
    assert_eq!(fit.degrees_of_freedom(), f64::INFINITY);
}

#[test]
fn a_two_way_covariance_that_is_none_is_repaired_and_said_so() {
    let small = SmallSample::NONE;
    let mut seen = 0;
    for seed in 0..40 {
        let n = 30;
        let number = |f: &dyn Fn(f64) -> f64| -> Vec<f64> { (0..n).map(|i| f(f64::from(i))).collect() };
        let step = 1.0 + f64::from(seed);
        let frame = Frame::new()
            .with_number("y", number(&|i| (i * step * 1.7).sin()))
            .and_then(|f| f.with_number("x", number(&|i| (i * i * step * 0.3).cos())))
            .and_then(|f| f.with_number("z", number(&|i| (i * step * 0.9).cos())))
            .and_then(|f| f.with_number("a", number(&|i| i % 3.0)))
            .and_then(|f| f.with_number("b", number(&|i| (i / 3.0).floor() % 4.0)))
            .and_then(|f| f.with_number("ab", number(&|i| i % 3.0 + 10.0 * ((i / 3.0).floor() % 4.0))))
            .expect("columns of one length");
        let fit = Ols::new().small_sample(small).fit("y ~ x + z", &frame).expect("a fit");
        let of = |columns: &[&str]| {
            let found = fit.with_covariance(Covariance::cluster(columns.iter().copied())).expect("clusters");
            (found.covariance().clone(), found.notes())
        };
        let raw = of(&["a"]).0 + of(&["b"]).0 - of(&["ab"]).0;
        let (values, vectors) = averted::linalg::eigen_symmetric(raw.view()).expect("finite");
        let (both, notes) = of(&["a", "b"]);
        let said = notes.iter().any(|n| {
            n.contains("was not positive semidefinite; its negative") || n.contains("(negative variance of")
        });
        let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        if values.iter().all(|v| *v > -1e-10 * largest) {
            assert!(!said, "{notes:?}");
            close(&flat(&both), &flat(&raw), 1e-6);
            continue;
        }
        seen += 1;
        assert!(said, "{notes:?}");
        let clipped = (&vectors * &values.mapv(|v| v.max(0.0))).dot(&vectors.t());
        let size = flat(&clipped).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        assert!(flat(&both).iter().zip(flat(&clipped)).all(|(a, b)| (a - b).abs() <= 1e-9 * size));
        let (after, _) = averted::linalg::eigen_symmetric(both.view()).expect("finite");
        assert!(after.iter().all(|v| *v > -1e-12 * largest));
    }
    assert!((1..40).contains(&seen), "both happen: {seen}");
}
