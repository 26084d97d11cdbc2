//! The objective and its gradient in the numbers that the optimiser moves.

use ndarray::Array2;

use crate::timeseries::arima::adjoint::Adjoint;
use crate::timeseries::arima::dual::{Dual, Scalar};
use crate::timeseries::arima::likelihood::{Columns, Objective, Work};
use crate::timeseries::arima::polynomial::{Shape, from_partial, to_partial};

/// Partial autocorrelations beyond this are not started from.
const NEAR_ONE: f64 = 0.97;

/// Which parameters are free, and how each factor is kept where it belongs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) shape: Shape,
    /// Natural parameters that are given.
    pub(super) given: Vec<Option<f64>>,
    /// Factors that move as tanh of partial autocorrelations; the others as they are.
    pub(super) bounded: [bool; 4],
}

impl Layout {
    pub(super) fn new(shape: Shape, given: Vec<Option<f64>>) -> Self {
        let all_free = |f: usize| given[shape.first(f)..][..shape.orders[f]].iter().all(Option::is_none);
        let bounded = [0, 1, 2, 3].map(all_free);
        Self { shape, given, bounded }
    }

    /// The same with every free parameter as it is.
    pub(super) fn natural(&self) -> Self {
        Self { bounded: [false; 4], ..self.clone() }
    }

    pub(super) fn free(&self) -> usize {
        self.given.iter().filter(|g| g.is_none()).count()
    }

    /// Where the free parameters of a bounded factor are.
    pub(super) fn place(&self, factor: usize) -> std::ops::Range<usize> {
        let first = self.given[..self.shape.first(factor)].iter().filter(|g| g.is_none()).count();
        first..first + self.shape.orders[factor]
    }

    /// Moving averages count their coefficients with the opposite sign.
    fn sign(factor: usize) -> f64 {
        if factor % 2 == 1 { -1.0 } else { 1.0 }
    }

    /// Derivatives of the natural parameters that are not given by the free ones.
    pub(super) fn jacobian(&self, free: &[f64]) -> Array2<f64> {
        let n = free.len();
        let mut out = Array2::zeros((n, n));
        let mut at = vec![Dual::of(0.0); n];
        let mut natural = vec![Dual::of(0.0); self.shape.len()];
        for first in (0..n).step_by(TOGETHER) {
            moving(&mut at, free, first);
            self.unpack(&at, &mut natural);
            let estimated = natural.iter().zip(&self.given).filter(|(_, given)| given.is_none());
            for (i, (value, _)) in estimated.enumerate() {
                (first..n).zip(value.slope).for_each(|(j, slope)| out[[i, j]] = slope);
            }
        }
        out
    }

    /// Natural parameters of free ones.
    pub(super) fn unpack<T: Scalar>(&self, free: &[T], natural: &mut [T]) {
        let mut next = free.iter();
        for (value, given) in natural.iter_mut().zip(&self.given) {
            *value = given.map_or_else(|| next.next().copied().unwrap_or(T::of(0.0)), T::of);
        }
        for factor in (0..4).filter(|&f| self.bounded[f]) {
            let block = &mut natural[self.shape.first(factor)..][..self.shape.orders[factor]];
            block.iter_mut().for_each(|v| *v = v.tanh());
            from_partial(block);
            block.iter_mut().for_each(|v| *v = *v * Self::sign(factor));
        }
    }

    /// Free parameters of natural ones, drawn into the region where it is needed.
    pub(super) fn pack(&self, natural: &[f64], nearest: f64) -> Vec<f64> {
        let mut free = Vec::with_capacity(self.free());
        for factor in 0..4 {
            let range = self.shape.first(factor)..self.shape.first(factor) + self.shape.orders[factor];
            if !self.bounded[factor] {
                free.extend(range.filter(|&i| self.given[i].is_none()).map(|i| natural[i]));
                continue;
            }
            let mut block: Vec<f64> = natural[range].iter().map(|v| v * Self::sign(factor)).collect();
            let partial = loop {
                match to_partial(&block) {
                    Some(partial) => break partial,
                    None => {
                        let mut shrink = 1.0;
                        block.iter_mut().for_each(|v| {
                            shrink *= 0.9;
                            *v = if v.is_finite() { *v * shrink } else { 0.0 };
                        });
                    }
                }
            };
            free.extend(partial.iter().map(|r| r.clamp(-nearest, nearest).atanh()));
        }
        free
    }

    pub(super) fn pack_start(&self, natural: &[f64]) -> Vec<f64> {
        self.pack(natural, NEAR_ONE)
    }
}

/// The objective with its gradient: the value run backwards to the lag polynomials, and derivatives carried along from
/// there to the free parameters.
pub(super) struct Engine<'a> {
    columns: &'a Columns,
    layout: Layout,
    kind: Objective,
    work: Work<f64>,
    adjoint: Adjoint,
    natural: Vec<f64>,
    moving: Moving,
}

/// How many derivatives are carried along at a time.
const TOGETHER: usize = 4;

/// Memory for the parameters with their derivatives.
struct Moving {
    free: Vec<Dual<TOGETHER>>,
    natural: Vec<Dual<TOGETHER>>,
    ar: Vec<Dual<TOGETHER>>,
    ma: Vec<Dual<TOGETHER>>,
}

/// Free parameters as numbers that move: those from `first` on.
fn moving(out: &mut [Dual<TOGETHER>], free: &[f64], first: usize) {
    for (i, (slot, &value)) in out.iter_mut().zip(free).enumerate() {
        *slot = Dual::of(value);
        if (first..first + TOGETHER).contains(&i) {
            slot.slope[i - first] = 1.0;
        }
    }
}

