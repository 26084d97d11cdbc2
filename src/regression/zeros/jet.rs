//! A number with its first two derivatives along `(η, ζ, τ)`, and how they move through functions.

/// A value, its gradient and its Hessian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Jet {
    pub(super) value: f64,
    pub(super) slope: [f64; 3],
    pub(super) curve: [[f64; 3]; 3],
}

impl Jet {
    /// Along one of the three only.
    pub(super) fn along(place: usize, value: f64, first: f64, second: f64) -> Self {
        let (mut slope, mut curve) = ([0.0; 3], [[0.0; 3]; 3]);
        slope[place] = first;
        curve[place][place] = second;
        Self { value, slope, curve }
    }

    /// `log(1/(1 + exp(−ζ)))`, along the second.
    pub(super) fn log_logistic(zeta: f64) -> Self {
        let value = if zeta > 0.0 { -(-zeta).exp().ln_1p() } else { zeta - zeta.exp().ln_1p() };
        let (share, rest) = (logistic(zeta), logistic(-zeta));
        Self::along(1, value, rest, -share * rest)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.combine(other, self.value + other.value, |a, b| a + b)
    }

    pub(super) fn times(self, factor: f64) -> Self {
        self.combine(self, factor * self.value, |a, _| factor * a)
    }

    fn combine(self, other: Self, value: f64, with: impl Fn(f64, f64) -> f64) -> Self {
        let (mut slope, mut curve) = ([0.0; 3], [[0.0; 3]; 3]);
        for i in 0..3 {
            slope[i] = with(self.slope[i], other.slope[i]);
            for j in 0..3 {
                curve[i][j] = with(self.curve[i][j], other.curve[i][j]);
            }
        }
        Self { value, slope, curve }
    }

    /// `g` of it, from `g`, `g′` and `g″` there.
    pub(super) fn through(self, value: f64, first: f64, second: f64) -> Self {
        let mut out = self.times(first);
        out.value = value;
        for i in 0..3 {
            for j in 0..3 {
                out.curve[i][j] += second * self.slope[i] * self.slope[j];
            }
        }
        out
    }

    /// `log(exp(a) + exp(b))`.
    pub(super) fn either(self, other: Self) -> Self {
        let top = self.value.max(other.value);
        let value = top + (-(self.value - other.value).abs()).exp().ln_1p();
        let (own, rest) = ((self.value - value).exp(), (other.value - value).exp());
        let mut out = self.combine(other, value, |a, b| own * a + rest * b);
        // Σ w d d' − (Σ w d)(Σ w d)' = w₁w₂ (d₁ − d₂)(d₁ − d₂)'
        for i in 0..3 {
            for j in 0..3 {
                let apart = (self.slope[i] - other.slope[i]) * (self.slope[j] - other.slope[j]);
                out.curve[i][j] += own * rest * apart;
            }
        }
        out
    }
}

fn logistic(zeta: f64) -> f64 {
    if zeta >= 0.0 {
        1.0 / (1.0 + (-zeta).exp())
    } else {
        let odds = zeta.exp();
        odds / (1.0 + odds)
    }
}
