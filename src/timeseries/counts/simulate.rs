//! The future as joint paths of counts: parameters, hidden cells and counts all drawn.

use ndarray::{Array2, ArrayView2};

use crate::data::Count;
use crate::distribution::Normal;
use crate::error::Result;
use crate::inference::{Estimates, Forecast};
use crate::linalg::eigen_symmetric;
use crate::parallel;
use crate::random::{Generator, fresh_seed, normal, stream, uniform};
use crate::timeseries::counts::CountFit;
use crate::timeseries::counts::cell::log_probability;
use crate::timeseries::counts::recursion::Path;
use crate::timeseries::counts::scores::Predictive;
use crate::timeseries::counts::specification::argument;

/// Draws of the parameters; every one serves several paths.
const SETS: usize = 400;
/// Draws outside of what is allowed are drawn again this often.
const TRIES: usize = 200;
/// Means are kept below this: a path may run away where the past is strong.
const LARGEST: f64 = 1e15;

impl CountFit {
    /// The next `horizon` periods as simulated paths of counts, `draws` of them.
    ///
    /// A path draws the coefficients from their normal distribution, cut off at what is allowed, every hidden cell from its
    /// distribution given its past and what is known of it, and every future count. Future regressors and exposure must
    /// be given if the fit has them; interventions go on as they began.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] or [`crate::Error::Shape`] for what is absent or does not fit; [`crate::Error::Domain`]
    /// for values that cannot be.
    pub fn forecast(
        &self,
        horizon: usize,
        x: Option<ArrayView2<'_, f64>>,
        exposure: Option<&[f64]>,
        draws: usize,
        seed: Option<u64>,
    ) -> Result<Forecast> {
        self.forecast_under(horizon, vec!["forecast".into()], &[x], exposure, draws, seed)
    }

    /// As [`forecast`](Self::forecast), under several named futures of the regressors. Path i has the same parameters,
    /// hidden cells and uniform numbers under all of them.
    ///
    /// # Errors
    /// As [`forecast`](Self::forecast).
    pub fn forecast_under(
        &self,
        horizon: usize,
        names: Vec<String>,
        futures: &[Option<ArrayView2<'_, f64>>],
        exposure: Option<&[f64]>,
        draws: usize,
        seed: Option<u64>,
    ) -> Result<Forecast> {
        if draws == 0 {
            return Err(argument("draws", 0, "at least 1"));
        }
        let mut rows = Vec::new();
        let mut people = Vec::new();
        for x in futures {
            let (exposure, x) = self.future(horizon, *x, exposure)?;
            rows.push(x);
            people = exposure;
        }
        let seed = seed.unwrap_or_else(fresh_seed);
        let run = Run { fit: self, rows: &rows, exposure: &people, horizon, seed, root: self.root()? };
        let sets = SETS.min(draws);
        let done = parallel::map(sets, |set| run.set(set, (set..draws).step_by(sets)));
        let mut paths = vec![Array2::zeros((draws, horizon)); futures.len()];
        for (set, values) in done.into_iter().enumerate() {
            let mut values = values.into_iter();
            for draw in (set..draws).step_by(sets) {
                for scenario in &mut paths {
                    scenario.row_mut(draw).iter_mut().for_each(|v| *v = values.next().unwrap_or(f64::NAN));
                }
            }
        }
        let labels = (1..=horizon).map(|h| format!("+{h}")).collect();
        let cutoff = self.data.labels.last().cloned().unwrap_or_else(|| (self.len() - 1).to_string());
        let forecast = Forecast::new(names, paths, labels, cutoff, seed)?.counts();
        Ok(self.notes().iter().fold(forecast, |f, note| f.note(note.clone())))
    }

    /// A root of the covariance; rows of parameters without a standard error are zero.
    fn root(&self) -> Result<Array2<f64>> {
        let clean = self.covariance().mapv(|v| if v.is_finite() { v } else { 0.0 });
        // By correlations, so that coefficients of any unit keep their digits.
        let sd = clean.diag().mapv(|v| v.max(0.0).sqrt());
        let unit = Array2::from_shape_fn(clean.dim(), |(i, j)| {
            if sd[i] > 0.0 && sd[j] > 0.0 { clean[[i, j]] / (sd[i] * sd[j]) } else { 0.0 }
        });
        let (values, vectors) = eigen_symmetric(unit.view())?;
        Ok(Array2::from_shape_fn(clean.dim(), |(i, j)| sd[i] * vectors[[i, j]] * values[j].max(0.0).sqrt()))
    }
}

struct Run<'a> {
    fit: &'a CountFit,
    rows: &'a [Vec<f64>],
    exposure: &'a [f64],
    horizon: usize,
    seed: u64,
    root: Array2<f64>,
}

