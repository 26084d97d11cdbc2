//! The wild cluster bootstrap of an equation with instruments.
//!
//! With `Q` the instruments and `B` the regressors in orthonormal coordinates, off what is absorbed and off exogenous
//! regressors that no restriction concerns, let `C = Q'WB`, `V = B − QC`. The equation `y = Bb + u` is estimated under
//! the null `Ab = r`, the regressors on the instruments *and* the residuals of that (Davidson & MacKinnon 2010, *JBES*
//! 28: the efficient estimate of the reduced form, which takes the correlation of both errors into account),
//!
//! `ũ = y − Bb̃`,  `ρ = V'Wũ / ũ'W(ũ − QQ'Wũ)`,  `C̃ = C − Q'Wũ ρ'`,  `Ṽ = B − QC̃`,
//!
//! and a draw multiplies both residuals of a cluster by the same number: `B* = QC̃ + vṼ`, `y* = B*b̃ + vũ`. Its two-stage
//! least squares need `C* = C̃ + Q'W(vṼ)` and `Q'W(vũ)` alone,
//!
//! `β* = b* − b̃ = (C*'C*)⁻¹C*'Q'W(vũ)`,  `s*_g = A(C*'C*)⁻¹C*' (1_g Q)'W M(vũ − B*β*)`,  `t* = Aβ* / √(f Σ_g s*_g²)`,
//!
//! all of which is linear in `v` for given `β*` (Roodman, MacKinnon, Nielsen & Webb 2019, *Stata Journal* 19). Whatever the
//! null, `ũ` and `Ṽ` are combinations of `y`, `V` and `Q`: the kernels `K = (1_g Q)'W M(1_h e)` of these are all that is
//! ever drawn from, and one pass over the draws answers for any number of nulls.

use ndarray::{Array1, Array2, Axis, s};

use super::joint::squared;
use super::multipliers::Draws;
use crate::error::Result;
use crate::linalg::{Cholesky, eigen_symmetric};
use crate::parallel::{Watch, try_map};

/// Draws that one task takes at once.
const CHUNK: usize = 64;

/// One crossing of the cluster variables: its sign times its factor, and `K` for every instrument and column of errors,
/// errors running faster; clusters by multipliers.
#[derive(Debug, Clone)]
pub(crate) struct Crossing {
    pub(crate) factor: f64,
    pub(crate) kernels: Vec<Array2<f64>>,
}

/// Kernels, and `Q'W(1_h e)` in the same order, one row each.
#[derive(Debug, Clone)]
pub(crate) struct Kernels {
    pub(crate) crossings: Vec<Crossing>,
    pub(crate) pull: Array2<f64>,
}

/// Draws of a chunk.
struct Chunk {
    /// `K v` by crossing, instrument and error: draws by clusters.
    scores: Vec<Vec<Array2<f64>>>,
    /// `Q'W(v e)`, draws by instruments and errors.
    pull: Array2<f64>,
}

impl Kernels {
    fn drawn(&self, v: &Array2<f64>) -> Chunk {
        let scores = |c: &Crossing| c.kernels.iter().map(|k| v.t().dot(&k.t())).collect();
        Chunk { scores: self.crossings.iter().map(scores).collect(), pull: v.t().dot(&self.pull.t()) }
    }

    /// A statistic for every draw and every null, by null.
    fn all<N: Sync>(
        &self,
        nulls: &[N],
        draws: &Draws,
        watch: &Watch<'_>,
        one: impl Fn(&N, &Chunk, usize) -> f64 + Sync,
    ) -> Result<Vec<Vec<f64>>> {
        let chunks = try_map(draws.len().div_ceil(CHUNK), watch, |c| {
            let range = c * CHUNK..((c + 1) * CHUNK).min(draws.len());
            let mut v = Array2::zeros((draws.groups(), range.len()));
            for (mut column, i) in v.columns_mut().into_iter().zip(range.clone()) {
                column.assign(&Array1::from(draws.draw(i)));
            }
            let chunk = self.drawn(&v);
            let of = |null: &N| (0..range.len()).map(|j| one(null, &chunk, j)).collect::<Vec<f64>>();
            Ok(nulls.iter().map(of).collect::<Vec<_>>())
        })?;
        let mut statistics = vec![Vec::with_capacity(draws.len()); nulls.len()];
        for chunk in chunks {
            statistics.iter_mut().zip(chunk).for_each(|(all, part)| all.extend(part));
        }
        Ok(statistics)
    }

