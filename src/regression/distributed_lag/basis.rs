//! How coefficients at the lags 0…L follow from fewer parameters: `β = B θ`, one row of `B` a lag.

use std::fmt::{self, Display};

use ndarray::Array2;

use super::penalty::Smoothing;
use crate::error::{Error, Result};

/// The shape that a lag curve is held to.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum LagBasis {
    /// A coefficient of its own for every lag.
    #[default]
    Unconstrained,
    /// A polynomial in the lag (Almon 1965, *Econometrica* 33).
    Almon {
        /// Its degree.
        degree: usize,
        /// Whether it is zero one period before the first lag.
        near: bool,
        /// Whether it is zero one period after the last lag.
        far: bool,
    },
    /// Constant between breaks: each break is the first lag of a new step.
    Steps(Vec<usize>),
    /// A B-spline of this degree with these knots, which lie between the first and last lag.
    BSpline {
        /// The degree; 3 is cubic.
        degree: usize,
        /// The inner knots.
        knots: Vec<f64>,
    },
    /// A cubic spline with these inner knots, linear at the first and last lag.
    NaturalSpline(Vec<f64>),
    /// A cubic P-spline: B-splines on so many equal pieces, held near a straight line by a penalty.
    Penalized {
        /// The pieces; two fewer than the last lag at most.
        pieces: usize,
        /// How much it is smoothed.
        smoothing: Smoothing,
    },
}

impl LagBasis {
    /// A polynomial of this degree, free at both ends.
    pub fn almon(degree: usize) -> Self {
        Self::Almon { degree, near: false, far: false }
    }

    /// Knots equally spaced in the logarithm of the lag, closer where effects are expected to change fast: those of the
    /// dlnm package (Gasparrini 2011, *Journal of Statistical Software* 43).
    ///
    /// ```
    /// let knots = averted::regression::LagBasis::log_knots(21, 3);
    /// assert!((knots[2] - 7.639_955_879_999_41).abs() < 1e-12);
    /// ```
    pub fn log_knots(lags: usize, count: usize) -> Vec<f64> {
        let step = (1.0 + (lags as f64).ln()) / (count as f64 + 1.0);
        (1..=count).map(|k| (step * k as f64 - 1.0).exp()).collect()
    }

    /// One row for each of the lags 0…`lags`, one column a parameter.
    ///
    /// # Errors
    /// [`Error::Argument`] for more parameters than lags, knots or breaks out of place, and ends that leave nothing.
    pub fn matrix(&self, lags: usize) -> Result<Array2<f64>> {
        let matrix = match self {
            Self::Unconstrained => Array2::eye(lags + 1),
            Self::Almon { degree, near, far } => almon(lags, *degree, *near, *far)?,
            Self::Steps(breaks) => steps(lags, breaks)?,
            Self::BSpline { degree, knots } => {
                check_knots(lags, knots)?;
                b_spline(lags, *degree, knots)
            }
            Self::NaturalSpline(knots) => {
                check_knots(lags, knots)?;
                natural_spline(lags, knots)
            }
            Self::Penalized { pieces, .. } => {
                if *pieces == 0 || lags == 0 {
                    return Err(refused(self.to_string(), "of at least one piece, and of several lags"));
                }
                let width = lags as f64 / *pieces as f64;
                let knots: Vec<f64> = (0..pieces + 7).map(|k| (k as f64 - 3.0) * width).collect();
                spline_rows(lags, 3, &knots)
            }
        };
        if matrix.ncols() > lags + 1 {
            let must = format!("no more than {} parameters, one for each lag", lags + 1);
            return Err(refused(format!("{self} of {} parameters", matrix.ncols()), must));
        }
        Ok(matrix)
    }

    /// A short name, for the columns that stand for the parameters.
    pub(super) fn stem(&self) -> &'static str {
        match self {
            Self::Unconstrained => "lag",
            Self::Almon { .. } => "almon",
            Self::Steps(_) => "step",
            Self::BSpline { .. } => "bspline",
            Self::NaturalSpline(_) => "spline",
            Self::Penalized { .. } => "pspline",
        }
    }
}

