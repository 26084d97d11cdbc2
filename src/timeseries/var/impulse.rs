//! How a shock to one series moves the others.

use ndarray::{Array2, s};

use crate::distribution::Normal;
use crate::error::{Error, Result};
use crate::inference::interval_level;
use crate::parallel;
use crate::random::{fresh_seed, stream, uniform};
use crate::timeseries::var::VarFit;
use crate::timeseries::var::fit::root;
use crate::timeseries::var::specification::argument;

/// Responses with an interval: one matrix a step, responses × shocks.
#[derive(Debug, Clone, PartialEq)]
pub struct ImpulseBands {
    /// The responses.
    pub estimate: Vec<Array2<f64>>,
    /// Lower ends.
    pub lower: Vec<Array2<f64>>,
    /// Upper ends.
    pub upper: Vec<Array2<f64>>,
    /// The seed of a bootstrap; none of the asymptotic bands.
    pub seed: Option<u64>,
}

/// `Φ₀ … Φ_h` of lag matrices.
pub(in crate::timeseries) fn moving_average(lags: &[Array2<f64>], horizon: usize) -> Vec<Array2<f64>> {
    let k = lags[0].nrows();
    let mut out = vec![Array2::eye(k)];
    for h in 1..=horizon {
        let mut next = Array2::zeros((k, k));
        for (j, lag) in lags.iter().enumerate().take(h) {
            next += &lag.dot(&out[h - 1 - j]);
        }
        out.push(next);
    }
    out
}

pub(in crate::timeseries) fn responses(
    lags: &[Array2<f64>],
    root: Option<&Array2<f64>>,
    horizon: usize,
    cumulative: bool,
) -> Vec<Array2<f64>> {
    let mut out = moving_average(lags, horizon);
    if let Some(root) = root {
        out.iter_mut().for_each(|phi| *phi = phi.dot(root));
    }
    if cumulative {
        for h in 1..out.len() {
            let before = out[h - 1].clone();
            out[h] += &before;
        }
    }
    out
}

impl VarFit {
    pub(super) fn lag_matrices(&self) -> Vec<Array2<f64>> {
        (1..=self.spec.lags).map(|lag| self.lag_matrix(lag)).collect()
    }

    /// Responses at 0 … horizon, responses × shocks: to one standard deviation of the orthogonal shocks, or to one unit of
    /// each error.
    pub fn impulse(&self, horizon: usize, orthogonal: bool) -> Vec<Array2<f64>> {
        // The root was found when the fit was made.
        let root = if orthogonal { self.root().ok() } else { None };
        responses(&self.lag_matrices(), root.as_ref(), horizon, false)
    }

    /// The same, added up from step 0.
    pub fn cumulative_impulse(&self, horizon: usize, orthogonal: bool) -> Vec<Array2<f64>> {
        let root = if orthogonal { self.root().ok() } else { None };
        responses(&self.lag_matrices(), root.as_ref(), horizon, true)
    }

    /// With bands from the asymptotic normal distribution of coefficients and Σ (Lütkepohl 2005, §3.7), by the delta
    /// method.
    ///
    /// # Errors
    /// [`Error::Argument`] unless 0 < level < 1.
    pub fn impulse_asymptotic(
        &self,
        horizon: usize,
        orthogonal: bool,
        cumulative: bool,
        level: f64,
    ) -> Result<ImpulseBands> {
        let k = self.names.len();
        let at = |coefficients: &Array2<f64>, root: Option<&Array2<f64>>| {
            let lag = |l: usize| coefficients.slice(s![l * k..(l + 1) * k, ..]).t().to_owned();
            let lags: Vec<Array2<f64>> = (0..self.spec.lags).map(lag).collect();
            responses(&lags, root, horizon, cumulative)
        };
        let limit = Limit {
            coefficients: &self.coefficients,
            rows: (0..k * self.spec.lags).collect(),
            inverse: &self.inverse,
            sigma: &self.sigma,
            n: self.n_observed(),
        };
        limit.bands(at, orthogonal, level)
    }

