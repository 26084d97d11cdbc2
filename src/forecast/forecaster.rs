//! What every model that forecasts one series can do, and the models by name.

use std::fmt::{self, Display};

use ndarray::ArrayView2;

use crate::error::{Error, Result, nearest};
use crate::forecast::combination::Combination;
use crate::inference::{Estimates, Forecast};
use crate::timeseries::arima::{Arima, ArimaFit, AutoArima};
use crate::timeseries::baselines::{Naive, Rule};
use crate::timeseries::counts::{CountFit, CountSeries, Family, Glarma, Ingarch};
use crate::timeseries::ets::AutoEts;
use crate::timeseries::structural::{CountStructural, Scale, Series, Structural, Trend};
use crate::timeseries::theta::{Method, Theta};

/// How far ahead, with what is known of the future.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a> {
    /// Periods after the last of the series.
    pub horizon: usize,
    /// Future regressors, horizon × columns.
    pub x: Option<ArrayView2<'a, f64>>,
    /// Future exposure.
    pub exposure: Option<&'a [f64]>,
    /// Joint paths.
    pub draws: usize,
    /// Their seed.
    pub seed: u64,
}

impl Ahead<'_> {
    /// This many periods as this many paths, nothing else known.
    pub fn new(horizon: usize, draws: usize, seed: u64) -> Self {
        Self { horizon, x: None, exposure: None, draws, seed }
    }
}

/// What a model says of the future.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Joint paths.
    pub forecast: Forecast,
    /// Means: those of the model where it has them, else of the paths.
    pub mean: Vec<f64>,
    /// The information criterion `AICc`, for weights; NaN where the model has none.
    pub criterion: f64,
}

/// A model that is fitted to one series and forecasts it.
pub trait Forecaster: Display + Send + Sync {
    /// Fits the series and looks ahead.
    ///
    /// # Errors
    /// Those of the model: a series that is too short, constant or not of its domain, a fit that does not converge.
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook>;

    /// The model with its parameters as this series has them: it can go on to a longer series without a fit.
    ///
    /// # Errors
    /// As [`outlook`](Self::outlook); [`Error::Argument`] of a model that must be fitted anew.
    fn held(&self, series: &Series<'_>) -> Result<Box<dyn Forecaster>> {
        let _ = series;
        Err(argument("refit", "false", &format!("true: {self} has to be fitted anew")))
    }

    /// Periods of its season, 1 for none.
    fn season(&self) -> usize {
        1
    }

    /// The scale of a naive forecast to compare with.
    fn scale(&self) -> Scale {
        Scale::Identity
    }
}

fn argument(argument: &str, value: &str, must: &str) -> Error {
    Error::Argument { argument: argument.into(), value: value.into(), must: must.into() }
}

impl Forecaster for Structural {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        let fit = self.fit(series)?;
        let Ahead { horizon, x, exposure, draws, seed } = *ahead;
        let forecast = fit.forecast(horizon, x, exposure, draws, Some(seed))?;
        let plain = self.on_scale() == Scale::Identity && exposure.is_none();
        let mean = if plain { fit.predict(horizon, x)?.mean } else { forecast.mean(0) };
        Ok(Outlook { forecast, mean, criterion: fit.aicc() })
    }

    fn held(&self, series: &Series<'_>) -> Result<Box<dyn Forecaster>> {
        Ok(Box::new(self.fit(series)?.held()))
    }

    fn season(&self) -> usize {
        Structural::season(self).unwrap_or(1)
    }

    fn scale(&self) -> Scale {
        self.on_scale()
    }
}

/// What a fitted ARIMA model says.
fn arima(fit: &ArimaFit, ahead: &Ahead<'_>) -> Result<Outlook> {
    let forecast = fit.forecast(ahead.horizon, ahead.x, ahead.draws, Some(ahead.seed))?;
    let mean = fit.predict(ahead.horizon, ahead.x)?.mean;
    Ok(Outlook { forecast, mean, criterion: fit.aicc() })
}

/// A fitted ARIMA model with all its parameters given.
fn held_arima(fit: &ArimaFit) -> Box<dyn Forecaster> {
    let named = fit.names().iter().zip(fit.coefficients());
    let held = named.fold(fit.specification().clone(), |held, (name, value)| held.fixed(name, *value));
    Box::new(held.fixed("variance", fit.variance()))
}

