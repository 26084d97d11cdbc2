//! `exp` of many numbers at once, in a form that compilers turn into vector instructions.
//!
//! The C library's takes one number at a time, and differs in the last digit between machines; this does not.

/// `2^52 + 2^51`: a number of that size has its whole part in its last bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// `log 2` in two parts, the first with zeros enough that whole multiples of it are exact.
const LOG2: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);
/// Beyond this the result is no normal number, or close to the end of them.
const FAR: f64 = 708.0;
/// Numbers between looks for those that are far out.
const BLOCK: usize = 64;

/// Writes `exp(x)` of every `x`, to within an ulp or so.
pub(crate) fn exp_all(x: &[f64], out: &mut [f64]) {
    for (x, out) in x.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        let mut all_near = true;
        for (x, out) in x.iter().zip(out.iter_mut()) {
            all_near &= x.abs() <= FAR;
            *out = near(*x);
        }
        if !all_near {
            x.iter()
                .zip(out.iter_mut())
                .for_each(|(x, out)| *out = if x.abs() <= FAR { near(*x) } else { x.exp() });
        }
    }
}

/// `2^k · exp(r)`, `x = k log 2 + r`, `|r| ≤ ½ log 2`: Taylor's polynomial, whose remainder is below the last digit.
#[inline]
fn near(x: f64) -> f64 {
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = (x - k * LOG2.0) - k * LOG2.1;
    let (r2, r4) = (r * r, r * r * (r * r));
    let low = (1.0 / 2.0 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    let high = (1.0 / 720.0 + r * (1.0 / 5_040.0)) + r2 * (1.0 / 40_320.0 + r * (1.0 / 362_880.0));
    let top = (1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0))
        + r2 * (1.0 / 479_001_600.0 + r * (1.0 / 6_227_020_800.0));
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    power * (1.0 + (r + r2 * (low + r4 * (high + r4 * top))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_exp_to_the_last_digit_or_so() {
        let x: Vec<f64> =
            (-71_000..71_000).map(|i| f64::from(i) * 0.010_007).chain([0.0, -0.0, 1e-300, 1e-17]).collect();
        let mut out = vec![0.0; x.len()];
        exp_all(&x, &mut out);
        for (x, ours) in x.iter().zip(&out) {
            let theirs = x.exp();
            assert!((ours - theirs).abs() <= 2.5e-16 * theirs || ours == &theirs, "{x}: {ours} {theirs}");
        }
    }

    #[test]
    fn the_ends_are_those_of_exp() {
        let x = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 709.7, 710.0, -745.0, -746.0, -720.0, 3.0];
        let mut out = [1.0; 9];
        exp_all(&x, &mut out);
        assert!(out[0].is_nan());
        for (x, ours) in x.iter().zip(&out).skip(1) {
            assert!((ours - x.exp()).abs() <= 2.5e-16 * x.exp() || ours == &x.exp(), "{x}: {ours}");
        }
    }
}
