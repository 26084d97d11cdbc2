//! Several noisy measures of one thing, each of which instruments the others.
//!
//! `y = γx* + Xβ + Dα + e`,  `x_j = x* + u_j`, `j = 1…k`, errors of measurement unrelated to `x*`, `e` and each other.
//!
//! Least squares of `y` on one measure finds `λ_j γ`, with `λ_j = Var(x*) / Var(x_j)` its reliability, everything net of
//! `X` and `D`. Another measure is an instrument for it; and since either may be, the rows are stacked, once for each
//! measure, with controls and effects of their own, and `γ` is what the stack has in common: obviously related
//! instrumental variables (Gillen, Snowberg & Yariv 2019, Experimenting with Measurement Error, *Journal of Political
//! Economy* 127). The copies of a row are one observation, and errors are clustered at least by it.
//!
//! `λ̂_j` is the slope of the mean of the other measures on `x_j`. That the estimates with each measure instrumented by the
//! others agree can be tested: they do not where measures have different units, or an error is related to something.
//!
//! ```
//! use averted::data::Frame;
//! use averted::regression::NoisyMeasures;
//! let money: Vec<f64> = (0..60).map(|i| f64::from(i % 13)).collect();
//! let noisy = |f: f64| money.iter().zip(0..).map(|(m, i)| m + 2.0 * (f * f64::from(i * i)).sin()).collect::<Vec<f64>>();
//! let frame = Frame::new()
//!     .with_number("deaths", money.iter().map(|m| 20.0 - 0.5 * m).collect())?
//!     .with_number("obligated", noisy(0.7))?
//!     .with_number("disbursed", noisy(1.9))?;
//! let fit = NoisyMeasures::new(["obligated", "disbursed"]).fit("deaths ~ 1", &frame)?;
//! assert!((fit.signal() + 0.5).abs() < 0.05 && fit.measures(0.95)?[0].reliability.estimate < 1.0);
//! # Ok::<(), averted::Error>(())
//! ```

use std::fmt::{self, Display};

use ndarray::{Array2, Axis, concatenate, s};

use super::linear::{Iv, IvFit};
use crate::data::formula::Expression;
use crate::data::{Absorbed, Factor, Source};
use crate::error::{Error, Result};
use crate::inference::{Cell, CoefficientRow, Covariance, Estimates, Table, Wald, significant, thousands};
use crate::regression::ols::{Ols, OlsFit};
use crate::regression::sample::{Sample, WeightKind};
use crate::regression::settings::{Settings, shared_setters};
use crate::regression::wrapped::{coefficient, term, with_terms};

/// The name of the coefficient of what all measures measure.
const SIGNAL: &str = "signal";
/// The cluster variable of the copies of a row.
const OBSERVATION: &str = "observation";

/// Specification of a linear regression on something of which there are several noisy measures: `y = γx* + Xβ + Dα + e`,
/// `x_j = x* + u_j`.
#[derive(Debug, Clone, PartialEq)]
pub struct NoisyMeasures {
    pub(in crate::regression) settings: Settings,
    measures: Vec<String>,
}

shared_setters!(NoisyMeasures, "Linear regression on noisy measures");

impl NoisyMeasures {
    /// Measures of one thing, in the same units: columns or expressions, two or more. Standard errors are clustered by
    /// observation unless clusters are set.
    pub fn new<S: Into<String>>(measures: impl IntoIterator<Item = S>) -> Self {
        let settings = Settings { covariance: Covariance::Robust, ..Settings::default() };
        Self::told(measures.into_iter().map(Into::into).collect(), settings)
    }

    /// What a linear regression with instruments was told, for these measures.
    #[cfg(feature = "python")]
    pub(crate) fn of(iv: &Iv, measures: Vec<String>) -> Self {
        Self::told(measures, iv.settings.clone())
    }

    fn told(measures: Vec<String>, mut settings: Settings) -> Self {
        settings.choice = Some(measures.join(", "));
        Self { settings, measures }
    }

