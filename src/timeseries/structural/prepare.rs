//! From the caller's series to numbers near one: transformed, centred, divided by the size of a usual step.

use ndarray::ArrayView2;

use crate::data::Count;
use crate::error::{Error, Result};
use crate::timeseries::statespace::StateSpace;
use crate::timeseries::structural::regressors::{Regressors, future_exposure, same_length};
use crate::timeseries::structural::states::state_space;
use crate::timeseries::structural::{Scale, Structural};

/// One series with what belongs to it, in order of time, one value a period; NaN is missing.
#[derive(Debug, Clone)]
pub struct Series<'a> {
    pub(super) name: &'a str,
    pub(super) y: &'a [f64],
    pub(super) exposure: Option<&'a [f64]>,
    pub(super) x: Option<ArrayView2<'a, f64>>,
    pub(super) names: Vec<String>,
    pub(super) offset: Option<&'a [f64]>,
    pub(super) labels: Vec<String>,
}

impl<'a> Series<'a> {
    /// These values under this name.
    pub fn new(name: &'a str, y: &'a [f64]) -> Self {
        Self { name, y, exposure: None, x: None, names: Vec::new(), offset: None, labels: Vec::new() }
    }

    /// Counts as numbers, missing ones NaN.
    ///
    /// # Errors
    /// [`Error::Domain`] naming the first suppressed cell.
    pub fn values(name: &str, counts: &[Count]) -> Result<Vec<f64>> {
        let value = |(row, count): (usize, &Count)| {
            match *count {
            Count::Exact(value) => Ok(value),
            Count::Missing => Ok(f64::NAN),
            Count::Interval { lo, hi } => Err(Error::Domain {
                what: name.into(),
                row,
                value: format!("suppressed ({lo} to {hi})"),
                must: "an exact count or missing: a Gaussian model cannot use an interval; add up units or periods \
                       until nothing is suppressed"
                    .into(),
            }),
        }
        };
        counts.iter().enumerate().map(value).collect()
    }

    /// Divided by this exposure, such as population: the model is of the rate.
    #[must_use]
    pub fn exposure(mut self, exposure: &'a [f64]) -> Self {
        self.exposure = Some(exposure);
        self
    }

    /// With regressors, time × columns, and their names.
    #[must_use]
    pub fn regressors(mut self, x: ArrayView2<'a, f64>, names: &[String]) -> Self {
        self.x = Some(x);
        self.names = names.to_vec();
        self
    }

    /// Minus a known part, on the model's scale; where it is NaN the outcome is not used.
    #[must_use]
    pub fn offset(mut self, offset: &'a [f64]) -> Self {
        self.offset = Some(offset);
        self
    }

    /// With the periods in writing.
    #[must_use]
    pub fn labels(mut self, labels: Vec<String>) -> Self {
        self.labels = labels;
        self
    }
}

impl<'a> Series<'a> {
    /// The first `n` periods of it.
    #[must_use]
    pub fn head(&self, n: usize) -> Self {
        Self {
            y: &self.y[..n],
            exposure: self.exposure.map(|e| &e[..n]),
            x: self.x.map(|x| x.slice_move(ndarray::s![..n, ..])),
            offset: self.offset.map(|o| &o[..n]),
            labels: self.labels.iter().take(n).cloned().collect(),
            ..self.clone()
        }
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Its values.
    pub fn outcome(&self) -> &'a [f64] {
        self.y
    }

    /// Its exposure.
    pub fn exposures(&self) -> Option<&'a [f64]> {
        self.exposure
    }

    /// Its regressors.
    pub fn x(&self) -> Option<ArrayView2<'a, f64>> {
        self.x
    }

    /// The known part that is taken from it.
    pub fn offsets(&self) -> Option<&'a [f64]> {
        self.offset
    }

    /// Names of its regressors; none where they were not named.
    pub fn regressor_names(&self) -> &[String] {
        &self.names
    }

    /// A period in writing, its number where there are no labels.
    pub fn label(&self, t: usize) -> String {
        self.labels.get(t).cloned().unwrap_or_else(|| t.to_string())
    }
}

/// The series in the units of the numerics, and the way back.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) labels: Vec<String>,
    pub(super) y: Vec<f64>,
    pub(super) exposure: Option<Vec<f64>>,
    /// (g(y/e) − offset − centre) / spread.
    pub(super) z: Vec<f64>,
    pub(super) offset: Option<Vec<f64>>,
    pub(super) centre: f64,
    pub(super) spread: f64,
    pub(super) regressors: Regressors,
    pub(super) known: Vec<f64>,
}

