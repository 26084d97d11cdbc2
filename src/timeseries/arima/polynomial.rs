//! Lag polynomials: products of ordinary and seasonal factors, and partial autocorrelations.

use crate::timeseries::arima::dual::Scalar;

/// An impulse response that stays below this has ended: what comes after moves no digit of any sum.
const NOTHING: f64 = 1e-30;

/// What the four factors of the model are: their orders and the season.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    /// p, q, P, Q.
    pub(super) orders: [usize; 4],
    /// Periods of a season.
    pub(super) season: usize,
}

impl Shape {
    /// Parameters of all four factors.
    pub(super) fn len(&self) -> usize {
        self.orders.iter().sum()
    }

    /// Where a factor's parameters begin.
    pub(super) fn first(&self, factor: usize) -> usize {
        self.orders[..factor].iter().sum()
    }

    /// Degrees of φ(B)Φ(Bˢ) and θ(B)Θ(Bˢ).
    pub(super) fn degrees(&self) -> (usize, usize) {
        let [p, q, sp, sq] = self.orders;
        (p + self.season * sp, q + self.season * sq)
    }

    /// Lags at which the product of an ordinary and a seasonal factor may have a coefficient.
    pub(super) fn lags(&self, factor: usize) -> Vec<usize> {
        let (a, b) = (self.orders[factor], self.orders[factor + 2]);
        let mut lags: Vec<usize> = (0..=b).flat_map(|j| (0..=a).map(move |i| i + j * self.season)).collect();
        lags.sort_unstable();
        lags.dedup();
        lags.retain(|&l| l > 0);
        lags
    }

    /// Whether every root of the lag polynomials has a modulus above `bound`; a root in Bˢ is the power of one in B.
    pub(super) fn roots_beyond(&self, natural: &[f64], bound: f64) -> bool {
        (0..4).all(|factor| {
            let own = &natural[self.first(factor)..][..self.orders[factor]];
            let sign = if factor % 2 == 1 { -1.0 } else { 1.0 };
            let coefficients: Vec<f64> = own.iter().map(|c| sign * c).collect();
            let power = if factor > 1 { self.season as f64 } else { 1.0 };
            roots_beyond(&coefficients, bound.powf(power))
        })
    }

    /// Coefficients of φ(B)Φ(Bˢ) = 1 − Σ aᵢBⁱ and θ(B)Θ(Bˢ) = 1 + Σ bᵢBⁱ, from lag 1.
    pub(super) fn expand<T: Scalar>(&self, natural: &[T], ar: &mut [T], ma: &mut [T]) {
        for (factor, out, sign) in [(0, ar, -1.0), (1, ma, 1.0)] {
            out.fill(T::of(0.0));
            let own = &natural[self.first(factor)..][..self.orders[factor]];
            let seasonal = &natural[self.first(factor + 2)..][..self.orders[factor + 2]];
            own.iter().enumerate().for_each(|(i, &c)| out[i] += c);
            for (j, &c) in seasonal.iter().enumerate() {
                let at = (j + 1) * self.season;
                out[at - 1] += c;
                own.iter().enumerate().for_each(|(i, &o)| out[at + i] += o * c * sign);
            }
        }
    }
}

/// Coefficients of 1/θ(B), θ(B) = 1 + Σ bᵢBⁱ with these lags of b not zero, until they end: how many there are of them in
/// `out`, which they fill if they do not end.
pub(super) fn inverse<T: Scalar>(b: &[T], lags: &[usize], out: &mut [T]) -> usize {
    let longest = b.len().max(1);
    let (mut t, mut quiet) = (0, 0);
    while t < out.len() && quiet < longest {
        let mut sum = T::of(if t == 0 { 1.0 } else { 0.0 });
        for &lag in lags.iter().take_while(|&&l| l <= t) {
            sum -= b[lag - 1] * out[t - lag];
        }
        out[t] = sum;
        quiet = if sum.value().abs() < NOTHING { quiet + 1 } else { 0 };
        t += 1;
    }
    t
}

/// From partial autocorrelations to the coefficients of `1 − Σ cᵢBⁱ`, in place: the recursion of Levinson (1946) and
/// Durbin (1960).
pub(super) fn from_partial<T: Scalar>(c: &mut [T]) {
    for k in 1..c.len() {
        let r = c[k];
        for j in 0..k.div_ceil(2) {
            let (a, b) = (c[j], c[k - 1 - j]);
            c[j] = a - r * b;
            if j != k - 1 - j {
                c[k - 1 - j] = b - r * a;
            }
        }
    }
}

/// The way back; none unless all roots lie outside the unit circle.
pub(super) fn to_partial(c: &[f64]) -> Option<Vec<f64>> {
    let mut a = c.to_vec();
    for k in (0..a.len()).rev() {
        let r = a[k];
        if r.is_nan() || r.abs() >= 1.0 {
            return None;
        }
        let before = a.clone();
        for j in 0..k {
            a[j] = (before[j] + r * before[k - 1 - j]) / (1.0 - r * r);
        }
    }
    Some(a)
}

/// Whether `1 − Σ cᵢBⁱ` has a root inside the unit circle, roots on it (within rounding) allowed.
pub(super) fn explodes(c: &[f64]) -> bool {
    // A root on the circle is moved out a little; one inside stays inside.
    let mut inwards = 1.0;
    let nudged: Vec<f64> = c
        .iter()
        .map(|c| {
            inwards *= 1.0 - 1e-5;
            c * inwards
        })
        .collect();
    to_partial(&nudged).is_none()
}

/// The smallest modulus of the roots of `1 − Σ cᵢBⁱ` is above `bound`, if the polynomial stays stationary when B is
/// stretched by it.
fn roots_beyond(c: &[f64], bound: f64) -> bool {
    let mut power = 1.0;
    let stretched: Vec<f64> = c
        .iter()
        .map(|c| {
            power *= bound;
            c * power
        })
        .collect();
    to_partial(&stretched).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_autocorrelations_go_there_and_back() {
        let r = [0.5, -0.3, 0.9, -0.95];
        let mut c = r;
        from_partial(&mut c);
        let back = to_partial(&c).expect("stationary");
        assert!(r.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-12), "{back:?}");
        let mut two = [0.5, -0.3];
        from_partial(&mut two);
        assert!((two[0] - (0.5 + 0.3 * 0.5)).abs() < 1e-15 && two[1] == -0.3);
    }

    #[test]
    fn roots_are_told_from_the_unit_circle() {
        assert!(!explodes(&[0.5]) && !explodes(&[1.0]) && explodes(&[1.001]));
        assert!(!explodes(&[2.0, -1.0]) && explodes(&[0.0, 1.1]));
        assert!(roots_beyond(&[0.98], 1.01) && !roots_beyond(&[0.995], 1.01));
    }

    #[test]
    fn a_product_of_factors() {
        let shape = Shape { orders: [1, 1, 1, 1], season: 4 };
        let (mut ar, mut ma) = ([0.0; 5], [0.0; 5]);
        shape.expand(&[0.5, 0.2, 0.3, 0.7], &mut ar, &mut ma);
        assert_eq!(ar, [0.5, 0.0, 0.0, 0.3, -0.15]);
        assert_eq!(ma, [0.2, 0.0, 0.0, 0.7, 0.2 * 0.7]);
        assert_eq!(shape.lags(0), [1, 4, 5]);
    }
}
