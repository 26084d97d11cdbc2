//! The climb: expectation and maximisation into the region of the maximum (Dempster, Laird & Rubin 1977, *JRSS B* 39), one
//! Newton step an expectation, then Newton's method on the likelihood itself. Where the Hessian is not negative definite its
//! eigenvalues of the wrong sign are turned about; no step may lower what is climbed.

use ndarray::{Array1, Array2, ArrayView1, Axis, s};

use super::jet::Jet;
use super::parts::{CountFamily, Kind, Parts};
use crate::error::{Error, Result};
use crate::linalg::{Cholesky, eigen_symmetric, least_squares};
use crate::regression::irls::Limits;
use crate::regression::likelihood::{Cell, Likelihood};

/// What is climbed on, its columns of unit scale.
pub(super) struct Rows {
    pub(super) kind: Kind,
    pub(super) x: Array2<f64>,
    pub(super) z: Array2<f64>,
    pub(super) offset: Vec<f64>,
    pub(super) cells: Vec<Cell>,
    pub(super) weights: Vec<f64>,
}

/// Where the climb ended.
pub(super) struct Summit {
    /// Those of the counts, those of the binary part, and `τ` if there is one.
    pub(super) parameters: Array1<f64>,
    pub(super) alpha: f64,
    pub(super) log_likelihood: f64,
    /// Scores of every row, weights included.
    pub(super) scores: Array2<f64>,
    pub(super) information: Array2<f64>,
    pub(super) iterations: usize,
    /// The size of the last step where it was still above the tolerance.
    pub(super) unfinished: Option<f64>,
}

/// What is climbed, at one place.
struct Ground {
    log: f64,
    slopes: Array2<f64>,
    gradient: Array1<f64>,
    information: Array2<f64>,
}

/// Steps of expectation and maximisation at most, and the gain at which Newton's method takes over.
const EXPECTATIONS: usize = 100;
const GAIN: f64 = 0.01;

/// The largest step: the root mean square of a linear predictor, or `log α`.
const STRIDE: f64 = 2.0;

/// A curvature smaller than this, relative to the largest, is taken as this.
const FLAT: f64 = 1e-8;

/// From `α max μ` below this on the counts are Poisson.
const NO_DISPERSION: f64 = 1e-6;

impl Rows {
    pub(super) fn parts(&self, alpha: f64) -> Parts {
        let largest = self.cells.iter().map(|cell| cell.hi).fold(1.0, f64::max);
        let family = if alpha > 0.0 { CountFamily::NegativeBinomial } else { CountFamily::Poisson };
        Parts { kind: self.kind, counts: Likelihood::new(family.family(), alpha, largest) }
    }

    fn width(&self) -> usize {
        self.x.ncols() + self.z.ncols()
    }

    /// `α`, zero where there is no `τ`.
    fn alpha(&self, parameters: &Array1<f64>) -> f64 {
        parameters.get(self.width()).map_or(0.0, |tau| tau.exp())
    }

    /// `η` and `ζ` of every row.
    pub(super) fn linear(&self, parameters: &Array1<f64>) -> (Array1<f64>, Array1<f64>) {
        let k = self.x.ncols();
        let eta = self.x.dot(&parameters.slice(s![..k])) + ArrayView1::from(&self.offset);
        (eta, self.z.dot(&parameters.slice(s![k..self.width()])))
    }

    fn jets(&self, parameters: &Array1<f64>, others: Option<&[f64]>) -> Vec<Jet> {
        let parts = self.parts(self.alpha(parameters));
        let (eta, zeta) = self.linear(parameters);
        let jet = |i: usize| match others {
            Some(others) => parts.told(self.cells[i], eta[i], zeta[i], others[i]),
            None => parts.row(self.cells[i], eta[i], zeta[i]),
        };
        (0..self.cells.len()).map(jet).collect()
    }

    /// The chance of every zero to be of the other kind.
    fn others(&self, parameters: &Array1<f64>) -> Vec<f64> {
        let parts = self.parts(self.alpha(parameters));
        let (eta, zeta) = self.linear(parameters);
        (0..self.cells.len()).map(|i| parts.other(self.cells[i], eta[i], zeta[i])).collect()
    }

    fn log(&self, parameters: &Array1<f64>, others: Option<&[f64]>) -> f64 {
        let jets = self.jets(parameters, others);
        jets.iter().zip(&self.weights).map(|(jet, w)| w * jet.value).sum()
    }