    /// With percentile bands of a bootstrap that draws whole rows of centred residuals and fits every rebuilt sample again.
    ///
    /// # Errors
    /// [`Error::Argument`] for fewer than 20 draws or a level outside 0..1; [`Error::NotConverged`] when fewer than half of the
    /// rebuilt samples can be fitted.
    pub fn impulse_bootstrap(
        &self,
        horizon: usize,
        orthogonal: bool,
        cumulative: bool,
        level: f64,
        draws: usize,
        seed: Option<u64>,
    ) -> Result<ImpulseBands> {
        interval_level(level)?;
        if draws < 20 {
            return Err(argument("draws", draws, "at least 20"));
        }
        let seed = seed.unwrap_or_else(fresh_seed);
        let centred = &self.residuals - &self.residuals.mean_axis(ndarray::Axis(0)).unwrap_or_default();
        let fixed: Vec<String> =
            self.x.as_ref().map_or(Vec::new(), |x| (0..x.ncols()).map(|j| format!("x{j}")).collect());
        let one = |draw: usize| -> Option<Vec<Array2<f64>>> {
            let mut generator = stream(seed, draw as u64);
            let (p, k, n) = (self.spec.lags, self.names.len(), self.y.nrows());
            let mut y = self.y.clone();
            for t in p..n {
                let pick = (uniform(&mut generator) * centred.nrows() as f64) as usize;
                let mut row = self.z.row(t - p).to_owned();
                for j in 0..k * p {
                    row[j] = y[[t - 1 - j / k, j % k]];
                }
                let next = row.dot(&self.coefficients) + centred.row(pick);
                y.row_mut(t).assign(&next);
            }
            let x = self.x.as_ref().map(|x| (fixed.as_slice(), x.view()));
            let fit = self.spec.fit(&self.names, y.view(), x).ok()?;
            let root = if orthogonal { Some(fit.root().ok()?) } else { None };
            Some(responses(&fit.lag_matrices(), root.as_ref(), horizon, cumulative))
        };
        let root = if orthogonal { Some(self.root()?) } else { None };
        let estimate = responses(&self.lag_matrices(), root.as_ref(), horizon, cumulative);
        percentiles(estimate, parallel::map(draws, one), level, seed)
    }

    /// Shares of the forecast error variance at 1 … horizon that the orthogonal shocks account for, series × shocks.
    pub fn variance_shares(&self, horizon: usize) -> Vec<Array2<f64>> {
        shares(&self.impulse(horizon.saturating_sub(1), true), horizon)
    }

    /// Error covariances of forecasts at 1 … horizon, coefficients taken as known.
    pub(super) fn forecast_covariances(&self, horizon: usize) -> Vec<Array2<f64>> {
        let phi = moving_average(&self.lag_matrices(), horizon.saturating_sub(1));
        let mut sum = Array2::<f64>::zeros(self.sigma.dim());
        let add = |phi: &Array2<f64>| {
            sum += &phi.dot(&self.sigma).dot(&phi.t());
            sum.clone()
        };
        phi.iter().take(horizon).map(add).collect()
    }

    /// Coefficients of the lags of one series in one equation, nearest first.
    pub(super) fn own(&self, series: usize) -> Vec<usize> {
        (0..self.spec.lags).map(|lag| lag * self.names.len() + series).collect()
    }

    /// Rows of the lag coefficients.
    pub(super) fn lag_rows(&self) -> ndarray::ArrayView2<'_, f64> {
        self.coefficients.slice(s![..self.spec.lags * self.names.len(), ..])
    }
}

/// The normal distribution of coefficients (terms × equations) and Σ in large samples.
pub(in crate::timeseries) struct Limit<'a> {
    pub(in crate::timeseries) coefficients: &'a Array2<f64>,
    /// Terms that responses hang on.
    pub(in crate::timeseries) rows: Vec<usize>,
    /// `(Z'Z)⁻¹` of the terms.
    pub(in crate::timeseries) inverse: &'a Array2<f64>,
    pub(in crate::timeseries) sigma: &'a Array2<f64>,
    /// Periods explained.
    pub(in crate::timeseries) n: usize,
}