    /// The sample: every multiplier one.
    fn sample(&self) -> Chunk {
        self.drawn(&Array2::ones((self.pull.ncols(), 1)))
    }
}

/// An equation with instruments, in coordinates.
#[derive(Debug, Clone)]
pub(crate) struct Equation {
    /// `C`; the exogenous regressors come first.
    pub(crate) reached: Array2<f64>,
    pub(crate) exogenous: usize,
    /// `Q'Wy`.
    pub(crate) outcome: Array1<f64>,
    /// Products of what the instruments leave of outcome and endogenous regressors.
    pub(crate) left: Array2<f64>,
    /// `A`.
    pub(crate) restrictions: Array2<f64>,
    /// Of `y`, the endogenous columns of `V`, and `Q`, in this order.
    pub(crate) kernels: Kernels,
    /// `K` of `Q` with every multiplier one, by crossing, instrument and instrument.
    fixed: Vec<Vec<Array1<f64>>>,
}

/// Where draws come from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// `ũ` and `Ṽ` as combinations of the columns of errors.
    residual: Array1<f64>,
    unreached: Array2<f64>,
    /// `C̃`.
    reached: Array2<f64>,
}

impl Equation {
    pub(crate) fn new(
        (reached, exogenous): (Array2<f64>, usize),
        outcome: Array1<f64>,
        left: Array2<f64>,
        restrictions: Array2<f64>,
        kernels: Kernels,
    ) -> Self {
        let (l, errors) = (reached.nrows(), left.nrows() + reached.nrows());
        let whole = |c: &Crossing| {
            let place = |i: usize, j: usize| i * errors + left.nrows() + j;
            let pairs = (0..l).flat_map(|i| (0..l).map(move |j| (i, j)));
            pairs.map(|(i, j)| c.kernels[place(i, j)].sum_axis(Axis(1))).collect()
        };
        let fixed = kernels.crossings.iter().map(whole).collect();
        Self { reached, exogenous, outcome, left, restrictions, kernels, fixed }
    }

    /// Products of columns that the instruments leave, exogenous regressors (of which nothing is left) included.
    fn unreached(&self) -> Array2<f64> {
        let p = self.reached.ncols();
        let mut all = Array2::zeros((p, p));
        all.slice_mut(s![self.exogenous.., self.exogenous..]).assign(&self.left.slice(s![1.., 1..]));
        all
    }

    /// Two-stage least squares.
    ///
    /// # Errors
    /// [`crate::Error::NotPositiveDefinite`] when instruments do not reach the regressors.
    pub(crate) fn estimate(&self) -> Result<Array1<f64>> {
        let product = self.reached.t().dot(&self.reached);
        let factor = Cholesky::new(product.view(), "the second stage")?;
        Ok(factor.solve(self.reached.t().dot(&self.outcome).view()))
    }

