//! The ways of reconciling.

use std::fmt::{self, Display};
use std::str::FromStr;

use ndarray::{Array1, Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::forecast::reconciliation::{Hierarchy, nonnegative, shrunk_covariance};
use crate::inference::Forecast;
use crate::linalg::Cholesky;
use crate::parallel;

/// What the covariance W of the base errors is taken to be, up to a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The bottom series are believed and summed.
    BottomUp,
    /// The identity (Hyndman et al. 2011).
    Ols,
    /// How many bottom series each is the sum of.
    WlsStruct,
    /// The mean squares of the in-sample errors.
    WlsVar,
    /// The covariance of the in-sample errors, shrunk ([`shrunk_covariance`]).
    Shrink,
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "bottom_up" => Ok(Self::BottomUp),
            "ols" => Ok(Self::Ols),
            "wls_struct" => Ok(Self::WlsStruct),
            "wls_var" => Ok(Self::WlsVar),
            "shrink" => Ok(Self::Shrink),
            _ => Err(argument("method", text, "`bottom_up`, `ols`, `wls_struct`, `wls_var` or `shrink`")),
        }
    }
}

impl Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BottomUp => "bottom-up",
            Self::Ols => "least squares",
            Self::WlsStruct => "least squares weighted by structure",
            Self::WlsVar => "least squares weighted by the variance of the errors",
            Self::Shrink => "least trace, with the shrunk covariance of the errors",
        })
    }
}

fn argument(argument: &str, value: impl Display, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.to_string(), must: must.into() }
}

/// How the bottom series come out of the base forecasts.
#[derive(Debug, Clone, PartialEq)]
enum How {
    /// b̂ − K (û − C b̂).
    Gain(Array2<f64>),
    /// Shares of the series of this row.
    Shares(usize, Vec<f64>),
}

/// A way of making forecasts of a hierarchy add up. See the [module](super).
#[derive(Debug, Clone, PartialEq)]
pub struct Reconciliation {
    hierarchy: Hierarchy,
    how: How,
    /// S'W⁻¹S and S'W⁻¹, where forecasts must not be below zero.
    programme: Option<(Array2<f64>, Array2<f64>)>,
    covariance: Array2<f64>,
    nonnegative: bool,
    whole: bool,
    told: String,
}

impl Reconciliation {
    /// By this method; `errors` are the in-sample errors of the base forecasts, time × series in the order of the
    /// hierarchy's names, where the method needs them. A missing error (NaN) is left out; of
    /// [`Shrink`](Method::Shrink), its row.
    ///
    /// # Errors
    /// [`Error::Argument`] without errors that the method needs; [`Error::Shape`] for another number of series;
    /// [`Error::TooShort`] for too few errors; [`Error::NotPositiveDefinite`] when the covariance does not tell how the
    /// sums' errors should be shared, as when several have none.
    pub fn new(hierarchy: &Hierarchy, method: Method, errors: Option<ArrayView2<'_, f64>>) -> Result<Self> {
        let n = hierarchy.len();
        if let Some(errors) = errors
            && errors.ncols() != n
        {
            return Err(Error::Shape {
                what: "errors".into(),
                expected: format!("{n} columns, one a series"),
                found: errors.ncols().to_string(),
            });
        }
        let needed = || {
            let must = "a method without errors, such as `wls_struct`, or given with the in-sample errors";
            errors.ok_or_else(|| argument("method", method, must))
        };
        let mut told = format!("reconciled by {method}");
        let covariance = match method {
            Method::BottomUp | Method::Ols => Array2::eye(n),
            Method::WlsStruct => Array2::from_diag(&hierarchy.summing().sum_axis(ndarray::Axis(1))),
            Method::WlsVar => Array2::from_diag(&mean_squares(hierarchy, needed()?)?),
            Method::Shrink => {
                let (covariance, intensity) = shrunk_covariance(needed()?)?;
                told = format!("{told}, intensity {intensity:.3}");
                covariance
            }
        };
        let (upper, bottom) = (hierarchy.upper(), hierarchy.bottom());
        let gain = if method == Method::BottomUp || upper.is_empty() {
            Array2::zeros((bottom.len(), upper.len()))
        } else {
            gain(hierarchy, &covariance)?
        };
        let how = How::Gain(gain);
        let (programme, hierarchy) = (None, hierarchy.clone());
        Ok(Self { hierarchy, how, programme, covariance, nonnegative: false, whole: false, told })
    }