pub(super) fn prepare(spec: &Structural, series: &Series<'_>) -> Result<Prepared> {
    let n = series.y.len();
    let mut g = transformed(spec.scale, series)?;
    if let Some(offset) = series.offset {
        same_length("offset", offset.len(), n)?;
        g.iter_mut().zip(offset).for_each(|(g, o)| *g -= o);
    }
    let n_observed = g.iter().filter(|g| !g.is_nan()).count();
    let diffuse = spec.n_diffuse(series.x.map_or(0, |x| x.ncols()));
    if n_observed < diffuse + 2 {
        return Err(Error::TooShort { what: series.name.into(), needed: diffuse + 2, found: n_observed });
    }
    let (centre, spread) = centre_and_spread(series.name, &g, spec)?;
    let z: Vec<f64> = g.iter().map(|g| (g - centre) / spread).collect();
    let known = match spec.sampling {
        // Missing rows and zero never come to use here: the log has refused zeros.
        true => series.y.iter().map(|y| if y.is_nan() { 0.0 } else { 1.0 / y / (spread * spread) }).collect(),
        false => Vec::new(),
    };
    let used: Vec<usize> = (0..n).filter(|&t| !z[t].is_nan()).collect();
    let regressors = match series.x {
        Some(x) => Regressors::new(x, &series.names, n, &used, &spec.walking)?,
        None => Regressors::none(n),
    };
    Ok(Prepared {
        name: series.name.to_owned(),
        labels: series.labels.clone(),
        y: series.y.to_vec(),
        exposure: series.exposure.map(<[f64]>::to_vec),
        z,
        offset: series.offset.map(<[f64]>::to_vec),
        centre,
        spread,
        regressors,
        known,
    })
}

/// g(y / e), NaN where the outcome is missing.
fn transformed(scale: Scale, series: &Series<'_>) -> Result<Vec<f64>> {
    let refuse = |what: &str, row: usize, value: f64, must: &str| {
        Err(Error::Domain { what: what.into(), row, value: value.to_string(), must: must.into() })
    };
    if let Some(exposure) = series.exposure {
        same_length("exposure", exposure.len(), series.y.len())?;
    }
    let one = |(row, &y): (usize, &f64)| {
        if y.is_nan() {
            return Ok(f64::NAN);
        }
        if y.is_infinite() {
            return refuse(series.name, row, y, "finite, or missing");
        }
        let exposure = series.exposure.map_or(1.0, |e| e[row]);
        if !(exposure > 0.0 && exposure.is_finite()) {
            return refuse("exposure", row, exposure, "above zero and finite where the outcome is known");
        }
        match scale {
            Scale::Identity => Ok(y / exposure),
            Scale::Log if y > 0.0 => Ok(y.ln() - exposure.ln()),
            Scale::Log => refuse(
                series.name,
                row,
                y,
                "above zero: there is no log of it; use the identity scale, or add up units or periods until no \
                 count is zero",
            ),
        }
    };
    series.y.iter().enumerate().map(one).collect()
}

/// The first value, and the root mean square of the steps.
fn centre_and_spread(name: &str, g: &[f64], spec: &Structural) -> Result<(f64, f64)> {
    let seen: Vec<f64> = g.iter().copied().filter(|g| !g.is_nan()).collect();
    let centre = seen[0];
    // Divided by the largest size first: squares of 1e300 are out of range, squares of ratios are not.
    let (row, largest) = g
        .iter()
        .enumerate()
        .filter(|(_, g)| !g.is_nan())
        .map(|(row, g)| (row, (g - centre).abs()))
        .fold((0, 0.0), |most, one| if one.1 > most.1 { one } else { most });
    let squares: f64 = seen.windows(2).map(|w| ((w[1] - w[0]) / largest).powi(2)).sum();
    let spread = largest * (squares / (seen.len() - 1) as f64).sqrt();
    if largest == 0.0 {
        let fixed = spec.components().into_iter().all(|c| spec.given(c).is_some());
        if fixed {
            return Ok((centre, 1.0));
        }
        let why = format!("`{name}` is constant: its movements have no variance to estimate");
        return Err(Error::NothingToEstimate { why });
    }
    if !(1e-150..1e150).contains(&spread) {
        return Err(Error::Domain {
            what: name.into(),
            row,
            value: g[row].to_string(),
            must: "of a size whose square is a number: between 1e-150 and 1e150 from the others; change its unit".into(),
        });
    }
    Ok((centre, spread))
}

impl Prepared {
    /// The state space of the model, its variances still to be set.
    pub(super) fn state_space(&self, spec: &Structural) -> Result<StateSpace> {
        Ok(state_space(spec, &self.regressors, self.spread)?.known_variance(self.known.clone()))
    }

    /// The next `horizon` values of the exposure, or an error that says what is needed.
    pub(super) fn future_exposure(&self, horizon: usize, given: Option<&[f64]>) -> Result<Vec<f64>> {
        future_exposure(horizon, self.exposure.is_some(), given)
    }
}
