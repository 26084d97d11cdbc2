//! The future as joint paths: parameters, state and shocks all drawn.

use ndarray::{Array2, ArrayView2};

use crate::distribution::even_normals;
use crate::error::{Error, Result};
use crate::inference::Forecast;
use crate::parallel;
use crate::random::{fresh_seed, normal, stream};
use crate::timeseries::statespace::{add_draw, factor};
use crate::timeseries::structural::specification::argument;
use crate::timeseries::structural::{Scale, StructuralFit};

/// Draws of the parameters, which lie evenly; every one serves several paths, because each costs a pass of the filter.
const SETS: usize = 100;

/// Known parts of the outcome on the model's scale that are themselves uncertain: one draw a row, one period a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Offsets {
    /// Over the periods of the fit.
    pub history: Array2<f64>,
    /// Over the horizon, one a scenario.
    pub future: Vec<Array2<f64>>,
}

impl StructuralFit {
    /// The next `horizon` periods as simulated paths of the outcome, `draws` of them.
    ///
    /// A path draws the parameters from their asymptotic normal distribution (logs of variances, logit of damping),
    /// the last state from its filtered distribution under them, and every shock. Future regressors and exposure must
    /// be given if the fit has them.
    ///
    /// # Errors
    /// [`Error::Argument`] or [`Error::Shape`] for what is absent or does not fit; [`Error::Domain`] for values that
    /// cannot be.
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

    /// As [`forecast`](Self::forecast), under several named futures of the regressors.
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
        let seed = seed.unwrap_or_else(fresh_seed);
        let paths = self.simulate(horizon, futures, exposure, None, draws, seed)?;
        let labels = (1..=horizon).map(|h| format!("+{h}")).collect();
        let cutoff = self.data.labels.last().cloned().unwrap_or_else(|| (self.len() - 1).to_string());
        let forecast = Forecast::new(names, paths, labels, cutoff, seed)?;
        Ok(self.notes().into_iter().fold(forecast, Forecast::note))
    }

    /// Paths (draws × horizon) of the outcome under several futures of the regressors and offsets. Path i uses the same
    /// parameters, state and shocks under all of them, so that their differences are those of the scenarios alone.
    ///
    /// # Errors
    /// As [`forecast`](Self::forecast).
    pub fn simulate(
        &self,
        horizon: usize,
        futures: &[Option<ArrayView2<'_, f64>>],
        exposure: Option<&[f64]>,
        offsets: Option<&Offsets>,
        draws: usize,
        seed: u64,
    ) -> Result<Vec<Array2<f64>>> {
        if horizon == 0 || draws == 0 {
            return Err(argument("horizon or draws", 0, "at least 1"));
        }
        let exposure = self.data.future_exposure(horizon, exposure)?;
        let x =
            futures.iter().map(|x| self.data.regressors.future(horizon, *x)).collect::<Result<Vec<_>>>()?;
        if let Some(offsets) = offsets {
            self.check_offsets(offsets, x.len(), horizon)?;
        }
        let sets = offsets.map_or(SETS, |o| o.history.nrows().max(1)).min(draws);
        let parameters = even_normals(sets, self.theta.len(), &mut stream(seed, 0));
        let run = Run { fit: self, x: &x, exposure: &exposure, offsets, horizon, parameters, seed };
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
        Ok(paths)
    }

    fn check_offsets(&self, offsets: &Offsets, scenarios: usize, horizon: usize) -> Result<()> {
        let draws = offsets.history.nrows();
        let fine = offsets.history.ncols() == self.len()
            && offsets.future.len() == scenarios
            && offsets.future.iter().all(|f| f.dim() == (draws, horizon));
        if fine && draws > 0 {
            return Ok(());
        }
        Err(Error::Shape {
            what: "offsets".into(),
            expected: format!(
                "{} periods of history, {horizon} of future, {scenarios} scenarios",
                self.len()
            ),
            found: format!("{:?} and {} futures", offsets.history.dim(), offsets.future.len()),
        })
    }
}

