//! Leverage and influence of a fit's clusters, and how many of them count.
//!
//! In orthonormal coordinates `Z = X̃T` what is left of regressor `j` off all others is `x̃ⱼ = Z tⱼ / (tⱼ'tⱼ)`, with `tⱼ` row
//! `j` of `T`: partial leverages are `tⱼ'(Z_g'WZ_g)tⱼ / tⱼ'tⱼ`. Formulas in
//! [`ClusterDiagnostics`](crate::inference::ClusterDiagnostics).

use ndarray::{Array1, Array2};

use super::adjusted;
use super::fit::{Fit, Model, Shared};
use super::inference::ordered;
use super::treated::{References, column};
use crate::data::Frame;
use crate::error::{Error, Result};
use crate::inference::{ClusterDiagnostics, TermClusters, effective_clusters};

/// Rows by squared coefficients up to which the effective number is worked out for a note.
const MOST_WORK: f64 = 2e8;

impl<M: Model> Fit<M> {
    /// What the clusters of the fit's standard errors are like: sizes, the effective number, treated clusters, leverage,
    /// influence. Of several cluster variables, that with the fewest.
    ///
    /// ```
    /// use averted::data::Frame;
    /// use averted::regression::Ols;
    /// let frame = Frame::new()
    ///     .with_number("rate", vec![3.1, 2.9, 4.2, 3.8, 5.3, 4.9, 2.2, 3.8])?
    ///     .with_number("treated", vec![0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0])?
    ///     .with_number("year", vec![1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0])?
    ///     .with_text("state", &["a", "a", "b", "b", "c", "c", "d", "d"].map(Some))?;
    /// let fit = Ols::new().cluster("state").fit("rate ~ treated | state + year", &frame)?;
    /// let clusters = fit.cluster_diagnostics()?;
    /// assert_eq!(clusters.terms[0].treated, [2, 3]);
    /// assert!((clusters.terms[0].effective - 4.0).abs() < 1e-12);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] unless standard errors are clustered, and where the effects other than the largest have too many
    /// levels for leverages.
    pub fn cluster_diagnostics(&self) -> Result<ClusterDiagnostics> {
        self.cluster_diagnostics_of(self.fewest_clusters()?, None)
    }

    /// The cluster variable with the fewest clusters.
    pub(crate) fn fewest_clusters(&self) -> Result<&str> {
        let place = self.inference.cluster_of_fewest();
        let column = place.and_then(|v| self.inference.covariance.clusters().get(v));
        column.map(String::as_str).ok_or_else(|| Error::Argument {
            argument: "cluster".into(),
            value: "nothing".into(),
            must: "the column of the clusters: standard errors are not clustered".into(),
        })
    }

    /// The same, of the clusters in a column, which is looked for in `more` first: data with the same rows as the fit's.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::Missing`] or [`Error::TooShort`] for a column that is not there, has gaps, or has
    /// fewer than two clusters; as for [`cluster_diagnostics`](Self::cluster_diagnostics).
    pub fn cluster_diagnostics_of(&self, column: &str, more: Option<&Frame>) -> Result<ClusterDiagnostics> {
        let shared = &*self.shared;
        if let Some(more) = more {
            self.check_rows(more)?;
        }
        let (codes, labels) = ordered(shared, &[column.to_owned()], more)?;
        if labels.len() < 2 {
            let what = format!("clusters of `{column}`");
            return Err(Error::TooShort { what, needed: 2, found: labels.len() });
        }
        let groups = labels.len();
        let mut sizes = vec![0.0; groups];
        for (place, &g) in codes.iter().enumerate() {
            sizes[g as usize] += shared.repeats().map_or(1.0, |r| r[place]);
        }
        let partial_leverage = partial_leverages(shared, &codes, groups);
        let mut notes = Vec::new();
        let (mut leverage, mut without, mut degrees) =
            (None, None, vec![f64::NAN; shared.estimate.names.len()]);
        if M::HAS_LEVERAGE {
            let mut sums = vec![0.0; groups];
            adjusted::leverages(shared)?.iter().zip(&codes).for_each(|(h, &g)| sums[g as usize] += h);
            leverage = Some(sums);
            without = Some(adjusted::without_clusters(shared, &codes, groups)?);
            degrees = adjusted::satterthwaite_degrees(shared, &codes, groups)?;
            if M::REFITS {
                notes.push("estimates without a cluster are those of one Newton step".into());
            }
        } else {
            notes.push(format!(
                "{} has no leverages, and no estimates without a cluster but by fitting again",
                M::NAME
            ));
        }
        let terms = terms(shared, (&codes, groups), &partial_leverage, &degrees);
        Ok(ClusterDiagnostics {
            column: column.to_owned(),
            clusters: labels.into_iter().map(|label| label.join("^")).collect(),
            sizes,
            leverage,
            partial_leverage,
            without,
            estimates: shared.estimate.coefficients.clone(),
            terms,
            notes,
        })
    }

