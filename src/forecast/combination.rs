//! Several forecasts of one outcome made into one.
//!
//! ```text
//! mixture       F(y)   = Σ_k w_k F_k(y)
//! quantiles     F⁻¹(p) = Σ_k w_k F_k⁻¹(p)          (Vincent 1912; Ratcliff 1979)
//! median        F⁻¹(p) = median_k F_k⁻¹(p)
//! weights       w_k = 1/K, given, or ∝ exp(−½ AICc_k)                          (Burnham & Anderson 2002, §2.9)
//! ```
//!
//! A mixture is as wide as the models disagree; averaged quantiles are as wide as the models are on average, and
//! sharper (Lichtendahl, Grushka-Cockayne & Winkler 2013). Both give joint paths. Paths of a mixture are paths of the
//! models, in proportion to the weights. Averaged quantiles are put in the order that the paths of the heaviest model
//! have in each period, so that what hangs together there does so here (Schefzik, Thorarinsdottir & Gneiting 2013).
//!
//! ```
//! use averted::forecast::combination::{Combination, Pooling};
//! use averted::inference::Forecast;
//! use ndarray::array;
//! let forecast = |paths| Forecast::new(vec!["f".into()], vec![paths], vec!["2025".into()], "2024".into(), 1);
//! let (low, high) = (forecast(array![[1.0], [3.0]])?, forecast(array![[5.0], [11.0]])?);
//! let mean = Combination::mean().run(&[&low, &high])?;
//! assert_eq!(mean.paths(0), array![[3.0], [7.0]]);
//! let mixture = Combination::mean().pooling(Pooling::Mixture).run(&[&low, &high])?;
//! assert_eq!(mixture.paths(0), array![[1.0], [5.0]]);
//! # Ok::<(), averted::Error>(())
//! ```

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::inference::{Forecast, quantile, ranking};

/// What is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pooling {
    /// Quantiles: Vincentisation.
    #[default]
    Quantiles,
    /// Distribution functions: a mixture.
    Mixture,
}

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Mean,
    Median,
    Weights(Vec<f64>),
}

/// How several forecasts become one.
#[derive(Debug, Clone, PartialEq)]
pub struct Combination {
    rule: Rule,
    pooling: Pooling,
}

/// Weights of models by their information criteria: `exp(−½ (c_k − min c))`, made to sum to one. Models without one
/// (NaN or +∞) get none.
///
/// The criteria must be of one outcome, on one scale, at the same differences.
///
/// # Errors
/// [`Error::NothingToEstimate`] when no criterion is a number; [`Error::Argument`] for −∞.
///
/// ```
/// let w = averted::forecast::combination::akaike_weights(&[10.0, 10.0 + 2.0 * 3.0_f64.ln(), f64::NAN])?;
/// assert!((w[0] - 0.75).abs() < 1e-15 && (w[1] - 0.25).abs() < 1e-15 && w[2] == 0.0);
/// # Ok::<(), averted::Error>(())
/// ```
pub fn akaike_weights(criteria: &[f64]) -> Result<Vec<f64>> {
    if criteria.contains(&f64::NEG_INFINITY) {
        return Err(argument("criteria", "-inf".into(), "finite; a likelihood without bound is of no model"));
    }
    let least = criteria.iter().copied().filter(|c| c.is_finite()).fold(f64::INFINITY, f64::min);
    if least == f64::INFINITY {
        return Err(Error::NothingToEstimate { why: "no model has an information criterion".into() });
    }
    let raw: Vec<f64> =
        criteria.iter().map(|c| if c.is_finite() { (-0.5 * (c - least)).exp() } else { 0.0 }).collect();
    let sum: f64 = raw.iter().sum();
    Ok(raw.into_iter().map(|w| w / sum).collect())
}

fn argument(name: &str, value: String, must: &str) -> Error {
    Error::Argument { argument: name.into(), value, must: must.into() }
}

impl Combination {
    /// All models alike.
    pub fn mean() -> Self {
        Self { rule: Rule::Mean, pooling: Pooling::default() }
    }

    /// The median of the models' quantiles.
    pub fn median() -> Self {
        Self { rule: Rule::Median, pooling: Pooling::default() }
    }

    /// With these weights, which are made to sum to one.
    pub fn weighted(weights: Vec<f64>) -> Self {
        Self { rule: Rule::Weights(weights), pooling: Pooling::default() }
    }

    /// Averaging this.
    #[must_use]
    pub fn pooling(mut self, pooling: Pooling) -> Self {
        self.pooling = pooling;
        self
    }