    /// Fits a formula to data: `outcome ~ controls | absorbed effects`, without the measures.
    ///
    /// # Errors
    /// [`Error::Argument`] for fewer than two measures, or the same twice; for instruments; for covariances other than
    /// robust and clustered, which the copies of an observation do not have; for frequency weights without clusters.
    /// [`Error::NothingToEstimate`] where controls and effects take up a measure; those of [`Iv::fit`].
    pub fn fit(&self, formula: &str, data: &dyn Source) -> Result<NoisyMeasuresFit> {
        let stacked = stacked_covariance(&self.settings.covariance)?;
        let apart = self.settings.covariance.clusters().is_empty();
        if apart && matches!(self.settings.weights, Some((_, WeightKind::Frequency))) {
            return Err(Error::Argument {
                argument: "frequency_weights".into(),
                value: "given".into(),
                must: "with clusters: a row that stands for several is not one observation".into(),
            });
        }
        let terms: Vec<String> =
            self.measures.iter().map(|m| if data.frame().has(m) { term(m) } else { m.clone() }).collect();
        let drawn = self.settings.draw(&with_terms(formula, &terms), data, false)?;
        let mut sample = drawn.sample;
        for column in self.settings.covariance.clusters() {
            if !sample.absorbed.iter().any(|a| a.name == *column) {
                let factor = drawn.origin.frame.factor(column)?.take(&sample.origin);
                sample = sample.cluster(column, factor)?;
            }
        }
        let split = Split::new(sample, &terms)?;
        let mut iv = Iv::new();
        iv.settings = Settings { covariance: stacked, choice: None, ..self.settings.clone() };
        let mut ols = Ols::new();
        ols.settings = Settings { choice: None, ..self.settings.clone() };
        let each = 0..split.names.len();
        let one = |outcome: Option<usize>, j: usize| -> Result<OlsFit> {
            let fit = ols.fit_arrays(split.alone(outcome, j))?;
            coefficient(&fit, &split.names[j]).map(|_| fit)
        };
        let least_squares = each.clone().map(|j| one(None, j)).collect::<Result<_>>()?;
        let reliabilities = each.map(|j| one(Some(j), j)).collect::<Result<_>>()?;
        Ok(NoisyMeasuresFit {
            formula: formula.trim().to_owned(),
            together: iv.fit_arrays(split.stacked(false)?)?,
            apart: iv.fit_arrays(split.stacked(true)?)?,
            least_squares,
            reliabilities,
            names: split.names,
        })
    }
}

/// Which covariance the stack has: copies of a row are never unrelated.
fn stacked_covariance(own: &Covariance) -> Result<Covariance> {
    match own {
        Covariance::Robust => Ok(Covariance::from(OBSERVATION)),
        Covariance::Cluster(_) => Ok(own.clone()),
        other => Err(Error::Argument {
            argument: "covariance".into(),
            value: other.to_string(),
            must: "HC1, which is clustered by observation here, or clusters".into(),
        }),
    }
}

/// A sample with its measures set apart.
struct Split {
    /// Without the measures.
    rest: Sample,
    names: Vec<String>,
    measures: Array2<f64>,
}

impl Split {
    fn new(sample: Sample, terms: &[String]) -> Result<Self> {
        let refuse = |must: &str| {
            let (argument, value) = ("measures".into(), format!("{terms:?}"));
            Err(Error::Argument { argument, value, must: must.into() })
        };
        if terms.len() < 2 {
            return refuse("at least two measures of the same thing");
        }
        let mut places = Vec::new();
        for text in terms {
            let name = Expression::parse(text)?.to_string();
            match sample.names.iter().position(|n| *n == name) {
                Some(place) if places.contains(&place) => return refuse("different measures"),
                Some(place) => places.push(place),
                None => return refuse("columns of numbers or expressions, one column each"),
            }
        }
        let rest: Vec<usize> = (0..sample.names.len()).filter(|j| !places.contains(j)).collect();
        let names = |places: &[usize]| places.iter().map(|&j| sample.names[j].clone()).collect();
        Ok(Self {
            names: names(&places),
            measures: sample.x.select(Axis(1), &places),
            rest: Sample { x: sample.x.select(Axis(1), &rest), names: names(&rest), ..sample },
        })
    }

    /// One measure with the controls; the outcome, or the mean of the measures other than one.
    fn alone(&self, other_than: Option<usize>, j: usize) -> Sample {
        let mut sample = self.rest.clone();
        sample.x = concatenate![Axis(1), sample.x, self.measures.slice(s![.., j..=j])];
        sample.names.push(self.names[j].clone());
        if let Some(except) = other_than {
            let others = self.names.len() - 1;
            let sum = self.measures.sum_axis(Axis(1)) - self.measures.column(except);
            sample.outcome = sum / others as f64;
            sample.outcome_name = format!("measures other than {}", self.names[except]);
        }
        sample
    }

