//! One count given its mean: what it adds to the likelihood, and what stands for it in the recursion.

use crate::data::Count;
use crate::special::{log_factorial, rising};

/// What a cell says at mean μ and dispersion a (variance μ + aμ²; a = 0 is the Poisson).
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::timeseries) struct Piece {
    /// Log-probability of the cell.
    pub(in crate::timeseries) log: f64,
    /// Its derivative by μ.
    pub(in crate::timeseries) score: f64,
    /// Its derivative by a.
    pub(in crate::timeseries) score_dispersion: f64,
    /// Information about μ: expected, less what the cell hides.
    pub(in crate::timeseries) weight: f64,
    /// E[Y | cell, μ, a]: the count itself where it is known.
    pub(in crate::timeseries) expected: f64,
    /// Derivative of `expected` by μ.
    pub(in crate::timeseries) expected_mean: f64,
    /// Derivative of `expected` by a.
    pub(in crate::timeseries) expected_dispersion: f64,
}

/// ln(1 + d) − d without cancellation.
fn log_less_linear(d: f64) -> f64 {
    if d.abs() > 1e-2 {
        return d.ln_1p() - d;
    }
    // Horner of −d²/2 + d³/3 − …; eight terms leave 1e-18.
    let sum = (2..=9).rev().fold(0.0, |sum, k| 1.0 / f64::from(k) - d * sum);
    -d * d * sum
}

/// ln Γ(x + 1) − (x + ½) ln x + x − ½ ln 2π, the error of Stirling's formula.
fn stirling(x: f64) -> f64 {
    if x < 16.0 {
        return log_factorial(x) - (x + 0.5) * x.ln() + x - HALF_LOG_TWO_PI;
    }
    let u = 1.0 / (x * x);
    (1.0 / 12.0 - u * (1.0 / 360.0 - u * (1.0 / 1260.0 - u * (1.0 / 1680.0 - u / 1188.0)))) / x
}

const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;
/// Counts above this go by deviances, because y ln y is then too large to be taken away again.
const MANY: f64 = 1e4;

/// (1 + d) ln(1 + d) − d, half the deviance for a relative distance of d.
fn deviance(d: f64) -> f64 {
    (1.0 + d) * log_less_linear(d) + d * d
}

/// log P(Y = y).
pub(super) fn log_probability(y: f64, mean: f64, dispersion: f64) -> f64 {
    with_terms(y, mean, dispersion, &Terms::new(y, dispersion))
}

/// What a probability needs of a count and a dispersion, whatever the mean.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Terms {
    /// log Γ(r + y) − log Γ(r) − log y!; unused above [`MANY`].
    log: f64,
    /// ψ(r + y) − ψ(r) − ln(1 + y/r).
    rest: f64,
}

impl Terms {
    pub(super) fn new(y: f64, dispersion: f64) -> Self {
        if dispersion <= 1e-14 {
            return Self { log: if y > MANY { 0.0 } else { -log_factorial(y) }, rest: 0.0 };
        }
        let size = 1.0 / dispersion;
        let [log, first, _] = rising(size, y);
        let rest = if size > 1e4 {
            // By its series where the difference would cancel.
            let (u, v) = (1.0 / size, 1.0 / (size + y));
            y * u * v * (0.5 + (u + v) / 12.0)
        } else {
            first - (y / size).ln_1p()
        };
        Self { log: if y > MANY { 0.0 } else { log - log_factorial(y) }, rest }
    }
}

fn with_terms(y: f64, mean: f64, dispersion: f64, terms: &Terms) -> f64 {
    let poisson = dispersion <= 1e-14;
    if y > MANY {
        // Loader (2000): Stirling's errors and deviances.
        if poisson {
            return -stirling(y) - mean * deviance((y - mean) / mean) - 0.5 * y.ln() - HALF_LOG_TWO_PI;
        }
        let size = 1.0 / dispersion;
        let all = size + y;
        let (of_size, of_count) = (all * size / (size + mean), all * mean / (size + mean));
        let gap =
            of_size * deviance((mean - y) / all) + of_count * deviance(size * (y - mean) / (all * mean));
        return (size / all).ln() + stirling(all)
            - stirling(size)
            - stirling(y)
            - gap
            - HALF_LOG_TWO_PI
            - 0.5 * (size * (y / all)).ln();
    }
    if poisson {
        return y * mean.ln() - mean + terms.log;
    }
    let size = 1.0 / dispersion;
    let share = if y > 0.0 { y * (mean / (mean + size)).ln() } else { 0.0 };
    terms.log + share - size * (mean / size).ln_1p()
}

