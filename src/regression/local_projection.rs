//! Local projections: the response of an outcome to a shock, horizon by horizon, without a model of the dynamics.
//!
//! `g(E[y_{i,t+h}]) = β_h x_it + Σ_{l=1}^{p} (φ_{hl} y_{i,t−l} + ψ_{hl} x_{i,t−l}) + controls + effects`, h = 0…H (Jordà 2005,
//! Estimation and Inference of Impulse Responses by Local Projections, *AER* 95). One lag more than the dynamics need
//! makes errors that are robust to heteroskedasticity right at all horizons, however persistent the data (Montiel Olea &
//! Plagborg-Møller 2021, Local Projection Inference Is Simpler and More Difficult Than You Think, *Econometrica* 89).
//!
//! The errors of the horizons are related. Their joint covariance comes from the scores of all horizons stacked on the
//! rows that they share, `Cov(β̂_h, β̂_k) = Σ_g ψ_gh ψ_gk` with `ψ` the influence of a row or cluster on an estimate; every
//! horizon's own variance is that of its fit. Bands for the whole response follow as for any
//! [`Curve`](crate::inference::Curve).
//!
//! ```
//! use averted::data::{Frame, Panel};
//! use averted::regression::{LocalProjection, Ols};
//! let x: Vec<f64> = (0..80).map(|i| ((i * i) as f64 * 0.7).sin()).collect();
//! let mut y = vec![x[0]];
//! for t in 1..80 {
//!     y.push(0.5 * y[t - 1] + x[t]);
//! }
//! let frame = Frame::new()
//!     .with_text("unit", &vec![Some("a"); 80])?
//!     .with_number("t", (0..80).map(f64::from).collect())?
//!     .with_number("x", x)?
//!     .with_number("y", y)?;
//! let panel = Panel::new(frame, "unit", "t")?;
//! let response = LocalProjection::new("y", "x", 2).lags(1).fit(&Ols::new(), &panel)?;
//! assert!((response.curve()?.estimates()[0] - 1.0).abs() < 1e-10);
//! # Ok::<(), averted::Error>(())
//! ```

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use ndarray::{Array1, Array2};

use super::fit::{Fit, Model};
use super::inference::labelled;
use super::link::Link;
use super::related::related_rows;
use super::wrapped::{Change, Regression, Widened, coefficient, term, with_terms};
use crate::data::formula::Expression;
use crate::data::{Source, numbers};
use crate::error::{Error, Result};
use crate::inference::covariance::{Grouping, Ingredients, estimate};
use crate::inference::{Covariance, Curve, Estimates, SmallSample, Table};
use crate::linalg::nearest_positive_semidefinite;
use crate::parallel::{Watch, try_map};

/// Which outcome the horizons look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Response {
    /// `y_{t+h}`.
    #[default]
    Level,
    /// `y_{t+h} − y_{t−1}`: how far the outcome has come.
    Change,
    /// `y_t + … + y_{t+h}`: what has added up.
    Sum,
}

/// Specification of a local projection: the outcome `h` periods on, regressed on a shock, for every `h` (Jordà 2005).
#[derive(Debug, Clone, PartialEq)]
pub struct LocalProjection {
    outcome: String,
    shock: String,
    horizons: usize,
    response: Response,
    lags: usize,
    augmented: bool,
    balanced: bool,
    instrument: Option<String>,
    multiplier: bool,
    formula: String,
    seed: u64,
}

/// The stem of the columns that hold the outcomes.
const OUTCOME: &str = "response";

impl LocalProjection {
    /// The response of an outcome, at horizons 0…`horizons`, to a unit of a shock; columns or expressions.
    pub fn new(outcome: impl Into<String>, shock: impl Into<String>, horizons: usize) -> Self {
        Self {
            outcome: outcome.into(),
            shock: shock.into(),
            horizons,
            response: Response::default(),
            lags: 0,
            augmented: false,
            balanced: false,
            instrument: None,
            multiplier: false,
            formula: "1".into(),
            seed: 1,
        }
    }

    /// Which outcome; the level unless set.
    #[must_use]
    pub fn response(mut self, response: Response) -> Self {
        self.response = response;
        self
    }

    /// So many lags of outcome and shock as controls; none unless set.
    #[must_use]
    pub fn lags(mut self, lags: usize) -> Self {
        self.lags = lags;
        self
    }

