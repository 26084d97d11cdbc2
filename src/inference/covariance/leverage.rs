//! Residuals inflated by leverage: of rows, and of clusters with the degrees of freedom that go with them.
//!
//! In working coordinates, rows multiplied by `√w`, the residuals are `e = (I − H)ε` with `H` the projection on
//! regressors and absorbed effects, so that residuals are too small where a row, or a cluster, pulls the fit towards
//! itself. With `H_gg` the block of a cluster,
//!
//! | estimator | residuals become |
//! | --- | --- |
//! | HC2 (Horn, Horn & Duncan 1975, *JASA* 70) | `e / (1 − h)^½` |
//! | HC3 (Davidson & MacKinnon 1993, *Estimation and Inference in Econometrics*) | `e / (1 − h)` |
//! | HC4 (Cribari-Neto 2004, *CSDA* 45) | `e / (1 − h)^(δ/2)`, `δ = min(4, h / h̄)` |
//! | CR2 (Bell & McCaffrey 2002, *Survey Methodology* 28) | `(I − H_gg)^(−½) e_g` |
//! | CR3 (idem) | `(I − H_gg)⁻¹ e_g`: what leaving the cluster out gives |
//!
//! Effects nested in clusters make `I − H_gg` singular in directions in which the residuals vanish: its inverse is
//! generalised, which is the same as taking those effects out within clusters first (Pustejovsky & Tipton 2018, *JBES*
//! 36). The degrees of freedom of a combination `c'β` under CR2 are those of the χ² with the mean and variance of its
//! estimated variance where `ε` has unit variance (Satterthwaite 1946): with `p_g` the weights of `ε` in
//! the part of cluster `g`, and `P_gh = p_g'p_h`, they are `(tr P)² / tr P²`.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};

use crate::error::Result;
use crate::linalg::eigen_symmetric;
use crate::parallel;

/// How rows' leverages inflate their residuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leverage {
    /// By `(1 − h)^(−½)`: right on average where errors are alike.
    Hc2,
    /// By `(1 − h)⁻¹`: close to leaving the row out.
    Hc3,
    /// By `(1 − h)^(−δ/2)`, more where leverage is high.
    Hc4,
}

/// A leverage this close to one is one: the row fits itself, and its residual is zero.
const WHOLE: f64 = 1e-9;

impl Leverage {
    /// What the residual of a row is multiplied by; `mean` is the mean leverage.
    pub(super) fn inflation(self, leverage: f64, mean: f64) -> f64 {
        let left = 1.0 - leverage;
        if left < WHOLE {
            return 0.0;
        }
        match self {
            Self::Hc2 => left.powf(-0.5),
            Self::Hc3 => 1.0 / left,
            Self::Hc4 => left.powf(-0.5 * (leverage / mean).min(4.0)),
        }
    }

    /// Inflates what the regressors are multiplied by in the scores.
    pub fn inflate(self, pull: ArrayView1<'_, f64>, leverages: &[f64]) -> Array1<f64> {
        let mean = leverages.iter().sum::<f64>() / leverages.len() as f64;
        pull.iter().zip(leverages).map(|(u, &h)| u * self.inflation(h, mean)).collect()
    }
}

/// The rows of a fit in working coordinates.
pub struct Working<'a> {
    /// The regressors' orthonormal coordinates, one row each.
    pub x: ArrayView2<'a, f64>,
    /// `u`: what they are multiplied by in the score.
    pub pull: ArrayView1<'a, f64>,
    /// Working weights.
    pub weights: &'a [f64],
    /// Coordinates of the absorbed effects for some rows, and which of all they are; effects nested in those rows may
    /// be left out.
    #[allow(clippy::type_complexity)]
    pub effects: &'a (dyn Fn(&[usize]) -> (Array2<f64>, Vec<usize>) + Sync),
}

/// Scores with the leverage of their cluster taken into account.
pub struct Reduced {
    /// In the place of `u`.
    pub pull: Array1<f64>,
    /// Degrees of freedom of combinations (CR2).
    pub satterthwaite: Option<Satterthwaite>,
    /// For clusters without which some coefficient has no estimate: the cluster and the direction, in orthonormal
    /// coordinates.
    pub decisive: Vec<(usize, Array1<f64>)>,
}

/// What the degrees of freedom of any combination are worked out from, cluster by cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Satterthwaite {
    /// `Q'Q`, with `Q = A_g Z_g`.
    grams: Vec<Array2<f64>>,
    /// `U'Q`, with `U` the coordinates of all columns, and which they are.
    crosses: Vec<(Array2<f64>, Vec<usize>)>,
}

/// Inflates residuals by the leverage of their cluster; `whole`: CR3 instead of CR2.
///
/// # Errors
/// [`crate::Error::NotConverged`] on numbers that are not finite.
pub fn reduce(from: &Working<'_>, codes: &[u32], groups: usize, whole: bool) -> Result<Reduced> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); groups];
    codes.iter().enumerate().for_each(|(row, &g)| members[g as usize].push(row));
    let parts = parallel::map(groups, |g| Part::new(from, &members[g], whole));
    let mut pull = Array1::zeros(codes.len());
    let (mut grams, mut crosses, mut decisive) = (Vec::new(), Vec::new(), Vec::new());
    for (g, part) in parts.into_iter().enumerate() {
        let part = part?;
        members[g].iter().zip(part.pull).for_each(|(&row, u)| pull[row] = u);
        decisive.extend(part.decisive.into_iter().map(|direction| (g, direction)));
        if let Some((gram, cross)) = part.design {
            grams.push(gram);
            crosses.push((cross, part.columns));
        }
    }
    let satterthwaite = (!whole).then_some(Satterthwaite { grams, crosses });
    Ok(Reduced { pull, satterthwaite, decisive })
}

