//! Engle and Granger: is there a relation that two or more series come back to?

use ndarray::{ArrayView2, Axis, concatenate};

use crate::error::{Error, Result};
use crate::timeseries::unit_root::{
    Adf, Deterministic, Lags, Ols, UnitRootTest, deterministic, lag_setters, tau_critical, tau_p,
};

/// The test of Engle & Granger (1987): the null is that the first series shares no relation with the others.
///
/// ```text
/// y_t = d_t'δ + x_t'β + u_t        τ of a Dickey–Fuller regression of û, without a deterministic part
/// ```
///
/// p-values are MacKinnon's (1994) for that many series, up to six; critical values MacKinnon's (2010), up to twelve.
/// `further` has β.
///
/// ```
/// use averted::timeseries::cointegration::EngleGranger;
/// use ndarray::Array2;
/// let mut level = 0.0;
/// let x = Array2::from_shape_fn((80, 2), |(t, j)| {
///     if j == 0 {
///         level += f64::from(((t * t * 31) % 17) as u32) - 8.0;
///     }
///     if j == 0 { 2.0 * level + f64::from(((t * 7) % 5) as u32) } else { level }
/// });
/// let test = EngleGranger::new().lags(1).test(&["deaths".into(), "aid".into()], x.view())?;
/// assert!(test.p_value < 0.01 && (test.further[0].1 - 2.0).abs() < 0.01);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EngleGranger {
    deterministic: Deterministic,
    lags: Lags,
    most: Option<usize>,
}

lag_setters!(EngleGranger);

impl EngleGranger {
    /// With a level, and lags by AIC.
    #[must_use]
    pub fn new() -> Self {
        Self { deterministic: Deterministic::Level, lags: Lags::Aic, most: None }
    }

    /// With this deterministic part in the relation.
    #[must_use]
    pub fn deterministic(mut self, kind: Deterministic) -> Self {
        self.deterministic = kind;
        self
    }

    /// Tests series, time by columns, the first of them explained by the others.
    ///
    /// # Errors
    /// As [`Johansen::test`](super::Johansen::test).
    pub fn test(&self, names: &[String], x: ArrayView2<'_, f64>) -> Result<UnitRootTest> {
        super::checked(names, x)?;
        let (rows, p) = x.dim();
        let kind = self.deterministic;
        let needed = 2 * p + kind.columns() + 4;
        if rows < needed {
            return Err(Error::TooShort { what: "series".into(), needed, found: rows });
        }
        let (z, scales) = super::standard(x, kind >= Deterministic::Level);
        let fixed = deterministic(kind, 1, rows, 0);
        let refuse = |why: String| Error::NothingToEstimate { why };
        let columns = concatenate(Axis(1), &[fixed.view(), z.slice(ndarray::s![.., 1..])])
            .map_err(|_| refuse("no series".into()))?;
        let fit = Ols::fit(columns.view(), z.column(0)).ok_or_else(|| {
            let why = format!("of {}, one is determined by the others", names[1..].join(", "));
            refuse(why)
        })?;
        if fit.rss.sqrt() <= 1e-10 * (rows as f64).sqrt() {
            return Err(refuse(format!("`{}` is determined by {} exactly", names[0], names[1..].join(", "))));
        }
        let adf = Adf::new().deterministic(Deterministic::None).select(self.lags);
        let adf = self.most.map_or(adf, |most| adf.most(most));
        let test = adf.test("residuals", &fit.residuals.to_vec())?;
        let slope = |j: usize| fit.coefficients[kind.columns() + j] * (scales[0] / scales[j + 1]);
        let others = names[1..].join(", ");
        Ok(UnitRootTest {
            method: "Engle–Granger".into(),
            series: names.join(", "),
            null: format!("`{}` shares no relation with {others}: they are not cointegrated", names[0]),
            alternative: "they come back to one relation".into(),
            deterministic: kind,
            p_value: tau_p(test.statistic, kind, p)?,
            critical: tau_critical(kind, p, rows - 1),
            further: (0..p - 1).map(|j| (names[j + 1].clone(), slope(j))).collect(),
            ..test
        })
    }
}