    /// One lag more than set, and standard errors robust to heteroskedasticity where they are classical.
    #[must_use]
    pub fn augmented(mut self) -> Self {
        self.augmented = true;
        self
    }

    /// The rest of the formula: `controls | absorbed effects`.
    #[must_use]
    pub fn controls(mut self, controls: impl Into<String>) -> Self {
        self.formula = controls.into();
        self
    }

    /// The same rows at all horizons, those that have the longest; unless set every horizon has all its rows.
    #[must_use]
    pub fn balanced(mut self) -> Self {
        self.balanced = true;
        self
    }

    /// The shock is instrumented by this column, for [`Iv`](super::Iv): LP-IV (Stock & Watson 2018, *Economic Journal*
    /// 128).
    #[must_use]
    pub fn instrument(mut self, column: impl Into<String>) -> Self {
        self.instrument = Some(column.into());
        self
    }

    /// The sum of the outcome for a unit of the sum of the shock over the same horizon, instrumented: the cumulative
    /// multiplier (Ramey & Zubairy 2018, *Journal of Political Economy* 126). Without an
    /// [`instrument`](Self::instrument) the shock of period t is its own.
    #[must_use]
    pub fn multiplier(mut self) -> Self {
        self.multiplier = true;
        self.response = Response::Sum;
        self
    }

    /// The seed of the draws behind simultaneous bands; 1 unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Fits every horizon. Lags and leads join by time value within the unit; exposure and offset are those of the
    /// period of the outcome (for sums, of the period of the shock), weights those of the period of the shock.
    ///
    /// # Errors
    /// [`Error::Argument`] for plain frames without unit and time, for sums and changes of counts that a count model
    /// cannot take, and for an instrument without `Iv` or the reverse; those of the regression's own `fit`, which name
    /// the horizon where they are about too few rows.
    pub fn fit<R: Regression>(
        &self,
        regression: &R,
        data: &dyn Source,
    ) -> Result<LocalProjectionFit<R::Model>> {
        let told = regression.told();
        if told.rates && self.response == Response::Change {
            let must = "level or sum for counts, which a difference is not".into();
            return Err(Error::Argument { argument: "response".into(), value: "change".into(), must });
        }
        let instrumented = self.instrument.is_some() || self.multiplier;
        if instrumented != R::INSTRUMENTED {
            let (value, must) = if instrumented {
                ("without instruments", "Iv, which a multiplier or an instrumented shock needs")
            } else {
                ("Iv", "Ols or Poisson; or set an instrument")
            };
            return Err(Error::Argument { argument: "model".into(), value: value.into(), must: must.into() });
        }
        let mut wide = Widened::new(data, told.panel)?;
        wide.indexed("horizons")?;
        let outcomes = self.along(&wide, &self.outcome, self.response)?;
        let shocks = self.multiplier.then(|| self.along(&wide, &self.shock, Response::Sum)).transpose()?;
        let lacks = |row: usize| self.balanced && outcomes.iter().any(|y| y[row].is_nan());
        let masked = |column: &[f64]| -> Vec<f64> {
            column.iter().enumerate().map(|(row, &v)| if lacks(row) { f64::NAN } else { v }).collect()
        };
        for (h, outcome) in outcomes.iter().enumerate() {
            wide.add(&format!("{OUTCOME}.{h}"), masked(outcome))?;
            if let Some(shocks) = &shocks {
                wide.add(&format!("shock.{h}"), masked(&shocks[h]))?;
            }
        }
        let robust = self.augmented && told.classical;
        let regression = if robust { regression.clone().retold(Change::Robust) } else { regression.clone() };
        let fits = try_map(self.horizons + 1, &Watch::none(), |h| {
            self.horizon(regression.clone(), &wide, h).map_err(|error| at_horizon(error, h))
        })?;
        let (fits, columns) = fits.into_iter().unzip();
        Ok(LocalProjectionFit { specification: self.clone(), fits, columns })
    }