impl<'a> Engine<'a> {
    pub(super) fn new(columns: &'a Columns, layout: &Layout, kind: Objective) -> Self {
        let work = Work::new(layout.shape, columns);
        let adjoint = Adjoint::new(&work, columns);
        let zeros = |n: usize| vec![Dual::of(0.0); n];
        let (p, q) = layout.shape.degrees();
        let moving = Moving {
            free: zeros(layout.free()),
            natural: zeros(layout.shape.len()),
            ar: zeros(p),
            ma: zeros(q),
        };
        let natural = vec![0.0; layout.shape.len()];
        Self { columns, layout: layout.clone(), kind, work, adjoint, natural, moving }
    }

    /// Observations behind the value.
    pub(super) fn observed(&self) -> usize {
        self.columns.observed()
    }

    /// The value at free parameters, infinite where there is none.
    pub(super) fn value(&mut self, free: &[f64]) -> f64 {
        self.layout.unpack(free, &mut self.natural);
        self.work.objective(self.columns, &self.natural, self.kind).unwrap_or(f64::INFINITY)
    }

    /// The value, and its gradient.
    pub(super) fn at(&mut self, free: &[f64], gradient: &mut [f64]) -> f64 {
        let value = self.value(free);
        if !value.is_finite() {
            return value;
        }
        self.adjoint.run(&self.work, self.columns, self.kind);
        let m = &mut self.moving;
        for first in (0..free.len()).step_by(TOGETHER) {
            moving(&mut m.free, free, first);
            self.layout.unpack(&m.free, &mut m.natural);
            self.layout.shape.expand(&m.natural, &mut m.ar, &mut m.ma);
            let out = &mut gradient[first..];
            for (k, out) in out.iter_mut().enumerate().take(TOGETHER) {
                let along = |lags: &[usize], slopes: &[f64], c: &[Dual<TOGETHER>]| {
                    lags.iter().map(|&l| slopes[l - 1] * c[l - 1].slope[k]).sum::<f64>()
                };
                *out = along(&self.work.ar_lags, &self.adjoint.ar, &m.ar)
                    + along(&self.work.ma_lags, &self.adjoint.ma, &m.ma);
            }
        }
        value
    }

    /// Derivatives of the regression coefficients of the columns, coefficient × free parameter; NaN where there is no
    /// value.
    pub(super) fn coefficient_slopes(&self, free: &[f64]) -> Vec<Vec<f64>> {
        let mut work = Work::<Dual<TOGETHER>>::new(self.layout.shape, self.columns);
        let mut out = vec![vec![f64::NAN; free.len()]; self.work.beta.len()];
        let (mut at, mut natural) = (self.moving.free.clone(), self.moving.natural.clone());
        for first in (0..free.len()).step_by(TOGETHER) {
            moving(&mut at, free, first);
            self.layout.unpack(&at, &mut natural);
            if work.objective(self.columns, &natural, self.kind).is_none() {
                return out;
            }
            for (row, beta) in out.iter_mut().zip(&work.beta) {
                row[first..].iter_mut().zip(beta.slope).for_each(|(out, s)| *out = s);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimize::gradient;

    #[test]
    fn the_gradient_is_that_of_the_differences() {
        // Shorter than the state, too.
        for rows in [40, 10] {
            differences(rows);
        }
    }

    fn differences(rows: usize) {
        let wave = |t: usize, a: f64| (a * t as f64).sin() + 0.3 * (1.7 * t as f64).cos();
        let mut values: Vec<f64> = (0..rows).map(|t| f64::from(u8::from(t == 7))).collect();
        values.extend((0..rows).map(|t| wave(t, 0.2)));
        values.extend((0..rows).map(|t| wave(t, 1.1)));
        let columns = Columns { values, rows, gaps: 1 };
        for orders in [[1, 0, 0, 0], [0, 1, 0, 1], [2, 1, 0, 1], [1, 2, 1, 1], [3, 0, 2, 2], [5, 4, 0, 0]] {
            let shape = Shape { orders, season: 4 };
            let layout = Layout::new(shape, vec![None; shape.len()]);
            for kind in [Objective::Exact, Objective::Given(0.4), Objective::Conditional] {
                let free: Vec<f64> = (0..shape.len()).map(|i| 0.3 * wave(i, 2.0)).collect();
                let mut slope = vec![0.0; free.len()];
                let mut own = Engine::new(&columns, &layout, kind);
                let value = own.at(&free, &mut slope);
                if kind == Objective::Conditional && shape.degrees().0 >= rows {
                    assert!(value.is_infinite());
                    continue;
                }
                let mut plain = Work::<f64>::new(shape, &columns);
                let mut natural = vec![0.0; shape.len()];
                let mut cost = |x: &[f64]| {
                    layout.unpack(x, &mut natural);
                    plain.objective(&columns, &natural, kind).unwrap_or(f64::INFINITY)
                };
                assert!((cost(&free) - value).abs() < 1e-10 * value.abs().max(1.0));
                let mut differences = slope.clone();
                gradient(&mut cost, &mut free.clone(), 1e-6, &mut differences);
                for (a, b) in slope.iter().zip(&differences) {
                    assert!(
                        (a - b).abs() < 1e-6 * b.abs().max(1.0),
                        "{orders:?} {kind:?}: {slope:?} {differences:?}"
                    );
                }
            }
        }
    }
}
