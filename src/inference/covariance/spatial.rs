//! Covariances under errors related in space: Conley (1999), GMM Estimation with Cross Sectional Dependence, *Journal of
//! Econometrics* 92; with errors related over time besides, as in Hsiang (2010), *PNAS* 107.
//!
//! `T (Σ_{i,j} k(d_ij / c) s_i s_j' + Σ_{i} Σ_{t ≠ u} k(|t − u| / (L + 1)) s_it s_iu') T'`, the first sum over rows of
//! one period not further apart than `c`, the second over different periods of one unit.
//!
//! Neighbours are looked for in the cells of a grid around the globe, as wide as the cutoff, so that the cost grows with
//! rows and neighbours, not with pairs.

use std::fmt::{self, Display};
use std::ops::Range;

use ndarray::{Array2, s};

use super::{Ingredients, Kernel, Series, panel_setters, sandwich};
use crate::error::{Error, Result};
use crate::parallel;

/// Standard errors under errors related in space.
///
/// ```
/// use averted::inference::covariance::Conley;
/// let near = Conley::new("lat", "lon", 100.0).lags(2);
/// assert_eq!(near.to_string(), "Conley (uniform kernel within 100 km, 2 lags within units)");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Conley {
    /// The column of latitudes, in degrees north.
    pub latitude: String,
    /// The column of longitudes, in degrees east.
    pub longitude: String,
    /// The distance beyond which errors are unrelated.
    pub cutoff_km: f64,
    /// The kernel in space.
    pub kernel: Kernel,
    /// How distances are measured.
    pub distance: Distance,
    /// Errors of one unit are related over so many lags, by Bartlett's weights.
    pub lags: usize,
    /// The column of units, unless it is the panel's; only needed with lags.
    pub unit: Option<String>,
    /// The column of periods, unless it is the panel's.
    pub time: Option<String>,
    /// Whether rows of different periods are neighbours too, however far apart in time, as fixest has it.
    pub across_periods: bool,
    /// The earth's radius: its mean one unless set; fixest takes 6376.
    pub radius_km: f64,
}

/// How the distance of two places is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Distance {
    /// Along the great circle.
    #[default]
    GreatCircle,
    /// As if the earth were flat around the two places: fixest's `triangular`. It does not know that 180° is −180°.
    Planar,
}

impl Conley {
    /// Errors unrelated beyond a distance; the columns hold degrees.
    pub fn new(latitude: impl Into<String>, longitude: impl Into<String>, cutoff_km: f64) -> Self {
        Self {
            latitude: latitude.into(),
            longitude: longitude.into(),
            cutoff_km,
            kernel: Kernel::Uniform,
            distance: Distance::GreatCircle,
            lags: 0,
            unit: None,
            time: None,
            across_periods: false,
            radius_km: RADIUS,
        }
    }

    /// With this kernel in space.
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// With distances measured so.
    #[must_use]
    pub fn distance(mut self, distance: Distance) -> Self {
        self.distance = distance;
        self
    }

    /// With errors of one unit related over so many lags.
    #[must_use]
    pub fn lags(mut self, lags: usize) -> Self {
        self.lags = lags;
        self
    }

    /// With rows of different periods neighbours too.
    #[must_use]
    pub fn across_periods(mut self) -> Self {
        self.across_periods = true;
        self
    }

    /// On a globe of this radius.
    #[must_use]
    pub fn radius_km(mut self, radius_km: f64) -> Self {
        self.radius_km = radius_km;
        self
    }

    /// Refuses what is no distance.
    ///
    /// # Errors
    /// [`Error::Argument`].
    pub fn check(&self) -> Result<()> {
        let refused = |argument: &str, value: String, must: &str| {
            Err(Error::Argument { argument: argument.into(), value, must: must.into() })
        };
        if !(self.cutoff_km.is_finite() && self.cutoff_km > 0.0) {
            return refused("cutoff_km", self.cutoff_km.to_string(), "a distance above 0");
        }
        if !(self.radius_km.is_finite() && self.radius_km > 0.0) {
            return refused("radius_km", self.radius_km.to_string(), "a distance above 0");
        }
        if !self.kernel.is_bounded() {
            return refused("kernel", self.kernel.to_string(), "one that is zero beyond the cutoff");
        }
        if self.across_periods && self.lags > 0 {
            return refused("lags", self.lags.to_string(), "0 where rows of all periods are neighbours");
        }
        Ok(())
    }
}

panel_setters!(Conley);

impl Display for Conley {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conley ({} kernel within {} km", self.kernel, self.cutoff_km)?;
        if self.distance == Distance::Planar {
            f.write_str(" on the plane")?;
        }
        if self.across_periods {
            f.write_str(", across periods")?;
        }
        match self.lags {
            0 => {}
            1 => f.write_str(", 1 lag within units")?,
            lags => write!(f, ", {lags} lags within units")?,
        }
        f.write_str(")")
    }
}

