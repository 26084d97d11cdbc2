//! Decompositions beside those of R, and what they are by definition.

mod common;

use averted::timeseries::decompose::{
    Classical, Decomposition, Mstl, SeasonalWindow, Stl, seasonal_strength,
};
use common::{Comparison, case, numbers, reference, tolerance};
use proptest::prelude::*;

fn dataset(name: &str) -> Vec<f64> {
    numbers(&reference("ets_theta_benchmarks")["datasets"][name]["values"])
}

#[test]
fn parts_agree_with_r() {
    let file = reference("ets_theta_benchmarks");
    let mut table = Comparison::default();
    for name in ["usaccdeaths", "co2"] {
        let id = format!("stl_{name}");
        let gold = case(&file, &id);
        let tolerance = tolerance(gold);
        let y = dataset(name);
        let n = y.len();
        let mut check = |what: &str, ours: &[f64], part: &str, key: &str| {
            table.check(&id, what, ours, &numbers(&gold["values"][part][key]), tolerance);
        };
        let part = "stl_periodic";
        let parts = Stl::new(12).fit(&y).expect("parts");
        check("periodic: season, first year", &parts.seasonal()[..12], part, "seasonal_first12");
        check("periodic: trend, first", &parts.trend()[..5], part, "trend_first5");
        check("periodic: trend, last", &parts.trend()[n - 5..], part, "trend_last5");
        check("periodic: remainder", &parts.remainder()[..5], part, "remainder_first5");
        let part = "stl7robust";
        let parts = Stl::new(12).seasonal(SeasonalWindow::Years(7)).robust().fit(&y).expect("parts");
        check("7 years, robust: season, first year", &parts.seasonal()[..12], part, "seasonal_first12");
        check("7 years, robust: season, last year", &parts.seasonal()[n - 12..], part, "seasonal_last12");
        check("7 years, robust: trend, last", &parts.trend()[n - 5..], part, "trend_last5");
        check("7 years, robust: weights", &parts.weights()[..10], part, "weights_first10");
        let parts = Classical::new(12).fit(&y).expect("parts");
        let figure = numbers(&gold["values"]["decompose_figure"]);
        table.check(&id, "classical: season", &parts.seasonal()[..12], &figure, tolerance);
    }
    let head = "# Conformance: decomposition\n\nSTL and classical decomposition beside R's `stl` and `decompose`; `tests/decomposition.rs` makes this page\n\
                (`make docs`) and fails when a value differs by more than 1e-8.\n";
    table.finish("conformance_decomposition.md", head, &[]);
}

/// Trend, season and noise of known sizes: strengths in closed form.
#[test]
fn strengths_are_shares_of_variance() {
    let wave = |t: usize| (std::f64::consts::TAU * t as f64 / 12.0).sin();
    let pure: Vec<f64> = (0..96).map(|t| 3.0 * wave(t) + 0.1 * t as f64).collect();
    // Two inner passes leave a little of a sine in the trend at the ends.
    assert!(seasonal_strength(&pure, 12).expect("a strength") > 0.999);
    assert_eq!(seasonal_strength(&[7.5; 96], 12).expect("a strength"), 0.0);
    assert_eq!(seasonal_strength(&[0.0; 96], 12).expect("a strength"), 0.0);
    // Units do not matter, even where squares would overflow or vanish.
    let noisy: Vec<f64> = (0..96).map(|t| pure[t] + ((t * 7919) % 101) as f64 / 30.0).collect();
    let strength = seasonal_strength(&noisy, 12).expect("a strength");
    assert!(strength > 0.5 && strength < 0.95, "{strength}");
    for unit in [1e-300, 1e-9, 1e9, 1e300] {
        let scaled: Vec<f64> = noisy.iter().map(|y| y * unit).collect();
        assert!((seasonal_strength(&scaled, 12).expect("a strength") - strength).abs() < 1e-9, "{unit}");
    }
    let line: Vec<f64> = (0..48).map(f64::from).collect();
    let parts = Stl::new(12).fit(&line).expect("parts");
    assert!(parts.trend_strength() > 0.9);
}