impl Display for LagBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[f64]| values.iter().map(|v| format!("{v:.4}")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Unconstrained => f.write_str("unconstrained"),
            Self::Almon { degree, near, far } => {
                let ends = match (near, far) {
                    (false, false) => "",
                    (true, false) => ", zero before the first lag",
                    (false, true) => ", zero after the last",
                    (true, true) => ", zero before the first lag and after the last",
                };
                write!(f, "Almon polynomial of degree {degree}{ends}")
            }
            Self::Steps(breaks) => write!(f, "steps at {breaks:?}"),
            Self::BSpline { degree, knots } => {
                write!(f, "B-spline of degree {degree}, knots {}", list(knots))
            }
            Self::NaturalSpline(knots) => write!(f, "natural cubic spline, knots {}", list(knots)),
            Self::Penalized { pieces, smoothing: Smoothing::Reml } => {
                write!(f, "P-spline of {pieces} pieces, smoothed by REML")
            }
            Self::Penalized { pieces, smoothing: Smoothing::Degrees(degrees) } => {
                write!(f, "P-spline of {pieces} pieces, smoothed to {degrees} degrees of freedom")
            }
        }
    }
}

fn refused(value: String, must: impl Into<String>) -> Error {
    Error::Argument { argument: "basis".into(), value, must: must.into() }
}

/// Powers of the lag, scaled to 1 at the last; an end that is held to zero is a factor of all of them.
fn almon(lags: usize, degree: usize, near: bool, far: bool) -> Result<Array2<f64>> {
    let held = usize::from(near) + usize::from(far);
    if degree < held {
        let must = format!("of degree {held} or more with {held} ends held to zero");
        return Err(refused(format!("Almon polynomial of degree {degree}"), must));
    }
    let size = lags.max(1) as f64;
    Ok(Array2::from_shape_fn((lags + 1, degree + 1 - held), |(lag, power)| {
        let at = lag as f64;
        let near = if near { (at + 1.0) / (size + 1.0) } else { 1.0 };
        let far = if far { (size + 1.0 - at) / (size + 1.0) } else { 1.0 };
        (at / size).powi(power as i32) * near * far
    }))
}

fn steps(lags: usize, breaks: &[usize]) -> Result<Array2<f64>> {
    let ascending = breaks.windows(2).all(|w| w[0] < w[1]);
    if !ascending || breaks.iter().any(|&b| b == 0 || b > lags) {
        return Err(refused(format!("steps at {breaks:?}"), format!("ascending, from 1 to {lags}")));
    }
    let step = |lag: usize| breaks.partition_point(|&b| b <= lag);
    Ok(Array2::from_shape_fn((lags + 1, breaks.len() + 1), |(lag, j)| f64::from(u8::from(step(lag) == j))))
}

fn check_knots(lags: usize, knots: &[f64]) -> Result<()> {
    let inside = |&k: &f64| k > 0.0 && k < lags as f64;
    if knots.windows(2).all(|w| w[0] < w[1]) && knots.iter().all(inside) {
        return Ok(());
    }
    Err(refused(format!("knots {knots:?}"), format!("ascending, and between 0 and {lags}")))
}

/// B-splines on [0, lags] by the recurrence of de Boor (1972), *Journal of Approximation Theory* 6.
fn b_spline(lags: usize, degree: usize, inner: &[f64]) -> Array2<f64> {
    let last = lags as f64;
    let ends = |at: f64| std::iter::repeat_n(at, degree + 1);
    let knots: Vec<f64> = ends(0.0).chain(inner.iter().copied()).chain(ends(last)).collect();
    spline_rows(lags, degree, &knots)
}

