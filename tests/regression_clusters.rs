//! What a regression's clusters are like against dense matrices and fits without them, how many clusters tell about a
//! coefficient, and what is refused where they are too few.

use averted::Error;
use averted::data::Frame;
use averted::inference::covariance::{ClusterKind, FewClusters};
use averted::inference::{ClusterDiagnostics, Covariance, Estimates};
use averted::regression::{At, DistributedLag, Fit, Model, Ols, Poisson, Slope};
use ndarray::{Array1, Array2};

const STATES: usize = 12;
const YEARS: usize = 8;

/// Twelve states by eight years, a row missing here and there where `whole` is false.
struct Panel {
    cells: Vec<(usize, usize)>,
    frame: Frame,
}

impl Panel {
    fn new(states: usize, whole: bool) -> Self {
        let all = (0..states).flat_map(|s| (0..YEARS).map(move |t| (s, t)));
        let cells: Vec<(usize, usize)> = all.filter(|(s, t)| whole || (s * 5 + t * 3) % 13 != 0).collect();
        let made = Self { cells, frame: Frame::new() };
        made.with("y", |s, t| (1.3 * s).sin() + 0.1 * t + (7.0 * s + 3.0 * t * t).cos())
            .with("n", |s, t| (4.0 + 3.0 * (2.0 * s + t * t).sin()).round())
            .with("x", |s, t| (s * t * 0.7).sin() + 0.2 * s)
            .with("z", |s, t| (1.1 * s + 0.3 * t * t).cos())
            .with("w", |s, t| 1.0 + (s + t) % 3.0)
            .with("state", |s, _| s)
            .with("region", |s, _| (s / 3.0).floor())
            .with("year", |_, t| t)
    }

    fn with(mut self, name: &str, f: impl Fn(f64, f64) -> f64) -> Self {
        let values = self.cells.iter().map(|&(s, t)| f(s as f64, t as f64)).collect();
        self.frame = self.frame.with_number(name, values).expect("one length");
        self
    }

    /// A policy of the states in `adopters` from a year on.
    fn policy(self, from: impl Fn(usize) -> Option<usize>) -> Self {
        self.with("policy", |s, t| f64::from(u8::from(from(s as usize).is_some_and(|year| t >= year as f64))))
    }
}

fn close(ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1e-3), "{ours:?} {theirs:?}");
    }
}

/// A generalised inverse of a symmetric matrix.
fn inverse(a: &Array2<f64>) -> Array2<f64> {
    let (values, vectors) = averted::linalg::eigen_symmetric(a.view()).expect("finite");
    (&vectors * &values.mapv(|v| if v < 1e-9 { 0.0 } else { 1.0 / v })).dot(&vectors.t())
}

/// Regressors x and z, then a dummy for every level, times the root of the weights.
fn dense(frame: &Frame, factors: &[&str], weights: &[f64]) -> Array2<f64> {
    let mut columns: Vec<Vec<f64>> = ["x", "z"].map(|n| frame.number(n).expect("there").to_vec()).to_vec();
    for name in factors {
        let factor = frame.factor(name).expect("there");
        for level in 0..factor.levels() {
            columns.push(factor.codes().iter().map(|&c| f64::from(u8::from(c as usize == level))).collect());
        }
    }
    Array2::from_shape_fn((weights.len(), columns.len()), |(i, j)| columns[j][i] * weights[i].sqrt())
}