    /// The values of every horizon.
    fn along(&self, wide: &Widened, text: &str, response: Response) -> Result<Vec<Vec<f64>>> {
        let values = numbers(wide, text)?;
        let index = wide.indexed("horizons")?;
        let before = index.shift(&values, 1);
        let mut all: Vec<Vec<f64>> = Vec::new();
        for h in 0..=self.horizons {
            let later = index.shift(&values, -i64::try_from(h).unwrap_or(i64::MAX));
            let made = |row: usize| match response {
                Response::Level => later[row],
                Response::Change => later[row] - before[row],
                Response::Sum => later[row] + all.last().map_or(0.0, |sum| sum[row]),
            };
            let next = (0..values.len()).map(made).collect();
            all.push(next);
        }
        Ok(all)
    }

    /// One horizon's fit, and where its coefficient of the shock stands.
    fn horizon<R: Regression>(
        &self,
        mut regression: R,
        wide: &Widened,
        h: usize,
    ) -> Result<(Fit<R::Model>, usize)> {
        let (outcome, shock) =
            (Expression::parse(&self.outcome)?.to_string(), Expression::parse(&self.shock)?.to_string());
        let lags = self.lags + usize::from(self.augmented);
        let own = if self.multiplier { term(&format!("shock.{h}")) } else { shock.clone() };
        let instrument = self.instrument.as_ref().unwrap_or(&shock);
        let mut terms = Vec::new();
        if !R::INSTRUMENTED {
            terms.push(shock.clone());
        }
        for lag in 1..=lags {
            terms.push(format!("lag({outcome}, {lag})"));
            terms.push(format!("lag({shock}, {lag})"));
        }
        let mut formula =
            with_terms(&format!("{} ~ {}", term(&format!("{OUTCOME}.{h}")), self.formula), &terms);
        if R::INSTRUMENTED {
            formula += &format!(" | {own} ~ {instrument}");
        }
        if h > 0 && self.response == Response::Level {
            let later = |text: &str| {
                let plain = if wide.frame().has(text) { term(text) } else { text.to_owned() };
                format!("lead({plain}, {h})")
            };
            let told = regression.told();
            let population = wide.population().filter(|_| told.rates && told.offset.is_none());
            let exposure = told.exposure.or(population).map(later);
            let offset = told.offset.map(later);
            regression = exposure.into_iter().fold(regression, |r, text| r.retold(Change::Exposure(text)));
            regression = offset.into_iter().fold(regression, |r, text| r.retold(Change::Offset(text)));
        }
        let fit = regression.fit_formula(&formula, wide)?;
        let column = coefficient(&fit, &own)?;
        Ok((fit, column))
    }
}

impl Display for LocalProjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (self.multiplier, self.response) {
            (true, _) => "Cumulative multiplier",
            (false, Response::Level) => "Response",
            (false, Response::Change) => "Cumulative response",
            (false, Response::Sum) => "Response of the sum",
        };
        write!(f, "{what} of {} to {}, horizons 0 to {}", self.outcome, self.shock, self.horizons)?;
        let lags = self.lags + usize::from(self.augmented);
        if lags > 0 {
            write!(f, ", {lags} lags of both{}", if self.augmented { " (one of them added)" } else { "" })?;
        }
        if let Some(instrument) = &self.instrument {
            write!(f, ", instrumented by {instrument}")?;
        }
        if self.formula != "1" {
            write!(f, ", net of {}", self.formula)?;
        }
        f.write_str(if self.balanced { ", the same rows at all horizons" } else { "" })
    }
}

/// Errors about too few rows say at which horizon.
fn at_horizon(error: Error, h: usize) -> Error {
    match error {
        Error::TooShort { what, needed, found } => {
            Error::TooShort { what: format!("horizon {h}: {what}"), needed, found }
        }
        Error::NothingToEstimate { why } => Error::NothingToEstimate { why: format!("horizon {h}: {why}") },
        other => other,
    }
}

/// A fitted local projection. Immutable; another covariance is another look at the same fits.
#[derive(Debug, Clone)]
pub struct LocalProjectionFit<M: Model> {
    specification: LocalProjection,
    fits: Vec<Fit<M>>,
    columns: Vec<usize>,
}

impl<M: Model> LocalProjectionFit<M> {
    /// The fit of every horizon.
    pub fn fits(&self) -> &[Fit<M>] {
        &self.fits
    }

    /// What was fitted.
    pub fn specification(&self) -> &LocalProjection {
        &self.specification
    }