    /// The rows once for each measure; with a coefficient each, or one in common.
    fn stacked(&self, apart: bool) -> Result<Sample> {
        let (n, k) = self.measures.dim();
        let rows: Vec<usize> = (0..n * k).map(|i| i % n).collect();
        let copy = |i: usize| i / n;
        let mut sample = self.rest.take(&rows);
        sample.dropped.clone_from(&self.rest.dropped);
        let c = sample.x.ncols();
        sample.x = Array2::from_shape_fn((n * k, c * k), |(i, j)| {
            if copy(i) == j / c { self.rest.x[[rows[i], j % c]] } else { 0.0 }
        });
        let both = |name: &str, j: usize| format!("{name} [{}]", self.names[j]);
        sample.names = (0..k)
            .flat_map(|j| self.rest.names.iter().map(move |name| (name, j)))
            .map(|(n, j)| both(n, j))
            .collect();
        let copies = Factor::from_codes((0..n * k).map(|i| copy(i) as u32).collect(), self.names.clone());
        // What effects are named after may be what clusters are: as it is, not by measure.
        for absorbed in &self.rest.absorbed {
            if !sample.clusters.iter().any(|(name, _)| *name == absorbed.name) {
                sample.clusters.push((absorbed.name.clone(), absorbed.factor.take(&rows)));
            }
        }
        let crossed = |a: &Absorbed| Absorbed {
            name: format!("{}^measure", a.name),
            factor: a.factor.cross(&copies),
            ..a.clone()
        };
        sample.absorbed = sample.absorbed.iter().map(crossed).collect();
        let labels = (0..n).map(|i| self.rest.origin[i].to_string()).collect();
        let observation = Factor::from_codes(rows.iter().map(|&i| i as u32).collect(), labels);
        sample.clusters.push((OBSERVATION.into(), observation));
        if apart {
            let own = Array2::from_shape_fn((n * k, k), |(i, j)| {
                if copy(i) == j { self.measures[[rows[i], j]] } else { 0.0 }
            });
            sample = sample.endogenous(&self.names, own)?;
        } else {
            let own = Array2::from_shape_fn((n * k, 1), |(i, _)| self.measures[[rows[i], copy(i)]]);
            sample = sample.endogenous(&[SIGNAL], own)?;
        }
        let pairs: Vec<(usize, usize)> =
            (0..k).flat_map(|j| (0..k).filter(move |&l| l != j).map(move |l| (j, l))).collect();
        let others = Array2::from_shape_fn((n * k, pairs.len()), |(i, p)| {
            if copy(i) == pairs[p].0 { self.measures[[rows[i], pairs[p].1]] } else { 0.0 }
        });
        let names: Vec<String> = pairs.iter().map(|&(j, l)| both(&self.names[l], j)).collect();
        sample.instruments(&names, others)
    }
}

/// What is known of one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// The measure.
    pub name: String,
    /// The coefficient by least squares, as if there were no noise.
    pub least_squares: CoefficientRow,
    /// The coefficient with the other measures as instruments.
    pub instrumented: CoefficientRow,
    /// The reliability `λ`: the share of the measure's variance, net of controls and effects, that is not noise.
    pub reliability: CoefficientRow,
}

/// A fitted linear regression on noisy measures. Immutable.
#[derive(Debug, Clone)]
pub struct NoisyMeasuresFit {
    formula: String,
    names: Vec<String>,
    together: IvFit,
    apart: IvFit,
    least_squares: Vec<OlsFit>,
    reliabilities: Vec<OlsFit>,
}

impl NoisyMeasuresFit {
    /// `γ̂`, from all measures.
    pub fn signal(&self) -> f64 {
        self.together.coefficients()[self.place()]
    }

    /// Its row of the table.
    pub fn row(&self, level: f64) -> CoefficientRow {
        self.together.coefficient_rows(level).swap_remove(self.place())
    }

    fn place(&self) -> usize {
        // The only endogenous regressor; without it there is no fit.
        self.together.model().stages.exogenous
    }

    /// The stacked regression: `signal`, and every control once for each measure.
    pub fn stacked(&self) -> &IvFit {
        &self.together
    }

    /// What is known of every measure, intervals at `level`.
    ///
    /// # Errors
    /// [`Error::NothingToEstimate`] where a measure has no coefficient.
    pub fn measures(&self, level: f64) -> Result<Vec<Measure>> {
        let ols = |fit: &OlsFit, name: &str| {
            coefficient(fit, name).map(|place| fit.coefficient_rows(level).swap_remove(place))
        };
        let one = |j: usize| -> Result<Measure> {
            let name = &self.names[j];
            let place = coefficient(&self.apart, name)?;
            Ok(Measure {
                name: name.clone(),
                least_squares: ols(&self.least_squares[j], name)?,
                instrumented: self.apart.coefficient_rows(level).swap_remove(place),
                reliability: ols(&self.reliabilities[j], name)?,
            })
        };
        (0..self.names.len()).map(one).collect()
    }