    /// The estimate under `Ab = r`, by limited-information maximum likelihood where anything is left to estimate.
    fn restricted(&self, right: &Array1<f64>) -> Result<Array1<f64>> {
        let a = &self.restrictions;
        let middle = Cholesky::new(a.dot(&a.t()).view(), "the covariance of the hypotheses")?;
        let fixed = a.t().dot(&middle.solve(right.view()));
        let free = complement(a);
        if free.ncols() == 0 {
            return Ok(fixed);
        }
        // The outcome less what is known, on and off the instruments.
        let outcome = &self.outcome - &self.reached.dot(&fixed);
        let unreached = self.unreached();
        let mut across = Array1::zeros(fixed.len());
        across.slice_mut(s![self.exogenous..]).assign(&self.left.slice(s![1.., 0]));
        let square = self.left[[0, 0]] - 2.0 * across.dot(&fixed) + fixed.dot(&unreached.dot(&fixed));
        let across = free.t().dot(&(across - unreached.dot(&fixed)));
        let unreached = free.t().dot(&unreached).dot(&free);
        let reached = self.reached.dot(&free);
        let rest = 1.0 - smallest_ratio(&reached, &outcome, &unreached, &across, square)?;
        let product = reached.t().dot(&reached) + &unreached * rest;
        let factor = Cholesky::new(product.view(), "the equation under the null")?;
        let score = reached.t().dot(&outcome) + &across * rest;
        Ok(fixed + free.dot(&factor.solve(score.view())))
    }

    /// Where draws come from under `Ab = r`, or from the two-stage estimate without a null.
    ///
    /// # Errors
    /// [`crate::Error::NotPositiveDefinite`] when restrictions repeat each other or nothing can be estimated.
    pub(crate) fn origin(&self, right: Option<&Array1<f64>>) -> Result<Origin> {
        let estimate = match right {
            Some(right) => self.restricted(right)?,
            None => self.estimate()?,
        };
        let (l, m) = (self.reached.nrows(), self.left.nrows() - 1);
        let known = self.reached.dot(&estimate);
        let own = estimate.slice(s![self.exogenous..]);
        let mut residual = Array1::zeros(1 + m + l);
        residual[0] = 1.0;
        residual.slice_mut(s![1..=m]).assign(&own.mapv(|b| -b));
        residual.slice_mut(s![1 + m..]).assign(&known.mapv(|k| -k));
        let along = &self.outcome - &known;
        // Products of what the instruments leave of the residuals, with what they leave of everything.
        let left = self.left.dot(&residual.slice(s![..=m]));
        let square = left.dot(&residual.slice(s![..=m]));
        let correlation = left.slice(s![1..]).mapv(|p| if square > 0.0 { p / square } else { 0.0 });
        let mut unreached = Array2::zeros((m, 1 + m + l));
        let mut reached = self.reached.clone();
        for (j, &rho) in correlation.iter().enumerate() {
            unreached[[j, 1 + j]] = 1.0;
            unreached.slice_mut(s![j, 1 + m..]).assign(&(&along * rho));
            reached.column_mut(self.exogenous + j).scaled_add(-rho, &along);
        }
        Ok(Origin { residual, unreached, reached })
    }

    /// `t*` or `F*` of one draw.
    fn statistic(&self, from: &Origin, chunk: &Chunk, draw: usize) -> f64 {
        let (l, p, q) = (self.reached.nrows(), self.reached.ncols(), self.restrictions.nrows());
        let errors = from.residual.len();
        let pull = |i: usize, of: &dyn Fn(usize) -> f64| -> f64 {
            (0..errors).map(|e| of(e) * chunk.pull[[draw, i * errors + e]]).sum()
        };
        let mut reached = from.reached.clone();
        for i in 0..l {
            for j in self.exogenous..p {
                reached[[i, j]] += pull(i, &|e| from.unreached[[j - self.exogenous, e]]);
            }
        }
        let along = Array1::from_shape_fn(l, |i| pull(i, &|e| from.residual[e]));
        let Ok(factor) = Cholesky::new(reached.t().dot(&reached).view(), "a draw's second stage") else {
            return f64::NAN;
        };
        let distance = factor.solve(reached.t().dot(&along).view());
        let directions = factor.solve_many(self.restrictions.t()).t().dot(&reached.t());
        let own = distance.slice(s![self.exogenous..]);
        let left = &from.residual - &from.unreached.t().dot(&own);
        let known = from.reached.dot(&distance);
        let mut covariance = Array2::<f64>::zeros((q, q));
        for ((crossing, drawn), fixed) in self.kernels.crossings.iter().zip(&chunk.scores).zip(&self.fixed) {
            let scores: Vec<Array1<f64>> = directions
                .rows()
                .into_iter()
                .map(|direction| {
                    let mut score = Array1::zeros(drawn[0].ncols());
                    for (i, z) in direction.iter().enumerate() {
                        for (e, &w) in left.iter().enumerate() {
                            score.scaled_add(z * w, &drawn[i * errors + e].row(draw));
                        }
                        for (j, &k) in known.iter().enumerate() {
                            score.scaled_add(-z * k, &fixed[i * l + j]);
                        }
                    }
                    score
                })
                .collect();
            for i in 0..q {
                for j in 0..q {
                    covariance[[i, j]] += crossing.factor * scores[i].dot(&scores[j]);
                }
            }
        }
        let apart = self.restrictions.dot(&distance);
        if q > 1 {
            return squared(&apart, &covariance);
        }
        let square = covariance[[0, 0]];
        if square > 1e-20 * apart[0] * apart[0] { apart[0] / square.sqrt() } else { f64::NAN }
    }