    /// The seed of the draws behind simultaneous bands.
    pub fn seed(&self) -> u64 {
        self.specification.seed
    }

    /// The same with another covariance; nothing is fitted again.
    ///
    /// # Errors
    /// Those of [`Fit::with_covariance`].
    pub fn with_covariance(&self, covariance: impl Into<Covariance>) -> Result<Self> {
        let covariance = covariance.into();
        let look = |fit: &Fit<M>| fit.with_covariance(covariance.clone());
        let fits = self.fits.iter().map(look).collect::<Result<_>>()?;
        Ok(Self { specification: self.specification.clone(), fits, columns: self.columns.clone() })
    }

    /// The same with a refusal accepted for a reason, as by [`Fit::accept`].
    ///
    /// # Errors
    /// As for it.
    pub fn accept(&self, code: &str, reason: &str) -> Result<Self> {
        let fits = self.fits.iter().map(|fit| fit.accept(code, reason)).collect::<Result<_>>()?;
        Ok(Self { specification: self.specification.clone(), fits, columns: self.columns.clone() })
    }

    /// The response along the horizon, with its joint covariance.
    ///
    /// # Errors
    /// Those of the clusters, which the fits have seen.
    pub fn curve(&self) -> Result<Curve> {
        let each = || self.fits.iter().zip(&self.columns);
        let estimates: Array1<f64> = each().map(|(fit, &j)| fit.coefficients()[j]).collect();
        let errors: Vec<f64> = each().map(|(fit, &j)| fit.covariance()[[j, j]].sqrt()).collect();
        let related = self.related()?;
        let covariance = Array2::from_shape_fn(related.dim(), |(h, k)| {
            let size = (related[[h, h]] * related[[k, k]]).sqrt();
            let correlation = if h == k {
                1.0
            } else if size > 0.0 {
                related[[h, k]] / size
            } else {
                0.0
            };
            correlation * errors[h] * errors[k]
        });
        let refused = each().any(|(fit, &j)| fit.refuses(j));
        let degrees = self.fits.iter().map(Estimates::degrees_of_freedom).fold(f64::INFINITY, f64::min);
        let degrees = if refused { f64::NAN } else { degrees };
        let title = format!("{} on {}", self.specification.outcome, self.specification.shock);
        let at = (0..self.fits.len() as i64).collect();
        Curve::new(title, "horizon", at, estimates, covariance, degrees)
    }

    /// The covariance of all horizons by their scores, up to the scale of each horizon.
    fn related(&self) -> Result<Array2<f64>> {
        let influences: Vec<Vec<f64>> =
            self.fits.iter().zip(&self.columns).map(|(fit, &j)| influence(fit, j)).collect();
        let columns: &[String] = match self.fits[0].covariance_kind() {
            kind @ (Covariance::Autocorrelation(_) | Covariance::Spatial(_) | Covariance::BeckKatz(_)) => {
                return self.related_by_distance(kind, &influences);
            }
            Covariance::Cluster(columns) => columns,
            _ => &[],
        };
        if columns.is_empty() {
            return Ok(products(&influences, self.fits.iter().map(in_fitting_order).collect()));
        }
        let n = self.fits.len();
        let mut sum = Array2::zeros((n, n));
        for subset in 1..1_usize << columns.len() {
            let chosen: Vec<&String> =
                (0..columns.len()).filter(|j| subset >> j & 1 == 1).map(|j| &columns[j]).collect();
            let keys = self.fits.iter().map(|fit| cluster_keys(fit, &chosen)).collect::<Result<Vec<_>>>()?;
            let sign = if chosen.len() % 2 == 1 { 1.0 } else { -1.0 };
            sum += &(products(&influences, keys) * sign);
        }
        Ok(if columns.len() > 1 { nearest_positive_semidefinite(sum.view())?.0 } else { sum })
    }