/// Everything by dense matrices; `pull` is what regressors are multiplied by in scores.
fn check<M: Model>(
    fit: &Fit<M>,
    frame: &Frame,
    factors: &[&str],
    weights: &[f64],
    pull: &[f64],
    cluster: &str,
) {
    let found = fit.cluster_diagnostics_of(cluster, None).expect("few levels");
    let codes = frame.number(cluster).expect("there").to_vec();
    let x = dense(frame, factors, weights);
    let bread = inverse(&x.t().dot(&x));
    let rows = |g: usize| (0..codes.len()).filter(|&i| codes[i] == g as f64).collect::<Vec<_>>();
    let groups = found.count();
    let hat = x.dot(&bread).dot(&x.t());
    for g in 0..groups {
        let own = rows(g);
        assert_eq!(found.sizes[g], own.len() as f64);
        let leverage: f64 = own.iter().map(|&i| hat[[i, i]]).sum();
        close(&[found.leverage.as_ref().expect("there")[g]], &[leverage], 1e-9);
        // The residuals that leaving the cluster out would give, (I − H_gg)⁻¹ e_g.
        let block = Array2::from_shape_fn((own.len(), own.len()), |(i, j)| {
            f64::from(u8::from(i == j)) - hat[[own[i], own[j]]]
        });
        let residual: Array1<f64> = own.iter().map(|&i| pull[i] / weights[i].sqrt()).collect();
        let left = inverse(&block).dot(&residual);
        let moves = bread.dot(&x.select(ndarray::Axis(0), &own).t().dot(&left));
        for j in 0..2 {
            let ours = found.without.as_ref().expect("there")[[g, j]];
            close(&[ours], &[fit.coefficients()[j] - moves[j]], 1e-8);
        }
    }
    let whole: f64 = found.leverage.as_ref().expect("there").iter().sum();
    close(&[whole], &[hat.diag().sum()], 1e-9);
    let nested = factors.iter().any(|f| *f == cluster || (*f == "state" && cluster == "region"));
    for j in 0..2 {
        let others: Vec<usize> = (0..x.ncols()).filter(|&c| c != j).collect();
        let others = x.select(ndarray::Axis(1), &others);
        let own = x.column(j);
        let left = &own - &others.dot(&inverse(&others.t().dot(&others)).dot(&others.t().dot(&own)));
        let square = left.dot(&left);
        let parts: Vec<f64> =
            (0..groups).map(|g| rows(g).iter().map(|&i| left[i] * left[i]).sum::<f64>() / square).collect();
        close(&found.partial_leverage.column(j).to_vec(), &parts, 1e-9);
        let gamma = |parts: &[f64]| {
            let mean = parts.iter().sum::<f64>() / groups as f64;
            parts.iter().map(|p| (p / mean - 1.0).powi(2)).sum::<f64>() / groups as f64
        };
        close(&[found.terms[j].effective], &[groups as f64 / (1.0 + gamma(&parts))], 1e-9);
        let sums: Vec<f64> =
            (0..groups).map(|g| rows(g).iter().map(|&i| left[i]).sum::<f64>().powi(2)).collect();
        if nested {
            assert!(found.terms[j].effective_related.is_nan());
        } else {
            close(&[found.terms[j].effective_related], &[groups as f64 / (1.0 + gamma(&sums))], 1e-8);
        }
    }
    let reduced = fit.with_covariance(FewClusters::new(cluster, ClusterKind::Cr2)).expect("clusters");
    let degrees: Vec<f64> = found.terms.iter().map(|t| t.degrees).collect();
    close(&degrees, &reduced.coefficient_degrees(), 1e-12);
}

#[test]
fn leverage_influence_and_effective_clusters_by_dense_matrices() {
    let frame = Panel::new(STATES, false).frame;
    let w = frame.number("w").expect("there").to_vec();
    let ones = vec![1.0; w.len()];
    for (effects, factors) in
        [("state + year", &["state", "year"][..]), ("year", &["year"]), ("state + region^year", &[])]
    {
        let cross = Panel::new(STATES, false).with("cell", |s, t| (s / 3.0).floor() * 100.0 + t).frame;
        let (frame, factors) =
            if factors.is_empty() { (cross, &["state", "cell"][..]) } else { (frame.clone(), factors) };
        for cluster in ["state", "region"] {
            for (spec, weights) in [(Ols::new(), &ones), (Ols::new().weights("w"), &w)] {
                let fit = spec.fit(&format!("y ~ x + z | {effects}"), &frame).expect("a fit");
                let pull: Vec<f64> = fit.residuals().iter().zip(weights).map(|(e, w)| e * w).collect();
                check(&fit, &frame, factors, weights, &pull, cluster);
            }
            let fit = Poisson::new().tolerance(1e-12);
            let fit = fit.fit(&format!("n ~ x + z | {effects}"), &frame).expect("a fit");
            let mean = fit.fitted().to_vec();
            let pull: Vec<f64> = fit.outcome().iter().zip(&mean).map(|(y, m)| y - m).collect();
            check(&fit, &frame, factors, &mean, &pull, cluster);
        }
    }
}

