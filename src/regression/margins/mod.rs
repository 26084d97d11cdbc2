//! Quantities that a fit implies: average marginal effects, average predictions, deaths averted by another path.
//!
//! All are averages or sums `θ = Σᵢ sᵢ f(ηᵢ, x'ᵢβ)` over fitted rows, `ηᵢ = oᵢ + xᵢ'β + dᵢ'α` with the absorbed effects
//! `α`. To first order `θ̂ − θ = g'(β̂ − β) + h'(α̂ − α)`, where `h = Σᵢ aᵢdᵢ`, and both parts are sums over rows of
//! something known times the row's score: with `t = D(D'WD)⁻h`, one projection for each quantity,
//!
//! `θ̂ − θ = (g − X'Wt)'(β̂ − β) + Σᵢ tᵢuᵢ`,
//!
//! so that classical, robust and clustered covariances follow, and equal those by the delta method (Oehlert 1992, A Note
//! on the Delta Method, *The American Statistician* 46) of the fit with a dummy for every level.

mod averages;
mod delta;
mod effects;
mod rows;

use ndarray::{Array1, Array2};

use crate::error::Error;
use crate::inference::{CoefficientRow, Estimates, Table, interval_level};

pub use averages::AvertedByPath;
pub use effects::{At, Slope};
pub use rows::Setting;

/// Quantities that a fit implies, with their joint covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct Margins {
    /// What they are.
    pub title: String,
    /// What each is, group included.
    pub names: Vec<String>,
    /// What each is, without the group.
    pub terms: Vec<String>,
    /// The group of each, empty without groups.
    pub groups: Vec<String>,
    /// The estimates.
    pub estimates: Array1<f64>,
    /// Their covariance.
    pub covariance: Array2<f64>,
    /// Degrees of freedom of the `t`.
    pub degrees: f64,
    /// Why a quantity is not tested: the fit refuses tests of coefficients that more than half of its variance is of.
    pub refused: Vec<Option<Error>>,
    /// What the caller should know.
    pub notes: Vec<String>,
}

impl Margins {
    /// One row a quantity, intervals at `level` (0.95 for 95 %).
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) for a level outside 0 to 1.
    pub fn table(&self, level: f64) -> crate::Result<Table> {
        let rows = self.coefficient_rows(interval_level(level)?);
        let table = CoefficientRow::table(&rows).title(self.title.clone());
        Ok(self.notes.iter().cloned().fold(table, Table::note))
    }
}

impl Estimates for Margins {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn coefficients(&self) -> &Array1<f64> {
        &self.estimates
    }

    fn covariance(&self) -> &Array2<f64> {
        &self.covariance
    }

    fn degrees_of_freedom(&self) -> f64 {
        self.degrees
    }

    fn refusal(&self, combination: &[f64]) -> Option<Error> {
        let mut refused = combination.iter().zip(&self.refused).filter(|(c, _)| **c != 0.0);
        refused.find_map(|(_, why)| why.clone())
    }

    fn degrees_of(&self, combination: &[f64]) -> f64 {
        if self.refusal(combination).is_some() { f64::NAN } else { self.degrees }
    }
}
