//! Average marginal effects, elasticities and semi-elasticities, and the differences that levels make.

use std::str::FromStr;

use ndarray::{Array1, Array2, Axis};

use super::Margins;
use super::rows::{Groups, Pieces, Setting, check_moves, used as used_columns};
use crate::data::{Column, Frame, Used};
use crate::error::{Error, Result};
use crate::regression::Link;
use crate::regression::fit::{Fit, Model};

/// Which derivative of the mean outcome `y` along a column `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Slope {
    /// `∂y/∂x`.
    #[default]
    Dydx,
    /// The elasticity `∂log y/∂log x`.
    Eyex,
    /// The semi-elasticity `∂log y/∂x`.
    Eydx,
    /// The semi-elasticity `∂y/∂log x`.
    Dyex,
}

impl Slope {
    fn words(self) -> &'static str {
        match self {
            Self::Dydx => "dy/dx",
            Self::Eyex => "d(log y)/d(log x)",
            Self::Eydx => "d(log y)/dx",
            Self::Dyex => "dy/d(log x)",
        }
    }
}

impl FromStr for Slope {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "dydx" => Ok(Self::Dydx),
            "eyex" => Ok(Self::Eyex),
            "eydx" => Ok(Self::Eydx),
            "dyex" => Ok(Self::Dyex),
            _ => Err(Error::Argument {
                argument: "slope".into(),
                value: format!("`{name}`"),
                must: "dydx, eyex, eydx or dyex".into(),
            }),
        }
    }
}

/// Where the derivative is taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct At {
    /// At the means of all regressors and effects, not averaged over rows.
    pub means: bool,
    /// With these columns set to something else.
    pub set: Vec<(String, Setting)>,
    /// Whether columns of zeros and ones are taken as numbers, not as the difference between one and zero.
    pub dummies_as_numbers: bool,
}

impl<M: Model> Fit<M> {
    /// Average marginal effects of columns (all regressors' if none is named) on the mean outcome, by groups.
    ///
    /// Groups are levels of columns of the data, looked for in `more` first. Averages are weighted as the fit is. A column that enters through functions, powers and interactions is followed
    /// through all of them; one that enters with lags moves in all periods. Levels and columns of zeros and ones
    /// answer with differences: from the reference level, and from zero to one.
    ///
    /// # Errors
    /// [`Error::Argument`] for a fit to arrays, a column that is in effects, exposure or offset as well, and elasticities of
    /// levels; [`Error::UnknownColumn`]; [`Error::Domain`] where there is no derivative; [`Error::NotConverged`].
    pub fn marginal_effects(
        &self,
        columns: &[String],
        slope: Slope,
        at: &At,
        by: &[String],
        more: Option<&Frame>,
    ) -> Result<Margins> {
        self.predictable()?;
        let origin = self.origin()?;
        let used = used_columns(origin);
        let chosen: Vec<&Used> = if columns.is_empty() {
            let is_set = |u: &&Used| !at.set.iter().any(|(name, _)| *name == u.column);
            used.iter().filter(is_set).filter(|u| check_moves(origin, &u.column).is_ok()).collect()
        } else {
            let find = |name: &String| {
                check_moves(origin, name)?;
                let found = used.iter().find(|u| u.column == *name);
                found.ok_or_else(|| Error::unknown_column(name, used.iter().map(|u| u.column.as_str())))
            };
            columns.iter().map(find).collect::<Result<_>>()?
        };
        if at.means && !by.is_empty() {
            return Err(Error::Argument {
                argument: "by".into(),
                value: by.join(", "),
                must: "left out at the means; effects at the means of a group need a fit to it".into(),
            });
        }
        let groups = self.grouped(by, more, false)?;
        let place = Place::new(self, &groups, at)?;
        let mut found = Vec::new();
        for used in chosen {
            for (name, pieces) in self.pieces_of(&place, used, slope, at)? {
                found.push((name, self.gather(&pieces, &groups, |row| place.item(row))));
            }
        }
        let whether = if at.means { "at the means" } else { "average" };
        let title = format!("Marginal effects, {whether}, {}: {}", slope.words(), self.sentence());
        self.margins(title, found, &groups)
    }

