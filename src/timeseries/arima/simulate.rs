//! The future as joint paths: parameters, state and shocks all drawn.

use ndarray::{Array2, ArrayView2};

use crate::error::Result;
use crate::inference::Forecast;
use crate::linalg::Cholesky;
use crate::parallel::{Watch, try_map};
use crate::random::{chi_squared, fresh_seed, normal, stream};
use crate::timeseries::arima::ArimaFit;
use crate::timeseries::arima::estimate::{regression, root};
use crate::timeseries::arima::fit::no_likelihood;
use crate::timeseries::arima::likelihood::Objective;
use crate::timeseries::arima::specification::argument;
use crate::timeseries::arima::states::evaluated;
use crate::timeseries::statespace::{StateSpace, add_draw, factor};

/// Draws of the parameters; every one serves several paths, because each costs a pass of the filter.
const SETS: usize = 200;

/// A draw of the parameters.
struct Draw {
    natural: Vec<f64>,
    terms: Vec<f64>,
    model: StateSpace,
}

impl ArimaFit {
    /// The next `horizon` periods as simulated paths, `draws` of them.
    ///
    /// A path draws the factors from their asymptotic normal distribution (as inverse tanh of partial
    /// autocorrelations), σ² from its inverse χ² and the regression from its normal distribution given those, the last
    /// state from its filtered distribution under them, and every shock.
    ///
    /// # Errors
    /// [`crate::Error::Argument`], [`crate::Error::Shape`] or [`crate::Error::Domain`] for future regressors that are
    /// absent or do not fit.
    pub fn forecast(
        &self,
        horizon: usize,
        x: Option<ArrayView2<'_, f64>>,
        draws: usize,
        seed: Option<u64>,
    ) -> Result<Forecast> {
        self.forecast_under(horizon, vec!["forecast".into()], &[x], draws, seed)
    }

    /// As [`forecast`](Self::forecast), under several named futures of the regressors. Path i uses the same parameters,
    /// state and shocks under all of them, so that their differences are those of the scenarios alone.
    ///
    /// # Errors
    /// As [`forecast`](Self::forecast).
    pub fn forecast_under(
        &self,
        horizon: usize,
        names: Vec<String>,
        futures: &[Option<ArrayView2<'_, f64>>],
        draws: usize,
        seed: Option<u64>,
    ) -> Result<Forecast> {
        if horizon == 0 || draws == 0 {
            return Err(argument("horizon or draws", 0, "at least 1"));
        }
        let seed = seed.unwrap_or_else(fresh_seed);
        let x = futures.iter().map(|x| self.data.future(horizon, *x)).collect::<Result<Vec<_>>>()?;
        let sets = SETS.min(draws);
        let spread = root(&self.data.columns, &self.layout, self.kind, &self.found.free);
        let run = |set: usize| self.paths(set, (set..draws).step_by(sets), &x, &spread, horizon, seed);
        let done = try_map(sets, &Watch::none(), run)?;
        let mut paths = vec![Array2::zeros((draws, horizon)); x.len()];
        for (set, outcome) in done.into_iter().enumerate() {
            let mut values = outcome.into_iter();
            for draw in (set..draws).step_by(sets) {
                for scenario in &mut paths {
                    scenario.row_mut(draw).iter_mut().for_each(|v| *v = values.next().unwrap_or(f64::NAN));
                }
            }
        }
        let labels = (1..=horizon).map(|h| format!("+{h}")).collect();
        let last = self.data.y.len() - 1;
        let cutoff = self.data.labels.get(last).cloned().unwrap_or_else(|| last.to_string());
        let forecast = Forecast::new(names, paths, labels, cutoff, seed)?;
        Ok(self.notes().into_iter().fold(forecast, Forecast::note))
    }

    /// All paths of one draw of the parameters: path by path, scenario by scenario, period by period.
    fn paths(
        &self,
        set: usize,
        draws: impl Iterator<Item = usize>,
        x: &[Array2<f64>],
        spread: &Array2<f64>,
        horizon: usize,
        seed: u64,
    ) -> Result<Vec<f64>> {
        let drawn = self.draw(set, spread, seed)?;
        let model = &drawn.model;
        let (mean, covariance) = self.last_state(model, &drawn.natural, &drawn.terms)?;
        let lower = factor(&covariance, mean.len());
        let size = model.state_variances()[0].sqrt();
        let mut scratch = vec![0.0; mean.len()];
        let mut out = Vec::new();
        for draw in draws {
            let mut generator = stream(seed, 2 * draw as u64 + 1);
            let mut state = mean.clone();
            add_draw(&mut state, &lower, &mut generator);
            let mut base = Vec::with_capacity(horizon);
            for _ in 0..horizon {
                base.push(model.loading().iter().zip(&state).map(|(z, a)| z * a).sum::<f64>());
                model.step_mean(&mut state, &mut scratch);
                state[0] += size * normal(&mut generator);
            }
            for x in x {
                for (h, &value) in base.iter().enumerate() {
                    let regression: f64 = x.row(h).iter().zip(&drawn.terms).map(|(x, b)| x * b).sum();
                    out.push(regression + self.data.spread * value);
                }
            }
        }
        Ok(out)
    }

    fn draw(&self, set: usize, spread: &Array2<f64>, seed: u64) -> Result<Draw> {
        let mut generator = stream(seed, 2 * set as u64);
        let (columns, layout) = (&self.data.columns, &self.layout);
        let standard: Vec<f64> = self.found.free.iter().map(|_| normal(&mut generator)).collect();
        let move_of = |i: usize| spread.row(i).iter().zip(&standard).map(|(r, e)| r * e).sum::<f64>();
        let free: Vec<f64> = self.found.free.iter().enumerate().map(|(i, f)| f + move_of(i)).collect();
        let mut natural = vec![0.0; layout.shape.len()];
        layout.unpack(&free, &mut natural);
        // A draw outside the region (given parameters are not kept in it) is no draw.
        let work = match evaluated(layout.shape, columns, &natural, self.kind) {
            Some(work) => work,
            None => {
                natural.clone_from(&self.found.natural);
                evaluated(layout.shape, columns, &natural, self.kind).ok_or_else(no_likelihood)?
            }
        };
        let mut variance = match self.kind {
            Objective::Given(variance) => variance,
            _ => {
                let left =
                    (columns.observed() as f64 - columns.regressors() as f64 - free.len() as f64).max(1.0);
                work.quadratic / chi_squared(&mut generator, left)
            }
        };
        if !(variance.is_finite() && variance > 0.0) {
            variance = self.scaled_variance;
        }
        let (beta, covariance) = regression(&self.data, &work, self.kind);
        let mut estimated = beta.to_vec();
        if let Ok(factor) = Cholesky::new(covariance.view(), "covariance of the regressors") {
            let lower = factor.lower() * (variance / self.scaled_variance).sqrt();
            let standard: Vec<f64> = beta.iter().map(|_| normal(&mut generator)).collect();
            for (i, b) in estimated.iter_mut().enumerate() {
                *b += lower.row(i).iter().zip(&standard).map(|(l, e)| l * e).sum::<f64>();
            }
        }
        let model = self.states_at(&natural, variance)?;
        Ok(Draw { natural, terms: self.data.all_terms(&estimated), model })
    }
}