#[test]
fn influence_is_fitting_without_the_cluster() {
    let frame = Panel::new(STATES, false).frame;
    let formula = "y ~ x + z | state + year";
    let fit = Ols::new().weights("w").cluster("state").fit(formula, &frame).expect("a fit");
    let without = fit.cluster_diagnostics().expect("clusters").without.expect("leverages");
    let states = frame.number("state").expect("there").to_vec();
    for g in 0..STATES {
        let rows: Vec<usize> = (0..states.len()).filter(|&i| states[i] != g as f64).collect();
        let rest = frame.names().fold(Frame::new(), |made, name| {
            let values = frame.number(name).expect("numbers");
            made.with_number(name, rows.iter().map(|&i| values[i]).collect()).expect("one length")
        });
        let rest = Ols::new().weights("w").fit(formula, &rest).expect("a fit");
        close(&without.row(g).to_vec(), &rest.coefficients().to_vec(), 1e-9);
    }
}

#[test]
fn frequency_weights_are_repeated_rows() {
    let frame = Panel::new(STATES, false).frame;
    let w = frame.number("w").expect("there");
    let rows: Vec<usize> = (0..w.len()).flat_map(|i| std::iter::repeat_n(i, w[i] as usize)).collect();
    let long = frame.names().fold(Frame::new(), |made, name| {
        let values = frame.number(name).expect("numbers");
        made.with_number(name, rows.iter().map(|&i| values[i]).collect()).expect("one length")
    });
    let short = Ols::new().frequency_weights("w").fit("y ~ x + z | year", &frame).expect("a fit");
    let long = Ols::new().fit("y ~ x + z | year", &long).expect("a fit");
    let [short, long] = [short, long].map(|fit| fit.cluster_diagnostics_of("state", None).expect("clusters"));
    assert_eq!(short.sizes, long.sizes);
    close(&short.leverage.expect("there"), &long.leverage.expect("there"), 1e-9);
    let flat = |m: &Array2<f64>| m.iter().copied().collect::<Vec<_>>();
    close(&flat(&short.partial_leverage), &flat(&long.partial_leverage), 1e-9);
    close(&flat(&short.without.expect("there")), &flat(&long.without.expect("there")), 1e-9);
    for (a, b) in short.terms.iter().zip(&long.terms) {
        close(
            &[a.effective, a.effective_related, a.degrees],
            &[b.effective, b.effective_related, b.degrees],
            1e-8,
        );
    }
}

fn diagnosed(panel: &Panel, formula: &str, cluster: &str) -> ClusterDiagnostics {
    let fit = Ols::new().cluster(cluster).fit(formula, &panel.frame).expect("a fit");
    fit.cluster_diagnostics().expect("clusters")
}

/// Treated states of the policy.
fn treated(panel: &Panel, formula: &str) -> Vec<usize> {
    let found = diagnosed(panel, formula, "state");
    found.terms[found.place("policy").expect("there")].treated.clone()
}

#[test]
fn the_effective_number_of_a_shared_adoption_has_a_closed_form() {
    // Of p = πG states that adopt at once, G* = G π(1 − π) / ((1 − π)³ + π³): the shares are (1 − π)/(Gπ) and π/(G(1 − π)).
    for adopters in [1, 3, 6, 10] {
        let panel = Panel::new(20, true).policy(|s| (s < adopters).then_some(3));
        let found = diagnosed(&panel, "y ~ policy | state + year", "state");
        let pi = adopters as f64 / 20.0;
        let exact = 20.0 * pi * (1.0 - pi) / ((1.0 - pi).powi(3) + pi.powi(3));
        close(&[found.terms[0].effective], &[exact], 1e-10);
        assert_eq!(found.terms[0].treated, (0..adopters).collect::<Vec<_>>());
        assert_eq!((found.terms[0].nonzero, found.terms[0].varying), (adopters, adopters));
    }
}