    fn ground(&self, parameters: &Array1<f64>, others: Option<&[f64]>) -> Ground {
        let jets = self.jets(parameters, others);
        let (kx, all, p) = (self.x.ncols(), self.width(), parameters.len());
        let weighted = |of: &dyn Fn(&Jet) -> f64| -> Array1<f64> {
            jets.iter().zip(&self.weights).map(|(jet, w)| w * of(jet)).collect()
        };
        let mut slopes = Array2::zeros((jets.len(), p));
        let along = |place: usize| weighted(&|jet| jet.slope[place]).insert_axis(Axis(1));
        slopes.slice_mut(s![.., ..kx]).assign(&(&self.x * &along(0)));
        slopes.slice_mut(s![.., kx..all]).assign(&(&self.z * &along(1)));
        let bend = |i: usize, j: usize| weighted(&|jet| -jet.curve[i][j]);
        let scaled = |columns: &Array2<f64>, by: Array1<f64>| columns * &by.insert_axis(Axis(1));
        let mut information = Array2::zeros((p, p));
        let x = scaled(&self.x, bend(0, 0));
        information.slice_mut(s![..kx, ..kx]).assign(&self.x.t().dot(&x));
        let z = scaled(&self.z, bend(0, 1));
        let between = self.x.t().dot(&z);
        information.slice_mut(s![..kx, kx..all]).assign(&between);
        information.slice_mut(s![kx..all, ..kx]).assign(&between.t());
        let z = scaled(&self.z, bend(1, 1));
        information.slice_mut(s![kx..all, kx..all]).assign(&self.z.t().dot(&z));
        if p > all {
            slopes.column_mut(all).assign(&weighted(&|jet| jet.slope[2]));
            information[[all, all]] = bend(2, 2).sum();
            let (of_x, of_z) = (self.x.t().dot(&bend(0, 2)), self.z.t().dot(&bend(1, 2)));
            for (place, &value) in of_x.iter().chain(&of_z).enumerate() {
                information[[place, all]] = value;
                information[[all, place]] = value;
            }
        }
        let log = jets.iter().zip(&self.weights).map(|(jet, w)| w * jet.value).sum();
        Ground { log, gradient: slopes.sum_axis(Axis(0)), slopes, information }
    }

    /// Least squares of the logarithms, no preference in the binary part, and `α = 1`.
    fn start(&self, dispersion: bool) -> Array1<f64> {
        let counted: Vec<usize> = (0..self.cells.len())
            .filter(|&i| self.kind == Kind::Inflated || self.cells[i].lo > 0.0)
            .collect();
        let middle = |&i: &usize| 0.5 * (self.cells[i].lo + self.cells[i].hi);
        let logs: Array1<f64> = counted.iter().map(|i| middle(i).max(0.5).ln() - self.offset[*i]).collect();
        let mut start = Array1::zeros(self.width() + usize::from(dispersion));
        let x = self.x.select(Axis(0), &counted);
        start.slice_mut(s![..self.x.ncols()]).assign(&least_squares(x.view(), logs.view()));
        start
    }

    /// The root mean square of a step in the linear predictors, or that of `τ` if larger.
    fn size(&self, step: &Array1<f64>) -> f64 {
        let k = self.x.ncols();
        let total: f64 = self.weights.iter().sum();
        let root = |moved: Array1<f64>| {
            (moved.iter().zip(&self.weights).map(|(m, w)| w * m * m).sum::<f64>() / total).sqrt()
        };
        let eta = root(self.x.dot(&step.slice(s![..k])));
        let zeta = root(self.z.dot(&step.slice(s![k..self.width()])));
        eta.max(zeta).max(step.get(self.width()).map_or(0.0, |tau| tau.abs()))
    }

    /// One step; its size, and whether it was Newton's whole one.
    fn step(&self, parameters: &mut Array1<f64>, others: Option<&[f64]>) -> Option<(f64, bool)> {
        let ground = self.ground(parameters, others);
        let (mut step, plain) = ascent(&ground)?;
        let size = self.size(&step);
        if size > STRIDE {
            step *= STRIDE / size;
        }
        let slack = 1e-10 * (1.0 + ground.log.abs());
        for halving in 0..60 {
            let there = &*parameters + &step;
            if self.log(&there, others) >= ground.log - slack {
                *parameters = there;
                return Some((self.size(&step), plain && halving == 0 && size <= STRIDE));
            }
            step *= 0.5;
        }
        None
    }

