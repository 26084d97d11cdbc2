//! Estimates along lags, horizons or event times, with their joint covariance: pointwise intervals and bands.
//!
//! An interval at every point covers each of them at its level, and the whole curve less often. The sup-t band
//! `β̂_h ± c σ̂_h`, with `c` the quantile of `max_h |t_h|` under the joint distribution of the estimates, covers the whole
//! curve at its level, and is the narrowest of its kind (Montiel Olea & Plagborg-Møller 2019, Simultaneous Confidence
//! Bands, *Journal of Applied Econometrics* 34).

use ndarray::{Array1, Array2};

use crate::distribution::Student;
use crate::error::{Error, Result};
use crate::inference::estimates::{CoefficientRow, interval_level};
use crate::inference::forecast::quantile;
use crate::inference::table::{Cell, Table};
use crate::linalg::eigen_symmetric;
use crate::parallel;
use crate::random::{chi_squared, normal, stream};

/// Draws behind the width of a band: its Monte-Carlo error is about 0.3 %.
const DRAWS: usize = 50_000;

/// Draws that one task makes.
const TASK: usize = 1_000;

/// Estimates along whole numbers, with their joint covariance.
///
/// ```
/// use averted::inference::Curve;
/// use ndarray::{Array2, array};
/// let curve = Curve::new("spend", "lag", vec![0, 1], array![1.0, 2.0], Array2::eye(2), f64::INFINITY)?;
/// let sum = curve.cumulative();
/// assert_eq!(sum.estimates()[1], 3.0);
/// assert!((sum.std_errors()[1] - 2_f64.sqrt()).abs() < 1e-15);
/// let c = curve.sup_t(0.95, 1)?; // of two unrelated estimates: Φ⁻¹((1 + √0.95) / 2) = 2.2365
/// assert!((c - 2.2365).abs() < 0.02);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    title: String,
    axis: String,
    at: Vec<i64>,
    estimates: Array1<f64>,
    covariance: Array2<f64>,
    degrees: f64,
}

/// One point of a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvePoint {
    /// The lag, horizon or event time.
    pub at: i64,
    /// Estimate, standard error, test of zero and pointwise interval.
    pub row: CoefficientRow,
    /// Lower end of the simultaneous band.
    pub band_lower: f64,
    /// Upper end.
    pub band_upper: f64,
}

impl Curve {
    /// From estimates at whole numbers, which `axis` names; `degrees` of the t that tests read, infinite for the normal,
    /// NaN where there are to be neither tests nor intervals.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is an estimate for every place and a covariance of every pair;
    /// [`Error::NothingToEstimate`] without any.
    pub fn new(
        title: impl Into<String>,
        axis: impl Into<String>,
        at: Vec<i64>,
        estimates: Array1<f64>,
        covariance: Array2<f64>,
        degrees: f64,
    ) -> Result<Self> {
        let n = at.len();
        if n == 0 {
            return Err(Error::NothingToEstimate { why: "the curve has no points".into() });
        }
        if estimates.len() != n || covariance.dim() != (n, n) {
            return Err(Error::Shape {
                what: "estimates and their covariance".into(),
                expected: format!("{n} and {n} × {n}"),
                found: format!("{} and {:?}", estimates.len(), covariance.dim()),
            });
        }
        Ok(Self { title: title.into(), axis: axis.into(), at, estimates, covariance, degrees })
    }

    /// What the curve is of.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What its places are: `lag`, `horizon`.
    pub fn axis(&self) -> &str {
        &self.axis
    }

    /// Its places.
    pub fn at(&self) -> &[i64] {
        &self.at
    }

    /// The estimates.
    pub fn estimates(&self) -> &Array1<f64> {
        &self.estimates
    }

    /// Their joint covariance.
    pub fn covariance(&self) -> &Array2<f64> {
        &self.covariance
    }

    /// Square roots of its diagonal.
    pub fn std_errors(&self) -> Array1<f64> {
        self.covariance.diag().mapv(|v| v.max(0.0).sqrt())
    }