/// Every B-spline that these knots make, at the lags 0…`lags`.
fn spline_rows(lags: usize, degree: usize, knots: &[f64]) -> Array2<f64> {
    let pieces = knots.len() - 1;
    let columns = pieces - degree;
    let mut matrix = Array2::zeros((lags + 1, columns));
    for lag in 0..=lags {
        let at = lag as f64;
        // The last piece that is not empty also holds its right end.
        let piece = knots.partition_point(|&k| k <= at).saturating_sub(1);
        let piece = if at >= knots[columns] - 1e-9 { columns - 1 } else { piece };
        let mut values = vec![0.0; pieces];
        values[piece] = 1.0;
        for order in 1..=degree {
            for j in 0..pieces - order {
                let part = |from: f64, to: f64, weight: f64, value: f64| {
                    if to > from { weight / (to - from) * value } else { 0.0 }
                };
                values[j] = part(knots[j], knots[j + order], at - knots[j], values[j])
                    + part(knots[j + 1], knots[j + order + 1], knots[j + order + 1] - at, values[j + 1]);
            }
        }
        (0..columns).for_each(|j| matrix[[lag, j]] = values[j]);
    }
    matrix
}

/// Natural cubic splines by truncated powers (Hastie, Tibshirani & Friedman 2009, §5.2.1), the lag scaled to [0, 1].
fn natural_spline(lags: usize, inner: &[f64]) -> Array2<f64> {
    let size = (lags as f64).max(1.0);
    let knots: Vec<f64> = std::iter::once(0.0).chain(inner.iter().map(|k| k / size)).chain([1.0]).collect();
    let last = knots.len() - 1;
    let cube = |x: f64| x.max(0.0).powi(3);
    let bend = |x: f64, k: usize| (cube(x - knots[k]) - cube(x - knots[last])) / (knots[last] - knots[k]);
    Array2::from_shape_fn((lags + 1, knots.len()), |(lag, j)| {
        let x = lag as f64 / size;
        match j {
            0 => 1.0,
            1 => x,
            _ => bend(x, j - 2) - bend(x, last - 1),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splines_sum_to_one_and_hold_polynomials() {
        let matrix = LagBasis::BSpline { degree: 3, knots: vec![2.0, 5.5, 9.0] }.matrix(12).expect("fits");
        assert_eq!(matrix.dim(), (13, 7));
        for row in matrix.rows() {
            assert!((row.sum() - 1.0).abs() < 1e-14 && row.iter().all(|&v| v >= 0.0));
        }
        assert!((matrix[[0, 0]] - 1.0).abs() < 1e-15 && (matrix[[12, 6]] - 1.0).abs() < 1e-15);
        // Linear precision: the Greville abscissae give back the lag.
        let knots = [0.0, 0.0, 0.0, 0.0, 2.0, 5.5, 9.0, 12.0, 12.0, 12.0, 12.0];
        for (lag, row) in matrix.rows().into_iter().enumerate() {
            let greville = |j: usize| (knots[j + 1] + knots[j + 2] + knots[j + 3]) / 3.0;
            let sum: f64 = row.iter().enumerate().map(|(j, v)| v * greville(j)).sum();
            assert!((sum - lag as f64).abs() < 1e-12);
        }
    }

    #[test]
    fn ends_are_held() {
        let matrix = LagBasis::Almon { degree: 3, near: true, far: true }.matrix(6).expect("fits");
        assert_eq!(matrix.ncols(), 2);
        // A cubic through zero at −1 and 7: fourth differences vanish, and so does the extrapolation.
        for column in matrix.columns() {
            let b: Vec<f64> = column.to_vec();
            let before = 4.0 * b[0] - 6.0 * b[1] + 4.0 * b[2] - b[3];
            let after = 4.0 * b[6] - 6.0 * b[5] + 4.0 * b[4] - b[3];
            assert!(before.abs() < 1e-13 && after.abs() < 1e-13);
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        for (basis, lags) in [
            (LagBasis::almon(4), 3),
            (LagBasis::Almon { degree: 1, near: true, far: true }, 3),
            (LagBasis::Steps(vec![0]), 3),
            (LagBasis::Steps(vec![2, 2]), 3),
            (LagBasis::NaturalSpline(vec![4.0]), 4),
            (LagBasis::BSpline { degree: 3, knots: vec![1.0, 2.0] }, 4),
        ] {
            assert!(matches!(basis.matrix(lags), Err(Error::Argument { .. })), "{basis}");
        }
    }
}
