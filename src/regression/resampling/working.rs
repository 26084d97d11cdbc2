//! The linear problem behind a fit, and the products that bootstraps are made of.

use ndarray::{Array1, Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::inference::covariance::crossings;
use crate::parallel::{Watch, threads, try_map};
use crate::regression::absorb::{Absorber, is_nested};
use crate::regression::inference::Grouped;
use crate::regression::irls::TIGHT;
use crate::regression::problem::Effect;

/// Columns projected at once.
const LANES: usize = 8;
/// Products of clusters and multipliers past which memory is the concern.
pub(in crate::regression) const MANY: usize = 100_000_000;

/// Weighted least squares of something on orthonormal regressors and effects; rows in fitting order.
pub(in crate::regression) struct Working<'a> {
    /// Weighed with `weights`.
    pub(in crate::regression) absorber: &'a Absorber,
    pub(in crate::regression) effects: &'a [Effect],
    /// `Z`, off the effects, with `Z'WZ = 1`.
    pub(in crate::regression) basis: ArrayView2<'a, f64>,
    pub(in crate::regression) weights: &'a [f64],
}

/// A group for every row, in fitting order.
#[derive(Debug, Clone)]
pub(in crate::regression) struct Groups {
    pub(in crate::regression) codes: Vec<u32>,
    pub(in crate::regression) count: usize,
}

impl Groups {
    /// The crossings of cluster variables, each with its sign.
    pub(super) fn crossings(grouped: &Grouped) -> Vec<(f64, Self)> {
        let made = |(sign, codes, count)| (sign, Self { codes, count });
        crossings(&grouped.grouping).into_iter().map(made).collect()
    }

    /// The sums of a column within groups.
    pub(in crate::regression) fn sums(&self, column: impl Iterator<Item = f64>) -> Array1<f64> {
        let mut sums = Array1::zeros(self.count);
        self.codes.iter().zip(column).for_each(|(&g, v)| sums[g as usize] += v);
        sums
    }
}