impl Forecaster for Arima {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        without_exposure(self, series)?;
        arima(&self.fit(series)?, ahead)
    }

    fn held(&self, series: &Series<'_>) -> Result<Box<dyn Forecaster>> {
        Ok(held_arima(&self.fit(series)?))
    }

    fn season(&self) -> usize {
        self.seasonal_orders().3.max(1)
    }
}

impl Forecaster for AutoArima {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        without_exposure(self, series)?;
        arima(&self.fit(series)?, ahead)
    }

    fn held(&self, series: &Series<'_>) -> Result<Box<dyn Forecaster>> {
        Ok(held_arima(&self.fit(series)?))
    }

    fn season(&self) -> usize {
        self.periods()
    }
}

impl Forecaster for AutoEts {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        let fit = self.fit(series)?;
        let forecast = fit.forecast(ahead.horizon, ahead.draws, Some(ahead.seed))?;
        // The criterion of its forms leaves constants out, and is no match for another model's.
        Ok(Outlook { mean: fit.point(ahead.horizon)?, forecast, criterion: f64::NAN })
    }

    fn held(&self, series: &Series<'_>) -> Result<Box<dyn Forecaster>> {
        Ok(Box::new(self.fit(series)?.held()))
    }

    fn season(&self) -> usize {
        self.periods()
    }
}

impl Forecaster for Theta {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        let fit = self.fit(series)?;
        let forecast = fit.forecast(ahead.horizon, ahead.draws, Some(ahead.seed))?;
        Ok(Outlook { mean: fit.predict(ahead.horizon).mean, forecast, criterion: f64::NAN })
    }

    fn held(&self, series: &Series<'_>) -> Result<Box<dyn Forecaster>> {
        let fit = self.fit(series)?;
        let held = self.clone().alpha(fit.alpha());
        let dynamic = matches!(self.method(), Method::Optimised | Method::Dynamic);
        Ok(Box::new(if dynamic { held.theta(fit.theta()) } else { held }))
    }

    fn season(&self) -> usize {
        self.periods()
    }
}

impl Forecaster for Naive {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        let fit = self.fit(series)?;
        let forecast = fit.forecast(ahead.horizon, ahead.draws, Some(ahead.seed))?;
        Ok(Outlook { mean: fit.predict(ahead.horizon).mean, forecast, criterion: f64::NAN })
    }

    fn season(&self) -> usize {
        if let Rule::Seasonal(season) = self.rule() { season } else { 1 }
    }
}

/// What a model says of the series as counts: a forecast, and a criterion where it has one.
fn counts(
    series: &Series<'_>,
    look: impl FnOnce(&CountSeries<'_>) -> Result<(Forecast, f64)>,
) -> Result<Outlook> {
    let counts = CountSeries::exact(series.name(), series.outcome())?;
    let mut cells = CountSeries::new(series.name(), &counts);
    if let Some(exposure) = series.exposures() {
        cells = cells.exposure(exposure);
    }
    if let Some(x) = series.x() {
        cells = cells.regressors(x, series.regressor_names());
    }
    let (forecast, criterion) = look(&cells)?;
    Ok(Outlook { mean: forecast.mean(0), forecast, criterion })
}

fn past(fit: &CountFit, ahead: &Ahead<'_>) -> Result<(Forecast, f64)> {
    let Ahead { horizon, x, exposure, draws, seed } = *ahead;
    Ok((fit.forecast(horizon, x, exposure, draws, Some(seed))?, f64::NAN))
}

impl Forecaster for Ingarch {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        counts(series, |cells| past(&self.fit(cells)?, ahead))
    }
}

impl Forecaster for Glarma {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        counts(series, |cells| past(&self.fit(cells)?, ahead))
    }
}

impl Forecaster for CountStructural {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        let Ahead { horizon, x, exposure, draws, seed } = *ahead;
        counts(series, |cells| {
            let fit = self.fit(cells)?;
            Ok((fit.forecast(horizon, x, exposure, draws, Some(seed))?, fit.aicc()))
        })
    }

    fn season(&self) -> usize {
        self.structure().season().unwrap_or(1)
    }
}

fn without_exposure(model: &dyn Display, series: &Series<'_>) -> Result<()> {
    match series.exposures() {
        Some(_) => Err(argument("exposure", "given", &format!("left out: {model} has none"))),
        None => Ok(()),
    }
}