/// The earth's mean radius, in kilometres.
const RADIUS: f64 = 6371.0088;
/// Kilometres in a degree, where the earth is taken to be flat.
const DEGREE: f64 = 111.0;
/// Places whose neighbours are looked for at once.
const BLOCK: usize = 64;

/// Places and the rows at each.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    /// Latitude and longitude of every place, in degrees; ascending.
    at: Vec<(f64, f64)>,
    /// The entry, a place in a period, that every row is added to.
    entry: Vec<u32>,
    /// Where the entries of every place begin, and where the last ends.
    starts: Vec<usize>,
    /// The period of every entry, ascending within a place.
    periods: Vec<i64>,
    /// Units over time, where they matter.
    pub(super) series: Option<Series>,
}

impl Places {
    /// Places of rows in degrees, with the periods within which they may be neighbours.
    pub fn new(latitude: &[f64], longitude: &[f64], periods: &[i64], series: Option<Series>) -> Self {
        let mut order: Vec<usize> = (0..latitude.len()).collect();
        // −0 and 0 are one place.
        let place = |row: usize| (latitude[row] + 0.0, longitude[row] + 0.0);
        order.sort_by(|&a, &b| {
            let ((p, q), (r, s)) = (place(a), place(b));
            p.total_cmp(&r).then(q.total_cmp(&s)).then(periods[a].cmp(&periods[b]))
        });
        let (mut at, mut starts, mut own) = (Vec::<(f64, f64)>::new(), Vec::new(), Vec::<i64>::new());
        let mut entry = vec![0; latitude.len()];
        for row in order {
            let here = place(row);
            let fresh = at.last() != Some(&here);
            if fresh {
                at.push(here);
                starts.push(own.len());
            }
            if fresh || own.last() != Some(&periods[row]) {
                own.push(periods[row]);
            }
            entry[row] = own.len() as u32 - 1;
        }
        starts.push(own.len());
        Self { at, entry, starts, periods: own, series }
    }

    fn entries(&self, place: usize) -> Range<usize> {
        self.starts[place]..self.starts[place + 1]
    }

    fn sums(&self, from: &Ingredients<'_>) -> Array2<f64> {
        let mut sums = Array2::zeros((self.periods.len(), from.x.ncols()));
        for ((row, &u), &entry) in from.x.rows().into_iter().zip(from.pull).zip(&self.entry) {
            sums.row_mut(entry as usize).iter_mut().zip(row).for_each(|(s, &x)| *s += x * u);
        }
        sums
    }
}

/// Places by the cells of a grid in space, so that neighbours lie in the same or an adjoining cell.
struct Grid<'a> {
    at: &'a [(f64, f64)],
    /// Points on the unit sphere.
    points: Vec<[f64; 3]>,
    /// Cells in order, each with a place in it.
    cells: Vec<([i64; 3], usize)>,
    width: f64,
    cutoff: f64,
    radius: f64,
    distance: Distance,
}

impl<'a> Grid<'a> {
    fn new(at: &'a [(f64, f64)], which: &Conley) -> Self {
        let point = |&(latitude, longitude): &(f64, f64)| {
            let (p, l) = (latitude.to_radians(), longitude.to_radians());
            [p.cos() * l.cos(), p.cos() * l.sin(), p.sin()]
        };
        let points: Vec<[f64; 3]> = at.iter().map(point).collect();
        let half = (which.cutoff_km / (2.0 * which.radius_km)).min(std::f64::consts::FRAC_PI_2);
        // The chord of the cutoff, and a little more for rounding; no finer than makes sense on the ground.
        let width = (2.0 * half.sin() * (1.0 + 1e-9)).max(1e-7);
        let mut grid = Self {
            at,
            points,
            cells: Vec::new(),
            width,
            cutoff: which.cutoff_km,
            radius: which.radius_km,
            distance: which.distance,
        };
        grid.cells = (0..at.len()).map(|place| (grid.cell(place), place)).collect();
        grid.cells.sort_unstable();
        grid
    }

    fn cell(&self, place: usize) -> [i64; 3] {
        self.points[place].map(|v| (v / self.width).floor() as i64)
    }