/// One cluster's share.
struct Part {
    pull: Vec<f64>,
    /// `Q'Q` and `U'Q`.
    design: Option<(Array2<f64>, Array2<f64>)>,
    columns: Vec<usize>,
    decisive: Vec<Array1<f64>>,
}

impl Part {
    fn new(from: &Working<'_>, rows: &[usize], whole: bool) -> Result<Self> {
        let k = from.x.ncols();
        let (effects, more) = (from.effects)(rows);
        let columns: Vec<usize> = (0..k).chain(more.into_iter().map(|c| k + c)).collect();
        let roots: Vec<f64> = rows.iter().map(|&row| from.weights[row].sqrt()).collect();
        let mut all = Array2::zeros((rows.len(), columns.len()));
        for (place, (&row, root)) in rows.iter().zip(&roots).enumerate() {
            let mut mine = all.row_mut(place);
            mine.slice_mut(s![..k]).assign(&from.x.row(row));
            mine.slice_mut(s![k..]).assign(&effects.row(place));
            mine *= *root;
        }
        let block = Block::new(&all, whole)?;
        let residual: Array1<f64> =
            rows.iter().zip(&roots).map(|(&row, root)| from.pull[row] / root).collect();
        let adjusted = block.apply(residual.insert_axis(ndarray::Axis(1)).view());
        let pull = adjusted.iter().zip(&roots).map(|(e, root)| e * root).collect();
        let design = (!whole).then(|| {
            let mine = block.apply(all.slice(s![.., ..k]));
            (mine.t().dot(&mine), all.t().dot(&mine))
        });
        let decisive = block.decisive(all.slice(s![.., ..k]));
        Ok(Self { pull, design, columns, decisive })
    }
}

/// `f(I − UU')` for one cluster, from the eigenvalues of the smaller of `UU'` and `U'U`.
struct Block {
    /// Orthonormal, `n × r`: eigenvectors of `UU'`.
    vectors: Array2<f64>,
    /// `f(1 − λ) − 1`.
    shift: Array1<f64>,
    /// Which eigenvalues are one.
    whole: Vec<usize>,
}

impl Block {
    fn new(all: &Array2<f64>, whole: bool) -> Result<Self> {
        let wide = all.ncols() > all.nrows();
        let gram = if wide { all.dot(&all.t()) } else { all.t().dot(all) };
        let (values, vectors) = eigen_symmetric(gram.view())?;
        let large: Vec<usize> = (0..values.len()).filter(|&i| values[i] > 1e-12).collect();
        let mut vectors = vectors.select(ndarray::Axis(1), &large);
        let values = values.select(ndarray::Axis(0), &large);
        if !wide {
            vectors = all.dot(&vectors) / &values.mapv(f64::sqrt);
        }
        let left = values.mapv(|v| 1.0 - v);
        let ones = (0..left.len()).filter(|&i| left[i] < WHOLE).collect();
        let shift = left.mapv(|l| match (l < WHOLE, whole) {
            (true, _) => -1.0,
            (false, true) => 1.0 / l - 1.0,
            (false, false) => l.powf(-0.5) - 1.0,
        });
        Ok(Self { vectors, shift, whole: ones })
    }

    fn apply(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut along = self.vectors.t().dot(&x);
        along.rows_mut().into_iter().zip(&self.shift).for_each(|(mut row, s)| row *= *s);
        &x + &self.vectors.dot(&along)
    }

    /// Directions of the regressors that only this cluster tells about.
    fn decisive(&self, x: ArrayView2<'_, f64>) -> Vec<Array1<f64>> {
        let direction = |&i: &usize| x.t().dot(&self.vectors.column(i));
        self.whole.iter().map(direction).filter(|d| d.dot(d) > 1e-10).collect()
    }
}

impl Satterthwaite {
    /// Degrees of freedom of the combination whose weights in orthonormal coordinates are `weights`.
    pub fn degrees(&self, weights: ArrayView1<'_, f64>) -> f64 {
        let groups = self.grams.len();
        let own: Vec<f64> = self.grams.iter().map(|g| weights.dot(&g.dot(&weights))).collect();
        let mut used: Vec<usize> = self.crosses.iter().flat_map(|(_, columns)| columns.clone()).collect();
        used.sort_unstable();
        used.dedup();
        let mut shared = Array2::zeros((groups, used.len()));
        for ((mut row, (cross, columns)), place) in shared.rows_mut().into_iter().zip(&self.crosses).zip(0..)
        {
            debug_assert!(place < groups);
            for (value, column) in cross.dot(&weights).iter().zip(columns) {
                row[used.partition_point(|c| c < column)] = *value;
            }
        }
        let trace: f64 = own.iter().zip(shared.rows()).map(|(own, row)| own - row.dot(&row)).sum();
        // tr (Δ − BB')² = Σ Δ² − 2 Σ Δ |b|² + |B'B|², by the smaller of B'B and BB'.
        let square = if groups <= used.len() {
            let mut all = -shared.dot(&shared.t());
            all.diag_mut().iter_mut().zip(&own).for_each(|(d, own)| *d += own);
            all.iter().map(|v| v * v).sum::<f64>()
        } else {
            let mixed = shared.t().dot(&shared);
            let cross: f64 = own.iter().zip(shared.rows()).map(|(own, row)| own * row.dot(&row)).sum();
            own.iter().map(|d| d * d).sum::<f64>() - 2.0 * cross + mixed.iter().map(|v| v * v).sum::<f64>()
        };
        trace * trace / square
    }
}