/// Several models made into one. A model that cannot be fitted is left out, with a note; all of them are an error.
pub struct Combined {
    name: String,
    members: Vec<Box<dyn Forecaster>>,
    combination: Combination,
}

impl Combined {
    /// These models, combined in this way.
    ///
    /// # Errors
    /// [`Error::TooShort`] without a model; [`Error::Shape`] and [`Error::Argument`] for weights that do not fit.
    pub fn new(members: Vec<Box<dyn Forecaster>>, combination: Combination) -> Result<Self> {
        if members.is_empty() {
            return Err(Error::TooShort { what: "models to combine".into(), needed: 1, found: 0 });
        }
        combination.weights(members.len())?;
        let names: Vec<String> = members.iter().map(ToString::to_string).collect();
        Ok(Self { name: format!("combination of {}", names.join(", ")), members, combination })
    }
}

impl Display for Combined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Forecaster for Combined {
    fn outlook(&self, series: &Series<'_>, ahead: &Ahead<'_>) -> Result<Outlook> {
        let (mut said, mut kept, mut notes, mut last) = (Vec::new(), Vec::new(), Vec::new(), None);
        for (place, member) in self.members.iter().enumerate() {
            match member.outlook(series, ahead) {
                Ok(outlook) => {
                    said.push(outlook);
                    kept.push(place);
                }
                Err(error) => {
                    notes.push(format!("without {member}: {error}"));
                    last = Some(error);
                }
            }
        }
        if let (true, Some(error)) = (said.is_empty(), last) {
            return Err(error);
        }
        let combination = self.combination.of(&kept);
        let forecast = combination.run(&said.iter().map(|o| &o.forecast).collect::<Vec<_>>())?;
        let point = |h: usize| combination.point(&said.iter().map(|o| o.mean[h]).collect::<Vec<_>>());
        let mean = (0..ahead.horizon).map(point).collect::<Result<_>>()?;
        let forecast = notes.into_iter().fold(forecast, Forecast::note);
        Ok(Outlook { forecast, mean, criterion: f64::NAN })
    }

    fn held(&self, series: &Series<'_>) -> Result<Box<dyn Forecaster>> {
        let held = self.members.iter().map(|m| m.held(series)).collect::<Result<Vec<_>>>()?;
        Ok(Box::new(Self { members: held, name: self.name.clone(), combination: self.combination.clone() }))
    }

    fn season(&self) -> usize {
        self.members.iter().map(|m| m.season()).max().unwrap_or(1)
    }
}

/// A model for a season of so many periods, 1 for none.
type Make = fn(usize) -> Box<dyn Forecaster>;

/// The models by name.
const MODELS: &[(&str, Make)] = &[
    ("arima", |s| Box::new(AutoArima::new().seasonal(s))),
    ("ets", |s| Box::new(AutoEts::new().season(s))),
    ("ingarch", |_| Box::new(Ingarch::new().past_obs(&[1]).past_mean(&[1]).family(Family::NegativeBinomial))),
    ("drift", |_| Box::new(Naive::drift())),
    ("mean", |_| Box::new(Naive::mean())),
    ("naive", |_| Box::new(Naive::last())),
    ("seasonal_naive", |s| Box::new(if s > 1 { Naive::seasonal(s) } else { Naive::last() })),
    ("structural", |s| Box::new(Structural::new().trend(Trend::Damped).seasonal(s))),
    ("theta", |s| Box::new(Theta::new(Method::Dynamic).season(s))),
];

/// The models that `auto` takes the mean of. With ARIMA it is no better on the series of `benches/versus/forecast.py`, and
/// takes half as long again.
const AUTO: &[&str] = &["ets", "structural", "theta"];

