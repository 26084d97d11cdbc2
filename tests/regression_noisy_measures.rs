//! Noisy measures that instrument each other: identities, refusals, and the truth in simulated panels.

use averted::data::{Factor, Frame};
use averted::inference::{Covariance, Estimates};
use averted::parallel;
use averted::random::{Generator, normal, stream};
use averted::regression::{Iv, NoisyMeasures, NoisyMeasuresFit};

const TRUTH: f64 = -0.7;

/// Units by years, a truth with errors of measurement of these sizes, and the scale of the second measure.
fn panel(units: usize, years: usize, noise: [f64; 2], scale: f64, generator: &mut Generator) -> Frame {
    let n = units * years;
    let mut columns = vec![Vec::new(); 7];
    for u in 0..units {
        let level = normal(generator);
        for t in 0..years {
            let control = normal(generator);
            let truth = 0.5 * level + normal(generator) + 0.3 * control + 0.2 * (t as f64 * 0.9).sin();
            let measures = noise.map(|sd| truth + sd * normal(generator));
            let y = TRUTH * truth + 0.4 * control + level + 0.1 * t as f64 + 0.8 * normal(generator);
            let row = [
                y,
                control,
                measures[0],
                scale * measures[1],
                u as f64,
                t as f64,
                1.0 + ((u + t) % 3) as f64,
            ];
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        }
    }
    assert_eq!(columns[0].len(), n);
    let names = ["y", "x", "disbursed", "obligated", "unit", "year", "w"];
    let add = |frame: Frame, (name, values)| frame.with_number(name, values).expect("one length");
    names.into_iter().zip(columns).fold(Frame::new(), add)
}

fn small() -> Frame {
    panel(20, 6, [0.6, 0.9], 1.0, &mut stream(5, 0))
}

fn fitted(spec: &NoisyMeasures, data: &Frame) -> NoisyMeasuresFit {
    spec.fit("y ~ x | unit + year", data).expect("a fit")
}

fn measures() -> NoisyMeasures {
    NoisyMeasures::new(["disbursed", "obligated"])
}

#[test]
fn least_squares_is_reliability_times_the_estimate_of_the_other() {
    let data = small();
    let fit = fitted(&measures().weights("w").cluster("unit"), &data);
    let all = fit.measures(0.95).expect("measures");
    for j in 0..2 {
        // cov(y, x_j) / var(x_j) = cov(x_j, x_l) / var(x_j) · cov(y, x_j) / cov(x_j, x_l).
        let product = all[j].reliability.estimate * all[1 - j].instrumented.estimate;
        assert!((all[j].least_squares.estimate - product).abs() < 1e-12 * product.abs());
    }
    // Each instrumented estimate is that of the plain regression with instruments.
    let plain = Iv::new().weights("w").cluster("unit");
    let plain = plain.fit("y ~ x | unit + year | disbursed ~ obligated", &data).expect("a fit");
    assert!((plain.coefficients()[1] - all[0].instrumented.estimate).abs() < 1e-11);
    // The stack's estimate lies between them.
    let (a, b) = (all[0].instrumented.estimate, all[1].instrumented.estimate);
    assert!(fit.signal() >= a.min(b) && fit.signal() <= a.max(b));
    assert_eq!(fit.observations(), 120.0);
    assert_eq!(fit.stacked().observations(), 240.0);
}

#[test]
fn the_order_of_measures_and_rows_changes_nothing() {
    let data = small();
    let fit = fitted(&measures(), &data);
    let turned = fitted(&NoisyMeasures::new(["obligated", "disbursed"]), &data);
    assert!((fit.signal() - turned.signal()).abs() < 1e-12);
    assert!((fit.row(0.9).std_error - turned.row(0.9).std_error).abs() < 1e-12);
    let n = data.rows();
    let place = |i: usize| (i * 77 + 5) % n;
    let moved = data.names().fold(Frame::new(), |frame, name| {
        let values = data.number(name).expect("a column");
        frame.with_number(name, (0..n).map(|i| values[place(i)]).collect()).expect("one length")
    });
    let again = fitted(&measures(), &moved);
    assert!((fit.signal() - again.signal()).abs() < 1e-11);
    assert!((fit.row(0.9).std_error - again.row(0.9).std_error).abs() < 1e-11);
}

#[test]
fn expressions_and_missing_values_and_other_covariances() {
    let data = small();
    let exp = |name: &str| data.number(name).expect("a column").iter().map(|v| v.exp()).collect::<Vec<f64>>();
    let mut obligated = exp("obligated");
    obligated[7] = f64::NAN;
    let data = data
        .clone()
        .with_number("p", exp("disbursed"))
        .and_then(|d| d.with_number("q", obligated))
        .expect("p, q");
    let spec = NoisyMeasures::new(["log(p)", "log(q)"]);
    let fit = fitted(&spec, &data);
    assert_eq!(fit.observations(), 119.0);
    assert_eq!(fit.measures(0.95).expect("measures")[1].name, "log(q)");
    let by = fit.with_covariance("unit").expect("an effect is a cluster variable");
    let direct = fitted(&spec.clone().cluster("unit"), &data);
    assert_eq!(by.row(0.95), direct.row(0.95));
    assert_eq!(by.measures(0.9).expect("measures"), direct.measures(0.9).expect("measures"));
    assert_eq!(by.stacked().clusters(), [20]);
    assert_eq!(fit.stacked().clusters(), [119]);
    assert!(fit.with_covariance(Covariance::Classical).is_err());
    assert!(fit.with_covariance("w").is_err(), "neither an effect nor a cluster of the fit");
    assert!(fit.to_string().contains("log(p), instrumented"), "{fit}");
}

