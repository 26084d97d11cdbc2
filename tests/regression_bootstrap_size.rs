//! How often the tests reject a true null at 5 %: panels of states with few treated, errors that last and differ in size
//! between states, the null true.

use averted::data::Factor;
use averted::inference::covariance::{ClusterKind, FewClusters};
use averted::inference::{Estimates, Multipliers};
use averted::parallel;
use averted::random::{Generator, normal, stream, uniform};
use averted::regression::{Bootstrap, Fit, Model, Ols, Poisson, Randomization, Sample};
use ndarray::Array2;

const REPLICATIONS: usize = 2_000;
const YEARS: usize = 20;

/// One panel: log rates and deaths in states of very different size, and who was treated since when.
struct Panel {
    rate: Vec<f64>,
    deaths: Vec<f64>,
    population: Vec<f64>,
    treated: Vec<f64>,
    state: Vec<f64>,
    year: Vec<f64>,
}

impl Panel {
    fn new(states: usize, treated: usize, generator: &mut Generator) -> Self {
        let n = states * YEARS;
        let (mut rate, mut deaths) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let (mut population, mut treatment) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut order: Vec<usize> = (0..states).collect();
        for last in (1..states).rev() {
            order.swap(last, (uniform(generator) * (last + 1) as f64) as usize);
        }
        for s in 0..states {
            let size = (0.9 * normal(generator)).exp();
            let spread = 0.15 / size.sqrt().clamp(0.3, 3.0);
            let start = 8 + (uniform(generator) * 5.0) as usize;
            let mut shock = spread * normal(generator);
            for t in 0..YEARS {
                shock = 0.7 * shock + spread * (1.0_f64 - 0.49).sqrt() * normal(generator);
                let log = 1.5 + 0.3 * (s as f64 * 1.7).sin() + 0.02 * t as f64 + shock;
                rate.push(log + 0.05 * normal(generator));
                population.push(10.0 * size);
                deaths.push(poisson(10.0 * size * log.exp(), generator));
                treatment.push(f64::from(u8::from(order[s] < treated && t >= start)));
            }
        }
        let place = |f: &dyn Fn(usize) -> usize| (0..n).map(|i| f(i) as f64).collect();
        let (state, year) = (place(&|i| i / YEARS), place(&|i| i % YEARS));
        Self { rate, deaths, population, treated: treatment, state, year }
    }

    fn sample(&self, outcome: &[f64]) -> Sample {
        let x = Array2::from_shape_fn((outcome.len(), 1), |(i, _)| self.treated[i]);
        Sample::new(outcome.to_vec(), x)
            .and_then(|s| s.absorb("state", Factor::from_numbers(&self.state)))
            .and_then(|s| s.absorb("year", Factor::from_numbers(&self.year)))
            .expect("one length")
    }
}

/// A Poisson draw, by the normal where that is as good.
fn poisson(mean: f64, generator: &mut Generator) -> f64 {
    if mean > 400.0 {
        return (mean + mean.sqrt() * normal(generator)).round().max(0.0);
    }
    let (mut left, mut count) = (uniform(generator), 0.0);
    let mut share = (-mean).exp();
    while left > share && count < 10.0 * mean + 100.0 {
        left -= share;
        count += 1.0;
        share *= mean / count;
    }
    count
}

/// The p-value of the treatment under a covariance for few clusters.
fn few<M: Model>(fit: &Fit<M>, kind: ClusterKind) -> f64 {
    let fit = fit.with_covariance(FewClusters::new("state", kind)).expect("a covariance");
    fit.coefficient_rows(0.95)[0].p_value
}

/// Rejections at 5 %, in percent, under every name.
fn rejections(states: usize, treated: usize, seed: u64) -> Vec<(&'static str, f64)> {
    let all = parallel::map(REPLICATIONS, |r| {
        let panel = Panel::new(states, treated, &mut stream(seed, r as u64));
        let x1 = || Bootstrap::new("x1 = 0").draws(399).seed(r as u64).level(None);
        let ols = Ols::new().cluster("state").fit_arrays(panel.sample(&panel.rate)).expect("a fit");
        let counts =
            panel.sample(&panel.deaths).exposure("population", panel.population.clone()).expect("positive");
        let counts = Poisson::new().cluster("state").fit_arrays(counts).expect("a fit");
        let handed = Randomization::new("x1").cluster("state").time("year").draws(399).seed(r as u64);
        let rows = [
            ("OLS, t(G − 1)", ols.coefficient_rows(0.95)[0].p_value),
            ("OLS, CR2", few(&ols, ClusterKind::Cr2)),
            ("OLS, jackknife", few(&ols, ClusterKind::Jackknife)),
            ("OLS, wild bootstrap under the null", ols.wild_bootstrap(&x1()).expect("a test").p_value),
            (
                "OLS, wild bootstrap under the null, Webb",
                ols.wild_bootstrap(&x1().weights(Multipliers::Webb)).expect("a test").p_value,
            ),
            (
                "OLS, wild bootstrap, unrestricted",
                ols.wild_bootstrap(&x1().impose_null(false)).expect("a test").p_value,
            ),
            ("OLS, randomisation t", ols.randomization_test(&handed).expect("a test").p_value),
            ("Poisson, normal", counts.coefficient_rows(0.95)[0].p_value),
            ("Poisson, CR2", few(&counts, ClusterKind::Cr2)),
            ("Poisson, CR3 in one step", few(&counts, ClusterKind::Cr3)),
            ("Poisson, jackknife", few(&counts, ClusterKind::Jackknife)),
            (
                "Poisson, score bootstrap under the null",
                counts.score_bootstrap(&x1()).expect("a test").p_value,
            ),
            (
                "Poisson, score bootstrap, unrestricted",
                counts.score_bootstrap(&x1().impose_null(false)).expect("a test").p_value,
            ),
            ("Poisson, randomisation t", counts.randomization_test(&handed).expect("a test").p_value),
        ];
        rows.map(|(name, p)| (name, p <= 0.05))
    });
    let names = all[0].map(|(name, _)| name);
    let share = |j: usize| all.iter().filter(|row| row[j].1).count() as f64 / REPLICATIONS as f64 * 100.0;
    names.into_iter().enumerate().map(|(j, name)| (name, share(j))).collect()
}

#[test]
#[ignore = "slow: 2,000 panels each of 51 and 32 states, fourteen tests each, two minutes"]
fn size_with_few_treated_states() {
    let mut outside = Vec::new();
    for (states, treated, seed) in [(51, 5, 1), (51, 25, 2), (32, 5, 3), (32, 16, 4)] {
        for (name, percent) in rejections(states, treated, seed) {
            let line = format!("{states} states, {treated} treated: {name}: {percent:.1} %");
            println!("{line}");
            let recommended = name.contains("under the null")
                || name.contains("randomisation")
                || ["OLS, CR2", "OLS, jackknife"].contains(&name);
            // Too seldom is an error on the safe side: the docs say so of CR2 for counts.
            let most = if name == "Poisson, CR2" { 0.0..=7.0 } else { 3.0..=7.0 };
            if (recommended || name == "Poisson, CR2") && !most.contains(&percent) {
                outside.push(line);
            }
        }
    }
    assert!(outside.is_empty(), "{outside:?}");
}