/// d log P(Y = y) / da.
fn score_dispersion(y: f64, mean: f64, dispersion: f64, terms: &Terms) -> f64 {
    if dispersion <= 1e-13 {
        return 0.5 * ((y - mean) * (y - mean) - y);
    }
    let size = 1.0 / dispersion;
    let distance = (y - mean) / (size + mean);
    -size * size * (terms.rest + log_less_linear(distance))
}

/// The terms of all counts of a series, kept between passes.
#[derive(Debug, Clone, Default)]
pub(in crate::timeseries) struct Known {
    /// Every count that is, or may be, in order.
    values: Vec<f64>,
    terms: Vec<Terms>,
    /// Where each cell's first count stands.
    places: Vec<usize>,
    dispersion: f64,
}

impl Known {
    pub(in crate::timeseries) fn new(counts: &[Count]) -> Self {
        let mut values = Vec::new();
        for count in counts {
            match *count {
                Count::Exact(y) => values.push(y),
                Count::Interval { lo, hi } => values.extend((0..=(hi - lo) as usize).map(|k| lo + k as f64)),
                Count::Missing => {}
            }
        }
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        let place = |count: &Count| match *count {
            Count::Exact(y) | Count::Interval { lo: y, .. } => values.partition_point(|v| *v < y),
            Count::Missing => 0,
        };
        let places = counts.iter().map(place).collect();
        Self { values, terms: Vec::new(), places, dispersion: f64::NAN }
    }

    /// Makes the terms those of this dispersion.
    pub(in crate::timeseries) fn prepare(&mut self, dispersion: f64) {
        if self.dispersion.to_bits() != dispersion.to_bits() {
            self.terms.clear();
            self.terms.extend(self.values.iter().map(|y| Terms::new(*y, dispersion)));
            self.dispersion = dispersion;
        }
    }

    /// What cell t says at this mean.
    pub(in crate::timeseries) fn piece(&self, t: usize, count: Count, mean: f64) -> Piece {
        let a = self.dispersion;
        let variance = mean + a * mean * mean;
        match count {
            Count::Exact(y) => {
                let terms = &self.terms[self.places[t]];
                Piece {
                    log: with_terms(y, mean, a, terms),
                    score: (y - mean) / variance,
                    score_dispersion: score_dispersion(y, mean, a, terms),
                    weight: 1.0 / variance,
                    expected: y,
                    expected_mean: 0.0,
                    expected_dispersion: 0.0,
                }
            }
            Count::Missing => Piece { expected: mean, expected_mean: 1.0, ..Piece::default() },
            Count::Interval { lo, hi } => {
                let first = self.places[t];
                within(lo, &self.terms[first..=first + (hi - lo) as usize], mean, a, variance)
            }
        }
    }
}

