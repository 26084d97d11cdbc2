//! The future of counts as joint paths: parameters, states and counts all drawn.

use ndarray::{Array2, ArrayView2};

use crate::distribution::even_normals;
use crate::error::Result;
use crate::inference::Forecast;
use crate::parallel;
use crate::random::{fresh_seed, normal, stream, uniform};
use crate::timeseries::counts::draw;
use crate::timeseries::statespace::{add_draw, factor};
use crate::timeseries::structural::count_fit::astray;
use crate::timeseries::structural::likelihood::Problem;
use crate::timeseries::structural::regressors::future_exposure;
use crate::timeseries::structural::specification::argument;
use crate::timeseries::structural::{Component, CountStructuralFit};

/// Draws of the parameters, which lie evenly; every one serves several paths, because each costs a search for the mode.
const SETS: usize = 100;
/// Means are kept below this: a random walk of logarithms has no upper end.
const LARGEST: f64 = 1e15;

impl CountStructuralFit {
    /// The next `horizon` periods as simulated paths of counts, `draws` of them.
    ///
    /// A path draws the parameters from their asymptotic normal distribution (logs of variances and dispersion), the last
    /// state from its normal approximation under them, every shock and every count. Future regressors and exposure must be
    /// given if the fit has them; future counts are wholly reported.
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
    /// states, shocks and uniform numbers under all of them.
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
        if horizon == 0 || draws == 0 {
            return Err(argument("horizon or draws", 0, "at least 1"));
        }
        let exposure = future_exposure(horizon, self.data.has_exposure, exposure)?;
        let x = futures.iter().map(|x| self.regressors.future(horizon, *x)).collect::<Result<Vec<_>>>()?;
        let seed = seed.unwrap_or_else(fresh_seed);
        let sets = SETS.min(draws);
        let parameters = even_normals(sets, self.theta.len(), &mut stream(seed, 0));
        let run = Run { fit: self, x: &x, exposure: &exposure, horizon, parameters, seed };
        let done = parallel::map(sets, |set| run.set(set, (set..draws).step_by(sets)));
        let mut paths = vec![Array2::zeros((draws, horizon)); x.len()];
        for (set, outcome) in done.into_iter().enumerate() {
            let mut values = outcome?.into_iter();
            for draw in (set..draws).step_by(sets) {
                for scenario in &mut paths {
                    scenario.row_mut(draw).iter_mut().for_each(|v| *v = values.next().unwrap_or(f64::NAN));
                }
            }
        }
        let labels = (1..=horizon).map(|h| format!("+{h}")).collect();
        let cutoff = self.data.labels.last().cloned().unwrap_or_else(|| (self.len() - 1).to_string());
        let forecast = Forecast::new(names, paths, labels, cutoff, seed)?.counts();
        Ok(self.notes().into_iter().fold(forecast, Forecast::note))
    }
}

struct Run<'a> {
    fit: &'a CountStructuralFit,
    x: &'a [Array2<f64>],
    exposure: &'a [f64],
    horizon: usize,
    /// Draws of the parameters, before their covariance.
    parameters: Array2<f64>,
    seed: u64,
}

impl Run<'_> {
    /// All paths of one draw of the parameters: path by path, scenario by scenario, period by period.
    fn set(&self, set: usize, draws: impl Iterator<Item = usize>) -> Result<Vec<f64>> {
        let fit = self.fit;
        let layout = fit.layout();
        let standard = self.parameters.row(set);
        let step = |i: usize| fit.root.row(i).iter().zip(standard).map(|(r, e)| r * e).sum::<f64>();
        let mut theta: Vec<f64> = fit.theta.iter().enumerate().map(|(i, t)| t + step(i)).collect();
        let mut problem = fit.problem.clone();
        if !problem.cost(&theta, &[]).is_finite() {
            theta.clone_from(&fit.theta);
            problem.clone_from(&fit.problem);
        }
        let dispersion = problem.variance(Component::Dispersion, &theta).unwrap_or(0.0);
        let Problem { cells: Some(cells), model, .. } = &problem else {
            return Err(astray(crate::timeseries::statespace::Trouble::Astray));
        };
        let (mean, covariance) = cells.laplace.next();
        let root = factor(&covariance, layout.states);
        let sizes: Vec<f64> = model.state_variances().iter().map(|q| q.sqrt()).collect();
        let mut scratch = vec![0.0; layout.states];
        let mut out = Vec::new();
        for path in draws {
            let mut generator = stream(self.seed, 2 * path as u64 + 1);
            let mut state = mean.clone();
            add_draw(&mut state, &root, &mut generator);
            let mut base = Vec::with_capacity(self.horizon);
            let mut betas = Vec::new();
            for _ in 0..self.horizon {
                let fixed: f64 = model.loading().iter().zip(&state).map(|(z, a)| z * a).sum();
                base.push((fixed, uniform(&mut generator)));
                betas.extend_from_slice(&state[layout.regressors..]);
                model.step_mean(&mut state, &mut scratch);
                for (a, size) in state.iter_mut().zip(&sizes).filter(|(_, size)| **size > 0.0) {
                    *a += size * normal(&mut generator);
                }
            }
            let k = layout.states - layout.regressors;
            for x in self.x {
                for (h, &(fixed, u)) in base.iter().enumerate() {
                    let beta = &betas[h * k..(h + 1) * k];
                    let regression: f64 = x.row(h).iter().zip(beta).map(|(x, b)| x * b).sum();
                    let mean = (fit.centre + fixed + regression).exp() * self.exposure[h];
                    out.push(draw(mean.clamp(1.0 / LARGEST, LARGEST), dispersion, u));
                }
            }
        }
        Ok(out)
    }
}
