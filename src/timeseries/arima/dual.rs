//! Numbers that carry derivatives along: one recursion serves the value and the gradient.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// What the likelihood is computed in: `f64`, or a number with its derivatives.
pub(super) trait Scalar:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Mul<f64, Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
{
    /// A constant.
    fn of(value: f64) -> Self;

    /// Without the derivatives.
    fn value(self) -> f64;

    fn sqrt(self) -> Self;

    fn ln(self) -> Self;

    fn tanh(self) -> Self;
}

impl Scalar for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn value(self) -> f64 {
        self
    }

    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    fn ln(self) -> Self {
        f64::ln(self)
    }

    fn tanh(self) -> Self {
        f64::tanh(self)
    }
}

/// A value and its derivatives with respect to `K` parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dual<const K: usize> {
    pub(super) value: f64,
    pub(super) slope: [f64; K],
}

impl<const K: usize> Dual<K> {
    /// With the chain rule: the value, and the derivative of the function.
    #[inline]
    fn chain(self, value: f64, derivative: f64) -> Self {
        Self { value, slope: self.slope.map(|s| s * derivative) }
    }
}

impl<const K: usize> Scalar for Dual<K> {
    #[inline]
    fn of(value: f64) -> Self {
        Self { value, slope: [0.0; K] }
    }

    #[inline]
    fn value(self) -> f64 {
        self.value
    }

    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, 0.5 / root)
    }

    fn ln(self) -> Self {
        self.chain(self.value.ln(), 1.0 / self.value)
    }

    fn tanh(self) -> Self {
        let value = self.value.tanh();
        self.chain(value, 1.0 - value * value)
    }
}

impl<const K: usize> Add for Dual<K> {
    type Output = Self;

    #[inline]
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl<const K: usize> Sub for Dual<K> {
    type Output = Self;

    #[inline]
    fn sub(mut self, other: Self) -> Self {
        self -= other;
        self
    }
}

impl<const K: usize> AddAssign for Dual<K> {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.value += other.value;
        for k in 0..K {
            self.slope[k] += other.slope[k];
        }
    }
}

impl<const K: usize> SubAssign for Dual<K> {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        self.value -= other.value;
        for k in 0..K {
            self.slope[k] -= other.slope[k];
        }
    }
}

impl<const K: usize> Mul for Dual<K> {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        let mut slope = [0.0; K];
        for k in 0..K {
            slope[k] = self.slope[k] * other.value + self.value * other.slope[k];
        }
        Self { value: self.value * other.value, slope }
    }
}

impl<const K: usize> Mul<f64> for Dual<K> {
    type Output = Self;

    #[inline]
    fn mul(self, other: f64) -> Self {
        self.chain(self.value * other, other)
    }
}

impl<const K: usize> Div for Dual<K> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let ratio = self.value / other.value;
        let mut slope = [0.0; K];
        for k in 0..K {
            slope[k] = (self.slope[k] - ratio * other.slope[k]) / other.value;
        }
        Self { value: ratio, slope }
    }
}

impl<const K: usize> Neg for Dual<K> {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        self.chain(-self.value, -1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_follow_the_chain_rule() {
        let x = Dual::<2> { value: 2.0, slope: [1.0, 0.0] };
        let y = Dual::<2> { value: 3.0, slope: [0.0, 1.0] };
        let f = (x * y).ln() + (x / y).sqrt() - x * 4.0 + -y;
        assert!((f.value - (6.0_f64.ln() + (2.0_f64 / 3.0).sqrt() - 11.0)).abs() < 1e-15);
        let root = (2.0_f64 / 3.0).sqrt();
        assert!((f.slope[0] - (0.5 + 0.5 / root / 3.0 - 4.0)).abs() < 1e-15);
        assert!((f.slope[1] - (1.0 / 3.0 - 0.5 / root * 2.0 / 9.0 - 1.0)).abs() < 1e-15);
    }
}