impl Limit<'_> {
    /// Bands of the responses `at` coefficients and a root of Σ, by the delta method, derivatives by central differences.
    pub(in crate::timeseries) fn bands(
        &self,
        at: impl Fn(&Array2<f64>, Option<&Array2<f64>>) -> Vec<Array2<f64>>,
        orthogonal: bool,
        level: f64,
    ) -> Result<ImpulseBands> {
        let reach = Normal::standard().quantile(0.5 + 0.5 * interval_level(level)?);
        let (sigma, k) = (self.sigma, self.sigma.nrows());
        let at = |coefficients: &Array2<f64>, sigma: &Array2<f64>| -> Result<Vec<Array2<f64>>> {
            let root = if orthogonal { Some(root(sigma)?) } else { None };
            Ok(at(coefficients, root.as_ref()))
        };
        let estimate = at(self.coefficients, sigma)?;
        let mut variance = vec![Array2::<f64>::zeros((k, k)); estimate.len()];
        let mut add = |left: &[Array2<f64>], right: &[Array2<f64>], covariance: f64| {
            for (v, (l, r)) in variance.iter_mut().zip(left.iter().zip(right)) {
                *v += &(l * r * covariance);
            }
        };
        // One derivative a coefficient: term c of equation i.
        let mut slopes = Vec::new();
        for (i, &c) in (0..k).flat_map(|i| self.rows.iter().map(move |c| (i, c))) {
            let step = 1e-5 * (self.inverse[[c, c]] * sigma[[i, i]]).sqrt();
            let moved = |by: f64| {
                let mut coefficients = self.coefficients.clone();
                coefficients[[c, i]] += by;
                at(&coefficients, sigma)
            };
            slopes.push((i, c, difference(&moved(step)?, &moved(-step)?, step)));
        }
        for (i, c, left) in &slopes {
            for (j, d, right) in &slopes {
                add(left, right, sigma[[*i, *j]] * self.inverse[[*c, *d]]);
            }
        }
        let pairs = (0..if orthogonal { k } else { 0 }).flat_map(|i| (0..=i).map(move |j| (i, j)));
        let mut slopes = Vec::new();
        for (i, j) in pairs {
            let step = 1e-5 * (sigma[[i, i]] * sigma[[j, j]]).sqrt();
            let moved = |by: f64| {
                let mut sigma = sigma.clone();
                sigma[[i, j]] += by;
                if i != j {
                    sigma[[j, i]] += by;
                }
                at(self.coefficients, &sigma)
            };
            slopes.push((i, j, difference(&moved(step)?, &moved(-step)?, step)));
        }
        for (i, j, left) in &slopes {
            for (a, b, right) in &slopes {
                let both = sigma[[*i, *a]] * sigma[[*j, *b]] + sigma[[*i, *b]] * sigma[[*j, *a]];
                add(left, right, both / self.n as f64);
            }
        }
        let shifted = |sign: f64| {
            let one =
                |(e, v): (&Array2<f64>, &Array2<f64>)| e + &(v.mapv(|v| v.max(0.0).sqrt()) * (sign * reach));
            estimate.iter().zip(&variance).map(one).collect()
        };
        Ok(ImpulseBands { lower: shifted(-1.0), upper: shifted(1.0), estimate, seed: None })
    }
}

fn difference(above: &[Array2<f64>], below: &[Array2<f64>], step: f64) -> Vec<Array2<f64>> {
    above.iter().zip(below).map(|(a, b)| (a - b) / (2.0 * step)).collect()
}

/// Shares of the variance of forecast errors at 1 … horizon, of orthogonal responses.
pub(in crate::timeseries) fn shares(theta: &[Array2<f64>], horizon: usize) -> Vec<Array2<f64>> {
    let mut sum = Array2::<f64>::zeros(theta[0].dim());
    let mut out = Vec::with_capacity(horizon);
    for step in theta.iter().take(horizon) {
        sum += &(step * step);
        let total = sum.sum_axis(ndarray::Axis(1));
        out.push(Array2::from_shape_fn(sum.dim(), |(i, j)| sum[[i, j]] / total[i]));
    }
    out
}

/// Percentile bands of rebuilt samples; of the draws, at least half must have been fitted.
pub(in crate::timeseries) fn percentiles(
    estimate: Vec<Array2<f64>>,
    rebuilt: Vec<Option<Vec<Array2<f64>>>>,
    level: f64,
    seed: u64,
) -> Result<ImpulseBands> {
    let tail = 0.5 * (1.0 - interval_level(level)?);
    let draws = rebuilt.len();
    let good: Vec<Vec<Array2<f64>>> = rebuilt.into_iter().flatten().collect();
    if good.len() * 2 < draws {
        let hint = "the system is too near to one without errors to be rebuilt".into();
        let method = "bootstrap of the impulse responses".into();
        return Err(Error::NotConverged { method, iterations: draws, last_change: f64::NAN, hint });
    }
    let at = |p: f64| {
        let step = |h: usize| {
            Array2::from_shape_fn(estimate[0].dim(), |place| {
                let mut values: Vec<f64> = good.iter().map(|g| g[h][place]).collect();
                values.sort_unstable_by(f64::total_cmp);
                crate::inference::quantile(&values, p, false)
            })
        };
        (0..estimate.len()).map(step).collect::<Vec<_>>()
    };
    let (lower, upper) = (at(tail), at(1.0 - tail));
    Ok(ImpulseBands { lower, upper, estimate, seed: Some(seed) })
}
