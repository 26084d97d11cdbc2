//! Means and variances of the future, the parameters taken as known.

use crate::error::{Error, Result};
use crate::random::{normal, stream};
use crate::timeseries::ets::form::Season;
use crate::timeseries::ets::specification::argument;
use crate::timeseries::ets::{EtsFit, Trend};
use crate::timeseries::structural::Prediction;

/// Paths for the variances that have no closed form here.
const PATHS: u64 = 20_000;

impl EtsFit {
    /// Means and variances at the estimates: exact for every form without a multiplicative trend (Hyndman et al. 2008,
    /// §6.2–6.4), else the point forecasts and variances of 20 000 simulated paths. With multiplicative seasons the
    /// mean differs a little from the [`point`](Self::point) forecast: one shock moves level and season together.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for a horizon of zero; [`crate::Error::Domain`] where the variances are beyond the numbers
    /// of the machine, as those of values near 1e300 are; [`point`](Self::point) and [`forecast`](Self::forecast) take any.
    pub fn predict(&self, horizon: usize) -> Result<Prediction> {
        if horizon == 0 {
            return Err(argument("horizon", 0, "at least 1"));
        }
        let (mean, variance) = self.moments(horizon, self.scaled_variance());
        let unit = self.scale;
        if let Some(v) = variance.iter().find(|v| **v > 0.0 && !(**v * unit * unit).is_normal()) {
            let row = self.y.iter().position(|y| y.abs() == unit).unwrap_or(0);
            return Err(Error::Domain {
                what: self.name().into(),
                row,
                value: self.y[row].to_string(),
                must: format!(
                    "of a size whose square is a number, for a variance of {v:.1e} squares; change its unit"
                ),
            });
        }
        Ok(Prediction {
            mean: mean.iter().map(|m| m * unit).collect(),
            variance: variance.iter().map(|v| v * unit * unit).collect(),
        })
    }

    /// Of the scaled series, the variance of its errors given.
    fn moments(&self, horizon: usize, size: f64) -> (Vec<f64>, Vec<f64>) {
        let form = self.form();
        if form.season() == Season::Multiplicative && !form.grows() {
            return self.product_moments(horizon, size);
        }
        let mean = self.scaled_point(horizon);
        let variance = if form.grows() {
            self.simulated_variance(horizon, size)
        } else {
            self.closed_variance(&mean, size)
        };
        (mean, variance)
    }

    /// Point forecasts alone, which cost nothing.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for a horizon of zero.
    pub fn point(&self, horizon: usize) -> Result<Vec<f64>> {
        if horizon == 0 {
            return Err(argument("horizon", 0, "at least 1"));
        }
        Ok(self.scaled_point(horizon).into_iter().map(|m| m * self.scale).collect())
    }

    fn scaled_point(&self, horizon: usize) -> Vec<f64> {
        let (form, smoothing) = (self.form(), self.smoothing());
        let mut state = self.last.clone();
        let one = |_| {
            let step = state.ahead(form, smoothing[3]);
            state.update(form, smoothing, step, None);
            step.mu
        };
        (0..horizon).map(one).collect()
    }

    /// `σ² (1 + Σ c_j²)`; for multiplicative errors `(1 + σ²) θ_h − μ_h²` with `θ_h = μ_h² + σ² Σ c_j² θ_{h−j}`.
    fn closed_variance(&self, mean: &[f64], size: f64) -> Vec<f64> {
        let [alpha, beta, gamma, phi] = self.smoothing();
        let m = self.problem.period;
        let trend = self.form().trend() != Trend::None;
        let (mut sum, mut power) = (0.0, 1.0);
        let mut c = Vec::with_capacity(mean.len());
        for j in 1..mean.len() {
            power *= phi;
            sum += power;
            let season = if self.form().seasonal() && j.is_multiple_of(m) { gamma } else { 0.0 };
            c.push(alpha + if trend { beta * sum } else { 0.0 } + season);
        }
        let mut total = 1.0;
        let mut theta: Vec<f64> = Vec::with_capacity(mean.len());
        let one = |(h, mu): (usize, &f64)| {
            if !self.form().multiplicative {
                if h > 0 {
                    total += c[h - 1] * c[h - 1];
                }
                return size * total;
            }
            let past: f64 = (1..=h).map(|j| c[j - 1] * c[j - 1] * theta[h - j]).sum();
            theta.push(mu * mu + size * past);
            (1.0 + size) * theta[h] - mu * mu
        };
        mean.iter().enumerate().map(one).collect()
    }

    /// Where the season multiplies, `y_h = s Π (1 + γ ε_{h−km}) (1 + ε_h) · w Π (F + G ε_i) x` with x level and slope:
    /// a product over the shocks, which are independent, so that first and second moments follow shock by shock.
    fn product_moments(&self, horizon: usize, size: f64) -> (Vec<f64>, Vec<f64>) {
        let [alpha, beta, gamma, phi] = self.smoothing();
        let (m, last) = (self.problem.period, &self.last);
        // E ε² = σ² and E ε⁴ = 3σ⁴ at a shock that the season takes in; γ = 0 at the others.
        let step = |[l, b]: [f64; 2], [ll, lb, bb]: [f64; 3], gamma: f64| {
            let q = l + phi * b;
            // E q·φb and E q².
            let qb = phi * (lb + phi * bb);
            let qq = ll + 2.0 * phi * lb + phi * phi * bb;
            let mean = [q + alpha * gamma * size * q, phi * b + beta * gamma * size * q];
            let (one, cross) = (1.0 + gamma * gamma * size, 2.0 * gamma * size);
            let own = size + 3.0 * gamma * gamma * size * size;
            let square = [
                one * qq + cross * 2.0 * alpha * qq + own * alpha * alpha * qq,
                one * qb + cross * (beta * qq + alpha * qb) + own * alpha * beta * qq,
                one * phi * phi * bb + cross * 2.0 * beta * qb + own * beta * beta * qq,
            ];
            (mean, square)
        };
        let one = |h: usize| {
            let (l, b) = (last.level, last.slope);
            let (mut mean, mut square) = ([l, b], [l * l, l * b, b * b]);
            for i in 1..h {
                let taken = if (h - i).is_multiple_of(m) { gamma } else { 0.0 };
                (mean, square) = step(mean, square, taken);
            }
            let season = last.season[(last.at + h - 1) % m];
            let first = season * (mean[0] + phi * mean[1]);
            let second = square[0] + 2.0 * phi * square[1] + phi * phi * square[2];
            (first, ((1.0 + size) * season * season * second - first * first).max(0.0))
        };
        (1..=horizon).map(one).unzip()
    }