    fn pieces_of(&self, place: &Place, used: &Used, slope: Slope, at: &At) -> Result<Vec<(String, Pieces)>> {
        let column = &used.column;
        if !used.levels.is_empty() {
            let level = |name: &String| Setting::Level(name.clone());
            let reference = &used.levels[0];
            let one = |other: &String| {
                let name = format!("{column}[{other}] - {column}[{reference}]");
                let pieces = self.difference(place, column, slope, at, [level(reference), level(other)])?;
                Ok((name, pieces))
            };
            return used.levels[1..].iter().map(one).collect();
        }
        let values = self.column(place, column)?;
        let dummy = values.iter().all(|&v| v == 0.0 || v == 1.0)
            && !at.dummies_as_numbers
            && !at.means
            && values.iter().any(|&v| v != values[0]);
        if dummy {
            let ends = [Setting::Number(0.0), Setting::Number(1.0)];
            return Ok(vec![(column.clone(), self.difference(place, column, slope, at, ends)?)]);
        }
        Ok(vec![(column.clone(), self.slope_along(place, column, slope)?)])
    }

    /// The values of a column at the fitted rows as they are set.
    fn column(&self, place: &Place, column: &str) -> Result<Vec<f64>> {
        let set = place.set.iter().find(|(name, _)| name == column);
        let places = self.places();
        let values: Vec<f64> = match set {
            Some((_, Setting::Number(value))) => vec![*value; places.len()],
            Some((_, Setting::Path(path))) => places.iter().map(|&row| path[row]).collect(),
            _ => {
                let all = self.origin()?.frame.number(column)?;
                places.iter().map(|&row| all[row]).collect()
            }
        };
        Ok(place.reduce(&values))
    }