    /// Whether the counts do not spread more than a Poisson's.
    fn is_poisson(&self, parameters: &Array1<f64>) -> bool {
        let alpha = self.alpha(parameters);
        let largest = self.linear(parameters).0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        parameters.len() > self.width() && alpha * largest.exp() < NO_DISPERSION
    }

    /// Climbs; where `α` falls to zero, the Poisson's likelihood.
    pub(super) fn climb(&self, family: CountFamily, limits: Limits) -> Result<Summit> {
        if family == CountFamily::NegativeBinomial
            && let Some(summit) = self.attempt(true, limits)?
        {
            return Ok(summit);
        }
        self.attempt(false, limits)?.ok_or_else(|| self.lost(0, f64::NAN))
    }

    /// None where the dispersion vanishes.
    fn attempt(&self, dispersion: bool, limits: Limits) -> Result<Option<Summit>> {
        let mut parameters = self.start(dispersion);
        let mut iterations = 0;
        if self.kind == Kind::Inflated {
            let mut reached = f64::NEG_INFINITY;
            for _ in 0..EXPECTATIONS {
                let log = self.log(&parameters, None);
                if log - reached < GAIN {
                    break;
                }
                reached = log;
                let others = self.others(&parameters);
                if self.step(&mut parameters, Some(&others)).is_none() {
                    break;
                }
            }
        }
        let unfinished = loop {
            if self.is_poisson(&parameters) {
                return Ok(None);
            }
            let moved = self.step(&mut parameters, None);
            iterations += 1;
            match moved {
                Some((size, true)) if size <= limits.tolerance => break None,
                Some((size, _)) if iterations >= limits.iterations => {
                    if limits.note {
                        break Some(size);
                    }
                    return Err(self.lost(iterations, size));
                }
                Some((size, false)) if size <= 1e-3 * limits.tolerance => {
                    return Err(self.lost(iterations, size));
                }
                Some(_) => {}
                None => return Err(self.lost(iterations, f64::NAN)),
            }
        };
        let Ground { log, slopes, information, .. } = self.ground(&parameters, None);
        Ok(Some(Summit {
            alpha: self.alpha(&parameters),
            parameters,
            log_likelihood: log,
            scores: slopes,
            information,
            iterations,
            unfinished,
        }))
    }

    /// The largest standard error of a linear predictor, by a root of the inverse information.
    pub(super) fn spread(&self, root: &Array2<f64>) -> f64 {
        let (k, all) = (self.x.ncols(), self.width());
        let of = |columns: Array2<f64>| {
            columns.rows().into_iter().map(|row| row.dot(&row)).fold(0.0, f64::max).sqrt()
        };
        let eta = of(self.x.dot(&root.slice(s![..k, ..])));
        eta.max(of(self.z.dot(&root.slice(s![k..all, ..]))))
    }

    pub(super) fn lost(&self, iterations: usize, last_change: f64) -> Error {
        let (method, hint) = match self.kind {
            Kind::Inflated => (
                "zero-inflated regression",
                "a coefficient may run to infinity: where there are no more zeros than the counts explain take Poisson \
                 or NegativeBinomial, else fewer regressors of zeros",
            ),
            Kind::Hurdle => (
                "hurdle regression",
                "a coefficient may run to infinity: look for groups without zeros, with zeros only, or without counts \
                 above one",
            ),
        };
        Error::NotConverged { method: method.into(), iterations, last_change, hint: hint.into() }
    }
}

/// Newton's step, curvatures of the wrong sign turned about so that it ascends; whether none was.
fn ascent(ground: &Ground) -> Option<(Array1<f64>, bool)> {
    let finite = |v: &f64| v.is_finite();
    if !(ground.gradient.iter().all(finite) && ground.information.iter().all(finite)) {
        return None;
    }
    if let Ok(factor) = Cholesky::new(ground.information.view(), "the information") {
        return Some((factor.solve(ground.gradient.view()), true));
    }
    let (curvatures, directions) = eigen_symmetric(ground.information.view()).ok()?;
    let largest = curvatures.iter().fold(0.0, |most: f64, c| most.max(c.abs()));
    let along = directions.t().dot(&ground.gradient);
    let turned = curvatures.mapv(|c| c.abs().max(FLAT * largest).max(f64::MIN_POSITIVE));
    Some((directions.dot(&(along / turned)), false))
}