    /// Degrees of freedom of the t that tests read; infinite for the normal.
    pub fn degrees_of_freedom(&self) -> f64 {
        self.degrees
    }

    /// Running sums, with their joint covariance.
    #[must_use]
    pub fn cumulative(&self) -> Self {
        let n = self.at.len();
        let sums = Array2::from_shape_fn((n, n), |(i, j)| f64::from(u8::from(j <= i)));
        Self {
            title: format!("{}, cumulative", self.title),
            estimates: sums.dot(&self.estimates),
            covariance: sums.dot(&self.covariance).dot(&sums.t()),
            ..self.clone()
        }
    }

    /// The sum of all, under this name.
    pub fn total(&self, name: &str, level: f64) -> CoefficientRow {
        CoefficientRow::new(name, self.estimates.sum(), self.covariance.sum().sqrt(), self.degrees, level)
    }

    /// The weighted mean of the places, the estimates as weights, with its delta-method standard error: the mean lag.
    ///
    /// It means something only where the estimates have one sign.
    pub fn mean_place(&self, name: &str, level: f64) -> CoefficientRow {
        let sum = self.estimates.sum();
        let at = || self.at.iter().map(|&at| at as f64);
        let mean = at().zip(&self.estimates).map(|(at, b)| at * b).sum::<f64>() / sum;
        let gradient: Array1<f64> = at().map(|at| (at - mean) / sum).collect();
        let variance = gradient.dot(&self.covariance.dot(&gradient));
        CoefficientRow::new(name, mean, variance.sqrt(), self.degrees, level)
    }

    /// How many standard errors the simultaneous band reaches to either side: the quantile of `max |t|` under the joint
    /// normal, or t with common denominator, of the estimates. The same seed gives the same bits.
    ///
    /// # Errors
    /// [`Error::Argument`] unless the level lies between 0 and 1; [`Error::NotConverged`] when the covariance is not
    /// finite.
    pub fn sup_t(&self, level: f64, seed: u64) -> Result<f64> {
        interval_level(level)?;
        if self.degrees.is_nan() {
            return Ok(f64::NAN);
        }
        let errors = self.std_errors();
        // Places that are known exactly cannot leave any band.
        let open: Vec<usize> = (0..errors.len()).filter(|&i| errors[i] > 0.0).collect();
        let pointwise = Student::new(self.degrees)?.quantile(0.5 + 0.5 * level);
        if open.len() < 2 {
            return Ok(pointwise);
        }
        let correlation = Array2::from_shape_fn((open.len(), open.len()), |(i, j)| {
            self.covariance[[open[i], open[j]]] / (errors[open[i]] * errors[open[j]])
        });
        let (values, vectors) = eigen_symmetric(correlation.view())?;
        let largest = values[values.len() - 1];
        let kept: Vec<usize> = (0..values.len()).filter(|&j| values[j] > 1e-12 * largest).collect();
        let root = Array2::from_shape_fn((open.len(), kept.len()), |(i, j)| {
            vectors[[i, kept[j]]] * values[kept[j]].sqrt()
        });
        let draw = |index: usize| {
            let mut generator = stream(seed, index as u64);
            let z: Array1<f64> = (0..kept.len()).map(|_| normal(&mut generator)).collect();
            let largest = root.dot(&z).iter().fold(0.0, |most: f64, t| most.max(t.abs()));
            if self.degrees.is_finite() {
                largest / (chi_squared(&mut generator, self.degrees) / self.degrees).sqrt()
            } else {
                largest
            }
        };
        let tasks = parallel::map(DRAWS / TASK, |task| {
            (task * TASK..(task + 1) * TASK).map(draw).collect::<Vec<f64>>()
        });
        let mut draws: Vec<f64> = tasks.into_iter().flatten().collect();
        draws.sort_unstable_by(f64::total_cmp);
        // The band is never narrower than the intervals, whatever the draws say.
        Ok(quantile(&draws, level, false).max(pointwise))
    }

