//! Do two series share their trend?

use super::grid::{Search, Tree};
use super::least_squares::design;
use super::permutation::share;
use super::prepare::{Data, Series};
use super::specification::{Joinpoint, Mode, Selection, argument};
use crate::error::{Error, Result};
use crate::linalg::least_squares;
use crate::random::{fresh_seed, stream, uniform};
use ndarray::{Array1, Array2, Axis, concatenate};

/// Tests that two series are parallel, and that they coincide (Kim, Fay, Yu, Barrett & Feuer 2004).
///
/// Against a line of its own with k joinpoints for each series stands one set of joinpoints and slopes for both, with a
/// level for each (parallel) or one (coincident). Weighted residuals of the null fit change places between all periods of
/// both series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparability {
    /// Joinpoints of every model.
    pub joinpoints: usize,
    /// Of parallel trends.
    pub parallel: f64,
    /// Of one trend.
    pub coincident: f64,
    /// Sum of squares with a trend for each.
    pub sse_apart: f64,
    /// With parallel trends.
    pub sse_parallel: f64,
    /// With one trend.
    pub sse_coincident: f64,
    /// The seed of the permutations.
    pub seed: u64,
}

impl Joinpoint {
    /// Whether two series on the same times have parallel, or the same, trends; with as many joinpoints as the two
    /// chosen on their own have at most, or `max_joinpoints` under [`Selection::Given`].
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::Shape`] where the times differ; [`Error::Argument`] under a likelihood.
    pub fn compare(&self, left: &Series, right: &Series) -> Result<Comparability> {
        if self.mode != Mode::Nci {
            return Err(argument("mode", "a likelihood", "`nci` to compare two series"));
        }
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let seeded = Self { seed: Some(seed), ..self.clone() };
        let pair = [Data::new(left, Mode::Nci)?, Data::new(right, Mode::Nci)?];
        if pair[0].times != pair[1].times {
            return Err(Error::Shape {
                what: format!("times of `{}` and `{}`", left.name, right.name),
                expected: "the same periods with values in both".into(),
                found: format!("{} and {} periods", pair[0].times.len(), pair[1].times.len()),
            });
        }
        let k = match self.selection {
            Selection::Given => self.most,
            _ => seeded.fit(left)?.joinpoints().len().max(seeded.fit(right)?.joinpoints().len()),
        };
        pair[0].long_enough(&Self { most: k, ..self.clone() }, &left.name)?;
        let apart: Vec<Search> =
            pair.iter().map(|d| Search::new(&d.times, &d.roots, self.room, k)).collect::<Result<_>>()?;
        let sse_apart = pair.iter().zip(&apart).map(|(d, s)| s.best(&weighted(d))[k].sse).sum();
        let test = |levels: bool, which: u64| -> Result<(f64, f64)> {
            let n = pair[0].times.len();
            let null = together(&pair, self, k, levels)?;
            let y: Vec<f64> = pair.iter().flat_map(weighted).collect();
            let best = null.best(&y)[k];
            let joints: Vec<f64> = best
                .node
                .map_or(Vec::new(), |node| null.tree.joints(node))
                .iter()
                .map(|&j| pair[0].times[j])
                .collect();
            let (fitted, sse) = pooled(&pair, &joints, levels);
            let residuals: Vec<f64> = y.iter().zip(&fitted).map(|(y, f)| y - f).collect();
            if sse_apart <= 1e-24 * y.iter().map(|y| y * y).sum::<f64>() {
                return Ok((sse, if sse <= sse_apart { 1.0 } else { f64::NAN }));
            }
            let observed = sse / sse_apart;
            let p = share(self.permutations, true, |range| {
                let mut count = 0;
                for i in range {
                    let mut generator = stream(seed, (1 << 50) + which * (1 << 40) + i as u64);
                    let mut order = residuals.clone();
                    for left in (1..order.len()).rev() {
                        let other = (uniform(&mut generator) * (left + 1) as f64) as usize;
                        order.swap(left, other);
                    }
                    let again: Vec<f64> = fitted.iter().zip(&order).map(|(f, r)| f + r).collect();
                    let parts = apart.iter().zip(again.chunks_exact(n));
                    let own: f64 = parts.map(|(s, y)| s.best(y)[k].sse).sum();
                    count += usize::from(null.best(&again)[k].sse / own >= observed * (1.0 - 1e-10));
                }
                Ok(count)
            })?;
            Ok((sse, p))
        };
        let (sse_parallel, parallel) = test(true, 0)?;
        let (sse_coincident, coincident) = test(false, 1)?;
        Ok(Comparability {
            joinpoints: k,
            parallel,
            coincident,
            sse_apart,
            sse_parallel,
            sse_coincident,
            seed,
        })
    }
}

fn weighted(data: &Data) -> Vec<f64> {
    data.log_rates.iter().zip(&data.roots).map(|(y, r)| y * r).collect()
}

/// The search over joinpoints common to both.
fn together(pair: &[Data; 2], spec: &Joinpoint, k: usize, levels: bool) -> Result<Search> {
    let times = &pair[0].times;
    let tree = Tree::new(times.len(), spec.room, k)?;
    let both = |f: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
        let parts = pair.iter().enumerate();
        parts.flat_map(|(s, d)| times.iter().zip(&d.roots).map(move |(&t, r)| f(s, t) * r)).collect()
    };
    let mut always = vec![both(&|_, _| 1.0), both(&|_, t| t - times[0])];
    if levels {
        always.push(both(&|s, _| s as f64));
    }
    let bends = tree.candidates.iter().map(|&j| both(&|_, t| (t - times[j]).max(0.0))).collect();
    Ok(Search::over(tree, k, always, bends))
}

/// Weighted fitted values with common joinpoints, and their sum of squares.
fn pooled(pair: &[Data; 2], joints: &[f64], levels: bool) -> (Vec<f64>, f64) {
    let parts = [0, 1].map(|s| design(&pair[s].times, &pair[s].roots, joints, None));
    let mut x = concatenate![Axis(0), parts[0], parts[1]];
    if levels {
        let zeros = vec![0.0; pair[0].roots.len()];
        let column: Vec<f64> = zeros.into_iter().chain(pair[1].roots.iter().copied()).collect();
        let column = Array2::from_shape_fn((column.len(), 1), |(i, _)| column[i]);
        x = concatenate![Axis(1), x, column];
    }
    let y: Array1<f64> = pair.iter().flat_map(weighted).collect();
    let fitted = x.dot(&least_squares(x.view(), y.view()));
    let rest = &y - &fitted;
    (fitted.to_vec(), rest.dot(&rest))
}
