//! Where the search for the initial states begins.

use crate::timeseries::decompose::Classical;
use crate::timeseries::ets::Form;
use crate::timeseries::ets::form::Season;

/// Level, slope or growth, and all but the last season (Hyndman et al. 2008, §2.6.1, on at most five years).
pub(super) fn initial(form: Form, period: usize, y: &[f64]) -> Vec<f64> {
    let figure = seasons(form, period, y);
    let adjusted = |(t, y): (usize, &f64)| match form.season {
        Season::None => *y,
        Season::Additive => y - figure[t % period],
        Season::Multiplicative => y / figure[t % period],
    };
    let points: Vec<(f64, f64)> = y
        .iter()
        .enumerate()
        .map(|(t, y)| ((t + 1) as f64, adjusted((t, y))))
        .filter(|p| !p.1.is_nan())
        .take((2 * period).max(10))
        .collect();
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (at, centre) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = points.iter().map(|p| (p.0 - at).powi(2)).sum();
    let cross: f64 = points.iter().map(|p| (p.0 - at) * (p.1 - centre)).sum();
    let slope = if spread > 0.0 { cross / spread } else { 0.0 };
    let intercept = centre - slope * at;
    let mut x = Vec::new();
    if !form.has_trend() {
        x.push(centre);
    } else if form.grows() {
        let low = 0.1 * centre.abs().max(1e-12);
        let (first, second) = ((intercept + slope).max(low), (intercept + 2.0 * slope).max(low));
        let growth = (second / first).clamp(0.5, 2.0);
        x.extend([first / growth, growth]);
    } else {
        let floor = if form.multiplicative { 0.1 * centre.abs() } else { f64::NEG_INFINITY };
        x.extend([intercept.max(floor), slope]);
    }
    if form.seasonal() {
        x.extend(&figure[..period - 1]);
    }
    x
}

/// Seasons that sum to zero, or have mean one and are not far from it.
fn seasons(form: Form, period: usize, y: &[f64]) -> Vec<f64> {
    let multiplicative = form.season == Season::Multiplicative;
    if form.season == Season::None {
        return Vec::new();
    }
    let y = &y[..y.len().min(5 * period)];
    let classical = Classical::new(period);
    let classical = if multiplicative { classical.multiplicative() } else { classical };
    let mut figure = match classical.fit(y) {
        Ok(parts) => parts.seasonal()[..period].to_vec(),
        Err(_) => by_place(period, y, multiplicative),
    };
    if multiplicative {
        figure.iter_mut().for_each(|f| *f = f.max(0.01));
        let mean = figure.iter().sum::<f64>() / period as f64;
        figure.iter_mut().for_each(|f| *f /= mean);
    }
    figure
}

/// Means by place in the season, where there is too little for a moving average.
fn by_place(period: usize, y: &[f64], multiplicative: bool) -> Vec<f64> {
    let mean = |values: &mut dyn Iterator<Item = &f64>| {
        let (sum, n) = values.filter(|v| !v.is_nan()).fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
        if n > 0.0 { Some(sum / n) } else { None }
    };
    let all = mean(&mut y.iter()).unwrap_or(1.0);
    let own = |j: usize| mean(&mut y.iter().skip(j).step_by(period)).unwrap_or(all);
    let part = |j: usize| if multiplicative { own(j) / all } else { own(j) - all };
    let figure: Vec<f64> = (0..period).map(part).collect();
    let centre = figure.iter().sum::<f64>() / period as f64;
    figure.iter().map(|f| if multiplicative { f / centre } else { f - centre }).collect()
}