    /// The weights of `models` models; none for the median.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of weights; [`Error::Argument`] for weights below zero or not finite, and
    /// when all are zero.
    pub fn weights(&self, models: usize) -> Result<Option<Vec<f64>>> {
        match &self.rule {
            Rule::Median => Ok(None),
            Rule::Mean => Ok(Some(vec![1.0 / models as f64; models])),
            Rule::Weights(weights) => {
                if weights.len() != models {
                    return Err(Error::Shape {
                        what: "weights".into(),
                        expected: format!("{models}, one a forecast"),
                        found: weights.len().to_string(),
                    });
                }
                let sum: f64 = weights.iter().sum();
                if weights.iter().any(|w| w.is_nan() || *w < 0.0) || !(sum > 0.0 && sum.is_finite()) {
                    return Err(argument(
                        "weights",
                        format!("{weights:?}"),
                        "finite, zero or more, and not all zero",
                    ));
                }
                Ok(Some(weights.iter().map(|w| w / sum).collect()))
            }
        }
    }

    /// The same for the models at these places.
    #[must_use]
    pub fn of(&self, places: &[usize]) -> Self {
        let rule = match &self.rule {
            Rule::Weights(w) => Rule::Weights(places.iter().filter_map(|&p| w.get(p)).copied().collect()),
            other => other.clone(),
        };
        Self { rule, pooling: self.pooling }
    }

    /// One number out of one number a model.
    ///
    /// # Errors
    /// As [`weights`](Self::weights); [`Error::TooShort`] without a model.
    pub fn point(&self, values: &[f64]) -> Result<f64> {
        if values.is_empty() {
            return Err(Error::TooShort { what: "forecasts".into(), needed: 1, found: 0 });
        }
        let weights = self.weights(values.len())?;
        Ok(pooled(weights.as_deref(), &mut values.to_vec()))
    }

    /// Combines joint paths.
    ///
    /// # Errors
    /// [`Error::TooShort`] without a forecast; [`Error::Shape`] when scenarios, periods or cutoffs differ;
    /// [`Error::Argument`] for the median of distribution functions, and as [`weights`](Self::weights).
    pub fn run(&self, forecasts: &[&Forecast]) -> Result<Forecast> {
        let Some((first, others)) = forecasts.split_first() else {
            return Err(Error::TooShort { what: "forecasts".into(), needed: 1, found: 0 });
        };
        let key = |f: &Forecast| format!("{:?} of {:?} from {}", f.scenarios(), f.labels(), f.cutoff());
        if let Some(other) = others.iter().find(|f| key(f) != key(first)) {
            return Err(Error::Shape {
                what: "forecasts to combine".into(),
                expected: key(first),
                found: key(other),
            });
        }
        let weights = self.weights(forecasts.len())?;
        let combine = |scenario: usize| {
            let paths: Vec<_> = forecasts.iter().map(|f| f.paths(scenario)).collect();
            match (self.pooling, &weights) {
                (Pooling::Quantiles, weights) => {
                    let sorted: Vec<_> = forecasts.iter().map(|f| f.sorted(scenario)).collect();
                    Ok(quantiles(&paths, &sorted, weights.as_deref()))
                }
                (Pooling::Mixture, Some(weights)) => Ok(mixture(&paths, weights)),
                (Pooling::Mixture, None) => {
                    Err(argument("pooling", "mixture".into(), "`quantiles` with the median"))
                }
            }
        };
        let paths = (0..first.scenarios().len()).map(combine).collect::<Result<Vec<_>>>()?;
        let (labels, cutoff) = (first.labels().to_vec(), first.cutoff().to_owned());
        let mut made = Forecast::new(first.scenarios().to_vec(), paths, labels, cutoff, first.seed())?;
        if forecasts.iter().all(|f| f.is_count()) {
            made = made.counts();
        }
        made = made.note(self.told(weights.as_deref(), forecasts.len()));
        let mut notes: Vec<&String> = Vec::new();
        for note in forecasts.iter().flat_map(|f| f.notes()) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        Ok(notes.into_iter().fold(made, Forecast::note))
    }

    fn told(&self, weights: Option<&[f64]>, models: usize) -> String {
        let what = match self.pooling {
            Pooling::Quantiles => "quantiles averaged",
            Pooling::Mixture => "a mixture",
        };
        match (&self.rule, weights) {
            (Rule::Weights(_), Some(w)) => {
                let w: Vec<String> = w.iter().map(|w| format!("{w:.3}")).collect();
                format!("{models} forecasts weighted {}: {what}", w.join(", "))
            }
            (Rule::Median, _) => format!("median of {models} forecasts, quantile by quantile"),
            _ => format!("mean of {models} forecasts: {what}"),
        }
    }
}