    /// Places after this one not further than the cutoff, with their distance.
    fn later(&self, place: usize, found: &mut Vec<(usize, f64)>) {
        found.clear();
        if self.distance == Distance::Planar {
            // Places are in order of latitude.
            for other in place + 1..self.at.len() {
                if (self.at[other].0 - self.at[place].0) * DEGREE > self.cutoff {
                    break;
                }
                self.consider(place, other, found);
            }
            return;
        }
        let [x, y, z] = self.cell(place);
        for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
            // Cells that differ in the last place only stand side by side.
            let first = [x + dx, y + dy, z - 1];
            let last = [x + dx, y + dy, z + 1];
            let start = self.cells.partition_point(|(cell, _)| *cell < first);
            for (_, other) in self.cells[start..].iter().take_while(|(cell, _)| *cell <= last) {
                if *other > place {
                    self.consider(place, *other, found);
                }
            }
        }
        found.sort_unstable_by_key(|(other, _)| *other);
    }

    fn consider(&self, place: usize, other: usize, found: &mut Vec<(usize, f64)>) {
        let distance = kilometres(self.at[place], self.at[other], self.distance, self.radius);
        if distance <= self.cutoff {
            found.push((other, distance));
        }
    }
}

/// The distance of two places in degrees.
fn kilometres(a: (f64, f64), b: (f64, f64), how: Distance, radius: f64) -> f64 {
    let (north, east) = (a.0 - b.0, a.1 - b.1);
    match how {
        Distance::GreatCircle => {
            let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
            let across = a.0.to_radians().cos() * b.0.to_radians().cos() * half(east);
            2.0 * radius * (half(north) + across).min(1.0).sqrt().asin()
        }
        Distance::Planar => {
            let narrower = f64::midpoint(a.0, b.0).to_radians().cos();
            DEGREE * north.hypot(east * narrower)
        }
    }
}

/// The sandwich, without factors.
pub(super) fn spatial(which: &Conley, places: &Places, from: &Ingredients<'_>) -> Array2<f64> {
    let scores = places.sums(from);
    let grid = Grid::new(&places.at, which);
    let k = scores.ncols();
    let blocks = places.at.len().div_ceil(BLOCK);
    let halves = parallel::map(blocks, |block| {
        let mine = block * BLOCK..((block + 1) * BLOCK).min(places.at.len());
        let offset = places.starts[mine.start];
        let rows = offset..places.starts[mine.end];
        let mut forward = &scores.slice(s![rows.clone(), ..]) * 0.5;
        let mut found = Vec::new();
        for place in mine {
            grid.later(place, &mut found);
            for &(other, distance) in &found {
                let weight = which.kernel.weight(distance / which.cutoff_km);
                // Both lists of periods ascend.
                let mut theirs = places.entries(other);
                let mut next = theirs.next();
                for entry in places.entries(place) {
                    while next.is_some_and(|other| places.periods[other] < places.periods[entry]) {
                        next = theirs.next();
                    }
                    if let Some(other) = next.filter(|&o| places.periods[o] == places.periods[entry]) {
                        forward.row_mut(entry - offset).scaled_add(weight, &scores.row(other));
                    }
                }
            }
        }
        scores.slice(s![rows, ..]).t().dot(&forward)
    });
    let half = halves.into_iter().fold(Array2::<f64>::zeros((k, k)), |sum, part| sum + part);
    let mut meat = &half + &half.t();
    if let Some(series) = places.series.as_ref().filter(|_| which.lags > 0) {
        meat += &series.lag_products(from, which.lags);
    }
    sandwich(from.root, &meat)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_on_the_globe() {
        let far = |a, b| kilometres(a, b, Distance::GreatCircle, RADIUS);
        let quarter = RADIUS * std::f64::consts::FRAC_PI_2;
        assert!((far((0.0, 0.0), (90.0, 17.0)) - quarter).abs() < 1e-9);
        assert!((far((0.0, 179.0), (0.0, -179.0)) - far((0.0, -1.0), (0.0, 1.0))).abs() < 1e-9);
        // Mexico City and Washington: some 3,034 km.
        assert!((far((19.4326, -99.1332), (38.9072, -77.0369)) - 3034.0).abs() < 5.0);
    }

    #[test]
    fn the_grid_finds_what_a_search_of_all_pairs_finds() {
        let mut at: Vec<(f64, f64)> = (0..700)
            .map(|i| {
                let i = f64::from(i);
                (89.9 * (i * 0.7391).sin(), 180.0 * (i * 1.917).cos())
            })
            .collect();
        at.extend([(90.0, 0.0), (-90.0, 5.0), (0.0, 180.0), (0.0, -180.0), (0.01, 179.99)]);
        at.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        for distance in [Distance::GreatCircle, Distance::Planar] {
            for cutoff in [0.5, 60.0, 900.0, 12_000.0, 30_000.0] {
                let which = Conley::new("a", "o", cutoff).distance(distance);
                let grid = Grid::new(&at, &which);
                let mut found = Vec::new();
                for i in 0..at.len() {
                    grid.later(i, &mut found);
                    let all: Vec<usize> = (i + 1..at.len())
                        .filter(|&j| kilometres(at[i], at[j], distance, RADIUS) <= cutoff)
                        .collect();
                    assert_eq!(found.iter().map(|(j, _)| *j).collect::<Vec<_>>(), all, "{cutoff} {i}");
                }
            }
        }
    }
}
