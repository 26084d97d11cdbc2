//! Kernels: how much two scores count together, by their distance over the bandwidth.

use std::f64::consts::PI;
use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::{Error, Result, nearest};

/// A kernel `k(x)`, 1 at 0; all but the quadratic spectral are 0 beyond 1 (Andrews 1991, *Econometrica* 59, sec. 3).
///
/// Bartlett's, Parzen's and the quadratic spectral kernel keep a covariance over time positive semidefinite.
///
/// ```
/// use averted::inference::covariance::Kernel;
/// assert_eq!("bartlett".parse::<Kernel>()?, Kernel::Bartlett);
/// assert_eq!(Kernel::Bartlett.weight(0.25), 0.75);
/// # Ok::<(), averted::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kernel {
    /// `1 − x`.
    #[default]
    Bartlett,
    /// `1 − 6x² + 6x³` up to ½, then `2(1 − x)³`.
    Parzen,
    /// `3/y² (sin y / y − cos y)` with `y = 6πx/5`, at any distance.
    QuadraticSpectral,
    /// `(1 + cos πx) / 2`.
    TukeyHanning,
    /// 1: the truncated kernel of Hansen & Hodrick and White; in space, the uniform one.
    Uniform,
}

impl Kernel {
    const NAMES: [(&'static str, Self); 6] = [
        ("bartlett", Self::Bartlett),
        ("parzen", Self::Parzen),
        ("quadratic_spectral", Self::QuadraticSpectral),
        ("tukey_hanning", Self::TukeyHanning),
        ("uniform", Self::Uniform),
        ("truncated", Self::Uniform),
    ];

    /// The weight at a distance in bandwidths, which must not be negative.
    pub fn weight(self, x: f64) -> f64 {
        match self {
            Self::QuadraticSpectral if x < 1e-3 => {
                let square = (1.2 * PI * x).powi(2);
                1.0 - square / 10.0 + square * square / 280.0
            }
            Self::QuadraticSpectral => {
                let y = 1.2 * PI * x;
                3.0 / (y * y) * (y.sin() / y - y.cos())
            }
            _ if x > 1.0 => 0.0,
            Self::Bartlett => 1.0 - x,
            Self::Parzen if x < 0.5 => 1.0 - 6.0 * x * x * (1.0 - x),
            Self::Parzen => 2.0 * (1.0 - x).powi(3),
            Self::TukeyHanning => f64::midpoint(1.0, (PI * x).cos()),
            Self::Uniform => 1.0,
        }
    }

    /// Whether the weight is zero beyond one bandwidth.
    pub fn is_bounded(self) -> bool {
        self != Self::QuadraticSpectral
    }
}

impl Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bartlett => "Bartlett",
            Self::Parzen => "Parzen",
            Self::QuadraticSpectral => "quadratic spectral",
            Self::TukeyHanning => "Tukey–Hanning",
            Self::Uniform => "uniform",
        })
    }
}

impl FromStr for Kernel {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, kernel)| *kernel).ok_or_else(|| {
            let all = "bartlett, parzen, quadratic_spectral, tukey_hanning or uniform";
            Error::Argument {
                argument: "kernel".into(),
                value: format!("`{name}`"),
                must: nearest(name, Self::NAMES.map(|(known, _)| known))
                    .map_or_else(|| all.into(), |near| format!("{all}; did you mean {near}?")),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_continuous_and_one_at_zero() {
        for (_, kernel) in Kernel::NAMES {
            assert_eq!(kernel.weight(0.0), 1.0, "{kernel}");
            for edge in [1e-3, 0.5] {
                let (below, above) = (kernel.weight(edge - 1e-12), kernel.weight(edge + 1e-12));
                assert!((below - above).abs() < 1e-10, "{kernel} {edge}");
            }
            assert!(!kernel.is_bounded() || kernel.weight(1.0 + 1e-9) == 0.0, "{kernel}");
        }
    }
}
