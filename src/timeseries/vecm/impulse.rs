//! How a shock to one series moves the others, for good too.

use ndarray::{Array2, Axis};

use crate::error::Result;
use crate::inference::interval_level;
use crate::parallel;
use crate::random::{fresh_seed, stream, uniform};
use crate::timeseries::var::{ImpulseBands, Limit, argument, percentiles, responses, root, shares};
use crate::timeseries::vecm::VecmFit;

impl VecmFit {
    /// Responses of the levels at 0 … horizon, responses × shocks: to one standard deviation of the orthogonal shocks (the
    /// Cholesky root of Σ, in the order of the series), or to one unit of each error.
    pub fn impulse(&self, horizon: usize, orthogonal: bool) -> Vec<Array2<f64>> {
        // The root was found when the fit was made.
        let root = if orthogonal { root(&self.sigma).ok() } else { None };
        responses(&self.lag_matrices(), root.as_ref(), horizon, false)
    }

    /// With bands from the asymptotic normal distribution of loadings, Γ and Σ by the delta method. Relations count as known:
    /// they are found at the rate of the number of periods, the rest at that of its root (Lütkepohl 2005, §7.2).
    ///
    /// # Errors
    /// [`crate::Error::Argument`] unless 0 < level < 1.
    pub fn impulse_asymptotic(&self, horizon: usize, orthogonal: bool, level: f64) -> Result<ImpulseBands> {
        let (rank, terms) = (self.spec.rank, self.coefficients.nrows());
        let lagged = terms - self.spec.lags * self.names.len();
        let limit = Limit {
            coefficients: &self.coefficients,
            rows: (0..rank).chain(lagged..terms).collect(),
            inverse: &self.inverse,
            sigma: &self.sigma,
            n: self.n_observed(),
        };
        let at = |coefficients: &Array2<f64>, root: Option<&Array2<f64>>| {
            responses(&self.lag_matrices_of(coefficients), root, horizon, false)
        };
        limit.bands(at, orthogonal, level)
    }

    /// With percentile bands of a bootstrap that draws whole rows of centred residuals and fits every rebuilt sample again,
    /// relations included.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for fewer than 20 draws or a level outside 0..1; [`crate::Error::NotConverged`] when fewer
    /// than half of the rebuilt samples can be fitted.
    pub fn impulse_bootstrap(
        &self,
        horizon: usize,
        orthogonal: bool,
        level: f64,
        draws: usize,
        seed: Option<u64>,
    ) -> Result<ImpulseBands> {
        interval_level(level)?;
        if draws < 20 {
            return Err(argument("draws", draws, "at least 20"));
        }
        let seed = seed.unwrap_or_else(fresh_seed);
        let centred = &self.residuals - &self.residuals.mean_axis(Axis(0)).unwrap_or_default();
        let one = |draw: usize| -> Option<Vec<Array2<f64>>> {
            let mut generator = stream(seed, draw as u64);
            let mut y = self.y.clone();
            self.path(&self.coefficients, &mut y, self.spec.form().start(), |_, next| {
                let pick = (uniform(&mut generator) * centred.nrows() as f64) as usize;
                next.iter_mut().zip(centred.row(pick)).for_each(|(v, e)| *v += e);
            });
            Some(self.spec.fit(&self.names, y.view()).ok()?.impulse(horizon, orthogonal))
        };
        percentiles(self.impulse(horizon, orthogonal), parallel::map(draws, one), level, seed)
    }

    /// Shares of the forecast error variance at 1 … horizon that the orthogonal shocks account for, series × shocks.
    pub fn variance_shares(&self, horizon: usize) -> Vec<Array2<f64>> {
        shares(&self.impulse(horizon.saturating_sub(1), true), horizon)
    }
}