/// Σ w v, or the median.
fn pooled(weights: Option<&[f64]>, values: &mut [f64]) -> f64 {
    if let Some(weights) = weights {
        // Nothing of a model without weight, infinite as it may be.
        let part = |(w, v): (&f64, &f64)| if *w == 0.0 { 0.0 } else { w * v };
        return weights.iter().zip(values.iter()).map(part).sum();
    }
    values.sort_unstable_by(f64::total_cmp);
    let (below, above) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    below + 0.5 * (above - below)
}

/// Paths of every model in proportion to its weight, evenly mixed, so that any first part of them is a mixture too.
fn mixture(paths: &[ArrayView2<'_, f64>], weights: &[f64]) -> Array2<f64> {
    let draws = paths.iter().map(ArrayView2::nrows).max().unwrap_or(0);
    let mut order: Vec<(f64, usize, usize)> = Vec::with_capacity(draws);
    for (model, share) in shares(weights, draws).into_iter().enumerate() {
        order.extend((0..share).map(|i| ((i as f64 + 0.5) / share as f64, model, i)));
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut out = Array2::zeros((draws, paths[0].ncols()));
    for (mut row, (_, model, i)) in out.rows_mut().into_iter().zip(order) {
        row.assign(&paths[model].row(i % paths[model].nrows()));
    }
    out
}

/// `total` units shared by weight, the rest to the largest remainders.
fn shares(weights: &[f64], total: usize) -> Vec<usize> {
    let exact: Vec<f64> = weights.iter().map(|w| w * total as f64).collect();
    // A whisker more, or 0.1 · 3000 may be 299.99999999999994.
    let mut whole: Vec<usize> = exact.iter().map(|e| (e * (1.0 + 1e-12)) as usize).collect();
    let mut rank: Vec<usize> = (0..weights.len()).collect();
    let left = |i: usize| exact[i] - whole[i] as f64;
    rank.sort_by(|&a, &b| left(b).total_cmp(&left(a)));
    let missing = total.saturating_sub(whole.iter().sum());
    for &i in rank.iter().cycle().take(missing) {
        whole[i] += 1;
    }
    whole
}

fn quantiles(paths: &[ArrayView2<'_, f64>], sorted: &[&[Vec<f64>]], weights: Option<&[f64]>) -> Array2<f64> {
    let draws = paths.iter().map(ArrayView2::nrows).max().unwrap_or(0);
    // The heaviest of the models with all the paths; the first of equals.
    let weight = |k: usize| weights.map_or(1.0, |w| w[k]);
    let full = (0..paths.len()).filter(|&k| paths[k].nrows() == draws);
    let leader = full.reduce(|a, b| if weight(b) > weight(a) { b } else { a }).unwrap_or(0);
    let mut out = Array2::zeros((draws, paths[0].ncols()));
    let mut values = vec![0.0; paths.len()];
    for h in 0..out.ncols() {
        for (rank, draw) in ranking(paths[leader].column(h)).into_iter().enumerate() {
            for (value, sorted) in values.iter_mut().zip(sorted) {
                let sorted = &sorted[h];
                let p = rank as f64 / (draws - 1).max(1) as f64;
                *value = if sorted.len() == draws { sorted[rank] } else { quantile(sorted, p, false) };
            }
            out[[draw, h]] = pooled(weights, &mut values);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn forecast(paths: Array2<f64>) -> Forecast {
        let labels = (1..=paths.ncols()).map(|h| format!("+{h}")).collect();
        Forecast::new(vec!["f".into()], vec![paths], labels, "0".into(), 1).expect("a forecast")
    }

    /// Draws at the quantiles (i + ½)/n of a logistic distribution, in a scrambled order.
    fn logistic(centre: f64, scale: f64, n: usize) -> Forecast {
        forecast(Array2::from_shape_fn((n, 2), |(i, h)| {
            let p = ((i * 7919 + h * 31) % n) as f64 + 0.5;
            centre + scale * (p / (n as f64 - p)).ln()
        }))
    }

    #[test]
    fn averaged_quantiles_of_one_family_are_of_that_family() {
        // Of a location and scale family: location and scale are the averages.
        let (a, b) = (logistic(10.0, 1.0, 1000), logistic(20.0, 3.0, 1000));
        let made = Combination::weighted(vec![3.0, 1.0]).run(&[&a, &b]).expect("one");
        let wanted = logistic(12.5, 1.5, 1000);
        for p in [0.025, 0.1, 0.5, 0.975] {
            let (ours, theirs) = (made.quantile(0, p).expect("q"), wanted.quantile(0, p).expect("q"));
            ours.iter().zip(theirs).for_each(|(o, t)| assert!((o - t).abs() < 1e-10, "{o} {t}"));
        }
        // The order of the paths is that of the heavier model.
        let order = |f: &Forecast| ranking(f.paths(0).column(1));
        assert_eq!(order(&made), order(&a));
    }

    #[test]
    fn a_mixture_has_the_moments_of_a_mixture() {
        let (a, b) = (logistic(10.0, 1.0, 2000), logistic(20.0, 3.0, 2000));
        let made =
            Combination::weighted(vec![0.5, 0.5]).pooling(Pooling::Mixture).run(&[&a, &b]).expect("one");
        let column = |f: &Forecast| f.paths(0).column(0).to_vec();
        let halves = [&column(&a)[..1000], &column(&b)[..1000]].concat();
        let moments = |v: &[f64]| {
            let mean = v.iter().sum::<f64>() / v.len() as f64;
            (mean, v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / v.len() as f64)
        };
        let (ours, theirs) = (moments(&column(&made)), moments(&halves));
        assert!((ours.0 - theirs.0).abs() < 1e-9 && (ours.1 - theirs.1).abs() < 1e-8);
        // Paths stay whole: each is one of the models' own, and a first part holds both in halves.
        let own = |row: ndarray::ArrayView1<'_, f64>| {
            a.paths(0).rows().into_iter().chain(b.paths(0).rows()).any(|r| r == row)
        };
        assert!(made.paths(0).rows().into_iter().take(50).all(own));
        let low = made.paths(0).column(0).iter().take(10).filter(|v| **v < 15.0).count();
        assert!((3..=7).contains(&low), "{low}");
    }

    #[test]
    fn the_median_takes_the_middle_quantile() {
        let members = [logistic(0.0, 1.0, 301), logistic(1.0, 1.0, 301), logistic(50.0, 9.0, 301)];
        let made = Combination::median().run(&members.iter().collect::<Vec<_>>()).expect("one");
        let all: Vec<Vec<f64>> = members.iter().map(|m| m.quantile(0, 0.5).expect("q")).collect();
        assert!((made.quantile(0, 0.5).expect("q")[0] - all[1][0]).abs() < 1e-12);
        assert!(Combination::median().pooling(Pooling::Mixture).run(&[&members[0]]).is_err());
        assert!((Combination::median().point(&[3.0, 1.0, 2.0, 10.0]).expect("one") - 2.5).abs() < 1e-15);
    }

    #[test]
    fn numbers_of_draws_may_differ() {
        let (a, b) = (logistic(0.0, 1.0, 4000), logistic(10.0, 1.0, 1000));
        let made = Combination::mean().run(&[&a, &b]).expect("one");
        assert_eq!(made.paths(0).nrows(), 4000);
        assert!((made.quantile(0, 0.5).expect("q")[0] - 5.0).abs() < 0.01);
        let mixed = Combination::mean().pooling(Pooling::Mixture).run(&[&a, &b]).expect("one");
        assert!((mixed.mean(0)[0] - 5.0).abs() < 0.1);
    }

    #[test]
    fn shares_add_up() {
        assert_eq!(shares(&[1.0 / 3.0; 3], 10), [4, 3, 3]);
        assert_eq!(shares(&[0.1, 0.9], 3000), [300, 2700]);
        assert_eq!(shares(&[1.0, 0.0], 7), [7, 0]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let a = logistic(0.0, 1.0, 10);
        let other = forecast(array![[1.0], [2.0]]);
        assert!(matches!(Combination::mean().run(&[&a, &other]), Err(Error::Shape { .. })));
        assert!(matches!(Combination::mean().run(&[]), Err(Error::TooShort { .. })));
        for weights in [vec![1.0], vec![1.0, -1.0], vec![0.0, 0.0], vec![f64::NAN, 1.0]] {
            assert!(Combination::weighted(weights).run(&[&a, &a]).is_err());
        }
        assert!(akaike_weights(&[f64::NAN]).is_err() && akaike_weights(&[f64::NEG_INFINITY]).is_err());
    }

    #[test]
    fn counts_stay_whole() {
        let (a, b) = (forecast(array![[1.0], [2.0]]).counts(), forecast(array![[2.0], [5.0]]).counts());
        let made = Combination::mean().run(&[&a, &b]).expect("one");
        assert!(made.is_count() && made.paths(0).iter().all(|v| v.fract() == 0.0));
    }
}
