//! One hypothesis about several outcomes, with p-values that keep the chance of any false finding.

use super::score::Scored;
use super::specification::{Bootstrap, Randomization};
use super::wild::Setting;
use crate::data::natural;
use crate::error::{Error, Result};
use crate::inference::{BootstrapTest, RandomizationTest, RomanoWolf};
use crate::parallel::Watch;
use crate::regression::fit::{Fit, Model};
use crate::regression::{IvFit, OlsFit};

/// A fit that has a bootstrap of its own: wild for linear ones, with instruments or not, of the scores for counts.
pub trait Resampled {
    /// The bootstrap test.
    ///
    /// # Errors
    /// Those of the model's bootstrap.
    fn bootstrap(&self, test: &Bootstrap, watch: &Watch<'_>) -> Result<BootstrapTest>;

    /// The randomisation test.
    ///
    /// # Errors
    /// Those of the model's randomisation test.
    fn randomization(&self, test: &Randomization, watch: &Watch<'_>) -> Result<RandomizationTest>;

    /// The columns whose levels have a multiplier each, and the labels of the levels.
    ///
    /// # Errors
    /// As for [`Fit::with_covariance`].
    fn groups(&self, test: &Bootstrap) -> Result<(Vec<String>, Vec<Vec<String>>)>;

    /// What the outcome is called.
    fn outcome_name(&self) -> &str;
}

fn groups<M: Model>(fit: &Fit<M>, test: &Bootstrap) -> Result<(Vec<String>, Vec<Vec<String>>)> {
    let setting = Setting::new(fit, test)?;
    Ok((setting.by, setting.labels))
}

impl Resampled for OlsFit {
    fn bootstrap(&self, test: &Bootstrap, watch: &Watch<'_>) -> Result<BootstrapTest> {
        self.wild_bootstrap_watched(test, watch)
    }

    fn randomization(&self, test: &Randomization, watch: &Watch<'_>) -> Result<RandomizationTest> {
        self.randomization_test_watched(test, watch)
    }

    fn groups(&self, test: &Bootstrap) -> Result<(Vec<String>, Vec<Vec<String>>)> {
        groups(self, test)
    }

    fn outcome_name(&self) -> &str {
        &self.shared.sample.outcome_name
    }
}

impl<M: Scored> Resampled for Fit<M> {
    fn bootstrap(&self, test: &Bootstrap, watch: &Watch<'_>) -> Result<BootstrapTest> {
        self.score_bootstrap_watched(test, watch)
    }

    fn randomization(&self, test: &Randomization, watch: &Watch<'_>) -> Result<RandomizationTest> {
        self.randomization_test_watched(test, watch)
    }

    fn groups(&self, test: &Bootstrap) -> Result<(Vec<String>, Vec<Vec<String>>)> {
        groups(self, test)
    }

    fn outcome_name(&self) -> &str {
        &self.shared.sample.outcome_name
    }
}

impl Resampled for IvFit {
    fn bootstrap(&self, test: &Bootstrap, watch: &Watch<'_>) -> Result<BootstrapTest> {
        self.wild_bootstrap_watched(test, watch)
    }

    fn randomization(&self, test: &Randomization, _watch: &Watch<'_>) -> Result<RandomizationTest> {
        let (argument, value) = ("term".into(), format!("`{}`", test.term));
        let must = "in a fit without instruments: paths handed out anew would leave them behind".into();
        Err(Error::Argument { argument, value, must })
    }

    fn groups(&self, test: &Bootstrap) -> Result<(Vec<String>, Vec<Vec<String>>)> {
        groups(self, test)
    }

    fn outcome_name(&self) -> &str {
        &self.shared.sample.outcome_name
    }
}

/// Tests the same restriction in every fit with the same multipliers, those of a cluster in all outcomes at once, so that
/// the draws depend on each other as the outcomes do, and steps down from the largest `|t|` (Romano & Wolf 2005).
///
/// ```
/// use averted::data::Frame;
/// use averted::regression::{Bootstrap, Ols, romano_wolf};
/// let frame = Frame::new()
///     .with_number("homicides", vec![3.1, 2.9, 4.2, 3.8, 5.3, 4.9, 2.2, 2.8])?
///     .with_number("overdoses", vec![1.1, 1.9, 2.2, 2.8, 1.3, 2.9, 1.2, 1.8])?
///     .with_number("spend", vec![1.0, 2.0, 1.0, 2.5, 1.0, 3.0, 1.5, 1.0])?
///     .with_text("state", &["a", "a", "b", "b", "c", "c", "d", "d"].map(Some))?;
/// let spec = Ols::new().cluster("state");
/// let fits = [spec.fit("homicides ~ spend", &frame)?, spec.fit("overdoses ~ spend", &frame)?];
/// let both = romano_wolf(&[&fits[0], &fits[1]], &Bootstrap::new("spend = 0"))?;
/// assert!(both.p_values.iter().zip(&both.tests).all(|(p, t)| *p >= t.p_value));
/// # Ok::<(), averted::Error>(())
/// ```
///
/// # Errors
/// Those of each model's bootstrap; [`Error::Argument`] without fits, for several restrictions, and when multipliers would
/// belong to different columns.
pub fn romano_wolf(fits: &[&dyn Resampled], test: &Bootstrap) -> Result<RomanoWolf> {
    let each: Vec<(&dyn Resampled, Bootstrap)> = fits.iter().map(|fit| (*fit, test.clone())).collect();
    romano_wolf_watched(each, &Watch::none())
}

/// The same for tests that differ in where their clusters are looked for.
pub(crate) fn romano_wolf_watched(
    mut fits: Vec<(&dyn Resampled, Bootstrap)>,
    watch: &Watch<'_>,
) -> Result<RomanoWolf> {
    let refuse = |argument: &str, value: String, must: &str| {
        Err(Error::Argument { argument: argument.into(), value, must: must.into() })
    };
    let mut by: Option<Vec<String>> = None;
    let mut among: Vec<Vec<String>> = Vec::new();
    for (fit, test) in &fits {
        let (own, labels) = fit.groups(test)?;
        if by.as_ref().is_some_and(|known| *known != own) {
            return refuse("bootstrap_cluster", own.join("^"), "the same columns in every fit");
        }
        by = Some(own);
        among.extend(labels);
    }
    let Some((_, first)) = fits.first() else { return refuse("fits", "none".into(), "at least one") };
    let seed = first.seed.unwrap_or_else(crate::random::fresh_seed);
    among.sort_by(|a, b| {
        let pairs = a.iter().zip(b).map(|(a, b)| natural(a, b));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    among.dedup();
    for (_, test) in &mut fits {
        test.among = Some(among.clone());
        test.seed = Some(seed);
    }
    let tests: Vec<BootstrapTest> =
        fits.iter().map(|(fit, test)| fit.bootstrap(test, watch)).collect::<Result<_>>()?;
    if let Some(joint) = tests.iter().find(|t| t.restrictions > 1) {
        return refuse("hypothesis", format!("`{}`", joint.hypothesis), "one restriction");
    }
    let outcomes = fits.iter().map(|(fit, _)| fit.outcome_name().to_owned()).collect();
    Ok(RomanoWolf::new(outcomes, tests))
}