/// A model by name, for a season of so many periods (1 for none): `auto`, the mean of several, or one of those in the
/// error.
///
/// # Errors
/// [`Error::Argument`] for a name that is none, with the nearest.
///
/// ```
/// use averted::forecast::named;
/// assert_eq!(named("structural", 12)?.to_string(), "damped local trend + season of 12");
/// assert!(named("arma", 1).err().unwrap().to_string().contains("`arima`"));
/// # Ok::<(), averted::Error>(())
/// ```
pub fn named(name: &str, season: usize) -> Result<Box<dyn Forecaster>> {
    let season = season.max(1);
    if name == "auto" {
        let members = AUTO.iter().map(|n| named(n, season)).collect::<Result<Vec<_>>>()?;
        return Ok(Box::new(Combined::new(members, Combination::mean())?));
    }
    if let Some((_, make)) = MODELS.iter().find(|(known, _)| *known == name) {
        return Ok(make(season));
    }
    let names: Vec<String> = MODELS.iter().map(|(n, _)| format!("`{n}`")).collect();
    let near = nearest(name, MODELS.iter().map(|m| m.0).chain(["auto"]));
    let near = near.map(|n| format!(" (`{n}`, perhaps)")).unwrap_or_default();
    Err(argument("model", name, &format!("`auto`, {}{near}", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize) -> Vec<f64> {
        (0..n).map(|t| 100.0 + t as f64 + 9.0 * (t as f64 * 0.7).sin() + ((t * 7919) % 13) as f64).collect()
    }

    #[test]
    fn every_name_is_a_model_that_forecasts() {
        let y: Vec<f64> = wave(60).iter().map(|v| v.round()).collect();
        for (name, _) in MODELS.iter().chain([&("auto", MODELS[0].1)]) {
            for season in [1, 4] {
                let model = named(name, season).expect("a model");
                let said = model.outlook(&Series::new("y", &y), &Ahead::new(3, 200, 1));
                let said = said.unwrap_or_else(|e| panic!("{name}: {e}"));
                assert_eq!((said.mean.len(), said.forecast.paths(0).dim()), (3, (200, 3)), "{name}");
                let (l, u) = said.forecast.interval(0, 0.95).expect("ends")[2];
                assert!(l < said.mean[2] && said.mean[2] < u, "{name}");
            }
        }
        assert!(named("nothing", 1).is_err());
    }

    /// A model that is held to the parameters of a series says of that series what the fit says.
    #[test]
    fn held_parameters_are_those_of_the_fit() {
        let y = wave(48);
        let series = Series::new("y", &y);
        let ahead = Ahead::new(4, 50, 1);
        for name in ["arima", "ets", "structural", "theta", "auto"] {
            for season in [1, 4] {
                let model = named(name, season).expect("a model");
                let fresh = model.outlook(&series, &ahead).expect("an outlook").mean;
                let held = model.held(&series).and_then(|m| m.outlook(&series, &ahead)).expect("held").mean;
                for (f, h) in fresh.iter().zip(&held) {
                    assert!((f - h).abs() < 1e-6 * f.abs(), "{name} {season}: {fresh:?} {held:?}");
                }
            }
        }
        let ingarch = named("ingarch", 1).expect("a model");
        assert!(matches!(ingarch.held(&series).err(), Some(Error::Argument { .. })));
    }

    #[test]
    fn a_member_that_fails_is_left_out_and_told() {
        let y: Vec<f64> = wave(40).iter().map(|v| v + 0.5).collect();
        let (series, ahead) = (Series::new("y", &y), Ahead::new(2, 50, 1));
        let members = || vec![named("ingarch", 1).expect("one"), named("arima", 1).expect("one")];
        let both = Combined::new(members(), Combination::weighted(vec![0.9, 0.1])).expect("one");
        let said = both.outlook(&series, &ahead).expect("an outlook");
        assert_eq!(said.mean, named("arima", 1).expect("one").outlook(&series, &ahead).expect("one").mean);
        assert!(
            said.forecast.notes().iter().any(|n| n.starts_with("without")),
            "{:?}",
            said.forecast.notes()
        );
        let alone = Combined::new(vec![named("ingarch", 1).expect("one")], Combination::mean()).expect("one");
        assert!(alone.outlook(&series, &ahead).is_err());
        assert!(Combined::new(Vec::new(), Combination::mean()).is_err());
        assert!(Combined::new(members(), Combination::weighted(vec![1.0])).is_err());
    }

    #[test]
    fn what_a_model_cannot_take_is_said() {
        let y = wave(40);
        let people = vec![2.0; 40];
        let series = Series::new("y", &y).exposure(&people);
        let refused =
            named("arima", 1).expect("one").outlook(&series, &Ahead::new(1, 10, 1)).expect_err("no");
        assert!(refused.to_string().contains("exposure"), "{refused}");
    }
}
