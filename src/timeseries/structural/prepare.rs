//! From the caller's series to numbers near one: transformed, centred, divided by the size of a usual step.

use ndarray::{Array2, ArrayView2};

use crate::data::Count;
use crate::error::{Error, Result};
use crate::timeseries::statespace::StateSpace;
use crate::timeseries::structural::specification::argument;
use crate::timeseries::structural::{Component, Scale, Structural, Trend};

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
    /// Regressors, centred and divided by their largest size.
    pub(super) x: Array2<f64>,
    pub(super) names: Vec<String>,
    pub(super) x_centre: Vec<f64>,
    pub(super) x_spread: Vec<f64>,
    pub(super) known: Vec<f64>,
}

fn same_length(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Shape {
        what: what.into(),
        expected: format!("{expected} rows"),
        found: format!("{found} rows"),
    })
}

pub(super) fn prepare(spec: &Structural, series: &Series<'_>) -> Result<Prepared> {
    let n = series.y.len();
    let mut g = transformed(spec.scale, series)?;
    if let Some(offset) = series.offset {
        same_length("offset", offset.len(), n)?;
        g.iter_mut().zip(offset).for_each(|(g, o)| *g -= o);
    }
    let n_observed = g.iter().filter(|g| !g.is_nan()).count();
    let regressors = series.x.map_or(0, |x| x.ncols());
    let diffuse_regressors = if spec.prior.is_empty() {
        regressors
    } else {
        spec.prior.iter().filter(|p| p.1.is_infinite()).count()
    };
    let diffuse =
        1 + usize::from(spec.trend == Trend::Local) + spec.season.map_or(0, |s| s - 1) + diffuse_regressors;
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
    let mut prepared = Prepared {
        name: series.name.to_owned(),
        labels: series.labels.clone(),
        y: series.y.to_vec(),
        exposure: series.exposure.map(<[f64]>::to_vec),
        z,
        offset: series.offset.map(<[f64]>::to_vec),
        centre,
        spread,
        x: Array2::zeros((n, 0)),
        names: Vec::new(),
        x_centre: Vec::new(),
        x_spread: Vec::new(),
        known,
    };
    if let Some(x) = series.x {
        prepared.take_regressors(x, &series.names)?;
    }
    Ok(prepared)
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
        let fixed = Component::ALL.iter().all(|&c| !spec.has(c) || spec.given[c as usize].is_some());
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
    fn take_regressors(&mut self, x: ArrayView2<'_, f64>, names: &[String]) -> Result<()> {
        same_length("regressors", x.nrows(), self.z.len())?;
        self.names = match names.is_empty() {
            true => (1..=x.ncols()).map(|j| format!("x{j}")).collect(),
            false => names.to_vec(),
        };
        same_length("names of regressors", self.names.len(), x.ncols())?;
        let used: Vec<usize> = (0..self.z.len()).filter(|&t| !self.z[t].is_nan()).collect();
        for (j, column) in x.columns().into_iter().enumerate() {
            let name = &self.names[j];
            let mut gone = used.iter().filter(|&&t| column[t].is_nan());
            if let Some(&first) = gone.next() {
                return Err(Error::Missing { what: name.clone(), count: 1 + gone.count(), first });
            }
            if let Some(row) = column.iter().position(|v| v.is_infinite()) {
                let must = "finite".into();
                return Err(Error::Domain { what: name.clone(), row, value: column[row].to_string(), must });
            }
            let centre = used.iter().map(|&t| column[t]).sum::<f64>() / used.len() as f64;
            let spread = used.iter().map(|&t| (column[t] - centre).abs()).fold(0.0, f64::max);
            if spread <= 1e-12 * centre.abs() || spread == 0.0 {
                let why = format!("`{name}` does not vary: it cannot be told from the level");
                return Err(Error::NothingToEstimate { why });
            }
            self.x_centre.push(centre);
            self.x_spread.push(spread);
        }
        self.x = self.standardized(x);
        Ok(())
    }

    /// Regressors in the units of the numerics; missing ones, which go with missing outcomes, are at their centre.
    pub(super) fn standardized(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        Array2::from_shape_fn(x.dim(), |(t, j)| {
            let value = (x[[t, j]] - self.x_centre[j]) / self.x_spread[j];
            if value.is_nan() { 0.0 } else { value }
        })
    }

    /// The state space of the model, its variances still to be set.
    pub(super) fn state_space(&self, spec: &Structural) -> Result<StateSpace> {
        let layout = Layout::new(spec, self.x.ncols());
        let mut model = StateSpace::new(layout.states).transition(0, 0, 1.0).observe(0, 1.0).diffuse(0);
        if let Some(slope) = layout.slope {
            model = model.transition(0, slope, 1.0).transition(slope, slope, 1.0);
            model = if spec.trend == Trend::Local { model.diffuse(slope) } else { model };
        }
        if let Some((first, season)) = layout.seasonal {
            model = model.observe(first, 1.0);
            for j in first..first + season - 1 {
                model = model.transition(first, j, -1.0).diffuse(j);
                if j + 2 < first + season {
                    model = model.transition(j + 1, j, 1.0);
                }
            }
        }
        for j in 0..self.x.ncols() {
            let state = layout.regressors + j;
            model = model.transition(state, state, 1.0);
            model = match spec.prior.get(j) {
                Some(&(mean, variance)) if variance.is_finite() => {
                    let unit = self.x_spread[j] / self.spread;
                    model.start(state, mean * unit, variance * unit * unit)
                }
                _ => model.diffuse(state),
            };
        }
        if self.x.ncols() > 0 {
            model = model.regressors(layout.regressors, self.x.view())?;
        }
        Ok(model.known_variance(self.known.clone()))
    }

    /// The next `horizon` values of the exposure, or an error that says what is needed.
    pub(super) fn future_exposure(&self, horizon: usize, given: Option<&[f64]>) -> Result<Vec<f64>> {
        match (given, &self.exposure) {
            (None, None) => Ok(vec![1.0; horizon]),
            (None, Some(_)) => Err(argument(
                "exposure",
                "none",
                "the exposure of every future period: the model is of a rate",
            )),
            (Some(_), None) => Err(argument("exposure", "given", "left out: the fit has none")),
            (Some(given), Some(_)) => {
                same_length("future exposure", given.len(), horizon)?;
                match given.iter().position(|e| !(*e > 0.0 && e.is_finite())) {
                    None => Ok(given.to_vec()),
                    Some(row) => Err(Error::Domain {
                        what: "future exposure".into(),
                        row,
                        value: given[row].to_string(),
                        must: "above zero and finite".into(),
                    }),
                }
            }
        }
    }

    /// Future regressors in the units of the numerics.
    pub(super) fn future_regressors(
        &self,
        horizon: usize,
        x: Option<ArrayView2<'_, f64>>,
    ) -> Result<Array2<f64>> {
        let Some(x) = x else {
            if self.x.ncols() == 0 {
                return Ok(Array2::zeros((horizon, 0)));
            }
            let must = format!("future values of {}, one row a period", self.names.join(", "));
            return Err(argument("x", "none", &must));
        };
        if x.dim() != (horizon, self.x.ncols()) {
            return Err(Error::Shape {
                what: "future regressors".into(),
                expected: format!("{horizon} rows, {} columns", self.x.ncols()),
                found: format!("{} rows, {} columns", x.nrows(), x.ncols()),
            });
        }
        if let Some(((row, j), value)) = x.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(Error::Domain {
                what: format!("future {}", self.names[j]),
                row,
                value: value.to_string(),
                must: "finite: a forecast needs every regressor in every period".into(),
            });
        }
        Ok(self.standardized(x))
    }
}

/// Where the states are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) states: usize,
    pub(super) slope: Option<usize>,
    /// First state and length.
    pub(super) seasonal: Option<(usize, usize)>,
    pub(super) regressors: usize,
}

impl Layout {
    pub(super) fn new(spec: &Structural, regressors: usize) -> Self {
        let slope = (spec.trend != Trend::None).then_some(1);
        let first = 1 + usize::from(slope.is_some());
        let seasonal = spec.season.map(|s| (first, s));
        let after = first + spec.season.map_or(0, |s| s - 1);
        Self { states: after + regressors, slope, seasonal, regressors: after }
    }

    /// The state that a component's noise moves.
    pub(super) fn state(&self, component: Component) -> Option<usize> {
        match component {
            Component::Irregular => None,
            Component::Level => Some(0),
            Component::Slope => self.slope,
            Component::Seasonal => self.seasonal.map(|(first, _)| first),
        }
    }
}