    /// The same where rows are related by distance in time or space: all horizons by the rows of all, over the widest
    /// reach of any.
    fn related_by_distance(&self, kind: &Covariance, influences: &[Vec<f64>]) -> Result<Array2<f64>> {
        let rows: Vec<Vec<usize>> = self.fits.iter().map(in_fitting_order).collect();
        let mut all: Vec<usize> = rows.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        let mut scores = Array2::zeros((all.len(), influences.len()));
        for (h, (values, rows)) in influences.iter().zip(&rows).enumerate() {
            for (value, row) in values.iter().zip(rows) {
                scores[[all.partition_point(|other| other < row), h]] = *value;
            }
        }
        let first = &self.fits[0];
        let reach = self.fits.iter().filter_map(Fit::reach).max_by(|a, b| a.width.total_cmp(&b.width));
        let related = related_rows(&first.shared, kind, all)?.map(|related| related.reaching(reach));
        let (root, ones) = (Array2::eye(influences.len()), Array1::ones(scores.nrows()));
        let from = Ingredients {
            root: root.view(),
            x: scores.view(),
            pull: ones.view(),
            repeats: None,
            dispersion: 1.0,
            related: related.as_ref(),
        };
        let counts = first.inference.grouped.counts(&first.shared);
        Ok(estimate(kind, &from, &Grouping::new(), SmallSample::NONE, &counts)?.matrix)
    }

    /// The response, and what was decided on the way.
    ///
    /// # Errors
    /// As for [`curve`](Self::curve).
    pub fn table(&self, level: f64) -> Result<Table> {
        let mut table = self.curve()?.table(level, self.seed())?.title(self.specification.to_string());
        let rows = |fit: Option<&Fit<M>>| fit.map_or(0.0, Fit::observations);
        table = table.note(format!(
            "{} observations at horizon 0, {} at the last",
            crate::inference::thousands(rows(self.fits.first())),
            crate::inference::thousands(rows(self.fits.last()))
        ));
        if let Some(fit) = self.fits.last() {
            table = table
                .note(format!("last horizon: {}", fit.sentence()))
                .note(fit.inference.line(M::LINK != Link::Identity));
            table = fit.few_cluster_notes().into_iter().fold(table, Table::note);
            if let Some(&fewest) = fit.clusters().iter().min().filter(|&&g| g <= self.fits.len()) {
                table = table.note(format!(
                    "{fewest} clusters cannot tell {} horizons apart: the band leans on correlations of lower rank",
                    self.fits.len()
                ));
            }
        }
        Ok(table)
    }
}

impl<M: Model> Display for LocalProjectionFit<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(0.95).map_err(|_| fmt::Error)?.fmt(f)
    }
}

/// The rows of the data, in fitting order.
fn in_fitting_order<M: Model>(fit: &Fit<M>) -> Vec<usize> {
    let rows = fit.rows();
    let places: Vec<u32> = (0..rows.len() as u32).collect();
    fit.shared.problem.absorber.sorted(&places).into_iter().map(|p| rows[p as usize]).collect()
}

/// What every row adds to an estimate, in fitting order.
fn influence<M: Model>(fit: &Fit<M>, column: usize) -> Vec<f64> {
    let estimate = &fit.shared.estimate;
    let direction = estimate.ortho.basis.dot(&estimate.ortho.root.row(column));
    direction.iter().zip(&estimate.pull).map(|(z, u)| z * u).collect()
}

/// The clusters of a fit's rows, in fitting order, by their labels.
fn cluster_keys<M: Model>(fit: &Fit<M>, columns: &[&String]) -> Result<Vec<String>> {
    let mut keys = vec![String::new(); fit.shared.problem.kept.len()];
    for column in columns {
        let (codes, labels) = labelled(&fit.shared, column, None)?;
        for (key, code) in keys.iter_mut().zip(codes) {
            key.push('\u{1f}');
            key.push_str(&labels[code as usize]);
        }
    }
    Ok(keys)
}

/// Sums of influences over groups, and of their products over horizons.
fn products<K: Ord>(influences: &[Vec<f64>], keys: Vec<Vec<K>>) -> Array2<f64> {
    let n = influences.len();
    let mut groups: BTreeMap<K, Vec<f64>> = BTreeMap::new();
    for (h, (values, keys)) in influences.iter().zip(keys).enumerate() {
        for (value, key) in values.iter().zip(keys) {
            groups.entry(key).or_insert_with(|| vec![0.0; n])[h] += value;
        }
    }
    let mut sum = Array2::zeros((n, n));
    for group in groups.values() {
        for h in 0..n {
            for k in 0..n {
                sum[[h, k]] += group[h] * group[k];
            }
        }
    }
    sum
}