impl Run<'_> {
    fn allowed(&self, theta: &[f64]) -> bool {
        let bounds = &self.fit.bounds;
        let inside = |(i, v): (usize, &f64)| (bounds.low[i]..=bounds.high[i]).contains(v);
        theta.iter().enumerate().all(inside) && bounds.total(theta).abs() < 1.0
    }

    /// All paths of one draw of the parameters.
    fn set(&self, set: usize, draws: impl Iterator<Item = usize>) -> Vec<f64> {
        let fit = self.fit;
        let mut generator = stream(self.seed, 2 * set as u64);
        let mut path = Path::default();
        let estimate = fit.theta.to_vec();
        let mut theta = estimate.clone();
        for attempt in 0..=TRIES {
            if attempt < TRIES {
                let e: Vec<f64> = estimate.iter().map(|_| normal(&mut generator)).collect();
                for (i, slot) in theta.iter_mut().enumerate() {
                    *slot = estimate[i] + self.root.row(i).iter().zip(&e).map(|(r, e)| r * e).sum::<f64>();
                }
            } else {
                theta.copy_from_slice(&estimate);
            }
            if self.allowed(&theta) && self.history(&theta, &mut path, &mut generator) {
                break;
            }
        }
        let mut out = Vec::new();
        for draw in draws {
            for x in self.rows {
                let mut generator = stream(self.seed, 2 * draw as u64 + 1);
                self.ahead(&theta, &mut path, x, &mut generator, &mut out);
            }
        }
        out
    }

    fn dispersion(&self, theta: &[f64]) -> f64 {
        if self.fit.recursion.dispersion.is_none() { theta[theta.len() - 1] } else { self.fit.dispersion }
    }

    /// Runs through the past, hidden cells drawn; false when the mean leaves its domain.
    fn history(&self, theta: &[f64], path: &mut Path, generator: &mut Generator) -> bool {
        let (fit, k) = (self.fit, self.fit.recursion.k);
        let n = fit.len();
        let a = self.dispersion(theta);
        path.reset(n + self.horizon, theta.len(), false);
        fit.recursion.begin(theta, path);
        for t in 0..n {
            let exposure = fit.data.exposure[t];
            if !fit.recursion.predict(theta, t, exposure, &fit.x[t * k..(t + 1) * k], path, false) {
                return false;
            }
            let y = match fit.data.counts[t] {
                Count::Exact(y) => y,
                Count::Missing => draw(path.mean.min(LARGEST), a, uniform(generator)),
                Count::Interval { lo, hi } => draw_within(lo, hi, path.mean, a, uniform(generator)),
            };
            fit.recursion.absorb(theta, t, exposure, y, (0.0, 0.0), path, false);
        }
        true
    }

    /// One path; the state of the past is not touched.
    fn ahead(
        &self,
        theta: &[f64],
        path: &mut Path,
        x: &[f64],
        generator: &mut Generator,
        out: &mut Vec<f64>,
    ) {
        let (fit, k) = (self.fit, self.fit.recursion.k);
        let a = self.dispersion(theta);
        for h in 0..self.horizon {
            let (t, exposure) = (fit.len() + h, self.exposure[h]);
            let inside = fit.recursion.predict(theta, t, exposure, &x[h * k..(h + 1) * k], path, false);
            if !inside || path.mean > LARGEST {
                path.mean = if path.mean > 1.0 { LARGEST } else { 1.0 / LARGEST };
            }
            let y = draw(path.mean, a, uniform(generator));
            fit.recursion.absorb(theta, t, exposure, y, (0.0, 0.0), path, false);
            out.push(y);
        }
    }
}

/// The count at probability u: paths of several scenarios stay in step.
pub(in crate::timeseries) fn draw(mean: f64, dispersion: f64, u: f64) -> f64 {
    const SHORT: f64 = 60.0;
    if mean > MANY && 1.0 / mean + dispersion < NARROW {
        return nearly_normal(mean, dispersion, u);
    }
    if mean > SHORT {
        return Predictive::new(mean, dispersion)
            .map_or(f64::NAN, |p| p.quantile(u.clamp(1e-16, 1.0 - 1e-16)));
    }
    let mut p = log_probability(0.0, mean, dispersion).exp();
    let (mut sum, mut y) = (p, 0.0);
    while sum < u {
        // P(y + 1) / P(y); of the Poisson at a = 0.
        p *= mean * (1.0 + dispersion * y) / ((1.0 + dispersion * mean) * (y + 1.0));
        y += 1.0;
        sum += p;
        if p < 1e-18 && y > mean {
            break;
        }
    }
    y
}

/// Above this mean the sums behind a distribution function are too long for every draw.
const MANY: f64 = 1e6;
/// Squared coefficients of variation below this leave an error of 1e-6 standard deviations in what follows.
const NARROW: f64 = 1e-4;

/// The same from the first four cumulants (Cornish & Fisher 1938).
fn nearly_normal(mean: f64, dispersion: f64, u: f64) -> f64 {
    let z = Normal::standard().quantile(u.clamp(1e-16, 1.0 - 1e-16));
    let more = dispersion * mean;
    let variance = mean * (1.0 + more);
    let skew = (1.0 + 2.0 * more) / variance.sqrt();
    let excess = (1.0 + 6.0 * more * (1.0 + more)) / variance;
    let bent = z + (z * z - 1.0) * skew / 6.0 + (z.powi(3) - 3.0 * z) * excess / 24.0
        - (2.0 * z.powi(3) - 5.0 * z) * skew * skew / 36.0;
    (mean + variance.sqrt() * bent).round().max(0.0)
}

/// A count of the interval at probability u.
fn draw_within(lo: f64, hi: f64, mean: f64, dispersion: f64, u: f64) -> f64 {
    let cells = (hi - lo) as usize + 1;
    let logs: Vec<f64> = (0..cells).map(|k| log_probability(lo + k as f64, mean, dispersion)).collect();
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = logs.iter().map(|l| (l - top).exp()).sum();
    let mut left = u * total;
    for (k, log) in logs.iter().enumerate() {
        left -= (log - top).exp();
        if left <= 0.0 {
            return lo + k as f64;
        }
    }
    hi
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_counts_are_drawn_as_small_ones() {
        for dispersion in [0.0, 3e-5] {
            let exact = Predictive::new(2e6, dispersion).expect("a distribution");
            let sd = (2e6 + dispersion * 4e12_f64).sqrt();
            for u in [1e-4, 0.2, 0.5, 0.93, 0.9999] {
                let (ours, theirs) = (draw(2e6, dispersion, u), exact.quantile(u));
                assert!((ours - theirs).abs() <= 1.0 + 1e-5 * sd, "{u}: {ours} {theirs}");
            }
        }
    }
}