    /// Whether the estimates with each measure instrumented by the others agree.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] where their covariance is singular, as with fewer clusters than measures.
    pub fn agreement(&self) -> Result<Wald> {
        let equal = |pair: &[String]| format!("{} = {}", pair[0], pair[1]);
        let hypotheses: Vec<String> = self.names.windows(2).map(equal).collect();
        Wald::test(&self.apart, &hypotheses)
    }

    /// The same with another covariance; nothing is fitted again.
    ///
    /// # Errors
    /// As for [`NoisyMeasures::fit`]; [`Error::UnknownColumn`] for clusters that are neither absorbed effects nor those
    /// of the fit.
    pub fn with_covariance(&self, covariance: impl Into<Covariance>) -> Result<Self> {
        let own = covariance.into();
        let stacked = stacked_covariance(&own)?;
        let all = |fits: &[OlsFit]| -> Result<Vec<OlsFit>> {
            fits.iter().map(|fit| fit.with_covariance(own.clone())).collect()
        };
        Ok(Self {
            together: self.together.with_covariance(stacked.clone())?,
            apart: self.apart.with_covariance(stacked)?,
            least_squares: all(&self.least_squares)?,
            reliabilities: all(&self.reliabilities)?,
            ..self.clone()
        })
    }

    /// The covariance of least squares; that of the stack is clustered, by observation if by nothing else.
    pub fn covariance_kind(&self) -> &Covariance {
        self.least_squares[0].covariance_kind()
    }

    /// Observations: rows of the data, not copies.
    pub fn observations(&self) -> f64 {
        self.least_squares[0].observations()
    }

    /// What the caller should know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.least_squares[0].notes();
        notes.extend(self.together.notes().into_iter().filter(|n| n.starts_with("weak")));
        for measure in self.measures(0.95).unwrap_or_default() {
            let row = &measure.reliability;
            let value = significant(row.estimate, 3);
            if row.estimate > 1.0 {
                notes.push(format!(
                    "the reliability of {} is {value}, above 1: the measures have different units, or their errors go \
                     together",
                    measure.name
                ));
            } else if row.lower <= 0.0 {
                notes.push(format!(
                    "the reliability of {} is {value}, which may be nothing: the other measures tell little of it",
                    measure.name
                ));
            }
        }
        if let Ok(test) = self.agreement()
            && test.p_value < 0.05
        {
            notes.push(format!(
                "the measures disagree (p = {:.4}): their units differ, or the error of one is related to the outcome, to \
                 the truth or to another error",
                test.p_value
            ));
        }
        notes
    }

    /// What is fitted, as a sentence.
    pub fn sentence(&self) -> String {
        format!("Noisy measures {} (ORIV): {}", self.names.join(", "), self.formula)
    }

    /// The estimate from all measures, then those from each, and the reliabilities.
    ///
    /// # Errors
    /// As for [`measures`](Self::measures).
    pub fn table(&self, level: f64) -> Result<Table> {
        let measures = self.measures(level)?;
        let named = |row: &CoefficientRow, term: String| CoefficientRow { term, ..row.clone() };
        let mut rows = vec![self.row(level)];
        rows.extend(measures.iter().map(|m| named(&m.instrumented, format!("{}, instrumented", m.name))));
        rows.extend(measures.iter().map(|m| named(&m.least_squares, format!("{}, least squares", m.name))));
        rows.extend(measures.iter().map(|m| named(&m.reliability, format!("{}, reliability", m.name))));
        let mut table = CoefficientRow::table(&rows).title(self.sentence());
        table = table.note(format!(
            "{} observations, {} times each; each measure instruments the others",
            thousands(self.observations()),
            self.names.len()
        ));
        table = table.note(self.together.inference.line(false));
        if let Ok(test) = self.agreement() {
            let reference = if test.degrees.is_finite() {
                format!("F({}, {})", test.restrictions, test.degrees)
            } else {
                format!("χ²({})", test.restrictions)
            };
            let p = Cell::Probability(test.p_value);
            table = table.note(format!(
                "the measures agree: {reference} = {}, p = {p}",
                significant(test.statistic, 4)
            ));
        }
        Ok(self.notes().into_iter().fold(table, Table::note))
    }
}

impl Display for NoisyMeasuresFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(0.95).map_err(|_| fmt::Error)?.fmt(f)
    }
}
