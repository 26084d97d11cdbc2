//! Structural models of counts.

use std::fmt::{self, Display};

use crate::error::{Error, Result};
use crate::timeseries::counts::{CountData, CountSeries, Family};
use crate::timeseries::statespace::Trouble;
use crate::timeseries::structural::cells::Cells;
use crate::timeseries::structural::estimate::{maximum, uncertainty};
use crate::timeseries::structural::likelihood::Problem;
use crate::timeseries::structural::regressors::Regressors;
use crate::timeseries::structural::specification::argument;
use crate::timeseries::structural::states::state_space;
use crate::timeseries::structural::{CountStructuralFit, Structural};

/// A structural model of counts: level, trend, season and regressors on the logarithm of their mean.
///
/// ```text
/// Y_t ~ Poisson(m_t) or NB2(m_t, a)         m_t = e_t f_t exp(μ_t + γ_t + ψ_t + x_t'β_t)
/// ```
///
/// `e` is an exposure, `f` the part of the count that is reported so far; the states are those of [`Structural`], without
/// its irregular. A suppressed cell adds log P(lo ≤ Y ≤ hi), a missing one nothing. The likelihood is Laplace's around
/// the mode of the states (Durbin & Koopman 1997; 2012, ch. 10), as KFAS has it for the Poisson; for the negative binomial
/// and suppressed cells it goes by observed information. The dispersion is estimated with the variances.
///
/// ```
/// use averted::data::Count;
/// use averted::timeseries::counts::{CountSeries, Family};
/// use averted::timeseries::structural::Structural;
/// let mut counts: Vec<Count> = (0..40).map(|t| Count::Exact(f64::from(8 + (t * 7) % 11 + t / 8))).collect();
/// counts[11] = Count::Missing;
/// counts[20] = Count::Interval { lo: 0.0, hi: 9.0 };
/// let fit = Structural::new().counts(Family::Poisson).fit(&CountSeries::new("deaths", &counts))?;
/// assert_eq!(fit.n_informative(), 39);
/// let forecast = fit.forecast(3, None, None, 500, Some(1))?;
/// assert!(forecast.is_count() && forecast.interval(0, 0.95)?[0].0 >= 0.0);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CountStructural(pub(super) Structural);

impl CountStructural {
    /// The states.
    pub fn structure(&self) -> &Structural {
        &self.0
    }

    /// The distribution of a count given its mean.
    pub fn family(&self) -> Family {
        self.0.family.unwrap_or(Family::Poisson)
    }

    /// Maximises the likelihood.
    ///
    /// # Errors
    /// [`Error::Domain`] for a cell that is no count and exposures or reporting fractions that cannot be;
    /// [`Error::Missing`] for regressors that are not known in every period; [`Error::TooShort`] with fewer than two
    /// informative cells beyond the diffuse start; [`Error::NothingToEstimate`] when no cell is surely above zero and when
    /// the parts cannot be told apart; [`Error::NotConverged`].
    pub fn fit(&self, series: &CountSeries<'_>) -> Result<CountStructuralFit> {
        let spec = &self.0;
        let data = CountData::new(series)?;
        let k = data.x.ncols();
        spec.check(k)?;
        if spec.sampling {
            return Err(argument(
                "sampling_variance",
                true,
                "left out: counts have theirs from their family",
            ));
        }
        data.check(spec.n_diffuse(k), false)?;
        let n = data.len();
        let used = data.informative();
        let regressors = match k {
            0 => Regressors::none(n),
            _ => Regressors::new(data.x.view(), &data.names, n, &used, &spec.walking)?,
        };
        let centre = data.rate().ln();
        let offset = data.exposure.iter().map(|e| e.ln() + centre).collect();
        let model = state_space(spec, &regressors, 1.0)?;
        let mut cells = Cells::new(&model, &data.counts, offset);
        let mut problem = Problem::new(spec, model, &regressors, 1.0);
        // A look at the model before the search: what cannot be told apart is so whatever the variances.
        problem.set(&vec![-4.0; problem.dimension()]);
        let looked = cells.log_likelihood(&problem.model);
        if looked == Err(Trouble::Unknown) {
            return Err(self.apart(&data));
        }
        problem.cells = Some(cells);
        let (theta, cost) = maximum(&mut problem, &[])?;
        if !cost.is_finite() {
            return Err(self.apart(&data));
        }
        let root = uncertainty(&mut problem, &theta, &[]);
        CountStructuralFit::new(self.clone(), data, regressors, centre, problem, theta, root)
    }

    fn apart(&self, data: &CountData) -> Error {
        let mut parts = vec!["the level".to_owned()];
        if self.0.season.is_some() {
            parts.push("a season in which nothing is counted or known".into());
        }
        parts.extend(data.names.iter().cloned());
        let why = format!("the counts of `{}` do not determine {}", data.name, parts.join(" or "));
        Error::NothingToEstimate { why }
    }
}

impl Display for CountStructural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self.family() {
            Family::Poisson => "Poisson",
            Family::NegativeBinomial => "negative binomial",
        };
        write!(f, "{family} {}", self.0)
    }
}