    /// The statistic of the sample at the null of `from`.
    pub(crate) fn observed(&self, from: &Origin) -> f64 {
        self.statistic(from, &self.kernels.sample(), 0)
    }

    /// Those of the draws, by null.
    pub(crate) fn draw(&self, from: &[Origin], draws: &Draws, watch: &Watch<'_>) -> Result<Vec<Vec<f64>>> {
        self.kernels.all(from, draws, watch, |null, chunk, draw| self.statistic(null, chunk, draw))
    }

    /// The estimate of restriction `i` by least squares, and the length of its residuals per unit: where the answers of
    /// weak instruments lie, and how far from each other. The regressors are orthonormal.
    pub(crate) fn scale(&self, i: usize) -> (f64, f64) {
        let mut b = self.reached.t().dot(&self.outcome);
        b.slice_mut(s![self.exogenous..]).scaled_add(1.0, &self.left.slice(s![1.., 0]));
        let square = self.outcome.dot(&self.outcome) + self.left[[0, 0]] - b.dot(&b);
        let a = self.restrictions.row(i);
        (a.dot(&b), (a.dot(&a) * square.max(0.0)).sqrt())
    }

    /// Coordinates on `Q` of the regressor that carries restriction `i`.
    pub(crate) fn carrier(&self, i: usize) -> Result<Array1<f64>> {
        let product = self.reached.t().dot(&self.reached);
        let factor = Cholesky::new(product.view(), "the second stage")?;
        Ok(self.reached.dot(&factor.solve(self.restrictions.row(i))))
    }
}

/// The regression of `y − Yb` on instruments, whose coefficients are zero if `b` is true (Anderson & Rubin 1949). Under
/// the null its residuals are those of the exogenous regressors alone: `y` and `Y` off these are the columns of errors,
/// `M` projects off all instruments, and draws have `F* = δ*'(f Σ_g s*_g s*_g')⁻¹δ* / L`.
#[derive(Debug, Clone)]
pub(crate) struct Reduced {
    /// Excluded instruments.
    pub(crate) instruments: usize,
    pub(crate) kernels: Kernels,
    /// Least squares of `y` on the first of `Y`, and the length of its residuals per unit.
    pub(crate) scale: (f64, f64),
}

