//! Panel-corrected standard errors: Beck & Katz (1995), What to Do (and Not to Do) with Time-Series Cross-Section Data,
//! *APSR* 89.
//!
//! `T (Σₜ Σᵢⱼ σ̂ᵢⱼ xᵢₜ xⱼₜ') T'`: errors of one period are related between units, the same way in every period, with `σ̂ᵢⱼ`
//! the mean of `eᵢₜeⱼₜ` over the periods that both units have. The other way round errors of one unit are related over
//! time, the same way in every unit.

use std::fmt::{self, Display};

use ndarray::Array2;

use super::{Ingredients, panel_setters, sandwich};

/// Standard errors under errors related between units, or over time, in a way that repeats itself.
///
/// ```
/// use averted::inference::covariance::BeckKatz;
/// assert_eq!(BeckKatz::between_units().to_string(), "panel-corrected (Beck–Katz)");
/// assert_eq!(BeckKatz::within_units().to_string(), "panel-corrected within units (Beck–Katz)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeckKatz {
    /// Whether errors are related over time within units, in the place of between units within periods.
    pub within: bool,
    /// The column of units, unless it is the panel's.
    pub unit: Option<String>,
    /// The column of periods, unless it is the panel's.
    pub time: Option<String>,
}

impl BeckKatz {
    fn new(within: bool) -> Self {
        Self { within, unit: None, time: None }
    }

    /// Errors of one period related between units: needs many periods.
    pub fn between_units() -> Self {
        Self::new(false)
    }

    /// Errors of one unit related over time: needs many units.
    pub fn within_units() -> Self {
        Self::new(true)
    }
}

panel_setters!(BeckKatz);

impl Display for BeckKatz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("panel-corrected")?;
        f.write_str(if self.within { " within units (Beck–Katz)" } else { " (Beck–Katz)" })
    }
}

/// Rows that are related: each belongs to a slice, and is one of the items that slices have.
#[derive(Debug, Clone, PartialEq)]
pub struct Slices {
    /// The rows of every slice with the item of each.
    rows: Vec<Vec<(u32, u32)>>,
    /// How many items.
    items: usize,
    /// The residual of every row.
    residuals: Vec<f64>,
}

/// Items up to which all pairs are held: two matrices of 200 MB.
const MOST: usize = 5_000;

impl Slices {
    /// By code, no item twice in a slice; with the residual of every row.
    ///
    /// # Errors
    /// [`crate::Error::TooShort`] with fewer than two slices; [`crate::Error::Argument`] with more items than can be paired.
    pub fn new(
        slice: &[u32],
        item: &[u32],
        residuals: Vec<f64>,
        which: &BeckKatz,
    ) -> crate::error::Result<Self> {
        let count = |codes: &[u32]| codes.iter().max().map_or(0, |most| *most as usize + 1);
        let items = count(item);
        let mut groups = vec![Vec::new(); count(slice)];
        for (row, (&s, &i)) in slice.iter().zip(item).enumerate() {
            groups[s as usize].push((row as u32, i));
        }
        // In the order of the items, whatever that of the rows.
        groups.iter_mut().for_each(|rows| rows.sort_unstable_by_key(|&(_, item)| item));
        let (one, other) = if which.within { ("units", "periods") } else { ("periods", "units") };
        if groups.len() < 2 {
            return Err(crate::Error::TooShort { what: one.into(), needed: 2, found: groups.len() });
        }
        if items > MOST {
            let (argument, value) = ("covariance".into(), which.to_string());
            let must = format!("another one: it pairs {other}, and of {items} there are too many pairs");
            return Err(crate::Error::Argument { argument, value, must });
        }
        Ok(Self { rows: groups, items, residuals })
    }

    /// The mean of `eᵢeⱼ` over the slices that have both.
    fn related(&self) -> Array2<f64> {
        let mut sums = Array2::zeros((self.items, self.items));
        let mut counts = Array2::<f64>::zeros((self.items, self.items));
        for rows in &self.rows {
            for &(a, i) in rows {
                for &(b, j) in rows {
                    let at = [i as usize, j as usize];
                    sums[at] += self.residuals[a as usize] * self.residuals[b as usize];
                    counts[at] += 1.0;
                }
            }
        }
        sums.zip_mut_with(&counts, |sum, count| *sum /= count.max(1.0));
        sums
    }
}

/// The sandwich, without factors. `x` are regressors off the effects, not scores.
pub(super) fn beck_katz(slices: &Slices, from: &Ingredients<'_>) -> Array2<f64> {
    let related = slices.related();
    let k = from.x.ncols();
    let mut meat = Array2::zeros((k, k));
    let mut sum = ndarray::Array1::<f64>::zeros(k);
    for rows in &slices.rows {
        for &(a, i) in rows {
            sum.fill(0.0);
            for &(b, j) in rows {
                sum.scaled_add(related[[i as usize, j as usize]], &from.x.row(b as usize));
            }
            let own = from.x.row(a as usize);
            for (j, &x) in own.iter().enumerate() {
                meat.row_mut(j).scaled_add(x, &sum);
            }
        }
    }
    sandwich(from.root, &meat)
}