    /// The forecast of the series that all bottom series sum to, split by these shares of theirs, such as those of past
    /// totals (Gross & Sohl 1990). Biased even where base forecasts are not.
    ///
    /// # Errors
    /// [`Error::Argument`] when no series is the sum of all, and for shares below zero or that do not sum to one;
    /// [`Error::Shape`] for another number of them.
    pub fn top_down(hierarchy: &Hierarchy, shares: &[f64]) -> Result<Self> {
        let all = |row: &usize| hierarchy.summing().row(*row).iter().all(|v| *v == 1.0);
        let Some(top) = (0..hierarchy.len()).find(all) else {
            return Err(argument("method", "top_down", "another: no series is the sum of all"));
        };
        if shares.len() != hierarchy.bottom().len() {
            return Err(Error::Shape {
                what: "shares".into(),
                expected: format!("{}, one a bottom series", hierarchy.bottom().len()),
                found: shares.len().to_string(),
            });
        }
        let sum: f64 = shares.iter().sum();
        if shares.iter().any(|s| s.is_nan() || *s < 0.0) || (sum - 1.0).abs() > 1e-8 {
            return Err(argument("shares", format!("{shares:?}"), "zero or more, and one in sum"));
        }
        Ok(Self {
            how: How::Shares(top, shares.to_vec()),
            programme: None,
            covariance: Array2::eye(hierarchy.len()),
            nonnegative: false,
            whole: false,
            told: format!("shares of the forecast of {}", hierarchy.names()[top]),
            hierarchy: hierarchy.clone(),
        })
    }

    /// Forecasts that come out below zero are put to `min (ŷ − Sb)'W⁻¹(ŷ − Sb)` under b ≥ 0 (Wickramasuriya, Turlach &
    /// Hyndman 2020) instead.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when W has no inverse.
    pub fn nonnegative(mut self) -> Result<Self> {
        if let How::Gain(_) = self.how {
            let summing = self.hierarchy.summing();
            let what = "covariance of the errors, for non-negative reconciliation,";
            let weighted = Cholesky::new(self.covariance.view(), what)?.solve_many(summing);
            let weighted = weighted.reversed_axes();
            self.programme = Some((weighted.dot(&summing), weighted));
        }
        self.nonnegative = true;
        Ok(self)
    }

    /// The outcomes are counts: forecasts are whole, not below zero, and add up ([`Hierarchy::whole`]).
    ///
    /// # Errors
    /// As [`nonnegative`](Self::nonnegative).
    pub fn counts(self) -> Result<Self> {
        Ok(Self { whole: true, ..self.nonnegative()? })
    }

