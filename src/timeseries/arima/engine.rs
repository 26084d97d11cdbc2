//! The objective and its gradient in the numbers that the optimiser moves.

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

    /// Moving averages count their coefficients with the opposite sign.
    fn sign(factor: usize) -> f64 {
        if factor % 2 == 1 { -1.0 } else { 1.0 }
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

/// An objective with its gradient.
pub(super) trait Slope {
    /// The value at free parameters, infinite where there is none, and its gradient.
    fn at(&mut self, free: &[f64], gradient: &mut [f64]) -> f64;

    /// Derivatives of the regression coefficients of the columns, coefficient × free parameter.
    fn coefficient_slopes(&mut self, free: &[f64]) -> Vec<Vec<f64>>;
}

struct Engine<'a, const K: usize> {
    columns: &'a Columns,
    layout: Layout,
    kind: Objective,
    work: Work<Dual<K>>,
    free: Vec<Dual<K>>,
    natural: Vec<Dual<K>>,
}

impl<const K: usize> Engine<'_, K> {
    /// With derivatives of the parameters from `first`.
    fn run(&mut self, free: &[f64], first: usize) -> Option<Dual<K>> {
        for (i, (slot, &value)) in self.free.iter_mut().zip(free).enumerate() {
            *slot = Dual::of(value);
            if i >= first && i < first + K {
                slot.slope[i - first] = 1.0;
            }
        }
        self.layout.unpack(&self.free, &mut self.natural);
        self.work.objective(self.columns, &self.natural, self.kind)
    }
}

impl<const K: usize> Slope for Engine<'_, K> {
    fn at(&mut self, free: &[f64], gradient: &mut [f64]) -> f64 {
        let mut value = f64::INFINITY;
        for first in (0..free.len()).step_by(K) {
            let Some(found) = self.run(free, first) else { return f64::INFINITY };
            value = found.value;
            let out = &mut gradient[first..];
            out.iter_mut().zip(found.slope).for_each(|(out, s)| *out = s);
        }
        value
    }

    fn coefficient_slopes(&mut self, free: &[f64]) -> Vec<Vec<f64>> {
        let mut out = vec![vec![f64::NAN; free.len()]; self.work.beta.len()];
        for first in (0..free.len()).step_by(K) {
            if self.run(free, first).is_none() {
                return out;
            }
            for (row, beta) in out.iter_mut().zip(&self.work.beta) {
                row[first..].iter_mut().zip(beta.slope).for_each(|(out, s)| *out = s);
            }
        }
        out
    }
}

/// The engine that carries as many derivatives as there are free parameters, at most eight at a time.
pub(super) fn engine<'a>(columns: &'a Columns, layout: &Layout, kind: Objective) -> Box<dyn Slope + 'a> {
    match layout.free() {
        0 | 1 => Box::new(sized::<1>(columns, layout, kind)),
        2 => Box::new(sized::<2>(columns, layout, kind)),
        3 | 4 => Box::new(sized::<4>(columns, layout, kind)),
        5 | 6 => Box::new(sized::<6>(columns, layout, kind)),
        _ => Box::new(sized::<8>(columns, layout, kind)),
    }
}

fn sized<'a, const K: usize>(columns: &'a Columns, layout: &Layout, kind: Objective) -> Engine<'a, K> {
    let zero = Dual::of(0.0);
    Engine {
        columns,
        layout: layout.clone(),
        kind,
        work: Work::new(layout.shape, columns),
        free: vec![zero; layout.free()],
        natural: vec![zero; layout.shape.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimize::gradient;

    #[test]
    fn the_gradient_is_that_of_the_differences() {
        let rows = 40;
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
                let mut own = engine(&columns, &layout, kind);
                let value = own.at(&free, &mut slope);
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
