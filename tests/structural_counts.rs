//! Structural models of counts against KFAS, dense matrices and closed forms.

mod common;

use averted::data::Count;
use averted::distribution::{NegativeBinomial, Poisson};
use averted::error::Error;
use averted::linalg::Cholesky;
use averted::random::{normal, stream, uniform};
use averted::special::{log_factorial, log_gamma};
use averted::timeseries::counts::{CountSeries, Family};
use averted::timeseries::structural::{Component, CountStructural, CountStructuralFit, Structural, Trend};
use common::{Comparison, case, numbers, reference};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;
const NAN: f64 = f64::NAN;

fn counts(y: &[f64]) -> Vec<Count> {
    CountSeries::exact("y", y).expect("counts")
}

fn level(family: Family) -> CountStructural {
    Structural::new().counts(family)
}

fn plain(spec: &CountStructural, y: &[f64]) -> CountStructuralFit {
    spec.fit(&CountSeries::new("y", &counts(y))).expect("a fit")
}

fn vans() -> (Vec<Count>, Array2<f64>) {
    let file = reference("state_space");
    let columns = &file["datasets"]["seatbelts"]["columns"];
    let law = numbers(&columns["law"]);
    let x = Array2::from_shape_fn((law.len(), 1), |(t, _)| law[t]);
    (counts(&numbers(&columns["VanKilled"])), x)
}

#[test]
fn seat_belts_beside_kfas() {
    let (cells, x) = vans();
    let names = ["law".to_owned()];
    let series = CountSeries::new("vans", &cells).regressors(x.view(), &names);
    let given = |level: f64, seasonal: f64| {
        Structural::new()
            .seasonal(12)
            .variance(Component::Level, level)
            .variance(Component::Seasonal, seasonal)
            .counts(Family::Poisson)
            .fit(&series)
            .expect("a fit")
    };
    let mut table = Comparison::default();
    let file = reference("state_space");
    let gold = &case(&file, "van_poisson_fixed")["values"];
    let number = |name: &str| gold[name].as_f64().expect("a number");
    let fit = given(6e-4, 0.0);
    let row = &fit.coefficient_rows(0.95)[0];
    let ours = [fit.log_likelihood(), row.estimate, row.std_error];
    let theirs = ["approx_loglik_nsim0", "mode_law", "mode_law_sd"].map(number);
    table.check("van_poisson_fixed", "log-likelihood, coefficient (KFAS)", &ours, &theirs, (1e-8, 0.0));

    let file = reference("forecast_fits");
    let cases = file["counts_and_kfas"].as_array().expect("cases");
    let kfas = |model: &str| {
        let found = cases.iter().find(|c| c["model"].as_str().is_some_and(|m| m.contains(model)));
        found.expect("a case").clone()
    };
    for (model, name) in [("stochastic dummy seasonal", "stochastic season"), ("fixed dummy", "fixed season")]
    {
        let gold = kfas(model);
        let theirs = gold["loglik_laplace_nsim0"].as_f64().expect("a number");
        let simulated = gold["loglik_is_nsim1000"].as_f64().expect("a number");
        let variance = |name: &str| gold["params"][name].as_f64().unwrap_or(0.0);
        let fit = given(variance("sigma2_level"), variance("sigma2_seasonal"));
        let id = format!("VanKilled, {name}");
        // Printed to six decimals.
        table.check(&id, "Laplace log-likelihood (KFAS)", &[fit.log_likelihood()], &[theirs], (0.0, 6e-7));
        let sampled = fit.importance_sampling(20_000, 1).expect("a simulation");
        println!("{id}: importance sampling {sampled:?}, KFAS {simulated}");
        // Their 1,000 draws and ours both err; four standard errors of theirs, which are √20 of ours.
        let reach = 4.0 * sampled.std_error * 21.0_f64.sqrt();
        assert!(reach < 2e-2, "{reach}");
        let ours = [sampled.log_likelihood];
        table.check(&id, "importance sampling (KFAS, 1,000 draws)", &ours, &[simulated], (0.0, reach));
        if name == "stochastic season" {
            let theirs = [variance("law_smoothed"), gold["law_se"].as_f64().expect("a number")];
            let row = &fit.coefficient_rows(0.95)[0];
            table.check(&id, "coefficient (KFAS)", &[row.estimate, row.std_error], &theirs, (1e-7, 0.0));
            let parts = fit.parts().expect("parts");
            let season = parts.seasonal.expect("a season");
            let theirs = [gold["state1"]["level"].clone(), gold["state1"]["sea1"].clone()];
            let theirs = theirs.map(|v| v.as_f64().expect("a number"));
            table.check(&id, "first states (KFAS)", &[parts.level[0], season[0]], &theirs, (1e-8, 0.0));
        }
        let free = match name {
            "fixed season" => Structural::new().seasonal(12).variance(Component::Seasonal, 0.0),
            _ => Structural::new().seasonal(12),
        };
        let best = free.counts(Family::Poisson).fit(&series).expect("a fit");
        println!("{id}: ours {:.8}, theirs {theirs:.8}", best.log_likelihood());
        assert!(best.log_likelihood() >= theirs - 1e-6, "{id}: {} {theirs}", best.log_likelihood());
    }
    let head = "# Conformance: structural models of counts\n\nLikelihoods, coefficients and states at given variances beside \
                KFAS; `tests/structural_counts.rs` makes this page\n(`make docs`) and fails when a value differs by more \
                than 1e-8 (relative) unless a comment there says why. Maxima are held to be no\nlower than KFAS's, and \
                every likelihood to be that of dense matrices.\n";
    table.finish("conformance_structural_counts.md", head, &[]);
}