#[test]
fn a_multiplicative_season_is_a_factor() {
    let factor = [0.5, 1.25, 1.25, 1.0];
    let y: Vec<f64> = (0..40).map(|t| 80.0 * factor[t % 4]).collect();
    let parts = Classical::new(4).multiplicative().fit(&y).expect("parts");
    for t in 0..40 {
        assert!((parts.seasonal()[t] - factor[t % 4]).abs() < 1e-12);
        assert!((parts.adjusted()[t] - 80.0).abs() < 1e-10);
    }
    assert!(parts.trend()[1].is_nan() && (parts.trend()[2] - 80.0).abs() < 1e-10);
    assert!(Classical::new(4).multiplicative().fit(&[0.0; 12]).is_err());
}

#[test]
fn two_seasons_are_told_apart() {
    let wave = |t: usize, s: f64| (std::f64::consts::TAU * t as f64 / s).sin();
    let y: Vec<f64> = (0..168).map(|t| 10.0 + 5.0 * wave(t, 28.0) + 3.0 * wave(t, 7.0)).collect();
    let parts = Mstl::new(&[28, 7]).fit(&y).expect("parts");
    assert_eq!(parts.periods(), [7, 28]);
    for t in 40..128 {
        assert!((parts.seasons()[0][t] - 3.0 * wave(t, 7.0)).abs() < 0.05, "{t}");
        assert!((parts.seasons()[1][t] - 5.0 * wave(t, 28.0)).abs() < 0.1, "{t}");
    }
    assert!(Mstl::new(&[]).fit(&y).is_err() && Mstl::new(&[7, 7]).fit(&y).is_err());
    let single = Mstl::new(&[7]).seasonal(&[SeasonalWindow::Periodic]).fit(&y).expect("parts");
    assert_eq!(single.seasonal(), Stl::new(7).fit(&y).expect("parts").seasonal());
}

fn adds_up(parts: &Decomposition) {
    for (t, y) in parts.observed().iter().enumerate() {
        let sum = parts.trend()[t] + parts.seasonal()[t] + parts.remainder()[t];
        assert!(y.is_nan() || (sum - y).abs() <= 1e-9 * y.abs().max(1.0), "{t}");
        assert!(parts.trend()[t].is_finite() && parts.seasonal()[t].is_finite());
    }
}

proptest! {
    /// Whatever is missing, as long as every place in the season is seen once: parts everywhere, and they add up.
    #[test]
    fn parts_add_up(y in prop::collection::vec(-50.0..50.0_f64, 21..60), gaps in prop::collection::vec(any::<bool>(), 60)) {
        let gappy: Vec<f64> =
            y.iter().enumerate().map(|(t, &v)| if t >= 5 && gaps[t] { f64::NAN } else { v }).collect();
        for stl in [Stl::new(5), Stl::new(5).robust(), Stl::new(5).seasonal(SeasonalWindow::Years(7))] {
            adds_up(&stl.fit(&gappy).expect("parts"));
        }
    }

    /// A constant and a factor pass through.
    #[test]
    fn units_pass_through(y in prop::collection::vec(-50.0..50.0_f64, 24..60), shift in -1e3..1e3_f64) {
        let moved: Vec<f64> = y.iter().map(|v| 2.0 * v + shift).collect();
        let (a, b) = (Stl::new(6).fit(&y).expect("parts"), Stl::new(6).fit(&moved).expect("parts"));
        for t in 0..y.len() {
            prop_assert!((2.0 * a.seasonal()[t] - b.seasonal()[t]).abs() < 1e-8);
            prop_assert!((2.0 * a.trend()[t] + shift - b.trend()[t]).abs() < 1e-8);
        }
    }
}