fn within(lo: f64, terms: &[Terms], mean: f64, dispersion: f64, variance: f64) -> Piece {
    let (mut top, mut total) = (f64::NEG_INFINITY, 0.0);
    // y − lo, its square, the score by a and their product: moments about the end do not cancel.
    let mut sums = [0.0; 4];
    for (k, terms) in terms.iter().enumerate() {
        let y = lo + k as f64;
        let log = with_terms(y, mean, dispersion, terms);
        if log > top {
            let shrink = (top - log).exp();
            total *= shrink;
            sums.iter_mut().for_each(|s| *s *= shrink);
            top = log;
        }
        let p = (log - top).exp();
        let (d, s) = (k as f64, score_dispersion(y, mean, dispersion, terms));
        total += p;
        for (sum, value) in sums.iter_mut().zip([d, d * d, s, d * s]) {
            *sum += p * value;
        }
    }
    let [d, square, s, product] = sums.map(|sum| sum / total);
    let spread = (square - d * d).max(0.0);
    let expected = lo + d;
    Piece {
        log: top + total.ln(),
        score: (expected - mean) / variance,
        score_dispersion: s,
        // Louis (1982): the information of the whole less the variance of the score in the cell.
        weight: ((variance - spread) / (variance * variance)).max(0.0),
        expected,
        expected_mean: spread / variance,
        expected_dispersion: product - d * s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(count: Count, mean: f64, dispersion: f64) -> Piece {
        let mut known = Known::new(&[count]);
        known.prepare(dispersion);
        known.piece(0, count, mean)
    }

    #[test]
    fn large_counts_go_on_where_small_ones_end() {
        // The two forms on either side of the threshold, and a closed form far beyond it.
        for (mean, a) in [(9_900.0, 0.0), (9_900.0, 1e-3), (12_000.0, 0.4)] {
            let step = log_probability(1e4 + 1.0, mean, a) - log_probability(1e4, mean, a);
            let ratio: f64 = mean * (1.0 + a * 1e4) / ((1.0 + a * mean) * (1e4 + 1.0));
            assert!((step - ratio.ln()).abs() < 1e-9, "{mean} {a}: {step} {}", ratio.ln());
        }
        let far = log_probability(1e13, 1e13, 1.0);
        // Geometric: (1 − q) qʸ with q = μ/(1 + μ), nearly e⁻¹/μ.
        assert!((far - (-1.0 - 1e13_f64.ln())).abs() < 1e-9, "{far}");
    }

    #[test]
    fn derivatives_are_those_of_the_value() {
        let cells = [
            Count::Exact(0.0),
            Count::Exact(7.0),
            Count::Exact(2e6),
            Count::Interval { lo: 1.0, hi: 9.0 },
            Count::Interval { lo: 0.0, hi: 40.0 },
        ];
        for count in cells {
            for mean in [0.4, 6.0, 80.0] {
                for a in [1e-5, 1e-2, 0.7, 5.0] {
                    let at = |m: f64, a: f64| piece(count, m, a);
                    let here = at(mean, a);
                    let (h, k) = (1e-5 * mean, 1e-4 * a);
                    let slope = (at(mean + h, a).log - at(mean - h, a).log) / (2.0 * h);
                    let near = |x: f64, y: f64, size: f64| (x - y).abs() <= 1e-5 * (x.abs() + size);
                    assert!(near(here.score, slope, 1e-4), "{count:?} {mean} {a}: {} {slope}", here.score);
                    let bend = (at(mean + h, a).expected - at(mean - h, a).expected) / (2.0 * h);
                    assert!(near(here.expected_mean, bend, 1e-4), "{count:?} {mean} {a}");
                    if a > 1e-3 && here.log > -1e4 {
                        let slope = (at(mean, a + k).log - at(mean, a - k).log) / (2.0 * k);
                        assert!(
                            near(here.score_dispersion, slope, 1e-2),
                            "{count:?} {mean} {a}: {} {slope}",
                            here.score_dispersion
                        );
                        let bend = (at(mean, a + k).expected - at(mean, a - k).expected) / (2.0 * k);
                        assert!(near(here.expected_dispersion, bend, 1e-2), "{count:?} {mean} {a}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_poisson_is_the_end_of_the_negative_binomial() {
        for y in [0.0, 3.0, 50.0] {
            let (end, near) = (piece(Count::Exact(y), 4.0, 0.0), piece(Count::Exact(y), 4.0, 1e-9));
            let line = end.log + 1e-9 * end.score_dispersion;
            assert!(
                (near.log - line).abs() < 1e-11
                    && (near.score_dispersion - end.score_dispersion).abs() < 1e-4
            );
        }
    }

    #[test]
    fn a_wide_cell_says_nothing() {
        let all = piece(Count::Interval { lo: 0.0, hi: 500.0 }, 6.0, 0.1);
        assert!(all.log.abs() < 1e-12 && all.score.abs() < 1e-9 && all.weight < 1e-9);
        assert!((all.expected - 6.0).abs() < 1e-9 && (all.expected_mean - 1.0).abs() < 1e-9);
    }
}
