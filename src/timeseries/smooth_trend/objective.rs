//! The penalised likelihood, and the restricted likelihood of its penalties.

use ndarray::{Array1, Array2, s};

use super::basis::{Basis, WIDTH, part_of_year, second_differences};
use crate::data::Count;
use crate::error::{Error, Result};
use crate::linalg::{Cholesky, eigen_symmetric};
use crate::timeseries::joinpoint::{Data, cell, constants, crude};

/// Newton steps of one ascent.
const STEPS: usize = 200;

/// A series in coordinates where the penalties are diagonal: however strong they are, no digit of the rest is lost.
pub(super) struct Problem<'a> {
    pub(super) data: &'a Data,
    pub(super) splines: usize,
    pub(super) season: usize,
    rows: Vec<(usize, [f64; WIDTH])>,
    parts: Vec<usize>,
    /// From coordinates to splines and parts of the year, which then sum to zero.
    pub(super) rotation: Array2<f64>,
    /// Of the splines, and of the season.
    pub(super) penalties: Vec<Penalty>,
}

/// Squared second differences, scaled to the information that the data have.
pub(super) struct Penalty {
    /// Of every coordinate.
    values: Array1<f64>,
    rank: f64,
    pub(super) scale: f64,
}

/// What penalties and dispersion lead to.
pub(super) struct Ascent {
    /// Coordinates.
    pub(super) theta: Array1<f64>,
    pub(super) log_likelihood: f64,
    /// The information of the data, and that with the penalty.
    pub(super) information: Array2<f64>,
    pub(super) penalised: Cholesky,
    /// What the choice of the penalties minimises.
    pub(super) restricted: f64,
}

/// Logarithms of the penalties' weights, and α, zero of a Poisson.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    pub(super) logs: Vec<f64>,
    pub(super) dispersion: f64,
}

impl Weights {
    fn size(&self) -> f64 {
        if self.dispersion > 0.0 { self.dispersion.recip() } else { f64::INFINITY }
    }
}

impl<'a> Problem<'a> {
    /// With the log of the crude rate.
    ///
    /// # Errors
    /// [`Error::NothingToEstimate`] where nothing happened.
    pub(super) fn new(data: &'a Data, basis: &Basis, season: usize) -> Result<(Self, f64)> {
        let rows: Vec<_> = data.times.iter().map(|&t| basis.at(t)).map(|(first, b, _)| (first, b)).collect();
        let parts = if season > 1 {
            data.times.iter().map(|&t| part_of_year(t, season)).collect()
        } else {
            Vec::new()
        };
        let (splines, season) = (basis.columns(), if season > 1 { season } else { 0 });
        let coordinates = splines + season.saturating_sub(1);
        let mut made = Self {
            data,
            splines,
            season,
            rows,
            parts,
            rotation: Array2::zeros((splines + season, coordinates)),
            penalties: Vec::new(),
        };
        let level = crude(data)?[0];
        let means: Vec<f64> = data.log_exposure.iter().map(|e| (level + e).exp()).collect();
        let told = made.assemble(&means);
        for (n, cyclic, first) in [(splines, false, 0), (season, true, splines)] {
            if n == 0 {
                continue;
            }
            let differences = second_differences(n, cyclic);
            let trace: f64 = (first..first + n).map(|j| told[[j, j]]).sum();
            let scale = trace / differences.diag().sum();
            let (values, vectors) = eigen_symmetric(differences.view())?;
            // Lines are not penalised; the level of the season is left to the trend.
            let (free, from) = if cyclic { (0, 1) } else { (2, 0) };
            let mut penalty =
                Penalty { values: Array1::zeros(coordinates), rank: (n - free - from) as f64, scale };
            for j in from..n {
                let at = first + j - from;
                made.rotation.slice_mut(s![first..first + n, at]).assign(&vectors.column(j));
                penalty.values[at] = if j < free { 0.0 } else { scale * values[j] };
            }
            made.penalties.push(penalty);
        }
        Ok((made, level))
    }

    /// Coordinates of a trend that stays at a level.
    pub(super) fn flat(&self, level: f64) -> Array1<f64> {
        let mut splines = Array1::zeros(self.splines + self.season);
        splines.slice_mut(s![..self.splines]).fill(level);
        self.rotation.t().dot(&splines)
    }

    /// `X' diag(w) X`.
    fn assemble(&self, w: &[f64]) -> Array2<f64> {
        let n = self.splines + self.season;
        let mut out = Array2::zeros((n, n));
        for (row, &w) in w.iter().enumerate() {
            let (first, b) = &self.rows[row];
            for i in 0..WIDTH {
                for j in 0..WIDTH {
                    out[[first + i, first + j]] += w * b[i] * b[j];
                }
            }
            if let Some(part) = self.parts.get(row) {
                let at = self.splines + part;
                out[[at, at]] += w;
                for i in 0..WIDTH {
                    out[[at, first + i]] += w * b[i];
                    out[[first + i, at]] += w * b[i];
                }
            }
        }
        out
    }