// ---- dense matrices ------------------------------------------------------------------------------------------------

/// log P(Y = y), and its first and second derivative by log μ.
fn pmf(y: f64, mean: f64, a: f64) -> [f64; 3] {
    if a == 0.0 {
        return [y * mean.ln() - mean - log_factorial(y), y - mean, -mean];
    }
    let r = 1.0 / a;
    let log = log_gamma(y + r) - log_gamma(r) - log_factorial(y)
        + r * (r / (r + mean)).ln()
        + y * (mean / (r + mean)).ln();
    [log, r * (y - mean) / (r + mean), -(y + r) * r * mean / ((r + mean) * (r + mean))]
}

fn cell(count: Count, mean: f64, a: f64) -> [f64; 3] {
    let (lo, hi) = match count {
        Count::Missing => return [0.0; 3],
        Count::Exact(y) => return pmf(y, mean, a),
        Count::Interval { lo, hi } => (lo as usize, hi as usize),
    };
    let all: Vec<[f64; 3]> = (lo..=hi).map(|y| pmf(y as f64, mean, a)).collect();
    let total: f64 = all.iter().map(|p| p[0].exp()).sum();
    let expected = |f: &dyn Fn(&[f64; 3]) -> f64| all.iter().map(|p| p[0].exp() * f(p)).sum::<f64>() / total;
    let score = expected(&|p| p[1]);
    [total.ln(), score, expected(&|p| p[2] + p[1] * p[1]) - score * score]
}

struct Dense<'a> {
    counts: &'a [Count],
    offset: Vec<f64>,
    x: &'a Array2<f64>,
    variances: [f64; 3],
    trend: bool,
    season: usize,
    a: f64,
}