    /// The hierarchy.
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    /// W.
    pub fn covariance(&self) -> ArrayView2<'_, f64> {
        self.covariance.view()
    }

    /// Reconciles one number a series.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of values; [`Error::Missing`] for values that are not finite;
    /// [`Error::NotConverged`] for a quadratic programme without end.
    pub fn points(&self, base: &[f64]) -> Result<Vec<f64>> {
        if base.len() != self.hierarchy.len() {
            return Err(Error::Shape {
                what: "base forecasts".into(),
                expected: format!("{}, one a series", self.hierarchy.len()),
                found: base.len().to_string(),
            });
        }
        if let Some(row) = base.iter().position(|v| !v.is_finite()) {
            let count = base.iter().filter(|v| !v.is_finite()).count();
            let what = format!("base forecast of {}", self.hierarchy.names()[row]);
            return Err(Error::Missing { what, count, first: row });
        }
        let mut bottom: Vec<f64> = match &self.how {
            How::Shares(top, shares) => shares.iter().map(|s| s * base[*top]).collect(),
            How::Gain(gain) => {
                let excess = Array1::from(self.hierarchy.incoherence(base));
                let moved = gain.dot(&excess);
                self.hierarchy.bottom().iter().zip(&moved).map(|(&row, m)| base[row] - m).collect()
            }
        };
        if self.nonnegative && bottom.iter().any(|b| *b < 0.0) {
            match &self.programme {
                Some((a, weighted)) => {
                    let c = weighted.dot(&Array1::from(base.to_vec()));
                    bottom = nonnegative::minimum(a, c.view())?.to_vec();
                }
                None => bottom.iter_mut().for_each(|b| *b = b.max(0.0)),
            }
        }
        if self.whole { self.hierarchy.whole(&bottom) } else { Ok(self.hierarchy.sum(&bottom)) }
    }

    /// Reconciles joint paths, one forecast a series in the order of the hierarchy's names, path by path: path i of all
    /// series belong together.
    ///
    /// # Errors
    /// [`Error::Shape`] when numbers of forecasts or paths, scenarios, periods or cutoffs differ; as
    /// [`points`](Self::points).
    pub fn forecasts(&self, base: &[&Forecast]) -> Result<Vec<Forecast>> {
        let key = |f: &Forecast| {
            format!(
                "{} paths of {:?}, {:?} from {}",
                f.paths(0).nrows(),
                f.scenarios(),
                f.labels(),
                f.cutoff()
            )
        };
        let wrong = |expected: String, found: String| {
            Err(Error::Shape { what: "base forecasts".into(), expected, found })
        };
        if base.len() != self.hierarchy.len() {
            return wrong(format!("{}, one a series", self.hierarchy.len()), base.len().to_string());
        }
        if let Some(other) = base.iter().find(|f| key(f) != key(base[0])) {
            return wrong(key(base[0]), key(other));
        }
        let (draws, horizon) = base[0].paths(0).dim();
        let scenarios = base[0].scenarios().len();
        let mut paths = vec![vec![Array2::zeros((draws, horizon)); scenarios]; base.len()];
        for scenario in 0..scenarios {
            let views: Vec<_> = base.iter().map(|f| f.paths(scenario)).collect();
            let rows = parallel::map(draws, |draw| {
                let at = |h: usize| self.points(&views.iter().map(|v| v[[draw, h]]).collect::<Vec<_>>());
                (0..horizon).map(at).collect::<Result<Vec<_>>>()
            });
            for (draw, row) in rows.into_iter().enumerate() {
                for (h, values) in row?.into_iter().enumerate() {
                    for (series, value) in values.into_iter().enumerate() {
                        paths[series][scenario][[draw, h]] = value;
                    }
                }
            }
        }
        let made = base.iter().zip(paths).map(|(f, paths)| {
            let (names, labels) = (f.scenarios().to_vec(), f.labels().to_vec());
            let made = Forecast::new(names, paths, labels, f.cutoff().into(), f.seed())?;
            let made = if self.whole { made.counts() } else { made };
            let made = f.notes().iter().fold(made, |made, note| made.note(note.clone()));
            Ok(made.note(self.told.clone()))
        });
        made.collect()
    }
}

/// Mean squares of the errors, series by series.
fn mean_squares(hierarchy: &Hierarchy, errors: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
    let of = |(column, name): (ndarray::ArrayView1<'_, f64>, &String)| {
        let known: Vec<f64> = column.iter().copied().filter(|v| v.is_finite()).collect();
        if known.is_empty() {
            return Err(Error::TooShort { what: format!("errors of {name}"), needed: 1, found: 0 });
        }
        Ok(known.iter().map(|v| v * v).sum::<f64>() / known.len() as f64)
    };
    errors.columns().into_iter().zip(hierarchy.names()).map(of).collect()
}