    /// The diagonal of the penalty.
    fn penalty(&self, weights: &Weights) -> Array1<f64> {
        let mut out = Array1::zeros(self.rotation.ncols());
        for (penalty, log) in self.penalties.iter().zip(&weights.logs) {
            out.scaled_add(log.exp(), &penalty.values);
        }
        out
    }

    /// Log mean of a row without the exposure, from coefficients of splines and parts of the year.
    pub(super) fn linear(&self, beta: &Array1<f64>, row: usize) -> f64 {
        let (first, b) = &self.rows[row];
        let trend: f64 = b.iter().enumerate().map(|(k, b)| b * beta[first + k]).sum();
        trend + self.parts.get(row).map_or(0.0, |part| beta[self.splines + part])
    }

    /// Newton's ascent of the penalised likelihood.
    ///
    /// # Errors
    /// [`Error::NotConverged`].
    pub(super) fn ascend(&self, weights: &Weights, start: &Array1<f64>) -> Result<Ascent> {
        let n = self.data.times.len();
        let (size, penalty) = (weights.size(), self.penalty(weights));
        let perfect = self.perfect(size);
        let mut score = vec![0.0; n];
        let mut information = vec![0.0; n];
        let evaluate = |theta: &Array1<f64>, score: &mut [f64], information: &mut [f64]| {
            let beta = self.rotation.dot(theta);
            let mut sum = 0.0;
            for row in 0..n {
                let mean = (self.linear(&beta, row) + self.data.log_exposure[row]).exp();
                let count = self.data.counts[row];
                let (hidden, s, h) = cell(count, 0.0, mean, size);
                sum += count.exact().map_or(hidden, |y| perfect[row] + short_of_perfect(y, mean, size));
                (score[row], information[row]) = (s, h);
            }
            let penalised: f64 = theta.iter().zip(&penalty).map(|(t, p)| p * t * t).sum();
            (sum, sum - 0.5 * penalised)
        };
        let mut theta = start.clone();
        let (mut log_likelihood, mut value) = evaluate(&theta, &mut score, &mut information);
        let mut decrement = f64::NAN;
        for _ in 0..STEPS {
            if !value.is_finite() {
                break;
            }
            let told = self.rotation.t().dot(&self.assemble(&information)).dot(&self.rotation);
            let mut both = told.clone();
            both.diag_mut().scaled_add(1.0, &penalty);
            let penalised = Cholesky::new(both.view(), "the information of the trend")?;
            let gradient = self.rotation.t().dot(&self.gradient(&score)) - &penalty * &theta;
            let step = penalised.solve(gradient.view());
            decrement = gradient.dot(&step);
            if decrement <= 1e-13 * (1.0 + value.abs()) {
                let ranks: f64 = self.penalties.iter().zip(&weights.logs).map(|(p, log)| p.rank * log).sum();
                let restricted = 0.5 * (penalised.log_determinant() - ranks) - value;
                return Ok(Ascent { theta, log_likelihood, information: told, penalised, restricted });
            }
            let mut length = 1.0;
            loop {
                let trial = &theta + &(&step * length);
                let reached = evaluate(&trial, &mut score, &mut information);
                if reached.1 >= value - 1e-12 * value.abs() {
                    theta = trial;
                    (log_likelihood, value) = reached;
                    break;
                }
                length *= 0.5;
                if length < 1e-10 {
                    return Err(not_converged(decrement));
                }
            }
        }
        Err(not_converged(decrement))
    }

    /// The log-likelihood of every known count at a mean of its own.
    fn perfect(&self, size: f64) -> Vec<f64> {
        let at = |(count, constant): (&Count, f64)| {
            count.exact().map_or(0.0, |y| if y > 0.0 { cell(*count, constant, y, size).0 } else { 0.0 })
        };
        self.data.counts.iter().zip(constants(self.data, size)).map(at).collect()
    }

    /// `X' score`.
    fn gradient(&self, score: &[f64]) -> Array1<f64> {
        let mut out = Array1::zeros(self.splines + self.season);
        for (row, &s) in score.iter().enumerate() {
            let (first, b) = &self.rows[row];
            (0..WIDTH).for_each(|k| out[first + k] += s * b[k]);
            if let Some(part) = self.parts.get(row) {
                out[self.splines + part] += s;
            }
        }
        out
    }
}

/// How far a mean's log-likelihood is below that of `y` itself as the mean: of large counts both are far larger.
fn short_of_perfect(y: f64, mean: f64, size: f64) -> f64 {
    let d = mean - y;
    let own = if y > 0.0 { y * (d / y).ln_1p() } else { 0.0 };
    own - if size.is_infinite() { d } else { (y + size) * (d / (y + size)).ln_1p() }
}

fn not_converged(decrement: f64) -> Error {
    Error::NotConverged {
        method: "smooth trend".into(),
        iterations: STEPS,
        last_change: decrement,
        hint: "fewer pieces, or periods further apart".into(),
    }
}
