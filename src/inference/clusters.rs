//! Whether clustered standard errors have enough to go on: sizes, leverage and influence of clusters.
//!
//! Averages over clusters are near what they estimate where there are many clusters that matter alike. With `X` all
//! columns of the regression in working coordinates (rows multiplied by `√w`), `x̃ⱼ` what is left of regressor `j` off all
//! others and off the effects, and `g` a cluster:
//!
//! | what | formula |
//! | --- | --- |
//! | leverage | `L_g = tr X_g(X'X)⁻X_g'`, which sum to the number of columns |
//! | partial leverage | `L_gj = x̃_gj'x̃_gj / x̃ⱼ'x̃ⱼ`, which sum to one |
//! | influence | `β̂₋g = β̂ − (X'X)⁻X_g'(I − H_gg)⁻¹e_g`, the estimates without the cluster |
//! | effective number | `G*(ρ) = G / (1 + Γ)`, `Γ` the squared coefficient of variation of `γ_g = ρ(ι'x̃_gj)² + (1 − ρ) x̃_gj'x̃_gj` |
//! | degrees of freedom | those of CR2, by Satterthwaite |
//!
//! `G*(0) = 1 / Σ_g L_gj²` is for errors unrelated within clusters; `G*(1)`, for errors that are all the same within a
//! cluster, is the worst case of its authors, and is not defined where effects nested in the clusters take such errors
//! up. Carter, Schnepel & Steigerwald 2017, *Review of Economics and Statistics* 99; MacKinnon, Nielsen & Webb 2023,
//! Leverage, influence, and the jackknife in clustered regression models, *Stata Journal* 23; Bell & McCaffrey 2002.

use std::fmt::{self, Display};

use ndarray::{Array1, Array2};

use crate::error::{Error, Result};
use crate::inference::table::{Cell, Table, significant, thousands};

/// What a regression's clusters are like; [`Display`] prints one row a coefficient.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterDiagnostics {
    /// The cluster variable.
    pub column: String,
    /// Its clusters, in their own order, as everything below that has one a cluster.
    pub clusters: Vec<String>,
    /// Observations of each: rows, or the sum of their frequency weights.
    pub sizes: Vec<f64>,
    /// The leverage of each, absorbed effects included; none for models without leverages.
    pub leverage: Option<Vec<f64>>,
    /// The partial leverage, clusters by coefficients.
    pub partial_leverage: Array2<f64>,
    /// The estimates without each cluster, clusters by coefficients, NaN where there is none; for counts by one Newton
    /// step. None for models without leverages.
    pub without: Option<Array2<f64>>,
    /// The estimates.
    pub estimates: Array1<f64>,
    /// What is to know of each coefficient.
    pub terms: Vec<TermClusters>,
    /// What the caller should know.
    pub notes: Vec<String>,
}

/// What the clusters are to one coefficient.
#[derive(Debug, Clone, PartialEq)]
pub struct TermClusters {
    /// The coefficient.
    pub term: String,
    /// Places of the clusters whose regressor departs from the path that the others share: the treated, or those that
    /// were not, where these are fewer.
    pub treated: Vec<usize>,
    /// In how many clusters the regressor is not always zero.
    pub nonzero: usize,
    /// In how many it varies.
    pub varying: usize,
    /// `G*(0)`.
    pub effective: f64,
    /// `G*(1)`; NaN where effects nested in the clusters are absorbed.
    pub effective_related: f64,
    /// Satterthwaite's degrees of freedom of CR2; NaN for models without leverages.
    pub degrees: f64,
}

impl ClusterDiagnostics {
    /// The number of clusters.
    pub fn count(&self) -> usize {
        self.clusters.len()
    }

    /// The smallest and the largest cluster.
    pub fn size_range(&self) -> (f64, f64) {
        range(&self.sizes)
    }

    /// The coefficient of variation of the sizes: their standard deviation, with `G − 1`, over their mean.
    pub fn size_variation(&self) -> f64 {
        let mean = self.sizes.iter().sum::<f64>() / self.count() as f64;
        let square = self.sizes.iter().map(|s| (s - mean).powi(2)).sum::<f64>();
        (square / (self.count() as f64 - 1.0)).sqrt() / mean
    }

