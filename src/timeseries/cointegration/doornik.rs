//! p-values of Johansen's tests: gamma distributions with the mean and variance of the limit (Doornik 1998).

use super::Deterministics;
use crate::distribution::Gamma;
use crate::error::Result;

/// Of the trace: weights on n², n, 1, n = 1, n = 2, √n; a row a deterministic case.
const TRACE_MEAN: [[f64; 6]; 5] = [
    [2.0, -1.0, 0.07, 0.07, 0.0, 0.0],
    [2.0, 2.01, 0.0, 0.06, 0.05, 0.0],
    [2.0, 1.05, -1.55, -0.5, -0.23, 0.0],
    [2.0, 4.05, 0.5, -0.23, -0.07, 0.0],
    [2.0, 2.85, -5.1, -0.1, -0.06, 1.35],
];

const TRACE_VARIANCE: [[f64; 6]; 5] = [
    [3.0, -0.33, -0.55, 0.0, 0.0, 0.0],
    [3.0, 3.6, 0.75, -0.4, -0.3, 0.0],
    [3.0, 1.8, 0.0, -2.8, -1.1, 0.0],
    [3.0, 5.7, 3.2, -1.3, -0.5, 0.0],
    [3.0, 4.0, 0.8, -5.8, -2.66, 0.0],
];

/// Of the largest eigenvalue, the same weights; n² has none.
const LARGEST_MEAN: [[f64; 6]; 5] = [
    [0.0, 6.0019, -2.7558, 0.671_85, 0.1149, -2.7764],
    [0.0, 5.9498, 0.434_02, 0.048_36, 0.018_198, -2.3669],
    [0.0, 5.8271, -1.6487, -1.6118, -0.259_49, -1.5666],
    [0.0, 5.8658, 2.5595, -0.344_43, -0.077_991, -1.7552],
    [0.0, 5.6364, -0.905_31, -3.5166, -0.479_66, -0.214_47],
];

const LARGEST_VARIANCE: [[f64; 6]; 5] = [
    [0.0, 1.8806, -15.499, 1.1136, 0.070_508, 14.714],
    [0.0, 2.2231, -7.9064, 0.585_92, -0.034_324, 12.058],
    [0.0, 2.0785, -9.7846, -3.368, -0.245_28, 13.074],
    [0.0, 1.9955, -5.5428, 1.2425, 0.419_49, 12.841],
    [0.0, 2.0899, -5.3303, -7.1523, -0.2526, 12.393],
];

/// The limit for `n` series left outside the relations.
fn limit(mean: &[f64; 6], variance: &[f64; 6], n: usize) -> Result<Gamma> {
    let size = n as f64;
    let is = |other: usize| f64::from(u8::from(n == other));
    let terms = [size * size, size, 1.0, is(1), is(2), size.sqrt()];
    let sum = |weights: &[f64; 6]| terms.iter().zip(weights).map(|(t, w)| t * w).sum::<f64>();
    let (mean, variance) = (sum(mean), sum(variance));
    Gamma::new(mean * mean / variance, variance / mean)
}

/// Critical values at 10, 5 and 1 %: of the trace, of the largest eigenvalue.
pub(super) fn critical(case: Deterministics, n: usize) -> Result<[[f64; 3]; 2]> {
    let k = case as usize;
    let of = |mean: &[f64; 6], variance: &[f64; 6]| -> Result<[f64; 3]> {
        let limit = limit(mean, variance, n)?;
        Ok([0.9, 0.95, 0.99].map(|p| limit.quantile(p)))
    };
    Ok([of(&TRACE_MEAN[k], &TRACE_VARIANCE[k])?, of(&LARGEST_MEAN[k], &LARGEST_VARIANCE[k])?])
}

/// p of a trace statistic.
pub(super) fn trace_p(statistic: f64, case: Deterministics, n: usize) -> Result<f64> {
    let k = case as usize;
    Ok(limit(&TRACE_MEAN[k], &TRACE_VARIANCE[k], n)?.upper(statistic.max(0.0)))
}

/// p of a largest eigenvalue's statistic.
pub(super) fn largest_p(statistic: f64, case: Deterministics, n: usize) -> Result<f64> {
    let k = case as usize;
    Ok(limit(&LARGEST_MEAN[k], &LARGEST_VARIANCE[k], n)?.upper(statistic.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::cointegration::tables::{CONSTANT, NONE, TREND};

    /// p at the critical values of MacKinnon, Haug & Michelis (1999), simulated by response surfaces of millions of draws,
    /// is their level: within half a hundredth, which is what a gamma distribution can do.
    #[test]
    fn p_values_agree_with_the_tables() {
        let close =
            |p: f64, level: f64, what: &str| assert!((p - level).abs() < 0.0055, "{what} {level}: {p}");
        let cases = [
            (Deterministics::None, NONE),
            (Deterministics::Constant, CONSTANT),
            (Deterministics::Trend, TREND),
        ];
        for (case, tables) in cases {
            for n in 1..=11 {
                for (at, level) in [0.1, 0.05, 0.01].into_iter().enumerate() {
                    close(trace_p(tables[0][n - 1][at], case, n).unwrap(), level, "trace");
                    close(largest_p(tables[1][n - 1][at], case, n).unwrap(), level, "largest");
                }
            }
        }
        // Theirs of a constant and of a trend within the relations, at 5 %.
        let within = [
            (
                Deterministics::ConstantWithin,
                [9.164_546, 20.261_84, 35.192_75, 54.079_04, 76.972_77, 103.8473, 134.678, 169.5991],
                [9.164_546, 15.8921, 22.299_62, 28.588_08, 34.805_87, 40.9568, 47.078_97, 53.187_84],
            ),
            (
                Deterministics::TrendWithin,
                [12.517_98, 25.872_11, 42.915_25, 63.8761, 88.8038, 117.7082, 150.5585, 187.4701],
                [12.517_98, 19.387_04, 25.823_21, 32.118_32, 38.331_01, 44.4972, 50.599_85, 56.705_19],
            ),
        ];
        for (case, trace, largest) in within {
            for n in 1..=8 {
                close(trace_p(trace[n - 1], case, n).unwrap(), 0.05, "trace");
                close(largest_p(largest[n - 1], case, n).unwrap(), 0.05, "largest");
                let ours = critical(case, n).unwrap();
                assert!((ours[0][1] / trace[n - 1] - 1.0).abs() < 0.01);
                assert!((ours[1][1] / largest[n - 1] - 1.0).abs() < 0.012);
            }
        }
    }
}