impl Working<'_> {
    /// The weighted sums of `column` times every regressor within groups: groups by regressors.
    fn scores(&self, groups: &Groups, column: &[f64]) -> Array2<f64> {
        let mut sums = Array2::zeros((groups.count, self.basis.ncols()));
        let rows = self.basis.rows().into_iter().zip(self.weights).zip(column).zip(&groups.codes);
        for (((z, w), v), &g) in rows {
            sums.row_mut(g as usize).scaled_add(w * v, &z);
        }
        sums
    }

    /// `(1_g a)'W M (1_h e)` for every group `g` of `left`, and every `h` and `e` of `right`, with `M` the projection
    /// off effects and regressors. `a` and the `e` must be off the effects themselves.
    fn cross(
        &self,
        left: &Groups,
        a: &[f64],
        right: &[(&Groups, &[f64])],
        watch: &Watch<'_>,
    ) -> Result<Vec<Array2<f64>>> {
        let mut products: Vec<Array2<f64>> =
            right.iter().map(|(groups, _)| Array2::zeros((left.count, groups.count))).collect();
        let nested = |e: &Effect| {
            let inner = self.absorber.sorted(&e.block.codes);
            is_nested(&inner, e.block.levels, &left.codes)
        };
        if self.effects.iter().all(nested) {
            // What is off the effects stays off them within a group: there is nothing to project.
            for (product, (groups, e)) in products.iter_mut().zip(right) {
                for i in 0..a.len() {
                    product[[left.codes[i] as usize, groups.codes[i] as usize]] +=
                        self.weights[i] * a[i] * e[i];
                }
            }
        } else {
            // Every worker keeps its columns: new ones for each block would cost more than what is done with them.
            let blocks = left.count.div_ceil(LANES);
            let workers = threads().min(blocks);
            let shares = try_map(workers, watch, |worker| {
                let mut columns = Array2::zeros((a.len(), LANES));
                let mine = (worker..blocks).step_by(workers);
                mine.map(|block| Ok((block, self.block(block, &mut columns, left, a, right)?))).collect()
            })?;
            for (block, parts) in shares.into_iter().flat_map(|share: Vec<_>| share) {
                for (product, part) in products.iter_mut().zip(&parts) {
                    for lane in 0..LANES.min(left.count - block * LANES) {
                        product.row_mut(block * LANES + lane).assign(&part.column(lane));
                    }
                }
            }
        }
        let own = self.scores(left, a);
        for (product, (groups, e)) in products.iter_mut().zip(right) {
            *product -= &own.dot(&self.scores(groups, e).t());
        }
        Ok(products)
    }

    /// The products of a few groups of `left`, projected off the effects alone: groups of `right` by lanes.
    fn block(
        &self,
        block: usize,
        columns: &mut Array2<f64>,
        left: &Groups,
        a: &[f64],
        right: &[(&Groups, &[f64])],
    ) -> Result<Vec<Array2<f64>>> {
        let first = block * LANES;
        columns.fill(0.0);
        for ((mut row, &g), &v) in columns.rows_mut().into_iter().zip(&left.codes).zip(a) {
            if let Some(slot) = (g as usize).checked_sub(first).and_then(|lane| row.get_mut(lane)) {
                *slot = v;
            }
        }
        self.absorber.residualize(columns.view_mut(), TIGHT)?;
        let mut products = Vec::with_capacity(right.len());
        for (groups, e) in right {
            let mut sums = Array2::zeros((groups.count, LANES));
            for (i, row) in columns.rows().into_iter().enumerate() {
                let weight = self.weights[i] * e[i];
                let target = sums.row_mut(groups.codes[i] as usize);
                target.into_iter().zip(row).for_each(|(t, &q)| *t += weight * q);
            }
            products.push(sums);
        }
        Ok(products)
    }

    /// `K` for every crossing, direction and column of errors, clusters by multipliers.
    pub(in crate::regression) fn kernels(
        &self,
        crossings: &[(f64, Groups)],
        groups: &Groups,
        directions: &[Vec<f64>],
        errors: &[Vec<f64>],
        watch: &Watch<'_>,
    ) -> Result<Vec<Vec<Vec<Array2<f64>>>>> {
        let clusters: usize = crossings.iter().map(|(_, c)| c.count).sum();
        if clusters.saturating_mul(groups.count) > MANY {
            return Err(Error::Argument {
                argument: "bootstrap_cluster".into(),
                value: format!("{} groups by {clusters} clusters", groups.count),
                must: "fewer: their product may be 100 million at most".into(),
            });
        }
        // M is symmetric: the products come from projecting either side, and the cheaper one is.
        if clusters * directions.len() <= groups.count * errors.len() {
            let right: Vec<(&Groups, &[f64])> = errors.iter().map(|e| (groups, &e[..])).collect();
            let one = |(_, clusters): &(f64, Groups)| {
                directions.iter().map(|z| self.cross(clusters, z, &right, watch)).collect::<Result<Vec<_>>>()
            };
            return crossings.iter().map(one).collect();
        }
        let right: Vec<(&Groups, &[f64])> =
            crossings.iter().flat_map(|(_, c)| directions.iter().map(move |z| (c, &z[..]))).collect();
        let sides =
            errors.iter().map(|e| self.cross(groups, e, &right, watch)).collect::<Result<Vec<_>>>()?;
        let turned = |c: usize, d: usize| {
            let place = c * directions.len() + d;
            sides.iter().map(|side| side[place].t().as_standard_layout().into_owned()).collect()
        };
        let crossed = |c: usize| (0..directions.len()).map(|d| turned(c, d)).collect();
        Ok((0..crossings.len()).map(crossed).collect())
    }

    /// Orthonormal directions of the restrictions `a` (one a row, in orthonormal coordinates): `a = L Q`, as `L` and the
    /// columns `Z q`.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when restrictions repeat each other.
    pub(super) fn directions(&self, a: &Array2<f64>) -> Result<(Array2<f64>, Vec<Vec<f64>>)> {
        let q = a.nrows();
        let mut lower = Array2::zeros((q, q));
        let mut basis: Vec<Array1<f64>> = Vec::new();
        for (i, row) in a.rows().into_iter().enumerate() {
            let mut left = row.to_owned();
            for _ in 0..2 {
                for (j, known) in basis.iter().enumerate() {
                    let along = known.dot(&left);
                    lower[[i, j]] += along;
                    left.scaled_add(-along, known);
                }
            }
            let own = left.dot(&left).sqrt();
            if own.is_nan() || own <= 1e-7 * row.dot(&row).sqrt() {
                let what = "the covariance of the hypotheses".into();
                return Err(Error::NotPositiveDefinite { what, pivot: i });
            }
            lower[[i, i]] = own;
            basis.push(left / own);
        }
        let columns = basis.iter().map(|direction| self.basis.dot(direction).to_vec()).collect();
        Ok((lower, columns))
    }
}

/// `L⁻¹ b`.
pub(super) fn forward(lower: &Array2<f64>, b: &[f64]) -> Array1<f64> {
    let mut x = Array1::from(b.to_vec());
    for i in 0..b.len() {
        let known: f64 = (0..i).map(|j| lower[[i, j]] * x[j]).sum();
        x[i] = (x[i] - known) / lower[[i, i]];
    }
    x
}