    /// The place of a coefficient.
    ///
    /// # Errors
    /// [`Error::Argument`] for a term that is none.
    pub fn place(&self, term: &str) -> Result<usize> {
        let found = self.terms.iter().position(|t| t.term == term);
        found.ok_or_else(|| Error::Argument {
            argument: "term".into(),
            value: format!("`{term}`"),
            must: format!(
                "a coefficient: {}",
                self.terms.iter().map(|t| t.term.as_str()).collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// One row a coefficient: how many clusters tell about it, and how evenly.
    pub fn table(&self) -> Table {
        let columns =
            ["term", "treated", "effective", "degrees", "largest_share", "of", "without_from", "to"];
        let mut table = Table::new(&columns).title(format!("Clusters of {}", self.column));
        for (j, term) in self.terms.iter().enumerate() {
            let shares = self.partial_leverage.column(j);
            let (most, share) = largest(shares.iter().copied());
            let without = self.without.as_ref().map(|w| range(&w.column(j).to_vec()));
            let ends = without.unwrap_or((f64::NAN, f64::NAN));
            table.push(vec![
                Cell::Text(term.term.clone()),
                Cell::Count(term.treated.len() as f64),
                Cell::Number(term.effective),
                Cell::Number(term.degrees),
                Cell::Number(share),
                Cell::Text(self.clusters[most].clone()),
                Cell::Number(ends.0),
                Cell::Number(ends.1),
            ]);
        }
        let (least, most) = self.size_range();
        table = table.note(format!(
            "{} clusters of {} to {} observations, coefficient of variation {}",
            thousands(self.count() as f64),
            thousands(least),
            thousands(most),
            significant(self.size_variation(), 3)
        ));
        if let Some(leverage) = &self.leverage {
            let (place, most) = largest(leverage.iter().copied());
            table = table.note(format!(
                "Leverage {} to {} ({}), {} on average",
                significant(range(leverage).0, 3),
                significant(most, 3),
                self.clusters[place],
                significant(leverage.iter().sum::<f64>() / self.count() as f64, 3)
            ));
        }
        self.notes.iter().cloned().fold(table, Table::note)
    }

    /// One row a cluster, as they bear on a coefficient.
    ///
    /// # Errors
    /// [`Error::Argument`] for a term that is none.
    pub fn cluster_table(&self, term: &str) -> Result<Table> {
        let j = self.place(term)?;
        let columns = ["cluster", "observations", "treated", "leverage", "partial_leverage", "without"];
        let mut table = Table::new(&columns).title(format!("Clusters of {}, {term}", self.column));
        for (g, cluster) in self.clusters.iter().enumerate() {
            let treated = self.terms[j].treated.contains(&g);
            table.push(vec![
                Cell::Text(cluster.clone()),
                Cell::Count(self.sizes[g]),
                Cell::Text(if treated { "yes".into() } else { "no".into() }),
                Cell::Number(self.leverage.as_ref().map_or(f64::NAN, |l| l[g])),
                Cell::Number(self.partial_leverage[[g, j]]),
                Cell::Number(self.without.as_ref().map_or(f64::NAN, |w| w[[g, j]])),
            ]);
        }
        Ok(table.note(format!("estimate with all {}", significant(self.estimates[j], 5))))
    }
}

impl Display for ClusterDiagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}

/// `G / (1 + Γ)`, the effective number of clusters whose parts are these; NaN where they vanish.
///
/// ```
/// use averted::inference::effective_clusters;
/// assert_eq!(effective_clusters(&[2.0, 2.0, 2.0]), 3.0);
/// assert_eq!(effective_clusters(&[6.0, 0.0, 0.0]), 1.0);
/// ```
pub fn effective_clusters(parts: &[f64]) -> f64 {
    let (sum, squares) = parts.iter().fold((0.0, 0.0), |(s, q), p| (s + p, q + p * p));
    if squares > 0.0 { sum * sum / squares } else { f64::NAN }
}

/// Smallest and largest; NaN is neither.
fn range(values: &[f64]) -> (f64, f64) {
    let (least, most) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
    if least <= most { (least, most) } else { (f64::NAN, f64::NAN) }
}

/// The first place of the largest, and it.
fn largest(values: impl Iterator<Item = f64>) -> (usize, f64) {
    values.enumerate().fold((0, f64::NEG_INFINITY), |best, (i, v)| if v > best.1 { (i, v) } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_alike_are_all_effective() {
        assert!((effective_clusters(&[0.25; 4]) - 4.0).abs() < 1e-14);
        // G / (1 + Γ) with Γ the mean squared relative distance from the mean.
        let parts = [1.0, 2.0, 6.0];
        let gamma = parts.iter().map(|p| (p / 3.0 - 1.0_f64).powi(2)).sum::<f64>() / 3.0;
        assert!((effective_clusters(&parts) - 3.0 / (1.0 + gamma)).abs() < 1e-14);
        assert!(effective_clusters(&[0.0, 0.0]).is_nan());
    }
}
