//! What comes next, for all series at once.

use ndarray::Array2;

use crate::distribution::Normal;
use crate::error::Result;
use crate::inference::{Forecast, interval_level};
use crate::parallel;
use crate::random::{fresh_seed, normal, stream};
use crate::timeseries::var::{VarPrediction, argument, half, moving_average, root};
use crate::timeseries::vecm::VecmFit;

impl VecmFit {
    /// Periods `from` … of a path that has the rows before it: errors are added by `shock`.
    pub(super) fn path(
        &self,
        coefficients: &Array2<f64>,
        y: &mut Array2<f64>,
        from: usize,
        mut shock: impl FnMut(usize, &mut [f64]),
    ) {
        let (p, r, form) = (self.names.len(), self.spec.rank, self.spec.form());
        let mut next = vec![0.0; p];
        for t in from..y.nrows() {
            next.fill(0.0);
            let mut add = |row: usize, value: f64| {
                next.iter_mut().zip(coefficients.row(row)).for_each(|(v, b)| *v += b * value);
            };
            for j in 0..r {
                let mut deviation = 0.0;
                for i in 0..p {
                    deviation += self.beta[[i, j]] * y[[t - 1, i]];
                }
                if let Some(beside) = form.beside(t - 1) {
                    deviation += self.beta[[p, j]] * beside;
                }
                add(j, deviation);
            }
            let fixed = form.fixed(t);
            fixed.iter().enumerate().for_each(|(j, v)| add(r + j, *v));
            for lag in 1..=form.lags {
                for j in 0..p {
                    add(r + fixed.len() + (lag - 1) * p + j, y[[t - lag, j]] - y[[t - lag - 1, j]]);
                }
            }
            shock(t - from, &mut next);
            for (j, step) in next.iter().enumerate() {
                y[[t, j]] = y[[t - 1, j]] + step;
            }
        }
    }

    /// The series, with room for what comes next.
    fn longer(&self, horizon: usize) -> Array2<f64> {
        let n = self.y.nrows();
        Array2::from_shape_fn(
            (n + horizon, self.y.ncols()),
            |(t, j)| if t < n { self.y[[t, j]] } else { 0.0 },
        )
    }

    /// Means of the next periods with intervals of normal errors, the coefficients taken as known.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for a horizon of zero or a level outside 0..1.
    pub fn predict(&self, horizon: usize, level: f64) -> Result<VarPrediction> {
        let reach = Normal::standard().quantile(0.5 + 0.5 * interval_level(level)?);
        if horizon == 0 {
            return Err(argument("horizon", 0, "at least 1"));
        }
        let n = self.y.nrows();
        let mut y = self.longer(horizon);
        self.path(&self.coefficients, &mut y, n, |_, _| {});
        let mean = y.slice(ndarray::s![n.., ..]).to_owned();
        let phi = moving_average(&self.lag_matrices(), horizon - 1);
        let mut half = Array2::zeros(mean.dim());
        let mut sum = Array2::<f64>::zeros(self.sigma.dim());
        for (h, phi) in phi.iter().enumerate() {
            sum += &phi.dot(&self.sigma).dot(&phi.t());
            half.row_mut(h).assign(&sum.diag().mapv(|v| reach * v.sqrt()));
        }
        Ok(VarPrediction { lower: &mean - &half, upper: &mean + &half, mean })
    }

    /// The next periods as joint paths, one [`Forecast`] a series: path i of every series is of one draw of the coefficients
    /// (given the relations) and errors.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn forecast(&self, horizon: usize, draws: usize, seed: Option<u64>) -> Result<Vec<Forecast>> {
        if horizon == 0 || draws == 0 {
            return Err(argument("horizon or draws", 0, "at least 1"));
        }
        let seed = seed.unwrap_or_else(fresh_seed);
        let root = root(&self.sigma)?;
        let spread = half(&self.inverse)?;
        let ((m, p), n) = (self.coefficients.dim(), self.y.nrows());
        let one = |draw: usize| {
            let mut generator = stream(seed, draw as u64);
            let e = Array2::from_shape_fn((m, p), |_| normal(&mut generator));
            let coefficients = &self.coefficients + &spread.dot(&e).dot(&root.t());
            let errors = Array2::from_shape_fn((horizon, p), |_| normal(&mut generator)).dot(&root.t());
            let mut y = self.longer(horizon);
            self.path(&coefficients, &mut y, n, |h, next| {
                next.iter_mut().zip(errors.row(h)).for_each(|(v, e)| *v += e);
            });
            y.slice(ndarray::s![n.., ..]).to_owned()
        };
        let paths = parallel::map(draws, one);
        let labels: Vec<String> = (1..=horizon).map(|h| format!("+{h}")).collect();
        let series = |j: usize| {
            let own = Array2::from_shape_fn((draws, horizon), |(i, h)| paths[i][[h, j]]);
            let cutoff = (n - 1).to_string();
            Forecast::new(vec!["forecast".into()], vec![own], labels.clone(), cutoff, seed)
        };
        (0..p).map(series).collect()
    }
}