#[test]
fn treated_clusters_are_those_that_depart_from_the_common_path() {
    let two = "y ~ policy | state + year";
    // Few that did not adopt with the others.
    let panel = Panel::new(STATES, true).policy(|s| (s >= 3).then_some(4));
    assert_eq!(treated(&panel, two), [0, 1, 2]);
    // Without effects of years nothing is common: every adopter tells.
    assert_eq!(treated(&panel, "y ~ policy | state"), (3..STATES).collect::<Vec<_>>());
    // States that always or never had it tell nothing once state effects are absorbed.
    let mixed = |s: usize| if s < 5 { Some(0) } else { (s < 7).then_some(4) };
    let panel = Panel::new(STATES, false).policy(mixed);
    assert_eq!(treated(&panel, two), [5, 6]);
    // … and much without: five always, two later, five never.
    assert_eq!(treated(&panel, "y ~ policy | year"), (0..7).collect::<Vec<_>>());
    // Adoption in four waves of three: whoever is not of the most common path.
    let panel = Panel::new(STATES, true).policy(|s| Some(1 + 2 * (s / 3)));
    assert_eq!(treated(&panel, two).len(), 9);
    // Everybody has a path of their own, but for the state whose x never changes.
    let found = diagnosed(&panel, "y ~ x + z | state + year", "state");
    assert_eq!(found.terms[0].treated, (1..STATES).collect::<Vec<_>>());
    assert_eq!(found.terms[1].treated.len(), STATES);
    let found = diagnosed(&panel, "y ~ x", "state");
    assert!(found.terms.iter().all(|t| t.treated.len() == STATES), "{found}");
    // Effects of regions and years together: one state of each of the first two regions departs.
    let panel = Panel::new(STATES, true)
        .policy(|s| if s < 6 { (s % 3 == 0).then_some(4) } else { (s >= 9).then_some(2) });
    assert_eq!(treated(&panel, "y ~ policy + x | state + region^year"), [0, 3]);
    // Counties within states: a policy of states, and counties that always differ.
    let panel = Panel::new(STATES, true).policy(|s| (s < 3).then_some(4));
    let found = diagnosed(&panel, "y ~ policy | state + year", "region");
    assert_eq!(found.terms[0].treated, [0]);
}

fn few_treated() -> Panel {
    Panel::new(STATES, true).policy(|s| (s < 4).then_some(3 + s % 2))
}

#[test]
fn clustered_tests_of_few_treated_are_refused_and_nothing_else() {
    let panel = few_treated();
    let formula = "y ~ policy + x | state + year";
    let fit = Ols::new().cluster("state").fit(formula, &panel.frame).expect("a fit");
    let rows = fit.coefficient_rows(0.95);
    assert!(rows[0].std_error > 0.0 && rows[0].statistic.is_finite());
    assert!(rows[0].p_value.is_nan() && rows[0].lower.is_nan() && rows[0].upper.is_nan());
    assert!(rows[1].p_value > 0.0 && rows[1].lower < rows[1].upper);
    assert_eq!(fit.coefficient_degrees()[1], 11.0);
    let printed = fit.to_string();
    assert!(printed.contains("No p-value and no interval for policy:"), "{printed}");
    assert!(printed.contains("Few clusters of state (12), effectively"), "{printed}");
    assert!(printed.contains("4 tell about policy"), "{printed}");
    for hypothesis in ["policy = 0", "x = 0, policy = 0", "x - policy = 0"] {
        let refused = fit.wald(hypothesis).unwrap_err();
        assert!(matches!(refused, Error::Refused { code: "AV18", .. }), "{refused}");
        assert!(refused.to_string().contains("`policy` rests on 4 of 12 clusters of state"), "{refused}");
    }
    assert!(fit.wald("x = 0").is_ok());
    // Two ways: the dimension in which it rests on fewest.
    let both = fit.with_covariance(Covariance::cluster(["state", "year"])).expect("clusters");
    assert!(both.coefficient_rows(0.95)[0].p_value.is_nan());
    let kinds: [Covariance; 5] = [
        Covariance::Robust,
        Covariance::Classical,
        FewClusters::new("state", ClusterKind::Cr2).into(),
        FewClusters::new("state", ClusterKind::Cr3).into(),
        FewClusters::new("state", ClusterKind::Jackknife).into(),
    ];
    for kind in kinds {
        let other = fit.with_covariance(kind.clone()).expect("a covariance");
        let row = &other.coefficient_rows(0.95)[0];
        assert!(row.p_value > 0.0 && row.lower < row.upper, "{kind}");
        assert!(other.wald("policy = 0").is_ok());
    }
    let counts =
        Poisson::new().cluster("state").fit("n ~ policy + x | state + year", &panel.frame).expect("a fit");
    assert!(counts.coefficient_rows(0.95)[0].p_value.is_nan());
    // Four untreated are as few as four treated; five are enough for either.
    for (untreated, refused) in [(4, true), (5, false)] {
        let panel = Panel::new(STATES, true).policy(|s| (s >= untreated).then_some(3));
        let fit = Ols::new().cluster("state").fit(formula, &panel.frame).expect("a fit");
        assert_eq!(fit.coefficient_rows(0.95)[0].p_value.is_nan(), refused, "{untreated}");
        let panel = Panel::new(STATES, true).policy(|s| (s < untreated).then_some(3));
        let fit = Ols::new().cluster("state").fit(formula, &panel.frame).expect("a fit");
        assert_eq!(fit.coefficient_rows(0.95)[0].p_value.is_nan(), refused, "{untreated}");
    }
}