#[test]
fn measures_in_different_units_are_noticed() {
    let data = panel(60, 10, [0.5, 0.5], 3.0, &mut stream(6, 0));
    let fit = fitted(&measures(), &data);
    assert!(fit.agreement().expect("a test").p_value < 1e-6);
    let notes = fit.notes().join("\n");
    assert!(notes.contains("disagree") && notes.contains("above 1"), "{notes}");
    let fine = fitted(&measures(), &panel(60, 10, [0.5, 0.5], 1.0, &mut stream(6, 0)));
    assert!(!fine.notes().join("\n").contains("above 1"), "{:?}", fine.notes());
}

#[test]
fn what_is_not_defined_is_refused() {
    let data = small();
    let refused =
        |spec: NoisyMeasures, formula: &str| spec.fit(formula, &data).expect_err("refused").to_string();
    assert!(refused(NoisyMeasures::new(["disbursed"]), "y ~ x").contains("two measures"));
    assert!(refused(NoisyMeasures::new(["disbursed", "disbursed"]), "y ~ x").contains("different"));
    assert!(refused(measures(), "y ~ 1 | x ~ w").contains("without instruments"));
    assert!(refused(measures().covariance(Covariance::Classical), "y ~ x").contains("by observation"));
    assert!(refused(measures().frequency_weights("w"), "y ~ x").contains("clusters"));
    assert!(refused(NoisyMeasures::new(["disbursed", "nothing"]), "y ~ x").contains("nothing"));
    let text = Factor::from_numbers(data.number("unit").expect("units"));
    let labels: Vec<Option<&str>> = (0..data.rows()).map(|i| text.label(i)).collect();
    let with = data.clone().with_text("label", &labels).expect("text");
    let error =
        NoisyMeasures::new(["disbursed", "label"]).fit("y ~ x", &with).expect_err("refused").to_string();
    assert!(error.contains("numbers"), "{error}");
    let constant =
        data.with_number("level", (0..120).map(|i| f64::from(i / 6)).collect()).expect("one length");
    let error =
        NoisyMeasures::new(["disbursed", "level"]).fit("y ~ x | unit", &constant).expect_err("refused");
    assert!(error.to_string().contains("level"), "{error}");
}

/// Estimates, what was covered or rejected, two standard errors.
type Outcome = ([f64; 4], [bool; 3], f64, f64);

#[test]
#[ignore = "slow: 2,000 panels"]
fn the_truth_is_recovered_and_covered() {
    let replications = 2_000;
    let all = parallel::map(replications, |r| {
        let data = panel(60, 8, [0.7, 1.0], 1.0, &mut stream(9, r as u64));
        let spec = measures().cluster("unit");
        let fit = fitted(&spec, &data);
        let row = fit.row(0.95);
        let each = fit.measures(0.95).expect("measures");
        let covered = row.lower <= TRUTH && TRUTH <= row.upper;
        // The variance of the truth net of control and effects is 1.
        let reliability = &each[0].reliability;
        let share = 1.0 / (1.0 + 0.49);
        let known = reliability.lower <= share && share <= reliability.upper;
        let agree = fit.agreement().expect("a test").p_value <= 0.05;
        let estimates = [
            row.estimate,
            each[0].least_squares.estimate,
            each[0].instrumented.estimate,
            reliability.estimate,
        ];
        (estimates, [covered, known, agree], row.std_error, each[0].instrumented.std_error)
    });
    let n = replications as f64;
    let mean = |f: &dyn Fn(&Outcome) -> f64| all.iter().map(f).sum::<f64>() / n;
    let average = [0, 1, 2, 3].map(|j| mean(&|r| r.0[j]));
    let share = [0, 1, 2].map(|j| mean(&|r| f64::from(u8::from(r.1[j]))) * 100.0);
    let spread = (mean(&|r| (r.0[0] - average[0]).powi(2))).sqrt();
    println!("ORIV {:.4} (sd {spread:.4}, mean error {:.4}), truth {TRUTH}", average[0], mean(&|r| r.2));
    println!(
        "least squares {:.4}, one instrument {:.4} (mean error {:.4})",
        average[1],
        average[2],
        mean(&|r| r.3)
    );
    println!(
        "reliability {:.4}; covered: signal {:.1} %, reliability {:.1} %; disagree {:.1} %",
        average[3], share[0], share[1], share[2]
    );
    // A ratio has a bias of the order of 1/n besides.
    assert!((average[0] - TRUTH).abs() < 4.0 * spread / n.sqrt() + 0.003, "{}", average[0]);
    assert!((93.0..=97.0).contains(&share[0]) && (93.0..=97.0).contains(&share[1]), "{share:?}");
    assert!((3.0..=7.0).contains(&share[2]), "{share:?}");
    assert!(average[1] > 0.75 * TRUTH, "attenuated");
}