    /// Every point with its interval and the simultaneous band.
    ///
    /// # Errors
    /// As for [`sup_t`](Self::sup_t).
    pub fn points(&self, level: f64, seed: u64) -> Result<Vec<CurvePoint>> {
        let width = self.sup_t(level, seed)?;
        let errors = self.std_errors();
        let point = |i: usize| {
            let name = format!("{} {}", self.axis, self.at[i]);
            let (estimate, reach) = (self.estimates[i], width * errors[i]);
            CurvePoint {
                at: self.at[i],
                row: CoefficientRow::new(&name, estimate, errors[i], self.degrees, level),
                band_lower: estimate - reach,
                band_upper: estimate + reach,
            }
        };
        Ok((0..self.at.len()).map(point).collect())
    }

    /// The points as a table.
    ///
    /// # Errors
    /// As for [`sup_t`](Self::sup_t).
    pub fn table(&self, level: f64, seed: u64) -> Result<Table> {
        let columns = ["estimate", "std_error", "p_value", "lower", "upper", "band_lower", "band_upper"];
        let columns: Vec<&str> = std::iter::once(self.axis.as_str()).chain(columns).collect();
        let mut table = Table::new(&columns).title(&self.title);
        for point in self.points(level, seed)? {
            let row = &point.row;
            table.push(vec![
                Cell::Text(point.at.to_string()),
                Cell::Number(row.estimate),
                Cell::Number(row.std_error),
                Cell::Probability(row.p_value),
                Cell::Number(row.lower),
                Cell::Number(row.upper),
                Cell::Number(point.band_lower),
                Cell::Number(point.band_upper),
            ]);
        }
        let width = self.sup_t(level, seed)?;
        if width.is_nan() {
            return Ok(table);
        }
        Ok(table.note(format!(
            "lower, upper: {}% at each {}; band: {}% for the whole curve (sup-t, {width:.3} standard errors)",
            100.0 * level,
            self.axis,
            100.0 * level
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn curve(covariance: Array2<f64>, degrees: f64) -> Curve {
        let n = covariance.nrows();
        let at = (0..n as i64).collect();
        Curve::new("x", "lag", at, Array1::ones(n), covariance, degrees).expect("shapes agree")
    }

    #[test]
    fn bands_have_their_closed_forms() {
        let normal = Student::new(f64::INFINITY).expect("normal");
        for n in [2_usize, 5, 13] {
            // Unrelated estimates: P(max |z| < c) = (2Φ(c) − 1)^n.
            let exact = normal.quantile(0.5 + 0.5 * 0.95_f64.powf(1.0 / n as f64));
            let found = curve(Array2::eye(n), f64::INFINITY).sup_t(0.95, 3).expect("finite");
            assert!((found - exact).abs() < 0.02, "{n}: {found} {exact}");
        }
        // One and the same estimate several times over: the pointwise interval.
        let same = curve(Array2::ones((6, 6)), 9.0).sup_t(0.9, 1).expect("finite");
        let exact = Student::new(9.0).expect("t").quantile(0.95);
        assert!((same - exact).abs() < 0.02, "{same} {exact}");
        assert!(curve(Array2::eye(2), f64::INFINITY).sup_t(1.0, 1).is_err());
    }

    #[test]
    fn the_mean_place_has_its_delta_error() {
        let made = |b0: f64, b1: f64| {
            let covariance = array![[0.04, 0.01], [0.01, 0.09]];
            Curve::new("x", "lag", vec![0, 4], array![b0, b1], covariance, 30.0).expect("shapes agree")
        };
        let row = made(1.0, 3.0).mean_place("mean lag", 0.95);
        assert!((row.estimate - 3.0).abs() < 1e-14);
        let step = 1e-6;
        let slope = |b0: f64, b1: f64| made(b0, b1).mean_place("", 0.95).estimate;
        let g0 = (slope(1.0 + step, 3.0) - slope(1.0 - step, 3.0)) / (2.0 * step);
        let g1 = (slope(1.0, 3.0 + step) - slope(1.0, 3.0 - step)) / (2.0 * step);
        let variance = 0.04 * g0 * g0 + 0.02 * g0 * g1 + 0.09 * g1 * g1;
        assert!((row.std_error - variance.sqrt()).abs() < 1e-8);
    }
}
