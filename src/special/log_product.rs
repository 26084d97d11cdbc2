//! Logarithms are dear: products are kept as long as they are of ordinary size.

/// The logarithm of a product of positive numbers, taken as seldom as its size allows.
///
/// Also more exact than the sum of logarithms, by a rounding a factor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogProduct {
    product: f64,
    logs: f64,
}

/// Sizes whose products with each other are numbers.
const ORDINARY: std::ops::Range<f64> = 1e-150..1e150;

impl LogProduct {
    /// Of no factors.
    pub(crate) fn new() -> Self {
        Self { product: 1.0, logs: 0.0 }
    }

    /// One more factor.
    #[inline]
    pub(crate) fn take(&mut self, factor: f64) {
        if !ORDINARY.contains(&factor) {
            self.logs += factor.ln();
            return;
        }
        self.product *= factor;
        if !ORDINARY.contains(&self.product) {
            self.logs += self.product.ln();
            self.product = 1.0;
        }
    }

    /// The logarithm.
    pub(crate) fn ln(&self) -> f64 {
        self.logs + self.product.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_any_size_has_a_logarithm() {
        let factors = [3.0, 1e-300, 1e-300, 1e140, 1e140, 1e300, 0.2, 1e-149, 1e-149, 5e-324];
        let mut product = LogProduct::new();
        let mut sum = 0.0;
        for factor in factors {
            product.take(factor);
            sum += f64::ln(factor);
            assert!((product.ln() - sum).abs() <= 1e-13 * sum.abs().max(1.0), "{factor}");
        }
        product.take(0.0);
        assert_eq!(product.ln(), f64::NEG_INFINITY);
        product.take(f64::NAN);
        assert!(product.ln().is_nan());
    }
}