    fn slope_along(&self, place: &Place, column: &str, slope: Slope) -> Result<Pieces> {
        let moved = place.reduce_rows(self.derivatives(&place.set, column)?);
        let rise = moved.dot(&self.shared.estimate.coefficients);
        let times = match slope {
            Slope::Dydx | Slope::Eydx => vec![1.0; rise.len()],
            Slope::Eyex | Slope::Dyex => self.column(place, column)?,
        };
        let relative = matches!(slope, Slope::Eyex | Slope::Eydx);
        let eta = &place.linear;
        let n = rise.len();
        let (mut value, mut linear, mut along, mut own) =
            (vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        for i in 0..n {
            // `f = z s(η) r` with `r` the slope of the linear predictor: its value, and along `r` and `η`.
            let [_, size, bend] = of_mean(M::LINK, relative, eta[i]);
            value[i] = times[i] * size * rise[i];
            along[i] = times[i] * size;
            linear[i] = times[i] * bend * rise[i];
            own[i] = linear[i];
        }
        if is_linear(M::LINK, relative) {
            linear.clear();
        }
        Ok(Pieces { value, linear, terms: vec![(along, moved), (own, place.x.clone())] })
    }

    /// What it changes to go from one setting to another.
    fn difference(
        &self,
        place: &Place,
        column: &str,
        slope: Slope,
        at: &At,
        ends: [Setting; 2],
    ) -> Result<Pieces> {
        if at.means || matches!(slope, Slope::Eyex | Slope::Dyex) {
            return Err(Error::Argument {
                argument: "variables".into(),
                value: format!("`{column}`"),
                must: "numbers: levels, and columns of zeros and ones, answer dydx and eydx with differences, averaged \
                       over rows"
                    .into(),
            });
        }
        let relative = slope == Slope::Eydx;
        let mut pieces =
            Pieces { value: vec![0.0; place.linear.len()], linear: Vec::new(), terms: Vec::new() };
        let mut linear = vec![0.0; place.linear.len()];
        for (sign, end) in [-1.0, 1.0].into_iter().zip(ends) {
            let mut set: Vec<_> = place.set.iter().filter(|(name, _)| name != column).cloned().collect();
            set.push((column.to_owned(), end));
            let x = self.regressors(&set)?;
            let eta = &place.linear + &(&x - &place.x).dot(&self.shared.estimate.coefficients);
            let mut along = Vec::with_capacity(eta.len());
            for (i, &eta) in eta.iter().enumerate() {
                let [value, slope, _] = of_mean(M::LINK, relative, eta);
                pieces.value[i] += sign * value;
                linear[i] += sign * slope;
                along.push(sign * slope);
            }
            pieces.terms.push((along, x));
        }
        if !is_linear(M::LINK, relative) {
            pieces.linear = linear;
        }
        Ok(pieces)
    }
}

/// The mean, or its logarithm where changes are relative, with slope and bend in the linear predictor.
fn of_mean(link: Link, relative: bool, eta: f64) -> [f64; 3] {
    if relative { link.log(eta) } else { [link.mean(eta), link.slope(eta), link.bend(eta)] }
}

/// Whether that is the linear predictor itself.
fn is_linear(link: Link, relative: bool) -> bool {
    matches!((link, relative), (Link::Identity, false) | (Link::Log, true))
}

/// Rows or their means, where derivatives are taken.
struct Place {
    set: Vec<(String, Setting)>,
    x: Array2<f64>,
    linear: Array1<f64>,
    /// Shares of rows in the mean, where there is one item only.
    shares: Option<Vec<f64>>,
}

impl Place {
    fn new<M: Model>(fit: &Fit<M>, groups: &Groups, at: &At) -> Result<Self> {
        let mut place = Self {
            set: at.set.clone(),
            x: Array2::zeros((0, 0)),
            linear: Array1::zeros(0),
            shares: at.means.then(|| groups.shares.clone()),
        };
        if at.means {
            let origin = fit.origin()?;
            for used in used_columns(origin) {
                let known = at.set.iter().any(|(name, _)| *name == used.column);
                let Ok(Column::Number(values)) = origin.frame.column(&used.column) else { continue };
                if known || !used.levels.is_empty() || check_moves(origin, &used.column).is_err() {
                    continue;
                }
                let mean = fit.places().iter().zip(&groups.shares).map(|(&row, s)| values[row] * s).sum();
                place.set.push((used.column, Setting::Number(mean)));
            }
        }
        let fitted: Array1<f64> = fit.shared.estimate.linear.iter().copied().collect();
        if place.set.is_empty() {
            let order = &fit.shared.problem;
            let rows: Vec<usize> = (0..order.rows()).map(|p| order.kept[order.absorber.row(p)]).collect();
            place.x =
                fit.shared.sample.x.select(Axis(0), &rows).select(Axis(1), &fit.shared.estimate.columns);
            place.linear = fitted;
            return Ok(place);
        }
        let before = fit.regressors(&[])?;
        let x = fit.regressors(&place.set)?;
        let linear = fitted + (&x - &before).dot(&fit.shared.estimate.coefficients);
        place.linear = place.reduce(&linear.to_vec()).into();
        place.x = place.reduce_rows(x);
        Ok(place)
    }

    fn item(&self, row: usize) -> usize {
        if self.shares.is_some() { 0 } else { row }
    }

    fn reduce(&self, values: &[f64]) -> Vec<f64> {
        match &self.shares {
            None => values.to_vec(),
            Some(shares) => vec![shares.iter().zip(values).map(|(s, v)| s * v).sum()],
        }
    }

    fn reduce_rows(&self, x: Array2<f64>) -> Array2<f64> {
        match &self.shares {
            None => x,
            Some(shares) => Array1::from(shares.clone()).dot(&x).insert_axis(Axis(0)),
        }
    }
}
