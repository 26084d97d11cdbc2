//! The best α, and how far from it α may be.

use crate::error::{Error, Result};
use crate::timeseries::plain::Plain;
use crate::timeseries::theta::filter::{Solution, Weight, Work};
use crate::timeseries::theta::season::{Season, stands_out};
use crate::timeseries::theta::{Method, Seasonal, Theta, ThetaFit};

/// The ends of α: those of smoothing for the standard method, those of Fiorucci et al. for the others.
pub(super) fn ends(method: Method) -> (f64, f64) {
    if method == Method::Standard { (1e-4, 1.0 - 1e-4) } else { (0.1, 0.99) }
}

/// Points of the grid that the search starts from.
const GRID: usize = 24;

/// How close the search comes.
const CLOSE: f64 = 1e-9;

/// What there is to search in: `−2 log likelihood` as a function of α alone.
pub(super) fn deviance(at: &Solution, n: f64) -> f64 {
    n * (at.squares / n).ln() + at.determinant
}

/// The season, if there is one.
fn season(spec: &Theta, data: &Plain) -> Result<Option<Season>> {
    let periods = spec.season;
    if periods < 2 || spec.seasonal == Seasonal::None {
        return Ok(None);
    }
    if spec.seasonal == Seasonal::Tested && !stands_out(&data.z, periods) {
        return Ok(None);
    }
    if spec.seasonal == Seasonal::Multiplicative
        && let Some(row) = data.z.iter().position(|v| *v <= 0.0)
    {
        let (what, value) = (data.name.clone(), data.y[row].to_string());
        return Err(Error::Domain { what, row, value, must: "above zero for seasonal factors".into() });
    }
    Season::new(&data.z, periods, spec.seasonal != Seasonal::Additive).map(Some)
}

pub(super) fn fit(spec: &Theta, data: Plain) -> Result<ThetaFit> {
    let season = season(spec, &data)?;
    let first = data.z.iter().position(|v| !v.is_nan()).unwrap_or(0);
    let last = data.z.iter().rposition(|v| !v.is_nan()).unwrap_or(0);
    let take = |t: usize| season.as_ref().map_or(data.z[t], |s| s.take(t, data.z[t]));
    let shift = take(first);
    // A line starts from three observations, or from fewer where that would leave too little.
    let spare = (data.observed - spec.parameters() - 2).min(3);
    let dynamic = spec.method.is_dynamic();
    let burn = if dynamic { spare } else { 0 };
    let work = Work::new((first..=last).map(|t| take(t) - shift).collect(), dynamic, burn);
    let found = estimated(spec, work.clone())?;
    Ok(ThetaFit::new(spec.clone(), data, season, first, shift, work, found))
}

/// The best solution. Where nothing moves, any α is as good: the middle one.
fn estimated(spec: &Theta, mut work: Work) -> Result<Solution> {
    let search = searched(spec);
    let found = match spec.given.0 {
        Some(alpha) => work.solve(alpha, search),
        None => best(&mut work, search, ends(spec.method))?,
    };
    Ok(if spec.method == Method::Standard { with_drift(&mut work, &found, weight(spec)) } else { found })
}

/// w at a given θ.
fn weight(spec: &Theta) -> f64 {
    1.0 - 1.0 / spec.given.1.unwrap_or(2.0)
}

/// What w is while α is searched for: the standard method does so without a line.
pub(super) fn searched(spec: &Theta) -> Weight {
    match spec.method {
        Method::Standard => Weight::Given(0.0),
        Method::DynamicStandard => Weight::Given(weight(spec)),
        Method::Optimised | Method::Dynamic => {
            spec.given.1.map_or(Weight::Free, |_| Weight::Given(weight(spec)))
        }
    }
}

/// The smoothing of the standard method with its drift: the first prediction stays where it was.
pub(super) fn with_drift(work: &mut Work, at: &Solution, weight: f64) -> Solution {
    let (level, slope) = work.line().at();
    work.at(at.alpha, at.start - weight * (level + slope), weight)
}

/// What is left is nothing: as small as the digits of the series.
pub(super) fn nothing(work: &Work, squares: f64) -> bool {
    let size = work.z.iter().filter(|v| !v.is_nan()).fold(0.0, |m: f64, v| m.max(v.abs()));
    squares <= 1e-26 * size * size * work.used() as f64
}

fn best(work: &mut Work, weight: Weight, ends: (f64, f64)) -> Result<Solution> {
    let n = work.used() as f64;
    let middle = work.solve(0.5, weight);
    if nothing(work, middle.squares) {
        return Ok(middle);
    }
    let width = (ends.1 - ends.0) / (GRID - 1) as f64;
    let mut least: Option<(usize, f64)> = None;
    for i in 0..GRID {
        let at = work.solve(ends.0 + width * i as f64, weight);
        if nothing(work, at.squares) {
            return Ok(at);
        }
        let value = deviance(&at, n);
        if value.is_finite() && least.is_none_or(|(_, lowest)| value < lowest) {
            least = Some((i, value));
        }
    }
    let Some((i, _)) = least else {
        return Err(Error::NotConverged {
            method: "search for α".into(),
            iterations: GRID,
            last_change: f64::NAN,
            hint: "the likelihood is finite nowhere; the values may be too far apart".into(),
        });
    };
    let middle = ends.0 + width * i as f64;
    let mut value = |alpha: f64| deviance(&work.solve(alpha, weight), n);
    let alpha = sections((middle - width).max(ends.0), (middle + width).min(ends.1), &mut value);
    Ok(work.solve(alpha, weight))
}

/// The least value between two places, by golden sections.
fn sections(mut low: f64, mut high: f64, value: &mut impl FnMut(f64) -> f64) -> f64 {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (value(a), value(b));
    while high - low > CLOSE {
        if at_a <= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = value(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = value(b);
        }
    }
    // The ends may be lower than anything between.
    let places = [low, high, 0.5 * (low + high)];
    places
        .into_iter()
        .map(|x| (value(x), x))
        .fold((f64::INFINITY, low), |l, v| if v.0 < l.0 { v } else { l })
        .1
}