/// `K = (W_bu − W_bb C') (W_uu − W_ub C' − C W_bu + C W_bb C')⁻¹`.
fn gain(hierarchy: &Hierarchy, w: &Array2<f64>) -> Result<Array2<f64>> {
    let (upper, bottom) = (hierarchy.upper(), hierarchy.bottom());
    let part = |rows: &[usize], columns: &[usize]| {
        Array2::from_shape_fn((rows.len(), columns.len()), |(i, j)| w[[rows[i], columns[j]]])
    };
    let c = hierarchy.summing().select(ndarray::Axis(0), upper);
    let direction = part(bottom, upper) - part(bottom, bottom).dot(&c.t());
    let spread = part(upper, upper) - part(upper, bottom).dot(&c.t()) - c.dot(&direction);
    let factor = Cholesky::new(spread.view(), "covariance of what the sums have too much")?;
    Ok(factor.solve_many(direction.t()).reversed_axes())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::random::{normal, stream};

    fn country() -> Hierarchy {
        Hierarchy::sums(&[("all", &["n", "s"])]).expect("a hierarchy")
    }

    fn close(ours: &[f64], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len());
        ours.iter().zip(theirs).for_each(|(o, t)| assert!((o - t).abs() < 1e-10, "{ours:?} {theirs:?}"));
    }

    /// With one sum, the excess d = û − b̂₁ − b̂₂ is shared in proportion to the variances.
    #[test]
    fn one_sum_has_a_closed_form() {
        let base = [12.0, 4.0, 5.0];
        let made =
            |method, errors| Reconciliation::new(&country(), method, errors).and_then(|r| r.points(&base));
        close(&made(Method::BottomUp, None).expect("one"), &[9.0, 4.0, 5.0]);
        close(&made(Method::Ols, None).expect("one"), &[11.0, 5.0, 6.0]);
        // W = diag(2, 1, 1): a quarter of the excess each.
        close(&made(Method::WlsStruct, None).expect("one"), &[10.5, 4.75, 5.75]);
        // Mean squares 8, 3, 1.
        let root = |v: f64| v.sqrt();
        let errors = array![[root(8.0), root(3.0), 1.0], [-root(8.0), root(3.0), f64::NAN]];
        close(&made(Method::WlsVar, Some(errors.view())).expect("one"), &[10.0, 4.75, 5.25]);
        let shares = Reconciliation::top_down(&country(), &[0.25, 0.75]).and_then(|r| r.points(&base));
        close(&shares.expect("one"), &[12.0, 3.0, 9.0]);
    }

    /// G = (S'W⁻¹S)⁻¹S'W⁻¹, the other form of the same.
    #[test]
    fn both_forms_agree() {
        let sums: [(&str, &[&str]); 4] =
            [("all", &["a", "b"]), ("a", &["a1", "a2", "a3"]), ("b", &["b1", "b2"]), ("odd", &["a1", "b1"])];
        let hierarchy = Hierarchy::sums(&sums).expect("one");
        let n = hierarchy.len();
        let mut e = stream(1, 0);
        let errors = Array2::from_shape_fn((30, n), |_| normal(&mut e));
        let base: Vec<f64> = (0..n).map(|_| 10.0 + normal(&mut e)).collect();
        for method in [Method::Ols, Method::WlsStruct, Method::WlsVar, Method::Shrink] {
            let made = Reconciliation::new(&hierarchy, method, Some(errors.view())).expect("one");
            let s = hierarchy.summing();
            let weighted = Cholesky::new(made.covariance(), "W").expect("W").solve_many(s).reversed_axes();
            let bottom = Cholesky::new(weighted.dot(&s).view(), "A")
                .expect("A")
                .solve(weighted.dot(&Array1::from(base.clone())).view());
            let ours = made.points(&base).expect("points");
            close(&ours, &hierarchy.sum(&bottom.to_vec()));
            // What adds up stays as it is, whatever W.
            close(&made.points(&ours).expect("points"), &ours);
        }
    }

    #[test]
    fn negative_forecasts_are_put_to_a_programme() {
        // OLS gives [−1, −2, 1]: with the first bottom at zero, the other is the mean of what the two others say.
        let base = [-2.0, -1.0, 2.0];
        let made = Reconciliation::new(&country(), Method::Ols, None).expect("one");
        close(&made.points(&base).expect("points"), &[-1.0, -2.0, 1.0]);
        close(&made.clone().nonnegative().and_then(|r| r.points(&base)).expect("points"), &[0.0, 0.0, 0.0]);
        let base = [2.0, -1.0, 4.0];
        close(
            &made.points(&base).expect("points"),
            &[2.333_333_333_333_333, -1.333_333_333_333_333, 3.666_666_666_666_667],
        );
        close(&made.nonnegative().and_then(|r| r.points(&base)).expect("points"), &[3.0, 0.0, 3.0]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let refused = Reconciliation::new(&country(), Method::Shrink, None).expect_err("no errors");
        assert!(refused.to_string().contains("in-sample errors"), "{refused}");
        let nothing = Array2::zeros((5, 3));
        let refused =
            Reconciliation::new(&country(), Method::WlsVar, Some(nothing.view())).expect_err("zero");
        assert!(matches!(refused, Error::NotPositiveDefinite { .. }), "{refused}");
        let made = Reconciliation::new(&country(), Method::Ols, None).expect("one");
        assert!(matches!(made.points(&[1.0, f64::NAN, 2.0]), Err(Error::Missing { first: 1, .. })));
        assert!(made.points(&[1.0]).is_err());
        assert!(Reconciliation::new(&country(), Method::WlsVar, Some(Array2::zeros((5, 2)).view())).is_err());
        assert!(Reconciliation::top_down(&country(), &[0.5, 0.6]).is_err());
        let apart = Hierarchy::sums(&[("a", &["x", "y"][..]), ("b", &["z"])]).expect("one");
        assert!(Reconciliation::top_down(&apart, &[0.5, 0.25, 0.25]).is_err());
        assert!("mint".parse::<Method>().is_err() && "shrink".parse() == Ok(Method::Shrink));
    }

    fn drawn(seed: u64, mean: f64) -> Forecast {
        let mut e = stream(seed, 0);
        let paths = Array2::from_shape_fn((300, 2), |_| mean + 2.0 * normal(&mut e));
        let labels = vec!["2025".into(), "2026".into()];
        Forecast::new(vec!["f".into()], vec![paths], labels, "2024".into(), 1).expect("a forecast")
    }

    #[test]
    fn joint_paths_add_up_path_by_path() {
        let base = [drawn(1, 20.0), drawn(2, 3.0), drawn(3, 11.0)];
        let base: Vec<&Forecast> = base.iter().collect();
        let made = Reconciliation::new(&country(), Method::WlsStruct, None).expect("one");
        let plain = made.forecasts(&base).expect("forecasts");
        for (i, row) in plain[0].paths(0).rows().into_iter().enumerate() {
            for h in 0..2 {
                assert!((row[h] - plain[1].paths(0)[[i, h]] - plain[2].paths(0)[[i, h]]).abs() < 1e-10);
            }
        }
        // Linear, so the means are those of the reconciled means.
        let means: Vec<f64> = base.iter().map(|f| f.mean(0)[0]).collect();
        close(&plain.iter().map(|f| f.mean(0)[0]).collect::<Vec<_>>(), &made.points(&means).expect("points"));
        let counts = made.counts().and_then(|r| r.forecasts(&base)).expect("forecasts");
        let whole = |f: &Forecast| f.is_count() && f.paths(0).iter().all(|v| v.fract() == 0.0 && *v >= 0.0);
        assert!(counts.iter().all(whole));
        let (all, n, s) = (counts[0].paths(0), counts[1].paths(0), counts[2].paths(0));
        assert_eq!(all, &n + &s);
        assert!(counts[0].notes().iter().any(|n| n.contains("structure")));
    }
}