    /// The smallest effective number of clusters among the coefficients, and whose it is; nothing where it would take long.
    pub(super) fn least_effective(&self) -> Option<(f64, &str)> {
        let estimate = &self.shared.estimate;
        let work = self.shared.problem.rows() as f64 * (estimate.names.len() as f64).powi(2);
        if work > MOST_WORK {
            return None;
        }
        let (codes, groups) = self.inference.grouped.grouping.get(self.inference.cluster_of_fewest()?)?;
        let shares = partial_leverages(&self.shared, codes, *groups);
        let of = |(j, name)| (effective_clusters(&shares.column(j).to_vec()), name);
        let all = estimate.names.iter().map(String::as_str).enumerate().map(of);
        all.filter(|(effective, _)| effective.is_finite()).min_by(|a, b| a.0.total_cmp(&b.0))
    }
}

/// Clusters by coefficients.
fn partial_leverages<M>(shared: &Shared<M>, codes: &[u32], groups: usize) -> Array2<f64> {
    let (basis, root) = (&shared.estimate.ortho.basis, &shared.estimate.ortho.root);
    let k = root.nrows();
    let mut sums = Array2::zeros((groups, k));
    let weights = shared.problem.absorber.weights();
    for ((z, w), &g) in basis.rows().into_iter().zip(weights).zip(codes) {
        for j in 0..k {
            sums[[g as usize, j]] += w * root.row(j).dot(&z).powi(2);
        }
    }
    for (j, mut column) in sums.columns_mut().into_iter().enumerate() {
        column /= root.row(j).dot(&root.row(j));
    }
    sums
}

/// `(ι'x̃_gj)²` up to scale, of clusters by coefficients.
fn related_parts<M>(shared: &Shared<M>, codes: &[u32], groups: usize) -> Array2<f64> {
    let (basis, root) = (&shared.estimate.ortho.basis, &shared.estimate.ortho.root);
    let mut sums: Array2<f64> = Array2::zeros((groups, root.nrows()));
    for (place, (z, w)) in basis.rows().into_iter().zip(shared.problem.absorber.weights()).enumerate() {
        // Repeated rows are as many observations; else a row's error has the size `w^(−½)`.
        let share = if shared.repeats().is_some() { *w } else { w.sqrt() };
        let part: Array1<f64> = root.dot(&z) * share;
        let mut sum = sums.row_mut(codes[place] as usize);
        sum += &part;
    }
    sums.mapv(|s| s * s)
}

fn terms<M>(
    shared: &Shared<M>,
    (codes, groups): (&[u32], usize),
    shares: &Array2<f64>,
    degrees: &[f64],
) -> Vec<TermClusters> {
    let references = References::new(shared, codes, groups);
    let related = (!references.nests()).then(|| related_parts(shared, codes, groups));
    let one = |(j, term): (usize, &String)| {
        let departs = references.departing(shared, j, usize::MAX);
        let (nonzero, varying) = occurrence(shared, j, codes, groups);
        TermClusters {
            term: term.clone(),
            treated: (0..groups).filter(|&g| departs[g]).collect(),
            nonzero,
            varying,
            effective: effective_clusters(&shares.column(j).to_vec()),
            effective_related: related
                .as_ref()
                .map_or(f64::NAN, |parts| effective_clusters(&parts.column(j).to_vec())),
            degrees: degrees[j],
        }
    };
    shared.estimate.names.iter().enumerate().map(one).collect()
}

/// In how many clusters a coefficient's regressor is somewhere not zero, and in how many it varies.
fn occurrence<M>(shared: &Shared<M>, coefficient: usize, codes: &[u32], groups: usize) -> (usize, usize) {
    let Some(x) = column(shared, coefficient) else { return (groups, groups) };
    let mut first = vec![f64::NAN; groups];
    let (mut nonzero, mut varies) = (vec![false; groups], vec![false; groups]);
    for (value, &g) in x.iter().zip(codes) {
        let g = g as usize;
        if first[g].is_nan() {
            first[g] = *value;
        }
        nonzero[g] |= *value != 0.0;
        varies[g] |= *value != first[g];
    }
    let count = |all: Vec<bool>| all.into_iter().filter(|v| *v).count();
    (count(nonzero), count(varies))
}
