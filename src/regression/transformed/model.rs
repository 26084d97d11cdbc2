//! The fit of a regression on transformed columns, told in the terms of the columns as they came.

use super::ar1::Autoregression;
use super::components::Components;
use crate::error::Result;
use crate::inference::Covariance;
use crate::regression::fit::{Fit, Model, Shared};
use crate::regression::link::Link;
use crate::regression::ols::Ols;
use crate::regression::sample::Sample;
use crate::regression::settings::{Origin, Settings};

/// A fitted regression on transformed columns.
pub type TransformedFit = Fit<Transformed>;

/// What only a regression on transformed columns has.
#[derive(Debug, Clone, PartialEq)]
pub struct Transformed {
    /// Which one, and what it found besides.
    pub estimator: Estimator,
    /// The sum of squared residuals of the transformed columns.
    pub residual_sum: f64,
    /// Their standard error.
    pub sigma: f64,
    /// `R²` of means or differences; where the rows stay rows, the squared correlation of the outcome with `Xβ̂`.
    pub r_squared: f64,
}

/// Which transformation.
#[derive(Debug, Clone, PartialEq)]
pub enum Estimator {
    /// What a unit has for itself is random.
    RandomEffects(Box<Components>),
    /// Means of units.
    Between {
        /// The caller's rows of every unit; the first stands for it.
        units: Vec<Vec<usize>>,
    },
    /// Differences from the period before.
    FirstDifferences,
    /// Errors follow a first-order autoregression.
    Ar1(Autoregression),
}

impl Model for Transformed {
    const CORRECTED: bool = true;
    const LINK: Link = Link::Identity;
    const NAME: &'static str = "Transformed least squares";

    fn title(&self) -> String {
        match &self.estimator {
            Estimator::RandomEffects(_) => "Random effects".into(),
            Estimator::Between { .. } => "Between".into(),
            Estimator::FirstDifferences => "First differences".into(),
            Estimator::Ar1(found) => found.title().into(),
        }
    }

    fn unpredictable(&self) -> Option<&'static str> {
        match self.estimator {
            Estimator::FirstDifferences => Some("differences do not say at which level a unit is"),
            _ => None,
        }
    }

    fn merged(&self) -> &[Vec<usize>] {
        match &self.estimator {
            Estimator::Between { units } => units,
            _ => &[],
        }
    }

    fn refuses(&self, covariance: &Covariance) -> Option<String> {
        let in_time = matches!(
            covariance,
            Covariance::Autocorrelation(_) | Covariance::Spatial(_) | Covariance::BeckKatz(_)
        );
        let means = matches!(self.estimator, Estimator::Between { .. });
        (means && in_time).then(|| "one without time and place: means of units have neither".into())
    }

    fn statistics(&self) -> Vec<(&'static str, f64)> {
        let mut all = vec![("r_squared", self.r_squared), ("sigma", self.sigma)];
        match &self.estimator {
            Estimator::RandomEffects(found) => all.extend(found.statistics()),
            Estimator::Ar1(found) => all.push(("rho", found.rho)),
            Estimator::Between { .. } | Estimator::FirstDifferences => {}
        }
        all
    }
}

/// Least squares of the `moved` rows. With `levels`, which has the same rows, these are what the fit speaks of.
pub(super) fn solve(
    levels: Option<Sample>,
    moved: Sample,
    settings: Settings,
    origin: Option<Origin>,
    notes: Vec<String>,
    estimator: Estimator,
) -> Result<TransformedFit> {
    let Shared { model, settings, origin, sample, mut problem, mut estimate, dropped, notes } =
        Ols { settings }.solve(moved, origin, notes)?;
    let mut model = Transformed {
        estimator,
        residual_sum: model.residual_sum,
        sigma: model.sigma,
        r_squared: model.r_squared,
    };
    let sample = match levels {
        None => sample,
        Some(levels) => {
            for place in 0..problem.rows() {
                let row = problem.kept[problem.absorber.row(place)];
                let terms = estimate.columns.iter().zip(&estimate.coefficients);
                let index: f64 = terms.map(|(&column, b)| levels.x[[row, column]] * b).sum();
                problem.outcome[place] = levels.outcome[row];
                estimate.linear[place] = index;
            }
            model.r_squared = squared_correlation(&problem.outcome, &estimate.linear);
            levels
        }
    };
    Fit::new(Shared { model, settings, origin, sample, problem, estimate, dropped, notes })
}

fn squared_correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let middle = |v: &[f64]| v.iter().sum::<f64>() / n;
    let (a_mean, b_mean) = (middle(a), middle(b));
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        aa += (x - a_mean) * (x - a_mean);
        bb += (y - b_mean) * (y - b_mean);
        ab += (x - a_mean) * (y - b_mean);
    }
    ab * ab / (aa * bb)
}

impl TransformedFit {
    /// Outcome minus fitted mean, one value for each of [`rows`](Fit::rows): of means, of differences, else of levels.
    pub fn residuals(&self) -> ndarray::Array1<f64> {
        self.outcome() - self.fitted()
    }
}