#[test]
fn a_refusal_is_accepted_with_a_reason_that_is_printed() {
    let panel = few_treated();
    let formula = "y ~ policy + x | state + year";
    let fit = Ols::new().cluster("state").fit(formula, &panel.frame).expect("a fit");
    let accepted = fit.accept("AV18", "to compare with a table").expect("a reason");
    let told = Ols::new().cluster("state").accept("AV18", "to compare with a table");
    assert!(told.to_string().contains("AV18 accepted: to compare with a table"), "{told}");
    let told = told.fit(formula, &panel.frame).expect("a fit");
    for fit in [&accepted, &told, &accepted.with_covariance("state").expect("clusters")] {
        let row = &fit.coefficient_rows(0.95)[0];
        let t = averted::distribution::Student::new(11.0).expect("positive");
        close(&[row.p_value], &[t.two_sided(row.statistic)], 1e-12);
        assert!(fit.wald("policy = 0").is_ok());
        assert!(fit.notes().iter().any(|n| n == "AV18 accepted: to compare with a table (policy)"));
    }
    // Other clusters are another question.
    assert!(accepted.with_covariance("region").expect("clusters").coefficient_rows(0.95)[0].p_value.is_nan());
    for (code, reason) in [("AV17", "why not"), ("AV18", "  ")] {
        assert!(matches!(fit.accept(code, reason), Err(Error::Argument { .. })));
        let spec = Ols::new().cluster("state").accept(code, reason);
        assert!(matches!(spec.fit(formula, &panel.frame), Err(Error::Argument { .. })));
    }
}

#[test]
fn what_is_derived_from_few_treated_is_refused_as_well() {
    let panel = few_treated();
    let spec = Ols::new().cluster("state").panel("state", "year");
    let lags = DistributedLag::new("policy", 1).leads(1);
    let found = lags.fit(&spec, "y ~ x | state + year", &panel.frame).expect("a fit");
    let sums = found.sums(0.95).expect("sums");
    assert!(sums.iter().all(|row| row.p_value.is_nan() && row.std_error > 0.0), "{sums:?}");
    assert!(matches!(found.lead_test(), Err(Error::Refused { .. })));
    assert!(found.to_string().contains("No p-value and no interval for"), "{found}");
    let fit = spec.fit("y ~ policy + x | state + year", &panel.frame).expect("a fit");
    let columns = ["policy", "x"].map(str::to_owned);
    let margins =
        fit.marginal_effects(&columns, Slope::default(), &At::default(), &[], None).expect("effects");
    let rows = margins.coefficient_rows(0.95);
    assert!(rows[0].p_value.is_nan() && rows[0].std_error > 0.0 && rows[1].p_value > 0.0, "{rows:?}");
    assert!(margins.notes.iter().any(|n| n.starts_with("refused (AV18)")), "{:?}", margins.notes);
}

#[test]
fn clusters_that_are_many_and_alike_need_no_note() {
    let panel = Panel::new(60, true).policy(|s| (s % 2 == 0).then_some(4));
    let fit = Ols::new().cluster("state").fit("y ~ policy + x | state + year", &panel.frame).expect("a fit");
    assert!(fit.notes().is_empty(), "{:?}", fit.notes());
    let few = Panel::new(60, true).policy(|s| (s < 9).then_some(4));
    let fit = Ols::new().cluster("state").fit("y ~ policy + x | state + year", &few.frame).expect("a fit");
    assert!(
        fit.notes().iter().any(|n| n.contains("9 tell about policy. Clustered tests")),
        "{:?}",
        fit.notes()
    );
    assert!(fit.coefficient_rows(0.95)[0].p_value > 0.0);
}

#[test]
fn diagnostics_ask_for_clusters() {
    let panel = few_treated();
    let fit = Ols::new().fit("y ~ policy | state + year", &panel.frame).expect("a fit");
    assert!(matches!(fit.cluster_diagnostics(), Err(Error::Argument { .. })));
    assert!(matches!(fit.cluster_diagnostics_of("county", None), Err(Error::UnknownColumn { .. })));
    let found = fit.cluster_diagnostics_of("state", None).expect("clusters");
    assert!(found.place("polcy").is_err() && found.cluster_table("polcy").is_err());
    assert!(found.to_string().contains("12 clusters of 8 to 8 observations"), "{found}");
    assert!(found.cluster_table("policy").expect("there").to_string().contains("yes"));
}