struct Run<'a> {
    fit: &'a StructuralFit,
    x: &'a [Array2<f64>],
    exposure: &'a [f64],
    offsets: Option<&'a Offsets>,
    horizon: usize,
    /// Draws of the parameters, before their covariance.
    parameters: Array2<f64>,
    seed: u64,
}

impl Run<'_> {
    /// All paths of one draw of the parameters: path by path, scenario by scenario, period by period.
    fn set(&self, set: usize, draws: impl Iterator<Item = usize>) -> Result<Vec<f64>> {
        let fit = self.fit;
        let (data, layout) = (&fit.data, fit.layout());
        let mut problem = fit.problem.clone();
        let standard = self.parameters.row(set);
        let step = |i: usize| fit.root.row(i).iter().zip(standard).map(|(r, e)| r * e).sum::<f64>();
        let theta: Vec<f64> = fit.theta.iter().enumerate().map(|(i, t)| t + step(i)).collect();
        if !problem.set(&theta) {
            problem.set(&fit.theta);
        }
        let mut z = data.z.clone();
        if let Some(offsets) = self.offsets {
            for (t, z) in z.iter_mut().enumerate() {
                let mean = data.offset.as_ref().map_or(0.0, |o| o[t]);
                *z += (mean - offsets.history[[set, t]]) / data.spread;
            }
        }
        problem.filtered(&z)?;
        let (mean, covariance, _) = problem.work.next();
        let (mean, factor) = (mean.to_vec(), factor(covariance, layout.states));
        let model = &problem.model;
        let sizes: Vec<f64> = model.state_variances().iter().map(|q| q.sqrt()).collect();
        let mut out = Vec::new();
        let mut scratch = vec![0.0; layout.states];
        for draw in draws {
            let mut generator = stream(self.seed, 2 * draw as u64 + 1);
            let mut state = mean.clone();
            add_draw(&mut state, &factor, &mut generator);
            let mut base = Vec::with_capacity(self.horizon);
            let mut betas = Vec::new();
            for _ in 0..self.horizon {
                let fixed: f64 = model.loading().iter().zip(&state).map(|(z, a)| z * a).sum();
                base.push((fixed, normal(&mut generator), normal(&mut generator)));
                betas.extend_from_slice(&state[layout.regressors..]);
                model.step_mean(&mut state, &mut scratch);
                for (a, size) in state.iter_mut().zip(&sizes).filter(|(_, size)| **size > 0.0) {
                    *a += size * normal(&mut generator);
                }
            }
            let k = layout.states - layout.regressors;
            for (scenario, x) in self.x.iter().enumerate() {
                for (h, &(fixed, shock, sampling)) in base.iter().enumerate() {
                    let beta = &betas[h * k..(h + 1) * k];
                    let regression: f64 = x.row(h).iter().zip(beta).map(|(x, b)| x * b).sum();
                    let offset = self.offsets.map_or(0.0, |o| o.future[scenario][[set, h]]);
                    let irregular = model.noise().sqrt() * shock * data.spread;
                    let expected = data.centre + data.spread * (fixed + regression) + offset;
                    out.push(self.outcome(expected, irregular, sampling, self.exposure[h]));
                }
            }
        }
        Ok(out)
    }

    /// Back to the outcome, with the sampling of the count where the model has it.
    fn outcome(&self, expected: f64, irregular: f64, sampling: f64, exposure: f64) -> f64 {
        let scaled = expected + irregular;
        match self.fit.spec.scale {
            Scale::Identity => scaled * exposure,
            Scale::Log if self.fit.spec.sampling => {
                let mean = scaled.exp() * exposure;
                // 1/y again, but never wilder than one event: the log of a count below one is not observed.
                (scaled + sampling / mean.max(1.0).sqrt()).exp() * exposure
            }
            Scale::Log => scaled.exp() * exposure,
        }
    }
}