    fn simulated_variance(&self, horizon: usize, size: f64) -> Vec<f64> {
        let (mut sums, mut squares) = (vec![0.0; horizon], vec![0.0; horizon]);
        let root = size.sqrt();
        let mut path = vec![0.0; horizon];
        for i in 0..PATHS {
            let mut generator = stream(0, i);
            self.path(&mut self.last.clone(), self.smoothing(), &mut path, || root * normal(&mut generator));
            for (h, y) in path.iter().enumerate() {
                sums[h] += y;
                squares[h] += y * y;
            }
        }
        let n = PATHS as f64;
        sums.iter().zip(&squares).map(|(s, q)| (q - s * s / n).max(0.0) / (n - 1.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::timeseries::ets::{Ets, Form};
    use crate::timeseries::structural::Series;

    fn numbers(list: &Value) -> Vec<f64> {
        list.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
    }

    /// Means and limits of R's `ets` at its own estimates and σ², wherever errors multiply.
    #[test]
    fn moments_of_multiplicative_errors_are_those_of_the_forecast_package() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/ets_theta_benchmarks.json");
        let text = std::fs::read_to_string(path).expect("the reference");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        let mut checked = 0;
        for case in file["cases"].as_array().expect("cases") {
            let (id, gold) = (case["id"].as_str().expect("an id"), &case["values"]);
            let Some(name) = gold["method"].as_str().filter(|m| m.starts_with("ETS(M")) else { continue };
            let form: Form = name[4..name.len() - 1].replace(',', "").parse().expect("a form");
            let data = &file["datasets"][case["data"].as_str().expect("a name")];
            let m = data["frequency"].as_u64().expect("a frequency") as usize;
            let mut spec = Ets::new(form).season(m);
            for (name, set) in [
                ("alpha", Ets::alpha as fn(Ets, f64) -> Ets),
                ("beta", Ets::beta),
                ("gamma", Ets::gamma),
                ("phi", Ets::phi),
            ] {
                spec = gold["par"][name].as_f64().map_or(spec.clone(), |v| set(spec, v));
            }
            let mut states = numbers(&gold["initstate"]);
            if form.seasonal() {
                // R lists the season before the first period first.
                let seasons = states.len() - m;
                states[seasons..].reverse();
                states.pop();
            }
            let y = numbers(&data["values"]);
            let fit = spec.initial(&states).fit(&Series::new("y", &y)).expect("a fit");
            let horizon = numbers(&gold["forecast_mean"]).len();
            if form.damped() {
                // R's moments for damped trends have l + b where its recursions, whose likelihood is ours, have l + φb.
                let last = fit.last_states();
                let first = (last[0] + last[1]) * last[2];
                assert!((first - numbers(&gold["forecast_mean"])[0]).abs() < 1e-8 * first, "{id}");
                continue;
            }
            let (mean, variance) = fit.moments(horizon, gold["sigma2"].as_f64().expect("a number"));
            let ends = [("forecast_mean", 0.0), ("lower95", -1.0), ("upper95", 1.0)];
            for (what, sign) in ends {
                for (h, theirs) in numbers(&gold[what]).into_iter().enumerate() {
                    let ours = (mean[h] + sign * 1.959_963_984_540_054 * variance[h].sqrt()) * fit.scale;
                    assert!(
                        (ours - theirs).abs() < 1e-8 * theirs.abs(),
                        "{id} {what} +{}: {ours} {theirs}",
                        h + 1
                    );
                    checked += 1;
                }
            }
        }
        assert!(checked > 150);
    }

    /// The product of the moments beside paths, for seasons that go round more than once.
    #[test]
    fn moments_are_those_of_the_paths() {
        let y: Vec<f64> = (0..24)
            .map(|t| [8.0, 12.0, 9.0][t % 3] * (1.0 + 0.02 * t as f64) * [1.0, 1.1, 0.92, 1.05, 0.95][t % 5])
            .collect();
        for name in ["MNM", "MAM", "MAdM", "MAA", "MAN"] {
            let spec = Ets::new(name.parse().expect("a form")).season(3).alpha(0.4);
            let fit = spec.fit(&Series::new("y", &y)).expect("a fit");
            let size = 0.04;
            let (_, closed) = fit.moments(9, size);
            let paths = fit.simulated_variance(9, size);
            for h in 0..9 {
                let ratio = paths[h] / closed[h];
                // 20 000 paths, their fourth moments above a normal's.
                assert!((ratio - 1.0).abs() < 0.06, "{name} +{}: {ratio}", h + 1);
            }
        }
    }
}