impl Dense<'_> {
    /// Signals from the diffuse start (level, slope, season, coefficients) and standard normal steps.
    fn signals(&self, v: &[f64]) -> Vec<f64> {
        let n = self.counts.len();
        let s = self.season - 1;
        let (mut mu, mut v) = (v[0], v[1..].iter().copied());
        let mut nu = if self.trend { v.next().expect("a slope") } else { 0.0 };
        let mut gamma: Vec<f64> = (0..s).map(|_| v.next().expect("a season")).collect();
        let beta: Vec<f64> = (0..self.x.ncols()).map(|_| v.next().expect("a coefficient")).collect();
        let mut out = Vec::new();
        for t in 0..n {
            let regression: f64 = beta.iter().enumerate().map(|(j, b)| b * self.x[[t, j]]).sum();
            out.push(mu + gamma[0] + regression);
            let [level, slope, seasonal] = self.variances.map(f64::sqrt);
            mu += nu + level * v.next().expect("a step");
            nu += if self.trend { slope * v.next().expect("a step") } else { 0.0 };
            let next = -gamma.iter().sum::<f64>() + seasonal * v.next().expect("a step");
            gamma.rotate_right(1);
            gamma[0] = next;
        }
        out
    }

    fn log_likelihood(&self) -> f64 {
        let n = self.counts.len();
        let d = 1 + usize::from(self.trend) + self.season - 1 + self.x.ncols();
        let k = d + n * (2 + usize::from(self.trend));
        let mut map = Array2::zeros((n, k));
        for j in 0..k {
            let unit: Vec<f64> = (0..k).map(|i| f64::from(u8::from(i == j))).collect();
            map.column_mut(j).assign(&Array1::from(self.signals(&unit)));
        }
        let mut v = Array1::<f64>::zeros(k);
        let height = |v: &Array1<f64>| {
            let theta = map.dot(v);
            let log: f64 =
                (0..n).map(|t| cell(self.counts[t], (theta[t] + self.offset[t]).exp(), self.a)[0]).sum();
            log - 0.5 * v.iter().skip(d).map(|e| e * e).sum::<f64>()
        };
        for _ in 0..200 {
            let theta = map.dot(&v);
            let looks: Vec<[f64; 3]> =
                (0..n).map(|t| cell(self.counts[t], (theta[t] + self.offset[t]).exp(), self.a)).collect();
            let mut slope = map.t().dot(&Array1::from_iter(looks.iter().map(|l| l[1])));
            let weighted = Array2::from_shape_fn((n, k), |(t, j)| -looks[t][2] * map[[t, j]]);
            let mut bend = map.t().dot(&weighted);
            for i in d..k {
                slope[i] -= v[i];
                bend[[i, i]] += 1.0;
            }
            let factor = Cholesky::new(bend.view(), "information").expect("a maximum");
            let step = factor.solve(slope.view());
            let mut reach = 1.0;
            while height(&(&v + &(&step * reach))) < height(&v) - 1e-9 {
                reach *= 0.5;
            }
            v = &v + &(&step * reach);
            if step.iter().all(|s| s.abs() < 1e-11) {
                return height(&v) - 0.5 * factor.log_determinant() + d as f64 * HALF_LOG_TWO_PI;
            }
        }
        panic!("no mode");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_likelihood_is_that_of_dense_matrices(
        seed in 0_u64..1_000, trend in any::<bool>(), a in prop_oneof![Just(0.0), 0.01_f64..0.8],
        level in 0.0_f64..0.05, slope in 0.0_f64..0.01, seasonal in 0.0_f64..0.03, rate in 1.0_f64..40.0,
    ) {
        let n = 26;
        let mut generator = stream(seed, 0);
        let mut signal = rate.ln();
        let mut cells: Vec<Count> = (0..n).map(|t| {
            signal += 0.15 * normal(&mut generator);
            let mean = (signal + 0.3 * (t as f64 * 1.57).sin()).exp();
            let y = Poisson::new(mean).expect("positive").quantile(uniform(&mut generator));
            match uniform(&mut generator) {
                u if u < 0.15 => Count::Missing,
                u if u < 0.4 && (1.0..10.0).contains(&y) => Count::Interval { lo: 1.0, hi: 9.0 },
                u if u < 0.4 && y < 10.0 => Count::Interval { lo: 0.0, hi: 9.0 },
                _ => Count::Exact(y),
            }
        }).collect();
        // Enough that the start is known whatever was drawn.
        (0..8).for_each(|t| cells[t] = Count::Exact(rate.round() + t as f64));
        let x = Array2::from_shape_fn((n, 1), |(t, _)| (t as f64 * 0.7).cos());
        let people: Vec<f64> = (0..n).map(|t| 1.0 + 0.05 * t as f64).collect();
        let reported: Vec<f64> = (0..n).map(|t| if t + 4 > n { 0.2 * (n - t) as f64 } else { 1.0 }).collect();
        let mut spec = Structural::new().seasonal(4)
            .variance(Component::Level, level).variance(Component::Seasonal, seasonal);
        if trend {
            spec = spec.trend(Trend::Local).variance(Component::Slope, slope);
        }
        let spec = match a {
            0.0 => spec.counts(Family::Poisson),
            a => spec.variance(Component::Dispersion, a).counts(Family::NegativeBinomial),
        };
        let names = ["wave".to_owned()];
        let series = CountSeries::new("y", &cells).regressors(x.view(), &names).exposure(&people).reporting(&reported);
        let fit = spec.fit(&series).expect("a fit");
        let offset = people.iter().zip(&reported).map(|(e, f)| (e * f).ln()).collect();
        let dense = Dense { counts: &cells, offset, x: &x, variances: [level, slope, seasonal], trend, season: 4, a };
        let theirs = dense.log_likelihood();
        prop_assert!((fit.log_likelihood() - theirs).abs() < 1e-8 * theirs.abs().max(1.0), "{} {theirs}", fit.log_likelihood());
    }

    #[test]
    fn a_level_that_does_not_move_has_a_closed_form(y in proptest::collection::vec(0_u32..60, 3..30)) {
        let y: Vec<f64> = y.into_iter().map(f64::from).collect();
        let total: f64 = y.iter().sum();
        prop_assume!(total > 0.0);
        let fit = plain(&Structural::new().variance(Component::Level, 0.0).counts(Family::Poisson), &y);
        // ∫ Π Poisson(y | exp δ) dδ = Γ(Σy) n^(−Σy) / Π y!, and Laplace's approximation of it.
        let rest = -total * (y.len() as f64).ln() - y.iter().map(|y| log_factorial(*y)).sum::<f64>();
        let laplace = total * total.ln() - total - 0.5 * total.ln() + HALF_LOG_TWO_PI + rest;
        prop_assert!((fit.log_likelihood() - laplace).abs() < 1e-9 * laplace.abs().max(1.0));
        let exact = log_gamma(total) + rest;
        let sampled = fit.importance_sampling(4_000, 7).expect("a simulation");
        let error = (sampled.log_likelihood - exact).abs();
        prop_assert!(error < 5.0 * sampled.std_error + 1e-9, "{sampled:?} {exact}");
        // Its coefficient of variation is that of a gamma variable.
        prop_assert!((fit.fitted()[0] - total / y.len() as f64).abs() < 1e-8 * total);
        let spread = fit.parts().expect("parts").level_std_error[0];
        prop_assert!((spread - 1.0 / total.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn exposure_in_any_unit_moves_the_level_alone(scale in 1e-6_f64..1e6) {
        let (cells, _) = simulated(60, 3, 0.4, 0.02);
        let people: Vec<f64> = (0..60).map(|t| 1.0 + 0.01 * f64::from(t)).collect();
        let more: Vec<f64> = people.iter().map(|e| e * scale).collect();
        let spec = level(Family::NegativeBinomial);
        let one = spec.fit(&CountSeries::new("y", &cells).exposure(&people)).expect("a fit");
        let two = spec.fit(&CountSeries::new("y", &cells).exposure(&more)).expect("a fit");
        prop_assert!((one.log_likelihood() - two.log_likelihood()).abs() < 1e-7);
        let (a, b) = (one.parts().expect("parts"), two.parts().expect("parts"));
        prop_assert!((a.level[30] - b.level[30] - scale.ln()).abs() < 1e-4, "{} {}", a.level[30], b.level[30]);
    }
}

// ---- cells ---------------------------------------------------------------------------------------------------------

#[test]
fn an_interval_of_one_is_exact_and_a_wide_one_is_missing() {
    let (cells, _) = simulated(40, 5, 0.0, 0.02);
    let spec = Structural::new()
        .variance(Component::Level, 0.02)
        .variance(Component::Dispersion, 0.1)
        .counts(Family::NegativeBinomial);
    let value = |cells: &[Count]| spec.fit(&CountSeries::new("y", cells)).expect("a fit").log_likelihood();
    let y = cells[7].exact().expect("exact");
    let mut same = cells.clone();
    same[7] = Count::Interval { lo: y, hi: y };
    assert!((value(&same) - value(&cells)).abs() < 1e-10);
    let (mut wide, mut gone) = (cells.clone(), cells);
    wide[7] = Count::Interval { lo: 0.0, hi: 5_000.0 };
    gone[7] = Count::Missing;
    assert!((value(&wide) - value(&gone)).abs() < 1e-9, "{} {}", value(&wide), value(&gone));
    // Before the first count too, where the start is still diffuse.
    let padded = |first: Count| [vec![first; 3], wide.clone()].concat();
    let wide = value(&padded(Count::Interval { lo: 0.0, hi: 5_000.0 }));
    assert!((wide - value(&padded(Count::Missing))).abs() < 1e-9);
}

#[test]
fn reporting_multiplies_the_mean_of_the_tail() {
    let (cells, _) = simulated(80, 9, 0.0, 0.001);
    let mut tail = cells.clone();
    let fraction: Vec<f64> = (0..80).map(|t| if t < 77 { 1.0 } else { 0.5_f64.powi(t - 76) }).collect();
    for t in 77..80 {
        tail[t] = Count::Exact((cells[t].exact().expect("exact") * fraction[t]).round());
    }
    let spec = level(Family::NegativeBinomial);
    let naive = spec.fit(&CountSeries::new("y", &tail)).expect("a fit");
    let told = spec.fit(&CountSeries::new("y", &tail).reporting(&fraction)).expect("a fit");
    let whole = spec.fit(&CountSeries::new("y", &cells)).expect("a fit");
    let ahead = |fit: &CountStructuralFit| fit.predict(1, None, None).expect("ahead").mean[0];
    let (told_ahead, whole_ahead, naive_ahead) = (ahead(&told), ahead(&whole), ahead(&naive));
    println!("one ahead: whole {whole_ahead}, told {told_ahead}, naive {naive_ahead}");
    assert!((told_ahead / whole_ahead - 1.0).abs() < 0.25 && naive_ahead < 0.7 * whole_ahead);
    assert!(told.fitted()[79] < 0.3 * told.fitted()[70]);
    let short = [1.0; 3];
    assert!(matches!(spec.fit(&CountSeries::new("y", &tail).reporting(&short)), Err(Error::Shape { .. })));
    let mut zero = fraction;
    zero[79] = 0.0;
    assert!(matches!(
        spec.fit(&CountSeries::new("y", &tail).reporting(&zero)),
        Err(Error::Domain { row: 79, .. })
    ));
}

#[test]
fn missing_at_either_end_is_only_missing() {
    let (cells, _) = simulated(60, 21, 0.4, 0.02);
    let spec = level(Family::NegativeBinomial);
    let one = spec.fit(&CountSeries::new("y", &cells)).expect("a fit");
    let padded = [vec![Count::Missing; 4], cells, vec![Count::Missing; 2]].concat();
    let two = spec.fit(&CountSeries::new("y", &padded)).expect("a fit");
    assert!((one.log_likelihood() - two.log_likelihood()).abs() < 1e-8);
    let ahead = |fit: &CountStructuralFit, h: usize| {
        let prediction = fit.predict(h, None, None).expect("ahead");
        (prediction.mean[h - 1], prediction.variance[h - 1])
    };
    let (a, b) = (ahead(&one, 3), ahead(&two, 1));
    assert!((a.0 / b.0 - 1.0).abs() < 1e-4 && (a.1 / b.1 - 1.0).abs() < 1e-3, "{a:?} {b:?}");
}

#[test]
fn a_dispersion_of_zero_is_the_poisson() {
    let mut generator = stream(5, 0);
    let mut signal = 2.0_f64;
    let y: Vec<f64> = (0..120)
        .map(|_| {
            signal += 0.1 * normal(&mut generator);
            Poisson::new(signal.exp()).expect("positive").quantile(uniform(&mut generator))
        })
        .collect();
    let (one, two) = (plain(&level(Family::Poisson), &y), plain(&level(Family::NegativeBinomial), &y));
    assert!(two.log_likelihood() >= one.log_likelihood() - 1e-6);
    if two.dispersion() == 0.0 {
        assert!((two.log_likelihood() - one.log_likelihood()).abs() < 1e-6);
        assert!(two.notes().iter().any(|n| n.contains("dispersion")));
    }
    let pinned = Structural::new().variance(Component::Dispersion, 0.0).counts(Family::NegativeBinomial);
    assert!((plain(&pinned, &y).log_likelihood() - one.log_likelihood()).abs() < 1e-6);
}

// ---- forecasts -----------------------------------------------------------------------------------------------------

#[test]
fn forecasts_are_counts_the_same_every_time() {
    let (cells, _) = simulated(120, 2, 0.4, 0.01);
    let spec = level(Family::NegativeBinomial);
    let fit = spec.fit(&CountSeries::new("y", &cells)).expect("a fit");
    let one = fit.forecast(4, None, None, 800, Some(3)).expect("a forecast");
    assert_eq!(one, fit.forecast(4, None, None, 800, Some(3)).expect("a forecast"));
    assert!(one.is_count() && one.paths(0).iter().all(|v| *v >= 0.0 && v.fract() == 0.0));
    for (a, b) in one.mean(0).iter().zip(fit.predict(4, None, None).expect("ahead").mean) {
        assert!((a / b - 1.0).abs() < 0.15, "{a} {b}");
    }
}

#[test]
fn scenarios_share_their_draws() {
    let (cells, x) = vans();
    let names = ["law".to_owned()];
    let spec = Structural::new().seasonal(12).variance(Component::Seasonal, 0.0).counts(Family::Poisson);
    let fit = spec.fit(&CountSeries::new("vans", &cells).regressors(x.view(), &names)).expect("a fit");
    let (with, without) = (Array2::ones((3, 1)), Array2::zeros((3, 1)));
    let names = vec!["with".to_owned(), "without".into(), "again".into()];
    let futures = [Some(with.view()), Some(without.view()), Some(with.view())];
    let made = fit.forecast_under(3, names, &futures, None, 300, Some(5)).expect("a forecast");
    assert_eq!(made.paths(0), made.paths(2));
    assert!(made.difference(0, 1, 3, 0.95).expect("a difference").estimate < 0.0);
    assert!(fit.forecast(2, None, None, 10, Some(1)).expect_err("no x").to_string().contains("law"));
}

/// A local level under negative binomial counts, those below ten hidden with a probability.
fn simulated(n: usize, seed: u64, hide: f64, step: f64) -> (Vec<Count>, Vec<f64>) {
    let mut generator = stream(seed, 0);
    let mut signal = 2.5_f64;
    let all: Vec<f64> = (0..n + 6)
        .map(|_| {
            signal += step.sqrt() * normal(&mut generator);
            NegativeBinomial::new(signal.exp(), 10.0).expect("positive").quantile(uniform(&mut generator))
        })
        .collect();
    let cell = |y: &f64| match *y < 10.0 && uniform(&mut generator) < hide {
        true => Count::Interval { lo: 0.0, hi: 9.0 },
        false => Count::Exact(*y),
    };
    (all[..n].iter().map(cell).collect(), all[n..].to_vec())
}

/// Coverage of 95 % intervals six periods ahead with a fifth of the cells suppressed; the figures stand in the docs.
#[test]
#[ignore = "slow: a few hundred fits"]
fn predictive_coverage_with_suppressed_cells() {
    let series = 600;
    let outcome = |i: usize| {
        let (cells, future) = simulated(120, 40_000 + i as u64, 0.5, 0.01);
        let hidden = cells.iter().filter(|c| matches!(c, Count::Interval { .. })).count();
        let fit = level(Family::NegativeBinomial).fit(&CountSeries::new("y", &cells));
        let fit = match fit {
            Ok(fit) => fit,
            Err(error) => {
                println!("{i}: {error}");
                return (hidden, None);
            }
        };
        let forecast = fit.forecast(6, None, None, 1000, Some(i as u64)).expect("a forecast");
        let held = forecast.interval(0, 0.95).expect("intervals").into_iter().zip(&future);
        let held = held.filter(|((low, high), y)| (low..=high).contains(y)).count();
        (hidden, Some(held))
    };
    let done = averted::parallel::map(series, outcome);
    let hidden = done.iter().map(|d| d.0).sum::<usize>() as f64 / (120 * series) as f64;
    let good: Vec<usize> = done.iter().filter_map(|d| d.1).collect();
    let coverage = good.iter().sum::<usize>() as f64 / (6 * good.len()) as f64;
    let failed = series - good.len();
    println!("coverage {coverage:.4}, suppressed {hidden:.3}, {failed} of {series} without a fit");
    assert!((0.93..=0.97).contains(&coverage) && (0.17..0.23).contains(&hidden) && failed * 100 < series);
}

// ---- edges ---------------------------------------------------------------------------------------------------------

#[test]
fn edge_series_end_in_a_typed_error_or_a_right_answer() {
    for family in [Family::Poisson, Family::NegativeBinomial] {
        let spec = level(family);
        let refuse = |cells: &[Count]| spec.fit(&CountSeries::new("deaths", cells)).expect_err("an error");
        for y in [&[][..], &[3.0], &[3.0, 4.0], &[NAN; 30]] {
            assert!(matches!(refuse(&counts(y)), Error::TooShort { .. }));
        }
        let lone = [vec![NAN; 20], vec![4.0]].concat();
        assert!(matches!(refuse(&counts(&lone)), Error::TooShort { found: 1, .. }));
        assert!(matches!(refuse(&counts(&[0.0; 30])), Error::NothingToEstimate { .. }));
        let hidden = Count::Interval { lo: 0.0, hi: 9.0 };
        assert!(matches!(refuse(&[hidden; 30]), Error::NothingToEstimate { .. }));
        // Three counts are enough for a level.
        let fit = plain(&spec, &[3.0, 4.0, 5.0]);
        assert!((fit.fitted()[1] / 4.0 - 1.0).abs() < 0.2 && fit.log_likelihood().is_finite());
        // A constant is its mean, whatever the family.
        let fit = plain(&spec, &[7.0; 30]);
        assert_eq!((fit.variance(Component::Level), fit.dispersion()), (Some(0.0), 0.0));
        assert!(fit.fitted().iter().all(|m| (m - 7.0).abs() < 1e-8), "{:?}", fit.fitted());
        // Counts between 1 and 9, all hidden: something is known.
        let fit = spec.fit(&CountSeries::new("deaths", &[Count::Interval { lo: 1.0, hi: 9.0 }; 30]));
        assert!(fit.as_ref().is_ok_and(|f| (1.0..9.0).contains(&f.fitted()[3])), "{fit:?}");
        // Two counts after a long gap, and one hidden at either end.
        let gap = [vec![12.0], vec![NAN; 40], vec![30.0, 28.0]].concat();
        assert!(plain(&spec, &gap).forecast(2, None, None, 50, Some(1)).is_ok());
        // Huge counts, and mostly zeros.
        let huge: Vec<f64> = (0..40).map(|t| (1e14 * (1.0 + 0.1 * f64::from(t % 7))).round()).collect();
        let fit = plain(&spec, &huge);
        assert!(fit.forecast(2, None, None, 50, Some(1)).is_ok() && fit.log_likelihood().is_finite());
        let rare: Vec<f64> = (0..60).map(|t| f64::from(u8::from(t % 17 == 4))).collect();
        let fit = plain(&spec, &rare);
        assert!(fit.forecast(2, None, None, 50, Some(1)).is_ok() && fit.log_likelihood().is_finite());
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let (cells, x) = vans();
    let names = ["law".to_owned()];
    let series = || CountSeries::new("vans", &cells).regressors(x.view(), &names);
    let seasonal = Structural::new().seasonal(12);
    // A month in which nothing ever happened has no effect on the log scale.
    let none: Vec<Count> = (0..96).map(|t| Count::Exact(if t % 12 == 5 { 0.0 } else { 9.0 })).collect();
    let fixed = seasonal.clone().variance(Component::Seasonal, 0.0).counts(Family::Poisson);
    let error = fixed.fit(&CountSeries::new("deaths", &none)).expect_err("no effect");
    assert!(matches!(error, Error::NothingToEstimate { .. } | Error::NotConverged { .. }), "{error}");
    let mut gap = x.clone();
    gap[[9, 0]] = NAN;
    let error = seasonal.clone().counts(Family::Poisson);
    let error =
        error.fit(&CountSeries::new("y", &cells).regressors(gap.view(), &names)).expect_err("missing");
    assert!(matches!(error, Error::Missing { first: 9, .. }), "{error}");
    let twice = ndarray::concatenate![ndarray::Axis(1), x, x];
    let both = ["law".to_owned(), "again".into()];
    let error = seasonal.clone().counts(Family::Poisson);
    let error =
        error.fit(&CountSeries::new("y", &cells).regressors(twice.view(), &both)).expect_err("collinear");
    assert!(matches!(&error, Error::NothingToEstimate { why } if why.contains("again")), "{error}");
    let error = Structural::new().variance(Component::Irregular, 0.1).counts(Family::Poisson).fit(&series());
    assert!(matches!(error, Err(Error::Argument { .. })));
    let error = Structural::new().variance(Component::Dispersion, 0.1).counts(Family::Poisson).fit(&series());
    assert!(matches!(error, Err(Error::Argument { .. })));
    assert!(
        Structural::new()
            .variance(Component::Dispersion, 0.1)
            .fit(&averted::timeseries::structural::Series::new("y", &[1.0, 2.0, 4.0, 3.0]))
            .is_err()
    );
    let fit = seasonal.counts(Family::Poisson).fit(&series()).expect("a fit");
    assert!(fit.importance_sampling(1, 1).is_err() && fit.forecast(0, None, None, 10, Some(1)).is_err());
}