impl Reduced {
    /// `null` is `b`.
    fn statistic(&self, null: &[f64], chunk: &Chunk, draw: usize) -> f64 {
        let (l, errors) = (self.instruments, 1 + null.len());
        let weight = |e: usize| if e == 0 { 1.0 } else { -null[e - 1] };
        let pull = |i: usize| (0..errors).map(|e| weight(e) * chunk.pull[[draw, i * errors + e]]).sum();
        let apart = Array1::from_shape_fn(l, pull);
        let mut covariance = Array2::<f64>::zeros((l, l));
        for (crossing, drawn) in self.kernels.crossings.iter().zip(&chunk.scores) {
            let score = |i: usize| {
                let mut score = Array1::<f64>::zeros(drawn[0].ncols());
                for e in 0..errors {
                    score.scaled_add(weight(e), &drawn[i * errors + e].row(draw));
                }
                score
            };
            let scores: Vec<Array1<f64>> = (0..l).map(score).collect();
            for i in 0..l {
                for j in 0..l {
                    covariance[[i, j]] += crossing.factor * scores[i].dot(&scores[j]);
                }
            }
        }
        squared(&apart, &covariance)
    }

    pub(crate) fn observed(&self, null: &[f64]) -> f64 {
        self.statistic(null, &self.kernels.sample(), 0)
    }

    pub(crate) fn draw(&self, nulls: &[Vec<f64>], draws: &Draws, watch: &Watch<'_>) -> Result<Vec<Vec<f64>>> {
        self.kernels.all(nulls, draws, watch, |null, chunk, draw| self.statistic(null, chunk, draw))
    }
}

/// An orthonormal basis of what is orthogonal to the rows.
pub(crate) fn complement(rows: &Array2<f64>) -> Array2<f64> {
    let p = rows.ncols();
    let unit = Array2::<f64>::eye(p);
    let mut basis: Vec<Array1<f64>> = Vec::new();
    let mut add = |row: Array1<f64>, least: f64| {
        let size = row.dot(&row).sqrt();
        let mut left = row;
        for _ in 0..2 {
            for known in &basis {
                let along = known.dot(&left);
                left.scaled_add(-along, known);
            }
        }
        let own = left.dot(&left).sqrt();
        if own > least * size {
            basis.push(left / own);
        }
        basis.len()
    };
    let taken = rows.rows().into_iter().fold(0, |_, row| add(row.to_owned(), 1e-10));
    // Of p unit vectors some are far from every span of fewer than p directions: these first.
    let mut count = taken;
    while count < p {
        let least = 0.9 / (p as f64).sqrt();
        let before = count;
        for j in 0..p {
            if count < p {
                count = add(unit.column(j).to_owned(), least);
            }
        }
        if count == before {
            break;
        }
    }
    let free = &basis[taken..];
    Array2::from_shape_fn((p, free.len()), |(i, j)| free[j][i])
}

/// The smallest `u'u / u'Mu` of a combination of outcome and regressors, from products on and off the instruments.
fn smallest_ratio(
    reached: &Array2<f64>,
    outcome: &Array1<f64>,
    unreached: &Array2<f64>,
    across: &Array1<f64>,
    square: f64,
) -> Result<f64> {
    let p = reached.ncols();
    let mut on = Array2::zeros((reached.nrows(), p + 1));
    on.slice_mut(s![.., ..p]).assign(reached);
    on.column_mut(p).assign(outcome);
    let on = on.t().dot(&on);
    let mut whole = on.clone();
    whole.slice_mut(s![..p, ..p]).scaled_add(1.0, unreached);
    whole.slice_mut(s![p, ..p]).scaled_add(1.0, across);
    whole.slice_mut(s![..p, p]).scaled_add(1.0, across);
    whole[[p, p]] += square;
    let scale = whole.diag().mapv(f64::sqrt);
    let scaled = |m: &Array2<f64>| Array2::from_shape_fn(m.dim(), |(i, j)| m[[i, j]] / (scale[i] * scale[j]));
    // By the symmetric root of the whole.
    let (sizes, vectors) = eigen_symmetric(scaled(&whole).view())?;
    let root = &vectors / &sizes.mapv(|v| v.max(1e-14).sqrt());
    let share = root.t().dot(&scaled(&on)).dot(&root);
    let (values, _) = eigen_symmetric(((&share + &share.t()) * 0.5).view())?;
    Ok(1.0 / (1.0 - values[0].clamp(0.0, 1.0 - 1e-12)))
}
